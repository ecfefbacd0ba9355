/* SPDX-License-Identifier: Apache-2.0 */
/* What was packed comes back byte for byte, of any size, and takes no more than it was said to. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/zero_packing.h"

/* Each in heap blocks of their own, so that a byte too many is noticed. */
static void
there_and_back(const uint8_t *bytes, size_t size)
{
	uint8_t *packed = malloc(ZERO_PACKED_MAX(size)), *in = malloc(size + 1), *out = malloc(size + 1), *end;

	memcpy(in, bytes, size);
	memset(out, 0xaa, size + 1);
	end = zero_pack(packed, in, size);
	assert_true((size_t)(end - packed) <= ZERO_PACKED_MAX(size));
	assert_ptr_equal(zero_unpack(packed, out, size), end);
	assert_memory_equal(out, bytes, size);
	assert_int_equal(out[size], 0xaa);
	free(packed);
	free(in);
	free(out);
}

static void
test_every_size_and_density(void **state)
{
	uint8_t bytes[300];

	(void)state;
	srand(1);
	for (int of = 1; of <= 64; of *= 2)
		for (size_t size = 0; size <= sizeof(bytes); size++) {
			for (size_t i = 0; i < size; i++)
				bytes[i] = rand() % of == 0 ? (uint8_t)rand() : 0;
			there_and_back(bytes, size);
		}
}

static void
test_pointers(void **state)
{
	static const char text[] = "what is static";
	const void *pointers[20] = { [3] = text, [8] = &there_and_back, [9] = (void *)-1, [19] = text + 1 };

	(void)state;
	there_and_back((const uint8_t *)pointers, sizeof(pointers));
}

static void
test_zeros_take_little(void **state)
{
	static const uint8_t zeros[4096];
	uint8_t packed[sizeof(zeros) / 64];

	(void)state;
	assert_int_equal(zero_pack(packed, zeros, sizeof(zeros)) - packed, sizeof(zeros) / 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_and_density),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_zeros_take_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
