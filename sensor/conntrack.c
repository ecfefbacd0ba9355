/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See conntrack.h. Messages are those of linux/netfilter/nfnetlink_conntrack.h, by libmnl. Connections
 * that are not translated, most of them, are not kept.
 */
#include <config.h>

#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hash.h"

enum { WAYS = 4, SETS = CONNTRACK_SLOTS / WAYS, RECEIVE_BUFFER = 4 << 20, DATAGRAM_SIZE = 16384, READS_AT_ONCE = 256 };

/* Compared and hashed as bytes: no gaps. */
struct key {
	struct address client, server;
	uint16_t client_port, server_port;
	uint32_t ip_protocol;
};

struct slot {
	struct key key;
	struct conntrack_end asked;
	uint64_t age; /* the higher, the younger; 0: empty */
};

struct conntrack {
	int fd;
	struct conntrack_counters counters;
	struct hash_key hash;
	uint64_t clock;
	struct slot sets[SETS][WAYS];
};

/* Messages. */

struct tuple {
	struct conntrack_end source, destination;
	uint8_t ip_protocol;
	bool has_source, has_destination, has_source_port, has_destination_port;
};

/* An address attribute of 4 or 16 bytes. */
static bool
read_address(const struct nlattr *a, struct address *out)
{
	switch (mnl_attr_get_payload_len(a)) {
	case 4:
		*out = address_from_v4(mnl_attr_get_payload(a));
		return true;
	case 16:
		*out = address_from_v6(mnl_attr_get_payload(a));
		return true;
	default:
		return false;
	}
}

static bool
read_port(const struct nlattr *a, uint16_t *out)
{
	const uint8_t *bytes = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) != 2)
		return false;
	*out = (uint16_t)(bytes[0] << 8 | bytes[1]);
	return true;
}

static int
read_address_of(const struct nlattr *a, void *context)
{
	struct tuple *t = context;

	switch (mnl_attr_get_type(a)) {
	case CTA_IP_V4_SRC:
	case CTA_IP_V6_SRC:
		t->has_source = read_address(a, &t->source.address);
		break;
	case CTA_IP_V4_DST:
	case CTA_IP_V6_DST:
		t->has_destination = read_address(a, &t->destination.address);
		break;
	}
	return MNL_CB_OK;
}

static int
read_protocol_of(const struct nlattr *a, void *context)
{
	struct tuple *t = context;

	switch (mnl_attr_get_type(a)) {
	case CTA_PROTO_NUM:
		if (mnl_attr_get_payload_len(a) == 1)
			t->ip_protocol = mnl_attr_get_u8(a);
		break;
	case CTA_PROTO_SRC_PORT:
		t->has_source_port = read_port(a, &t->source.port);
		break;
	case CTA_PROTO_DST_PORT:
		t->has_destination_port = read_port(a, &t->destination.port);
		break;
	}
	return MNL_CB_OK;
}

static int
read_tuple(const struct nlattr *a, void *context)
{
	if (mnl_attr_get_type(a) == CTA_TUPLE_IP)
		(void)mnl_attr_parse_nested(a, read_address_of, context);
	else if (mnl_attr_get_type(a) == CTA_TUPLE_PROTO)
		(void)mnl_attr_parse_nested(a, read_protocol_of, context);
	return MNL_CB_OK;
}

/* Both directions of a connection. */
struct connection {
	struct tuple first, answer;
};

static int
read_connection(const struct nlattr *a, void *context)
{
	struct connection *c = context;

	if (mnl_attr_get_type(a) == CTA_TUPLE_ORIG)
		(void)mnl_attr_parse_nested(a, read_tuple, &c->first);
	else if (mnl_attr_get_type(a) == CTA_TUPLE_REPLY)
		(void)mnl_attr_parse_nested(a, read_tuple, &c->answer);
	return MNL_CB_OK;
}

static bool
is_whole(const struct tuple *t)
{
	return t->has_source && t->has_destination && t->has_source_port && t->has_destination_port && t->ip_protocol != 0;
}

bool
conntrack_parse(const struct nlmsghdr *message, struct conntrack_entry *out)
{
	struct connection c = { .first = { .ip_protocol = 0 } };

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_CTNETLINK || NFNL_MSG_TYPE(message->nlmsg_type) != IPCTNL_MSG_CT_NEW)
		return false;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return false;
	(void)mnl_attr_parse(message, sizeof(struct nfgenmsg), read_connection, &c);
	if (!is_whole(&c.first) || !is_whole(&c.answer) || c.first.ip_protocol != c.answer.ip_protocol)
		return false;
	*out = (struct conntrack_entry){
		.client = c.first.source,
		.asked = c.first.destination,
		.server = c.answer.source,
		.seen_client = c.answer.destination,
		.ip_protocol = c.first.ip_protocol,
	};
	return true;
}

