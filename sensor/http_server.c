/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See http_server.h. A connection reads one head, waits for its answer, writes it, and begins again;
 * a sweep four times a second ends those whose time is up. libevent's own evhttp was not used since
 * it bounds neither connections nor the time a request may take.
 */
#include <config.h>

#include "http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#include "http_listen.h"
#include "http_server_internal.h"
#include "http_tls.h"
#include "log.h"

const char http_default_listen[] = "127.0.0.1:19764";

enum {
	SWEEP_MS = 250,
	REFRESH_MS = 5000,     /* between looks at the files of identity */
	LINGER_MS = 1000,      /* for a client to read the last answer before its unread bytes reset the connection */
	WRITE_MAX = 262144,    /* at once: an answer may be of many megabytes, and others wait a little longer */
	PROGRESS_SIZE = 65536, /* a client takes so much of an answer in stall_ms, or is cut */
};

/* Of the monotonic clock. */
static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
http_enter(struct connection *c, enum phase phase)
{
	c->phase = phase;
	c->since = now_ms();
}

static void
drop(struct connection *c)
{
	struct http_server *s = c->server;

	if (c->exchange != NULL)
		c->exchange->connection = NULL;
	TAILQ_REMOVE(&s->connections, c, link);
	s->open--;
	s->unsent -= c->body_size;
	bufferevent_free(c->buffers);
	free(c);
}

/* Requests. */

/* Takes size bytes, a whole head, from the input. */
static void
take_head(struct connection *c, size_t size)
{
	struct http_exchange *x = calloc(1, sizeof(*x) + size);
	const char *why;
	int status;

	if (x == NULL)
		abort();
	(void)bufferevent_read(c->buffers, x->head, size);
	status = http_request_read(x->head, size, &x->request, &why);
	if (status == 0) {
		http_serve(c, x);
		return;
	}
	c->keep_alive = false;
	http_refuse(c, status, why, true);
	free(x);
}

/* Looks for a whole head in what has come. */
static void
read_head(struct connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->buffers);
	size_t have, head;
	struct evbuffer_ptr from, end;

	/* Empty lines before a request are to be passed over (RFC 9112 2.2). */
	for (char two[2]; evbuffer_copyout(in, two, 2) == 2 && memcmp(two, "\r\n", 2) == 0;)
		(void)evbuffer_drain(in, 2);
	if ((have = evbuffer_get_length(in)) == 0)
		return;
	if (c->phase == PHASE_IDLE)
		http_enter(c, PHASE_READING);
	/* The end may straddle what was there before. */
	(void)evbuffer_ptr_set(in, &from, c->searched > 3 ? c->searched - 3 : 0, EVBUFFER_PTR_SET);
	end = evbuffer_search(in, "\r\n\r\n", 4, &from);
	head = end.pos < 0 ? 0 : (size_t)end.pos + 4;
	c->searched = have;
	if (head == 0 && have < HTTP_HEAD_MAX)
		return;
	c->searched = 0;
	if (head > 0 && head <= HTTP_HEAD_MAX) {
		take_head(c, head);
		return;
	}
	c->keep_alive = false;
	http_refuse(c, 431, "the head of the request is too large", true);
}

static void
on_read(struct bufferevent *buffers, void *context)
{
	struct connection *c = context;

	if (c->phase == PHASE_LINGER)
		(void)evbuffer_drain(bufferevent_get_input(buffers), evbuffer_get_length(bufferevent_get_input(buffers)));
	else if (c->phase == PHASE_IDLE || c->phase == PHASE_READING)
		read_head(c);
	/* Else it waits its turn, and at the high watermark the client waits too. */
}

/* Nothing more will be written. */
static void
linger(struct connection *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->buffers);

	if (c->half_closed) {
		drop(c);
		return;
	}
	if (ssl != NULL)
		(void)SSL_shutdown(ssl);
	(void)shutdown(bufferevent_getfd(c->buffers), SHUT_WR);
	http_enter(c, PHASE_LINGER);
	on_read(c->buffers, c);
}

