/* SPDX-License-Identifier: Apache-2.0 */
/* From records made by hand to pairs, scores and findings; C is worked out in comments. */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <math.h>
#include <netinet/in.h>

#include "dissectors/evidence.h"
#include "sensor/report.h"

#define POD(namespace, workload, ip) \
	"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'" workload "-0','namespace':'" namespace "','uid':'" workload "','labels':{'app':'" workload "'}," \
	"'ownerReferences':[{'kind':'StatefulSet','name':'" workload "','uid':'set-" workload "','controller':true}]}," \
	"'spec':{'serviceAccountName':'" workload "'},'status':{'phase':'Running','podIP':'" ip "'}}"
#define SERVICE(namespace, service, ip, port, target, selector) \
	"{'kind':'Service','apiVersion':'v1','metadata':{'name':'" service "','namespace':'" namespace "','uid':'service-" service "'}," \
	"'spec':{'clusterIP':'" ip "','ports':[{'port':" port ",'targetPort':" target ",'protocol':'TCP'}]" selector "}}"

static const char cluster[] =
	"{'kind':'List','apiVersion':'v1','items':["
	POD("shop", "web", "10.42.0.11") ","
	POD("shop", "api", "10.42.0.12") ","
	POD("data", "db", "10.42.0.21") ","
	SERVICE("shop", "api", "10.43.0.9", "80", "8080", ",'selector':{'app':'api'}") ","
	SERVICE("data", "db", "10.43.0.10", "5432", "5432", ",'selector':{'app':'db'}") ","
	SERVICE("shop", "lost", "10.43.0.11", "9000", "9000", "") ","
	"{'kind':'Node','apiVersion':'v1','metadata':{'name':'node-1','uid':'node'},'status':{'addresses':[{'type':'InternalIP','address':'192.0.2.1'}]}}"
	"]}";

static const char web[] = "10.42.0.11", api[] = "10.42.0.12", db[] = "10.42.0.21", outside[] = "203.0.113.5";

/* A report under test; the policy sets it was judged by live as long. */
struct bench {
	struct inventory *inventory;
	struct report *report;
	struct policy_set *sets[4];
	size_t set_count;
	uint64_t packets; /* given to flows, ten to each */
};

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse(text, &a));
	return a;
}

static struct bench
bench_with(const char *objects, struct report_options options)
{
	struct bench b = { 0 };

	if (objects != NULL) {
		b.inventory = inventory_new();
		assert_true(read_text(b.inventory, objects, NULL, 0));
	}
	options.inventory = b.inventory;
	b.report = report_new(&options);
	return b;
}

static struct bench
bench_new(void)
{
	return bench_with(cluster, (struct report_options){ .max_pairs = 100 });
}

static void
bench_free(struct bench *b)
{
	report_free(b->report);
	for (size_t i = 0; i < b->set_count; i++)
		policy_set_free(b->sets[i]);
	inventory_free(b->inventory);
}

/* Judges by the default set with these lines after it; "" for none. */
static void
conclude(struct bench *b, const char *yaml)
{
	char text[2048], error[POLICY_SET_ERROR_SIZE];
	int size = snprintf(text, sizeof(text), "schema: podwire.policy/1\nname: test\n%s", yaml);
	struct policy_set *set = *yaml == '\0' ? policy_set_default() : policy_set_read("test.yaml", text, (size_t)size, error, sizeof(error));

	if (set == NULL)
		fail_msg("%s", error);
	assert_true(b->set_count < sizeof(b->sets) / sizeof(b->sets[0]));
	b->sets[b->set_count++] = set;
	report_conclude(b->report, set);
}

/* A TCP flow at noon, of ten packets, of which nothing is known but that it carried something. */
static struct flow_record *
flow(struct bench *b, const char *client, const char *server, uint16_t port)
{
	static struct flow_record f;

	record_init(&f);
	f.client = address(client);
	f.server = address(server);
	f.client_port = 40000;
	f.server_port = port;
	f.ip_protocol = IPPROTO_TCP;
	f.first_packet = b->packets + 1;
	b->packets += 10;
	f.first_seen = at(12, 0, 0);
	f.last_seen = at(12, 0, 1);
	f.packets[FROM_CLIENT] = 6;
	f.packets[FROM_SERVER] = 4;
	f.bytes[FROM_CLIENT] = 600;
	f.bytes[FROM_SERVER] = 4000;
	f.payload[FROM_CLIENT] = 100;
	return &f;
}

static void
give(struct bench *b, const struct flow_record *f)
{
	struct record_sink sink = report_sink(b->report);
	const char *why = NULL;

	if (!record_valid(f, f->size, &why))
		fail_msg("%s", why);
	sink.flow(sink.context, f);
}

/* Claims the protocol in the flow's fourth packet, its encryption in the fifth, a login's outcome in the sixth. */
static struct evidence
evidence(const struct flow_record *f, const char *protocol, enum encryption_state state, enum auth_result result, const char *method)
{
	struct evidence e = { .file = f->file };

	e.packet = f->first_packet + 3;
	if (protocol != NULL)
		evidence_protocol(&e, protocol, STRENGTH_EXCHANGE, "protocol clause", FROM_SERVER, 0);
	e.packet++;
	if (state != ENCRYPTION_UNKNOWN)
		evidence_encryption(&e, state, STRENGTH_EXCHANGE, "encryption clause", FROM_SERVER, 7);
	e.packet++;
	evidence_authentication(&e, result, method, STRENGTH_EXCHANGE, "authentication clause", FROM_SERVER, 9);
	return e;
}

static void
plaintext(struct flow_record *f, const char *protocol, enum auth_result result, const char *method)
{
	struct evidence e = evidence(f, protocol, ENCRYPTION_PLAINTEXT, result, method);

	record_add_evidence(f, &e);
}

/* A replayable secret in the seventh packet. */
static void
plaintext_with_secret(struct flow_record *f, const char *protocol, enum auth_result result, const char *method)
{
	struct evidence e = evidence(f, protocol, ENCRYPTION_PLAINTEXT, result, method);

	e.packet++;
	evidence_cleartext_credentials(&e, "credentials clause", FROM_CLIENT, 11);
	record_add_evidence(f, &e);
}

static void
tls13(struct flow_record *f)
{
	struct evidence e = evidence(f, "tls", ENCRYPTION_ENCRYPTED, AUTH_UNKNOWN, NULL);

	e.encryption.by = "tls";
	e.encryption.version = "TLS1.3";
	e.encryption.cipher = "TLS_AES_256_GCM_SHA384";
	e.encryption.mutual = MUTUAL_NO;
	e.encryption.mutual_basis = MUTUAL_BASIS_RECORD_SIZES;
	record_add_evidence(f, &e);
}

static void
give_plaintext(struct bench *b, const char *client, const char *server, uint16_t port, const char *protocol, enum auth_result result, const char *method)
{
	struct flow_record *f = flow(b, client, server, port);

	plaintext(f, protocol, result, method);
	give(b, f);
}

static void
give_tls13(struct bench *b, const char *client, const char *server)
{
	struct flow_record *f = flow(b, client, server, 443);

	tls13(f);
	give(b, f);
}

static void
give_name(struct bench *b, const char *ip, const char *name, int64_t time)
{
	struct record_sink sink = report_sink(b->report);
	struct name_record n = { .address = address(ip), .time = time, .ttl = 5 };

	(void)snprintf(n.name, sizeof(n.name), "%s", name);
	sink.name(sink.context, &n);
}

static void
assert_near(double found, double expected)
{
	if (!(fabs(found - expected) < 1e-9))
		fail_msg("found %.12f, expected %.12f", found, expected);
}

static void
assert_workload(const struct peer *p, const char *namespace, const char *kind, const char *name)
{
	assert_false(p->has_address);
	if (namespace == NULL)
		assert_null(p->namespace);
	else
		assert_string_equal(p->namespace, namespace);
	assert_string_equal(p->kind, kind);
	assert_string_equal(p->workload, name);
}

