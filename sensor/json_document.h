/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON (RFC 8259, by jansson) that may be large and may be damaged. A document's members are
 * found in its text first, so that a long array can be parsed item by item and what is of no
 * interest not at all. A value knows where it is; the first error is told with that path.
 */
#ifndef PODWIRE_JSON_DOCUMENT_H
#define PODWIRE_JSON_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct json_document {
	const char *name;  /* of the file, for errors */
	const char *text;
	size_t size;
	char *error;       /* one line: "NAME: pairs[3].flows: found -1, expected 1 to 9" */
	size_t error_size;
	bool failed;
};

/* A value and where it is. */
struct json_spot {
	json_t *value;     /* NULL: absent, null, or an error was found */
	const struct json_spot *parent; /* NULL: the top */
	const char *key;   /* NULL: an array's element, number index */
	size_t index;
};

/* A value's place in the text; size 0: absent. */
struct json_piece {
	size_t start, size;
};

/* Tells of an error at spot (NULL: of the whole); later ones are not told. */
__attribute__((format(printf, 3, 4))) void json_fail(struct json_document *, const struct json_spot *, const char *format, ...);

/*
 * Finds the members of the top object by keys (NULL-terminated) and sets as many pieces. Others are
 * passed over, known ones given twice refused, and the text must end after the object.
 */
bool json_find_members(struct json_document *, const char *const keys[], struct json_piece pieces[]);

/* Parses a piece into spot->value, which is the caller's to json_decref(); spot->key is given. False, and NULL, after an error. */
bool json_parse_piece(struct json_document *, struct json_piece, struct json_spot *spot);

/*
 * Goes through the elements of an array in the text: parses the next one into item, as above, and
 * counts item->index up. *at is 0 at first. False at the end and after an error.
 */
bool json_next_item(struct json_document *, struct json_piece array, size_t *at, struct json_spot *item);

/* Members. Each answers nothing (false, NULL, 0) where it is absent or null, and after an error; a "must" member is an error then. */

enum json_presence { JSON_MAY, JSON_MUST };

bool json_member(struct json_document *, const struct json_spot *parent, const char *key, json_type, enum json_presence, struct json_spot *out);
bool json_element(struct json_document *, const struct json_spot *array, size_t index, json_type, struct json_spot *out);
uint64_t json_read_count(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, uint64_t minimum, uint64_t maximum);
bool json_read_flag(struct json_document *, const struct json_spot *parent, const char *key);

/* Text of at most limit bytes; printable: without control characters. */
const char *json_read_text(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, size_t limit, bool printable);

/* The index of a word in names (NULL-terminated); 0 where it is absent and may be. */
unsigned json_read_word(struct json_document *, const struct json_spot *parent, const char *key, enum json_presence, const char *const names[]);

/* The same of a value itself. */
unsigned json_word(struct json_document *, const struct json_spot *, const char *const names[]);

#endif
