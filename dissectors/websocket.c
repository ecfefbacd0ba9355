/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket (RFC 6455), behind the 101 that http.c reads: frames are unmasked, and what they carry is given
 * to the dissectors of the protocols that are spoken over it and have a login of their own. The flow
 * stays a WebSocket. There is no probe: frames have nothing to be known by.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"

enum {
	CARRIED_MAX = 48 * 1024, /* bytes of a direction that wait for the rest of a message */
	PROBE_MAX = 4096,        /* who is not known by then has no login that is read */
	TURNS_MAX = 256,
};

enum opcode { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };

/* One direction: the frame being read, and what was carried and is not yet taken. */
struct side {
	uint64_t left;   /* of the frame's payload */
	uint8_t mask[4];
	uint8_t masked;  /* bytes of the payload passed, modulo 4 */
	bool control, close;
	bool fresh;      /* bytes were carried that nobody was shown: they are, once for all frames at hand */
	uint8_t *bytes;
	size_t size, room;
	uint64_t skip;   /* carried bytes that nobody wants */
	uint64_t taken;  /* carried bytes so far: where those that wait begin, however frames and segments cut them */
	size_t need;
};

struct websocket_state {
	struct side side[2];
	const struct dissector *inner;
	void *inner_state;
	const char *upgrade; /* method of the credential that the upgrade request carried */
	bool request_seen;   /* the upgrade request, whatever it carried */
	bool claimed;
	bool nobodys;        /* what is carried has no login that is read */
	bool client_closed;
};

static_assert(sizeof(struct websocket_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const struct dissector *const carried[] = { &mqtt_dissector, &stomp_dissector, &nats_dissector, &amqp_dissector };

/* The upgrade was readable, and so is what follows: no change to encryption is defined behind it. */
static void
claim(struct dissection *d, enum direction from)
{
	struct websocket_state *s = d->state;

	if (!s->claimed)
		evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "RFC 6455 4.2.2 101 to an upgrade", from, d->offset[from]);
	s->claimed = true;
}

/* What is carried. */

static struct flow_view
inner_view(const struct dissection *d)
{
	struct flow_view view = *d->flow;

	view.handshake_seen = true; /* frames are counted from the first on */
	return view;
}

static void
forget_outcome(struct evidence *e)
{
	e->authentication.result = AUTH_UNKNOWN;
	e->basis[CLAIM_AUTHENTICATION] = (struct basis){ 0 };
}

/*
 * The answer to the upgrade served nobody yet where there is a login inside: that decides. Nor has it proven
 * the upgrade's credential: RabbitMQ (use_http_auth) answers 101 to any, and looks at it when CONNECT comes.
 */
static void
leave_to_inner(struct dissection *d)
{
	struct websocket_state *s = d->state;
	struct authentication *a = &d->evidence->authentication;

	s->request_seen = a->result != AUTH_UNKNOWN;
	if (a->result == AUTH_NONE) {
		forget_outcome(d->evidence);
	} else if (a->result == AUTH_SUCCESS) {
		a->result = AUTH_ATTEMPTED;
		s->upgrade = a->method;
	}
}

/* Served without a login inside, but by the upgrade's credential; or by one that was not seen. */
static void
settle_upgrade(struct dissection *d)
{
	struct websocket_state *s = d->state;
	struct authentication *a = &d->evidence->authentication;

	if (a->result != AUTH_NONE)
		return;
	if (s->upgrade != NULL) {
		a->result = AUTH_SUCCESS;
		a->method = s->upgrade;
	} else if (!s->request_seen) {
		forget_outcome(d->evidence);
	}
}

/* Before anything was carried, nobody knows whether there is a login inside. */
static void
doubt_upgrade(struct dissection *d)
{
	struct websocket_state *s = d->state;
	struct authentication *a = &d->evidence->authentication;

	if (s->inner != NULL || s->nobodys)
		return;
	if (a->result == AUTH_SUCCESS)
		a->result = AUTH_ATTEMPTED;
	else if (a->result == AUTH_NONE)
		forget_outcome(d->evidence);
}

/* Finds who can read what is carried. */
static enum verdict
find_inner(struct dissection *d, enum direction from)
{
	struct websocket_state *s = d->state;
	struct flow_view view = inner_view(d);
	struct side *side = &s->side[from];
	enum verdict found = NO_MATCH;

	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
		enum strength strength = STRENGTH_NONE;
		enum verdict verdict = carried[i]->probe(&view, from, cursor_over(side->bytes, side->size), &strength);

		if (verdict == MATCH) {
			s->inner = carried[i];
			s->inner_state = d->services->resize(d->services->context, NULL, carried[i]->state_size);
			if (s->inner_state == NULL)
				return DONE;
			leave_to_inner(d);
			return MATCH;
		}
		if (verdict == NEED_MORE)
			found = NEED_MORE;
	}
	s->nobodys = found == NO_MATCH || side->size > PROBE_MAX;
	return s->nobodys ? DONE : NEED_MORE;
}

