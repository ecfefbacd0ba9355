/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens, as lines of JSON on standard output: a finding that is new, changed or gone, a pair
 * whose score moved, the sensor's status and its troubles, flows where asked for. Lines pass a bounded queue to a
 * thread that may wait for its reader: what does not fit is dropped and counted, or, of findings and
 * pairs, told with the next snapshot. No line is ever torn.
 */
#ifndef PODWIRE_EVENTS_H
#define PODWIRE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct events;
struct flow_record;
struct report;
struct sensor_status;
struct snapshot;

/* Of every line: who reads it may have begun anywhere. */
#define EVENT_SCHEMA "podwire.event/1"

struct events_options {
	int fd;              /* where lines go: 1 */
	size_t queue_bytes;  /* 0: 4 MiB */
	bool principals;     /* show user names */
};

/* Starts the thread. NULL where that cannot be, with a line in error[]. Returns owned. */
struct events *events_new(const struct events_options *, char *error, size_t error_size);

/* Waits up to a second for the queue to be read, then ends the thread. */
void events_free(struct events *);

/* What is new since the last snapshot. In the judge's thread: fits judge_options.on_snapshot. */
void events_snapshot(void *events, const struct snapshot *);

/* In any thread, one at a time. */
void events_status(struct events *, const struct sensor_status *);

/* What an operator is to know of at once; what each has beside its name is in the table in events.c. */
enum warning {
	WARNING_PACKETS_LOST,
	WARNING_WORKER_RESTARTED,
	WARNING_POLICY_REFUSED,
	WARNING_CLUSTER_FILE_REFUSED,
	WARNING_STATE_DAMAGED,
	WARNING_STATE_NOT_SAVED,
	WARNING_COUNT
};

enum { WARNING_MEMBERS_MAX = 2 };

struct warning_details {
	uint64_t counts[WARNING_MEMBERS_MAX];
	const char *texts[WARNING_MEMBERS_MAX]; /* NULL: null */
};

/* In any thread. */
void events_warning(struct events *, enum warning, const struct warning_details *, int64_t now);

/* names: as api_flows() wants it. */
void events_flow(struct events *, const struct flow_record *, const struct report *names, int64_t now);

struct events_counters {
	uint64_t written, dropped; /* lines: queued, and lost before that or, where the reader left, after it */
	size_t queued;             /* bytes */
};
void events_counters(struct events *, struct events_counters *out);

/*
 * The differ: what of a report was told. Pure, but for the lines it hands out.
 */
struct event_memory;

/* Returns owned. */
struct event_memory *event_memory_new(void);
void event_memory_free(struct event_memory *);

/*
 * Hands out a line, with its newline, for each difference between a concluded report and what was
 * told before. Where emit() is false the line could not be taken: it comes again next time.
 */
void event_memory_compare(struct event_memory *, const struct report *, int64_t now, bool (*emit)(void *context, const char *line, size_t size), void *context);

#endif
