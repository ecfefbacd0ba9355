/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the NetworkPolicies of the cluster say of a connection, as they are written: whether anything
 * enforces them is another question. A direction of a pod that no policy selects is open; else what
 * any rule of any such policy allows is allowed. Both the source's egress and the destination's
 * ingress must agree.
 */
#ifndef PODWIRE_INVENTORY_POLICY_H
#define PODWIRE_INVENTORY_POLICY_H

#include "inventory.h"

enum network_verdict {
	NETWORK_UNKNOWN,      /* an end is not known, a policy is not known or has just changed, ICMP where a policy selects */
	NETWORK_NOT_SELECTED, /* by any policy; or from the pod itself or its own node, which no policy can keep from it */
	NETWORK_ALLOWED,
	NETWORK_DENIED,
};

struct network_answer {
	enum network_verdict verdict;
	bool egress;                    /* it was decided at the source; else at the destination */
	const char *namespace, *policy; /* one that allows, or one that selects and so denies: the inventory's, "" where none does */
	bool by_address;                /* an ipBlock decided: it is less sure, since plugins differ in which addresses they compare */
};

/*
 * A connection from source to port of destination, which began at time (nanoseconds since 1970).
 * destination is the pod's own address, and port its own: after translation of a Service.
 */
void inventory_policy_verdict(const struct inventory *, const struct address *source, const struct address *destination, uint16_t port, uint8_t ip_protocol, int64_t time, struct network_answer *out);

#endif
