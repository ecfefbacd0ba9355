/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed all at once, with one copy of each text in it, and a hash table for values
 * that live there. It is what the inventory is built of: many small things that only grow.
 * Without memory these abort: an inventory with holes would name the wrong workload.
 */
#ifndef PODWIRE_ARENA_H
#define PODWIRE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* An empty arena; returns owned. */
struct arena *arena_new(void);
void arena_free(struct arena *);

/* Bytes that the arena holds, with the table of its texts. */
size_t arena_memory(const struct arena *);

/* size zeroed bytes, aligned for anything, valid as long as the arena. */
void *arena_alloc(struct arena *, size_t size);

/* The arena's one copy of text: equal texts have equal pointers. */
const char *arena_text(struct arena *, const char *text);
const char *arena_text_sized(struct arena *, const char *text, size_t size);

/*
 * Values by hash; several values may have the same key. The table does not know keys: whoever
 * walks the values with a hash compares them. Zero-initialised is empty.
 */
struct arena_entry {
	struct arena_entry *next;
	uint64_t hash;
	void *value;
};

struct arena_table {
	struct arena_entry **buckets;
	size_t bucket_count; /* a power of two, or 0 */
	size_t count;
};

/*
 * The hash of a key, by a secret of the process: names come from whoever may create objects in
 * the cluster, and must not be choosable so that all fall into one bucket.
 */
uint64_t arena_hash(const struct arena *, const void *key, size_t size);

/* Adds a value under a hash, beside what is there of that hash; memory of the table is its own. */
void arena_table_add(struct arena_table *, struct arena *, uint64_t hash, void *value);
void arena_table_clear(struct arena_table *);

/* The first entry with hash, and the next after one: NULL where there is none. */
const struct arena_entry *arena_table_first(const struct arena_table *, uint64_t hash);
const struct arena_entry *arena_table_next(const struct arena_entry *);

#endif
