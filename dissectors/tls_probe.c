/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the first bytes of a direction are TLS: a hello, an alert in answer to one, or a chain of records. */
#include <config.h>

#include "tls_state.h"

#include "tls_record.h"

enum {
	HANDSHAKE_HEADER_SIZE = 4,
	CLIENT_HELLO = 1,
	DRAFT_HELLO_RETRY_REQUEST = 6,
	ALERT_SIZE = 2,
	ALERT_FATAL = 2,
};

/* A handshake record at the start of a direction: its hello, a hello of the other role, or anything. */
static enum verdict
probe_handshake(enum direction from, struct cursor bytes, enum strength *strength)
{
	struct tls_record record;
	uint8_t type;
	uint32_t size;
	int version_high;

	if (!tls_record_read(&bytes, &record) || cursor_left(&bytes) < (record.size < HANDSHAKE_HEADER_SIZE ? 1 : HANDSHAKE_HEADER_SIZE))
		return NEED_MORE;
	type = cursor_u8(&bytes);
	if (record.size < HANDSHAKE_HEADER_SIZE)
		size = TLS_HELLO_SIZE_MIN; /* a header in pieces: go by its first byte */
	else
		size = cursor_u24(&bytes);
	if (!tls_is_hello(type, size) && type != DRAFT_HELLO_RETRY_REQUEST)
		return MATCH; /* none: the chain of records decides */
	if (!tls_is_first(type, size, from))
		return NO_MATCH;
	/* The client waits for an answer: nothing but its hello can be in its first record. */
	if (type == CLIENT_HELLO && record.size > size + HANDSHAKE_HEADER_SIZE)
		return NO_MATCH;
	version_high = cursor_peek(&bytes, 0);
	if (record.size > HANDSHAKE_HEADER_SIZE && version_high < 0)
		return NEED_MORE;
	if (record.size > HANDSHAKE_HEADER_SIZE && version_high != 3 && !(from == FROM_SERVER && version_high == 0x7f))
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	return MATCH;
}

static enum verdict
probe_sslv2(struct cursor bytes, enum strength *strength)
{
	struct tls_client_hello hello;

	if (!tls_sslv2_client_hello_possible(&bytes))
		return NO_MATCH;
	if (!tls_sslv2_client_hello_read(&bytes, &hello))
		return NEED_MORE;
	*strength = STRENGTH_STRUCTURE;
	return MATCH;
}

/* A server's alert in the clear, in answer to a hello. */
static bool
is_alert(struct cursor bytes)
{
	struct tls_record record;
	uint8_t level;

	if (!tls_record_read(&bytes, &record) || record.type != TLS_ALERT || record.size != ALERT_SIZE)
		return false;
	level = cursor_u8(&bytes);
	return (level == 1 || level == ALERT_FATAL) && tls_alert_name(cursor_u8(&bytes)) != NULL && cursor_ok(&bytes);
}

enum verdict
tls_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	int first = cursor_peek(&bytes, 0);
	enum verdict verdict = MATCH;

	*strength = STRENGTH_NONE;
	if (first < 0)
		return NEED_MORE;
	if ((first & 0x80) != 0)
		return from == FROM_CLIENT ? probe_sslv2(bytes, strength) : NO_MATCH;
	if (!tls_record_possible(&bytes))
		return NO_MATCH;
	if (first == TLS_HANDSHAKE)
		verdict = probe_handshake(from, bytes, strength);
	if (verdict != MATCH || *strength != STRENGTH_NONE)
		return verdict;
	if (from == FROM_SERVER && is_alert(bytes)) {
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	}
	switch (tls_record_chain(bytes)) {
	case TLS_CHAIN_YES:
		*strength = STRENGTH_STRUCTURE;
		return MATCH;
	case TLS_CHAIN_ONE:
		/* All there is of this direction so far is one record: where the start is missing, that may be all there will be. */
		if (flow->handshake_seen || first != TLS_APPLICATION_DATA)
			return NEED_MORE;
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	case TLS_CHAIN_SHORT:
		return NEED_MORE;
	case TLS_CHAIN_NO:
		break;
	}
	return NO_MATCH;
}
