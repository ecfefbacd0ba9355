/* SPDX-License-Identifier: Apache-2.0 */
/* See made_up_report.h. Names and addresses are made up (RFC 5737, RFC 3849). */
#include <config.h>

#include "made_up_report.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "sensor/output.h"

/* Spreads a number over 64 bits (splitmix64). */
static uint64_t
spread(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

struct report *
made_up_report(size_t max_pairs)
{
	struct report *r = report_new(&(struct report_options){ .max_pairs = max_pairs });

	report_add_file(r, "veth0");
	report_add_file(r, "veth1");
	return r;
}

static struct peer
workload(const char *namespace, const char *name)
{
	return (struct peer){ .namespace = namespace, .kind = "Deployment", .workload = name };
}

static struct peer
outside(const char *ip)
{
	struct peer p = { .has_address = true, .country = "NZ", .asn = 64500, .organization = "Example" };

	assert_true(address_parse(ip, &p.address));
	return p;
}

static const char *const outsides[] = { "198.51.100.7", "2001:db8::7", "10.1.2.3", "8.8.4.4", "9.9.9.9" };

static struct peer
peer(uint64_t number)
{
	switch (number % 8) {
	case 0: return workload("shop", "web");
	case 1: return workload("shop", "api");
	case 2: return workload("data", "db");
	case 3: return outside(outsides[0]);
	case 4: return outside(outsides[1]);
	case 5: return outside(outsides[2]);
	case 6: return outside(outsides[3]);
	default: return outside(outsides[4]);
	}
}

static void
claim(struct evidence_count *n, enum claim which, const char *clause, uint16_t file)
{
	n->example.basis[which] = (struct example_basis){ .clause = clause, .packet = n->example.first_packet + 3, .file = file, .direction = FROM_SERVER, .strength = STRENGTH_EXCHANGE };
}

static struct evidence_count
count_of(uint64_t number, int64_t time)
{
	struct evidence_count n = {
		.flows = 1,
		.packets = { 5 + number % 7, 4 },
		.bytes = { 500 + number % 1000, 4000 },
		.first_seen = time,
		.last_seen = time + (int64_t)(number % 100) * INT64_C(10000000),
		.example = {
			.file = (uint16_t)(number % 2),
			.first_packet = number + 1,
			.first_seen = time,
			.client_port = (uint16_t)(30000 + number % 30000),
			.server_port = 443,
			.ip_protocol = IPPROTO_TCP,
			.ja4 = number % 3 == 0 ? "t13d1516h2_8daaf6152771_e5627efa2ab1" : NULL,
		},
	};

	assert_true(address_parse("10.42.0.11", &n.example.client));
	assert_true(address_parse("10.42.0.12", &n.example.server));
	claim(&n, CLAIM_PROTOCOL, "protocol clause", n.example.file);
	claim(&n, CLAIM_ENCRYPTION, number % 2 == 0 ? "encryption clause" : "another clause", n.example.file);
	return n;
}

static struct evidence_class
class_of(unsigned which)
{
	struct evidence_class e = { .ip_protocol = IPPROTO_TCP, .strength = STRENGTH_EXCHANGE, .payload = true };

	switch (which % 4) {
	case 0:
		e.protocol = "http";
		e.service = "shop/api";
		e.server_port = 8080;
		e.state = ENCRYPTION_PLAINTEXT;
		e.result = AUTH_NONE;
		return e;
	case 1:
		e.protocol = "tls";
		e.by = "tls";
		e.version = "TLS1.2";
		e.cipher = "TLS_RSA_WITH_AES_128_CBC_SHA";
		e.server_port = 443;
		e.state = ENCRYPTION_ENCRYPTED;
		e.certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_EXPIRED;
		e.key_type = "RSA";
		e.key_bits = 2048;
		e.signature = "sha256WithRSAEncryption";
		return e;
	case 2:
		e.protocol = "postgresql";
		e.server_port = 5432;
		e.state = ENCRYPTION_PLAINTEXT;
		e.result = AUTH_SUCCESS;
		e.method = "md5";
		return e;
	default:
		e.server_port = 9000;
		e.payload = false;
		e.strength = STRENGTH_NONE;
		return e;
	}
}

static void
add(struct report *r, const struct peer *source, const struct peer *destination, const struct evidence_class *e, const struct evidence_count *n)
{
	report_add_evidence(r, report_peer(r, source), report_peer(r, destination), e, n);
}

void
made_up_flow(struct report *r, uint64_t number, int64_t time)
{
	uint64_t dice = spread(number % 400);
	struct peer source = peer(dice), destination = peer(dice >> 8);
	struct evidence_class e = class_of((unsigned)(dice >> 16));
	struct evidence_count n = count_of(number, time);

	if ((dice >> 24) % 5 == 0)
		n.flows = 0; /* more packets of a flow that was counted before */
	add(r, &source, &destination, &e, &n);
}

void
made_up_pair(struct report *r, uint32_t pair, unsigned class, int64_t time)
{
	char from[32], to[32];
	struct peer source = workload("load", from), destination = workload(pair % 2 == 0 ? "even" : "odd", to);
	struct evidence_class e = class_of(class);
	struct evidence_count n = count_of(pair, time);

	(void)snprintf(from, sizeof(from), "source-%u", pair / 100);
	(void)snprintf(to, sizeof(to), "destination-%u", pair % 100);
	add(r, &source, &destination, &e, &n);
}

void
made_up_name(struct report *r, uint64_t number, int64_t time)
{
	struct record_sink sink = report_sink(r);
	struct name_record n = { .time = time, .ttl = 5 };

	assert_true(address_parse(outsides[number % 5], &n.address));
	(void)snprintf(n.name, sizeof(n.name), "name-%u.example", (unsigned)(number % 17));
	sink.name(sink.context, &n);
}

struct report *
made_up_flows(uint64_t number, unsigned count, int64_t time)
{
	struct report *r = made_up_report(0);

	for (unsigned i = 0; i < count; i++) {
		made_up_flow(r, number + i, time + i * INT64_C(100000000));
		if (i % 5 == 0)
			made_up_name(r, number + i, time + i * INT64_C(100000000));
	}
	return r;
}

char *
made_up_json(struct report *r)
{
	static struct policy_set *set;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	if (set == NULL)
		set = policy_set_default();
	report_conclude(r, set);
	output_json(f, r, &(struct output_options){ 0 });
	assert_int_equal(fclose(f), 0);
	return text;
}

struct policy_set *made_up_set;

int
made_up_policies(void **state)
{
	(void)state;
	made_up_set = policy_set_default();
	return 0;
}

int
made_up_policies_end(void **state)
{
	(void)state;
	policy_set_free(made_up_set);
	return 0;
}
