/* SPDX-License-Identifier: Apache-2.0 */
/* A flow record becomes a count: its ends peers, what was seen of it an evidence class, where that rests an example. */
#include <config.h>

#include "report_internal.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of a record. */

static const char *
record_word(struct report *r, const struct flow_record *record, record_text_ref ref)
{
	return ref == 0 ? NULL : report_text(r, record_text(record, ref)); /* most are 0 */
}

static const char *
service_text(struct report *r, const struct service_name *service)
{
	char text[512];

	if (service->name == NULL || *service->name == '\0')
		return NULL;
	snprintf(text, sizeof(text), "%s/%s", service->namespace, service->name);
	return arena_text(r->arena, text);
}

/* What a record says. */

void
report_flow_names(const struct report *r, const struct flow_record *record, struct flow_names *out)
{
	static const struct endpoint nobody = { .namespace = "", .workload_kind = "", .workload = "", .pod = "", .service_account = "" };
	static const struct service_name none = { .namespace = "", .name = "", .port_name = "" };
	const struct inventory *inventory = r->options.inventory;

	*out = (struct flow_names){ .client = nobody, .server = nobody, .service = none };
	if (inventory == NULL)
		return;
	inventory_find(inventory, &record->client, record->first_seen, &out->client);
	inventory_find(inventory, &record->server, record->first_seen, &out->server);
	if (record->has_service && out->server.kind == ENDPOINT_SERVICE) {
		struct endpoint behind;

		/* The order in which the legs were captured did not tell which was which: the inventory does. */
		inventory_find(inventory, &record->service, record->first_seen, &behind);
		if (behind.kind != ENDPOINT_SERVICE) {
			out->server = behind;
			out->swapped_service = true;
		}
	}
	if (out->swapped_service || !record->has_service)
		out->has_service = inventory_service_at(inventory, &record->server, record->server_port, record->ip_protocol, record->first_seen, &out->service);
	else
		out->has_service = inventory_service_at(inventory, &record->service, record->service_port, record->ip_protocol, record->first_seen, &out->service);
	if (out->has_service)
		out->service_basis = record->service_tracked ? SERVICE_BASIS_CONNTRACK : SERVICE_BASIS_WIRE;
	if (out->has_service || out->swapped_service)
		return;
	out->has_service = inventory_service_behind(inventory, &record->server, record->server_port, record->ip_protocol, record->first_seen, &out->service);
	if (out->has_service)
		out->service_basis = SERVICE_BASIS_ENDPOINTS;
}

static struct peer
peer_of(struct report *r, const struct endpoint *e, const struct address *address)
{
	if (e->kind == ENDPOINT_ADDRESS)
		return (struct peer){ .address = *address, .has_address = true };
	return (struct peer){
		.namespace = report_text(r, e->namespace),
		.kind = report_text(r, e->workload_kind),
		.workload = report_text(r, e->workload),
	};
}

static void
fill_class(struct report *r, const struct flow_record *record, const struct flow_names *names, struct evidence_class *class)
{
	bool transport = record->ip_protocol == IPPROTO_TCP || record->ip_protocol == IPPROTO_UDP || record->ip_protocol == IPPROTO_SCTP;

	memset(class, 0, sizeof(*class)); /* also what lies between members: it is hashed */
	class->protocol = report_text(r, record_protocol(record));
	class->service = names->has_service ? service_text(r, &names->service) : NULL;
	class->by = record_word(r, record, record->by);
	class->version = record_word(r, record, record->tls_version);
	class->cipher = record_word(r, record, record->cipher);
	class->mesh = record_word(r, record, record->mesh);
	class->method = record_word(r, record, record->auth_method);
	class->key_type = record_word(r, record, record->certificate.key_type);
	class->signature = record_word(r, record, record->certificate.signature);
	class->tunnel = record_word(r, record, record->tunnel);
	class->server_port = names->swapped_service ? record->service_port : record->server_port;
	class->key_bits = record->certificate.key_bits;
	class->ip_protocol = record->ip_protocol;
	class->state = record->state;
	class->mutual = record->mutual;
	class->mutual_basis = record->mutual_basis;
	class->result = record->auth_result;
	class->strength = record->strength;
	class->certificate_flags = record->certificate_flags;
	class->encryption_flags = record->encryption_flags;
	class->resumed = record->resumed;
	class->cleartext_credentials = record->cleartext_credentials;
	class->service_account_token = (record->notes >> NOTE_SERVICE_ACCOUNT_TOKEN & 1) != 0;
	class->tunnel_encrypted = record->tunnel_encrypted;
	class->payload = !transport || record->payload_seen || record->payload[FROM_CLIENT] + record->payload[FROM_SERVER] > 0;
}

