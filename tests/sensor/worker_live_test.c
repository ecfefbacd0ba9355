/* SPDX-License-Identifier: Apache-2.0 */
/* The worker live: flows that are told of while they go on, what is counted, what it says of its work. */
#include <config.h>

#include "tests/sensor/worker_bench.h"

static struct worker_note note;

static void
open_live(void)
{
	options.active_first = 15 * SECOND;
	options.active_timeout = 300 * SECOND;
	open_worker();
}

/* Time passes, as it does for a worker whose loop ticks. */
static void
wait_seconds(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		now += SECOND;
		worker_advance(worker, now);
	}
}

static uint64_t
all_packets(void)
{
	uint64_t packets = 0;

	for (unsigned i = 0; i < record_count; i++)
		packets += records[i].packets[0] + records[i].packets[1];
	return packets;
}

static void
assert_told(unsigned at, enum flow_end end, bool continued, bool counted)
{
	assert_true(at < record_count);
	assert_int_equal(records[at].end, end);
	assert_int_equal(records[at].continued, continued);
	assert_int_equal(records[at].counted, counted);
}

/* Told after the first seconds, then at every timeout, then at its end; each packet once. */
static void
test_flow_that_goes_on(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	talk(&c);
	wait_seconds(14);
	assert_int_equal(record_count, 0);
	wait_seconds(7);
	assert_int_equal(record_count, 1);
	assert_told(0, FLOW_END_ACTIVE, false, true);
	assert_http(&records[0]);
	assert_int_equal(records[0].packets[FROM_CLIENT], 3);
	assert_int_equal(records[0].payload[FROM_CLIENT], 29);
	assert_true(records[0].payload_seen);
	for (unsigned i = 0; i < 29; i++) {
		talk(&c);
		wait_seconds(10);
	}
	assert_int_equal(record_count, 1);
	wait_seconds(16);
	assert_int_equal(record_count, 2);
	assert_told(1, FLOW_END_ACTIVE, true, true);
	assert_int_equal(records[1].packets[FROM_CLIENT], 29);
	assert_int_equal(records[1].payload[FROM_SERVER], 29 * 40);
	assert_http(&records[1]);
	close_connection(&c);
	wait_seconds(20);
	assert_int_equal(record_count, 3);
	assert_told(2, FLOW_END_CLOSED, true, false);
	assert_int_equal(records[2].payload[FROM_CLIENT], 0);
	assert_true(records[2].payload_seen);
	assert_http(&records[2]);
	assert_int_equal(records[2].notes, 0);
	assert_int_equal(all_packets(), 3 + 2 + 29 * 2 + 3);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(records[i].flow_id, records[0].flow_id);
		assert_int_equal(records[i].first_seen, records[0].first_seen);
		assert_int_equal(records[i].first_packet, 1);
	}
}

/* Without the options a flow is told of once. */
static void
test_offline(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	shake_hands(&c);
	talk(&c);
	wait_seconds(1000);
	assert_int_equal(record_count, 0);
	(void)only_record();
	assert_told(0, FLOW_END_FORCED, false, true);
}

/* What was told so often counts no more. */
static void
assert_withdrawn(unsigned at, unsigned of, unsigned times)
{
	assert_told(at, FLOW_END_ACTIVE, true, false);
	assert_true(record_valid(&records[at], records[at].size, NULL));
	assert_int_equal(records[at].withdrawn, times);
	assert_int_equal(records[at].flow_id, records[of].flow_id);
	assert_int_equal(record_class_hash(&records[at]), record_class_hash(&records[of]));
	assert_int_equal(records[at].packets[0] + records[at].packets[1] + records[at].bytes[0] + records[at].bytes[1], 0);
}

