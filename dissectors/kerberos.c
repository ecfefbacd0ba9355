/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos over UDP and TCP: RFC 4120, with PKINIT (RFC 4556), FAST (RFC 6113), SPAKE (RFC 9588), and
 * changes of passwords (RFC 3244). Who proved what to the KDC, by the pre-authentication data of a
 * request and the answer to it. Messages are readable but for tickets and keys: "partial" by design.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

#include "ber.h"

/* Tags of messages, [APPLICATION n]: RFC 4120 5.10. */
enum {
	AS_REQ = 0x6a,
	AS_REP = 0x6b,
	TGS_REQ = 0x6c,
	TGS_REP = 0x6d,
	AP_REQ = 0x6e,
	AP_REP = 0x6f,
	KRB_PRIV = 0x75,
	KRB_ERROR = 0x7e,
};

enum { INTEGER = 0x02, OCTETS = 0x04, SEQUENCE = 0x30, PVNO = 5, MESSAGE_MAX = 1 << 20, ENOUGH = 8192, PADATA_MAX = 64 };

/* Types of pre-authentication data: RFC 4120 7.5.2, and IANA. */
enum {
	PA_TGS_REQ = 1,
	PA_ENC_TIMESTAMP = 2,
	PA_PK_AS_REQ_OLD = 14,
	PA_PK_AS_REQ = 16,
	PA_PK_AS_REP = 17,
	PA_FX_FAST = 136,
	PA_ENCRYPTED_CHALLENGE = 138,
	PA_SPAKE = 151,
};

/* Whom a message names as the client: RFC 8062 3. */
enum name { NAME_NOT_SEEN, NAME_OF_ITS_OWN, NAME_ANONYMOUS };

struct kerberos_state {
	const char *method;   /* of the last request; NULL where it proves nothing */
	uint8_t request;      /* its tag, 0: none yet */
	bool demanded;        /* the KDC asked for pre-authentication */
	bool armored;         /* what proves it is inside of FAST */
	enum name name;       /* the client's, in the last request */
};

struct kerberos_message {
	uint8_t tag;
	const char *method;   /* by its pre-authentication data */
	enum name name;
	bool armored;
	uint32_t error;
	uint32_t encryption;  /* type of a reply's part for the client; 0: not known */
};

static const char rfc[] = "RFC 4120 5 message";

/* Explicit tags: [n] around a number. */
static uint32_t
take_number(struct ber *b, uint8_t tag)
{
	struct ber outer = ber_enter(b, tag);
	uint32_t number = ber_unsigned(&outer, INTEGER);

	if (!ber_ok(&outer))
		ber_fail(b);
	return number;
}

/* Which method a kind of pre-authentication data is of, the strongest word first. */
static const struct {
	uint32_t type;
	const char *method;
} methods[] = {
	{ PA_TGS_REQ, "krb5-ap-req" },
	{ PA_PK_AS_REQ, "krb5-pkinit" },
	{ PA_PK_AS_REQ_OLD, "krb5-pkinit" },
	{ PA_PK_AS_REP, "krb5-pkinit" },
	{ PA_SPAKE, "krb5-spake" },
	{ PA_ENC_TIMESTAMP, "krb5-preauth" },
	{ PA_ENCRYPTED_CHALLENGE, "krb5-preauth" },
	{ PA_FX_FAST, "krb5-fast" },
};

/* METHOD-DATA: RFC 4120 5.2.7. */
static void
read_padata(struct ber b, struct kerberos_message *m)
{
	struct ber list = ber_enter(&b, SEQUENCE), entry;
	size_t count = sizeof(methods) / sizeof(methods[0]), best = count;
	uint8_t tag;

	for (size_t i = 0; i < PADATA_MAX && ber_ok(&list) && cursor_left(&list.bytes) > 0; i++) {
		uint32_t type;

		if (!ber_next(&list, &tag, &entry) || tag != SEQUENCE)
			break;
		type = take_number(&entry, 0xa1);
		for (size_t at = 0; ber_ok(&entry) && at < best; at++)
			if (methods[at].type == type)
				best = at;
	}
	if (best == count)
		return;
	m->method = methods[best].method;
	m->armored = methods[best].type == PA_FX_FAST;
}

