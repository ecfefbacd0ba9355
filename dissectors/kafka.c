/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka's wire protocol (https://kafka.apache.org/protocol), between clients and brokers and among
 * brokers and controllers. A response has the correlation id of its request, so that both are paired
 * wherever the capture begins. Of bodies only what bears on authentication is read: SaslHandshake and
 * SaslAuthenticate (KIP-43, KIP-152, KIP-368), and the error codes of what was asked for.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "jwt.h"
#include "kafka_message.h"
#include "sasl.h"

enum {
	PENDING_MAX = 48,
	LENGTH_SIZE = 4,
	LOOK = 16384,           /* bytes of a message that are waited for */
	PROBE_WAIT = 2048,      /* longer first requests are told by their beginning */
	RESPONSE_SIZE_MIN = 4,  /* the correlation id */
	API_COUNT_MIN = 5,      /* every broker has more */
	WATCHED_ANSWERS = 32,   /* after a login: authorization may refuse something yet */
	WAITING_MAX = 4096,     /* of answers whose requests have not been shown */
};

/* How far SASL has come. */
enum login {
	LOGIN_NONE,
	LOGIN_ASKED,   /* SaslHandshake */
	LOGIN_AGREED,  /* the server has the mechanism: tokens follow */
	LOGIN_REFUSED,
	LOGIN_DONE,
};

/* What of the server's tokens says that the client is let in. */
enum conclusion {
	BY_SERVICE,     /* nothing: that requests are answered does */
	BY_ANSWER,      /* that there is one */
	BY_EMPTY,       /* that it is empty */
	BY_SIGNATURE,   /* the server's signature of SCRAM (RFC 5802 5.1) */
};

struct pending {
	int32_t correlation;
	int16_t version;
	int8_t key;
	bool used;
};

struct kafka_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;
	uint8_t login;
	uint8_t answers;
	const struct sasl_mechanism *mechanism; /* NULL: not seen */
	bool raw[2];      /* tokens without a header (SaslHandshake version 0) */
	bool lost[2];
	bool token_sent;
	bool begun;
	bool doubtful;    /* something is missing: a login may be */
	bool confirmed;   /* structure was seen */
};

static_assert(sizeof(struct kafka_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char request_clause[] = "Kafka protocol: request header";
static const char response_clause[] = "Kafka protocol: response";
static const char handshake_clause[] = "Kafka protocol: SaslHandshake (KIP-43)";
static const char token_clause[] = "Kafka protocol: SaslAuthenticate (KIP-152)";

/* Frames. */

/* The length a frame begins with; false where it is not there yet. */
static bool
peek_size(const struct cursor *bytes, size_t *size)
{
	struct cursor c = *bytes;

	*size = cursor_u32(&c);
	return cursor_ok(&c);
}

/* Probes. */

static bool
is_mechanism(const struct kafka_request *r)
{
	struct cursor body = r->body;

	return r->key != KAFKA_SASL_HANDSHAKE || sasl_is_name(kafka_take_string(&body, false));
}

static enum verdict
probe_request(struct cursor c, enum strength *strength)
{
	struct kafka_request r;
	size_t size;

	*strength = STRENGTH_SIGNATURE;
	if (!peek_size(&c, &size))
		return cursor_peek(&c, 0) > 0 ? NO_MATCH : NEED_MORE;
	cursor_skip(&c, LENGTH_SIZE);
	switch (kafka_read_request(c, size, &r)) {
	case KAFKA_WHOLE:
		*strength = STRENGTH_STRUCTURE;
		return is_mechanism(&r) ? MATCH : NO_MATCH;
	case KAFKA_SHORT:
		return NEED_MORE;
	case KAFKA_HEADER:
		if (c.left < size && (size < PROBE_WAIT || (c.left < PROBE_WAIT && !r.fitting)))
			return NEED_MORE;
		return r.named || r.fitting ? MATCH : NO_MATCH;
	case KAFKA_NOT:
		break;
	}
	return NO_MATCH;
}

/* The list of ApiVersions, or that of SaslHandshake: what nothing else says. */
static bool
is_known_response(struct cursor body)
{
	static const int16_t versions[] = { 0, 1, 3 };
	struct kafka_errors errors;
	struct cursor c = body;

	if (cursor_u16(&c) != 0)
		return false;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (body.left > API_COUNT_MIN * 6 && kafka_read_response(body, KAFKA_API_VERSIONS, versions[i], &errors) == KAFKA_WHOLE && errors.lists_itself)
			return true;
	if (kafka_read_response(body, KAFKA_SASL_HANDSHAKE, 1, &errors) != KAFKA_WHOLE || cursor_u32(&c) == 0)
		return false;
	while (cursor_left(&c) > 0)
		if (!sasl_is_known(kafka_take_string(&c, false)))
			return false;
	return cursor_ok(&c);
}

/* A response alone says little: most are left to the request that is still to come. */
static enum verdict
probe_response(struct cursor c)
{
	struct cursor body;
	size_t size;

	if (!peek_size(&c, &size))
		return cursor_peek(&c, 0) > 0 ? NO_MATCH : NEED_MORE;
	if (size < RESPONSE_SIZE_MIN + 1 || size > KAFKA_SIZE_MAX / 8)
		return NO_MATCH;
	cursor_skip(&c, LENGTH_SIZE);
	if (c.left < size)
		return NEED_MORE;
	body = cursor_sub(&c, size);
	cursor_skip(&body, RESPONSE_SIZE_MIN);
	return is_known_response(body) ? MATCH : NEED_MORE;
}

static enum verdict
kafka_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum verdict verdict;

	if (from == FROM_CLIENT)
		return probe_request(bytes, strength);
	/* The sender may be a client that is taken for the server. */
	if (!flow->roles_known && probe_request(bytes, strength) == MATCH)
		return NO_MATCH;
	verdict = probe_response(bytes);
	*strength = verdict == MATCH ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE;
	return verdict;
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct kafka_state *s = d->state;

	s->confirmed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, "kafka", strength, clause, from, offset);
}

