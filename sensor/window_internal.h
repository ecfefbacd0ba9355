/* SPDX-License-Identifier: Apache-2.0 */
/* Between window.c and window_saved.c. */
#ifndef PODWIRE_WINDOW_INTERNAL_H
#define PODWIRE_WINDOW_INTERNAL_H

#include "report.h"
#include "window.h"
#include "window_cells.h"

/* A class of a pair. */
struct track {
	struct track *next; /* in the order in which they came */
	struct pair *pair;
	const struct evidence_class *class;
	struct window_cell open;     /* of the slot of now; counts nothing where has_open is false */
	struct window_cells closed;  /* of those before */
	struct example example;
	int64_t example_slot;
	struct example *late;        /* the first of the last slot it was seen in, to go on with; or NULL */
	int64_t late_slot;
	bool example_gone;           /* its flow turned out to be of another class: the next one takes its place */
	bool has_open;
};

struct window {
	int64_t slot_length;
	unsigned slot_count;
	size_t max_pairs;
	int64_t now, slot;           /* the open one's number */
	int64_t oldest;              /* slot that holds anything; INT64_MAX: none */
	struct report *names;        /* peers, pairs, classes, texts; a pair's evidence_count is that of its tracks */
	size_t kept;                 /* memory of names when they were last carried on */
	struct arena_table tracks;   /* by pair and class */
	struct track *first, **last;
	size_t track_count;
};

/* The track of a class of a pair; NULL where there is none. */
struct track *window_find_track(const struct window *, const struct pair *, const struct evidence_class *);

/* The same, made where there is none; of what stands for the class where there is no room for more. */
struct track *window_take_track(struct window *, struct pair *, const struct evidence_class *);

/* The first slot that the window holds, and a track's cells from there on, oldest first: how many. */
int64_t window_oldest_kept(const struct window *);
size_t window_kept_cells(const struct window *, const struct track *, struct window_cell cells[WINDOW_CELLS_MAX]);

#endif
