/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LDAP over TCP and connectionless LDAP over UDP: RFC 4511, RFC 4513 (binds), RFC 4422 (SASL),
 * RFC 1777 (LDAPv2), MS-ADTS. Who bound how, what was served without a bind, StartTLS, and the
 * security layer that a SASL bind may put over what follows.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

#include "gss.h"
#include "ldap_message.h"
#include "sasl.h"

/* Result codes: RFC 4511 A.1. */
enum {
	SUCCESS = 0,
	OPERATIONS_ERROR = 1,
	TIME_LIMIT = 3,
	SIZE_LIMIT = 4,
	COMPARE_FALSE = 5,
	COMPARE_TRUE = 6,
	AUTH_METHOD_NOT_SUPPORTED = 7,
	STRONGER_AUTH_REQUIRED = 8,
	CONFIDENTIALITY_REQUIRED = 13,
	SASL_BIND_IN_PROGRESS = 14,
	CONSTRAINT_VIOLATION = 19, /* 389 Directory Server: too many tries */
	NO_SUCH_OBJECT = 32,
	INAPPROPRIATE_AUTHENTICATION = 48,
	INVALID_CREDENTIALS = 49,
	INSUFFICIENT_ACCESS = 50,
	UNWILLING_TO_PERFORM = 53,
	ENTRY_EXISTS = 68,
	AUTHORIZATION_DENIED = 123,
};

/* What an answer to a request can tell. */
enum kind {
	KIND_NOTHING,
	KIND_PUBLIC,   /* served to everybody, on most servers: the root DSE, "who am I?" */
	KIND_WORK,
	KIND_STARTTLS,
	KIND_COUNT,
};

enum { REQUESTS = 16, LAYER_TOKEN_MAX = 16 << 20, LAYER_ENOUGH = 64 };

struct ldap_state {
	struct {
		uint32_t id;
		uint8_t kind; /* enum kind */
	} requests[REQUESTS]; /* the latest, not yet answered */
	uint8_t next;
	const char *method;   /* of the bind that is under way or was the last */
	uint32_t bind_id;
	bool binding;         /* bind_id is to be answered */
	bool negotiates;      /* by SPNEGO */
	bool anonymous;       /* that bind names nobody, or proves nothing */
	bool preliminary;     /* Sicily: "success" is to a step before the last */
	bool begun, partly;   /* the beginning is missing, or something in between */
	bool bound;
	bool worked;          /* something was asked for in the clear that is not public */
	bool public_served;
	bool layer;           /* a security layer may cover what follows */
	bool starting_tls;
	bool tls_ahead;       /* the client went on to TLS; whether it was to is not seen */
};

static const char notice_of_disconnection[] = "1.3.6.1.4.1.1466.20036"; /* RFC 4511 4.4.1 */
static const char start_tls[] = "1.3.6.1.4.1.1466.20037";               /* RFC 4511 4.14 */
static const char who_am_i[] = "1.3.6.1.4.1.4203.1.11.3";               /* RFC 4532 */
static const char password_modify[] = "1.3.6.1.4.1.4203.1.11.1";        /* RFC 3062 */

static void
claim(struct dissection *d, enum strength strength, enum direction from, uint64_t offset)
{
	evidence_protocol(d->evidence, "ldap", strength, "RFC 4511 4.1.1 LDAPMessage", from, offset);
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "RFC 4511 4.1.1 LDAPMessage", from, offset);
}

static void
remember(struct ldap_state *s, uint32_t id, enum kind kind)
{
	s->requests[s->next].id = id;
	s->requests[s->next].kind = (uint8_t)kind;
	s->next = (uint8_t)((s->next + 1) % REQUESTS);
}

/* The kind of request of that number, KIND_COUNT where it is not known; final: it is answered by this. */
static enum kind
recall(struct ldap_state *s, uint32_t id, bool final)
{
	for (size_t i = 1; i <= REQUESTS; i++) {
		size_t at = (s->next + REQUESTS - i) % REQUESTS;

		if (s->requests[at].id != id || id == 0)
			continue;
		if (final)
			s->requests[at].id = 0;
		return (enum kind)s->requests[at].kind;
	}
	return KIND_COUNT;
}

/* Binds. */

/* A token of SPNEGO may say which mechanism it is about; a later one may say nothing new. */
static void
look_into_spnego(struct ldap_state *s, const struct ber *token)
{
	enum gss_mechanism mechanism = gss_mechanism(token->bytes);

	if (s->negotiates && (mechanism == GSS_KERBEROS || mechanism == GSS_NTLM))
		s->method = mechanism == GSS_KERBEROS ? "sasl-gss-spnego-krb5" : "sasl-ntlm";
}

