/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the sensor itself: what it captures and loses, what it knows of the cluster, what it costs. */
#include <config.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "log.h"
#include "metrics_text.h"
#include "series.h"
#include "status.h"

/* A member of a structure with its family: most metrics are no more. */
struct member {
	struct metric_family family;
	size_t offset;
	enum { MEMBER_COUNT, MEMBER_FLAG, MEMBER_TIME } type; /* uint64_t; bool; ns since 1970, absent while 0 */
};

static void
put_member(struct metrics_text *t, const struct member *m, const void *structure, const struct metrics_labels *l)
{
	const char *at = (const char *)structure + m->offset;
	uint64_t count;
	int64_t time;
	bool flag;

	switch (m->type) {
	case MEMBER_COUNT:
		memcpy(&count, at, sizeof(count));
		metrics_count(t, &m->family, l, count);
		break;
	case MEMBER_FLAG:
		memcpy(&flag, at, sizeof(flag));
		metrics_count(t, &m->family, l, flag);
		break;
	case MEMBER_TIME:
		memcpy(&time, at, sizeof(time));
		if (time != 0)
			metrics_value(t, &m->family, l, (double)time / 1e9);
		break;
	}
}

static void
only_label(struct metrics_labels *l, const char *name, const char *value)
{
	metrics_labels_clear(l);
	metrics_label(l, name, value);
}

#define COUNTER(name, help) { name, help, NULL, METRIC_COUNTER }
#define GAUGE(name, help) { name, help, NULL, METRIC_GAUGE }
#define BYTES(name, help, type) { name, help, "bytes", type }
#define SECONDS(name, help) { name, help, "seconds", METRIC_GAUGE }
#define COUNT_OF(s) ((size_t)(sizeof(s) / sizeof((s)[0])))

/* Capture. */

static const struct member interface_members[] = {
	{ COUNTER("podwire_capture_packets", "Packets of an interface that reached a worker"), offsetof(struct interface_status, packets), MEMBER_COUNT },
	{ BYTES("podwire_capture_bytes", "Bytes of these packets, as on the wire", METRIC_COUNTER), offsetof(struct interface_status, bytes), MEMBER_COUNT },
	{ GAUGE("podwire_capture_interface_present", "1 while the interface is captured"), offsetof(struct interface_status, present), MEMBER_FLAG },
};
static const struct metric_family capture_dropped = COUNTER("podwire_capture_dropped", "Packets lost before they were looked at: by the device (interface), for want of room in the ring (kernel), with a worker that died (unread) or between workers (forward), these three of all interfaces together");

static void
dropped(struct metrics_text *t, struct metrics_labels *l, const char *interface, const char *reason, uint64_t count)
{
	only_label(l, "interface", interface);
	metrics_label(l, "reason", reason);
	metrics_count(t, &capture_dropped, l, count);
}

static void
capture(struct metrics_text *t, struct metrics_labels *l, const struct sensor_status *s)
{
	uint64_t kernel = 0, unread = 0, forward = 0;

	for (size_t m = 0; m < COUNT_OF(interface_members); m++) {
		metrics_family(t, &interface_members[m].family);
		for (uint32_t i = 0; i < s->interface_count; i++) {
			if (!interface_status_shown(&s->interfaces[i]))
				continue;
			only_label(l, "interface", s->interfaces[i].name);
			put_member(t, &interface_members[m], &s->interfaces[i], l);
		}
	}
	for (uint32_t i = 0; i < s->worker_count; i++) {
		kernel += s->workers[i].kernel_dropped;
		unread += s->workers[i].unread;
		forward += s->workers[i].forward_dropped;
	}
	metrics_family(t, &capture_dropped);
	dropped(t, l, "all", "kernel", kernel);
	dropped(t, l, "all", "unread", unread);
	dropped(t, l, "all", "forward", forward);
	for (uint32_t i = 0; i < s->interface_count; i++)
		if (interface_status_shown(&s->interfaces[i]))
			dropped(t, l, s->interfaces[i].name, "interface", s->interfaces[i].interface_dropped);
}

/* Workers. */

