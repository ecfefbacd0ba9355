/* SPDX-License-Identifier: Apache-2.0 */
/* The sliding window: what it shows is what its slots were given, whatever the clock does. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "sensor/report_internal.h"
#include "sensor/window.h"
#include "sensor/window_cells.h"
#include "tests/sensor/made_up_report.h"
#include "tests/sensor/sample_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

/* An hour of twelve slots; `now` is of another clock than the packets'. */
static struct window *
hour(size_t max_pairs)
{
	return window_new(60 * minute, WINDOW_SLOTS, max_pairs);
}

static uint64_t
flows(struct window *w, int64_t now)
{
	struct report *r = window_snapshot(w, made_up_set, now);
	uint64_t n = r->flows;

	report_free(r);
	return n;
}

static void
give_pair(struct window *w, uint32_t pair, int64_t packet_time, int64_t now)
{
	struct report *r = made_up_report(0);

	made_up_pair(r, pair, 0, packet_time);
	window_add(w, r, now);
	report_free(r);
}

/* A delta that takes back what its one class counted: of the flow whose first packet it was. */
static void
take_back_flow(struct window *w, uint32_t pair, uint64_t first_packet, int64_t packet_time, uint64_t times, int64_t now)
{
	struct report *r = made_up_report(0);
	struct withdrawal back;

	made_up_pair(r, pair, 0, packet_time);
	back = (struct withdrawal){
		.pair = r->pairs[0],
		.class = r->pairs[0]->evidence[0].class,
		.flows = times,
		.first_packet = first_packet,
		.first_seen = packet_time,
		.file = r->pairs[0]->evidence[0].example.file,
	};
	r->pairs[0]->evidence_count = 0;
	report_add_withdrawal(r, &back);
	window_add(w, r, now);
	report_free(r);
}

static void
take_back(struct window *w, uint32_t pair, uint64_t times, int64_t now)
{
	take_back_flow(w, pair, 0, start - 1, times, now);
}

/* What turned out to be something else counts no more, whenever it was counted; what nobody counted is not there to be taken. */
static void
counts_are_taken_back(void **state)
{
	struct window *w = hour(0);
	uint64_t one;
	size_t classes;

	(void)state;
	give_pair(w, 1, start, 100 * minute);
	give_pair(w, 2, start, 100 * minute);
	one = flows(w, 100 * minute) / 2;
	classes = window_classes(w);
	assert_true(one > 0);
	give_pair(w, 1, start, 107 * minute);
	give_pair(w, 1, start, 120 * minute);
	assert_int_equal(flows(w, 120 * minute), 4 * one);
	take_back(w, 1, 2, 121 * minute);
	assert_int_equal(flows(w, 121 * minute), 2 * one);
	take_back(w, 1, 7, 130 * minute);
	assert_int_equal(flows(w, 130 * minute), one);
	take_back(w, 1, 1, 131 * minute);
	take_back(w, 3, 1, 131 * minute);
	assert_int_equal(flows(w, 131 * minute), one);
	assert_int_equal(window_classes(w), classes);
	/* Nor does it come back when slots leave. */
	assert_int_equal(flows(w, 150 * minute), one);
	assert_int_equal(flows(w, 165 * minute), 0);
	give_pair(w, 1, start, 170 * minute);
	assert_int_equal(flows(w, 170 * minute), one);
	window_free(w);
}

/* A flow with its first packet, which goes on or has ended. */
static void
give_flow(struct window *w, uint64_t first_packet, bool goes_on, int64_t now)
{
	struct report *r = made_up_report(0);

	made_up_pair(r, 1, 0, start + (int64_t)first_packet);
	r->pairs[0]->evidence[0].example.first_packet = first_packet;
	r->pairs[0]->evidence[0].example.goes_on = goes_on;
	window_add(w, r, now);
	report_free(r);
}

/* The first packet of the flow that is shown of all. */
static uint64_t
shown(struct window *w, int64_t now)
{
	struct report *r = window_snapshot(w, made_up_set, now);
	uint64_t packet;

	assert_int_equal(r->pair_count, 1);
	assert_int_equal(r->pairs[0]->evidence_count, 1);
	packet = r->pairs[0]->evidence[0].example.first_packet;
	report_free(r);
	return packet;
}

