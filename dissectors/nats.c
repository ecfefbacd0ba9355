/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATS (https://docs.nats.io/reference/reference-protocols/nats-protocol): lines, some of which
 * announce a payload. The server speaks first (INFO), the client logs in with CONNECT, and the server
 * says nothing to that but an error, unless it is asked: an answer to PING, or any work done for the
 * client, tells that the login was accepted. Routes, gateways and leaf nodes speak the same between
 * servers. TLS begins behind the server's INFO.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "json.h"

enum {
	LINE_MAX_SIZE = 32 * 1024, /* of INFO and CONNECT, which may hold lists and tokens */
	PROBE_LINE_MAX = 4096,
	WORDS_MAX = 16,
};

static const uint64_t payload_max = 64 * 1024 * 1024; /* as servers have it at most */

struct nats_state {
	bool begun;
	bool midstream;
	bool lost[2];           /* messages are looked for again */
	bool client_loss;       /* a CONNECT may have been lost */
	bool info;              /* the server's INFO was seen, and says: */
	bool auth_required;
	bool nonce;
	bool connect;           /* a CONNECT was seen */
	bool signature;         /* it signed the nonce */
	bool judged;            /* how the login ended is known */
	const char *credential; /* method of what CONNECT carried, or NULL */
};

static_assert(sizeof(struct nats_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

enum operation {
	OPERATION_INFO,
	OPERATION_CONNECT,
	OPERATION_PING,
	OPERATION_PONG,
	OPERATION_OK,
	OPERATION_ERROR,
	OPERATION_OTHER,   /* a line alone */
	OPERATION_PAYLOAD, /* a line whose last word is the size of the payload behind it */
};

enum sender { BOTH, CLIENT, SERVER };

static const struct {
	const char *name;
	enum operation operation;
	enum sender sender; /* between client and server; servers send each other all of them */
	bool served;        /* a server sends it only to whom it has let in */
	uint8_t words_min, words_max;
} operations[] = {
	{ "INFO", OPERATION_INFO, SERVER, false, 1, 0 },
	{ "CONNECT", OPERATION_CONNECT, CLIENT, false, 1, 0 },
	{ "PING", OPERATION_PING, BOTH, false, 0, 0 },
	{ "PONG", OPERATION_PONG, BOTH, true, 0, 0 },
	{ "+OK", OPERATION_OK, SERVER, true, 0, 0 },
	{ "-ERR", OPERATION_ERROR, SERVER, false, 0, 0 },
	{ "PUB", OPERATION_PAYLOAD, CLIENT, false, 2, 3 },
	{ "HPUB", OPERATION_PAYLOAD, CLIENT, false, 3, 4 },
	{ "MSG", OPERATION_PAYLOAD, SERVER, true, 3, 4 },
	{ "HMSG", OPERATION_PAYLOAD, SERVER, true, 4, 5 },
	{ "SUB", OPERATION_OTHER, CLIENT, false, 2, 3 },
	{ "UNSUB", OPERATION_OTHER, CLIENT, false, 1, 2 },
	{ "RMSG", OPERATION_PAYLOAD, BOTH, true, 2, WORDS_MAX }, /* routes and gateways */
	{ "LMSG", OPERATION_PAYLOAD, BOTH, true, 2, WORDS_MAX }, /* leaf nodes */
	{ "RS+", OPERATION_OTHER, BOTH, true, 1, 5 },
	{ "RS-", OPERATION_OTHER, BOTH, true, 1, 4 },
	{ "LS+", OPERATION_OTHER, BOTH, true, 1, 4 },
	{ "LS-", OPERATION_OTHER, BOTH, true, 1, 3 },
	{ "A+", OPERATION_OTHER, BOTH, true, 1, 1 },
	{ "A-", OPERATION_OTHER, BOTH, true, 1, 1 },
};

struct line {
	enum operation operation;
	enum sender sender;
	bool served;
	struct cursor rest;  /* behind the name */
	uint64_t payload;    /* bytes that follow, their CRLF included */
};

/* Lines. */

static struct cursor
take_word(struct cursor *line)
{
	struct cursor whole, word;

	cursor_skip_blanks(line);
	whole = *line;
	while (cursor_left(line) > 0 && cursor_peek(line, 0) != ' ' && cursor_peek(line, 0) != '\t')
		cursor_skip(line, 1);
	word = cursor_sub(&whole, whole.left - line->left);
	cursor_skip_blanks(line);
	return word;
}

/* Counts the words of a line and keeps the last one; printable ones only, since subjects are. */
static unsigned
count_words(struct cursor line, struct cursor *last)
{
	unsigned count = 0;

	if (!cursor_is_text(line))
		return WORDS_MAX + 1;
	while (cursor_skip_blanks(&line), cursor_left(&line) > 0 && count <= WORDS_MAX) {
		*last = take_word(&line);
		count++;
	}
	return count;
}

static bool
parse_size(struct cursor word, uint64_t *size)
{
	*size = cursor_decimal(&word);
	return cursor_ok(&word) && cursor_left(&word) == 0 && *size <= payload_max;
}

/* Takes apart a line; false where it is none of NATS. */
static bool
parse_line(struct cursor text, struct line *line)
{
	struct cursor last = { .failed = true }, name;
	unsigned words;

	line->rest = text;
	name = take_word(&line->rest);
	cursor_trim_end(&line->rest);
	line->payload = 0;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!cursor_equals_nocase(&name, operations[i].name))
			continue;
		line->operation = operations[i].operation;
		line->sender = operations[i].sender;
		line->served = operations[i].served;
		if (line->operation == OPERATION_INFO || line->operation == OPERATION_CONNECT)
			return cursor_peek(&line->rest, 0) == '{';
		if (line->operation == OPERATION_ERROR)
			return cursor_is_text(line->rest);
		words = count_words(line->rest, &last);
		if (words < operations[i].words_min || words > operations[i].words_max)
			return false;
		if (line->operation != OPERATION_PAYLOAD)
			return true;
		if (!parse_size(last, &line->payload))
			return false;
		line->payload += 2;
		return true;
	}
	return false;
}

/* Probes. */

/* Whether an object has a member that only NATS gives it. */
static bool
is_own_object(struct cursor json)
{
	static const char *const names[] = { "server_id", "max_payload", "proto", "verbose", "pedantic", "lang", "echo", "nkey", "auth_token", "server_name", NULL };
	struct json_member member;
	bool own = false;

	if (!json_enter(&json))
		return false;
	while (json_next(&json, &member))
		for (size_t i = 0; names[i] != NULL; i++)
			own |= cursor_equals(&member.name, names[i]);
	return own && cursor_ok(&json);
}

/* Errors by which a server is known where they are the first thing seen of it. */
static const char *const own_errors[] = {
	"'Authorization Violation'", "'Authentication Timeout'", "'User Authentication Expired'", "'Unknown Protocol Operation'", "'Secure Connection - TLS Required'",
	"'Stale Connection'", "'Slow Consumer'", "'Permissions Violation for ", "'Invalid Subject'", "'maximum connections exceeded'", NULL,
};

static bool
is_own_error(struct cursor text)
{
	for (size_t i = 0; own_errors[i] != NULL; i++)
		if (cursor_starts_with_nocase(&text, own_errors[i]))
			return true;
	return false;
}

/* Whether the payload behind a line ends where it must; NEED_MORE where that is still to come. */
static enum verdict
probe_payload(struct cursor c, uint64_t size)
{
	if (cursor_left(&c) < size)
		return NEED_MORE;
	cursor_skip(&c, (size_t)size - 2);
	return cursor_u8(&c) == '\r' && cursor_u8(&c) == '\n' ? MATCH : NO_MATCH;
}

/* Whether the beginning of a line can still become one of the operations. */
static bool
may_begin(struct cursor c)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		size_t size = strlen(operations[i].name), shown = c.left < size ? c.left : size;

		if (strncasecmp((const char *)c.at, operations[i].name, shown) != 0)
			continue;
		if (c.left <= size || c.at[size] == ' ' || c.at[size] == '\t' || c.at[size] == '\r')
			return true;
	}
	return false;
}

