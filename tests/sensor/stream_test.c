/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reassembly: order, overlap, loss, cause, what a capture cut off, bounds. Sequence numbers are
 * relative to a number shortly before 2^32, so that every test crosses the wrap.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/stream.h"

enum { LOG_SIZE = 1 << 20, START = -5, HELD_BOUND = 200 };

/* What the reader was given of one side: bytes, and '?' for each byte of a gap. */
struct log {
	uint8_t bytes[LOG_SIZE];
	size_t size;
	unsigned gaps;
	struct stream_place place; /* of the last piece */
};

static struct stream stream;
static struct stream_reader reader;
static struct buffer_pool pool;
static struct log logs[2];
static uint64_t frame_number;
static uint64_t pass_over_next;  /* asked for by the reader at its next call */
static bool finish_next;

static void
on_bytes(void *context, unsigned side, const uint8_t *bytes, size_t size, const struct stream_place *place)
{
	struct log *log = &logs[side];

	assert_ptr_equal(context, &stream);
	assert_true(size > 0 && log->size + size <= LOG_SIZE);
	memcpy(log->bytes + log->size, bytes, size);
	log->size += size;
	log->place = *place;
	if (finish_next)
		stream_finish(&stream, side);
	else if (pass_over_next > 0)
		stream_pass_over(&stream, side, pass_over_next);
	pass_over_next = 0;
	finish_next = false;
}

static void
on_gap(void *context, unsigned side, uint64_t size, const struct stream_place *place)
{
	struct log *log = &logs[side];

	assert_ptr_equal(context, &stream);
	assert_true(size > 0);
	for (uint64_t i = 0; i < size && log->size < LOG_SIZE; i++)
		log->bytes[log->size++] = '?';
	log->gaps++;
	log->place = *place;
}

static void
begin(void)
{
	stream_init(&stream);
	logs[0].size = logs[1].size = 0;
	logs[0].gaps = logs[1].gaps = 0;
	frame_number = 0;
	pass_over_next = 0;
	finish_next = false;
	stream_start(&stream, 0, (uint32_t)START);
	stream_start(&stream, 1, (uint32_t)START);
}

static int
setup(void **state)
{
	(void)state;
	reader = (struct stream_reader){ .bytes = on_bytes, .gap = on_gap, .context = &stream, .buffers = &pool };
	begin();
	return !buffer_pool_init(&pool, (size_t)16 << 20);
}

/* Every test ends with nothing left in the pool. */
static int
teardown(void **state)
{
	size_t left;

	(void)state;
	stream_clear(&stream, &pool);
	left = pool.in_use;
	buffer_pool_clear(&pool);
	return left != 0 || stream.half[0].held_count != 0 || stream.half[1].held_size != 0;
}

/* A segment of side, size bytes on the wire of which the text was captured, from a heap block of its own. */
struct segment {
	int32_t at;  /* relative to the first byte of side */
	const void *text;
	uint32_t captured;
	uint32_t size;
	uint8_t flags;
	int32_t acknowledges; /* relative to the first byte of the other side; with TCP_ACK */
	uint16_t urgent;
};

static void
give(unsigned side, struct segment s)
{
	struct frame frame = { .number = frame_number + 1, .file = 3, .time = (int64_t)(frame_number + 1) * 1000 };
	uint8_t *block = malloc(s.captured + (s.captured == 0));
	struct packet p = {
		.frame = &frame,
		.sequence = (uint32_t)(START + s.at),
		.acknowledgement = (uint32_t)(START + s.acknowledges),
		.tcp_flags = s.flags,
		.urgent = s.urgent,
		.payload = block,
		.payload_captured = s.captured,
		.payload_size = s.size,
		.truncated = s.captured < s.size,
	};

	assert_non_null(block);
	if (s.captured > 0)
		memcpy(block, s.text, s.captured);
	frame_number++;
	stream_segment(&stream, &reader, side, &p);
	free(block);
	assert_true(stream.half[0].held_count <= HELD_BOUND && stream.half[1].held_count <= HELD_BOUND);
}

