/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fast keyed hash over a few 64-bit words, for tables an attacker may fill: the key is random, so
 * that collisions cannot be prepared. No output depends on it.
 */
#ifndef PODWIRE_HASH_H
#define PODWIRE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t word[6];
};

/* A key from the kernel's random numbers. */
void hash_key_init(struct hash_key *);

/* Multiplies and folds: all bits of both words reach all bits of the result. */
static inline uint64_t
hash_mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t low = (a & 0xffffffff) * (b & 0xffffffff), high = (a >> 32) * (b >> 32);
	uint64_t cross = (a >> 32) * (b & 0xffffffff) ^ ((a & 0xffffffff) * (b >> 32) << 7 | a >> 57);

	return low ^ high ^ cross;
#endif
}

/* Hash of count words, at most 5. */
static inline uint64_t
hash_words(const struct hash_key *key, const uint64_t *words, size_t count)
{
	uint64_t h = key->word[5];

	for (size_t i = 0; i < count; i++)
		h = hash_mix(h ^ words[i], key->word[i] | 1);
	return h ^ h >> 32;
}

/* Hash of bytes, for strings off the hot path. */
uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t size);

#endif
