/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the members of a JSON object (RFC 8259), every step of which reads a byte at least. */
#include <config.h>

#include "json.h"

static void
skip_space(struct cursor *c)
{
	while (cursor_peek(c, 0) == ' ' || cursor_peek(c, 0) == '\t' || cursor_peek(c, 0) == '\n' || cursor_peek(c, 0) == '\r')
		cursor_skip(c, 1);
}

/* Reads a string, whose opening quote is next. Failed, as is the text, where it does not end. */
static struct cursor
take_string(struct cursor *c)
{
	struct cursor text, end;

	cursor_skip(c, 1);
	for (end = *c; cursor_left(&end) > 0 && cursor_peek(&end, 0) != '"';)
		cursor_skip(&end, cursor_peek(&end, 0) == '\\' ? 2 : 1);
	if (cursor_left(&end) == 0) {
		cursor_fail(c);
		return *c;
	}
	text = cursor_sub(c, c->left - end.left);
	cursor_skip(c, 1);
	return text;
}

/* Reads an object or array to its end; strings in it may hold brackets. */
static struct cursor
take_nested(struct cursor *c)
{
	struct cursor whole = *c;
	size_t depth = 0;

	do {
		int b = cursor_peek(c, 0);

		if (b == '"') {
			(void)take_string(c);
			continue;
		}
		depth += b == '{' || b == '[';
		depth -= b == '}' || b == ']';
		cursor_skip(c, 1);
	} while (cursor_ok(c) && depth > 0);
	return cursor_ok(c) ? cursor_sub(&whole, whole.left - c->left) : *c;
}

static bool
is_scalar_byte(int b)
{
	return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || b == '-' || b == '+' || b == '.' || b == 'E';
}

/* Reads a number or a word: it ends where another byte follows. */
static struct cursor
take_scalar(struct cursor *c)
{
	struct cursor whole = *c;

	while (is_scalar_byte(cursor_peek(c, 0)))
		cursor_skip(c, 1);
	if (cursor_left(c) == 0 || c->left == whole.left)
		cursor_fail(c);
	return cursor_ok(c) ? cursor_sub(&whole, whole.left - c->left) : *c;
}

static void
take_value(struct cursor *c, struct json_member *member)
{
	int b = cursor_peek(c, 0);

	if (b == '"') {
		member->type = JSON_STRING;
		member->value = take_string(c);
	} else if (b == '{' || b == '[') {
		member->type = b == '{' ? JSON_OBJECT : JSON_ARRAY;
		member->value = take_nested(c);
	} else {
		member->type = b == '-' || (b >= '0' && b <= '9') ? JSON_NUMBER : JSON_WORD;
		member->value = take_scalar(c);
	}
}

bool
json_enter(struct cursor *c)
{
	skip_space(c);
	if (cursor_peek(c, 0) != '{')
		return false;
	cursor_skip(c, 1);
	return true;
}

bool
json_next(struct cursor *c, struct json_member *member)
{
	*member = (struct json_member){ .type = JSON_WORD };
	skip_space(c);
	if (cursor_peek(c, 0) == ',') {
		cursor_skip(c, 1);
		skip_space(c);
	}
	if (cursor_peek(c, 0) != '"') {
		if (cursor_peek(c, 0) == '}')
			cursor_skip(c, 1);
		else
			cursor_fail(c);
		return false;
	}
	member->name = take_string(c);
	skip_space(c);
	if (cursor_u8(c) != ':')
		cursor_fail(c);
	skip_space(c);
	if (cursor_ok(&member->name))
		take_value(c, member);
	return cursor_ok(&member->name);
}

bool
json_is_true(const struct json_member *member)
{
	return member->type == JSON_WORD && cursor_equals(&member->value, "true");
}

bool
json_is_text(const struct json_member *member)
{
	return member->type == JSON_STRING && cursor_left(&member->value) > 0;
}
