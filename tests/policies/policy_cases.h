/* SPDX-License-Identifier: Apache-2.0 */
/* Table-driven tests of a policy: what it says of a class, and which findings it has. */
#ifndef PODWIRE_POLICY_CASES_H
#define PODWIRE_POLICY_CASES_H

#include "dissectors/evidence.h"
#include "policies/policy_set.h"

#define IS_NOT_APPLICABLE (-1.0)
#define IS_NOT_OBSERVED (-2.0)

struct policy_case {
	const char *what;
	struct evidence_class class;
	double value;         /* or one of the two above */
	const char *findings; /* "type severity, type severity"; NULL: none */
};

/*
 * Checks all cases, the last of which has what == NULL, against the default set changed by yaml,
 * the lines below "policies:" (NULL: unchanged).
 */
void check_policy_cases(const struct policy *, const char *yaml, const struct policy_case *);

#endif
