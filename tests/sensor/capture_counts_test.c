/* SPDX-License-Identifier: Apache-2.0 */
/* What workers count, added up over their lives: never back, whatever one of them says. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/capture_counts.h"

struct bench {
	struct sensor_status status;
	struct live_counters now, last; /* of worker 0 */
};

static int
set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return -1;
	b->status.worker_count = 2;
	b->status.interface_count = 3;
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	free(*state);
	return 0;
}

static void
take(struct bench *b)
{
	const char *why;

	/* Nothing else ever comes here. */
	assert_true(messages_check(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, &b->now, live_counters_size(&b->now), &why));
	capture_counts_take(&b->status, 0, &b->now, &b->last);
}

static void
count(struct bench *b, uint64_t packets, uint64_t dropped)
{
	b->now.worker.frames = b->now.kernel_received = packets;
	b->now.worker.bytes = packets * 100;
	b->now.kernel_dropped = dropped;
	b->now.interface_count = 1;
	b->now.interfaces[0] = (struct live_interface){ .slot = 2, .packets = packets, .bytes = packets * 100 };
}

static void
test_adds(void **state)
{
	struct bench *b = *state;

	count(b, 10, 1);
	b->now.flows_open = 7;
	b->now.memory = 1000;
	take(b);
	take(b); /* the same again is nothing new */
	count(b, 25, 3);
	b->now.flows_open = 4;
	take(b);
	assert_int_equal(b->status.workers[0].packets, 25);
	assert_int_equal(b->status.workers[0].bytes, 2500);
	assert_int_equal(b->status.workers[0].kernel_received, 25);
	assert_int_equal(b->status.workers[0].kernel_dropped, 3);
	assert_int_equal(b->status.workers[0].flows_open, 4);
	assert_int_equal(b->status.workers[0].memory, 1000);
	assert_int_equal(b->status.counters.frames, 25);
	assert_int_equal(b->status.interfaces[2].packets, 25);
	assert_int_equal(b->status.interfaces[2].bytes, 2500);
	assert_int_equal(b->status.interfaces[0].packets, 0);
	assert_int_equal(b->status.workers[1].packets, 0);
}

/* One that was started again begins at nothing; what is shown goes on. */
static void
test_restart(void **state)
{
	struct bench *b = *state;

	count(b, 100, 5);
	take(b);
	memset(&b->last, 0, sizeof(b->last));
	count(b, 30, 1);
	take(b);
	assert_int_equal(b->status.workers[0].packets, 130);
	assert_int_equal(b->status.workers[0].kernel_dropped, 6);
	assert_int_equal(b->status.counters.frames, 130);
	assert_int_equal(b->status.interfaces[2].packets, 130);
}

/* Up and down and up again is counted once. */
static void
test_goes_back(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 3; i++) {
		count(b, 100, 10);
		take(b);
		count(b, 1, 0);
		take(b);
	}
	count(b, 101, 10);
	take(b);
	assert_int_equal(b->status.workers[0].packets, 101);
	assert_int_equal(b->status.workers[0].kernel_dropped, 10);
	assert_int_equal(b->status.counters.frames, 101);
	assert_int_equal(b->status.interfaces[2].packets, 101);
}

static void
test_overflow(void **state)
{
	struct bench *b = *state;

	count(b, 100, 10);
	take(b);
	memset(&b->last, 0, sizeof(b->last));
	memset(&b->now.worker, 0xff, sizeof(b->now.worker));
	b->now.kernel_received = b->now.kernel_dropped = b->now.forwarded = b->now.forward_dropped = UINT64_MAX;
	b->now.interfaces[0].packets = b->now.interfaces[0].bytes = UINT64_MAX;
	take(b);
	assert_true(b->status.workers[0].packets == UINT64_MAX);
	assert_true(b->status.workers[0].kernel_received == UINT64_MAX);
	assert_true(b->status.workers[0].kernel_dropped == UINT64_MAX);
	assert_true(b->status.counters.frames == UINT64_MAX);
	assert_true(b->status.interfaces[2].packets == UINT64_MAX);
	/* Nor does the next one's life make it wrap. */
	memset(&b->last, 0, sizeof(b->last));
	count(b, 1, 1);
	take(b);
	assert_true(b->status.workers[0].packets == UINT64_MAX);
	assert_true(b->status.counters.frames == UINT64_MAX);
}

/* Slots that nobody has, and one slot twice. */
static void
test_slots(void **state)
{
	struct bench *b = *state;

	b->now.interface_count = 4;
	b->now.interfaces[0] = (struct live_interface){ .slot = 3, .packets = 1, .bytes = 1 };
	b->now.interfaces[1] = (struct live_interface){ .slot = SLOTS_MAX - 1, .packets = 1, .bytes = 1 };
	b->now.interfaces[2] = (struct live_interface){ .slot = 1, .packets = 5, .bytes = 50 };
	b->now.interfaces[3] = (struct live_interface){ .slot = 1, .packets = 5, .bytes = 50 };
	take(b);
	assert_int_equal(b->status.interfaces[3].packets, 0);
	assert_int_equal(b->status.interfaces[SLOTS_MAX - 1].packets, 0);
	assert_int_equal(b->status.interfaces[1].packets, 5);
	assert_int_equal(b->status.interfaces[1].bytes, 50);
	b->status.interface_count = SLOTS_MAX;
	take(b);
	assert_int_equal(b->status.interfaces[SLOTS_MAX - 1].packets, 1);
}

/* What a dead worker left behind: in the ring when it told last, what came since, and what was dropped. */
static void
test_left(void **state)
{
	struct bench *b = *state;
	const struct live_left left = { .received = 50, .dropped = 20 };
	uint64_t received;

	b->now.worker.frames = 100;
	b->now.unplanned = 3;
	b->now.kernel_received = 150;
	b->now.kernel_dropped = 7;
	take(b);
	received = b->status.workers[0].kernel_received;
	capture_counts_take_left(&b->status, 0, &left, &b->last);
	assert_int_equal(b->status.workers[0].unread, 150 - 7 - 100 - 3 + 50 - 20);
	assert_int_equal(b->status.workers[0].kernel_received, received + 50);
	assert_int_equal(b->status.workers[0].kernel_dropped, 27);
	/* The first worker of all has nobody before it. */
	memset(&b->last, 0, sizeof(b->last));
	capture_counts_take_left(&b->status, 0, &(struct live_left){ 0 }, &b->last);
	assert_int_equal(b->status.workers[0].unread, 70);
}

/* A worker that was taken over told nonsense: what the kernel says still counts, and nothing goes back. */
static void
test_left_of_liar(void **state)
{
	static const struct live_counters lies[] = {
		{ .kernel_received = 5, .kernel_dropped = 9 },
		{ .kernel_received = 5, .worker.frames = 6 },
		{ .kernel_received = UINT64_MAX },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		capture_counts_take_left(&b->status, 0, &(struct live_left){ .received = 10 }, &lies[i]);
		assert_int_equal(b->status.workers[0].unread, (i + 1) * 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_left_of_liar, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_adds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_goes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overflow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
