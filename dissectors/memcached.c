/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached: its text and its binary protocol over TCP and UDP, and the binary one as Couchbase
 * extends it. Logins are SASL's in the binary protocol; in text, where the server has a file of
 * passwords (-Y), the first "set" of a connection, whose answer alone tells that it was a login.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>

#include "dissector.h"
#include "memcached_message.h"
#include "sasl.h"

enum {
	LOGIN_MAX = 4096,   /* SASL data that is waited for */
	PASSWORD_MAX = 512, /* a user and a password in text */
	BODY_MAX = 4096,
};

enum language { LANGUAGE_UNKNOWN, LANGUAGE_TEXT, LANGUAGE_BINARY };

struct memcached_state {
	uint32_t asked[8];      /* opcodes seen in requests, as bits */
	uint8_t language;
	const char *method;
	uint64_t set_offset;
	bool confirmed;         /* a message that was read to its end, or an answer that fits */
	bool doubtful;          /* bytes are missing: there may have been a login */
	bool logged_in;
	bool commanded;         /* a line was sent */
	bool by_password;       /* the server said that it wants one */
	bool may_be_login;      /* a "set" of two words, the first of the connection */
	bool set_waits;         /* for its answer */
	bool block_follows;     /* in text: the client's, which may be a login */
	uint16_t block_size;
};

static_assert(sizeof(struct memcached_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char text_clause[] = "memcached protocol.txt: command or answer";
static const char binary_clause[] = "memcached binary protocol: message";
static const char sasl_clause[] = "memcached binary protocol: SASL authentication";
static const char password_clause[] = "memcached protocol.txt: authentication by set";
static const char password_method[] = "memcached-auth";

/* Probes. */

static bool
is_binary(int first)
{
	return (first >= 0x80 && first <= 0x83) || first == 0x08 || first == 0x18;
}

static enum verdict
probe_binary(enum direction from, struct cursor c, enum strength *strength)
{
	struct memcached_header h;

	if (cursor_left(&c) < MEMCACHED_HEADER_SIZE)
		return NEED_MORE;
	if (!memcached_take_header(&c, &h) || h.from_server != (from == FROM_SERVER))
		return NO_MATCH;
	*strength = cursor_left(&c) >= h.size ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE;
	return MATCH;
}

static bool
take_crlf_line(struct cursor *c, struct cursor *line)
{
	struct cursor copy = *c;

	if (!cursor_take_line(&copy, line) || line->at + line->left + 2 != copy.at)
		return false;
	*c = copy;
	return true;
}

static enum verdict
probe_line(enum direction from, struct cursor c, enum strength *strength)
{
	struct memcached_command command;
	struct cursor line, block;

	*strength = STRENGTH_SIGNATURE;
	if (!take_crlf_line(&c, &line)) {
		for (size_t i = 0; i < c.left; i++)
			if ((c.at[i] < ' ' && c.at[i] != '\r') || c.at[i] == 0x7f)
				return NO_MATCH;
		return cursor_left(&c) < MEMCACHED_LINE_MAX ? NEED_MORE : NO_MATCH;
	}
	if (from == FROM_SERVER)
		return memcached_read_answer(line).telling ? MATCH : NO_MATCH;
	if (!memcached_read_command(line, &command))
		return NO_MATCH;
	if (command.storage && cursor_left(&c) >= command.size + 2) {
		block = cursor_sub(&c, (size_t)command.size);
		if (!cursor_ok(&block) || cursor_u8(&c) != '\r' || cursor_u8(&c) != '\n')
			return NO_MATCH;
		*strength = STRENGTH_STRUCTURE;
	}
	return MATCH;
}

static enum verdict
memcached_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	return is_binary(cursor_peek(&bytes, 0)) ? probe_binary(from, bytes, strength) : probe_line(from, bytes, strength);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct memcached_state *s = d->state;

	evidence_protocol(d->evidence, "memcached", strength, clause, from, offset);
	if (strength < STRENGTH_STRUCTURE)
		return;
	s->confirmed = true;
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, strength, clause, from, offset);
}

