/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record layer of TLS (RFC 8446 5.1): headers, chains of them, and handshake messages that lie
 * over several records.
 */
#ifndef PODWIRE_TLS_RECORD_H
#define PODWIRE_TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

enum tls_content_type {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT = 24, /* RFC 6520 */
};

enum {
	TLS_RECORD_HEADER_SIZE = 5,
	TLS_RECORD_SIZE_MAX = 16384 + 2048, /* RFC 5246 6.2.3: what encryption and compression may add */
	TLS_MESSAGE_SIZE_MAX = 65536,       /* handshake messages above are passed over */
	TLS_MESSAGE_RECORDS_MAX = 256,      /* and those in more pieces than this */
};

struct tls_record {
	uint8_t type;
	uint16_t version;
	uint16_t size;
};

/* Whether the unread bytes, as far as they go, can be a record header; reads nothing. */
bool tls_record_possible(const struct cursor *);

/* Reads a record header; false, with nothing read, where there is none or not all of it. */
bool tls_record_read(struct cursor *, struct tls_record *);

/*
 * Whether the bytes begin with the header of a record of a handshake, where those of another protocol may end; with
 * second, whether another record follows it.
 */
bool tls_record_of_handshake(struct cursor, bool second);

/*
 * Whether the bytes from here on are records: TLS_CHAIN_YES with one whole record and the header of
 * the next, TLS_CHAIN_ONE when one record ends where the bytes end, TLS_CHAIN_SHORT while they are
 * too few to tell.
 */
enum tls_chain { TLS_CHAIN_NO, TLS_CHAIN_SHORT, TLS_CHAIN_ONE, TLS_CHAIN_YES };
enum tls_chain tls_record_chain(struct cursor);

/*
 * Reads the next size bytes of handshake messages. Of the bytes at the cursor the first *in_record
 * are of the record begun; records of the handshake type may follow. TLS_GATHER_WHOLE: *out is over
 * the bytes, which were copied to buffer (of size bytes) only if they lie in more than one record,
 * and the cursor and *in_record are moved on. TLS_GATHER_SHORT: nothing is read, and *need says how
 * many bytes must be at the cursor before trying again makes sense. TLS_GATHER_BROKEN: something
 * else follows.
 */
enum tls_gather { TLS_GATHER_WHOLE, TLS_GATHER_SHORT, TLS_GATHER_BROKEN };
enum tls_gather tls_gather(struct cursor *, size_t *in_record, size_t size, uint8_t *buffer, struct cursor *out, size_t *need);

#endif
