/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS over UDP, on any port: 1.0 and 1.2 (RFC 4347, RFC 6347), 1.3 (RFC 9147), with connection IDs (RFC 9146), and
 * OpenSSL's from before the standard.
 *
 * Its messages are those of TLS, and are read and judged by its parts. What is here is what datagrams make
 * of it: records that may be lost, repeated or overtaken, and messages in fragments. Messages are taken in the order
 * of their sequence numbers, so that nothing is concluded from the absence of one that was lost.
 * STUN may come before, on the same ports (RFC 7983, WebRTC).
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "dtls_record.h"
#include "reassembly.h"
#include "stun.h"
#include "tls_record.h"
#include "tls_state.h"

enum {
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	HELLO_VERIFY_REQUEST = 3,
	SLOTS = 4,                /* messages under way in a direction */
	MESSAGE_SIZE_MAX = 32768, /* of one in fragments */
	RECORDS_MAX = 64,         /* in a datagram */
	DATAGRAMS_MAX = 256,
	STUN_MAX = 64,            /* messages of it to wait through */
	ALERT_SIZE = 2,
	TEXT_SIZE = 6,            /* bytes of data that are looked at where nobody said that they are encrypted */
	WATCHED_RECORDS = 4,      /* of application data, where an end of the handshake may still come */
};

/* A message under way. */
struct slot {
	struct reassembly bytes;
	uint32_t size;
	uint16_t sequence;
	uint8_t type;
	bool used;
};

struct dtls_side {
	struct slot *slots;      /* SLOTS of them, once one is needed */
	uint64_t last_record;    /* number of the latest record of handshake type in the clear */
	uint16_t next;           /* sequence number of the message to be read next */
	bool opened;             /* next is known */
	bool beyond;             /* a message after the hellos was read */
};

struct dtls_state {
	struct tls_state tls;
	struct dtls_side sides[2];
	uint16_t datagrams;
	uint8_t stun;
	uint8_t records;         /* encrypted ones, followed to their end */
	bool other;              /* a datagram that is neither */
	bool readable;           /* records of data that look like text: a suite without encryption, maybe */
};

static_assert(sizeof(struct dtls_state) <= DISSECTOR_STATE_MAX, "the sensor has room for this state");

static const char record_clause[] = "RFC 6347 4.1 records";
static const char handshake_clause[] = "RFC 6347 4.2.2 handshake messages";
static const char verify_clause[] = "RFC 6347 4.2.1 HelloVerifyRequest";
static const char stun_clause[] = "RFC 8489 5 messages";

/* One call. */
struct call {
	struct dtls_state *s;
	struct dtls_side *side;
	struct reading r;
};

static bool
is_hello(uint8_t type)
{
	return type == CLIENT_HELLO || type == SERVER_HELLO || type == HELLO_VERIFY_REQUEST;
}

/* Whether a message may be read now. A hello that is repeated, or begins anew, may as long as nothing came after it. */
static bool
is_due(const struct dtls_side *side, uint8_t type, uint16_t sequence)
{
	if (is_hello(type))
		return !side->beyond && (!side->opened || sequence >= side->next || type != CLIENT_HELLO || sequence + 1 == side->next);
	return side->opened && sequence == side->next;
}

static bool
is_past(const struct dtls_side *side, uint8_t type, uint16_t sequence)
{
	return is_hello(type) ? side->beyond : side->opened && sequence < side->next;
}

static void
free_slot(struct call *c, struct slot *slot)
{
	reassembly_clear(&slot->bytes, c->r.d->services);
	*slot = (struct slot){ 0 };
}

/* A message is whole and its turn has come. */
static void
deliver(struct call *c, uint8_t type, uint16_t sequence, struct cursor body)
{
	c->side->next = (uint16_t)(sequence + 1);
	c->side->opened = true;
	c->side->beyond |= !is_hello(type);
	if (type == HELLO_VERIFY_REQUEST)
		tls_claim(&c->r, STRENGTH_STRUCTURE, verify_clause);
	else if (!tls_read_message(&c->r, type, body))
		evidence_note(c->r.e, NOTE_MALFORMED);
}

