/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML of policy sets: what is read from it, and every error word by word. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "policies/policy_set.h"

#define HEAD "schema: podwire.policy/1\nname: x\n"

/* From a heap block of just its size, so that a read past the end shows. */
static struct policy_set *
read_bytes(const char *text, size_t size, char error[POLICY_SET_ERROR_SIZE])
{
	char *copy = malloc(size + (size == 0));
	struct policy_set *set;

	assert_non_null(copy);
	memcpy(copy, text, size);
	*error = '\0';
	set = policy_set_read("x.yaml", copy, size, error, POLICY_SET_ERROR_SIZE);
	free(copy);
	return set;
}

struct error_case {
	const char *text, *error;
};

static void
check_errors(const struct error_case *cases)
{
	for (; cases->text != NULL; cases++) {
		char error[POLICY_SET_ERROR_SIZE];
		struct policy_set *set = read_bytes(cases->text, strlen(cases->text), error);

		if (set != NULL)
			fail_msg("this was read:\n%s", cases->text);
		assert_string_equal(error, cases->error);
	}
}

static void
reads_all_of_it(void **state)
{
	static const char text[] =
		"%YAML 1.1\n---\n"
		"name: 'my set'\nschema: podwire.policy/1\n"
		"policies:\n"
		"  encryption: { weight: 2.5, severity: critical, partial: 0.25 }\n"
		"  tls-version:\n    versions: { TLS1.2: 0.5 }\n"
		"  authentication:\n    mutual: required\n    methods: { my-method: 0.125, md5: 0 }\n"
		"  certificate: { min-rsa-bits: 4096 }\n"
		"scope:\n"
		"  include: [ { source: { namespace: shop } }, { port: 80 }, { protocol: dns } ]\n"
		"  exclude: []\n"
		"exemptions:\n"
		"  - policies: [visibility]\n"
		"    source: { namespace: a, kind: b, workload: c, ip: 10.0.0.0/8 }\n"
		"    destination: { ip: 'fd00::1' }\n"
		"    protocol: http\n"
		"    port: 65535\n"
		"    reason: >-\n      one line, though\n      written as two\n"
		"    expires: 2031-12-31\n"
		"...\n# the end\n";
	char error[POLICY_SET_ERROR_SIZE];
	struct policy_set *set = read_bytes(text, strlen(text), error);
	const struct exemption *x;

	(void)state;
	if (set == NULL)
		fail_msg("%s", error);
	assert_string_equal(set->name, "my set");
	assert_int_equal((int)(set->settings[0].weight * 1000), 2500);
	assert_int_equal(set->settings[0].severity, SEVERITY_CRITICAL);
	assert_int_equal((int)(set->settings[0].parameters[0].number * 1000), 250);
	assert_int_equal((int)(policy_table_value(&set->settings[1].parameters[0], "TLS1.2", -1) * 1000), 500);
	assert_int_equal((int)policy_table_value(&set->settings[1].parameters[0], "TLS1.3", -1), 1);
	assert_int_equal((int)(policy_table_value(&set->settings[4].parameters[0], "my-method", -1) * 1000), 125);
	assert_int_equal((int)policy_table_value(&set->settings[4].parameters[0], "md5", -1), 0);
	assert_string_equal(set->settings[4].parameters[3].word, "required");
	assert_int_equal(set->include_count, 3);
	assert_string_equal(set->include[0].source.namespace, "shop");
	assert_int_equal(set->include[1].port, 80);
	assert_string_equal(set->include[2].protocol, "dns");
	assert_int_equal(set->exclude_count, 0);
	assert_int_equal(set->exemption_count, 1);
	x = set->exemptions;
	assert_int_equal(x->policy_count, 1);
	assert_ptr_equal(x->policies[0], &visibility_policy);
	assert_string_equal(x->traffic.source.kind, "b");
	assert_string_equal(x->traffic.source.workload, "c");
	assert_int_equal(x->traffic.source.ip.bits, 104);
	assert_true(x->traffic.destination.has_ip);
	assert_int_equal(x->traffic.port, 65535);
	assert_string_equal(x->reason, "one line, though written as two");
	assert_int_equal(x->expires, 1956441600);
	assert_int_equal(x->line, 17);
	policy_set_free(set);
}

