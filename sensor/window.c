/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sliding window. Peers, pairs, classes and texts are interned in a report that holds no
 * evidence; a track for each class of a pair has its counts by slot. Whenever a slot begins, what
 * still counts is carried into a new report and the old one is freed: nothing that is gone stays.
 */
#include <config.h>

#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "report_internal.h"
#include "window_internal.h"

enum {
	/* A scan of ports makes a class of each; past so many of a pair, classes lose what tells them apart. */
	CLASSES_PER_PAIR = 64,
	CLASSES_PER_PAIR_MAX = 128,
	CLASSES_BY_PAIRS = 4, /* of the whole window: as many for each of max_pairs, and some */
	CLASSES_SPARE = 1024,
	MEMORY_SPARE = 8 << 20, /* of names, above twice what counted when they were last carried on */
};

static struct report *
new_names(const struct window *w)
{
	return report_new(&(struct report_options){ .max_pairs = w->max_pairs });
}

struct window *
window_new(int64_t length, unsigned slot_count, size_t max_pairs)
{
	struct window *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->slot_count = slot_count == 0 ? 1 : slot_count > WINDOW_SLOTS_MAX ? WINDOW_SLOTS_MAX : slot_count;
	w->slot_length = length > (int64_t)w->slot_count ? length / w->slot_count : 1;
	w->max_pairs = max_pairs;
	w->names = new_names(w);
	w->last = &w->first;
	w->oldest = INT64_MAX;
	return w;
}

static void
free_tracks(struct track *first)
{
	for (struct track *t = first; t != NULL; t = t->next) {
		window_cells_clear(&t->closed);
		free(t->late);
	}
}

void
window_free(struct window *w)
{
	if (w == NULL)
		return;
	free_tracks(w->first);
	arena_table_clear(&w->tracks);
	report_free(w->names);
	free(w);
}

/* Tracks. */

static uint64_t
track_hash(const struct window *w, const struct pair *p, const struct evidence_class *class)
{
	const void *key[2] = { p, class };

	return arena_hash(w->names->arena, key, sizeof(key));
}

struct track *
window_find_track(const struct window *w, const struct pair *p, const struct evidence_class *class)
{
	const struct arena_entry *e = arena_table_first(&w->tracks, track_hash(w, p, class));

	for (; e != NULL; e = arena_table_next(e)) {
		struct track *t = e->value;

		if (t->pair == p && t->class == class)
			return t;
	}
	return NULL;
}

static struct track *
add_track(struct window *w, struct pair *p, const struct evidence_class *class)
{
	struct track *t = arena_alloc(w->names->arena, sizeof(*t));

	t->pair = p;
	t->class = class;
	*w->last = t;
	w->last = &t->next;
	w->track_count++;
	p->evidence_count++;
	arena_table_add(&w->tracks, w->names->arena, track_hash(w, p, class), t);
	return t;
}

/* What is left of a class where there is no room for more: how it was protected, of which protocol; then not even that. */
static const struct evidence_class *
lesser_class(struct report *names, const struct evidence_class *class, bool least)
{
	struct evidence_class lesser = {
		.protocol = least ? NULL : class->protocol,
		.by = least ? NULL : class->by,
		.ip_protocol = least ? 0 : class->ip_protocol,
		.state = class->state,
		.result = class->result,
		.cleartext_credentials = class->cleartext_credentials,
		.payload = class->payload,
	};

	return report_class(names, &lesser);
}

/* The track of a class, or of what stands for it where there was no room for more; *p and *class are set to whose it is. */
static struct track *
find_room(const struct window *w, struct pair **p, const struct evidence_class **class)
{
	struct track *t = window_find_track(w, *p, *class);

	if (t == NULL && (*p)->evidence_count >= CLASSES_PER_PAIR) {
		*class = lesser_class(w->names, *class, (*p)->evidence_count >= CLASSES_PER_PAIR_MAX);
		t = window_find_track(w, *p, *class);
	}
	if (t == NULL && w->max_pairs != 0 && w->track_count >= w->max_pairs * CLASSES_BY_PAIRS + CLASSES_SPARE) {
		*p = report_other_pair(w->names);
		*class = lesser_class(w->names, *class, true);
		t = window_find_track(w, *p, *class);
	}
	return t;
}

