/* SPDX-License-Identifier: Apache-2.0 */
/* One flow as JSON: the shape podwire.flow/1. */
#include <config.h>

#include "output_json_internal.h"

#include <string.h>

#include "output_text.h"

/* "namespace/name"; just the name where there is no namespace; null where there is no name. */
static void
json_full_name(struct json_writer *w, const char *key, const char *namespace, const char *name)
{
	char text[OUTPUT_NAME_SIZE];

	if (name == NULL || *name == '\0') {
		json_null(w, key);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s%s%s", namespace, *namespace != '\0' ? "/" : "", name);
	json_text(w, key, text);
}

static void
json_given(struct json_writer *w, const char *key, const char *text)
{
	json_text(w, key, text != NULL && *text != '\0' ? text : NULL);
}

/* The members of an end that both have. */
static void
json_end(struct json_writer *w, const struct address *address, uint16_t port, const struct endpoint *e)
{
	char ip[ADDRESS_TEXT_SIZE];

	json_text(w, "ip", address_text(address, ip));
	json_count(w, "port", port);
	json_full_name(w, "workload", e->namespace, e->workload);
	json_given(w, "kind", e->workload_kind);
	json_given(w, "pod", e->pod);
}

static void
json_server(struct json_writer *w, const struct flow_record *f, const struct flow_names *names)
{
	const struct address *address = names->swapped_service ? &f->service : &f->server;
	const struct address *asked = names->swapped_service ? &f->server : &f->service;
	uint16_t port = names->swapped_service ? f->service_port : f->server_port;
	uint16_t asked_port = names->swapped_service ? f->server_port : f->service_port;
	char text[ADDRESS_TEXT_SIZE + 16];

	json_open(w, "server", '{');
	json_end(w, address, port, &names->server);
	json_full_name(w, "service", names->has_service ? names->service.namespace : "", names->has_service ? names->service.name : NULL);
	if (f->has_service) {
		output_socket(asked, asked_port, f->ip_protocol, text, sizeof(text));
		json_text(w, "service_address", text);
	} else {
		json_null(w, "service_address");
	}
	json_text(w, "service_basis", names->service_basis == SERVICE_BASIS_NONE ? NULL : service_basis_names[names->service_basis]);
	json_close(w, '}');
}

static void
json_ref(struct json_writer *w, const char *key, const struct flow_record *f, record_text_ref ref)
{
	json_text(w, key, record_text(f, ref));
}

static void
json_label(struct json_writer *w, const struct flow_record *f)
{
	if (f->ndpi_master == 0 && f->ndpi_application == 0 && f->ndpi_category == 0)
		return;
	json_open(w, "ndpi", '{');
	json_ref(w, "master", f, f->ndpi_master);
	json_ref(w, "application", f, f->ndpi_application);
	json_ref(w, "category", f, f->ndpi_category);
	json_close(w, '}');
}

/* Subject alternative names: the record has them separated by spaces. */
static void
json_names(struct json_writer *w, const char *names)
{
	json_open(w, "names", '[');
	while (names != NULL && *names != '\0') {
		size_t size = strcspn(names, " ");

		if (size > 0)
			json_text_sized(w, NULL, names, size);
		names += size + (names[size] == ' ');
	}
	json_close(w, ']');
}

static void
json_seconds(struct json_writer *w, const char *key, int64_t seconds)
{
	char text[OUTPUT_TIME_SIZE];

	json_text(w, key, output_time_seconds(seconds, text));
}

static void
json_certificate(struct json_writer *w, const char *key, const struct flow_record *f, const struct record_certificate *c, uint16_t flags)
{
	if (!c->present && flags == 0) {
		json_null(w, key);
		return;
	}
	json_open(w, key, '{');
	json_ref(w, "subject", f, c->subject);
	json_ref(w, "issuer", f, c->issuer);
	json_names(w, record_text(f, c->names));
	json_ref(w, "serial", f, c->serial);
	json_ref(w, "spiffe_id", f, c->spiffe_id);
	if (c->present) {
		json_seconds(w, "not_before", c->not_before);
		json_seconds(w, "not_after", c->not_after);
	} else {
		json_null(w, "not_before");
		json_null(w, "not_after");
	}
	json_ref(w, "key_type", f, c->key_type);
	json_count(w, "key_bits", c->key_bits);
	json_ref(w, "signature", f, c->signature);
	json_flag(w, "self_signed", c->self_signed);
	json_flag(w, "ca", c->ca);
	json_bits(w, "flags", flags, certificate_flag_names);
	json_close(w, '}');
}

static void
json_encryption(struct json_writer *w, const struct flow_record *f)
{
	json_open(w, "encryption", '{');
	json_text(w, "state", encryption_state_names[f->state]);
	json_ref(w, "by", f, f->by);
	json_ref(w, "version", f, f->tls_version);
	json_ref(w, "cipher", f, f->cipher);
	json_ref(w, "group", f, f->group);
	json_ref(w, "sni", f, f->sni);
	json_ref(w, "alpn", f, f->alpn);
	json_ref(w, "alpn_offered", f, f->alpn_offered);
	json_flag(w, "resumed", f->resumed);
	json_ref(w, "resumption", f, f->resumption);
	json_text(w, "mutual", mutual_names[f->mutual]);
	json_text(w, "mutual_basis", f->mutual_basis == MUTUAL_BASIS_NONE ? NULL : mutual_basis_names[f->mutual_basis]);
	json_ref(w, "alert", f, f->alert);
	json_ref(w, "ja4", f, f->ja4);
	json_ref(w, "mesh", f, f->mesh);
	json_bits(w, "flags", f->encryption_flags, encryption_flag_names);
	json_certificate(w, "certificate", f, &f->certificate, f->certificate_flags);
	json_certificate(w, "client_certificate", f, &f->client_certificate, 0);
	json_close(w, '}');
}

static void
json_authentication(struct json_writer *w, const struct flow_record *f, const struct output_options *options)
{
	json_open(w, "authentication", '{');
	json_text(w, "result", auth_result_names[f->auth_result]);
	json_ref(w, "method", f, f->auth_method);
	if (options->principals)
		json_ref(w, "principal", f, f->principal);
	json_ref(w, "token_subject", f, f->token_subject);
	json_close(w, '}');
}

static void
json_claims(struct json_writer *w, const struct report *r, const struct flow_record *f)
{
	json_open(w, "basis", '{');
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		const struct record_basis *b = &f->basis[claim];

		json_basis(w, r, claim, &(struct example_basis){
			.clause = record_text(f, b->clause),
			.packet = b->packet,
			.offset = b->offset,
			.file = b->file,
			.direction = b->direction,
			.strength = b->strength,
		});
	}
	json_close(w, '}');
}