/* A flow that has ended is of its class for good; one that turned out to be of another is not shown where there is another. */
static void
examples_are_taken_back(void **state)
{
	struct window *w = hour(0);

	(void)state;
	give_flow(w, 10, true, 100 * minute);
	give_flow(w, 11, true, 100 * minute);
	assert_int_equal(shown(w, 100 * minute), 10);
	take_back_flow(w, 1, 10, start + 10, 1, 101 * minute);
	give_flow(w, 11, true, 101 * minute); /* as it goes on it is told of again */
	assert_int_equal(shown(w, 101 * minute), 11);
	give_flow(w, 12, false, 102 * minute);
	assert_int_equal(shown(w, 102 * minute), 12);
	give_flow(w, 13, false, 102 * minute);
	give_flow(w, 14, true, 102 * minute);
	assert_int_equal(shown(w, 102 * minute), 12);
	/* Not that flow: another with its number. */
	take_back_flow(w, 1, 12, start + 1, 1, 103 * minute);
	give_flow(w, 15, false, 103 * minute);
	assert_int_equal(shown(w, 103 * minute), 12);
	window_free(w);
}

/* Where one of a later slot was kept as well, it is the one to show, whenever the other is taken back. */
static void
later_examples_are_shown(void **state)
{
	struct window *w = hour(0);

	(void)state;
	give_flow(w, 20, true, 100 * minute);
	give_flow(w, 21, true, 120 * minute);
	assert_int_equal(shown(w, 120 * minute), 20);
	take_back_flow(w, 1, 20, start + 20, 1, 121 * minute);
	assert_int_equal(shown(w, 121 * minute), 21);
	give_flow(w, 22, true, 130 * minute);
	take_back_flow(w, 1, 22, start + 22, 1, 131 * minute);
	give_flow(w, 23, true, 131 * minute);
	take_back_flow(w, 1, 21, start + 21, 1, 132 * minute);
	assert_int_equal(shown(w, 132 * minute), 23);
	/* What is gone stays gone when slots leave. */
	take_back_flow(w, 1, 23, start + 23, 1, 133 * minute);
	(void)window_advance(w, 170 * minute);
	give_flow(w, 24, true, 170 * minute);
	assert_int_equal(shown(w, 170 * minute), 24);
	window_free(w);
}

/* The number of one file or another must not matter. */
static char *
json_of(struct report *r)
{
	r->file_count = 0;
	return made_up_json(r);
}

static void
shows_what_it_was_given(void **state)
{
	struct window *w = hour(0);
	struct report *all = made_up_report(0), *shown;
	char *found, *expected;

	(void)state;
	for (unsigned i = 0; i < 55; i++) {
		struct report *delta = made_up_flows(i * 13, 20, start + i * minute);

		window_add(w, delta, minute * (100 + i));
		report_merge(all, delta);
		report_free(delta);
	}
	shown = window_snapshot(w, made_up_set, 155 * minute);
	found = json_of(shown);
	expected = json_of(all);
	assert_text(found, expected);
	free(found);
	free(expected);
	report_free(shown);
	report_free(all);
	window_free(w);
}

/* After two hours only the deltas of the last twelve slots are there; examples apart, exactly. */
static void
shows_what_has_not_left(void **state)
{
	struct window *w = hour(0);
	struct report *recent = made_up_report(0), *shown;

	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		struct report *delta = made_up_flows(i * 29, 15, start + i * minute);

		window_add(w, delta, minute * (1000 + i));
		if ((1000 + i) / 5 > (1000 + 119) / 5 - 12)
			report_merge(recent, delta);
		report_free(delta);
	}
	shown = window_snapshot(w, made_up_set, 1119 * minute);
	report_conclude(recent, made_up_set);
	assert_int_equal(shown->flows, recent->flows);
	assert_int_equal(shown->pair_count, recent->pair_count);
	assert_int_equal(shown->finding_count, recent->finding_count);
	assert_int_equal(shown->first_seen, recent->first_seen);
	assert_int_equal(shown->last_seen, recent->last_seen);
	for (size_t i = 0; i < shown->pair_count; i++) {
		const struct pair *p = shown->pairs[i], *q = recent->pairs[i];

		assert_int_equal(p->has_c, q->has_c);
		assert_true(!p->has_c || !(p->c < q->c || p->c > q->c));
		assert_int_equal(p->evidence_count, q->evidence_count);
		for (size_t j = 0; j < p->evidence_count; j++) {
			const struct evidence_count *n = &p->evidence[j], *m = &q->evidence[j];

			assert_int_equal(evidence_class_compare(n->class, m->class), 0);
			assert_int_equal(n->flows, m->flows);
			assert_memory_equal(n->bytes, m->bytes, sizeof(n->bytes));
			assert_memory_equal(n->packets, m->packets, sizeof(n->packets));
			assert_int_equal(n->first_seen, m->first_seen);
			assert_int_equal(n->last_seen, m->last_seen);
			assert_in_range(n->example.first_seen, n->first_seen, n->last_seen);
		}
	}
	assert_true(shown->has_c && !(shown->c < recent->c || shown->c > recent->c));
	report_free(shown);
	report_free(recent);
	window_free(w);
}

