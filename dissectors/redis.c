/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis and what speaks its protocol (redis_message.c). Commands are remembered in a short queue until
 * answered, since answers come in their order. Of commands and answers only what bears on authentication is
 * read; all else is walked over by its lengths.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>

#include "dissector.h"
#include "redis_message.h"

enum {
	PENDING_MAX = 64,
	DEPTH_MAX = 32, /* COMMAND DOCS, the deepest there is, goes beyond eight */
};

/* What an answer to a command tells. */
enum command {
	COMMAND_DATA,       /* only one who may gets it */
	COMMAND_AUTH,
	COMMAND_HELLO,      /* may turn out to be the next */
	COMMAND_HELLO_AUTH,
	COMMAND_FREE,       /* answered to anybody: nothing */
	COMMAND_SUBSCRIBE,  /* answered by pushes */
	COMMAND_MONITOR,
	COMMAND_SYNC,       /* the connection becomes a replication stream */
	COMMAND_REPLICATION,
	COMMAND_CLIENT,     /* may turn answers off */
	COMMAND_UNKNOWN,
};

static const struct {
	const char *name;
	enum command command;
} commands[] = {
	{ "AUTH", COMMAND_AUTH },
	{ "HELLO", COMMAND_HELLO },
	{ "QUIT", COMMAND_FREE },
	{ "RESET", COMMAND_FREE },
	{ "SUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "PSUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "SSUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "UNSUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "PUNSUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "SUNSUBSCRIBE", COMMAND_SUBSCRIBE },
	{ "MONITOR", COMMAND_MONITOR },
	{ "PSYNC", COMMAND_SYNC },
	{ "SYNC", COMMAND_SYNC },
	{ "REPLCONF", COMMAND_REPLICATION },
	{ "CLIENT", COMMAND_CLIENT },
};

enum reading { AT_START, AT_ELEMENTS, AT_LOSS };

struct redis_state {
	uint8_t reading[2];
	/* The client's command. */
	uint8_t command;
	uint32_t arguments_left;  /* not yet read, of the array */
	uint32_t argument;        /* number of the next one */
	uint32_t argument_count;
	bool name_follows;        /* HELLO n AUTH: the next argument is a user */
	uint64_t command_offset;
	/* The server's answer: what is still to come of each level of aggregates. */
	uint64_t left[DEPTH_MAX];
	uint8_t depth;
	bool judged;
	/* Commands without their answer. */
	uint8_t pending[PENDING_MAX];
	uint8_t first, count;
	uint32_t beyond;
	bool begun;
	bool doubtful;   /* the beginning is missing: pairing holds while commands wait for their answers */
	bool unpaired;   /* answers cannot be told apart any more */
	bool midstream;  /* there may have been an AUTH before */
	bool open;       /* the server said that no password is set */
	bool unresolved; /* an AUTH whose answer will not be known */
	bool subscribed;
	bool monitoring;
	bool confirmed;  /* RESP was seen, not only a line that may be an inline command */
	bool inline_secret; /* an AUTH of that kind */
	uint64_t secret_offset;
};

static_assert(sizeof(struct redis_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char auth_method[] = "redis-auth";
static const char auth_clause[] = "AUTH command";
static const char command_clause[] = "RESP array of bulk strings";
static const char reply_clause[] = "RESP reply";

static enum verdict
redis_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	if (from == FROM_SERVER)
		return redis_probe_reply(bytes);
	return cursor_peek(&bytes, 0) == '*' ? redis_probe_command(bytes) : redis_probe_inline(bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct redis_state *s = d->state;

	s->confirmed = true;
	evidence_plaintext(d->evidence, "redis", strength, clause, from, offset);
}

static void
tell_secret(struct dissection *d, uint64_t offset)
{
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, auth_method, STRENGTH_STRUCTURE, auth_clause, FROM_CLIENT, offset);
	evidence_cleartext_credentials(d->evidence, auth_clause, FROM_CLIENT, offset);
}

static void
push(struct redis_state *s, enum command command)
{
	if (s->doubtful && s->count > 0)
		s->unpaired = true;
	if (s->count == PENDING_MAX || s->beyond > 0) {
		if (s->beyond < UINT32_MAX)
			s->beyond++;
		if (command == COMMAND_AUTH || command == COMMAND_HELLO_AUTH)
			s->unresolved = true;
		return;
	}
	s->pending[(s->first + s->count) % PENDING_MAX] = (uint8_t)command;
	s->count++;
}

static enum command
oldest(const struct redis_state *s)
{
	return s->count > 0 && !s->unpaired ? (enum command)s->pending[s->first] : COMMAND_UNKNOWN;
}

static void
pop(struct redis_state *s)
{
	if (s->count > 0) {
		s->first = (uint8_t)((s->first + 1) % PENDING_MAX);
		s->count--;
	} else if (s->beyond > 0) {
		s->beyond--;
	}
}

/* Commands. */

static enum command
command_of(struct cursor name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals_nocase(&name, commands[i].name))
			return commands[i].command;
	return COMMAND_DATA;
}

static void
end_command(struct dissection *d)
{
	struct redis_state *s = d->state;

	s->reading[FROM_CLIENT] = AT_START;
	claim(d, STRENGTH_STRUCTURE, command_clause, FROM_CLIENT, s->command_offset);
	if (s->command == COMMAND_REPLICATION || s->command == COMMAND_SYNC)
		evidence_note(d->evidence, NOTE_REPLICATION);
	if ((s->command == COMMAND_AUTH && s->argument_count > 1) || s->command == COMMAND_HELLO_AUTH)
		tell_secret(d, s->command_offset);
	push(s, (enum command)s->command);
}

/* AUTH [user] password; HELLO 3 AUTH user password; CLIENT REPLY OFF. */
static void
read_argument(struct dissection *d, struct cursor text)
{
	struct redis_state *s = d->state;

	if (s->argument == 0) {
		s->command = (uint8_t)command_of(text);
	} else if (s->command == COMMAND_AUTH) {
		if (s->argument == 1 && s->argument_count == 3)
			evidence_principal(d->evidence, text);
	} else if (s->command == COMMAND_HELLO && s->argument >= 2 && cursor_equals_nocase(&text, "AUTH")) {
		s->command = COMMAND_HELLO_AUTH;
		s->name_follows = true;
	} else if (s->name_follows) {
		evidence_principal(d->evidence, text);
		s->name_follows = false;
	} else if (s->command == COMMAND_CLIENT && s->argument == 1 && cursor_equals_nocase(&text, "REPLY")) {
		s->unpaired = true;
	}
}

static bool
wants_argument(const struct redis_state *s)
{
	return s->argument == 0 || (s->argument < 8 && s->command != COMMAND_DATA && s->command != COMMAND_SUBSCRIBE);
}

static enum verdict
read_element_of_command(struct dissection *d, struct cursor *bytes)
{
	struct redis_state *s = d->state;
	struct cursor c = *bytes, text;
	uint64_t size;
	enum verdict verdict = redis_take_header(&c, '$', redis_bulk_max, &size);

	if (verdict != MATCH)
		return verdict;
	if (wants_argument(s) && size <= REDIS_WORD_MAX * 4) {
		if (cursor_left(&c) < size + 2)
			return NEED_MORE;
		text = cursor_sub(&c, (size_t)size);
		if (cursor_u8(&c) != '\r' || cursor_u8(&c) != '\n')
			return NO_MATCH;
		read_argument(d, text);
		*bytes = c;
	} else {
		if (s->argument == 0)
			s->command = COMMAND_DATA;
		*bytes = c;
		dissection_pass_over(d, bytes, size + 2);
	}
	s->argument++;
	if (--s->arguments_left == 0)
		end_command(d);
	return MATCH;
}

static void
read_inline(struct dissection *d, struct cursor line, uint64_t offset)
{
	struct redis_state *s = d->state;
	enum command command = command_of(redis_take_word(&line));

	if (command == COMMAND_HELLO && cursor_find_nocase(&line, " auth ") >= 0)
		command = COMMAND_HELLO_AUTH;
	if (command == COMMAND_REPLICATION || command == COMMAND_SYNC)
		evidence_note(d->evidence, NOTE_REPLICATION);
	if ((command == COMMAND_AUTH && line.left > 0) || command == COMMAND_HELLO_AUTH) {
		if (s->confirmed) {
			tell_secret(d, offset);
		} else if (!s->inline_secret) {
			s->inline_secret = true;
			s->secret_offset = offset;
		}
	}
	if (!s->confirmed)
		evidence_protocol(d->evidence, "redis", STRENGTH_SIGNATURE, "inline command", FROM_CLIENT, offset);
	push(s, command);
}

/* Inline commands are for people: printable, and short. */
static bool
is_printable(struct cursor line)
{
	while (cursor_left(&line) > 0) {
		uint8_t b = cursor_u8(&line);

		if ((b < ' ' && b != '\t') || b == 0x7f)
			return false;
	}
	return true;
}

static enum verdict
start_command(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct redis_state *s = d->state;
	struct cursor c = *bytes, line;
	uint64_t count;

	if (cursor_peek(bytes, 0) != '*') {
		if (!cursor_take_line(&c, &line))
			return cursor_left(bytes) > REDIS_LINE_MAX_SIZE || !is_printable((struct cursor){ .at = c.at, .left = c.left - (c.at[c.left - 1] == '\r') }) ? NO_MATCH : NEED_MORE;
		if (!is_printable(line) || (!s->confirmed && s->count == 0 && !redis_is_inline(line)))
			return NO_MATCH;
		*bytes = c;
		if (line.left > 0)
			read_inline(d, line, offset);
		return MATCH;
	}
	switch (redis_take_header(&c, '*', redis_elements_max, &count)) {
	case MATCH:
		break;
	case NEED_MORE:
		return NEED_MORE;
	default:
		return NO_MATCH;
	}
	*bytes = c;
	if (count == 0)
		return MATCH; /* ignored by servers, and not answered */
	s->reading[FROM_CLIENT] = AT_ELEMENTS;
	s->command = COMMAND_DATA;
	s->arguments_left = s->argument_count = (uint32_t)count;
	s->argument = 0;
	s->name_follows = false;
	s->command_offset = offset;
	return MATCH;
}

/* Replies. */

enum reply { REPLY_OK, REPLY_PUSH, REPLY_NOTHING, REPLY_SERVED_ERROR, REPLY_NOAUTH, REPLY_WRONGPASS, REPLY_OPEN, REPLY_NOPERM, REPLY_DENIED };

/* What errors tell. Those not listed come before or after the check of who asks, as they like. */
static const struct {
	const char *text;
	enum reply reply;
} errors[] = {
	{ "NOAUTH ", REPLY_NOAUTH },
	{ "ERR operation not permitted", REPLY_NOAUTH }, /* before 2.8 */
	{ "WRONGPASS ", REPLY_WRONGPASS },
	{ "ERR invalid password", REPLY_WRONGPASS },
	{ "ERR invalid username-password", REPLY_WRONGPASS },
	{ "ERR AUTH <password> called without any password configured", REPLY_OPEN },
	{ "ERR Client sent AUTH, but no password is set", REPLY_OPEN },
	{ "NOPERM ", REPLY_NOPERM },
	{ "DENIED ", REPLY_DENIED },
	{ "WRONGTYPE ", REPLY_SERVED_ERROR },
	{ "MOVED ", REPLY_SERVED_ERROR },
	{ "ASK ", REPLY_SERVED_ERROR },
	{ "NOSCRIPT ", REPLY_SERVED_ERROR },
	{ "READONLY ", REPLY_SERVED_ERROR },
};

static enum reply
error_of(struct cursor line)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (cursor_starts_with_nocase(&line, errors[i].text))
			return errors[i].reply;
	return REPLY_NOTHING;
}

