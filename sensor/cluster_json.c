/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of a cluster from JSON (RFC 8259), field names as in the Kubernetes API.
 *
 * A list is taken apart here and its items are parsed one at a time (jansson), because a parsed
 * cluster is many times the size of its text. The text is gone over twice: kubectl sorts keys, so
 * that a list's kind comes after its items.
 *
 * Objects wait in a batch until the whole text has proved good. A null is as good as absent:
 * the API writes both.
 */
#include <config.h>

#include "cluster_json.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inventory_objects.h"

static const size_t text_limit = (size_t)1 << 30;
/* The API server's storage takes 1.5 MB an object. */
static const size_t object_limit = (size_t)64 << 20;

enum {
	NAME_LIMIT = 512, /* Kubernetes: 253 for a name, 317 for a label's key */
	QUOTE_LIMIT = 64,
	PATH_SIZE = 512,
	POD_ADDRESSES = 16, /* Kubernetes: one of each family */
	DEPTH_LIMIT = 2048, /* jansson's own */
};

struct reader {
	struct inventory *inv;
	const char *name;
	char *error;
	size_t error_size;
	bool failed;
	struct object *first, **last; /* the batch */
};

/* A value and where it is. */
struct spot {
	json_t *value;
	const struct spot *parent; /* NULL: the top */
	const char *key;           /* NULL: an array's element, number index */
	size_t index;
};

/* Errors: the first one stays. */

/* What came from the file must not reach a terminal as more than text. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

__attribute__((format(printf, 3, 0))) static void
fail_at(struct reader *r, const char *place, const char *format, va_list arguments)
{
	char what[PATH_SIZE];

	if (r->failed)
		return;
	r->failed = true;
	(void)vsnprintf(what, sizeof(what), format, arguments);
	if (r->error_size == 0)
		return;
	(void)snprintf(r->error, r->error_size, "%s: %s%s%s", r->name, place, place[0] != '\0' ? ": " : "", what);
	make_printable(r->error);
}

__attribute__((format(printf, 2, 3))) static void
fail(struct reader *r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail_at(r, "", format, arguments);
	va_end(arguments);
}

/* Appends the place's path to path, whose size is PATH_SIZE: items[3].status.podIPs[0].ip */
static void
append_path(char *path, const struct spot *spot)
{
	size_t size;
	const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (spot->parent != NULL)
		append_path(path, spot->parent);
	size = strlen(path);
	if (spot->key == NULL && spot->parent != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[%zu]", spot->index);
	else if (spot->key != NULL && spot->key[strspn(spot->key, plain)] == '\0')
		(void)snprintf(path + size, PATH_SIZE - size, "%s%s", size > 0 ? "." : "", spot->key);
	else if (spot->key != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[\"%.*s\"]", QUOTE_LIMIT, spot->key);
}

__attribute__((format(printf, 3, 4))) static void
fail_spot(struct reader *r, const struct spot *spot, const char *format, ...)
{
	char path[PATH_SIZE] = "";
	va_list arguments;

	append_path(path, spot);
	va_start(arguments, format);
	fail_at(r, path, format, arguments);
	va_end(arguments);
}

static const char *
type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return names[type];
}

/* Values. Each says false, "" or 0 for what is absent, and after an error. */

static bool
check_type(struct reader *r, const struct spot *spot, json_type type)
{
	json_type found = json_typeof(spot->value);

	if (found == type)
		return true;
	if (found != JSON_NULL)
		fail_spot(r, spot, "expected %s, found %s", type_name(type), type_name(found));
	return false;
}

/* *out is the member of parent with key, of any type. */
static bool
member(const struct reader *r, const struct spot *parent, const char *key, struct spot *out)
{
	*out = (struct spot){ .value = parent->value != NULL ? json_object_get(parent->value, key) : NULL, .parent = parent, .key = key };
	return !r->failed && out->value != NULL && !json_is_null(out->value);
}

/* The same, of one type. Where it is false *out has no members and no elements. */
static bool
member_of(struct reader *r, const struct spot *parent, const char *key, json_type type, struct spot *out)
{
	if (member(r, parent, key, out) && check_type(r, out, type))
		return true;
	out->value = NULL;
	return false;
}

static size_t
element_count(const struct spot *array)
{
	return json_array_size(array->value);
}

static bool
element_of(struct reader *r, const struct spot *array, size_t index, json_type type, struct spot *out)
{
	*out = (struct spot){ .value = json_array_get(array->value, index), .parent = array, .index = index };
	if (!r->failed && check_type(r, out, type))
		return true;
	out->value = NULL;
	return false;
}

/* A string as it is: for what is compared or read further, never kept. */
static const char *
string(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	return member_of(r, parent, key, JSON_STRING, &s) ? json_string_value(s.value) : "";
}

static bool
flag(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	if (!member(r, parent, key, &s))
		return false;
	if (!json_is_boolean(s.value))
		fail_spot(r, &s, "expected true or false, found %s", type_name(json_typeof(s.value)));
	return json_is_true(s.value);
}

/* Names are printed: none of Kubernetes has anything but visible ASCII. */
static bool
check_name(struct reader *r, const struct spot *spot, const char *text)
{
	size_t size = strlen(text);

	if (size > NAME_LIMIT) {
		fail_spot(r, spot, "is %zu bytes long; no name has more than %d", size, NAME_LIMIT);
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] > ' ' && text[i] <= '~')
			continue;
		fail_spot(r, spot, "has the byte 0x%02x, which no name has", (unsigned)(unsigned char)text[i]);
		return false;
	}
	return true;
}

