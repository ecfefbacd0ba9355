/* SPDX-License-Identifier: Apache-2.0 */
/* A report that was merged is the one that would have been given everything. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "tests/sensor/made_up_report.h"
#include "tests/sensor/sample_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000;

/* Deals flows out to two reports and gives all of them to a third. */
static void
merged_is_as_if_given_all(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct report *parts[2] = { made_up_report(0), made_up_report(0) }, *whole = made_up_report(0), *into = made_up_report(0);
		char *found, *expected;

		for (uint64_t i = 0; i < 50; i++) {
			uint64_t number = seed * 37 + i;
			int64_t time = start + (int64_t)((i * 7919) % 100) * INT64_C(1000000000);
			struct report *part = parts[(number * 2654435761u >> 8) % 2];

			made_up_flow(part, number, time);
			made_up_flow(whole, number, time);
			if (i % 4 == 0) {
				made_up_name(part, number, time);
				made_up_name(whole, number, time);
			}
		}
		for (unsigned i = 0; i < 2; i++) {
			report_merge(into, parts[(i + seed) % 2]);
			report_free(parts[(i + seed) % 2]);
		}
		found = made_up_json(into);
		expected = made_up_json(whole);
		assert_text(found, expected);
		free(found);
		free(expected);
		report_free(whole);
		report_free(into);
	}
}

static void
a_concluded_report_can_be_merged(void **state)
{
	struct report *r = made_up_flows(3, 100, start), *into = made_up_report(0);
	char *expected = made_up_json(r), *found;

	(void)state;
	report_merge(into, r);
	found = made_up_json(into);
	assert_text(found, expected);
	free(found);
	free(expected);
	report_free(r);
	report_free(into);
}

static void
counters_and_files_are_added(void **state)
{
	struct report *a = made_up_report(0), *b = report_new(&(struct report_options){ 0 });

	(void)state;
	a->counters.frames = 5;
	b->counters.frames = 7;
	b->counters.results[PACKET_OK] = 6;
	b->counters.inspector.refused = 2;
	report_add_file(b, "veth0");
	report_add_file(b, "veth2")->packets = 9;
	report_add_warning(b, "not carried");
	report_merge(a, b);
	assert_int_equal(a->counters.frames, 12);
	assert_int_equal(a->counters.results[PACKET_OK], 6);
	assert_int_equal(a->counters.inspector.refused, 2);
	assert_int_equal(a->file_count, 3);
	assert_string_equal(a->files[2].path, "veth2");
	assert_int_equal(a->files[2].packets, 9);
	assert_int_equal(a->warning_count, 0);
	report_free(a);
	report_free(b);
}

/* The same interface may have another number elsewhere. */
static void
an_example_keeps_its_interface(void **state)
{
	struct report *a = report_new(&(struct report_options){ 0 }), *b = made_up_report(0);
	const struct example *e;

	(void)state;
	report_add_file(a, "veth1");
	made_up_flow(b, 1, start);
	report_merge(a, b);
	e = &a->pairs[0]->evidence[0].example;
	assert_int_equal(b->pairs[0]->evidence[0].example.file, 1);
	assert_string_equal(a->files[e->file].path, "veth1");
	assert_string_equal(a->files[e->basis[CLAIM_PROTOCOL].file].path, "veth1");
	report_free(a);
	report_free(b);
}

static void
pairs_without_room_are_folded(void **state)
{
	struct report *a = made_up_report(2), *b = made_up_report(0);
	uint64_t bytes = 0;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		made_up_pair(b, i, 0, start);
	report_merge(a, b);
	assert_int_equal(a->pair_count, 3);
	assert_string_equal(a->pairs[2]->source->workload, "other");
	assert_int_equal(a->pairs[2]->flows, 8);
	assert_int_equal(a->folded_pairs, 8);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < a->pairs[i]->evidence_count; j++)
			bytes += a->pairs[i]->evidence[j].bytes[1];
	assert_int_equal(bytes, 40000);
	report_free(a);
	report_free(b);
}

/* Packets of a flow that was counted before: bytes, but nothing to judge. */
static void
what_counts_no_flow_is_not_judged(void **state)
{
	struct policy_set *set = policy_set_default();
	struct report *r = made_up_report(0);
	struct evidence_count n;

	(void)state;
	made_up_pair(r, 0, 0, start);
	n = r->pairs[0]->evidence[0];
	r->pairs[0]->evidence[0].flows = r->pairs[0]->flows = r->flows = 0;
	report_conclude(r, set);
	assert_int_equal(r->finding_count, 0);
	assert_false(r->pairs[0]->has_c);
	assert_true(r->pairs[0]->coverage <= 0);
	assert_false(r->has_c);

	report_add_evidence(r, r->pairs[0]->source, r->pairs[0]->destination, n.class, &n);
	report_conclude(r, set);
	assert_true(r->pairs[0]->has_c);
	assert_true(r->finding_count > 0);
	assert_int_equal(r->findings[0].flows, 1);
	assert_int_equal(r->pairs[0]->evidence[0].bytes[1], 8000);
	report_free(r);
	policy_set_free(set);
}

static void
the_last_name_stays(void **state)
{
	struct report *a = made_up_report(0), *b = made_up_report(0);
	struct peer web = { .namespace = "shop", .workload = "web" }, outside = { .has_address = true };
	struct evidence_class class = { .ip_protocol = 6 };
	struct evidence_count n = { .flows = 1, .first_seen = start, .last_seen = start };
	char *text;

	(void)state;
	assert_true(address_parse("198.51.100.7", &outside.address));
	report_add_evidence(a, report_peer(a, &web), report_peer(a, &outside), &class, &n);
	made_up_name(a, 5, start + 5);
	made_up_name(b, 10, start + 10);
	made_up_name(b, 0, start);
	report_merge(a, b);
	text = made_up_json(a);
	assert_string_equal(a->pairs[0]->destination->name, "name-10.example");
	free(text);
	report_free(a);
	report_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_is_as_if_given_all),
		cmocka_unit_test(a_concluded_report_can_be_merged),
		cmocka_unit_test(counters_and_files_are_added),
		cmocka_unit_test(an_example_keeps_its_interface),
		cmocka_unit_test(pairs_without_room_are_folded),
		cmocka_unit_test(what_counts_no_flow_is_not_judged),
		cmocka_unit_test(the_last_name_stays),
	};

	return cmocka_run_group_tests_name("report_merge", tests, NULL, NULL);
}
