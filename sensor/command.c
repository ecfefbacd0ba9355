/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share. */
#include <config.h>

#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_file.h"

void
complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("podwire: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

const char result_options_help[] =
	"      --format FORM        table (default), json or ndjson\n"
	"  -o, --output FILE        write there instead of standard output\n"
	"      --policy FILE        judge by this policy set instead of the default one\n"
	"      --fail-under C       exit with 3 where the overall score is below C (0 to 1), or absent\n"
	"      --fail-on SEVERITY   exit with 3 where a finding is this severe: info, low, medium, high, critical\n"
	"      --limit N            rows of pairs and of findings in the table (default 50, 0: all)\n"
	"      --color WHEN         auto (default; off where NO_COLOR is set), always or never\n"
	"      --width COLUMNS      of the table (default: the terminal's, else 120)\n"
	"  -h, --help               this text\n";

static bool
choose(const char *option, const char *value, const char *const choices[], unsigned *out)
{
	char list[256] = "";

	for (unsigned i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], value) == 0) {
			*out = i;
			return true;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i == 0 ? "" : ", ", choices[i]);
	}
	complain("%s: \"%s\" is not one of %s", option, value, list);
	return false;
}

bool
parse_size(const char *option, const char *value, unsigned long long minimum, unsigned long long maximum, unsigned long long *out)
{
	static const char suffixes[] = "kMG";
	unsigned long long n, factor = 1;
	const char *suffix;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (*end != '\0' && (suffix = strchr(suffixes, *end)) != NULL) {
		factor <<= 10 * (suffix - suffixes + 1);
		end++;
	}
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n > ULLONG_MAX / factor || n * factor < minimum || n * factor > maximum) {
		complain("%s: \"%s\" is not a whole number from %llu to %llu", option, value, minimum, maximum);
		return false;
	}
	*out = n * factor;
	return true;
}

static bool
parse_fraction(const char *option, const char *value, double *out)
{
	char *end;

	*out = strtod(value, &end);
	if (end == value || *end != '\0' || !isfinite(*out) || *out < 0 || *out > 1) {
		complain("%s: \"%s\" is not a number from 0 to 1", option, value);
		return false;
	}
	return true;
}

bool
parse_result_option(struct result_options *o, int option, const char *value)
{
	static const char *const formats[] = { "table", "json", "ndjson", NULL };
	static const char *const whens[] = { "auto", "always", "never", NULL };
	unsigned long long number;
	unsigned choice;

	switch (option) {
	case OPTION_FORMAT:
		if (!choose("--format", value, formats, &choice))
			return false;
		o->format = (enum format)choice;
		return true;
	case 'o':
		o->output = strcmp(value, "-") == 0 ? NULL : value;
		return true;
	case OPTION_POLICY:
		o->policy = value;
		return true;
	case OPTION_FAIL_UNDER:
		o->fail_under_given = true;
		return parse_fraction("--fail-under", value, &o->fail_under);
	case OPTION_FAIL_ON:
		if (!choose("--fail-on", value, severity_names, &choice))
			return false;
		o->fail_on_given = true;
		o->fail_on = (enum severity)choice;
		return true;
	case OPTION_COLOR:
		if (!choose("--color", value, whens, &choice))
			return false;
		o->color_always = choice == 1;
		o->color_never = choice == 2;
		return true;
	case OPTION_LIMIT:
		if (!parse_size("--limit", value, 0, 1000000000, &number))
			return false;
		o->show.limit = (size_t)number;
		return true;
	case OPTION_WIDTH:
		if (!parse_size("--width", value, 40, 1000, &number))
			return false;
		o->show.width = (unsigned)number;
		return true;
	default:
		return false;
	}
}

bool
parse_result_options(struct result_options *o, int argc, char **argv, const char *help, const char *options_help, int *code)
{
	static const struct option long_options[] = { RESULT_OPTIONS, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		*code = c == 'h' ? EXIT_DONE : EXIT_ERROR;
		if (c == 'h')
			printf("%s%s", help, options_help);
		if (c == 'h' || !parse_result_option(o, c, optarg))
			return false;
	}
	return true;
}

