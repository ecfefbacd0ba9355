/* SPDX-License-Identifier: Apache-2.0 */
/* Cumulative series: they only grow, are few, and go when their pair does. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "sensor/series.h"
#include "tests/sensor/made_up_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

/* What a walk over all series adds up to; with a workload named, of it alone. */
struct sum {
	const char *source, *destination;
	uint64_t flows, bytes, findings, observed;
	double satisfied;
	size_t rows;
};

static bool
is_of(const struct sum *s, const struct series_labels *l)
{
	return (s->source == NULL || strcmp(l->source_workload, s->source) == 0) && (s->destination == NULL || strcmp(l->destination_workload, s->destination) == 0);
}

static void
each_traffic(void *context, const struct series_traffic *t)
{
	struct sum *s = context;

	if (!is_of(s, &t->labels))
		return;
	s->flows += t->flows;
	s->bytes += t->bytes;
	s->rows++;
}

static void
each_finding(void *context, const struct series_finding *f)
{
	struct sum *s = context;

	if (is_of(s, &f->labels))
		s->findings += f->count;
}

static void
each_policy(void *context, const struct series_policy *p)
{
	struct sum *s = context;

	if (strcmp(p->policy, "encryption") != 0)
		return;
	s->observed += p->observed;
	s->satisfied += p->satisfied;
}

static struct sum
sum_of(const struct series *s, const char *source, const char *destination)
{
	struct sum sum = { .source = source, .destination = destination };

	series_each_traffic(s, each_traffic, &sum);
	series_each_finding(s, each_finding, &sum);
	series_each_policy(s, each_policy, &sum);
	return sum;
}

static void
give(struct series *s, struct report *delta, int64_t now)
{
	series_add(s, delta, made_up_set, now);
	report_conclude(delta, made_up_set);
	series_add_findings(s, delta);
	report_free(delta);
}

static struct report *
pair(uint32_t number, unsigned class)
{
	struct report *r = made_up_report(0);

	made_up_pair(r, number, class, start);
	return r;
}

static void
totals_are_those_of_the_deltas(void **state)
{
	struct series *s = series_new(0, 60 * minute);
	uint64_t flows = 0, bytes = 0;
	struct sum sum;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct report *delta = made_up_flows(i * 31, 20, start + i * minute);

		flows += delta->flows;
		for (size_t j = 0; j < delta->pair_count; j++)
			for (size_t k = 0; k < delta->pairs[j]->evidence_count; k++)
				bytes += delta->pairs[j]->evidence[k].bytes[0] + delta->pairs[j]->evidence[k].bytes[1];
		give(s, delta, i * minute);
	}
	sum = sum_of(s, NULL, NULL);
	assert_int_equal(sum.flows, flows);
	assert_int_equal(sum.bytes, bytes);
	series_free(s);
}