static void
tell_served(struct dissection *d, uint64_t offset)
{
	struct redis_state *s = d->state;

	if ((!s->midstream || s->open) && !s->unresolved)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RESP reply without AUTH", FROM_SERVER, offset);
}

/* A reply to AUTH, or to HELLO with AUTH. */
static void
judge_login(struct dissection *d, enum reply reply, uint64_t offset)
{
	struct redis_state *s = d->state;

	if (reply == REPLY_OK)
		evidence_authentication(d->evidence, AUTH_SUCCESS, auth_method, STRENGTH_EXCHANGE, "OK reply to AUTH", FROM_SERVER, offset);
	else if (reply == REPLY_OPEN)
		s->open = true;
}

/* Errors that say by themselves what they answer. */
static void
judge_refusal(struct dissection *d, enum command command, enum reply reply, uint64_t offset)
{
	struct redis_state *s = d->state;
	enum strength strength = command == COMMAND_UNKNOWN ? STRENGTH_STRUCTURE : STRENGTH_EXCHANGE;

	if (reply == REPLY_NOAUTH)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, strength, "NOAUTH error", FROM_SERVER, offset);
	else if (reply == REPLY_WRONGPASS)
		evidence_authentication(d->evidence, AUTH_FAILURE, auth_method, strength, "WRONGPASS error", FROM_SERVER, offset);
	else if (reply == REPLY_DENIED)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_STRUCTURE, "DENIED error", FROM_SERVER, offset);
	else if (reply == REPLY_NOPERM)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (reply == REPLY_OPEN)
		s->open = true;
}

