/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what differs between two snapshots is told once; a full queue drops whole lines and counts them. */
#include <config.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sample_report.h"
#include "sensor/events.h"
#include "sensor/judge.h"
#include "sensor/status.h"

/* What was handed out; refusing: after so many lines nothing is taken. */
struct heard {
	char *text;
	size_t size;
	unsigned lines, taken_max;
};

static bool
hear(void *context, const char *line, size_t size)
{
	struct heard *h = context;

	assert_int_equal(line[size - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
	if (h->lines == h->taken_max)
		return false;
	h->lines++;
	h->text = realloc(h->text, h->size + size + 1);
	memcpy(h->text + h->size, line, size + 1);
	h->size += size;
	return true;
}

static void
forget(struct heard *h)
{
	free(h->text);
	*h = (struct heard){ .taken_max = 1000 };
}

static unsigned
count(const struct heard *h, const char *part)
{
	unsigned n = 0;

	for (const char *at = h->text; at != NULL && (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

static void
test_differences(void **state)
{
	struct event_memory *m = event_memory_new();
	struct heard h = { .taken_max = 1000 };
	struct sample s;
	unsigned findings, pairs;
	struct report *empty = report_new(&(struct report_options){ 0 });

	(void)state;
	sample_init(&s);
	findings = (unsigned)s.report->finding_count;
	pairs = (unsigned)s.report->pair_count;
	event_memory_compare(m, s.report, 1, hear, &h);
	assert_int_equal(count(&h, "{\"type\":\"finding\",\"schema\":\"podwire.event/1\",\"time\":\"1970-01-01T00:00:00.000000001Z\",\"change\":\"new\","), findings);
	assert_int_equal(count(&h, "{\"type\":\"pair\",\"schema\":\"podwire.event/1\",\"time\":\"1970-01-01T00:00:00.000000001Z\",\"change\":\"new\",\"pair\":{\"id\":"), pairs);
	assert_int_equal(h.lines, findings + pairs);
	/* Nothing has changed. */
	forget(&h);
	event_memory_compare(m, s.report, 2, hear, &h);
	assert_int_equal(h.lines, 0);
	/* Less than a step, twice: together they are one. */
	s.report->pairs[0]->c += 0.006;
	event_memory_compare(m, s.report, 3, hear, &h);
	assert_int_equal(h.lines, 0);
	s.report->pairs[0]->c += 0.006;
	event_memory_compare(m, s.report, 4, hear, &h);
	assert_int_equal(h.lines, 1);
	assert_int_equal(count(&h, "\"change\":\"changed\",\"previous_c\":"), 1);
	forget(&h);
	s.report->pairs[0]->has_c = false;
	s.report->findings[0].packet += 1;
	s.report->findings[1].severity = s.report->findings[1].severity == SEVERITY_LOW ? SEVERITY_HIGH : SEVERITY_LOW;
	event_memory_compare(m, s.report, 5, hear, &h);
	assert_int_equal(h.lines, 3);
	assert_int_equal(count(&h, "\"change\":\"changed\",\"previous_severity\":"), 2);
	assert_int_equal(count(&h, "\"c\":null"), 1);
	/* All is gone: findings are told of, pairs are not. */
	forget(&h);
	report_conclude(empty, s.policies);
	event_memory_compare(m, empty, 6, hear, &h);
	assert_int_equal(h.lines, findings);
	assert_int_equal(count(&h, "\"change\":\"gone\",\"finding\":{\"id\":"), findings);
	forget(&h);
	event_memory_compare(m, s.report, 7, hear, &h);
	assert_int_equal(h.lines, findings + pairs);
	free(h.text);
	report_free(empty);
	event_memory_free(m);
	sample_clear(&s);
}

/* What was not taken comes again, and only that. */
static void
test_told_again(void **state)
{
	struct event_memory *m = event_memory_new();
	struct heard h = { .taken_max = 0 };
	struct sample s;
	unsigned all, total = 0;
	struct report *empty = report_new(&(struct report_options){ 0 });

	(void)state;
	sample_init(&s);
	report_conclude(empty, s.policies);
	all = (unsigned)(s.report->finding_count + s.report->pair_count);
	for (unsigned round = 0; round <= all; round++) {
		h.taken_max = 1;
		event_memory_compare(m, s.report, 1, hear, &h);
		total += h.lines;
		free(h.text);
		h = (struct heard){ 0 };
	}
	assert_int_equal(total, all);
	h.taken_max = 2;
	event_memory_compare(m, empty, 2, hear, &h);
	assert_int_equal(h.lines, 2);
	forget(&h);
	event_memory_compare(m, empty, 3, hear, &h);
	assert_int_equal(h.lines, s.report->finding_count - 2);
	free(h.text);
	report_free(empty);
	event_memory_free(m);
	sample_clear(&s);
}

static size_t
read_all(int fd, char *text, size_t size)
{
	size_t total = 0;
	ssize_t n;

	while (total < size - 1 && (n = read(fd, text + total, size - 1 - total)) > 0)
		total += (size_t)n;
	text[total] = '\0';
	return total;
}

static void
test_written(void **state)
{
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct events_counters counters;
	struct events *e;
	struct sample s;
	int fds[2];
	char error[256], *text = malloc(1 << 20);
	unsigned lines = 0;

	(void)state;
	sample_init_flows(&s);
	assert_int_equal(pipe(fds), 0);
	e = events_new(&(struct events_options){ .fd = fds[1] }, error, sizeof(error));
	assert_non_null(e);
	events_status(e, status);
	for (size_t i = 0; i < s.report->record_count; i++)
		events_flow(e, s.report->records[i], s.report, 1);
	events_snapshot(e, &(struct snapshot){ .report = s.report, .now = 1 });
	events_counters(e, &counters);
	events_free(e);
	close(fds[1]);
	read_all(fds[0], text, 1 << 20);
	for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
		lines++;
	assert_int_equal(lines, counters.written);
	assert_int_equal(counters.dropped, 0);
	assert_ptr_equal(strstr(text, "{\"type\":\"status\",\"schema\":\"podwire.event/1\",\"time\":\""), text);
	assert_non_null(strstr(text, "\n{\"type\":\"flow\",\"schema\":\"podwire.event/1\",\"time\":"));
	assert_null(strstr(text, "alice")); /* user names only where asked for */
	close(fds[0]);
	free(text);
	free(status);
	sample_clear(&s);
}

static void
test_warnings(void **state)
{
	const struct warning_details details = { .counts = { 7, 600 }, .texts = { "a \"line\"\n", NULL } };
	struct events_counters counters;
	struct events *e;
	int fds[2];
	char error[256], text[4096];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	e = events_new(&(struct events_options){ .fd = fds[1] }, error, sizeof(error));
	for (unsigned i = 0; i < WARNING_COUNT; i++)
		events_warning(e, (enum warning)i, &details, 1);
	events_counters(e, &counters);
	assert_int_equal(counters.written, WARNING_COUNT);
	events_free(e);
	close(fds[1]);
	read_all(fds[0], text, sizeof(text));
	close(fds[0]);
#define WARNING "{\"type\":\"warning\",\"schema\":\"podwire.event/1\",\"time\":\"1970-01-01T00:00:00.000000001Z\",\"warning\":"
#define REASON ",\"reason\":\"a \\\"line\\\"\\n\"}\n"
	assert_string_equal(text,
		WARNING "\"packets-lost\",\"lost\":7,\"of\":600}\n"
		WARNING "\"worker-restarted\",\"worker\":7,\"by\":\"a \\\"line\\\"\\n\",\"flow\":null}\n"
		WARNING "\"policy-refused\"" REASON
		WARNING "\"cluster-file-refused\"" REASON
		WARNING "\"state-damaged\"" REASON
		WARNING "\"state-not-saved\"" REASON);
}

/* A pipe nobody reads: nobody waits, whole lines are dropped and counted. */
static void
test_nobody_reads(void **state)
{
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct events_counters counters;
	struct events *e;
	struct timespec before, after;
	int fds[2];
	char error[256], *text = malloc(1 << 20), *at;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	e = events_new(&(struct events_options){ .fd = fds[1], .queue_bytes = 100000 }, error, sizeof(error));
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	for (unsigned i = 0; i < 2000; i++)
		events_status(e, status);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 5);
	events_counters(e, &counters);
	assert_int_equal(counters.written + counters.dropped, 2000);
	assert_true(counters.dropped > 500);
	assert_in_range(counters.queued, 1, 100000);
	events_free(e); /* ends all the same */
	close(fds[1]);
	read_all(fds[0], text, 1 << 20);
	/* Whole lines, but for the one at which the reader was left. */
	for (at = text; strchr(at, '\n') != NULL; at = strchr(at, '\n') + 1)
		assert_int_equal(strncmp(at, "{\"type\":\"status\"", 16), 0);
	close(fds[0]);
	free(text);
	free(status);
}

/* The reader is gone: an error, not a signal. */
static void
test_reader_gone(void **state)
{
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct events_counters counters;
	struct events *e;
	int fds[2];
	char error[256];
	uint64_t written = 0;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	e = events_new(&(struct events_options){ .fd = fds[1] }, error, sizeof(error));
	for (unsigned i = 0; i < 100; i++) {
		events_status(e, status);
		(void)usleep(1000);
		events_counters(e, &counters);
		assert_true(counters.written >= written); /* it is shown as a counter */
		written = counters.written;
	}
	/* The thread that writes may not have tried all of them yet. */
	for (unsigned i = 0; i < 60000 && counters.queued > 0; i++) {
		(void)usleep(1000);
		events_counters(e, &counters);
	}
	assert_int_equal(counters.dropped, 100);
	events_free(e);
	close(fds[1]);
	free(status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_told_again),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_nobody_reads),
		cmocka_unit_test(test_reader_gone),
	};

	return cmocka_run_group_tests_name("sensor/events", tests, NULL, NULL);
}
