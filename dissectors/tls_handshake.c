/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake messages of TLS that are sent in the clear (RFC 8446 4, RFC 5246 7.4), read in order off
 * the records that hold them.
 */
#include <config.h>

#include "tls_state.h"

#include <string.h>

#include "certificate_chain.h"
#include "tls_ja4.h"
#include "tls_record.h"

enum handshake_type {
	HELLO_REQUEST = 0,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	NEW_SESSION_TICKET = 4,
	DRAFT_HELLO_RETRY_REQUEST = 6,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	SERVER_HELLO_DONE = 14,
	CERTIFICATE_VERIFY = 15,
	CLIENT_KEY_EXCHANGE = 16,
	FINISHED = 20,
	CERTIFICATE_URL = 21,
	CERTIFICATE_STATUS = 22,
	SUPPLEMENTAL_DATA = 23,
	NEXT_PROTOCOL = 67, /* draft-agl-tls-nextprotoneg */
	HANDSHAKE_TYPE_COUNT
};

enum {
	HANDSHAKE_HEADER_SIZE = 4,
	CURVE_TYPE_NAMED = 3, /* RFC 8422 5.4 */
};

static_assert((int)TLS_JA4_SIZE == (int)sizeof(((struct encryption *)0)->ja4), "written in place");

static const char client_hello_clause[] = "RFC 8446 4.1.2 ClientHello";
static const char server_hello_clause[] = "RFC 8446 4.1.3 ServerHello";

static void
show_client_hello(struct reading *r, const struct tls_client_hello *hello, const char *clause)
{
	memcpy(r->e->encryption.sni, hello->sni, sizeof(hello->sni));
	memcpy(r->e->encryption.alpn_offered, hello->alpn, sizeof(hello->alpn));
	if (hello->ech)
		r->e->encryption.flags |= ENCRYPTION_ECH;
	tls_settle_mesh(r);
	tls_claim(r, STRENGTH_STRUCTURE, clause);
}

void
tls_take_client_hello(struct reading *r, const char *clause)
{
	r->side->hello = true;
	r->side->unbroken = true;
	r->s->early_data |= r->s->client_hello.early_data;
	r->s->flight.count = 0;
	show_client_hello(r, &r->s->client_hello, clause);
	tls_settle_hellos(r, clause);
	tls_settle_mutual(r);
	tls_settle_certificate(r);
}

/* Whether the session is known that the client offers to resume: by its ticket, else its id (RFC 5077 3.4). */
static void
recall(struct reading *r)
{
	const struct dissection_services *services = r->d->services;
	struct tls_client_hello *hello = &r->s->client_hello;
	struct cursor id = hello->ticket ? hello->ticket_bytes : cursor_over(hello->session_id.bytes, hello->session_id.size);

	r->s->recalled = services->recall != NULL && id.left > 0 && services->recall(services->context, id, &r->s->session);
	hello->ticket_bytes = cursor_over(NULL, 0);
}

static enum verdict
read_client_hello(struct reading *r, struct cursor body)
{
	if (!(r->s->dtls ? tls_dtls_client_hello_read : tls_client_hello_read)(body, &r->s->client_hello)) {
		evidence_note(r->e, NOTE_MALFORMED);
		return MATCH;
	}
	if (r->s->client_hello.damaged)
		evidence_note(r->e, NOTE_MALFORMED);
	if (r->e->encryption.ja4[0] == '\0')
		tls_ja4(body, r->s->dtls ? JA4_DTLS : JA4_TLS, r->e->encryption.ja4);
	recall(r);
	tls_take_client_hello(r, client_hello_clause);
	return MATCH;
}

/* Of a ClientHello that is not all there the part before its extensions is enough to know it by. */
static void
show_partial_client_hello(struct reading *r, struct cursor part)
{
	struct tls_client_hello hello;

	if (tls_client_hello_read(part, &hello))
		show_client_hello(r, &hello, client_hello_clause);
}

