/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly: any order, copies, overlap and other tricks, time, memory. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/fragment.h"

static const int64_t second = 1000000000;

static struct fragments *fragments;
static uint64_t dropped;
static struct reassembled whole;
static uint8_t data[65536];
static uint8_t header[60];
static int64_t now;

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i ^ i >> 8);
	memset(header, 0, sizeof(header));
	header[0] = 0x45;
	header[6] = 0x60; /* don't fragment, more fragments */
	header[9] = 17;
	dropped = 0;
	now = 1000 * second;
	fragments = fragments_new(1 << 20, &dropped);
	return fragments == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	fragments_free(fragments);
	return 0;
}

static struct fragment
piece(uint32_t id, uint32_t offset, uint32_t size, bool more)
{
	return (struct fragment){
		.source = { { 1 } },
		.destination = { { 2 } },
		.time = now,
		.id = id,
		.offset = offset,
		.version = 4,
		.protocol = 17,
		.more = more,
		.header = cursor_over(header, 20),
		.data = cursor_over(data + offset, size),
		.size = size,
	};
}

/* Adds a copy of the fragment whose bytes lie alone in their heap blocks. */
static enum packet_result
add_fragment(struct fragment f)
{
	uint8_t *header_copy = malloc(f.header.left + 1), *data_copy = malloc(f.data.left + 1);
	enum packet_result result;

	assert_true(header_copy != NULL && data_copy != NULL);
	memcpy(header_copy, f.header.at, f.header.left);
	memcpy(data_copy, f.data.at, f.data.left);
	f.header.at = header_copy;
	f.data.at = data_copy;
	fragments_begin(fragments);
	result = fragments_add(fragments, &f, &whole);
	free(header_copy);
	free(data_copy);
	return result;
}

static enum packet_result
add(uint32_t id, uint32_t offset, uint32_t size, bool more)
{
	return add_fragment(piece(id, offset, size, more));
}

static void
check_whole(uint32_t size)
{
	assert_int_equal(whole.size, 20 + size);
	assert_int_equal(whole.captured, 20 + size);
	assert_int_equal(whole.bytes[2] << 8 | whole.bytes[3], 20 + size);
	assert_int_equal(whole.bytes[6], 0x40);
	assert_int_equal(whole.bytes[7], 0);
	assert_memory_equal(whole.bytes + 20, data, size);
}

static void
test_any_order(void **state)
{
	static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned j = 0; j < 3; j++) {
			unsigned k = orders[i][j];
			enum packet_result result = k < 2 ? add(i, k * 1480, 1480, true) : add(i, 2960, 777, false);

			assert_int_equal(result, j < 2 ? PACKET_FRAGMENT_HELD : PACKET_OK);
		}
		check_whole(3737);
	}
	assert_int_equal(dropped, 0);
}

static void
test_keys_apart(void **state)
{
	struct fragment f[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		f[i] = piece(1, 0, 8, true);
	f[0].id = 2;
	f[1].source.bytes[15] = 9;
	f[2].destination.bytes[0] = 9;
	f[3].protocol = 6;
	f[4].version = 6;
	f[4].header = cursor_over(data, 40);
	assert_int_equal(add(1, 0, 8, true), PACKET_FRAGMENT_HELD);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(add_fragment(f[i]), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 8, 3, false), PACKET_OK);
	check_whole(11);
	for (size_t i = 0; i < 4; i++) {
		f[i].offset = 8;
		f[i].size = 5;
		f[i].data = cursor_over(data + 8, 5);
		f[i].more = false;
		assert_int_equal(add_fragment(f[i]), PACKET_OK);
		check_whole(13);
	}
}

/* A capture on a bridge holds each packet two or three times. */
static void
test_copies(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(add(1, 0, 1480, true), PACKET_FRAGMENT_HELD);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(add(1, 2960, 100, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 1480, 1480, true), PACKET_OK);
	check_whole(3060);
	assert_int_equal(dropped, 0);
}

