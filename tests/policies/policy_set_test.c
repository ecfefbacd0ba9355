/* SPDX-License-Identifier: Apache-2.0 */
/* Policy sets: the default one and its file, and what scope and exemptions match. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dissectors/evidence.h"
#include "policies/policy_set.h"

static const struct policy_peer web = { .namespace = "shop", .kind = "Deployment", .workload = "web", .ip = "10.0.1.7" };
static const struct policy_peer db = { .namespace = "data", .kind = "StatefulSet", .workload = "db-main", .ip = "fd00::2" };
static const struct policy_peer outside = { .ip = "203.0.113.9" };
static const struct policy_peer nobody = { .namespace = "", .workload = NULL };
static const struct evidence_class pg = { .protocol = "postgresql", .server_port = 5432, .payload = true, .state = ENCRYPTION_PLAINTEXT };
static const struct evidence_class unknown = { .server_port = 9999, .payload = true };

static struct policy_set *
read_text(const char *head, const char *body)
{
	char text[4096], error[POLICY_SET_ERROR_SIZE];
	int size = snprintf(text, sizeof(text), "schema: podwire.policy/1\nname: test\n%s%s", head, body);
	struct policy_set *set = policy_set_read("test.yaml", text, (size_t)size, error, sizeof(error));

	if (set == NULL)
		fail_msg("%s", error);
	return set;
}

static void
assert_equal_settings(const struct policy_setting *a, const struct policy_setting *b)
{
	assert_ptr_equal(a->policy, b->policy);
	assert_true(!(a->weight < b->weight) && !(a->weight > b->weight));
	assert_int_equal(a->severity, b->severity);
	for (size_t i = 0; i < POLICY_PARAMETERS_MAX; i++) {
		const struct parameter_value *p = &a->parameters[i], *q = &b->parameters[i];

		assert_true(!(p->number < q->number) && !(p->number > q->number));
		assert_ptr_equal(p->word, q->word);
		assert_int_equal(p->table_size, q->table_size);
		for (size_t j = 0; j < p->table_size; j++) {
			assert_string_equal(p->table[j].name, q->table[j].name);
			assert_true(!(p->table[j].value < q->table[j].value) && !(p->table[j].value > q->table[j].value));
		}
	}
}

/* policies/default.yaml, from the source tree. */
static char *
read_default_file(size_t *size)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	char *text = malloc(POLICY_SET_SIZE_MAX);
	FILE *f;

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/policies/default.yaml", folder != NULL ? folder : ".");
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	*size = fread(text, 1, POLICY_SET_SIZE_MAX, f);
	fclose(f);
	return text;
}

/* The file says all that the default set holds, and the same. */
static void
default_file_is_the_default_set(void **state)
{
	char error[POLICY_SET_ERROR_SIZE] = "";
	size_t size;
	char *text = read_default_file(&size);
	struct policy_set *file = policy_set_read("default.yaml", text, size, error, sizeof(error)), *set = policy_set_default();

	(void)state;
	if (file == NULL)
		fail_msg("%s", error);
	assert_string_equal(file->name, set->name);
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		assert_ptr_equal(set->settings[i].policy, policies[i]);
		assert_equal_settings(&file->settings[i], &set->settings[i]);
	}
	for (size_t i = 0; i < POLICY_COUNT; i++)
		for (size_t j = 0; j < POLICY_PARAMETERS_MAX; j++)
			for (size_t k = 0; k < file->settings[i].parameters[j].table_size; k++)
				if (file->settings[i].parameters[j].table[k].line == 0)
					fail_msg("default.yaml lacks %s", file->settings[i].parameters[j].table[k].name);
	assert_int_equal(file->include_count + file->exclude_count + file->exemption_count, 0);
	policy_set_free(file);
	policy_set_free(set);
	free(text);
}

