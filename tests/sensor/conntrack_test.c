/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the kernel's connection tracking, well made and not, and what is remembered of them. */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "sensor/conntrack.h"

static struct conntrack_end
end(const char *text, uint16_t port)
{
	struct conntrack_end e = { .port = port };

	assert_true(address_parse(text, &e.address));
	return e;
}

static void
put_address(struct nlmsghdr *m, const struct address *a, uint16_t v4, uint16_t v6)
{
	if (address_is_v4(a))
		mnl_attr_put(m, v4, 4, a->bytes + 12);
	else
		mnl_attr_put(m, v6, 16, a->bytes);
}

static void
put_tuple(struct nlmsghdr *m, uint16_t type, const struct conntrack_end *from, const struct conntrack_end *to, uint8_t ip_protocol)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, type), *part = mnl_attr_nest_start(m, CTA_TUPLE_IP);

	put_address(m, &from->address, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
	put_address(m, &to->address, CTA_IP_V4_DST, CTA_IP_V6_DST);
	mnl_attr_nest_end(m, part);
	part = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, ip_protocol);
	mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(from->port));
	mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(to->port));
	mnl_attr_nest_end(m, part);
	mnl_attr_nest_end(m, tuple);
}

/* Writes the message at buffer, which is zeroed; returns its size. */
static size_t
message(void *buffer, const struct conntrack_entry *e)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg));
	put_tuple(m, CTA_TUPLE_ORIG, &e->client, &e->asked, e->ip_protocol);
	put_tuple(m, CTA_TUPLE_REPLY, &e->server, &e->seen_client, e->ip_protocol);
	mnl_attr_put_u32(m, CTA_STATUS, 0);
	return m->nlmsg_len;
}

static struct conntrack_entry
dnat(void)
{
	return (struct conntrack_entry){ .client = end("10.42.0.5", 40000), .asked = end("10.96.0.10", 80), .server = end("10.42.1.7", 8080), .seen_client = end("10.42.0.5", 40000), .ip_protocol = IPPROTO_TCP };
}

static void
translated(void **state)
{
	_Alignas(8) char buffer[1024] = { 0 };
	struct conntrack *c = conntrack_new(-1);
	struct conntrack_entry e = dnat(), read;
	struct conntrack_end asked = end("10.0.0.0", 0);
	size_t size = message(buffer, &e);

	(void)state;
	assert_true(conntrack_parse((struct nlmsghdr *)buffer, &read));
	assert_memory_equal(&read.asked.address, &e.asked.address, 16);
	assert_int_equal(read.asked.port, 80);
	assert_int_equal(read.server.port, 8080);
	assert_false(conntrack_find(c, IPPROTO_TCP, &e.client, &e.server, &asked));
	conntrack_take(c, buffer, size);
	assert_true(conntrack_find(c, IPPROTO_TCP, &e.client, &e.server, &asked));
	assert_true(address_equal(&asked.address, &e.asked.address));
	assert_int_equal(asked.port, 80);
	assert_false(conntrack_find(c, IPPROTO_UDP, &e.client, &e.server, &asked));
	assert_false(conntrack_find(c, IPPROTO_TCP, &e.server, &e.client, &asked));
	assert_int_equal(conntrack_counters(c)->translated, 1);
	conntrack_free(c);
	conntrack_free(NULL);
}

/* Two messages in a datagram: IPv6 with both ends translated, and a connection as it is. */
static void
others(void **state)
{
	_Alignas(8) char buffer[2048] = { 0 };
	struct conntrack *c = conntrack_new(-1);
	struct conntrack_entry both = { .client = end("fd00::5", 40000), .asked = end("fd00:96::1", 443), .server = end("fd00::7", 8443), .seen_client = end("fd00::1", 50000), .ip_protocol = IPPROTO_UDP };
	struct conntrack_entry plain = dnat();
	struct conntrack_end asked;
	size_t size = message(buffer, &both);

	(void)state;
	plain.server = plain.asked;
	size += message(buffer + size, &plain);
	conntrack_take(c, buffer, size);
	assert_true(conntrack_find(c, IPPROTO_UDP, &both.client, &both.server, &asked));
	assert_true(conntrack_find(c, IPPROTO_UDP, &both.seen_client, &both.server, &asked));
	assert_int_equal(asked.port, 443);
	assert_false(conntrack_find(c, IPPROTO_TCP, &plain.client, &plain.server, &asked));
	assert_int_equal(conntrack_counters(c)->messages, 2);
	assert_int_equal(conntrack_counters(c)->translated, 1);
	assert_int_equal(conntrack_counters(c)->refused, 0);
	conntrack_free(c);
}

