/* SPDX-License-Identifier: Apache-2.0 */
/* A worker for tests, the records it makes, and connections to show it. One to a test program: all is static. */
#ifndef PODWIRE_WORKER_BENCH_H
#define PODWIRE_WORKER_BENCH_H

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/worker.h"
#include "tests/sensor/frame_builder.h"

#define SECOND INT64_C(1000000000)

enum {
	RECORDS_MAX = 600,
	LINK_RAW = 101, /* LINKTYPE_RAW: begins with the IP header */
	POD = 0x0a000001, SERVICE = 0x0a2b0050, BACKEND = 0x0a000003, GATEWAY = 0x0a0000fe,
};

static struct worker_options options;
static struct worker *worker;
static struct flow_record records[RECORDS_MAX];
static unsigned record_count;
static struct frame_builder builder;
static uint64_t frame_number;
static int64_t now;
static uint16_t next_id;

static inline void
on_flow(void *context, const struct flow_record *r)
{
	assert_ptr_equal(context, records);
	assert_true(record_valid(r, r->size, NULL));
	assert_true(record_count < RECORDS_MAX);
	memcpy(&records[record_count++], r, r->size);
}

static const struct record_sink sink = { .flow = on_flow, .context = records };

static inline void
open_worker(void)
{
	char error[200];

	worker_free(worker);
	worker = worker_new(&options, &sink, error, sizeof(error));
	assert_non_null(worker);
	record_count = 0;
	frame_number = 0;
	now = 1700000000 * SECOND;
	next_id = 1;
}

static inline int
setup(void **state)
{
	(void)state;
	options = worker_defaults;
	options.table = flow_table_defaults;
	options.table.max_flows = 1000;
	options.inspector = inspector_defaults;
	options.inspector.max_inspections = 1000;
	options.inspector.ndpi = NDPI_OFF;
	open_worker();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	worker_free(worker);
	worker = NULL;
	return 0;
}

/* An IPv4 packet's headers. */
struct wire {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgement;
	uint16_t id;
	uint8_t flags, hop_limit;
	bool is_signed; /* with an MD5 signature option */
};

static inline void
put_ipv4(const struct wire *w, uint8_t protocol)
{
	uint32_t size = (uint32_t)frame_size(&builder) + 20;

	frame_put32(&builder, w->destination);
	frame_put32(&builder, w->source);
	frame_put16(&builder, 0);
	frame_put8(&builder, protocol);
	frame_put8(&builder, w->hop_limit);
	frame_put16(&builder, 0x4000);
	frame_put16(&builder, w->id);
	frame_put16(&builder, size);
	frame_put16(&builder, 0x4500);
}

static inline void
put_tcp(const struct wire *w)
{
	static const uint8_t signature[20] = { 1, 1, 19, 18, 1, 2, 3 };

	for (size_t i = sizeof(signature); w->is_signed && i-- > 0;)
		frame_put8(&builder, signature[i]);
	frame_put16(&builder, 0);
	frame_put16(&builder, 0);
	frame_put16(&builder, 512);
	frame_put8(&builder, w->flags);
	frame_put8(&builder, w->is_signed ? 0xa0 : 0x50);
	frame_put32(&builder, w->acknowledgement);
	frame_put32(&builder, w->sequence);
	frame_put16(&builder, w->destination_port);
	frame_put16(&builder, w->source_port);
}

static inline void
give_cut(size_t cut)
{
	struct frame frame = { .time = now, .number = ++frame_number, .link_type = LINK_RAW, .bytes = frame_bytes(&builder) };

	frame.original = (uint32_t)frame_size(&builder);
	frame.captured = frame.original - (uint32_t)cut;
	worker_frame(worker, &frame);
	now += SECOND / 1000;
}

static inline void
give(void)
{
	give_cut(0);
}

static inline void
tcp(struct wire w, const char *payload)
{
	frame_begin(&builder, payload, strlen(payload));
	put_tcp(&w);
	put_ipv4(&w, IPPROTO_TCP);
	give();
}

static inline void
udp(struct wire w, const char *payload)
{
	frame_begin(&builder, payload, strlen(payload));
	frame_udp(&builder, w.source_port, w.destination_port);
	put_ipv4(&w, IPPROTO_UDP);
	give();
}

