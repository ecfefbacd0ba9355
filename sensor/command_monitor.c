/* SPDX-License-Identifier: Apache-2.0 */
/* `podwire monitor`: its options, each a row of a table. */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "command.h"
#include "monitor.h"

static const int64_t one_second = 1000000000;

/* How an option's value is read, and what it is put into. */
enum value_type {
	VALUE_FLAG,     /* bool; no value */
	VALUE_TEXT,     /* const char * */
	VALUE_TEXTS,    /* const char *[MONITOR_PATHS_MAX] and, at extra, its size_t count */
	VALUE_SIZE,     /* size_t, with k, M, G */
	VALUE_NUMBER,   /* uint32_t, the same */
	VALUE_DURATION, /* int64_t nanoseconds; s, m, h, d, else seconds */
	VALUE_CHOICE,   /* an enum: the index of a word in choices */
};

struct option_row {
	const char *name;
	enum value_type type;
	size_t offset, extra;
	unsigned long long minimum, maximum; /* of durations in seconds */
	const char *const *choices;
	size_t implies; /* offset of a bool that is set as well; NOTHING */
	const char *argument, *help;
};

#define AT(member) offsetof(struct monitor_options, member)
enum { NOTHING = -1 };

static const char *const scopes[] = { "cluster", "node", NULL };
static const char *const ndpi_modes[] = { [NDPI_FALLBACK] = "fallback", [NDPI_ALWAYS] = "always", [NDPI_OFF] = "off", NULL };

#define TEXT(member) .type = VALUE_TEXT, .offset = AT(member), .implies = (size_t)NOTHING
#define TEXTS(member, count) .type = VALUE_TEXTS, .offset = AT(member), .extra = AT(count), .implies = (size_t)NOTHING
#define FLAG(member) .type = VALUE_FLAG, .offset = AT(member), .implies = (size_t)NOTHING
#define SIZE(member, low, high) .type = VALUE_SIZE, .offset = AT(member), .minimum = low, .maximum = high, .implies = (size_t)NOTHING
#define NUMBER(member, low, high) .type = VALUE_NUMBER, .offset = AT(member), .minimum = low, .maximum = high, .implies = (size_t)NOTHING
#define DURATION(member, low, high) .type = VALUE_DURATION, .offset = AT(member), .minimum = low, .maximum = high, .implies = (size_t)NOTHING
#define CHOICE(member, words) .type = VALUE_CHOICE, .offset = AT(member), .choices = words, .implies = (size_t)NOTHING
#define KUBE_TEXT(member) .type = VALUE_TEXT, .offset = AT(member), .implies = AT(kubernetes)

