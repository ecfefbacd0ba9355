/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 conversations, written frame by frame: recognition, header blocks and their table, outcomes
 * of requests and of gRPC calls, etcd, upgrades, losses. Fields are literals without Huffman code
 * unless a test is about how they are written.
 */
#include <config.h>

#include <stdlib.h>

#include "buffer.h"
#include "conversation.h"
#include "dissectors/http2_frame.h"
#include "tokens.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static void
put_frame(struct buffer *w, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t size)
{
	uint8_t head[] = { (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, type, flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };

	put(w, head, sizeof(head));
	put(w, payload, size);
}

/* Fields as "name: value\n" lines: literals without indexing, or, with a '+' before them, with it. */
static size_t
encode(const char *fields, uint8_t *out, size_t room)
{
	size_t size = 0;

	while (*fields != '\0') {
		const char *end = strchr(fields, '\n'), *value;
		size_t name_size, value_size;
		bool index = *fields == '+';

		fields += index;
		value = strstr(fields + 1, ": ");
		assert_true(end != NULL && value != NULL && value < end);
		name_size = (size_t)(value - fields);
		value += 2;
		value_size = (size_t)(end - value);
		assert_true(name_size < 127 && size + name_size + value_size + 6 <= room);
		out[size++] = index ? 0x40 : 0;
		out[size++] = (uint8_t)name_size;
		memcpy(out + size, fields, name_size);
		size += name_size;
		if (value_size < 127) {
			out[size++] = (uint8_t)value_size;
		} else {
			out[size++] = 127;
			out[size++] = (uint8_t)(((value_size - 127) & 0x7f) | 0x80);
			out[size++] = (uint8_t)((value_size - 127) >> 7);
		}
		memcpy(out + size, value, value_size);
		size += value_size;
		fields = end + 1;
	}
	return size;
}

static void
put_headers(struct buffer *w, uint8_t flags, uint32_t stream, const char *fields)
{
	uint8_t block[4096];
	size_t size = encode(fields, block, sizeof(block));

	put_frame(w, HTTP2_HEADERS, flags, stream, block, size);
}

/* One step of a conversation. */
struct step {
	enum direction from;
	uint8_t type, flags;
	uint32_t stream;
	const char *text; /* fields of HEADERS; else the payload */
	size_t size;
};

#define ASK(stream, fields) { FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream, fields, 0 }
#define ASK_MORE(stream, fields) { FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS, stream, fields, 0 }
#define ANSWER(stream, fields) { FROM_SERVER, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream, fields, 0 }
#define ANSWER_MORE(stream, fields) { FROM_SERVER, HTTP2_HEADERS, HTTP2_END_HEADERS, stream, fields, 0 }
#define UP(stream, text) { FROM_CLIENT, HTTP2_DATA, HTTP2_END_STREAM, stream, text, sizeof(text) - 1 }
#define DOWN(stream, text) { FROM_SERVER, HTTP2_DATA, 0, stream, text, sizeof(text) - 1 }
#define FRAME(from, type, flags, stream, text) { from, type, flags, stream, text, sizeof(text) - 1 }

#define GET ":method: GET\n:scheme: http\n:path: /\n:authority: shop\n"
#define POST ":method: POST\n:scheme: http\n:path: /login\n"
#define BASIC "authorization: Basic YW5uOmV4YW1wbGU=\n"
#define CALL ":method: POST\n:scheme: http\n:path: /shop.Stock/Count\ncontent-type: application/grpc\nte: trailers\n"
#define CALL_ETCD(service) ":method: POST\n:scheme: http\n:path: /" service "\ncontent-type: application/grpc\n"
#define CALL_WEB ":method: POST\n:path: /shop.Stock/Count\ncontent-type: application/grpc-web+proto\n"
#define OK ":status: 200\n"
#define RPC_OK OK "content-type: application/grpc\n"
#define STATUS(n) "grpc-status: " #n "\n"
#define MESSAGE "\0\0\0\0\2\x08\1"

struct scenario {
	const char *name;
	const char *protocol;
	enum auth_result result;
	const char *method; /* NULL: none */
	bool clear;
	bool not_permitted;
	struct step steps[8];
};

static const struct scenario scenarios[] = {
	{ "served", "http2", AUTH_NONE, NULL, false, false, { ASK(1, GET), ANSWER(1, OK) } },
	{ "not found is an answer too", "http2", AUTH_NONE, NULL, false, false, { ASK(1, GET), ANSWER(1, ":status: 404\n") } },
	{ "unanswered", "http2", AUTH_UNKNOWN, NULL, false, false, { ASK(1, GET) } },
	{ "the answer is still to come", "http2", AUTH_UNKNOWN, NULL, false, false, { ASK(1, GET), ANSWER_MORE(1, ":status: 103\n") } },
	{ "basic", "http2", AUTH_SUCCESS, "http-basic", true, false, { ASK(1, GET BASIC), ANSWER_MORE(1, OK), DOWN(1, "hello") } },
	{ "basic wrong", "http2", AUTH_FAILURE, "http-basic", true, false, { ASK(1, GET BASIC), ANSWER(1, ":status: 401\nwww-authenticate: Basic\n") } },
	{ "basic unanswered", "http2", AUTH_ATTEMPTED, "http-basic", true, false, { ASK(1, GET BASIC) } },
	{ "challenged", "http2", AUTH_ATTEMPTED, "http-basic", false, false, { ASK(1, GET), ANSWER(1, ":status: 401\nwww-authenticate: Basic realm=x\n") } },
	{ "challenged, then another method", "http2", AUTH_ATTEMPTED, "http-bearer", true, false, { ASK(1, GET), ANSWER(1, ":status: 401\nwww-authenticate: Basic realm=x\n"), ASK(3, GET "authorization: Bearer x\n") } },
	{ "interleaved", "http2", AUTH_SUCCESS, "http-bearer", true, false, { ASK(1, GET "x-api-key: k\n"), ASK(3, GET "authorization: Bearer t\n"), ANSWER(3, OK), ANSWER(1, ":status: 401\n") } },
	{ "reset", "http2", AUTH_UNKNOWN, NULL, false, false, { ASK(1, GET), FRAME(FROM_CLIENT, HTTP2_RST_STREAM, 0, 1, "\0\0\0\x08"), ANSWER(1, OK) } },
	{ "answer to nothing", "http2", AUTH_UNKNOWN, NULL, false, false, { ANSWER(7, OK) } },
	{ "pushed", "http2", AUTH_NONE, NULL, false, false, { ASK(1, GET), FRAME(FROM_SERVER, HTTP2_PUSH_PROMISE, HTTP2_END_HEADERS, 1, "\0\0\0\2\x82\x84"), ANSWER(2, ":status: 401\n"), ANSWER(1, OK) } },
	{ "connect", "http2", AUTH_SUCCESS, "http-basic", true, false, { ASK_MORE(1, ":method: CONNECT\n:authority: a:1\nproxy-authorization: Basic YW5uOmV4YW1wbGU=\n"), ANSWER_MORE(1, OK) } },
	{ "cookies in several fields", "http2", AUTH_SUCCESS, "http-cookie", true, false, { ASK(1, GET "cookie: a=b\ncookie: auth_token=0\n"), ANSWER(1, OK) } },
	{ "query", "http2", AUTH_SUCCESS, "http-query", true, false, { ASK(1, ":method: GET\n:path: /?access_token=x\n"), ANSWER(1, OK) } },
	{ "form", "http2", AUTH_SUCCESS, "http-form", true, false, { ASK_MORE(1, POST "content-type: application/x-www-form-urlencoded\n"), UP(1, "user=ann&password=example"), ANSWER(1, ":status: 302\nlocation: /home\n") } },
	{ "forbidden", "http2", AUTH_FAILURE, "http-bearer", true, false, { ASK(1, GET "authorization: Bearer x\n"), ANSWER(1, ":status: 403\n") } },
	{ "ping, priority, window, goaway", "http2", AUTH_NONE, NULL, false, false, { FRAME(FROM_CLIENT, HTTP2_PING, 0, 0, "12345678"), FRAME(FROM_CLIENT, HTTP2_PRIORITY, 0, 3, "\0\0\0\0\1"), FRAME(FROM_CLIENT, HTTP2_WINDOW_UPDATE, 0, 0, "\0\0\1\0"), FRAME(FROM_SERVER, 0xfa, 0xff, 0, "extension"), ASK(1, GET), ANSWER(1, OK), FRAME(FROM_SERVER, HTTP2_GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0") } },

	{ "call served", "grpc", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL), UP(1, MESSAGE), ANSWER_MORE(1, RPC_OK), DOWN(1, MESSAGE), ANSWER(1, STATUS(0)) } },
	{ "call answered, not yet served", "grpc", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL), UP(1, MESSAGE), ANSWER_MORE(1, RPC_OK) } },
	{ "call served as long as it lasts", "grpc", AUTH_SUCCESS, "http-bearer", true, false, { ASK_MORE(1, CALL "authorization: Bearer x\n"), ANSWER_MORE(1, RPC_OK), DOWN(1, MESSAGE) } },
	{ "padding is no data", "grpc", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL), ANSWER_MORE(1, RPC_OK), FRAME(FROM_SERVER, HTTP2_DATA, HTTP2_PADDED, 1, "\3\0\0\0") } },
	{ "padded data are", "grpc", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL), ANSWER_MORE(1, RPC_OK), FRAME(FROM_SERVER, HTTP2_DATA, HTTP2_PADDED, 1, "\2\0\0\0\0\0\0\0") } },
	{ "call refused", "grpc", AUTH_FAILURE, "http-bearer", true, false, { ASK_MORE(1, CALL "authorization: Bearer x\n"), UP(1, MESSAGE), ANSWER(1, RPC_OK STATUS(16)) } },
	{ "call refused in trailers", "grpc", AUTH_FAILURE, "http-bearer", true, false, { ASK_MORE(1, CALL "authorization: Bearer x\n"), UP(1, MESSAGE), ANSWER_MORE(1, RPC_OK), ANSWER(1, STATUS(16)) } },
	{ "call refused without a credential", "grpc", AUTH_FAILURE, NULL, false, false, { ASK_MORE(1, CALL), ANSWER(1, RPC_OK STATUS(16)) } },
	{ "call not permitted", "grpc", AUTH_SUCCESS, "http-api-key", true, true, { ASK_MORE(1, CALL "x-api-key: k\n"), ANSWER(1, RPC_OK STATUS(7)) } },
	{ "call not permitted to strangers", "grpc", AUTH_FAILURE, NULL, false, false, { ASK_MORE(1, CALL), ANSWER(1, RPC_OK STATUS(7)) } },
	{ "call not found", "grpc", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL), ANSWER(1, RPC_OK STATUS(5)) } },
	{ "call not found, with a credential", "grpc", AUTH_ATTEMPTED, "http-api-key", true, false, { ASK_MORE(1, CALL "token: t\n"), ANSWER(1, RPC_OK STATUS(5)) } },
	{ "call cancelled", "grpc", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL), ANSWER(1, RPC_OK STATUS(1)) } },
	{ "a status nobody knows", "grpc", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL), ANSWER(1, RPC_OK STATUS(99)) } },
	{ "a proxy refuses the call", "grpc", AUTH_FAILURE, "http-bearer", true, false, { ASK_MORE(1, CALL "authorization: Bearer x\n"), ANSWER(1, ":status: 401\n") } },
	{ "a proxy in trouble", "grpc", AUTH_ATTEMPTED, "http-bearer", true, false, { ASK_MORE(1, CALL "authorization: Bearer x\n"), ANSWER(1, ":status: 503\ncontent-type: text/plain\n") } },
	{ "a session is no login", "grpc", AUTH_ATTEMPTED, "http-cookie", true, false, { ASK_MORE(1, CALL "cookie: sid=1\n"), ANSWER(1, RPC_OK STATUS(0)) } },
	{ "an odd path", "grpc", AUTH_NONE, NULL, false, false, { ASK_MORE(1, ":method: POST\n:path: /a b/c\ncontent-type: application/grpc+proto\n"), ANSWER(1, RPC_OK STATUS(0)) } },

	{ "web call", "grpc-web", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL_WEB), UP(1, MESSAGE), ANSWER_MORE(1, OK "content-type: application/grpc-web+proto\n"), DOWN(1, MESSAGE) } },
	{ "call of a method there is not", "grpc", AUTH_UNKNOWN, NULL, false, false, { ASK(1, CALL), ANSWER(1, RPC_OK STATUS(12)) } },
	{ "web call refused", "grpc-web", AUTH_FAILURE, "http-bearer", true, false, { ASK_MORE(1, CALL_WEB "authorization: Bearer x\n"), ANSWER_MORE(1, OK "content-type: application/grpc-web\n"), DOWN(1, "\x80\0\0\0\x10grpc-status:16\r\n") } },
	{ "web call refused at once", "grpc-web", AUTH_FAILURE, "http-bearer", true, false, { ASK_MORE(1, CALL_WEB "authorization: Bearer x\n"), ANSWER(1, OK "content-type: application/grpc-web\n" STATUS(16)) } },

	{ "etcd", "etcd", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.KV/Range")), UP(1, MESSAGE), ANSWER_MORE(1, RPC_OK), DOWN(1, MESSAGE), ANSWER(1, STATUS(0)) } },
	{ "etcd token", "etcd", AUTH_SUCCESS, "etcd-token", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.KV/Put") "token: abcdef.7\n"), ANSWER_MORE(1, RPC_OK), DOWN(1, MESSAGE), ANSWER(1, STATUS(0)) } },
	{ "etcd token in authorization", "etcd", AUTH_FAILURE, "etcd-token", true, false, { ASK_MORE(1, CALL_ETCD("v3lockpb.Lock/Lock") "authorization: abcdef.7\n"), ANSWER(1, RPC_OK STATUS(16) "grpc-message: etcdserver: invalid auth token\n") } },
	{ "etcd not permitted", "etcd", AUTH_SUCCESS, "etcd-token", true, true, { ASK_MORE(1, CALL_ETCD("v3electionpb.Election/Leader") "token: abcdef.7\n"), ANSWER(1, RPC_OK STATUS(7) "grpc-message: etcdserver: permission denied\n") } },
	{ "etcd wants a user", "etcd", AUTH_FAILURE, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.KV/Range")), ANSWER(1, RPC_OK STATUS(3) "grpc-message: etcdserver: user name is empty\n") } },
	{ "etcd login", "etcd", AUTH_SUCCESS, "etcd-password", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\0\0\0\0\x0b\x0a\3ann\x12\4pass"), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\5\x12\3t.1"), ANSWER(1, STATUS(0)) } },
	{ "etcd login wrong", "etcd", AUTH_FAILURE, "etcd-password", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\0\0\0\0\x0b\x0a\3ann\x12\4pass"), ANSWER(1, RPC_OK STATUS(3) "grpc-message: etcdserver: authentication failed, invalid user ID or password\n") } },
	{ "etcd login that is not needed", "etcd", AUTH_ATTEMPTED, "etcd-password", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\0\0\0\0\x0b\x0a\3ann\x12\4pass"), ANSWER(1, RPC_OK STATUS(9) "grpc-message: etcdserver: authentication is not enabled\n") } },
	{ "etcd login without a password", "etcd", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\0\0\0\0\5\x0a\3ann") } },
	{ "etcd login, compressed", "etcd", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\1\0\0\0\x0b\x0a\3ann\x12\4pass") } },
	{ "etcd watch", "etcd", AUTH_NONE, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Watch/Watch")), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\4\x10\0\x18\1") } },
	{ "etcd watch refused", "etcd", AUTH_FAILURE, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Watch/Watch")), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\x23\x18\1\x20\1\x32\x1d" "etcdserver: permission denied") } },
	{ "etcd watch refused, with a token", "etcd", AUTH_ATTEMPTED, "etcd-token", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Watch/Watch") "token: abc.1\n"), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\x23\x18\1\x20\1\x32\x1d" "etcdserver: permission denied") } },
	{ "etcd watch, token unknown", "etcd", AUTH_FAILURE, "etcd-token", true, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Watch/Watch") "token: abc.1\n"), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\x24\x18\1\x20\1\x32\x1e" "etcdserver: invalid auth token") } },
	{ "etcd watch cancelled", "etcd", AUTH_UNKNOWN, NULL, false, false, { ASK_MORE(1, CALL_ETCD("etcdserverpb.Watch/Watch")), ANSWER_MORE(1, RPC_OK), DOWN(1, "\0\0\0\0\2\x20\1") } },
};

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

