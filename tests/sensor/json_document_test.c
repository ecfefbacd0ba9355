/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in JSON: members and items out of the text, typed values with their path, the words of errors. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sensor/json_document.h"

static const char *const unused[] = { "env", NULL };

#define FLAWS { \
	[JSON_ENDS_EARLY] = "early", [JSON_NO_OBJECT] = "no object", [JSON_NO_ARRAY] = "no array", [JSON_NO_KEY] = "no key", [JSON_NO_COLON] = "no colon", \
	[JSON_NO_VALUE] = "no value", [JSON_NO_END_OF_OBJECT] = "no }", [JSON_NO_END_OF_ARRAY] = "no ]", [JSON_NO_END_OF_TEXT] = "more", \
	[JSON_BRACE_FOR_BRACKET] = "brace", [JSON_BRACKET_FOR_BRACE] = "bracket", [JSON_KEY_TWICE] = "twice", [JSON_TOO_DEEP] = "deep", [JSON_TOO_LARGE] = "large" }

static const struct json_rules plain = { .piece_limit = 80, .depth_limit = 8, .flaws = FLAWS };
static const struct json_rules sparing = { .piece_limit = 80, .depth_limit = 8, .unused = unused, .expected_first = true, .flaws = FLAWS };

static char error[512];

static struct json_document
document(const struct json_rules *rules, const char *text)
{
	error[0] = '\0';
	return (struct json_document){ .rules = rules, .name = "x", .text = text, .size = strlen(text), .error = error, .error_size = sizeof(error) };
}

enum { A, B, COUNT };

static const char *const keys[COUNT + 1] = { "a", "b", NULL };

static void
members_of_the_text(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "", "x: line 1, column 1: early" },
		{ "[]", "x: line 1, column 1: no object" },
		{ "{\"a\":1\n,a:2}", "x: line 2, column 2: no key" },
		{ "{\"a\"\n1}", "x: line 2, column 1: no colon" },
		{ "{\"a\":1,\n\"a\":2}", "x: line 2, column 1: twice" },
		{ "{\"a\":1 2}", "x: line 1, column 8: no }" },
		{ "{}\n\n{}", "x: line 3, column 1: more" },
		{ "{\"a\":[[[[[[[[[", "x: line 1, column 14: deep" },
	};
	struct json_document d = document(&plain, " {\"b\" : [1] , \"c\":{\"a\":2},\"a\":\"x\"}\n");
	struct json_piece pieces[COUNT];

	(void)state;
	assert_true(json_find_members(&d, keys, pieces));
	assert_memory_equal(d.text + pieces[A].start, "\"x\"", 3);
	assert_int_equal(pieces[A].size, 3);
	assert_int_equal(pieces[B].size, 3);
	d = document(&plain, "{}");
	assert_true(json_find_members(&d, keys, pieces));
	assert_int_equal(pieces[A].size + pieces[B].size, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d = document(&plain, bad[i].text);
		assert_false(json_find_members(&d, keys, pieces));
		assert_true(d.failed);
		assert_string_equal(error, bad[i].error);
	}
}

