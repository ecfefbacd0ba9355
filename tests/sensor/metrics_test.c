/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as text: numbers, escapes and names of both formats, and what is absent. */
#include <config.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample_report.h"
#include "sensor/judge.h"
#include "sensor/metrics_text.h"

static const struct metric_family counter = { "x_bytes", "Help", "bytes", METRIC_COUNTER };
static const struct metric_family gauge = { "y", "Help", NULL, METRIC_GAUGE };
static const struct metric_family info = { "z", "Help", NULL, METRIC_INFO };

static char *
text_of(enum metrics_format format, void (*write)(struct metrics_text *))
{
	struct metrics_text t;
	char *text = NULL;
	size_t size;

	metrics_begin(&t, open_memstream(&text, &size), format);
	write(&t);
	metrics_end(&t);
	assert_int_equal(fclose(t.out), 0);
	return text;
}

/* The whole page of a snapshot, for the caller to free(). */
static char *
page_of(const struct snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	metrics_write(f, s, METRICS_PROMETHEUS);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
check(enum metrics_format format, void (*write)(struct metrics_text *), const char *expected)
{
	char *text = text_of(format, write);

	assert_string_equal(text, expected);
	free(text);
}

static void
families(struct metrics_text *t)
{
	metrics_family(t, &counter);
	metrics_count(t, &counter, NULL, 0);
	metrics_family(t, &gauge);
	metrics_family(t, &info);
	metrics_count(t, &info, NULL, 1);
}

static void
test_families(void **state)
{
	(void)state;
	check(METRICS_PROMETHEUS, families,
		"# HELP x_bytes_total Help\n# TYPE x_bytes_total counter\nx_bytes_total 0\n"
		"# HELP y Help\n# TYPE y gauge\n# HELP z_info Help\n# TYPE z_info gauge\nz_info 1\n");
	check(METRICS_OPENMETRICS, families,
		"# HELP x_bytes Help\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\nx_bytes_total 0\n"
		"# HELP y Help\n# TYPE y gauge\n# HELP z Help\n# TYPE z info\nz_info 1\n# EOF\n");
}

static void
labels(struct metrics_text *t)
{
	struct metrics_labels l = { 0 };

	metrics_label(&l, "a", "plain");
	metrics_label(&l, "b", "q\"b\\n\nt\tx");
	metrics_label(&l, "c", "\xc3\xa4\xff\xed\xa0\x80");
	metrics_label(&l, "d", "");
	metrics_label(&l, "e", NULL);
	metrics_count(t, &gauge, &l, UINT64_MAX);
	metrics_labels_clear(&l);
	metrics_count(t, &gauge, &l, 7);
	metrics_labels_free(&l);
}

static void
test_labels(void **state)
{
	(void)state;
	check(METRICS_PROMETHEUS, labels, "y{a=\"plain\",b=\"q\\\"b\\\\n\\nt\tx\",c=\"\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",d=\"\",e=\"\"} 18446744073709551615\ny 7\n");
}

static void
values(struct metrics_text *t)
{
	static const double numbers[] = { 0, 1, 0.5, 2.0 / 3, 0.1, 1e-9, 4e-10, 0.9999999999, 123456789.25, -1.5, 1e300, NAN, -INFINITY, 1700000000.125 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		metrics_value(t, &gauge, NULL, numbers[i]);
}

static void
test_values(void **state)
{
	(void)state;
	check(METRICS_PROMETHEUS, values,
		"y 0\ny 1\ny 0.5\ny 0.666666667\ny 0.1\ny 0.000000001\ny 0\ny 1\ny 123456789.25\ny -1.5\ny +Inf\ny NaN\ny -Inf\ny 1700000000.125\n");
}

/* More than the buffer holds, in pieces of every size, and one label larger than it. */
static void
much(struct metrics_text *t)
{
	struct metrics_labels l = { 0 };
	char *longer = malloc(100001);

	for (unsigned i = 0; i < 20000; i++)
		metrics_count(t, &gauge, NULL, i);
	memset(longer, 'x', 100000);
	longer[100000] = '\0';
	metrics_label(&l, "a", longer);
	metrics_count(t, &gauge, &l, 5);
	free(longer);
	metrics_labels_free(&l);
}

static void
test_much(void **state)
{
	char *text = text_of(METRICS_PROMETHEUS, much), *at = text;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char line[32];
		size_t size = (size_t)snprintf(line, sizeof(line), "y %u\n", i);

		assert_memory_equal(at, line, size);
		at += size;
	}
	assert_int_equal(strlen(at), 100000 + strlen("y{a=\"\"} 5\n"));
	assert_string_equal(at + strlen(at) - 6, "x\"} 5\n");
	free(text);
}

static void
test_choose(void **state)
{
	(void)state;
	assert_int_equal(metrics_choose(NULL), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("*/*"), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("text/html, */*;q=0.8"), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"), METRICS_OPENMETRICS);
	assert_int_equal(metrics_choose("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5"), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("application/openmetrics-text;version=0.0.1"), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8"), METRICS_OPENMETRICS);
	assert_int_equal(metrics_choose("application/openmetrics-text; version=\"1.0.1\""), METRICS_PROMETHEUS);
	assert_int_equal(metrics_choose("application/openmetrics-text;q=0"), METRICS_PROMETHEUS);
}

/* A pair without a score has none: absent, not 0. */
static void
test_absent(void **state)
{
	struct sample sample;
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct series *series = series_new(100, INT64_C(3600000000000));
	struct snapshot s = { .series = series, .status = status, .now = 1 };
	char *text;

	(void)state;
	sample_init(&sample);
	s.report = sample.report;
	text = page_of(&s);
	assert_non_null(strstr(text, "\npodwire_pair_score{source_workload=\"web\",source_workload_namespace=\"shop\",destination_workload=\"api\",destination_workload_namespace=\"shop\"} 0."));
	assert_non_null(strstr(text, "podwire_pair_coverage{source_workload=\"node-1\""));
	assert_null(strstr(text, "podwire_pair_score{source_workload=\"node-1\""));
	assert_null(strstr(text, "\npodwire_inventory_age_seconds "));
	assert_null(strstr(text, "kind=\""));
	free(text);
	free(status);
	series_free(series);
	sample_clear(&sample);
}

/* Interfaces of pods come and go for months: one that is gone is shown for a while. */
static void
test_interfaces(void **state)
{
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct report *report = report_new(&(struct report_options){ 0 });
	struct policy_set *set = policy_set_default();
	struct series *series = series_new(100, INT64_C(3600000000000));
	struct snapshot s = { .report = report, .series = series, .status = status, .now = 1 };
	char *text;

	(void)state;
	report_conclude(report, set);
	status->interface_count = 3;
	status->interfaces[0] = (struct interface_status){ .name = "cni0", .present = true, .packets = 5, .bytes = 500, .interface_dropped = 1 };
	status->interfaces[1] = (struct interface_status){ .name = "veth1", .absent = STATUS_INTERFACE_SHOWN - 1, .packets = 7 };
	status->interfaces[2] = (struct interface_status){ .name = "veth2", .absent = STATUS_INTERFACE_SHOWN, .packets = 9 };
	text = page_of(&s);
	assert_non_null(strstr(text, "\npodwire_capture_packets_total{interface=\"cni0\"} 5\npodwire_capture_packets_total{interface=\"veth1\"} 7\n"));
	assert_non_null(strstr(text, "\npodwire_capture_bytes_total{interface=\"cni0\"} 500\n"));
	assert_non_null(strstr(text, "\npodwire_capture_interface_present{interface=\"cni0\"} 1\npodwire_capture_interface_present{interface=\"veth1\"} 0\n"));
	assert_non_null(strstr(text, "\npodwire_capture_dropped_total{interface=\"cni0\",reason=\"interface\"} 1\n"));
	assert_null(strstr(text, "veth2"));
	free(text);
	free(status);
	series_free(series);
	report_free(report);
	policy_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_interfaces),
	};

	return cmocka_run_group_tests_name("sensor/metrics", tests, NULL, NULL);
}
