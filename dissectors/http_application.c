/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of fields and paths of well-known HTTP APIs, from their documentation. */
#include <config.h>

#include "http_application.h"

#include <stddef.h>
#include <string.h>

enum { SEGMENTS_MAX = 8 };

/* Fields whose names begin so; with a value where the name alone does not tell. */
static const struct {
	const char *name, *value, *application;
} fields[] = {
	{ "X-Elastic-Product", "Elasticsearch", "elasticsearch" },
	{ "X-OpenSearch-", NULL, "opensearch" },
	{ "X-Consul-", NULL, "consul" },
	{ "X-Vault-", NULL, "vault" },
	{ "X-Nomad-", NULL, "nomad" },
	{ "X-Kubernetes-Pf-", NULL, "kubernetes" },
	{ "Content-Type", "application/dns-message", "doh" }, /* RFC 8484 6 */
	{ "Content-Type", "application/dns-json", "doh" },
	{ "Docker-Distribution-Api-Version", "registry/", "docker-registry" },
	{ "X-Influxdb-", NULL, "influxdb" },
	{ "X-ClickHouse-", NULL, "clickhouse" },
	{ "X-Jenkins", NULL, "jenkins" },
};

/* Beginnings of paths. */
static const struct {
	const char *path, *application;
} paths[] = {
	{ "/api/v1/namespaces/", "kubernetes" },
	{ "/api/v1/pods", "kubernetes" },
	{ "/api/v1/nodes", "kubernetes" },
	{ "/api/v1/services", "kubernetes" },
	{ "/api/v1/endpoints", "kubernetes" },
	{ "/api/v1/configmaps", "kubernetes" },
	{ "/api/v1/secrets", "kubernetes" },
	{ "/api/v1/namespaces", "kubernetes" },
	{ "/api/v1/watch/", "kubernetes" },
	{ "/apis/apps/v1/", "kubernetes" },
	{ "/apis/batch/v1/", "kubernetes" },
	{ "/apis/coordination.k8s.io/", "kubernetes" },
	{ "/apis/discovery.k8s.io/", "kubernetes" },
	{ "/apis/networking.k8s.io/", "kubernetes" },
	{ "/apis/authentication.k8s.io/", "kubernetes" },
	{ "/apis/authorization.k8s.io/", "kubernetes" },
	{ "/apis/rbac.authorization.k8s.io/", "kubernetes" },
	{ "/openapi/v3/apis/", "kubernetes" },
	{ "/metrics/cadvisor", "kubelet" },
	{ "/metrics/probes", "kubelet" },
	{ "/metrics/resource", "kubelet" },
	{ "/stats/summary", "kubelet" },
	{ "/containerLogs/", "kubelet" },
	{ "/runningpods/", "kubelet" },
	{ "/v1/kv/", "consul" },
	{ "/v1/catalog/", "consul" },
	{ "/v1/health/service/", "consul" },
	{ "/v1/sys/seal-status", "vault" },
	{ "/v1/sys/health", "vault" },
	{ "/v1/sys/leader", "vault" },
	{ "/v1/auth/token/", "vault" },
};

/* Whole segments of Elasticsearch's paths, behind any index; OpenSearch has the same. */
static const char *const elasticsearch_segments[] = {
	"_search", "_msearch", "_bulk", "_mget", "_cat", "_cluster", "_mapping", "_mappings", "_settings", "_doc", "_aliases", "_nodes", "_reindex", "_delete_by_query", "_update_by_query",
};

const char *
http_application_of_field(struct cursor name, struct cursor value)
{
	int first = cursor_peek(&name, 0) | 0x20;

	if (first != 'x' && first != 'd' && first != 'c')
		return NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((fields[i].name[0] | 0x20) == first && cursor_starts_with_nocase(&name, fields[i].name) && (fields[i].value == NULL || cursor_starts_with_nocase(&value, fields[i].value)))
			return fields[i].application;
	return NULL;
}

/* The path of a target in origin or absolute form (RFC 9112 3.2), without its query. */
static struct cursor
path_of(struct cursor target)
{
	struct cursor part;

	if (cursor_starts_with_nocase(&target, "http://")) {
		cursor_skip(&target, sizeof("http://") - 1);
		while (cursor_left(&target) > 0 && cursor_peek(&target, 0) != '/')
			cursor_skip(&target, 1);
	}
	return cursor_take_until(&target, '?', &part) ? part : target;
}

static const char *
application_of_segments(struct cursor path)
{
	struct cursor segment;
	bool more = cursor_left(&path) > 0;

	cursor_skip(&path, more);
	for (unsigned n = 0; n < SEGMENTS_MAX && more; n++) {
		more = cursor_take_until(&path, '/', &segment);
		if (!more)
			segment = path;
		for (size_t i = 0; i < sizeof(elasticsearch_segments) / sizeof(elasticsearch_segments[0]); i++)
			if (cursor_equals(&segment, elasticsearch_segments[i]))
				return "elasticsearch";
	}
	return NULL;
}

const char *
http_application_of_target(struct cursor target)
{
	struct cursor path = path_of(target);

	if (cursor_peek(&path, 0) != '/')
		return NULL;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (cursor_starts_with(&path, paths[i].path))
			return paths[i].application;
	return application_of_segments(path);
}

const char *
http_application_of_answer(const char *by_field, const char *by_target, unsigned int status)
{
	if (by_field != NULL)
		return by_field;
	/* 401 and 403 are said of paths that are there; of others too, but then by a server that guards them all. */
	return (status >= 200 && status < 300) || status == 401 || status == 403 ? by_target : NULL;
}
