/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serialization protocol of Redis (RESP2 and RESP3, https://redis.io/docs/latest/develop/reference/protocol-spec/), and
 * inline commands: what stands at the cursor, and how long it is.
 */
#ifndef PODWIRE_REDIS_MESSAGE_H
#define PODWIRE_REDIS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"

enum {
	REDIS_WORD_MAX = 32,        /* longer names of commands are nothing we know */
	REDIS_LINE_MAX_SIZE = 4096, /* of an error, an inline command; the header of a bulk string is shorter */
};

static const uint64_t redis_elements_max = 1024 * 1024; /* of a command, as the server has it */
static const uint64_t redis_bulk_max = UINT64_C(4) << 30;

/* The line every element of a reply begins with. */
struct redis_element {
	uint8_t type;
	struct cursor line;
	int64_t length; /* of a bulk string in bytes, of an aggregate in elements; -1: null */
	bool bulk, aggregate, attribute;
};

/* Reads "<type><number>CRLF". NEED_MORE where it is not complete. */
enum verdict redis_take_header(struct cursor *, uint8_t type, uint64_t max, uint64_t *number);

/* An array of bulk strings, the first of which is a word: "*2 CRLF $3 CRLF GET CRLF". */
enum verdict redis_probe_command(struct cursor);

/* A line that begins with a word of an inline command. */
enum verdict redis_probe_inline(struct cursor);

/* Whether a whole line may be an inline command. */
bool redis_is_inline(struct cursor line);

/* Takes the next word of such a line; blanks before it are passed over. */
struct cursor redis_take_word(struct cursor *line);

/* "$5 CRLF hello CRLF", or "*2 CRLF $..": a reply whose parts agree; or one that is Redis's own. */
enum verdict redis_probe_reply(struct cursor);

/* Takes the line every element begins with; its form depends on its type. */
enum verdict redis_take_element(struct cursor *, struct redis_element *);

/* The first word of what answers nothing: of pushes of RESP3, and messages of a RESP2 subscription. */
bool redis_is_push_word(struct cursor);

#endif
