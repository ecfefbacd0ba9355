/* SPDX-License-Identifier: Apache-2.0 */
/* Readable text and what only looks like it: each rule from both of its sides. */
#include <config.h>

#include "dissectors/readable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum readable_verdict
judge(const void *bytes, size_t size)
{
	struct readable r = { 0 };
	uint8_t *copy = malloc(size + (size == 0));

	memcpy(copy, bytes, size);
	(void)readable_add(&r, cursor_over(copy, size));
	free(copy);
	return readable_judge(&r);
}

static enum readable_verdict
judge_text(const char *text)
{
	return judge(text, strlen(text));
}

/* Pseudo-random bytes of an alphabet: what encryption and compression, or an encoding of them, look like. */
static enum readable_verdict
judge_noise(const char *alphabet, size_t letters, size_t size, size_t line)
{
	uint8_t bytes[4096];
	uint32_t x = 12345;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = alphabet != NULL ? (uint8_t)alphabet[(x >> 16) % letters] : (uint8_t)(x >> 16);
		if (line > 0 && i % line == line - 1)
			bytes[i] = '\n';
	}
	return judge(bytes, size);
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
text_is_text(void **state)
{
	(void)state;
	assert_int_equal(judge_text("api.requests:1|c\napi.latency:12|ms\n"), READABLE_TEXT);
	assert_int_equal(judge_text("{\"jsonrpc\":\"2.0\",\"method\":\"add\",\"params\":[1,2],\"id\":1}\n"), READABLE_TEXT);
	assert_int_equal(judge_text("<14>Jan  1 00:00:00 host app: started\n"), READABLE_TEXT);
	assert_int_equal(judge_text("Gr\xc3\xbc\xc3\x9f" "e aus K\xc3\xb6ln, \xe2\x82\xac 5, \xf0\x9f\x98\x80 und mehr"), READABLE_TEXT);
}

static void
too_little_is_no_text(void **state)
{
	(void)state;
	assert_int_equal(judge_text(""), READABLE_NOTHING);
	assert_int_equal(judge_text("a b c d e f g h i j k l m n o p"), READABLE_LITTLE); /* 31 bytes */
	assert_int_equal(judge_text("a b c d e f g h i j k l m n o p "), READABLE_TEXT);
}

static void
one_byte_in_twenty_may_be_odd(void **state)
{
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "to be or not "[i % 13];
	memset(text + 50, 1, 5);
	assert_int_equal(judge(text, sizeof(text)), READABLE_TEXT);
	text[20] = 1;
	assert_int_equal(judge(text, sizeof(text)), READABLE_NOT);
}

/* Malformed UTF-8 is no text, wherever the sequence breaks. */
static void
only_well_formed_utf8_counts(void **state)
{
	char text[64];

	(void)state;
	memset(text, ' ', sizeof(text));
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	memset(text, ' ', 8);
	assert_int_equal(judge(text, sizeof(text)), READABLE_TEXT);
	for (size_t i = 9; i < sizeof(text); i += 2)
		text[i] = '\xff';
	assert_int_equal(judge(text, sizeof(text)), READABLE_NOT);
	memset(text + 8, 0x80, sizeof(text) - 8);
	assert_int_equal(judge(text, sizeof(text)), READABLE_NOT);
}

static void
noise_is_no_text(void **state)
{
	(void)state;
	for (size_t size = 16; size <= 2048; size *= 2)
		assert_int_equal(judge_noise(NULL, 0, size, 0), READABLE_NOT);
}

static void
encodings_are_no_text(void **state)
{
	(void)state;
	assert_int_equal(judge_noise(base64, 64, 100, 0), READABLE_NOT);
	assert_int_equal(judge_noise(base64, 64, 1000, 77), READABLE_NOT);       /* as mail wraps it */
	assert_int_equal(judge_noise("0123456789abcdef", 16, 1000, 65), READABLE_NOT);
	/* Printable, with words, but without the unevenness of a language: base85 and the like. */
	assert_int_equal(judge_noise("!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu", 85, 1000, 0), READABLE_NOT);
}

/* A run that is long, but less than half of the whole, as an identifier in a log line. */
static void
long_words_may_be_in_text(void **state)
{
	(void)state;
	assert_int_equal(judge_text("commit 0123456789012345678901234567890123456789 by a person at noon"), READABLE_NOT);
	assert_int_equal(judge_text("commit 0123456789012345678901234567890123456789 by a person at noon, and signed off"), READABLE_TEXT);
	assert_int_equal(judge_text("0123456789012345678901234567890123456789"), READABLE_NOT);
}

static void
a_sample_has_an_end(void **state)
{
	struct readable r = { 0 };

	(void)state;
	for (int i = 1; i < READABLE_SAMPLE_MAX / 8; i++)
		assert_true(readable_add(&r, cursor_over("ab cd e\n", 8)));
	assert_false(readable_add(&r, cursor_over("ab cd e\n", 8)));
	assert_false(readable_add(&r, cursor_over("\0\0\0\0", 4)));
	assert_int_equal(r.size, READABLE_SAMPLE_MAX);
	assert_int_equal(r.printable, READABLE_SAMPLE_MAX);
	assert_int_equal(readable_judge(&r), READABLE_TEXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_text),
		cmocka_unit_test(too_little_is_no_text),
		cmocka_unit_test(one_byte_in_twenty_may_be_odd),
		cmocka_unit_test(only_well_formed_utf8_counts),
		cmocka_unit_test(noise_is_no_text),
		cmocka_unit_test(encodings_are_no_text),
		cmocka_unit_test(long_words_may_be_in_text),
		cmocka_unit_test(a_sample_has_an_end),
	};

	return cmocka_run_group_tests_name("dissectors/readable", tests, NULL, NULL);
}
