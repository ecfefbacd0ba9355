/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cassandra and what speaks CQL's native protocol, versions 1 to 5 and DSE's (native_protocol_v*.spec):
 * the start of a connection, logins, and who is served. Messages come as they are, or, since version
 * 5 and after the start, in frames with checksums; either may be compressed. Answers name the stream
 * of their question.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "cassandra_message.h"
#include "dissector.h"
#include "lz4.h"

enum {
	PENDING_MAX = 64,
	WHOLE_MAX = 8 * 1024,   /* of longer messages the beginning counts */
	BEGINNING_SIZE = 64,
	DECODED_MAX = 8 * 1024,
	DECODED_TOTAL_MAX = 1024 * 1024, /* of a connection: blocks may grow a hundredfold */
};

struct pending {
	int16_t stream;
	uint8_t opcode;
	bool used;
};

enum compression { COMPRESSION_UNKNOWN, COMPRESSION_LZ4, COMPRESSION_OTHER };

struct cassandra_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;
	uint8_t version;         /* of the messages seen; 0: none yet */
	uint8_t compression;
	const char *method;
	uint32_t carried[2];     /* of a message in several frames, to come */
	uint32_t decoded;        /* bytes so far */
	bool framed[2];
	bool confirmed;
	bool doubtful;           /* bytes are missing: there may have been a login */
	bool challenged;
	bool logged_in;
};

static_assert(sizeof(struct cassandra_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char message_clause[] = "CQL native protocol: message";
static const char login_clause[] = "CQL native protocol 4.1.2 AUTH_RESPONSE";

/* Probe. */

/* A compressed body, as LZ4 has it: the size of what is in it comes first, and it shrinks to no less than a 255th. */
static enum verdict
probe_compressed(const struct cql_header *h, struct cursor body)
{
	uint32_t size = cursor_u32(&body);

	if (!cursor_ok(&body))
		return NEED_MORE;
	return h->version >= 3 && h->size > 4 && (size > 0 || h->opcode == CQL_READY) && size / 255 <= h->size ? MATCH : NO_MATCH;
}

static enum verdict
probe_envelope(enum direction from, struct cursor c, enum strength *strength)
{
	struct cql_header h;
	struct cursor body;
	enum cql_fit fit;

	if (!cql_take_header(&c, from, &h))
		return NO_MATCH;
	if (!cursor_ok(&c))
		return NEED_MORE;
	*strength = STRENGTH_SIGNATURE;
	if (!cql_may_begin(&h, c))
		return NO_MATCH;
	if ((h.flags & CQL_COMPRESSED) != 0)
		return probe_compressed(&h, c);
	/* In the shorter header of old there is too little that must agree. */
	if (cursor_left(&c) < h.size)
		return h.version >= 3 && cursor_left(&c) >= 4 ? MATCH : NEED_MORE;
	body = cursor_sub(&c, h.size);
	fit = cql_skip_extras(&h, from, &body) ? cql_check(&h, body) : CQL_UNFIT;
	if (fit == CQL_EXACT)
		*strength = STRENGTH_STRUCTURE;
	if (fit == CQL_FITS && h.version < 3)
		return cursor_left(&c) == 0 ? MATCH : NO_MATCH;
	return fit == CQL_UNFIT ? NO_MATCH : MATCH;
}

/* In the first sequence of an LZ4 block there are literals before anything is copied. */
static int
first_of_payload(const struct cql_frame *f, struct cursor payload)
{
	return f->uncompressed == 0 ? cursor_peek(&payload, 0) : cursor_peek(&payload, cursor_peek(&payload, 0) >> 4 == 15 ? 2 : 1);
}

static enum verdict
probe_frame(enum direction from, struct cursor c, enum strength *strength)
{
	struct cql_frame f;
	struct cursor payload;
	int first;

	if (!cql_take_frame_header(&c, &f))
		return cursor_ok(&c) ? NO_MATCH : NEED_MORE;
	first = first_of_payload(&f, c);
	if (first < 0)
		return NEED_MORE;
	if (!f.self_contained || (first & 0x7f) < 5 || ((first & 0x80) != 0) != (from == FROM_SERVER))
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	if (cursor_left(&c) < f.size + CQL_FRAME_TRAILER_SIZE)
		return MATCH;
	payload = cursor_sub(&c, f.size);
	if (!cql_payload_is_whole(payload, cursor_sub(&c, CQL_FRAME_TRAILER_SIZE)))
		return NO_MATCH;
	*strength = STRENGTH_STRUCTURE;
	return MATCH;
}

static enum verdict
cassandra_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum verdict verdict = probe_envelope(from, bytes, strength);

	/* A connection seen from its start does not begin with a frame. */
	return verdict != NO_MATCH || flow->handshake_seen ? verdict : probe_frame(from, bytes, strength);
}

/* Questions without their answer. */

static void
push(struct cassandra_state *s, const struct cql_header *h)
{
	s->pending[s->next] = (struct pending){ .stream = h->stream, .opcode = h->opcode, .used = true };
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
}

/* The opcode of the latest question on that stream, or -1. Those before it had answers that were lost. */
static int
take_pending(struct cassandra_state *s, int16_t stream)
{
	int opcode = -1;

	for (size_t i = 1; i <= PENDING_MAX; i++) {
		struct pending *p = &s->pending[(s->next + PENDING_MAX - i) % PENDING_MAX];

		if (!p->used || p->stream != stream)
			continue;
		p->used = false;
		if (opcode < 0)
			opcode = p->opcode;
	}
	return opcode;
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, enum direction from, uint64_t offset)
{
	struct cassandra_state *s = d->state;

	evidence_protocol(d->evidence, "cassandra", strength, message_clause, from, offset);
	if (strength < STRENGTH_STRUCTURE)
		return;
	s->confirmed = true;
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, strength, message_clause, from, offset);
}

