/* SPDX-License-Identifier: Apache-2.0 */
/* WireGuard sessions by the specification: keys and ciphertext are pseudorandom, as they look from outside. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

enum { INITIATION = 1, RESPONSE = 2, COOKIE = 3, DATA = 4 };

struct datagram {
	uint8_t at[1500];
	size_t size;
};

static uint32_t seed = 1;

static void
put_le(struct datagram *b, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		b->at[b->size++] = (uint8_t)(value >> 8 * i);
}

static void
put_random(struct datagram *b, size_t size)
{
	while (size-- > 0) {
		seed = seed * 1664525u + 1013904223u;
		b->at[b->size++] = (uint8_t)(seed >> 24);
	}
}

static struct datagram
handshake(uint32_t type, uint32_t sender, uint32_t receiver, bool under_load)
{
	struct datagram b = { .size = 0 };
	size_t key;

	put_le(&b, type, 4);
	put_le(&b, sender, 4);
	if (type == RESPONSE)
		put_le(&b, receiver, 4);
	key = b.size;
	put_random(&b, (type == INITIATION ? 148u : 92u) - 16 - b.size);
	b.at[key + 31] &= 0x7f;
	if (under_load)
		put_random(&b, 16);
	else
		put_le(&b, 0, 8), put_le(&b, 0, 8);
	return b;
}

static struct datagram
data(uint32_t receiver, uint64_t counter, size_t size)
{
	struct datagram b = { .size = 0 };

	put_le(&b, DATA, 4);
	put_le(&b, receiver, 4);
	put_le(&b, counter, 8);
	put_random(&b, size);
	return b;
}

static struct conversation c;

static void
send(enum direction from, struct datagram b)
{
	conversation_send(&c, from, b.at, b.size);
}

static void
expect(enum encryption_state state, enum auth_result result)
{
	const struct evidence *e = &c.evidence;

	conversation_end(&c);
	assert_int_equal(e->encryption.state, state);
	assert_string_equal(auth_result_names[e->authentication.result], auth_result_names[result]);
	if (state == ENCRYPTION_ENCRYPTED) {
		assert_string_equal(e->protocol, "wireguard");
		assert_string_equal(e->encryption.by, "wireguard");
		assert_string_equal(e->encryption.version, "WireGuard");
	} else {
		assert_null(e->protocol);
	}
	if (result != AUTH_UNKNOWN)
		assert_string_equal(e->authentication.method, "wireguard-keys");
	conversation_clear(&c);
}

static void
begin(void)
{
	conversation_init(&c, &wireguard_dissector);
}

static void
sessions(void **state)
{
	(void)state;
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	expect(ENCRYPTION_ENCRYPTED, AUTH_ATTEMPTED);
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1111, false));
	expect(ENCRYPTION_ENCRYPTED, AUTH_ATTEMPTED);
	/* The initiator's keepalive confirms the keys. */
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1111, true));
	send(FROM_CLIENT, data(0x2222, 0, 16));
	assert_int_equal(c.verdict, DONE);
	expect(ENCRYPTION_ENCRYPTED, AUTH_SUCCESS);
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1111, false));
	send(FROM_SERVER, data(0x1111, 0, 96));
	expect(ENCRYPTION_ENCRYPTED, AUTH_SUCCESS);
	/* Indices that do not fit: the answer is to another, the data is of an older session. */
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1112, false));
	send(FROM_CLIENT, data(0x2222, 0, 16));
	send(FROM_SERVER, data(0x1111, 0, 16));
	expect(ENCRYPTION_ENCRYPTED, AUTH_ATTEMPTED);
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1111, false));
	send(FROM_CLIENT, data(0x3333, 7, 16));
	send(FROM_SERVER, data(0x4444, 9, 16));
	expect(ENCRYPTION_ENCRYPTED, AUTH_ATTEMPTED);
	/* A cookie in between, then again. */
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	struct datagram cookie = { .size = 0 };
	put_le(&cookie, COOKIE, 4);
	put_random(&cookie, 60);
	send(FROM_SERVER, cookie);
	send(FROM_CLIENT, handshake(INITIATION, 0x1113, 0, true));
	send(FROM_SERVER, handshake(RESPONSE, 0x2222, 0x1113, false));
	send(FROM_CLIENT, data(0x2222, 0, 16));
	expect(ENCRYPTION_ENCRYPTED, AUTH_SUCCESS);
}

