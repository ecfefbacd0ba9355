/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "dissectors/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct cursor
text(const char *s)
{
	return cursor_over(s, strlen(s));
}

static void
known_mechanisms_have_their_method(void **state)
{
	(void)state;
	assert_string_equal(sasl_mechanism(text("PLAIN"))->method, "sasl-plain");
	assert_true(sasl_mechanism(text("plain"))->replayable);
	assert_string_equal(sasl_mechanism(text("SCRAM-SHA-256"))->method, "scram-sha-256");
	assert_false(sasl_mechanism(text("SCRAM-SHA-256"))->replayable);
	assert_true(sasl_mechanism(text("OAUTHBEARER"))->replayable);
	assert_true(sasl_is_known(text("GSSAPI")));
}

/* What is not in the list may be a secret sent in the wrong place: nothing of it is kept. */
static void
unknown_mechanisms_are_other(void **state)
{
	(void)state;
	assert_string_equal(sasl_mechanism(text("HUNTER2"))->method, "sasl-other");
	assert_string_equal(sasl_mechanism(text("PLAINX"))->method, "sasl-other");
	assert_string_equal(sasl_mechanism(text(""))->method, "sasl-other");
	assert_false(sasl_is_known(text("PLAI")));
}

static void
names_have_a_form(void **state)
{
	(void)state;
	assert_true(sasl_is_name(text("X-1_b")));
	assert_true(sasl_is_name(text("ECDSA-NIST256P-CHALLENGE")));
	assert_false(sasl_is_name(text("")));
	assert_false(sasl_is_name(text("TWO WORDS")));
	assert_false(sasl_is_name(text("LONGER-THAN-ANY-MECHANISM")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_mechanisms_have_their_method),
		cmocka_unit_test(unknown_mechanisms_are_other),
		cmocka_unit_test(names_have_a_form),
	};

	return cmocka_run_group_tests_name("dissectors/sasl", tests, NULL, NULL);
}
