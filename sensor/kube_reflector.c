/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list and watch of one kind. What may go wrong and the answer to it: docs/kubernetes.md. The
 * intervals are those of client-go (tools/cache/reflector.go), which servers are used to.
 */
#include <config.h>

#include "kube_reflector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_buffer.h"
#include "kube_message.h"
#include "kube_pace.h"
#include "kube_target.h"

enum phase {
	WAITING, /* for due */
	ASKING,  /* no head yet */
	REFUSED, /* the body of an error */
	LISTING,
	WATCHING,
};

enum {
	PAGE_LIMIT = 500,
	PAGES_MAX = 100000,
};

static const size_t line_limit = (size_t)8 << 20;    /* an object is up to 1.5 MB where it is stored, more as JSON */
static const size_t page_size_limit = (size_t)64 << 20;
static const size_t refusal_limit = (size_t)16 << 10; /* of the text kept; the rest is passed over */

/* Seconds, all divided in tests. */
static const double answer_timeout = 70;    /* a server whose storage hangs gives up after 60 */
static const double silence_timeout = 180;  /* three bookmarks */
static const double list_timeout = 600;
static const double watch_grace = 30;       /* over timeoutSeconds */
static const double watch_shortest = 300, watch_longest = 600;
static const double pause_shortest = 1;     /* from one watch's start to the next one's */
static const double spread_most = 20;       /* times relist_spread */
static const double initial_again = 3600;   /* before a server is asked for initial events again */

struct kube_reflector {
	struct kube_reflector_options options;
	struct kube_sink sink;
	struct kube_kind_status status;
	struct kube_pace pace;

	enum phase phase;
	enum kube_ask ask;
	struct kube_head head;
	struct kube_time now;
	int64_t due;                   /* of the next request */
	int64_t started, last_byte;    /* of the current one */
	int64_t silence, total;        /* how long it may be silent, and take */
	char target[KUBE_TARGET_SIZE];
	struct kube_buffer buffer;

	bool relist;                   /* the table is to be taken in whole */
	bool fresh;                    /* and without regard to the version known */
	char version[KUBE_VERSION_SIZE];
	char page_version[KUBE_VERSION_SIZE], more[KUBE_CONTINUE_SIZE]; /* of the list under way */
	unsigned page_limit, pages;
	int64_t initial_refused;       /* when; 0: not */
	bool heard;                    /* any byte in this watch */
	bool changed;                  /* any event */
	unsigned silent_watches;       /* in a row */

	bool token_refused, token_retried;
	bool ill;                      /* and somebody was told */
};

static int64_t
span(const struct kube_reflector *r, double seconds)
{
	return kube_pace_span(&r->pace, seconds);
}

static void
tell(const struct kube_reflector *r, enum kube_log_level level, const char *text)
{
	char line[256];

	if (r->options.log == NULL)
		return;
	(void)snprintf(line, sizeof(line), "kubernetes %s: %s", kube_kind_name(r->options.kind), text);
	r->options.log(r->options.log_context, level, line);
}

