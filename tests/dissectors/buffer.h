/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that a test puts together. */
#ifndef PODWIRE_TESTS_BUFFER_H
#define PODWIRE_TESTS_BUFFER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct buffer {
	uint8_t bytes[80 * 1024];
	size_t size;
};

static inline void
put(struct buffer *b, const void *bytes, size_t size)
{
	assert_true(b->size + size <= sizeof(b->bytes));
	memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
}

#endif
