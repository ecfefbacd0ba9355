/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table: keys, lists, time, eviction, aliases, packets seen twice. */
#include <config.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/flow_table.h"

#define SECOND INT64_C(1000000000)

enum { ENDED_MAX = 4096 };

/* What on_end was told, in order. */
static struct {
	uint32_t tag; /* flow->duplicates, which the table leaves alone */
	enum flow_end end;
	uint32_t aliases;
} ended[ENDED_MAX];
static unsigned ended_count;

static struct flow_table table;
static struct frame frame;
static int64_t now;

static void
on_end(void *context, struct flow *f, enum flow_end end)
{
	assert_ptr_equal(context, &table);
	assert_int_equal(f->alias_of, 0);
	assert_true(ended_count < ENDED_MAX);
	ended[ended_count].tag = f->duplicates;
	ended[ended_count].aliases = f->aliases;
	ended[ended_count++].end = end;
}

static void
open_table(uint32_t max_flows)
{
	struct flow_table_options options = flow_table_defaults;

	options.max_flows = max_flows;
	assert_true(flow_table_init(&table, &options));
	table.on_end = on_end;
	table.context = &table;
	ended_count = 0;
	now = 1000 * SECOND;
	flow_table_advance(&table, now);
}

static int
setup(void **state)
{
	(void)state;
	open_table(64);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	flow_table_clear(&table);
	return 0;
}

