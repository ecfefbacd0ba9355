/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's path of a packet: decode, flow, roles, counts, inspection; and of a flow's end: record. */
#include <config.h>

#include "worker_internal.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINK_RAW = 12, /* DLT_RAW: begins with the IP header */
	IKE_PORT = 500,
};

/* TCP: what the flags tell of the connection. */

static int32_t
distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* A handshake that comes after payload does not turn round what is being dissected. */
static void
set_roles(struct flow *f, unsigned client_side)
{
	if (f->inspection != NULL && f->client_side != client_side)
		return;
	f->client_side = (uint8_t)client_side;
	f->direction_basis = DIRECTION_HANDSHAKE;
}

/*
 * Whether a SYN begins another connection with the 5-tuple of an old one (RFC 9293 3.6.1): the old
 * one has ended, or was silent so long that the peer will have forgotten it. Copies that other workers hand over may come
 * before what they are copies of, so an answer before the SYN.
 */
static bool
is_new_connection(const struct flow *f, const struct packet *p, unsigned side, int64_t now)
{
	uint8_t seen = f->seen[0] | f->seen[1];

	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || (seen & FLOW_SEEN_PACKET) == 0)
		return false;
	if (((f->seen[side] & FLOW_SEEN_SYN) != 0 || (f->seen[1 - side] & FLOW_SEEN_SYN_ACK) != 0) && f->initial_sequence[side] == p->sequence)
		return false;
	return f->class != FLOW_TCP_OPEN || now - f->last_seen > INT64_C(60000000000);
}

/* The packet opens a connection, by its sender's word or by its answer: joins the legs of one connection. */
static struct flow *
open_connection(struct worker *w, struct flow *f, const struct packet *p, unsigned *side)
{
	bool answer = (p->tcp_flags & TCP_ACK) != 0;
	unsigned client = answer ? 1 - *side : *side;
	uint32_t opening = answer ? p->acknowledgement - 1 : p->sequence;
	uint16_t client_port = answer ? p->destination_port : p->source_port;

	if ((f->seen[client] & FLOW_SEEN_SYN) != 0 || (f->seen[1 - client] & FLOW_SEEN_SYN_ACK) != 0)
		return f;
	if (((f->seen[0] | f->seen[1]) & FLOW_SEEN_PACKET) != 0)
		return f;
	set_roles(f, client);
	f->initial_sequence[client] = opening;
	return flow_table_join(&w->table, f, p, side, client_port, opening);
}

static void
track_flags(struct worker *w, struct flow *f, const struct packet *p, unsigned side)
{
	if ((p->tcp_flags & TCP_SYN) != 0) {
		bool answer = (p->tcp_flags & TCP_ACK) != 0;
		uint8_t bit = answer ? FLOW_SEEN_SYN_ACK : FLOW_SEEN_SYN;

		/* A second answer with another number is to a copy of the SYN, and will be reset. */
		if ((f->seen[side] & bit) == 0)
			f->initial_sequence[side] = p->sequence;
		f->seen[side] |= bit;
		if (f->direction_basis != DIRECTION_HANDSHAKE)
			set_roles(f, answer ? 1 - side : side);
	}
	if ((p->tcp_flags & TCP_FIN) != 0)
		f->seen[side] |= FLOW_SEEN_FIN;
	if (p->tcp_md5)
		f->seen[side] |= FLOW_SEEN_SIGNED;
	else if ((p->tcp_flags & TCP_RST) == 0 || ((f->seen[0] | f->seen[1]) & FLOW_SEEN_PACKET) == 0)
		f->seen[side] |= FLOW_SEEN_UNSIGNED;
	if ((p->tcp_flags & TCP_RST) != 0) {
		f->seen[side] |= FLOW_SEEN_RST;
		flow_table_set_class(&w->table, f, FLOW_TCP_CLOSED);
	} else if ((f->seen[0] & f->seen[1] & FLOW_SEEN_FIN) != 0) {
		flow_table_set_class(&w->table, f, FLOW_TCP_CLOSED);
	} else if (f->class == FLOW_TCP_OPENING && ((f->seen[0] & f->seen[1] & FLOW_SEEN_PACKET) != 0 || p->payload_size > 0)) {
		flow_table_set_class(&w->table, f, FLOW_TCP_OPEN);
	}
}

