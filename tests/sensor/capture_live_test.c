/* SPDX-License-Identifier: Apache-2.0 */
/* Live capture on the loopback interface of a network namespace of its own: plans, slots, counters. capture_live_test.py has real networks. */
#include <config.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/capture_live.h"

enum { SLL2 = 276, SLL2_SIZE = 20, LOOPBACK = 1, PAYLOAD = 500, SNAPLEN = 100 };

static char error[256];

/* False where we may not. */
static bool
own_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;
	bool good;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	s = socket(AF_INET, SOCK_DGRAM, 0);
	good = ioctl(s, SIOCSIFFLAGS, &request) == 0;
	close(s);
	return good;
}

static void
send_datagrams(unsigned count, uint16_t port)
{
	static const char bytes[PAYLOAD];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(sendto(s, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)), PAYLOAD);
	close(s);
}

static struct {
	uint16_t file;
	uint64_t number, frames;
} seen;

static void
on_frame(void *context, const struct frame *f)
{
	int64_t now = (int64_t)time(NULL) * 1000000000;

	(void)context;
	assert_int_equal(f->link_type, SLL2);
	/* SLL2, IPv4, UDP; and the ICMP error that answers, of which we want none. */
	assert_int_equal(f->original, SLL2_SIZE + 28 + PAYLOAD);
	assert_int_equal(f->captured, SLL2_SIZE + SNAPLEN);
	assert_int_equal(f->bytes[SLL2_SIZE], 0x45);
	assert_true(f->time > now - INT64_C(10000000000) && f->time < now + INT64_C(10000000000));
	seen.file = f->file;
	seen.number = f->number;
	seen.frames++;
}

/* Reads so many, however late parts of the ring are handed over, and what may come after them. */
static void
read_frames(struct live_capture *c, uint64_t count)
{
	struct pollfd fd = { .fd = live_fd(c), .events = POLLIN };
	uint64_t before = seen.frames;

	while (poll(&fd, 1, seen.frames - before < count ? 60000 : 300) > 0)
		assert_true(live_read(c, 2, on_frame, NULL, error, sizeof(error)) >= 0);
	assert_int_equal(seen.frames - before, count);
}

static void
test_loopback(void **state)
{
	struct live_options options = live_defaults;
	struct plan_entry lo = { .ifindex = LOOPBACK, .slot = 7, .directions = PLAN_IN, .name = "lo" }, bad = lo;
	struct live_statistics s;
	struct live_capture *c;

	(void)state;
	options.snaplen = SNAPLEN;
	options.ring_size = 4 << 20;
	options.filter = "udp port 9999";
	c = live_open(&options, error, sizeof(error));
	if (c == NULL)
		skip();
	/* Nothing without a plan, and with one what it says. */
	send_datagrams(3, 9999);
	read_frames(c, 0);
	assert_true(live_set_plan(c, &lo, 1, error, sizeof(error)));
	read_frames(c, 0);
	send_datagrams(5, 9999);
	send_datagrams(5, 9998);
	read_frames(c, 5);
	assert_int_equal(seen.file, 7);
	assert_int_equal(seen.number, 5);
	/* A plan that is none changes nothing. */
	bad.directions = 0;
	assert_false(live_set_plan(c, &bad, 1, error, sizeof(error)));
	send_datagrams(1, 9999);
	read_frames(c, 1);
	lo.directions = PLAN_BOTH;
	lo.slot = 8;
	assert_true(live_set_plan(c, &lo, 1, error, sizeof(error)));
	send_datagrams(2, 9999);
	/* All that goes out of loopback comes in; libpcap gives the latter alone. */
	read_frames(c, 2);
	assert_int_equal(seen.file, 8);
	assert_int_equal(seen.number, 2);
	assert_true(live_set_plan(c, NULL, 0, error, sizeof(error)));
	send_datagrams(2, 9999);
	read_frames(c, 0);
	live_counters(c, &s);
	live_counters(c, &s);
	assert_int_equal(s.slots[7].packets, 6);
	assert_int_equal(s.slots[7].bytes, 6 * (28 + PAYLOAD));
	assert_int_equal(s.slots[8].packets, 2);
	assert_int_equal(s.dropped, 0);
	assert_in_range(s.received, 8, 10);
	live_close(c);
	live_close(NULL);
}

