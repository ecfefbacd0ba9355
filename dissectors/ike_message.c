/* SPDX-License-Identifier: Apache-2.0 */
/* The header of IKE (RFC 7296 3.1, RFC 2408 3.1), the chain of payloads, and what version 1 proposes. */
#include <config.h>

#include "ike_message.h"

#include <stddef.h>

enum { FLAG1_ENCRYPTED = 0x01, FLAGS1 = 0x07, FLAG2_INITIATOR = 0x08, FLAG2_RESPONSE = 0x20 };
enum { PAYLOADS_MAX = 64, TRANSFORMS_MAX = 64, ATTRIBUTES_MAX = 32, PADDING_MAX = 15 };

enum payload {
	PAYLOAD_NONE = 0,
	PAYLOAD1_SA = 1,
	PAYLOAD1_KEY = 4,
	PAYLOAD1_NOTIFICATION = 11,
	PAYLOAD1_LAST = 21,
	PAYLOAD1_DRAFTS = 128, /* private use, from here: NAT traversal before RFC 3947 and the like */
	PAYLOAD2_SA = 33,
	PAYLOAD2_KEY = 34,
	PAYLOAD2_NOTIFY = 41,
	PAYLOAD2_SK = 46,      /* "encrypted and authenticated" */
	PAYLOAD2_LAST = 54,
	PAYLOAD2_SKF = 53,     /* a fragment of one (RFC 7383) */
};

/* Authentication methods of version 1 (IANA ipsec-registry; hybrid and XAUTH: draft-ietf-ipsec-isakmp-xauth-06, -hybrid-auth-05). */
static const struct {
	uint16_t first, last;
	const char *method;
} methods[] = {
	{ 1, 1, "ike-psk" },
	{ 2, 3, "ike-certificate" },  /* DSS, RSA signatures */
	{ 4, 5, "ike-public-key" },   /* RSA encryption, also the revised mode */
	{ 8, 11, "ike-certificate" }, /* ECDSA */
	{ 64221, 64224, "ike-hybrid" },
	{ 65001, 65002, "ike-xauth-psk" },
	{ 65003, 65006, "ike-xauth-certificate" },
	{ 65007, 65010, "ike-xauth-public-key" },
};

static const char *
method_named(uint16_t number)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (number >= methods[i].first && number <= methods[i].last)
			return methods[i].method;
	return NULL;
}

/* The authentication method among a transform's attributes (RFC 2409 appendix A): type 3, a short value. */
static uint16_t
method_of_transform(struct cursor attributes)
{
	for (int i = 0; i < ATTRIBUTES_MAX && cursor_left(&attributes) >= 4; i++) {
		uint16_t type = cursor_u16(&attributes), value = cursor_u16(&attributes);

		if ((type & 0x8000) == 0)
			cursor_skip(&attributes, value);
		else if ((type & 0x7fff) == 3)
			return value;
	}
	return 0;
}

/* Takes one payload with its generic header (RFC 2408 3.2). */
static struct cursor
take_payload(struct cursor *c, uint8_t *next)
{
	uint16_t size;

	*next = cursor_u8(c);
	cursor_skip(c, 1);
	size = cursor_u16(c);
	if (size < 4)
		cursor_fail(c);
	return cursor_sub(c, size - 4u);
}

/* Adds a transform's word to what the others said: one method for all of them, or none. */
static void
add_method(struct ike_message *m, const char *method, bool *first)
{
	if (*first)
		m->method = method;
	else if (m->method != method)
		m->method = NULL;
	*first = false;
}

/* Proposal number, protocol, size of SPI, count of transforms, SPI, transforms (RFC 2408 3.5, 3.6). */
static void
read_proposal(struct ike_message *m, struct cursor c, bool *first)
{
	uint8_t next = 3;

	cursor_skip(&c, 2);
	cursor_skip(&c, (size_t)cursor_u8(&c) + 1);
	for (int i = 0; i < TRANSFORMS_MAX && next == 3 && cursor_left(&c) > 0; i++) {
		struct cursor transform = take_payload(&c, &next);

		cursor_skip(&transform, 4);
		if (cursor_ok(&transform))
			add_method(m, method_named(method_of_transform(transform)), first);
	}
}

static void
read_sa1(struct ike_message *m, struct cursor c)
{
	uint8_t next = 2;
	bool first = true;

	m->has_sa = true;
	cursor_skip(&c, 8); /* domain of interpretation, situation */
	for (int i = 0; i < TRANSFORMS_MAX && next == 2 && cursor_left(&c) > 0; i++) {
		struct cursor proposal = take_payload(&c, &next);

		if (cursor_ok(&proposal))
			read_proposal(m, proposal, &first);
	}
}

/* RFC 2408 3.14.1: of the errors those that end a negotiation. */
static void
read_notification1(struct ike_message *m, struct cursor c)
{
	cursor_skip(&c, 4 + 2);
	switch (cursor_u16(&c)) {
	case 14: /* NO-PROPOSAL-CHOSEN */
	case 15: /* BAD-PROPOSAL-SYNTAX */
		m->refusal = IKE_REFUSED_PROPOSAL;
		break;
	case 18: /* INVALID-ID-INFORMATION */
	case 20: /* INVALID-CERTIFICATE */
	case 22: /* INVALID-CERT-AUTHORITY */
	case 23: /* INVALID-HASH-INFORMATION */
	case 24: /* AUTHENTICATION-FAILED */
	case 25: /* INVALID-SIGNATURE */
		m->refusal = IKE_REFUSED_PEER;
	}
}

