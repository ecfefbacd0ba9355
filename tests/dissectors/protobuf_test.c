/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "dissectors/protobuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Field 1 = 150, 2 = "testing", 3 = fixed64 1, 5 = fixed32 2, 2 = "again". */
static const char message[] = "\x08\x96\x01\x12\x07testing\x19\x01\0\0\0\0\0\0\0\x2d\x02\0\0\0\x12\x05" "again";

static void
fields_come_in_their_order(void **state)
{
	struct cursor c = cursor_over(message, sizeof(message) - 1);
	struct protobuf_field f;

	(void)state;
	assert_true(protobuf_next(&c, &f));
	assert_int_equal(f.number, 1);
	assert_int_equal(f.value, 150);
	assert_true(protobuf_next(&c, &f));
	assert_int_equal(f.type, PROTOBUF_BYTES);
	assert_true(cursor_equals(&f.bytes, "testing"));
	assert_true(protobuf_next(&c, &f));
	assert_int_equal(f.type, PROTOBUF_FIXED64);
	assert_int_equal(f.value, 1);
	assert_true(protobuf_next(&c, &f));
	assert_int_equal(f.number, 5);
	assert_int_equal(f.value, 2);
	assert_true(protobuf_next(&c, &f));
	assert_false(protobuf_next(&c, &f));
	assert_true(cursor_ok(&c));
}

static void
the_last_of_a_number_counts(void **state)
{
	struct cursor c = cursor_over(message, sizeof(message) - 1);
	struct protobuf_field f;

	(void)state;
	assert_true(protobuf_find(c, 2, PROTOBUF_BYTES, &f));
	assert_true(cursor_equals(&f.bytes, "again"));
	assert_false(protobuf_find(c, 2, PROTOBUF_VARINT, &f));
	assert_false(protobuf_find(c, 9, PROTOBUF_BYTES, &f));
	assert_true(protobuf_is_message(c));
}

/* Every prefix that ends inside a field is no message; each in a block of its own. */
static void
prefixes_end_where_fields_do(void **state)
{
	static const size_t ends[] = { 0, 3, 12, 21, 26, 33 };

	(void)state;
	for (size_t size = 0, e = 0; size < sizeof(message); size++) {
		uint8_t *copy = malloc(size + (size == 0));

		memcpy(copy, message, size);
		assert_int_equal(protobuf_is_message(cursor_over(copy, size)), e < 6 && ends[e] == size);
		e += e < 6 && ends[e] == size;
		free(copy);
	}
}

static void
broken_encodings_are_none(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} broken[] = {
		{ "\x00\x01", 2 },                                       /* number 0 */
		{ "\x0b\x0c", 2 },                                       /* a group */
		{ "\x0e", 1 },                                           /* type 6 */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* eleven bytes */
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },  /* longer than there are bytes */
		{ "\xff\xff\xff\xff\x7f\x01", 6 },                       /* number above 2^29 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(protobuf_is_message(cursor_over(broken[i].bytes, broken[i].size)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_come_in_their_order),
		cmocka_unit_test(the_last_of_a_number_counts),
		cmocka_unit_test(prefixes_end_where_fields_do),
		cmocka_unit_test(broken_encodings_are_none),
	};

	return cmocka_run_group_tests_name("dissectors/protobuf", tests, NULL, NULL);
}
