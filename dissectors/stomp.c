/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP 1.0, 1.1, 1.2 (https://stomp.github.io): frames of a command, header lines, an empty line, a body
 * and a NUL. The client logs in with CONNECT or STOMP, and is answered by CONNECTED or ERROR; what an
 * ERROR is about is told by its words alone, which are the broker's own.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "jwt.h"

enum {
	HEADERS_MAX_SIZE = 32 * 1024,
	ERROR_LOOK = 4096, /* of an ERROR's body, so many bytes are looked at */
	EMPTY_LINES_MAX = 16,
};

enum reading { AT_START, AT_BODY, AT_LOSS };

struct stomp_state {
	uint32_t searched[2]; /* bytes at the cursor that are known not to hold the end of the headers */
	bool begun;
	uint8_t reading[2];
	bool implicit;      /* the connection began with work: brokers may have a user for that */
	bool connect;       /* was seen, and carried: */
	bool name_only;     /* a login without a passcode */
	const char *method;
	bool judged;
	bool served;        /* some answer was seen that is no refusal, */
	bool lost;          /* or may have been lost: what is refused then need not be the login */
};

static_assert(sizeof(struct stomp_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

enum command { COMMAND_CONNECT, COMMAND_CONNECTED, COMMAND_ERROR, COMMAND_WORK };

/* Each with headers of which it has one at least, where it is the first that is seen of a connection. */
static const struct {
	const char *name;
	enum direction from;
	enum command command;
	const char *headers[3];
} commands[] = {
	{ "CONNECT", FROM_CLIENT, COMMAND_CONNECT, { NULL } },
	{ "STOMP", FROM_CLIENT, COMMAND_CONNECT, { NULL } }, /* 1.1 and later */
	{ "SEND", FROM_CLIENT, COMMAND_WORK, { "destination" } },
	{ "SUBSCRIBE", FROM_CLIENT, COMMAND_WORK, { "destination" } },
	{ "UNSUBSCRIBE", FROM_CLIENT, COMMAND_WORK, { "id", "destination" } },
	{ "BEGIN", FROM_CLIENT, COMMAND_WORK, { "transaction" } },
	{ "COMMIT", FROM_CLIENT, COMMAND_WORK, { "transaction" } },
	{ "ABORT", FROM_CLIENT, COMMAND_WORK, { "transaction" } },
	{ "ACK", FROM_CLIENT, COMMAND_WORK, { "id", "message-id" } },
	{ "NACK", FROM_CLIENT, COMMAND_WORK, { "id", "message-id" } },
	{ "DISCONNECT", FROM_CLIENT, COMMAND_WORK, { "receipt" } },
	{ "CONNECTED", FROM_SERVER, COMMAND_CONNECTED, { NULL } },
	{ "ERROR", FROM_SERVER, COMMAND_ERROR, { "message", "version", "receipt-id" } },
	{ "MESSAGE", FROM_SERVER, COMMAND_WORK, { "destination", "message-id" } },
	{ "RECEIPT", FROM_SERVER, COMMAND_WORK, { "receipt-id" } },
};

struct frame {
	enum command command;
	bool telling;           /* it has a header that its command must have */
	struct cursor headers;  /* lines with their ends */
	bool has_length;
	uint64_t length;        /* of the body */
};

/* Frames. */

/* The index of the command a line is; -1 where it is none of that side. */
static int
find_command(struct cursor line, enum direction from)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].from == from && cursor_equals(&line, commands[i].name))
			return (int)i;
	return -1;
}

static bool
is_telling(int command, struct cursor name)
{
	for (size_t i = 0; i < 3 && commands[command].headers[i] != NULL; i++)
		if (cursor_equals_nocase(&name, commands[command].headers[i]))
			return true;
	return false;
}

static bool
may_be_command(struct cursor c, enum direction from)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t size = strlen(commands[i].name);

		if (commands[i].from != from || !cursor_may_start_with(&c, commands[i].name))
			continue;
		if (c.left <= size || c.at[size] == '\n' || c.at[size] == '\r')
			return true;
	}
	return false;
}

/* "name:value"; names of 1.0 may have blanks behind them. */
static bool
split_header(struct cursor line, struct cursor *name, struct cursor *value)
{
	if (!cursor_take_until(&line, ':', name) || cursor_left(name) == 0 || !cursor_is_text(*name))
		return false;
	cursor_trim_end(name);
	cursor_skip_blanks(&line);
	*value = line;
	return cursor_is_text(line);
}

