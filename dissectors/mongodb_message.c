/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB messages: OP_MSG, the operations before it, and the documents in them. Of documents only
 * the elements at the top are looked at, and one level below those of a login.
 */
#include <config.h>

#include "mongodb_message.h"

#include <string.h>

#include "base64.h"
#include "bson.h"

enum {
	CHECKSUM_PRESENT = 1, /* flags of OP_MSG */
	MORE_TO_COME = 2,
	EXHAUST_ALLOWED = 1 << 16,
	QUERY_FAILURE = 2, /* of OP_REPLY */
	CURSOR_NOT_FOUND = 1,
	NAME_SIZE_MAX = 256,
	PLAIN_SIZE_MAX = 1024,
};

/* What each operation is, and the size of the smallest. */
static const struct operation {
	uint32_t opcode;
	uint32_t size_min;
	bool by_client, by_server;
	bool one_way;
} operations[] = {
	{ MONGODB_REPLY, 36, false, true, false },
	{ MONGODB_UPDATE, 16 + 4 + 2 + 4 + 5 + 5, true, false, true },
	{ MONGODB_INSERT, 16 + 4 + 2 + 5, true, false, true },
	{ MONGODB_QUERY, 16 + 4 + 2 + 8 + 5, true, false, false },
	{ MONGODB_GET_MORE, 16 + 4 + 2 + 4 + 8, true, false, false },
	{ MONGODB_DELETE, 16 + 4 + 2 + 4 + 5, true, false, true },
	{ MONGODB_KILL_CURSORS, 16 + 8, true, false, true },
	{ MONGODB_COMMAND, 16 + 2 + 2 + 5 + 5, true, false, false },
	{ MONGODB_COMMAND_REPLY, 16 + 5 + 5, false, true, false },
	{ MONGODB_COMPRESSED, 16 + 9, true, true, false },
	{ MONGODB_MSG, 16 + 4 + 1 + 5, true, true, false },
};

static const struct operation *
operation_of(uint32_t opcode)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].opcode == opcode)
			return &operations[i];
	return NULL;
}

bool
mongodb_take_header(struct cursor *c, enum direction from, struct mongodb_header *h)
{
	const struct operation *o;

	h->size = cursor_u32le(c);
	h->id = cursor_u32le(c);
	h->response_to = cursor_u32le(c);
	h->opcode = cursor_u32le(c);
	o = cursor_ok(c) ? operation_of(h->opcode) : NULL;
	return o != NULL && (from == FROM_CLIENT ? o->by_client : o->by_server) && h->size >= o->size_min && h->size <= MONGODB_MESSAGE_SIZE_MAX;
}

/*
 * Commands that a server answers to those who have not logged in (requiresAuth() is false in its
 * source, or no privilege is asked for), and those of a login. The server tells their letters' case
 * apart and has several of them in two spellings.
 */
static const struct {
	const char *name;
	enum mongodb_request request;
} commands[] = {
	{ "hello", MONGODB_HELLO },
	{ "isMaster", MONGODB_HELLO },
	{ "saslStart", MONGODB_SASL_START },
	{ "saslContinue", MONGODB_SASL_CONTINUE },
	{ "authenticate", MONGODB_AUTHENTICATE },
	{ "getnonce", MONGODB_FREE },
	{ "logout", MONGODB_FREE },
	{ "ping", MONGODB_FREE },
	{ "buildInfo", MONGODB_FREE },
	{ "whatsmyuri", MONGODB_FREE },
	{ "connectionStatus", MONGODB_FREE },
	{ "listCommands", MONGODB_FREE },
	{ "features", MONGODB_FREE },
	{ "isdbgrid", MONGODB_FREE },
	{ "availableQueryOptions", MONGODB_FREE },
	{ "getLastError", MONGODB_LAST_ERROR },
	{ "getPrevError", MONGODB_FREE },
	{ "resetError", MONGODB_FREE },
	{ "forceerror", MONGODB_FREE },
	{ "endSessions", MONGODB_FREE },
	{ "_isSelf", MONGODB_FREE },
};

static enum mongodb_request
request_of(struct cursor name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals_nocase(&name, commands[i].name))
			return commands[i].request;
	return MONGODB_DATA;
}

