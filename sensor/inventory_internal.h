/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the inventory share. */
#ifndef PODWIRE_INVENTORY_INTERNAL_H
#define PODWIRE_INVENTORY_INTERNAL_H

#include "arena.h"
#include "inventory_objects.h"

/* How surely an address is a node's; the lower the surer. */
enum node_basis {
	NODE_STATUS,       /* in the addresses of its Node object */
	NODE_OF_POD,       /* a pod says that it runs on the node with this address */
	NODE_RANGE,        /* the bridge's own address, by the node's pod range */
};

struct node_claim {
	struct address address;
	const char *name;
	const struct object *object; /* NULL where no Node object says so, but pods do: */
	uint32_t pods;               /* how many say so now */
	int64_t ended;               /* when the last of those who said so was gone */
	enum node_basis basis;
};

struct warnings {
	bool made;
	char **lines;
	size_t count, room;
};

struct inventory {
	struct arena *arena;
	struct arena_table by_uid;       /* struct object */
	struct arena_table nodes;        /* address: struct node_claim */
	struct arena_table pods;         /* address: struct pod */
	struct arena_table services;     /* address: struct service */
	struct arena_table node_ports;   /* port, protocol: struct service */
	struct arena_table endpoints;    /* address: struct slice_endpoint */
	struct arena_table selectors;    /* namespace, label: struct service */
	struct arena_table namespaces;   /* name: struct namespace */
	struct arena_table policies;     /* namespace: struct network_policy */
	struct object *all[OBJECT_KIND_COUNT]; /* the last put first */
	uint32_t relist[OBJECT_KIND_COUNT];    /* the number of the last one begun */
	uint32_t anew[OBJECT_KIND_COUNT];      /* of the last one from which on versions begin again; 0: none */
	bool listed[OBJECT_KIND_COUNT];        /* by a file, or a relist to its end: there are no others */
	size_t count[OBJECT_KIND_COUNT];       /* of state OBJECT_CURRENT */
	size_t made;                  /* objects in memory, but for what was known to have ended when this copy was made */
	struct warnings *warnings;    /* made when first asked for */
};

/* Whether the address is in the list. */
static inline bool
address_listed(const struct address_list *list, const struct address *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (address_equal(&list->items[i], a))
			return true;
	return false;
}

/* Whether an object counts for a flow that began at time. */
static inline bool
object_counts(const struct object *o, int64_t time)
{
	if (o->state == OBJECT_REMOVED || o->state == OBJECT_PAST)
		return time < o->ended;
	return o->state == OBJECT_CURRENT;
}

/* Keys of the tables. */
uint64_t inventory_address_hash(const struct inventory *, const struct address *);
uint64_t inventory_port_hash(const struct inventory *, uint16_t port, uint8_t ip_protocol);
uint64_t inventory_text_hash(const struct inventory *, const char *text);
uint64_t inventory_selector_hash(const struct inventory *, const char *namespace, const char *label);

/* The object with uid, current or removed, or NULL. */
struct object *inventory_object(const struct inventory *, const char *uid);

/* Puts an object into the tables by which it is found, as it is. */
void inventory_enter(struct inventory *, struct object *);

/*
 * The name of the node that surely has the address at time (INT64_MAX: now): where Node objects say
 * nothing, what pods say. several says that they disagree; which name it then is means nothing.
 */
const char *inventory_sure_node(const struct inventory *, const struct address *, int64_t time, bool *several);

/* The one pod that had an address of its own at time, or NULL. */
const struct pod *inventory_pod_at(const struct inventory *, const struct address *, int64_t time);

/* The claim that all pods of a node share, which repeat its addresses; made where there is none. */
struct node_claim *inventory_claim_of_pods(struct inventory *, const struct address *, const char *name);
bool node_claim_counts(const struct node_claim *, int64_t time);

/* Before the next question they are made anew. */
void inventory_forget_warnings(struct warnings *);

#endif
