/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspections of flows that are quiet, put away in as few bytes as they say anything with. Most of an
 * inspection is zero: text that was not seen, streams that have ended. It is packed without its
 * zeros, together with the dissector's state, and comes back as it was with the flow's next packet.
 * So a few thousand places do for any number of open connections.
 */
#include <config.h>

#include "inspection_internal.h"

#include <stdlib.h>
#include <string.h>

#include "zero_packing.h"

enum {
	STATE_SIZE_MAX = 16 * 1024,     /* of dissectors */
	TURNS_MAX = 2,                  /* rounds of the hand before it gives up */
};

struct parked_inspection {
	uint32_t size : 31;   /* of bytes */
	uint32_t has_evidence : 1;
	uint8_t bytes[];
};

bool
parking_init(struct inspector *in)
{
	if (in->options.parking_memory == 0)
		return true;
	in->scratch = calloc(1, sizeof(*in->scratch));
	in->packing = malloc(ZERO_PACKED_MAX(sizeof(struct inspection)) + ZERO_PACKED_MAX(STATE_SIZE_MAX));
	return in->scratch != NULL && in->packing != NULL;
}

void
parking_free(struct inspector *in)
{
	free(in->scratch);
	free(in->packing);
}

static size_t
state_size(const struct inspection *ins)
{
	return ins->state != NULL && ins->dissector != NULL ? ins->dissector->state_size : 0;
}

/* False, with nothing changed, where there is no room. */
static bool
park(struct inspector *in, struct inspection *ins)
{
	uint8_t *packed = in->packing, *end;
	struct parked_inspection *parked;
	struct flow *f = ins->flow;
	size_t size;

	if (state_size(ins) > STATE_SIZE_MAX)
		return false;
	ins->flow = NULL;
	end = zero_pack(packed, ins, sizeof(*ins));
	end = zero_pack(end, ins->state, state_size(ins));
	size = (size_t)(end - packed);
	if (size > in->options.parking_memory - in->parked_bytes || (parked = malloc(sizeof(*parked) + size)) == NULL) {
		ins->flow = f;
		return false;
	}
	parked->size = (uint32_t)size & INT32_MAX;
	parked->has_evidence = inspection_knows(ins);
	memcpy(parked->bytes, packed, size);
	in->parked_bytes += size;
	inspection_release_state(in, ins);
	fixed_pool_give(&in->inspections, fixed_pool_index(&in->inspections, ins));
	f->parking = parked;
	f->parked = true;
	return true;
}

bool
park_another(struct inspector *in)
{
	if (in->options.parking_memory == 0)
		return false;
	for (uint32_t n = 0; n < in->inspections.fresh * TURNS_MAX; n++) {
		struct inspection *ins;

		in->hand = in->hand % in->inspections.fresh + 1;
		ins = fixed_pool_at(&in->inspections, in->hand);
		if (ins->flow == NULL)
			continue;
		if (!ins->used)
			return park(in, ins);
		ins->used = false;
	}
	return false;
}

/* Puts it where it is to live, without the flow's knowing. False where there is no room for its state. */
static bool
unpack_into(struct inspector *in, struct inspection *ins, const struct parked_inspection *parked, bool with_state)
{
	const uint8_t *rest = zero_unpack(parked->bytes, ins, sizeof(*ins));
	size_t size = state_size(ins);

	ins->state = NULL;
	if (!with_state || size == 0)
		return true;
	ins->state = buffer_take(&in->buffers, size, &ins->state_capacity);
	if (ins->state == NULL)
		return false;
	memset(ins->state, 0, ins->state_capacity);
	(void)zero_unpack(rest, ins->state, size);
	return true;
}

/* It is where it lives: what was put away is wiped, since it may hold what was on the wire. */
static void
settle(struct inspector *in, struct flow *f, struct inspection *ins)
{
	struct parked_inspection *parked = f->parking;

	dissection_memory_moved(&ins->memory);
	in->parked_bytes -= parked->size;
	explicit_bzero(parked->bytes, parked->size);
	free(parked);
	ins->flow = f;
	f->inspection = ins;
	f->parked = false;
}

struct inspection *
unpark(struct inspector *in, struct flow *f)
{
	struct inspection *ins;
	uint32_t index = fixed_pool_take(&in->inspections);

	if (index == 0 && park_another(in))
		index = fixed_pool_take(&in->inspections);
	if (index == 0)
		return NULL;
	ins = fixed_pool_at(&in->inspections, index);
	if (!unpack_into(in, ins, f->parking, true)) {
		ins->flow = NULL;
		fixed_pool_give(&in->inspections, index);
		return NULL;
	}
	settle(in, f, ins);
	return ins;
}

struct inspection *
unpark_to_end(struct inspector *in, struct flow *f)
{
	struct inspection *ins = in->scratch;

	/* Without its state the dissector has no last word; what it said stands. */
	if (!unpack_into(in, ins, f->parking, true)) {
		in->counters.no_memory++;
		evidence_note(&ins->evidence, NOTE_NO_MEMORY);
		ins->dissector = NULL;
	}
	settle(in, f, ins);
	return ins;
}

const struct inspection *
peek_parked(struct inspector *in, const struct flow *f)
{
	(void)unpack_into(in, in->scratch, f->parking, false);
	return in->scratch;
}

bool
parked_has_evidence(const struct flow *f)
{
	return f->parking->has_evidence;
}
