/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's loop: waits for frames, for the supervisor and for other workers, takes a bounded
 * batch of each, tells what it has found. Idle, it wakes once a second.
 */
#include <config.h>

#include "live_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "forwarded.h"
#include "isolation.h"
#include "launcher_internal.h"
#include "log.h"
#include "messages.h"

enum {
	FRAMES_AT_ONCE = 512, /* between looks at the other descriptors */
	FORWARDED_AT_ONCE = 256,
};

static const int64_t SECOND = 1000000000;
/* What the kernel's ring may still hold is older than this. */
static const int64_t RING_LAG = 1000000000;
/* After being told to stop: until the kernel has given what it took before. */
static const int64_t LAST_LOOK = 200000000;
/* For what it has given by then: less than the supervisor waits. */
static const int64_t LAST_READ = 2000000000;

struct live_worker {
	const struct live_worker_place *place;
	struct live_capture *capture;
	struct worker *worker;
	struct message_writer writer;
	struct message_reader reader;
	struct record_sink sink;
	struct live_counters counters; /* being made */
	uint64_t forwarded, forward_dropped;
	bool planned;         /* there was a first plan */
	int memory_fd;        /* /proc/self/statm, opened before that is forbidden; -1: not known */
	int64_t next_tick;    /* of the monotonic clock */
	int64_t stop_at;      /* of the monotonic clock; 0: not told to */
	uint8_t *datagram;    /* FORWARDED_SIZE_MAX */
};

static int64_t
read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* Frames. */

static void
on_frame(void *context, const struct frame *frame)
{
	struct live_worker *w = context;

	worker_frame(w->worker, frame);
}

static void
on_foreign(void *context, const struct frame *frame, uint32_t share)
{
	struct live_worker *w = context;

	if (share >= w->place->count || w->place->inboxes[share] < 0)
		return;
	if (forwarded_send(w->place->inboxes[share], frame))
		w->forwarded++;
	else
		w->forward_dropped++;
}

/* Whether there may be more. */
static bool
take_frames(struct live_worker *w)
{
	char error[256];
	int taken = live_read(w->capture, FRAMES_AT_ONCE, on_frame, w, error, sizeof(error));

	if (taken < 0) {
		log_error("the capture has broken down", log_number("worker", w->place->index), log_text("error", error));
		_exit(1);
	}
	return taken == FRAMES_AT_ONCE;
}

static void
take_forwarded(struct live_worker *w)
{
	struct frame frame;

	for (unsigned i = 0; i < FORWARDED_AT_ONCE; i++) {
		ssize_t size = recv(w->place->inbox, w->datagram, FORWARDED_SIZE_MAX, MSG_DONTWAIT);

		if (size < 0)
			return;
		if (forwarded_read(w->datagram, (size_t)size, read_clock(CLOCK_REALTIME), &frame))
			worker_foreign_frame(w->worker, &frame);
	}
}

/* The supervisor. */

static void
take_plan(struct live_worker *w, const struct capture_plan *plan)
{
	char error[256];

	if (!live_set_plan(w->capture, plan->entries, plan->count, error, sizeof(error))) {
		log_warn("interfaces could not be changed", log_number("worker", w->place->index), log_text("error", error));
		return;
	}
	if (!w->planned)
		message_writer_put(&w->writer, MESSAGE_READY, NULL, 0);
	w->planned = true;
}

static void
take_messages(struct live_worker *w)
{
	enum message_result result = message_reader_next(&w->reader, w->place->supervisor);

	for (; result == MESSAGE_WHOLE; result = message_reader_pending(&w->reader)) {
		if (w->reader.header.type == MESSAGE_PLAN)
			take_plan(w, &w->reader.body.plan);
		else if (w->stop_at == 0)
			w->stop_at = read_clock(CLOCK_MONOTONIC) + LAST_LOOK;
	}
	if (result == MESSAGE_MALFORMED)
		log_error("the supervisor sent what is no message", log_number("worker", w->place->index), log_text("error", w->reader.why));
	if (result != MESSAGE_WAIT)
		_exit(1); /* nobody is there to work for */
}

