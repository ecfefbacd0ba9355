/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who had an address at a time, and which Service a port belongs to.
 *
 * An address is looked for where it is most surely named: the addresses of nodes, then pods with
 * their lifetimes, then what a node's pod range implies, then the cluster addresses of Services.
 * Where two objects claim the same with equal right, the answer is nobody.
 */
#include <config.h>

#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory_internal.h"

/* Times of the Kubernetes API are cut to seconds, and clocks of nodes differ a little. */
static const int64_t one_second = 1000000000;
static const int64_t clock_slack = 2000000000;

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
	};
	struct object *o = arena_alloc(inv->arena, sizes[kind]);

	o->kind = kind;
	o->uid = o->version = o->namespace = o->name = arena_text(inv->arena, "");
	o->owner_kind = o->owner_name = o->owner_uid = o->name;
	return o;
}

/* Keys. */

static uint64_t
address_hash(const struct inventory *inv, const struct address *a)
{
	return arena_hash(inv->arena, a->bytes, sizeof(a->bytes));
}

static uint64_t
port_hash(const struct inventory *inv, uint16_t port, uint8_t ip_protocol)
{
	uint8_t key[3] = { (uint8_t)(port >> 8), (uint8_t)port, ip_protocol };

	return arena_hash(inv->arena, key, sizeof(key));
}

static uint64_t
text_hash(const struct inventory *inv, const char *text)
{
	return arena_hash(inv->arena, text, strlen(text));
}

/* Both are interned, so that their places in memory stand for them. */
static uint64_t
selector_hash(const struct inventory *inv, const char *namespace, const char *label)
{
	const char *key[2] = { namespace, label };

	return arena_hash(inv->arena, key, sizeof(key));
}

static bool
in_list(const struct address_list *list, const struct address *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (address_equal(&list->items[i], a))
			return true;
	return false;
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

/* The object with uid that counts, or NULL. */
static struct object *
object_with(const struct inventory *inv, const char *uid)
{
	if (uid[0] == '\0')
		return NULL;
	for (const struct arena_entry *e = arena_table_first(&inv->by_uid, text_hash(inv, uid)); e != NULL; e = arena_table_next(e)) {
		struct object *o = e->value;

		if (!o->replaced && strcmp(o->uid, uid) == 0)
			return o;
	}
	return NULL;
}

static void
add_node_claim(struct inventory *inv, const struct address *a, const char *name, const struct object *object, enum node_basis basis)
{
	uint64_t hash = address_hash(inv, a);
	struct node_claim *claim;

	/* All pods of a node repeat its addresses. */
	if (basis == NODE_OF_POD) {
		for (const struct arena_entry *e = arena_table_first(&inv->nodes, hash); e != NULL; e = arena_table_next(e)) {
			claim = e->value;
			if (claim->basis == basis && claim->name == name && address_equal(&claim->address, a))
				return;
		}
	}
	claim = arena_alloc(inv->arena, sizeof(*claim));
	*claim = (struct node_claim){ .address = *a, .name = name, .object = object, .basis = basis };
	arena_table_add(&inv->nodes, inv->arena, hash, claim);
}

static void
add_node(struct inventory *inv, struct object *o)
{
	struct node *node = (struct node *)o;

	for (size_t i = 0; i < node->addresses.count; i++)
		add_node_claim(inv, &node->addresses.items[i], o->name, o, NODE_STATUS);
	for (size_t i = 0; i < node->range_addresses.count; i++)
		add_node_claim(inv, &node->range_addresses.items[i], o->name, o, NODE_RANGE);
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
		arena_table_add(&inv->pods, inv->arena, address_hash(inv, &pod->addresses.items[i]), pod);
	/* A pod that is gone may speak of a node that is gone. */
	if (pod->finished || pod->node[0] == '\0')
		return;
	for (size_t i = 0; i < pod->host_addresses.count; i++)
		add_node_claim(inv, &pod->host_addresses.items[i], pod->node, NULL, NODE_OF_POD);
	for (size_t i = 0; pod->host_network && i < pod->addresses.count; i++)
		add_node_claim(inv, &pod->addresses.items[i], pod->node, NULL, NODE_OF_POD);
}

static void
add_service(struct inventory *inv, struct object *o)
{
	struct service *service = (struct service *)o;

	sort_labels(service->selector, service->selector_count);
	for (size_t i = 0; i < service->addresses.count; i++)
		arena_table_add(&inv->services, inv->arena, address_hash(inv, &service->addresses.items[i]), service);
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].node_port != 0)
			arena_table_add(&inv->node_ports, inv->arena, port_hash(inv, service->ports[i].node_port, service->ports[i].ip_protocol), service);
	if (service->selector_count > 0)
		arena_table_add(&inv->selectors, inv->arena, selector_hash(inv, o->namespace, service->selector[0]), service);
}