static void
tell(struct dissection *d, enum auth_result result, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	const struct kafka_state *s = d->state;

	evidence_authentication(d->evidence, result, s->mechanism != NULL ? s->mechanism->method : NULL, strength, clause, from, offset);
}

/* Tokens. */

static bool
speaks(const struct kafka_state *s, const char *name)
{
	return s->mechanism != NULL && strcmp(s->mechanism->name, name) == 0;
}

static enum conclusion
conclusion_of(const struct kafka_state *s)
{
	if (s->mechanism == NULL)
		return BY_SERVICE;
	if (speaks(s, "PLAIN") || speaks(s, "AWS_MSK_IAM"))
		return BY_ANSWER;
	if (speaks(s, "OAUTHBEARER"))
		return BY_EMPTY; /* else it says what is wrong (RFC 7628 3.2.2) */
	return strncmp(s->mechanism->name, "SCRAM-", 6) == 0 ? BY_SIGNATURE : BY_SERVICE;
}

/* RFC 4616 2: authzid NUL authcid NUL password. */
static bool
is_plain(struct cursor token, struct cursor *name)
{
	struct cursor authzid;

	return cursor_take_until(&token, 0, &authzid) && cursor_take_until(&token, 0, name) && cursor_left(name) > 0 && cursor_left(&token) > 0 &&
		cursor_is_text(authzid) && cursor_is_text(*name) && cursor_is_text(token);
}

/* RFC 7628 3.1: the header of GS2, then key=value pairs between bytes of 0x01. */
static bool
is_bearer(struct cursor token, struct cursor *bearer)
{
	struct cursor part;

	if (!cursor_starts_with(&token, "n,"))
		return false;
	while (cursor_take_until(&token, 1, &part)) {
		if (cursor_starts_with_nocase(&part, "auth=Bearer ")) {
			cursor_skip(&part, strlen("auth=Bearer "));
			*bearer = part;
			return cursor_left(bearer) > 0;
		}
	}
	return false;
}

/* RFC 5802 7: gs2-header, then "n=user,r=nonce" and extensions. */
static void
read_scram_name(struct dissection *d, struct cursor token)
{
	struct cursor part;

	for (unsigned int i = 0; i < 3 && cursor_take_until(&token, ',', &part); i++) {
		if (i == 2 && cursor_starts_with(&part, "n=")) {
			cursor_skip(&part, 2);
			evidence_principal(d->evidence, part);
		}
	}
}

static const struct sasl_mechanism *
mechanism_named(const char *name)
{
	return sasl_mechanism(cursor_over(name, strlen(name)));
}

