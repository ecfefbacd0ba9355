/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of PostgreSQL's protocol, and the chains of them by which a stream joined in the middle is told. */
#ifndef PODWIRE_POSTGRESQL_MESSAGE_H
#define PODWIRE_POSTGRESQL_MESSAGE_H

#include "dissector.h"

/* Codes of messages without a type, and the bound of those with one. */
enum {
	POSTGRESQL_CANCEL_REQUEST_CODE = 80877102,
	POSTGRESQL_SSL_REQUEST_CODE = 80877103,
	POSTGRESQL_GSSENC_REQUEST_CODE = 80877104,
	POSTGRESQL_MESSAGE_MAX = 1 << 28, /* of any typed message: more could be, but text would pass as a size */
};

/* Codes of AuthenticationXXX. */
enum {
	POSTGRESQL_AUTHENTICATION_OK = 0,
	POSTGRESQL_AUTHENTICATION_CLEARTEXT = 3,
	POSTGRESQL_AUTHENTICATION_MD5 = 5,
	POSTGRESQL_AUTHENTICATION_SASL = 10,
};

/* A request of AuthenticationXXX. */
struct postgresql_challenge {
	uint8_t size; /* of the whole body, or its least where it varies */
	bool varies;
	const char *method; /* NULL: no request of its own */
};

struct postgresql_error {
	char sqlstate[6];
	struct cursor message;
};

/* A message without a type, by which a client begins. */
struct postgresql_startup {
	uint32_t size, code;
	struct cursor user;
	bool replication;
};

/* Reads a String: bytes up to and with a NUL. */
bool postgresql_take_string(struct cursor *, struct cursor *text);

/* The request of that code, or NULL. */
const struct postgresql_challenge *postgresql_challenge(uint32_t code);

/* ErrorResponse and NoticeResponse: fields of a type byte and a String, then a NUL. */
bool postgresql_read_error(struct cursor, struct postgresql_error *);

/* Whether the body is that of ReadyForQuery. */
bool postgresql_is_ready(struct cursor body);

/* Whether there is a message of that type in this direction. */
bool postgresql_is_message(enum direction, uint8_t type);

/* Whether bytes are a chain of whole typed messages of this direction; the last may be cut. */
enum verdict postgresql_probe_chain(enum direction, struct cursor bytes);

/* Reads an untyped message off *bytes: MATCH, NEED_MORE or NO_MATCH. */
enum verdict postgresql_read_startup(struct cursor *bytes, struct postgresql_startup *);

#endif
