/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of parsed JSON (jansson), each with its place, so that an error can name it:
 * `pods.json: items[3].status.podIPs[0].ip: "10.0.0" is no IP address`. A null is as good as
 * absent: the Kubernetes API writes both.
 */
#ifndef PODWIRE_JSON_READER_H
#define PODWIRE_JSON_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "inventory_objects.h"

enum { READER_QUOTE_LIMIT = 64 }; /* bytes of a refused value that an error repeats */

/* After an error all values are absent: read all, then ask once, if (r->failed). */
struct reader {
	struct inventory *inv; /* keeps the names */
	const char *name;      /* of the text, for errors */
	char *error;
	size_t error_size;
	bool failed;
};

/* A value and where it is. */
struct spot {
	json_t *value;             /* NULL: absent, has no members and no elements */
	const struct spot *parent; /* NULL: the top */
	const char *key;           /* NULL: an array's element, number index */
	size_t index;
};

/* Sets the error, unless there is one: about the text as a whole, or about a value. */
__attribute__((format(printf, 2, 3))) void reader_fail(struct reader *, const char *format, ...);
__attribute__((format(printf, 3, 4))) void reader_fail_at(struct reader *, const struct spot *, const char *format, ...);

/* Whether the value is of a type; one that is neither that nor null is an error. */
bool reader_is(struct reader *, const struct spot *, json_type);

/* *out is the member of parent with key: of any type, or of one. */
bool reader_member(const struct reader *, const struct spot *parent, const char *key, struct spot *out);
bool reader_member_of(struct reader *, const struct spot *parent, const char *key, json_type, struct spot *out);

/* The elements of an array. */
size_t reader_count(const struct spot *array);
bool reader_element(struct reader *, const struct spot *array, size_t index, json_type, struct spot *out);

/* Members by type; "", false, 0 and INVENTORY_TIME_OPEN for what is absent. */
const char *reader_string(struct reader *, const struct spot *parent, const char *key); /* as it is: to be compared, never kept */
const char *reader_name(struct reader *, const struct spot *parent, const char *key);   /* fit to be printed; the inventory's */
bool reader_flag(struct reader *, const struct spot *parent, const char *key);
uint16_t reader_port(struct reader *, const struct spot *parent, const char *key);
uint8_t reader_protocol(struct reader *, const struct spot *parent); /* its member "protocol": TCP where absent */
int64_t reader_time(struct reader *, const struct spot *parent, const char *key);

/* The value itself: whether text can be a name, a port's number, an address (false where empty). */
bool reader_check_name(struct reader *, const struct spot *, const char *text);
uint16_t reader_port_value(struct reader *, const struct spot *);
bool reader_address(struct reader *, const struct spot *, struct address *out);

#endif