/* A flow that ended early counts, and has a number of its own. */
static void
test_short_flows(void **state)
{
	(void)state;
	open_live();
	for (uint16_t i = 0; i < 3; i++) {
		struct connection c = connection(POD, (uint16_t)(40000 + i), BACKEND, 8080);

		whole(&c);
		wait_seconds(1);
	}
	wait_seconds(30);
	assert_int_equal(record_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_told(i, FLOW_END_CLOSED, false, true);
	assert_true(records[0].flow_id != records[1].flow_id && records[1].flow_id != records[2].flow_id && records[0].flow_id != records[2].flow_id);
}

/* What is learnt later is told at once, and counts: as what it now is, and no more as what it was. */
static void
test_evidence_that_changes(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	talk(&c);
	wait_seconds(21);
	assert_int_equal(record_count, 1);
	assert_false(records[0].cleartext_credentials);
	say(&c, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\nAuthorization: Basic dTpw\r\n\r\n");
	say(&c, false, TCP_ACK | TCP_PSH, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	wait_seconds(21);
	assert_int_equal(record_count, 3);
	assert_withdrawn(1, 0, 1);
	assert_told(2, FLOW_END_ACTIVE, true, true);
	assert_true(records[2].cleartext_credentials);
	talk(&c);
	wait_seconds(40);
	assert_int_equal(record_count, 3);
	/* And so at the end. */
	worker_finish(worker);
	assert_int_equal(record_count, 4);
	assert_told(3, FLOW_END_FORCED, true, false);
	assert_true(records[3].cleartext_credentials);
	assert_int_equal(records[3].packets[FROM_CLIENT], 1);
}

/* Of one that was counted every five minutes all is taken back. */
static void
test_change_after_long(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	for (unsigned i = 0; i < 70; i++) {
		talk(&c);
		wait_seconds(10);
	}
	assert_int_equal(record_count, 3);
	say(&c, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\nAuthorization: Basic dTpw\r\n\r\n");
	wait_seconds(21);
	assert_int_equal(record_count, 5);
	assert_withdrawn(3, 0, 3);
	assert_told(4, FLOW_END_ACTIVE, true, true);
	assert_true(records[4].cleartext_credentials);
}

/* Freed without a last word, with what was told still in mind. */
static void
test_free_before_the_end(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	talk(&c);
	wait_seconds(21);
	assert_int_equal(record_count, 1);
	worker_free(worker);
	worker = NULL;
	assert_int_equal(record_count, 1);
}

static void
test_change_at_the_end(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	talk(&c);
	wait_seconds(21);
	say(&c, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\nAuthorization: Basic dTpw\r\n\r\n");
	worker_finish(worker);
	assert_int_equal(record_count, 3);
	assert_withdrawn(1, 0, 1);
	assert_told(2, FLOW_END_FORCED, true, true);
	assert_true(records[2].cleartext_credentials);
}

/* Of one that says nothing recognisable there is a word at the timeout; of silence, and of what is never answered, none. */
static void
test_nothing_known(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080), half = connection(POD, 40001, BACKEND, 8080);

	(void)state;
	open_live();
	shake_hands(&c);
	say(&half, true, TCP_SYN, "");
	say(&c, true, TCP_ACK | TCP_PSH, "\x80\x01\x02\xff");
	wait_seconds(59);
	assert_int_equal(record_count, 0);
	wait_seconds(5);
	assert_int_equal(record_count, 1);
	assert_told(0, FLOW_END_IDLE, false, true);
	assert_int_equal(records[0].notes, 1u << NOTE_HALF_OPEN);
	wait_seconds(300);
	assert_int_equal(record_count, 2);
	assert_told(1, FLOW_END_ACTIVE, false, true);
	assert_int_equal(records[1].state, ENCRYPTION_UNKNOWN);
	assert_int_equal(records[1].protocol, 0);
	wait_seconds(6000);
	assert_int_equal(record_count, 2);
	say(&c, true, TCP_ACK | TCP_PSH, "\x81\x01\x02\xff");
	wait_seconds(21);
	assert_int_equal(record_count, 3);
	assert_told(2, FLOW_END_ACTIVE, true, true);
	assert_int_equal(records[2].packets[FROM_CLIENT], 1);
}

/* Readable text of nobody's protocol: said without waiting for the end, which says the same. */
static void
test_readable_text(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 7777);

	(void)state;
	open_live();
	shake_hands(&c);
	for (unsigned i = 0; i < 8; i++) {
		say(&c, true, TCP_ACK | TCP_PSH, "the quick brown fox jumps over the lazy dog, again and again;\n");
		say(&c, false, TCP_ACK | TCP_PSH, "the lazy dog does not mind at all, and sleeps on in the sun;\n");
	}
	wait_seconds(330);
	assert_int_equal(record_count, 1);
	assert_int_equal(records[0].end, FLOW_END_ACTIVE);
	assert_int_equal(records[0].state, ENCRYPTION_PLAINTEXT);
	assert_true((records[0].notes >> NOTE_READABLE_TEXT & 1) != 0);
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	assert_told(1, FLOW_END_FORCED, true, false);
}

/* A number is used again by another flow: nothing of the old one is left. */
static void
test_places_used_again(void **state)
{
	(void)state;
	options.table.max_flows = 2;
	open_live();
	for (uint16_t i = 0; i < 6; i++) {
		struct connection c = connection(POD, (uint16_t)(40000 + i), BACKEND, 8080);

		shake_hands(&c);
		talk(&c);
		wait_seconds(i == 0 ? 21 : 1);
	}
	worker_finish(worker);
	assert_int_equal(record_count, 7);
	assert_told(0, FLOW_END_ACTIVE, false, true);
	for (unsigned i = 1, first = 0; i < 7; i++) {
		bool same = records[i].flow_id == records[0].flow_id;

		first += same;
		assert_told(i, i < 5 ? FLOW_END_EVICTED : FLOW_END_FORCED, same, !same);
		assert_int_equal(first, 1);
	}
}

/* Many flows are due at once: told of a part at a time, all in the end, each once. */
static void
test_many_at_once(void **state)
{
	(void)state;
	open_live();
	for (uint16_t i = 0; i < 500; i++) {
		struct wire w = { .source = POD, .source_port = (uint16_t)(20000 + i), .destination = BACKEND, .destination_port = 9999, .hop_limit = 64, .id = next_id++ };

		udp(w, "hello?");
	}
	wait_seconds(100);
	assert_int_equal(record_count, 0);
	options.active_timeout = 100 * SECOND; /* of the next worker */
	open_worker();
	for (uint16_t i = 0; i < 500; i++) {
		struct wire w = { .source = POD, .source_port = (uint16_t)(20000 + i), .destination = BACKEND, .destination_port = 9999, .hop_limit = 64, .id = next_id++ };

		udp(w, "hello?");
	}
	wait_seconds(106);
	assert_in_range(record_count, 1, 499);
	wait_seconds(20);
	assert_int_equal(record_count, 500);
	wait_seconds(50);
	assert_int_equal(record_count, 500);
	for (unsigned i = 0; i < record_count; i++)
		assert_told(i, FLOW_END_ACTIVE, false, true);
}

/* While a packet is worked on, the note says whose it is. */
static void
on_noted_flow(void *context, const struct flow_record *r)
{
	assert_int_equal(note.busy, 1);
	assert_int_equal(note.port[0], 40000);
	assert_int_equal(note.port[1], 8080);
	assert_int_equal(note.ip_protocol, IPPROTO_TCP);
	assert_address(&note.address[0], POD);
	on_flow(context, r);
}

static void
test_note(void **state)
{
	static const struct record_sink noted = { .flow = on_noted_flow, .context = records };
	struct connection c = connection(POD, 40000, BACKEND, 8080);
	char error[200];

	(void)state;
	options.note = &note;
	open_live();
	worker_free(worker);
	worker = worker_new(&options, &noted, error, sizeof(error));
	shake_hands(&c);
	assert_int_equal(note.busy, 0);
	assert_int_equal(note.packets, 3);
	assert_string_equal(note.protocol, "");
	talk(&c);
	talk(&c);
	assert_string_equal(note.protocol, "http");
	close_connection(&c);
	/* The new connection ends the old one while its first packet is worked on. */
	c = connection(POD, 40000, BACKEND, 8080);
	c.sequence[0] += 5000000;
	say(&c, true, TCP_SYN, "");
	assert_int_equal(record_count, 1);
	assert_int_equal(note.busy, 0);
	assert_int_equal(note.packets, 11);
	worker_free(worker);
	worker = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_flow_that_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_flows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_evidence_that_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_change_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_change_after_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_before_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_readable_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_note, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