static void
on_written(struct bufferevent *buffers, void *context)
{
	struct connection *c = context;

	if (c->phase != PHASE_WRITING || evbuffer_get_length(bufferevent_get_output(buffers)) > 0)
		return;
	c->server->unsent -= c->body_size;
	c->body_size = 0;
	if (!c->keep_alive) {
		linger(c);
		return;
	}
	http_enter(c, PHASE_IDLE);
	read_head(c);
	if (c->half_closed && (c->phase == PHASE_IDLE || c->phase == PHASE_READING))
		drop(c);
}

static void
on_event(struct bufferevent *buffers, short what, void *context)
{
	struct connection *c = context;
	bool tls = bufferevent_openssl_get_ssl(buffers) != NULL;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	/* One who has said all may still want to hear the answer; over TLS libevent stops both directions. */
	if ((what & BEV_EVENT_EOF) != 0 && !tls && (c->phase == PHASE_WAITING || c->phase == PHASE_WRITING)) {
		c->half_closed = true;
		return;
	}
	drop(c);
}

/* Connections. */

/* The one that is missed least: the longest idle, else the slowest to ask or to take its answer. */
static struct connection *
least_wanted(struct http_server *s)
{
	static const int rank[] = { [PHASE_LINGER] = 0, [PHASE_IDLE] = 1, [PHASE_READING] = 1, [PHASE_WRITING] = 2, [PHASE_WAITING] = 3 };
	struct connection *c, *best = NULL;

	TAILQ_FOREACH (c, &s->connections, link)
		if (c->phase != PHASE_WAITING && (best == NULL || rank[c->phase] < rank[best->phase] || (rank[c->phase] == rank[best->phase] && c->since < best->since)))
			best = c;
	return best;
}

static bool
make_room(struct http_server *s)
{
	struct connection *c;

	if (s->open < s->options.connections_max)
		return true;
	if ((c = least_wanted(s)) == NULL)
		return false;
	s->counters.evicted++;
	drop(c);
	return true;
}

