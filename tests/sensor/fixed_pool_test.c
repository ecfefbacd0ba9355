/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: what is taken is one's own until given back, and full is full. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/fixed_pool.h"

static void
test_objects(void **state)
{
	struct fixed_pool p;
	uint32_t index[100];

	(void)state;
	assert_true(fixed_pool_init(&p, 13, 100));
	for (uint32_t i = 0; i < 100; i++) {
		index[i] = fixed_pool_take(&p);
		assert_true(index[i] >= 1 && index[i] <= 100);
		assert_int_equal(fixed_pool_index(&p, fixed_pool_at(&p, index[i])), index[i]);
		assert_int_equal((uintptr_t)fixed_pool_at(&p, index[i]) % 8, 0);
		memset(fixed_pool_at(&p, index[i]), (int)i, 13);
	}
	assert_int_equal(p.in_use, 100);
	assert_int_equal(fixed_pool_take(&p), 0);
	assert_int_equal(p.in_use, 100);
	for (uint32_t i = 0; i < 100; i++)
		for (size_t b = 0; b < 13; b++)
			assert_int_equal(((uint8_t *)fixed_pool_at(&p, index[i]))[b], i);
	fixed_pool_clear(&p);
}

static void
test_objects_come_back(void **state)
{
	struct fixed_pool p;
	uint32_t a, b, c;

	(void)state;
	assert_true(fixed_pool_init(&p, 4, 3));
	a = fixed_pool_take(&p);
	b = fixed_pool_take(&p);
	c = fixed_pool_take(&p);
	fixed_pool_give(&p, a);
	fixed_pool_give(&p, c);
	assert_int_equal(p.in_use, 1);
	/* Each once, in whatever order. */
	assert_int_equal(fixed_pool_take(&p) ^ fixed_pool_take(&p), a ^ c);
	assert_int_equal(fixed_pool_take(&p), 0);
	fixed_pool_give(&p, b);
	assert_int_equal(fixed_pool_take(&p), b);
	fixed_pool_clear(&p);
	assert_null(p.base);
	fixed_pool_clear(&p);
}

static void
test_no_room_for_a_pool(void **state)
{
	struct fixed_pool p;
	struct buffer_pool b;

	(void)state;
	assert_false(fixed_pool_init(&p, (size_t)1 << 40, UINT32_MAX));
	fixed_pool_clear(&p);
	assert_false(buffer_pool_init(&b, (size_t)1 << 62));
	buffer_pool_clear(&b);
}

static void
test_buffer_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 257, 512, 513, 1024, 100000, 262143, 262144 };
	struct buffer_pool p;
	size_t capacity;

	(void)state;
	assert_true(buffer_pool_init(&p, 1 << 22));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *buffer = buffer_take(&p, sizes[i], &capacity);

		assert_non_null(buffer);
		assert_true(capacity >= sizes[i] && capacity >= BUFFER_SIZE_MIN && (capacity < 2 * sizes[i] || capacity == BUFFER_SIZE_MIN));
		assert_int_equal(p.in_use, capacity);
		memset(buffer, 0xff, capacity);
		buffer_give(&p, buffer, capacity);
		assert_int_equal(p.in_use, 0);
	}
	assert_null(buffer_take(&p, 262145, &capacity));
	assert_null(buffer_take(&p, SIZE_MAX, &capacity));
	buffer_give(&p, NULL, 0);
	assert_int_equal(p.in_use, 0);
	buffer_pool_clear(&p);
}

static void
test_full_buffers(void **state)
{
	struct buffer_pool p;
	void *large, *small[4];
	size_t capacity;

	(void)state;
	assert_true(buffer_pool_init(&p, 2048));
	large = buffer_take(&p, 1024, &capacity);
	for (int i = 0; i < 4; i++)
		assert_non_null(small[i] = buffer_take(&p, 1, &capacity));
	assert_null(buffer_take(&p, 1, &capacity));
	assert_int_equal(p.in_use, 2048);
	/* A larger one does for a small need, and goes back among its like. */
	buffer_give(&p, large, 1024);
	assert_ptr_equal(buffer_take(&p, 1, &capacity), large);
	assert_int_equal(capacity, 1024);
	buffer_give(&p, large, capacity);
	assert_ptr_equal(buffer_take(&p, 1000, &capacity), large);
	/* Small ones do not make a large one. */
	for (int i = 0; i < 4; i++)
		buffer_give(&p, small[i], 256);
	assert_null(buffer_take(&p, 1000, &capacity));
	assert_non_null(buffer_take(&p, 256, &capacity));
	buffer_pool_clear(&p);
}

/* Random takes and gives: no two buffers share a byte. */
static void
test_buffers_are_apart(void **state)
{
	struct { uint8_t *at; size_t capacity; uint8_t mark; } held[64] = { 0 };
	struct buffer_pool p;
	uint32_t seed = 1;
	size_t in_use = 0;

	(void)state;
	assert_true(buffer_pool_init(&p, 1 << 19));
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (seed = seed * 1103515245 + 12345) >> 16 & 63;
		size_t size = (seed >> 8) % ((size_t)1 << (8 + seed % 8));

		if (held[i].at != NULL) {
			assert_int_equal(held[i].at[0], held[i].mark);
			assert_int_equal(held[i].at[held[i].capacity - 1], held[i].mark);
			buffer_give(&p, held[i].at, held[i].capacity);
			in_use -= held[i].capacity;
			held[i].at = NULL;
		} else if ((held[i].at = buffer_take(&p, size, &held[i].capacity)) != NULL) {
			assert_true(held[i].capacity >= size);
			assert_true(held[i].at >= p.base && held[i].at + held[i].capacity <= p.base + p.size);
			held[i].mark = (uint8_t)round;
			memset(held[i].at, held[i].mark, held[i].capacity);
			in_use += held[i].capacity;
		}
		assert_int_equal(p.in_use, in_use);
	}
	buffer_pool_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_objects_come_back),
		cmocka_unit_test(test_no_room_for_a_pool),
		cmocka_unit_test(test_buffer_sizes),
		cmocka_unit_test(test_full_buffers),
		cmocka_unit_test(test_buffers_are_apart),
	};

	return cmocka_run_group_tests_name("sensor/fixed_pool", tests, NULL, NULL);
}