/* The least that is a set has the defaults. */
static void
keeps_defaults(void **state)
{
	char error[POLICY_SET_ERROR_SIZE];
	struct policy_set *set = read_bytes(HEAD, strlen(HEAD), error);

	(void)state;
	assert_non_null(set);
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		assert_true(set->settings[i].weight >= policies[i]->weight && set->settings[i].weight <= policies[i]->weight);
		assert_int_equal(set->settings[i].severity, policies[i]->severity);
	}
	policy_set_free(set);
}

static void
errors_of_the_file(void **state)
{
	static const struct error_case cases[] = {
		{ "", "x.yaml:1:1: found an empty file, expected a policy set (schema: podwire.policy/1)" },
		{ "# nothing\n", "x.yaml:1:1: found an empty file, expected a policy set (schema: podwire.policy/1)" },
		{ "---\n", "x.yaml:2:1: found nothing, expected a mapping" },
		{ "text", "x.yaml:1:1: found 'text', expected a mapping" },
		{ "[[[[[[[[", "x.yaml:1:1: found a list, expected a mapping" },
		{ "\ta: b", "x.yaml:1:1: found a syntax error (found character that cannot start any token), expected YAML" },
		{ HEAD "policies: {\n", "x.yaml:4:1: found a syntax error (did not find expected node content), expected YAML" },
		{ "\xff\xfe", "x.yaml:1:1: found a syntax error (invalid leading UTF-8 octet), expected YAML in UTF-8" },
		{ "name: x\n\xe9\n", "x.yaml:2:1: found a syntax error (incomplete UTF-8 octet sequence), expected YAML in UTF-8" },
		{ HEAD "\x1b", "x.yaml:3:1: found a syntax error (control characters are not allowed), expected YAML in UTF-8" },
		{ HEAD "---\nname: y\n", "x.yaml:3:1: found a second document, expected one" },
		{ HEAD "...\ny", "x.yaml:4:1: found a syntax error (did not find expected <document start>), expected YAML" },
		{ HEAD "policies: &p {}\n", "x.yaml:3:11: found the anchor 'p', expected no anchors" },
		{ HEAD "exemptions: &e []\n", "x.yaml:3:13: found the anchor 'e', expected no anchors" },
		{ HEAD "policies: *p\n", "x.yaml:3:11: found the alias 'p', expected no aliases" },
		{ "schema: !!str podwire.policy/1\n", "x.yaml:1:9: found the tag 'tag:yaml.org,2002:str', expected no tags" },
		{ HEAD "scope: !x {}\n", "x.yaml:3:8: found the tag '!x', expected no tags" },
		{ "name: \"x\\0y\"\n", "x.yaml:1:7: found text with a NUL in it, expected text" },
		{ 0 },
	};

	(void)state;
	check_errors(cases);
}

