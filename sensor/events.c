/* SPDX-License-Identifier: Apache-2.0 */
/* See events.h. Here: the queue, its thread, and the lines that need no memory; event_memory.c is the differ. */
#include <config.h>

#include "events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api.h"
#include "judge.h"
#include "output_json_internal.h"
#include "record.h"
#include "status.h"

struct events {
	struct events_options options;
	struct event_memory *memory; /* the judge's thread's */
	pthread_t thread;
	pthread_mutex_t mutex;       /* of what follows */
	pthread_cond_t filled, drained;
	char *queue;                 /* whole lines */
	size_t size, capacity;
	char *hand;                  /* what the thread is writing; its alone while writing is not 0 */
	size_t hand_capacity, writing;
	uint64_t written, dropped;
	bool ending, broken;         /* broken: the reader is gone */
};

/* The thread. */

/* Writes all, however long its reader takes; false where there is none any more. */
static bool
write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n > 0) {
			text += n;
			size -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			/* Somebody made it non-blocking. */
			(void)poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return false;
		}
	}
	return true;
}

static uint64_t
count_lines(const char *text, size_t size)
{
	uint64_t lines = 0;

	for (const char *at = text; at < text + size && (at = memchr(at, '\n', (size_t)(text + size - at))) != NULL; at++)
		lines++;
	return lines;
}

/* Takes what is queued into hand, in exchange for the empty buffer there. False where it is time to end. */
static bool
take(struct events *e)
{
	char *empty = e->hand;
	size_t empty_capacity = e->hand_capacity;

	while (e->size == 0 && !e->ending)
		(void)pthread_cond_wait(&e->filled, &e->mutex);
	e->hand = e->queue;
	e->hand_capacity = e->capacity;
	e->writing = e->size;
	e->queue = empty;
	e->capacity = empty_capacity;
	e->size = 0;
	return e->writing > 0;
}

