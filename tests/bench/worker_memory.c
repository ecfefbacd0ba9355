/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a worker: replays a share of the flows from each capture named, again and again from
 * other addresses and never to their end, so that all are open at once; and tells what is resident.
 *
 *     worker_memory [-l] FLOWS [-s HALF-OPEN] CAPTURE...
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/capture.h"
#include "sensor/worker.h"

enum { FRAMES_MAX = 200, CAPTURES_MAX = 16, SYN_SIZE = 40 };

struct recording {
	struct frame frame[FRAMES_MAX];
	unsigned count;
	uint32_t ip; /* where the IPv4 header begins */
};

static uint64_t records, counted;
static int64_t now = INT64_C(1700000000000000000);

static void
on_flow(void *context, const struct flow_record *r)
{
	(void)context;
	records++;
	counted += r->counted;
}

static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
		abort();
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* The first frames of a capture, up to the end of a connection. */
static void
record(struct recording *r, const char *path)
{
	char error[200];
	struct capture *c = capture_open(path, 0, error, sizeof(error));
	struct frame frame;

	while (c != NULL && r->count < FRAMES_MAX && capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME) {
		uint8_t *bytes = malloc(frame.captured);
		uint32_t ip = frame.link_type == 1 ? 14 : frame.link_type == 113 ? 16 : frame.link_type == 276 ? 20 : 0;

		if (bytes == NULL || frame.captured < ip + 40 || frame.bytes[ip] != 0x45) {
			free(bytes);
			continue;
		}
		memcpy(bytes, frame.bytes, frame.captured);
		if (bytes[ip + 9] == 6 && (bytes[ip + 33] & 5) != 0) {
			free(bytes);
			break;
		}
		r->ip = ip;
		frame.bytes = bytes;
		r->frame[r->count++] = frame;
	}
	capture_close(c);
}

static void
add32(uint8_t *at, uint32_t more)
{
	uint32_t sum = ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) + more;

	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(sum >> (24 - 8 * i));
}

/* The recording once more, between other hosts, with numbers that make it none of the others again. */
static void
replay(struct worker *w, const struct recording *r, uint32_t number)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct frame frame = r->frame[i];
		uint8_t *bytes = malloc(frame.captured);

		if (bytes == NULL)
			abort();
		memcpy(bytes, frame.bytes, frame.captured);
		for (unsigned end = 12; end <= 16; end += 4) {
			bytes[r->ip + end] = (uint8_t)(11 + (number >> 16));
			bytes[r->ip + end + 1] = (uint8_t)(number >> 8);
			bytes[r->ip + end + 2] = (uint8_t)number;
		}
		bytes[r->ip + 4] = (uint8_t)(number >> 8);
		bytes[r->ip + 5] = (uint8_t)(number + i);
		if (bytes[r->ip + 9] == 6) {
			add32(bytes + r->ip + 24, number * 7919);
			add32(bytes + r->ip + 28, number * 7919);
		}
		frame.bytes = bytes;
		frame.time = now += 1000;
		worker_frame(w, &frame);
		free(bytes);
	}
}

static void
open_half(struct worker *w, uint32_t number)
{
	uint8_t bytes[SYN_SIZE] = { 0x45, 0, 0, SYN_SIZE, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 2 };
	struct frame frame = { .time = now += 100, .number = number, .link_type = 101, .bytes = bytes, .captured = SYN_SIZE, .original = SYN_SIZE };

	for (unsigned i = 0; i < 4; i++)
		bytes[24 + i] = bytes[12 + i] = (uint8_t)((number + (10u << 24)) >> (24 - 8 * i));
	worker_frame(w, &frame);
}

int
main(int argc, char **argv)
{
	static struct recording recordings[CAPTURES_MAX];
	static const struct record_sink sink = { .flow = on_flow };
	struct worker_options options = worker_defaults;
	uint32_t flows, half_open = 0, count = 0;
	struct worker *w;
	bool live = false;
	char error[200];
	double before;
	int c;

	options.table = flow_table_defaults;
	options.inspector = inspector_defaults;
	options.inspector.ndpi = NDPI_OFF;
	while ((c = getopt(argc, argv, "ls:")) != -1) {
		live |= c == 'l';
		if (c == 's')
			half_open = (uint32_t)atoi(optarg);
	}
	if (live)
		worker_options_live(&options);
	flows = optind < argc ? (uint32_t)atoi(argv[optind++]) : 0;
	for (; optind < argc && count < CAPTURES_MAX; optind++)
		record(&recordings[count++], argv[optind]);
	before = resident();
	w = worker_new(&options, &sink, error, sizeof(error));
	if (w == NULL)
		abort();
	printf("before %.1f MiB, with a worker %.1f MiB\n", before, resident());
	for (uint32_t i = 0; i < half_open; i++)
		open_half(w, i);
	for (uint32_t i = 0; i < flows && count > 0; i++)
		replay(w, &recordings[i % count], i);
	printf("%u flows and %u half-open ones: %.1f MiB\n", flows, half_open, resident());
	for (unsigned i = 0; live && i < 60; i++)
		worker_advance(w, now += INT64_C(1000000000));
	printf("a minute later: %.1f MiB, %lu records, %lu counted\n", resident(), (unsigned long)records, (unsigned long)counted);
	worker_free(w);
	return 0;
}
