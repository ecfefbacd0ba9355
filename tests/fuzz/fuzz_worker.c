/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the whole path of a frame, in a worker with little room of everything. The input
 * is a byte that chooses the link-layer type (its highest bit: end without concluding), then
 * frames: two length bytes (big-endian), a byte of time that passes (in steps of 10 ms; from 128
 * on seconds; 254: two hours back, 255: two days), the frame. Every record must be one that its reader would trust.
 */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/cursor.h"
#include "sensor/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int link_types[] = { 1, 0, 12, 101, 113, 276 };

struct totals {
	uint64_t packets, duplicates;
};

static void
check(int condition)
{
	if (!condition)
		abort();
}

static bool
is_carrier(const struct flow_record *r)
{
	for (enum tunnel t = TUNNEL_NONE + 1; r->protocol != 0 && t < TUNNEL_COUNT; t++)
		if (strcmp(record_text(r, r->protocol), tunnel_names[t]) == 0)
			return true;
	return false;
}

static void
on_flow(void *context, const struct flow_record *r)
{
	struct totals *totals = context;

	check(record_valid(r, r->size, NULL));
	check(r->first_seen <= r->last_seen && (r->packets[0] + r->packets[1] > 0 || r->continued));
	if (r->withdrawn > 0) { /* it has a class, and no reasons: those were told when it counted */
		check(r->continued && !r->counted && r->packets[0] + r->packets[1] == 0);
		return;
	}
	check(r->protocol != 0 || r->basis[CLAIM_PROTOCOL].clause == 0);
	check(r->state == ENCRYPTION_UNKNOWN || r->basis[CLAIM_ENCRYPTION].strength >= STRENGTH_STRUCTURE || (r->notes & 1u << NOTE_READABLE_TEXT) != 0);
	check(!r->cleartext_credentials || r->basis[CLAIM_CREDENTIALS].clause != 0);
	if (is_carrier(r))
		return; /* its packets are counted with the flows that they are of */
	totals->packets += r->packets[0] + r->packets[1];
	totals->duplicates += r->duplicates;
}

static void
on_name(void *context, const struct name_record *n)
{
	(void)context;
	check(memchr(n->name, '\0', sizeof(n->name)) != NULL);
}

static void
give(struct worker *w, struct frame *frame, struct cursor bytes)
{
	uint8_t *block = malloc(bytes.left + (bytes.left == 0));

	check(block != NULL);
	if (bytes.left > 0)
		memcpy(block, bytes.at, bytes.left);
	frame->number++;
	frame->bytes = block;
	frame->captured = frame->original = (uint32_t)bytes.left;
	worker_frame(w, frame);
	free(block);
}

/* Nanoseconds that pass. */
static int64_t
time_of(uint8_t pause)
{
	static const int64_t second = 1000000000;

	if (pause < 128)
		return pause * second / 100;
	return pause == 255 ? 172800 * second : pause == 254 ? -7200 * second : (pause - 127) * second;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_over(data, size);
	uint8_t control = cursor_u8(&input);
	struct totals totals = { 0 };
	struct record_sink sink = { .flow = on_flow, .name = on_name, .context = &totals };
	struct worker_options options = {
		.table = flow_table_defaults,
		.inspector = { .budget = 4096, .max_inspections = 4, .buffer_memory = 32768, .ndpi = NDPI_OFF, .principals = true },
		.fragment_memory = 20000,
	};
	struct frame frame = { .link_type = link_types[(control & 0x3f) % (sizeof(link_types) / sizeof(link_types[0]))], .time = INT64_C(1700000000000000000) };
	struct worker_counters counters;
	struct worker_note note = { 0 };
	struct worker *w;
	char error[256];

	options.table.max_flows = 8;
	/* Live: little room, flows told of early, frames of others handed over to nobody. */
	if ((control & 0x40) != 0) {
		options.inspector.max_inspections = 2;
		options.inspector.parking_memory = 4000;
		options.active_first = INT64_C(1000000000);
		options.active_timeout = INT64_C(5000000000);
		options.note = &note;
	}
	check((w = worker_new(&options, &sink, error, sizeof(error))) != NULL);
	while (cursor_left(&input) >= 3) {
		uint16_t length = cursor_u16(&input);
		uint8_t pause = cursor_u8(&input);

		frame.time += time_of(pause);
		worker_advance(w, frame.time);
		give(w, &frame, cursor_sub(&input, length < cursor_left(&input) ? length : cursor_left(&input)));
	}
	if ((control & 0x80) == 0) {
		worker_finish(w);
		worker_counters(w, &counters);
		check(counters.duplicates == totals.duplicates);
		check(counters.frames == frame.number && counters.results[PACKET_OK] == totals.packets + totals.duplicates);
	}
	worker_free(w);
	return 0;
}
