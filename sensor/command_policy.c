/* SPDX-License-Identifier: Apache-2.0 */
/* podwire policy check FILE: reads a policy set as analyze would, and says what it sets. */
#include <config.h>

#include <string.h>

#include "command.h"

static const char help[] =
	"usage: podwire policy check FILE...\n"
	"Reads each policy set as `analyze --policy` would. A mistake is told with file, line and column, and exit code 1.\n";

static void
describe(const char *path, const struct policy_set *set)
{
	printf("%s: policy set \"%s\"\n", path, set->name);
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		const struct policy_setting *s = &set->settings[i];

		printf("  %-20s weight %-6g findings %s%s\n", s->policy->name, s->weight, severity_names[s->severity], s->weight > 0 ? "" : " (off)");
	}
	printf("  scope: %zu included, %zu excluded; exemptions: %zu\n", set->include_count, set->exclude_count, set->exemption_count);
}

static int
run(int argc, char **argv)
{
	int code = EXIT_DONE;

	if (argc >= 2 && (strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[argc - 1], "-h") == 0)) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc < 3 || strcmp(argv[1], "check") != 0) {
		fputs(help, stderr);
		return EXIT_ERROR;
	}
	for (int i = 2; i < argc; i++) {
		struct policy_set *set = load_policy_set(argv[i]);

		if (set != NULL)
			describe(argv[i], set);
		else
			code = EXIT_ERROR;
		policy_set_free(set);
	}
	return code;
}

const struct command policy_command = {
	.name = "policy",
	.arguments = "check FILE...",
	.summary = "read policy sets and tell their mistakes",
	.run = run,
};