static struct bufferevent *
new_buffers(struct http_server *s, evutil_socket_t fd)
{
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	struct bufferevent *buffers;
	SSL *ssl;

	if (!http_identity_has_tls(s->identity))
		return bufferevent_socket_new(s->base, fd, options);
	if ((ssl = http_identity_accept(s->identity)) == NULL)
		return NULL;
	if ((buffers = bufferevent_openssl_socket_new(s->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, options)) == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(buffers, 1);
	return buffers;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *context)
{
	struct http_server *s = context;
	struct connection *c;

	(void)listener;
	(void)address;
	(void)size;
	s->counters.connections++;
	if (!make_room(s) || (c = calloc(1, sizeof(*c))) == NULL) {
		(void)evutil_closesocket(fd);
		return;
	}
	if ((c->buffers = new_buffers(s, fd)) == NULL) {
		(void)evutil_closesocket(fd);
		free(c);
		return;
	}
	c->server = s;
	TAILQ_INSERT_TAIL(&s->connections, c, link);
	s->open++;
	http_enter(c, PHASE_READING);
	bufferevent_setcb(c->buffers, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->buffers, EV_READ, 0, HTTP_HEAD_MAX);
	(void)bufferevent_set_max_single_write(c->buffers, WRITE_MAX);
	(void)bufferevent_enable(c->buffers, EV_READ | EV_WRITE);
	if (s->open == 1)
		(void)event_add(s->sweep, &(struct timeval){ .tv_usec = SWEEP_MS * 1000 });
}

/* No descriptor left: the listener rests until the next sweep, else it would turn in a circle. */
static void
on_accept_error(struct evconnlistener *listener, void *context)
{
	struct http_server *s = context;

	log_warn("a connection could not be taken", log_errno(EVUTIL_SOCKET_ERROR()));
	(void)evconnlistener_disable(listener);
	s->paused = true;
	(void)event_add(s->sweep, &(struct timeval){ .tv_usec = SWEEP_MS * 1000 });
}

static bool
is_overdue(struct connection *c, int64_t now)
{
	const struct http_server_options *o = &c->server->options;
	size_t left;

	switch (c->phase) {
	case PHASE_IDLE:
		return now - c->since > o->idle_ms;
	case PHASE_READING:
		return now - c->since > o->request_ms;
	case PHASE_LINGER:
		return now - c->since > LINGER_MS;
	case PHASE_WRITING:
		left = evbuffer_get_length(bufferevent_get_output(c->buffers));
		if (c->left >= left + PROGRESS_SIZE) {
			c->left = left;
			c->since = now;
		}
		return now - c->since > o->stall_ms;
	default:
		return false;
	}
}

static void
refresh(struct http_server *s, int64_t now)
{
	char error[512];

	if (now - s->refreshed < REFRESH_MS)
		return;
	s->refreshed = now;
	if (!http_identity_refresh(s->identity, error, sizeof(error)))
		log_error("a changed file cannot be used: what was in force stays", log_text("error", error));
}

static void
on_sweep(evutil_socket_t fd, short what, void *context)
{
	struct http_server *s = context;
	struct connection *c, *next;
	int64_t now = now_ms();

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&s->connections); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!is_overdue(c, now))
			continue;
		s->counters.timed_out += c->phase != PHASE_LINGER && c->phase != PHASE_IDLE;
		drop(c);
	}
	if (s->paused)
		(void)evconnlistener_enable(s->listener);
	s->paused = false;
	refresh(s, now);
	/* With nobody there only files are looked at. */
	(void)event_add(s->sweep, TAILQ_EMPTY(&s->connections) ? &(struct timeval){ .tv_sec = REFRESH_MS / 1000 } : &(struct timeval){ .tv_usec = SWEEP_MS * 1000 });
}

/* The server. */

static void
set_default(unsigned *value, unsigned otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

struct http_server *
http_server_new(struct event_base *base, const struct http_server_options *options, char *error, size_t error_size)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->base = base;
	s->options = *options;
	s->refreshed = now_ms();
	TAILQ_INIT(&s->connections);
	TAILQ_INIT(&s->exchanges);
	set_default(&s->options.connections_max, 256);
	set_default(&s->options.request_ms, 10000);
	set_default(&s->options.idle_ms, 60000);
	set_default(&s->options.stall_ms, 30000);
	s->identity = http_identity_new(options->tls_certificate, options->tls_key, options->client_ca, options->token_file, error, error_size);
	if (s->identity != NULL)
		s->listener = http_listen(base, options->listen != NULL ? options->listen : http_default_listen, on_accept, s, error, error_size);
	if (s->listener == NULL) {
		http_server_free(s);
		return NULL;
	}
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	http_listen_address(s->listener, s->address);
	if ((s->sweep = event_new(base, -1, 0, on_sweep, s)) == NULL)
		abort();
	(void)event_add(s->sweep, &(struct timeval){ .tv_sec = REFRESH_MS / 1000 });
	return s;
}

void
http_server_free(struct http_server *s)
{
	struct http_exchange *x;

	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->connections))
		drop(TAILQ_FIRST(&s->connections));
	TAILQ_FOREACH (x, &s->exchanges, link)
		x->server = NULL;
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	if (s->sweep != NULL)
		event_free(s->sweep);
	http_identity_free(s->identity);
	free(s);
}

const char *
http_server_address(const struct http_server *s)
{
	return s->address;
}

bool
http_server_is_open(const struct http_server *s)
{
	return s->options.token_file == NULL && s->options.client_ca == NULL && !http_listen_is_loopback(s->listener);
}

void
http_server_counters(const struct http_server *s, struct http_server_counters *out)
{
	*out = s->counters;
	out->open = s->open;
}
