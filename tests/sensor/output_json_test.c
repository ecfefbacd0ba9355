/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON outputs: exact lines for a small report, whole documents read by another parser. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "sample_report.h"

static const char input[] =
	"\"input\":{\"files\":[{\"path\":\"captures/shop.pcap\",\"state\":\"complete\",\"error\":null,\"packets\":100,\"bytes\":123456},"
	"{\"path\":\"captures/cut \\\\xff\\u001b[31m.pcap\",\"state\":\"partial\",\"error\":\"ends inside a packet\",\"packets\":20,\"bytes\":2000}],"
	"\"packets\":120,\"bytes\":125456,\"first_seen\":\"2026-01-01T00:00:00.000000000Z\",\"last_seen\":\"2026-01-01T00:00:07.000000500Z\","
	"\"decode\":{\"ok\":110,\"not-ip\":9,\"fragment-held\":0,\"fragment-dropped\":0,\"truncated-header\":0,\"malformed-link\":0,\"malformed-ip\":1,"
	"\"malformed-transport\":0,\"too-deep\":0,\"unsupported-link\":0,\"encapsulation-encrypted\":0,\"link-control\":0},\"drops\":{\"duplicates\":4,"
	"\"evicted_flows\":1,\"not_inspected\":0,\"no_memory\":0},\"flows\":12,\"folded_pairs\":0}";

static const char pair_outside[] =
	"{\"id\":\"befce9e6c43bdce0\",\"source\":{\"namespace\":\"shop\",\"kind\":\"Deployment\",\"workload\":\"worker\"},"
	"\"destination\":{\"ip\":\"2001:db8::9\",\"name\":\"api.example\",\"country\":\"NZ\",\"asn\":64500,\"organization\":\"Example\"},"
	"\"services\":[{\"name\":null,\"port\":443,\"transport\":\"tcp\",\"protocol\":\"tls\"}],\"flows\":5,\"out_of_scope\":0,\"c\":0.888889,"
	"\"coverage\":0.75,\"policies\":[{\"name\":\"encryption\",\"weight\":3.0,\"value\":1.0,\"flows\":5,\"not_observed\":0},{\"name\":\"tls-version\","
	"\"weight\":1.0,\"value\":1.0,\"flows\":5,\"not_observed\":0},{\"name\":\"cipher-strength\",\"weight\":1.0,\"value\":1.0,\"flows\":5,"
	"\"not_observed\":0},{\"name\":\"certificate\",\"weight\":1.0,\"value\":0.0,\"flows\":5,\"not_observed\":0},{\"name\":\"authentication\","
	"\"weight\":3.0,\"value\":null,\"flows\":0,\"not_observed\":5},{\"name\":\"credential-exposure\",\"weight\":2.0,\"value\":1.0,\"flows\":5,"
	"\"not_observed\":0},{\"name\":\"visibility\",\"weight\":1.0,\"value\":1.0,\"flows\":5,\"not_observed\":0}],\"exempt\":[],"
	"\"evidence\":[{\"protocol\":\"tls\",\"service\":null,\"port\":443,\"transport\":\"tcp\",\"encryption\":{\"state\":\"encrypted\",\"by\":\"tls\","
	"\"version\":\"TLS1.2\",\"cipher\":\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\",\"mutual\":\"no\",\"mutual_basis\":\"handshake\",\"resumed\":false,\"mesh\":null,\"flags\":[],"
	"\"certificate\":{\"flags\":[\"seen\",\"expired\"],\"key_type\":\"RSA\",\"key_bits\":2048,\"signature\":\"sha256WithRSAEncryption\"}},"
	"\"authentication\":{\"result\":\"unknown\",\"method\":null},\"cleartext_credentials\":false,\"service_account_token\":false,\"tunnel\":null,"
	"\"tunnel_encrypted\":false,\"payload\":true,\"strength\":\"exchange\",\"flows\":5,\"packets\":{\"client\":30,\"server\":20},"
	"\"bytes\":{\"client\":3000,\"server\":20000},\"first_seen\":\"2026-01-01T00:00:03.000000000Z\",\"last_seen\":\"2026-01-01T00:00:04.000000500Z\","
	"\"example\":{\"file\":\"captures/shop.pcap\",\"packet\":50,\"first_seen\":\"2026-01-01T00:00:03.000000000Z\",\"client\":{\"ip\":\"2001:db8::1\","
	"\"port\":40001},\"server\":{\"ip\":\"2001:db8::9\",\"port\":443},\"transport\":\"tcp\","
	"\"filter\":\"ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::9 && tcp.port == 40001 && tcp.port == 443\",\"ja4\":null,\"service_basis\":null,"
	"\"basis\":{\"protocol\":{\"clause\":\"RFC 8446 4.1.3 ServerHello\",\"file\":\"captures/shop.pcap\",\"packet\":55,\"offset\":5,"
	"\"direction\":\"server\",\"strength\":\"exchange\"},\"encryption\":{\"clause\":\"RFC 8446 4.1.3 ServerHello\",\"file\":\"captures/shop.pcap\","
	"\"packet\":55,\"offset\":5,\"direction\":\"server\",\"strength\":\"exchange\"}}}}]}";

