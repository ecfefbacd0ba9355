/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes of the sensor say to each other: a header and a body, over a stream (a socket, or
 * a file that is read when its writer has ended). A process that reads hostile bytes may have been
 * taken over by them: whoever reads its messages checks each as hostile input.
 */
#ifndef PODWIRE_MESSAGES_H
#define PODWIRE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_plan.h"
#include "record.h"
#include "worker.h"

enum message_type {
	MESSAGE_FLOW = 1, /* struct flow_record, as much of it as its size says */
	MESSAGE_NAME,     /* struct name_record */
	MESSAGE_FILE,     /* struct file_message; offline only */
	MESSAGE_COUNTERS, /* offline struct worker_counters; live struct live_counters, see live_counters_size() */
	MESSAGE_READY,    /* no body: the worker captures what its first plan names */
	MESSAGE_PLAN,     /* struct capture_plan, supervisor to worker */
	MESSAGE_STOP,     /* no body, supervisor to worker: conclude every flow and end */
	MESSAGE_TYPE_COUNT
};

/* Who is at the other end: what it may say follows from that. */
enum message_source { MESSAGES_OF_JOB, MESSAGES_OF_WORKER, MESSAGES_OF_SUPERVISOR, MESSAGE_SOURCE_COUNT };

struct message_header {
	uint32_t type; /* enum message_type */
	uint32_t size; /* of the body */
};

/* What a job found of a file: the report of the first one counts. */
struct file_message {
	uint32_t index, state; /* enum file_state */
	uint64_t packets, bytes;
	char error[1024];
};

enum { LIVE_INTERFACES_MAX = 1024 };

struct live_interface {
	uint16_t slot; /* as given by the plan; whoever reads it looks it up */
	uint64_t packets, bytes;
};

/* Of a worker on a node since it was started. */
struct live_counters {
	struct worker_counters worker;
	uint64_t kernel_received, kernel_dropped; /* of its packet socket */
	uint64_t unplanned;                       /* of these, passed over: their interface is captured no longer */
	uint64_t forwarded, forward_dropped;      /* packets of other workers' connections */
	uint64_t memory;                          /* bytes resident; 0: not known */
	uint32_t flows_open;
	uint32_t interface_count;
	struct live_interface interfaces[LIVE_INTERFACES_MAX]; /* no more is sent than there are */
};

static inline size_t
live_counters_size(const struct live_counters *c)
{
	return offsetof(struct live_counters, interfaces) + c->interface_count * sizeof(c->interfaces[0]);
}

/* A body of any type, aligned to be read in place. */
union message_body {
	struct flow_record flow;
	struct name_record name;
	struct file_message file;
	struct worker_counters counters;
	struct live_counters live;
	struct capture_plan plan;
};

/* Whether size bytes at body are a message of that type that a sound source may send; *why (may be NULL) is a static reason where not. */
bool messages_check(enum message_source, uint32_t type, const void *body, size_t size, const char **why);

/* Reading: bytes come in pieces, messages go out whole. */
enum message_result {
	MESSAGE_WHOLE,     /* reader->header and reader->body hold the next one, checked */
	MESSAGE_WAIT,      /* nothing more for now: poll the descriptor */
	MESSAGE_END,       /* the other end has closed, between two messages */
	MESSAGE_MALFORMED, /* not a message; nothing that follows can be trusted: reader->why */
};

struct message_reader {
	enum message_source source;
	struct message_header header;
	union message_body body;
	const char *why;
	uint8_t *bytes;     /* owned, of a fixed size */
	size_t begin, end;
	bool ended, malformed;
};

/* Sizable: keep it on the heap. */
void message_reader_init(struct message_reader *, enum message_source);
void message_reader_clear(struct message_reader *);

/*
 * The next message, reading from fd where no whole one is at hand: at most one read, so that a
 * busy worker does not keep an event loop. With a file fd may block, else it is non-blocking.
 */
enum message_result message_reader_next(struct message_reader *, int fd);

/* Messages that are at hand already; never reads. MESSAGE_WAIT: ask message_reader_next(). */
enum message_result message_reader_pending(struct message_reader *);

/*
 * Writing, for workers and jobs: gathers messages, so that not each costs a system call; waits
 * while the other end is slow. Where the other end is gone, or a file cannot be written, the
 * process ends with code 1: its work is for nobody. SIGPIPE must be ignored.
 */
struct message_writer {
	int fd;
	size_t used;
	uint8_t *bytes; /* owned */
};

void message_writer_init(struct message_writer *, int fd);
void message_writer_clear(struct message_writer *);
void message_writer_put(struct message_writer *, enum message_type, const void *body, size_t size);
void message_writer_flush(struct message_writer *);

/* A sink of records (record.h) that puts them to the writer. */
struct record_sink message_writer_sink(struct message_writer *);

#endif
