/* SPDX-License-Identifier: Apache-2.0 */
/* Reads CNI configuration as the runtime does, for the names of bridges alone. */
#include <config.h>

#include "cni_config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_document.h"
#include "read_file.h"

enum {
	FILE_LIMIT = 1 << 20, /* bytes; theirs are of some hundred */
	FILES_MAX = 256,
};

static const struct json_rules rules = {
	.piece_limit = FILE_LIMIT,
	.depth_limit = 64,
	.flaws = {
		[JSON_ENDS_EARLY] = "the text ends too early",
		[JSON_NO_OBJECT] = "expected a JSON object",
		[JSON_NO_ARRAY] = "expected an array",
		[JSON_NO_KEY] = "expected a member's name",
		[JSON_NO_COLON] = "expected a colon",
		[JSON_NO_VALUE] = "expected a value",
		[JSON_NO_END_OF_OBJECT] = "expected a comma or }",
		[JSON_NO_END_OF_ARRAY] = "expected a comma or ]",
		[JSON_NO_END_OF_TEXT] = "something follows the object",
		[JSON_BRACE_FOR_BRACKET] = "found }, expected ]",
		[JSON_BRACKET_FOR_BRACE] = "found ], expected }",
		[JSON_KEY_TWICE] = "the same name twice",
		[JSON_TOO_DEEP] = "too many brackets in brackets",
		[JSON_TOO_LARGE] = "a value is too large",
	},
};

struct bridge_list {
	char (*names)[IFNAMSIZ];
	size_t *count;
};

static void
add_bridge(const struct bridge_list *list, const char *name)
{
	size_t size = strlen(name);

	/* No interface can have such a name. */
	if (size == 0 || size >= IFNAMSIZ || strchr(name, '/') != NULL)
		return;
	for (size_t i = 0; i < *list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return;
	if (*list->count < BRIDGES_MAX)
		memcpy(list->names[(*list->count)++], name, size + 1);
}

/* One plugin's configuration: of the plugin "bridge", whose name for it is cni0 where none is given. */
static void
read_plugin(struct json_document *d, const struct json_spot *plugin, const struct bridge_list *list)
{
	const char *type = json_read_text(d, plugin, "type", JSON_MAY, FILE_LIMIT, true), *bridge;

	if (type == NULL || strcmp(type, "bridge") != 0)
		return;
	bridge = json_read_text(d, plugin, "bridge", JSON_MAY, FILE_LIMIT, true);
	if (!d->failed)
		add_bridge(list, bridge != NULL ? bridge : "cni0");
}

static void
read_configuration(struct json_document *d, const struct json_spot *top, const struct bridge_list *list)
{
	struct json_spot plugins, plugin;

	read_plugin(d, top, list);
	if (!json_member(d, top, "plugins", JSON_VALUE_ARRAY, JSON_MAY, &plugins))
		return;
	for (size_t i = 0; i < json_count_of(&plugins) && !d->failed; i++)
		if (json_element(d, &plugins, i, JSON_VALUE_OBJECT, JSON_MUST, &plugin))
			read_plugin(d, &plugin, list);
}

bool
cni_config_parse(const char *name, const char *text, size_t size, char bridges[BRIDGES_MAX][IFNAMSIZ], size_t *count, char *error, size_t error_size)
{
	struct json_document d = { .rules = &rules, .name = name, .text = text, .size = size, .error = error, .error_size = error_size };
	struct json_text walk = json_walk(&d);
	struct json_piece whole;
	struct json_spot top = { .value = NULL };
	size_t before = *count;

	if (json_text_value(&walk, &whole))
		json_text_end(&walk);
	if (!json_check_walk(&d, &walk) || !json_parse_piece(&d, whole, &top))
		return false;
	if (json_expect(&d, &top, JSON_VALUE_OBJECT, JSON_MUST))
		read_configuration(&d, &top, &(struct bridge_list){ .names = bridges, .count = count });
	json_release(&top);
	if (d.failed)
		*count = before; /* all of a file, or nothing */
	return !d.failed;
}

static int
is_configuration(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end != NULL && (strcmp(end, ".conf") == 0 || strcmp(end, ".conflist") == 0 || strcmp(end, ".json") == 0);
}

static void
read_one(const char *path, char bridges[BRIDGES_MAX][IFNAMSIZ], size_t *count, cni_config_warning *warn, void *context)
{
	char error[512] = "";
	size_t size;
	char *text = read_file(path, FILE_LIMIT, &size, error, sizeof(error));

	if ((text == NULL || !cni_config_parse(path, text, size, bridges, count, error, sizeof(error))) && warn != NULL)
		warn(context, error);
	free(text);
}

size_t
cni_config_bridges(const char *directory, char bridges[BRIDGES_MAX][IFNAMSIZ], cni_config_warning *warn, void *context)
{
	struct dirent **entries;
	int found = scandir(directory, &entries, is_configuration, alphasort);
	size_t count = 0;
	char path[4096];

	for (int i = 0; i < found; i++) {
		if (i < FILES_MAX && snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) < (int)sizeof(path))
			read_one(path, bridges, &count, warn, context);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	return count;
}