static void
tell_served(struct dissection *d, const char *clause, uint64_t offset)
{
	struct memcached_state *s = d->state;

	if (!s->doubtful && !s->logged_in && !s->may_be_login)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
tell_success(struct dissection *d, const char *method, const char *clause, enum strength strength, uint64_t offset)
{
	struct memcached_state *s = d->state;

	s->logged_in = true;
	evidence_authentication(d->evidence, AUTH_SUCCESS, method, strength, clause, FROM_SERVER, offset);
}

/* A request that was refused to nobody in particular. */
static void
tell_unauthenticated(struct dissection *d, const char *clause, uint64_t offset)
{
	struct memcached_state *s = d->state;

	if (!s->logged_in)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_STRUCTURE, clause, FROM_SERVER, offset);
}

/* The binary protocol. */

/* Couchbase and older clients have names of their own for SCRAM. */
static const char *
method_of(struct cursor name)
{
	static const struct {
		const char *name, *method;
	} aliases[] = {
		{ "SCRAM-SHA1", "scram-sha-1" },
		{ "SCRAM-SHA256", "scram-sha-256" },
		{ "SCRAM-SHA512", "scram-sha-512" },
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (cursor_equals_nocase(&name, aliases[i].name))
			return aliases[i].method;
	return sasl_mechanism(name)->method;
}

/* "\0user\0password" (RFC 4616); the password of a Couchbase bucket may be empty, and is one all the same. */
static bool
read_plain(struct dissection *d, struct cursor value)
{
	struct cursor authorization, user;

	if (!cursor_take_until(&value, 0, &authorization) || !cursor_take_until(&value, 0, &user))
		return false;
	evidence_principal(d->evidence, user);
	return true;
}

static void
read_sasl(struct dissection *d, const struct memcached_header *h, struct cursor body, uint64_t offset)
{
	struct memcached_state *s = d->state;
	struct cursor name;
	bool secret;

	cursor_skip(&body, h->before);
	name = cursor_sub(&body, h->key);
	s->method = method_of(name);
	evidence_doubt_failure(d->evidence); /* What was refused before is tried anew. */
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, sasl_clause, FROM_CLIENT, offset);
	if (cursor_equals_nocase(&name, "PLAIN"))
		secret = read_plain(d, body);
	else
		secret = sasl_mechanism(name)->replayable && cursor_left(&body) > 0;
	if (secret)
		evidence_cleartext_credentials(d->evidence, sasl_clause, FROM_CLIENT, offset);
}

static bool
is_served(uint16_t status)
{
	return status == MEMCACHED_SUCCESS || status == MEMCACHED_NOT_FOUND || status == MEMCACHED_EXISTS || status == MEMCACHED_NOT_STORED || status == MEMCACHED_NO_NUMBER;
}

static void
judge_binary(struct dissection *d, const struct memcached_header *h, bool asked, uint64_t offset)
{
	struct memcached_state *s = d->state;
	enum strength strength = asked ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE;

	if (h->opcode == MEMCACHED_SASL_AUTH || h->opcode == MEMCACHED_SASL_STEP) {
		if (h->status == MEMCACHED_SUCCESS)
			tell_success(d, s->method, sasl_clause, strength, offset);
		else if (h->status == MEMCACHED_AUTH_ERROR)
			evidence_authentication(d->evidence, AUTH_FAILURE, s->method, strength, sasl_clause, FROM_SERVER, offset);
		return;
	}
	if (h->status == MEMCACHED_AUTH_ERROR)
		tell_unauthenticated(d, "memcached binary protocol: status 0x20", offset);
	else if (h->status == MEMCACHED_NO_ACCESS && s->logged_in)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (h->status == MEMCACHED_NO_ACCESS && !s->doubtful)
		tell_unauthenticated(d, "Couchbase: status 0x24", offset);
	else if (asked && is_served(h->status) && !memcached_is_free(h->opcode))
		tell_served(d, "memcached binary protocol: answered without a login", offset);
}

