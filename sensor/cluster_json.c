/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a cluster file (RFC 8259): where its objects are, and that it is JSON at all. What an
 * object says is read in cluster_objects.c.
 *
 * A list is taken apart here and its items are parsed one at a time (jansson), because a parsed
 * cluster is many times the size of its text. The text is gone over twice: kubectl sorts keys, so
 * that a list's kind comes after its items.
 *
 * Objects wait in a batch until the whole text has proved good.
 */
#include <config.h>

#include "cluster_json.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_objects.h"
#include "json_reader.h"
#include "read_file.h"

static const size_t text_limit = (size_t)1 << 30;
/* The API server's storage takes 1.5 MB an object. */
static const size_t object_limit = (size_t)64 << 20;

enum { DEPTH_LIMIT = 2048 }; /* jansson's own */

/* Objects in the order of the text, until they are put into the inventory. */
struct batch {
	struct object *first, **last;
};

/* The text: where its members and items are. */

struct piece {
	size_t start, end; /* offsets; start == end: absent */
};

struct document {
	const char *text;
	size_t size, at;
};

/* Line and column as editors count them, from 1. */
static void
fail_text(struct reader *r, const struct document *d, size_t offset, const char *what)
{
	size_t line = 1, line_start = 0;

	for (size_t i = 0; i < offset; i++) {
		if (d->text[i] != '\n')
			continue;
		line++;
		line_start = i + 1;
	}
	reader_fail(r, "line %zu, column %zu: %s", line, offset - line_start + 1, what);
}

static void
fail_here(struct reader *r, const struct document *d, const char *what)
{
	fail_text(r, d, d->at, d->at < d->size ? what : "the text ends too early; it may have been cut off");
}

/* The next byte that is not white space, or NUL at the end. */
static char
peek(struct document *d)
{
	while (d->at < d->size && (d->text[d->at] == ' ' || d->text[d->at] == '\n' || d->text[d->at] == '\r' || d->text[d->at] == '\t'))
		d->at++;
	return d->at < d->size ? d->text[d->at] : '\0';
}

static bool
take(struct reader *r, struct document *d, char c, const char *expected)
{
	if (peek(d) == c && d->at < d->size) {
		d->at++;
		return true;
	}
	fail_here(r, d, expected);
	return false;
}

/* Moves past a string; its escapes are left to the parser, but for which quote ends it. */
static void
pass_string(struct document *d)
{
	bool escaped;

	d->at++;
	do {
		const char *quote = memchr(d->text + d->at, '"', d->size - d->at);

		d->at = quote != NULL ? (size_t)(quote - d->text) + 1 : d->size;
		escaped = false;
		/* The first quote ends the search at the latest. */
		while (quote != NULL && *--quote == '\\')
			escaped = !escaped;
	} while (escaped);
}

/* Moves past an array or object. What is between its brackets is left to the parser. */
static void
pass_nested(struct reader *r, struct document *d)
{
	uint8_t closing[DEPTH_LIMIT];
	size_t depth = 0;

	do {
		char c = d->text[d->at];

		if (c == '"') {
			pass_string(d);
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == DEPTH_LIMIT) {
				fail_here(r, d, "nested too deep");
				return;
			}
			closing[depth++] = c == '{' ? '}' : ']';
		} else if ((c == '}' || c == ']') && c != closing[--depth]) {
			fail_here(r, d, c == '}' ? "found }, expected ]" : "found ], expected }");
			return;
		}
		d->at++;
	} while (depth > 0 && d->at < d->size);
	if (depth > 0)
		fail_here(r, d, "");
}

/* Moves past a value and says where it was. Only where it ends is sure; it may still be none. */
static bool
pass_value(struct reader *r, struct document *d, struct piece *out)
{
	char first = peek(d);

	out->start = d->at;
	if (first == '{' || first == '[')
		pass_nested(r, d);
	else if (first == '"')
		pass_string(d);
	else
		while (d->at < d->size && strchr(",:]} \n\r\t", d->text[d->at]) == NULL)
			d->at++;
	out->end = d->at;
	if (!r->failed && out->start == out->end)
		fail_here(r, d, "expected a value");
	return !r->failed;
}

