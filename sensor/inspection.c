/* SPDX-License-Identifier: Apache-2.0 */
/* Probes, dissectors and nDPI over the streams and datagrams of a flow. */
#include <config.h>

#include "inspection_internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

enum {
	PROBE_SIZE_MAX = 4096, /* who cannot tell by then does not get the flow */
	TURNS_MAX = 4096,      /* calls of dissectors for one piece of a stream */
	SESSIONS = 2048,       /* of TLS that may be resumed; each may hold two certificates */
	CERTIFICATES = 8192,
	DATAGRAMS_PROBED = 8,  /* that nobody knows, before a flow of datagrams is given up */
};

const struct inspector_options inspector_defaults = {
	.budget = 64 * 1024,
	.max_inspections = 1u << 17,
	.buffer_memory = (size_t)256 << 20,
	.dissection_memory = (size_t)64 << 20,
	.ndpi = NDPI_FALLBACK,
};

static uint64_t all_dissectors;

/* Notes that the sensor makes itself, whatever the protocol is. */
static const uint32_t transport_notes = 1u << NOTE_GAP | 1u << NOTE_TRUNCATED | 1u << NOTE_MIDSTREAM | 1u << NOTE_BUDGET | 1u << NOTE_NO_MEMORY;

static enum direction
direction_of(const struct flow *f, unsigned side)
{
	return side == f->client_side ? FROM_CLIENT : FROM_SERVER;
}

static unsigned
side_of(const struct flow *f, enum direction from)
{
	return from == FROM_CLIENT ? f->client_side : 1u - f->client_side;
}

/* Services for dissectors. */

static const struct certificate *
take_certificate(void *context, struct cursor der)
{
	struct inspector *in = context;
	struct inspection *ins = in->inspection;
	const struct certificate *certificate;

	if (ins->certificate_count == sizeof(ins->certificates) / sizeof(ins->certificates[0]))
		return NULL;
	certificate = certificate_store_take(in->certificates, der);
	if (certificate != NULL)
		ins->certificates[ins->certificate_count++] = certificate;
	return certificate;
}

static bool
hold_certificate(struct inspector *in, const struct certificate *certificate)
{
	struct inspection *ins = in->inspection;

	if (certificate == NULL)
		return true;
	if (ins->certificate_count == sizeof(ins->certificates) / sizeof(ins->certificates[0]))
		return false;
	certificate_store_hold(in->certificates, certificate);
	ins->certificates[ins->certificate_count++] = certificate;
	return true;
}

static void
remember_session(void *context, struct cursor id, const struct tls_session *session)
{
	struct inspector *in = context;
	unsigned server = 1u - in->flow->client_side;

	tls_sessions_put(in->sessions, &in->flow->key.address[server], in->flow->key.port[server], id, session);
}

static bool
recall_session(void *context, struct cursor id, struct tls_session *session)
{
	struct inspector *in = context;
	unsigned server = 1u - in->flow->client_side;

	return tls_sessions_get(in->sessions, &in->flow->key.address[server], in->flow->key.port[server], id, session)
	    && hold_certificate(in, session->certificate) && hold_certificate(in, session->client_certificate);
}

static void
tell_name(void *context, const uint8_t *address, size_t size, const char *name, uint32_t ttl)
{
	struct inspector *in = context;
	struct name_record record = { .time = in->time, .ttl = ttl };

	if (in->sink->name == NULL || (size != 4 && size != 16))
		return;
	record.address = size == 4 ? address_from_v4(address) : address_from_v6(address);
	strncpy(record.name, name, sizeof(record.name) - 1);
	in->sink->name(in->sink->context, &record);
}

static void *
resize_memory(void *context, void *memory, size_t size)
{
	struct inspector *in = context;
	void *resized = dissection_memory_resize(&in->inspection->memory, &in->memory, memory, size);

	if (resized == NULL && size > 0) {
		in->counters.no_memory++;
		evidence_note(&in->inspection->evidence, NOTE_NO_MEMORY);
	}
	return resized;
}

/* The bytes that wait. */

static void
release_buffer(struct inspector *in, struct waiting *w)
{
	/* What was on the wire may have been a secret: it is not left lying in free memory. */
	if (w->buffer != NULL)
		memset(w->buffer, 0, w->capacity);
	buffer_give(&in->buffers, w->buffer, w->capacity);
	w->buffer = NULL;
	w->capacity = 0;
}

static void
drop_waiting(struct inspector *in, struct waiting *w)
{
	w->offset += w->size;
	w->size = 0;
	w->at = NULL;
	w->need = 0;
	release_buffer(in, w);
}