static void
text(unsigned side, int32_t at, const char *bytes)
{
	give(side, (struct segment){ .at = at, .text = bytes, .captured = (uint32_t)strlen(bytes), .size = (uint32_t)strlen(bytes) });
}

/* With an acknowledgement. */
static void
answer(unsigned side, int32_t at, const char *bytes, int32_t acknowledges)
{
	give(side, (struct segment){ .at = at, .text = bytes, .captured = (uint32_t)strlen(bytes), .size = (uint32_t)strlen(bytes), .flags = TCP_ACK, .acknowledges = acknowledges });
}

static void
acknowledge(unsigned side, int32_t at, int32_t acknowledges)
{
	answer(side, at, "", acknowledges);
}

#define assert_log(side, expected) assert_log_at(side, expected, __LINE__)

static void
assert_log_at(unsigned side, const char *expected, int line)
{
	if (logs[side].size != strlen(expected) || memcmp(logs[side].bytes, expected, logs[side].size) != 0)
		fail_msg("line %d: side %u is '%.*s', not '%s'", line, side, (int)logs[side].size, (const char *)logs[side].bytes, expected);
}

static void
test_in_order(void **state)
{
	(void)state;
	text(0, 0, "abc");
	assert_int_equal(logs[0].place.packet, 1);
	text(0, 3, "defgh");
	text(1, 0, "xy");
	assert_log(0, "abcdefgh");
	assert_log(1, "xy");
	assert_int_equal(logs[1].place.packet, 3);
	assert_int_equal(logs[1].place.file, 3);
	assert_int_equal(logs[1].place.time, 3000);
	assert_int_equal(pool.in_use, 0);
}

static void
test_out_of_order(void **state)
{
	(void)state;
	text(0, 6, "gh");
	text(0, 3, "def");
	assert_log(0, "");
	assert_true(pool.in_use > 0);
	text(0, 0, "abc");
	assert_log(0, "abcdefgh");
	/* Each piece is placed where its own packet was. */
	assert_int_equal(logs[0].place.packet, 1);
	assert_int_equal(pool.in_use, 0);
	assert_int_equal(stream.half[0].held_count, 0);
}

static void
test_retransmission(void **state)
{
	(void)state;
	text(0, 0, "abc");
	text(0, 0, "ABC");
	text(0, 1, "BC");
	text(0, 3, "def");
	text(0, 0, "ABCDEFgh");
	assert_log(0, "abcdefgh");
	assert_int_equal(logs[0].gaps, 0);
}

/* Of bytes that differ between copies those seen first are delivered, whichever way they overlap. */
static void
test_first_copy_wins_when_held(void **state)
{
	(void)state;
	text(0, 5, "fgh");
	text(0, 5, "FGH");     /* the same */
	text(0, 4, "EFGHI");   /* around it */
	text(0, 2, "cdX");     /* over its beginning's copy */
	text(0, 6, "12345");   /* over its end */
	text(0, 0, "ab");
	assert_log(0, "abcdEfghI45");
	assert_int_equal(pool.in_use, 0);
}

static void
test_one_segment_fills_many_holes(void **state)
{
	(void)state;
	text(0, 1, "b");
	text(0, 3, "d");
	text(0, 5, "f");
	text(0, 0, "ABCDEFG");
	assert_log(0, "AbCdEfG");
}

static void
test_partly_old_when_held(void **state)
{
	(void)state;
	text(0, 0, "abc");
	text(0, 5, "fg");
	text(0, 1, "XXdeXX");
	assert_log(0, "abcdefg");
}

