/* SPDX-License-Identifier: Apache-2.0 */
/* Greetings on the bus of a Redis Cluster, put together from the header that Redis declares. */
#include <config.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

enum { SIZE = 2256 };

/* A message of that type and size; what follows the node's name is zero. */
static const uint8_t *
bus_message(uint8_t type, uint16_t size)
{
	static uint8_t bytes[4][4096];
	static unsigned next;
	uint8_t *m = bytes[next++ % 4];

	memset(m, 0, sizeof(bytes[0]));
	memcpy(m, "RCmb\0\0\0\0\0\1\x18\xeb\0\0\0\1", 16);
	m[6] = (uint8_t)(size >> 8);
	m[7] = (uint8_t)size;
	m[13] = type;
	memset(m + 40, 'a', 40);
	return m;
}

static void
nobody_authenticates(void **state)
{
	const struct message messages[] = { { FROM_CLIENT, bus_message(2, SIZE), SIZE }, { FROM_SERVER, bus_message(1, SIZE + 104), SIZE + 104 } };
	struct conversation c;

	(void)state;
	for (size_t chunk = 0; chunk < 100; chunk += 9) {
		conversation_init(&c, &redis_bus_dissector);
		conversation_run(&c, messages, 2, chunk);
		assert_string_equal(c.evidence.protocol, "redis");
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		assert_int_equal(c.verdict, DONE);
		conversation_clear(&c);
	}
}

static void
an_answer_is_needed(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_bus_dissector);
	conversation_send(&c, FROM_CLIENT, bus_message(0, SIZE), SIZE);
	conversation_send(&c, FROM_SERVER, bus_message(0, SIZE), SIZE);
	conversation_send(&c, FROM_CLIENT, bus_message(1, SIZE), SIZE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.verdict, MATCH);
	conversation_clear(&c);
}

/* Joined in the middle it is the bus all the same, but what went before is not known. */
static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_bus_dissector);
	c.flow.handshake_seen = false;
	conversation_send(&c, FROM_CLIENT, bus_message(0, SIZE), SIZE);
	conversation_send(&c, FROM_SERVER, bus_message(1, SIZE), SIZE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
prefixes(void **state)
{
	const struct message messages[] = { { FROM_CLIENT, bus_message(0, SIZE), SIZE }, { FROM_SERVER, bus_message(1, SIZE), SIZE } };

	(void)state;
	conversation_each_prefix(&redis_bus_dissector, messages, 2, NULL);
}

static enum verdict
probe(const void *bytes, size_t size)
{
	struct flow_view flow = { .ip_protocol = IPPROTO_TCP };
	enum strength strength = STRENGTH_NONE;
	uint8_t *copy = malloc(size + (size == 0));
	enum verdict verdict;

	memcpy(copy, bytes, size);
	verdict = redis_bus_dissector.probe(&flow, FROM_CLIENT, cursor_over(copy, size), &strength);
	free(copy);
	return verdict;
}

static void
what_is_the_bus(void **state)
{
	uint8_t m[SIZE];

	(void)state;
	memcpy(m, bus_message(0, SIZE), SIZE);
	assert_int_equal(probe(m, SIZE), MATCH);
	assert_int_equal(probe(m, 80), MATCH);
	assert_int_equal(probe(m, 79), NEED_MORE);
	assert_int_equal(probe(m, 3), NEED_MORE);
	m[40] = 'g';
	assert_int_equal(probe(m, SIZE), NO_MATCH);
	assert_int_equal(probe(bus_message(11, SIZE), SIZE), NO_MATCH);
	assert_int_equal(probe(bus_message(0, SIZE - 1), SIZE), NO_MATCH);
	memcpy(m, bus_message(4, 16), SIZE);
	assert_int_equal(probe(m, 16), NO_MATCH);
	m[12] = 0x80; /* a light header */
	assert_int_equal(probe(m, 16), MATCH);
	assert_int_equal(probe("RETR 1\r\n........", 16), NO_MATCH);
}

static void
another_message_must_follow(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_bus_dissector);
	conversation_send(&c, FROM_CLIENT, bus_message(0, SIZE), SIZE);
	conversation_send(&c, FROM_CLIENT, "something else", 14);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_authenticates),
		cmocka_unit_test(an_answer_is_needed),
		cmocka_unit_test(midstream),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(what_is_the_bus),
		cmocka_unit_test(another_message_must_follow),
	};

	return cmocka_run_group_tests_name("dissectors/redis_bus", tests, NULL, NULL);
}