/* "\0user\0password", with who is to be acted for before the first NUL (RFC 4616). */
static bool
read_plain(struct cursor payload, struct mongodb_message *m)
{
	struct cursor authorization, user;

	if (!cursor_take_until(&payload, 0, &authorization) || !cursor_take_until(&payload, 0, &user) || cursor_left(&payload) == 0)
		return false;
	m->principal = user;
	return true;
}

/* Old clients write binary data as text. */
static bool
read_plain_text(struct cursor text)
{
	uint8_t decoded[PLAIN_SIZE_MAX];
	struct mongodb_message ignored;
	size_t size;
	bool is = base64_decode(text, decoded, sizeof(decoded), &size) && read_plain(cursor_over(decoded, size), &ignored);

	explicit_bzero(decoded, sizeof(decoded));
	return is;
}

/* "n,,n=user,r=nonce" (RFC 5802 7). */
static struct cursor
scram_user(struct cursor payload)
{
	struct cursor user;

	if (!cursor_starts_with(&payload, "n,,n="))
		return cursor_over(NULL, 0);
	cursor_skip(&payload, 5);
	return cursor_take_until(&payload, ',', &user) ? user : cursor_over(NULL, 0);
}

static void
read_payload(const struct bson_element *e, struct mongodb_message *m)
{
	struct cursor payload = bson_binary(e), document = payload;
	struct bson_element token;

	if (m->mechanism != NULL && strcmp(m->mechanism->name, "PLAIN") == 0) {
		m->secret |= read_plain(payload, m) || read_plain_text(bson_text(e));
	} else if (m->mechanism == NULL || strcmp(m->mechanism->name, "MONGODB-OIDC") == 0) {
		/* The client's step with the token is {jwt: "..."}; its first may be {n: user}. */
		if (cursor_left(&payload) >= 5 && bson_find(bson_take_document(&document), "jwt", &token) && token.type == BSON_STRING)
			m->secret |= cursor_left(&token.value) > 5;
	} else if (m->principal.left == 0) {
		m->principal = scram_user(payload);
	}
}

/* saslStart, saslContinue and authenticate, as commands or within a hello. */
static void
read_login(struct cursor elements, enum mongodb_request kind, struct mongodb_message *m)
{
	struct bson_element e;

	if (bson_find(elements, "mechanism", &e))
		m->mechanism = sasl_mechanism(bson_text(&e));
	else if (kind != MONGODB_SASL_CONTINUE)
		m->mechanism = sasl_mechanism(cursor_over("MONGODB-CR", 10)); /* what there was before mechanisms */
	if (bson_find(elements, "user", &e))
		m->principal = bson_text(&e);
	if (bson_find(elements, "payload", &e))
		read_payload(&e, m);
}

static void
read_hello(struct cursor elements, struct mongodb_message *m)
{
	struct bson_element login, first;
	struct cursor inner;

	if (!bson_find(elements, "speculativeAuthenticate", &login))
		return;
	inner = bson_elements(&login);
	if (bson_next(&inner, &first) && (request_of(first.name) == MONGODB_SASL_START || request_of(first.name) == MONGODB_AUTHENTICATE))
		read_login(bson_elements(&login), request_of(first.name), m);
}

/* The command's name is that of the first element; old clients wrap it to say more of the query. */
static void
read_command(struct cursor elements, struct mongodb_message *m)
{
	struct cursor rest = elements;
	struct bson_element e;

	if (!bson_next(&rest, &e))
		return;
	if ((cursor_equals(&e.name, "$query") || cursor_equals(&e.name, "query")) && e.type == BSON_DOCUMENT) {
		elements = rest = bson_elements(&e);
		if (!bson_next(&rest, &e))
			return;
	}
	m->request = request_of(e.name);
	m->replication = cursor_equals(&e.name, "replSetHeartbeat") || cursor_equals(&e.name, "replSetUpdatePosition");
	if (m->request == MONGODB_HELLO)
		read_hello(elements, m);
	else if (m->request >= MONGODB_SASL_START)
		read_login(elements, m->request, m);
	else if (cursor_equals(&e.name, "createUser") || cursor_equals(&e.name, "updateUser"))
		m->new_password = bson_find(elements, "pwd", &e) && e.type == BSON_STRING && cursor_left(&e.value) > 5;
}

