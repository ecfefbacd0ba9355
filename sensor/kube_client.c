/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the reflectors, one for each kind, to connections, timers, the token and the clock. */
#include <config.h>

#include "kube_client.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "kube_http.h"
#include "kube_reflector.h"
#include "kube_token.h"

struct kind_client {
	struct kube_client *client;
	struct kube_reflector *reflector; /* NULL: not wanted */
	struct kube_http *http;
	struct event *timer;
};

struct kube_client {
	struct event_base *base;
	struct evdns_base *names; /* NULL: the host is an address */
	char *node;
	struct kube_token token;
	struct kube_sink sink;
	struct kind_client kinds[KUBE_KIND_COUNT];
};

static int64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct kube_time
time_now(void)
{
	return (struct kube_time){ .steady = clock_ns(CLOCK_MONOTONIC), .wall = clock_ns(CLOCK_REALTIME) };
}

static void
schedule(struct kind_client *k)
{
	int64_t wait = kube_reflector_due(k->reflector) - clock_ns(CLOCK_MONOTONIC);
	struct timeval after = { .tv_sec = 0 };

	if (wait > 0) { /* rounded up, so that the time has come when it fires */
		after.tv_sec = (time_t)(wait / 1000000000);
		after.tv_usec = (suseconds_t)(wait % 1000000000 / 1000 + 1);
		if (after.tv_usec >= 1000000) {
			after.tv_sec++;
			after.tv_usec -= 1000000;
		}
	}
	(void)evtimer_add(k->timer, &after);
}

static void
send_request(struct kind_client *k)
{
	struct kube_client *c = k->client;
	char error[512] = "";

	if (!kube_http_get(k->http, kube_reflector_target(k->reflector), kube_token_get(&c->token, clock_ns(CLOCK_MONOTONIC)), error, sizeof(error)))
		kube_reflector_ended(k->reflector, time_now(), KUBE_END_UNREACHABLE, error);
}

/* Does what is due now. */
static void
advance(struct kind_client *k)
{
	for (;;) {
		switch (kube_reflector_advance(k->reflector, time_now())) {
		case KUBE_DO_REQUEST:
			send_request(k);
			break;
		case KUBE_DO_DROP:
			kube_http_close(k->http);
			break;
		case KUBE_DO_NOTHING:
		default:
			schedule(k);
			return;
		}
	}
}

static void
on_timer(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	advance(context);
}

static void
on_head(void *context, const struct kube_head *head)
{
	struct kind_client *k = context;

	kube_reflector_head(k->reflector, time_now(), head);
}

static bool
on_body(void *context, const char *bytes, size_t size)
{
	static const struct timeval at_once = { .tv_sec = 0 };
	struct kind_client *k = context;

	if (kube_reflector_body(k->reflector, time_now(), bytes, size))
		return true;
	(void)evtimer_add(k->timer, &at_once); /* once the connection is closed */
	return false;
}

static void
on_ended(void *context, enum kube_end how, const char *why)
{
	struct kind_client *k = context;

	kube_reflector_ended(k->reflector, time_now(), how, why);
	if (kube_reflector_token_refused(k->reflector))
		kube_token_forget(&k->client->token);
	advance(k);
}

static uint64_t
seed(void)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = (uint64_t)clock_ns(CLOCK_MONOTONIC);
	return random;
}

static bool
start_kind(struct kube_client *c, enum kube_kind kind, const struct kube_options *o, const struct kube_sink *sink)
{
	static const struct timeval at_once = { .tv_sec = 0 };
	struct kind_client *k = &c->kinds[kind];
	const struct kube_http_callbacks callbacks = { .head = on_head, .body = on_body, .ended = on_ended, .context = k };
	const struct kube_reflector_options options = {
		.kind = kind,
		.node = c->node,
		.relist_spread = o->relist_spread > 0 ? o->relist_spread : 30,
		.time_divisor = o->time_divisor > 0 ? o->time_divisor : 1,
		.seed = seed(),
		.log = o->log,
		.log_context = o->log_context,
	};

	k->client = c;
	k->reflector = kube_reflector_new(&options, sink);
	k->http = kube_http_new(c->base, c->names, o->config, &callbacks);
	k->timer = evtimer_new(c->base, on_timer, k);
	return k->reflector != NULL && k->http != NULL && k->timer != NULL && evtimer_add(k->timer, &at_once) == 0;
}

