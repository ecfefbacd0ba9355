/* SPDX-License-Identifier: Apache-2.0 */
/* See cluster_objects.h: one function a kind, field names as in the Kubernetes API. */
#include <config.h>

#include "cluster_objects.h"

#include <string.h>

#include "cluster_objects_internal.h"

enum { POD_ADDRESSES = 16 }; /* Kubernetes: one of each family */

/* Addresses. */

static struct address_list
new_list(struct cluster_reader *r, size_t room)
{
	return (struct address_list){ .items = inventory_alloc(r->inv, (room + 1) * sizeof(struct address)) };
}

static void
append_address(struct address_list *list, const struct address *a)
{
	/* Twice in a long list does no harm. */
	for (size_t i = 0; i < list->count && i < POD_ADDRESSES; i++)
		if (address_equal(&list->items[i], a))
			return;
	list->items[list->count++] = *a;
}

/* An array of objects with a member "ip", and beside it the first of them alone: podIPs and podIP. */
static struct address_list
dual_stack(struct cluster_reader *r, const struct json_spot *status, const char *plural, const char *singular)
{
	struct json_spot array, item, ip;
	struct address_list list = { 0 };
	struct address a;

	(void)cluster_member(r, status, plural, JSON_VALUE_ARRAY, &array);
	if (json_count_of(&array) > POD_ADDRESSES) {
		json_fail(&r->document, &array, "has %zu addresses; expected at most %d", json_count_of(&array), POD_ADDRESSES);
		return list;
	}
	list = new_list(r, json_count_of(&array) > 0 ? json_count_of(&array) : 1);
	for (size_t i = 0; i < json_count_of(&array); i++)
		if (cluster_element(r, &array, i, JSON_VALUE_OBJECT, &item) && cluster_member(r, &item, "ip", JSON_VALUE_STRING, &ip) && cluster_address(r, &ip, &a))
			append_address(&list, &a);
	if (cluster_member(r, status, singular, JSON_VALUE_STRING, &ip) && cluster_address(r, &ip, &a))
		append_address(&list, &a);
	return list;
}

/* Metadata. */

static void
read_owner(struct cluster_reader *r, const struct json_spot *metadata, struct object *o)
{
	struct json_spot owners, owner;

	(void)cluster_member(r, metadata, "ownerReferences", JSON_VALUE_ARRAY, &owners);
	for (size_t i = 0; i < json_count_of(&owners); i++) {
		const char *kind, *owner_name;

		if (!cluster_element(r, &owners, i, JSON_VALUE_OBJECT, &owner) || !cluster_flag(r, &owner, "controller"))
			continue;
		kind = cluster_name(r, &owner, "kind");
		owner_name = cluster_name(r, &owner, "name");
		if (kind[0] == '\0' || owner_name[0] == '\0')
			continue;
		o->owner_kind = kind;
		o->owner_name = owner_name;
		o->owner_uid = cluster_name(r, &owner, "uid");
		return;
	}
}

struct object *
cluster_object_new(struct cluster_reader *r, const struct json_spot *top, enum object_kind kind)
{
	struct object *o = inventory_object_new(r->inv, kind);
	struct json_spot metadata;

	(void)cluster_member(r, top, "metadata", JSON_VALUE_OBJECT, &metadata);
	o->uid = cluster_name(r, &metadata, "uid");
	o->name = cluster_name(r, &metadata, "name");
	o->namespace = cluster_name(r, &metadata, "namespace");
	o->version = cluster_name(r, &metadata, "resourceVersion");
	o->created = cluster_time(r, &metadata, "creationTimestamp");
	read_owner(r, &metadata, o);
	return o->uid[0] != '\0' && o->name[0] != '\0' ? o : NULL;
}

/* How many elements the arrays have together that are the members with key of an array's objects. */
static size_t
count_nested(struct cluster_reader *r, const struct json_spot *array, const char *key)
{
	struct json_spot item, nested;
	size_t count = 0;

	for (size_t i = 0; i < json_count_of(array); i++)
		if (cluster_element(r, array, i, JSON_VALUE_OBJECT, &item) && json_find(&item, key, &nested))
			count += json_count_of(&nested);
	return count;
}

/* Pods. */