static void
assert_address(const struct peer *p, const char *text)
{
	struct address a = address(text);

	assert_true(p->has_address);
	assert_true(address_equal(&p->address, &a));
	assert_null(p->namespace);
	assert_null(p->kind);
	assert_null(p->workload);
}

/* The first finding of this type, on this port of a server; 0: any. */
static const struct finding *
finding_at(const struct report *r, const char *type, uint16_t port)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (strcmp(r->findings[i].type, type) == 0 && (port == 0 || r->findings[i].class->server_port == port))
			return &r->findings[i];
	return NULL;
}

static const struct finding *
finding(const struct report *r, const char *type)
{
	return finding_at(r, type, 0);
}

static const struct namespace_score *
namespace(const struct report *r, const char *name)
{
	for (size_t i = 0; i < r->namespace_count; i++)
		if (strcmp(r->namespaces[i].namespace, name) == 0)
			return &r->namespaces[i];
	return NULL;
}

/* Peers and names. */

static void
nothing(void **state)
{
	struct bench b = bench_new();
	enum severity worst;

	(void)state;
	conclude(&b, "");
	assert_int_equal(b.report->pair_count, 0);
	assert_int_equal(b.report->finding_count, 0);
	assert_int_equal(b.report->namespace_count, 0);
	assert_int_equal(b.report->flows, 0);
	assert_int_equal(b.report->first_seen, 0);
	assert_int_equal(report_now(b.report), 0);
	assert_false(b.report->has_c);
	assert_near(b.report->coverage, 0);
	assert_false(report_worst(b.report, &worst));
	bench_free(&b);
	report_free(NULL);
}

static void
four_kinds_of_peers(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;
	char ip[ADDRESS_TEXT_SIZE];
	struct policy_peer p;

	(void)state;
	give(&b, flow(&b, web, api, 8080));
	give(&b, flow(&b, "192.0.2.1", api, 8080));
	give(&b, flow(&b, web, "10.43.0.11", 9000));
	give(&b, flow(&b, web, outside, 443));
	give(&b, flow(&b, web, "2001:db8::5", 443));
	assert_int_equal(r->pair_count, 5);
	assert_workload(r->pairs[0]->source, "shop", "StatefulSet", "web");
	assert_workload(r->pairs[0]->destination, "shop", "StatefulSet", "api");
	assert_workload(r->pairs[1]->source, NULL, "Node", "node-1");
	assert_workload(r->pairs[2]->destination, "shop", "Service", "lost");
	assert_address(r->pairs[3]->destination, outside);
	assert_address(r->pairs[4]->destination, "2001:db8::5");
	/* One peer, however many pairs it is in. */
	assert_ptr_equal(r->pairs[0]->source, r->pairs[4]->source);
	assert_ptr_equal(r->pairs[0]->destination, r->pairs[1]->destination);

	p = report_policy_peer(r->pairs[0]->source, ip);
	assert_string_equal(p.namespace, "shop");
	assert_string_equal(p.kind, "StatefulSet");
	assert_string_equal(p.workload, "web");
	assert_null(p.ip);
	p = report_policy_peer(r->pairs[4]->destination, ip);
	assert_null(p.workload);
	assert_string_equal(p.ip, "2001:db8::5");
	bench_free(&b);
}

/* Pods of one workload are one peer; both directions of talk between two are two pairs. */
static void
pairs_have_a_direction(void **state)
{
	struct bench b = bench_new();

	(void)state;
	give(&b, flow(&b, web, api, 8080));
	give(&b, flow(&b, web, api, 9090));
	give(&b, flow(&b, api, web, 8080));
	assert_int_equal(b.report->pair_count, 2);
	assert_int_equal(b.report->pairs[0]->flows, 2);
	assert_int_equal(b.report->pairs[0]->evidence_count, 2); /* by port */
	assert_int_equal(b.report->pairs[1]->flows, 1);
	assert_ptr_equal(b.report->pairs[0]->source, b.report->pairs[1]->destination);
	bench_free(&b);
}

/* Without an inventory, and a client that asks itself. */
static void
without_an_inventory(void **state)
{
	struct bench b = bench_with(NULL, (struct report_options){ 0 });
	struct flow_names names;
	struct flow_record *f = flow(&b, web, web, 8080);

	(void)state;
	give(&b, f);
	assert_address(b.report->pairs[0]->source, web);
	assert_ptr_equal(b.report->pairs[0]->source, b.report->pairs[0]->destination);
	assert_null(b.report->pairs[0]->evidence[0].class->service);
	report_flow_names(b.report, f, &names);
	assert_string_equal(names.client.workload, "");
	assert_string_equal(names.server.pod, "");
	assert_string_equal(names.service.name, "");
	assert_false(names.has_service);
	assert_false(names.swapped_service);
	bench_free(&b);
}

/* The address that was asked for names the Service; the flow is with the pod that answered. */
static void
service_that_was_asked_for(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct evidence_count *e;
	struct flow_names names;

	(void)state;
	f->has_service = true;
	f->service = address("10.43.0.9");
	f->service_port = 80;
	give(&b, f);
	e = b.report->pairs[0]->evidence;
	assert_workload(b.report->pairs[0]->destination, "shop", "StatefulSet", "api");
	assert_string_equal(e->class->service, "shop/api");
	assert_int_equal(e->class->server_port, 8080);
	report_flow_names(b.report, f, &names);
	assert_false(names.swapped_service);
	assert_string_equal(names.client.pod, "web-0");
	assert_string_equal(names.server.pod, "api-0");
	assert_string_equal(names.server.service_account, "api");
	assert_int_equal(names.service_basis, SERVICE_BASIS_WIRE);
	assert_int_equal(e->example.service_basis, SERVICE_BASIS_WIRE);
	/* The same where no packet showed it. */
	f->service_tracked = true;
	report_flow_names(b.report, f, &names);
	assert_string_equal(names.service.name, "api");
	assert_int_equal(names.service_basis, SERVICE_BASIS_CONNTRACK);
	bench_free(&b);
}

/* The legs came the wrong way round: the record's server is the Service, its service is the pod. */
static void
swapped_service(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, "10.43.0.9", 80);
	const struct evidence_count *e;
	struct address pod = address(api);
	struct flow_names names;

	(void)state;
	f->has_service = true;
	f->service = pod;
	f->service_port = 8080;
	give(&b, f);
	report_flow_names(b.report, f, &names);
	assert_true(names.swapped_service);
	e = b.report->pairs[0]->evidence;
	assert_workload(b.report->pairs[0]->destination, "shop", "StatefulSet", "api");
	assert_string_equal(e->class->service, "shop/api");
	assert_int_equal(e->class->server_port, 8080);
	assert_true(address_equal(&e->example.server, &pod));
	assert_int_equal(e->example.server_port, 8080);
	/* It is the same as the right way round. */
	f = flow(&b, web, api, 8080);
	f->has_service = true;
	f->service = address("10.43.0.9");
	f->service_port = 80;
	give(&b, f);
	assert_int_equal(b.report->pair_count, 1);
	assert_int_equal(b.report->pairs[0]->evidence_count, 1);
	assert_int_equal(b.report->pairs[0]->flows, 2);
	bench_free(&b);
}

/* Two Services: nothing tells the legs apart, so they stay as the sensor had them. */
static void
two_services_are_not_swapped(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, "10.43.0.11", 9000);
	struct flow_names names;

	(void)state;
	f->has_service = true;
	f->service = address("10.43.0.9");
	f->service_port = 80;
	give(&b, f);
	report_flow_names(b.report, f, &names);
	assert_false(names.swapped_service);
	assert_workload(b.report->pairs[0]->destination, "shop", "Service", "lost");
	assert_string_equal(b.report->pairs[0]->evidence[0].class->service, "shop/api");
	bench_free(&b);
}