/* The table. */

static bool
same_end(const struct conntrack_end *a, const struct conntrack_end *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

static struct key
key_of(uint8_t ip_protocol, const struct conntrack_end *client, const struct conntrack_end *server)
{
	return (struct key){ .client = client->address, .server = server->address, .client_port = client->port, .server_port = server->port, .ip_protocol = ip_protocol };
}

static size_t
set_of(const struct conntrack *c, const struct key *key)
{
	return hash_bytes(&c->hash, key, sizeof(*key)) % SETS;
}

/* In the place of the same connection's, or of the oldest. */
static void
keep(struct conntrack *c, uint8_t ip_protocol, const struct conntrack_end *client, const struct conntrack_end *server, const struct conntrack_end *asked)
{
	const struct key key = key_of(ip_protocol, client, server);
	struct slot *set = c->sets[set_of(c, &key)], *place = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].age > 0 && memcmp(&set[i].key, &key, sizeof(key)) == 0) {
			place = &set[i];
			break;
		}
		if (set[i].age < place->age)
			place = &set[i];
	}
	*place = (struct slot){ .key = key, .asked = *asked, .age = ++c->clock };
}

static void
take_entry(struct conntrack *c, const struct conntrack_entry *e)
{
	if (same_end(&e->asked, &e->server))
		return;
	c->counters.translated++;
	keep(c, e->ip_protocol, &e->client, &e->server, &e->asked);
	/* Where the source was translated too, the flow may have been seen with either. */
	if (!same_end(&e->client, &e->seen_client))
		keep(c, e->ip_protocol, &e->seen_client, &e->server, &e->asked);
}

void
conntrack_take(struct conntrack *c, const void *datagram, size_t size)
{
	const struct nlmsghdr *message = datagram;
	int left = size > DATAGRAM_SIZE ? DATAGRAM_SIZE : (int)size;

	/* The library takes a length above INT_MAX for a negative one, which fits. */
	for (; mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (unsigned)left; message = mnl_nlmsg_next(message, &left)) {
		struct conntrack_entry e;

		c->counters.messages++;
		if (conntrack_parse(message, &e))
			take_entry(c, &e);
		else
			c->counters.refused++;
	}
}

bool
conntrack_find(const struct conntrack *c, uint8_t ip_protocol, const struct conntrack_end *client, const struct conntrack_end *server, struct conntrack_end *asked)
{
	const struct key key = key_of(ip_protocol, client, server);
	const struct slot *set = c->sets[set_of(c, &key)];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].age == 0 || memcmp(&set[i].key, &key, sizeof(key)) != 0)
			continue;
		*asked = set[i].asked;
		return true;
	}
	return false;
}

bool
conntrack_complete(const struct conntrack *c, const struct inventory *inv, struct flow_record *r)
{
	const struct conntrack_end client = { r->client, r->client_port }, server = { r->server, r->server_port };
	struct conntrack_end asked;
	struct service_name name;

	if (r->has_service || inventory_service_at(inv, &r->server, r->server_port, r->ip_protocol, r->first_seen, &name) || inventory_service_behind(inv, &r->server, r->server_port, r->ip_protocol, r->first_seen, &name))
		return false;
	if (!conntrack_find(c, r->ip_protocol, &client, &server, &asked))
		return false;
	r->service = asked.address;
	r->service_port = asked.port;
	r->has_service = r->service_tracked = true;
	return true;
}

/* The socket. */

int
conntrack_open(char *error, size_t error_size)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 << (NFNLGRP_CONNTRACK_NEW - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER), size = RECEIVE_BUFFER;

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		/* A larger one than is allowed to all takes the same capability; without it a smaller one does. */
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
			(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		return fd;
	}
	(void)snprintf(error, error_size, "connection tracking cannot be read: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

struct conntrack *
conntrack_new(int fd)
{
	struct conntrack *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->fd = fd;
	hash_key_init(&c->hash);
	return c;
}

void
conntrack_free(struct conntrack *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c);
}

void
conntrack_read(struct conntrack *c)
{
	_Alignas(struct nlmsghdr) char datagram[DATAGRAM_SIZE];

	for (int i = 0; i < READS_AT_ONCE; i++) {
		struct sockaddr_nl from = { .nl_family = AF_NETLINK };
		socklen_t from_size = sizeof(from);
		ssize_t size = recvfrom(c->fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &from_size);

		if (size < 0 && errno == ENOBUFS)
			c->counters.lost++;
		else if (size < 0 && errno != EINTR)
			return;
		else if (size > 0 && from.nl_pid != 0)
			c->counters.refused++; /* from another process, not from the kernel */
		else if (size > 0)
			conntrack_take(c, datagram, (size_t)size);
	}
}

const struct conntrack_counters *
conntrack_counters(const struct conntrack *c)
{
	return &c->counters;
}