/* Answers. */

/* Codes by which a login is refused (the server's error_codes.yml); others say nothing of the credential. */
static const int64_t refusals[] = {
	2,    /* BadValue: no such mechanism, or not for this user */
	11,   /* UserNotFound */
	13,   /* Unauthorized */
	17,   /* ProtocolError */
	18,   /* AuthenticationFailed */
	334,  /* MechanismUnavailable */
	8000, /* AtlasError: "bad auth" */
};

static void
read_error_text(struct cursor text, struct mongodb_message *m)
{
	static const char ending[] = " requires authentication";

	/* Before codes were usual. */
	m->login_refused |= cursor_starts_with_nocase(&text, "auth fail") || cursor_starts_with_nocase(&text, "bad auth");
	m->unauthorized |= cursor_starts_with_nocase(&text, "unauthorized") || cursor_starts_with_nocase(&text, "not authorized");
	m->requires_authentication |= text.left > sizeof(ending) && cursor_equals(&(struct cursor){ .at = text.at + text.left - (sizeof(ending) - 1), .left = sizeof(ending) - 1 }, ending);
}

static void
read_code(int64_t code, struct mongodb_message *m)
{
	m->unauthorized |= code == 13 || code == 16550 || code == 10057;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		m->login_refused |= code == refusals[i];
}

static void
read_login_in_hello(struct cursor elements, struct mongodb_message *m)
{
	struct bson_element e;
	int64_t number;

	m->in_hello = true;
	m->done |= bson_find(elements, "done", &e) && bson_number(&e, &number) && number != 0;
	m->in_hello_user = bson_find(elements, "user", &e) && !bson_find(elements, "payload", &e);
}

static void
read_answer(struct cursor elements, struct mongodb_message *m)
{
	struct bson_element e;
	int64_t number;

	while (bson_next(&elements, &e)) {
		if (cursor_equals(&e.name, "ok") && bson_number(&e, &number)) {
			m->has_ok = true;
			m->ok = number != 0;
		} else if (cursor_equals(&e.name, "code") && bson_number(&e, &number)) {
			read_code(number, m);
		} else if (cursor_equals(&e.name, "done") && bson_number(&e, &number)) {
			m->done |= number != 0;
		} else if (cursor_equals(&e.name, "errmsg") || cursor_equals(&e.name, "$err") || cursor_equals(&e.name, "err")) {
			m->no_error |= e.type == BSON_NULL;
			read_error_text(bson_text(&e), m);
		} else if (cursor_equals(&e.name, "speculativeAuthenticate") && e.type == BSON_DOCUMENT) {
			read_login_in_hello(bson_elements(&e), m);
		}
	}
}

/* Messages, each with the bytes after its header. */

static bool
take_name(struct cursor *c, struct cursor *name)
{
	return cursor_take_until(c, 0, name) && name->left < NAME_SIZE_MAX;
}

static bool
take_sound_document(struct cursor *c, struct cursor *elements)
{
	*elements = bson_take_document(c);
	return cursor_ok(c) && bson_is_sound(*elements);
}

static void
read_body(struct cursor elements, enum direction from, struct mongodb_message *m)
{
	if (from == FROM_CLIENT)
		read_command(elements, m);
	else
		read_answer(elements, m);
}

/* Sections of OP_MSG: 0 the body, which there is once; 1 a sequence of documents with a name; 2 a security token. */
static bool
read_sections(struct cursor c, enum direction from, struct mongodb_message *m)
{
	struct cursor elements, sequence, name;
	unsigned bodies = 0;

	while (cursor_left(&c) > 0) {
		uint8_t kind = cursor_u8(&c);

		if (kind == 0 || kind == 2) {
			if (!take_sound_document(&c, &elements) || (kind == 0 && bodies++ > 0))
				return false;
			if (kind == 0)
				read_body(elements, from, m);
		} else if (kind == 1) {
			uint32_t size = cursor_u32le(&c);

			sequence = size < 4 ? (struct cursor){ .failed = true } : cursor_sub(&c, size - 4);
			if (!cursor_ok(&sequence) || !take_name(&sequence, &name))
				return false;
			while (cursor_left(&sequence) > 0)
				(void)bson_take_document(&sequence);
			if (!cursor_ok(&sequence))
				return false;
		} else {
			return false;
		}
	}
	return bodies == 1;
}

