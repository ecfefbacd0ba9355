/* SPDX-License-Identifier: Apache-2.0 */
/* Where bodies of HTTP/1.x end (RFC 9112 6 and 7). */
#include <config.h>

#include "http_state.h"

enum { CHUNK_LINE_MAX = 4096 };

void
http_expect_request_body(struct http_state *s, const struct http_head *h)
{
	struct http_side *side = &s->side[FROM_CLIENT];

	if (h->chunked) {
		side->reading = HTTP_AT_CHUNK;
	} else if (h->coded || h->bad_length) {
		http_lose_framing(s, FROM_CLIENT);
	} else if (h->length > 0) {
		side->left = h->length;
		side->reading = h->media == HTTP_MEDIA_FORM ? HTTP_AT_FORM : HTTP_AT_BODY;
	}
}

void
http_expect_answer_body(struct http_state *s, const struct http_head *h, const struct http_request *r, unsigned int status)
{
	struct http_side *side = &s->side[FROM_SERVER];

	if (status < 200 || status == 204 || status == 304 || (r != NULL && r->head))
		return;
	if (!h->coded && h->has_length && h->length == 0)
		return;
	side->left = h->chunked ? 0 : h->coded || !h->has_length ? http_length_max : h->length;
	if (h->bad_length && !h->coded)
		http_lose_framing(s, FROM_SERVER);
	else
		side->reading = r == NULL ? HTTP_AT_END_UNKNOWN : h->chunked ? HTTP_AT_CHUNK : s->look ? HTTP_AT_RPC : HTTP_AT_BODY;
}

static enum verdict
read_whole(struct dissection *d, struct http_side *side, struct cursor *bytes)
{
	uint64_t size = side->left;

	*side = (struct http_side){ .reading = HTTP_AT_START };
	return dissection_pass_over(d, bytes, size);
}

/*
 * The answer to a request that was not seen: it may have been HEAD, and then the next answer comes
 * at once.
 */
static enum verdict
read_unknown_body(struct dissection *d, struct http_side *side, struct cursor *bytes)
{
	if (cursor_may_start_with(bytes, "HTTP/1.")) {
		if (cursor_left(bytes) < sizeof("HTTP/1.") - 1)
			return NEED_MORE;
		*side = (struct http_side){ .reading = HTTP_AT_START };
		return MATCH;
	}
	if (side->left == 0) {
		side->reading = HTTP_AT_CHUNK;
		return MATCH;
	}
	return read_whole(d, side, bytes);
}

/* Chunks. */

/* RFC 9112 7.1: the size of a chunk in hexadecimal digits, perhaps extensions. */
static bool
parse_chunk_size(struct cursor line, uint64_t *size)
{
	bool any = false;

	for (*size = 0; cursor_left(&line) > 0; any = true) {
		int b = cursor_peek(&line, 0);
		int digit = b >= '0' && b <= '9' ? b - '0' : (b | 0x20) >= 'a' && (b | 0x20) <= 'f' ? (b | 0x20) - 'a' + 10 : -1;

		if (digit < 0)
			break;
		if (*size >= http_length_max >> 4)
			return false;
		*size = *size << 4 | (uint64_t)digit;
		cursor_skip(&line, 1);
	}
	cursor_skip_blanks(&line);
	return any && (cursor_left(&line) == 0 || cursor_peek(&line, 0) == ';');
}

/* Takes a line of the framing of chunks; false with *verdict where there is none. */
static bool
take_chunk_line(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *line, enum verdict *verdict)
{
	*verdict = NEED_MORE;
	if (cursor_take_line(bytes, line))
		return true;
	if (cursor_left(bytes) > CHUNK_LINE_MAX) {
		http_lose_framing(d->state, from);
		*verdict = MATCH;
	}
	return false;
}

static enum verdict
read_chunk(struct dissection *d, enum direction from, struct http_side *side, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct cursor line;
	enum verdict verdict;
	uint64_t size;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	if (!parse_chunk_size(line, &size)) {
		http_lose_framing(d->state, from);
		return MATCH;
	}
	if (from == FROM_SERVER && s->look && size > 0) {
		s->in_chunk = true;
		*side = (struct http_side){ .reading = HTTP_AT_RPC, .left = size };
		return MATCH;
	}
	side->reading = size > 0 ? HTTP_AT_CHUNK_END : HTTP_AT_TRAILER;
	return dissection_pass_over(d, bytes, size);
}

static enum verdict
read_chunk_end(struct dissection *d, enum direction from, struct http_side *side, struct cursor *bytes)
{
	struct cursor line;
	enum verdict verdict;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	side->reading = HTTP_AT_CHUNK;
	if (line.left > 0)
		http_lose_framing(d->state, from);
	return MATCH;
}

/* RFC 9112 7.1.2: fields, up to an empty line; of no interest. */
static enum verdict
read_trailer(struct dissection *d, enum direction from, struct http_side *side, struct cursor *bytes)
{
	struct cursor line;
	enum verdict verdict;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	if (line.left == 0)
		*side = (struct http_side){ .reading = HTTP_AT_START };
	return MATCH;
}

enum verdict
http_read_body(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct http_side *side = &s->side[from];

	switch ((enum http_reading)side->reading) {
	case HTTP_AT_CHUNK:
		return read_chunk(d, from, side, bytes);
	case HTTP_AT_CHUNK_END:
		return read_chunk_end(d, from, side, bytes);
	case HTTP_AT_TRAILER:
		return read_trailer(d, from, side, bytes);
	case HTTP_AT_END_UNKNOWN:
		return read_unknown_body(d, side, bytes);
	default:
		return read_whole(d, side, bytes);
	}
}