/* PrincipalName (RFC 4120 5.2.2): a type, and "WELLKNOWN", "ANONYMOUS" for those who prove nothing. */
static enum name
read_name(struct ber b)
{
	struct ber sequence = ber_enter(&b, SEQUENCE), list, text;
	enum { GENERAL_STRING = 0x1b };

	(void)ber_enter(&sequence, 0xa0);
	list = ber_enter(&sequence, 0xa1);
	sequence = ber_enter(&list, SEQUENCE);
	text = ber_enter(&sequence, GENERAL_STRING);
	if (!ber_ok(&text) || cursor_left(&text.bytes) == 0 || text.beyond > 0)
		return NAME_NOT_SEEN;
	if (!cursor_equals(&text.bytes, "WELLKNOWN"))
		return NAME_OF_ITS_OWN;
	text = ber_enter(&sequence, GENERAL_STRING);
	return cursor_equals(&text.bytes, "ANONYMOUS") ? NAME_ANONYMOUS : NAME_OF_ITS_OWN;
}

/* KDC-REQ-BODY (RFC 4120 5.4.1): options, the client's name. */
static enum name
read_body_name(struct ber b)
{
	struct ber sequence = ber_enter(&b, SEQUENCE), name;

	(void)ber_enter(&sequence, 0xa0);
	return ber_optional(&sequence, 0xa1, &name) ? read_name(name) : NAME_NOT_SEEN;
}

static bool
read_request(struct ber b, struct kerberos_message *m)
{
	struct ber sequence = ber_enter(&b, SEQUENCE), part;
	uint32_t version = take_number(&sequence, 0xa1), type = take_number(&sequence, 0xa2);

	if (!ber_ended(&b) || version != PVNO || type != (m->tag & 0x1fu))
		return false;
	if (ber_optional(&sequence, 0xa3, &part))
		read_padata(part, m);
	part = ber_enter(&sequence, 0xa4);
	m->name = read_body_name(part);
	return ber_ended(&sequence);
}

static bool
read_reply(struct ber b, struct kerberos_message *m)
{
	struct ber sequence = ber_enter(&b, SEQUENCE), part, encrypted;
	uint32_t version = take_number(&sequence, 0xa0), type = take_number(&sequence, 0xa1);

	if (!ber_ended(&b) || version != PVNO || type != (m->tag & 0x1fu))
		return false;
	if (ber_optional(&sequence, 0xa2, &part))
		read_padata(part, m);
	(void)ber_enter(&sequence, 0xa3); /* realm, name, ticket */
	m->name = read_name(ber_enter(&sequence, 0xa4));
	(void)ber_enter(&sequence, 0xa5);
	part = ber_enter(&sequence, 0xa6);
	if (ber_size(&part) > 0) {
		encrypted = ber_enter(&part, SEQUENCE);
		m->encryption = take_number(&encrypted, 0xa0);
	}
	return ber_ended(&sequence);
}

static bool
read_error(struct ber b, struct kerberos_message *m)
{
	struct ber sequence = ber_enter(&b, SEQUENCE), part;
	uint32_t version = take_number(&sequence, 0xa0), type = take_number(&sequence, 0xa1);

	if (!ber_ended(&b) || version != PVNO || type != (m->tag & 0x1fu))
		return false;
	(void)ber_optional(&sequence, 0xa2, &part); /* times of the client, then the server's */
	(void)ber_optional(&sequence, 0xa3, &part);
	(void)ber_enter(&sequence, 0xa4);
	(void)ber_enter(&sequence, 0xa5);
	m->error = take_number(&sequence, 0xa6);
	return ber_ok(&sequence);
}

