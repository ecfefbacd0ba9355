/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the packet decoder share. Each layer's reader takes its header off a struct
 * layer, fills what it learnt into the packet and calls the reader of what follows. Readers nest
 * for tunnels, which decoding.depth bounds.
 */
#ifndef PODWIRE_PACKET_INTERNAL_H
#define PODWIRE_PACKET_INTERNAL_H

#include "packet.h"

#include "dissectors/cursor.h"
#include "fragment.h"

/* The Ethernet types that are read here (IEEE 802 numbers); GRE and Geneve use them too. */
enum ethertype {
	ETHERTYPE_LENGTHS = 0x0600, /* below: an 802.3 length */
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_TEB = 0x6558, /* an Ethernet frame */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_VLAN_SERVICE = 0x88a8,
	ETHERTYPE_ERSPAN = 0x88be,
	ETHERTYPE_MACSEC = 0x88e5,
	ETHERTYPE_VLAN_OLD = 0x9100,
};

/* Internet protocol numbers that are read here (IANA). */
enum protocol_number {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_IGMP = 2,
	PROTOCOL_IPV4 = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_GRE = 47,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_NONE = 59,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_SCTP = 132,
	PROTOCOL_MOBILITY = 135,
	PROTOCOL_HIP = 139,
	PROTOCOL_SHIM6 = 140,
};

enum { IPV4_HEADER_SIZE = 20, IPV6_HEADER_SIZE = 40 };

struct packet_decoder {
	struct fragments *fragments;
	uint64_t counters[PACKET_RESULT_COUNT];
	uint32_t share_count, share_index; /* of those who share the fragments; 0, 1: all are ours */
	packet_share *share;
};

/* One frame's way through the readers. */
struct decoding {
	struct packet_decoder *decoder;
	struct packet *packet;
	unsigned depth; /* tunnels entered, and datagrams reassembled */
	bool arp;       /* what was met in place of IP is ARP */
};

/*
 * What is left of a frame at some point: the bytes there are, and how many the wire carried, which
 * is never less. A cursor with a second length; layer_take() is the one way on.
 */
struct layer {
	const uint8_t *at;
	uint32_t left;
	uint32_t wire;
};

static inline struct cursor
layer_cursor(const struct layer *l)
{
	return cursor_over(l->at, l->left);
}

/* The byte offset bytes ahead, or -1 where there is none. */
static inline int
layer_peek(const struct layer *l, uint32_t offset)
{
	return offset < l->left ? l->at[offset] : -1;
}

static inline uint16_t
be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t
be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The next size bytes, which are passed over, or NULL: then layer_short() says why. */
static inline const uint8_t *
layer_take(struct layer *l, uint32_t size)
{
	const uint8_t *at = l->at;

	if (size > l->left)
		return NULL;
	l->at += size;
	l->left -= size;
	l->wire -= size;
	return at;
}

/* A header of size bytes was not to be had: the capture cut it, or the wire had no room for it. */
static inline enum packet_result
layer_short(const struct layer *l, uint32_t size, enum packet_result malformed)
{
	return l->wire >= size ? PACKET_TRUNCATED_HEADER : malformed;
}

/* Leaves at most size bytes: what comes after them is padding or a trailer. */
static inline void
layer_cut(struct layer *l, uint32_t size)
{
	if (l->wire > size)
		l->wire = size;
	if (l->left > size)
		l->left = size;
}

/* Goes one tunnel deeper; false where that is too deep. The packet as read so far is what carries it. */
static inline bool
decoding_enter(struct decoding *d, enum tunnel tunnel)
{
	struct packet *p = d->packet;

	if (p->carrier.tunnel == TUNNEL_NONE && tunnel != TUNNEL_PPPOE)
		p->carrier = (struct packet_carrier){
			.source = p->source, .destination = p->destination, .ip_id = p->ip_id, .tunnel = (uint8_t)tunnel,
			.ip_protocol = p->ip_protocol, .hop_limit = p->hop_limit, .ip_size = p->ip_size,
		};
	p->tunnel = (uint8_t)tunnel;
	return ++d->depth <= PACKET_DEPTH_MAX;
}

/* packet_link.c */
enum packet_result packet_link(struct decoding *, int link_type, struct layer *);
enum packet_result packet_ethernet(struct decoding *, struct layer *);
enum packet_result packet_ethertype(struct decoding *, uint16_t type, struct layer *);

/* packet_ip.c: packet_ip() goes by the version nibble. */
enum packet_result packet_ip(struct decoding *, struct layer *);
enum packet_result packet_ipv4(struct decoding *, struct layer *);
enum packet_result packet_ipv6(struct decoding *, struct layer *);
/* Whether protocol is an IPv6 extension header of the common form: next header, length in 8 bytes. */
bool packet_ipv6_is_extension(uint8_t protocol);

/* packet_transport.c: what an IP packet carries. */
enum packet_result packet_transport(struct decoding *, uint8_t protocol, struct layer *);
/* All that is left is payload. */
enum packet_result packet_payload(struct decoding *, const struct layer *);

/* packet_tunnel.c: tunnels straight on IP. */
enum packet_result packet_gre(struct decoding *, struct layer *);
enum packet_result packet_in_ip(struct decoding *, struct layer *);
/*
 * Tunnels in UDP, by port. True where the payload is one, whole and plausible; *result is then the
 * inner packet's. False: nothing was changed, the datagram is the packet.
 */
bool packet_in_udp(struct decoding *, uint16_t source_port, uint16_t destination_port, struct layer payload, enum packet_result *result);

#endif
