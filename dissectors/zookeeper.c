/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper's client protocol: records in frames with a length (zookeeper_message.c), and the four-letter
 * words of its administrators (zookeeper_word.c). A session is opened by ConnectRequest; after that replies
 * have the xid of their request. Of requests all that is read is who logs in; of replies the error code. The
 * ports that servers of an ensemble use among themselves are not read.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "zookeeper_message.h"
#include "zookeeper_word.h"

enum {
	PENDING_MAX = 48,
	WATCHED_REPLIES = 128,    /* a login may still come, or a refusal */
};

enum reading { READING_START, READING_FRAMES, READING_WORD };

/* What of SASL is under way. ZooKeeper does not name the mechanism: its tokens do. */
enum sasl { SASL_NONE, SASL_BEGUN, SASL_DIGEST, SASL_GSSAPI };

struct pending {
	int32_t xid, type;
	bool used;
};

struct zookeeper_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;
	uint8_t reading;       /* enum reading */
	uint8_t sasl;          /* enum sasl */
	uint8_t word;          /* index of the four-letter word */
	uint8_t replies;
	const char *scheme;    /* method of the last auth packet */
	bool wrapped[2];       /* the last token of SASL was one of GSSAPI's messages (RFC 4121 4.2.6.2) */
	bool lost[2];
	bool connecting;       /* ConnectResponse is next */
	bool authenticated;
	bool undecided;        /* SASL without an outcome */
	bool begun, doubtful, confirmed;
};

static_assert(sizeof(struct zookeeper_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char connect_clause[] = "ZooKeeper ConnectRequest";
static const char accepted_clause[] = "ZooKeeper ConnectResponse";
static const char request_clause[] = "ZooKeeper RequestHeader";
static const char reply_clause[] = "ZooKeeper ReplyHeader";
static const char auth_clause[] = "ZooKeeper AuthPacket";
static const char sasl_clause[] = "ZooKeeper GetSASLRequest";
static const char word_clause[] = "ZooKeeper four-letter word";

/* Probes. */

/* Rejects what is neither of protocol version 0 nor of a known type, before its end has come. */
static bool
may_be_request(struct cursor c)
{
	uint32_t xid;
	int32_t type;

	cursor_skip(&c, ZOOKEEPER_LENGTH_SIZE);
	xid = cursor_u32(&c);
	type = (int32_t)cursor_u32(&c);
	return !cursor_ok(&c) || xid == 0 || zookeeper_is_type(type);
}

static enum verdict
probe_client(struct cursor c, enum strength *strength)
{
	struct cursor frame;
	struct zookeeper_request r;
	enum verdict verdict;

	*strength = STRENGTH_SIGNATURE;
	if (cursor_peek(&c, 0) != 0)
		return cursor_left(&c) == 0 ? NEED_MORE : zookeeper_probe_word(c);
	if (!may_be_request(c))
		return NO_MATCH;
	verdict = zookeeper_peek_frame(c, ZOOKEEPER_REQUEST_SIZE_MIN, &frame);
	if (verdict != MATCH)
		return verdict;
	*strength = STRENGTH_STRUCTURE;
	return zookeeper_is_connect_request(frame) || (zookeeper_read_request(frame, &r) && r.certain) ? MATCH : NO_MATCH;
}

static enum verdict
probe_server(struct cursor c, enum strength *strength)
{
	struct cursor frame;
	struct zookeeper_reply r;
	enum verdict verdict = zookeeper_peek_frame(c, ZOOKEEPER_REPLY_SIZE_MIN, &frame);

	*strength = STRENGTH_STRUCTURE;
	if (verdict != MATCH)
		return verdict;
	if (zookeeper_is_connect_response(frame))
		return MATCH;
	if (!zookeeper_read_reply(frame, &r))
		return NO_MATCH;
	if (zookeeper_is_event(&r) || (r.xid == ZOOKEEPER_XID_PING && r.error == 0 && cursor_left(&r.body) == 0))
		return MATCH;
	return NEED_MORE; /* any reply: its request will tell */
}

static enum verdict
zookeeper_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	if (from == FROM_CLIENT)
		return probe_client(bytes, strength);
	/* The sender may be a client that is taken for the server. */
	if (!flow->roles_known && probe_client(bytes, strength) == MATCH)
		return NO_MATCH;
	return probe_server(bytes, strength);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->confirmed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, "zookeeper", strength, clause, from, offset);
}

static void
push(struct zookeeper_state *s, const struct zookeeper_request *r)
{
	s->pending[s->next] = (struct pending){ .xid = r->xid, .type = r->type, .used = true };
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
}