/* Asked for directly, a pod is behind the Service that selects it; a port that no Service leads to is behind none. */
static void
service_behind(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f;

	(void)state;
	give(&b, flow(&b, web, api, 8080));
	give(&b, flow(&b, web, api, 9999));
	f = flow(&b, web, api, 8080);
	f->ip_protocol = IPPROTO_UDP;
	give(&b, f);
	give(&b, flow(&b, web, "10.43.0.11", 9000));
	assert_string_equal(b.report->pairs[0]->evidence[0].class->service, "shop/api");
	assert_int_equal(b.report->pairs[0]->evidence[0].example.service_basis, SERVICE_BASIS_ENDPOINTS);
	assert_null(b.report->pairs[0]->evidence[1].class->service);
	assert_int_equal(b.report->pairs[0]->evidence[1].example.service_basis, SERVICE_BASIS_NONE);
	assert_null(b.report->pairs[0]->evidence[2].class->service);
	assert_string_equal(b.report->pairs[1]->evidence[0].class->service, "shop/lost");
	assert_int_equal(b.report->pairs[1]->evidence[0].example.service_basis, SERVICE_BASIS_WIRE);
	bench_free(&b);
}

/* Names from DNS answers. */

static void
names_of_addresses(void **state)
{
	struct bench b = bench_new();

	(void)state;
	/* The latest name is shown, in whatever order they come; of equally late ones the lesser. */
	give_name(&b, outside, "new.example", at(11, 0, 2));
	give_name(&b, outside, "old.example", at(11, 0, 1));
	give_name(&b, outside, "newer.example", at(11, 0, 2));
	give_name(&b, "203.0.113.6", "z.example", at(11, 0, 0));
	give_name(&b, "203.0.113.6", "b.example", at(11, 0, 0));
	give_name(&b, "203.0.113.6", "a.example", at(10, 0, 0));
	give_name(&b, web, "web.example", at(11, 0, 0));
	give(&b, flow(&b, web, outside, 443));
	give(&b, flow(&b, web, "203.0.113.6", 443));
	give(&b, flow(&b, web, "203.0.113.7", 443));
	conclude(&b, "");
	/* Equal in all that orders them but their addresses. */
	assert_string_equal(b.report->pairs[0]->destination->name, "new.example");
	assert_string_equal(b.report->pairs[1]->destination->name, "b.example");
	assert_null(b.report->pairs[2]->destination->name);
	assert_null(b.report->pairs[0]->source->name); /* a workload has a better one */
	bench_free(&b);
}

/* A name that a saved result brought along stays; names have a bound, and what is past it has no name. */
static void
names_kept_and_bounded(void **state)
{
	struct bench b = bench_new();
	const struct peer known = { .address = address("203.0.113.9"), .has_address = true, .name = "saved.example", .country = "NZ" };
	const struct peer *peer = report_peer(b.report, &known);

	(void)state;
	assert_string_equal(peer->name, "saved.example");
	assert_ptr_equal(report_peer(b.report, &known), peer);
	give(&b, flow(&b, web, "203.0.113.9", 443));
	give(&b, flow(&b, web, outside, 443));
	give(&b, flow(&b, web, "10.9.255.255", 443));
	give_name(&b, "203.0.113.9", "wire.example", at(11, 0, 0));
	for (unsigned i = 1; i < 65536; i++) {
		char ip[32];

		(void)snprintf(ip, sizeof(ip), "10.9.%u.%u", i >> 8, i & 255);
		give_name(&b, ip, "many.example", at(11, 0, 0));
	}
	give_name(&b, outside, "late.example", at(11, 0, 0));
	give_name(&b, "10.9.255.255", "again.example", at(11, 0, 1));
	conclude(&b, "");
	assert_address(b.report->pairs[0]->destination, "10.9.255.255");
	assert_string_equal(b.report->pairs[0]->destination->name, "again.example");
	assert_address(b.report->pairs[1]->destination, outside);
	assert_null(b.report->pairs[1]->destination->name);
	assert_string_equal(b.report->pairs[2]->destination->name, "saved.example");
	assert_string_equal(b.report->pairs[2]->destination->country, "NZ");
	bench_free(&b);
}

/* Whoever answers for DNS may give an address a name after the other: that takes no more memory. */
static void
names_in_one_place(void **state)
{
	struct bench b = bench_new();
	size_t before;

	(void)state;
	give(&b, flow(&b, web, outside, 443));
	give_name(&b, outside, "a.example", 1);
	give_name(&b, outside, "second.example", 2);
	before = arena_memory(b.report->arena);
	for (unsigned i = 0; i < 100000; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%08x-of-many-names.example.org", i);
		give_name(&b, outside, name, 3 + i);
	}
	assert_int_equal(arena_memory(b.report->arena), before);
	give_name(&b, outside, "b.example", 1000000);
	conclude(&b, "");
	assert_string_equal(b.report->pairs[0]->destination->name, "b.example");
	bench_free(&b);
}

/* Classes. */

static void
classes_are_folded_and_counted(void **state)
{
	struct bench b = bench_new();
	const struct evidence_count *e;
	struct flow_record *f;

	(void)state;
	f = flow(&b, web, api, 8080);
	plaintext(f, "http", AUTH_NONE, NULL);
	f->first_seen = at(12, 0, 5);
	f->last_seen = at(12, 0, 6);
	give(&b, f);
	give_plaintext(&b, web, api, 8080, "http", AUTH_SUCCESS, "http-basic");
	/* What no policy looks at makes no class of its own. */
	f = flow(&b, web, api, 8080);
	f->client_port = 40002;
	f->bytes[FROM_SERVER] = 1;
	f->sni = record_add_text(f, "api.example");
	plaintext(f, "http", AUTH_NONE, NULL);
	give(&b, f);
	e = b.report->pairs[0]->evidence;
	assert_int_equal(b.report->pairs[0]->evidence_count, 2);
	assert_int_equal(e[0].flows, 2);
	assert_int_equal(e[0].packets[FROM_CLIENT], 12);
	assert_int_equal(e[0].packets[FROM_SERVER], 8);
	assert_int_equal(e[0].bytes[FROM_CLIENT], 1200);
	assert_int_equal(e[0].bytes[FROM_SERVER], 4001);
	assert_int_equal(e[0].first_seen, at(12, 0, 0));
	assert_int_equal(e[0].last_seen, at(12, 0, 6));
	assert_string_equal(e[0].class->protocol, "http");
	assert_string_equal(e[0].class->service, "shop/api");
	assert_int_equal(e[0].class->state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(e[0].class->result, AUTH_NONE);
	assert_null(e[0].class->method);
	assert_int_equal(e[1].flows, 1);
	assert_string_equal(e[1].class->method, "http-basic");
	assert_int_equal(b.report->flows, 3);
	assert_int_equal(b.report->first_seen, at(12, 0, 0));
	assert_int_equal(b.report->last_seen, at(12, 0, 6));
	assert_int_equal(report_now(b.report), 1767225600 + 12 * 3600 + 6);
	/* The same class is one object, whichever pair it is in. */
	give_plaintext(&b, "192.0.2.1", api, 8080, "http", AUTH_NONE, NULL);
	assert_ptr_equal(b.report->pairs[1]->evidence[0].class, b.report->pairs[0]->evidence[0].class);
	bench_free(&b);
}

static const struct evidence_class *
only_class(struct bench *b, const struct flow_record *f)
{
	give(b, f);
	assert_int_equal(b->report->pairs[b->report->pair_count - 1]->evidence_count, 1);
	return b->report->pairs[b->report->pair_count - 1]->evidence[0].class;
}

/* Our own word for the protocol, else nDPI's for the base protocol, else for the application. */
static void
protocol_of_a_class(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, "203.0.113.1", 25);

	(void)state;
	f->ndpi_master = record_add_text(f, "smtp");
	assert_string_equal(only_class(&b, f)->protocol, "smtp");
	f = flow(&b, web, "203.0.113.2", 25);
	f->ndpi_master = record_add_text(f, "ldap");
	f->ndpi_application = record_add_text(f, "directory");
	assert_string_equal(only_class(&b, f)->protocol, "ldap");
	f = flow(&b, web, "203.0.113.5", 25);
	f->ndpi_application = record_add_text(f, "kafka");
	assert_string_equal(only_class(&b, f)->protocol, "kafka");
	f = flow(&b, web, "203.0.113.3", 25);
	f->ndpi_master = record_add_text(f, "kafka");
	plaintext(f, "http", AUTH_NONE, NULL);
	assert_string_equal(only_class(&b, f)->protocol, "http");
	f = flow(&b, web, "203.0.113.4", 25);
	assert_null(only_class(&b, f)->protocol);
	bench_free(&b);
}

