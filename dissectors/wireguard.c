/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WireGuard (https://www.wireguard.com/protocol/, the paper's section 5.4), on any UDP port. Messages
 * begin with a type and three zeros. Each side chooses an index by which the other addresses it:
 * that these agree between messages is what tells the protocol. The responder answers only peers
 * whose public key it has been given, so an answered handshake is an authentication by keys.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>

#include "dissector.h"

enum { TYPE_INITIATION = 1, TYPE_RESPONSE = 2, TYPE_COOKIE = 3, TYPE_DATA = 4 };
enum { INITIATION_SIZE = 148, RESPONSE_SIZE = 92, COOKIE_SIZE = 64, DATA_SIZE_MIN = 32, MAC_SIZE = 16, KEY_SIZE = 32 };
enum { DATA_ENOUGH = 3, COUNTER_STEP_MAX = 4096, DATA_MAX = 32 };

struct wireguard_state {
	uint32_t offered[2];   /* index that this direction's initiation gave its sender */
	uint32_t answered[2];  /* that this direction's response gave its sender */
	uint32_t receiver[2];  /* of data of this direction */
	uint64_t counter[2];
	bool has_offered[2], has_answered[2], has_counter[2];
	uint8_t growing;       /* data with counters that went on */
	uint8_t data;
	bool known;            /* it was told that this is WireGuard */
};

static_assert(sizeof(struct wireguard_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char method[] = "wireguard-keys";

/* The type of a message that has the size of one, or 0. Data is padded to 16 bytes, but not beyond the MTU. */
static uint32_t
take_type(struct cursor *c)
{
	size_t size = cursor_left(c);
	uint32_t type = cursor_u32le(c);

	switch (type) {
	case TYPE_INITIATION:
		return size == INITIATION_SIZE ? type : 0;
	case TYPE_RESPONSE:
		return size == RESPONSE_SIZE ? type : 0;
	case TYPE_COOKIE:
		return size == COOKIE_SIZE ? type : 0;
	case TYPE_DATA:
		return size >= DATA_SIZE_MIN ? type : 0;
	default:
		return 0;
	}
}

static bool
is_zero(struct cursor c)
{
	while (cursor_left(&c) > 0)
		if (cursor_u8(&c) != 0)
			return false;
	return true;
}

/*
 * A key of Curve25519 has its highest bit clear and is not zero. What follows is encrypted, up to the two MACs
 * at the end, of which the second is zero but under load, when a cookie was sent before.
 */
static bool
is_handshake(struct cursor key_on)
{
	struct cursor key = cursor_sub(&key_on, KEY_SIZE), sealed;

	if (!cursor_looks_random(key) || (cursor_peek(&key, KEY_SIZE - 1) & 0x80) != 0)
		return false;
	sealed = cursor_sub(&key_on, cursor_left(&key_on) - MAC_SIZE);
	if (!cursor_looks_random(sealed))
		return false;
	cursor_skip(&sealed, cursor_left(&sealed) - MAC_SIZE);
	return !is_zero(sealed);
}

static bool
has_second_mac(struct cursor message)
{
	cursor_skip(&message, cursor_left(&message) - MAC_SIZE);
	return !is_zero(message);
}

static enum verdict
wireguard_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes;
	uint32_t type = take_type(&c);

	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	switch (type) {
	case TYPE_INITIATION:
		cursor_skip(&c, 4);
		break;
	case TYPE_RESPONSE:
		cursor_skip(&c, 8);
		break;
	case TYPE_DATA:
		return cursor_left(&bytes) % 16 == 0 ? MATCH : NO_MATCH;
	default:
		return NO_MATCH;
	}
	if (!is_handshake(c) || (from == FROM_CLIENT) != (type == TYPE_INITIATION))
		return NO_MATCH;
	if (!has_second_mac(bytes))
		*strength = STRENGTH_STRUCTURE;
	return MATCH;
}

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from)
{
	struct wireguard_state *s = d->state;

	s->known = true;
	evidence_protocol(d->evidence, "wireguard", strength, clause, from, d->offset[from]);
	evidence_encryption(d->evidence, ENCRYPTION_ENCRYPTED, strength, clause, from, d->offset[from]);
	d->evidence->encryption.by = "wireguard";
	d->evidence->encryption.version = "WireGuard";
}

static void
dissect_initiation(struct dissection *d, enum direction from, struct cursor bytes, struct cursor c)
{
	struct wireguard_state *s = d->state;

	s->offered[from] = cursor_u32le(&c);
	s->has_offered[from] = true;
	s->has_answered[1 - from] = false;
	if (!is_handshake(c) || (has_second_mac(bytes) && !s->known))
		return;
	claim(d, STRENGTH_STRUCTURE, "WireGuard 5.4.2 handshake initiation", from);
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, STRENGTH_STRUCTURE, "WireGuard 5.4.2 handshake initiation", from, d->offset[from]);
}