struct track *
window_take_track(struct window *w, struct pair *p, const struct evidence_class *class)
{
	struct track *t = find_room(w, &p, &class);

	return t != NULL ? t : add_track(w, p, class);
}

/* Slots. */

int64_t
window_oldest_kept(const struct window *w)
{
	return w->slot - (int64_t)w->slot_count + 1;
}

/* All cells of a track, oldest first. */
static size_t
cells_of(const struct track *t, struct window_cell cells[WINDOW_CELLS_MAX])
{
	size_t count = window_cells_get(&t->closed, cells);

	if (!t->has_open)
		return count;
	if (count > 0 && cells[count - 1].slot == t->open.slot)
		window_cell_add(&cells[count - 1], &t->open);
	else
		cells[count++] = t->open;
	return count;
}

size_t
window_kept_cells(const struct window *w, const struct track *t, struct window_cell cells[WINDOW_CELLS_MAX])
{
	size_t count = cells_of(t, cells), gone = 0;

	while (gone < count && cells[gone].slot < window_oldest_kept(w))
		gone++;
	memmove(&cells[0], &cells[gone], (count - gone) * sizeof(cells[0]));
	return count - gone;
}

/* Carries on a track of which something is left; what it owned becomes the new one's. */
static void
carry_track(struct window *w, struct report_map *m, struct track *old, const struct window_cell cells[], size_t count)
{
	struct track *t = add_track(w, report_map_pair(m, old->pair), report_map_class(m, old->class));

	t->closed = old->closed;
	old->closed = (struct window_cells){ 0 };
	window_cells_set(&t->closed, cells, count);
	if (old->example_slot < window_oldest_kept(w) && old->late != NULL) {
		report_map_example(m, old->late, &t->example);
		t->example_slot = old->late_slot;
		return;
	}
	report_map_example(m, &old->example, &t->example);
	t->example_slot = old->example_slot;
	t->example_gone = old->example_gone;
	if (old->late == NULL)
		return;
	t->late = old->late;
	t->late_slot = old->late_slot;
	old->late = NULL;
	report_map_example(m, t->late, t->late);
}

/* Names by DNS: those of peers that are left, and those that were told within the window. */
struct name_carrier {
	struct report *names;
	int64_t since;
};

static void
carry_name(void *context, const struct address *address, const char *name, int64_t time)
{
	const struct name_carrier *c = context;

	if (time >= c->since)
		report_add_name(c->names, address, name, time);
}

static void
find_latest(void *context, const struct address *address, const char *name, int64_t time)
{
	int64_t *latest = context;

	(void)address;
	(void)name;
	if (time > *latest)
		*latest = time;
}

static void
carry_peer_name(struct window *w, const struct report *from, const struct peer *p)
{
	const char *name = p->has_address ? report_name_of(from, &p->address) : NULL;

	if (name != NULL)
		report_add_name(w->names, &p->address, name, INT64_MIN);
}

static void
carry_names(struct window *w, const struct report *from)
{
	int64_t latest = INT64_MIN / 2;
	struct name_carrier carrier = { .names = w->names };

	/* Packet time, which is not that of the slots. */
	report_each_name(from, find_latest, &latest);
	carrier.since = latest - w->slot_length * (int64_t)w->slot_count;
	report_each_name(from, carry_name, &carrier);
	for (size_t i = 0; i < w->names->pair_count; i++) {
		carry_peer_name(w, from, w->names->pairs[i]->source);
		carry_peer_name(w, from, w->names->pairs[i]->destination);
	}
}

