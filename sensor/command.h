/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of podwire, and what they share: exit codes, options that more than one has, gates. */
#ifndef PODWIRE_COMMAND_H
#define PODWIRE_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "output.h"
#include "policies/policy_set.h"
#include "report.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,   /* wrong use, or nothing could be read */
	EXIT_PARTIAL = 2, /* some input was not readable; what was is reported */
	EXIT_GATE = 3,    /* --fail-under or --fail-on was not met */
};

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command analyze_command;
extern const struct command explain_command;
extern const struct command monitor_command;
extern const struct command policy_command;
extern const struct command score_command;

/* One line on standard error, "podwire: ..." . */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_NDJSON };

/* Options that analyze, score and explain have in common. */
struct result_options {
	enum format format;
	const char *output;      /* path, or NULL: standard output */
	const char *policy;      /* path, or NULL: the default set */
	bool fail_under_given, fail_on_given;
	double fail_under;
	enum severity fail_on;
	bool color_always, color_never;
	struct output_options show;
};

/* The getopt_long() entries of the common options; parse_result_option() understands their values. */
enum {
	OPTION_FORMAT = 256, OPTION_POLICY, OPTION_FAIL_UNDER, OPTION_FAIL_ON, OPTION_COLOR, OPTION_LIMIT, OPTION_WIDTH,
	OPTION_OWN, /* the first a command may use for itself */
};

#define RESULT_OPTIONS \
	{ "format", required_argument, NULL, OPTION_FORMAT }, \
	{ "output", required_argument, NULL, 'o' }, \
	{ "policy", required_argument, NULL, OPTION_POLICY }, \
	{ "fail-under", required_argument, NULL, OPTION_FAIL_UNDER }, \
	{ "fail-on", required_argument, NULL, OPTION_FAIL_ON }, \
	{ "color", required_argument, NULL, OPTION_COLOR }, \
	{ "limit", required_argument, NULL, OPTION_LIMIT }, \
	{ "width", required_argument, NULL, OPTION_WIDTH }, \
	{ "help", no_argument, NULL, 'h' }

/* The lines of --help for them. */
extern const char result_options_help[];

/* Takes one common option. False, after a complaint, where the value is wrong or the option is none of these. */
bool parse_result_option(struct result_options *, int option, const char *value);

/*
 * Takes the options of a command that has the common ones only; optind is then at its first argument.
 * False where it is not to go on: *code is the exit code, after a complaint or the two help texts.
 */
bool parse_result_options(struct result_options *, int argc, char **argv, const char *help, const char *options_help, int *code);

/* A number option's value: base 10, with an optional suffix k, M or G (of 1024). False, after a complaint, where it is none or out of range. */
bool parse_size(const char *option, const char *value, unsigned long long minimum, unsigned long long maximum, unsigned long long *out);

/* The policy set in a file (NULL: the default one); NULL on an error, with a line in error[]. Returns owned. */
struct policy_set *read_policy_set(const char *path, char *error, size_t error_size);

/* The same; NULL after a complaint. */
struct policy_set *load_policy_set(const char *path);

/*
 * Where to write: standard output, a device or pipe, or a file beside output's place that
 * finish_output() moves there once it is whole. False after a complaint.
 */
struct output_file {
	FILE *stream;
	char *temporary; /* path, owned, or NULL */
	const char *path;
};
bool open_output(struct output_file *, const char *path);

/* False, after a complaint, where not all could be written. */
bool finish_output(struct output_file *);

/* Leaves what stands at output's place as it is. */
void abandon_output(struct output_file *);

/* Writes the report in the form asked for; false after a complaint. */
bool write_report(const struct report *, struct result_options *);

/* EXIT_GATE, after a line that says which gate, where one was not met; else otherwise. */
int judge(const struct report *, const struct result_options *, int otherwise);

#endif
