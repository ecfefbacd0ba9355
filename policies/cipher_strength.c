/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cipher suite is worth, read off its IANA name ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"):
 * the words before WITH are the key exchange, those behind it the cipher and the MAC. Names without
 * WITH are TLS 1.3's (RFC 8446 B.4), whose key exchange is apart and always ephemeral with a
 * certificate; SSLv2's begin with SSL_CK. Ciphers of SSH have names of their own ("aes128-ctr").
 */
#include <config.h>

#include "policy.h"

#include <string.h>

#include "dissectors/evidence.h"

enum { NO_FORWARD_SECRECY, NO_AEAD, ENCRYPT_THEN_MAC, COMPRESSION, BROKEN, EXPORT, ANONYMOUS, NULL_CIPHER };

/* What a suite has, as bits. */
enum trait {
	TRAIT_WITH = 1 << 0,
	TRAIT_EPHEMERAL = 1 << 1, /* forward secrecy */
	TRAIT_AEAD = 1 << 2,
	TRAIT_NOT_AEAD = 1 << 3,
	TRAIT_BROKEN = 1 << 4,    /* broken, or with blocks of 64 bits */
	TRAIT_EXPORT = 1 << 5,
	TRAIT_ANONYMOUS = 1 << 6,
	TRAIT_NULL = 1 << 7,
};

static const struct word {
	const char *text;
	int traits;
} words[] = {
	{ "WITH", TRAIT_WITH },
	{ "ECDHE", TRAIT_EPHEMERAL },
	{ "DHE", TRAIT_EPHEMERAL },
	{ "ECCPWD", TRAIT_EPHEMERAL }, /* RFC 8492 */
	{ "SRP", TRAIT_EPHEMERAL },    /* RFC 2945 4 */
	{ "GCM", TRAIT_AEAD },
	{ "CCM", TRAIT_AEAD },
	{ "POLY1305", TRAIT_AEAD },
	{ "MGM", TRAIT_AEAD | TRAIT_EPHEMERAL }, /* RFC 9367: TLS 1.3 suites whose names have a WITH */
	{ "AEGIS", TRAIT_AEAD },
	{ "CBC", TRAIT_NOT_AEAD },
	{ "OMAC", TRAIT_NOT_AEAD },    /* RFC 9189: CTR with a MAC */
	{ "RC4", TRAIT_BROKEN | TRAIT_NOT_AEAD }, /* RFC 7465 */
	{ "RC2", TRAIT_BROKEN | TRAIT_NOT_AEAD },
	{ "DES", TRAIT_BROKEN | TRAIT_NOT_AEAD }, /* RFC 5469, IDEA likewise */
	{ "DES40", TRAIT_BROKEN | TRAIT_NOT_AEAD },
	{ "3DES", TRAIT_BROKEN | TRAIT_NOT_AEAD }, /* 64-bit blocks: the "Sweet32" attack */
	{ "IDEA", TRAIT_BROKEN | TRAIT_NOT_AEAD },
	{ "28147", TRAIT_BROKEN | TRAIT_NOT_AEAD }, /* GOST 28147-89, 64-bit blocks */
	{ "MD5", TRAIT_BROKEN },
	{ "EXPORT", TRAIT_EXPORT },
	{ "EXPORT1024", TRAIT_EXPORT },
	{ "EXPORT40", TRAIT_EXPORT },
	{ "anon", TRAIT_ANONYMOUS | TRAIT_EPHEMERAL }, /* RFC 5246 F.1.1.1, RFC 8422 2.3 */
	{ "NULL", TRAIT_NULL },
};

static int
word_traits(const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == size && memcmp(words[i].text, text, size) == 0)
			return words[i].traits;
	return 0;
}

/* The traits of a suite, 0 where its name is not one of a cipher suite. */
static int
suite_traits(const char *name)
{
	int traits = 0;

	/* RFC 9150: integrity only, the hash named twice instead of a cipher. */
	if (strcmp(name, "TLS_SHA256_SHA256") == 0 || strcmp(name, "TLS_SHA384_SHA384") == 0)
		return TRAIT_NULL;
	for (const char *word = name; *word != '\0';) {
		size_t size = strcspn(word, "_");

		traits |= word_traits(word, size);
		word += size + (word[size] == '_');
	}
	if ((traits & (TRAIT_AEAD | TRAIT_NOT_AEAD | TRAIT_NULL)) == 0)
		return 0;
	if ((traits & TRAIT_WITH) == 0 && strncmp(name, "TLS_", 4) == 0)
		traits |= TRAIT_EPHEMERAL;
	return traits;
}

/*
 * The traits of a cipher of SSH (RFC 4253 6.3). Its key exchanges are ephemeral, and counter mode with
 * the MACs that SSH has is as good as authenticated encryption; CBC is not (CVE-2008-5161).
 */
static int
ssh_traits(const char *name)
{
	static const char *const broken[] = { "3des", "des-", "idea", "blowfish", "cast128", "rc2", "arcfour", NULL };
	int traits = TRAIT_EPHEMERAL;

	if (strcmp(name, "none") == 0)
		return TRAIT_NULL;
	traits |= strstr(name, "-cbc") != NULL ? TRAIT_NOT_AEAD : TRAIT_AEAD;
	for (size_t i = 0; broken[i] != NULL; i++)
		if (strncmp(name, broken[i], strlen(broken[i])) == 0)
			traits |= TRAIT_BROKEN;
	return traits;
}

static bool
is_ssh(const struct evidence_class *e)
{
	return e->by != NULL && strcmp(e->by, "ssh") == 0;
}

static int
cipher_traits(const struct evidence_class *e)
{
	if (e->cipher == NULL)
		return 0;
	return is_ssh(e) ? ssh_traits(e->cipher) : suite_traits(e->cipher);
}

