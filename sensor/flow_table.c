/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table: slots, lists by timeout class, eviction. Legs of one flow are joined in flow_legs.c. */
#include <config.h>

#include "flow_table_internal.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_LEAP (3600 * SECOND) /* longer is a leap of the clock, or a stray timestamp */

enum {
	SWEEP_INTERVAL_NS = 100000000,
};

const struct flow_table_options flow_table_defaults = {
	.max_flows = 1u << 20,
	.timeout = {
		[FLOW_TCP_OPENING] = 60 * SECOND,
		[FLOW_TCP_OPEN] = 7200 * SECOND, /* the default of TCP keep-alive (RFC 1122 4.2.3.6) */
		[FLOW_TCP_CLOSED] = 15 * SECOND,
		[FLOW_UDP] = 180 * SECOND,
		[FLOW_OTHER] = 180 * SECOND,
	},
};

bool
flow_table_init(struct flow_table *t, const struct flow_table_options *options)
{
	size_t slots = 1024;

	*t = (struct flow_table){ .options = *options };
	hash_key_init(&t->hash_key);
	while (slots < (size_t)options->max_flows * 3 / 2)
		slots *= 2;
	t->slot_mask = (uint32_t)(slots - 1);
	t->slots = fixed_reserve(slots * sizeof(*t->slots));
	t->recent = calloc(RECENT_SIZE, sizeof(*t->recent));
	t->asked = calloc(ASKED_SIZE, sizeof(*t->asked));
	if (t->slots == NULL || t->recent == NULL || t->asked == NULL || !fixed_pool_init(&t->flows, sizeof(struct flow), options->max_flows)) {
		fixed_release(t->slots, slots * sizeof(*t->slots));
		free(t->recent);
		free(t->asked);
		return false;
	}
	fixed_prefer_large_pages(t->slots, slots * sizeof(*t->slots));
	fixed_prefer_large_pages(t->flows.base, t->flows.object_size * t->flows.capacity);
	return true;
}

/* Lists by class. */

static uint32_t
sweep_number(const struct flow_table *t)
{
	return (uint32_t)(t->now / SWEEP_INTERVAL_NS);
}

void
flow_table_unlink(struct flow_table *t, struct flow *f)
{
	if (f->older != 0)
		flow_at(t, f->older)->newer = f->newer;
	else
		t->oldest[f->class] = f->newer;
	if (f->newer != 0)
		flow_at(t, f->newer)->older = f->older;
	else
		t->newest[f->class] = f->older;
	t->count[f->class]--;
}

static void
link_newest(struct flow_table *t, struct flow *f)
{
	uint32_t index = index_of(t, f);

	f->moved = sweep_number(t);
	f->newer = 0;
	f->older = t->newest[f->class];
	if (f->older != 0)
		flow_at(t, f->older)->newer = index;
	else
		t->oldest[f->class] = index;
	t->newest[f->class] = index;
	t->count[f->class]++;
}

uint64_t
flow_table_id(const struct flow_table *t, const struct flow *f)
{
	return (uint64_t)f->serial << 32 | index_of(t, f);
}

void
flow_table_set_class(struct flow_table *t, struct flow *f, enum flow_class class)
{
	if (f->class == class)
		return;
	flow_table_unlink(t, f);
	f->class = (uint8_t)class;
	link_newest(t, f);
}

/* The slot array. */

static void
fill_key(struct flow_key *key, const struct address *first, uint16_t first_port, const struct address *second, uint16_t second_port)
{
	key->address[0] = *first;
	key->address[1] = *second;
	key->port[0] = first_port;
	key->port[1] = second_port;
}

static struct flow_key
make_key(const struct address *source, uint16_t source_port, const struct address *destination, uint16_t destination_port, uint8_t ip_protocol, unsigned *side)
{
	struct flow_key key = { .ip_protocol = ip_protocol };

	*side = source_port != destination_port ? source_port > destination_port : address_compare(source, destination) > 0;
	if (*side == 0)
		fill_key(&key, source, source_port, destination, destination_port);
	else
		fill_key(&key, destination, destination_port, source, source_port);
	return key;
}

static uint32_t
hash_of(const struct flow_table *t, const struct flow_key *key)
{
	uint64_t w[5];
	const uint64_t *k = t->hash_key.word;

	static_assert(sizeof(*key) == sizeof(w), "the key is hashed as whole words");
	memcpy(w, key, sizeof(w));
	return (uint32_t)(hash_mix(hash_mix(w[0] ^ k[0], w[1] ^ k[1]) ^ hash_mix(w[2] ^ k[2], w[3] ^ k[3]) ^ w[4], k[4] | 1) >> 16);
}

static uint32_t
lookup(const struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	for (uint32_t i = hash & t->slot_mask; t->slots[i].flow != 0; i = (i + 1) & t->slot_mask)
		if (t->slots[i].hash == hash && memcmp(&flow_at(t, t->slots[i].flow)->key, key, sizeof(*key)) == 0)
			return t->slots[i].flow;
	return 0;
}

