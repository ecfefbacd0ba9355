/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state as JSON: a podwire.report/1 document, which is written and read as any other, and more
 * members behind it. What each slot counted stands in the order of the document's evidence.
 * Times of slots are ages: the clocks of two runs have nothing else in common.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "output_text.h"
#include "saved_result.h"
#include "series_internal.h"
#include "state_internal.h"
#include "window_cells.h"

static const char schema[] = "podwire.state/1";

const char *const state_member_names[] = {
	[STATE_HEAD] = "state",
	[STATE_CELLS] = "state_cells",
	[STATE_PAIRS] = "state_pairs",
	[STATE_TRAFFIC] = "state_traffic",
	[STATE_FINDINGS] = "state_findings",
	[STATE_KNOWN] = "state_known_findings",
	[STATE_NAMESPACES] = "state_namespaces",
	[STATE_MEMBER_COUNT] = NULL,
};

static const struct json_rules rules = {
	.piece_limit = (size_t)64 << 20,
	.depth_limit = 16,
	.flaws = {
		JSON_FLAWS_IN_OUR_OWN,
		[JSON_TOO_DEEP] = "found too deep a nesting, expected a state",
		[JSON_TOO_LARGE] = "found a value of more than 64 MiB, expected a smaller one",
	},
};

/* A cell as an array of numbers. */
enum cell_number { CELL_AGE, CELL_FLOWS, CELL_CLIENT_PACKETS, CELL_SERVER_PACKETS, CELL_CLIENT_BYTES, CELL_SERVER_BYTES, CELL_FIRST, CELL_DURATION, CELL_NUMBER_COUNT };

/* Out. */

struct writing {
	const struct state *state;
	const struct report *snapshot;
	struct state_time now;
};

/* first is that of the evidence; the cell's age is in nanoseconds since its slot began. */
static void
write_cell(struct json_writer *w, const struct window_cell *c, int64_t age, int64_t first)
{
	const uint64_t numbers[CELL_NUMBER_COUNT] = {
		[CELL_AGE] = age > 0 ? (uint64_t)age : 0,
		[CELL_FLOWS] = c->flows,
		[CELL_CLIENT_PACKETS] = c->packets[0],
		[CELL_SERVER_PACKETS] = c->packets[1],
		[CELL_CLIENT_BYTES] = c->bytes[0],
		[CELL_SERVER_BYTES] = c->bytes[1],
		[CELL_FIRST] = (uint64_t)(c->first_seen - first),
		[CELL_DURATION] = (uint64_t)(c->last_seen - c->first_seen),
	};

	json_open(w, NULL, '[');
	for (size_t i = 0; i < CELL_NUMBER_COUNT; i++)
		json_count(w, NULL, numbers[i]);
	json_close(w, ']');
}

static void
write_cells(struct json_writer *w, const struct writing *s)
{
	struct window_reader *reader = window_reader_new(s->state->window, s->snapshot);
	int64_t length = window_slot_length(s->state->window);
	struct window_cell cells[WINDOW_CELLS_MAX];

	json_open(w, state_member_names[STATE_CELLS], '[');
	for (size_t i = 0; i < s->snapshot->pair_count; i++)
		for (size_t j = 0; j < s->snapshot->pairs[i]->evidence_count; j++) {
			const struct evidence_count *n = &s->snapshot->pairs[i]->evidence[j];
			size_t count = window_read(reader, s->snapshot->pairs[i], n->class, cells);

			if (w->comma)
				json_line(w);
			json_open(w, NULL, '[');
			for (size_t k = 0; k < count; k++)
				write_cell(w, &cells[k], s->now.steady - cells[k].slot * length, n->first_seen);
			json_close(w, ']');
		}
	json_close(w, ']');
	window_reader_free(reader);
}

static void
write_members(struct json_writer *w, void *context)
{
	const struct writing *s = context;
	char saved[OUTPUT_TIME_SIZE];

	json_open(w, state_member_names[STATE_HEAD], '{');
	json_text(w, "schema", schema);
	json_text(w, "saved", output_time(s->now.wall, saved));
	json_count(w, "folded_flows", s->state->series->folded_flows);
	json_count(w, "ignored_findings", s->state->series->ignored_findings);
	json_close(w, '}');
	json_line(w);
	write_cells(w, s);
	json_line(w);
	state_write_series(w, s->state->series, s->now.steady);
}