/* Whether a suite has the shortcoming that a parameter is about. */
static bool
has_shortcoming(const struct evidence_class *e, int traits, int parameter)
{
	bool then_mac = (e->encryption_flags & ENCRYPTION_ENCRYPT_THEN_MAC) != 0;

	switch (parameter) {
	/* What is not encrypted at all has nothing to keep secret for the future. */
	case NO_FORWARD_SECRECY:
		return (traits & (TRAIT_EPHEMERAL | TRAIT_NULL)) == 0;
	case NO_AEAD:
		return (traits & (TRAIT_AEAD | TRAIT_NULL)) == 0 && !then_mac;
	/* The order that CBC should have had: sound, if not what is made today (RFC 7366 1). */
	case ENCRYPT_THEN_MAC:
		return (traits & TRAIT_NOT_AEAD) != 0 && then_mac;
	case COMPRESSION:
		return (e->encryption_flags & ENCRYPTION_COMPRESSION) != 0;
	case BROKEN:
		return (traits & TRAIT_BROKEN) != 0;
	case EXPORT:
		return (traits & TRAIT_EXPORT) != 0;
	case ANONYMOUS:
		return (traits & TRAIT_ANONYMOUS) != 0;
	default:
		return (traits & TRAIT_NULL) != 0;
	}
}

static struct policy_value
cipher_strength_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	double value = 1;
	int traits;

	if (!evidence_class_has_content(e) || (!evidence_class_is_tls(e) && !is_ssh(e)))
		return POLICY_NOT_APPLICABLE;
	traits = cipher_traits(e);
	if (traits == 0)
		return POLICY_NOT_OBSERVED;
	for (int i = NO_FORWARD_SECRECY; i <= NULL_CIPHER; i++)
		if (has_shortcoming(e, traits, i) && setting->parameters[i].number < value)
			value = setting->parameters[i].number;
	return POLICY_OBSERVED(value);
}

/* By parameter; those of one type are in order of gravity, the gravest last. */
static const struct violation violations[] = {
	[NO_AEAD] = { "weak-cipher", "prefer suites with GCM, CCM or ChaCha20-Poly1305 over those with CBC", -1 },
	[ENCRYPT_THEN_MAC] = { "weak-cipher", "prefer suites with GCM, CCM or ChaCha20-Poly1305 over those with CBC, even with encrypt-then-MAC", -2 },
	[COMPRESSION] = { "tls-compression", "turn off TLS compression: the size of what is compressed tells secrets (CRIME)", 0 },
	[NO_FORWARD_SECRECY] = { "weak-cipher", "turn off suites with static RSA or static keys; keep ECDHE, or use TLS 1.3", -1 },
	[BROKEN] = { "weak-cipher", "turn off RC4, DES, 3DES, IDEA and MD5 suites at the server; keep ECDHE with AES-GCM or ChaCha20-Poly1305", 0 },
	[EXPORT] = { "weak-cipher", "turn off export suites at the server: their keys are short by design", 1 },
	[ANONYMOUS] = { "anonymous-cipher", "turn off anonymous suites and give the server a certificate: anybody can stand in between", 1 },
	[NULL_CIPHER] = { "null-cipher", "turn off NULL suites: the session is not encrypted", 1 },
};

static size_t
cipher_strength_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	static const int order[] = { COMPRESSION, ENCRYPT_THEN_MAC, NO_AEAD, NO_FORWARD_SECRECY, BROKEN, EXPORT, ANONYMOUS, NULL_CIPHER };
	int traits = cipher_traits(e);
	size_t count = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct violation *v = &violations[order[i]];

		if (!has_shortcoming(e, traits, order[i]) || setting->parameters[order[i]].number >= 1)
			continue;
		if (count > 0 && strcmp(out[count - 1].type, v->type) == 0)
			count--;
		out[count] = *v;
		if (is_ssh(e))
			out[count].advice = "keep AES-GCM, ChaCha20-Poly1305 and AES-CTR alone among the server's ciphers (Ciphers in sshd_config)";
		count++;
	}
	return count;
}

#define VALUE_PARAMETER(parameter, usual, why) \
	{ .name = (parameter), .type = PARAMETER_NUMBER, .maximum = 1, .number = (usual), .meaning = (why) }

const struct policy cipher_strength_policy = {
	.name = "cipher-strength",
	.pillar = "encryption",
	.title = "cipher suites have forward secrecy and authenticated encryption",
	.weight = 1,
	.severity = SEVERITY_MEDIUM,
	.parameters = {
		[NO_FORWARD_SECRECY] = VALUE_PARAMETER("no-forward-secrecy", 0.5, "value where the key exchange is not ephemeral: static RSA, DH, PSK"),
		[NO_AEAD] = VALUE_PARAMETER("no-aead", 0.5, "value without authenticated encryption (GCM, CCM, Poly1305): CBC"),
		[ENCRYPT_THEN_MAC] = VALUE_PARAMETER("encrypt-then-mac", 0.8, "value of CBC where both agreed to encrypt before the MAC (RFC 7366)"),
		[COMPRESSION] = VALUE_PARAMETER("compression", 0.3, "value where TLS compresses what it encrypts"),
		[BROKEN] = VALUE_PARAMETER("broken", 0, "value of RC4, RC2, DES, 3DES, IDEA, and of MD5 as MAC"),
		[EXPORT] = VALUE_PARAMETER("export", 0, "value of export suites"),
		[ANONYMOUS] = VALUE_PARAMETER("anonymous", 0, "value where nobody is authenticated: DH_anon, ECDH_anon"),
		[NULL_CIPHER] = VALUE_PARAMETER("null-cipher", 0, "value of suites without encryption"),
	},
	.value = cipher_strength_value,
	.violations = cipher_strength_violations,
};
