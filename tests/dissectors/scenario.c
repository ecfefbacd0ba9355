/* SPDX-License-Identifier: Apache-2.0 */
/* Runs conversations, probes and losses of tables. */
#include <config.h>

#include "scenario.h"

#include <netinet/in.h>

static size_t
count_messages(const struct message *messages, size_t max)
{
	size_t count = 0;

	while (count < max && messages[count].bytes != NULL)
		count++;
	return count;
}

size_t
scenario_count(const struct scenario *s)
{
	return count_messages(s->messages, SCENARIO_MESSAGES);
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
	c.flow.handshake_seen = !s->midstream;
	conversation_run(&c, s->messages, scenario_count(s), chunk);
	if (e->authentication.result != s->result || e->cleartext_credentials != s->clear || !same_text(e->authentication.method, s->method) || e->notes != s->notes)
		fail_msg("%s, in pieces of %zu: %s %s, secret %d, notes %x", s->name, chunk, auth_result_names[e->authentication.result], e->authentication.method ? e->authentication.method : "-",
			e->cleartext_credentials, (unsigned)e->notes);
	if (!same_text(e->protocol, s->protocol ? s->protocol : protocol) || e->encryption.state != (s->unclear ? ENCRYPTION_UNKNOWN : ENCRYPTION_PLAINTEXT))
		fail_msg("%s, in pieces of %zu: %s, %s", s->name, chunk, e->protocol ? e->protocol : "-", encryption_state_names[e->encryption.state]);
	if ((c.dissector == &tls_dissector) != s->upgrade || c.upgraded_to_probe != s->tunnel)
		fail_msg("%s, in pieces of %zu: verdict %d", s->name, chunk, c.verdict);
	assert_string_equal(e->authentication.principal, "");
	if (e->strength < STRENGTH_STRUCTURE && !s->unclear)
		fail_msg("%s, in pieces of %zu: too weak", s->name, chunk);
	conversation_clear(&c);
}

static const struct scenario *whole;

static void
check_prefix(const struct conversation *c, size_t given)
{
	const struct evidence *e = &c->evidence;

	if (e->authentication.result == AUTH_SUCCESS && whole->result != AUTH_SUCCESS)
		fail_msg("%s: %zu bytes of it succeed", whole->name, given);
	if (e->authentication.result == AUTH_NONE && whole->result != AUTH_NONE && !whole->none_before)
		fail_msg("%s: %zu bytes of it are without authentication", whole->name, given);
	if (e->cleartext_credentials && !whole->clear)
		fail_msg("%s: %zu bytes of it have a secret", whole->name, given);
	assert_string_equal(e->authentication.principal, "");
}

static void
check_scenario(const struct dissector *dissector, const char *protocol, const struct scenario *s)
{
	size_t pieces = dissector->ip_protocol == IPPROTO_TCP && !s->whole_only ? 12 : 1; /* a datagram comes whole */

	for (size_t chunk = 0; chunk < pieces; chunk++)
		check_one(dissector, protocol, s, chunk);
	whole = s;
	conversation_each_prefix(dissector, s->messages, scenario_count(s), check_prefix);
}

void
scenarios_check(const struct dissector *dissector, const char *protocol, const struct scenario *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_scenario(dissector, protocol, &list[i]);
}

void
scripts_check(const struct dissector *dissector, const char *protocol, const struct scripted_scenario *list, size_t count, script_writer *write)
{
	for (size_t i = 0; i < count; i++) {
		const struct scripted_scenario *from = &list[i];
		struct scenario s = { .name = from->name, .result = from->result, .method = from->method, .clear = from->clear, .notes = from->notes, .none_before = from->none_before };

		write(s.messages, from->steps);
		check_scenario(dissector, protocol, &s);
	}
}

void
principals_check(const struct dissector *dissector, const struct scenario *list, size_t count)
{
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < COUNT_OF(chunks); j++) {
			struct conversation c;

			conversation_init(&c, dissector);
			c.flow.handshake_seen = !list[i].midstream;
			c.evidence.want_principals = true;
			conversation_run(&c, list[i].messages, scenario_count(&list[i]), chunks[j]);
			if (!same_text(c.evidence.authentication.principal, list[i].principal ? list[i].principal : ""))
				fail_msg("%s, in pieces of %zu: names %s", list[i].name, chunks[j], c.evidence.authentication.principal);
			conversation_clear(&c);
		}
	}
}

