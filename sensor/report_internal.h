/* SPDX-License-Identifier: Apache-2.0 */
/* Between report.c, which gathers, and what judges and merges: report_conclude.c, report_merge.c, window.c. */
#ifndef PODWIRE_REPORT_INTERNAL_H
#define PODWIRE_REPORT_INTERNAL_H

#include "report.h"

/* Gives peers that are only addresses the names that DNS answers told. */
void report_name_peers(struct report *);

/* A total order of peers by what outputs show of them. */
int peer_compare(const struct peer *, const struct peer *);

/*
 * The pair of two peers, whose texts are the report's; only a new pair makes new peers. And the one
 * for all that there is no room for.
 */
struct pair *report_take_pair(struct report *, const struct peer *source, const struct peer *destination);
struct pair *report_other_pair(struct report *);

/* The flows that it has. */
uint64_t report_other_flows(const struct report *);

/* The report's one copy of a class of whatever texts. */
const struct evidence_class *report_class(struct report *, const struct evidence_class *like);

/* Counts more of a class in a pair; all three are the report's, as are the texts of the example. */
void report_count(struct report *, struct pair *, const struct evidence_class *, const struct evidence_count *more);

/* Names by DNS answers: the last one told of an address stays. NULL where there is none. */
void report_add_name(struct report *, const struct address *, const char *name, int64_t time);
const char *report_name_of(const struct report *, const struct address *);
void report_each_name(const struct report *, void (*each)(void *context, const struct address *, const char *name, int64_t time), void *context);

/* Gives a peer of the report that is an address and has no name one. */
void report_set_name(struct report *, const struct peer *, const char *name);

/* What carries things from one report into another: it remembers what became what. */
struct report_map;
struct report_map *report_map_new(struct report *into, const struct report *from);
void report_map_free(struct report_map *);
void report_map_files(struct report_map *); /* all of them, in their order; else those that examples need */
struct pair *report_map_pair(struct report_map *, const struct pair *);
const struct evidence_class *report_map_class(struct report_map *, const struct evidence_class *);
void report_map_example(struct report_map *, const struct example *, struct example *out);

#endif
