/* SPDX-License-Identifier: Apache-2.0 */
/* GETs over a libevent bufferevent, plain or with OpenSSL; responses are read by kube_response.c. */
#include <config.h>

#include "kube_http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kube_tls.h"

static const size_t read_ahead = (size_t)64 << 10; /* bytes read in one turn of the loop: a hundred small objects take some 4 ms */

/* A peer that is gone without a word (a balancer that forgot us) is noticed by the kernel, mostly. */
static const int keep_idle = 30, keep_interval = 10, keep_count = 3, unanswered_ms = 60000;

struct kube_http {
	struct event_base *base;
	struct evdns_base *names;
	const struct kube_config *config;
	struct kube_http_callbacks callbacks;
	struct bufferevent *connection; /* NULL: none */
	struct kube_response response;
	char *request;                  /* owned, while its answer is awaited */
	size_t request_size;
	bool paused;
	bool connected, reused;         /* reused: this connection has answered before */
};

static void on_readable(struct bufferevent *, void *context);
static void on_event(struct bufferevent *, short events, void *context);

struct kube_http *
kube_http_new(struct event_base *base, struct evdns_base *names, const struct kube_config *config, const struct kube_http_callbacks *callbacks)
{
	struct kube_http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->base = base;
	h->names = names;
	h->config = config;
	h->callbacks = *callbacks;
	return h;
}

static void
forget_request(struct kube_http *h)
{
	if (h->request != NULL)
		memset(h->request, 0, h->request_size); /* a token is in it */
	free(h->request);
	h->request = NULL;
}

static void
disconnect(struct kube_http *h)
{
	if (h->connection != NULL)
		bufferevent_free(h->connection);
	h->connection = NULL;
	h->connected = h->reused = false;
}

void
kube_http_close(struct kube_http *h)
{
	forget_request(h);
	disconnect(h);
}

void
kube_http_free(struct kube_http *h)
{
	if (h == NULL)
		return;
	kube_http_close(h);
	free(h);
}

void
kube_http_pause(struct kube_http *h, bool paused)
{
	h->paused = paused;
	if (h->connection != NULL)
		(void)(paused ? bufferevent_disable : bufferevent_enable)(h->connection, EV_READ);
}

