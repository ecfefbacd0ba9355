/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes (native_protocol_v5.spec 2.3) and frames (2.1, 2.2) of CQL. */
#include <config.h>

#include "cassandra_frame.h"

static const uint32_t body_size_max = UINT32_C(256) << 20;

/* Version 2 put SASL in place of CREDENTIALS, and brought BATCH (native_protocol_v2.spec, 10). */
static bool
is_of_version(uint8_t opcode, uint8_t version)
{
	return opcode == CQL_CREDENTIALS ? version == 1 : opcode < CQL_BATCH || version > 1;
}

/* What each side may send. */
static const bool by_client[CQL_OPCODE_COUNT] = {
	[CQL_STARTUP] = true, [CQL_CREDENTIALS] = true, [CQL_OPTIONS] = true, [CQL_QUERY] = true, [CQL_PREPARE] = true,
	[CQL_EXECUTE] = true, [CQL_REGISTER] = true, [CQL_BATCH] = true, [CQL_AUTH_RESPONSE] = true,
};

static bool
is_version(uint8_t version)
{
	return (version >= 1 && version <= 6) || version == 0x41 || version == 0x42;
}

bool
cql_take_header(struct cursor *c, enum direction from, struct cql_header *h)
{
	int first = cursor_peek(c, 0), flags = cursor_peek(c, 1);

	if (first >= 0 && ((first & 0x80) != 0) != (from == FROM_SERVER))
		return false;
	if ((first >= 0 && !is_version(first & 0x7f)) || (flags >= 0 && (flags & ~0x1f) != 0))
		return false;
	h->version = cursor_u8(c) & 0x7f;
	h->flags = cursor_u8(c);
	h->stream = (int16_t)(h->version < 3 ? (int8_t)cursor_u8(c) : (int16_t)cursor_u16(c));
	h->opcode = cursor_u8(c);
	h->size = cursor_u32(c);
	if (!cursor_ok(c))
		return h->opcode < CQL_OPCODE_COUNT;
	if (h->opcode >= CQL_OPCODE_COUNT || by_client[h->opcode] != (from == FROM_CLIENT) || !is_of_version(h->opcode, h->version) || h->size > body_size_max)
		return false;
	/* The server alone begins streams below 0, for events. */
	return h->stream >= 0 || (from == FROM_SERVER && (h->opcode == CQL_EVENT || h->opcode == CQL_ERROR));
}

/* 2.2: polynomial 0x1974f0b, from 0x875060, over the header's bytes. */
static uint32_t
crc24(struct cursor header)
{
	uint32_t crc = 0x875060;

	while (cursor_left(&header) > 0) {
		crc ^= (uint32_t)cursor_u8(&header) << 16;
		for (unsigned bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if ((crc & 0x1000000) != 0)
				crc ^= 0x1974f0b;
		}
	}
	return crc;
}

/* The header of size bytes, before its CRC24, as a number; false where the CRC is another's. */
static bool
take_checked(struct cursor *c, size_t size, uint64_t *bits)
{
	struct cursor copy = *c, header = cursor_sub(&copy, size), walk = header;
	uint32_t crc = cursor_u24le(&copy);

	if (!cursor_ok(&copy) || crc24(header) != crc)
		return false;
	*bits = 0;
	for (unsigned i = 0; i < size; i++)
		*bits |= (uint64_t)cursor_u8(&walk) << 8 * i;
	*c = copy;
	return true;
}

bool
cql_take_frame_header(struct cursor *c, struct cql_frame *f)
{
	int third = cursor_peek(c, 2), fifth = cursor_peek(c, 4);
	uint64_t bits;

	/* The bits that are left over are 0. */
	if (third >= 0 && (third & 0xfc) == 0 && take_checked(c, 3, &bits)) {
		*f = (struct cql_frame){ .size = bits & 0x1ffff, .self_contained = (bits >> 17 & 1) != 0 };
		return f->size > 0;
	}
	if (fifth >= 0 && (fifth & 0xf8) == 0 && take_checked(c, 5, &bits)) {
		*f = (struct cql_frame){ .size = bits & 0x1ffff, .uncompressed = bits >> 17 & 0x1ffff, .self_contained = (bits >> 34 & 1) != 0, .compressing = true };
		return f->size > 0;
	}
	if (cursor_left(c) < CQL_FRAME_HEADER_SIZE_MAX && ((third < 0 || (third & 0xfc) == 0) || fifth < 0 || (fifth & 0xf8) == 0))
		cursor_fail(c);
	return false;
}

/* 2.2: the CRC32 of zlib, begun with four bytes of the protocol's own. */
static uint32_t
crc32_of(uint32_t crc, struct cursor bytes)
{
	while (cursor_left(&bytes) > 0) {
		crc ^= cursor_u8(&bytes);
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
	}
	return crc;
}

bool
cql_payload_is_whole(struct cursor payload, struct cursor crc)
{
	uint32_t sum = crc32_of(UINT32_MAX, cursor_over("\xfa\x2d\x55\xca", 4));

	return ~crc32_of(sum, payload) == cursor_u32le(&crc);
}
