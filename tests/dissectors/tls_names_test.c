/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dissectors/tls_names.h"

static void
every_cipher_has_a_name_and_a_bit(void **state)
{
	int count = 0;

	(void)state;
	for (uint32_t code = 0; code <= UINT16_MAX; code++) {
		int index = tls_cipher_index((uint16_t)code);

		if (index < 0) {
			assert_null(tls_cipher_name((uint16_t)code));
			continue;
		}
		/* The table is in order, or the search in it would miss some. */
		assert_int_equal(index, count++);
		assert_non_null(tls_cipher_name((uint16_t)code));
	}
	assert_in_range(count, 360, TLS_CIPHER_COUNT_MAX);
}

static void
names_ciphers(void **state)
{
	(void)state;
	assert_string_equal(tls_cipher_name(0x0000), "TLS_NULL_WITH_NULL_NULL");
	assert_string_equal(tls_cipher_name(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA");
	assert_string_equal(tls_cipher_name(0x1301), "TLS_AES_128_GCM_SHA256");
	assert_string_equal(tls_cipher_name(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
	assert_string_equal(tls_cipher_name(0xcca9), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
	assert_string_equal(tls_cipher_name(0xfeff), "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA");
	assert_null(tls_cipher_name(0x00ff));
	assert_null(tls_cipher_name(0x0a0a));
}

static void
knows_what_a_cipher_does(void **state)
{
	(void)state;
	assert_true(tls_cipher_is_null("TLS_RSA_WITH_NULL_SHA256"));
	assert_true(tls_cipher_is_null("TLS_SHA256_SHA256"));
	assert_true(tls_cipher_is_null("TLS_SHA384_SHA384"));
	assert_false(tls_cipher_is_null("TLS_DH_anon_WITH_AES_128_CBC_SHA"));
	assert_true(tls_cipher_is_psk("TLS_PSK_WITH_AES_128_GCM_SHA256") && tls_cipher_is_psk("TLS_DHE_PSK_WITH_NULL_SHA"));
	assert_true(tls_cipher_is_psk("TLS_ECDHE_PSK_WITH_RC4_128_SHA") && tls_cipher_is_psk("TLS_RSA_PSK_WITH_AES_128_CBC_SHA"));
	assert_false(tls_cipher_is_psk("TLS_RSA_WITH_AES_128_CBC_SHA") || tls_cipher_is_psk("TLS_AES_128_GCM_SHA256"));
	assert_true(tls_cipher_is_ecdhe("TLS_ECDHE_PSK_WITH_NULL_SHA"));
	assert_true(tls_cipher_is_ecdhe("TLS_ECDH_anon_WITH_RC4_128_SHA"));
	assert_false(tls_cipher_is_ecdhe("TLS_ECDH_RSA_WITH_RC4_128_SHA"));
}

static void
names_groups_alerts_versions(void **state)
{
	(void)state;
	assert_string_equal(tls_group_name(23), "secp256r1");
	assert_string_equal(tls_group_name(4588), "X25519MLKEM768");
	assert_null(tls_group_name(0x1a1a));
	assert_string_equal(tls_alert_name(48), "unknown_ca");
	assert_null(tls_alert_name(255));
	assert_string_equal(tls_version_name(0x0300), "SSLv3");
	assert_string_equal(tls_version_name(0x0304), "TLS1.3");
	assert_string_equal(tls_version_name(0x7f1c), "TLS1.3");
	assert_string_equal(tls_version_name(0xfb1a), "TLS1.3");
	assert_null(tls_version_name(0x0305));
	assert_true(tls_is_grease(0xdada));
	assert_false(tls_is_grease(0x0a1a));
	assert_false(tls_is_grease(0x1301));
}

static void
names_applications(void **state)
{
	(void)state;
	assert_string_equal(tls_alpn_application("dot"), "dns");
	assert_string_equal(tls_alpn_application("postgresql"), "postgresql");
	assert_null(tls_alpn_application("h2"));
	assert_string_equal(tls_port_application(993), "imap");
	assert_string_equal(tls_port_application(8883), "mqtt");
	assert_null(tls_port_application(443));
	assert_null(tls_port_application(6380));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cipher_has_a_name_and_a_bit),
		cmocka_unit_test(names_ciphers),
		cmocka_unit_test(knows_what_a_cipher_does),
		cmocka_unit_test(names_groups_alerts_versions),
		cmocka_unit_test(names_applications),
	};

	return cmocka_run_group_tests_name("dissectors/tls_names", tests, NULL, NULL);
}
