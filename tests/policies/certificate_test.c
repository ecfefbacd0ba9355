/* SPDX-License-Identifier: Apache-2.0 */
/* The policy "certificate": the lowest of what is wrong counts, all of it is reported. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy_cases.h"

#define SHOWN(flags, type, bits, algorithm) \
	{ .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .certificate_flags = CERTIFICATE_SEEN | (flags), \
		.key_type = (type), .key_bits = (bits), .signature = (algorithm) }
#define WITH_FLAGS(flags) SHOWN(flags, "EC", 384, "ecdsa-with-SHA256")
#define WITH_KEY(type, bits) SHOWN(0, type, bits, "sha256WithRSAEncryption")
#define SIGNED(algorithm) SHOWN(0, "RSA", 2048, algorithm)

static void
values_by_defect(void **state)
{
	static const struct policy_case cases[] = {
		{ "plaintext", { .payload = true, .state = ENCRYPTION_PLAINTEXT }, IS_NOT_APPLICABLE, NULL },
		{ "ssh", { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "ssh" }, IS_NOT_APPLICABLE, NULL },
		{ "TLS 1.3", { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .version = "TLS1.3" }, IS_NOT_OBSERVED, NULL },
		{ "resumed", { .payload = true, .state = ENCRYPTION_ENCRYPTED, .by = "tls", .resumed = true }, IS_NOT_OBSERVED, NULL },
		{ "unreadable", WITH_FLAGS(CERTIFICATE_UNREADABLE), IS_NOT_OBSERVED, NULL },
		{ "good", WITH_FLAGS(0), 1, NULL },
		{ "expired", WITH_FLAGS(CERTIFICATE_EXPIRED), 0, "certificate-expired high" },
		{ "not yet valid", WITH_FLAGS(CERTIFICATE_NOT_YET_VALID), 0, "certificate-not-yet-valid medium" },
		{ "name", WITH_FLAGS(CERTIFICATE_NAME_MISMATCH), 0.5, "certificate-name-mismatch medium" },
		{ "self-signed", WITH_FLAGS(CERTIFICATE_SELF_SIGNED), 0.5, "certificate-self-signed low" },
		{ "authority", WITH_FLAGS(CERTIFICATE_CA), 0.7, "certificate-ca-as-leaf low" },
		{ "chain", WITH_FLAGS(CERTIFICATE_CHAIN_ORDER), 0.9, "certificate-chain-order low" },
		{ "several", WITH_FLAGS(CERTIFICATE_EXPIRED | CERTIFICATE_SELF_SIGNED | CERTIFICATE_CA), 0,
			"certificate-expired high, certificate-self-signed low, certificate-ca-as-leaf low" },
		{ "all of it", SHOWN(0xbf, "RSA", 512, "md5WithRSAEncryption"), 0,
			"certificate-expired high, certificate-not-yet-valid medium, certificate-name-mismatch medium, certificate-self-signed low, "
			"certificate-weak-key medium, certificate-weak-signature medium, certificate-ca-as-leaf low, certificate-chain-order low" },
		{ "RSA 1024", WITH_KEY("RSA", 1024), 0, "certificate-weak-key medium" },
		{ "RSA 2047", WITH_KEY("RSA", 2047), 0, "certificate-weak-key medium" },
		{ "RSA 2048", WITH_KEY("RSA", 2048), 1, NULL },
		{ "RSA-PSS 1024", WITH_KEY("RSA-PSS", 1024), 0, "certificate-weak-key medium" },
		{ "DSA 1024", WITH_KEY("DSA", 1024), 0, "certificate-weak-key medium" },
		{ "EC 192", WITH_KEY("EC", 192), 0, "certificate-weak-key medium" },
		{ "EC 224", WITH_KEY("EC", 224), 1, NULL },
		{ "Ed25519", WITH_KEY("Ed25519", 253), 1, NULL },
		{ "key not read", WITH_KEY(NULL, 0), 1, NULL },
		{ "MD5", SIGNED("md5WithRSAEncryption"), 0.3, "certificate-weak-signature medium" },
		{ "SHA-1", SIGNED("sha1WithRSAEncryption"), 0.3, "certificate-weak-signature medium" },
		{ "ECDSA with SHA-1", SIGNED("ecdsa-with-SHA1"), 0.3, "certificate-weak-signature medium" },
		{ "DSA with SHA-1", SIGNED("dsaWithSHA1"), 0.3, "certificate-weak-signature medium" },
		{ "SHA-512", SIGNED("sha512WithRSAEncryption"), 1, NULL },
		{ "signature not read", SIGNED(NULL), 1, NULL },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&certificate_policy, NULL, cases);
}

static void
parameters_change_it(void **state)
{
	static const struct policy_case cases[] = {
		{ "self-signed is accepted", WITH_FLAGS(CERTIFICATE_SELF_SIGNED), 1, NULL },
		{ "not so with another name", WITH_FLAGS(CERTIFICATE_SELF_SIGNED | CERTIFICATE_NAME_MISMATCH), 0.5, "certificate-name-mismatch medium" },
		{ "RSA 2048", WITH_KEY("RSA", 2048), 0.25, "certificate-weak-key medium" },
		{ "EC 256", WITH_KEY("EC", 256), 0.25, "certificate-weak-key medium" },
		{ 0 },
	};

	(void)state;
	check_policy_cases(&certificate_policy, "  certificate: { self-signed: 1, weak-key: 0.25, min-rsa-bits: 3072, min-ec-bits: 384 }\n", cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_defect),
		cmocka_unit_test(parameters_change_it),
	};

	return cmocka_run_group_tests_name("policies/certificate", tests, NULL, NULL);
}
