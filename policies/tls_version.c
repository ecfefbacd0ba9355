/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of TLS, DTLS or QUIC was agreed on. */
#include <config.h>

#include "policy.h"

#include <string.h>

#include "dissectors/evidence.h"

enum { VERSIONS, DOWNGRADED };

/* RFC 6176 and RFC 7568 forbid SSL, RFC 8996 TLS 1.0, TLS 1.1 and DTLS 1.0; there never was a DTLS 1.1. */
static const struct named_value versions[] = {
	{ "SSLv2", 0 },
	{ "SSLv3", 0 },
	{ "TLS1.0", 0 },
	{ "TLS1.1", 0 },
	{ "TLS1.2", 1 },
	{ "TLS1.3", 1 },
	{ "DTLS1.0", 0 },
	{ "DTLS1.2", 1 },
	{ "DTLS1.3", 1 },
	{ "QUICv1", 1 },
	{ "QUICv2", 1 },
	{ NULL, 0 },
};

/* Both can do better: somebody between them, or the server's configuration, kept them from it. */
static bool
is_downgraded(const struct evidence_class *e)
{
	return (e->encryption_flags & ENCRYPTION_DOWNGRADE) != 0;
}

static struct policy_value
tls_version_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	double value;

	if (!evidence_class_has_content(e) || !evidence_class_is_tls(e))
		return POLICY_NOT_APPLICABLE;
	/* A version the table has no value for (a QUIC draft, say) is as good as not seen. */
	value = policy_table_value(&setting->parameters[VERSIONS], e->version, -1);
	if (value < 0)
		return POLICY_NOT_OBSERVED;
	return POLICY_OBSERVED(is_downgraded(e) && setting->parameters[DOWNGRADED].number < value ? setting->parameters[DOWNGRADED].number : value);
}

static size_t
tls_version_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	size_t count = 0;

	if (policy_table_value(&setting->parameters[VERSIONS], e->version, 1) < 1)
		out[count++] = (struct violation){
			.type = "weak-tls-version",
			.advice = "set the lowest version that server and clients accept to TLS 1.2, better 1.3, and update what cannot",
			.severity_shift = strncmp(e->version, "SSL", 3) == 0 ? 1 : 0,
		};
	if (is_downgraded(e) && setting->parameters[DOWNGRADED].number < 1)
		out[count++] = (struct violation){
			.type = "tls-downgrade",
			.advice = "find out what keeps both from the version they can do: a proxy in between, or one who attacks",
		};
	return count;
}

const struct policy tls_version_policy = {
	.name = "tls-version",
	.pillar = "encryption",
	.title = "TLS is of a version that is not deprecated",
	.weight = 1,
	.severity = SEVERITY_MEDIUM,
	.parameters = {
		[VERSIONS] = { .name = "versions", .type = PARAMETER_TABLE, .maximum = 1, .table = versions,
			.meaning = "value of each version" },
		[DOWNGRADED] = { .name = "downgraded", .type = PARAMETER_NUMBER, .maximum = 1, .number = 0.5,
			.meaning = "value at most, where the server's hello shows that it could have agreed on the better version that was offered" },
	},
	.value = tls_version_value,
	.violations = tls_version_violations,
};