static struct pending *
find_pending(struct zookeeper_state *s, int32_t xid)
{
	for (size_t i = 1; i <= PENDING_MAX; i++) {
		struct pending *p = &s->pending[(s->next + PENDING_MAX - i) % PENDING_MAX];

		if (p->used && p->xid == xid)
			return p;
	}
	return NULL;
}

/* Requests. */

static const char *
sasl_method(const struct zookeeper_state *s)
{
	return s->sasl == SASL_DIGEST ? "sasl-digest-md5" : s->sasl == SASL_GSSAPI ? "sasl-gssapi" : NULL;
}

/* A scheme and what proves it: for "digest" it is user:password as they are. */
static void
read_auth(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor scheme, auth, user;

	cursor_skip(&body, 4);
	scheme = zookeeper_take_buffer(&body);
	auth = zookeeper_take_buffer(&body);
	if (cursor_equals(&scheme, "ip") || cursor_equals(&scheme, "world")) {
		s->scheme = NULL; /* says who the client is by what the server knows already */
		return;
	}
	s->scheme = cursor_equals(&scheme, "digest") ? "zookeeper-digest" : cursor_equals(&scheme, "x509") ? "zookeeper-x509" : "zookeeper-other";
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->scheme, STRENGTH_STRUCTURE, auth_clause, FROM_CLIENT, offset);
	if (cursor_equals(&scheme, "digest") && cursor_left(&auth) > 0) {
		evidence_cleartext_credentials(d->evidence, auth_clause, FROM_CLIENT, offset);
		if (cursor_take_until(&auth, ':', &user))
			evidence_principal(d->evidence, user);
	}
}

/* The mechanism shows later than the attempt. */
static void
tell_sasl_attempt(struct dissection *d, enum strength strength, enum direction from, uint64_t offset)
{
	struct authentication *a = &d->evidence->authentication;
	const char *method = sasl_method(d->state);

	evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, strength, sasl_clause, from, offset);
	if (a->result == AUTH_ATTEMPTED && a->method == NULL)
		a->method = method;
}

static bool
is_wrap_token(struct cursor token)
{
	return cursor_peek(&token, 0) == 5 && cursor_peek(&token, 1) == 4;
}

static void
read_sasl_request(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor token = zookeeper_take_buffer(&body), part;

	if (s->sasl == SASL_NONE)
		s->sasl = SASL_BEGUN;
	if (cursor_peek(&token, 0) == 0x60) /* RFC 2743 3.1 */
		s->sasl = SASL_GSSAPI;
	s->wrapped[FROM_CLIENT] = is_wrap_token(token);
	s->undecided = true;
	if (s->sasl == SASL_DIGEST && cursor_find_nocase(&token, "username=\"") >= 0) {
		cursor_skip(&token, (size_t)cursor_find_nocase(&token, "username=\"") + strlen("username=\""));
		if (cursor_take_until(&token, '"', &part))
			evidence_principal(d->evidence, part);
	}
	tell_sasl_attempt(d, STRENGTH_STRUCTURE, FROM_CLIENT, offset);
}

static void
act_on_request(struct dissection *d, const struct zookeeper_request *r, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (r->certain)
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	if (r->type == ZOOKEEPER_OP_PING)
		return;
	push(s, r);
	if (r->type == ZOOKEEPER_OP_AUTH)
		read_auth(d, r->body, offset);
	else if (r->type == ZOOKEEPER_OP_SASL)
		read_sasl_request(d, r->body, offset);
}

/* Replies. */

