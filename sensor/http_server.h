/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server of the sensor, on libevent: GET and HEAD at one address, with TLS, client
 * certificates and a bearer token where asked for. Everything a client can hold is bounded:
 * connections, bytes of a request, time to send one, time to read the answer. All of it runs in the
 * event loop's thread.
 */
#ifndef PODWIRE_HTTP_SERVER_H
#define PODWIRE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct http_server;

/* A request that waits for its answer: valid until it is answered, also when its client has gone. */
struct http_exchange;

struct http_route {
	const char *path;   /* "/metrics"; a prefix ends with a slash: "/api/v1/pairs/" */
	bool open;          /* served without a token */
	void (*handle)(void *context, struct http_exchange *); /* answers now or later, exactly once */
};

struct http_server_options {
	const char *listen; /* "127.0.0.1:19764", "[::1]:0", ":19764" for every address */
	const char *tls_certificate, *tls_key; /* PEM files, both or neither NULL; read again when they change */
	const char *client_ca;  /* PEM file: clients must show a certificate from it; or NULL */
	const char *token_file; /* its first line is the bearer token; read again when it changes; or NULL */
	const struct http_route *routes; /* ended by a NULL path; must outlive the server */
	void *context;          /* of the routes */
	/* 0: the default. */
	unsigned connections_max; /* 256; when full the longest idle one is closed */
	unsigned request_ms;      /* 10000: for the handshake and a request to be complete */
	unsigned idle_ms;         /* 60000: between requests */
	unsigned stall_ms;        /* 30000: without the client taking a byte of its answer */
};

extern const char http_default_listen[];

struct http_server_counters {
	uint64_t connections, evicted, timed_out, refused, unauthorized, requests;
	uint32_t open;
};

/* NULL on an error, with a line in error[]. Returns owned. */
struct http_server *http_server_new(struct event_base *, const struct http_server_options *, char *error, size_t error_size);

/* Closes every connection; exchanges that still wait may be answered afterwards, to nobody. */
void http_server_free(struct http_server *);

/* Where it listens, with the port that was taken: "127.0.0.1:19764". */
const char *http_server_address(const struct http_server *);

/* Whether others than this host's own processes may read it, without a token or a certificate. */
bool http_server_is_open(const struct http_server *);

void http_server_counters(const struct http_server *, struct http_server_counters *out);

/* Of the request; texts live until it is answered. */

const char *http_suffix(const struct http_exchange *); /* of the path, percent-encoding undone: what follows the route's prefix */
const char *http_query(const struct http_exchange *);  /* after the '?', as sent; "" where there is none */
const char *http_header(const struct http_exchange *, const char *name); /* NULL where there is none */

/* The client is gone: no need to make the answer, though it must still be given. Any thread may ask, until it is given. */
bool http_is_gone(const struct http_exchange *);

/* Ends the exchange. body is taken (malloc'd; NULL with size 0: no body); type is a static text. */
void http_answer(struct http_exchange *, int status, const char *type, char *body, size_t size);

/* The same with a Content-Encoding that the client accepts, or NULL; static text. */
void http_answer_encoded(struct http_exchange *, int status, const char *type, const char *encoding, char *body, size_t size);

/* An error as {"error":{"status":400,"message":"..."}}, of one line. */
void http_answer_error(struct http_exchange *, int status, const char *message);

/* Lines of plain text, copied. */
void http_answer_text(struct http_exchange *, int status, const char *text);

#endif
