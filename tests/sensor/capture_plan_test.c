/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for the nodes there are: bridged, routed, overlaid, and as they change. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/capture_plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A plan as text: each entry's name and directions, in order. */
static const char *
plan_text(const struct capture_plan *plan)
{
	static const char *const words[] = { [PLAN_IN] = "in", [PLAN_OUT] = "out", [PLAN_BOTH] = "both", [PLAN_BOTH | PLAN_PROMISCUOUS] = "promiscuous" };
	static char text[4096];
	size_t size = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < plan->count && size < sizeof(text) - 64; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s:%s", i == 0 ? "" : " ", plan->entries[i].name, words[plan->entries[i].directions]);
	return text;
}

static const struct capture_plan *
make(const struct link *links, size_t count, const struct capture_wish *wish)
{
	static struct capture_plan plan;
	static struct slot_table slots;

	memset(&slots, 0, sizeof(slots));
	capture_plan_make(links, count, wish, &slots, &plan);
	assert_true(capture_plan_valid(plan.entries, plan.count));
	return &plan;
}

#define assert_plan(links, wish, text) assert_string_equal(plan_text(make(links, COUNT(links), wish)), text)

static const struct capture_wish by_default = { .pattern_count = 0 };

/* As of kind, flannel, k3s; with or without br_netfilter the same. flannel.1 is no port: the bridge shows what comes from it. */
static const struct link bridged[] = {
	{ .index = 1, .name = "lo" },
	{ .index = 2, .name = "eth0" },
	{ .index = 4, .name = "flannel.1", .kind = "vxlan" },
	{ .index = 5, .name = "cni0", .kind = "bridge" },
	{ .index = 6, .master = 5, .name = "veth1a", .kind = "veth" },
	{ .index = 9, .master = 5, .name = "veth1b", .kind = "veth" },
};

static void
test_bridge(void **state)
{
	(void)state;
	assert_plan(bridged, &by_default, "cni0:out veth1a:in veth1b:in");
}

static void
test_routed(void **state)
{
	static const struct link calico[] = {
		{ .index = 1, .name = "lo" },
		{ .index = 2, .name = "eth0" },
		{ .index = 3, .name = "cali12345", .kind = "veth" },
		{ .index = 4, .name = "tunl0", .kind = "ipip" },
		{ .index = 5, .name = "lxc_health", .kind = "veth" },
		{ .index = 6, .name = "eni0a", .kind = "veth" },
		{ .index = 7, .name = "gke0a", .kind = "veth" },
		{ .index = 8, .name = "azv0a", .kind = "veth" },
		{ .index = 9, .name = "lxcbr0", .kind = "bridge" }, /* of LXC, no pod's interface */
	};

	(void)state;
	assert_plan(calico, &by_default, "cali12345:both lxc_health:both eni0a:both gke0a:both azv0a:both");
}

/* Ports of a bridge nobody asked for, of a bond, of Open vSwitch; a veth that belongs to none. */
static void
test_other_masters(void **state)
{
	static const struct link links[] = {
		{ .index = 2, .name = "virbr0", .kind = "bridge" },
		{ .index = 3, .master = 2, .name = "veth0", .kind = "veth" },
		{ .index = 4, .name = "ovs-system", .kind = "openvswitch" },
		{ .index = 5, .master = 4, .name = "veth1", .kind = "veth" },
		{ .index = 6, .name = "br-int", .kind = "openvswitch" },
		{ .index = 7, .name = "veth2", .kind = "veth" },
		{ .index = 8, .master = 99, .name = "veth3", .kind = "veth" }, /* of a bridge not listed yet */
	};

	(void)state;
	assert_plan(links, &by_default, "veth1:both veth2:both veth3:both");
}

static void
test_docker(void **state)
{
	static const struct link links[] = {
		{ .index = 3, .name = "docker0", .kind = "bridge" },
		{ .index = 4, .name = "br-0123456789ab", .kind = "bridge" },
		{ .index = 6, .master = 4, .name = "veth77", .kind = "veth" },
		{ .index = 8, .master = 3, .name = "vethaa", .kind = "veth" },
	};

	(void)state;
	assert_plan(links, &by_default, "docker0:out br-0123456789ab:out veth77:in vethaa:in");
}

