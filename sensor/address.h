/* SPDX-License-Identifier: Apache-2.0 */
/* An IPv4 or IPv6 address as one 16-byte value; IPv4 is kept IPv4-mapped (RFC 4291 2.5.5.2). */
#ifndef PODWIRE_ADDRESS_H
#define PODWIRE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct address {
	uint8_t bytes[16];
};

enum { ADDRESS_TEXT_SIZE = 46 };

/* From 4 or 16 bytes in network order. */
static inline struct address
address_from_v4(const uint8_t *b)
{
	struct address a = { { [10] = 0xff, [11] = 0xff } };

	memcpy(a.bytes + 12, b, 4);
	return a;
}

static inline struct address
address_from_v6(const uint8_t *b)
{
	struct address a;

	memcpy(a.bytes, b, 16);
	return a;
}

static inline bool
address_is_v4(const struct address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->bytes, mapped, 12) == 0;
}

static inline int
address_compare(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, 16);
}

static inline bool
address_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

/* Reads a literal: "10.0.0.1", "fd00::1". False where text is none. */
bool address_parse(const char *text, struct address *out);

/* Addresses with the same first bits. */
struct address_range {
	struct address network; /* other bits are 0 */
	uint8_t prefix;         /* of 128: an IPv4 prefix length and 96 */
};

/* Reads a range: "10.42.1.0/24", "fd00::/8", with any bits after the prefix. False where text is none. */
bool address_parse_range(const char *text, struct address_range *out);

/* Whether the address is one of the range. */
bool address_in_range(const struct address *, const struct address_range *);

/* Writes the literal form (RFC 5952) and returns text. */
const char *address_text(const struct address *, char text[ADDRESS_TEXT_SIZE]);

#endif