static const struct option_row rows[] = {
	{ .help = "What is captured:" },
	{ "interface", TEXTS(interfaces, interface_count), .argument = "NAME", .help = "this interface, or those that match a glob; of a bridge also its ports (-i; more than once; default: the CNI's)" },
	{ "promiscuous", FLAG(promiscuous), .help = "hold bridges promiscuous instead of reading their ports: changes what happens on them" },
	{ "filter", TEXT(launcher.worker.capture.filter), .argument = "EXPRESSION", .help = "only packets that match (pcap-filter(7))" },
	{ "snaplen", NUMBER(launcher.worker.capture.snaplen, 256, 262144), .argument = "BYTES", .help = "of a packet, look at no more than these (default 16k)" },
	{ "ring-size", NUMBER(launcher.worker.capture.ring_size, 1 << 20, 1 << 30), .argument = "BYTES", .help = "memory of a worker for packets that wait (default 8M)" },
	{ "workers", NUMBER(launcher.workers, 1, LAUNCHER_WORKERS_MAX), .argument = "N", .help = "processes that share the packets (default 1)" },
	{ "max-flows", NUMBER(launcher.worker.worker.table.max_flows, 16, 1 << 28), .argument = "N", .help = "flows at a time in each worker (default 256k); the longest idle one makes room" },
	{ "budget", NUMBER(launcher.worker.worker.inspector.budget, 1024, 256 * 1024), .argument = "BYTES", .help = "look at so many bytes of each direction of a flow (default 64k)" },
	{ "ndpi", CHOICE(launcher.worker.worker.inspector.ndpi, ndpi_modes), .argument = "WHEN", .help = "labels by nDPI: fallback (default: what no dissector claims), always or off" },
	{ "user", TEXT(user), .argument = "NAME", .help = "where started as root, become this user (default: podwire, else nobody)" },
	{ .help = "Who is who:" },
	{ "kubernetes", FLAG(kubernetes), .help = "ask the API of the cluster the sensor runs in" },
	{ "kubeconfig", KUBE_TEXT(kubeconfig), .argument = "FILE", .help = "ask the API of its current context" },
	{ "kube-url", KUBE_TEXT(kube_url), .argument = "URL", .help = "ask this API" },
	{ "kube-ca", KUBE_TEXT(kube_ca), .argument = "FILE", .help = "which proves itself by this CA" },
	{ "kube-token-file", KUBE_TEXT(kube_token_file), .argument = "FILE", .help = "with the token in this file" },
	{ "pods", CHOICE(scope, scopes), .argument = "SCOPE", .help = "watch the pods of the cluster (default) or of this node alone" },
	{ "node", TEXT(node), .argument = "NAME", .help = "this node's name (default: NODE_NAME of the environment)" },
	{ "no-endpointslices", FLAG(no_endpointslices), .help = "do not watch them: Services are known by their selectors" },
	{ "relist-spread", DURATION(relist_spread, 1, 600), .argument = "TIME", .help = "take the tables anew within so long for each 1,000 objects, where the API lost its history (default 30s)" },
	{ "pod-wait", DURATION(pod_wait, 0, 300), .argument = "TIME", .help = "how long a flow waits for its pod to become known (default 10s)" },
	{ "cluster", TEXTS(cluster_files, cluster_file_count), .argument = "FILE", .help = "objects as kubectl get -o json prints them; read again when changed" },
	{ "geoip", TEXTS(geoip_files, geoip_file_count), .argument = "FILE", .help = "countries or networks of addresses outside (.mmdb)" },
	{ .help = "How it is judged:" },
	{ "policy", TEXT(policy), .argument = "FILE", .help = "by this policy set (default: the one built in); read again when changed" },
	{ "window", DURATION(window, 60, 30 * 86400), .argument = "TIME", .help = "scores are of the traffic of so long (default 1h)" },
	{ "expire", DURATION(expire, 60, 30 * 86400), .argument = "TIME", .help = "forget pairs not seen for so long (default 1h)" },
	{ "max-pairs", SIZE(max_pairs, 1, 100000000), .argument = "N", .help = "more pairs are folded into one, \"other\" (default 10000)" },
	{ "state", TEXT(state), .argument = "FILE", .help = "keep what was counted there, over restarts" },
	{ "state-interval", DURATION(state_interval, 1, 86400), .argument = "TIME", .help = "save it so often (default 60s)" },
	{ .help = "What is shown:" },
	{ "listen", TEXT(http.listen), .argument = "ADDRESS:PORT", .help = "serve metrics and the API there (default 127.0.0.1:19764); none: nowhere" },
	{ "tls-cert", TEXT(http.tls_certificate), .argument = "FILE", .help = "over TLS, with this certificate" },
	{ "tls-key", TEXT(http.tls_key), .argument = "FILE", .help = "and its key" },
	{ "client-ca", TEXT(http.client_ca), .argument = "FILE", .help = "to clients that show a certificate of this CA" },
	{ "token-file", TEXT(http.token_file), .argument = "FILE", .help = "to clients that know the token in this file" },
	{ "log-flows", FLAG(log_flows), .help = "print every flow as an event" },
	{ "show-principals", FLAG(principals), .help = "show user names" },
	{ "log-level", CHOICE(log_level, log_level_names), .argument = "LEVEL", .help = "error, warn, info (default) or debug" },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), OPTION_ROW = 256 };

static void
print_options(void)
{
	puts("usage: podwire monitor [-i NAME]... [--kubernetes | --cluster FILE] [--policy FILE] [--listen ADDRESS:PORT]\n\n"
	     "Watches the traffic of this node's containers until it is told to stop. Events go to standard\n"
	     "output, one JSON object a line; logs to standard error.");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char left[64];

		if (rows[i].name == NULL) {
			printf("\n%s\n", rows[i].help);
			continue;
		}
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument != NULL ? " " : "", rows[i].argument != NULL ? rows[i].argument : "");
		printf("  %-26s %s\n", left, rows[i].help);
	}
	puts("\n  -h, --help                 this text");
}

static bool
parse_duration(const struct option_row *row, const char *value, int64_t *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	for (size_t i = 0; value[0] >= '0' && value[0] <= '9' && errno == 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit && (*end == '\0' || end[1] == '\0') && n <= row->maximum) {
			n *= (unsigned long long)units[i].seconds;
			if (n < row->minimum || n > row->maximum)
				break;
			*out = (int64_t)n * one_second;
			return true;
		}
	complain("--%s: \"%s\" is not a time from %llus to %llus, as 90s, 15m, 1h or 2d", row->name, value, row->minimum, row->maximum);
	return false;
}

static bool
parse_choice(const struct option_row *row, const char *value, unsigned *out)
{
	char list[128] = "";

	for (unsigned i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], value) == 0) {
			*out = i;
			return true;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i == 0 ? "" : ", ", row->choices[i]);
	}
	complain("--%s: \"%s\" is not one of %s", row->name, value, list);
	return false;
}