static void
what_left_is_gone(void **state)
{
	struct window *w = hour(0);

	(void)state;
	assert_int_equal(window_next(w), INT64_MAX);
	give_pair(w, 1, start, 61 * minute);
	assert_int_equal(window_next(w), 120 * minute);
	give_pair(w, 2, start, 90 * minute);
	assert_int_equal(flows(w, 119 * minute), 2);
	assert_false(window_advance(w, 119 * minute));
	assert_true(window_advance(w, 120 * minute));
	assert_int_equal(flows(w, 120 * minute), 1);
	assert_int_equal(window_pairs(w), 1);
	assert_int_equal(window_next(w), 150 * minute);
	assert_int_equal(flows(w, 150 * minute), 0);
	assert_int_equal(window_pairs(w), 0);
	assert_int_equal(window_next(w), INT64_MAX);
	window_free(w);
}

static void
a_clock_that_goes_back_loses_nothing(void **state)
{
	struct window *w = hour(0);

	(void)state;
	give_pair(w, 1, start, 600 * minute);
	give_pair(w, 2, start, 30 * minute);
	give_pair(w, 3, start, 0);
	give_pair(w, 4, start, -5);
	assert_int_equal(flows(w, 10 * minute), 4);
	assert_int_equal(flows(w, 659 * minute), 4);
	assert_int_equal(flows(w, 660 * minute), 0);
	window_free(w);
}

static void
a_clock_that_leaps_keeps_nothing_wrongly(void **state)
{
	struct window *w = hour(0);

	(void)state;
	give_pair(w, 1, start, 5 * minute);
	assert_int_equal(flows(w, INT64_MAX - 1), 0);
	give_pair(w, 2, start, INT64_MAX - 1);
	assert_int_equal(flows(w, INT64_MAX), 1);
	window_free(w);
}

/* A pair that goes on for hours always has an example of what the window holds. */
static void
an_example_is_never_older_than_the_window(void **state)
{
	struct window *w = hour(0);

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		int64_t now = (1000 + i * 7) * minute;
		struct report *r;

		give_pair(w, 1, start + i * 7 * minute, now);
		r = window_snapshot(w, made_up_set, now);
		assert_int_equal(r->pair_count, 1);
		assert_true(r->pairs[0]->evidence[0].example.first_seen >= start + (int64_t)i * 7 * minute - 60 * minute);
		assert_string_equal(r->files[r->pairs[0]->evidence[0].example.file].path, "veth1");
		assert_string_equal(r->pairs[0]->evidence[0].example.basis[CLAIM_PROTOCOL].clause, "protocol clause");
		report_free(r);
	}
	window_free(w);
}

