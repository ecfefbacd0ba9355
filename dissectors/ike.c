/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE, version 1 (RFC 2409) and 2 (RFC 7296), on any UDP port, and ESP in UDP (RFC 3948) with which
 * it shares one: there a message follows four zeros, the non-ESP marker, and a byte 0xff keeps NAT
 * awake. The end of an authentication is encrypted in both versions. That it succeeded is told by
 * what only peers do who believe each other; that it failed is hardly ever seen.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "esp_survey.h"
#include "ike_message.h"

enum { NAT_PORT = 4500, KEEPALIVE = 0xff, FRESH_SEQUENCE_MAX = 32, MESSAGES_MAX = 256 };

/* How far the authentication of an SA has come. */
enum stage { STAGE_NONE, STAGE_BEGUN, STAGE_ANSWERED };

struct ike_state {
	uint64_t spi;              /* of the initiator of the latest SA */
	uint8_t stage;             /* enum stage, of version 2's IKE_AUTH */
	uint8_t initiator;         /* enum direction: who opened that SA */
	const char *method;        /* version 1 */
	uint32_t quick_id;         /* message ID of a quick mode, version 1 */
	uint32_t quick_hash;       /* of its first message */
	uint8_t quick_messages;    /* of it, in the order they must have */
	uint8_t quick_from;        /* enum direction */
	uint32_t request_id;       /* of a request under the SA after its authentication, version 2 */
	uint8_t request_from;
	uint32_t informational_id; /* of the latest of these */
	uint8_t informational;     /* such requests of the initiator's that were answered, each counted once */
	bool request_open;
	bool ike;                  /* IKE was seen */
	uint16_t messages;
	uint32_t spi_before[2];    /* ESP's, latest before the authentication was answered */
	struct esp_survey esp;
};

static_assert(sizeof(struct ike_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char *const message_clauses[] = { [1] = "RFC 2408 3.1 ISAKMP message", [2] = "RFC 7296 3.1 IKE message" };
static const char *const versions[] = { [1] = "IKEv1", [2] = "IKEv2" };

/* The marker before a message on the port that ESP shares (RFC 3948 2.2): no ESP begins with it. */
static bool
has_marker(const struct cursor *c)
{
	return cursor_peek(c, 0) == 0 && cursor_peek(c, 1) == 0 && cursor_peek(c, 2) == 0 && cursor_peek(c, 3) == 0;
}

static bool
read_message(struct cursor c, struct ike_message *m)
{
	if (ike_message_read(c, m))
		return true;
	if (!has_marker(&c))
		return false;
	cursor_skip(&c, 4);
	return ike_message_read(c, m);
}

/* Whether a message can have come from that side; of many either is possible. */
static bool
may_be_from(const struct ike_message *m, enum direction from)
{
	if (m->version == 2)
		return m->from_initiator == (from == FROM_CLIENT);
	return m->responder_spi != 0 || from == FROM_CLIENT;
}

/* ESP in UDP has only its form, which is told over several packets; it is looked for where RFC 3948 has it. */
static bool
may_be_esp(const struct flow_view *flow, struct cursor c)
{
	return (flow->client_port == NAT_PORT || flow->server_port == NAT_PORT) &&
	       cursor_left(&c) >= ESP_HEADER_SIZE + 16 && cursor_left(&c) % 4 == 0 && cursor_u32(&c) > 255;
}

static enum verdict
ike_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct ike_message m;

	if (read_message(bytes, &m)) {
		*strength = STRENGTH_STRUCTURE;
		return may_be_from(&m, from) ? MATCH : NO_MATCH;
	}
	*strength = STRENGTH_SIGNATURE;
	return may_be_esp(flow, bytes) ? MATCH : NO_MATCH;
}

/* A message of this direction, taken together with what d says of the flow. */
struct event {
	struct dissection *d;
	const struct ike_message *m;
	struct cursor bytes;
	enum direction from;
	uint64_t offset;
};

static void
tell(const struct event *e, enum auth_result result, enum strength strength, const char *clause)
{
	const struct ike_state *s = e->d->state;

	evidence_authentication(e->d->evidence, result, s->method, strength, clause, e->from, e->offset);
}

/* Who opened the SA, as far as one message tells; of version 1 only its first does. */
static enum direction
initiator_of(const struct event *e)
{
	if (e->m->version == 2)
		return e->m->from_initiator ? e->from : 1 - e->from;
	return e->m->responder_spi == 0 ? e->from : FROM_CLIENT;
}

/* An SA that was not seen before: what was begun for another is over. */
static void
follow_sa(struct ike_state *s, const struct event *e)
{
	if (s->spi == e->m->initiator_spi)
		return;
	s->spi = e->m->initiator_spi;
	s->initiator = (uint8_t)initiator_of(e);
	s->stage = STAGE_NONE;
	s->method = NULL;
	s->quick_messages = s->informational = 0;
	s->request_open = false;
}

static uint32_t
hash_bytes(struct cursor c)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	while (cursor_left(&c) > 0)
		hash = (hash ^ cursor_u8(&c)) * 16777619u;
	return hash;
}

