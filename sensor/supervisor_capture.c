/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces, the plan of what is captured, workers as they come and go, and what they say. */
#include <config.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_counts.h"
#include "cni_config.h"
#include "command.h"
#include "log.h"
#include "supervisor.h"

enum {
	SECONDS_BETWEEN_LINKS = 10,  /* after which all interfaces are asked for anew: their drop counters */
	MESSAGES_AT_A_TIME = 512,    /* of one worker, before others have their turn */
	LAST_READS = 64,             /* of a dead worker's socket: more than it can hold */
	SILENCE_MAX = 15,            /* seconds that a worker may say nothing: it counts every second */
	LEAVE_MAX = 3,               /* seconds that one may live without its socket */
	UNREAD_MAX = 8 << 20,        /* bytes that a worker may leave unread: many plans */
};

/* What workers say. */

/* Something is captured, and every share of it. */
static void
set_capturing(struct supervisor *s)
{
	s->status.capturing = s->plan.count > 0;
	for (uint32_t i = 0; i < s->status.worker_count; i++)
		s->status.capturing &= s->status.workers[i].running;
}

static void
take_message(struct worker_link *w)
{
	struct supervisor *s = w->supervisor;
	struct record_sink sink;

	switch (w->reader->header.type) {
	case MESSAGE_FLOW:
		s->status.flow_records++;
		if (w->reader->body.flow.file < s->slots.count)
			supervisor_flow(s, &w->reader->body.flow);
		else
			s->status.refused_messages++;
		return;
	case MESSAGE_NAME:
		sink = report_sink(s->delta);
		sink.name(sink.context, &w->reader->body.name);
		return;
	case MESSAGE_COUNTERS:
		capture_counts_take(&s->status, w->index, &w->reader->body.live, w->last);
		return;
	case MESSAGE_READY:
		s->status.workers[w->index].running = true;
		set_capturing(s);
		return;
	default:
		s->status.refused_messages++;
		return;
	}
}

/* Its end is told by the launcher as well, which starts it again. */
static void
close_worker(struct worker_link *w)
{
	if (w->fd < 0)
		return;
	event_free(w->readable);
	event_free(w->writable);
	evbuffer_free(w->out);
	message_reader_clear(w->reader);
	close(w->fd);
	w->fd = -1;
	w->silent = 0;
	w->supervisor->status.workers[w->index].running = false;
	w->supervisor->status.workers[w->index].flows_open = 0;
	w->supervisor->status.workers[w->index].memory = 0;
	set_capturing(w->supervisor);
}

/* It has said what no worker says, or has fallen silent: it was taken over, or is broken. */
static void
kill_worker(struct worker_link *w)
{
	if (w->pid > 0)
		(void)kill(w->pid, SIGKILL);
	close_worker(w);
}

/* Takes some of what a worker says. MESSAGE_WHOLE: there is more at hand. */
static enum message_result
take_messages(struct worker_link *w)
{
	enum message_result result = message_reader_next(w->reader, w->fd);

	for (unsigned i = 0; result == MESSAGE_WHOLE && i < MESSAGES_AT_A_TIME; i++) {
		w->silent = 0;
		take_message(w);
		result = message_reader_pending(w->reader);
	}
	return result;
}

static void
on_worker_readable(evutil_socket_t fd, short what, void *context)
{
	struct worker_link *w = context;

	(void)fd;
	(void)what;
	switch (take_messages(w)) {
	case MESSAGE_WHOLE:
		event_active(w->readable, EV_READ, 0);
		return;
	case MESSAGE_WAIT:
		return;
	case MESSAGE_MALFORMED:
		w->supervisor->status.refused_messages++;
		log_error("worker said what no worker says: it is ended", log_number("worker", w->index), log_text("reason", w->reader->why));
		kill_worker(w);
		return;
	case MESSAGE_END:
		close_worker(w);
		return;
	}
}

static void
on_worker_writable(evutil_socket_t fd, short what, void *context)
{
	struct worker_link *w = context;

	(void)what;
	if (evbuffer_get_length(w->out) > 0 && evbuffer_write(w->out, fd) < 0 && errno != EAGAIN && errno != EINTR) {
		close_worker(w);
		return;
	}
	if (evbuffer_get_length(w->out) > 0)
		event_add(w->writable, NULL);
}

