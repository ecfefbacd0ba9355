/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations: the whole text for a pair, and which patterns mean which pair. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dissectors/evidence.h"
#include "sample_report.h"

static const char web_to_api[] =
	"shop/web -> shop/api\n"
	"pair f2b432b4f0a94639, Deployment to Deployment, 4 flows in 2 evidence classes\n"
	"C = 0.319444, coverage 1.0, policy set default\n"
	"\n"
	"EVIDENCE: flows that look alike, and the first of each\n"
	"  [1] 3 flows\n"
	"      service         http:8080 of Service shop/api\n"
	"      encryption      plaintext\n"
	"      authentication  none\n"
	"      example         10.42.0.11:40001 -> 10.42.0.12:8080, from packet 1 of captures/shop.pcap on,\n"
	"                      2026-01-01T00:00:00.000000000Z\n"
	"       protocol       packet 7, RFC 9112 4 answer, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       encryption     packet 7, RFC 9112 4 answer, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       authentication packet 7, RFC 9112 4 answer, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       tshark -r captures/shop.pcap -Y 'ip.addr == 10.42.0.11 && ip.addr == 10.42.0.12 && tcp.port == 40001 && tcp.port == 8080'\n"
	"  [2] 1 flow\n"
	"      service         http:8080 of Service shop/api\n"
	"      encryption      plaintext\n"
	"      authentication  success, http-basic, a secret that can be replayed in clear\n"
	"      example         10.42.0.11:40001 -> 10.42.0.12:8080, from packet 31 of captures/shop.pcap on,\n"
	"                      2026-01-01T00:00:02.000000000Z\n"
	"       protocol       packet 38, RFC 9112 4 answer, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       encryption     packet 38, RFC 9112 4 answer, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       authentication packet 38, RFC 9110 15.3.1 200, from the server at byte 0 of its stream\n"
	"                      (exchange)\n"
	"       credentials    packet 34, RFC 9110 11.6.2 Authorization, from the client at byte 0 of its\n"
	"                      stream (structure)\n"
	"       tshark -r captures/shop.pcap -Y 'ip.addr == 10.42.0.11 && ip.addr == 10.42.0.12 && tcp.port == 40001 && tcp.port == 8080'\n"
	"\n"
	"POLICIES: C_j is the sum of flows x value over the flows that have a value\n"
	"  encryption           weight 3.0, C_j = 0.0 / 4 = 0.0, 3.0 x 0.0 = 0.0\n"
	"      [1] 3 flows: value 0.0\n"
	"      [2] 1 flow: value 0.0\n"
	"  tls-version          weight 1.0, not applicable\n"
	"  cipher-strength      weight 1.0, not applicable\n"
	"  certificate          weight 1.0, not applicable\n"
	"  authentication       weight 3.0, C_j = 0.5 / 4 = 0.125, 3.0 x 0.125 = 0.375\n"
	"      [1] 3 flows: value 0.0\n"
	"      [2] 1 flow: value 0.5\n"
	"  credential-exposure  weight 2.0, C_j = 3.0 / 4 = 0.75, 2.0 x 0.75 = 1.5\n"
	"      [1] 3 flows: value 1.0\n"
	"      [2] 1 flow: value 0.0\n"
	"  visibility           weight 1.0, C_j = 4.0 / 4 = 1.0, 1.0 x 1.0 = 1.0\n"
	"      [1] 3 flows: value 1.0\n"
	"      [2] 1 flow: value 1.0\n"
	"\n"
	"SUM\n"
	"  C = (3.0 x 0.0 + 3.0 x 0.125 + 2.0 x 0.75 + 1.0 x 1.0) / (3.0 + 3.0 + 2.0 + 1.0) = 2.875 / 9.0 =\n"
	"      0.319444\n"
	"  coverage = (3.0 + 3.0 + 2.0 + 1.0) / (3.0 + 3.0 + 2.0 + 1.0) = 9.0 / 9.0 = 1.0 of the applicable\n"
	"             weight\n";

static const char silent[] =
	"node-1 (Node) -> shop/api\n"
	"pair f79300595917f79e, Node to Deployment, 1 flow in 1 evidence class\n"
	"no C, coverage 0.0, policy set default\n"
	"\n"
	"EVIDENCE: flows that look alike, and the first of each\n"
	"  [1] 1 flow\n"
	"      service         unknown:9090, no payload seen\n"
	"      encryption      no data\n"
	"      authentication  unknown\n"
	"      example         10.42.0.1:40001 -> 10.42.0.12:9090, from packet 90 of ? on,\n"
	"                      2026-01-01T00:00:06.000000000Z\n"
	"\n"
	"POLICIES: C_j is the sum of flows x value over the flows that have a value\n"
	"  encryption           weight 3.0, not applicable\n"
	"  tls-version          weight 1.0, not applicable\n"
	"  cipher-strength      weight 1.0, not applicable\n"
	"  certificate          weight 1.0, not applicable\n"
	"  authentication       weight 3.0, not applicable\n"
	"  credential-exposure  weight 2.0, not applicable\n"
	"  visibility           weight 1.0, not applicable\n"
	"\n"
	"SUM\n"
	"  There is no C: nothing was observed that tells how this pair protects its traffic.\n";