static void
midstream(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 3; i++)
		send(FROM_SERVER, data(0x5555, 1000 + i, 96));
	assert_null(c.evidence.protocol);
	send(FROM_SERVER, data(0x5555, 1003, 1420));
	expect(ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN);
	/* Counters that stand, go back, or leap; changing indices. */
	begin();
	for (uint64_t i = 0; i < 20; i++)
		send(FROM_SERVER, data(0x5555, 1000, 96));
	assert_int_equal(c.verdict, NO_MATCH);
	expect(ENCRYPTION_UNKNOWN, AUTH_UNKNOWN);
	begin();
	for (uint64_t i = 0; i < 20; i++)
		send(FROM_SERVER, data(0x5555, i * 1000000, 96));
	expect(ENCRYPTION_UNKNOWN, AUTH_UNKNOWN);
	begin();
	for (uint32_t i = 0; i < 20; i++)
		send(FROM_SERVER, data(0x5555 + i, i, 96));
	expect(ENCRYPTION_UNKNOWN, AUTH_UNKNOWN);
	/* Something else in a known session ends nothing; the session is looked at for a while only. */
	begin();
	send(FROM_CLIENT, handshake(INITIATION, 0x1111, 0, false));
	conversation_send(&c, FROM_CLIENT, "what", 4);
	for (uint64_t i = 0; i < 40; i++)
		send(FROM_CLIENT, data(0x5555, i, 96));
	assert_int_equal(c.verdict, DONE);
	expect(ENCRYPTION_ENCRYPTED, AUTH_ATTEMPTED);
}

/* Records of fixed size with a small number at the beginning and zeros at the end are many a program's. */
static void
readable_records(void **state)
{
	(void)state;
	begin();
	struct datagram record = { .size = 0 };
	put_le(&record, INITIATION, 4);
	put_le(&record, 0x1111, 4);
	while (record.size < 120)
		put_le(&record, (uint64_t)"position 12 of unit 7, "[record.size % 23], 1);
	while (record.size < 148)
		put_le(&record, 0, 1);
	send(FROM_CLIENT, record);
	expect(ENCRYPTION_UNKNOWN, AUTH_UNKNOWN);
	begin();
	for (uint64_t i = 0; i < 12; i++) {
		struct datagram message = data(0x5555, 1000 + i, 0);

		while (message.size < 96)
			put_le(&message, message.size % 8 == 0 ? i : 0, 1);
		send(FROM_SERVER, message);
	}
	expect(ENCRYPTION_UNKNOWN, AUTH_UNKNOWN);
}

static enum verdict
probe(struct datagram b, enum direction from, enum strength *strength)
{
	struct flow_view flow = { .ip_protocol = wireguard_dissector.ip_protocol, .client_port = 1, .server_port = 2 };
	uint8_t *block = malloc(b.size + 1);
	enum verdict verdict;

	memcpy(block, b.at, b.size);
	verdict = wireguard_dissector.probe(&flow, from, cursor_over(block, b.size), strength);
	free(block);
	return verdict;
}

static void
probes(void **state)
{
	enum strength strength;
	struct datagram b = handshake(INITIATION, 7, 0, false);

	(void)state;
	assert_int_equal(probe(b, FROM_CLIENT, &strength), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	assert_int_equal(probe(b, FROM_SERVER, &strength), NO_MATCH);
	assert_int_equal(probe(handshake(INITIATION, 7, 0, true), FROM_CLIENT, &strength), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	assert_int_equal(probe(handshake(RESPONSE, 7, 8, false), FROM_SERVER, &strength), MATCH);
	assert_int_equal(probe(handshake(RESPONSE, 7, 8, false), FROM_CLIENT, &strength), NO_MATCH);
	assert_int_equal(probe(data(1, 2, 32), FROM_SERVER, &strength), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	assert_int_equal(probe(data(1, 2, 33), FROM_SERVER, &strength), NO_MATCH);
	assert_int_equal(probe(data(1, 2, 0), FROM_SERVER, &strength), NO_MATCH);
	/* Near misses: another size, a flag in the reserved bytes, no key, no MAC. */
	for (b.size = 0; b.size < 148; b.size++)
		assert_int_equal(probe(b, FROM_CLIENT, &strength), NO_MATCH);
	b = handshake(INITIATION, 7, 0, false);
	b.at[1] = 1;
	assert_int_equal(probe(b, FROM_CLIENT, &strength), NO_MATCH);
	b = handshake(INITIATION, 7, 0, false);
	b.at[8 + 31] |= 0x80;
	assert_int_equal(probe(b, FROM_CLIENT, &strength), NO_MATCH);
	b = handshake(INITIATION, 7, 0, false);
	memset(b.at + 8, 0, 32);
	assert_int_equal(probe(b, FROM_CLIENT, &strength), NO_MATCH);
	b = handshake(INITIATION, 7, 0, false);
	memset(b.at + 116, 0, 16);
	assert_int_equal(probe(b, FROM_CLIENT, &strength), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions),
		cmocka_unit_test(midstream),
		cmocka_unit_test(readable_records),
		cmocka_unit_test(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
