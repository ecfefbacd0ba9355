/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON (RFC 8259) that may be large and may be damaged. A document's members are found in its
 * text first, so that a long array can be parsed item by item and what is of no interest not at
 * all. A value knows where it is, and the first error is told with its line or its path:
 * `pods.json: items[3].status.podIPs[0].ip: "10.0.0" is no IP address`.
 */
#ifndef PODWIRE_JSON_DOCUMENT_H
#define PODWIRE_JSON_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_text.h"

struct json_t; /* the library's */

enum {
	JSON_QUOTE_LIMIT = 64, /* bytes of a refused value that an error repeats */
};

/* What one kind of document has to say of itself. */
struct json_rules {
	size_t piece_limit;        /* bytes parsed at once */
	size_t depth_limit;        /* as of struct json_text */
	const char *const *unused; /* NULL, or members of an array's items whose arrays and objects are left out (json_text_copy()) */
	bool expected_first;       /* of a wrong type: "expected a string, found null", not "found null, expected a string" */
	const char *flaws[JSON_FLAW_COUNT]; /* the words for each */
};

/* Of struct json_rules.flaws: the words for documents that podwire itself writes, but for depth and size. */
#define JSON_FLAWS_IN_OUR_OWN \
	[JSON_ENDS_EARLY] = "found the end of the text, expected more: it may have been cut off", \
	[JSON_NO_OBJECT] = "found something else, expected {", \
	[JSON_NO_ARRAY] = "found something else, expected an array", \
	[JSON_NO_KEY] = "found no key, expected one in quotation marks", \
	[JSON_NO_COLON] = "found no colon after the key, expected one", \
	[JSON_NO_VALUE] = "found no value, expected one", \
	[JSON_NO_END_OF_OBJECT] = "found something else, expected a comma or }", \
	[JSON_NO_END_OF_ARRAY] = "found something else, expected a comma or ]", \
	[JSON_NO_END_OF_TEXT] = "found more text, expected the end", \
	[JSON_BRACE_FOR_BRACKET] = "found }, expected ]", \
	[JSON_BRACKET_FOR_BRACE] = "found ], expected }", \
	[JSON_KEY_TWICE] = "found a key for the second time, expected each once"

struct json_document {
	const struct json_rules *rules;
	const char *name;  /* of the file, for errors */
	const char *text;
	size_t size;
	char *error;       /* one line of visible ASCII */
	size_t error_size;
	bool failed;       /* all values are absent then: read all, then ask once */
};

/* A value and where it is. */
struct json_spot {
	struct json_t *value;           /* NULL: absent, null, or an error was found */
	const struct json_spot *parent; /* NULL: the top */
	const char *key;                /* NULL: an array's element, number index */
	size_t index;
};

/* Tells of an error at spot (NULL: of the whole); later ones are not told. */
__attribute__((format(printf, 3, 4))) void json_fail(struct json_document *, const struct json_spot *, const char *format, ...);

/* The text. */

/* A walk over it, from its start; and whether that has found no flaw, of which the document is told. */
struct json_text json_walk(const struct json_document *);
bool json_check_walk(struct json_document *, const struct json_text *);

/*
 * Finds the members of the top object by keys (NULL-terminated) and sets as many pieces. Others are
 * passed over, known ones given twice refused, and the text must end after the object.
 */
bool json_find_members(struct json_document *, const char *const keys[], struct json_piece pieces[]);

/* Parses a piece into spot->value, which is the caller's to json_release(). False, and NULL, after an error. */
bool json_parse_piece(struct json_document *, struct json_piece, struct json_spot *spot);
void json_release(struct json_spot *);

/* The same, without the arrays and objects that the document's rules call unused. */
bool json_parse_used(struct json_document *, struct json_piece, struct json_spot *spot);

/*
 * Goes through the elements of an array in the text: parses the next one into item, as above but
 * without what is unused, and counts item->index up. *at is 0 at first. False at the end and after
 * an error.
 */
bool json_next_item(struct json_document *, struct json_piece array, size_t *at, struct json_spot *item);

/* Values. A null is as good as absent. */

enum json_value_type { JSON_VALUE_OBJECT, JSON_VALUE_ARRAY, JSON_VALUE_STRING, JSON_VALUE_INTEGER, JSON_VALUE_FLAG };
enum json_presence { JSON_MAY, JSON_MUST };

bool json_is(const struct json_spot *, enum json_value_type);

/* The same, and another type is an error, as is absence where it must be there; false after any error. */
bool json_expect(struct json_document *, const struct json_spot *, enum json_value_type, enum json_presence);

/* What a value of the right type says; NULL and 0 of any other. */
const char *json_string_of(const struct json_spot *);
int64_t json_integer_of(const struct json_spot *);
size_t json_count_of(const struct json_spot *); /* elements, members */

/* *out is the member with key, of any type. */
bool json_find(const struct json_spot *parent, const char *key, struct json_spot *out);

/* Goes through the members of an object, in their order: *member is all 0 at first. */
bool json_next_member(const struct json_spot *object, struct json_spot *member);

/* Members and elements by type. Each answers nothing (false, NULL, 0; a spot without value) where it is absent, and after an error. */

bool json_member(struct json_document *, const struct json_spot *parent, const char *key, enum json_value_type, enum json_presence, struct json_spot *out);
bool json_element(struct json_document *, const struct json_spot *array, size_t index, enum json_value_type, enum json_presence, struct json_spot *out);
uint64_t json_read_count(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, uint64_t minimum, uint64_t maximum);
bool json_read_flag(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence);

/* Text of at most limit bytes; printable: without control characters. */
const char *json_read_text(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, size_t limit, bool printable);

/* The index of a word in names (NULL-terminated); 0 where it is absent and may be. */
unsigned json_read_word(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, const char *const names[]);

/* The same of a value itself. */
unsigned json_word(struct json_document *, const struct json_spot *, const char *const names[]);

#endif
