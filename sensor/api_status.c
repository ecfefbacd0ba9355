/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensor tells of itself as JSON, and whether it is ready. */
#include <config.h>

#include <string.h>

#include "api.h"
#include "json_writer.h"
#include "output_json_internal.h"
#include "packet.h"
#include "status.h"

static const char *const kind_names[KUBE_KIND_COUNT] = {
	[KUBE_PODS] = "pods", [KUBE_SERVICES] = "services", [KUBE_ENDPOINTSLICES] = "endpointslices",
	[KUBE_NODES] = "nodes", [KUBE_NAMESPACES] = "namespaces", [KUBE_NETWORKPOLICIES] = "networkpolicies",
};

static void
put_time(struct json_writer *w, const char *key, int64_t time)
{
	if (time != 0)
		json_time(w, key, time);
	else
		json_null(w, key);
}

static void
put_interfaces(struct json_writer *w, const struct sensor_status *s)
{
	json_open(w, "interfaces", '[');
	for (uint32_t i = 0; i < s->interface_count; i++) {
		const struct interface_status *n = &s->interfaces[i];

		if (!interface_status_shown(n))
			continue;
		json_open(w, NULL, '{');
		json_text(w, "name", n->name);
		json_flag(w, "captured", n->present);
		json_count(w, "packets", n->packets);
		json_count(w, "bytes", n->bytes);
		json_count(w, "dropped", n->interface_dropped);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
put_workers(struct json_writer *w, const struct sensor_status *s)
{
	json_open(w, "workers", '[');
	for (uint32_t i = 0; i < s->worker_count; i++) {
		const struct worker_status *n = &s->workers[i];

		json_open(w, NULL, '{');
		json_flag(w, "running", n->running);
		json_count(w, "restarts", n->restarts);
		json_count(w, "packets", n->packets);
		json_count(w, "bytes", n->bytes);
		json_count(w, "received", n->kernel_received);
		json_count(w, "dropped", n->kernel_dropped);
		json_count(w, "unread", n->unread);
		json_count(w, "forwarded", n->forwarded);
		json_count(w, "forward_dropped", n->forward_dropped);
		json_count(w, "flows_open", n->flows_open);
		json_count(w, "flows_evicted", n->evicted);
		json_count(w, "memory_bytes", n->memory);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
put_kind(struct json_writer *w, const char *name, const struct kube_kind_status *k)
{
	json_open(w, name, '{');
	json_flag(w, "synced", k->synced);
	json_flag(w, "connected", k->connected);
	json_flag(w, "refused", k->refused);
	json_count(w, "objects", k->objects);
	put_time(w, "last_contact", k->last_contact);
	json_count(w, "events", k->events);
	json_count(w, "relists", k->relists);
	json_count(w, "gone", k->gone);
	json_count(w, "unauthorized", k->unauthorized);
	json_count(w, "forbidden", k->forbidden);
	json_count(w, "throttled", k->throttled);
	json_count(w, "errors", k->errors);
	json_count(w, "bytes", k->bytes);
	json_count(w, "requests", k->requests);
	json_text(w, "error", k->error[0] != '\0' ? k->error : NULL);
	json_close(w, '}');
}

static void
put_kubernetes(struct json_writer *w, const struct sensor_status *s)
{
	if (!s->kubernetes) {
		json_null(w, "kubernetes");
		return;
	}
	json_open(w, "kubernetes", '{');
	for (unsigned i = 0; i < KUBE_KIND_COUNT; i++)
		if (s->kube[i].wanted)
			put_kind(w, kind_names[i], &s->kube[i]);
	json_close(w, '}');
}

static void
put_decode(struct json_writer *w, const struct worker_counters *c)
{
	json_open(w, "decode", '{');
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		json_count(w, packet_result_names[i], c->results[i]);
	json_close(w, '}');
	json_count(w, "duplicates", c->duplicates);
	json_count(w, "not_inspected", c->inspector.refused);
	json_count(w, "no_memory", c->inspector.no_memory);
}

static void
put_http(struct json_writer *w, const struct http_server_counters *h)
{
	json_open(w, "http", '{');
	json_count(w, "open", h->open);
	json_count(w, "connections", h->connections);
	json_count(w, "requests", h->requests);
	json_count(w, "refused", h->refused);
	json_count(w, "unauthorized", h->unauthorized);
	json_count(w, "timed_out", h->timed_out);
	json_count(w, "evicted", h->evicted);
	json_close(w, '}');
}

void
api_status_members(struct json_writer *w, const struct sensor_status *s)
{
	json_text(w, "version", PACKAGE_VERSION);
	json_text(w, "node", s->node[0] != '\0' ? s->node : NULL);
	put_time(w, "started", s->started);
	put_time(w, "time", s->now);
	json_flag(w, "ready", s->capturing && s->synced);
	json_flag(w, "capturing", s->capturing);
	json_flag(w, "synced", s->synced);
	put_interfaces(w, s);
	put_workers(w, s);
	put_decode(w, &s->counters);
	json_count(w, "flow_records", s->flow_records);
	json_count(w, "refused_messages", s->refused_messages);
	json_count(w, "pending_flows", s->pending_flows);
	put_kubernetes(w, s);
	json_count(w, "inventory_objects", s->inventory_objects);
	put_time(w, "inventory_time", s->inventory_time);
	json_open(w, "policy", '{');
	json_count(w, "loads", s->policy_loads);
	json_count(w, "errors", s->policy_errors);
	json_text(w, "error", s->policy_error[0] != '\0' ? s->policy_error : NULL);
	json_close(w, '}');
	json_open(w, "state", '{');
	put_time(w, "saved", s->state_saved);
	json_count(w, "errors", s->state_errors);
	json_close(w, '}');
	json_open(w, "events", '{');
	json_count(w, "written", s->events_written);
	json_count(w, "dropped", s->events_dropped);
	json_close(w, '}');
	put_http(w, &s->http);
}

void
api_status(FILE *out, const struct sensor_status *s)
{
	struct json_writer w = { .out = out };

	json_open(&w, NULL, '{');
	json_text(&w, "schema", "podwire.api/1");
	api_status_members(&w, s);
	json_close(&w, '}');
	putc('\n', out);
}

static void
add_line(char text[API_READY_SIZE], const char *a, const char *b)
{
	size_t used = strlen(text);

	(void)snprintf(text + used, API_READY_SIZE - used, "%s%s\n", a, b);
}

void
api_not_ready(const struct sensor_status *s, char text[API_READY_SIZE])
{
	bool told = false;

	*text = '\0';
	if (!s->capturing)
		add_line(text, "not capturing yet", "");
	if (s->synced)
		return;
	for (unsigned i = 0; s->kubernetes && i < KUBE_KIND_COUNT; i++)
		if (s->kube[i].wanted && !s->kube[i].synced && !s->kube[i].refused) {
			add_line(text, "not synced yet: ", kind_names[i]);
			told = true;
		}
	if (!told)
		add_line(text, "the inventory is not synced yet", "");
}