static struct address
v4(uint32_t a)
{
	return address_from_v4((const uint8_t[]){ (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a });
}

static struct packet
packet(uint8_t ip_protocol, uint32_t source, uint16_t source_port, uint32_t destination, uint16_t destination_port)
{
	frame.number++;
	frame.time = now;
	return (struct packet){
		.frame = &frame,
		.ip_protocol = ip_protocol,
		.source = v4(source),
		.destination = v4(destination),
		.source_port = source_port,
		.destination_port = destination_port,
		.hop_limit = 64,
		.ip_id = 1,
	};
}

static struct flow *
take(const struct packet *p, unsigned *side)
{
	struct flow *f = flow_table_take(&table, p, side);

	flow_table_touch(&table, f, p->frame->time);
	return f;
}

static void
pass(int64_t nanoseconds)
{
	now += nanoseconds;
	flow_table_advance(&table, now);
}

static void
test_both_directions_are_one_flow(void **state)
{
	struct packet there = packet(IPPROTO_TCP, 1, 40000, 2, 80), back = packet(IPPROTO_TCP, 2, 80, 1, 40000);
	unsigned a, b, c;
	struct flow *f = take(&there, &a);

	(void)state;
	assert_ptr_equal(take(&back, &b), f);
	assert_int_equal(a ^ b, 1);
	assert_int_equal(f->key.port[a], 40000);
	assert_true(address_equal(&f->key.address[a], &there.source));
	assert_int_equal(f->key.port[b], 80);
	assert_int_equal(f->class, FLOW_TCP_OPENING);
	assert_int_equal(f->first_side, a);
	assert_int_equal(f->hop_limit, 64);
	assert_int_equal(f->first_seen, now);
	assert_int_equal(f->first_packet, frame.number);
	assert_int_equal(table.counters.created, 1);
	assert_ptr_equal(flow_table_find(&table, &there.source, 40000, &there.destination, 80, IPPROTO_TCP, &c), f);
	assert_int_equal(c, a);
	assert_ptr_equal(flow_table_find(&table, &there.destination, 80, &there.source, 40000, IPPROTO_TCP, &c), f);
	assert_int_equal(c, b);
}

static void
test_every_part_of_the_key_counts(void **state)
{
	struct packet p = packet(IPPROTO_TCP, 1, 40000, 2, 80), q;
	unsigned side;
	struct flow *f = take(&p, &side);

	(void)state;
	q = packet(IPPROTO_UDP, 1, 40000, 2, 80);
	assert_ptr_not_equal(take(&q, &side), f);
	q = packet(IPPROTO_TCP, 3, 40000, 2, 80);
	assert_ptr_not_equal(take(&q, &side), f);
	q = packet(IPPROTO_TCP, 1, 40001, 2, 80);
	assert_ptr_not_equal(take(&q, &side), f);
	q = packet(IPPROTO_TCP, 1, 40000, 3, 80);
	assert_ptr_not_equal(take(&q, &side), f);
	q = packet(IPPROTO_TCP, 1, 40000, 2, 81);
	assert_ptr_not_equal(take(&q, &side), f);
	/* Addresses the other way round with the same ports: another connection. */
	q = packet(IPPROTO_TCP, 2, 40000, 1, 80);
	assert_ptr_not_equal(take(&q, &side), f);
	assert_int_equal(table.counters.created, 7);
	assert_null(flow_table_find(&table, &p.source, 40000, &p.destination, 82, IPPROTO_TCP, &side));
}

static void
test_roles_by_port(void **state)
{
	struct packet p = packet(IPPROTO_UDP, 1, 53, 2, 40000);
	unsigned side;
	struct flow *f = take(&p, &side);

	(void)state;
	/* An answer is seen first: the lower port is the service's still. */
	assert_int_equal(f->client_side, 1 - side);
	assert_int_equal(f->direction_basis, DIRECTION_PORT);
	p = packet(IPPROTO_UDP, 9, 123, 2, 123);
	f = take(&p, &side);
	assert_int_equal(f->client_side, side);
	p = packet(IPPROTO_UDP, 1, 123, 2, 123);
	f = take(&p, &side);
	assert_int_equal(f->client_side, side);
}

/* A pod that calls itself, and equal ports: sides are told apart as far as there is a difference. */
static void
test_equal_ends(void **state)
{
	struct packet there = packet(IPPROTO_TCP, 1, 40000, 1, 80), back = packet(IPPROTO_TCP, 1, 80, 1, 40000);
	unsigned a, b;
	struct flow *f = take(&there, &a);

	(void)state;
	assert_ptr_equal(take(&back, &b), f);
	assert_int_equal(a ^ b, 1);
	assert_int_equal(f->key.port[f->client_side], 40000);
	there = packet(IPPROTO_UDP, 1, 500, 2, 500);
	back = packet(IPPROTO_UDP, 2, 500, 1, 500);
	f = take(&there, &a);
	assert_ptr_equal(take(&back, &b), f);
	assert_int_equal(a ^ b, 1);
	/* Nothing to tell them apart: one flow, one side. */
	there = packet(IPPROTO_UDP, 1, 500, 1, 500);
	f = take(&there, &a);
	assert_ptr_equal(take(&there, &b), f);
	assert_int_equal(a, b);
}

static void
test_first_classes(void **state)
{
	static const struct { uint8_t protocol; enum flow_class class; } cases[] = {
		{ IPPROTO_TCP, FLOW_TCP_OPENING }, { IPPROTO_UDP, FLOW_UDP }, { IPPROTO_ICMP, FLOW_OTHER }, { IPPROTO_SCTP, FLOW_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet p = packet(cases[i].protocol, 1, 2, 3, 4);
		unsigned side;

		assert_int_equal(take(&p, &side)->class, cases[i].class);
		assert_int_equal(table.count[cases[i].class], cases[i].class == FLOW_OTHER ? i - 1 : 1);
	}
}

/* Random takes, finds and ends over few addresses, compared with an array. */
static void
test_against_an_array(void **state)
{
	enum { ENDS = 30 };
	static struct flow *known[ENDS][ENDS];
	static uint32_t tags[ENDS][ENDS];
	uint64_t seed = 88172645463325252u;
	unsigned live = 0;

	(void)state;
	flow_table_clear(&table);
	open_table(900); /* never full: what is ended is ended here */
	memset(known, 0, sizeof(known));
	for (uint32_t round = 1; round < 60000; round++) {
		unsigned i, j, side;
		struct packet p;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		i = (unsigned)(seed >> 8) % ENDS;
		j = (unsigned)(seed >> 20) % ENDS;
		p = packet(IPPROTO_TCP, i, (uint16_t)(1000 + i), 100 + j, (uint16_t)(2000 + j));
		if ((seed >> 40) % 2 == 0 && known[i][j] != NULL) {
			assert_int_equal(known[i][j]->duplicates, tags[i][j]);
			ended_count = 0;
			flow_table_end(&table, known[i][j], FLOW_END_CLOSED);
			assert_int_equal(ended[0].tag, tags[i][j]);
			known[i][j] = NULL;
			live--;
		} else if (known[i][j] == NULL && (seed >> 41) % 2 == 0) {
			assert_null(flow_table_find(&table, &p.source, p.source_port, &p.destination, p.destination_port, IPPROTO_TCP, &side));
		} else {
			struct flow *f = take(&p, &side);

			if (known[i][j] == NULL) {
				live++;
				known[i][j] = f;
				f->duplicates = tags[i][j] = round;
			}
			assert_ptr_equal(f, known[i][j]);
			assert_int_equal(f->duplicates, tags[i][j]);
		}
		assert_int_equal(table.flows.in_use, live);
	}
	assert_true(live > 100);
	assert_int_equal(table.counters.evicted, 0);
	for (unsigned i = 0; i < ENDS; i++)
		for (unsigned j = 0; j < ENDS; j++) {
			struct packet p = packet(IPPROTO_TCP, 100 + j, (uint16_t)(2000 + j), i, (uint16_t)(1000 + i));
			unsigned side;

			assert_ptr_equal(flow_table_find(&table, &p.source, p.source_port, &p.destination, p.destination_port, IPPROTO_TCP, &side), known[i][j]);
		}
}

/* A flow of its own by number; its tag is the number. */
static struct flow *
flow(uint8_t ip_protocol, uint32_t tag)
{
	struct packet p = packet(ip_protocol, tag, (uint16_t)(1000 + tag), 0xffff, 80);
	unsigned side;
	struct flow *f = take(&p, &side);

	f->duplicates = tag;
	return f;
}

static void
test_idle_timeouts(void **state)
{
	struct flow *f;

	(void)state;
	flow_table_set_class(&table, flow(IPPROTO_TCP, 1), FLOW_TCP_OPEN);
	flow_table_set_class(&table, flow(IPPROTO_TCP, 2), FLOW_TCP_CLOSED);
	flow(IPPROTO_TCP, 3);
	flow(IPPROTO_UDP, 4);
	flow(IPPROTO_ICMP, 5);
	pass(15 * SECOND);
	assert_int_equal(ended_count, 0);
	pass(SECOND);
	assert_int_equal(ended_count, 1);
	assert_int_equal(ended[0].tag, 2);
	assert_int_equal(ended[0].end, FLOW_END_CLOSED);
	/* A packet of the flow starts its time anew. */
	pass(40 * SECOND);
	f = flow(IPPROTO_TCP, 3);
	pass(50 * SECOND);
	assert_int_equal(ended_count, 1);
	assert_ptr_equal(flow(IPPROTO_TCP, 3), f);
	pass(61 * SECOND);
	assert_int_equal(ended_count, 2);
	assert_int_equal(ended[1].tag, 3);
	assert_int_equal(ended[1].end, FLOW_END_IDLE);
	pass(60 * SECOND);
	assert_int_equal(ended_count, 4);
	assert_int_equal(ended[2].tag + ended[3].tag, 9);
	pass(3600 * SECOND);
	pass(3600 * SECOND);
	assert_int_equal(ended_count, 5);
	assert_int_equal(ended[4].tag, 1);
	assert_int_equal(ended[4].end, FLOW_END_IDLE);
	assert_int_equal(table.flows.in_use, 0);
}

static void
test_time_that_goes_back(void **state)
{
	struct flow *f = flow(IPPROTO_UDP, 1);

	(void)state;
	/* A packet that comes late has its own time, and takes none from its flow. */
	now -= SECOND / 2;
	flow_table_advance(&table, now);
	assert_int_equal(table.now, now + SECOND / 2);
	flow(IPPROTO_UDP, 1);
	assert_int_equal(f->last_seen, now + SECOND / 2);
	assert_int_equal(flow(IPPROTO_UDP, 2)->first_seen, now);
	flow_table_advance(&table, 0);
	assert_int_equal(table.now, now + SECOND / 2);
	pass(180 * SECOND);
	assert_int_equal(ended_count, 0);
	pass(SECOND);
	assert_int_equal(ended_count, 2);
}

/* One timestamp far ahead ends nothing; where the next ones agree, the time has really passed. */
static void
test_time_that_leaps(void **state)
{
	static const int64_t day = 86400 * SECOND;
	struct flow *f = flow(IPPROTO_UDP, 1), *stray;

	(void)state;
	now += day;
	flow_table_advance(&table, now);
	stray = flow(IPPROTO_UDP, 2);
	flow(IPPROTO_UDP, 1);
	assert_int_equal(ended_count, 0);
	now -= day;
	pass(SECOND);
	/* Both have the time of their next packet again. */
	flow(IPPROTO_UDP, 1);
	flow(IPPROTO_UDP, 2);
	assert_int_equal(f->last_seen, now);
	assert_int_equal(f->first_seen, now - SECOND);
	assert_int_equal(stray->last_seen, now);
	assert_int_equal(stray->first_seen, now);
	assert_int_equal(ended_count, 0);
	pass(2 * day);
	assert_int_equal(ended_count, 0);
	pass(1);
	assert_int_equal(ended_count, 2);
	assert_int_equal(table.now, now);
	/* As far as a time can go. */
	now = INT64_MAX - 2 * SECOND;
	flow_table_advance(&table, now);
	flow_table_advance(&table, now);
	assert_int_equal(table.now, now);
	flow(IPPROTO_UDP, 3);
	pass(SECOND);
	assert_int_equal(ended_count, 2);
}

/* Whoever has been idle longest goes, of whatever class; order holds to a sweep interval. */
static void
test_eviction_of_the_longest_idle(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 64; i++) {
		struct flow *f = flow(i % 2 ? IPPROTO_UDP : IPPROTO_TCP, i);

		if (i % 4 == 0)
			flow_table_set_class(&table, f, FLOW_TCP_OPEN);
		pass(SECOND / 5);
	}
	flow(IPPROTO_TCP, 0);
	flow(IPPROTO_UDP, 1);
	assert_int_equal(ended_count, 0);
	pass(SECOND / 5);
	for (uint32_t i = 0; i < 10; i++) {
		flow(IPPROTO_UDP, 100 + i);
		assert_int_equal(ended_count, i + 1);
		assert_int_equal(ended[i].tag, 2 + i);
		assert_int_equal(ended[i].end, FLOW_END_EVICTED);
	}
	assert_int_equal(table.counters.evicted, 10);
	assert_int_equal(table.flows.in_use, 64);
}

/* Where openings fill more than half of the table they pay for each other. */
static void
test_eviction_in_a_flood(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		flow_table_set_class(&table, flow(IPPROTO_TCP, i), FLOW_TCP_OPEN);
	for (uint32_t i = 0; i < 1000; i++) {
		pass(SECOND / 1000);
		flow(IPPROTO_TCP, 1000 + i);
	}
	assert_int_equal(table.count[FLOW_TCP_OPEN], 20);
	assert_int_equal(table.count[FLOW_TCP_OPENING], 44);
	assert_int_equal(ended_count, 956);
	for (unsigned i = 0; i < ended_count; i++)
		assert_int_equal(ended[i].tag, 1000 + i);
}

static void
test_clear_ends_every_flow(void **state)
{
	(void)state;
	flow_table_set_class(&table, flow(IPPROTO_TCP, 1), FLOW_TCP_CLOSED);
	flow(IPPROTO_UDP, 2);
	flow(IPPROTO_UDP, 3);
	flow_table_clear(&table);
	assert_int_equal(ended_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ended[i].end, ended[i].tag == 1 ? FLOW_END_CLOSED : FLOW_END_FORCED);
	open_table(64);
}

static void
test_one_flow_only(void **state)
{
	(void)state;
	flow_table_clear(&table);
	open_table(1);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(flow(IPPROTO_TCP, i)->duplicates, i);
	assert_int_equal(ended_count, 99);
	assert_int_equal(table.flows.in_use, 1);
}

static void
test_no_memory(void **state)
{
	struct flow_table t;

	(void)state;
	assert_false(flow_table_init(&t, &(struct flow_table_options){ .max_flows = 0 }));
}

/* Aliases. Pod 1, Service 2, backend 3, gateway 4; the client's port is 40000. */

enum { POD = 0x0a000001, SERVICE = 0x0a2b0050, BACKEND = 0x0a000003, GATEWAY = 0x0a0000fe };

/* An opening as the worker treats one: roles by the handshake, then joined. */
static struct flow *
open_leg(struct packet p, unsigned *side)
{
	bool answer = (p.tcp_flags & TCP_ACK) != 0;
	struct flow *f = take(&p, side);
	unsigned client = answer ? 1 - *side : *side;
	uint32_t opening = answer ? p.acknowledgement - 1 : p.sequence;

	if (f->direction_basis == DIRECTION_HANDSHAKE)
		return f;
	f->client_side = (uint8_t)client;
	f->direction_basis = DIRECTION_HANDSHAKE;
	f->initial_sequence[client] = opening;
	return flow_table_join(&table, f, &p, side, answer ? p.destination_port : p.source_port, opening);
}

static struct packet
syn(uint32_t source, uint32_t destination, uint16_t port, uint8_t hop_limit)
{
	struct packet p = packet(IPPROTO_TCP, source, 40000, destination, port);

	p.tcp_flags = TCP_SYN;
	p.sequence = 5000;
	p.window = 64240;
	p.hop_limit = hop_limit;
	return p;
}

static struct packet
syn_ack(uint32_t source, uint16_t port, uint32_t destination, uint8_t hop_limit)
{
	struct packet p = packet(IPPROTO_TCP, source, port, destination, 40000);

	p.tcp_flags = TCP_SYN | TCP_ACK;
	p.sequence = 7000;
	p.acknowledgement = 5001;
	p.ip_id = 0;
	p.hop_limit = hop_limit;
	return p;
}

static void
assert_server(const struct flow *f, enum alias_role role, uint32_t address, uint16_t port)
{
	const struct flow *leg = flow_table_alias(&table, f, role);
	unsigned server;
	struct address expected = v4(address);

	assert_non_null(leg);
	server = (1u - f->client_side) ^ leg->flip;
	assert_true(address_equal(&leg->key.address[server], &expected));
	assert_int_equal(leg->key.port[server], port);
}

static void
test_backend_behind_the_service(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &a);
	struct packet p;

	(void)state;
	assert_ptr_equal(open_leg(syn(POD, BACKEND, 8080, 63), &b), f);
	assert_int_equal(b, a);
	assert_server(f, ALIAS_BACKEND, BACKEND, 8080);
	assert_null(flow_table_alias(&table, f, ALIAS_SERVICE));
	assert_null(flow_table_alias(&table, f, ALIAS_CLIENT));
	assert_int_equal(table.counters.aliases, 1);
	assert_int_equal(table.counters.created, 1);
	/* Both tuples lead to the one flow, with the side as it is there. */
	p = packet(IPPROTO_TCP, BACKEND, 8080, POD, 40000);
	assert_ptr_equal(take(&p, &b), f);
	assert_int_equal(b, 1 - a);
	assert_ptr_equal(flow_table_find(&table, &p.destination, 40000, &p.source, 8080, IPPROTO_TCP, &b), f);
	assert_int_equal(b, a);
}

