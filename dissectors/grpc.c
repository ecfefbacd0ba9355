/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and messages of gRPC. A message has five bytes before it, whether it is compressed and its
 * length (gRPC over HTTP2, Length-Prefixed-Message); what is inside is Protocol Buffers (protobuf.c).
 */
#include <config.h>

#include "grpc.h"

#include <string.h>

#include "base64.h"
#include "http_head.h"
#include "protobuf.h"

enum {
	FIELDS_MAX = 64,
	TRAILER_FLAG = 0x80,
};

/* Paths. */

static bool
is_name_byte(int b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_' || b == '.';
}

static bool
is_name(struct cursor text)
{
	for (size_t i = 0; i < text.left; i++)
		if (!is_name_byte(text.at[i]))
			return false;
	return text.left > 0;
}

static enum rpc_kind
kind_of(struct cursor service, struct cursor method)
{
	if (cursor_equals(&service, "etcdserverpb.Auth") && cursor_equals(&method, "Authenticate"))
		return RPC_ETCD_AUTHENTICATE;
	if (cursor_equals(&service, "etcdserverpb.Watch"))
		return RPC_ETCD_WATCH;
	if (cursor_starts_with(&service, "etcdserverpb.") || cursor_equals(&service, "v3lockpb.Lock") || cursor_equals(&service, "v3electionpb.Election"))
		return RPC_ETCD;
	return RPC_OTHER;
}

/* gRPC over HTTP2, Requests: "/" Service-Name "/" method. */
bool
grpc_path(struct cursor path, char *service, size_t size, enum rpc_kind *kind)
{
	struct cursor name;

	if (cursor_u8(&path) != '/' || !cursor_take_until(&path, '/', &name) || !is_name(name) || !is_name(path) || name.left >= size)
		return false;
	cursor_copy_text(&name, service, size);
	*kind = kind_of(name, path);
	return true;
}

/* Messages. */

/* Takes the first message, if it is whole and not compressed. */
static bool
take_message(struct cursor *c, struct cursor *message)
{
	uint8_t compressed = cursor_u8(c);

	*message = cursor_sub(c, cursor_u32(c));
	return compressed == 0 && cursor_ok(message);
}

/* AuthenticateRequest: string name = 1, password = 2. */
bool
grpc_etcd_password(struct cursor messages, struct evidence *e)
{
	struct cursor message;
	struct protobuf_field name, password;

	if (!take_message(&messages, &message) || !protobuf_is_message(message))
		return false;
	if (!protobuf_find(message, 2, PROTOBUF_BYTES, &password) || password.bytes.left == 0)
		return false;
	if (e->want_principals && e->authentication.principal[0] == '\0' && protobuf_find(message, 1, PROTOBUF_BYTES, &name) && name.bytes.left > 0)
		cursor_copy_text(&name.bytes, e->authentication.principal, sizeof(e->authentication.principal));
	return true;
}

/* WatchResponse: bool canceled = 4, string cancel_reason = 6. */
enum rpc_outcome
grpc_etcd_watch(struct cursor messages)
{
	struct cursor message;
	struct protobuf_field canceled, reason;

	if (!take_message(&messages, &message) || !protobuf_is_message(message))
		return RPC_UNCLEAR;
	if (!protobuf_find(message, 4, PROTOBUF_VARINT, &canceled) || canceled.value == 0)
		return RPC_SERVED;
	if (!protobuf_find(message, 6, PROTOBUF_BYTES, &reason))
		return RPC_UNCLEAR;
	if (cursor_find_nocase(&reason.bytes, "permission denied") >= 0)
		return RPC_NOT_PERMITTED;
	if (cursor_find_nocase(&reason.bytes, "invalid auth token") >= 0 || cursor_find_nocase(&reason.bytes, "user name is empty") >= 0)
		return RPC_REFUSED;
	return RPC_UNCLEAR;
}

/* gRPC-Web: trailers are a last message with a bit of their own, in the form of an HTTP/1 header section, names in lower case. */
static enum rpc_outcome
trailers_outcome(struct cursor trailers)
{
	struct http_head h = { 0 };
	struct cursor line, name;

	for (int i = 0; i < FIELDS_MAX && cursor_left(&trailers) > 0; i++) {
		if (!cursor_take_line(&trailers, &line))
			line = cursor_sub(&trailers, cursor_left(&trailers));
		if (cursor_take_until(&line, ':', &name) && cursor_starts_with_nocase(&name, "grpc-"))
			http_read_field(&h, FROM_SERVER, name, line);
	}
	return http_exchange_rpc_outcome(&h);
}

enum rpc_outcome
grpc_web_body(struct cursor body, bool text)
{
	uint8_t decoded[GRPC_LOOK];
	struct cursor trailers;
	size_t size;
	uint8_t first;

	if (text) {
		/* Each message may be encoded by itself, with padding at its end. */
		const uint8_t *padding = body.left > 0 ? memchr(body.at, '=', body.left) : NULL;

		if (padding != NULL)
			body.left = (size_t)(padding - body.at);
		else
			body.left -= body.left % 4;
		if (!base64_decode(body, decoded, sizeof(decoded), &size))
			return RPC_UNCLEAR;
		body = cursor_over(decoded, size);
	}
	first = cursor_u8(&body);
	size = cursor_u32(&body);
	if (!cursor_ok(&body) || (first & ~(TRAILER_FLAG | 1)) != 0)
		return RPC_UNCLEAR;
	if ((first & TRAILER_FLAG) == 0)
		return RPC_SERVED;
	trailers = cursor_sub(&body, size);
	return cursor_ok(&trailers) ? trailers_outcome(trailers) : RPC_UNCLEAR;
}
