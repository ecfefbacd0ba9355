/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets (Kubernetes API concepts: "Resource versions", "Streaming lists"). */
#include <config.h>

#include "kube_target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *path;
	const char *of_node; /* the field that selects what is of one node; NULL: none does */
} kinds[KUBE_KIND_COUNT] = {
	[KUBE_PODS] = { "pods", "/api/v1/pods", "spec.nodeName" },
	[KUBE_SERVICES] = { "services", "/api/v1/services", NULL },
	[KUBE_ENDPOINTSLICES] = { "endpointslices", "/apis/discovery.k8s.io/v1/endpointslices", NULL },
	[KUBE_NODES] = { "nodes", "/api/v1/nodes", "metadata.name" },
	[KUBE_NAMESPACES] = { "namespaces", "/api/v1/namespaces", NULL },
	[KUBE_NETWORKPOLICIES] = { "networkpolicies", "/apis/networking.k8s.io/v1/networkpolicies", NULL },
};

const char *
kube_kind_name(enum kube_kind kind)
{
	return kinds[kind].name;
}

struct text {
	char *out;
	size_t size, at;
};

static void
add(struct text *t, const char *s)
{
	int n = snprintf(t->out + t->at, t->size - t->at, "%s", s);

	t->at += n < 0 ? 0 : (size_t)n >= t->size - t->at ? t->size - t->at - 1 : (size_t)n;
}

static void
add_number(struct text *t, const char *key, unsigned value)
{
	char digits[16];

	(void)snprintf(digits, sizeof(digits), "%u", value);
	add(t, key);
	add(t, digits);
}

/* RFC 3986 2.3: only what is unreserved stays as it is. */
static void
add_escaped(struct text *t, const char *key, const char *value)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char byte[4];

	add(t, key);
	for (; *value != '\0'; value++) {
		if (strchr(unreserved, *value) != NULL)
			(void)snprintf(byte, sizeof(byte), "%c", *value);
		else
			(void)snprintf(byte, sizeof(byte), "%%%02X", (unsigned char)*value);
		add(t, byte);
	}
}

void
kube_target_write(const struct kube_target *target, char *out, size_t size)
{
	struct text t = { .out = out, .size = size };
	bool watch = target->ask != KUBE_ASK_LIST, continued = !watch && target->more[0] != '\0', matched = target->ask != KUBE_ASK_WATCH && !continued;

	add(&t, kinds[target->kind].path);
	add(&t, watch ? "?watch=1&allowWatchBookmarks=true" : "?");
	add_number(&t, watch ? "&timeoutSeconds=" : "limit=", watch ? target->timeout : target->limit);
	if (target->ask == KUBE_ASK_INITIAL)
		add(&t, "&sendInitialEvents=true");
	if (continued)
		add_escaped(&t, "&continue=", target->more);
	else if (target->version[0] != '\0')
		add_escaped(&t, "&resourceVersion=", target->version);
	if (matched && (watch || target->version[0] != '\0'))
		add(&t, "&resourceVersionMatch=NotOlderThan");
	if (kinds[target->kind].of_node != NULL && target->node != NULL) {
		add_escaped(&t, "&fieldSelector=", kinds[target->kind].of_node);
		add_escaped(&t, "%3D", target->node);
	}
}
