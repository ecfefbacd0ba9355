/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 responses, for kube_http.c. A library's client tells of a chunk when the whole chunk is
 * there, and hides whether the last one came; here a watch's event counts as soon as its line is
 * complete, and a list only when its end was seen.
 */
#include <config.h>

#include "kube_response.h"

#include <string.h>
#include <strings.h>

enum state { STATUS_LINE, HEADER, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, BROKEN };

static const uint64_t chunk_limit = (uint64_t)1 << 32;
static const int64_t retry_limit = 86400;

void
kube_response_init(struct kube_response *r)
{
	*r = (struct kube_response){ .state = STATUS_LINE, .head.retry_after = -1 };
}

bool
kube_response_is_new(const struct kube_response *r)
{
	return r->state == STATUS_LINE && r->head_size == 0;
}

static enum kube_response_event
broken(struct kube_response *r, const char *flaw)
{
	r->state = BROKEN;
	r->flaw = flaw;
	return KUBE_RESPONSE_BROKEN;
}

/* Moves bytes into line up to a line feed; true when it is whole: then NUL-terminated, without its end. */
static bool
take_line(struct kube_response *r, const char **bytes, size_t *size)
{
	const char *end = memchr(*bytes, '\n', *size);
	size_t taken = end != NULL ? (size_t)(end - *bytes) + 1 : *size;
	size_t kept = taken - (end != NULL);

	if (kept >= sizeof(r->line) - r->line_size || taken > KUBE_HEAD_LIMIT - r->head_size) {
		(void)broken(r, "a head or line that is too long");
		return false;
	}
	if (kept > 0)
		memcpy(r->line + r->line_size, *bytes, kept);
	r->line_size += (uint32_t)kept;
	r->head_size += (uint32_t)taken;
	*bytes += taken;
	*size -= taken;
	if (end == NULL)
		return false;
	if (r->line_size > 0 && r->line[r->line_size - 1] == '\r')
		r->line_size--;
	r->line[r->line_size] = '\0';
	if (strlen(r->line) != r->line_size) {
		(void)broken(r, "a NUL in its head");
		return false;
	}
	r->line_size = 0;
	return true;
}

/* A number of decimal digits and nothing else; false also above limit. */
static bool
read_number(const char *text, uint64_t limit, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > limit)
			return false;
	}
	*out = n;
	return true;
}

static void
read_length(struct kube_response *r, const char *value)
{
	uint64_t length;

	if (!read_number(value, chunk_limit, &length) || (r->sized && length != r->left)) {
		(void)broken(r, "a Content-Length that is none");
		return;
	}
	r->sized = true;
	r->left = length;
}

static void
read_coding(struct kube_response *r, const char *value)
{
	if (strcasecmp(value, "chunked") == 0)
		r->body = KUBE_BODY_CHUNKED;
	else if (strcasecmp(value, "identity") != 0)
		(void)broken(r, "an unknown transfer coding");
}

static void
read_content_coding(struct kube_response *r, const char *value)
{
	if (strcasecmp(value, "identity") != 0)
		(void)broken(r, "a content coding that nobody asked for");
}

static void
read_type(struct kube_response *r, const char *value)
{
	static const char json[] = "application/json";
	size_t size = sizeof(json) - 1;

	r->head.json = strncasecmp(value, json, size) == 0 && (value[size] == '\0' || value[size] == ';' || value[size] == ' ');
}

static void
read_retry(struct kube_response *r, const char *value)
{
	uint64_t seconds;

	if (read_number(value, (uint64_t)retry_limit, &seconds))
		r->head.retry_after = (int64_t)seconds;
}

static void
read_connection(struct kube_response *r, const char *value)
{
	if (strcasecmp(value, "close") == 0)
		r->head.close = true;
}

static const struct {
	const char *name;
	void (*read)(struct kube_response *, const char *value);
} headers[] = {
	{ "connection", read_connection },
	{ "content-encoding", read_content_coding },
	{ "content-length", read_length },
	{ "content-type", read_type },
	{ "retry-after", read_retry },
	{ "transfer-encoding", read_coding },
};

/* "HTTP/1.1 200 OK" */
static void
read_status(struct kube_response *r)
{
	const char *l = r->line;

	if (strncmp(l, "HTTP/1.", 7) != 0 || (l[7] != '0' && l[7] != '1') || l[8] != ' ' || l[9] < '1' || l[9] > '5' || l[10] < '0' || l[10] > '9' || l[11] < '0' || l[11] > '9' ||
		(l[12] != ' ' && l[12] != '\0')) {
		(void)broken(r, "something that is no HTTP/1.1");
		return;
	}
	r->head = (struct kube_head){ .status = (l[9] - '0') * 100 + (l[10] - '0') * 10 + (l[11] - '0'), .retry_after = -1, .close = l[7] == '0' };
	r->body = KUBE_BODY_TO_CLOSE;
	r->sized = false;
	r->left = 0;
	r->state = HEADER;
}

