/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOCKS: version 5 (RFC 1928) with user and password (RFC 1929) or GSSAPI (RFC 1961), version 4
 * (https://www.openssh.com/txt/socks4.protocol) and 4A. What a tunnel that was granted carries is
 * looked at anew: the flow keeps the name of SOCKS.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"

enum {
	METHODS_MAX = 16,
	TEXT_MAX = 255,
	SOCKS4_HEAD_SIZE = 8, /* of a request before the user id; all of an answer */
};

enum method { METHOD_NONE = 0, METHOD_GSSAPI = 1, METHOD_PASSWORD = 2, METHOD_NO_ACCEPTABLE = 0xff, METHOD_UNKNOWN = 0x100 };

enum command { COMMAND_CONNECT = 1, COMMAND_BIND = 2, COMMAND_UDP = 3 };

/* RFC 1928 6 */
enum {
	REPLY_SUCCEEDED = 0,
	REPLY_NOT_ALLOWED = 2,
	REPLY_UNREACHABLE_NETWORK = 3, /* this and the next three: it was tried */
	REPLY_EXPIRED = 6,
};

enum { SOCKS4_GRANTED = 90, SOCKS4_REJECTED = 91, SOCKS4_NO_IDENT = 92, SOCKS4_OTHER_IDENT = 93 };

enum step {
	STEP_GREETING,  /* what is next of this direction */
	STEP_LOGIN,
	STEP_REQUEST,
	STEP_REPLY4,
	STEP_TUNNEL,    /* nothing: until the other side has granted it */
};

struct socks_state {
	uint8_t step[2];
	uint8_t command;
	uint8_t replies;
	uint8_t offered_count;
	uint8_t offered[METHODS_MAX];
	uint16_t method;    /* that the server chose */
	bool begun;
	bool doubtful;
	bool authenticated;
	bool version4;
	bool tunnelled;     /* data came whose leave was not seen */
};

static_assert(sizeof(struct socks_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char greeting_clause[] = "RFC 1928 3 version identifier/method selection";
static const char password_clause[] = "RFC 1929 2 username/password";
static const char gssapi_clause[] = "RFC 1961 3 GSS-API";
static const char request_clause[] = "RFC 1928 4 request";
static const char reply_clause[] = "RFC 1928 6 reply";
static const char reply4_clause[] = "SOCKS 4 reply";

/* Messages. Each reader gives MATCH with the cursor behind the message, NEED_MORE or NO_MATCH. */

static enum verdict
verdict_of(const struct cursor *c)
{
	return cursor_ok(c) ? MATCH : NEED_MORE;
}

/* RFC 1928 3: version, a list of methods, none of them twice. */
static enum verdict
take_greeting(struct cursor *c, struct cursor *methods)
{
	uint64_t seen[4] = { 0 };
	uint8_t version = cursor_u8(c), count = cursor_u8(c);

	if (cursor_ok(c) && (version != 5 || count == 0 || count > METHODS_MAX))
		return NO_MATCH;
	*methods = cursor_sub(c, count);
	for (struct cursor m = *methods; cursor_left(&m) > 0;) {
		uint8_t method = cursor_u8(&m);

		if (method == METHOD_NO_ACCEPTABLE || (method > 9 && method < 0x80) || (seen[method >> 6] >> (method & 63) & 1) != 0)
			return NO_MATCH;
		seen[method >> 6] |= UINT64_C(1) << (method & 63);
	}
	return verdict_of(c);
}

/* RFC 1928 4 and 6: version, command or reply, 0, address, port. */
static enum verdict
take_address(struct cursor *c, uint8_t *code)
{
	uint8_t version = cursor_u8(c), reserved, type;

	*code = cursor_u8(c);
	reserved = cursor_u8(c);
	type = cursor_u8(c);
	if (!cursor_ok(c))
		return NEED_MORE;
	if (version != 5 || reserved != 0 || (type != 1 && type != 3 && type != 4))
		return NO_MATCH;
	cursor_skip(c, type == 1 ? 4 : type == 4 ? 16 : cursor_u8(c));
	cursor_skip(c, 2);
	return verdict_of(c);
}

/* RFC 1929 2: version, user, password, each with a byte of length. */
static enum verdict
take_password(struct cursor *c, struct cursor *user)
{
	uint8_t version = cursor_u8(c);

	if (cursor_ok(c) && version != 1)
		return NO_MATCH;
	*user = cursor_sub(c, cursor_u8(c));
	cursor_skip(c, cursor_u8(c));
	return verdict_of(c);
}

/* A text up to its NUL, in letters a person could write. */
static enum verdict
take_text(struct cursor *c)
{
	struct cursor text = *c;
	bool ended = cursor_take_until(c, 0, &text);

	if (cursor_left(&text) > TEXT_MAX)
		return NO_MATCH;
	while (cursor_left(&text) > 0)
		if (cursor_u8(&text) < ' ')
			return NO_MATCH;
	return ended ? MATCH : NEED_MORE;
}

/* Version, command, port, address, user; for 4A, where the address is 0.0.0.x, a name. */
static enum verdict
take_request4(struct cursor *c, uint8_t *command)
{
	uint8_t version = cursor_u8(c);
	uint16_t port;
	uint32_t address;
	enum verdict verdict;

	*command = cursor_u8(c);
	if (cursor_ok(c) && (version != 4 || (*command != COMMAND_CONNECT && *command != COMMAND_BIND)))
		return NO_MATCH;
	port = cursor_u16(c);
	address = cursor_u32(c);
	if (!cursor_ok(c))
		return NEED_MORE;
	if ((*command == COMMAND_CONNECT && port == 0) || address == 0)
		return NO_MATCH;
	verdict = take_text(c);
	return verdict == MATCH && address < 256 ? take_text(c) : verdict;
}

/* Probes. */

/* What may follow a greeting that did not wait: a login that was offered, or a request. A request alone begins like a greeting. */
static bool
may_follow_greeting(struct cursor c, struct cursor methods)
{
	bool login = false;

	while (cursor_left(&methods) > 0) {
		uint8_t method = cursor_u8(&methods);

		login |= method == METHOD_PASSWORD || method == METHOD_GSSAPI;
	}
	return cursor_left(&c) == 0 || cursor_peek(&c, 0) == 5 || (login && cursor_peek(&c, 0) == 1);
}

static enum verdict
probe_client(struct cursor c)
{
	struct cursor methods;
	uint8_t command;
	enum verdict verdict;

	if (cursor_peek(&c, 0) == 4) {
		verdict = take_request4(&c, &command);
		return verdict;
	}
	verdict = take_greeting(&c, &methods);
	return verdict == MATCH && !may_follow_greeting(c, methods) ? NO_MATCH : verdict;
}

/* A server alone: its choice, the end of a login, the reply. */
static enum verdict
probe_server(struct cursor c)
{
	uint8_t version = cursor_u8(&c), method = cursor_u8(&c), code;

	if (!cursor_ok(&c))
		return version == 5 || cursor_left(&c) == 0 ? NEED_MORE : NO_MATCH;
	if (version != 5 || (method != METHOD_NONE && method != METHOD_PASSWORD))
		return NO_MATCH;
	if (cursor_left(&c) == 0)
		return NEED_MORE;
	if (method == METHOD_PASSWORD && (cursor_u8(&c) != 1 || cursor_u8(&c) != 0))
		return cursor_ok(&c) ? NO_MATCH : NEED_MORE;
	if (cursor_left(&c) == 0)
		return NEED_MORE;
	return take_address(&c, &code);
}

static enum verdict
socks_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	if (cursor_left(&bytes) == 0)
		return NEED_MORE;
	return from == FROM_CLIENT ? probe_client(bytes) : probe_server(bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	const struct socks_state *s = d->state;

	evidence_plaintext(d->evidence, s->version4 ? "socks4" : "socks5", strength, clause, from, offset);
}

static void
tell(struct dissection *d, enum auth_result result, const char *method, const char *clause, enum direction from, uint64_t offset)
{
	evidence_authentication(d->evidence, result, method, from == FROM_SERVER ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause, from, offset);
}

static void
tell_password(struct dissection *d, struct cursor user, uint64_t offset)
{
	struct evidence *e = d->evidence;

	tell(d, AUTH_ATTEMPTED, "socks5-userpass", password_clause, FROM_CLIENT, offset);
	evidence_cleartext_credentials(e, password_clause, FROM_CLIENT, offset);
	evidence_principal(e, user);
}

/* The client. */

static bool
offers(const struct socks_state *s, uint16_t method)
{
	for (size_t i = 0; i < s->offered_count; i++)
		if (s->offered[i] == method)
			return true;
	return false;
}

static enum verdict
read_greeting(struct dissection *d, struct cursor *bytes)
{
	struct socks_state *s = d->state;
	struct cursor methods;
	enum verdict verdict;

	if (cursor_peek(bytes, 0) == 4) {
		verdict = take_request4(bytes, &s->command);
		if (verdict != MATCH)
			return verdict;
		s->version4 = true;
		s->step[FROM_CLIENT] = STEP_TUNNEL;
		s->step[FROM_SERVER] = STEP_REPLY4;
		return MATCH;
	}
	verdict = take_greeting(bytes, &methods);
	if (verdict != MATCH)
		return verdict;
	while (cursor_left(&methods) > 0)
		s->offered[s->offered_count++] = cursor_u8(&methods);
	s->step[FROM_CLIENT] = STEP_LOGIN;
	return MATCH;
}

/* RFC 1961 3: version, type, token with two bytes of length. */
static enum verdict
read_gssapi(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	uint8_t version = cursor_u8(bytes), type = cursor_u8(bytes);

	if (cursor_ok(bytes) && (version != 1 || (type != 1 && type != 2 && type != 3 && type != 0xff)))
		return MALFORMED;
	if (cursor_ok(bytes) && type == 0xff) {
		if (from == FROM_SERVER)
			tell(d, AUTH_FAILURE, "socks5-gssapi", gssapi_clause, from, offset);
		return DONE;
	}
	cursor_skip(bytes, cursor_u16(bytes));
	if (!cursor_ok(bytes))
		return NEED_MORE;
	tell(d, AUTH_ATTEMPTED, "socks5-gssapi", gssapi_clause, from, offset);
	/* 4: the protection is agreed upon under a context that stands. */
	if (from == FROM_SERVER && type == 2) {
		tell(d, AUTH_SUCCESS, "socks5-gssapi", "RFC 1961 4 protection-level", from, offset);
		s->authenticated = true;
	}
	if (type == 3) {
		/* 5: encapsulated; whether it is encrypted as well does not show. */
		evidence_doubt_plaintext(d->evidence);
		return DONE;
	}
	return MATCH;
}

static enum verdict
read_request(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	enum verdict verdict = take_address(bytes, &s->command);

	if (verdict == NO_MATCH)
		return d->evidence->strength >= STRENGTH_STRUCTURE ? MALFORMED : NO_MATCH;
	if (verdict != MATCH)
		return verdict;
	claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	s->step[FROM_CLIENT] = STEP_TUNNEL;
	return MATCH;
}

/* What the client says after its greeting follows the server's choice; where that is not to be had, it shows it. */
static enum verdict
read_login(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	struct cursor user;
	enum verdict verdict;

	if (s->method == METHOD_GSSAPI)
		return s->authenticated && cursor_peek(bytes, 0) == 5 ? read_request(d, bytes, offset) : read_gssapi(d, FROM_CLIENT, bytes, offset);
	if (cursor_peek(bytes, 0) == 5)
		return read_request(d, bytes, offset);
	if (s->method != METHOD_PASSWORD && (s->method != METHOD_UNKNOWN || !offers(s, METHOD_PASSWORD) || offers(s, METHOD_GSSAPI)))
		return s->method == METHOD_UNKNOWN ? NEED_MORE : DONE; /* a method that is not known */
	verdict = take_password(bytes, &user);
	if (verdict == NO_MATCH)
		return d->evidence->strength >= STRENGTH_STRUCTURE ? MALFORMED : NO_MATCH;
	if (verdict != MATCH)
		return verdict;
	claim(d, STRENGTH_STRUCTURE, password_clause, FROM_CLIENT, offset);
	tell_password(d, user, offset);
	s->step[FROM_CLIENT] = STEP_REQUEST;
	return MATCH;
}

/* The server. */

static enum verdict
read_choice(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	uint8_t version = cursor_u8(bytes), method = cursor_u8(bytes);

	if (!cursor_ok(bytes))
		return NEED_MORE;
	/* A server alone may be all there is; else it chooses of what was offered. */
	if (version != 5 || (s->offered_count > 0 && method != METHOD_NO_ACCEPTABLE && !offers(s, method)))
		return NO_MATCH;
	/* A reply alone begins like a choice. */
	if (method == METHOD_NONE && cursor_left(bytes) > 0 && cursor_peek(bytes, 0) != 5)
		return NO_MATCH;
	if (s->offered_count > 0)
		claim(d, STRENGTH_EXCHANGE, greeting_clause, FROM_SERVER, offset);
	s->method = method;
	s->step[FROM_SERVER] = method == METHOD_NONE ? STEP_REQUEST : STEP_LOGIN;
	if (method == METHOD_NO_ACCEPTABLE) {
		tell(d, AUTH_FAILURE, NULL, greeting_clause, FROM_SERVER, offset);
		return DONE;
	}
	if (method == METHOD_GSSAPI)
		tell(d, AUTH_ATTEMPTED, "socks5-gssapi", greeting_clause, FROM_SERVER, offset);
	else if (method != METHOD_NONE && method != METHOD_PASSWORD)
		tell(d, AUTH_ATTEMPTED, "socks5-other", greeting_clause, FROM_SERVER, offset);
	return MATCH;
}

/* The server did what was asked for, without knowing who asked. */
static void
serve(struct dissection *d, const char *clause, uint64_t offset)
{
	const struct socks_state *s = d->state;

	if (!s->authenticated && !s->doubtful)
		tell(d, AUTH_NONE, NULL, clause, FROM_SERVER, offset);
}

/* What follows a command that was granted. A BIND is granted twice: with the port, and with the peer. */
static enum verdict
enter_tunnel(struct socks_state *s)
{
	s->replies++;
	if (s->command == COMMAND_BIND && s->replies < 2)
		return MATCH;
	return s->command == COMMAND_UDP ? DONE : UPGRADE;
}

static enum verdict
read_reply(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	uint8_t code;
	enum verdict verdict = take_address(bytes, &code);

	if (verdict == NO_MATCH)
		return d->evidence->strength >= STRENGTH_STRUCTURE ? MALFORMED : NO_MATCH;
	if (verdict != MATCH)
		return verdict;
	claim(d, s->offered_count > 0 ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
	if (code == REPLY_NOT_ALLOWED && s->authenticated)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (code == REPLY_NOT_ALLOWED && s->method == METHOD_NONE)
		tell(d, AUTH_FAILURE, NULL, reply_clause, FROM_SERVER, offset);
	else if (code == REPLY_SUCCEEDED || (code >= REPLY_UNREACHABLE_NETWORK && code <= REPLY_EXPIRED))
		serve(d, reply_clause, offset);
	return code == REPLY_SUCCEEDED ? enter_tunnel(s) : DONE;
}

static enum verdict
read_outcome(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	uint8_t version, status;

	if (s->method == METHOD_GSSAPI)
		return s->authenticated && cursor_peek(bytes, 0) == 5 ? read_reply(d, bytes, offset) : read_gssapi(d, FROM_SERVER, bytes, offset);
	if (s->method != METHOD_PASSWORD)
		return DONE;
	version = cursor_u8(bytes);
	status = cursor_u8(bytes);
	if (!cursor_ok(bytes))
		return NEED_MORE;
	if (version != 1 && version != 5) /* some give the version of SOCKS here */
		return MALFORMED;
	s->step[FROM_SERVER] = STEP_REQUEST;
	s->authenticated = status == 0;
	tell(d, status == 0 ? AUTH_SUCCESS : AUTH_FAILURE, "socks5-userpass", password_clause, FROM_SERVER, offset);
	return status == 0 ? MATCH : DONE;
}

static enum verdict
read_reply4(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;
	uint8_t version = cursor_u8(bytes), code = cursor_u8(bytes);

	if (cursor_ok(bytes) && (version != 0 || code < SOCKS4_GRANTED || code > SOCKS4_OTHER_IDENT))
		return NO_MATCH;
	cursor_skip(bytes, SOCKS4_HEAD_SIZE - 2);
	if (!cursor_ok(bytes))
		return NEED_MORE;
	claim(d, STRENGTH_EXCHANGE, reply4_clause, FROM_SERVER, offset);
	if (code == SOCKS4_NO_IDENT || code == SOCKS4_OTHER_IDENT)
		tell(d, AUTH_FAILURE, "socks4-ident", reply4_clause, FROM_SERVER, offset);
	if (code != SOCKS4_GRANTED)
		return DONE; /* 91 is any failure */
	serve(d, reply4_clause, offset);
	return enter_tunnel(s);
}

/* Both. */

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct socks_state *s = d->state;

	switch ((enum step)s->step[from]) {
	case STEP_GREETING:
		return from == FROM_CLIENT ? read_greeting(d, bytes) : read_choice(d, bytes, offset);
	case STEP_LOGIN:
		return from == FROM_CLIENT ? read_login(d, bytes, offset) : read_outcome(d, bytes, offset);
	case STEP_REQUEST:
		return from == FROM_CLIENT ? read_request(d, bytes, offset) : read_reply(d, bytes, offset);
	case STEP_REPLY4:
		return read_reply4(d, bytes, offset);
	case STEP_TUNNEL:
		break;
	}
	s->tunnelled = true; /* it did not wait for the reply, or that was not captured */
	return NEED_MORE;
}

static enum verdict
socks_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct socks_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	if (!s->begun) {
		s->method = METHOD_UNKNOWN;
		s->doubtful = !d->flow->handshake_seen;
	}
	s->begun = true;
	while (verdict == MATCH && cursor_left(bytes) > 0) {
		struct cursor before = *bytes;

		verdict = read_one(d, from, bytes, dissection_offset(d, from, start, *bytes));
		if (verdict == NEED_MORE)
			*bytes = before;
	}
	if (verdict == NEED_MORE && bytes->left < start.left)
		return MATCH; /* the other direction may have waited for what was taken */
	return verdict;
}

/* What was lost may have been the reply: what is behind it need not be readable. */
static enum verdict
socks_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)from;
	(void)size;
	evidence_doubt_plaintext(d->evidence);
	return DONE;
}

static void
socks_finish(struct dissection *d)
{
	const struct socks_state *s = d->state;

	if (s->tunnelled)
		evidence_doubt_plaintext(d->evidence);
}

const struct dissector socks_dissector = {
	.name = "socks5",
	.specification = "RFC 1928",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 1080, 9050 },
	.first_bytes = { "\4\5", "\5" },
	.state_size = sizeof(struct socks_state),
	.probe = socks_probe,
	.dissect = socks_dissect,
	.gap = socks_gap,
	.finish = socks_finish,
};