/* Begins anew with what the window still holds; whether something had left. */
static bool
rebuild(struct window *w)
{
	struct report *old_names = w->names;
	struct track *old = w->first;
	struct window_cell cells[WINDOW_CELLS_MAX];
	struct report_map *m;
	bool left = false;

	arena_table_clear(&w->tracks);
	w->first = NULL;
	w->last = &w->first;
	w->track_count = 0;
	w->oldest = INT64_MAX;
	w->names = new_names(w);
	m = report_map_new(w->names, old_names);
	for (struct track *t = old; t != NULL; t = t->next) {
		size_t had = cells_of(t, cells), count = window_kept_cells(w, t, cells);

		left = left || count < had;
		if (count == 0)
			continue;
		if (cells[0].slot < w->oldest)
			w->oldest = cells[0].slot;
		carry_track(w, m, t, cells, count);
	}
	carry_names(w, old_names);
	report_map_free(m);
	free_tracks(old);
	report_free(old_names);
	w->kept = arena_memory(w->names->arena);
	return left;
}

bool
window_advance(struct window *w, int64_t now)
{
	int64_t before = w->slot;

	if (now <= w->now)
		return false;
	w->now = now;
	w->slot = now / w->slot_length;
	if (w->slot == before)
		return false;
	return w->track_count > 0 && rebuild(w);
}

int64_t
window_next(const struct window *w)
{
	if (w->oldest >= INT64_MAX / w->slot_length - (int64_t)w->slot_count)
		return INT64_MAX;
	return (w->oldest + (int64_t)w->slot_count) * w->slot_length;
}

/* In. */

static struct window_cell
cell_of(const struct evidence_count *n, int64_t slot)
{
	return (struct window_cell){
		.slot = slot,
		.flows = window_sum(n->flows, 0),
		.packets = { window_sum(n->packets[0], 0), window_sum(n->packets[1], 0) },
		.bytes = { window_sum(n->bytes[0], 0), window_sum(n->bytes[1], 0) },
		.first_seen = n->first_seen,
		.last_seen = n->last_seen > n->first_seen ? n->last_seen : n->first_seen,
	};
}

/*
 * Keeps the first example, and one of the last slot: one of them is of a slot that the window holds. One whose flow goes on gives
 * way to one whose flow has ended: that is of this class for good.
 */
static void
add_example(struct window *w, struct report_map *m, struct track *t, const struct example *e, bool is_new)
{
	if (is_new || t->example_gone || (t->example.goes_on && !e->goes_on)) {
		report_map_example(m, e, &t->example);
		t->example_slot = w->slot;
		t->example_gone = false;
		return;
	}
	if (t->example_slot == w->slot || (t->late != NULL && t->late_slot == w->slot && (!t->late->goes_on || e->goes_on)))
		return;
	if (t->late == NULL)
		t->late = malloc(sizeof(*t->late));
	if (t->late == NULL)
		abort();
	report_map_example(m, e, t->late);
	t->late_slot = w->slot;
}

/* How many flows the cell could give back. */
static uint64_t
take_back(struct window_cell *cell, uint64_t flows)
{
	uint64_t taken = flows < cell->flows ? flows : cell->flows;

	cell->flows -= taken;
	return taken;
}

static bool
shows(const struct example *e, const struct withdrawal *back)
{
	return e->file == back->file && e->first_packet == back->first_packet && e->first_seen == back->first_seen;
}

/* A flow that is of another class is no example. */
static void
drop_example(struct track *t, const struct withdrawal *back)
{
	if (t->late != NULL && shows(t->late, back)) {
		free(t->late);
		t->late = NULL;
	}
	if (!shows(&t->example, back))
		return;
	if (t->late == NULL) {
		t->example_gone = true;
		return;
	}
	t->example = *t->late;
	t->example_slot = t->late_slot;
	free(t->late);
	t->late = NULL;
}

static void
add_evidence(struct window *w, struct report_map *m, struct pair *p, const struct evidence_count *n)
{
	struct track *t = window_take_track(w, p, report_map_class(m, n->class));
	struct window_cell more = cell_of(n, w->slot);

	add_example(w, m, t, &n->example, !t->has_open && t->closed.size == 0);
	if (t->has_open)
		window_cell_add(&t->open, &more);
	else
		t->open = more;
	t->has_open = true;
}

