/* SPDX-License-Identifier: Apache-2.0 */
/* podwire analyze CAPTURE...: captures in, the score of every pair out. */
#include <config.h>

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis.h"
#include "cluster_json.h"
#include "command.h"
#include "geoip.h"

static const char help[] =
	"usage: podwire analyze [OPTION]... CAPTURE...\n"
	"Reads pcap and pcapng files (- for standard input) and scores how every pair of workloads communicates.\n\n"
	"      --cluster FILE       what `kubectl get pods,services,endpointslices,nodes,... -A -o json` printed;\n"
	"                           repeatable. Without it addresses are the names\n"
	"      --geoip PATH         MaxMind DB file, or a folder of them, for addresses outside; repeatable\n"
	"      --flows              list every flow too (json and ndjson)\n"
	"      --show-principals    show the user names that were seen\n"
	"      --ndpi WHEN          fallback (default: label what no dissector claims), always or off\n"
	"      --budget BYTES       look at so many bytes of each direction of a flow (default 64k)\n"
	"      --max-flows N        flows at a time; the longest idle one makes room (default 1M)\n"
	"      --max-pairs N        pairs; more are folded into one, \"other\" (default 10000)\n"
	"      --jobs N             share the work among N processes (default 1)\n";

enum {
	OPTION_CLUSTER = OPTION_OWN, OPTION_GEOIP, OPTION_FLOWS, OPTION_PRINCIPALS, OPTION_NDPI, OPTION_BUDGET, OPTION_MAX_FLOWS,
	OPTION_MAX_PAIRS, OPTION_JOBS,
};

struct analyze_options {
	struct result_options result;
	struct analysis_options analysis;
	struct report_options report;
	struct inventory *inventory;
	struct geoip *geoip;
};

static bool
load_cluster(struct analyze_options *o, const char *path)
{
	char error[1024];

	if (o->inventory == NULL)
		o->inventory = inventory_new();
	if (cluster_json_load(o->inventory, path, error, sizeof(error)))
		return true;
	complain("%s", error);
	return false;
}

static bool
load_geoip(struct analyze_options *o, const char *path)
{
	char error[1024];

	if (o->geoip == NULL)
		o->geoip = geoip_new();
	if (geoip_open(o->geoip, path, error, sizeof(error)))
		return true;
	complain("%s", error);
	return false;
}

static bool
parse_ndpi(const char *value, enum ndpi_mode *out)
{
	static const char *const modes[] = { [NDPI_FALLBACK] = "fallback", [NDPI_ALWAYS] = "always", [NDPI_OFF] = "off" };

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], value) == 0) {
			*out = (enum ndpi_mode)i;
			return true;
		}
	complain("--ndpi: \"%s\" is not one of fallback, always, off", value);
	return false;
}

static bool
parse_own_option(struct analyze_options *o, int option, const char *value)
{
	unsigned long long number;

	switch (option) {
	case OPTION_CLUSTER:
		return load_cluster(o, value);
	case OPTION_GEOIP:
		return load_geoip(o, value);
	case OPTION_FLOWS:
		o->result.show.flows = o->report.keep_flows = true;
		return true;
	case OPTION_PRINCIPALS:
		o->result.show.principals = o->analysis.worker.inspector.principals = true;
		return true;
	case OPTION_NDPI:
		return parse_ndpi(value, &o->analysis.worker.inspector.ndpi);
	case OPTION_BUDGET:
		if (!parse_size("--budget", value, 1024, 256 * 1024, &number))
			return false;
		o->analysis.worker.inspector.budget = (uint32_t)number;
		return true;
	case OPTION_MAX_FLOWS:
		if (!parse_size("--max-flows", value, 16, 1 << 28, &number))
			return false;
		o->analysis.worker.table.max_flows = (uint32_t)number;
		return true;
	case OPTION_MAX_PAIRS:
		if (!parse_size("--max-pairs", value, 1, 100000000, &number))
			return false;
		o->report.max_pairs = (size_t)number;
		return true;
	case OPTION_JOBS:
		if (!parse_size("--jobs", value, 1, 256, &number))
			return false;
		o->analysis.jobs = (unsigned)number;
		return true;
	default:
		return parse_result_option(&o->result, option, value);
	}
}

