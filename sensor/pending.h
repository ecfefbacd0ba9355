/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow records that wait for a pod. A pod sends its first packet before the API server tells anybody
 * of its address. So a record with a private address that nobody is known to have waits some
 * seconds, and then goes on as it is. Memory is bounded: when full, the oldest go on at once. No
 * clock: `now` is an argument, nanoseconds of one that nobody sets back; a record's own time is since 1970.
 */
#ifndef PODWIRE_PENDING_H
#define PODWIRE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "record.h"

struct pending_options {
	int64_t wait;    /* at most, for one record; 0: 10 s; below 0: none waits */
	int64_t forget;  /* for how long an address for which one waited in vain is not waited for again; 0: 60 s */
	size_t records;  /* how many may wait; 0: 16384 */
	size_t bytes;    /* and how large they may be together; 0: 16 MiB */
	/* Whether anybody has the address at time (inventory_knows()). */
	bool (*known)(void *context, const struct address *, int64_t time);
	void *context;
	struct record_sink to; /* its flow gets the records; one address's stay in their order */
};

struct pending_counters {
	uint64_t waited;   /* records that had to wait; they ended so: */
	uint64_t found;    /* the address became known */
	uint64_t in_vain;  /* it did not in time */
	uint64_t forced;   /* there was no room to wait longer */
	/* Now. */
	size_t records, bytes;
};

struct pending;

/* Returns owned. */
struct pending *pending_new(const struct pending_options *);

/* Lets all that waits go on first. */
void pending_free(struct pending *);

/* A record comes: it is copied, or goes on at once. */
void pending_flow(struct pending *, const struct flow_record *, int64_t now);

/*
 * Time passes, or (changed) addresses have become known: to be called every second, and after a change
 * of the inventory before the next record, so that none overtakes another.
 */
void pending_advance(struct pending *, int64_t now, bool changed);

/* All that waits goes on. */
void pending_flush(struct pending *);

const struct pending_counters *pending_counters(const struct pending *);

/* Whether pods may have such an address: it is of a range for private use. */
bool pending_may_be_pod(const struct address *);

#endif