static void
pairs_are_bounded(void **state)
{
	struct window *w = hour(10);
	struct report *r, *delta;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		give_pair(w, i, start, (60 + i / 4) * minute);
	r = window_snapshot(w, made_up_set, 85 * minute);
	assert_int_equal(r->pair_count, 11);
	assert_int_equal(r->flows, 100);
	assert_int_equal(r->folded_pairs, 90);
	report_free(r);
	/* Flows are counted, not deltas: one whose own pairs were folded brings what is in them. */
	delta = report_new(&(struct report_options){ .max_pairs = 1 });
	for (uint32_t i = 0; i < 5; i++)
		made_up_pair(delta, 200 + i, 0, start);
	window_add(w, delta, 85 * minute);
	report_free(delta);
	r = window_snapshot(w, made_up_set, 85 * minute);
	assert_int_equal(r->flows, 105);
	assert_int_equal(r->folded_pairs, 95);
	report_free(r);
	/* The first ten leave: there is room again, and what was folded goes with its slot. */
	r = window_snapshot(w, made_up_set, 125 * minute);
	assert_true(r->pair_count <= 1);
	assert_int_equal(r->folded_pairs, r->flows);
	report_free(r);
	give_pair(w, 1, start, 125 * minute);
	assert_int_equal(window_pairs(w), 2);
	window_free(w);
}

/* A scan of all ports, and of many hosts, must not fill memory; nothing of it is lost from the counts. */
static void
a_scan_is_bounded(void **state)
{
	struct window *w = hour(10);
	struct report *delta = made_up_report(0), *r;
	struct peer scanner = { .namespace = "shop", .workload = "scanner" };
	struct evidence_count n = { .flows = 1, .packets = { 1, 1 }, .bytes = { 60, 40 }, .first_seen = start, .last_seen = start, .example.first_seen = start };

	(void)state;
	for (unsigned host = 0; host < 20; host++) {
		struct peer target = { .has_address = true, .address = { { [0] = 0xfd, [15] = (uint8_t)host } } };

		for (unsigned port = 1; port <= 2000; port++) {
			struct evidence_class class = { .server_port = (uint16_t)port, .ip_protocol = 6 };

			report_add_evidence(delta, report_peer(delta, &scanner), report_peer(delta, &target), &class, &n);
		}
	}
	window_add(w, delta, minute);
	report_free(delta);
	assert_in_range(window_classes(w), 10, 10 * 4 + 1024 + 100);
	r = window_snapshot(w, made_up_set, minute);
	assert_int_equal(r->flows, 20 * 2000);
	assert_int_equal(r->pair_count, 11);
	report_free(r);
	window_free(w);
}

/* Classes that find no room are forgotten before their slot ends; what counts is all there. */
static void
memory_is_bounded(void **state)
{
	enum { DELTAS = 300, CLASSES = 1000 };
	const struct peer source = { .workload = "scanner", .kind = "Pod", .namespace = "a" }, destination = { .workload = "web", .kind = "Pod", .namespace = "b" };
	struct window *w = hour(1000);
	uint64_t given = 0;

	(void)state;
	for (unsigned i = 0; i < DELTAS; i++) {
		struct report *r = made_up_report(0);

		for (unsigned j = 0; j < CLASSES; j++) {
			const struct evidence_class class = { .protocol = "tls", .server_port = (uint16_t)(given % 65536), .key_bits = (uint16_t)(given / 65536), .ip_protocol = 6, .state = ENCRYPTION_ENCRYPTED };
			const struct evidence_count count = { .flows = 1, .first_seen = start, .last_seen = start };

			report_add_evidence(r, &source, &destination, &class, &count);
			given++;
		}
		/* A hundred in each of three slots. */
		window_add(w, r, start + i / 100 * 5 * minute);
		report_free(r);
		assert_true(window_memory(w) < 10 << 20);
	}
	assert_int_equal(flows(w, start + 10 * minute), given);
	assert_true(window_classes(w) <= 200);
	assert_int_equal(flows(w, start + 60 * minute), given / 3 * 2);
	window_free(w);
}

static void
names_go_with_their_peers(void **state)
{
	struct window *w = hour(0);
	struct report *delta = made_up_report(0), *r;
	struct peer web = { .namespace = "shop", .workload = "web" }, outside = { .has_address = true };
	struct evidence_class class = { .ip_protocol = 6 };
	struct evidence_count n = { .flows = 1, .first_seen = start, .last_seen = start, .example.first_seen = start };

	(void)state;
	assert_true(address_parse("198.51.100.7", &outside.address));
	made_up_name(delta, 0, start);
	window_add(w, delta, minute);
	report_free(delta);
	for (unsigned i = 0; i < 30; i++) {
		int64_t now = (10 + i * 10) * minute;

		delta = made_up_report(0);
		report_add_evidence(delta, report_peer(delta, &web), report_peer(delta, &outside), &class, &n);
		/* Other names, much later, push out those that nobody needs. */
		made_up_name(delta, 1, start + now);
		if (i == 20)
			made_up_name(delta, 5, start + now);
		window_add(w, delta, now);
		report_free(delta);
		r = window_snapshot(w, made_up_set, now);
		assert_string_equal(r->pairs[0]->destination->name, i < 20 ? "name-0.example" : "name-5.example");
		report_free(r);
	}
	window_free(w);
}