static enum verdict
read_binary(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct memcached_state *s = d->state;
	struct cursor c = *bytes;
	struct memcached_header h;
	bool sasl, asked;

	if (cursor_left(bytes) < MEMCACHED_HEADER_SIZE) {
		d->need = MEMCACHED_HEADER_SIZE;
		return is_binary(cursor_peek(bytes, 0)) ? NEED_MORE : NO_MATCH;
	}
	if (!memcached_take_header(&c, &h) || h.from_server != (from == FROM_SERVER))
		return NO_MATCH;
	sasl = !h.answer && (h.opcode == MEMCACHED_SASL_AUTH || h.opcode == MEMCACHED_SASL_STEP) && h.size <= LOGIN_MAX;
	/* Until one message was read whole, a header is a signature. */
	if (cursor_left(&c) < h.size && (sasl || (!s->confirmed && h.size <= BODY_MAX))) {
		d->need = MEMCACHED_HEADER_SIZE + h.size;
		return NEED_MORE;
	}
	asked = h.answer && (s->asked[h.opcode / 32] >> h.opcode % 32 & 1) != 0;
	claim(d, asked ? STRENGTH_EXCHANGE : cursor_left(&c) >= h.size ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, binary_clause, from, offset);
	if (from == FROM_SERVER && h.answer)
		judge_binary(d, &h, asked, offset);
	else if (from == FROM_CLIENT && !h.answer)
		s->asked[h.opcode / 32] |= 1u << h.opcode % 32;
	if (sasl && from == FROM_CLIENT)
		read_sasl(d, &h, (struct cursor){ .at = c.at, .left = h.size }, offset);
	*bytes = c;
	dissection_pass_over(d, bytes, h.size);
	return MATCH;
}

/* Text. */

/* "user password": two words, as a server with a file of passwords wants to be told. */
static bool
is_two_words(struct cursor block)
{
	struct cursor user;

	return cursor_is_text(block) && cursor_take_until(&block, ' ', &user) && cursor_left(&user) > 0 && cursor_left(&block) > 0 && cursor_find_nocase(&block, " ") < 0;
}

static void
tell_password(struct dissection *d, enum auth_result result, uint64_t offset)
{
	struct memcached_state *s = d->state;

	if (result == AUTH_ATTEMPTED)
		evidence_doubt_failure(d->evidence); /* What was refused before is tried anew. */
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, password_method, STRENGTH_STRUCTURE, password_clause, FROM_CLIENT, s->set_offset);
	evidence_cleartext_credentials(d->evidence, password_clause, FROM_CLIENT, s->set_offset);
	if (result == AUTH_SUCCESS)
		tell_success(d, password_method, password_clause, STRENGTH_EXCHANGE, offset);
	else if (result == AUTH_FAILURE)
		evidence_authentication(d->evidence, AUTH_FAILURE, password_method, STRENGTH_EXCHANGE, password_clause, FROM_SERVER, offset);
}

/* The block of the first "set", or of one after the server asked for a password. */
static enum verdict
read_block(struct dissection *d, struct cursor *bytes)
{
	struct memcached_state *s = d->state;
	struct cursor c = *bytes, block;

	if (cursor_left(bytes) < s->block_size + 2u) {
		d->need = s->block_size + 2u;
		return NEED_MORE;
	}
	block = cursor_sub(&c, s->block_size);
	if (cursor_u8(&c) != '\r' || cursor_u8(&c) != '\n')
		return NO_MATCH;
	s->block_follows = false;
	s->set_waits = true;
	claim(d, STRENGTH_STRUCTURE, text_clause, FROM_CLIENT, s->set_offset);
	if (is_two_words(block)) {
		struct cursor user = cursor_over(NULL, 0);

		s->may_be_login = !s->logged_in;
		(void)cursor_take_until(&block, ' ', &user);
		if (s->by_password && !s->logged_in) {
			evidence_principal(d->evidence, user);
			tell_password(d, AUTH_ATTEMPTED, s->set_offset);
		}
	}
	*bytes = c;
	return MATCH;
}