static void
take_waiting(struct waiting *w, size_t size)
{
	w->at += size;
	w->size -= size;
	w->offset += size;
}

/* Adds new bytes behind those that wait; false without memory. With nothing waiting they are used in place. */
static bool
add_waiting(struct inspector *in, struct waiting *w, const uint8_t *bytes, size_t size)
{
	size_t capacity;
	uint8_t *grown;

	if (w->size == 0) {
		w->at = bytes;
		w->size = size;
		return true;
	}
	if (w->capacity < w->size + size) {
		grown = buffer_take(&in->buffers, w->size + size, &capacity);
		if (grown == NULL)
			return false;
		memcpy(grown, w->at, w->size);
		release_buffer(in, w);
		w->buffer = grown;
		w->capacity = capacity;
	} else {
		memmove(w->buffer, w->at, w->size);
	}
	w->at = w->buffer;
	memcpy(w->buffer + w->size, bytes, size);
	w->size += size;
	return true;
}

/* What is left of the packet's bytes must outlive it; false without memory. */
static bool
keep_waiting(struct inspector *in, struct waiting *w)
{
	bool in_buffer = w->buffer != NULL && w->at >= w->buffer && w->at < w->buffer + w->capacity;

	if (w->size == 0) {
		release_buffer(in, w);
		return true;
	}
	if (in_buffer)
		return true;
	if (w->capacity < w->size) {
		release_buffer(in, w);
		w->buffer = buffer_take(&in->buffers, w->size, &w->capacity);
		if (w->buffer == NULL)
			return false;
	}
	memcpy(w->buffer, w->at, w->size);
	w->at = w->buffer;
	return true;
}

/* The life of an inspection. */

static struct inspection *
begin(struct inspector *in, struct flow *f)
{
	uint32_t index = fixed_pool_take(&in->inspections);
	struct inspection *ins;

	if (index == 0 && park_another(in))
		index = fixed_pool_take(&in->inspections);
	if (index == 0) {
		in->counters.refused++;
		f->notes |= 1u << NOTE_NO_MEMORY;
		f->settled = true;
		return NULL;
	}
	ins = fixed_pool_at(&in->inspections, index);
	*ins = (struct inspection){
		.flow = f,
		.candidates = all_dissectors,
		.evidence.want_principals = in->options.principals,
		.label_over = in->options.ndpi == NDPI_OFF,
	};
	if (f->key.ip_protocol == IPPROTO_TCP) {
		unsigned opener = f->client_side;

		bool answered = (f->seen[1 - opener] & FLOW_SEEN_SYN_ACK) != 0;

		stream_init(&ins->stream);
		ins->midstream = !answered && (f->seen[opener] & FLOW_SEEN_SYN) == 0;
		if (ins->midstream)
			evidence_note(&ins->evidence, NOTE_MIDSTREAM);
		else
			stream_start(&ins->stream, opener, f->initial_sequence[opener] + 1);
		if (answered)
			stream_start(&ins->stream, 1 - opener, f->initial_sequence[1 - opener] + 1);
	}
	return ins;
}

void
inspection_release_state(struct inspector *in, struct inspection *ins)
{
	if (ins->state != NULL)
		memset(ins->state, 0, ins->state_capacity);
	buffer_give(&in->buffers, ins->state, ins->state_capacity);
	ins->state = NULL;
}

static void
release_state(struct inspector *in, struct inspection *ins)
{
	inspection_release_state(in, ins);
	dissection_memory_clear(&ins->memory, &in->memory);
}

/* What nobody recognises. */

/* Adds a side's bytes to the sample of it; false where no more are wanted. */
static bool
sample(struct inspector *in, struct inspection *ins, unsigned side, const uint8_t *bytes, size_t size)
{
	struct text_sample *s;

	if (size == 0)
		return true;
	if (ins->text == NULL) {
		ins->text = buffer_take(&in->buffers, 2 * sizeof(ins->text[0]), &ins->text_capacity);
		if (ins->text == NULL)
			return false;
		memset(ins->text, 0, 2 * sizeof(ins->text[0]));
	}
	s = &ins->text[side];
	if (s->text.size == 0) {
		s->packet = ins->waiting[side].packet;
		s->file = ins->waiting[side].file;
	}
	if (!readable_add(&s->text, cursor_over(bytes, size)))
		stream_finish(&ins->stream, side);
	if (s->text.size >= READABLE_SIZE_MIN && readable_judge(&s->text) == READABLE_NOT)
		return false;
	return ins->text[0].text.size < READABLE_SAMPLE_MAX || ins->text[1].text.size < READABLE_SAMPLE_MAX;
}