/* Returns owned, or NULL after an error. */
static json_t *
parse_piece(struct reader *r, const struct document *d, struct piece piece)
{
	json_error_t error;
	json_t *value;
	size_t line_start = piece.start, lines = 0;
	unsigned line, column;

	if (piece.end - piece.start > object_limit) {
		fail_text(r, d, piece.start, "an object of more than 64 MiB; Kubernetes has none so large");
		return NULL;
	}
	value = json_loadb(d->text + piece.start, piece.end - piece.start, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (value != NULL)
		return value;
	for (size_t i = 0; i < piece.start; i++)
		lines += d->text[i] == '\n';
	while (line_start > 0 && d->text[line_start - 1] != '\n')
		line_start--;
	line = error.line > 0 ? (unsigned)error.line : 1;
	column = error.column > 0 ? (unsigned)error.column : 1;
	reader_fail(r, "line %zu, column %zu: %s", lines + line, line == 1 ? piece.start - line_start + column : column, error.text);
	return NULL;
}

/* What no kind is asked for, and most of what a cluster's text consists of. */
static const char *const unused[] = {
	"affinity", "allocatable", "annotations", "args", "capacity", "command", "conditions", "data", "env", "images", "lastState", "lifecycle", "livenessProbe",
	"managedFields", "readinessProbe", "resources", "securityContext", "startupProbe", "template", "tolerations", "topologySpreadConstraints", "volumeMounts", "volumes",
};

/* Whether text between quotes is the name of something unused. */
static bool
is_unused(const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (strncmp(unused[i], text, size) == 0 && strlen(unused[i]) == size)
			return true;
	return false;
}

/*
 * Copies an item without the contents of arrays and objects that are unused: only nested ones, as
 * a label may have the same name. Returns the size of the copy.
 */
static size_t
copy_used(struct reader *r, const struct document *whole, struct piece piece, char *out)
{
	struct document d = { .text = whole->text, .size = piece.end, .at = piece.start };
	size_t kept = piece.start, used = 0;

	while (d.at < d.size) {
		const char *quote = memchr(d.text + d.at, '"', d.size - d.at);
		size_t start, end;
		char first;

		if (quote == NULL)
			break;
		start = d.at = (size_t)(quote - d.text);
		pass_string(&d);
		end = d.at;
		if (end - start < 2 || peek(&d) != ':' || !is_unused(d.text + start + 1, end - start - 2))
			continue;
		d.at++;
		first = peek(&d);
		if (first != '{' && first != '[')
			continue;
		memcpy(out + used, d.text + kept, d.at + 1 - kept);
		used += d.at + 1 - kept;
		pass_nested(r, &d);
		kept = d.at - 1;
	}
	memcpy(out + used, d.text + kept, piece.end - kept);
	return used + piece.end - kept;
}

/*
 * Parses an item without what is unused, which is only known to have its brackets in order; returns
 * owned, or NULL after an error.
 */
static json_t *
parse_item(struct reader *r, const struct document *d, struct piece piece)
{
	json_t *value = NULL;
	char *copy = NULL;

	if (piece.end - piece.start <= object_limit)
		copy = malloc(piece.end - piece.start + 1);
	if (copy != NULL)
		value = json_loadb(copy, copy_used(r, d, piece, copy), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	free(copy);
	/* The whole tells where the error is. */
	return value != NULL ? value : parse_piece(r, d, piece);
}

/* A member of the list that holds a name, for as long as *value is held. */
static const char *
parse_name(struct reader *r, const struct document *d, struct piece piece, const char *key, json_t **value)
{
	struct spot s = { .key = key };

	*value = NULL;
	if (piece.start == piece.end)
		return "";
	s.value = *value = parse_piece(r, d, piece);
	if (s.value == NULL || !reader_is(r, &s, JSON_STRING))
		return "";
	return json_string_value(s.value);
}

/* What of a document is looked at by name before its items are. */
struct top {
	struct piece kind, api_version, items;
};

static struct piece *
top_member(struct top *top, const struct document *d, struct piece key)
{
	const char *text = d->text + key.start;
	size_t size = key.end - key.start;

	if (size == 6 && memcmp(text, "\"kind\"", 6) == 0)
		return &top->kind;
	if (size == 12 && memcmp(text, "\"apiVersion\"", 12) == 0)
		return &top->api_version;
	if (size == 7 && memcmp(text, "\"items\"", 7) == 0)
		return &top->items;
	return NULL;
}

/* Finds the members of the document, and that nothing follows it. */
static bool
find_members(struct reader *r, struct document *d, struct top *top)
{
	*top = (struct top){ 0 };
	if (!take(r, d, '{', "expected the { of a JSON object, as of kubectl get -o json"))
		return false;
	if (peek(d) == '}')
		d->at++;
	else
		for (bool more = true; more;) {
			struct piece key, value, *wanted;

			if (peek(d) != '"')
				fail_here(r, d, "expected a member's name");
			if (r->failed || !pass_value(r, d, &key) || !take(r, d, ':', "expected a colon") || !pass_value(r, d, &value))
				return false;
			wanted = top_member(top, d, key);
			if (wanted != NULL && wanted->start != wanted->end)
				fail_text(r, d, key.start, "this member is there twice");
			if (wanted != NULL)
				*wanted = value;
			more = peek(d) == ',';
			if (more)
				d->at++;
			else
				(void)take(r, d, '}', "expected a comma or }");
		}
	if (!r->failed && (peek(d) != '\0' || d->at < d->size))
		fail_here(r, d, "expected the end of the text");
	return !r->failed;
}

static void
add(struct batch *batch, struct object *o)
{
	if (o == NULL)
		return;
	*batch->last = o;
	batch->last = &o->next;
}

static void
read_items(struct reader *r, struct batch *batch, const struct document *whole, struct piece items, const char *item_kind, const char *version)
{
	struct document d = { .text = whole->text, .size = items.end, .at = items.start + 1 };
	struct spot list = { .key = "items" };

	if (peek(&d) == ']')
		d.at++;
	else
		for (size_t i = 0; !r->failed; i++) {
			struct piece piece;
			struct spot item = { .parent = &list, .index = i };

			if (!pass_value(r, &d, &piece))
				return;
			item.value = parse_item(r, whole, piece);
			if (item.value != NULL && reader_is(r, &item, JSON_OBJECT))
				add(batch, cluster_objects_read(r, &item, item_kind, version));
			json_decref(item.value);
			if (r->failed || peek(&d) == ']')
				break;
			(void)take(r, &d, ',', "expected a comma or ]");
		}
}

/* The members beside the items are not used, but must be JSON too. */
static void
check_rest(struct reader *r, const struct document *whole, struct piece items)
{
	struct document d = { .text = whole->text, .size = whole->size };
	struct piece key, value;

	(void)take(r, &d, '{', "");
	while (!r->failed && pass_value(r, &d, &key) && take(r, &d, ':', "")) {
		json_decref(parse_piece(r, whole, key));
		(void)peek(&d);
		if (d.at == items.start)
			d.at = items.end;
		else if (!r->failed && pass_value(r, &d, &value))
			json_decref(parse_piece(r, whole, value));
		if (peek(&d) != ',')
			return;
		d.at++;
	}
}

static void
read_list(struct reader *r, struct batch *batch, const struct document *d, const struct top *top, const char *kind, const char *version)
{
	size_t size = strlen(kind) - strlen("List");
	char item_kind[64] = "";
	struct spot items = { .key = "items" };

	/* A List proper is of mixed kinds, which its items name; the items of a PodList do not. */
	if (size < sizeof(item_kind))
		memcpy(item_kind, kind, size);
	check_rest(r, d, top->items);
	if (r->failed)
		return;
	if (d->text[top->items.start] == '[') {
		read_items(r, batch, d, top->items, item_kind, version);
		return;
	}
	items.value = parse_piece(r, d, top->items);
	if (items.value != NULL)
		(void)reader_is(r, &items, JSON_ARRAY);
	json_decref(items.value);
}

static bool
is_list(const char *kind, const struct top *top)
{
	size_t size = strlen(kind);

	return size >= 4 && strcmp(kind + size - 4, "List") == 0 && top->items.start != top->items.end;
}

static void
read_document(struct reader *r, struct batch *batch, struct document *d)
{
	struct piece whole = { 0 };
	struct top top;
	json_t *kind_value, *version_value;
	const char *kind, *version;

	/* PowerShell's > writes UTF-16, and some editors a byte order mark. */
	if (d->size >= 2 && (memcmp(d->text, "\xff\xfe", 2) == 0 || memcmp(d->text, "\xfe\xff", 2) == 0)) {
		reader_fail(r, "is UTF-16; JSON is UTF-8 (RFC 8259 8.1)");
		return;
	}
	if (d->size >= 3 && memcmp(d->text, "\xef\xbb\xbf", 3) == 0) {
		d->text += 3;
		d->size -= 3;
	}
	(void)peek(d);
	whole.start = d->at;
	if (!find_members(r, d, &top))
		return;
	whole.end = d->size;
	kind = parse_name(r, d, top.kind, "kind", &kind_value);
	version = parse_name(r, d, top.api_version, "apiVersion", &version_value);
	if (is_list(kind, &top)) {
		read_list(r, batch, d, &top, kind, version);
	} else if (!r->failed) {
		struct spot object = { .value = parse_piece(r, d, whole) };

		if (object.value != NULL && kind[0] == '\0')
			reader_fail(r, "kind: missing; expected a List or an object of Kubernetes");
		else if (object.value != NULL)
			add(batch, cluster_objects_read(r, &object, "", ""));
		json_decref(object.value);
	}
	json_decref(kind_value);
	json_decref(version_value);
}

bool
cluster_json_read(struct inventory *inv, const char *source, const char *text, size_t size, char *error, size_t error_size)
{
	struct reader r = { .inv = inv, .name = source, .error = error, .error_size = error_size };
	struct document d = { .text = text, .size = size };
	struct batch batch = { .first = NULL };

	batch.last = &batch.first;
	if (size > text_limit)
		reader_fail(&r, "is larger than 1 GiB");
	else
		read_document(&r, &batch, &d);
	if (r.failed)
		return false;
	for (struct object *o = batch.first, *next; o != NULL; o = next) {
		next = o->next;
		inventory_put(inv, o);
	}
	return true;
}

bool
cluster_json_load(struct inventory *inv, const char *path, char *error, size_t error_size)
{
	size_t size;
	char *text = read_file(path, text_limit, &size, error, error_size);
	bool done;

	if (text == NULL)
		return false;
	done = cluster_json_read(inv, path, text, size, error, error_size);
	free(text);
	return done;
}
