/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header blocks of HTTP/2 in HPACK (RFC 7541), decoded by libnghttp2 with memory of the sensor's. A
 * block is read against a table that all blocks before it have made. Where some of them were not
 * seen, entries made since still have their right numbers, since the newest is number 62; a field
 * that refers to an older one is left out, and its block is told to be incomplete.
 */
#ifndef PODWIRE_HPACK_H
#define PODWIRE_HPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"

struct nghttp2_hd_inflater;

/* The decoder of one direction. It must stay where it is once it was started. */
struct hpack {
	struct nghttp2_hd_inflater *inflater; /* NULL: not started, or lost within a block */
	void *functions; /* by which the library gets memory */
	const struct dissection_services *services; /* for the time of one call */
	bool whole;      /* every block since the start of the stream was seen */
	bool incomplete; /* a field of the present block could not be read */
	bool lost;       /* the rest of the present block cannot be read */
};

/* Begins, or begins anew after a loss, with an empty table. */
void hpack_start(struct hpack *, const struct dissection_services *, bool whole);

/* Called for each field of a block, in order. */
typedef void hpack_field(void *context, struct cursor name, struct cursor value);

/*
 * Reads a fragment of a header block, the last one of it or not. What is wrong or missing shows in
 * incomplete and lost, which the caller resets before the next block. False where the block breaks
 * the specification, or memory did not suffice, in which case whole is no longer true.
 */
bool hpack_read(struct hpack *, const struct dissection_services *, struct cursor fragment, bool last, hpack_field *, void *context);

/* What the fields of a whole block say about who sent it, without decoding it. */
enum hpack_shape {
	HPACK_MALFORMED,
	HPACK_PLAIN,    /* well-formed */
	HPACK_REQUEST,  /* well-formed, with pseudo-header fields of a request (RFC 9113 8.3.1) */
	HPACK_RESPONSE, /* with that of a response (RFC 9113 8.3.2) */
};
enum hpack_shape hpack_shape(struct cursor block);

#endif