static void
errors_of_keys(void **state)
{
	static const struct error_case cases[] = {
		{ "name: x\n", "x.yaml:1:1: found no key 'schema', expected it in this mapping" },
		{ "\n  schema: podwire.policy/1\n", "x.yaml:2:3: found no key 'name', expected it in this mapping" },
		{ "schema: podwire.policy/2\n", "x.yaml:1:9: found 'podwire.policy/2', expected podwire.policy/1" },
		{ "schema: [1]\n", "x.yaml:1:9: found a list, expected podwire.policy/1" },
		{ HEAD "polices: {}\n", "x.yaml:3:1: found 'polices', expected one of schema, name, policies, scope, exemptions (did you mean policies?)" },
		{ HEAD "colour: red\n", "x.yaml:3:1: found 'colour', expected one of schema, name, policies, scope, exemptions" },
		{ HEAD "[a]: b\n", "x.yaml:3:1: found a list, expected one of schema, name, policies, scope, exemptions" },
		{ HEAD "name: y\n", "x.yaml:3:1: found 'name', expected each key once (it is in line 2 already)" },
		{ HEAD "policies:\n", "x.yaml:3:10: found nothing, expected a mapping" },
		{ HEAD "policies:\n  encryptoin: {}\n", "x.yaml:4:3: found 'encryptoin', expected one of encryption, tls-version, cipher-strength, certificate, "
			"authentication, credential-exposure, visibility (did you mean encryption?)" },
		{ HEAD "policies:\n  encryption:\n    partail: 1\n", "x.yaml:5:5: found 'partail', expected one of weight, severity, partial (did you mean partial?)" },
		{ HEAD "policies:\n  visibility: { partial: 1 }\n", "x.yaml:4:17: found 'partial', expected one of weight, severity" },
		{ HEAD "scope:\n  includes: []\n", "x.yaml:4:3: found 'includes', expected one of include, exclude (did you mean include?)" },
		{ HEAD "scope: { include: [ { sources: {} } ] }\n", "x.yaml:3:23: found 'sources', expected one of source, destination, protocol, port (did you mean source?)" },
		{ HEAD "scope: { include: [ { source: { name: a } } ] }\n", "x.yaml:3:33: found 'name', expected one of namespace, kind, workload, ip" },
		{ HEAD "exemptions:\n  - { reson: a }\n", "x.yaml:4:7: found 'reson', expected one of policies, source, destination, protocol, port, reason, expires (did you mean reason?)" },
		{ HEAD "\"\\e[31mred\\x85\": 1\n", "x.yaml:3:1: found the quoted text '\\x1b[31mred\\xc2\\x85', expected one of schema, name, policies, scope, exemptions" },
		{ HEAD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1\n",
			"x.yaml:3:1: found 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...', expected one of schema, name, policies, scope, exemptions" },
		{ 0 },
	};

	(void)state;
	check_errors(cases);
}

#define WEIGHT(text) HEAD "policies: { encryption: { weight: " text " } }\n"
#define WEIGHT_ERROR(found) "x.yaml:3:35: found " found ", expected a number from 0 to 1000, with at most six decimals"
#define PORT(text) HEAD "scope: { include: [ { port: " text " } ] }\n"
#define PORT_ERROR(found) "x.yaml:3:29: found " found ", expected a whole number from 1 to 65535"

static void
errors_of_numbers(void **state)
{
	static const struct error_case cases[] = {
		{ WEIGHT("-1"), WEIGHT_ERROR("'-1'") },
		{ WEIGHT("+1"), WEIGHT_ERROR("'+1'") },
		{ WEIGHT(".nan"), WEIGHT_ERROR("'.nan'") },
		{ WEIGHT(".inf"), WEIGHT_ERROR("'.inf'") },
		{ WEIGHT("nan"), WEIGHT_ERROR("'nan'") },
		{ WEIGHT("1e3"), WEIGHT_ERROR("'1e3'") },
		{ WEIGHT("0x10"), WEIGHT_ERROR("'0x10'") },
		{ WEIGHT("1_000"), WEIGHT_ERROR("'1_000'") },
		{ WEIGHT("1000.000001"), WEIGHT_ERROR("'1000.000001'") },
		{ WEIGHT("0.1234567"), WEIGHT_ERROR("'0.1234567'") },
		{ WEIGHT("9999999999999999999999"), WEIGHT_ERROR("'9999999999999999999999'") },
		{ WEIGHT(".5"), WEIGHT_ERROR("'.5'") },
		{ WEIGHT("5."), WEIGHT_ERROR("'5.'") },
		{ WEIGHT("1.2.3"), WEIGHT_ERROR("'1.2.3'") },
		{ WEIGHT("high"), WEIGHT_ERROR("'high'") },
		{ WEIGHT("'3'"), WEIGHT_ERROR("the quoted text '3'") },
		{ WEIGHT("[3]"), WEIGHT_ERROR("a list") },
		{ WEIGHT("{}"), WEIGHT_ERROR("a mapping") },
		{ WEIGHT("~"), WEIGHT_ERROR("nothing") },
		{ WEIGHT(""), "x.yaml:3:36: found nothing, expected a number from 0 to 1000, with at most six decimals" },
		{ HEAD "policies: { encryption: { partial: 1.1 } }\n", "x.yaml:3:36: found '1.1', expected a number from 0 to 1, with at most six decimals" },
		{ PORT("0"), PORT_ERROR("'0'") },
		{ PORT("65536"), PORT_ERROR("'65536'") },
		{ PORT("80.5"), PORT_ERROR("'80.5'") },
		{ PORT("http"), PORT_ERROR("'http'") },
		{ PORT("[80]"), PORT_ERROR("a list") },
		{ 0 },
	};

	(void)state;
	check_errors(cases);
}

