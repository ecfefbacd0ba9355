/* SPDX-License-Identifier: Apache-2.0 */
/* Writes QUIC packets: RFC 9000 17.2 and 19, RFC 9001 5.3 and 5.4. */
#include <config.h>

#include "quic_packets.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/quic_crypto.h"
#include "dissectors/quic_packet.h"

enum { NUMBER_SIZE = 4 };

static void
put_varint2(struct bytes *b, size_t value)
{
	put_number(b, 0x4000 | value, 2);
}

static void
put_id(struct bytes *b, const char *id)
{
	put_number(b, strlen(id), 1);
	put(b, id, strlen(id));
}

void
put_noise(struct bytes *b, uint32_t seed, size_t size)
{
	seed = seed * 2654435761u + 1;
	for (; size > 0; size--) {
		seed ^= seed << 13; /* xorshift */
		seed ^= seed >> 17;
		seed ^= seed << 5;
		put_number(b, seed >> 11 & 0xff, 1);
	}
}

void
put_crypto(struct bytes *b, size_t offset, const void *bytes, size_t size)
{
	put_number(b, 6, 1);
	put_varint2(b, offset);
	put_varint2(b, size);
	put(b, bytes, size);
}

void
put_connection_close(struct bytes *b, uint16_t error)
{
	put_number(b, 0x1c, 1);
	put_varint2(b, error);
	put_number(b, 6, 1);
	put_number(b, 3, 1);
	put(b, "why", 3);
}

static const struct quic_protection *
protection_of(uint32_t version, const struct bytes *packet)
{
	struct cursor c = cursor_over(packet->at, packet->size);
	struct quic_packet p;

	if (!quic_packet_read(&c, &p))
		abort();
	if (p.version != NULL)
		return p.version->protection;
	return quic_versions_to_try[version == 0x1a2a3a4a ? 0 : 1]->protection;
}

static void
check(int ok)
{
	if (ok != 1)
		abort();
}

static void
seal(uint8_t *packet, size_t number_at, size_t size, const struct quic_keys *keys)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], mask[16], *payload = packet + number_at + NUMBER_SIZE;
	size_t inside = size - number_at - NUMBER_SIZE - QUIC_TAG_SIZE;
	int done;

	memcpy(nonce, keys->iv, sizeof(nonce));
	for (size_t i = 0; i < NUMBER_SIZE; i++)
		nonce[sizeof(nonce) - NUMBER_SIZE + i] ^= packet[number_at + i];
	check(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, nonce));
	check(EVP_EncryptUpdate(context, NULL, &done, packet, (int)(number_at + NUMBER_SIZE)));
	check(EVP_EncryptUpdate(context, payload, &done, payload, (int)inside));
	check(EVP_EncryptFinal_ex(context, payload + done, &done));
	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, QUIC_TAG_SIZE, payload + inside));
	check(EVP_CIPHER_CTX_reset(context));
	check(EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys->hp, NULL));
	check(EVP_EncryptUpdate(context, mask, &done, packet + number_at + 4, sizeof(mask)));
	packet[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < NUMBER_SIZE; i++)
		packet[number_at + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(context);
}

void
put_initial(struct bytes *b, const struct initial *i)
{
	const char *original = i->original != NULL ? i->original : i->destination;
	static struct bytes packet;
	size_t inside = i->payload->size > i->size ? i->payload->size : i->size, number_at;
	struct quic_keys keys;

	packet.size = 0;
	put_number(&packet, i->first, 1);
	put_number(&packet, i->version, 4);
	put_id(&packet, i->destination);
	put_id(&packet, i->source);
	put_varint2(&packet, i->token != NULL ? strlen(i->token) : 0);
	put(&packet, i->token, i->token != NULL ? strlen(i->token) : 0);
	put_varint2(&packet, NUMBER_SIZE + inside + QUIC_TAG_SIZE);
	number_at = packet.size;
	put_number(&packet, i->number, NUMBER_SIZE);
	put(&packet, i->payload->at, i->payload->size);
	while (packet.size < number_at + NUMBER_SIZE + inside + QUIC_TAG_SIZE)
		put_number(&packet, 0, 1);
	if (!quic_initial_keys(protection_of(i->version, &packet), cursor_over(original, strlen(original)), i->from, &keys))
		abort();
	seal(packet.at, number_at, packet.size, &keys);
	put(b, packet.at, packet.size);
}

void
put_long(struct bytes *b, uint8_t first, uint32_t version, const char *destination, const char *source, size_t size)
{
	put_number(b, first, 1);
	put_number(b, version, 4);
	put_id(b, destination);
	put_id(b, source);
	put_varint2(b, size);
	put_noise(b, 7, size);
}

void
put_negotiation(struct bytes *b, const char *destination, const char *source, uint32_t version)
{
	put_number(b, 0xea, 1);
	put_number(b, 0, 4);
	put_id(b, destination);
	put_id(b, source);
	put_number(b, 0x5a6a7a8a, 4);
	put_number(b, version, 4);
}

void
put_retry(struct bytes *b, uint32_t version, const char *destination, const char *source)
{
	put_number(b, 0xf0, 1);
	put_number(b, version, 4);
	put_id(b, destination);
	put_id(b, source);
	put_noise(b, 9, 60);
}