/* A token of the client's: whether there is a secret in it that can be replayed. */
static void
read_client_token(struct dissection *d, struct cursor token, uint64_t offset)
{
	struct kafka_state *s = d->state;
	struct cursor part = { .failed = true };
	bool secret = false;

	if (cursor_left(&token) > 0 && s->mechanism == NULL) {
		/* Where the handshake is missing, the two that speak for themselves. */
		if (is_plain(token, &part))
			s->mechanism = mechanism_named("PLAIN");
		else if (is_bearer(token, &part))
			s->mechanism = mechanism_named("OAUTHBEARER");
	}
	if (speaks(s, "OAUTHBEARER")) {
		secret = is_bearer(token, &part);
		if (secret)
			jwt_report_service_account(part, d->evidence);
	} else if (s->mechanism != NULL && s->mechanism->replayable) {
		secret = cursor_left(&token) > 0;
		if (is_plain(token, &part))
			evidence_principal(d->evidence, part);
	} else if (conclusion_of(s) == BY_SIGNATURE) {
		read_scram_name(d, token);
	}
	s->token_sent = true;
	tell(d, AUTH_ATTEMPTED, STRENGTH_STRUCTURE, token_clause, FROM_CLIENT, offset);
	if (secret)
		evidence_cleartext_credentials(d->evidence, token_clause, FROM_CLIENT, offset);
}