static struct slot *
find_slot(struct dtls_side *side, bool used, uint16_t sequence)
{
	for (size_t i = 0; side->slots != NULL && i < SLOTS; i++)
		if (side->slots[i].used == used && (!used || side->slots[i].sequence == sequence))
			return &side->slots[i];
	return NULL;
}

static bool
slot_whole(const struct slot *slot)
{
	return slot->used && slot->bytes.whole >= slot->size;
}

/* Reads what is whole and due, and drops what is past. */
static void
drain(struct call *c)
{
	struct dtls_side *side = c->side;

	for (size_t i = 0; side->slots != NULL && i < SLOTS; i++) {
		struct slot *slot = &side->slots[i];

		if (slot_whole(slot) && is_due(side, slot->type, slot->sequence)) {
			struct cursor body = reassembly_from(&slot->bytes, 0);

			deliver(c, slot->type, slot->sequence, cursor_over(body.at, slot->size));
			free_slot(c, slot);
			i = (size_t)-1; /* the next one may have waited before it */
		} else if (slot->used && is_past(side, slot->type, slot->sequence)) {
			free_slot(c, slot);
		}
	}
}

/* The message that is waited for was lost: goes on with the first one there is. */
static void
skip_lost(struct call *c)
{
	struct dtls_side *side = c->side;
	struct slot *first = NULL;

	for (size_t i = 0; side->slots != NULL && i < SLOTS; i++)
		if (side->slots[i].used && !is_hello(side->slots[i].type) && (first == NULL || side->slots[i].sequence < first->sequence))
			first = &side->slots[i];
	if (first == NULL)
		return;
	c->r.side->unbroken = false;
	side->opened = true;
	if (slot_whole(first)) {
		side->next = first->sequence;
	} else {
		side->next = (uint16_t)(first->sequence + 1);
		free_slot(c, first);
	}
	drain(c);
}

static void
keep_fragment(struct call *c, const struct dtls_fragment *f)
{
	const struct dissection_services *services = c->r.d->services;
	struct dtls_side *side = c->side;
	struct slot *slot;

	if (side->slots == NULL)
		side->slots = services->resize(services->context, NULL, sizeof(*side->slots) * SLOTS);
	slot = find_slot(side, true, f->sequence);
	if (slot == NULL && (slot = find_slot(side, false, 0)) == NULL) {
		skip_lost(c);
		slot = find_slot(side, false, 0);
	}
	if (slot == NULL)
		return;
	if (!slot->used)
		*slot = (struct slot){ .used = true, .size = f->size, .sequence = f->sequence, .type = f->type };
	if (slot->size != f->size || slot->type != f->type || f->size > MESSAGE_SIZE_MAX || !reassembly_add(&slot->bytes, services, f->offset, f->body, MESSAGE_SIZE_MAX))
		free_slot(c, slot);
}

static void
take_fragment(struct call *c, const struct dtls_fragment *f)
{
	if (is_past(c->side, f->type, f->sequence))
		return;
	if (f->body.left == f->size && is_due(c->side, f->type, f->sequence))
		deliver(c, f->type, f->sequence, f->body);
	else
		keep_fragment(c, f);
	drain(c);
}

static void
read_handshake(struct call *c, struct dtls_record *record)
{
	struct dtls_fragment f;

	if (record->sequence > c->side->last_record)
		c->side->last_record = record->sequence;
	if (!c->r.s->sides[FROM_CLIENT].hello && !c->r.s->sides[FROM_SERVER].hello)
		tls_claim(&c->r, STRENGTH_STRUCTURE, handshake_clause);
	while (cursor_left(&record->body) > 0 && dtls_fragment_read(&record->body, &f))
		take_fragment(c, &f);
}

/* That a session is resumed follows from the messages that are not there, so none may be missing before this one. */
static void
read_change_cipher_spec(struct call *c, const struct dtls_record *record)
{
	if (c->r.s->is_13 || c->r.side->changed)
		return;
	if (record->sequence != c->side->last_record + 1 || c->r.s->key_exchange)
		c->r.side->unbroken &= c->r.s->hello_done || c->r.s->server_certificate || c->r.from == FROM_CLIENT;
	tls_take_change_cipher_spec(&c->r);
}