/* Messages on the heap: the preface and both SETTINGS, then one message for each step. */
struct script {
	struct message messages[12];
	size_t count;
};

static void
script_add(struct script *script, enum direction from, const struct buffer *w)
{
	uint8_t *bytes = malloc(w->size + 1);

	memcpy(bytes, w->bytes, w->size);
	script->messages[script->count++] = (struct message){ from, bytes, w->size };
}

static void
script_begin(struct script *script)
{
	static struct buffer w;

	script->count = 0;
	w.size = 0;
	put(&w, PREFACE, sizeof(PREFACE) - 1);
	put_frame(&w, HTTP2_SETTINGS, 0, 0, "\0\1\0\0\x10\0\0\3\0\0\0\x64", 12);
	script_add(script, FROM_CLIENT, &w);
	w.size = 0;
	put_frame(&w, HTTP2_SETTINGS, 0, 0, "\0\3\0\0\0\x64", 6);
	put_frame(&w, HTTP2_SETTINGS, HTTP2_ACK, 0, "", 0);
	script_add(script, FROM_SERVER, &w);
}

static void
script_steps(struct script *script, const struct step *steps, size_t count)
{
	static struct buffer w;

	for (size_t i = 0; i < count && steps[i].text != NULL; i++) {
		const struct step *step = &steps[i];

		w.size = 0;
		if (step->type == HTTP2_HEADERS && step->size == 0)
			put_headers(&w, step->flags, step->stream, step->text);
		else
			put_frame(&w, step->type, step->flags, step->stream, step->text, step->size);
		script_add(script, step->from, &w);
	}
}

