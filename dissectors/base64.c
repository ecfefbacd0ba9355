/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648), six bits at a time. */
#include <config.h>

#include "base64.h"

/* The value of a digit of either alphabet, or -1. */
static int
digit_value(uint8_t b)
{
	if (b >= 'A' && b <= 'Z')
		return b - 'A';
	if (b >= 'a' && b <= 'z')
		return b - 'a' + 26;
	if (b >= '0' && b <= '9')
		return b - '0' + 52;
	if (b == '+' || b == '-')
		return 62;
	return b == '/' || b == '_' ? 63 : -1;
}

/* Drops at most two padding characters, which only a whole group of four may end with. */
static void
drop_padding(struct cursor *text)
{
	if (text->left % 4 != 0)
		return;
	for (int i = 0; i < 2 && text->left > 0 && text->at[text->left - 1] == '='; i++)
		text->left--;
}

bool
base64_decode(struct cursor text, uint8_t *out, size_t room, size_t *size)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t n = 0;

	*size = 0;
	drop_padding(&text);
	if (cursor_left(&text) == 0 || cursor_left(&text) % 4 == 1)
		return false;
	while (cursor_left(&text) > 0) {
		int value = digit_value(cursor_u8(&text));

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n < room)
			out[n++] = (uint8_t)(bits >> have);
	}
	*size = n;
	return true;
}
