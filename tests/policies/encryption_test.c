/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "encryption": its value by state of encryption, and the findings of each. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

static void
values_by_state(void **state)
{
	static const struct policy_case cases[] = {
		{ "half open", { .protocol = "http" }, IS_NOT_APPLICABLE, NULL },
		{ "unrecognised bytes", { .payload = true }, IS_NOT_OBSERVED, NULL },
		{ "ping", { .payload = true, .ip_protocol = 1, .state = ENCRYPTION_PLAINTEXT }, IS_NOT_APPLICABLE, NULL },
		{ "ping6", { .payload = true, .ip_protocol = 58 }, IS_NOT_APPLICABLE, NULL },
		{ "plaintext", { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT }, 0, "plaintext-service high" },
		{ "plaintext of no name", { .payload = true, .state = ENCRYPTION_PLAINTEXT }, 0, "plaintext-service high" },
		{ "what is plaintext everywhere", { .payload = true, .protocol = "dns", .state = ENCRYPTION_PLAINTEXT }, 0, "plaintext-service low" },
		{ "partial", { .payload = true, .protocol = "smtp", .state = ENCRYPTION_PARTIAL }, 0.5, "partial-encryption medium" },
		{ "upgraded", { .payload = true, .protocol = "smtp", .state = ENCRYPTION_UPGRADED }, 1, NULL },
		{ "encrypted", { .payload = true, .protocol = "tls", .state = ENCRYPTION_ENCRYPTED }, 1, NULL },
		{ "encrypted, above IP", { .ip_protocol = 50, .state = ENCRYPTION_ENCRYPTED }, 1, NULL },
		{ "plaintext in an encrypted tunnel", { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT, .tunnel = "wireguard", .tunnel_encrypted = true }, 1, NULL },
		{ "plaintext in a plain tunnel", { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT, .tunnel = "vxlan" }, 0, "plaintext-service high" },
		{ "a state nobody defined", { .payload = true, .state = 200 }, IS_NOT_OBSERVED, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&encryption_policy, NULL, cases);
}

static void
parameters_change_it(void **state)
{
	static const struct policy_case cases[] = {
		{ "partial is good enough", { .payload = true, .protocol = "smtp", .state = ENCRYPTION_PARTIAL }, 1, NULL },
		{ "plaintext", { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT }, 0, "plaintext-service low" },
		{ "severity has a floor", { .payload = true, .protocol = "ntp", .state = ENCRYPTION_PLAINTEXT }, 0, "plaintext-service info" },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&encryption_policy, "  encryption: { partial: 1, severity: low }\n", cases);
}

static void
no_findings_when_off(void **state)
{
	static const struct policy_case cases[] = {
		{ "plaintext", { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT }, 0, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&encryption_policy, "  encryption: { weight: 0 }\n", cases);
}

/* The advice names the settings of the protocol's server, where it is known. */
static void
advice_fits_the_protocol(void **state)
{
	static const struct {
		const char *protocol, *words;
	} cases[] = {
		{ "postgresql", "hostssl" },
		{ "redis", "tls-port" },
		{ "mysql", "require_secure_transport=ON" },
		{ "http", "HTTPS" },
		{ "gopher", "turn on TLS" },
		{ NULL, "turn on TLS" },
	};
	struct policy_set *set = policy_set_default();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence_class e = { .payload = true, .protocol = cases[i].protocol, .state = ENCRYPTION_PLAINTEXT };
		struct violation v[POLICY_VIOLATIONS_MAX];

		assert_int_equal(policy_violations(&set->settings[0], &e, v), 1);
		assert_non_null(strstr(v[0].advice, cases[i].words));
	}
	policy_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_state),
		cmocka_unit_test(parameters_change_it),
		cmocka_unit_test(no_findings_when_off),
		cmocka_unit_test(advice_fits_the_protocol),
	};

	return cmocka_run_group_tests_name("policies/encryption", tests, NULL, NULL);
}
