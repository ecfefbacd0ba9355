/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: their form whatever the values hold, their rate, and that nobody waits for a reader. */
#include <config.h>

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/log.h"

static const int64_t second = INT64_C(1000000000);

static void
line(const struct log_field *fields, size_t count, uint64_t suppressed, const char *expected)
{
	char text[LOG_LINE_MAX + 1];
	size_t size = log_format(text, 1700000000 * second + 123456789, LOG_LEVEL_WARN, "a message", fields, count, suppressed);

	assert_in_range(size, 1, LOG_LINE_MAX);
	text[size] = '\0';
	assert_int_equal(text[size - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	if (expected != NULL) {
		text[size - 1] = '\0';
		assert_string_equal(text, expected);
	}
}

#define BEGIN "time=2023-11-14T22:13:20.123Z level=warn msg=\"a message\""

static void
test_form(void **state)
{
	const struct log_field fields[] = {
		log_text("word", "pods"), log_text("empty", ""), log_text("none", NULL), log_text("spaced", "a b"), log_text("pair", "a=b"),
		log_number("number", -5), log_count("count", UINT64_MAX), log_decimal("share", 0.25), log_errno(2), { .type = LOG_NONE },
	};

	(void)state;
	line(NULL, 0, 0, BEGIN);
	line(NULL, 0, 17, BEGIN " suppressed=17");
	line(fields, sizeof(fields) / sizeof(fields[0]), 0,
		BEGIN " word=pods empty=\"\" spaced=\"a b\" pair=\"a=b\" number=-5 count=18446744073709551615 share=0.25 error=\"No such file or directory\"");
}

static void
test_hostile_values(void **state)
{
	const struct log_field fields[] = {
		log_text("a", "x\" level=error msg=\"owned"), log_text("b", "two\nlines\r\ttab"), log_text("c", "\x1b[31m\x7f"),
		log_text("d", "\xc3\xa4\xff\xc3"), log_text("e", "back\\slash"), log_text("f", "\xc2\x9b" "31m"),
	};

	(void)state;
	line(fields, sizeof(fields) / sizeof(fields[0]), 0,
		BEGIN " a=\"x\\\" level=error msg=\\\"owned\" b=\"two\\nlines\\r\\ttab\" c=\"\\x1b[31m\\x7f\" d=\"\xc3\xa4\\xff\\xc3\" e=\"back\\\\slash\" f=\"\\xc2\\x9b31m\"");
}

static void
test_bounded(void **state)
{
	char *longer = malloc(100001), text[LOG_LINE_MAX + 1];
	struct log_field fields[3];
	size_t size;

	(void)state;
	memset(longer, '\n', 100000);
	longer[100000] = '\0';
	fields[0] = log_text("first", longer);
	fields[1] = log_text("second", "told");
	line(fields, 2, 0, NULL);
	size = log_format(text, 0, LOG_LEVEL_INFO, "m", fields, 2, 0);
	text[size] = '\0';
	assert_non_null(strstr(text, "...\" second=told\n"));
	fields[1] = fields[2] = fields[0];
	size = log_format(text, 0, LOG_LEVEL_INFO, "m", fields, 3, 0);
	text[size] = '\0';
	assert_string_equal(text + size - 10, " cut=true\n");
	assert_null(strstr(text, "second"));
	line(fields, 3, 5, NULL);
	free(longer);
}

static void
test_rate(void **state)
{
	struct log_site site = { 0 };
	unsigned written = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		written += log_allow(&site, 100 * second);
	assert_int_equal(written, 10);
	assert_int_equal(site.suppressed, 990);
	assert_false(log_allow(&site, 100 * second + second / 2));
	assert_true(log_allow(&site, 101 * second));
	assert_false(log_allow(&site, 101 * second));
	/* A clock that went back gives nothing away. */
	assert_false(log_allow(&site, 5 * second));
	for (unsigned i = 0; i < 10; i++)
		assert_true(log_allow(&site, 1000 * second));
	assert_false(log_allow(&site, 1000 * second));
}

static size_t
drain(int fd, char *text, size_t size)
{
	ssize_t n;
	size_t total = 0;

	while (total < size - 1 && (n = read(fd, text + total, size - 1 - total)) > 0)
		total += (size_t)n;
	text[total] = '\0';
	return total;
}

static time_t
steady_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void *
log_much(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 100; i++)
		log_warn("from a thread", log_number("i", i));
	return NULL;
}

static void
test_threads_and_levels(void **state)
{
	pthread_t threads[4];
	char text[65536];
	int fds[2];
	unsigned lines = 0;
	uint64_t before = log_lost();
	time_t begun = steady_seconds();

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	log_set_fd(fds[1]);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	log_debug("not asked for");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("asked for");
	log_set_level(LOG_LEVEL_ERROR);
	log_info("too low");
	log_error("an error", log_text("what", "this"));
	log_set_level(LOG_LEVEL_INFO);
	drain(fds[0], text, sizeof(text));
	for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
		lines++;
	/* Ten at once, one for each second that went by, and the two below. */
	assert_in_range(lines, 12, 12 + (steady_seconds() - begun) + 1);
	assert_null(strstr(text, "not asked for"));
	assert_non_null(strstr(text, "asked for"));
	assert_null(strstr(text, "too low"));
	assert_non_null(strstr(text, "level=error msg=\"an error\" what=this"));
	assert_int_equal(log_lost() - before + lines, 400 + 2);
	log_set_fd(2);
	close(fds[0]);
	close(fds[1]);
}

/* A pipe that is full: lines are lost, and counted, but nobody waits. */
static void
test_nobody_reads(void **state)
{
	int fds[2];
	char page[4096] = "";
	uint64_t before = log_lost();

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0); /* a write would now block for ever */
	log_set_fd(fds[1]);
	alarm(60);
	log_error("into a full pipe");
	alarm(0);
	assert_int_equal(log_lost() - before, 1);
	log_set_fd(2);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_threads_and_levels),
		cmocka_unit_test(test_nobody_reads),
	};

	return cmocka_run_group_tests_name("sensor/log", tests, NULL, NULL);
}