static const char *
name(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	if (!member_of(r, parent, key, JSON_STRING, &s) || !check_name(r, &s, json_string_value(s.value)))
		return inventory_text(r->inv, "");
	return inventory_text(r->inv, json_string_value(s.value));
}

static uint16_t
port_value(struct reader *r, const struct spot *spot)
{
	json_int_t number;

	if (!check_type(r, spot, JSON_INTEGER))
		return 0;
	number = json_integer_value(spot->value);
	if (number >= 0 && number <= UINT16_MAX)
		return (uint16_t)number;
	fail_spot(r, spot, "%" JSON_INTEGER_FORMAT " is no port number", number);
	return 0;
}

static uint16_t
port_number(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	return member(r, parent, key, &s) ? port_value(r, &s) : 0;
}

static uint8_t
protocol(struct reader *r, const struct spot *parent)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protocols[] = { { "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP }, { "SCTP", IPPROTO_SCTP } };
	const char *text = string(r, parent, "protocol");
	struct spot s;

	if (text[0] == '\0')
		return IPPROTO_TCP;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(text, protocols[i].name) == 0)
			return protocols[i].number;
	(void)member(r, parent, "protocol", &s);
	fail_spot(r, &s, "\"%.*s\" is none of TCP, UDP, SCTP", QUOTE_LIMIT, text);
	return 0;
}

/* The digits of one field of a time: false where there are others. */
static bool
digits(const char **at, size_t count, int *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return false;
		*out = *out * 10 + ((*at)[i] - '0');
	}
	*at += count;
	return true;
}

