/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the cases of the mail protocols' tests. */
#include <config.h>

#include "mail_cases.h"

static void
check_case(const struct dissector *dissector, const char *protocol, const struct mail_case *m, size_t chunk)
{
	static const uint32_t notes = 1u << NOTE_UPGRADE_REFUSED | 1u << NOTE_EARLY_DATA | 1u << NOTE_NOT_PERMITTED;
	struct conversation c;
	const struct authentication *a = &c.evidence.authentication;

	conversation_init(&c, dissector);
	c.flow.handshake_seen = !m->midstream;
	c.evidence.want_principals = true;
	conversation_run(&c, m->messages, m->count, chunk);
	if (a->result != m->result || (a->method == NULL) != (m->method == NULL) || (a->method != NULL && strcmp(a->method, m->method) != 0) || c.evidence.cleartext_credentials != m->clear)
		fail_msg("%s, in pieces of %zu: %s %s %d", m->name, chunk, auth_result_names[a->result], a->method ? a->method : "-", c.evidence.cleartext_credentials);
	if (strcmp(a->principal, m->principal ? m->principal : "") != 0)
		fail_msg("%s: principal %s", m->name, a->principal);
	if ((c.evidence.notes & notes) != m->notes || (c.verdict == UPGRADE || c.dissector == &tls_dissector) != m->upgrade)
		fail_msg("%s, in pieces of %zu: notes %x, %d", m->name, chunk, c.evidence.notes & notes, c.verdict);
	assert_string_equal(c.evidence.protocol, m->protocol ? m->protocol : protocol);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
}

static const struct mail_case *whole;

static void
check_prefix(const struct conversation *c, size_t given)
{
	(void)given;
	if (whole->result != AUTH_SUCCESS)
		assert_int_not_equal(c->evidence.authentication.result, AUTH_SUCCESS);
	assert_true(whole->clear || !c->evidence.cleartext_credentials);
	assert_string_equal(c->evidence.authentication.principal, "");
}

void
mail_check_cases(const struct dissector *dissector, const char *protocol, const struct mail_case *cases, size_t count)
{
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < 3; j++)
			check_case(dissector, protocol, &cases[i], chunks[j]);
		whole = &cases[i];
		conversation_each_prefix(dissector, cases[i].messages, cases[i].count, check_prefix);
	}
}

void
mail_check_probes(const struct dissector *dissector, const struct mail_probe *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flow_view flow = { .ip_protocol = dissector->ip_protocol, .client_port = 40000, .server_port = list[i].port };
		size_t size = strlen(list[i].text);
		char *block = malloc(size + (size == 0));
		enum strength strength = STRENGTH_NONE;
		enum verdict verdict;

		memcpy(block, list[i].text, size);
		verdict = dissector->probe(&flow, list[i].from, cursor_over(block, size), &strength);
		free(block);
		if (verdict != list[i].verdict)
			fail_msg("%s: %d", list[i].text, verdict);
	}
}
