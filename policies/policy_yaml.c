/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a policy set from YAML: what a set may hold, as tables of keys for the reader of YAML (yaml_reader.c)
 * and a function for each kind of value.
 */
#include <config.h>

#include "policy_set.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc3339.h"
#include "yaml_reader.h"

enum {
	KEYS_MAX = POLICY_PARAMETERS_MAX + 2,
	NAME_SIZE_MAX = YAML_NAME_SIZE_MAX, /* of names and patterns */
	TEXT_SIZE_MAX = 1024, /* of a reason */
	TABLE_MAX = 512,
	WEIGHT_MAX = 1000,
};

static_assert((int)KEYS_MAX <= (int)YAML_KEYS_MAX && (int)POLICY_COUNT <= (int)YAML_KEYS_MAX, "what a reader of mappings takes");

static const char schema[] = "podwire.policy/1";

/* Traffic: what scope and exemptions are about. */

/* A name or pattern; target is the char * member to fill. */
static bool
read_pattern(struct yaml_reader *r, void *target, size_t offset)
{
	return yaml_reader_copy_text(r, NAME_SIZE_MAX, (char **)(void *)((char *)target + offset));
}

static bool
read_ip(struct yaml_reader *r, void *target, size_t index)
{
	struct peer_pattern *peer = target;

	(void)index;
	if (!yaml_reader_check_text(r, NAME_SIZE_MAX))
		return false;
	if (!ip_prefix_parse(yaml_reader_scalar(r), &peer->ip))
		return yaml_reader_refuse(r, "an IP address, or a CIDR prefix without bits behind its length, as 10.1.2.3 or fd00::/64");
	peer->has_ip = true;
	return true;
}

static bool
read_port(struct yaml_reader *r, void *target, size_t offset)
{
	double number;

	if (!yaml_reader_number(r, 1, UINT16_MAX, true, &number))
		return false;
	*(uint16_t *)(void *)((char *)target + offset) = (uint16_t)number;
	return true;
}

static bool
is_empty_peer(const struct peer_pattern *peer)
{
	return peer->namespace == NULL && peer->kind == NULL && peer->workload == NULL && !peer->has_ip;
}

/* source or destination; target is the traffic pattern, offset that of the peer in it. */
static bool
read_peer(struct yaml_reader *r, void *target, size_t offset)
{
	static const struct yaml_key keys[] = {
		{ "namespace", read_pattern, offsetof(struct peer_pattern, namespace), false },
		{ "kind", read_pattern, offsetof(struct peer_pattern, kind), false },
		{ "workload", read_pattern, offsetof(struct peer_pattern, workload), false },
		{ "ip", read_ip, 0, false },
		{ NULL, NULL, 0, false },
	};
	struct peer_pattern *peer = (struct peer_pattern *)(void *)((char *)target + offset);
	struct yaml_place start = yaml_reader_place(r);

	if (!yaml_reader_mapping(r, keys, peer))
		return false;
	if (is_empty_peer(peer))
		return yaml_reader_fail_at(r, start, "an empty mapping", "at least one of namespace, kind, workload, ip");
	return true;
}

/* A pattern that says nothing would match everything, which nobody means to write. */
static bool
check_traffic(struct yaml_reader *r, const struct traffic_pattern *traffic, struct yaml_place start)
{
	if (!is_empty_peer(&traffic->source) || !is_empty_peer(&traffic->destination) || traffic->protocol != NULL || traffic->port != 0)
		return true;
	return yaml_reader_fail_at(r, start, "traffic without any condition", "at least one of source, destination, protocol, port");
}

static const struct yaml_key traffic_keys[] = {
	{ "source", read_peer, offsetof(struct traffic_pattern, source), false },
	{ "destination", read_peer, offsetof(struct traffic_pattern, destination), false },
	{ "protocol", read_pattern, offsetof(struct traffic_pattern, protocol), false },
	{ "port", read_port, offsetof(struct traffic_pattern, port), false },
	{ NULL, NULL, 0, false },
};

static bool
read_traffic_list(struct yaml_reader *r, struct traffic_pattern **list, size_t *count)
{
	bool ok;

	if (!yaml_reader_enter_list(r, "a list"))
		return false;
	while (yaml_reader_next_item(r, &ok)) {
		struct yaml_place start = yaml_reader_place(r);
		struct traffic_pattern *grown = yaml_reader_make_room(r, *list, *count, sizeof(*grown)), *traffic;

		if (grown == NULL)
			return false;
		*list = grown;
		traffic = &grown[(*count)++];
		if (!yaml_reader_mapping(r, traffic_keys, traffic) || !check_traffic(r, traffic, start))
			return false;
	}
	return ok;
}

/* Scope. */

