/* SPDX-License-Identifier: Apache-2.0 */
/* See arena.h: blocks one behind the other, and chained hash tables over what is in them. */
#include <config.h>

#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { BLOCK_SIZE = 256 * 1024, FIRST_BUCKETS = 64, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(ALIGNMENT) uint8_t bytes[];
};

struct arena {
	struct block *blocks;
	size_t memory;
	struct arena_table texts;
	struct hash_key key;
};

static void *
checked(void *memory)
{
	if (memory == NULL) {
		fputs("podwire: out of memory\n", stderr);
		abort();
	}
	return memory;
}

struct arena *
arena_new(void)
{
	struct arena *a = checked(calloc(1, sizeof(*a)));

	hash_key_init(&a->key);
	return a;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->blocks != NULL) {
		struct block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	arena_table_clear(&a->texts);
	free(a);
}

static struct block *
new_block(struct arena *a, size_t size)
{
	struct block *b = checked(calloc(1, sizeof(*b) + size));

	b->size = size;
	a->memory += sizeof(*b) + size;
	return b;
}

size_t
arena_memory(const struct arena *a)
{
	return sizeof(*a) + a->memory + a->texts.bucket_count * sizeof(*a->texts.buckets);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;

	if (size > SIZE_MAX / 2)
		return checked(NULL);
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > BLOCK_SIZE / 4) {
		/* A large piece has a block of its own, behind the one in use. */
		struct block *own = new_block(a, size);

		own->used = size;
		if (b == NULL) {
			a->blocks = own;
		} else {
			own->next = b->next;
			b->next = own;
		}
		return own->bytes;
	}
	if (b == NULL || b->size - b->used < size) {
		b = new_block(a, BLOCK_SIZE);
		b->next = a->blocks;
		a->blocks = b;
	}
	b->used += size;
	return b->bytes + (b->used - size);
}

const char *
arena_text_sized(struct arena *a, const char *text, size_t size)
{
	uint64_t hash = arena_hash(a, text, size);
	char *copy;

	for (const struct arena_entry *e = arena_table_first(&a->texts, hash); e != NULL; e = arena_table_next(e)) {
		const char *known = e->value;

		if (strncmp(known, text, size) == 0 && known[size] == '\0')
			return known;
	}
	copy = arena_alloc(a, size + 1);
	memcpy(copy, text, size);
	arena_table_add(&a->texts, a, hash, copy);
	return copy;
}

const char *
arena_text(struct arena *a, const char *text)
{
	return arena_text_sized(a, text, strlen(text));
}

uint64_t
arena_hash(const struct arena *a, const void *key, size_t size)
{
	return hash_bytes(&a->key, key, size);
}

static void
grow(struct arena_table *m)
{
	size_t count = m->bucket_count == 0 ? FIRST_BUCKETS : m->bucket_count * 2;
	struct arena_entry **buckets = checked(calloc(count, sizeof(*buckets)));

	for (size_t i = 0; i < m->bucket_count; i++) {
		for (struct arena_entry *e = m->buckets[i], *next; e != NULL; e = next) {
			struct arena_entry **bucket = &buckets[e->hash & (count - 1)];

			next = e->next;
			e->next = *bucket;
			*bucket = e;
		}
	}
	free(m->buckets);
	m->buckets = buckets;
	m->bucket_count = count;
}

void
arena_table_add(struct arena_table *m, struct arena *a, uint64_t hash, void *value)
{
	struct arena_entry *e = arena_alloc(a, sizeof(*e));
	struct arena_entry **bucket;

	if (m->count >= m->bucket_count)
		grow(m);
	bucket = &m->buckets[hash & (m->bucket_count - 1)];
	*e = (struct arena_entry){ .next = *bucket, .hash = hash, .value = value };
	*bucket = e;
	m->count++;
}

void
arena_table_clear(struct arena_table *m)
{
	free(m->buckets);
	*m = (struct arena_table){ 0 };
}

static const struct arena_entry *
with_hash(const struct arena_entry *e, uint64_t hash)
{
	while (e != NULL && e->hash != hash)
		e = e->next;
	return e;
}

const struct arena_entry *
arena_table_first(const struct arena_table *m, uint64_t hash)
{
	return m->bucket_count == 0 ? NULL : with_hash(m->buckets[hash & (m->bucket_count - 1)], hash);
}

const struct arena_entry *
arena_table_next(const struct arena_entry *e)
{
	return with_hash(e->next, e->hash);
}
