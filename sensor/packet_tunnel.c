/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: IP in IP, GRE, and those that are carried in UDP. A UDP port is no evidence, so the
 * latter are entered only when what is inside is a whole packet with lengths that agree.
 */
#include <config.h>

#include "packet_internal.h"

/* RFC 2003, 4213, 2473: the inner packet follows straight on. */
enum packet_result
packet_in_ip(struct decoding *d, struct layer *l)
{
	bool outer_v6 = d->packet->ip[0] >> 4 == 6, inner_v6 = d->packet->ip_protocol == PROTOCOL_IPV6;

	if (!decoding_enter(d, outer_v6 ? TUNNEL_IP6TNL : inner_v6 ? TUNNEL_6IN4 : TUNNEL_IPIP))
		return PACKET_TOO_DEEP;
	return inner_v6 ? packet_ipv6(d, l) : packet_ipv4(d, l);
}

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000, GRE_VERSION = 0x0007 };

/*
 * ERSPAN is a mirrored Ethernet frame: type I has no header and no sequence number, type II a
 * header of 8 bytes that begins with version 1 (draft-foschiano-erspan 4).
 */
static enum packet_result
erspan(struct decoding *d, uint16_t flags, struct layer *l)
{
	const uint8_t *h;

	if ((flags & GRE_SEQUENCE) == 0)
		return packet_ethernet(d, l);
	if ((h = layer_take(l, 8)) == NULL)
		return layer_short(l, 8, PACKET_MALFORMED_TRANSPORT);
	return h[0] >> 4 == 1 ? packet_ethernet(d, l) : PACKET_MALFORMED_TRANSPORT;
}

/* RFC 2784, 2890. A flow of GRE itself is what remains where the payload is none of ours. */
enum packet_result
packet_gre(struct decoding *d, struct layer *l)
{
	struct layer all = *l;
	const uint8_t *h = layer_take(l, 4);
	uint16_t flags, type;
	uint32_t options;

	if (h == NULL)
		return layer_short(l, 4, PACKET_MALFORMED_TRANSPORT);
	flags = be16(h);
	type = be16(h + 2);
	if ((flags & (GRE_ROUTING | GRE_VERSION)) != 0)
		return packet_payload(d, &all);
	options = ((flags & GRE_CHECKSUM) != 0) * 4u + ((flags & GRE_KEY) != 0) * 4u + ((flags & GRE_SEQUENCE) != 0) * 4u;
	if (layer_take(l, options) == NULL)
		return layer_short(l, options, PACKET_MALFORMED_TRANSPORT);
	switch (type) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		return decoding_enter(d, TUNNEL_GRE) ? packet_ethertype(d, type, l) : PACKET_TOO_DEEP;
	case ETHERTYPE_TEB:
		return decoding_enter(d, TUNNEL_GRE) ? packet_ethernet(d, l) : PACKET_TOO_DEEP;
	case ETHERTYPE_ERSPAN:
		return decoding_enter(d, TUNNEL_GRE) ? erspan(d, flags, l) : PACKET_TOO_DEEP;
	default:
		return packet_payload(d, &all);
	}
}

/*
 * The readers below return PACKET_MALFORMED_TRANSPORT for a payload that is not their tunnel, which
 * leaves it to be what any UDP payload is.
 */

/* RFC 7348 5. The bit 0x04 makes it VXLAN-GPE, with another payload than Ethernet. */
static enum packet_result
vxlan(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 8);

	if (h == NULL || (h[0] & 0x0c) != 0x08)
		return PACKET_MALFORMED_TRANSPORT;
	return packet_ethernet(d, l);
}

/* RFC 8926 3.4: version and size of the options in words, flags, type of what follows. */
static enum packet_result
geneve(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 8);

	if (h == NULL || h[0] >> 6 != 0 || (h[1] & 0x3f) != 0 || layer_take(l, (h[0] & 0x3fu) * 4) == NULL)
		return PACKET_MALFORMED_TRANSPORT;
	switch (be16(h + 2)) {
	case ETHERTYPE_TEB:
		return packet_ethernet(d, l);
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
		return packet_ethertype(d, be16(h + 2), l);
	default:
		return PACKET_MALFORMED_TRANSPORT;
	}
}

/* 3GPP TS 29.281 5.2: extension headers, each in words of four bytes, its last byte the type of the next. */
static bool
gtpu_extensions(struct layer *l, uint8_t next)
{
	for (unsigned headers = 0; next != 0; headers++) {
		uint32_t size = (uint32_t)(layer_peek(l, 0) < 0 ? 0 : layer_peek(l, 0)) * 4;
		const uint8_t *h = layer_take(l, size);

		if (h == NULL || size == 0 || headers == PACKET_DEPTH_MAX)
			return false;
		next = h[size - 1];
	}
	return true;
}

