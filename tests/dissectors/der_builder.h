/* SPDX-License-Identifier: Apache-2.0 */
/* DER for tests, put together from the inside: T(0x30, N(0x02, 1), O(0x04, "text")). */
#ifndef PODWIRE_TESTS_DER_BUILDER_H
#define PODWIRE_TESTS_DER_BUILDER_H

#include <stddef.h>
#include <stdint.h>

struct der {
	const uint8_t *bytes; /* NULL ends a list */
	size_t size;
};

/* An element of the parts, in the shortest form. All live until der_free_all(). */
struct der der_element(uint8_t tag, const struct der *parts);

/* Size bytes as they are, without tag and length. */
struct der der_bytes(const void *bytes, size_t size);

/* A non-negative number as INTEGER or ENUMERATED. */
struct der der_number(uint8_t tag, uint32_t value);

void der_free_all(void);

#define T(tag, ...) der_element((tag), (const struct der[]){ __VA_ARGS__, { NULL, 0 } })
#define E(tag) der_element((tag), (const struct der[]){ { NULL, 0 } })
#define O(tag, text) der_element((tag), (const struct der[]){ der_bytes((text), sizeof(text) - 1), { NULL, 0 } })
#define N(tag, value) der_number((tag), (value))
#define RAW(text) der_bytes((text), sizeof(text) - 1)

#endif
