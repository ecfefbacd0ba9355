/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of the table: those of one severity and type stand together, with what to do about them once. */
#include <config.h>

#include "output_table_internal.h"

#include <inttypes.h>
#include <string.h>

enum { ADVICE_MAX = 64 }; /* told apart in a group */

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
finding_cell(const struct table *t, const struct finding *f, enum finding_cell cell, char text[TABLE_CELL_SIZE])
{
	char number[OUTPUT_AMOUNT_SIZE];

	if (cell == FINDING_SERVICE)
		output_service(f->class, text, TABLE_CELL_SIZE);
	else if (cell == FINDING_FLOWS)
		(void)snprintf(text, TABLE_CELL_SIZE, "%s", output_quantity(f->flows, "flow", "flows", number));
	else
		(void)snprintf(text, TABLE_CELL_SIZE, "%s:%" PRIu64, output_file_name(t->report, f->file), f->packet);
	output_clean(text, t->utf8);
}

struct finding_widths {
	size_t names, cells[FINDING_CELL_COUNT];
};

static void
measure_findings(const struct table *t, const struct finding *group, size_t rows, struct finding_widths *w)
{
	char text[TABLE_CELL_SIZE];
	size_t rest = 2;

	*w = (struct finding_widths){ 0 };
	for (size_t i = 0; i < rows; i++) {
		size_t names = 4, columns_of_cell;

		for (enum table_column column = TABLE_SOURCE; column <= TABLE_DESTINATION; column++) {
			table_pair_cell(t, group[i].pair, column, text);
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
	char text[TABLE_CELL_SIZE], fitted[TABLE_CELL_SIZE];

	fputs("  ", t->out);
	table_put_names(t, f->pair, w->names, t->wide);
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
	const char *said[ADVICE_MAX];
	size_t said_count = 0;
	bool several = false;

	for (size_t i = 1; i < count; i++)
		several = several || strcmp(group[i].advice, group[0].advice) != 0;
	for (size_t i = 0; i < count && said_count < ADVICE_MAX; i++) {
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
	table_put_tinted(t, table_tint_of_severity(f->severity), severity_names[f->severity]);
	fprintf(t->out, "  %s%s%s  %s\n", table_sgr(t, TINT_BOLD), f->type, table_sgr(t, TINT_PLAIN), output_quantity(count, "service", "services", number));
	measure_findings(t, f, rows, &widths);
	for (size_t i = 0; i < rows; i++)
		put_finding(t, f + i, &widths);
	table_put_more(t, "  ", count - rows);
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

void
table_put_findings(const struct table *t)
{
	const struct report *r = t->report;
	size_t left_over, most = rows_of_groups(t, &left_over);
	char number[OUTPUT_AMOUNT_SIZE], rest[64];

	(void)snprintf(rest, sizeof(rest), ", the most severe first: %s", output_count(r->finding_count, number));
	table_put_title(t, "FINDINGS", r->finding_count > 0 ? rest : ": none");
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
