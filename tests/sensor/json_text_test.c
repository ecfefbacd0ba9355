/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over JSON as text: where values are, what is refused, and that nothing is read past the end. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/json_text.h"

/* A walk over a heap block of the text's own size, the caller's to free(). */
static struct json_text
walk(const char *text, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	return (struct json_text){ .bytes = copy, .size = size, .depth_limit = 4 };
}

static void
end(struct json_text *t)
{
	free((void *)(uintptr_t)t->bytes);
}

/* The value at the start of text ends after size bytes. */
static void
assert_value(const char *text, size_t start, size_t size)
{
	struct json_text t = walk(text, strlen(text));
	struct json_piece piece;

	assert_true(json_text_value(&t, &piece));
	assert_int_equal(piece.start, start);
	assert_int_equal(piece.size, size);
	assert_int_equal(t.at, start + size);
	end(&t);
}

static void
assert_flaw(const char *text, enum json_flaw flaw, size_t at)
{
	struct json_text t = walk(text, strlen(text));
	struct json_piece piece;

	assert_false(json_text_value(&t, &piece));
	assert_int_equal(t.flaw, flaw);
	assert_int_equal(t.at, at);
	end(&t);
}

static void
values(void **state)
{
	(void)state;
	assert_value("{}", 0, 2);
	assert_value(" \r\n\t[1,[2,{\"a\":\"]}\"}]] ,", 4, 18);
	assert_value("\"a\\\"b\" ", 0, 6);
	assert_value("\"a\\\\\" ", 0, 5);
	assert_value("-1.5e3,", 0, 6);
	assert_value("null}", 0, 4);
	assert_value("true", 0, 4);
	/* Whether it is a value the parser will say. */
	assert_value("nonsense]", 0, 8);
	assert_value("[,1 2:]", 0, 7);
}

static void
flaws(void **state)
{
	(void)state;
	assert_flaw("", JSON_ENDS_EARLY, 0);
	assert_flaw("  ", JSON_ENDS_EARLY, 2);
	assert_flaw(",", JSON_NO_VALUE, 0);
	assert_flaw("[1,", JSON_ENDS_EARLY, 3);
	assert_flaw("[\"a", JSON_ENDS_EARLY, 3);
	assert_flaw("[\"a\\", JSON_ENDS_EARLY, 4);
	assert_flaw("[\"a\\\"", JSON_ENDS_EARLY, 5);
	assert_flaw("[1}", JSON_BRACE_FOR_BRACKET, 2);
	assert_flaw("{]", JSON_BRACKET_FOR_BRACE, 1);
	assert_flaw("[[[[[]]]]]", JSON_TOO_DEEP, 4);
	assert_value("[[[[]]]]", 0, 8);
}

/* After a flaw nothing goes on, and the first one stays. */
static void
stays_refused(void **state)
{
	struct json_text t = walk("[}, 1", 5);
	struct json_piece piece;

	(void)state;
	assert_false(json_text_value(&t, &piece));
	assert_int_equal(json_text_peek(&t), '\0');
	assert_false(json_text_take(&t, '}', JSON_NO_COLON));
	assert_false(json_text_value(&t, &piece));
	assert_false(json_text_key(&t, &piece));
	assert_false(json_text_more(&t, ']', true));
	assert_false(json_text_more(&t, ']', false));
	assert_false(json_text_end(&t));
	assert_int_equal(t.flaw, JSON_BRACE_FOR_BRACKET);
	assert_int_equal(t.at, 1);
	end(&t);
}

/* Members of an object, elements of an array: count of them, or the flaw. */
static enum json_flaw
go_through(const char *text, size_t size, size_t *count)
{
	struct json_text t = walk(text, size);
	char closing = text[0] == '{' ? '}' : ']';
	enum json_flaw flaw;

	*count = 0;
	(void)json_text_take(&t, text[0], JSON_NO_OBJECT);
	for (bool first = true; json_text_more(&t, closing, first); first = false) {
		struct json_piece key, value;

		if ((closing == '}' && !json_text_key(&t, &key)) || !json_text_value(&t, &value))
			break;
		++*count;
	}
	(void)json_text_end(&t);
	flaw = t.flaw;
	end(&t);
	return flaw;
}