/*
 * Nobody's protocol, but text: that is plaintext, on a weak word. Both directions must be, as far
 * as they go, since a greeting in words may begin what is encrypted afterwards.
 */
static void
judge_text(const struct inspection *ins, const struct flow *f, struct evidence *e)
{
	enum readable_verdict of[2];

	for (unsigned side = 0; side < 2; side++)
		of[side] = readable_judge(&ins->text[side].text);
	if (of[0] != READABLE_NOT && of[1] != READABLE_NOT && (of[0] == READABLE_TEXT || of[1] == READABLE_TEXT) && e->protocol == NULL && e->encryption.state == ENCRYPTION_UNKNOWN) {
		unsigned side = of[0] == READABLE_TEXT ? 0 : 1;

		/* The packet to open is that of the text, whatever has come since. */
		e->packet = ins->text[side].packet;
		e->file = ins->text[side].file;
		evidence_note(e, NOTE_READABLE_TEXT);
		evidence_encryption(e, ENCRYPTION_PLAINTEXT, STRENGTH_SIGNATURE, "readable text", direction_of(f, side), 0);
	}
}

/* Nothing more to learn from the payload: keeps the evidence, gives back the rest. */
static void
conclude(struct inspector *in, struct inspection *ins)
{
	if (ins->text != NULL) {
		judge_text(ins, in->flow, &ins->evidence);
		buffer_give(&in->buffers, ins->text, ins->text_capacity);
		ins->text = NULL;
	}
	ins->over = true;
	ins->dissector = NULL;
	ins->candidates = 0;
	release_state(in, ins);
	for (unsigned side = 0; side < 2; side++) {
		drop_waiting(in, &ins->waiting[side]);
		stream_finish(&ins->stream, side);
	}
}

static void
out_of_memory(struct inspector *in, struct inspection *ins)
{
	in->counters.no_memory++;
	evidence_note(&ins->evidence, NOTE_NO_MEMORY);
	conclude(in, ins);
}

/* Nobody knows the protocol. Whether it is text takes more than its first bytes to tell. */
static void
read_on(struct inspector *in, struct inspection *ins)
{
	bool more = in->flow->key.ip_protocol == IPPROTO_TCP && ins->evidence.protocol == NULL;

	for (unsigned side = 0; side < 2 && more; side++) {
		struct waiting *w = &ins->waiting[side];

		more = sample(in, ins, side, w->at, w->size);
		drop_waiting(in, w);
	}
	/* A tunnel of what nobody knows: that its opening was readable says nothing of it. */
	if (ins->carried)
		evidence_doubt_plaintext(&ins->evidence);
	if (!more)
		conclude(in, ins);
}

/* Dissectors. */

static struct flow_view
view_of(const struct inspector *in, const struct flow *f)
{
	return (struct flow_view){
		.ip_protocol = f->key.ip_protocol,
		.client_port = f->key.port[f->client_side],
		.server_port = f->key.port[1 - f->client_side],
		.handshake_seen = !in->inspection->midstream,
		.roles_known = f->direction_basis == DIRECTION_HANDSHAKE,
		.time = in->time / SECOND,
	};
}

static bool
set_dissector(struct inspector *in, struct inspection *ins, const struct dissector *d)
{
	release_state(in, ins);
	ins->dissector = d;
	ins->waiting[0].need = ins->waiting[1].need = 0;
	if (d == NULL || d->state_size == 0)
		return true;
	ins->state = buffer_take(&in->buffers, d->state_size, &ins->state_capacity);
	if (ins->state == NULL)
		return false;
	memset(ins->state, 0, ins->state_capacity);
	return true;
}

static struct dissection
dissection_of(struct inspector *in, struct inspection *ins, const struct flow_view *view)
{
	return (struct dissection){
		.flow = view,
		.evidence = &ins->evidence,
		.services = &in->services,
		.state = ins->state,
		.offset = {
			[FROM_CLIENT] = ins->waiting[side_of(in->flow, FROM_CLIENT)].offset,
			[FROM_SERVER] = ins->waiting[side_of(in->flow, FROM_SERVER)].offset,
		},
	};
}

/* A protocol inside another's tunnel tells how the tunnel is protected, not what the flow is. */
static void
keep_carrier(struct inspection *ins, const char *protocol, const struct basis *basis)
{
	if (!ins->carried || protocol == NULL)
		return;
	ins->evidence.protocol = protocol;
	ins->evidence.basis[CLAIM_PROTOCOL] = *basis;
}