static void
errors_of_parameters(void **state)
{
	static const struct error_case cases[] = {
		{ HEAD "policies: { encryption: { severity: hgih } }\n", "x.yaml:3:37: found 'hgih', expected one of info, low, medium, high, critical (did you mean high?)" },
		{ HEAD "policies: { authentication: { mutual: require } }\n", "x.yaml:3:39: found 'require', expected one of optional, required (did you mean required?)" },
		{ HEAD "policies: { authentication: { mutual: {} } }\n", "x.yaml:3:39: found a mapping, expected one of optional, required" },
		{ HEAD "policies: { tls-version: { versions: TLS1.2 } }\n", "x.yaml:3:38: found 'TLS1.2', expected a mapping" },
		{ HEAD "policies: { tls-version: { versions: { TLS1.4: 1 } } }\n",
			"x.yaml:3:40: found 'TLS1.4', expected one of SSLv2, SSLv3, TLS1.0, TLS1.1, TLS1.2, TLS1.3, DTLS1.0, DTLS1.2, DTLS1.3, QUICv1, QUICv2" },
		{ HEAD "policies: { tls-version: { versions: { TLSv1.2: 1 } } }\n",
			"x.yaml:3:40: found 'TLSv1.2', expected one of SSLv2, SSLv3, TLS1.0, TLS1.1, TLS1.2, TLS1.3, DTLS1.0, DTLS1.2, DTLS1.3, QUICv1, QUICv2 (did you mean TLS1.2?)" },
		{ HEAD "policies: { tls-version: { versions: { TLS1.2: 2 } } }\n", "x.yaml:3:48: found '2', expected a number from 0 to 1, with at most six decimals" },
		{ HEAD "policies: { tls-version: { versions: { TLS1.2: 1, TLS1.2: 1 } } }\n", "x.yaml:3:51: found 'TLS1.2', expected each key once (it is in line 3 already)" },
		{ HEAD "policies: { tls-version: { versions: { TLS1.2: 1\n", "x.yaml:4:1: found a syntax error (did not find expected ',' or '}'), expected YAML" },
		{ HEAD "policies: { authentication: { methods: { x: 1,\n x: 1 } } }\n", "x.yaml:4:2: found 'x', expected each key once (it is in line 3 already)" },
		{ HEAD "policies: { authentication: { methods: { '': 1 } } }\n", "x.yaml:3:42: found the quoted text '', expected text that is not empty" },
		{ HEAD "policies: { authentication: { methods: { [a]: 1 } } }\n", "x.yaml:3:42: found a list, expected text" },
		{ 0 },
	};

	(void)state;
	check_errors(cases);
}

#define EXEMPTION(keys) HEAD "exemptions:\n- { " keys " }\n"

