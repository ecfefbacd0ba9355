/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reassembly of IPv4 (RFC 791) and IPv6 (RFC 8200 4.5) fragments in memory that is given once.
 * Where that is full, the datagram that began first is given up. Fragments that overlap make their
 * datagram unusable, and all that comes of it later (RFC 5722); an exact copy is passed over.
 */
#ifndef PODWIRE_FRAGMENT_H
#define PODWIRE_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "dissectors/cursor.h"
#include "packet.h"

enum {
	FRAGMENT_DATAGRAMS_MAX = 4096, /* waiting at a time */
	FRAGMENTS_MAX = 128,           /* of one datagram: 64 KiB at the smallest MTU in use, 576, make 119 */
	FRAGMENT_TIMEOUT = 30,         /* seconds of packet time from the first that came */
	FRAGMENT_NESTING_MAX = 2,      /* datagrams put together for one frame: an inner one in an outer one */
};

struct fragments;

struct fragment {
	struct address source, destination;
	int64_t time;         /* nanoseconds since 1970 */
	uint32_t id;
	uint32_t offset;      /* of data in the datagram, bytes */
	uint8_t version;      /* 4 or 6 */
	uint8_t protocol;     /* IPv4: a part of the key; 0 in IPv6 */
	bool more;            /* not the last */
	struct cursor header; /* from the IP header on; IPv6: up to the fragment header */
	uint8_t next;         /* IPv6: the fragment header's next header, */
	uint32_t next_at;     /* and where in header it takes the place of 44 */
	struct cursor data;
	uint32_t size;        /* of data on the wire */
};

/* An IP packet with a header that agrees with it. Borrowed until fragments_begin(). */
struct reassembled {
	const uint8_t *bytes;
	uint32_t captured; /* less than size where a fragment was cut: bytes up to there */
	uint32_t size;
};

/*
 * Room for memory bytes of waiting fragments (with their management; 0 holds none), and for
 * FRAGMENT_NESTING_MAX whole datagrams apart from that. Held fragments whose datagram is given up
 * are added to *dropped. Returns owned, NULL without memory.
 */
struct fragments *fragments_new(size_t memory, uint64_t *dropped);
void fragments_free(struct fragments *);

/* A new frame: what was given out for the one before it is taken back. */
void fragments_begin(struct fragments *);

/*
 * PACKET_OK: *whole is the datagram that this fragment completed. PACKET_FRAGMENT_HELD: kept, or known
 * already. PACKET_FRAGMENT_DROPPED: of no use, or its datagram is not. PACKET_TOO_DEEP: it would
 * have completed one more than FRAGMENT_NESTING_MAX.
 */
enum packet_result fragments_add(struct fragments *, const struct fragment *, struct reassembled *whole);

#endif
