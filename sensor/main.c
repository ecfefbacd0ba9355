/* SPDX-License-Identifier: Apache-2.0 */
/* podwire: which services talk in plaintext or without authentication, to whom, and how we know. */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "classifier.h"
#include "command.h"

static const struct command *const commands[] = {
	&analyze_command, &monitor_command, &score_command, &explain_command, &policy_command, NULL,
};

static void
print_help(FILE *f)
{
	fputs("podwire tells which services talk in plaintext or without authentication, to whom, and shows the packets.\n\nusage:\n", f);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(f, "  podwire %s %s\n      %s\n", commands[i]->name, commands[i]->arguments, commands[i]->summary);
	fputs("  podwire version\n\n`podwire COMMAND --help` lists a command's options; podwire(1) explains them.\n"
	      "Exit: 0 done, 1 error in use or input, 2 some input unreadable, 3 a gate was not met.\n", f);
}

/* What was on the wire may be in memory: neither a core file nor a debugger of the same user gets it. */
static void
protect_memory(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	static char program[] = "podwire";

	setlocale(LC_CTYPE, "");
	protect_memory();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_ERROR;
	}
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(argv[1], commands[i]->name) == 0) {
			argv[1] = program; /* getopt(3) begins its lines with it, as complain() does */
			return commands[i]->run(argc - 1, argv + 1);
		}
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		printf("podwire %s (%s)\n", PACKAGE_VERSION, classifier_version());
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	complain("there is no command \"%s\": try analyze, monitor, score, explain, policy or version (podwire --help)", argv[1]);
	return EXIT_ERROR;
}
