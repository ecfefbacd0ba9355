/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses among a node's interfaces, and gives their names numbers. */
#include <config.h>

#include "capture_plan.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Bridges that pods are known to be on (flannel and k3s, kubenet, Docker, Podman, kube-router, Weave Net, Docker's networks). */
static const char *const known_bridges[] = { "cni0", "cbr0", "cnio0", "docker0", "podman0", "kube-bridge", "weave", "br-*" };

/* The host's ends of pods' interfaces without a bridge (Calico, Cilium, many, AWS, GKE, Azure). */
static const char *const known_pod_links[] = { "cali*", "lxc*", "veth*", "eni*", "gke*", "azv*" };

static bool
matches(const char *name, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

static bool
is_bridge(const struct link *l)
{
	return strcmp(l->kind, "bridge") == 0;
}

/* Whether the user named it. */
static bool
is_named(const struct link *l, const struct capture_wish *wish)
{
	return matches(l->name, wish->patterns, wish->pattern_count);
}

static bool
is_wanted_bridge(const struct link *l, const struct capture_wish *wish)
{
	if (!is_bridge(l))
		return false;
	if (wish->pattern_count > 0)
		return is_named(l, wish);
	for (size_t i = 0; i < wish->bridge_count; i++)
		if (strcmp(l->name, wish->bridges[i]) == 0)
			return true;
	return matches(l->name, known_bridges, sizeof(known_bridges) / sizeof(known_bridges[0]));
}

static int
compare_index(const void *key, const void *link)
{
	int index = *(const int *)key, other = ((const struct link *)link)->index;

	return (index > other) - (index < other);
}

/* The bridge a link is a port of, or NULL. */
static const struct link *
bridge_of(const struct link *links, size_t count, const struct link *l)
{
	const struct link *master = NULL;

	if (l->master > 0)
		master = bsearch(&l->master, links, count, sizeof(*links), compare_index);
	return master != NULL && is_bridge(master) ? master : NULL;
}

/* The directions of a link that is no wanted bridge; 0: not captured. */
static uint8_t
directions_of(const struct link *links, size_t count, const struct link *l, const struct capture_wish *wish)
{
	const struct link *bridge = bridge_of(links, count, l);

	/* What goes out of a port came in at another, or went out of the bridge. */
	if (bridge != NULL && is_wanted_bridge(bridge, wish))
		return wish->promiscuous ? 0 : PLAN_IN;
	if (wish->pattern_count == 0)
		return !is_bridge(l) && bridge == NULL && matches(l->name, known_pod_links, sizeof(known_pod_links) / sizeof(known_pod_links[0])) ? PLAN_BOTH : 0;
	if (!is_named(l, wish))
		return 0;
	/* All that goes out of loopback comes in. */
	if (strcmp(l->name, "lo") == 0)
		return PLAN_IN;
	return wish->promiscuous ? PLAN_BOTH | PLAN_PROMISCUOUS : PLAN_BOTH;
}

static void
plan_add(struct capture_plan *plan, const struct link *l, unsigned directions)
{
	struct plan_entry *e = &plan->entries[plan->count];

	if (plan->count == PLAN_MAX) {
		plan->omitted++;
		return;
	}
	*e = (struct plan_entry){ .ifindex = (uint32_t)l->index, .directions = (uint8_t)directions };
	memcpy(e->name, l->name, sizeof(e->name));
	e->name[sizeof(e->name) - 1] = '\0';
	plan->count++;
}

static int
compare_entries(const void *a, const void *b)
{
	uint32_t left = ((const struct plan_entry *)a)->ifindex, right = ((const struct plan_entry *)b)->ifindex;

	return (left > right) - (left < right);
}

/* Numbers. */

static bool
slot_find(const struct slot_table *t, const char *name, uint16_t *slot)
{
	for (uint32_t i = 0; i < t->count; i++) {
		if (strcmp(t->slots[i].name, name) == 0) {
			*slot = (uint16_t)i;
			return true;
		}
	}
	return false;
}

/* A number nobody has, else that of the name gone longest. There is one, since a plan has no more entries than there are slots. */
static uint16_t
slot_new(struct slot_table *t, const char *name)
{
	uint32_t slot = 0;

	if (t->count < SLOTS_MAX) {
		slot = t->count++;
	} else {
		for (uint32_t i = 1; i < SLOTS_MAX; i++)
			if (t->slots[i].used < t->slots[slot].used)
				slot = i;
	}
	memcpy(t->slots[slot].name, name, IFNAMSIZ);
	t->slots[slot].used = t->slots[slot].since = t->plans;
	return (uint16_t)slot;
}

static void
number_entries(struct capture_plan *plan, struct slot_table *t)
{
	t->plans++;
	/* Who has a number keeps it: first come those. */
	for (uint32_t i = 0; i < plan->count; i++)
		if (slot_find(t, plan->entries[i].name, &plan->entries[i].slot))
			t->slots[plan->entries[i].slot].used = t->plans;
	for (uint32_t i = 0; i < plan->count; i++)
		if (!slot_find(t, plan->entries[i].name, &plan->entries[i].slot))
			plan->entries[i].slot = slot_new(t, plan->entries[i].name);
}

/* Plans. */

void
capture_plan_make(const struct link *links, size_t link_count, const struct capture_wish *wish, struct slot_table *slots, struct capture_plan *out)
{
	uint8_t directions;

	out->count = out->omitted = 0;
	/* A port without its bridge is half a story: bridges find room first. */
	for (size_t i = 0; i < link_count; i++)
		if (is_wanted_bridge(&links[i], wish))
			plan_add(out, &links[i], wish->promiscuous ? PLAN_BOTH | PLAN_PROMISCUOUS : PLAN_OUT);
	for (size_t i = 0; i < link_count; i++)
		if (!is_wanted_bridge(&links[i], wish) && (directions = directions_of(links, link_count, &links[i], wish)) != 0)
			plan_add(out, &links[i], directions);
	qsort(out->entries, out->count, sizeof(out->entries[0]), compare_entries);
	number_entries(out, slots);
}

bool
capture_plan_equal(const struct capture_plan *a, const struct capture_plan *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct plan_entry *e = &a->entries[i], *f = &b->entries[i];

		if (e->ifindex != f->ifindex || e->slot != f->slot || e->directions != f->directions || strcmp(e->name, f->name) != 0)
			return false;
	}
	return true;
}

bool
capture_plan_valid(const struct plan_entry *entries, size_t count)
{
	if (count > PLAN_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct plan_entry *e = &entries[i];

		if (e->ifindex == 0 || e->ifindex > INT32_MAX || (i > 0 && e->ifindex <= entries[i - 1].ifindex))
			return false;
		if (e->slot >= SLOTS_MAX || (e->directions & PLAN_BOTH) == 0 || (e->directions & ~(PLAN_BOTH | PLAN_PROMISCUOUS)) != 0)
			return false;
		if (e->name[0] == '\0' || memchr(e->name, '\0', sizeof(e->name)) == NULL)
			return false;
	}
	return true;
}

bool
capture_plan_matches(const struct link *links, size_t link_count, const char *pattern)
{
	for (size_t i = 0; i < link_count; i++)
		if (matches(links[i].name, &pattern, 1))
			return true;
	return false;
}
