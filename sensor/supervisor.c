/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor's first process: begins the others, ticks, reloads, ends. */
#include <config.h>

#include "supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cni_config.h"
#include "command.h"
#include "conntrack.h"
#include "isolation.h"
#include "log.h"
#include "state_file.h"

enum {
	SECONDS_BETWEEN_DELTAS = 2,  /* how far what is shown lags behind what was seen */
	SECONDS_BETWEEN_STATUS = 10, /* where nothing is seen */
	SECONDS_TO_STOP = 8,         /* for workers to conclude: less than the grace of a pod */
};

static int64_t
read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
supervisor_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
supervisor_steady(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

/* Deltas. */

void
supervisor_begin_delta(struct supervisor *s)
{
	const struct report_options options = { .inventory = s->feed.inventory, .geoip = s->geoip, .max_pairs = s->options->max_pairs };

	report_free(s->delta);
	s->delta = report_new(&options);
	for (uint32_t i = 0; i < s->slots.count; i++)
		report_add_file(s->delta, s->slots.slots[i].name);
}

void
supervisor_give_delta(struct supervisor *s)
{
	struct report *delta = s->delta;

	s->delta = NULL;
	supervisor_begin_delta(s);
	judge_give(s->judge, delta, &s->status);
}

void
supervisor_count_flow(struct supervisor *s, const struct flow_record *r)
{
	struct record_sink sink = report_sink(s->delta);
	struct flow_record copy;

	if (supervisor_cluster_complete(s, r, &copy))
		r = &copy;
	sink.flow(sink.context, r);
	if (r->withdrawn == 0)
		supervisor_show_flow(s, r);
}

/* Time. */

/* Where nothing came the judge is told of the status alone; names wait for the flows that they belong to. */
static void
tell_judge(struct supervisor *s)
{
	if (s->delta->pair_count > 0)
		supervisor_give_delta(s);
	else
		judge_give(s->judge, NULL, &s->status);
}

/* Whether what /readyz says is new: who asks /metrics then is not to hear otherwise. */
static bool
has_news(struct supervisor *s)
{
	bool news = s->ticks == 1 || s->told.capturing != s->status.capturing || s->told.synced != s->status.synced;

	s->told.capturing = s->status.capturing;
	s->told.synced = s->status.synced;
	return news;
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *s = context;
	int64_t now = supervisor_now();

	(void)fd;
	(void)what;
	s->ticks++;
	s->status.now = now;
	supervisor_capture_tick(s, now);
	supervisor_cluster_tick(s, now);
	supervisor_outputs_tick(s);
	log_tick();
	if (has_news(s) || s->ticks % SECONDS_BETWEEN_STATUS == 0 || (s->ticks % SECONDS_BETWEEN_DELTAS == 0 && s->delta->flows > 0))
		tell_judge(s);
	if (s->stopping && (supervisor_capture_over(s) || supervisor_steady() >= s->stop_deadline))
		event_base_loopbreak(s->base);
}

static void
begin_tick(struct supervisor *s, const struct timeval *interval)
{
	if (s->tick != NULL)
		event_free(s->tick);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (s->tick == NULL || event_add(s->tick, interval) != 0)
		abort();
}

/* Signals. */

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	static const struct timeval soon = { .tv_usec = 50000 };
	struct supervisor *s = context;

	(void)what;
	if (number == SIGHUP) {
		supervisor_reload(s);
		return;
	}
	if (s->stopping) {
		event_base_loopbreak(s->base);
		return;
	}
	s->stopping = true;
	s->stop_deadline = supervisor_steady() + SECONDS_TO_STOP * INT64_C(1000000000);
	log_info("told to stop: open flows are concluded", log_text("by", strsignal((int)number)));
	supervisor_capture_stop(s);
	begin_tick(s, &soon);
}

