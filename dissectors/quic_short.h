/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC joined after its handshake: packets with short headers (RFC 9000 17.3.1), of which nothing but
 * two bits and a connection ID is readable. What several of them have in common can be told.
 */
#ifndef PODWIRE_QUIC_SHORT_H
#define PODWIRE_QUIC_SHORT_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

enum { QUIC_SHORT_KEPT = 4, QUIC_SHORT_HEAD = 32, QUIC_SHORT_TAIL = 8 };

/* Zeroed at the start. */
struct quic_short_watch {
	struct {
		uint8_t head[QUIC_SHORT_KEPT][QUIC_SHORT_HEAD]; /* the first bytes of a datagram */
		uint8_t tail[QUIC_SHORT_KEPT][QUIC_SHORT_TAIL]; /* and its last */
		uint8_t count;
	} sides[2];
	uint32_t hidden_seen; /* a bit for each value of the five low bits of a first byte */
	uint8_t datagrams;
};

/* Whether a datagram can be such a packet. */
bool quic_short_possible(struct cursor);

/*
 * Looks at one more datagram. QUIC_SHORT_YES: all of them so far are what only QUIC is; QUIC_SHORT_NO: they
 * are not, or it cannot be told.
 */
enum quic_short { QUIC_SHORT_NO, QUIC_SHORT_OPEN, QUIC_SHORT_YES };
enum quic_short quic_short_look(struct quic_short_watch *, enum direction from, struct cursor datagram);

#endif