struct policy_set *
read_policy_set(const char *path, char *error, size_t error_size)
{
	struct policy_set *set;
	size_t size;
	char *text;

	if (path == NULL) {
		if ((set = policy_set_default()) == NULL)
			snprintf(error, error_size, "out of memory");
		return set;
	}
	text = read_file(path, POLICY_SET_SIZE_MAX, &size, error, error_size);
	set = text == NULL ? NULL : policy_set_read(path, text, size, error, error_size);
	free(text);
	return set;
}

struct policy_set *
load_policy_set(const char *path)
{
	char error[POLICY_SET_ERROR_SIZE];
	struct policy_set *set = read_policy_set(path, error, sizeof(error));

	if (set == NULL)
		complain("%s", error);
	return set;
}

bool
open_output(struct output_file *f, const char *path)
{
	struct stat status;
	mode_t mask;
	int fd;

	*f = (struct output_file){ .stream = stdout, .path = path };
	if (path == NULL)
		return true;
	/* A device or a pipe is written to, not put another in its place. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		if ((f->stream = fopen(path, "w")) == NULL)
			complain("%s: cannot be written: %s", path, strerror(errno));
		return f->stream != NULL;
	}
	if (asprintf(&f->temporary, "%s.XXXXXX", path) < 0)
		f->temporary = NULL;
	fd = f->temporary != NULL ? mkstemp(f->temporary) : -1;
	if (fd < 0 || (f->stream = fdopen(fd, "w")) == NULL) {
		complain("%s: cannot be written: %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
			unlink(f->temporary);
		}
		free(f->temporary);
		return false;
	}
	/* mkstemp() makes it private; what a user writes with -o has the usual mode. */
	mask = umask(0);
	umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
	return true;
}

bool
finish_output(struct output_file *f)
{
	bool good = fflush(f->stream) == 0 && !ferror(f->stream);

	if (f->stream != stdout)
		good = fclose(f->stream) == 0 && good;
	if (f->temporary != NULL) {
		good = good && rename(f->temporary, f->path) == 0;
		if (!good)
			unlink(f->temporary);
		free(f->temporary);
	}
	if (!good)
		complain("%s: could not be written whole: %s", f->path != NULL ? f->path : "standard output", strerror(errno));
	return good;
}

void
abandon_output(struct output_file *f)
{
	if (f->stream != stdout)
		fclose(f->stream);
	if (f->temporary != NULL)
		unlink(f->temporary);
	free(f->temporary);
}

/* How the table may be drawn, by what it is written to. */
static void
settle_terminal(struct result_options *o, bool to_terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	/* https://no-color.org: present and not empty. */
	o->show.color = o->color_always ||
			(!o->color_never && to_terminal && (no_color == NULL || *no_color == '\0') && (term == NULL || strcmp(term, "dumb") != 0));
	if (o->show.width != 0)
		return;
	o->show.width = 120;
	if (to_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		o->show.width = size.ws_col;
}

bool
write_report(const struct report *r, struct result_options *o)
{
	static void (*const writers[])(FILE *, const struct report *, const struct output_options *) = {
		[FORMAT_TABLE] = output_table,
		[FORMAT_JSON] = output_json,
		[FORMAT_NDJSON] = output_ndjson,
	};
	struct output_file f;

	settle_terminal(o, o->output == NULL && isatty(STDOUT_FILENO));
	if (!open_output(&f, o->output))
		return false;
	writers[o->format](f.stream, r, &o->show);
	return finish_output(&f);
}

int
judge(const struct report *r, const struct result_options *o, int otherwise)
{
	enum severity worst;
	int code = otherwise;

	if (o->fail_under_given && (!r->has_c || r->c < o->fail_under)) {
		if (r->has_c)
			complain("gate not met: C is %.4f, --fail-under asks for %g", r->c, o->fail_under);
		else
			complain("gate not met: nothing was observed, so there is no C; --fail-under asks for %g", o->fail_under);
		code = EXIT_GATE;
	}
	if (o->fail_on_given && report_worst(r, &worst) && worst >= o->fail_on) {
		size_t count = 0;

		while (count < r->finding_count && r->findings[count].severity >= o->fail_on)
			count++;
		complain("gate not met: %zu finding%s of severity %s or above (--fail-on %s)", count, count == 1 ? "" : "s", severity_names[o->fail_on], severity_names[o->fail_on]);
		code = EXIT_GATE;
	}
	return code;
}