/* Judges a reply; DONE where nothing more is to come. */
static enum verdict
judge(struct dissection *d, enum reply reply, uint64_t offset)
{
	struct redis_state *s = d->state;
	enum command command = oldest(s);
	bool known = command != COMMAND_UNKNOWN;

	s->judged = true;
	claim(d, known ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
	if (s->inline_secret && known)
		tell_secret(d, s->secret_offset);
	s->inline_secret = false;
	if (reply == REPLY_PUSH) {
		if (command == COMMAND_SUBSCRIBE) {
			pop(s);
			tell_served(d, offset);
		}
		return MATCH;
	}
	pop(s);
	if (!known && reply == REPLY_OK)
		evidence_doubt_failure(d->evidence); /* it may answer another AUTH */
	judge_refusal(d, command, reply, offset);
	if (command == COMMAND_AUTH || command == COMMAND_HELLO_AUTH)
		judge_login(d, reply, offset);
	else if (known && command != COMMAND_FREE && (reply == REPLY_OK || reply == REPLY_SERVED_ERROR))
		tell_served(d, offset);
	s->subscribed |= command == COMMAND_SUBSCRIBE && reply == REPLY_OK;
	s->monitoring |= command == COMMAND_MONITOR && reply == REPLY_OK;
	return command == COMMAND_SYNC && reply == REPLY_OK ? DONE : MATCH;
}

/* One element counts at its level; levels that are complete count at theirs. */
static void
count_element(struct redis_state *s)
{
	while (s->depth > 0 && --s->left[s->depth - 1] == 0)
		s->depth--;
	s->reading[FROM_SERVER] = s->depth > 0 ? AT_ELEMENTS : AT_START;
}

/* Goes into an aggregate, or over a bulk string, or past a line. DONE where it goes too deep. */
static enum verdict
pass_element(struct dissection *d, const struct redis_element *e, struct cursor *bytes)
{
	struct redis_state *s = d->state;

	if (e->aggregate && e->length > 0) {
		if (s->depth == DEPTH_MAX)
			return DONE;
		/* Maps and attributes count pairs; an attribute stands before the element it is about. */
		if (e->attribute && s->depth > 0)
			s->left[s->depth - 1]++;
		s->left[s->depth] = (uint64_t)e->length * (e->type == '%' || e->attribute ? 2 : 1);
		s->depth++;
		s->reading[FROM_SERVER] = AT_ELEMENTS;
		return MATCH;
	}
	if (e->bulk && e->length >= 0)
		dissection_pass_over(d, bytes, (uint64_t)e->length + 2);
	count_element(s);
	return MATCH;
}

static enum reply
reply_of(const struct redis_state *s, const struct redis_element *e)
{
	if (e->type == '-')
		return error_of(e->line);
	if (e->type == '>' || (s->monitoring && e->type == '+' && cursor_peek(&e->line, 0) >= '0' && cursor_peek(&e->line, 0) <= '9'))
		return REPLY_PUSH;
	if (oldest(s) == COMMAND_AUTH && !(e->type == '+' && cursor_equals(&e->line, "OK")))
		return REPLY_NOTHING;
	return e->type == '!' ? REPLY_NOTHING : REPLY_OK;
}

/* Whether a first reply confirms that an inline command was one: POP3 answers "+OK" and a text, NATS "-ERR" and one in quotes. */
static bool
confirms(const struct redis_element *e)
{
	if (e->type == '+')
		return cursor_equals(&e->line, "OK") || cursor_equals(&e->line, "PONG");
	if (e->type == '-')
		return error_of(e->line) != REPLY_NOTHING || (cursor_starts_with(&e->line, "ERR ") && cursor_peek(&e->line, 4) != '\'');
	return true;
}

/* The first element inside an array tells whether it is a message of a subscription. */
static enum verdict
judge_array(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct redis_state *s = d->state;
	struct cursor c = *bytes, word;
	struct redis_element e;
	enum verdict verdict = redis_take_element(&c, &e);

	if (verdict != MATCH)
		return verdict;
	if ((!s->subscribed && oldest(s) != COMMAND_SUBSCRIBE) || e.type != '$' || e.length < 0 || e.length > REDIS_WORD_MAX)
		return judge(d, REPLY_OK, offset);
	if (cursor_left(&c) < (size_t)e.length)
		return NEED_MORE;
	word = cursor_sub(&c, (size_t)e.length);
	s->subscribed |= redis_is_push_word(word);
	return judge(d, redis_is_push_word(word) ? REPLY_PUSH : REPLY_OK, offset);
}

static enum verdict
start_reply(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct redis_state *s = d->state;
	struct redis_element e;
	enum verdict verdict = redis_take_element(bytes, &e);

	if (verdict != MATCH)
		return verdict;
	if (!s->confirmed && s->count > 0 && !confirms(&e))
		return NO_MATCH;
	s->judged = e.attribute;
	if (!e.attribute && !(e.type == '*' && e.length > 0))
		verdict = judge(d, reply_of(s, &e), offset);
	return verdict == MATCH ? pass_element(d, &e, bytes) : verdict;
}

static enum verdict
read_element_of_reply(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct redis_state *s = d->state;
	struct redis_element e;
	enum verdict verdict = s->judged ? MATCH : judge_array(d, bytes, offset);

	if (verdict == MATCH)
		verdict = redis_take_element(bytes, &e);
	return verdict == MATCH ? pass_element(d, &e, bytes) : verdict;
}

/* Both. */

static void
lose(struct redis_state *s, enum direction from)
{
	s->reading[from] = AT_LOSS;
	s->depth = 0;
	s->count = s->first = 0;
	s->beyond = 0;
	s->unpaired = true;
}

/* Bytes that are none of the protocol's: what there is of them is dropped, so that every turn gets on. */
static enum verdict
not_redis(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct redis_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	if (!s->midstream && !s->unpaired)
		return MALFORMED;
	lose(s, from);
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* After a loss: a command or reply is looked for at the beginning of each piece of the stream. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct redis_state *s = d->state;
	enum verdict verdict = from == FROM_SERVER ? redis_probe_reply(*bytes) : redis_probe_command(*bytes);

	if (verdict == MATCH)
		s->reading[from] = AT_START;
	else if (verdict == NO_MATCH)
		cursor_skip(bytes, cursor_left(bytes));
	return verdict == NO_MATCH ? NEED_MORE : verdict;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct redis_state *s = d->state;

	if (s->reading[from] == AT_LOSS)
		return resynchronize(d, from, bytes);
	if (from == FROM_CLIENT)
		return s->reading[from] == AT_START ? start_command(d, bytes, offset) : read_element_of_command(d, bytes);
	/* A primary keeps a waiting replica's connection alive with empty lines. */
	if (s->reading[from] == AT_START && oldest(s) == COMMAND_SYNC && cursor_peek(bytes, 0) == '\n') {
		cursor_skip(bytes, 1);
		return MATCH;
	}
	return s->reading[from] == AT_START ? start_reply(d, bytes, offset) : read_element_of_reply(d, bytes, offset);
}

static enum verdict
redis_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct redis_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	if (!s->begun)
		s->doubtful = s->midstream = !d->flow->handshake_seen;
	s->begun = true;
	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0) {
		verdict = read_one(d, from, bytes, dissection_offset(d, from, start, *bytes));
		if (verdict == NO_MATCH)
			verdict = not_redis(d, from, bytes);
	}
	return verdict;
}

static enum verdict
redis_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)size;
	lose(d->state, from);
	return MATCH;
}

const struct dissector redis_dissector = {
	.name = "redis",
	.specification = "RESP2, RESP3",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 6379, 26379, 6380 },
	.first_bytes = { "*PpAaHhIiSsEeCcDdMmKk", "+-$*%>" },
	.state_size = sizeof(struct redis_state),
	.probe = redis_probe,
	.dissect = redis_dissect,
	.gap = redis_gap,
};