static void
show_server_flags(struct reading *r)
{
	const struct tls_server_hello *hello = &r->s->server_hello;

	if (hello->compression)
		r->e->encryption.flags |= ENCRYPTION_COMPRESSION;
	/* Servers may agree to it for any suite; it matters for those with CBC (RFC 7366 3). */
	if (hello->encrypt_then_mac && r->s->cipher != NULL && strstr(r->s->cipher, "_CBC_") != NULL)
		r->e->encryption.flags |= ENCRYPTION_ENCRYPT_THEN_MAC;
}

static void
take_server_hello(struct reading *r)
{
	struct tls_state *s = r->s;
	const struct tls_server_hello *hello = &s->server_hello;
	struct encryption *encryption = &r->e->encryption;

	s->is_13 = tls_version_is_13(hello->version);
	s->cipher = tls_cipher_name(hello->cipher);
	encryption->version = tls_version_name(hello->version);
	encryption->cipher = s->cipher;
	if (s->is_13 && hello->group != 0)
		encryption->group = tls_group_name(hello->group);
	memcpy(encryption->alpn, hello->alpn, sizeof(hello->alpn));
	tls_settle_mesh(r);
	show_server_flags(r);
	if (hello->psk && s->is_13) {
		encryption->resumed = true;
		encryption->resumption = "psk";
	}
	if (hello->damaged)
		evidence_note(r->e, NOTE_MALFORMED);
	r->side->hello = true;
	r->side->unbroken = true;
	tls_settle_hellos(r, server_hello_clause);
	tls_settle_mutual(r);
}

static enum verdict
read_server_hello(struct reading *r, struct cursor body)
{
	struct tls_server_hello hello;

	if (!(r->s->dtls ? tls_dtls_server_hello_read : tls_server_hello_read)(body, &hello)) {
		evidence_note(r->e, NOTE_MALFORMED);
		return MATCH;
	}
	r->s->server_hello = hello;
	take_server_hello(r);
	return MATCH;
}

static enum verdict
read_draft_retry(struct reading *r, struct cursor body)
{
	struct tls_server_hello hello;

	if (!tls_draft_retry_read(body, &hello)) {
		evidence_note(r->e, NOTE_MALFORMED);
		return MATCH;
	}
	r->s->server_hello = hello;
	take_server_hello(r);
	return MATCH;
}

void
tls_read_server_leaf(struct reading *r, struct cursor leaf)
{
	struct encryption *encryption = &r->e->encryption;

	if (encryption->certificate_flags & CERTIFICATE_SEEN)
		return;
	encryption->certificate = r->d->services->certificate(r->d->services->context, leaf);
	if (encryption->certificate == NULL)
		encryption->certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE;
	tls_settle_certificate(r);
	tls_settle_mesh(r);
}

static void
read_client_leaf(struct reading *r, struct cursor leaf)
{
	r->e->encryption.client_certificate = r->d->services->certificate(r->d->services->context, leaf);
	tls_settle_mesh(r);
}

static void
read_server_chain(struct reading *r, struct cursor leaf, struct cursor chain)
{
	if (certificate_chain_disordered(chain))
		r->e->encryption.certificate_flags |= CERTIFICATE_CHAIN_ORDER;
	tls_read_server_leaf(r, leaf);
}