static void
begin_sasl(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	const struct sasl_mechanism *mechanism = sasl_mechanism(m->bind.mechanism);
	bool negotiates = strcmp(mechanism->method, "sasl-gss-spnego") == 0;

	if (!negotiates || !s->negotiates)
		s->method = mechanism->method;
	s->negotiates = negotiates;
	s->anonymous = strcmp(mechanism->method, "sasl-anonymous") == 0;
	if (!m->bind.has_credentials)
		return;
	look_into_spnego(s, &m->bind.credentials);
	if (mechanism->replayable && ber_size(&m->bind.credentials) > 0)
		evidence_cleartext_credentials(d->evidence, "RFC 4513 5.2 SASL bind", FROM_CLIENT, offset);
}

/*
 * RFC 4513 5.1: no name is anonymous whatever the password; a name without a password proves nothing
 * ("unauthenticated").
 */
static void
begin_simple(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	bool secret = ber_size(&m->bind.credentials) > 0;

	s->anonymous = !secret || ber_size(&m->bind.name) == 0;
	s->method = secret ? "ldap-simple" : NULL;
	if (secret)
		evidence_cleartext_credentials(d->evidence, "RFC 4513 5.1.3 simple bind", FROM_CLIENT, offset);
}

static void
read_bind(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;

	s->bind_id = m->id;
	s->binding = true;
	s->preliminary = m->bind.choice == LDAP_AUTH_SICILY_DISCOVERY || m->bind.choice == LDAP_AUTH_SICILY_NEGOTIATE;
	s->anonymous = false;
	s->layer = false;
	if (m->bind.choice == LDAP_AUTH_SASL)
		begin_sasl(d, m, offset);
	else
		s->negotiates = false;
	if (m->bind.choice == LDAP_AUTH_SIMPLE)
		begin_simple(d, m, offset);
	else if (m->bind.choice != LDAP_AUTH_SASL)
		s->method = m->bind.choice == LDAP_AUTH_KERBEROS_LDAP || m->bind.choice == LDAP_AUTH_KERBEROS_DSA ? "krb4" : "ntlmssp";
	if (d->evidence->want_principals && ber_size(&m->bind.name) > 0 && !s->bound)
		cursor_copy_text(&m->bind.name.bytes, d->evidence->authentication.principal, sizeof(d->evidence->authentication.principal));
	if (!s->anonymous)
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, "RFC 4511 4.2 BindRequest", FROM_CLIENT, offset);
}

/* Refusals of a bind that are about the client; others (busy, referral ...) are not. */
static bool
refuses_bind(uint32_t code)
{
	static const uint32_t codes[] = {
		AUTH_METHOD_NOT_SUPPORTED, STRONGER_AUTH_REQUIRED, CONFIDENTIALITY_REQUIRED, CONSTRAINT_VIOLATION, NO_SUCH_OBJECT,
		INAPPROPRIATE_AUTHENTICATION, INVALID_CREDENTIALS, INSUFFICIENT_ACCESS, UNWILLING_TO_PERFORM, AUTHORIZATION_DENIED,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static void
accept_bind(struct dissection *d, uint64_t offset)
{
	struct ldap_state *s = d->state;

	if (s->preliminary)
		return;
	if (s->anonymous) {
		s->public_served = true;
		return;
	}
	s->bound = true;
	s->layer = s->method != NULL && strcmp(s->method, "ldap-simple") != 0;
	evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, "RFC 4511 4.2.2 BindResponse", FROM_SERVER, offset);
}

static void
judge_bind(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	bool known = s->binding && s->bind_id == m->id;

	if (!known) {
		if (m->result.code == INVALID_CREDENTIALS)
			evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_STRUCTURE, "RFC 4511 4.2.2 BindResponse", FROM_SERVER, offset);
		s->partly = true; /* another bind than those that were seen */
		return;
	}
	s->binding = false;
	if (m->result.has_credentials)
		look_into_spnego(s, &m->result.credentials);
	if (m->result.code == SUCCESS)
		accept_bind(d, offset);
	else if (refuses_bind(m->result.code))
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, "RFC 4511 4.2.2 BindResponse", FROM_SERVER, offset);
}

/* Other operations. */

