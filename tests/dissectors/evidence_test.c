/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary and the rules by which one claim replaces another. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/evidence.h"

static struct evidence e;

static int
setup(void **state)
{
	(void)state;
	e = (struct evidence){ .packet = 7, .file = 2 };
	return 0;
}

static void
assert_basis(enum claim claim, const char *clause, uint64_t packet, enum strength strength, enum direction direction, uint64_t offset)
{
	const struct basis *b = &e.basis[claim];

	assert_string_equal(b->clause, clause);
	assert_int_equal(b->packet, packet);
	assert_int_equal(b->file, 2);
	assert_int_equal(b->strength, strength);
	assert_int_equal(b->direction, direction);
	assert_int_equal(b->offset, offset);
}

/* Every value of an enum has a name of its own, and the list ends after them. */
static void
assert_names(const char *const names[], int count)
{
	for (int i = 0; i < count; i++) {
		assert_non_null(names[i]);
		assert_true(names[i][0] != '\0');
		assert_int_equal(evidence_name_index(names, names[i]), i);
		for (const char *c = names[i]; *c != '\0'; c++)
			assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz-", *c));
	}
	assert_null(names[count]);
	assert_int_equal(evidence_name_index(names, "nonsense"), -1);
	assert_int_equal(evidence_name_index(names, ""), -1);
	assert_int_equal(evidence_name_index(names, NULL), -1);
}

static void
test_names(void **state)
{
	(void)state;
	assert_names(strength_names, STRENGTH_COUNT);
	assert_names(encryption_state_names, ENCRYPTION_STATE_COUNT);
	assert_names(mutual_names, MUTUAL_COUNT);
	assert_names(mutual_basis_names, MUTUAL_BASIS_COUNT);
	assert_names(auth_result_names, AUTH_RESULT_COUNT);
	assert_names(note_names, NOTE_COUNT);
	assert_names(certificate_flag_names, CERTIFICATE_FLAG_COUNT);
	assert_string_equal(encryption_state_names[ENCRYPTION_UPGRADED], "upgraded");
	assert_string_equal(auth_result_names[AUTH_NOT_APPLICABLE], "not-applicable");
	assert_string_equal(certificate_flag_names[6], "unreadable");
	/* Notes are bits of a word. */
	assert_true(NOTE_COUNT <= 32);
}

static void
test_strengthen(void **state)
{
	(void)state;
	evidence_strengthen(&e, STRENGTH_STRUCTURE);
	assert_int_equal(e.strength, STRENGTH_STRUCTURE);
	evidence_strengthen(&e, STRENGTH_SIGNATURE);
	assert_int_equal(e.strength, STRENGTH_STRUCTURE);
	evidence_strengthen(&e, STRENGTH_EXCHANGE);
	assert_int_equal(e.strength, STRENGTH_EXCHANGE);
}

static void
test_protocol(void **state)
{
	static const char a[] = "a", b[] = "b";

	(void)state;
	evidence_protocol(&e, a, STRENGTH_STRUCTURE, "first", FROM_CLIENT, 10);
	assert_string_equal(e.protocol, "a");
	assert_int_equal(e.strength, STRENGTH_STRUCTURE);
	assert_basis(CLAIM_PROTOCOL, "first", 7, STRENGTH_STRUCTURE, FROM_CLIENT, 10);
	/* A weaker claim is ignored; the same claim again stays where it was first seen. */
	e.packet = 8;
	evidence_protocol(&e, b, STRENGTH_SIGNATURE, "weaker", FROM_SERVER, 20);
	evidence_protocol(&e, a, STRENGTH_STRUCTURE, "again", FROM_SERVER, 20);
	assert_string_equal(e.protocol, "a");
	assert_basis(CLAIM_PROTOCOL, "first", 7, STRENGTH_STRUCTURE, FROM_CLIENT, 10);
	/* Another word of the same strength replaces it, and so does a stronger one. */
	evidence_protocol(&e, b, STRENGTH_STRUCTURE, "other", FROM_SERVER, 20);
	assert_string_equal(e.protocol, "b");
	evidence_protocol(&e, b, STRENGTH_EXCHANGE, "stronger", FROM_SERVER, 30);
	assert_basis(CLAIM_PROTOCOL, "stronger", 8, STRENGTH_EXCHANGE, FROM_SERVER, 30);
	assert_int_equal(e.strength, STRENGTH_EXCHANGE);
}

