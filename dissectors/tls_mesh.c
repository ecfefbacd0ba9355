/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies of a mesh tell each other by ALPN (Istio, Linkerd), by the server name they ask for (all but Cilium), and by
 * the identities in their certificates, which TLS 1.3 hides. An identity that any SPIFFE deployment may
 * have, such as spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, tells nothing.
 */
#include <config.h>

#include "tls_mesh.h"

#include <stddef.h>
#include <string.h>

#include "certificate.h"

static const char istio[] = "istio", linkerd[] = "linkerd", cilium[] = "cilium", consul[] = "consul";

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
ends_with(const char *text, size_t size, const char *end)
{
	size_t end_size = strlen(end);

	return size >= end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

/* One of the names in a comma-separated list. */
static const char *
of_alpn(const char *names)
{
	while (*names != '\0') {
		size_t size = strcspn(names, ",");

		/* istio, istio-peer-exchange, istio-http/1.0, istio-http/1.1, istio-h2 */
		if (starts_with(names, istio) && (size == strlen(istio) || names[strlen(istio)] == '-'))
			return istio;
		if (starts_with(names, "transport.l5d.io/"))
			return linkerd;
		names += size + (names[size] == ',');
	}
	return NULL;
}

static bool
contains(const char *text, size_t size, const char *part)
{
	size_t part_size = strlen(part);

	for (size_t i = 0; i + part_size <= size; i++)
		if (memcmp(text + i, part, part_size) == 0)
			return true;
	return false;
}

/* A name of DNS: of the server that is asked for, or in a certificate. */
static const char *
of_dns_name(const char *name, size_t size)
{
	/* ACCOUNT.NAMESPACE.serviceaccount.identity.CONTROL-PLANE.DOMAIN */
	if (contains(name, size, ".serviceaccount.identity."))
		return linkerd;
	/* outbound_.PORT_.SUBSET_.HOST, between clusters */
	if (size > 10 && (starts_with(name, "outbound_.") || starts_with(name, "inbound_.")))
		return istio;
	/* SERVICE.NAMESPACE.DATACENTER.internal.TRUST-DOMAIN.consul */
	return contains(name, size, ".internal.") && ends_with(name, size, ".consul") ? consul : NULL;
}

static const char *
of_spiffe_id(const char *id)
{
	static const char scheme[] = "spiffe://";
	size_t size;

	if (!starts_with(id, scheme))
		return NULL;
	id += strlen(scheme);
	size = strcspn(id, "/");
	/* spiffe://spiffe.cilium/identity/NUMBER */
	if (size == strlen("spiffe.cilium") && starts_with(id, "spiffe.cilium/identity/"))
		return cilium;
	/* spiffe://TRUST-DOMAIN.consul/ns/NAMESPACE/dc/DATACENTER/svc/SERVICE, or /agent/ ... */
	return ends_with(id, size, ".consul") ? consul : NULL;
}

static const char *
of_certificate(const struct certificate *c)
{
	const char *mesh;

	if (c == NULL)
		return NULL;
	mesh = of_spiffe_id(c->spiffe_id);
	for (const char *name = c->names; mesh == NULL && *name != '\0'; name += strspn(name, " ")) {
		size_t size = strcspn(name, " ");

		if (size > 4 && starts_with(name, "DNS:"))
			mesh = of_dns_name(name + 4, size - 4);
		name += size;
	}
	return mesh;
}

const char *
tls_mesh(const struct encryption *e)
{
	const char *mesh = of_alpn(e->alpn);

	if (mesh == NULL)
		mesh = of_alpn(e->alpn_offered);
	if (mesh == NULL)
		mesh = of_dns_name(e->sni, strlen(e->sni));
	if (mesh == NULL)
		mesh = of_certificate(e->certificate);
	return mesh != NULL ? mesh : of_certificate(e->client_certificate);
}