static void
read_header(struct kube_response *r)
{
	char *colon = strchr(r->line, ':'), *value, *end;

	if (colon == NULL) {
		(void)broken(r, "a header without a colon");
		return;
	}
	*colon = '\0';
	for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
		;
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (strcasecmp(r->line, headers[i].name) == 0)
			headers[i].read(r, value);
}

/* Behind the empty line: how the body ends (RFC 9112 6.3). */
static enum kube_response_event
end_head(struct kube_response *r)
{
	if (r->head.status < 200) { /* an interim response: the real one follows */
		r->state = STATUS_LINE;
		r->head_size = 0;
		return r->head.status == 101 ? broken(r, "another protocol than was asked for") : KUBE_RESPONSE_MORE;
	}
	if (r->head.status == 204 || r->head.status == 304)
		r->body = KUBE_BODY_NONE;
	else if (r->body == KUBE_BODY_CHUNKED)
		r->head.close = r->head.close || r->sized; /* smuggled, perhaps: nothing after it is trusted */
	else if (r->sized)
		r->body = KUBE_BODY_SIZED;
	else
		r->head.close = true;
	r->state = r->body == KUBE_BODY_CHUNKED ? CHUNK_SIZE : BODY;
	r->head_size = 0;
	return KUBE_RESPONSE_HEAD;
}

/* "1a2b" or "1a2b;extension" */
static void
read_chunk_size(struct kube_response *r)
{
	const char *c = r->line;
	uint64_t n = 0;

	for (; (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f') || (*c >= 'A' && *c <= 'F'); c++) {
		n = n * 16 + (uint64_t)(*c <= '9' ? *c - '0' : (*c | 0x20) - 'a' + 10);
		if (n > chunk_limit)
			break;
	}
	if (c == r->line || (*c != '\0' && *c != ';' && *c != ' ')) {
		(void)broken(r, "a chunk without a size");
		return;
	}
	r->left = n;
	r->head_size = 0;
	r->state = n == 0 ? TRAILER : CHUNK;
}

static enum kube_response_event
end(struct kube_response *r)
{
	r->state = STATUS_LINE;
	r->head_size = 0;
	return KUBE_RESPONSE_END;
}

/* A line is whole. */
static enum kube_response_event
read_line(struct kube_response *r)
{
	switch (r->state) {
	case STATUS_LINE:
		if (r->line[0] != '\0') /* RFC 9112 2.2: a stray empty line before it is tolerated */
			read_status(r);
		else
			r->head_size = 0;
		break;
	case HEADER:
		if (r->line[0] == '\0')
			return end_head(r);
		read_header(r);
		break;
	case CHUNK_SIZE:
		read_chunk_size(r);
		break;
	case CHUNK_END:
		if (r->line[0] != '\0')
			return broken(r, "a chunk longer than its size");
		r->head_size = 0;
		r->state = CHUNK_SIZE;
		break;
	default: /* TRAILER */
		if (r->line[0] == '\0')
			return end(r);
		break;
	}
	return r->state == BROKEN ? KUBE_RESPONSE_BROKEN : KUBE_RESPONSE_MORE;
}

static enum kube_response_event
read_body(struct kube_response *r, const char **bytes, size_t *size, const char **piece, size_t *piece_size)
{
	size_t n = *size;

	if (r->body != KUBE_BODY_TO_CLOSE && n > r->left)
		n = (size_t)r->left;
	*piece = *bytes;
	*piece_size = n;
	*bytes += n;
	*size -= n;
	r->left -= r->body != KUBE_BODY_TO_CLOSE ? n : 0;
	if (r->state == CHUNK && r->left == 0)
		r->state = CHUNK_END;
	return KUBE_RESPONSE_BODY;
}

enum kube_response_event
kube_response_read(struct kube_response *r, const char **bytes, size_t *size, const char **piece, size_t *piece_size)
{
	enum kube_response_event event = KUBE_RESPONSE_MORE;

	while (event == KUBE_RESPONSE_MORE && r->state != BROKEN) {
		if (r->state == BODY && r->body != KUBE_BODY_TO_CLOSE && r->left == 0)
			return end(r);
		if (*size == 0)
			return KUBE_RESPONSE_MORE;
		if (r->state == BODY || r->state == CHUNK)
			event = read_body(r, bytes, size, piece, piece_size);
		else if (take_line(r, bytes, size))
			event = read_line(r);
	}
	return r->state == BROKEN ? KUBE_RESPONSE_BROKEN : event;
}