static enum verdict
read_command(struct dissection *d, struct cursor line, struct cursor *bytes, uint64_t offset)
{
	struct memcached_state *s = d->state;
	struct memcached_command command;

	if (!memcached_read_command(line, &command)) {
		/* Wrong commands are the client's affair; the server answers ERROR. */
		return (s->confirmed || s->commanded) && cursor_is_text(line) ? MATCH : NO_MATCH;
	}
	claim(d, STRENGTH_SIGNATURE, text_clause, FROM_CLIENT, offset);
	if (command.set && command.size <= PASSWORD_MAX && (!s->commanded || s->by_password) && !s->logged_in) {
		s->block_follows = true;
		s->block_size = (uint16_t)command.size;
		s->set_offset = offset;
	} else if (command.storage) {
		if (cursor_left(bytes) >= command.size + 2) {
			if (cursor_peek(bytes, (size_t)command.size) != '\r' || cursor_peek(bytes, (size_t)command.size + 1) != '\n')
				return NO_MATCH;
			claim(d, STRENGTH_STRUCTURE, text_clause, FROM_CLIENT, offset);
		}
		dissection_pass_over(d, bytes, command.size + 2);
	}
	s->commanded = true;
	return MATCH;
}

static void
judge_text(struct dissection *d, enum memcached_reply reply, uint64_t offset)
{
	struct memcached_state *s = d->state;

	switch (reply) {
	case MEMCACHED_REPLY_UNAUTHENTICATED:
		s->by_password = true;
		tell_unauthenticated(d, "memcached: CLIENT_ERROR unauthenticated", offset);
		break;
	case MEMCACHED_REPLY_AUTH_FAILURE:
		s->by_password = true;
		if (s->set_waits)
			tell_password(d, AUTH_FAILURE, offset);
		else
			evidence_authentication(d->evidence, AUTH_FAILURE, password_method, STRENGTH_STRUCTURE, password_clause, FROM_SERVER, offset);
		break;
	case MEMCACHED_REPLY_STORED:
		if (s->set_waits && s->by_password && s->may_be_login)
			tell_password(d, AUTH_SUCCESS, offset);
		else
			tell_served(d, "memcached: answered without a login", offset);
		break;
	case MEMCACHED_REPLY_SERVED:
		tell_served(d, "memcached: answered without a login", offset);
		break;
	default:
		break;
	}
	if (s->set_waits && reply == MEMCACHED_REPLY_AUTH_FAILURE)
		s->may_be_login = false;
	s->set_waits = false;
}

static enum verdict
read_answer(struct dissection *d, struct cursor line, struct cursor *bytes, uint64_t offset)
{
	struct memcached_state *s = d->state;
	struct memcached_answer answer = memcached_read_answer(line);

	if (answer.reply == MEMCACHED_REPLY_NONE)
		return NO_MATCH;
	if (answer.telling || s->commanded)
		claim(d, s->commanded ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, text_clause, FROM_SERVER, offset);
	if (s->commanded || answer.reply >= MEMCACHED_REPLY_UNAUTHENTICATED)
		judge_text(d, answer.reply, offset);
	if (answer.data)
		dissection_pass_over(d, bytes, answer.size + 2);
	return MATCH;
}

static enum verdict
read_text(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct memcached_state *s = d->state;
	struct cursor c = *bytes, line;
	enum verdict verdict;

	if (from == FROM_CLIENT && s->block_follows)
		return read_block(d, bytes);
	if (!cursor_take_line(&c, &line))
		return cursor_left(bytes) > MEMCACHED_LINE_MAX ? NO_MATCH : NEED_MORE;
	verdict = from == FROM_CLIENT ? read_command(d, line, &c, offset) : read_answer(d, line, &c, offset);
	if (verdict == MATCH)
		*bytes = c;
	return verdict;
}

