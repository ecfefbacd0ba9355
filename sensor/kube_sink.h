/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the objects of a Kubernetes API go: one table for each kind, keyed by uid. The client calls
 * these from its event loop; text lives until the call returns; time is ns since 1970.
 */
#ifndef PODWIRE_KUBE_SINK_H
#define PODWIRE_KUBE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum kube_change { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED };

struct kube_sink {
	/*
	 * One object, as a watch has it. ADDED of an object that is there already is no error. DELETED
	 * has the object's state before; it may have left the selection only. False, with a line in
	 * error, where it cannot be read: it is counted and passed over.
	 */
	bool (*object)(void *context, enum kube_kind, enum kube_change, const char *json, size_t size, int64_t time, char *error, size_t error_size);

	/* One page of a list (PodList and so on), whole. False as above: the list then starts again later. */
	bool (*page)(void *context, enum kube_kind, const char *json, size_t size, int64_t time, char *error, size_t error_size);

	/*
	 * All objects there are follow, and changes among them; at the end, what was not told of since
	 * the last begin is no more. A begin without an end (the list was cut short) removes nothing,
	 * and another begin follows. anew: they were asked for without regard to what is known, since the
	 * server's storage may have been restored: of an object there, an older version than the one
	 * known is right.
	 */
	void (*relist_begin)(void *context, enum kube_kind, bool anew);
	void (*relist_end)(void *context, enum kube_kind, int64_t time);

	/* How many there are, for the status; may be NULL. */
	uint64_t (*count)(void *context, enum kube_kind);
	void *context;
};

#endif
