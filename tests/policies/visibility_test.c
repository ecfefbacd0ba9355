/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "visibility": is the protocol known? */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

static void
values_by_protocol(void **state)
{
	static const struct policy_case cases[] = {
		{ "half open", { .server_port = 80 }, IS_NOT_APPLICABLE, NULL },
		{ "known", { .payload = true, .protocol = "redis" }, 1, NULL },
		{ "not known", { .payload = true }, 0, "unclassified-traffic low" },
		{ "known to be unknown", { .payload = true, .protocol = "unknown" }, 0, "unclassified-traffic low" },
		{ "ping", { .payload = true, .protocol = "icmp", .ip_protocol = 1 }, 1, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&visibility_policy, NULL, cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_protocol),
	};

	return cmocka_run_group_tests_name("policies/visibility", tests, NULL, NULL);
}
