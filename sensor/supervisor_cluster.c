/* SPDX-License-Identifier: Apache-2.0 */
/* Who is who: cluster files, the Kubernetes API, and flows that wait until their pod is known. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "background.h"
#include "cluster_json.h"
#include "command.h"
#include "conntrack.h"
#include "kube_client.h"
#include "log.h"
#include "pending.h"
#include "reload.h"
#include "supervisor.h"

/* What ended longer ago than a flow can be told of late is forgotten. */
static const int64_t keep_past = INT64_C(900000000000);

struct cluster_state {
	struct kube_config config;
	struct kube_client *client;
	struct pending *pending; /* NULL: no flow waits */
	struct conntrack *conntrack; /* NULL: not heard */
	struct event *conntrack_event;

	/* What takes long: a copy of the inventory without its past, or one of files that changed. */
	struct background *background;
	struct inventory *made; /* by the thread; NULL: it could not */
	int64_t keep_since;
	char error[1024];
	bool reload_again;      /* files changed while they were read */
};

/* The Kubernetes API. */

static void
on_kube_log(void *context, enum kube_log_level level, const char *line)
{
	(void)context;
	if (level == KUBE_LOG_INFO)
		log_info("kubernetes", log_text("line", line));
	else
		log_warn("kubernetes", log_text("line", line));
}

static bool
configure_kubernetes(struct supervisor *s)
{
	const struct monitor_options *o = s->options;
	struct kube_config *config = &s->cluster->config;
	char error[1024];
	bool good = true;

	if (o->kubeconfig != NULL)
		good = kube_config_load(config, o->kubeconfig, error, sizeof(error));
	else if (o->kube_url == NULL)
		good = kube_config_in_cluster(config, KUBE_SERVICE_ACCOUNT, error, sizeof(error));
	good = good && kube_config_override(config, o->kube_url, o->kube_ca, o->kube_token_file, error, sizeof(error));
	good = good && kube_config_check_files(config, error, sizeof(error));
	if (!good)
		complain("%s", error);
	return good;
}

/* Once more, as who it is now: as root, all can be read. */
static bool
check_rights(const struct supervisor *s)
{
	char error[1024];

	if (kube_config_check_files(&s->cluster->config, error, sizeof(error)))
		return true;
	complain("%s (for user %u, which podwire is now: see --user)", error, (unsigned)getuid());
	return false;
}

static void
begin_kubernetes(struct supervisor *s)
{
	const struct kube_options options = {
		.config = &s->cluster->config,
		.node = s->options->scope == SCOPE_NODE ? s->options->node : NULL,
		.kinds = s->options->no_endpointslices ? KUBE_ALL_KINDS & ~(1U << KUBE_ENDPOINTSLICES) : KUBE_ALL_KINDS,
		.relist_spread = (double)s->options->relist_spread / 1e9,
		.log = on_kube_log,
	};
	const struct kube_sink sink = cluster_feed_sink(&s->feed);

	if ((s->cluster->client = kube_client_new(s->base, &options, &sink)) == NULL)
		abort();
	s->status.kubernetes = true;
}

/* Cluster files. */

static struct inventory *
read_cluster_files(const struct monitor_options *o, char *error, size_t error_size)
{
	struct inventory *inventory = inventory_new();

	for (size_t i = 0; i < o->cluster_file_count; i++)
		if (!cluster_json_load(inventory, o->cluster_files[i], error, error_size)) {
			inventory_free(inventory);
			return NULL;
		}
	return inventory;
}

bool
supervisor_cluster_load(struct supervisor *s)
{
	char error[1024];

	if ((s->cluster = calloc(1, sizeof(*s->cluster))) == NULL)
		abort();
	if ((s->feed.inventory = read_cluster_files(s->options, error, sizeof(error))) == NULL) {
		complain("%s", error);
		return false;
	}
	return !s->options->kubernetes || configure_kubernetes(s);
}

static void
take_inventory(struct supervisor *s, struct inventory *inventory)
{
	cluster_feed_replace(&s->feed, inventory);
	s->feed.changed = true;
	s->delta->options.inventory = inventory; /* what was counted before keeps its names: they are the report's own */
}

static void
refuse_files(struct supervisor *s, const char *error)
{
	log_error("cluster file not taken: what was known before stays", log_text("reason", error));
	supervisor_warn(s, WARNING_CLUSTER_FILE_REFUSED, &(struct warning_details){ .texts = { error } });
}

/* In a thread: some 0.2 s for 1,000 pods. */
static void
read_files(void *context)
{
	const struct supervisor *s = context;

	s->cluster->made = read_cluster_files(s->options, s->cluster->error, sizeof(s->cluster->error));
}

static void
on_files_read(void *context)
{
	struct supervisor *s = context;
	struct cluster_state *c = s->cluster;

	if (c->made != NULL) {
		take_inventory(s, c->made);
		log_info("cluster files read again");
	} else {
		refuse_files(s, c->error);
	}
	c->made = NULL;
	if (c->reload_again) {
		c->reload_again = false; /* first: without a thread it is read, and this called, before that returns */
		supervisor_cluster_reload(s);
	}
}

