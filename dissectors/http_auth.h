/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an HTTP request authenticates, and what an answer asks for (RFC 9110 11 and what services do
 * beside it: API keys, cookies, logins in the query or a form, tokens in a WebSocket subprotocol).
 * Values are looked at for their form only; names of methods are the only thing that is kept.
 */
#ifndef PODWIRE_HTTP_AUTH_H
#define PODWIRE_HTTP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

/* Where a request carried its credential, the less telling first: of several the last one counts. */
enum http_auth_source {
	HTTP_AUTH_NOWHERE,
	HTTP_AUTH_SESSION_COOKIE, /* names a session, of which nobody says that it is logged in */
	HTTP_AUTH_COOKIE,         /* its name or form says that it is a token of somebody logged in */
	HTTP_AUTH_LOGIN,          /* user and password, or a token, in the query or a form */
	HTTP_AUTH_SUBPROTOCOL,
	HTTP_AUTH_API_KEY,
	HTTP_AUTH_AUTHORIZATION,
};

struct http_credentials {
	const char *method;       /* static: for the server; NULL where there is none */
	const char *proxy_method; /* static: for a proxy on the way; NULL where there is none */
	const char *clause;       /* static: where the replayable secret stood; NULL where there is none */
	enum http_auth_source source;
};

struct http_challenge {
	const char *method; /* static: of the first scheme offered; NULL where there is none */
	bool goes_on;       /* answers a step of an exchange that takes several: no refusal */
};

/* Reads one field of a request's header section. May tell a principal or a subject in the evidence. */
void http_auth_field(struct http_credentials *, struct evidence *, struct cursor name, struct cursor value);

/* Reads the query of a request target. */
void http_auth_target(struct http_credentials *, struct cursor target);

/* Reads the beginning of a body of type application/x-www-form-urlencoded. */
void http_auth_form(struct http_credentials *, struct cursor body);

/* Reads a WWW-Authenticate or Proxy-Authenticate field of an answer. */
void http_auth_challenge(struct http_challenge *, struct cursor value);

#endif
