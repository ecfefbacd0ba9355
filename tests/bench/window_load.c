/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the window and the series of a busy node cost in time and memory: so many pairs of three
 * classes each, all of them seen in every slot. Usage: window_load [PAIRS]
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "sensor/window.h"
#include "tests/bench/cost.h"
#include "tests/sensor/made_up_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

static struct report *
delta_of(uint32_t pairs, int64_t time)
{
	struct report *r = made_up_report(0);

	for (uint32_t i = 0; i < pairs * 3; i++)
		made_up_pair(r, i / 3, i % 3, time + i);
	return r;
}

int
main(int argc, char **argv)
{
	uint32_t pairs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
	struct policy_set *set = policy_set_default();
	struct window *w = window_new(60 * minute, WINDOW_SLOTS, 10000);
	double used = mebibytes(), before;

	for (unsigned i = 0; i < 13; i++) {
		struct report *r = delta_of(pairs, start + i * 5 * minute);

		before = milliseconds();
		window_add(w, r, (1000 + i * 5) * minute);
		printf("slot %u: %.0f ms to begin it and add to it\n", i, milliseconds() - before);
		report_free(r);
	}
	printf("window: %zu pairs, %zu classes, %.1f MiB\n", window_pairs(w), window_classes(w), mebibytes() - used);
	for (unsigned i = 0; i < 3; i++) {
		struct report *r;

		before = milliseconds();
		r = window_snapshot(w, set, 1062 * minute);
		printf("snapshot: %.0f ms, %zu findings; with it %.1f MiB\n", milliseconds() - before, r->finding_count, mebibytes() - used);
		report_free(r);
	}
	window_free(w);
	policy_set_free(set);
	return 0;
}
