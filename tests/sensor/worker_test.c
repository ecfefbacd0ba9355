/* SPDX-License-Identifier: Apache-2.0 */
/* The worker from frames to records: connections and their ends, legs, copies, shares, little room. */
#include <config.h>

#include "tests/sensor/worker_bench.h"

static void
test_connection(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);
	const struct flow_record *r;

	(void)state;
	whole(&c);
	r = only_record();
	assert_http_between(r, POD, BACKEND);
	assert_int_equal(r->client_port, 40000);
	assert_int_equal(r->server_port, 8080);
	assert_false(r->has_service);
	assert_int_equal(r->direction_basis, DIRECTION_HANDSHAKE);
	assert_int_equal(r->end, FLOW_END_CLOSED);
	assert_int_equal(r->ip_protocol, IPPROTO_TCP);
	assert_int_equal(r->first_packet, 1);
	assert_int_equal(r->packets[FROM_CLIENT], 5);
	assert_int_equal(r->packets[FROM_SERVER], 3);
	assert_int_equal(r->payload[FROM_CLIENT], 29);
	assert_int_equal(r->payload[FROM_SERVER], 40);
	assert_int_equal(r->bytes[FROM_CLIENT], 5 * 40 + 29);
	assert_int_equal(r->bytes[FROM_SERVER], 3 * 40 + 40);
	assert_int_equal(r->first_seen, 1700000000 * SECOND);
	assert_int_equal(r->last_seen, 1700000000 * SECOND + 7 * SECOND / 1000);
	assert_int_equal(r->basis[CLAIM_PROTOCOL].packet > 3, true);
	assert_int_equal(r->duplicates, 0);
	assert_int_equal(r->notes, 0);
}

/* The handshake tells the roles against what the ports suggest. */
static void
test_roles_by_handshake(void **state)
{
	struct connection c = connection(POD, 4000, BACKEND, 30080);

	(void)state;
	whole(&c);
	assert_int_equal(only_record()->client_port, 4000);
	assert_http(&records[0]);
	/* By the answer alone. */
	open_worker();
	c = connection(POD, 4000, BACKEND, 30080);
	c.sequence[0]++;
	say(&c, false, TCP_SYN | TCP_ACK, "");
	talk(&c);
	assert_int_equal(only_record()->client_port, 4000);
	assert_int_equal(records[0].direction_basis, DIRECTION_HANDSHAKE);
	assert_http(&records[0]);
	assert_int_equal(records[0].notes, 0);
}

static void
test_half_open(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);
	const struct flow_record *r;

	(void)state;
	say(&c, true, TCP_SYN, "");
	c.sequence[0]--;
	now += 2 * SECOND;
	say(&c, true, TCP_SYN, "");
	r = only_record();
	assert_int_equal(r->notes, 1u << NOTE_HALF_OPEN);
	assert_int_equal(r->packets[FROM_CLIENT], 2);
	assert_int_equal(r->end, FLOW_END_FORCED);
	assert_int_equal(r->state, ENCRYPTION_UNKNOWN);
	assert_int_equal(r->protocol, 0);
}

static void
test_refused_by_reset(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	say(&c, true, TCP_SYN, "");
	say(&c, false, TCP_RST | TCP_ACK, "");
	assert_int_equal(only_record()->notes, 1u << NOTE_TRANSPORT_REFUSED);
	assert_int_equal(records[0].end, FLOW_END_CLOSED);
	/* A reset after a talk refuses nothing. */
	open_worker();
	c = connection(POD, 40000, BACKEND, 8080);
	shake_hands(&c);
	talk(&c);
	say(&c, false, TCP_RST | TCP_ACK, "");
	assert_int_equal(only_record()->notes, 0);
	assert_int_equal(records[0].end, FLOW_END_CLOSED);
}

