/* SPDX-License-Identifier: Apache-2.0 */
/* See cluster_objects.h: one function a kind, field names as in the Kubernetes API. */
#include <config.h>

#include "cluster_objects.h"

#include <stdlib.h>
#include <string.h>

enum { POD_ADDRESSES = 16 }; /* Kubernetes: one of each family */

/* Addresses. */

static struct address_list
new_list(struct reader *r, size_t room)
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
dual_stack(struct reader *r, const struct spot *status, const char *plural, const char *singular)
{
	struct address_list list = new_list(r, POD_ADDRESSES + 1);
	struct spot array, item, ip;
	struct address a;

	(void)reader_member_of(r, status, plural, JSON_ARRAY, &array);
	if (reader_count(&array) > POD_ADDRESSES) {
		reader_fail_at(r, &array, "has %zu addresses; expected at most %d", reader_count(&array), POD_ADDRESSES);
		return list;
	}
	for (size_t i = 0; i < reader_count(&array); i++)
		if (reader_element(r, &array, i, JSON_OBJECT, &item) && reader_member_of(r, &item, "ip", JSON_STRING, &ip) && reader_address(r, &ip, &a))
			append_address(&list, &a);
	if (reader_member_of(r, status, singular, JSON_STRING, &ip) && reader_address(r, &ip, &a))
		append_address(&list, &a);
	return list;
}

/* Metadata. */

static void
read_owner(struct reader *r, const struct spot *metadata, struct object *o)
{
	struct spot owners, owner;

	(void)reader_member_of(r, metadata, "ownerReferences", JSON_ARRAY, &owners);
	for (size_t i = 0; i < reader_count(&owners); i++) {
		const char *kind, *owner_name;

		if (!reader_element(r, &owners, i, JSON_OBJECT, &owner) || !reader_flag(r, &owner, "controller"))
			continue;
		kind = reader_name(r, &owner, "kind");
		owner_name = reader_name(r, &owner, "name");
		if (kind[0] == '\0' || owner_name[0] == '\0')
			continue;
		o->owner_kind = kind;
		o->owner_name = owner_name;
		o->owner_uid = reader_name(r, &owner, "uid");
		return;
	}
}

/* The object with what its metadata says; NULL where it has no uid or no name. */
static struct object *
new_object(struct reader *r, const struct spot *top, enum object_kind kind)
{
	struct object *o = inventory_object_new(r->inv, kind);
	struct spot metadata;

	(void)reader_member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	o->uid = reader_name(r, &metadata, "uid");
	o->name = reader_name(r, &metadata, "name");
	o->namespace = reader_name(r, &metadata, "namespace");
	o->version = reader_name(r, &metadata, "resourceVersion");
	o->created = reader_time(r, &metadata, "creationTimestamp");
	read_owner(r, &metadata, o);
	return o->uid[0] != '\0' && o->name[0] != '\0' ? o : NULL;
}

/* Labels, or a selector: a map of strings. */
static const char **
read_labels(struct reader *r, const struct spot *map, size_t *count)
{
	const char **labels = inventory_alloc(r->inv, (json_object_size(map->value) + 1) * sizeof(*labels));
	const char *key;
	json_t *value;

	*count = 0;
	json_object_foreach (map->value, key, value) {
		struct spot s = { .value = value, .parent = map, .key = key };

		if (!reader_is(r, &s, JSON_STRING) || !reader_check_name(r, &s, key) || !reader_check_name(r, &s, json_string_value(value)))
			continue;
		labels[(*count)++] = inventory_label(r->inv, key, json_string_value(value));
	}
	return labels;
}

/* Pods. */

/* When the last container ended, as far as is known. */
static void
read_ends(struct reader *r, const struct spot *status, const char *key, int64_t *end)
{
	struct spot list, container, state, terminated;

	(void)reader_member_of(r, status, key, JSON_ARRAY, &list);
	for (size_t i = 0; i < reader_count(&list); i++) {
		int64_t time;

		(void)reader_element(r, &list, i, JSON_OBJECT, &container);
		(void)reader_member_of(r, &container, "state", JSON_OBJECT, &state);
		(void)reader_member_of(r, &state, "terminated", JSON_OBJECT, &terminated);
		time = reader_time(r, &terminated, "finishedAt");
		if (time > *end)
			*end = time;
	}
}

/* How many ports a list of containers has. */
static size_t
count_ports(const struct spot *containers)
{
	size_t count = 0, index;
	json_t *container;

	json_array_foreach (containers->value, index, container)
		count += json_array_size(json_object_get(container, "ports"));
	return count;
}

