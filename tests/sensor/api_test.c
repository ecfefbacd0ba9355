/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of the API over a sample: that they are JSON, and hold what was asked for; the ring of recent flows. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sample_report.h"
#include "sensor/api.h"
#include "sensor/judge.h"
#include "sensor/output_text.h"
#include "sensor/recent_flows.h"

static struct sample sample;

static int
set_up(void **state)
{
	(void)state;
	sample_init(&sample);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sample_clear(&sample);
	return 0;
}

static char *written;

/* The text of a document over the sample; valid until the next. */
static const char *
document(void (*write)(FILE *, const struct snapshot *, void *), struct api_query *q)
{
	struct snapshot s = { .report = sample.report, .now = INT64_C(1767225700000000000), .generation = 7 };
	size_t size;
	FILE *f;

	free(written);
	f = open_memstream(&written, &size);
	assert_non_null(f);
	write(f, &s, q);
	assert_int_equal(fclose(f), 0);
	return written;
}

static struct api_query
query(enum api_document d, const char *text)
{
	struct api_query q;
	char error[256];

	assert_true(api_query_read(&q, d, text, error, sizeof(error)));
	return q;
}

static unsigned
count(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void
is_json(const char *text)
{
	size_t size = strlen(text);
	char command[] = "/tmp/api_test.XXXXXX";
	int fd = mkstemp(command);
	char line[128];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	snprintf(line, sizeof(line), "python3 -c 'import json,sys; json.load(open(sys.argv[1]))' %s", command);
	assert_int_equal(system(line), 0);
	close(fd);
	unlink(command);
}

static void
test_pairs(void **state)
{
	struct api_query q = query(API_PAIRS, "");
	const char *text = document(api_pairs, &q);

	(void)state;
	is_json(text);
	assert_ptr_equal(strstr(text, "{\"schema\":\"podwire.api/1\",\"time\":\"2026-01-01T00:01:40"), text);
	assert_int_equal(count(text, "\"evidence\":["), 4);
	assert_non_null(strstr(text, "],\"total\":4,\"offset\":0,\"limit\":100}\n"));
	q = query(API_PAIRS, "limit=1&offset=1");
	text = document(api_pairs, &q);
	is_json(text);
	assert_int_equal(count(text, "\"evidence\":["), 1);
	assert_non_null(strstr(text, "\"total\":4,\"offset\":1,\"limit\":1}"));
	q = query(API_PAIRS, "namespace=data");
	text = document(api_pairs, &q);
	assert_int_equal(count(text, "\"evidence\":["), 1);
	assert_non_null(strstr(text, "\"total\":1,"));
	q = query(API_PAIRS, "offset=4294967295");
	is_json(document(api_pairs, &q));
	q = query(API_PAIRS, "limit=0");
	text = document(api_pairs, &q);
	is_json(text);
	assert_non_null(strstr(text, "\"total\":4,"));
}

static void
test_pair(void **state)
{
	struct api_query q = query(API_PAIR, "");
	const char *text;

	(void)state;
	output_pair_id(sample.report->pairs[0], q.id);
	text = document(api_pair, &q);
	is_json(text);
	assert_int_equal(q.status, 200);
	assert_non_null(strstr(text, q.id));
	assert_int_equal(count(text, "\"terms\":["), POLICY_COUNT);
	assert_non_null(strstr(text, "{\"evidence\":0,\"flows\":"));
	assert_non_null(strstr(text, "\"findings\":[{\"id\""));
	strcpy(q.id, "0123456789abcdef");
	text = document(api_pair, &q);
	assert_int_equal(q.status, 404);
	assert_string_equal(text, "");
}

static void
test_findings(void **state)
{
	struct api_query q = query(API_FINDINGS, "");
	unsigned all;
	const char *text = document(api_findings, &q);

	(void)state;
	is_json(text);
	all = count(text, "\"advice\"");
	assert_int_equal(all, sample.report->finding_count);
	for (unsigned severity = 0; severity < SEVERITY_COUNT; severity++) {
		char asked[64];
		unsigned as_bad = 0;

		for (size_t i = 0; i < sample.report->finding_count; i++)
			as_bad += sample.report->findings[i].severity >= severity;
		(void)snprintf(asked, sizeof(asked), "severity=%s", severity_names[severity]);
		q = query(API_FINDINGS, asked);
		assert_int_equal(count(document(api_findings, &q), "\"advice\""), as_bad);
	}
	q = query(API_FINDINGS, "type=certificate-expired");
	assert_int_equal(count(document(api_findings, &q), "\"advice\""), 1);
	q = query(API_FINDINGS, "type=%22%7d");
	is_json(document(api_findings, &q));
}

static void
test_queries_refused(void **state)
{
	static const struct {
		enum api_document document;
		const char *query;
	} bad[] = {
		{ API_PAIRS, "limit=-1" }, { API_PAIRS, "limit=10001" }, { API_PAIRS, "severity=high" }, { API_PAIRS, "limit" }, { API_PAIRS, "namespace=" }, { API_FINDINGS, "type=" },
		{ API_PAIR, "limit=1" }, { API_FINDINGS, "severity=awful" }, { API_FINDINGS, "severity=" }, { API_FLOWS, "limit=1001" },
		{ API_FLOWS, "offset=1" }, { API_STATUS, "x=y" }, { API_PAIRS, "namespace=%00" }, { API_PAIRS, "namespace=%zz" },
	};
	struct api_query q;
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		*error = '\0';
		assert_false(api_query_read(&q, bad[i].document, bad[i].query, error, sizeof(error)));
		assert_true(*error != '\0' && strchr(error, '\n') == NULL);
	}
}