/* The leg behind DNAT is seen first, as where its interface is read first. */
static void
test_service_before_the_backend(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(POD, BACKEND, 8080, 63), &a);

	(void)state;
	assert_ptr_equal(open_leg(syn(POD, SERVICE, 80, 64), &b), f);
	assert_server(f, ALIAS_SERVICE, SERVICE, 80);
	assert_null(flow_table_alias(&table, f, ALIAS_BACKEND));
}

/* A service's port above the client's turns the sides of one leg round. */
static void
test_sides_of_an_alias_may_be_turned(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &a);
	struct packet p;

	(void)state;
	assert_ptr_equal(open_leg(syn(POD, BACKEND, 50000, 63), &b), f);
	assert_int_equal(a, b);
	assert_server(f, ALIAS_BACKEND, BACKEND, 50000);
	assert_int_equal(flow_table_alias(&table, f, ALIAS_BACKEND)->flip, 1);
	p = packet(IPPROTO_TCP, POD, 40000, BACKEND, 50000);
	assert_ptr_equal(take(&p, &b), f);
	assert_int_equal(b, a);
	p = packet(IPPROTO_TCP, BACKEND, 50000, POD, 40000);
	assert_ptr_equal(take(&p, &b), f);
	assert_int_equal(b, 1 - a);
}

