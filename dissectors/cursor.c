/* SPDX-License-Identifier: Apache-2.0 */
/* The text helpers of the bounded reader; the integers are inline in its header. */
#include <config.h>

#include "cursor.h"

#include <string.h>

static uint8_t
lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

static bool
same_nocase(const uint8_t *bytes, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (lower(bytes[i]) != lower((uint8_t)text[i]))
			return false;
	return true;
}

bool
cursor_starts_with(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	return !c->failed && c->left >= size && (size == 0 || memcmp(c->at, text, size) == 0);
}

bool
cursor_starts_with_nocase(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	return !c->failed && c->left >= size && same_nocase(c->at, text, size);
}

bool
cursor_equals(const struct cursor *c, const char *text)
{
	return c->left == strlen(text) && cursor_starts_with(c, text);
}

bool
cursor_equals_nocase(const struct cursor *c, const char *text)
{
	return c->left == strlen(text) && cursor_starts_with_nocase(c, text);
}

bool
cursor_may_start_with(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	if (c->failed)
		return false;
	if (size > c->left)
		size = c->left;
	return size == 0 || memcmp(c->at, text, size) == 0;
}

bool
cursor_take_until(struct cursor *c, uint8_t stop, struct cursor *part)
{
	const uint8_t *found;

	if (c->failed || c->left == 0 || (found = memchr(c->at, stop, c->left)) == NULL)
		return false;
	*part = cursor_sub(c, (size_t)(found - c->at));
	cursor_skip(c, 1);
	return true;
}

bool
cursor_take_line(struct cursor *c, struct cursor *line)
{
	if (!cursor_take_until(c, '\n', line))
		return false;
	if (line->left > 0 && line->at[line->left - 1] == '\r')
		line->left--;
	return true;
}

bool
cursor_is_text(struct cursor c)
{
	while (cursor_left(&c) > 0) {
		uint8_t b = cursor_u8(&c);

		if (b == 0x7f || (b < 0x20 && (b < '\t' || b > '\r')))
			return false;
	}
	return true;
}

bool
cursor_is_printable(struct cursor c)
{
	while (cursor_left(&c) > 0) {
		uint8_t b = cursor_u8(&c);

		if (b < ' ' || b == 0x7f)
			return false;
	}
	return true;
}

/*
 * Of n random bytes about n * n / 512 repeat one before. The limit is so far above that hardly one
 * sample in a million is refused, but headers and text are.
 */
bool
cursor_looks_random(struct cursor c)
{
	uint64_t seen[4] = { 0 };
	size_t n = cursor_left(&c) < 64 ? cursor_left(&c) : 64, repeated = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t b = cursor_u8(&c);

		repeated += seen[b / 64] >> b % 64 & 1;
		seen[b / 64] |= UINT64_C(1) << b % 64;
	}
	return repeated <= 4 + n * n / 300;
}

void
cursor_skip_blanks(struct cursor *c)
{
	while (c->left > 0 && (*c->at == ' ' || *c->at == '\t'))
		cursor_skip(c, 1);
}

void
cursor_trim_end(struct cursor *c)
{
	while (c->left > 0 && (c->at[c->left - 1] == ' ' || c->at[c->left - 1] == '\t'))
		c->left--;
}

ptrdiff_t
cursor_find_nocase(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	if (size == 0 && !c->failed)
		return 0;
	for (size_t i = 0; !c->failed && i + size <= c->left; i++)
		if (same_nocase(c->at + i, text, size))
			return (ptrdiff_t)i;
	return -1;
}

uint64_t
cursor_decimal(struct cursor *c)
{
	uint64_t value = 0;
	bool any = false;

	while (c->left > 0 && *c->at >= '0' && *c->at <= '9') {
		uint8_t digit = (uint8_t)(cursor_u8(c) - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			cursor_fail(c);
			return 0;
		}
		value = value * 10 + digit;
		any = true;
	}
	if (!any)
		cursor_fail(c);
	return value;
}

void
cursor_copy_text(const struct cursor *c, char *text, size_t size)
{
	size_t n = 0;

	if (size == 0)
		return;
	for (; !c->failed && n < c->left && n + 1 < size; n++)
		text[n] = c->at[n] >= 0x20 && c->at[n] < 0x7f ? (char)c->at[n] : '?';
	text[n] = '\0';
}