static const char pair_database[] =
	"{\"id\":\"6ecdc0bf3452849c\",\"source\":{\"namespace\":\"shop\",\"kind\":\"Deployment\",\"workload\":\"api\"},\"destination\":{\"namespace\":\"data\","
	"\"kind\":\"StatefulSet\",\"workload\":\"db\"},\"services\":[{\"name\":null,\"port\":5432,\"transport\":\"tcp\",\"protocol\":\"postgresql\"}],"
	"\"flows\":2,\"out_of_scope\":0,\"c\":1.0,\"coverage\":0.666667,\"policies\":[{\"name\":\"encryption\",\"weight\":3.0,\"value\":1.0,\"flows\":2,"
	"\"not_observed\":0},{\"name\":\"tls-version\",\"weight\":1.0,\"value\":1.0,\"flows\":2,\"not_observed\":0},{\"name\":\"cipher-strength\","
	"\"weight\":1.0,\"value\":1.0,\"flows\":2,\"not_observed\":0},{\"name\":\"certificate\",\"weight\":1.0,\"value\":null,\"flows\":0,\"not_observed\":2},"
	"{\"name\":\"authentication\",\"weight\":3.0,\"value\":null,\"flows\":0,\"not_observed\":2},{\"name\":\"credential-exposure\",\"weight\":2.0,"
	"\"value\":1.0,\"flows\":2,\"not_observed\":0},{\"name\":\"visibility\",\"weight\":1.0,\"value\":1.0,\"flows\":2,\"not_observed\":0}],\"exempt\":[],"
	"\"evidence\":[{\"protocol\":\"postgresql\",\"service\":null,\"port\":5432,\"transport\":\"tcp\",\"encryption\":{\"state\":\"upgraded\",\"by\":\"tls\","
	"\"version\":\"TLS1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"mutual\":\"unknown\",\"mutual_basis\":null,\"resumed\":true,\"mesh\":\"istio\",\"flags\":[\"early-data\",\"ech\"],\"certificate\":null},"
	"\"authentication\":{\"result\":\"unknown\",\"method\":null},\"cleartext_credentials\":false,\"service_account_token\":false,\"tunnel\":null,"
	"\"tunnel_encrypted\":false,\"payload\":true,\"strength\":\"exchange\",\"flows\":2,\"packets\":{\"client\":12,\"server\":8},\"bytes\":{\"client\":1200,"
	"\"server\":8000},\"first_seen\":\"2026-01-01T00:00:05.000000000Z\",\"last_seen\":\"2026-01-01T00:00:06.000000500Z\","
	"\"example\":{\"file\":\"captures/cut \\\\xff\\u001b[31m.pcap\",\"packet\":3,\"first_seen\":\"2026-01-01T00:00:05.000000000Z\","
	"\"client\":{\"ip\":\"10.42.0.12\",\"port\":40001},\"server\":{\"ip\":\"10.42.0.21\",\"port\":5432},\"transport\":\"tcp\","
	"\"filter\":\"ip.addr == 10.42.0.12 && ip.addr == 10.42.0.21 && tcp.port == 40001 && tcp.port == 5432\",\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\",\"service_basis\":null,"
	"\"basis\":{\"protocol\":{\"clause\":\"PostgreSQL SSLRequest\",\"file\":\"captures/cut \\\\xff\\u001b[31m.pcap\",\"packet\":4,\"offset\":0,"
	"\"direction\":\"client\",\"strength\":\"structure\"},\"encryption\":{\"clause\":\"RFC 8446 4.1.3 ServerHello\",\"file\":\"captures/shop.pcap\","
	"\"packet\":9,\"offset\":1,\"direction\":\"server\",\"strength\":\"exchange\"}}}}]}";