/*
 * Quick mode is asked for under keys that phase 1 made of the proven identities, answered by who has
 * checked its hash, and confirmed by who has checked the answer's (RFC 2409 5.5). A first message that
 * comes again is no confirmation.
 */
static void
follow_quick_mode(struct ike_state *s, const struct event *e)
{
	bool asker = s->quick_from == (uint8_t)e->from;

	if (s->quick_messages == 0 || s->quick_id != e->m->id) {
		s->quick_id = e->m->id;
		s->quick_hash = hash_bytes(e->bytes);
		s->quick_from = (uint8_t)e->from;
		s->quick_messages = 1;
	} else if (s->quick_messages == 1 && !asker) {
		s->quick_messages = 2;
	} else if (s->quick_messages == 2 && asker && hash_bytes(e->bytes) != s->quick_hash) {
		s->quick_messages = 3;
		tell(e, AUTH_SUCCESS, STRENGTH_EXCHANGE, "RFC 2409 5.5 quick mode after phase 1");
	}
}

static void
dissect_version1(struct ike_state *s, const struct event *e)
{
	const struct ike_message *m = e->m;
	bool answer = e->from != (enum direction)s->initiator;

	/* The answer holds the one transform that was chosen (RFC 2408 4.2). */
	if (m->has_sa && (m->method != NULL || answer))
		s->method = m->method;
	switch (m->exchange) {
	case IKE1_BASE:
	case IKE1_MAIN:
	case IKE1_AUTHENTICATION_ONLY:
	case IKE1_AGGRESSIVE:
		if (s->method != NULL || answer)
			tell(e, AUTH_ATTEMPTED, STRENGTH_STRUCTURE, "RFC 2409 5 phase 1");
		break;
	case IKE1_QUICK:
		follow_quick_mode(s, e);
		break;
	case IKE1_INFORMATIONAL:
		if (m->refusal == IKE_REFUSED_PEER && answer)
			tell(e, AUTH_FAILURE, STRENGTH_STRUCTURE, "RFC 2408 3.14.1 notification");
	}
}

/*
 * Requests under an SA are answered by who has it. Who refuses the initiator drops the SA with the
 * refusal (RFC 7296 2.21.2). An initiator that refuses the responder, in the middle of EAP even, says so in
 * an INFORMATIONAL request, which is the last: a first one of its tells nothing yet, however often it is sent.
 */
static bool
shows_authenticated(struct ike_state *s, const struct event *e)
{
	if (e->m->exchange != IKE2_INFORMATIONAL || s->request_from != s->initiator)
		return true;
	if (s->informational > 0 && s->informational_id == e->m->id)
		return false;
	s->informational_id = e->m->id;
	if (s->informational < UINT8_MAX)
		s->informational++;
	return s->informational > 1;
}

static void
follow_request(struct ike_state *s, const struct event *e)
{
	const struct ike_message *m = e->m;

	if (s->stage == STAGE_BEGUN || !m->encrypted)
		return;
	if (!m->response) {
		s->request_open = true;
		s->request_id = m->id;
		s->request_from = (uint8_t)e->from;
		return;
	}
	if (!s->request_open || s->request_id != m->id || s->request_from == (uint8_t)e->from)
		return;
	s->request_open = false;
	if (shows_authenticated(s, e))
		tell(e, AUTH_SUCCESS, STRENGTH_EXCHANGE, "RFC 7296 1.3, 1.4 exchange under an authenticated SA");
}

static void
follow_auth(struct ike_state *s, const struct event *e)
{
	/* With EAP there are several rounds; a fragment (RFC 7383) counts like the whole. */
	if (e->m->response && s->stage != STAGE_ANSWERED)
		memcpy(s->spi_before, s->esp.spi, sizeof(s->spi_before));
	s->stage = e->m->response ? STAGE_ANSWERED : STAGE_BEGUN;
	s->request_open = false;
	tell(e, AUTH_ATTEMPTED, STRENGTH_STRUCTURE, "RFC 7296 1.2 IKE_AUTH");
}

static void
dissect_version2(struct ike_state *s, const struct event *e)
{
	switch (e->m->exchange) {
	case IKE2_SA_INIT:
	case IKE2_SESSION_RESUME:
	case IKE2_INTERMEDIATE:
		break;
	case IKE2_AUTH:
		follow_auth(s, e);
		break;
	default:
		follow_request(s, e);
	}
}