static void
tell_attempt(struct dissection *d, const char *method, enum direction from, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	struct evidence *e = d->evidence;

	if (method != NULL)
		s->method = method;
	evidence_doubt_failure(e); /* What was refused before is tried anew. */
	evidence_authentication(e, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, login_clause, from, offset);
	/* The authenticator's name was a first word; the token's form is the better one. */
	if (e->authentication.result == AUTH_ATTEMPTED && s->method != NULL)
		e->authentication.method = s->method;
}

static void
read_startup(struct cassandra_state *s, struct cursor body)
{
	struct cursor name = cql_map_value(body, "COMPRESSION");

	if (cursor_left(&name) > 0)
		s->compression = cursor_equals_nocase(&name, "lz4") ? COMPRESSION_LZ4 : COMPRESSION_OTHER;
}

static void
read_credentials(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct cursor password = cql_map_value(body, "password");

	evidence_principal(d->evidence, cql_map_value(body, "username"));
	tell_attempt(d, "cassandra-credentials", FROM_CLIENT, offset);
	if (cursor_left(&password) > 0)
		evidence_cleartext_credentials(d->evidence, "CQL native protocol v1 4.1.2 CREDENTIALS", FROM_CLIENT, offset);
}

static void
read_token(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct cql_login login = cql_read_token(cql_token(body));

	evidence_principal(d->evidence, login.user);
	tell_attempt(d, login.method, FROM_CLIENT, offset);
	if (login.secret)
		evidence_cleartext_credentials(d->evidence, login_clause, FROM_CLIENT, offset);
}

/* On a mere signature nothing is said of a login, unless the connection is known to be Cassandra's. */
static void
read_question(struct dissection *d, const struct cql_header *h, struct cursor body, enum strength strength, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	bool known = strength >= STRENGTH_STRUCTURE || s->confirmed;

	if (h->opcode == CQL_STARTUP)
		read_startup(s, body);
	else if (h->opcode == CQL_CREDENTIALS && known)
		read_credentials(d, body, offset);
	else if (h->opcode == CQL_AUTH_RESPONSE && known)
		read_token(d, body, offset);
	push(s, h);
}

static void
tell_success(struct dissection *d, enum strength strength, uint64_t offset)
{
	struct cassandra_state *s = d->state;

	s->logged_in = true;
	evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, strength, "CQL native protocol 4.2.9 AUTH_SUCCESS", FROM_SERVER, offset);
}

static void
tell_served(struct dissection *d, const char *clause, uint64_t offset)
{
	struct cassandra_state *s = d->state;

	if (!s->doubtful && !s->challenged && !s->logged_in)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
judge_error(struct dissection *d, struct cursor body, enum strength strength, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	uint32_t code = cursor_u32(&body);

	if (!cursor_ok(&body))
		return;
	if (code == CQL_BAD_CREDENTIALS)
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, strength, "CQL native protocol 8: bad credentials", FROM_SERVER, offset);
	else if (code == CQL_UNAUTHORIZED && s->logged_in)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
}

