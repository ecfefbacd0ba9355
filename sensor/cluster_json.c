/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster file as a whole: what kind of list it is, and that it is JSON at all. What an object
 * says is read in cluster_objects.c.
 *
 * The items of a list are parsed one at a time, because a parsed cluster is many times the size of
 * its text. The text is gone over twice: kubectl sorts keys, so that a list's kind comes after its
 * items.
 *
 * Objects wait in a batch until the whole text has proved good.
 */
#include <config.h>

#include "cluster_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_objects.h"
#include "read_file.h"

static const size_t text_limit = (size_t)1 << 30;

/* What no kind is asked for, and most of what a cluster's text consists of. */
static const char *const unused[] = {
	"affinity", "allocatable", "annotations", "args", "capacity", "command", "conditions", "data", "env", "images", "lastState", "lifecycle", "livenessProbe",
	"managedFields", "readinessProbe", "resources", "securityContext", "startupProbe", "template", "tolerations", "topologySpreadConstraints", "volumeMounts", "volumes",
	NULL,
};

static const struct json_rules rules = {
	.piece_limit = (size_t)64 << 20, /* the API server's storage takes 1.5 MB an object */
	.depth_limit = JSON_TEXT_DEPTH,
	.unused = unused,
	.expected_first = true,
	.flaws = {
		[JSON_ENDS_EARLY] = "the text ends too early; it may have been cut off",
		[JSON_NO_OBJECT] = "expected the { of a JSON object, as of kubectl get -o json",
		[JSON_NO_ARRAY] = "expected an array",
		[JSON_NO_KEY] = "expected a member's name",
		[JSON_NO_COLON] = "expected a colon",
		[JSON_NO_VALUE] = "expected a value",
		[JSON_NO_END_OF_OBJECT] = "expected a comma or }",
		[JSON_NO_END_OF_ARRAY] = "expected a comma or ]",
		[JSON_NO_END_OF_TEXT] = "expected the end of the text",
		[JSON_BRACE_FOR_BRACKET] = "found }, expected ]",
		[JSON_BRACKET_FOR_BRACE] = "found ], expected }",
		[JSON_KEY_TWICE] = "this member is there twice",
		[JSON_TOO_DEEP] = "nested too deep",
		[JSON_TOO_LARGE] = "an object of more than 64 MiB; Kubernetes has none so large",
	},
};

/* What of a document is looked at by name before its items are. */
enum member { KIND, API_VERSION, ITEMS, METADATA, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT + 1] = {
	[KIND] = "kind",
	[API_VERSION] = "apiVersion",
	[ITEMS] = "items",
	[METADATA] = "metadata",
};

/* Objects in the order of the text, until they are put into the inventory. */
struct batch {
	struct cluster_reader reader;
	struct object *first, **last;
	struct object **known; /* those that the inventory has as they are */
	size_t known_count, known_room, count;
};

static void
add_known(struct batch *batch, struct object *o)
{
	if (batch->known_count == batch->known_room) {
		batch->known_room = batch->known_room == 0 ? 64 : batch->known_room * 2;
		batch->known = reallocarray(batch->known, batch->known_room, sizeof(struct object *));
		if (batch->known == NULL)
			abort();
	}
	batch->known[batch->known_count++] = o;
	batch->count++;
}

static void
add(struct batch *batch, struct object *o)
{
	if (o == NULL)
		return;
	*batch->last = o;
	batch->last = &o->next;
	batch->count++;
}

/* Puts what the text says into the inventory, unless it has proved bad; returns whether it was good. */
static bool
close_batch(struct batch *batch, int64_t time)
{
	bool good = !batch->reader.document.failed;

	for (size_t i = 0; good && i < batch->known_count; i++)
		inventory_confirm(batch->reader.inv, batch->known[i]);
	for (struct object *o = batch->first, *next; good && o != NULL; o = next) {
		next = o->next;
		inventory_put(batch->reader.inv, o, time);
	}
	free(batch->known);
	return good;
}

/* A member that holds a name, for as long as *spot holds it. */
static const char *
parse_name(struct json_document *d, const struct json_piece pieces[], enum member m, struct json_spot *spot)
{
	*spot = (struct json_spot){ .key = member_names[m] };
	if (pieces[m].size == 0 || !json_parse_piece(d, pieces[m], spot) || !json_expect(d, spot, JSON_VALUE_STRING, JSON_MAY))
		return "";
	return json_string_of(spot);
}

static void
check_piece(struct json_document *d, struct json_piece piece)
{
	struct json_spot spot = { .key = NULL };

	(void)json_parse_piece(d, piece, &spot);
	json_release(&spot);
}

/* The members beside the items are not used, but must be JSON too. */
static bool
check_rest(struct json_document *d, struct json_piece items)
{
	struct json_text t = json_walk(d);
	struct json_piece key, value;

	(void)json_text_take(&t, '{', JSON_NO_OBJECT);
	for (bool first = true; !d->failed && json_text_more(&t, '}', first) && json_text_key(&t, &key); first = false) {
		check_piece(d, key);
		(void)json_text_peek(&t);
		if (t.at == items.start)
			t.at = items.start + items.size;
		else if (json_text_value(&t, &value))
			check_piece(d, value);
	}
	return json_check_walk(d, &t);
}

