/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of DTLS records and handshake fragments, and what a datagram of them must look like. */
#include <config.h>

#include "dtls_record.h"

#include "tls_names.h"
#include "tls_record.h"

enum {
	TYPE_FIRST = TLS_CHANGE_CIPHER_SPEC,
	TYPE_LAST = TLS_HEARTBEAT,
	TYPE_CONNECTION_ID = 25, /* RFC 9146: the length of the ID is not in the record */
	TYPE_ACK = 26,           /* RFC 9147 7 */
	UNIFIED_MASK = 0xe0,     /* RFC 9147 4: 001CSLEE */
	UNIFIED = 0x20,
	ALERT_SIZE = 2,
	CONTENT_SIZE_MIN = 8,    /* of an encrypted record: no suite adds less */
	RECORDS_MAX = 64,
};

/* Which side sends a handshake message of this type in the clear: bits by enum direction. */
static const uint8_t senders[] = {
	[0] = 1 << FROM_SERVER, /* HelloRequest */
	[1] = 1 << FROM_CLIENT, /* ClientHello */
	[2] = 1 << FROM_SERVER, /* ServerHello */
	[3] = 1 << FROM_SERVER, /* HelloVerifyRequest */
	[4] = 1 << FROM_SERVER, /* NewSessionTicket */
	[11] = 1 << FROM_CLIENT | 1 << FROM_SERVER, /* Certificate */
	[12] = 1 << FROM_SERVER, /* ServerKeyExchange */
	[13] = 1 << FROM_SERVER, /* CertificateRequest */
	[14] = 1 << FROM_SERVER, /* ServerHelloDone */
	[15] = 1 << FROM_CLIENT, /* CertificateVerify */
	[16] = 1 << FROM_CLIENT, /* ClientKeyExchange */
	[20] = 1 << FROM_CLIENT | 1 << FROM_SERVER, /* Finished */
	[21] = 1 << FROM_CLIENT, /* CertificateURL */
	[22] = 1 << FROM_SERVER, /* CertificateStatus */
	[23] = 1 << FROM_CLIENT | 1 << FROM_SERVER, /* SupplementalData */
};

/* As DTLS has been written on the wire; 1.3 says so only inside (RFC 9147 4). */
static bool
is_wire_version(uint16_t version)
{
	return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

bool
dtls_record_read(struct cursor *c, struct dtls_record *r)
{
	uint16_t size;

	r->type = cursor_u8(c);
	r->version = cursor_u16(c);
	r->epoch = cursor_u16(c);
	r->sequence = (uint64_t)cursor_u16(c) << 32;
	r->sequence |= cursor_u32(c);
	size = cursor_u16(c);
	if (!cursor_ok(c) || r->type < TYPE_FIRST || (r->type > TYPE_LAST && r->type != TYPE_ACK) || !is_wire_version(r->version) || size > TLS_RECORD_SIZE_MAX)
		return false;
	r->body = cursor_sub(c, size);
	return cursor_ok(c);
}

bool
dtls_fragment_read(struct cursor *c, struct dtls_fragment *f)
{
	uint32_t size;

	f->type = cursor_u8(c);
	f->size = cursor_u24(c);
	f->sequence = cursor_u16(c);
	f->offset = cursor_u24(c);
	size = cursor_u24(c);
	if (!cursor_ok(c) || f->offset > f->size || size > f->size - f->offset || (size == 0 && f->size > 0))
		return false;
	f->body = cursor_sub(c, size);
	return cursor_ok(c);
}

static bool
is_handshake(struct cursor body, enum direction from)
{
	struct dtls_fragment f;

	if (cursor_left(&body) == 0)
		return false;
	while (cursor_left(&body) > 0)
		if (!dtls_fragment_read(&body, &f) || f.type >= sizeof(senders) || (senders[f.type] >> from & 1) == 0)
			return false;
	return true;
}

/* What a record in the clear may hold; that of an encrypted one is anything. */
static bool
body_fits(const struct dtls_record *r, enum direction from)
{
	if (r->epoch > 0)
		return r->body.left >= CONTENT_SIZE_MIN;
	switch (r->type) {
	case TLS_HANDSHAKE:
		return is_handshake(r->body, from);
	case TLS_ALERT:
		return r->body.left == ALERT_SIZE && (r->body.at[0] == 1 || r->body.at[0] == 2) && tls_alert_name(r->body.at[1]) != NULL;
	case TLS_CHANGE_CIPHER_SPEC:
		return (r->body.left == 1 || r->body.left == 3) && r->body.at[0] == 1;
	default:
		return false;
	}
}

enum dtls_chain
dtls_datagram(struct cursor c, enum direction from)
{
	enum dtls_chain chain = DTLS_NONE;

	for (int i = 0; i < RECORDS_MAX && cursor_left(&c) > 0; i++) {
		struct dtls_record r;
		int first = cursor_peek(&c, 0);

		/* Behind a hello there may be records whose size only their receiver knows. */
		if (chain == DTLS_HANDSHAKE && (first == TYPE_CONNECTION_ID || (first & UNIFIED_MASK) == UNIFIED))
			return chain;
		if (!dtls_record_read(&c, &r) || !body_fits(&r, from))
			return DTLS_NONE;
		if (r.type == TLS_HANDSHAKE && r.epoch == 0)
			chain = DTLS_HANDSHAKE;
		else if (chain == DTLS_NONE)
			chain = DTLS_RECORDS;
	}
	return chain;
}