static void
test_lost_segment_is_a_gap(void **state)
{
	(void)state;
	text(0, 0, "abc");
	text(0, 6, "ghi");
	/* The receiver has what we have not seen: no retransmission will come. */
	for (unsigned i = 0; i < 12; i++) {
		assert_log(0, "abc");
		acknowledge(1, 0, 9);
	}
	assert_log(0, "abc???ghi");
	assert_int_equal(logs[0].gaps, 1);
	text(0, 9, "j");
	assert_log(0, "abc???ghij");
	text(0, 3, "def"); /* too late */
	assert_log(0, "abc???ghij");
}

/* While the receiver asks for the missing bytes they will come again, however long it takes. */
static void
test_unacknowledged_bytes_are_waited_for(void **state)
{
	(void)state;
	acknowledge(1, 0, 0);
	text(0, 0, "abc");
	acknowledge(1, 0, 3);
	text(0, 6, "ghi");
	for (unsigned i = 0; i < 40; i++)
		acknowledge(1, 0, 3);
	assert_log(0, "abc");
	text(0, 3, "def");
	assert_log(0, "abcdefghi");
	assert_int_equal(logs[0].gaps, 0);
}

static void
test_the_wait_begins_anew_with_each_hole(void **state)
{
	int32_t at = 0;

	(void)state;
	/* There is always a hole, none of them for longer than a few segments. */
	text(0, at + 1, "b");
	for (unsigned i = 0; i < 50; i++, at += 2) {
		text(0, at + 3, "b");
		text(0, at, "a");
	}
	assert_int_equal(logs[0].gaps, 0);
	assert_int_equal(logs[0].size, 100);
}

static void
test_overfull_count(void **state)
{
	(void)state;
	acknowledge(1, 0, 0);
	for (int i = 0; i < 64; i++)
		text(0, 10 + 2 * i, "x");
	assert_int_equal(logs[0].size, 0);
	text(0, 10 + 2 * 64, "x");
	assert_int_equal(logs[0].gaps, 1);
	assert_int_equal(logs[0].size, 11);
	assert_int_equal(stream.half[0].held_count, 64);
}

static void
test_overfull_size(void **state)
{
	static uint8_t large[60000];

	(void)state;
	acknowledge(1, 0, 0);
	for (int i = 0; i < 4; i++)
		give(0, (struct segment){ .at = 10 + i * 60000, .text = large, .captured = 60000, .size = 60000 });
	assert_int_equal(logs[0].size, 0);
	give(0, (struct segment){ .at = 10 + 4 * 60000, .text = large, .captured = 60000, .size = 60000 });
	assert_int_equal(logs[0].gaps, 1);
	assert_int_equal(logs[0].size, 10 + 5 * 60000);
}

static void
test_flush_tells_gaps(void **state)
{
	(void)state;
	text(0, 2, "cd");
	text(0, 6, "gh");
	text(1, 1, "y");
	stream_flush(&stream, &reader);
	assert_log(0, "??cd??gh");
	assert_log(1, "?y");
	assert_int_equal(pool.in_use, 0);
}

/* A segment that answers bytes not seen yet waits for them: the reader sees cause before effect. */
static void
test_answer_waits_for_its_question(void **state)
{
	(void)state;
	answer(1, 0, "reply", 8);
	assert_log(1, "");
	text(0, 0, "ques");
	assert_log(1, "");
	text(0, 4, "tion");
	assert_log(0, "question");
	assert_log(1, "reply");
	assert_int_equal(pool.in_use, 0);
}

static void
test_lost_question_is_given_up(void **state)
{
	(void)state;
	answer(1, 0, "reply", 8);
	for (unsigned i = 0; i < 11; i++)
		acknowledge(1, 5, 8);
	assert_log(1, "");
	acknowledge(1, 5, 8);
	assert_log(0, "????????");
	assert_log(1, "reply");
	assert_int_equal(logs[0].gaps, 1);
}

static void
test_half_of_a_question_is_given_up(void **state)
{
	(void)state;
	text(0, 4, "tion");
	answer(1, 0, "reply", 8);
	stream_flush(&stream, &reader);
	assert_log(0, "????tion");
	assert_log(1, "reply");
}

