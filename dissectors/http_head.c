/* SPDX-License-Identifier: Apache-2.0 */
/* Start lines and header sections of HTTP/1.x; one small reader for each field that matters. */
#include <config.h>

#include "http_head.h"

#include <string.h>

#include "http_application.h"

enum {
	METHOD_SIZE_MAX = 24,
	LINE_SIZE_MAX = 16 * 1024,
	SECTION_SIZE_MAX = 48 * 1024,
	FIELDS_MAX = 512,
	TARGET_TELLS = 128, /* so much of a target after a registered method is a signature */
};

/* Start lines. */

static bool
is_method_byte(int b)
{
	return (b >= 'A' && b <= 'Z') || b == '-' || b == '_';
}

/* RFC 9110 16.1.1, the registered methods that begin connections, for targets too long to wait for. */
static const char *const registered_methods[] = {
	"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", NULL,
};

static bool
begins_registered(struct cursor line)
{
	for (size_t i = 0; registered_methods[i] != NULL; i++) {
		struct cursor target = line;

		if (!cursor_starts_with(&line, registered_methods[i]))
			continue;
		cursor_skip(&target, strlen(registered_methods[i]));
		return cursor_starts_with(&target, "/") || cursor_starts_with_nocase(&target, "http://");
	}
	return false;
}

/* RFC 9112 2.3: the versions this file reads. */
static bool
is_version(struct cursor text)
{
	return cursor_left(&text) == 8 && cursor_starts_with(&text, "HTTP/1.") && text.at[7] >= '0' && text.at[7] <= '9';
}

/* RFC 9112 3, of a whole line; blanks inside the target are let pass, as servers do. */
bool
http_parse_request_line(struct cursor line, struct http_request_line *out)
{
	struct cursor version = line;

	if (cursor_left(&line) < sizeof("X / HTTP/1.1") - 1 || line.left > LINE_SIZE_MAX)
		return false;
	cursor_skip(&version, line.left - 8);
	if (!is_version(version) || line.at[line.left - 9] != ' ')
		return false;
	line.left -= 9;
	if (!cursor_take_until(&line, ' ', &out->method) || line.left == 0 || out->method.left == 0 || out->method.left > METHOD_SIZE_MAX)
		return false;
	for (size_t i = 0; i < out->method.left; i++)
		if (!is_method_byte(out->method.at[i]))
			return false;
	for (size_t i = 0; i < line.left; i++)
		if (line.at[i] < ' ' || line.at[i] == 0x7f)
			return false;
	out->target = line;
	return true;
}

/* Whether the bytes, which hold no line end, may become a request line. */
static bool
may_be_request(struct cursor c)
{
	size_t method = 0;

	while (is_method_byte(cursor_peek(&c, method)))
		method++;
	if (method > METHOD_SIZE_MAX || (method == 0 && c.left > 0))
		return false;
	if (method < c.left && c.at[method] != ' ')
		return false;
	for (size_t i = method; i < c.left; i++)
		if (c.at[i] < ' ' && !(c.at[i] == '\r' && i + 1 == c.left))
			return false;
	return c.left <= LINE_SIZE_MAX;
}

static enum verdict
probe_request(struct cursor bytes)
{
	struct cursor line;
	struct http_request_line parsed;

	if (cursor_take_line(&bytes, &line))
		return http_parse_request_line(line, &parsed) ? MATCH : NO_MATCH;
	if (!may_be_request(bytes))
		return NO_MATCH;
	return cursor_left(&bytes) >= TARGET_TELLS && begins_registered(bytes) ? MATCH : NEED_MORE;
}

/* RFC 9112 4, of a whole line: the status code, or 0. The reason, and the blank before it, may be missing. */
unsigned int
http_parse_status_line(struct cursor line)
{
	struct cursor version = cursor_sub(&line, 8);
	unsigned int status = 0;

	if (!cursor_ok(&line) || !is_version(version) || cursor_u8(&line) != ' ')
		return 0;
	for (int i = 0; i < 3; i++) {
		uint8_t b = cursor_u8(&line);

		if (b < '0' || b > '9')
			return 0;
		status = status * 10 + (unsigned int)(b - '0');
	}
	if (cursor_left(&line) > 0 && cursor_u8(&line) != ' ')
		return 0;
	return cursor_ok(&line) && status >= 100 && status < 600 ? status : 0;
}

static enum verdict
probe_status(struct cursor bytes)
{
	struct cursor line;

	if (cursor_take_line(&bytes, &line))
		return http_parse_status_line(line) != 0 ? MATCH : NO_MATCH;
	if (!cursor_may_start_with(&bytes, "HTTP/1."))
		return NO_MATCH;
	if (cursor_left(&bytes) < sizeof("HTTP/1.1 200 ") - 1)
		return NEED_MORE;
	bytes.left = sizeof("HTTP/1.1 200 ") - 1;
	if (bytes.at[bytes.left - 1] == '\r')
		bytes.left--;
	return http_parse_status_line(bytes) != 0 ? MATCH : NO_MATCH;
}