static void *
run(void *context)
{
	struct events *e = context;
	sigset_t signals;
	int state;

	/* A reader that is gone is an error of write(), not a signal; other signals are the main thread's. */
	(void)sigfillset(&signals);
	(void)pthread_sigmask(SIG_SETMASK, &signals, NULL);
	/* It may be told to leave a reader who reads no more, at no other place. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	(void)pthread_mutex_lock(&e->mutex);
	while (take(e)) {
		bool good;

		(void)pthread_mutex_unlock(&e->mutex);
		(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
		good = write_all(e->options.fd, e->hand, e->writing);
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
		(void)pthread_mutex_lock(&e->mutex);
		if (!good) {
			e->broken = true;
			e->dropped += count_lines(e->hand, e->writing);
		}
		e->writing = 0;
		(void)pthread_cond_broadcast(&e->drained);
	}
	(void)pthread_mutex_unlock(&e->mutex);
	return NULL;
}

struct events *
events_new(const struct events_options *options, char *error, size_t error_size)
{
	struct events *e = calloc(1, sizeof(*e));
	int result;

	if (e == NULL)
		abort();
	e->options = *options;
	if (e->options.queue_bytes == 0)
		e->options.queue_bytes = (size_t)4 << 20;
	e->memory = event_memory_new();
	(void)pthread_mutex_init(&e->mutex, NULL);
	(void)pthread_cond_init(&e->filled, NULL);
	(void)pthread_cond_init(&e->drained, NULL);
	if ((result = pthread_create(&e->thread, NULL, run, e)) == 0)
		return e;
	(void)snprintf(error, error_size, "no thread for events: %s", strerror(result));
	event_memory_free(e->memory);
	free(e);
	return NULL;
}

void
events_free(struct events *e)
{
	struct timespec until;
	bool stuck;

	if (e == NULL)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	(void)pthread_mutex_lock(&e->mutex);
	e->ending = true;
	(void)pthread_cond_broadcast(&e->filled);
	while ((e->size > 0 || e->writing > 0) && !e->broken && pthread_cond_timedwait(&e->drained, &e->mutex, &until) == 0)
		;
	stuck = e->size > 0 || e->writing > 0;
	(void)pthread_mutex_unlock(&e->mutex);
	if (stuck)
		(void)pthread_cancel(e->thread);
	(void)pthread_join(e->thread, NULL);
	(void)pthread_cond_destroy(&e->filled);
	(void)pthread_cond_destroy(&e->drained);
	(void)pthread_mutex_destroy(&e->mutex);
	event_memory_free(e->memory);
	free(e->queue);
	free(e->hand);
	free(e);
}

/* The queue. */

static bool
append(struct events *e, const char *line, size_t size)
{
	size_t capacity;

	if (e->broken || size > e->options.queue_bytes || e->size + e->writing > e->options.queue_bytes - size)
		return false;
	if (e->capacity - e->size < size) {
		capacity = (e->size + size) * 2;
		if ((e->queue = realloc(e->queue, capacity)) == NULL)
			abort();
		e->capacity = capacity;
	}
	memcpy(e->queue + e->size, line, size);
	e->size += size;
	e->written++;
	(void)pthread_cond_signal(&e->filled);
	return true;
}

/* For lines that will not come again. */
static void
put(struct events *e, const char *line, size_t size)
{
	(void)pthread_mutex_lock(&e->mutex);
	if (!append(e, line, size))
		e->dropped++;
	(void)pthread_mutex_unlock(&e->mutex);
}

/* For the differ, who tells again what was not taken; nobody will hear it where the reader is gone. */
static bool
offer(void *context, const char *line, size_t size)
{
	struct events *e = context;
	bool taken;

	(void)pthread_mutex_lock(&e->mutex);
	taken = append(e, line, size);
	if (!taken && (e->broken || size > e->options.queue_bytes)) {
		e->dropped++;
		taken = true;
	}
	(void)pthread_mutex_unlock(&e->mutex);
	return taken;
}

void
events_snapshot(void *events, const struct snapshot *s)
{
	struct events *e = events;

	event_memory_compare(e->memory, s->report, s->now, offer, e);
}

static FILE *
begin(struct json_writer *w, char **text, size_t *size, const char *type, int64_t now)
{
	*text = NULL;
	if ((w->out = open_memstream(text, size)) == NULL)
		abort();
	json_open(w, NULL, '{');
	json_text(w, "type", type);
	json_text(w, "schema", EVENT_SCHEMA);
	json_time(w, "time", now);
	return w->out;
}

static void
end(struct events *e, struct json_writer *w, char **text, size_t *size)
{
	json_close(w, '}');
	putc('\n', w->out);
	if (fclose(w->out) != 0)
		abort();
	put(e, *text, *size);
	free(*text);
}

void
events_status(struct events *e, const struct sensor_status *s)
{
	struct json_writer w = { 0 };
	char *text;
	size_t size;

	(void)begin(&w, &text, &size, "status", s->now);
	json_open(&w, "status", '{');
	api_status_members(&w, s);
	json_close(&w, '}');
	end(e, &w, &text, &size);
}

/* Names, as docs/monitor.md has them, and what the details of each are called. */
static const struct {
	const char *name, *counts[WARNING_MEMBERS_MAX], *texts[WARNING_MEMBERS_MAX];
} warnings[] = {
	[WARNING_PACKETS_LOST] = { "packets-lost", .counts = { "lost", "of" } },
	[WARNING_WORKER_RESTARTED] = { "worker-restarted", .counts = { "worker" }, .texts = { "by", "flow" } },
	[WARNING_POLICY_REFUSED] = { "policy-refused", .texts = { "reason" } },
	[WARNING_CLUSTER_FILE_REFUSED] = { "cluster-file-refused", .texts = { "reason" } },
	[WARNING_STATE_DAMAGED] = { "state-damaged", .texts = { "reason" } },
	[WARNING_STATE_NOT_SAVED] = { "state-not-saved", .texts = { "reason" } },
};
_Static_assert(sizeof(warnings) / sizeof(warnings[0]) == WARNING_COUNT, "a row for each warning");

void
events_warning(struct events *e, enum warning what, const struct warning_details *details, int64_t now)
{
	struct json_writer w = { 0 };
	char *text;
	size_t size;

	(void)begin(&w, &text, &size, "warning", now);
	json_text(&w, "warning", warnings[what].name);
	for (size_t i = 0; i < WARNING_MEMBERS_MAX; i++)
		if (warnings[what].counts[i] != NULL)
			json_count(&w, warnings[what].counts[i], details->counts[i]);
	for (size_t i = 0; i < WARNING_MEMBERS_MAX; i++)
		if (warnings[what].texts[i] != NULL)
			json_text(&w, warnings[what].texts[i], details->texts[i]);
	end(e, &w, &text, &size);
}

void
events_flow(struct events *e, const struct flow_record *record, const struct report *names, int64_t now)
{
	struct json_writer w = { 0 };
	char *text;
	size_t size;

	(void)begin(&w, &text, &size, "flow", now);
	json_flow(&w, "flow", names, record, &(struct output_options){ .principals = e->options.principals });
	end(e, &w, &text, &size);
}

void
events_counters(struct events *e, struct events_counters *out)
{
	(void)pthread_mutex_lock(&e->mutex);
	*out = (struct events_counters){ .written = e->written, .dropped = e->dropped, .queued = e->size + e->writing };
	(void)pthread_mutex_unlock(&e->mutex);
}
