/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes of HTTP requests and gRPC calls: by status, by what the request carried. */
#include <config.h>

#include "http_exchange.h"

#include <stddef.h>

static void
tell_attempt(struct http_exchange *x, struct evidence *e, const char *method, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	/* A credential that was sent says more than a challenge. */
	if (x->challenged && from == FROM_CLIENT && e->authentication.result == AUTH_ATTEMPTED) {
		e->authentication.result = AUTH_UNKNOWN;
		x->challenged = false;
	}
	evidence_authentication(e, AUTH_ATTEMPTED, method, strength, clause, from, offset);
}

void
http_exchange_credentials(struct http_exchange *x, struct evidence *e, const struct http_credentials *credentials, uint64_t offset)
{
	const char *method = credentials->method != NULL ? credentials->method : credentials->proxy_method;

	if (method == NULL)
		return;
	tell_attempt(x, e, method, STRENGTH_STRUCTURE, "RFC 9110 11.4 credentials", FROM_CLIENT, offset);
	if (credentials->clause != NULL)
		evidence_cleartext_credentials(e, credentials->clause, FROM_CLIENT, offset);
}

static void
tell_outcome(struct evidence *e, enum auth_result result, const char *method, const char *clause, uint64_t offset)
{
	evidence_authentication(e, result, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

/* 401 or 407 (RFC 9110 15.5.2, 15.5.8) to a request with method, or NULL: without a credential. */
static void
tell_challenge(struct http_exchange *x, struct evidence *e, const char *method, const struct http_challenge *challenge, const char *clause, uint64_t offset)
{
	if (method != NULL && challenge->goes_on)
		return;
	if (method != NULL || challenge->method == NULL) {
		tell_outcome(e, AUTH_FAILURE, method, clause, offset);
		return;
	}
	x->challenged |= e->authentication.result < AUTH_ATTEMPTED;
	tell_attempt(x, e, challenge->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

/*
 * A credential that HTTP itself knows is accepted where the request is carried out. A login or a
 * cookie is the application's own: a redirection to a login page is no success, and of a session
 * nobody knows whether it is logged in.
 */
static bool
proves_success(const struct http_request *r, const struct http_head *h, unsigned int status)
{
	if (r->source == HTTP_AUTH_SESSION_COOKIE)
		return r->proxy_method != NULL; /* which is then the method */
	if (r->source == HTTP_AUTH_COOKIE || r->source == HTTP_AUTH_LOGIN)
		return status < 300 || !h->redirects_to_login;
	return true;
}

/* The method that an outcome is of. A session cookie may come with any request, and is no answer to a challenge. */
static const char *
telling_method(const struct http_request *r)
{
	if (r->source > HTTP_AUTH_SESSION_COOKIE && r->method != NULL)
		return r->method;
	return r->proxy_method != NULL ? r->proxy_method : r->method;
}

void
http_exchange_answer(struct http_exchange *x, struct evidence *e, const struct http_request *r, const struct http_head *h, unsigned int status, uint64_t offset)
{
	const char *own = r->source > HTTP_AUTH_SESSION_COOKIE ? r->method : NULL;
	const char *method = telling_method(r);

	/* Nobody but the proxy answers a CONNECT, and some proxies say 401 where they should say 407. */
	if (status == 401)
		tell_challenge(x, e, r->connect && own == NULL ? r->proxy_method : own, &h->challenge, "RFC 9110 15.5.2 401", offset);
	else if (status == 407)
		tell_challenge(x, e, r->proxy_method, &h->proxy_challenge, "RFC 9110 15.5.8 407", offset);
	else if (status == 403)
		tell_outcome(e, AUTH_FAILURE, method, "RFC 9110 15.5.4 403", offset);
	else if (method == NULL)
		tell_outcome(e, AUTH_NONE, NULL, x->answer_clause, offset);
	else if (status < 400 && proves_success(r, h, status))
		tell_outcome(e, AUTH_SUCCESS, method, x->answer_clause, offset);
}

enum rpc_outcome
http_exchange_rpc_outcome(const struct http_head *h)
{
	/* gRPC, "Status codes and their use in gRPC". */
	static const uint8_t outcomes[] = {
		[0] = RPC_SERVED,
		[1] = RPC_UNCLEAR, /* CANCELLED */
		[2] = RPC_ANSWERED,
		[3] = RPC_ANSWERED,
		[4] = RPC_UNCLEAR, /* DEADLINE_EXCEEDED */
		[5] = RPC_ANSWERED,
		[6] = RPC_ANSWERED,
		[7] = RPC_NOT_PERMITTED,
		[8] = RPC_ANSWERED,
		[9] = RPC_ANSWERED,
		[10] = RPC_ANSWERED,
		[11] = RPC_ANSWERED,
		[12] = RPC_UNCLEAR, /* UNIMPLEMENTED: of a method there is not, before anybody is asked who he is */
		[13] = RPC_ANSWERED,
		[14] = RPC_UNCLEAR, /* UNAVAILABLE: of a proxy as well */
		[15] = RPC_ANSWERED,
		[16] = RPC_REFUSED,
	};

	if (h->rpc_refuses)
		return RPC_REFUSED;
	return h->has_rpc_status && h->rpc_status < sizeof(outcomes) ? outcomes[h->rpc_status] : RPC_UNCLEAR;
}

void
http_exchange_rpc(struct evidence *e, const struct http_request *r, enum rpc_outcome outcome, uint64_t offset)
{
	static const char clause[] = "gRPC over HTTP2, Responses, Status";
	const char *method = telling_method(r);

	if (outcome == RPC_REFUSED) {
		tell_outcome(e, AUTH_FAILURE, method, clause, offset);
	} else if (outcome == RPC_NOT_PERMITTED) {
		/* gRPC: not to be said where the caller cannot be identified. */
		if (method != NULL && r->source != HTTP_AUTH_SESSION_COOKIE) {
			tell_outcome(e, AUTH_SUCCESS, method, clause, offset);
			evidence_note(e, NOTE_NOT_PERMITTED);
		} else {
			tell_outcome(e, AUTH_FAILURE, method, clause, offset);
		}
	} else if (method == NULL) {
		if (outcome != RPC_UNCLEAR)
			tell_outcome(e, AUTH_NONE, NULL, clause, offset);
	} else if (outcome == RPC_SERVED && (r->source != HTTP_AUTH_SESSION_COOKIE || r->proxy_method != NULL)) {
		tell_outcome(e, AUTH_SUCCESS, method, clause, offset);
	}
}
