/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces in a buffer that grows, with a bit for each byte that is there. */
#include <config.h>

#include "reassembly.h"

enum { GRAIN = 1024 }; /* memory is asked for in multiples of this */

static bool
grow(struct reassembly *r, const struct dissection_services *services, size_t size)
{
	size_t capacity = (size + GRAIN - 1) / GRAIN * GRAIN;
	void *memory;

	if (size <= r->capacity)
		return true;
	memory = services->resize(services->context, r->bytes, capacity);
	if (memory == NULL)
		return false;
	r->bytes = memory;
	memory = services->resize(services->context, r->there, capacity / 8);
	if (memory == NULL)
		return false;
	r->there = memory;
	r->capacity = (uint32_t)capacity;
	return true;
}

static bool
is_there(const struct reassembly *r, size_t at)
{
	return (r->there[at / 8] >> at % 8 & 1) != 0;
}

bool
reassembly_add(struct reassembly *r, const struct dissection_services *services, uint64_t offset, struct cursor piece, size_t limit)
{
	size_t at = (size_t)offset;

	if (offset > limit || piece.left > limit - offset || !grow(r, services, at + piece.left))
		return false;
	for (; cursor_left(&piece) > 0; at++) {
		uint8_t byte = cursor_u8(&piece);

		if (is_there(r, at))
			continue;
		r->bytes[at] = byte;
		r->there[at / 8] |= (uint8_t)(1 << at % 8);
	}
	while (r->whole < r->capacity && is_there(r, r->whole))
		r->whole++;
	return true;
}

struct cursor
reassembly_from(const struct reassembly *r, size_t offset)
{
	if (offset >= r->whole)
		return cursor_over(NULL, 0);
	return cursor_over(r->bytes + offset, r->whole - offset);
}

void
reassembly_clear(struct reassembly *r, const struct dissection_services *services)
{
	services->resize(services->context, r->bytes, 0);
	services->resize(services->context, r->there, 0);
	*r = (struct reassembly){ 0 };
}
