/* SPDX-License-Identifier: Apache-2.0 */
/* See pending.h: one queue in the order of arrival, and a small table of addresses that were in vain. */
#include <config.h>

#include "pending.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { VAIN_SLOTS = 4096, SECOND = 1000000000 };

struct waiting {
	struct waiting *next;
	int64_t deadline;
	struct flow_record *record; /* behind this */
};

struct vain {
	struct address address;
	int64_t until;
};

struct pending {
	struct pending_options options;
	struct pending_counters counters;
	struct waiting *first, **last;
	struct hash_key key;
	/* By hash; two that fall into one place forget each other, and are waited for once more. */
	struct vain vain[VAIN_SLOTS];
};

static const struct range {
	const char *name;
	uint8_t bytes[16];
	unsigned bits;
	bool v4;
} ranges[] = {
	{ "RFC 1918", { 10 }, 8, true },
	{ "RFC 1918", { 172, 16 }, 12, true },
	{ "RFC 1918", { 192, 168 }, 16, true },
	{ "RFC 6598, which clouds give to pods", { 100, 64 }, 10, true },
	{ "RFC 2544, the same", { 198, 18 }, 15, true },
	{ "RFC 1112, the same", { 240 }, 4, true },
	{ "RFC 4193", { 0xfc }, 7, false },
};

static bool
in_range(const uint8_t *bytes, const struct range *r)
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(bytes, r->bytes, whole) != 0)
		return false;
	return rest == 0 || ((bytes[whole] ^ r->bytes[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

bool
pending_may_be_pod(const struct address *a)
{
	bool v4 = address_is_v4(a);
	const uint8_t *bytes = v4 ? a->bytes + 12 : a->bytes;

	if (v4 && memcmp(bytes, "\xff\xff\xff\xff", 4) == 0)
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (ranges[i].v4 == v4 && in_range(bytes, &ranges[i]))
			return true;
	return false;
}

struct pending *
pending_new(const struct pending_options *options)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->options = *options;
	if (p->options.wait == 0)
		p->options.wait = INT64_C(10) * SECOND;
	if (p->options.forget == 0)
		p->options.forget = INT64_C(60) * SECOND;
	if (p->options.records == 0)
		p->options.records = 16384;
	if (p->options.bytes == 0)
		p->options.bytes = (size_t)16 << 20;
	p->last = &p->first;
	hash_key_init(&p->key);
	return p;
}

void
pending_free(struct pending *p)
{
	if (p == NULL)
		return;
	pending_flush(p);
	free(p);
}

const struct pending_counters *
pending_counters(const struct pending *p)
{
	return &p->counters;
}

/* Addresses that were in vain. */

static struct vain *
vain_slot(struct pending *p, const struct address *a)
{
	return &p->vain[hash_bytes(&p->key, a->bytes, sizeof(a->bytes)) % VAIN_SLOTS];
}

/* Whether a record with the address has reason to wait. */
static bool
waits_for(struct pending *p, const struct address *a, int64_t time, int64_t now)
{
	const struct vain *v;

	if (!pending_may_be_pod(a))
		return false;
	v = vain_slot(p, a);
	if (now < v->until && address_equal(&v->address, a))
		return false;
	return !p->options.known(p->options.context, a, time);
}

static void
give_up(struct pending *p, const struct address *a, int64_t time, int64_t now)
{
	if (waits_for(p, a, time, now))
		*vain_slot(p, a) = (struct vain){ .address = *a, .until = now + p->options.forget };
}

static bool
has_to_wait(struct pending *p, const struct flow_record *r, int64_t now)
{
	return waits_for(p, &r->client, r->first_seen, now) || waits_for(p, &r->server, r->first_seen, now);
}

/* The queue. */

static size_t
size_of(const struct waiting *w)
{
	return sizeof(*w) + w->record->size;
}

/* Takes the record at *link out of the queue and sends it on. */
static void
let_go(struct pending *p, struct waiting **link, uint64_t *counter)
{
	struct waiting *w = *link;

	*link = w->next;
	if (w->next == NULL)
		p->last = link;
	p->counters.records--;
	p->counters.bytes -= size_of(w);
	++*counter;
	p->options.to.flow(p->options.to.context, w->record);
	free(w);
}

static void
make_room(struct pending *p, size_t size)
{
	while (p->first != NULL && (p->counters.records >= p->options.records || p->counters.bytes + size > p->options.bytes))
		let_go(p, &p->first, &p->counters.forced);
}

static bool
append(struct pending *p, const struct flow_record *record, int64_t now)
{
	struct waiting *w;

	if (sizeof(*w) + record->size > p->options.bytes)
		return false;
	w = malloc(sizeof(*w) + record->size);
	if (w == NULL)
		return false;
	make_room(p, sizeof(*w) + record->size);
	*w = (struct waiting){ .deadline = now + p->options.wait, .record = (struct flow_record *)(w + 1) };
	memcpy(w->record, record, record->size);
	*p->last = w;
	p->last = &w->next;
	p->counters.records++;
	p->counters.bytes += size_of(w);
	return true;
}

void
pending_flow(struct pending *p, const struct flow_record *record, int64_t now)
{
	if (p->options.wait > 0 && has_to_wait(p, record, now)) {
		p->counters.waited++;
		if (append(p, record, now))
			return;
		p->counters.forced++;
	}
	p->options.to.flow(p->options.to.context, record);
}

/* Those whose time is up give up their addresses, for all that wait for them: so none overtakes another. */
static bool
give_up_late(struct pending *p, int64_t now)
{
	bool any = false;

	for (const struct waiting *w = p->first; w != NULL && w->deadline <= now; w = w->next) {
		give_up(p, &w->record->client, w->record->first_seen, now);
		give_up(p, &w->record->server, w->record->first_seen, now);
		any = true;
	}
	return any;
}

static bool
is_known(struct pending *p, const struct address *a, int64_t time)
{
	return !pending_may_be_pod(a) || p->options.known(p->options.context, a, time);
}

void
pending_advance(struct pending *p, int64_t now, bool changed)
{
	struct waiting **link = &p->first;

	if (!give_up_late(p, now) && !changed)
		return;
	while (*link != NULL) {
		const struct flow_record *r = (*link)->record;

		if (is_known(p, &r->client, r->first_seen) && is_known(p, &r->server, r->first_seen))
			let_go(p, link, &p->counters.found);
		else if ((*link)->deadline <= now || !has_to_wait(p, r, now))
			let_go(p, link, &p->counters.in_vain);
		else
			link = &(*link)->next;
	}
}

void
pending_flush(struct pending *p)
{
	while (p->first != NULL)
		let_go(p, &p->first, &p->counters.forced);
}
