/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to the stream is what is in memory, at any size and in pieces of any size. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/text_buffer.h"

static void
check(size_t size, size_t piece)
{
	struct text_buffer b;
	FILE *f = text_buffer_open(&b);
	char *expected = malloc(size + 1);

	assert_non_null(f);
	for (size_t i = 0; i < size; i++)
		expected[i] = (char)('a' + (i * 7 + i / 4096) % 26);
	expected[size] = '\0';
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		assert_int_equal(fwrite(expected + at, 1, n, f), n);
	}
	assert_int_equal(fclose(f), 0);
	assert_int_equal(b.size, size);
	assert_memory_equal(b.text, expected, size + 1);
	free(b.text);
	free(expected);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 32767, 32768, 32769, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 4096, 9000001 };
	static const size_t pieces[] = { 1, 100, 32768, 100000, 10000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++)
			check(sizes[i], pieces[j]);
}

/* What cannot be held ends the text: the user sees that there is none. */
static void
test_too_large(void **state)
{
	struct text_buffer b;
	FILE *f = text_buffer_open(&b);
	char *text = calloc(1, 100000);

	(void)state;
	b.size = SIZE_MAX / 2;
	(void)fwrite(text, 1, 100000, f);
	assert_int_not_equal(fclose(f), 0);
	assert_null(b.text);
	assert_int_equal(b.size, 0);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests_name("sensor/text_buffer", tests, NULL, NULL);
}
