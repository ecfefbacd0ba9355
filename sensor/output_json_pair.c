/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs with their evidence, and findings, as JSON. saved_result.c reads evidence back: the two change together. */
#include <config.h>

#include "output_json_internal.h"

#include <stdlib.h>
#include <string.h>

#include "output_text.h"

/* Ends. */

static void
json_peer(struct json_writer *w, const char *key, const struct peer *p)
{
	char ip[ADDRESS_TEXT_SIZE];

	json_open(w, key, '{');
	if (p->has_address) {
		json_text(w, "ip", address_text(&p->address, ip));
		json_text(w, "name", p->name);
		json_text(w, "country", p->country[0] != '\0' ? p->country : NULL);
		if (p->asn != 0)
			json_count(w, "asn", p->asn);
		else
			json_null(w, "asn");
		json_text(w, "organization", p->organization);
	} else {
		json_text(w, "namespace", p->namespace);
		json_text(w, "kind", p->kind);
		json_text(w, "workload", p->workload);
	}
	json_close(w, '}');
}

static void
json_socket(struct json_writer *w, const char *key, const struct address *a, uint16_t port)
{
	char ip[ADDRESS_TEXT_SIZE];

	json_open(w, key, '{');
	json_text(w, "ip", address_text(a, ip));
	json_count(w, "port", port);
	json_close(w, '}');
}

static const char *
protocol_of(const struct evidence_class *e)
{
	return e->protocol != NULL ? e->protocol : "unknown";
}

static void
json_service(struct json_writer *w, const char *key, const struct evidence_class *e)
{
	json_open(w, key, '{');
	json_text(w, "name", e->service);
	json_count(w, "port", e->server_port);
	json_transport(w, "transport", e->ip_protocol);
	json_text(w, "protocol", protocol_of(e));
	json_close(w, '}');
}

/* What the pair offers: each combination once, by name, port, transport and protocol. */

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
compare_services(const void *a, const void *b)
{
	const struct evidence_class *x = *(const struct evidence_class *const *)a, *y = *(const struct evidence_class *const *)b;
	int order = compare_text(x->service, y->service);

	if (order == 0)
		order = (x->server_port > y->server_port) - (x->server_port < y->server_port);
	if (order == 0)
		order = (x->ip_protocol > y->ip_protocol) - (x->ip_protocol < y->ip_protocol);
	return order != 0 ? order : compare_text(protocol_of(x), protocol_of(y));
}

static void
json_services(struct json_writer *w, const struct pair *p)
{
	const struct evidence_class **classes = calloc(p->evidence_count + 1, sizeof(*classes));
	size_t count = 0;

	if (classes == NULL)
		abort();
	/* Of what flows turned out not to be only their packets are left: no service. */
	for (size_t i = 0; i < p->evidence_count; i++)
		if (p->evidence[i].flows > 0 || p->flows == 0)
			classes[count++] = p->evidence[i].class;
	qsort(classes, count, sizeof(*classes), compare_services);
	json_open(w, "services", '[');
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_services(&classes[i - 1], &classes[i]) != 0)
			json_service(w, NULL, classes[i]);
	json_close(w, ']');
	free(classes);
}

/* Scores. */

