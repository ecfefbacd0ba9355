/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a Kubernetes API: the path and query of each request. */
#ifndef PODWIRE_KUBE_TARGET_H
#define PODWIRE_KUBE_TARGET_H

#include <stddef.h>

#include "status.h"

enum kube_ask { KUBE_ASK_INITIAL, KUBE_ASK_LIST, KUBE_ASK_WATCH };

enum { KUBE_TARGET_SIZE = 16384 }; /* a continue token with every byte escaped, and the rest */

struct kube_target {
	enum kube_kind kind;
	enum kube_ask ask;
	const char *node;    /* of pods and nodes; NULL: of all nodes */
	const char *version; /* "": the most recent */
	const char *more;    /* of a list: the continue token, "": the first page */
	unsigned limit;      /* of a list: objects in a page */
	unsigned timeout;    /* of a watch: s */
};

/* "pods" */
const char *kube_kind_name(enum kube_kind);

/* "/api/v1/pods?watch=1..." */
void kube_target_write(const struct kube_target *, char *out, size_t size);

#endif