/* When the last container ended, as far as is known. */
static void
read_ends(struct cluster_reader *r, const struct json_spot *status, const char *key, int64_t *end)
{
	struct json_spot list, container, state, terminated;

	(void)cluster_member(r, status, key, JSON_VALUE_ARRAY, &list);
	for (size_t i = 0; i < json_count_of(&list); i++) {
		int64_t time;

		(void)cluster_element(r, &list, i, JSON_VALUE_OBJECT, &container);
		(void)cluster_member(r, &container, "state", JSON_VALUE_OBJECT, &state);
		(void)cluster_member(r, &state, "terminated", JSON_VALUE_OBJECT, &terminated);
		time = cluster_time(r, &terminated, "finishedAt");
		if (time > *end)
			*end = time;
	}
}

static void
read_container_ports(struct cluster_reader *r, struct pod *pod, const struct json_spot *container)
{
	struct json_spot ports, port;

	(void)cluster_member(r, container, "ports", JSON_VALUE_ARRAY, &ports);
	for (size_t i = 0; i < json_count_of(&ports); i++) {
		struct container_port p;

		if (!cluster_element(r, &ports, i, JSON_VALUE_OBJECT, &port))
			continue;
		p.name = cluster_name(r, &port, "name");
		p.number = cluster_port(r, &port, "containerPort");
		p.ip_protocol = cluster_protocol(r, &port);
		/* Only ports with names are ever asked for. */
		if (p.name[0] != '\0')
			pod->ports[pod->port_count++] = p;
	}
}

/*
 * The named ports, in the order in which the API server looks for them: containers, then those
 * init containers that go on running beside them (restartPolicy: Always).
 */
static void
read_ports(struct cluster_reader *r, struct pod *pod, const struct json_spot *spec)
{
	struct json_spot containers, inits, container;

	(void)cluster_member(r, spec, "containers", JSON_VALUE_ARRAY, &containers);
	(void)cluster_member(r, spec, "initContainers", JSON_VALUE_ARRAY, &inits);
	pod->ports = inventory_alloc(r->inv, (count_nested(r, &containers, "ports") + count_nested(r, &inits, "ports") + 1) * sizeof(*pod->ports));
	for (size_t i = 0; i < json_count_of(&containers); i++)
		if (cluster_element(r, &containers, i, JSON_VALUE_OBJECT, &container))
			read_container_ports(r, pod, &container);
	for (size_t i = 0; i < json_count_of(&inits); i++)
		if (cluster_element(r, &inits, i, JSON_VALUE_OBJECT, &container) && strcmp(cluster_string(r, &container, "restartPolicy"), "Always") == 0)
			read_container_ports(r, pod, &container);
}

static struct object *
read_pod(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_POD);
	struct pod *pod = (struct pod *)o;
	struct json_spot spec, status, metadata, labels;
	const char *phase;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "spec", JSON_VALUE_OBJECT, &spec);
	(void)cluster_member(r, top, "status", JSON_VALUE_OBJECT, &status);
	(void)cluster_member(r, top, "metadata", JSON_VALUE_OBJECT, &metadata);
	(void)cluster_member(r, &metadata, "labels", JSON_VALUE_OBJECT, &labels);
	pod->labels = cluster_labels(r, &labels, &pod->label_count);
	pod->node = cluster_name(r, &spec, "nodeName");
	pod->service_account = cluster_name(r, &spec, "serviceAccountName");
	pod->host_network = cluster_flag(r, &spec, "hostNetwork");
	read_ports(r, pod, &spec);
	phase = cluster_string(r, &status, "phase");
	pod->finished = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	pod->start = cluster_time(r, &status, "startTime");
	if (pod->start == INVENTORY_TIME_OPEN)
		pod->start = o->created;
	pod->end = INVENTORY_TIME_OPEN;
	if (pod->finished) {
		read_ends(r, &status, "containerStatuses", &pod->end);
		read_ends(r, &status, "initContainerStatuses", &pod->end);
	}
	pod->addresses = dual_stack(r, &status, "podIPs", "podIP");
	pod->host_addresses = dual_stack(r, &status, "hostIPs", "hostIP");
	return o;
}

/* ReplicaSets, Jobs: all that matters is in the metadata. */

static struct object *
read_controller(struct cluster_reader *r, const struct json_spot *top)
{
	return cluster_object_new(r, top, OBJECT_CONTROLLER);
}

/* Services. */

static void
read_service_port(struct cluster_reader *r, const struct json_spot *spot, struct service_port *port)
{
	struct json_spot target;
	uint16_t number;

	port->name = cluster_name(r, spot, "name");
	port->port = cluster_port(r, spot, "port");
	port->node_port = cluster_port(r, spot, "nodePort");
	port->ip_protocol = cluster_protocol(r, spot);
	port->target_port = port->port;
	port->target_name = "";
	if (!json_find(spot, "targetPort", &target))
		return;
	if (json_is(&target, JSON_VALUE_STRING)) {
		port->target_name = cluster_name(r, spot, "targetPort");
		return;
	}
	number = cluster_port(r, spot, "targetPort");
	if (number != 0)
		port->target_port = number;
}