/* RFC 7296 3.10.1. What is not under SK is said by anybody: AUTHENTICATION_FAILED has no place there. */
static void
read_notify2(struct ike_message *m, struct cursor c)
{
	cursor_skip(&c, 2);
	if (cursor_u16(&c) == 14) /* NO_PROPOSAL_CHOSEN */
		m->refusal = IKE_REFUSED_PROPOSAL;
}

static bool
is_payload(const struct ike_message *m, uint8_t type)
{
	return m->version == 1 ? type <= PAYLOAD1_LAST || type >= PAYLOAD1_DRAFTS : type >= PAYLOAD2_SA && (type <= PAYLOAD2_LAST || type >= PAYLOAD1_DRAFTS);
}

static void
read_payload(struct ike_message *m, uint8_t type, struct cursor c)
{
	if (m->version == 1) {
		if (type == PAYLOAD1_SA)
			read_sa1(m, c);
		else if (type == PAYLOAD1_NOTIFICATION)
			read_notification1(m, c);
		m->has_key |= type == PAYLOAD1_KEY;
		return;
	}
	m->has_sa |= type == PAYLOAD2_SA;
	m->has_key |= type == PAYLOAD2_KEY;
	if (type == PAYLOAD2_NOTIFY)
		read_notify2(m, c);
}

/* Zeros at the end, which some peers of version 1 align messages with. */
static bool
is_padding(struct cursor c)
{
	if (cursor_left(&c) > PADDING_MAX)
		return false;
	while (cursor_left(&c) > 0)
		if (cursor_u8(&c) != 0)
			return false;
	return true;
}

static bool
read_payloads(struct ike_message *m, uint8_t type, struct cursor c)
{
	for (int i = 0; i < PAYLOADS_MAX && type != PAYLOAD_NONE; i++) {
		uint8_t this = type;
		struct cursor payload = take_payload(&c, &type);

		if (!cursor_ok(&payload) || !is_payload(m, this))
			return false;
		/* The type after it is that of the first payload inside; it is the last one (RFC 7296 3.14). */
		if (m->version == 2 && (this == PAYLOAD2_SK || this == PAYLOAD2_SKF)) {
			m->encrypted = true;
			return cursor_left(&c) == 0 && cursor_left(&payload) >= 16;
		}
		read_payload(m, this, payload);
	}
	return type == PAYLOAD_NONE && (cursor_left(&c) == 0 || (m->version == 1 && is_padding(c)));
}

static bool
is_exchange(const struct ike_message *m)
{
	if (m->version == 1)
		return (m->exchange >= IKE1_BASE && m->exchange <= IKE1_TRANSACTION) || m->exchange == IKE1_QUICK || m->exchange == IKE1_NEW_GROUP;
	return m->exchange >= IKE2_SA_INIT && m->exchange <= IKE2_FOLLOWUP_KE;
}

/* Exchanges of version 2 other than the first are under SK, but for an answer to an unknown SPI (RFC 7296 2.21.4). */
static bool
has_right_cover(const struct ike_message *m)
{
	if (m->version == 1)
		return m->encrypted || (m->exchange != IKE1_QUICK && m->exchange != IKE1_TRANSACTION && m->exchange != IKE1_NEW_GROUP);
	if (m->exchange == IKE2_SA_INIT || m->exchange == IKE2_SESSION_RESUME)
		return !m->encrypted && m->id == 0;
	return m->encrypted || m->exchange == IKE2_INFORMATIONAL;
}

bool
ike_message_read(struct cursor c, struct ike_message *m)
{
	size_t size = cursor_left(&c);
	uint8_t first, version, flags;

	*m = (struct ike_message){ .initiator_spi = cursor_u64(&c), .responder_spi = cursor_u64(&c) };
	first = cursor_u8(&c);
	version = cursor_u8(&c);
	m->exchange = cursor_u8(&c);
	flags = cursor_u8(&c);
	m->id = cursor_u32(&c);
	m->version = version >> 4;
	if (cursor_u32(&c) != size || !cursor_ok(&c) || m->initiator_spi == 0 || (version != 0x10 && version != 0x20) || !is_exchange(m) || first == PAYLOAD_NONE)
		return false;
	if (m->version == 1) {
		m->encrypted = (flags & FLAG1_ENCRYPTED) != 0;
		if ((flags & ~FLAGS1) != 0 || !is_payload(m, first) || (m->encrypted && (cursor_left(&c) < 8 || m->responder_spi == 0)))
			return false;
		return has_right_cover(m) && (m->encrypted || read_payloads(m, first, c));
	}
	m->from_initiator = (flags & FLAG2_INITIATOR) != 0;
	m->response = (flags & FLAG2_RESPONSE) != 0;
	return (flags & 0xc7) == 0 && read_payloads(m, first, c) && has_right_cover(m);
}
