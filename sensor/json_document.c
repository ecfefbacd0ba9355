/* SPDX-License-Identifier: Apache-2.0 */
/* See json_document.h. The one file that reads with the JSON library (jansson). */
#include <config.h>

#include "json_document.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, WHAT_SIZE = 512, CHOICES_SIZE = 128 };

/* Errors. */

/* What came from the file must not reach a terminal as more than text. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* Appends the path to path[PATH_SIZE]: pairs[3].evidence[0].port, metadata.labels["app.example/name"] */
static void
append_path(char *path, const struct json_spot *spot)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t size;

	if (spot->parent != NULL)
		append_path(path, spot->parent);
	size = strlen(path);
	if (spot->key == NULL && spot->parent != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[%zu]", spot->index);
	else if (spot->key != NULL && spot->key[strspn(spot->key, plain)] == '\0')
		(void)snprintf(path + size, PATH_SIZE - size, "%s%.*s", size > 0 ? "." : "", JSON_QUOTE_LIMIT, spot->key);
	else if (spot->key != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[\"%.*s\"]", JSON_QUOTE_LIMIT, spot->key);
}

void
json_fail(struct json_document *d, const struct json_spot *spot, const char *format, ...)
{
	char path[PATH_SIZE] = "", what[WHAT_SIZE];
	va_list arguments;

	if (d->failed)
		return;
	d->failed = true;
	if (d->error_size == 0)
		return;
	if (spot != NULL)
		append_path(path, spot);
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	(void)snprintf(d->error, d->error_size, "%s: %s%s%s", d->name, path, path[0] != '\0' ? ": " : "", what);
	make_printable(d->error);
}

/* A place as editors count it, from 1. */
struct place {
	size_t line, column;
};

static struct place
place_of(const struct json_document *d, size_t offset)
{
	struct place place = { .line = 1 };
	size_t line_start = 0;

	for (size_t i = 0; i < offset && i < d->size; i++) {
		if (d->text[i] != '\n')
			continue;
		place.line++;
		line_start = i + 1;
	}
	place.column = offset - line_start + 1;
	return place;
}

static void
fail_text(struct json_document *d, size_t offset, enum json_flaw flaw)
{
	struct place place = place_of(d, offset);

	json_fail(d, NULL, "line %zu, column %zu: %s", place.line, place.column, d->rules->flaws[flaw]);
}

/* The text. */

struct json_text
json_walk(const struct json_document *d)
{
	return (struct json_text){ .bytes = d->text, .size = d->size, .depth_limit = d->rules->depth_limit };
}

bool
json_check_walk(struct json_document *d, const struct json_text *t)
{
	if (t->flaw != JSON_SOUND && !d->failed)
		fail_text(d, t->at, t->flaw);
	return !d->failed;
}

static int
find_key(const struct json_document *d, struct json_piece key, const char *const keys[])
{
	for (int i = 0; keys[i] != NULL; i++)
		if (key.size == strlen(keys[i]) + 2 && memcmp(d->text + key.start + 1, keys[i], key.size - 2) == 0)
			return i;
	return -1;
}

bool
json_find_members(struct json_document *d, const char *const keys[], struct json_piece pieces[])
{
	struct json_text t = json_walk(d);

	for (size_t i = 0; keys[i] != NULL; i++)
		pieces[i] = (struct json_piece){ 0 };
	(void)json_text_take(&t, '{', JSON_NO_OBJECT);
	for (bool first = true; json_text_more(&t, '}', first); first = false) {
		struct json_piece key, value;
		int known;

		if (!json_text_key(&t, &key) || !json_text_value(&t, &value))
			break;
		known = find_key(d, key, keys);
		if (known < 0)
			continue;
		if (pieces[known].size > 0) {
			fail_text(d, key.start, JSON_KEY_TWICE);
			return false;
		}
		pieces[known] = value;
	}
	(void)json_text_end(&t);
	return json_check_walk(d, &t);
}

bool
json_parse_piece(struct json_document *d, struct json_piece piece, struct json_spot *spot)
{
	struct place place;
	json_error_t error;
	size_t line, column;

	spot->value = NULL;
	if (d->failed)
		return false;
	if (piece.size > d->rules->piece_limit) {
		fail_text(d, piece.start, JSON_TOO_LARGE);
		return false;
	}
	spot->value = json_loadb(d->text + piece.start, piece.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (spot->value != NULL)
		return true;
	/* The library counts from the piece. */
	place = place_of(d, piece.start);
	line = error.line > 0 ? (size_t)error.line : 1;
	column = error.column > 0 ? (size_t)error.column : 1;
	json_fail(d, NULL, "line %zu, column %zu: %s", place.line + line - 1, line == 1 ? place.column + column - 1 : column, error.text);
	return false;
}

void
json_release(struct json_spot *spot)
{
	json_decref(spot->value);
	spot->value = NULL;
}

/* What is unused is only known to have its brackets in order. */
bool
json_parse_used(struct json_document *d, struct json_piece piece, struct json_spot *spot)
{
	const struct json_text t = json_walk(d);
	char *copy;

	spot->value = NULL;
	if (d->failed)
		return false;
	if (d->rules->unused == NULL || piece.size > d->rules->piece_limit)
		return json_parse_piece(d, piece, spot);
	copy = malloc(piece.size);
	if (copy != NULL)
		spot->value = json_loadb(copy, json_text_copy(&t, piece, d->rules->unused, copy), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	free(copy);
	/* The whole tells where the error is. */
	return spot->value != NULL || json_parse_piece(d, piece, spot);
}

bool
json_next_item(struct json_document *d, struct json_piece array, size_t *at, struct json_spot *item)
{
	struct json_text t = json_walk(d);
	struct json_piece piece;
	bool first = *at == 0;

	item->value = NULL;
	if (d->failed)
		return false;
	t.at = first ? array.start : *at;
	if (first)
		(void)json_text_take(&t, '[', JSON_NO_ARRAY);
	else
		item->index++;
	if (!json_text_more(&t, ']', first) || !json_text_value(&t, &piece)) {
		(void)json_check_walk(d, &t);
		return false;
	}
	*at = t.at;
	return json_parse_used(d, piece, item);
}

/* Values. */

static const char *
type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return value != NULL ? names[json_typeof(value)] : "nothing";
}

/* The types a document may ask for. */
static const struct {
	const char *name;
	json_type type, or_type;
} expectations[] = {
	[JSON_VALUE_OBJECT] = { "an object", JSON_OBJECT, JSON_OBJECT },
	[JSON_VALUE_ARRAY] = { "an array", JSON_ARRAY, JSON_ARRAY },
	[JSON_VALUE_STRING] = { "a string", JSON_STRING, JSON_STRING },
	[JSON_VALUE_INTEGER] = { "a whole number", JSON_INTEGER, JSON_INTEGER },
	[JSON_VALUE_FLAG] = { "true or false", JSON_TRUE, JSON_FALSE },
};

static void
fail_type(struct json_document *d, const struct json_spot *spot, enum json_value_type type)
{
	const char *found = type_name(spot->value), *expected = expectations[type].name;

	if (d->rules->expected_first)
		json_fail(d, spot, "expected %s, found %s", expected, found);
	else
		json_fail(d, spot, "found %s, expected %s", found, expected);
}

bool
json_is(const struct json_spot *spot, enum json_value_type type)
{
	return spot->value != NULL && (json_typeof(spot->value) == expectations[type].type || json_typeof(spot->value) == expectations[type].or_type);
}

bool
json_expect(struct json_document *d, const struct json_spot *spot, enum json_value_type type, enum json_presence presence)
{
	bool absent = spot->value == NULL || json_is_null(spot->value);

	if (!d->failed && json_is(spot, type))
		return true;
	if (!absent || presence == JSON_MUST)
		fail_type(d, spot, type);
	return false;
}

const char *
json_string_of(const struct json_spot *spot)
{
	return json_string_value(spot->value);
}

int64_t
json_integer_of(const struct json_spot *spot)
{
	return json_integer_value(spot->value);
}

size_t
json_count_of(const struct json_spot *spot)
{
	return json_is_object(spot->value) ? json_object_size(spot->value) : json_array_size(spot->value);
}

/* The member with key as it is; a NULL parent, or one that is no object, has none. */
static void
find_member(const struct json_spot *parent, const char *key, struct json_spot *out)
{
	*out = (struct json_spot){ .value = json_object_get(parent->value, key), .parent = parent, .key = key };
}

bool
json_find(const struct json_spot *parent, const char *key, struct json_spot *out)
{
	find_member(parent, key, out);
	if (json_is_null(out->value))
		out->value = NULL;
	return out->value != NULL;
}

bool
json_next_member(const struct json_spot *object, struct json_spot *member)
{
	void *at = member->key == NULL ? json_object_iter(object->value) : json_object_iter_next(object->value, json_object_key_to_iter(member->key));

	*member = (struct json_spot){ .parent = object };
	if (at == NULL)
		return false;
	member->key = json_object_iter_key(at);
	member->value = json_object_iter_value(at);
	return true;
}

/* Members and elements by type. */

static bool
expect_or_clear(struct json_document *d, struct json_spot *spot, enum json_value_type type, enum json_presence presence)
{
	if (json_expect(d, spot, type, presence))
		return true;
	spot->value = NULL;
	return false;
}

bool
json_member(struct json_document *d, const struct json_spot *parent, const char *key, enum json_value_type type, enum json_presence presence, struct json_spot *out)
{
	find_member(parent, key, out);
	return expect_or_clear(d, out, type, presence);
}

bool
json_element(struct json_document *d, const struct json_spot *array, size_t index, enum json_value_type type, enum json_presence presence, struct json_spot *out)
{
	*out = (struct json_spot){ .value = json_array_get(array->value, index), .parent = array, .index = index };
	return expect_or_clear(d, out, type, presence);
}

uint64_t
json_read_count(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence, uint64_t minimum, uint64_t maximum)
{
	struct json_spot spot;
	int64_t n;

	if (!json_member(d, parent, key, JSON_VALUE_INTEGER, presence, &spot))
		return 0;
	n = json_integer_of(&spot);
	if (n >= 0 && (uint64_t)n >= minimum && (uint64_t)n <= maximum)
		return (uint64_t)n;
	json_fail(d, &spot, "found %" PRId64 ", expected %" PRIu64 " to %" PRIu64, n, minimum, maximum);
	return 0;
}

bool
json_read_flag(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence)
{
	struct json_spot spot;

	return json_member(d, parent, key, JSON_VALUE_FLAG, presence, &spot) && json_is_true(spot.value);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

const char *
json_read_text(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence, size_t limit, bool printable)
{
	struct json_spot spot;
	const char *text;
	size_t size;

	if (!json_member(d, parent, key, JSON_VALUE_STRING, presence, &spot))
		return NULL;
	text = json_string_of(&spot);
	size = strlen(text);
	if (size == 0 || size > limit)
		json_fail(d, &spot, "found a text of %zu bytes, expected 1 to %zu", size, limit);
	else if (printable && has_control(text))
		json_fail(d, &spot, "found a control character, expected none");
	return d->failed ? NULL : text;
}

unsigned
json_word(struct json_document *d, const struct json_spot *spot, const char *const names[])
{
	const char *text = json_string_of(spot);
	char choices[CHOICES_SIZE] = "";

	if (text == NULL || d->failed)
		return 0;
	for (unsigned i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	for (unsigned i = 0; names[i] != NULL; i++)
		(void)snprintf(choices + strlen(choices), sizeof(choices) - strlen(choices), "%s%s", i > 0 ? ", " : "", names[i]);
	json_fail(d, spot, "found \"%.*s\", expected one of %s", JSON_QUOTE_LIMIT, text, choices);
	return 0;
}

unsigned
json_read_word(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence, const char *const names[])
{
	struct json_spot spot;

	return json_member(d, parent, key, JSON_VALUE_STRING, presence, &spot) ? json_word(d, &spot, names) : 0;
}
