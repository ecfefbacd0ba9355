/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT 3.1, 3.1.1 and 5.0 (OASIS; packets in mqtt_packet.c). The client logs in with its first packet,
 * CONNECT, and is answered by CONNACK; 5.0 may have AUTH packets between them (4.12). Of what
 * follows only refusals of single topics are read.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "jwt.h"
#include "mqtt_packet.h"
#include "sasl.h"

enum {
	PACKET_LOOK = 48 * 1024, /* larger packets are passed over */
	CHAIN_MAX = 8,           /* packets in a row that a probe looks at */
	ACKNOWLEDGEMENT_MAX = 4, /* of them, where they say no more than they must */
};

struct mqtt_state {
	bool begun;
	bool lost[2];      /* packets are looked for again */
	bool pinged[2];    /* a PINGREQ; a PINGRESP */
	bool connect;      /* was seen, and carried: */
	bool name_only;    /* a user name without a password */
	uint8_t version;
	const char *method;
	bool judged;
};

static_assert(sizeof(struct mqtt_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char userpass[] = "mqtt-userpass";
static const char enhanced[] = "mqtt5-enhanced-auth";

/* Probes. */

/* A whole CONNECT, or the beginning of one. */
static enum verdict
probe_connect(struct cursor c, const struct mqtt_header *h)
{
	struct mqtt_login login;

	if (!mqtt_may_be_connect(c))
		return NO_MATCH;
	if (cursor_left(&c) < h->size)
		return NEED_MORE;
	return mqtt_read_connect(cursor_sub(&c, h->size), &login) ? MATCH : NO_MATCH;
}

/* A CONNACK and what may follow it: alone it is four bytes. */
static enum verdict
probe_connack(struct cursor c, const struct mqtt_header *h)
{
	struct mqtt_header next = { 0 };
	uint8_t reason;

	if (h->size > 512)
		return NO_MATCH;
	if (cursor_left(&c) < h->size)
		return NEED_MORE;
	if (!mqtt_read_connack(cursor_sub(&c, h->size), &reason))
		return NO_MATCH;
	return mqtt_read_header(&c, FROM_SERVER, &next) == NO_MATCH || next.type == MQTT_CONNACK ? NO_MATCH : MATCH;
}

/*
 * The middle of a connection: packets one behind the other to the end of the bytes, one of which has a
 * topic. Pings alone, four bytes of both sides together, are the life of many.
 */
static enum verdict
probe_chain(struct cursor c, enum direction from, enum strength *strength)
{
	struct mqtt_header h;
	struct cursor body;
	bool topic = false;

	for (int i = 0; i < CHAIN_MAX && cursor_left(&c) > 0; i++) {
		enum verdict verdict = mqtt_read_header(&c, from, &h);

		if (verdict != MATCH || h.type == MQTT_CONNECT || h.type == MQTT_CONNACK || h.type == MQTT_AUTH)
			return verdict == NEED_MORE ? NEED_MORE : NO_MATCH;
		if (h.size > ACKNOWLEDGEMENT_MAX && h.type >= MQTT_PUBACK && h.type <= MQTT_PUBCOMP)
			return NO_MATCH;
		if (cursor_left(&c) < h.size)
			return topic ? MATCH : NEED_MORE;
		body = cursor_sub(&c, h.size);
		if (mqtt_has_topics(body, &h))
			topic = true;
		else if (h.type == MQTT_PUBLISH && cursor_u16(&body) != 0) /* 5.0 has empty ones, with an alias */
			return NO_MATCH;
	}
	if (topic)
		return MATCH;
	*strength = STRENGTH_SIGNATURE;
	return h.type == MQTT_PINGREQ || h.type == MQTT_PINGRESP ? MATCH : NEED_MORE;
}

static enum verdict
mqtt_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes;
	struct mqtt_header h;
	enum verdict verdict = mqtt_read_header(&c, from, &h);

	if (verdict != MATCH)
		return verdict;
	*strength = STRENGTH_STRUCTURE;
	if (h.type == MQTT_CONNECT)
		return probe_connect(c, &h);
	if (h.type == MQTT_CONNACK) {
		*strength = STRENGTH_SIGNATURE;
		return probe_connack(c, &h);
	}
	return flow->handshake_seen ? NO_MATCH : probe_chain(bytes, from, strength);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	evidence_plaintext(d->evidence, "mqtt", strength, clause, from, offset);
}

static void
tell_secret(struct dissection *d, struct cursor secret, const char *clause, uint64_t offset)
{
	evidence_cleartext_credentials(d->evidence, clause, FROM_CLIENT, offset);
	jwt_report_service_account(secret, d->evidence);
}

/* What CONNECT carries. The method of its own (4.12) decides where there is one. */
static void
read_login(struct dissection *d, const struct mqtt_login *login, uint64_t offset)
{
	static const char clause[] = "MQTT 3.1 CONNECT";
	struct mqtt_state *s = d->state;

	if (cursor_left(&login->user) > 0)
		evidence_principal(d->evidence, login->user);
	if (cursor_left(&login->password) > 0)
		tell_secret(d, login->password, clause, offset);
	if (cursor_ok(&login->mechanism)) {
		s->method = enhanced;
		/* Nothing the server said went into it: of a mechanism that is not known to be better it may be sent again. */
		if (cursor_left(&login->data) > 0 && (!sasl_is_known(login->mechanism) || sasl_mechanism(login->mechanism)->replayable))
			tell_secret(d, login->data, clause, offset);
	} else if (cursor_left(&login->user) > 0 || cursor_left(&login->password) > 0) {
		s->method = userpass;
		s->name_only = cursor_left(&login->password) == 0;
	}
	if (s->method != NULL)
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
}

static enum verdict
read_connect(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct mqtt_state *s = d->state;
	struct mqtt_login login;

	if (!mqtt_read_connect(body, &login))
		return NO_MATCH;
	claim(d, STRENGTH_STRUCTURE, "MQTT 3.1 CONNECT", FROM_CLIENT, offset);
	if (s->connect)
		return MALFORMED; /* 3.1: once a connection */
	s->connect = true;
	s->version = login.version;
	read_login(d, &login, offset);
	return MATCH;
}

/* The server goes on with the client: whom it has let in. */
static enum verdict
judge_accepted(struct dissection *d, const char *clause, uint64_t offset)
{
	struct mqtt_state *s = d->state;

	if (!s->connect || s->judged)
		return MATCH;
	s->judged = true;
	if (s->method == NULL) {
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
		return DONE;
	}
	/* A name is a claim, unless it is a secret itself, as some services have it: not to be seen. */
	if (!s->name_only)
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	return MATCH;
}

/* Refusals that are about who the client is: 3.2.2.3 of 3.1.1, 3.2.2.2 of 5.0. */
static bool
is_refusal(uint8_t reason)
{
	static const uint8_t reasons[] = { 4, 5, 0x86, 0x87, 0x8a, 0x8c };

	return memchr(reasons, reason, sizeof(reasons)) != NULL;
}

static enum verdict
read_connack(struct dissection *d, struct cursor body, uint64_t offset)
{
	static const char clause[] = "MQTT 3.2 CONNACK";
	struct mqtt_state *s = d->state;
	uint8_t reason;

	if (!mqtt_read_connack(body, &reason))
		return NO_MATCH;
	claim(d, s->connect ? STRENGTH_EXCHANGE : STRENGTH_SIGNATURE, clause, FROM_SERVER, offset);
	if (reason == 0)
		return judge_accepted(d, clause, offset);
	if (is_refusal(reason))
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, s->connect ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause, FROM_SERVER, offset);
	return s->connect ? DONE : MATCH;
}

