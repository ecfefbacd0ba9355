/* SPDX-License-Identifier: Apache-2.0 */
/* Writes DTLS: RFC 6347 4.1 and 4.2. */
#include <config.h>

#include "dtls_messages.h"

#include <string.h>

void
put_dtls_record(struct bytes *b, struct dtls_writer *w, uint8_t type, const void *body, size_t size)
{
	put_number(b, type, 1);
	put_number(b, w->version, 2);
	put_number(b, w->epoch, 2);
	put_number(b, w->number++, 6);
	put_number(b, size, 2);
	put(b, body, size);
}

void
put_dtls_fragment(struct bytes *b, struct dtls_writer *w, uint8_t type, uint16_t sequence, const struct bytes *message, size_t offset, size_t size)
{
	static struct bytes body;

	body.size = 0;
	put_number(&body, type, 1);
	put_number(&body, message->size, 3);
	put_number(&body, sequence, 2);
	put_number(&body, offset, 3);
	put_number(&body, size, 3);
	put(&body, message->at + offset, size);
	put_dtls_record(b, w, 22, body.at, body.size);
}

void
put_dtls_message(struct bytes *b, struct dtls_writer *w, uint8_t type, uint16_t sequence, const struct bytes *message)
{
	put_dtls_fragment(b, w, type, sequence, message, 0, message->size);
}

static void
put_start(struct bytes *b, uint16_t version)
{
	put_number(b, version, 2);
	for (int i = 0; i < 32; i++)
		put_number(b, (uint64_t)i, 1);
	put_number(b, 0, 1); /* no session ID */
}

static void
put_end(struct bytes *b, const struct bytes *extensions)
{
	if (extensions == NULL)
		return;
	put_number(b, extensions->size, 2);
	put(b, extensions->at, extensions->size);
}

void
put_dtls_client_hello(struct bytes *b, uint16_t version, const char *cookie, uint16_t cipher, const struct bytes *extensions)
{
	put_start(b, version);
	put_number(b, strlen(cookie), 1);
	put(b, cookie, strlen(cookie));
	put_number(b, 4, 2);
	put_number(b, cipher, 2);
	put_number(b, 0x00ff, 2);
	put(b, "\x01\x00", 2);
	put_end(b, extensions);
}

void
put_dtls_server_hello(struct bytes *b, uint16_t version, uint16_t cipher, const struct bytes *extensions)
{
	put_start(b, version);
	put_number(b, cipher, 2);
	put_number(b, 0, 1);
	put_end(b, extensions);
}