static bool
read_include(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_set *set = target;

	(void)index;
	return read_traffic_list(r, &set->include, &set->include_count);
}

static bool
read_exclude(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_set *set = target;

	(void)index;
	return read_traffic_list(r, &set->exclude, &set->exclude_count);
}

static bool
read_scope(struct yaml_reader *r, void *target, size_t index)
{
	static const struct yaml_key keys[] = {
		{ "include", read_include, 0, false },
		{ "exclude", read_exclude, 0, false },
		{ NULL, NULL, 0, false },
	};

	(void)index;
	return yaml_reader_mapping(r, keys, target);
}

/* Exemptions. */

static const char *
policy_at(const void *unused, size_t i)
{
	(void)unused;
	return policies[i] != NULL ? policies[i]->name : NULL;
}

static bool
read_policy_names(struct yaml_reader *r, void *target, size_t index)
{
	struct exemption *exemption = target;
	struct yaml_place start = yaml_reader_place(r);
	bool ok;

	if (!yaml_reader_enter_list(r, "a list of policies"))
		return false;
	while (yaml_reader_next_item(r, &ok)) {
		if (!yaml_reader_name(r, policy_at, NULL, &index))
			return false;
		for (size_t i = 0; i < exemption->policy_count; i++)
			if (exemption->policies[i] == policies[index])
				return yaml_reader_refuse(r, "each policy once");
		exemption->policies[exemption->policy_count++] = policies[index];
	}
	if (ok && exemption->policy_count == 0)
		return yaml_reader_fail_at(r, start, "an empty list", "at least one policy (or no key 'policies' for all of them)");
	return ok;
}

static bool
read_reason(struct yaml_reader *r, void *target, size_t index)
{
	(void)index;
	return yaml_reader_copy_text(r, TEXT_SIZE_MAX, &((struct exemption *)target)->reason);
}

static bool
read_expires(struct yaml_reader *r, void *target, size_t index)
{
	(void)index;
	if (!yaml_reader_check_text(r, NAME_SIZE_MAX))
		return false;
	if (!rfc3339_parse(yaml_reader_scalar(r), &((struct exemption *)target)->expires))
		return yaml_reader_refuse(r, "a date as 2031-12-31, or a time as 2031-12-31T18:00:00Z");
	return true;
}

static bool
read_exemption(struct yaml_reader *r, struct exemption *exemption)
{
	static const struct yaml_key keys[] = {
		{ "policies", read_policy_names, 0, false },
		{ "source", read_peer, offsetof(struct exemption, traffic.source), false },
		{ "destination", read_peer, offsetof(struct exemption, traffic.destination), false },
		{ "protocol", read_pattern, offsetof(struct exemption, traffic.protocol), false },
		{ "port", read_port, offsetof(struct exemption, traffic.port), false },
		{ "reason", read_reason, 0, true },
		{ "expires", read_expires, 0, true },
		{ NULL, NULL, 0, false },
	};
	struct yaml_place start = yaml_reader_place(r);

	exemption->line = (int)start.line + 1;
	return yaml_reader_mapping(r, keys, exemption) && check_traffic(r, &exemption->traffic, start);
}

static bool
read_exemptions(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_set *set = target;
	bool ok;

	(void)index;
	if (!yaml_reader_enter_list(r, "a list"))
		return false;
	while (yaml_reader_next_item(r, &ok)) {
		struct exemption *grown = yaml_reader_make_room(r, set->exemptions, set->exemption_count, sizeof(*grown));

		if (grown == NULL)
			return false;
		set->exemptions = grown;
		if (!read_exemption(r, &grown[set->exemption_count++]))
			return false;
	}
	return ok;
}

/* Policies. */

static const char *
value_at(const void *values, size_t i)
{
	return ((const struct named_value *)values)[i].name;
}

/* The line in which the file gave this name of a table already, or 0. */
static int
given_in_line(const struct parameter_value *table, const char *name)
{
	for (size_t i = 0; i < table->table_size; i++)
		if (strcmp(table->table[i].name, name) == 0)
			return table->table[i].line;
	return 0;
}

/* One "name: number" of a table, the name being at hand. */
static bool
read_table_entry(struct yaml_reader *r, const struct parameter *p, struct parameter_value *table)
{
	char name[NAME_SIZE_MAX + 1];
	int line = (int)yaml_reader_place(r).line + 1;
	size_t index;
	double number;

	if (p->open_table ? !yaml_reader_check_text(r, NAME_SIZE_MAX) : !yaml_reader_name(r, value_at, p->table, &index))
		return false;
	if (given_in_line(table, yaml_reader_scalar(r)) != 0)
		return yaml_reader_refuse_repeated(r, (size_t)given_in_line(table, yaml_reader_scalar(r)));
	if (table->table_size >= TABLE_MAX)
		return yaml_reader_refuse(r, "at most %d names", TABLE_MAX);
	snprintf(name, sizeof(name), "%s", yaml_reader_scalar(r));
	if (!yaml_reader_next(r) || !yaml_reader_number(r, p->minimum, p->maximum, false, &number))
		return false;
	return policy_table_put(table, name, number, line) || yaml_reader_fail_memory(r);
}

