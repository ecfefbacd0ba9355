/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in: the tables by which they are found, and what becomes of one of which a newer version
 * is heard, or that it is gone. How it is asked: inventory_find.c.
 */
#include <config.h>

#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory_internal.h"

static const int64_t one_second = 1000000000;

struct inventory *
inventory_new(void)
{
	struct arena *arena = arena_new();
	struct inventory *inv = calloc(1, sizeof(*inv));
	struct warnings *warnings = calloc(1, sizeof(*warnings));

	if (inv == NULL || warnings == NULL)
		abort();
	inv->arena = arena;
	inv->warnings = warnings;
	return inv;
}

void
inventory_free(struct inventory *inv)
{
	if (inv == NULL)
		return;
	arena_table_clear(&inv->by_uid);
	arena_table_clear(&inv->nodes);
	arena_table_clear(&inv->pods);
	arena_table_clear(&inv->services);
	arena_table_clear(&inv->node_ports);
	arena_table_clear(&inv->endpoints);
	arena_table_clear(&inv->selectors);
	arena_table_clear(&inv->namespaces);
	arena_table_clear(&inv->policies);
	arena_free(inv->arena);
	inventory_forget_warnings(inv->warnings);
	free(inv->warnings);
	free(inv);
}

bool
inventory_has_objects(const struct inventory *inv)
{
	return inv->by_uid.count > 0;
}

void *
inventory_alloc(struct inventory *inv, size_t size)
{
	return arena_alloc(inv->arena, size);
}

const char *
inventory_text(struct inventory *inv, const char *text)
{
	return arena_text(inv->arena, text);
}

const char *
inventory_label(struct inventory *inv, const char *key, const char *value)
{
	char both[2048];
	int size = snprintf(both, sizeof(both), "%s\n%s", key, value);

	/* Longer than any label can be: cut to something no label equals. */
	if (size < 0 || (size_t)size >= sizeof(both))
		return arena_text(inv->arena, "\n");
	return arena_text(inv->arena, both);
}

struct object *
inventory_object_new(struct inventory *inv, enum object_kind kind)
{
	static const size_t sizes[OBJECT_KIND_COUNT] = {
		[OBJECT_POD] = sizeof(struct pod),
		[OBJECT_SERVICE] = sizeof(struct service),
		[OBJECT_SLICE] = sizeof(struct slice),
		[OBJECT_NODE] = sizeof(struct node),
		[OBJECT_CONTROLLER] = sizeof(struct object),
		[OBJECT_NAMESPACE] = sizeof(struct namespace),
		[OBJECT_NETWORK_POLICY] = sizeof(struct network_policy),
	};
	struct object *o = arena_alloc(inv->arena, sizes[kind]);

	inv->made++;
	o->kind = kind;
	o->uid = o->version = o->namespace = o->name = arena_text(inv->arena, "");
	o->owner_kind = o->owner_name = o->owner_uid = o->name;
	return o;
}

/* Keys. */

uint64_t
inventory_address_hash(const struct inventory *inv, const struct address *a)
{
	return arena_hash(inv->arena, a->bytes, sizeof(a->bytes));
}

uint64_t
inventory_port_hash(const struct inventory *inv, uint16_t port, uint8_t ip_protocol)
{
	uint8_t key[3] = { (uint8_t)(port >> 8), (uint8_t)port, ip_protocol };

	return arena_hash(inv->arena, key, sizeof(key));
}

uint64_t
inventory_text_hash(const struct inventory *inv, const char *text)
{
	return arena_hash(inv->arena, text, strlen(text));
}

/* Both are interned, so that their places in memory stand for them. */
uint64_t
inventory_selector_hash(const struct inventory *inv, const char *namespace, const char *label)
{
	const char *key[2] = { namespace, label };

	return arena_hash(inv->arena, key, sizeof(key));
}

/* Taking objects in. */

/*
 * Whether version a is newer than b. A resourceVersion is digits without leading zero and outgrows
 * 32 bits: the longer is the newer, of equal length bytes decide.
 */
