/* SPDX-License-Identifier: Apache-2.0 */
/* See http_server.h: a request, who answers it, and its answer, now or later. */
#include <config.h>

#include "http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

#include "http_response.h"
#include "http_server_internal.h"
#include "http_tls.h"

enum { OUTPUT_MAX = 64 << 20 }; /* unsent bytes of all answers together; a single one may be larger */

/* Answers. */

static void
free_body(const void *body, size_t size, void *context)
{
	(void)size;
	(void)context;
	free((void *)(uintptr_t)body);
}

static void
begin_answer(struct connection *c, int status, const char *type, const char *encoding, char *body, size_t size, bool send_body)
{
	struct evbuffer *out = bufferevent_get_output(c->buffers);

	http_response_head(out, status, type, encoding, size, c->keep_alive);
	if (size > 0 && send_body && evbuffer_add_reference(out, body, size, free_body, NULL) == 0) {
		c->body_size = size;
		c->server->unsent += size;
	} else {
		free(body);
	}
	http_enter(c, PHASE_WRITING);
	c->left = evbuffer_get_length(out);
}

void
http_refuse(struct connection *c, int status, const char *message, bool send_body)
{
	size_t size;
	char *text = http_response_error(status, message, &size);

	c->server->counters.refused++;
	begin_answer(c, status, "application/json", NULL, text, size, send_body);
}

static void
free_exchange(struct http_exchange *x)
{
	if (x->connection != NULL)
		x->connection->exchange = NULL;
	if (x->server != NULL) {
		TAILQ_REMOVE(&x->server->exchanges, x, link);
		x->server->waiting--;
	}
	free(x);
}

void
http_answer_encoded(struct http_exchange *x, int status, const char *type, const char *encoding, char *body, size_t size)
{
	struct connection *c = x->connection;
	bool send_body = x->request.method != HTTP_HEAD;

	if (c == NULL)
		free(body);
	else if (send_body && c->server->unsent > 0 && size > OUTPUT_MAX - (c->server->unsent < OUTPUT_MAX ? c->server->unsent : OUTPUT_MAX)) {
		free(body);
		http_refuse(c, 503, "too many large answers are on their way", true);
	} else {
		begin_answer(c, status, type, encoding, body, size, send_body);
	}
	free_exchange(x);
}

void
http_answer(struct http_exchange *x, int status, const char *type, char *body, size_t size)
{
	http_answer_encoded(x, status, type, NULL, body, size);
}

void
http_answer_error(struct http_exchange *x, int status, const char *message)
{
	size_t size;
	char *text = http_response_error(status, message, &size);

	http_answer(x, status, "application/json", text, size);
}

void
http_answer_text(struct http_exchange *x, int status, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	http_answer(x, status, "text/plain; charset=utf-8", copy, strlen(copy));
}

/* Requests. */

static const struct http_route *
find_route(const struct http_server *s, const char *path)
{
	for (const struct http_route *r = s->options.routes; r->path != NULL; r++) {
		size_t size = strlen(r->path);
		bool prefix = r->path[size - 1] == '/' && size > 1;

		if (prefix ? strncmp(r->path, path, size) == 0 && path[size] != '\0' : strcmp(r->path, path) == 0)
			return r;
	}
	return NULL;
}

void
http_serve(struct connection *c, struct http_exchange *x)
{
	struct http_server *s = c->server;
	const struct http_request *q = &x->request;
	bool send_body = q->method != HTTP_HEAD;

	c->keep_alive = q->keep_alive && !q->has_body;
	x->route = find_route(s, q->path);
	if ((x->route == NULL || !x->route->open) && !http_identity_allows(s->identity, http_request_header(q, "authorization"))) {
		s->counters.unauthorized++;
		http_refuse(c, 401, "a bearer token is wanted", send_body);
	} else if (x->route == NULL) {
		http_refuse(c, 404, "there is nothing of this name", send_body);
	} else if (q->method == HTTP_OTHER_METHOD) {
		http_refuse(c, 405, "only GET and HEAD are served", send_body);
	} else if (q->has_body) {
		http_refuse(c, 413, "a request with a body is not served", send_body);
	} else if (s->waiting >= s->options.connections_max) {
		http_refuse(c, 503, "too many requests are waiting", send_body);
	} else {
		x->server = s;
		x->connection = c;
		c->exchange = x;
		TAILQ_INSERT_TAIL(&s->exchanges, x, link);
		s->waiting++;
		s->counters.requests++;
		http_enter(c, PHASE_WAITING);
		x->route->handle(s->options.context, x);
		return;
	}
	free(x);
}

/* What a handler may ask. */

const char *
http_suffix(const struct http_exchange *x)
{
	return x->request.path + strlen(x->route->path);
}

const char *
http_query(const struct http_exchange *x)
{
	return x->request.query;
}

const char *
http_header(const struct http_exchange *x, const char *name)
{
	return http_request_header(&x->request, name);
}

bool
http_is_gone(const struct http_exchange *x)
{
	return x->connection == NULL;
}
