/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP: the header by which a client says what it speaks (AMQP 0-9-1 4.2.2, AMQP 1.0 2.2), and who reads on
 * from there: amqp091.c, amqp10.c, or TLS. Both log in by SASL. 0-10 is named, and not read.
 */
#include <config.h>

#include "amqp.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

static_assert(sizeof(struct amqp_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

enum { HEADER_SIZE = 8 };

enum version { VERSION_0_8, VERSION_0_9, VERSION_0_10, VERSION_1_0, VERSION_1_0_TLS, VERSION_1_0_SASL };

static const struct {
	uint8_t bytes[4]; /* behind "AMQP" */
	enum version version;
} headers[] = {
	{ { 0, 0, 9, 1 }, VERSION_0_9 },
	{ { 1, 1, 0, 9 }, VERSION_0_9 },  /* 0-9 */
	{ { 1, 1, 9, 1 }, VERSION_0_9 },
	{ { 1, 1, 8, 0 }, VERSION_0_8 },
	{ { 1, 1, 0, 10 }, VERSION_0_10 },
	{ { 0, 1, 0, 0 }, VERSION_1_0 },
	{ { 2, 1, 0, 0 }, VERSION_1_0_TLS },  /* 5.2 */
	{ { 3, 1, 0, 0 }, VERSION_1_0_SASL }, /* 5.3 */
};

/* Reads a header; NEED_MORE while what there is of it can be one. */
static enum verdict
read_header(struct cursor *c, enum version *version)
{
	static const char name[] = "AMQP";
	struct cursor rest = *c;
	size_t have = cursor_left(c) < HEADER_SIZE ? cursor_left(c) : HEADER_SIZE;

	if (!cursor_may_start_with(c, name))
		return NO_MATCH;
	if (have <= 4)
		return NEED_MORE;
	cursor_skip(&rest, 4);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (memcmp(rest.at, headers[i].bytes, have - 4) != 0)
			continue;
		if (have < HEADER_SIZE)
			return NEED_MORE;
		*version = headers[i].version;
		cursor_skip(c, HEADER_SIZE);
		return MATCH;
	}
	return NO_MATCH;
}

static enum verdict
amqp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum version version;
	enum verdict verdict;

	*strength = STRENGTH_STRUCTURE;
	if (cursor_left(&bytes) == 0 || cursor_peek(&bytes, 0) == 'A')
		return read_header(&bytes, &version);
	verdict = amqp091_probe(flow, from, bytes);
	return verdict == NO_MATCH ? amqp10_probe(flow, from, bytes) : verdict;
}

/* Evidence. */

void
amqp_claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	evidence_plaintext(d->evidence, "amqp", strength, clause, from, offset);
}

/* RFC 4616 2: authorization identity, NUL, authentication identity, NUL, password. */
static void
tell_plain_principal(struct dissection *d, struct cursor response)
{
	struct cursor part;

	if (cursor_take_until(&response, 0, &part) && cursor_take_until(&response, 0, &part))
		evidence_principal(d->evidence, part);
}

static bool
is_mechanism(const struct amqp_state *s, const char *name)
{
	return s->mechanism != NULL && strcmp(s->mechanism->name, name) == 0;
}

void
amqp_login(struct dissection *d, struct cursor mechanism, struct cursor response, const char *clause, uint64_t offset)
{
	struct amqp_state *s = d->state;

	s->login = true;
	s->mechanism = sasl_mechanism(mechanism);
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->mechanism->method, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	/* The first response of these is the name alone. */
	if (is_mechanism(s, "LOGIN") || is_mechanism(s, "RABBIT-CR-DEMO"))
		evidence_principal(d->evidence, response);
	else
		amqp_response(d, response, clause, offset);
}

void
amqp_response(struct dissection *d, struct cursor response, const char *clause, uint64_t offset)
{
	struct amqp_state *s = d->state;

	if (s->mechanism == NULL || !s->mechanism->replayable || cursor_left(&response) == 0)
		return;
	evidence_cleartext_credentials(d->evidence, clause, FROM_CLIENT, offset);
	if (is_mechanism(s, "PLAIN"))
		tell_plain_principal(d, response);
}