static bool
read_msg(struct cursor c, enum direction from, struct mongodb_message *m)
{
	uint32_t flags = cursor_u32le(&c);

	/* The lower 16 are for things a receiver must know. */
	if (!cursor_ok(&c) || (flags & 0xffff & ~(uint32_t)(CHECKSUM_PRESENT | MORE_TO_COME)) != 0)
		return false;
	if ((flags & CHECKSUM_PRESENT) != 0) {
		if (c.left < 4)
			return false;
		c.left -= 4;
	}
	m->one_way = from == FROM_CLIENT && (flags & MORE_TO_COME) != 0;
	return read_sections(c, from, m);
}

static bool
ends_with(struct cursor text, const char *ending)
{
	size_t size = strlen(ending);

	return text.left >= size && memcmp(text.at + text.left - size, ending, size) == 0;
}

static bool
read_query(struct cursor c, struct mongodb_message *m)
{
	struct cursor collection, query, fields;

	cursor_skip(&c, 4);
	if (!take_name(&c, &collection))
		return false;
	cursor_skip(&c, 8);
	if (!take_sound_document(&c, &query) || (cursor_left(&c) > 0 && !take_sound_document(&c, &fields)))
		return false;
	m->request = MONGODB_DOCUMENTS;
	if (ends_with(collection, ".$cmd"))
		read_command(query, m);
	return cursor_left(&c) == 0;
}

static bool
read_reply(struct cursor c, struct mongodb_message *m)
{
	uint32_t flags = cursor_u32le(&c), count;
	struct cursor elements;

	cursor_skip(&c, 12);
	count = cursor_u32le(&c);
	if (!cursor_ok(&c) || count > cursor_left(&c) / 5 || (count == 0 && cursor_left(&c) > 0))
		return false;
	m->query_failed = (flags & (QUERY_FAILURE | CURSOR_NOT_FOUND)) != 0;
	for (uint32_t i = 0; i < count; i++) {
		elements = bson_take_document(&c);
		if (!cursor_ok(&c))
			return false;
		if (i == 0 && count == 1) {
			if (!bson_is_sound(elements))
				return false;
			read_answer(elements, m);
		}
	}
	return cursor_left(&c) == 0;
}

/* OP_UPDATE, OP_INSERT, OP_DELETE: a word, a collection, for some another word, documents. */
static bool
read_write(struct cursor c, struct mongodb_message *m)
{
	struct cursor collection;

	m->write = true;
	cursor_skip(&c, 4);
	if (!take_name(&c, &collection))
		return false;
	if (m->header.opcode != MONGODB_INSERT)
		cursor_skip(&c, 4);
	while (cursor_left(&c) > 0)
		(void)bson_take_document(&c);
	return cursor_ok(&c);
}

static bool
read_get_more(struct cursor c, struct mongodb_message *m)
{
	struct cursor collection;

	cursor_skip(&c, 4);
	m->request = MONGODB_DOCUMENTS;
	return take_name(&c, &collection) && cursor_left(&c) == 12;
}

static bool
read_kill_cursors(struct cursor c)
{
	uint32_t count;

	cursor_skip(&c, 4);
	count = cursor_u32le(&c);
	return cursor_ok(&c) && cursor_left(&c) == (uint64_t)count * 8;
}

/* OP_COMMAND and its answer, of 3.2 and 3.4: names, then documents, of which either may be the metadata. */
static bool
read_op_command(struct cursor c, struct mongodb_message *m)
{
	struct cursor database, name, elements;

	if (!take_name(&c, &database) || !take_name(&c, &name))
		return false;
	m->request = request_of(name);
	for (unsigned n = 0; cursor_left(&c) > 0; n++) {
		if (!take_sound_document(&c, &elements))
			return false;
		if (n < 2 && m->request == MONGODB_HELLO)
			read_hello(elements, m);
		else if (n < 2 && m->request >= MONGODB_SASL_START && cursor_left(&elements) > 0)
			read_login(elements, m->request, m);
	}
	return true;
}