void
supervisor_cluster_reload(struct supervisor *s)
{
	struct cluster_state *c = s->cluster;
	char error[1024]; /* the other one is the thread's */

	if (!reload_possible(s->options->cluster_files, s->options->cluster_file_count, error, sizeof(error)))
		refuse_files(s, error);
	else if (!background_run(c->background, read_files, on_files_read, s))
		c->reload_again = true;
}

/* Compaction. */

/* In a thread, while nobody changes the inventory: some 2 ms for 1,000 pods, 0.5 s for 150,000. */
static void
compact(void *context)
{
	const struct supervisor *s = context;

	s->cluster->made = inventory_compacted(s->feed.inventory, s->cluster->keep_since);
}

static void
on_compacted(void *context)
{
	struct supervisor *s = context;

	take_inventory(s, s->cluster->made);
	s->cluster->made = NULL;
	kube_client_pause(s->cluster->client, false);
}

static void
compact_where_due(struct supervisor *s, int64_t now)
{
	struct cluster_state *c = s->cluster;

	if (c->client == NULL || background_busy(c->background) || !inventory_wants_compaction(s->feed.inventory))
		return;
	kube_client_pause(c->client, true);
	c->keep_since = now - keep_past;
	(void)background_run(c->background, compact, on_compacted, s);
}

/* Flows that wait. */

static void
on_waited(void *context, const struct flow_record *r)
{
	supervisor_count_flow(context, r);
}

static bool
is_known(void *context, const struct address *a, int64_t time)
{
	const struct supervisor *s = context;

	return inventory_knows(s->feed.inventory, a, time);
}

static void
advance_pending(struct supervisor *s)
{
	pending_advance(s->cluster->pending, supervisor_steady(), s->feed.changed);
	s->feed.changed = false;
}

/* None overtakes another: who waits for what has become known goes first. */
void
supervisor_flow(struct supervisor *s, const struct flow_record *r)
{
	if (s->cluster->pending == NULL) {
		supervisor_count_flow(s, r);
		return;
	}
	if (s->feed.changed)
		advance_pending(s);
	pending_flow(s->cluster->pending, r, supervisor_steady());
}

static void
begin_pending(struct supervisor *s)
{
	const struct pending_options options = {
		.wait = s->options->pod_wait,
		.known = is_known,
		.context = s,
		.to = { .flow = on_waited, .context = s },
	};

	s->cluster->pending = pending_new(&options);
}

/* Connection tracking. */

static void
on_conntrack(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *s = context;

	(void)fd;
	(void)what;
	conntrack_read(s->cluster->conntrack);
}

static void
begin_conntrack(struct supervisor *s)
{
	if (s->conntrack_fd < 0)
		return;
	s->cluster->conntrack = conntrack_new(s->conntrack_fd);
	s->cluster->conntrack_event = event_new(s->base, s->conntrack_fd, EV_READ | EV_PERSIST, on_conntrack, s);
	if (s->cluster->conntrack_event == NULL || event_add(s->cluster->conntrack_event, NULL) != 0)
		abort();
}

bool
supervisor_cluster_complete(const struct supervisor *s, const struct flow_record *r, struct flow_record *out)
{
	if (s->cluster->conntrack == NULL || r->has_service)
		return false;
	memcpy(out, r, r->size);
	return conntrack_complete(s->cluster->conntrack, s->feed.inventory, out);
}

/* The public face. */

bool
supervisor_cluster_begin(struct supervisor *s)
{
	begin_conntrack(s);
	s->cluster->background = background_new(s->base);
	if (s->options->kubernetes) {
		if (!check_rights(s))
			return false;
		begin_kubernetes(s);
		if (s->options->pod_wait > 0)
			begin_pending(s);
	}
	s->status.synced = !s->options->kubernetes;
	return true;
}

void
supervisor_cluster_tick(struct supervisor *s, int64_t now)
{
	struct cluster_state *c = s->cluster;

	if (c->pending != NULL) {
		advance_pending(s);
		s->status.pending_flows = pending_counters(c->pending)->records;
	}
	if (c->client != NULL) {
		kube_client_status(c->client, s->status.kube);
		s->status.synced = kube_client_synced(c->client);
		s->status.inventory_time = kube_client_time(c->client);
	}
	compact_where_due(s, now);
	s->status.inventory_objects = 0;
	for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		s->status.inventory_objects += inventory_count(s->feed.inventory, kind);
}

void
supervisor_cluster_flush(struct supervisor *s)
{
	if (s->cluster->pending != NULL)
		pending_flush(s->cluster->pending);
}

void
supervisor_cluster_end(struct supervisor *s)
{
	if (s->cluster == NULL)
		return;
	background_free(s->cluster->background);
	inventory_free(s->cluster->made);
	if (s->cluster->client != NULL)
		kube_client_free(s->cluster->client);
	pending_free(s->cluster->pending);
	if (s->cluster->conntrack_event != NULL)
		event_free(s->cluster->conntrack_event);
	conntrack_free(s->cluster->conntrack);
	kube_config_clear(&s->cluster->config);
	free(s->cluster);
}
