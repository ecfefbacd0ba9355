/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running sensor knows of itself: shown by /api/v1/status, /metrics and the status event.
 * Plain data, copied whenever another thread is to see it. Counters are of the whole life of the
 * process: a worker that was started again goes on where the last one ended.
 */
#ifndef PODWIRE_STATUS_H
#define PODWIRE_STATUS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "http_server.h"
#include "worker.h"

enum {
	STATUS_INTERFACES_MAX = 1024,
	STATUS_WORKERS_MAX = 64,
	STATUS_INTERFACE_SHOWN = 600, /* seconds for which one that is gone is still shown: a scraper reads its last counts */
};

struct interface_status {
	char name[IFNAMSIZ];
	bool present;               /* captured now */
	uint8_t directions;         /* enum plan_direction */
	uint32_t absent;            /* seconds since it was captured last */
	uint64_t packets, bytes;    /* that reached a worker */
	uint64_t interface_dropped; /* by the device itself, since it was first seen */
};

/* Interfaces of pods come and go for months. */
static inline bool
interface_status_shown(const struct interface_status *i)
{
	return i->present || i->absent < STATUS_INTERFACE_SHOWN;
}

struct worker_status {
	bool running;
	uint64_t restarts;
	uint64_t packets, bytes;
	uint64_t kernel_received, kernel_dropped; /* of its packet socket, all interfaces together */
	uint64_t unread;                          /* packets that a worker had when it died, and had not told of */
	uint64_t forwarded, forward_dropped;      /* packets of another worker's connections */
	uint64_t flows_open;
	uint64_t evicted;                         /* flows that made room */
	uint64_t memory;                          /* bytes resident */
};

/* The Kubernetes kinds that are watched, in this order. */
enum kube_kind { KUBE_PODS, KUBE_SERVICES, KUBE_ENDPOINTSLICES, KUBE_NODES, KUBE_NAMESPACES, KUBE_NETWORKPOLICIES, KUBE_KIND_COUNT };

struct kube_kind_status {
	bool synced;          /* a whole list was taken in since the start */
	bool connected;       /* a watch is open */
	uint64_t objects;
	int64_t last_contact; /* ns since 1970 of the last byte of a watch that is in step, or of a whole list; 0: never */
	uint64_t events, relists, gone, unauthorized, forbidden, throttled, errors; /* gone: 410, throttled: 429 */
	uint64_t bytes, requests;
	bool wanted;          /* it is asked for at all */
	bool refused;         /* 403 or 404, and since then no table or watch was granted */
	char error[128];      /* the last one, visible ASCII; "" while all is well */
};

/* This process, as the operating system sees it: process_status_read() fills it in. */
struct process_status {
	double cpu_seconds;
	uint64_t resident, virtual_size; /* bytes */
	uint64_t open_files, max_files;
	int64_t start;                   /* ns since 1970 */
};

/* 0 for what cannot be read. */
void process_status_read(struct process_status *);

struct sensor_status {
	int64_t started, now;       /* ns since 1970 */
	char node[256];             /* "" where not told */
	bool kubernetes;            /* an API is asked */
	struct kube_kind_status kube[KUBE_KIND_COUNT];
	uint64_t inventory_objects;
	int64_t inventory_time;     /* ns since 1970 at which it was last known to be right; 0: never, or no Kubernetes */
	bool capturing, synced;     /* ready is both */
	struct interface_status interfaces[STATUS_INTERFACES_MAX];
	uint32_t interface_count;
	struct worker_status workers[STATUS_WORKERS_MAX];
	uint32_t worker_count;
	struct worker_counters counters; /* summed over workers */
	uint64_t flow_records, refused_messages, pending_flows;
	uint64_t policy_loads, policy_errors;
	char policy_error[256];     /* of the last reload, "" where it went well */
	int64_t state_saved;        /* ns since 1970; 0: never */
	uint64_t state_errors, events_dropped, events_written;
	struct http_server_counters http;
	struct process_status process;
};

#endif
