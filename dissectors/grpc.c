/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and messages of gRPC. A message has five bytes before it, whether it is compressed and its
 * length (gRPC over HTTP2, Length-Prefixed-Message); what is inside is read as Protocol Buffers, one
 * level deep.
 */
#include <config.h>

#include "grpc.h"

#include <string.h>

#include "base64.h"
#include "http_head.h"

enum {
	FIELDS_MAX = 64,
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
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

/* Protocol Buffers, Encoding. */

struct field {
	uint64_t number; /* of the field */
	uint64_t value;  /* of a varint */
	struct cursor bytes;
};

static uint64_t
read_varint(struct cursor *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = cursor_u8(c);

		value |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return value;
	}
	cursor_fail(c);
	return 0;
}

static bool
take_field(struct cursor *c, struct field *f)
{
	uint64_t tag = read_varint(c), size;

	*f = (struct field){ .number = tag >> 3 };
	switch (tag & 7) {
	case WIRE_VARINT:
		f->value = read_varint(c);
		break;
	case WIRE_64:
		cursor_skip(c, 8);
		break;
	case WIRE_32:
		cursor_skip(c, 4);
		break;
	case WIRE_BYTES:
		size = read_varint(c);
		if (size > c->left)
			cursor_fail(c);
		f->bytes = cursor_sub(c, (size_t)size);
		break;
	default:
		cursor_fail(c);
	}
	return cursor_ok(c) && f->number > 0;
}

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
	struct cursor message, name = { 0 };
	struct field f;
	bool password = false;

	if (!take_message(&messages, &message))
		return false;
	for (int i = 0; i < FIELDS_MAX && cursor_left(&message) > 0; i++) {
		if (!take_field(&message, &f))
			return false;
		if (f.number == 1)
			name = f.bytes;
		password |= f.number == 2 && f.bytes.left > 0;
	}
	if (password && e->want_principals && e->authentication.principal[0] == '\0' && name.left > 0)
		cursor_copy_text(&name, e->authentication.principal, sizeof(e->authentication.principal));
	return password;
}

/* WatchResponse: bool canceled = 4, string cancel_reason = 6. */
enum rpc_outcome
grpc_etcd_watch(struct cursor messages)
{
	struct cursor message, reason = { 0 };
	struct field f;
	bool canceled = false;

	if (!take_message(&messages, &message))
		return RPC_UNCLEAR;
	for (int i = 0; i < FIELDS_MAX && cursor_left(&message) > 0; i++) {
		if (!take_field(&message, &f))
			return RPC_UNCLEAR;
		canceled |= f.number == 4 && f.value != 0;
		if (f.number == 6)
			reason = f.bytes;
	}
	if (!canceled)
		return RPC_SERVED;
	if (cursor_find_nocase(&reason, "permission denied") >= 0)
		return RPC_NOT_PERMITTED;
	if (cursor_find_nocase(&reason, "invalid auth token") >= 0 || cursor_find_nocase(&reason, "user name is empty") >= 0)
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
