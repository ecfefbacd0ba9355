/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a table of each kind of Kubernetes object up to date: lists, watches, and recovers from all
 * that can befall a watch that is open for months. One connection for each kind. Nothing here is
 * fatal: while the API is away, the sink's tables stay as they are, and the status tells their age.
 */
#ifndef PODWIRE_KUBE_CLIENT_H
#define PODWIRE_KUBE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "kube_config.h"
#include "kube_sink.h"
#include "status.h"

struct event_base;
struct kube_client;

enum kube_log_level { KUBE_LOG_INFO, KUBE_LOG_WARN };

enum { KUBE_ALL_KINDS = (1 << KUBE_KIND_COUNT) - 1 };

struct kube_options {
	const struct kube_config *config; /* borrowed for as long as the client lives */
	const char *node;                 /* only pods of this node, and the node; NULL: of the cluster. Copied. */
	unsigned kinds;                   /* bit 1 << enum kube_kind for each one wanted; 0: all */
	double relist_spread;             /* s over which the sensors of a cluster spread a relist, for each 1000 objects; 0: 30 */
	double time_divisor;              /* intervals are divided by it, for tests; 0: 1 */
	void (*log)(void *context, enum kube_log_level, const char *line); /* one line of visible text, or NULL */
	void *log_context;
};

/* Starts asking as soon as the loop runs. NULL only without memory. */
struct kube_client *kube_client_new(struct event_base *, const struct kube_options *, const struct kube_sink *);
void kube_client_free(struct kube_client *);

/* While it is paused the sink is told of nothing. For moments: a server does not wait for ever. */
void kube_client_pause(struct kube_client *, bool paused);

void kube_client_status(const struct kube_client *, struct kube_kind_status out[KUBE_KIND_COUNT]);

/* Whether every kind asked for was taken in whole once, but for kinds that the API refuses (403, 404); pods must have been. */
bool kube_client_synced(const struct kube_client *);

/* When the tables were last known to be right, ns since 1970: the oldest last contact of any synced kind. 0: pods were never synced. */
int64_t kube_client_time(const struct kube_client *);

#endif