static void
errors_of_exemptions(void **state)
{
	static const struct error_case cases[] = {
		{ HEAD "exemptions: {}\n", "x.yaml:3:13: found a mapping, expected a list" },
		{ HEAD "exemptions: [ x ]\n", "x.yaml:3:15: found 'x', expected a mapping" },
		{ HEAD "exemptions: [\n", "x.yaml:4:1: found a syntax error (did not find expected node content), expected YAML" },
		{ EXEMPTION("port: 1, expires: 2031-12-31"), "x.yaml:4:3: found no key 'reason', expected it in this mapping" },
		{ EXEMPTION("port: 1, reason: x"), "x.yaml:4:3: found no key 'expires', expected it in this mapping" },
		{ EXEMPTION("reason: x, expires: 2031-12-31"), "x.yaml:4:3: found traffic without any condition, expected at least one of source, destination, protocol, port" },
		{ EXEMPTION("reason: ''"), "x.yaml:4:13: found the quoted text '', expected text that is not empty" },
		{ EXEMPTION("reason: '  '"), "x.yaml:4:13: found the quoted text '  ', expected text that is not empty" },
		{ EXEMPTION("reason: null"), "x.yaml:4:13: found nothing, expected text" },
		{ EXEMPTION("reason: \"a\\nb\""), "x.yaml:4:13: found the quoted text 'a\\x0ab', expected one line of printable text" },
		{ EXEMPTION("reason: \"\\x9b31m\""), "x.yaml:4:13: found the quoted text '\\xc2\\x9b31m', expected one line of printable text" },
		{ EXEMPTION("expires: 2031-02-29"), "x.yaml:4:14: found '2031-02-29', expected a date as 2031-12-31, or a time as 2031-12-31T18:00:00Z" },
		{ EXEMPTION("expires: never"), "x.yaml:4:14: found 'never', expected a date as 2031-12-31, or a time as 2031-12-31T18:00:00Z" },
		{ EXEMPTION("expires: []"), "x.yaml:4:14: found a list, expected text" },
		{ EXEMPTION("policies: encryption"), "x.yaml:4:15: found 'encryption', expected a list of policies" },
		{ EXEMPTION("policies: []"), "x.yaml:4:15: found an empty list, expected at least one policy (or no key 'policies' for all of them)" },
		{ EXEMPTION("policies: [encryption, encryption]"), "x.yaml:4:28: found 'encryption', expected each policy once" },
		{ EXEMPTION("policies: [certificates]"), "x.yaml:4:16: found 'certificates', expected one of encryption, tls-version, cipher-strength, certificate, "
			"authentication, credential-exposure, visibility (did you mean certificate?)" },
		{ EXEMPTION("policies: [[encryption]]"), "x.yaml:4:16: found a list, expected one of encryption, tls-version, cipher-strength, certificate, "
			"authentication, credential-exposure, visibility" },
		{ EXEMPTION("source: web"), "x.yaml:4:13: found 'web', expected a mapping" },
		{ EXEMPTION("source: {}"), "x.yaml:4:13: found an empty mapping, expected at least one of namespace, kind, workload, ip" },
		{ EXEMPTION("source: { namespace: [a] }"), "x.yaml:4:26: found a list, expected text" },
		{ EXEMPTION("source: { ip: 10.0.0.1/8 }"),
			"x.yaml:4:19: found '10.0.0.1/8', expected an IP address, or a CIDR prefix without bits behind its length, as 10.1.2.3 or fd00::/64" },
		{ EXEMPTION("source: { ip: web }"),
			"x.yaml:4:19: found 'web', expected an IP address, or a CIDR prefix without bits behind its length, as 10.1.2.3 or fd00::/64" },
		{ EXEMPTION("source: { ip: ~ }"), "x.yaml:4:19: found nothing, expected text" },
		{ HEAD "scope: { include: {} }\n", "x.yaml:3:19: found a mapping, expected a list" },
		{ HEAD "scope: { exclude: [ {} ] }\n", "x.yaml:3:21: found traffic without any condition, expected at least one of source, destination, protocol, port" },
		{ 0 },
	};

	(void)state;
	check_errors(cases);
}

static void
assert_refused(const char *text, size_t size, const char *expected)
{
	char error[POLICY_SET_ERROR_SIZE];

	assert_null(read_bytes(text, size, error));
	assert_string_equal(error, expected);
}