/* Its commented-out examples are right once the comment signs are gone. */
static void
examples_of_the_default_file_are_right(void **state)
{
	char error[POLICY_SET_ERROR_SIZE] = "";
	size_t size, out = 0;
	char *text = read_default_file(&size), *used = malloc(size + 1), *rest = text, *line;
	bool example = false;
	struct policy_set *set;

	(void)state;
	assert_non_null(used);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		example = (example && *line == '#') || strcmp(line, "# scope:") == 0 || strcmp(line, "# exemptions:") == 0;
		out += (size_t)sprintf(used + out, "%s\n", example && strlen(line) > 2 ? line + 2 : line);
	}
	set = policy_set_read("default.yaml", used, out, error, sizeof(error));
	if (set == NULL)
		fail_msg("%s", error);
	assert_int_equal(set->include_count, 2);
	assert_int_equal(set->exclude_count, 1);
	assert_int_equal(set->exemption_count, 1);
	assert_int_equal(set->exemptions[0].expires, 1956441600);
	policy_set_free(set);
	free(used);
	free(text);
}

struct match_case {
	const char *rule;
	const struct policy_peer *source, *destination;
	const struct evidence_class *class;
	bool matches;
};

static const struct match_case matches[] = {
	{ "port: 5432", &web, &db, &pg, true },
	{ "port: 5433", &web, &db, &pg, false },
	{ "protocol: postgresql", &web, &db, &pg, true },
	{ "protocol: PostgreSQL", &web, &db, &pg, true },
	{ "protocol: 'post*'", &web, &db, &pg, true },
	{ "protocol: http", &web, &db, &pg, false },
	{ "protocol: unknown", &web, &db, &unknown, true },
	{ "protocol: unknown", &web, &db, &pg, false },
	{ "protocol: postgresql, port: 9999", &web, &db, &pg, false },
	{ "source: { namespace: shop }", &web, &db, &pg, true },
	{ "source: { namespace: shop }", &db, &web, &pg, false },
	{ "destination: { namespace: shop }", &db, &web, &pg, true },
	{ "source: { namespace: shop, workload: api }", &web, &db, &pg, false },
	{ "source: { namespace: shop }, destination: { namespace: shop }", &web, &db, &pg, false },
	{ "source: { namespace: shop }, destination: { kind: statefulset, workload: 'db-*' }", &web, &db, &pg, true },
	{ "destination: { workload: 'db-?ain' }", &web, &db, &pg, true },
	{ "destination: { workload: 'db-?' }", &web, &db, &pg, false },
	{ "destination: { workload: '*a*n' }", &web, &db, &pg, true },
	{ "destination: { workload: '*a*x' }", &web, &db, &pg, false },
	{ "destination: { workload: 'db-main*' }", &web, &db, &pg, true },
	{ "destination: { workload: 'db-main?' }", &web, &db, &pg, false },
	{ "destination: { workload: '*' }", &web, &db, &pg, true },
	/* What is not known matches nothing, not even "*". */
	{ "destination: { workload: '*' }", &web, &outside, &pg, false },
	{ "destination: { namespace: '*' }", &web, &nobody, &pg, false },
	{ "destination: { ip: 0.0.0.0/0 }", &web, &nobody, &pg, false },
	{ "source: { ip: 10.0.0.0/16 }", &web, &db, &pg, true },
	{ "source: { ip: 10.0.2.0/24 }", &web, &db, &pg, false },
	{ "destination: { ip: 203.0.113.9 }", &web, &outside, &pg, true },
	{ "destination: { ip: 'fd00::/64', namespace: data }", &web, &db, &pg, true },
	{ "destination: { ip: 'fd00::/64', namespace: shop }", &web, &db, &pg, false },
};

static void
scope_includes_and_excludes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct match_case *c = &matches[i];
		char body[512];
		struct policy_set *include, *exclude;

		snprintf(body, sizeof(body), "[ { %s } ] }\n", c->rule);
		include = read_text("scope: { include: ", body);
		exclude = read_text("scope: { exclude: ", body);
		if (policy_set_in_scope(include, c->source, c->destination, c->class) != c->matches)
			fail_msg("include of %s is not %d", c->rule, c->matches);
		if (policy_set_in_scope(exclude, c->source, c->destination, c->class) == c->matches)
			fail_msg("exclude of %s is not %d", c->rule, !c->matches);
		policy_set_free(include);
		policy_set_free(exclude);
	}
}