static bool
has_hint_port(const struct dissector *d, uint16_t port)
{
	for (size_t i = 0; i < sizeof(d->hint_ports) / sizeof(d->hint_ports[0]); i++)
		if (d->hint_ports[i] == port && port != 0)
			return true;
	return false;
}

struct probe_result {
	const struct dissector *best;
	enum direction from;
	enum strength strength;
	bool hinted;
	bool either_way; /* the bytes could be of either role: they tell nothing of it */
};

/* Asks one candidate about the bytes of a side taken as direction from; keeps the best answer. */
static enum verdict
probe_one(const struct dissector *d, const struct flow_view *view, enum direction from, const struct waiting *w, struct probe_result *result)
{
	enum strength strength = STRENGTH_SIGNATURE;
	enum verdict verdict = d->probe(view, from, cursor_over(w->at, w->size), &strength);
	bool hinted = has_hint_port(d, view->server_port);

	if (verdict == MATCH && (result->best == NULL || strength > result->strength || (strength == result->strength && hinted && !result->hinted)))
		*result = (struct probe_result){ .best = d, .from = from, .strength = strength, .hinted = hinted };
	return verdict;
}

static bool
fits(const struct dissector *d, const struct flow_view *view, enum direction from, const struct waiting *w)
{
	enum strength strength;

	return d->probe(view, from, cursor_over(w->at, w->size), &strength) == MATCH;
}

/*
 * Asks every candidate about the first bytes of a side. Roles that no handshake told are tried both
 * ways, first as they are believed to be. Those that say no are candidates no more.
 */
static struct probe_result
probe_side(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct flow *f = in->flow;
	struct waiting *w = &ins->waiting[side];
	struct flow_view view = view_of(in, f), swapped = view;
	enum direction from = direction_of(f, side);
	uint64_t here = dissector_candidates(f->key.ip_protocol, from, w->at[0]);
	uint64_t there = view.roles_known ? 0 : dissector_candidates(f->key.ip_protocol, 1 - from, w->at[0]);
	struct probe_result result = { 0 };

	swapped.client_port = view.server_port;
	swapped.server_port = view.client_port;
	ins->candidates &= here | there;
	for (uint64_t left = ins->candidates; left != 0; left &= left - 1) {
		uint64_t bit = left & -left;
		const struct dissector *d = dissectors[__builtin_ctzll(left)];
		enum verdict verdict = NO_MATCH;

		if ((here & bit) != 0)
			verdict = probe_one(d, &view, from, w, &result);
		if (verdict == NO_MATCH && (there & bit) != 0)
			verdict = probe_one(d, &swapped, 1 - from, w, &result);
		else if (result.best == d && (there & bit) != 0)
			result.either_way = fits(d, &swapped, 1 - from, w);
		if (verdict == NO_MATCH || (verdict == NEED_MORE && w->size >= PROBE_SIZE_MAX))
			ins->candidates &= ~bit;
	}
	w->probed = true;
	return result;
}

/* Turns the roles round where what was found says so and no handshake said otherwise. */
static void
believe_roles(struct flow *f, unsigned side, enum direction from)
{
	if (f->direction_basis == DIRECTION_HANDSHAKE)
		return;
	f->direction_basis = DIRECTION_EVIDENCE;
	f->client_side = (uint8_t)(from == FROM_CLIENT ? side : 1 - side);
}

/* Bytes that could be of either role: the side with the protocol's port is more likely the server than the one with the lower. */
static void
believe_port(struct flow *f, const struct dissector *d)
{
	unsigned server = 1u - f->client_side;

	if (f->direction_basis == DIRECTION_PORT && has_hint_port(d, f->key.port[f->client_side]) && !has_hint_port(d, f->key.port[server]))
		f->client_side = (uint8_t)server;
}

/* Each datagram is a message of its own: an odd one says little of those that follow. */
static bool
ask_about_the_next(const struct inspector *in, struct inspection *ins)
{
	return in->flow->key.ip_protocol != IPPROTO_TCP && ++ins->unknown_datagrams < DATAGRAMS_PROBED;
}

/* True if a dissector was found for the flow by the bytes that wait on side. */
static bool
probe(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct probe_result result;
	uint64_t candidates = ins->candidates;

	if (ins->waiting[side].size == 0 || ins->candidates == 0)
		return false;
	result = probe_side(in, ins, side);
	if (result.best == NULL) {
		if (ask_about_the_next(in, ins))
			ins->candidates = candidates;
		else if (ins->candidates == 0)
			read_on(in, ins);
		return false;
	}
	if (result.either_way)
		believe_port(in->flow, result.best);
	else
		believe_roles(in->flow, side, result.from);
	if (!set_dissector(in, ins, result.best)) {
		out_of_memory(in, ins);
		return false;
	}
	return true;
}

