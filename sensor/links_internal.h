/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind links.h, which takes rtnetlink messages from wherever they come. */
#ifndef PODWIRE_LINKS_INTERNAL_H
#define PODWIRE_LINKS_INTERNAL_H

#include "links.h"

struct nlmsghdr;

struct link_table {
	struct link *links; /* sorted by index */
	uint32_t *seen;     /* the dump in which, or since which, each was told of */
	size_t count, capacity;
	uint32_t dump;
	bool complete;      /* a dump has ended */
	bool changed;       /* set by what changes what a plan rests on */
	uint64_t omitted;
};

/* Takes RTM_NEWLINK or RTM_DELLINK, of a dump or by itself. */
void link_table_take(struct link_table *, const struct nlmsghdr *);

/* All that is not told of from here to the end is gone by then. */
void link_table_dump_begins(struct link_table *);
void link_table_dump_ended(struct link_table *);

void link_table_clear(struct link_table *);

#endif
