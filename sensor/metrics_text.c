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

void
metrics_begin(struct metrics_text *t, FILE *out, enum metrics_format format)
{
	t->out = out;
	t->format = format;
	t->family = NULL;
	t->size = 0;
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
metrics_labels_append(struct metrics_labels *l, const char *text, size_t size)
{
	reserve(&l->data, l->size, &l->capacity, size);
	memcpy(l->data + l->size, text, size);
	l->size += size;
}

void
metrics_label_sized(struct metrics_labels *l, const char *name, size_t name_size, const char *value)
{
	size_t left = value != NULL ? strlen(value) : 0;

	reserve(&l->data, l->size, &l->capacity, name_size + 3 * left + 4);
	l->data[l->size] = l->size > 0 ? ',' : '{';
	l->size++;
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

/* What stands before a value. The name is put together once for the samples of a family. */
static void
put_name(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l)
{
	if (t->family != f) {
		int size = snprintf(t->name, sizeof(t->name), "%s%s", f->name, suffix_of(f));

		if (size < 0 || (size_t)size >= sizeof(t->name))
			abort();
		t->name_size = (size_t)size;
		t->family = f;
	}
	put(t, t->name, t->name_size);
	if (l != NULL && l->size > 0)
		put(t, l->data, l->size);
}

/* The end of a sample, written from its last byte to its first. */
struct tail {
	char text[48];
	size_t at;
};

static void
tail_begin(struct tail *e)
{
	e->at = sizeof(e->text);
	e->text[--e->at] = '\n';
}

static void
tail_text(struct tail *e, const char *text)
{
	size_t size = strlen(text);

	e->at -= size;
	memcpy(e->text + e->at, text, size);
}

static void
tail_count(struct tail *e, uint64_t value)
{
	do {
		e->text[--e->at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
}

static void
put_tail(struct metrics_text *t, const struct metrics_labels *l, struct tail *e)
{
	e->text[--e->at] = ' ';
	if (l != NULL && l->size > 0)
		e->text[--e->at] = '}';
	put(t, e->text + e->at, sizeof(e->text) - e->at);
}

void
metrics_count(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l, uint64_t value)
{
	struct tail e;

	put_name(t, f, l);
	tail_begin(&e);
	tail_count(&e, value);
	put_tail(t, l, &e);
}

/* Values are shares, seconds and sums of shares: nine decimals are more than any of them holds. */
static void
tail_value(struct tail *e, double value)
{
	const double billion = 1e9;
	uint64_t whole = (uint64_t)value, rest = (uint64_t)llround((value - (double)whole) * billion);
	int digits = 9;

	if (rest >= (uint64_t)billion) {
		whole++;
		rest = 0;
	}
	if (rest > 0) {
		for (; rest % 10 == 0; digits--)
			rest /= 10;
		for (; digits > 0; digits--, rest /= 10)
			e->text[--e->at] = (char)('0' + rest % 10);
		e->text[--e->at] = '.';
	}
	tail_count(e, whole);
}

void
metrics_value(struct metrics_text *t, const struct metric_family *f, const struct metrics_labels *l, double value)
{
	const double whole_max = 9007199254740992.0;
	struct tail e;

	put_name(t, f, l);
	tail_begin(&e);
	if (isnan(value)) {
		tail_text(&e, "NaN");
	} else if (fabs(value) >= whole_max) {
		tail_text(&e, value > 0 ? "+Inf" : "-Inf");
	} else {
		tail_value(&e, fabs(value));
		if (value < 0)
			tail_text(&e, "-");
	}
	put_tail(t, l, &e);
}

void
metrics_end(struct metrics_text *t)
{
	if (t->format == METRICS_OPENMETRICS)
		puts_to(t, "# EOF\n");
	flush(t);
}