/* The dissector says that the flow is not its own after all: the others are asked again. */
static void
disown(struct inspector *in, struct inspection *ins)
{
	const struct dissector *was = ins->dissector;

	for (size_t i = 0; dissectors[i] != NULL; i++)
		if (dissectors[i] == was)
			ins->candidates &= ~(UINT64_C(1) << i);
	if (ins->evidence.strength >= STRENGTH_STRUCTURE) {
		conclude(in, ins);
		return;
	}
	/* What it said rested on a signature that was somebody else's. */
	ins->evidence = (struct evidence){
		.want_principals = ins->evidence.want_principals,
		.notes = ins->evidence.notes & transport_notes,
		.packet = ins->evidence.packet,
		.file = ins->evidence.file,
	};
	(void)set_dissector(in, ins, NULL);
	if (ins->candidates == 0)
		read_on(in, ins);
}

static void
upgrade(struct inspector *in, struct inspection *ins, const struct dissection *d)
{
	const struct dissector *next = d->next;

	ins->carried |= !d->preamble;
	ins->candidates = next == NULL ? all_dissectors : 0;
	ins->waiting[0].probed = ins->waiting[1].probed = false;
	/* Agreed upon, and to be seen: what was readable so far is no word on what follows. */
	if (next != NULL)
		evidence_doubt_plaintext(&ins->evidence);
	if (!set_dissector(in, ins, next))
		out_of_memory(in, ins);
	else if (ins->state != NULL)
		memcpy(ins->state, d->handover, next->state_size < sizeof(d->handover) ? next->state_size : sizeof(d->handover));
}

static void
pass_over(struct inspection *ins, unsigned side)
{
	struct waiting *w = &ins->waiting[side];
	size_t n = w->to_skip < w->size ? (size_t)w->to_skip : w->size;

	take_waiting(w, n);
	w->to_skip -= n;
}

/* Calls the dissector for one side; true if the other, or the same again, has a reason to be called. */
static bool
call(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct waiting *w = &ins->waiting[side];
	struct flow_view view = view_of(in, in->flow);
	struct dissection d = dissection_of(in, ins, &view);
	const char *protocol = ins->evidence.protocol;
	struct basis basis = ins->evidence.basis[CLAIM_PROTOCOL];
	struct cursor bytes;
	enum verdict verdict;
	size_t taken;

	if (w->size == 0 || w->size < w->need)
		return false;
	bytes = cursor_over(w->at, w->size);
	w->need = 0;
	verdict = ins->dissector->dissect(&d, direction_of(in->flow, side), &bytes);
	if (d.turn_roles)
		believe_roles(in->flow, side, 1 - direction_of(in->flow, side));
	keep_carrier(ins, protocol, &basis);
	taken = w->size - bytes.left;
	if (in->flow->key.ip_protocol != IPPROTO_TCP)
		taken = w->size; /* a datagram is shown once */
	take_waiting(w, taken);
	w->to_skip += d.skip;
	pass_over(ins, side);
	switch (verdict) {
	case MATCH:
		return taken > 0 || d.skip > 0;
	case NEED_MORE:
		w->need = d.need;
		return taken > 0;
	case UPGRADE:
		upgrade(in, ins, &d);
		return true;
	case NO_MATCH:
		disown(in, ins);
		return !ins->over;
	case TRUNCATED:
		evidence_note(&ins->evidence, NOTE_TRUNCATED);
		break;
	case MALFORMED:
		evidence_note(&ins->evidence, NOTE_MALFORMED);
		break;
	case DONE:
		break;
	}
	conclude(in, ins);
	return false;
}

static bool
turn(struct inspector *in, struct inspection *ins, unsigned side)
{
	if (ins->over)
		return false;
	return ins->dissector == NULL ? probe(in, ins, side) : call(in, ins, side);
}

/* Both sides in turn, the one that has something new first, until nobody gets on. */
static void
run(struct inspector *in, struct inspection *ins, unsigned side)
{
	bool again = true;

	for (unsigned turns = 0; again && !ins->over; turns++) {
		again = turn(in, ins, side);
		if (ins->dissector != NULL || !ins->waiting[1 - side].probed)
			again |= turn(in, ins, 1 - side);
		if (turns == TURNS_MAX) {
			evidence_note(&ins->evidence, NOTE_BUDGET);
			conclude(in, ins);
		}
	}
}