static void
succeed(struct dissection *d, const char *method, const char *clause, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->authenticated = true;
	s->undecided = false;
	s->replies = 0;
	evidence_authentication(d->evidence, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
fail(struct dissection *d, const char *method, const char *clause, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->undecided = false;
	evidence_authentication(d->evidence, AUTH_FAILURE, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
judge_auth(struct dissection *d, const struct zookeeper_reply *r, uint64_t offset)
{
	const struct zookeeper_state *s = d->state;

	if (r->error == ZOOKEEPER_ERROR_AUTH_FAILED)
		fail(d, s->scheme, auth_clause, offset);
	else if (r->error == 0 && s->scheme != NULL)
		succeed(d, s->scheme, auth_clause, offset);
}

/*
 * The end of DIGEST-MD5 is the server's own proof (RFC 2831 2.1.3). That of GSSAPI is an answer without
 * a token after both sides have wrapped a message; an earlier one is also given to a client that failed, where
 * zookeeper.allowSaslFailedClients is set.
 */
static void
judge_sasl(struct dissection *d, const struct zookeeper_reply *r, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor body = r->body, token;
	bool null = cursor_peek(&body, 0) == 0xff;

	if (r->error == ZOOKEEPER_ERROR_AUTH_FAILED || r->error == ZOOKEEPER_ERROR_REQUIRE_SASL)
		fail(d, sasl_method(s), sasl_clause, offset);
	if (r->error != 0)
		return;
	token = zookeeper_take_buffer(&body);
	if (s->sasl == SASL_BEGUN && cursor_find_nocase(&token, "nonce=\"") >= 0)
		s->sasl = SASL_DIGEST;
	if (s->sasl == SASL_DIGEST && cursor_starts_with(&token, "rspauth="))
		succeed(d, sasl_method(s), "RFC 2831 2.1.3 response-auth", offset);
	else if (s->sasl == SASL_GSSAPI && null && s->wrapped[FROM_CLIENT] && s->wrapped[FROM_SERVER])
		succeed(d, sasl_method(s), "RFC 4752 3.2", offset);
	else
		tell_sasl_attempt(d, STRENGTH_EXCHANGE, FROM_SERVER, offset);
	s->wrapped[FROM_SERVER] = is_wrap_token(token);
}

/* Whether the server looked at what was asked for. */
static bool
is_served(const struct zookeeper_reply *r, int32_t type)
{
	if (type == ZOOKEEPER_OP_CLOSE || type == ZOOKEEPER_OP_SET_WATCHES || type == ZOOKEEPER_OP_SET_WATCHES2 || type == ZOOKEEPER_OP_WHO_AM_I)
		return false;
	return r->error == 0 || (r->error < ZOOKEEPER_ERROR_API && r->error != ZOOKEEPER_ERROR_SESSION_EXPIRED && r->error != ZOOKEEPER_ERROR_SESSION_MOVED);
}

static enum verdict
judge(struct dissection *d, const struct zookeeper_reply *r, int32_t type, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (type == ZOOKEEPER_OP_AUTH) {
		judge_auth(d, r, offset);
	} else if (type == ZOOKEEPER_OP_SASL) {
		judge_sasl(d, r, offset);
	} else if (r->error == ZOOKEEPER_ERROR_NO_AUTH) {
		if (s->authenticated || s->undecided || s->doubtful)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		else
			fail(d, NULL, "ZooKeeper NOAUTH", offset);
	} else if (r->error == ZOOKEEPER_ERROR_REQUIRE_SASL || r->error == ZOOKEEPER_ERROR_AUTH_FAILED) {
		fail(d, NULL, "ZooKeeper SESSIONCLOSEDREQUIRESASLAUTH", offset);
	} else if (is_served(r, type) && !s->authenticated && !s->undecided && !s->doubtful) {
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	}
	return s->replies++ < WATCHED_REPLIES ? MATCH : DONE;
}

/* Streams. */

static void
lose(struct zookeeper_state *s, enum direction from)
{
	s->lost[from] = true;
	s->doubtful = true;
	s->connecting = false;
	s->reading = READING_FRAMES;
}

static enum verdict
not_zookeeper(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	lose(s, from);
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* Takes a frame, or looks at the beginning of one that is long: the rest is passed over. */
static enum verdict
take_frame(struct dissection *d, struct cursor *bytes, size_t minimum, struct cursor *frame, bool *whole)
{
	struct cursor c = *bytes;
	size_t size = cursor_u32(&c), look = size < ZOOKEEPER_FRAME_LOOK ? size : ZOOKEEPER_FRAME_LOOK;

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < minimum || size > ZOOKEEPER_FRAME_MAX)
		return NO_MATCH;
	if (cursor_left(&c) < look) {
		d->need = ZOOKEEPER_LENGTH_SIZE + look;
		return NEED_MORE;
	}
	*whole = cursor_left(&c) >= size;
	*frame = cursor_sub(&c, *whole ? size : cursor_left(&c));
	d->skip = size - frame->left;
	*bytes = c;
	return MATCH;
}

static enum verdict
read_request(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor frame, before = *bytes;
	struct zookeeper_request r;
	bool whole;
	enum verdict verdict = take_frame(d, bytes, ZOOKEEPER_REQUEST_SIZE_MIN, &frame, &whole);

	if (verdict == NO_MATCH)
		return not_zookeeper(d, FROM_CLIENT, bytes);
	if (verdict != MATCH)
		return verdict;
	if (s->reading == READING_START) {
		s->reading = READING_FRAMES;
		if (whole && zookeeper_is_connect_request(frame)) {
			s->connecting = true;
			claim(d, STRENGTH_STRUCTURE, connect_clause, FROM_CLIENT, offset);
			return MATCH;
		}
	}
	if (!whole || !zookeeper_read_request(frame, &r)) {
		if (!s->confirmed) {
			*bytes = before;
			d->skip = 0;
			return not_zookeeper(d, FROM_CLIENT, bytes);
		}
		/* Long, or of a type to come: somebody's data. */
		r = (struct zookeeper_request){ .xid = (int32_t)cursor_u32(&frame) };
	}
	act_on_request(d, &r, offset);
	return MATCH;
}

static enum verdict
read_connect_response(struct dissection *d, struct cursor frame, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (!zookeeper_is_connect_response(frame)) {
		lose(s, FROM_SERVER);
		return MATCH;
	}
	s->connecting = false;
	claim(d, STRENGTH_EXCHANGE, accepted_clause, FROM_SERVER, offset);
	return MATCH;
}

static enum verdict
read_reply(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor frame, before = *bytes;
	struct pending *p;
	struct zookeeper_reply r;
	bool whole;
	enum verdict verdict = take_frame(d, bytes, ZOOKEEPER_REPLY_SIZE_MIN, &frame, &whole);

	if (verdict == NO_MATCH)
		return not_zookeeper(d, FROM_SERVER, bytes);
	if (verdict != MATCH)
		return verdict;
	if (s->connecting)
		return read_connect_response(d, frame, offset);
	if (zookeeper_is_connect_response(frame) || (zookeeper_read_reply(frame, &r) && (zookeeper_is_event(&r) || (r.xid == ZOOKEEPER_XID_PING && cursor_left(&r.body) == 0)))) {
		claim(d, STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
		return MATCH;
	}
	p = zookeeper_read_reply(frame, &r) ? find_pending(s, r.xid) : NULL;
	if (p == NULL) {
		*bytes = before;
		d->skip = 0;
		return not_zookeeper(d, FROM_SERVER, bytes);
	}
	p->used = false;
	claim(d, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	return judge(d, &r, p->type, offset);
}

/* After a loss: frames are looked for at the beginning of each piece of the stream. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	enum strength strength;
	struct cursor frame;
	struct zookeeper_reply r;
	bool found = from == FROM_CLIENT ? cursor_peek(bytes, 0) == 0 && probe_client(*bytes, &strength) == MATCH : probe_server(*bytes, &strength) == MATCH;

	if (!found && from == FROM_SERVER && zookeeper_peek_frame(*bytes, ZOOKEEPER_REPLY_SIZE_MIN, &frame) == MATCH)
		found = zookeeper_read_reply(frame, &r) && find_pending(s, r.xid) != NULL;
	s->lost[from] = !found;
	if (!found)
		cursor_skip(bytes, cursor_left(bytes));
	return found ? MATCH : NEED_MORE;
}

/* Four-letter words. */

static enum verdict
start_word(struct dissection *d, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	enum verdict verdict = zookeeper_probe_word(*bytes);

	if (verdict != MATCH)
		return verdict;
	s->word = (uint8_t)zookeeper_find_word(*bytes);
	s->reading = READING_WORD;
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* The server says one thing and closes the connection. */
static enum verdict
read_answer_to_word(struct dissection *d, struct cursor bytes, uint64_t offset)
{
	const struct zookeeper_state *s = d->state;
	bool served;
	enum verdict verdict = zookeeper_read_answer(s->word, bytes, &served);

	if (verdict != MATCH)
		return verdict;
	claim(d, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
	if (served && !s->doubtful)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
	return DONE;
}

static enum verdict
read_word(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	if (from == FROM_SERVER)
		return read_answer_to_word(d, *bytes, offset);
	while (cursor_peek(bytes, 0) == '\r' || cursor_peek(bytes, 0) == '\n')
		cursor_skip(bytes, 1);
	return cursor_left(bytes) > 0 ? NO_MATCH : MATCH;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	const struct zookeeper_state *s = d->state;

	if (s->reading == READING_WORD)
		return read_word(d, from, bytes, offset);
	if (s->reading == READING_START && from == FROM_CLIENT && cursor_peek(bytes, 0) != 0)
		return start_word(d, bytes);
	if (s->lost[from])
		return resynchronize(d, from, bytes);
	return from == FROM_CLIENT ? read_request(d, bytes, offset) : read_reply(d, bytes, offset);
}

static enum verdict
zookeeper_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict;

	if (!s->begun)
		s->doubtful = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	if (verdict == NEED_MORE && bytes->left < start.left && d->need == 0)
		return MATCH;
	return verdict;
}

static enum verdict
zookeeper_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct zookeeper_state *s = d->state;

	(void)size;
	if (s->reading == READING_WORD)
		return DONE;
	lose(s, from);
	return MATCH;
}

const struct dissector zookeeper_dissector = {
	.name = "zookeeper",
	.specification = "ZooKeeper Jute",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 2181, 2182, 2183 },
	.first_bytes = { "\0cdeghilmorsw", "\0" },
	.first_bytes_size = { 13, 1 },
	.state_size = sizeof(struct zookeeper_state),
	.probe = zookeeper_probe,
	.dissect = zookeeper_dissect,
	.gap = zookeeper_gap,
};
