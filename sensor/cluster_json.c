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
enum member { KIND, API_VERSION, ITEMS, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT + 1] = {
	[KIND] = "kind",
	[API_VERSION] = "apiVersion",
	[ITEMS] = "items",
};

/* Objects in the order of the text, until they are put into the inventory. */
struct batch {
	struct cluster_reader reader;
	struct object *first, **last;
};

static void
add(struct batch *batch, struct object *o)
{
	if (o == NULL)
		return;
	*batch->last = o;
	batch->last = &o->next;
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
read_items(struct batch *batch, struct json_piece items, const char *item_kind, const char *version)
{
	struct json_document *d = &batch->reader.document;
	struct json_spot list = { .key = member_names[ITEMS] }, item = { .parent = &list };
	size_t at = 0;

	while (json_next_item(d, items, &at, &item)) {
		if (json_expect(d, &item, JSON_VALUE_OBJECT, JSON_MAY))
			add(batch, cluster_objects_read(&batch->reader, &item, item_kind, version));
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

static void
read_object(struct batch *batch, const char *kind)
{
	struct json_document *d = &batch->reader.document;
	struct json_text t = json_walk(d);
	struct json_spot top = { .key = NULL };

	(void)json_text_peek(&t);
	if (!json_parse_piece(d, (struct json_piece){ .start = t.at, .size = t.size - t.at }, &top))
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
	if (batch.reader.document.failed)
		return false;
	for (struct object *o = batch.first, *next; o != NULL; o = next) {
		next = o->next;
		inventory_put(inv, o, INVENTORY_TIME_OPEN);
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