/* RFC 5246 7.4.2: a list of certificates, the sender's own first; or a bare key (RFC 7250 3). */
static enum verdict
read_certificate(struct reading *r, struct cursor body)
{
	struct tls_state *s = r->s;
	struct cursor list = cursor_sub(&body, cursor_u24(&body)), leaf = list;
	bool from_server = r->from == FROM_SERVER;
	struct cursor chain = list;
	bool raw_key = from_server ? s->server_hello.raw_public_key : s->server_hello.client_raw_public_key;

	if (!cursor_ok(&body) || cursor_left(&body) > 0) {
		evidence_note(r->e, NOTE_MALFORMED);
		r->side->unbroken = false;
		return MATCH;
	}
	if (raw_key && from_server)
		r->e->encryption.flags |= ENCRYPTION_RAW_PUBLIC_KEY;
	if (!raw_key && list.left > 0)
		leaf = cursor_sub(&list, cursor_u24(&list));
	if (!raw_key && leaf.left > 0) {
		if (from_server)
			read_server_chain(r, leaf, chain);
		else if (!s->client_certificate)
			read_client_leaf(r, leaf);
	}
	if (from_server)
		s->server_certificate = true;
	else if (leaf.left > 0)
		s->client_certificate = true;
	else
		s->declined = true;
	tls_settle_mutual(r);
	tls_settle_authentication(r);
	return MATCH;
}

/* RFC 8422 5.4: the curve, where the suite has one; RFC 5489 2 puts a PSK hint before it. */
static enum verdict
read_server_key_exchange(struct reading *r, struct cursor body)
{
	const char *cipher = r->s->cipher;
	uint16_t curve;

	if (r->s->is_13 || cipher == NULL || !tls_cipher_is_ecdhe(cipher))
		return MATCH;
	if (strncmp(cipher, "TLS_ECDHE_PSK_", 14) == 0)
		cursor_skip(&body, cursor_u16(&body));
	if (cursor_u8(&body) != CURVE_TYPE_NAMED)
		return MATCH;
	curve = cursor_u16(&body);
	if (cursor_ok(&body))
		r->e->encryption.group = tls_group_name(curve);
	return MATCH;
}

static enum verdict
read_certificate_request(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->requested = true;
	tls_settle_mutual(r);
	return MATCH;
}

static enum verdict
read_server_hello_done(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->hello_done = true;
	tls_settle_mutual(r);
	return MATCH;
}

static enum verdict
read_certificate_verify(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->verified = true;
	tls_settle_mutual(r);
	tls_settle_authentication(r);
	return MATCH;
}

static enum verdict
read_client_key_exchange(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->key_exchange = true;
	tls_settle_mutual(r);
	tls_settle_authentication(r);
	return MATCH;
}

/*
 * RFC 5077 3.3: lifetime and ticket, with which the server says that it has taken the client's Finished, or that it resumes a
 * session and gives a new ticket for it.
 */
static enum verdict
read_new_session_ticket(struct reading *r, struct cursor body)
{
	struct cursor ticket;

	cursor_skip(&body, 4);
	ticket = cursor_sub(&body, cursor_u16(&body));
	if (cursor_ok(&ticket) && cursor_left(&body) == 0)
		tls_remember(r, ticket);
	return MATCH;
}

static enum verdict
read_nothing(struct reading *r, struct cursor body)
{
	(void)r;
	(void)body;
	return MATCH;
}

enum sender { BY_CLIENT = 1 << FROM_CLIENT, BY_SERVER = 1 << FROM_SERVER };

/*
 * The messages that are sent in the clear. One that is read whole is gathered first; of the others
 * the header is enough, and the rest is passed over.
 */
