/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded reader: nothing is read past the end, and a failure stays one. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/cursor.h"

/* The bytes end where their heap block does. */
static uint8_t *block;

static struct cursor
over(const void *bytes, size_t size)
{
	free(block);
	block = malloc(size + (size == 0));
	assert_non_null(block);
	if (size > 0)
		memcpy(block, bytes, size);
	return cursor_over(block, size);
}

static struct cursor
over_text(const char *text)
{
	return over(text, strlen(text));
}

static int
teardown(void **state)
{
	(void)state;
	free(block);
	block = NULL;
	return 0;
}

static void
assert_bytes(struct cursor c, const char *expected)
{
	assert_true(cursor_ok(&c));
	assert_int_equal(c.left, strlen(expected));
	assert_memory_equal(c.at, expected, c.left);
}

static void
test_integers(void **state)
{
	static const uint8_t bytes[] = { 0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88 };
	struct cursor c;

	(void)state;
	c = over(bytes, 8);
	assert_int_equal(cursor_u8(&c), 0xf1);
	assert_int_equal(cursor_left(&c), 7);
	c = over(bytes, 8);
	assert_int_equal(cursor_u16(&c), 0xf1e2);
	assert_int_equal(cursor_u16le(&c), 0xc4d3);
	assert_int_equal(cursor_left(&c), 4);
	c = over(bytes, 8);
	assert_int_equal(cursor_u24(&c), 0xf1e2d3);
	assert_int_equal(cursor_u24le(&c), 0xa6b5c4);
	assert_int_equal(cursor_left(&c), 2);
	c = over(bytes, 8);
	assert_int_equal(cursor_u32(&c), 0xf1e2d3c4);
	assert_int_equal(cursor_u32le(&c), 0x8897a6b5);
	assert_int_equal(cursor_left(&c), 0);
	c = over(bytes, 8);
	assert_true(cursor_u64(&c) == UINT64_C(0xf1e2d3c4b5a69788));
	c = over(bytes, 8);
	assert_true(cursor_u64le(&c) == UINT64_C(0x8897a6b5c4d3e2f1));
	assert_true(cursor_ok(&c));
}

static uint64_t read_u8(struct cursor *c) { return cursor_u8(c); }
static uint64_t read_u16(struct cursor *c) { return cursor_u16(c); }
static uint64_t read_u24(struct cursor *c) { return cursor_u24(c); }
static uint64_t read_u32(struct cursor *c) { return cursor_u32(c); }
static uint64_t read_u16le(struct cursor *c) { return cursor_u16le(c); }
static uint64_t read_u24le(struct cursor *c) { return cursor_u24le(c); }
static uint64_t read_u32le(struct cursor *c) { return cursor_u32le(c); }

static void
test_integers_past_the_end(void **state)
{
	static const struct {
		uint64_t (*read)(struct cursor *);
		size_t size;
	} readers[] = {
		{ read_u8, 1 }, { read_u16, 2 }, { read_u24, 3 }, { read_u32, 4 }, { cursor_u64, 8 },
		{ read_u16le, 2 }, { read_u24le, 3 }, { read_u32le, 4 }, { cursor_u64le, 8 },
	};
	static const uint8_t ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct cursor c = over(ones, readers[i].size);

		assert_true(readers[i].read(&c) != 0 && cursor_ok(&c));
		assert_int_equal(readers[i].read(&c), 0);
		assert_false(cursor_ok(&c));
		for (size_t size = 0; size < readers[i].size; size++) {
			c = over(ones, size);
			(void)readers[i].read(&c);
			assert_false(cursor_ok(&c));
			assert_int_equal(cursor_left(&c), 0);
		}
	}
}

static void
test_a_failure_stays(void **state)
{
	struct cursor c = over_text("abc"), sub;

	(void)state;
	assert_null(cursor_take(&c, 4));
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 0);
	/* What would have fitted before fails now. */
	assert_int_equal(cursor_u8(&c), 0);
	assert_null(cursor_take(&c, 0));
	assert_int_equal(cursor_peek(&c, 0), -1);
	sub = cursor_sub(&c, 0);
	assert_false(cursor_ok(&sub));
	assert_false(cursor_starts_with(&c, ""));
	assert_false(cursor_starts_with_nocase(&c, ""));
	assert_false(cursor_equals(&c, ""));
	assert_false(cursor_may_start_with(&c, "a"));
	assert_int_equal(cursor_find_nocase(&c, ""), -1);
	assert_false(cursor_take_line(&c, &sub));

	c = over_text("abc");
	cursor_fail(&c);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);
}

