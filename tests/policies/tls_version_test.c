/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "tls-version": a table of versions. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

#define OVER(protocol, name) { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = (protocol), .version = (name) }

#define DOWNGRADED(v) { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .version = (v), .encryption_flags = ENCRYPTION_DOWNGRADE }

static void
values_by_version(void **state)
{
	static const struct policy_case cases[] = {
		{ "plaintext", { .payload = true, .state = ENCRYPTION_PLAINTEXT }, IS_NOT_APPLICABLE, NULL },
		{ "another encryption", OVER("ssh", "2.0"), IS_NOT_APPLICABLE, NULL },
		{ "nothing sent", { .by = "tls" }, IS_NOT_APPLICABLE, NULL },
		{ "joined in the middle", OVER("tls", NULL), IS_NOT_OBSERVED, NULL },
		{ "a draft", OVER("quic", "draft-29"), IS_NOT_OBSERVED, NULL },
		{ "SSLv2", OVER("tls", "SSLv2"), 0, "weak-tls-version high" },
		{ "SSLv3", OVER("tls", "SSLv3"), 0, "weak-tls-version high" },
		{ "TLS1.0", OVER("tls", "TLS1.0"), 0, "weak-tls-version medium" },
		{ "TLS1.1", OVER("tls", "TLS1.1"), 0, "weak-tls-version medium" },
		{ "TLS1.2", OVER("tls", "TLS1.2"), 1, NULL },
		{ "TLS1.3", OVER("tls", "TLS1.3"), 1, NULL },
		{ "DTLS1.0", OVER("dtls", "DTLS1.0"), 0, "weak-tls-version medium" },
		{ "DTLS1.2", OVER("dtls", "DTLS1.2"), 1, NULL },
		{ "DTLS1.3", OVER("dtls", "DTLS1.3"), 1, NULL },
		{ "QUICv1", OVER("quic", "QUICv1"), 1, NULL },
		{ "QUICv2", OVER("quic", "QUICv2"), 1, NULL },
		{ "TLS1.2, downgraded", DOWNGRADED("TLS1.2"), 0.5, "tls-downgrade medium" },
		{ "TLS1.0, downgraded", DOWNGRADED("TLS1.0"), 0, "weak-tls-version medium, tls-downgrade medium" },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&tls_version_policy, NULL, cases);
}

/* A set changes single rows; the others keep their defaults. */
static void
rows_are_replaced_one_by_one(void **state)
{
	static const struct policy_case cases[] = {
		{ "TLS1.1", OVER("tls", "TLS1.1"), 0, "weak-tls-version critical" },
		{ "TLS1.2", OVER("tls", "TLS1.2"), 0.6, "weak-tls-version critical" },
		{ "TLS1.3", OVER("tls", "TLS1.3"), 1, NULL },
		{ "severity has a ceiling", OVER("tls", "SSLv3"), 0, "weak-tls-version critical" },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&tls_version_policy, "  tls-version: { severity: critical, versions: { TLS1.2: 0.6 } }\n", cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_version),
		cmocka_unit_test(rows_are_replaced_one_by_one),
	};

	return cmocka_run_group_tests_name("policies/tls_version", tests, NULL, NULL);
}