/* AP-REQ, AP-REP and KRB-PRIV: version and type are enough, what is inside is encrypted. */
static bool
read_other(struct ber b, struct kerberos_message *m)
{
	struct ber sequence = ber_enter(&b, SEQUENCE);
	uint32_t version = take_number(&sequence, 0xa0), type = take_number(&sequence, 0xa1);

	if (m->tag == AP_REQ)
		m->method = "krb5-ap-req";
	return ber_ended(&b) && version == PVNO && type == (m->tag & 0x1fu) && ber_ok(&sequence) && ber_size(&sequence) > 0;
}

static const struct {
	uint8_t tag;
	uint8_t from; /* enum direction */
	bool (*read)(struct ber, struct kerberos_message *);
} messages[] = {
	{ AS_REQ, FROM_CLIENT, read_request },
	{ TGS_REQ, FROM_CLIENT, read_request },
	{ AP_REQ, FROM_CLIENT, read_other },
	{ AS_REP, FROM_SERVER, read_reply },
	{ TGS_REP, FROM_SERVER, read_reply },
	{ AP_REP, FROM_SERVER, read_other },
	{ KRB_ERROR, FROM_SERVER, read_error },
};

/* Reads the message that the bytes begin with; *size is that of the whole, or what is needed. */
static enum verdict
read_message(struct cursor bytes, enum direction from, struct kerberos_message *m, size_t *size)
{
	int tag = cursor_peek(&bytes, 0);
	struct ber content;
	enum verdict verdict;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].tag != tag || messages[i].from != from)
			continue;
		*m = (struct kerberos_message){ .tag = (uint8_t)tag };
		verdict = ber_open(bytes, (uint8_t)tag, MESSAGE_MAX, ENOUGH, &content, size);
		return verdict == MATCH && !messages[i].read(content, m) ? NO_MATCH : verdict;
	}
	return NO_MATCH;
}

/*
 * A change of a password (RFC 3244 2): length of the whole, version 1 or FF80, length of the AP message,
 * it, and KRB-PRIV; a refusal has KRB-ERROR and no AP message. It comes in one segment.
 */
static enum verdict
read_password_change(struct cursor bytes, enum direction from, struct kerberos_message *m)
{
	size_t all = cursor_left(&bytes), size = cursor_u16(&bytes);
	uint16_t version = cursor_u16(&bytes);
	size_t first = cursor_u16(&bytes), found;
	struct cursor part;
	struct ber content;

	if (!cursor_ok(&bytes) || size != all || (version != 1 && version != 0xff80) || first > cursor_left(&bytes))
		return NO_MATCH;
	if (first == 0) {
		if (from == FROM_CLIENT || read_message(bytes, from, m, &found) != MATCH || m->tag != KRB_ERROR)
			return NO_MATCH;
		return found == cursor_left(&bytes) ? MATCH : NO_MATCH;
	}
	part = cursor_sub(&bytes, first);
	if (read_message(part, from, m, &found) != MATCH || found != first || (m->tag != AP_REQ && m->tag != AP_REP))
		return NO_MATCH;
	if (ber_open(bytes, KRB_PRIV, MESSAGE_MAX, ENOUGH, &content, &found) != MATCH || found != cursor_left(&bytes))
		return NO_MATCH;
	return MATCH;
}

/* A datagram is one message and nothing else. */
static enum verdict
read_datagram(struct cursor bytes, enum direction from, struct kerberos_message *m)
{
	size_t size;

	if (cursor_peek(&bytes, 0) < 0x60)
		return read_password_change(bytes, from, m);
	return read_message(bytes, from, m, &size) == MATCH && size == cursor_left(&bytes) ? MATCH : NO_MATCH;
}

