/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's frontend/backend protocol 3 (documentation, chapter "Frontend/Backend Protocol"),
 * which PgBouncer, CockroachDB and others speak too: what was asked of the server before the
 * StartupMessage (TLS, GSSAPI encryption, a cancel), how it let the client prove itself, and how
 * that ended. A connection joined in the middle is told by its chain of typed messages.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

#include "postgresql_message.h"
#include "tls_record.h"

#define SECTION "PostgreSQL Frontend/Backend Protocol, "

enum {
	LOGIN_MESSAGE_MAX = 65536 + 64, /* of a typed message before authentication is over */
	LOGIN_PREFIX = 1024,         /* of a client's message: what we look at */
};

enum phase {
	PHASE_START, /* a request for encryption, or the StartupMessage, is next */
	PHASE_ASKED, /* the one-byte answer to such a request is next */
	PHASE_LOGIN, /* StartupMessage seen: authentication messages are next */
	PHASE_OK,    /* AuthenticationOk seen */
	PHASE_READY, /* the outcome is known, the client's answer to the challenge is still to come */
	PHASE_GSS,   /* GSSAPI encryption agreed on: token exchange is next */
};

struct postgresql_state {
	const char *method;   /* of the challenge, then of the client's answer to it */
	uint32_t asked;       /* PHASE_ASKED: the request's code */
	uint32_t challenge;   /* the authentication request's code; 0 where none came */
	uint8_t phase;        /* enum phase */
	bool startup_seen;
	bool answered;        /* the client answered the challenge */
	bool unasked;         /* AuthenticationOk came without any challenge, and nothing after it yet */
	bool early;           /* PHASE_ASKED: the client did not wait for the answer */
	bool waiting;         /* the client answers a challenge that is not here */
	bool lost[2];         /* by direction: bytes are missing */
	bool seeking[2];      /* where messages begin again was not found yet */
};

/* ------------------------------------------------------------------------------------------------
 * The client's side
 */

static void
claim_plaintext(struct dissection *d, enum direction from, const char *clause, uint64_t offset)
{
	evidence_plaintext(d->evidence, "postgresql", STRENGTH_STRUCTURE, clause, from, offset);
}

static enum verdict
malformed(struct dissection *d)
{
	evidence_note(d->evidence, NOTE_MALFORMED);
	return MALFORMED;
}

/* A stream joined in the middle: nothing is known of its login. */
static enum verdict
joined_midway(struct dissection *d, enum direction from)
{
	if (!d->flow->handshake_seen)
		evidence_note(d->evidence, NOTE_MIDSTREAM);
	claim_plaintext(d, from, SECTION "Message Formats", d->offset[from]);
	return DONE;
}

/* In a stream joined in the middle the other direction may still show what this one does not. */
static enum verdict
not_found(const struct dissection *d, enum verdict verdict)
{
	return verdict == NO_MATCH && !d->flow->handshake_seen ? NEED_MORE : verdict;
}

static enum verdict
begin_login(struct dissection *d, const struct postgresql_startup *message, uint64_t offset)
{
	struct postgresql_state *s = d->state;
	struct evidence *e = d->evidence;

	claim_plaintext(d, FROM_CLIENT, SECTION "StartupMessage", offset);
	s->startup_seen = true;
	if (s->phase == PHASE_START)
		s->phase = PHASE_LOGIN;
	if (message->replication)
		evidence_note(e, NOTE_REPLICATION);
	if (e->want_principals)
		cursor_copy_text(&message->user, e->authentication.principal, sizeof(e->authentication.principal));
	return MATCH;
}