void
state_write(FILE *out, const struct state *state, const struct report *snapshot, struct state_time now)
{
	struct writing s = { .state = state, .snapshot = snapshot, .now = now };

	output_json_more(out, snapshot, &(struct output_options){ .without_findings = true }, write_members, &s);
}

/* In. */

static void
read_head(struct state_reader *r, const struct json_spot *spot, int64_t wall)
{
	struct json_document *d = &r->document;
	const char *text = json_read_text(d, spot, "schema", JSON_MUST, 64, true), *saved;
	int64_t time = 0;

	if (text != NULL && strcmp(text, schema) != 0)
		json_fail(d, &(struct json_spot){ .parent = spot, .key = "schema" }, "found \"%.40s\", expected \"%s\"", text, schema);
	saved = json_read_text(d, spot, "saved", JSON_MUST, OUTPUT_TIME_SIZE, true);
	if (saved != NULL && !output_time_parse(saved, &time))
		json_fail(d, &(struct json_spot){ .parent = spot, .key = "saved" }, "found \"%.40s\", expected a time like 2026-01-31T12:00:00.000000000Z", saved);
	/* Where the clock was put back in between it was saved just now. */
	if (wall > time && __builtin_sub_overflow(wall, time, &r->away))
		r->away = INT64_MAX;
	r->state->series->folded_flows = json_read_count(d, spot, "folded_flows", JSON_MUST, 0, INT64_MAX);
	r->state->series->ignored_findings = json_read_count(d, spot, "ignored_findings", JSON_MUST, 0, INT64_MAX);
}

bool
state_each(struct state_reader *r, enum state_member member, void (*each)(struct state_reader *, struct json_spot *, void *context), void *context)
{
	struct json_spot array = { .key = state_member_names[member] }, item = { .parent = &array };
	size_t at = 0;

	if (r->pieces[member].size == 0)
		json_fail(&r->document, &array, "found nothing, expected an array");
	while (json_next_item(&r->document, r->pieces[member], &at, &item)) {
		each(r, &item, context);
		json_release(&item);
	}
	return !r->document.failed;
}

/* The evidence of the document, whose cells follow in its order. */
struct evidence_walk {
	const struct report *report;
	struct window_writer *writer;
	size_t pair, evidence;
};

/* The next evidence; NULL at the end. */
static const struct evidence_count *
next_evidence(struct evidence_walk *walk)
{
	while (walk->pair < walk->report->pair_count && walk->evidence == walk->report->pairs[walk->pair]->evidence_count) {
		walk->pair++;
		walk->evidence = 0;
	}
	return walk->pair < walk->report->pair_count ? &walk->report->pairs[walk->pair]->evidence[walk->evidence++] : NULL;
}

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The number of the slot that began so long before now, to the nearest. */
static int64_t
slot_of(const struct state_reader *r, uint64_t age)
{
	int64_t length = window_slot_length(r->state->window);
	int64_t total;

	if (age > INT64_MAX / 4 || r->away > INT64_MAX / 4)
		return INT64_MIN / 2;
	total = (int64_t)age + r->away;
	return floor_divide(r->now - total + length / 2, length);
}

static bool
read_numbers(struct state_reader *r, const struct json_spot *cell, uint64_t numbers[CELL_NUMBER_COUNT])
{
	if (json_count_of(cell) != CELL_NUMBER_COUNT) {
		json_fail(&r->document, cell, "found %zu numbers, expected %d", json_count_of(cell), CELL_NUMBER_COUNT);
		return false;
	}
	for (size_t i = 0; i < CELL_NUMBER_COUNT; i++) {
		struct json_spot spot;

		if (!json_element(&r->document, cell, i, JSON_VALUE_INTEGER, JSON_MUST, &spot))
			return false;
		if (json_integer_of(&spot) < 0) {
			json_fail(&r->document, &spot, "found a number below 0, expected none");
			return false;
		}
		numbers[i] = (uint64_t)json_integer_of(&spot);
	}
	return true;
}

