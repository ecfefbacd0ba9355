/* SPDX-License-Identifier: Apache-2.0 */
/* The score, on examples that are worked by hand in the comments. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "dissectors/evidence.h"
#include "policies/score.h"

/* Indices of the default set, in the order of policies[]. */
enum { ENCRYPTION, TLS_VERSION, CIPHER, CERTIFICATE, AUTHENTICATION, CREDENTIALS, VISIBILITY };

static const struct policy_peer web = { .namespace = "shop", .kind = "Deployment", .workload = "web", .ip = "10.0.0.1" };
static const struct policy_peer db = { .namespace = "shop", .kind = "StatefulSet", .workload = "db", .ip = "10.0.0.2" };

static const struct evidence_class http_plain = { .protocol = "http", .payload = true, .state = ENCRYPTION_PLAINTEXT, .result = AUTH_NONE };
static const struct evidence_class tls13 = { .protocol = "http", .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .version = "TLS1.3",
	.cipher = "TLS_AES_128_GCM_SHA256", .result = AUTH_UNKNOWN, .mutual = MUTUAL_NO };
static const struct evidence_class pg_md5 = { .protocol = "postgresql", .payload = true, .state = ENCRYPTION_PLAINTEXT, .result = AUTH_SUCCESS, .method = "md5" };
static const struct evidence_class half_open = { .server_port = 5432 };
static const struct evidence_class mystery = { .payload = true, .server_port = 9999 };
static const struct evidence_class ping = { .payload = true, .protocol = "icmp", .ip_protocol = 1 };

static struct policy_set *set;

static int
make_default_set(void **state)
{
	(void)state;
	set = policy_set_default();
	return set == NULL;
}

static int
free_set(void **state)
{
	(void)state;
	policy_set_free(set);
	return 0;
}

static void
add(struct score *score, const struct evidence_class *e, uint64_t count)
{
	assert_true(score_add(score, set, e, count, &web, &db, 0));
}

static void
assert_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-12)
		fail_msg("%.15g is not %.15g", value, expected);
}

static double
value_of(const struct score *score)
{
	double value = -1;

	assert_true(score_value(score, set, &value));
	return value;
}

static double
policy_value_of(const struct score *score, size_t policy)
{
	double value = -1;

	assert_true(score_policy_value(score, policy, &value));
	return value;
}

/*
 * HTTP in plaintext without login: encryption 0 (weight 3), authentication 0 (3),
 * credential-exposure 1 (2), visibility 1 (1): C = 3 / 9. TLS policies do not apply: coverage 1.
 */
static void
plaintext_http(void **state)
{
	struct score score = { 0 };

	(void)state;
	add(&score, &http_plain, 5);
	assert_near(value_of(&score), 3.0 / 9);
	assert_near(score_coverage(&score, set), 1);
	assert_int_equal(score.policies[ENCRYPTION].flows, 5);
	assert_false(score.policies[TLS_VERSION].applicable);
}

/*
 * TLS 1.3 without client certificate: encryption 1 (3), tls-version 1 (1), cipher-strength 1 (1),
 * credential-exposure 1 (2), visibility 1 (1): C = 8 / 8. Certificate (1) and authentication (3)
 * apply but were not observed: coverage 8 / 12.
 */
static void
tls_hides_the_login(void **state)
{
	struct score score = { 0 };
	double value;

	(void)state;
	add(&score, &tls13, 2);
	assert_near(value_of(&score), 1);
	assert_near(score_coverage(&score, set), 8.0 / 12);
	assert_false(score_policy_value(&score, AUTHENTICATION, &value));
	assert_true(score.policies[AUTHENTICATION].applicable);
	assert_int_equal(score.policies[AUTHENTICATION].unobserved, 2);
}

/*
 * 1 x HTTP in plaintext, 2 x TLS 1.3, 1 x PostgreSQL in plaintext with md5 (0.5):
 *   encryption           (0 + 2 + 0) / 4 = 0.5   weight 3
 *   tls-version          2 / 2           = 1     weight 1
 *   cipher-strength      2 / 2           = 1     weight 1
 *   authentication       (0 + 0.5) / 2   = 0.25  weight 3
 *   credential-exposure  4 / 4           = 1     weight 2
 *   visibility           4 / 4           = 1     weight 1
 * C = (1.5 + 1 + 1 + 0.75 + 2 + 1) / 11 = 7.25 / 11; certificate (1) unobserved: coverage 11 / 12.
 */
