/* SPDX-License-Identifier: Apache-2.0 */
/* Initial secrets, header protection and AES-128-GCM by OpenSSL (RFC 9001 5.2 to 5.4, RFC 5869). */
#include <config.h>

#include "quic_crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
	HASH_SIZE = 32,
	LABEL_SIZE_MAX = 64,
	SAMPLE_SIZE = 16,
	IV_SIZE = 12,
	LONG_HEADER_BITS = 0x0f, /* of the first byte: what header protection covers (RFC 9001 5.4.1) */
};

static bool
hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t out[HASH_SIZE])
{
	unsigned int out_size = HASH_SIZE;

	return HMAC(EVP_sha256(), key, (int)key_size, data, size, out, &out_size) != NULL;
}

/* HKDF-Expand-Label of TLS 1.3 (RFC 8446 7.1) without context; up to one hash of output is one round. */
static bool
expand_label(const uint8_t secret[HASH_SIZE], const char *label, uint8_t *out, size_t size)
{
	uint8_t info[LABEL_SIZE_MAX], round[HASH_SIZE];
	size_t label_size = strlen(label), at = 0;

	info[at++] = 0;
	info[at++] = (uint8_t)size;
	info[at++] = (uint8_t)(label_size + 6);
	memcpy(info + at, "tls13 ", 6);
	at += 6;
	memcpy(info + at, label, label_size);
	at += label_size;
	info[at++] = 0; /* no context */
	info[at++] = 1; /* the first round */
	if (!hmac_sha256(secret, HASH_SIZE, info, at, round))
		return false;
	memcpy(out, round, size);
	return true;
}

bool
quic_initial_keys(const struct quic_protection *p, struct cursor id, enum direction from, struct quic_keys *keys)
{
	uint8_t initial[HASH_SIZE], secret[HASH_SIZE];
	static const uint8_t empty[1];

	return hmac_sha256(p->salt, QUIC_SALT_SIZE, id.left > 0 ? id.at : empty, id.left, initial)
	    && expand_label(initial, from == FROM_CLIENT ? "client in" : "server in", secret, HASH_SIZE)
	    && expand_label(secret, p->key_label, keys->key, sizeof(keys->key))
	    && expand_label(secret, p->iv_label, keys->iv, sizeof(keys->iv))
	    && expand_label(secret, p->hp_label, keys->hp, sizeof(keys->hp));
}

/* The mask that hides a few bits of the first byte, and the packet number (RFC 9001 5.4.3). */
static bool
protection_mask(EVP_CIPHER_CTX *context, const uint8_t *hp, const uint8_t *sample, uint8_t mask[SAMPLE_SIZE])
{
	int size = 0;

	return EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, hp, NULL) == 1 && EVP_CIPHER_CTX_set_padding(context, 0) == 1
	    && EVP_EncryptUpdate(context, mask, &size, sample, SAMPLE_SIZE) == 1 && size == SAMPLE_SIZE;
}

/* AES-128-GCM over what follows the header, which is authenticated with it. */
static bool
open_payload(EVP_CIPHER_CTX *context, const struct quic_keys *keys, const uint8_t *nonce, struct cursor header, struct cursor sealed, uint8_t *opened)
{
	size_t size = sealed.left - QUIC_TAG_SIZE;
	uint8_t tag[QUIC_TAG_SIZE];
	int done = 0;

	memcpy(tag, sealed.at + size, QUIC_TAG_SIZE);
	return EVP_CIPHER_CTX_reset(context) == 1 && EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, nonce) == 1
	    && EVP_DecryptUpdate(context, NULL, &done, header.at, (int)header.left) == 1
	    && EVP_DecryptUpdate(context, opened, &done, sealed.at, (int)size) == 1
	    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, QUIC_TAG_SIZE, tag) == 1
	    && EVP_DecryptFinal_ex(context, opened + done, &done) == 1;
}

/*
 * The packet number is sent cut to its low bytes. That of an Initial packet is small enough to be
 * all there: nobody sends hundreds of them before the handshake is done.
 */
static size_t
open_with(EVP_CIPHER_CTX *context, const struct quic_keys *keys, struct cursor packet, size_t number_at, uint8_t *opened)
{
	uint8_t header[QUIC_OPENED_SIZE_MAX], mask[SAMPLE_SIZE], nonce[IV_SIZE];
	size_t number_size, header_size;
	struct cursor sealed = packet;

	if (!protection_mask(context, keys->hp, packet.at + number_at + QUIC_NUMBER_SIZE_MAX, mask))
		return 0;
	memcpy(header, packet.at, number_at + QUIC_NUMBER_SIZE_MAX);
	header[0] ^= mask[0] & LONG_HEADER_BITS;
	number_size = (header[0] & 3u) + 1;
	header_size = number_at + number_size;
	memcpy(nonce, keys->iv, IV_SIZE);
	for (size_t i = 0; i < number_size; i++) {
		header[number_at + i] ^= mask[1 + i];
		nonce[IV_SIZE - number_size + i] ^= header[number_at + i];
	}
	cursor_skip(&sealed, header_size);
	if (sealed.left <= QUIC_TAG_SIZE || !open_payload(context, keys, nonce, cursor_over(header, header_size), sealed, opened))
		return 0;
	return sealed.left - QUIC_TAG_SIZE;
}

size_t
quic_open(const struct quic_keys *keys, struct cursor packet, size_t number_at, uint8_t opened[QUIC_OPENED_SIZE_MAX])
{
	EVP_CIPHER_CTX *context;
	size_t size;

	if (packet.left > QUIC_OPENED_SIZE_MAX || packet.left < number_at + QUIC_NUMBER_SIZE_MAX + SAMPLE_SIZE)
		return 0;
	context = EVP_CIPHER_CTX_new();
	if (context == NULL)
		return 0;
	size = open_with(context, keys, packet, number_at, opened);
	EVP_CIPHER_CTX_free(context);
	return size;
}