static void
test_status(void **state)
{
	struct sensor_status *s = calloc(1, sizeof(*s));
	char *text = NULL, why[API_READY_SIZE];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	s->kubernetes = true;
	s->kube[KUBE_PODS].wanted = s->kube[KUBE_SERVICES].wanted = s->kube[KUBE_NODES].wanted = true;
	s->kube[KUBE_PODS].synced = s->kube[KUBE_NODES].refused = true;
	s->worker_count = 1;
	s->interface_count = 2;
	strcpy(s->interfaces[0].name, "cni0\xff\"");
	s->interfaces[1] = (struct interface_status){ .name = "veth1", .absent = STATUS_INTERFACE_SHOWN };
	strcpy(s->policy_error, "a \"bad\" line");
	api_status(f, s);
	assert_int_equal(fclose(f), 0);
	is_json(text);
	assert_non_null(strstr(text, "\"services\":{\"synced\":false"));
	assert_null(strstr(text, "\"namespaces\":"));
	assert_null(strstr(text, "veth1"));
	free(text);
	api_not_ready(s, why);
	assert_string_equal(why, "not capturing yet\nnot synced yet: services\n");
	s->capturing = s->kube[KUBE_SERVICES].synced = true;
	api_not_ready(s, why);
	assert_string_equal(why, "the inventory is not synced yet\n");
	s->synced = true;
	api_not_ready(s, why);
	assert_string_equal(why, "");
	free(s);
}

/* Recent flows. */

static const struct flow_record *
record(uint64_t number, size_t text_size)
{
	static struct flow_record r;
	char text[4096];

	record_init(&r);
	r.first_packet = number;
	memset(text, 'x', text_size);
	text[text_size] = '\0';
	r.principal = record_add_text(&r, text);
	return &r;
}

static void
test_ring(void **state)
{
	struct recent_flows *f = recent_flows_new(3, 0);
	size_t small, size;

	(void)state;
	assert_int_equal(recent_flows_count(f), 0);
	for (uint64_t i = 1; i <= 5; i++)
		recent_flows_add(f, record(i, 10));
	assert_int_equal(recent_flows_count(f), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(recent_flows_get(f, i)->first_packet, 5 - i);
	recent_flows_free(f);
	small = record(0, 10)->size;
	f = recent_flows_new(100, 3 * small + 10);
	for (uint64_t i = 1; i <= 50; i++)
		recent_flows_add(f, record(i, 10));
	assert_int_equal(recent_flows_count(f), 3);
	/* A long one takes the room of several. */
	recent_flows_add(f, record(51, 10 + small + 5));
	size = recent_flows_count(f);
	assert_in_range(size, 1, 2);
	assert_int_equal(recent_flows_get(f, 0)->first_packet, 51);
	/* One that never fits changes nothing. */
	recent_flows_add(f, record(52, 3 * small + 20));
	assert_int_equal(recent_flows_count(f), size);
	recent_flows_free(f);
}

static void
test_flows(void **state)
{
	struct recent_flows *f = recent_flows_new(0, 0);
	struct api_query q = query(API_FLOWS, "limit=2");
	char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		recent_flows_add(f, record(i, 5));
	out = open_memstream(&text, &size);
	api_flows(out, f, sample.report, &q);
	assert_int_equal(fclose(out), 0);
	is_json(text);
	assert_int_equal(count(text, "\"first_packet\""), 2);
	assert_non_null(strstr(text, "\"first_packet\":3,"));
	assert_null(strstr(text, "xxxxx"));
	assert_non_null(strstr(text, "\"total\":3,\"limit\":2}\n"));
	free(text);
	recent_flows_free(f);
	free(written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pairs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_findings, set_up, tear_down),
		cmocka_unit_test(test_queries_refused),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_ring),
		cmocka_unit_test_setup_teardown(test_flows, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("sensor/api", tests, NULL, NULL);
}
