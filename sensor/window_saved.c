/* SPDX-License-Identifier: Apache-2.0 */
/* The window as a state file keeps it: the cells of a snapshot's evidence, and back into a window. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "report_internal.h"
#include "window_internal.h"

struct window_reader {
	struct window *window;
	struct report_map *map;
};

struct window_reader *
window_reader_new(struct window *w, const struct report *snapshot)
{
	struct window_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->window = w;
	r->map = report_map_new(w->names, snapshot);
	return r;
}

void
window_reader_free(struct window_reader *r)
{
	report_map_free(r->map);
	free(r);
}

size_t
window_read(struct window_reader *r, const struct pair *p, const struct evidence_class *class, struct window_cell cells[WINDOW_CELLS_MAX])
{
	const struct track *t = window_find_track(r->window, report_map_pair(r->map, p), report_map_class(r->map, class));

	return t == NULL ? 0 : window_kept_cells(r->window, t, cells);
}

struct window_writer {
	struct window *window;
	const struct report *saved;
	struct report_map *map;
};

struct window_writer *
window_writer_new(struct window *w, const struct report *saved, int64_t now)
{
	struct window_writer *to = calloc(1, sizeof(*to));

	if (to == NULL)
		abort();
	(void)window_advance(w, now);
	to->window = w;
	to->saved = saved;
	to->map = report_map_new(w->names, saved);
	report_map_files(to->map);
	return to;
}

/* The cells that have not left, each slot once; one that is yet to come counts as the open one. */
static size_t
keep_cells(const struct window *w, const struct window_cell from[], size_t count, struct window_cell to[WINDOW_CELLS_MAX])
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct window_cell c = from[i];

		if (c.slot > w->slot)
			c.slot = w->slot;
		if (c.slot < window_oldest_kept(w))
			continue;
		if (kept > 0 && c.slot <= to[kept - 1].slot)
			window_cell_add(&to[kept - 1], &c);
		else
			to[kept++] = c;
	}
	return kept;
}

/* Adds what a track has to cells; both are in order. */
static size_t
merge_cells(const struct track *t, struct window_cell cells[WINDOW_CELLS_MAX], size_t count)
{
	struct window_cell had[WINDOW_CELLS_MAX], all[2 * WINDOW_CELLS_MAX];
	size_t had_count = window_cells_get(&t->closed, had), i = 0, j = 0, merged = 0;

	while (i < count || j < had_count) {
		const struct window_cell *next = j == had_count || (i < count && cells[i].slot <= had[j].slot) ? &cells[i++] : &had[j++];

		if (merged > 0 && all[merged - 1].slot == next->slot)
			window_cell_add(&all[merged - 1], next);
		else
			all[merged++] = *next;
	}
	if (merged > WINDOW_CELLS_MAX)
		merged = WINDOW_CELLS_MAX;
	memcpy(cells, all, merged * sizeof(all[0]));
	return merged;
}

/* The slot whose cell holds the example: the oldest that may. */
static int64_t
slot_of_example(const struct example *e, const struct window_cell cells[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cells[i].last_seen >= e->first_seen)
			return cells[i].slot;
	return cells[count - 1].slot;
}

static void
write_name(struct window *w, const struct peer *p, int64_t time)
{
	if (p->has_address && p->name != NULL)
		report_add_name(w->names, &p->address, p->name, time);
}

void
window_write(struct window_writer *to, const struct pair *p, const struct evidence_count *n, const struct window_cell cells[], size_t count)
{
	struct window *w = to->window;
	struct window_cell kept[WINDOW_CELLS_MAX];
	struct track *t;

	count = keep_cells(w, cells, count, kept);
	if (count == 0)
		return;
	t = window_take_track(w, report_map_pair(to->map, p), report_map_class(to->map, n->class));
	if (t->closed.size > 0) {
		count = merge_cells(t, kept, count); /* of another class, for want of room */
	} else {
		report_map_example(to->map, &n->example, &t->example);
		t->example_slot = slot_of_example(&n->example, kept, count);
	}
	window_cells_set(&t->closed, kept, count);
	if (kept[0].slot < w->oldest)
		w->oldest = kept[0].slot;
	write_name(w, p->source, n->last_seen);
	write_name(w, p->destination, n->last_seen);
}

void
window_writer_free(struct window_writer *to)
{
	report_map_free(to->map);
	free(to);
}