/* Keeps what is left of a side's bytes after the packet, and tells the stream what nobody wants to see. */
static void
settle_waiting(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct waiting *w = &ins->waiting[side];

	if (ins->over)
		return;
	if (!keep_waiting(in, w)) {
		out_of_memory(in, ins);
		return;
	}
	if (w->to_skip > 0 && w->size == 0) {
		stream_pass_over(&ins->stream, side, w->to_skip);
		w->offset += w->to_skip;
		w->to_skip = 0;
	}
}

/* Bytes of a stream, in order. */
static void
on_bytes(void *context, unsigned side, const uint8_t *bytes, size_t size, const struct stream_place *place)
{
	struct inspector *in = context;
	struct inspection *ins = in->inspection;
	struct waiting *w = &ins->waiting[side];
	size_t skipped = w->to_skip < size ? (size_t)w->to_skip : size;

	if (ins->over)
		return;
	w->offset += skipped;
	w->to_skip -= skipped;
	bytes += skipped;
	size -= skipped;
	if (size == 0)
		return;
	if (w->shown >= in->options.budget) {
		evidence_note(&ins->evidence, NOTE_BUDGET);
		stream_finish(&ins->stream, side);
		drop_waiting(in, w);
		if (ins->waiting[1 - side].shown >= in->options.budget)
			conclude(in, ins);
		return;
	}
	if (size > in->options.budget - w->shown) {
		evidence_note(&ins->evidence, NOTE_BUDGET);
		size = in->options.budget - w->shown;
	}
	w->shown += (uint32_t)size;
	ins->evidence.packet = place->packet;
	ins->evidence.file = place->file;
	if (w->size == 0) {
		w->packet = place->packet;
		w->file = place->file;
	}
	in->time = place->time;
	if (ins->text != NULL) {
		if (!sample(in, ins, side, bytes, size))
			conclude(in, ins);
		return;
	}
	if (!add_waiting(in, w, bytes, size)) {
		out_of_memory(in, ins);
		return;
	}
	run(in, ins, side);
	settle_waiting(in, ins, side);
	settle_waiting(in, ins, 1 - side);
}

static void
on_gap(void *context, unsigned side, uint64_t size, const struct stream_place *place)
{
	struct inspector *in = context;
	struct inspection *ins = in->inspection;
	struct waiting *w = &ins->waiting[side];
	enum verdict verdict;

	if (ins->over)
		return;
	evidence_note(&ins->evidence, in->packet != NULL && in->packet->truncated ? NOTE_TRUNCATED : NOTE_GAP);
	evidence_doubt_failure(&ins->evidence);
	if (ins->carried)
		evidence_doubt_plaintext(&ins->evidence);
	drop_waiting(in, w);
	w->offset += size;
	w->probed = false;
	if (ins->dissector == NULL) {
		ins->midstream = true;
		return;
	}
	if (ins->dissector->gap == NULL) {
		conclude(in, ins);
		return;
	}
	struct flow_view view = view_of(in, in->flow);
	struct dissection d = dissection_of(in, ins, &view);

	(void)place;
	verdict = ins->dissector->gap(&d, direction_of(in->flow, side), size);
	if (verdict != MATCH && verdict != NEED_MORE)
		conclude(in, ins);
}

/* A datagram: shown whole, once. */
static void
inspect_datagram(struct inspector *in, struct inspection *ins, unsigned side, const struct packet *p)
{
	struct waiting *w = &ins->waiting[side];

	if (p->truncated)
		evidence_note(&ins->evidence, NOTE_TRUNCATED);
	if (p->payload_captured == 0 || p->truncated)
		return;
	ins->evidence.packet = w->packet = p->frame->number;
	ins->evidence.file = w->file = p->frame->file;
	w->at = p->payload;
	w->size = p->payload_captured;
	run(in, ins, side);
	if (ins->dissector == NULL && !ins->over && ins->evidence.protocol == NULL)
		(void)sample(in, ins, side, p->payload, p->payload_captured);
	if (w->size > 0)
		take_waiting(w, w->size);
	w->at = NULL;
	w->to_skip = 0;
	w->shown += p->payload_captured;
	if (!ins->over && w->shown >= in->options.budget) {
		evidence_note(&ins->evidence, NOTE_BUDGET);
		conclude(in, ins);
	}
}

/* nDPI. */

static bool
open_classifier(struct inspector *in)
{
	char error[256];

	if (in->classifier == NULL && !in->classifier_failed) {
		in->classifier = classifier_new(error, sizeof(error));
		in->classifier_failed = in->classifier == NULL;
	}
	return in->classifier != NULL;
}

