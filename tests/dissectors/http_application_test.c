/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "dissectors/http_application.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

static struct cursor
text(const char *s)
{
	return cursor_over(s, strlen(s));
}

static void
assert_name(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got ? got : "(null)", want);
}

static void
fields_tell(void **state)
{
	static const struct {
		const char *name, *value, *application;
	} cases[] = {
		{ "X-elastic-product", "Elasticsearch", "elasticsearch" },
		{ "X-elastic-product", "Kibana", NULL },
		{ "x-consul-index", "7", "consul" },
		{ "X-Vault-Token", "s.example", "vault" },
		{ "X-Kubernetes-Pf-Flowschema-Uid", "u", "kubernetes" },
		{ "Docker-Distribution-Api-Version", "registry/2.0", "docker-registry" },
		{ "content-type", "application/dns-message", "doh" },
		{ "Content-Type", "application/json", NULL },
		{ "X-Api-Key", "k", NULL },
		{ "Consul", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_name(http_application_of_field(text(cases[i].name), text(cases[i].value)), cases[i].application);
}

static void
paths_tell(void **state)
{
	static const struct {
		const char *target, *application;
	} cases[] = {
		{ "/api/v1/namespaces/shop/pods?watch=1", "kubernetes" },
		{ "http://api.example:6443/apis/apps/v1/deployments", "kubernetes" },
		{ "/api/v1/orders", NULL },
		{ "/metrics/cadvisor", "kubelet" },
		{ "/metrics", NULL },
		{ "/v1/kv/config?raw", "consul" },
		{ "/v1/sys/health", "vault" },
		{ "/orders-2026/_search?q=a", "elasticsearch" },
		{ "/_cluster/health", "elasticsearch" },
		{ "/_searching", NULL },
		{ "/a/b/c/d/e/f/g/h/_search", NULL },
		{ "/", NULL },
		{ "*", NULL },
		{ "http://host", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_name(http_application_of_target(text(cases[i].target)), cases[i].application);
}

static void
a_path_counts_where_it_is_there(void **state)
{
	(void)state;
	assert_name(http_application_of_answer(NULL, "consul", 200), "consul");
	assert_name(http_application_of_answer(NULL, "consul", 401), "consul");
	assert_name(http_application_of_answer(NULL, "consul", 404), NULL);
	assert_name(http_application_of_answer("vault", "consul", 404), "vault");
}

static void
check(const char *request, const char *answer, const char *protocol, const char *application)
{
	const struct message messages[] = { { FROM_CLIENT, request, strlen(request) }, { FROM_SERVER, answer, strlen(answer) } };
	struct conversation c;

	conversation_init(&c, &http_dissector);
	conversation_run(&c, messages, 2, 0);
	assert_string_equal(c.evidence.protocol, protocol);
	assert_name(c.evidence.application, application);
	conversation_clear(&c);
}

static void
conversations(void **state)
{
	(void)state;
	check("GET /_cat/indices HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "elasticsearch", "elasticsearch");
	check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\nContent-Length: 0\r\n\r\n", "elasticsearch", "elasticsearch");
	check("GET /_cat/indices HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "http", NULL);
	check("GET /v1/secret/data/a HTTP/1.1\r\nX-Vault-Token: s.example\r\n\r\n", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "http", "vault");
	check("GET /api/v1/pods HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "http", "kubernetes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_tell),
		cmocka_unit_test(paths_tell),
		cmocka_unit_test(a_path_counts_where_it_is_there),
		cmocka_unit_test(conversations),
	};

	return cmocka_run_group_tests_name("dissectors/http_application", tests, NULL, NULL);
}
