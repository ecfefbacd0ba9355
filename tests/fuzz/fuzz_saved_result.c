/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the reader of saved results: any bytes are a file. One that is refused has its one
 * line of error and added nothing; one that is read is judged, shown in every form, and what JSON
 * says of it comes back the same when that is read in turn.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sensor/output.h"
#include "sensor/saved_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static char *
json_of(const struct report *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	require(f != NULL);
	output_json(f, r, &(struct output_options){ .flows = true });
	require(fclose(f) == 0);
	return text;
}

/* Whatever a file says, the other forms can show it. */
static void
show(const struct report *r)
{
	static FILE *nowhere;
	char error[256];

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	require(nowhere != NULL);
	output_table(nowhere, r, &(struct output_options){ .width = 80, .color = true, .limit = 3 });
	output_table(nowhere, r, &(struct output_options){ .width = 120 });
	output_ndjson(nowhere, r, &(struct output_options){ 0 });
	for (size_t i = 0; i < r->pair_count && i < 4; i++)
		(void)output_explain(nowhere, r, "*", &(struct output_options){ .width = 100 }, error, sizeof(error));
}

static void
read_again(const struct report *first, const struct policy_set *set)
{
	struct report *second = report_new(&(struct report_options){ 0 });
	char error[512], *text = json_of(first), *again;

	if (!saved_result_read(second, "again", text, strlen(text), error, sizeof(error))) {
		fprintf(stderr, "%s\n%s\n", error, text);
		abort();
	}
	report_conclude(second, set);
	again = json_of(second);
	if (strcmp(text, again) != 0) {
		fprintf(stderr, "%s\n%s\n", text, again);
		abort();
	}
	free(text);
	free(again);
	report_free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_set *set = policy_set_default();
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[512] = "";

	if (saved_result_read(r, "fuzz", (const char *)data, size, error, sizeof(error))) {
		report_conclude(r, set);
		show(r);
		read_again(r, set);
	} else {
		require(strncmp(error, "fuzz: ", 6) == 0);
		for (const char *c = error; *c != '\0'; c++)
			require(*c >= ' ' && *c <= '~');
		require(r->file_count == 0 && r->pair_count == 0 && r->warning_count == 0 && r->flows == 0);
	}
	report_free(r);
	policy_set_free(set);
	return 0;
}
