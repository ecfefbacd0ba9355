/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a JSON object (RFC 8259 4), one after the other, without a tree and without
 * recursion: for the few fields a dissector wants of a message. What is nested is passed over.
 */
#ifndef PODWIRE_JSON_H
#define PODWIRE_JSON_H

#include <stdbool.h>

#include "cursor.h"

enum json_type { JSON_STRING, JSON_NUMBER, JSON_WORD /* true, false, null */, JSON_OBJECT, JSON_ARRAY };

struct json_member {
	struct cursor name;  /* between its quotes; escapes stay as they are */
	struct cursor value; /* of a string likewise, else the text as it stands; failed where it is cut off */
	enum json_type type;
};

/* Passes over spaces and the brace an object begins with. False where there is none. */
bool json_enter(struct cursor *);

/*
 * Reads the next member of the object entered. False after the last one, with cursor_ok() true and
 * the closing brace passed over; or, with cursor_ok() false, where the text is broken or cut off.
 */
bool json_next(struct cursor *, struct json_member *);

/* Whether the member is true; whether it is a string that is not empty. */
bool json_is_true(const struct json_member *);
bool json_is_text(const struct json_member *);

#endif