static void
test_masquerade_by_hop_limit(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(GATEWAY, BACKEND, 8080, 63), &a);
	const struct flow *leg;
	struct address pod = v4(POD);

	(void)state;
	assert_ptr_equal(open_leg(syn(POD, BACKEND, 8080, 64), &b), f);
	leg = flow_table_alias(&table, f, ALIAS_CLIENT);
	assert_non_null(leg);
	assert_true(address_equal(&leg->key.address[f->client_side ^ leg->flip], &pod));
	/* The other order: what comes out of the gateway tells nothing new. */
	flow_table_end(&table, f, FLOW_END_CLOSED);
	f = open_leg(syn(POD, BACKEND, 8081, 64), &a);
	assert_int_equal(f->aliases, 0);
	open_leg(syn(GATEWAY, BACKEND, 8081, 63), &b);
	assert_null(flow_table_alias(&table, f, ALIAS_CLIENT));
	assert_non_null(flow_table_alias(&table, f, ALIAS_ONLY));
}

/* Only the answer was seen on the second leg: translation is undone on its way. */
static void
test_masquerade_by_the_answer(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(GATEWAY, BACKEND, 8080, 63), &a);

	(void)state;
	assert_ptr_equal(open_leg(syn_ack(BACKEND, 8080, POD, 63), &b), f);
	assert_int_equal(b, 1 - a);
	assert_non_null(flow_table_alias(&table, f, ALIAS_CLIENT));
}

