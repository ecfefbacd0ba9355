/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for a person at a terminal: what was looked at, pairs, findings, and what could not be
 * used. A terminal of less than wide_from columns gets two lines for a pair instead of one.
 */
#include <config.h>

#include "output.h"

#include <inttypes.h>
#include <string.h>

#include "output_text.h"

enum {
	CELL_SIZE = OUTPUT_NAME_SIZE,
	WIDE_FROM = 100, /* columns in which a pair fits one line */
	TALLY_MAX = 64,   /* kinds told apart in a pair, */
	TALLY_SHOWN = 12, /* and shown of them */
};

struct table {
	FILE *out;
	const struct report *report;
	const struct output_options *options;
	bool utf8, wide;
	size_t width; /* SIZE_MAX / 2: without limit */
};

/* Colours (ECMA-48 SGR). */

enum tint { PLAIN, BOLD, DIM, RED, YELLOW, GREEN };

static const char *
sgr(const struct table *t, enum tint tint)
{
	static const char *const codes[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [DIM] = "\033[2m",
		[RED] = "\033[31m", [YELLOW] = "\033[33m", [GREEN] = "\033[32m",
	};

	return t->options->color ? codes[tint] : "";
}

static void
put_tinted(const struct table *t, enum tint tint, const char *text)
{
	fprintf(t->out, "%s%s%s", sgr(t, tint), text, sgr(t, PLAIN));
}

static void
put_title(const struct table *t, const char *title, const char *rest)
{
	putc('\n', t->out);
	put_tinted(t, BOLD, title);
	fprintf(t->out, "%s\n", rest);
}

static enum tint
tint_of_score(bool has_c, double c)
{
	if (!has_c)
		return DIM;
	return c < 0.5 ? RED : c < 0.8 ? YELLOW : GREEN;
}

static enum tint
tint_of_severity(enum severity s)
{
	return s >= SEVERITY_HIGH ? RED : s == SEVERITY_MEDIUM ? YELLOW : PLAIN;
}

/* What a pair's classes have in common is said once, what differs with its share of flows. */

struct tally {
	struct {
		char text[96];
		uint64_t flows;
	} items[TALLY_MAX];
	size_t count;
};

static void
tally_add(struct tally *tally, const char *text, uint64_t flows)
{
	size_t least = 0;

	for (size_t i = 0; i < tally->count; i++) {
		if (strcmp(tally->items[i].text, text) == 0) {
			tally->items[i].flows += flows;
			return;
		}
		if (tally->items[i].flows <= tally->items[least].flows)
			least = i;
	}
	if (tally->count < TALLY_MAX)
		least = tally->count++;
	else if (tally->items[least].flows >= flows)
		return;
	tally->items[least].flows = flows;
	(void)snprintf(tally->items[least].text, sizeof(tally->items[0].text), "%s", text);
}

/* The most flows first; of equal ones in the order of classes. */
static void
tally_sort(struct tally *tally)
{
	for (size_t i = 1; i < tally->count; i++)
		for (size_t j = i; j > 0 && tally->items[j].flows > tally->items[j - 1].flows; j--) {
			__typeof__(tally->items[0]) item = tally->items[j];

			tally->items[j] = tally->items[j - 1];
			tally->items[j - 1] = item;
		}
}

static void
tally_text(struct tally *tally, bool counts, char *text, size_t size)
{
	char number[OUTPUT_AMOUNT_SIZE];

	*text = '\0';
	tally_sort(tally);
	for (size_t i = 0; i < tally->count && i < TALLY_SHOWN; i++) {
		size_t used = strlen(text);

		if (counts && tally->count > 1)
			(void)snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "", output_count(tally->items[i].flows, number), tally->items[i].text);
		else
			(void)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", tally->items[i].text);
	}
	if (tally->count > TALLY_SHOWN)
		(void)snprintf(text + strlen(text), size - strlen(text), ", ...");
}

static void
summarise(const struct pair *p, void (*say)(const struct evidence_class *, char *, size_t), bool counts, char *text, size_t size)
{
	struct tally tally = { .count = 0 };
	char one[sizeof(tally.items[0].text)];

	for (size_t i = 0; i < p->evidence_count; i++) {
		say(p->evidence[i].class, one, sizeof(one));
		tally_add(&tally, one, p->evidence[i].flows);
	}
	tally_text(&tally, counts, text, size);
}

/* Pairs. */