static struct bufferevent *
new_connection(struct kube_http *h, char *error, size_t error_size)
{
	struct bufferevent *b;
	SSL *ssl;

	if (!h->config->tls)
		return bufferevent_socket_new(h->base, -1, BEV_OPT_CLOSE_ON_FREE);
	ssl = kube_tls_new(h->config, error, error_size);
	if (ssl == NULL)
		return NULL;
	b = bufferevent_openssl_socket_new(h->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (b == NULL)
		SSL_free(ssl);
	return b;
}

static bool
start_connecting(struct kube_http *h)
{
	const struct kube_config *c = h->config;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(c->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(c->port) };
	uint8_t address[16];
	size_t size;

	if (!kube_config_address(c, address, &size))
		return bufferevent_socket_connect_hostname(h->connection, h->names, AF_UNSPEC, c->host, c->port) == 0;
	if (size == 4) {
		memcpy(&four.sin_addr, address, size);
		return bufferevent_socket_connect(h->connection, (struct sockaddr *)&four, sizeof(four)) == 0;
	}
	memcpy(&six.sin6_addr, address, size);
	return bufferevent_socket_connect(h->connection, (struct sockaddr *)&six, sizeof(six)) == 0;
}

static bool
connect_and_send(struct kube_http *h, char *error, size_t error_size)
{
	disconnect(h);
	(void)snprintf(error, error_size, "out of memory or sockets");
	kube_response_init(&h->response);
	h->connection = new_connection(h, error, error_size);
	if (h->connection == NULL)
		return false;
	bufferevent_setcb(h->connection, on_readable, NULL, on_event, h);
	bufferevent_setwatermark(h->connection, EV_READ, 0, read_ahead);
	if (bufferevent_enable(h->connection, (short)(h->paused ? EV_WRITE : EV_READ | EV_WRITE)) != 0 || bufferevent_write(h->connection, h->request, h->request_size) != 0 || !start_connecting(h)) {
		(void)snprintf(error, error_size, "cannot connect: %s", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
		disconnect(h);
		return false;
	}
	return true;
}

bool
kube_http_get(struct kube_http *h, const char *target, const char *token, char *error, size_t error_size)
{
	char authority[300];
	int size;

	forget_request(h);
	kube_config_authority(h->config, authority, sizeof(authority));
	size = asprintf(&h->request,
		"GET %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: podwire/" PACKAGE_VERSION "\r\nAccept: application/json\r\n%s%s%s\r\n",
		h->config->prefix, target, authority, token != NULL ? "Authorization: Bearer " : "", token != NULL ? token : "", token != NULL ? "\r\n" : "");
	if (size < 0)
		abort();
	h->request_size = (size_t)size;
	if (h->connection != NULL && bufferevent_write(h->connection, h->request, h->request_size) == 0)
		return true;
	if (connect_and_send(h, error, error_size))
		return true;
	forget_request(h);
	return false;
}

/* The answer is over; what the connection holds beyond it belongs to nobody. */
static void
answered(struct kube_http *h, bool keep)
{
	forget_request(h);
	h->reused = true;
	if (!keep)
		disconnect(h);
	h->callbacks.ended(h->callbacks.context, KUBE_END_COMPLETE, "");
}

static void
broke(struct kube_http *h, enum kube_end how, const char *why)
{
	kube_http_close(h);
	h->callbacks.ended(h->callbacks.context, how, why);
}

/* Acts on one thing that was read; false where the connection, or this answer, is over. */
static bool
act(struct kube_http *h, enum kube_response_event event, const char *piece, size_t piece_size)
{
	char why[128];

	switch (event) {
	case KUBE_RESPONSE_HEAD:
		h->callbacks.head(h->callbacks.context, &h->response.head);
		return true;
	case KUBE_RESPONSE_BODY:
		if (h->callbacks.body(h->callbacks.context, piece, piece_size))
			return true;
		kube_http_close(h);
		return false;
	case KUBE_RESPONSE_BROKEN:
		(void)snprintf(why, sizeof(why), "the server sent %s", h->response.flaw);
		broke(h, KUBE_END_CUT, why);
		return false;
	case KUBE_RESPONSE_END:
	default:
		return false;
	}
}

/* Reads one contiguous piece of what has come in. False where no more is to be read. */
static bool
read_piece(struct kube_http *h, struct evbuffer *input, const char *bytes, size_t size)
{
	const char *at = bytes, *piece = NULL;
	size_t left = size, piece_size = 0;
	enum kube_response_event event;

	do {
		event = kube_response_read(&h->response, &at, &left, &piece, &piece_size);
		if (event == KUBE_RESPONSE_END) {
			bool keep;

			(void)evbuffer_drain(input, size - left);
			keep = evbuffer_get_length(input) == 0 && !h->response.head.close;
			answered(h, keep);
			return false;
		}
		if (event != KUBE_RESPONSE_MORE && !act(h, event, piece, piece_size))
			return false;
	} while (event != KUBE_RESPONSE_MORE);
	(void)evbuffer_drain(input, size);
	return true;
}

static void
on_readable(struct bufferevent *b, void *context)
{
	struct kube_http *h = context;
	struct evbuffer *input = bufferevent_get_input(b);
	struct evbuffer_iovec v;

	if (h->request == NULL) { /* nothing was asked */
		disconnect(h);
		return;
	}
	while (evbuffer_peek(input, -1, NULL, &v, 1) > 0)
		if (!read_piece(h, input, v.iov_base, v.iov_len))
			return;
}

static void
set_option(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void
on_connected(struct kube_http *h)
{
	int fd = bufferevent_getfd(h->connection);

	h->connected = true;
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keep_idle);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keep_interval);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keep_count);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, unanswered_ms);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/* Why a connection ended, for people. */
static void
explain(struct kube_http *h, short events, char *out, size_t size)
{
	unsigned long code = h->config->tls ? bufferevent_get_openssl_error(h->connection) : 0;
	int socket_error = EVUTIL_SOCKET_ERROR(), dns_error = bufferevent_socket_get_dns_error(h->connection);
	char authority[300];
	SSL *ssl = h->config->tls ? bufferevent_openssl_get_ssl(h->connection) : NULL;

	kube_config_authority(h->config, authority, sizeof(authority));
	/* libevent's note that it was the socket; and an end without a close_notify, which is one like any other. */
	if (ERR_GET_LIB(code) == 0 || (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
		code = 0;
	if (dns_error != 0)
		(void)snprintf(out, size, "%s: %s", h->config->host, evutil_gai_strerror(dns_error));
	else if (ssl != NULL && (code != 0 || (!h->connected && SSL_get_verify_result(ssl) != X509_V_OK)))
		kube_tls_explain(ssl, code, out, size);
	else if ((events & BEV_EVENT_EOF) != 0 || socket_error == 0)
		(void)snprintf(out, size, "%s closed the connection%s", authority, h->connected ? "" : " before it was made");
	else
		(void)snprintf(out, size, "%s: %s", authority, evutil_socket_error_to_string(socket_error));
}

static void
on_event(struct bufferevent *b, short events, void *context)
{
	struct kube_http *h = context;
	char why[512];

	(void)b;
	if ((events & BEV_EVENT_CONNECTED) != 0) {
		on_connected(h);
		return;
	}
	if (h->request == NULL) { /* an idle connection ends */
		disconnect(h);
		return;
	}
	explain(h, events, why, sizeof(why));
	/* It may have ended while the request was on its way: nothing was answered, so a GET may be sent again. */
	if (h->reused && kube_response_is_new(&h->response)) {
		if (!connect_and_send(h, why, sizeof(why)))
			broke(h, KUBE_END_UNREACHABLE, why);
		return;
	}
	broke(h, kube_response_is_new(&h->response) ? KUBE_END_UNREACHABLE : KUBE_END_CUT, why);
}
