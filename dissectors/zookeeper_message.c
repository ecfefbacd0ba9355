/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ZooKeeper's requests and replies by the fields of their types; all of them, or the record is none. */
#include <config.h>

#include "zookeeper_message.h"

enum {
	PASSWORD_SIZE = 16,
	TIMEOUT_MAX = 7 * 24 * 60 * 60 * 1000, /* milliseconds; servers grant a minute, if nobody raised it */
	CONNECT_REQUEST_SIZE = 28, /* without the password and readOnly */
	CONNECT_RESPONSE_SIZE = 20,
	ACL_MAX = 1024,
};

/*
 * Fields of requests: i int, l long, b boolean, p path, s string, y buffer, a list of ACLs, v vector of
 * strings; "." where the rest is not looked at.
 */
static const struct {
	int8_t type;
	const char *fields;
} requests[] = {
	{ 1, "pyai" },   /* create */
	{ 2, "pi" },     /* delete */
	{ 3, "pb" },     /* exists */
	{ 4, "pb" },     /* getData */
	{ 5, "pyi" },    /* setData */
	{ 6, "p" },      /* getACL */
	{ 7, "pai" },    /* setACL */
	{ 8, "pb" },     /* getChildren */
	{ 9, "p" },      /* sync */
	{ ZOOKEEPER_OP_PING, "" },
	{ 12, "pb" },    /* getChildren2 */
	{ 13, "pi" },    /* check */
	{ 14, "." },     /* multi */
	{ 15, "pyai" },  /* create2 */
	{ 16, "." },     /* reconfig */
	{ 17, "pi" },    /* checkWatches */
	{ 18, "pi" },    /* removeWatches */
	{ 19, "pyai" },  /* createContainer */
	{ 21, "pyail" }, /* createTTL */
	{ 22, "." },     /* multiRead */
	{ ZOOKEEPER_OP_AUTH, "isy" },
	{ ZOOKEEPER_OP_SET_WATCHES, "lvvv" },
	{ ZOOKEEPER_OP_SASL, "y" },
	{ 103, "p" },    /* getEphemerals */
	{ 104, "p" },    /* getAllChildrenNumber */
	{ ZOOKEEPER_OP_SET_WATCHES2, "lvvvvv" },
	{ 106, "pi" },   /* addWatch */
	{ ZOOKEEPER_OP_WHO_AM_I, "" },
	{ ZOOKEEPER_OP_CLOSE, "" },
};

struct cursor
zookeeper_take_buffer(struct cursor *c)
{
	uint32_t size = cursor_u32(c);

	return cursor_sub(c, size == UINT32_MAX ? 0 : size);
}

static void
pass_string(struct cursor *c, bool path)
{
	struct cursor text = zookeeper_take_buffer(c);

	if (!cursor_is_printable(text) || (path && cursor_peek(&text, 0) != '/'))
		cursor_fail(c);
}

static void
pass_strings(struct cursor *c)
{
	uint32_t count = cursor_u32(c);

	if (count == UINT32_MAX)
		return;
	if (count > cursor_left(c))
		cursor_fail(c);
	for (; count > 0 && cursor_ok(c); count--)
		pass_string(c, false);
}

/* Permissions, scheme, id. */
static void
pass_acls(struct cursor *c)
{
	uint32_t count = cursor_u32(c);

	if (count == UINT32_MAX)
		return;
	if (count > ACL_MAX)
		cursor_fail(c);
	for (; count > 0 && cursor_ok(c); count--) {
		if (cursor_u32(c) > 31)
			cursor_fail(c);
		pass_string(c, false);
		pass_string(c, false);
	}
}

static void
pass_field(struct cursor *c, char field)
{
	switch (field) {
	case 'i':
		cursor_skip(c, 4);
		break;
	case 'l':
		cursor_skip(c, 8);
		break;
	case 'b':
		if (cursor_u8(c) > 1)
			cursor_fail(c);
		break;
	case 'p':
		pass_string(c, true);
		break;
	case 's':
		pass_string(c, false);
		break;
	case 'y':
		(void)zookeeper_take_buffer(c);
		break;
	case 'a':
		pass_acls(c);
		break;
	case 'v':
		pass_strings(c);
		break;
	default: /* '.' */
		cursor_skip(c, cursor_left(c));
	}
}

static const char *
fields_of(int32_t type)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == type)
			return requests[i].fields;
	return NULL;
}

