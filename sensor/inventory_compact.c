/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of an inventory without its past. Memory of an inventory only grows (arena.h): every change
 * of an object leaves the older version behind. So now and then all that counts moves into a new one.
 */
#include <config.h>

#include <string.h>

#include "inventory_internal.h"

/* Texts of the old inventory into the new one. */
static void
move_text(struct inventory *to, const char **text)
{
	*text = inventory_text(to, *text);
}

static const char **
copy_texts(struct inventory *to, const char *const *texts, size_t count)
{
	const char **copy = inventory_alloc(to, (count + 1) * sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = inventory_text(to, texts[i]);
	return copy;
}

static void *
copy_array(struct inventory *to, const void *items, size_t count, size_t size)
{
	void *copy = inventory_alloc(to, (count + 1) * size);

	if (count > 0)
		memcpy(copy, items, count * size);
	return copy;
}

static void
move_addresses(struct inventory *to, struct address_list *list)
{
	list->items = copy_array(to, list->items, list->count, sizeof(*list->items));
}

static void
move_container_ports(struct inventory *to, struct container_port **ports, size_t count)
{
	*ports = copy_array(to, *ports, count, sizeof(**ports));
	for (size_t i = 0; i < count; i++)
		move_text(to, &(*ports)[i].name);
}

/* What each kind has beside the object. The copy still refers to the old inventory's memory. */

static void
move_pod(struct inventory *to, struct object *o)
{
	struct pod *pod = (struct pod *)o;

	move_text(to, &pod->node);
	move_text(to, &pod->service_account);
	move_addresses(to, &pod->addresses);
	move_addresses(to, &pod->host_addresses);
	pod->labels = copy_texts(to, pod->labels, pod->label_count);
	move_container_ports(to, &pod->ports, pod->port_count);
}

static void
move_service(struct inventory *to, struct object *o)
{
	struct service *service = (struct service *)o;

	move_addresses(to, &service->addresses);
	service->selector = copy_texts(to, service->selector, service->selector_count);
	service->ports = copy_array(to, service->ports, service->port_count, sizeof(*service->ports));
	for (size_t i = 0; i < service->port_count; i++) {
		move_text(to, &service->ports[i].name);
		move_text(to, &service->ports[i].target_name);
	}
}

static void
move_slice(struct inventory *to, struct object *o)
{
	struct slice *slice = (struct slice *)o;

	move_text(to, &slice->service);
	slice->endpoints = copy_array(to, slice->endpoints, slice->endpoint_count, sizeof(*slice->endpoints));
	for (size_t i = 0; i < slice->endpoint_count; i++) {
		slice->endpoints[i].slice = slice;
		move_text(to, &slice->endpoints[i].pod_uid);
	}
	move_container_ports(to, &slice->ports, slice->port_count);
}

static void
move_node(struct inventory *to, struct object *o)
{
	struct node *node = (struct node *)o;

	move_addresses(to, &node->addresses);
	move_addresses(to, &node->range_addresses);
}

static void
move_namespace(struct inventory *to, struct object *o)
{
	struct namespace *namespace = (struct namespace *)o;

	namespace->labels = copy_texts(to, namespace->labels, namespace->label_count);
}

static void
move_selector(struct inventory *to, struct label_selector *s)
{
	s->requirements = copy_array(to, s->requirements, s->requirement_count, sizeof(*s->requirements));
	for (size_t i = 0; i < s->requirement_count; i++) {
		struct label_requirement *r = &s->requirements[i];

		move_text(to, &r->key);
		r->labels = copy_texts(to, r->labels, r->label_count);
	}
}

static void
move_rule(struct inventory *to, struct policy_rule *rule)
{
	rule->peers = copy_array(to, rule->peers, rule->peer_count, sizeof(*rule->peers));
	for (size_t i = 0; i < rule->peer_count; i++) {
		struct policy_peer *peer = &rule->peers[i];

		move_selector(to, &peer->pods);
		move_selector(to, &peer->namespaces);
		peer->except = copy_array(to, peer->except, peer->except_count, sizeof(*peer->except));
	}
	rule->ports = copy_array(to, rule->ports, rule->port_count, sizeof(*rule->ports));
	for (size_t i = 0; i < rule->port_count; i++)
		move_text(to, &rule->ports[i].name);
}

static void
move_direction(struct inventory *to, struct policy_direction *d)
{
	d->rules = copy_array(to, d->rules, d->rule_count, sizeof(*d->rules));
	for (size_t i = 0; i < d->rule_count; i++)
		move_rule(to, &d->rules[i]);
}

static void
move_network_policy(struct inventory *to, struct object *o)
{
	struct network_policy *policy = (struct network_policy *)o;

	move_selector(to, &policy->pods);
	move_direction(to, &policy->ingress);
	move_direction(to, &policy->egress);
}

static const struct {
	size_t size;
	void (*move)(struct inventory *, struct object *); /* NULL: there is no more than the object */
} kinds[OBJECT_KIND_COUNT] = {
	[OBJECT_POD] = { sizeof(struct pod), move_pod },
	[OBJECT_SERVICE] = { sizeof(struct service), move_service },
	[OBJECT_SLICE] = { sizeof(struct slice), move_slice },
	[OBJECT_NODE] = { sizeof(struct node), move_node },
	[OBJECT_CONTROLLER] = { sizeof(struct object), NULL },
	[OBJECT_NAMESPACE] = { sizeof(struct namespace), move_namespace },
	[OBJECT_NETWORK_POLICY] = { sizeof(struct network_policy), move_network_policy },
};

static void
copy_object(struct inventory *to, const struct object *from)
{
	struct object *o = inventory_object_new(to, from->kind);

	memcpy(o, from, kinds[from->kind].size);
	o->next = NULL;
	move_text(to, &o->uid);
	move_text(to, &o->version);
	move_text(to, &o->namespace);
	move_text(to, &o->name);
	move_text(to, &o->owner_kind);
	move_text(to, &o->owner_name);
	move_text(to, &o->owner_uid);
	if (kinds[o->kind].move != NULL)
		kinds[o->kind].move(to, o);
	inventory_enter(to, o);
	/* What has ended is not garbage as long as it is kept: it would be copied for ever. */
	if (o->state != OBJECT_CURRENT)
		to->made--;
}

/* The list begins with what came last, and so does the copy's. */
static void
copy_kind(struct inventory *to, struct object *list, int64_t keep_since)
{
	for (const struct object *o = list; o != NULL; o = o->next)
		if (object_counts(o, keep_since))
			copy_object(to, o);
	/* Entering turned it round. */
	if (list != NULL) {
		struct object *reversed = NULL;

		for (struct object *o = to->all[list->kind], *next; o != NULL; o = next) {
			next = o->next;
			o->next = reversed;
			reversed = o;
		}
		to->all[list->kind] = reversed;
	}
}

/* Nodes that pods spoke of and that are gone with the last of them. */
static void
copy_past_claims(struct inventory *to, const struct inventory *from, int64_t keep_since)
{
	for (size_t i = 0; i < from->nodes.bucket_count; i++) {
		for (const struct arena_entry *e = from->nodes.buckets[i]; e != NULL; e = e->next) {
			const struct node_claim *claim = e->value;
			struct node_claim *copy;

			if (claim->basis != NODE_OF_POD || claim->ended <= keep_since)
				continue;
			copy = inventory_claim_of_pods(to, &claim->address, inventory_text(to, claim->name));
			copy->ended = claim->ended;
		}
	}
}

struct inventory *
inventory_compacted(const struct inventory *from, int64_t keep_since)
{
	struct inventory *to = inventory_new();

	memcpy(to->relist, from->relist, sizeof(to->relist));
	memcpy(to->anew, from->anew, sizeof(to->anew));
	memcpy(to->listed, from->listed, sizeof(to->listed));
	for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		copy_kind(to, from->all[kind], keep_since);
	copy_past_claims(to, from, keep_since);
	return to;
}
