/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a dissection asks for while it runs: the tables of a library (HPACK), a message that
 * came in pieces. Bounded for a flow and for the worker; all of a flow's is wiped and freed with it.
 */
#ifndef PODWIRE_DISSECTION_MEMORY_H
#define PODWIRE_DISSECTION_MEMORY_H

#include <stddef.h>

enum { DISSECTION_MEMORY_FLOW_MAX = 128 * 1024 };

/* What all flows of a worker may have together, and have. Bytes. */
struct memory_bound {
	size_t limit, in_use;
};

/* What one flow has. Zeroed at the start. */
struct dissection_memory {
	struct memory_block *first;
	size_t in_use; /* bytes */
};

/*
 * Resizes memory to size bytes, as realloc() does; NULL memory makes new, zeroed; size 0 frees and
 * returns NULL. NULL, with memory as it was, where a bound is reached or there is none.
 */
void *dissection_memory_resize(struct dissection_memory *, struct memory_bound *, void *memory, size_t size);

/* The struct itself lies elsewhere now. */
void dissection_memory_moved(struct dissection_memory *);

/* Wipes and frees all that the flow has. */
void dissection_memory_clear(struct dissection_memory *, struct memory_bound *);

#endif
