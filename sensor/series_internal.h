/* SPDX-License-Identifier: Apache-2.0 */
/* What series.c keeps, for state_series.c, which writes and reads it. */
#ifndef PODWIRE_SERIES_INTERNAL_H
#define PODWIRE_SERIES_INTERNAL_H

#include "arena.h"
#include "series.h"

/* All that is in a list begins with this. */
struct series_item {
	struct series_item *next;
};

/* The two ends of labels. */
struct series_ends {
	const char *source_workload, *source_namespace, *destination_workload, *destination_namespace;
};

struct series_pair {
	struct series_item item;
	struct series_ends ends;
	size_t number;     /* from 0, in their order */
	int64_t last_seen; /* by the clock of series_add() */
};

struct traffic_row {
	struct series_item item;
	struct series_pair *pair;
	const char *service, *protocol;
	uint8_t encryption, authentication;
	uint64_t flows, bytes;
};

struct finding_row {
	struct series_item item;
	struct series_pair *pair;
	const char *service, *protocol, *type;
	enum severity severity;
	uint64_t count;
};

/* A finding that was counted. */
struct known_finding {
	struct series_item item;
	struct series_pair *pair;
	uint64_t id;
};

struct namespace_row {
	struct series_item item;
	const char *namespace;
	int64_t last_seen;
	uint64_t observed[POLICY_COUNT], millionths[POLICY_COUNT];
};

/* A list in the order in which its items came, and a table to find them. */
struct series_list {
	struct series_item *first, **last;
	size_t count;
	struct arena_table table;
};

struct series {
	size_t max_pairs;
	int64_t expire;
	struct arena *arena;
	struct series_list pairs, traffic, findings, known, namespaces;
	struct series_pair *other;
	uint64_t folded_flows, ignored_findings;
};

/* Adds to a counter; it stops rather than go back, or past what JSON readers hold. */
void series_count(uint64_t *counter, uint64_t more);

/* The items of a list, one after the other. */
const void *series_first(const struct series_list *);
const void *series_next(const struct series_item *);

/* Each is made where there is none; where there is no room, another takes its place. Texts are any; NULL is "". */
struct series_pair *series_take_pair(struct series *, const struct series_ends *);
struct traffic_row *series_take_traffic(struct series *, struct series_pair *, const char *service, const char *protocol, uint8_t encryption, uint8_t authentication);
struct finding_row *series_take_finding(struct series *, struct series_pair *, const char *service, const char *protocol, const char *type, enum severity);
struct namespace_row *series_take_namespace(struct series *, const char *namespace);

/* Remembers a finding; false where it was known, or where there is no room. */
bool series_remember(struct series *, struct series_pair *, uint64_t id, bool *full);

#endif
