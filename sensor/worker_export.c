/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows are told of while they go on (RFC 7011's active timeout), so that a connection that lasts a
 * week is not unknown for a week. When each is due stands in an array of its own, a part of which is
 * looked through every second; the flow itself is touched only when it is due.
 */
#include <config.h>

#include "worker_internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "fixed_pool.h"
#include "zero_packing.h"

#define SECOND INT64_C(1000000000)

enum {
	SCAN_SECONDS = 5,     /* every flow's turn comes so often */
	LOOKS_MAX = 1 << 16,  /* flows looked at in one go */
	RECORDS_MAX = 1 << 12, /* records made in one go: some ten milliseconds */
	SAID_MAX = 3 << 19,    /* bytes of what was told and may change; of further flows what was told stays told */
	MALLOC_OWN = 16,       /* what each piece of memory takes more */
	CLASS_SIZE_MAX = offsetof(struct flow_record, text) + 1024,
	CLASS_PACKED_MAX = ZERO_PACKED_MAX(CLASS_SIZE_MAX),
};

/* What a flow was counted as: record_copy_class(), packed. */
struct said {
	uint16_t size;        /* that it takes */
	uint16_t record_size;
	uint16_t counted;     /* so often */
	uint8_t bytes[];
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

static void
forget(struct worker *w, struct worker_export *e)
{
	if (e->said == NULL)
		return;
	w->said_bytes -= e->said->size;
	free(e->said);
	e->said = NULL;
}

static void
remember(struct worker *w, struct worker_export *e)
{
	uint8_t packed[CLASS_PACKED_MAX];
	struct flow_record *class = &w->class;
	size_t size;

	record_copy_class(class, &w->record);
	if (class->size > CLASS_SIZE_MAX)
		return;
	size = sizeof(*e->said) + (size_t)(zero_pack(packed, class, class->size) - packed);
	if (size + MALLOC_OWN > SAID_MAX - w->said_bytes || (e->said = malloc(size)) == NULL)
		return;
	e->said->size = (uint16_t)(size + MALLOC_OWN);
	e->said->record_size = (uint16_t)class->size;
	e->said->counted = 1;
	memcpy(e->said->bytes, packed, size - sizeof(*e->said));
	w->said_bytes += e->said->size;
}

/*
 * What is known of the flow is not what it was counted as: that is taken back, so that its last word alone counts. Whoever adds up
 * forgets what he was told, but for what can only grow.
 */
static void
withdraw(struct worker *w, struct worker_export *e)
{
	struct flow_record *class = &w->class;

	if (e->said == NULL)
		return;
	(void)zero_unpack(e->said->bytes, class, e->said->record_size);
	class->continued = true;
	class->counted = false;
	class->withdrawn = e->said->counted;
	forget(w, e);
	w->sink->flow(w->sink->context, class);
}

void
worker_export_end(struct worker *w, const struct flow *f)
{
	struct worker_export *e = export_of(w, f);
	bool changed = e->told != 0 && record_class_hash(&w->record) != e->class;

	w->record.continued = e->told != 0;
	w->record.counted = e->told == 0 || changed;
	if (changed)
		withdraw(w, e);
	forget(w, e);
	*e = (struct worker_export){ 0 };
}

void
worker_export_discard(struct worker *w, const struct flow *f)
{
	forget(w, export_of(w, f));
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
tell(struct worker *w, struct flow *f, struct worker_export *e, uint32_t now, bool learning)
{
	uint32_t class = record_class_hash(&w->record);

	w->record.continued = e->told != 0;
	w->record.counted = true;
	if (e->told != 0 && class != e->class)
		withdraw(w, e);
	if (!learning)
		forget(w, e);
	else if (e->said == NULL)
		remember(w, e);
	else if (e->said->counted < UINT16_MAX)
		e->said->counted++;
	e->told = now;
	e->class = class;
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
	tell(w, f, e, now, learning);
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
