/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensor shows: HTTP, events on standard output, its own status; and the files it reads again. */
#include <config.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "pages.h"
#include "recent_flows.h"
#include "reload.h"
#include "supervisor.h"

enum {
	SECONDS_BETWEEN_STATUS = 60,
	SECONDS_BETWEEN_LOOKS = 3, /* at files that may have changed */
};

struct output_state {
	struct http_server *http;
	struct pages *pages;
	struct events *events;
	struct recent_flows *recent;
	struct reload *policy_file, *cluster_files;
};

/* HTTP. */

static const struct report *
names_of(void *context)
{
	const struct supervisor *s = context;

	return s->delta;
}

static bool
begin_http(struct supervisor *s)
{
	const struct pages_options pages = {
		.ask = judge_ask,
		.judge = s->judge,
		.status = &s->status,
		.flows = s->outputs->recent,
		.names = names_of,
		.names_context = s,
		.principals = s->options->principals,
	};
	struct http_server_options options = s->options->http;
	char error[1024];

	if (options.listen == NULL)
		return true;
	s->outputs->pages = pages_new(&pages);
	options.routes = pages_routes;
	options.context = s->outputs->pages;
	if ((s->outputs->http = http_server_new(s->base, &options, error, sizeof(error))) == NULL) {
		complain("%s", error);
		return false;
	}
	log_info("serving metrics and the API", log_text("address", http_server_address(s->outputs->http)));
	if (http_server_is_open(s->outputs->http))
		log_warn("whoever reaches this address may read who talks to whom: neither a token nor a client certificate is asked for",
			log_text("address", http_server_address(s->outputs->http)));
	return true;
}

/* Files that are read again. */

static void
reload_policies(struct supervisor *s)
{
	struct policy_set *set = NULL;

	if (s->options->policy == NULL || reload_possible(&s->options->policy, 1, s->status.policy_error, sizeof(s->status.policy_error)))
		set = read_policy_set(s->options->policy, s->status.policy_error, sizeof(s->status.policy_error));
	if (set == NULL) {
		s->status.policy_errors++;
		log_error("policy set not taken: the one in force stays", log_text("reason", s->status.policy_error));
		supervisor_warn(s, WARNING_POLICY_REFUSED, &(struct warning_details){ .texts = { s->status.policy_error } });
		return;
	}
	s->status.policy_error[0] = '\0';
	s->status.policy_loads++;
	log_info("policy set read again", log_text("name", set->name));
	judge_set_policies(s->judge, set);
}

void
supervisor_reload(struct supervisor *s)
{
	log_info("told to read files again");
	reload_policies(s);
	if (s->options->cluster_file_count > 0)
		supervisor_cluster_reload(s);
}

static void
begin_reload(struct supervisor *s)
{
	if (s->options->policy != NULL)
		s->outputs->policy_file = reload_new(&s->options->policy, 1);
	if (s->options->cluster_file_count > 0)
		s->outputs->cluster_files = reload_new(s->options->cluster_files, s->options->cluster_file_count);
}

static void
look_at_files(struct supervisor *s)
{
	if (s->outputs->policy_file != NULL && reload_check(s->outputs->policy_file))
		reload_policies(s);
	if (s->outputs->cluster_files != NULL && reload_check(s->outputs->cluster_files))
		supervisor_cluster_reload(s);
}

/* Events. */

void
supervisor_on_snapshot(void *context, const struct snapshot *snapshot)
{
	struct supervisor *s = context;

	events_snapshot(s->outputs->events, snapshot);
}

void
supervisor_warn(struct supervisor *s, enum warning what, const struct warning_details *details)
{
	events_warning(s->outputs->events, what, details, supervisor_now());
}

void
supervisor_show_flow(struct supervisor *s, const struct flow_record *r)
{
	recent_flows_add(s->outputs->recent, r);
	if (s->options->log_flows)
		events_flow(s->outputs->events, r, s->delta, s->status.now);
}

/* The public face. */

bool
supervisor_events_begin(struct supervisor *s)
{
	const struct events_options options = { .fd = STDOUT_FILENO, .principals = s->options->principals };
	char error[1024];

	if ((s->outputs = calloc(1, sizeof(*s->outputs))) == NULL)
		abort();
	if ((s->outputs->events = events_new(&options, error, sizeof(error))) == NULL) {
		complain("%s", error);
		return false;
	}
	return true;
}

bool
supervisor_outputs_begin(struct supervisor *s)
{
	s->outputs->recent = recent_flows_new(0, 0);
	begin_reload(s);
	return begin_http(s);
}

void
supervisor_outputs_tick(struct supervisor *s)
{
	struct judge_status judged;
	struct events_counters counted;

	judge_status(s->judge, &judged);
	s->status.state_saved = judged.state_saved;
	s->status.state_errors = judged.state_errors;
	events_counters(s->outputs->events, &counted);
	s->status.events_dropped = counted.dropped;
	s->status.events_written = counted.written;
	if (s->outputs->http != NULL)
		http_server_counters(s->outputs->http, &s->status.http);
	process_status_read(&s->status.process);
	if (s->ticks % SECONDS_BETWEEN_LOOKS == 0)
		look_at_files(s);
	if (s->ticks % SECONDS_BETWEEN_STATUS == 0)
		events_status(s->outputs->events, &s->status);
}

void
supervisor_outputs_end(struct supervisor *s)
{
	struct output_state *o = s->outputs;

	if (o == NULL)
		return;
	pages_free(o->pages);
	http_server_free(o->http);
	events_free(o->events);
	recent_flows_free(o->recent);
	reload_free(o->policy_file);
	reload_free(o->cluster_files);
	free(o);
}