enum column { COLUMN_C, COLUMN_COVERAGE, COLUMN_SOURCE, COLUMN_DESTINATION, COLUMN_SERVICE, COLUMN_ENCRYPTION, COLUMN_AUTHENTICATION, COLUMN_FLOWS, COLUMN_COUNT };

static const struct {
	const char *title, *before; /* what separates it from the column before */
	size_t share;               /* of the width where there is not enough for all; 0: never cut */
	enum output_cut cut;
	bool right;
} columns[COLUMN_COUNT] = {
	[COLUMN_C] = { "C", "", 0, OUTPUT_CUT_END, true },
	[COLUMN_COVERAGE] = { "cover", "  ", 0, OUTPUT_CUT_END, true },
	[COLUMN_SOURCE] = { "source", "  ", 28, OUTPUT_CUT_MIDDLE, false },
	[COLUMN_DESTINATION] = { "destination", " -> ", 28, OUTPUT_CUT_MIDDLE, false },
	[COLUMN_SERVICE] = { "service", "  ", 18, OUTPUT_CUT_END, false },
	[COLUMN_ENCRYPTION] = { "encryption", "  ", 18, OUTPUT_CUT_END, false },
	[COLUMN_AUTHENTICATION] = { "authentication", "  ", 21, OUTPUT_CUT_END, false },
	[COLUMN_FLOWS] = { "flows", "  ", 0, OUTPUT_CUT_END, true },
};

static void
pair_cell(const struct table *t, const struct pair *p, enum column column, char text[CELL_SIZE])
{
	char number[OUTPUT_AMOUNT_SIZE] = "-";

	switch (column) {
	case COLUMN_C:
		(void)snprintf(text, CELL_SIZE, "%s", p->has_c ? output_share(p->c, number) : number);
		break;
	case COLUMN_COVERAGE:
		(void)snprintf(text, CELL_SIZE, "%s", output_percent(p->coverage, number));
		break;
	case COLUMN_SOURCE:
		output_peer_name(p->source, text, CELL_SIZE);
		break;
	case COLUMN_DESTINATION:
		output_peer_name(p->destination, text, CELL_SIZE);
		break;
	case COLUMN_SERVICE:
		summarise(p, output_service, false, text, CELL_SIZE);
		break;
	case COLUMN_ENCRYPTION:
		summarise(p, output_encryption, true, text, CELL_SIZE);
		break;
	case COLUMN_AUTHENTICATION:
		summarise(p, output_authentication, true, text, CELL_SIZE);
		break;
	default:
		(void)snprintf(text, CELL_SIZE, "%s", output_count(p->flows, number));
	}
	output_clean(text, t->utf8);
}

/* Makes the columns that have most for their share narrower until all fit. */
static void
shrink(const struct table *t, size_t widths[COLUMN_COUNT])
{
	for (;;) {
		size_t all = 0;
		int widest = -1;

		for (int i = 0; i < COLUMN_COUNT; i++) {
			all += strlen(columns[i].before) + widths[i];
			if (columns[i].share > 0 && widths[i] > 1 && (widest < 0 || widths[i] * columns[widest].share >= widths[widest] * columns[i].share))
				widest = i;
		}
		if (all <= t->width || widest < 0)
			return;
		widths[widest]--;
	}
}

static void
measure(const struct table *t, size_t count, size_t widths[COLUMN_COUNT])
{
	char text[CELL_SIZE];

	for (int i = 0; i < COLUMN_COUNT; i++)
		widths[i] = strlen(columns[i].title);
	for (size_t row = 0; row < count; row++)
		for (int i = 0; i < COLUMN_COUNT; i++) {
			size_t width;

			pair_cell(t, t->report->pairs[row], (enum column)i, text);
			width = output_columns(text, t->utf8);
			widths[i] = width > widths[i] ? width : widths[i];
		}
	shrink(t, widths);
}

static void
put_cell(const struct table *t, enum column column, const char *text, size_t width, enum tint tint)
{
	char fitted[CELL_SIZE];
	int padding;

	output_fit(text, width, columns[column].cut, t->utf8, fitted, sizeof(fitted));
	padding = (int)(width - output_columns(fitted, t->utf8));
	fprintf(t->out, "%*s%s%s%s%*s", columns[column].right ? padding : 0, "", tint != PLAIN ? sgr(t, tint) : "", fitted,
		tint != PLAIN ? sgr(t, PLAIN) : "", columns[column].right || column == COLUMN_FLOWS ? 0 : padding, "");
}

