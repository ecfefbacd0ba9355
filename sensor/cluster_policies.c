/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces, and policies between pods (networking.k8s.io/v1). A policy with something that is not
 * known here, or with more than is kept, is marked: what it allows is then not guessed.
 */
#include <config.h>

#include <string.h>

#include "cluster_objects_internal.h"

/* Peers, ports, requirements and the like of one policy, which are some forty times as large as their shortest text. */
enum { PARTS_MAX = 16384 };

struct policy_reader {
	struct cluster_reader *r;
	struct network_policy *policy;
	size_t parts;
};

struct object *
cluster_namespace_read(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_NAMESPACE);
	struct namespace *namespace = (struct namespace *)o;
	struct json_spot metadata, labels;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "metadata", JSON_VALUE_OBJECT, &metadata);
	(void)cluster_member(r, &metadata, "labels", JSON_VALUE_OBJECT, &labels);
	namespace->labels = cluster_labels(r, &labels, &namespace->label_count);
	return o;
}

/* Zeroed memory for the parts of an array or a map, and *count of them: none of what is too many. */
static void *
new_parts(struct policy_reader *p, const struct json_spot *of, size_t size, size_t *count)
{
	*count = json_count_of(of);
	if (*count > PARTS_MAX - p->parts) {
		p->policy->unclear = true;
		*count = 0;
	}
	p->parts += *count;
	return inventory_alloc(p->r->inv, (*count + 1) * size);
}

/* Selectors. */

static void
read_expression(struct policy_reader *p, const struct json_spot *spot, struct label_requirement *out)
{
	static const char *const names[] = { [LABEL_IN] = "In", [LABEL_NOT_IN] = "NotIn", [LABEL_EXISTS] = "Exists", [LABEL_DOES_NOT_EXIST] = "DoesNotExist" };
	const char *word = cluster_string(p->r, spot, "operator");
	struct json_spot values, value;
	size_t i = 0, count;

	while (i < sizeof(names) / sizeof(names[0]) && strcmp(word, names[i]) != 0)
		i++;
	out->operator = (enum label_operator)i;
	out->key = cluster_name(p->r, spot, "key");
	if (i == sizeof(names) / sizeof(names[0]) || out->key[0] == '\0')
		p->policy->unclear = true;
	(void)cluster_member(p->r, spot, "values", JSON_VALUE_ARRAY, &values);
	out->labels = new_parts(p, &values, sizeof(*out->labels), &count);
	for (i = 0; i < count; i++)
		if (cluster_element(p->r, &values, i, JSON_VALUE_STRING, &value) && cluster_check_name(p->r, &value, json_string_of(&value)))
			out->labels[out->label_count++] = inventory_label(p->r->inv, out->key, json_string_of(&value));
}

/* A label that must be there is as one that must be in a list of one. */
static void
read_label(struct policy_reader *p, const struct json_spot *spot, struct label_requirement *out)
{
	out->key = inventory_text(p->r->inv, "");
	if (!json_expect(&p->r->document, spot, JSON_VALUE_STRING, JSON_MUST) || !cluster_check_name(p->r, spot, spot->key) || !cluster_check_name(p->r, spot, json_string_of(spot)))
		return;
	out->key = inventory_text(p->r->inv, spot->key);
	out->labels = inventory_alloc(p->r->inv, sizeof(*out->labels));
	out->labels[out->label_count++] = inventory_label(p->r->inv, spot->key, json_string_of(spot));
}

static void
read_selector(struct policy_reader *p, const struct json_spot *parent, const char *key, struct label_selector *out)
{
	struct json_spot selector, labels, expressions, expression, label = { .key = NULL };
	struct label_requirement *of_labels, *of_expressions;
	size_t label_count, expression_count;

	out->present = cluster_member(p->r, parent, key, JSON_VALUE_OBJECT, &selector);
	(void)cluster_member(p->r, &selector, "matchLabels", JSON_VALUE_OBJECT, &labels);
	(void)cluster_member(p->r, &selector, "matchExpressions", JSON_VALUE_ARRAY, &expressions);
	of_labels = new_parts(p, &labels, sizeof(*of_labels), &label_count);
	of_expressions = new_parts(p, &expressions, sizeof(*of_expressions), &expression_count);
	for (size_t i = 0; i < label_count && json_next_member(&labels, &label); i++)
		read_label(p, &label, &of_labels[i]);
	for (size_t i = 0; i < expression_count; i++) {
		(void)cluster_element(p->r, &expressions, i, JSON_VALUE_OBJECT, &expression);
		read_expression(p, &expression, &of_expressions[i]);
	}
	out->requirement_count = label_count + expression_count;
	out->requirements = of_labels;
	if (expression_count == 0)
		return;
	out->requirements = inventory_alloc(p->r->inv, out->requirement_count * sizeof(*of_labels));
	memcpy(out->requirements, of_labels, label_count * sizeof(*of_labels));
	memcpy(out->requirements + label_count, of_expressions, expression_count * sizeof(*of_labels));
}

/* Peers. */

/* Old objects may have ranges that are written in ways no longer taken. */
static void
read_range(struct policy_reader *p, const struct json_spot *spot, struct address_range *out)
{
	const char *text = json_string_of(spot);

	if (text == NULL || !address_parse_range(text, out))
		p->policy->unclear = true;
}

