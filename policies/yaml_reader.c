/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by libyaml's events, one of which is at hand; the only file here that knows libyaml. */
#include <config.h>

#include "yaml_reader.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	LIST_MAX = 10000,
	FOUND_SIZE = 80,
	CHOICES_SIZE = 320,
};

struct yaml_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at; zero before the first */
	const char *name;
	const char *text;
	size_t size;
	char *error;
	size_t error_size;
};

/* Where the event at hand is, and errors. */

struct yaml_place
yaml_reader_place(const struct yaml_reader *r)
{
	return (struct yaml_place){ r->event.start_mark.line, r->event.start_mark.column };
}

/* Appends text to a string in out[size], in printable ASCII. False where it was cut to fit. */
static bool
append_escaped(char *out, size_t size, const char *text)
{
	size_t at = strlen(out);

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char piece[5];

		if (c >= 0x20 && c < 0x7f)
			snprintf(piece, sizeof(piece), "%c", c);
		else
			snprintf(piece, sizeof(piece), "\\x%02x", c);
		if (at + strlen(piece) >= size)
			return false;
		memcpy(out + at, piece, strlen(piece) + 1);
		at += strlen(piece);
	}
	return true;
}

bool
yaml_reader_fail_at(struct yaml_reader *r, struct yaml_place at, const char *found, const char *expected, ...)
{
	char name[256] = "";
	int size;
	va_list args;

	append_escaped(name, sizeof(name), r->name);
	size = snprintf(r->error, r->error_size, "%s:%zu:%zu: found %s, expected ", name, at.line + 1, at.column + 1, found);
	if (size < 0 || (size_t)size >= r->error_size)
		return false;
	va_start(args, expected);
	vsnprintf(r->error + size, r->error_size - (size_t)size, expected, args);
	va_end(args);
	return false;
}

bool
yaml_reader_fail_memory(struct yaml_reader *r)
{
	snprintf(r->error, r->error_size, "out of memory");
	return false;
}

/* Text in quotes, escaped and cut: what a person finds again in the file. */
static const char *
quote(char out[FOUND_SIZE], const char *before, const char *text)
{
	snprintf(out, FOUND_SIZE, "%s'", before);
	strcat(out, append_escaped(out, FOUND_SIZE - 4, text) ? "'" : "...'");
	return out;
}

static const char *
scalar(const struct yaml_reader *r)
{
	return (const char *)r->event.data.scalar.value;
}

/* Whether the scalar is YAML's null (written plainly: "", "~" or "null"). */
static bool
is_null(const struct yaml_reader *r)
{
	return r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(strcmp(scalar(r), "") == 0 || strcmp(scalar(r), "~") == 0 || strcmp(scalar(r), "null") == 0);
}

/* The event in words. */
static const char *
describe(const struct yaml_reader *r, char out[FOUND_SIZE])
{
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		if (is_null(r))
			return "nothing";
		return quote(out, r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? "" : "the quoted text ", scalar(r));
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_MAPPING_START_EVENT:
		return "a mapping";
	default:
		return "the end";
	}
}

bool
yaml_reader_refuse(struct yaml_reader *r, const char *expected, ...)
{
	char found[FOUND_SIZE], text[CHOICES_SIZE + 128];
	va_list args;

	va_start(args, expected);
	vsnprintf(text, sizeof(text), expected, args);
	va_end(args);
	return yaml_reader_fail_at(r, yaml_reader_place(r), describe(r, found), "%s", text);
}