static void
test_bridge_of_cni(void **state)
{
	static const char bridges[][IFNAMSIZ] = { "mynet" };
	static const struct capture_wish wish = { .bridges = bridges, .bridge_count = 1 };
	static const struct link links[] = {
		{ .index = 3, .name = "mynet", .kind = "bridge" },
		{ .index = 4, .master = 3, .name = "eth1" },
		{ .index = 5, .name = "cni0", .kind = "bridge" },
	};

	(void)state;
	assert_plan(links, &wish, "mynet:out eth1:in cni0:out");
}

static void
test_names(void **state)
{
	static const struct {
		const char *patterns[3];
		bool promiscuous;
		const char *plan;
	} cases[] = {
		{ { "cni0" }, false, "cni0:out veth1a:in veth1b:in" },
		{ { "cni0", "veth1a" }, false, "cni0:out veth1a:in veth1b:in" },
		{ { "veth1a" }, false, "veth1a:both" },
		{ { "veth*" }, false, "veth1a:both veth1b:both" },
		{ { "eth0" }, false, "eth0:both" },
		{ { "eth0", "nothing" }, false, "eth0:both" },
		{ { "nothing" }, false, "" },
		{ { "lo" }, false, "lo:in" },
		{ { "*" }, false, "lo:in eth0:both flannel.1:both cni0:out veth1a:in veth1b:in" },
		{ { "cni0" }, true, "cni0:promiscuous" },
		{ { "cni0", "eth0" }, true, "eth0:promiscuous cni0:promiscuous" },
		{ { "*" }, true, "lo:in eth0:promiscuous flannel.1:promiscuous cni0:promiscuous" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct capture_wish wish = { .patterns = cases[i].patterns, .promiscuous = cases[i].promiscuous };

		while (cases[i].patterns[wish.pattern_count] != NULL)
			wish.pattern_count++;
		assert_plan(bridged, &wish, cases[i].plan);
	}
	assert_true(capture_plan_matches(bridged, COUNT(bridged), "veth*"));
	assert_false(capture_plan_matches(bridged, COUNT(bridged), "veth"));
}

static void
test_promiscuous_by_default(void **state)
{
	static const struct capture_wish wish = { .promiscuous = true };

	(void)state;
	assert_plan(bridged, &wish, "cni0:promiscuous");
}

static void
test_changes(void **state)
{
	static struct capture_plan before, after;
	static struct slot_table slots;
	struct link links[COUNT(bridged)];

	(void)state;
	memset(&slots, 0, sizeof(slots));
	memcpy(links, bridged, sizeof(links));
	links[5].master = 0; /* not enslaved yet */
	capture_plan_make(links, COUNT(links), &by_default, &slots, &before);
	assert_string_equal(plan_text(&before), "cni0:out veth1a:in veth1b:both");
	links[5].master = 5;
	capture_plan_make(links, COUNT(links), &by_default, &slots, &after);
	assert_string_equal(plan_text(&after), "cni0:out veth1a:in veth1b:in");
	assert_false(capture_plan_equal(&before, &after));
	assert_int_equal(before.entries[2].slot, after.entries[2].slot);
	/* Up and down, and losses, change nothing. */
	links[4].up = true;
	links[4].dropped = 7;
	capture_plan_make(links, COUNT(links), &by_default, &slots, &before);
	assert_true(capture_plan_equal(&before, &after));
	/* A port that leaves, and one that is renamed. */
	capture_plan_make(links, COUNT(links) - 1, &by_default, &slots, &after);
	assert_string_equal(plan_text(&after), "cni0:out veth1a:in");
	strcpy(links[4].name, "other");
	capture_plan_make(links, COUNT(links), &by_default, &slots, &after);
	assert_string_equal(plan_text(&after), "cni0:out other:in veth1b:in");
	assert_int_equal(after.entries[0].slot, before.entries[0].slot);
	assert_int_equal(after.entries[1].slot, 3);
	assert_int_equal(after.entries[2].slot, before.entries[2].slot);
	assert_string_equal(slots.slots[1].name, "veth1a");
}

/* As many ports as a bridge may have, and more interfaces than a plan has room for. */
static void
test_many(void **state)
{
	enum { MANY = 1500 };
	static struct capture_plan plan;
	static struct slot_table slots;
	struct link *links = calloc(MANY, sizeof(*links));

	(void)state;
	memset(&slots, 0, sizeof(slots));
	assert_non_null(links);
	for (int i = 0; i < MANY; i++) {
		links[i] = (struct link){ .index = 10 + i, .master = 10 + 1000, .kind = "veth" };
		snprintf(links[i].name, IFNAMSIZ, "veth%d", i);
	}
	links[1000] = (struct link){ .index = 1010, .name = "cni0", .kind = "bridge" };
	capture_plan_make(links, 1001, &by_default, &slots, &plan);
	assert_int_equal(plan.count, 1001);
	assert_int_equal(plan.omitted, 0);
	assert_int_equal(plan.entries[1000].directions, PLAN_OUT);
	capture_plan_make(links, MANY, &by_default, &slots, &plan);
	assert_int_equal(plan.count, PLAN_MAX);
	assert_int_equal(plan.omitted, MANY - PLAN_MAX);
	assert_string_equal(plan.entries[1000].name, "cni0");
	assert_true(capture_plan_valid(plan.entries, plan.count));
	free(links);
}

/* Months of pods: names keep their numbers, those gone longest give theirs away. */
static void
test_slots_come_back(void **state)
{
	static struct capture_plan plan;
	static struct slot_table slots;
	struct link links[2] = { { .index = 5, .name = "cni0", .kind = "bridge" }, { .index = 6, .master = 5, .kind = "veth" } };
	uint64_t since;

	(void)state;
	memset(&slots, 0, sizeof(slots));
	for (int i = 0; i < 3 * SLOTS_MAX; i++) {
		snprintf(links[1].name, IFNAMSIZ, "veth%d", i);
		links[1].index = 6 + i;
		capture_plan_make(links, 2, &by_default, &slots, &plan);
		assert_int_equal(plan.entries[0].slot, 0);
		assert_int_equal(plan.entries[1].slot, 1 + i % (SLOTS_MAX - 1));
	}
	assert_int_equal(slots.count, SLOTS_MAX);
	since = slots.slots[plan.entries[1].slot].since;
	capture_plan_make(links, 2, &by_default, &slots, &plan);
	assert_int_equal(slots.slots[plan.entries[1].slot].since, since);
	assert_int_equal(slots.slots[0].since, 1);
}

static void
test_valid(void **state)
{
	struct plan_entry good[2] = { { .ifindex = 3, .directions = PLAN_IN, .name = "a" }, { .ifindex = 4, .slot = 1, .directions = PLAN_OUT, .name = "b" } }, bad[2];

	(void)state;
	assert_true(capture_plan_valid(good, 2));
	assert_true(capture_plan_valid(good, 0));
	assert_false(capture_plan_valid(good, PLAN_MAX + 1));
#define assert_bad(field, value) \
	do { \
		memcpy(bad, good, sizeof(bad)); \
		bad[1].field = value; \
		assert_false(capture_plan_valid(bad, 2)); \
	} while (0)
	assert_bad(ifindex, 0);
	assert_bad(ifindex, 3);
	assert_bad(ifindex, 0x80000000);
	assert_bad(slot, SLOTS_MAX);
	assert_bad(directions, 0);
	assert_bad(directions, PLAN_PROMISCUOUS);
	assert_bad(directions, 8 | PLAN_IN);
	assert_bad(name[0], '\0');
	memcpy(bad, good, sizeof(bad));
	memset(bad[1].name, 'x', IFNAMSIZ);
	assert_false(capture_plan_valid(bad, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_routed),
		cmocka_unit_test(test_other_masters),
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_bridge_of_cni),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_promiscuous_by_default),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_slots_come_back),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
