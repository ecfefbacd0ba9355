/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads HTTP/1.1 responses (RFC 9112) as a Kubernetes API and the proxies before it send them, from
 * bytes in any pieces. Pure: no I/O and no clock. It allocates nothing; a head has a bound, a body
 * is handed on as it comes.
 */
#ifndef PODWIRE_KUBE_RESPONSE_H
#define PODWIRE_KUBE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KUBE_LINE_LIMIT = 16384, /* bytes of a status line, a header or a chunk's size */
	KUBE_HEAD_LIMIT = 65536, /* bytes of a head, and of trailers */
};

struct kube_head {
	int status;          /* 200 to 599: interim ones are passed over */
	bool json;           /* by its Content-Type */
	bool close;          /* the connection ends after it */
	int64_t retry_after; /* s; -1: not told, or as a date */
};

enum kube_response_event {
	KUBE_RESPONSE_MORE,   /* all bytes are used up */
	KUBE_RESPONSE_HEAD,   /* head is set */
	KUBE_RESPONSE_BODY,   /* the piece is part of the body */
	KUBE_RESPONSE_END,    /* as the sender meant it; the next response may follow */
	KUBE_RESPONSE_BROKEN, /* no HTTP, or too large; flaw says why */
};

enum kube_body { KUBE_BODY_NONE, KUBE_BODY_SIZED, KUBE_BODY_CHUNKED, KUBE_BODY_TO_CLOSE };

struct kube_response {
	struct kube_head head;
	const char *flaw;
	enum kube_body body;
	bool sized;           /* Content-Length was there */
	int state;            /* what the next bytes are */
	uint64_t left;        /* bytes of the body or of the chunk */
	uint32_t head_size, line_size;
	char line[KUBE_LINE_LIMIT];
};

/* Before the first response of a connection. */
void kube_response_init(struct kube_response *);

/*
 * Takes bytes from *bytes (*size of them) until something is to be told. Ask again until it says
 * MORE or BROKEN; after END no byte of the next response has been taken.
 */
enum kube_response_event kube_response_read(struct kube_response *, const char **bytes, size_t *size, const char **piece, size_t *piece_size);

/* Whether nothing of a response has been read yet. */
bool kube_response_is_new(const struct kube_response *);

#endif
