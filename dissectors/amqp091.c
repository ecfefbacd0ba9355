/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP 0-9-1 (and 0-9, 0-8): frames that end in 0xCE (4.2.3), and of the methods in them those of the
 * login: start, start-ok, secure, secure-ok, tune, close (1.4.2). RabbitMQ's errata are followed.
 */
#include <config.h>

#include <string.h>

#include "amqp.h"

enum { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8, FRAME_END = 0xce };
enum { CLASS_CONNECTION = 10, CLASS_CHANNEL = 20, CLASS_BASIC = 60 };
enum { ACCESS_REFUSED = 403, NOT_ALLOWED = 530 };

struct frame {
	uint8_t type;
	uint16_t channel;
	uint32_t size;
};

static const char reply_clause[] = "AMQP 0-9-1 connection.close";

static bool
is_class(uint16_t class)
{
	static const uint8_t classes[] = { 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 100, 110, 120 };

	return class < 128 && memchr(classes, class, sizeof(classes)) != NULL;
}

enum sender { BY_EITHER, BY_CLIENT, BY_SERVER };

/*
 * Who sends a method: mostly the client asks with one that ends in 0, and is answered by one in 1.
 */
static enum sender
sender_of(uint16_t class, uint16_t method)
{
	static const struct {
		uint8_t class, method, sender;
	} others[] = {
		{ 10, 10, BY_SERVER }, { 10, 11, BY_CLIENT }, { 10, 20, BY_SERVER }, { 10, 21, BY_CLIENT }, { 10, 30, BY_SERVER }, { 10, 31, BY_CLIENT },
		{ 10, 50, BY_EITHER }, { 10, 51, BY_EITHER }, { 10, 60, BY_EITHER }, { 10, 61, BY_EITHER }, { 20, 20, BY_EITHER }, { 20, 21, BY_EITHER },
		{ 20, 40, BY_EITHER }, { 20, 41, BY_EITHER }, { 60, 30, BY_EITHER }, { 60, 31, BY_EITHER }, { 60, 50, BY_SERVER }, { 60, 60, BY_SERVER },
		{ 60, 72, BY_SERVER }, { 60, 80, BY_EITHER }, { 60, 120, BY_EITHER },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].class == class && others[i].method == method)
			return (enum sender)others[i].sender;
	return method % 10 == 0 ? BY_CLIENT : BY_SERVER;
}

/* Reads a frame's seven bytes; NO_MATCH where they cannot be. */
static enum verdict
read_header(struct cursor *c, struct frame *f)
{
	f->type = cursor_u8(c);
	f->channel = cursor_u16(c);
	f->size = cursor_u32(c);
	if (!cursor_ok(c))
		return NEED_MORE;
	if (f->type == FRAME_HEARTBEAT)
		return f->channel == 0 && f->size == 0 ? MATCH : NO_MATCH;
	if (f->type < FRAME_METHOD || f->type > FRAME_BODY || f->size > AMQP_FRAME_MAX)
		return NO_MATCH;
	return f->size >= (f->type == FRAME_METHOD ? 4 : f->type == FRAME_HEADER ? 14 : 0) && (f->type == FRAME_METHOD || f->channel != 0) ? MATCH : NO_MATCH;
}

/* Whether the method at the cursor is one, and that side's. */
static bool
is_method(struct cursor c, enum direction from, bool *opening)
{
	uint16_t class = cursor_u16(&c), method = cursor_u16(&c);
	enum sender sender = sender_of(class, method);

	*opening = class == CLASS_CONNECTION && method == 10;
	return cursor_ok(&c) && is_class(class) && method >= 10 && method <= 121 && (sender == BY_EITHER || (sender == BY_CLIENT) == (from == FROM_CLIENT));
}

enum verdict
amqp091_probe(const struct flow_view *flow, enum direction from, struct cursor bytes)
{
	struct cursor c = bytes;
	struct frame f;
	bool opening = false;
	enum verdict verdict;

	if ((cursor_peek(&c, 0) < FRAME_METHOD || cursor_peek(&c, 0) > FRAME_BODY) && cursor_peek(&c, 0) != FRAME_HEARTBEAT)
		return cursor_left(&c) == 0 ? NEED_MORE : NO_MATCH;
	verdict = read_header(&c, &f);
	if (verdict != MATCH)
		return verdict;
	if (f.type == FRAME_METHOD && cursor_left(&c) >= 4 && !is_method(c, from, &opening))
		return NO_MATCH;
	/* From its beginning, a connection has one frame that comes first, and the client has a header. */
	if (flow->handshake_seen && (from == FROM_CLIENT || f.type != FRAME_METHOD || (cursor_left(&c) >= 4 && !opening)))
		return NO_MATCH;
	if (cursor_left(&c) < (size_t)f.size + 1)
		return f.type == FRAME_BODY || f.size > AMQP_LOOK ? NO_MATCH : NEED_MORE;
	cursor_skip(&c, f.size);
	return cursor_u8(&c) == FRAME_END && f.type != FRAME_BODY ? MATCH : NO_MATCH;
}

static struct cursor
take_short(struct cursor *c)
{
	size_t size = cursor_u8(c);

	return cursor_sub(c, size);
}

static struct cursor
take_long(struct cursor *c)
{
	size_t size = cursor_u32(c);

	return cursor_sub(c, size);
}