/* Segments that answer each other cannot be: they are taken as they come. */
static void
test_contradictory_answers(void **state)
{
	(void)state;
	answer(0, 0, "ab", 2);
	answer(1, 0, "cd", 2);
	stream_flush(&stream, &reader);
	assert_log(0, "ab");
	assert_log(1, "cd");
}

static void
test_fin_takes_one_number(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 0, .text = "bye", .captured = 3, .size = 3, .flags = TCP_FIN });
	answer(1, 0, "thanks", 4);
	assert_log(0, "bye");
	assert_log(1, "thanks");
	assert_int_equal(pool.in_use, 0);
}

static void
test_fin_is_no_byte_of_a_gap(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 3, .flags = TCP_FIN });
	answer(1, 0, "thanks", 4);
	stream_flush(&stream, &reader);
	assert_log(0, "???");
	assert_log(1, "thanks");
}

static void
test_midstream_start(void **state)
{
	(void)state;
	stream_init(&stream);
	answer(0, 1000, "middle", 77);
	assert_log(0, "middle");
	/* The other side's first segment says where it begins. */
	answer(1, 77, "other", 1006);
	assert_log(1, "other");
	text(0, 900, "before"); /* no longer of interest */
	assert_log(0, "middle");
}

static void
test_syn_with_payload(void **state)
{
	(void)state;
	/* TCP Fast Open (RFC 7413): the SYN takes a number before its payload. */
	stream_init(&stream);
	give(0, (struct segment){ .at = 99, .text = "GET", .captured = 3, .size = 3, .flags = TCP_SYN });
	give(1, (struct segment){ .at = 499, .flags = TCP_SYN | TCP_ACK, .acknowledges = 103 });
	text(0, 103, " /");
	answer(1, 500, "200", 105);
	assert_log(0, "GET /");
	assert_log(1, "200");
}

static void
test_reset_carries_no_bytes(void **state)
{
	(void)state;
	/* The payload of a reset is a diagnostic at most (RFC 9293 3.5.2). */
	give(0, (struct segment){ .at = 0, .text = "why", .captured = 3, .size = 3, .flags = TCP_RST });
	assert_log(0, "");
}

static void
test_cut_by_the_capture(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 0, .text = "abc", .captured = 3, .size = 6 });
	assert_log(0, "abc???");
	text(0, 6, "ghi");
	assert_log(0, "abc???ghi");
	give(0, (struct segment){ .at = 9, .captured = 0, .size = 2 });
	assert_log(0, "abc???ghi??");
}

static void
test_cut_by_the_capture_when_held(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 3, .text = "def", .captured = 3, .size = 6 });
	text(0, 12, "mn");
	/* A whole copy of what is held in part adds only what lies beyond. */
	text(0, 2, "CDEFGHIJKL");
	text(0, 0, "ab");
	assert_log(0, "abCdef???JKLmn");
	assert_int_equal(logs[0].gaps, 1);
}

static void
test_urgent_byte_is_not_in_order(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 0, .text = "ab!cd", .captured = 5, .size = 5, .flags = TCP_URG, .urgent = 3 });
	text(0, 5, "ef");
	assert_log(0, "abcdef");
	/* The first and the last byte of a segment. */
	give(0, (struct segment){ .at = 7, .text = "!gh", .captured = 3, .size = 3, .flags = TCP_URG, .urgent = 1 });
	give(0, (struct segment){ .at = 10, .text = "ij!", .captured = 3, .size = 3, .flags = TCP_URG, .urgent = 3 });
	text(0, 13, "k");
	assert_log(0, "abcdefghijk");
	/* A pointer beyond the segment marks none of its bytes. */
	give(0, (struct segment){ .at = 14, .text = "lm", .captured = 2, .size = 2, .flags = TCP_URG, .urgent = 9 });
	assert_log(0, "abcdefghijklm");
	assert_int_equal(logs[0].gaps, 0);
}

