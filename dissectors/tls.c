/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a stream, SSLv3 to TLS 1.3 (RFC 8446, RFC 5246, RFC 6101), from its first byte, after an
 * upgrade, or joined in the middle.
 *
 * Each direction is walked record by record. While its handshake is in the clear, its messages are
 * read in order; what the two directions have shown so far is then put together by settle_*(). A
 * conclusion from something that is absent ("no client certificate", "resumed") is drawn only where
 * that direction was seen without a gap since its hello.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "certificate.h"
#include "dissector.h"
#include "tls_hello.h"
#include "tls_names.h"
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
	HELLO_SIZE_MIN = 38,  /* version, random, and the fields after them at their shortest */
	ALERT_SIZE = 2,
	ALERT_FATAL = 2,
	NO_CERTIFICATE = 41,  /* SSLv3's way of an empty Certificate (RFC 6101 5.6.6) */
	CURVE_TYPE_NAMED = 3, /* RFC 8422 5.4 */
	SSLV2_SERVER_HELLO = 4,
	/* How long to go on where something may still come: in application data records, in records, in bytes. */
	WATCHED_RECORDS = 4,
	PATIENCE_RECORDS = 64,
	RECORDS_MAX = 1024,
	SEARCHED_MAX = 65536,
};

/* What is known of the place reached in a direction. */
enum sync {
	SYNC_START,    /* nothing seen yet */
	SYNC_MESSAGES, /* handshake messages are aligned */
	SYNC_RECORDS,  /* records are aligned, messages inside them not known to be */
	SYNC_LOST,     /* a record header is looked for */
};

struct side {
	uint64_t record_at;    /* stream offset of the record begun */
	uint64_t record_end;   /* and where it ends */
	uint32_t message_left; /* bytes of a handshake message that is passed over */
	uint32_t searched;     /* bytes passed over in SYNC_LOST */
	uint8_t sync;          /* enum sync */
	uint8_t record_type;   /* 0: the rest of a record after a gap */
	bool seen;             /* a record, or a hello of SSLv2 */
	bool aligned;          /* the last record was followed to its end */
	bool hello;            /* its hello was read */
	bool unbroken;         /* nothing was lost since */
	bool changed;          /* ChangeCipherSpec (up to TLS 1.2): what follows is encrypted */
	uint8_t encrypted_handshakes; /* records of handshake type after that */
};

struct tls_state {
	struct side sides[2];
	struct tls_client_hello client_hello;
	struct tls_server_hello server_hello; /* a HelloRetryRequest, until the real one has come */
	const char *cipher;
	bool begun;
	bool upgraded;        /* another dissector had the flow before */
	bool sslv2_hello;
	bool is_13;
	bool joined;          /* a record was followed by another, and no hello came before */
	uint8_t whole_records;
	uint16_t records;
	uint8_t application_records;
	bool server_served;   /* application data of the server's */
	bool client_sent;     /* and of the client's */
	bool hello_done;
	bool server_certificate;
	bool requested;       /* CertificateRequest */
	bool declined;        /* empty Certificate, or SSLv3's alert in its place */
	bool client_certificate;
	bool verified;        /* CertificateVerify */
	bool key_exchange;    /* ClientKeyExchange */
};

static_assert(sizeof(struct tls_state) <= DISSECTOR_STATE_MAX, "the sensor has room for this state");
static_assert(sizeof(((struct tls_client_hello *)0)->sni) == sizeof(((struct encryption *)0)->sni), "copied whole");
static_assert(sizeof(((struct tls_client_hello *)0)->alpn) == sizeof(((struct encryption *)0)->alpn_offered), "copied whole");
static_assert(sizeof(((struct tls_server_hello *)0)->alpn) == sizeof(((struct encryption *)0)->alpn), "copied whole");

/* One call of the dissector. */
struct reading {
	struct dissection *d;
	struct tls_state *s;
	struct side *side;
	struct evidence *e;
	struct cursor start;
	struct cursor *bytes;
	enum direction from;
	uint64_t at; /* stream offset of the record or message being read */
};

