/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as in protobuf and DWARF: seven bits a byte, differences folded so that small ones of either sign are short. */
#include <config.h>

#include "window_cells.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 10, CELL_NUMBERS = 8, CELL_MAX = NUMBER_MAX * CELL_NUMBERS };

static uint8_t *
put(uint8_t *at, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*at++ = (uint8_t)(n | 0x80);
	*at++ = (uint8_t)n;
	return at;
}

static const uint8_t *
get(const uint8_t *at, uint64_t *n)
{
	unsigned shift = 0;

	for (*n = 0; (*at & 0x80) != 0; shift += 7)
		*n |= (uint64_t)(*at++ & 0x7f) << shift;
	*n |= (uint64_t)*at++ << shift;
	return at;
}

/* The difference of two numbers, wrapping, with its sign in the lowest bit. */
static uint64_t
difference(int64_t a, int64_t b)
{
	uint64_t d = (uint64_t)a - (uint64_t)b;

	return d << 1 ^ (d >> 63 != 0 ? UINT64_MAX : 0);
}

static int64_t
sum(int64_t b, uint64_t folded)
{
	return (int64_t)((uint64_t)b + (folded >> 1 ^ ((folded & 1) != 0 ? UINT64_MAX : 0)));
}

static uint8_t *
put_cell(uint8_t *at, const struct window_cell *c, const struct window_cell *before)
{
	at = put(at, difference(c->slot, before->slot));
	at = put(at, c->flows);
	for (unsigned d = 0; d < 2; d++) {
		at = put(at, c->packets[d]);
		at = put(at, c->bytes[d]);
	}
	at = put(at, difference(c->first_seen, before->last_seen));
	return put(at, difference(c->last_seen, c->first_seen));
}

static const uint8_t *
get_cell(const uint8_t *at, struct window_cell *c, const struct window_cell *before)
{
	uint64_t n;

	at = get(at, &n);
	c->slot = sum(before->slot, n);
	at = get(at, &c->flows);
	for (unsigned d = 0; d < 2; d++) {
		at = get(at, &c->packets[d]);
		at = get(at, &c->bytes[d]);
	}
	at = get(at, &n);
	c->first_seen = sum(before->last_seen, n);
	at = get(at, &n);
	c->last_seen = sum(c->first_seen, n);
	return at;
}

void
window_cells_set(struct window_cells *to, const struct window_cell cells[], size_t count)
{
	uint8_t bytes[WINDOW_CELLS_MAX * CELL_MAX], *at = bytes;
	struct window_cell before = { 0 };

	for (size_t i = 0; i < count && i < WINDOW_CELLS_MAX; i++) {
		at = put_cell(at, &cells[i], &before);
		before = cells[i];
	}
	to->size = (uint32_t)(at - bytes);
	to->bytes = realloc(to->bytes, to->size + 1);
	if (to->bytes == NULL)
		abort();
	memcpy(to->bytes, bytes, to->size);
}

size_t
window_cells_get(const struct window_cells *from, struct window_cell cells[WINDOW_CELLS_MAX])
{
	const uint8_t *at = from->bytes, *end = at + from->size;
	struct window_cell before = { 0 };
	size_t count = 0;

	while (at < end && count < WINDOW_CELLS_MAX) {
		at = get_cell(at, &cells[count], &before);
		before = cells[count++];
	}
	return count;
}

void
window_cells_append(struct window_cells *to, const struct window_cell *more)
{
	struct window_cell cells[WINDOW_CELLS_MAX];
	size_t count = window_cells_get(to, cells);

	if (count == WINDOW_CELLS_MAX)
		memmove(&cells[0], &cells[1], --count * sizeof(cells[0]));
	cells[count++] = *more;
	window_cells_set(to, cells, count);
}

void
window_cells_clear(struct window_cells *c)
{
	free(c->bytes);
	*c = (struct window_cells){ 0 };
}

uint64_t
window_sum(uint64_t a, uint64_t b)
{
	static const uint64_t limit = UINT64_C(1) << 53;

	return a > limit || b > limit - a ? limit : a + b;
}

void
window_cell_add(struct window_cell *to, const struct window_cell *more)
{
	to->flows = window_sum(to->flows, more->flows);
	for (unsigned d = 0; d < 2; d++) {
		to->packets[d] = window_sum(to->packets[d], more->packets[d]);
		to->bytes[d] = window_sum(to->bytes[d], more->bytes[d]);
	}
	if (more->first_seen < to->first_seen)
		to->first_seen = more->first_seen;
	if (more->last_seen > to->last_seen)
		to->last_seen = more->last_seen;
}