static const char pair_silent[] =
	"{\"id\":\"f79300595917f79e\",\"source\":{\"namespace\":null,\"kind\":\"Node\",\"workload\":\"node-1\"},\"destination\":{\"namespace\":\"shop\","
	"\"kind\":\"Deployment\",\"workload\":\"api\"},\"services\":[{\"name\":null,\"port\":9090,\"transport\":\"tcp\",\"protocol\":\"unknown\"}],\"flows\":1,"
	"\"out_of_scope\":0,\"c\":null,\"coverage\":0.0,\"policies\":[],\"exempt\":[],\"evidence\":[{\"protocol\":\"unknown\",\"service\":null,\"port\":9090,"
	"\"transport\":\"tcp\",\"encryption\":{\"state\":\"unknown\",\"by\":null,\"version\":null,\"cipher\":null,\"mutual\":\"unknown\",\"mutual_basis\":null,"
	"\"resumed\":false,\"mesh\":null,\"flags\":[],\"certificate\":null},\"authentication\":{\"result\":\"unknown\",\"method\":null},\"cleartext_credentials\":false,"
	"\"service_account_token\":false,\"tunnel\":null,\"tunnel_encrypted\":false,\"payload\":false,\"strength\":\"none\",\"flows\":1,"
	"\"packets\":{\"client\":6,\"server\":4},\"bytes\":{\"client\":600,\"server\":4000},\"first_seen\":\"2026-01-01T00:00:06.000000000Z\","
	"\"last_seen\":\"2026-01-01T00:00:07.000000500Z\",\"example\":{\"file\":null,\"packet\":90,\"first_seen\":\"2026-01-01T00:00:06.000000000Z\","
	"\"client\":{\"ip\":\"10.42.0.1\",\"port\":40001},\"server\":{\"ip\":\"10.42.0.12\",\"port\":9090},\"transport\":\"tcp\","
	"\"filter\":\"ip.addr == 10.42.0.1 && ip.addr == 10.42.0.12 && tcp.port == 40001 && tcp.port == 9090\",\"ja4\":null,\"service_basis\":null,\"basis\":{}}}]}";

static const char finding[] =
	"{\"id\":\"45c026cf232fe4a6\",\"type\":\"certificate-expired\",\"severity\":\"high\",\"policy\":\"certificate\",\"pair\":\"befce9e6c43bdce0\","
	"\"source\":{\"namespace\":\"shop\",\"kind\":\"Deployment\",\"workload\":\"worker\"},\"destination\":{\"ip\":\"2001:db8::9\",\"name\":\"api.example\","
	"\"country\":\"NZ\",\"asn\":64500,\"organization\":\"Example\"},\"service\":{\"name\":null,\"port\":443,\"transport\":\"tcp\",\"protocol\":\"tls\"},"
	"\"flows\":5,\"first_seen\":\"2026-01-01T00:00:03.000000000Z\",\"last_seen\":\"2026-01-01T00:00:04.000000500Z\","
	"\"example\":{\"file\":\"captures/shop.pcap\",\"packet\":55,\"first_seen\":\"2026-01-01T00:00:03.000000000Z\",\"client\":{\"ip\":\"2001:db8::1\","
	"\"port\":40001},\"server\":{\"ip\":\"2001:db8::9\",\"port\":443},\"transport\":\"tcp\","
	"\"filter\":\"ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::9 && tcp.port == 40001 && tcp.port == 443\"},"
	"\"advice\":\"renew the server's certificate, and let its renewal be automatic\"}";

