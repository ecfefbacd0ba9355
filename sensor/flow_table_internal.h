/* SPDX-License-Identifier: Apache-2.0 */
/* What flow_table.c and flow_legs.c share. */
#ifndef PODWIRE_FLOW_TABLE_INTERNAL_H
#define PODWIRE_FLOW_TABLE_INTERNAL_H

#include "flow_table.h"

#define SECOND INT64_C(1000000000)

enum {
	RECENT_SIZE = 1 << 15, /* openings remembered */
	ASKED_SIZE = 1 << 14,  /* sockets whose question waits for its answer */
};

static inline struct flow *
flow_at(const struct flow_table *t, uint32_t index)
{
	return fixed_pool_at(&t->flows, index);
}

static inline uint32_t
index_of(const struct flow_table *t, const struct flow *f)
{
	return fixed_pool_index(&t->flows, f);
}

/* Takes the flow out of the list of its class. */
void flow_table_unlink(struct flow_table *, struct flow *);

#endif
