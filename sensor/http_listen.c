/* SPDX-License-Identifier: Apache-2.0 */
/* See http_listen.h. */
#include <config.h>

#include "http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http_request.h"

enum { BACKLOG = 512 };

static bool
listen_fail(const char *listen, char *error, size_t error_size)
{
	(void)snprintf(error, error_size, "%s: this is no address to listen at: 127.0.0.1:19764, [::1]:19764 or :19764 would be", listen);
	return false;
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT", ":PORT". */
static bool
read_listen(const char *text, struct sockaddr_storage *out, char *error, size_t error_size)
{
	struct http_parameter port = { .name = "port", .given = true };
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	uint64_t number;
	size_t size;

	if (colon == NULL || (size = (size_t)(colon - text)) >= sizeof(host) || strlen(colon + 1) >= sizeof(port.value))
		return listen_fail(text, error, error_size);
	(void)snprintf(port.value, sizeof(port.value), "%s", colon + 1);
	if (!http_parameter_number(&port, 0, 65535, 0, &number, error, error_size))
		return listen_fail(text, error, error_size);
	memcpy(host, text, size);
	host[size] = '\0';
	v6.sin6_port = v4.sin_port = htons((uint16_t)number);
	memset(out, 0, sizeof(*out));
	if (size == 0) {
		memcpy(out, &v6, sizeof(v6));
		return true;
	}
	if (host[0] == '[' && host[size - 1] == ']') {
		host[size - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &v6.sin6_addr) == 1) {
			memcpy(out, &v6, sizeof(v6));
			return true;
		}
	} else if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(out, &v4, sizeof(v4));
		return true;
	}
	return listen_fail(text, error, error_size);
}

void
http_listen_address(struct evconnlistener *listener, char text[HTTP_ADDRESS_SIZE])
{
	struct sockaddr_storage a = { 0 };
	socklen_t size = sizeof(a);
	char host[INET6_ADDRSTRLEN] = "";

	(void)getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&a, &size);
	if (a.ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, host, sizeof(host));
		(void)snprintf(text, HTTP_ADDRESS_SIZE, "[%s]:%u", host, ntohs(((struct sockaddr_in6 *)&a)->sin6_port));
	} else {
		(void)inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, host, sizeof(host));
		(void)snprintf(text, HTTP_ADDRESS_SIZE, "%s:%u", host, ntohs(((struct sockaddr_in *)&a)->sin_port));
	}
}

bool
http_listen_is_loopback(struct evconnlistener *listener)
{
	struct sockaddr_storage a = { 0 };
	socklen_t size = sizeof(a);

	(void)getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&a, &size);
	if (a.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&a)->sin6_addr);
	return ntohl(((struct sockaddr_in *)&a)->sin_addr.s_addr) >> 24 == 127;
}

struct evconnlistener *
http_listen(struct event_base *base, const char *address, evconnlistener_cb on_accept, void *context, char *error, size_t error_size)
{
	const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	struct evconnlistener *listener;
	struct sockaddr_storage a;
	struct sockaddr_in any = { .sin_family = AF_INET };

	if (!read_listen(address, &a, error, error_size))
		return NULL;
	listener = evconnlistener_new_bind(base, on_accept, context, flags, BACKLOG, (struct sockaddr *)&a, a.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	/* Every address, on a host without IPv6. */
	if (listener == NULL && errno == EAFNOSUPPORT && *address == ':') {
		any.sin_port = ((struct sockaddr_in6 *)&a)->sin6_port;
		listener = evconnlistener_new_bind(base, on_accept, context, flags, BACKLOG, (struct sockaddr *)&any, sizeof(any));
	}
	if (listener == NULL)
		(void)snprintf(error, error_size, "%s: cannot listen: %m", address);
	return listener;
}
