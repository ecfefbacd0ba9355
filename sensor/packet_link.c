/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link layer: what libpcap's link-layer types put before an IP packet, and the tags, labels
 * and sessions that may stand between (IEEE 802.1Q, RFC 3032, RFC 2516, RFC 1661).
 */
#include <config.h>

#include "packet_internal.h"

/* libpcap's DLT_* values (https://www.tcpdump.org/linktypes.html). */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPPOE = 51,
	LINK_RAW_FILE = 101,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED2 = 276,
};

enum { COOKED_OUTGOING = 4 };    /* Linux cooked: the packet type of what the host sends */
enum { ARPHRD_NETLINK = 824 }; /* Linux cooked: a netlink message, not a packet */

/* PPP protocol numbers (IANA). */
enum { PPP_IPV4 = 0x0021, PPP_ENCRYPTED = 0x0053, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281 };

static enum packet_result
ppp(struct decoding *d, struct layer *l)
{
	const uint8_t *h;
	uint16_t protocol;

	/* Address and control, where they were not compressed away (RFC 1662 3.1). */
	if (layer_peek(l, 0) == 0xff && layer_take(l, 2) == NULL)
		return layer_short(l, 2, PACKET_MALFORMED_LINK);
	if ((h = layer_take(l, 1)) == NULL)
		return layer_short(l, 1, PACKET_MALFORMED_LINK);
	protocol = h[0];
	/* An odd first byte is a compressed protocol number (RFC 1661 6.5). */
	if ((protocol & 1) == 0) {
		if ((h = layer_take(l, 1)) == NULL)
			return layer_short(l, 1, PACKET_MALFORMED_LINK);
		protocol = (uint16_t)(protocol << 8 | h[0]);
	}
	switch (protocol) {
	case PPP_IPV4:
		return packet_ipv4(d, l);
	case PPP_IPV6:
		return packet_ipv6(d, l);
	case PPP_MPLS:
		return packet_ethertype(d, ETHERTYPE_MPLS, l);
	case PPP_ENCRYPTED:
		return PACKET_ENCAPSULATION_ENCRYPTED;
	default:
		return PACKET_NOT_IP;
	}
}

/* RFC 2516 4: version and type 1, code 0 in a session, session, length of the PPP frame. */
static enum packet_result
pppoe_session(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 6);

	if (h == NULL)
		return layer_short(l, 6, PACKET_MALFORMED_LINK);
	if (h[0] != 0x11 || be16(h + 4) > l->wire)
		return PACKET_MALFORMED_LINK;
	if (h[1] != 0)
		return PACKET_NOT_IP;
	if (!decoding_enter(d, TUNNEL_PPPOE))
		return PACKET_TOO_DEEP;
	layer_cut(l, be16(h + 4));
	return ppp(d, l);
}

/* Whether an Ethernet frame begins offset bytes ahead: one whose type a pseudo-wire would carry. */
static bool
ethernet_at(const struct layer *l, uint32_t offset)
{
	int high = layer_peek(l, offset + 12), low = layer_peek(l, offset + 13);

	switch (high < 0 || low < 0 ? -1 : high << 8 | low) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_ARP:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_VLAN:
	case ETHERTYPE_VLAN_SERVICE:
		return true;
	default:
		return false;
	}
}

static bool
ip_lengths_agree(const struct layer *l)
{
	struct cursor c = layer_cursor(l);
	const uint8_t *h = cursor_take(&c, IPV4_HEADER_SIZE);

	if (h == NULL)
		return false;
	if (h[0] >> 4 == 6)
		return (uint32_t)be16(h + 4) + IPV6_HEADER_SIZE <= l->wire;
	return h[0] >> 4 == 4 && (h[0] & 15) >= 5 && be16(h + 2) >= (h[0] & 15) * 4 && be16(h + 2) <= l->wire;
}

/*
 * Nothing in a label stack says what it carries. An IP version is believed when its lengths agree
 * (RFC 4928 3); an Ethernet pseudo-wire, with or without its control word (RFC 4448 4.6), when it can
 * be read in one way alone.
 */
