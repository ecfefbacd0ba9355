/* SPDX-License-Identifier: Apache-2.0 */
/* A small report made by hand, and what outputs write, as text: for the tests of the outputs. */
#ifndef PODWIRE_TESTS_SAMPLE_REPORT_H
#define PODWIRE_TESTS_SAMPLE_REPORT_H

#include "sensor/output.h"

/* Four pairs in two files, judged by the default policy set. */
struct sample {
	struct policy_set *policies;
	struct inventory *inventory;
	struct report *report;
};

void sample_init(struct sample *);

/* One flow record with all that a record can say, and one with nothing; a cluster that knows both ends. */
void sample_init_flows(struct sample *);
void sample_clear(struct sample *);

/* What a writer writes; the caller's to free(). */
char *sample_json(const struct report *, const struct output_options *);
char *sample_ndjson(const struct report *, const struct output_options *);
char *sample_table(const struct report *, const struct output_options *);

/* NULL where no pair was found; error[1024] then says why. */
char *sample_explain(const struct report *, const char *pattern, const struct output_options *, char error[1024]);

/* Fails the test, with both texts on standard error, where they differ. */
void assert_text(const char *found, const char *expected);

#endif