/* RFC 4120 7.2.2: over TCP each message has its length before it. *size is that of all, or what is needed. */
static enum verdict
read_framed(struct cursor bytes, enum direction from, struct kerberos_message *m, size_t *size)
{
	struct cursor c = bytes;
	size_t framed = cursor_u32(&c), found;
	enum verdict verdict;

	*size = 5;
	if (cursor_left(&bytes) >= 4 && (framed < 8 || framed > MESSAGE_MAX))
		return NO_MATCH;
	if (!cursor_ok(&c) || cursor_left(&c) == 0)
		return NEED_MORE;
	if (cursor_peek(&c, 0) < 0x60) {
		/* One that cannot be the length of what is framed is not waited for. */
		*size = 4 + framed;
		if ((size_t)cursor_peek(&c, 0) != framed >> 8 || (cursor_left(&c) > 1 && (size_t)cursor_peek(&c, 1) != (framed & 0xff)))
			return NO_MATCH;
		if (cursor_left(&c) < framed)
			return NEED_MORE;
		return read_password_change(cursor_sub(&c, framed), from, m);
	}
	verdict = read_message(c, from, m, &found);
	if (verdict == NO_MATCH || (verdict == MATCH && found != framed))
		return NO_MATCH;
	*size = verdict == MATCH ? 4 + framed : 4 + found;
	return verdict;
}

/* What errors say of the client: RFC 4120 7.5.9, RFC 4556 3.1.3. */
static bool
is_refusal(uint32_t error)
{
	static const uint8_t codes[] = {
		1, 6, 12, 18, 23, /* expired, unknown, against policy, revoked, password expired */
		24,               /* KDC_ERR_PREAUTH_FAILED */
		31, 32, 33, 34, 35, 36, 37, 38, 41, 44, 45, 46, 50, /* tickets, clocks, addresses, keys */
		62, 64, 65, 66, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, /* certificates */
	};

	return error != 0 && error < 256 && memchr(codes, (int)error, sizeof(codes)) != NULL;
}

enum { PREAUTH_REQUIRED = 25, MORE_PREAUTH_DATA_REQUIRED = 91 };

static void
judge_error(struct dissection *d, const struct kerberos_message *m, enum strength strength, uint64_t offset)
{
	struct kerberos_state *s = d->state;

	if (m->error == PREAUTH_REQUIRED || m->error == MORE_PREAUTH_DATA_REQUIRED) {
		s->demanded = true;
		/* Which method, the request tells; one that proves nothing is asked for a proof by the password's key. */
		const char *method = s->method == NULL && s->request != 0 && m->error == PREAUTH_REQUIRED ? "krb5-preauth" : s->method;

		evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, strength, "RFC 4120 5.9.1 KRB-ERROR", FROM_SERVER, offset);
	} else if (is_refusal(m->error)) {
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, strength, "RFC 4120 5.9.1 KRB-ERROR", FROM_SERVER, offset);
	}
}

/*
 * A ticket for who proved nothing is "none" (RFC 4120 3.1.3). What is inside of FAST is known only where
 * the KDC had asked for it. A ticket by a ticket always rests on an AP-REQ (3.3.3). Nobody is authenticated
 * who asked as nobody, by PKINIT without a signature (RFC 8062 4.1); of a ticket in nobody's name it is not to
 * be seen who got it.
 */
static void
judge_ticket(struct dissection *d, const struct kerberos_message *m, uint64_t offset)
{
	struct kerberos_state *s = d->state;
	bool pkinit = m->method != NULL && strcmp(m->method, "krb5-pkinit") == 0;
	bool anonymous = m->name == NAME_ANONYMOUS ? m->tag == TGS_REP || s->name != NAME_OF_ITS_OWN : m->name == NAME_NOT_SEEN && s->name == NAME_ANONYMOUS;

	if (anonymous) {
		if (m->tag == AS_REP && s->name == NAME_ANONYMOUS && d->flow->handshake_seen)
			evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 8062 4.1 anonymous PKINIT", FROM_SERVER, offset);
		return;
	}
	if (m->tag == TGS_REP || pkinit)
		evidence_authentication(d->evidence, AUTH_SUCCESS, pkinit ? m->method : "krb5-ap-req", s->request != 0 ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, "RFC 4120 5.4.2 KDC-REP", FROM_SERVER, offset);
	else if (s->request != AS_REQ)
		return;
	else if (s->method == NULL && !s->demanded && d->flow->handshake_seen)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 4120 3.1.3 KDC-REP without pre-authentication", FROM_SERVER, offset);
	else if (s->method != NULL && (!s->armored || s->demanded))
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, "RFC 4120 5.4.2 KDC-REP", FROM_SERVER, offset);
}

