/* SPDX-License-Identifier: Apache-2.0 */
/* Writes QUIC packets, Initial ones sealed as their version says, for tests. */
#ifndef PODWIRE_TESTS_QUIC_PACKETS_H
#define PODWIRE_TESTS_QUIC_PACKETS_H

#include "dissectors/evidence.h"
#include "tls_messages.h"

/* What an Initial packet is made of. Connection IDs are C strings. */
struct initial {
	uint32_t version;
	uint8_t first;           /* its first byte, before it is protected: the low two bits are 3, for a number of 4 bytes */
	const char *destination, *source;
	const char *token;       /* or NULL */
	const char *original;    /* the connection ID that the keys come from; NULL: destination */
	enum direction from;
	uint32_t number;
	size_t size;             /* the payload is padded to this */
	const struct bytes *payload;
};

/* Frames. */
void put_crypto(struct bytes *, size_t offset, const void *bytes, size_t size);
void put_connection_close(struct bytes *, uint16_t error);

void put_initial(struct bytes *, const struct initial *);

/* A long header with a length, and as many bytes of no meaning. */
void put_long(struct bytes *, uint8_t first, uint32_t version, const char *destination, const char *source, size_t size);

void put_negotiation(struct bytes *, const char *destination, const char *source, uint32_t version);
void put_retry(struct bytes *, uint32_t version, const char *destination, const char *source);

/* Bytes that look random: the same for the same seed. */
void put_noise(struct bytes *, uint32_t seed, size_t size);

#endif
