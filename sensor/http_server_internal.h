/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the HTTP server share: http_server.c has the connections, http_exchange.c questions and answers. */
#ifndef PODWIRE_HTTP_SERVER_INTERNAL_H
#define PODWIRE_HTTP_SERVER_INTERNAL_H

#include <sys/queue.h>

#include "http_listen.h"
#include "http_request.h"
#include "http_server.h"

struct bufferevent;
struct evconnlistener;
struct http_identity;

enum phase {
	PHASE_IDLE,    /* between requests */
	PHASE_READING, /* a head, or before that the TLS handshake */
	PHASE_WAITING, /* for the answer */
	PHASE_WRITING,
	PHASE_LINGER,  /* all is said; what still comes is thrown away */
};

struct connection {
	TAILQ_ENTRY(connection) link;
	struct http_server *server;
	struct bufferevent *buffers;
	struct http_exchange *exchange; /* while waiting */
	enum phase phase;
	bool keep_alive, half_closed;
	size_t searched;                /* of the input, for the end of a head */
	size_t body_size;               /* of the answer that is being written */
	size_t left;                    /* of it, when progress was last seen */
	int64_t since;                  /* ms: when the phase, or its last progress, began */
};

struct http_exchange {
	TAILQ_ENTRY(http_exchange) link;
	struct http_server *server;     /* NULL: gone */
	struct connection *_Atomic connection; /* NULL: gone, which another thread may ask */
	const struct http_route *route;
	struct http_request request;
	char head[];
};

struct http_server {
	struct http_server_options options;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *sweep;
	struct http_identity *identity;
	TAILQ_HEAD(, connection) connections;
	TAILQ_HEAD(, http_exchange) exchanges;
	unsigned open, waiting;
	size_t unsent;
	int64_t refreshed;
	bool paused; /* no descriptor was left for another connection */
	struct http_server_counters counters;
	char address[HTTP_ADDRESS_SIZE];
};

/* The connection is in that phase now, whose time begins. */
void http_enter(struct connection *, enum phase);

/* An error before there is an exchange. */
void http_refuse(struct connection *, int status, const char *message, bool send_body);

/* A head that was read and is fit to be looked at; takes the exchange. */
void http_serve(struct connection *, struct http_exchange *);

#endif
