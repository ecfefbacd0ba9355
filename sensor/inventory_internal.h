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
	const struct object *object; /* NULL where no Node object says so */
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
	struct object *all[OBJECT_KIND_COUNT];
	struct warnings *warnings;    /* made when first asked for */
};

/*
 * The name of the node that surely has the address: where Node objects say nothing, what pods say.
 * several says that they disagree; which name it then is means nothing.
 */
const char *inventory_sure_node(const struct inventory *, const struct address *, bool *several);

/* Before the next question they are made anew. */
void inventory_forget_warnings(struct warnings *);

#endif