static void
put_wide_pair(const struct table *t, const struct pair *p, const size_t widths[COLUMN_COUNT])
{
	char text[CELL_SIZE];

	for (int i = 0; i < COLUMN_COUNT; i++) {
		fputs(columns[i].before, t->out);
		pair_cell(t, p, (enum column)i, text);
		put_cell(t, (enum column)i, text, widths[i], i == COLUMN_C ? tint_of_score(p->has_c, p->c) : PLAIN);
	}
	putc('\n', t->out);
}

/* Both names in so many columns, filled up or not: what one does not need the other has. */
static void
put_names(const struct table *t, const struct pair *p, size_t width, bool pad)
{
	char source[CELL_SIZE], destination[CELL_SIZE], fitted[CELL_SIZE];
	size_t half, source_width, destination_width, used;

	pair_cell(t, p, COLUMN_SOURCE, source);
	pair_cell(t, p, COLUMN_DESTINATION, destination);
	width = width > 4 ? width - 4 : 0;
	half = width / 2;
	source_width = output_columns(source, t->utf8);
	destination_width = output_columns(destination, t->utf8);
	if (source_width + destination_width > width) {
		source_width = destination_width < width - half ? width - destination_width : source_width < half ? source_width : half;
		destination_width = width - source_width;
	}
	output_fit(source, source_width, OUTPUT_CUT_MIDDLE, t->utf8, fitted, sizeof(fitted));
	fprintf(t->out, "%s -> ", fitted);
	used = output_columns(fitted, t->utf8);
	output_fit(destination, destination_width, OUTPUT_CUT_MIDDLE, t->utf8, fitted, sizeof(fitted));
	used += output_columns(fitted, t->utf8);
	fprintf(t->out, "%s%*s", fitted, pad && used < width ? (int)(width - used) : 0, "");
}

static void
put_narrow_pair(const struct table *t, const struct pair *p)
{
	char text[CELL_SIZE], line[4 * CELL_SIZE] = "", number[OUTPUT_AMOUNT_SIZE];
	const enum column middle[] = { COLUMN_SERVICE, COLUMN_ENCRYPTION, COLUMN_AUTHENTICATION };

	pair_cell(t, p, COLUMN_C, text);
	put_cell(t, COLUMN_C, text, 4, tint_of_score(p->has_c, p->c));
	putc(' ', t->out);
	pair_cell(t, p, COLUMN_COVERAGE, text);
	put_cell(t, COLUMN_COVERAGE, text, 4, PLAIN);
	fputs("  ", t->out);
	put_names(t, p, t->width - 11, false);
	for (size_t i = 0; i < sizeof(middle) / sizeof(middle[0]); i++) {
		pair_cell(t, p, middle[i], text);
		(void)snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i > 0 ? " | " : "", text);
	}
	(void)snprintf(line + strlen(line), sizeof(line) - strlen(line), " | %s", output_quantity(p->flows, "flow", "flows", number));
	output_fit(line, t->width - 11, OUTPUT_CUT_END, t->utf8, text, sizeof(text));
	fprintf(t->out, "\n%11s%s\n", "", text);
}

static void
put_more(const struct table *t, const char *indent, size_t more)
{
	char number[OUTPUT_AMOUNT_SIZE];

	if (more > 0)
		fprintf(t->out, "%s... and %s more (--format json has all)\n", indent, output_count(more, number));
}

static void
put_pairs(const struct table *t)
{
	const struct report *r = t->report;
	size_t widths[COLUMN_COUNT];
	size_t count = t->options->limit != 0 && t->options->limit < r->pair_count ? t->options->limit : r->pair_count;

	/* A line that says "1 more" could as well be that one. */
	count += count + 1 == r->pair_count;
	put_title(t, "PAIRS", ", the worst first");
	if (t->wide) {
		measure(t, count, widths);
		fputs(sgr(t, DIM), t->out);
		for (int i = 0; i < COLUMN_COUNT; i++) {
			fprintf(t->out, "%*s", (int)strlen(columns[i].before), "");
			put_cell(t, (enum column)i, columns[i].title, widths[i], PLAIN);
		}
		fprintf(t->out, "%s\n", sgr(t, PLAIN));
	} else {
		char titles[64];

		output_fit("service | encryption | authentication | flows", t->width - 11, OUTPUT_CUT_END, t->utf8, titles, sizeof(titles));
		fprintf(t->out, "%s   C cover source -> destination\n%11s%s%s\n", sgr(t, DIM), "", titles, sgr(t, PLAIN));
	}
	for (size_t i = 0; i < count; i++) {
		if (t->wide)
			put_wide_pair(t, r->pairs[i], widths);
		else
			put_narrow_pair(t, r->pairs[i]);
	}
	put_more(t, "", r->pair_count - count);
}