/* Whether a segment says something its side has not said before; such a one is no copy. */
static bool
advances(struct flow *f, const struct packet *p, unsigned side)
{
	uint32_t end = p->sequence + p->payload_size + ((p->tcp_flags & (TCP_SYN | TCP_FIN)) != 0);
	bool first = (f->seen[side] & FLOW_SEEN_PACKET) == 0, further = first;

	if (first || distance(end, f->sequence_end[side]) > 0) {
		f->sequence_end[side] = end;
		further = true;
	}
	if ((p->tcp_flags & TCP_ACK) != 0 && (first || distance(p->acknowledgement, f->acknowledged[side]) > 0)) {
		f->acknowledged[side] = p->acknowledgement;
		further = true;
	}
	return further;
}

/*
 * Whether a segment answers something sent before the connection was opened: a late one of an old
 * connection with the same 5-tuple. Until the SYN is answered nothing else tells it from the first
 * of this one; the opener would refuse it (RFC 9293 3.10.7.3).
 */
static bool
is_of_old_connection(const struct flow *f, const struct packet *p, unsigned side)
{
	unsigned opener = 1 - side;

	return (f->seen[opener] & FLOW_SEEN_SYN) != 0 && (f->seen[side] & FLOW_SEEN_SYN_ACK) == 0 &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_ACK && distance(p->acknowledgement, f->initial_sequence[opener]) <= 0;
}

/* Packets of any protocol. */

static bool
is_repeated(struct flow *f, const struct packet *p, unsigned side, int64_t now)
{
	bool repeated = flow_repeated(f, p, side, now);

	if (p->ip_protocol == IPPROTO_TCP && advances(f, p, side))
		return false;
	return repeated;
}

static void
count(struct flow *f, const struct packet *p, unsigned side)
{
	f->packets[side]++;
	f->bytes[side] += p->ip_size;
	f->payload[side] += p->payload_size;
}

/*
 * An ICMP error tells that the quoted packet was refused (RFC 792 type 3, RFC 4443 type 1); not so
 * "fragmentation needed", by which a sender learns the path's MTU (RFC 1191).
 */
static void
note_refusal(struct worker *w, const struct packet *p)
{
	bool unreachable = p->ip_protocol == IPPROTO_ICMP ? p->icmp_type == 3 && p->icmp_code != 4 : p->icmp_type == 1;
	struct flow *f;
	unsigned side;

	if (!p->icmp_quotes || !unreachable)
		return;
	f = flow_table_find(&w->table, &p->quoted_source, p->quoted_source_port, &p->quoted_destination, p->quoted_destination_port, p->quoted_ip_protocol, &side);
	if (f != NULL)
		f->notes |= 1u << NOTE_TRANSPORT_REFUSED;
}

/* ESP and AH are under keys that IKE agrees on, from port 500 to port 500 of the same hosts: that flow learns of them. */
static void
tell_key_exchange(struct worker *w, const struct packet *p)
{
	struct flow *f;
	unsigned side;

	if (p->ip_protocol != IPPROTO_ESP && p->ip_protocol != IPPROTO_AH)
		return;
	f = flow_table_find(&w->table, &p->source, IKE_PORT, &p->destination, IKE_PORT, IPPROTO_UDP, &side);
	if (f != NULL)
		inspection_companion(w->inspector, f, side, p);
}

/* Legs of a translated connection share the client's port, as a rule the higher one: so do both directions of any. */
uint32_t
worker_share(uint16_t port_a, uint16_t port_b, uint32_t count)
{
	uint32_t high = port_a > port_b ? port_a : port_b;

	return count <= 1 ? 0 : (high * UINT32_C(2654435761) >> 16) % count;
}

static bool
is_ours(const struct worker *w, const struct packet *p)
{
	return w->options.share_count <= 1 || worker_share(p->source_port, p->destination_port, w->options.share_count) == w->options.share_index;
}

/* A flow's side was seen to send. Of a flow that is new it is told when the time comes. */
static void
mark_seen(struct worker *w, struct flow *f, unsigned side)
{
	if (w->exports != NULL && ((f->seen[0] | f->seen[1]) & FLOW_SEEN_PACKET) == 0)
		worker_export_begin(w, f);
	f->seen[side] |= FLOW_SEEN_PACKET;
}

