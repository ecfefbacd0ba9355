/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "credential-exposure": secrets that can be replayed, in the clear. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

static void
values_by_exposure(void **state)
{
	static const struct policy_case cases[] = {
		{ "half open", { .protocol = "http" }, IS_NOT_APPLICABLE, NULL },
		{ "ping", { .payload = true, .ip_protocol = 1 }, IS_NOT_APPLICABLE, NULL },
		{ "unrecognised bytes", { .payload = true }, IS_NOT_OBSERVED, NULL },
		{ "no secret", { .payload = true, .state = ENCRYPTION_PLAINTEXT }, 1, NULL },
		{ "partial", { .payload = true, .state = ENCRYPTION_PARTIAL }, 1, NULL },
		{ "upgraded", { .payload = true, .state = ENCRYPTION_UPGRADED }, 1, NULL },
		{ "encrypted", { .payload = true, .state = ENCRYPTION_ENCRYPTED }, 1, NULL },
		{ "password", { .payload = true, .protocol = "redis", .state = ENCRYPTION_PLAINTEXT, .cleartext_credentials = true }, 0,
			"cleartext-credentials high" },
		{ "password before the upgrade", { .payload = true, .state = ENCRYPTION_PARTIAL, .cleartext_credentials = true }, 0,
			"cleartext-credentials high" },
		{ "service account token", { .payload = true, .state = ENCRYPTION_PLAINTEXT, .cleartext_credentials = true, .service_account_token = true }, 0,
			"service-account-token-exposed critical, cleartext-credentials high" },
		{ "the token alone", { .payload = true, .state = ENCRYPTION_PLAINTEXT, .service_account_token = true }, 0,
			"service-account-token-exposed critical" },
		{ "in an encrypted tunnel", { .payload = true, .state = ENCRYPTION_PLAINTEXT, .cleartext_credentials = true, .tunnel_encrypted = true }, 1, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&credential_exposure_policy, NULL, cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_exposure),
	};

	return cmocka_run_group_tests_name("policies/credential_exposure", tests, NULL, NULL);
}