static const struct output_options options = { .width = 100 };

static void
expect(const struct sample *s, const char *pattern, const char *first_line)
{
	char error[1024], *text = sample_explain(s->report, pattern, &options, error);

	assert_non_null(text);
	assert_memory_equal(text, first_line, strlen(first_line));
	assert_int_equal(text[strlen(first_line)], '\n');
	free(text);
}

static void
test_whole(void **state)
{
	char error[1024], *text;
	struct sample s;

	(void)state;
	sample_init(&s);
	text = sample_explain(s.report, "shop/web->shop/api", &options, error);
	assert_text(text, web_to_api);
	free(text);
	text = sample_explain(s.report, "node-1 shop/api", &options, error);
	assert_text(text, silent);
	free(text);
	sample_clear(&s);
}

static void
test_patterns(void **state)
{
	static const char database[] = "shop/api -> data/db", outside[] = "shop/worker -> api.example (2001:db8::9, NZ)";
	struct sample s;

	(void)state;
	sample_init(&s);
	expect(&s, "shop/api -> data/db", database);
	expect(&s, "shop/api->data/db", database);
	expect(&s, "shop/api data/db", database);
	expect(&s, "api->db", database);
	expect(&s, "*/api->d*", database);
	expect(&s, "6ecdc0bf3452849c", database);
	expect(&s, "data/", database);
	expect(&s, "a?i*data", database);
	expect(&s, "worker->2001:db8::9", outside);
	expect(&s, "worker api.example", outside);
	sample_clear(&s);
}

static void
refuse(const struct sample *s, const char *pattern, const char *expected)
{
	char error[1024];

	assert_null(sample_explain(s->report, pattern, &options, error));
	assert_text(error, expected);
}

static void
test_no_such_pair(void **state)
{
	struct sample s;
	char error[1024], small[24];

	(void)state;
	sample_init(&s);
	refuse(&s, "nobody", "no pair matches 'nobody'; there are 'shop/web -> shop/api' (f2b432b4f0a94639),"
		" 'shop/worker -> api.example (2001:db8::9, NZ)' (befce9e6c43bdce0), 'shop/api -> data/db' (6ecdc0bf3452849c),"
		" 'node-1 (Node) -> shop/api' (f79300595917f79e)");
	refuse(&s, "*->shop/api", "more than one pair matches '*->shop/api': 'shop/web -> shop/api' (f2b432b4f0a94639), 'node-1 (Node) -> shop/api' (f79300595917f79e)");
	refuse(&s, " -> ", "more than one pair matches ' -> ': 'shop/web -> shop/api' (f2b432b4f0a94639),"
		" 'shop/worker -> api.example (2001:db8::9, NZ)' (befce9e6c43bdce0), 'shop/api -> data/db' (6ecdc0bf3452849c),"
		" 'node-1 (Node) -> shop/api' (f79300595917f79e)");
	/* What was typed does not reach a terminal as more than text; a short buffer is enough. */
	assert_null(sample_explain(s.report, "\033[31m", &options, error));
	assert_null(strchr(error, '\033'));
	assert_false(output_explain(stderr, s.report, "nobody", &options, small, sizeof(small)));
	assert_int_equal(strlen(small), sizeof(small) - 1);
	assert_false(output_explain(stderr, s.report, "nobody", &options, NULL, 0));
	sample_clear(&s);
}

static struct policy_set *
read_set(const char *yaml)
{
	char error[POLICY_SET_ERROR_SIZE] = "";
	struct policy_set *set = policy_set_read("test", yaml, strlen(yaml), error, sizeof(error));

	if (set == NULL)
		fail_msg("%s", error);
	return set;
}