/* What is said of a connection whose segments are signed, but for what each changes. */
static const struct flow_record *
after_signed(void (*change)(struct connection *), const char *question)
{
	struct connection c = connection(POD, 40000, BACKEND, 179);

	open_worker();
	c.leg[0].is_signed = true;
	shake_hands(&c);
	if (change != NULL)
		change(&c);
	say(&c, true, TCP_ACK | TCP_PSH, question);
	say(&c, false, TCP_ACK | TCP_PSH, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	return only_record();
}

static void
unsigned_segment(struct connection *c)
{
	c->leg[0].is_signed = false;
	say(c, false, TCP_ACK, "");
	c->leg[0].is_signed = true;
}

static void
unsigned_reset(struct connection *c)
{
	c->leg[0].is_signed = false;
	c->sequence[1] += 100000;
	say(c, false, TCP_RST, "");
	c->sequence[1] -= 100000;
	c->leg[0].is_signed = true;
}

static void
test_signed_segments(void **state)
{
	static const char something[] = "\x01\x02\x03", nobody[] = "GET / HTTP/1.1\r\nHost: api\r\n\r\n",
	    somebody[] = "GET / HTTP/1.1\r\nHost: api\r\nAuthorization: Basic dTpw\r\n\r\n";
	const struct flow_record *r = after_signed(NULL, something);
	struct connection c = connection(POD, 40000, BACKEND, 179);

	(void)state;
	assert_int_equal(r->auth_result, AUTH_SUCCESS);
	assert_string_equal(record_text(r, r->auth_method), "tcp-md5");
	assert_string_equal(record_text(r, r->basis[CLAIM_AUTHENTICATION].clause), "RFC 2385 3.0 TCP MD5 signature option");
	assert_int_equal(r->basis[CLAIM_AUTHENTICATION].packet, 1);
	assert_int_equal(r->basis[CLAIM_AUTHENTICATION].direction, FROM_CLIENT);
	assert_int_equal(r->state, ENCRYPTION_UNKNOWN);
	/* Where a protocol says that nobody is asked, the transport has; what it says of a client stands. */
	r = after_signed(NULL, nobody);
	assert_string_equal(record_text(r, r->auth_method), "tcp-md5");
	r = after_signed(NULL, somebody);
	assert_string_equal(record_text(r, r->auth_method), "http-basic");
	/* One segment that is not signed: it proves nothing. But for a reset, that anybody may send. */
	assert_int_equal(after_signed(unsigned_segment, something)->auth_result, AUTH_UNKNOWN);
	assert_int_equal(after_signed(unsigned_reset, something)->auth_result, AUTH_SUCCESS);
	/* Where it is the flow's first packet, though: that is the one that is shown. */
	open_worker();
	unsigned_reset(&c);
	say(&c, true, TCP_ACK | TCP_PSH, something);
	say(&c, false, TCP_ACK | TCP_PSH, something);
	assert_int_equal(only_record()->auth_result, AUTH_UNKNOWN);
	/* Nobody answers, or nothing is said. */
	c = connection(POD, 40000, BACKEND, 179);
	open_worker();
	c.leg[0].is_signed = true;
	say(&c, true, TCP_SYN, "");
	say(&c, true, TCP_ACK | TCP_PSH, something);
	assert_int_equal(only_record()->auth_result, AUTH_UNKNOWN);
	open_worker();
	c = connection(POD, 40000, BACKEND, 179);
	c.leg[0].is_signed = true;
	shake_hands(&c);
	assert_int_equal(only_record()->auth_result, AUTH_UNKNOWN);
}

static unsigned
notes_after_icmp(uint8_t protocol, uint8_t type, uint8_t code)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	open_worker();
	if (protocol == IPPROTO_TCP)
		say(&c, true, TCP_SYN, "");
	else
		udp(c.leg[0], "anybody?");
	icmp_error(c.leg[0], protocol, type, code);
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	for (unsigned i = 0; i < 2; i++)
		if (records[i].ip_protocol == IPPROTO_ICMP) {
			assert_string_equal(record_text(&records[i], records[i].protocol), "icmp");
			assert_int_equal(records[i].auth_result, AUTH_NOT_APPLICABLE);
			assert_int_equal(records[i].notes, 0);
		}
	return records[records[0].ip_protocol == IPPROTO_ICMP].notes;
}

static void
test_refused_by_icmp(void **state)
{
	(void)state;
	assert_int_equal(notes_after_icmp(IPPROTO_TCP, 3, 1), 1u << NOTE_TRANSPORT_REFUSED | 1u << NOTE_HALF_OPEN);
	assert_int_equal(notes_after_icmp(IPPROTO_TCP, 3, 13), 1u << NOTE_TRANSPORT_REFUSED | 1u << NOTE_HALF_OPEN);
	assert_int_equal(notes_after_icmp(IPPROTO_UDP, 3, 3), 1u << NOTE_TRANSPORT_REFUSED);
	/* Path MTU discovery (RFC 1191) and time exceeded refuse nothing. */
	assert_int_equal(notes_after_icmp(IPPROTO_UDP, 3, 4), 0);
	assert_int_equal(notes_after_icmp(IPPROTO_UDP, 11, 0), 0);
}

static void
test_midstream(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	talk(&c);
	assert_int_equal(only_record()->notes, 1u << NOTE_MIDSTREAM);
	assert_http(&records[0]);
	assert_int_equal(records[0].client_port, 40000);
	assert_true(records[0].direction_basis != DIRECTION_HANDSHAKE);
}

