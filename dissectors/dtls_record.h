/* SPDX-License-Identifier: Apache-2.0 */
/* Records of DTLS (RFC 6347 4.1, RFC 9146 4, RFC 9147 4), and the fragments of handshake messages in them. */
#ifndef PODWIRE_DTLS_RECORD_H
#define PODWIRE_DTLS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

struct dtls_record {
	uint8_t type;      /* enum tls_content_type */
	uint16_t version;
	uint16_t epoch;    /* 0: in the clear */
	uint64_t sequence;
	struct cursor body;
};

/* Part of a handshake message, or all of it (RFC 6347 4.2.2). */
struct dtls_fragment {
	uint8_t type;
	uint32_t size;     /* of the whole message */
	uint16_t sequence;
	uint32_t offset;
	struct cursor body;
};

/* Reads one record with a plain header; others may follow in the same datagram. */
bool dtls_record_read(struct cursor *, struct dtls_record *);

/* Reads one fragment of a record in the clear; false where its lengths do not agree. */
bool dtls_fragment_read(struct cursor *, struct dtls_fragment *);

/*
 * Whether all of a datagram is records, of which those in the clear hold what they must, that side can have sent.
 * DTLS_HANDSHAKE with a handshake message among them, DTLS_RECORDS with none.
 */
enum dtls_chain { DTLS_NONE, DTLS_RECORDS, DTLS_HANDSHAKE };
enum dtls_chain dtls_datagram(struct cursor, enum direction from);

#endif