static void
lists(void **state)
{
	static const struct {
		const char *text;
		enum json_flaw flaw;
		size_t count;
	} cases[] = {
		{ "{}", JSON_SOUND, 0 },
		{ "[ ] ", JSON_SOUND, 0 },
		{ "[1 , \"]\", [2], {} ]", JSON_SOUND, 4 },
		{ "{\"a\":1,\"b\" : [1,2]}\n", JSON_SOUND, 2 },
		{ "[1,]", JSON_NO_VALUE, 1 },
		{ "[,1]", JSON_NO_VALUE, 0 },
		{ "[1 2]", JSON_NO_END_OF_ARRAY, 1 },
		{ "[1 [2]]", JSON_NO_END_OF_ARRAY, 1 },
		{ "{\"a\":1,}", JSON_NO_KEY, 1 },
		{ "{a:1}", JSON_NO_KEY, 0 },
		{ "{\"a\" 1}", JSON_NO_COLON, 0 },
		{ "{\"a\":}", JSON_NO_VALUE, 0 },
		{ "{\"a\":1 \"b\":2}", JSON_NO_END_OF_OBJECT, 1 },
		{ "[1]]", JSON_NO_END_OF_TEXT, 1 },
		{ "{} x", JSON_NO_END_OF_TEXT, 0 },
	};
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(go_through(cases[i].text, strlen(cases[i].text), &count), cases[i].flaw);
		assert_int_equal(count, cases[i].count);
	}
	/* A NUL is no end of the text. */
	assert_int_equal(go_through("[1]\0", 4, &count), JSON_NO_END_OF_TEXT);
	assert_int_equal(go_through("[\0]", 3, &count), JSON_NO_VALUE);
}

static void
each_prefix(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,\"\\\"}\",null]},\"c\":\"\\\\\"}";
	size_t count;

	(void)state;
	for (size_t size = 1; size < sizeof(text) - 1; size++)
		assert_int_equal(go_through(text, size, &count), JSON_ENDS_EARLY);
	assert_int_equal(go_through(text, sizeof(text) - 1, &count), JSON_SOUND);
}

static void
assert_copy(const char *text, const char *expected)
{
	static const char *const keys[] = { "env", "volumes", NULL };
	struct json_text t = walk(text, strlen(text));
	struct json_piece piece;
	char *out;
	size_t size;

	assert_true(json_text_value(&t, &piece));
	out = malloc(piece.size);
	assert_non_null(out);
	size = json_text_copy(&t, piece, keys, out);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
	free(out);
	end(&t);
}

static void
copies(void **state)
{
	(void)state;
	assert_copy(" {\"a\":1} ,", "{\"a\":1}");
	assert_copy("{\"env\":[1,\"]\"],\"b\":2}", "{\"env\":[],\"b\":2}");
	assert_copy("{\"volumes\" : {\"env\":[{}]} , \"env\":[] }", "{\"volumes\" : {} , \"env\":[] }");
	assert_copy("{\"a\":[{\"env\":{\"x\":1}},2]}", "{\"a\":[{\"env\":{}},2]}");
	/* A text is no array, a value no key, a longer name another one. */
	assert_copy("{\"env\":\"prod\",\"a\":\"env\",\"envs\":[1],\"en\":[1],\"\":[1]}", "{\"env\":\"prod\",\"a\":\"env\",\"envs\":[1],\"en\":[1],\"\":[1]}");
	assert_copy("7", "7");
	/* No value, but nothing is read past its end. */
	assert_copy("x\"env\"", "x\"env\"");
	assert_copy("x\"env\":[1]", "x\"env\"");
	assert_copy("x\"", "x\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(flaws),
		cmocka_unit_test(stays_refused),
		cmocka_unit_test(lists),
		cmocka_unit_test(each_prefix),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests_name("sensor/json_text", tests, NULL, NULL);
}
