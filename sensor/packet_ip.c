/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200) headers and what stands between them and the transport:
 * options, extension headers, fragments. A size that an offloading network card was to fill in is
 * taken from the frame.
 */
#include <config.h>

#include "packet_internal.h"

#include <assert.h>
#include <string.h>

#include "hash.h"

/*
 * Which of those who share the work puts a datagram together. One inside a tunnel goes to whoever
 * has the tunnel, which he then counts with it.
 */
static uint32_t
share_of(const struct decoding *d, const struct fragment *f)
{
	const struct packet *p = d->packet;
	uint64_t words[4], h = (uint64_t)f->id << 16 | (uint64_t)f->version << 8 | f->protocol;

	if (p->carrier.tunnel != TUNNEL_NONE)
		return d->decoder->share(p->carrier.port, p->carrier.port, d->decoder->share_count);
	static_assert(sizeof(words) == 2 * sizeof(struct address), "addresses are hashed as words");
	memcpy(words, &p->source, sizeof(p->source));
	memcpy(words + 2, &p->destination, sizeof(p->destination));
	for (unsigned i = 0; i < 4; i++)
		h = hash_mix(h ^ words[i], UINT64_C(0x9e3779b97f4a7c15));
	return (uint32_t)(h % d->decoder->share_count);
}

/* Hands a fragment to the reassembly and reads the datagram that it completes. */
static enum packet_result
fragment(struct decoding *d, struct fragment *f, const struct layer *data)
{
	struct packet *p = d->packet;
	struct reassembled whole;
	enum packet_result result;
	struct layer l;
	uint32_t share;

	f->source = p->source;
	f->destination = p->destination;
	f->time = p->frame->time;
	if (d->decoder->share_count > 1 && (share = share_of(d, f)) != d->decoder->share_index) {
		p->fragment_share = share + 1;
		return PACKET_FRAGMENT_HELD;
	}
	f->data = layer_cursor(data);
	f->size = data->wire;
	result = fragments_add(d->decoder->fragments, f, &whole);
	if (result != PACKET_OK)
		return result;
	if (++d->depth > PACKET_DEPTH_MAX)
		return PACKET_TOO_DEEP;
	if (!p->reassembled) {
		p->whole = whole.bytes;
		p->whole_captured = whole.captured;
		p->whole_size = whole.size;
	}
	p->reassembled = true;
	l = (struct layer){ .at = whole.bytes, .left = whole.captured, .wire = whole.size };
	return packet_ip(d, &l);
}

enum packet_result
packet_ipv4(struct decoding *d, struct layer *l)
{
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, IPV4_HEADER_SIZE);
	uint32_t header, size;
	uint16_t fragmentation;

	if (h == NULL)
		return layer_short(l, IPV4_HEADER_SIZE, PACKET_MALFORMED_IP);
	header = (h[0] & 15u) * 4;
	size = be16(h + 2);
	if (size == 0) /* segmentation offload; Linux's BIG TCP */
		size = l->wire + IPV4_HEADER_SIZE;
	if (h[0] >> 4 != 4 || header < IPV4_HEADER_SIZE || size < header || size - IPV4_HEADER_SIZE > l->wire)
		return PACKET_MALFORMED_IP;
	layer_cut(l, size - IPV4_HEADER_SIZE);
	if (header > IPV4_HEADER_SIZE && layer_take(l, header - IPV4_HEADER_SIZE) == NULL)
		return PACKET_TRUNCATED_HEADER;
	p->ip = h;
	p->ip_size = size;
	p->ip_captured = header + l->left;
	p->ip_id = be16(h + 4);
	p->hop_limit = h[8];
	p->source = address_from_v4(h + 12);
	p->destination = address_from_v4(h + 16);
	fragmentation = be16(h + 6);
	if ((fragmentation & 0x3fff) != 0) {
		struct fragment f = {
			.version = 4,
			.protocol = h[9],
			.id = p->ip_id,
			.more = (fragmentation & 0x2000) != 0,
			.offset = (fragmentation & 0x1fffu) * 8,
			.header = cursor_over(h, header),
		};

		return fragment(d, &f, l);
	}
	return packet_transport(d, h[9], l);
}