/* Content: bytes above TCP, UDP or SCTP; of other IP protocols there is always some. */
static void
payload_of_a_class(void **state)
{
	static const struct {
		uint8_t ip_protocol;
		uint64_t client, server;
		bool payload;
	} cases[] = {
		{ IPPROTO_TCP, 0, 0, false }, { IPPROTO_TCP, 1, 0, true }, { IPPROTO_TCP, 0, 1, true },
		{ IPPROTO_UDP, 0, 0, false }, { IPPROTO_SCTP, 0, 0, false }, { IPPROTO_ICMP, 0, 0, true }, { IPPROTO_ESP, 0, 0, true },
	};
	struct bench b = bench_with(NULL, (struct report_options){ 0 });

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char server[32];
		struct flow_record *f;

		(void)snprintf(server, sizeof(server), "10.0.0.%zu", i);
		f = flow(&b, web, server, 1);
		f->ip_protocol = cases[i].ip_protocol;
		f->payload[FROM_CLIENT] = cases[i].client;
		f->payload[FROM_SERVER] = cases[i].server;
		assert_int_equal(only_class(&b, f)->payload, cases[i].payload);
	}
	bench_free(&b);
}

static void
flags_of_a_class(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct evidence_class *c;

	(void)state;
	f->notes = 1u << NOTE_SERVICE_ACCOUNT_TOKEN | 1u << NOTE_GAP;
	f->tunnel = record_add_text(f, "vxlan");
	f->tunnel_encrypted = true;
	f->certificate.key_type = record_add_text(f, "EC");
	f->certificate.key_bits = 256;
	f->certificate.signature = record_add_text(f, "ecdsa-with-SHA256");
	plaintext_with_secret(f, "http", AUTH_SUCCESS, "http-bearer-jwt");
	c = only_class(&b, f);
	assert_true(c->service_account_token);
	assert_true(c->cleartext_credentials);
	assert_true(c->tunnel_encrypted);
	assert_string_equal(c->tunnel, "vxlan");
	assert_string_equal(c->key_type, "EC");
	assert_int_equal(c->key_bits, 256);
	assert_string_equal(c->signature, "ecdsa-with-SHA256");
	f = flow(&b, db, api, 8080);
	tls13(f);
	c = only_class(&b, f);
	assert_false(c->service_account_token);
	assert_false(c->cleartext_credentials);
	assert_string_equal(c->by, "tls");
	assert_string_equal(c->version, "TLS1.3");
	assert_string_equal(c->cipher, "TLS_AES_256_GCM_SHA384");
	assert_int_equal(c->mutual, MUTUAL_NO);
	assert_int_equal(c->mutual_basis, MUTUAL_BASIS_RECORD_SIZES);
	assert_int_equal(c->strength, STRENGTH_EXCHANGE);
	bench_free(&b);
}

/* The example is the earliest flow: by time, then by file, then by packet; in whatever order they come. */
static void
earliest_example(void **state)
{
	static const struct {
		int64_t second;
		uint16_t file;
		uint64_t packet;
	} flows[4] = { { 0, 0, 7 }, { 0, 0, 9 }, { 0, 1, 2 }, { 1, 0, 1 } };

	(void)state;
	/* All 24 orders. */
	for (unsigned order = 0; order < 24; order++) {
		struct bench b = bench_new();
		unsigned left[4] = { 0, 1, 2, 3 }, n = order;

		for (unsigned i = 4; i > 0; i--) {
			unsigned pick = n % i;
			struct flow_record *f = flow(&b, web, api, 8080);

			n /= i;
			f->first_seen = at(12, 0, (int)flows[left[pick]].second);
			f->file = flows[left[pick]].file;
			f->first_packet = flows[left[pick]].packet;
			left[pick] = left[i - 1];
			give(&b, f);
		}
		assert_int_equal(b.report->pairs[0]->evidence_count, 1);
		assert_int_equal(b.report->pairs[0]->evidence[0].example.file, 0);
		assert_int_equal(b.report->pairs[0]->evidence[0].example.first_packet, 7);
		assert_int_equal(b.report->pairs[0]->evidence[0].example.first_seen, at(12, 0, 0));
		bench_free(&b);
	}
}

static void
example_says_where_claims_rest(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct example *e;
	struct address client = address(web);

	(void)state;
	plaintext_with_secret(f, "http", AUTH_SUCCESS, "http-basic");
	give(&b, f);
	e = &b.report->pairs[0]->evidence[0].example;
	assert_true(address_equal(&e->client, &client));
	assert_int_equal(e->client_port, 40000);
	assert_int_equal(e->server_port, 8080);
	assert_int_equal(e->ip_protocol, IPPROTO_TCP);
	assert_string_equal(e->basis[CLAIM_PROTOCOL].clause, "protocol clause");
	assert_int_equal(e->basis[CLAIM_PROTOCOL].packet, 4);
	assert_string_equal(e->basis[CLAIM_ENCRYPTION].clause, "encryption clause");
	assert_int_equal(e->basis[CLAIM_ENCRYPTION].packet, 5);
	assert_int_equal(e->basis[CLAIM_ENCRYPTION].offset, 7);
	assert_int_equal(e->basis[CLAIM_AUTHENTICATION].packet, 6);
	assert_int_equal(e->basis[CLAIM_CREDENTIALS].packet, 7);
	assert_int_equal(e->basis[CLAIM_CREDENTIALS].direction, FROM_CLIENT);
	assert_int_equal(e->basis[CLAIM_CREDENTIALS].strength, STRENGTH_STRUCTURE);
	bench_free(&b);
}

/* Past max_pairs flows are counted under "other"; pairs that have their place go on as before. */
static void
more_pairs_than_kept(void **state)
{
	struct bench b = bench_with(cluster, (struct report_options){ .max_pairs = 2 });
	const struct report *r = b.report;
	uint64_t sum = 0;

	(void)state;
	give(&b, flow(&b, web, api, 8080));
	give(&b, flow(&b, web, db, 5432));
	give_plaintext(&b, web, outside, 80, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, "203.0.113.6", 80, "http", AUTH_NONE, NULL);
	give(&b, flow(&b, api, db, 5432)); /* both peers known, the pair not */
	give(&b, flow(&b, web, api, 8080));
	assert_int_equal(r->pair_count, 3);
	assert_int_equal(r->pairs[0]->flows, 2);
	assert_workload(r->pairs[2]->source, NULL, "Other", "other");
	assert_ptr_equal(r->pairs[2]->source, r->pairs[2]->destination);
	assert_int_equal(r->pairs[2]->flows, 3);
	assert_int_equal(r->pairs[2]->evidence_count, 2); /* the two of HTTP look alike */
	assert_int_equal(r->folded_pairs, 3);
	for (size_t i = 0; i < r->pair_count; i++)
		for (size_t j = 0; j < r->pairs[i]->evidence_count; j++)
			sum += r->pairs[i]->evidence[j].flows;
	assert_int_equal(sum, 6);
	assert_int_equal(r->flows, 6);
	conclude(&b, "");
	assert_non_null(finding(r, "plaintext-service"));
	bench_free(&b);
}