/* PasswdModifyRequestValue: [0] user, [1] old password, [2] new password. */
static bool
has_password(struct ber value)
{
	struct ber sequence = ber_enter(&value, 0x30), part;

	(void)ber_optional(&sequence, 0x80, &part);
	return ber_at(&sequence, 0x81) || ber_at(&sequence, 0x82);
}

static void
read_extended(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;

	if (cursor_equals(&m->extended.name, start_tls)) {
		s->starting_tls = true;
		remember(s, m->id, KIND_STARTTLS);
		return;
	}
	if (cursor_equals(&m->extended.name, password_modify) && m->extended.has_value && has_password(m->extended.value))
		evidence_cleartext_credentials(d->evidence, "RFC 3062 2 PasswdModifyRequestValue", FROM_CLIENT, offset);
	remember(s, m->id, cursor_equals(&m->extended.name, who_am_i) ? KIND_PUBLIC : KIND_NOTHING);
}

static void
read_request(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	bool public = m->operation == LDAP_SEARCH_REQUEST && m->search.base_is_root && m->search.scope == 0; /* RFC 4512 5.1 */

	switch (m->operation) {
	case LDAP_BIND_REQUEST:
		read_bind(d, m, offset);
		break;
	case LDAP_EXTENDED_REQUEST:
		read_extended(d, m, offset);
		break;
	case LDAP_UNBIND_REQUEST:
	case LDAP_ABANDON_REQUEST: /* neither is answered */
		break;
	default:
		s->worked |= !public;
		remember(s, m->id, public ? KIND_PUBLIC : KIND_WORK);
	}
}

/* Results that say so in words alone: Active Directory before a bind, which serves only the root DSE; OpenLDAP's "require authc" and "require bind". */
static bool
demands_bind(const struct ldap_message *m)
{
	static const struct {
		uint32_t code;
		const char *words;
	} demands[] = {
		{ OPERATIONS_ERROR, "a successful bind must be completed" },
		{ OPERATIONS_ERROR, "bind required" },
		{ UNWILLING_TO_PERFORM, "authentication required" },
	};

	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++)
		if (m->result.code == demands[i].code && cursor_find_nocase(&m->result.diagnostic, demands[i].words) >= 0)
			return true;
	return false;
}

static bool
is_refusal(const struct ldap_message *m)
{
	switch (m->result.code) {
	case STRONGER_AUTH_REQUIRED:
	case CONFIDENTIALITY_REQUIRED:
	case INAPPROPRIATE_AUTHENTICATION:
	case INSUFFICIENT_ACCESS:
	case AUTHORIZATION_DENIED:
		return true;
	default:
		return demands_bind(m);
	}
}

static bool
is_service(uint32_t code)
{
	return code == SUCCESS || (code >= TIME_LIMIT && code <= COMPARE_TRUE) || code == ENTRY_EXISTS;
}

static void
judge_answer(struct dissection *d, enum kind kind, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	bool result = m->operation != LDAP_SEARCH_ENTRY;

	if (result && is_refusal(m)) {
		if (s->bound)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		else if (!s->partly)
			evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, "RFC 4511 4.1.9 LDAPResult", FROM_SERVER, offset);
		return;
	}
	if (s->partly || s->bound || (result && !is_service(m->result.code)))
		return;
	s->public_served |= kind == KIND_PUBLIC;
	if (kind == KIND_WORK)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 4511 4.1.9 answer without a bind", FROM_SERVER, offset);
}