static bool
parse_length(struct cursor value, struct frame *f)
{
	f->length = cursor_decimal(&value);
	f->has_length = cursor_ok(&value) && cursor_left(&value) == 0 && f->length < UINT64_C(1) << 40;
	return f->has_length;
}

/* Reads a command and its headers, up to and with the empty line. */
static enum verdict
read_headers(struct cursor *c, enum direction from, struct frame *f)
{
	struct cursor line, name, value, start;
	int command;

	*f = (struct frame){ .command = COMMAND_WORK };
	if (!may_be_command(*c, from))
		return NO_MATCH;
	if (!cursor_take_line(c, &line))
		return NEED_MORE;
	command = find_command(line, from);
	if (command < 0)
		return NO_MATCH;
	f->command = commands[command].command;
	for (start = *c; cursor_take_line(c, &line) && line.left > 0;) {
		if (!split_header(line, &name, &value) || start.left - c->left > HEADERS_MAX_SIZE)
			return NO_MATCH;
		f->telling |= is_telling(command, name);
		if (cursor_equals_nocase(&name, "content-length") && !f->has_length && !parse_length(value, f))
			return NO_MATCH;
		f->headers = cursor_over(start.at, start.left - c->left);
	}
	if (line.left == 0)
		return MATCH;
	return cursor_left(c) > HEADERS_MAX_SIZE ? NO_MATCH : NEED_MORE;
}

/* Between frames there may be empty lines, which also keep a connection alive. */
static void
skip_empty_lines(struct cursor *c)
{
	for (int i = 0; i < EMPTY_LINES_MAX && (cursor_peek(c, 0) == '\n' || (cursor_peek(c, 0) == '\r' && cursor_peek(c, 1) == '\n')); i++)
		cursor_skip(c, cursor_peek(c, 0) == '\n' ? 1 : 2);
}

static enum verdict
stomp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes;
	struct frame f;
	enum verdict verdict;

	*strength = STRENGTH_STRUCTURE;
	if (!flow->handshake_seen)
		skip_empty_lines(&c);
	if (cursor_left(&c) == 0 || cursor_equals(&c, "\r"))
		return NEED_MORE;
	verdict = read_headers(&c, from, &f);
	if (verdict != MATCH)
		return verdict;
	/* A connection begins with CONNECT, or, where the broker does without it, with the client's work. */
	if (f.command == COMMAND_WORK || f.command == COMMAND_ERROR)
		return f.telling && (f.command == COMMAND_ERROR || from == FROM_CLIENT || !flow->handshake_seen) ? MATCH : NO_MATCH;
	/* Frames of the login have no body. */
	if (cursor_left(&c) == 0)
		return NEED_MORE;
	return cursor_u8(&c) == 0 ? MATCH : NO_MATCH;
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	evidence_plaintext(d->evidence, "stomp", strength, clause, from, offset);
}

/* Headers that are the applications' own: frameworks check them before they answer. */
static const char *const token_headers[] = {
	"authorization", "x-authorization", "x-auth-token", "auth-token", "authtoken", "access-token", "access_token", "accesstoken", "token", "jwt", "x-api-key", NULL,
};

static bool
is_token_header(struct cursor name)
{
	for (size_t i = 0; token_headers[i] != NULL; i++)
		if (cursor_equals_nocase(&name, token_headers[i]))
			return true;
	return false;
}

static void
tell_token(struct dissection *d, struct cursor token)
{
	if (cursor_starts_with_nocase(&token, "bearer ")) {
		cursor_skip(&token, 7);
		cursor_skip_blanks(&token);
	}
	jwt_report_service_account(token, d->evidence);
}

