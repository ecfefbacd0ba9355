/* SPDX-License-Identifier: Apache-2.0 */
/* Writes DTLS records and handshake fragments, for tests. */
#ifndef PODWIRE_TESTS_DTLS_MESSAGES_H
#define PODWIRE_TESTS_DTLS_MESSAGES_H

#include "tls_messages.h"

/* A record; its number is counted on, where one is given. */
struct dtls_writer {
	uint16_t version, epoch;
	uint64_t number;
};

void put_dtls_record(struct bytes *, struct dtls_writer *, uint8_t type, const void *body, size_t size);

/* A record with one fragment of a message. */
void put_dtls_fragment(struct bytes *, struct dtls_writer *, uint8_t type, uint16_t sequence, const struct bytes *message, size_t offset, size_t size);

/* The same with all of it. */
void put_dtls_message(struct bytes *, struct dtls_writer *, uint8_t type, uint16_t sequence, const struct bytes *message);

/* The bodies of hellos. */
void put_dtls_client_hello(struct bytes *, uint16_t version, const char *cookie, uint16_t cipher, const struct bytes *extensions);
void put_dtls_server_hello(struct bytes *, uint16_t version, uint16_t cipher, const struct bytes *extensions);

#endif
