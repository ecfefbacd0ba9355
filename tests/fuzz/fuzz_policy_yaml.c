/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the policy set reader: any bytes are a file. A file that is refused has its one
 * line of error; one that is read is put to use, and what the policies then say stays in bounds.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "policies/policy_set.h"
#include "policies/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_error(const char *error)
{
	require(strncmp(error, "fuzz:", 5) == 0 && strstr(error, ": found ") != NULL && strstr(error, ", expected ") != NULL);
	for (; *error != '\0'; error++)
		require(*error >= 0x20 && *error < 0x7f);
}

static void
use(const struct policy_set *set)
{
	const struct policy_peer source = { .namespace = "shop", .kind = "Deployment", .workload = "web", .ip = "10.0.0.1" };
	const struct policy_peer destination = { .namespace = "shop", .kind = "StatefulSet", .workload = "db", .ip = "fd00::2" };
	const struct evidence_class classes[] = {
		{ .protocol = "postgresql", .payload = true, .state = ENCRYPTION_PLAINTEXT, .result = AUTH_SUCCESS, .method = "md5" },
		{ .protocol = "http", .payload = true, .state = ENCRYPTION_UPGRADED, .by = "tls", .version = "TLS1.2", .mutual = MUTUAL_NO,
			.cipher = "TLS_RSA_WITH_AES_128_CBC_SHA", .certificate_flags = 0x3f, .key_type = "RSA", .key_bits = 1024 },
	};
	struct score score = { .recognised = 0 };
	double value;

	for (size_t i = 0; i < 2; i++) {
		score_add(&score, set, &classes[i], 3, &source, &destination, 1700000000);
		for (size_t j = 0; j < POLICY_COUNT; j++) {
			struct violation violations[POLICY_VIOLATIONS_MAX];

			require(policy_violations(&set->settings[j], &classes[i], violations) <= POLICY_VIOLATIONS_MAX);
			require(set->settings[j].weight >= 0 && set->settings[j].weight <= 1000);
		}
	}
	if (score_value(&score, set, &value))
		require(value >= 0 && value <= 1);
	value = score_coverage(&score, set);
	require(value >= 0 && value <= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[POLICY_SET_ERROR_SIZE] = "";
	struct policy_set *set = policy_set_read("fuzz", (const char *)data, size, error, sizeof(error));

	if (set == NULL)
		check_error(error);
	else
		use(set);
	policy_set_free(set);
	return 0;
}