static bool
wants_label(const struct inspector *in, const struct inspection *ins)
{
	if (ins->label_over)
		return false;
	return in->options.ndpi == NDPI_ALWAYS || ((ins->over || ins->text != NULL || ins->unknown_datagrams > 0) && ins->evidence.protocol == NULL);
}

/* It has said what it can: keeps that alone. */
static void
finish_label(struct inspector *in, struct inspection *ins)
{
	struct classifier_label label;

	ins->label_over = true;
	if (ins->label == NULL)
		return;
	classifier_flow_end(in->classifier, ins->label, &label);
	ins->label = NULL;
	if (label.master[0] == '\0' && label.application[0] == '\0' && label.category[0] == '\0')
		return;
	ins->named = malloc(sizeof(*ins->named));
	if (ins->named != NULL)
		*ins->named = label;
}

/* Shows nDPI a packet: only whole ones, whose headers the decoder has validated. */
static void
label_packet(struct inspector *in, struct inspection *ins, unsigned side, const struct packet *p)
{
	if (p->truncated || p->payload_captured == 0 || p->ip_captured < p->ip_size)
		return;
	if (ins->label == NULL) {
		if (!open_classifier(in) || (ins->label = classifier_flow_new(in->classifier)) == NULL) {
			ins->label_over = true;
			return;
		}
		in->counters.labelled++;
	}
	if (!classifier_packet(in->classifier, ins->label, p->ip, p->ip_captured, (uint64_t)(p->frame->time / 1000000), side == in->flow->client_side) || ++ins->label_packets >= CLASSIFIER_PACKETS_MAX)
		finish_label(in, ins);
}

/* The public face. */

struct inspector *
inspector_new(const struct inspector_options *options, const struct record_sink *sink, char *error, size_t error_size)
{
	struct inspector *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	for (size_t i = 0; dissectors[i] != NULL; i++)
		all_dissectors |= UINT64_C(1) << i;
	in->options = *options;
	in->sink = sink;
	in->memory.limit = options->dissection_memory;
	in->services = (struct dissection_services){ .certificate = take_certificate, .name = tell_name, .resize = resize_memory, .remember = remember_session, .recall = recall_session, .context = in };
	in->reader = (struct stream_reader){ .bytes = on_bytes, .gap = on_gap, .context = in, .buffers = &in->buffers };
	if (!parking_init(in)) {
		inspector_free(in);
		return NULL;
	}
	in->certificates = certificate_store_new(CERTIFICATES);
	in->sessions = in->certificates != NULL ? tls_sessions_new(SESSIONS, in->certificates) : NULL;
	if (in->sessions == NULL || !fixed_pool_init(&in->inspections, sizeof(struct inspection), options->max_inspections) || !buffer_pool_init(&in->buffers, options->buffer_memory)) {
		inspector_free(in);
		return NULL;
	}
	if (options->ndpi == NDPI_ALWAYS && (in->classifier = classifier_new(error, error_size)) == NULL) {
		inspector_free(in);
		return NULL;
	}
	if (options->early && options->ndpi == NDPI_FALLBACK)
		(void)open_classifier(in); /* what cannot be had is done without */
	return in;
}

void
inspector_free(struct inspector *in)
{
	if (in == NULL)
		return;
	if (in->classifier != NULL)
		classifier_free(in->classifier);
	parking_free(in);
	tls_sessions_free(in->sessions);
	certificate_store_free(in->certificates);
	fixed_pool_clear(&in->inspections);
	buffer_pool_clear(&in->buffers);
	free(in);
}

const struct inspector_counters *
inspector_counters(const struct inspector *in)
{
	return &in->counters;
}

bool
inspection_wake(struct inspector *in, struct flow *f)
{
	if (unpark(in, f) != NULL)
		return true;
	in->counters.no_memory++;
	f->notes |= 1u << NOTE_NO_MEMORY;
	f->settled = true;
	return false;
}

void
inspection_packet(struct inspector *in, struct flow *f, unsigned side, const struct packet *p)
{
	if (f->inspection == NULL) {
		if (p->payload_size == 0 || (f->inspection = begin(in, f)) == NULL)
			return;
	} else if (f->parked && !inspection_wake(in, f)) {
		return;
	}
	f->inspection->used = true;
	in->flow = f;
	in->inspection = f->inspection;
	in->packet = p;
	in->time = p->frame->time;
	if (!f->inspection->over) {
		if (p->ip_protocol == IPPROTO_TCP)
			stream_segment(&f->inspection->stream, &in->reader, side, p);
		else
			inspect_datagram(in, f->inspection, side, p);
	}
	if (wants_label(in, f->inspection))
		label_packet(in, f->inspection, side, p);
	else if (f->inspection->over && in->options.ndpi != NDPI_ALWAYS)
		finish_label(in, f->inspection);
	f->settled = f->inspection->over && f->inspection->label_over;
}

