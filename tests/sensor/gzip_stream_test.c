/* SPDX-License-Identifier: Apache-2.0 */
/* What gzip itself makes of our gzip: nothing, little, texts of many blocks, and what does not shrink. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/gzip_stream.h"

static char path[] = "/tmp/podwire-gzip-XXXXXX";

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

/* Nothing in it repeats: it takes more room packed. */
static char
noise(size_t at)
{
	uint64_t x = (at + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return (char)((x ^ x >> 27) * UINT64_C(0x94d049bb133111eb) >> 56);
}

/* Text that repeats, with noise (every byte of it another) in between. */
static char
text(size_t at)
{
	static const char line[] = "podwire_flows_total{source_workload=\"frontend\"} 1\n";

	return at % 5000 < 100 ? (char)(at * 2654435761U >> 13) : line[at % (sizeof(line) - 1)];
}

static void
pack(char (*character)(size_t at), size_t size)
{
	FILE *out = fopen(path, "w"), *in = gzip_stream_open(out);

	for (size_t i = 0; i < size; i++)
		putc(character(i), in);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

static void
check(char (*character)(size_t at), size_t size)
{
	char command[128];
	FILE *in;

	(void)snprintf(command, sizeof(command), "gzip -dc <%s", path);
	in = popen(command, "r");
	assert_non_null(in);
	for (size_t i = 0; i < size; i++)
		if (getc(in) != (unsigned char)character(i))
			fail_msg("byte %zu of %zu is another", i, size);
	assert_int_equal(getc(in), EOF);
	assert_int_equal(pclose(in), 0);
}

static void
comes_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 32768, 32769, 3000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pack(text, sizes[i]);
		check(text, sizes[i]);
		pack(noise, sizes[i]);
		check(noise, sizes[i]);
	}
}

static void
shrinks(void **state)
{
	FILE *f;

	(void)state;
	pack(text, 1000000);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	assert_in_range(ftell(f), 1000, 100000);
	assert_int_equal(fclose(f), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(comes_back), cmocka_unit_test(shrinks) };

	return cmocka_run_group_tests_name("sensor/gzip_stream", tests, set_up, tear_down);
}
