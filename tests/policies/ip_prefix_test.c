/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and CIDR prefixes of policy sets: which are read, and what is inside them. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "policies/ip_prefix.h"

static void
refuses_what_is_none(void **state)
{
	static const char *const texts[] = {
		"", "/", "/8", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/1000", "10.0.0.0/8/8",
		"10.0.0.0/8 ", "10.0.0.1/8", "010.0.0.1", "fd00::/129", "fd00::1/64", "fd00:::/8", "localhost", "10.0.0.*",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip_prefix p;

		if (ip_prefix_parse(texts[i], &p))
			fail_msg("'%s' was read", texts[i]);
	}
}

static void
contains_by_bits(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool inside;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "192.168.4.0/22", "192.168.7.255", true },
		{ "192.168.4.0/22", "192.168.8.0", false },
		{ "10.1.2.3", "10.1.2.3", true },
		{ "10.1.2.3", "10.1.2.2", false },
		{ "10.1.2.3/32", "10.1.2.3", true },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "::/0", "10.1.2.3", false },
		{ "fd00::/8", "fdff::1", true },
		{ "fd00::/8", "fe00::1", false },
		{ "fd00::1", "fd00::1", true },
		{ "fd00::1", "FD00:0:0:0::1", true },
		{ "fd00::1", "fd00::2", false },
		/* IPv4-mapped is IPv4 */
		{ "::ffff:10.0.0.0/104", "10.2.3.4", true },
		{ "10.0.0.0/8", "::ffff:10.2.3.4", true },
		{ "10.0.0.0/8", "", false },
		{ "10.0.0.0/8", "10.0.0.0/8", false },
		{ "10.0.0.0/8", "web.shop", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_prefix p;

		assert_true(ip_prefix_parse(cases[i].prefix, &p));
		if (ip_prefix_contains(&p, cases[i].address) != cases[i].inside)
			fail_msg("'%s' inside %s is not %d", cases[i].address, cases[i].prefix, cases[i].inside);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(contains_by_bits),
	};

	return cmocka_run_group_tests_name("policies/ip_prefix", tests, NULL, NULL);
}