static void
test_idle_end(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080), other = connection(POD, 40001, BACKEND, 8080);

	(void)state;
	say(&c, true, TCP_SYN, "");
	now += 61 * SECOND;
	say(&other, true, TCP_SYN, "");
	assert_int_equal(record_count, 1);
	assert_int_equal(records[0].end, FLOW_END_IDLE);
	assert_int_equal(records[0].client_port, 40000);
	assert_int_equal(records[0].last_seen, 1700000000 * SECOND);
}

/* RFC 9293 3.6.1: a SYN may begin another connection between the same ports. */
static void
test_ports_used_again(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	whole(&c);
	c.sequence[0] += 100000;
	c.sequence[1] += 100000;
	whole(&c);
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_http(&records[i]);
		assert_int_equal(records[i].packets[FROM_CLIENT], 5);
		assert_int_equal(records[i].notes, 0);
	}
	assert_int_equal(records[1].first_packet, 9);
}

static void
test_syn_in_an_open_connection(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080), stray = c;

	(void)state;
	shake_hands(&c);
	/* A copy of the SYN, late, and somebody's guess: both belong to it. */
	now += SECOND;
	say(&stray, true, TCP_SYN, "");
	stray.sequence[0] += 5555;
	say(&stray, true, TCP_SYN, "");
	talk(&c);
	assert_int_equal(record_count, 0);
	/* After a long silence the same is a new one. */
	now += 61 * SECOND;
	stray.sequence[0] += 5555;
	shake_hands(&stray);
	talk(&stray);
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	assert_http(&records[0]);
	assert_http(&records[1]);
	assert_int_equal(records[0].packets[FROM_CLIENT], 5);
	assert_int_equal(records[1].packets[FROM_CLIENT], 3);
}