static void
read_service_ports(struct cluster_reader *r, struct service *service, const struct json_spot *spec)
{
	struct json_spot ports, port;

	(void)cluster_member(r, spec, "ports", JSON_VALUE_ARRAY, &ports);
	service->ports = inventory_alloc(r->inv, (json_count_of(&ports) + 1) * sizeof(*service->ports));
	for (size_t i = 0; i < json_count_of(&ports); i++)
		if (cluster_element(r, &ports, i, JSON_VALUE_OBJECT, &port))
			read_service_port(r, &port, &service->ports[service->port_count++]);
}

/* Appends the addresses of an array of strings; "None" is the mark of a headless Service. */
static void
append_addresses(struct cluster_reader *r, struct address_list *list, const struct json_spot *array)
{
	struct json_spot item;
	struct address a;

	for (size_t i = 0; i < json_count_of(array); i++)
		if (cluster_element(r, array, i, JSON_VALUE_STRING, &item) && strcmp(json_string_of(&item), "None") != 0 && cluster_address(r, &item, &a))
			append_address(list, &a);
}

static void
read_service_addresses(struct cluster_reader *r, struct service *service, const struct json_spot *spec, const struct json_spot *status)
{
	struct address_list *list = &service->addresses;
	struct json_spot own, single, external, balancer, ingress, item, ip;
	struct address a;

	(void)cluster_member(r, spec, "clusterIPs", JSON_VALUE_ARRAY, &own);
	(void)cluster_member(r, spec, "externalIPs", JSON_VALUE_ARRAY, &external);
	(void)cluster_member(r, status, "loadBalancer", JSON_VALUE_OBJECT, &balancer);
	(void)cluster_member(r, &balancer, "ingress", JSON_VALUE_ARRAY, &ingress);
	*list = new_list(r, json_count_of(&own) + 1 + json_count_of(&external) + json_count_of(&ingress));
	append_addresses(r, list, &own);
	if (cluster_member(r, spec, "clusterIP", JSON_VALUE_STRING, &single) && strcmp(json_string_of(&single), "None") != 0 && cluster_address(r, &single, &a))
		append_address(list, &a);
	service->cluster_address_count = list->count;
	if (list->count == 0)
		return;
	append_addresses(r, list, &external);
	for (size_t i = 0; i < json_count_of(&ingress); i++)
		if (cluster_element(r, &ingress, i, JSON_VALUE_OBJECT, &item) && cluster_member(r, &item, "ip", JSON_VALUE_STRING, &ip) && cluster_address(r, &ip, &a))
			append_address(list, &a);
}

static struct object *
read_service(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_SERVICE);
	struct service *service = (struct service *)o;
	struct json_spot spec, status, selector;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "spec", JSON_VALUE_OBJECT, &spec);
	(void)cluster_member(r, top, "status", JSON_VALUE_OBJECT, &status);
	/* Only a name in DNS: nothing of it is in this cluster. */
	if (strcmp(cluster_string(r, &spec, "type"), "ExternalName") == 0)
		return o;
	(void)cluster_member(r, &spec, "selector", JSON_VALUE_OBJECT, &selector);
	service->selector = cluster_labels(r, &selector, &service->selector_count);
	read_service_ports(r, service, &spec);
	read_service_addresses(r, service, &spec, &status);
	return o;
}

/* EndpointSlices. */

static void
read_slice_ports(struct cluster_reader *r, struct slice *slice, const struct json_spot *top)
{
	struct json_spot ports, port;

	(void)cluster_member(r, top, "ports", JSON_VALUE_ARRAY, &ports);
	slice->ports = inventory_alloc(r->inv, (json_count_of(&ports) + 1) * sizeof(*slice->ports));
	for (size_t i = 0; i < json_count_of(&ports); i++) {
		struct container_port *p = &slice->ports[slice->port_count];

		if (!cluster_element(r, &ports, i, JSON_VALUE_OBJECT, &port))
			continue;
		p->name = cluster_name(r, &port, "name");
		p->number = cluster_port(r, &port, "port");
		p->ip_protocol = cluster_protocol(r, &port);
		slice->port_count++;
	}
}

