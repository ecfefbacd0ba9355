/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "cipher-strength": what it reads off the IANA names of cipher suites. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

#define SUITE(name) { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .cipher = (name) }
#define ROW(name, value, findings) { name, SUITE(name), value, findings }

#define FLAGGED(suite, bits) { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .cipher = (suite), .encryption_flags = (bits) }

static void
values_by_suite(void **state)
{
	static const struct policy_case cases[] = {
		{ "plaintext", { .payload = true, .state = ENCRYPTION_PLAINTEXT }, IS_NOT_APPLICABLE, NULL },
		{ "nothing sent", { .by = "tls" }, IS_NOT_APPLICABLE, NULL },
		{ "joined in the middle", SUITE(NULL), IS_NOT_OBSERVED, NULL },
		ROW("TLS_EMPTY_RENEGOTIATION_INFO_SCSV", IS_NOT_OBSERVED, NULL),
		ROW("", IS_NOT_OBSERVED, NULL),
		ROW("____", IS_NOT_OBSERVED, NULL),
		ROW("0x1a1a", IS_NOT_OBSERVED, NULL),
		/* TLS 1.3: RFC 8446 B.4 */
		ROW("TLS_AES_128_GCM_SHA256", 1, NULL),
		ROW("TLS_AES_256_GCM_SHA384", 1, NULL),
		ROW("TLS_CHACHA20_POLY1305_SHA256", 1, NULL),
		ROW("TLS_AES_128_CCM_SHA256", 1, NULL),
		ROW("TLS_AES_128_CCM_8_SHA256", 1, NULL),
		ROW("TLS_SHA256_SHA256", 0, "null-cipher high"), /* RFC 9150 */
		ROW("TLS_SHA384_SHA384", 0, "null-cipher high"),
		/* ephemeral and authenticated */
		ROW("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 1, NULL),
		ROW("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 1, NULL),
		ROW("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", 1, NULL),
		ROW("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 1, NULL),
		ROW("TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", 1, NULL),
		ROW("TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L", 1, NULL),
		/* one of both missing, or both */
		ROW("TLS_RSA_WITH_AES_128_GCM_SHA256", 0.5, "weak-cipher low"),
		ROW("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", 0.5, "weak-cipher low"),
		ROW("TLS_PSK_WITH_AES_128_GCM_SHA256", 0.5, "weak-cipher low"),
		ROW("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 0.5, "weak-cipher low"),
		ROW("TLS_RSA_WITH_AES_256_CBC_SHA", 0.5, "weak-cipher low"),
		{ "CBC with encrypt-then-MAC", FLAGGED("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", ENCRYPTION_ENCRYPT_THEN_MAC), 0.8, "weak-cipher info" },
		{ "static RSA and CBC with encrypt-then-MAC", FLAGGED("TLS_RSA_WITH_AES_256_CBC_SHA", ENCRYPTION_ENCRYPT_THEN_MAC), 0.5, "weak-cipher low" },
		{ "3DES with encrypt-then-MAC", FLAGGED("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", ENCRYPTION_ENCRYPT_THEN_MAC), 0, "weak-cipher medium" },
		{ "compression", FLAGGED("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ENCRYPTION_COMPRESSION), 0.3, "tls-compression medium" },
		{ "compression and CBC", FLAGGED("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ENCRYPTION_COMPRESSION), 0.3, "tls-compression medium, weak-cipher low" },
		{ "other flags", FLAGGED("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ENCRYPTION_ECH | ENCRYPTION_EARLY_DATA | ENCRYPTION_DOWNGRADE), 1, NULL },
		/* broken, whatever the key exchange */
		ROW("TLS_RSA_WITH_RC4_128_MD5", 0, "weak-cipher medium"),
		ROW("TLS_ECDHE_RSA_WITH_RC4_128_SHA", 0, "weak-cipher medium"),
		ROW("TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0, "weak-cipher medium"),
		ROW("TLS_DHE_RSA_WITH_DES_CBC_SHA", 0, "weak-cipher medium"),
		ROW("TLS_RSA_WITH_IDEA_CBC_SHA", 0, "weak-cipher medium"),
		ROW("SSL_CK_RC4_128_WITH_MD5", 0, "weak-cipher medium"),
		ROW("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 0, "weak-cipher medium"),
		ROW("TLS_RSA_EXPORT_WITH_RC4_40_MD5", 0, "weak-cipher high"),
		ROW("TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", 0, "weak-cipher high"),
		ROW("SSL_CK_RC4_128_EXPORT40_WITH_MD5", 0, "weak-cipher high"),
		/* not authenticated, not encrypted */
		ROW("TLS_DH_anon_WITH_AES_128_GCM_SHA256", 0, "anonymous-cipher high"),
		ROW("TLS_ECDH_anon_WITH_RC4_128_SHA", 0, "weak-cipher medium, anonymous-cipher high"),
		ROW("TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", 0, "weak-cipher high, anonymous-cipher high"),
		ROW("TLS_ECDHE_RSA_WITH_NULL_SHA", 0, "null-cipher high"),
		ROW("TLS_RSA_WITH_NULL_MD5", 0, "weak-cipher medium, null-cipher high"),
		ROW("TLS_NULL_WITH_NULL_NULL", 0, "null-cipher high"),
		ROW("TLS_ECDH_anon_WITH_NULL_SHA", 0, "anonymous-cipher high, null-cipher high"),
		{ 0 },
	};

	(void)state;
	check_policy_cases(&cipher_strength_policy, NULL, cases);
}

/* SSH names its ciphers otherwise. */
static void
values_by_ssh_cipher(void **state)
{
#define SSH_ROW(cipher_name, value, findings) { cipher_name, { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "ssh", .cipher = (cipher_name) }, value, findings }
	static const struct policy_case cases[] = {
		SSH_ROW(NULL, IS_NOT_OBSERVED, NULL),
		SSH_ROW("chacha20-poly1305@openssh.com", 1, NULL),
		SSH_ROW("aes256-gcm@openssh.com", 1, NULL),
		SSH_ROW("aes128-ctr", 1, NULL),
		SSH_ROW("aes256-cbc", 0.5, "weak-cipher low"),
		SSH_ROW("3des-cbc", 0, "weak-cipher medium"),
		SSH_ROW("blowfish-cbc", 0, "weak-cipher medium"),
		SSH_ROW("arcfour128", 0, "weak-cipher medium"),
		SSH_ROW("none", 0, "null-cipher high"),
		{ 0 },
	};

	(void)state;
	check_policy_cases(&cipher_strength_policy, NULL, cases);
}

/* The lowest of what applies counts, and what is worth 1 is no finding. */
static void
parameters_change_it(void **state)
{
	static const struct policy_case cases[] = {
		ROW("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 1, NULL),
		ROW("TLS_RSA_WITH_AES_128_GCM_SHA256", 0.3, "weak-cipher info"),
		ROW("TLS_RSA_WITH_AES_256_CBC_SHA", 0.3, "weak-cipher info"),
		ROW("TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0.1, "weak-cipher low"),
		{ 0 },
	};

	(void)state;
	check_policy_cases(&cipher_strength_policy, "  cipher-strength: { severity: low, no-aead: 1, no-forward-secrecy: 0.3, broken: 0.1 }\n", cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_suite),
		cmocka_unit_test(values_by_ssh_cipher),
		cmocka_unit_test(parameters_change_it),
	};

	return cmocka_run_group_tests_name("policies/cipher_strength", tests, NULL, NULL);
}