/* Line and column, from 0, of a byte of the input, where libyaml gives no more than its offset. */
static bool
fail_at_offset(struct yaml_reader *r, size_t offset, const char *found, const char *expected)
{
	struct yaml_place at = { 0 };

	for (size_t i = 0; i < offset && i < r->size; i++) {
		at.column++;
		if (r->text[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	return yaml_reader_fail_at(r, at, found, "%s", expected);
}

static bool
fail_parser(struct yaml_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char found[256] = "", problem[200] = "";

	append_escaped(problem, sizeof(problem), p->problem != NULL ? p->problem : "no reason given");
	snprintf(found, sizeof(found), "a syntax error (%s)", problem);
	switch (p->error) {
	case YAML_MEMORY_ERROR:
		return yaml_reader_fail_memory(r);
	case YAML_READER_ERROR:
		return fail_at_offset(r, p->problem_offset, found, "YAML in UTF-8");
	default:
		return yaml_reader_fail_at(r, (struct yaml_place){ p->problem_mark.line, p->problem_mark.column }, found, "YAML");
	}
}

/* Events. */

/* What YAML allows and a policy set has no use for: an alias could make a small file a huge one. */
static bool
refuse_extras(struct yaml_reader *r)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	struct yaml_place at = yaml_reader_place(r);
	char found[FOUND_SIZE];

	switch (r->event.type) {
	case YAML_ALIAS_EVENT:
		return yaml_reader_fail_at(r, at, quote(found, "the alias ", (const char *)r->event.data.alias.anchor), "no aliases");
	case YAML_SCALAR_EVENT:
		/* Behind a NUL nothing would be looked at. */
		if (strlen(scalar(r)) != r->event.data.scalar.length)
			return yaml_reader_fail_at(r, at, "text with a NUL in it", "text");
		anchor = r->event.data.scalar.anchor;
		tag = r->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = r->event.data.sequence_start.anchor;
		tag = r->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = r->event.data.mapping_start.anchor;
		tag = r->event.data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return yaml_reader_fail_at(r, at, quote(found, "the anchor ", (const char *)anchor), "no anchors");
	if (tag != NULL)
		return yaml_reader_fail_at(r, at, quote(found, "the tag ", (const char *)tag), "no tags");
	return true;
}

bool
yaml_reader_next(struct yaml_reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event) == 0)
		return fail_parser(r);
	return refuse_extras(r);
}

const char *
yaml_reader_scalar(const struct yaml_reader *r)
{
	return r->event.type == YAML_SCALAR_EVENT ? scalar(r) : NULL;
}

/* Names. */

/* How many letters must be changed, added or removed to make b of a; large where either is long. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[YAML_NAME_SIZE_MAX], size = strlen(b);

	if (size >= YAML_NAME_SIZE_MAX || strlen(a) >= YAML_NAME_SIZE_MAX)
		return YAML_NAME_SIZE_MAX;
	for (size_t j = 0; j <= size; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < size; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (best > diagonal + 1)
				best = diagonal + 1;
			if (best > row[j] + 1)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[size];
}

static const char *
key_at(const void *keys, size_t i)
{
	return ((const struct yaml_key *)keys)[i].name;
}

const char *
yaml_word_at(const void *words, size_t i)
{
	return ((const char *const *)words)[i];
}

/* Refuses the scalar at hand for being none of the names, and says which might have been meant. */
static bool
refuse_name(struct yaml_reader *r, yaml_name_at *at, const void *names)
{
	char choices[CHOICES_SIZE] = "";
	const char *near = NULL, *name;
	size_t used = 0, nearest = 3;

	for (size_t i = 0; (name = at(names, i)) != NULL; i++) {
		size_t distance = r->event.type == YAML_SCALAR_EVENT ? edit_distance(scalar(r), name) : nearest;

		/* Of two that are equally near neither is named. */
		if (distance == nearest)
			near = NULL;
		if (distance < nearest && distance < strlen(name)) {
			nearest = distance;
			near = name;
		}
		if (used < sizeof(choices))
			used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s", i > 0 ? ", " : "", name);
	}
	if (near != NULL)
		return yaml_reader_refuse(r, "one of %s (did you mean %s?)", choices, near);
	return yaml_reader_refuse(r, "one of %s", choices);
}

bool
yaml_reader_name(struct yaml_reader *r, yaml_name_at *at, const void *names, size_t *index)
{
	const char *name;

	for (*index = 0; r->event.type == YAML_SCALAR_EVENT && (name = at(names, *index)) != NULL; ++*index)
		if (strcmp(name, scalar(r)) == 0)
			return true;
	return refuse_name(r, at, names);
}

bool
yaml_reader_refuse_repeated(struct yaml_reader *r, size_t first_line)
{
	return yaml_reader_refuse(r, "each key once (it is in line %zu already)", first_line);
}

/* Mappings and lists. */

bool
yaml_reader_enter_mapping(struct yaml_reader *r)
{
	return r->event.type == YAML_MAPPING_START_EVENT || yaml_reader_refuse(r, "a mapping");
}

bool
yaml_reader_next_key(struct yaml_reader *r, bool *ok)
{
	*ok = yaml_reader_next(r);
	return *ok && r->event.type != YAML_MAPPING_END_EVENT;
}

bool
yaml_reader_mapping(struct yaml_reader *r, const struct yaml_key *keys, void *target)
{
	size_t lines[YAML_KEYS_MAX] = { 0 }, index;
	struct yaml_place start = yaml_reader_place(r);
	char found[FOUND_SIZE];
	bool ok;

	if (!yaml_reader_enter_mapping(r))
		return false;
	while (yaml_reader_next_key(r, &ok)) {
		if (!yaml_reader_name(r, key_at, keys, &index))
			return false;
		if (lines[index] != 0)
			return yaml_reader_refuse_repeated(r, lines[index]);
		lines[index] = r->event.start_mark.line + 1;
		if (!yaml_reader_next(r) || !keys[index].read(r, target, keys[index].index))
			return false;
	}
	for (size_t i = 0; ok && keys[i].name != NULL; i++)
		if (keys[i].required && lines[i] == 0)
			return yaml_reader_fail_at(r, start, quote(found, "no key ", keys[i].name), "it in this mapping");
	return ok;
}

bool
yaml_reader_enter_list(struct yaml_reader *r, const char *expected)
{
	return r->event.type == YAML_SEQUENCE_START_EVENT || yaml_reader_refuse(r, "%s", expected);
}

bool
yaml_reader_next_item(struct yaml_reader *r, bool *ok)
{
	*ok = yaml_reader_next(r);
	return *ok && r->event.type != YAML_SEQUENCE_END_EVENT;
}

void *
yaml_reader_make_room(struct yaml_reader *r, void *items, size_t count, size_t item_size)
{
	if (count >= LIST_MAX) {
		yaml_reader_refuse(r, "at most %d items", LIST_MAX);
		return NULL;
	}
	/* Room for 1, 2, 4, 8 ... items: it is full when the count is such a number. */
	if ((count & (count - 1)) == 0)
		items = realloc(items, (count == 0 ? 1 : count * 2) * item_size);
	if (items == NULL)
		yaml_reader_fail_memory(r);
	else
		memset((char *)items + count * item_size, 0, item_size);
	return items;
}

/* Scalars. */

/*
 * A number as people write it: digits, and up to six decimals. Its digits fit a double's 53 bits,
 * so that the quotient is the number nearest to what was written, whatever the locale.
 */
static bool
parse_number(const char *text, double *number)
{
	uint64_t digits = 0, scale = 1;
	size_t whole = strspn(text, "0123456789"), decimals = 0;

	if (text[whole] == '.') {
		decimals = strspn(text + whole + 1, "0123456789");
		if (decimals == 0)
			return false;
	}
	if (whole == 0 || whole > 9 || decimals > 6 || text[whole + (decimals > 0 ? decimals + 1 : 0)] != '\0')
		return false;
	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] != '.')
			digits = digits * 10 + (uint64_t)(text[i] - '0');
	for (; decimals > 0; decimals--)
		scale *= 10;
	*number = (double)digits / (double)scale;
	return true;
}