static void
insert_slot(struct flow_table *t, uint32_t hash, uint32_t flow)
{
	uint32_t i = hash & t->slot_mask;

	while (t->slots[i].flow != 0)
		i = (i + 1) & t->slot_mask;
	t->slots[i].hash = hash;
	t->slots[i].flow = flow;
}

/* Empties a slot and moves up those behind it that would be cut off (Knuth 6.4, algorithm R). */
static void
remove_slot(struct flow_table *t, uint32_t hash, uint32_t flow)
{
	uint32_t hole = hash & t->slot_mask;

	while (t->slots[hole].flow != flow)
		hole = (hole + 1) & t->slot_mask;
	for (uint32_t i = (hole + 1) & t->slot_mask; t->slots[i].flow != 0; i = (i + 1) & t->slot_mask) {
		uint32_t home = t->slots[i].hash & t->slot_mask;

		if (((i - home) & t->slot_mask) < ((i - hole) & t->slot_mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole].flow = 0;
}

/* The end of flows. */

static void
release(struct flow_table *t, struct flow *f)
{
	uint32_t index = index_of(t, f);

	if (!t->clearing)
		remove_slot(t, f->hash, index);
	f->alias_of = index; /* for whoever remembers the index: this is no flow */
	fixed_pool_give(&t->flows, index);
}

void
flow_table_end(struct flow_table *t, struct flow *f, enum flow_end end)
{
	t->on_end(t->context, f, end);
	for (uint32_t next, i = f->aliases; i != 0; i = next) {
		next = flow_at(t, i)->newer;
		release(t, flow_at(t, i));
	}
	flow_table_unlink(t, f);
	release(t, f);
}

void
flow_table_clear(struct flow_table *t)
{
	t->clearing = true;
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
		while (t->oldest[c] != 0)
			flow_table_end(t, flow_at(t, t->oldest[c]), c == FLOW_TCP_CLOSED ? FLOW_END_CLOSED : FLOW_END_FORCED);
	fixed_pool_clear(&t->flows);
	fixed_release(t->slots, ((size_t)t->slot_mask + 1) * sizeof(*t->slots));
	free(t->recent);
	free(t->asked);
}

/* When a flow was last seen: now, where its packet's time proved to be a stray one. */
static int64_t
corrected_last_seen(const struct flow_table *t, struct flow *f)
{
	if (f->last_seen - t->now > CLOCK_LEAP)
		f->last_seen = t->now;
	if (f->first_seen > f->last_seen)
		f->first_seen = f->last_seen;
	return f->last_seen;
}

void
flow_table_advance(struct flow_table *t, int64_t now)
{
	/*
	 * One stray timestamp far ahead must not end every flow: a leap counts once a second packet
	 * confirms it. A clock that goes back stands still.
	 */
	if (now - t->now <= CLOCK_LEAP || t->now == 0 || (now - t->leap <= CLOCK_LEAP && t->leap - now <= CLOCK_LEAP)) {
		if (now > t->now)
			t->now = now;
	} else {
		t->leap = now;
	}
	if (t->now < t->next_sweep)
		return;
	t->next_sweep = t->now + SWEEP_INTERVAL_NS;
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++) {
		int64_t limit = t->now - t->options.timeout[c];

		while (t->oldest[c] != 0 && corrected_last_seen(t, flow_at(t, t->oldest[c])) < limit)
			flow_table_end(t, flow_at(t, t->oldest[c]), c == FLOW_TCP_CLOSED ? FLOW_END_CLOSED : FLOW_END_IDLE);
	}
}

/* Makes room: a flood of openings pays for itself, else the longest idle flow goes. */
static void
evict(struct flow_table *t)
{
	uint32_t victim = 0;

	if (t->count[FLOW_TCP_OPENING] > t->options.max_flows / 2) {
		victim = t->oldest[FLOW_TCP_OPENING];
	} else {
		for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
			if (t->oldest[c] != 0 && (victim == 0 || flow_at(t, t->oldest[c])->last_seen < flow_at(t, victim)->last_seen))
				victim = t->oldest[c];
	}
	t->counters.evicted++;
	flow_table_end(t, flow_at(t, victim), FLOW_END_EVICTED);
}

static struct flow *
create(struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	uint32_t index;
	struct flow *f;

	while ((index = fixed_pool_take(&t->flows)) == 0)
		evict(t);
	f = flow_at(t, index);
	*f = (struct flow){ .key = *key, .hash = hash, .serial = ++t->serial };
	insert_slot(t, hash, index);
	return f;
}

static enum flow_class
first_class(uint8_t ip_protocol)
{
	return ip_protocol == IPPROTO_TCP ? FLOW_TCP_OPENING : ip_protocol == IPPROTO_UDP ? FLOW_UDP : FLOW_OTHER;
}

void
flow_table_touch(const struct flow_table *t, struct flow *f, int64_t time)
{
	/* Of two packets far ahead of the table the second will tell that time has passed. */
	if (time - t->now <= CLOCK_LEAP)
		(void)corrected_last_seen(t, f);
	if (time > f->last_seen)
		f->last_seen = time;
}

static struct flow *
take_by_key(struct flow_table *t, const struct flow_key *key, const struct packet *p, unsigned *side)
{
	uint32_t hash = hash_of(t, key);
	uint32_t index = lookup(t, key, hash);
	struct flow *f;

	if (index == 0) {
		f = create(t, key, hash);
		f->class = (uint8_t)first_class(p->ip_protocol);
		f->first_seen = f->last_seen = p->frame->time;
		f->first_packet = p->frame->number;
		f->file = p->frame->file;
		f->tunnel = p->tunnel;
		f->hop_limit = p->hop_limit;
		f->first_side = (uint8_t)*side;
		f->direction_basis = DIRECTION_PORT;
		/* The lower port is the service's, as a rule; of equal ones the opener is the client. */
		f->client_side = key->port[0] == key->port[1] ? (uint8_t)*side : 1;
		link_newest(t, f);
		t->counters.created++;
		return f;
	}
	f = flow_at(t, index);
	if (f->alias_of != 0) {
		*side ^= f->flip;
		f = flow_at(t, f->alias_of);
	}
	/* Seen on the way into the tunnel and inside of it: which came first depends on who reads what when. */
	if (f->tunnel == TUNNEL_NONE)
		f->tunnel = p->tunnel;
	/* Order within a list is kept to one sweep interval: a busy flow moves no oftener. */
	if (f->moved != sweep_number(t)) {
		flow_table_unlink(t, f);
		link_newest(t, f);
	}
	return f;
}

struct flow *
flow_table_take(struct flow_table *t, const struct packet *p, unsigned *side)
{
	struct flow_key key = make_key(&p->source, p->source_port, &p->destination, p->destination_port, p->ip_protocol, side);

	return take_by_key(t, &key, p, side);
}

struct flow *
flow_table_take_carrier(struct flow_table *t, const struct packet *p, enum tunnel tunnel, unsigned *side)
{
	struct flow_key key = make_key(&p->source, p->source_port, &p->destination, p->destination_port, p->ip_protocol, side);

	key.carrier = (uint8_t)tunnel;
	return take_by_key(t, &key, p, side);
}

struct flow *
flow_table_find(const struct flow_table *t, const struct address *source, uint16_t source_port, const struct address *destination, uint16_t destination_port, uint8_t ip_protocol, unsigned *side)
{
	struct flow_key key = make_key(source, source_port, destination, destination_port, ip_protocol, side);
	uint32_t index = lookup(t, &key, hash_of(t, &key));
	struct flow *f;

	if (index == 0)
		return NULL;
	f = flow_at(t, index);
	if (f->alias_of == 0)
		return f;
	*side ^= f->flip;
	return flow_at(t, f->alias_of);
}

/* Packets seen twice. */

static uint32_t
fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32) | 1;
}