/* An ICMP error about a packet that was sent as w: its IP header and 8 bytes (RFC 792). */
static inline void
icmp_error(struct wire w, uint8_t protocol, uint8_t type, uint8_t code)
{
	struct wire error = { .source = GATEWAY, .destination = w.source, .hop_limit = 64, .id = next_id++ };
	uint8_t quoted[28];

	frame_begin(&builder, NULL, 0);
	put_tcp(&w);
	put_ipv4(&w, protocol);
	memcpy(quoted, frame_bytes(&builder), sizeof(quoted));
	frame_begin(&builder, quoted, sizeof(quoted));
	frame_put32(&builder, 0);
	frame_put16(&builder, 0);
	frame_put8(&builder, code);
	frame_put8(&builder, type);
	put_ipv4(&error, IPPROTO_ICMP);
	give();
}

/* A TCP connection, seen on up to two legs, and each packet on a leg as often as copies says. */
struct connection {
	struct wire leg[2]; /* the client's packets */
	unsigned legs, copies;
	uint32_t sequence[2]; /* next of the client, of the server */
};

static inline struct connection
connection(uint32_t client, uint16_t client_port, uint32_t server, uint16_t server_port)
{
	return (struct connection){
		.leg = { { .source = client, .source_port = client_port, .destination = server, .destination_port = server_port, .hop_limit = 64 } },
		.legs = 1,
		.copies = 1,
		.sequence = { 1000u + client_port * 77u, 5000u + client_port * 99u },
	};
}

static inline void
say(struct connection *c, bool from_client, uint8_t flags, const char *payload)
{
	uint16_t id = next_id++;

	for (unsigned i = 0; i < c->legs * c->copies; i++) {
		/* Answers pass the legs the other way round. */
		unsigned l = from_client ? i / c->copies : c->legs - 1 - i / c->copies;
		struct wire w = c->leg[l];

		if (!from_client)
			w = (struct wire){ .source = w.destination, .source_port = w.destination_port, .destination = w.source, .destination_port = w.source_port, .hop_limit = w.hop_limit, .is_signed = w.is_signed };
		w.id = id;
		w.flags = flags;
		w.sequence = c->sequence[!from_client];
		w.acknowledgement = (flags & TCP_ACK) != 0 ? c->sequence[from_client] : 0;
		tcp(w, payload);
	}
	c->sequence[!from_client] += (uint32_t)strlen(payload) + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

static inline void
shake_hands(struct connection *c)
{
	say(c, true, TCP_SYN, "");
	say(c, false, TCP_SYN | TCP_ACK, "");
	say(c, true, TCP_ACK, "");
}

static inline void
talk(struct connection *c)
{
	say(c, true, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: api\r\n\r\n");
	say(c, false, TCP_ACK | TCP_PSH, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static inline void
close_connection(struct connection *c)
{
	say(c, true, TCP_FIN | TCP_ACK, "");
	say(c, false, TCP_FIN | TCP_ACK, "");
	say(c, true, TCP_ACK, "");
}

static inline void
whole(struct connection *c)
{
	shake_hands(c);
	talk(c);
	close_connection(c);
}

static inline const struct flow_record *
only_record(void)
{
	worker_finish(worker);
	assert_int_equal(record_count, 1);
	return &records[0];
}

static inline void
assert_address(const struct address *a, uint32_t expected)
{
	struct address e = address_from_v4((const uint8_t[]){ (uint8_t)(expected >> 24), (uint8_t)(expected >> 16), (uint8_t)(expected >> 8), (uint8_t)expected });
	char text[ADDRESS_TEXT_SIZE], expected_text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_text(a, text), address_text(&e, expected_text));
}

static inline void
assert_http(const struct flow_record *r)
{
	assert_true(r->protocol != 0);
	assert_string_equal(record_text(r, r->protocol), "http");
	assert_int_equal(r->state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(r->auth_result, AUTH_NONE);
}

static inline void
assert_http_between(const struct flow_record *r, uint32_t client, uint32_t server)
{
	assert_http(r);
	assert_address(&r->client, client);
	assert_address(&r->server, server);
}

#endif