static void
read_answer(struct dissection *d, const struct cql_header *h, struct cursor body, int question, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	enum strength strength = question >= 0 ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE;

	switch (h->opcode) {
	case CQL_READY: /* also to REGISTER */
		if (question == CQL_STARTUP)
			tell_served(d, "CQL native protocol 4.2.2 READY to STARTUP", offset);
		else if (question == CQL_CREDENTIALS)
			tell_success(d, STRENGTH_EXCHANGE, offset);
		break;
	case CQL_AUTHENTICATE:
		s->challenged = true;
		tell_attempt(d, cursor_left(&body) > 2 ? cql_authenticator_method((struct cursor){ .at = body.at + 2, .left = body.left - 2 }) : NULL, FROM_SERVER, offset);
		break;
	case CQL_AUTH_SUCCESS:
		tell_success(d, strength, offset);
		break;
	case CQL_ERROR:
		judge_error(d, body, strength, offset);
		break;
	case CQL_RESULT:
		if (question >= 0)
			tell_served(d, "CQL native protocol 4.2.5 RESULT without a login", offset);
		break;
	}
}

/* Messages. */

/*
 * A message, or the beginning of one; a body that failed is one that could not be read, in a message
 * of its opcode all the same. Checked says that a checksum agreed.
 */
static bool
read_message(struct dissection *d, enum direction from, const struct cql_header *h, struct cursor body, bool checked, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	bool whole = cursor_ok(&body) && cursor_left(&body) == h->size;
	enum cql_fit fit = whole ? CQL_UNFIT : CQL_FITS;
	int question = from == FROM_SERVER ? take_pending(s, h->stream) : -1;
	enum strength strength;

	if (whole) {
		if (cql_skip_extras(h, from, &body))
			fit = cql_check(h, body);
		if (fit == CQL_UNFIT)
			return false;
	} else {
		body = cursor_over(NULL, 0);
	}
	strength = question >= 0 ? STRENGTH_EXCHANGE : fit == CQL_EXACT || checked ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE;
	s->version = h->version;
	claim(d, strength, from, offset);
	if (from == FROM_CLIENT)
		read_question(d, h, body, strength, offset);
	else if (strength >= STRENGTH_STRUCTURE)
		read_answer(d, h, body, question, offset);
	return true;
}

/* Decodes what fits into DECODED_MAX; false where that is not all of it. */
static bool
decode(struct cassandra_state *s, struct cursor block, uint8_t *decoded, size_t room, size_t *size)
{
	bool whole;

	*size = 0;
	if (s->decoded > DECODED_TOTAL_MAX)
		return false;
	whole = lz4_decode(block, decoded, room < DECODED_MAX ? room : DECODED_MAX, size);
	s->decoded += (uint32_t)*size;
	return whole;
}

/* A Snappy block of one literal, as short ones without repetitions are: its size, and the text behind a tag. */
static struct cursor
snappy_literal(struct cursor block)
{
	uint8_t size = cursor_u8(&block), tag = cursor_u8(&block);

	if (cursor_ok(&block) && size > 0 && size <= 60 && tag == (size - 1) << 2 && cursor_left(&block) == size)
		return block;
	return (struct cursor){ .failed = true };
}

/* The same of a compressed body, in version 4 and before: its size and an LZ4 block, or Snappy. */
static bool
read_compressed(struct dissection *d, enum direction from, const struct cql_header *h, struct cursor body, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	struct cursor block = body, text = { .failed = true };
	uint8_t decoded[DECODED_MAX];
	struct cql_header plain = *h;
	size_t size = 0;
	bool good;

	plain.flags &= (uint8_t)~CQL_COMPRESSED;
	plain.size = cursor_u32(&block);
	if (s->compression != COMPRESSION_OTHER && cursor_ok(&block) && (plain.size == 0 || (decode(s, block, decoded, sizeof(decoded), &size) && size == plain.size)))
		text = cursor_over(decoded, size);
	else if (s->compression == COMPRESSION_OTHER)
		text = snappy_literal(body);
	plain.size = (uint32_t)text.left;
	good = read_message(d, from, &plain, text, false, offset);
	explicit_bzero(decoded, sizeof(decoded));
	return good;
}

static enum verdict
read_envelope(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor c = *bytes, body;
	struct cql_header h;
	size_t here;
	bool good;

	if (!cql_take_header(&c, from, &h))
		return NO_MATCH;
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (!cql_may_begin(&h, c))
		return NO_MATCH;
	if (h.size <= WHOLE_MAX && cursor_left(&c) < h.size) {
		d->need = bytes->left - c.left + h.size;
		return NEED_MORE;
	}
	if (h.size > WHOLE_MAX && cursor_left(&c) < BEGINNING_SIZE)
		return NEED_MORE;
	here = cursor_left(&c) < h.size ? cursor_left(&c) : h.size;
	body = cursor_sub(&c, here);
	if ((h.flags & CQL_COMPRESSED) != 0 && here == h.size)
		good = read_compressed(d, from, &h, body, offset);
	else
		good = read_message(d, from, &h, h.size > WHOLE_MAX ? (struct cursor){ .at = body.at, .left = BEGINNING_SIZE } : body, false, offset);
	if (!good)
		return NO_MATCH;
	*bytes = c;
	d->skip = h.size - here;
	return MATCH;
}

