/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of a sensor: what its files share. One event loop; no packet is ever seen here.
 *
 *   supervisor.c          begins, ticks, ends
 *   supervisor_capture.c  interfaces, plans, workers and what they say
 *   supervisor_cluster.c  who is who: cluster files, the Kubernetes API, flows that wait for a pod
 *   supervisor_outputs.c  HTTP, events, status
 */
#ifndef PODWIRE_SUPERVISOR_H
#define PODWIRE_SUPERVISOR_H

#include <event2/event.h>

#include "cluster_feed.h"
#include "drop_watch.h"
#include "events.h"
#include "geoip.h"
#include "judge.h"
#include "links.h"
#include "messages.h"
#include "monitor.h"
#include "status.h"

struct supervisor;

/* A worker, as seen from here. */
struct worker_link {
	struct supervisor *supervisor;
	uint32_t index;
	pid_t pid;                     /* 0: it has ended */
	int fd;                        /* -1: there is none now */
	unsigned silent;               /* seconds since it said anything, or, without a socket, since it has none */
	struct event *readable, *writable;
	struct evbuffer *out;          /* what the socket has no room for yet */
	struct message_reader *reader;
	struct live_counters *last;    /* what it told last */
};

struct supervisor {
	const struct monitor_options *options;
	struct event_base *base;
	struct event *signals[3], *tick;
	bool stopping, failed;
	int64_t stop_deadline;
	uint64_t ticks;
	struct {
		bool capturing, synced;
	} told;                        /* the judge, last */

	/* Capture. */
	struct launcher launcher;
	struct event *launcher_event;
	struct worker_link workers[STATUS_WORKERS_MAX];
	struct links *links;
	struct event *links_event;
	char bridges[BRIDGES_MAX][IFNAMSIZ];
	size_t bridge_count;
	struct slot_table slots;
	struct capture_plan plan;
	uint64_t device_dropped[STATUS_INTERFACES_MAX]; /* by slot: the device's own counter, as last read */
	struct drop_watch drops;

	/* Who is who. */
	struct cluster_feed feed;
	struct geoip *geoip;
	int conntrack_fd;              /* opened before privileges are dropped; -1: not allowed */
	struct cluster_state *cluster; /* private to supervisor_cluster.c */

	/* Judging and outputs. */
	struct report *delta;          /* what came since the judge was given one */
	struct judge *judge;
	struct event *judge_event;
	struct output_state *outputs;  /* private to supervisor_outputs.c */
	struct sensor_status status;
};

/* Nanoseconds since 1970. */
int64_t supervisor_now(void);

/* Nanoseconds of a clock that nobody sets: for how long something takes. */
int64_t supervisor_steady(void);

/* Each begins its part; false, after a complaint, where it cannot. Each free ends it, begun or not. */
bool supervisor_capture_begin(struct supervisor *);
void supervisor_capture_end(struct supervisor *);
bool supervisor_cluster_load(struct supervisor *); /* files, with the rights that were given at start */
bool supervisor_cluster_begin(struct supervisor *);
void supervisor_cluster_flush(struct supervisor *); /* nothing waits any longer */
void supervisor_cluster_reload(struct supervisor *);

/* Whether connection tracking knows more of a record: it is in *out then. */
bool supervisor_cluster_complete(const struct supervisor *, const struct flow_record *, struct flow_record *out);
void supervisor_cluster_end(struct supervisor *);
bool supervisor_events_begin(struct supervisor *); /* before the judge, who tells of events */
bool supervisor_outputs_begin(struct supervisor *);
void supervisor_outputs_end(struct supervisor *);

/* Each second. */
void supervisor_capture_tick(struct supervisor *, int64_t now);
void supervisor_cluster_tick(struct supervisor *, int64_t now);
void supervisor_outputs_tick(struct supervisor *);

/* Tells every worker to conclude; capture is over once supervisor_capture_over(). */
void supervisor_capture_stop(struct supervisor *);
bool supervisor_capture_over(const struct supervisor *);

/* A record from a worker, checked: it may have to wait for a pod. */
void supervisor_flow(struct supervisor *, const struct flow_record *);

/* A record whose ends are as well known as they will be: counts it. */
void supervisor_count_flow(struct supervisor *, const struct flow_record *);

/* Begins an empty delta; and hands the judge the one there is first. */
void supervisor_begin_delta(struct supervisor *);
void supervisor_give_delta(struct supervisor *);

/* Events for people and machines that read standard output; the log has them as well where it matters. */
void supervisor_show_flow(struct supervisor *, const struct flow_record *);

/* A warning event; whoever calls it logs it as well. */
void supervisor_warn(struct supervisor *, enum warning, const struct warning_details *);

/* After each report of the judge, in its thread. */
void supervisor_on_snapshot(void *context, const struct snapshot *);

/* Reads files again that changed, or that SIGHUP asks for. */
void supervisor_reload(struct supervisor *);

#endif
