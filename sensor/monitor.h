/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor on a node: what `podwire monitor` was asked to do, and its run. */
#ifndef PODWIRE_MONITOR_H
#define PODWIRE_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_server.h"
#include "launcher.h"
#include "log.h"

enum { MONITOR_PATHS_MAX = 64 };

enum pod_scope { SCOPE_CLUSTER, SCOPE_NODE };

struct monitor_options {
	/* Capture. */
	const char *interfaces[MONITOR_PATHS_MAX]; /* names or globs; none: found out */
	size_t interface_count;
	const char *cni_directory;
	bool promiscuous;
	struct launcher_options launcher;
	const char *user;              /* name or number to become where started as root; NULL: the default */
	/* Who is who. */
	const char *cluster_files[MONITOR_PATHS_MAX];
	size_t cluster_file_count;
	const char *geoip_files[MONITOR_PATHS_MAX];
	size_t geoip_file_count;
	bool kubernetes;               /* ask an API: --kubernetes, or any of the following */
	const char *kubeconfig, *kube_url, *kube_ca, *kube_token_file;
	enum pod_scope scope;          /* whose pods are asked for */
	const char *node;              /* NULL: the environment's NODE_NAME */
	bool no_endpointslices;        /* do not watch them */
	int64_t relist_spread;         /* ns over which the sensors of a cluster spread a relist, for each 1000 objects */
	int64_t pod_wait;              /* ns that a flow waits for its pod */
	/* Judging. */
	const char *policy;            /* file, or NULL: the default set */
	int64_t window, expire;        /* ns */
	size_t max_pairs;
	/* Outputs. */
	struct http_server_options http; /* listen NULL: none */
	bool log_flows, principals;
	enum log_level log_level;
	const char *state;             /* file, or NULL */
	int64_t state_interval;        /* ns */
};

/* What is done where nothing else is asked for. */
void monitor_defaults(struct monitor_options *);

/* Runs until SIGTERM or SIGINT; the exit code. Complains on standard error where it cannot begin. */
int monitor_run(const struct monitor_options *);

#endif