static enum packet_result
mpls_payload(struct decoding *d, struct layer *l)
{
	int first = layer_peek(l, 0);
	bool plain = ethernet_at(l, 0), word = first == 0 && ethernet_at(l, 4);

	if (first < 0)
		return layer_short(l, 1, PACKET_MALFORMED_LINK);
	if (ip_lengths_agree(l) || (!plain && (first >> 4 == 4 || first >> 4 == 6)))
		return packet_ip(d, l);
	if (plain == word) /* 18: a control word and an Ethernet header */
		return l->left < 18 && l->wire > l->left ? PACKET_TRUNCATED_HEADER : PACKET_NOT_IP;
	if (++d->depth > PACKET_DEPTH_MAX)
		return PACKET_TOO_DEEP;
	if (word)
		(void)layer_take(l, 4);
	return packet_ethernet(d, l);
}

static enum packet_result
mpls(struct decoding *d, struct layer *l)
{
	for (unsigned labels = 0; labels < PACKET_DEPTH_MAX; labels++) {
		const uint8_t *h = layer_take(l, 4);

		if (h == NULL)
			return layer_short(l, 4, PACKET_MALFORMED_LINK);
		if (h[2] & 1) /* bottom of the stack (RFC 3032 2.1) */
			return mpls_payload(d, l);
	}
	return PACKET_TOO_DEEP;
}

/* IEEE 802.2: with SNAP an Ethernet type follows; any other LLC carries nothing for us. */
static enum packet_result
snap(struct layer *l, uint16_t *type)
{
	static const uint8_t header[6] = { 0xaa, 0xaa, 0x03 };
	const uint8_t *h = layer_take(l, 8);

	if (h == NULL)
		return layer_short(l, 8, PACKET_NOT_IP);
	*type = be16(h + 6);
	return memcmp(h, header, sizeof(header)) == 0 && *type >= ETHERTYPE_LENGTHS ? PACKET_OK : PACKET_NOT_IP;
}

enum packet_result
packet_ethertype(struct decoding *d, uint16_t type, struct layer *l)
{
	/* Each turn passes over one tag. */
	for (unsigned tags = 0; tags <= PACKET_DEPTH_MAX; tags++) {
		enum packet_result result;
		const uint8_t *h;

		switch (type) {
		case ETHERTYPE_IPV4:
			return packet_ipv4(d, l);
		case ETHERTYPE_IPV6:
			return packet_ipv6(d, l);
		case ETHERTYPE_VLAN:
		case ETHERTYPE_VLAN_SERVICE:
		case ETHERTYPE_VLAN_OLD:
			if ((h = layer_take(l, 4)) == NULL)
				return layer_short(l, 4, PACKET_MALFORMED_LINK);
			type = be16(h + 2);
			break;
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UPSTREAM:
			return mpls(d, l);
		case ETHERTYPE_PPPOE_SESSION:
			return pppoe_session(d, l);
		case ETHERTYPE_MACSEC:
			return PACKET_ENCAPSULATION_ENCRYPTED;
		case ETHERTYPE_ARP:
			d->arp = true;
			return PACKET_NOT_IP;
		default:
			if (type == 0 || type >= ETHERTYPE_LENGTHS)
				return PACKET_NOT_IP;
			if (type <= l->wire)
				layer_cut(l, type);
			if ((result = snap(l, &type)) != PACKET_OK)
				return result;
		}
	}
	return PACKET_TOO_DEEP;
}

enum packet_result
packet_ethernet(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 14);

	if (h == NULL)
		return layer_short(l, 14, PACKET_MALFORMED_LINK);
	if (be16(h + 12) == ETHERTYPE_IPV4) /* the usual case, early */
		return packet_ipv4(d, l);
	return packet_ethertype(d, be16(h + 12), l);
}

