/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker with room for one inspection, whose flows are put away whenever another has a packet: it
 * tells of every capture of ours what a worker tells that has room for all.
 */
#include <config.h>

#include "tests/sensor/all_captures.h"
#include "tests/sensor/worker_bench.h"

#include "sensor/capture.h"

enum { ALL_MAX = 2000, OTHER_PORT = 61999 };

struct all_records {
	struct flow_record *of[ALL_MAX];
	unsigned count;
};

static void
keep(void *context, const struct flow_record *r)
{
	struct all_records *all = context;
	struct flow_record *copy;

	if (r->client_port == OTHER_PORT || r->server_port == OTHER_PORT)
		return;
	assert_true(all->count < ALL_MAX);
	copy = malloc(r->size);
	assert_non_null(copy);
	memcpy(copy, r, r->size);
	copy->flow_id = 0;
	all->of[all->count++] = copy;
}

/* A flow of somebody else's, which wants the one place there is. */
static void
interrupt(const struct frame *frame)
{
	static const char hello[] = "hello, is there anybody who listens?";
	struct wire w = { .source = POD, .source_port = OTHER_PORT, .destination = GATEWAY, .destination_port = 61998, .hop_limit = 64, .id = next_id++ };

	now = frame->time;
	frame_begin(&builder, hello, sizeof(hello) - 1);
	frame_udp(&builder, w.source_port, w.destination_port);
	put_ipv4(&w, IPPROTO_UDP);
	give();
}

static void
read_capture(const char *path, struct all_records *all, bool parking)
{
	struct record_sink into = { .flow = keep, .context = all };
	struct worker_counters counters;
	struct frame frame;
	char error[200];
	struct capture *c = capture_open(path, 0, error, sizeof(error));

	options.inspector.max_inspections = parking ? 1 : 4000;
	options.inspector.parking_memory = parking ? 1 << 22 : 0;
	options.inspector.buffer_memory = 8 << 20;
	options.table.max_flows = 4000;
	worker_free(worker);
	worker = worker_new(&options, &into, error, sizeof(error));
	assert_non_null(worker);
	while (c != NULL && capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME) {
		worker_frame(worker, &frame);
		interrupt(&frame);
	}
	capture_close(c);
	worker_finish(worker);
	worker_counters(worker, &counters);
	assert_int_equal(counters.inspector.refused, 0);
	assert_int_equal(counters.inspector.no_memory, 0);
}

static void
test_parking_changes_nothing(void **state)
{
	static struct all_captures captures;
	static struct all_records roomy, parked;
	unsigned compared = 0;

	(void)state;
	if (!all_captures_find(&captures))
		skip();
	for (unsigned i = 0; i < captures.count; i++) {
		read_capture(captures.paths[i], &roomy, false);
		read_capture(captures.paths[i], &parked, true);
		if (roomy.count != parked.count)
			fail_msg("%s: %u flows, of those put away %u", captures.paths[i], roomy.count, parked.count);
		for (unsigned k = 0; k < roomy.count; k++, compared++) {
			if (roomy.of[k]->size != parked.of[k]->size || memcmp(roomy.of[k], parked.of[k], roomy.of[k]->size) != 0)
				fail_msg("%s: the flow of packet %u is another when it was put away", captures.paths[i], (unsigned)roomy.of[k]->first_packet);
			free(roomy.of[k]);
			free(parked.of[k]);
		}
		roomy.count = parked.count = 0;
	}
	all_captures_clear(&captures);
	assert_true(compared > 500);
}

/* Where the room for what is put away is used up, a flow more is not inspected, and says so. */
static void
test_no_room(void **state)
{
	struct worker_counters counters;
	unsigned refused = 0;

	(void)state;
	options.inspector.max_inspections = 2;
	options.inspector.parking_memory = 600;
	open_worker();
	for (uint16_t i = 0; i < 20; i++) {
		struct connection c = connection(POD, (uint16_t)(30000 + i), BACKEND, 8080);

		shake_hands(&c);
		talk(&c);
	}
	worker_finish(worker);
	worker_counters(worker, &counters);
	assert_int_equal(record_count, 20);
	for (unsigned i = 0; i < 20; i++) {
		if ((records[i].notes & 1u << NOTE_NO_MEMORY) != 0) {
			refused++;
			assert_int_equal(records[i].protocol, 0);
		} else {
			assert_http(&records[i]);
		}
	}
	assert_int_equal(refused, counters.inspector.refused);
	assert_in_range(refused, 14, 17);
}

/* What is told of a flow that is put away is what is known of it, and it stays where it is. */
static void
test_told_while_parked(void **state)
{
	struct connection c[4];

	(void)state;
	options.inspector.max_inspections = 1;
	options.inspector.parking_memory = 1 << 20;
	options.active_first = 15 * SECOND;
	options.active_timeout = 300 * SECOND;
	open_worker();
	for (uint16_t i = 0; i < 4; i++) {
		c[i] = connection(POD, (uint16_t)(30000 + i), BACKEND, 8080);
		shake_hands(&c[i]);
		talk(&c[i]);
	}
	for (unsigned i = 0; i < 25; i++)
		worker_advance(worker, now += SECOND);
	assert_int_equal(record_count, 4);
	for (uint16_t i = 0; i < 4; i++) {
		assert_http(&records[i]);
		say(&c[i], true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\nAuthorization: Basic dTpw\r\n\r\n");
	}
	worker_finish(worker);
	assert_int_equal(record_count, 12);
	for (unsigned i = 4; i < 12; i += 2) {
		assert_true(records[i].withdrawn == 1 && !records[i].cleartext_credentials);
		assert_true(records[i + 1].cleartext_credentials);
		assert_true(records[i + 1].continued && records[i + 1].counted);
	}
}

/* Freed with flows still put away. */
static void
test_free_while_parked(void **state)
{
	(void)state;
	options.inspector.max_inspections = 1;
	options.inspector.parking_memory = 1 << 20;
	open_worker();
	for (uint16_t i = 0; i < 4; i++) {
		struct connection c = connection(POD, (uint16_t)(30000 + i), BACKEND, 8080);

		shake_hands(&c);
		talk(&c);
	}
	worker_free(worker);
	worker = NULL;
	assert_int_equal(record_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parking_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told_while_parked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_while_parked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
