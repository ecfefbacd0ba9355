/* SPDX-License-Identifier: Apache-2.0 */
/* See sample_report.h. Names and addresses are made up (RFC 5737, RFC 3849). */
#include <config.h>

#include "sample_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dissectors/evidence.h"
#include "sensor/cluster_json.h"

static const int64_t second = INT64_C(1000000000);
static const int64_t start = INT64_C(1767225600) * INT64_C(1000000000); /* 2026-01-01 */

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse(text, &a));
	return a;
}

static struct peer
workload(const char *namespace, const char *kind, const char *name)
{
	return (struct peer){ .namespace = namespace, .kind = kind, .workload = name };
}

/* flows of a class, the first of them at so many seconds, in the first file, from a packet on. */
static struct evidence_count
count(uint64_t flows, int64_t at, uint64_t packet, const char *client, const char *server, uint16_t port)
{
	struct evidence_count n = {
		.flows = flows,
		.packets = { 6 * flows, 4 * flows },
		.bytes = { 600 * flows, 4000 * flows },
		.first_seen = start + at * second,
		.last_seen = start + (at + 1) * second + 500,
		.example = {
			.first_packet = packet,
			.first_seen = start + at * second,
			.client = address(client),
			.server = address(server),
			.client_port = 40001,
			.server_port = port,
			.ip_protocol = 6,
		},
	};

	return n;
}

static void
claim(struct evidence_count *n, enum claim claim, const char *clause, uint64_t packet, uint64_t offset, enum direction direction, enum strength strength)
{
	n->example.basis[claim] = (struct example_basis){
		.clause = clause, .packet = packet, .offset = offset, .direction = (uint8_t)direction, .strength = (uint8_t)strength,
	};
}

static struct evidence_class
class(const char *protocol, uint16_t port, enum encryption_state state)
{
	struct evidence_class e;

	memset(&e, 0, sizeof(e));
	e.protocol = protocol;
	e.server_port = port;
	e.ip_protocol = 6;
	e.state = (uint8_t)state;
	e.strength = protocol != NULL ? STRENGTH_EXCHANGE : STRENGTH_NONE;
	e.payload = true;
	return e;
}

static void
add(struct report *r, struct peer source, struct peer destination, const struct evidence_class *e, const struct evidence_count *n)
{
	report_add_evidence(r, report_peer(r, &source), report_peer(r, &destination), e, n);
}