static void
read_block(struct policy_reader *p, const struct json_spot *block, struct policy_peer *out)
{
	struct json_spot range, except;

	out->has_block = true;
	(void)cluster_member(p->r, block, "cidr", JSON_VALUE_STRING, &range);
	read_range(p, &range, &out->block);
	(void)cluster_member(p->r, block, "except", JSON_VALUE_ARRAY, &except);
	out->except = new_parts(p, &except, sizeof(*out->except), &out->except_count);
	for (size_t i = 0; i < out->except_count; i++) {
		(void)cluster_element(p->r, &except, i, JSON_VALUE_STRING, &range);
		read_range(p, &range, &out->except[i]);
	}
}

static void
read_peer(struct policy_reader *p, const struct json_spot *spot, struct policy_peer *out)
{
	struct json_spot block;

	read_selector(p, spot, "podSelector", &out->pods);
	read_selector(p, spot, "namespaceSelector", &out->namespaces);
	if (cluster_member(p->r, spot, "ipBlock", JSON_VALUE_OBJECT, &block))
		read_block(p, &block, out);
	/* One that names nothing that we know names something else. */
	if (!out->pods.present && !out->namespaces.present && !out->has_block)
		p->policy->unclear = true;
}

/* Ports. */

static void
read_port(struct policy_reader *p, const struct json_spot *spot, struct policy_port *out)
{
	struct json_spot port;

	out->ip_protocol = cluster_protocol(p->r, spot);
	out->name = inventory_text(p->r->inv, "");
	out->last = UINT16_MAX;
	if (!json_find(spot, "port", &port) || port.value == NULL)
		return;
	if (json_is(&port, JSON_VALUE_STRING)) {
		out->name = cluster_name(p->r, spot, "port");
		return;
	}
	out->first = cluster_port(p->r, spot, "port");
	out->last = cluster_port(p->r, spot, "endPort");
	if (out->last == 0)
		out->last = out->first;
}

/* Rules. */

static void
read_rule(struct policy_reader *p, const struct json_spot *spot, const char *peers_key, struct policy_rule *out)
{
	struct json_spot peers, ports, item;

	(void)cluster_member(p->r, spot, peers_key, JSON_VALUE_ARRAY, &peers);
	out->peers = new_parts(p, &peers, sizeof(*out->peers), &out->peer_count);
	for (size_t i = 0; i < out->peer_count; i++) {
		(void)cluster_element(p->r, &peers, i, JSON_VALUE_OBJECT, &item);
		read_peer(p, &item, &out->peers[i]);
	}
	(void)cluster_member(p->r, spot, "ports", JSON_VALUE_ARRAY, &ports);
	out->ports = new_parts(p, &ports, sizeof(*out->ports), &out->port_count);
	for (size_t i = 0; i < out->port_count; i++) {
		(void)cluster_element(p->r, &ports, i, JSON_VALUE_OBJECT, &item);
		read_port(p, &item, &out->ports[i]);
	}
}

static void
read_direction(struct policy_reader *p, const struct json_spot *spec, const char *key, const char *peers_key, struct policy_direction *out)
{
	struct json_spot rules, rule;

	(void)cluster_member(p->r, spec, key, JSON_VALUE_ARRAY, &rules);
	out->rules = new_parts(p, &rules, sizeof(*out->rules), &out->rule_count);
	for (size_t i = 0; i < out->rule_count; i++) {
		(void)cluster_element(p->r, &rules, i, JSON_VALUE_OBJECT, &rule);
		read_rule(p, &rule, peers_key, &out->rules[i]);
	}
}

/* Where they are not told, as the API server fills them in: ingress, and egress where it has a rule. */
static void
read_types(struct policy_reader *p, const struct json_spot *spec)
{
	struct network_policy *policy = p->policy;
	struct json_spot types, type;

	(void)cluster_member(p->r, spec, "policyTypes", JSON_VALUE_ARRAY, &types);
	policy->ingress.selected = json_count_of(&types) == 0;
	policy->egress.selected = json_count_of(&types) == 0 && policy->egress.rule_count > 0;
	for (size_t i = 0; i < json_count_of(&types); i++) {
		const char *name = "";

		if (cluster_element(p->r, &types, i, JSON_VALUE_STRING, &type))
			name = json_string_of(&type);
		if (strcmp(name, "Ingress") == 0)
			policy->ingress.selected = true;
		else if (strcmp(name, "Egress") == 0)
			policy->egress.selected = true;
		else
			policy->unclear = true;
	}
}

struct object *
cluster_network_policy_read(struct cluster_reader *r, const struct json_spot *top)
{
	struct object *o = cluster_object_new(r, top, OBJECT_NETWORK_POLICY);
	struct policy_reader p = { .r = r, .policy = (struct network_policy *)o };
	struct json_spot spec;

	if (o == NULL)
		return NULL;
	(void)cluster_member(r, top, "spec", JSON_VALUE_OBJECT, &spec);
	read_selector(&p, &spec, "podSelector", &p.policy->pods);
	read_direction(&p, &spec, "ingress", "from", &p.policy->ingress);
	read_direction(&p, &spec, "egress", "to", &p.policy->egress);
	read_types(&p, &spec);
	return o;
}
