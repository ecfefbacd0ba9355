/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an IP packet carries: TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792, 4443)
 * with the packet it quotes, ESP (RFC 4303), AH (RFC 4302). Checksums are not looked at: a card that
 * computes them does so after the capture.
 */
#include <config.h>

#include "packet_internal.h"

enum packet_result
packet_payload(struct decoding *d, const struct layer *l)
{
	struct packet *p = d->packet;

	p->payload = l->at;
	p->payload_captured = l->left;
	p->payload_size = l->wire;
	p->truncated = l->left < l->wire;
	return PACKET_OK;
}

enum { TCP_OPTION_END = 0, TCP_OPTION_NOP = 1, TCP_OPTION_SACK = 5, TCP_OPTION_TIMESTAMPS = 8, TCP_OPTION_MD5 = 19 };

/* A broken option ends the list, and the segment is used all the same, as every stack does. */
static void
tcp_options(struct packet *p, struct cursor options)
{
	while (cursor_left(&options) > 0) {
		uint8_t kind = cursor_u8(&options), size;
		const uint8_t *value;

		if (kind == TCP_OPTION_NOP)
			continue;
		size = cursor_u8(&options);
		if (kind == TCP_OPTION_END || size < 2)
			return;
		value = cursor_take(&options, size - 2u);
		if (value == NULL)
			return;
		if (kind == TCP_OPTION_TIMESTAMPS && size == 10)
			p->timestamp = be32(value);
		for (unsigned i = 0; kind == TCP_OPTION_SACK && i + 4 <= size - 2u; i += 4)
			p->sack = p->sack * 31 + be32(value + i);
		if (kind == TCP_OPTION_MD5 && size == 18)
			p->tcp_md5 = true;
	}
}

static enum packet_result
tcp(struct decoding *d, struct layer *l)
{
	/* NOP, NOP, timestamps of size 10: how most segments' options begin (RFC 7323 appendix A). */
	static const uint8_t usual[4] = { TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_TIMESTAMPS, 10 };
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, 20), *options;
	uint32_t size;

	if (h == NULL)
		return layer_short(l, 20, PACKET_MALFORMED_TRANSPORT);
	size = (h[12] >> 4) * 4u;
	if (size < 20)
		return PACKET_MALFORMED_TRANSPORT;
	size -= 20;
	p->source_port = be16(h);
	p->destination_port = be16(h + 2);
	p->sequence = be32(h + 4);
	p->acknowledgement = be32(h + 8);
	p->tcp_flags = h[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);
	p->window = be16(h + 14);
	p->urgent = be16(h + 18);
	if (size > 0) {
		if ((options = layer_take(l, size)) == NULL)
			return layer_short(l, size, PACKET_MALFORMED_TRANSPORT);
		if (size == 12 && memcmp(options, usual, sizeof(usual)) == 0)
			p->timestamp = be32(options + 4);
		else
			tcp_options(p, cursor_over(options, size));
	}
	return packet_payload(d, l);
}

static enum packet_result
udp(struct decoding *d, struct layer *l)
{
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, 8);
	enum packet_result result;
	uint32_t size;

	if (h == NULL)
		return layer_short(l, 8, PACKET_MALFORMED_TRANSPORT);
	size = be16(h + 4);
	if (size == 0 && l->wire + 8 > UINT16_MAX) /* a jumbogram (RFC 2675 4) */
		size = l->wire + 8;
	if (size < 8 || size - 8 > l->wire)
		return PACKET_MALFORMED_TRANSPORT;
	layer_cut(l, size - 8);
	if (packet_in_udp(d, be16(h), be16(h + 2), *l, &result))
		return result;
	p->source_port = be16(h);
	p->destination_port = be16(h + 2);
	return packet_payload(d, l);
}

/* Source port, destination port, verification tag, checksum; the chunks are payload. */
static enum packet_result
sctp(struct decoding *d, struct layer *l)
{
	const uint8_t *h = layer_take(l, 12);

	if (h == NULL)
		return layer_short(l, 12, PACKET_MALFORMED_TRANSPORT);
	d->packet->source_port = be16(h);
	d->packet->destination_port = be16(h + 2);
	return packet_payload(d, l);
}

/* Security parameters index and sequence number have to be there; the payload begins with them. */
static enum packet_result
esp(struct decoding *d, struct layer *l)
{
	return l->left < 8 ? layer_short(l, 8, PACKET_MALFORMED_TRANSPORT) : packet_payload(d, l);
}

/* The header's size is in words of four bytes, less two (RFC 4302 2.2), and no less than its fixed part; the payload begins with it. */
static enum packet_result
ah(struct decoding *d, struct layer *l)
{
	uint32_t size;

	if (l->left < 12)
		return layer_short(l, 12, PACKET_MALFORMED_TRANSPORT);
	size = (l->at[1] + 2u) * 4;
	if (size < 12)
		return PACKET_MALFORMED_TRANSPORT;
	return l->left < size ? layer_short(l, size, PACKET_MALFORMED_TRANSPORT) : packet_payload(d, l);
}