static void
test_take_skip_and_bookmark(void **state)
{
	struct cursor c = over_text("abcdef"), bookmark = c;

	(void)state;
	assert_memory_equal(cursor_take(&c, 2), "ab", 2);
	cursor_skip(&c, 3);
	assert_int_equal(cursor_peek(&c, 0), 'f');
	assert_int_equal(cursor_peek(&c, 1), -1);
	assert_int_equal(cursor_left(&c), 1);
	assert_int_equal(cursor_left(&bookmark), 6);
	cursor_skip(&c, SIZE_MAX);
	assert_false(cursor_ok(&c));
	assert_true(cursor_ok(&bookmark));
}

static void
test_sub_cannot_outgrow_its_parent(void **state)
{
	struct cursor c = over_text("abcdef"), sub = cursor_sub(&c, 4), inner;

	(void)state;
	assert_bytes(sub, "abcd");
	assert_bytes(c, "ef");
	inner = cursor_sub(&sub, 5);
	assert_false(cursor_ok(&inner));
	assert_int_equal(cursor_left(&inner), 0);
	assert_false(cursor_ok(&sub));
	/* The parent is not harmed by what happened inside. */
	assert_bytes(c, "ef");
}

static void
test_nothing_at_all(void **state)
{
	struct cursor c = cursor_over(NULL, 0), part;
	char text[4] = "x";

	(void)state;
	cursor_skip(&c, 0);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_peek(&c, 0), -1);
	assert_true(cursor_starts_with(&c, ""));
	assert_true(cursor_starts_with_nocase(&c, ""));
	assert_true(cursor_equals(&c, ""));
	assert_true(cursor_equals_nocase(&c, ""));
	assert_true(cursor_may_start_with(&c, "abc"));
	assert_int_equal(cursor_find_nocase(&c, ""), 0);
	assert_int_equal(cursor_find_nocase(&c, "a"), -1);
	assert_false(cursor_take_line(&c, &part));
	assert_false(cursor_take_until(&c, 0, &part));
	cursor_skip_blanks(&c);
	cursor_trim_end(&c);
	cursor_copy_text(&c, text, sizeof(text));
	assert_string_equal(text, "");
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
}

static void
test_starts_with_and_equals(void **state)
{
	struct cursor c = over_text("GET / [");

	(void)state;
	assert_true(cursor_starts_with(&c, "GET "));
	assert_false(cursor_starts_with(&c, "get "));
	assert_true(cursor_starts_with_nocase(&c, "gEt /"));
	assert_false(cursor_starts_with_nocase(&c, "gEt x"));
	assert_false(cursor_starts_with(&c, "GET / []"));
	assert_false(cursor_starts_with_nocase(&c, "GET / []"));
	/* Only letters have two forms: '[' is no '{'. */
	assert_false(cursor_starts_with_nocase(&c, "GET / {"));
	assert_true(cursor_equals(&c, "GET / ["));
	assert_false(cursor_equals(&c, "GET /"));
	assert_true(cursor_equals_nocase(&c, "get / ["));
	assert_false(cursor_equals_nocase(&c, "get /"));
	assert_int_equal(cursor_left(&c), 7);
}

static void
test_may_start_with(void **state)
{
	struct cursor c = over_text("SSH");

	(void)state;
	assert_true(cursor_may_start_with(&c, "SSH-2.0"));
	assert_true(cursor_may_start_with(&c, "SS"));
	assert_true(cursor_may_start_with(&c, ""));
	assert_false(cursor_may_start_with(&c, "SMB"));
	assert_false(cursor_may_start_with(&c, "ssh"));
}

static void
test_lines(void **state)
{
	struct cursor c = over("a b\r\n\nc\rd\n\r\nend\r", 16), line;

	(void)state;
	assert_true(cursor_take_line(&c, &line));
	assert_bytes(line, "a b");
	assert_true(cursor_take_line(&c, &line));
	assert_bytes(line, "");
	assert_true(cursor_take_line(&c, &line));
	assert_bytes(line, "c\rd");
	assert_true(cursor_take_line(&c, &line));
	assert_bytes(line, "");
	line = cursor_over("kept", 4);
	assert_false(cursor_take_line(&c, &line));
	assert_bytes(line, "kept");
	assert_bytes(c, "end\r");
}