static const char client_hello_clause[] = "RFC 8446 4.1.2 ClientHello";
static const char server_hello_clause[] = "RFC 8446 4.1.3 ServerHello";
static const char sslv2_hello_clause[] = "RFC 5246 E.2 ClientHello in SSLv2 form";
static const char sslv2_server_hello_clause[] = "SSL 2.0 SERVER-HELLO";
static const char record_clause[] = "RFC 8446 5.1 records";
static const char alert_clause[] = "RFC 8446 6 Alert";
static const char certificate_clause[] = "RFC 5246 7.4.6 client Certificate";
static const char accepted_clause[] = "RFC 5246 7.4.8 CertificateVerify, and the server goes on";
static const char refused_clause[] = "RFC 5246 7.2.2 fatal alert after the client's Certificate";

static const char method[] = "tls-client-cert";

static uint64_t
here(const struct reading *r)
{
	return dissection_offset(r->d, r->from, r->start, *r->bytes);
}

/* What TLS makes of this flow. */
static enum encryption_state
protected_state(const struct reading *r)
{
	if (r->s->cipher != NULL && tls_cipher_is_null(r->s->cipher))
		return ENCRYPTION_PLAINTEXT;
	if (!r->s->upgraded)
		return ENCRYPTION_ENCRYPTED;
	return evidence_has_note(r->e, NOTE_EARLY_DATA) || r->e->cleartext_credentials ? ENCRYPTION_PARTIAL : ENCRYPTION_UPGRADED;
}

/* The application inside: by the ALPN the server chose, else by the port of a service; else "tls". */
static const char *
application(const struct reading *r)
{
	const char *name = r->e->encryption.alpn[0] != '\0' ? tls_alpn_application(r->e->encryption.alpn) : tls_port_application(r->d->flow->server_port);

	return name != NULL ? name : "tls";
}

static void
claim(struct reading *r, enum strength strength, const char *clause)
{
	if (!r->s->upgraded)
		evidence_protocol(r->e, application(r), strength, clause, r->from, r->at);
	evidence_encryption(r->e, protected_state(r), strength, clause, r->from, r->at);
	r->e->encryption.by = "tls";
}

/* Records alone show TLS joined in the middle once two have been followed. */
static void
claim_records(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (s->sides[FROM_CLIENT].hello || s->sides[FROM_SERVER].hello)
		return;
	claim(r, s->joined || s->whole_records >= 2 ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, record_clause);
}

static void
set_mutual(struct reading *r, enum mutual mutual)
{
	r->e->encryption.mutual = (uint8_t)mutual;
	r->e->encryption.mutual_basis = mutual == MUTUAL_UNKNOWN ? MUTUAL_BASIS_NONE : MUTUAL_BASIS_HANDSHAKE;
}

/*
 * Whether the client showed a certificate, up to TLS 1.2. A client that is asked answers with a
 * Certificate before its ClientKeyExchange, so one that sent none was not asked (RFC 5246 7.4.6).
 */
static void
settle_mutual(struct reading *r)
{
	const struct tls_state *s = r->s;
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (s->is_13)
		return;
	if (s->client_certificate || s->verified)
		set_mutual(r, MUTUAL_YES);
	else if (s->declined)
		set_mutual(r, MUTUAL_REQUESTED);
	else if (s->key_exchange && client->hello && client->unbroken)
		set_mutual(r, s->requested ? MUTUAL_REQUESTED : MUTUAL_NO);
	else if (s->hello_done && server->hello && server->unbroken && !s->requested)
		set_mutual(r, MUTUAL_NO);
}

/* The server takes the client's proof of its key by going on: by its ChangeCipherSpec or data. */
static void
settle_authentication(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (s->is_13 || !s->client_certificate)
		return;
	evidence_authentication(r->e, AUTH_ATTEMPTED, method, STRENGTH_STRUCTURE, certificate_clause, r->from, r->at);
	if (s->verified && (s->sides[FROM_SERVER].changed || s->server_served))
		evidence_authentication(r->e, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, accepted_clause, r->from, r->at);
}

/* The server's certificate against the time and the name asked for. */
static void
settle_certificate(struct reading *r)
{
	struct encryption *encryption = &r->e->encryption;

	if (encryption->certificate != NULL)
		encryption->certificate_flags = certificate_flags(encryption->certificate, r->d->flow->time, encryption->sni);
}