static enum verdict
read_start(struct dissection *d, struct cursor c, uint64_t offset)
{
	struct cursor mechanisms;

	(void)cursor_u16(&c);  /* version */
	(void)take_long(&c); /* server-properties */
	mechanisms = take_long(&c);
	(void)take_long(&c); /* locales */
	if (!cursor_ok(&c) || cursor_left(&c) > 0 || !cursor_is_text(mechanisms))
		return NO_MATCH;
	amqp_claim(d, STRENGTH_EXCHANGE, "AMQP 0-9-1 connection.start", FROM_SERVER, offset);
	return MATCH;
}

static enum verdict
read_start_ok(struct dissection *d, struct cursor c, uint64_t offset)
{
	static const char clause[] = "AMQP 0-9-1 connection.start-ok";
	struct cursor mechanism, response;

	(void)take_long(&c); /* client-properties */
	mechanism = take_short(&c);
	response = take_long(&c);
	(void)take_short(&c); /* locale */
	if (!cursor_ok(&c) || cursor_left(&c) > 0)
		return NO_MATCH;
	amqp_claim(d, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	amqp_login(d, mechanism, response, clause, offset);
	return MATCH;
}

static enum verdict
read_secure_ok(struct dissection *d, struct cursor c, uint64_t offset)
{
	static const char clause[] = "AMQP 0-9-1 connection.secure-ok";
	struct cursor response = take_long(&c);

	if (!cursor_ok(&c) || cursor_left(&c) > 0)
		return NO_MATCH;
	amqp_claim(d, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	amqp_response(d, response, clause, offset);
	return MATCH;
}

/* Reply codes 1.1: 403 and, of Qpid and of virtual hosts, 530, are about the client; before tune, about its login. */
static enum verdict
read_close(struct dissection *d, struct cursor c, uint64_t offset)
{
	struct amqp_state *s = d->state;
	uint16_t code = cursor_u16(&c);

	(void)take_short(&c);
	(void)cursor_u32(&c); /* class and method it is about */
	if (!cursor_ok(&c) || cursor_left(&c) > 0)
		return NO_MATCH;
	amqp_claim(d, STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
	if (code != ACCESS_REFUSED && code != NOT_ALLOWED)
		return MATCH;
	if (s->judged)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	else if (s->login && !s->server_loss)
		amqp_refused(d, reply_clause, offset);
	return MATCH;
}

static bool
is_close(const struct amqp_state *s, uint16_t class, uint16_t method)
{
	if (class == CLASS_CHANNEL)
		return method == 40;
	return class == CLASS_CONNECTION && method == (s->old ? 60 : 50);
}

static enum verdict
read_server_method(struct dissection *d, uint16_t class, uint16_t method, struct cursor body, uint64_t offset)
{
	enum verdict verdict;

	if (is_close(d->state, class, method)) {
		verdict = read_close(d, body, offset);
		return verdict == MATCH && class == CLASS_CONNECTION ? DONE : verdict;
	}
	if (class == CLASS_CONNECTION && method == 10)
		return read_start(d, body, offset);
	amqp_claim(d, STRENGTH_STRUCTURE, "AMQP 0-9-1 4.2.4 method", FROM_SERVER, offset);
	if (class == CLASS_CONNECTION && method == 30)
		amqp_accepted(d, "AMQP 0-9-1 connection.tune", offset);
	else if (class != CLASS_CONNECTION || method == 41) /* work, open-ok: close-ok and others are said to anybody */
		amqp_served(d, "AMQP 0-9-1 4.2.4 method", offset);
	return MATCH;
}

static enum verdict
read_method(struct dissection *d, enum direction from, struct cursor c, uint64_t offset)
{
	bool opening;
	uint16_t class, method;

	if (!is_method(c, from, &opening))
		return NO_MATCH;
	class = cursor_u16(&c);
	method = cursor_u16(&c);
	if (from == FROM_SERVER)
		return read_server_method(d, class, method, c, offset);
	if (class == CLASS_CONNECTION && method == 11)
		return read_start_ok(d, c, offset);
	if (class == CLASS_CONNECTION && method == 21)
		return read_secure_ok(d, c, offset);
	amqp_claim(d, STRENGTH_STRUCTURE, "AMQP 0-9-1 4.2.4 method", from, offset);
	return MATCH;
}

enum verdict
amqp091_read(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor c = *bytes, body;
	struct frame f;
	enum verdict verdict = read_header(&c, &f);

	if (verdict != MATCH)
		return verdict;
	if (f.type == FRAME_BODY || f.type == FRAME_HEADER || f.size > AMQP_LOOK) {
		*bytes = c;
		dissection_pass_over(d, bytes, (uint64_t)f.size + 1);
		return MATCH;
	}
	if (cursor_left(&c) < (size_t)f.size + 1) {
		d->need = 7 + (size_t)f.size + 1;
		return NEED_MORE;
	}
	body = cursor_sub(&c, f.size);
	if (cursor_u8(&c) != FRAME_END)
		return NO_MATCH;
	if (f.type == FRAME_METHOD)
		verdict = read_method(d, from, body, offset);
	else
		amqp_claim(d, STRENGTH_STRUCTURE, "AMQP 0-9-1 4.2.7 heartbeat", from, offset);
	if (verdict != NO_MATCH)
		*bytes = c;
	return verdict;
}
