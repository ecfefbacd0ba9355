/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed pools over reserved address space. */
#include <config.h>

#include "fixed_pool.h"

#include <string.h>
#include <sys/mman.h>

void *
fixed_reserve(size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return base != MAP_FAILED ? base : NULL;
}

void
fixed_prefer_large_pages(void *base, size_t size)
{
	(void)madvise(base, size, MADV_HUGEPAGE);
}

void
fixed_release(void *base, size_t size)
{
	if (base != NULL)
		munmap(base, size);
}

bool
fixed_pool_init(struct fixed_pool *p, size_t object_size, uint32_t capacity)
{
	object_size = (object_size + 7) & ~(size_t)7;
	*p = (struct fixed_pool){ .object_size = object_size, .capacity = capacity };
	p->base = fixed_reserve(object_size * capacity);
	return p->base != NULL;
}

void
fixed_pool_clear(struct fixed_pool *p)
{
	fixed_release(p->base, p->object_size * p->capacity);
	*p = (struct fixed_pool){ 0 };
}

uint32_t
fixed_pool_take(struct fixed_pool *p)
{
	uint32_t index = p->free_list;

	if (index != 0)
		memcpy(&p->free_list, fixed_pool_at(p, index), sizeof(p->free_list));
	else if (p->fresh < p->capacity)
		index = ++p->fresh;
	else
		return 0;
	p->in_use++;
	return index;
}

void
fixed_pool_give(struct fixed_pool *p, uint32_t index)
{
	memcpy(fixed_pool_at(p, index), &p->free_list, sizeof(p->free_list));
	p->free_list = index;
	p->in_use--;
}

bool
buffer_pool_init(struct buffer_pool *p, size_t size)
{
	*p = (struct buffer_pool){ .size = size };
	p->base = fixed_reserve(size);
	return p->base != NULL;
}

void
buffer_pool_clear(struct buffer_pool *p)
{
	fixed_release(p->base, p->size);
	*p = (struct buffer_pool){ 0 };
}

/* The smallest class that holds size bytes, or BUFFER_CLASSES. */
static unsigned
class_of(size_t size)
{
	unsigned class = 0;

	while (class < BUFFER_CLASSES && (size_t)BUFFER_SIZE_MIN << class < size)
		class++;
	return class;
}

void *
buffer_take(struct buffer_pool *p, size_t size, size_t *capacity)
{
	unsigned wanted = class_of(size);
	void *buffer;

	if (wanted == BUFFER_CLASSES)
		return NULL;
	*capacity = (size_t)BUFFER_SIZE_MIN << wanted;
	if (p->free_list[wanted] == NULL && p->size - p->fresh >= *capacity) {
		buffer = p->base + p->fresh;
		p->fresh += *capacity;
		p->in_use += *capacity;
		return buffer;
	}
	for (unsigned class = wanted; class < BUFFER_CLASSES; class++) {
		if ((buffer = p->free_list[class]) == NULL)
			continue;
		memcpy(&p->free_list[class], buffer, sizeof(void *));
		*capacity = (size_t)BUFFER_SIZE_MIN << class;
		p->in_use += *capacity;
		return buffer;
	}
	return NULL;
}

void
buffer_give(struct buffer_pool *p, void *buffer, size_t capacity)
{
	unsigned class;

	if (buffer == NULL)
		return;
	class = class_of(capacity);
	memcpy(buffer, &p->free_list[class], sizeof(void *));
	p->free_list[class] = buffer;
	p->in_use -= capacity;
}
