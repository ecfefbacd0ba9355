/* SPDX-License-Identifier: Apache-2.0 */
/* Key and slow path of the keyed hash. */
#include <config.h>

#include "hash.h"

#include <string.h>
#include <sys/random.h>

void
hash_key_init(struct hash_key *key)
{
	/* Without entropy, early in boot, a fixed key still gives right results. */
	for (size_t i = 0; i < sizeof(key->word) / sizeof(key->word[0]); i++)
		key->word[i] = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	(void)!getrandom(key->word, sizeof(key->word), GRND_NONBLOCK);
}

uint64_t
hash_bytes(const struct hash_key *key, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t h = key->word[5] ^ size, word;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		h = hash_mix(h ^ word, key->word[0] | 1);
	}
	if (size > 0) {
		word = 0;
		memcpy(&word, at, size);
		h = hash_mix(h ^ word, key->word[0] | 1);
	}
	return h ^ h >> 32;
}