/* Findings: those of one severity and type stand together, with what to do about them once. */

static bool
same_group(const struct finding *a, const struct finding *b)
{
	return a->severity == b->severity && strcmp(a->type, b->type) == 0;
}

/* How many findings from first on are of its group. */
static size_t
group_size(const struct report *r, size_t first)
{
	size_t count = 1;

	while (first + count < r->finding_count && same_group(&r->findings[first], &r->findings[first + count]))
		count++;
	return count;
}

/* What stands behind the names of a finding: service, flows, example. */
enum finding_cell { FINDING_SERVICE, FINDING_FLOWS, FINDING_EXAMPLE, FINDING_CELL_COUNT };

static void
finding_cell(const struct table *t, const struct finding *f, enum finding_cell cell, char text[CELL_SIZE])
{
	char number[OUTPUT_AMOUNT_SIZE];

	if (cell == FINDING_SERVICE)
		output_service(f->class, text, CELL_SIZE);
	else if (cell == FINDING_FLOWS)
		(void)snprintf(text, CELL_SIZE, "%s", output_quantity(f->flows, "flow", "flows", number));
	else
		(void)snprintf(text, CELL_SIZE, "%s:%" PRIu64, output_file_name(t->report, f->file), f->packet);
	output_clean(text, t->utf8);
}

struct finding_widths {
	size_t names, cells[FINDING_CELL_COUNT];
};

static void
measure_findings(const struct table *t, const struct finding *group, size_t rows, struct finding_widths *w)
{
	char text[CELL_SIZE];
	size_t rest = 2;

	*w = (struct finding_widths){ 0 };
	for (size_t i = 0; i < rows; i++) {
		size_t names = 4, columns_of_cell;

		for (enum column column = COLUMN_SOURCE; column <= COLUMN_DESTINATION; column++) {
			pair_cell(t, group[i].pair, column, text);
			names += output_columns(text, t->utf8);
		}
		w->names = names > w->names ? names : w->names;
		for (enum finding_cell cell = 0; cell < FINDING_CELL_COUNT; cell++) {
			finding_cell(t, &group[i], cell, text);
			columns_of_cell = output_columns(text, t->utf8);
			w->cells[cell] = columns_of_cell > w->cells[cell] ? columns_of_cell : w->cells[cell];
		}
	}
	for (enum finding_cell cell = 0; cell < FINDING_CELL_COUNT; cell++) {
		/* No more than a quarter of the width for one: names have what is left. */
		if (w->cells[cell] > t->width / 4)
			w->cells[cell] = t->width / 4;
		rest += 2 + w->cells[cell];
	}
	if (t->wide && w->names + rest > t->width)
		w->names = t->width - rest;
	if (!t->wide)
		w->names = t->width - 2;
}

static void
put_finding(const struct table *t, const struct finding *f, const struct finding_widths *w)
{
	char text[CELL_SIZE], fitted[CELL_SIZE];

	fputs("  ", t->out);
	put_names(t, f->pair, w->names, t->wide);
	if (!t->wide)
		fputs("\n  ", t->out);
	for (enum finding_cell cell = 0; cell < FINDING_CELL_COUNT; cell++) {
		size_t width = w->cells[cell];
		int padding;

		finding_cell(t, f, cell, text);
		output_fit(text, width, OUTPUT_CUT_MIDDLE, t->utf8, fitted, sizeof(fitted));
		padding = (int)(width - output_columns(fitted, t->utf8));
		fprintf(t->out, "  %*s%s%*s", cell == FINDING_FLOWS ? padding : 0, "", fitted, cell == FINDING_SERVICE ? padding : 0, "");
	}
	putc('\n', t->out);
}