static void
begin_signals(struct supervisor *s)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		s->signals[i] = evsignal_new(s->base, numbers[i], on_signal, s);
		if (s->signals[i] == NULL || event_add(s->signals[i], NULL) != 0)
			abort();
	}
}

/* The judge. */

static void
on_judge(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *s = context;

	(void)fd;
	(void)what;
	judge_poll(s->judge);
}

static void
on_judge_trouble(void *context, enum judge_trouble trouble, const char *line)
{
	static const struct {
		enum warning warning;
		const char *message;
	} told[] = {
		[JUDGE_STATE_DAMAGED] = { WARNING_STATE_DAMAGED, "the state could not be read back" },
		[JUDGE_STATE_NOT_SAVED] = { WARNING_STATE_NOT_SAVED, "the state could not be saved" },
	};

	log_warn(told[trouble].message, log_text("reason", line));
	supervisor_warn(context, told[trouble].warning, &(struct warning_details){ .texts = { line } });
}

/* A place where nothing can be saved is told of now, not when there is something to save. */
static void
check_state_place(struct supervisor *s)
{
	char line[PATH_MAX + 128];

	if (s->options->state != NULL && !state_file_may_save(s->options->state, line, sizeof(line)))
		on_judge_trouble(s, JUDGE_STATE_NOT_SAVED, line);
}

static bool
begin_judge(struct supervisor *s, struct policy_set *set)
{
	const struct judge_options options = {
		.window = s->options->window,
		.expire = s->options->expire,
		.max_pairs = s->options->max_pairs,
		.policies = set,
		.state_path = s->options->state,
		.state_interval = s->options->state_interval,
		.on_snapshot = supervisor_on_snapshot,
		.log = on_judge_trouble,
		.context = s,
	};
	char error[1024];

	if ((s->judge = judge_new(&options, error, sizeof(error))) == NULL) {
		complain("%s", error);
		return false;
	}
	s->judge_event = event_new(s->base, judge_fd(s->judge), EV_READ | EV_PERSIST, on_judge, s);
	if (s->judge_event == NULL || event_add(s->judge_event, NULL) != 0)
		abort();
	return true;
}

/* Beginning and end. */

void
monitor_defaults(struct monitor_options *o)
{
	*o = (struct monitor_options){
		.cni_directory = CNI_CONFIG_DIRECTORY,
		.launcher = {
			.workers = 1,
			.worker = { .worker = worker_defaults, .capture = live_defaults, .memory = (uint64_t)512 << 20 },
		},
		.relist_spread = INT64_C(30000000000),
		.pod_wait = INT64_C(10000000000),
		.window = INT64_C(3600000000000),
		.expire = INT64_C(3600000000000),
		.max_pairs = 10000,
		.http.listen = http_default_listen,
		.log_level = LOG_LEVEL_INFO,
		.state_interval = INT64_C(60000000000),
	};
	o->launcher.worker.worker.table = flow_table_defaults;
	o->launcher.worker.worker.inspector = inspector_defaults;
	worker_options_live(&o->launcher.worker.worker);
}

static void
supervisor_free(struct supervisor *s)
{
	/* The judge goes first: it may still look at what the outputs have. */
	if (s->judge_event != NULL)
		event_free(s->judge_event);
	if (s->judge != NULL)
		judge_free(s->judge);
	supervisor_cluster_end(s);
	supervisor_outputs_end(s);
	supervisor_capture_end(s);
	for (size_t i = 0; i < sizeof(s->signals) / sizeof(s->signals[0]); i++)
		if (s->signals[i] != NULL)
			event_free(s->signals[i]);
	if (s->tick != NULL)
		event_free(s->tick);
	report_free(s->delta);
	cluster_feed_clear(&s->feed);
	geoip_free(s->geoip);
	if (s->base != NULL)
		event_base_free(s->base);
	free(s);
}