static void
test_tcp_fast_open(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	say(&c, true, TCP_SYN, "GET / HTTP/1.1\r\nHost: api\r\n\r\n");
	say(&c, false, TCP_SYN | TCP_ACK, "");
	say(&c, true, TCP_ACK, "");
	say(&c, false, TCP_ACK, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	assert_http(only_record());
	assert_int_equal(records[0].notes, 0);
	assert_int_equal(records[0].payload[FROM_CLIENT], 29);
}

static void
test_both_legs(void **state)
{
	struct connection c = connection(POD, 40000, SERVICE, 80);
	const struct flow_record *r;
	struct worker_counters counters;

	(void)state;
	c.legs = 2;
	c.leg[1] = (struct wire){ .source = POD, .source_port = 40000, .destination = BACKEND, .destination_port = 8080, .hop_limit = 63 };
	whole(&c);
	r = only_record();
	assert_http_between(r, POD, BACKEND);
	assert_int_equal(r->server_port, 8080);
	assert_true(r->has_service);
	assert_address(&r->service, SERVICE);
	assert_int_equal(r->service_port, 80);
	assert_int_equal(r->packets[FROM_CLIENT], 5);
	assert_int_equal(r->packets[FROM_SERVER], 3);
	assert_int_equal(r->duplicates, 8);
	assert_int_equal(r->notes, 1u << NOTE_DUPLICATES);
	worker_counters(worker, &counters);
	assert_int_equal(counters.duplicates, 8);
	assert_int_equal(counters.frames, 16);
	assert_int_equal(counters.results[PACKET_OK], 16);
	assert_int_equal(counters.table.created, 1);
	assert_int_equal(counters.table.aliases, 1);
}

static void
test_masqueraded_leg(void **state)
{
	struct connection c = connection(POD, 40000, SERVICE, 80);
	const struct flow_record *r;

	(void)state;
	/* As a gateway in front of another node sees it: only what comes out, then the answer going back in. */
	c.legs = 2;
	c.leg[0] = (struct wire){ .source = GATEWAY, .source_port = 40000, .destination = BACKEND, .destination_port = 8080, .hop_limit = 63 };
	c.leg[1] = (struct wire){ .source = POD, .source_port = 40000, .destination = BACKEND, .destination_port = 8080, .hop_limit = 64 };
	whole(&c);
	r = only_record();
	assert_http_between(r, POD, BACKEND);
	assert_false(r->has_service);
	assert_int_equal(r->packets[FROM_CLIENT], 5);
}

/* A pod that calls itself through its Service. */
static void
test_hairpin_legs(void **state)
{
	struct connection c = connection(POD, 40000, SERVICE, 80);
	const struct flow_record *r;

	(void)state;
	c.legs = 2;
	c.leg[1] = (struct wire){ .source = POD, .source_port = 40000, .destination = POD, .destination_port = 8080, .hop_limit = 63 };
	whole(&c);
	r = only_record();
	assert_http_between(r, POD, POD);
	assert_address(&r->service, SERVICE);
	assert_int_equal(r->server_port, 8080);
	assert_int_equal(r->client_port, 40000);
}

static void
test_ports_used_again_on_both_legs(void **state)
{
	struct connection c = connection(POD, 40000, SERVICE, 80);

	(void)state;
	c.legs = 2;
	c.leg[1] = (struct wire){ .source = POD, .source_port = 40000, .destination = BACKEND, .destination_port = 8080, .hop_limit = 63 };
	for (unsigned i = 0; i < 3; i++) {
		whole(&c);
		c.sequence[0] += 100000;
		c.sequence[1] += 100000;
	}
	worker_finish(worker);
	assert_int_equal(record_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_http(&records[i]);
		assert_address(&records[i].server, BACKEND);
		assert_true(records[i].has_service);
		assert_int_equal(records[i].packets[FROM_CLIENT], 5);
	}
}

static void
test_copies_are_counted_once(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	c.copies = 3;
	whole(&c);
	assert_http(only_record());
	assert_int_equal(records[0].packets[FROM_CLIENT], 5);
	assert_int_equal(records[0].packets[FROM_SERVER], 3);
	assert_int_equal(records[0].duplicates, 16);
	assert_int_equal(records[0].notes, 1u << NOTE_DUPLICATES);
}

static void
test_retransmissions_are_no_copies(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	shake_hands(&c);
	for (unsigned i = 0; i < 3; i++) {
		say(&c, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\n\r\n");
		c.sequence[0] -= 29;
	}
	assert_int_equal(only_record()->packets[FROM_CLIENT], 5);
	assert_int_equal(records[0].duplicates, 0);
	assert_int_equal(records[0].payload[FROM_CLIENT], 87);
}

static void
test_datagrams_on_both_legs(void **state)
{
	struct wire a = { .source = POD, .source_port = 40000, .destination = SERVICE, .destination_port = 5300, .id = 7, .hop_limit = 64 };
	struct wire b = a, answer = { .source = BACKEND, .source_port = 5353, .destination = POD, .destination_port = 40000, .id = 9, .hop_limit = 64 };
	const struct flow_record *r;

	(void)state;
	b.destination = BACKEND;
	b.destination_port = 5353;
	b.hop_limit = 63;
	udp(a, "question");
	udp(b, "question");
	udp(answer, "answer");
	answer.source = SERVICE;
	answer.source_port = 5300;
	answer.hop_limit--;
	udp(answer, "answer");
	r = only_record();
	assert_address(&r->client, POD);
	assert_address(&r->server, BACKEND);
	assert_int_equal(r->server_port, 5353);
	assert_address(&r->service, SERVICE);
	assert_int_equal(r->service_port, 5300);
	assert_int_equal(r->packets[FROM_CLIENT], 1);
	assert_int_equal(r->packets[FROM_SERVER], 1);
	assert_int_equal(r->duplicates, 2);
	/* Equal questions of their own to two servers are two flows. */
	open_worker();
	udp(a, "question");
	b.id = 8;
	udp(b, "question");
	worker_finish(worker);
	assert_int_equal(record_count, 2);
}

/* The other way of a connection, of which each way is seen under a tuple of its own. */
static struct connection
half(uint32_t client, uint32_t server, uint16_t server_port)
{
	struct connection c = connection(client, 40000, server, server_port);

	c.sequence[0] = 7000;
	c.sequence[1] = 9000;
	return c;
}

static void
talk_in_halves(struct connection *there, struct connection *back)
{
	say(there, true, TCP_SYN, "");
	back->sequence[0] = there->sequence[0];
	say(back, false, TCP_SYN | TCP_ACK, "");
	there->sequence[1] = back->sequence[1];
	say(there, true, TCP_ACK, "");
	say(there, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\n\r\n");
	back->sequence[0] = there->sequence[0];
	say(back, false, TCP_ACK | TCP_PSH, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	there->sequence[1] = back->sequence[1];
	say(there, true, TCP_FIN | TCP_ACK, "");
	back->sequence[0] = there->sequence[0];
	say(back, false, TCP_FIN | TCP_ACK, "");
}

/* br_netfilter: the client is seen to ask the Service, and the backend to answer him. */
static void
test_half_flows_of_a_service(void **state)
{
	struct connection there = half(POD, SERVICE, 80), back = half(POD, BACKEND, 8080);
	const struct flow_record *r;

	(void)state;
	talk_in_halves(&there, &back);
	r = only_record();
	assert_http_between(r, POD, BACKEND);
	assert_int_equal(r->server_port, 8080);
	assert_true(r->has_service);
	assert_address(&r->service, SERVICE);
	assert_int_equal(r->service_port, 80);
	assert_int_equal(r->packets[FROM_CLIENT], 4);
	assert_int_equal(r->packets[FROM_SERVER], 3);
	assert_int_equal(r->direction_basis, DIRECTION_HANDSHAKE);
	assert_int_equal(r->end, FLOW_END_CLOSED);
	assert_int_equal(r->notes, 0);
}

/* Masqueraded: the gateway is seen to ask the pod, and the pod to answer the client. */
static void
test_half_flows_of_a_masqueraded_client(void **state)
{
	struct connection there = half(GATEWAY, BACKEND, 8080), back = half(POD, BACKEND, 8080);
	const struct flow_record *r;

	(void)state;
	talk_in_halves(&there, &back);
	r = only_record();
	assert_http_between(r, POD, BACKEND);
	assert_false(r->has_service);
	assert_int_equal(r->packets[FROM_CLIENT], 4);
	assert_int_equal(r->packets[FROM_SERVER], 3);
	assert_int_equal(r->notes, 0);
}

/* DNS through the Service of the cluster: the everyday case of half flows without numbers. */
static void
test_half_flows_of_datagrams(void **state)
{
	static const char question[] = "\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x00\x03" "api\x00\x00\x01\x00\x01";
	static const char answer[] = "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03" "api\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x00\x00\x07";
	struct wire there = { .source = POD, .source_port = 40000, .destination = SERVICE, .destination_port = 53, .hop_limit = 64 };
	struct wire back = { .source = BACKEND, .source_port = 5353, .destination = POD, .destination_port = 40000, .hop_limit = 64 };
	const struct flow_record *r;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		there.id = next_id++;
		frame_begin(&builder, question, sizeof(question) - 1);
		frame_udp(&builder, there.source_port, there.destination_port);
		put_ipv4(&there, IPPROTO_UDP);
		give();
		back.id = next_id++;
		frame_begin(&builder, answer, sizeof(answer) - 1);
		frame_udp(&builder, back.source_port, back.destination_port);
		put_ipv4(&back, IPPROTO_UDP);
		give();
		now += SECOND;
	}
	r = only_record();
	assert_string_equal(record_text(r, r->protocol), "dns");
	assert_int_equal(r->strength, STRENGTH_EXCHANGE);
	assert_address(&r->client, POD);
	assert_address(&r->server, BACKEND);
	assert_int_equal(r->server_port, 5353);
	assert_true(r->has_service);
	assert_address(&r->service, SERVICE);
	assert_int_equal(r->service_port, 53);
	assert_int_equal(r->packets[FROM_CLIENT], 2);
	assert_int_equal(r->packets[FROM_SERVER], 2);
}

/* Near misses: two Services asked from one socket, and an answer to nothing. */
static void
test_datagrams_that_are_no_half_flows(void **state)
{
	struct wire one = { .source = POD, .source_port = 40000, .destination = SERVICE, .destination_port = 9000, .hop_limit = 64, .id = 1 };
	struct wire two = { .source = POD, .source_port = 40000, .destination = SERVICE + 1, .destination_port = 9000, .hop_limit = 64, .id = 2 };
	struct wire back = { .source = BACKEND, .source_port = 9000, .destination = POD, .destination_port = 40000, .hop_limit = 64, .id = 3 };
	struct wire unsolicited = { .source = BACKEND, .source_port = 9000, .destination = GATEWAY, .destination_port = 40000, .hop_limit = 64, .id = 4 };

	(void)state;
	udp(one, "hello?");
	udp(two, "hello?");
	udp(back, "hello!");
	udp(unsolicited, "hello!");
	worker_finish(worker);
	assert_int_equal(record_count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_false(records[i].has_service);
}

static void
test_protocols_of_the_network_layer(void **state)
{
	struct wire w = { .source = POD, .destination = BACKEND, .id = 1, .hop_limit = 64 };

	(void)state;
	frame_begin(&builder, "\0\0\0\1\0\0\0\1sealed..", 16);
	put_ipv4(&w, IPPROTO_ESP);
	give();
	assert_int_equal(only_record()->ip_protocol, IPPROTO_ESP);
	assert_string_equal(record_text(&records[0], records[0].protocol), "esp");
	assert_int_equal(records[0].auth_result, AUTH_UNKNOWN);
}

static void
test_tunnel(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);
	struct wire w = c.leg[0], outer = { .source = 0xc0000201, .destination = 0xc0000202, .id = 3, .hop_limit = 64 };
	unsigned carrier;

	(void)state;
	w.flags = TCP_SYN;
	frame_begin(&builder, NULL, 0);
	put_tcp(&w);
	put_ipv4(&w, IPPROTO_TCP);
	put_ipv4(&outer, IPPROTO_IPIP);
	give();
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	/* What carries the packet: from one end of the tunnel to the other, readable, without a payload of its own. */
	carrier = records[0].ip_protocol == IPPROTO_IPIP ? 0 : 1;
	assert_address(&records[carrier].client, 0xc0000201);
	assert_address(&records[carrier].server, 0xc0000202);
	assert_string_equal(record_text(&records[carrier], records[carrier].protocol), "ipip");
	assert_int_equal(records[carrier].state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(records[carrier].auth_result, AUTH_NOT_APPLICABLE);
	assert_int_equal(records[carrier].basis[CLAIM_ENCRYPTION].strength, STRENGTH_STRUCTURE);
	assert_int_equal(records[carrier].packets[FROM_CLIENT], 1);
	assert_int_equal(records[carrier].bytes[FROM_CLIENT], 60);
	assert_int_equal(records[carrier].payload[FROM_CLIENT], 0);
	assert_int_equal(records[carrier].tunnel, 0);
	assert_address(&records[1 - carrier].client, POD);
	assert_string_equal(record_text(&records[1 - carrier], records[1 - carrier].tunnel), tunnel_names[TUNNEL_IPIP]);
	assert_int_equal(records[1 - carrier].notes, 1u << NOTE_TUNNEL | 1u << NOTE_HALF_OPEN);
}

/* All that goes between two ends is one flow, both ways, whatever it carries; a copy is counted once. */
static void
test_one_carrier(void **state)
{
	struct wire forth = { .source = 0xc0000201, .destination = 0xc0000202, .hop_limit = 64 }, back = { .source = 0xc0000202, .destination = 0xc0000201, .hop_limit = 64 };

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		struct connection c = connection(POD, (uint16_t)(40000 + i), BACKEND, 8080);
		struct wire w = c.leg[0];

		w.flags = TCP_SYN;
		forth.id = back.id = (uint16_t)(7 + (i == 3 ? 2 : i)); /* the last is the copy of the one before */
		if (i == 3)
			w.source_port = 40002;
		frame_begin(&builder, NULL, 0);
		put_tcp(&w);
		put_ipv4(&w, IPPROTO_TCP);
		put_ipv4(i == 1 ? &back : &forth, IPPROTO_IPIP);
		give();
	}
	worker_finish(worker);
	for (unsigned i = 0; i < record_count; i++)
		if (records[i].ip_protocol == IPPROTO_IPIP) {
			assert_int_equal(records[i].packets[FROM_CLIENT], 2);
			assert_int_equal(records[i].packets[FROM_SERVER], 1);
			assert_int_equal(records[i].duplicates, 1);
		}
	assert_int_equal(record_count, 4);
}

static void
test_frames_that_are_no_packets(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);
	struct worker_counters counters;
	struct wire w = c.leg[0];

	(void)state;
	frame_begin(&builder, NULL, 0);
	put_tcp(&w);
	put_ipv4(&w, IPPROTO_TCP);
	give_cut(25);
	frame_begin(&builder, "\x45", 1);
	give();
	worker_counters(worker, &counters);
	assert_int_equal(counters.frames, 2);
	assert_int_equal(counters.bytes, 41);
	assert_int_equal(counters.results[PACKET_OK], 0);
	worker_finish(worker);
	assert_int_equal(record_count, 0);
}

/* A mixture of everything, seen by one worker and by several that share it. */
static void
mixture(void)
{
	now = 1700000000 * SECOND;
	next_id = 1;
	frame_number = 0;
	for (uint16_t i = 0; i < 40; i++) {
		/* Legs with a service's port above the client's may come to different shares. */
		struct connection c = connection(POD + i % 5, (uint16_t)(30000 + 7 * i), SERVICE, i % 14 == 7 ? 50000 : 80);
		struct wire question = { .source = POD, .source_port = (uint16_t)(41000 + i), .destination = BACKEND, .destination_port = 9999, .hop_limit = 64, .id = next_id++ };

		if (i % 2 == 0) {
			c.legs = 2;
			c.leg[1] = c.leg[0];
			c.leg[1].destination = BACKEND;
			c.leg[1].destination_port = 8080;
			c.leg[1].hop_limit = 63;
		}
		if (i % 3 == 0)
			whole(&c);
		else
			say(&c, true, TCP_SYN, "");
		if (i % 6 == 1)
			icmp_error(c.leg[0], IPPROTO_TCP, 3, 1);
		udp(question, "hello?");
		if (i % 4 == 0)
			icmp_error(question, IPPROTO_UDP, 3, 3);
	}
}

static char lines[2][RECORDS_MAX][200];

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static unsigned
describe(char (*out)[200])
{
	for (unsigned i = 0; i < record_count; i++) {
		const struct flow_record *r = &records[i];
		char client[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];

		snprintf(out[i], sizeof(out[i]), "%s %u %s %u %u: %s, %u, service %u, packets %u %u, duplicates %u, first %u, notes %x",
		    address_text(&r->client, client), r->client_port, address_text(&r->server, server), r->server_port, r->ip_protocol,
		    r->protocol != 0 ? record_text(r, r->protocol) : "-", r->end, r->service_port, (unsigned)r->packets[0], (unsigned)r->packets[1],
		    r->duplicates, (unsigned)r->first_packet, (unsigned)r->notes);
	}
	qsort(out, record_count, sizeof(out[0]), by_text);
	return record_count;
}

static void
test_shares_make_the_whole(void **state)
{
	unsigned expected, per_share[3];

	(void)state;
	mixture();
	worker_finish(worker);
	expected = describe(lines[0]);
	assert_true(expected > 80);
	options.share_count = 3;
	for (uint32_t i = 0; i < 3; i++) {
		unsigned before = record_count;

		options.share_index = i;
		if (i == 0)
			before = 0;
		open_worker();
		record_count = before;
		mixture();
		worker_finish(worker);
		per_share[i] = record_count - before;
	}
	assert_true(per_share[0] > 5 && per_share[1] > 5 && per_share[2] > 5);
	assert_int_equal(describe(lines[1]), expected);
	for (unsigned i = 0; i < expected; i++)
		assert_string_equal(lines[1][i], lines[0][i]);
}

static void
test_free_without_finish(void **state)
{
	(void)state;
	mixture();
	record_count = 0;
	worker_free(worker);
	worker = NULL;
	assert_int_equal(record_count, 0);
}

static void
test_finish_twice(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	whole(&c);
	worker_finish(worker);
	worker_finish(worker);
	assert_int_equal(record_count, 1);
}

static void
test_few_flows(void **state)
{
	struct worker_counters counters;

	(void)state;
	options.table.max_flows = 4;
	options.inspector.max_inspections = 4;
	open_worker();
	for (uint16_t i = 0; i < 100; i++) {
		struct connection c = connection(POD, (uint16_t)(30000 + i), BACKEND, 8080);

		shake_hands(&c);
		talk(&c);
		now += SECOND / 5;
	}
	worker_finish(worker);
	assert_int_equal(record_count, 100);
	worker_counters(worker, &counters);
	assert_int_equal(counters.table.evicted, 96);
	assert_int_equal(counters.table.created, 100);
	assert_int_equal(counters.inspector.refused, 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_http(&records[i]);
		assert_int_equal(records[i].client_port, 30000 + i);
		assert_int_equal(records[i].end, i < 96 ? FLOW_END_EVICTED : FLOW_END_FORCED);
	}
}

/*
 * A flow whose handshake comes after its payload is not made a leg of another: it would be lost,
 * and what inspects it never given back.
 */
static void
test_late_handshake(void **state)
{
	(void)state;
	options.inspector.max_inspections = 3;
	open_worker();
	for (uint16_t i = 0; i < 20; i++) {
		struct connection real = connection(POD, (uint16_t)(40000 + i), SERVICE, 80), forged = connection(POD, (uint16_t)(40000 + i), BACKEND, 8080);

		say(&real, true, TCP_SYN, "");
		say(&forged, true, TCP_ACK, "anything");
		forged.sequence[0] = real.sequence[0];
		say(&forged, false, TCP_SYN | TCP_ACK, "");
		now += 7300 * SECOND;
	}
	worker_finish(worker);
	assert_int_equal(record_count, 40);
	for (unsigned i = 0; i < record_count; i++) {
		assert_int_equal(records[i].notes & 1u << NOTE_NO_MEMORY, 0);
		assert_int_equal(records[i].packets[0] + records[i].packets[1], records[i].server_port == 80 ? 1 : 2);
	}
}

/* What is dissected is not turned round by a handshake that comes after it. */
static void
test_late_handshake_the_other_way(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080);

	(void)state;
	talk(&c);
	say(&c, true, TCP_SYN | TCP_ACK, "");
	assert_http(only_record());
	assert_int_equal(records[0].client_port, 40000);
	assert_int_equal(records[0].direction_basis, DIRECTION_EVIDENCE);
}

/* A copy that another worker hands over may come before what it is a copy of. */
static void
test_answer_before_syn(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 8080), late = c;

	(void)state;
	c.sequence[0]++;
	say(&c, false, TCP_SYN | TCP_ACK, "");
	say(&late, true, TCP_SYN, "");
	talk(&c);
	assert_http(only_record());
	assert_int_equal(records[0].client_port, 40000);
	assert_int_equal(records[0].direction_basis, DIRECTION_HANDSHAKE);
	/* A SYN of another connection ends it all the same. */
	open_worker();
	c = late = connection(POD, 40000, BACKEND, 8080);
	c.sequence[0]++;
	say(&c, false, TCP_SYN | TCP_ACK, "");
	late.sequence[0] += 77777;
	say(&late, true, TCP_SYN, "");
	worker_finish(worker);
	assert_int_equal(record_count, 2);
}