static void
cells_come_back(void **state)
{
	static const struct window_cell cells[] = {
		{ .slot = 5, .flows = 1, .packets = { 2, 3 }, .bytes = { 4, UINT64_MAX }, .first_seen = 7, .last_seen = 9 },
		{ .slot = 6, .flows = 0, .first_seen = INT64_MIN, .last_seen = INT64_MAX },
		{ .slot = INT64_MAX, .flows = UINT64_MAX, .first_seen = -1, .last_seen = -2 },
		{ .slot = INT64_MIN, .flows = 127, .packets = { 128, 16383 }, .bytes = { 16384, 1 }, .first_seen = 3, .last_seen = 3 },
	};
	struct window_cell found[WINDOW_CELLS_MAX];
	struct window_cells packed = { 0 };

	(void)state;
	assert_int_equal(window_cells_get(&packed, found), 0);
	for (size_t i = 0; i < 4; i++) {
		window_cells_append(&packed, &cells[i]);
		assert_int_equal(window_cells_get(&packed, found), i + 1);
		assert_memory_equal(found, cells, (i + 1) * sizeof(cells[0]));
	}
	window_cells_clear(&packed);
}

/* What is written and read back is the same, but for what has left. */
static void
slots_can_be_carried(void **state)
{
	struct window *w = hour(0), *to = hour(0);
	struct report *r, *again;
	struct window_reader *reader;
	struct window_writer *writer;
	struct window_cell cells[WINDOW_CELLS_MAX];
	char *found, *expected;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct report *delta = made_up_flows(i * 17, 10, start + i * minute);

		window_add(w, delta, minute * (1000 + i));
		report_free(delta);
	}
	r = window_snapshot(w, made_up_set, 1050 * minute);
	reader = window_reader_new(w, r);
	writer = window_writer_new(to, r, 1050 * minute);
	for (size_t i = 0; i < r->pair_count; i++)
		for (size_t j = 0; j < r->pairs[i]->evidence_count; j++) {
			const struct evidence_count *n = &r->pairs[i]->evidence[j];
			size_t count = window_read(reader, r->pairs[i], n->class, cells);

			assert_in_range(count, 1, WINDOW_SLOTS);
			window_write(writer, r->pairs[i], n, cells, count);
		}
	window_reader_free(reader);
	window_writer_free(writer);
	again = window_snapshot(to, made_up_set, 1050 * minute);
	expected = json_of(r);
	found = json_of(again);
	assert_text(found, expected);
	free(found);
	free(expected);
	report_free(r);
	report_free(again);
	for (unsigned now = 1055; now < 1115; now += 5)
		assert_int_equal(flows(w, now * minute), flows(to, now * minute));
	assert_int_equal(flows(to, 1115 * minute), 0);
	window_free(w);
	window_free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_taken_back),
		cmocka_unit_test(examples_are_taken_back),
		cmocka_unit_test(later_examples_are_shown),
		cmocka_unit_test(shows_what_it_was_given),
		cmocka_unit_test(shows_what_has_not_left),
		cmocka_unit_test(what_left_is_gone),
		cmocka_unit_test(a_clock_that_goes_back_loses_nothing),
		cmocka_unit_test(a_clock_that_leaps_keeps_nothing_wrongly),
		cmocka_unit_test(an_example_is_never_older_than_the_window),
		cmocka_unit_test(pairs_are_bounded),
		cmocka_unit_test(a_scan_is_bounded),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(names_go_with_their_peers),
		cmocka_unit_test(cells_come_back),
		cmocka_unit_test(slots_can_be_carried),
	};

	return cmocka_run_group_tests_name("window", tests, made_up_policies, made_up_policies_end);
}
