/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a Protocol Buffers message (protobuf.dev, "Encoding"), one level at a time: a nested
 * message is a field's bytes, read by a reader of its own. Nothing is allocated or copied.
 */
#ifndef PODWIRE_PROTOBUF_H
#define PODWIRE_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"

enum protobuf_type { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES = 2, PROTOBUF_FIXED32 = 5 };

struct protobuf_field {
	uint32_t number;         /* from 1 */
	uint8_t type;            /* enum protobuf_type */
	uint64_t value;          /* of a number */
	struct cursor bytes;     /* of PROTOBUF_BYTES: a string, bytes, a message, packed numbers */
};

/*
 * Takes the next field off the message; false at its end, and where it breaks the encoding (groups
 * included, which nobody uses): then cursor_ok() is false.
 */
bool protobuf_next(struct cursor *message, struct protobuf_field *);

/* The last field of that number and type in message (the last one counts); false where there is none. */
bool protobuf_find(struct cursor message, uint32_t number, enum protobuf_type, struct protobuf_field *);

/* Whether message can be one: fields to its last byte. An empty one is. */
bool protobuf_is_message(struct cursor message);

#endif
