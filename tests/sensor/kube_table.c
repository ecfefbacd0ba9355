/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "kube_table.h"

#include <stdio.h>
#include <string.h>

#include "sensor/kube_target.h"

void
kube_table_init(struct kube_table *t)
{
	*t = (struct kube_table){ .flaw = NULL };
	for (size_t i = 0; i < KUBE_KIND_COUNT; i++)
		t->kinds[i] = json_object();
}

void
kube_table_clear(struct kube_table *t)
{
	for (size_t i = 0; i < KUBE_KIND_COUNT; i++)
		json_decref(t->kinds[i]);
}

static bool
put(struct kube_table *t, enum kube_kind kind, enum kube_change change, json_t *object)
{
	const char *name, *space = "", *uid, *version;
	char full[512];

	if (json_unpack(object, "{s:{s:s,s?s,s:s,s:s}}", "metadata", "name", &name, "namespace", &space, "uid", &uid, "resourceVersion", &version) != 0)
		return false;
	(void)snprintf(full, sizeof(full), "%s/%s", space, name);
	if (change == KUBE_DELETED)
		(void)json_object_del(t->kinds[kind], uid);
	else
		(void)json_object_set_new(t->kinds[kind], uid, json_pack("[s,s,i]", full, version, t->generation[kind]));
	return true;
}

static bool
object(void *context, enum kube_kind kind, enum kube_change change, const char *text, size_t size, int64_t time, char *error, size_t error_size)
{
	struct kube_table *t = context;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	bool good = json != NULL && put(t, kind, change, json);

	(void)time;
	t->objects++;
	json_decref(json);
	if (!good)
		(void)snprintf(error, error_size, "an object without a name");
	return good;
}

static bool
page(void *context, enum kube_kind kind, const char *text, size_t size, int64_t time, char *error, size_t error_size)
{
	struct kube_table *t = context;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL), *items = json_object_get(json, "items"), *item;
	bool good = json != NULL;
	size_t i;

	(void)time;
	t->pages++;
	if (!t->relisting[kind])
		t->flaw = "a page outside a list";
	json_array_foreach(items, i, item)
		good = put(t, kind, KUBE_ADDED, item) && good;
	json_decref(json);
	if (!good)
		(void)snprintf(error, error_size, "a page that is none");
	return good;
}

static void
begin(void *context, enum kube_kind kind, bool anew)
{
	struct kube_table *t = context;

	t->anew = anew;
	t->begins++;
	t->generation[kind]++;
	t->relisting[kind] = true;
}

static void
end(void *context, enum kube_kind kind, int64_t time)
{
	struct kube_table *t = context;
	const char *uid;
	json_t *value;
	void *next;

	t->ends++;
	if (!t->relisting[kind] || time <= 0)
		t->flaw = "an end of no list";
	t->relisting[kind] = false;
	json_object_foreach_safe(t->kinds[kind], next, uid, value)
		if (json_integer_value(json_array_get(value, 2)) != t->generation[kind])
			(void)json_object_del(t->kinds[kind], uid);
}

static uint64_t
count(void *context, enum kube_kind kind)
{
	const struct kube_table *t = context;

	return json_object_size(t->kinds[kind]);
}

struct kube_sink
kube_table_sink(struct kube_table *t)
{
	return (struct kube_sink){ .object = object, .page = page, .relist_begin = begin, .relist_end = end, .count = count, .context = t };
}

char *
kube_table_text(const struct kube_table *t)
{
	json_t *all = json_object(), *one, *value;
	const char *uid;
	char line[700], *text;

	for (enum kube_kind kind = 0; kind < KUBE_KIND_COUNT; kind++) {
		one = json_object();
		json_object_foreach(t->kinds[kind], uid, value) {
			(void)snprintf(line, sizeof(line), "%s %s", json_string_value(json_array_get(value, 0)), json_string_value(json_array_get(value, 1)));
			(void)json_object_set_new(one, uid, json_string(line));
		}
		(void)json_object_set_new(all, kube_kind_name(kind), one);
	}
	text = json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(all);
	return text;
}