/* Where the parser finds an error, as the whole text counts. */
static void
pieces(void **state)
{
	struct json_document d = document(&plain, "{\"a\":\n [1,\n 2 3],\"b\":tru}");
	struct json_spot spot = { .key = "a" };
	struct json_piece found[COUNT];

	(void)state;
	assert_true(json_find_members(&d, keys, found));
	assert_false(json_parse_piece(&d, found[A], &spot));
	assert_null(spot.value);
	assert_string_equal(error, "x: line 3, column 4: ']' expected near '3'");
	/* The first error stays, and nothing is parsed after it. */
	assert_false(json_parse_piece(&d, found[B], &spot));
	assert_string_equal(error, "x: line 3, column 4: ']' expected near '3'");
	d = document(&plain, d.text);
	assert_false(json_parse_piece(&d, found[B], &spot));
	assert_string_equal(error, "x: line 3, column 13: invalid token near 'tru'");
	d = document(&plain, "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"");
	assert_false(json_parse_piece(&d, (struct json_piece){ .size = d.size }, &spot));
	assert_string_equal(error, "x: line 1, column 1: large");
}

/* Reads the array that text is; returns the sum of its numbers' member n. */
static int64_t
sum_items(struct json_document *d)
{
	struct json_spot list = { .key = "items" }, item = { .parent = &list }, n;
	size_t at = 0;
	int64_t sum = 0;

	while (json_next_item(d, (struct json_piece){ .size = d->size }, &at, &item)) {
		if (json_member(d, &item, "n", JSON_VALUE_INTEGER, JSON_MUST, &n))
			sum += json_integer_of(&n);
		json_release(&item);
		assert_null(item.value);
	}
	return sum;
}

static void
items(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "{}", "x: line 1, column 1: no array" },
		{ "[{\"n\":1} 2]", "x: line 1, column 10: no ]" },
		{ "[{\"n\":1},]", "x: line 1, column 10: no value" },
		{ "[{\"n\":1},{\"n\" 2}]", "x: line 1, column 15: ':' expected near '2'" },
		{ "[{\"n\":1},{\"m\":2}]", "x: items[1].n: found nothing, expected a whole number" },
		{ "[{\"n\":1},{},{\"n\":true}]", "x: items[1].n: found nothing, expected a whole number" },
		{ "[{\"n\":1},7]", "x: items[1].n: found nothing, expected a whole number" },
	};
	struct json_document d = document(&plain, "[{\"n\":1},\n{\"n\":20},{\"n\":300}]");

	(void)state;
	assert_int_equal(sum_items(&d), 321);
	assert_false(d.failed);
	d = document(&plain, "[ ]");
	assert_int_equal(sum_items(&d), 0);
	assert_false(d.failed);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d = document(&plain, bad[i].text);
		(void)sum_items(&d);
		assert_string_equal(error, bad[i].error);
	}
}

/* What is left out is not parsed, but for an error that shows without it. */
static void
items_without_what_is_unused(void **state)
{
	struct json_document d = document(&sparing, "[{\"env\":[1 2],\"n\":1},{\"n\":2}]");

	(void)state;
	assert_int_equal(sum_items(&d), 3);
	d = document(&plain, d.text);
	assert_int_equal(sum_items(&d), 0);
	assert_string_equal(error, "x: line 1, column 12: ']' expected near '2'");
	d = document(&sparing, "[{\"env\":[1,2],\n\"n\" 1}]");
	assert_int_equal(sum_items(&d), 0);
	assert_string_equal(error, "x: line 2, column 5: ':' expected near '1'");
	d = document(&sparing, "[{\"env\":[\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"]}]");
	assert_int_equal(sum_items(&d), 0);
	assert_string_equal(error, "x: line 1, column 2: large");
}

/* Parses a text as a whole. */
static struct json_spot
parse(struct json_document *d)
{
	struct json_spot top = { .key = NULL };

	assert_true(json_parse_piece(d, (struct json_piece){ .size = d->size }, &top));
	return top;
}

