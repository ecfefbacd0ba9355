/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the MongoDB Wire Protocol
 * (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/), read into the few facts
 * that bear on who logs in and who is served.
 */
#ifndef PODWIRE_MONGODB_MESSAGE_H
#define PODWIRE_MONGODB_MESSAGE_H

#include "dissector.h"
#include "sasl.h"

enum {
	MONGODB_HEADER_SIZE = 16,
	MONGODB_MESSAGE_SIZE_MAX = 48000000 + 16 * 1024, /* maxMessageSizeBytes, and what internal ones may add */
};

enum mongodb_opcode {
	MONGODB_REPLY = 1,
	MONGODB_UPDATE = 2001,
	MONGODB_INSERT = 2002,
	MONGODB_QUERY = 2004,
	MONGODB_GET_MORE = 2005,
	MONGODB_DELETE = 2006,
	MONGODB_KILL_CURSORS = 2007,
	MONGODB_COMMAND = 2010,
	MONGODB_COMMAND_REPLY = 2011,
	MONGODB_COMPRESSED = 2012,
	MONGODB_MSG = 2013,
};

struct mongodb_header {
	uint32_t size; /* of the message, this header included */
	uint32_t id;
	uint32_t response_to;
	uint32_t opcode;
};

/* What an answer to a request tells. */
enum mongodb_request {
	MONGODB_UNREADABLE,    /* compressed, or not known */
	MONGODB_DATA,          /* only one who may gets it, or has it done; "ok" tells */
	MONGODB_DOCUMENTS,     /* the same; answered by documents of a collection, whatever is in them */
	MONGODB_FREE,          /* answered to anybody */
	MONGODB_LAST_ERROR,    /* the same; says what became of a write that had no answer */
	MONGODB_HELLO,
	MONGODB_SASL_START,
	MONGODB_SASL_CONTINUE,
	MONGODB_AUTHENTICATE,  /* in one step */
};

struct mongodb_message {
	struct mongodb_header header;
	bool one_way;                          /* moreToCome, or an operation that has no answer */
	bool write;                            /* such an operation */
	/* Of a request. */
	enum mongodb_request request;
	const struct sasl_mechanism *mechanism; /* of a login, also one within a hello; NULL: none, or as before */
	struct cursor principal;
	bool secret;                           /* a password or token as it is */
	bool new_password;                     /* of an account that is made or changed */
	bool replication;
	/* Of an answer. */
	bool has_ok, ok;
	bool done;                             /* the login is complete */
	bool in_hello;                         /* "speculativeAuthenticate" is there, */
	bool in_hello_user;                    /* with the user it logged in */
	bool no_error;                         /* of the last write */
	bool query_failed;                     /* flags of OP_REPLY */
	bool data;                             /* it begins as data alone does, where it was too long to be read */
	bool unauthorized;                     /* by code or text */
	bool requires_authentication;          /* and the text says that nobody has logged in */
	bool login_refused;
};

/* Reads a header; false where it can be none of a message that this side sends. NEED_MORE is for the caller. */
bool mongodb_take_header(struct cursor *, enum direction, struct mongodb_header *);

/*
 * Whether the bytes after the header begin as those of such a message must: MATCH, NO_MATCH, or
 * NEED_MORE where there are too few of them.
 */
enum verdict mongodb_begins(const struct mongodb_header *, struct cursor body);

/* Whether the message answers another: requests have 0 here, or, from old clients, all ones. */
static inline bool
mongodb_answers(const struct mongodb_header *h)
{
	return h->response_to != 0 && h->response_to != UINT32_MAX;
}

/* Reads a whole message; false where its lengths do not agree. */
bool mongodb_read(const struct mongodb_header *, struct cursor body, enum direction, struct mongodb_message *);

/* Reads what the beginning of a message tells that is too long to wait for. */
void mongodb_read_beginning(const struct mongodb_header *, struct cursor body, enum direction, struct mongodb_message *);

#endif