static bool
newer(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);

	return a_size != b_size ? a_size > b_size : strcmp(a, b) > 0;
}

/* Whether what is heard of an object is older than what is known. */
static bool
heard_late(const struct inventory *inv, const struct object *known, const char *version)
{
	return newer(known->version, version) && known->relist >= inv->anew[known->kind];
}

struct object *
inventory_object(const struct inventory *inv, const char *uid)
{
	if (uid[0] == '\0')
		return NULL;
	for (const struct arena_entry *e = arena_table_first(&inv->by_uid, inventory_text_hash(inv, uid)); e != NULL; e = arena_table_next(e)) {
		struct object *o = e->value;

		if ((o->state == OBJECT_CURRENT || o->state == OBJECT_REMOVED) && strcmp(o->uid, uid) == 0)
			return o;
	}
	return NULL;
}

/* Nodes, by what they and their pods say. */

static void
add_node_claim(struct inventory *inv, const struct address *a, const struct object *node, enum node_basis basis)
{
	struct node_claim *claim = arena_alloc(inv->arena, sizeof(*claim));

	*claim = (struct node_claim){ .address = *a, .name = node->name, .object = node, .basis = basis };
	arena_table_add(&inv->nodes, inv->arena, inventory_address_hash(inv, a), claim);
}

struct node_claim *
inventory_claim_of_pods(struct inventory *inv, const struct address *a, const char *name)
{
	uint64_t hash = inventory_address_hash(inv, a);
	struct node_claim *claim;

	for (const struct arena_entry *e = arena_table_first(&inv->nodes, hash); e != NULL; e = arena_table_next(e)) {
		claim = e->value;
		if (claim->basis == NODE_OF_POD && claim->name == name && address_equal(&claim->address, a))
			return claim;
	}
	claim = arena_alloc(inv->arena, sizeof(*claim));
	*claim = (struct node_claim){ .address = *a, .name = name, .basis = NODE_OF_POD, .ended = INT64_MIN };
	arena_table_add(&inv->nodes, inv->arena, hash, claim);
	return claim;
}

/* Calls for each address that the pod says its node has. */
static void
each_host_address(struct inventory *inv, const struct pod *pod, void (*call)(struct node_claim *, int64_t), int64_t time)
{
	/* A pod that is gone may speak of a node that is gone. */
	if (pod->finished || pod->node[0] == '\0')
		return;
	for (size_t i = 0; i < pod->host_addresses.count; i++)
		call(inventory_claim_of_pods(inv, &pod->host_addresses.items[i], pod->node), time);
	for (size_t i = 0; pod->host_network && i < pod->addresses.count; i++)
		call(inventory_claim_of_pods(inv, &pod->addresses.items[i], pod->node), time);
}

static void
witness(struct node_claim *claim, int64_t time)
{
	(void)time;
	claim->pods++;
}

static void
end_witness(struct node_claim *claim, int64_t time)
{
	claim->pods--;
	if (time > claim->ended)
		claim->ended = time;
}

bool
node_claim_counts(const struct node_claim *claim, int64_t time)
{
	return claim->object != NULL ? object_counts(claim->object, time) : claim->pods > 0 || time < claim->ended;
}

static void
add_node(struct inventory *inv, struct object *o)
{
	struct node *node = (struct node *)o;

	for (size_t i = 0; i < node->addresses.count; i++)
		add_node_claim(inv, &node->addresses.items[i], o, NODE_STATUS);
	for (size_t i = 0; i < node->range_addresses.count; i++)
		add_node_claim(inv, &node->range_addresses.items[i], o, NODE_RANGE);
}

/* The value of the pod's label with key, or NULL. */
static const char *
pod_label(const struct pod *pod, const char *key)
{
	size_t size = strlen(key);

	for (size_t i = 0; i < pod->label_count; i++)
		if (strncmp(pod->labels[i], key, size) == 0 && pod->labels[i][size] == '\n')
			return pod->labels[i] + size + 1;
	return NULL;
}

