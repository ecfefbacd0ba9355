/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over JSON (RFC 8259) as text: where members, elements and values begin and end, and whether
 * brackets match. What a value says, and that it is one, is left to the parser.
 */
#ifndef PODWIRE_JSON_TEXT_H
#define PODWIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* What can be wrong with a text. */
enum json_flaw {
	JSON_SOUND,
	JSON_ENDS_EARLY,
	JSON_NO_OBJECT,         /* something else instead of each of these */
	JSON_NO_ARRAY,
	JSON_NO_KEY,
	JSON_NO_COLON,
	JSON_NO_VALUE,
	JSON_NO_END_OF_OBJECT,  /* neither a comma nor } */
	JSON_NO_END_OF_ARRAY,
	JSON_NO_END_OF_TEXT,
	JSON_BRACE_FOR_BRACKET, /* } where ] was due */
	JSON_BRACKET_FOR_BRACE,
	JSON_KEY_TWICE,
	JSON_TOO_DEEP,
	JSON_TOO_LARGE,         /* one value */
	JSON_FLAW_COUNT,
};

enum { JSON_TEXT_DEPTH = 2048 }; /* the parser's own limit (jansson) */

/* A walk. It ends at the first flaw: `at` is its place, and all that follows is false or NUL. */
struct json_text {
	const char *bytes;
	size_t size, at;
	size_t depth_limit; /* of brackets in brackets in a value, up to JSON_TEXT_DEPTH */
	enum json_flaw flaw;
};

/* A value's place; size 0: absent. */
struct json_piece {
	size_t start, size;
};

/* The next byte that is not white space, or NUL at the end. */
char json_text_peek(struct json_text *);

/* Moves past a byte, which the next one must be. */
bool json_text_take(struct json_text *, char, enum json_flaw otherwise);

/* Moves to the end of the text, before which there must be nothing. */
bool json_text_end(struct json_text *);

/* Moves past a value and says where it was. Only where it ends is sure; it may still be none. */
bool json_text_value(struct json_text *, struct json_piece *out);

/* Moves past a member's key and colon, and says where the key was, with its quotation marks. */
bool json_text_key(struct json_text *, struct json_piece *out);

/*
 * Whether another member or element follows before the closing bracket; moves past the comma, or
 * past the bracket. first: the walk is just behind the opening one.
 */
bool json_text_more(struct json_text *, char closing, bool first);

/*
 * Copies a value, but leaves arrays and objects inside it empty whose key is among keys
 * (NULL-terminated). out has room for the whole; returns the size of the copy.
 */
size_t json_text_copy(const struct json_text *, struct json_piece value, const char *const keys[], char *out);

#endif
