/* SPDX-License-Identifier: Apache-2.0 */
/* Metric families as text: names, labels, numbers, escapes of both formats. For metrics*.c alone. */
#ifndef PODWIRE_METRICS_TEXT_H
#define PODWIRE_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "metrics.h"

struct snapshot;

struct metric_family;

/* Text on its way to a stream, in pieces that fit a processor's cache. */
struct metrics_text {
	FILE *out;
	enum metrics_format format;
	const struct metric_family *family; /* whose samples' name is in name */
	size_t name_size, size;
	char name[128], data[32768];
};

void metrics_begin(struct metrics_text *, FILE *, enum metrics_format);

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO };

/* A counter's name is without _total, which its samples get; an info's without _info. */
struct metric_family {
	const char *name, *help;
	const char *unit; /* or NULL; the name ends with it */
	enum metric_type type;
};

/* The lines that begin a family. All its samples follow before the next one begins. */
void metrics_family(struct metrics_text *, const struct metric_family *);

/* A label set under construction: a text of its own, so that it can be made once for many samples. It begins with its brace. */
struct metrics_labels {
	char *data;
	size_t size, capacity;
};

void metrics_labels_clear(struct metrics_labels *); /* keeps its memory */
void metrics_labels_free(struct metrics_labels *);

/* Appends labels that are laid out already: those, or a piece of those, of another set. */
void metrics_labels_append(struct metrics_labels *, const char *text, size_t size);

/* value is escaped, and what is not UTF-8 in it replaced; NULL counts as "". */
void metrics_label_sized(struct metrics_labels *, const char *name, size_t name_size, const char *value);

/* Here, for the compiler to see how long the names are. */
static inline void
metrics_label(struct metrics_labels *l, const char *name, const char *value)
{
	metrics_label_sized(l, name, strlen(name), value);
}

/* One sample; labels may be NULL. */
void metrics_count(struct metrics_text *, const struct metric_family *, const struct metrics_labels *, uint64_t value);
void metrics_value(struct metrics_text *, const struct metric_family *, const struct metrics_labels *, double value);

/* Ends the text, and has all of it written. */
void metrics_end(struct metrics_text *);

/* Parts of the whole, each some families. */
void metrics_pairs(struct metrics_text *, const struct snapshot *);
void metrics_sensor(struct metrics_text *, const struct snapshot *);

#endif