static void
drop(struct side *side, size_t size)
{
	memmove(side->bytes, side->bytes + size, side->size - size);
	explicit_bzero(side->bytes + side->size - size, size);
	side->size -= size;
	side->taken += size;
}

/* Calls the inner dissector for one direction, as the sensor would. */
static enum verdict
call_inner(struct dissection *d, enum direction from, bool *again)
{
	struct websocket_state *s = d->state;
	struct side *side = &s->side[from];
	struct flow_view view = inner_view(d);
	struct dissection inner = { .flow = &view, .evidence = d->evidence, .services = d->services, .state = s->inner_state, .offset = { s->side[0].taken, s->side[1].taken } };
	const char *protocol = d->evidence->protocol;
	struct basis basis = d->evidence->basis[CLAIM_PROTOCOL];
	struct cursor bytes;
	enum verdict verdict;

	if (side->size == 0 || side->size < side->need)
		return MATCH;
	bytes = cursor_over(side->bytes, side->size);
	verdict = s->inner->dissect(&inner, from, &bytes);
	d->evidence->protocol = protocol; /* the carrier's */
	d->evidence->basis[CLAIM_PROTOCOL] = basis;
	settle_upgrade(d);
	*again |= bytes.left < side->size;
	drop(side, side->size - bytes.left);
	side->need = verdict == NEED_MORE ? inner.need : 0;
	side->skip = inner.skip;
	if (side->skip > 0 && side->size > 0) {
		size_t here = side->skip < side->size ? (size_t)side->skip : side->size;

		drop(side, here);
		side->skip -= here;
	}
	return verdict == MATCH || verdict == NEED_MORE ? MATCH : DONE;
}

static enum verdict
run_inner(struct dissection *d, enum direction from)
{
	struct websocket_state *s = d->state;

	s->side[from].fresh = false;
	enum verdict verdict = s->inner != NULL ? MATCH : find_inner(d, from);
	bool again = verdict == MATCH;

	for (int i = 0; again && verdict == MATCH && i < TURNS_MAX; i++) {
		again = false;
		verdict = call_inner(d, from, &again);
		if (verdict == MATCH)
			verdict = call_inner(d, from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT, &again);
	}
	return verdict == DONE ? DONE : MATCH;
}

/* Frames. */

static bool
make_room(struct dissection *d, struct side *side, size_t size)
{
	size_t room = side->room > 0 ? side->room : 512;
	uint8_t *grown;

	while (room < side->size + size)
		room *= 2;
	if (room == side->room)
		return true;
	if (side->size + size > CARRIED_MAX)
		return false;
	grown = d->services->resize(d->services->context, side->bytes, room);
	if (grown == NULL)
		return false;
	side->bytes = grown;
	side->room = room;
	return true;
}

/* 5.3: each byte was xored with one of four, in turn. */
static void
unmask(struct side *side, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		side->bytes[side->size++] = bytes[i] ^ side->mask[(side->masked + i) % 4];
}

static void
pass(struct side *side, uint64_t size)
{
	side->masked = (uint8_t)((side->masked + size) % 4);
	side->left -= size;
}

/* Passes over payload; what has not come of it is skipped by the sensor. */
static void
pass_over(struct dissection *d, struct side *side, struct cursor *bytes, uint64_t size)
{
	size_t left = bytes->left;

	dissection_pass_over(d, bytes, size);
	pass(side, left - bytes->left + d->skip);
}

/*
 * Why the server closes (5.5.1). RabbitMQ refuses MQTT logins by such words in place of a CONNACK; 3000
 * is Unauthorized in IANA's registry.
 */
static bool
is_refusal(struct cursor close)
{
	static const char *const reasons[] = { "unauthenticated", "unauthorized", "not authorized", "authentication fail", "bad user name or password", NULL };

	if (cursor_u16(&close) == 3000)
		return true;
	for (size_t i = 0; reasons[i] != NULL; i++)
		if (cursor_find_nocase(&close, reasons[i]) >= 0)
			return true;
	return false;
}