/* Keeps the last error, and tells of it once for as long as it stays the same. */
static void
note_error(struct kube_reflector *r, const char *text)
{
	char line[sizeof(r->status.error)];

	(void)snprintf(line, sizeof(line), "%s", text);
	for (char *c = line; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (!r->ill || strcmp(line, r->status.error) != 0)
		tell(r, KUBE_LOG_WARN, line);
	memcpy(r->status.error, line, sizeof(line));
	r->ill = true;
}

static void
note_well(struct kube_reflector *r)
{
	if (r->ill)
		tell(r, KUBE_LOG_INFO, "in step again");
	r->ill = false;
	r->status.error[0] = '\0';
}

static void
wait_until(struct kube_reflector *r, int64_t due)
{
	r->phase = WAITING;
	r->due = due;
	r->status.connected = false;
	kube_buffer_clear(&r->buffer);
}

/* After an error: longer each time, never in step with other sensors, and no sooner than asked for. */
static void
back_off(struct kube_reflector *r)
{
	bool asked = r->head.retry_after > 0 && (r->head.status == 429 || r->head.status >= 500);

	wait_until(r, r->now.steady + kube_pace_back_off(&r->pace, r->now.steady, asked ? r->head.retry_after : 0));
}

static void
fail(struct kube_reflector *r, const char *text)
{
	r->status.errors++;
	note_error(r, text);
	back_off(r);
}

/* Next time the whole table, from the first page on. */
static void
begin_again(struct kube_reflector *r, bool fresh)
{
	if (!r->relist && r->status.synced)
		r->status.relists++;
	r->relist = true;
	r->fresh = r->fresh || fresh;
	r->more[0] = '\0';
	r->pages = 0;
}

/* The larger the table, the longer all sensors together need for it. */
static int64_t
spread_of_relist(struct kube_reflector *r)
{
	double thousands = r->sink.count != NULL ? (double)r->sink.count(r->sink.context, r->options.kind) / 1000 : 1;

	if (thousands < 1)
		thousands = 1;
	return span(r, r->options.relist_spread * (thousands < spread_most ? thousands : spread_most) * kube_pace_random(&r->pace));
}

/*
 * 410: what was asked for is too old. A watch is followed by a list that is not older than what is
 * known; a list by one that asks for nothing. Restarts of a control plane do this to all sensors at once.
 */
static void
gone(struct kube_reflector *r)
{
	bool spread = !r->relist && r->status.synced;

	r->status.gone++;
	begin_again(r, r->relist);
	note_error(r, "410: the version known is too old");
	back_off(r);
	if (spread)
		r->due += spread_of_relist(r);
}

static void
fall_back(struct kube_reflector *r)
{
	r->initial_refused = r->now.steady;
	begin_again(r, false);
	tell(r, KUBE_LOG_INFO, "the server has no initial events; listing");
	wait_until(r, r->now.steady);
}

/* The table in the sink is whole, and of version. */
static void
table_done(struct kube_reflector *r, const char *version)
{
	(void)snprintf(r->version, sizeof(r->version), "%s", version);
	r->relist = r->fresh = false;
	r->more[0] = '\0';
	r->pages = 0;
	r->status.synced = true;
	r->status.last_contact = r->now.wall;
	r->sink.relist_end(r->sink.context, r->options.kind, r->now.wall);
	note_well(r);
}

static enum kube_ask
choose(struct kube_reflector *r)
{
	if (!r->relist)
		return KUBE_ASK_WATCH;
	if (r->initial_refused != 0 && r->now.steady - r->initial_refused >= span(r, initial_again) && r->more[0] == '\0')
		r->initial_refused = 0;
	return r->initial_refused != 0 ? KUBE_ASK_LIST : KUBE_ASK_INITIAL;
}

static void
request(struct kube_reflector *r)
{
	double timeout = (watch_shortest + (watch_longest - watch_shortest) * kube_pace_random(&r->pace)) / r->options.time_divisor;
	unsigned whole = timeout < 1 ? 1 : (unsigned)timeout;

	r->ask = choose(r);
	kube_target_write(&(struct kube_target){
				  .kind = r->options.kind,
				  .ask = r->ask,
				  .node = r->options.node,
				  .version = r->relist && r->fresh ? "" : r->version,
				  .more = r->more,
				  .limit = r->page_limit,
				  .timeout = whole,
			  },
		r->target, sizeof(r->target));
	r->head = (struct kube_head){ .retry_after = -1 };
	r->phase = ASKING;
	r->started = r->last_byte = r->now.steady;
	r->silence = span(r, answer_timeout);
	r->total = r->ask == KUBE_ASK_LIST ? span(r, list_timeout) : (int64_t)whole * 1000000000 + span(r, watch_grace);
	r->heard = r->changed = false;
	r->status.requests++;
}

/* A whole watch without a byte: the version may be one the server has yet to reach (after its storage was restored). */
static void
check_silence(struct kube_reflector *r)
{
	r->silent_watches = r->heard ? 0 : r->silent_watches + 1;
	if (r->silent_watches < 2)
		return;
	r->silent_watches = 0;
	begin_again(r, true);
}

static void
timed_out(struct kube_reflector *r)
{
	bool watching = r->phase == WATCHING, initial = watching && r->relist;

	if (initial && r->now.steady - r->last_byte >= r->silence) {
		fall_back(r);
		return;
	}
	if (watching)
		check_silence(r);
	fail(r, watching ? "nothing heard for too long; asking again" : "no answer in time");
}

/* Versions of initial events have no order: only the bookmark behind them counts. */
static void
take_version(struct kube_reflector *r, const char *version)
{
	if (!r->relist && version[0] != '\0')
		(void)snprintf(r->version, sizeof(r->version), "%s", version);
}

static void
take_object(struct kube_reflector *r, const struct kube_event *e, const char *line)
{
	enum kube_change change = e->type == KUBE_EVENT_ADDED ? KUBE_ADDED : e->type == KUBE_EVENT_MODIFIED ? KUBE_MODIFIED : KUBE_DELETED;
	char error[128] = "";

	r->changed = true;
	r->status.events++;
	if (!r->sink.object(r->sink.context, r->options.kind, change, line + e->object.start, e->object.size, r->now.wall, error, sizeof(error))) {
		r->status.errors++;
		note_error(r, error);
	}
	take_version(r, e->version);
}

/* False: the stream is over for us. */
static bool
take_bookmark(struct kube_reflector *r, const struct kube_event *e)
{
	if (!r->relist) {
		take_version(r, e->version);
		return true;
	}
	if (!e->initial_end) { /* a server that does not know what was asked for */
		fall_back(r);
		return false;
	}
	if (e->version[0] == '\0') {
		fail(r, "the end of the initial events has no version");
		return false;
	}
	table_done(r, e->version);
	r->silence = span(r, silence_timeout);
	return true;
}

static bool
take_failure(struct kube_reflector *r, const struct kube_failure *f)
{
	char text[192];

	if (f->code == 410) {
		gone(r);
		return false;
	}
	if (f->version_too_large)
		begin_again(r, true);
	(void)snprintf(text, sizeof(text), "the watch failed: %d %s", f->code, f->message);
	fail(r, text);
	return false;
}

static bool
take_line(void *context, const char *line, size_t size)
{
	struct kube_reflector *r = context;
	struct kube_event e;
	char error[128];

	if (size == 0 || (size == 1 && line[0] == '\r'))
		return true;
	if (!kube_event_read(line, size, &e, error, sizeof(error))) {
		begin_again(r, false);
		fail(r, error);
		return false;
	}
	if (e.type == KUBE_EVENT_ERROR)
		return take_failure(r, &e.failure);
	if (e.type == KUBE_EVENT_BOOKMARK)
		return take_bookmark(r, &e);
	if (e.type != KUBE_EVENT_UNKNOWN)
		take_object(r, &e, line);
	return true;
}

static bool
take_lines(struct kube_reflector *r, const char *bytes, size_t size)
{
	enum kube_lines result = kube_buffer_lines(&r->buffer, bytes, size, line_limit, take_line, r);

	if (result == KUBE_LINES_TOO_LONG) {
		begin_again(r, false);
		fail(r, "a watch event of more than 8 MiB");
	}
	return result == KUBE_LINES_TAKEN;
}

/* Pages hold few enough objects to fit; with one object in a page there is no way left but to try again. */
static bool
take_list(struct kube_reflector *r, const char *bytes, size_t size)
{
	if (kube_buffer_add(&r->buffer, bytes, size, page_size_limit))
		return true;
	r->page_limit = r->page_limit > 8 ? r->page_limit / 8 : 1;
	begin_again(r, false);
	fail(r, "a page of a list of more than 64 MiB");
	return false;
}

static bool
take_refusal(struct kube_reflector *r, const char *bytes, size_t size)
{
	size_t room = refusal_limit - r->buffer.size;

	return kube_buffer_add(&r->buffer, bytes, size < room ? size : room, refusal_limit);
}

/* One snapshot, one version; and it must come to an end. */
static const char *
check_page(struct kube_reflector *r, const struct kube_page *page)
{
	if (r->pages > 0 && strcmp(page->version, r->page_version) != 0)
		return "the pages of a list are of several versions";
	if (++r->pages > PAGES_MAX || (page->more[0] != '\0' && strcmp(page->more, r->more) == 0))
		return "a list without an end";
	return NULL;
}

static void
finish_page(struct kube_reflector *r)
{
	char error[128] = "";
	const char *flaw = NULL;
	struct kube_page page;

	if (kube_page_read(r->buffer.bytes, r->buffer.size, &page, error, sizeof(error))) {
		if (r->pages == 0)
			r->sink.relist_begin(r->sink.context, r->options.kind);
		flaw = check_page(r, &page);
		if (flaw == NULL && !r->sink.page(r->sink.context, r->options.kind, r->buffer.bytes, r->buffer.size, r->now.wall, error, sizeof(error)))
			flaw = error;
	} else {
		flaw = error;
	}
	if (flaw != NULL) {
		begin_again(r, false);
		fail(r, flaw);
		return;
	}
	memcpy(r->page_version, page.version, sizeof(page.version));
	memcpy(r->more, page.more, sizeof(page.more));
	if (page.more[0] == '\0')
		table_done(r, page.version);
	wait_until(r, r->now.steady);
}

/* Between watches: at once, unless the watch was of no use, which would make a hot loop with a broken proxy. */
static void
finish_watch(struct kube_reflector *r, enum kube_end how, const char *why)
{
	int64_t earliest = r->started + span(r, pause_shortest);

	if (r->relist && how == KUBE_END_COMPLETE) { /* without the mark of their end: asked of a server that does not know it */
		fall_back(r);
		return;
	}
	if (r->relist || (!r->changed && r->now.steady < earliest)) {
		fail(r, how == KUBE_END_COMPLETE ? "a watch ended as soon as it began" : why);
		return;
	}
	if (how != KUBE_END_COMPLETE)
		r->status.errors++;
	if (r->heard || r->now.steady - r->started >= span(r, silence_timeout))
		check_silence(r);
	wait_until(r, r->now.steady > earliest ? r->now.steady : earliest);
}

/* A request that the server does not take as it is: with what it may take next. */
static void
misunderstood(struct kube_reflector *r, const char *text)
{
	if (r->ask == KUBE_ASK_INITIAL) {
		fall_back(r);
		return;
	}
	begin_again(r, true);
	fail(r, text);
}

/* A good token may be refused when its file is newer than what was read: read and try again at once, but once. */
static void
unauthorized(struct kube_reflector *r, const char *text)
{
	r->status.unauthorized++;
	r->token_refused = true;
	note_error(r, text);
	if (r->token_retried) {
		back_off(r);
		return;
	}
	r->token_retried = true;
	wait_until(r, r->now.steady);
}

static void
refused(struct kube_reflector *r)
{
	struct kube_failure f;
	char text[192];

	kube_failure_read(r->buffer.size > 0 ? r->buffer.bytes : "", r->buffer.size, r->head.json, &f);
	(void)snprintf(text, sizeof(text), "HTTP %d%s%s", r->head.status, f.message[0] != '\0' ? ": " : "", f.message);
	if (r->head.status == 401) {
		unauthorized(r, text);
	} else if (r->head.status == 410) {
		gone(r);
	} else if (r->head.status == 400 || r->head.status == 422) {
		misunderstood(r, text);
	} else if (r->head.status == 403) {
		r->status.forbidden++;
		note_error(r, text);
		back_off(r);
	} else if (r->head.status == 429) {
		r->status.throttled++;
		note_error(r, text);
		back_off(r);
	} else {
		if (f.version_too_large)
			begin_again(r, true);
		fail(r, text);
	}
}

struct kube_reflector *
kube_reflector_new(const struct kube_reflector_options *options, const struct kube_sink *sink)
{
	struct kube_reflector *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->options = *options;
	r->sink = *sink;
	r->pace = (struct kube_pace){ .second = 1e9 / options->time_divisor, .random = options->seed };
	r->relist = true;
	r->page_limit = PAGE_LIMIT;
	r->status.wanted = true;
	return r;
}

void
kube_reflector_free(struct kube_reflector *r)
{
	if (r == NULL)
		return;
	kube_buffer_free(&r->buffer);
	free(r);
}

int64_t
kube_reflector_due(const struct kube_reflector *r)
{
	int64_t silent = r->last_byte + r->silence, over = r->started + r->total;

	if (r->phase == WAITING)
		return r->due;
	return silent < over ? silent : over;
}

enum kube_do
kube_reflector_advance(struct kube_reflector *r, struct kube_time now)
{
	r->now = now;
	if (now.steady < kube_reflector_due(r))
		return KUBE_DO_NOTHING;
	if (r->phase == WAITING) {
		request(r);
		return KUBE_DO_REQUEST;
	}
	timed_out(r);
	return KUBE_DO_DROP;
}

const char *
kube_reflector_target(const struct kube_reflector *r)
{
	return r->target;
}

void
kube_reflector_head(struct kube_reflector *r, struct kube_time now, const struct kube_head *head)
{
	r->now = now;
	r->head = *head;
	r->last_byte = now.steady;
	kube_buffer_clear(&r->buffer);
	r->status.refused = head->status == 403 || head->status == 404;
	if (head->status != 401)
		r->token_retried = false;
	if (head->status != 200 || !head->json) {
		r->phase = REFUSED;
		return;
	}
	kube_pace_well(&r->pace, now.steady);
	r->phase = r->ask == KUBE_ASK_LIST ? LISTING : WATCHING;
	r->status.connected = r->ask != KUBE_ASK_LIST;
	if (r->ask == KUBE_ASK_INITIAL)
		r->sink.relist_begin(r->sink.context, r->options.kind);
	if (r->ask != KUBE_ASK_WATCH)
		return;
	r->silence = span(r, silence_timeout);
	r->status.last_contact = now.wall;
	note_well(r);
}

bool
kube_reflector_body(struct kube_reflector *r, struct kube_time now, const char *bytes, size_t size)
{
	r->now = now;
	r->last_byte = now.steady;
	r->heard = true;
	r->status.bytes += size;
	if (r->phase == WATCHING && !r->relist)
		r->status.last_contact = now.wall;
	if (r->phase == LISTING)
		return take_list(r, bytes, size);
	if (r->phase == WATCHING)
		return take_lines(r, bytes, size);
	return take_refusal(r, bytes, size);
}

void
kube_reflector_ended(struct kube_reflector *r, struct kube_time now, enum kube_end how, const char *why)
{
	r->now = now;
	if (r->phase == REFUSED)
		refused(r);
	else if (r->phase == WATCHING)
		finish_watch(r, how, why);
	else if (r->phase == LISTING && how == KUBE_END_COMPLETE)
		finish_page(r);
	else
		fail(r, why);
}

bool
kube_reflector_token_refused(struct kube_reflector *r)
{
	bool refused_since = r->token_refused;

	r->token_refused = false;
	return refused_since;
}

const struct kube_kind_status *
kube_reflector_status(const struct kube_reflector *r)
{
	return &r->status;
}