static void
json_policies(struct json_writer *w, const struct report *r, const struct score *score)
{
	json_open(w, "policies", '[');
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		const struct policy_setting *s = &r->policies->settings[i];
		const struct score_policy *p = &score->policies[i];
		double value;

		if (!p->applicable)
			continue;
		json_open(w, NULL, '{');
		json_text(w, "name", s->policy->name);
		json_decimal(w, "weight", s->weight);
		if (score_policy_value(score, i, &value))
			json_decimal(w, "value", value);
		else
			json_null(w, "value");
		json_count(w, "flows", p->flows);
		json_count(w, "not_observed", p->unobserved);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_open(w, "exempt", '[');
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		if (score->policies[i].exempt == 0)
			continue;
		json_open(w, NULL, '{');
		json_text(w, "policy", r->policies->settings[i].policy->name);
		json_count(w, "flows", score->policies[i].exempt);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* Evidence. */

static void
json_class_certificate(struct json_writer *w, const struct evidence_class *e)
{
	if (e->certificate_flags == 0 && e->key_type == NULL && e->signature == NULL && e->key_bits == 0) {
		json_null(w, "certificate");
		return;
	}
	json_open(w, "certificate", '{');
	json_bits(w, "flags", e->certificate_flags, certificate_flag_names);
	json_text(w, "key_type", e->key_type);
	json_count(w, "key_bits", e->key_bits);
	json_text(w, "signature", e->signature);
	json_close(w, '}');
}

static void
json_class(struct json_writer *w, const struct evidence_class *e)
{
	json_text(w, "protocol", protocol_of(e));
	json_text(w, "service", e->service);
	json_count(w, "port", e->server_port);
	json_transport(w, "transport", e->ip_protocol);
	json_open(w, "encryption", '{');
	json_text(w, "state", encryption_state_names[e->state]);
	json_text(w, "by", e->by);
	json_text(w, "version", e->version);
	json_text(w, "cipher", e->cipher);
	json_text(w, "mutual", mutual_names[e->mutual]);
	json_text(w, "mutual_basis", e->mutual_basis == MUTUAL_BASIS_NONE ? NULL : mutual_basis_names[e->mutual_basis]);
	json_flag(w, "resumed", e->resumed);
	json_text(w, "mesh", e->mesh);
	json_bits(w, "flags", e->encryption_flags, encryption_flag_names);
	json_class_certificate(w, e);
	json_close(w, '}');
	json_open(w, "authentication", '{');
	json_text(w, "result", auth_result_names[e->result]);
	json_text(w, "method", e->method);
	json_close(w, '}');
	json_flag(w, "cleartext_credentials", e->cleartext_credentials);
	json_flag(w, "service_account_token", e->service_account_token);
	json_text(w, "tunnel", e->tunnel);
	json_flag(w, "tunnel_encrypted", e->tunnel_encrypted);
	json_flag(w, "payload", e->payload);
	json_text(w, "strength", strength_names[e->strength]);
}

/* What names the example and opens it; the members of an open object. */
static void
json_example(struct json_writer *w, const struct report *r, const struct example *e, uint16_t file, uint64_t packet)
{
	char filter[OUTPUT_FILTER_SIZE];

	json_file(w, "file", r, file);
	json_count(w, "packet", packet);
	json_time(w, "first_seen", e->first_seen);
	json_socket(w, "client", &e->client, e->client_port);
	json_socket(w, "server", &e->server, e->server_port);
	json_transport(w, "transport", e->ip_protocol);
	report_display_filter(e, filter, sizeof(filter));
	json_text(w, "filter", filter);
}

static void
json_evidence(struct json_writer *w, const struct report *r, const struct evidence_count *e)
{
	json_open(w, NULL, '{');
	json_class(w, e->class);
	json_count(w, "flows", e->flows);
	json_by_direction(w, "packets", e->packets);
	json_by_direction(w, "bytes", e->bytes);
	json_time(w, "first_seen", e->first_seen);
	json_time(w, "last_seen", e->last_seen);
	json_open(w, "example", '{');
	json_example(w, r, &e->example, e->example.file, e->example.first_packet);
	json_text(w, "ja4", e->example.ja4);
	json_text(w, "service_basis", e->example.service_basis == SERVICE_BASIS_NONE ? NULL : service_basis_names[e->example.service_basis]);
	json_open(w, "basis", '{');
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		json_basis(w, r, claim, &e->example.basis[claim]);
	json_close(w, '}');
	json_close(w, '}');
	json_close(w, '}');
}

/* The members of an open object that a pair has beside its evidence. */
static void
json_pair_members(struct json_writer *w, const struct report *r, const struct pair *p)
{
	char id[OUTPUT_ID_SIZE];

	output_pair_id(p, id);
	json_text(w, "id", id);
	json_peer(w, "source", p->source);
	json_peer(w, "destination", p->destination);
	json_services(w, p);
	json_count(w, "flows", p->flows);
	json_count(w, "out_of_scope", p->out_of_scope);
	if (p->has_c)
		json_decimal(w, "c", p->c);
	else
		json_null(w, "c");
	json_decimal(w, "coverage", p->coverage);
	json_policies(w, r, &p->score);
}

void
json_pair_summary(struct json_writer *w, const char *key, const struct report *r, const struct pair *p)
{
	json_open(w, key, '{');
	json_pair_members(w, r, p);
	json_close(w, '}');
}

void
json_pair(struct json_writer *w, const char *key, const struct report *r, const struct pair *p)
{
	json_open(w, key, '{');
	json_pair_members(w, r, p);
	json_open(w, "evidence", '[');
	for (size_t i = 0; i < p->evidence_count; i++)
		json_evidence(w, r, &p->evidence[i]);
	json_close(w, ']');
	json_close(w, '}');
}

void
json_finding(struct json_writer *w, const char *key, const struct report *r, const struct finding *f)
{
	char pair[OUTPUT_ID_SIZE];

	output_pair_id(f->pair, pair);
	json_open(w, key, '{');
	json_text(w, "id", f->id);
	json_text(w, "type", f->type);
	json_text(w, "severity", severity_names[f->severity]);
	json_text(w, "policy", f->policy->name);
	json_text(w, "pair", pair);
	json_peer(w, "source", f->pair->source);
	json_peer(w, "destination", f->pair->destination);
	json_service(w, "service", f->class);
	json_count(w, "flows", f->flows);
	json_time(w, "first_seen", f->first_seen);
	json_time(w, "last_seen", f->last_seen);
	json_open(w, "example", '{');
	json_example(w, r, f->example, f->file, f->packet);
	json_close(w, '}');
	json_text(w, "advice", f->advice);
	json_close(w, '}');
}
