/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTTP server asks and shows of identity: its certificate and key, the certificates of its
 * clients, a bearer token. Files are read again when they change, by symlink swap as well; what
 * cannot be read then leaves what was in force.
 */
#ifndef PODWIRE_HTTP_TLS_H
#define PODWIRE_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct ssl_st;

struct http_identity;

/* Paths may be NULL: no TLS, no demand for client certificates, no token. NULL on an error, with a line in error[]. Returns owned. */
struct http_identity *http_identity_new(const char *certificate, const char *key, const char *client_ca, const char *token_file, char *error, size_t error_size);
void http_identity_free(struct http_identity *);

/* Looks whether files have changed; false, with a line in error[], where they have and cannot be used: told once for each change. */
bool http_identity_refresh(struct http_identity *, char *error, size_t error_size);

/* Whether connections are to be by TLS. */
bool http_identity_has_tls(const struct http_identity *);

/* The TLS end of a new connection. Returns owned; NULL: out of memory. */
struct ssl_st *http_identity_accept(struct http_identity *);

/* Whether an Authorization header (or NULL) shows the token, or none is asked for; in the same time whatever it holds. */
bool http_identity_allows(const struct http_identity *, const char *authorization);

#endif
