/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks in a list, each with its size before it. */
#include <config.h>

#include "dissection_memory.h"

#include <stdlib.h>
#include <string.h>

struct memory_block {
	struct memory_block *next, **link;
	size_t size; /* of what follows */
	max_align_t bytes[];
};

static void
unlink_block(struct memory_block *block)
{
	*block->link = block->next;
	if (block->next != NULL)
		block->next->link = block->link;
}

static void
free_block(struct dissection_memory *m, struct memory_bound *bound, struct memory_block *block)
{
	unlink_block(block);
	m->in_use -= block->size;
	bound->in_use -= block->size;
	explicit_bzero(block->bytes, block->size);
	free(block);
}

static struct memory_block *
new_block(struct dissection_memory *m, struct memory_bound *bound, size_t size)
{
	struct memory_block *block;

	if (size > DISSECTION_MEMORY_FLOW_MAX - m->in_use || size > bound->limit - bound->in_use)
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->next = m->first;
	block->link = &m->first;
	if (block->next != NULL)
		block->next->link = &block->next;
	m->first = block;
	m->in_use += size;
	bound->in_use += size;
	return block;
}

void *
dissection_memory_resize(struct dissection_memory *m, struct memory_bound *bound, void *memory, size_t size)
{
	struct memory_block *old = NULL, *grown;

	if (memory != NULL)
		old = (struct memory_block *)(void *)((char *)memory - offsetof(struct memory_block, bytes));
	if (size == 0) {
		if (old != NULL)
			free_block(m, bound, old);
		return NULL;
	}
	grown = new_block(m, bound, size);
	if (grown == NULL)
		return NULL;
	if (old != NULL) {
		memcpy(grown->bytes, old->bytes, old->size < size ? old->size : size);
		free_block(m, bound, old);
	}
	return grown->bytes;
}

void
dissection_memory_moved(struct dissection_memory *m)
{
	if (m->first != NULL)
		m->first->link = &m->first;
}

void
dissection_memory_clear(struct dissection_memory *m, struct memory_bound *bound)
{
	while (m->first != NULL)
		free_block(m, bound, m->first);
}