static void
script_clear(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		free((void *)(uintptr_t)script->messages[i].bytes);
	script->count = 0;
}

static struct script
script_of(const struct scenario *s)
{
	struct script script;

	script_begin(&script);
	script_steps(&script, s->steps, sizeof(s->steps) / sizeof(s->steps[0]));
	return script;
}

static void
check_outcome(const struct conversation *c, const struct scenario *s, size_t chunk)
{
	const struct authentication *a = &c->evidence.authentication;

	if (a->result != s->result || c->evidence.cleartext_credentials != s->clear || (a->method == NULL) != (s->method == NULL) || (s->method != NULL && strcmp(a->method, s->method) != 0))
		fail_msg("%s, in pieces of %zu: %s %s %d", s->name, chunk, auth_result_names[a->result], a->method ? a->method : "-", c->evidence.cleartext_credentials);
	if (strcmp(c->evidence.protocol, s->protocol) != 0)
		fail_msg("%s: %s", s->name, c->evidence.protocol);
	assert_int_equal(evidence_has_note(&c->evidence, NOTE_NOT_PERMITTED), s->not_permitted);
	assert_int_equal(c->evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_true(c->evidence.strength >= STRENGTH_STRUCTURE);
}

static void
outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct script script = script_of(&scenarios[i]);

		for (size_t chunk = 0; chunk < 12; chunk += 1 + chunk * 2) {
			struct conversation c;

			conversation_init(&c, &http2_dissector);
			conversation_run(&c, script.messages, script.count, chunk);
			check_outcome(&c, &scenarios[i], chunk);
			conversation_clear(&c);
		}
		script_clear(&script);
	}
}

