/* SPDX-License-Identifier: Apache-2.0 */
/* Whose protocol the first bytes of a side are: each candidate is asked, and the best answer counts. */
#include <config.h>

#include "inspection_internal.h"

enum { PROBE_SIZE_MAX = 4096 }; /* who cannot tell by then does not get the flow */

static bool
has_hint_port(const struct dissector *d, uint16_t port)
{
	for (size_t i = 0; i < sizeof(d->hint_ports) / sizeof(d->hint_ports[0]); i++)
		if (d->hint_ports[i] == port && port != 0)
			return true;
	return false;
}

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

struct probe_result
inspection_probe(const struct inspector *in, struct inspection *ins, unsigned side, const struct flow_view *view)
{
	const struct flow *f = in->flow;
	struct waiting *w = &ins->waiting[side];
	struct flow_view swapped = *view;
	enum direction from = direction_of(f, side);
	uint64_t here = dissector_candidates(f->key.ip_protocol, from, w->at[0]);
	uint64_t there = view->roles_known ? 0 : dissector_candidates(f->key.ip_protocol, 1 - from, w->at[0]);
	struct probe_result result = { 0 };

	swapped.client_port = view->server_port;
	swapped.server_port = view->client_port;
	ins->candidates &= here | there;
	for (uint64_t left = ins->candidates; left != 0; left &= left - 1) {
		uint64_t bit = left & -left;
		const struct dissector *d = dissectors[__builtin_ctzll(left)];
		enum verdict verdict = NO_MATCH;

		if ((here & bit) != 0)
			verdict = probe_one(d, view, from, w, &result);
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

/* Bytes that could be of either role: the side with the protocol's port is more likely the server than the one with the lower. */
static void
believe_port(struct flow *f, const struct dissector *d)
{
	unsigned server = 1u - f->client_side;

	if (f->direction_basis == DIRECTION_PORT && has_hint_port(d, f->key.port[f->client_side]) && !has_hint_port(d, f->key.port[server]))
		f->client_side = (uint8_t)server;
}

void
inspection_believe_roles(struct flow *f, unsigned side, enum direction from)
{
	if (f->direction_basis == DIRECTION_HANDSHAKE)
		return;
	f->direction_basis = DIRECTION_EVIDENCE;
	f->client_side = (uint8_t)(from == FROM_CLIENT ? side : 1 - side);
}

void
inspection_believe_probe(struct flow *f, unsigned side, const struct probe_result *result)
{
	if (result->either_way)
		believe_port(f, result->best);
	else
		inspection_believe_roles(f, side, result->from);
}
