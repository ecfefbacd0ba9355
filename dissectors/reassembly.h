/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that come in pieces, in any order and more than once, put together from the first on: the
 * CRYPTO frames of QUIC, the handshake fragments of DTLS. The first copy of a byte counts.
 */
#ifndef PODWIRE_REASSEMBLY_H
#define PODWIRE_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"

/* Zeroed at the start. */
struct reassembly {
	uint8_t *bytes;
	uint8_t *there;    /* a bit for each byte */
	uint32_t capacity;
	uint32_t whole;    /* bytes from the first on that are all there */
};

/* Adds a piece that begins at offset. False, with nothing added, beyond limit or where there is no memory. */
bool reassembly_add(struct reassembly *, const struct dissection_services *, uint64_t offset, struct cursor piece, size_t limit);

/* The bytes from offset on that are all there. */
struct cursor reassembly_from(const struct reassembly *, size_t offset);

/* Forgets everything and gives the memory back. */
void reassembly_clear(struct reassembly *, const struct dissection_services *);

#endif