static const struct scenario *whole;

/* A beginning never tells more than the whole. */
static void
check_prefix(const struct conversation *c, size_t given)
{
	(void)given;
	if (whole->result != AUTH_SUCCESS)
		assert_int_not_equal(c->evidence.authentication.result, AUTH_SUCCESS);
	assert_true(whole->clear || !c->evidence.cleartext_credentials);
	assert_true(c->bound.in_use <= c->bound.limit);
}

static void
prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct script script = script_of(&scenarios[i]);

		whole = &scenarios[i];
		conversation_each_prefix(&http2_dissector, script.messages, script.count, check_prefix);
		script_clear(&script);
	}
}

/*
 * Joined at the first request: where no field refers to what was before, all is told that the whole
 * tells. What was lost before says nothing.
 */
static void
joined_in_the_middle(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct script script = script_of(&scenarios[i]);
		struct conversation c;

		if (strstr(scenarios[i].name, "pushed") != NULL || scenarios[i].steps[0].type != HTTP2_HEADERS || scenarios[i].steps[0].from != FROM_CLIENT) {
			script_clear(&script);
			continue;
		}
		conversation_init(&c, &http2_dissector);
		c.flow.handshake_seen = false;
		for (size_t j = 2; j < script.count; j++) {
			/* In each segment something that shows where frames begin. */
			static struct buffer w;

			w.size = 0;
			put_frame(&w, HTTP2_WINDOW_UPDATE, 0, 0, "\0\0\1\0", 4);
			put_frame(&w, HTTP2_PING, 0, 0, "12345678", 8);
			put(&w, script.messages[j].bytes, script.messages[j].size);
			conversation_send(&c, script.messages[j].from, w.bytes, w.size);
		}
		conversation_end(&c);
		check_outcome(&c, &scenarios[i], 0);
		conversation_clear(&c);
		script_clear(&script);
	}
}

