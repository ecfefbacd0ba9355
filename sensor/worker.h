/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: frames in, flow records out. Decodes, keeps the flow table, inspects payload. The same
 * code runs offline in the process that prints, and live in capture processes of its own.
 */
#ifndef PODWIRE_WORKER_H
#define PODWIRE_WORKER_H

#include "flow_table.h"
#include "inspection.h"
#include "packet.h"
#include "record.h"
#include "worker_note.h"

struct worker_options {
	struct flow_table_options table;
	struct inspector_options inspector;
	size_t fragment_memory; /* bytes */
	/* Of every `share_count` workers this one takes the connections with number share_index; 1, 0: all. */
	uint32_t share_count, share_index;
	/*
	 * Live, a flow is told of before it ends, nanoseconds: one older than active_first once there is evidence, and every
	 * active_timeout. 0: only at its end.
	 */
	int64_t active_first, active_timeout;
	/* Shared with whoever survives a crash: the flow that is being worked on. Or NULL. */
	struct worker_note *note;
	/*
	 * Called, where not NULL, for a packet that is another worker's, with that one's number, and with the frame, or with raw IP
	 * (DLT_RAW) for what was put together from fragments.
	 */
	void (*foreign)(void *context, const struct frame *, uint32_t share);
	void *foreign_context;
};

extern const struct worker_options worker_defaults;

/* Sets what a worker on a node has where nothing else is asked for: little memory, flows told of while they go on. */
void worker_options_live(struct worker_options *);

struct worker_counters {
	uint64_t frames, bytes;          /* seen, bytes as on the wire */
	uint64_t results[PACKET_RESULT_COUNT]; /* frames by what became of them */
	uint64_t duplicates;             /* packets seen again and not counted */
	struct flow_table_counters table;
	struct inspector_counters inspector;
};

struct worker;

/* NULL on an error, with a line in error[]. The sink must outlive it. Returns owned. */
struct worker *worker_new(const struct worker_options *, const struct record_sink *, char *error, size_t error_size);

/* Ends without concluding: call worker_finish() first for the records of open flows. */
void worker_free(struct worker *);

/* Works on a frame, whose bytes may go on return; records go to the sink as flows end. */
void worker_frame(struct worker *, const struct frame *);

/* A frame that another worker handed over: worked on as any, but not counted again among the frames. */
void worker_foreign_frame(struct worker *, const struct frame *);

/* Time has passed, nanoseconds since 1970: ends what is idle, tells of what goes on. Live, called every second. */
void worker_advance(struct worker *, int64_t now);

/* Which of count workers has the connections between these ports. */
uint32_t worker_share(uint16_t port_a, uint16_t port_b, uint32_t count);

/* The input has ended: every flow is concluded and its record given to the sink. */
void worker_finish(struct worker *);

/* What was counted since the start. */
void worker_counters(const struct worker *, struct worker_counters *out);

/* Flows that are open now. */
uint32_t worker_flows_open(const struct worker *);

#endif