/*
 * What carries the packet from one end of a tunnel to the other is a flow as well, that anybody on
 * the way can read. It has no payload of its own: that is the packets', whose flows have it.
 */
static void
count_carrier(struct worker *w, const struct packet *p)
{
	const struct packet_carrier *c = &p->carrier;
	struct packet outer = {
		.frame = p->frame, .source = c->source, .destination = c->destination, .source_port = c->port, .destination_port = c->port,
		.ip_protocol = c->ip_protocol, .hop_limit = c->hop_limit, .ip_id = c->ip_id, .ip_size = c->ip_size,
		.payload = p->ip, .payload_captured = p->ip_captured, /* by which a copy is known */
	};
	struct flow *f;
	unsigned side;

	if (!is_ours(w, &outer))
		return;
	f = flow_table_take_carrier(&w->table, &outer, (enum tunnel)c->tunnel, &side);
	if (is_repeated(f, &outer, side, p->frame->time)) {
		f->duplicates++;
		return;
	}
	count(f, &outer, side);
	mark_seen(w, f, side);
	flow_table_touch(&w->table, f, p->frame->time);
}

/* A short value by which the same first datagram is known again on another leg. */
static uint32_t
datagram_opening(const struct packet *p)
{
	uint64_t words[2] = { 0, p->ip_id };

	memcpy(words, p->payload, p->payload_captured < 8 ? p->payload_captured : 8);
	return (uint32_t)(hash_mix(words[0] ^ p->payload_size, UINT64_C(0x9e3779b97f4a7c15) ^ words[1]) >> 7);
}

/* The first datagram of a flow: another leg is one whose copy has the same identification. */
static struct flow *
open_datagrams(struct worker *w, struct flow *f, const struct packet *p, unsigned *side)
{
	if (((f->seen[0] | f->seen[1]) & FLOW_SEEN_PACKET) != 0 || p->payload_captured == 0 || p->ip_id == 0 || p->source_port == p->destination_port)
		return f;
	f->initial_sequence[f->client_side] = datagram_opening(p);
	if (*side != f->client_side)
		return f;
	return flow_table_join(&w->table, f, p, side, p->source_port, datagram_opening(p));
}

static struct flow *
take_tcp_flow(struct worker *w, const struct packet *p, unsigned *side)
{
	struct flow *f = flow_table_take(&w->table, p, side);

	if ((p->tcp_flags & TCP_SYN) == 0)
		return f;
	if (is_new_connection(f, p, *side, p->frame->time)) {
		flow_table_end(&w->table, f, FLOW_END_CLOSED);
		f = flow_table_take(&w->table, p, side);
	}
	return open_connection(w, f, p, side);
}

/* Packets of others. */

/* Adds a share to those a packet is handed to, once. */
static void
add_share(const struct worker *w, uint32_t share, uint32_t *shares, unsigned *count)
{
	for (unsigned i = 0; i < *count; i++)
		if (shares[i] == share)
			return;
	if (share != w->options.share_index)
		shares[(*count)++] = share;
}

/* A datagram that was put together here is handed over whole: its fragments are nowhere else. */
static void
hand_to(const struct worker *w, const struct packet *p, uint32_t share)
{
	struct frame whole = *p->frame;

	if (p->reassembled) {
		whole.link_type = LINK_RAW;
		whole.bytes = p->whole;
		whole.captured = p->whole_captured;
		whole.original = p->whole_size;
		whole.tunnel = p->tunnel;
	}
	w->options.foreign(w->options.foreign_context, &whole, share);
}

/*
 * Hands the packet to all to whom it tells something: whose connection it is, who counts the tunnel
 * around it, and whose flow an ICMP error or ESP is about. Fragments of one datagram go to one worker.
 */
