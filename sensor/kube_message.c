/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watch events, list metadata and Statuses of Kubernetes (meta/v1). Objects are large and are
 * parsed where they are used: here only their metadata is, found by walking over the text.
 */
#include <config.h>

#include "kube_message.h"

#include <stdio.h>
#include <string.h>

#include "json_document.h"

/* Most of an object's metadata, of which none is looked at. */
static const char *const unused[] = { "labels", "managedFields", "ownerReferences", NULL };

static const struct json_rules rules = {
	.piece_limit = (size_t)64 << 20,
	.depth_limit = 512,
	.unused = unused,
	.flaws = {
		[JSON_ENDS_EARLY] = "ends too early",
		[JSON_NO_OBJECT] = "expected {",
		[JSON_NO_ARRAY] = "expected [",
		[JSON_NO_KEY] = "expected a member's name",
		[JSON_NO_COLON] = "expected a colon",
		[JSON_NO_VALUE] = "expected a value",
		[JSON_NO_END_OF_OBJECT] = "expected a comma or }",
		[JSON_NO_END_OF_ARRAY] = "expected a comma or ]",
		[JSON_NO_END_OF_TEXT] = "expected the end",
		[JSON_BRACE_FOR_BRACKET] = "found }, expected ]",
		[JSON_BRACKET_FOR_BRACE] = "found ], expected }",
		[JSON_KEY_TWICE] = "a member is there twice",
		[JSON_TOO_DEEP] = "nested too deep",
		[JSON_TOO_LARGE] = "too large",
	},
};

static struct json_document
document(const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	return (struct json_document){ .rules = &rules, .name = name, .text = text, .size = size, .error = error, .error_size = error_size };
}

/* The document that a piece of another is; errors go to the same place. */
static struct json_document
inside(const struct json_document *d, struct json_piece piece)
{
	return document(d->name, d->text + piece.start, piece.size, d->error, d->error_size);
}

/* Copies a text that must fit: half a version or token would be a wrong one. An empty one is as good as none. */
static bool
copy_text(struct json_document *d, const struct json_spot *parent, const char *key, char *out, size_t size)
{
	const char *text = NULL;
	struct json_spot spot;

	if (!json_find(parent, key, &spot) || !json_is(&spot, JSON_VALUE_STRING) || json_string_of(&spot)[0] != '\0')
		text = json_read_text(d, parent, key, JSON_MAY, size - 1, true);
	(void)snprintf(out, size, "%s", text != NULL ? text : "");
	return !d->failed;
}

/* The value of a string piece against a table of words; 0 where it is none of them. */
static unsigned
read_word(struct json_document *d, struct json_piece piece, const char *const words[])
{
	struct json_spot spot = { .key = "type" };
	unsigned found = 0;

	if (json_parse_piece(d, piece, &spot) && json_expect(d, &spot, JSON_VALUE_STRING, JSON_MUST))
		for (unsigned i = 1; words[i] != NULL; i++)
			if (strcmp(json_string_of(&spot), words[i]) == 0)
				found = i;
	json_release(&spot);
	return found;
}

/* metadata.resourceVersion, and the annotation of the end of the initial events. */
static bool
read_metadata(struct json_document *d, struct json_piece piece, struct kube_event *e)
{
	static const char initial_end[] = "k8s.io/initial-events-end";
	struct json_spot metadata = { .key = "metadata" }, annotations, end;

	if (piece.size == 0)
		return true;
	if (!json_parse_used(d, piece, &metadata))
		return false;
	if (json_expect(d, &metadata, JSON_VALUE_OBJECT, JSON_MAY))
		(void)copy_text(d, &metadata, "resourceVersion", e->version, sizeof(e->version));
	if (e->type == KUBE_EVENT_BOOKMARK && json_member(d, &metadata, "annotations", JSON_VALUE_OBJECT, JSON_MAY, &annotations))
		e->initial_end = json_find(&annotations, initial_end, &end) && json_is(&end, JSON_VALUE_STRING) && strcmp(json_string_of(&end), "true") == 0;
	json_release(&metadata);
	return !d->failed;
}

/* Whatever somebody wrote, as one line of visible ASCII. */
static void
copy_visible(char *out, size_t size, const char *text, size_t text_size)
{
	size_t n = 0;

	while (text_size > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')) {
		text++;
		text_size--;
	}
	for (; n < size - 1 && n < text_size && text[n] != '\n' && text[n] != '\0'; n++)
		out[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
	while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '?'))
		n--;
	out[n] = '\0';
}

