/* SPDX-License-Identifier: Apache-2.0 */
/* The BSON walker. */
#include <config.h>

#include "bson.h"

#include <string.h>

enum {
	FIXED_MAX = 16,
	TEXT = 0x80,   /* int32 size, so many bytes with a NUL as their last */
	WITHIN = 0x81, /* int32 size, which counts itself */
	BINARY = 0x82, /* int32 size, subtype, so many bytes */
	REGEX = 0x83,  /* two C strings */
	POINTER = 0x84, /* a string and 12 bytes */
	UNKNOWN = 0xff,
};

/* How long the value of each type is, or how that is told. */
static uint8_t
form_of(uint8_t type)
{
	static const uint8_t forms[] = {
		[0x00] = UNKNOWN,
		[BSON_DOUBLE] = 8,
		[BSON_STRING] = TEXT,
		[BSON_DOCUMENT] = WITHIN,
		[BSON_ARRAY] = WITHIN,
		[BSON_BINARY] = BINARY,
		[0x06] = 0,       /* undefined */
		[0x07] = 12,      /* ObjectId */
		[BSON_BOOL] = 1,
		[0x09] = 8,       /* date */
		[BSON_NULL] = 0,
		[0x0b] = REGEX,
		[0x0c] = POINTER,
		[0x0d] = TEXT,    /* code */
		[0x0e] = TEXT,    /* symbol */
		[0x0f] = WITHIN,  /* code with scope */
		[BSON_INT32] = 4,
		[0x11] = 8,       /* timestamp */
		[BSON_INT64] = 8,
		[0x13] = 16,      /* decimal128 */
	};

	if (type == 0x7f || type == 0xff) /* the greatest and the least of all */
		return 0;
	return type < sizeof(forms) ? forms[type] : UNKNOWN;
}

static void
skip_text(struct cursor *c)
{
	uint32_t size = cursor_u32le(c);

	if (size == 0 || size > cursor_left(c) || cursor_peek(c, size - 1) != 0)
		cursor_fail(c);
	else
		cursor_skip(c, size);
}

static void
skip_c_string(struct cursor *c)
{
	struct cursor text;

	if (!cursor_take_until(c, 0, &text))
		cursor_fail(c);
}

static void
skip_value(struct cursor *c, uint8_t form)
{
	uint32_t size;

	switch (form) {
	case TEXT:
		skip_text(c);
		break;
	case WITHIN:
		size = cursor_u32le(c);
		if (size < 5)
			cursor_fail(c);
		else
			cursor_skip(c, size - 4);
		break;
	case BINARY:
		size = cursor_u32le(c);
		cursor_skip(c, 1);
		cursor_skip(c, size);
		break;
	case REGEX:
		skip_c_string(c);
		skip_c_string(c);
		break;
	case POINTER:
		skip_text(c);
		cursor_skip(c, 12);
		break;
	default:
		if (form > FIXED_MAX)
			cursor_fail(c);
		else
			cursor_skip(c, form);
	}
}

struct cursor
bson_take_document(struct cursor *c)
{
	struct cursor copy = *c, elements;
	uint32_t size = cursor_u32le(&copy);

	if (size < 5 || size > cursor_left(c) || cursor_peek(c, size - 1) != 0) {
		cursor_fail(c);
		return (struct cursor){ .failed = true };
	}
	cursor_skip(c, 4);
	elements = cursor_sub(c, size - 5);
	cursor_skip(c, 1);
	return elements;
}

bool
bson_next(struct cursor *elements, struct bson_element *e)
{
	struct cursor start;

	if (cursor_left(elements) == 0)
		return false;
	e->type = cursor_u8(elements);
	if (!cursor_take_until(elements, 0, &e->name)) {
		cursor_fail(elements);
		return false;
	}
	start = *elements;
	skip_value(elements, form_of(e->type));
	if (!cursor_ok(elements))
		return false;
	e->value = cursor_sub(&start, start.left - elements->left);
	return true;
}

bool
bson_is_sound(struct cursor elements)
{
	struct bson_element e;

	while (bson_next(&elements, &e))
		;
	return cursor_ok(&elements);
}

bool
bson_find(struct cursor elements, const char *name, struct bson_element *e)
{
	while (bson_next(&elements, e))
		if (cursor_equals(&e->name, name))
			return true;
	return false;
}

bool
bson_number(const struct bson_element *e, int64_t *number)
{
	struct cursor c = e->value;
	uint64_t bits;
	double value;

	switch (e->type) {
	case BSON_DOUBLE:
		bits = cursor_u64le(&c);
		memcpy(&value, &bits, sizeof(value));
		if (!(value > -1e15 && value < 1e15)) /* NaN too */
			return false;
		*number = (int64_t)value;
		return true;
	case BSON_BOOL:
		*number = cursor_u8(&c) != 0;
		return true;
	case BSON_INT32:
		*number = (int32_t)cursor_u32le(&c);
		return true;
	case BSON_INT64:
		*number = (int64_t)cursor_u64le(&c);
		return true;
	default:
		return false;
	}
}

struct cursor
bson_text(const struct bson_element *e)
{
	struct cursor c = e->value;

	if (e->type != BSON_STRING)
		return cursor_over(NULL, 0);
	cursor_skip(&c, 4);
	return cursor_sub(&c, cursor_left(&c) - 1);
}

struct cursor
bson_binary(const struct bson_element *e)
{
	struct cursor c = e->value;

	if (e->type != BSON_BINARY)
		return cursor_over(NULL, 0);
	cursor_skip(&c, 5);
	return c;
}

struct cursor
bson_elements(const struct bson_element *e)
{
	struct cursor c = e->value;

	if (e->type != BSON_DOCUMENT && e->type != BSON_ARRAY)
		return cursor_over(NULL, 0);
	return bson_take_document(&c);
}
