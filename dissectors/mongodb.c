/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB and what speaks its wire protocol: OP_MSG, the operations before it, and logins by SASL,
 * certificates and the old challenge. Answers name the request they belong to. A server answers a few
 * commands to anybody; who gets an answer to another one was let in.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>

#include "dissector.h"
#include "mongodb_message.h"

enum {
	PENDING_MAX = 32,
	REPLY_FIXED_SIZE = 20, /* of OP_REPLY's body, before documents */
	WHOLE_MAX = 32 * 1024, /* longer messages are not waited for: they are data */
};

struct pending {
	uint32_t id;
	uint8_t request; /* enum mongodb_request */
	bool login;      /* a hello with a login in it */
	bool used;
};

struct mongodb_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;               /* the oldest, which is given up for a new one */
	const char *method;         /* of the login under way */
	const struct sasl_mechanism *mechanism;
	bool confirmed;             /* a whole message was read */
	bool doubtful;              /* bytes are missing: there may have been a login */
	bool logged_in;
	bool wrote;                 /* without an answer */
};

static_assert(sizeof(struct mongodb_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char message_clause[] = "MongoDB Wire Protocol: message";
static const char login_clause[] = "MongoDB Authentication: login command";
static const char answer_clause[] = "MongoDB Authentication: answer to a login";

static enum verdict
mongodb_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes, body;
	struct mongodb_header h;
	struct mongodb_message m;
	enum verdict verdict;

	if (cursor_peek(&bytes, 3) > MONGODB_MESSAGE_SIZE_MAX >> 24)
		return NO_MATCH;
	if (cursor_left(&bytes) < MONGODB_HEADER_SIZE)
		return NEED_MORE;
	if (!mongodb_take_header(&c, from, &h))
		return NO_MATCH;
	/* Both sides send these: requests answer nothing. */
	if ((h.opcode == MONGODB_MSG || h.opcode == MONGODB_COMPRESSED) && !flow->roles_known && mongodb_answers(&h) != (from == FROM_SERVER))
		return NO_MATCH;
	verdict = mongodb_begins(&h, c);
	*strength = STRENGTH_SIGNATURE;
	if (verdict != MATCH || cursor_left(&c) < h.size - MONGODB_HEADER_SIZE)
		return verdict;
	body = cursor_sub(&c, h.size - MONGODB_HEADER_SIZE);
	*strength = STRENGTH_STRUCTURE;
	/* An OP_REPLY without a document is a few small numbers. */
	if (h.opcode == MONGODB_REPLY && cursor_left(&body) <= REPLY_FIXED_SIZE)
		return NO_MATCH;
	return mongodb_read(&h, body, from, &m) ? MATCH : NO_MATCH;
}

/* Requests without their answer. */

static void
push(struct mongodb_state *s, const struct mongodb_message *m)
{
	s->pending[s->next] = (struct pending){
		.id = m->header.id,
		.request = (uint8_t)m->request,
		.login = m->request == MONGODB_HELLO && m->mechanism != NULL,
		.used = true,
	};
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
}

/* The request of that id; true where it was seen. */
static bool
take_pending(struct mongodb_state *s, uint32_t id, struct pending *taken)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (!s->pending[i].used || s->pending[i].id != id)
			continue;
		*taken = s->pending[i];
		s->pending[i].used = false;
		return true;
	}
	*taken = (struct pending){ .request = MONGODB_UNREADABLE };
	return false;
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, enum direction from, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	s->confirmed = true;
	evidence_plaintext(d->evidence, "mongodb", strength, message_clause, from, offset);
}

static bool
is_login(const struct mongodb_message *m)
{
	return m->request == MONGODB_SASL_START || m->request == MONGODB_SASL_CONTINUE || m->request == MONGODB_AUTHENTICATE || (m->request == MONGODB_HELLO && m->mechanism != NULL);
}

static void
read_request(struct dissection *d, const struct mongodb_message *m, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	if (m->mechanism != NULL) {
		s->mechanism = m->mechanism;
		s->method = m->mechanism->method;
	}
	if (is_login(m)) {
		evidence_principal(d->evidence, m->principal);
		evidence_doubt_failure(d->evidence); /* What was refused before is tried anew. */
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, login_clause, FROM_CLIENT, offset);
	}
	/* A later step's payload may be a token only where the mechanism sends one. */
	if (m->secret && s->mechanism != NULL && s->mechanism->replayable)
		evidence_cleartext_credentials(d->evidence, login_clause, FROM_CLIENT, offset);
	if (m->new_password)
		evidence_cleartext_credentials(d->evidence, "MongoDB createUser, updateUser: pwd", FROM_CLIENT, offset);
	if (m->replication)
		evidence_note(d->evidence, NOTE_REPLICATION);
	s->wrote |= m->write;
	if (!m->one_way)
		push(s, m);
}

static void
tell_success(struct dissection *d, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	s->logged_in = true;
	evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, answer_clause, FROM_SERVER, offset);
}

static void
tell_served(struct dissection *d, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	if (!s->doubtful && !s->logged_in)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "MongoDB Wire Protocol: answered without a login", FROM_SERVER, offset);
}

/* A command was not allowed: to nobody in particular, or to the one who is logged in. */
static void
judge_unauthorized(struct dissection *d, const struct mongodb_message *m, bool paired, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	if (s->logged_in)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (!s->doubtful || m->requires_authentication)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, paired ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, "MongoDB error 13 Unauthorized", FROM_SERVER, offset);
}

