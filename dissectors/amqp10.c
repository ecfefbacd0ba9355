/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP 1.0 (OASIS, ISO/IEC 19464): frames (part 2, 2.3), each with one described list, of which the
 * SASL layer's (part 5, 5.3.3) are read, and of the others who says what.
 */
#include <config.h>

#include <string.h>

#include "amqp.h"

enum { TYPE_AMQP = 0, TYPE_SASL = 1 };
enum {
	OPEN = 0x10,
	CLOSE = 0x18,
	SASL_MECHANISMS = 0x40,
	SASL_INIT,
	SASL_CHALLENGE,
	SASL_RESPONSE,
	SASL_OUTCOME,
};

struct frame {
	uint32_t size;        /* all of it */
	uint8_t type;
	uint8_t performative; /* 0: an empty frame, which keeps the connection alive */
	struct cursor fields; /* of the list */
	uint32_t count;
};

/* 2.3.1: eight bytes, and what doff adds to them. */
static enum verdict
read_header(struct cursor *c, struct frame *f)
{
	uint8_t doff;

	f->size = cursor_u32(c);
	doff = cursor_u8(c);
	f->type = cursor_u8(c);
	(void)cursor_u16(c); /* channel */
	if (!cursor_ok(c))
		return NEED_MORE;
	if (doff < 2 || (uint32_t)doff * 4 > f->size || f->type > TYPE_SASL || f->size > AMQP_FRAME_MAX)
		return NO_MATCH;
	return doff == 2 ? MATCH : NO_MATCH; /* no extended header is defined */
}

/* Part 1, 1.6.22 and following: the size and the count of a list. */
static bool
read_list(struct cursor *c, struct cursor *fields, uint32_t *count)
{
	size_t size;

	switch (cursor_u8(c)) {
	case 0x45:
		*count = 0;
		*fields = cursor_sub(c, 0);
		break;
	case 0xc0:
		size = cursor_u8(c);
		*fields = cursor_sub(c, size);
		*count = cursor_u8(fields);
		break;
	case 0xd0:
		size = cursor_u32(c);
		*fields = cursor_sub(c, size);
		*count = cursor_u32(fields);
		break;
	default:
		cursor_fail(c);
		break;
	}
	return cursor_ok(c) && cursor_ok(fields);
}

/* A described list, whose descriptor is a small number in one byte or in eight (1.3, 1.6.8). */
static bool
read_performative(struct cursor *c, struct frame *f)
{
	uint64_t code;

	if (cursor_u8(c) != 0)
		return false;
	switch (cursor_u8(c)) {
	case 0x53:
		code = cursor_u8(c);
		break;
	case 0x80:
		code = cursor_u64(c);
		break;
	default:
		return false;
	}
	f->performative = code < 0x80 ? (uint8_t)code : 0xff;
	if (f->type == TYPE_AMQP ? code < OPEN || code > CLOSE : code < SASL_MECHANISMS || code > SASL_OUTCOME)
		return false;
	return read_list(c, &f->fields, &f->count);
}

/* Reads the body of a frame; only a transfer has bytes behind its list. */
static bool
read_body(struct cursor *c, struct frame *f)
{
	if (cursor_left(c) == 0) {
		f->performative = 0;
		return f->type == TYPE_AMQP;
	}
	return read_performative(c, f) && (cursor_left(c) == 0 || f->performative == 0x14);
}

static bool
may_send(enum direction from, const struct frame *f)
{
	if (f->type == TYPE_AMQP)
		return true;
	return (f->performative == SASL_INIT || f->performative == SASL_RESPONSE) == (from == FROM_CLIENT);
}

enum verdict
amqp10_probe(const struct flow_view *flow, enum direction from, struct cursor bytes)
{
	struct cursor c = bytes, body;
	struct frame f;
	enum verdict verdict;

	if (flow->handshake_seen || cursor_peek(&c, 0) > 0)
		return NO_MATCH;
	verdict = read_header(&c, &f);
	if (verdict != MATCH)
		return verdict;
	if (f.size == 8 || f.size > AMQP_LOOK || (cursor_left(&c) > 0 && cursor_peek(&c, 0) != 0) || (cursor_left(&c) > 1 && cursor_peek(&c, 1) != 0x53 && cursor_peek(&c, 1) != 0x80))
		return NO_MATCH;
	if (cursor_left(&c) < f.size - 8)
		return NEED_MORE;
	body = cursor_sub(&c, f.size - 8);
	return read_body(&body, &f) && may_send(from, &f) ? MATCH : NO_MATCH;
}

/* A field that is a symbol, a string or bytes; failed where it is anything else. */
static struct cursor
take_bytes(struct cursor *c)
{
	struct cursor none = { .failed = true };
	size_t size;

	switch (cursor_u8(c)) {
	case 0xa0:
	case 0xa1:
	case 0xa3:
		size = cursor_u8(c);
		return cursor_sub(c, size);
	case 0xb0:
	case 0xb1:
	case 0xb3:
		size = cursor_u32(c);
		return cursor_sub(c, size);
	default:
		return none;
	}
}

