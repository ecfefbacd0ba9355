/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.1 request (RFC 9112), read strictly: what two readers could understand in
 * two ways is refused. Pure, in place, without allocation.
 */
#ifndef PODWIRE_HTTP_REQUEST_H
#define PODWIRE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 16384, HTTP_HEADERS_MAX = 64 };

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER_METHOD };

struct http_request {
	enum http_method method;
	const char *path;  /* begins with a slash; percent-encoding undone, no control character in it */
	const char *query; /* as sent; "" where there is none */
	struct {
		const char *name, *value;
	} headers[HTTP_HEADERS_MAX];
	size_t header_count;
	bool keep_alive;
	bool has_body;     /* one is said to follow, which nobody wants */
};

/*
 * The size of the head that text[size] begins with, up to the empty line that ends it and with it; 0
 * where that has not come yet. from is where the last call had looked to.
 */
size_t http_head_size(const char *text, size_t size, size_t from);

/*
 * Reads a whole head, text[size], which is changed and must live as long as *out. 0, or the status
 * to refuse it with (400, 414, 431, 505), with a static line of why.
 */
int http_request_read(char *text, size_t size, struct http_request *out, const char **why);

/* The value of a header, by its name in any case; NULL where there is none. */
const char *http_request_header(const struct http_request *, const char *name);

/* One name that a query may give. */
struct http_parameter {
	const char *name;
	char value[256]; /* percent-encoding undone; "" where it is not given */
	bool given;
};

/* Reads a query: names that are not in parameters[], twice given, too long or not UTF-8 are refused, with one line in error[]. */
bool http_query_read(const char *query, struct http_parameter *parameters, size_t count, char *error, size_t error_size);

/* Writes to error[] what value, of this parameter, is: name: "value" is WHAT. Returns false. */
bool http_parameter_refuse(const struct http_parameter *, const char *value, const char *what, char *error, size_t error_size);

/* A number in [minimum, maximum] of a parameter; otherwise where it is not given. */
bool http_parameter_number(const struct http_parameter *, uint64_t minimum, uint64_t maximum, uint64_t otherwise, uint64_t *out, char *error, size_t error_size);

/*
 * The weight in thousandths that an Accept or Accept-Encoding header gives to name ("text/plain",
 * "gzip"), by the most specific range that covers it (RFC 9110 12.5); -1 where none does.
 * parameter, or NULL, is one that a range must carry to mean it ("version=1.0.0").
 */
int http_accept_weight(const char *header, const char *name, const char *parameter);

#endif
