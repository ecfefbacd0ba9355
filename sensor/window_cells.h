/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of one evidence class of a pair: a cell for each slot in which it was seen, packed
 * into some 25 bytes each, because there are tens of thousands of them times a dozen slots.
 */
#ifndef PODWIRE_WINDOW_CELLS_H
#define PODWIRE_WINDOW_CELLS_H

#include "window.h"

/* Zeroed: empty. */
struct window_cells {
	uint8_t *bytes;
	uint32_t size;
};

/* Packs cells, oldest first, in place of what was there; aborts where there is no memory. */
void window_cells_set(struct window_cells *, const struct window_cell cells[], size_t count);

/* Unpacks them; returns how many. */
size_t window_cells_get(const struct window_cells *, struct window_cell cells[WINDOW_CELLS_MAX]);

/* Adds one that is newer than all others. */
void window_cells_append(struct window_cells *, const struct window_cell *);

void window_cells_clear(struct window_cells *);

/* The sum of two counts, up to what a saved result can hold (docs/json.md): past it only lies reach. */
uint64_t window_sum(uint64_t, uint64_t);

/* Adds what another cell counted. */
void window_cell_add(struct window_cell *to, const struct window_cell *more);

#endif
