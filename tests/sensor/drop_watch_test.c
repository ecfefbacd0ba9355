/* SPDX-License-Identifier: Apache-2.0 */
/* More than a hundredth of a minute's packets lost is told of, once a minute, by what came since the last. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sensor/drop_watch.h"

static const int64_t second = INT64_C(1000000000);

static void
test_threshold(void **state)
{
	static const struct {
		uint64_t received, dropped;
		bool told;
	} minutes[] = {
		{ 0, 0, false }, { 1000, 0, false }, { 1000, 10, false }, { 1000, 11, true }, { 1000, 1000, true },
		{ 99, 1, true }, { 100, 1, false }, { 0, 1, true }, { UINT64_C(1) << 60, UINT64_C(1) << 50, false },
	};
	struct drop_watch w = { 0 };
	struct drop_counts sum = { 0 }, minute;

	(void)state;
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		sum.received += minutes[i].received;
		sum.dropped += minutes[i].dropped;
		assert_int_equal(drop_watch_saw(&w, (int64_t)(i + 1) * 60 * second, sum, &minute), minutes[i].told);
		assert_int_equal(minute.received, minutes[i].received);
		assert_int_equal(minute.dropped, minutes[i].dropped);
	}
}

static void
test_once_a_minute(void **state)
{
	struct drop_watch w = { .since = 100 * second };
	struct drop_counts minute;
	unsigned told = 0;

	(void)state;
	for (uint64_t i = 1; i <= 180; i++)
		told += drop_watch_saw(&w, (int64_t)(100 + i) * second, (struct drop_counts){ i * 10, i * 5 }, &minute);
	assert_int_equal(told, 3);
	assert_int_equal(minute.received, 600);
	assert_int_equal(minute.dropped, 300);
	/* The clock was put back: it does not wait until then. */
	assert_true(drop_watch_saw(&w, second, (struct drop_counts){ 2000, 1000 }, &minute));
	assert_int_equal(minute.received, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_once_a_minute),
	};

	return cmocka_run_group_tests_name("sensor/drop_watch", tests, NULL, NULL);
}
