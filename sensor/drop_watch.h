/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether packets were lost: counters that only grow, looked at once a minute. Less than a hundredth
 * of a minute's packets is told by the counters alone.
 */
#ifndef PODWIRE_DROP_WATCH_H
#define PODWIRE_DROP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* received: what the kernel had for the sensor, with what it then dropped. */
struct drop_counts {
	uint64_t received, dropped;
};

struct drop_watch {
	int64_t since; /* nanoseconds; set it to the start */
	struct drop_counts last;
};

/* Takes the counters of now in. True once a minute, where too much of it was lost: *minute has its counts. */
bool drop_watch_saw(struct drop_watch *, int64_t now, struct drop_counts, struct drop_counts *minute);

#endif
