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
	bool urgent;
	uint8_t bytes[];
};

/* Bytes of a segment, all of it or a part. */
struct piece {
	uint32_t sequence;
	uint32_t size;         /* on the wire */
	uint32_t captured;
	const uint8_t *bytes;
	bool urgent;           /* one byte that is not among those read in order */
};

/* How far a lies after b, modulo 2^32; negative: before it. */
static int32_t
distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static struct stream_place
place_of(const struct packet *p)
{
	return (struct stream_place){ .packet = p->frame->number, .file = p->frame->file, .time = p->frame->time };
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

/* Leaves out the first size bytes. */
static void
cut_front(struct piece *piece, uint32_t size)
{
	if (size > piece->size)
		size = piece->size;
	piece->sequence += size;
	piece->size -= size;
	piece->bytes = size < piece->captured ? piece->bytes + size : NULL;
	piece->captured -= size < piece->captured ? size : piece->captured;
}

/* Gives the bytes of a piece from `next` on, and tells of those that the capture cut off. */
static void
deliver(struct stream *s, const struct stream_reader *reader, unsigned side, struct piece piece, const struct stream_place *place)
{
	struct stream_half *h = &s->half[side];

	if (distance(h->next, piece.sequence) > 0)
		cut_front(&piece, h->next - piece.sequence);
	if (h->finished || piece.size == 0)
		return;
	if (piece.urgent) {
		h->next++;
		return;
	}
	if (piece.captured > 0) {
		h->next += piece.captured;
		reader->bytes(reader->context, side, piece.bytes, piece.captured, place);
		/* The reader may have passed over what the capture cut off. */
		cut_front(&piece, h->next - piece.sequence);
	}
	if (piece.size > 0 && !h->finished) {
		h->next += piece.size;
		reader->gap(reader->context, side, piece.size, place);
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

/* Keeps a copy of the piece before *at; false without memory. */
static bool
hold_before(struct stream *s, const struct stream_reader *reader, unsigned side, struct held_segment **at, const struct piece *piece, const struct packet *p)
{
	struct held_segment *segment;
	size_t capacity;

	segment = buffer_take(reader->buffers, sizeof(*segment) + piece->captured, &capacity);
	if (segment == NULL) {
		s->no_memory = true;
		return false;
	}
	*segment = (struct held_segment){
		.next = *at,
		.capacity = capacity,
		.place = place_of(p),
		.sequence = piece->sequence,
		.size = piece->size,
		.captured = piece->captured,
		.acknowledgement = p->acknowledgement,
		.has_acknowledgement = (p->tcp_flags & TCP_ACK) != 0,
		.urgent = piece->urgent,
	};
	if (piece->captured > 0)
		memcpy(segment->bytes, piece->bytes, piece->captured);
	*at = segment;
	s->half[side].held_count++;
	s->half[side].held_size += piece->captured;
	return true;
}

/* Holds a piece but for the bytes that are held already: the first copy counts. */
static void
hold(struct stream *s, const struct stream_reader *reader, unsigned side, struct piece piece, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	struct held_segment **at = &h->held;

	if (distance(h->next, piece.sequence) > 0)
		cut_front(&piece, h->next - piece.sequence);
	while (piece.size > 0) {
		struct piece part = piece;
		int32_t until = *at != NULL ? distance((*at)->sequence, piece.sequence) : (int32_t)piece.size;

		if (until <= 0) {
			int32_t covered = distance((*at)->sequence + (*at)->size, piece.sequence);

			cut_front(&piece, covered > 0 ? (uint32_t)covered : 0);
			at = &(*at)->next;
			continue;
		}
		if (part.size > (uint32_t)until)
			part.size = (uint32_t)until;
		if (part.captured > part.size)
			part.captured = part.size;
		if (!hold_before(s, reader, side, at, &part, p))
			return;
		at = &(*at)->next;
		cut_front(&piece, part.size);
	}
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
		deliver(s, reader, side, (struct piece){ segment->sequence, segment->size, segment->captured, segment->bytes, segment->urgent }, &segment->place);
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
		/* What was waited for has come; for what is still missing the wait begins anew. */
		if (any)
			s->waited = 0;
	}
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
	uint32_t missing, end = first->acknowledgement;

	if (distance(first->sequence, h->next) > 0) {
		missing = first->sequence - h->next;
		h->next = first->sequence;
		reader->gap(reader->context, side, missing, &place);
		return;
	}
	/* Up to what the other side holds, or to what was acknowledged, in which a FIN is no byte. */
	if (other->has_fin && distance(end, other->fin) > 0 && distance(other->fin, other->next) >= 0)
		end = other->fin;
	if (other->held != NULL && distance(other->held->sequence, end) < 0)
		end = other->held->sequence;
	missing = end - other->next;
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
	do {
		give_up(s, reader, s->half[0].held != NULL && (s->half[1].held == NULL || overfull(&s->half[0])) ? 0 : 1);
		drain_both(s, reader);
	} while (overfull(&s->half[0]) || overfull(&s->half[1]));
	s->waited = 0;
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
take_piece(struct stream *s, const struct stream_reader *reader, unsigned side, struct piece piece, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	struct stream_place place = place_of(p);

	if (piece.size == 0 || distance(piece.sequence + piece.size, h->next) <= 0)
		return;
	if (h->held == NULL && distance(piece.sequence, h->next) <= 0 && is_caused(s, side, p->acknowledgement, (p->tcp_flags & TCP_ACK) != 0))
		deliver(s, reader, side, piece, &place);
	else
		hold(s, reader, side, piece, p);
}

/*
 * The urgent byte is the one before the pointer, as implementations have it (RFC 6093 2), and is
 * not among those the application reads in order.
 */
static void
take_urgent(struct stream *s, const struct stream_reader *reader, unsigned side, struct piece piece, uint32_t pointer, const struct packet *p)
{
	struct piece before = { piece.sequence, pointer - 1, pointer - 1, piece.bytes, false };
	struct piece urgent = { .sequence = piece.sequence + pointer - 1, .size = 1, .urgent = true };

	cut_front(&piece, pointer);
	take_piece(s, reader, side, before, p);
	take_piece(s, reader, side, urgent, p);
	take_piece(s, reader, side, piece, p);
}

void
stream_segment(struct stream *s, const struct stream_reader *reader, unsigned side, const struct packet *p)
{
	struct stream_half *h = &s->half[side];
	uint32_t sequence = p->sequence + ((p->tcp_flags & TCP_SYN) != 0);
	uint32_t urgent = (p->tcp_flags & TCP_URG) != 0 ? p->urgent : 0;
	struct piece piece;

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
	piece = (struct piece){ sequence, p->payload_size, p->payload_captured, p->payload, false };
	if (urgent > 0 && urgent <= p->payload_captured)
		take_urgent(s, reader, side, piece, urgent, p);
	else
		take_piece(s, reader, side, piece, p);
	settle(s, reader);
}
