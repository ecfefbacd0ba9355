/* SPDX-License-Identifier: Apache-2.0 */
/* AH headers (RFC 4302): plaintext, unless ESP is inside. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

#define HEADER(next) next "\x04\0\0\xde\xad\xbe\xef\0\0\0\1" "0123456789ab"
static const char icmp[] = HEADER("\1") "\x08\0\xf7\xff\0\0\0\0";
static const char esp[] = HEADER("\x32") "\0\0\x10\0\0\0\0\1";

static void
readable(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &ah_dissector);
	conversation_send(&c, FROM_CLIENT, icmp, sizeof(icmp) - 1);
	assert_int_equal(c.verdict, DONE);
	assert_string_equal(c.evidence.protocol, "ah");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
esp_inside(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &ah_dissector);
	conversation_send(&c, FROM_CLIENT, esp, sizeof(esp) - 1);
	conversation_send(&c, FROM_CLIENT, "odd", 3);
	assert_int_equal(c.verdict, MATCH);
	assert_string_equal(c.evidence.protocol, "ah");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

static void
broken(void **state)
{
	static const struct {
		size_t at;
		char value;
	} list[] = { { 1, 0 }, { 1, 1 }, { 1, 60 }, { 2, 1 }, { 11, 0 } };
	struct conversation c;
	char bytes[sizeof(icmp)];

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		memcpy(bytes, icmp, sizeof(bytes));
		bytes[list[i].at] = list[i].value;
		conversation_init(&c, &ah_dissector);
		conversation_send(&c, FROM_CLIENT, bytes, sizeof(bytes) - 1);
		assert_int_equal(c.verdict, NO_MATCH);
		assert_null(c.evidence.protocol);
		conversation_clear(&c);
	}
	memcpy(bytes, icmp, sizeof(bytes));
	memset(bytes + 4, 0, 3); /* a reserved SPI */
	conversation_init(&c, &ah_dissector);
	conversation_send(&c, FROM_CLIENT, bytes, sizeof(bytes) - 1);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	struct flow_view flow = { 0 };
	enum strength strength;

	(void)state;
	assert_int_equal(ah_dissector.probe(&flow, FROM_CLIENT, cursor_over(icmp, sizeof(icmp) - 1), &strength), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	for (size_t size = 0; size < 24; size++)
		assert_int_equal(ah_dissector.probe(&flow, FROM_CLIENT, cursor_over(icmp, size), &strength), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable),
		cmocka_unit_test(esp_inside),
		cmocka_unit_test(broken),
		cmocka_unit_test(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