static void
test_encryption(void **state)
{
	(void)state;
	evidence_encryption(&e, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "request", FROM_CLIENT, 0);
	assert_int_equal(e.encryption.state, ENCRYPTION_PLAINTEXT);
	e.packet = 9;
	evidence_encryption(&e, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "again", FROM_SERVER, 5);
	assert_basis(CLAIM_ENCRYPTION, "request", 7, STRENGTH_STRUCTURE, FROM_CLIENT, 0);
	/* The same, resting on more. */
	evidence_encryption(&e, ENCRYPTION_PLAINTEXT, STRENGTH_EXCHANGE, "response", FROM_SERVER, 5);
	assert_basis(CLAIM_ENCRYPTION, "response", 9, STRENGTH_EXCHANGE, FROM_SERVER, 5);
	/* The dissector's last word counts. */
	evidence_encryption(&e, ENCRYPTION_UPGRADED, STRENGTH_STRUCTURE, "upgrade", FROM_SERVER, 6);
	assert_int_equal(e.encryption.state, ENCRYPTION_UPGRADED);
	assert_basis(CLAIM_ENCRYPTION, "upgrade", 9, STRENGTH_STRUCTURE, FROM_SERVER, 6);
	assert_int_equal(e.strength, STRENGTH_EXCHANGE);
}

/* Saying "unknown" is a claim too, once it has a clause. */
static void
test_encryption_unknown_is_a_claim(void **state)
{
	(void)state;
	evidence_encryption(&e, ENCRYPTION_UNKNOWN, STRENGTH_STRUCTURE, "sealed", FROM_CLIENT, 3);
	assert_int_equal(e.encryption.state, ENCRYPTION_UNKNOWN);
	assert_basis(CLAIM_ENCRYPTION, "sealed", 7, STRENGTH_STRUCTURE, FROM_CLIENT, 3);
}

/* Which outcome replaces which: each pair, in both orders. */
static void
test_authentication_order(void **state)
{
	static const enum auth_result order[] = { AUTH_UNKNOWN, AUTH_NOT_APPLICABLE, AUTH_ATTEMPTED, AUTH_FAILURE, AUTH_NONE, AUTH_SUCCESS };

	(void)state;
	for (size_t i = 0; i < AUTH_RESULT_COUNT; i++)
		for (size_t j = 0; j < AUTH_RESULT_COUNT; j++) {
			e = (struct evidence){ .file = 2, .packet = 1 };
			evidence_authentication(&e, order[i], "first", STRENGTH_EXCHANGE, "first", FROM_SERVER, 1);
			e.packet = 2;
			evidence_authentication(&e, order[j], "second", STRENGTH_STRUCTURE, "second", FROM_CLIENT, 2);
			assert_int_equal(e.authentication.result, order[i > j ? i : j]);
			if (j > i) {
				assert_string_equal(e.authentication.method, "second");
				assert_basis(CLAIM_AUTHENTICATION, "second", 2, STRENGTH_STRUCTURE, FROM_CLIENT, 2);
			} else if (i > 0) {
				assert_string_equal(e.authentication.method, "first");
				assert_basis(CLAIM_AUTHENTICATION, "first", 1, STRENGTH_EXCHANGE, FROM_SERVER, 1);
			} else {
				assert_null(e.authentication.method);
				assert_null(e.basis[CLAIM_AUTHENTICATION].clause);
			}
		}
}