/* Whether data begins as text does, which what is encrypted does once in a thousand times. */
static bool
begins_as_text(struct cursor body)
{
	for (int i = 0; i < TEXT_SIZE; i++) {
		int b = cursor_peek(&body, (size_t)i);

		if ((b < ' ' || b > '~') && b != '\t' && b != '\r' && b != '\n')
			return false;
	}
	return true;
}

/* Records of a later epoch are encrypted, whatever their type, but for a suite that only the server's hello tells. */
static void
read_encrypted(struct call *c, const struct dtls_record *record)
{
	struct tls_state *tls = c->r.s;
	bool data = record->type == TLS_APPLICATION_DATA;

	if (c->s->records < UINT8_MAX)
		c->s->records++;
	if (data) {
		tls->application_records++;
		tls->server_served |= c->r.from == FROM_SERVER;
		tls->client_sent |= c->r.from == FROM_CLIENT;
		tls_settle_authentication(&c->r);
	}
	if (tls->sides[FROM_SERVER].hello)
		return;
	if (data && begins_as_text(record->body) && !c->s->readable) {
		c->s->readable = true;
		evidence_encryption(c->r.e, ENCRYPTION_UNKNOWN, STRENGTH_STRUCTURE, record_clause, c->r.from, c->r.at);
	}
	if (c->s->readable || tls->sides[FROM_CLIENT].hello || c->r.e->strength >= STRENGTH_STRUCTURE)
		return;
	evidence_note(c->r.e, NOTE_MIDSTREAM);
	tls_claim(&c->r, c->s->records >= 2 ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, record_clause);
}

static enum verdict
read_record(struct call *c, struct dtls_record *record)
{
	struct cursor body = record->body;
	uint8_t level;

	c->r.side->seen = true;
	if (record->epoch > 0) {
		read_encrypted(c, record);
		return MATCH;
	}
	switch (record->type) {
	case TLS_HANDSHAKE:
		read_handshake(c, record);
		return MATCH;
	case TLS_CHANGE_CIPHER_SPEC:
		read_change_cipher_spec(c, record);
		return MATCH;
	case TLS_ALERT:
		level = cursor_u8(&body);
		return body.left == ALERT_SIZE - 1 ? tls_take_alert(&c->r, level, cursor_u8(&body)) : MATCH;
	default:
		return MATCH;
	}
}

/* Whether nothing more can be learned. */
static bool
is_over(const struct dtls_state *s)
{
	const struct tls_state *tls = &s->tls;
	const struct side *client = &tls->sides[FROM_CLIENT], *server = &tls->sides[FROM_SERVER];

	if (tls->is_13)
		return client->hello && !tls->server_hello.retry;
	if (client->changed && server->changed)
		return true;
	if (!client->hello && !server->hello)
		return s->records >= 2;
	return tls->server_served || tls->application_records >= WATCHED_RECORDS;
}

static enum verdict
read_datagram(struct call *c, struct cursor bytes)
{
	struct dtls_record record;

	for (int i = 0; i < RECORDS_MAX && cursor_left(&bytes) > 0; i++) {
		enum verdict verdict;

		if (!dtls_record_read(&bytes, &record))
			break; /* records whose size only their receiver knows: encrypted ones */
		verdict = read_record(c, &record);
		if (verdict != MATCH)
			return verdict;
	}
	return is_over(c->s) ? DONE : MATCH;
}

static struct call
call_of(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct dtls_state *s = d->state;

	s->tls.dtls = true;
	return (struct call){
		.s = s,
		.side = &s->sides[from],
		.r = { .d = d, .s = &s->tls, .side = &s->tls.sides[from], .e = d->evidence, .start = *bytes, .bytes = bytes, .from = from, .at = d->offset[from] },
	};
}

/* What the flow is where nothing but STUN came. */
static void
conclude_stun(struct dissection *d)
{
	const struct dtls_state *s = d->state;

	if (s->stun == 0 || d->evidence->protocol != NULL)
		return;
	evidence_protocol(d->evidence, "stun", STRENGTH_STRUCTURE, stun_clause, FROM_CLIENT, 0);
	if (!s->other)
		evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, stun_clause, FROM_CLIENT, 0);
}