bool
zookeeper_read_request(struct cursor frame, struct zookeeper_request *r)
{
	struct cursor c;
	const char *fields;

	r->xid = (int32_t)cursor_u32(&frame);
	r->type = (int32_t)cursor_u32(&frame);
	r->body = c = frame;
	r->certain = false;
	fields = fields_of(r->type);
	if (!cursor_ok(&frame) || fields == NULL || (r->xid == ZOOKEEPER_XID_PING) != (r->type == ZOOKEEPER_OP_PING) || (r->xid == ZOOKEEPER_XID_AUTH) != (r->type == ZOOKEEPER_OP_AUTH))
		return false;
	for (const char *f = fields; *f != '\0'; f++)
		pass_field(&c, *f);
	if (!cursor_ok(&c) || cursor_left(&c) > 0)
		return false;
	/* A few bytes alone could be anything's. */
	r->certain = r->type == ZOOKEEPER_OP_PING || (fields[0] != '\0' && fields[0] != '.');
	return true;
}

bool
zookeeper_is_connect_request(struct cursor frame)
{
	size_t size = cursor_left(&frame);
	bool sized = size == CONNECT_REQUEST_SIZE || size == CONNECT_REQUEST_SIZE + 1 || size == CONNECT_REQUEST_SIZE + PASSWORD_SIZE || size == CONNECT_REQUEST_SIZE + PASSWORD_SIZE + 1;
	uint32_t version = cursor_u32(&frame);
	uint64_t zxid = cursor_u64(&frame);
	uint32_t timeout = cursor_u32(&frame);
	uint64_t session = cursor_u64(&frame);
	struct cursor password = zookeeper_take_buffer(&frame);

	/* No session is taken up again without its password. */
	if (cursor_left(&password) == 0 && session != 0)
		return false;
	return sized && cursor_ok(&frame) && version == 0 && zxid >> 63 == 0 && timeout > 0 && timeout <= TIMEOUT_MAX &&
		(cursor_left(&password) == 0 || cursor_left(&password) == PASSWORD_SIZE) && cursor_left(&frame) <= 1 && cursor_u8(&frame) <= 1;
}

bool
zookeeper_is_connect_response(struct cursor frame)
{
	size_t size = cursor_left(&frame);
	uint32_t version = cursor_u32(&frame), timeout = cursor_u32(&frame);
	struct cursor password;

	(void)cursor_u64(&frame);
	password = zookeeper_take_buffer(&frame);
	return (size == CONNECT_RESPONSE_SIZE + PASSWORD_SIZE || size == CONNECT_RESPONSE_SIZE + PASSWORD_SIZE + 1) && cursor_ok(&frame) && version == 0 && timeout >> 31 == 0 &&
		cursor_left(&password) == PASSWORD_SIZE && cursor_left(&frame) <= 1 && cursor_u8(&frame) <= 1;
}

bool
zookeeper_read_reply(struct cursor frame, struct zookeeper_reply *r)
{
	r->xid = (int32_t)cursor_u32(&frame);
	r->zxid = cursor_u64(&frame);
	r->error = (int32_t)cursor_u32(&frame);
	r->body = frame;
	return cursor_ok(&frame) && r->error <= 0 && r->error >= ZOOKEEPER_ERROR_LAST && (r->zxid >> 63 == 0 || r->zxid == UINT64_MAX);
}

bool
zookeeper_is_event(const struct zookeeper_reply *r)
{
	struct cursor c = r->body;
	uint32_t type = cursor_u32(&c), state = cursor_u32(&c);

	pass_string(&c, false);
	return r->xid == ZOOKEEPER_XID_NOTIFICATION && r->error == 0 && type + 1 < 16 && state < 16 && cursor_ok(&c) && (cursor_left(&c) == 0 || cursor_left(&c) == 8);
}

enum verdict
zookeeper_peek_frame(struct cursor c, size_t minimum, struct cursor *frame)
{
	size_t size = cursor_u32(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < minimum || size > ZOOKEEPER_FRAME_MAX)
		return NO_MATCH;
	if (cursor_left(&c) < size)
		return size > ZOOKEEPER_FRAME_LOOK ? NO_MATCH : NEED_MORE;
	*frame = cursor_sub(&c, size);
	return MATCH;
}

bool
zookeeper_is_type(int32_t type)
{
	return fields_of(type) != NULL;
}
