/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics_text.h. */
#include <config.h>

#include "metrics_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output_text.h"

/* Makes room for more bytes at the end of data. */
static void
reserve(char **data, size_t size, size_t *capacity, size_t more)
{
	if (*capacity - size >= more)
		return;
	*capacity = (size + more) * 2 + 256;
	*data = realloc(*data, *capacity);
	if (*data == NULL)
		abort();
}

static void
flush(struct metrics_text *t)
{
	(void)fwrite(t->data, 1, t->size, t->out);
	t->size = 0;
}

static void
put(struct metrics_text *t, const char *text, size_t size)
{
	if (size > sizeof(t->data) - t->size)
		flush(t);
	if (size > sizeof(t->data)) {
		(void)fwrite(text, 1, size, t->out);
		return;
	}
	memcpy(t->data + t->size, text, size);
	t->size += size;
}

static void
puts_to(struct metrics_text *t, const char *text)
{
	put(t, text, strlen(text));
}

/* Families. */

static const char *
suffix_of(const struct metric_family *f)
{
	return f->type == METRIC_COUNTER ? "_total" : f->type == METRIC_INFO ? "_info" : "";
}

/* The older format knows samples by their whole name, and no info. */
static void
put_family_line(struct metrics_text *t, const char *what, const struct metric_family *f, const char *text)
{
	puts_to(t, what);
	puts_to(t, f->name);
	if (t->format == METRICS_PROMETHEUS)
		puts_to(t, suffix_of(f));
	put(t, " ", 1);
	puts_to(t, text);
	put(t, "\n", 1);
}

void
metrics_family(struct metrics_text *t, const struct metric_family *f)
{
	static const char *const types[] = { [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_INFO] = "info" };

	put_family_line(t, "# HELP ", f, f->help);
	put_family_line(t, "# TYPE ", f, t->format == METRICS_PROMETHEUS && f->type == METRIC_INFO ? "gauge" : types[f->type]);
	if (t->format == METRICS_OPENMETRICS && f->unit != NULL)
		put_family_line(t, "# UNIT ", f, f->unit);
}

/* Labels. */

void
metrics_labels_clear(struct metrics_labels *l)
{
	l->size = 0;
}

void
metrics_labels_free(struct metrics_labels *l)
{
	free(l->data);
	*l = (struct metrics_labels){ 0 };
}

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Appends a character of text as a label's value has it, at most 3 bytes or its own; returns how much of text it was. */
static size_t
put_character(char *out, size_t *size, const char *text, size_t left)
{
	size_t length = output_utf8_size(text, left);
	char escape = *text == '\n' ? 'n' : *text == '"' || *text == '\\' ? *text : '\0';

	if (escape != '\0') {
		out[(*size)++] = '\\';
		out[(*size)++] = escape;
		return 1;
	}
	if (length == 0) {
		memcpy(out + *size, "\xef\xbf\xbd", 3); /* U+FFFD */
		*size += 3;
		return 1;
	}
	memcpy(out + *size, text, length);
	*size += length;
	return length;
}

void
metrics_label(struct metrics_labels *l, const char *name, const char *value)
{
	size_t name_size = strlen(name), left = value != NULL ? strlen(value) : 0;

	reserve(&l->data, l->size, &l->capacity, name_size + 3 * left + 4);
	if (l->size > 0)
		l->data[l->size++] = ',';
	memcpy(l->data + l->size, name, name_size);
	l->size += name_size;
	l->data[l->size++] = '=';
	l->data[l->size++] = '"';
	while (left > 0) {
		size_t plain = 0, taken;

		while (plain < left && is_plain((unsigned char)value[plain]))
			plain++;
		memcpy(l->data + l->size, value, plain);
		l->size += plain;
		value += plain;
		left -= plain;
		if (left == 0)
			break;
		taken = put_character(l->data, &l->size, value, left);
		value += taken;
		left -= taken;
	}
	l->data[l->size++] = '"';
}

/* Samples. */

static void
put_name(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l)
{
	puts_to(t, f->name);
	puts_to(t, suffix_of(f));
	if (l != NULL && l->size > 0) {
		put(t, "{", 1);
		put(t, l->data, l->size);
		put(t, "}", 1);
	}
	put(t, " ", 1);
}

static void
put_count(struct metrics_text *t, uint64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put(t, digits + at, sizeof(digits) - at);
}

void
metrics_count(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l, uint64_t value)
{
	put_name(t, f, l);
	put_count(t, value);
	put(t, "\n", 1);
}

/* Values are shares, seconds and sums of shares: nine decimals are more than any of them holds. */
static void
put_value(struct metrics_text *t, double value)
{
	const double whole_max = 9007199254740992.0, billion = 1e9;
	char text[16];
	uint64_t whole, rest;
	int size;

	if (!isfinite(value) || fabs(value) >= whole_max) {
		puts_to(t, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (value < 0) {
		put(t, "-", 1);
		value = -value;
	}
	whole = (uint64_t)value;
	rest = (uint64_t)llround((value - (double)whole) * billion);
	if (rest >= (uint64_t)billion) {
		whole++;
		rest = 0;
	}
	put_count(t, whole);
	if (rest == 0)
		return;
	for (size = 9; rest % 10 == 0; size--)
		rest /= 10;
	text[0] = '.';
	for (int i = size; i > 0; i--, rest /= 10)
		text[i] = (char)('0' + rest % 10);
	put(t, text, (size_t)size + 1);
}

void
metrics_value(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l, double value)
{
	put_name(t, f, l);
	put_value(t, value);
	put(t, "\n", 1);
}

void
metrics_end(struct metrics_text *t)
{
	if (t->format == METRICS_OPENMETRICS)
		puts_to(t, "# EOF\n");
	flush(t);
}
