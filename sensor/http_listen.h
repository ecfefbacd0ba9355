/* SPDX-License-Identifier: Apache-2.0 */
/* Where the HTTP server listens: from the text of an option to a socket, and back. For http_server.c alone. */
#ifndef PODWIRE_HTTP_LISTEN_H
#define PODWIRE_HTTP_LISTEN_H

#include <event2/listener.h>
#include <stdbool.h>
#include <stddef.h>

enum { HTTP_ADDRESS_SIZE = 64 };

/* Listens at "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT". NULL on an error, with a line in error[]. Returns owned. */
struct evconnlistener *http_listen(struct event_base *, const char *address, evconnlistener_cb on_accept, void *context, char *error, size_t error_size);

/* The same form, of the port that was taken. */
void http_listen_address(struct evconnlistener *, char text[HTTP_ADDRESS_SIZE]);

/* Whether none but this host's own processes reach it. */
bool http_listen_is_loopback(struct evconnlistener *);

#endif