/* A server that opens a connection to another one, as its client, has an INFO of its own. */
static bool
may_send(const struct flow_view *flow, enum direction from, const struct line *line)
{
	if (line->operation == OPERATION_INFO && flow->roles_known)
		return true;
	return line->sender == BOTH || (line->sender == CLIENT) == (from == FROM_CLIENT);
}

/* A server begins with INFO, and nobody with an answer. */
static bool
may_open(enum direction from, const struct line *line)
{
	if (from == FROM_SERVER)
		return line->operation == OPERATION_INFO || line->operation == OPERATION_ERROR;
	return line->operation != OPERATION_PONG;
}

/*
 * Which words stand at the beginning of a line tells by itself little: others have PING, PUB or MSG. An
 * object of NATS's own does, a payload that ends where its line says, or two lines in a row.
 */
static enum verdict
nats_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes, text;
	struct line line;
	bool own = false;

	*strength = STRENGTH_STRUCTURE;
	if (cursor_left(&bytes) == 0)
		return NEED_MORE;
	if (!may_begin(bytes))
		return NO_MATCH;
	for (int lines = 0; lines < 2; lines++) {
		if (!cursor_take_line(&c, &text))
			return cursor_left(&c) <= PROBE_LINE_MAX && (cursor_left(&c) == 0 || may_begin(c)) ? NEED_MORE : NO_MATCH;
		if (!parse_line(text, &line) || !may_send(flow, from, &line) || (flow->handshake_seen && !may_open(from, &line)))
			return NO_MATCH;
		own |= line.operation == OPERATION_OTHER || line.operation == OPERATION_PONG;
		if (line.operation == OPERATION_INFO || line.operation == OPERATION_CONNECT)
			return is_own_object(line.rest) ? MATCH : NO_MATCH;
		if (line.operation == OPERATION_ERROR)
			return is_own_error(line.rest) ? MATCH : NO_MATCH;
		if (line.operation == OPERATION_PAYLOAD)
			return probe_payload(c, line.payload);
	}
	return own ? MATCH : NO_MATCH;
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	evidence_plaintext(d->evidence, "nats", strength, clause, from, offset);
}

