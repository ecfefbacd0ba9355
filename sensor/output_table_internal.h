/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the table share: the table itself, and what stands in its cells. */
#ifndef PODWIRE_OUTPUT_TABLE_INTERNAL_H
#define PODWIRE_OUTPUT_TABLE_INTERNAL_H

#include "output.h"

#include "output_text.h"

enum { TABLE_CELL_SIZE = OUTPUT_NAME_SIZE };

struct table {
	FILE *out;
	const struct report *report;
	const struct output_options *options;
	bool utf8, wide;
	size_t width; /* SIZE_MAX / 2: without limit */
};

enum tint { TINT_PLAIN, TINT_BOLD, TINT_DIM, TINT_RED, TINT_YELLOW, TINT_GREEN };

enum table_column {
	TABLE_C,
	TABLE_COVERAGE,
	TABLE_SOURCE,
	TABLE_DESTINATION,
	TABLE_SERVICE,
	TABLE_ENCRYPTION,
	TABLE_AUTHENTICATION,
	TABLE_FLOWS,
	TABLE_COLUMN_COUNT,
};

/* output_table_cell.c */

/* What switches a terminal to that colour; "" without colours. */
const char *table_sgr(const struct table *, enum tint);
void table_put_tinted(const struct table *, enum tint, const char *text);

/* Which colour a C, or a severity, has. */
enum tint table_tint_of_score(bool has_c, double c);
enum tint table_tint_of_severity(enum severity);

/* A line that a part begins with: its name, and what is to be said of it. */
void table_put_title(const struct table *, const char *title, const char *rest);

/* A line that says how many rows are left out, if any are. */
void table_put_more(const struct table *, const char *indent, size_t more);

/* The whole text of a pair's cell, clean. */
void table_pair_cell(const struct table *, const struct pair *, enum table_column, char text[TABLE_CELL_SIZE]);

/* Both names in so many columns, filled up or not: what one does not need the other has. */
void table_put_names(const struct table *, const struct pair *, size_t width, bool pad);

/* output_table_pairs.c, output_table_findings.c */

void table_put_pairs(const struct table *);
void table_put_findings(const struct table *);

#endif
