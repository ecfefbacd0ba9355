/* SPDX-License-Identifier: Apache-2.0 */
/* podwire score RESULT...: scores saved results again, merged, under another policy set; no packets needed. */
#include <config.h>

#include <unistd.h>

#include "command.h"
#include "saved_result.h"

static const char help[] =
	"usage: podwire score [OPTION]... RESULT.json...\n"
	"Adds up results that `podwire analyze --format json` saved, and state files of `podwire monitor --state`, and\n"
	"scores them again.\n\n";

static int
score_files(char **paths, struct result_options *o)
{
	struct policy_set *set = load_policy_set(o->policy);
	struct report_options options = { 0 };
	struct report *r;
	char error[1024];
	int code = EXIT_ERROR;
	bool good = set != NULL;

	if (set == NULL)
		return EXIT_ERROR;
	r = report_new(&options);
	for (; good && *paths != NULL; paths++) {
		good = saved_result_load(r, *paths, error, sizeof(error));
		if (!good)
			complain("%s", error);
	}
	if (good) {
		report_conclude(r, set);
		if (write_report(r, o))
			code = judge(r, o, EXIT_DONE);
	}
	report_free(r);
	policy_set_free(set);
	return code;
}

static int
run(int argc, char **argv)
{
	struct result_options o = { .show.limit = 50 };
	int code;

	if (!parse_result_options(&o, argc, argv, help, result_options_help, &code))
		return code;
	if (optind == argc) {
		complain("score: no saved result was named (podwire score --help)");
		return EXIT_ERROR;
	}
	return score_files(argv + optind, &o);
}

const struct command score_command = {
	.name = "score",
	.arguments = "RESULT.json... [--policy FILE]",
	.summary = "score saved results again, or merge them",
	.run = run,
};