/* What the server says of itself, first of all; it is sent again whenever something of it changes. */
static enum verdict
read_info(struct dissection *d, enum direction from, struct cursor json, uint64_t offset)
{
	struct nats_state *s = d->state;
	struct json_member member;
	bool auth_required = false, nonce = false;

	if (!json_enter(&json))
		return NO_MATCH;
	while (json_next(&json, &member)) {
		auth_required |= cursor_equals(&member.name, "auth_required") && json_is_true(&member);
		nonce |= cursor_equals(&member.name, "nonce") && json_is_text(&member);
	}
	if (!cursor_ok(&json))
		return NO_MATCH;
	claim(d, STRENGTH_STRUCTURE, "INFO message", from, offset);
	if (from == FROM_SERVER && !s->info) {
		s->info = true;
		s->auth_required = auth_required;
		s->nonce = nonce;
	}
	return MATCH;
}

struct login {
	bool user, password, token, nkey, jwt, signature;
};

static void
read_login_member(struct dissection *d, const struct json_member *member, struct login *login)
{
	if (!json_is_text(member))
		return;
	if (cursor_equals(&member->name, "user")) {
		login->user = true;
		evidence_principal(d->evidence, member->value);
	} else if (cursor_equals(&member->name, "nkey")) {
		login->nkey = true;
		evidence_principal(d->evidence, member->value);
	}
	login->password |= cursor_equals(&member->name, "pass");
	login->token |= cursor_equals(&member->name, "auth_token");
	login->jwt |= cursor_equals(&member->name, "jwt");
	login->signature |= cursor_equals(&member->name, "sig");
}