/* The size of text without "-suffix" at its end; 0 where it does not end so or nothing is left. */
static size_t
size_without(const char *text, const char *suffix)
{
	size_t size = strlen(text), suffix_size = strlen(suffix);

	if (suffix_size == 0 || size <= suffix_size + 1)
		return 0;
	size -= suffix_size + 1;
	return text[size] == '-' && strcmp(text + size + 1, suffix) == 0 ? size : 0;
}

/*
 * The size of a Job's name without what a CronJob appends, or 0. The CronJob controller names its
 * Jobs NAME-N, N being the scheduled time in minutes since 1970 (until Kubernetes 1.20, in
 * seconds): never less than 8 digits. A date written in digits (backup-20240101) has 8 as well,
 * so N must also be a time within the year before the pod was made.
 */
static size_t
cronjob_name_size(const char *job, int64_t created)
{
	const char *dash = strrchr(job, '-');
	const int64_t year = 366 * 86400;
	size_t digits;
	int64_t number, age;

	if (dash == NULL || dash == job)
		return 0;
	digits = strspn(dash + 1, "0123456789");
	if (digits < 8 || digits > 10 || dash[1 + digits] != '\0')
		return 0;
	number = strtoll(dash + 1, NULL, 10);
	age = created / one_second - (digits == 10 ? number : number * 60);
	/* A clock that is late by less than an hour is no contradiction. */
	if (created != INVENTORY_TIME_OPEN && (age < -3600 || age > year))
		return 0;
	return (size_t)(dash - job);
}

/*
 * The workload as far as the pod alone tells. The object of its owner, if the inventory comes to
 * have it, knows better: see workload_of().
 */
static void
name_workload(struct inventory *inv, struct pod *pod)
{
	const struct object *o = &pod->object;
	const char *hash = pod_label(pod, "pod-template-hash");
	size_t size;

	pod->workload_kind = o->owner_kind;
	pod->workload = o->owner_name;
	if (o->owner_kind[0] == '\0') {
		pod->workload_kind = "Pod";
		pod->workload = o->name;
	} else if (strcmp(o->owner_kind, "Node") == 0) {
		/* A static pod: the kubelet shows it under its file's name and the node's. */
		size = size_without(o->name, pod->node[0] != '\0' ? pod->node : o->owner_name);
		pod->workload_kind = "Pod";
		pod->workload = size > 0 ? arena_text_sized(inv->arena, o->name, size) : o->name;
	} else if (strcmp(o->owner_kind, "ReplicaSet") == 0 && hash != NULL) {
		size = size_without(o->owner_name, hash);
		if (size > 0) {
			pod->workload_kind = "Deployment";
			pod->workload = arena_text_sized(inv->arena, o->owner_name, size);
		}
	} else if (strcmp(o->owner_kind, "Job") == 0) {
		size = cronjob_name_size(o->owner_name, o->created);
		if (size > 0) {
			pod->workload_kind = "CronJob";
			pod->workload = arena_text_sized(inv->arena, o->owner_name, size);
		}
	}
}

/* Labels are interned, so that their places in memory stand for them. */
static int
compare_labels(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t)*(const char *const *)a, right = (uintptr_t)*(const char *const *)b;

	return left < right ? -1 : left > right;
}

static void
sort_labels(const char **labels, size_t count)
{
	if (count > 1)
		qsort(labels, count, sizeof(*labels), compare_labels);
}

static void
add_pod(struct inventory *inv, struct object *o)
{
	struct pod *pod = (struct pod *)o;

	sort_labels(pod->labels, pod->label_count);
	name_workload(inv, pod);
	for (size_t i = 0; i < pod->addresses.count; i++)
		arena_table_add(&inv->pods, inv->arena, inventory_address_hash(inv, &pod->addresses.items[i]), pod);
	if (o->state == OBJECT_CURRENT)
		each_host_address(inv, pod, witness, 0);
}

