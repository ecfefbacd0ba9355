/* SPDX-License-Identifier: Apache-2.0 */
/* Records that wait for a pod: when they go on, in which order, and that memory is bounded. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/pending.h"

static const int64_t second = 1000000000, start = INT64_C(1767225600) * 1000000000;

struct bench {
	struct pending *pending;
	const char *known[4]; /* addresses that somebody has */
	uint16_t ports[64];   /* of the records that went on, which tell them apart */
	size_t count;
};

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse(text, &a));
	return a;
}

static bool
known(void *context, const struct address *a, int64_t time)
{
	const struct bench *b = context;
	char text[ADDRESS_TEXT_SIZE];

	assert_true(time >= start);
	(void)address_text(a, text);
	for (size_t i = 0; i < 4; i++)
		if (b->known[i] != NULL && strcmp(b->known[i], text) == 0)
			return true;
	return false;
}

static void
take(void *context, const struct flow_record *r)
{
	struct bench *b = context;

	assert_true(record_valid(r, r->size, NULL));
	if (b->count < 64)
		b->ports[b->count] = r->client_port;
	b->count++;
}

static void
bench_init(struct bench *b, size_t records, size_t bytes)
{
	struct pending_options options = { .records = records, .bytes = bytes, .known = known, .context = b, .to = { .flow = take, .context = b } };

	*b = (struct bench){ .known = { "10.42.0.5" } };
	b->pending = pending_new(&options);
}

static void
give(struct bench *b, const char *client, const char *server, uint16_t port, int64_t now)
{
	struct flow_record *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	record_init(r);
	r->client = address(client);
	r->server = address(server);
	r->client_port = port;
	r->first_seen = r->last_seen = now;
	pending_flow(b->pending, r, now);
	free(r);
}

static void
nothing_to_wait_for(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 0, 0);
	give(&b, "10.42.0.5", "93.184.216.34", 1, start);
	give(&b, "2001:db8::1", "169.254.169.254", 2, start);
	assert_int_equal(b.count, 2);
	assert_int_equal(pending_counters(b.pending)->waited, 0);
	pending_free(b.pending);
	pending_free(NULL);
	/* Switched off. */
	b.pending = pending_new(&(struct pending_options){ .wait = -1, .known = known, .context = &b, .to = { .flow = take, .context = &b } });
	give(&b, "10.42.0.6", "10.42.0.5", 3, start);
	assert_int_equal(b.count, 3);
	pending_free(b.pending);
}

static void
goes_on_when_known(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 0, 0);
	give(&b, "10.42.0.6", "10.42.0.5", 1, start);
	give(&b, "10.42.0.5", "10.42.0.7", 2, start);
	give(&b, "10.42.0.5", "10.42.0.6", 3, start + 1);
	assert_int_equal(b.count, 0);
	assert_int_equal(pending_counters(b.pending)->records, 3);
	b.known[1] = "10.42.0.6";
	/* Nobody said that anything changed. */
	pending_advance(b.pending, start + second, false);
	assert_int_equal(b.count, 0);
	pending_advance(b.pending, start + second, true);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.ports[0], 1);
	assert_int_equal(b.ports[1], 3);
	assert_int_equal(pending_counters(b.pending)->found, 2);
	assert_int_equal(pending_counters(b.pending)->records, 1);
	/* The queue is whole after its last one left. */
	give(&b, "10.42.0.5", "10.42.0.8", 4, start + second);
	pending_advance(b.pending, start + 30 * second, false);
	assert_int_equal(b.count, 4);
	assert_int_equal(b.ports[3], 4);
	pending_free(b.pending);
}

/* The clock by which it waits is not that of records, which may be set while they wait. */
static void
waits_by_its_own_clock(void **state)
{
	struct flow_record *r = calloc(1, sizeof(*r));
	struct bench b;

	(void)state;
	assert_non_null(r);
	bench_init(&b, 0, 0);
	record_init(r);
	r->client = address("10.42.0.6");
	r->server = address("10.42.0.5");
	r->first_seen = r->last_seen = start;
	pending_flow(b.pending, r, 5 * second);
	pending_advance(b.pending, 14 * second, false);
	assert_int_equal(b.count, 0);
	pending_advance(b.pending, 15 * second, false);
	assert_int_equal(b.count, 1);
	r->first_seen = r->last_seen = start + 7200 * second;
	pending_flow(b.pending, r, 16 * second);
	assert_int_equal(b.count, 2); /* it was in vain a second ago */
	pending_free(b.pending);
	free(r);
}