static const struct handshake_message {
	uint8_t by; /* enum sender */
	bool whole;
	enum verdict (*read)(struct reading *, struct cursor body);
} messages[HANDSHAKE_TYPE_COUNT] = {
	[HELLO_REQUEST] = { BY_SERVER, false, read_nothing },
	[CLIENT_HELLO] = { BY_CLIENT, true, read_client_hello },
	[SERVER_HELLO] = { BY_SERVER, true, read_server_hello },
	[NEW_SESSION_TICKET] = { BY_SERVER, true, read_new_session_ticket },
	[DRAFT_HELLO_RETRY_REQUEST] = { BY_SERVER, true, read_draft_retry },
	[CERTIFICATE] = { BY_CLIENT | BY_SERVER, true, read_certificate },
	[SERVER_KEY_EXCHANGE] = { BY_SERVER, true, read_server_key_exchange },
	[CERTIFICATE_REQUEST] = { BY_SERVER, false, read_certificate_request },
	[SERVER_HELLO_DONE] = { BY_SERVER, false, read_server_hello_done },
	[CERTIFICATE_VERIFY] = { BY_CLIENT, false, read_certificate_verify },
	[CLIENT_KEY_EXCHANGE] = { BY_CLIENT, false, read_client_key_exchange },
	[FINISHED] = { BY_CLIENT | BY_SERVER, false, read_nothing },
	[CERTIFICATE_URL] = { BY_CLIENT, false, read_nothing },
	[CERTIFICATE_STATUS] = { BY_SERVER, false, read_nothing },
	[SUPPLEMENTAL_DATA] = { BY_CLIENT | BY_SERVER, false, read_nothing },
	[NEXT_PROTOCOL] = { BY_CLIENT, false, read_nothing },
};

static const struct handshake_message *
find_message(uint8_t type, enum direction from)
{
	const struct handshake_message *m = type < HANDSHAKE_TYPE_COUNT ? &messages[type] : NULL;

	return m != NULL && (m->by & 1u << from) != 0 ? m : NULL;
}

bool
tls_read_message(struct reading *r, uint8_t type, struct cursor body)
{
	const struct handshake_message *m = find_message(type, r->from);

	return m != NULL && m->read(r, body) == MATCH;
}

bool
tls_is_hello(uint8_t type, uint32_t size)
{
	return (type == CLIENT_HELLO || type == SERVER_HELLO) && size >= TLS_HELLO_SIZE_MIN && size <= TLS_MESSAGE_SIZE_MAX;
}

/* Whether a handshake message of this header opens the direction. */
bool
tls_is_first(uint8_t type, uint32_t size, enum direction from)
{
	return tls_is_hello(type, size) ? find_message(type, from) != NULL : from == FROM_SERVER && type == DRAFT_HELLO_RETRY_REQUEST;
}

/* Whether these bytes, a whole record, are handshake messages from their first byte to their last. */
static bool
is_messages(struct cursor record, enum direction from)
{
	while (cursor_left(&record) > 0) {
		if (find_message(cursor_u8(&record), from) == NULL)
			return false;
		cursor_skip(&record, cursor_u24(&record));
	}
	return cursor_ok(&record);
}

/* Records of handshake type of this direction beyond its encrypted Finished. */
static int
extra_handshakes(const struct side *side)
{
	return side->encrypted_handshakes > 0 ? side->encrypted_handshakes - 1 : 0;
}

/*
 * A record of handshake type in the encrypted part: first the Finished, then a new handshake. One
 * alone may be a HelloRequest or a ClientHello that the other refuses.
 */
static enum verdict
read_encrypted_handshake(struct reading *r, size_t left)
{
	int client, server;

	if (r->side->encrypted_handshakes < UINT8_MAX)
		r->side->encrypted_handshakes++;
	tls_pass_over(r, left);
	client = extra_handshakes(&r->s->sides[FROM_CLIENT]);
	server = extra_handshakes(&r->s->sides[FROM_SERVER]);
	if (client < 2 && server < 2 && (client == 0 || server == 0))
		return MATCH;
	evidence_note(r->e, NOTE_RENEGOTIATION);
	if (r->e->encryption.mutual != MUTUAL_YES)
		tls_set_mutual(r, MUTUAL_UNKNOWN, MUTUAL_BASIS_NONE);
	return DONE;
}

/* The first message of a direction must be its hello; a start in the middle of things is told by records. */
static enum verdict
start_without_hello(struct reading *r, uint8_t type, uint32_t size)
{
	bool other_seen = r->s->sides[r->from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT].seen;

	if (tls_is_hello(type, size) && !other_seen && !r->s->upgraded)
		return NO_MATCH; /* a hello of the other role */
	tls_lose_messages(r);
	return MATCH;
}