/* What the hellos say together; either may come first where a capture is out of order. */
static void
settle_hellos(struct reading *r, const char *clause)
{
	struct tls_state *s = r->s;
	bool both = s->sides[FROM_CLIENT].hello && s->sides[FROM_SERVER].hello;

	claim(r, both && tls_hellos_fit(&s->client_hello, &s->server_hello) ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause);
}

static void
show_client_hello(struct reading *r, const struct tls_client_hello *hello, const char *clause)
{
	memcpy(r->e->encryption.sni, hello->sni, sizeof(hello->sni));
	memcpy(r->e->encryption.alpn_offered, hello->alpn, sizeof(hello->alpn));
	claim(r, STRENGTH_STRUCTURE, clause);
}

static void
take_client_hello(struct reading *r, const char *clause)
{
	r->side->hello = true;
	r->side->unbroken = true;
	show_client_hello(r, &r->s->client_hello, clause);
	settle_hellos(r, clause);
	settle_certificate(r);
}

static enum verdict
read_client_hello(struct reading *r, struct cursor body)
{
	if (!tls_client_hello_read(body, &r->s->client_hello)) {
		evidence_note(r->e, NOTE_MALFORMED);
		return MATCH;
	}
	if (r->s->client_hello.damaged)
		evidence_note(r->e, NOTE_MALFORMED);
	take_client_hello(r, client_hello_clause);
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
	if (hello->psk && s->is_13) {
		encryption->resumed = true;
		encryption->resumption = "psk";
	}
	if (hello->damaged)
		evidence_note(r->e, NOTE_MALFORMED);
	r->side->hello = true;
	r->side->unbroken = true;
	settle_hellos(r, server_hello_clause);
}

