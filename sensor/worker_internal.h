/* SPDX-License-Identifier: Apache-2.0 */
/* What the worker's files share: packets are taken in worker.c, told of in worker_record.c, and while they go on in worker_export.c. */
#ifndef PODWIRE_WORKER_INTERNAL_H
#define PODWIRE_WORKER_INTERNAL_H

#include "worker.h"

/* When a flow is to be looked at next, and what was told of it; apart from the flow, since nobody needs it offline. */
struct worker_export {
	uint32_t due;       /* seconds since 1970; 0: there is no flow */
	uint32_t told;      /* when it was last told of; 0: not yet */
	uint32_t class;     /* hash of what was told */
	struct said *said;  /* what was told, while it may change; NULL: it will not, or there was no room */
} __attribute__((packed, aligned(4))); /* there are as many as flows */

struct worker {
	struct worker_options options;
	const struct record_sink *sink;
	struct packet_decoder *decoder;
	struct flow_table table;
	struct inspector *inspector;
	uint64_t frames, bytes, duplicates;
	uint64_t uncounted[PACKET_RESULT_COUNT]; /* results of frames that were handed over */
	struct worker_export *exports; /* by index of the flow, from 1; NULL offline */
	uint32_t export_next;          /* where the scan goes on */
	size_t said_bytes;             /* of all that was told and may change */
	struct flow_record record; /* being made */
	struct flow_record class;  /* what a flow was counted as */
	bool finished;
};

/* worker_record.c */

/* Makes w->record of the flow but for what the inspection has to say, which is there already. */
void worker_fill_record(struct worker *, const struct flow *, enum flow_end);

/* worker_export.c */

/* Makes ready what tells of flows that go on; false without memory. */
bool worker_export_init(struct worker *);
void worker_export_free(struct worker *);

/* A flow has its first packet. */
void worker_export_begin(struct worker *, const struct flow *);

/* The flow ends: says in w->record whether it was told of before, and takes back what was told and is not so. */
void worker_export_end(struct worker *, const struct flow *);

/* The flow ends and nobody is told. */
void worker_export_discard(struct worker *, const struct flow *);

/* Tells of the flows that are due, some at a time. */
void worker_export_scan(struct worker *, int64_t now);

#endif