/* What a hello that is not there in whole lets us say already. */
static void
show_partial(struct reading *r, uint8_t type, struct cursor rest, size_t in_record)
{
	if (type == CLIENT_HELLO && !r->side->hello)
		show_partial_client_hello(r, cursor_sub(&rest, in_record < rest.left ? in_record : rest.left));
}

/* Gathers a message whose header is read, and gives it to its reader. */
static enum verdict
read_whole_message(struct reading *r, uint8_t type, uint32_t size, struct cursor rest, size_t in_record)
{
	uint8_t buffer[TLS_MESSAGE_SIZE_MAX];
	struct cursor partial = rest, body;
	size_t partial_in_record = in_record, more = 0;

	switch (tls_gather(&rest, &in_record, size, buffer, &body, &more)) {
	case TLS_GATHER_SHORT:
		show_partial(r, type, partial, partial_in_record);
		return tls_need(r, more + (r->bytes->left - partial.left));
	case TLS_GATHER_BROKEN:
		show_partial(r, type, partial, partial_in_record);
		evidence_note(r->e, NOTE_MALFORMED);
		tls_lose_messages(r);
		return tls_pass_over(r, (size_t)(r->side->record_end - tls_here(r)));
	case TLS_GATHER_WHOLE:
		break;
	}
	*r->bytes = rest;
	r->side->record_end = tls_here(r) + in_record;
	return messages[type].read(r, body);
}

/* Reads one message of the handshake in the clear, of which the record begun holds left bytes. */
static enum verdict
read_message(struct reading *r, size_t left)
{
	uint8_t buffer[HANDSHAKE_HEADER_SIZE];
	const struct handshake_message *message;
	struct cursor rest = *r->bytes, header;
	size_t in_record = left, more = 0;
	enum tls_gather gathered = tls_gather(&rest, &in_record, sizeof(buffer), buffer, &header, &more);
	uint32_t size;
	uint8_t type;

	if (gathered == TLS_GATHER_SHORT)
		return tls_need(r, more);
	if (gathered == TLS_GATHER_BROKEN) {
		tls_lose_messages(r);
		return tls_pass_over(r, left);
	}
	r->at = tls_here(r);
	type = cursor_u8(&header);
	size = cursor_u24(&header);
	if (r->side->sync == SYNC_START) {
		if (!tls_is_first(type, size, r->from))
			return start_without_hello(r, type, size);
		tls_claim(r, STRENGTH_SIGNATURE, r->from == FROM_CLIENT ? client_hello_clause : server_hello_clause);
		r->side->sync = SYNC_MESSAGES;
	}
	message = find_message(type, r->from);
	if (message == NULL) {
		tls_lose_messages(r);
		return tls_pass_over(r, left);
	}
	if (message->whole && size <= TLS_MESSAGE_SIZE_MAX)
		return read_whole_message(r, type, size, rest, in_record);
	*r->bytes = rest;
	r->side->record_end = tls_here(r) + in_record;
	r->side->message_left = size;
	return message->whole ? MATCH : message->read(r, cursor_over(NULL, 0));
}

enum verdict
tls_read_handshake(struct reading *r, size_t left)
{
	struct side *side = r->side;

	if (side->message_left > 0) {
		size_t part = side->message_left < left ? side->message_left : left;

		side->message_left -= (uint32_t)part;
		return tls_pass_over(r, part);
	}
	if (side->changed && !r->s->is_13)
		return read_encrypted_handshake(r, left);
	if (side->sync == SYNC_RECORDS) {
		struct cursor record = *r->bytes;

		if (cursor_left(r->bytes) < left)
			return tls_need(r, left);
		if (!is_messages(cursor_sub(&record, left), r->from))
			return tls_pass_over(r, left);
		side->sync = SYNC_MESSAGES;
	}
	return read_message(r, left);
}