static void
values(void **state)
{
	static const char *const words[] = { "no", "yes", NULL };
	struct json_document d = document(&plain, "{\"s\":\"yes\",\"i\":-7,\"t\":true,\"f\":false,\"z\":null,\"l\":[1,null],\"o\":{\"p\":1}}");
	struct json_spot top = parse(&d), spot, element, member = { .key = NULL };

	(void)state;
	assert_int_equal(json_count_of(&top), 7);
	assert_string_equal(json_read_text(&d, &top, "s", JSON_MUST, 3, true), "yes");
	assert_int_equal(json_read_word(&d, &top, "s", JSON_MUST, words), 1);
	assert_int_equal(json_read_word(&d, &top, "none", JSON_MAY, words), 0);
	assert_true(json_read_flag(&d, &top, "t", JSON_MUST));
	assert_false(json_read_flag(&d, &top, "f", JSON_MUST));
	assert_false(json_read_flag(&d, &top, "z", JSON_MAY));
	assert_true(json_find(&top, "i", &spot) && json_is(&spot, JSON_VALUE_INTEGER) && !json_is(&spot, JSON_VALUE_STRING));
	assert_int_equal(json_integer_of(&spot), -7);
	assert_null(json_string_of(&spot));
	assert_int_equal(json_count_of(&spot), 0);
	assert_false(json_find(&top, "z", &spot));
	assert_null(spot.value);
	assert_false(json_find(&spot, "below", &element));
	assert_false(json_member(&d, &top, "z", JSON_VALUE_OBJECT, JSON_MAY, &spot));
	assert_null(json_read_text(&d, &spot, "below", JSON_MAY, 9, true));
	assert_true(json_member(&d, &top, "l", JSON_VALUE_ARRAY, JSON_MUST, &spot));
	assert_int_equal(json_count_of(&spot), 2);
	assert_true(json_element(&d, &spot, 0, JSON_VALUE_INTEGER, JSON_MUST, &element));
	assert_false(json_element(&d, &spot, 1, JSON_VALUE_INTEGER, JSON_MAY, &element));
	assert_false(json_next_member(&spot, &member));
	assert_true(json_member(&d, &top, "o", JSON_VALUE_OBJECT, JSON_MUST, &spot));
	assert_int_equal(json_read_count(&d, &spot, "p", JSON_MUST, 1, 1), 1);
	for (size_t i = 0; i < 7; i++)
		assert_true(json_next_member(&top, &member) && strlen(member.key) == 1 && member.value != NULL && member.parent == &top);
	assert_string_equal(member.key, "o");
	assert_false(json_next_member(&top, &member));
	assert_false(d.failed);
	json_release(&top);
}

/* After an error all is absent, and not told of. */
static void
after_an_error(void **state)
{
	struct json_document d = document(&plain, "{\"s\":\"yes\",\"n\":1,\"t\":true}");
	struct json_spot top = parse(&d), spot;

	(void)state;
	assert_int_equal(json_read_count(&d, &top, "n", JSON_MUST, 2, 3), 0);
	assert_string_equal(error, "x: n: found 1, expected 2 to 3");
	assert_null(json_read_text(&d, &top, "s", JSON_MUST, 3, true));
	assert_int_equal(json_read_count(&d, &top, "n", JSON_MUST, 1, 3), 0);
	assert_false(json_read_flag(&d, &top, "t", JSON_MUST));
	assert_false(json_member(&d, &top, "s", JSON_VALUE_STRING, JSON_MAY, &spot));
	assert_null(spot.value);
	assert_string_equal(error, "x: n: found 1, expected 2 to 3");
	json_release(&top);
}

/* A path names what is not plain in quotation marks, and nothing of it reaches a terminal as more than text. */
static void
paths(void **state)
{
	struct json_document d = document(&sparing, "{\"a_b\":[[{\"app/x\":{\"\\u001b[0m\":1}}]]}");
	struct json_spot top = parse(&d), list, inner, item, slash, escape;

	(void)state;
	assert_true(json_member(&d, &top, "a_b", JSON_VALUE_ARRAY, JSON_MUST, &list));
	assert_true(json_element(&d, &list, 0, JSON_VALUE_ARRAY, JSON_MUST, &inner));
	assert_true(json_element(&d, &inner, 0, JSON_VALUE_OBJECT, JSON_MUST, &item));
	assert_true(json_member(&d, &item, "app/x", JSON_VALUE_OBJECT, JSON_MUST, &slash));
	assert_false(json_member(&d, &slash, "\x1b[0m", JSON_VALUE_FLAG, JSON_MAY, &escape));
	assert_string_equal(error, "x: a_b[0][0][\"app/x\"][\"?[0m\"]: expected true or false, found a whole number");
	json_release(&top);
	d = document(&plain, "[]");
	d.error_size = 0;
	json_fail(&d, NULL, "not told");
	assert_true(d.failed);
	assert_string_equal(error, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_the_text),
		cmocka_unit_test(pieces),
		cmocka_unit_test(items),
		cmocka_unit_test(items_without_what_is_unused),
		cmocka_unit_test(values),
		cmocka_unit_test(after_an_error),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests_name("sensor/json_document", tests, NULL, NULL);
}