static struct example
example_of(struct report *r, const struct flow_record *record, const struct flow_names *names)
{
	struct example e = {
		.file = record->file,
		.first_packet = record->first_packet,
		.first_seen = record->first_seen,
		.client = record->client,
		.server = names->swapped_service ? record->service : record->server,
		.client_port = record->client_port,
		.server_port = names->swapped_service ? record->service_port : record->server_port,
		.ip_protocol = record->ip_protocol,
		.ja4 = record_word(r, record, record->ja4),
		.service_basis = (uint8_t)names->service_basis,
		.goes_on = record->end == FLOW_END_ACTIVE,
	};

	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		const struct record_basis *b = &record->basis[claim];

		e.basis[claim] = (struct example_basis){
			.clause = record_word(r, record, b->clause),
			.packet = b->packet,
			.offset = b->offset,
			.file = b->file,
			.direction = b->direction,
			.strength = b->strength,
		};
	}
	return e;
}

/* The sink. */

static void
keep_record(struct report *r, const struct flow_record *record)
{
	struct flow_record *copy = malloc(record->size);

	if (copy == NULL)
		abort();
	memcpy(copy, record, record->size);
	r->records = report_grow(r->records, r->record_count, &r->index->record_capacity, sizeof(struct flow_record *));
	r->records[r->record_count++] = copy;
}

static struct evidence_count
count_of(struct report *r, const struct flow_record *record, const struct flow_names *names)
{
	return (struct evidence_count){
		.flows = record->counted ? 1 : 0,
		.packets = { record->packets[0], record->packets[1] },
		.bytes = { record->bytes[0], record->bytes[1] },
		.first_seen = record->first_seen,
		.last_seen = record->last_seen,
		.example = example_of(r, record, names),
	};
}

static struct withdrawal
withdrawal_of(const struct flow_record *record, struct pair *pair, const struct evidence_class *class)
{
	return (struct withdrawal){
		.pair = pair,
		.class = class,
		.flows = record->withdrawn,
		.first_packet = record->first_packet,
		.first_seen = record->first_seen,
		.file = record->file,
	};
}

static void
on_flow(void *context, const struct flow_record *record)
{
	struct report *r = context;
	struct flow_names names;
	struct evidence_class like;
	const struct evidence_class *class;
	struct peer source, destination;
	struct pair *pair;

	report_flow_names(r, record, &names);
	source = peer_of(r, &names.client, &record->client);
	destination = peer_of(r, &names.server, names.swapped_service ? &record->service : &record->server);
	fill_class(r, record, &names, &like);
	class = report_intern_class(r, &like);
	pair = report_take_pair(r, &source, &destination);
	if (record->withdrawn > 0) {
		struct withdrawal w = withdrawal_of(record, pair, class);

		report_add_withdrawal(r, &w);
	} else {
		struct evidence_count more = count_of(r, record, &names);

		report_count(r, pair, class, &more);
		if (r->options.keep_flows)
			keep_record(r, record);
	}
}

static void
on_name(void *context, const struct name_record *record)
{
	report_add_name(context, &record->address, record->name, record->time);
}

struct record_sink
report_sink(struct report *r)
{
	return (struct record_sink){ .flow = on_flow, .name = on_name, .context = r };
}
