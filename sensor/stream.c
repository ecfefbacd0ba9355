/* SPDX-License-Identifier: Apache-2.0 */
/* TCP reassembly (RFC 9293 3.4 for the arithmetic of sequence numbers), bounded in all it keeps. */
#include <config.h>

#include "stream.h"

#include <string.h>

enum {
	HELD_COUNT_MAX = 64,
	HELD_SIZE_MAX = 256 * 1024,
	/* Segments of the flow seen, since something is missing, before it is given up for lost. */
	WAIT_MAX = 12,
};

static const uint32_t PASS_OVER_MAX = 1u << 30; /* beyond, "before" and "after" could be mistaken */

struct held_segment {
	struct held_segment *next;
	size_t capacity; /* of the buffer this lies in */
	struct stream_place place;
	uint32_t sequence;
	uint32_t size;   /* on the wire */
	uint32_t captured;
	uint32_t acknowledgement;
	bool has_acknowledgement;
	uint8_t bytes[];
};

/* How far a lies after b, modulo 2^32; negative: before it. */
static int32_t
distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

void
stream_init(struct stream *s)
{
	*s = (struct stream){ 0 };
}

void
stream_start(struct stream *s, unsigned side, uint32_t sequence)
{
	s->half[side].started = true;
	s->half[side].next = sequence;
}

static struct held_segment *
unhold(struct stream_half *h)
{
	struct held_segment *segment = h->held;

	h->held = segment->next;
	h->held_count--;
	h->held_size -= segment->captured;
	return segment;
}

static void
drop_held(struct stream_half *h, struct buffer_pool *buffers)
{
	while (h->held != NULL) {
		struct held_segment *segment = unhold(h);

		memset(segment->bytes, 0, segment->captured);
		buffer_give(buffers, segment, segment->capacity);
	}
}

void
stream_clear(struct stream *s, struct buffer_pool *buffers)
{
	drop_held(&s->half[0], buffers);
	drop_held(&s->half[1], buffers);
}

void
stream_finish(struct stream *s, unsigned side)
{
	s->half[side].finished = true;
}

void
stream_pass_over(struct stream *s, unsigned side, uint64_t size)
{
	if (size >= PASS_OVER_MAX)
		s->half[side].finished = true;
	else
		s->half[side].next += (uint32_t)size;
}

/* Gives the bytes of a segment from `next` on, and tells of those that the capture cut off. */
static void
deliver(struct stream *s, const struct stream_reader *reader, unsigned side, uint32_t sequence, const uint8_t *bytes, uint32_t captured, uint32_t size, const struct stream_place *place)
{
	struct stream_half *h = &s->half[side];
	int32_t old = distance(h->next, sequence);
	uint32_t from = old > 0 ? (uint32_t)old : 0;

	if (h->finished || from >= size)
		return;
	if (from < captured) {
		h->next += captured - from;
		reader->bytes(reader->context, side, bytes + from, captured - from, place);
		from = captured;
		/* The reader may have passed over what the capture cut off. */
		if (distance(h->next, sequence) >= (int32_t)size)
			return;
		from = (uint32_t)distance(h->next, sequence);
	}
	if (from < size && !h->finished) {
		h->next += size - from;
		reader->gap(reader->context, side, size - from, place);
	}
}

/* What an acknowledgement of all that was delivered says: a FIN takes a number of its own. */
static uint32_t
end_of(const struct stream_half *h)
{
	return h->next + (h->has_fin && h->next == h->fin);
}

/* Whether what this acknowledgement answers to has been delivered. */
static bool
is_caused(const struct stream *s, unsigned side, uint32_t acknowledgement, bool has_acknowledgement)
{
	const struct stream_half *other = &s->half[1 - side];

	return !has_acknowledgement || !other->started || other->finished || distance(acknowledgement, end_of(other)) <= 0;
}

static void
hold(struct stream *s, const struct stream_reader *reader, unsigned side, uint32_t sequence, const uint8_t *bytes, uint32_t captured, uint32_t size, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	struct held_segment *segment, **at = &h->held;
	size_t capacity;

	/* The same piece again: the first copy counts. */
	for (; *at != NULL && distance((*at)->sequence, sequence) <= 0; at = &(*at)->next)
		if ((*at)->sequence == sequence && (*at)->size >= size)
			return;
	segment = buffer_take(reader->buffers, sizeof(*segment) + captured, &capacity);
	if (segment == NULL) {
		s->no_memory = true;
		return;
	}
	*segment = (struct held_segment){
		.next = *at,
		.capacity = capacity,
		.place = { .packet = p->frame->number, .file = p->frame->file, .time = p->frame->time },
		.sequence = sequence,
		.size = size,
		.captured = captured,
		.acknowledgement = p->acknowledgement,
		.has_acknowledgement = (p->tcp_flags & TCP_ACK) != 0,
	};
	if (captured > 0)
		memcpy(segment->bytes, bytes, captured);
	*at = segment;
	h->held_count++;
	h->held_size += captured;
}

/* Delivers what is held and has become deliverable; true if anything was. */
static bool
drain(struct stream *s, const struct stream_reader *reader, unsigned side)
{
	struct stream_half *h = &s->half[side];
	bool any = false;

	while (h->held != NULL) {
		struct held_segment *segment = h->held;

		if (!h->finished && (distance(segment->sequence, h->next) > 0 || !is_caused(s, side, segment->acknowledgement, segment->has_acknowledgement)))
			break;
		segment = unhold(h);
		deliver(s, reader, side, segment->sequence, segment->bytes, segment->captured, segment->size, &segment->place);
		memset(segment->bytes, 0, segment->captured);
		buffer_give(reader->buffers, segment, segment->capacity);
		any = true;
	}
	return any;
}

