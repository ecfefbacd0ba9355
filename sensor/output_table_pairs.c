/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of the table: columns as wide as their cells, narrower where they do not fit, or two lines for a pair. */
#include <config.h>

#include "output_table_internal.h"

#include <string.h>

static const struct {
	const char *title, *before; /* what separates it from the column before */
	size_t share;               /* of the width where there is not enough for all; 0: never cut */
	enum output_cut cut;
	bool right;
} columns[TABLE_COLUMN_COUNT] = {
	[TABLE_C] = { "C", "", 0, OUTPUT_CUT_END, true },
	[TABLE_COVERAGE] = { "cover", "  ", 0, OUTPUT_CUT_END, true },
	[TABLE_SOURCE] = { "source", "  ", 28, OUTPUT_CUT_MIDDLE, false },
	[TABLE_DESTINATION] = { "destination", " -> ", 28, OUTPUT_CUT_MIDDLE, false },
	[TABLE_SERVICE] = { "service", "  ", 18, OUTPUT_CUT_END, false },
	[TABLE_ENCRYPTION] = { "encryption", "  ", 18, OUTPUT_CUT_END, false },
	[TABLE_AUTHENTICATION] = { "authentication", "  ", 21, OUTPUT_CUT_END, false },
	[TABLE_FLOWS] = { "flows", "  ", 0, OUTPUT_CUT_END, true },
};

/* Makes the columns that have most for their share narrower until all fit. */
static void
shrink(const struct table *t, size_t widths[TABLE_COLUMN_COUNT])
{
	for (;;) {
		size_t all = 0;
		int widest = -1;

		for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
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
measure(const struct table *t, size_t count, size_t widths[TABLE_COLUMN_COUNT])
{
	char text[TABLE_CELL_SIZE];

	for (int i = 0; i < TABLE_COLUMN_COUNT; i++)
		widths[i] = strlen(columns[i].title);
	for (size_t row = 0; row < count; row++)
		for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
			size_t width;

			table_pair_cell(t, t->report->pairs[row], (enum table_column)i, text);
			width = output_columns(text, t->utf8);
			widths[i] = width > widths[i] ? width : widths[i];
		}
	shrink(t, widths);
}

static void
put_cell(const struct table *t, enum table_column column, const char *text, size_t width, enum tint tint)
{
	char fitted[TABLE_CELL_SIZE];
	int padding;

	output_fit(text, width, columns[column].cut, t->utf8, fitted, sizeof(fitted));
	padding = (int)(width - output_columns(fitted, t->utf8));
	fprintf(t->out, "%*s%s%s%s%*s", columns[column].right ? padding : 0, "", tint != TINT_PLAIN ? table_sgr(t, tint) : "", fitted,
		tint != TINT_PLAIN ? table_sgr(t, TINT_PLAIN) : "", columns[column].right || column == TABLE_FLOWS ? 0 : padding, "");
}

static void
put_wide_pair(const struct table *t, const struct pair *p, const size_t widths[TABLE_COLUMN_COUNT])
{
	char text[TABLE_CELL_SIZE];

	for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
		fputs(columns[i].before, t->out);
		table_pair_cell(t, p, (enum table_column)i, text);
		put_cell(t, (enum table_column)i, text, widths[i], i == TABLE_C ? table_tint_of_score(p->has_c, p->c) : TINT_PLAIN);
	}
	putc('\n', t->out);
}

static void
put_narrow_pair(const struct table *t, const struct pair *p)
{
	char text[TABLE_CELL_SIZE], line[4 * TABLE_CELL_SIZE] = "", number[OUTPUT_AMOUNT_SIZE];
	const enum table_column middle[] = { TABLE_SERVICE, TABLE_ENCRYPTION, TABLE_AUTHENTICATION };

	table_pair_cell(t, p, TABLE_C, text);
	put_cell(t, TABLE_C, text, 4, table_tint_of_score(p->has_c, p->c));
	putc(' ', t->out);
	table_pair_cell(t, p, TABLE_COVERAGE, text);
	put_cell(t, TABLE_COVERAGE, text, 4, TINT_PLAIN);
	fputs("  ", t->out);
	table_put_names(t, p, t->width - 11, false);
	for (size_t i = 0; i < sizeof(middle) / sizeof(middle[0]); i++) {
		table_pair_cell(t, p, middle[i], text);
		(void)snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i > 0 ? " | " : "", text);
	}
	(void)snprintf(line + strlen(line), sizeof(line) - strlen(line), " | %s", output_quantity(p->flows, "flow", "flows", number));
	output_fit(line, t->width - 11, OUTPUT_CUT_END, t->utf8, text, sizeof(text));
	fprintf(t->out, "\n%11s%s\n", "", text);
}

void
table_put_pairs(const struct table *t)
{
	const struct report *r = t->report;
	size_t widths[TABLE_COLUMN_COUNT];
	size_t count = t->options->limit != 0 && t->options->limit < r->pair_count ? t->options->limit : r->pair_count;

	/* A line that says "1 more" could as well be that one. */
	count += count + 1 == r->pair_count;
	table_put_title(t, "PAIRS", ", the worst first");
	if (t->wide) {
		measure(t, count, widths);
		fputs(table_sgr(t, TINT_DIM), t->out);
		for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
			fprintf(t->out, "%*s", (int)strlen(columns[i].before), "");
			put_cell(t, (enum table_column)i, columns[i].title, widths[i], TINT_PLAIN);
		}
		fprintf(t->out, "%s\n", table_sgr(t, TINT_PLAIN));
	} else {
		char titles[64];

		output_fit("service | encryption | authentication | flows", t->width - 11, OUTPUT_CUT_END, t->utf8, titles, sizeof(titles));
		fprintf(t->out, "%s   C cover source -> destination\n%11s%s%s\n", table_sgr(t, TINT_DIM), "", titles, table_sgr(t, TINT_PLAIN));
	}
	for (size_t i = 0; i < count; i++) {
		if (t->wide)
			put_wide_pair(t, r->pairs[i], widths);
		else
			put_narrow_pair(t, r->pairs[i]);
	}
	table_put_more(t, "", r->pair_count - count);
}
