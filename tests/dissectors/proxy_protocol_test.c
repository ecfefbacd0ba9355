/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of the PROXY protocol, whole, in pieces and broken. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

#define SIGNATURE "\r\n\r\n\000\r\nQUIT\n"
#define ADDRESSES "\300\000\002\001\300\000\002\002\234\100\000\120"
#define BINARY SIGNATURE "\041\021\000\014" ADDRESSES
#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t size;
	enum verdict verdict;
} list[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n"), MATCH },
	{ BYTES("PROXY TCP6 2001:db8::1 2001:DB8::2 40000 80\r\n"), MATCH },
	{ BYTES("PROXY UNKNOWN\r\n"), MATCH },
	{ BYTES("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), MATCH },
	{ BYTES(BINARY), MATCH },
	{ BYTES(SIGNATURE "\040\000\000\000"), MATCH }, /* LOCAL: the proxy's own connection */
	{ BYTES(SIGNATURE "\041\021\000\017" ADDRESSES "\004\000\000"), MATCH }, /* with an addition */
	{ BYTES(""), NEED_MORE },
	{ BYTES("PRO"), NEED_MORE },
	{ BYTES("PROXY TCP4 192.0.2.1"), NEED_MORE },
	{ BYTES("\r\n\r\n"), NEED_MORE },
	{ BYTES(SIGNATURE "\041\021\000"), NEED_MORE },
	{ BYTES(SIGNATURE "\041\021\000\014\300"), NEED_MORE },
	{ BYTES("PROXY TCP5 "), NO_MATCH },
	{ BYTES("PROXY TCP4 host other 40000 80\r\n"), NO_MATCH },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 40000\r\n"), NO_MATCH },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\n"), NO_MATCH },
	{ BYTES("PROXY / HTTP/1.1\r\n"), NO_MATCH },
	{ BYTES("POST / HTTP/1.1\r\n"), NO_MATCH },
	{ BYTES("\r\n\r\nGET"), NO_MATCH },
	{ BYTES(SIGNATURE "\061\021\000\014" ADDRESSES), NO_MATCH },
	{ BYTES(SIGNATURE "\042\021\000\014" ADDRESSES), NO_MATCH },
	{ BYTES(SIGNATURE "\041\121\000\014" ADDRESSES), NO_MATCH },
	{ BYTES(SIGNATURE "\041\021\000\013" ADDRESSES), NO_MATCH },
	{ BYTES(SIGNATURE "\041\021\100\014" ADDRESSES), NO_MATCH },
};

static void
headers(void **state)
{
	struct flow_view flow = { 0 };
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char *block = malloc(list[i].size + (list[i].size == 0));

		memcpy(block, list[i].bytes, list[i].size);
		if (proxy_protocol_dissector.probe(&flow, FROM_CLIENT, cursor_over(block, list[i].size), &strength) != list[i].verdict)
			fail_msg("%zu", i);
		assert_int_equal(proxy_protocol_dissector.probe(&flow, FROM_SERVER, cursor_over(block, list[i].size), &strength), NO_MATCH);
		free(block);
	}
}

static void
long_line(void **state)
{
	struct flow_view flow = { 0 };
	enum strength strength;
	char line[200];

	(void)state;
	memset(line, '1', sizeof(line));
	memcpy(line, "PROXY TCP4 ", 11);
	assert_int_equal(proxy_protocol_dissector.probe(&flow, FROM_CLIENT, cursor_over(line, sizeof(line)), &strength), NO_MATCH);
}

/* The flow begins behind the header, whatever pieces it came in; nothing is said of it. */
static void
passed_over(void **state)
{
	static const struct message message[] = { CLIENT(BINARY "GET /"), CLIENT("PROXY UNKNOWN\r\nGET /") };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t chunk = 0; chunk < 4; chunk++) {
			conversation_init(&c, &proxy_protocol_dissector);
			if (i == 1)
				conversation_send(&c, FROM_SERVER, "220 early\r\n", 11);
			conversation_run(&c, &message[i], 1, chunk);
			assert_true(c.upgraded_to_probe);
			assert_true(c.preamble);
			assert_null(c.evidence.protocol);
			assert_int_equal(c.evidence.strength, STRENGTH_NONE);
			if (chunk == 0)
				assert_int_equal(c.size[FROM_CLIENT], 5);
			conversation_clear(&c);
		}
		conversation_each_prefix(&proxy_protocol_dissector, &message[i], 1, NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(long_line),
		cmocka_unit_test(passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
