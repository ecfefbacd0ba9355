/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format of Protocol Buffers. */
#include <config.h>

#include "protobuf.h"

enum { VARINT_SIZE_MAX = 10, NUMBER_MAX = (1 << 29) - 1 };

/* A varint of at most ten bytes; fails where it is not complete or longer. */
static uint64_t
take_varint(struct cursor *c)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_SIZE_MAX; i++) {
		uint8_t b = cursor_u8(c);

		value |= (uint64_t)(b & 0x7f) << (7 * i);
		if ((b & 0x80) == 0)
			return cursor_ok(c) ? value : 0;
	}
	cursor_fail(c);
	return 0;
}

bool
protobuf_next(struct cursor *message, struct protobuf_field *field)
{
	uint64_t tag, size;

	if (cursor_left(message) == 0)
		return false;
	tag = take_varint(message);
	*field = (struct protobuf_field){ .number = (uint32_t)(tag >> 3), .type = tag & 7 };
	if (tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
		cursor_fail(message);
	switch (field->type) {
	case PROTOBUF_VARINT:
		field->value = take_varint(message);
		break;
	case PROTOBUF_FIXED64:
		field->value = cursor_u64le(message);
		break;
	case PROTOBUF_FIXED32:
		field->value = cursor_u32le(message);
		break;
	case PROTOBUF_BYTES:
		size = take_varint(message);
		if (size > cursor_left(message))
			cursor_fail(message);
		else
			field->bytes = cursor_sub(message, (size_t)size);
		break;
	default:
		cursor_fail(message);
	}
	return cursor_ok(message);
}

bool
protobuf_find(struct cursor message, uint32_t number, enum protobuf_type type, struct protobuf_field *found)
{
	struct protobuf_field field;
	bool any = false;

	while (protobuf_next(&message, &field))
		if (field.number == number && field.type == type) {
			*found = field;
			any = true;
		}
	return any;
}

bool
protobuf_is_message(struct cursor message)
{
	struct protobuf_field field;

	while (protobuf_next(&message, &field))
		;
	return cursor_ok(&message);
}
