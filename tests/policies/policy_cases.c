/* SPDX-License-Identifier: Apache-2.0 */
/* See policy_cases.h. */
#include <config.h>

#include "policy_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct policy_set *
make_set(const char *yaml)
{
	char text[4096], error[POLICY_SET_ERROR_SIZE] = "";
	struct policy_set *set;
	int size;

	if (yaml == NULL)
		return policy_set_default();
	size = snprintf(text, sizeof(text), "schema: podwire.policy/1\nname: test\npolicies:\n%s", yaml);
	set = policy_set_read("test.yaml", text, (size_t)size, error, sizeof(error));
	if (set == NULL)
		fail_msg("%s", error);
	return set;
}

static double
value_of(struct policy_value v)
{
	return v.observation == OBSERVED ? v.value : v.observation == NOT_OBSERVED ? IS_NOT_OBSERVED : IS_NOT_APPLICABLE;
}

static void
list_findings(const struct policy_setting *setting, const struct evidence_class *e, char *out, size_t size)
{
	struct violation violations[POLICY_VIOLATIONS_MAX];
	size_t count = policy_violations(setting, e, violations);

	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(out);

		assert_non_null(violations[i].advice);
		assert_true(strlen(violations[i].advice) > 10 && strchr(violations[i].advice, '\n') == NULL);
		snprintf(out + used, size - used, "%s%s %s", i > 0 ? ", " : "", violations[i].type, severity_names[policy_severity(setting, &violations[i])]);
	}
}

void
check_policy_cases(const struct policy *policy, const char *yaml, const struct policy_case *cases)
{
	struct policy_set *set = make_set(yaml);
	struct policy_setting *setting = set->settings;

	while (setting->policy != policy)
		setting++;
	for (; cases->what != NULL; cases++) {
		double value = value_of(policy->value(setting, &cases->class));
		char findings[512];

		if (value < cases->value || value > cases->value)
			fail_msg("%s: value is %g, should be %g", cases->what, value, cases->value);
		list_findings(setting, &cases->class, findings, sizeof(findings));
		if (strcmp(findings, cases->findings != NULL ? cases->findings : "") != 0)
			fail_msg("%s: findings are '%s', should be '%s'", cases->what, findings, cases->findings != NULL ? cases->findings : "");
	}
	policy_set_free(set);
}
