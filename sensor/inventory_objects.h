/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a cluster as the inventory keeps them: what is left of a Pod, Service, ... when
 * all that is not asked for is gone. Whoever reads a cluster (cluster_objects.c) makes one with
 * inventory_object_new(), fills it with texts and arrays of the inventory's own memory, and hands
 * it over with inventory_put(). Until then nothing of it shows.
 */
#ifndef PODWIRE_INVENTORY_OBJECTS_H
#define PODWIRE_INVENTORY_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "inventory.h"

/* Whether, and until when, an object counts. */
enum object_state {
	OBJECT_CURRENT,
	OBJECT_REMOVED,  /* it left the cluster at object.ended */
	OBJECT_PAST,     /* a pod's earlier version, with an address that the pod had until object.ended */
	OBJECT_REPLACED, /* by a newer version: counts no more */
};

/* What all have. Texts are interned: never NULL, "" where the object has none. */
struct object {
	enum object_kind kind;
	enum object_state state;
	uint32_t relist;   /* the number of the relist that put it last */
	int64_t ended;     /* of OBJECT_REMOVED and OBJECT_PAST */
	const char *uid;
	const char *version; /* metadata.resourceVersion */
	const char *namespace;
	const char *name;
	int64_t created;   /* nanoseconds since 1970, or INVENTORY_TIME_OPEN */
	/* The owner with controller: true. */
	const char *owner_kind, *owner_name, *owner_uid;
	struct object *next; /* for whoever holds it */
};

struct address_list {
	struct address *items;
	size_t count;
};

struct container_port {
	const char *name;
	uint16_t number;
	uint8_t ip_protocol;
};

struct pod {
	struct object object;
	const char *node;
	const char *service_account;
	int64_t start, end; /* INVENTORY_TIME_OPEN where not known */
	int64_t address_heard; /* when the pod that had none before came to have an address; INVENTORY_TIME_OPEN: not known */
	bool finished;     /* phase Succeeded or Failed */
	bool host_network;
	struct address_list addresses, host_addresses;
	const char **labels; /* inventory_label() of each */
	size_t label_count;
	struct container_port *ports;
	size_t port_count;
	const char *workload_kind, *workload; /* by inventory_put(): as far as the pod alone tells */
};

struct service_port {
	const char *name;
	const char *target_name; /* "" where the target is a number */
	uint16_t port, target_port, node_port; /* node_port 0: none */
	uint8_t ip_protocol;
};

struct service {
	struct object object;
	struct address_list addresses; /* the cluster's own first, then external and load-balancer ones */
	size_t cluster_address_count;
	const char **selector; /* inventory_label() of each; none: no pods by selector */
	size_t selector_count;
	struct service_port *ports;
	size_t port_count;
};

struct slice_endpoint {
	struct slice *slice;
	struct address address;
	const char *pod_uid; /* of targetRef, "" where it has none */
};

struct slice {
	struct object object;
	const char *service;
	struct slice_endpoint *endpoints;
	size_t endpoint_count;
	struct container_port *ports;
	size_t port_count;
};

struct node {
	struct object object;
	struct address_list addresses;       /* InternalIP, ExternalIP */
	struct address_list range_addresses; /* network address and first usable one of each podCIDR */
};

struct namespace {
	struct object object;
	const char **labels; /* inventory_label() of each */
	size_t label_count;
};

/* What a label must be (meta/v1 LabelSelectorRequirement). */
enum label_operator { LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_DOES_NOT_EXIST };

struct label_requirement {
	enum label_operator operator;
	const char *key;
	const char **labels; /* of LABEL_IN and LABEL_NOT_IN: inventory_label() of the key with each value */
	size_t label_count;
};

/* All of them must hold: one without any selects all, one that is not there selects nothing by itself. */
struct label_selector {
	bool present;
	struct label_requirement *requirements;
	size_t requirement_count;
};

struct policy_peer {
	struct label_selector pods, namespaces;
	bool has_block;
	struct address_range block, *except;
	size_t except_count;
};

struct policy_port {
	uint8_t ip_protocol;
	const char *name;     /* of a container's port, "" where it is a number */
	uint16_t first, last; /* 0 and UINT16_MAX: any */
};

struct policy_rule {
	struct policy_peer *peers; /* none: any */
	size_t peer_count;
	struct policy_port *ports; /* none: any */
	size_t port_count;
};

/* Of what a policy selects: whether it says anything of a direction, and what it allows there. */
struct policy_direction {
	bool selected;
	struct policy_rule *rules;
	size_t rule_count;
};

struct network_policy {
	struct object object;
	bool unclear;  /* larger than is kept, or with something that is not understood: what it says is not known */
	int64_t since; /* by inventory_put(): when it came to say this, INVENTORY_TIME_OPEN: not known */
	bool changed;  /* by inventory_put(): it said something else before */
	struct label_selector pods;
	struct policy_direction ingress, egress;
};

/* Zeroed memory, the one copy of a text, and of a label, valid as long as the inventory. */
void *inventory_alloc(struct inventory *, size_t size);
const char *inventory_text(struct inventory *, const char *);
const char *inventory_label(struct inventory *, const char *key, const char *value);

/* An object of a kind, all its texts ""; valid as long as the inventory. */
struct object *inventory_object_new(struct inventory *, enum object_kind);

/*
 * Takes the object in, which was heard of at time (INVENTORY_TIME_OPEN: a file, of no time). Of two
 * with the same uid the one with the newer resourceVersion counts, whichever comes first.
 */
void inventory_put(struct inventory *, struct object *, int64_t time);

/* The object that the inventory has with this uid, if it is of this kind and version, or NULL; and that it was put again as it is. */
struct object *inventory_known(const struct inventory *, enum object_kind, const char *uid, const char *version);
void inventory_confirm(struct inventory *, struct object *);

#endif