enum verdict
http_probe_start(enum direction from, struct cursor bytes)
{
	return from == FROM_CLIENT ? probe_request(bytes) : probe_status(bytes);
}

/* Header sections. */

/* Whether one of the elements of a comma-separated list (RFC 9110 5.6.1) is text. */
static bool
list_has(struct cursor list, const char *text)
{
	struct cursor element;

	for (int i = 0; i < FIELDS_MAX && cursor_left(&list) > 0; i++) {
		if (!cursor_take_until(&list, ',', &element))
			element = cursor_sub(&list, cursor_left(&list));
		cursor_skip_blanks(&element);
		cursor_trim_end(&element);
		if (cursor_equals_nocase(&element, text))
			return true;
	}
	return false;
}

/* RFC 9110 8.6; a list of equal numbers is one number. */
static void
read_content_length(struct http_head *h, struct cursor value)
{
	do {
		uint64_t length = cursor_decimal(&value);

		cursor_skip_blanks(&value);
		if (!cursor_ok(&value) || length >= http_length_max || (h->has_length && h->length != length))
			h->bad_length = true;
		h->length = length;
		h->has_length = true;
		if (cursor_left(&value) > 0 && cursor_u8(&value) != ',')
			h->bad_length = true;
		cursor_skip_blanks(&value);
	} while (!h->bad_length && cursor_left(&value) > 0);
}

/* RFC 9112 6.1: only a last coding "chunked" delimits. */
static void
read_transfer_encoding(struct http_head *h, struct cursor value)
{
	struct cursor element;

	h->coded = true;
	while (cursor_take_until(&value, ',', &element))
		;
	cursor_skip_blanks(&value);
	h->chunked = cursor_equals_nocase(&value, "chunked");
}

static void
read_connection(struct http_head *h, struct cursor value)
{
	h->connection_upgrade |= list_has(value, "upgrade");
}

static void
read_upgrade(struct http_head *h, struct cursor value)
{
	h->upgrade = list_has(value, "websocket") ? HTTP_UPGRADE_WEBSOCKET : list_has(value, "h2c") ? HTTP_UPGRADE_H2C : HTTP_UPGRADE_OTHER;
}

static void
read_http2_settings(struct http_head *h, struct cursor value)
{
	(void)value; /* RFC 7540 3.2.1; may be empty */
	h->http2_settings = true;
}

/* RFC 6455 4.1: 16 bytes in base64. */
static void
read_websocket_key(struct http_head *h, struct cursor value)
{
	h->websocket_key = cursor_left(&value) == 24;
}

/* RFC 6455 4.2.2: a SHA-1 value in base64. */
static void
read_websocket_accept(struct http_head *h, struct cursor value)
{
	h->websocket_accept = cursor_left(&value) == 28;
}

static void
read_content_type(struct http_head *h, struct cursor value)
{
	static const struct {
		const char *type;
		enum http_media media;
	} types[] = { /* the longer of two that begin alike first */
		{ "application/x-www-form-urlencoded", HTTP_MEDIA_FORM },
		{ "application/grpc-web-text", HTTP_MEDIA_GRPC_WEB_TEXT },
		{ "application/grpc-web", HTTP_MEDIA_GRPC_WEB },
		{ "application/grpc", HTTP_MEDIA_GRPC },
	};

	h->media = HTTP_MEDIA_OTHER;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t size = strlen(types[i].type);
		int next = cursor_peek(&value, size);

		if (cursor_starts_with_nocase(&value, types[i].type) && (next < 0 || next == '+' || next == ';' || next == ' ')) {
			h->media = (uint8_t)types[i].media;
			return;
		}
	}
}

/* gRPC over HTTP2, Responses: Status, a decimal number. */
static void
read_rpc_status(struct http_head *h, struct cursor value)
{
	uint64_t status = cursor_decimal(&value);

	if (!cursor_ok(&value) || cursor_left(&value) > 0 || status > UINT32_MAX)
		return;
	h->has_rpc_status = true;
	h->rpc_status = (uint32_t)status;
}

/* etcd's words for a client that it does not know, some of which come with INVALID_ARGUMENT (etcd, api/v3rpc/rpctypes/error.go). */
static void
read_rpc_message(struct http_head *h, struct cursor value)
{
	static const char *const refusals[] = {
		"etcdserver: user name is empty", "etcdserver: authentication failed", "etcdserver: invalid auth token", NULL,
	};

	for (size_t i = 0; refusals[i] != NULL; i++)
		h->rpc_refuses |= cursor_starts_with(&value, refusals[i]);
}

