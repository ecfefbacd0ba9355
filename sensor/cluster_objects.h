/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the Kubernetes API, parsed from JSON, as the inventory keeps them. */
#ifndef PODWIRE_CLUSTER_OBJECTS_H
#define PODWIRE_CLUSTER_OBJECTS_H

#include "cluster_values.h"

/*
 * The object at top, in the memory of the reader's inventory but not put there; NULL after an
 * error, for kinds that are not used, and for objects without a uid or a name. The items of a list
 * of one kind do not say theirs: list_kind and list_version do, "" where there is no such list. With an
 * expected kind, see cluster_objects_identify() for what is refused, and the reader's "known".
 */
struct object *cluster_objects_read(struct cluster_reader *, const struct json_spot *top, const char *list_kind, const char *list_version);

/*
 * The uid and the version of the object at top, for as long as that is; false, with an error, where
 * it is not of the reader's expected kind or has none.
 */
bool cluster_objects_identify(struct cluster_reader *, const struct json_spot *top, enum object_kind *, const char **uid, const char **version);

#endif
