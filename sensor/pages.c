/* SPDX-License-Identifier: Apache-2.0 */
/* See pages.h. */
#include <config.h>

#include "pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api.h"
#include "gzip_stream.h"
#include "http_request.h"
#include "judge.h"
#include "metrics.h"
#include "status.h"

enum {
	ASKED_MAX = 4,    /* pages that the judge has at a time: so many may wait there as text */
	WAITING_MAX = 64, /* for their turn */
};

/* A page that is being written elsewhere, or waits for its turn. */
struct job {
	TAILQ_ENTRY(job) link;
	struct pages *pages;
	struct http_exchange *exchange;
	void (*write)(FILE *, const struct snapshot *, void *query);
	struct api_query query;
	enum metrics_format format;
	const char *type;
	bool gzip;
};

struct pages {
	struct pages_options options;
	TAILQ_HEAD(jobs, job) asked, waiting;
	unsigned asked_count, waiting_count;
};

static const char json_type[] = "application/json";

struct pages *
pages_new(const struct pages_options *options)
{
	struct pages *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->options = *options;
	TAILQ_INIT(&p->asked);
	TAILQ_INIT(&p->waiting);
	return p;
}

/* In the judge's thread. Who asks and leaves shall not make it write for nobody, and others wait. */
static void
render(FILE *out, const struct snapshot *snapshot, void *argument)
{
	struct job *j = argument;
	FILE *f;

	if (http_is_gone(j->exchange))
		return;
	f = j->gzip ? gzip_stream_open(out) : out;
	if (j->write != NULL)
		j->write(f, snapshot, &j->query);
	else
		metrics_write(f, snapshot, j->format);
	if (f != out && fclose(f) != 0)
		abort();
}

/* Jobs. */

static void begin_next(struct pages *);

static void
done(void *context, char *text, size_t size)
{
	struct job *j = context;
	struct pages *p = j->pages;

	if (text == NULL) {
		http_answer_error(j->exchange, 503, "there is no memory for this page");
	} else if (j->query.status == 200) {
		http_answer_encoded(j->exchange, 200, j->type, j->gzip ? "gzip" : NULL, text, size);
	} else {
		free(text);
		http_answer_error(j->exchange, j->query.status, "there is no such pair within the window");
	}
	TAILQ_REMOVE(&p->asked, j, link);
	p->asked_count--;
	free(j);
	begin_next(p);
}

static void
refuse(struct jobs *list, struct job *j, const char *why)
{
	http_answer_error(j->exchange, 503, why);
	TAILQ_REMOVE(list, j, link);
	free(j);
}

static void
begin_next(struct pages *p)
{
	while (p->asked_count < ASKED_MAX && !TAILQ_EMPTY(&p->waiting)) {
		struct job *j = TAILQ_FIRST(&p->waiting);

		TAILQ_REMOVE(&p->waiting, j, link);
		p->waiting_count--;
		TAILQ_INSERT_TAIL(&p->asked, j, link);
		if (p->options.ask(p->options.judge, render, j, done, j))
			p->asked_count++;
		else
			refuse(&p->asked, j, "too many pages are being written");
	}
}

/* Who has left takes nobody's turn. */
static void
forget_gone(struct pages *p)
{
	struct job *j, *next;

	for (j = TAILQ_FIRST(&p->waiting); j != NULL; j = next) {
		next = TAILQ_NEXT(j, link);
		if (!http_is_gone(j->exchange))
			continue;
		refuse(&p->waiting, j, "gone");
		p->waiting_count--;
	}
}

static void
begin_job(struct pages *p, struct http_exchange *x, const struct job *what)
{
	struct job *j;

	if (p->waiting_count >= WAITING_MAX)
		forget_gone(p);
	if (p->waiting_count >= WAITING_MAX) {
		http_answer_error(x, 503, "too many pages are being written");
		return;
	}
	if ((j = malloc(sizeof(*j))) == NULL)
		abort();
	*j = *what;
	j->pages = p;
	j->exchange = x;
	j->query.principals = p->options.principals;
	j->gzip = http_accept_weight(http_header(x, "accept-encoding"), "gzip", NULL) > 0;
	TAILQ_INSERT_TAIL(&p->waiting, j, link);
	p->waiting_count++;
	begin_next(p);
}

