/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the cells of the table: colours (ECMA-48 SGR), what a pair's classes have in common, names. */
#include <config.h>

#include "output_table_internal.h"

#include <string.h>

enum {
	TALLY_MAX = 64,   /* kinds told apart in a pair, */
	TALLY_SHOWN = 12, /* and shown of them */
};

const char *
table_sgr(const struct table *t, enum tint tint)
{
	static const char *const codes[] = {
		[TINT_PLAIN] = "\033[0m", [TINT_BOLD] = "\033[1m", [TINT_DIM] = "\033[2m",
		[TINT_RED] = "\033[31m", [TINT_YELLOW] = "\033[33m", [TINT_GREEN] = "\033[32m",
	};

	return t->options->color ? codes[tint] : "";
}

void
table_put_tinted(const struct table *t, enum tint tint, const char *text)
{
	fprintf(t->out, "%s%s%s", table_sgr(t, tint), text, table_sgr(t, TINT_PLAIN));
}

void
table_put_title(const struct table *t, const char *title, const char *rest)
{
	putc('\n', t->out);
	table_put_tinted(t, TINT_BOLD, title);
	fprintf(t->out, "%s\n", rest);
}

void
table_put_more(const struct table *t, const char *indent, size_t more)
{
	char number[OUTPUT_AMOUNT_SIZE];

	if (more > 0)
		fprintf(t->out, "%s... and %s more (--format json has all)\n", indent, output_count(more, number));
}

enum tint
table_tint_of_score(bool has_c, double c)
{
	if (!has_c)
		return TINT_DIM;
	return c < 0.5 ? TINT_RED : c < 0.8 ? TINT_YELLOW : TINT_GREEN;
}

enum tint
table_tint_of_severity(enum severity s)
{
	return s >= SEVERITY_HIGH ? TINT_RED : s == SEVERITY_MEDIUM ? TINT_YELLOW : TINT_PLAIN;
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

/* Cells of a pair. */

void
table_pair_cell(const struct table *t, const struct pair *p, enum table_column column, char text[TABLE_CELL_SIZE])
{
	char number[OUTPUT_AMOUNT_SIZE] = "-";

	switch (column) {
	case TABLE_C:
		(void)snprintf(text, TABLE_CELL_SIZE, "%s", p->has_c ? output_share(p->c, number) : number);
		break;
	case TABLE_COVERAGE:
		(void)snprintf(text, TABLE_CELL_SIZE, "%s", output_percent(p->coverage, number));
		break;
	case TABLE_SOURCE:
		output_peer_name(p->source, text, TABLE_CELL_SIZE);
		break;
	case TABLE_DESTINATION:
		output_peer_name(p->destination, text, TABLE_CELL_SIZE);
		break;
	case TABLE_SERVICE:
		summarise(p, output_service, false, text, TABLE_CELL_SIZE);
		break;
	case TABLE_ENCRYPTION:
		summarise(p, output_encryption, true, text, TABLE_CELL_SIZE);
		break;
	case TABLE_AUTHENTICATION:
		summarise(p, output_authentication, true, text, TABLE_CELL_SIZE);
		break;
	default:
		(void)snprintf(text, TABLE_CELL_SIZE, "%s", output_count(p->flows, number));
	}
	output_clean(text, t->utf8);
}

void
table_put_names(const struct table *t, const struct pair *p, size_t width, bool pad)
{
	char source[TABLE_CELL_SIZE], destination[TABLE_CELL_SIZE], fitted[TABLE_CELL_SIZE];
	size_t half, source_width, destination_width, used;

	table_pair_cell(t, p, TABLE_SOURCE, source);
	table_pair_cell(t, p, TABLE_DESTINATION, destination);
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