static enum verdict
read_server_hello(struct reading *r, struct cursor body)
{
	struct tls_server_hello hello;

	if (!tls_server_hello_read(body, &hello)) {
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

static void
read_server_leaf(struct reading *r, struct cursor leaf)
{
	struct encryption *encryption = &r->e->encryption;

	if (encryption->certificate_flags & CERTIFICATE_SEEN)
		return;
	encryption->certificate = r->d->services->certificate(r->d->services->context, leaf);
	if (encryption->certificate == NULL)
		encryption->certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE;
	settle_certificate(r);
}

static void
read_client_leaf(struct reading *r, struct cursor leaf)
{
	r->e->encryption.client_certificate = r->d->services->certificate(r->d->services->context, leaf);
}

/* RFC 5246 7.4.2: a list of certificates, the sender's own first; or a bare key (RFC 7250 3). */
static enum verdict
read_certificate(struct reading *r, struct cursor body)
{
	struct tls_state *s = r->s;
	struct cursor list = cursor_sub(&body, cursor_u24(&body)), leaf = list;
	bool from_server = r->from == FROM_SERVER;
	bool raw_key = from_server ? s->server_hello.raw_public_key : s->server_hello.client_raw_public_key;

	if (!cursor_ok(&body) || cursor_left(&body) > 0) {
		evidence_note(r->e, NOTE_MALFORMED);
		r->side->unbroken = false;
		return MATCH;
	}
	if (!raw_key && list.left > 0)
		leaf = cursor_sub(&list, cursor_u24(&list));
	if (!raw_key && leaf.left > 0) {
		if (from_server)
			read_server_leaf(r, leaf);
		else if (!s->client_certificate)
			read_client_leaf(r, leaf);
	}
	if (from_server)
		s->server_certificate = true;
	else if (leaf.left > 0)
		s->client_certificate = true;
	else
		s->declined = true;
	settle_mutual(r);
	settle_authentication(r);
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
	settle_mutual(r);
	return MATCH;
}

static enum verdict
read_server_hello_done(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->hello_done = true;
	settle_mutual(r);
	return MATCH;
}

static enum verdict
read_certificate_verify(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->verified = true;
	settle_mutual(r);
	settle_authentication(r);
	return MATCH;
}

static enum verdict
read_client_key_exchange(struct reading *r, struct cursor body)
{
	(void)body;
	r->s->key_exchange = true;
	settle_mutual(r);
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
	[NEW_SESSION_TICKET] = { BY_SERVER, false, read_nothing },
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

static bool
is_hello(uint8_t type, uint32_t size)
{
	return (type == CLIENT_HELLO || type == SERVER_HELLO) && size >= HELLO_SIZE_MIN && size <= TLS_MESSAGE_SIZE_MAX;
}

/* Whether a handshake message of this header opens the direction. */
static bool
is_first(uint8_t type, uint32_t size, enum direction from)
{
	return is_hello(type, size) ? find_message(type, from) != NULL : from == FROM_SERVER && type == DRAFT_HELLO_RETRY_REQUEST;
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

/* Passes over the next size bytes, those that have not come yet included. */
static enum verdict
pass_over(struct reading *r, size_t size)
{
	size_t there = size < cursor_left(r->bytes) ? size : cursor_left(r->bytes);

	cursor_skip(r->bytes, there);
	r->d->skip = size - there;
	if (r->d->skip == 0 && r->s->whole_records < 2) {
		r->s->whole_records++;
		claim_records(r);
	}
	return MATCH;
}

static enum verdict
need(struct reading *r, size_t size)
{
	r->d->need = size;
	return NEED_MORE;
}

/* From here on only records are followed in this direction, until messages are seen to fit again. */
static void
lose_messages(struct reading *r)
{
	r->side->sync = SYNC_RECORDS;
	r->side->unbroken = false;
}

/* What the client's hello let us say is taken back. */
static void
withdraw(struct evidence *e)
{
	e->protocol = NULL;
	e->strength = STRENGTH_NONE;
	memset(&e->encryption, 0, sizeof(e->encryption));
	memset(&e->basis[CLAIM_PROTOCOL], 0, sizeof(e->basis[CLAIM_PROTOCOL]));
	memset(&e->basis[CLAIM_ENCRYPTION], 0, sizeof(e->basis[CLAIM_ENCRYPTION]));
}

/* What is at the cursor is no record where one must begin. */
static enum verdict
not_a_record(struct reading *r)
{
	const struct side *other = &r->s->sides[r->from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT];

	if (r->side->sync != SYNC_START || r->s->upgraded) {
		/* A hello, then something else before any answer: another protocol in disguise, to get past filters. */
		if (r->from == FROM_CLIENT && !other->seen && !r->side->changed && !r->s->client_sent && !r->s->upgraded)
			withdraw(r->e);
		evidence_note(r->e, NOTE_MALFORMED);
		return MALFORMED;
	}
	if (!other->seen)
		return NO_MATCH;
	/* The server answers in something other than TLS: it never spoke it, and whatever protocol it speaks has the flow. */
	if (r->from == FROM_SERVER && other->sync == SYNC_MESSAGES && !r->s->key_exchange) {
		withdraw(r->e);
		evidence_note(r->e, NOTE_UPGRADE_REFUSED);
		return NO_MATCH;
	}
	/* The other direction is TLS: joined inside a record, or something such as a PROXY header comes first. */
	r->side->sync = SYNC_LOST;
	return MATCH;
}

/* RFC 5246 E.2, and whether the server answers in SSLv2 as well. */
static enum verdict
read_sslv2_client_hello(struct reading *r)
{
	size_t size = 2 + ((size_t)(cursor_peek(r->bytes, 0) & 0x7f) << 8 | (size_t)(cursor_peek(r->bytes, 1) & 0xff));

	if (cursor_left(r->bytes) < 2 || cursor_left(r->bytes) < size)
		return need(r, cursor_left(r->bytes) < 2 ? 2 : size);
	if (!tls_sslv2_client_hello_read(r->bytes, &r->s->client_hello))
		return not_a_record(r);
	r->side->sync = SYNC_MESSAGES;
	r->side->seen = true;
	r->s->sslv2_hello = true;
	take_client_hello(r, sslv2_hello_clause);
	return MATCH;
}

/*
 * SSL 2.0: length, type, session id hit, certificate type, version, then the lengths of certificate,
 * cipher specs and connection id, and these themselves.
 */
static enum verdict
read_sslv2_server_hello(struct reading *r)
{
	struct cursor c = *r->bytes, body, certificate;
	size_t size = cursor_u16(&c) & 0x7fff, specs_size, id_size, certificate_size;

	if (!cursor_ok(&c) || cursor_left(&c) < size)
		return need(r, 2 + size);
	body = cursor_sub(&c, size);
	if (cursor_u8(&body) != SSLV2_SERVER_HELLO)
		return not_a_record(r);
	cursor_skip(&body, 2);
	if (cursor_u16(&body) != 0x0002)
		return not_a_record(r);
	certificate_size = cursor_u16(&body);
	specs_size = cursor_u16(&body);
	id_size = cursor_u16(&body);
	certificate = cursor_sub(&body, certificate_size);
	cursor_skip(&body, specs_size + id_size);
	if (!cursor_ok(&body) || cursor_left(&body) > 0)
		return not_a_record(r);
	r->side->hello = true;
	r->e->encryption.version = tls_version_name(0x0002);
	claim(r, STRENGTH_EXCHANGE, sslv2_server_hello_clause);
	if (certificate.left > 0)
		read_server_leaf(r, certificate);
	*r->bytes = c;
	return DONE;
}

/* Reads the header of the next record. */
static enum verdict
begin_record(struct reading *r)
{
	struct tls_state *s = r->s;
	struct side *side = r->side;
	struct tls_record record;
	int first = cursor_peek(r->bytes, 0);

	r->at = here(r);
	if (side->sync == SYNC_START && (first & 0x80) != 0) {
		if (r->from == FROM_CLIENT && tls_sslv2_client_hello_possible(r->bytes))
			return read_sslv2_client_hello(r);
		if (r->from == FROM_SERVER && s->sslv2_hello)
			return read_sslv2_server_hello(r);
	}
	if (!tls_record_possible(r->bytes))
		return not_a_record(r);
	if (!tls_record_read(r->bytes, &record))
		return need(r, TLS_RECORD_HEADER_SIZE);
	if (++s->records > RECORDS_MAX)
		return DONE;
	side->record_type = record.type;
	side->record_at = r->at;
	side->record_end = here(r) + record.size;
	side->seen = true;
	if (side->sync == SYNC_START && record.type != TLS_HANDSHAKE && record.type != TLS_ALERT)
		lose_messages(r);
	if (side->aligned && !s->joined) {
		s->joined = true;
		claim_records(r);
	}
	side->aligned = true;
	return MATCH;
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
	pass_over(r, left);
	client = extra_handshakes(&r->s->sides[FROM_CLIENT]);
	server = extra_handshakes(&r->s->sides[FROM_SERVER]);
	if (client < 2 && server < 2 && (client == 0 || server == 0))
		return MATCH;
	evidence_note(r->e, NOTE_RENEGOTIATION);
	if (r->e->encryption.mutual != MUTUAL_YES)
		set_mutual(r, MUTUAL_UNKNOWN);
	return DONE;
}

/* The first message of a direction must be its hello; a start in the middle of things is told by records. */
static enum verdict
start_without_hello(struct reading *r, uint8_t type, uint32_t size)
{
	bool other_seen = r->s->sides[r->from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT].seen;

	if (is_hello(type, size) && !other_seen && !r->s->upgraded)
		return NO_MATCH; /* a hello of the other role */
	lose_messages(r);
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
		return need(r, more + (r->bytes->left - partial.left));
	case TLS_GATHER_BROKEN:
		show_partial(r, type, partial, partial_in_record);
		evidence_note(r->e, NOTE_MALFORMED);
		lose_messages(r);
		return pass_over(r, (size_t)(r->side->record_end - here(r)));
	case TLS_GATHER_WHOLE:
		break;
	}
	*r->bytes = rest;
	r->side->record_end = here(r) + in_record;
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
		return need(r, more);
	if (gathered == TLS_GATHER_BROKEN) {
		lose_messages(r);
		return pass_over(r, left);
	}
	r->at = here(r);
	type = cursor_u8(&header);
	size = cursor_u24(&header);
	if (r->side->sync == SYNC_START) {
		if (!is_first(type, size, r->from))
			return start_without_hello(r, type, size);
		claim(r, STRENGTH_SIGNATURE, r->from == FROM_CLIENT ? client_hello_clause : server_hello_clause);
		r->side->sync = SYNC_MESSAGES;
	}
	message = find_message(type, r->from);
	if (message == NULL) {
		lose_messages(r);
		return pass_over(r, left);
	}
	if (message->whole && size <= TLS_MESSAGE_SIZE_MAX)
		return read_whole_message(r, type, size, rest, in_record);
	*r->bytes = rest;
	r->side->record_end = here(r) + in_record;
	r->side->message_left = size;
	return message->whole ? MATCH : message->read(r, cursor_over(NULL, 0));
}

static enum verdict
read_handshake(struct reading *r, size_t left)
{
	struct side *side = r->side;

	if (side->message_left > 0) {
		size_t part = side->message_left < left ? side->message_left : left;

		side->message_left -= (uint32_t)part;
		return pass_over(r, part);
	}
	if (side->changed && !r->s->is_13)
		return read_encrypted_handshake(r, left);
	if (side->sync == SYNC_RECORDS) {
		struct cursor record = *r->bytes;

		if (cursor_left(r->bytes) < left)
			return need(r, left);
		if (!is_messages(cursor_sub(&record, left), r->from))
			return pass_over(r, left);
		side->sync = SYNC_MESSAGES;
	}
	return read_message(r, left);
}

/*
 * ChangeCipherSpec, which in TLS 1.3 means nothing (RFC 8446 D.4). A server that sends it without a
 * Certificate and ServerHelloDone has resumed a session (RFC 5246 7.3, RFC 5077 3.4).
 */
static enum verdict
read_change_cipher_spec(struct reading *r, size_t left)
{
	struct tls_state *s = r->s;
	struct encryption *encryption = &r->e->encryption;

	if (left != 1 || cursor_peek(r->bytes, 0) != 1 || s->is_13 || r->side->changed)
		return pass_over(r, left);
	r->side->changed = true;
	if (r->from == FROM_SERVER && r->side->hello && r->side->unbroken && !s->hello_done && !s->server_certificate) {
		encryption->resumed = true;
		if (s->sides[FROM_CLIENT].hello)
			encryption->resumption = s->client_hello.ticket ? "ticket" : s->server_hello.session_id.size > 0 ? "session-id" : NULL;
	}
	settle_authentication(r);
	return pass_over(r, left);
}

/* A fatal alert of the server's after the client's Certificate, empty or not, refuses the client. */
static void
settle_refusal(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (r->from == FROM_SERVER && !s->is_13 && !s->sides[FROM_SERVER].changed && (s->client_certificate || (s->requested && s->declined)))
		evidence_authentication(r->e, AUTH_FAILURE, method, STRENGTH_EXCHANGE, refused_clause, r->from, r->at);
}

/* An alert in the clear is two bytes long, an encrypted one longer. */
static enum verdict
read_alert(struct reading *r, size_t left)
{
	struct tls_state *s = r->s;
	struct cursor c = *r->bytes;
	uint8_t level, description;

	if (left != ALERT_SIZE || (r->side->changed && !s->is_13))
		return pass_over(r, left);
	level = cursor_u8(&c);
	description = cursor_u8(&c);
	if (!cursor_ok(&c))
		return need(r, ALERT_SIZE);
	pass_over(r, left);
	if (level != ALERT_FATAL) {
		if (description == NO_CERTIFICATE && r->from == FROM_CLIENT) {
			s->declined = true;
			settle_mutual(r);
		}
		return MATCH;
	}
	if (r->e->encryption.alert == NULL)
		r->e->encryption.alert = tls_alert_name(description);
	claim(r, STRENGTH_SIGNATURE, alert_clause);
	evidence_note(r->e, NOTE_HANDSHAKE_FAILED);
	settle_refusal(r);
	return DONE;
}

/* Whether more may be learnt although application data flows. */
static bool
may_learn_more(const struct reading *r)
{
	const struct tls_state *s = r->s;
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (!client->hello && !server->hello && !r->d->flow->handshake_seen)
		return !s->joined && s->whole_records < 2;
	/* Refusing the server, a client may send its alert in the clear after the server's whole handshake. */
	if (s->is_13)
		return !client->hello || !s->server_served || !s->client_sent;
	if (!s->server_served && !server->changed)
		return true; /* a client may send before the server has finished (RFC 7918), or spoken (RFC 8446 2.3) */
	/* A certificate may be asked for in a second handshake, soon after the first request. */
	return !r->e->encryption.resumed && r->e->authentication.result != AUTH_SUCCESS && s->application_records < WATCHED_RECORDS;
}

static enum verdict
read_application_data(struct reading *r, size_t left)
{
	struct tls_state *s = r->s;

	/* Until records show that this is TLS it counts that they are whole, however they come. */
	if (s->whole_records < 2 && !s->joined && !s->sides[FROM_CLIENT].hello && !s->sides[FROM_SERVER].hello && cursor_left(r->bytes) < left)
		return need(r, left);
	s->application_records++;
	s->server_served |= r->from == FROM_SERVER;
	s->client_sent |= r->from == FROM_CLIENT;
	if (!s->sides[FROM_CLIENT].hello && !s->sides[FROM_SERVER].hello && !r->d->flow->handshake_seen)
		evidence_note(r->e, NOTE_MIDSTREAM);
	settle_authentication(r);
	pass_over(r, left);
	claim_records(r);
	return s->application_records < PATIENCE_RECORDS && may_learn_more(r) ? MATCH : DONE;
}

static enum verdict
read_record(struct reading *r, size_t left)
{
	switch (r->side->record_type) {
	case TLS_HANDSHAKE:
		return read_handshake(r, left);
	case TLS_CHANGE_CIPHER_SPEC:
		return read_change_cipher_spec(r, left);
	case TLS_ALERT:
		return read_alert(r, left);
	case TLS_APPLICATION_DATA:
		return read_application_data(r, left);
	default:
		return pass_over(r, left);
	}
}

/* How many bytes it takes to judge whether a record at the cursor is followed by another. */
static size_t
chain_size(struct cursor c)
{
	struct tls_record record;

	return tls_record_read(&c, &record) ? record.size + (size_t)2 * TLS_RECORD_HEADER_SIZE : TLS_RECORD_HEADER_SIZE;
}

/* After a loss: looks for a whole record that is followed by another. */
static enum verdict
find_record(struct reading *r)
{
	struct side *side = r->side;

	while (cursor_left(r->bytes) > 0) {
		enum tls_chain chain = tls_record_chain(*r->bytes);

		if (chain == TLS_CHAIN_YES) {
			side->sync = SYNC_RECORDS;
			side->aligned = false;
			return MATCH;
		}
		if (chain != TLS_CHAIN_NO)
			return need(r, chain_size(*r->bytes));
		cursor_skip(r->bytes, 1);
		if (++side->searched > SEARCHED_MAX)
			return DONE;
	}
	return MATCH;
}

static enum verdict
step(struct reading *r)
{
	uint64_t at = here(r);

	if (r->side->sync == SYNC_LOST)
		return find_record(r);
	if (r->side->record_end <= at)
		return begin_record(r);
	r->at = r->side->record_at;
	return read_record(r, (size_t)(r->side->record_end - at));
}

static void
begin(struct tls_state *s, const struct evidence *e)
{
	if (s->begun)
		return;
	s->begun = true;
	s->upgraded = e->protocol != NULL;
}

static enum verdict
tls_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct tls_state *s = d->state;
	struct reading r = { .d = d, .s = s, .side = &s->sides[from], .e = d->evidence, .start = *bytes, .bytes = bytes, .from = from };

	begin(s, d->evidence);
	r.at = here(&r);
	while (cursor_left(bytes) > 0) {
		enum verdict verdict = step(&r);

		if (verdict != MATCH)
			return verdict;
	}
	return MATCH;
}

/* The end of a record that was begun is known, and so is where the next begins, unless that is lost too. */
static enum verdict
tls_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct tls_state *s = d->state;
	struct side *side = &s->sides[from];

	(void)size;
	begin(s, d->evidence);
	side->unbroken = false;
	side->message_left = 0;
	side->record_type = 0;
	side->sync = side->sync != SYNC_START && side->sync != SYNC_LOST && d->offset[from] <= side->record_end ? SYNC_RECORDS : SYNC_LOST;
	side->aligned = side->sync == SYNC_RECORDS;
	return MATCH;
}

static bool
is_complete(const struct tls_state *s)
{
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	return s->is_13 ? s->server_served : (client->changed && server->changed) || s->server_served;
}

/* Both were heard, nothing was lost, and the handshake did not come to its end. */
static void
tls_finish(struct dissection *d)
{
	const struct tls_state *s = d->state;
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (client->hello && client->unbroken && server->hello && server->unbroken && !is_complete(s))
		evidence_note(d->evidence, NOTE_HANDSHAKE_FAILED);
}

/* A handshake record at the start of a direction: its hello, a hello of the other role, or anything. */
static enum verdict
probe_handshake(enum direction from, struct cursor bytes, enum strength *strength)
{
	struct tls_record record;
	uint8_t type;
	uint32_t size;
	int version_high;

	if (!tls_record_read(&bytes, &record) || cursor_left(&bytes) < (record.size < HANDSHAKE_HEADER_SIZE ? 1 : HANDSHAKE_HEADER_SIZE))
		return NEED_MORE;
	type = cursor_u8(&bytes);
	if (record.size < HANDSHAKE_HEADER_SIZE)
		size = HELLO_SIZE_MIN; /* a header in pieces: go by its first byte */
	else
		size = cursor_u24(&bytes);
	if (!is_hello(type, size) && type != DRAFT_HELLO_RETRY_REQUEST)
		return MATCH; /* none: the chain of records decides */
	if (!is_first(type, size, from))
		return NO_MATCH;
	/* The client waits for an answer: nothing but its hello can be in its first record. */
	if (type == CLIENT_HELLO && record.size > size + HANDSHAKE_HEADER_SIZE)
		return NO_MATCH;
	version_high = cursor_peek(&bytes, 0);
	if (record.size > HANDSHAKE_HEADER_SIZE && version_high < 0)
		return NEED_MORE;
	if (record.size > HANDSHAKE_HEADER_SIZE && version_high != 3 && !(from == FROM_SERVER && version_high == 0x7f))
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	return MATCH;
}

static enum verdict
probe_sslv2(struct cursor bytes, enum strength *strength)
{
	struct tls_client_hello hello;

	if (!tls_sslv2_client_hello_possible(&bytes))
		return NO_MATCH;
	if (!tls_sslv2_client_hello_read(&bytes, &hello))
		return NEED_MORE;
	*strength = STRENGTH_STRUCTURE;
	return MATCH;
}

/* A server's alert in the clear, in answer to a hello. */
static bool
is_alert(struct cursor bytes)
{
	struct tls_record record;
	uint8_t level;

	if (!tls_record_read(&bytes, &record) || record.type != TLS_ALERT || record.size != ALERT_SIZE)
		return false;
	level = cursor_u8(&bytes);
	return (level == 1 || level == ALERT_FATAL) && tls_alert_name(cursor_u8(&bytes)) != NULL && cursor_ok(&bytes);
}

static enum verdict
tls_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	int first = cursor_peek(&bytes, 0);
	enum verdict verdict = MATCH;

	*strength = STRENGTH_NONE;
	if (first < 0)
		return NEED_MORE;
	if ((first & 0x80) != 0)
		return from == FROM_CLIENT ? probe_sslv2(bytes, strength) : NO_MATCH;
	if (!tls_record_possible(&bytes))
		return NO_MATCH;
	if (first == TLS_HANDSHAKE)
		verdict = probe_handshake(from, bytes, strength);
	if (verdict != MATCH || *strength != STRENGTH_NONE)
		return verdict;
	if (from == FROM_SERVER && is_alert(bytes)) {
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	}
	switch (tls_record_chain(bytes)) {
	case TLS_CHAIN_YES:
		*strength = STRENGTH_STRUCTURE;
		return MATCH;
	case TLS_CHAIN_ONE:
		/* All there is of this direction so far is one record: where the start is missing, that may be all there will be. */
		if (flow->handshake_seen || first != TLS_APPLICATION_DATA)
			return NEED_MORE;
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	case TLS_CHAIN_SHORT:
		return NEED_MORE;
	case TLS_CHAIN_NO:
		break;
	}
	return NO_MATCH;
}

const struct dissector tls_dissector = {
	.name = "tls",
	.specification = "RFC 8446, RFC 5246, RFC 6101",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 443, 8443, 6443, 636 },
	/* The content types; with the high bit set, the length of a hello in SSLv2 form. */
	.first_bytes = { "\x14\x15\x16\x17\x18\x80\x81\x82", "\x14\x15\x16\x17\x18" },
	.state_size = sizeof(struct tls_state),
	.probe = tls_probe,
	.dissect = tls_dissect,
	.gap = tls_gap,
	.finish = tls_finish,
};
