/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt): a
 * header by which a proxy tells the server who the client is. It says nothing of who logs in or how the
 * rest is protected: the flow is looked at as if it began behind it.
 */
#include <config.h>

#include <netinet/in.h>

#include "dissector.h"

enum {
	LINE_SIZE_MAX = 107,
	SIGNATURE_SIZE = 12,
	HEAD_SIZE = 16,
	HEADER_SIZE_MAX = 4096, /* addresses, and additions such as a certificate's name */
};

/* By family: the size of both addresses. */
static const uint8_t address_sizes[] = { 0, 12, 36, 216 };

static bool
is_signature(struct cursor c)
{
	static const uint8_t signature[SIGNATURE_SIZE] = { 0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

	for (size_t i = 0; i < SIGNATURE_SIZE && cursor_left(&c) > 0; i++)
		if (cursor_u8(&c) != signature[i])
			return false;
	return true;
}

/* 2.2: signature, version and command, family and protocol, size of what follows. */
static enum verdict
take_binary(struct cursor *c)
{
	uint8_t command, family;
	uint16_t size;

	if (!is_signature(*c))
		return NO_MATCH;
	cursor_skip(c, SIGNATURE_SIZE);
	command = cursor_u8(c);
	family = cursor_u8(c);
	size = cursor_u16(c);
	if (!cursor_ok(c))
		return NEED_MORE;
	if (command >> 4 != 2 || (command & 15) > 1 || family >> 4 > 3 || (family & 15) > 2 || size > HEADER_SIZE_MAX - HEAD_SIZE)
		return NO_MATCH;
	if ((command & 15) == 1 && size < address_sizes[family >> 4])
		return NO_MATCH;
	cursor_skip(c, size);
	return cursor_ok(c) ? MATCH : NEED_MORE;
}

/* 2.1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80" CRLF */
static enum verdict
take_text(struct cursor *c)
{
	struct cursor line;
	unsigned int words = 0;

	if (!cursor_may_start_with(c, "PROXY TCP4 ") && !cursor_may_start_with(c, "PROXY TCP6 ") && !cursor_may_start_with(c, "PROXY UNKNOWN"))
		return NO_MATCH;
	if (!cursor_take_line(c, &line))
		return cursor_left(c) >= LINE_SIZE_MAX ? NO_MATCH : NEED_MORE;
	if (line.at + line.left + 2 != c->at || line.left + 2 > LINE_SIZE_MAX)
		return NO_MATCH;
	if (cursor_starts_with(&line, "PROXY UNKNOWN"))
		return MATCH;
	while (cursor_left(&line) > 0) {
		uint8_t b = cursor_u8(&line);

		words += b == ' ';
		if (words >= 2 && b != ' ' && b != '.' && b != ':' && !(b >= '0' && b <= '9') && !((b | 0x20) >= 'a' && (b | 0x20) <= 'f'))
			return NO_MATCH;
	}
	return words == 5 ? MATCH : NO_MATCH;
}

static enum verdict
take_header(struct cursor *c)
{
	if (cursor_left(c) == 0)
		return NEED_MORE;
	return cursor_peek(c, 0) == 'P' ? take_text(c) : take_binary(c);
}

static enum verdict
proxy_protocol_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	return from == FROM_CLIENT ? take_header(&bytes) : NO_MATCH;
}

static enum verdict
proxy_protocol_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor c = *bytes;
	enum verdict verdict;

	if (from == FROM_SERVER)
		return NEED_MORE;
	verdict = take_header(&c);
	if (verdict != MATCH)
		return verdict;
	*bytes = c;
	d->preamble = true;
	return UPGRADE;
}

const struct dissector proxy_protocol_dissector = {
	.name = "proxy-protocol",
	.specification = "PROXY protocol 1, 2",
	.ip_protocol = IPPROTO_TCP,
	.first_bytes = { "P\r", "" },
	.probe = proxy_protocol_probe,
	.dissect = proxy_protocol_dissect,
};
