/* SPDX-License-Identifier: Apache-2.0 */
/* The table of policies: names, descriptors that hold together, and table parameters. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "policies/policy.h"

static void
each_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		assert_true(policies[i]->name[0] != '\0');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(policies[i]->name, policies[j]->name);
	}
	assert_null(policies[POLICY_COUNT]);
}

static void
check_parameter(const struct parameter *p)
{
	assert_non_null(p->meaning);
	assert_true(strlen(p->name) < 64);
	if (p->type == PARAMETER_NUMBER)
		assert_true(p->number >= p->minimum && p->number <= p->maximum);
	if (p->type == PARAMETER_WORD)
		assert_non_null(p->words[0]);
	if (p->type == PARAMETER_TABLE)
		assert_non_null(p->table);
	for (const struct named_value *v = p->table; v != NULL && v->name != NULL; v++) {
		assert_true(v->value >= p->minimum && v->value <= p->maximum);
		for (const struct named_value *w = p->table; w != v; w++)
			assert_string_not_equal(v->name, w->name);
	}
}

static void
descriptors_hold_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		const struct policy *p = policies[i];

		assert_non_null(p->name);
		assert_non_null(p->pillar);
		assert_non_null(p->title);
		assert_true(p->weight > 0 && p->severity < SEVERITY_COUNT);
		for (size_t j = 0; p->parameters[j].name != NULL; j++) {
			assert_true(j < POLICY_PARAMETERS_MAX);
			check_parameter(&p->parameters[j]);
		}
	}
}

static void
severity_stays_in_range(void **state)
{
	static const struct {
		enum severity severity;
		int shift;
		enum severity result;
	} cases[] = {
		{ SEVERITY_MEDIUM, 0, SEVERITY_MEDIUM },
		{ SEVERITY_MEDIUM, -1, SEVERITY_LOW },
		{ SEVERITY_LOW, -2, SEVERITY_INFO },
		{ SEVERITY_INFO, 1, SEVERITY_LOW },
		{ SEVERITY_CRITICAL, 1, SEVERITY_CRITICAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_setting setting = { .severity = cases[i].severity };
		const struct violation violation = { .severity_shift = cases[i].shift };

		assert_int_equal(policy_severity(&setting, &violation), cases[i].result);
	}
	assert_string_equal(severity_names[SEVERITY_CRITICAL], "critical");
	assert_null(severity_names[SEVERITY_COUNT]);
}

static void
tables_are_ordered(void **state)
{
	static const char *const names[] = { "m", "c", "z", "a", "d", "m", "zz", "" };
	struct parameter_value table = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(policy_table_put(&table, names[i], i / 8.0, i));
	assert_int_equal(table.table_size, 7); /* "m" was replaced */
	for (size_t i = 1; i < table.table_size; i++)
		assert_true(strcmp(table.table[i - 1].name, table.table[i].name) < 0);
	assert_true(policy_table_value(&table, "m", -1) >= 5 / 8.0);
	assert_true(policy_table_value(&table, "m", -1) <= 5 / 8.0);
	assert_true(policy_table_value(&table, "b", -1) < 0);
	assert_true(policy_table_value(&table, "zzz", -1) < 0);
	assert_true(policy_table_value(&table, NULL, -1) < 0);
	for (size_t i = 0; i < table.table_size; i++)
		free(table.table[i].name);
	free(table.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_a_name_of_its_own),
		cmocka_unit_test(descriptors_hold_together),
		cmocka_unit_test(severity_stays_in_range),
		cmocka_unit_test(tables_are_ordered),
	};

	return cmocka_run_group_tests_name("policies/policy", tests, NULL, NULL);
}