static void
test_urgent_byte_out_of_order(void **state)
{
	(void)state;
	give(0, (struct segment){ .at = 2, .text = "c!d", .captured = 3, .size = 3, .flags = TCP_URG, .urgent = 2 });
	text(0, 0, "ab");
	text(0, 5, "e");
	assert_log(0, "abcde");
	assert_int_equal(logs[0].gaps, 0);
	assert_int_equal(pool.in_use, 0);
}

static void
test_pass_over(void **state)
{
	(void)state;
	pass_over_next = 6;
	text(0, 0, "ab");
	text(0, 2, "xx");
	/* What is lost of what nobody wants is no gap. */
	text(0, 6, "xxcd");
	assert_log(0, "abcd");
	assert_int_equal(logs[0].gaps, 0);
	pass_over_next = 3;
	text(0, 10, "efx");
	assert_log(0, "abcdefx"); /* given in one piece: the reader has its own count within it */
	text(0, 13, "xxxgh");
	assert_log(0, "abcdefxgh");
}

static void
test_pass_over_what_is_held(void **state)
{
	(void)state;
	text(0, 6, "gh");
	text(0, 3, "xx");
	pass_over_next = 4;
	text(0, 0, "ab");
	assert_log(0, "abgh");
	assert_int_equal(logs[0].gaps, 0);
	assert_int_equal(pool.in_use, 0);
}

static void
test_pass_over_what_the_capture_cut(void **state)
{
	(void)state;
	pass_over_next = 2;
	give(0, (struct segment){ .at = 0, .text = "ab", .captured = 2, .size = 6 });
	assert_log(0, "ab??");
	pass_over_next = 100;
	give(0, (struct segment){ .at = 6, .text = "cd", .captured = 2, .size = 50 });
	text(0, 108, "ef");
	assert_log(0, "ab??cdef");
	assert_int_equal(logs[0].gaps, 1);
}

static void
test_pass_over_a_gigabyte(void **state)
{
	(void)state;
	pass_over_next = (1u << 30) - 1;
	text(0, 0, "ab");
	assert_false(stream.half[0].finished);
	text(0, 2 + (1 << 30) - 1, "cd");
	assert_log(0, "abcd");
	/* Further than sequence numbers can tell: nothing more of this side. */
	pass_over_next = UINT64_C(5000000000);
	text(0, 4 + (1 << 30) - 1, "ef");
	assert_true(stream.half[0].finished);
	text(0, 6 + (1 << 30) - 1, "gh");
	assert_log(0, "abcdef");
	text(1, 0, "other");
	assert_log(1, "other");
}

static void
test_finish(void **state)
{
	(void)state;
	text(0, 4, "ef");
	text(0, 8, "gh");
	assert_true(pool.in_use > 0);
	finish_next = true;
	text(0, 0, "abcd");
	assert_log(0, "abcd");
	assert_int_equal(pool.in_use, 0);
	/* The other side waits for nothing that is not delivered any more. */
	answer(1, 0, "reply", 1000);
	assert_log(1, "reply");
	text(0, 10, "more");
	assert_log(0, "abcd");
}

static void
test_cut_segment_after_finish(void **state)
{
	(void)state;
	finish_next = true;
	give(0, (struct segment){ .at = 0, .text = "ab", .captured = 2, .size = 6 });
	assert_log(0, "ab");
	assert_int_equal(logs[0].gaps, 0);
}

static void
test_pool_exhausted(void **state)
{
	static const char large[2000];

	(void)state;
	buffer_pool_clear(&pool);
	assert_true(buffer_pool_init(&pool, 4096));
	for (int i = 0; i < 10; i++)
		give(0, (struct segment){ .at = 10 + 3000 * i, .text = large, .captured = sizeof(large), .size = sizeof(large) });
	assert_true(stream.no_memory);
	assert_int_equal(stream.half[0].held_count, 1);
	/* The stream goes on with what there is; what could not be kept is a gap. */
	stream_flush(&stream, &reader);
	assert_int_equal(logs[0].size, 10 + sizeof(large));
	assert_int_equal(pool.in_use, 0);
	text(0, 10 + (int32_t)sizeof(large), "on");
	assert_int_equal(logs[0].size, 10 + sizeof(large) + 2);
}

