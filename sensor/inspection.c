/* SPDX-License-Identifier: Apache-2.0 */
/* Flows get an inspection with their first payload: their streams and datagrams are shown to dissectors, and at the end it is told. */
#include <config.h>

#include "inspection_internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	SESSIONS = 2048,       /* of TLS that may be resumed; each may hold two certificates */
	CERTIFICATES = 8192,
};

const struct inspector_options inspector_defaults = {
	.budget = 64 * 1024,
	.max_inspections = 1u << 17,
	.buffer_memory = (size_t)256 << 20,
	.dissection_memory = (size_t)64 << 20,
	.ndpi = NDPI_FALLBACK,
};

static void
begin_stream(struct inspection *ins, const struct flow *f)
{
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

/* Takes a place for the flow's inspection; NULL, with the flow settled, where there is none. */
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
		.candidates = in->every_dissector,
		.evidence.want_principals = in->options.principals,
		.label_over = in->options.ndpi == NDPI_OFF,
	};
	if (f->key.ip_protocol == IPPROTO_TCP)
		begin_stream(ins, f);
	return ins;
}

/* Streams and datagrams. */

/* Keeps what is left of a side's bytes after the packet, and tells the stream what nobody wants to see. */
static void
settle_waiting(struct inspector *in, struct inspection *ins, unsigned side)
{
	struct waiting *w = &ins->waiting[side];

	if (ins->over)
		return;
	if (!waiting_keep(in, w)) {
		inspection_out_of_memory(in, ins);
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
		waiting_drop(in, w);
		if (ins->waiting[1 - side].shown >= in->options.budget)
			inspection_conclude(in, ins);
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
		if (!inspection_sample_text(in, ins, side, bytes, size))
			inspection_conclude(in, ins);
		return;
	}
	if (!waiting_add(in, w, bytes, size)) {
		inspection_out_of_memory(in, ins);
		return;
	}
	inspection_run(in, ins, side);
	settle_waiting(in, ins, side);
	settle_waiting(in, ins, 1 - side);
}

static void
on_gap(void *context, unsigned side, uint64_t size, const struct stream_place *place)
{
	struct inspector *in = context;
	struct inspection *ins = in->inspection;
	struct waiting *w = &ins->waiting[side];

	(void)place;
	if (ins->over)
		return;
	evidence_note(&ins->evidence, in->packet != NULL && in->packet->truncated ? NOTE_TRUNCATED : NOTE_GAP);
	evidence_doubt_failure(&ins->evidence);
	if (ins->carried)
		evidence_doubt_plaintext(&ins->evidence);
	waiting_drop(in, w);
	w->offset += size;
	w->probed = false;
	if (ins->dissector == NULL) {
		ins->midstream = true;
		return;
	}
	if (ins->dissector->gap == NULL) {
		inspection_conclude(in, ins);
		return;
	}
	inspection_tell_gap(in, ins, side, size);
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
	inspection_run(in, ins, side);
	if (ins->dissector == NULL && !ins->over && ins->evidence.protocol == NULL)
		(void)inspection_sample_text(in, ins, side, p->payload, p->payload_captured);
	if (w->size > 0)
		waiting_take(w, w->size);
	w->at = NULL;
	w->to_skip = 0;
	w->shown += p->payload_captured;
	if (!ins->over && w->shown >= in->options.budget) {
		evidence_note(&ins->evidence, NOTE_BUDGET);
		inspection_conclude(in, ins);
	}
}

/* The inspector. */

struct inspector *
inspector_new(const struct inspector_options *options, const struct record_sink *sink, char *error, size_t error_size)
{
	struct inspector *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	for (size_t i = 0; dissectors[i] != NULL; i++)
		in->every_dissector |= UINT64_C(1) << i;
	in->options = *options;
	in->sink = sink;
	in->memory.limit = options->dissection_memory;
	in->services = inspection_services(in);
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
		(void)inspection_open_classifier(in); /* what cannot be had is done without */
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

/* The inspection of a flow. */

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
	if (inspection_wants_label(in, f->inspection))
		inspection_label_packet(in, f->inspection, side, p);
	else if (f->inspection->over && in->options.ndpi != NDPI_ALWAYS)
		inspection_finish_label(in, f->inspection);
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
	inspection_tell_companion(in, ins, side, p);
}

static void
finish(struct inspector *in, struct inspection *ins)
{
	if (in->flow->key.ip_protocol == IPPROTO_TCP && !ins->over)
		stream_flush(&ins->stream, &in->reader);
	if (!ins->over && ins->dissector != NULL)
		inspection_tell_end(in, ins);
	/* Bytes that somebody might still have known, had more come. */
	for (unsigned side = 0; side < 2 && !ins->over && ins->dissector == NULL && ins->evidence.protocol == NULL; side++)
		(void)inspection_sample_text(in, ins, side, ins->waiting[side].at, ins->waiting[side].size);
	if (ins->stream.no_memory)
		evidence_note(&ins->evidence, NOTE_NO_MEMORY);
	inspection_conclude(in, ins);
	stream_clear(&ins->stream, &in->buffers);
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
		inspection_judge_text(ins, f, &so_far);
	record_add_evidence(record, &so_far);
	inspection_add_label(in, ins, record);
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
	inspection_finish_label(in, ins);
	record_add_evidence(record, &ins->evidence);
	inspection_add_label(in, ins, record);
	free(ins->named);
	for (unsigned i = 0; i < ins->certificate_count; i++)
		certificate_store_give(in->certificates, ins->certificates[i]);
	ins->flow = NULL;
	if (!parked)
		fixed_pool_give(&in->inspections, fixed_pool_index(&in->inspections, ins));
	f->inspection = NULL;
}