/* In the order in which servers look at what they are given. */
static const char *
method_of(const struct login *login)
{
	if (login->jwt)
		return "nats-jwt";
	if (login->nkey && login->signature)
		return "nats-nkey";
	if (login->token)
		return "nats-token";
	return login->user || login->password ? "nats-userpass" : NULL;
}

static enum verdict
read_connect(struct dissection *d, enum direction from, struct cursor json, uint64_t offset)
{
	static const char clause[] = "CONNECT message";
	struct nats_state *s = d->state;
	struct json_member member;
	struct login login = { 0 };

	if (from != FROM_CLIENT || !json_enter(&json))
		return NO_MATCH;
	while (json_next(&json, &member))
		read_login_member(d, &member, &login);
	if (!cursor_ok(&json))
		return NO_MATCH;
	claim(d, s->info ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause, from, offset);
	s->connect = true;
	s->judged = false;
	s->credential = method_of(&login);
	s->signature = login.signature;
	if (s->credential != NULL)
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->credential, STRENGTH_STRUCTURE, clause, from, offset);
	/* A JWT without a signature over the nonce is a bearer's: whoever has it may use it. */
	if (login.password || login.token || (login.jwt && !login.signature))
		evidence_cleartext_credentials(d->evidence, clause, from, offset);
	return MATCH;
}

/* Whether the server, by its INFO, looks at what the client gave it. */
static bool
checks_login(const struct nats_state *s)
{
	return s->auth_required || (s->nonce && s->signature);
}

/* The server does something for the client: it is let in, or nobody was asked. */
static enum verdict
judge_served(struct dissection *d, uint64_t offset)
{
	struct nats_state *s = d->state;
	const char *clause = s->connect ? "answer after CONNECT" : "answer without CONNECT";

	if (!s->info || s->judged || (s->midstream && !s->connect))
		return MATCH;
	if (s->auth_required && !s->connect)
		return MATCH; /* there was one that was not seen */
	if (s->credential != NULL && checks_login(s))
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->credential, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	else if (!s->client_loss || !s->auth_required)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	s->judged = s->connect;
	return s->judged && d->evidence->authentication.result != AUTH_SUCCESS ? DONE : MATCH;
}

enum refusal { REFUSED, EXPIRED, NOT_PERMITTED };

static const struct {
	const char *text;
	enum refusal refusal;
} errors[] = {
	{ "'Authorization Violation", REFUSED },
	{ "'Authorization Timeout", REFUSED }, /* before 2.0 */
	{ "'Authentication Timeout", REFUSED },
	{ "'User Authentication Expired", EXPIRED },
	{ "'User Authentication Revoked", EXPIRED },
	{ "'Account Authentication Expired", EXPIRED },
	{ "'Credentials have been revoked", EXPIRED },
	{ "'Permissions Violation", NOT_PERMITTED },
};

static enum verdict
read_error(struct dissection *d, struct cursor text, uint64_t offset)
{
	struct nats_state *s = d->state;

	claim(d, s->connect ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, "-ERR message", FROM_SERVER, offset);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!cursor_starts_with_nocase(&text, errors[i].text))
			continue;
		if (errors[i].refusal == NOT_PERMITTED) {
			/* Rights are looked up for clients that are let in. */
			if (judge_served(d, offset) == DONE)
				return DONE;
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
			return MATCH;
		}
		/* A login that was once accepted may expire on a connection that was joined late. */
		if (errors[i].refusal == REFUSED || (!s->midstream && !s->judged))
			evidence_authentication(d->evidence, AUTH_FAILURE, s->credential, STRENGTH_EXCHANGE, "-ERR message", FROM_SERVER, offset);
		return DONE;
	}
	return MATCH;
}