static void
tell_worker(struct worker_link *w, enum message_type type, const void *body, size_t size)
{
	struct message_header header = { .type = (uint32_t)type, .size = (uint32_t)size };

	if (w->fd < 0)
		return;
	if (evbuffer_get_length(w->out) > UNREAD_MAX) {
		log_error("worker does not hear: it is ended", log_number("worker", w->index));
		kill_worker(w);
		return;
	}
	if (evbuffer_add(w->out, &header, sizeof(header)) != 0 || evbuffer_add(w->out, body, size) != 0)
		abort();
	on_worker_writable(w->fd, EV_WRITE, w);
}

/* Workers come and go. */

static void
start_worker(struct supervisor *s, const struct launcher_event *e)
{
	struct worker_link *w = &s->workers[e->index];

	close_worker(w);
	w->supervisor = s;
	w->index = e->index;
	w->pid = e->pid;
	w->silent = 0;
	w->fd = e->fd;
	if (w->reader == NULL)
		w->reader = calloc(1, sizeof(*w->reader));
	if (w->last == NULL)
		w->last = calloc(1, sizeof(*w->last));
	if (w->reader == NULL || w->last == NULL)
		abort();
	capture_counts_take_left(&s->status, w->index, &e->left, w->last);
	memset(w->last, 0, sizeof(*w->last));
	message_reader_init(w->reader, MESSAGES_OF_WORKER);
	w->out = evbuffer_new();
	w->readable = event_new(s->base, w->fd, EV_READ | EV_PERSIST, on_worker_readable, w);
	w->writable = event_new(s->base, w->fd, EV_WRITE, on_worker_writable, w);
	if (w->out == NULL || w->readable == NULL || w->writable == NULL || event_add(w->readable, NULL) != 0)
		abort();
	tell_worker(w, MESSAGE_PLAN, &s->plan, sizeof(s->plan));
	if (s->stopping)
		tell_worker(w, MESSAGE_STOP, NULL, 0);
}

/* The 5-tuple that a dead worker was at: never its bytes. */
static void
describe_note(const struct worker_note *note, char *text, size_t size)
{
	char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];

	snprintf(text, size, "%s:%u -> %s:%u ip_protocol %u", address_text(&note->address[0], from), note->port[0], address_text(&note->address[1], to), note->port[1], note->ip_protocol);
}

/*
 * What a worker said before it died counts. It is all there, and no more than its socket holds:
 * the end is not waited for, since one that was taken over may have passed its socket on.
 */
static void
take_last_messages(struct worker_link *w)
{
	enum message_result result = MESSAGE_WHOLE;

	for (unsigned reads = 0; w->fd >= 0 && (result == MESSAGE_WHOLE || (result == MESSAGE_WAIT && reads < LAST_READS)); reads += result == MESSAGE_WAIT)
		result = take_messages(w);
	close_worker(w);
}

static void
end_worker(struct supervisor *s, const struct launcher_event *e)
{
	struct worker_link *w = &s->workers[e->index];
	char flow[160] = "", how[64];

	take_last_messages(w);
	w->pid = 0;
	if (s->stopping)
		return;
	s->status.workers[e->index].restarts++;
	if (e->note.busy)
		describe_note(&e->note, flow, sizeof(flow));
	if (WIFSIGNALED(e->status))
		snprintf(how, sizeof(how), "signal %d (%s)", WTERMSIG(e->status), strsignal(WTERMSIG(e->status)));
	else
		snprintf(how, sizeof(how), "code %d", WEXITSTATUS(e->status));
	log_error("worker ended and is started again", log_number("worker", e->index), log_text("by", how), log_text("flow", flow[0] != '\0' ? flow : NULL),
		log_text("protocol", e->note.busy && e->note.protocol[0] != '\0' ? e->note.protocol : NULL), log_text("reason", e->error[0] != '\0' ? e->error : NULL), log_decimal("in_seconds", e->restart > 0 ? (double)((e->restart + 5000000) / 10000000) / 100 : 0));
	supervisor_warn(s, WARNING_WORKER_RESTARTED, &(struct warning_details){ .counts = { e->index }, .texts = { how, flow[0] != '\0' ? flow : NULL } });
}