/* Each advice of a group once; where there are several, with the protocol it is for. */
static void
put_advice(const struct table *t, const struct finding *group, size_t count)
{
	const char *said[TALLY_MAX];
	size_t said_count = 0;
	bool several = false;

	for (size_t i = 1; i < count; i++)
		several = several || strcmp(group[i].advice, group[0].advice) != 0;
	for (size_t i = 0; i < count && said_count < TALLY_MAX; i++) {
		bool known = false;
		char lead[128];

		for (size_t j = 0; j < said_count; j++)
			known = known || strcmp(said[j], group[i].advice) == 0;
		if (known)
			continue;
		said[said_count++] = group[i].advice;
		(void)snprintf(lead, sizeof(lead), "  > %s%s", several ? (group[i].class->protocol != NULL ? group[i].class->protocol : "unknown") : "", several ? ": " : "");
		output_clean(lead, t->utf8);
		output_wrapped(t->out, lead, group[i].advice, t->options->width, t->utf8);
	}
}

static void
put_group(const struct table *t, size_t first, size_t count, size_t rows)
{
	const struct finding *f = &t->report->findings[first];
	struct finding_widths widths;
	char number[OUTPUT_AMOUNT_SIZE];

	putc('\n', t->out);
	put_tinted(t, tint_of_severity(f->severity), severity_names[f->severity]);
	fprintf(t->out, "  %s%s%s  %s\n", sgr(t, BOLD), f->type, sgr(t, PLAIN), output_quantity(count, "service", "services", number));
	measure_findings(t, f, rows, &widths);
	for (size_t i = 0; i < rows; i++)
		put_finding(t, f + i, &widths);
	put_more(t, "  ", count - rows);
	put_advice(t, f, count);
}

/*
 * How many rows a group has at most, so that all together keep to the limit: shared out, so that a
 * rare type is not hidden by a frequent one. What is left over is for the first groups, a row each.
 */
static size_t
rows_of_groups(const struct table *t, size_t *left_over)
{
	const struct report *r = t->report;
	size_t low = 0, high = r->finding_count;

	*left_over = 0;
	if (t->options->limit == 0)
		return high;
	while (low < high) {
		size_t middle = high - (high - low) / 2, rows = 0;

		for (size_t i = 0; i < r->finding_count;) {
			size_t count = group_size(r, i);

			rows += count < middle ? count : middle;
			i += count;
		}
		if (rows <= t->options->limit)
			low = middle;
		else
			high = middle - 1;
	}
	*left_over = t->options->limit;
	for (size_t i = 0; i < r->finding_count;) {
		size_t count = group_size(r, i);

		*left_over -= count < low ? count : low;
		i += count;
	}
	return low;
}

static void
put_findings(const struct table *t)
{
	const struct report *r = t->report;
	size_t left_over, most = rows_of_groups(t, &left_over);
	char number[OUTPUT_AMOUNT_SIZE], rest[64];

	(void)snprintf(rest, sizeof(rest), ", the most severe first: %s", output_count(r->finding_count, number));
	put_title(t, "FINDINGS", r->finding_count > 0 ? rest : ": none");
	for (size_t i = 0; i < r->finding_count;) {
		size_t count = group_size(r, i), rows = count < most ? count : most;

		if (rows < count && left_over > 0) {
			rows++;
			left_over--;
		}
		/* A line that says "1 more" could as well be that one. */
		put_group(t, i, count, rows + 1 == count && rows > 0 ? count : rows);
		i += count;
	}
}

/* What could not be used. */

struct notes {
	const struct table *table;
	bool begun;
};

static void
put_note(struct notes *n, const char *text)
{
	if (!n->begun)
		put_title(n->table, "NOTES", "");
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
	char text[2 * CELL_SIZE];

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
	(void)snprintf(text, size, "%s%.*s: %s%s, %s", live ? "seen live at " : "", CELL_SIZE,
		r->file_count == 1 ? r->files[0].path : output_quantity(r->file_count, live ? "interface" : "file", live ? "interfaces" : "files", files),
		output_quantity(packets, "packet", "packets", a), live ? " of flows" : "", output_bytes(bytes, b));
}

static void
put_heading(const struct table *t)
{
	const struct report *r = t->report;
	char text[2 * CELL_SIZE], a[OUTPUT_AMOUNT_SIZE], b[OUTPUT_AMOUNT_SIZE], first[OUTPUT_TIME_SIZE], last[OUTPUT_TIME_SIZE];
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
		fprintf(t->out, "C %s%s%s, coverage %s\n", sgr(t, tint_of_score(true, r->c)), output_share(r->c, a), sgr(t, PLAIN), output_percent(r->coverage, b));
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
		put_pairs(&t);
		put_findings(&t);
	}
	put_notes(&t);
}