static bool
read_op_command_reply(struct cursor c, struct mongodb_message *m)
{
	struct cursor elements;

	while (cursor_left(&c) > 0) {
		if (!take_sound_document(&c, &elements))
			return false;
		if (!m->has_ok)
			read_answer(elements, m);
	}
	return true;
}

/* OP_COMPRESSED: compressor 0 is none, 1 snappy, 2 zlib, 3 zstd. */
static bool
read_compressed(struct cursor c, enum direction from, struct mongodb_message *m)
{
	struct mongodb_header inner = m->header;
	uint32_t size;
	uint8_t compressor;

	inner.opcode = cursor_u32le(&c);
	size = cursor_u32le(&c);
	compressor = cursor_u8(&c);
	if (!cursor_ok(&c) || inner.opcode == MONGODB_COMPRESSED || operation_of(inner.opcode) == NULL || size > MONGODB_MESSAGE_SIZE_MAX || compressor > 3)
		return false;
	if (compressor == 0)
		return size == cursor_left(&c) && mongodb_read(&inner, c, from, m);
	/* What is a login is never compressed. */
	m->request = MONGODB_UNREADABLE;
	m->one_way = operation_of(inner.opcode)->one_way;
	return true;
}

bool
mongodb_read(const struct mongodb_header *h, struct cursor body, enum direction from, struct mongodb_message *m)
{
	const struct operation *o = operation_of(h->opcode);

	*m = (struct mongodb_message){ .header = *h, .request = MONGODB_UNREADABLE, .one_way = o != NULL && o->one_way };
	switch (h->opcode) {
	case MONGODB_MSG:
		return read_msg(body, from, m);
	case MONGODB_QUERY:
		return read_query(body, m);
	case MONGODB_REPLY:
		return read_reply(body, m);
	case MONGODB_UPDATE:
	case MONGODB_INSERT:
	case MONGODB_DELETE:
		return read_write(body, m);
	case MONGODB_GET_MORE:
		return read_get_more(body, m);
	case MONGODB_KILL_CURSORS:
		return read_kill_cursors(body);
	case MONGODB_COMMAND:
		return read_op_command(body, m);
	case MONGODB_COMMAND_REPLY:
		return read_op_command_reply(body, m);
	case MONGODB_COMPRESSED:
		return read_compressed(body, from, m);
	default:
		return false;
	}
}

/* Beginnings. */

/* A name of a collection, or of a database: printable, as clients send them. */
static enum verdict
begins_with_name(struct cursor c)
{
	for (size_t i = 0; i < NAME_SIZE_MAX; i++) {
		int b = cursor_peek(&c, i);

		if (b < 0)
			return NEED_MORE;
		if (b == 0)
			return i > 0 ? MATCH : NO_MATCH;
		if (b < ' ' || b == 0x7f)
			return NO_MATCH;
	}
	return NO_MATCH;
}

/* A document's size, the type of its first element and that one's name. */
static enum verdict
begins_with_document(struct cursor c, uint32_t room)
{
	uint32_t size = cursor_u32le(&c);
	int type = cursor_peek(&c, 0);

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < 5 || size > room)
		return NO_MATCH;
	if (type < 0)
		return NEED_MORE;
	if (size == 5 || type > 0x13)
		return size == 5 && type == 0 ? MATCH : NO_MATCH;
	cursor_skip(&c, 1);
	return type == 0 ? NO_MATCH : begins_with_name(c);
}

