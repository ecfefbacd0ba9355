/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that take their time: every capture of ours with many seconds between its packets, so that each flow is told of
 * again and again while it goes on. What is told in the end, and of packets in all, is what a worker tells that waited for the end.
 */
#include <config.h>

#include "tests/sensor/all_captures.h"
#include "tests/sensor/worker_bench.h"

#include "sensor/capture.h"

enum { ALL_MAX = 4000, GAP_SECONDS = 7 };

/* The last record of each flow, with the packets of all before it. */
struct all_flows {
	struct flow_record *of[ALL_MAX];
	unsigned counted[ALL_MAX];       /* so often, as what its last record says */
	uint32_t class[ALL_MAX];
	unsigned count, records, withdrawn;
};

static void
add(struct flow_record *to, const struct flow_record *earlier)
{
	for (unsigned side = 0; side < 2; side++) {
		to->packets[side] += earlier->packets[side];
		to->bytes[side] += earlier->bytes[side];
		to->payload[side] += earlier->payload[side];
	}
	to->duplicates += earlier->duplicates;
}

static struct flow_record *
copy_of(const struct flow_record *r)
{
	struct flow_record *copy = malloc(r->size);

	assert_non_null(copy);
	memcpy(copy, r, r->size);
	return copy;
}

static uint32_t
class_of(const struct flow_record *r)
{
	static struct flow_record class;
	uint32_t hash = record_class_hash(r);

	record_copy_class(&class, r);
	assert_true(record_valid(&class, class.size, NULL));
	assert_int_equal(record_class_hash(&class), hash);
	return hash;
}

/* Who adds up has each flow as what it was last said to be, and as nothing else. */
static void
count_class(struct all_flows *all, unsigned i, const struct flow_record *r)
{
	uint32_t class = class_of(r);

	if (r->withdrawn > 0) {
		assert_int_equal(class, all->class[i]);
		assert_int_equal(r->withdrawn, all->counted[i]);
		assert_int_equal(r->packets[0] + r->packets[1] + r->bytes[0] + r->bytes[1] + r->duplicates, 0);
		all->counted[i] = 0;
		all->withdrawn++;
		return;
	}
	assert_true(all->counted[i] == 0 || class == all->class[i]);
	all->counted[i] += r->counted;
	assert_true(all->counted[i] > 0);
	all->class[i] = class;
}

static void
keep(void *context, const struct flow_record *r)
{
	struct all_flows *all = context;
	struct flow_record *copy;
	unsigned i = 0;

	assert_true(record_valid(r, r->size, NULL));
	all->records++;
	while (i < all->count && all->of[i]->flow_id != r->flow_id)
		i++;
	assert_true(i < ALL_MAX);
	assert_int_equal(r->continued, i < all->count);
	if (i == all->count)
		all->counted[i] = 0;
	count_class(all, i, r);
	if (r->withdrawn > 0)
		return;
	copy = copy_of(r);
	if (i < all->count) {
		assert_int_equal(all->of[i]->end, FLOW_END_ACTIVE);
		add(copy, all->of[i]);
		free(all->of[i]);
		/* A record that does not count says nothing else. */
		copy->counted = true;
	} else {
		assert_true(r->counted);
		all->count++;
	}
	copy->continued = false;
	all->of[i] = copy;
}

/* The same frames at the same times, whoever is asked. */
static void
read_slowly(const char *path, struct all_flows *all, int64_t active_first)
{
	struct record_sink into = { .flow = keep, .context = all };
	struct frame frame;
	char error[200];
	struct capture *c = capture_open(path, 0, error, sizeof(error));

	worker_options_live(&options);
	options.table.max_flows = 4000;
	options.active_first = active_first;
	options.active_timeout = active_first * 20;
	worker_free(worker);
	worker = worker_new(&options, &into, error, sizeof(error));
	assert_non_null(worker);
	now = 1700000000 * SECOND;
	while (c != NULL && capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME) {
		frame.time = now;
		worker_frame(worker, &frame);
		for (unsigned i = 0; i < GAP_SECONDS; i++)
			worker_advance(worker, now += SECOND);
	}
	capture_close(c);
	worker_finish(worker);
}

static const struct flow_record *
find(const struct all_flows *all, const struct flow_record *r)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->of[i]->first_packet == r->first_packet && all->of[i]->first_seen == r->first_seen && memcmp(&all->of[i]->client, &r->client, sizeof(r->client)) == 0)
			return all->of[i];
	return NULL;
}

static void
clear(struct all_flows *all)
{
	for (unsigned i = 0; i < all->count; i++)
		free(all->of[i]);
	all->count = 0;
}

static void
test_slow_connections(void **state)
{
	static struct all_captures captures;
	static struct all_flows waited, told;
	unsigned compared = 0, again = 0;

	(void)state;
	if (!all_captures_find(&captures))
		skip();
	for (unsigned i = 0; i < captures.count; i++) {
		read_slowly(captures.paths[i], &waited, 0);
		read_slowly(captures.paths[i], &told, 5 * SECOND);
		if (waited.count != told.count)
			fail_msg("%s: %u flows, told of as they go on %u", captures.paths[i], waited.count, told.count);
		for (unsigned k = 0; k < told.count; k++, compared++) {
			const struct flow_record *other = find(&waited, told.of[k]);
			struct flow_record *same = told.of[k];

			if (other == NULL)
				fail_msg("%s: the flow of packet %u is not there when it is told of at its end alone", captures.paths[i], (unsigned)same->first_packet);
			same->flow_id = other->flow_id;
			if (same->size != other->size || memcmp(same, other, same->size) != 0)
				fail_msg("%s: the flow of packet %u is another when it is told of before its end", captures.paths[i], (unsigned)same->first_packet);
		}
		again += told.records - told.count;
		told.records = 0;
		clear(&waited);
		clear(&told);
	}
	all_captures_clear(&captures);
	assert_true(compared > 500 && again > 500 && told.withdrawn > 500 && waited.withdrawn == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow_connections, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
