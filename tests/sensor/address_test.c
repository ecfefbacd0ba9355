/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to and from text. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/address.h"

static void
test_text(void **state)
{
	/* As written, and as RFC 5952 writes it. */
	static const char *const texts[][2] = {
		{ "10.0.0.1", "10.0.0.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "FD00:0:0:0:0:0:0:1", "fd00::1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	char text[ADDRESS_TEXT_SIZE];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(address_parse(texts[i][0], &a));
		assert_string_equal(address_text(&a, text), texts[i][1]);
	}
}

static void
test_no_address(void **state)
{
	static const char *const texts[] = { "", "10.0.0", "10.0.0.256", "10.0.0.1 ", "fd00::1::2", "host", "fe80::1%eth0", "10.0.0.0/8" };
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(address_parse(texts[i], &a));
}

static void
test_bytes(void **state)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 }, v6[16] = { 0xfd, [15] = 1 };
	struct address a = address_from_v4(v4), b = address_from_v6(v6), c;

	(void)state;
	assert_true(address_is_v4(&a));
	assert_false(address_is_v4(&b));
	assert_true(address_parse("192.0.2.1", &c));
	assert_true(address_equal(&a, &c));
	assert_false(address_equal(&a, &b));
	assert_true(address_compare(&a, &b) < 0);
	assert_true(address_compare(&b, &a) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests_name("sensor/address", tests, NULL, NULL);
}
