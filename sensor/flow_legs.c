/* SPDX-License-Identifier: Apache-2.0 */
/* One connection, several 5-tuples: flows that address translation made two of are joined to one. */
#include <config.h>

#include "flow_table_internal.h"

#include <string.h>

#define ASKED_NS (5 * SECOND) /* an answer takes no longer */

/* What systems begin to count hops down from. */
static bool
is_first_hop(uint8_t hop_limit)
{
	return hop_limit == 64 || hop_limit == 128 || hop_limit == 255;
}

/*
 * What a second tuple of a connection tells. The packet that opens it, forwards, passes DNAT and
 * then masquerading, losing a hop at each; answers pass them the other way round. An answer that was
 * seen when it came in is not translated yet: it is of the one that answers, whatever was asked.
 */
static enum alias_role
role_of_leg(const struct flow *f, const struct flow *leg, unsigned leg_client, bool answer, const struct packet *p)
{
	uint8_t hop_limit = p->hop_limit;
	unsigned client = f->client_side, server = 1 - client, leg_server = 1 - leg_client;
	bool same_client = address_equal(&f->key.address[client], &leg->key.address[leg_client]) && f->key.port[client] == leg->key.port[leg_client];
	bool same_server = address_equal(&f->key.address[server], &leg->key.address[leg_server]) && f->key.port[server] == leg->key.port[leg_server];

	if (answer && p->incoming && !same_server)
		return ALIAS_BACKEND;
	if (answer && same_server)
		return ALIAS_CLIENT;
	/* An answer that has lost no hop comes from its maker: the Service is what was asked. */
	if (answer)
		return !same_client ? ALIAS_ONLY : is_first_hop(hop_limit) && is_first_hop(f->hop_limit) ? ALIAS_BACKEND : ALIAS_SERVICE;
	if (same_server)
		return hop_limit > f->hop_limit ? ALIAS_CLIENT : ALIAS_ONLY;
	return hop_limit > f->hop_limit ? ALIAS_SERVICE : ALIAS_BACKEND;
}

static struct flow *
make_alias(struct flow_table *t, struct flow *f, struct flow *leg, enum alias_role role, unsigned *side, unsigned leg_client)
{
	leg->alias_role = (uint8_t)role;
	leg->flip = (leg_client ^ f->client_side) & 1;
	flow_table_unlink(t, leg);
	leg->alias_of = index_of(t, f);
	leg->newer = f->aliases;
	f->aliases = index_of(t, leg);
	t->counters.created--;
	t->counters.aliases++;
	*side ^= leg->flip;
	return f;
}

/*
 * Equal openings are one packet on two legs only if all else is equal that translation leaves alone:
 * a port scan may open many connections with one port and one sequence number. The lowest bit says
 * which way the packet goes; an opening and its answer cannot be compared.
 */
static uint32_t
mark_of(const struct packet *p)
{
	bool answer = (p->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	uint64_t h = hash_mix((uint64_t)p->ip_id << 32 | p->timestamp, UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)p->window << 32 ^ p->payload_size);

	return ((uint32_t)(h ^ h >> 32) & ~1u) | answer;
}

static bool
may_be_copies(uint32_t mark, uint32_t other)
{
	return mark == other || ((mark ^ other) & 1) != 0;
}

struct flow *
flow_table_join(struct flow_table *t, struct flow *f, const struct packet *p, unsigned *side, uint16_t client_port, uint32_t opening)
{
	uint64_t words[1] = { (uint64_t)opening << 32 | (uint64_t)client_port << 8 | p->ip_protocol };
	uint32_t hash = (uint32_t)hash_words(&t->hash_key, words, 1);
	struct recent_opening *recent = &t->recent[hash % RECENT_SIZE];
	unsigned leg_client = p->source_port == client_port && (p->tcp_flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) ? *side : 1 - *side;
	struct flow *other = recent->flow != 0 && recent->hash == hash ? flow_at(t, recent->flow) : NULL;
	uint32_t mark = mark_of(p);

	/* The remembered index may have been used again: the flow itself must still tell the same. */
	if (other != NULL && other != f && recent->flow <= t->flows.fresh && other->alias_of == 0 &&
	    other->key.ip_protocol == p->ip_protocol && other->initial_sequence[other->client_side] == opening &&
	    other->key.port[other->client_side] == client_port && t->now - other->first_seen < SECOND && may_be_copies(mark, recent->mark))
		return make_alias(t, other, f, role_of_leg(other, f, leg_client, *side != leg_client, p), side, leg_client);
	recent->hash = hash;
	recent->flow = index_of(t, f);
	recent->mark = mark;
	return f;
}

/*
 * Questions in datagrams, and answers that come from another address than was asked: where address
 * translation happens below IP (br_netfilter), the asker is seen to ask the Service, and the one
 * behind it to answer him, each a flow that nobody answers.
 */

enum { DNS_PORT = 53, DNS_HEADER_SIZE = 12 };