/*
 * What a frame carries: whole envelopes, or a part of one that is larger than a frame. Of size bytes
 * those at the cursor could be read.
 */
static bool
read_payload(struct dissection *d, enum direction from, struct cursor c, uint32_t size, bool checked, bool self_contained, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	size_t start = c.left;

	if (s->carried[from] > 0) {
		s->carried[from] -= s->carried[from] < size ? s->carried[from] : size;
		return !self_contained;
	}
	while (cursor_left(&c) > 0) {
		struct cql_header h;
		size_t left;

		if (!cql_take_header(&c, from, &h))
			return s->doubtful && !self_contained; /* the middle of a message */
		if (!cursor_ok(&c))
			return true; /* beyond what could be read */
		left = size - (start - c.left);
		if (h.size > left && self_contained)
			return false;
		if (h.size > left)
			s->carried[from] = h.size - (uint32_t)left;
		left = h.size < c.left ? h.size : c.left;
		if (!read_message(d, from, &h, cursor_sub(&c, left), checked, offset))
			return false;
	}
	return true;
}

static enum verdict
read_frame(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	struct cursor c = *bytes, payload;
	uint8_t decoded[DECODED_MAX];
	struct cql_frame f;
	size_t size = 0, total, here;
	bool good, whole;

	if (!cql_take_frame_header(&c, &f))
		return cursor_ok(&c) ? NO_MATCH : NEED_MORE;
	total = f.size + CQL_FRAME_TRAILER_SIZE;
	whole = f.size <= 2 * WHOLE_MAX;
	if (cursor_left(&c) < (whole ? total : BEGINNING_SIZE)) {
		d->need = bytes->left - c.left + (whole ? total : BEGINNING_SIZE);
		return NEED_MORE;
	}
	here = cursor_left(&c) < total ? cursor_left(&c) : total;
	payload = cursor_sub(&c, here);
	if (whole && !cql_payload_is_whole((struct cursor){ .at = payload.at, .left = f.size }, (struct cursor){ .at = payload.at + f.size, .left = CQL_FRAME_TRAILER_SIZE }))
		return NO_MATCH;
	payload.left = whole ? f.size : BEGINNING_SIZE;
	if (f.uncompressed > 0) {
		(void)decode(s, payload, decoded, f.uncompressed, &size);
		good = read_payload(d, from, cursor_over(decoded, size), f.uncompressed, whole, f.self_contained, offset);
		explicit_bzero(decoded, size);
	} else {
		good = read_payload(d, from, payload, f.size, whole, f.self_contained, offset);
	}
	if (!good)
		return NO_MATCH;
	s->framed[from] = true;
	*bytes = c;
	d->skip = total - here;
	return MATCH;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cassandra_state *s = d->state;
	enum verdict verdict;

	if (s->framed[from])
		return read_frame(d, from, bytes, offset);
	/* Frames begin after the answer to STARTUP. */
	if (s->doubtful || s->version >= 5) {
		verdict = read_frame(d, from, bytes, offset);
		if (verdict != NO_MATCH)
			return verdict;
	}
	return read_envelope(d, from, bytes, offset);
}

/* After a loss what does not begin like a message is dropped, piece by piece. */
static enum verdict
not_cassandra(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cassandra_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	if (!s->doubtful)
		return MALFORMED;
	s->carried[from] = 0;
	cursor_skip(bytes, cursor_left(bytes));
	d->need = 0;
	return NEED_MORE;
}

static enum verdict
cassandra_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cassandra_state *s = d->state;
	enum verdict verdict;

	s->doubtful |= !d->flow->handshake_seen;
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH ? not_cassandra(d, from, bytes) : verdict;
}

static enum verdict
cassandra_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct cassandra_state *s = d->state;

	(void)size;
	s->carried[from] = 0;
	s->doubtful = true;
	return MATCH;
}

const struct dissector cassandra_dissector = {
	.name = "cassandra",
	.specification = "CQL native protocol v1 to v5",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 9042, 9142, 19042 },
	.state_size = sizeof(struct cassandra_state),
	.probe = cassandra_probe,
	.dissect = cassandra_dissect,
	.gap = cassandra_gap,
};