static void
converse(struct conversation *c, const struct step *steps, size_t count)
{
	struct script script;

	script_begin(&script);
	script_steps(&script, steps, count);
	conversation_init(c, &http2_dissector);
	c->evidence.want_principals = true;
	for (size_t i = 0; i < script.count; i++)
		conversation_send(c, script.messages[i].from, script.messages[i].bytes, script.messages[i].size);
	script_clear(&script);
}

#define CONVERSE(c, ...) converse(c, (const struct step[]){ __VA_ARGS__ }, sizeof((struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

static void
send_frame(struct conversation *c, enum direction from, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t size)
{
	static struct buffer w;

	w.size = 0;
	put_frame(&w, type, flags, stream, payload, size);
	conversation_send(c, from, w.bytes, w.size);
}

static void
send_headers(struct conversation *c, enum direction from, uint32_t stream, const char *fields)
{
	static struct buffer w;

	w.size = 0;
	put_headers(&w, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream, fields);
	conversation_send(c, from, w.bytes, w.size);
}

static void
assert_outcome(const struct conversation *c, enum auth_result result, const char *method)
{
	assert_string_equal(auth_result_names[c->evidence.authentication.result], auth_result_names[result]);
	if (method == NULL)
		assert_null(c->evidence.authentication.method);
	else
		assert_string_equal(c->evidence.authentication.method, method);
}

/* What the evidence says besides. */
static void
details(void **state)
{
	struct conversation c;

	(void)state;
	CONVERSE(&c, ASK(1, CALL), ASK(3, ":method: POST\n:path: /other.Service/Call\ncontent-type: application/grpc\n"));
	assert_string_equal(c.evidence.rpc_service, "shop.Stock");
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, ":method: POST\n:path: /shop.Stock/Count\ncontent-type: text/plain\n"));
	assert_string_equal(c.evidence.rpc_service, "");
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, ":method: POST\n:path: /token=secret/Count\ncontent-type: application/grpc\n"));
	assert_string_equal(c.evidence.rpc_service, "");
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, GET BASIC));
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
	CONVERSE(&c, ASK_MORE(1, CALL_ETCD("etcdserverpb.Auth/Authenticate")), UP(1, "\0\0\0\0\x0b\x0a\3ann\x12\4pass"));
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, GET "authorization: Bearer " TOKEN_BOUND "\n"), ANSWER(1, OK));
	assert_outcome(&c, AUTH_SUCCESS, "http-bearer-jwt");
	assert_true(evidence_has_note(&c.evidence, NOTE_SERVICE_ACCOUNT_TOKEN));
	assert_string_equal(c.evidence.authentication.subject, "system:serviceaccount:shop:api");
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, GET), ASK_MORE(3, CALL), ANSWER(1, OK), ANSWER(3, RPC_OK STATUS(0)));
	assert_string_equal(c.evidence.protocol, "grpc");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	conversation_clear(&c);
}

/* Fields that refer to others before them (RFC 7541 2.3.2). */
static void
table(void **state)
{
	/* :method GET, :path /, and the newest entry of the table. */
	static const char again[] = "\x82\x84\xbe";
	struct conversation c;

	(void)state;
	CONVERSE(&c, ASK(1, GET "+authorization: Bearer x\n"), ANSWER(1, ":status: 500\n"));
	assert_outcome(&c, AUTH_ATTEMPTED, "http-bearer");
	send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 3, again, 3);
	send_headers(&c, FROM_SERVER, 3, OK);
	assert_outcome(&c, AUTH_SUCCESS, "http-bearer");
	conversation_clear(&c);

	/* With padding and priority, in three frames. */
	CONVERSE(&c, FRAME(FROM_CLIENT, HTTP2_HEADERS, HTTP2_PADDED | HTTP2_HAS_PRIORITY, 1, "\2\0\0\0\0\1\x82\0\0"), FRAME(FROM_CLIENT, HTTP2_CONTINUATION, 0, 1, "\x84\x40\x09x-api"), FRAME(FROM_CLIENT, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 1, "-key\1k"), ANSWER(1, OK));
	assert_outcome(&c, AUTH_SUCCESS, "http-api-key");
	conversation_clear(&c);

	/* An entry that was never made. */
	CONVERSE(&c, FRAME(FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, "\x82\x84\xbe"), ANSWER(1, OK));
	assert_outcome(&c, AUTH_UNKNOWN, NULL);
	send_headers(&c, FROM_CLIENT, 3, GET BASIC);
	send_headers(&c, FROM_SERVER, 3, OK);
	assert_outcome(&c, AUTH_SUCCESS, "http-basic");
	conversation_clear(&c);
}