static void
on_launcher(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *s = context;
	struct launcher_event e;

	(void)fd;
	(void)what;
	for (;;) {
		launcher_read(&s->launcher, &e);
		switch (e.type) {
		case LAUNCHER_NOTHING:
			return;
		case LAUNCHER_STARTED:
			start_worker(s, &e);
			break;
		case LAUNCHER_ENDED:
			end_worker(s, &e);
			break;
		case LAUNCHER_GONE:
			event_del(s->launcher_event);
			if (!s->stopping)
				log_error("the launcher of workers has ended: nothing can be captured any more", log_text("reason", e.error[0] != '\0' ? e.error : NULL));
			s->failed = !s->stopping;
			event_base_loopbreak(s->base);
			return;
		}
	}
}

/* Interfaces. */

static void
name_slots(struct supervisor *s)
{
	for (uint32_t i = 0; i < s->slots.count; i++) {
		struct interface_status *status = &s->status.interfaces[i];

		if (strcmp(status->name, s->slots.slots[i].name) != 0) {
			/* The number was given to another interface. */
			*status = (struct interface_status){ 0 };
			memcpy(status->name, s->slots.slots[i].name, sizeof(status->name));
			s->device_dropped[i] = UINT64_MAX;
		}
		status->present = false;
		status->directions = 0;
	}
	s->status.interface_count = s->slots.count;
	for (uint32_t i = 0; i < s->plan.count; i++) {
		s->status.interfaces[s->plan.entries[i].slot].present = true;
		s->status.interfaces[s->plan.entries[i].slot].directions = s->plan.entries[i].directions;
	}
	set_capturing(s);
}

static void
count_absence(struct supervisor *s)
{
	for (uint32_t i = 0; i < s->status.interface_count; i++) {
		struct interface_status *status = &s->status.interfaces[i];

		status->absent = status->present ? 0 : status->absent + (status->absent < UINT32_MAX);
	}
}

static void
make_plan(struct supervisor *s)
{
	const struct monitor_options *o = s->options;
	const struct capture_wish wish = {
		.patterns = o->interfaces,
		.pattern_count = o->interface_count,
		.bridges = (const char (*)[IFNAMSIZ])s->bridges,
		.bridge_count = s->bridge_count,
		.promiscuous = o->promiscuous,
	};
	struct capture_plan *plan = calloc(1, sizeof(*plan));
	size_t count;
	const struct link *links = links_list(s->links, &count);

	if (plan == NULL)
		abort();
	capture_plan_make(links, count, &wish, &s->slots, plan);
	if (!capture_plan_equal(plan, &s->plan)) {
		/* Flows known by the old numbers are counted under the old names: the next delta has the new ones. */
		supervisor_give_delta(s);
		s->plan = *plan;
		name_slots(s);
		for (unsigned i = 0; i < o->launcher.workers; i++)
			tell_worker(&s->workers[i], MESSAGE_PLAN, &s->plan, sizeof(s->plan));
		log_info("interfaces captured", log_count("count", s->plan.count), log_text("first", s->plan.count > 0 ? s->plan.entries[0].name : NULL), log_text("last", s->plan.count > 1 ? s->plan.entries[s->plan.count - 1].name : NULL));
		if (plan->omitted + links_omitted(s->links) > 0)
			log_warn("more interfaces than can be captured", log_count("omitted", plan->omitted + links_omitted(s->links)));
	}
	free(plan);
}

static void
count_device_drops(struct supervisor *s)
{
	size_t count;
	const struct link *links = links_list(s->links, &count);
	uint32_t at = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t *last;
		uint16_t slot;

		while (at < s->plan.count && s->plan.entries[at].ifindex < (uint32_t)links[i].index)
			at++;
		if (at == s->plan.count || s->plan.entries[at].ifindex != (uint32_t)links[i].index)
			continue;
		slot = s->plan.entries[at].slot;
		last = &s->device_dropped[slot];
		if (*last != UINT64_MAX && links[i].dropped > *last)
			s->status.interfaces[slot].interface_dropped += links[i].dropped - *last;
		*last = links[i].dropped;
	}
}

static void
on_links(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *s = context;

	(void)fd;
	(void)what;
	if (links_read(s->links) && links_ready(s->links))
		make_plan(s);
	count_device_drops(s);
}

/* What is wished for and is not there: told once, since it may come yet. */
static void
tell_of_missing(struct supervisor *s)
{
	size_t count;
	const struct link *links = links_list(s->links, &count);

	for (size_t i = 0; i < s->options->interface_count; i++)
		if (!capture_plan_matches(links, count, s->options->interfaces[i]))
			log_warn("no such interface yet: it is waited for", log_text("interface", s->options->interfaces[i]));
	if (s->options->interface_count == 0 && s->plan.count == 0)
		log_warn("no bridge or pod interface that a CNI is known to use: name one with --interface, or wait for it");
}

