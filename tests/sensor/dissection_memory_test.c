/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a dissection: kept over a resize, zeroed when new, bounded twice, gone with the flow. */
#include <config.h>

#include "sensor/dissection_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
resizing_keeps_what_was_there(void **state)
{
	struct memory_bound bound = { .limit = 1 << 20 };
	struct dissection_memory m = { 0 };
	char *a, *b;

	(void)state;
	a = dissection_memory_resize(&m, &bound, NULL, 8);
	b = dissection_memory_resize(&m, &bound, NULL, 100);
	assert_memory_equal(a, "\0\0\0\0\0\0\0\0", 8);
	memcpy(a, "kept...", 8);
	a = dissection_memory_resize(&m, &bound, a, 5000);
	assert_string_equal(a, "kept...");
	assert_int_equal(a[4999], 0);
	assert_int_equal(m.in_use, 5100);
	assert_int_equal(bound.in_use, 5100);
	assert_null(dissection_memory_resize(&m, &bound, b, 0));
	assert_int_equal(m.in_use, 5000);
	dissection_memory_clear(&m, &bound);
	assert_int_equal(m.in_use, 0);
	assert_int_equal(bound.in_use, 0);
	assert_null(m.first);
}

static void
a_flow_is_bounded(void **state)
{
	struct memory_bound bound = { .limit = SIZE_MAX };
	struct dissection_memory m = { 0 };
	char *a;

	(void)state;
	assert_null(dissection_memory_resize(&m, &bound, NULL, DISSECTION_MEMORY_FLOW_MAX + 1));
	a = dissection_memory_resize(&m, &bound, NULL, DISSECTION_MEMORY_FLOW_MAX - 1);
	assert_non_null(a);
	assert_null(dissection_memory_resize(&m, &bound, NULL, 2));
	assert_non_null(dissection_memory_resize(&m, &bound, NULL, 1));
	a[0] = 'x';
	assert_null(dissection_memory_resize(&m, &bound, a, DISSECTION_MEMORY_FLOW_MAX));
	assert_int_equal(a[0], 'x');
	dissection_memory_clear(&m, &bound);
}

static void
all_flows_together_are_bounded(void **state)
{
	struct memory_bound bound = { .limit = 1000 };
	struct dissection_memory one = { 0 }, other = { 0 };

	(void)state;
	assert_non_null(dissection_memory_resize(&one, &bound, NULL, 600));
	assert_null(dissection_memory_resize(&other, &bound, NULL, 600));
	dissection_memory_clear(&one, &bound);
	assert_non_null(dissection_memory_resize(&other, &bound, NULL, 600));
	dissection_memory_clear(&other, &bound);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resizing_keeps_what_was_there),
		cmocka_unit_test(a_flow_is_bounded),
		cmocka_unit_test(all_flows_together_are_bounded),
	};

	return cmocka_run_group_tests_name("sensor/dissection_memory", tests, NULL, NULL);
}