/* After a loss an entry of before is not known; those made since are. */
static void
losses(void **state)
{
	struct conversation c;
	static struct buffer w;

	(void)state;
	CONVERSE(&c, ASK(1, GET "+authorization: Bearer x\n"), ANSWER(1, ":status: 500\n"));
	conversation_gap(&c, FROM_CLIENT, 100);
	conversation_send(&c, FROM_CLIENT, "the rest of a body that is no frame", 35);
	w.size = 0;
	put_frame(&w, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 5, "\x82\x84\xbe", 3);
	conversation_send(&c, FROM_CLIENT, w.bytes, w.size);
	send_headers(&c, FROM_SERVER, 5, OK);
	assert_outcome(&c, AUTH_ATTEMPTED, "http-bearer"); /* whether it had a credential is not known: no "none" */
	/* A literal with the name of an entry that is gone makes an entry all the same, and a new one can be told. */
	send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 7, "\x82\x84\x7e\1v\x0f\x2f\1v", 8);
	w.size = 0;
	put_headers(&w, HTTP2_END_HEADERS | HTTP2_END_STREAM, 9, ":method: GET\n+x-api-key: k\n");
	conversation_send(&c, FROM_CLIENT, w.bytes, w.size);
	send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 11, "\x82\x84\xbe", 3);
	send_headers(&c, FROM_SERVER, 7, OK);
	assert_outcome(&c, AUTH_ATTEMPTED, "http-bearer");
	send_headers(&c, FROM_SERVER, 11, OK);
	assert_outcome(&c, AUTH_SUCCESS, "http-api-key");
	conversation_clear(&c);

	/* A whole request after a loss is a whole request. */
	CONVERSE(&c, ASK(1, GET));
	conversation_gap(&c, FROM_SERVER, 100);
	conversation_gap(&c, FROM_CLIENT, 100);
	w.size = 0;
	put_frame(&w, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 3, "\x82\x84", 2);
	conversation_send(&c, FROM_CLIENT, w.bytes, w.size);
	w.size = 0;
	put_frame(&w, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 3, "\x88", 1);
	conversation_send(&c, FROM_SERVER, w.bytes, w.size);
	assert_outcome(&c, AUTH_NONE, NULL);
	conversation_clear(&c);

	/* An answer of which a part cannot be read may be a gRPC call's. */
	CONVERSE(&c, ASK(1, GET BASIC));
	conversation_gap(&c, FROM_SERVER, 100);
	send_frame(&c, FROM_SERVER, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, "\x88\xbe", 2);
	assert_outcome(&c, AUTH_ATTEMPTED, "http-basic");
	conversation_clear(&c);

	/* The loss is the beginning, and then nothing is found. */
	conversation_init(&c, &http2_dissector);
	conversation_gap(&c, FROM_CLIENT, 10);
	conversation_send(&c, FROM_CLIENT, "\0\0\4\x08", 4);
	memset(w.bytes, 'x', 5000);
	conversation_send(&c, FROM_CLIENT, w.bytes, 5000);
	assert_int_equal(c.size[FROM_CLIENT], 0);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

/* What breaks the specification ends it, with what was seen. */
static void
violations(void **state)
{
	static const struct step steps[] = {
		FRAME(FROM_CLIENT, HTTP2_DATA, 0, 0, "x"),
		FRAME(FROM_CLIENT, HTTP2_PING, 0, 0, "1234567"),
		FRAME(FROM_CLIENT, HTTP2_SETTINGS, 0, 0, "\0\2\0\0\0\2"),
		FRAME(FROM_CLIENT, HTTP2_SETTINGS, HTTP2_ACK, 0, "\0\2\0\0\0\1"),
		FRAME(FROM_CLIENT, HTTP2_SETTINGS, 0, 0, "\0\0\0\0\0\2"),
		FRAME(FROM_CLIENT, HTTP2_CONTINUATION, 0, 1, "x"),
		FRAME(FROM_CLIENT, HTTP2_HEADERS, HTTP2_PADDED | HTTP2_END_HEADERS, 3, "\x09\x82"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct conversation c;

		converse(&c, (struct step[]){ ASK(1, GET), ANSWER(1, OK), steps[i] }, 3);
		assert_int_equal(c.verdict, MALFORMED);
		assert_outcome(&c, AUTH_NONE, NULL);
		conversation_clear(&c);
	}
	/* A frame within a header block. */
	struct conversation c;

	CONVERSE(&c, FRAME(FROM_CLIENT, HTTP2_HEADERS, 0, 1, "\x82"), ASK(3, GET));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

/* Bounds: of streams, of a table, of what is decoded, of memory. */
static void
bounds(void **state)
{
	struct conversation c;
	static struct buffer w;
	char fields[4096] = ":method: GET\n+cookie: ";

	(void)state;
	CONVERSE(&c, ASK(1, GET));
	for (uint32_t id = 3; id < 203; id += 2)
		send_headers(&c, FROM_CLIENT, id, GET BASIC);
	send_headers(&c, FROM_SERVER, 201, OK);
	assert_outcome(&c, AUTH_ATTEMPTED, "http-basic");
	send_headers(&c, FROM_SERVER, 3, OK);
	assert_outcome(&c, AUTH_SUCCESS, "http-basic");
	conversation_clear(&c);

	/* One byte for a field of the table's size, again and again. */
	CONVERSE(&c, ASK(1, GET));
	memset(fields + strlen(fields), 'c', 3000);
	fields[strlen(fields)] = '\n';
	send_headers(&c, FROM_CLIENT, 3, fields);
	w.size = 0;
	memset(w.bytes, 0xbe, 16000);
	for (uint32_t id = 5; id < 11; id += 2) {
		uint8_t block[8000];

		memset(block, 0xbe, sizeof(block));
		send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS, id, block, sizeof(block));
	}
	assert_true(c.over);
	assert_true(evidence_has_note(&c.evidence, NOTE_BUDGET));
	conversation_clear(&c);

	/* A frame longer than anybody waits for. */
	CONVERSE(&c, ASK(1, GET));
	memset(w.bytes, 0, sizeof(w.bytes));
	send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS, 3, w.bytes + 100, 60000);
	send_frame(&c, FROM_CLIENT, HTTP2_HEADERS, HTTP2_END_HEADERS, 5, "\x82\x84", 2);
	assert_false(c.over);
	send_headers(&c, FROM_SERVER, 5, OK);
	assert_outcome(&c, AUTH_NONE, NULL);
	conversation_clear(&c);

	/* No memory at all, then too little for the table. */
	conversation_init(&c, &http2_dissector);
	c.bound.limit = 0;
	conversation_send(&c, FROM_CLIENT, PREFACE, sizeof(PREFACE) - 1);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	CONVERSE(&c, ASK(1, GET));
	c.bound.limit = c.bound.in_use;
	send_headers(&c, FROM_CLIENT, 3, GET "+x-api-key: k\n");
	send_headers(&c, FROM_SERVER, 3, OK);
	assert_outcome(&c, AUTH_UNKNOWN, NULL);
	conversation_clear(&c);
}

