/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for a person at a terminal: what was looked at, pairs, findings, and what could not be
 * used. A terminal of less than WIDE_FROM columns gets two lines for a pair instead of one.
 */
#include <config.h>

#include "output.h"

#include <string.h>

#include "output_table_internal.h"

enum { WIDE_FROM = 100 }; /* columns in which a pair fits one line */

/* What could not be used. */

struct notes {
	const struct table *table;
	bool begun;
};

static void
put_note(struct notes *n, const char *text)
{
	if (!n->begun)
		table_put_title(n->table, "NOTES", "");
	n->begun = true;
	output_wrapped(n->table->out, "  ", text, n->table->options->width, n->table->utf8);
}

static void
put_counted_note(struct notes *n, uint64_t count, const char *one, const char *many, const char *what)
{
	char number[OUTPUT_AMOUNT_SIZE], text[256];

	if (count == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s %s", output_quantity(count, one, many, number), what);
	put_note(n, text);
}

static void
put_file_notes(struct notes *n)
{
	const struct report *r = n->table->report;
	char text[2 * TABLE_CELL_SIZE];

	for (size_t i = 0; i < r->file_count; i++) {
		const struct input_file *f = &r->files[i];

		if (f->state == FILE_COMPLETE)
			continue;
		(void)snprintf(text, sizeof(text), "%s: %s: %s", f->path, f->state == FILE_PARTIAL ? "read in part" : "not read", f->error != NULL ? f->error : "no reason given");
		put_note(n, text);
	}
}

static void
put_notes(const struct table *t)
{
	static const char *const results[PACKET_RESULT_COUNT] = {
		[PACKET_NOT_IP] = "without IP (ARP, LLDP, ...)",
		[PACKET_FRAGMENT_DROPPED] = "of fragments that could not be put together",
		[PACKET_TRUNCATED_HEADER] = "cut by the capture inside their headers",
		[PACKET_MALFORMED_LINK] = "with a malformed link-layer or tunnel header",
		[PACKET_MALFORMED_IP] = "with a malformed IP header",
		[PACKET_MALFORMED_TRANSPORT] = "with a malformed transport header",
		[PACKET_TOO_DEEP] = "with more tunnels, tags or extension headers than are followed",
		[PACKET_UNSUPPORTED_LINK] = "of a link-layer type that is not read",
		[PACKET_ENCAPSULATION_ENCRYPTED] = "encrypted below IP (MACsec and the like)",
	};
	const struct report *r = t->report;
	const struct worker_counters *c = &r->counters;
	struct notes n = { .table = t };
	uint64_t out_of_scope = 0;

	for (size_t i = 0; i < r->pair_count; i++)
		out_of_scope += r->pairs[i]->out_of_scope;
	put_file_notes(&n);
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		if (results[i] != NULL)
			put_counted_note(&n, c->results[i], "packet", "packets", results[i]);
	put_counted_note(&n, c->duplicates, "packet", "packets", "seen again (at another interface, or sent again) and not counted twice");
	put_counted_note(&n, c->table.evicted, "flow", "flows", "ended early because the flow table was full");
	put_counted_note(&n, c->inspector.refused, "flow", "flows", "not inspected: too many at a time");
	put_counted_note(&n, c->inspector.no_memory, "time", "times", "no buffer was left for bytes that waited");
	put_counted_note(&n, r->folded_pairs, "flow", "flows", "counted under \"other\": more pairs than are kept apart");
	put_counted_note(&n, out_of_scope, "flow", "flows", "outside the policy set's scope, not scored");
	for (size_t i = 0; i < r->warning_count; i++)
		put_note(&n, r->warnings[i]);
}

/* The heading. */

/* "2026-01-31 12:00:00" out of the RFC 3339 form. */
static void
short_time(int64_t nanoseconds, char text[OUTPUT_TIME_SIZE])
{
	output_time(nanoseconds, text);
	text[10] = ' ';
	text[19] = '\0';
}

/* What was read, or seen: text[size]. */
static void
put_input(const struct report *r, char *text, size_t size)
{
	char a[OUTPUT_AMOUNT_SIZE], b[OUTPUT_AMOUNT_SIZE], files[OUTPUT_AMOUNT_SIZE];
	bool live = report_is_live(r); /* packets that are of no flow are not told of then */
	uint64_t packets = r->counters.frames, bytes = r->counters.bytes;

	for (size_t i = 0; live && i < r->pair_count; i++)
		for (size_t j = 0; j < r->pairs[i]->evidence_count; j++) {
			const struct evidence_count *e = &r->pairs[i]->evidence[j];

			packets += e->packets[FROM_CLIENT] + e->packets[FROM_SERVER];
			bytes += e->bytes[FROM_CLIENT] + e->bytes[FROM_SERVER];
		}
	(void)snprintf(text, size, "%s%.*s: %s%s, %s", live ? "seen live at " : "", TABLE_CELL_SIZE,
		r->file_count == 1 ? r->files[0].path : output_quantity(r->file_count, live ? "interface" : "file", live ? "interfaces" : "files", files),
		output_quantity(packets, "packet", "packets", a), live ? " of flows" : "", output_bytes(bytes, b));
}

static void
put_heading(const struct table *t)
{
	const struct report *r = t->report;
	char text[2 * TABLE_CELL_SIZE], a[OUTPUT_AMOUNT_SIZE], b[OUTPUT_AMOUNT_SIZE], first[OUTPUT_TIME_SIZE], last[OUTPUT_TIME_SIZE];
	size_t used;

	put_input(r, text, sizeof(text));
	used = strlen(text);
	if (r->flows > 0) {
		short_time(r->first_seen, first);
		short_time(r->last_seen, last);
		(void)snprintf(text + used, sizeof(text) - used, ", %s to %s UTC", first, memcmp(first, last, 10) == 0 ? last + 11 : last);
	}
	output_wrapped(t->out, "", text, t->options->width, t->utf8);
	fprintf(t->out, "%s between %s\n", output_quantity(r->flows, "flow", "flows", a), output_quantity(r->pair_count, "pair", "pairs", b));
	if (r->has_c)
		fprintf(t->out, "C %s%s%s, coverage %s\n", table_sgr(t, table_tint_of_score(true, r->c)), output_share(r->c, a), table_sgr(t, TINT_PLAIN), output_percent(r->coverage, b));
	else
		fputs("no C: nothing to judge was seen\n", t->out);
}

void
output_table(FILE *out, const struct report *r, const struct output_options *options)
{
	struct table t = {
		.out = out,
		.report = r,
		.options = options,
		.utf8 = output_is_utf8(),
		.wide = options->width == 0 || options->width >= WIDE_FROM,
		.width = options->width == 0 ? SIZE_MAX / 2 : options->width < 40 ? 40 : options->width,
	};

	put_heading(&t);
	if (r->pair_count > 0) {
		table_put_pairs(&t);
		table_put_findings(&t);
	}
	put_notes(&t);
}