/* Items that are no array: null is as good as none. */
static void
check_no_items(struct json_document *d, struct json_piece items)
{
	struct json_spot spot = { .key = member_names[ITEMS] };

	if (json_parse_piece(d, items, &spot))
		(void)json_expect(d, &spot, JSON_VALUE_ARRAY, JSON_MAY);
	json_release(&spot);
}

static void
read_item(struct batch *batch, const struct json_spot *item, const char *kind, const char *version)
{
	batch->reader.known = NULL;
	add(batch, cluster_objects_read(&batch->reader, item, kind, version));
	if (batch->reader.known != NULL)
		add_known(batch, batch->reader.known);
}

static void
read_items(struct batch *batch, struct json_piece items, const char *item_kind, const char *version)
{
	struct json_document *d = &batch->reader.document;
	struct json_spot list = { .key = member_names[ITEMS] }, item = { .parent = &list };
	size_t at = 0;

	while (json_next_item(d, items, &at, &item)) {
		if (json_expect(d, &item, JSON_VALUE_OBJECT, batch->reader.expected_kind != NULL ? JSON_MUST : JSON_MAY))
			read_item(batch, &item, item_kind, version);
		json_release(&item);
	}
}

static void
read_list(struct batch *batch, struct json_piece items, const char *kind, const char *version)
{
	struct json_document *d = &batch->reader.document;
	size_t size = strlen(kind) - strlen("List");
	char item_kind[64] = "";

	/* A List proper is of mixed kinds, which its items name; the items of a PodList do not. */
	if (size < sizeof(item_kind))
		memcpy(item_kind, kind, size);
	if (!check_rest(d, items))
		return;
	if (d->text[items.start] == '[')
		read_items(batch, items, item_kind, version);
	else
		check_no_items(d, items);
}

static bool
is_list(const char *kind)
{
	size_t size = strlen(kind);

	return size >= 4 && strcmp(kind + size - 4, "List") == 0;
}

/* The text from the first byte that is not white space. */
static struct json_piece
whole(const struct json_document *d)
{
	struct json_text t = json_walk(d);

	(void)json_text_peek(&t);
	return (struct json_piece){ .start = t.at, .size = t.size - t.at };
}

static void
read_object(struct batch *batch, const char *kind)
{
	struct json_document *d = &batch->reader.document;
	struct json_spot top = { .key = NULL };

	if (!json_parse_piece(d, whole(d), &top))
		return;
	if (kind[0] == '\0')
		json_fail(d, &(struct json_spot){ .key = member_names[KIND] }, "missing; expected a List or an object of Kubernetes");
	else
		add(batch, cluster_objects_read(&batch->reader, &top, "", ""));
	json_release(&top);
}

/* PowerShell's > writes UTF-16, and some editors a byte order mark. */
static void
read_encoding(struct json_document *d)
{
	if (d->size >= 2 && (memcmp(d->text, "\xff\xfe", 2) == 0 || memcmp(d->text, "\xfe\xff", 2) == 0))
		json_fail(d, NULL, "is UTF-16; JSON is UTF-8 (RFC 8259 8.1)");
	if (d->size < 3 || memcmp(d->text, "\xef\xbb\xbf", 3) != 0)
		return;
	d->text += 3;
	d->size -= 3;
}

static void
read_document(struct batch *batch)
{
	struct json_document *d = &batch->reader.document;
	struct json_piece pieces[MEMBER_COUNT];
	struct json_spot kind_spot, version_spot;
	const char *kind, *version;

	if (d->size > text_limit)
		json_fail(d, NULL, "is larger than 1 GiB");
	else
		read_encoding(d);
	if (d->failed || !json_find_members(d, member_names, pieces))
		return;
	kind = parse_name(d, pieces, KIND, &kind_spot);
	version = parse_name(d, pieces, API_VERSION, &version_spot);
	if (is_list(kind) && pieces[ITEMS].size > 0)
		read_list(batch, pieces[ITEMS], kind, version);
	else
		read_object(batch, kind);
	json_release(&kind_spot);
	json_release(&version_spot);
}