static void
test_service_by_the_answer(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(POD, BACKEND, 8080, 63), &a);

	(void)state;
	assert_ptr_equal(open_leg(syn_ack(SERVICE, 80, POD, 63), &b), f);
	assert_int_equal(b, 1 - a);
	assert_server(f, ALIAS_SERVICE, SERVICE, 80);
	/* Neither end is the same: joined, and nothing concluded of it. */
	assert_ptr_equal(open_leg(syn_ack(SERVICE, 81, GATEWAY, 63), &b), f);
	assert_non_null(flow_table_alias(&table, f, ALIAS_ONLY));
	assert_int_equal(table.counters.aliases, 2);
}

static struct packet
came_in(struct packet p)
{
	p.incoming = true;
	return p;
}

/* A bridge's ports, each as frames come in: the question before DNAT, the answer before it is undone. */
static void
test_backend_by_an_answer_that_came_in(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(came_in(syn(POD, SERVICE, 80, 64)), &a);

	(void)state;
	assert_ptr_equal(open_leg(came_in(syn_ack(BACKEND, 8080, POD, 64)), &b), f);
	assert_int_equal(b, 1 - a);
	assert_server(f, ALIAS_BACKEND, BACKEND, 8080);
	assert_null(flow_table_alias(&table, f, ALIAS_SERVICE));
	/* A pod that calls its own Service: it is masqueraded as well. */
	flow_table_end(&table, f, FLOW_END_CLOSED);
	f = open_leg(came_in(syn(POD, SERVICE, 81, 64)), &a);
	assert_ptr_equal(open_leg(came_in(syn_ack(POD, 8080, GATEWAY, 64)), &b), f);
	assert_server(f, ALIAS_BACKEND, POD, 8080);
	assert_null(flow_table_alias(&table, f, ALIAS_CLIENT));
}

/* A datagram as the worker treats it. */
static struct flow *
say_to(uint32_t source, uint16_t source_port, uint32_t destination, uint16_t destination_port, const char *payload, unsigned *side)
{
	struct packet p = packet(IPPROTO_UDP, source, source_port, destination, destination_port);
	struct flow *f;

	p.payload = (const uint8_t *)payload;
	p.payload_size = p.payload_captured = (uint32_t)strlen(payload);
	f = take(&p, side);
	f = flow_table_join_answer(&table, f, &p, side);
	f->seen[*side] |= FLOW_SEEN_PACKET;
	return f;
}

/* DNS messages as far as matters here: the ID, and the bit that says response. */
#define QUESTION(id) id "\x01\x01.........."
#define ANSWER(id) id "\x81\x81.........."

