/* SPDX-License-Identifier: Apache-2.0 */
/* The table: its whole text for a small report, wide and narrow, and what limits and colours do. */
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

static const char wide[] =
	"2 files: 120 packets, 125.5 kB, 2026-01-01 00:00:00 to 00:00:07 UTC\n"
	"12 flows between 4 pairs\n"
	"C 0.59, coverage 100%\n"
	"\n"
	"PAIRS, the worst first\n"
	"   C  cover  source           destination             service         encryption      authentication     flows\n"
	"0.32   100%  shop/web      -> shop/api                http:8080       plaintext       3 none, 1 http-..      4\n"
	"0.89    75%  shop/worker   -> api.exampl..b8::9, NZ)  tls:443         TLS1.2          unknown                5\n"
	"1.00    67%  shop/api      -> data/db                 postgresql:5..  upgraded TLS..  unknown                2\n"
	"   -     0%  node-1 (Node) -> shop/api                unknown:9090    no data         unknown                1\n"
	"\n"
	"FINDINGS, the most severe first: 4\n"
	"\n"
	"high  certificate-expired  1 service\n"
	"  shop/worker -> api.example (2001:db8::9, NZ)  tls:443  5 flows  shop.pcap:55\n"
	"  > renew the server's certificate, and let its renewal be automatic\n"
	"\n"
	"high  cleartext-credentials  1 service\n"
	"  shop/web -> shop/api  http:8080  1 flow  shop.pcap:34\n"
	"  > serve it over TLS (HTTPS), or put the pair into the mesh's mutual TLS\n"
	"\n"
	"high  plaintext-service  1 service\n"
	"  shop/web -> shop/api  http:8080  4 flows  shop.pcap:7\n"
	"  > serve it over TLS (HTTPS), or put the pair into the mesh's mutual TLS\n"
	"\n"
	"high  unauthenticated-service  1 service\n"
	"  shop/web -> shop/api  http:8080  3 flows  shop.pcap:7\n"
	"  > require a client certificate (mutual TLS) or a short-lived token of every client\n"
	"\n"
	"NOTES\n"
	"  captures/cut ?\?[31m.pcap: read in part: ends inside a packet\n"
	"  9 packets without IP (ARP, LLDP, ...)\n"
	"  1 packet with a malformed IP header\n"
	"  4 packets seen again (at another interface, or sent again) and not counted twice\n"
	"  1 flow ended early because the flow table was full\n"
	"  cluster.json: a made-up warning\n";

static const char narrow[] =
	"2 files: 120 packets, 125.5 kB, 2026-01-01 00:00:00 to\n"
	"00:00:07 UTC\n"
	"12 flows between 4 pairs\n"
	"C 0.59, coverage 100%\n"
	"\n"
	"PAIRS, the worst first\n"
	"   C cover source -> destination\n"
	"           service | encryption | authentication | flows\n"
	"0.32 100%  shop/web -> shop/api\n"
	"           http:8080 | plaintext | 3 none, 1 http-basic in..\n"
	"0.89  75%  shop/worker -> api.example (2001:db8::9, NZ)\n"
	"           tls:443 | TLS1.2 | unknown | 5 flows\n"
	"1.00  67%  shop/api -> data/db\n"
	"           postgresql:5432 | upgraded TLS1.3 | unknown | 2..\n"
	"   -   0%  node-1 (Node) -> shop/api\n"
	"           unknown:9090 | no data | unknown | 1 flow\n"
	"\n"
	"FINDINGS, the most severe first: 4\n"
	"\n"
	"high  certificate-expired  1 service\n"
	"  shop/worker -> api.example (2001:db8::9, NZ)\n"
	"    tls:443  5 flows  shop.pcap:55\n"
	"  > renew the server's certificate, and let its renewal be\n"
	"    automatic\n"
	"\n"
	"high  cleartext-credentials  1 service\n"
	"  shop/web -> shop/api\n"
	"    http:8080  1 flow  shop.pcap:34\n"
	"  > serve it over TLS (HTTPS), or put the pair into the\n"
	"    mesh's mutual TLS\n"
	"\n"
	"high  plaintext-service  1 service\n"
	"  shop/web -> shop/api\n"
	"    http:8080  4 flows  shop.pcap:7\n"
	"  > serve it over TLS (HTTPS), or put the pair into the\n"
	"    mesh's mutual TLS\n"
	"\n"
	"high  unauthenticated-service  1 service\n"
	"  shop/web -> shop/api\n"
	"    http:8080  3 flows  shop.pcap:7\n"
	"  > require a client certificate (mutual TLS) or a\n"
	"    short-lived token of every client\n"
	"\n"
	"NOTES\n"
	"  captures/cut ?\?[31m.pcap: read in part: ends inside a\n"
	"  packet\n"
	"  9 packets without IP (ARP, LLDP, ...)\n"
	"  1 packet with a malformed IP header\n"
	"  4 packets seen again (at another interface, or sent again)\n"
	"  and not counted twice\n"
	"  1 flow ended early because the flow table was full\n"
	"  cluster.json: a made-up warning\n";