static const struct member worker_members[] = {
	{ GAUGE("podwire_worker_running", "1 while the worker process runs"), offsetof(struct worker_status, running), MEMBER_FLAG },
	{ COUNTER("podwire_worker_restarts", "Times a worker process was started again"), offsetof(struct worker_status, restarts), MEMBER_COUNT },
	{ COUNTER("podwire_worker_packets", "Packets a worker has looked at"), offsetof(struct worker_status, packets), MEMBER_COUNT },
	{ COUNTER("podwire_worker_received", "Packets that the kernel passed to a worker's socket, those it dropped there included"), offsetof(struct worker_status, kernel_received), MEMBER_COUNT },
	{ COUNTER("podwire_worker_dropped", "Packets that the kernel dropped at a worker's socket"), offsetof(struct worker_status, kernel_dropped), MEMBER_COUNT },
	{ COUNTER("podwire_worker_forwarded", "Packets handed to the worker that has their connection"), offsetof(struct worker_status, forwarded), MEMBER_COUNT },
	{ BYTES("podwire_worker_resident_memory_bytes", "Resident memory of a worker process", METRIC_GAUGE), offsetof(struct worker_status, memory), MEMBER_COUNT },
};

static void
workers(struct metrics_text *t, struct metrics_labels *l, const struct sensor_status *s)
{
	char number[16];

	for (size_t i = 0; i < COUNT_OF(worker_members); i++) {
		metrics_family(t, &worker_members[i].family);
		for (uint32_t w = 0; w < s->worker_count; w++) {
			(void)snprintf(number, sizeof(number), "%u", w);
			only_label(l, "worker", number);
			put_member(t, &worker_members[i], &s->workers[w], l);
		}
	}
}

static const struct metric_family flow_entries = GAUGE("podwire_flow_table_entries", "Flows that are open now");
static const struct metric_family flow_evictions = COUNTER("podwire_flow_evictions", "Flows ended early to make room for others");
static const struct metric_family decoded = COUNTER("podwire_packets_decoded", "Packets by what became of them");
static const struct metric_family refused = COUNTER("podwire_inspection_refused", "Flows or bytes not inspected for want of room");

static void
flows(struct metrics_text *t, struct metrics_labels *l, const struct sensor_status *s)
{
	uint64_t open = 0, evicted = 0;

	for (uint32_t i = 0; i < s->worker_count; i++) {
		open += s->workers[i].flows_open;
		evicted += s->workers[i].evicted;
	}
	metrics_family(t, &flow_entries);
	metrics_count(t, &flow_entries, NULL, open);
	metrics_family(t, &flow_evictions);
	metrics_count(t, &flow_evictions, NULL, evicted);
	metrics_family(t, &decoded);
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++) {
		only_label(l, "result", packet_result_names[i]);
		metrics_count(t, &decoded, l, s->counters.results[i]);
	}
	metrics_family(t, &refused);
	only_label(l, "reason", "inspections");
	metrics_count(t, &refused, l, s->counters.inspector.refused);
	only_label(l, "reason", "memory");
	metrics_count(t, &refused, l, s->counters.inspector.no_memory);
}

/* Kubernetes. */

static const char *const kind_names[KUBE_KIND_COUNT] = {
	[KUBE_PODS] = "pods", [KUBE_SERVICES] = "services", [KUBE_ENDPOINTSLICES] = "endpointslices",
	[KUBE_NODES] = "nodes", [KUBE_NAMESPACES] = "namespaces", [KUBE_NETWORKPOLICIES] = "networkpolicies",
};

static const struct member kube_members[] = {
	{ GAUGE("podwire_kubernetes_watch_synced", "1 once a whole list was taken in"), offsetof(struct kube_kind_status, synced), MEMBER_FLAG },
	{ GAUGE("podwire_kubernetes_watch_connected", "1 while a watch is open"), offsetof(struct kube_kind_status, connected), MEMBER_FLAG },
	{ GAUGE("podwire_kubernetes_watch_objects", "Objects known"), offsetof(struct kube_kind_status, objects), MEMBER_COUNT },
	{ SECONDS("podwire_kubernetes_watch_last_contact_timestamp_seconds", "When the API server last said anything, bookmarks included"), offsetof(struct kube_kind_status, last_contact), MEMBER_TIME },
	{ COUNTER("podwire_kubernetes_watch_events", "Events taken in"), offsetof(struct kube_kind_status, events), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_relists", "Whole lists asked for"), offsetof(struct kube_kind_status, relists), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_gone", "Answers that the resource version is too old (410)"), offsetof(struct kube_kind_status, gone), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_unauthorized", "Answers 401"), offsetof(struct kube_kind_status, unauthorized), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_forbidden", "Answers 403"), offsetof(struct kube_kind_status, forbidden), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_throttled", "Answers 429"), offsetof(struct kube_kind_status, throttled), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_errors", "Connections and answers that failed in another way"), offsetof(struct kube_kind_status, errors), MEMBER_COUNT },
	{ COUNTER("podwire_kubernetes_watch_requests", "Requests made"), offsetof(struct kube_kind_status, requests), MEMBER_COUNT },
	{ BYTES("podwire_kubernetes_watch_received_bytes", "Bytes of answers", METRIC_COUNTER), offsetof(struct kube_kind_status, bytes), MEMBER_COUNT },
};