static void
hand_over(const struct worker *w, const struct packet *p, enum packet_result result)
{
	uint32_t of = w->options.share_count, shares[4];
	unsigned count = 0;

	if (of <= 1)
		return;
	if (result == PACKET_FRAGMENT_HELD && p->fragment_share != 0)
		add_share(w, p->fragment_share - 1, shares, &count);
	if (result == PACKET_OK) {
		add_share(w, worker_share(p->source_port, p->destination_port, of), shares, &count);
		if (p->carrier.tunnel != TUNNEL_NONE)
			add_share(w, worker_share(p->carrier.port, p->carrier.port, of), shares, &count);
		if (p->icmp_quotes)
			add_share(w, worker_share(p->quoted_source_port, p->quoted_destination_port, of), shares, &count);
		if (p->ip_protocol == IPPROTO_ESP || p->ip_protocol == IPPROTO_AH)
			add_share(w, worker_share(IKE_PORT, IKE_PORT, of), shares, &count);
	}
	for (unsigned i = 0; i < count; i++)
		hand_to(w, p, shares[i]);
}

/* Transports that dissectors read. */
static bool
is_inspected(uint8_t ip_protocol)
{
	return ip_protocol == IPPROTO_TCP || ip_protocol == IPPROTO_UDP || ip_protocol == IPPROTO_ESP || ip_protocol == IPPROTO_AH;
}

/* Says what is being worked on, for whoever is left to tell when it was our end. */
static void
note_packet(struct worker_note *note, const struct packet *p)
{
	note->address[0] = p->source;
	note->address[1] = p->destination;
	note->port[0] = p->source_port;
	note->port[1] = p->destination_port;
	note->ip_protocol = p->ip_protocol;
	note->protocol[0] = '\0';
}

static void
inspect(struct worker *w, struct flow *f, unsigned side, const struct packet *p)
{
	struct worker_note *note = w->options.note;
	const char *protocol;

	if (f->parked && !inspection_wake(w->inspector, f))
		return;
	if (note != NULL && (protocol = inspection_protocol(f)) != NULL)
		strncpy(note->protocol, protocol, sizeof(note->protocol) - 1);
	inspection_packet(w->inspector, f, side, p);
}

/* Whether a datagram may be a question, or the answer to one of another flow: those of a flow that was answered are not. */
static bool
is_of_question(const struct flow *f, unsigned side)
{
	return (f->seen[1 - side] & FLOW_SEEN_PACKET) == 0 && f->aliases == 0;
}

/* The flow of the packet, with legs of one connection joined. */
static struct flow *
take_flow(struct worker *w, const struct packet *p, unsigned *side)
{
	struct flow *f;

	if (p->ip_protocol == IPPROTO_TCP)
		return take_tcp_flow(w, p, side);
	f = flow_table_take(&w->table, p, side);
	if (p->ip_protocol != IPPROTO_UDP)
		return f;
	f = open_datagrams(w, f, p, side);
	return is_of_question(f, *side) ? flow_table_join_answer(&w->table, f, p, side) : f;
}

static void
take_packet(struct worker *w, const struct packet *p)
{
	bool tcp = p->ip_protocol == IPPROTO_TCP;
	int64_t now = p->frame->time;
	struct flow *f;
	unsigned side;

	f = take_flow(w, p, &side);
	if (is_repeated(f, p, side, now)) {
		f->duplicates++;
		w->duplicates++;
		return;
	}
	count(f, p, side);
	if (tcp && is_of_old_connection(f, p, side))
		return;
	if (tcp)
		track_flags(w, f, p, side);
	mark_seen(w, f, side);
	flow_table_touch(&w->table, f, now);
	if (is_inspected(p->ip_protocol) && inspection_wanted(f))
		inspect(w, f, side, p);
}

static void
take_frame(struct worker *w, const struct frame *frame, bool handed_over)
{
	enum packet_result result;
	struct packet p;

	flow_table_advance(&w->table, frame->time);
	result = packet_decode(w->decoder, frame, &p);
	if (handed_over)
		w->uncounted[result]++;
	if (w->options.foreign != NULL && (!handed_over || p.reassembled))
		hand_over(w, &p, result);
	if (result != PACKET_OK)
		return;
	if (w->options.note != NULL)
		note_packet(w->options.note, &p);
	/* The flow that was refused may be ours where the one of the error is not. */
	note_refusal(w, &p);
	tell_key_exchange(w, &p);
	if (p.carrier.tunnel != TUNNEL_NONE)
		count_carrier(w, &p);
	if (is_ours(w, &p))
		take_packet(w, &p);
}