static const char full_flow[] =
	"{\"file\":\"one.pcap\",\"first_packet\":11,\"first_seen\":\"2026-01-01T00:00:00.000000000Z\",\"last_seen\":\"2026-01-01T00:00:00.500000000Z\","
	"\"transport\":\"tcp\",\"client\":{\"ip\":\"10.42.0.11\",\"port\":40001,\"workload\":\"shop/web\",\"kind\":\"StatefulSet\",\"pod\":\"web-1\"},"
	"\"server\":{\"ip\":\"10.42.0.12\",\"port\":8443,\"workload\":\"shop/api-1\",\"kind\":\"Pod\",\"pod\":\"api-1\",\"service\":\"shop/api\","
	"\"service_address\":\"10.43.0.9:443\",\"service_basis\":\"wire\"},\"protocol\":\"http2\",\"rpc_service\":\"shop.Stock\",\"application\":\"vault\",\"ndpi\":{\"master\":\"tls\",\"application\":\"example\",\"category\":\"web\"},"
	"\"packets\":{\"client\":9,\"server\":8},\"bytes\":{\"client\":1000,\"server\":5000},\"encryption\":{\"state\":\"encrypted\",\"by\":\"tls\","
	"\"version\":\"TLS1.2\",\"cipher\":\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\",\"group\":\"x25519\",\"sni\":\"api.shop.svc\",\"alpn\":\"h2\","
	"\"alpn_offered\":\"h2,http/1.1\",\"resumed\":true,\"resumption\":\"ticket\",\"mutual\":\"yes\",\"mutual_basis\":\"handshake\","
	"\"alert\":\"bad_certificate\",\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\",\"mesh\":\"istio\",\"flags\":[\"encrypt-then-mac\"],\"certificate\":{\"subject\":\"CN=api\",\"issuer\":\"CN=Shop CA\",\"names\":[\"DNS:api.shop.svc\",\"IP:10.43.0.9\"],"
	"\"serial\":\"01ab\",\"spiffe_id\":\"spiffe://shop/sa/api\",\"not_before\":\"2025-01-01T00:00:00Z\",\"not_after\":null,\"key_type\":\"EC\","
	"\"key_bits\":256,\"signature\":\"ecdsa-with-SHA256\",\"self_signed\":false,\"ca\":true,\"flags\":[\"seen\",\"ca-as-leaf\"]},"
	"\"client_certificate\":{\"subject\":\"CN=web\",\"issuer\":\"CN=Shop CA\",\"names\":[\"DNS:api.shop.svc\",\"IP:10.43.0.9\"],\"serial\":\"01ab\","
	"\"spiffe_id\":\"spiffe://shop/sa/api\",\"not_before\":\"2025-01-01T00:00:00Z\",\"not_after\":null,\"key_type\":\"EC\",\"key_bits\":256,"
	"\"signature\":\"ecdsa-with-SHA256\",\"self_signed\":false,\"ca\":true,\"flags\":[]}},\"authentication\":{\"result\":\"success\","
	"\"method\":\"tls-client-cert\",\"token_subject\":\"system:serviceaccount:shop:web\"},\"cleartext_credentials\":false,"
	"\"direction_basis\":\"handshake\",\"tunnel\":\"vxlan\",\"tunnel_encrypted\":false,\"notes\":[\"tunnel\",\"duplicates\"],\"strength\":\"exchange\","
	"\"basis\":{\"protocol\":{\"clause\":\"RFC 7301 3.2 ALPN\",\"file\":\"one.pcap\",\"packet\":14,\"offset\":5,\"direction\":\"server\","
	"\"strength\":\"exchange\"},\"encryption\":{\"clause\":\"RFC 5246 7.4.1.3 ServerHello\",\"file\":\"one.pcap\",\"packet\":14,\"offset\":5,"
	"\"direction\":\"server\",\"strength\":\"exchange\"}},\"end\":\"closed\",\"duplicates\":2}";