/* The ports of a quoted packet; none where the quote ends before them. */
static void
quoted_ports(struct packet *p, uint8_t protocol, struct cursor *c)
{
	const uint8_t *ports;

	p->quoted_ip_protocol = protocol;
	if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_SCTP)
		return;
	if ((ports = cursor_take(c, 4)) == NULL)
		return;
	p->quoted_source_port = be16(ports);
	p->quoted_destination_port = be16(ports + 2);
}

/* Lengths in a quote are those of the whole packet: not checked, most of it was not quoted. */
static void
quoted_ipv4(struct packet *p, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, IPV4_HEADER_SIZE);

	if (h == NULL || h[0] >> 4 != 4 || (h[0] & 15) < 5)
		return;
	p->icmp_quotes = true;
	p->quoted_source = address_from_v4(h + 12);
	p->quoted_destination = address_from_v4(h + 16);
	p->quoted_ip_protocol = h[9];
	cursor_skip(&c, (h[0] & 15u) * 4 - IPV4_HEADER_SIZE);
	if ((be16(h + 6) & 0x1fff) == 0) /* the ports are in the first fragment */
		quoted_ports(p, h[9], &c);
}

static void
quoted_ipv6(struct packet *p, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, IPV6_HEADER_SIZE), *extension;
	uint8_t next;

	if (h == NULL || h[0] >> 4 != 6)
		return;
	p->icmp_quotes = true;
	p->quoted_source = address_from_v6(h + 8);
	p->quoted_destination = address_from_v6(h + 24);
	next = h[6];
	for (unsigned headers = 0; headers < PACKET_DEPTH_MAX; headers++) {
		bool fragment = next == PROTOCOL_FRAGMENT;

		if (!fragment && !packet_ipv6_is_extension(next))
			break;
		p->quoted_ip_protocol = next;
		if ((extension = cursor_take(&c, 8)) == NULL)
			return;
		next = extension[0];
		if (!fragment)
			cursor_skip(&c, extension[1] * 8u);
		else if ((be16(extension + 2) & 0xfff8) != 0) {
			p->quoted_ip_protocol = next;
			return;
		}
	}
	quoted_ports(p, next, &c);
}

static enum packet_result
icmp(struct decoding *d, struct layer *l)
{
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, 8);

	if (h == NULL)
		return layer_short(l, 8, PACKET_MALFORMED_TRANSPORT);
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	switch (h[0]) {
	case 3:  /* destination unreachable */
	case 4:  /* source quench */
	case 5:  /* redirect */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		quoted_ipv4(p, layer_cursor(l));
	}
	return packet_payload(d, l);
}

static enum packet_result
icmpv6(struct decoding *d, struct layer *l)
{
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, 4);

	if (h == NULL)
		return layer_short(l, 4, PACKET_MALFORMED_TRANSPORT);
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	/* Group membership, neighbour discovery (RFC 2710, 3810, 4861): as ARP, nobody's communication. */
	if ((h[0] >= 130 && h[0] <= 137) || h[0] == 143)
		return PACKET_LINK_CONTROL;
	/* Destination unreachable, packet too big, time exceeded, parameter problem: four bytes, then the quote. */
	if (h[0] >= 1 && h[0] <= 4) {
		if (layer_take(l, 4) == NULL)
			return layer_short(l, 4, PACKET_MALFORMED_TRANSPORT);
		quoted_ipv6(p, layer_cursor(l));
	}
	return packet_payload(d, l);
}

/* RFC 3376: group membership is the link's own housekeeping. */
static enum packet_result
igmp(struct decoding *d, struct layer *l)
{
	(void)d, (void)l;
	return PACKET_LINK_CONTROL;
}

/* RFC 8200 4.7: bytes after it are to be ignored. */
static enum packet_result
no_next_header(struct decoding *d, struct layer *l)
{
	layer_cut(l, 0);
	return packet_payload(d, l);
}

static enum packet_result (*const readers[256])(struct decoding *, struct layer *) = {
	[PROTOCOL_ICMP] = icmp,
	[PROTOCOL_IGMP] = igmp,
	[PROTOCOL_IPV4] = packet_in_ip,
	[PROTOCOL_TCP] = tcp,
	[PROTOCOL_UDP] = udp,
	[PROTOCOL_IPV6] = packet_in_ip,
	[PROTOCOL_GRE] = packet_gre,
	[PROTOCOL_ESP] = esp,
	[PROTOCOL_AH] = ah,
	[PROTOCOL_ICMPV6] = icmpv6,
	[PROTOCOL_NONE] = no_next_header,
	[PROTOCOL_SCTP] = sctp,
};

enum packet_result
packet_transport(struct decoding *d, uint8_t protocol, struct layer *l)
{
	d->packet->ip_protocol = protocol;
	if (protocol == PROTOCOL_TCP) /* the usual case, early */
		return tcp(d, l);
	return readers[protocol] == NULL ? packet_payload(d, l) : readers[protocol](d, l);
}
