/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of pairs, and the scores of pairs by them. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "geoip.h"
#include "series.h"

const char *
series_workload(const struct peer *p, char text[ADDRESS_TEXT_SIZE])
{
	if (!p->has_address)
		return p->workload != NULL ? p->workload : "";
	/* The internet must not make series. */
	return geoip_is_public(&p->address) ? "external" : address_text(&p->address, text);
}

const char *
series_namespace(const struct peer *p)
{
	return p->has_address || p->namespace == NULL ? "" : p->namespace;
}

/* Texts are the arena's: equal labels have equal bytes. */
static struct series_labels
labels_of(struct arena *arena, const struct pair *p)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];

	return (struct series_labels){
		.source_workload = arena_text(arena, series_workload(p->source, source)),
		.source_workload_namespace = arena_text(arena, series_namespace(p->source)),
		.destination_workload = arena_text(arena, series_workload(p->destination, destination)),
		.destination_workload_namespace = arena_text(arena, series_namespace(p->destination)),
		.destination_service = arena_text(arena, ""),
		.protocol = arena_text(arena, ""),
	};
}

static struct series_score *
take(struct series_scores *s, struct arena_table *table, const struct series_labels *labels)
{
	uint64_t hash = arena_hash(s->arena, labels, sizeof(*labels));
	struct series_score *score;

	for (const struct arena_entry *e = arena_table_first(table, hash); e != NULL; e = arena_table_next(e)) {
		score = e->value;
		if (memcmp(&score->labels, labels, sizeof(*labels)) == 0)
			return score;
	}
	score = &s->items[s->count++];
	*score = (struct series_score){ .labels = *labels };
	arena_table_add(table, s->arena, hash, score);
	return score;
}

static int
compare(const void *a, const void *b)
{
	const struct series_labels *x = &((const struct series_score *)a)->labels, *y = &((const struct series_score *)b)->labels;
	int order;

	if ((order = strcmp(x->source_workload_namespace, y->source_workload_namespace)) != 0)
		return order;
	if ((order = strcmp(x->source_workload, y->source_workload)) != 0)
		return order;
	if ((order = strcmp(x->destination_workload_namespace, y->destination_workload_namespace)) != 0)
		return order;
	return strcmp(x->destination_workload, y->destination_workload);
}

struct series_scores *
series_scores_new(const struct report *r)
{
	struct series_scores *s = calloc(1, sizeof(*s));
	struct arena_table table = { 0 };

	if (s == NULL)
		abort();
	s->arena = arena_new();
	s->items = calloc(r->pair_count + 1, sizeof(*s->items));
	if (s->items == NULL)
		abort();
	for (size_t i = 0; i < r->pair_count; i++) {
		struct series_labels labels = labels_of(s->arena, r->pairs[i]);

		score_merge(&take(s, &table, &labels)->score, &r->pairs[i]->score);
	}
	arena_table_clear(&table);
	for (size_t i = 0; i < s->count; i++) {
		s->items[i].has_c = score_value(&s->items[i].score, r->policies, &s->items[i].c);
		s->items[i].coverage = score_coverage(&s->items[i].score, r->policies);
	}
	if (s->count > 0)
		qsort(s->items, s->count, sizeof(*s->items), compare);
	return s;
}

void
series_scores_free(struct series_scores *s)
{
	if (s == NULL)
		return;
	arena_free(s->arena);
	free(s->items);
	free(s);
}