static const char empty_flow[] =
	"{\"file\":\"one.pcap\",\"first_packet\":12,\"first_seen\":\"2026-01-01T00:00:00.000000001Z\",\"last_seen\":\"2026-01-01T00:00:00.000000001Z\","
	"\"transport\":\"47\",\"client\":{\"ip\":\"2001:db8::1\",\"port\":0,\"workload\":null,\"kind\":null,\"pod\":null},\"server\":{\"ip\":\"2001:db8::2\","
	"\"port\":0,\"workload\":null,\"kind\":null,\"pod\":null,\"service\":null,\"service_address\":null,\"service_basis\":null},\"protocol\":\"gre\",\"rpc_service\":null,\"application\":null,\"ndpi\":{\"master\":\"gre\","
	"\"application\":null,\"category\":null},\"packets\":{\"client\":0,\"server\":0},\"bytes\":{\"client\":0,\"server\":0},"
	"\"encryption\":{\"state\":\"unknown\",\"by\":null,\"version\":null,\"cipher\":null,\"group\":null,\"sni\":null,\"alpn\":null,\"alpn_offered\":null,"
	"\"resumed\":false,\"resumption\":null,\"mutual\":\"unknown\",\"mutual_basis\":null,\"alert\":null,\"ja4\":null,\"mesh\":null,\"flags\":[],\"certificate\":{\"subject\":null,\"issuer\":null,"
	"\"names\":[],\"serial\":null,\"spiffe_id\":null,\"not_before\":null,\"not_after\":null,\"key_type\":null,\"key_bits\":0,\"signature\":null,"
	"\"self_signed\":false,\"ca\":false,\"flags\":[\"seen\",\"unreadable\"]},\"client_certificate\":null},\"authentication\":{\"result\":\"unknown\","
	"\"method\":null,\"token_subject\":null},\"cleartext_credentials\":false,\"direction_basis\":\"port\",\"tunnel\":null,\"tunnel_encrypted\":false,"
	"\"notes\":[],\"strength\":\"none\",\"basis\":{},\"end\":\"idle\",\"duplicates\":0}";

/* The text of the line that begins like this, without a comma at its end. */
static char *
line_of(const char *text, const char *beginning, size_t number)
{
	for (;; text++) {
		size_t size = strcspn(text, "\n");

		if (strncmp(text, beginning, strlen(beginning)) == 0 && number-- == 0)
			return strndup(text, text[size - 1] == ',' ? size - 1 : size);
		text += size;
		assert_int_equal(*text, '\n');
	}
}

static void
assert_line(const char *text, const char *beginning, size_t number, const char *expected)
{
	char *line = line_of(text, beginning, number);

	assert_text(line, expected);
	free(line);
}

static void
test_document(void **state)
{
	json_error_t error;
	struct sample s;
	json_t *root;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	assert_line(text, "\"input\"", 0, input);
	assert_line(text, "{\"id\"", 1, pair_outside);
	assert_line(text, "{\"id\"", 2, pair_database);
	assert_line(text, "{\"id\"", 3, pair_silent);
	assert_line(text, "{\"id\"", 4, finding);
	assert_line(text, "\"cluster\"", 0, "\"cluster\":{\"c\":0.591856,\"coverage\":1.0}");
	assert_line(text, "\"warnings\"", 0, "\"warnings\":[\"cluster.json: a made-up warning\"]");
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		fail_msg("%d:%d: %s", error.line, error.column, error.text);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "podwire.report/1");
	assert_int_equal(json_array_size(json_object_get(root, "pairs")), 4);
	assert_int_equal(json_array_size(json_object_get(root, "findings")), 4);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "policy"), "policies")), POLICY_COUNT);
	assert_null(json_object_get(root, "flows"));
	json_decref(root);
	free(text);
	sample_clear(&s);
}

/* A flow that was taken for something else at first: only packets are left of that, which is no service. */
static void
test_services_of_flows(void **state)
{
	const struct peer web = { .workload = "web", .kind = "Pod", .namespace = "shop" }, api = { .workload = "api", .kind = "Pod", .namespace = "shop" };
	const struct evidence_class first = { .protocol = "unknown-yet", .server_port = 21, .ip_protocol = 6 }, last = { .protocol = "ftp", .server_port = 21, .ip_protocol = 6 };
	struct evidence_count n = { .packets = { 1, 1 }, .bytes = { 60, 60 }, .first_seen = 1, .last_seen = 2 };
	struct report *r = report_new(&(struct report_options){ 0 });
	struct policy_set *set = policy_set_default();
	char *text;

	(void)state;
	report_add_evidence(r, &web, &api, &first, &n);
	report_conclude(r, set);
	text = sample_json(r, &(struct output_options){ 0 });
	assert_non_null(strstr(text, "\"services\":[{\"name\":null,\"port\":21,\"transport\":\"tcp\",\"protocol\":\"unknown-yet\"}]"));
	free(text);
	n.flows = 1;
	report_add_evidence(r, &web, &api, &last, &n);
	report_conclude(r, set);
	text = sample_json(r, &(struct output_options){ 0 });
	assert_non_null(strstr(text, "\"services\":[{\"name\":null,\"port\":21,\"transport\":\"tcp\",\"protocol\":\"ftp\"}]"));
	free(text);
	policy_set_free(set);
	report_free(r);
}

