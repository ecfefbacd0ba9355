/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between report.c, which gathers, with its parts report_flow.c and report_names.c, and what judges
 * and merges: report_conclude.c, report_merge.c, window.c.
 */
#ifndef PODWIRE_REPORT_INTERNAL_H
#define PODWIRE_REPORT_INTERNAL_H

#include "report.h"

/* report.c: what things are found again by; peers. */

struct dns_name;
struct report_index {
	struct arena_table peers, pairs, classes, evidence, names;
	const struct evidence_class *last_class;
	struct pair *other; /* what max_pairs leaves no room for */
	struct dns_name *first_name, **last_name;
	size_t name_count, file_capacity, pair_capacity, withdrawal_capacity, record_capacity, warning_capacity;
};

/* The array with room for one more. Memory of what only grows by report; its loss would make the report wrong, so it ends the program. */
void *report_grow(void *array, size_t count, size_t *capacity, size_t size);

/* The report's peer like this one, whose texts are the report's; NULL where there is none. */
struct peer *report_find_peer(const struct report *, const struct peer *);

/* A total order of peers by what outputs show of them. */
int peer_compare(const struct peer *, const struct peer *);

/* report_names.c */

/* Gives peers that are only addresses the names that DNS answers told. */
void report_name_peers(struct report *);

/* Names by DNS answers: the last one told of an address stays. NULL where there is none. */
void report_add_name(struct report *, const struct address *, const char *name, int64_t time);
const char *report_name_of(const struct report *, const struct address *);
void report_each_name(const struct report *, void (*each)(void *context, const struct address *, const char *name, int64_t time), void *context);

/* Gives a peer of the report that is an address and has no name one. */
void report_set_name(struct report *, const struct peer *, const char *name);

/* report.c: pairs, classes, counts. */

/*
 * The pair of two peers, whose texts are the report's; only a new pair makes new peers. And the one
 * for all that there is no room for.
 */
struct pair *report_take_pair(struct report *, const struct peer *source, const struct peer *destination);
struct pair *report_other_pair(struct report *);

/* The flows that it has. */
uint64_t report_other_flows(const struct report *);

/* The report's one copy of a class: of whatever texts, or, with zeros between its members, of the report's. */
const struct evidence_class *report_class(struct report *, const struct evidence_class *like);
const struct evidence_class *report_intern_class(struct report *, const struct evidence_class *like);

/* Counts more of a class in a pair; all three are the report's, as are the texts of the example. */
void report_count(struct report *, struct pair *, const struct evidence_class *, const struct evidence_count *more);

/* Adds what is taken back; pair and class are the report's. */
void report_add_withdrawal(struct report *, const struct withdrawal *);

/* report_merge.c */

/* What carries things from one report into another: it remembers what became what. */
struct report_map;
struct report_map *report_map_new(struct report *into, const struct report *from);
void report_map_free(struct report_map *);
void report_map_files(struct report_map *); /* all of them, in their order; else those that examples need */
struct pair *report_map_pair(struct report_map *, const struct pair *);
const struct evidence_class *report_map_class(struct report_map *, const struct evidence_class *);
void report_map_example(struct report_map *, const struct example *, struct example *out);
struct withdrawal report_map_withdrawal(struct report_map *, const struct withdrawal *);

#endif