/* A saved result had folded pairs too: there is one "other", not two. */
static void
other_of_a_saved_result(void **state)
{
	struct bench b = bench_with(NULL, (struct report_options){ .max_pairs = 1 });
	const struct peer key = { .kind = "Other", .workload = "other" };
	const struct peer *other = report_peer(b.report, &key);
	const struct evidence_class class = { .server_port = 80 };
	const struct evidence_count count = { .flows = 5, .first_seen = at(10, 0, 0), .last_seen = at(10, 0, 1) };

	(void)state;
	report_add_evidence(b.report, other, other, &class, &count);
	give(&b, flow(&b, web, api, 8080));
	assert_int_equal(b.report->pair_count, 1);
	assert_int_equal(b.report->pairs[0]->flows, 6);
	assert_int_equal(b.report->first_seen, at(10, 0, 0));
	assert_int_equal(b.report->last_seen, at(12, 0, 1));
	bench_free(&b);
}

/* Scores. Default weights: encryption 3, tls-version, cipher-strength, certificate 1, authentication 3, credential-exposure 2, visibility 1. */

static void
score_of_a_pair(void **state)
{
	struct bench b = bench_new();
	const struct pair *p;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	give_tls13(&b, web, api);
	conclude(&b, "");
	/*
	 * Of four flows one is encrypted: encryption 1/4. TLS 1.3 with AES-GCM: tls-version 1, cipher-strength 1; its
	 * certificate is not seen. Three flows without a login, the one inside TLS not observed: authentication 0. No
	 * secret in the clear: credential-exposure 1. All recognised: visibility 1.
	 * C = (3 * 1/4 + 1 + 1 + 3 * 0 + 2 + 1) / (3 + 1 + 1 + 3 + 2 + 1) = 5.75 / 11; coverage is that 11 of 12.
	 */
	p = b.report->pairs[0];
	assert_true(p->has_c);
	assert_near(p->c, 5.75 / 11);
	assert_near(p->coverage, 11.0 / 12);
	assert_int_equal(p->out_of_scope, 0);
	/* One pair, in one namespace: all three are the same. */
	assert_true(b.report->has_c);
	assert_near(b.report->c, p->c);
	assert_int_equal(b.report->namespace_count, 1);
	assert_near(b.report->namespaces[0].c, p->c);
	assert_near(b.report->namespaces[0].coverage, p->coverage);
	bench_free(&b);
}

static void
scores_of_namespaces_and_cluster(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;
	const struct namespace_score *n;

	(void)state;
	/* C1, inside shop: encryption 0, authentication 0, credential-exposure 1, visibility 1: (2 + 1) / 9. */
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	/* C2, shop to data: encryption 0, scram-sha-256 is 1: (3 + 2 + 1) / 9. */
	give_plaintext(&b, web, db, 5432, "postgresql", AUTH_SUCCESS, "scram-sha-256");
	/* C3, data to outside: 1 in all that was observed: weights 3 + 1 + 1 + 2 + 1 = 8 of 12. */
	give_tls13(&b, db, outside);
	conclude(&b, "");
	assert_int_equal(r->pair_count, 3);
	assert_near(r->pairs[0]->c, 3.0 / 9);
	assert_near(r->pairs[1]->c, 6.0 / 9);
	assert_near(r->pairs[2]->c, 1);
	assert_near(r->pairs[2]->coverage, 8.0 / 12);
	assert_near(r->pairs[0]->coverage, 1);
	/* shop has C1 and C2, three flows: authentication 1/3: (3 * 1/3 + 2 + 1) / 9. */
	assert_int_equal(r->namespace_count, 2);
	assert_string_equal(r->namespaces[0].namespace, "data");
	n = namespace(r, "shop");
	assert_true(n->has_c);
	assert_near(n->c, (3 * 1e6 / 3e6 + 3) / 9);
	/* data has C2 and C3, two flows: encryption 1/2, tls-version 1, cipher-strength 1, authentication 1 (of C2 alone). */
	n = namespace(r, "data");
	assert_near(n->c, (3 * 0.5 + 1 + 1 + 3 + 2 + 1) / 11);
	assert_near(n->coverage, 11.0 / 12);
	/* The cluster has each flow once: encryption 1/4, authentication 1/3. */
	assert_near(r->c, (3 * 0.25 + 1 + 1 + 3 * (1.0 / 3) + 2 + 1) / 11);
	assert_near(r->coverage, 11.0 / 12);
	bench_free(&b);
}

/* The worst first, those without a score last; equal ones by flows, then by name: namespace, workload; addresses after names. */
static void
order_of_pairs(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;

	(void)state;
	give(&b, flow(&b, "203.0.113.9", api, 1));
	give(&b, flow(&b, api, "203.0.113.9", 1));
	give(&b, flow(&b, api, "203.0.113.10", 1));
	give(&b, flow(&b, "192.0.2.1", api, 1));
	give_tls13(&b, api, outside);
	give_tls13(&b, web, outside);
	give_tls13(&b, web, outside);
	give_tls13(&b, db, outside);
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	conclude(&b, "");
	assert_int_equal(r->pair_count, 8);
	assert_near(r->pairs[0]->c, 3.0 / 9);
	assert_workload(r->pairs[1]->source, "shop", "StatefulSet", "web"); /* C is 1 for these three, web has two flows */
	assert_workload(r->pairs[2]->source, "data", "StatefulSet", "db");
	assert_workload(r->pairs[3]->source, "shop", "StatefulSet", "api");
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(r->pairs[i]->has_c, i < 4);
	assert_workload(r->pairs[4]->source, NULL, "Node", "node-1"); /* no namespace: before all that have one */
	assert_address(r->pairs[5]->destination, "203.0.113.9");
	assert_address(r->pairs[6]->destination, "203.0.113.10");
	assert_address(r->pairs[7]->source, "203.0.113.9");
	bench_free(&b);
}

/* Findings. */

/* Each policy's finding opens at the packet that shows what it is about. */
static void
packet_of_a_finding(void **state)
{
	static const struct {
		const char *type;
		enum severity severity;
		uint16_t port;
		uint64_t packet;
	} cases[] = {
		{ "service-account-token-exposed", SEVERITY_CRITICAL, 8080, 7 },
		{ "cleartext-credentials", SEVERITY_HIGH, 8080, 7 },
		{ "plaintext-service", SEVERITY_HIGH, 8080, 5 },
		{ "unauthenticated-service", SEVERITY_HIGH, 9090, 16 },
		{ "plaintext-service", SEVERITY_HIGH, 9090, 15 },
		{ "weak-authentication", SEVERITY_MEDIUM, 5432, 26 },
		{ "plaintext-service", SEVERITY_HIGH, 5432, 25 },
		{ "unclassified-traffic", SEVERITY_LOW, 7, 31 }, /* nothing is claimed: the first packet */
	};
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct report *r = b.report;
	enum severity worst;

	(void)state;
	plaintext_with_secret(f, "http", AUTH_SUCCESS, "http-bearer-jwt");
	f->notes |= 1u << NOTE_SERVICE_ACCOUNT_TOKEN;
	give(&b, f);
	give_plaintext(&b, web, api, 9090, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, db, 5432, "postgresql", AUTH_SUCCESS, "cleartext-password");
	give(&b, flow(&b, web, outside, 7));
	conclude(&b, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct finding *found = finding_at(r, cases[i].type, cases[i].port);

		assert_non_null(found);
		assert_int_equal(found->severity, cases[i].severity);
		assert_int_equal(found->packet, cases[i].packet);
		assert_int_equal(found->file, 0);
		assert_true(strlen(found->advice) > 10);
	}
	/* Those and no others. */
	assert_int_equal(r->finding_count, 8);
	for (size_t i = 1; i < r->finding_count; i++)
		assert_true(r->findings[i - 1].severity > r->findings[i].severity ||
			(r->findings[i - 1].severity == r->findings[i].severity && strcmp(r->findings[i - 1].type, r->findings[i].type) <= 0));
	assert_true(report_worst(r, &worst));
	assert_int_equal(worst, SEVERITY_CRITICAL);
	bench_free(&b);
}

