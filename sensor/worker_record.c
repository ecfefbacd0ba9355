/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a flow, but for what its payload told: ends, roles, counts, what the transport and the network layer say. */
#include <config.h>

#include "worker_internal.h"

#include <netinet/in.h>

static void
fill_addresses(const struct worker *w, struct flow_record *r, const struct flow *f)
{
	unsigned client = f->client_side, server = 1 - client;
	const struct flow *leg;

	r->client = f->key.address[client];
	r->client_port = f->key.port[client];
	r->server = f->key.address[server];
	r->server_port = f->key.port[server];
	if ((leg = flow_table_alias(&w->table, f, ALIAS_SERVICE)) != NULL) {
		r->service = leg->key.address[server ^ leg->flip];
		r->service_port = leg->key.port[server ^ leg->flip];
		r->has_service = true;
	}
	if ((leg = flow_table_alias(&w->table, f, ALIAS_BACKEND)) != NULL) {
		r->service = r->server;
		r->service_port = r->server_port;
		r->has_service = true;
		r->server = leg->key.address[server ^ leg->flip];
		r->server_port = leg->key.port[server ^ leg->flip];
	}
	if ((leg = flow_table_alias(&w->table, f, ALIAS_CLIENT)) != NULL) {
		r->client = leg->key.address[client ^ leg->flip];
		r->client_port = leg->key.port[client ^ leg->flip];
	}
}

static bool
has_payload(const struct flow *f)
{
	return f->payload[0] + f->payload[1] > 0 || ((f->seen[0] | f->seen[1]) & FLOW_SEEN_PAYLOAD) != 0;
}

static uint32_t
transport_notes(const struct flow *f)
{
	uint8_t client = f->seen[f->client_side], server = f->seen[1 - f->client_side];
	uint32_t notes = f->notes;

	if (f->duplicates > 0)
		notes |= 1u << NOTE_DUPLICATES;
	if (f->tunnel != TUNNEL_NONE)
		notes |= 1u << NOTE_TUNNEL;
	if (f->key.ip_protocol != IPPROTO_TCP)
		return notes;
	if ((client & FLOW_SEEN_SYN) != 0 && (server & FLOW_SEEN_PACKET) == 0)
		notes |= 1u << NOTE_HALF_OPEN;
	if ((server & FLOW_SEEN_RST) != 0 && (server & FLOW_SEEN_SYN_ACK) == 0 && !has_payload(f))
		notes |= 1u << NOTE_TRANSPORT_REFUSED;
	if (((client | server) & (FLOW_SEEN_SYN | FLOW_SEEN_SYN_ACK)) == 0)
		notes |= 1u << NOTE_MIDSTREAM;
	return notes;
}

/* Protocols of the network layer, which need no dissector to be named. */
static void
name_ip_protocol(struct flow_record *r, const struct flow *f)
{
	static const struct {
		uint8_t ip_protocol;
		const char *protocol;
	} names[] = {
		{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_ICMPV6, "icmpv6" },
		{ IPPROTO_ESP, "esp" },
		{ IPPROTO_AH, "ah" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].ip_protocol == f->key.ip_protocol)
			r->protocol = record_add_text(r, names[i].protocol);
	if (f->key.ip_protocol == IPPROTO_ICMP || f->key.ip_protocol == IPPROTO_ICMPV6)
		r->auth_result = AUTH_NOT_APPLICABLE;
}

/* The header of a tunnel and the packet behind it were read: that is the whole of what is to be known. */
static void
describe_carrier(struct flow_record *r, const struct flow *f)
{
	static const char *const clauses[TUNNEL_COUNT] = {
		[TUNNEL_VXLAN] = "RFC 7348 5 VXLAN header",
		[TUNNEL_GENEVE] = "RFC 8926 3.4 Geneve header",
		[TUNNEL_GRE] = "RFC 2784 2 GRE header",
		[TUNNEL_IPIP] = "RFC 2003 3.1 inner IP header",
		[TUNNEL_6IN4] = "RFC 4213 3 inner IPv6 header",
		[TUNNEL_IP6TNL] = "RFC 2473 3 inner header",
		[TUNNEL_GTPU] = "3GPP TS 29.281 5.1 GTP-U header",
		[TUNNEL_TEREDO] = "RFC 4380 5.1.1 inner IPv6 header",
	};
	struct record_basis basis = { .clause = record_add_text(r, clauses[f->key.carrier]), .packet = f->first_packet, .file = f->file, .direction = FROM_CLIENT, .strength = STRENGTH_STRUCTURE };

	r->protocol = record_add_text(r, tunnel_names[f->key.carrier]);
	r->state = ENCRYPTION_PLAINTEXT;
	r->auth_result = AUTH_NOT_APPLICABLE;
	r->strength = STRENGTH_STRUCTURE;
	r->basis[CLAIM_PROTOCOL] = r->basis[CLAIM_ENCRYPTION] = r->basis[CLAIM_AUTHENTICATION] = basis;
}

/*
 * A TCP that was given a key for a peer drops what is not signed with it (RFC 2385 2.0), as BGP routers do: data between two that sign
 * each segment is of two that know the key, and the first shows it. Whatever said more, or that a client was refused, has the word.
 */
static void
claim_signature(struct flow_record *r, const struct flow *f)
{
	bool all = (f->seen[0] & f->seen[1] & FLOW_SEEN_SIGNED) != 0 && ((f->seen[0] | f->seen[1]) & FLOW_SEEN_UNSIGNED) == 0;

	if (!all || !has_payload(f) || (r->auth_result != AUTH_UNKNOWN && r->auth_result != AUTH_NONE))
		return;
	r->auth_result = AUTH_SUCCESS;
	r->auth_method = record_add_text(r, "tcp-md5");
	r->basis[CLAIM_AUTHENTICATION] = (struct record_basis){
		.clause = record_add_text(r, "RFC 2385 3.0 TCP MD5 signature option"),
		.packet = f->first_packet,
		.file = f->file,
		.direction = f->first_side == f->client_side ? FROM_CLIENT : FROM_SERVER,
		.strength = STRENGTH_STRUCTURE,
	};
}

void
worker_fill_record(struct worker *w, const struct flow *f, enum flow_end end)
{
	struct flow_record *r = &w->record;
	unsigned client = f->client_side;

	fill_addresses(w, r, f);
	name_ip_protocol(r, f);
	if (f->key.carrier != TUNNEL_NONE)
		describe_carrier(r, f);
	r->ip_protocol = f->key.ip_protocol;
	r->direction_basis = f->direction_basis;
	r->end = (uint8_t)(f->class == FLOW_TCP_CLOSED && end != FLOW_END_ACTIVE ? FLOW_END_CLOSED : end);
	r->flow_id = flow_table_id(&w->table, f);
	r->payload_seen = has_payload(f);
	r->file = f->file;
	r->first_packet = f->first_packet;
	r->first_seen = f->first_seen;
	r->last_seen = f->last_seen;
	for (unsigned side = 0; side < 2; side++) {
		unsigned from = side == client ? FROM_CLIENT : FROM_SERVER;

		r->packets[from] = f->packets[side];
		r->bytes[from] = f->bytes[side];
		r->payload[from] = f->payload[side];
	}
	r->duplicates = f->duplicates;
	r->notes |= transport_notes(f);
	claim_signature(r, f);
	if (f->tunnel != TUNNEL_NONE)
		r->tunnel = record_add_text(r, tunnel_names[f->tunnel]);
}
