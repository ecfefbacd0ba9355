/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AH (RFC 4302): what it protects is authenticated and readable. Who authenticated to whom is
 * IKE's, not to be seen here. The packet behind the header is a flow of its own.
 */
#include <config.h>

#include <netinet/in.h>

#include "dissector.h"

enum { FIXED_SIZE = 12, INNER_ESP = 50, SPI_RESERVED = 255 };

/* The header's size is in words of four bytes, less two (RFC 4302 2.2); an ICV has to be there. */
static bool
take_header(struct cursor *c, uint8_t *next)
{
	struct cursor whole = *c;
	uint16_t reserved;
	uint32_t spi, sequence;
	size_t size;

	*next = cursor_u8(c);
	size = (cursor_u8(c) + 2u) * 4;
	reserved = cursor_u16(c);
	spi = cursor_u32(c);
	sequence = cursor_u32(c);
	*c = whole;
	cursor_skip(c, size);
	return cursor_ok(c) && size > FIXED_SIZE && reserved == 0 && spi > SPI_RESERVED && sequence != 0;
}

static enum verdict
ah_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	uint8_t next;

	(void)flow, (void)from;
	*strength = STRENGTH_STRUCTURE;
	return take_header(&bytes, &next) ? MATCH : NO_MATCH;
}

static enum verdict
ah_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	uint8_t next;
	bool whole = take_header(bytes, &next);

	cursor_skip(bytes, cursor_left(bytes));
	if (!whole)
		return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MATCH;
	evidence_protocol(d->evidence, "ah", STRENGTH_STRUCTURE, "RFC 4302 2 AH header", from, d->offset[from]);
	if (next == INNER_ESP) /* how that is protected, its own flow tells */
		return MATCH;
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "RFC 4302 2 AH header", from, d->offset[from]);
	return DONE;
}

const struct dissector ah_dissector = {
	.name = "ah",
	.specification = "RFC 4302",
	.ip_protocol = IPPROTO_AH,
	.probe = ah_probe,
	.dissect = ah_dissect,
};