static void
work_on(struct worker *w, const struct frame *frame, bool handed_over)
{
	struct worker_note *note = w->options.note;

	if (note == NULL) {
		take_frame(w, frame, handed_over);
		return;
	}
	note->ip_protocol = 0; /* no packet before it was decoded */
	note->busy = 1;
	take_frame(w, frame, handed_over);
	note->busy = 0;
	note->packets++;
}

void
worker_frame(struct worker *w, const struct frame *frame)
{
	w->frames++;
	w->bytes += frame->original;
	work_on(w, frame, false);
}

void
worker_foreign_frame(struct worker *w, const struct frame *frame)
{
	work_on(w, frame, true);
}

void
worker_advance(struct worker *w, int64_t now)
{
	flow_table_advance(&w->table, now);
	if (w->exports != NULL)
		worker_export_scan(w, now);
}

static void
on_flow_end(void *context, struct flow *f, enum flow_end end)
{
	struct worker *w = context;

	record_init(&w->record);
	inspection_end(w->inspector, f, &w->record);
	worker_fill_record(w, f, end);
	if (w->exports != NULL)
		worker_export_end(w, f);
	w->sink->flow(w->sink->context, &w->record);
}

/* The public face. */

const struct worker_options worker_defaults = {
	.fragment_memory = (size_t)16 << 20,
	.share_count = 1,
};

void
worker_options_live(struct worker_options *o)
{
	o->table.max_flows = 1u << 18;
	o->inspector.max_inspections = 1u << 11; /* at a time: those of quiet flows are put away */
	o->inspector.parking_memory = (size_t)64 << 20;
	o->inspector.buffer_memory = (size_t)32 << 20;
	o->inspector.dissection_memory = (size_t)32 << 20;
	o->fragment_memory = (size_t)4 << 20;
	/* What ended, or was asked and answered, is told of soon: people are waiting. */
	o->table.timeout[FLOW_TCP_CLOSED] = INT64_C(5000000000);
	o->table.timeout[FLOW_UDP] = INT64_C(60000000000);
	o->active_first = INT64_C(15000000000);
	o->active_timeout = INT64_C(300000000000);
}

struct worker *
worker_new(const struct worker_options *options, const struct record_sink *sink, char *error, size_t error_size)
{
	struct worker *w = calloc(1, sizeof(*w));

	snprintf(error, error_size, "out of memory: try a smaller --max-flows");
	if (w == NULL)
		return NULL;
	w->options = *options;
	w->sink = sink;
	w->decoder = packet_decoder_new(options->fragment_memory);
	w->inspector = inspector_new(&options->inspector, sink, error, error_size);
	if (w->decoder == NULL || w->inspector == NULL || !worker_export_init(w) || !flow_table_init(&w->table, &options->table)) {
		packet_decoder_free(w->decoder);
		inspector_free(w->inspector);
		worker_export_free(w);
		free(w);
		return NULL;
	}
	if (options->foreign != NULL)
		packet_decoder_share(w->decoder, options->share_count, options->share_index, worker_share);
	w->table.on_end = on_flow_end;
	w->table.context = w;
	return w;
}

void
worker_finish(struct worker *w)
{
	if (!w->finished)
		flow_table_clear(&w->table);
	w->finished = true;
}

static void
discard(void *context, struct flow *f, enum flow_end end)
{
	struct worker *w = context;

	(void)end;
	record_init(&w->record);
	inspection_end(w->inspector, f, &w->record);
	if (w->exports != NULL)
		worker_export_discard(w, f);
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	w->table.on_end = discard;
	worker_finish(w);
	inspector_free(w->inspector);
	packet_decoder_free(w->decoder);
	worker_export_free(w);
	free(w);
}

void
worker_counters(const struct worker *w, struct worker_counters *out)
{
	*out = (struct worker_counters){
		.frames = w->frames,
		.bytes = w->bytes,
		.duplicates = w->duplicates,
		.table = w->table.counters,
		.inspector = *inspector_counters(w->inspector),
	};
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		out->results[i] = packet_decoder_counters(w->decoder)[i] - w->uncounted[i];
}

uint32_t
worker_flows_open(const struct worker *w)
{
	uint32_t open = 0;

	for (size_t class = 0; class < FLOW_CLASS_COUNT; class++)
		open += w->table.count[class];
	return open;
}
