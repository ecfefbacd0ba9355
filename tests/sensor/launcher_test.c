/* SPDX-License-Identifier: Apache-2.0 */
/* What of launcher and workers needs no privilege: when one is started again, frames that are handed over, events. */
#include <config.h>

#include <fcntl.h>
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/capture_plan.h"
#include "sensor/forwarded.h"
#include "sensor/launcher.h"

#define MS INT64_C(1000000)

static void
test_delay(void **state)
{
	static const int64_t wanted[] = { 0, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(launcher_delay(&failures, 5 * MS), wanted[i] * MS);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(launcher_delay(&failures, 0), 30000 * MS);
	/* Neither short nor healthy: as before. */
	assert_int_equal(launcher_delay(&failures, 20000 * MS), 30000 * MS);
	assert_int_equal(launcher_delay(&failures, 60000 * MS), 0);
	assert_int_equal(launcher_delay(&failures, 20000 * MS), 0);
	assert_int_equal(launcher_delay(&failures, 9999 * MS), 0);
	assert_int_equal(launcher_delay(&failures, 9999 * MS), 200 * MS);
}

static const int64_t NOW = INT64_C(1700000000000000000);

static struct frame
sample_frame(const uint8_t *bytes, uint32_t size)
{
	return (struct frame){ .time = NOW - 5, .number = 77, .file = 3, .tunnel = TUNNEL_VXLAN, .link_type = DLT_RAW, .bytes = bytes, .captured = size, .original = size + 10 };
}

static void
test_forward(void **state)
{
	static uint8_t bytes[65000], datagram[FORWARDED_SIZE_MAX];
	struct frame frame = sample_frame(bytes, sizeof(bytes)), got;
	ssize_t size;
	int fds[2];

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_true(forwarded_send(fds[1], &frame));
	size = recv(fds[0], datagram, sizeof(datagram), MSG_DONTWAIT);
	assert_true(size > 0);
	assert_true(forwarded_read(datagram, (size_t)size, NOW, &got));
	assert_int_equal(got.time, frame.time);
	assert_int_equal(got.number, 77);
	assert_int_equal(got.file, 3);
	assert_int_equal(got.tunnel, TUNNEL_VXLAN);
	assert_int_equal(got.link_type, DLT_RAW);
	assert_int_equal(got.captured, frame.captured);
	assert_int_equal(got.original, frame.original);
	assert_memory_equal(got.bytes, bytes, sizeof(bytes));
	/* Never waits. */
	for (unsigned i = 0; i < 100000; i++)
		if (!forwarded_send(fds[1], &frame))
			break;
	assert_false(forwarded_send(fds[1], &frame));
	close(fds[0]);
	assert_false(forwarded_send(fds[1], &frame));
	close(fds[1]);
}

static bool
readable(const struct forwarded_header *header, size_t size)
{
	uint8_t *datagram = calloc(1, size + 1);
	struct frame frame;
	bool good;

	assert_non_null(datagram);
	memcpy(datagram, header, size < sizeof(*header) ? size : sizeof(*header));
	good = forwarded_read(datagram, size, NOW, &frame);
	free(datagram);
	return good;
}

static void
test_forward_hostile(void **state)
{
	const struct forwarded_header sound = { .time = NOW, .number = 1, .original = 1500, .link_type = DLT_RAW, .slot = 1 };
	struct forwarded_header h = sound;
	size_t size = sizeof(h) + 40;

	(void)state;
	assert_true(readable(&h, size));
	for (size_t cut = 0; cut <= sizeof(h); cut++)
		assert_false(readable(&h, cut));
	h.time = INT64_MAX;
	assert_false(readable(&h, size));
	h.time = INT64_MIN;
	assert_false(readable(&h, size));
	h = sound;
	h.original = 39;
	assert_false(readable(&h, size));
	h = sound;
	h.link_type = 9999;
	assert_false(readable(&h, size));
	h = sound;
	h.slot = SLOTS_MAX;
	assert_false(readable(&h, size));
	h = sound;
	h.tunnel = TUNNEL_COUNT;
	assert_false(readable(&h, size));
	h = sound;
	h.original = UINT32_MAX;
	assert_true(readable(&h, FORWARDED_SIZE_MAX));
	assert_false(readable(&h, FORWARDED_SIZE_MAX + 1));
}

/* Events: the note is a worker's, so nothing in it is believed. */
static void
test_events(void **state)
{
	struct launcher l = { .workers = 2 };
	struct launcher_event event = { .type = LAUNCHER_ENDED, .index = 1, .status = 11, .note = { .busy = 1 } }, got;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	l.fd = fds[0];
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_NOTHING);
	memset(event.note.protocol, '\n', sizeof(event.note.protocol));
	memset(event.error, 0xff, sizeof(event.error));
	assert_int_equal(send(fds[1], &event, sizeof(event), 0), sizeof(event));
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_ENDED);
	assert_int_equal(got.index, 1);
	assert_int_equal(got.status, 11);
	assert_int_equal(got.fd, -1);
	assert_int_equal(strspn(got.note.protocol, "?"), sizeof(got.note.protocol) - 1);
	assert_int_equal(strspn(got.error, "?"), sizeof(got.error) - 1);
	event.index = 2;
	assert_int_equal(send(fds[1], &event, sizeof(event), 0), sizeof(event));
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_GONE);
	event.index = 0;
	event.type = LAUNCHER_STARTED; /* without a descriptor */
	assert_int_equal(send(fds[1], &event, sizeof(event), 0), sizeof(event));
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_GONE);
	assert_int_equal(send(fds[1], &event, 7, 0), 7);
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_GONE);
	close(fds[1]);
	launcher_read(&l, &got);
	assert_int_equal(got.type, LAUNCHER_GONE);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_forward_hostile),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
