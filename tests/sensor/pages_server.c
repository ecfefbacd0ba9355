/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's pages over made-up pairs, for the tests that use real clients: everything of the
 * outputs but the capture and the judge's thread. Says "listening ADDRESS" and serves until it is
 * ended by a signal.
 *
 *     pages_server [KEY=VALUE]...   pairs=N, hostile=1, delay=MS, and the options of the server
 */
#include <config.h>

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dissectors/evidence.h"
#include "sensor/judge.h"
#include "sensor/log.h"
#include "sensor/pages.h"
#include "sensor/recent_flows.h"

static struct event_base *base;
static struct snapshot snapshot;
static struct sensor_status status;
static struct http_server *server;
static unsigned delay;

/* Pairs. */

/* Names that break whoever does not escape. */
static const char *const hostile_names[] = { "a\"b", "a\\b", "a\nb", "a{b=\"c\"}", "a\xff" "b", "\xc3\xa4", "# HELP x", "a,b=\"c\"" };
enum { HOSTILE_COUNT = sizeof(hostile_names) / sizeof(hostile_names[0]) };

static void
add_pair(struct report *r, unsigned number, bool hostile)
{
	static const struct {
		const char *protocol;
		uint8_t state, result;
		uint16_t port;
	} kinds[] = {
		{ "http", ENCRYPTION_PLAINTEXT, AUTH_NONE, 80 },
		{ "postgresql", ENCRYPTION_UPGRADED, AUTH_SUCCESS, 5432 },
		{ "tls", ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, 443 },
		{ "redis", ENCRYPTION_PLAINTEXT, AUTH_SUCCESS, 6379 },
	};
	char source[64], destination[64], service[160];
	struct peer from = { .namespace = "shop", .kind = "Deployment", .workload = source }, to = { .namespace = "data", .kind = "StatefulSet", .workload = destination };
	struct evidence_class e;
	struct evidence_count n = { .flows = 1 + number % 7, .packets = { 10, 10 }, .bytes = { 1000, 5000 }, .first_seen = snapshot.now, .last_seen = snapshot.now };

	(void)snprintf(source, sizeof(source), "frontend-deployment-%u", number);
	(void)snprintf(destination, sizeof(destination), "database-stateful-set-%u", number % 100);
	if (hostile) {
		(void)snprintf(source, sizeof(source), "%s", hostile_names[number % HOSTILE_COUNT]);
		from.namespace = hostile_names[(number + 3) % HOSTILE_COUNT];
	}
	(void)snprintf(service, sizeof(service), "data/%s", destination);
	n.example.ip_protocol = 6;
	for (unsigned i = 0; i < 2; i++) {
		unsigned kind = (number + i) % 4;

		memset(&e, 0, sizeof(e));
		e.protocol = kinds[kind].protocol;
		e.service = service;
		e.server_port = kinds[kind].port;
		e.ip_protocol = 6;
		e.state = kinds[kind].state;
		e.result = kinds[kind].result;
		e.method = e.result == AUTH_SUCCESS ? "cleartext-password" : NULL;
		e.by = e.state == ENCRYPTION_PLAINTEXT ? NULL : "tls";
		e.version = e.by != NULL ? "TLS1.3" : NULL;
		e.cipher = e.by != NULL ? "TLS_AES_128_GCM_SHA256" : NULL;
		e.strength = STRENGTH_EXCHANGE;
		e.payload = true;
		report_add_evidence(r, report_peer(r, &from), report_peer(r, &to), &e, &n);
	}
}

static void
fill_status(void)
{
	status.now = snapshot.now;
	status.started = snapshot.now - INT64_C(3600000000000);
	status.kubernetes = true;
	for (unsigned k = 0; k < KUBE_KIND_COUNT; k++) {
		status.kube[k].wanted = status.kube[k].synced = status.kube[k].connected = true;
		status.kube[k].last_contact = snapshot.now;
	}
	status.inventory_time = snapshot.now - INT64_C(1500000000);
	status.capturing = status.synced = true;
	status.interface_count = 2;
	(void)snprintf(status.interfaces[0].name, sizeof(status.interfaces[0].name), "cni0");
	(void)snprintf(status.interfaces[1].name, sizeof(status.interfaces[1].name), "veth\"1");
	status.worker_count = 1;
	status.workers[0].running = true;
}

/* As the judge would, some time later. */

struct asked {
	void (*done)(void *context, char *text, size_t size);
	void *context;
	char *text;
	size_t size;
};

