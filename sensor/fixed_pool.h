/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the packet path: reserved at start, touched only when used, never grown. A fixed pool
 * holds objects of one size by index; a buffer pool holds byte buffers of a few sizes. Both answer
 * "full" and leave it to the caller to give up one thing and count it.
 */
#ifndef PODWIRE_FIXED_POOL_H
#define PODWIRE_FIXED_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory that is touched only when used; NULL without. */
void *fixed_reserve(size_t size);
/* A hint: what is looked up at random all over makes fewer faults and misses of the TLB so. What is little used takes more memory. */
void fixed_prefer_large_pages(void *, size_t size);
void fixed_release(void *, size_t size);

struct fixed_pool {
	uint8_t *base;
	size_t object_size;
	uint32_t capacity; /* objects */
	uint32_t fresh;    /* objects handed out at least once */
	uint32_t free_list; /* index of a free object, which holds the next one's; 0: none */
	uint32_t in_use;
};

/* Reserves capacity objects of object_size bytes (at least 4). False without memory. */
bool fixed_pool_init(struct fixed_pool *, size_t object_size, uint32_t capacity);
void fixed_pool_clear(struct fixed_pool *);

/* The index, from 1, of an object with unspecified contents; 0 when full. */
uint32_t fixed_pool_take(struct fixed_pool *);
void fixed_pool_give(struct fixed_pool *, uint32_t index);

/* The object with that index, and the reverse. */
static inline void *
fixed_pool_at(const struct fixed_pool *p, uint32_t index)
{
	return p->base + (size_t)(index - 1) * p->object_size;
}

static inline uint32_t
fixed_pool_index(const struct fixed_pool *p, const void *object)
{
	return (uint32_t)((size_t)((const uint8_t *)object - p->base) / p->object_size) + 1;
}

enum { BUFFER_CLASSES = 11, BUFFER_SIZE_MIN = 256 };

struct buffer_pool {
	uint8_t *base;
	size_t size, fresh;
	void *free_list[BUFFER_CLASSES]; /* by size: 256 bytes, 512 ... 256 KiB */
	size_t in_use;                   /* bytes */
};

/* Reserves size bytes. False without memory. */
bool buffer_pool_init(struct buffer_pool *, size_t size);
void buffer_pool_clear(struct buffer_pool *);

/* A buffer of at least size bytes; *capacity is what it holds. NULL when full or size is too large. */
void *buffer_take(struct buffer_pool *, size_t size, size_t *capacity);

/* Gives back what buffer_take() returned, with the capacity it told; buffer may be NULL. */
void buffer_give(struct buffer_pool *, void *buffer, size_t capacity);

#endif
