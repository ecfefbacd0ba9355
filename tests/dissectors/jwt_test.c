/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens told by their structure, and which of them say whose they are. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/jwt.h"
#include "tokens.h"

static struct cursor
over(const char *text)
{
	return cursor_over(text, strlen(text));
}

static void
knows_tokens(void **state)
{
	static const char *const tokens[] = { TOKEN_BOUND, TOKEN_LEGACY, TOKEN_PERSON, TOKEN_UNSIGNED };
	static const char *const others[] = {
		"", "a.b.c", "opaque-token", "..", TOKEN_PERSON ".x", TOKEN_NO_ALGORITHM, "eyJhbGciOiJub25lIn0.", "eyJhbGciOiJub25lIn0.eyJ9.?",
		"eyJhbGciOiJub25lIn0..c2ln", "eyJhbGciOiJub25lIn0.Zm9v.c2ln", "www.example.com",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_true(jwt_matches(over(tokens[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(jwt_matches(over(others[i])));
}

static void
check(const char *token, bool service_account, const char *subject)
{
	struct evidence e = { 0 };

	jwt_report_service_account(over(token), &e);
	assert_int_equal(evidence_has_note(&e, NOTE_SERVICE_ACCOUNT_TOKEN), service_account);
	assert_string_equal(e.authentication.subject, subject);
}

static void
tells_service_accounts(void **state)
{
	(void)state;
	check(TOKEN_BOUND, true, "system:serviceaccount:shop:api");
	check(TOKEN_LEGACY, true, "system:serviceaccount:shop:old");
	check(TOKEN_PERSON, false, "");
	check("opaque", false, "");
}

/* A subject that cannot be shown as it is, is not shown. */
static void
keeps_odd_subjects_back(void **state)
{
	(void)state;
	check(TOKEN_ESCAPED, true, "");
	check(TOKEN_LONG, true, "");
	check(TOKEN_NO_SUBJECT, true, "");
	check(TOKEN_CUT, false, "");
}

static void
survives_cut_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(TOKEN_BOUND); i++) {
		struct evidence e = { 0 };

		jwt_report_service_account(cursor_over(TOKEN_BOUND, i), &e);
		(void)jwt_matches(cursor_over(TOKEN_BOUND, i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_tokens),
		cmocka_unit_test(tells_service_accounts),
		cmocka_unit_test(keeps_odd_subjects_back),
		cmocka_unit_test(survives_cut_tokens),
	};

	return cmocka_run_group_tests_name("dissectors/jwt", tests, NULL, NULL);
}
