/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a document of YAML into structs, one reader for each kind of value, which is called with the value's
 * first event at hand and leaves its last one. A mapping is read by a table of its keys, so that unknown,
 * repeated and missing keys are found in one place. The first error ends it: all that return bool return
 * false on one, with a line in the reader's error[].
 */
#ifndef PODWIRE_YAML_READER_H
#define PODWIRE_YAML_READER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	YAML_KEYS_MAX = 64,        /* of a mapping that is read by a table */
	YAML_NAME_SIZE_MAX = 128,  /* names longer than this are never near to one that was meant */
};

struct yaml_reader;

/* From 0. */
struct yaml_place {
	size_t line, column;
};

/* A key of a mapping and how its value is read; index is handed on to read(). */
struct yaml_key {
	const char *name;
	bool (*read)(struct yaml_reader *, void *target, size_t index);
	size_t index;
	bool required;
};

/* The i-th of some names, NULL behind the last; yaml_word_at is that of an array of texts. */
typedef const char *yaml_name_at(const void *names, size_t i);
yaml_name_at yaml_word_at;

/* A reader of text, which has the name in errors; all must outlive it. NULL without memory. Returns owned. */
struct yaml_reader *yaml_reader_new(const char *name, const char *text, size_t size, char *error, size_t error_size);
void yaml_reader_free(struct yaml_reader *);

/* Reads one document with one mapping, and nothing behind it. */
bool yaml_reader_document(struct yaml_reader *, const char *expected, const struct yaml_key *, void *target);

/* States an error at a place, of the event at hand, or of memory. Each returns false, which is what its callers return. */
bool yaml_reader_fail_at(struct yaml_reader *, struct yaml_place, const char *found, const char *expected, ...) __attribute__((format(printf, 4, 5)));
bool yaml_reader_refuse(struct yaml_reader *, const char *expected, ...) __attribute__((format(printf, 2, 3)));
bool yaml_reader_refuse_repeated(struct yaml_reader *, size_t first_line);
bool yaml_reader_fail_memory(struct yaml_reader *);

/* Where the event at hand is; and its text, NULL where it is no scalar. */
struct yaml_place yaml_reader_place(const struct yaml_reader *);
const char *yaml_reader_scalar(const struct yaml_reader *);

/* Goes on to the next event. */
bool yaml_reader_next(struct yaml_reader *);

/* Reads a mapping by its keys, which end with a NULL name. */
bool yaml_reader_mapping(struct yaml_reader *, const struct yaml_key *, void *target);

/* Checks that a mapping or a list begins. */
bool yaml_reader_enter_mapping(struct yaml_reader *);
bool yaml_reader_enter_list(struct yaml_reader *, const char *expected);

/* Goes on to the next key or item. False at the end, and on an error, where *ok is false too. */
bool yaml_reader_next_key(struct yaml_reader *, bool *ok);
bool yaml_reader_next_item(struct yaml_reader *, bool *ok);

/* The list with room for one more item, which is zeroed; NULL, with an error, where there is none. */
void *yaml_reader_make_room(struct yaml_reader *, void *items, size_t count, size_t item_size);

/* Finds the scalar at hand among the names. */
bool yaml_reader_name(struct yaml_reader *, yaml_name_at *, const void *names, size_t *index);

/* Reads a plain scalar as a number, or a whole one, in a range. */
bool yaml_reader_number(struct yaml_reader *, double minimum, double maximum, bool whole, double *);

/* Checks the scalar at hand to be text with more than blanks in it; copies it too, owned by the caller. */
bool yaml_reader_check_text(struct yaml_reader *, size_t size_max);
bool yaml_reader_copy_text(struct yaml_reader *, size_t size_max, char **);

#endif