void
inspection_companion(struct inspector *in, struct flow *f, unsigned side, const struct packet *p)
{
	struct inspection *ins;

	if (f->inspection == NULL || f->settled || (f->parked && !inspection_wake(in, f)))
		return;
	ins = f->inspection;
	if (ins->over || ins->dissector == NULL || ins->dissector->companion == NULL)
		return;
	in->flow = f;
	in->inspection = ins;
	in->packet = p;
	in->time = p->frame->time;
	ins->evidence.packet = p->frame->number;
	ins->evidence.file = p->frame->file;
	struct flow_view view = view_of(in, f);
	struct dissection d = dissection_of(in, ins, &view);

	if (ins->dissector->companion(&d, direction_of(f, side), p->ip_protocol, cursor_over(p->payload, p->payload_captured)) != MATCH)
		conclude(in, ins);
}

static void
finish(struct inspector *in, struct inspection *ins)
{
	if (in->flow->key.ip_protocol == IPPROTO_TCP && !ins->over)
		stream_flush(&ins->stream, &in->reader);
	if (!ins->over && ins->dissector != NULL && ins->dissector->finish != NULL) {
		struct flow_view view = view_of(in, in->flow);
		struct dissection d = dissection_of(in, ins, &view);

		ins->dissector->finish(&d);
	}
	/* Bytes that somebody might still have known, had more come. */
	for (unsigned side = 0; side < 2 && !ins->over && ins->dissector == NULL && ins->evidence.protocol == NULL; side++)
		(void)sample(in, ins, side, ins->waiting[side].at, ins->waiting[side].size);
	if (ins->stream.no_memory)
		evidence_note(&ins->evidence, NOTE_NO_MEMORY);
	conclude(in, ins);
	stream_clear(&ins->stream, &in->buffers);
}

static void
add_label(const struct inspector *in, const struct inspection *ins, struct flow_record *record)
{
	if (ins->named == NULL || (in->options.ndpi != NDPI_ALWAYS && ins->evidence.protocol != NULL))
		return;
	record->ndpi_master = record_add_text(record, ins->named->master);
	record->ndpi_application = record_add_text(record, ins->named->application);
	record->ndpi_category = record_add_text(record, ins->named->category);
}

bool
inspection_knows(const struct inspection *ins)
{
	return ins->over || ins->evidence.protocol != NULL || ins->evidence.encryption.state != ENCRYPTION_UNKNOWN;
}

bool
inspection_has_evidence(const struct flow *f)
{
	if (f->inspection == NULL)
		return false;
	return f->parked ? parked_has_evidence(f) : inspection_knows(f->inspection);
}

const char *
inspection_protocol(const struct flow *f)
{
	const struct inspection *ins = f->inspection;

	if (ins == NULL || f->parked)
		return NULL;
	return ins->dissector != NULL ? ins->dissector->name : ins->evidence.protocol;
}

void
inspection_snapshot(struct inspector *in, const struct flow *f, struct flow_record *record)
{
	const struct inspection *ins = f->parked ? peek_parked(in, f) : f->inspection;
	struct evidence so_far;

	if (ins == NULL)
		return;
	so_far = ins->evidence;
	if (ins->text != NULL)
		judge_text(ins, f, &so_far);
	record_add_evidence(record, &so_far);
	add_label(in, ins, record);
}

void
inspection_end(struct inspector *in, struct flow *f, struct flow_record *record)
{
	bool parked = f->parked;
	struct inspection *ins = parked ? unpark_to_end(in, f) : f->inspection;

	if (ins == NULL)
		return;
	in->flow = f;
	in->inspection = ins;
	in->packet = NULL;
	in->time = f->last_seen;
	finish(in, ins);
	finish_label(in, ins);
	record_add_evidence(record, &ins->evidence);
	add_label(in, ins, record);
	free(ins->named);
	for (unsigned i = 0; i < ins->certificate_count; i++)
		certificate_store_give(in->certificates, ins->certificates[i]);
	ins->flow = NULL;
	if (!parked)
		fixed_pool_give(&in->inspections, fixed_pool_index(&in->inspections, ins));
	f->inspection = NULL;
}
