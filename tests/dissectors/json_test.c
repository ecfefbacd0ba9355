/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects: all types, what is nested, what is broken, and every prefix of it. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/json.h"

static const char object[] = " {\"a\" : \"x\\\"}y\",\"n\":-1.5e3, \"t\":true,\"f\":false,\"z\":null,\r\n\"o\":{\"a\":[\"}\",{}]},\"l\":[1,[2]],\"e\":\"\"} rest";

static const struct {
	const char *name, *value;
	enum json_type type;
	bool is_true, is_text;
} expected[] = {
	{ "a", "x\\\"}y", JSON_STRING, false, true },
	{ "n", "-1.5e3", JSON_NUMBER, false, false },
	{ "t", "true", JSON_WORD, true, false },
	{ "f", "false", JSON_WORD, false, false },
	{ "z", "null", JSON_WORD, false, false },
	{ "o", "{\"a\":[\"}\",{}]}", JSON_OBJECT, false, false },
	{ "l", "[1,[2]]", JSON_ARRAY, false, false },
	{ "e", "", JSON_STRING, false, false },
};

static void
reads_members(void **state)
{
	struct cursor c = cursor_over(object, sizeof(object) - 1);
	struct json_member member;

	(void)state;
	assert_true(json_enter(&c));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_true(json_next(&c, &member));
		assert_true(cursor_equals(&member.name, expected[i].name));
		assert_true(cursor_ok(&member.value) && cursor_equals(&member.value, expected[i].value));
		assert_int_equal(member.type, expected[i].type);
		assert_int_equal(json_is_true(&member), expected[i].is_true);
		assert_int_equal(json_is_text(&member), expected[i].is_text);
	}
	assert_false(json_next(&c, &member));
	assert_true(cursor_ok(&c) && cursor_equals(&c, " rest"));
}

static void
tells_broken_text(void **state)
{
	static const char *const broken[] = { "{x}", "{\"a\"}", "{\"a\":}", "{\"a\":?}", "{\"a\":1", "{\"a\":\"x}", "{\"a\":{]", "{\"a", "{1:2}", "{", "{\"a\":\"\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct cursor c = cursor_over(broken[i], strlen(broken[i]));
		struct json_member member;

		assert_true(json_enter(&c));
		while (json_next(&c, &member))
			assert_true(cursor_ok(&member.name));
		assert_false(cursor_ok(&c));
	}
	for (size_t i = 0; i < 3; i++) {
		static const char *const others[] = { "", "[1]", " x" };
		struct cursor c = cursor_over(others[i], strlen(others[i]));

		assert_false(json_enter(&c));
	}
}

static void
survives_every_prefix(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(object) - 6; size++) {
		char *block = malloc(size + (size == 0));
		struct cursor c;
		struct json_member member;

		memcpy(block, object, size);
		c = cursor_over(block, size);
		if (json_enter(&c)) {
			while (json_next(&c, &member))
				(void)json_is_true(&member);
			assert_false(cursor_ok(&c));
		}
		free(block);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_members),
		cmocka_unit_test(tells_broken_text),
		cmocka_unit_test(survives_every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