/* Several rules: any may match; what is excluded is out although it is included. */
static void
scope_rules_add_up(void **state)
{
	struct policy_set *set = read_text("scope:\n",
		"  include:\n    - source: { namespace: shop }\n    - destination: { namespace: shop }\n  exclude:\n    - port: 9999\n");

	(void)state;
	assert_true(policy_set_in_scope(set, &web, &db, &pg));
	assert_true(policy_set_in_scope(set, &db, &web, &pg));
	assert_false(policy_set_in_scope(set, &db, &db, &pg));
	assert_false(policy_set_in_scope(set, &web, &db, &unknown));
	policy_set_free(set);
	set = policy_set_default();
	assert_true(policy_set_in_scope(set, &nobody, &nobody, &unknown));
	policy_set_free(set);
}

static void
exemptions_match_like_scope(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct match_case *c = &matches[i];
		char body[512];
		struct policy_set *set;
		const struct exemption *x;

		snprintf(body, sizeof(body), "  - { reason: why not, expires: 2031-12-31, %s }\n", c->rule);
		set = read_text("exemptions:\n", body);
		x = policy_set_exempt(set, &encryption_policy, c->source, c->destination, c->class, 1700000000);
		if ((x != NULL) != c->matches)
			fail_msg("exemption of %s is not %d", c->rule, c->matches);
		assert_true(x == NULL || (strcmp(x->reason, "why not") == 0 && x->line == 4));
		policy_set_free(set);
	}
}

static void
exemptions_name_policies_and_end(void **state)
{
	struct policy_set *set = read_text("exemptions:\n",
		"  - { policies: [encryption, tls-version], port: 5432, reason: old, expires: 2020-01-01 }\n"
		"  - { policies: [encryption, credential-exposure], port: 5432, reason: new, expires: '2031-12-31T12:00:00+02:00' }\n");
	const struct exemption *x = policy_set_exempt(set, &encryption_policy, &web, &db, &pg, 1577836799);
	const int64_t end = 1956441600 + 10 * 3600;

	(void)state;
	assert_string_equal(x->reason, "old"); /* the first that fits */
	x = policy_set_exempt(set, &encryption_policy, &web, &db, &pg, 1577836800);
	assert_string_equal(x->reason, "new");
	assert_int_equal(x->expires, end);
	assert_non_null(policy_set_exempt(set, &credential_exposure_policy, &web, &db, &pg, end - 1));
	assert_null(policy_set_exempt(set, &credential_exposure_policy, &web, &db, &pg, end));
	assert_null(policy_set_exempt(set, &tls_version_policy, &web, &db, &pg, 1577836800));
	assert_null(policy_set_exempt(set, &authentication_policy, &web, &db, &pg, 0));
	policy_set_free(set);
}

/* The one place where value, weight and exemption meet. */
static void
values_consider_weight_and_exemptions(void **state)
{
	struct policy_set *set = read_text("policies: { visibility: { weight: 0 } }\nexemptions:\n",
		"  - { policies: [encryption, tls-version, visibility], port: 5432, reason: x, expires: 2031-12-31 }\n");
	const struct exemption *x;

	(void)state;
	assert_int_equal(policy_set_value(set, 0, &web, &db, &pg, 0, &x).observation, NOT_APPLICABLE);
	assert_ptr_equal(x, &set->exemptions[0]);
	/* Nothing to exempt: TLS versions do not apply, visibility is off, credentials are not named. */
	assert_int_equal(policy_set_value(set, 1, &web, &db, &pg, 0, &x).observation, NOT_APPLICABLE);
	assert_null(x);
	assert_int_equal(policy_set_value(set, 6, &web, &db, &pg, 0, &x).observation, NOT_APPLICABLE);
	assert_null(x);
	assert_int_equal(policy_set_value(set, 5, &web, &db, &pg, 0, &x).observation, OBSERVED);
	assert_null(x);
	assert_int_equal(policy_set_value(set, 0, &web, &db, &pg, 1956441600, NULL).observation, OBSERVED);
	policy_set_free(set);
	policy_set_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_file_is_the_default_set),
		cmocka_unit_test(examples_of_the_default_file_are_right),
		cmocka_unit_test(scope_includes_and_excludes),
		cmocka_unit_test(scope_rules_add_up),
		cmocka_unit_test(exemptions_match_like_scope),
		cmocka_unit_test(exemptions_name_policies_and_end),
		cmocka_unit_test(values_consider_weight_and_exemptions),
	};

	return cmocka_run_group_tests_name("policies/policy_set", tests, NULL, NULL);
}