/* Whether the copy in the tunnel comes first or second. */
static void
test_tunnel_of_some(void **state)
{
	static const uint8_t tunnels[][2] = { { TUNNEL_NONE, TUNNEL_VXLAN }, { TUNNEL_VXLAN, TUNNEL_NONE } };
	struct wire w = { .source = POD, .destination = BACKEND, .source_port = 40000, .destination_port = 9999, .hop_limit = 64, .id = 7 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_worker();
		for (size_t k = 0; k < 2; k++) {
			struct frame frame = { .time = now, .number = k + 1, .link_type = LINK_RAW, .tunnel = tunnels[i][k] };

			frame_begin(&builder, "hello", 5);
			frame_udp(&builder, w.source_port, w.destination_port);
			put_ipv4(&w, IPPROTO_UDP);
			frame.bytes = frame_bytes(&builder);
			frame.captured = frame.original = (uint32_t)frame_size(&builder);
			worker_frame(worker, &frame);
		}
		worker_finish(worker);
		assert_int_equal(record_count, 1);
		assert_string_equal(record_text(&records[0], records[0].tunnel), "vxlan");
	}
}

/* What nobody of ours claims has a label where there is nDPI; what one claims has none. */
static void
test_labels(void **state)
{
	struct connection c = connection(POD, 40000, BACKEND, 5900), http = connection(POD, 40001, BACKEND, 80);
	bool ndpi = strcmp(classifier_version(), "none") != 0;

	(void)state;
	options.inspector.ndpi = NDPI_FALLBACK;
	open_worker();
	shake_hands(&c);
	say(&c, false, TCP_ACK | TCP_PSH, "RFB 003.008\n");
	say(&c, true, TCP_ACK | TCP_PSH, "RFB 003.008\n");
	close_connection(&c);
	whole(&http);
	worker_finish(worker);
	assert_int_equal(record_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		const char *label = records[i].ndpi_application != 0 ? record_text(&records[i], records[i].ndpi_application) : record_text(&records[i], records[i].ndpi_master);

		if (records[i].server_port == 5900 && ndpi) {
			assert_non_null(label);
			assert_string_equal(label, "vnc");
		} else {
			assert_null(label);
		}
		if (records[i].server_port == 5900) {
			assert_int_equal(records[i].state, ENCRYPTION_UNKNOWN);
			assert_int_equal(records[i].protocol, 0);
		}
	}
}

