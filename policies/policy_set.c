/* SPDX-License-Identifier: Apache-2.0 */
/* Policy sets in memory: the default one, and what scope and exemptions match. */
#include <config.h>

#include "policy_set.h"

#include <stdlib.h>
#include <string.h>

/* Fills a setting with its policy's defaults. False: out of memory. */
static bool
set_defaults(struct policy_setting *setting, const struct policy *policy)
{
	bool ok = true;

	*setting = (struct policy_setting){ .policy = policy, .weight = policy->weight, .severity = policy->severity };
	for (size_t i = 0; policy->parameters[i].name != NULL; i++) {
		const struct parameter *p = &policy->parameters[i];

		setting->parameters[i].number = p->number;
		setting->parameters[i].word = p->words != NULL ? p->words[0] : NULL;
		for (const struct named_value *v = p->table; v != NULL && v->name != NULL; v++)
			ok = ok && policy_table_put(&setting->parameters[i], v->name, v->value, 0);
	}
	return ok;
}

struct policy_set *
policy_set_default(void)
{
	struct policy_set *set = calloc(1, sizeof(*set));
	bool ok;

	if (set == NULL)
		return NULL;
	set->name = strdup("default");
	ok = set->name != NULL;
	for (size_t i = 0; i < POLICY_COUNT; i++)
		ok = set_defaults(&set->settings[i], policies[i]) && ok;
	if (ok)
		return set;
	policy_set_free(set);
	return NULL;
}

static void
clear_setting(struct policy_setting *setting)
{
	for (size_t i = 0; i < POLICY_PARAMETERS_MAX; i++) {
		struct parameter_value *p = &setting->parameters[i];

		for (size_t j = 0; j < p->table_size; j++)
			free(p->table[j].name);
		free(p->table);
	}
}

static void
clear_peer(struct peer_pattern *peer)
{
	free(peer->namespace);
	free(peer->kind);
	free(peer->workload);
}

static void
clear_traffic(struct traffic_pattern *traffic)
{
	clear_peer(&traffic->source);
	clear_peer(&traffic->destination);
	free(traffic->protocol);
}

void
policy_set_free(struct policy_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < POLICY_COUNT; i++)
		clear_setting(&set->settings[i]);
	for (size_t i = 0; i < set->include_count; i++)
		clear_traffic(&set->include[i]);
	for (size_t i = 0; i < set->exclude_count; i++)
		clear_traffic(&set->exclude[i]);
	for (size_t i = 0; i < set->exemption_count; i++) {
		clear_traffic(&set->exemptions[i].traffic);
		free(set->exemptions[i].reason);
	}
	free(set->include);
	free(set->exclude);
	free(set->exemptions);
	free(set->name);
	free(set);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Whether text fits pattern. The last * is the only one that need be tried again: what stands
 * before it has found its earliest place.
 */
static bool
text_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == '?' || lower(*pattern) == lower(*text)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
name_matches(const char *pattern, const char *name)
{
	if (pattern == NULL)
		return true;
	return name != NULL && *name != '\0' && text_matches(pattern, name);
}

static bool
peer_matches(const struct peer_pattern *pattern, const struct policy_peer *peer)
{
	if (pattern->has_ip && (peer->ip == NULL || !ip_prefix_contains(&pattern->ip, peer->ip)))
		return false;
	return name_matches(pattern->namespace, peer->namespace) &&
		name_matches(pattern->kind, peer->kind) &&
		name_matches(pattern->workload, peer->workload);
}

static bool
traffic_matches(const struct traffic_pattern *pattern, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *e)
{
	if (pattern->port != 0 && pattern->port != e->server_port)
		return false;
	return name_matches(pattern->protocol, e->protocol != NULL ? e->protocol : "unknown") &&
		peer_matches(&pattern->source, source) && peer_matches(&pattern->destination, destination);
}

static bool
any_matches(const struct traffic_pattern *patterns, size_t count, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *e)
{
	for (size_t i = 0; i < count; i++)
		if (traffic_matches(&patterns[i], source, destination, e))
			return true;
	return false;
}

bool
policy_set_in_scope(const struct policy_set *set, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *e)
{
	if (set->include_count > 0 && !any_matches(set->include, set->include_count, source, destination, e))
		return false;
	return !any_matches(set->exclude, set->exclude_count, source, destination, e);
}

static bool
exempts(const struct exemption *exemption, const struct policy *policy)
{
	for (size_t i = 0; i < exemption->policy_count; i++)
		if (exemption->policies[i] == policy)
			return true;
	return exemption->policy_count == 0;
}

const struct exemption *
policy_set_exempt(const struct policy_set *set, const struct policy *policy, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *e, int64_t now)
{
	for (size_t i = 0; i < set->exemption_count; i++) {
		const struct exemption *x = &set->exemptions[i];

		if (now < x->expires && exempts(x, policy) && traffic_matches(&x->traffic, source, destination, e))
			return x;
	}
	return NULL;
}

struct policy_value
policy_set_value(const struct policy_set *set, size_t policy, const struct policy_peer *source, const struct policy_peer *destination, const struct evidence_class *e, int64_t now, const struct exemption **exemption)
{
	const struct policy_setting *setting = &set->settings[policy];
	const struct exemption *x = NULL;
	struct policy_value value = POLICY_NOT_APPLICABLE;

	if (setting->weight > 0)
		value = setting->policy->value(setting, e);
	if (value.observation != NOT_APPLICABLE)
		x = policy_set_exempt(set, setting->policy, source, destination, e, now);
	if (exemption != NULL)
		*exemption = x;
	return x != NULL ? POLICY_NOT_APPLICABLE : value;
}