static void
add_service(struct inventory *inv, struct object *o)
{
	struct service *service = (struct service *)o;

	sort_labels(service->selector, service->selector_count);
	for (size_t i = 0; i < service->addresses.count; i++)
		arena_table_add(&inv->services, inv->arena, inventory_address_hash(inv, &service->addresses.items[i]), service);
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].node_port != 0)
			arena_table_add(&inv->node_ports, inv->arena, inventory_port_hash(inv, service->ports[i].node_port, service->ports[i].ip_protocol), service);
	if (service->selector_count > 0)
		arena_table_add(&inv->selectors, inv->arena, inventory_selector_hash(inv, o->namespace, service->selector[0]), service);
}

static void
add_slice(struct inventory *inv, struct object *o)
{
	struct slice *slice = (struct slice *)o;

	for (size_t i = 0; i < slice->endpoint_count; i++)
		arena_table_add(&inv->endpoints, inv->arena, inventory_address_hash(inv, &slice->endpoints[i].address), &slice->endpoints[i]);
}

static void
add_namespace(struct inventory *inv, struct object *o)
{
	arena_table_add(&inv->namespaces, inv->arena, inventory_text_hash(inv, o->name), o);
}

static void
add_network_policy(struct inventory *inv, struct object *o)
{
	arena_table_add(&inv->policies, inv->arena, inventory_text_hash(inv, o->namespace), o);
}

void
inventory_enter(struct inventory *inv, struct object *o)
{
	static void (*const add[OBJECT_KIND_COUNT])(struct inventory *, struct object *) = {
		[OBJECT_POD] = add_pod,
		[OBJECT_SERVICE] = add_service,
		[OBJECT_SLICE] = add_slice,
		[OBJECT_NODE] = add_node,
		[OBJECT_NAMESPACE] = add_namespace,
		[OBJECT_NETWORK_POLICY] = add_network_policy,
	};

	arena_table_add(&inv->by_uid, inv->arena, inventory_text_hash(inv, o->uid), o);
	o->next = inv->all[o->kind];
	inv->all[o->kind] = o;
	if (o->state == OBJECT_CURRENT)
		inv->count[o->kind]++;
	if (add[o->kind] != NULL)
		add[o->kind](inv, o);
}

/* Following. */

static bool
all_listed(const struct address_list *items, const struct address_list *list)
{
	for (size_t i = 0; i < items->count; i++)
		if (!address_listed(list, &items->items[i]))
			return false;
	return true;
}

static bool
none_listed(const struct address_list *items, const struct address_list *list)
{
	for (size_t i = 0; i < items->count; i++)
		if (address_listed(list, &items->items[i]))
			return false;
	return true;
}

/* An object of the inventory counts no more from time on. */
static void
leave(struct inventory *inv, struct object *o, enum object_state state, int64_t time)
{
	if (o->state == OBJECT_CURRENT) {
		inv->count[o->kind]--;
		if (o->kind == OBJECT_POD)
			each_host_address(inv, (struct pod *)o, end_witness, time);
	}
	o->state = state;
	o->ended = time;
}

/* What a pod's older version knows of the time before: the pod may have changed its address, or lost it by finishing. */
static void
succeed_pod(struct inventory *inv, struct pod *old, struct pod *pod, int64_t time)
{
	bool gone = old->object.state == OBJECT_REMOVED;
	int64_t until = gone ? old->object.ended : time;

	if (time == INVENTORY_TIME_OPEN) {
		leave(inv, &old->object, OBJECT_REPLACED, time);
		return;
	}
	if (pod->finished && pod->end == INVENTORY_TIME_OPEN)
		pod->end = old->finished ? old->end : until;
	if (pod->finished && pod->end < until)
		until = pod->end;
	pod->address_heard = none_listed(&old->addresses, &pod->addresses) ? time : old->address_heard;
	if (!old->finished && !old->host_network && !all_listed(&old->addresses, &pod->addresses))
		leave(inv, &old->object, OBJECT_PAST, until);
	else
		leave(inv, &old->object, OBJECT_REPLACED, time);
}

struct object *
inventory_known(const struct inventory *inv, enum object_kind kind, const char *uid, const char *version)
{
	struct object *o = inventory_object(inv, uid);

	return o != NULL && o->kind == kind && strcmp(o->version, version) == 0 ? o : NULL;
}

