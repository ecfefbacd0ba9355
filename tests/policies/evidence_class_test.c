/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence classes: what they are asked, and that their order is total and looks at every member. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dissectors/evidence.h"
#include "policies/evidence_class.h"

static void
answers_questions(void **state)
{
	const struct evidence_class empty = { 0 };
	const struct evidence_class esp = { .ip_protocol = 50, .state = ENCRYPTION_ENCRYPTED, .by = "esp", .protocol = "esp" };
	const struct evidence_class tls = { .payload = true, .by = "tls", .protocol = "unknown" };
	const struct evidence_class dtls = { .by = "dtls" }, quic = { .by = "quic" };
	const struct evidence_class vxlan = { .protocol = "vxlan", .state = ENCRYPTION_PLAINTEXT, .payload = true };
	const struct evidence_class ping = { .ip_protocol = 1 }, ping6 = { .ip_protocol = 58 };

	(void)state;
	assert_true(evidence_class_is_carrier(&vxlan));
	assert_false(evidence_class_has_content(&vxlan));
	assert_false(evidence_class_is_carrier(&tls) || evidence_class_is_carrier(&empty));
	assert_false(evidence_class_has_content(&empty));
	assert_true(evidence_class_has_content(&esp));
	assert_true(evidence_class_has_content(&tls));
	assert_true(evidence_class_is_tls(&tls) && evidence_class_is_tls(&dtls) && evidence_class_is_tls(&quic));
	assert_false(evidence_class_is_tls(&esp) || evidence_class_is_tls(&empty));
	assert_true(evidence_class_is_icmp(&ping) && evidence_class_is_icmp(&ping6));
	assert_false(evidence_class_is_icmp(&esp));
	assert_true(evidence_class_is_recognised(&esp));
	assert_false(evidence_class_is_recognised(&tls) || evidence_class_is_recognised(&empty));
}

/* Each differs from the first in one member, and comes behind it. */
static void
orders_by_every_member(void **state)
{
	static const struct evidence_class classes[] = {
		{ 0 },
		{ .protocol = "a" },
		{ .service = "a" },
		{ .by = "a" },
		{ .version = "a" },
		{ .cipher = "a" },
		{ .mesh = "a" },
		{ .method = "a" },
		{ .key_type = "a" },
		{ .signature = "a" },
		{ .tunnel = "a" },
		{ .server_port = 1 },
		{ .key_bits = 1 },
		{ .ip_protocol = 1 },
		{ .state = 1 },
		{ .mutual = 1 },
		{ .mutual_basis = 1 },
		{ .result = 1 },
		{ .strength = 1 },
		{ .certificate_flags = 1 },
		{ .encryption_flags = 1 },
		{ .resumed = true },
		{ .cleartext_credentials = true },
		{ .service_account_token = true },
		{ .tunnel_encrypted = true },
		{ .payload = true },
	};
	const size_t count = sizeof(classes) / sizeof(classes[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = evidence_class_compare(&classes[i], &classes[j]);

			assert_int_equal(order == 0, i == j);
			assert_int_equal(order > 0, evidence_class_compare(&classes[j], &classes[i]) < 0);
		}
		assert_true(i == 0 || evidence_class_compare(&classes[0], &classes[i]) < 0);
	}
}

/* By content: equal text at another place is equal. */
static void
compares_text_by_content(void **state)
{
	const char one[] = "redis", other[] = "redis";
	const struct evidence_class a = { .protocol = one }, b = { .protocol = other }, c = { .protocol = "http" };

	(void)state;
	assert_int_equal(evidence_class_compare(&a, &b), 0);
	assert_true(evidence_class_compare(&a, &c) > 0);
	assert_true(evidence_class_compare(&c, &a) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_questions),
		cmocka_unit_test(orders_by_every_member),
		cmocka_unit_test(compares_text_by_content),
	};

	return cmocka_run_group_tests_name("policies/evidence_class", tests, NULL, NULL);
}
