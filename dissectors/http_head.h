/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.x message: its start line and header section (RFC 9112 2 to 5), read into
 * what the dissector acts on.
 */
#ifndef PODWIRE_HTTP_HEAD_H
#define PODWIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"
#include "http_auth.h"

/* A body length that no body has, and the number of bytes to pass over where a body ends with the stream. */
static const uint64_t http_length_max = UINT64_C(1) << 60;

enum http_upgrade { HTTP_UPGRADE_NONE, HTTP_UPGRADE_WEBSOCKET, HTTP_UPGRADE_H2C, HTTP_UPGRADE_OTHER };

/* The types of bodies that matter. */
enum http_media { HTTP_MEDIA_OTHER, HTTP_MEDIA_FORM, HTTP_MEDIA_GRPC, HTTP_MEDIA_GRPC_WEB, HTTP_MEDIA_GRPC_WEB_TEXT };

struct http_request_line {
	struct cursor method, target;
};

/* What a header section says. */
struct http_head {
	struct http_credentials credentials;
	struct http_challenge challenge, proxy_challenge;
	struct evidence *evidence;
	uint64_t length;
	bool has_length, bad_length;
	bool coded, chunked;     /* Transfer-Encoding, and whether its last coding is chunked */
	bool connection_upgrade;
	uint8_t upgrade;
	bool websocket_key, websocket_accept, http2_settings;
	bool redirects_to_login;
	bool broken;             /* a line that is no field */
	uint8_t media;           /* enum http_media: of the body */
	bool has_rpc_status;
	uint32_t rpc_status;     /* gRPC's outcome, if it is here */
	bool rpc_refuses;        /* the text beside it says that the client was not authenticated */
	bool rpc_token;          /* metadata "token" */
	bool etcd;               /* a field that no other server has */
	const char *application; /* that a field tells: static, or NULL */
};

/* Whether bytes begin with a request line or, from a server, a status line. */
enum verdict http_probe_start(enum direction, struct cursor bytes);

/* Reads a whole request line. */
bool http_parse_request_line(struct cursor line, struct http_request_line *);

/* The status code of a whole status line, or 0. */
unsigned int http_parse_status_line(struct cursor line);

/*
 * Takes a start line and its header section, if it is all there. False with *verdict otherwise:
 * *searched, 0 at first, then remembers how far its end was looked for.
 */
bool http_take_section(uint32_t *searched, struct cursor *bytes, struct cursor *line, struct cursor *fields, enum verdict *verdict);

/* Reads one field. */
void http_read_field(struct http_head *, enum direction, struct cursor name, struct cursor value);

/* Reads the fields of a section that ends with its empty line. */
void http_read_fields(struct http_head *, enum direction, struct cursor section);

#endif