/*
 * Linux 6.10 and later tell in the cooked forms what is behind all tags, and take off but the outermost: another is still there.
 * Its last field then says the same protocol, and what begins at it cannot be that protocol.
 */
static bool
hides_tag(const struct layer *l, uint16_t protocol)
{
	if (l->left < 6 || be16(l->at + 2) != protocol)
		return false;
	switch (protocol) {
	case ETHERTYPE_IPV4: /* version, total length */
		return l->at[0] >> 4 != 4 || be16(l->at + 2) > l->wire;
	case ETHERTYPE_IPV6: /* version, payload length */
		return l->at[0] >> 4 != 6 || be16(l->at + 4) + 40u > l->wire;
	case ETHERTYPE_PPPOE_SESSION: /* version and type */
		return l->at[0] != 0x11;
	default:
		return false;
	}
}

/* Both cooked headers tell the hardware type and a protocol, which Linux leaves below 0x0600 for frames without one. */
static enum packet_result
cooked_payload(struct decoding *d, uint16_t hardware, uint16_t protocol, struct layer *l)
{
	enum packet_result result;

	if (hardware == ARPHRD_NETLINK)
		return PACKET_NOT_IP;
	if (protocol == 0x0004 && (result = snap(l, &protocol)) != PACKET_OK) /* 802.2 */
		return result;
	if (hides_tag(l, protocol))
		(void)layer_take(l, 4);
	return protocol < ETHERTYPE_LENGTHS ? PACKET_NOT_IP : packet_ethertype(d, protocol, l);
}

static enum packet_result
cooked(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 16);

	if (h == NULL)
		return layer_short(l, 16, PACKET_MALFORMED_LINK);
	d->packet->incoming = be16(h) != COOKED_OUTGOING;
	return cooked_payload(d, be16(h + 2), be16(h + 14), l);
}

static enum packet_result
cooked2(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 20);

	if (h == NULL)
		return layer_short(l, 20, PACKET_MALFORMED_LINK);
	d->packet->incoming = h[10] != COOKED_OUTGOING;
	return cooked_payload(d, be16(h + 8), be16(h), l);
}

/*
 * BSD loopback: an address family of four bytes in the byte order of the host that captured
 * (DLT_NULL) or of the network (DLT_LOOP). Families are small, so the order shows.
 */
static enum packet_result
loopback(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 4);

	if (h == NULL)
		return layer_short(l, 4, PACKET_MALFORMED_LINK);
	switch (h[0] == 0 && h[1] == 0 ? be16(h + 2) : (h[2] | h[3]) == 0 ? h[1] << 8 | h[0] : 0) {
	case 2:
		return packet_ipv4(d, l);
	case 10: /* AF_INET6 on Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return packet_ipv6(d, l);
	default:
		return PACKET_NOT_IP;
	}
}

static const struct link {
	int type;
	enum packet_result (*read)(struct decoding *, struct layer *);
} links[] = {
	{ LINK_ETHERNET, packet_ethernet },
	{ LINK_COOKED, cooked },
	{ LINK_COOKED2, cooked2 },
	{ LINK_RAW, packet_ip },
	{ LINK_RAW_OPENBSD, packet_ip },
	{ LINK_RAW_FILE, packet_ip },
	{ LINK_IPV4, packet_ipv4 },
	{ LINK_IPV6, packet_ipv6 },
	{ LINK_NULL, loopback },
	{ LINK_LOOP, loopback },
	{ LINK_PPP, ppp },
	{ LINK_PPP_SERIAL, ppp },
	{ LINK_PPPOE, pppoe_session },
};

static const struct link *
link_find(int type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}

bool
packet_link_supported(int link_type)
{
	return link_find(link_type) != NULL;
}

enum packet_result
packet_link(struct decoding *d, int link_type, struct layer *l)
{
	const struct link *link;

	if (link_type == LINK_ETHERNET) /* the usual case, early */
		return packet_ethernet(d, l);
	link = link_find(link_type);
	return link == NULL ? PACKET_UNSUPPORTED_LINK : link->read(d, l);
}