static bool
read_cell(struct state_reader *r, const struct json_spot *spot, const struct evidence_count *n, struct window_cell *out)
{
	uint64_t numbers[CELL_NUMBER_COUNT], span = (uint64_t)n->last_seen - (uint64_t)n->first_seen;

	if (!read_numbers(r, spot, numbers))
		return false;
	if (numbers[CELL_FIRST] > span || numbers[CELL_DURATION] > span - numbers[CELL_FIRST]) {
		json_fail(&r->document, spot, "found a time that its evidence has not, expected one within");
		return false;
	}
	*out = (struct window_cell){
		.slot = slot_of(r, numbers[CELL_AGE]),
		.flows = numbers[CELL_FLOWS],
		.packets = { numbers[CELL_CLIENT_PACKETS], numbers[CELL_SERVER_PACKETS] },
		.bytes = { numbers[CELL_CLIENT_BYTES], numbers[CELL_SERVER_BYTES] },
		.first_seen = n->first_seen + (int64_t)numbers[CELL_FIRST],
	};
	out->last_seen = out->first_seen + (int64_t)numbers[CELL_DURATION];
	return true;
}

/* Whether slots make no more than their evidence. */
static bool
is_part(const struct window_cell cells[], size_t count, const struct evidence_count *n)
{
	struct window_cell sum = { 0 };

	for (size_t i = 0; i < count; i++)
		window_cell_add(&sum, &cells[i]);
	return sum.flows <= n->flows && sum.packets[0] <= n->packets[0] && sum.packets[1] <= n->packets[1] && sum.bytes[0] <= n->bytes[0] && sum.bytes[1] <= n->bytes[1];
}

static void
read_cells(struct state_reader *r, struct json_spot *spot, void *context)
{
	struct evidence_walk *walk = context;
	const struct evidence_count *n = next_evidence(walk);
	struct window_cell cells[WINDOW_CELLS_MAX];
	struct json_spot item;
	size_t count = json_count_of(spot);

	if (n == NULL || !json_is(spot, JSON_VALUE_ARRAY) || count > WINDOW_CELLS_MAX) {
		json_fail(&r->document, spot, "found something else, expected up to %d slots of evidence in pairs", WINDOW_CELLS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!json_element(&r->document, spot, i, JSON_VALUE_ARRAY, JSON_MUST, &item) || !read_cell(r, &item, n, &cells[i]))
			return;
	if (!is_part(cells, count, n)) {
		json_fail(&r->document, spot, "found more than its evidence has, expected a part of it");
		return;
	}
	window_write(walk->writer, walk->report->pairs[walk->pair], n, cells, count);
}

static bool
read_window(struct state_reader *r, const struct report *saved)
{
	struct evidence_walk walk = { .report = saved };
	bool done;

	walk.writer = window_writer_new(r->state->window, saved, r->now);
	done = state_each(r, STATE_CELLS, read_cells, &walk);
	if (done && next_evidence(&walk) != NULL) {
		json_fail(&r->document, &(struct json_spot){ .key = state_member_names[STATE_CELLS] }, "found its end, expected the slots of all evidence");
		done = false;
	}
	window_writer_free(walk.writer);
	return done;
}

static bool
read_members(struct state_reader *r, const struct report *saved, int64_t wall)
{
	struct json_spot head = { .key = state_member_names[STATE_HEAD] };

	if (!json_find_members(&r->document, state_member_names, r->pieces))
		return false;
	if (r->pieces[STATE_HEAD].size == 0)
		json_fail(&r->document, &head, "found nothing, expected it in a state");
	if (json_parse_piece(&r->document, r->pieces[STATE_HEAD], &head)) {
		if (json_expect(&r->document, &head, JSON_VALUE_OBJECT, JSON_MUST))
			read_head(r, &head, wall);
		json_release(&head);
	}
	return !r->document.failed && read_window(r, saved) && state_read_series(r);
}

bool
state_read(const struct state *state, const char *name, const char *text, size_t size, struct state_time now, char *error, size_t error_size)
{
	struct state_reader r = {
		.document = { .rules = &rules, .name = name, .text = text, .size = size, .error = error, .error_size = error_size },
		.state = state,
		.now = now.steady,
	};
	struct report *saved = report_new(&(struct report_options){ 0 });
	bool done = saved_result_read(saved, name, text, size, error, error_size) && read_members(&r, saved, now.wall);

	report_free(saved);
	return done;
}