static void
succeed(struct dissection *d, const char *clause, uint64_t offset)
{
	struct kafka_state *s = d->state;

	s->login = LOGIN_DONE;
	s->raw[FROM_CLIENT] = s->raw[FROM_SERVER] = false;
	s->answers = 0;
	tell(d, AUTH_SUCCESS, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
fail(struct dissection *d, const char *clause, uint64_t offset)
{
	struct kafka_state *s = d->state;

	s->login = LOGIN_REFUSED;
	s->raw[FROM_CLIENT] = s->raw[FROM_SERVER] = false;
	tell(d, AUTH_FAILURE, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

/* A token of the server's that came without an error. */
static void
judge_server_token(struct dissection *d, struct cursor token, uint64_t offset)
{
	struct kafka_state *s = d->state;
	bool accepted = false;

	if (!s->token_sent || !cursor_ok(&token))
		return;
	switch (conclusion_of(s)) {
	case BY_SERVICE:
		break;
	case BY_ANSWER:
		/* PLAIN without a header: nothing but an empty token is Kafka's word for it. */
		accepted = !s->raw[FROM_SERVER] || cursor_left(&token) == 0;
		break;
	case BY_EMPTY:
		accepted = cursor_left(&token) == 0;
		break;
	case BY_SIGNATURE:
		if (cursor_starts_with(&token, "e="))
			fail(d, "RFC 5802 7 server-error", offset);
		accepted = cursor_starts_with(&token, "v=");
		break;
	}
	if (accepted)
		succeed(d, token_clause, offset);
}

/* Requests and what they become. */

static void
push(struct kafka_state *s, const struct kafka_request *r)
{
	s->pending[s->next] = (struct pending){ .correlation = r->correlation, .key = (int8_t)r->key, .version = r->version, .used = true };
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
}

static struct pending *
find_pending(struct kafka_state *s, int32_t correlation)
{
	for (size_t i = 1; i <= PENDING_MAX; i++) {
		struct pending *p = &s->pending[(s->next + PENDING_MAX - i) % PENDING_MAX];

		if (p->used && p->correlation == correlation)
			return p;
	}
	return NULL;
}

static bool
is_waiting(const struct kafka_state *s)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (s->pending[i].used)
			return true;
	return false;
}

static void
start_login(struct dissection *d, const struct kafka_request *r, uint64_t offset)
{
	struct kafka_state *s = d->state;
	struct cursor body = r->body, name = kafka_take_string(&body, false);

	s->mechanism = sasl_mechanism(name);
	if (s->login != LOGIN_DONE)
		s->login = LOGIN_ASKED;
	s->token_sent = false;
	s->raw[FROM_CLIENT] = r->version == 0;
	tell(d, AUTH_ATTEMPTED, STRENGTH_STRUCTURE, handshake_clause, FROM_CLIENT, offset);
}

static void
act_on_request(struct dissection *d, const struct kafka_request *r, enum kafka_reading reading, uint64_t offset)
{
	struct kafka_state *s = d->state;
	struct cursor body = r->body;

	if (reading == KAFKA_WHOLE || r->fitting || r->named)
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	push(s, r);
	if (r->key == KAFKA_SASL_HANDSHAKE && reading == KAFKA_WHOLE) {
		start_login(d, r, offset);
	} else if (r->key == KAFKA_SASL_AUTHENTICATE) {
		if (s->login == LOGIN_NONE)
			s->login = LOGIN_AGREED; /* the handshake was not captured */
		read_client_token(d, kafka_take_bytes(&body, r->flexible), offset);
	}
}

/* Responses. */

/* The server did what was asked for. */
static enum verdict
serve(struct dissection *d, uint64_t offset)
{
	struct kafka_state *s = d->state;

	switch ((enum login)s->login) {
	case LOGIN_AGREED:
		/* A listener with SASL answers nothing else before the login is done. */
		if (s->token_sent)
			succeed(d, "Kafka protocol: served after SASL", offset);
		break;
	case LOGIN_NONE:
	case LOGIN_REFUSED:
		if (s->doubtful)
			break;
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, response_clause, FROM_SERVER, offset);
		return DONE;
	case LOGIN_ASKED:
	case LOGIN_DONE:
		break;
	}
	if (s->answers < UINT8_MAX)
		s->answers++;
	return s->login == LOGIN_DONE && s->answers > WATCHED_ANSWERS ? DONE : MATCH;
}

/* Authorization says no: to a principal that is known, or to ANONYMOUS. */
static enum verdict
refuse(struct dissection *d, uint64_t offset)
{
	struct kafka_state *s = d->state;
	enum verdict verdict = MATCH;

	if (s->login == LOGIN_AGREED)
		verdict = serve(d, offset);
	if (s->login == LOGIN_DONE || s->doubtful)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (s->login == LOGIN_NONE)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, "Kafka protocol: authorization failed", FROM_SERVER, offset);
	return verdict;
}

static void
judge_handshake(struct dissection *d, struct cursor body, const struct pending *p, uint64_t offset)
{
	struct kafka_state *s = d->state;
	uint16_t error = cursor_u16(&body);

	if (error == 0) {
		if (s->login == LOGIN_ASKED)
			s->login = LOGIN_AGREED;
		s->raw[FROM_SERVER] = p->version == 0;
	} else if (error == KAFKA_UNSUPPORTED_SASL_MECHANISM || error == KAFKA_ILLEGAL_SASL_STATE) {
		fail(d, handshake_clause, offset);
	} else {
		s->raw[FROM_CLIENT] = false;
	}
}

static void
judge_token(struct dissection *d, struct cursor body, const struct pending *p, uint64_t offset)
{
	bool flexible = kafka_is_flexible(p->key, p->version);
	uint16_t error;

	if (flexible)
		kafka_skip_tags(&body);
	error = cursor_u16(&body);
	(void)kafka_take_string(&body, flexible);
	if (!cursor_ok(&body))
		return;
	if (error == 0)
		judge_server_token(d, kafka_take_bytes(&body, flexible), offset);
	else if (error == KAFKA_SASL_AUTHENTICATION_FAILED || error == KAFKA_ILLEGAL_SASL_STATE || error == KAFKA_UNSUPPORTED_SASL_MECHANISM)
		fail(d, token_clause, offset);
}

/* A response that fits a request; whole says that all of its body is there. */
static enum verdict
judge(struct dissection *d, struct cursor body, bool whole, const struct pending *p, uint64_t offset)
{
	struct kafka_errors errors;
	enum kafka_reading reading = whole ? kafka_read_response(body, p->key, p->version, &errors) : KAFKA_HEADER;

	claim(d, STRENGTH_EXCHANGE, response_clause, FROM_SERVER, offset);
	if (reading == KAFKA_NOT)
		return MATCH; /* of a version with other fields: nothing is concluded */
	if (p->key == KAFKA_SASL_HANDSHAKE) {
		judge_handshake(d, body, p, offset);
		return MATCH;
	}
	if (p->key == KAFKA_SASL_AUTHENTICATE) {
		judge_token(d, body, p, offset);
		return MATCH;
	}
	if (p->key == KAFKA_API_VERSIONS)
		return MATCH; /* answered to anybody (KIP-35) */
	if (whole && errors.refused > 0 && errors.none == 0)
		return refuse(d, offset);
	return serve(d, offset);
}

/* Streams. */

static void
lose(struct kafka_state *s, enum direction from)
{
	s->lost[from] = true;
	s->doubtful = true;
}

/* Bytes that are no message: what there is of them is dropped. */
static enum verdict
not_kafka(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct kafka_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	lose(s, from);
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* Whether there is as much of the frame as is looked at. */
static bool
has_look(struct dissection *d, const struct cursor *bytes, size_t size)
{
	size_t look = LENGTH_SIZE + (size < LOOK ? size : LOOK);

	if (bytes->left >= look)
		return true;
	d->need = look;
	return false;
}

static enum verdict
read_request(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct kafka_state *s = d->state;
	struct kafka_request r;
	enum kafka_reading reading;
	struct cursor frame = *bytes;
	size_t size;

	if (!peek_size(bytes, &size))
		return NEED_MORE;
	if (size > KAFKA_SIZE_MAX)
		return not_kafka(d, FROM_CLIENT, bytes);
	if (!has_look(d, bytes, size))
		return NEED_MORE;
	cursor_skip(&frame, LENGTH_SIZE);
	if (frame.left > size)
		frame.left = size;
	reading = kafka_read_request(frame, size, &r);
	if (reading != KAFKA_WHOLE && reading != KAFKA_HEADER) {
		if (!s->raw[FROM_CLIENT])
			return not_kafka(d, FROM_CLIENT, bytes);
		read_client_token(d, frame.left == size ? frame : (struct cursor){ .failed = true }, offset);
	} else {
		if (s->token_sent)
			s->raw[FROM_CLIENT] = false;
		act_on_request(d, &r, reading, offset);
	}
	dissection_pass_over(d, bytes, LENGTH_SIZE + size);
	return MATCH;
}

/* Responses whose request has not been shown. */
static enum verdict
wait_for_request(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct kafka_state *s = d->state;

	if (!s->confirmed && probe_response(*bytes) == MATCH)
		claim(d, STRENGTH_STRUCTURE, response_clause, FROM_SERVER, offset);
	if (bytes->left <= WAITING_MAX && !s->doubtful && !is_waiting(s))
		return NEED_MORE;
	return not_kafka(d, FROM_SERVER, bytes);
}

static enum verdict
read_response(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct kafka_state *s = d->state;
	struct cursor frame = *bytes;
	struct pending *p, fitting;
	enum verdict verdict = MATCH;
	size_t size, whole;

	if (!peek_size(bytes, &size))
		return NEED_MORE;
	if (size > KAFKA_SIZE_MAX || (size < RESPONSE_SIZE_MIN && !s->raw[FROM_SERVER]))
		return not_kafka(d, FROM_SERVER, bytes);
	cursor_skip(&frame, LENGTH_SIZE);
	if (size >= RESPONSE_SIZE_MIN && frame.left < RESPONSE_SIZE_MIN)
		return NEED_MORE;
	whole = frame.left >= size;
	if (whole)
		frame.left = size;
	p = find_pending(s, size >= RESPONSE_SIZE_MIN ? (int32_t)cursor_u32(&frame) : -1);
	if (p == NULL && !s->raw[FROM_SERVER])
		return wait_for_request(d, bytes, offset);
	if (!has_look(d, bytes, size))
		return NEED_MORE;
	if (p != NULL && size >= RESPONSE_SIZE_MIN) {
		fitting = *p;
		p->used = false;
		if (s->token_sent)
			s->raw[FROM_SERVER] = false;
		verdict = judge(d, frame, whole, &fitting, offset);
	} else {
		frame = *bytes;
		cursor_skip(&frame, LENGTH_SIZE);
		judge_server_token(d, cursor_sub(&frame, size), offset);
	}
	dissection_pass_over(d, bytes, LENGTH_SIZE + size);
	return verdict;
}

/* After a loss: messages are looked for at the beginning of each piece of the stream. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct kafka_state *s = d->state;
	struct cursor c = *bytes;
	enum strength strength = STRENGTH_NONE;
	size_t size = cursor_u32(&c);
	bool found;

	if (from == FROM_CLIENT) {
		found = probe_request(*bytes, &strength) == MATCH && strength >= STRENGTH_STRUCTURE;
	} else {
		int32_t correlation = (int32_t)cursor_u32(&c);

		found = cursor_ok(&c) && size >= RESPONSE_SIZE_MIN && size <= KAFKA_SIZE_MAX && find_pending(s, correlation) != NULL;
	}
	s->lost[from] = !found;
	if (!found)
		cursor_skip(bytes, cursor_left(bytes));
	return found ? MATCH : NEED_MORE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	const struct kafka_state *s = d->state;

	if (s->lost[from])
		return resynchronize(d, from, bytes);
	return from == FROM_CLIENT ? read_request(d, bytes, offset) : read_response(d, bytes, offset);
}

static enum verdict
kafka_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct kafka_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict;

	if (!s->begun)
		s->doubtful = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	if (verdict == NEED_MORE && bytes->left < start.left && d->need == 0)
		return MATCH; /* the other direction may have waited for what was taken */
	return verdict;
}

static enum verdict
kafka_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)size;
	lose(d->state, from);
	return MATCH;
}

const struct dissector kafka_dissector = {
	.name = "kafka",
	.specification = "Kafka protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 9092, 9093, 9094, 29092 },
	.first_bytes = { "\0", "\0" },
	.first_bytes_size = { 1, 1 },
	.state_size = sizeof(struct kafka_state),
	.probe = kafka_probe,
	.dissect = kafka_dissect,
	.gap = kafka_gap,
};