static bool
is_answered(const struct flow *f)
{
	return (f->seen[1 - f->first_side] & FLOW_SEEN_PACKET) != 0 || f->aliases != 0;
}

/* The flow that waits for its answer; NULL where it has one, or is gone, or has waited too long. */
static struct flow *
waiting_flow(const struct flow_table *t, const struct asked_socket *a)
{
	struct flow *f = a->flow != 0 && a->flow <= t->flows.fresh ? flow_at(t, a->flow) : NULL;

	if (f == NULL || f->alias_of != 0 || f->serial != a->serial || t->now - f->first_seen > ASKED_NS || is_answered(f))
		return NULL;
	return f;
}

static struct asked_socket *
asked_of(const struct flow_table *t, const struct address *address, uint16_t port, uint32_t *hash)
{
	uint64_t words[3] = { 0, 0, port };

	memcpy(words, address, sizeof(*address));
	*hash = (uint32_t)hash_words(&t->hash_key, words, 3);
	return &t->asked[*hash % ASKED_SIZE];
}

/* Many may answer what is sent to all. */
static bool
is_to_many(const struct address *a)
{
	return address_is_v4(a) ? a->bytes[12] >= 224 : a->bytes[0] == 0xff;
}

static uint32_t
dns_id(const struct packet *p)
{
	return (uint32_t)p->payload[0] << 8 | p->payload[1];
}

static bool
is_dns(const struct packet *p, uint16_t port)
{
	return port == DNS_PORT && p->payload_captured >= DNS_HEADER_SIZE;
}

/* A new flow's first datagram comes from the higher port: a question. */
static void
remember_question(struct flow_table *t, struct flow *f, const struct packet *p)
{
	uint32_t hash;
	struct asked_socket *a = asked_of(t, &p->source, p->source_port, &hash);
	const struct flow *waiting = waiting_flow(t, a);

	if (is_to_many(&p->destination))
		return;
	/* Whose place is taken from him cannot be told later whether he was the only one: nobody's answer is joined for a while. */
	if (waiting != NULL && waiting != f)
		a->doubtful_until = t->now + ASKED_NS;
	a->flow = index_of(t, f);
	a->serial = f->serial;
	a->hash = hash;
}

/* What is asked first and last; DNS asks for two types of record at once. */
static void
remember_id(struct flow *f, const struct packet *p, bool first)
{
	if (!is_dns(p, p->destination_port))
		return;
	if (first)
		f->sequence_end[f->first_side] = dns_id(p);
	f->acknowledged[f->first_side] = dns_id(p);
}

static bool
fits_question(const struct flow *f, const struct packet *p)
{
	unsigned asker = f->first_side;
	uint16_t asked_port = f->key.port[1 - asker];

	if (asked_port != DNS_PORT && p->source_port != DNS_PORT)
		return true;
	if (p->payload_captured < DNS_HEADER_SIZE || (p->payload[2] & 0x80) == 0)
		return false;
	return dns_id(p) == f->sequence_end[asker] || dns_id(p) == f->acknowledged[asker];
}

/* A new flow's first datagram comes from the lower port: perhaps the answer that another flow waits for. */
static struct flow *
join_answer(struct flow_table *t, struct flow *f, const struct packet *p, unsigned *side)
{
	uint32_t hash;
	struct asked_socket *a = asked_of(t, &p->destination, p->destination_port, &hash);
	struct flow *asked = a->hash == hash && t->now >= a->doubtful_until ? waiting_flow(t, a) : NULL;
	unsigned asker, leg_client = 1 - *side;

	if (asked == NULL || asked == f || asked->key.ip_protocol != p->ip_protocol || asked->key.carrier != f->key.carrier)
		return f;
	asker = asked->first_side;
	if (asked->key.port[asker] != p->destination_port || !address_equal(&asked->key.address[asker], &p->destination) ||
	    address_equal(&asked->key.address[1 - asker], &p->source) || asked->client_side != asker || !fits_question(asked, p))
		return f;
	return make_alias(t, asked, f, ALIAS_BACKEND, side, leg_client);
}

struct flow *
flow_table_join_answer(struct flow_table *t, struct flow *f, const struct packet *p, unsigned *side)
{
	bool first = ((f->seen[0] | f->seen[1]) & FLOW_SEEN_PACKET) == 0;

	if (p->source_port == p->destination_port)
		return f;
	if (*side == 0)
		return first ? join_answer(t, f, p, side) : f;
	if (first)
		remember_question(t, f, p);
	if (first || (*side == f->first_side && !is_answered(f)))
		remember_id(f, p, first);
	return f;
}

const struct flow *
flow_table_alias(const struct flow_table *t, const struct flow *f, enum alias_role role)
{
	for (uint32_t i = f->aliases; i != 0; i = flow_at(t, i)->newer)
		if (flow_at(t, i)->alias_role == role)
			return flow_at(t, i);
	return NULL;
}