void
pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	while (!TAILQ_EMPTY(&p->asked))
		refuse(&p->asked, TAILQ_FIRST(&p->asked), "the sensor is ending");
	while (!TAILQ_EMPTY(&p->waiting))
		refuse(&p->waiting, TAILQ_FIRST(&p->waiting), "the sensor is ending");
	free(p);
}

/* Pages. */

/* The query of a document; false where it was refused. */
static bool
take_query(struct http_exchange *x, enum api_document document, struct api_query *q)
{
	char error[256];

	if (api_query_read(q, document, http_query(x), error, sizeof(error)))
		return true;
	http_answer_error(x, 400, error);
	return false;
}

static void
serve_document(void *context, struct http_exchange *x, enum api_document document, void (*write)(FILE *, const struct snapshot *, void *))
{
	struct job what = { .write = write, .type = json_type };

	if (take_query(x, document, &what.query))
		begin_job(context, x, &what);
}

static void
serve_pairs(void *context, struct http_exchange *x)
{
	serve_document(context, x, API_PAIRS, api_pairs);
}

static void
serve_findings(void *context, struct http_exchange *x)
{
	serve_document(context, x, API_FINDINGS, api_findings);
}

static void
serve_pair(void *context, struct http_exchange *x)
{
	struct job what = { .write = api_pair, .type = json_type };
	const char *id = http_suffix(x);

	if (!take_query(x, API_PAIR, &what.query))
		return;
	if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) {
		http_answer_error(x, 404, "a pair is named by 16 hexadecimal digits");
		return;
	}
	memcpy(what.query.id, id, 17);
	begin_job(context, x, &what);
}

static void
serve_metrics(void *context, struct http_exchange *x)
{
	struct job what = { .format = metrics_choose(http_header(x, "accept")), .query.status = 200 };

	what.type = metrics_content_type(what.format);
	begin_job(context, x, &what);
}

/* A short page that is written here and now. */
static FILE *
begin_page(char **text, size_t *size)
{
	FILE *f = open_memstream(text, size);

	if (f == NULL)
		abort();
	return f;
}

static void
serve_flows(void *context, struct http_exchange *x)
{
	struct pages *p = context;
	struct api_query q;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!take_query(x, API_FLOWS, &q))
		return;
	q.principals = p->options.principals;
	f = begin_page(&text, &size);
	api_flows(f, p->options.flows, p->options.names(p->options.names_context), &q);
	if (fclose(f) != 0)
		abort();
	http_answer(x, 200, json_type, text, size);
}

static void
serve_status(void *context, struct http_exchange *x)
{
	struct pages *p = context;
	struct api_query q;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!take_query(x, API_STATUS, &q))
		return;
	f = begin_page(&text, &size);
	api_status(f, p->options.status);
	if (fclose(f) != 0)
		abort();
	http_answer(x, 200, json_type, text, size);
}

static void
serve_health(void *context, struct http_exchange *x)
{
	(void)context;
	http_answer_text(x, 200, "ok\n");
}

static void
serve_ready(void *context, struct http_exchange *x)
{
	struct pages *p = context;
	char text[API_READY_SIZE];

	api_not_ready(p->options.status, text);
	if (*text == '\0')
		http_answer_text(x, 200, "ready\n");
	else
		http_answer_text(x, 503, text);
}

static void
serve_index(void *context, struct http_exchange *x)
{
	(void)context;
	http_answer_text(x, 200, "podwire " PACKAGE_VERSION "\n\n"
		"/metrics\n/healthz\n/readyz\n/api/v1/pairs\n/api/v1/pairs/{id}\n/api/v1/findings\n/api/v1/flows\n/api/v1/status\n");
}

const struct http_route pages_routes[] = {
	{ "/", false, serve_index },
	{ "/metrics", false, serve_metrics },
	{ "/healthz", true, serve_health },
	{ "/readyz", true, serve_ready },
	{ "/api/v1/pairs", false, serve_pairs },
	{ "/api/v1/pairs/", false, serve_pair },
	{ "/api/v1/findings", false, serve_findings },
	{ "/api/v1/flows", false, serve_flows },
	{ "/api/v1/status", false, serve_status },
	{ NULL, false, NULL },
};