static bool
read_table(struct yaml_reader *r, const struct parameter *p, struct parameter_value *table)
{
	bool ok;

	if (!yaml_reader_enter_mapping(r))
		return false;
	while (yaml_reader_next_key(r, &ok))
		if (!read_table_entry(r, p, table))
			return false;
	return ok;
}

/* The parameter with this index of a policy's setting. */
static bool
read_parameter(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_setting *setting = target;
	const struct parameter *p = &setting->policy->parameters[index];
	struct parameter_value *value = &setting->parameters[index];
	size_t word;

	switch (p->type) {
	case PARAMETER_NUMBER:
		return yaml_reader_number(r, p->minimum, p->maximum, false, &value->number);
	case PARAMETER_WORD:
		if (!yaml_reader_name(r, yaml_word_at, p->words, &word))
			return false;
		value->word = p->words[word];
		return true;
	default:
		return read_table(r, p, value);
	}
}

static bool
read_weight(struct yaml_reader *r, void *target, size_t index)
{
	(void)index;
	return yaml_reader_number(r, 0, WEIGHT_MAX, false, &((struct policy_setting *)target)->weight);
}

static bool
read_severity(struct yaml_reader *r, void *target, size_t index)
{
	if (!yaml_reader_name(r, yaml_word_at, severity_names, &index))
		return false;
	((struct policy_setting *)target)->severity = (enum severity)index;
	return true;
}

/* The setting of the policy with this index; its keys are made of its descriptor. */
static bool
read_policy(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_setting *setting = &((struct policy_set *)target)->settings[index];
	struct yaml_key keys[KEYS_MAX + 1] = {
		{ "weight", read_weight, 0, false },
		{ "severity", read_severity, 0, false },
	};

	for (size_t i = 0; setting->policy->parameters[i].name != NULL; i++)
		keys[i + 2] = (struct yaml_key){ setting->policy->parameters[i].name, read_parameter, i, false };
	return yaml_reader_mapping(r, keys, setting);
}

static bool
read_policies(struct yaml_reader *r, void *target, size_t index)
{
	struct yaml_key keys[POLICY_COUNT + 1] = { { 0 } };

	for (index = 0; index < POLICY_COUNT; index++)
		keys[index] = (struct yaml_key){ policies[index]->name, read_policy, index, false };
	return yaml_reader_mapping(r, keys, target);
}

/* The set. */

static bool
read_schema(struct yaml_reader *r, void *target, size_t index)
{
	(void)target;
	(void)index;
	if (yaml_reader_scalar(r) != NULL && strcmp(yaml_reader_scalar(r), schema) == 0)
		return true;
	return yaml_reader_refuse(r, "%s", schema);
}

/* The set has a name from its defaults, which gives way. */
static bool
read_set_name(struct yaml_reader *r, void *target, size_t index)
{
	struct policy_set *set = target;
	char *name;

	(void)index;
	if (!yaml_reader_copy_text(r, NAME_SIZE_MAX, &name))
		return false;
	free(set->name);
	set->name = name;
	return true;
}

static const struct yaml_key set_keys[] = {
	{ "schema", read_schema, 0, true },
	{ "name", read_set_name, 0, true },
	{ "policies", read_policies, 0, false },
	{ "scope", read_scope, 0, false },
	{ "exemptions", read_exemptions, 0, false },
	{ NULL, NULL, 0, false },
};

static bool
read_set(struct yaml_reader *r, size_t size, struct policy_set *set)
{
	char expected[64];

	if (size > POLICY_SET_SIZE_MAX)
		return yaml_reader_fail_at(r, (struct yaml_place){ 0 }, "a larger file", "at most %d bytes", POLICY_SET_SIZE_MAX);
	if (set == NULL)
		return yaml_reader_fail_memory(r);
	(void)snprintf(expected, sizeof(expected), "a policy set (schema: %s)", schema);
	return yaml_reader_document(r, expected, set_keys, set);
}

struct policy_set *
policy_set_read(const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	struct yaml_reader *r = yaml_reader_new(name, text, size, error, error_size);
	struct policy_set *set;
	bool ok;

	if (r == NULL)
		return NULL;
	set = policy_set_default();
	ok = read_set(r, size, set);
	yaml_reader_free(r);
	if (ok)
		return set;
	policy_set_free(set);
	return NULL;
}