static void
a_mixed_pair(void **state)
{
	struct score score = { 0 };

	(void)state;
	add(&score, &http_plain, 1);
	add(&score, &tls13, 2);
	add(&score, &pg_md5, 1);
	assert_near(policy_value_of(&score, ENCRYPTION), 0.5);
	assert_near(policy_value_of(&score, AUTHENTICATION), 0.25);
	assert_near(value_of(&score), 7.25 / 11);
	assert_near(score_coverage(&score, set), 11.0 / 12);
}

static void
assert_has_nothing(const struct score *score)
{
	double value;

	assert_false(score_value(score, set, &value));
	for (size_t i = 0; i < POLICY_COUNT; i++)
		assert_false(score_policy_value(score, i, &value));
	assert_near(score_coverage(score, set), 0);
}

/* Half-open flows and bytes nobody recognises make no score, alone or together. */
static void
nothing_recognised(void **state)
{
	struct score score = { 0 };

	(void)state;
	assert_has_nothing(&score);
	add(&score, &half_open, 7);
	assert_has_nothing(&score);
	assert_false(score.policies[ENCRYPTION].applicable);
	add(&score, &mystery, 3);
	assert_has_nothing(&score);
	assert_int_equal(score.policies[ENCRYPTION].unobserved, 3);
	assert_int_equal(score.recognised, 0);
}

/* Beside recognised traffic the unrecognised lowers visibility: 5 of 8 flows; half-open ones count for nothing. */
static void
unrecognised_beside_recognised(void **state)
{
	struct score score = { 0 };

	(void)state;
	add(&score, &http_plain, 5);
	add(&score, &mystery, 3);
	add(&score, &half_open, 100);
	assert_near(policy_value_of(&score, VISIBILITY), 5.0 / 8);
	assert_near(value_of(&score), (2 + 5.0 / 8) / 9);
}

/* Pings are recognised, and that is all that can be said. */
static void
visibility_alone_makes_no_score(void **state)
{
	struct score score = { 0 };
	double value;

	(void)state;
	add(&score, &ping, 4);
	assert_near(policy_value_of(&score, VISIBILITY), 1);
	assert_false(score_value(&score, set, &value));
}

/* The same classes in any order, at once or merged, give the same bits. */
static void
order_does_not_matter(void **state)
{
	const struct evidence_class *const classes[] = { &http_plain, &tls13, &pg_md5, &half_open, &mystery, &ping };
	struct score forward = { 0 }, backward = { 0 }, merged = { 0 };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct score one = { 0 };

		add(&forward, classes[i], 3 * i + 1);
		add(&backward, classes[5 - i], 3 * (5 - i) + 1);
		add(&one, classes[5 - i], 3 * (5 - i));
		add(&one, classes[5 - i], 1);
		score_merge(&merged, &one);
	}
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		assert_int_equal(forward.policies[i].flows, backward.policies[i].flows);
		assert_int_equal(forward.policies[i].millionths, backward.policies[i].millionths);
		assert_int_equal(forward.policies[i].millionths, merged.policies[i].millionths);
		assert_int_equal(forward.policies[i].unobserved, merged.policies[i].unobserved);
		assert_int_equal(forward.policies[i].applicable, merged.policies[i].applicable);
	}
	assert_int_equal(forward.recognised, merged.recognised);
	assert_true(!(value_of(&forward) < value_of(&merged)) && !(value_of(&forward) > value_of(&merged)));
	assert_near(score_coverage(&forward, set), score_coverage(&backward, set));
}

/* Counts no real traffic has stop at a limit; values stay in [0,1]. */
static void
sums_do_not_wrap(void **state)
{
	struct score score = { 0 };

	(void)state;
	add(&score, &tls13, UINT64_MAX);
	add(&score, &tls13, UINT64_MAX);
	score_merge(&score, &score);
	assert_near(policy_value_of(&score, ENCRYPTION), 1);
	assert_int_equal(score.policies[ENCRYPTION].flows, UINT64_MAX / 1000000);
	add(&score, &http_plain, 12345);
	assert_true(value_of(&score) <= 1 && value_of(&score) >= 0);
}