static void
add_slice(struct inventory *inv, struct object *o)
{
	struct slice *slice = (struct slice *)o;

	for (size_t i = 0; i < slice->endpoint_count; i++)
		arena_table_add(&inv->endpoints, inv->arena, address_hash(inv, &slice->endpoints[i].address), &slice->endpoints[i]);
}

void
inventory_put(struct inventory *inv, struct object *o)
{
	static void (*const add[OBJECT_KIND_COUNT])(struct inventory *, struct object *) = {
		[OBJECT_POD] = add_pod,
		[OBJECT_SERVICE] = add_service,
		[OBJECT_SLICE] = add_slice,
		[OBJECT_NODE] = add_node,
	};
	struct object *old = object_with(inv, o->uid);

	if (old != NULL && !newer(o->version, old->version))
		return;
	if (old != NULL)
		old->replaced = true;
	arena_table_add(&inv->by_uid, inv->arena, text_hash(inv, o->uid), o);
	o->next = inv->all[o->kind];
	inv->all[o->kind] = o;
	if (add[o->kind] != NULL)
		add[o->kind](inv, o);
	inventory_forget_warnings(inv->warnings);
}

/* Asking for an address. */

/* The name of the node with address, by claims of a basis; several says that they disagree. */
static const char *
node_at(const struct inventory *inv, const struct address *a, enum node_basis basis, bool *several)
{
	const char *name = NULL;

	*several = false;
	for (const struct arena_entry *e = arena_table_first(&inv->nodes, address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct node_claim *claim = e->value;

		if (claim->basis != basis || (claim->object != NULL && claim->object->replaced) || !address_equal(&claim->address, a))
			continue;
		if (name != NULL && name != claim->name)
			*several = true;
		name = claim->name;
	}
	return name;
}

const char *
inventory_sure_node(const struct inventory *inv, const struct address *a, bool *several)
{
	const char *name = node_at(inv, a, NODE_STATUS, several);

	return name != NULL ? name : node_at(inv, a, NODE_OF_POD, several);
}

static bool
name_node(const char *name, bool several, struct endpoint *out)
{
	if (name == NULL)
		return false;
	if (!several) {
		out->kind = ENDPOINT_NODE;
		out->workload_kind = "Node";
		out->workload = name;
	}
	return true;
}

static int64_t
pod_start(const struct pod *pod)
{
	return pod->start == INVENTORY_TIME_OPEN ? INT64_MIN : pod->start;
}

/* A finished pod keeps its address in the API; it had it until its last container ended. */
static bool
owns_at(const struct pod *pod, int64_t time)
{
	if (time < pod_start(pod))
		return false;
	if (!pod->finished)
		return true;
	return pod->end != INVENTORY_TIME_OPEN && time < pod->end + one_second;
}

/* The pod was on its way: its address came before the second in which it says that it started. */
static bool
about_to_own_at(const struct pod *pod, int64_t time)
{
	return !pod->finished && time < pod_start(pod) && pod_start(pod) - time <= clock_slack;
}

/* Above 0 where a has the better claim. */
static int
compare_claims(const struct pod *a, const struct pod *b)
{
	if (a->finished != b->finished)
		return a->finished ? -1 : 1;
	if (pod_start(a) == pod_start(b))
		return 0;
	return pod_start(a) > pod_start(b) ? 1 : -1;
}

/* Pods with an address of their own that has this value, one after the other. */
static const struct arena_entry *
own_address_pod(const struct arena_entry *e, const struct address *a)
{
	for (; e != NULL; e = arena_table_next(e)) {
		const struct pod *pod = e->value;

		if (!pod->object.replaced && !pod->host_network && in_list(&pod->addresses, a))
			return e;
	}
	return NULL;
}

static const struct arena_entry *
first_pod(const struct inventory *inv, const struct address *a)
{
	return own_address_pod(arena_table_first(&inv->pods, address_hash(inv, a)), a);
}

static const struct arena_entry *
next_pod(const struct arena_entry *e, const struct address *a)
{
	return own_address_pod(arena_table_next(e), a);
}

/* The one pod that had address at time, or NULL. */
static const struct pod *
pod_at(const struct inventory *inv, const struct address *a, int64_t time)
{
	const struct pod *best = NULL, *coming = NULL;
	bool tie = false, several_coming = false;

	for (const struct arena_entry *e = first_pod(inv, a); e != NULL; e = next_pod(e, a)) {
		const struct pod *pod = e->value;

		if (owns_at(pod, time)) {
			int order = best == NULL ? 1 : compare_claims(pod, best);

			if (order > 0)
				best = pod;
			tie = order == 0 || (order < 0 && tie);
		} else if (about_to_own_at(pod, time)) {
			several_coming = coming != NULL;
			coming = pod;
		}
	}
	if (best != NULL)
		return tie ? NULL : best;
	return several_coming ? NULL : coming;
}

/* The workload at the end of the owner chain. */
static void
workload_of(const struct inventory *inv, const struct pod *pod, struct endpoint *out)
{
	const struct object *owner = object_with(inv, pod->object.owner_uid);

	out->workload_kind = pod->workload_kind;
	out->workload = pod->workload;
	if (owner == NULL || owner->kind != OBJECT_CONTROLLER)
		return;
	if (owner->owner_kind[0] != '\0') {
		out->workload_kind = owner->owner_kind;
		out->workload = owner->owner_name;
	} else {
		out->workload_kind = pod->object.owner_kind;
		out->workload = pod->object.owner_name;
	}
}

static bool
name_pod(const struct inventory *inv, const struct pod *pod, struct endpoint *out)
{
	if (pod == NULL)
		return false;
	out->kind = ENDPOINT_WORKLOAD;
	out->namespace = pod->object.namespace;
	out->pod = pod->object.name;
	out->service_account = pod->service_account;
	workload_of(inv, pod, out);
	return true;
}

/* What has been found of Services: one, or none, or more than could be meant. */
struct found {
	const struct service_name *name;
	struct service_name storage;
	bool several;
};

static void
found_add(struct found *f, const char *namespace, const char *name, const char *port_name)
{
	if (f->name == NULL) {
		f->storage = (struct service_name){ .namespace = namespace, .name = name, .port_name = port_name };
		f->name = &f->storage;
		return;
	}
	if (f->storage.namespace != namespace || f->storage.name != name)
		f->several = true;
	else if (f->storage.port_name != port_name)
		f->storage.port_name = ""; /* the same Service by two of its ports */
}

static bool
found_one(const struct found *f, struct service_name *out)
{
	if (f->name == NULL || f->several)
		return false;
	*out = f->storage;
	return true;
}

static void
name_service(const struct inventory *inv, const struct address *a, struct endpoint *out)
{
	struct found f = { 0 };
	struct service_name name;

	for (const struct arena_entry *e = arena_table_first(&inv->services, address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;
		struct address_list own = { service->addresses.items, service->cluster_address_count };

		if (!service->object.replaced && in_list(&own, a))
			found_add(&f, service->object.namespace, service->object.name, "");
	}
	if (!found_one(&f, &name))
		return;
	out->kind = ENDPOINT_SERVICE;
	out->namespace = name.namespace;
	out->workload_kind = "Service";
	out->workload = name.name;
}

void
inventory_find(const struct inventory *inv, const struct address *a, int64_t time, struct endpoint *out)
{
	const char *name;
	bool several;

	*out = (struct endpoint){ .kind = ENDPOINT_ADDRESS, .namespace = "", .workload_kind = "", .workload = "", .pod = "", .service_account = "" };
	name = inventory_sure_node(inv, a, &several);
	if (name_node(name, several, out))
		return;
	if (name_pod(inv, pod_at(inv, a, time), out))
		return;
	/* Networks that have no bridge may give these addresses to pods, so they come after them. */
	name = node_at(inv, a, NODE_RANGE, &several);
	if (name_node(name, several, out))
		return;
	name_service(inv, a, out);
}

/* Asking for a Service. */

static void
at_node_port(const struct inventory *inv, uint16_t port, uint8_t ip_protocol, struct found *f)
{
	for (const struct arena_entry *e = arena_table_first(&inv->node_ports, port_hash(inv, port, ip_protocol)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;

		for (size_t i = 0; !service->object.replaced && i < service->port_count; i++)
			if (service->ports[i].node_port == port && service->ports[i].ip_protocol == ip_protocol)
				found_add(f, service->object.namespace, service->object.name, service->ports[i].name);
	}
}

bool
inventory_service_at(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, struct service_name *out)
{
	struct found f = { 0 };
	bool several;

	for (const struct arena_entry *e = arena_table_first(&inv->services, address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;

		if (service->object.replaced || !in_list(&service->addresses, a))
			continue;
		for (size_t i = 0; i < service->port_count; i++)
			if (service->ports[i].port == port && service->ports[i].ip_protocol == ip_protocol)
				found_add(&f, service->object.namespace, service->object.name, service->ports[i].name);
	}
	/* Which of the nodes it is does not matter: a NodePort is open on all. */
	if (f.name == NULL && port != 0 && (inventory_sure_node(inv, a, &several) != NULL || node_at(inv, a, NODE_RANGE, &several) != NULL))
		at_node_port(inv, port, ip_protocol, &f);
	return found_one(&f, out);
}

/*
 * Whether an EndpointSlice's endpoint speaks of who had the address at the time asked for: slices
 * are of today, the capture may be older.
 */
static bool
endpoint_holds(const struct inventory *inv, const struct slice_endpoint *endpoint, const struct pod *pod)
{
	if (pod != NULL)
		return endpoint->pod_uid[0] == '\0' || strcmp(endpoint->pod_uid, pod->object.uid) == 0;
	return first_pod(inv, &endpoint->address) == NULL;
}

static void
behind_by_slices(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, const struct pod *pod, struct found *f)
{
	for (const struct arena_entry *e = arena_table_first(&inv->endpoints, address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct slice_endpoint *endpoint = e->value;
		const struct slice *slice = endpoint->slice;

		if (slice->object.replaced || !address_equal(&endpoint->address, a) || !endpoint_holds(inv, endpoint, pod))
			continue;
		for (size_t i = 0; i < slice->port_count; i++)
			if (slice->ports[i].number == port && slice->ports[i].ip_protocol == ip_protocol)
				found_add(f, slice->object.namespace, slice->service, slice->ports[i].name);
	}
}

static bool
selects(const struct service *service, const struct pod *pod)
{
	size_t at = 0;

	for (size_t i = 0; i < service->selector_count; i++) {
		while (at < pod->label_count && (uintptr_t)pod->labels[at] < (uintptr_t)service->selector[i])
			at++;
		if (at == pod->label_count || pod->labels[at] != service->selector[i])
			return false;
	}
	return true;
}

/* Where on the pod a port of a Service leads: 0 where the pod has no port of that name. */
static uint16_t
target_port(const struct service_port *port, const struct pod *pod)
{
	if (port->target_name[0] == '\0')
		return port->target_port;
	for (size_t i = 0; i < pod->port_count; i++)
		if (pod->ports[i].ip_protocol == port->ip_protocol && pod->ports[i].name == port->target_name)
			return pod->ports[i].number;
	return 0;
}

static void
behind_by_selector(const struct inventory *inv, const struct pod *pod, uint16_t port, uint8_t ip_protocol, struct found *f)
{
	const char *namespace = pod->object.namespace;

	for (size_t l = 0; l < pod->label_count; l++) {
		for (const struct arena_entry *e = arena_table_first(&inv->selectors, selector_hash(inv, namespace, pod->labels[l])); e != NULL; e = arena_table_next(e)) {
			const struct service *service = e->value;

			if (service->object.replaced || service->object.namespace != namespace || service->selector[0] != pod->labels[l] || !selects(service, pod))
				continue;
			for (size_t i = 0; i < service->port_count; i++)
				if (service->ports[i].ip_protocol == ip_protocol && target_port(&service->ports[i], pod) == port)
					found_add(f, service->object.namespace, service->object.name, service->ports[i].name);
		}
	}
}

/* The pods of a node's own network all have its address: any of them may be meant. */
static void
behind_by_host_network(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, int64_t time, struct found *f)
{
	for (const struct arena_entry *e = arena_table_first(&inv->pods, address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct pod *pod = e->value;

		if (!pod->object.replaced && pod->host_network && in_list(&pod->addresses, a) && owns_at(pod, time))
			behind_by_selector(inv, pod, port, ip_protocol, f);
	}
}

bool
inventory_service_behind(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, int64_t time, struct service_name *out)
{
	struct found f = { 0 };
	bool several;
	bool of_node = inventory_sure_node(inv, a, &several) != NULL;
	const struct pod *pod = of_node ? NULL : pod_at(inv, a, time);

	if (port == 0)
		return false;
	behind_by_slices(inv, a, port, ip_protocol, pod, &f);
	if (f.name == NULL && pod != NULL)
		behind_by_selector(inv, pod, port, ip_protocol, &f);
	else if (f.name == NULL && of_node)
		behind_by_host_network(inv, a, port, ip_protocol, time, &f);
	return found_one(&f, out);
}
