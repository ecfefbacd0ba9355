/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows are told of while they go on (RFC 7011's active timeout), so that a connection that lasts a
 * week is not unknown for a week. When each is due stands in an array of its own, a part of which is
 * looked through every second; the flow itself is touched only when it is due.
 */
#include <config.h>

#include "worker_internal.h"

#include <netinet/in.h>

#include "fixed_pool.h"

#define SECOND INT64_C(1000000000)

enum {
	SCAN_SECONDS = 5,     /* every flow's turn comes so often */
	LOOKS_MAX = 1 << 16,  /* flows looked at in one go */
	RECORDS_MAX = 1 << 12, /* records made in one go: some ten milliseconds */
};

bool
worker_export_init(struct worker *w)
{
	if (w->options.active_timeout <= 0)
		return true;
	w->exports = fixed_reserve(((size_t)w->options.table.max_flows + 1) * sizeof(*w->exports));
	w->export_next = 1;
	return w->exports != NULL;
}

void
worker_export_free(struct worker *w)
{
	fixed_release(w->exports, ((size_t)w->options.table.max_flows + 1) * sizeof(*w->exports));
}

static struct worker_export *
export_of(const struct worker *w, const struct flow *f)
{
	return &w->exports[fixed_pool_index(&w->table.flows, f)];
}

static uint32_t
seconds(int64_t nanoseconds)
{
	return nanoseconds <= 0 ? 1 : (uint32_t)((nanoseconds + SECOND - 1) / SECOND);
}

void
worker_export_begin(struct worker *w, const struct flow *f)
{
	*export_of(w, f) = (struct worker_export){ .due = seconds(f->first_seen + w->options.active_first) };
}

void
worker_export_end(struct worker *w, const struct flow *f)
{
	struct worker_export *e = export_of(w, f);

	w->record.continued = e->told != 0;
	w->record.counted = e->told == 0 || record_class_hash(&w->record) != e->class;
	*e = (struct worker_export){ 0 };
}

/* What was told is not told again: the counts begin anew, what they showed by not being zero is kept. */
static void
begin_anew(struct flow *f)
{
	for (unsigned side = 0; side < 2; side++) {
		if (f->payload[side] > 0)
			f->seen[side] |= FLOW_SEEN_PAYLOAD;
		f->packets[side] = 0;
		f->bytes[side] = f->payload[side] = 0;
	}
	if (f->duplicates > 0)
		f->notes |= 1u << NOTE_DUPLICATES;
	f->duplicates = 0;
}

static void
make_record(struct worker *w, const struct flow *f)
{
	record_init(&w->record);
	inspection_snapshot(w->inspector, f, &w->record);
	worker_fill_record(w, f, FLOW_END_ACTIVE);
}

static void
tell(struct worker *w, struct flow *f, struct worker_export *e, uint32_t now)
{
	w->record.continued = e->told != 0;
	w->record.counted = true;
	e->told = now;
	e->class = record_class_hash(&w->record);
	begin_anew(f);
	w->sink->flow(w->sink->context, &w->record);
}

/* Whether what there is to tell goes beyond addresses and counts. */
static bool
has_evidence(const struct flow *f)
{
	return (f->key.ip_protocol != IPPROTO_TCP && f->key.ip_protocol != IPPROTO_UDP) || f->key.carrier != TUNNEL_NONE || inspection_has_evidence(f);
}

/* Looks at a flow that is due; true where it was told of. */
static bool
look(struct worker *w, struct flow *f, struct worker_export *e, uint32_t now)
{
	uint32_t first = seconds(w->options.active_first), timeout = seconds(w->options.active_timeout);
	bool timed_out = now - (e->told != 0 ? e->told : seconds(f->first_seen)) >= timeout;
	bool learning = inspection_wanted(f);

	e->due = now + first;
	/* Of a silence there is nothing to tell. */
	if (f->packets[0] + f->packets[1] == 0)
		return false;
	if (e->told == 0 && !timed_out && !has_evidence(f))
		return false;
	if (e->told != 0 && !timed_out && !learning) {
		e->due = e->told + timeout;
		return false;
	}
	make_record(w, f);
	if (e->told != 0 && !timed_out && record_class_hash(&w->record) == e->class)
		return false;
	tell(w, f, e, now);
	if (!learning)
		e->due = now + timeout;
	return true;
}

void
worker_export_scan(struct worker *w, int64_t now)
{
	uint32_t last = w->table.flows.fresh, turn = last / SCAN_SECONDS + 1, now_seconds = (uint32_t)(now / SECOND);
	unsigned looks = 0, records = 0;

	for (uint32_t n = 0; n < turn && looks < LOOKS_MAX && records < RECORDS_MAX; n++) {
		struct worker_export *e;

		if (w->export_next > last)
			w->export_next = 1;
		e = &w->exports[w->export_next];
		if (e->due != 0 && e->due <= now_seconds) {
			looks++;
			records += look(w, fixed_pool_at(&w->table.flows, w->export_next), e, now_seconds);
		}
		w->export_next++;
	}
}
