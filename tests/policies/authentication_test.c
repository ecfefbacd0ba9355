/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "authentication": outcome and method, and what "mutual: required" makes of TLS. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

#define PLAIN(outcome, how) { .payload = true, .protocol = "http", .state = ENCRYPTION_PLAINTEXT, .result = (outcome), .method = (how) }
#define TLS(client, outcome, how) \
	{ .payload = true, .protocol = "tls", .state = ENCRYPTION_ENCRYPTED, .by = "tls", .mutual = (client), .result = (outcome), .method = (how) }

static void
values_by_outcome(void **state)
{
	static const struct policy_case cases[] = {
		{ "half open", { .protocol = "http", .result = AUTH_UNKNOWN }, IS_NOT_APPLICABLE, NULL },
		{ "ping", { .payload = true, .ip_protocol = 1 }, IS_NOT_APPLICABLE, NULL },
		{ "dns", PLAIN(AUTH_NOT_APPLICABLE, NULL), IS_NOT_APPLICABLE, NULL },
		{ "unknown", PLAIN(AUTH_UNKNOWN, NULL), IS_NOT_OBSERVED, NULL },
		{ "attempted", PLAIN(AUTH_ATTEMPTED, "md5"), IS_NOT_OBSERVED, NULL },
		{ "failure", PLAIN(AUTH_FAILURE, "md5"), IS_NOT_OBSERVED, NULL },
		{ "none", PLAIN(AUTH_NONE, NULL), 0, "unauthenticated-service high" },
		{ "inside TLS", TLS(MUTUAL_NO, AUTH_UNKNOWN, NULL), IS_NOT_OBSERVED, NULL },
		{ "client certificate", TLS(MUTUAL_YES, AUTH_SUCCESS, "tls-client-cert"), 1, NULL },
		{ "an outcome nobody defined", PLAIN(77, NULL), IS_NOT_OBSERVED, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&authentication_policy, NULL, cases);
}

static void
values_by_method(void **state)
{
	static const struct policy_case cases[] = {
		{ "scram-sha-256", PLAIN(AUTH_SUCCESS, "scram-sha-256"), 1, NULL },
		{ "caching_sha2_password", PLAIN(AUTH_SUCCESS, "caching_sha2_password"), 0.9, NULL },
		{ "http-bearer-jwt", PLAIN(AUTH_SUCCESS, "http-bearer-jwt"), 0.8, NULL },
		{ "mysql_native_password", PLAIN(AUTH_SUCCESS, "mysql_native_password"), 0.6, NULL },
		{ "http-basic", PLAIN(AUTH_SUCCESS, "http-basic"), 0.5, NULL },
		{ "redis-auth", PLAIN(AUTH_SUCCESS, "redis-auth"), 0.5, NULL },
		{ "md5", PLAIN(AUTH_SUCCESS, "md5"), 0.5, NULL },
		{ "cleartext-password", PLAIN(AUTH_SUCCESS, "cleartext-password"), 0.3, "weak-authentication medium" },
		{ "auth_sys", PLAIN(AUTH_SUCCESS, "auth_sys"), 0.1, "weak-authentication medium" },
		{ "another", PLAIN(AUTH_SUCCESS, "sasl-otp"), 0.5, NULL },
		{ "not known", PLAIN(AUTH_SUCCESS, NULL), 0.5, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&authentication_policy, NULL, cases);
}

static void
parameters_change_it(void **state)
{
	static const struct policy_case cases[] = {
		{ "http-basic", PLAIN(AUTH_SUCCESS, "http-basic"), 0.2, "weak-authentication low" },
		{ "a method of the set's own", PLAIN(AUTH_SUCCESS, "sasl-otp"), 0.75, "weak-authentication low" },
		{ "another", PLAIN(AUTH_SUCCESS, "sasl-skey"), 0.4, "weak-authentication low" },
		{ "scram-sha-256 as by default", PLAIN(AUTH_SUCCESS, "scram-sha-256"), 1, NULL },
		{ "below 1 but not weak", PLAIN(AUTH_SUCCESS, "http-bearer-jwt"), 0.8, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&authentication_policy,
		"  authentication:\n    severity: medium\n    other-method: 0.4\n    weak-below: 0.8\n    methods: { http-basic: 0.2, sasl-otp: 0.75 }\n", cases);
}

static void
mutual_required(void **state)
{
	static const struct policy_case cases[] = {
		{ "no certificate", TLS(MUTUAL_NO, AUTH_UNKNOWN, NULL), 0, "mutual-tls-missing high" },
		{ "asked for, none sent", TLS(MUTUAL_REQUESTED, AUTH_UNKNOWN, NULL), 0, "mutual-tls-missing high" },
		{ "certificate", TLS(MUTUAL_YES, AUTH_SUCCESS, "tls-client-cert"), 1, NULL },
		{ "certificate, outcome not seen", TLS(MUTUAL_YES, AUTH_UNKNOWN, NULL), 1, NULL },
		{ "not seen", TLS(MUTUAL_UNKNOWN, AUTH_UNKNOWN, NULL), IS_NOT_OBSERVED, NULL },
		{ "the server refused", TLS(MUTUAL_REQUESTED, AUTH_FAILURE, "tls-client-cert"), IS_NOT_OBSERVED, NULL },
		{ "a password does not make up for it", TLS(MUTUAL_NO, AUTH_SUCCESS, "scram-sha-256"), 0, "mutual-tls-missing high" },
		{ "DNS over TLS", TLS(MUTUAL_NO, AUTH_NOT_APPLICABLE, NULL), IS_NOT_APPLICABLE, NULL },
		{ "plaintext is judged as before", PLAIN(AUTH_NONE, NULL), 0, "unauthenticated-service high" },
		{ "and so is a login in plaintext", PLAIN(AUTH_SUCCESS, "scram-sha-256"), 1, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&authentication_policy, "  authentication: { mutual: required }\n", cases);
}

static void
mutual_with_less_trust_in_certificates(void **state)
{
	static const struct policy_case cases[] = {
		{ "certificate", TLS(MUTUAL_YES, AUTH_UNKNOWN, NULL), 0.4, "weak-authentication medium" },
		{ "certificate, nothing else", TLS(MUTUAL_YES, AUTH_NONE, NULL), 0.4, "weak-authentication medium" },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&authentication_policy, "  authentication: { mutual: required, methods: { tls-client-cert: 0.4 } }\n", cases);
}

static void
advice_fits_the_protocol(void **state)
{
	static const struct {
		const char *protocol, *words;
	} cases[] = {
		{ "postgresql", "scram-sha-256" },
		{ "redis", "requirepass" },
		{ "imap", "require a login" }, /* a row without advice of its own */
		{ NULL, "require a login" },
	};
	struct policy_set *set = policy_set_default();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence_class e = { .payload = true, .protocol = cases[i].protocol, .result = AUTH_NONE };
		struct violation v[POLICY_VIOLATIONS_MAX];

		assert_int_equal(policy_violations(&set->settings[4], &e, v), 1);
		assert_non_null(strstr(v[0].advice, cases[i].words));
	}
	policy_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_outcome),
		cmocka_unit_test(values_by_method),
		cmocka_unit_test(parameters_change_it),
		cmocka_unit_test(mutual_required),
		cmocka_unit_test(mutual_with_less_trust_in_certificates),
		cmocka_unit_test(advice_fits_the_protocol),
	};

	return cmocka_run_group_tests_name("policies/authentication", tests, NULL, NULL);
}
