/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read the kinds of objects share. */
#ifndef PODWIRE_CLUSTER_OBJECTS_INTERNAL_H
#define PODWIRE_CLUSTER_OBJECTS_INTERNAL_H

#include "cluster_values.h"

/* The object with what its metadata says; NULL where it has no uid or no name. */
struct object *cluster_object_new(struct cluster_reader *, const struct json_spot *top, enum object_kind);

/* Read one object of a kind; NULL likewise. */
struct object *cluster_namespace_read(struct cluster_reader *, const struct json_spot *top);
struct object *cluster_network_policy_read(struct cluster_reader *, const struct json_spot *top);

#endif