enum verdict
probe_bytes(const struct dissector *dissector, const struct flow_view *flow, enum direction from, const void *bytes, size_t size, enum strength *strength)
{
	uint8_t *block = malloc(size + (size == 0));
	enum strength told = STRENGTH_NONE;
	enum verdict verdict;

	if (block == NULL)
		abort();
	memcpy(block, bytes, size);
	verdict = dissector->probe(flow, from, cursor_over(block, size), &told);
	free(block);
	if (verdict == MATCH)
		assert_true(told >= STRENGTH_SIGNATURE);
	if (strength != NULL)
		*strength = told;
	return verdict;
}

void
probes_check_in(const struct dissector *dissector, const struct flow_view *where, const struct probe_case *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct probe_case *p = &list[i];
		struct flow_view flow = *where;
		size_t size = p->size ? p->size : strlen(p->text);
		enum verdict verdict;

		if (p->port != 0)
			flow.server_port = p->port;
		verdict = probe_bytes(dissector, &flow, p->from, p->text, size, NULL);
		if (verdict != p->verdict)
			fail_msg("probe %zu, %.40s: %d instead of %d", i, p->text, verdict, p->verdict);
		for (size_t cut = 0; cut < size && !p->else_before && dissector->ip_protocol == IPPROTO_TCP; cut++) {
			verdict = probe_bytes(dissector, &flow, p->from, p->text, cut, NULL);
			if ((verdict == NO_MATCH && p->verdict != NO_MATCH) || (verdict == MATCH && p->verdict != MATCH))
				fail_msg("probe %zu, %.40s, %zu bytes of it: %d", i, p->text, cut, verdict);
		}
	}
}

void
probes_check(const struct dissector *dissector, const struct probe_case *list, size_t count)
{
	const struct flow_view flow = { .ip_protocol = dissector->ip_protocol };

	probes_check_in(dissector, &flow, list, count);
}

void
verdicts_check(const struct dissector *dissector, const struct verdict_case *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *m = list[i].messages;
		struct conversation c;

		conversation_init(&c, dissector);
		for (size_t j = 0; j < count_messages(m, COUNT_OF(list[i].messages)); j++)
			conversation_send(&c, m[j].from, m[j].bytes, m[j].size);
		if (c.verdict != list[i].verdict)
			fail_msg("%zu, %.40s: %d instead of %d", i, (const char *)m[0].bytes, c.verdict, list[i].verdict);
		if ((c.evidence.authentication.result == AUTH_SUCCESS) != list[i].success)
			fail_msg("%zu: %s", i, auth_result_names[c.evidence.authentication.result]);
		conversation_clear(&c);
	}
}

void
endless_line_check(const struct dissector *dissector, const char *first, enum direction from)
{
	static char line[20000];
	struct conversation c;

	memset(line, 'a', sizeof(line));
	conversation_init(&c, dissector);
	conversation_send(&c, FROM_CLIENT, first, strlen(first));
	conversation_send(&c, from, line, sizeof(line));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

static void
check_loss(const struct dissector *dissector, const char *rest, const struct loss_case *loss, size_t index)
{
	size_t count = count_messages(loss->messages, SCENARIO_MESSAGES);
	struct conversation c;

	assert_true(loss->lost < count);
	conversation_init(&c, dissector);
	for (size_t i = 0; i < count; i++) {
		const struct message *m = &loss->messages[i];

		if (i == loss->lost) {
			conversation_gap(&c, loss->from, 100);
			conversation_send(&c, loss->from, rest, strlen(rest));
		}
		conversation_send(&c, m->from, m->bytes, m->size);
	}
	conversation_end(&c);
	if (c.evidence.authentication.result != loss->result)
		fail_msg("loss %zu: %s", index, auth_result_names[c.evidence.authentication.result]);
	conversation_clear(&c);
}

void
losses_check(const struct dissector *dissector, const char *rest, const struct loss_case *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_loss(dissector, rest, &list[i], i);
}

void
script_losses_check(const struct dissector *dissector, const char *rest, const struct scripted_loss *list, size_t count, script_writer *write)
{
	for (size_t i = 0; i < count; i++) {
		struct loss_case loss = { .lost = list[i].lost, .from = list[i].from, .result = list[i].result };

		write(loss.messages, list[i].steps);
		check_loss(dissector, rest, &loss, i);
	}
}