static struct policy_set *
read_set(const char *yaml)
{
	char error[POLICY_SET_ERROR_SIZE];
	struct policy_set *read = policy_set_read("test.yaml", yaml, strlen(yaml), error, sizeof(error));

	if (read == NULL)
		fail_msg("%s", error);
	return read;
}

/* Exempt for encryption: its weight is gone from both sums. C = (0 + 2 + 1) / (3 + 2 + 1). */
static void
exempt_traffic_does_not_count(void **state)
{
	struct policy_set *exempting = read_set(
		"schema: podwire.policy/1\nname: x\n"
		"exemptions:\n"
		"  - { policies: [encryption], destination: { workload: db }, protocol: http, reason: because, expires: 1970-01-02 }\n");
	struct score score = { 0 };
	double value;

	(void)state;
	score_add(&score, exempting, &http_plain, 5, &web, &db, 86399);
	assert_true(score_value(&score, exempting, &value));
	assert_near(value, 3.0 / 6);
	assert_int_equal(score.policies[ENCRYPTION].exempt, 5);
	assert_false(score.policies[ENCRYPTION].applicable);
	assert_int_equal(score.policies[TLS_VERSION].exempt, 0);
	/* From its day on it is in force no more: encryption is 0 over the 5 flows of then. */
	score_add(&score, exempting, &http_plain, 5, &web, &db, 86400);
	assert_true(score_value(&score, exempting, &value));
	assert_near(value, 3.0 / 9);
	assert_int_equal(score.policies[ENCRYPTION].flows, 5);
	policy_set_free(exempting);
}

static void
scope_leaves_traffic_out(void **state)
{
	struct policy_set *scoped = read_set("schema: podwire.policy/1\nname: x\nscope: { exclude: [ { protocol: http } ] }\n");
	struct score score = { 0 };

	(void)state;
	assert_false(score_add(&score, scoped, &http_plain, 5, &web, &db, 0));
	assert_int_equal(score.recognised, 0);
	assert_true(score_add(&score, scoped, &pg_md5, 5, &web, &db, 0));
	assert_int_equal(score.recognised, 5);
	policy_set_free(scoped);
}

/* A policy that is off is neither in C nor in the coverage; with all off there is no C. */
static void
weight_zero_is_off(void **state)
{
	struct policy_set *some = read_set("schema: podwire.policy/1\nname: x\npolicies: { encryption: { weight: 0 } }\n");
	struct policy_set *none = read_set(
		"schema: podwire.policy/1\nname: x\npolicies: { encryption: { weight: 0 }, tls-version: { weight: 0 }, cipher-strength: { weight: 0 },\n"
		"  certificate: { weight: 0 }, authentication: { weight: 0 }, credential-exposure: { weight: 0 }, visibility: { weight: 0 } }\n");
	struct score with_some = { 0 }, with_none = { 0 };
	double value;

	(void)state;
	score_add(&with_some, some, &http_plain, 1, &web, &db, 0);
	assert_true(score_value(&with_some, some, &value));
	assert_near(value, 3.0 / 6);
	assert_false(score_policy_value(&with_some, ENCRYPTION, &value));
	score_add(&with_none, none, &http_plain, 1, &web, &db, 0);
	assert_false(score_value(&with_none, none, &value));
	assert_near(score_coverage(&with_none, none), 0);
	policy_set_free(some);
	policy_set_free(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plaintext_http),
		cmocka_unit_test(tls_hides_the_login),
		cmocka_unit_test(a_mixed_pair),
		cmocka_unit_test(nothing_recognised),
		cmocka_unit_test(unrecognised_beside_recognised),
		cmocka_unit_test(visibility_alone_makes_no_score),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(sums_do_not_wrap),
		cmocka_unit_test(exempt_traffic_does_not_count),
		cmocka_unit_test(scope_leaves_traffic_out),
		cmocka_unit_test(weight_zero_is_off),
	};

	return cmocka_run_group_tests_name("policies/score", tests, make_default_set, free_set);
}
