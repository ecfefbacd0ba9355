/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cumulative series that Prometheus scrapes: flows and bytes by pair, service, protocol,
 * encryption and authentication; findings; what each policy observed. A value never goes back while
 * its series lives; a pair that was not seen for some time goes away with all its series. Labels are
 * Istio's, and are few: of the addresses that no workload has, public ones are all "external".
 */
#ifndef PODWIRE_SERIES_H
#define PODWIRE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

/* Texts are never NULL: "" where there is nothing to say. */
struct series_labels {
	const char *source_workload, *source_workload_namespace;
	const char *destination_workload, *destination_workload_namespace;
	const char *destination_service; /* "namespace/name", or "" */
	const char *protocol;            /* "unknown" where it is */
};

struct series_traffic {
	struct series_labels labels;
	size_t pair;            /* a number less than the pairs of series_totals(): the same ends */
	uint8_t encryption;     /* enum encryption_state */
	uint8_t authentication; /* enum auth_result */
	uint64_t flows, bytes;
};

struct series_finding {
	struct series_labels labels;
	size_t pair;            /* as above */
	const char *type;
	enum severity severity;
	uint64_t count;         /* of findings, each counted once */
};

/* What a policy said of the flows to a namespace. */
struct series_policy {
	const char *destination_workload_namespace;
	const char *policy;
	uint64_t observed;      /* flows with a value: sum of n */
	double satisfied;       /* sum of n * value */
};

struct series;

/* Pairs over max_pairs are counted as from "other" to "other"; those unseen for `expire` nanoseconds go. Returns owned. */
struct series *series_new(size_t max_pairs, int64_t expire);
void series_free(struct series *);

/* Adds what a delta gathered. now is of a clock that does not go back; the policies are those in force. */
void series_add(struct series *, const struct report *delta, const struct policy_set *, int64_t now);

/* Counts the findings of a concluded report that were not counted before, as long as their pair lives. */
void series_add_findings(struct series *, const struct report *concluded);

/* Lets go of pairs that were not seen lately. */
void series_expire(struct series *, int64_t now);

/* In the order in which they came; the texts are the series'. */
void series_each_traffic(const struct series *, void (*each)(void *context, const struct series_traffic *), void *context);
void series_each_finding(const struct series *, void (*each)(void *context, const struct series_finding *), void *context);
void series_each_policy(const struct series *, void (*each)(void *context, const struct series_policy *), void *context);

struct series_totals {
	size_t pairs, traffic, findings; /* series now */
	uint64_t folded_flows;    /* since the start: flows counted as "other" for want of room */
	uint64_t ignored_findings; /* since the start: not counted for want of room */
};
void series_totals(const struct series *, struct series_totals *out);

/* The labels of one end, as all metrics have them. text holds an address. */
const char *series_workload(const struct peer *, char text[ADDRESS_TEXT_SIZE]);
const char *series_namespace(const struct peer *);

/*
 * The scores of a concluded report's pairs by their labels: pairs with the same ones (all that is
 * "external", say) are one. Sorted by label; service and protocol are "".
 */
struct series_score {
	struct series_labels labels;
	struct score score;
	bool has_c;
	double c, coverage;
};

struct series_scores {
	struct series_score *items;
	size_t count;
	struct arena *arena; /* of the texts */
};

/* Returns owned. */
struct series_scores *series_scores_new(const struct report *concluded);
void series_scores_free(struct series_scores *);

#endif