/* True to go on; else *code is the exit code. */
static bool
parse_options(struct analyze_options *o, int argc, char **argv, int *code)
{
	static const struct option long_options[] = {
		RESULT_OPTIONS,
		{ "cluster", required_argument, NULL, OPTION_CLUSTER },
		{ "geoip", required_argument, NULL, OPTION_GEOIP },
		{ "flows", no_argument, NULL, OPTION_FLOWS },
		{ "show-principals", no_argument, NULL, OPTION_PRINCIPALS },
		{ "ndpi", required_argument, NULL, OPTION_NDPI },
		{ "budget", required_argument, NULL, OPTION_BUDGET },
		{ "max-flows", required_argument, NULL, OPTION_MAX_FLOWS },
		{ "max-pairs", required_argument, NULL, OPTION_MAX_PAIRS },
		{ "jobs", required_argument, NULL, OPTION_JOBS },
		{ 0 },
	};
	int c;

	*code = EXIT_ERROR;
	while ((c = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		if (c == 'h') {
			printf("%s%s", help, result_options_help);
			*code = EXIT_DONE;
			return false;
		}
		if (!parse_own_option(o, c, optarg))
			return false;
	}
	if (optind == argc) {
		complain("analyze: no capture was named (podwire analyze --help)");
		return false;
	}
	if (argc - optind > UINT16_MAX) {
		complain("analyze: more than %d captures at once", UINT16_MAX);
		return false;
	}
	for (int i = optind; i < argc; i++)
		if (o->analysis.jobs > 1 && strcmp(argv[i], "-") == 0) {
			complain("--jobs: standard input can be read by one process only");
			return false;
		}
	return true;
}

/* What became of the input, as an exit code. */
static int
input_code(const struct report *r)
{
	size_t unreadable = 0, partial = 0;

	for (size_t i = 0; i < r->file_count; i++) {
		unreadable += r->files[i].state == FILE_UNREADABLE;
		partial += r->files[i].state == FILE_PARTIAL;
	}
	if (unreadable == r->file_count)
		return EXIT_ERROR;
	return unreadable + partial > 0 ? EXIT_PARTIAL : EXIT_DONE;
}

static int
analyze(struct analyze_options *o, char **paths, size_t count)
{
	struct policy_set *set = load_policy_set(o->result.policy);
	struct report *r;
	char error[1024];
	int code = EXIT_ERROR;

	if (set == NULL)
		return EXIT_ERROR;
	o->report.inventory = o->inventory;
	o->report.geoip = o->geoip;
	r = report_new(&o->report);
	if (!analyze_files(r, paths, count, &o->analysis, error, sizeof(error))) {
		complain("%s", error);
	} else if ((code = input_code(r)) != EXIT_ERROR) {
		for (size_t i = 0; o->inventory != NULL && i < inventory_warning_count(o->inventory); i++)
			report_add_warning(r, inventory_warning(o->inventory, i));
		report_conclude(r, set);
		code = write_report(r, &o->result) ? judge(r, &o->result, code) : EXIT_ERROR;
	}
	report_free(r);
	policy_set_free(set);
	return code;
}

static int
run(int argc, char **argv)
{
	struct analyze_options o = {
		.result.show.limit = 50,
		.analysis = {
			.worker = worker_defaults,
			.jobs = 1,
			.progress = isatty(STDERR_FILENO) == 1,
			.complain = complain,
		},
		.report.max_pairs = 10000,
	};
	int code;

	o.analysis.worker.table = flow_table_defaults;
	o.analysis.worker.inspector = inspector_defaults;
	if (parse_options(&o, argc, argv, &code))
		code = analyze(&o, argv + optind, (size_t)(argc - optind));
	inventory_free(o.inventory);
	geoip_free(o.geoip);
	return code;
}

const struct command analyze_command = {
	.name = "analyze",
	.arguments = "CAPTURE... [--cluster FILE]... [--policy FILE] [--format FORM] [--flows]",
	.summary = "score how the pairs in captures communicate",
	.run = run,
};