static void
dissect_response(struct dissection *d, enum direction from, struct cursor c)
{
	struct wireguard_state *s = d->state;
	uint32_t sender = cursor_u32le(&c), receiver = cursor_u32le(&c);

	if (!s->has_offered[1 - from] || s->offered[1 - from] != receiver || !is_handshake(c))
		return;
	s->answered[from] = sender;
	s->has_answered[from] = true;
	claim(d, STRENGTH_EXCHANGE, "WireGuard 5.4.3 handshake response", from);
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, STRENGTH_EXCHANGE, "WireGuard 5.4.3 handshake response", from, d->offset[from]);
}

/* Data to the index of one side's initiation, or response, once the other has answered, or asked. */
static bool
is_under_handshake(const struct wireguard_state *s, enum direction from, uint32_t receiver)
{
	if (s->has_answered[1 - from] && receiver == s->answered[1 - from])
		return true;
	return s->has_answered[from] && s->has_offered[1 - from] && receiver == s->offered[1 - from];
}

static bool
goes_on(const struct wireguard_state *s, enum direction from, uint32_t receiver, uint64_t counter)
{
	return s->has_counter[from] && s->receiver[from] == receiver && counter > s->counter[from] && counter - s->counter[from] <= COUNTER_STEP_MAX;
}

static void
dissect_data(struct dissection *d, enum direction from, struct cursor c)
{
	struct wireguard_state *s = d->state;
	uint32_t receiver = cursor_u32le(&c);
	uint64_t counter = cursor_u64le(&c);

	if (s->data < UINT8_MAX)
		s->data++;
	if (is_under_handshake(s, from, receiver)) {
		claim(d, STRENGTH_EXCHANGE, "WireGuard 5.4.6 transport data", from);
		evidence_authentication(d->evidence, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, "WireGuard 5.4.6 transport data after a handshake", from, d->offset[from]);
	} else if (goes_on(s, from, receiver, counter) && cursor_looks_random(c) && ++s->growing >= DATA_ENOUGH) {
		claim(d, STRENGTH_STRUCTURE, "WireGuard 5.4.6 transport data", from);
	}
	s->receiver[from] = receiver;
	s->counter[from] = counter;
	s->has_counter[from] = true;
}

/* Messages that do not fit end a flow that was not told to be WireGuard yet, and are passed over in one that was. */
static enum verdict
conclude(const struct dissection *d, uint32_t type)
{
	const struct wireguard_state *s = d->state;

	if (d->evidence->authentication.result == AUTH_SUCCESS)
		return DONE;
	if (!s->known && (type == 0 || s->data > DATA_ENOUGH * 2))
		return NO_MATCH;
	return s->data >= DATA_MAX ? DONE : MATCH;
}

static enum verdict
wireguard_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor whole = *bytes, c = whole;
	uint32_t type = take_type(&c);

	cursor_skip(bytes, cursor_left(bytes));
	switch (type) {
	case TYPE_INITIATION:
		dissect_initiation(d, from, whole, c);
		break;
	case TYPE_RESPONSE:
		dissect_response(d, from, c);
		break;
	case TYPE_DATA:
		dissect_data(d, from, c);
		break;
	}
	return conclude(d, type);
}

const struct dissector wireguard_dissector = {
	.name = "wireguard",
	.specification = "WireGuard: Next Generation Kernel Network Tunnel",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 51820 },
	.first_bytes = { "\1\2\4", "\1\2\4" },
	.state_size = sizeof(struct wireguard_state),
	.probe = wireguard_probe,
	.dissect = wireguard_dissect,
};
