/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of HTTP/2 (RFC 9113 4 and 6): their heads, what each type allows, and whether bytes are
 * a chain of them.
 */
#ifndef PODWIRE_HTTP2_FRAME_H
#define PODWIRE_HTTP2_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"

enum http2_type {
	HTTP2_DATA,
	HTTP2_HEADERS,
	HTTP2_PRIORITY,
	HTTP2_RST_STREAM,
	HTTP2_SETTINGS,
	HTTP2_PUSH_PROMISE,
	HTTP2_PING,
	HTTP2_GOAWAY,
	HTTP2_WINDOW_UPDATE,
	HTTP2_CONTINUATION,
};

enum http2_flag {
	HTTP2_END_STREAM = 0x01, /* of DATA and HEADERS */
	HTTP2_ACK = 0x01,        /* of SETTINGS and PING */
	HTTP2_END_HEADERS = 0x04,
	HTTP2_PADDED = 0x08,
	HTTP2_HAS_PRIORITY = 0x20,
};

enum { HTTP2_FRAME_HEAD_SIZE = 9 };

struct http2_frame {
	uint32_t length; /* of the payload */
	uint32_t stream;
	uint8_t type, flags;
	bool reserved;   /* the bit that must be zero (RFC 9113 4.1) */
};

/* Reads the head of a frame; false with nothing read where it is not all there. */
bool http2_frame_take(struct cursor *, struct http2_frame *);

/* Whether length and stream are those of a frame of its type (RFC 9113 6); types not known always are (RFC 9113 5.5). */
bool http2_frame_valid(const struct http2_frame *);

/* Whether the payload of a SETTINGS frame is valid (RFC 9113 6.5.2). */
bool http2_settings_valid(struct cursor payload);

/* Takes the padding and the priority off a payload (RFC 9113 6.1, 6.2, 6.6); fails the cursor where they do not fit. */
void http2_frame_strip(const struct http2_frame *, struct cursor *payload);

/* Whether bytes begin with the client's connection preface (RFC 9113 3.4), or may still. */
enum verdict http2_preface(struct cursor bytes);
enum { HTTP2_PREFACE_SIZE = 24 };

/* Whether bytes begin with frames that this direction may send; the first of the stream or any. */
enum verdict http2_frames(struct cursor bytes, enum direction);
enum verdict http2_first_frame(struct cursor bytes);

#endif