static void
read_connect(struct dissection *d, struct frame *f, uint64_t offset)
{
	static const char clause[] = "STOMP CONNECT frame";
	struct stomp_state *s = d->state;
	struct cursor line, name, value;
	bool login = false, passcode = false, token = false;

	claim(d, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	s->connect = true;
	s->implicit = false;
	s->judged = s->served = s->lost = false;
	while (cursor_take_line(&f->headers, &line) && split_header(line, &name, &value)) {
		if (cursor_left(&value) == 0)
			continue;
		if (cursor_equals_nocase(&name, "login")) {
			login = true;
			evidence_principal(d->evidence, value);
		} else if (cursor_equals_nocase(&name, "passcode")) {
			passcode = true;
			tell_token(d, value);
		} else if (is_token_header(name)) {
			token = true;
			tell_token(d, value);
		}
	}
	s->method = login || passcode ? "stomp-userpass" : token ? "stomp-token" : NULL;
	s->name_only = login && !passcode && !token;
	if (s->method != NULL)
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	if (passcode || token)
		evidence_cleartext_credentials(d->evidence, clause, FROM_CLIENT, offset);
}

/* CONNECTED, or any work done for the client. */
static enum verdict
judge_accepted(struct dissection *d, const char *clause, uint64_t offset)
{
	struct stomp_state *s = d->state;

	s->served = true;
	if (!(s->connect || s->implicit) || s->judged)
		return MATCH;
	s->judged = true;
	if (s->method == NULL) {
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
		return DONE;
	}
	/* A name alone is a claim, and proves nothing. */
	if (!s->name_only)
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	return MATCH;
}

/* Words of errors that are about who the client is or what it may do: RabbitMQ, ActiveMQ, Artemis, Spring and others. */
static const char *const refusals[] = {
	"access refused", "access_refused", "access denied", "access is denied", "accessdenied", "password is invalid", "not authorized", "unauthorized", "not_authorized",
	"authentication fail", "failed to authenticate", "authentication required", "not authenticated", "login failed", "incorrect login", "invalid login",
	"invalid credentials", "bad credentials", "unable to validate user", "security error", "securityexception", "must log in", "does not have permission", NULL,
};

/* Those that are about nothing but the login. */
static const char *const login_refusals[] = {
	"bad connect", "password is invalid", "authentication fail", "failed to authenticate", "login failed", "incorrect login", "invalid login", "invalid credentials", "bad credentials", NULL,
};

static bool
has_words(struct cursor text, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (cursor_find_nocase(&text, words[i]) >= 0)
			return true;
	return false;
}

static enum verdict
read_error(struct dissection *d, const struct frame *f, struct cursor body, uint64_t offset)
{
	static const char clause[] = "STOMP ERROR frame";
	struct stomp_state *s = d->state;
	bool refused = has_words(f->headers, refusals) || has_words(body, refusals);
	bool sure = (!s->lost && d->flow->handshake_seen) || has_words(f->headers, login_refusals) || has_words(body, login_refusals);

	claim(d, s->connect ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause, FROM_SERVER, offset);
	if (refused && s->judged)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (refused && sure && !s->served && (s->connect || (d->flow->handshake_seen && offset == 0)))
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	return DONE; /* the server must close */
}

/* Streams. */

/* An ERROR is read with its body, or the beginning of it. */
static enum verdict
take_error_body(struct cursor *c, const struct frame *f, struct cursor *body)
{
	struct cursor whole = *c;

	if (f->has_length && f->length <= ERROR_LOOK) {
		if (cursor_left(c) < f->length)
			return NEED_MORE;
		*body = cursor_sub(c, (size_t)f->length);
		return MATCH;
	}
	if (!f->has_length && cursor_take_until(c, 0, body))
		return MATCH;
	if (cursor_left(&whole) < ERROR_LOOK)
		return NEED_MORE;
	*body = cursor_sub(&whole, ERROR_LOOK);
	return MATCH;
}

static enum verdict
act(struct dissection *d, enum direction from, struct frame *f, struct cursor *c, uint64_t offset)
{
	struct stomp_state *s = d->state;
	struct cursor body = { .failed = true };

	if (f->command == COMMAND_ERROR)
		return take_error_body(c, f, &body) == MATCH ? read_error(d, f, body, offset) : NEED_MORE;
	if (f->command == COMMAND_CONNECT) {
		if (cursor_left(c) == 0)
			return NEED_MORE;
		if (cursor_peek(c, 0) != 0)
			return NO_MATCH;
		read_connect(d, f, offset);
		return MATCH;
	}
	if (from == FROM_CLIENT && offset == 0 && d->flow->handshake_seen)
		s->implicit = true;
	claim(d, from == FROM_SERVER && s->connect ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, "STOMP frame", from, offset);
	return from == FROM_SERVER ? judge_accepted(d, f->command == COMMAND_CONNECTED ? "STOMP CONNECTED frame" : "STOMP frame", offset) : MATCH;
}

/* What cannot be read: where bytes are missing, the next piece may begin a frame. */
static enum verdict
not_stomp(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct stomp_state *s = d->state;

	if (d->evidence->strength < STRENGTH_STRUCTURE)
		return NO_MATCH;
	if (d->flow->handshake_seen && !evidence_has_note(d->evidence, NOTE_GAP))
		return MALFORMED;
	s->reading[from] = AT_LOSS;
	s->searched[from] = 0;
	cursor_skip(bytes, cursor_left(bytes));
	return NEED_MORE;
}

/* Whether the empty line may have come: headers are not read again for every piece of them. */
static bool
may_be_whole(struct stomp_state *s, enum direction from, struct cursor c)
{
	size_t start = s->searched[from] < c.left ? s->searched[from] : 0;

	for (size_t i = start; i + 1 < c.left; i++)
		if (c.at[i] == '\n' && (c.at[i + 1] == '\n' || c.at[i + 1] == '\r'))
			return true;
	if (start == 0 || c.left > HEADERS_MAX_SIZE)
		return true; /* it is for read_headers() to say whether this can be a frame */
	return false;
}

static enum verdict
read_frame(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct stomp_state *s = d->state;
	struct cursor c = *bytes;
	struct frame f;
	enum verdict verdict = may_be_whole(s, from, c) ? read_headers(&c, from, &f) : NEED_MORE;

	/* The line's end may have come in part: "LF CR". */
	s->searched[from] = verdict == NEED_MORE && bytes->left > 2 ? (uint32_t)bytes->left - 2 : 0;
	if (verdict == MATCH)
		verdict = act(d, from, &f, &c, offset);
	if (verdict == NO_MATCH)
		return not_stomp(d, from, bytes);
	if (verdict == NEED_MORE)
		return NEED_MORE;
	*bytes = c;
	if (verdict == MATCH && f.has_length)
		dissection_pass_over(d, bytes, f.length + 1);
	else
		s->reading[from] = AT_BODY;
	return verdict;
}

/* A body without a length ends with the first NUL. */
static enum verdict
read_body(struct stomp_state *s, enum direction from, struct cursor *bytes)
{
	struct cursor body;

	if (cursor_take_until(bytes, 0, &body))
		s->reading[from] = AT_START;
	else
		cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* After a loss, or where the beginning is missing: a frame begins where a piece of the stream does. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct stomp_state *s = d->state;
	struct flow_view joined = { .handshake_seen = false };
	enum strength strength;
	enum verdict verdict = stomp_probe(&joined, from, *bytes, &strength);

	if (verdict == MATCH)
		s->reading[from] = AT_START;
	else if (verdict == NO_MATCH)
		cursor_skip(bytes, cursor_left(bytes));
	return verdict == MATCH ? MATCH : NEED_MORE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor start)
{
	struct stomp_state *s = d->state;

	switch ((enum reading)s->reading[from]) {
	case AT_LOSS:
		return resynchronize(d, from, bytes);
	case AT_BODY:
		return read_body(s, from, bytes);
	case AT_START:
		break;
	}
	skip_empty_lines(bytes);
	if (cursor_left(bytes) == 0 || cursor_equals(bytes, "\r"))
		return NEED_MORE;
	return read_frame(d, from, bytes, dissection_offset(d, from, start, *bytes));
}

static enum verdict
stomp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct stomp_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	if (!s->begun && !d->flow->handshake_seen)
		s->reading[FROM_CLIENT] = s->reading[FROM_SERVER] = AT_LOSS;
	s->begun = true;
	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = read_one(d, from, bytes, start);
	return verdict;
}

static enum verdict
stomp_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct stomp_state *s = d->state;

	(void)size;
	s->lost |= from == FROM_SERVER;
	s->reading[from] = AT_LOSS;
	s->searched[from] = 0;
	return MATCH;
}

const struct dissector stomp_dissector = {
	.name = "stomp",
	.specification = "STOMP 1.2",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 61613 },
	.first_bytes = { "CSUBAND\r\n", "CEMR\r\n" },
	.state_size = sizeof(struct stomp_state),
	.probe = stomp_probe,
	.dissect = stomp_dissect,
	.gap = stomp_gap,
};