/* A host that is a name is looked up without holding the loop; where that cannot be set up, in the loop. */
static void
find_names(struct kube_client *c, const struct kube_config *config)
{
	uint8_t address[16];
	size_t size;

	if (!kube_config_address(config, address, &size))
		c->names = evdns_base_new(c->base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
}

static void
set_token(struct kube_token *t, const struct kube_config *config, double divisor)
{
	t->path = config->token_file;
	t->lifetime = (int64_t)((double)KUBE_TOKEN_SECONDS * 1e9 / (divisor > 0 ? divisor : 1));
	t->value = config->token != NULL ? strdup(config->token) : NULL;
}

struct kube_client *
kube_client_new(struct event_base *base, const struct kube_options *options, const struct kube_sink *sink)
{
	struct kube_client *c = calloc(1, sizeof(*c));
	unsigned kinds = options->kinds != 0 ? options->kinds : KUBE_ALL_KINDS;

	if (c == NULL)
		return NULL;
	(void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	c->base = base;
	c->sink = *sink;
	c->node = options->node != NULL ? strdup(options->node) : NULL;
	set_token(&c->token, options->config, options->time_divisor);
	find_names(c, options->config);
	for (enum kube_kind kind = 0; kind < KUBE_KIND_COUNT; kind++)
		if ((kinds & 1U << kind) != 0 && !start_kind(c, kind, options, sink)) {
			kube_client_free(c);
			return NULL;
		}
	return c;
}

void
kube_client_free(struct kube_client *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < KUBE_KIND_COUNT; i++) {
		struct kind_client *k = &c->kinds[i];

		kube_http_free(k->http);
		kube_reflector_free(k->reflector);
		if (k->timer != NULL)
			event_free(k->timer);
	}
	if (c->names != NULL)
		evdns_base_free(c->names, 0);
	kube_token_clear(&c->token);
	free(c->node);
	free(c);
}

void
kube_client_pause(struct kube_client *c, bool paused)
{
	for (size_t i = 0; i < KUBE_KIND_COUNT; i++)
		if (c->kinds[i].http != NULL)
			kube_http_pause(c->kinds[i].http, paused);
}

void
kube_client_status(const struct kube_client *c, struct kube_kind_status out[KUBE_KIND_COUNT])
{
	for (enum kube_kind i = 0; i < KUBE_KIND_COUNT; i++) {
		out[i] = c->kinds[i].reflector != NULL ? *kube_reflector_status(c->kinds[i].reflector) : (struct kube_kind_status){ .synced = false };
		if (c->sink.count != NULL && out[i].wanted)
			out[i].objects = c->sink.count(c->sink.context, i);
	}
}

bool
kube_client_synced(const struct kube_client *c)
{
	for (size_t i = 0; i < KUBE_KIND_COUNT; i++) {
		const struct kube_kind_status *s = c->kinds[i].reflector != NULL ? kube_reflector_status(c->kinds[i].reflector) : NULL;

		if (s != NULL && !s->synced && (i == KUBE_PODS || !s->refused))
			return false;
	}
	return true;
}

int64_t
kube_client_time(const struct kube_client *c)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < KUBE_KIND_COUNT; i++) {
		const struct kube_kind_status *s = c->kinds[i].reflector != NULL ? kube_reflector_status(c->kinds[i].reflector) : NULL;

		if (s == NULL || !s->synced) {
			if (i == KUBE_PODS && s != NULL)
				return 0;
		} else if (oldest == 0 || s->last_contact < oldest) {
			oldest = s->last_contact;
		}
	}
	return oldest;
}