static void
labels_follow_the_ends(void **state)
{
	char text[ADDRESS_TEXT_SIZE];
	static const struct {
		const char *ip, *label;
	} cases[] = {
		{ "10.1.2.3", "10.1.2.3" }, { "172.16.0.1", "172.16.0.1" }, { "192.168.1.1", "192.168.1.1" }, { "100.64.0.1", "100.64.0.1" },
		{ "127.0.0.1", "127.0.0.1" }, { "169.254.169.254", "169.254.169.254" }, { "fd00::1", "fd00::1" }, { "fe80::1", "fe80::1" }, { "::1", "::1" },
		{ "8.8.4.4", "external" }, { "2606:4700::1111", "external" }, { "172.32.0.1", "external" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer p = { .has_address = true };

		assert_true(address_parse(cases[i].ip, &p.address));
		assert_string_equal(series_workload(&p, text), cases[i].label);
		assert_string_equal(series_namespace(&p), "");
	}
	assert_string_equal(series_workload(&(struct peer){ .workload = "web", .namespace = "shop" }, text), "web");
	assert_string_equal(series_namespace(&(struct peer){ .workload = "web", .namespace = "shop" }), "shop");
	assert_string_equal(series_namespace(&(struct peer){ .workload = "node-1" }), "");
}

/* Of three addresses outside, two public ones are one series. */
static void
public_addresses_are_one(void **state)
{
	static const char *const outside[] = { "8.8.4.4", "9.9.9.9", "10.1.2.3" };
	struct series *s = series_new(0, 60 * minute);
	struct series_scores *scores;
	struct report *r = made_up_report(0);
	struct evidence_class class = { .protocol = "http", .ip_protocol = 6, .server_port = 80, .state = ENCRYPTION_PLAINTEXT, .result = AUTH_NONE, .payload = true };
	struct evidence_count n = { .flows = 1, .bytes = { 10, 10 }, .first_seen = start, .last_seen = start, .example.first_seen = start };
	struct peer web = { .namespace = "shop", .workload = "web", .kind = "Deployment" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct peer to = { .has_address = true };

		assert_true(address_parse(outside[i], &to.address));
		report_add_evidence(r, report_peer(r, &web), report_peer(r, &to), &class, &n);
	}
	series_add(s, r, made_up_set, minute);
	report_conclude(r, made_up_set);
	series_add_findings(s, r);
	assert_int_equal(sum_of(s, "web", "external").flows, 2);
	assert_int_equal(sum_of(s, "web", "external").rows, 1);
	assert_int_equal(sum_of(s, "web", "10.1.2.3").flows, 1);
	/* Each address has its findings. */
	assert_int_equal(sum_of(s, "web", "external").findings, 2 * sum_of(s, "web", "10.1.2.3").findings);
	assert_true(sum_of(s, "web", "external").findings > 0);

	scores = series_scores_new(r);
	assert_int_equal(scores->count, 2);
	assert_string_equal(scores->items[0].labels.destination_workload, "10.1.2.3");
	assert_string_equal(scores->items[1].labels.destination_workload, "external");
	assert_string_equal(scores->items[1].labels.source_workload_namespace, "shop");
	assert_true(scores->items[1].has_c);
	assert_int_equal(scores->items[1].score.recognised, 2);
	series_scores_free(scores);
	report_free(r);
	series_free(s);
}

static void
a_finding_counts_once(void **state)
{
	struct series *s = series_new(0, 60 * minute);
	uint64_t first;

	(void)state;
	give(s, pair(1, 0), minute);
	first = sum_of(s, NULL, NULL).findings;
	assert_true(first > 0);
	for (unsigned i = 0; i < 5; i++)
		give(s, pair(1, 0), 2 * minute);
	assert_int_equal(sum_of(s, NULL, NULL).findings, first);
	/* A pair that went and came again is found anew; its series begin anew too. */
	series_expire(s, 62 * minute);
	assert_int_equal(sum_of(s, NULL, NULL).rows, 0);
	give(s, pair(1, 0), 63 * minute);
	assert_int_equal(sum_of(s, NULL, NULL).findings, first);
	series_free(s);
}

static void
only_what_is_unseen_goes(void **state)
{
	struct series *s = series_new(0, 60 * minute);
	struct series_totals totals;

	(void)state;
	give(s, pair(1, 0), minute);
	give(s, pair(2, 1), 30 * minute);
	give(s, pair(2, 0), 31 * minute);
	series_expire(s, 60 * minute);
	assert_int_equal(sum_of(s, NULL, NULL).flows, 3);
	series_expire(s, 61 * minute);
	series_totals(s, &totals);
	assert_int_equal(totals.pairs, 1);
	assert_int_equal(totals.traffic, 2);
	assert_int_equal(sum_of(s, "source-0", "destination-2").flows, 2);
	give(s, pair(2, 0), 62 * minute);
	assert_int_equal(sum_of(s, "source-0", "destination-2").flows, 3);
	series_expire(s, 200 * minute);
	series_totals(s, &totals);
	assert_int_equal(totals.pairs + totals.traffic + totals.findings, 0);
	give(s, pair(3, 0), 201 * minute);
	assert_int_equal(sum_of(s, NULL, NULL).flows, 1);
	series_free(s);
}

static void
policies_add_up(void **state)
{
	struct series *s = series_new(0, 60 * minute);
	struct sum sum;

	(void)state;
	give(s, pair(0, 0), minute); /* plaintext */
	give(s, pair(1, 1), minute); /* TLS */
	give(s, pair(0, 1), minute);
	give(s, pair(0, 3), minute); /* nothing was seen in it */
	sum = sum_of(s, NULL, NULL);
	assert_int_equal(sum.observed, 3);
	assert_true(sum.satisfied > 1.999 && sum.satisfied < 2.001);
	series_free(s);
}

static void
pairs_are_bounded(void **state)
{
	struct series *s = series_new(10, 60 * minute);
	struct series_totals totals;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		give(s, pair(i, 0), minute);
	series_totals(s, &totals);
	assert_int_equal(totals.pairs, 11);
	assert_int_equal(totals.folded_flows, 90);
	assert_int_equal(sum_of(s, "other", "other").flows, 90);
	assert_int_equal(sum_of(s, NULL, NULL).flows, 100);
	/* Each finding of a folded pair counts, once. */
	assert_int_equal(sum_of(s, "other", "other").findings, 90 * sum_of(s, "source-0", "destination-1").findings);
	for (uint32_t i = 0; i < 100; i++)
		give(s, pair(i, 0), minute);
	assert_int_equal(sum_of(s, "other", "other").findings, 90 * sum_of(s, "source-0", "destination-1").findings);
	series_free(s);
}

/* A worker that was taken over may name a protocol after each flow. */
static void
protocols_are_bounded(void **state)
{
	struct series *s = series_new(10, 60 * minute);
	struct series_totals totals;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct report *r = made_up_report(0);
		struct peer web = { .namespace = "shop", .workload = "web" };
		struct evidence_class class = { .ip_protocol = 6, .payload = true };
		struct evidence_count n = { .flows = 1, .first_seen = start, .last_seen = start, .example.first_seen = start };
		char protocol[16];

		(void)snprintf(protocol, sizeof(protocol), "p%u", i);
		class.protocol = protocol;
		report_add_evidence(r, report_peer(r, &web), report_peer(r, &web), &class, &n);
		give(s, r, minute);
	}
	series_totals(s, &totals);
	assert_in_range(totals.traffic, 1000, 10 * 9 + 1024 + 20);
	assert_int_equal(sum_of(s, NULL, NULL).flows, 5000);
	series_free(s);
}

