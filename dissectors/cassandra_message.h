/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of CQL messages: whether they are what their opcode says, and what those of a login tell.
 */
#ifndef PODWIRE_CASSANDRA_MESSAGE_H
#define PODWIRE_CASSANDRA_MESSAGE_H

#include "cassandra_frame.h"

enum cql_fit {
	CQL_UNFIT,
	CQL_FITS,  /* nothing speaks against it */
	CQL_EXACT, /* it was parsed to its end, or to a text that is nobody else's */
};

enum cql_error { CQL_BAD_CREDENTIALS = 0x0100, CQL_UNAUTHORIZED = 0x2100 };

/* Passes over what flags put before the body; false where it does not fit. */
bool cql_skip_extras(const struct cql_header *, enum direction, struct cursor *body);

/* Whether a whole body, without the extras, fits its opcode. */
enum cql_fit cql_check(const struct cql_header *, struct cursor body);

/* Whether the beginning of a body that is not all there can be one of that opcode. */
bool cql_may_begin(const struct cql_header *, struct cursor body);

/* The value of a key in a string map, as in STARTUP and CREDENTIALS; empty where there is none. */
struct cursor cql_map_value(struct cursor map, const char *key);

/* The token of a message of a login ([bytes]). */
struct cursor cql_token(struct cursor body);

/* The method a class of the server's, named in AUTHENTICATE, stands for. */
const char *cql_authenticator_method(struct cursor class_name);

/* What a client's token tells. */
struct cql_login {
	const char *method; /* or NULL: nothing new */
	bool secret;
	struct cursor user;
};

/* Reads a token by its form: the mechanism is not always named. */
struct cql_login cql_read_token(struct cursor token);

#endif
