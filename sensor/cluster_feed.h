/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the Kubernetes client into the inventory: the sink of kube_sink.h over an inventory that it
 * owns and now and then moves to a compacted copy.
 */
#ifndef PODWIRE_CLUSTER_FEED_H
#define PODWIRE_CLUSTER_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "inventory.h"
#include "kube_sink.h"

struct cluster_feed {
	struct inventory *inventory; /* another one after cluster_feed_compact(): what it gave is void then */
	bool changed;                /* set by every change; for the user to clear */
	uint64_t compactions;
};

void cluster_feed_init(struct cluster_feed *);
void cluster_feed_clear(struct cluster_feed *);

/* The feed must outlive the client. */
struct kube_sink cluster_feed_sink(struct cluster_feed *);

/*
 * Leaves behind what ended before keep_since, if that pays; true where the inventory is another one now.
 * To be called every few seconds, while nothing refers to the inventory's texts.
 */
bool cluster_feed_compact(struct cluster_feed *, int64_t keep_since);

#endif