static void
read_endpoint(struct cluster_reader *r, struct slice *slice, const struct json_spot *endpoint)
{
	struct json_spot addresses, target, item;
	const char *uid = inventory_text(r->inv, "");
	struct address a;

	(void)cluster_member(r, endpoint, "addresses", JSON_VALUE_ARRAY, &addresses);
	(void)cluster_member(r, endpoint, "targetRef", JSON_VALUE_OBJECT, &target);
	if (strcmp(cluster_string(r, &target, "kind"), "Pod") == 0)
		uid = cluster_name(r, &target, "uid");
	for (size_t i = 0; i < json_count_of(&addresses); i++)
		if (cluster_element(r, &addresses, i, JSON_VALUE_STRING, &item) && cluster_address(r, &item, &a))
			slice->endpoints[slice->endpoint_count++] = (struct slice_endpoint){ .slice = slice, .address = a, .pod_uid = uid };
}

static struct object *
read_slice(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_SLICE);
	struct slice *slice = (struct slice *)o;
	struct json_spot metadata, labels, endpoints, endpoint;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "metadata", JSON_VALUE_OBJECT, &metadata);
	(void)cluster_member(r, &metadata, "labels", JSON_VALUE_OBJECT, &labels);
	slice->service = cluster_name(r, &labels, "kubernetes.io/service-name");
	/* Without the label it belongs to no Service; FQDN slices hold names, not addresses. */
	if (slice->service[0] == '\0' || strcmp(cluster_string(r, top, "addressType"), "FQDN") == 0)
		return o;
	read_slice_ports(r, slice, top);
	(void)cluster_member(r, top, "endpoints", JSON_VALUE_ARRAY, &endpoints);
	slice->endpoints = inventory_alloc(r->inv, (count_nested(r, &endpoints, "addresses") + 1) * sizeof(*slice->endpoints));
	for (size_t i = 0; i < json_count_of(&endpoints); i++)
		if (cluster_element(r, &endpoints, i, JSON_VALUE_OBJECT, &endpoint))
			read_endpoint(r, slice, &endpoint);
	return o;
}

/* Nodes. */

/*
 * A node's pod range gives two addresses to the node itself: the first usable one to the bridge
 * (the pods' gateway), and the network address to the VXLAN device of flannel.
 */
static void
append_range(struct cluster_reader *r, struct address_list *list, const struct json_spot *spot)
{
	const char *text = json_string_of(spot);
	struct address_range range;
	struct address a;

	if (text[0] == '\0')
		return;
	if (!address_parse_range(text, &range)) {
		json_fail(&r->document, spot, "\"%.*s\" is no address range; expected as in 10.42.1.0/24", JSON_QUOTE_LIMIT, text);
		return;
	}
	/* Too small for a bridge and a pod. */
	if (range.prefix > 126)
		return;
	a = range.network;
	append_address(list, &a);
	a.bytes[15] |= 1;
	append_address(list, &a);
}

static void
read_ranges(struct cluster_reader *r, struct node *node, const struct json_spot *spec)
{
	struct json_spot ranges, range;

	(void)cluster_member(r, spec, "podCIDRs", JSON_VALUE_ARRAY, &ranges);
	node->range_addresses = new_list(r, 2 * (json_count_of(&ranges) + 1));
	for (size_t i = 0; i < json_count_of(&ranges); i++)
		if (cluster_element(r, &ranges, i, JSON_VALUE_STRING, &range))
			append_range(r, &node->range_addresses, &range);
	if (cluster_member(r, spec, "podCIDR", JSON_VALUE_STRING, &range))
		append_range(r, &node->range_addresses, &range);
}

static struct object *
read_node(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_NODE);
	struct node *node = (struct node *)o;
	struct json_spot spec, status, addresses, item, address;
	struct address a;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "spec", JSON_VALUE_OBJECT, &spec);
	(void)cluster_member(r, top, "status", JSON_VALUE_OBJECT, &status);
	(void)cluster_member(r, &status, "addresses", JSON_VALUE_ARRAY, &addresses);
	node->addresses = new_list(r, json_count_of(&addresses));
	for (size_t i = 0; i < json_count_of(&addresses); i++) {
		const char *type;

		(void)cluster_element(r, &addresses, i, JSON_VALUE_OBJECT, &item);
		type = cluster_string(r, &item, "type");
		if (strcmp(type, "InternalIP") != 0 && strcmp(type, "ExternalIP") != 0)
			continue;
		if (cluster_member(r, &item, "address", JSON_VALUE_STRING, &address) && cluster_address(r, &address, &a))
			append_address(&node->addresses, &a);
	}
	read_ranges(r, node, &spec);
	return o;
}

/* Kinds. */