static void
test_datagrams_answered_by_a_backend(void **state)
{
	unsigned a, b;
	struct flow *f = say_to(POD, 40000, SERVICE, 53, QUESTION("ab"), &a);

	(void)state;
	assert_ptr_equal(say_to(BACKEND, 5353, POD, 40000, ANSWER("ab"), &b), f);
	assert_int_equal(b, 1 - a);
	assert_server(f, ALIAS_BACKEND, BACKEND, 5353);
	assert_ptr_equal(say_to(BACKEND, 5353, POD, 40000, ANSWER("xy"), &b), f);
	assert_ptr_equal(say_to(POD, 40000, SERVICE, 53, QUESTION("yz"), &b), f);
	assert_int_equal(b, a);
	/* Answered now: another that speaks to this port is somebody else. */
	assert_ptr_not_equal(say_to(GATEWAY, 53, POD, 40000, ANSWER("ab"), &b), f);
	/* Two questions at once, of which the second is answered first; and one that is asked again. */
	f = say_to(POD, 40001, SERVICE, 53, QUESTION("a1"), &a);
	say_to(POD, 40001, SERVICE, 53, QUESTION("a2"), &a);
	assert_ptr_equal(say_to(BACKEND, 53, POD, 40001, ANSWER("a2"), &b), f);
	assert_ptr_equal(say_to(BACKEND, 53, POD, 40001, ANSWER("a1"), &b), f);
	/* What is not DNS has no ID. */
	f = say_to(POD, 40002, SERVICE, 9000, "ping", &a);
	assert_ptr_equal(say_to(BACKEND, 9001, POD, 40002, "pong", &b), f);
	assert_server(f, ALIAS_BACKEND, BACKEND, 9001);
	assert_int_equal(table.counters.aliases, 3);
}

static void
test_datagrams_that_answer_nothing(void **state)
{
	unsigned side;
	struct flow *f = say_to(POD, 40000, SERVICE, 53, QUESTION("ab"), &side);

	(void)state;
	/* Unsolicited: to another port, to another address, with another ID, no response; from the one asked, at another port. */
	assert_ptr_not_equal(say_to(BACKEND, 53, POD, 40001, ANSWER("ab"), &side), f);
	assert_ptr_not_equal(say_to(BACKEND, 53, GATEWAY, 40000, ANSWER("ab"), &side), f);
	assert_ptr_not_equal(say_to(BACKEND, 53, POD, 40000, ANSWER("ac"), &side), f);
	assert_ptr_not_equal(say_to(BACKEND, 54, POD, 40000, QUESTION("ab"), &side), f);
	assert_ptr_not_equal(say_to(BACKEND, 55, POD, 40000, "ab\x81", &side), f);
	assert_ptr_not_equal(say_to(SERVICE, 54, POD, 40000, ANSWER("ab"), &side), f);
	/* Too late. */
	pass(6 * SECOND);
	assert_ptr_not_equal(say_to(BACKEND, 56, POD, 40000, ANSWER("ab"), &side), f);
	/* Two servers asked from one socket: whose answer it is nobody can tell, even where the first was answered since. */
	f = say_to(POD, 40002, SERVICE, 53, QUESTION("ab"), &side);
	say_to(POD, 40002, SERVICE + 1, 53, QUESTION("ab"), &side);
	assert_ptr_not_equal(say_to(BACKEND, 53, POD, 40002, ANSWER("ab"), &side), f);
	say_to(SERVICE, 53, POD, 40002, ANSWER("ab"), &side);
	say_to(BACKEND, 54, POD, 40002, ANSWER("ab"), &side);
	/* The answer before the question. */
	f = say_to(BACKEND, 53, POD, 40003, ANSWER("ab"), &side);
	assert_ptr_not_equal(say_to(POD, 40003, SERVICE, 53, QUESTION("ab"), &side), f);
	assert_int_equal(table.counters.aliases, 0);
	/* What is sent to all is answered by many. */
	say_to(POD, 40004, 0xe00000fb, 9000, "who?", &side);
	say_to(BACKEND, 9000, POD, 40004, "I", &side);
	say_to(POD, 40005, 0xffffffff, 9000, "who?", &side);
	say_to(BACKEND, 9000, POD, 40005, "I", &side);
	/* The question's flow has ended, and its place is another's. */
	f = say_to(POD, 40006, SERVICE, 9000, "ping", &side);
	flow_table_end(&table, f, FLOW_END_IDLE);
	assert_ptr_equal(say_to(BACKEND, 9001, POD, 40006, "pong", &side), f);
	assert_int_equal(table.counters.aliases, 0);
}

static void
test_hairpin(void **state)
{
	unsigned a, b;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &a);
	struct packet p;

	(void)state;
	/* A pod behind its own Service: both ends of the second leg are one address. */
	assert_ptr_equal(open_leg(syn(POD, POD, 8080, 63), &b), f);
	assert_int_equal(a, b);
	assert_server(f, ALIAS_BACKEND, POD, 8080);
	p = packet(IPPROTO_TCP, POD, 8080, POD, 40000);
	assert_ptr_equal(take(&p, &b), f);
	assert_int_equal(b, 1 - a);
}

