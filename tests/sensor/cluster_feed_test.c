/* SPDX-License-Identifier: Apache-2.0 */
/* What the Kubernetes client hands over arrives in the inventory, whichever that is by then. */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include "sensor/cluster_feed.h"

static void
every_kind(void **state)
{
	static const struct {
		const char *kind, *version;
		enum object_kind number;
	} kinds[KUBE_KIND_COUNT] = {
		[KUBE_PODS] = { "Pod", "v1", OBJECT_POD },
		[KUBE_SERVICES] = { "Service", "v1", OBJECT_SERVICE },
		[KUBE_ENDPOINTSLICES] = { "EndpointSlice", "discovery.k8s.io/v1", OBJECT_SLICE },
		[KUBE_NODES] = { "Node", "v1", OBJECT_NODE },
		[KUBE_NAMESPACES] = { "Namespace", "v1", OBJECT_NAMESPACE },
		[KUBE_NETWORKPOLICIES] = { "NetworkPolicy", "networking.k8s.io/v1", OBJECT_NETWORK_POLICY },
	};
	struct cluster_feed feed = { .inventory = inventory_new() };
	struct kube_sink sink;

	(void)state;
	sink = cluster_feed_sink(&feed);
	for (enum kube_kind kind = 0; kind < KUBE_KIND_COUNT; kind++) {
		char object[256], page[512], error[256] = "";

		(void)snprintf(object, sizeof(object), "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"name\":\"a\",\"uid\":\"%s-1\",\"resourceVersion\":\"5\"}}", kinds[kind].kind, kinds[kind].version, kinds[kind].kind);
		(void)snprintf(page, sizeof(page), "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[{\"metadata\":{\"name\":\"b\",\"uid\":\"%s-2\",\"resourceVersion\":\"6\"}}]}", kinds[kind].kind, kinds[kind].version, kinds[kind].kind);
		feed.changed = false;
		assert_true(sink.object(sink.context, kind, KUBE_ADDED, object, strlen(object), at(10, 0, 0), error, sizeof(error)));
		assert_true(feed.changed);
		assert_int_equal(sink.count(sink.context, kind), 1);
		assert_int_equal(inventory_count(feed.inventory, kinds[kind].number), 1);
		sink.relist_begin(sink.context, kind, false);
		assert_true(sink.page(sink.context, kind, page, strlen(page), at(10, 0, 1), error, sizeof(error)));
		assert_int_equal(sink.count(sink.context, kind), 2);
		sink.relist_end(sink.context, kind, at(10, 0, 2));
		assert_int_equal(sink.count(sink.context, kind), 1);
		assert_false(sink.object(sink.context, kind, KUBE_DELETED, page, strlen(page), at(10, 0, 3), error, sizeof(error)));
		assert_string_not_equal(error, "");
		memcpy(strstr(object, "-1"), "-2", 2);
		memcpy(strstr(object, "\"5\""), "\"7\"", 3);
		assert_true(sink.object(sink.context, kind, KUBE_DELETED, object, strlen(object), at(10, 0, 3), error, sizeof(error)));
		assert_int_equal(sink.count(sink.context, kind), 0);
	}
	cluster_feed_clear(&feed);
}

/* A list that goes on after the move to another inventory ends as it would have. */
static void
compaction_within_a_list(void **state)
{
	struct cluster_feed feed = { .inventory = inventory_new() };
	struct kube_sink sink;
	char error[256];

	(void)state;
	sink = cluster_feed_sink(&feed);
	assert_false(inventory_wants_compaction(feed.inventory));
	for (int version = 1; version <= 1200; version++) {
		char text[256];

		for (int pod = 0; pod < (version == 1 ? 2 : 1); pod++) {
			(void)snprintf(text, sizeof(text), "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"uid\":\"u%d\",\"resourceVersion\":\"%d\"}}", pod, version);
			if (version == 1200)
				sink.relist_begin(sink.context, KUBE_PODS, false);
			assert_true(sink.object(sink.context, KUBE_PODS, KUBE_MODIFIED, text, strlen(text), at(10, 0, 0), error, sizeof(error)));
		}
	}
	assert_int_equal(sink.count(sink.context, KUBE_PODS), 2);
	assert_true(inventory_wants_compaction(feed.inventory));
	cluster_feed_replace(&feed, inventory_compacted(feed.inventory, at(10, 0, 0)));
	assert_false(inventory_wants_compaction(feed.inventory));
	assert_int_equal(feed.compactions, 1);
	assert_int_equal(sink.count(sink.context, KUBE_PODS), 2);
	sink.relist_end(sink.context, KUBE_PODS, at(10, 0, 1));
	assert_int_equal(sink.count(sink.context, KUBE_PODS), 1);
	cluster_feed_clear(&feed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(compaction_within_a_list),
	};

	return cmocka_run_group_tests_name("cluster_feed", tests, NULL, NULL);
}