/* A flow may go on in the next file: the claim's file counts. */
static void
file_of_a_finding(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	struct evidence e = evidence(f, "http", ENCRYPTION_PLAINTEXT, AUTH_UNKNOWN, NULL);

	(void)state;
	e.packet = 2;
	e.file = 1;
	evidence_authentication(&e, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "authentication clause", FROM_SERVER, 0);
	record_add_evidence(f, &e);
	give(&b, f);
	conclude(&b, "");
	assert_int_equal(finding(b.report, "unauthenticated-service")->file, 1);
	assert_int_equal(finding(b.report, "unauthenticated-service")->packet, 2);
	assert_int_equal(finding(b.report, "plaintext-service")->file, 0);
	assert_int_equal(finding(b.report, "plaintext-service")->packet, 5);
	bench_free(&b);
}

/* Classes that break the same policy on the same service are one finding, whose example is the earliest. */
static void
findings_fold_classes(void **state)
{
	struct bench b = bench_new();
	const struct finding *found;
	struct flow_record *f;

	(void)state;
	f = flow(&b, web, api, 8080);
	plaintext(f, "http", AUTH_SUCCESS, "http-digest");
	f->first_seen = at(12, 0, 3);
	f->last_seen = at(12, 0, 9);
	give(&b, f);
	f = flow(&b, web, api, 8080);
	plaintext(f, "http", AUTH_NONE, NULL);
	f->first_seen = at(12, 0, 4);
	give(&b, f);
	f = flow(&b, web, api, 8080);
	plaintext(f, "http", AUTH_UNKNOWN, NULL);
	f->first_seen = at(12, 0, 2);
	f->last_seen = at(12, 0, 5);
	give(&b, f);
	conclude(&b, "");
	assert_int_equal(b.report->pairs[0]->evidence_count, 3);
	found = finding(b.report, "plaintext-service");
	assert_int_equal(found->flows, 3);
	assert_int_equal(found->first_seen, at(12, 0, 2));
	assert_int_equal(found->last_seen, at(12, 0, 9));
	assert_int_equal(found->class->result, AUTH_UNKNOWN);
	assert_int_equal(found->packet, 25);
	assert_string_equal(found->policy->name, "encryption");
	assert_ptr_equal(found->pair, b.report->pairs[0]);
	assert_int_equal(finding(b.report, "unauthenticated-service")->flows, 1);
	assert_int_equal(b.report->finding_count, 2);
	bench_free(&b);
}

/* Another pair, service, port, transport, protocol or type is another finding with another id. */
static void
finding_ids_differ(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;
	struct flow_record *f;

	(void)state;
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL); /* two types */
	give_plaintext(&b, web, api, 8081, "http", AUTH_SUCCESS, "http-digest");
	give_plaintext(&b, web, api, 8080, "redis", AUTH_SUCCESS, "redis-auth");
	give_plaintext(&b, api, web, 8080, "http", AUTH_SUCCESS, "http-digest");
	give_plaintext(&b, web, outside, 8080, "http", AUTH_SUCCESS, "http-digest");
	give_plaintext(&b, web, "203.0.113.6", 8080, "http", AUTH_SUCCESS, "http-digest");
	f = flow(&b, web, outside, 8080);
	plaintext(f, "http", AUTH_SUCCESS, "http-digest");
	f->ip_protocol = IPPROTO_UDP;
	give(&b, f);
	conclude(&b, "");
	assert_int_equal(r->finding_count, 8);
	for (size_t i = 0; i < r->finding_count; i++) {
		assert_int_equal(strlen(r->findings[i].id), 16);
		assert_int_equal(strspn(r->findings[i].id, "0123456789abcdef"), 16);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(r->findings[i].id, r->findings[j].id);
	}
	bench_free(&b);
}

/* An id is the same in every run: FNV-1a of names, each followed by the byte ff. */
static void
finding_ids_are_stable(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct bench b = bench_new();

		if (turn == 1)
			give_plaintext(&b, web, db, 5432, "postgresql", AUTH_SUCCESS, "md5");
		give_plaintext(&b, web, api, 8080, "http", turn == 0 ? AUTH_UNKNOWN : AUTH_NONE, NULL);
		conclude(&b, "");
		assert_string_equal(finding_at(b.report, "plaintext-service", 8080)->id, "e291660a7f34553e");
		bench_free(&b);
	}
}

/* Of one severity and type the busier first; of equals by source, then destination, then class: here, the port without a Service first. */
static void
order_of_findings(void **state)
{
	static const uint16_t ports[] = { 8083, 8080, 5432, 8081, 8080 };
	struct bench b = bench_new();
	const struct report *r = b.report;

	(void)state;
	give_plaintext(&b, web, api, 8081, "http", AUTH_UNKNOWN, NULL);
	give_plaintext(&b, web, api, 8080, "http", AUTH_UNKNOWN, NULL);
	give_plaintext(&b, web, db, 5432, "http", AUTH_UNKNOWN, NULL);
	give_plaintext(&b, api, web, 8080, "http", AUTH_UNKNOWN, NULL);
	give_plaintext(&b, web, api, 8083, "http", AUTH_UNKNOWN, NULL);
	give_plaintext(&b, web, api, 8083, "http", AUTH_UNKNOWN, NULL);
	conclude(&b, "");
	assert_int_equal(r->finding_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(r->findings[i].class->server_port, ports[i]);
	assert_workload(r->findings[1].pair->source, "shop", "StatefulSet", "api");
	bench_free(&b);
}

/* Exemptions, scope, policy sets. */

#define EXEMPTION(until) \
	"exemptions:\n" \
	"  - policies: [encryption]\n" \
	"    destination: { namespace: shop, workload: api }\n" \
	"    protocol: http\n" \
	"    reason: a made-up one\n" \
	"    expires: " until "\n"

/* An exemption holds by the time of the traffic, however long ago that was. */
static void
exemptions(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;

	(void)state;
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, db, 5432, "http", AUTH_NONE, NULL);
	conclude(&b, EXEMPTION("2026-01-02"));
	/* The pair with api is better for it: without encryption (2 + 1) / (3 + 2 + 1), and so comes last. */
	assert_near(r->pairs[1]->c, 3.0 / 6);
	assert_int_equal(r->pairs[1]->score.policies[0].exempt, 1);
	assert_int_equal(finding(r, "plaintext-service")->class->server_port, 5432);
	assert_int_equal(finding(r, "plaintext-service")->flows, 1);
	assert_int_equal(r->finding_count, 3);
	/* Ended at midnight, twelve hours before. */
	conclude(&b, EXEMPTION("2026-01-01"));
	assert_near(r->pairs[1]->c, 3.0 / 9);
	assert_int_equal(r->pairs[1]->score.policies[0].exempt, 0);
	assert_int_equal(r->finding_count, 4);
	bench_free(&b);
}

/* The moment is the last packet of all: one flow past the date ends the exemption for the report. */
static void
exemptions_end_with_the_last_packet(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f;

	(void)state;
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	f = flow(&b, web, outside, 443);
	tls13(f);
	f->last_seen = at(23, 59, 59);
	give(&b, f);
	conclude(&b, EXEMPTION("2026-01-02"));
	assert_null(finding(b.report, "plaintext-service"));
	f = flow(&b, web, outside, 443);
	tls13(f);
	f->last_seen = at(24, 0, 0);
	give(&b, f);
	conclude(&b, EXEMPTION("2026-01-02"));
	assert_non_null(finding(b.report, "plaintext-service"));
	bench_free(&b);
}

