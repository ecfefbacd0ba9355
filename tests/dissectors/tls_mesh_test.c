/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/certificate.h"
#include "dissectors/tls_mesh.h"

static const struct {
	const char *alpn, *offered, *sni, *names, *spiffe_id, *mesh;
} cases[] = {
	{ "", "istio", "", "", "", "istio" },
	{ "", "istio-peer-exchange,istio", "", "", "", "istio" },
	{ "", "h2,istio-h2", "", "", "", "istio" },
	{ "istio-http/1.1", "", "", "", "", "istio" },
	{ "", "istio-http/1.0,istio-http/1.1,istio-h2,http/1.0,http/1.1,h2", "", "", "", "istio" },
	{ "", "", "outbound_.8080_._.api.shop.svc.cluster.local", "", "", "istio" },
	{ "", "transport.l5d.io/v1", "", "", "", "linkerd" },
	{ "", "", "api.shop.serviceaccount.identity.linkerd.cluster.local", "", "", "linkerd" },
	{ "", "", "", "DNS:api.shop.serviceaccount.identity.linkerd.cluster.local", "", "linkerd" },
	{ "", "", "", "URI:spiffe://spiffe.cilium/identity/1234", "spiffe://spiffe.cilium/identity/1234", "cilium" },
	{ "", "", "", "", "spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web", "consul" },
	{ "", "", "web.default.dc1.internal.11111111-2222-3333-4444-555555555555.consul", "", "", "consul" },
	{ "", "", "", "IP:10.0.0.1 DNS:web.default.dc1.internal.11111111-2222-3333-4444-555555555555.consul", "", "consul" },
	/* What others may have as well. */
	{ "", "", "", "", "", NULL },
	{ "h2", "h2,http/1.1", "api.shop.svc", "DNS:api.shop.svc DNS:api", "spiffe://cluster.local/ns/shop/sa/api", NULL },
	{ "", "istiod,xistio", "istio.example", "DNS:istio.example", "spiffe://istio.example/x", NULL },
	{ "", "transport.l5d", "serviceaccount.identity", "", "spiffe://spiffe.cilium.example/identity/1", NULL },
	{ "", "", "web.consul", "DNS:server.dc1.consul", "spiffe://consul.example/svc/web", NULL },
	{ "", "", "outbound_.", "DNS:internal.consul", "spiffe://spiffe.cilium/agent/1", NULL },
	{ "", "", "", "", "https://x.consul/", NULL },
};

static void
knows_meshes_by_their_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int client = 0; client < 2; client++) {
			struct certificate c = { .key_bits = 256 };
			struct encryption e = { .mutual = MUTUAL_UNKNOWN };
			const char *mesh;

			snprintf(e.alpn, sizeof(e.alpn), "%s", cases[i].alpn);
			snprintf(e.alpn_offered, sizeof(e.alpn_offered), "%s", cases[i].offered);
			snprintf(e.sni, sizeof(e.sni), "%s", cases[i].sni);
			snprintf(c.names, sizeof(c.names), "%s", cases[i].names);
			snprintf(c.spiffe_id, sizeof(c.spiffe_id), "%s", cases[i].spiffe_id);
			*(client ? &e.client_certificate : &e.certificate) = &c;
			mesh = tls_mesh(&e);
			if (cases[i].mesh == NULL)
				assert_null(mesh);
			else if (mesh == NULL || strcmp(mesh, cases[i].mesh) != 0)
				fail_msg("case %zu: %s", i, mesh != NULL ? mesh : "none");
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_meshes_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
