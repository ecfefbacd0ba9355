/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded reader of BER and DER (X.690) as LDAP and Kerberos use it: tags of one byte, definite
 * lengths. What a message says of its lengths is held against the lengths around it, also where the
 * end of a large one is not at hand: a reader knows how many of its bytes lie beyond.
 */
#ifndef PODWIRE_BER_H
#define PODWIRE_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"

struct ber {
	struct cursor bytes; /* those at hand */
	size_t beyond;       /* those that follow and are not at hand */
};

/*
 * Tag and length of the element at the cursor, which is moved to its content: MATCH; NEED_MORE; or
 * NO_MATCH for a tag of several bytes, an indefinite length, or one of more than four bytes.
 */
enum verdict ber_header(struct cursor *, uint8_t *tag, size_t *size);

/*
 * Opens the message that begins here, of a kind that never exceeds max bytes. MATCH with *message over
 * its content, of which at least the first enough bytes are at hand, or all; *size is that of the
 * whole. NEED_MORE with *size bytes needed. Reads nothing.
 */
enum verdict ber_open(struct cursor bytes, uint8_t tag, size_t max, size_t enough, struct ber *message, size_t *size);

/*
 * Takes the next element. False, and the reader failed, where it does not fit into what is around it.
 * Where its header is not at hand: one of tag 0 and without content, and nothing is left.
 */
bool ber_next(struct ber *, uint8_t *tag, struct ber *content);

/* Takes the next element, which must have this tag; a failed reader where it has not. Where it is not at hand: an empty one. */
struct ber ber_enter(struct ber *, uint8_t tag);

/* Whether the next element has this tag; reads nothing. */
bool ber_at(const struct ber *, uint8_t tag);

/* Takes the next element where it has this tag. */
bool ber_optional(struct ber *, uint8_t tag, struct ber *content);

/* An INTEGER or ENUMERATED of this tag, 0 to 2^32 - 1. Fails for others. */
uint32_t ber_unsigned(struct ber *, uint8_t tag);

/* Whether nothing is left. False for a failed reader. */
bool ber_ended(const struct ber *);

static inline bool
ber_ok(const struct ber *b)
{
	return cursor_ok(&b->bytes);
}

/* Marks the reader failed. */
static inline void
ber_fail(struct ber *b)
{
	cursor_fail(&b->bytes);
	b->beyond = 0;
}

/* Bytes of an element, at hand or not. */
static inline size_t
ber_size(const struct ber *b)
{
	return cursor_left(&b->bytes) + b->beyond;
}

#endif