/* 5.3.3.2: mechanism, initial-response, hostname. */
static enum verdict
read_init(struct dissection *d, struct frame *f, uint64_t offset)
{
	static const char clause[] = "AMQP 1.0 5.3.3.2 sasl-init";
	struct cursor mechanism = take_bytes(&f->fields), response = { .failed = true };

	if (f->count == 0 || !cursor_ok(&mechanism))
		return NO_MATCH;
	if (f->count > 1)
		response = take_bytes(&f->fields);
	amqp_claim(d, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	amqp_login(d, mechanism, response, clause, offset);
	return MATCH;
}

static enum verdict
read_response(struct dissection *d, struct frame *f, uint64_t offset)
{
	static const char clause[] = "AMQP 1.0 5.3.3.4 sasl-response";
	struct cursor response = take_bytes(&f->fields);

	if (f->count == 0 || !cursor_ok(&response))
		return NO_MATCH;
	amqp_claim(d, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
	amqp_response(d, response, clause, offset);
	return MATCH;
}

/* 5.3.3.6: 0 is ok, 1 a refusal; 2 to 4 are the server's own troubles. */
static enum verdict
read_outcome(struct dissection *d, struct frame *f, uint64_t offset)
{
	static const char clause[] = "AMQP 1.0 5.3.3.5 sasl-outcome";
	uint8_t type = cursor_u8(&f->fields), code = cursor_u8(&f->fields);

	if (f->count == 0 || type != 0x50 || !cursor_ok(&f->fields) || code > 4)
		return NO_MATCH;
	amqp_claim(d, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	if (code == 0)
		amqp_accepted(d, clause, offset);
	else if (code == 1)
		amqp_refused(d, clause, offset);
	return code == 1 ? DONE : MATCH;
}

static enum verdict
read_sasl(struct dissection *d, struct frame *f, uint64_t offset)
{
	switch (f->performative) {
	case SASL_INIT:
		return read_init(d, f, offset);
	case SASL_RESPONSE:
		return read_response(d, f, offset);
	case SASL_OUTCOME:
		return read_outcome(d, f, offset);
	default:
		amqp_claim(d, STRENGTH_EXCHANGE, "AMQP 1.0 5.3.3.1 sasl-mechanisms", FROM_SERVER, offset);
		return MATCH;
	}
}

/*
 * Refused by who the client is: the error of an end, a detach or a close (2.8.14). The condition
 * is a symbol, which nothing else in these lists would spell.
 */
static bool
is_unauthorized(const struct frame *f)
{
	return f->performative >= 0x16 && cursor_find_nocase(&f->fields, "amqp:unauthorized-access") >= 0;
}

static enum verdict
read_server_frame(struct dissection *d, const struct frame *f, uint64_t offset)
{
	static const char clause[] = "AMQP 1.0 2.7 performative";
	struct amqp_state *s = d->state;

	if (is_unauthorized(f)) {
		if (s->judged)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		else if (f->performative == CLOSE && (s->bare || s->login) && !s->server_loss)
			amqp_refused(d, clause, offset);
		s->opened = false;
		return f->performative == CLOSE ? DONE : MATCH;
	}
	/* 2.4.3: a refusal, for whatever reason, is an open as well, and a close with an error behind it. */
	if (f->performative == OPEN)
		s->opened = true;
	else if (f->performative == CLOSE && f->count > 0 && cursor_peek(&f->fields, 0) != 0x40)
		s->opened = false;
	else if (f->performative != 0)
		amqp_served(d, clause, offset);
	return f->performative == CLOSE ? DONE : MATCH;
}

enum verdict
amqp10_read(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor c = *bytes, body;
	struct frame f;
	enum verdict verdict = read_header(&c, &f);

	if (verdict != MATCH)
		return verdict;
	if (f.size > AMQP_LOOK) {
		*bytes = c;
		dissection_pass_over(d, bytes, f.size - 8);
		return MATCH;
	}
	if (cursor_left(&c) < f.size - 8) {
		d->need = f.size;
		return NEED_MORE;
	}
	body = cursor_sub(&c, f.size - 8);
	if (!read_body(&body, &f) || !may_send(from, &f))
		return NO_MATCH;
	if (f.type == TYPE_SASL) {
		verdict = read_sasl(d, &f, offset);
	} else {
		amqp_claim(d, STRENGTH_STRUCTURE, "AMQP 1.0 2.7 performative", from, offset);
		if (from == FROM_SERVER)
			verdict = read_server_frame(d, &f, offset);
	}
	if (verdict != NO_MATCH)
		*bytes = c;
	return verdict;
}
