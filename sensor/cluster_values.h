/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as the Kubernetes API writes them: names, ports, times, addresses. Nothing has to be there,
 * and a null is as good as absent.
 */
#ifndef PODWIRE_CLUSTER_VALUES_H
#define PODWIRE_CLUSTER_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "inventory_objects.h"
#include "json_document.h"

struct cluster_reader {
	struct json_document document;
	struct inventory *inv; /* keeps the names */
	/* Answers of the API server, which say more surely what they are; of a file NULL and false. */
	const char *expected_kind; /* no other */
	struct object *known;      /* set where the inventory has the object as it is: nothing more of it is read */
};

/* *out is the member of parent, the element of array, of a type; it has no members and no elements where there is none. */
bool cluster_member(struct cluster_reader *, const struct json_spot *parent, const char *key, enum json_value_type, struct json_spot *out);
bool cluster_element(struct cluster_reader *, const struct json_spot *array, size_t index, enum json_value_type, struct json_spot *out);

/* Members by what they say; "", false, 0 and INVENTORY_TIME_OPEN for what is absent. */
const char *cluster_string(struct cluster_reader *, const struct json_spot *parent, const char *key); /* as it is: to be compared, never kept */
const char *cluster_name(struct cluster_reader *, const struct json_spot *parent, const char *key);   /* fit to be printed; the inventory's */
bool cluster_flag(struct cluster_reader *, const struct json_spot *parent, const char *key);
uint16_t cluster_port(struct cluster_reader *, const struct json_spot *parent, const char *key);
uint8_t cluster_protocol(struct cluster_reader *, const struct json_spot *parent); /* its member "protocol": TCP where absent */
int64_t cluster_time(struct cluster_reader *, const struct json_spot *parent, const char *key);

/* Labels, or a selector: a map of strings, as inventory_label() of each. */
const char **cluster_labels(struct cluster_reader *, const struct json_spot *map, size_t *count);

/* The value itself: whether text can be a name, an address (false where empty). */
bool cluster_check_name(struct cluster_reader *, const struct json_spot *, const char *text);
bool cluster_address(struct cluster_reader *, const struct json_spot *, struct address *out);

#endif
