/* SPDX-License-Identifier: Apache-2.0 */
/* The table of policies, and what is common to them: severities, findings, table parameters. */
#include <config.h>

#include "policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const severity_names[SEVERITY_COUNT + 1] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};

const struct policy *const policies[] = {
	&encryption_policy,
	&tls_version_policy,
	&cipher_strength_policy,
	&certificate_policy,
	&authentication_policy,
	&credential_exposure_policy,
	&visibility_policy,
	NULL,
};

static_assert(sizeof(policies) / sizeof(policies[0]) - 1 == POLICY_COUNT, "POLICY_COUNT is the size of the table");

size_t
policy_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	struct policy_value v;

	if (!(setting->weight > 0))
		return 0;
	v = setting->policy->value(setting, e);
	if (v.observation != OBSERVED || v.value >= 1)
		return 0;
	return setting->policy->violations(setting, e, out);
}

enum severity
policy_severity(const struct policy_setting *setting, const struct violation *violation)
{
	int severity = (int)setting->severity + violation->severity_shift;

	if (severity < SEVERITY_INFO)
		return SEVERITY_INFO;
	return severity > SEVERITY_CRITICAL ? SEVERITY_CRITICAL : (enum severity)severity;
}

/* Where name is in the table, or where it would belong. */
static size_t
table_place(const struct parameter_value *p, const char *name, bool *found)
{
	size_t low = 0, high = p->table_size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(p->table[middle].name, name);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

double
policy_table_value(const struct parameter_value *p, const char *name, double otherwise)
{
	bool found = false;
	size_t place = name == NULL ? 0 : table_place(p, name, &found);

	return found ? p->table[place].value : otherwise;
}

bool
policy_table_put(struct parameter_value *p, const char *name, double value, int line)
{
	struct table_entry entry = { .value = value, .line = line };
	struct table_entry *grown;
	bool found;
	size_t place = table_place(p, name, &found);

	if (found) {
		p->table[place].value = value;
		p->table[place].line = line;
		return true;
	}
	entry.name = strdup(name);
	grown = realloc(p->table, (p->table_size + 1) * sizeof(*grown));
	if (grown != NULL)
		p->table = grown;
	if (entry.name == NULL || grown == NULL) {
		free(entry.name);
		return false;
	}
	memmove(grown + place + 1, grown + place, (p->table_size - place) * sizeof(*grown));
	grown[place] = entry;
	p->table_size++;
	return true;
}