/* Resident bytes, by a file that was opened in time. */
static uint64_t
resident(int fd)
{
	char text[128];
	unsigned long pages;
	ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return 0;
	text[size] = '\0';
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
send_counters(struct live_worker *w)
{
	struct live_counters *c = &w->counters;
	struct live_statistics kernel;

	live_counters(w->capture, &kernel);
	memset(c, 0, sizeof(*c)); /* with what lies between members */
	worker_counters(w->worker, &c->worker);
	c->kernel_received = kernel.received;
	c->kernel_dropped = kernel.dropped;
	c->unplanned = kernel.unplanned;
	c->forwarded = w->forwarded;
	c->forward_dropped = w->forward_dropped;
	c->memory = resident(w->memory_fd);
	c->flows_open = worker_flows_open(w->worker);
	for (uint16_t slot = 0; slot < SLOTS_MAX; slot++)
		if (kernel.slots[slot].packets > 0)
			c->interfaces[c->interface_count++] = (struct live_interface){ .slot = slot, .packets = kernel.slots[slot].packets, .bytes = kernel.slots[slot].bytes };
	message_writer_put(&w->writer, MESSAGE_COUNTERS, c, live_counters_size(c));
}

/* The loop. */

/* Time passes for flows as far as their packets have been seen: not while the ring holds more. */
static void
tick(struct live_worker *w, bool behind)
{
	if (!behind)
		worker_advance(w->worker, read_clock(CLOCK_REALTIME) - RING_LAG);
	send_counters(w);
}

/* Milliseconds, rounded up, until something is to be done. */
static int
time_left(const struct live_worker *w, int64_t now)
{
	int64_t until = w->stop_at != 0 && w->stop_at < w->next_tick ? w->stop_at : w->next_tick;

	return until <= now ? 0 : (int)((until - now + 999999) / 1000000);
}

static void
look(struct live_worker *w)
{
	enum { SUPERVISOR, CAPTURE, INBOX, LAUNCHER, POLLED };
	struct pollfd polled[POLLED] = {
		[SUPERVISOR] = { .fd = w->place->supervisor, .events = POLLIN },
		/* Without a plan nobody knows what is there of the worker that was before this one: it waits in the ring. */
		[CAPTURE] = { .fd = w->planned ? live_fd(w->capture) : -1, .events = POLLIN },
		[INBOX] = { .fd = w->place->inbox, .events = POLLIN },
		[LAUNCHER] = { .fd = w->place->launcher }, /* its end is reported unasked */
	};
	int64_t now = read_clock(CLOCK_MONOTONIC);
	bool behind = !w->planned;

	if (poll(polled, POLLED, time_left(w, now)) < 0 && errno != EINTR)
		_exit(1);
	if (polled[LAUNCHER].revents != 0)
		_exit(1);
	if (polled[SUPERVISOR].revents != 0)
		take_messages(w);
	if (polled[CAPTURE].revents != 0)
		behind = take_frames(w);
	if (polled[INBOX].revents != 0)
		take_forwarded(w);
	now = read_clock(CLOCK_MONOTONIC);
	if (now >= w->next_tick) {
		tick(w, behind);
		w->next_tick = now + SECOND;
	}
	message_writer_flush(&w->writer);
}

/* Where it is behind, or had no processor for a while, there is more than the last look took. */
static void
read_rest(struct live_worker *w)
{
	while (w->planned && take_frames(w) && read_clock(CLOCK_MONOTONIC) < w->stop_at + LAST_READ)
		message_writer_flush(&w->writer);
	take_forwarded(w);
}

static _Noreturn void
run(struct live_worker *w)
{
	w->next_tick = read_clock(CLOCK_MONOTONIC) + SECOND;
	while (w->stop_at == 0 || read_clock(CLOCK_MONOTONIC) < w->stop_at)
		look(w);
	read_rest(w);
	worker_finish(w->worker);
	send_counters(w);
	message_writer_flush(&w->writer);
	_exit(0);
}

/* The start. */

static void
tell_launcher(const struct live_worker_place *place, const struct live_worker_state *state, int fd)
{
	if (launcher_send(place->launcher, state, sizeof(*state), fd) != sizeof(*state))
		_exit(1);
}

static _Noreturn void
give_up(const struct live_worker_place *place, struct live_worker_state *state)
{
	state->step = LIVE_WORKER_FAILED;
	tell_launcher(place, state, -1);
	_exit(1);
}

/* What the dead worker before this one was sent is of flows that nobody knows any more. */
static void
drain(int inbox)
{
	uint8_t byte;

	while (recv(inbox, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0)
		continue;
}

/* What is left to the worker: not its packet socket, by which frames could be sent. */
static bool
shut_in(const struct live_worker_options *options, const struct live_worker_place *place, char *error, size_t error_size)
{
	int writable[LIVE_WORKERS_MAX + 2];
	struct isolation_worker_options own = { .memory = options->memory, .writable = writable, .promiscuous = options->capture.promiscuous };
	size_t count = 0;

	writable[count++] = place->supervisor;
	writable[count++] = place->launcher;
	for (uint32_t i = 0; i < place->count && i < LIVE_WORKERS_MAX; i++)
		writable[count++] = place->inboxes[i];
	own.writable_count = count;
	return isolation_worker(&own, error, error_size);
}

void
live_worker_run(const struct live_worker_options *options, const struct live_worker_place *place)
{
	struct live_worker *w = calloc(1, sizeof(*w));
	struct worker_options worker_options = options->worker;
	struct live_worker_state state = { .step = LIVE_WORKER_OPENED };

	if (w == NULL || (w->datagram = malloc(FORWARDED_SIZE_MAX)) == NULL)
		abort();
	w->place = place;
	w->memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	message_writer_init(&w->writer, place->supervisor);
	message_reader_init(&w->reader, MESSAGES_OF_SUPERVISOR);
	w->sink = message_writer_sink(&w->writer);
	worker_options.inspector.early = true;
	worker_options.note = place->note;
	worker_options.share_count = place->count;
	worker_options.share_index = place->index;
	worker_options.foreign = place->count > 1 ? on_foreign : NULL;
	worker_options.foreign_context = w;
	w->worker = worker_new(&worker_options, &w->sink, state.error, sizeof(state.error));
	if (w->worker == NULL || (w->capture = live_open(&options->capture, state.error, sizeof(state.error))) == NULL)
		give_up(place, &state);
	state.error[0] = '\0';
	tell_launcher(place, &state, live_fd(w->capture));
	drain(place->inbox);
	if (!shut_in(options, place, state.error, sizeof(state.error)))
		give_up(place, &state);
	state = (struct live_worker_state){ .step = LIVE_WORKER_READY };
	tell_launcher(place, &state, -1);
	if (options->after_isolation != NULL)
		options->after_isolation(place->index, place->note);
	run(w);
}