static void
test_authentication_keeps_the_method(void **state)
{
	(void)state;
	evidence_authentication(&e, AUTH_ATTEMPTED, "md5", STRENGTH_STRUCTURE, "asked", FROM_SERVER, 1);
	evidence_authentication(&e, AUTH_SUCCESS, NULL, STRENGTH_EXCHANGE, "served", FROM_SERVER, 2);
	assert_int_equal(e.authentication.result, AUTH_SUCCESS);
	assert_string_equal(e.authentication.method, "md5");
	assert_string_equal(e.basis[CLAIM_AUTHENTICATION].clause, "served");
}

static void
test_doubt(void **state)
{
	(void)state;
	evidence_doubt_failure(&e);
	assert_int_equal(e.authentication.result, AUTH_UNKNOWN);
	evidence_authentication(&e, AUTH_FAILURE, "md5", STRENGTH_EXCHANGE, "refused", FROM_SERVER, 1);
	evidence_doubt_failure(&e);
	assert_int_equal(e.authentication.result, AUTH_ATTEMPTED);
	assert_string_equal(e.authentication.method, "md5");
	evidence_authentication(&e, AUTH_SUCCESS, NULL, STRENGTH_EXCHANGE, "served", FROM_SERVER, 2);
	evidence_doubt_failure(&e);
	assert_int_equal(e.authentication.result, AUTH_SUCCESS);

	evidence_encryption(&e, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "greeting", FROM_SERVER, 0);
	evidence_doubt_plaintext(&e);
	assert_int_equal(e.encryption.state, ENCRYPTION_UNKNOWN);
	assert_null(e.basis[CLAIM_ENCRYPTION].clause);
	evidence_encryption(&e, ENCRYPTION_UPGRADED, STRENGTH_EXCHANGE, "hello", FROM_SERVER, 1);
	evidence_doubt_plaintext(&e);
	assert_int_equal(e.encryption.state, ENCRYPTION_UPGRADED);
}

static void
test_cleartext_credentials(void **state)
{
	(void)state;
	evidence_cleartext_credentials(&e, "Authorization", FROM_CLIENT, 44);
	e.packet = 12;
	evidence_cleartext_credentials(&e, "Cookie", FROM_CLIENT, 99);
	assert_true(e.cleartext_credentials);
	assert_basis(CLAIM_CREDENTIALS, "Authorization", 7, STRENGTH_STRUCTURE, FROM_CLIENT, 44);
	assert_int_equal(e.strength, STRENGTH_STRUCTURE);
}

static void
test_principal(void **state)
{
	(void)state;
	evidence_principal(&e, cursor_over("ann", 3));
	assert_string_equal(e.authentication.principal, "");
	e.want_principals = true;
	evidence_principal(&e, cursor_over(NULL, 0));
	assert_string_equal(e.authentication.principal, "");
	evidence_principal(&e, cursor_over("ann\1", 4));
	evidence_principal(&e, cursor_over("bob", 3));
	assert_string_equal(e.authentication.principal, "ann?");
}

static void
test_notes(void **state)
{
	(void)state;
	evidence_note(&e, NOTE_GAP);
	evidence_note(&e, NOTE_NOT_PERMITTED);
	for (int note = 0; note < NOTE_COUNT; note++)
		assert_int_equal(evidence_has_note(&e, (enum note)note), note == NOTE_GAP || note == NOTE_NOT_PERMITTED);
	assert_int_equal(e.strength, STRENGTH_NONE);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_strengthen),
		TEST(test_protocol),
		TEST(test_encryption),
		TEST(test_encryption_unknown_is_a_claim),
		TEST(test_authentication_order),
		TEST(test_authentication_keeps_the_method),
		TEST(test_doubt),
		TEST(test_cleartext_credentials),
		TEST(test_principal),
		TEST(test_notes),
	};

	return cmocka_run_group_tests_name("dissectors/evidence", tests, NULL, NULL);
}