static void
test_aliases_go_with_their_flow(void **state)
{
	unsigned side;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &side);
	struct packet p = packet(IPPROTO_TCP, POD, 40000, BACKEND, 8080);

	(void)state;
	open_leg(syn(POD, BACKEND, 8080, 63), &side);
	open_leg(syn(GATEWAY, BACKEND, 8080, 62), &side);
	assert_int_equal(table.flows.in_use, 3);
	flow_table_end(&table, f, FLOW_END_CLOSED);
	/* One end is told, and the aliases are still there to be asked for. */
	assert_int_equal(ended_count, 1);
	assert_true(ended[0].aliases != 0);
	assert_int_equal(table.flows.in_use, 0);
	assert_null(flow_table_find(&table, &p.source, 40000, &p.destination, 8080, IPPROTO_TCP, &side));
	f = take(&p, &side);
	assert_int_equal(f->alias_of, 0);
	assert_int_equal(f->aliases, 0);
}

/* Entries of openings outlive their flows: one that was ended, used again or made an alias is never joined. */
static void
test_stale_openings(void **state)
{
	unsigned side;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &side), *g;
	struct packet p;

	(void)state;
	flow_table_end(&table, f, FLOW_END_CLOSED);
	g = open_leg(syn(POD, BACKEND, 8080, 63), &side);
	assert_int_equal(g->aliases, 0);
	assert_int_equal(table.counters.aliases, 0);
	/* The same memory, another flow. */
	flow_table_end(&table, g, FLOW_END_CLOSED);
	p = packet(IPPROTO_TCP, 77, 40000, 78, 80);
	f = take(&p, &side);
	assert_ptr_equal(f, g);
	g = open_leg(syn(POD, SERVICE, 80, 64), &side);
	assert_ptr_not_equal(f, g);
	assert_int_equal(f->aliases, 0);
	/* The same memory, an alias of another. */
	flow_table_end(&table, f, FLOW_END_CLOSED);
	open_leg(syn(POD, BACKEND, 8080, 63), &side);
	assert_int_equal(table.counters.aliases, 1);
	assert_int_equal(f->alias_of != 0, true);
}

static void
test_openings_are_forgotten(void **state)
{
	unsigned side;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &side);

	(void)state;
	pass(SECOND);
	assert_ptr_not_equal(open_leg(syn(POD, BACKEND, 8080, 63), &side), f);
	assert_int_equal(table.counters.aliases, 0);
}

static void
test_openings_that_differ(void **state)
{
	unsigned side;
	struct flow *f = open_leg(syn(POD, SERVICE, 80, 64), &side);
	struct packet p = syn(POD, BACKEND, 8080, 63);

	(void)state;
	p.sequence++;
	assert_ptr_not_equal(open_leg(p, &side), f);
	p = syn(POD, BACKEND, 8081, 63);
	p.source_port++;
	assert_ptr_not_equal(open_leg(p, &side), f);
	assert_int_equal(table.counters.aliases, 0);
}

/* Port scanners send one sequence number from one port to many: those are no legs of one connection. */
static void
test_a_scan_is_not_joined(void **state)
{
	unsigned side;

	(void)state;
	for (uint16_t i = 0; i < 30; i++) {
		struct packet p = syn(POD, BACKEND, (uint16_t)(1 + i), 64);

		p.ip_id = (uint16_t)(999 * i);
		open_leg(p, &side);
	}
	assert_int_equal(table.counters.aliases, 0);
	assert_int_equal(table.counters.created, 30);
}

/* Packets seen twice. */

static struct packet
segment(uint32_t sequence, uint16_t id)
{
	struct packet p = packet(IPPROTO_TCP, 1, 40000, 2, 80);

	p.tcp_flags = TCP_ACK;
	p.sequence = sequence;
	p.acknowledgement = 9;
	p.ip_id = id;
	p.payload_size = 10;
	return p;
}

static bool
repeated(struct flow *f, struct packet p, unsigned side)
{
	bool answer = flow_repeated(f, &p, side, table.now);

	if (!answer)
		flow_table_touch(&table, f, table.now);
	return answer;
}

static void
test_repeated_segments(void **state)
{
	struct flow *f = flow(IPPROTO_TCP, 1);
	struct packet p = segment(100, 7);

	(void)state;
	assert_false(repeated(f, p, 0));
	assert_true(repeated(f, p, 0));
	/* On another leg: translated, a hop further. */
	p.source = v4(99);
	p.destination_port = 8080;
	p.hop_limit--;
	assert_true(repeated(f, p, 0));
	/* A retransmission is a packet of its own. */
	assert_false(repeated(f, segment(100, 8), 0));
	assert_true(repeated(f, segment(100, 7), 0));
	/* The other side's packets are others. */
	assert_false(repeated(f, segment(100, 7), 1));
}

