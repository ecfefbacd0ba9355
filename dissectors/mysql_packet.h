/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of MySQL's client/server protocol: those of the connection phase, and what all phases share. */
#ifndef PODWIRE_MYSQL_PACKET_H
#define PODWIRE_MYSQL_PACKET_H

#include "cursor.h"

enum {
	MYSQL_HEADER_SIZE = 4, /* Int24 size, Int8 sequence id */
	MYSQL_GREETING_MAX = 1024,
	MYSQL_SSL_REQUEST_SIZE = 32,
};

/* How a plugin's client data, once it is its turn, may give the password away. */
enum exposure {
	EXPOSES_NOTHING, /* hashes, signatures, tokens that fit this session alone */
	EXPOSES_SECRET, /* the password or a bearer token as it is */
	EXPOSES_UNLESS_RSA, /* the password as it is, unless it was encrypted with the server's RSA key */
};

struct mysql_plugin {
	const char *name;
	const char *method;
	uint8_t exposure; /* enum exposure */
};

/* Authentication plugins by the names on the wire; the last stands for all the others. */
extern const struct mysql_plugin mysql_plugins[];

enum { MYSQL_PLUGIN_NATIVE = 0,
	MYSQL_PLUGIN_OLD = 5,
	MYSQL_PLUGIN_OTHER = 20 };

struct mysql_packet {
	uint8_t sequence;
	struct cursor body;
};

struct mysql_error {
	uint16_t code;
	char sqlstate[6]; /* "" where there is none: before capabilities are agreed on, and before 4.1 */
};

struct mysql_response {
	uint32_t capabilities;
	bool ssl_request;
	struct cursor user, data;
	const struct mysql_plugin *plugin; /* NULL where none is named */
	bool exact; /* all lengths agree, reserved bytes are zero */
};

/* Takes a whole packet off *bytes. False, with *size told, where not all of it is there. */
bool mysql_take_packet(struct cursor *bytes, struct mysql_packet *, size_t *size);

/* A length-encoded integer: one byte, or a byte that tells how many follow; and a string with such a size. */
uint64_t mysql_take_lenenc(struct cursor *);
struct cursor mysql_take_lenenc_string(struct cursor *);

/* A String<NUL>; some implementations leave the NUL out at the end of a packet. */
struct cursor mysql_take_string(struct cursor *);

/* False where so many bytes are not here, or one is not zero. */
bool mysql_take_zeros(struct cursor *, size_t count);

/* The authentication plugin of that name, or NULL. */
const struct mysql_plugin *mysql_plugin_named(struct cursor name);

/* Protocol::HandshakeV10 or V9: *offered is the plugin the server would use. */
bool mysql_read_greeting(struct cursor, const struct mysql_plugin **offered);

/* ERR_Packet: 0xff, code, perhaps '#' and SQLSTATE, and a text for people. */
bool mysql_read_error(struct cursor, struct mysql_error *);

/* Protocol::HandshakeResponse, of clients since 4.1 and before, or the SSLRequest that is its beginning. */
bool mysql_read_response(struct cursor, struct mysql_response *);

/* OK_Packet: 0, rows affected, last id, and from 4.1 on status and warnings. */
bool mysql_is_ok_packet(struct cursor);

#endif
