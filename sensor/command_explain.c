/* SPDX-License-Identifier: Apache-2.0 */
/* podwire explain RESULT PAIR: every term of a pair's score, with the evidence for it. */
#include <config.h>

#include <unistd.h>

#include "command.h"
#include "saved_result.h"

static const char help[] =
	"usage: podwire explain [--policy FILE] [-o FILE] RESULT.json PAIR\n"
	"Shows how a pair's score came about: each policy's value, the flows behind it, the packets to open.\n"
	"PAIR is \"SOURCE->DESTINATION\", a part of it that fits one pair only, or the pair's id; * and ? match as in a shell.\n\n";

/* Of the common options those that bear on it. */
static const char options_help[] =
	"      --policy FILE        judge by this policy set instead of the default one\n"
	"  -o, --output FILE        write there instead of standard output\n"
	"      --width COLUMNS      of the text (default 120)\n"
	"  -h, --help               this text\n";

static int
explain(const char *path, const char *pattern, struct result_options *o)
{
	struct policy_set *set = load_policy_set(o->policy);
	struct report_options options = { 0 };
	struct output_file f;
	struct report *r;
	char error[8192];
	int code = EXIT_ERROR;

	if (set == NULL)
		return EXIT_ERROR;
	r = report_new(&options);
	if (!saved_result_load(r, path, error, sizeof(error))) {
		complain("%s", error);
	} else if (open_output(&f, o->output)) {
		report_conclude(r, set);
		if (o->show.width == 0)
			o->show.width = 120;
		if (output_explain(f.stream, r, pattern, &o->show, error, sizeof(error))) {
			code = finish_output(&f) ? EXIT_DONE : EXIT_ERROR;
		} else {
			complain("%s: %s", path, error);
			abandon_output(&f);
		}
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

	if (!parse_result_options(&o, argc, argv, help, options_help, &code))
		return code;
	if (argc - optind != 2) {
		complain("explain: a saved result and a pair are needed (podwire explain --help)");
		return EXIT_ERROR;
	}
	return explain(argv[optind], argv[optind + 1], &o);
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "RESULT.json PAIR",
	.summary = "every term of a pair's score with its evidence",
	.run = run,
};