static void
answer(evutil_socket_t fd, short what, void *argument)
{
	struct asked *a = argument;

	(void)fd;
	(void)what;
	a->done(a->context, a->text, a->size);
	free(a);
}

static bool
ask(struct judge *judge, void (*render)(FILE *, const struct snapshot *, void *), void *argument, void (*done)(void *context, char *text, size_t size), void *context)
{
	struct asked *a = calloc(1, sizeof(*a));
	struct timeval later = { .tv_sec = delay / 1000, .tv_usec = delay % 1000 * 1000 };
	struct timespec begin, end;
	FILE *f;

	(void)judge;
	if (a == NULL || (f = open_memstream(&a->text, &a->size)) == NULL)
		abort();
	http_server_counters(server, &status.http);
	process_status_read(&status.process);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	render(f, &snapshot, argument);
	if (fclose(f) != 0)
		abort();
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	log_debug("rendered", log_count("bytes", a->size), log_decimal("cpu_ms", (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6));
	a->done = done;
	a->context = context;
	return event_base_once(base, -1, EV_TIMEOUT, answer, a, &later) == 0;
}

static const struct report *
names(void *context)
{
	(void)context;
	return snapshot.report;
}

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	(void)context;
	(void)event_base_loopbreak(base);
}

/* Options. */

struct options {
	struct http_server_options http;
	unsigned pairs, hostile;
};

static void
take_option(struct options *o, const char *argument)
{
	const struct {
		const char *name;
		const char **text;
		unsigned *number;
	} known[] = {
		{ "listen", &o->http.listen, NULL }, { "cert", &o->http.tls_certificate, NULL }, { "key", &o->http.tls_key, NULL },
		{ "ca", &o->http.client_ca, NULL }, { "token", &o->http.token_file, NULL }, { "connections", NULL, &o->http.connections_max },
		{ "request", NULL, &o->http.request_ms }, { "idle", NULL, &o->http.idle_ms }, { "stall", NULL, &o->http.stall_ms },
		{ "pairs", NULL, &o->pairs }, { "hostile", NULL, &o->hostile }, { "delay", NULL, &delay },
	};
	const char *value = strchr(argument, '=');

	for (size_t i = 0; value != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != (size_t)(value - argument) || strncmp(known[i].name, argument, (size_t)(value - argument)) != 0)
			continue;
		if (known[i].text != NULL)
			*known[i].text = value + 1;
		else
			*known[i].number = (unsigned)strtoul(value + 1, NULL, 10);
		return;
	}
	fprintf(stderr, "unknown option: %s\n", argument);
	exit(2);
}

static void
serve(void)
{
	struct event *signals[2];

	for (int i = 0; i < 2; i++) {
		signals[i] = evsignal_new(base, i == 0 ? SIGTERM : SIGINT, on_signal, NULL);
		(void)event_add(signals[i], NULL);
	}
	printf("listening %s\n", http_server_address(server));
	(void)fflush(stdout);
	(void)event_base_dispatch(base);
	event_free(signals[0]);
	event_free(signals[1]);
}

int
main(int argc, char **argv)
{
	struct options o = { .http.listen = "127.0.0.1:0", .http.routes = pages_routes };
	struct report *r = report_new(&(struct report_options){ 0 });
	struct policy_set *set = policy_set_default();
	struct series *series = series_new(100000, INT64_C(3600000000000));
	struct recent_flows *flows = recent_flows_new(0, 0);
	struct pages *pages;
	struct timespec now;
	char error[512];

	for (int i = 1; i < argc; i++)
		take_option(&o, argv[i]);
	log_set_level(LOG_LEVEL_DEBUG);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	snapshot = (struct snapshot){ .report = r, .series = series, .status = &status, .now = (int64_t)now.tv_sec * 1000000000, .generation = 1 };
	fill_status();
	for (unsigned i = 0; i < o.pairs; i++)
		add_pair(r, i, o.hostile != 0);
	report_conclude(r, set);
	series_add(series, r, set, 1);
	series_add_findings(series, r);
	base = event_base_new();
	pages = pages_new(&(struct pages_options){ .ask = ask, .status = &status, .flows = flows, .names = names });
	o.http.context = pages;
	server = http_server_new(base, &o.http, error, sizeof(error));
	if (server == NULL)
		fprintf(stderr, "%s\n", error);
	else
		serve();
	pages_free(pages);
	http_server_free(server);
	event_base_free(base);
	recent_flows_free(flows);
	series_free(series);
	report_free(r);
	policy_set_free(set);
	return server == NULL;
}
