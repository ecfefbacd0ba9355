/* SPDX-License-Identifier: Apache-2.0 */
/* The BSON walker: every type, what it says of values, and documents whose sizes do not agree. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/bson.h"

#define BYTES(text) cursor_over(text, sizeof(text) - 1)

/* Every type of bsonspec.org once. */
#define ALL                                                                                                            \
	"\x01" "d\0" "\0\0\0\0\0\0\xf8\x3f" "\x02" "s\0" "\3\0\0\0hi\0" "\x03" "o\0" "\5\0\0\0\0" "\x04" "a\0" "\5\0\0\0\0"  \
	"\x05" "b\0" "\2\0\0\0\0xy" "\x06" "u\0" "\x07" "i\0" "123456789012" "\x08" "t\0" "\1" "\x09" "e\0" "\0\0\0\0\0\0\0\0" \
	"\x0a" "n\0" "\x0b" "r\0" "a\0" "i\0" "\x0c" "p\0" "\2\0\0\0c\0" "123456789012" "\x0d" "j\0" "\2\0\0\0x\0"          \
	"\x0e" "y\0" "\2\0\0\0x\0" "\x0f" "w\0" "\x0e\0\0\0\1\0\0\0\0\5\0\0\0\0" "\x10" "3\0" "\xfe\xff\xff\xff"             \
	"\x11" "m\0" "\0\0\0\0\0\0\0\0" "\x12" "6\0" "\5\0\0\0\1\0\0\0" "\x13" "8\0" "1234567890123456" "\x7f" "M\0" "\xff" "L\0"

static void
types(void **state)
{
	struct cursor elements = BYTES(ALL);
	struct bson_element e;
	char names[32] = "";
	size_t count = 0;

	(void)state;
	while (bson_next(&elements, &e)) {
		assert_int_equal(cursor_left(&e.name), 1);
		names[count++] = (char)cursor_peek(&e.name, 0);
	}
	assert_true(cursor_ok(&elements));
	assert_string_equal(names, "dsoabuitenrpjyw3m68ML");
	assert_true(bson_is_sound(BYTES(ALL)));
}

/* Cut anywhere but between two elements it is no list of elements. */
static void
prefixes(void **state)
{
	size_t sound = 0;

	(void)state;
	for (size_t size = 0; size < sizeof(ALL); size++) {
		void *copy = malloc(size + 1);

		assert_non_null(copy);
		memcpy(copy, ALL, size);
		sound += bson_is_sound(cursor_over(copy, size));
		free(copy);
	}
	assert_int_equal(sound, 22); /* the empty one, and after each of 21 */
}

static void
numbers(void **state)
{
	static const struct {
		const char *name;
		bool is;
		int64_t value;
	} list[] = { { "d", true, 1 }, { "t", true, 1 }, { "3", true, -2 }, { "6", true, 0x100000005 }, { "s", false, 0 }, { "e", false, 0 } };
	struct bson_element e;
	int64_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		assert_true(bson_find(BYTES(ALL), list[i].name, &e));
		assert_int_equal(bson_number(&e, &number), list[i].is);
		if (list[i].is)
			assert_int_equal(number, list[i].value);
	}
	e = (struct bson_element){ .type = BSON_DOUBLE, .value = BYTES("\0\0\0\0\0\0\xf8\x7f") }; /* not a number */
	assert_false(bson_number(&e, &number));
	assert_false(bson_find(BYTES(ALL), "none", &e));
}

static void
values(void **state)
{
	struct bson_element e;
	struct cursor c;

	(void)state;
	assert_true(bson_find(BYTES(ALL), "s", &e));
	c = bson_text(&e);
	assert_true(cursor_equals(&c, "hi"));
	c = bson_binary(&e);
	assert_int_equal(cursor_left(&c), 0);
	c = bson_elements(&e);
	assert_int_equal(cursor_left(&c), 0);
	assert_true(bson_find(BYTES(ALL), "b", &e));
	c = bson_binary(&e);
	assert_true(cursor_equals(&c, "xy"));
	c = bson_text(&e);
	assert_int_equal(cursor_left(&c), 0);
	assert_true(bson_find(BYTES(ALL), "o", &e));
	c = bson_elements(&e);
	assert_true(cursor_ok(&c) && cursor_left(&c) == 0);
}

static void
documents(void **state)
{
	static const struct {
		struct cursor bytes;
		bool good;
	} list[] = {
		{ { .at = (const uint8_t *)"\5\0\0\0\0rest", .left = 9 }, true },
		{ { .at = (const uint8_t *)"\5\0\0\0\1", .left = 5 }, false },
		{ { .at = (const uint8_t *)"\4\0\0\0", .left = 4 }, false },
		{ { .at = (const uint8_t *)"\6\0\0\0\0", .left = 5 }, false },
		{ { .at = (const uint8_t *)"\xff\xff\xff\xff\0", .left = 5 }, false },
		{ { .at = (const uint8_t *)"\5\0", .left = 2 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct cursor c = list[i].bytes, elements = bson_take_document(&c);

		assert_int_equal(cursor_ok(&c), list[i].good);
		assert_int_equal(cursor_ok(&elements), list[i].good);
		if (list[i].good)
			assert_int_equal(cursor_left(&c), 4);
	}
}

static void
unsound(void **state)
{
	static const struct cursor list[] = {
		{ .at = (const uint8_t *)"\x14x\0", .left = 3 },                  /* no such type */
		{ .at = (const uint8_t *)"\x10xy", .left = 3 },                   /* a name without end */
		{ .at = (const uint8_t *)"\x02x\0\0\0\0\0", .left = 7 },          /* a string without its NUL */
		{ .at = (const uint8_t *)"\x02x\0\2\0\0\0ab", .left = 9 },
		{ .at = (const uint8_t *)"\x03x\0\4\0\0\0", .left = 7 },          /* smaller than a document can be */
		{ .at = (const uint8_t *)"\x05x\0\xff\xff\xff\xff\0ab", .left = 10 },
		{ .at = (const uint8_t *)"\x0bx\0ab\0cd", .left = 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_false(bson_is_sound(list[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(numbers),
		cmocka_unit_test(values),
		cmocka_unit_test(documents),
		cmocka_unit_test(unsound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