void
amqp_accepted(struct dissection *d, const char *clause, uint64_t offset)
{
	struct amqp_state *s = d->state;

	/* MSSBCBS proves nothing either: tokens are put later (OASIS, AMQP Claims-based Security 3). */
	if (!s->login || s->judged || is_mechanism(s, "ANONYMOUS") || is_mechanism(s, "MSSBCBS"))
		return;
	s->judged = true;
	evidence_authentication(d->evidence, AUTH_SUCCESS, s->mechanism->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

void
amqp_served(struct dissection *d, const char *clause, uint64_t offset)
{
	struct amqp_state *s = d->state;

	s->opened = false;
	amqp_accepted(d, clause, offset); /* where what said so was lost */
	if (s->judged || s->client_loss || !(s->login ? is_mechanism(s, "ANONYMOUS") : s->bare && d->flow->handshake_seen))
		return;
	s->judged = true;
	evidence_authentication(d->evidence, AUTH_NONE, s->login ? s->mechanism->method : NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

void
amqp_refused(struct dissection *d, const char *clause, uint64_t offset)
{
	struct amqp_state *s = d->state;

	evidence_authentication(d->evidence, AUTH_FAILURE, s->login ? s->mechanism->method : NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

/* Streams. */

static const char header_clause[] = "AMQP protocol header";

static enum verdict
read_client_header(struct dissection *d, enum version version)
{
	struct amqp_state *s = d->state;

	s->bare = version == VERSION_1_0 && !s->login;
	s->old = version == VERSION_0_8;
	s->tls_asked = version == VERSION_1_0_TLS;
	s->reading[FROM_CLIENT] = version >= VERSION_1_0 ? AMQP_AT_FRAME_10 : AMQP_AT_FRAME;
	return version == VERSION_0_10 ? DONE : MATCH;
}

/* A server that does not speak what it was asked for says what it does (0-9-1 4.2.2; 1.0 2.2), and closes. */
static enum verdict
read_server_header(struct dissection *d, enum version version, uint64_t offset)
{
	struct amqp_state *s = d->state;

	s->reading[FROM_SERVER] = version >= VERSION_1_0 ? AMQP_AT_FRAME_10 : AMQP_AT_FRAME;
	if (version == VERSION_1_0_TLS && s->tls_asked) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	if (s->tls_asked)
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
	if (version == VERSION_1_0_SASL && s->bare && !s->login)
		amqp_refused(d, header_clause, offset);
	s->tls_asked = false;
	return version < VERSION_1_0 ? DONE : MATCH;
}

static enum verdict
read_any_header(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	enum version version;
	enum verdict verdict = read_header(bytes, &version);

	if (verdict != MATCH)
		return verdict;
	amqp_claim(d, STRENGTH_STRUCTURE, header_clause, from, offset);
	return from == FROM_CLIENT ? read_client_header(d, version) : read_server_header(d, version, offset);
}

/* What cannot be read: where bytes are missing, the next piece may begin a frame. */
static enum verdict
not_amqp(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct amqp_state *s = d->state;

	if (d->evidence->strength < STRENGTH_STRUCTURE)
		return NO_MATCH;
	if (d->flow->handshake_seen && !evidence_has_note(d->evidence, NOTE_GAP))
		return MALFORMED;
	s->reading[from] = AMQP_AT_LOSS;
	cursor_skip(bytes, cursor_left(bytes));
	return NEED_MORE;
}

static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct amqp_state *s = d->state;
	struct flow_view joined = { .handshake_seen = false };
	enum strength strength;
	enum verdict verdict = amqp_probe(&joined, from, *bytes, &strength);

	if (verdict == MATCH)
		s->reading[from] = AMQP_AT_START;
	else if (verdict == NO_MATCH)
		cursor_skip(bytes, cursor_left(bytes));
	return verdict == MATCH ? MATCH : NEED_MORE;
}

/* Which framing it is, is told by the header, else by the first byte: sizes of 1.0 begin with a zero. */
static void
start(struct amqp_state *s, enum direction from, struct cursor bytes)
{
	s->reading[from] = cursor_peek(&bytes, 0) == 0 ? AMQP_AT_FRAME_10 : AMQP_AT_FRAME;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct amqp_state *s = d->state;
	enum verdict verdict;

	if (s->reading[from] == AMQP_AT_LOSS)
		return resynchronize(d, from, bytes);
	if (from == FROM_CLIENT && s->tls_asked && cursor_peek(bytes, 0) != 'A')
		return NEED_MORE; /* until the server has agreed */
	if (cursor_peek(bytes, 0) == 'A') {
		verdict = read_any_header(d, from, bytes, offset);
	} else {
		if (s->reading[from] == AMQP_AT_START)
			start(s, from, *bytes);
		verdict = s->reading[from] == AMQP_AT_FRAME ? amqp091_read(d, from, bytes, offset) : amqp10_read(d, from, bytes, offset);
	}
	return verdict == NO_MATCH ? not_amqp(d, from, bytes) : verdict;
}

static enum verdict
amqp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct amqp_state *s = d->state;

	if (!s->begun && !d->flow->handshake_seen)
		s->reading[FROM_CLIENT] = s->reading[FROM_SERVER] = AMQP_AT_LOSS;
	s->begun = true;
	return dissect_messages(d, from, bytes, read_one);
}

static enum verdict
amqp_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct amqp_state *s = d->state;

	(void)size;
	s->reading[from] = AMQP_AT_LOSS;
	s->client_loss |= from == FROM_CLIENT && !s->login;
	s->server_loss |= from == FROM_SERVER && s->login;
	s->opened = false;
	if (s->tls_asked)
		evidence_doubt_plaintext(d->evidence);
	return MATCH;
}

/* An open that was answered, and not taken back. */
static void
amqp_finish(struct dissection *d)
{
	struct amqp_state *s = d->state;

	if (s->opened && !evidence_has_note(d->evidence, NOTE_GAP))
		amqp_served(d, "AMQP 1.0 2.7.1 open", d->offset[FROM_SERVER]);
}

const struct dissector amqp_dissector = {
	.name = "amqp",
	.specification = "AMQP 0-9-1, AMQP 1.0",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 5672 },
	.first_bytes = { "A\x01\x02\x08\x00", "A\x01\x02\x08\x00" },
	.first_bytes_size = { 5, 5 },
	.state_size = sizeof(struct amqp_state),
	.probe = amqp_probe,
	.dissect = amqp_dissect,
	.gap = amqp_gap,
	.finish = amqp_finish,
};
