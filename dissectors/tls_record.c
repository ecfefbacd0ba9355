/* SPDX-License-Identifier: Apache-2.0 */
/* The record layer of TLS (RFC 8446 5.1, RFC 5246 6.2, RFC 6101 5.2). */
#include <config.h>

#include "tls_record.h"

#include <string.h>

bool
tls_record_possible(const struct cursor *c)
{
	int type = cursor_peek(c, 0), major = cursor_peek(c, 1), minor = cursor_peek(c, 2);
	int size_high = cursor_peek(c, 3), size_low = cursor_peek(c, 4);

	/* Every version of the record layer writes 0x0300 to 0x0303; the drafts and 1.3 write 0x0301 or 0x0303. */
	return (type < 0 || (type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_HEARTBEAT))
	    && (major < 0 || major == 3)
	    && minor <= 4
	    && (size_high < 0 || size_high << 8 <= TLS_RECORD_SIZE_MAX)
	    && (size_low < 0 || (size_high << 8 | size_low) <= TLS_RECORD_SIZE_MAX)
	    /* Only application data may be empty (RFC 5246 6.2.1). */
	    && (size_low != 0 || size_high != 0 || type == TLS_APPLICATION_DATA);
}

bool
tls_record_read(struct cursor *c, struct tls_record *record)
{
	if (cursor_left(c) < TLS_RECORD_HEADER_SIZE || !tls_record_possible(c))
		return false;
	record->type = cursor_u8(c);
	record->version = cursor_u16(c);
	record->size = cursor_u16(c);
	return true;
}

bool
tls_record_of_handshake(struct cursor c, bool second)
{
	uint8_t type = cursor_u8(&c), major = cursor_u8(&c), minor = cursor_u8(&c);

	if (type != TLS_HANDSHAKE || major != 3 || minor > 4 || !cursor_ok(&c))
		return false;
	if (!second)
		return true;
	cursor_skip(&c, cursor_u16(&c));
	return cursor_u8(&c) >= TLS_CHANGE_CIPHER_SPEC && cursor_u8(&c) == 3;
}

enum tls_chain
tls_record_chain(struct cursor c)
{
	struct tls_record first, next;

	if (!tls_record_possible(&c))
		return TLS_CHAIN_NO;
	if (!tls_record_read(&c, &first) || cursor_left(&c) < first.size)
		return TLS_CHAIN_SHORT;
	cursor_skip(&c, first.size);
	if (cursor_left(&c) == 0)
		return TLS_CHAIN_ONE;
	if (!tls_record_possible(&c))
		return TLS_CHAIN_NO;
	if (!tls_record_read(&c, &next))
		return TLS_CHAIN_SHORT;
	/* Only behind a hello may the version change: that of the ClientHello says nothing (RFC 8446 5.1). */
	return next.version == first.version || first.type == TLS_HANDSHAKE ? TLS_CHAIN_YES : TLS_CHAIN_NO;
}

/*
 * Walks over the records that hold the next size bytes and, when into is given, copies the bytes
 * there. Reads nothing unless all are there.
 */
static enum tls_gather
walk(struct cursor *c, size_t *in_record, size_t size, uint8_t *into, size_t *need)
{
	struct cursor at = *c;
	struct tls_record record;
	size_t left = *in_record;

	for (int records = 0; records < TLS_MESSAGE_RECORDS_MAX; records++) {
		size_t part = left < size ? left : size;
		const uint8_t *bytes;

		if (cursor_left(&at) < part) {
			*need = c->left - at.left + part;
			return TLS_GATHER_SHORT;
		}
		bytes = cursor_take(&at, part);
		if (into != NULL && part > 0) {
			memcpy(into, bytes, part);
			into += part;
		}
		size -= part;
		left -= part;
		if (size == 0) {
			*c = at;
			*in_record = left;
			return TLS_GATHER_WHOLE;
		}
		if (!tls_record_possible(&at))
			return TLS_GATHER_BROKEN;
		if (!tls_record_read(&at, &record)) {
			*need = c->left - at.left + TLS_RECORD_HEADER_SIZE;
			return TLS_GATHER_SHORT;
		}
		if (record.type != TLS_HANDSHAKE)
			return TLS_GATHER_BROKEN;
		left = record.size;
	}
	return TLS_GATHER_BROKEN;
}

enum tls_gather
tls_gather(struct cursor *c, size_t *in_record, size_t size, uint8_t *buffer, struct cursor *out, size_t *need)
{
	struct cursor first = *c, dry = *c;
	size_t dry_in_record = *in_record;
	bool in_one = size <= *in_record;
	enum tls_gather result = walk(&dry, &dry_in_record, size, NULL, need);

	if (result != TLS_GATHER_WHOLE)
		return result;
	(void)walk(c, in_record, size, in_one ? NULL : buffer, need);
	*out = in_one ? cursor_sub(&first, size) : cursor_over(buffer, size);
	return TLS_GATHER_WHOLE;
}
