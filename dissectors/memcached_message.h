/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two languages of memcached: lines of text (doc/protocol.txt), and binary messages
 * (doc/protocol-binary.txt, and Couchbase's kv_engine/docs/BinaryProtocol.md).
 */
#ifndef PODWIRE_MEMCACHED_MESSAGE_H
#define PODWIRE_MEMCACHED_MESSAGE_H

#include "dissector.h"

enum {
	MEMCACHED_HEADER_SIZE = 24,
	MEMCACHED_LINE_MAX = 2048, /* of a command with many keys, as the server has it */
};

enum memcached_opcode {
	MEMCACHED_HELLO = 0x1f, /* Couchbase */
	MEMCACHED_SASL_LIST = 0x20,
	MEMCACHED_SASL_AUTH = 0x21,
	MEMCACHED_SASL_STEP = 0x22,
};

enum memcached_status {
	MEMCACHED_SUCCESS = 0x00,
	MEMCACHED_NOT_FOUND = 0x01,
	MEMCACHED_EXISTS = 0x02,
	MEMCACHED_NOT_STORED = 0x05,
	MEMCACHED_NO_NUMBER = 0x06,
	MEMCACHED_AUTH_STALE = 0x1f,
	MEMCACHED_AUTH_ERROR = 0x20,
	MEMCACHED_AUTH_CONTINUE = 0x21,
	MEMCACHED_NO_ACCESS = 0x24, /* Couchbase */
};

struct memcached_header {
	bool answer;
	bool from_server; /* Couchbase's servers ask too */
	uint8_t opcode;
	uint16_t status;  /* of an answer */
	uint32_t before;  /* bytes before the key */
	uint32_t key;     /* its size */
	uint32_t size;    /* of the body: extras, key, value */
};

/* Reads a header; false where it is none. */
bool memcached_take_header(struct cursor *, struct memcached_header *);

/* Whether an opcode is answered to those who have not logged in. */
bool memcached_is_free(uint8_t opcode);

/* What a line of a client's is. */
struct memcached_command {
	bool storage;   /* a block of data follows, */
	uint64_t size;  /* so long, and CRLF */
	bool set;       /* by the classic "set" with flags and expiry 0: how passwords are sent */
	bool telling;   /* no other protocol has such a line */
};

/* Reads a line; false where it is no command. */
bool memcached_read_command(struct cursor line, struct memcached_command *);

enum memcached_reply {
	MEMCACHED_REPLY_NONE,       /* not one */
	MEMCACHED_REPLY_ERROR,      /* says nothing of who asks */
	MEMCACHED_REPLY_SERVED,
	MEMCACHED_REPLY_STORED,
	MEMCACHED_REPLY_UNAUTHENTICATED,
	MEMCACHED_REPLY_AUTH_FAILURE,
};

struct memcached_answer {
	enum memcached_reply reply;
	bool data;      /* a block follows, */
	uint64_t size;  /* so long, and CRLF */
	bool telling;
};

/* Reads the line that a server's answer begins with, in the text protocol. */
struct memcached_answer memcached_read_answer(struct cursor line);

#endif