static void
drain_both(struct stream *s, const struct stream_reader *reader)
{
	bool any = true;

	while (any) {
		any = drain(s, reader, 0);
		any |= drain(s, reader, 1);
	}
	if (s->half[0].held == NULL && s->half[1].held == NULL)
		s->waited = 0;
}

/*
 * Gives up what is missing before the first held segment of side: bytes of its own, or bytes of the
 * other side that it answers to.
 */
static void
give_up(struct stream *s, const struct stream_reader *reader, unsigned side)
{
	struct held_segment *first = s->half[side].held;
	struct stream_half *h = &s->half[side], *other = &s->half[1 - side];
	struct stream_place place = first->place;
	uint32_t missing;

	if (distance(first->sequence, h->next) > 0) {
		missing = first->sequence - h->next;
		h->next = first->sequence;
		reader->gap(reader->context, side, missing, &place);
		return;
	}
	/* Up to what the other side holds, or to what was acknowledged. */
	missing = first->acknowledgement - other->next;
	if (other->held != NULL && distance(other->held->sequence, first->acknowledgement) < 0)
		missing = other->held->sequence - other->next;
	if ((int32_t)missing <= 0) {
		/* Each waits for the other: what is held is contradictory. Take it as it comes. */
		first->has_acknowledgement = false;
		return;
	}
	other->next += missing;
	reader->gap(reader->context, 1 - side, missing, &place);
}

static bool
overfull(const struct stream_half *h)
{
	return h->held_count > HELD_COUNT_MAX || h->held_size > HELD_SIZE_MAX;
}

/* Whether bytes are missing that the receiver has not got either, as far as its acknowledgements say. */
static bool
may_be_resent(const struct stream_half *h, const struct stream_half *receiver)
{
	return h->held != NULL && distance(h->held->sequence, h->next) > 0 && receiver->has_acknowledged && distance(receiver->acknowledged, h->next) <= 0;
}

/* Waits a little for what is missing, then gives it up. */
static void
settle(struct stream *s, const struct stream_reader *reader)
{
	drain_both(s, reader);
	if (s->half[0].held == NULL && s->half[1].held == NULL)
		return;
	if (s->waited < WAIT_MAX && !overfull(&s->half[0]) && !overfull(&s->half[1])) {
		for (unsigned side = 0; side < 2; side++)
			if (may_be_resent(&s->half[side], &s->half[1 - side]))
				return;
		s->waited++;
		return;
	}
	give_up(s, reader, s->half[0].held != NULL && (s->half[1].held == NULL || overfull(&s->half[0])) ? 0 : s->half[1].held != NULL ? 1 : 0);
	s->waited = 0;
	drain_both(s, reader);
}

void
stream_flush(struct stream *s, const struct stream_reader *reader)
{
	drain_both(s, reader);
	while (s->half[0].held != NULL || s->half[1].held != NULL) {
		/* The side whose own bytes are complete is the one that waits for the other. */
		unsigned side = s->half[0].held != NULL ? 0 : 1;

		if (s->half[1].held != NULL && s->half[0].held != NULL && s->half[1].held->place.packet < s->half[0].held->place.packet)
			side = 1;
		give_up(s, reader, side);
		drain_both(s, reader);
	}
}

/* In order and caused by what was delivered: straight from the packet; else it is held. */
static void
take_piece(struct stream *s, const struct stream_reader *reader, unsigned side, uint32_t sequence, const uint8_t *bytes, uint32_t captured, uint32_t size, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	struct stream_place place = { .packet = p->frame->number, .file = p->frame->file, .time = p->frame->time };

	if (size == 0 || distance(sequence + size, h->next) <= 0)
		return;
	if (h->held == NULL && distance(sequence, h->next) <= 0 && is_caused(s, side, p->acknowledgement, (p->tcp_flags & TCP_ACK) != 0))
		deliver(s, reader, side, sequence, bytes, captured, size, &place);
	else
		hold(s, reader, side, sequence, bytes, captured, size, p);
}

void
stream_segment(struct stream *s, const struct stream_reader *reader, unsigned side, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	uint32_t sequence = p->sequence + ((p->tcp_flags & TCP_SYN) != 0);
	uint32_t urgent = (p->tcp_flags & TCP_URG) != 0 ? p->urgent : 0;

	if (!h->started) {
		h->started = true;
		h->next = sequence;
	}
	if ((p->tcp_flags & TCP_ACK) != 0 && (!h->has_acknowledged || distance(p->acknowledgement, h->acknowledged) > 0)) {
		h->has_acknowledged = true;
		h->acknowledged = p->acknowledgement;
	}
	if ((p->tcp_flags & TCP_FIN) != 0) {
		h->has_fin = true;
		h->fin = sequence + p->payload_size;
	}
	if (h->finished || (p->tcp_flags & TCP_RST) != 0) {
		settle(s, reader);
		return;
	}
	if (urgent > 0 && urgent <= p->payload_captured) {
		/*
		 * The urgent byte is the one before the pointer, as implementations have it (RFC 6093
		 * 2), and is not among those the application reads in order.
		 */
		take_piece(s, reader, side, sequence, p->payload, urgent - 1, urgent - 1, p);
		if (h->next == sequence + urgent - 1)
			h->next++;
		sequence += urgent;
		take_piece(s, reader, side, sequence, p->payload + urgent, p->payload_captured - urgent, p->payload_size - urgent, p);
	} else {
		take_piece(s, reader, side, sequence, p->payload, p->payload_captured, p->payload_size, p);
	}
	settle(s, reader);
}
