/* SPDX-License-Identifier: Apache-2.0 */
/* Writes TLS messages: RFC 8446 4 and 5.1. */
#include <config.h>

#include "tls_messages.h"

#include <stdlib.h>
#include <string.h>

void
put(struct bytes *b, const void *bytes, size_t size)
{
	if (b->size + size > sizeof(b->at))
		abort();
	if (size > 0)
		memcpy(b->at + b->size, bytes, size);
	b->size += size;
}

void
put_number(struct bytes *b, uint64_t value, size_t size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(value >> 8 * size);

		put(b, &byte, 1);
	}
}

void
put_extension(struct bytes *b, uint16_t type, const void *data, size_t size)
{
	put_number(b, type, 2);
	put_number(b, size, 2);
	put(b, data, size);
}

void
put_sni(struct bytes *b, const char *name, size_t size)
{
	put_number(b, 0, 2);
	put_number(b, size + 5, 2);
	put_number(b, size + 3, 2);
	put_number(b, 0, 1);
	put_number(b, size, 2);
	put(b, name, size);
}

void
put_handshake(struct bytes *b, uint8_t type, const void *body, size_t size)
{
	put_number(b, type, 1);
	put_number(b, size, 3);
	put(b, body, size);
}

static void
put_hello_start(struct bytes *b, const struct hello *hello)
{
	static const uint8_t random[32] = { 1, 2, 3, 4 };
	size_t id_size = hello->session_id != NULL ? strlen(hello->session_id) : 0;

	put_number(b, hello->version, 2);
	put(b, hello->random != NULL ? hello->random : random, sizeof(random));
	put_number(b, id_size, 1);
	put(b, hello->session_id, id_size);
}

static void
put_extensions(struct bytes *b, const struct hello *hello)
{
	if (hello->extensions == NULL)
		return;
	put_number(b, hello->extensions->size, 2);
	put(b, hello->extensions->at, hello->extensions->size);
}

void
put_client_hello(struct bytes *b, const struct hello *hello)
{
	struct bytes body = { .size = 0 };

	put_hello_start(&body, hello);
	put_number(&body, 6, 2);
	put_number(&body, 0x0a0a, 2); /* GREASE */
	put_number(&body, hello->cipher, 2);
	put_number(&body, 0x00ff, 2);
	put_number(&body, 1, 1);
	put_number(&body, 0, 1);
	put_extensions(&body, hello);
	put_handshake(b, 1, body.at, body.size);
}

void
put_server_hello(struct bytes *b, const struct hello *hello)
{
	struct bytes body = { .size = 0 };

	put_hello_start(&body, hello);
	put_number(&body, hello->cipher, 2);
	put_number(&body, 0, 1);
	put_extensions(&body, hello);
	put_handshake(b, 2, body.at, body.size);
}

void
put_record(struct bytes *b, uint8_t type, uint16_t version, const void *body, size_t size)
{
	put_number(b, type, 1);
	put_number(b, version, 2);
	put_number(b, size, 2);
	put(b, body, size);
}

void
put_records(struct bytes *b, const struct bytes *from, size_t size)
{
	for (size_t at = 0; at < from->size; at += size)
		put_record(b, 22, 0x0303, from->at + at, from->size - at < size ? from->size - at : size);
}