static enum verdict
act(struct dissection *d, enum direction from, const struct line *line, uint64_t offset)
{
	if (line->operation == OPERATION_INFO)
		return read_info(d, from, line->rest, offset);
	if (line->operation == OPERATION_CONNECT)
		return read_connect(d, from, line->rest, offset);
	if (from == FROM_SERVER && line->operation == OPERATION_ERROR)
		return read_error(d, line->rest, offset);
	claim(d, STRENGTH_STRUCTURE, "protocol message", from, offset);
	return from == FROM_SERVER && line->served ? judge_served(d, offset) : MATCH;
}

/* Streams. */

/* What cannot be read: of a stream joined late, or one with losses, the next piece may begin a message. */
static enum verdict
not_nats(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct nats_state *s = d->state;

	if (d->evidence->strength < STRENGTH_STRUCTURE)
		return NO_MATCH;
	if (!s->midstream && !s->client_loss && !s->lost[from])
		return MALFORMED;
	s->lost[from] = true;
	cursor_skip(bytes, cursor_left(bytes));
	return NEED_MORE;
}

/* The client answers INFO by a ClientHello: by its own wish or the server's (tls_required, tls_available). */
static bool
may_be_tls(const struct nats_state *s, enum direction from, struct cursor bytes)
{
	return cursor_peek(&bytes, 0) == 0x16 && (from == FROM_CLIENT ? !s->connect : s->client_loss);
}

static enum verdict
read_tls(struct dissection *d, enum direction from, struct cursor *bytes)
{
	enum strength strength;
	enum verdict verdict = tls_dissector.probe(d->flow, from, *bytes, &strength);

	if (verdict != MATCH)
		return verdict == NEED_MORE ? NEED_MORE : not_nats(d, from, bytes);
	d->next = &tls_dissector;
	return UPGRADE;
}

/* After a loss: a message may begin where a piece of the stream does, but so may the middle of a payload. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct nats_state *s = d->state;
	struct flow_view joined = { .roles_known = d->flow->roles_known };
	enum strength strength;
	enum verdict verdict = nats_probe(&joined, from, *bytes, &strength);

	if (verdict == MATCH)
		s->lost[from] = false;
	else if (verdict == NO_MATCH)
		cursor_skip(bytes, cursor_left(bytes));
	return verdict == MATCH ? MATCH : NEED_MORE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct nats_state *s = d->state;
	struct cursor c = *bytes, text;
	struct line line;
	enum verdict verdict;

	if (may_be_tls(s, from, *bytes))
		return read_tls(d, from, bytes);
	if (s->lost[from])
		return resynchronize(d, from, bytes);
	if (!cursor_take_line(&c, &text)) {
		if (cursor_left(bytes) > LINE_MAX_SIZE || !may_begin(*bytes))
			return not_nats(d, from, bytes);
		return NEED_MORE;
	}
	if (!parse_line(text, &line))
		return not_nats(d, from, bytes);
	verdict = act(d, from, &line, offset);
	if (verdict == NO_MATCH)
		return not_nats(d, from, bytes);
	*bytes = c;
	if (verdict == MATCH && line.payload > 0)
		dissection_pass_over(d, bytes, line.payload);
	return verdict;
}

static enum verdict
nats_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct nats_state *s = d->state;

	if (!s->begun)
		s->midstream = s->lost[FROM_CLIENT] = s->lost[FROM_SERVER] = !d->flow->handshake_seen;
	s->begun = true;
	return dissect_messages(d, from, bytes, read_one);
}

static enum verdict
nats_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct nats_state *s = d->state;

	(void)size;
	s->lost[from] = true;
	s->client_loss |= from == FROM_CLIENT;
	/* Without a CONNECT behind it, the client may have gone on to TLS. */
	if (!s->connect)
		evidence_doubt_plaintext(d->evidence);
	return MATCH;
}

const struct dissector nats_dissector = {
	.name = "nats",
	.specification = "NATS client protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 4222, 6222, 7422, 7222 },
	.first_bytes = { "CIPSUHRLAcipsu", "IMPHRLA+-" },
	.state_size = sizeof(struct nats_state),
	.probe = nats_probe,
	.dissect = nats_dissect,
	.gap = nats_gap,
};