/* Both. */

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct memcached_state *s = d->state;

	if (s->language == LANGUAGE_UNKNOWN || s->doubtful)
		s->language = is_binary(cursor_peek(bytes, 0)) ? LANGUAGE_BINARY : LANGUAGE_TEXT;
	return s->language == LANGUAGE_BINARY ? read_binary(d, from, bytes, offset) : read_text(d, from, bytes, offset);
}

/* After a loss what does not begin like a message is dropped, piece by piece. */
static enum verdict
not_memcached(struct dissection *d, struct cursor *bytes)
{
	struct memcached_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	if (!s->doubtful)
		return MALFORMED;
	s->block_follows = false;
	cursor_skip(bytes, cursor_left(bytes));
	d->need = 0;
	return NEED_MORE;
}

static void
begin(struct dissection *d)
{
	struct memcached_state *s = d->state;

	s->doubtful |= !d->flow->handshake_seen;
}

static enum verdict
memcached_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	enum verdict verdict;

	begin(d);
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH ? not_memcached(d, bytes) : verdict;
}

static enum verdict
memcached_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct memcached_state *s = d->state;

	(void)size;
	if (from == FROM_CLIENT)
		s->block_follows = false;
	s->set_waits = false;
	s->doubtful = true;
	return MATCH;
}

/*
 * UDP: request id, number of this datagram and how many there are, and two bytes of no use, which are not
 * always 0. There are no logins.
 */
static bool
take_udp_header(struct cursor *c, bool *first)
{
	uint16_t number, count;

	cursor_skip(c, 2);
	number = cursor_u16(c);
	count = cursor_u16(c);
	cursor_skip(c, 2);
	*first = number == 0;
	return cursor_ok(c) && count > 0 && number < count;
}

static enum verdict
memcached_udp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum verdict verdict;
	bool first;

	if (!take_udp_header(&bytes, &first) || !first)
		return NO_MATCH;
	verdict = memcached_probe(flow, from, bytes, strength);
	return verdict == MATCH ? MATCH : NO_MATCH;
}

static enum verdict
memcached_udp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct memcached_state *s = d->state;
	enum verdict verdict = MATCH;
	struct cursor start = *bytes;
	bool first;

	begin(d);
	s->block_follows = false;
	s->commanded |= from == FROM_CLIENT;
	s->language = LANGUAGE_UNKNOWN;
	if (!take_udp_header(bytes, &first))
		return s->confirmed ? MATCH : NO_MATCH;
	while (first && verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = read_one(d, from, bytes, dissection_offset(d, from, start, *bytes));
	d->skip = d->need = 0;
	return verdict == NO_MATCH && !s->confirmed ? NO_MATCH : MATCH;
}

#define COMMANDS "gsarpctidfvwlqm\x80\x81\x82\x83\x08"
#define ANSWERS "VSENDTOMRHCB0123456789\x80\x81\x82\x83\x18"

const struct dissector memcached_dissector = {
	.name = "memcached",
	.specification = "memcached protocol.txt, protocol-binary.txt",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 11211, 11210, 11207 },
	.first_bytes = { COMMANDS, ANSWERS },
	.state_size = sizeof(struct memcached_state),
	.probe = memcached_probe,
	.dissect = memcached_dissect,
	.gap = memcached_gap,
};

/* The first byte is of a request id: any. */
const struct dissector memcached_udp_dissector = {
	.name = "memcached",
	.specification = "memcached protocol.txt, UDP",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 11211 },
	.state_size = sizeof(struct memcached_state),
	.probe = memcached_udp_probe,
	.dissect = memcached_udp_dissect,
};
