/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of HTTP/2 (RFC 9113 4, 6): a table of what each type allows, and recognition by it. */
#include <config.h>

#include "http2_frame.h"

#include "hpack.h"

enum {
	CHAIN_MAX = 64,
	CHAIN_ENOUGH = 4,        /* weight of the frames of a chain that is believed */
	LENGTH_MAX = 1 << 14,    /* RFC 9113 6.5.2: what every receiver takes; larger ones must be asked for */
	SETTINGS_MAX = 64,
	STREAM_ANY = 2,
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static const struct {
	uint32_t min, max; /* of the payload */
	uint8_t stream;    /* 0: the connection's, 1: one of a stream, or STREAM_ANY */
	uint8_t flags;     /* defined ones */
	uint8_t weight;    /* as evidence: DATA has the least of form */
} types[] = {
	[HTTP2_DATA] = { 0, UINT32_MAX, 1, HTTP2_END_STREAM | HTTP2_PADDED, 1 },
	[HTTP2_HEADERS] = { 0, UINT32_MAX, 1, HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY, 2 },
	[HTTP2_PRIORITY] = { 5, 5, 1, 0, 2 },
	[HTTP2_RST_STREAM] = { 4, 4, 1, 0, 2 },
	[HTTP2_SETTINGS] = { 0, 6 * SETTINGS_MAX, 0, HTTP2_ACK, 2 },
	[HTTP2_PUSH_PROMISE] = { 4, UINT32_MAX, 1, HTTP2_END_HEADERS | HTTP2_PADDED, 2 },
	[HTTP2_PING] = { 8, 8, 0, HTTP2_ACK, 2 },
	[HTTP2_GOAWAY] = { 8, UINT32_MAX, 0, 0, 2 },
	[HTTP2_WINDOW_UPDATE] = { 4, 4, STREAM_ANY, 0, 2 },
	[HTTP2_CONTINUATION] = { 0, UINT32_MAX, 1, HTTP2_END_HEADERS, 0 },
};

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

bool
http2_frame_take(struct cursor *c, struct http2_frame *f)
{
	uint32_t stream;

	if (cursor_left(c) < HTTP2_FRAME_HEAD_SIZE)
		return false;
	f->length = cursor_u24(c);
	f->type = cursor_u8(c);
	f->flags = cursor_u8(c);
	stream = cursor_u32(c);
	f->stream = stream & 0x7fffffff;
	f->reserved = stream >> 31 != 0;
	return true;
}

bool
http2_frame_valid(const struct http2_frame *f)
{
	if (f->type >= TYPE_COUNT)
		return true;
	if (f->type == HTTP2_SETTINGS && (f->length % 6 != 0 || ((f->flags & HTTP2_ACK) != 0 && f->length != 0)))
		return false;
	if (types[f->type].stream != STREAM_ANY && (f->stream != 0) != types[f->type].stream)
		return false;
	return f->length >= types[f->type].min && f->length <= types[f->type].max;
}

/* The largest value of each setting of RFC 9113 6.5.2 and RFC 8441 3; MAX_FRAME_SIZE has a smallest one, too. */
static bool
setting_valid(uint16_t id, uint32_t value)
{
	switch (id) {
	case 0:
		return false;
	case 2: /* ENABLE_PUSH */
	case 8: /* ENABLE_CONNECT_PROTOCOL */
		return value <= 1;
	case 4: /* INITIAL_WINDOW_SIZE */
		return value <= 0x7fffffff;
	case 5: /* MAX_FRAME_SIZE */
		return value >= LENGTH_MAX && value < 1 << 24;
	default:
		return true;
	}
}

bool
http2_settings_valid(struct cursor payload)
{
	while (cursor_left(&payload) > 0) {
		uint16_t id = cursor_u16(&payload);
		uint32_t value = cursor_u32(&payload);

		if (!cursor_ok(&payload) || !setting_valid(id, value))
			return false;
	}
	return cursor_ok(&payload);
}

/* Whether one of the settings is of those that everybody knows. */
static bool
has_common_setting(struct cursor payload)
{
	while (cursor_left(&payload) >= 6) {
		uint16_t id = cursor_u16(&payload);

		cursor_skip(&payload, 4);
		if (id >= 1 && id <= 6)
			return true;
	}
	return false;
}

void
http2_frame_strip(const struct http2_frame *f, struct cursor *payload)
{
	size_t padding = 0;

	if ((f->flags & HTTP2_PADDED) != 0)
		padding = cursor_u8(payload);
	if (f->type == HTTP2_HEADERS && (f->flags & HTTP2_HAS_PRIORITY) != 0)
		cursor_skip(payload, 5);
	if (f->type == HTTP2_PUSH_PROMISE)
		cursor_skip(payload, 4);
	if (!cursor_ok(payload) || padding > payload->left) {
		cursor_fail(payload);
		return;
	}
	payload->left -= padding;
}

enum verdict
http2_preface(struct cursor bytes)
{
	if (!cursor_may_start_with(&bytes, preface))
		return NO_MATCH;
	return cursor_left(&bytes) >= HTTP2_PREFACE_SIZE ? MATCH : NEED_MORE;
}

/* Stricter than validity: what senders that are in use really send. */
static bool
is_plausible(const struct http2_frame *f, enum direction from)
{
	if (f->type >= TYPE_COUNT || f->reserved || (f->flags & ~types[f->type].flags) != 0 || !http2_frame_valid(f))
		return false;
	if (f->length > LENGTH_MAX && f->type != HTTP2_DATA)
		return false;
	if (f->type == HTTP2_DATA && f->length == 0 && f->flags != HTTP2_END_STREAM)
		return false;
	if (from == FROM_CLIENT && (f->type == HTTP2_PUSH_PROMISE || (f->type == HTTP2_HEADERS && f->stream % 2 == 0)))
		return false;
	return f->type != HTTP2_PUSH_PROMISE || f->stream % 2 == 1;
}

/* The weight of a whole frame by what it holds; 0: it is none. */
static unsigned
weigh(const struct http2_frame *f, struct cursor payload, enum direction from)
{
	enum hpack_shape shape;

	switch (f->type) {
	case HTTP2_SETTINGS: /* an empty one is little more than nine zeros */
		if (f->length == 0)
			return (f->flags & HTTP2_ACK) != 0 ? 3 : 1;
		return http2_settings_valid(payload) ? types[f->type].weight : 0;
	case HTTP2_WINDOW_UPDATE: /* RFC 9113 6.9: an increment of 1 and more */
		return (cursor_u32(&payload) & 0x7fffffff) != 0 ? types[f->type].weight : 0;
	case HTTP2_RST_STREAM:
		return cursor_u32(&payload) < 64 ? types[f->type].weight : 0;
	case HTTP2_HEADERS:
		http2_frame_strip(f, &payload);
		if (!cursor_ok(&payload))
			return 0;
		if ((f->flags & HTTP2_END_HEADERS) == 0)
			return 1;
		shape = hpack_shape(payload);
		if (shape == (from == FROM_CLIENT ? HPACK_REQUEST : HPACK_RESPONSE))
			return CHAIN_ENOUGH;
		return shape == HPACK_PLAIN ? types[f->type].weight : 0;
	default:
		return types[f->type].weight;
	}
}

/* The stream whose header block goes on in a CONTINUATION, which nothing may come before (RFC 9113 6.10); or 0. */
static uint32_t
open_block(const struct http2_frame *f)
{
	bool block = f->type == HTTP2_HEADERS || f->type == HTTP2_PUSH_PROMISE || f->type == HTTP2_CONTINUATION;

	return block && (f->flags & HTTP2_END_HEADERS) == 0 ? f->stream : 0;
}

/* A chain of whole frames, the first of which stands at the cursor, and is worth so much already. */
static enum verdict
follow(struct cursor bytes, enum direction from, unsigned weight)
{
	uint32_t open = 0;

	for (int i = 0; i < CHAIN_MAX && weight < CHAIN_ENOUGH; i++) {
		struct http2_frame f;
		struct cursor payload;
		unsigned more;

		if (!http2_frame_take(&bytes, &f))
			return NEED_MORE;
		if (!is_plausible(&f, from) || (open != 0 ? f.type != HTTP2_CONTINUATION || f.stream != open : f.type == HTTP2_CONTINUATION))
			return NO_MATCH;
		open = open_block(&f);
		if (cursor_left(&bytes) < f.length)
			return NEED_MORE;
		payload = cursor_sub(&bytes, f.length);
		more = weigh(&f, payload, from);
		if (more == 0 && f.type != HTTP2_CONTINUATION)
			return NO_MATCH;
		weight += more;
	}
	return weight >= CHAIN_ENOUGH ? MATCH : NO_MATCH;
}

enum verdict
http2_frames(struct cursor bytes, enum direction from)
{
	/* No frame of more than 64 KiB begins a chain that is believed, and a first byte of another kind is soon told. */
	return cursor_peek(&bytes, 0) > 0 ? NO_MATCH : follow(bytes, from, 0);
}

/* RFC 9113 3.4: a server begins with SETTINGS, which is no acknowledgement. */
enum verdict
http2_first_frame(struct cursor bytes)
{
	struct cursor c = bytes, payload;
	struct http2_frame f;

	for (size_t i = 0; i < HTTP2_FRAME_HEAD_SIZE && i < bytes.left; i++) {
		if (i == 3 ? bytes.at[i] != HTTP2_SETTINGS : i != 1 && i != 2 && bytes.at[i] != 0)
			return NO_MATCH;
		if (i == 1 && bytes.at[i] > 1)
			return NO_MATCH;
	}
	if (!http2_frame_take(&c, &f))
		return NEED_MORE;
	if (f.reserved || !http2_frame_valid(&f))
		return NO_MATCH;
	if (cursor_left(&c) < f.length)
		return NEED_MORE;
	payload = cursor_sub(&c, f.length);
	if (!http2_settings_valid(payload))
		return NO_MATCH;
	if (has_common_setting(payload))
		return MATCH;
	/* An empty frame is little more than nine zeros; and no server goes on with DATA. */
	return cursor_peek(&c, 3) == HTTP2_DATA ? NO_MATCH : follow(bytes, FROM_SERVER, 0);
}