bool
packet_ipv6_is_extension(uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_DESTINATION:
	case PROTOCOL_MOBILITY:
	case PROTOCOL_HIP:
	case PROTOCOL_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Takes an extension header of the common form (RFC 8200 4.2). */
static const uint8_t *
take_extension(struct layer *l, enum packet_result *result)
{
	struct layer start = *l;
	int length = layer_peek(l, 1);
	uint32_t size = length < 0 ? 8 : ((uint32_t)length + 1) * 8;
	const uint8_t *h = layer_take(l, size);

	if (h == NULL)
		*result = layer_short(&start, size, PACKET_MALFORMED_IP);
	return h;
}

/* The jumbo payload option (RFC 2675 2) of the hop-by-hop header that begins l, or 0. */
static enum packet_result
jumbo_size(struct layer l, uint32_t *size)
{
	enum packet_result result;
	const uint8_t *h = take_extension(&l, &result);
	struct cursor options;

	*size = 0;
	if (h == NULL)
		return result;
	options = cursor_over(h + 2, (h[1] + 1u) * 8 - 2);
	while (cursor_left(&options) > 0) {
		uint8_t type = cursor_u8(&options);
		struct cursor value;

		if (type == 0) /* Pad1 has no length */
			continue;
		value = cursor_sub(&options, cursor_u8(&options));
		if (type == 0xc2 && cursor_left(&value) == 4)
			*size = cursor_u32(&value);
	}
	return *size > UINT16_MAX ? PACKET_OK : PACKET_MALFORMED_IP;
}

/* The size of what follows the IPv6 header at h. */
static enum packet_result
ipv6_payload_size(const uint8_t *h, const struct layer *l, uint32_t *size)
{
	*size = be16(h + 4);
	if (*size != 0)
		return PACKET_OK;
	if (h[6] == PROTOCOL_HOP_BY_HOP)
		return jumbo_size(*l, size);
	if (h[6] == PROTOCOL_TCP) /* segmentation offload */
		*size = l->wire;
	return PACKET_OK;
}

/* RFC 8200 4.5. at is where the fragment header begins, next_at where the number 44 stood before it. */
static enum packet_result
ipv6_fragment(struct decoding *d, const uint8_t *at, const uint8_t *next_at, const struct layer *l)
{
	const uint8_t *ip = d->packet->ip;
	struct fragment f = {
		.version = 6,
		.id = be32(at + 4),
		.more = (at[3] & 1) != 0,
		.offset = be16(at + 2) & 0xfff8u,
		.header = cursor_over(ip, (size_t)(at - ip)),
		.next = at[0],
		.next_at = (uint32_t)(next_at - ip),
	};

	return fragment(d, &f, l);
}

static enum packet_result
ipv6_extensions(struct decoding *d, const uint8_t *next_at, struct layer *l)
{
	enum packet_result result;

	for (unsigned headers = 0; headers <= PACKET_DEPTH_MAX; headers++) {
		const uint8_t *h;

		if (*next_at == PROTOCOL_FRAGMENT) {
			if ((h = layer_take(l, 8)) == NULL)
				return layer_short(l, 8, PACKET_MALFORMED_IP);
			/* Neither offset nor more: an atomic fragment is a packet (RFC 6946). */
			if ((be16(h + 2) & 0xfff9) != 0)
				return ipv6_fragment(d, h, next_at, l);
		} else if (packet_ipv6_is_extension(*next_at)) {
			if ((h = take_extension(l, &result)) == NULL)
				return result;
		} else {
			return packet_transport(d, *next_at, l);
		}
		next_at = h;
	}
	return PACKET_TOO_DEEP;
}

enum packet_result
packet_ipv6(struct decoding *d, struct layer *l)
{
	struct packet *p = d->packet;
	const uint8_t *h = layer_take(l, IPV6_HEADER_SIZE);
	enum packet_result result;
	uint32_t size;

	if (h == NULL)
		return layer_short(l, IPV6_HEADER_SIZE, PACKET_MALFORMED_IP);
	if (h[0] >> 4 != 6)
		return PACKET_MALFORMED_IP;
	result = ipv6_payload_size(h, l, &size);
	if (result != PACKET_OK)
		return result;
	if (size > l->wire)
		return PACKET_MALFORMED_IP;
	layer_cut(l, size);
	p->ip = h;
	p->ip_size = IPV6_HEADER_SIZE + size;
	p->ip_captured = IPV6_HEADER_SIZE + l->left;
	p->ip_id = 0;
	p->hop_limit = h[7];
	p->source = address_from_v6(h + 8);
	p->destination = address_from_v6(h + 24);
	return ipv6_extensions(d, h + 6, l);
}

enum packet_result
packet_ip(struct decoding *d, struct layer *l)
{
	int first = layer_peek(l, 0);

	if (first < 0)
		return layer_short(l, 1, PACKET_MALFORMED_IP);
	return first >> 4 == 6 ? packet_ipv6(d, l) : packet_ipv4(d, l);
}