static enum verdict
judge_start_tls(struct dissection *d, const struct ldap_message *m)
{
	struct ldap_state *s = d->state;

	s->starting_tls = false;
	if (m->result.code != SUCCESS) {
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	if (s->worked)
		evidence_note(d->evidence, NOTE_EARLY_DATA);
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
read_answer(struct dissection *d, const struct ldap_message *m, uint64_t offset)
{
	struct ldap_state *s = d->state;
	bool final = m->operation != LDAP_SEARCH_ENTRY && m->operation != LDAP_SEARCH_REFERENCE && m->operation != LDAP_INTERMEDIATE_RESPONSE;
	enum kind kind;

	if (m->operation == LDAP_BIND_RESPONSE) {
		if (s->binding && s->bind_id == m->id)
			claim(d, STRENGTH_EXCHANGE, FROM_SERVER, offset);
		judge_bind(d, m, offset);
		return MATCH;
	}
	kind = recall(s, m->id, final);
	if (kind != KIND_COUNT)
		claim(d, STRENGTH_EXCHANGE, FROM_SERVER, offset);
	if (kind == KIND_STARTTLS || (m->operation == LDAP_EXTENDED_RESPONSE && cursor_equals(&m->result.name, start_tls)))
		return judge_start_tls(d, m);
	if (m->operation == LDAP_EXTENDED_RESPONSE && m->id == 0 && cursor_equals(&m->result.name, notice_of_disconnection))
		judge_answer(d, KIND_NOTHING, m, offset);
	else if (kind != KIND_COUNT && (final || m->operation == LDAP_SEARCH_ENTRY))
		judge_answer(d, kind, m, offset);
	return MATCH;
}

/* Security layers: RFC 4422 3.7. */

/* Whether the bytes, which end a layer's token of that size but for trailer, begin with an LDAP message. */
static bool
is_readable(struct cursor bytes, size_t size)
{
	uint8_t tag;
	size_t content, before = cursor_left(&bytes);

	return ber_header(&bytes, &tag, &content) == MATCH && tag == 0x30 && content <= size && before - cursor_left(&bytes) + content <= size && cursor_peek(&bytes, 0) == 0x02;
}

/* Of a mechanism whose tokens have no form of their own: by whether the message can be read in it. */
static enum gss_wrapping
other_wrapping(const struct ldap_state *s, struct cursor token, size_t size)
{
	struct cursor c = token;

	/* MS-NLMP 2.2.2.9.1: version 1, checksum, sequence number; the message. */
	if (strcmp(s->method, "sasl-ntlm") == 0 && cursor_u32le(&c) == 1 && size > 16) {
		cursor_skip(&c, 12);
		return is_readable(c, size - 16) ? GSS_SIGNED : GSS_SEALED;
	}
	/* RFC 2831 2.3 and 2.4: the message, then 10 bytes of MAC, 0001, sequence number. */
	if (strcmp(s->method, "sasl-digest-md5") == 0 && size > 16)
		return is_readable(token, size - 16) ? GSS_SIGNED : GSS_SEALED;
	return GSS_NOT_WRAPPED;
}

static enum verdict
read_layer(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct ldap_state *s = d->state;
	struct cursor c = *bytes, token;
	size_t size = cursor_u32(&c), enough = size < LAYER_ENOUGH ? size : LAYER_ENOUGH;
	enum gss_wrapping wrapping;
	const char *by = "gss";

	d->need = cursor_ok(&c) ? 4 + enough : 4;
	if (!cursor_ok(&c) || cursor_left(&c) < enough)
		return NEED_MORE;
	if (size == 0 || size > LAYER_TOKEN_MAX)
		return MALFORMED;
	token = cursor_sub(&c, enough);
	wrapping = gss_wrapping(token);
	if (wrapping == GSS_NOT_WRAPPED) {
		wrapping = other_wrapping(s, token, size);
		by = s->method;
	}
	if (wrapping == GSS_SEALED) {
		evidence_encryption(d->evidence, ENCRYPTION_PARTIAL, STRENGTH_EXCHANGE, "RFC 4422 3.7 security layer", from, offset);
		d->evidence->encryption.by = by;
	} else if (wrapping == GSS_NOT_WRAPPED) {
		evidence_doubt_plaintext(d->evidence); /* some layer: whether it hides the messages is not to be seen */
	}
	return DONE;
}

/* The stream. */

static enum verdict
not_ldap(struct dissection *d, struct cursor *bytes)
{
	struct ldap_state *s = d->state;

	if (d->evidence->strength < STRENGTH_STRUCTURE)
		return NO_MATCH;
	if (!s->partly)
		return MALFORMED;
	cursor_skip(bytes, cursor_left(bytes));
	return NEED_MORE;
}

/* Whether a TLS record begins here: RFC 8446 5.1. NEED_MORE where the bytes are too few to tell. */
static enum verdict
probe_tls(struct cursor bytes)
{
	size_t left = cursor_left(&bytes);
	uint8_t type = cursor_u8(&bytes);
	uint16_t version = cursor_u16(&bytes), size = cursor_u16(&bytes);

	if (type < 0x14 || type > 0x17)
		return NO_MATCH;
	if (left < 5)
		return NEED_MORE;
	return version >= 0x0300 && version <= 0x0304 && size > 0 && size <= 0x4800 ? MATCH : NO_MATCH;
}

/*
 * TLS where a message should begin. A client may begin with it before it is told to; else the words that
 * agreed on it were not captured.
 */
static enum verdict
go_on_to_tls(struct dissection *d, enum direction from)
{
	struct ldap_state *s = d->state;

	if (from == FROM_CLIENT && s->starting_tls && !s->partly) {
		s->tls_ahead = true;
		return NEED_MORE;
	}
	if (s->worked)
		evidence_note(d->evidence, NOTE_EARLY_DATA);
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct ldap_state *s = d->state;
	struct ldap_message m;
	enum verdict verdict;

	if (s->layer && cursor_peek(bytes, 0) != 0x30)
		return read_layer(d, from, bytes, offset);
	verdict = d->evidence->strength >= STRENGTH_STRUCTURE ? probe_tls(*bytes) : NO_MATCH;
	if (verdict == MATCH)
		return go_on_to_tls(d, from);
	if (verdict == NEED_MORE)
		return NEED_MORE;
	verdict = ldap_message_read(*bytes, from, &m, &d->need);
	if (verdict == NO_MATCH)
		return not_ldap(d, bytes);
	if (verdict != MATCH)
		return verdict;
	dissection_pass_over(d, bytes, m.size);
	d->need = 0;
	claim(d, STRENGTH_STRUCTURE, from, offset);
	if (from == FROM_SERVER)
		return read_answer(d, &m, offset);
	read_request(d, &m, offset);
	return MATCH;
}

static enum verdict
ldap_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct ldap_state *s = d->state;

	if (!s->begun)
		s->partly = !d->flow->handshake_seen;
	s->begun = true;
	return dissect_messages(d, from, bytes, read_one);
}

/* Messages are looked for again at the beginning of each piece of the stream. */
static enum verdict
ldap_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct ldap_state *s = d->state;

	(void)from;
	(void)size;
	if (s->layer)
		return DONE;
	s->partly = true;
	s->binding = false;
	/* Nobody says StartTLS after work. */
	if (!s->bound && !s->worked)
		evidence_doubt_plaintext(d->evidence);
	memset(s->requests, 0, sizeof(s->requests));
	return MATCH;
}