static void
test_until(void **state)
{
	struct cursor c = over("user\0db\0", 8), part;

	(void)state;
	assert_true(cursor_take_until(&c, 0, &part));
	assert_bytes(part, "user");
	assert_false(cursor_take_until(&c, 'x', &part));
	assert_int_equal(cursor_left(&c), 3);
	assert_true(cursor_take_until(&c, 0, &part));
	assert_bytes(part, "db");
	assert_int_equal(cursor_left(&c), 0);
	assert_false(cursor_take_until(&c, 0, &part));
	assert_true(cursor_ok(&c));
}

static void
test_blanks(void **state)
{
	struct cursor c = over_text(" \t a b\t ");

	(void)state;
	cursor_skip_blanks(&c);
	assert_bytes(c, "a b\t ");
	cursor_trim_end(&c);
	assert_bytes(c, "a b");
	c = over_text(" \t ");
	cursor_trim_end(&c);
	assert_bytes(c, "");
	c = over_text("\t \t");
	cursor_skip_blanks(&c);
	assert_bytes(c, "");
	c = over_text("\r\n ");
	cursor_skip_blanks(&c);
	assert_bytes(c, "\r\n ");
}

static void
test_find(void **state)
{
	struct cursor c = over_text("abcABCabd");

	(void)state;
	assert_int_equal(cursor_find_nocase(&c, "CAB"), 2);
	assert_int_equal(cursor_find_nocase(&c, "abd"), 6);
	assert_int_equal(cursor_find_nocase(&c, "abde"), -1);
	assert_int_equal(cursor_find_nocase(&c, ""), 0);
	assert_int_equal(cursor_find_nocase(&c, "abcabcabd"), 0);
	assert_int_equal(cursor_find_nocase(&c, "abcabcabdx"), -1);
}

static void
test_decimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		bool ok;
		const char *rest;
	} cases[] = {
		{ "0", 0, true, "" },
		{ "007 ", 7, true, " " },
		{ "12345x", 12345, true, "x" },
		{ "18446744073709551615", UINT64_MAX, true, "" },
		{ "18446744073709551616", 0, false, "" },
		{ "18446744073709551620", 0, false, "" },
		{ "99999999999999999999", 0, false, "" },
		{ "", 0, false, "" },
		{ "-1", 0, false, "" },
		{ "x1", 0, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cursor c = over_text(cases[i].text);

		assert_true(cursor_decimal(&c) == cases[i].value);
		assert_int_equal(cursor_ok(&c), cases[i].ok);
		if (cases[i].ok)
			assert_bytes(c, cases[i].rest);
	}
}

static void
test_copy_text(void **state)
{
	struct cursor c = over("a\0\x1f~\x7f\xff z", 8);
	char text[9], small[3] = "??", one[1] = "x";

	(void)state;
	cursor_copy_text(&c, text, sizeof(text));
	assert_string_equal(text, "a??~?? z");
	cursor_copy_text(&c, small, sizeof(small));
	assert_string_equal(small, "a?");
	cursor_copy_text(&c, one, 1);
	assert_string_equal(one, "");
	cursor_copy_text(&c, NULL, 0);
	assert_int_equal(cursor_left(&c), 8);
	cursor_fail(&c);
	cursor_copy_text(&c, text, sizeof(text));
	assert_string_equal(text, "");
}

static void
test_is_text(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool is;
	} list[] = {
		{ "", 0, true }, { "SELECT 1\r\n\t\v\f", 13, true }, { "\xc3\xa9\xff", 3, true },
		{ "a\0", 2, false }, { "\x08", 1, false }, { "\x0e", 1, false }, { "\x1f", 1, false }, { "\x7f", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_int_equal(cursor_is_text(cursor_over(list[i].text, list[i].size)), list[i].is);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_integers),
		TEST(test_integers_past_the_end),
		TEST(test_a_failure_stays),
		TEST(test_take_skip_and_bookmark),
		TEST(test_sub_cannot_outgrow_its_parent),
		TEST(test_nothing_at_all),
		TEST(test_starts_with_and_equals),
		TEST(test_may_start_with),
		TEST(test_lines),
		TEST(test_until),
		TEST(test_blanks),
		TEST(test_find),
		TEST(test_decimal),
		TEST(test_copy_text),
		TEST(test_is_text),
	};

	return cmocka_run_group_tests_name("dissectors/cursor", tests, NULL, NULL);
}
