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
	struct inventory *inventory; /* owned; another one after cluster_feed_replace(): what it gave is void then */
	bool changed;                /* set by every change; for the user to clear */
	uint64_t compactions;
};

void cluster_feed_clear(struct cluster_feed *);

/* The feed must outlive the client. */
struct kube_sink cluster_feed_sink(struct cluster_feed *);

/*
 * To leave behind what ended before keep_since, where inventory_wants_compaction(): a copy,
 * inventory_compacted(), which may be made in another thread as long as the client is paused; and then
 * this, while nothing refers to the old inventory's texts. Takes the copy.
 */
void cluster_feed_replace(struct cluster_feed *, struct inventory *copy);

#endif
