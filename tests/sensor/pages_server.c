/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's pages over made-up pairs, for the tests that use real clients: everything of the
 * outputs, with the judge's thread, but no capture. Says "listening ADDRESS" and serves until it is
 * ended by a signal.
 *
 *     pages_server [KEY=VALUE]...   pairs=N, hostile=1, tick=1 (tells at the end how long the loop was held), and the options of the server
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
static struct sensor_status status;
static struct http_server *server;
static struct report *nothing; /* names for no flows */
static double last_tick, longest; /* ms of processor time */

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
	struct evidence_count n = { .flows = 1 + number % 7, .packets = { 10, 10 }, .bytes = { 1000, 5000 }, .first_seen = status.now, .last_seen = status.now };

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
	status.started = status.now - INT64_C(3600000000000);
	status.kubernetes = true;
	for (unsigned k = 0; k < KUBE_KIND_COUNT; k++) {
		status.kube[k].wanted = status.kube[k].synced = status.kube[k].connected = true;
		status.kube[k].last_contact = status.now;
	}
	status.inventory_time = status.now - INT64_C(1500000000);
	status.capturing = status.synced = true;
	status.interface_count = 2;
	(void)snprintf(status.interfaces[0].name, sizeof(status.interfaces[0].name), "cni0");
	(void)snprintf(status.interfaces[1].name, sizeof(status.interfaces[1].name), "veth\"1");
	status.worker_count = 1;
	status.workers[0].running = true;
}

/* The judge, with a watch on what writing costs. */

struct asked {
	void (*render)(FILE *, const struct snapshot *, void *);
	void *argument;
	void (*done)(void *context, char *text, size_t size);
	void *context;
};

static void
render(FILE *f, const struct snapshot *s, void *argument)
{
	struct asked *a = argument;
	struct timespec begin, end;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	a->render(f, s, a->argument);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	log_debug("rendered", log_decimal("cpu_ms", (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6));
}

static void
done(void *context, char *text, size_t size)
{
	struct asked *a = context;

	a->done(a->context, text, size);
	free(a);
}

static bool
ask(struct judge *j, void (*what)(FILE *, const struct snapshot *, void *), void *argument, void (*then)(void *context, char *text, size_t size), void *context)
{
	struct asked *a = malloc(sizeof(*a));

	if (a == NULL)
		abort();
	*a = (struct asked){ .render = what, .argument = argument, .done = then, .context = context };
	if (judge_ask(j, render, a, done, a))
		return true;
	free(a);
	return false;
}

static void
on_judge(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	judge_poll(context);
}

/* How long the loop was away from a timer that is due every few milliseconds. */
static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval period = { .tv_usec = 2000 };
	struct timespec now;
	double ms;

	(void)fd;
	(void)what;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	ms = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
	if (last_tick > 0 && ms - last_tick > longest)
		longest = ms - last_tick;
	last_tick = ms;
	(void)event_add(context, &period);
}

/* Keeps the status that the judge has up to date, as the sensor's minute would. */
static void
on_second(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	http_server_counters(server, &status.http);
	process_status_read(&status.process);
	judge_give(context, NULL, &status);
}

static const struct report *
names(void *context)
{
	(void)context;
	return nothing;
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
	unsigned pairs, hostile, tick;
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
		{ "pairs", NULL, &o->pairs }, { "hostile", NULL, &o->hostile }, { "tick", NULL, &o->tick },
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
serve(struct judge *judge, bool tick)
{
	struct event *events[] = {
		evsignal_new(base, SIGTERM, on_signal, NULL),
		evsignal_new(base, SIGINT, on_signal, NULL),
		event_new(base, judge_fd(judge), EV_READ | EV_PERSIST, on_judge, judge),
		event_new(base, -1, EV_PERSIST, on_second, judge),
		evtimer_new(base, on_tick, event_self_cbarg()),
	};
	const size_t count = sizeof(events) / sizeof(events[0]);

	for (size_t i = 0; i < 3; i++)
		(void)event_add(events[i], NULL);
	(void)event_add(events[3], &(struct timeval){ .tv_sec = 1 });
	printf("listening %s\n", http_server_address(server));
	(void)fflush(stdout);
	if (tick)
		(void)event_add(events[4], &(struct timeval){ .tv_usec = 1000 });
	(void)event_base_dispatch(base);
	if (tick)
		log_info("the loop was held", log_decimal("cpu_ms", longest));
	for (size_t i = 0; i < count; i++)
		event_free(events[i]);
}

/* The judge's first report is there before anybody can ask: else who asks at once sees nothing. */
static struct judge *
begin_judge(const struct options *o)
{
	struct report *delta = report_new(&(struct report_options){ 0 });
	struct judge *judge;
	char error[512];

	for (unsigned i = 0; i < o->pairs; i++)
		add_pair(delta, i, o->hostile != 0);
	judge = judge_new(&(struct judge_options){ .max_pairs = 100000, .policies = policy_set_default() }, error, sizeof(error));
	if (judge == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	judge_give(judge, delta, &status);
	return judge;
}

int
main(int argc, char **argv)
{
	struct options o = { .http.listen = "127.0.0.1:0", .http.routes = pages_routes };
	struct recent_flows *flows = recent_flows_new(0, 0);
	struct judge *judge;
	struct pages *pages;
	struct timespec now;
	char error[512];

	for (int i = 1; i < argc; i++)
		take_option(&o, argv[i]);
	log_set_level(LOG_LEVEL_DEBUG);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	status.now = (int64_t)now.tv_sec * 1000000000;
	fill_status();
	nothing = report_new(&(struct report_options){ 0 });
	base = event_base_new();
	judge = begin_judge(&o);
	pages = pages_new(&(struct pages_options){ .ask = ask, .judge = judge, .status = &status, .flows = flows, .names = names });
	o.http.context = pages;
	server = http_server_new(base, &o.http, error, sizeof(error));
	if (server == NULL)
		fprintf(stderr, "%s\n", error);
	else
		serve(judge, o.tick != 0);
	judge_free(judge);
	pages_free(pages);
	http_server_free(server);
	event_base_free(base);
	recent_flows_free(flows);
	report_free(nothing);
	return server == NULL;
}