static void
test_segments_that_differ(void **state)
{
	struct flow *f = flow(IPPROTO_TCP, 1);
	struct packet p = segment(100, 0), q;

	(void)state;
	assert_false(repeated(f, p, 0));
	for (unsigned i = 0; i < 7; i++) {
		q = p;
		q.sequence += i == 0;
		q.acknowledgement += i == 1;
		q.window = (uint16_t)(q.window + (i == 2));
		q.timestamp += i == 3;
		q.payload_size += i == 4;
		q.tcp_flags = (uint8_t)(q.tcp_flags | (i == 5 ? TCP_PSH : 0));
		q.sack += i == 6;
		assert_false(repeated(f, q, 0));
		assert_true(repeated(f, q, 0));
	}
}

static void
test_the_window_is_short(void **state)
{
	struct flow *f = flow(IPPROTO_TCP, 1);

	(void)state;
	for (uint16_t i = 0; i < 4; i++)
		assert_false(repeated(f, segment(i, i), 0));
	assert_true(repeated(f, segment(0, 0), 0));
	assert_false(repeated(f, segment(4, 4), 0));
	assert_false(repeated(f, segment(0, 0), 0));
	/* Copies come at once: what comes later is a packet of its own. */
	pass(SECOND / 20 - 1);
	assert_true(repeated(f, segment(0, 0), 0));
	pass(1);
	assert_false(repeated(f, segment(0, 0), 0));
}

static struct packet
datagram(const char *text, uint16_t id, uint8_t hop_limit)
{
	struct packet p = packet(IPPROTO_UDP, 1, 40000, 2, 53);

	p.payload = (const uint8_t *)text;
	p.payload_captured = p.payload_size = (uint32_t)strlen(text);
	p.ip_id = id;
	p.hop_limit = hop_limit;
	return p;
}

static void
test_repeated_datagrams(void **state)
{
	struct flow *f = flow(IPPROTO_UDP, 1);

	(void)state;
	assert_false(repeated(f, datagram("question", 5, 64), 0));
	assert_true(repeated(f, datagram("question", 5, 64), 0));
	assert_true(repeated(f, datagram("question", 5, 63), 0));
	assert_false(repeated(f, datagram("question", 6, 64), 0));
	assert_false(repeated(f, datagram("another?", 5, 64), 0));
	assert_false(repeated(f, datagram("question and more than thirty-two bytes", 5, 64), 0));
	assert_false(repeated(f, datagram("question and more than thirty-two bytes!", 5, 64), 0));
	assert_false(repeated(f, datagram("", 5, 64), 0));
}

/* Without an identification (and in IPv6) only a lost hop tells a copy from a second datagram. */
static void
test_repeated_datagrams_without_id(void **state)
{
	struct flow *f = flow(IPPROTO_UDP, 1);

	(void)state;
	assert_false(repeated(f, datagram("same", 0, 64), 0));
	assert_false(repeated(f, datagram("same", 0, 64), 0));
	assert_true(repeated(f, datagram("same", 0, 63), 0));
	assert_true(repeated(f, datagram("same", 0, 62), 0));
	assert_false(repeated(f, datagram("same", 0, 61), 0));
	assert_true(repeated(f, datagram("same", 0, 63), 0));
	assert_false(repeated(f, datagram("other", 0, 63), 0));
	/* The copy that lost a hop was read first. */
	assert_true(repeated(f, datagram("other", 0, 64), 0));
	pass(SECOND);
	assert_false(repeated(f, datagram("other", 0, 64), 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_directions_are_one_flow),
		TEST(test_every_part_of_the_key_counts),
		TEST(test_roles_by_port),
		TEST(test_equal_ends),
		TEST(test_first_classes),
		TEST(test_against_an_array),
		TEST(test_idle_timeouts),
		TEST(test_time_that_goes_back),
		TEST(test_time_that_leaps),
		TEST(test_eviction_of_the_longest_idle),
		TEST(test_eviction_in_a_flood),
		TEST(test_clear_ends_every_flow),
		TEST(test_one_flow_only),
		TEST(test_no_memory),
		TEST(test_backend_behind_the_service),
		TEST(test_service_before_the_backend),
		TEST(test_sides_of_an_alias_may_be_turned),
		TEST(test_masquerade_by_hop_limit),
		TEST(test_masquerade_by_the_answer),
		TEST(test_service_by_the_answer),
		TEST(test_backend_by_an_answer_that_came_in),
		TEST(test_datagrams_answered_by_a_backend),
		TEST(test_datagrams_that_answer_nothing),
		TEST(test_hairpin),
		TEST(test_aliases_go_with_their_flow),
		TEST(test_stale_openings),
		TEST(test_openings_are_forgotten),
		TEST(test_openings_that_differ),
		TEST(test_a_scan_is_not_joined),
		TEST(test_repeated_segments),
		TEST(test_segments_that_differ),
		TEST(test_the_window_is_short),
		TEST(test_repeated_datagrams),
		TEST(test_repeated_datagrams_without_id),
	};

	return cmocka_run_group_tests_name("sensor/flow_table", tests, NULL, NULL);
}
