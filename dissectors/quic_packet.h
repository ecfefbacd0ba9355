/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets of QUIC as anybody can read them: long headers (RFC 9000 17.2, RFC 9369 3.2), Version
 * Negotiation (RFC 8999 6), and the client's first packet of Google's QUIC before it.
 */
#ifndef PODWIRE_QUIC_PACKET_H
#define PODWIRE_QUIC_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "quic_crypto.h"

enum { QUIC_ID_SIZE_MAX = 20 };

struct quic_id {
	uint8_t size;
	uint8_t bytes[QUIC_ID_SIZE_MAX];
};

enum quic_packet_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_NEGOTIATION, QUIC_OTHER };

struct quic_version {
	const char *name; /* as outputs spell it: static; NULL for drafts */
	const struct quic_protection *protection;
	bool second;      /* the packet types of QUIC version 2 */
};

/* A packet with a long header. */
struct quic_packet {
	enum quic_packet_type type; /* QUIC_OTHER: of a version that is not known */
	const struct quic_version *version; /* NULL: not known */
	struct quic_id destination, source;
	struct cursor bytes;        /* the packet, and nothing behind it */
	size_t number_at;           /* where in it the packet number begins; 0: it has none */
	bool token;                 /* an Initial packet with one, which only clients send */
};

/*
 * Reads one packet with a long header; others may follow in the same datagram. False where it is
 * none, or its lengths do not fit. Of a version that is not known it is read as if it were an Initial packet,
 * and only that.
 */
bool quic_packet_read(struct cursor *, struct quic_packet *);

/* Whether this can be the first byte of a long header, of a short one. */
static inline bool
quic_is_long(int first)
{
	return (first & 0x80) != 0;
}

static inline bool
quic_is_short(int first)
{
	return (first & 0xc0) == 0x40;
}

/* Reads a variable-length integer (RFC 9000 16). */
uint64_t quic_take_varint(struct cursor *);

/* The versions whose keys are tried where a version is not known, NULL-terminated. */
extern const struct quic_version *const quic_versions_to_try[];

static inline struct cursor
quic_id_bytes(const struct quic_id *id)
{
	return cursor_over(id->bytes, id->size);
}

bool quic_id_equal(const struct quic_id *, const struct quic_id *);

/*
 * Whether a datagram is a client's packet of Google's QUIC, up to Q049, that is not encrypted yet: its hash
 * fits. Gives the name of its version, static, NULL for one without, and the message inside.
 */
bool quic_google_packet_read(struct cursor, const char **version, struct cursor *message);

/* Reads the server's name from a CHLO message of Google's QUIC; "" where there is none. */
void quic_google_server_name(struct cursor message, char *name, size_t size);

#endif
