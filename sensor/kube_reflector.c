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

#include "kube_reflector_internal.h"

/* A page is parsed at once, while nothing else is done: a hundred pods take some 7 ms. */
enum { PAGE_LIMIT = 100 };

static const size_t refusal_limit = (size_t)16 << 10; /* of the text kept; the rest is passed over */

/* Seconds, all divided in tests. */
static const double answer_timeout = 70;    /* a server whose storage hangs gives up after 60 */
static const double list_timeout = 600;
static const double watch_grace = 30;       /* over timeoutSeconds */
static const double watch_shortest = 300, watch_longest = 600;
static const double spread_most = 20;       /* times relist_spread */
static const double gone_apart = 120;       /* 410s further apart have nothing to do with each other */
static const double initial_again = 3600;   /* before a server is asked for initial events again */

bool
kube_reflector_is_anew(const struct kube_reflector *r)
{
	return r->fresh || r->version[0] == '\0';
}

int64_t
kube_reflector_span(const struct kube_reflector *r, double seconds)
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
void
kube_reflector_note_error(struct kube_reflector *r, const char *text)
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

void
kube_reflector_wait_until(struct kube_reflector *r, int64_t due)
{
	r->phase = KUBE_WAITING;
	r->due = due;
	r->status.connected = false;
	kube_buffer_clear(&r->buffer);
}

/* After an error: longer each time, never in step with other sensors, and no sooner than asked for. */
static void
back_off(struct kube_reflector *r)
{
	bool asked = r->head.retry_after > 0 && (r->head.status == 429 || r->head.status >= 500);

	kube_reflector_wait_until(r, r->now.steady + kube_pace_back_off(&r->pace, r->now.steady, asked ? r->head.retry_after : 0));
}

void
kube_reflector_fail(struct kube_reflector *r, const char *text)
{
	r->status.errors++;
	kube_reflector_note_error(r, text);
	back_off(r);
}

/* Next time the whole table, from the first page on. */
void
kube_reflector_begin_again(struct kube_reflector *r, bool fresh)
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
	return kube_reflector_span(r, r->options.relist_spread * (thousands < spread_most ? thousands : spread_most) * kube_pace_random(&r->pace));
}

/*
 * 410: what was asked for is too old. A watch is followed by a list that is not older than what is
 * known; a list by one that asks for nothing. Restarts of a control plane do this to all sensors at once. The
 * first 410 after an outage is not to wait as long as its last error did.
 */
void
kube_reflector_gone(struct kube_reflector *r)
{
	bool spread = !r->relist && r->status.synced;

	r->status.gone++;
	kube_reflector_begin_again(r, r->relist);
	kube_reflector_note_error(r, "410: the version known is too old");
	if (spread && (r->last_gone == 0 || r->now.steady - r->last_gone >= kube_reflector_span(r, gone_apart)))
		kube_pace_forget(&r->pace);
	r->last_gone = r->now.steady;
	back_off(r);
	if (spread)
		r->due += spread_of_relist(r);
}

void
kube_reflector_fall_back(struct kube_reflector *r)
{
	r->initial_refused = r->now.steady;
	kube_reflector_begin_again(r, false);
	tell(r, KUBE_LOG_INFO, "the server has no initial events; listing");
	kube_reflector_wait_until(r, r->now.steady);
}

/* The table in the sink is whole, and of version. */
void
kube_reflector_table_done(struct kube_reflector *r, const char *version)
{
	(void)snprintf(r->version, sizeof(r->version), "%s", version);
	r->relist = r->fresh = false;
	r->more[0] = '\0';
	r->pages = 0;
	r->status.synced = true;
	r->status.refused = false;
	r->status.last_contact = r->now.wall;
	r->sink.relist_end(r->sink.context, r->options.kind, r->now.wall);
	note_well(r);
}

static enum kube_ask
choose(struct kube_reflector *r)
{
	if (!r->relist)
		return KUBE_ASK_WATCH;
	if (r->initial_refused != 0 && r->now.steady - r->initial_refused >= kube_reflector_span(r, initial_again) && r->more[0] == '\0')
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
	r->phase = KUBE_ASKING;
	r->started = r->last_byte = r->now.steady;
	r->silence = kube_reflector_span(r, answer_timeout);
	r->total = r->ask == KUBE_ASK_LIST ? kube_reflector_span(r, list_timeout) : (int64_t)whole * 1000000000 + kube_reflector_span(r, watch_grace);
	r->heard = r->changed = false;
	r->status.requests++;
}