/* STUN, SRTP and what else shares the ports. */
static enum verdict
read_other(struct dissection *d, struct cursor bytes)
{
	struct dtls_state *s = d->state;

	if (!stun_is_message(bytes)) {
		s->other = true;
		return s->stun == 0 && d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MATCH;
	}
	if (++s->stun < STUN_MAX)
		return MATCH;
	conclude_stun(d);
	return DONE;
}

/*
 * Who asked first by STUN says nothing of who is the client of DTLS: where nothing of DTLS was seen, the one with a client's
 * messages is.
 */
static enum direction
role_of(struct dissection *d, enum direction from, struct cursor bytes)
{
	const struct dtls_state *s = d->state;
	enum direction other = from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;

	if (d->flow->roles_known || s->tls.sides[from].seen || s->tls.sides[other].seen)
		return from;
	if (dtls_datagram(bytes, from) != DTLS_NONE || dtls_datagram(bytes, other) != DTLS_HANDSHAKE)
		return from;
	d->turn_roles = true;
	return other;
}

/* Once there was DTLS, one record is enough to know a datagram by: others behind it may not be readable. */
static bool
is_mine(const struct dtls_state *s, enum direction from, struct cursor bytes)
{
	struct dtls_record record;

	return dtls_datagram(bytes, from) != DTLS_NONE || (s->tls.sides[from].seen && dtls_record_read(&bytes, &record));
}

static enum verdict
dtls_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct dtls_state *s = d->state;
	struct cursor datagram = *bytes;
	struct call c;

	cursor_skip(bytes, cursor_left(bytes));
	if (++s->datagrams > DATAGRAMS_MAX) {
		conclude_stun(d);
		return DONE;
	}
	from = role_of(d, from, datagram);
	if (!is_mine(s, from, datagram))
		return read_other(d, datagram);
	c = call_of(d, from, bytes);
	return read_datagram(&c, datagram);
}

/* Of a client's hello whose fragments did not all come, what came before the first hole. */
static void
read_partial_hello(struct call *c)
{
	for (size_t i = 0; c->side->slots != NULL && i < SLOTS; i++) {
		struct slot *slot = &c->side->slots[i];
		struct tls_client_hello *hello = &c->r.s->client_hello;

		if (!slot->used || slot->type != CLIENT_HELLO || c->r.s->sides[FROM_CLIENT].hello || !tls_dtls_client_hello_read(reassembly_from(&slot->bytes, 0), hello))
			continue;
		memcpy(c->r.e->encryption.sni, hello->sni, sizeof(hello->sni));
		memcpy(c->r.e->encryption.alpn_offered, hello->alpn, sizeof(hello->alpn));
	}
}

static void
dtls_finish(struct dissection *d)
{
	struct dtls_state *s = d->state;

	conclude_stun(d);
	for (enum direction from = FROM_CLIENT; from <= FROM_SERVER; from++) {
		struct cursor none = cursor_over(NULL, 0);
		struct call c = call_of(d, from, &none);

		for (int i = 0; i < SLOTS; i++)
			skip_lost(&c);
		if (from == FROM_CLIENT)
			read_partial_hello(&c);
	}
	tls_conclude(&s->tls, d->evidence);
}

static enum verdict
dtls_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_NONE;
	if (cursor_left(&bytes) == 0)
		return NEED_MORE;
	switch (dtls_datagram(bytes, from)) {
	case DTLS_HANDSHAKE:
		*strength = STRENGTH_STRUCTURE;
		return MATCH;
	case DTLS_RECORDS:
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	case DTLS_NONE:
		break;
	}
	*strength = STRENGTH_SIGNATURE;
	return stun_is_message(bytes) ? MATCH : NO_MATCH;
}

/* The content types of records; the high byte of the types of STUN messages. */
#define FIRST_BYTES "\x00\x01\x02\x03\x14\x15\x16\x17\x18"

const struct dissector dtls_dissector = {
	.name = "dtls",
	.specification = "RFC 6347, RFC 9147",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 4433, 5684, 853, 2083 },
	.first_bytes = { FIRST_BYTES, FIRST_BYTES },
	.first_bytes_size = { sizeof(FIRST_BYTES) - 1, sizeof(FIRST_BYTES) - 1 },
	.state_size = sizeof(struct dtls_state),
	.probe = dtls_probe,
	.dissect = dtls_dissect,
	.finish = dtls_finish,
};