/* Losses. */

static void
watch_drops(struct supervisor *s, int64_t now)
{
	struct drop_counts sum = { 0 }, minute;

	for (uint32_t i = 0; i < s->status.worker_count; i++) {
		sum.received += s->status.workers[i].kernel_received;
		sum.dropped += s->status.workers[i].kernel_dropped + s->status.workers[i].unread + s->status.workers[i].forward_dropped;
	}
	if (!drop_watch_saw(&s->drops, now, sum, &minute))
		return;
	log_warn("packets were lost: verdicts of this minute are weaker", log_count("lost", minute.dropped), log_count("of", minute.received));
	supervisor_warn(s, WARNING_PACKETS_LOST, &(struct warning_details){ .counts = { minute.dropped, minute.received } });
}

static void
on_cni_warning(void *context, const char *line)
{
	(void)context;
	log_warn("CNI configuration passed over", log_text("reason", line));
}

/*
 * A worker that goes round in a circle, or was taken over and sits there, would take its share of
 * the packets for ever: it is ended, and the launcher starts another. By ticks, so that time that
 * passed for nobody does not count.
 */
static void
watch_workers(struct supervisor *s)
{
	for (unsigned i = 0; i < s->options->launcher.workers && !s->stopping; i++) {
		struct worker_link *w = &s->workers[i];

		if (w->pid == 0 || ++w->silent < (w->fd >= 0 ? SILENCE_MAX : LEAVE_MAX))
			continue;
		log_error("worker says nothing any more: it is ended", log_number("worker", i));
		kill_worker(w);
		w->silent = 0;
	}
}

/* The public face. */

bool
supervisor_capture_begin(struct supervisor *s)
{
	const struct monitor_options *o = s->options;
	char error[1024];

	for (unsigned i = 0; i < STATUS_WORKERS_MAX; i++)
		s->workers[i].fd = -1;
	s->status.worker_count = o->launcher.workers;
	if (o->promiscuous)
		log_warn("bridges are held promiscuous: where br_netfilter is in use the kernel then delivers packets to Services twice");
	if (o->interface_count == 0)
		s->bridge_count = cni_config_bridges(o->cni_directory, s->bridges, on_cni_warning, NULL);
	if ((s->links = links_open(error, sizeof(error))) == NULL) {
		complain("%s", error);
		return false;
	}
	s->launcher_event = event_new(s->base, s->launcher.fd, EV_READ | EV_PERSIST, on_launcher, s);
	s->links_event = event_new(s->base, links_fd(s->links), EV_READ | EV_PERSIST, on_links, s);
	if (s->launcher_event == NULL || s->links_event == NULL || event_add(s->launcher_event, NULL) != 0 || event_add(s->links_event, NULL) != 0)
		abort();
	s->drops.since = supervisor_now();
	return true;
}

void
supervisor_capture_tick(struct supervisor *s, int64_t now)
{
	if (s->ticks == 1)
		tell_of_missing(s);
	if (s->ticks % SECONDS_BETWEEN_LINKS == 0) {
		if (s->options->interface_count == 0)
			s->bridge_count = cni_config_bridges(s->options->cni_directory, s->bridges, NULL, NULL);
		links_refresh(s->links);
		make_plan(s);
	}
	count_absence(s);
	watch_workers(s);
	watch_drops(s, now);
}

void
supervisor_capture_stop(struct supervisor *s)
{
	launcher_stop(&s->launcher);
	for (unsigned i = 0; i < s->options->launcher.workers; i++)
		tell_worker(&s->workers[i], MESSAGE_STOP, NULL, 0);
}

bool
supervisor_capture_over(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->options->launcher.workers; i++)
		if (s->workers[i].fd >= 0)
			return false;
	return true;
}

void
supervisor_capture_end(struct supervisor *s)
{
	for (unsigned i = 0; i < STATUS_WORKERS_MAX; i++) {
		if (s->workers[i].supervisor == NULL)
			continue;
		close_worker(&s->workers[i]);
		free(s->workers[i].reader);
		free(s->workers[i].last);
	}
	if (s->launcher_event != NULL)
		event_free(s->launcher_event);
	if (s->links_event != NULL)
		event_free(s->links_event);
	if (s->links != NULL)
		links_close(s->links);
	launcher_clear(&s->launcher);
}