static void
dissect_message(struct dissection *d, enum direction from, struct cursor bytes, const struct ike_message *m)
{
	struct ike_state *s = d->state;
	struct event e = { d, m, bytes, from, d->offset[from] };
	const char *clause = message_clauses[m->version];

	/* What was told of ESP alone stands back: the flow is that of the keys' exchange. */
	s->ike = true;
	s->messages++;
	follow_sa(s, &e);
	evidence_protocol(d->evidence, "ike", STRENGTH_STRUCTURE, clause, from, e.offset);
	evidence_encryption(d->evidence, ENCRYPTION_PARTIAL, STRENGTH_STRUCTURE, clause, from, e.offset);
	d->evidence->encryption.by = "ike";
	d->evidence->encryption.version = versions[m->version];
	d->evidence->encryption.cipher = NULL;
	if (m->refusal != IKE_NOT_REFUSED && !m->has_sa)
		evidence_note(d->evidence, NOTE_HANDSHAKE_FAILED);
	if (m->version == 1)
		dissect_version1(s, &e);
	else
		dissect_version2(s, &e);
}

/*
 * An SA for data, made with IKE_AUTH (RFC 7296 1.2): the responder uses it only for a peer that it
 * believes. One from before the authentication tells nothing.
 */
static void
follow_child(struct dissection *d, enum direction from, uint32_t spi, uint32_t sequence)
{
	struct ike_state *s = d->state;

	if (s->stage != STAGE_ANSWERED || from == (enum direction)s->initiator || spi == s->spi_before[from] || sequence > FRESH_SEQUENCE_MAX)
		return;
	evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, "RFC 7296 1.2 first packets under the SA of IKE_AUTH", from, d->offset[from]);
}

/* ESP and AH on IP itself; AH's SPI comes after four bytes (RFC 4302 2). */
static enum verdict
ike_companion(struct dissection *d, enum direction from, uint8_t ip_protocol, struct cursor bytes)
{
	struct ike_state *s = d->state;
	uint32_t spi, sequence;

	if (ip_protocol == IPPROTO_AH)
		cursor_skip(&bytes, 4);
	spi = cursor_u32(&bytes);
	sequence = cursor_u32(&bytes);
	if (!cursor_ok(&bytes) || !s->ike)
		return MATCH;
	if (s->stage != STAGE_ANSWERED)
		s->esp.spi[from] = spi;
	follow_child(d, from, spi, sequence);
	return d->evidence->authentication.result == AUTH_SUCCESS ? DONE : MATCH;
}

static enum verdict
dissect_esp(struct dissection *d, enum direction from, struct cursor packet)
{
	struct ike_state *s = d->state;
	enum esp_finding finding = esp_survey_packet(&s->esp, from, packet);
	uint32_t spi = cursor_u32(&packet), sequence = cursor_u32(&packet);

	if (finding == ESP_NONE)
		return s->ike || s->esp.continued >= 2 ? MATCH : NO_MATCH;
	if (s->ike)
		follow_child(d, from, spi, sequence);
	else if (s->esp.continued >= 2) /* no protocol number says that it is ESP: its numbers have to */
		esp_survey_tell(finding, d->evidence, from, d->offset[from]);
	return esp_survey_is_over(&s->esp) && !s->ike ? (s->esp.continued >= 2 ? DONE : NO_MATCH) : MATCH;
}

static bool
is_done(const struct dissection *d)
{
	const struct ike_state *s = d->state;

	return s->ike && (d->evidence->authentication.result == AUTH_SUCCESS || s->messages >= MESSAGES_MAX);
}

static enum verdict
ike_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	const struct ike_state *s = d->state;
	struct cursor datagram = *bytes;
	struct ike_message m;
	enum verdict verdict = MATCH;

	cursor_skip(bytes, cursor_left(bytes));
	if (cursor_left(&datagram) == 1 && cursor_peek(&datagram, 0) == KEEPALIVE)
		return MATCH; /* RFC 3948 2.3 */
	if (read_message(datagram, &m))
		dissect_message(d, from, datagram, &m);
	else if (!has_marker(&datagram))
		verdict = dissect_esp(d, from, datagram);
	else if (!s->ike)
		return NO_MATCH;
	return is_done(d) ? DONE : verdict;
}

const struct dissector ike_dissector = {
	.name = "ike",
	.specification = "RFC 7296, RFC 2409",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 500, NAT_PORT },
	.state_size = sizeof(struct ike_state),
	.probe = ike_probe,
	.dissect = ike_dissect,
	.companion = ike_companion,
};
