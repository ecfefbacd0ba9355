/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CQL messages travel in: the envelope, one for each message, in which versions 1 to 4 send them
 * as they are, and the frames with checksums that version 5 packs envelopes into.
 */
#ifndef PODWIRE_CASSANDRA_FRAME_H
#define PODWIRE_CASSANDRA_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

enum cql_opcode {
	CQL_ERROR,
	CQL_STARTUP,
	CQL_READY,
	CQL_AUTHENTICATE,
	CQL_CREDENTIALS, /* version 1 */
	CQL_OPTIONS,
	CQL_SUPPORTED,
	CQL_QUERY,
	CQL_RESULT,
	CQL_PREPARE,
	CQL_EXECUTE,
	CQL_REGISTER,
	CQL_EVENT,
	CQL_BATCH,
	CQL_AUTH_CHALLENGE,
	CQL_AUTH_RESPONSE,
	CQL_AUTH_SUCCESS,
	CQL_OPCODE_COUNT,
};

enum cql_flag {
	CQL_COMPRESSED = 0x01,
	CQL_TRACING = 0x02,
	CQL_CUSTOM_PAYLOAD = 0x04,
	CQL_WARNING = 0x08,
	CQL_BETA = 0x10,
};

enum {
	CQL_FRAME_HEADER_SIZE_MAX = 8,
	CQL_FRAME_TRAILER_SIZE = 4,
};

struct cql_header {
	uint8_t version; /* without the direction; 0x41 and 0x42 are DSE's */
	uint8_t flags;
	uint8_t opcode;
	int16_t stream;
	uint32_t size;   /* of the body */
};

/* Reads an envelope's header; false where it is none of this side, or, with the cursor failed, not all there. */
bool cql_take_header(struct cursor *, enum direction, struct cql_header *);

struct cql_frame {
	uint32_t size;         /* of the payload */
	uint32_t uncompressed; /* 0: it is as it is */
	bool self_contained;
	bool compressing;      /* the longer header */
};

/* Reads a frame's header by its CRC24; false where it is none, or, with the cursor failed, not all there. */
bool cql_take_frame_header(struct cursor *, struct cql_frame *);

/* Whether crc (as four bytes) is that of the payload. */
bool cql_payload_is_whole(struct cursor payload, struct cursor crc);

#endif