/* Sizes and counts have limits. */
static void
errors_of_size(void **state)
{
	const size_t size = POLICY_SET_SIZE_MAX + 1;
	char *text = malloc(size);
	size_t used;

	(void)state;
	assert_non_null(text);
	memset(text, '#', size);
	assert_refused(text, size, "x.yaml:1:1: found a larger file, expected at most 1048576 bytes");
	assert_refused(text, size - 1, "x.yaml:1:1: found an empty file, expected a policy set (schema: podwire.policy/1)");
	memset(text, '[', size);
	assert_refused(text, size - 1, "x.yaml:1:1: found a list, expected a mapping");

	used = (size_t)sprintf(text, "name: %0129d\n", 0);
	assert_refused(text, used, "x.yaml:1:7: found '00000000000000000000000000000000000000000000000000000000000000000000000000...', expected at most 128 bytes of text");

	used = (size_t)sprintf(text, HEAD "policies: { authentication: { methods: {\n");
	for (int i = 0; i < 600; i++)
		used += (size_t)sprintf(text + used, "m%d: 1,\n", i);
	text[used] = '\0';
	{
		char error[POLICY_SET_ERROR_SIZE];

		assert_null(read_bytes(text, used, error));
		assert_non_null(strstr(error, ", expected at most 512 names"));
	}

	used = (size_t)sprintf(text, HEAD "scope: { include: [\n");
	for (int i = 0; i < 10001; i++)
		used += (size_t)sprintf(text + used, "{port: 1},\n");
	assert_refused(text, used, "x.yaml:10004:1: found a mapping, expected at most 10000 items");
	used = (size_t)sprintf(text, HEAD "exemptions: [\n");
	for (int i = 0; i < 10001; i++)
		used += (size_t)sprintf(text + used, "{port: 1, reason: x, expires: 2031-12-31},\n");
	assert_refused(text, used, "x.yaml:10004:1: found a mapping, expected at most 10000 items");
	free(text);
}

/* A name that is hostile or long is escaped and cut; a small buffer is not overrun. */
static void
errors_fit_their_buffer(void **state)
{
	char error[24], name[600];

	(void)state;
	assert_null(policy_set_read("a\nb", "", 0, error, sizeof(error)));
	assert_string_equal(error, "a\\x0ab:1:1: found an em");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(policy_set_read(name, NULL, 0, error, sizeof(error)));
	assert_string_equal(error, "nnnnnnnnnnnnnnnnnnnnnnn");
}

/* Every prefix of a file with everything in it is read or refused, in one line. */
static void
survives_every_prefix(void **state)
{
	static const char text[] =
		HEAD "policies:\n  encryption: { weight: 2.5, severity: critical, partial: 0.25 }\n"
		"  tls-version:\n    versions: { TLS1.2: 0.5, \"SSLv3\": 0 }\n"
		"  authentication: { mutual: required, methods: { m: 1 } }\n"
		"scope: { include: [ { source: { namespace: shop, ip: 10.0.0.0/8 } }, { port: 80 } ], exclude: [] }\n"
		"exemptions:\n  - policies: [visibility]\n    reason: |-\n      x\n    protocol: 'h*'\n    expires: 2031-12-31\n";

	(void)state;
	for (size_t size = 0; size <= strlen(text); size++) {
		char error[POLICY_SET_ERROR_SIZE];
		struct policy_set *set = read_bytes(text, size, error);

		if (set == NULL)
			assert_true(strncmp(error, "x.yaml:", 7) == 0 && strstr(error, ", expected ") != NULL && strchr(error, '\n') == NULL);
		else
			assert_int_equal(*error, '\0');
		policy_set_free(set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_of_it),
		cmocka_unit_test(keeps_defaults),
		cmocka_unit_test(errors_of_the_file),
		cmocka_unit_test(errors_of_keys),
		cmocka_unit_test(errors_of_numbers),
		cmocka_unit_test(errors_of_parameters),
		cmocka_unit_test(errors_of_exemptions),
		cmocka_unit_test(errors_of_size),
		cmocka_unit_test(errors_fit_their_buffer),
		cmocka_unit_test(survives_every_prefix),
	};

	return cmocka_run_group_tests_name("policies/policy_yaml", tests, NULL, NULL);
}