static void
judge_login(struct dissection *d, const struct pending *p, const struct mongodb_message *m, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	if (m->ok) {
		if (p->request == MONGODB_AUTHENTICATE || (p->request != MONGODB_HELLO && m->done) || (p->request == MONGODB_HELLO && m->in_hello && (m->done || m->in_hello_user)))
			tell_success(d, offset);
	} else if (m->login_refused && p->request != MONGODB_HELLO) {
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, answer_clause, FROM_SERVER, offset);
	}
}

/* getLastError is answered to anybody; what it says of the write before it tells whether that was done. */
static void
judge_write(struct dissection *d, const struct mongodb_message *m, uint64_t offset)
{
	struct mongodb_state *s = d->state;

	if (s->wrote && m->no_error)
		tell_served(d, offset);
	else if (s->wrote && m->unauthorized)
		judge_unauthorized(d, m, true, offset);
}

static void
read_answer(struct dissection *d, const struct mongodb_message *m, uint64_t offset)
{
	struct mongodb_state *s = d->state;
	struct pending p;
	bool paired = take_pending(s, m->header.response_to, &p);

	claim(d, paired ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, FROM_SERVER, offset);
	if (p.request == MONGODB_DOCUMENTS) {
		if (!m->query_failed)
			tell_served(d, offset);
		else if (m->unauthorized)
			judge_unauthorized(d, m, true, offset);
		return;
	}
	if (!m->has_ok && !(m->query_failed && m->unauthorized)) {
		if (m->data && p.request == MONGODB_DATA)
			tell_served(d, offset);
		return;
	}
	if (p.request >= MONGODB_SASL_START || p.login)
		judge_login(d, &p, m, offset);
	else if (p.request == MONGODB_LAST_ERROR && m->ok)
		judge_write(d, m, offset);
	else if (p.request == MONGODB_DATA && m->ok)
		tell_served(d, offset);
	else if (!m->ok && m->unauthorized && (paired || (m->header.opcode == MONGODB_MSG && m->requires_authentication)))
		judge_unauthorized(d, m, paired, offset);
}

static void
read_message(struct dissection *d, enum direction from, const struct mongodb_message *m, uint64_t offset)
{
	if (from == FROM_SERVER) {
		read_answer(d, m, offset);
	} else {
		claim(d, STRENGTH_STRUCTURE, from, offset);
		read_request(d, m, offset);
	}
}

/* A message that is too long to wait for: its beginning counts, the rest is passed over. */
static enum verdict
read_long(struct dissection *d, const struct mongodb_header *h, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor body = *bytes;
	struct mongodb_message m;
	size_t here = bytes->left < h->size ? bytes->left : h->size;

	if (here < 512)
		return NEED_MORE;
	cursor_skip(&body, MONGODB_HEADER_SIZE);
	body.left = here - MONGODB_HEADER_SIZE;
	if (mongodb_begins(h, body) != MATCH)
		return NO_MATCH;
	mongodb_read_beginning(h, body, from, &m);
	if (from == FROM_SERVER)
		read_answer(d, &m, offset);
	else
		read_request(d, &m, offset);
	dissection_pass_over(d, bytes, h->size);
	return MATCH;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor c = *bytes, body;
	struct mongodb_header h;
	struct mongodb_message m;

	if (cursor_left(bytes) < MONGODB_HEADER_SIZE) {
		d->need = MONGODB_HEADER_SIZE;
		return cursor_peek(bytes, 3) > MONGODB_MESSAGE_SIZE_MAX >> 24 ? NO_MATCH : NEED_MORE;
	}
	if (!mongodb_take_header(&c, from, &h) || mongodb_begins(&h, c) == NO_MATCH)
		return NO_MATCH;
	if (h.size > WHOLE_MAX)
		return read_long(d, &h, from, bytes, offset);
	if (cursor_left(bytes) < h.size) {
		d->need = h.size;
		return NEED_MORE;
	}
	body = cursor_sub(&c, h.size - MONGODB_HEADER_SIZE);
	if (!mongodb_read(&h, body, from, &m))
		return NO_MATCH;
	*bytes = c;
	read_message(d, from, &m, offset);
	return MATCH;
}

/* After a loss what does not begin like a message is dropped, piece by piece. */
static enum verdict
not_mongodb(struct dissection *d, struct cursor *bytes)
{
	struct mongodb_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	if (!s->doubtful)
		return MALFORMED;
	cursor_skip(bytes, cursor_left(bytes));
	d->need = 0;
	return NEED_MORE;
}

static enum verdict
mongodb_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mongodb_state *s = d->state;
	enum verdict verdict;

	s->doubtful |= !d->flow->handshake_seen;
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH ? not_mongodb(d, bytes) : verdict;
}

static enum verdict
mongodb_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct mongodb_state *s = d->state;

	(void)from;
	(void)size;
	s->doubtful = true;
	return MATCH;
}

const struct dissector mongodb_dissector = {
	.name = "mongodb",
	.specification = "MongoDB Wire Protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 27017, 27018, 27019 },
	.state_size = sizeof(struct mongodb_state),
	.probe = mongodb_probe,
	.dissect = mongodb_dissect,
	.gap = mongodb_gap,
};