static enum verdict
read_auth(struct dissection *d, enum direction from, struct cursor body, uint64_t offset)
{
	static const char clause[] = "MQTT 3.15 AUTH";
	struct mqtt_login login;
	uint8_t reason;

	if (!mqtt_read_auth(body, &reason, &login))
		return NO_MATCH;
	claim(d, STRENGTH_STRUCTURE, clause, from, offset);
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, enhanced, STRENGTH_STRUCTURE, clause, from, offset);
	if (from == FROM_CLIENT && cursor_left(&login.data) > 0 && cursor_ok(&login.mechanism) && sasl_mechanism(login.mechanism)->replayable)
		tell_secret(d, login.data, clause, offset);
	return MATCH;
}

/* 0x80 is all that 3.1.1 has (3.9.3); 5.0 says what is refused (2.4). */
static enum verdict
read_reasons(struct dissection *d, enum mqtt_type type, struct cursor body, uint64_t offset)
{
	struct mqtt_state *s = d->state;
	bool disconnected = type == MQTT_DISCONNECT;
	enum verdict verdict = MATCH;
	uint8_t reason;

	if (!s->connect) {
		claim(d, STRENGTH_SIGNATURE, "MQTT control packet", FROM_SERVER, offset);
		return MATCH;
	}
	if (!mqtt_read_reasons(body, type, s->version, &reason))
		return NO_MATCH;
	claim(d, STRENGTH_EXCHANGE, "MQTT control packet", FROM_SERVER, offset);
	if (!disconnected)
		verdict = judge_accepted(d, "MQTT answer after CONNECT", offset);
	else if (!s->judged && is_refusal(reason))
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, "MQTT 3.14 DISCONNECT", FROM_SERVER, offset);
	if (s->judged && verdict == MATCH && (reason == 0x87 || (s->version < 5 && reason == 0x80)))
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	return disconnected ? DONE : verdict;
}

/* Two pings, one each way, are the question and its answer. */
static void
note_ping(struct dissection *d, enum direction from, uint64_t offset)
{
	struct mqtt_state *s = d->state;

	s->pinged[from] = true;
	claim(d, s->pinged[0] && s->pinged[1] ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, "MQTT 3.12 PINGREQ, 3.13 PINGRESP", from, offset);
}

