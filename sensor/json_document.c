/* SPDX-License-Identifier: Apache-2.0 */
/* See json_document.h. */
#include <config.h>

#include "json_document.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { QUOTE_LIMIT = 64, PATH_SIZE = 256, KEY_LIMIT = 64, DEPTH_LIMIT = 512 };

static const size_t piece_limit = (size_t)256 << 20;

/* Errors. */

/* What came from the file must not reach a terminal as more than text. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* Appends the path to path[PATH_SIZE]: pairs[3].evidence[0].port */
static void
append_path(char *path, const struct json_spot *spot)
{
	size_t size;

	if (spot->parent != NULL)
		append_path(path, spot->parent);
	size = strlen(path);
	if (spot->key != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "%s%.*s", size > 0 ? "." : "", KEY_LIMIT, spot->key);
	else
		(void)snprintf(path + size, PATH_SIZE - size, "[%zu]", spot->index);
}

void
json_fail(struct json_document *d, const struct json_spot *spot, const char *format, ...)
{
	char path[PATH_SIZE] = "", what[PATH_SIZE];
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

/* Line and column as editors count them, from 1. */
static void
fail_text(struct json_document *d, size_t offset, const char *what)
{
	size_t line = 1, line_start = 0;

	for (size_t i = 0; i < offset && i < d->size; i++) {
		if (d->text[i] != '\n')
			continue;
		line++;
		line_start = i + 1;
	}
	json_fail(d, NULL, "line %zu, column %zu: %s", line, offset - line_start + 1, what);
}

static void
fail_here(struct json_document *d, size_t at, const char *what)
{
	fail_text(d, at, at < d->size ? what : "found the end of the text, expected more: it may have been cut off");
}

/* The text. */

/* The next byte that is not white space, or NUL at the end. */
static char
peek(const struct json_document *d, size_t *at)
{
	while (*at < d->size && (d->text[*at] == ' ' || d->text[*at] == '\n' || d->text[*at] == '\r' || d->text[*at] == '\t'))
		++*at;
	return *at < d->size ? d->text[*at] : '\0';
}

static bool
take(struct json_document *d, size_t *at, char c, const char *expected)
{
	if (peek(d, at) == c && *at < d->size) {
		++*at;
		return true;
	}
	fail_here(d, *at, expected);
	return false;
}

/* Moves past a string; its escapes are left to the parser. */
static void
pass_string(const struct json_document *d, size_t *at)
{
	for (++*at; *at < d->size && d->text[*at] != '"'; ++*at)
		if (d->text[*at] == '\\')
			++*at;
	*at = *at < d->size ? *at + 1 : d->size;
}

/* Moves past an array or object. What is between its brackets is left to the parser. */
static void
pass_nested(struct json_document *d, size_t *at)
{
	char closing[DEPTH_LIMIT];
	size_t depth = 0;

	do {
		char c = d->text[*at];

		if (c == '"') {
			pass_string(d, at);
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == DEPTH_LIMIT) {
				fail_here(d, *at, "found too deep a nesting, expected a saved result");
				return;
			}
			closing[depth++] = c == '{' ? '}' : ']';
		} else if ((c == '}' || c == ']') && c != closing[--depth]) {
			fail_here(d, *at, c == '}' ? "found }, expected ]" : "found ], expected }");
			return;
		}
		++*at;
	} while (depth > 0 && *at < d->size);
	if (depth > 0)
		fail_here(d, d->size, "");
}