static const struct kind {
	const char *name, *group; /* group "": the core, whose apiVersion is "v1" */
	enum object_kind kind;
	struct object *(*read)(struct cluster_reader *, const struct json_spot *);
} kinds[] = {
	{ "Pod", "", OBJECT_POD, read_pod },
	{ "Service", "", OBJECT_SERVICE, read_service },
	{ "Node", "", OBJECT_NODE, read_node },
	{ "EndpointSlice", "discovery.k8s.io", OBJECT_SLICE, read_slice },
	{ "Namespace", "", OBJECT_NAMESPACE, cluster_namespace_read },
	{ "NetworkPolicy", "networking.k8s.io", OBJECT_NETWORK_POLICY, cluster_network_policy_read },
	{ "ReplicaSet", "apps", OBJECT_CONTROLLER, read_controller },
	{ "ReplicationController", "", OBJECT_CONTROLLER, read_controller },
	{ "Job", "batch", OBJECT_CONTROLLER, read_controller },
};

/* Others have kinds of the same name: Knative has a Service. */
static bool
is_in_group(const char *api_version, const char *group)
{
	size_t size = strlen(group);

	if (size == 0)
		return strchr(api_version, '/') == NULL;
	return strncmp(api_version, group, size) == 0 && api_version[size] == '/';
}

/* The row of a kind in a group; api_version NULL: of any. */
static const struct kind *
find_kind(const char *name, const char *api_version)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(name, kinds[i].name) == 0 && (api_version == NULL || is_in_group(api_version, kinds[i].group)))
			return &kinds[i];
	return NULL;
}

/* The row of the kind that is expected, after a check that the object does not say otherwise. */
static const struct kind *
expected_kind(struct cluster_reader *r, const struct json_spot *top)
{
	const char *kind = cluster_string(r, top, "kind"), *version = cluster_string(r, top, "apiVersion");
	const struct kind *row = find_kind(r->expected_kind, NULL);

	if (row == NULL || (kind[0] != '\0' && strcmp(kind, row->name) != 0) || (version[0] != '\0' && !is_in_group(version, row->group)))
		json_fail(&r->document, top, "expected a %s, found a %.*s of %.*s", r->expected_kind, JSON_QUOTE_LIMIT, kind, JSON_QUOTE_LIMIT, version[0] != '\0' ? version : "no version");
	return r->document.failed ? NULL : row;
}

bool
cluster_objects_identify(struct cluster_reader *r, const struct json_spot *top, enum object_kind *kind, const char **uid, const char **version)
{
	const struct kind *row = expected_kind(r, top);
	struct json_spot metadata, text;

	*uid = *version = "";
	if (row == NULL)
		return false;
	*kind = row->kind;
	(void)json_member(&r->document, top, "metadata", JSON_VALUE_OBJECT, JSON_MUST, &metadata);
	if (json_member(&r->document, &metadata, "uid", JSON_VALUE_STRING, JSON_MUST, &text) && cluster_check_name(r, &text, json_string_of(&text)))
		*uid = json_string_of(&text);
	if (json_member(&r->document, &metadata, "resourceVersion", JSON_VALUE_STRING, JSON_MUST, &text) && cluster_check_name(r, &text, json_string_of(&text)))
		*version = json_string_of(&text);
	if (!r->document.failed && ((*uid)[0] == '\0' || (*version)[0] == '\0' || cluster_string(r, &metadata, "name")[0] == '\0'))
		json_fail(&r->document, &metadata, "expected a name, a uid and a resourceVersion");
	return !r->document.failed;
}

/* An object that the API server gave. */
static struct object *
read_expected(struct cluster_reader *r, const struct json_spot *top)
{
	const char *uid, *version;
	enum object_kind kind;

	r->known = NULL;
	if (!cluster_objects_identify(r, top, &kind, &uid, &version))
		return NULL;
	r->known = inventory_known(r->inv, kind, uid, version);
	return r->known != NULL ? NULL : find_kind(r->expected_kind, NULL)->read(r, top);
}

struct object *
cluster_objects_read(struct cluster_reader *r, const struct json_spot *top, const char *list_kind, const char *list_version)
{
	const char *kind = cluster_string(r, top, "kind"), *version = cluster_string(r, top, "apiVersion");
	const struct kind *row;
	struct object *o = NULL;

	if (r->expected_kind != NULL) {
		o = read_expected(r, top);
		return r->document.failed ? NULL : o;
	}
	row = find_kind(kind[0] != '\0' ? kind : list_kind, version[0] != '\0' ? version : list_version);
	if (row != NULL && !r->document.failed)
		o = row->read(r, top);
	return r->document.failed ? NULL : o;
}
