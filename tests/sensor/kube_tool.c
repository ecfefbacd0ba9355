/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kubernetes client alone, for tests/scripts/kube_client_test.py. Commands on standard input,
 * one a line: "table" and "status" print one line of JSON; the end of input ends it.
 */
#include <config.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_table.h"
#include "sensor/kube_client.h"
#include "sensor/kube_target.h"

struct tool {
	struct event_base *base;
	struct kube_client *client;
	struct kube_table table;
};

static void
print_status(const struct tool *t)
{
	struct kube_kind_status status[KUBE_KIND_COUNT];

	kube_client_status(t->client, status);
	printf("{\"synced\":%s,\"time\":%" PRId64 ",\"flaw\":\"%s\"", kube_client_synced(t->client) ? "true" : "false", kube_client_time(t->client), t->table.flaw != NULL ? t->table.flaw : "");
	for (enum kube_kind k = 0; k < KUBE_KIND_COUNT; k++) {
		const struct kube_kind_status *s = &status[k];
		json_t *error = json_string(s->error);
		char *quoted = json_dumps(error, JSON_ENCODE_ANY);

		printf(",\"%s\":{\"wanted\":%d,\"synced\":%d,\"connected\":%d,\"refused\":%d,\"objects\":%" PRIu64 ",\"last_contact\":%" PRId64 ",\"events\":%" PRIu64 ",\"relists\":%" PRIu64
		       ",\"gone\":%" PRIu64 ",\"unauthorized\":%" PRIu64 ",\"forbidden\":%" PRIu64 ",\"throttled\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"requests\":%" PRIu64 ",\"error\":%s}",
			kube_kind_name(k), s->wanted, s->synced, s->connected, s->refused, s->objects, s->last_contact, s->events, s->relists, s->gone, s->unauthorized, s->forbidden, s->throttled,
			s->errors, s->bytes, s->requests, quoted);
		free(quoted);
		json_decref(error);
	}
	printf("}\n");
}

static void
on_input(evutil_socket_t fd, short events, void *context)
{
	struct tool *t = context;
	char line[64], *text;

	(void)fd;
	(void)events;
	if (fgets(line, sizeof(line), stdin) == NULL) {
		(void)event_base_loopbreak(t->base);
		return;
	}
	if (strncmp(line, "table", 5) == 0) {
		text = kube_table_text(&t->table);
		printf("%s\n", text);
		free(text);
	} else {
		print_status(t);
	}
	(void)fflush(stdout);
}

static void
on_log(void *context, enum kube_log_level level, const char *line)
{
	(void)context;
	fprintf(stderr, "%s %s\n", level == KUBE_LOG_WARN ? "warn" : "info", line);
}

static unsigned
kinds_of(const char *names)
{
	unsigned kinds = 0;

	for (enum kube_kind k = 0; k < KUBE_KIND_COUNT; k++)
		if (strstr(names, kube_kind_name(k)) != NULL)
			kinds |= 1U << k;
	return kinds;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "url", required_argument, NULL, 'u' }, { "ca", required_argument, NULL, 'c' }, { "token-file", required_argument, NULL, 't' }, { "kubeconfig", required_argument, NULL, 'k' },
		{ "in-cluster", required_argument, NULL, 'i' }, { "node", required_argument, NULL, 'n' }, { "kinds", required_argument, NULL, 'K' }, { "divisor", required_argument, NULL, 'd' },
		{ "spread", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
	};
	const char *url = NULL, *ca = NULL, *token = NULL, *kubeconfig = NULL, *directory = NULL;
	struct kube_config config = { .port = 0 };
	struct kube_options o = { .config = &config, .time_divisor = 1, .log = on_log };
	struct tool tool = { .base = NULL };
	char error[512] = "";
	struct event *input;
	struct kube_sink sink;
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'u': url = optarg; break;
		case 'c': ca = optarg; break;
		case 't': token = optarg; break;
		case 'k': kubeconfig = optarg; break;
		case 'i': directory = optarg; break;
		case 'n': o.node = optarg; break;
		case 'K': o.kinds = kinds_of(optarg); break;
		case 'd': o.time_divisor = atof(optarg); break;
		case 's': o.relist_spread = atof(optarg); break;
		default: return 1;
		}
	}
	if (kubeconfig != NULL)
		good = kube_config_load(&config, kubeconfig, error, sizeof(error));
	else if (directory != NULL)
		good = kube_config_in_cluster(&config, directory, error, sizeof(error));
	if (!good || !kube_config_override(&config, url, ca, token, error, sizeof(error))) {
		fprintf(stderr, "kube_tool: %s\n", error);
		return 1;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	tool.base = event_base_new();
	kube_table_init(&tool.table);
	sink = kube_table_sink(&tool.table);
	tool.client = kube_client_new(tool.base, &o, &sink);
	input = event_new(tool.base, 0, EV_READ | EV_PERSIST, on_input, &tool);
	if (tool.client == NULL || input == NULL || event_add(input, NULL) != 0)
		return 1;
	(void)event_base_dispatch(tool.base);
	kube_client_free(tool.client);
	event_free(input);
	event_base_free(tool.base);
	kube_table_clear(&tool.table);
	kube_config_clear(&config);
	return 0;
}
