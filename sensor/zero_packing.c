/* SPDX-License-Identifier: Apache-2.0 */
/* What is mostly zero, in as few bytes as it says anything with: for things that are kept in large numbers and seldom looked at. */
#include <config.h>

#include "zero_packing.h"

#include <stdbool.h>
#include <string.h>

enum {
	WORDS_AHEAD = 8, /* words that one byte of the packed form tells of */
	GROUP = WORDS_AHEAD * sizeof(uint64_t),
};

/*
 * Of each eight words a byte says which are not zero; of each of those one says which bytes
 * are not. None of them is said of a pointer to what is static, of which there are many: three bytes
 * tell where it lies from here.
 */

static uint64_t
static_base(void)
{
	static const char here;

	return (uint64_t)(uintptr_t)&here - (UINT64_C(1) << 23);
}

static uint8_t *
pack_word(uint8_t *out, uint64_t word)
{
	uint64_t distance = word - static_base();
	uint8_t *mask = out++;

	*mask = 0;
	if (distance < UINT64_C(1) << 24) {
		for (unsigned i = 0; i < 3; i++)
			*out++ = (uint8_t)(distance >> (8 * i));
		return out;
	}
	for (unsigned i = 0; i < 8; i++, word >>= 8)
		if ((word & 0xff) != 0) {
			*mask |= (uint8_t)(1u << i);
			*out++ = (uint8_t)word;
		}
	return out;
}

/* Most groups are nothing but zeros. */
static bool
read_group(uint64_t group[WORDS_AHEAD], const uint8_t *in, size_t left)
{
	uint64_t any = 0;

	if (left >= GROUP) {
		memcpy(group, in, GROUP);
	} else {
		memset(group, 0, GROUP);
		memcpy(group, in, left);
	}
	for (unsigned i = 0; i < WORDS_AHEAD; i++)
		any |= group[i];
	return any != 0;
}

uint8_t *
zero_pack(uint8_t *out, const void *from, size_t size)
{
	const uint8_t *in = from;

	for (size_t at = 0; at < size; at += GROUP) {
		uint64_t group[WORDS_AHEAD];
		uint8_t *words = out++;

		*words = 0;
		if (!read_group(group, in + at, size - at))
			continue;
		for (unsigned i = 0; i < WORDS_AHEAD; i++)
			if (group[i] != 0) {
				*words |= (uint8_t)(1u << i);
				out = pack_word(out, group[i]);
			}
	}
	return out;
}

static const uint8_t *
unpack_word(const uint8_t *in, uint64_t *word)
{
	uint8_t mask = *in++;

	*word = 0;
	if (mask == 0) {
		*word = static_base() + ((uint64_t)in[0] | (uint64_t)in[1] << 8 | (uint64_t)in[2] << 16);
		return in + 3;
	}
	for (unsigned i = 0; i < 8; i++)
		if ((mask >> i & 1) != 0)
			*word |= (uint64_t)*in++ << (8 * i);
	return in;
}

const uint8_t *
zero_unpack(const uint8_t *in, void *to, size_t size)
{
	uint8_t *out = to;

	for (size_t at = 0; at < size; at += GROUP) {
		uint64_t group[WORDS_AHEAD] = { 0 };
		unsigned words = *in++;

		for (; words != 0; words &= words - 1)
			in = unpack_word(in, &group[__builtin_ctz(words)]);
		memcpy(out + at, group, size - at < GROUP ? size - at : GROUP);
	}
	return in;
}
