/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker on a node: opens its capture, says so, shuts itself in, then turns frames
 * into messages until it is told to stop.
 */
#ifndef PODWIRE_LIVE_WORKER_H
#define PODWIRE_LIVE_WORKER_H

#include <stdint.h>

#include "capture_live.h"
#include "worker.h"
#include "worker_note.h"

enum { LIVE_WORKERS_MAX = 64 }; /* that share the packets */

struct live_worker_options {
	struct worker_options worker;
	struct live_options capture;
	uint64_t memory;           /* bytes beyond what is reserved at start; 0: no limit */
	void (*after_isolation)(uint32_t index, struct worker_note *); /* for tests; or NULL */
};

/* What the launcher gives to one worker. Descriptors are the worker's from then on. */
struct live_worker_place {
	uint32_t index, count;
	int supervisor;            /* stream of messages, blocking */
	int launcher;              /* for live_worker_state; its end tells that the launcher has ended */
	int inbox;                 /* frames from other workers, datagrams */
	const int *inboxes;        /* `count`, where to send theirs; the own one is -1 */
	struct worker_note *note;  /* shared with the launcher */
};

/* What a worker tells the launcher while it starts. */
enum live_worker_step {
	LIVE_WORKER_OPENED, /* with a descriptor of its packet socket */
	LIVE_WORKER_READY,  /* it has shut itself in */
	LIVE_WORKER_FAILED, /* error says why; it ends */
	LIVE_WORKER_STEP_COUNT
};

struct live_worker_state {
	uint32_t step;      /* enum live_worker_step */
	char error[512];
};

/* Never returns: ends the process with code 0 when told to stop, else 1. */
_Noreturn void live_worker_run(const struct live_worker_options *, const struct live_worker_place *);

#endif
