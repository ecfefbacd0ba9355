/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy set: which policies count how much, with which parameters, for which traffic, and what
 * is exempt. Read from YAML, every error with line and column.
 */
#ifndef PODWIRE_POLICY_SET_H
#define PODWIRE_POLICY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* One end of a pair, as exemptions and scope match it; NULL members are not known. */
struct policy_peer {
	const char *namespace, *kind, *workload, *ip;
};

/* Patterns with * and ? (as in fnmatch); NULL matches anything. */
struct peer_pattern {
	char *namespace, *kind, *workload, *ip; /* ip: an address or a CIDR prefix */
};

struct exemption {
	char **policies; /* names; NULL: all */
	size_t policy_count;
	struct peer_pattern source, destination;
	char *protocol; /* pattern, or NULL */
	uint16_t port;  /* 0: any */
	char *reason;   /* required */
	int64_t expires; /* required: the first second, UTC, at which it no longer counts */
	int line;       /* where it stands in the file */
};

struct scope_rule {
	struct peer_pattern source, destination;
	char *protocol;
	uint16_t port;
};

struct policy_set {
	char *name;
	struct policy_setting settings[POLICY_COUNT]; /* in the order of policies[] */
	struct scope_rule *include; /* none: everything */
	size_t include_count;
	struct scope_rule *exclude;
	size_t exclude_count;
	struct exemption *exemptions;
	size_t exemption_count;
};

/* The set that is in force where no file is given: the same as policies/default.yaml. Returns owned. */
struct policy_set *policy_set_default(void);
void policy_set_free(struct policy_set *);

/*
 * Reads size bytes of YAML at text. NULL on an error, with one line in error[error_size]:
 * "NAME:LINE:COLUMN: what was found, what would be right". Returns owned.
 */
struct policy_set *policy_set_read(const char *name, const char *text, size_t size, char *error, size_t error_size);

/* Whether the set looks at traffic of this class from source to destination at all. */
bool policy_set_in_scope(const struct policy_set *, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *);

/*
 * The exemption that covers this policy, class and pair at time now (seconds since 1970), or NULL.
 * An exempt class does not count for that policy: it is not applicable there.
 */
const struct exemption *policy_set_exempt(const struct policy_set *, const struct policy *, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *, int64_t now);

#endif