static enum verdict
read_other(struct dissection *d, enum direction from, const struct mqtt_header *h, struct cursor body, uint64_t offset)
{
	struct mqtt_state *s = d->state;

	if (h->type == MQTT_PINGREQ || h->type == MQTT_PINGRESP)
		note_ping(d, from, offset);
	else if (mqtt_has_topics(body, h))
		claim(d, STRENGTH_STRUCTURE, "MQTT control packet", from, offset);
	if (h->type == MQTT_PINGRESP && !s->pinged[FROM_CLIENT])
		return MATCH;
	return from == FROM_SERVER && s->connect ? judge_accepted(d, "MQTT answer after CONNECT", offset) : MATCH;
}

static enum verdict
act(struct dissection *d, enum direction from, const struct mqtt_header *h, struct cursor body, uint64_t offset)
{
	switch ((enum mqtt_type)h->type) {
	case MQTT_CONNECT:
		return read_connect(d, body, offset);
	case MQTT_CONNACK:
		return read_connack(d, body, offset);
	case MQTT_AUTH:
		return read_auth(d, from, body, offset);
	case MQTT_SUBACK:
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_DISCONNECT:
		return from == FROM_SERVER ? read_reasons(d, (enum mqtt_type)h->type, body, offset) : MATCH;
	default:
		return read_other(d, from, h, body, offset);
	}
}

/* Streams. */

/* What cannot be read: where bytes are missing, the next piece may begin a packet. */
static enum verdict
not_mqtt(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mqtt_state *s = d->state;

	if (d->evidence->strength < STRENGTH_STRUCTURE)
		return NO_MATCH;
	if (d->flow->handshake_seen && !evidence_has_note(d->evidence, NOTE_GAP))
		return MALFORMED;
	s->lost[from] = true;
	cursor_skip(bytes, cursor_left(bytes));
	return NEED_MORE;
}

/*
 * After a loss: packets are looked for where a piece of the stream begins. It may be the middle of a
 * message; and CONNECT and CONNACK are the first of their side, or are lost.
 */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mqtt_state *s = d->state;
	bool first = d->offset[from] == 0 && !evidence_has_note(d->evidence, NOTE_GAP);
	struct flow_view joined = { .handshake_seen = false };
	enum strength strength;
	enum verdict verdict = first ? mqtt_probe(&joined, from, *bytes, &strength) : probe_chain(*bytes, from, &strength);

	if (verdict == MATCH)
		s->lost[from] = false;
	else if (verdict == NO_MATCH || cursor_left(bytes) > PACKET_LOOK)
		cursor_skip(bytes, cursor_left(bytes));
	return verdict == MATCH ? MATCH : NEED_MORE;
}

static bool
is_read(const struct mqtt_header *h)
{
	return h->size <= PACKET_LOOK && (h->type != MQTT_PUBLISH || h->size <= 1024);
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct mqtt_state *s = d->state;
	struct cursor c = *bytes;
	struct mqtt_header h;
	enum verdict verdict;

	if (s->lost[from])
		return resynchronize(d, from, bytes);
	verdict = mqtt_read_header(&c, from, &h);
	if (verdict == NO_MATCH)
		return not_mqtt(d, from, bytes);
	if (verdict == NEED_MORE)
		return NEED_MORE;
	if (!is_read(&h)) {
		*bytes = c;
		verdict = from == FROM_SERVER && s->connect ? judge_accepted(d, "MQTT answer after CONNECT", offset) : MATCH;
		dissection_pass_over(d, bytes, h.size);
		return verdict;
	}
	if (h.type == MQTT_CONNECT && !mqtt_may_be_connect(c))
		return not_mqtt(d, from, bytes);
	if (cursor_left(&c) < h.size) {
		d->need = (size_t)h.length + h.size;
		return NEED_MORE;
	}
	verdict = act(d, from, &h, cursor_sub(&c, h.size), offset);
	if (verdict == NO_MATCH)
		return not_mqtt(d, from, bytes);
	*bytes = c;
	return verdict;
}

static enum verdict
mqtt_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mqtt_state *s = d->state;

	if (!s->begun)
		s->lost[FROM_CLIENT] = s->lost[FROM_SERVER] = !d->flow->handshake_seen;
	s->begun = true;
	return dissect_messages(d, from, bytes, read_one);
}

static enum verdict
mqtt_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct mqtt_state *s = d->state;

	(void)size;
	s->lost[from] = true;
	return MATCH;
}

const struct dissector mqtt_dissector = {
	.name = "mqtt",
	.specification = "MQTT 5.0, MQTT 3.1.1",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 1883, 1884 },
	.first_bytes = { "\x10" "01234589:;<=@Pbjp\x82\x8a\xa2\xaa\xc0\xe0\xf0", " 01234589:;<=@Pbjp\x90\xb0\xd0\xe0\xf0" },
	.state_size = sizeof(struct mqtt_state),
	.probe = mqtt_probe,
	.dissect = mqtt_dissect,
	.gap = mqtt_gap,
};