static void
read_rpc_token(struct http_head *h, struct cursor value)
{
	h->rpc_token |= cursor_left(&value) > 0;
}

static void
read_etcd(struct http_head *h, struct cursor value)
{
	(void)value;
	h->etcd = true;
}

/* A redirection to where people log in is no acceptance of what they sent. */
static void
read_location(struct http_head *h, struct cursor value)
{
	static const char *const words[] = { "login", "log-in", "logon", "signin", "sign-in", "sign_in", "error", "fail", "denied", "unauthorized", "invalid", NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		h->redirects_to_login |= cursor_find_nocase(&value, words[i]) >= 0;
}

static void
read_challenge(struct http_head *h, struct cursor value)
{
	http_auth_challenge(&h->challenge, value);
}

static void
read_proxy_challenge(struct http_head *h, struct cursor value)
{
	http_auth_challenge(&h->proxy_challenge, value);
}

enum { IN_REQUEST = 1 << FROM_CLIENT, IN_ANSWER = 1 << FROM_SERVER, IN_BOTH = IN_REQUEST | IN_ANSWER };

static const struct {
	const char *name;
	unsigned int where;
	void (*read)(struct http_head *, struct cursor value);
} fields[] = {
	{ "Content-Length", IN_BOTH, read_content_length },
	{ "Transfer-Encoding", IN_BOTH, read_transfer_encoding },
	{ "Connection", IN_BOTH, read_connection },
	{ "Upgrade", IN_BOTH, read_upgrade },
	{ "HTTP2-Settings", IN_REQUEST, read_http2_settings },
	{ "Content-Type", IN_BOTH, read_content_type },
	{ "Sec-WebSocket-Key", IN_REQUEST, read_websocket_key },
	{ "Sec-WebSocket-Accept", IN_ANSWER, read_websocket_accept },
	{ "Location", IN_ANSWER, read_location },
	{ "WWW-Authenticate", IN_ANSWER, read_challenge },
	{ "Proxy-Authenticate", IN_ANSWER, read_proxy_challenge },
	{ "Grpc-Status", IN_ANSWER, read_rpc_status },
	{ "Grpc-Message", IN_ANSWER, read_rpc_message },
	{ "Token", IN_REQUEST, read_rpc_token },
	{ "X-Etcd-Cluster-ID", IN_BOTH, read_etcd },
};

void
http_read_field(struct http_head *h, enum direction from, struct cursor name, struct cursor value)
{
	cursor_skip_blanks(&value);
	cursor_trim_end(&value);
	if (from == FROM_CLIENT)
		http_auth_field(&h->credentials, h->evidence, name, value);
	if (h->application == NULL)
		h->application = http_application_of_field(name, value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((fields[i].where & 1u << from) != 0 && cursor_equals_nocase(&name, fields[i].name))
			fields[i].read(h, value);
}

/* Whether the line after a field's goes on with it (RFC 9112 5.2, obs-fold). */
static bool
goes_on(const struct cursor *c)
{
	return cursor_peek(c, 0) == ' ' || cursor_peek(c, 0) == '\t';
}

/* A field name is a token (RFC 9110 5.1). */
static bool
is_field_name(struct cursor name)
{
	if (cursor_left(&name) == 0)
		return false;
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);

		if (b <= ' ' || b >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", b) != NULL)
			return false;
	}
	return true;
}

/* Reads the fields of a section that ends with its empty line. */
void
http_read_fields(struct http_head *h, enum direction from, struct cursor section)
{
	struct cursor line, name;

	for (int i = 0; i < FIELDS_MAX && cursor_take_line(&section, &line) && line.left > 0; i++) {
		while (goes_on(&section)) {
			struct cursor more;

			if (!cursor_take_line(&section, &more))
				break;
			line.left = (size_t)(more.at + more.left - line.at);
		}
		if (!cursor_take_until(&line, ':', &name) || !is_field_name(name)) {
			h->broken = true;
			continue;
		}
		http_read_field(h, from, name, line);
	}
}

/*
 * Takes a start line and its header section, if it is all there; the search for its end goes on
 * where it stopped. False with *verdict otherwise.
 */
bool
http_take_section(uint32_t *searched, struct cursor *bytes, struct cursor *line, struct cursor *fields_of, enum verdict *verdict)
{
	struct cursor c = *bytes, part;
	size_t size;

	cursor_skip(&c, *searched);
	for (;;) {
		size_t before = bytes->left - c.left;

		if (!cursor_take_line(&c, &part)) {
			*searched = (uint32_t)before;
			*verdict = bytes->left > SECTION_SIZE_MAX ? DONE : NEED_MORE;
			return false;
		}
		if (part.left == 0 && before > 0)
			break;
	}
	size = bytes->left - c.left;
	*searched = 0;
	*fields_of = cursor_sub(bytes, size);
	(void)cursor_take_line(fields_of, line);
	return true;
}
