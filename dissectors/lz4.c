/* SPDX-License-Identifier: Apache-2.0 */
/* LZ4 blocks: literals, and copies of what was decoded before. */
#include <config.h>

#include "lz4.h"

#include <string.h>

/* A length of which the token holds 15 goes on in bytes until one is not 255. */
static size_t
take_length(struct cursor *c, size_t length)
{
	uint8_t more = 255;

	if (length < 15)
		return length;
	while (more == 255 && cursor_ok(c)) {
		more = cursor_u8(c);
		length += more;
	}
	return length;
}

bool
lz4_decode(struct cursor block, uint8_t *out, size_t room, size_t *size)
{
	*size = 0;
	while (cursor_left(&block) > 0) {
		uint8_t token = cursor_u8(&block);
		size_t literals = take_length(&block, token >> 4), length, offset, fits;
		const uint8_t *from;

		fits = literals < room - *size ? literals : room - *size;
		if (fits > cursor_left(&block))
			fits = cursor_left(&block);
		from = cursor_take(&block, fits);
		if (from == NULL)
			return false;
		if (fits > 0)
			memcpy(out + *size, from, fits);
		*size += fits;
		if (fits < literals)
			return false;
		if (cursor_left(&block) == 0)
			return cursor_ok(&block); /* the last sequence has literals alone */
		offset = cursor_u16le(&block);
		length = take_length(&block, token & 15) + 4;
		if (!cursor_ok(&block) || offset == 0 || offset > *size)
			return false;
		for (; length > 0; length--) {
			if (*size == room)
				return false;
			out[*size] = out[*size - offset];
			++*size;
		}
	}
	return cursor_ok(&block);
}