static bool
add_text(const struct option_row *row, struct monitor_options *o, const char *value)
{
	const char **texts = (const char **)(void *)((char *)o + row->offset);
	size_t *count = (size_t *)(void *)((char *)o + row->extra);

	if (*count == MONITOR_PATHS_MAX) {
		complain("--%s: given more than %d times", row->name, MONITOR_PATHS_MAX);
		return false;
	}
	texts[(*count)++] = value;
	return true;
}

static bool
parse_value(const struct option_row *row, struct monitor_options *o, const char *value)
{
	void *at = (char *)o + row->offset;
	char name[40];
	unsigned long long number;
	unsigned choice;

	snprintf(name, sizeof(name), "--%s", row->name);
	if (row->implies != (size_t)NOTHING)
		*(bool *)((char *)o + row->implies) = true;
	switch (row->type) {
	case VALUE_FLAG:
		*(bool *)at = true;
		return true;
	case VALUE_TEXT:
		*(const char **)at = value;
		return true;
	case VALUE_TEXTS:
		return add_text(row, o, value);
	case VALUE_SIZE:
		if (!parse_size(name, value, row->minimum, row->maximum, &number))
			return false;
		*(size_t *)at = (size_t)number;
		return true;
	case VALUE_NUMBER:
		if (!parse_size(name, value, row->minimum, row->maximum, &number))
			return false;
		*(uint32_t *)at = (uint32_t)number;
		return true;
	case VALUE_DURATION:
		return parse_duration(row, value, at);
	case VALUE_CHOICE:
		if (!parse_choice(row, value, &choice))
			return false;
		*(uint32_t *)at = choice;
		return true;
	}
	return false;
}

/* A name that no interface can ever have would be waited for in vain. */
static bool
check_interfaces(const struct monitor_options *o)
{
	for (size_t i = 0; i < o->interface_count; i++) {
		const char *name = o->interfaces[i];

		if (name[0] != '\0' && (strpbrk(name, "*?[\\") != NULL || strlen(name) < IFNAMSIZ))
			continue;
		complain("--interface: \"%s\" is not the name of an interface, of 1 to %d characters, nor a glob", name, IFNAMSIZ - 1);
		return false;
	}
	return true;
}

/* What fits each by itself but not together. */
static bool
check_together(struct monitor_options *o)
{
	if (o->http.listen != NULL && strcmp(o->http.listen, "none") == 0)
		o->http.listen = NULL;
	if ((o->http.tls_certificate == NULL) != (o->http.tls_key == NULL)) {
		complain("--tls-cert and --tls-key: one is nothing without the other");
		return false;
	}
	if (o->http.client_ca != NULL && o->http.tls_certificate == NULL) {
		complain("--client-ca: clients show certificates over TLS only; give --tls-cert and --tls-key");
		return false;
	}
	if (o->kubernetes && o->cluster_file_count > 0) {
		complain("--cluster: the Kubernetes API is asked already; give one or the other");
		return false;
	}
	if (o->node == NULL)
		o->node = getenv("NODE_NAME");
	if (o->scope == SCOPE_NODE && (o->node == NULL || o->node[0] == '\0')) {
		complain("--pods node: this node's name is not known; give --node NAME, or NODE_NAME in the environment");
		return false;
	}
	return true;
}

static int
run(int argc, char **argv)
{
	static struct monitor_options o; /* large */
	struct option options[ROW_COUNT + 2];
	size_t count = 0;
	int c;

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].name != NULL)
			options[count++] = (struct option){ rows[i].name, rows[i].type == VALUE_FLAG ? no_argument : required_argument, NULL, OPTION_ROW + (int)i };
	options[count++] = (struct option){ "help", no_argument, NULL, 'h' };
	options[count] = (struct option){ 0 };
	monitor_defaults(&o);
	while ((c = getopt_long(argc, argv, "i:h", options, NULL)) != -1) {
		if (c == 'h') {
			print_options();
			return EXIT_DONE;
		}
		if (c == 'i' ? !add_text(&rows[1], &o, optarg) : c < OPTION_ROW || !parse_value(&rows[c - OPTION_ROW], &o, optarg))
			return EXIT_ERROR;
	}
	if (optind < argc) {
		complain("monitor: \"%s\" is no option; captures are read by podwire analyze", argv[optind]);
		return EXIT_ERROR;
	}
	return check_interfaces(&o) && check_together(&o) ? monitor_run(&o) : EXIT_ERROR;
}

const struct command monitor_command = {
	.name = "monitor",
	.arguments = "[-i NAME]... [--kubernetes | --cluster FILE] [--policy FILE] [--listen ADDRESS:PORT]",
	.summary = "watch this node's traffic, score it and serve metrics",
	.run = run,
};
