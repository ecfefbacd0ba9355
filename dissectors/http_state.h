/* SPDX-License-Identifier: Apache-2.0 */
/* What http.c and its parts share: the state of a stream of HTTP/1.x. Nobody else includes it. */
#ifndef PODWIRE_HTTP_STATE_H
#define PODWIRE_HTTP_STATE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"
#include "http_exchange.h"
#include "http_head.h"

enum { HTTP_OUTSTANDING_MAX = 16 };

enum http_reading {
	HTTP_AT_START,       /* of a message */
	HTTP_AT_FORM,        /* of a body that is looked at */
	HTTP_AT_RPC,         /* likewise, in an answer: gRPC-Web */
	HTTP_AT_BODY,
	HTTP_AT_CHUNK,
	HTTP_AT_CHUNK_END,   /* the line end after the bytes of a chunk */
	HTTP_AT_TRAILER,
	HTTP_AT_END_UNKNOWN, /* after an answer to a request not seen: a body until the end, or none (HEAD) */
	HTTP_AT_LOSS,        /* anywhere: the start of a message is looked for */
};

struct http_side {
	uint8_t reading;
	uint32_t searched; /* bytes of a header section already searched for its end */
	uint64_t left;     /* of the body; 0 with HTTP_AT_END_UNKNOWN: it comes in chunks */
};

struct http_state {
	struct http_side side[2];
	struct http_request ring[HTTP_OUTSTANDING_MAX];
	uint8_t first, count;
	uint32_t beyond;       /* outstanding requests that found no place */
	bool begun;
	bool pipelined;        /* a request was sent while another had no answer */
	bool doubtful;         /* bytes are missing: pairing holds as long as nothing is pipelined */
	bool unpaired;         /* answers cannot be told apart any more */
	bool requested;        /* a request was seen, and nothing but it */
	bool claimed;
	bool may_have_left;      /* the answer to a CONNECT or upgrade is lost, or the client went on to TLS without one */
	const char *name;      /* of what it turned out to carry; NULL: http */
	bool look;             /* the answer's body begins with an outcome: that of asked */
	bool text;             /* in base64 */
	bool in_chunk;         /* what is looked at */
	struct http_request asked;
	struct http_exchange exchange;
	uint64_t request_offset;
};

static_assert(sizeof(struct http_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

/* http_pairing.c: requests without an answer. */

/* Adds a request, as the newest; takes the oldest away. */
void http_push_request(struct http_state *, const struct http_request *);
void http_pop_request(struct http_state *);

/* The request that is answered next, or NULL where it is not known. */
const struct http_request *http_oldest_request(const struct http_state *);

/* The newest request: the one whose body is being read; or NULL. */
struct http_request *http_newest_request(struct http_state *);

/*
 * From here on messages are looked for. What was outstanding may have been answered unseen; a
 * client that waits for each answer shows with its next request that it has them all.
 */
void http_lose(struct http_state *, enum direction);

/* The same where the bytes are there, but cannot be told apart: they may hold requests. */
void http_lose_framing(struct http_state *, enum direction);

/* http_body.c */

/* RFC 9112 6.3, of a request: without a length it has no body. */
void http_expect_request_body(struct http_state *, const struct http_head *);

/* RFC 9112 6.3, of an answer to a request, NULL where that is not known. */
void http_expect_answer_body(struct http_state *, const struct http_head *, const struct http_request *, unsigned int status);

/* Passes over what comes next of a body that is not looked at. */
enum verdict http_read_body(struct dissection *, enum direction, struct cursor *bytes);

#endif