/* The same place and other bytes, or another word on being the last, is an overlap. */
static void
test_false_copies(void **state)
{
	struct fragment f;

	(void)state;
	assert_int_equal(add(1, 0, 1480, true), PACKET_FRAGMENT_HELD);
	f = piece(1, 0, 1480, true);
	f.data.at = data + 1;
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(dropped, 1);
	/* The datagram stays refused until its time is over. */
	assert_int_equal(add(1, 0, 1480, true), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(add(1, 1480, 10, false), PACKET_FRAGMENT_DROPPED);
	now += 31 * second;
	assert_int_equal(add(1, 0, 1480, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 1480, 10, false), PACKET_OK);
	check_whole(1490);
	assert_int_equal(add(2, 800, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, 800, 8, false), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(add(3, 800, 8, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(3, 800, 8, true), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(dropped, 3);
}

static void
test_overlap(void **state)
{
	static const struct {
		uint32_t offset, size;
		bool more;
	} second_ones[] = {
		{ 80, 80, true },   /* into its end */
		{ 0, 16, true },    /* into its start */
		{ 16, 8, true },    /* inside: "teardrop" */
		{ 0, 800, true },   /* around */
		{ 8, 80, true },    /* the same start */
		{ 24, 72, true },   /* the same end */
		{ 8, 8, false },    /* the last, before what is there */
		{ 0, 8, false },
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(second_ones) / sizeof(second_ones[0]); i++) {
		assert_int_equal(add(i, 8, 88, true), PACKET_FRAGMENT_HELD);
		assert_int_equal(add(i, second_ones[i].offset, second_ones[i].size, second_ones[i].more), PACKET_FRAGMENT_DROPPED);
		assert_int_equal(dropped, i + 1);
	}
}

static void
test_end_disagrees(void **state)
{
	(void)state;
	assert_int_equal(add(1, 800, 10, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 1600, 8, true), PACKET_FRAGMENT_DROPPED); /* beyond the last */
	assert_int_equal(add(2, 800, 10, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, 1600, 10, false), PACKET_FRAGMENT_DROPPED); /* two last ones */
	assert_int_equal(add(3, 800, 8, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(3, 792, 16, true), PACKET_FRAGMENT_DROPPED);
}

static void
test_impossible_sizes(void **state)
{
	(void)state;
	assert_int_equal(add(1, 0, 7, true), PACKET_FRAGMENT_DROPPED);  /* no multiple of 8 */
	assert_int_equal(add(1, 0, 0, true), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(add(1, 8, 0, false), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(add(1, 65528, 8, false), PACKET_FRAGMENT_DROPPED); /* the ping of death */
	/* Sums that wrap around: a total length of 0 takes the size from the frame. */
	for (uint32_t over = 65520; over <= 65528; over += 8) {
		struct fragment f = piece(1, 0, 65535, false);

		f.offset = over;
		f.size = UINT32_MAX - 65535 + 8;
		assert_int_equal(add_fragment(f), PACKET_FRAGMENT_DROPPED);
	}
	assert_int_equal(dropped, 0);
	/* 65535 with the header is the most. */
	assert_int_equal(add(1, 0, 65512, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 65512, 3, false), PACKET_OK);
	check_whole(65515);
	assert_int_equal(add(2, 0, 65512, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, 65512, 4, false), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(dropped, 1);
	/* That datagram is gone; its place is free again. */
	assert_int_equal(add(2, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, 8, 1, false), PACKET_OK);
}

static void
test_tiny_fragments(void **state)
{
	(void)state;
	for (uint32_t i = 0; i + 1 < FRAGMENTS_MAX; i++)
		assert_int_equal(add(1, i * 8, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, (FRAGMENTS_MAX - 1) * 8, 1, false), PACKET_OK);
	check_whole((FRAGMENTS_MAX - 1) * 8 + 1);
	for (uint32_t i = 0; i < FRAGMENTS_MAX; i++)
		assert_int_equal(add(2, i * 8, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, FRAGMENTS_MAX * 8, 8, true), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(dropped, FRAGMENTS_MAX);
}

static void
test_timeout(void **state)
{
	(void)state;
	assert_int_equal(add(1, 0, 8, true), PACKET_FRAGMENT_HELD);
	now += 30 * second;
	assert_int_equal(add(1, 8, 8, false), PACKET_OK);
	assert_int_equal(add(2, 8, 8, true), PACKET_FRAGMENT_HELD);
	now += 20 * second;
	assert_int_equal(add(2, 16, 8, true), PACKET_FRAGMENT_HELD);
	now += 10 * second + 1;
	/* The time is that of the first fragment that came. */
	assert_int_equal(add(2, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 2);
	/* Any fragment ends the time of others; one that is older by far does too. */
	now += 40 * second;
	assert_int_equal(add(3, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 3);
	now -= 500 * second;
	assert_int_equal(add(3, 8, 8, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 4);
	now = INT64_MAX;
	assert_int_equal(add(4, 0, 8, true), PACKET_FRAGMENT_HELD);
	now = INT64_MIN;
	assert_int_equal(add(4, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 6);
}

/* Packet time that goes back a little leaves younger datagrams before older ones: none is missed. */
static void
test_time_back(void **state)
{
	(void)state;
	assert_int_equal(add(1, 0, 8, true), PACKET_FRAGMENT_HELD);
	now -= 20 * second;
	assert_int_equal(add(2, 0, 8, true), PACKET_FRAGMENT_HELD);
	now += 35 * second;
	assert_int_equal(add(2, 8, 8, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 1);
	assert_int_equal(add(1, 8, 8, false), PACKET_OK);
}

static void
test_datagrams_bounded(void **state)
{
	(void)state;
	fragments_free(fragments);
	fragments = fragments_new(16 << 20, &dropped);
	assert_non_null(fragments);
	for (uint32_t id = 0; id < FRAGMENT_DATAGRAMS_MAX + 100; id++)
		assert_int_equal(add(id, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 100);
	assert_int_equal(add(100, 8, 8, false), PACKET_OK); /* the oldest there is */
	assert_int_equal(add(99, 8, 8, false), PACKET_FRAGMENT_HELD);
	assert_int_equal(dropped, 100);
}

static void
test_memory_bounded(void **state)
{
	(void)state;
	/* 1 MiB holds some fifteen of these, with their management. */
	for (uint32_t id = 0; id < 100; id++)
		assert_int_equal(add(id, 0, 64000, true), PACKET_FRAGMENT_HELD);
	assert_in_range(dropped, 80, 95);
	assert_int_equal(add(99, 64000, 100, false), PACKET_OK);
	check_whole(64100);
	/* The oldest of all is the one that needs the room: the others go. */
	fragments_free(fragments);
	dropped = 0;
	fragments = fragments_new(70000, &dropped);
	assert_int_equal(add(1, 0, 8000, true), PACKET_FRAGMENT_HELD);
	for (uint32_t id = 2; id < 8; id++)
		assert_int_equal(add(id, 0, 8000, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 8000, 30000, true), PACKET_FRAGMENT_HELD);
	assert_true(dropped > 0);
	assert_int_equal(add(1, 38000, 24000, true), PACKET_FRAGMENT_DROPPED); /* more than there is at all */
	assert_int_equal(add(1, 62000, 24, false), PACKET_FRAGMENT_DROPPED);
	assert_int_equal(add(9, 0, 8000, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(9, 8000, 8, false), PACKET_OK);
	check_whole(8008);
}

/* Nothing leaks from the pools: they serve for ever. */
static void
test_pools_return(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 2000; round++) {
		assert_int_equal(add(round, 1480, 1000, round % 3 == 0), PACKET_FRAGMENT_HELD);
		if (round % 3 == 1)
			assert_int_equal(add(round, 0, 1480, true), PACKET_OK);
		if (round % 3 == 2)
			assert_int_equal(add(round, 1488, 16, true), PACKET_FRAGMENT_DROPPED);
		now += second / 100;
	}
	now += 100 * second;
	for (uint32_t id = 5000; id < 5010; id++)
		assert_int_equal(add(id, 0, 64000, true), PACKET_FRAGMENT_HELD);
	for (uint32_t id = 5000; id < 5010; id++)
		assert_int_equal(add(id, 64000, 8, false), PACKET_OK);
}

/* Bytes after the first that a cut fragment lacks are left out, their count is not. */
static void
test_truncated(void **state)
{
	struct fragment f = piece(1, 8, 800, true);

	(void)state;
	f.data.left = 500;
	assert_int_equal(add(1, 0, 8, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
	f.data.left = 0;
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 808, 8, false), PACKET_OK);
	assert_int_equal(whole.size, 20 + 816);
	assert_int_equal(whole.captured, 20 + 508);
	assert_memory_equal(whole.bytes + 20, data, 508);
	f = piece(2, 0, 800, true);
	f.data.left = 0;
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(2, 800, 8, false), PACKET_OK);
	assert_int_equal(whole.captured, 20);
	/* A fragment of which nothing was captured. */
	f = piece(3, 800, 800, false);
	f.data.left = 0;
	assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(3, 0, 800, true), PACKET_OK);
	assert_int_equal(whole.captured, 20 + 800);
}

/* Headers longer than a block of the pool, as IPv6 allows. */
static void
test_ipv6_long_header(void **state)
{
	static uint8_t long_header[40 + 2048];

	(void)state;
	long_header[0] = 0x60;
	long_header[40] = 44;
	for (uint32_t extra = 0; extra <= 2048; extra += 8) {
		struct fragment f = piece(extra, 0, 1000, true);

		f.version = 6;
		f.next = 17;
		f.next_at = extra == 0 ? 6 : 40;
		f.header = cursor_over(long_header, 40 + extra);
		assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
		assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
		f.offset = 1000;
		f.size = 99;
		f.data = cursor_over(data + 1000, 99);
		f.more = false;
		f.next = 99; /* only the first fragment's counts */
		assert_int_equal(add_fragment(f), PACKET_OK);
		assert_int_equal(whole.size, 40 + extra + 1099);
		assert_int_equal(whole.bytes[4] << 8 | whole.bytes[5], extra + 1099);
		assert_int_equal(whole.bytes[f.next_at], 17);
		assert_memory_equal(whole.bytes + 40 + extra, data, 1099);
	}
	{
		struct fragment f = piece(1, 0, 64000, true);

		f.version = 6;
		f.header = cursor_over(long_header, sizeof(long_header));
		assert_int_equal(add_fragment(f), PACKET_FRAGMENT_HELD);
		f.offset = 64000;
		f.size = 1000;
		f.data = cursor_over(data, 1000);
		f.more = false;
		assert_int_equal(add_fragment(f), PACKET_FRAGMENT_DROPPED);
	}
}

/* Without fragments_begin() between, each datagram has memory of its own, up to a count. */
static void
test_nesting(void **state)
{
	struct fragment second_one = piece(2, 16, 1, false), third = piece(3, 24, 1, false);
	struct reassembled first;

	(void)state;
	for (uint32_t id = 1; id <= 3; id++)
		assert_int_equal(add(id, 0, 8 * id, true), PACKET_FRAGMENT_HELD);
	assert_int_equal(add(1, 8, 1, false), PACKET_OK);
	first = whole;
	assert_int_equal(fragments_add(fragments, &second_one, &whole), PACKET_OK);
	check_whole(17);
	whole = first;
	check_whole(9);
	assert_int_equal(fragments_add(fragments, &third, &whole), PACKET_TOO_DEEP);
	assert_int_equal(dropped, 1);
}

static void
test_no_memory(void **state)
{
	(void)state;
	for (size_t memory = 0; memory < 4000; memory += 100) {
		enum packet_result result;

		fragments_free(fragments);
		fragments = fragments_new(memory, &dropped);
		assert_non_null(fragments);
		result = add(1, 0, 400, true);
		assert_true(result == PACKET_FRAGMENT_DROPPED || result == PACKET_FRAGMENT_HELD);
		assert_int_equal(add(1, 400, 1, false), result == PACKET_FRAGMENT_HELD ? PACKET_OK : PACKET_FRAGMENT_DROPPED);
	}
	fragments_free(NULL);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_any_order),
		T(test_keys_apart),
		T(test_copies),
		T(test_false_copies),
		T(test_overlap),
		T(test_end_disagrees),
		T(test_impossible_sizes),
		T(test_tiny_fragments),
		T(test_timeout),
		T(test_time_back),
		T(test_datagrams_bounded),
		T(test_memory_bounded),
		T(test_pools_return),
		T(test_truncated),
		T(test_ipv6_long_header),
		T(test_nesting),
		T(test_no_memory),
	};

	return cmocka_run_group_tests_name("sensor/fragment", tests, NULL, NULL);
}
