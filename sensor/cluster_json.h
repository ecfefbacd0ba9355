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

enum { CLUSTER_VERSION_SIZE = 513, CLUSTER_CONTINUE_SIZE = 8193 };

/*
 * Adds the objects in size bytes of JSON at text. On an error nothing was added, and error[error_size]
 * holds one line: name, line or JSON path, what was found and what would be right.
 */
bool cluster_json_read(struct inventory *, const char *name, const char *text, size_t size, char *error, size_t error_size);

/* The same from a file. */
bool cluster_json_load(struct inventory *, const char *path, char *error, size_t error_size);

/*
 * What follows reads answers of the API server. kind is that of the object or of the list's items
 * ("Pod"), as in the text, where it may be absent: another is refused. time is when the answer came. After
 * an error nothing was changed.
 */

/* What an object, or a list, says of itself. */
struct cluster_object_id {
	char uid[CLUSTER_VERSION_SIZE];     /* "" where absent */
	char version[CLUSTER_VERSION_SIZE]; /* metadata.resourceVersion */
};

/* The object of an ADDED or MODIFIED event is put; that of a DELETED one removed. *out may be NULL. */
bool cluster_json_read_object(struct inventory *, const char *kind, int64_t time, const char *text, size_t size, struct cluster_object_id *out, char *error, size_t error_size);
bool cluster_json_remove_object(struct inventory *, const char *kind, int64_t time, const char *text, size_t size, struct cluster_object_id *out, char *error, size_t error_size);

struct cluster_page {
	char version[CLUSTER_VERSION_SIZE];            /* the list's */
	char continue_token[CLUSTER_CONTINUE_SIZE];    /* "": this was the last page */
	size_t objects;
};

/* One page of a list; it must be whole. */
bool cluster_json_read_page(struct inventory *, const char *kind, int64_t time, const char *text, size_t size, struct cluster_page *out, char *error, size_t error_size);

#endif