static void
test_wide(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_table(s.report, &(struct output_options){ .width = 110 });
	assert_text(text, wide);
	free(text);
	sample_clear(&s);
}

static void
test_narrow(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_table(s.report, &(struct output_options){ .width = 60 });
	assert_text(text, narrow);
	free(text);
	sample_clear(&s);
}

/* No line is wider than was asked for, whatever the width; a line break is never lost. */
static void
test_every_width(void **state)
{
	struct sample s;

	(void)state;
	sample_init(&s);
	for (unsigned width = 40; width < 260; width++) {
		char *text = sample_table(s.report, &(struct output_options){ .width = width });

		for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
			assert_true(strcspn(line, "\n") <= width);
		assert_non_null(strstr(text, "FINDINGS"));
		free(text);
	}
	sample_clear(&s);
}

/* Without a width nothing is cut or broken. */
static void
test_no_width(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_table(s.report, &(struct output_options){ .width = 0 });
	assert_non_null(strstr(text, "shop/worker   -> api.example (2001:db8::9, NZ)  tls:443"));
	assert_non_null(strstr(text, "3 none, 1 http-basic in clear"));
	free(text);
	sample_clear(&s);
}

static void
test_color(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_table(s.report, &(struct output_options){ .width = 120, .color = true });
	assert_non_null(strstr(text, "\033[31m0.32\033[0m")); /* bad: red */
	assert_non_null(strstr(text, "\033[32m1.00\033[0m")); /* good: green */
	assert_non_null(strstr(text, "\033[31mhigh\033[0m"));
	free(text);
	text = sample_table(s.report, &(struct output_options){ .width = 120 });
	assert_null(strchr(text, '\033'));
	free(text);
	sample_clear(&s);
}