static const struct metric_family inventory_age = SECONDS("podwire_inventory_age_seconds", "Time since what is known of the cluster was last known to be right");

static void
kubernetes(struct metrics_text *t, struct metrics_labels *l, const struct sensor_status *s, int64_t now)
{
	for (size_t i = 0; i < COUNT_OF(kube_members); i++) {
		metrics_family(t, &kube_members[i].family);
		for (unsigned k = 0; s->kubernetes && k < KUBE_KIND_COUNT; k++) {
			if (!s->kube[k].wanted)
				continue;
			only_label(l, "kind", kind_names[k]);
			put_member(t, &kube_members[i], &s->kube[k], l);
		}
	}
	metrics_family(t, &inventory_age);
	if (s->inventory_time != 0)
		metrics_value(t, &inventory_age, NULL, now > s->inventory_time ? (double)(now - s->inventory_time) / 1e9 : 0);
}

/* The rest of the process. */

static const struct member members[] = {
	{ GAUGE("podwire_capturing", "1 while packets are captured"), offsetof(struct sensor_status, capturing), MEMBER_FLAG },
	{ GAUGE("podwire_synced", "1 once the inventory is whole, and where none is asked for"), offsetof(struct sensor_status, synced), MEMBER_FLAG },
	{ GAUGE("podwire_inventory_objects", "Objects of the cluster that addresses are resolved with"), offsetof(struct sensor_status, inventory_objects), MEMBER_COUNT },
	{ COUNTER("podwire_duplicate_packets", "Packets seen again and not counted"), offsetof(struct sensor_status, counters.duplicates), MEMBER_COUNT },
	{ COUNTER("podwire_flow_records", "Flow records taken from workers"), offsetof(struct sensor_status, flow_records), MEMBER_COUNT },
	{ COUNTER("podwire_refused_messages", "Messages of workers that were not believed"), offsetof(struct sensor_status, refused_messages), MEMBER_COUNT },
	{ GAUGE("podwire_pending_flows", "Flow records that wait for the pod of an address to be told"), offsetof(struct sensor_status, pending_flows), MEMBER_COUNT },
	{ COUNTER("podwire_policy_loads", "Policy sets taken into force"), offsetof(struct sensor_status, policy_loads), MEMBER_COUNT },
	{ COUNTER("podwire_policy_errors", "Policy sets refused; the one before stays in force"), offsetof(struct sensor_status, policy_errors), MEMBER_COUNT },
	{ SECONDS("podwire_state_saved_timestamp_seconds", "When the state was last saved"), offsetof(struct sensor_status, state_saved), MEMBER_TIME },
	{ COUNTER("podwire_state_errors", "Times the state could not be saved"), offsetof(struct sensor_status, state_errors), MEMBER_COUNT },
	{ COUNTER("podwire_events_written", "Event lines put in the queue to standard output"), offsetof(struct sensor_status, events_written), MEMBER_COUNT },
	{ COUNTER("podwire_events_dropped", "Event lines lost since nobody read them in time"), offsetof(struct sensor_status, events_dropped), MEMBER_COUNT },
	{ COUNTER("podwire_http_connections", "Connections taken by the HTTP server"), offsetof(struct sensor_status, http.connections), MEMBER_COUNT },
	{ COUNTER("podwire_http_requests", "Requests handed to their page"), offsetof(struct sensor_status, http.requests), MEMBER_COUNT },
	{ COUNTER("podwire_http_refused", "Requests answered with an error before any page saw them"), offsetof(struct sensor_status, http.refused), MEMBER_COUNT },
	{ COUNTER("podwire_http_unauthorized", "Requests without the right token"), offsetof(struct sensor_status, http.unauthorized), MEMBER_COUNT },
	{ COUNTER("podwire_http_timed_out", "Connections cut since a request or the reading of its answer took too long"), offsetof(struct sensor_status, http.timed_out), MEMBER_COUNT },
	{ COUNTER("podwire_http_evicted", "Connections closed to make room for others"), offsetof(struct sensor_status, http.evicted), MEMBER_COUNT },
	{ BYTES("process_resident_memory_bytes", "Resident memory of the supervisor", METRIC_GAUGE), offsetof(struct sensor_status, process.resident), MEMBER_COUNT },
	{ BYTES("process_virtual_memory_bytes", "Virtual memory of the supervisor", METRIC_GAUGE), offsetof(struct sensor_status, process.virtual_size), MEMBER_COUNT },
	{ GAUGE("process_open_fds", "Open file descriptors of the supervisor"), offsetof(struct sensor_status, process.open_files), MEMBER_COUNT },
	{ GAUGE("process_max_fds", "File descriptors it may open"), offsetof(struct sensor_status, process.max_files), MEMBER_COUNT },
	{ SECONDS("process_start_time_seconds", "When the supervisor began"), offsetof(struct sensor_status, process.start), MEMBER_TIME },
};