/* Only a server that closes by itself says why: otherwise it may repeat the client's words. */
static enum verdict
read_close(struct dissection *d, enum direction from, const struct cursor *bytes, uint64_t offset)
{
	static const char clause[] = "RFC 6455 5.5.1 Close frame";
	struct websocket_state *s = d->state;
	struct side *side = &s->side[from];
	uint8_t text[125];

	if (cursor_left(bytes) < side->left)
		return NEED_MORE;
	if (from == FROM_CLIENT)
		s->client_closed = true;
	if (s->inner == NULL || s->client_closed || side->left > sizeof(text))
		return MATCH;
	for (size_t i = 0; i < side->left; i++)
		text[i] = bytes->at[i] ^ side->mask[i % 4];
	if (is_refusal(cursor_over(text, (size_t)side->left)))
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, clause, from, offset);
	return MATCH;
}

static enum verdict
read_payload(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor start)
{
	struct websocket_state *s = d->state;
	struct side *side = &s->side[from];
	size_t size = side->left < bytes->left ? (size_t)side->left : bytes->left;

	/* A close answers what came before it. */
	if (side->close && side->fresh && run_inner(d, from) == DONE)
		return DONE;
	if (side->close && read_close(d, from, bytes, dissection_offset(d, from, start, *bytes)) == NEED_MORE)
		return NEED_MORE;
	if (side->control) {
		pass_over(d, side, bytes, side->left);
		return MATCH;
	}
	if (side->skip > 0) {
		uint64_t unwanted = side->skip < side->left ? side->skip : side->left;

		side->skip -= unwanted;
		side->taken += unwanted;
		pass_over(d, side, bytes, unwanted);
		return MATCH;
	}
	if (!make_room(d, side, size)) {
		if (!side->fresh)
			return DONE;
		return run_inner(d, from); /* which may make room, or pass over what comes */
	}
	unmask(side, cursor_take(bytes, size), size);
	pass(side, size);
	side->fresh |= size > 0;
	return MATCH;
}

/*
 * Reads the beginning of a frame (5.2). Payload that an extension has changed (RSV1: compressed,
 * RFC 7692) cannot be read.
 */
static enum verdict
read_header(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct websocket_state *s = d->state;
	struct side *side = &s->side[from];
	struct cursor c = *bytes;
	uint8_t first = cursor_u8(&c), second = cursor_u8(&c), opcode = first & 15;
	const uint8_t *mask;
	uint64_t size = second & 0x7f;

	if (size == 126)
		size = cursor_u16(&c);
	else if (size == 127)
		size = cursor_u64(&c);
	mask = (second & 0x80) != 0 ? cursor_take(&c, 4) : NULL;
	if (!cursor_ok(&c))
		return NEED_MORE;
	if ((first & 0x30) != 0 || (opcode > BINARY && opcode < CLOSE) || opcode > PONG || size > INT64_MAX || (opcode >= CLOSE && size > 125))
		return MALFORMED;
	if ((first & 0x40) != 0) {
		if (side->fresh && run_inner(d, from) == DONE)
			return DONE;
		s->nobodys = true;
		return DONE;
	}
	side->control = opcode >= CLOSE;
	side->close = opcode == CLOSE;
	side->left = size;
	side->masked = 0;
	memset(side->mask, 0, sizeof(side->mask));
	if (mask != NULL)
		memcpy(side->mask, mask, sizeof(side->mask));
	*bytes = c;
	return MATCH;
}

static enum verdict
websocket_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct websocket_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	claim(d, from);
	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = s->side[from].left > 0 ? read_payload(d, from, bytes, start) : read_header(d, from, bytes);
	/* What came before a frame that ends it all is carried, too. */
	if (s->side[from].fresh && run_inner(d, from) == DONE)
		return DONE;
	return verdict;
}

/* Where a frame begins is not to be found again. */
static enum verdict
websocket_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)size;
	claim(d, from);
	doubt_upgrade(d);
	return DONE;
}

static void
websocket_finish(struct dissection *d)
{
	struct websocket_state *s = d->state;

	claim(d, FROM_SERVER);
	doubt_upgrade(d);
	if (s->inner != NULL && s->inner->finish != NULL) {
		struct flow_view view = inner_view(d);
		struct dissection inner = { .flow = &view, .evidence = d->evidence, .services = d->services, .state = s->inner_state, .offset = { s->side[0].taken, s->side[1].taken } };

		s->inner->finish(&inner);
		settle_upgrade(d);
	}
}

static enum verdict
websocket_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	(void)from;
	(void)bytes;
	(void)strength;
	return NO_MATCH;
}

const struct dissector websocket_dissector = {
	.name = "websocket",
	.specification = "RFC 6455",
	.ip_protocol = IPPROTO_TCP,
	.state_size = sizeof(struct websocket_state),
	.probe = websocket_probe,
	.dissect = websocket_dissect,
	.gap = websocket_gap,
	.finish = websocket_finish,
};