static bool
has_cause(struct json_document *d, const struct json_spot *status, const char *wanted)
{
	struct json_spot details, causes, cause, reason;

	if (!json_member(d, status, "details", JSON_VALUE_OBJECT, JSON_MAY, &details) || !json_member(d, &details, "causes", JSON_VALUE_ARRAY, JSON_MAY, &causes))
		return false;
	for (size_t i = 0; i < json_count_of(&causes); i++)
		if (json_element(d, &causes, i, JSON_VALUE_OBJECT, JSON_MAY, &cause) && json_find(&cause, "reason", &reason) && json_is(&reason, JSON_VALUE_STRING) &&
			strcmp(json_string_of(&reason), wanted) == 0)
			return true;
	return false;
}

/* False where it is no Status. */
static bool
read_failure(struct json_document *d, struct json_piece piece, struct kube_failure *out)
{
	struct json_spot top = { .key = "object" }, spot;

	if (!json_parse_piece(d, piece, &top))
		return false;
	out->code = (int)json_read_count(d, &top, "code", JSON_MAY, 0, 999);
	if (json_find(&top, "message", &spot) && json_is(&spot, JSON_VALUE_STRING))
		copy_visible(out->message, sizeof(out->message), json_string_of(&spot), strlen(json_string_of(&spot)));
	out->version_too_large = has_cause(d, &top, "ResourceVersionTooLarge");
	json_release(&top);
	return !d->failed;
}

bool
kube_event_read(const char *text, size_t size, struct kube_event *e, char *error, size_t error_size)
{
	enum { TYPE, OBJECT, EVENT_MEMBERS };
	static const char *const event_keys[EVENT_MEMBERS + 1] = { "type", "object", NULL };
	static const char *const object_keys[] = { "metadata", NULL };
	static const char *const types[] = {
		[KUBE_EVENT_UNKNOWN] = "",
		[KUBE_EVENT_ADDED] = "ADDED",
		[KUBE_EVENT_MODIFIED] = "MODIFIED",
		[KUBE_EVENT_DELETED] = "DELETED",
		[KUBE_EVENT_BOOKMARK] = "BOOKMARK",
		[KUBE_EVENT_ERROR] = "ERROR",
		NULL,
	};
	struct json_document d = document("a watch event", text, size, error, error_size), object;
	struct json_piece pieces[EVENT_MEMBERS], metadata;

	*e = (struct kube_event){ .type = KUBE_EVENT_UNKNOWN };
	if (!json_find_members(&d, event_keys, pieces))
		return false;
	e->type = (enum kube_event_type)read_word(&d, pieces[TYPE], types);
	e->object = pieces[OBJECT];
	if (d.failed)
		return false;
	if (e->type == KUBE_EVENT_UNKNOWN)
		return true;
	if (e->type == KUBE_EVENT_ERROR)
		return read_failure(&d, e->object, &e->failure);
	object = inside(&d, e->object);
	return json_find_members(&object, object_keys, &metadata) && read_metadata(&object, metadata, e);
}

/* Any list: whose it is, the sink says. */
static bool
is_list(struct json_document *d, struct json_piece piece)
{
	struct json_spot kind = { .key = "kind" };
	bool list = false;
	size_t size;

	if (piece.size > 0 && json_parse_piece(d, piece, &kind) && json_expect(d, &kind, JSON_VALUE_STRING, JSON_MUST)) {
		size = strlen(json_string_of(&kind));
		list = size > 4 && strcmp(json_string_of(&kind) + size - 4, "List") == 0;
	}
	json_release(&kind);
	if (!list)
		json_fail(d, NULL, "is no list");
	return list;
}

bool
kube_page_read(const char *text, size_t size, struct kube_page *page, char *error, size_t error_size)
{
	enum { KIND, METADATA, ITEMS, LIST_MEMBERS };
	static const char *const keys[LIST_MEMBERS + 1] = { "kind", "metadata", "items", NULL };
	struct json_document d = document("a list", text, size, error, error_size);
	struct json_spot metadata = { .key = "metadata" };
	struct json_piece pieces[LIST_MEMBERS];

	*page = (struct kube_page){ .version = "" };
	if (!json_find_members(&d, keys, pieces) || !is_list(&d, pieces[KIND]))
		return false;
	if (pieces[METADATA].size == 0 || !json_parse_piece(&d, pieces[METADATA], &metadata)) {
		json_fail(&d, NULL, "has no metadata");
		return false;
	}
	(void)copy_text(&d, &metadata, "resourceVersion", page->version, sizeof(page->version));
	(void)copy_text(&d, &metadata, "continue", page->more, sizeof(page->more));
	json_release(&metadata);
	if (page->version[0] == '\0')
		json_fail(&d, NULL, "has no resourceVersion");
	return !d.failed;
}

void
kube_failure_read(const char *text, size_t size, bool json, struct kube_failure *out)
{
	char error[128];
	struct json_document d = document("a Status", text, size, error, sizeof(error));

	*out = (struct kube_failure){ .code = 0 };
	if (json && read_failure(&d, (struct json_piece){ .size = size }, out))
		return;
	*out = (struct kube_failure){ .code = 0 };
	copy_visible(out->message, sizeof(out->message), text, size);
}