/* Every cut, and every byte changed: nothing is read beyond the end. */
static void
damaged(void **state)
{
	_Alignas(8) char buffer[1024] = { 0 };
	struct conntrack *c = conntrack_new(-1);
	struct conntrack_entry e = dnat();
	size_t size = message(buffer, &e);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		char *copy = malloc(cut + (cut == 0));

		assert_non_null(copy);
		memcpy(copy, buffer, cut);
		conntrack_take(c, copy, cut);
		free(copy);
	}
	assert_int_equal(conntrack_counters(c)->translated, 0);
	for (size_t i = 0; i < size; i++) {
		for (unsigned value = 0; value < 256; value += 51) {
			char *copy = malloc(size);

			assert_non_null(copy);
			memcpy(copy, buffer, size);
			copy[i] = (char)value;
			conntrack_take(c, copy, size);
			free(copy);
		}
	}
	assert_true(conntrack_counters(c)->refused > 0);
	conntrack_free(c);
}

/* There is room for so many; the youngest are known. */
static void
bounded(void **state)
{
	_Alignas(8) char buffer[1024];
	struct conntrack *c = conntrack_new(-1);
	struct conntrack_entry e = dnat();
	struct conntrack_end asked;
	size_t known = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * CONNTRACK_SLOTS; i++) {
		e.client.port = e.seen_client.port = (uint16_t)i;
		e.client.address.bytes[14] = e.seen_client.address.bytes[14] = (uint8_t)(i >> 16);
		memset(buffer, 0, sizeof(buffer));
		conntrack_take(c, buffer, message(buffer, &e));
	}
	assert_true(conntrack_find(c, IPPROTO_TCP, &e.client, &e.server, &asked));
	for (unsigned i = 0; i < 3 * CONNTRACK_SLOTS; i++) {
		e.client.port = (uint16_t)i;
		e.client.address.bytes[14] = (uint8_t)(i >> 16);
		known += conntrack_find(c, IPPROTO_TCP, &e.client, &e.server, &asked);
	}
	assert_in_range(known, CONNTRACK_SLOTS * 9 / 10, CONNTRACK_SLOTS);
	conntrack_free(c);
}

/* Only where neither the wire nor the lists tell. */
static void
completes_records(void **state)
{
	static const char service[] = "{'kind':'Service','apiVersion':'v1','metadata':{'name':'api','namespace':'shop','uid':'s1'},'spec':{'clusterIP':'10.96.0.10','ports':[{'port':80,'targetPort':8080}]}}";
	static const char slice[] = "{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','metadata':{'name':'api-1','namespace':'shop','uid':'e1','labels':{'kubernetes.io/service-name':'api'}},'ports':[{'port':8080}],'endpoints':[{'addresses':['10.42.1.7']}]}";
	_Alignas(8) char buffer[1024] = { 0 };
	struct inventory *inv = inventory_new();
	struct conntrack *c = conntrack_new(-1);
	struct conntrack_entry e = dnat();
	struct flow_record *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	assert_true(read_text(inv, service, NULL, 0));
	conntrack_take(c, buffer, message(buffer, &e));
	record_init(r);
	r->client = e.client.address;
	r->client_port = e.client.port;
	r->server = e.server.address;
	r->server_port = e.server.port;
	r->ip_protocol = IPPROTO_TCP;
	r->first_seen = at(12, 0, 0);
	assert_true(conntrack_complete(c, inv, r));
	assert_true(r->has_service && r->service_tracked);
	assert_true(address_equal(&r->service, &e.asked.address));
	assert_int_equal(r->service_port, 80);
	/* Now the record has it. */
	assert_false(conntrack_complete(c, inv, r));
	r->has_service = r->service_tracked = false;
	r->client_port++;
	assert_false(conntrack_complete(c, inv, r));
	r->client_port--;
	assert_true(read_text(inv, slice, NULL, 0));
	assert_false(conntrack_complete(c, inv, r));
	assert_false(r->has_service);
	free(r);
	conntrack_free(c);
	inventory_free(inv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(translated),
		cmocka_unit_test(others),
		cmocka_unit_test(damaged),
		cmocka_unit_test(bounded),
		cmocka_unit_test(completes_records),
	};

	return cmocka_run_group_tests_name("conntrack", tests, NULL, NULL);
}