static const struct metric_family build_info = { "podwire_build", "The program's version", NULL, METRIC_INFO };
static const struct metric_family cpu_seconds = { "process_cpu_seconds", "Processor time of the supervisor", "seconds", METRIC_COUNTER };
static const struct metric_family log_lines_lost = COUNTER("podwire_log_lines_lost", "Log lines left out by rate, or since nobody read them");
static const struct metric_family snapshot_time = SECONDS("podwire_snapshot_timestamp_seconds", "When the scores and findings shown were made");
static const struct metric_family pairs_shown = GAUGE("podwire_pairs", "Pairs within the window");
static const struct metric_family series_shown = GAUGE("podwire_series", "Series kept, by what they count");
static const struct metric_family series_folded = COUNTER("podwire_series_folded_flows", "Flows counted as of the pair other, since there are too many pairs");
static const struct metric_family series_ignored = COUNTER("podwire_series_ignored_findings", "Findings not counted, since there are too many series");

static void
series_health(struct metrics_text *t, struct metrics_labels *l, const struct snapshot *snapshot)
{
	struct series_totals totals;

	series_totals(snapshot->series, &totals);
	metrics_family(t, &pairs_shown);
	metrics_count(t, &pairs_shown, NULL, snapshot->report->pair_count);
	metrics_family(t, &series_shown);
	only_label(l, "of", "pairs");
	metrics_count(t, &series_shown, l, totals.pairs);
	only_label(l, "of", "traffic");
	metrics_count(t, &series_shown, l, totals.traffic);
	only_label(l, "of", "findings");
	metrics_count(t, &series_shown, l, totals.findings);
	metrics_family(t, &series_folded);
	metrics_count(t, &series_folded, NULL, totals.folded_flows);
	metrics_family(t, &series_ignored);
	metrics_count(t, &series_ignored, NULL, totals.ignored_findings);
	metrics_family(t, &snapshot_time);
	metrics_value(t, &snapshot_time, NULL, (double)snapshot->now / 1e9);
}

void
metrics_sensor(struct metrics_text *t, const struct snapshot *snapshot)
{
	const struct sensor_status *s = snapshot->status;
	struct metrics_labels l = { 0 };

	capture(t, &l, s);
	workers(t, &l, s);
	flows(t, &l, s);
	kubernetes(t, &l, s, snapshot->now);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		metrics_family(t, &members[i].family);
		put_member(t, &members[i], s, NULL);
	}
	metrics_family(t, &cpu_seconds);
	metrics_value(t, &cpu_seconds, NULL, s->process.cpu_seconds);
	metrics_family(t, &log_lines_lost);
	metrics_count(t, &log_lines_lost, NULL, log_lost());
	series_health(t, &l, snapshot);
	metrics_family(t, &build_info);
	only_label(&l, "version", PACKAGE_VERSION);
	metrics_label(&l, "node", s->node);
	metrics_count(t, &build_info, &l, 1);
	metrics_labels_free(&l);
}
