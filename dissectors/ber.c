/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of BER: X.690 8.1. */
#include <config.h>

#include "ber.h"

enum verdict
ber_header(struct cursor *c, uint8_t *tag, size_t *size)
{
	struct cursor at = *c;
	unsigned count;

	*tag = cursor_u8(&at);
	*size = cursor_u8(&at);
	if (cursor_left(c) > 0 && (*tag & 0x1f) == 0x1f)
		return NO_MATCH; /* a tag of several bytes: none in use */
	if (!cursor_ok(&at))
		return NEED_MORE;
	if (*size >= 0x80) {
		count = (unsigned)*size & 0x7f;
		if (count == 0 || count > 4)
			return NO_MATCH;
		for (*size = 0; count > 0; count--)
			*size = *size << 8 | cursor_u8(&at);
		if (!cursor_ok(&at))
			return NEED_MORE;
	}
	*c = at;
	return MATCH;
}

enum verdict
ber_open(struct cursor bytes, uint8_t tag, size_t max, size_t enough, struct ber *message, size_t *size)
{
	struct cursor c = bytes;
	size_t content, wanted;
	uint8_t found;
	enum verdict verdict = ber_header(&c, &found, &content);

	*size = cursor_left(&bytes) + 1;
	if (cursor_left(&bytes) > 0 && cursor_peek(&bytes, 0) != tag)
		return NO_MATCH;
	if (verdict != MATCH)
		return verdict;
	if (content > max)
		return NO_MATCH;
	wanted = content < enough ? content : enough;
	*size = cursor_left(&bytes) - cursor_left(&c) + content;
	if (cursor_left(&c) < wanted) {
		*size -= content - wanted;
		return NEED_MORE;
	}
	wanted = content < cursor_left(&c) ? content : cursor_left(&c);
	*message = (struct ber){ .bytes = cursor_sub(&c, wanted), .beyond = content - wanted };
	return MATCH;
}

bool
ber_next(struct ber *b, uint8_t *tag, struct ber *content)
{
	size_t size, here;

	enum verdict verdict = ber_header(&b->bytes, tag, &size);

	*content = (struct ber){ .bytes.failed = true };
	if (ber_ok(b) && verdict == NEED_MORE && b->beyond > 0) {
		*content = (struct ber){ .bytes = cursor_over(NULL, 0) };
		*b = *content;
		*tag = 0;
		return true;
	}
	if (!ber_ok(b) || verdict != MATCH || size > ber_size(b)) {
		ber_fail(b);
		return false;
	}
	here = size < cursor_left(&b->bytes) ? size : cursor_left(&b->bytes);
	*content = (struct ber){ .bytes = cursor_sub(&b->bytes, here), .beyond = size - here };
	b->beyond -= content->beyond;
	return true;
}

bool
ber_at(const struct ber *b, uint8_t tag)
{
	return cursor_peek(&b->bytes, 0) == tag;
}

struct ber
ber_enter(struct ber *b, uint8_t tag)
{
	struct ber content;
	uint8_t found;

	if (!ber_at(b, tag) && (cursor_left(&b->bytes) > 0 || b->beyond == 0))
		ber_fail(b);
	(void)ber_next(b, &found, &content);
	return content;
}

bool
ber_optional(struct ber *b, uint8_t tag, struct ber *content)
{
	uint8_t found;

	return ber_at(b, tag) && ber_next(b, &found, content);
}

uint32_t
ber_unsigned(struct ber *b, uint8_t tag)
{
	struct ber content = ber_enter(b, tag);
	size_t size = ber_size(&content);
	uint64_t value = 0;

	if (size == 0 || size > 5 || content.beyond > 0 || cursor_peek(&content.bytes, 0) >= 0x80) {
		ber_fail(b);
		return 0;
	}
	while (cursor_left(&content.bytes) > 0)
		value = value << 8 | cursor_u8(&content.bytes);
	if (value > UINT32_MAX) {
		ber_fail(b);
		return 0;
	}
	return (uint32_t)value;
}

bool
ber_ended(const struct ber *b)
{
	return ber_ok(b) && ber_size(b) == 0;
}