static void
come_back(struct inventory *inv, struct object *o)
{
	o->state = OBJECT_CURRENT;
	inv->count[o->kind]++;
	if (o->kind == OBJECT_POD)
		each_host_address(inv, (struct pod *)o, witness, 0);
}

void
inventory_confirm(struct inventory *inv, struct object *o)
{
	o->relist = inv->relist[o->kind];
	if (o->state != OBJECT_REMOVED)
		return;
	come_back(inv, o);
	inventory_forget_warnings(inv->warnings);
}

/* From when on a policy says what it says. */
static void
date_policy(struct network_policy *policy, const struct object *old, int64_t time)
{
	policy->changed = old != NULL && time != INVENTORY_TIME_OPEN;
	policy->since = policy->changed ? time : policy->object.created;
}

void
inventory_put(struct inventory *inv, struct object *o, int64_t time)
{
	struct object *old = inventory_object(inv, o->uid);
	bool same = old != NULL && strcmp(o->version, old->version) == 0;

	if (old != NULL && (same || heard_late(inv, old, o->version))) {
		if (same || old->state == OBJECT_CURRENT)
			inventory_confirm(inv, old);
		return;
	}
	inventory_forget_warnings(inv->warnings);
	if (old != NULL && old->kind == OBJECT_POD && o->kind == OBJECT_POD)
		succeed_pod(inv, (struct pod *)old, (struct pod *)o, time);
	else if (old != NULL)
		leave(inv, old, OBJECT_REPLACED, time);
	o->relist = inv->relist[o->kind];
	if (time == INVENTORY_TIME_OPEN)
		inv->listed[o->kind] = true;
	if (o->kind == OBJECT_NETWORK_POLICY)
		date_policy((struct network_policy *)o, old, time);
	inventory_enter(inv, o);
}

static void
remove_object(struct inventory *inv, struct object *o, int64_t time)
{
	leave(inv, o, OBJECT_REMOVED, time);
	inventory_forget_warnings(inv->warnings);
}

void
inventory_remove(struct inventory *inv, enum object_kind kind, const char *uid, const char *version, int64_t time)
{
	struct object *o = inventory_object(inv, uid);

	if (o == NULL || o->kind != kind || (version != NULL && heard_late(inv, o, version)))
		return;
	if (version != NULL)
		o->version = inventory_text(inv, version);
	if (o->state == OBJECT_CURRENT)
		remove_object(inv, o, time);
}

void
inventory_relist_begin(struct inventory *inv, enum object_kind kind)
{
	inv->relist[kind]++;
}

void
inventory_relist_anew(struct inventory *inv, enum object_kind kind)
{
	inventory_relist_begin(inv, kind);
	inv->anew[kind] = inv->relist[kind];
}

void
inventory_relist_end(struct inventory *inv, enum object_kind kind, int64_t time)
{
	for (struct object *o = inv->all[kind]; o != NULL; o = o->next)
		if (o->state == OBJECT_CURRENT && o->relist != inv->relist[kind])
			remove_object(inv, o, time);
	inv->listed[kind] = true;
}

/* Figures. */

size_t
inventory_count(const struct inventory *inv, enum object_kind kind)
{
	return inv->count[kind];
}

static size_t
count_all(const struct inventory *inv)
{
	size_t count = 0;

	for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		count += inv->count[kind];
	return count;
}

size_t
inventory_garbage(const struct inventory *inv)
{
	return inv->made - count_all(inv);
}

size_t
inventory_memory(const struct inventory *inv)
{
	const struct arena_table *const tables[] = { &inv->by_uid, &inv->nodes, &inv->pods, &inv->services, &inv->node_ports, &inv->endpoints, &inv->selectors, &inv->namespaces, &inv->policies };
	size_t size = arena_memory(inv->arena);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		size += tables[i]->bucket_count * sizeof(*tables[i]->buckets);
	return size;
}

/* Half of the memory, but not for trifles: a copy costs some milliseconds for every thousand pods. */
bool
inventory_wants_compaction(const struct inventory *inv)
{
	return inventory_garbage(inv) > 1000 && inventory_garbage(inv) > count_all(inv);
}
