/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for TCP reassembly. The input is a byte of options (bit 0: little memory, bit 1: the
 * beginnings are known, bit 2: the reader passes over bytes, bit 3: it finishes a side in the end), then
 * segments of eight bytes: flags (bit 0: side, the others as segment_flags), a byte that cuts the
 * capture, then sequence number, size and acknowledgement, 16 bits each and relative to a number
 * shortly before the wrap. What a segment carries follows from its place in the stream alone, so
 * that the reader knows each byte it must get.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "dissectors/cursor.h"
#include "sensor/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { START = -3000, HELD_BOUND = 300 };

enum segment_flags { SEGMENT_SIDE = 1, SEGMENT_ACK = 2, SEGMENT_SYN = 4, SEGMENT_FIN = 8, SEGMENT_RST = 16, SEGMENT_URG = 32, SEGMENT_CUT = 64, SEGMENT_FLUSH = 128 };

struct reading {
	struct stream stream;
	uint32_t end[2];       /* where what was given ends */
	bool any[2];
	uint64_t sent[2], given[2];
	uint8_t options;
	unsigned calls;
};

static void
check(int condition)
{
	if (!condition)
		abort();
}

static uint8_t
byte_at(unsigned side, uint32_t sequence)
{
	return (uint8_t)((sequence * UINT32_C(2654435761) >> 13) + side * 77);
}

/* A piece ends where the stream has come to, and begins no earlier than the one before it ended. */
static uint32_t
check_place(struct reading *r, unsigned side, uint32_t size, const struct stream_place *place)
{
	uint32_t next = r->stream.half[side].next, begin = next - size;

	check(size > 0 && place->file == 1 && place->packet > 0);
	check(!r->any[side] || (int32_t)(begin - r->end[side]) >= 0);
	r->end[side] = next;
	r->any[side] = true;
	return begin;
}

static void
on_bytes(void *context, unsigned side, const uint8_t *bytes, size_t size, const struct stream_place *place)
{
	struct reading *r = context;
	uint32_t begin = check_place(r, side, (uint32_t)size, place);

	for (size_t i = 0; i < size; i++)
		check(bytes[i] == byte_at(side, begin + (uint32_t)i));
	r->given[side] += size;
	check(r->given[side] <= r->sent[side]);
	r->calls++;
	if ((r->options & 4) != 0 && r->calls % 3 == 0)
		stream_pass_over(&r->stream, side, r->calls % 7 == 0 ? 5000 : r->calls * 11 % 100);
	if ((r->options & 8) != 0 && r->calls % 31 == 0)
		stream_finish(&r->stream, side);
}

static void
on_gap(void *context, unsigned side, uint64_t size, const struct stream_place *place)
{
	struct reading *r = context;

	check(size < UINT64_C(1) << 31);
	(void)check_place(r, side, (uint32_t)size, place);
}

static void
give(struct reading *r, const struct stream_reader *reader, struct cursor *input, uint64_t number)
{
	uint8_t flags = cursor_u8(input), cut = cursor_u8(input);
	uint32_t at = (uint32_t)START + cursor_u16(input), size = cursor_u16(input) % 3000;
	unsigned side = flags & SEGMENT_SIDE;
	struct frame frame = { .number = number, .file = 1, .time = (int64_t)number };
	struct packet p = {
		.frame = &frame,
		.sequence = at,
		.acknowledgement = (uint32_t)START + cursor_u16(input),
		.tcp_flags = (uint8_t)((flags & SEGMENT_ACK ? TCP_ACK : 0) | (flags & SEGMENT_SYN ? TCP_SYN : 0) | (flags & SEGMENT_FIN ? TCP_FIN : 0) |
		    (flags & SEGMENT_RST ? TCP_RST : 0) | (flags & SEGMENT_URG ? TCP_URG : 0)),
		.urgent = (uint16_t)(cut * 5),
		.payload_size = size,
		.payload_captured = (flags & SEGMENT_CUT) != 0 ? size * cut / 255 : size,
	};
	uint8_t *block = malloc(p.payload_captured + (p.payload_captured == 0));

	check(block != NULL);
	for (uint32_t i = 0; i < p.payload_captured; i++)
		block[i] = byte_at(side, at + ((flags & SEGMENT_SYN) != 0) + i);
	p.payload = block;
	p.truncated = p.payload_captured < size;
	r->sent[side] += p.payload_captured;
	stream_segment(&r->stream, reader, side, &p);
	free(block);
	check(r->stream.half[0].held_count < HELD_BOUND && r->stream.half[1].held_count < HELD_BOUND);
	check((r->stream.half[0].held == NULL) == (r->stream.half[0].held_count == 0));
	check((r->stream.half[1].held == NULL) == (r->stream.half[1].held_count == 0));
	if ((flags & SEGMENT_FLUSH) != 0)
		stream_flush(&r->stream, reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_over(data, size);
	struct reading r = { .options = cursor_u8(&input) };
	struct buffer_pool pool;
	struct stream_reader reader = { .bytes = on_bytes, .gap = on_gap, .context = &r, .buffers = &pool };

	check(buffer_pool_init(&pool, (r.options & 1) != 0 ? 8192 : (size_t)4 << 20));
	stream_init(&r.stream);
	if ((r.options & 2) != 0) {
		stream_start(&r.stream, 0, (uint32_t)START);
		stream_start(&r.stream, 1, (uint32_t)START);
	}
	for (uint64_t number = 1; cursor_left(&input) >= 8; number++)
		give(&r, &reader, &input, number);
	if (size % 2 == 0)
		stream_flush(&r.stream, &reader);
	stream_clear(&r.stream, &pool);
	check(r.stream.half[0].held == NULL && r.stream.half[1].held == NULL);
	check(r.stream.half[0].held_size == 0 && r.stream.half[1].held_size == 0 && pool.in_use == 0);
	buffer_pool_clear(&pool);
	return 0;
}