/* Exemptions are named with reason and expiry; what is off or out of scope is said to be. */
static void
test_exemptions(void **state)
{
	struct policy_set *set = read_set(
		"schema: podwire.policy/1\nname: test\n"
		"policies:\n"
		"  visibility:\n"
		"    weight: 0\n"
		"exemptions:\n"
		"  - policies: [encryption]\n"
		"    reason: being migrated\n"
		"    expires: 2031-12-31\n"
		"    protocol: http\n"
		"scope:\n"
		"  exclude:\n"
		"    - protocol: tls\n");
	char error[1024], *text;
	struct sample s;

	(void)state;
	sample_init(&s);
	report_conclude(s.report, set);
	text = sample_explain(s.report, "web->api", &options, error);
	assert_non_null(strstr(text, "  encryption           weight 3.0, exempt\n      [1] 3 flows: exempt until 2031-12-31T00:00:00Z: being migrated\n"));
	assert_non_null(strstr(text, "  visibility           weight 0.0, switched off\n"));
	free(text);
	text = sample_explain(s.report, "worker->*", &options, error);
	assert_non_null(strstr(text, "[1] 5 flows, outside the policy set's scope: not scored\n"));
	assert_non_null(strstr(text, "There is no C"));
	free(text);
	text = sample_json(s.report, &options);
	assert_non_null(strstr(text, "\"exemptions\":[{\"policies\":[\"encryption\"],\"reason\":\"being migrated\",\"expires\":\"2031-12-31T00:00:00Z\"}]"));
	assert_non_null(strstr(text, "\"exempt\":[{\"policy\":\"encryption\",\"flows\":4}]"));
	assert_non_null(strstr(text, "\"out_of_scope\":5"));
	free(text);
	text = sample_table(s.report, &options);
	assert_non_null(strstr(text, "  5 flows outside the policy set's scope, not scored\n"));
	free(text);
	report_conclude(s.report, s.policies);
	policy_set_free(set);
	sample_clear(&s);
}

/* Why a policy that applies has no value, for each reason there is. */
static void
test_not_observed(void **state)
{
	static const struct {
		const char *by, *version;
		uint8_t state, result, flags;
		const char *reason;
	} cases[] = {
		{ NULL, NULL, ENCRYPTION_UNKNOWN, AUTH_UNKNOWN, 0, "nothing in it was recognised" },
		{ "tls", "TLS1.3", ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, 0, "the server's certificate was not seen" },
		{ "tls", "TLS1.2", ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE, "the server's certificate could not be parsed" },
		{ "tls", NULL, ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, 0, "the handshake was not captured" },
		{ "tls", "TLS1.3", ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, 0, "it would be inside the encryption" },
		{ NULL, NULL, ENCRYPTION_PLAINTEXT, AUTH_UNKNOWN, 0, "neither a login nor an answer was seen" },
		{ NULL, NULL, ENCRYPTION_PLAINTEXT, AUTH_FAILURE, 0, "the login was refused" },
		{ NULL, NULL, ENCRYPTION_PLAINTEXT, AUTH_ATTEMPTED, 0, "how the login ended was not seen" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence_count n = { .flows = 2, .first_seen = 5, .last_seen = 5, .example.first_seen = 5 };
		struct peer source = { .namespace = "a", .kind = "Pod", .workload = "x" }, destination = { .namespace = "b", .kind = "Pod", .workload = "y" };
		struct evidence_class e;
		char error[1024], *text;
		struct sample s;

		memset(&e, 0, sizeof(e));
		e.protocol = "http";
		e.ip_protocol = 6;
		e.by = cases[i].by;
		e.version = cases[i].version;
		e.state = cases[i].state;
		e.result = cases[i].result;
		e.certificate_flags = cases[i].flags;
		e.payload = true;
		sample_init(&s);
		report_add_evidence(s.report, report_peer(s.report, &source), report_peer(s.report, &destination), &e, &n);
		report_conclude(s.report, s.policies);
		text = sample_explain(s.report, "a/x->b/y", &(struct output_options){ .width = 0 }, error);
		if (strstr(text, cases[i].reason) == NULL)
			fail_msg("%s: not in:\n%s", cases[i].reason, text);
		free(text);
		sample_clear(&s);
	}
}

/* A path that a shell would take apart is quoted. */
static void
test_command_line(void **state)
{
	char error[1024], *text;
	struct sample s;

	(void)state;
	sample_init(&s);
	s.report->files[0].path = "-it's $HOME";
	text = sample_explain(s.report, "web->api", &options, error);
	assert_non_null(strstr(text, "tshark -r './-it'\\''s $HOME' -Y 'ip.addr == 10.42.0.11"));
	free(text);
	/* Of an interface there is no file to open. */
	s.report->counters.frames = 0;
	text = sample_explain(s.report, "web->api", &options, error);
	assert_null(strstr(text, "tshark"));
	assert_non_null(strstr(text, "       display filter ip.addr == 10.42.0.11"));
	free(text);
	sample_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_no_such_pair),
		cmocka_unit_test(test_exemptions),
		cmocka_unit_test(test_not_observed),
		cmocka_unit_test(test_command_line),
	};

	return cmocka_run_group_tests_name("sensor/output_explain", tests, NULL, NULL);
}