/* Takes back what was counted of a class, from the newest slots on, and no more than was counted. */
static void
withdraw(struct window *w, struct report_map *m, const struct withdrawal *of_delta)
{
	struct withdrawal back = report_map_withdrawal(m, of_delta);
	struct track *t = find_room(w, &back.pair, &back.class);
	struct window_cell cells[WINDOW_CELLS_MAX];
	uint64_t left = back.flows;
	size_t count;

	if (t == NULL)
		return;
	drop_example(t, &back);
	left -= take_back(&t->open, left);
	if (left == 0 || (count = window_cells_get(&t->closed, cells)) == 0)
		return;
	for (size_t i = count; i-- > 0 && left > 0;)
		left -= take_back(&cells[i], left);
	window_cells_set(&t->closed, cells, count);
}

static void
add_name(void *context, const struct address *address, const char *name, int64_t time)
{
	report_add_name(context, address, name, time);
}

void
window_add(struct window *w, const struct report *delta, int64_t now)
{
	struct report_map *m;

	(void)window_advance(w, now);
	m = report_map_new(w->names, delta);
	report_each_name(delta, add_name, w->names);
	for (size_t i = 0; i < delta->pair_count; i++) {
		struct pair *p = report_map_pair(m, delta->pairs[i]);

		for (size_t j = 0; j < delta->pairs[i]->evidence_count; j++)
			add_evidence(w, m, p, &delta->pairs[i]->evidence[j]);
	}
	/* What is taken back may have been counted just now. */
	for (size_t i = 0; i < delta->withdrawal_count; i++)
		withdraw(w, m, &delta->withdrawals[i]);
	report_map_free(m);
	if (delta->pair_count > 0 && w->slot < w->oldest)
		w->oldest = w->slot;
	/* Classes that found no room, names that were replaced: whoever sends packets may make as many as he likes before the slot ends. */
	if (arena_memory(w->names->arena) > 2 * w->kept + MEMORY_SPARE)
		(void)rebuild(w);
}

/* Out. */

static bool
sum_of(const struct window *w, const struct track *t, struct evidence_count *out)
{
	struct window_cell cells[WINDOW_CELLS_MAX], sum;
	size_t count = window_kept_cells(w, t, cells);

	if (count == 0)
		return false;
	sum = cells[0];
	for (size_t i = 1; i < count; i++)
		window_cell_add(&sum, &cells[i]);
	*out = (struct evidence_count){
		.flows = sum.flows,
		.packets = { sum.packets[0], sum.packets[1] },
		.bytes = { sum.bytes[0], sum.bytes[1] },
		.first_seen = sum.first_seen,
		.last_seen = sum.last_seen,
	};
	return true;
}

/* An example may be older than what is left where no later one was kept: a state that was read back. */
static void
fit_example(struct evidence_count *n)
{
	if (n->example.first_seen < n->first_seen)
		n->example.first_seen = n->first_seen;
	if (n->example.first_seen > n->last_seen)
		n->example.first_seen = n->last_seen;
}

static void
set_names(struct report *r, const struct report *names)
{
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct peer *ends[2] = { r->pairs[i]->source, r->pairs[i]->destination };

		for (unsigned j = 0; j < 2; j++)
			if (ends[j]->has_address && ends[j]->name == NULL)
				report_set_name(r, ends[j], report_name_of(names, &ends[j]->address));
	}
}

struct report *
window_snapshot(struct window *w, const struct policy_set *set, int64_t now)
{
	struct report *r;
	struct report_map *m;

	(void)window_advance(w, now);
	r = report_new(&(struct report_options){ 0 });
	m = report_map_new(r, w->names);
	report_map_files(m);
	for (const struct track *t = w->first; t != NULL; t = t->next) {
		struct evidence_count n;

		if (!sum_of(w, t, &n))
			continue;
		report_map_example(m, &t->example, &n.example);
		fit_example(&n);
		report_count(r, report_map_pair(m, t->pair), report_map_class(m, t->class), &n);
	}
	report_map_free(m);
	r->folded_pairs = report_other_flows(r);
	set_names(r, w->names);
	report_conclude(r, set);
	return r;
}

int64_t
window_slot_length(const struct window *w)
{
	return w->slot_length;
}

size_t
window_pairs(const struct window *w)
{
	return w->names->pair_count;
}

size_t
window_classes(const struct window *w)
{
	return w->track_count;
}

size_t
window_memory(const struct window *w)
{
	return arena_memory(w->names->arena);
}
