/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the reader of state files: any bytes are one. What is refused has its one line of
 * error; what is read can be written, and comes back the same when that is read in turn.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sensor/state_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct state_time now = { .wall = INT64_C(1767225900) * 1000000000, .steady = INT64_C(7200) * 1000000000 };

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static struct state
state_new(void)
{
	return (struct state){ .window = window_new(INT64_C(3600) * 1000000000, WINDOW_SLOTS, 20), .series = series_new(20, INT64_C(3600) * 1000000000) };
}

static void
state_free(struct state *s)
{
	window_free(s->window);
	series_free(s->series);
}

static char *
text_of(const struct state *s, const struct policy_set *set)
{
	struct report *r = window_snapshot(s->window, set, now.steady);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	require(f != NULL);
	state_write(f, s, r, now);
	require(fclose(f) == 0);
	report_free(r);
	return text;
}

/* The state that a text holds, as text; it must hold one. */
static char *
again(const char *text, const struct policy_set *set)
{
	struct state s = state_new();
	char error[512], *copy;

	if (!state_read(&s, "again", text, strlen(text), now, error, sizeof(error))) {
		fprintf(stderr, "%s\n%s\n", error, text);
		abort();
	}
	copy = text_of(&s, set);
	state_free(&s);
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_set *set = policy_set_default();
	struct state s = state_new();
	char error[512] = "";

	if (state_read(&s, "fuzz", (const char *)data, size, now, error, sizeof(error))) {
		char *first = text_of(&s, set), *second = again(first, set), *third = again(second, set);

		require(strcmp(second, third) == 0);
		free(first);
		free(second);
		free(third);
	} else {
		require(strncmp(error, "fuzz: ", 6) == 0);
		for (const char *c = error; *c != '\0'; c++)
			require(*c >= ' ' && *c <= '~');
	}
	state_free(&s);
	policy_set_free(set);
	return 0;
}
