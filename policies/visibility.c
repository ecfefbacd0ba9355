/* SPDX-License-Identifier: Apache-2.0 */
/* The share of the traffic that could be classified: what nobody recognises, nobody can vouch for. */
#include <config.h>

#include "policy.h"

static struct policy_value
visibility_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	(void)setting;
	if (!evidence_class_has_content(e))
		return POLICY_NOT_APPLICABLE;
	return POLICY_OBSERVED(evidence_class_is_recognised(e) ? 1 : 0);
}

static size_t
visibility_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	(void)setting;
	(void)e;
	out[0] = (struct violation){
		.type = "unclassified-traffic",
		.advice = "find out what speaks on this port (see the example flow), and exempt it with a reason if it is accepted",
	};
	return 1;
}

const struct policy visibility_policy = {
	.name = "visibility",
	.pillar = "hardening",
	.title = "traffic is of a known protocol",
	.weight = 1,
	.severity = SEVERITY_LOW,
	.secondary = true,
	.value = visibility_value,
	.violations = visibility_violations,
};
