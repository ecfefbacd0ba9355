/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper's records (zookeeper.jute of ZooKeeper 3.4 to 3.9) in frames with a length: which types of request there
 * are, and whether a frame is one, or a reply, to its last byte.
 */
#ifndef PODWIRE_ZOOKEEPER_MESSAGE_H
#define PODWIRE_ZOOKEEPER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"

enum {
	ZOOKEEPER_LENGTH_SIZE = 4,
	ZOOKEEPER_FRAME_MAX = 16 * 1024 * 1024 - 1, /* jute.maxbuffer is 1 MiB, if nobody raised it */
	ZOOKEEPER_FRAME_LOOK = 8192, /* bytes of a frame that are waited for */
	ZOOKEEPER_REQUEST_SIZE_MIN = 8,
	ZOOKEEPER_REPLY_SIZE_MIN = 16, /* xid, zxid, error */
};

enum { ZOOKEEPER_XID_NOTIFICATION = -1, ZOOKEEPER_XID_PING = -2, ZOOKEEPER_XID_AUTH = -4 };

/* Types of requests, those that are more than one that is served. */
enum {
	ZOOKEEPER_OP_CLOSE = -11,
	ZOOKEEPER_OP_PING = 11,
	ZOOKEEPER_OP_AUTH = 100,
	ZOOKEEPER_OP_SET_WATCHES = 101,
	ZOOKEEPER_OP_SASL = 102,
	ZOOKEEPER_OP_SET_WATCHES2 = 105,
	ZOOKEEPER_OP_WHO_AM_I = 107,
};

/* KeeperException.Code */
enum {
	ZOOKEEPER_ERROR_LAST = -128,
	ZOOKEEPER_ERROR_API = -100,         /* those beyond are about what was asked for */
	ZOOKEEPER_ERROR_NO_AUTH = -102,
	ZOOKEEPER_ERROR_SESSION_EXPIRED = -112,
	ZOOKEEPER_ERROR_AUTH_FAILED = -115,
	ZOOKEEPER_ERROR_SESSION_MOVED = -118,
	ZOOKEEPER_ERROR_REQUIRE_SASL = -124, /* SESSIONCLOSEDREQUIRESASLAUTH */
};

struct zookeeper_request {
	int32_t xid, type;
	bool certain;        /* its fields are known, and fill it */
	struct cursor body;
};

struct zookeeper_reply {
	int32_t xid, error;
	uint64_t zxid;
	struct cursor body;
};

/* A buffer or string: four bytes of size, -1 for null. */
struct cursor zookeeper_take_buffer(struct cursor *);

/* The frame at the cursor, of at least minimum bytes, all of it: NEED_MORE where it is not, NO_MATCH also where it is too long to wait for. */
enum verdict zookeeper_peek_frame(struct cursor, size_t minimum, struct cursor *frame);

/* Whether there are requests of this type. */
bool zookeeper_is_type(int32_t type);

/* A request, all of which is at the cursor. False where it is none. */
bool zookeeper_read_request(struct cursor frame, struct zookeeper_request *);

/* The header of a reply; its fields depend on the request. False where it is none. */
bool zookeeper_read_reply(struct cursor frame, struct zookeeper_reply *);

/* How a session is opened, and the answer. */
bool zookeeper_is_connect_request(struct cursor frame);
bool zookeeper_is_connect_response(struct cursor frame);

/* WatcherEvent: type, state, path. */
bool zookeeper_is_event(const struct zookeeper_reply *);

#endif
