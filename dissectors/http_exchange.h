/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request and its answer say together about authentication (RFC 9110 11 and 15.5), the same
 * for HTTP/1.x and HTTP/2, and what a gRPC call's status says (gRPC, "Status codes and their use").
 */
#ifndef PODWIRE_HTTP_EXCHANGE_H
#define PODWIRE_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "http_auth.h"
#include "http_head.h"

/* What is remembered of a request until it is answered. */
struct http_request {
	const char *method;       /* of authentication, or NULL */
	const char *proxy_method;
	const char *by_field, *by_target; /* the application that they tell, or NULL */
	uint8_t source;           /* enum http_auth_source */
	uint8_t upgrade;          /* enum http_upgrade: asked for */
	bool head;
	bool connect;
};

/* What is remembered of a connection. */
struct http_exchange {
	const char *answer_clause; /* static: where an answer's status stands */
	bool challenged;           /* "attempted" rests on a challenge, not on a credential */
};

/* A credential was sent. */
void http_exchange_credentials(struct http_exchange *, struct evidence *, const struct http_credentials *, uint64_t offset);

/* An answer came to the request, with that status. */
void http_exchange_answer(struct http_exchange *, struct evidence *, const struct http_request *, const struct http_head *, unsigned int status, uint64_t offset);

/* How a gRPC call ended. */
enum rpc_outcome {
	RPC_UNCLEAR,       /* not by what it was asked to do */
	RPC_ANSWERED,      /* with an error that is not about who asks */
	RPC_SERVED,
	RPC_REFUSED,       /* who asks is not known */
	RPC_NOT_PERMITTED, /* who asks is known, and may not */
};

/* The outcome that a gRPC status stands for. */
enum rpc_outcome http_exchange_rpc_outcome(const struct http_head *);

/* A gRPC call ended so, or is being served. */
void http_exchange_rpc(struct evidence *, const struct http_request *, enum rpc_outcome, uint64_t offset);

#endif
