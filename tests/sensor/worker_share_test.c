/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several workers, each of which gets some of the frames, whichever: what is another's they hand
 * over. Together they tell of every capture of ours what one worker tells that gets all of it.
 */
#include <config.h>

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/capture.h"
#include "sensor/worker.h"

enum { WORKERS = 3, RECORDS_MAX = 20000, CAPTURES_MAX = 2000 };

struct records {
	struct flow_record *of[RECORDS_MAX];
	unsigned count;
};

static struct worker *workers[WORKERS];
static unsigned handed_over, captures, reassembled, resumed;
static char *paths[CAPTURES_MAX];

static void
on_flow(void *context, const struct flow_record *r)
{
	struct records *all = context;
	struct flow_record *copy = malloc(r->size);

	assert_true(all->count < RECORDS_MAX);
	assert_non_null(copy);
	memcpy(copy, r, r->size);
	copy->flow_id = 0;
	all->of[all->count++] = copy;
}

static void
on_foreign(void *context, const struct frame *frame, uint32_t share)
{
	/* Between processes the bytes are copied: what points into the sender's memory would not do. */
	uint8_t *bytes = malloc(frame->captured + (frame->captured == 0));
	struct frame copy = *frame;

	assert_non_null(bytes);
	assert_true(share < WORKERS);
	assert_ptr_not_equal(workers[share], *(struct worker **)context);
	memcpy(bytes, frame->bytes, frame->captured);
	copy.bytes = bytes;
	handed_over++;
	reassembled += frame->link_type == 12;
	worker_foreign_frame(workers[share], &copy);
	free(bytes);
}

static struct worker *
new_worker(const struct record_sink *sink, uint32_t count, uint32_t index)
{
	struct worker_options options = worker_defaults;
	struct worker *w;
	char error[200];

	options.table = flow_table_defaults;
	options.table.max_flows = 20000;
	options.inspector = inspector_defaults;
	options.inspector.max_inspections = 4000;
	options.inspector.ndpi = NDPI_OFF;
	options.fragment_memory = 1 << 20;
	options.share_count = count;
	options.share_index = index;
	if (count > 1) {
		options.foreign = on_foreign;
		options.foreign_context = &workers[index];
	}
	w = worker_new(&options, sink, error, sizeof(error));
	assert_non_null(w);
	return w;
}

/* Reads a capture; the frames go to the workers in turn. */
static void
read_capture(const char *path, struct records *all, uint32_t count, struct worker_counters *sum)
{
	struct record_sink sink = { .flow = on_flow, .context = all };
	struct frame frame;
	char error[200];
	struct capture *c = capture_open(path, 0, error, sizeof(error));

	for (uint32_t i = 0; i < count; i++)
		workers[i] = new_worker(&sink, count, i);
	while (c != NULL && capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME)
		worker_frame(workers[frame.number % count], &frame);
	capture_close(c);
	*sum = (struct worker_counters){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		struct worker_counters counters;

		worker_finish(workers[i]);
		worker_counters(workers[i], &counters);
		sum->frames += counters.frames;
		sum->duplicates += counters.duplicates;
		for (unsigned k = 0; k < PACKET_RESULT_COUNT; k++)
			sum->results[k] += counters.results[k];
		worker_free(workers[i]);
	}
}

/* By the first packet, then by all else: the same in both lists. */
static int
compare(const void *a, const void *b)
{
	const struct flow_record *x = *(struct flow_record *const *)a, *y = *(struct flow_record *const *)b;

	if (x->first_packet != y->first_packet)
		return x->first_packet < y->first_packet ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x, y, x->size);
}

static void
forget(struct records *all)
{
	for (unsigned i = 0; i < all->count; i++)
		free(all->of[i]);
	all->count = 0;
}

static unsigned
count_differences(const char *path, const struct records *one, const struct records *several)
{
	unsigned differences = one->count != several->count;

	if (one->count != several->count)
		print_message("%s: %u flows, of several workers %u\n", path, one->count, several->count);
	for (unsigned i = 0; i < one->count && i < several->count && differences < 3; i++) {
		const struct flow_record *x = one->of[i], *y = several->of[i];

		if (compare(&x, &y) == 0)
			continue;
		/* Each worker knows the TLS sessions it saw begin. */
		if (x->resumed && x->first_packet == y->first_packet) {
			resumed++;
			continue;
		}
		differences++;
		print_message("%s: flow of packet %u (%u, port %u) is, of several workers, packet %u, %u packets for %u, size %u for %u, notes %x for %x, %s for %s\n", path, (unsigned)x->first_packet,
		    x->ip_protocol, x->server_port, (unsigned)y->first_packet, (unsigned)(y->packets[0] + y->packets[1]), (unsigned)(x->packets[0] + x->packets[1]), y->size, x->size, y->notes,
		    x->notes, y->protocol ? y->text + y->protocol : "-", x->protocol ? x->text + x->protocol : "-");
	}
	return differences;
}

static int
on_file(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	size_t size = strlen(path);

	(void)status, (void)place;
	if (kind == FTW_F && size > 5 && (strcmp(path + size - 5, ".pcap") == 0 || (size > 7 && strcmp(path + size - 7, ".pcapng") == 0))) {
		assert_true(captures < CAPTURES_MAX);
		paths[captures++] = strdup(path);
	}
	return 0;
}

static void
test_whatever_worker_has_a_frame_first(void **state)
{
	static struct records one, several;
	const char *source = getenv("PODWIRE_SOURCE");
	struct worker_counters counted, summed;
	unsigned differences = 0;
	char folder[4096];

	(void)state;
	if (source == NULL)
		skip();
	snprintf(folder, sizeof(folder), "%s/pcaps", source);
	assert_int_equal(nftw(folder, on_file, 16, FTW_PHYS), 0);
	assert_true(captures > 100);
	for (unsigned i = 0; i < captures; i++) {
		read_capture(paths[i], &one, 1, &counted);
		read_capture(paths[i], &several, WORKERS, &summed);
		qsort(one.of, one.count, sizeof(one.of[0]), compare);
		qsort(several.of, several.count, sizeof(several.of[0]), compare);
		differences += count_differences(paths[i], &one, &several);
		assert_int_equal(summed.frames, counted.frames);
		assert_int_equal(summed.duplicates, counted.duplicates);
		forget(&one);
		forget(&several);
		free(paths[i]);
	}
	assert_true(handed_over > 1000);
	assert_true(reassembled > 0);
	assert_int_equal(differences, 0);
	assert_true(resumed <= 3);
}

/* The number that others, such as the filter in the kernel, compute as well. */
static void
test_share_of_ports(void **state)
{
	(void)state;
	assert_int_equal(worker_share(80, 40000, 1), 0);
	assert_int_equal(worker_share(80, 40000, 0), 0);
	for (uint32_t count = 2; count < 9; count++) {
		unsigned had[9] = { 0 };

		for (unsigned port = 32768; port < 61000; port++) {
			uint32_t share = worker_share((uint16_t)port, 53, count);

			assert_int_equal(share, (port * UINT32_C(2654435761) >> 16) % count);
			assert_int_equal(share, worker_share(53, (uint16_t)port, count));
			had[share]++;
		}
		for (uint32_t i = 0; i < count; i++)
			assert_true(had[i] > 28232 / count * 9 / 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share_of_ports),
		cmocka_unit_test(test_whatever_worker_has_a_frame_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