static void
test_clear_leaves_no_bytes_behind(void **state)
{
	(void)state;
	text(0, 10, "secret");
	text(1, 10, "secret");
	stream_clear(&stream, &pool);
	assert_int_equal(pool.in_use, 0);
	assert_null(memmem(pool.base, pool.fresh, "secret", 6));
	assert_int_equal(logs[0].size + logs[1].size, 0);
}

static void
test_far_segment_does_not_harm(void **state)
{
	(void)state;
	/* Somebody's guess, far outside the window: the stream goes on below it. */
	acknowledge(1, 0, 0);
	text(0, 1 << 29, "bad");
	for (int i = 0; i < 100; i++) {
		text(0, i, "x");
		acknowledge(1, 0, i + 1);
	}
	assert_int_equal(logs[0].size, 100);
	assert_int_equal(logs[0].gaps, 0);
}

/* Random conversations. */

static uint64_t random_state;

static uint32_t
random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % limit;
}

enum { SEGMENTS = 400, SIZE_MAX_EACH = 90, STREAM_MAX = SEGMENTS * SIZE_MAX_EACH };

struct sent {
	unsigned side;
	int32_t at, acknowledges;
	uint32_t size, captured;
	uint8_t flags;
	uint32_t key; /* order of capture */
};

static uint8_t source[2][STREAM_MAX];
static struct sent sent[SEGMENTS * 2];
static int32_t total[2];
static unsigned count;

static void
send_segment(unsigned side, int32_t at, uint32_t size, uint32_t displacement)
{
	struct sent *s = &sent[count];

	*s = (struct sent){ side, at, total[1 - side], size, size, TCP_ACK, count * 16 + random_below(1 + displacement * 16) };
	count++;
}

/* Both sides talk, each acknowledging what the other has sent; a part is sent twice, in other pieces. */
static void
converse(uint32_t displacement)
{
	count = 0;
	total[0] = total[1] = 0;
	for (unsigned side = 0; side < 2; side++)
		for (unsigned i = 0; i < STREAM_MAX; i++)
			source[side][i] = (uint8_t)random_below(256);
	while (count < SEGMENTS) {
		unsigned side = random_below(2);
		uint32_t size = random_below(4) == 0 ? 0 : 1 + random_below(SIZE_MAX_EACH);

		send_segment(side, total[side], size, displacement);
		total[side] += (int32_t)size;
		if (random_below(5) == 0 && total[side] > 0) {
			int32_t back = 1 + (int32_t)random_below((uint32_t)total[side] < 200 ? (uint32_t)total[side] : 200);

			send_segment(side, total[side] - back, 1 + random_below((uint32_t)back), displacement);
		}
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x > y) - (x < y);
}

static void
capture(const struct sent *s)
{
	give(s->side, (struct segment){ .at = s->at, .text = source[s->side] + s->at, .captured = s->captured, .size = s->size, .flags = s->flags, .acknowledges = s->acknowledges });
}

static void
test_random_order_delivers_every_byte(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 400; round++) {
		random_state = round * UINT64_C(0x9e3779b97f4a7c15);
		begin();
		converse(round % 6);
		qsort(sent, count, sizeof(sent[0]), by_key);
		for (unsigned i = 0; i < count; i++)
			capture(&sent[i]);
		stream_flush(&stream, &reader);
		for (unsigned side = 0; side < 2; side++) {
			if (logs[side].gaps > 0 || logs[side].size != (size_t)total[side] || memcmp(logs[side].bytes, source[side], logs[side].size) != 0)
				fail_msg("round %u, side %u: %zu of %d bytes, %u gaps", round, side, logs[side].size, (int)total[side], logs[side].gaps);
		}
		assert_int_equal(pool.in_use, 0);
	}
}

