/* SPDX-License-Identifier: Apache-2.0 */
/* The hellos of SSLv2 as a stream begins with them: RFC 5246 E.2, and what SSL 2.0 answered. */
#include <config.h>

#include "tls_state.h"

enum { SSLV2_SERVER_HELLO = 4 };

static const char sslv2_hello_clause[] = "RFC 5246 E.2 ClientHello in SSLv2 form";
static const char sslv2_server_hello_clause[] = "SSL 2.0 SERVER-HELLO";

/* RFC 5246 E.2, and whether the server answers in SSLv2 as well. */
enum verdict
tls_read_sslv2_client_hello(struct reading *r)
{
	size_t size = 2 + ((size_t)(cursor_peek(r->bytes, 0) & 0x7f) << 8 | (size_t)(cursor_peek(r->bytes, 1) & 0xff));

	if (cursor_left(r->bytes) < 2 || cursor_left(r->bytes) < size)
		return tls_need(r, cursor_left(r->bytes) < 2 ? 2 : size);
	if (!tls_sslv2_client_hello_read(r->bytes, &r->s->client_hello))
		return tls_not_a_record(r);
	r->side->sync = SYNC_MESSAGES;
	r->side->seen = true;
	r->s->sslv2_hello = true;
	tls_take_client_hello(r, sslv2_hello_clause);
	return MATCH;
}

/*
 * SSL 2.0: length, type, session id hit, certificate type, version, then the lengths of certificate,
 * cipher specs and connection id, and these themselves.
 */
enum verdict
tls_read_sslv2_server_hello(struct reading *r)
{
	struct cursor c = *r->bytes, body, certificate;
	size_t size = cursor_u16(&c) & 0x7fff, specs_size, id_size, certificate_size;

	if (!cursor_ok(&c) || cursor_left(&c) < size)
		return tls_need(r, 2 + size);
	body = cursor_sub(&c, size);
	if (cursor_u8(&body) != SSLV2_SERVER_HELLO)
		return tls_not_a_record(r);
	cursor_skip(&body, 2);
	if (cursor_u16(&body) != 0x0002)
		return tls_not_a_record(r);
	certificate_size = cursor_u16(&body);
	specs_size = cursor_u16(&body);
	id_size = cursor_u16(&body);
	certificate = cursor_sub(&body, certificate_size);
	cursor_skip(&body, specs_size + id_size);
	if (!cursor_ok(&body) || cursor_left(&body) > 0)
		return tls_not_a_record(r);
	r->side->hello = true;
	r->e->encryption.version = tls_version_name(0x0002);
	tls_claim(r, STRENGTH_EXCHANGE, sslv2_server_hello_clause);
	if (certificate.left > 0)
		tls_read_server_leaf(r, certificate);
	*r->bytes = c;
	return DONE;
}
