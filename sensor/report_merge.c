/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries what one report gathered into another. Texts, classes and files are those of another
 * report there, and few beside the evidence that refers to them: what became what is looked up by
 * pointer.
 */
#include <config.h>

#include <string.h>

#include "report.h"
#include "report_internal.h"

struct report_map {
	struct report *into;
	const struct report *from;
	struct arena *arena; /* of the tables' entries */
	struct arena_table texts, classes;
	uint16_t *files;     /* index in `into` and 1; 0: not carried yet */
};

/* A pointer of `from` and what it is in `into`. */
struct carried {
	const void *from;
	const void *to;
};

struct report_map *
report_map_new(struct report *into, const struct report *from)
{
	struct arena *arena = arena_new();
	struct report_map *m = arena_alloc(arena, sizeof(*m));

	m->into = into;
	m->from = from;
	m->arena = arena;
	m->files = arena_alloc(arena, (from->file_count + 1) * sizeof(*m->files));
	return m;
}

void
report_map_free(struct report_map *m)
{
	arena_table_clear(&m->texts);
	arena_table_clear(&m->classes);
	arena_free(m->arena);
}

/* What became of a pointer: an empty entry where it was not met before. */
static struct carried *
carry(struct report_map *m, struct arena_table *table, const void *from)
{
	uint64_t hash = arena_hash(m->arena, &from, sizeof(from));
	struct carried *c;

	for (const struct arena_entry *e = arena_table_first(table, hash); e != NULL; e = arena_table_next(e))
		if (((c = e->value))->from == from)
			return c;
	c = arena_alloc(m->arena, sizeof(*c));
	c->from = from;
	arena_table_add(table, m->arena, hash, c);
	return c;
}

static const char *
map_text(struct report_map *m, const char *text)
{
	struct carried *c;

	if (text == NULL)
		return NULL;
	c = carry(m, &m->texts, text);
	if (c->to == NULL)
		c->to = report_text(m->into, text);
	return c->to;
}

const struct evidence_class *
report_map_class(struct report_map *m, const struct evidence_class *class)
{
	struct carried *c = carry(m, &m->classes, class);

	if (c->to == NULL)
		c->to = report_class(m->into, class);
	return c->to;
}

/* The name is left out: it is taken only where a pair is made of the peer. */
static struct peer
map_peer(struct report_map *m, const struct peer *p)
{
	struct peer to = *p;

	to.namespace = map_text(m, p->namespace);
	to.kind = map_text(m, p->kind);
	to.workload = map_text(m, p->workload);
	to.organization = map_text(m, p->organization);
	to.name = NULL;
	return to;
}

struct pair *
report_map_pair(struct report_map *m, const struct pair *p)
{
	struct peer source = map_peer(m, p->source), destination = map_peer(m, p->destination);

	return report_take_pair(m->into, &source, &destination);
}

static size_t
find_file(const struct report *r, const char *path, size_t likely)
{
	if (likely < r->file_count && strcmp(r->files[likely].path, path) == 0)
		return likely;
	for (size_t i = 0; i < r->file_count; i++)
		if (strcmp(r->files[i].path, path) == 0)
			return i;
	return r->file_count;
}

static uint16_t
map_file(struct report_map *m, uint16_t file)
{
	size_t to;

	if (file >= m->from->file_count)
		return UINT16_MAX;
	if (m->files[file] != 0)
		return (uint16_t)(m->files[file] - 1);
	to = find_file(m->into, m->from->files[file].path, file);
	if (to >= UINT16_MAX - 1)
		return UINT16_MAX;
	if (to == m->into->file_count) {
		const struct input_file *f = &m->from->files[file];
		struct input_file *copy = report_add_file(m->into, f->path);

		copy->error = report_text(m->into, f->error);
		copy->state = f->state;
		copy->packets = f->packets;
		copy->bytes = f->bytes;
	}
	m->files[file] = (uint16_t)(to + 1);
	return (uint16_t)to;
}

void
report_map_files(struct report_map *m)
{
	for (size_t i = 0; i < m->from->file_count && i < UINT16_MAX; i++)
		(void)map_file(m, (uint16_t)i);
}

void
report_map_example(struct report_map *m, const struct example *e, struct example *out)
{
	*out = *e;
	out->ja4 = map_text(m, e->ja4);
	out->file = map_file(m, e->file);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		out->basis[claim].clause = map_text(m, e->basis[claim].clause);
		if (out->basis[claim].clause != NULL)
			out->basis[claim].file = map_file(m, e->basis[claim].file);
	}
}

static void
merge_pair(struct report_map *m, const struct pair *p)
{
	struct pair *to = report_map_pair(m, p);

	report_set_name(m->into, to->source, p->source->name);
	report_set_name(m->into, to->destination, p->destination->name);
	for (size_t i = 0; i < p->evidence_count; i++) {
		struct evidence_count more = p->evidence[i];

		report_map_example(m, &p->evidence[i].example, &more.example);
		report_count(m->into, to, report_map_class(m, p->evidence[i].class), &more);
	}
}

struct withdrawal
report_map_withdrawal(struct report_map *m, const struct withdrawal *w)
{
	struct withdrawal to = *w;

	to.pair = report_map_pair(m, w->pair);
	to.class = report_map_class(m, w->class);
	to.file = map_file(m, w->file);
	return to;
}

static void
merge_counters(struct worker_counters *to, const struct worker_counters *more)
{
	to->frames += more->frames;
	to->bytes += more->bytes;
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		to->results[i] += more->results[i];
	to->duplicates += more->duplicates;
	to->table.created += more->table.created;
	to->table.evicted += more->table.evicted;
	to->table.aliases += more->table.aliases;
	to->table.duplicates += more->table.duplicates;
	to->inspector.refused += more->inspector.refused;
	to->inspector.no_memory += more->inspector.no_memory;
	to->inspector.labelled += more->inspector.labelled;
}

static void
merge_name(void *context, const struct address *address, const char *name, int64_t time)
{
	report_add_name(context, address, name, time);
}

void
report_merge(struct report *into, const struct report *from)
{
	struct report_map *m = report_map_new(into, from);

	report_map_files(m);
	report_each_name(from, merge_name, into);
	for (size_t i = 0; i < from->pair_count; i++)
		merge_pair(m, from->pairs[i]);
	for (size_t i = 0; i < from->withdrawal_count; i++) {
		struct withdrawal w = report_map_withdrawal(m, &from->withdrawals[i]);

		report_add_withdrawal(into, &w);
	}
	merge_counters(&into->counters, &from->counters);
	into->folded_pairs += from->folded_pairs;
	report_map_free(m);
}
