/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP server says before a body, and the body of an error. For http_server.c alone. */
#ifndef PODWIRE_HTTP_RESPONSE_H
#define PODWIRE_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

/* The status line and headers of a body of size bytes; encoding may be NULL. */
void http_response_head(struct evbuffer *, int status, const char *type, const char *encoding, size_t size, bool keep_alive);

/* {"error":{"status":400,"message":"..."}} in one line. Returns owned. */
char *http_response_error(int status, const char *message, size_t *size);

#endif
