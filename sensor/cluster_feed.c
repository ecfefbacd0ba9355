/* SPDX-License-Identifier: Apache-2.0 */
/* See cluster_feed.h. */
#include <config.h>

#include "cluster_feed.h"

#include "cluster_json.h"

static const struct {
	const char *name;
	enum object_kind kind;
} kinds[KUBE_KIND_COUNT] = {
	[KUBE_PODS] = { "Pod", OBJECT_POD },
	[KUBE_SERVICES] = { "Service", OBJECT_SERVICE },
	[KUBE_ENDPOINTSLICES] = { "EndpointSlice", OBJECT_SLICE },
	[KUBE_NODES] = { "Node", OBJECT_NODE },
	[KUBE_NAMESPACES] = { "Namespace", OBJECT_NAMESPACE },
	[KUBE_NETWORKPOLICIES] = { "NetworkPolicy", OBJECT_NETWORK_POLICY },
};

void
cluster_feed_clear(struct cluster_feed *f)
{
	inventory_free(f->inventory);
	*f = (struct cluster_feed){ .inventory = NULL };
}

static bool
on_object(void *context, enum kube_kind kind, enum kube_change change, const char *json, size_t size, int64_t time, char *error, size_t error_size)
{
	struct cluster_feed *f = context;

	f->changed = true;
	if (change == KUBE_DELETED)
		return cluster_json_remove_object(f->inventory, kinds[kind].name, time, json, size, NULL, error, error_size);
	return cluster_json_read_object(f->inventory, kinds[kind].name, time, json, size, NULL, error, error_size);
}

static bool
on_page(void *context, enum kube_kind kind, const char *json, size_t size, int64_t time, char *error, size_t error_size)
{
	struct cluster_feed *f = context;
	struct cluster_page page;

	f->changed = true;
	return cluster_json_read_page(f->inventory, kinds[kind].name, time, json, size, &page, error, error_size);
}

static void
on_relist_begin(void *context, enum kube_kind kind, bool anew)
{
	struct cluster_feed *f = context;

	if (anew)
		inventory_relist_anew(f->inventory, kinds[kind].kind);
	else
		inventory_relist_begin(f->inventory, kinds[kind].kind);
}

static void
on_relist_end(void *context, enum kube_kind kind, int64_t time)
{
	struct cluster_feed *f = context;

	f->changed = true;
	inventory_relist_end(f->inventory, kinds[kind].kind, time);
}

static uint64_t
count(void *context, enum kube_kind kind)
{
	const struct cluster_feed *f = context;

	return inventory_count(f->inventory, kinds[kind].kind);
}

struct kube_sink
cluster_feed_sink(struct cluster_feed *f)
{
	return (struct kube_sink){ .object = on_object, .page = on_page, .relist_begin = on_relist_begin, .relist_end = on_relist_end, .count = count, .context = f };
}

void
cluster_feed_replace(struct cluster_feed *f, struct inventory *copy)
{
	inventory_free(f->inventory);
	f->inventory = copy;
	f->compactions++;
}