/* With loss and cuts, what is delivered is where it belongs, and all that was captured is accounted for. */
static void
test_random_loss_keeps_offsets(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 400; round++) {
		int32_t seen[2] = { 0, 0 };
		size_t right[2] = { 0, 0 };

		random_state = round * UINT64_C(0xd1342543de82ef95);
		begin();
		converse(round % 6);
		send_segment(0, total[0], 0, 0);
		sent[count - 1].flags |= TCP_FIN;
		total[0]++;
		send_segment(1, total[1], 0, 0);
		total[0]--;
		qsort(sent, count, sizeof(sent[0]), by_key);
		for (unsigned i = 0; i < count; i++) {
			struct sent *s = &sent[i];

			if (random_below(100) < round % 40)
				continue;
			if (random_below(10) == 0)
				s->captured = random_below(s->size + 1);
			if (s->size > 0 && seen[s->side] < s->at + (int32_t)s->size)
				seen[s->side] = s->at + (int32_t)s->size;
			capture(s);
		}
		stream_flush(&stream, &reader);
		for (unsigned side = 0; side < 2; side++) {
			if (logs[side].size < (size_t)seen[side] || logs[side].size > (size_t)total[side] + (side == 0))
				fail_msg("round %u, side %u: %zu bytes, sent %d, seen %d", round, side, logs[side].size, (int)total[side], (int)seen[side]);
			for (size_t i = 0; i < logs[side].size && i < (size_t)total[side]; i++) {
				right[side] += logs[side].bytes[i] == source[side][i];
				if (logs[side].bytes[i] != source[side][i] && logs[side].bytes[i] != '?')
					fail_msg("round %u, side %u: another byte at %zu", round, side, i);
			}
		}
		/* Little is lost where the capture lost little. */
		if (round % 40 < 5)
			assert_true((right[0] + right[1]) * 10 > (size_t)(total[0] + total[1]) * 7);
		assert_int_equal(pool.in_use, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_order),
		TEST(test_out_of_order),
		TEST(test_retransmission),
		TEST(test_first_copy_wins_when_held),
		TEST(test_one_segment_fills_many_holes),
		TEST(test_partly_old_when_held),
		TEST(test_lost_segment_is_a_gap),
		TEST(test_unacknowledged_bytes_are_waited_for),
		TEST(test_the_wait_begins_anew_with_each_hole),
		TEST(test_overfull_count),
		TEST(test_overfull_size),
		TEST(test_flush_tells_gaps),
		TEST(test_answer_waits_for_its_question),
		TEST(test_lost_question_is_given_up),
		TEST(test_half_of_a_question_is_given_up),
		TEST(test_contradictory_answers),
		TEST(test_fin_takes_one_number),
		TEST(test_fin_is_no_byte_of_a_gap),
		TEST(test_midstream_start),
		TEST(test_syn_with_payload),
		TEST(test_reset_carries_no_bytes),
		TEST(test_cut_by_the_capture),
		TEST(test_cut_by_the_capture_when_held),
		TEST(test_urgent_byte_is_not_in_order),
		TEST(test_urgent_byte_out_of_order),
		TEST(test_pass_over),
		TEST(test_pass_over_what_is_held),
		TEST(test_pass_over_what_the_capture_cut),
		TEST(test_pass_over_a_gigabyte),
		TEST(test_finish),
		TEST(test_cut_segment_after_finish),
		TEST(test_pool_exhausted),
		TEST(test_clear_leaves_no_bytes_behind),
		TEST(test_far_segment_does_not_harm),
		TEST(test_random_order_delivers_every_byte),
		TEST(test_random_loss_keeps_offsets),
	};

	return cmocka_run_group_tests_name("sensor/stream", tests, NULL, NULL);
}