static enum verdict
on_startup(struct dissection *d, const struct postgresql_startup *message, uint64_t offset)
{
	struct postgresql_state *s = d->state;

	switch (message->code) {
	case POSTGRESQL_SSL_REQUEST_CODE:
	case POSTGRESQL_GSSENC_REQUEST_CODE:
		claim_plaintext(d, FROM_CLIENT, message->code == POSTGRESQL_SSL_REQUEST_CODE ? SECTION "SSLRequest" : SECTION "GSSENCRequest", offset);
		s->asked = message->code;
		if (s->phase == PHASE_START)
			s->phase = PHASE_ASKED;
		return MATCH;
	case POSTGRESQL_CANCEL_REQUEST_CODE:
		/* Whoever knows the key may cancel: the server asks for nothing else, and answers nothing. */
		claim_plaintext(d, FROM_CLIENT, SECTION "CancelRequest", offset);
		evidence_note(d->evidence, NOTE_CANCEL_REQUEST);
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_STRUCTURE, SECTION "CancelRequest", FROM_CLIENT, offset);
		return DONE;
	case 2 << 16:
		claim_plaintext(d, FROM_CLIENT, "PostgreSQL protocol 2.0, StartupPacket", offset);
		return DONE;
	default:
		return begin_login(d, message, offset);
	}
}

/* SASL mechanisms and the names they go by here. */
static const struct mechanism {
	const char *name;
	const char *method;
	bool cleartext; /* its initial response holds a secret that can be replayed */
} mechanisms[] = {
	{ "SCRAM-SHA-256", "scram-sha-256", false },
	{ "SCRAM-SHA-256-PLUS", "scram-sha-256-plus", false },
	{ "OAUTHBEARER", "sasl-oauthbearer", true },
	{ "SCRAM-SHA-1", "scram-sha-1", false },
	{ "SCRAM-SHA-512", "scram-sha-512", false },
	{ "PLAIN", "sasl-plain", true },
	{ "GSSAPI", "sasl-gssapi", false },
	{ "EXTERNAL", "sasl-external", false },
	{ "sasl-other", "sasl-other", false },
};

static const struct mechanism *
mechanism_named(struct cursor name)
{
	size_t i = 0;

	while (i + 1 < sizeof(mechanisms) / sizeof(mechanisms[0]) && !cursor_equals(&name, mechanisms[i].name))
		i++;
	return &mechanisms[i];
}

/* Whether an initial response holds more than the question for where to get a token (RFC 7628 4.3). */
static bool
holds_secret(const struct mechanism *m, struct cursor response)
{
	ptrdiff_t at;

	if (!m->cleartext || cursor_left(&response) == 0)
		return false;
	if (strcmp(m->name, "OAUTHBEARER") != 0)
		return true;
	at = cursor_find_nocase(&response, "auth=");
	return at >= 0 && cursor_peek(&response, (size_t)at + 5) > ' ';
}

/* SASLInitialResponse: the mechanism chosen, then an Int32 size, -1 for none, and the response. */
static void
on_initial_response(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct postgresql_state *s = d->state;
	const struct mechanism *m;
	struct cursor name;

	if (!postgresql_take_string(&body, &name))
		return;
	m = mechanism_named(name);
	s->method = m->method;
	d->evidence->authentication.method = m->method;
	if (cursor_u32(&body) != UINT32_MAX && holds_secret(m, body))
		evidence_cleartext_credentials(d->evidence, SECTION "SASLInitialResponse", FROM_CLIENT, offset);
}

/* PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse: told apart by what was asked. */
static enum verdict
on_response(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct postgresql_state *s = d->state;

	if (s->challenge == POSTGRESQL_AUTHENTICATION_SASL && !s->answered)
		on_initial_response(d, body, offset);
	/* The String of a password: one byte is the NUL of an empty one. */
	if (s->challenge == POSTGRESQL_AUTHENTICATION_CLEARTEXT && cursor_left(&body) > 1)
		evidence_cleartext_credentials(d->evidence, SECTION "PasswordMessage", FROM_CLIENT, offset);
	s->answered = true;
	return s->phase == PHASE_READY ? DONE : MATCH;
}