static void
in_vain(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 0, 0);
	give(&b, "10.42.0.6", "10.42.0.5", 1, start);
	give(&b, "10.42.0.6", "10.42.0.5", 2, start + 5 * second);
	pending_advance(b.pending, start + 10 * second - 1, true);
	assert_int_equal(b.count, 0);
	/* With the first goes the second: no later one may overtake it. */
	pending_advance(b.pending, start + 10 * second, false);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.ports[0], 1);
	assert_int_equal(b.ports[1], 2);
	assert_int_equal(pending_counters(b.pending)->in_vain, 2);
	/* For a minute nobody waits for it again. */
	give(&b, "10.42.0.6", "10.42.0.5", 3, start + 69 * second);
	assert_int_equal(b.count, 3);
	give(&b, "10.42.0.6", "10.42.0.5", 4, start + 70 * second);
	assert_int_equal(b.count, 3);
	/* Only the one that was in vain is passed over. */
	give(&b, "10.42.0.5", "10.42.0.9", 5, start + 70 * second);
	assert_int_equal(b.count, 3);
	pending_free(b.pending);
	assert_int_equal(b.count, 5);
}

static void
full(void **state)
{
	struct bench b;
	const struct pending_counters *c;

	(void)state;
	bench_init(&b, 3, 0);
	c = pending_counters(b.pending);
	for (uint16_t i = 1; i <= 5; i++)
		give(&b, "10.42.0.6", "10.42.0.5", i, start);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.ports[0], 1);
	assert_int_equal(b.ports[1], 2);
	assert_int_equal(c->forced, 2);
	assert_int_equal(c->records, 3);
	pending_flush(b.pending);
	assert_int_equal(b.count, 5);
	assert_int_equal(c->records, 0);
	assert_int_equal(c->bytes, 0);
	pending_free(b.pending);
}

static void
full_by_bytes(void **state)
{
	const size_t limit = 4 * (offsetof(struct flow_record, text) + 64);
	struct bench b;

	(void)state;
	bench_init(&b, 0, limit);
	for (uint16_t i = 1; i <= 50; i++) {
		give(&b, "10.42.0.6", "10.42.0.5", i, start);
		assert_in_range(pending_counters(b.pending)->bytes, 1, limit);
	}
	assert_int_equal(b.count + pending_counters(b.pending)->records, 50);
	pending_free(b.pending);
	/* One that would never fit does not wait at all. */
	bench_init(&b, 0, 16);
	give(&b, "10.42.0.6", "10.42.0.5", 1, start);
	assert_int_equal(b.count, 1);
	assert_int_equal(pending_counters(b.pending)->forced, 1);
	pending_free(b.pending);
}

/* Ten thousand addresses in vain take no more memory than one, and cost no record. */
static void
many_in_vain(void **state)
{
	struct bench b;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	bench_init(&b, 0, 0);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(text, sizeof(text), "10.%d.%d.9", i / 250, i % 250);
		give(&b, text, "10.42.0.5", 1, start + i);
	}
	pending_advance(b.pending, start + 11 * second, false);
	assert_int_equal(b.count, 10000);
	assert_int_equal(pending_counters(b.pending)->in_vain, 10000);
	pending_free(b.pending);
}

static void
ranges(void **state)
{
	static const char *const pods[] = { "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "198.19.0.1", "240.0.0.1", "fd00::1", "fc00::" };
	static const char *const others[] = { "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.1", "100.63.255.255", "100.128.0.0", "255.255.255.255", "224.0.0.1", "169.254.0.1", "127.0.0.1", "fe80::1", "2001:db8::1", "::1" };

	(void)state;
	for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
		struct address a = address(pods[i]);

		assert_true(pending_may_be_pod(&a));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct address a = address(others[i]);

		assert_false(pending_may_be_pod(&a));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_wait_for),
		cmocka_unit_test(goes_on_when_known),
		cmocka_unit_test(waits_by_its_own_clock),
		cmocka_unit_test(in_vain),
		cmocka_unit_test(full),
		cmocka_unit_test(full_by_bytes),
		cmocka_unit_test(many_in_vain),
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