/* RFC 7540 3.2: the request that asked for the upgrade is answered in stream 1. */
static void
upgraded(void **state)
{
#define UPGRADE_TO "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
	static const char switching[] = "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
	static const struct {
		const char *request, *answer;
		enum auth_result result;
		const char *method;
	} list[] = {
		{ "GET / HTTP/1.1\r\n" UPGRADE_TO "\r\n", OK, AUTH_NONE, NULL },
		{ "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n" UPGRADE_TO "\r\n", OK, AUTH_SUCCESS, "http-bearer" },
		{ "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n" UPGRADE_TO "\r\n", ":status: 401\n", AUTH_FAILURE, "http-bearer" },
		{ "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n" UPGRADE_TO "\r\n", ":status: 500\n", AUTH_ATTEMPTED, "http-bearer" },
		{ "GET / HTTP/1.1\r\nCookie: sid=1\r\n" UPGRADE_TO "\r\n", OK, AUTH_ATTEMPTED, "http-cookie" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct conversation c;

		conversation_init(&c, &http_dissector);
		conversation_send(&c, FROM_CLIENT, list[i].request, strlen(list[i].request));
		conversation_send(&c, FROM_SERVER, switching, sizeof(switching) - 1);
		assert_ptr_equal(c.dissector, &http2_dissector);
		assert_true(c.evidence.authentication.result <= AUTH_ATTEMPTED);
		send_frame(&c, FROM_SERVER, HTTP2_SETTINGS, 0, 0, "\0\3\0\0\0\x64", 6);
		send_headers(&c, FROM_SERVER, 1, list[i].answer);
		conversation_send(&c, FROM_CLIENT, PREFACE, sizeof(PREFACE) - 1);
		send_frame(&c, FROM_CLIENT, HTTP2_SETTINGS, 0, 0, "", 0);
		conversation_end(&c);
		assert_outcome(&c, list[i].result, list[i].method);
		assert_string_equal(c.evidence.protocol, "http2");
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		conversation_clear(&c);
	}
}

static enum verdict
probe(enum direction from, bool handshake, const void *bytes, size_t size, enum strength *strength)
{
	struct flow_view flow = { .handshake_seen = handshake };
	uint8_t *block = malloc(size + (size == 0));
	enum verdict verdict;

	memcpy(block, bytes, size);
	verdict = http2_dissector.probe(&flow, from, cursor_over(block, size), strength);
	free(block);
	return verdict;
}

static void
probes(void **state)
{
#define BYTES(text) (text), sizeof(text) - 1
	static const struct {
		const char *name;
		enum direction from;
		bool handshake;
		const char *bytes;
		size_t size;
		enum verdict verdict;
	} list[] = {
		{ "preface", FROM_CLIENT, true, BYTES(PREFACE), MATCH },
		{ "half a preface", FROM_CLIENT, true, BYTES("PRI * HTTP/2.0\r\n"), NEED_MORE },
		{ "POST", FROM_CLIENT, true, BYTES("POST / HTTP/1.1\r\n"), NO_MATCH },
		{ "SSTP", FROM_CLIENT, true, BYTES("PRI * HTTP/2.0\r\nHost: a\r\n\r\n"), NO_MATCH },
		{ "frames without a preface", FROM_CLIENT, true, BYTES("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"), NO_MATCH },
		{ "SETTINGS", FROM_SERVER, true, BYTES("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"), MATCH },
		{ "half of SETTINGS", FROM_SERVER, true, BYTES("\0\0\6\4\0\0\0\0\0\0\3"), NEED_MORE },
		{ "no SETTINGS, then ACK", FROM_SERVER, true, BYTES("\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0"), MATCH },
		{ "no SETTINGS", FROM_SERVER, true, BYTES("\0\0\0\4\0\0\0\0\0"), NEED_MORE },
		{ "Kafka answers", FROM_SERVER, true, BYTES("\0\0\0\4\0\0\0\0\0\0\0\4\0\0\0\1"), NO_MATCH },
		{ "a length and text", FROM_SERVER, true, BYTES("\0\0\0\x10hello, world!!!!"), NO_MATCH },
		{ "an ACK first", FROM_SERVER, true, BYTES("\0\0\0\4\1\0\0\0\0"), NO_MATCH },
		{ "a setting that cannot be", FROM_SERVER, true, BYTES("\0\0\6\4\0\0\0\0\0\0\5\0\0\0\x64"), NO_MATCH },
		{ "SETTINGS of an odd length", FROM_SERVER, true, BYTES("\0\0\7\4\0\0\0\0\0\0\3\0\0\0\x64\0"), NO_MATCH },
		{ "TLS", FROM_SERVER, true, BYTES("\x16\3\3\0\x7a\2\0\0\x76"), NO_MATCH },
		{ "HTTP", FROM_SERVER, true, BYTES("HTTP/1.1 200 OK\r\n"), NO_MATCH },
		{ "request, mid-stream", FROM_CLIENT, false, BYTES("\0\0\4\1\5\0\0\0\3\x82\x84\x86\xbf"), MATCH },
		{ "answer, mid-stream", FROM_SERVER, false, BYTES("\0\0\1\1\4\0\0\0\3\x88"), MATCH },
		{ "answer from a client", FROM_CLIENT, false, BYTES("\0\0\1\1\4\0\0\0\3\x88"), NO_MATCH },
		{ "request from a server", FROM_SERVER, false, BYTES("\0\0\4\1\5\0\0\0\3\x82\x84\x86\xbf"), NO_MATCH },
		{ "both in one", FROM_CLIENT, false, BYTES("\0\0\2\1\5\0\0\0\3\x82\x88"), NO_MATCH },
		{ "a block that ends too soon", FROM_CLIENT, false, BYTES("\0\0\3\1\5\0\0\0\3\x82\x40\x0a"), NO_MATCH },
		{ "index zero", FROM_CLIENT, false, BYTES("\0\0\2\1\5\0\0\0\3\x82\x80"), NO_MATCH },
		{ "zeros and small numbers", FROM_SERVER, true, BYTES("\0\0\0\4\0\0\0\0\0\0\0\1\1\0\0\0\1\0\0\0\0\4\x0b\0\0\0\5\0\5\0\0"), NO_MATCH },
		{ "a block that does not go on", FROM_SERVER, false, BYTES("\0\0\1\1\0\0\0\0\1\x88\0\0\4\x08\0\0\0\0\0\0\0\0\1\0\0\4\x08\0\0\0\0\0\0\0\0\1"), NO_MATCH },
		{ "a block that goes on", FROM_SERVER, false, BYTES("\0\0\1\1\0\0\0\0\1\x88\0\0\1\x09\4\0\0\0\1\x89\0\0\4\x08\0\0\0\0\0\0\0\0\1\0\0\4\x08\0\0\0\0\0\0\0\0\1"), MATCH },
		{ "two control frames", FROM_SERVER, false, BYTES("\0\0\4\x08\0\0\0\0\0\0\0\1\0\0\0\4\3\0\0\0\0\5\0\0\0\x08"), MATCH },
		{ "one control frame", FROM_SERVER, false, BYTES("\0\0\4\x08\0\0\0\0\0\0\0\1\0"), NEED_MORE },
		{ "no increment", FROM_SERVER, false, BYTES("\0\0\4\x08\0\0\0\0\0\0\0\0\0"), NO_MATCH },
		{ "an error nobody knows", FROM_SERVER, false, BYTES("\0\0\4\3\0\0\0\0\1\1\0\0\0"), NO_MATCH },
		{ "a push from a client", FROM_CLIENT, false, BYTES("\0\0\5\5\4\0\0\0\1\0\0\0\2\x82"), NO_MATCH },
		{ "the reserved bit", FROM_SERVER, false, BYTES("\0\0\4\x08\0\x80\0\0\0\0\0\0\1"), NO_MATCH },
		{ "zeros", FROM_SERVER, false, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NO_MATCH },
		{ "frames in DATA", FROM_SERVER, false, BYTES("\0\0\1\0\0\0\0\0\1x\0\0\1\0\0\0\0\0\1x\0\0\4\x08\0\0\0\0\0\0\0\0\1"), MATCH },
		{ "a type nobody knows", FROM_SERVER, false, BYTES("\0\0\1\x20\0\0\0\0\1x"), NO_MATCH },
		{ "too long", FROM_SERVER, false, BYTES("\1\0\0\1\0\0\0\0\1x"), NO_MATCH },
		{ "too long a block", FROM_SERVER, false, BYTES("\0\x7f\0\1\4\0\0\0\1x"), NO_MATCH },
	};
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (probe(list[i].from, list[i].handshake, list[i].bytes, list[i].size, &strength) != list[i].verdict)
			fail_msg("%s", list[i].name);
	assert_int_equal(probe(FROM_CLIENT, false, "", 0, &strength), NEED_MORE);
}

/* A server that does not speak it. */
static void
answered_by_others(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &http2_dissector);
	conversation_send(&c, FROM_CLIENT, PREFACE, sizeof(PREFACE) - 1);
	send_frame(&c, FROM_CLIENT, HTTP2_SETTINGS, 0, 0, "", 0);
	send_headers(&c, FROM_CLIENT, 1, GET BASIC);
	conversation_send(&c, FROM_SERVER, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "http2");
	assert_outcome(&c, AUTH_ATTEMPTED, "http-basic");
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(joined_in_the_middle),
		cmocka_unit_test(details),
		cmocka_unit_test(table),
		cmocka_unit_test(losses),
		cmocka_unit_test(violations),
		cmocka_unit_test(bounds),
		cmocka_unit_test(upgraded),
		cmocka_unit_test(probes),
		cmocka_unit_test(answered_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
