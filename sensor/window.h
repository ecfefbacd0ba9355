/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen within the last hour or so: a window over delta reports that slides by slots, so
 * that the score of what was mended recovers. Only sums by slot are kept of a pair's evidence, and
 * two examples; a report of the whole is made when asked for. Pure: time is what the caller says,
 * and should be of a clock that neither leaps nor goes back (CLOCK_BOOTTIME).
 */
#ifndef PODWIRE_WINDOW_H
#define PODWIRE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

struct window;

enum {
	WINDOW_SLOTS = 12,
	WINDOW_SLOTS_MAX = 60,
	WINDOW_CELLS_MAX = WINDOW_SLOTS_MAX + 2, /* of one class: of the open slot there may be two */
};

/* length in nanoseconds, of 1 to WINDOW_SLOTS_MAX slots; pairs over max_pairs are counted as "other". Returns owned. */
struct window *window_new(int64_t length, unsigned slot_count, size_t max_pairs);
void window_free(struct window *);

/* Adds what a delta gathered to the slot of now. A now before the last one counts as the last one. */
void window_add(struct window *, const struct report *delta, int64_t now);

/* Drops the slots that have left; whether anything did. */
bool window_advance(struct window *, int64_t now);

/* When the next slot leaves; INT64_MAX where the window is empty. */
int64_t window_next(const struct window *);

/* All slots as one report, concluded under the set, which must outlive it. Returns owned. */
struct report *window_snapshot(struct window *, const struct policy_set *, int64_t now);

/* For whoever saves it: what an evidence class of a pair counted in one slot. */
struct window_cell {
	int64_t slot;                  /* its number: it began at slot * window_slot_length() */
	uint64_t flows;
	uint64_t packets[2], bytes[2]; /* by enum direction */
	int64_t first_seen, last_seen; /* nanoseconds since 1970 */
};

int64_t window_slot_length(const struct window *);

/* Finds the cells of a snapshot's evidence: one reader for all of a snapshot. Returns owned. */
struct window_reader;
struct window_reader *window_reader_new(struct window *, const struct report *snapshot);
void window_reader_free(struct window_reader *);

/* Oldest first; returns how many, at most WINDOW_CELLS_MAX. */
size_t window_read(struct window_reader *, const struct pair *, const struct evidence_class *, struct window_cell cells[WINDOW_CELLS_MAX]);

/*
 * For whoever reads it back: adds the evidence of a saved report's pair with its cells, oldest
 * first. Those that have left by now are dropped. One writer for all of a report; returns owned.
 */
struct window_writer;
struct window_writer *window_writer_new(struct window *, const struct report *saved, int64_t now);
void window_write(struct window_writer *, const struct pair *, const struct evidence_count *, const struct window_cell cells[], size_t count);
void window_writer_free(struct window_writer *);

/* Pairs and evidence classes that the window holds. */
size_t window_pairs(const struct window *);
size_t window_classes(const struct window *);

/* Bytes that names of all kinds take: no more than some times what those that count take. */
size_t window_memory(const struct window *);

#endif