static bool
skip(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* What follows the seconds of an RFC 3339 time: a fraction, which is left out, and Z or an offset. */
static bool
read_zone(const char **at, int *offset_seconds)
{
	int hours, minutes;
	bool west;

	*offset_seconds = 0;
	if (skip(at, '.')) {
		size_t count = strspn(*at, "0123456789");

		if (count == 0)
			return false;
		*at += count;
	}
	if (skip(at, 'Z'))
		return true;
	west = **at == '-';
	if (!west && **at != '+')
		return false;
	(*at)++;
	if (!digits(at, 2, &hours) || !skip(at, ':') || !digits(at, 2, &minutes))
		return false;
	*offset_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

/* RFC 3339 5.6, to nanoseconds since 1970. */
static bool
parse_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *at = text;
	int offset;

	if (!digits(&at, 4, &tm.tm_year) || !skip(&at, '-') || !digits(&at, 2, &tm.tm_mon) || !skip(&at, '-') || !digits(&at, 2, &tm.tm_mday) || !skip(&at, 'T'))
		return false;
	if (!digits(&at, 2, &tm.tm_hour) || !skip(&at, ':') || !digits(&at, 2, &tm.tm_min) || !skip(&at, ':') || !digits(&at, 2, &tm.tm_sec))
		return false;
	if (!read_zone(&at, &offset) || *at != '\0')
		return false;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_year > 2200)
		return false;
	/* Go writes year 1 for a time that was never set. */
	if (tm.tm_year < 1971) {
		*out = INVENTORY_TIME_OPEN;
		return true;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = ((int64_t)timegm(&tm) - offset) * 1000000000;
	return true;
}

static int64_t
read_time(struct reader *r, const struct spot *parent, const char *key)
{
	const char *text = string(r, parent, key);
	int64_t time = INVENTORY_TIME_OPEN;
	struct spot s;

	if (text[0] == '\0' || parse_time(text, &time))
		return time;
	(void)member(r, parent, key, &s);
	fail_spot(r, &s, "\"%.*s\" is no time; expected as in 2026-01-31T12:00:00Z", QUOTE_LIMIT, text);
	return INVENTORY_TIME_OPEN;
}

/* Addresses. */

static struct address_list
new_list(struct reader *r, size_t room)
{
	return (struct address_list){ .items = inventory_alloc(r->inv, (room + 1) * sizeof(struct address)) };
}

/* The address in spot, a string; false where it is empty, or none. */
static bool
read_address(struct reader *r, const struct spot *spot, struct address *out)
{
	const char *text = json_string_value(spot->value);

	if (text == NULL || text[0] == '\0')
		return false;
	if (address_parse(text, out))
		return true;
	fail_spot(r, spot, "\"%.*s\" is no IP address", QUOTE_LIMIT, text);
	return false;
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

	(void)member_of(r, status, plural, JSON_ARRAY, &array);
	if (element_count(&array) > POD_ADDRESSES) {
		fail_spot(r, &array, "has %zu addresses; expected at most %d", element_count(&array), POD_ADDRESSES);
		return list;
	}
	for (size_t i = 0; i < element_count(&array); i++)
		if (element_of(r, &array, i, JSON_OBJECT, &item) && member_of(r, &item, "ip", JSON_STRING, &ip) && read_address(r, &ip, &a))
			append_address(&list, &a);
	if (member_of(r, status, singular, JSON_STRING, &ip) && read_address(r, &ip, &a))
		append_address(&list, &a);
	return list;
}

/* Metadata. */

static void
read_owner(struct reader *r, const struct spot *metadata, struct object *o)
{
	struct spot owners, owner;

	(void)member_of(r, metadata, "ownerReferences", JSON_ARRAY, &owners);
	for (size_t i = 0; i < element_count(&owners); i++) {
		const char *kind, *owner_name;

		if (!element_of(r, &owners, i, JSON_OBJECT, &owner) || !flag(r, &owner, "controller"))
			continue;
		kind = name(r, &owner, "kind");
		owner_name = name(r, &owner, "name");
		if (kind[0] == '\0' || owner_name[0] == '\0')
			continue;
		o->owner_kind = kind;
		o->owner_name = owner_name;
		o->owner_uid = name(r, &owner, "uid");
		return;
	}
}

/* The object with what its metadata says; NULL where it has no uid or no name. */
static struct object *
new_object(struct reader *r, const struct spot *top, enum object_kind kind)
{
	struct object *o = inventory_object_new(r->inv, kind);
	struct spot metadata;

	(void)member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	o->uid = name(r, &metadata, "uid");
	o->name = name(r, &metadata, "name");
	o->namespace = name(r, &metadata, "namespace");
	o->version = name(r, &metadata, "resourceVersion");
	o->created = read_time(r, &metadata, "creationTimestamp");
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

		if (!check_type(r, &s, JSON_STRING) || !check_name(r, &s, key) || !check_name(r, &s, json_string_value(value)))
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

	(void)member_of(r, status, key, JSON_ARRAY, &list);
	for (size_t i = 0; i < element_count(&list); i++) {
		int64_t time;

		(void)element_of(r, &list, i, JSON_OBJECT, &container);
		(void)member_of(r, &container, "state", JSON_OBJECT, &state);
		(void)member_of(r, &state, "terminated", JSON_OBJECT, &terminated);
		time = read_time(r, &terminated, "finishedAt");
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

	(void)member_of(r, container, "ports", JSON_ARRAY, &ports);
	for (size_t i = 0; i < element_count(&ports); i++) {
		struct container_port p;

		if (!element_of(r, &ports, i, JSON_OBJECT, &port))
			continue;
		p.name = name(r, &port, "name");
		p.number = port_number(r, &port, "containerPort");
		p.ip_protocol = protocol(r, &port);
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

	(void)member_of(r, spec, "containers", JSON_ARRAY, &containers);
	(void)member_of(r, spec, "initContainers", JSON_ARRAY, &inits);
	pod->ports = inventory_alloc(r->inv, (count_ports(&containers) + count_ports(&inits) + 1) * sizeof(*pod->ports));
	for (size_t i = 0; i < element_count(&containers); i++)
		if (element_of(r, &containers, i, JSON_OBJECT, &container))
			read_container_ports(r, pod, &container);
	for (size_t i = 0; i < element_count(&inits); i++)
		if (element_of(r, &inits, i, JSON_OBJECT, &container) && strcmp(string(r, &container, "restartPolicy"), "Always") == 0)
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
	(void)member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)member_of(r, top, "status", JSON_OBJECT, &status);
	(void)member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	(void)member_of(r, &metadata, "labels", JSON_OBJECT, &labels);
	pod->labels = read_labels(r, &labels, &pod->label_count);
	pod->node = name(r, &spec, "nodeName");
	pod->service_account = name(r, &spec, "serviceAccountName");
	pod->host_network = flag(r, &spec, "hostNetwork");
	read_ports(r, pod, &spec);
	phase = string(r, &status, "phase");
	pod->finished = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	pod->start = read_time(r, &status, "startTime");
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

	port->name = name(r, spot, "name");
	port->port = port_number(r, spot, "port");
	port->node_port = port_number(r, spot, "nodePort");
	port->ip_protocol = protocol(r, spot);
	port->target_port = port->port;
	port->target_name = "";
	if (!member(r, spot, "targetPort", &target))
		return;
	if (json_is_string(target.value))
		port->target_name = name(r, spot, "targetPort");
	else if (port_value(r, &target) != 0)
		port->target_port = port_value(r, &target);
}

static void
read_service_ports(struct reader *r, struct service *service, const struct spot *spec)
{
	struct spot ports, port;

	(void)member_of(r, spec, "ports", JSON_ARRAY, &ports);
	service->ports = inventory_alloc(r->inv, (element_count(&ports) + 1) * sizeof(*service->ports));
	for (size_t i = 0; i < element_count(&ports); i++)
		if (element_of(r, &ports, i, JSON_OBJECT, &port))
			read_service_port(r, &port, &service->ports[service->port_count++]);
}

/* Appends the addresses of an array of strings; "None" is the mark of a headless Service. */
static void
append_addresses(struct reader *r, struct address_list *list, const struct spot *array)
{
	struct spot item;
	struct address a;

	for (size_t i = 0; i < element_count(array); i++)
		if (element_of(r, array, i, JSON_STRING, &item) && strcmp(json_string_value(item.value), "None") != 0 && read_address(r, &item, &a))
			append_address(list, &a);
}

static void
read_service_addresses(struct reader *r, struct service *service, const struct spot *spec, const struct spot *status)
{
	struct address_list *list = &service->addresses;
	struct spot own, single, external, balancer, ingress, item, ip;
	struct address a;

	(void)member_of(r, spec, "clusterIPs", JSON_ARRAY, &own);
	(void)member_of(r, spec, "externalIPs", JSON_ARRAY, &external);
	(void)member_of(r, status, "loadBalancer", JSON_OBJECT, &balancer);
	(void)member_of(r, &balancer, "ingress", JSON_ARRAY, &ingress);
	*list = new_list(r, element_count(&own) + 1 + element_count(&external) + element_count(&ingress));
	append_addresses(r, list, &own);
	if (member_of(r, spec, "clusterIP", JSON_STRING, &single) && strcmp(json_string_value(single.value), "None") != 0 && read_address(r, &single, &a))
		append_address(list, &a);
	service->cluster_address_count = list->count;
	if (list->count == 0)
		return;
	append_addresses(r, list, &external);
	for (size_t i = 0; i < element_count(&ingress); i++)
		if (element_of(r, &ingress, i, JSON_OBJECT, &item) && member_of(r, &item, "ip", JSON_STRING, &ip) && read_address(r, &ip, &a))
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
	(void)member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)member_of(r, top, "status", JSON_OBJECT, &status);
	/* Only a name in DNS: nothing of it is in this cluster. */
	if (strcmp(string(r, &spec, "type"), "ExternalName") == 0)
		return o;
	(void)member_of(r, &spec, "selector", JSON_OBJECT, &selector);
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

	(void)member_of(r, top, "ports", JSON_ARRAY, &ports);
	slice->ports = inventory_alloc(r->inv, (element_count(&ports) + 1) * sizeof(*slice->ports));
	for (size_t i = 0; i < element_count(&ports); i++) {
		struct container_port *p = &slice->ports[slice->port_count];

		if (!element_of(r, &ports, i, JSON_OBJECT, &port))
			continue;
		p->name = name(r, &port, "name");
		p->number = port_number(r, &port, "port");
		p->ip_protocol = protocol(r, &port);
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

	(void)member_of(r, endpoint, "addresses", JSON_ARRAY, &addresses);
	(void)member_of(r, endpoint, "targetRef", JSON_OBJECT, &target);
	if (strcmp(string(r, &target, "kind"), "Pod") == 0)
		uid = name(r, &target, "uid");
	for (size_t i = 0; i < element_count(&addresses); i++)
		if (element_of(r, &addresses, i, JSON_STRING, &item) && read_address(r, &item, &a))
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
	(void)member_of(r, top, "metadata", JSON_OBJECT, &metadata);
	(void)member_of(r, &metadata, "labels", JSON_OBJECT, &labels);
	slice->service = name(r, &labels, "kubernetes.io/service-name");
	/* Without the label it belongs to no Service; FQDN slices hold names, not addresses. */
	if (slice->service[0] == '\0' || strcmp(string(r, top, "addressType"), "FQDN") == 0)
		return o;
	read_slice_ports(r, slice, top);
	(void)member_of(r, top, "endpoints", JSON_ARRAY, &endpoints);
	slice->endpoints = inventory_alloc(r->inv, (count_endpoint_addresses(&endpoints) + 1) * sizeof(*slice->endpoints));
	for (size_t i = 0; i < element_count(&endpoints); i++)
		if (element_of(r, &endpoints, i, JSON_OBJECT, &endpoint))
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
		fail_spot(r, spot, "\"%.*s\" is no address range; expected as in 10.42.1.0/24", QUOTE_LIMIT, text);
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

	(void)member_of(r, spec, "podCIDRs", JSON_ARRAY, &ranges);
	node->range_addresses = new_list(r, 2 * (element_count(&ranges) + 1));
	for (size_t i = 0; i < element_count(&ranges); i++)
		if (element_of(r, &ranges, i, JSON_STRING, &range))
			append_range(r, &node->range_addresses, &range);
	if (member_of(r, spec, "podCIDR", JSON_STRING, &range))
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
	(void)member_of(r, top, "spec", JSON_OBJECT, &spec);
	(void)member_of(r, top, "status", JSON_OBJECT, &status);
	(void)member_of(r, &status, "addresses", JSON_ARRAY, &addresses);
	node->addresses = new_list(r, element_count(&addresses));
	for (size_t i = 0; i < element_count(&addresses); i++) {
		const char *type;

		(void)element_of(r, &addresses, i, JSON_OBJECT, &item);
		type = string(r, &item, "type");
		if (strcmp(type, "InternalIP") != 0 && strcmp(type, "ExternalIP") != 0)
			continue;
		if (member_of(r, &item, "address", JSON_STRING, &address) && read_address(r, &address, &a))
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

/* Reads one object into the batch. list_kind and list_version are for items without their own. */
static void
read_object(struct reader *r, const struct spot *top, const char *list_kind, const char *list_version)
{
	const char *kind = string(r, top, "kind"), *version = string(r, top, "apiVersion");

	if (kind[0] == '\0')
		kind = list_kind;
	if (version[0] == '\0')
		version = list_version;
	for (size_t i = 0; !r->failed && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct object *o;

		if (strcmp(kind, kinds[i].name) != 0 || !is_in_group(version, kinds[i].group))
			continue;
		o = kinds[i].read(r, top);
		if (o == NULL || r->failed)
			return;
		*r->last = o;
		r->last = &o->next;
	}
}

/* The text: where its members and items are. */

struct piece {
	size_t start, end; /* offsets; start == end: absent */
};

struct document {
	const char *text;
	size_t size, at;
};

/* Line and column as editors count them, from 1. */
static void
fail_text(struct reader *r, const struct document *d, size_t offset, const char *what)
{
	size_t line = 1, line_start = 0;

	for (size_t i = 0; i < offset; i++) {
		if (d->text[i] != '\n')
			continue;
		line++;
		line_start = i + 1;
	}
	fail(r, "line %zu, column %zu: %s", line, offset - line_start + 1, what);
}

static void
fail_here(struct reader *r, const struct document *d, const char *what)
{
	fail_text(r, d, d->at, d->at < d->size ? what : "the text ends too early; it may have been cut off");
}

/* The next byte that is not white space, or NUL at the end. */
static char
peek(struct document *d)
{
	while (d->at < d->size && (d->text[d->at] == ' ' || d->text[d->at] == '\n' || d->text[d->at] == '\r' || d->text[d->at] == '\t'))
		d->at++;
	return d->at < d->size ? d->text[d->at] : '\0';
}

static bool
take(struct reader *r, struct document *d, char c, const char *expected)
{
	if (peek(d) == c && d->at < d->size) {
		d->at++;
		return true;
	}
	fail_here(r, d, expected);
	return false;
}

/* Moves past a string; its escapes are left to the parser. */
static void
pass_string(struct document *d)
{
	for (d->at++; d->at < d->size && d->text[d->at] != '"'; d->at++)
		if (d->text[d->at] == '\\')
			d->at++;
	d->at = d->at < d->size ? d->at + 1 : d->size;
}

/* Moves past an array or object. What is between its brackets is left to the parser. */
static void
pass_nested(struct reader *r, struct document *d)
{
	uint8_t closing[DEPTH_LIMIT];
	size_t depth = 0;

	do {
		char c = d->text[d->at];

		if (c == '"') {
			pass_string(d);
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == DEPTH_LIMIT) {
				fail_here(r, d, "nested too deep");
				return;
			}
			closing[depth++] = c == '{' ? '}' : ']';
		} else if ((c == '}' || c == ']') && c != closing[--depth]) {
			fail_here(r, d, c == '}' ? "found }, expected ]" : "found ], expected }");
			return;
		}
		d->at++;
	} while (depth > 0 && d->at < d->size);
	if (depth > 0)
		fail_here(r, d, "");
}

/* Moves past a value and says where it was. Only where it ends is sure; it may still be none. */
static bool
pass_value(struct reader *r, struct document *d, struct piece *out)
{
	char first = peek(d);

	out->start = d->at;
	if (first == '{' || first == '[')
		pass_nested(r, d);
	else if (first == '"')
		pass_string(d);
	else
		while (d->at < d->size && strchr(",:]} \n\r\t", d->text[d->at]) == NULL)
			d->at++;
	out->end = d->at;
	if (!r->failed && out->start == out->end)
		fail_here(r, d, "expected a value");
	return !r->failed;
}

/* Returns owned, or NULL after an error. */
static json_t *
parse_piece(struct reader *r, const struct document *d, struct piece piece)
{
	json_error_t error;
	json_t *value;
	size_t line_start = piece.start, lines = 0;
	unsigned line, column;

	if (piece.end - piece.start > object_limit) {
		fail_text(r, d, piece.start, "an object of more than 64 MiB; Kubernetes has none so large");
		return NULL;
	}
	value = json_loadb(d->text + piece.start, piece.end - piece.start, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (value != NULL)
		return value;
	for (size_t i = 0; i < piece.start; i++)
		lines += d->text[i] == '\n';
	while (line_start > 0 && d->text[line_start - 1] != '\n')
		line_start--;
	line = error.line > 0 ? (unsigned)error.line : 1;
	column = error.column > 0 ? (unsigned)error.column : 1;
	fail(r, "line %zu, column %zu: %s", lines + line, line == 1 ? piece.start - line_start + column : column, error.text);
	return NULL;
}

/* A member of the list that holds a name, for as long as *value is held. */
static const char *
parse_name(struct reader *r, const struct document *d, struct piece piece, const char *key, json_t **value)
{
	struct spot s = { .key = key };

	*value = NULL;
	if (piece.start == piece.end)
		return "";
	s.value = *value = parse_piece(r, d, piece);
	if (s.value == NULL || !check_type(r, &s, JSON_STRING))
		return "";
	return json_string_value(s.value);
}

/* What of a document is looked at by name before its items are. */
struct top {
	struct piece kind, api_version, items;
};

static struct piece *
top_member(struct top *top, const struct document *d, struct piece key)
{
	const char *text = d->text + key.start;
	size_t size = key.end - key.start;

	if (size == 6 && memcmp(text, "\"kind\"", 6) == 0)
		return &top->kind;
	if (size == 12 && memcmp(text, "\"apiVersion\"", 12) == 0)
		return &top->api_version;
	if (size == 7 && memcmp(text, "\"items\"", 7) == 0)
		return &top->items;
	return NULL;
}

/* Finds the members of the document, and that nothing follows it. */
static bool
find_members(struct reader *r, struct document *d, struct top *top)
{
	*top = (struct top){ 0 };
	if (!take(r, d, '{', "expected the { of a JSON object, as of kubectl get -o json"))
		return false;
	if (peek(d) == '}')
		d->at++;
	else
		for (bool more = true; more;) {
			struct piece key, value, *wanted;

			if (peek(d) != '"')
				fail_here(r, d, "expected a member's name");
			if (r->failed || !pass_value(r, d, &key) || !take(r, d, ':', "expected a colon") || !pass_value(r, d, &value))
				return false;
			wanted = top_member(top, d, key);
			if (wanted != NULL && wanted->start != wanted->end)
				fail_text(r, d, key.start, "this member is there twice");
			if (wanted != NULL)
				*wanted = value;
			more = peek(d) == ',';
			if (more)
				d->at++;
			else
				(void)take(r, d, '}', "expected a comma or }");
		}
	if (!r->failed && (peek(d) != '\0' || d->at < d->size))
		fail_here(r, d, "expected the end of the text");
	return !r->failed;
}

static void
read_items(struct reader *r, const struct document *whole, struct piece items, const char *item_kind, const char *version)
{
	struct document d = { .text = whole->text, .size = items.end, .at = items.start + 1 };
	struct spot list = { .key = "items" };

	if (peek(&d) == ']')
		d.at++;
	else
		for (size_t i = 0; !r->failed; i++) {
			struct piece piece;
			struct spot item = { .parent = &list, .index = i };

			if (!pass_value(r, &d, &piece))
				return;
			item.value = parse_piece(r, whole, piece);
			if (item.value != NULL && check_type(r, &item, JSON_OBJECT))
				read_object(r, &item, item_kind, version);
			json_decref(item.value);
			if (r->failed || peek(&d) == ']')
				break;
			(void)take(r, &d, ',', "expected a comma or ]");
		}
}

/* The members beside the items are not used, but must be JSON too. */
static void
check_rest(struct reader *r, const struct document *whole, struct piece items)
{
	struct document d = { .text = whole->text, .size = whole->size };
	struct piece key, value;

	(void)take(r, &d, '{', "");
	while (!r->failed && pass_value(r, &d, &key) && take(r, &d, ':', "") && pass_value(r, &d, &value)) {
		json_decref(parse_piece(r, whole, key));
		if (value.start != items.start && !r->failed)
			json_decref(parse_piece(r, whole, value));
		if (peek(&d) != ',')
			return;
		d.at++;
	}
}

static void
read_list(struct reader *r, const struct document *d, const struct top *top, const char *kind, const char *version)
{
	size_t size = strlen(kind) - strlen("List");
	char item_kind[64] = "";
	struct spot items = { .key = "items" };

	/* A List proper is of mixed kinds, which its items name; the items of a PodList do not. */
	if (size < sizeof(item_kind))
		memcpy(item_kind, kind, size);
	check_rest(r, d, top->items);
	if (r->failed)
		return;
	if (d->text[top->items.start] == '[') {
		read_items(r, d, top->items, item_kind, version);
		return;
	}
	items.value = parse_piece(r, d, top->items);
	if (items.value != NULL)
		(void)check_type(r, &items, JSON_ARRAY);
	json_decref(items.value);
}

static bool
is_list(const char *kind, const struct top *top)
{
	size_t size = strlen(kind);

	return size >= 4 && strcmp(kind + size - 4, "List") == 0 && top->items.start != top->items.end;
}

static void
read_document(struct reader *r, struct document *d)
{
	struct piece whole = { 0 };
	struct top top;
	json_t *kind_value, *version_value;
	const char *kind, *version;

	/* PowerShell's > writes UTF-16, and some editors a byte order mark. */
	if (d->size >= 2 && (memcmp(d->text, "\xff\xfe", 2) == 0 || memcmp(d->text, "\xfe\xff", 2) == 0)) {
		fail(r, "is UTF-16; JSON is UTF-8 (RFC 8259 8.1)");
		return;
	}
	if (d->size >= 3 && memcmp(d->text, "\xef\xbb\xbf", 3) == 0) {
		d->text += 3;
		d->size -= 3;
	}
	(void)peek(d);
	whole.start = d->at;
	if (!find_members(r, d, &top))
		return;
	whole.end = d->size;
	kind = parse_name(r, d, top.kind, "kind", &kind_value);
	version = parse_name(r, d, top.api_version, "apiVersion", &version_value);
	if (is_list(kind, &top)) {
		read_list(r, d, &top, kind, version);
	} else if (!r->failed) {
		struct spot object = { .value = parse_piece(r, d, whole) };

		if (object.value != NULL && kind[0] == '\0')
			fail(r, "kind: missing; expected a List or an object of Kubernetes");
		else if (object.value != NULL)
			read_object(r, &object, "", "");
		json_decref(object.value);
	}
	json_decref(kind_value);
	json_decref(version_value);
}

bool
cluster_json_read(struct inventory *inv, const char *source, const char *text, size_t size, char *error, size_t error_size)
{
	struct reader r = { .inv = inv, .name = source, .error = error, .error_size = error_size };
	struct document d = { .text = text, .size = size };

	r.last = &r.first;
	if (size > text_limit)
		fail(&r, "is larger than 1 GiB");
	else
		read_document(&r, &d);
	if (r.failed)
		return false;
	for (struct object *o = r.first, *next; o != NULL; o = next) {
		next = o->next;
		inventory_put(inv, o);
	}
	return true;
}

/* All of a file, which may be a pipe; returns owned, or NULL with errno. EFBIG: above the limit. */
static char *
read_all(FILE *f, size_t *size)
{
	size_t room = 1 << 20;
	char *text = malloc(room);

	*size = 0;
	while (text != NULL) {
		char *larger;

		*size += fread(text + *size, 1, room - *size, f);
		if (*size < room && !ferror(f))
			return text;
		if (*size > text_limit)
			errno = EFBIG;
		if (ferror(f) || *size > text_limit)
			break;
		larger = realloc(text, room * 2);
		if (larger == NULL)
			break;
		text = larger;
		room *= 2;
	}
	free(text);
	return NULL;
}

bool
cluster_json_load(struct inventory *inv, const char *path, char *error, size_t error_size)
{
	struct reader r = { .inv = inv, .name = path, .error = error, .error_size = error_size };
	FILE *f = fopen(path, "rbe");
	size_t size;
	char *text;
	bool done;

	if (f == NULL) {
		fail(&r, "%s", strerror(errno));
		return false;
	}
	text = read_all(f, &size);
	if (text == NULL)
		fail(&r, "%s", errno == EFBIG ? "is larger than 1 GiB" : strerror(errno));
	(void)fclose(f);
	if (text == NULL)
		return false;
	done = cluster_json_read(inv, path, text, size, error, error_size);
	free(text);
	return done;
}