/* Bytes that malloc() has given out; 0 where the C library does not tell, or a sanitizer has taken its place. */
static size_t
allocated(void)
{
#ifdef HAVE_MALLINFO2
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#else
	return 0;
#endif
}

/* Months of pods that come and go: what is gone takes no memory. */
static void
memory_is_flat(void **state)
{
	struct series *s = series_new(100, 60 * minute);
	size_t early = 0;

	(void)state;
	for (unsigned day = 0; day < 300; day++) {
		for (uint32_t i = 0; i < 20; i++)
			give(s, pair(day * 20 + i, i % 3), day * 60 * minute);
		series_expire(s, (day * 60 + 5) * minute);
		if (day == 20)
			early = allocated();
	}
	assert_true(allocated() <= early + 1000000);
	series_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_are_those_of_the_deltas),
		cmocka_unit_test(labels_follow_the_ends),
		cmocka_unit_test(public_addresses_are_one),
		cmocka_unit_test(a_finding_counts_once),
		cmocka_unit_test(only_what_is_unseen_goes),
		cmocka_unit_test(policies_add_up),
		cmocka_unit_test(pairs_are_bounded),
		cmocka_unit_test(protocols_are_bounded),
		cmocka_unit_test(memory_is_flat),
	};

	return cmocka_run_group_tests_name("series", tests, made_up_policies, made_up_policies_end);
}