static void
read_container_ports(struct reader *r, struct pod *pod, const struct spot *container)
{
	struct spot ports, port;

	(void)reader_member_of(r, container, "ports", JSON_ARRAY, &ports);
	for (size_t i = 0; i < reader_count(&ports); i++) {
		struct container_port p;

		if (!reader_element(r, &ports, i, JSON_OBJECT, &port))
			continue;
		p.name = reader_name(r, &port, "name");
		p.number = reader_port(r, &port, "containerPort");
		p.ip_protocol = reader_protocol(r, &port);
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
read_ports(struct reader *r, struct pod *pod, const struct spot *spec)
{
	struct spot containers, inits, container;

	(void)reader_member_of(r, spec, "containers", JSON_ARRAY, &containers);
	(void)reader_member_of(r, spec, "initContainers", JSON_ARRAY, &inits);
	pod->ports = inventory_alloc(r->inv, (count_ports(&containers) + count_ports(&inits) + 1) * sizeof(*pod->ports));
	for (size_t i = 0; i < reader_count(&containers); i++)
		if (reader_element(r, &containers, i, JSON_OBJECT, &container))
			read_container_ports(r, pod, &container);
	for (size_t i = 0; i < reader_count(&inits); i++)
		if (reader_element(r, &inits, i, JSON_OBJECT, &container) && strcmp(reader_string(r, &container, "restartPolicy"), "Always") == 0)
			read_container_ports(r, pod, &container);
}

static struct object *
read_pod(struct reader *r, const struct spot *top)
{
	struct object *o = new_object(r, top, OBJECT_POD);
	struct pod *pod = (struct pod *)o;
	struct spot spec, status, metadata, labels;
	const char *phase;

	if (o == NULL)
		return NULL;
	(void)reader_member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)reader_member_of(r, top, "status", JSON_OBJECT, &status);
	(void)reader_member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	(void)reader_member_of(r, &metadata, "labels", JSON_OBJECT, &labels);
	pod->labels = read_labels(r, &labels, &pod->label_count);
	pod->node = reader_name(r, &spec, "nodeName");
	pod->service_account = reader_name(r, &spec, "serviceAccountName");
	pod->host_network = reader_flag(r, &spec, "hostNetwork");
	read_ports(r, pod, &spec);
	phase = reader_string(r, &status, "phase");
	pod->finished = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	pod->start = reader_time(r, &status, "startTime");
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
read_controller(struct reader *r, const struct spot *top)
{
	return new_object(r, top, OBJECT_CONTROLLER);
}

/* Services. */

static void
read_service_port(struct reader *r, const struct spot *spot, struct service_port *port)
{
	struct spot target;

	port->name = reader_name(r, spot, "name");
	port->port = reader_port(r, spot, "port");
	port->node_port = reader_port(r, spot, "nodePort");
	port->ip_protocol = reader_protocol(r, spot);
	port->target_port = port->port;
	port->target_name = "";
	if (!reader_member(r, spot, "targetPort", &target))
		return;
	if (json_is_string(target.value))
		port->target_name = reader_name(r, spot, "targetPort");
	else if (reader_port_value(r, &target) != 0)
		port->target_port = reader_port_value(r, &target);
}

static void
read_service_ports(struct reader *r, struct service *service, const struct spot *spec)
{
	struct spot ports, port;

	(void)reader_member_of(r, spec, "ports", JSON_ARRAY, &ports);
	service->ports = inventory_alloc(r->inv, (reader_count(&ports) + 1) * sizeof(*service->ports));
	for (size_t i = 0; i < reader_count(&ports); i++)
		if (reader_element(r, &ports, i, JSON_OBJECT, &port))
			read_service_port(r, &port, &service->ports[service->port_count++]);
}

/* Appends the addresses of an array of strings; "None" is the mark of a headless Service. */
static void
append_addresses(struct reader *r, struct address_list *list, const struct spot *array)
{
	struct spot item;
	struct address a;

	for (size_t i = 0; i < reader_count(array); i++)
		if (reader_element(r, array, i, JSON_STRING, &item) && strcmp(json_string_value(item.value), "None") != 0 && reader_address(r, &item, &a))
			append_address(list, &a);
}

static void
read_service_addresses(struct reader *r, struct service *service, const struct spot *spec, const struct spot *status)
{
	struct address_list *list = &service->addresses;
	struct spot own, single, external, balancer, ingress, item, ip;
	struct address a;

	(void)reader_member_of(r, spec, "clusterIPs", JSON_ARRAY, &own);
	(void)reader_member_of(r, spec, "externalIPs", JSON_ARRAY, &external);
	(void)reader_member_of(r, status, "loadBalancer", JSON_OBJECT, &balancer);
	(void)reader_member_of(r, &balancer, "ingress", JSON_ARRAY, &ingress);
	*list = new_list(r, reader_count(&own) + 1 + reader_count(&external) + reader_count(&ingress));
	append_addresses(r, list, &own);
	if (reader_member_of(r, spec, "clusterIP", JSON_STRING, &single) && strcmp(json_string_value(single.value), "None") != 0 && reader_address(r, &single, &a))
		append_address(list, &a);
	service->cluster_address_count = list->count;
	if (list->count == 0)
		return;
	append_addresses(r, list, &external);
	for (size_t i = 0; i < reader_count(&ingress); i++)
		if (reader_element(r, &ingress, i, JSON_OBJECT, &item) && reader_member_of(r, &item, "ip", JSON_STRING, &ip) && reader_address(r, &ip, &a))
			append_address(list, &a);
}

static struct object *
read_service(struct reader *r, const struct spot *top)
{
	struct object *o = new_object(r, top, OBJECT_SERVICE);
	struct service *service = (struct service *)o;
	struct spot spec, status, selector;

	if (o == NULL)
		return NULL;
	(void)reader_member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)reader_member_of(r, top, "status", JSON_OBJECT, &status);
	/* Only a name in DNS: nothing of it is in this cluster. */
	if (strcmp(reader_string(r, &spec, "type"), "ExternalName") == 0)
		return o;
	(void)reader_member_of(r, &spec, "selector", JSON_OBJECT, &selector);
	service->selector = read_labels(r, &selector, &service->selector_count);
	read_service_ports(r, service, &spec);
	read_service_addresses(r, service, &spec, &status);
	return o;
}

/* EndpointSlices. */

static void
read_slice_ports(struct reader *r, struct slice *slice, const struct spot *top)
{
	struct spot ports, port;

	(void)reader_member_of(r, top, "ports", JSON_ARRAY, &ports);
	slice->ports = inventory_alloc(r->inv, (reader_count(&ports) + 1) * sizeof(*slice->ports));
	for (size_t i = 0; i < reader_count(&ports); i++) {
		struct container_port *p = &slice->ports[slice->port_count];

		if (!reader_element(r, &ports, i, JSON_OBJECT, &port))
			continue;
		p->name = reader_name(r, &port, "name");
		p->number = reader_port(r, &port, "port");
		p->ip_protocol = reader_protocol(r, &port);
		slice->port_count++;
	}
}

static size_t
count_endpoint_addresses(const struct spot *endpoints)
{
	size_t count = 0, index;
	json_t *endpoint;

	json_array_foreach (endpoints->value, index, endpoint)
		count += json_array_size(json_object_get(endpoint, "addresses"));
	return count;
}

static void
read_endpoint(struct reader *r, struct slice *slice, const struct spot *endpoint)
{
	struct spot addresses, target, item;
	const char *uid = inventory_text(r->inv, "");
	struct address a;

	(void)reader_member_of(r, endpoint, "addresses", JSON_ARRAY, &addresses);
	(void)reader_member_of(r, endpoint, "targetRef", JSON_OBJECT, &target);
	if (strcmp(reader_string(r, &target, "kind"), "Pod") == 0)
		uid = reader_name(r, &target, "uid");
	for (size_t i = 0; i < reader_count(&addresses); i++)
		if (reader_element(r, &addresses, i, JSON_STRING, &item) && reader_address(r, &item, &a))
			slice->endpoints[slice->endpoint_count++] = (struct slice_endpoint){ .slice = slice, .address = a, .pod_uid = uid };
}

static struct object *
read_slice(struct reader *r, const struct spot *top)
{
	struct object *o = new_object(r, top, OBJECT_SLICE);
	struct slice *slice = (struct slice *)o;
	struct spot metadata, labels, endpoints, endpoint;

	if (o == NULL)
		return NULL;
	(void)reader_member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	(void)reader_member_of(r, &metadata, "labels", JSON_OBJECT, &labels);
	slice->service = reader_name(r, &labels, "kubernetes.io/service-name");
	/* Without the label it belongs to no Service; FQDN slices hold names, not addresses. */
	if (slice->service[0] == '\0' || strcmp(reader_string(r, top, "addressType"), "FQDN") == 0)
		return o;
	read_slice_ports(r, slice, top);
	(void)reader_member_of(r, top, "endpoints", JSON_ARRAY, &endpoints);
	slice->endpoints = inventory_alloc(r->inv, (count_endpoint_addresses(&endpoints) + 1) * sizeof(*slice->endpoints));
	for (size_t i = 0; i < reader_count(&endpoints); i++)
		if (reader_element(r, &endpoints, i, JSON_OBJECT, &endpoint))
			read_endpoint(r, slice, &endpoint);
	return o;
}

/* Nodes. */

/* From "10.42.1.0/24": false where text is no address with a prefix length. */
static bool
parse_range(const char *text, struct address *network, unsigned *prefix)
{
	char literal[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	unsigned bits, limit;
	size_t count;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(literal))
		return false;
	memcpy(literal, text, (size_t)(slash - text));
	literal[slash - text] = '\0';
	count = strspn(slash + 1, "0123456789");
	if (count < 1 || count > 3 || slash[1 + count] != '\0' || !address_parse(literal, network))
		return false;
	bits = (unsigned)strtoul(slash + 1, NULL, 10);
	limit = address_is_v4(network) ? 32 : 128;
	*prefix = bits + (128 - limit);
	return bits <= limit;
}

/* Clears the bits after the prefix, which counts from the first of 128. */
static void
mask(struct address *a, unsigned prefix)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = prefix > 8 * i ? prefix - 8 * i : 0;

		if (kept < 8)
			a->bytes[i] = (uint8_t)(a->bytes[i] & (0xff00u >> kept));
	}
}

