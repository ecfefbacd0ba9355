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

#include "ip_prefix.h"
#include "policy.h"

/* One end of a pair, as exemptions and scope match it; NULL or "": not known. */
struct policy_peer {
	const char *namespace, *kind, *workload, *ip;
};

/*
 * Patterns: * is any text, ? any one character, letters match without case; NULL matches anything.
 * A pattern, be it "*", never matches what is not known.
 */
struct peer_pattern {
	char *namespace, *kind, *workload;
	bool has_ip;
	struct ip_prefix ip;
};

/* Traffic, as exemptions and scope describe it: all that is given must match. */
struct traffic_pattern {
	struct peer_pattern source, destination;
	char *protocol; /* pattern, or NULL; a class without protocol is "unknown" */
	uint16_t port;  /* of the server; 0: any */
};

struct exemption {
	const struct policy *policies[POLICY_COUNT];
	size_t policy_count; /* 0: all policies */
	struct traffic_pattern traffic;
	char *reason;
	int64_t expires; /* the first second, UTC, at which it no longer counts */
	int line;       /* where it stands in the file */
};

struct policy_set {
	char *name;
	struct policy_setting settings[POLICY_COUNT]; /* in the order of policies[] */
	struct traffic_pattern *include; /* none: everything */
	size_t include_count;
	struct traffic_pattern *exclude;
	size_t exclude_count;
	struct exemption *exemptions;
	size_t exemption_count;
};

/* The set that is in force where no file is given: the same as policies/default.yaml. Returns owned; NULL: out of memory. */
struct policy_set *policy_set_default(void);
void policy_set_free(struct policy_set *);

enum { POLICY_SET_SIZE_MAX = 1 << 20, POLICY_SET_ERROR_SIZE = 1024 };

/*
 * Reads size bytes of YAML at text. What the file does not mention keeps its default. NULL on an
 * error, with one line in error[error_size] (POLICY_SET_ERROR_SIZE holds any):
 * "NAME:LINE:COLUMN: found X, expected Y". Returns owned.
 */
struct policy_set *policy_set_read(const char *name, const char *text, size_t size, char *error, size_t error_size);

/* Whether the set looks at traffic of this class from source to destination at all. */
bool policy_set_in_scope(const struct policy_set *, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *);

/*
 * The exemption that covers this policy, class and pair at time now (seconds since 1970, of the
 * traffic rather than the clock), or NULL. An exempt class does not count for that policy: it is not
 * applicable there.
 */
const struct exemption *policy_set_exempt(const struct policy_set *, const struct policy *, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *, int64_t now);

/*
 * What the policy with this index says of a class of a pair in scope, weight and exemptions
 * considered: NOT_APPLICABLE where it is off or exempt. *exemption, if asked for, is set to the
 * exemption that made it so where the policy would have applied, else to NULL.
 */
struct policy_value policy_set_value(const struct policy_set *, size_t policy, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *, int64_t now, const struct exemption **exemption);

#endif
