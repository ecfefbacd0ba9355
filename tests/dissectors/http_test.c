/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x conversations: framing of messages, pairing of answers, outcomes, upgrades, losses. Each
 * is also given byte by byte, and cut short at every byte.
 */
#include <config.h>

#include "scenario.h"
#include "tokens.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define GET "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
#define BASIC "Authorization: Basic YW5uOmV4YW1wbGU=\r\n"
#define GET_BASIC "GET / HTTP/1.1\r\n" BASIC "\r\n"
#define UNAUTHORIZED "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n"
#define FORBIDDEN "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"


static const struct scenario scenarios[] = {
	{ "served", { CLIENT(GET), SERVER(OK) }, AUTH_NONE, NULL, false },
	{ "not found is an answer too", { CLIENT(GET), SERVER("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n") }, AUTH_NONE, NULL, false },
	{ "unanswered", { CLIENT(GET) }, AUTH_UNKNOWN, NULL, false },
	{ "refused without a credential", { CLIENT(GET), SERVER(FORBIDDEN) }, AUTH_FAILURE, NULL, false },
	{ "401 without a challenge", { CLIENT(GET), SERVER("HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n") }, AUTH_FAILURE, NULL, false },
	{ "challenged", { CLIENT(GET), SERVER(UNAUTHORIZED) }, AUTH_ATTEMPTED, "http-basic", false },
	{ "challenged, then another method", { CLIENT(GET), SERVER(UNAUTHORIZED), CLIENT("GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n") }, AUTH_ATTEMPTED, "http-bearer", true },
	{ "basic", { CLIENT(GET_BASIC), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true },
	{ "basic unanswered", { CLIENT(GET_BASIC) }, AUTH_ATTEMPTED, "http-basic", true },
	{ "basic wrong", { CLIENT(GET_BASIC), SERVER(UNAUTHORIZED) }, AUTH_FAILURE, "http-basic", true },
	{ "basic wrong, then right", { CLIENT(GET_BASIC), SERVER(UNAUTHORIZED), CLIENT(GET_BASIC), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true },
	{ "basic, server in trouble", { CLIENT(GET_BASIC), SERVER("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n") }, AUTH_ATTEMPTED, "http-basic", true },
	{ "folded field", { CLIENT("GET / HTTP/1.1\r\nAuthorization: Basic\r\n\t YW5uOmV4YW1wbGU=\r\nA: b\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true },
	{ "digest", { CLIENT("GET / HTTP/1.1\r\nAuthorization: Digest username=\"ann\"\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-digest", false },
	{ "digest, stale nonce", { CLIENT("GET / HTTP/1.1\r\nAuthorization: Digest username=\"ann\"\r\n\r\n"), SERVER("HTTP/1.1 401 x\r\nWWW-Authenticate: Digest nonce=\"n\", stale=true\r\nContent-Length: 0\r\n\r\n") }, AUTH_ATTEMPTED, "http-digest", false },
	{ "NTLM in steps", { CLIENT("GET / HTTP/1.1\r\nAuthorization: NTLM TlRMTVNTUAABAAAA\r\n\r\n"), SERVER("HTTP/1.1 401 x\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA\r\nContent-Length: 0\r\n\r\n"), CLIENT("GET / HTTP/1.1\r\nAuthorization: NTLM TlRMTVNTUAADAAAA\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "ntlmssp", false },
	{ "NTLM refused", { CLIENT("GET / HTTP/1.1\r\nAuthorization: NTLM TlRMTVNTUAADAAAA\r\n\r\n"), SERVER("HTTP/1.1 401 x\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n") }, AUTH_FAILURE, "ntlmssp", false },
	{ "proxy", { CLIENT("GET http://a/ HTTP/1.1\r\nProxy-Authorization: Basic YW5uOmV4YW1wbGU=\r\n\r\n"), SERVER("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n") }, AUTH_FAILURE, "http-basic", true },
	{ "proxy accepts, with a session", { CLIENT("GET http://a/ HTTP/1.1\r\nCookie: sid=1\r\nProxy-Authorization: Basic YW5uOmV4YW1wbGU=\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true },
	{ "proxy challenges", { CLIENT("GET http://a/ HTTP/1.1\r\n\r\n"), SERVER("HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n") }, AUTH_ATTEMPTED, "http-negotiate", false },
	{ "visitors' cookies", { CLIENT("GET / HTTP/1.1\r\nCookie: _ga=1; __utma=2\r\n\r\n"), SERVER(OK) }, AUTH_NONE, NULL, false },
	{ "a session is not a login", { CLIENT("GET / HTTP/1.1\r\nCookie: PHPSESSID=0\r\n\r\n"), SERVER(OK) }, AUTH_ATTEMPTED, "http-cookie", true },
	{ "session and challenge", { CLIENT("GET / HTTP/1.1\r\nCookie: PHPSESSID=0\r\n\r\n"), SERVER(UNAUTHORIZED) }, AUTH_ATTEMPTED, "http-cookie", true },
	{ "token cookie", { CLIENT("GET / HTTP/1.1\r\nCookie: auth_token=0\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-cookie", true },
	{ "token cookie, sent to log in", { CLIENT("GET / HTTP/1.1\r\nCookie: auth_token=0\r\n\r\n"), SERVER("HTTP/1.1 302 x\r\nLocation: /Login?next=/\r\nContent-Length: 0\r\n\r\n") }, AUTH_ATTEMPTED, "http-cookie", true },
	{ "query", { CLIENT("GET /l?user=ann&password=example HTTP/1.1\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-query", true },
	{ "form", { CLIENT("POST /l HTTP/1.1\r\n" FORM "Content-Length: 25\r\n\r\nuser=ann&password=example"), SERVER("HTTP/1.1 302 x\r\nLocation: /home\r\nContent-Length: 0\r\n\r\n") }, AUTH_SUCCESS, "http-form", true },
	{ "form without a secret", { CLIENT("POST /s HTTP/1.1\r\n" FORM "Content-Length: 7\r\n\r\nq=shoes"), SERVER(OK) }, AUTH_NONE, NULL, false },
	{ "form after its answer", { CLIENT("POST /l HTTP/1.1\r\n" FORM "Content-Length: 25\r\n\r\n"), SERVER("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n"), CLIENT("user=ann&password=example") }, AUTH_FAILURE, NULL, true },
	{ "api key", { CLIENT("GET / HTTP/1.1\r\nX-API-Key: k\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-api-key", true },
	{ "unknown scheme", { CLIENT("GET / HTTP/1.1\r\nAuthorization: Example secret\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-other", false },
	/* Framing: the credential is in the second request, so a wrong step would lose it. */
	{ "pipelined, chunked, LF only", { CLIENT("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n3;x=y\nabc\n0\nT: u\n\n\r\n" GET_BASIC), SERVER("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nA\n0123456789\n0\n\n" UNAUTHORIZED) }, AUTH_NONE, "http-basic", true },
	{ "HEAD has no body", { CLIENT("HEAD / HTTP/1.1\r\n\r\n" GET_BASIC), SERVER("HTTP/1.1 401 OK\r\nContent-Length: 5000\r\n\r\n" OK) }, AUTH_SUCCESS, "http-basic", true },
	{ "204 and 304 have none", { CLIENT("PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" GET GET_BASIC), SERVER("HTTP/1.1 204 x\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n" OK) }, AUTH_SUCCESS, "http-basic", true, .none_before = true },
	{ "until the end", { CLIENT(GET GET_BASIC), SERVER("HTTP/1.0 200 OK\r\n\r\n" OK), SERVER(OK) }, AUTH_NONE, "http-basic", true },
	{ "a list of equal lengths", { CLIENT("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc" GET_BASIC), SERVER(OK OK) }, AUTH_SUCCESS, "http-basic", true, .none_before = true },
	{ "upgrade refused", { CLIENT("GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" GET_BASIC), SERVER(OK), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true, .none_before = true },
	{ "connect refused", { CLIENT("CONNECT a:1 HTTP/1.1\r\n\r\n" GET_BASIC), SERVER("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n"), SERVER(OK) }, AUTH_SUCCESS, "http-basic", true, .none_before = true },
	/* Lengths that contradict each other: nothing after them is believed. */
	{ "unequal lengths", { CLIENT("POST / HTTP/1.1\r\nContent-Length: 3, 4\r\n\r\nabc" GET_BASIC), SERVER(OK OK) }, AUTH_UNKNOWN, NULL, false, .whole_only = true },
	{ "coding that does not delimit", { CLIENT("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc" GET_BASIC), SERVER(OK OK) }, AUTH_UNKNOWN, NULL, false, .whole_only = true },
	{ "answer of unequal lengths", { CLIENT(GET_BASIC), SERVER("HTTP/1.1 500 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), SERVER("abc" OK) }, AUTH_ATTEMPTED, "http-basic", true, .whole_only = true },
	{ "broken chunk", { CLIENT(GET), SERVER("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") }, AUTH_NONE, NULL, false },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&http_dissector, "http", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct flow_view nowhere = { 0 };
	static const struct probe_case list[] = {
		{ GET, 0, FROM_CLIENT, MATCH },
		{ "PROPFIND /dav HTTP/1.1\n", 0, FROM_CLIENT, MATCH },
		{ "M-SEARCH * HTTP/1.1\r\n", 0, FROM_CLIENT, MATCH },
		{ "GET /a b HTTP/1.0\r\n", 0, FROM_CLIENT, MATCH },
		{ "", 0, FROM_CLIENT, NEED_MORE },
		{ "GE", 0, FROM_CLIENT, NEED_MORE },
		{ "GET / HTTP/1.1\r", 0, FROM_CLIENT, NEED_MORE },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "GET /\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "get / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "GET  HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "OPTIONS rtsp://a/b RTSP/1.0\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "REGISTER sip:example.org SIP/2.0\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "OPTIONS icap://a/b ICAP/1.0\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "EHLO mail.example\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "USER ann\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "SSH-2.0-x\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "GET /\x01 HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "GET\x01", 0, FROM_CLIENT, NO_MATCH },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0, FROM_CLIENT, NO_MATCH },
		{ OK, 0, FROM_CLIENT, NO_MATCH },
		{ OK, 0, FROM_SERVER, MATCH },
		{ "HTTP/1.0 404\r\n", 0, FROM_SERVER, MATCH },
		{ "HTTP/1.1 200 ", 0, FROM_SERVER, MATCH },
		{ "HTTP/1.1 2", 0, FROM_SERVER, NEED_MORE },
		{ "HTTP/1.1 2x0 OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "HTTP/1.1 999 OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "HTTP/1.1 2000 OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "HTTP/2 200\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "HTTP/1.x 200 OK!", 0, FROM_SERVER, NO_MATCH },
		{ "RTSP/1.0 200 OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "ICY 200 OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ GET, 0, FROM_SERVER, NO_MATCH },
	};
	char target[400] = "GET /";

	(void)state;
	probes_check(&http_dissector, list, COUNT_OF(list));
	/* A target longer than anybody waits for. */
	memset(target + 5, 'a', 300);
	target[305] = '\0';
	assert_int_equal(probe_bytes(&http_dissector, &nowhere, FROM_CLIENT, target, strlen(target), NULL), MATCH);
	memcpy(target, "XYZ /", 5);
	assert_int_equal(probe_bytes(&http_dissector, &nowhere, FROM_CLIENT, target, strlen(target), NULL), NEED_MORE);
}

static void
converse(struct conversation *c, const struct message *messages, size_t count)
{
	conversation_init(c, &http_dissector);
	for (size_t i = 0; i < count; i++)
		conversation_send(c, messages[i].from, messages[i].bytes, messages[i].size);
}

#define CONVERSE(c, ...) converse(c, (const struct message[]){ __VA_ARGS__ }, sizeof((struct message[]){ __VA_ARGS__ }) / sizeof(struct message))

static void
upgrades_to_websocket(void **state)
{
#define ASK "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(ASK "\r\n"), SERVER(SWITCH), CLIENT("\x81\x05hello"));
	assert_string_equal(c.evidence.protocol, "websocket");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_ptr_equal(c.dissector, &websocket_dissector);
	conversation_clear(&c);

	CONVERSE(&c, CLIENT(ASK "Sec-WebSocket-Protocol: v1, bearer." TOKEN_BOUND "\r\n\r\n"), SERVER(SWITCH));
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_string_equal(c.evidence.authentication.method, "bearer-subprotocol");
	assert_string_equal(c.evidence.authentication.subject, "system:serviceaccount:shop:api");
	assert_true(evidence_has_note(&c.evidence, NOTE_SERVICE_ACCOUNT_TOKEN));
	assert_true(c.evidence.cleartext_credentials);
	conversation_clear(&c);

	/* Without a key nobody asked for a WebSocket, whatever the answer says. */
	CONVERSE(&c, CLIENT("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), SERVER(SWITCH));
	assert_string_equal(c.evidence.protocol, "http");
	conversation_clear(&c);

	/* Only the answer was captured. */
	conversation_init_midstream(&c, &http_dissector);
	conversation_send(&c, FROM_SERVER, SWITCH, sizeof(SWITCH) - 1);
	assert_string_equal(c.evidence.protocol, "websocket");
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
upgrades_to_others(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"), SERVER("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"));
	assert_string_equal(c.evidence.protocol, "http2");
	assert_int_equal(c.verdict, UPGRADE);
	assert_ptr_equal(c.dissector, &http2_dissector);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN); /* the answer is still to come */
	conversation_clear(&c);
	CONVERSE(&c, CLIENT("POST /attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"), SERVER("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n$ "));
	assert_string_equal(c.evidence.protocol, "http");
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
connects(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic YW5uOmV4YW1wbGU=\r\n\r\n\x16\x03\x01"), SERVER("HTTP/1.1 200 ok\r\n\r\n"));
	assert_true(c.upgraded_to_probe);
	assert_string_equal(c.evidence.protocol, "http");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	/* What the client sent ahead is for whoever finds itself in the tunnel. */
	assert_int_equal(c.size[FROM_CLIENT], 3);
	conversation_clear(&c);
}

/* gRPC-Web: the outcome is in a field, or at the beginning of the body, which may be in chunks or in base64. */
static void
carries_rpc(void **state)
{
#define WEB "POST /shop.Stock/Count HTTP/1.1\r\nContent-Type: application/grpc-web\r\nX-API-Key: k\r\nContent-Length: 0\r\n\r\n"
#define WEB_OK "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web"
#define REFUSED "\x80\0\0\0\x10grpc-status:16\r\n"
	static const struct {
		struct message answer;
		enum auth_result result;
	} list[] = {
		{ SERVER(WEB_OK "+proto\r\nContent-Length: 7\r\n\r\n\0\0\0\0\2\x08\1"), AUTH_SUCCESS },
		{ SERVER(WEB_OK "\r\nContent-Length: 21\r\n\r\n" REFUSED), AUTH_FAILURE },
		{ SERVER(WEB_OK "\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" REFUSED "\r\n0\r\n\r\n"), AUTH_FAILURE },
		{ SERVER(WEB_OK "\r\nGrpc-Status: 16\r\nContent-Length: 0\r\n\r\n"), AUTH_FAILURE },
		{ SERVER(WEB_OK "-text\r\nContent-Length: 12\r\n\r\nAAAAAAIIAQ=="), AUTH_SUCCESS },
		{ SERVER(WEB_OK "-text\r\nContent-Length: 4\r\n\r\n!!!!"), AUTH_ATTEMPTED },
		{ SERVER(WEB_OK "\r\nContent-Length: 5\r\n\r\n<html"), AUTH_ATTEMPTED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++)
		for (size_t chunk = 0; chunk < 2; chunk++) {
			const struct message messages[] = { CLIENT(WEB), list[i].answer };
			struct conversation c;

			conversation_init(&c, &http_dissector);
			conversation_run(&c, messages, 2, chunk);
			assert_string_equal(c.evidence.protocol, "grpc-web");
			assert_int_equal(c.evidence.authentication.result, list[i].result);
			conversation_clear(&c);
		}
}

/* The outcome was lost: what comes after it is of another call. */
static void
rpc_outcome_lost(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(WEB), SERVER(WEB_OK "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	conversation_gap(&c, FROM_SERVER, 100);
	SAY(&c, FROM_SERVER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" REFUSED "\r\n0\r\n\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

/* What etcd's members say to each other. */
static void
carries_etcd(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("GET /raft/stream/msgapp/1 HTTP/1.1\r\nX-Etcd-Cluster-ID: cdf8\r\n\r\n"), SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_string_equal(c.evidence.protocol, "etcd");
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
}

/* A request that no HTTP server answers is not served, and the flow is left to others. */
static void
answered_by_others(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(GET), SERVER("SSH-2.0-OpenSSH_9.6\r\n"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_end(&c);
	assert_true(c.evidence.strength < STRENGTH_STRUCTURE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);

	CONVERSE(&c, CLIENT(GET_BASIC), SERVER("SSH-2.0-OpenSSH_9.6\r\n"));
	assert_int_equal(c.verdict, MALFORMED);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
malformed_heads(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("GET / HTTP/1.1\r\nno field\r\n\r\n"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	CONVERSE(&c, CLIENT("GET / HTTP/1.1\r\nb@d: x\r\n\r\n"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	CONVERSE(&c, CLIENT(GET), SERVER("HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 0\r\n\r\n"));
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
	CONVERSE(&c, CLIENT("GET /" "\r\n"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
endless_head(void **state)
{
	char line[1024];
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("GET / HTTP/1.1\r\n"));
	memset(line, 'a', sizeof(line));
	memcpy(line, "X: ", 3);
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 64 && !c.over; i++)
		conversation_send(&c, FROM_CLIENT, line, sizeof(line));
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
endless_chunk_line(void **state)
{
	char line[5000];
	struct conversation c;

	(void)state;
	memset(line, '1', sizeof(line));
	for (size_t i = 0; i < 2; i++) {
		CONVERSE(&c, CLIENT(GET), SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
		if (i == 1)
			conversation_send(&c, FROM_SERVER, "0\r\n", 3);
		conversation_send(&c, FROM_SERVER, line, sizeof(line));
		conversation_send(&c, FROM_SERVER, OK, sizeof(OK) - 1);
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		assert_false(c.over);
		conversation_clear(&c);
	}
	CONVERSE(&c, CLIENT(GET), SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\n"));
	assert_false(c.over);
	conversation_clear(&c);
	/* A chunk longer than its size says. */
	CONVERSE(&c, CLIENT(GET), SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"));
	assert_false(c.over);
	conversation_clear(&c);
}

/* Requests hidden in bytes that cannot be told apart: no later answer is paired with what comes after. */
static void
nothing_after_broken_framing(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\nabc"), CLIENT(GET_BASIC), SERVER(OK OK));
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);

	/* Answers to requests that were sent one after the other, the first of them unreadable. */
	CONVERSE(&c, CLIENT(GET GET_BASIC), SERVER("HTTP/1.1 500 x\r\nContent-Length: x\r\n\r\nabc"), SERVER(FORBIDDEN), CLIENT(GET_BASIC), SERVER(OK));
	assert_int_not_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

/* More requests than are remembered: those beyond have no outcome, and pairing is right again after. */
static void
many_outstanding(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(GET));
	for (int i = 0; i < 15; i++)
		conversation_send(&c, FROM_CLIENT, GET, sizeof(GET) - 1);
	conversation_send(&c, FROM_CLIENT, GET_BASIC, sizeof(GET_BASIC) - 1);
	conversation_send(&c, FROM_CLIENT, GET_BASIC, sizeof(GET_BASIC) - 1);
	for (int i = 0; i < 16; i++)
		conversation_send(&c, FROM_SERVER, FORBIDDEN, sizeof(FORBIDDEN) - 1);
	conversation_send(&c, FROM_SERVER, OK OK, 2 * (sizeof(OK) - 1));
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_send(&c, FROM_CLIENT, GET_BASIC, sizeof(GET_BASIC) - 1);
	conversation_send(&c, FROM_SERVER, OK, sizeof(OK) - 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
begin_midstream(struct conversation *c)
{
	conversation_init(c, &http_dissector);
	c->flow.handshake_seen = false;
}

static void
midstream_at_an_answer(void **state)
{
	struct conversation c;

	(void)state;
	begin_midstream(&c);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);

	/* It may have been an answer to HEAD, to chunked, to the end. */
	begin_midstream(&c);
	SAY(&c, FROM_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTT");
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, "P/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);

	begin_midstream(&c);
	SAY(&c, FROM_SERVER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
midstream_in_a_body(void **state)
{
	struct conversation c;

	(void)state;
	begin_midstream(&c);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, "end of some body, HTTP/1.1 200 OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, "chunk\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	/* Whether this answered the request or one before it cannot be known. */
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
nothing_across_a_gap(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(GET_BASIC));
	conversation_gap(&c, FROM_SERVER, 100);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);

	/* Requests that wait together after a loss: whose answer this is cannot be known. */
	CONVERSE(&c, CLIENT(GET), SERVER(FORBIDDEN));
	conversation_gap(&c, FROM_CLIENT, 10);
	SAY(&c, FROM_CLIENT, "the rest\r\n\r\n" GET_BASIC GET);
	SAY(&c, FROM_SERVER, OK OK);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	assert_true(c.evidence.cleartext_credentials);
	conversation_clear(&c);

	/* A gap inside a body that is passed over loses nothing. */
	CONVERSE(&c, CLIENT(GET_BASIC), SERVER("HTTP/1.1 503 x\r\nContent-Length: 1000\r\n\r\nabc"));
	conversation_gap(&c, FROM_SERVER, 997);
	SAY(&c, FROM_CLIENT, GET_BASIC);
	SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

#define CONNECT "CONNECT db.example:443 HTTP/1.1\r\nHost: db.example:443\r\n\r\n"
#define CONNECTED "HTTP/1.1 200 Connection established\r\n\r\n"
/* A ClientHello with one suite and no extension. */
#define HELLO "\026\003\001\000\055\001\000\000\051\003\003" "0123456789abcdef0123456789abcdef" "\000\000\002\300\057\001\000"
#define SERVER_RECORDS "\026\003\003\000\004\016\000\000\000\024\003\003\000\001\001"

/* The tunnel shows by what is in it where the answer, or the request, was lost. */
static void
finds_tls_after_a_loss(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(CONNECT));
	conversation_gap(&c, FROM_SERVER, sizeof(CONNECTED) - 1);
	conversation_send(&c, FROM_CLIENT, HELLO, sizeof(HELLO) - 1);
	assert_ptr_equal(c.dissector, &tls_dissector);
	assert_string_equal(c.evidence.protocol, "http");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UPGRADED);
	conversation_clear(&c);

	CONVERSE(&c, CLIENT(GET), SERVER("HTTP/1.1 204 x\r\n\r\n"));
	conversation_gap(&c, FROM_CLIENT, sizeof(CONNECT) - 1);
	conversation_send(&c, FROM_SERVER, CONNECTED SERVER_RECORDS, sizeof(CONNECTED SERVER_RECORDS) - 1);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);

	/* Both answer and hello are lost: what follows tells nothing. */
	CONVERSE(&c, CLIENT(CONNECT));
	conversation_gap(&c, FROM_SERVER, sizeof(CONNECTED) - 1);
	SAY(&c, FROM_SERVER, "\x81\x99\x12");
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "http");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);

	/* Without the server's direction nothing tells that it agreed. */
	CONVERSE(&c, CLIENT(CONNECT));
	conversation_send(&c, FROM_CLIENT, HELLO, sizeof(HELLO) - 1);
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "http");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

/* No answer after a loss is paired with a request that waited before it. */
static void
gaps_everywhere(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < sizeof(FORBIDDEN) - 1; cut++) {
		struct conversation c;

		CONVERSE(&c, CLIENT(GET_BASIC GET));
		conversation_send(&c, FROM_SERVER, FORBIDDEN, cut);
		conversation_gap(&c, FROM_SERVER, sizeof(FORBIDDEN) - 1 - cut);
		SAY(&c, FROM_SERVER, OK);
		assert_int_not_equal(c.evidence.authentication.result, AUTH_SUCCESS);
		conversation_clear(&c);
	}
}

static void
principals(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, CLIENT(GET_BASIC), SERVER(OK));
	assert_string_equal(c.evidence.authentication.principal, "");
	conversation_clear(&c);
	conversation_init(&c, &http_dissector);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, GET_BASIC);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(upgrades_to_websocket),
		cmocka_unit_test(upgrades_to_others),
		cmocka_unit_test(connects),
		cmocka_unit_test(carries_rpc),
		cmocka_unit_test(rpc_outcome_lost),
		cmocka_unit_test(carries_etcd),
		cmocka_unit_test(answered_by_others),
		cmocka_unit_test(malformed_heads),
		cmocka_unit_test(endless_head),
		cmocka_unit_test(endless_chunk_line),
		cmocka_unit_test(nothing_after_broken_framing),
		cmocka_unit_test(many_outstanding),
		cmocka_unit_test(midstream_at_an_answer),
		cmocka_unit_test(midstream_in_a_body),
		cmocka_unit_test(nothing_across_a_gap),
		cmocka_unit_test(gaps_everywhere),
		cmocka_unit_test(finds_tls_after_a_loss),
		cmocka_unit_test(principals),
	};

	return cmocka_run_group_tests_name("dissectors/http", tests, NULL, NULL);
}