/*
 * A node's pod range gives two addresses to the node itself: the first usable one to the bridge
 * (the pods' gateway), and the network address to the VXLAN device of flannel.
 */
static void
append_range(struct reader *r, struct address_list *list, const struct spot *spot)
{
	const char *text = json_string_value(spot->value);
	struct address a;
	unsigned prefix;

	if (text[0] == '\0')
		return;
	if (!parse_range(text, &a, &prefix)) {
		reader_fail_at(r, spot, "\"%.*s\" is no address range; expected as in 10.42.1.0/24", READER_QUOTE_LIMIT, text);
		return;
	}
	/* Too small for a bridge and a pod. */
	if (prefix > 126)
		return;
	mask(&a, prefix);
	append_address(list, &a);
	a.bytes[15] |= 1;
	append_address(list, &a);
}

static void
read_ranges(struct reader *r, struct node *node, const struct spot *spec)
{
	struct spot ranges, range;

	(void)reader_member_of(r, spec, "podCIDRs", JSON_ARRAY, &ranges);
	node->range_addresses = new_list(r, 2 * (reader_count(&ranges) + 1));
	for (size_t i = 0; i < reader_count(&ranges); i++)
		if (reader_element(r, &ranges, i, JSON_STRING, &range))
			append_range(r, &node->range_addresses, &range);
	if (reader_member_of(r, spec, "podCIDR", JSON_STRING, &range))
		append_range(r, &node->range_addresses, &range);
}