bool
yaml_reader_number(struct yaml_reader *r, double minimum, double maximum, bool whole, double *number)
{
	bool plain = r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && (!whole || strchr(scalar(r), '.') == NULL) && parse_number(scalar(r), number) && *number >= minimum && *number <= maximum)
		return true;
	if (whole)
		return yaml_reader_refuse(r, "a whole number from %g to %g", minimum, maximum);
	return yaml_reader_refuse(r, "a number from %g to %g, with at most six decimals", minimum, maximum);
}

/* Whether text holds no control character, neither of ASCII nor U+0080 to U+009F. */
static bool
is_printable(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < size && (unsigned char)text[i + 1] < 0xa0))
			return false;
	}
	return true;
}

bool
yaml_reader_check_text(struct yaml_reader *r, size_t size_max)
{
	size_t size;

	if (r->event.type != YAML_SCALAR_EVENT || is_null(r))
		return yaml_reader_refuse(r, "text");
	size = r->event.data.scalar.length;
	if (strspn(scalar(r), " ") == size)
		return yaml_reader_refuse(r, "text that is not empty");
	if (size > size_max)
		return yaml_reader_refuse(r, "at most %zu bytes of text", size_max);
	if (!is_printable(scalar(r), size))
		return yaml_reader_refuse(r, "one line of printable text");
	return true;
}

bool
yaml_reader_copy_text(struct yaml_reader *r, size_t size_max, char **text)
{
	if (!yaml_reader_check_text(r, size_max))
		return false;
	*text = strdup(scalar(r));
	return *text != NULL || yaml_reader_fail_memory(r);
}

/* Documents. */

bool
yaml_reader_document(struct yaml_reader *r, const char *expected, const struct yaml_key *keys, void *target)
{
	if (!yaml_reader_next(r) || !yaml_reader_next(r)) /* the stream's start */
		return false;
	if (r->event.type != YAML_DOCUMENT_START_EVENT)
		return yaml_reader_fail_at(r, (struct yaml_place){ 0 }, "an empty file", "%s", expected);
	if (!yaml_reader_next(r) || !yaml_reader_mapping(r, keys, target))
		return false;
	if (!yaml_reader_next(r) || !yaml_reader_next(r)) /* the document's end */
		return false;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return yaml_reader_fail_at(r, yaml_reader_place(r), "a second document", "one");
	return true;
}

struct yaml_reader *
yaml_reader_new(const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	struct yaml_reader *r = calloc(1, sizeof(*r));

	if (r == NULL || yaml_parser_initialize(&r->parser) == 0) {
		snprintf(error, error_size, "out of memory");
		free(r);
		return NULL;
	}
	r->name = name;
	r->text = text;
	r->size = size;
	r->error = error;
	r->error_size = error_size;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)(text != NULL ? text : ""), size);
	return r;
}

void
yaml_reader_free(struct yaml_reader *r)
{
	if (r == NULL)
		return;
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	free(r);
}