/* Names of encryption types, by IANA. */
static const char *
encryption_name(uint32_t type)
{
	static const char *const names[] = {
		[1] = "des-cbc-crc", [2] = "des-cbc-md4", [3] = "des-cbc-md5",
		[16] = "des3-cbc-sha1-kd", [17] = "aes128-cts-hmac-sha1-96", [18] = "aes256-cts-hmac-sha1-96",
		[19] = "aes128-cts-hmac-sha256-128", [20] = "aes256-cts-hmac-sha384-192",
		[23] = "rc4-hmac", [24] = "rc4-hmac-exp", [25] = "camellia128-cts-cmac", [26] = "camellia256-cts-cmac",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

static void
act(struct dissection *d, enum direction from, const struct kerberos_message *m, uint64_t offset)
{
	struct kerberos_state *s = d->state;
	enum strength strength = from == FROM_SERVER && s->request != 0 ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE;

	evidence_protocol(d->evidence, "kerberos", strength, rfc, from, offset);
	evidence_encryption(d->evidence, ENCRYPTION_PARTIAL, STRENGTH_STRUCTURE, rfc, from, offset);
	d->evidence->encryption.by = "kerberos";
	if (m->encryption != 0)
		d->evidence->encryption.cipher = encryption_name(m->encryption);
	if (from == FROM_CLIENT) {
		s->request = m->tag;
		s->method = m->method;
		s->armored = m->armored;
		s->name = m->name;
		if (m->method != NULL)
			evidence_authentication(d->evidence, AUTH_ATTEMPTED, m->method, STRENGTH_STRUCTURE, "RFC 4120 5.2.7 PA-DATA", from, offset);
	} else if (m->tag == KRB_ERROR) {
		judge_error(d, m, strength, offset);
	} else if (m->tag == AP_REP) {
		evidence_authentication(d->evidence, AUTH_SUCCESS, "krb5-ap-req", strength, "RFC 4120 3.2.4 AP-REP", from, offset);
	} else {
		judge_ticket(d, m, offset);
	}
}

static enum verdict
kerberos_udp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct kerberos_message m;

	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	return read_datagram(bytes, from, &m);
}

static enum verdict
kerberos_udp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct kerberos_message m;

	if (read_datagram(*bytes, from, &m) != MATCH)
		return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MATCH;
	act(d, from, &m, d->offset[from]);
	return MATCH;
}

static enum verdict
kerberos_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct kerberos_message m;
	size_t size;

	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	return read_framed(bytes, from, &m, &size);
}

static enum verdict
kerberos_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor start = *bytes;

	while (d->skip == 0 && cursor_left(bytes) > 0) {
		uint64_t offset = dissection_offset(d, from, start, *bytes);
		struct kerberos_message m;
		size_t size;
		enum verdict verdict = read_framed(*bytes, from, &m, &size);

		if (verdict == NEED_MORE) {
			d->need = size;
			return NEED_MORE;
		}
		if (verdict == NO_MATCH)
			return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MALFORMED;
		dissection_pass_over(d, bytes, size);
		act(d, from, &m, offset);
	}
	return MATCH;
}

const struct dissector kerberos_dissector = {
	.name = "kerberos",
	.specification = "RFC 4120",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 88, 464 },
	.first_bytes = { "\0", "\0" },
	.first_bytes_size = { 1, 1 },
	.state_size = sizeof(struct kerberos_state),
	.probe = kerberos_probe,
	.dissect = kerberos_dissect,
};

/* Tags of messages, and the high bytes of the lengths of password changes. */
#define LENGTHS "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"

const struct dissector kerberos_udp_dissector = {
	.name = "kerberos",
	.specification = "RFC 4120",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 88, 464 },
	.first_bytes = { "jln" LENGTHS, "kmo~" LENGTHS },
	.first_bytes_size = { 3 + sizeof(LENGTHS) - 1, 4 + sizeof(LENGTHS) - 1 },
	.state_size = sizeof(struct kerberos_state),
	.probe = kerberos_udp_probe,
	.dissect = kerberos_udp_dissect,
};