static void
scope(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;
	const struct pair *p;

	(void)state;
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, db, 5432, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, db, 5432, "http", AUTH_NONE, NULL);
	conclude(&b, "scope:\n  exclude:\n    - destination: { namespace: data }\n");
	p = r->pairs[1];
	assert_workload(p->destination, "data", "StatefulSet", "db");
	assert_int_equal(p->flows, 2);
	assert_int_equal(p->out_of_scope, 2);
	assert_false(p->has_c);
	assert_near(p->coverage, 0);
	assert_int_equal(r->finding_count, 2);
	/* What is left out of scope counts nowhere: the cluster is the pair that is left. */
	assert_near(r->c, 3.0 / 9);
	assert_int_equal(r->cluster.policies[0].flows, 1);
	assert_false(namespace(r, "data")->has_c);
	assert_near(namespace(r, "shop")->c, 3.0 / 9);
	bench_free(&b);
}

/* Judging again under another set, and under the first again, leaves nothing of the time between. */
static void
concluded_again(void **state)
{
	struct bench b = bench_new();
	const struct report *r = b.report;
	char id[17];

	(void)state;
	give_plaintext(&b, web, api, 8080, "http", AUTH_NONE, NULL);
	give_plaintext(&b, web, db, 5432, "postgresql", AUTH_SUCCESS, "scram-sha-256");
	give_tls13(&b, web, db);
	conclude(&b, "");
	/* web and db: encryption 1/2, authentication 1: (1.5 + 1 + 1 + 3 + 2 + 1) / 11. */
	assert_near(r->pairs[0]->c, 3.0 / 9);
	assert_near(r->pairs[1]->c, 9.5 / 11);
	assert_int_equal(r->finding_count, 3);
	memcpy(id, r->findings[0].id, sizeof(id));

	/* Only authentication, with mutual TLS demanded: web and api 0; web and db 1 of two flows. */
	conclude(&b, "policies:\n  encryption: { weight: 0 }\n  tls-version: { weight: 0 }\n  cipher-strength: { weight: 0 }\n  certificate: { weight: 0 }\n"
		"  credential-exposure: { weight: 0 }\n  visibility: { weight: 0 }\n  authentication: { mutual: required }\n");
	assert_ptr_equal(r->policies, b.sets[1]);
	assert_near(r->pairs[0]->c, 0);
	assert_near(r->pairs[1]->c, 0.5);
	assert_near(r->c, 1.0 / 3);
	assert_int_equal(r->finding_count, 2);
	assert_non_null(finding(r, "mutual-tls-missing"));
	assert_non_null(finding(r, "unauthenticated-service"));

	conclude(&b, "");
	assert_near(r->pairs[0]->c, 3.0 / 9);
	assert_near(r->pairs[1]->c, 9.5 / 11);
	assert_int_equal(r->namespace_count, 2);
	assert_int_equal(r->finding_count, 3);
	assert_string_equal(r->findings[0].id, id);
	bench_free(&b);
}

/* The rest. */

static void
display_filters(void **state)
{
	static const struct {
		const char *client, *server;
		uint8_t ip_protocol;
		const char *filter;
	} cases[] = {
		{ "10.42.0.11", "10.42.0.12", IPPROTO_TCP, "ip.addr == 10.42.0.11 && ip.addr == 10.42.0.12 && tcp.port == 40000 && tcp.port == 53" },
		{ "10.42.0.11", "10.42.0.12", IPPROTO_UDP, "ip.addr == 10.42.0.11 && ip.addr == 10.42.0.12 && udp.port == 40000 && udp.port == 53" },
		{ "2001:db8::1", "2001:db8::2", IPPROTO_TCP, "ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && tcp.port == 40000 && tcp.port == 53" },
		{ "2001:db8::1", "2001:db8::2", IPPROTO_SCTP, "ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && sctp.port == 40000 && sctp.port == 53" },
		{ "10.42.0.11", "10.42.0.12", IPPROTO_ICMP, "ip.addr == 10.42.0.11 && ip.addr == 10.42.0.12" },
		{ "2001:db8::1", "2001:db8::2", IPPROTO_ICMPV6, "ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct example e = {
			.client = address(cases[i].client), .server = address(cases[i].server),
			.client_port = 40000, .server_port = 53, .ip_protocol = cases[i].ip_protocol,
		};
		char text[256], cut[24];

		report_display_filter(&e, text, sizeof(text));
		assert_string_equal(text, cases[i].filter);
		report_display_filter(&e, cut, sizeof(cut));
		assert_int_equal(strlen(cut), sizeof(cut) - 1);
		assert_memory_equal(cut, cases[i].filter, sizeof(cut) - 1);
	}
}

/* Flow records are kept whole, in the order of the input, whatever order flows ended in. */
static void
kept_flows(void **state)
{
	static const struct {
		uint16_t file, client_port;
		uint64_t packet;
	} given[] = { { 1, 4, 2 }, { 0, 3, 9 }, { 1, 5, 1 }, { 0, 2, 3 }, { 0, 1, 3 } }, sorted[] = { { 0, 1, 3 }, { 0, 2, 3 }, { 0, 3, 9 }, { 1, 5, 1 }, { 1, 4, 2 } };
	struct bench b = bench_with(cluster, (struct report_options){ .keep_flows = true });

	(void)state;
	report_add_file(b.report, "one.pcap");
	report_add_file(b.report, "two.pcap");
	for (size_t i = 0; i < 5; i++) {
		struct flow_record *f = flow(&b, web, api, 8080);

		f->file = given[i].file;
		f->client_port = given[i].client_port;
		f->first_packet = given[i].packet;
		f->sni = record_add_text(f, "kept.example");
		give(&b, f);
	}
	conclude(&b, "");
	assert_int_equal(b.report->record_count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct flow_record *f = b.report->records[i];

		assert_int_equal(f->file, sorted[i].file);
		assert_int_equal(f->first_packet, sorted[i].packet);
		assert_int_equal(f->client_port, sorted[i].client_port);
		assert_string_equal(record_text(f, f->sni), "kept.example");
		assert_true(record_valid(f, f->size, NULL));
	}
	bench_free(&b);
}

static void
flows_are_not_kept_unasked(void **state)
{
	struct bench b = bench_new();

	(void)state;
	give(&b, flow(&b, web, api, 8080));
	assert_int_equal(b.report->record_count, 0);
	assert_null(b.report->records);
	bench_free(&b);
}

static void
files_warnings_and_texts(void **state)
{
	struct bench b = bench_new();
	struct input_file *f;
	char path[] = "one.pcap";

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		f = report_add_file(b.report, path);
		f->packets = i;
		report_add_warning(b.report, "a warning");
	}
	path[0] = 'x';
	assert_int_equal(b.report->file_count, 5);
	assert_string_equal(b.report->files[0].path, "one.pcap");
	assert_int_equal(b.report->files[4].packets, 4);
	assert_int_equal(b.report->files[4].state, FILE_COMPLETE);
	assert_null(b.report->files[0].error);
	assert_int_equal(b.report->warning_count, 5);
	assert_string_equal(b.report->warnings[4], "a warning");
	assert_null(report_text(b.report, NULL));
	assert_null(report_text(b.report, ""));
	assert_ptr_equal(report_text(b.report, "a warning"), b.report->warnings[0]);
	bench_free(&b);
}

