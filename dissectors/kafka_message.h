/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of Kafka by their lengths: request headers, and the bodies of those requests and
 * responses whose fields are known, walked over to their end (https://kafka.apache.org/protocol).
 */
#ifndef PODWIRE_KAFKA_MESSAGE_H
#define PODWIRE_KAFKA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

enum {
	KAFKA_SIZE_MAX = 128 * 1024 * 1024, /* socket.request.max.bytes is 100 MiB */
	KAFKA_REQUEST_SIZE_MIN = 8,         /* key, version, correlation id */
	KAFKA_CLIENT_ID_MAX = 255,
};

/* The api keys by which a request is more than one that is served. */
enum { KAFKA_PRODUCE = 0, KAFKA_SASL_HANDSHAKE = 17, KAFKA_API_VERSIONS = 18, KAFKA_SASL_AUTHENTICATE = 36 };

/* Error codes, https://kafka.apache.org/protocol#protocol_error_codes */
enum {
	KAFKA_TOPIC_AUTHORIZATION_FAILED = 29,
	KAFKA_GROUP_AUTHORIZATION_FAILED = 30,
	KAFKA_CLUSTER_AUTHORIZATION_FAILED = 31,
	KAFKA_UNSUPPORTED_SASL_MECHANISM = 33,
	KAFKA_ILLEGAL_SASL_STATE = 34,
	KAFKA_TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53,
	KAFKA_SASL_AUTHENTICATION_FAILED = 58,
	KAFKA_DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65,
};

enum kafka_reading {
	KAFKA_NOT,     /* contradicts the protocol */
	KAFKA_SHORT,   /* agrees as far as there are bytes */
	KAFKA_HEADER,  /* the header agrees; the fields of the body are not known, or not all looked at */
	KAFKA_WHOLE,   /* every field agrees with the length */
};

struct kafka_request {
	int16_t key;
	int16_t version;
	int32_t correlation;
	bool flexible;        /* KIP-482: the response has a header with tagged fields, but for ApiVersions */
	bool named;           /* a client id of some length, in letters */
	bool fitting;         /* the fields of the body are known, and agree as far as they are there */
	struct cursor body;   /* what there is of it */
};

/* What the error codes of a response say. */
struct kafka_errors {
	unsigned int refused; /* by authorization */
	unsigned int other;
	unsigned int none;
	bool lists_itself;    /* ApiVersions is among the apis that its answer lists */
};

/* Reads what follows the four bytes of the length: size bytes by it, of which those at the cursor are there. */
enum kafka_reading kafka_read_request(struct cursor, size_t size, struct kafka_request *);

/* Reads the body of the response to a request of this key and version, all of which is at the cursor. */
enum kafka_reading kafka_read_response(struct cursor, int16_t key, int16_t version, struct kafka_errors *);

/* Whether a version of an api has compact strings and tagged fields. */
bool kafka_is_flexible(int16_t key, int16_t version);

/* Passes over the tagged fields of KIP-482 at the cursor; fails it where there are none. */
void kafka_skip_tags(struct cursor *);

/* A string or bytes of a field, in compact form or not; a failed cursor where it does not fit. */
struct cursor kafka_take_string(struct cursor *, bool compact);
struct cursor kafka_take_bytes(struct cursor *, bool compact);

#endif
