/* SPDX-License-Identifier: Apache-2.0 */
/* The header of STUN, and the chain of its attributes (RFC 8489 5 and 14). */
#include <config.h>

#include "stun.h"

enum {
	MAGIC_COOKIE = 0x2112a442,
	TRANSACTION_ID_SIZE = 12,
};

bool
stun_is_message(struct cursor c)
{
	uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
	uint32_t cookie = cursor_u32(&c);

	cursor_skip(&c, TRANSACTION_ID_SIZE);
	if (!cursor_ok(&c) || type >> 14 != 0 || cookie != MAGIC_COOKIE || size != cursor_left(&c))
		return false;
	while (cursor_left(&c) > 0) {
		size_t value;

		cursor_skip(&c, 2);
		value = cursor_u16(&c);
		cursor_skip(&c, (value + 3) / 4 * 4);
	}
	return cursor_ok(&c);
}
