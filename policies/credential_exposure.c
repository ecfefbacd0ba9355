/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did a secret that can be replayed (password, token, cookie, community) cross in the clear? A
 * challenge and its response are no such secret; how strong they are is for authentication to say.
 */
#include <config.h>

#include "policy.h"

#include "advice.h"
#include "dissectors/evidence.h"

static struct policy_value
credential_exposure_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	(void)setting;
	if (!evidence_class_has_content(e) || evidence_class_is_icmp(e))
		return POLICY_NOT_APPLICABLE;
	/* Inside an encrypted tunnel nothing is in the clear on the path. */
	if (e->tunnel_encrypted)
		return POLICY_OBSERVED(1);
	if (e->cleartext_credentials || e->service_account_token)
		return POLICY_OBSERVED(0);
	return e->state == ENCRYPTION_UNKNOWN ? POLICY_NOT_OBSERVED : POLICY_OBSERVED(1);
}

static size_t
credential_exposure_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	size_t count = 0;

	(void)setting;
	if (e->service_account_token)
		out[count++] = (struct violation){
			.type = "service-account-token-exposed",
			.advice = "encrypt this path and let the token expire: restart its pods, give it a short life and an audience of its own, delete token Secrets",
			.severity_shift = 1,
		};
	if (e->cleartext_credentials)
		out[count++] = (struct violation){
			.type = "cleartext-credentials",
			.advice = advice_encrypt(e->protocol),
		};
	return count;
}

const struct policy credential_exposure_policy = {
	.name = "credential-exposure",
	.pillar = "authentication",
	.title = "no replayable secret crosses in the clear",
	.weight = 2,
	.severity = SEVERITY_HIGH,
	.value = credential_exposure_value,
	.violations = credential_exposure_violations,
};