static uint32_t
segment_signature(const struct packet *p)
{
	uint64_t h = hash_mix((uint64_t)p->sequence << 32 | p->acknowledgement, UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)p->sack << 1);

	return fold(hash_mix(h ^ ((uint64_t)p->ip_id << 48 | (uint64_t)p->window << 32 | p->timestamp), (uint64_t)p->payload_size << 8 | p->tcp_flags | 1));
}

static uint32_t
datagram_signature(const struct packet *p)
{
	uint64_t words[4] = { 0 }, h;
	size_t n = p->payload_captured < sizeof(words) ? p->payload_captured : sizeof(words);

	if (n > 0)
		memcpy(words, p->payload, n);
	h = hash_mix(words[0] ^ p->ip_id, UINT64_C(0x9e3779b97f4a7c15) ^ words[1]);
	return fold(hash_mix(h ^ words[2], words[3] ^ ((uint64_t)p->payload_size << 16 | 1)));
}

static bool
in_window(const struct repeat_window *w, uint32_t signature)
{
	return w->signature[0] == signature || w->signature[1] == signature || w->signature[2] == signature || w->signature[3] == signature;
}

/*
 * A datagram without an identification is told from an equal second one only by having lost a hop
 * or two on the way: its signature holds the hop limit, and those of its possible copies are asked for.
 */
static bool
routed_copy_in_window(const struct repeat_window *w, uint32_t signature, uint8_t hop_limit)
{
	for (int lost = -2; lost <= 2; lost++)
		if (lost != 0 && in_window(w, (signature ^ (uint8_t)(hop_limit + lost)) | 1u << 31))
			return true;
	return false;
}

bool
flow_repeated(struct flow *f, const struct packet *p, unsigned side, int64_t now)
{
	struct repeat_window *w = &f->window[side];
	bool tcp = p->ip_protocol == IPPROTO_TCP, recent = now - f->last_seen < SECOND / 20;
	uint32_t signature = tcp ? segment_signature(p) : datagram_signature(p);

	if (!tcp && p->ip_id == 0) {
		if (recent && routed_copy_in_window(w, signature, p->hop_limit))
			return true;
		signature = (signature ^ p->hop_limit) | 1u << 31;
	} else if (recent && in_window(w, signature)) {
		return true;
	}
	memmove(w->signature + 1, w->signature, sizeof(w->signature) - sizeof(w->signature[0]));
	w->signature[0] = signature;
	return false;
}