/* 3GPP TS 29.281 5.1: version 1, protocol type GTP, message type 255 (G-PDU), length of what follows. */
static enum packet_result
gtpu(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 8), *options;

	if (h == NULL || (h[0] & 0xf0) != 0x30 || h[1] != 255 || be16(h + 2) != l->wire)
		return PACKET_MALFORMED_TRANSPORT;
	if ((h[0] & 0x07) != 0) {
		/* One flag makes all of sequence number, N-PDU number and next extension present. */
		if ((options = layer_take(l, 4)) == NULL)
			return PACKET_MALFORMED_TRANSPORT;
		if ((h[0] & 0x04) != 0 && !gtpu_extensions(l, options[3]))
			return PACKET_MALFORMED_TRANSPORT;
	}
	return packet_ip(d, l);
}

/* RFC 4380 5.1.1: an authentication header and an origin indication may precede an IPv6 packet. */
static enum packet_result
teredo(struct decoding *d, struct layer *l)
{
	const uint8_t *h;

	if (layer_peek(l, 0) == 0 && layer_peek(l, 1) == 1) {
		h = layer_take(l, 4);
		/* Sizes of identifier and authentication value; nonce and confirmation are 9 bytes. */
		if (h == NULL || layer_take(l, h[2] + h[3] + 9u) == NULL)
			return PACKET_MALFORMED_TRANSPORT;
	}
	if (layer_peek(l, 0) == 0 && layer_peek(l, 1) == 0 && layer_take(l, 8) == NULL)
		return PACKET_MALFORMED_TRANSPORT;
	if (l->left < IPV6_HEADER_SIZE || be16(l->at + 4) + (uint32_t)IPV6_HEADER_SIZE != l->wire)
		return PACKET_MALFORMED_TRANSPORT;
	return packet_ipv6(d, l);
}

struct udp_tunnel {
	enum tunnel tunnel;
	enum packet_result (*read)(struct decoding *, struct layer *);
};

static const struct udp_tunnel vxlan_tunnel = { TUNNEL_VXLAN, vxlan };
static const struct udp_tunnel geneve_tunnel = { TUNNEL_GENEVE, geneve };
static const struct udp_tunnel gtpu_tunnel = { TUNNEL_GTPU, gtpu };
static const struct udp_tunnel teredo_tunnel = { TUNNEL_TEREDO, teredo };

/* The tunnel of a port, or NULL. Every datagram passes here: a switch is quicker than a table. */
static const struct udp_tunnel *
udp_tunnel_at(uint16_t source_port, uint16_t destination_port)
{
	switch (destination_port) {
	case 4789:
	case 8472: /* Linux's default, before IANA gave one */
		return &vxlan_tunnel;
	case 6081:
		return &geneve_tunnel;
	case 2152:
		return &gtpu_tunnel;
	case 3544:
		return &teredo_tunnel;
	}
	/* In the others the source port only spreads load. */
	switch (source_port) {
	case 2152:
		return &gtpu_tunnel;
	case 3544:
		return &teredo_tunnel;
	}
	return NULL;
}

/* Whether this came of a packet that was there, and not of bytes that happened to look like one. */
static bool
plausible(const struct decoding *d, enum packet_result result)
{
	switch (result) {
	case PACKET_OK:
	case PACKET_FRAGMENT_HELD:
	case PACKET_FRAGMENT_DROPPED:
	case PACKET_TOO_DEEP:
	case PACKET_LINK_CONTROL:
		return true;
	case PACKET_NOT_IP:
		return d->arp;
	default:
		return false;
	}
}

bool
packet_in_udp(struct decoding *d, uint16_t source_port, uint16_t destination_port, struct layer payload, enum packet_result *result)
{
	const struct udp_tunnel *tunnel = udp_tunnel_at(source_port, destination_port);
	struct packet outer;
	unsigned depth = d->depth;

	if (tunnel == NULL)
		return false;
	outer = *d->packet;
	if (!decoding_enter(d, tunnel->tunnel)) {
		*result = PACKET_TOO_DEEP;
		return true;
	}
	if (outer.carrier.tunnel == TUNNEL_NONE)
		d->packet->carrier.port = udp_tunnel_at(0, destination_port) != NULL ? destination_port : source_port;
	*result = tunnel->read(d, &payload);
	if (plausible(d, *result))
		return true;
	*d->packet = outer;
	d->depth = depth;
	d->arp = false;
	return false;
}
