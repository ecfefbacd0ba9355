/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The communication score C = sum(W_j C_j) / sum(W_j) of a multiset of evidence classes under a
 * policy set: pure, so that a saved multiset can be scored again.
 */
#ifndef PODWIRE_SCORE_H
#define PODWIRE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence_class.h"
#include "policy_set.h"

struct score_policy {
	uint64_t flows;   /* sum of n_e over the classes that have a value */
	uint64_t millionths; /* sum of n_e * v_j(e) over them, v in millionths: exact in any order */
	bool applicable;  /* some class is */
	uint64_t unobserved; /* flows of applicable classes without a value */
	uint64_t exempt;  /* flows left out by an exemption */
};

/* What has been added up so far; add in any order, the result is the same. Zero it to begin. */
struct score {
	struct score_policy policies[POLICY_COUNT];
	uint64_t recognised; /* flows whose protocol was recognised */
};

/* Adds count flows of a class between two peers; nothing, and false, where the set's scope leaves them out. */
bool score_add(struct score *, const struct policy_set *, const struct evidence_class *, uint64_t count, const struct policy_peer *source, const struct policy_peer *destination, int64_t now);

/* Adds what another score holds: for a namespace, or a cluster. */
void score_merge(struct score *, const struct score *);

/*
 * C_j of the policy with this index; false where it has none, and where nothing at all was
 * recognised: that no flow could be read is no measurement of a pair.
 */
bool score_policy_value(const struct score *, size_t policy, double *value);

/*
 * C; false where nothing was observed: absent, not 0 and not 1. A secondary policy (visibility)
 * alone makes none: to have recognised ICMP says nothing of how a pair protects its traffic.
 */
bool score_value(const struct score *, const struct policy_set *, double *value);

/* The share of the applicable weight that has a value; 0 where nothing is applicable. */
double score_coverage(const struct score *, const struct policy_set *);

#endif