/* A typed message before login is over. Only the response to a challenge is of interest. */
static enum verdict
client_typed(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;
	struct cursor c = *bytes, body;
	uint8_t type = cursor_u8(&c);
	uint32_t size = cursor_u32(&c);
	size_t shown;

	if (!postgresql_is_message(FROM_CLIENT, type))
		return malformed(d);
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < 4 || size > (type == 'p' ? LOGIN_MESSAGE_MAX : POSTGRESQL_MESSAGE_MAX))
		return malformed(d);
	/* The question may be in a packet that comes after its answer, or never. */
	if (type == 'p' && s->challenge == 0) {
		s->waiting = true;
		return NEED_MORE;
	}
	size -= 4;
	shown = size < LOGIN_PREFIX ? size : LOGIN_PREFIX;
	if (cursor_left(&c) < shown) {
		d->need = 5 + shown;
		return NEED_MORE;
	}
	body = cursor_sub(&c, shown);
	d->skip = size - shown;
	*bytes = c;
	return type == 'p' ? on_response(d, body, d->offset[FROM_CLIENT]) : MATCH;
}

/*
 * GSSAPI encryption (section "GSSAPI Session Encryption"): from here on packets of a size and a
 * token. With the first of them the session is not readable any more.
 */
static enum verdict
gss_token(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;
	struct cursor c = *bytes;
	uint32_t size = cursor_u32(&c);

	if (!cursor_ok(&c) || cursor_left(&c) == 0)
		return NEED_MORE;
	/* 16384 is the implementations' limit, both ways; a token's first byte is an ASN.1 tag, not 0. */
	if (size == 0 || size > 16384 || cursor_u8(&c) == 0)
		return malformed(d);
	s->phase = PHASE_READY;
	d->evidence->encryption.by = "gss";
	evidence_encryption(d->evidence, ENCRYPTION_UPGRADED, STRENGTH_EXCHANGE, SECTION "GSSAPI Session Encryption", from, d->offset[from]);
	return DONE;
}

static enum verdict
client_begins(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;
	uint64_t offset = d->offset[FROM_CLIENT];
	struct postgresql_startup message;
	enum verdict verdict = postgresql_read_startup(bytes, &message);

	if (verdict == MATCH)
		return on_startup(d, &message, offset);
	if (verdict == NEED_MORE)
		return NEED_MORE;
	if (s->startup_seen || s->asked != 0)
		return malformed(d);
	verdict = postgresql_probe_chain(FROM_CLIENT, *bytes);
	if (verdict == MATCH)
		return joined_midway(d, FROM_CLIENT);
	return not_found(d, verdict);
}

static enum verdict
upgrade(struct dissection *d)
{
	d->next = &tls_dissector;
	return UPGRADE;
}

/*
 * Bytes of a client that should be waiting for an answer. Where the answer is missing from the
 * capture they tell what it was: a client that is past its ClientHello was answered 'S'.
 */
static enum verdict
client_goes_on(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;

	if (tls_record_of_handshake(*bytes, !s->lost[FROM_SERVER]))
		return upgrade(d);
	if (!s->lost[FROM_SERVER]) {
		s->early = cursor_peek(bytes, 0) != 0x16;
		return NEED_MORE;
	}
	s->phase = PHASE_START;
	return client_begins(d, bytes);
}

static enum verdict
from_client(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;

	switch (s->phase) {
	case PHASE_START:
		return client_begins(d, bytes);
	case PHASE_ASKED:
		return client_goes_on(d, bytes);
	case PHASE_GSS:
		return gss_token(d, FROM_CLIENT, bytes);
	default:
		/* The server's side was looked at first: packets in another order. */
		if (!s->startup_seen && cursor_peek(bytes, 0) == 0)
			return client_begins(d, bytes);
		return client_typed(d, bytes);
	}
}

/* ------------------------------------------------------------------------------------------------
 * The server's side
 */

static void
claim_authentication(struct dissection *d, enum auth_result result, const char *method, const char *clause)
{
	evidence_authentication(d->evidence, result, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, d->offset[FROM_SERVER]);
}

/* No challenge at all before AuthenticationOk: pg_hba.conf says "trust", or the like. */
static void
claim_trust(struct dissection *d)
{
	struct postgresql_state *s = d->state;

	if (s->unasked)
		claim_authentication(d, AUTH_NONE, NULL, SECTION "AuthenticationOk");
	s->unasked = false;
}