static struct object *
read_node(struct reader *r, const struct spot *top)
{
	struct object *o = new_object(r, top, OBJECT_NODE);
	struct node *node = (struct node *)o;
	struct spot spec, status, addresses, item, address;
	struct address a;

	if (o == NULL)
		return NULL;
	(void)reader_member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)reader_member_of(r, top, "status", JSON_OBJECT, &status);
	(void)reader_member_of(r, &status, "addresses", JSON_ARRAY, &addresses);
	node->addresses = new_list(r, reader_count(&addresses));
	for (size_t i = 0; i < reader_count(&addresses); i++) {
		const char *type;

		(void)reader_element(r, &addresses, i, JSON_OBJECT, &item);
		type = reader_string(r, &item, "type");
		if (strcmp(type, "InternalIP") != 0 && strcmp(type, "ExternalIP") != 0)
			continue;
		if (reader_member_of(r, &item, "address", JSON_STRING, &address) && reader_address(r, &address, &a))
			append_address(&node->addresses, &a);
	}
	read_ranges(r, node, &spec);
	return o;
}

/* Kinds. */

static const struct kind {
	const char *name, *group; /* group "": the core, whose apiVersion is "v1" */
	struct object *(*read)(struct reader *, const struct spot *);
} kinds[] = {
	{ "Pod", "", read_pod },
	{ "Service", "", read_service },
	{ "Node", "", read_node },
	{ "EndpointSlice", "discovery.k8s.io", read_slice },
	{ "ReplicaSet", "apps", read_controller },
	{ "ReplicationController", "", read_controller },
	{ "Job", "batch", read_controller },
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

struct object *
cluster_objects_read(struct reader *r, const struct spot *top, const char *list_kind, const char *list_version)
{
	const char *kind = reader_string(r, top, "kind"), *version = reader_string(r, top, "apiVersion");
	struct object *o = NULL;

	if (kind[0] == '\0')
		kind = list_kind;
	if (version[0] == '\0')
		version = list_version;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!r->failed && strcmp(kind, kinds[i].name) == 0 && is_in_group(version, kinds[i].group))
			o = kinds[i].read(r, top);
	return r->failed ? NULL : o;
}