/* What is in the ring when its interface leaves the plan is counted, not given. */
static void
test_left_over(void **state)
{
	struct live_options options = live_defaults;
	struct plan_entry lo = { .ifindex = LOOPBACK, .slot = 7, .directions = PLAN_IN, .name = "lo" };
	struct live_statistics s;
	struct live_capture *c;

	(void)state;
	options.snaplen = SNAPLEN;
	options.filter = "udp port 9999";
	c = live_open(&options, error, sizeof(error));
	if (c == NULL)
		skip();
	assert_true(live_set_plan(c, &lo, 1, error, sizeof(error)));
	send_datagrams(4, 9999);
	lo.ifindex = 12345;
	assert_true(live_set_plan(c, &lo, 1, error, sizeof(error)));
	read_frames(c, 0);
	live_counters(c, &s);
	assert_int_equal(s.unplanned, 4);
	live_close(c);
}

/* A new socket goes on where the old one ends: what its worker had not read is told, and nothing is missed before there is a plan. */
static void
test_take_over(void **state)
{
	const struct plan_entry lo = { .ifindex = LOOPBACK, .slot = 2, .directions = PLAN_IN, .name = "lo" };
	struct live_options options = live_defaults;
	struct live_capture *old, *new;
	struct live_statistics s;
	struct live_left left;

	(void)state;
	options.snaplen = SNAPLEN;
	options.ring_size = 1 << 20;
	options.filter = "udp port 9999";
	if ((old = live_open(&options, error, sizeof(error))) == NULL)
		skip();
	assert_true(live_set_plan(old, &lo, 1, error, sizeof(error)));
	send_datagrams(3, 9999);
	read_frames(old, 3);
	live_counters(old, &s);
	send_datagrams(6, 9999);
	assert_non_null(new = live_open(&options, error, sizeof(error)));
	send_datagrams(1, 9999);
	send_datagrams(9, 9998);
	left = live_take_over(live_fd(new), live_fd(old));
	live_close(old);
	assert_int_equal(left.received, 7);
	assert_int_equal(left.dropped, 0);
	send_datagrams(4, 9999);
	send_datagrams(4, 9998);
	assert_true(live_set_plan(new, &lo, 1, error, sizeof(error)));
	read_frames(new, 4);
	live_close(new);
}

static void
test_filters(void **state)
{
	static const char *const bad[] = { "tcp prot 80", "host", "link[8:2] = 1", "(((" };

	(void)state;
	assert_true(live_check_filter("tcp port 80 and not host 10.0.0.1", 65535, error, sizeof(error)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = '\0';
		assert_false(live_check_filter(bad[i], 65535, error, sizeof(error)));
		assert_int_equal(strncmp(error, "filter \"", 8), 0);
		assert_null(strchr(error, '\n'));
	}
}

static void
test_bounds(void **state)
{
	struct live_options options = live_defaults;

	(void)state;
	options.snaplen = SNAPLEN_MIN - 1;
	assert_null(live_open(&options, error, sizeof(error)));
	options.snaplen = SNAPLEN_MAX + 1;
	assert_null(live_open(&options, error, sizeof(error)));
	options = live_defaults;
	options.ring_size = UINT32_MAX;
	assert_null(live_open(&options, error, sizeof(error)));
	assert_non_null(strstr(error, "snapshot length"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_take_over),
	};

	/* Where it may not be had, the tests that need it are skipped: they never touch the machine's own. */
	if (!own_network())
		return cmocka_run_group_tests_name("without a network of its own", ((const struct CMUnitTest[]){ cmocka_unit_test(test_filters) }), NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
