/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who had an address at a time, and which Service a port belongs to.
 *
 * An address is looked for where it is most surely named: the addresses of nodes, then pods with
 * their lifetimes, then what a node's pod range implies, then the cluster addresses of Services.
 * Where two objects claim the same with equal right, the answer is nobody.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "inventory_internal.h"

/* Times of the Kubernetes API are cut to seconds, and clocks of nodes differ a little. */
static const int64_t one_second = 1000000000;
static const int64_t clock_slack = 2000000000;

/* Asking for an address. */

/* The name of the node with address, by claims of a basis; several says that they disagree. */
static const char *
node_at(const struct inventory *inv, const struct address *a, enum node_basis basis, int64_t time, bool *several)
{
	const char *name = NULL;

	*several = false;
	for (const struct arena_entry *e = arena_table_first(&inv->nodes, inventory_address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct node_claim *claim = e->value;

		if (claim->basis != basis || !node_claim_counts(claim, time) || !address_equal(&claim->address, a))
			continue;
		if (name != NULL && name != claim->name)
			*several = true;
		name = claim->name;
	}
	return name;
}

const char *
inventory_sure_node(const struct inventory *inv, const struct address *a, int64_t time, bool *several)
{
	const char *name = node_at(inv, a, NODE_STATUS, time, several);

	return name != NULL ? name : node_at(inv, a, NODE_OF_POD, time, several);
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
	if (time < pod_start(pod) || !object_counts(&pod->object, time))
		return false;
	if (!pod->finished)
		return true;
	return pod->end != INVENTORY_TIME_OPEN && time < pod->end + one_second;
}

/* The pod was on its way: its address came before the second in which it says that it started. */
static bool
about_to_own_at(const struct pod *pod, int64_t time)
{
	return !pod->finished && object_counts(&pod->object, time) && time < pod_start(pod) && pod_start(pod) - time <= clock_slack;
}

/* The pod was there, but nobody had heard yet that it has an address. */
static bool
unheard_at(const struct pod *pod, int64_t time)
{
	return pod->address_heard != INVENTORY_TIME_OPEN && time < pod->address_heard;
}

/*
 * Above 0 where a has the better claim. A pod that waits for a volume starts long before it gets an
 * address, which may be another's until then.
 */
static int
compare_claims(const struct pod *a, const struct pod *b, int64_t time)
{
	if (unheard_at(a, time) != unheard_at(b, time))
		return unheard_at(a, time) ? -1 : 1;
	if (a->finished != b->finished)
		return a->finished ? -1 : 1;
	if (pod_start(a) == pod_start(b))
		return 0;
	return pod_start(a) > pod_start(b) ? 1 : -1;
}

/* Pods with an address of their own that has this value and that count at time, one after the other. */
static const struct arena_entry *
own_address_pod(const struct arena_entry *e, const struct address *a, int64_t time)
{
	for (; e != NULL; e = arena_table_next(e)) {
		const struct pod *pod = e->value;

		if (object_counts(&pod->object, time) && !pod->host_network && address_listed(&pod->addresses, a))
			return e;
	}
	return NULL;
}

static const struct arena_entry *
first_pod(const struct inventory *inv, const struct address *a, int64_t time)
{
	return own_address_pod(arena_table_first(&inv->pods, inventory_address_hash(inv, a)), a, time);
}

static const struct arena_entry *
next_pod(const struct arena_entry *e, const struct address *a, int64_t time)
{
	return own_address_pod(arena_table_next(e), a, time);
}

/* Of one pod's versions the one that counts for longer knows better. */
static bool
supersedes(const struct pod *a, const struct pod *b)
{
	if (a->object.state == OBJECT_CURRENT || b->object.state == OBJECT_CURRENT)
		return a->object.state == OBJECT_CURRENT;
	return a->object.ended > b->object.ended;
}

/* The pod with the best claim so far. */
struct claimant {
	const struct pod *pod;
	bool tie; /* another pod's is as good */
};

static void
claim(struct claimant *best, const struct pod *pod, int64_t time)
{
	int order = best->pod == NULL ? 1 : compare_claims(pod, best->pod, time);

	if (order > 0)
		*best = (struct claimant){ .pod = pod };
	else if (order == 0 && pod->object.uid != best->pod->object.uid)
		best->tie = true;
	else if (order == 0 && supersedes(pod, best->pod))
		best->pod = pod;
}

const struct pod *
inventory_pod_at(const struct inventory *inv, const struct address *a, int64_t time)
{
	struct claimant best = { .pod = NULL };
	const struct pod *coming = NULL;
	bool several_coming = false;

	for (const struct arena_entry *e = first_pod(inv, a, time); e != NULL; e = next_pod(e, a, time)) {
		const struct pod *pod = e->value;

		if (owns_at(pod, time)) {
			claim(&best, pod, time);
		} else if (about_to_own_at(pod, time)) {
			several_coming = several_coming || (coming != NULL && coming->object.uid != pod->object.uid);
			if (coming == NULL || supersedes(pod, coming))
				coming = pod;
		}
	}
	if (best.pod != NULL)
		return best.tie ? NULL : best.pod;
	return several_coming ? NULL : coming;
}

/* The workload at the end of the owner chain. */
static void
workload_of(const struct inventory *inv, const struct pod *pod, int64_t time, struct endpoint *out)
{
	const struct object *owner = inventory_object(inv, pod->object.owner_uid);

	out->workload_kind = pod->workload_kind;
	out->workload = pod->workload;
	if (owner == NULL || owner->kind != OBJECT_CONTROLLER || !object_counts(owner, time))
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
name_pod(const struct inventory *inv, const struct pod *pod, int64_t time, struct endpoint *out)
{
	if (pod == NULL)
		return false;
	out->kind = ENDPOINT_WORKLOAD;
	out->namespace = pod->object.namespace;
	out->pod = pod->object.name;
	out->service_account = pod->service_account;
	workload_of(inv, pod, time, out);
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
name_service(const struct inventory *inv, const struct address *a, int64_t time, struct endpoint *out)
{
	struct found f = { 0 };
	struct service_name name;

	for (const struct arena_entry *e = arena_table_first(&inv->services, inventory_address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;
		struct address_list own = { service->addresses.items, service->cluster_address_count };

		if (object_counts(&service->object, time) && address_listed(&own, a))
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
	name = inventory_sure_node(inv, a, time, &several);
	if (name_node(name, several, out))
		return;
	if (name_pod(inv, inventory_pod_at(inv, a, time), time, out))
		return;
	/* Networks that have no bridge may give these addresses to pods, so they come after them. */
	name = node_at(inv, a, NODE_RANGE, time, &several);
	if (name_node(name, several, out))
		return;
	name_service(inv, a, time, out);
}

bool
inventory_knows(const struct inventory *inv, const struct address *a, int64_t time)
{
	struct endpoint e;
	bool several;

	inventory_find(inv, a, time, &e);
	return e.kind != ENDPOINT_ADDRESS || inventory_sure_node(inv, a, time, &several) != NULL;
}

/* Asking for a Service. */

static void
at_node_port(const struct inventory *inv, uint16_t port, uint8_t ip_protocol, int64_t time, struct found *f)
{
	for (const struct arena_entry *e = arena_table_first(&inv->node_ports, inventory_port_hash(inv, port, ip_protocol)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;

		for (size_t i = 0; object_counts(&service->object, time) && i < service->port_count; i++)
			if (service->ports[i].node_port == port && service->ports[i].ip_protocol == ip_protocol)
				found_add(f, service->object.namespace, service->object.name, service->ports[i].name);
	}
}

bool
inventory_service_at(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, int64_t time, struct service_name *out)
{
	struct found f = { 0 };
	bool several;

	for (const struct arena_entry *e = arena_table_first(&inv->services, inventory_address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct service *service = e->value;

		if (!object_counts(&service->object, time) || !address_listed(&service->addresses, a))
			continue;
		for (size_t i = 0; i < service->port_count; i++)
			if (service->ports[i].port == port && service->ports[i].ip_protocol == ip_protocol)
				found_add(&f, service->object.namespace, service->object.name, service->ports[i].name);
	}
	/* Which of the nodes it is does not matter: a NodePort is open on all. */
	if (f.name == NULL && port != 0 && (inventory_sure_node(inv, a, time, &several) != NULL || node_at(inv, a, NODE_RANGE, time, &several) != NULL))
		at_node_port(inv, port, ip_protocol, time, &f);
	return found_one(&f, out);
}

/*
 * Whether an EndpointSlice's endpoint speaks of who had the address at the time asked for: slices
 * are of today, the capture may be older.
 */
static bool
endpoint_holds(const struct inventory *inv, const struct slice_endpoint *endpoint, const struct pod *pod, int64_t time)
{
	if (pod != NULL)
		return endpoint->pod_uid[0] == '\0' || strcmp(endpoint->pod_uid, pod->object.uid) == 0;
	return first_pod(inv, &endpoint->address, time) == NULL;
}

static void
behind_by_slices(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, const struct pod *pod, int64_t time, struct found *f)
{
	for (const struct arena_entry *e = arena_table_first(&inv->endpoints, inventory_address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct slice_endpoint *endpoint = e->value;
		const struct slice *slice = endpoint->slice;

		if (!object_counts(&slice->object, time) || !address_equal(&endpoint->address, a) || !endpoint_holds(inv, endpoint, pod, time))
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
behind_by_selector(const struct inventory *inv, const struct pod *pod, uint16_t port, uint8_t ip_protocol, int64_t time, struct found *f)
{
	const char *namespace = pod->object.namespace;

	for (size_t l = 0; l < pod->label_count; l++) {
		for (const struct arena_entry *e = arena_table_first(&inv->selectors, inventory_selector_hash(inv, namespace, pod->labels[l])); e != NULL; e = arena_table_next(e)) {
			const struct service *service = e->value;

			if (!object_counts(&service->object, time) || service->object.namespace != namespace || service->selector[0] != pod->labels[l] || !selects(service, pod))
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
	for (const struct arena_entry *e = arena_table_first(&inv->pods, inventory_address_hash(inv, a)); e != NULL; e = arena_table_next(e)) {
		const struct pod *pod = e->value;

		if (object_counts(&pod->object, time) && pod->host_network && address_listed(&pod->addresses, a) && owns_at(pod, time))
			behind_by_selector(inv, pod, port, ip_protocol, time, f);
	}
}

bool
inventory_service_behind(const struct inventory *inv, const struct address *a, uint16_t port, uint8_t ip_protocol, int64_t time, struct service_name *out)
{
	struct found f = { 0 };
	bool several;
	bool of_node = inventory_sure_node(inv, a, time, &several) != NULL;
	const struct pod *pod = of_node ? NULL : inventory_pod_at(inv, a, time);

	if (port == 0)
		return false;
	behind_by_slices(inv, a, port, ip_protocol, pod, time, &f);
	if (f.name == NULL && pod != NULL)
		behind_by_selector(inv, pod, port, ip_protocol, time, &f);
	else if (f.name == NULL && of_node)
		behind_by_host_network(inv, a, port, ip_protocol, time, &f);
	return found_one(&f, out);
}
