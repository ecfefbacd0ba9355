/* SPDX-License-Identifier: Apache-2.0 */
/* Runs conversations of a table. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scenario.h"

static const struct scenario *whole;

static size_t
count_messages(const struct scenario *s)
{
	size_t count = 0;

	while (count < SCENARIO_MESSAGES && s->messages[count].bytes != NULL)
		count++;
	return count;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
check_one(const struct dissector *dissector, const char *protocol, const struct scenario *s, size_t chunk)
{
	struct conversation c;
	const struct evidence *e = &c.evidence;

	conversation_init(&c, dissector);
	conversation_run(&c, s->messages, count_messages(s), chunk);
	if (e->authentication.result != s->result || e->cleartext_credentials != s->clear || !same_text(e->authentication.method, s->method) || (e->notes & s->notes) != s->notes)
		fail_msg("%s, in pieces of %zu: %s %s, secret %d, notes %x", s->name, chunk, auth_result_names[e->authentication.result], e->authentication.method ? e->authentication.method : "-",
			e->cleartext_credentials, (unsigned)e->notes);
	if (!same_text(e->protocol, protocol) || e->encryption.state != ENCRYPTION_PLAINTEXT)
		fail_msg("%s, in pieces of %zu: %s, %s", s->name, chunk, e->protocol ? e->protocol : "-", encryption_state_names[e->encryption.state]);
	assert_string_equal(e->authentication.principal, "");
	assert_true(e->strength >= STRENGTH_STRUCTURE);
	conversation_clear(&c);
}

static void
check_prefix(const struct conversation *c, size_t given)
{
	const struct evidence *e = &c->evidence;

	(void)given;
	if (e->authentication.result == AUTH_SUCCESS && whole->result != AUTH_SUCCESS)
		fail_msg("%s: a beginning of it succeeds", whole->name);
	if (e->cleartext_credentials && !whole->clear)
		fail_msg("%s: a beginning of it has a secret", whole->name);
}

void
scenarios_check(const struct dissector *dissector, const char *protocol, const struct scenario *list, size_t count)
{
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < COUNT_OF(chunks); j++)
			check_one(dissector, protocol, &list[i], chunks[j]);
		whole = &list[i];
		conversation_each_prefix(dissector, list[i].messages, count_messages(&list[i]), check_prefix);
	}
}

static enum verdict
probe(const struct dissector *dissector, enum direction from, const char *text, size_t size)
{
	struct flow_view flow = { .ip_protocol = dissector->ip_protocol };
	char *block = malloc(size + (size == 0));
	enum strength strength = STRENGTH_NONE;
	enum verdict verdict;

	if (block == NULL)
		abort();
	memcpy(block, text, size);
	verdict = dissector->probe(&flow, from, cursor_over(block, size), &strength);
	free(block);
	if (verdict == MATCH)
		assert_true(strength >= STRENGTH_SIGNATURE);
	return verdict;
}

void
probes_check(const struct dissector *dissector, const struct probe_case *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct probe_case *p = &list[i];
		size_t size = p->size ? p->size : strlen(p->text);
		enum verdict verdict = probe(dissector, p->from, p->text, size);

		if (verdict != p->verdict)
			fail_msg("probe %zu, %.40s: %d instead of %d", i, p->text, verdict, p->verdict);
		for (size_t cut = 0; cut < size; cut++) {
			verdict = probe(dissector, p->from, p->text, cut);
			if ((verdict == NO_MATCH && p->verdict != NO_MATCH) || (verdict == MATCH && p->verdict != MATCH))
				fail_msg("probe %zu, %.40s, %zu bytes of it: %d", i, p->text, cut, verdict);
		}
	}
}
