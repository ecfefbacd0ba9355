/* SPDX-License-Identifier: Apache-2.0 */
/* Runs conversations that stand by themselves. */
#include <config.h>

#include "expected.h"

void
expected_check_evidence(const struct conversation *c, const char *protocol, const struct expected *x)
{
	const struct evidence *e = &c->evidence;

	assert_string_equal(e->protocol, protocol);
	assert_int_equal(e->encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(e->authentication.result, x->result);
	if (x->method == NULL)
		assert_null(e->authentication.method);
	else
		assert_string_equal(e->authentication.method, x->method);
	assert_int_equal(e->notes, x->notes);
	assert_int_equal(e->cleartext_credentials, x->cleartext);
	if (x->principal != NULL)
		assert_string_equal(e->authentication.principal, x->principal);
	if (x->verdict != NO_MATCH)
		assert_int_equal(c->verdict, x->verdict);
	if (x->result != AUTH_UNKNOWN)
		assert_true(e->basis[CLAIM_AUTHENTICATION].strength >= STRENGTH_STRUCTURE);
}

void
expected_check(const struct dissector *dissector, const char *protocol, const struct expected *x)
{
	static const size_t chunks[] = { 0, 1, 3, 7, 64 };

	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct conversation c;

		conversation_init(&c, dissector);
		c.evidence.want_principals = i % 2 == 0;
		conversation_run(&c, x->messages, x->count, chunks[i]);
		expected_check_evidence(&c, protocol, &(struct expected){
			.result = x->result, .method = x->method, .notes = x->notes, .cleartext = x->cleartext, .verdict = x->verdict,
			.principal = c.evidence.want_principals ? x->principal : "",
		});
		conversation_clear(&c);
	}
	conversation_each_prefix(dissector, x->messages, x->count, NULL);
}
