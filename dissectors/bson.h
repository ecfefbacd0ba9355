/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded walk over a BSON document (https://bsonspec.org/spec.html, version 1.1): one level at a
 * time, values as cursors over their bytes. Nothing is copied; what is nested is walked by asking again.
 */
#ifndef PODWIRE_BSON_H
#define PODWIRE_BSON_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"

enum bson_type {
	BSON_DOUBLE = 0x01,
	BSON_STRING = 0x02,
	BSON_DOCUMENT = 0x03,
	BSON_ARRAY = 0x04,
	BSON_BINARY = 0x05,
	BSON_BOOL = 0x08,
	BSON_NULL = 0x0a,
	BSON_INT32 = 0x10,
	BSON_INT64 = 0x12,
};

struct bson_element {
	uint8_t type;
	struct cursor name;
	struct cursor value; /* all its bytes */
};

/* Takes a whole document off the cursor and gives its elements; where there is none the cursor fails. */
struct cursor bson_take_document(struct cursor *);

/* Takes the next element; false at the end, and, with the cursor failed, where it is not BSON. */
bool bson_next(struct cursor *elements, struct bson_element *);

/* Whether the elements can be walked to their end. */
bool bson_is_sound(struct cursor elements);

/* The first element of that name; false where there is none. */
bool bson_find(struct cursor elements, const char *name, struct bson_element *);

/* A number or truth value as servers read "ok" and "code": double, int32, int64, bool. False for other types. */
bool bson_number(const struct bson_element *, int64_t *);

/* The text of a string without its NUL, the bytes of binary data, the elements of a document; empty for other types. */
struct cursor bson_text(const struct bson_element *);
struct cursor bson_binary(const struct bson_element *);
struct cursor bson_elements(const struct bson_element *);

#endif
