/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus between the nodes of a Redis Cluster (Redis, cluster_legacy.h, struct clusterMsg): nodes
 * greet each other, PING and PONG, over a port of its own, 10000 above that for clients. Every message
 * has a header of fixed form. Nobody authenticates there: who may join is for the network to decide.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>

enum {
	HEADER_SIZE = 2256,
	LIGHT_HEADER_SIZE = 16,    /* Valkey 8: published messages go without the rest */
	LIGHT_FLAG = 0x8000,       /* in the type */
	MESSAGE_MAX = 1 << 29,
	TYPE_MAX = 10,
	NODE_NAME_SIZE = 40,       /* hexadecimal */
};

enum { PING = 0, PONG = 1, MEET = 2 };

struct redis_bus_state {
	bool greeted[2]; /* by direction: a PING or MEET that asks for a PONG */
};

struct header {
	uint32_t size; /* of the whole message */
	uint16_t type;
	bool light;
};

static const char clause[] = "Redis Cluster bus, clusterMsg";

static bool
is_node_name(struct cursor name)
{
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);

		if (!(b >= '0' && b <= '9') && !(b >= 'a' && b <= 'f'))
			return false;
	}
	return true;
}

/* The header, of which the first 80 bytes tell. */
static enum verdict
read_header(struct cursor c, struct header *h)
{
	uint16_t version;

	if (!cursor_may_start_with(&c, "RCmb"))
		return NO_MATCH;
	if (cursor_left(&c) < LIGHT_HEADER_SIZE)
		return NEED_MORE;
	cursor_skip(&c, 4);
	h->size = cursor_u32(&c);
	version = cursor_u16(&c);
	cursor_skip(&c, 2); /* port for clients */
	h->type = cursor_u16(&c);
	cursor_skip(&c, 2); /* gossip sections */
	h->light = (h->type & LIGHT_FLAG) != 0;
	h->type &= (uint16_t)~LIGHT_FLAG;
	if (version != 1 || h->type > TYPE_MAX || h->size < (h->light ? LIGHT_HEADER_SIZE : HEADER_SIZE) || h->size > MESSAGE_MAX)
		return NO_MATCH;
	if (h->light)
		return MATCH;
	if (cursor_left(&c) < 3 * 8 + NODE_NAME_SIZE)
		return NEED_MORE;
	cursor_skip(&c, 3 * 8); /* epochs, replication offset */
	return is_node_name(cursor_sub(&c, NODE_NAME_SIZE)) ? MATCH : NO_MATCH;
}

static enum verdict
redis_bus_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct header h;
	enum verdict verdict = read_header(bytes, &h);

	(void)flow;
	(void)from;
	*strength = STRENGTH_STRUCTURE;
	return verdict;
}

static enum verdict
redis_bus_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct redis_bus_state *s = d->state;
	struct header h;
	enum verdict verdict = read_header(*bytes, &h);
	uint64_t offset = d->offset[from];

	if (verdict != MATCH) {
		d->need = cursor_left(bytes) + 1;
		return verdict == NO_MATCH && d->evidence->protocol != NULL ? MALFORMED : verdict;
	}
	evidence_plaintext(d->evidence, "redis", STRENGTH_STRUCTURE, clause, from, offset);
	if (h.size > cursor_left(bytes))
		d->skip = h.size - cursor_left(bytes);
	cursor_skip(bytes, h.size < cursor_left(bytes) ? h.size : cursor_left(bytes));
	if (h.type == PING || h.type == MEET)
		s->greeted[from] = true;
	if (h.type == PONG && from == FROM_SERVER && s->greeted[FROM_CLIENT] && d->flow->handshake_seen) {
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "Redis Cluster bus, PONG", from, offset);
		return DONE;
	}
	return MATCH;
}

const struct dissector redis_bus_dissector = {
	.name = "redis",
	.specification = "Redis Cluster bus",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 16379 },
	.first_bytes = { "R", "R" },
	.state_size = sizeof(struct redis_bus_state),
	.probe = redis_bus_probe,
	.dissect = redis_bus_dissect,
};
