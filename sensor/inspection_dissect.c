/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dissectors of a flow: one is chosen by the first bytes and called with what comes, until it hands the
 * flow on, disowns it, or has nothing more to learn.
 */
#include <config.h>

#include "inspection_internal.h"

#include <netinet/in.h>
#include <string.h>

enum {
	TURNS_MAX = 4096,      /* calls of dissectors for one piece of a stream */
	DATAGRAMS_PROBED = 8,  /* that nobody knows, before a flow of datagrams is given up */
};

#define SECOND INT64_C(1000000000)

/* Notes that the sensor makes itself, whatever the protocol is. */
static const uint32_t transport_notes = 1u << NOTE_GAP | 1u << NOTE_TRUNCATED | 1u << NOTE_MIDSTREAM | 1u << NOTE_BUDGET | 1u << NOTE_NO_MEMORY;

static unsigned
side_of(const struct flow *f, enum direction from)
{
	return from == FROM_CLIENT ? f->client_side : 1u - f->client_side;
}

/* What a dissector is given. */

static inline struct flow_view
view_of(const struct inspector *in)
{
	const struct flow *f = in->flow;

	return (struct flow_view){
		.ip_protocol = f->key.ip_protocol,
		.client_port = f->key.port[f->client_side],
		.server_port = f->key.port[1 - f->client_side],
		.handshake_seen = !in->inspection->midstream,
		.roles_known = f->direction_basis == DIRECTION_HANDSHAKE,
		.time = in->time / SECOND,
	};
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

/* Nothing more to learn. */

void
inspection_conclude(struct inspector *in, struct inspection *ins)
{
	if (ins->text != NULL) {
		inspection_judge_text(ins, in->flow, &ins->evidence);
		buffer_give(&in->buffers, ins->text, ins->text_capacity);
		ins->text = NULL;
	}
	ins->over = true;
	ins->dissector = NULL;
	ins->candidates = 0;
	release_state(in, ins);
	for (unsigned side = 0; side < 2; side++) {
		waiting_drop(in, &ins->waiting[side]);
		stream_finish(&ins->stream, side);
	}
}

void
inspection_out_of_memory(struct inspector *in, struct inspection *ins)
{
	in->counters.no_memory++;
	evidence_note(&ins->evidence, NOTE_NO_MEMORY);
	inspection_conclude(in, ins);
}

/* Nobody knows the protocol. Whether it is text takes more than its first bytes to tell. */
static void
read_on(struct inspector *in, struct inspection *ins)
{
	bool more = in->flow->key.ip_protocol == IPPROTO_TCP && ins->evidence.protocol == NULL;

	for (unsigned side = 0; side < 2 && more; side++) {
		struct waiting *w = &ins->waiting[side];

		more = inspection_sample_text(in, ins, side, w->at, w->size);
		waiting_drop(in, w);
	}
	/* A tunnel of what nobody knows: that its opening was readable says nothing of it. */
	if (ins->carried)
		evidence_doubt_plaintext(&ins->evidence);
	if (!more)
		inspection_conclude(in, ins);
}

/* Calls. */

/* A protocol inside another's tunnel tells how the tunnel is protected, not what the flow is. */
static void
keep_carrier(struct inspection *ins, const char *protocol, const struct basis *basis)
{
	if (!ins->carried || protocol == NULL)
		return;
	ins->evidence.protocol = protocol;
	ins->evidence.basis[CLAIM_PROTOCOL] = *basis;
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
	uint64_t candidates = ins->candidates;
	struct probe_result result;
	struct flow_view view;

	if (ins->waiting[side].size == 0 || ins->candidates == 0)
		return false;
	view = view_of(in);
	result = inspection_probe(in, ins, side, &view);
	if (result.best == NULL) {
		if (ask_about_the_next(in, ins))
			ins->candidates = candidates;
		else if (ins->candidates == 0)
			read_on(in, ins);
		return false;
	}
	inspection_believe_probe(in->flow, side, &result);
	if (!set_dissector(in, ins, result.best)) {
		inspection_out_of_memory(in, ins);
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
		inspection_conclude(in, ins);
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
	ins->candidates = next == NULL ? in->every_dissector : 0;
	ins->waiting[0].probed = ins->waiting[1].probed = false;
	/* Agreed upon, and to be seen: what was readable so far is no word on what follows. */
	if (next != NULL)
		evidence_doubt_plaintext(&ins->evidence);
	if (!set_dissector(in, ins, next))
		inspection_out_of_memory(in, ins);
	else if (ins->state != NULL)
		memcpy(ins->state, d->handover, next->state_size < sizeof(d->handover) ? next->state_size : sizeof(d->handover));
}

/* Calls the dissector for one side; true if the other, or the same again, has a reason to be called. */
static bool
call(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct waiting *w = &ins->waiting[side];
	struct flow_view view = view_of(in);
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
		inspection_believe_roles(in->flow, side, 1 - direction_of(in->flow, side));
	keep_carrier(ins, protocol, &basis);
	taken = w->size - bytes.left;
	if (in->flow->key.ip_protocol != IPPROTO_TCP)
		taken = w->size; /* a datagram is shown once */
	waiting_take(w, taken);
	w->to_skip += d.skip;
	waiting_pass_over(w);
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
	inspection_conclude(in, ins);
	return false;
}

static bool
turn(struct inspector *in, struct inspection *ins, unsigned side)
{
	if (ins->over)
		return false;
	return ins->dissector == NULL ? probe(in, ins, side) : call(in, ins, side);
}

void
inspection_run(struct inspector *in, struct inspection *ins, unsigned side)
{
	bool again = true;

	for (unsigned turns = 0; again && !ins->over; turns++) {
		again = turn(in, ins, side);
		if (ins->dissector != NULL || !ins->waiting[1 - side].probed)
			again |= turn(in, ins, 1 - side);
		if (turns == TURNS_MAX) {
			evidence_note(&ins->evidence, NOTE_BUDGET);
			inspection_conclude(in, ins);
		}
	}
}

void
inspection_tell_gap(struct inspector *in, struct inspection *ins, unsigned side, uint64_t size)
{
	struct flow_view view = view_of(in);
	struct dissection d = dissection_of(in, ins, &view);
	enum verdict verdict = ins->dissector->gap(&d, direction_of(in->flow, side), size);

	if (verdict != MATCH && verdict != NEED_MORE)
		inspection_conclude(in, ins);
}

void
inspection_tell_companion(struct inspector *in, struct inspection *ins, unsigned side, const struct packet *p)
{
	struct flow_view view = view_of(in);
	struct dissection d = dissection_of(in, ins, &view);

	if (ins->dissector->companion(&d, direction_of(in->flow, side), p->ip_protocol, cursor_over(p->payload, p->payload_captured)) != MATCH)
		inspection_conclude(in, ins);
}

void
inspection_tell_end(struct inspector *in, struct inspection *ins)
{
	struct flow_view view;
	struct dissection d;

	if (ins->dissector->finish == NULL)
		return;
	view = view_of(in);
	d = dissection_of(in, ins, &view);
	ins->dissector->finish(&d);
}