/* Everything was seen, unless the client's answer to the challenge is late. */
static enum verdict
conclude(struct dissection *d)
{
	struct postgresql_state *s = d->state;

	claim_trust(d);
	if (s->challenge == 0 || s->answered || s->lost[FROM_CLIENT] || !d->flow->handshake_seen)
		return DONE;
	s->phase = PHASE_READY;
	return MATCH;
}

static enum verdict
on_challenge(struct dissection *d, uint32_t code, struct cursor body)
{
	struct postgresql_state *s = d->state;
	const struct postgresql_challenge *known = postgresql_challenge(code);
	struct cursor name;

	if (known != NULL && known->method == NULL && s->challenge != 0)
		return MATCH; /* a continuation */
	s->challenge = code;
	s->answered = false;
	s->method = known == NULL ? "postgresql-other" : known->method;
	/* More than one mechanism may be on offer: the first, until the client has chosen. */
	if (code == POSTGRESQL_AUTHENTICATION_SASL && postgresql_take_string(&body, &name))
		s->method = mechanism_named(name)->method;
	claim_authentication(d, AUTH_ATTEMPTED, s->method, SECTION "AuthenticationRequest");
	return MATCH;
}

static enum verdict
on_authentication(struct dissection *d, struct cursor body)
{
	struct postgresql_state *s = d->state;
	uint32_t code = cursor_u32(&body);

	if (!cursor_ok(&body) || s->phase != PHASE_LOGIN)
		return malformed(d);
	if (code != POSTGRESQL_AUTHENTICATION_OK)
		return on_challenge(d, code, body);
	s->phase = PHASE_OK;
	if (s->challenge != 0)
		claim_authentication(d, AUTH_SUCCESS, s->method, SECTION "AuthenticationOk");
	else
		s->unasked = !s->lost[FROM_SERVER] && (s->startup_seen || d->flow->handshake_seen);
	return MATCH;
}

/*
 * Class 28 is "invalid authorization specification" (appendix "PostgreSQL Error Codes"): a wrong
 * password, or pg_hba.conf rejects. PgBouncer says "protocol violation" to everything, and what it
 * means in its message. Other errors (no such database, too many connections, starting up) say
 * nothing about who the client is.
 */
static bool
is_denial(const struct postgresql_error *error)
{
	if (strncmp(error->sqlstate, "28", 2) == 0)
		return true;
	return strcmp(error->sqlstate, "08P01") == 0 && (cursor_find_nocase(&error->message, "authentication failed") >= 0 || cursor_equals_nocase(&error->message, "auth failed"));
}

/* An error ends the attempt to connect. */
static enum verdict
on_error(struct dissection *d, struct cursor body)
{
	struct postgresql_state *s = d->state;
	struct postgresql_error error;

	if (!postgresql_read_error(body, &error))
		return malformed(d);
	if (s->phase == PHASE_OK && s->challenge != 0) {
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		return conclude(d);
	}
	if (is_denial(&error)) {
		s->unasked = false;
		claim_authentication(d, AUTH_FAILURE, s->method, SECTION "ErrorResponse");
	}
	return conclude(d);
}

static enum verdict
on_parameter(struct dissection *d, struct cursor body)
{
	struct postgresql_state *s = d->state;

	(void)body;
	if (s->phase != PHASE_OK)
		return malformed(d);
	claim_trust(d);
	return MATCH;
}

static enum verdict
on_ready(struct dissection *d, struct cursor body)
{
	struct postgresql_state *s = d->state;

	if (s->phase != PHASE_OK || !postgresql_is_ready(body))
		return malformed(d);
	return conclude(d);
}

static enum verdict
on_notice(struct dissection *d, struct cursor body)
{
	(void)d;
	(void)body;
	return MATCH;
}

