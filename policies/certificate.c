/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the certificate that the server showed one that a careful client would accept? The trust
 * anchor is not asked for: clusters have their own authorities, which the wire does not tell.
 */
#include <config.h>

#include "policy.h"

#include <string.h>

#include "dissectors/evidence.h"

enum { EXPIRED, NOT_YET_VALID, NAME_MISMATCH, SELF_SIGNED, WEAK_KEY, WEAK_SIGNATURE, CA_AS_LEAF, CHAIN_ORDER, DEFECT_COUNT,
	MIN_RSA_BITS = DEFECT_COUNT, MIN_EC_BITS };

static bool
is_weak_key(const struct policy_setting *setting, const struct evidence_class *e)
{
	if (e->key_type == NULL || e->key_bits == 0)
		return false;
	if (strncmp(e->key_type, "RSA", 3) == 0 || strcmp(e->key_type, "DSA") == 0)
		return e->key_bits < setting->parameters[MIN_RSA_BITS].number;
	return strcmp(e->key_type, "EC") == 0 && e->key_bits < setting->parameters[MIN_EC_BITS].number;
}

/* Hashes with collisions, as OpenSSL's long names spell them; "shaWith" is SHA-0. */
static bool
is_weak_signature(const struct evidence_class *e)
{
	static const char *const hashes[] = { "md2", "md4", "md5", "mdc2", "MD2", "MD4", "MD5", "MDC2", "sha1", "SHA1", "shaWith" };

	for (size_t i = 0; e->signature != NULL && i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (strstr(e->signature, hashes[i]) != NULL)
			return true;
	return false;
}

static bool
has_defect(const struct policy_setting *setting, const struct evidence_class *e, int defect)
{
	static const uint16_t flags[DEFECT_COUNT] = {
		[EXPIRED] = CERTIFICATE_EXPIRED,
		[NOT_YET_VALID] = CERTIFICATE_NOT_YET_VALID,
		[NAME_MISMATCH] = CERTIFICATE_NAME_MISMATCH,
		[SELF_SIGNED] = CERTIFICATE_SELF_SIGNED,
		[CA_AS_LEAF] = CERTIFICATE_CA,
		[CHAIN_ORDER] = CERTIFICATE_CHAIN_ORDER,
	};

	if (defect == WEAK_KEY)
		return is_weak_key(setting, e);
	if (defect == WEAK_SIGNATURE)
		return is_weak_signature(e);
	return (e->certificate_flags & flags[defect]) != 0;
}

static struct policy_value
certificate_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	double value = 1;

	if (!evidence_class_has_content(e) || !evidence_class_is_tls(e))
		return POLICY_NOT_APPLICABLE;
	/* TLS 1.3, QUIC and resumed sessions do not show it to us. */
	if ((e->certificate_flags & (CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE)) != CERTIFICATE_SEEN)
		return POLICY_NOT_OBSERVED;
	for (int i = 0; i < DEFECT_COUNT; i++)
		if (has_defect(setting, e, i) && setting->parameters[i].number < value)
			value = setting->parameters[i].number;
	return POLICY_OBSERVED(value);
}

static const struct violation violations[DEFECT_COUNT] = {
	[EXPIRED] = { "certificate-expired", "renew the server's certificate, and let its renewal be automatic", 1 },
	[NOT_YET_VALID] = { "certificate-not-yet-valid", "check the clocks of the server and of its certificate authority", 0 },
	[NAME_MISMATCH] = { "certificate-name-mismatch", "issue a certificate with the name that clients ask for among its subject alternative names", 0 },
	[SELF_SIGNED] = { "certificate-self-signed", "issue the certificate by the cluster's authority, so that clients can verify it", -1 },
	[WEAK_KEY] = { "certificate-weak-key", "issue a certificate with a key of RSA 2048 bits or more, ECDSA P-256 or Ed25519", 0 },
	[WEAK_SIGNATURE] = { "certificate-weak-signature", "issue a certificate signed with SHA-256 or better", 0 },
	[CA_AS_LEAF] = { "certificate-ca-as-leaf", "issue a certificate of its own for the server: who has this key can sign any name", -1 },
	[CHAIN_ORDER] = { "certificate-chain-order", "put each certificate's issuer right behind it in the server's file: some clients refuse any other order", -1 },
};

static size_t
certificate_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	size_t count = 0;

	for (int i = 0; i < DEFECT_COUNT; i++)
		if (has_defect(setting, e, i) && setting->parameters[i].number < 1)
			out[count++] = violations[i];
	return count;
}

#define VALUE_PARAMETER(parameter, usual, why) \
	{ .name = (parameter), .type = PARAMETER_NUMBER, .maximum = 1, .number = (usual), .meaning = (why) }

const struct policy certificate_policy = {
	.name = "certificate",
	.pillar = "encryption",
	.title = "server certificates are valid and strong",
	.weight = 1,
	.severity = SEVERITY_MEDIUM,
	.parameters = {
		[EXPIRED] = VALUE_PARAMETER("expired", 0, "value after its validity, at the time of the traffic"),
		[NOT_YET_VALID] = VALUE_PARAMETER("not-yet-valid", 0, "value before its validity, at the time of the traffic"),
		[NAME_MISMATCH] = VALUE_PARAMETER("name-mismatch", 0.5, "value where it has not the name the client asked for"),
		[SELF_SIGNED] = VALUE_PARAMETER("self-signed", 0.5, "value where it is signed by its own key"),
		[WEAK_KEY] = VALUE_PARAMETER("weak-key", 0, "value where the key is shorter than the minimum below"),
		[WEAK_SIGNATURE] = VALUE_PARAMETER("weak-signature", 0.3, "value where it is signed with MD5 or SHA-1"),
		[CA_AS_LEAF] = VALUE_PARAMETER("ca-as-leaf", 0.7, "value where it is the certificate of an authority"),
		[CHAIN_ORDER] = VALUE_PARAMETER("chain-order", 0.9, "value where the issuer of one of its certificates is sent in another place than behind it"),
		[MIN_RSA_BITS] = { .name = "min-rsa-bits", .type = PARAMETER_NUMBER, .maximum = 65535, .number = 2048,
			.meaning = "shortest RSA or DSA key that is not weak" },
		[MIN_EC_BITS] = { .name = "min-ec-bits", .type = PARAMETER_NUMBER, .maximum = 65535, .number = 224,
			.meaning = "shortest elliptic curve key that is not weak" },
	},
	.value = certificate_value,
	.violations = certificate_violations,
};