static void
test_no_memory(void **state)
{
	char error[200] = "";

	(void)state;
	options.table.max_flows = 0;
	assert_null(worker_new(&options, &sink, error, sizeof(error)));
	assert_true(error[0] != '\0');
	options.table.max_flows = 10;
	options.inspector.max_inspections = 0;
	assert_null(worker_new(&options, &sink, error, sizeof(error)));
	worker_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connection),
		TEST(test_roles_by_handshake),
		TEST(test_half_open),
		TEST(test_refused_by_reset),
		TEST(test_refused_by_icmp),
		TEST(test_signed_segments),
		TEST(test_midstream),
		TEST(test_idle_end),
		TEST(test_ports_used_again),
		TEST(test_syn_in_an_open_connection),
		TEST(test_tcp_fast_open),
		TEST(test_both_legs),
		TEST(test_masqueraded_leg),
		TEST(test_hairpin_legs),
		TEST(test_ports_used_again_on_both_legs),
		TEST(test_copies_are_counted_once),
		TEST(test_retransmissions_are_no_copies),
		TEST(test_datagrams_on_both_legs),
		TEST(test_half_flows_of_a_service),
		TEST(test_half_flows_of_a_masqueraded_client),
		TEST(test_half_flows_of_datagrams),
		TEST(test_datagrams_that_are_no_half_flows),
		TEST(test_protocols_of_the_network_layer),
		TEST(test_tunnel),
		TEST(test_one_carrier),
		TEST(test_frames_that_are_no_packets),
		TEST(test_shares_make_the_whole),
		TEST(test_free_without_finish),
		TEST(test_finish_twice),
		TEST(test_few_flows),
		TEST(test_late_handshake),
		TEST(test_late_handshake_the_other_way),
		TEST(test_answer_before_syn),
		TEST(test_tunnel_of_some),
		TEST(test_labels),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests_name("sensor/worker", tests, NULL, NULL);
}