/* What a server may say between StartupMessage and ReadyForQuery. */
static enum verdict (*const login_messages[128])(struct dissection *, struct cursor body) = {
	['E'] = on_error,
	['K'] = on_parameter,
	['N'] = on_notice,
	['R'] = on_authentication,
	['S'] = on_parameter,
	['Z'] = on_ready,
	['v'] = on_notice,
};

static enum verdict
server_typed(struct dissection *d, struct cursor *bytes)
{
	struct cursor c = *bytes, body;
	uint8_t type = cursor_u8(&c);
	uint32_t size = cursor_u32(&c);
	uint64_t offset = d->offset[FROM_SERVER];

	if (type >= 128 || login_messages[type] == NULL)
		return malformed(d);
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < 4 || size > LOGIN_MESSAGE_MAX)
		return malformed(d);
	if (cursor_left(&c) < size - 4) {
		d->need = 1 + (size_t)size;
		return NEED_MORE;
	}
	body = cursor_sub(&c, size - 4);
	claim_plaintext(d, FROM_SERVER, SECTION "Message Formats", offset);
	*bytes = c;
	return login_messages[type](d, body);
}

/* The one byte that answers an SSLRequest or GSSENCRequest, or an ErrorResponse of an old server. */
static enum verdict
server_answers(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;
	uint8_t answer;

	/* The answer is lost, but not what follows it. */
	if (s->lost[FROM_SERVER]) {
		if (tls_record_of_handshake(*bytes, false))
			return upgrade(d);
		s->phase = PHASE_START;
		return MATCH;
	}
	answer = cursor_u8(bytes);
	if (answer == 'N' || answer == 'E')
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
	if (s->early && (answer == 'S' || answer == 'G'))
		evidence_note(d->evidence, NOTE_EARLY_DATA);
	switch (answer) {
	case 'S':
		return s->asked == POSTGRESQL_SSL_REQUEST_CODE ? upgrade(d) : malformed(d);
	case 'G':
		if (s->asked != POSTGRESQL_GSSENC_REQUEST_CODE)
			return malformed(d);
		s->phase = PHASE_GSS;
		return MATCH;
	case 'N':
		s->phase = PHASE_START;
		s->early = false;
		return MATCH;
	case 'E':
		/* Servers before 7.4 send a text of no stated length: either way the connection ends. */
		return DONE;
	default:
		return malformed(d);
	}
}

/* Whether bytes begin with an answer to an encryption request and what must follow it. */
static bool
is_answered(struct cursor c)
{
	uint8_t answer = cursor_u8(&c);

	if (answer == 'S') /* and a ServerHello */
		return tls_record_of_handshake(c, false) && cursor_peek(&c, 5) == 2;
	return answer == 'N' && cursor_peek(&c, 0) == 'R' && postgresql_probe_chain(FROM_SERVER, c) == MATCH;
}