static bool
load_geoip(struct supervisor *s)
{
	char error[1024];

	for (size_t i = 0; i < s->options->geoip_file_count; i++) {
		if (s->geoip == NULL)
			s->geoip = geoip_new();
		if (!geoip_open(s->geoip, s->options->geoip_files[i], error, sizeof(error))) {
			complain("%s", error);
			return false;
		}
	}
	return true;
}

/* All that may be wrong with what was asked for, before anything begins. */
static bool
check_options(const struct monitor_options *o)
{
	char error[1024];

	if (o->launcher.worker.capture.filter != NULL && !live_check_filter(o->launcher.worker.capture.filter, o->launcher.worker.capture.snaplen, error, sizeof(error))) {
		complain("--filter: %s", error);
		return false;
	}
	if (!isolation_may_capture(error, sizeof(error))) {
		complain("%s", error);
		return false;
	}
	return true;
}

/* From one process to several: before there is a thread or a connection. */
static bool
begin_processes(struct supervisor *s)
{
	struct launcher_options *launcher = calloc(1, sizeof(*launcher));
	char error[1024];
	bool begun;

	if (launcher == NULL)
		abort();
	*launcher = s->options->launcher;
	launcher->user = s->options->user;
	launcher->worker.capture.promiscuous = s->options->promiscuous;
	launcher->worker.worker.inspector.principals = s->options->principals;
	begun = launcher_start(&s->launcher, launcher, error, sizeof(error));
	/* Where it may not be opened, which is the rule, connection tracking tells nothing. */
	if (begun && (s->conntrack_fd = conntrack_open(error, sizeof(error))) < 0)
		log_debug("connection tracking is not heard", log_text("reason", error));
	begun = begun && isolation_supervisor(s->options->user, error, sizeof(error));
	free(launcher);
	if (!begun)
		complain("%s", error);
	return begun;
}

static bool
begin(struct supervisor *s, struct policy_set *set)
{
	static const struct timeval one_second = { .tv_sec = 1 };

	if (!begin_processes(s)) {
		policy_set_free(set);
		return false;
	}
	if ((s->base = event_base_new()) == NULL)
		abort();
	if (!supervisor_events_begin(s)) {
		policy_set_free(set);
		return false;
	}
	if (!begin_judge(s, set))
		return false;
	check_state_place(s);
	supervisor_begin_delta(s);
	if (!supervisor_outputs_begin(s) || !supervisor_cluster_begin(s) || !supervisor_capture_begin(s))
		return false;
	begin_signals(s);
	begin_tick(s, &one_second);
	log_info("begun", log_text("version", PACKAGE_VERSION), log_number("workers", s->options->launcher.workers), log_text("node", s->status.node[0] != '\0' ? s->status.node : NULL),
		log_text("policy", s->options->policy), log_text("state", s->options->state));
	return true;
}

/* Reports are made in one thread and freed in another: of the memory that each keeps for itself little comes back. */
static void
spare_memory(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

/* Where a standard descriptor was closed, the next one opened would take its place, and events or log lines would go into it. */
static bool
keep_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int
monitor_run(const struct monitor_options *o)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	struct policy_set *set;
	int code = EXIT_ERROR;

	if (s == NULL || !keep_standard_descriptors())
		abort();
	spare_memory();
	log_set_level(o->log_level);
	(void)signal(SIGPIPE, SIG_IGN);
	s->options = o;
	s->launcher.fd = s->conntrack_fd = -1;
	s->status.started = s->status.now = supervisor_now();
	if (o->node != NULL)
		snprintf(s->status.node, sizeof(s->status.node), "%s", o->node);
	set = check_options(o) ? load_policy_set(o->policy) : NULL;
	if (set == NULL || !load_geoip(s) || !supervisor_cluster_load(s)) {
		policy_set_free(set);
	} else if (begin(s, set)) {
		(void)event_base_dispatch(s->base);
		supervisor_cluster_flush(s);
		supervisor_give_delta(s);
		code = s->failed ? EXIT_ERROR : EXIT_DONE;
	}
	supervisor_free(s);
	return code;
}