static enum verdict
msg_begins(struct cursor c, uint32_t room)
{
	uint32_t flags = cursor_u32le(&c);
	uint8_t kind = cursor_u8(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	if ((flags & ~(uint32_t)(CHECKSUM_PRESENT | MORE_TO_COME | EXHAUST_ALLOWED)) != 0 || kind > 1)
		return NO_MATCH;
	if (kind == 0)
		return begins_with_document(c, room - 5);
	if (cursor_left(&c) < 4)
		return NEED_MORE;
	if (cursor_u32le(&c) > room - 5)
		return NO_MATCH;
	return begins_with_name(c);
}

static enum verdict
reply_begins(struct cursor c, uint32_t room)
{
	uint32_t flags = cursor_u32le(&c), count;

	cursor_skip(&c, 12);
	count = cursor_u32le(&c);
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (flags > 0xf || count > (room - 20) / 5 || (count == 0) != (room == 20))
		return NO_MATCH;
	return count == 0 ? MATCH : begins_with_document(c, room - 20);
}

static enum verdict
compressed_begins(struct cursor c)
{
	uint32_t opcode = cursor_u32le(&c), size = cursor_u32le(&c);
	uint8_t compressor = cursor_u8(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	return opcode != MONGODB_COMPRESSED && operation_of(opcode) != NULL && size > 0 && size <= MONGODB_MESSAGE_SIZE_MAX && compressor <= 3 ? MATCH : NO_MATCH;
}

/* A word of flags below most, then a name. */
static enum verdict
begins_with_flags(struct cursor c, uint32_t most)
{
	uint32_t flags = cursor_u32le(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	return flags <= most ? begins_with_name(c) : NO_MATCH;
}

enum verdict
mongodb_begins(const struct mongodb_header *h, struct cursor body)
{
	uint32_t room = h->size - MONGODB_HEADER_SIZE;

	if (body.left > room)
		body.left = room;
	switch (h->opcode) {
	case MONGODB_MSG:
		return msg_begins(body, room);
	case MONGODB_REPLY:
		return reply_begins(body, room);
	case MONGODB_COMPRESSED:
		return compressed_begins(body);
	case MONGODB_COMMAND:
		return begins_with_name(body);
	case MONGODB_COMMAND_REPLY:
		return begins_with_document(body, room);
	case MONGODB_QUERY:
		return begins_with_flags(body, 0xff);
	case MONGODB_INSERT:
		return begins_with_flags(body, 1);
	case MONGODB_KILL_CURSORS:
		if (cursor_left(&body) < 8)
			return NEED_MORE;
		return cursor_u64le(&body) >> 32 == (room - 8) / 8 && room % 8 == 0 ? MATCH : NO_MATCH;
	default:
		return begins_with_flags(body, 0);
	}
}

/* Errors are short, and tell that they are at once. */
static bool
begins_with_data(struct cursor name)
{
	static const char *const words[] = { "cursor", "values", "results", "result", "databases", "collections", "host", NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (cursor_equals(&name, words[i]))
			return true;
	return false;
}

/* The name of the first element of the document at the cursor. */
static bool
first_name(struct cursor c, struct cursor *name)
{
	cursor_skip(&c, 4);
	cursor_skip(&c, 1);
	return cursor_take_until(&c, 0, name);
}

void
mongodb_read_beginning(const struct mongodb_header *h, struct cursor body, enum direction from, struct mongodb_message *m)
{
	const struct operation *o = operation_of(h->opcode);
	struct cursor name, c = body;
	uint32_t flags = cursor_u32le(&c);
	uint8_t kind;

	*m = (struct mongodb_message){ .header = *h, .request = MONGODB_UNREADABLE, .one_way = o != NULL && o->one_way };
	if (h->opcode == MONGODB_QUERY || h->opcode == MONGODB_GET_MORE)
		m->request = ends_with(cursor_take_until(&c, 0, &name) ? name : c, ".$cmd") ? MONGODB_UNREADABLE : MONGODB_DOCUMENTS;
	if (h->opcode == MONGODB_REPLY)
		m->query_failed = (flags & (QUERY_FAILURE | CURSOR_NOT_FOUND)) != 0;
	if (h->opcode != MONGODB_MSG)
		return;
	m->one_way = from == FROM_CLIENT && (flags & MORE_TO_COME) != 0;
	kind = cursor_u8(&c);
	if (kind == 1)
		m->request = MONGODB_DATA; /* what documents go along with writes */
	else if (first_name(c, &name) && from == FROM_CLIENT)
		m->request = request_of(name);
	else if (first_name(c, &name))
		m->data = begins_with_data(name);
}