/* Moves past a value and says where it was. Only where it ends is sure; it may still be none. */
static bool
pass_value(struct json_document *d, size_t *at, struct json_piece *out)
{
	char first = peek(d, at);

	out->start = *at;
	if (first == '{' || first == '[')
		pass_nested(d, at);
	else if (first == '"')
		pass_string(d, at);
	else
		while (*at < d->size && d->text[*at] != '\0' && strchr(",:]} \n\r\t", d->text[*at]) == NULL)
			++*at;
	out->size = *at - out->start;
	if (!d->failed && out->size == 0)
		fail_here(d, *at, "found no value, expected one");
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

/* One member. False after an error. */
static bool
pass_member(struct json_document *d, size_t *at, const char *const keys[], struct json_piece pieces[])
{
	struct json_piece key, value;
	int known;

	if (peek(d, at) != '"') {
		fail_here(d, *at, "found no key, expected one in quotation marks");
		return false;
	}
	if (!pass_value(d, at, &key) || !take(d, at, ':', "found no colon after the key, expected one") || !pass_value(d, at, &value))
		return false;
	known = find_key(d, key, keys);
	if (known >= 0 && pieces[known].size > 0) {
		fail_text(d, key.start, "found a key for the second time, expected each once");
		return false;
	}
	if (known >= 0)
		pieces[known] = value;
	return true;
}

bool
json_find_members(struct json_document *d, const char *const keys[], struct json_piece pieces[])
{
	size_t at = 0;

	for (size_t i = 0; keys[i] != NULL; i++)
		pieces[i] = (struct json_piece){ 0 };
	if (!take(d, &at, '{', "found something else, expected {"))
		return false;
	if (peek(d, &at) != '}') {
		while (pass_member(d, &at, keys, pieces) && peek(d, &at) == ',')
			at++;
	}
	if (d->failed || !take(d, &at, '}', "found something else, expected a comma or }"))
		return false;
	(void)peek(d, &at);
	if (at < d->size)
		fail_here(d, at, "found more text, expected the end");
	return !d->failed;
}

bool
json_parse_piece(struct json_document *d, struct json_piece piece, struct json_spot *spot)
{
	json_error_t error;
	size_t line_start = piece.start, lines = 0, line, column;

	spot->value = NULL;
	if (d->failed)
		return false;
	if (piece.size > piece_limit) {
		json_fail(d, spot, "found %zu bytes, expected at most %zu", piece.size, piece_limit);
		return false;
	}
	spot->value = json_loadb(d->text + piece.start, piece.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (spot->value != NULL)
		return true;
	for (size_t i = 0; i < piece.start; i++)
		lines += d->text[i] == '\n';
	while (line_start > 0 && d->text[line_start - 1] != '\n')
		line_start--;
	line = error.line > 0 ? (size_t)error.line : 1;
	column = error.column > 0 ? (size_t)error.column : 1;
	json_fail(d, NULL, "line %zu, column %zu: %s", lines + line, line == 1 ? piece.start - line_start + column : column, error.text);
	return false;
}

bool
json_next_item(struct json_document *d, struct json_piece array, size_t *at, struct json_spot *item)
{
	struct json_piece piece;
	bool first = *at == 0;

	item->value = NULL;
	if (d->failed)
		return false;
	if (first && d->text[array.start] != '[') {
		fail_here(d, array.start, "found something else, expected an array");
		return false;
	}
	if (first)
		*at = array.start + 1;
	if (peek(d, at) == ']') {
		if (*at + 1 != array.start + array.size)
			fail_here(d, *at, "found ], expected more");
		return false;
	}
	if (!first && !take(d, at, ',', "found something else, expected a comma or ]"))
		return false;
	if (!first)
		item->index++;
	return pass_value(d, at, &piece) && json_parse_piece(d, piece, item);
}

/* Members. */

static const char *
type_name(json_type type)
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

	return names[type];
}

static bool
check_type(struct json_document *d, struct json_spot *spot, json_type type)
{
	if (d->failed)
		spot->value = NULL;
	if (spot->value == NULL || json_typeof(spot->value) == type)
		return spot->value != NULL;
	json_fail(d, spot, "found %s, expected %s", type_name(json_typeof(spot->value)), type_name(type));
	spot->value = NULL;
	return false;
}

bool
json_member(struct json_document *d, const struct json_spot *parent, const char *key, json_type type, enum json_presence presence, struct json_spot *out)
{
	json_t *value = parent->value != NULL ? json_object_get(parent->value, key) : NULL;

	*out = (struct json_spot){ .value = json_is_null(value) ? NULL : value, .parent = parent, .key = key };
	if (out->value == NULL && presence == JSON_MUST)
		json_fail(d, out, "found %s, expected %s", value != NULL ? "null" : "nothing", type_name(type));
	return check_type(d, out, type);
}

bool
json_element(struct json_document *d, const struct json_spot *array, size_t index, json_type type, struct json_spot *out)
{
	*out = (struct json_spot){ .value = json_array_get(array->value, index), .parent = array, .index = index };
	return check_type(d, out, type);
}

uint64_t
json_read_count(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence, uint64_t minimum, uint64_t maximum)
{
	struct json_spot spot;
	json_int_t n;

	if (!json_member(d, parent, key, JSON_INTEGER, presence, &spot))
		return 0;
	n = json_integer_value(spot.value);
	if (n >= 0 && (uint64_t)n >= minimum && (uint64_t)n <= maximum)
		return (uint64_t)n;
	json_fail(d, &spot, "found %" JSON_INTEGER_FORMAT ", expected %" PRIu64 " to %" PRIu64, n, minimum, maximum);
	return 0;
}

bool
json_read_flag(struct json_document *d, const struct json_spot *parent, const char *key)
{
	json_t *value = parent->value != NULL ? json_object_get(parent->value, key) : NULL;
	struct json_spot spot = { .value = value, .parent = parent, .key = key };

	if (!json_is_boolean(value))
		json_fail(d, &spot, "found %s, expected true or false", value != NULL ? type_name(json_typeof(value)) : "nothing");
	return json_is_true(value);
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

	if (!json_member(d, parent, key, JSON_STRING, presence, &spot))
		return NULL;
	text = json_string_value(spot.value);
	size = json_string_length(spot.value);
	if (size == 0 || size > limit)
		json_fail(d, &spot, "found a text of %zu bytes, expected 1 to %zu", size, limit);
	else if (printable && has_control(text))
		json_fail(d, &spot, "found a control character, expected none");
	return d->failed ? NULL : text;
}

unsigned
json_word(struct json_document *d, const struct json_spot *spot, const char *const names[])
{
	const char *text = json_string_value(spot->value);
	char choices[PATH_SIZE / 2] = "";

	if (text == NULL || d->failed)
		return 0;
	for (unsigned i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	for (unsigned i = 0; names[i] != NULL; i++)
		(void)snprintf(choices + strlen(choices), sizeof(choices) - strlen(choices), "%s%s", i > 0 ? ", " : "", names[i]);
	json_fail(d, spot, "found \"%.*s\", expected one of %s", QUOTE_LIMIT, text, choices);
	return 0;
}

unsigned
json_read_word(struct json_document *d, const struct json_spot *parent, const char *key, enum json_presence presence, const char *const names[])
{
	struct json_spot spot;

	return json_member(d, parent, key, JSON_STRING, presence, &spot) ? json_word(d, &spot, names) : 0;
}
