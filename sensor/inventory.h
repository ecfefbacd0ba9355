/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: who had an address at a time. It is filled from the objects of a Kubernetes
 * cluster (cluster_json.c) and asked with the time at which a flow began. A live one follows the
 * cluster: what leaves it keeps its past, so that a flow that began before still finds its pod, until
 * inventory_compacted() leaves that past behind.
 */
#ifndef PODWIRE_INVENTORY_H
#define PODWIRE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum { INVENTORY_TIME_OPEN = 0 }; /* an interval's start or end that is not known */

enum endpoint_kind {
	ENDPOINT_ADDRESS, /* nobody we know: the address is the name */
	ENDPOINT_WORKLOAD, /* a pod of a workload */
	ENDPOINT_NODE,    /* a node, its pods on the host network, or the bridge's own address */
	ENDPOINT_SERVICE, /* a Service's cluster address behind which no pod was seen */
};

/* Who an address is. Strings are the inventory's, valid as long as it is, "" where not known. */
struct endpoint {
	enum endpoint_kind kind;
	const char *namespace; /* "" for a node */
	const char *workload_kind; /* "Deployment", "StatefulSet", "Pod", "Node", "Service", ... */
	const char *workload;  /* its name */
	const char *pod;       /* pod name; "" for others */
	const char *service_account; /* of the pod */
};

struct service_name {
	const char *namespace, *name, *port_name; /* port_name "" where the port has none */
};

enum object_kind {
	OBJECT_POD,
	OBJECT_SERVICE,
	OBJECT_SLICE,      /* EndpointSlice */
	OBJECT_NODE,
	OBJECT_CONTROLLER, /* between a pod and its workload (ReplicaSet, Job): has no more than its owner */
	OBJECT_NAMESPACE,
	OBJECT_NETWORK_POLICY,
	OBJECT_KIND_COUNT,
};

struct inventory;

/* An empty inventory; returns owned. */
struct inventory *inventory_new(void);
void inventory_free(struct inventory *);

/* True once anything was added. */
bool inventory_has_objects(const struct inventory *);

/* Following a cluster. Times are nanoseconds since 1970, when the change was heard of. */

/*
 * The object left the cluster, or what is watched of it: flows that begin later no longer find it,
 * earlier ones still do. It comes back when it is put again. Unknown uids are ignored, and what is
 * heard late: of a version (a resourceVersion; NULL: whichever) older than the one known, nor does an
 * older one bring it back.
 */
void inventory_remove(struct inventory *, enum object_kind, const char *uid, const char *version, int64_t time);

/*
 * Between these two all objects of a kind are put again, in any number of pieces; what was not put
 * left the cluster unheard, and is removed at time. A second begin starts over; without an end nothing
 * is removed.
 */
void inventory_relist_begin(struct inventory *, enum object_kind);

/* The same, where the storage may have been restored: an older version than the one known is then right, and brings back what was removed. */
void inventory_relist_anew(struct inventory *, enum object_kind);
void inventory_relist_end(struct inventory *, enum object_kind, int64_t time);

/* How many objects of a kind there are now; how many more memory is held for: older versions, and what left. */
size_t inventory_count(const struct inventory *, enum object_kind);
size_t inventory_garbage(const struct inventory *);

/* Bytes held in all. */
size_t inventory_memory(const struct inventory *);

/* Whether there is so much garbage that a compaction pays. */
bool inventory_wants_compaction(const struct inventory *);

/*
 * A copy without what no longer counts and without what ended before keep_since: it answers the same
 * for every time from then on. Endpoints and names that the old one gave stay valid only as long as
 * that does. Returns owned.
 */
struct inventory *inventory_compacted(const struct inventory *, int64_t keep_since);

/* Whether anybody has the address at time: what a flow need not wait for. */
bool inventory_knows(const struct inventory *, const struct address *, int64_t time);

/* Who had address at time (nanoseconds since 1970): *out is filled in any case. */
void inventory_find(const struct inventory *, const struct address *, int64_t time, struct endpoint *out);

/*
 * The Service that a client reaches at address and port (a ClusterIP, external or load-balancer
 * address, or a node's address and NodePort), by ip_protocol. False where there is none.
 */
bool inventory_service_at(const struct inventory *, const struct address *, uint16_t port, uint8_t ip_protocol, int64_t time, struct service_name *out);

/*
 * The Service that has the pod with this address and port behind it, by EndpointSlices, else by
 * selector and target port. False where there is none, or more than one that could be meant.
 */
bool inventory_service_behind(const struct inventory *, const struct address *, uint16_t port, uint8_t ip_protocol, int64_t time, struct service_name *out);

/* What a cluster file could not tell: one line each, for the report; owned by the inventory. */
size_t inventory_warning_count(const struct inventory *);
const char *inventory_warning(const struct inventory *, size_t index);

#endif
