/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Could a listener on the path read it? Asks for the state of encryption alone: how good the
 * encryption is, is for the policies tls-version, cipher-strength and certificate to say.
 */
#include <config.h>

#include "policy.h"

#include <string.h>

#include "advice.h"
#include "dissectors/evidence.h"

enum { PARTIAL };

static struct policy_value
encryption_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	if (!evidence_class_has_content(e) || evidence_class_is_icmp(e))
		return POLICY_NOT_APPLICABLE;
	if (e->tunnel_encrypted)
		return POLICY_OBSERVED(1);
	switch (e->state) {
	case ENCRYPTION_PLAINTEXT:
		return POLICY_OBSERVED(0);
	case ENCRYPTION_PARTIAL:
		return POLICY_OBSERVED(setting->parameters[PARTIAL].number);
	case ENCRYPTION_UPGRADED:
	case ENCRYPTION_ENCRYPTED:
		return POLICY_OBSERVED(1);
	default:
		return POLICY_NOT_OBSERVED;
	}
}

/* What every host speaks in plaintext, by default and nearly everywhere: worth a lesser finding. */
static bool
is_plaintext_everywhere(const char *protocol)
{
	static const char *const names[] = { "dns", "mdns", "llmnr", "ssdp", "dhcp", "dhcpv6", "ntp" };

	for (size_t i = 0; protocol != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], protocol) == 0)
			return true;
	return false;
}

static size_t
encryption_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	(void)setting;
	out[0].advice = advice_encrypt(e->protocol);
	if (e->state == ENCRYPTION_PARTIAL) {
		out[0].type = "partial-encryption";
		out[0].severity_shift = -1;
	} else {
		out[0].type = "plaintext-service";
		out[0].severity_shift = is_plaintext_everywhere(e->protocol) ? -2 : 0;
	}
	return 1;
}

const struct policy encryption_policy = {
	.name = "encryption",
	.pillar = "encryption",
	.title = "traffic is encrypted on the wire",
	.weight = 3,
	.severity = SEVERITY_HIGH,
	.parameters = {
		[PARTIAL] = { .name = "partial", .type = PARAMETER_NUMBER, .maximum = 1, .number = 0.5,
			.meaning = "value where a part stays readable, by design or by use" },
	},
	.value = encryption_value,
	.violations = encryption_violations,
};