/* A whole watch without a byte: the version may be one the server has yet to reach (after its storage was restored). */
void
kube_reflector_check_silence(struct kube_reflector *r)
{
	r->silent_watches = r->heard ? 0 : r->silent_watches + 1;
	if (r->silent_watches < 2)
		return;
	r->silent_watches = 0;
	kube_reflector_begin_again(r, true);
}

static void
timed_out(struct kube_reflector *r)
{
	bool watching = r->phase == KUBE_WATCHING, initial = watching && r->relist;

	if (initial && r->now.steady - r->last_byte >= r->silence) {
		kube_reflector_fall_back(r);
		return;
	}
	if (watching)
		kube_reflector_check_silence(r);
	kube_reflector_fail(r, watching ? "nothing heard for too long; asking again" : "no answer in time");
}

static bool
take_refusal(struct kube_reflector *r, const char *bytes, size_t size)
{
	size_t room = refusal_limit - r->buffer.size;

	return kube_buffer_add(&r->buffer, bytes, size < room ? size : room, refusal_limit);
}

/* A request that the server does not take as it is: with what it may take next. */
static void
misunderstood(struct kube_reflector *r, const char *text)
{
	if (r->ask == KUBE_ASK_INITIAL) {
		kube_reflector_fall_back(r);
		return;
	}
	kube_reflector_begin_again(r, true);
	kube_reflector_fail(r, text);
}

/* A good token may be refused when its file is newer than what was read: read and try again at once, but once. */
static void
unauthorized(struct kube_reflector *r, const char *text)
{
	r->status.unauthorized++;
	r->token_refused = true;
	kube_reflector_note_error(r, text);
	if (r->token_retried) {
		back_off(r);
		return;
	}
	r->token_retried = true;
	kube_reflector_wait_until(r, r->now.steady);
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
		kube_reflector_gone(r);
	} else if (r->head.status == 400 || r->head.status == 422) {
		misunderstood(r, text);
	} else if (r->head.status == 403) {
		r->status.forbidden++;
		kube_reflector_note_error(r, text);
		back_off(r);
	} else if (r->head.status == 429) {
		r->status.throttled++;
		kube_reflector_note_error(r, text);
		back_off(r);
	} else {
		if (f.version_too_large)
			kube_reflector_begin_again(r, true);
		kube_reflector_fail(r, text);
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

	if (r->phase == KUBE_WAITING)
		return r->due;
	return silent < over ? silent : over;
}

enum kube_do
kube_reflector_advance(struct kube_reflector *r, struct kube_time now)
{
	r->now = now;
	if (now.steady < kube_reflector_due(r))
		return KUBE_DO_NOTHING;
	if (r->phase == KUBE_WAITING) {
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
	if (head->status == 403 || head->status == 404)
		r->status.refused = true;
	if (head->status != 401)
		r->token_retried = false;
	if (head->status != 200 || !head->json) {
		r->phase = KUBE_REFUSED;
		return;
	}
	kube_pace_well(&r->pace, now.steady);
	r->phase = r->ask == KUBE_ASK_LIST ? KUBE_LISTING : KUBE_WATCHING;
	r->status.connected = r->ask != KUBE_ASK_LIST;
	if (r->ask == KUBE_ASK_INITIAL)
		r->sink.relist_begin(r->sink.context, r->options.kind, kube_reflector_is_anew(r));
	if (r->ask != KUBE_ASK_WATCH)
		return;
	r->silence = kube_reflector_span(r, KUBE_SILENCE_SECONDS);
	r->status.last_contact = now.wall;
	r->status.refused = false;
	note_well(r);
}

bool
kube_reflector_body(struct kube_reflector *r, struct kube_time now, const char *bytes, size_t size)
{
	r->now = now;
	r->last_byte = now.steady;
	r->heard = true;
	r->status.bytes += size;
	if (r->phase == KUBE_WATCHING && !r->relist)
		r->status.last_contact = now.wall;
	if (r->phase == KUBE_LISTING || r->phase == KUBE_WATCHING)
		return kube_answer_take(r, bytes, size);
	return take_refusal(r, bytes, size);
}

void
kube_reflector_ended(struct kube_reflector *r, struct kube_time now, enum kube_end how, const char *why)
{
	r->now = now;
	if (r->phase == KUBE_REFUSED)
		refused(r);
	else if (r->phase == KUBE_WATCHING)
		kube_answer_end_watch(r, how, why);
	else if (r->phase == KUBE_LISTING && how == KUBE_END_COMPLETE)
		kube_answer_end_page(r);
	else
		kube_reflector_fail(r, why);
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