static void
add_http(struct report *r)
{
	struct peer web = workload("shop", "Deployment", "web"), api = workload("shop", "Deployment", "api");
	struct evidence_class e = class("http", 8080, ENCRYPTION_PLAINTEXT);
	struct evidence_count n = count(3, 0, 1, "10.42.0.11", "10.42.0.12", 8080);

	e.service = "shop/api";
	e.result = AUTH_NONE;
	claim(&n, CLAIM_PROTOCOL, "RFC 9112 4 answer", 7, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_ENCRYPTION, "RFC 9112 4 answer", 7, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_AUTHENTICATION, "RFC 9112 4 answer", 7, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	add(r, web, api, &e, &n);
	e.result = AUTH_SUCCESS;
	e.method = "http-basic";
	e.cleartext_credentials = true;
	n = count(1, 2, 31, "10.42.0.11", "10.42.0.12", 8080);
	claim(&n, CLAIM_PROTOCOL, "RFC 9112 4 answer", 38, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_ENCRYPTION, "RFC 9112 4 answer", 38, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_AUTHENTICATION, "RFC 9110 15.3.1 200", 38, 0, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_CREDENTIALS, "RFC 9110 11.6.2 Authorization", 34, 0, FROM_CLIENT, STRENGTH_STRUCTURE);
	add(r, web, api, &e, &n);
}

static void
add_tls(struct report *r)
{
	struct peer outside = { .address = address("2001:db8::9"), .has_address = true, .name = "api.example", .country = "NZ", .asn = 64500, .organization = "Example" };
	struct evidence_class e = class("tls", 443, ENCRYPTION_ENCRYPTED);
	struct evidence_count n = count(5, 3, 50, "2001:db8::1", "2001:db8::9", 443);

	e.by = "tls";
	e.version = "TLS1.2";
	e.cipher = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
	e.mutual = MUTUAL_NO;
	e.mutual_basis = MUTUAL_BASIS_HANDSHAKE;
	e.certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_EXPIRED;
	e.key_type = "RSA";
	e.key_bits = 2048;
	e.signature = "sha256WithRSAEncryption";
	claim(&n, CLAIM_PROTOCOL, "RFC 8446 4.1.3 ServerHello", 55, 5, FROM_SERVER, STRENGTH_EXCHANGE);
	claim(&n, CLAIM_ENCRYPTION, "RFC 8446 4.1.3 ServerHello", 55, 5, FROM_SERVER, STRENGTH_EXCHANGE);
	add(r, workload("shop", "Deployment", "worker"), outside, &e, &n);
}

static void
add_database(struct report *r)
{
	struct evidence_class e = class("postgresql", 5432, ENCRYPTION_UPGRADED);
	struct evidence_count n = count(2, 5, 3, "10.42.0.12", "10.42.0.21", 5432);

	e.by = "tls";
	e.version = "TLS1.3";
	e.cipher = "TLS_AES_256_GCM_SHA384";
	e.resumed = true;
	e.mesh = "istio";
	e.encryption_flags = ENCRYPTION_EARLY_DATA | ENCRYPTION_ECH;
	n.example.file = 1;
	n.example.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
	claim(&n, CLAIM_PROTOCOL, "PostgreSQL SSLRequest", 4, 0, FROM_CLIENT, STRENGTH_STRUCTURE);
	claim(&n, CLAIM_ENCRYPTION, "RFC 8446 4.1.3 ServerHello", 9, 1, FROM_SERVER, STRENGTH_EXCHANGE);
	n.example.basis[CLAIM_PROTOCOL].file = 1;
	add(r, workload("shop", "Deployment", "api"), workload("data", "StatefulSet", "db"), &e, &n);
}

static void
add_silent(struct report *r)
{
	struct evidence_class e = class(NULL, 9090, ENCRYPTION_UNKNOWN);
	struct evidence_count n = count(1, 6, 90, "10.42.0.1", "10.42.0.12", 9090);

	e.payload = false;
	n.example.file = UINT16_MAX;
	add(r, workload(NULL, "Node", "node-1"), workload("shop", "Deployment", "api"), &e, &n);
}

static void
add_files(struct report *r)
{
	struct input_file *f = report_add_file(r, "captures/shop.pcap");

	f->packets = 100;
	f->bytes = 123456;
	f = report_add_file(r, "captures/cut \xff\x1b[31m.pcap");
	f->packets = 20;
	f->bytes = 2000;
	f->state = FILE_PARTIAL;
	f->error = "ends inside a packet";
	r->counters.frames = 120;
	r->counters.bytes = 125456;
	r->counters.results[PACKET_OK] = 110;
	r->counters.results[PACKET_NOT_IP] = 9;
	r->counters.results[PACKET_MALFORMED_IP] = 1;
	r->counters.duplicates = 4;
	r->counters.table.evicted = 1;
	report_add_warning(r, "cluster.json: a made-up warning");
}

static void
begin(struct sample *s, bool keep_flows)
{
	struct report_options options = { .keep_flows = keep_flows, .inventory = s->inventory };

	s->policies = policy_set_default();
	s->report = report_new(&options);
}

void
sample_init(struct sample *s)
{
	*s = (struct sample){ 0 };
	begin(s, false);
	add_files(s->report);
	add_http(s->report);
	add_tls(s->report);
	add_database(s->report);
	add_silent(s->report);
	report_conclude(s->report, s->policies);
}

/* Flows. */

static const char cluster[] =
	"{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":["
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"uid\":\"1\","
	"\"ownerReferences\":[{\"kind\":\"StatefulSet\",\"name\":\"web\",\"uid\":\"7\",\"controller\":true}]},"
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.42.0.11\"}},"
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"api-1\",\"namespace\":\"shop\",\"uid\":\"2\"},"
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.42.0.12\"}},"
	"{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"api\",\"namespace\":\"shop\",\"uid\":\"3\"},"
	"\"spec\":{\"clusterIP\":\"10.43.0.9\",\"ports\":[{\"port\":443,\"targetPort\":8443,\"protocol\":\"TCP\"}]}}]}";

static void
fill_certificate(struct flow_record *f, struct record_certificate *c, const char *subject)
{
	*c = (struct record_certificate){
		.present = true,
		.subject = record_add_text(f, subject),
		.issuer = record_add_text(f, "CN=Shop CA"),
		.names = record_add_text(f, "DNS:api.shop.svc IP:10.43.0.9"),
		.spiffe_id = record_add_text(f, "spiffe://shop/sa/api"),
		.serial = record_add_text(f, "01ab"),
		.key_type = record_add_text(f, "EC"),
		.key_bits = 256,
		.signature = record_add_text(f, "ecdsa-with-SHA256"),
		.not_before = INT64_C(1735689600),
		.not_after = INT64_MAX, /* no date */
		.ca = true,
	};
}

static void
fill_basis(struct flow_record *f, enum claim claim, const char *clause)
{
	f->basis[claim] = (struct record_basis){
		.clause = record_add_text(f, clause), .packet = 14, .offset = 5, .direction = FROM_SERVER, .strength = STRENGTH_EXCHANGE,
	};
}

/* An encrypted flow to a Service: all fields. */
static void
fill_full(struct flow_record *f)
{
	record_init(f);
	f->client = address("10.42.0.11");
	f->server = address("10.42.0.12");
	f->service = address("10.43.0.9");
	f->client_port = 40001;
	f->server_port = 8443;
	f->service_port = 443;
	f->has_service = true;
	f->ip_protocol = 6;
	f->end = FLOW_END_CLOSED;
	f->first_packet = 11;
	f->first_seen = start;
	f->last_seen = start + second / 2;
	f->packets[FROM_CLIENT] = 9;
	f->packets[FROM_SERVER] = 8;
	f->bytes[FROM_CLIENT] = 1000;
	f->bytes[FROM_SERVER] = 5000;
	f->payload[FROM_CLIENT] = 500;
	f->payload[FROM_SERVER] = 4500;
	f->duplicates = 2;
	f->strength = STRENGTH_EXCHANGE;
	f->state = ENCRYPTION_ENCRYPTED;
	f->mutual = MUTUAL_YES;
	f->mutual_basis = MUTUAL_BASIS_HANDSHAKE;
	f->certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_CA;
	f->auth_result = AUTH_SUCCESS;
	f->resumed = true;
	f->notes = 1u << NOTE_DUPLICATES | 1u << NOTE_TUNNEL;
	fill_basis(f, CLAIM_PROTOCOL, "RFC 7301 3.2 ALPN");
	fill_basis(f, CLAIM_ENCRYPTION, "RFC 5246 7.4.1.3 ServerHello");
	f->protocol = record_add_text(f, "http2");
	f->by = record_add_text(f, "tls");
	f->tls_version = record_add_text(f, "TLS1.2");
	f->cipher = record_add_text(f, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
	f->group = record_add_text(f, "x25519");
	f->resumption = record_add_text(f, "ticket");
	f->sni = record_add_text(f, "api.shop.svc");
	f->alpn = record_add_text(f, "h2");
	f->alpn_offered = record_add_text(f, "h2,http/1.1");
	f->alert = record_add_text(f, "bad_certificate");
	f->ja4 = record_add_text(f, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	f->mesh = record_add_text(f, "istio");
	f->encryption_flags = ENCRYPTION_ENCRYPT_THEN_MAC;
	f->auth_method = record_add_text(f, "tls-client-cert");
	f->principal = record_add_text(f, "alice");
	f->token_subject = record_add_text(f, "system:serviceaccount:shop:web");
	f->rpc_service = record_add_text(f, "shop.Stock");
	f->application = record_add_text(f, "vault");
	f->tunnel = record_add_text(f, "vxlan");
	f->ndpi_master = record_add_text(f, "tls");
	f->ndpi_application = record_add_text(f, "example");
	f->ndpi_category = record_add_text(f, "web");
	fill_certificate(f, &f->certificate, "CN=api");
	fill_certificate(f, &f->client_certificate, "CN=web");
}

/* A flow of which nothing is known but a label, between addresses nobody knows. */
static void
fill_empty(struct flow_record *f)
{
	record_init(f);
	f->client = address("2001:db8::1");
	f->server = address("2001:db8::2");
	f->ip_protocol = 47;
	f->direction_basis = DIRECTION_PORT;
	f->first_packet = 12;
	f->first_seen = start + 1;
	f->last_seen = start + 1;
	f->ndpi_master = record_add_text(f, "gre");
	f->certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE;
}

void
sample_init_flows(struct sample *s)
{
	static struct flow_record record;
	struct record_sink sink;
	char error[256];

	*s = (struct sample){ .inventory = inventory_new() };
	assert_true(cluster_json_read(s->inventory, "cluster", cluster, strlen(cluster), error, sizeof(error)));
	begin(s, true);
	sink = report_sink(s->report);
	report_add_file(s->report, "one.pcap");
	fill_full(&record);
	sink.flow(sink.context, &record);
	fill_empty(&record);
	sink.flow(sink.context, &record);
	record_init(&record);
	record.client = record.server = address("192.0.2.1");
	record.first_packet = 13;
	record.first_seen = record.last_seen = start + 2;
	sink.flow(sink.context, &record);
	report_conclude(s->report, s->policies);
}

void
sample_clear(struct sample *s)
{
	report_free(s->report);
	policy_set_free(s->policies);
	inventory_free(s->inventory);
}

/* Texts. */

static char *
written(void (*write)(FILE *, const struct report *, const struct output_options *), const struct report *r, const struct output_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	write(f, r, options);
	assert_int_equal(fclose(f), 0);
	return text;
}

char *
sample_json(const struct report *r, const struct output_options *options)
{
	return written(output_json, r, options);
}

char *
sample_ndjson(const struct report *r, const struct output_options *options)
{
	return written(output_ndjson, r, options);
}

char *
sample_table(const struct report *r, const struct output_options *options)
{
	return written(output_table, r, options);
}

char *
sample_explain(const struct report *r, const char *pattern, const struct output_options *options, char error[1024])
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool found;

	assert_non_null(f);
	error[0] = '\0';
	found = output_explain(f, r, pattern, options, error, 1024);
	assert_int_equal(fclose(f), 0);
	if (found)
		return text;
	assert_string_equal(text, "");
	free(text);
	return NULL;
}

void
assert_text(const char *found, const char *expected)
{
	if (strcmp(found, expected) != 0)
		fprintf(stderr, "found:\n%s\nexpected:\n%s\n", found, expected);
	assert_true(strcmp(found, expected) == 0);
}
