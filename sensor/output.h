/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a concluded report is shown. Each writes to a stream; errors show in ferror(). */
#ifndef PODWIRE_OUTPUT_H
#define PODWIRE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "report.h"

struct output_options {
	bool flows;      /* list every flow, where the report kept them */
	bool principals; /* show user names */
	bool color;
	unsigned width;  /* columns of the terminal; 0: as many as it takes */
	size_t limit;    /* rows of pairs and of findings in the table; 0: all */
	bool without_findings; /* in JSON: they are made anew by whoever reads it */
};

/* For a person at a terminal: the worst pairs first. */
void output_table(FILE *, const struct report *, const struct output_options *);

/* One JSON document, schema podwire.report/1: what `podwire score` reads again. */
void output_json(FILE *, const struct report *, const struct output_options *);

/* The same with more members at its end, of which `podwire score` takes no notice. */
struct json_writer;
void output_json_more(FILE *, const struct report *, const struct output_options *, void (*more)(struct json_writer *, void *context), void *context);

/* One JSON object a line: an input line, then flows if asked for, pairs, findings, each with its "type". */
void output_ndjson(FILE *, const struct report *, const struct output_options *);

/* Every term of one pair's C with its evidence; pattern as in `podwire explain RESULT PAIR`. False where no pair, or more than one, matches: error[] says which there are. */
bool output_explain(FILE *, const struct report *, const char *pattern, const struct output_options *, char *error, size_t error_size);

/* "namespace/workload", or the address, as the table and explain name a peer. */
void output_peer_name(const struct peer *, char *text, size_t size);

#endif