/*
 * What follows TLS that nobody was seen to agree on is open, and so is a bind without an answer, whatever
 * became of those before it. What everybody is served is "none" where nothing else came of the
 * connection.
 */
static void
ldap_finish(struct dissection *d)
{
	const struct ldap_state *s = d->state;

	if (s->tls_ahead)
		evidence_doubt_plaintext(d->evidence);
	if (s->binding && !s->anonymous)
		evidence_doubt_failure(d->evidence);
	if (s->public_served && !s->partly && d->evidence->authentication.result == AUTH_UNKNOWN)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 4513 4 anonymous", FROM_SERVER, d->offset[FROM_SERVER]);
}

static enum verdict
ldap_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct ldap_message m;
	size_t need;

	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	return ldap_message_read(bytes, from, &m, &need);
}

/* One datagram may hold an entry and the result. */
static enum verdict
read_datagram(struct cursor bytes, enum direction from)
{
	struct ldap_message m;
	size_t need, count = 0;

	do {
		if (ldap_message_read(bytes, from, &m, &need) != MATCH || m.size > cursor_left(&bytes))
			return NO_MATCH;
		cursor_skip(&bytes, m.size);
	} while (cursor_left(&bytes) > 0 && ++count < 64);
	return cursor_left(&bytes) == 0 ? MATCH : NO_MATCH;
}

static enum verdict
cldap_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	return read_datagram(bytes, from);
}

/* Connectionless LDAP has no bind: RFC 1798 2, MS-ADTS 3.1.1.3.1.1.6. */
static enum verdict
cldap_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	if (read_datagram(*bytes, from) != MATCH)
		return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MATCH;
	claim(d, from == FROM_SERVER ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, from, d->offset[from]);
	evidence_authentication(d->evidence, AUTH_NOT_APPLICABLE, NULL, STRENGTH_STRUCTURE, "RFC 1798 2 connectionless", from, d->offset[from]);
	return MATCH;
}

const struct dissector ldap_dissector = {
	.name = "ldap",
	.specification = "RFC 4511",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 389, 3268 },
	.first_bytes = { "0", "0" },
	.state_size = sizeof(struct ldap_state),
	.probe = ldap_probe,
	.dissect = ldap_dissect,
	.gap = ldap_gap,
	.finish = ldap_finish,
};

const struct dissector cldap_dissector = {
	.name = "ldap",
	.specification = "RFC 1798",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 389 },
	.first_bytes = { "0", "0" },
	.probe = cldap_probe,
	.dissect = cldap_dissect,
};
