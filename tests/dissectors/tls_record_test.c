/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/tls_record.h"
#include "tls_messages.h"

static void
tells_headers(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		bool possible;
	} cases[] = {
		{ "", 0, true }, { "\x16", 1, true }, { "\x16\3", 2, true }, { "\x16\3\1\0\x10", 5, true }, { "\x17\3\3\0\0", 5, true }, { "\x17\3\3\x48\0", 5, true },
		{ "\x19", 1, false }, { "\x13", 1, false }, { "\x16\2", 2, false }, { "\x16\3\5", 3, false }, { "\x16\3\3\x49", 4, false }, { "\x17\3\3\x48\1", 5, false }, { "\x16\3\3\0\0", 5, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cursor c = cursor_over(cases[i].bytes, cases[i].size);
		struct tls_record record;

		assert_int_equal(tls_record_possible(&c), cases[i].possible);
		assert_int_equal(tls_record_read(&c, &record), cases[i].possible && cases[i].size == 5);
	}
}

static void
follows_chains(void **state)
{
	struct bytes b = { .size = 0 };

	(void)state;
	put_record(&b, 23, 0x0303, "abcd", 4);
	assert_int_equal(tls_record_chain(cursor_over(b.at, 0)), TLS_CHAIN_SHORT);
	assert_int_equal(tls_record_chain(cursor_over(b.at, 8)), TLS_CHAIN_SHORT);
	assert_int_equal(tls_record_chain(cursor_over(b.at, 9)), TLS_CHAIN_ONE);
	put_record(&b, 23, 0x0303, "", 0);
	assert_int_equal(tls_record_chain(cursor_over(b.at, 11)), TLS_CHAIN_SHORT);
	assert_int_equal(tls_record_chain(cursor_over(b.at, b.size)), TLS_CHAIN_YES);
	b.at[11] = 1; /* another version */
	assert_int_equal(tls_record_chain(cursor_over(b.at, b.size)), TLS_CHAIN_NO);
	b.at[9] = 0;
	assert_int_equal(tls_record_chain(cursor_over(b.at, b.size)), TLS_CHAIN_NO);
	assert_int_equal(tls_record_chain(cursor_over("GET /", 5)), TLS_CHAIN_NO);
}

/* A message in records of every size is the same message, and until it is there exactly what is missing is asked for. */
static void
gathers_over_records(void **state)
{
	struct bytes message = { .size = 0 };

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		put_number(&message, i, 1);
	for (size_t size = 1; size <= message.size; size++) {
		struct bytes b = { .size = 0 };
		uint8_t *copy, buffer[100];
		size_t in_record = 0, need = 0;

		put_records(&b, &message, size);
		for (size_t there = 0; there < b.size; there++) {
			struct cursor c, out;

			copy = malloc(there + 1);
			assert_non_null(copy);
			memcpy(copy, b.at, there);
			c = cursor_over(copy, there);
			in_record = 0;
			assert_int_equal(tls_gather(&c, &in_record, message.size, buffer, &out, &need), TLS_GATHER_SHORT);
			assert_in_range(need, there + 1, b.size);
			assert_int_equal(cursor_left(&c), there);
			free(copy);
		}
		{
			struct cursor c = cursor_over(b.at, b.size), out;

			in_record = 0;
			assert_int_equal(tls_gather(&c, &in_record, message.size, buffer, &out, &need), TLS_GATHER_WHOLE);
			assert_int_equal(in_record, 0);
			assert_int_equal(cursor_left(&c), 0);
			assert_memory_equal(out.at, message.at, message.size);
		}
	}
}

static void
copies_nothing_that_is_in_one_record(void **state)
{
	uint8_t buffer[4] = { 0 };
	size_t in_record = 6, need = 0;
	struct cursor c = cursor_over("abcdef", 6), out;

	(void)state;
	assert_int_equal(tls_gather(&c, &in_record, 4, buffer, &out, &need), TLS_GATHER_WHOLE);
	assert_int_equal(in_record, 2);
	assert_int_equal(out.left, 4);
	assert_memory_equal(out.at, "abcd", 4);
	assert_int_equal(buffer[0], 0);
}

static void
stops_at_what_does_not_belong(void **state)
{
	struct bytes b = { .size = 0 };
	uint8_t buffer[400];
	size_t in_record = 2, need = 0;
	struct cursor c, out;

	(void)state;
	put(&b, "ab", 2);
	put_record(&b, 21, 0x0303, "\1\0", 2);
	c = cursor_over(b.at, b.size);
	assert_int_equal(tls_gather(&c, &in_record, 4, buffer, &out, &need), TLS_GATHER_BROKEN);
	assert_int_equal(in_record, 2);
	c = cursor_over("abGET", 5);
	assert_int_equal(tls_gather(&c, &in_record, 4, buffer, &out, &need), TLS_GATHER_BROKEN);
	/* More pieces than anybody sends. */
	b.size = 0;
	for (int i = 0; i < TLS_MESSAGE_RECORDS_MAX + 1; i++)
		put_record(&b, 22, 0x0303, "a", 1);
	c = cursor_over(b.at, b.size);
	in_record = 0;
	assert_int_equal(tls_gather(&c, &in_record, TLS_MESSAGE_RECORDS_MAX, buffer, &out, &need), TLS_GATHER_BROKEN);
	assert_int_equal(tls_gather(&c, &in_record, TLS_MESSAGE_RECORDS_MAX - 1, buffer, &out, &need), TLS_GATHER_WHOLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_headers),
		cmocka_unit_test(follows_chains),
		cmocka_unit_test(gathers_over_records),
		cmocka_unit_test(copies_nothing_that_is_in_one_record),
		cmocka_unit_test(stops_at_what_does_not_belong),
	};

	return cmocka_run_group_tests_name("dissectors/tls_record", tests, NULL, NULL);
}