bool
cluster_json_read(struct inventory *inv, const char *source, const char *text, size_t size, char *error, size_t error_size)
{
	struct batch batch = {
		.reader.document = { .rules = &rules, .name = source, .text = text, .size = size, .error = error, .error_size = error_size },
		.reader.inv = inv,
	};

	batch.last = &batch.first;
	read_document(&batch);
	return close_batch(&batch, INVENTORY_TIME_OPEN);
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

/* Answers of the API server. */

static struct batch
open_answer(struct inventory *inv, const char *kind, const char *text, size_t size, char *error, size_t error_size)
{
	return (struct batch){
		.reader.document = { .rules = &rules, .name = kind, .text = text, .size = size, .error = error, .error_size = error_size },
		.reader.inv = inv,
		.reader.expected_kind = kind,
	};
}

/* Texts were checked to fit. */
static void
keep_id(struct cluster_object_id *id, const char *uid, const char *version)
{
	if (id == NULL)
		return;
	(void)snprintf(id->uid, sizeof(id->uid), "%s", uid);
	(void)snprintf(id->version, sizeof(id->version), "%s", version);
}

/* Parses the one object of the text, and says which it is. */
static bool
parse_object(struct cluster_reader *r, struct json_spot *top, enum object_kind *kind, const char **uid, const char **version)
{
	struct json_document *d = &r->document;
	const char *const no_keys[] = { NULL };

	/* A walk first, for the end of the text: what is left out is not parsed. */
	return json_find_members(d, no_keys, NULL) && json_parse_used(d, whole(d), top) && cluster_objects_identify(r, top, kind, uid, version);
}

bool
cluster_json_read_object(struct inventory *inv, const char *kind, int64_t time, const char *text, size_t size, struct cluster_object_id *out, char *error, size_t error_size)
{
	struct batch batch = open_answer(inv, kind, text, size, error, error_size);
	struct json_spot top = { .key = NULL };
	const char *uid, *version;
	enum object_kind number;

	batch.last = &batch.first;
	if (parse_object(&batch.reader, &top, &number, &uid, &version)) {
		keep_id(out, uid, version);
		read_item(&batch, &top, "", "");
	}
	json_release(&top);
	return close_batch(&batch, time);
}

bool
cluster_json_remove_object(struct inventory *inv, const char *kind, int64_t time, const char *text, size_t size, struct cluster_object_id *out, char *error, size_t error_size)
{
	struct cluster_reader r = open_answer(inv, kind, text, size, error, error_size).reader;
	struct json_spot top = { .key = NULL };
	const char *uid, *version;
	enum object_kind number;

	if (parse_object(&r, &top, &number, &uid, &version)) {
		keep_id(out, uid, version);
		inventory_remove(inv, number, uid, version, time);
	}
	json_release(&top);
	return !r.document.failed;
}

/* A page must say what it is: what is not in it counts as gone. */
static bool
check_page(struct json_document *d, const struct json_piece pieces[], const char *kind, const char *item_kind)
{
	size_t size = strlen(item_kind);

	if (!d->failed && (strncmp(kind, item_kind, size) != 0 || strcmp(kind + size, "List") != 0))
		json_fail(d, &(struct json_spot){ .key = member_names[KIND] }, "expected %sList, found \"%.*s\"", item_kind, JSON_QUOTE_LIMIT, kind);
	if (pieces[ITEMS].size == 0)
		json_fail(d, &(struct json_spot){ .key = member_names[ITEMS] }, "missing; a list without is not whole");
	return !d->failed;
}

/* A text of the page's metadata of less than size bytes; "" where it is absent. */
static void
read_page_text(struct json_document *d, const struct json_spot *metadata, const char *key, enum json_presence presence, char *out, size_t size)
{
	struct json_spot spot;
	const char *text = json_member(d, metadata, key, JSON_VALUE_STRING, presence, &spot) ? json_string_of(&spot) : "";

	if (strlen(text) >= size || text[strcspn(text, "\r\n \t")] != '\0')
		json_fail(d, &spot, "expected at most %zu bytes without white space", size - 1);
	else
		(void)snprintf(out, size, "%s", text);
}

static void
read_page_metadata(struct json_document *d, struct json_piece piece, struct cluster_page *out)
{
	struct json_spot metadata = { .key = member_names[METADATA] };

	if (piece.size == 0)
		json_fail(d, &metadata, "missing; a list without is not whole");
	if (json_parse_piece(d, piece, &metadata) && json_expect(d, &metadata, JSON_VALUE_OBJECT, JSON_MUST)) {
		read_page_text(d, &metadata, "resourceVersion", JSON_MUST, out->version, sizeof(out->version));
		read_page_text(d, &metadata, "continue", JSON_MAY, out->continue_token, sizeof(out->continue_token));
	}
	json_release(&metadata);
}

bool
cluster_json_read_page(struct inventory *inv, const char *kind, int64_t time, const char *text, size_t size, struct cluster_page *out, char *error, size_t error_size)
{
	struct batch batch = open_answer(inv, kind, text, size, error, error_size);
	struct json_document *d = &batch.reader.document;
	struct json_piece pieces[MEMBER_COUNT];
	struct json_spot kind_spot = { .key = NULL };

	batch.last = &batch.first;
	*out = (struct cluster_page){ .objects = 0 };
	if (json_find_members(d, member_names, pieces) && check_page(d, pieces, parse_name(d, pieces, KIND, &kind_spot), kind)) {
		read_page_metadata(d, pieces[METADATA], out);
		read_list(&batch, pieces[ITEMS], json_string_of(&kind_spot), "");
	}
	json_release(&kind_spot);
	out->objects = batch.count;
	return close_batch(&batch, time);
}