/* However the flows come in, the report is the same. */
static void
order_of_flows_does_not_show(void **state)
{
	struct bench b[2];

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		b[turn] = bench_new();
		for (unsigned i = 0; i < 60; i++) {
			static const char *const ends[] = { web, api, db, outside, "192.0.2.1" };
			unsigned n = turn == 0 ? i : 59 - i;
			struct flow_record *f = flow(&b[turn], ends[n % 5], ends[n / 5 % 4], (uint16_t)(8080 + n % 3));

			f->first_packet = 1 + n * 10;
			f->first_seen = at(12, 0, 0) + n;
			if (n % 4 == 0)
				tls13(f);
			else if (n % 4 == 1)
				plaintext_with_secret(f, "http", AUTH_SUCCESS, "http-basic");
			else if (n % 4 == 2)
				plaintext(f, "redis", AUTH_NONE, NULL);
			give(&b[turn], f);
		}
		conclude(&b[turn], "");
	}
	assert_int_equal(b[0].report->pair_count, b[1].report->pair_count);
	for (size_t i = 0; i < b[0].report->pair_count; i++) {
		const struct pair *x = b[0].report->pairs[i], *y = b[1].report->pairs[i];

		assert_int_equal(x->evidence_count, y->evidence_count);
		assert_memory_equal(&x->score, &y->score, sizeof(x->score));
		for (size_t j = 0; j < x->evidence_count; j++) {
			assert_int_equal(evidence_class_compare(x->evidence[j].class, y->evidence[j].class), 0);
			assert_int_equal(x->evidence[j].flows, y->evidence[j].flows);
			assert_int_equal(x->evidence[j].example.first_packet, y->evidence[j].example.first_packet);
		}
	}
	assert_true(b[0].report->finding_count > 10);
	assert_int_equal(b[0].report->finding_count, b[1].report->finding_count);
	for (size_t i = 0; i < b[0].report->finding_count; i++) {
		assert_string_equal(b[0].report->findings[i].id, b[1].report->findings[i].id);
		assert_int_equal(b[0].report->findings[i].packet, b[1].report->findings[i].packet);
		assert_int_equal(b[0].report->findings[i].flows, b[1].report->findings[i].flows);
	}
	bench_free(&b[0]);
	bench_free(&b[1]);
}

/* A flow that is told of in parts: one flow, all of its packets. */
static void
flows_in_parts(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct pair *p;

	(void)state;
	plaintext(f, "http", AUTH_NONE, NULL);
	f->end = FLOW_END_ACTIVE;
	f->payload_seen = true;
	give(&b, f);
	f->continued = true;
	f->counted = false;
	f->payload[FROM_CLIENT] = f->payload[FROM_SERVER] = 0;
	f->last_seen = at(12, 5, 0);
	give(&b, f);
	conclude(&b, "");
	assert_int_equal(b.report->pair_count, 1);
	p = b.report->pairs[0];
	assert_int_equal(p->flows, 1);
	assert_int_equal(b.report->flows, 1);
	assert_int_equal(p->evidence_count, 1);
	assert_int_equal(p->evidence[0].flows, 1);
	assert_int_equal(p->evidence[0].packets[FROM_CLIENT], 12);
	assert_int_equal(p->evidence[0].bytes[FROM_SERVER], 8000);
	assert_int_equal(p->evidence[0].last_seen, at(12, 5, 0));
	assert_true(b.report->finding_count > 0);
	assert_int_equal(b.report->findings[0].flows, 1);
	bench_free(&b);
}

/* The part that counts was told of elsewhere: there are packets and no flow; nothing is found or scored by it. */
static void
flows_counted_elsewhere(void **state)
{
	struct bench b = bench_new();
	struct flow_record *f = flow(&b, web, api, 8080);
	const struct pair *p;

	(void)state;
	plaintext(f, "http", AUTH_NONE, NULL);
	f->counted = false;
	give(&b, f);
	give(&b, f);
	conclude(&b, "");
	p = b.report->pairs[0];
	assert_int_equal(p->flows, 0);
	assert_int_equal(p->evidence[0].flows, 0);
	assert_int_equal(p->evidence[0].packets[FROM_CLIENT], 12);
	assert_false(p->has_c);
	assert_int_equal(b.report->finding_count, 0);
	f->counted = true;
	give(&b, f);
	conclude(&b, "");
	p = b.report->pairs[0];
	assert_int_equal(p->evidence[0].flows, 1);
	assert_int_equal(p->evidence[0].packets[FROM_CLIENT], 18);
	assert_true(p->has_c);
	bench_free(&b);
}

static void
assert_withdrawn(const struct report *r, const struct flow_record *f, size_t count)
{
	assert_int_equal(r->withdrawal_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct withdrawal *w = &r->withdrawals[i];

		assert_ptr_equal(w->pair, r->pairs[0]);
		assert_string_equal(w->class->protocol, "http");
		assert_int_equal(w->flows, 2);
		assert_int_equal(w->first_packet, f->first_packet);
		assert_int_equal(w->first_seen, f->first_seen);
	}
}

/* What is taken back is told on and counts as nothing. */
static void
flows_taken_back(void **state)
{
	struct bench b = bench_new();
	struct report *into = report_new(&(struct report_options){ 0 });
	struct flow_record *f = flow(&b, web, api, 8080);

	(void)state;
	plaintext(f, "http", AUTH_NONE, NULL);
	f->continued = true;
	f->counted = false;
	f->withdrawn = 2;
	f->packets[0] = f->packets[1] = f->bytes[0] = f->bytes[1] = 0;
	give(&b, f);
	give(&b, f);
	assert_int_equal(b.report->flows, 0);
	assert_int_equal(b.report->pairs[0]->evidence_count, 0);
	assert_withdrawn(b.report, f, 2);
	report_merge(into, b.report);
	report_merge(into, b.report);
	assert_withdrawn(into, f, 4);
	report_free(into);
	/* One of the same class that counts: the other is not its example, nor when it began. */
	f->withdrawn = 0;
	f->counted = true;
	f->first_packet += 5;
	f->first_seen += 50;
	f->last_seen += 50;
	give(&b, f);
	conclude(&b, "");
	assert_int_equal(b.report->pairs[0]->evidence_count, 1);
	assert_int_equal(b.report->pairs[0]->evidence[0].flows, 1);
	assert_int_equal(b.report->pairs[0]->evidence[0].first_seen, f->first_seen);
	assert_int_equal(b.report->pairs[0]->evidence[0].example.first_packet, f->first_packet);
	bench_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(four_kinds_of_peers),
		cmocka_unit_test(pairs_have_a_direction),
		cmocka_unit_test(without_an_inventory),
		cmocka_unit_test(service_that_was_asked_for),
		cmocka_unit_test(swapped_service),
		cmocka_unit_test(two_services_are_not_swapped),
		cmocka_unit_test(service_behind),
		cmocka_unit_test(names_of_addresses),
		cmocka_unit_test(names_kept_and_bounded),
		cmocka_unit_test(names_in_one_place),
		cmocka_unit_test(classes_are_folded_and_counted),
		cmocka_unit_test(protocol_of_a_class),
		cmocka_unit_test(payload_of_a_class),
		cmocka_unit_test(flags_of_a_class),
		cmocka_unit_test(earliest_example),
		cmocka_unit_test(example_says_where_claims_rest),
		cmocka_unit_test(more_pairs_than_kept),
		cmocka_unit_test(other_of_a_saved_result),
		cmocka_unit_test(score_of_a_pair),
		cmocka_unit_test(scores_of_namespaces_and_cluster),
		cmocka_unit_test(order_of_pairs),
		cmocka_unit_test(packet_of_a_finding),
		cmocka_unit_test(file_of_a_finding),
		cmocka_unit_test(findings_fold_classes),
		cmocka_unit_test(finding_ids_differ),
		cmocka_unit_test(finding_ids_are_stable),
		cmocka_unit_test(order_of_findings),
		cmocka_unit_test(exemptions),
		cmocka_unit_test(exemptions_end_with_the_last_packet),
		cmocka_unit_test(scope),
		cmocka_unit_test(concluded_again),
		cmocka_unit_test(display_filters),
		cmocka_unit_test(kept_flows),
		cmocka_unit_test(flows_are_not_kept_unasked),
		cmocka_unit_test(files_warnings_and_texts),
		cmocka_unit_test(order_of_flows_does_not_show),
		cmocka_unit_test(flows_in_parts),
		cmocka_unit_test(flows_counted_elsewhere),
		cmocka_unit_test(flows_taken_back),
	};

	return cmocka_run_group_tests_name("sensor/report", tests, NULL, NULL);
}