static size_t
occurrences(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

static void
test_limit(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_table(s.report, &(struct output_options){ .width = 120, .limit = 2 });
	assert_non_null(strstr(text, "... and 2 more (--format json has all)\n\nFINDINGS"));
	assert_null(strstr(text, "data/db"));
	assert_int_equal(occurrences(text, "... and 1 more"), 2); /* of four types of one finding, two are shown */
	free(text);
	/* One more is shown rather than told of. */
	text = sample_table(s.report, &(struct output_options){ .width = 120, .limit = 3 });
	assert_non_null(strstr(text, "node-1 (Node)"));
	free(text);
	sample_clear(&s);
}

/* Many findings of one type do not hide another type. */
static void
test_limit_is_shared_out(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	for (unsigned i = 0; i < 30; i++) {
		struct evidence_class e;
		struct evidence_count n = { .flows = 1, .first_seen = 5, .last_seen = 5, .example.first_seen = 5 };
		char name[16];
		struct peer source = { .namespace = "shop", .kind = "Deployment", .workload = name };

		memset(&e, 0, sizeof(e));
		e.protocol = i % 2 != 0 ? "redis" : "dns";
		e.state = ENCRYPTION_PLAINTEXT;
		e.result = AUTH_NOT_APPLICABLE;
		e.ip_protocol = 17;
		e.server_port = 53;
		e.payload = true;
		(void)snprintf(name, sizeof(name), "client-%u", i);
		report_add_evidence(s.report, report_peer(s.report, &source), s.report->pairs[0]->destination, &e, &n);
	}
	report_conclude(s.report, s.policies);
	text = sample_table(s.report, &(struct output_options){ .width = 120, .limit = 10 });
	assert_non_null(strstr(text, "certificate-expired"));
	assert_non_null(strstr(text, "shop/web -> shop/api  http:8080  1 flow  shop.pcap:34"));
	assert_non_null(strstr(text, "dns:53/udp"));
	assert_non_null(strstr(text, "redis:53/udp"));
	/* Advice for several protocols says which is for which. */
	assert_non_null(strstr(text, "  > redis: set tls-port and port 0; connect with TLS\n"));
	assert_true(occurrences(text, "\n  shop/") <= 10 + 4);
	free(text);
	sample_clear(&s);
}

/* Of what differs within a pair the kinds with most flows come first; of more kinds than have room, the rest is dots. */
static void
test_many_kinds(void **state)
{
	struct policy_set *set = policy_set_default();
	struct report *r = report_new(&(struct report_options){ 0 });
	struct peer source = { .namespace = "a", .kind = "Pod", .workload = "x" }, destination = { .namespace = "a", .kind = "Pod", .workload = "y" };
	char *text;

	(void)state;
	for (uint16_t port = 1; port <= 80; port++) {
		struct evidence_count n = { .flows = port == 9 ? 5 : 1, .first_seen = 5, .last_seen = 5 };
		struct evidence_class e;

		memset(&e, 0, sizeof(e));
		e.protocol = "http";
		e.server_port = port;
		e.ip_protocol = 6;
		e.payload = true;
		e.state = ENCRYPTION_PLAINTEXT;
		e.result = port == 9 ? AUTH_SUCCESS : AUTH_NONE;
		e.method = port == 9 ? "http-digest" : NULL; /* which puts it last of the classes */
		report_add_evidence(r, report_peer(r, &source), report_peer(r, &destination), &e, &n);
	}
	report_conclude(r, set);
	text = sample_table(r, &(struct output_options){ .width = 0 });
	assert_non_null(strstr(text, "http:9, http:1, http:2, http:3, http:4, http:5, http:6, http:7, http:8, http:10, http:11, http:12, ..."));
	assert_non_null(strstr(text, "79 none, 5 http-digest"));
	free(text);
	report_free(r);
	policy_set_free(set);
}

/* What a sensor saved tells of no file: the packets are those of its flows. */
static void
test_live(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	s.report->counters.frames = s.report->counters.bytes = 0;
	text = sample_table(s.report, &(struct output_options){ .width = 120 });
	assert_memory_equal(text, "seen live at 2 interfaces: ", 27);
	assert_non_null(strstr(text, " packets of flows, "));
	assert_null(strstr(text, " 0 packets"));
	free(text);
	s.report->file_count = 1;
	text = sample_table(s.report, &(struct output_options){ .width = 120 });
	assert_memory_equal(text, "seen live at captures/shop.pcap: ", 33);
	free(text);
	s.report->file_count = 2;
	sample_clear(&s);
}

static void
test_nothing(void **state)
{
	struct policy_set *set = policy_set_default();
	struct report *r = report_new(&(struct report_options){ 0 });
	char *text;

	(void)state;
	report_conclude(r, set);
	text = sample_table(r, &(struct output_options){ .width = 80 });
	assert_text(text, "0 files: 0 packets, 0 B\n0 flows between 0 pairs\nno C: nothing to judge was seen\n");
	free(text);
	report_free(r);
	policy_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_every_width),
		cmocka_unit_test(test_no_width),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_is_shared_out),
		cmocka_unit_test(test_many_kinds),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("sensor/output_table", tests, NULL, NULL);
}