void
json_flow(struct json_writer *w, const char *key, const struct report *r, const struct flow_record *f, const struct output_options *options)
{
	struct flow_names names;

	report_flow_names(r, f, &names);
	json_open(w, key, '{');
	json_file(w, "file", r, f->file);
	json_count(w, "first_packet", f->first_packet);
	json_time(w, "first_seen", f->first_seen);
	json_time(w, "last_seen", f->last_seen);
	json_transport(w, "transport", f->ip_protocol);
	json_open(w, "client", '{');
	json_end(w, &f->client, f->client_port, &names.client);
	json_close(w, '}');
	json_server(w, f, &names);
	json_text(w, "protocol", record_protocol(f) != NULL ? record_protocol(f) : "unknown");
	json_ref(w, "rpc_service", f, f->rpc_service);
	json_ref(w, "application", f, f->application);
	json_label(w, f);
	json_by_direction(w, "packets", f->packets);
	json_by_direction(w, "bytes", f->bytes);
	json_encryption(w, f);
	json_authentication(w, f, options);
	json_flag(w, "cleartext_credentials", f->cleartext_credentials);
	json_text(w, "direction_basis", direction_basis_names[f->direction_basis]);
	json_ref(w, "tunnel", f, f->tunnel);
	json_flag(w, "tunnel_encrypted", f->tunnel_encrypted);
	json_bits(w, "notes", f->notes, note_names);
	json_text(w, "strength", strength_names[f->strength]);
	json_claims(w, r, f);
	json_text(w, "end", flow_end_names[f->end]);
	json_count(w, "duplicates", f->duplicates);
	json_close(w, '}');
}
