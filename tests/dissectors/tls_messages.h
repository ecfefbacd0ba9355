/* SPDX-License-Identifier: Apache-2.0 */
/* Writes TLS messages byte by byte, well-formed or not, for tests. */
#ifndef PODWIRE_TESTS_TLS_MESSAGES_H
#define PODWIRE_TESTS_TLS_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t at[150000];
	size_t size;
};

/* The extensions of a hello, each with its number and size before it. */
void put(struct bytes *, const void *bytes, size_t size);
void put_number(struct bytes *, uint64_t value, size_t size);
void put_extension(struct bytes *, uint16_t type, const void *data, size_t size);
void put_sni(struct bytes *, const char *name, size_t size);

struct hello {
	uint16_t version;
	uint16_t cipher;            /* offered with two others, or chosen */
	const char *session_id;     /* or NULL */
	const struct bytes *extensions; /* or NULL */
	const uint8_t *random;      /* 32 bytes, or NULL */
};

/* Handshake messages, and the records around them. */
void put_handshake(struct bytes *, uint8_t type, const void *body, size_t size);
void put_client_hello(struct bytes *, const struct hello *);
void put_server_hello(struct bytes *, const struct hello *);
void put_record(struct bytes *, uint8_t type, uint16_t version, const void *body, size_t size);

/* The handshake messages in from as records of at most size bytes each. */
void put_records(struct bytes *, const struct bytes *from, size_t size);

#endif