static void
test_same_bytes(void **state)
{
	struct sample a, b;
	char *first, *second;

	(void)state;
	sample_init(&a);
	sample_init(&b);
	first = sample_json(a.report, &(struct output_options){ .flows = true });
	second = sample_json(b.report, &(struct output_options){ .flows = true });
	assert_text(first, second);
	free(first);
	free(second);
	sample_clear(&a);
	sample_clear(&b);
}

static void
test_flows(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init_flows(&s);
	text = sample_json(s.report, &(struct output_options){ .flows = true });
	assert_line(text, "{\"file\"", 0, full_flow);
	assert_line(text, "{\"file\"", 1, empty_flow);
	assert_non_null(strstr(text, "\"first_packet\":13"));
	assert_null(strstr(text, "alice"));
	free(text);
	/* User names only where they were asked for. */
	text = sample_json(s.report, &(struct output_options){ .flows = true, .principals = true });
	assert_non_null(strstr(text, "\"method\":\"tls-client-cert\",\"principal\":\"alice\","));
	assert_non_null(strstr(text, "\"method\":null,\"principal\":null,"));
	free(text);
	sample_clear(&s);
}

/* The Service's address was taken for the server's: the inventory tells them apart. */
static void
test_swapped_service(void **state)
{
	struct flow_record *f;
	struct address server;
	struct sample s;
	char *text;

	(void)state;
	sample_init_flows(&s);
	f = s.report->records[0];
	server = f->server;
	f->server = f->service;
	f->server_port = 443;
	f->service = server;
	f->service_port = 8443;
	text = sample_json(s.report, &(struct output_options){ .flows = true });
	assert_line(text, "{\"file\"", 0, full_flow);
	free(text);
	sample_clear(&s);
}

/* Every line is a document with its type. */
static void
test_lines(void **state)
{
	static const char *const types[] = { "input", "flow", "flow", "flow", "pair", "pair", "pair", "finding", "finding" };
	size_t count = 0, size;
	struct sample s;
	char *text;

	(void)state;
	sample_init_flows(&s);
	text = sample_ndjson(s.report, &(struct output_options){ .flows = true });
	for (const char *line = text; *line != '\0'; line += size + 1) {
		json_t *object;

		size = strcspn(line, "\n");
		object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(object);
		assert_true(count < sizeof(types) / sizeof(types[0]));
		assert_string_equal(json_string_value(json_object_get(object, "type")), types[count]);
		assert_true(json_is_object(json_object_get(object, types[count])));
		json_decref(object);
		count++;
	}
	assert_int_equal(count, sizeof(types) / sizeof(types[0]));
	free(text);
	text = sample_ndjson(s.report, &(struct output_options){ 0 });
	assert_null(strstr(text, "\"type\":\"flow\""));
	free(text);
	sample_clear(&s);
}

static void
test_nothing(void **state)
{
	struct policy_set *set = policy_set_default();
	struct report *r = report_new(&(struct report_options){ 0 });
	char *text;

	(void)state;
	report_conclude(r, set);
	text = sample_json(r, &(struct output_options){ .flows = true });
	assert_non_null(strstr(text, "\"files\":[],\"packets\":0,\"bytes\":0,\"first_seen\":null,\"last_seen\":null,"));
	assert_non_null(strstr(text, "\"cluster\":{\"c\":null,\"coverage\":0.0},\n\"namespaces\":[],\n\"pairs\":[],\n\"findings\":[],\n\"warnings\":[],\n\"flows\":[]\n}\n"));
	free(text);
	report_free(r);
	policy_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_services_of_flows),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_swapped_service),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("sensor/output_json", tests, NULL, NULL);
}
