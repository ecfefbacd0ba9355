/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what `kubectl get pods,services,... -A -o json` prints into an inventory: a List of mixed
 * kinds, a PodList or any other list of one kind, or a single object.
 */
#ifndef PODWIRE_CLUSTER_JSON_H
#define PODWIRE_CLUSTER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "inventory.h"

/*
 * Adds the objects in size bytes of JSON at text. On an error nothing was added, and error[error_size]
 * holds one line: name, line or JSON path, what was found and what would be right.
 */
bool cluster_json_read(struct inventory *, const char *name, const char *text, size_t size, char *error, size_t error_size);

/* The same from a file. */
bool cluster_json_load(struct inventory *, const char *path, char *error, size_t error_size);

#endif