/* Nothing came from the client yet: it is late, or lost, or the stream was joined in the middle. */
static enum verdict
server_begins(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;
	int type = cursor_peek(bytes, 0);
	enum verdict verdict = postgresql_probe_chain(FROM_SERVER, *bytes);

	if (is_answered(*bytes)) {
		claim_plaintext(d, FROM_SERVER, SECTION "SSLRequest", d->offset[FROM_SERVER]);
		cursor_skip(bytes, 1);
		if (type == 'S')
			return upgrade(d);
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	if (verdict == MATCH && (type == 'R' || type == 'v' || (type == 'E' && d->flow->handshake_seen))) {
		if (!d->flow->handshake_seen)
			evidence_note(d->evidence, NOTE_MIDSTREAM);
		s->phase = PHASE_LOGIN;
		return server_typed(d, bytes);
	}
	if (verdict == MATCH)
		return joined_midway(d, FROM_SERVER);
	/* An answer whose question is not here yet. */
	if (verdict == NO_MATCH && d->flow->handshake_seen && !s->lost[FROM_CLIENT] && (type == 'S' || type == 'N' || type == 'G'))
		return NEED_MORE;
	return not_found(d, verdict);
}

static enum verdict
from_server(struct dissection *d, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;

	/* The refusal of a request that came before the capture did. */
	if (s->phase == PHASE_LOGIN && s->asked == 0 && is_answered(*bytes))
		s->phase = PHASE_START;
	switch (s->phase) {
	case PHASE_START:
		return server_begins(d, bytes);
	case PHASE_ASKED:
		return server_answers(d, bytes);
	case PHASE_GSS:
		return gss_token(d, FROM_SERVER, bytes);
	case PHASE_READY:
		cursor_skip(bytes, cursor_left(bytes));
		return MATCH;
	default:
		return server_typed(d, bytes);
	}
}

/* After a loss messages must be found again: only a chain of them will do. */
static enum verdict
find_again(const struct dissection *d, enum direction from, struct cursor bytes)
{
	struct postgresql_state *s = d->state;
	enum verdict verdict = postgresql_probe_chain(from, bytes);

	if (verdict == MATCH || (s->phase == PHASE_ASKED && tls_record_of_handshake(bytes, false)))
		return MATCH;
	/* Of the client nothing more is needed; of the server, everything. */
	if (verdict == NO_MATCH && (from == FROM_SERVER || s->phase == PHASE_START))
		return DONE;
	return NEED_MORE;
}

static enum verdict
postgresql_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct postgresql_state *s = d->state;

	if (cursor_left(bytes) == 0)
		return NEED_MORE;
	if (s->seeking[from] && s->phase != PHASE_READY) {
		enum verdict verdict = find_again(d, from, *bytes);

		if (verdict != MATCH)
			return verdict;
		s->seeking[from] = false;
	}
	return from == FROM_CLIENT ? from_client(d, bytes) : from_server(d, bytes);
}

static enum verdict
postgresql_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct postgresql_state *s = d->state;

	(void)size;
	s->lost[from] = s->seeking[from] = true;
	if (s->phase == PHASE_START || s->phase == PHASE_ASKED)
		evidence_doubt_plaintext(d->evidence);
	return s->phase == PHASE_READY || s->phase == PHASE_GSS ? DONE : MATCH;
}

static void
postgresql_finish(struct dissection *d)
{
	struct postgresql_state *s = d->state;

	claim_trust(d);
	/* The challenge is missing from the capture, but not the client's answer to it. */
	if (s->waiting && s->challenge == 0)
		evidence_authentication(d->evidence, s->phase == PHASE_OK && !d->flow->handshake_seen ? AUTH_SUCCESS : AUTH_ATTEMPTED, NULL, STRENGTH_STRUCTURE, SECTION "PasswordMessage", FROM_CLIENT, d->offset[FROM_CLIENT]);
	if (s->phase == PHASE_GSS)
		evidence_note(d->evidence, NOTE_HANDSHAKE_FAILED);
}

static enum verdict
postgresql_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct postgresql_startup message;
	enum verdict verdict;

	(void)flow;
	*strength = STRENGTH_NONE;
	if (cursor_left(&bytes) == 0)
		return NEED_MORE;
	if (from == FROM_CLIENT && cursor_peek(&bytes, 0) == 0)
		verdict = postgresql_read_startup(&bytes, &message);
	else
		verdict = postgresql_probe_chain(from, bytes);
	if (verdict == NO_MATCH && from == FROM_SERVER && is_answered(bytes))
		verdict = MATCH;
	*strength = verdict == MATCH ? STRENGTH_STRUCTURE : STRENGTH_NONE;
	return verdict;
}

const struct dissector postgresql_dissector = {
	.name = "postgresql",
	.specification = "PostgreSQL documentation, Frontend/Backend Protocol 3.0 and 3.2",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 5432, 6432, 5433, 26257 },
	.first_bytes = { "\0BCDEFHPQSXcdfp", "123ACDEGHIKNRSTVWZcdnstv" },
	.first_bytes_size = { 15, 24 },
	.state_size = sizeof(struct postgresql_state),
	.probe = postgresql_probe,
	.dissect = postgresql_dissect,
	.gap = postgresql_gap,
	.finish = postgresql_finish,
};
