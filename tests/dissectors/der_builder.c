/* SPDX-License-Identifier: Apache-2.0 */
/* DER for tests. */
#include <config.h>

#include "der_builder.h"

#include <stdlib.h>
#include <string.h>

static uint8_t **blocks;
static size_t block_count;

static uint8_t *
block(size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	blocks = realloc(blocks, (block_count + 1) * sizeof(*blocks));
	if (bytes == NULL || blocks == NULL)
		abort();
	blocks[block_count++] = bytes;
	return bytes;
}

struct der
der_bytes(const void *bytes, size_t size)
{
	uint8_t *copy = block(size);

	memcpy(copy, bytes, size);
	return (struct der){ copy, size };
}

struct der
der_element(uint8_t tag, const struct der *parts)
{
	size_t size = 0, header = 2, at;
	uint8_t *bytes;

	for (const struct der *p = parts; p->bytes != NULL; p++)
		size += p->size;
	for (size_t left = size; size >= 0x80 && left > 0; left >>= 8)
		header++;
	bytes = block(header + size);
	bytes[0] = tag;
	bytes[1] = (uint8_t)(size < 0x80 ? size : 0x80 | (header - 2));
	for (size_t i = 2; i < header; i++)
		bytes[i] = (uint8_t)(size >> 8 * (header - 1 - i));
	at = header;
	for (const struct der *p = parts; p->bytes != NULL; p++) {
		memcpy(bytes + at, p->bytes, p->size);
		at += p->size;
	}
	return (struct der){ bytes, header + size };
}

struct der
der_number(uint8_t tag, uint32_t value)
{
	uint8_t bytes[5] = { 0, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
	size_t first = 0;

	while (first < 4 && bytes[first] == 0 && bytes[first + 1] < 0x80)
		first++;
	return der_element(tag, (const struct der[]){ der_bytes(bytes + first, 5 - first), { NULL, 0 } });
}

void
der_free_all(void)
{
	for (size_t i = 0; i < block_count; i++)
		free(blocks[i]);
	free(blocks);
	blocks = NULL;
	block_count = 0;
}
