/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which address a connection was made to before the node translated it, by the kernel's connection
 * tracking: it tells of each new connection over a netlink socket. To open that takes CAP_NET_ADMIN
 * in the host's network namespace, to read it nothing; to ask for one connection takes the capability
 * at every question, so nobody asks. What was not heard is not known.
 */
#ifndef PODWIRE_CONNTRACK_H
#define PODWIRE_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "inventory.h"
#include "record.h"

/* One end of a connection. */
struct conntrack_end {
	struct address address;
	uint16_t port;
};

/* A connection as both directions have it. Translated: asked and server differ, or client and seen_client do. */
struct conntrack_entry {
	struct conntrack_end client, asked;       /* the first packet's source and destination */
	struct conntrack_end server, seen_client; /* an answer's source and destination */
	uint8_t ip_protocol;
};

enum { CONNTRACK_SLOTS = 32768 }; /* connections remembered; the oldest of four is forgotten for a new one */

struct conntrack_counters {
	uint64_t messages, translated; /* heard, and those of translated connections */
	uint64_t refused;              /* messages that made no sense */
	uint64_t lost;                 /* times the kernel had to drop messages, because they were not read in time */
};

struct conntrack;

/*
 * Opens the socket, to be done before privileges are dropped. It does not block. -1, with a line in
 * error, where it may not be opened.
 */
int conntrack_open(char *error, size_t error_size);

/* Takes the socket, or -1 for none. Returns owned. */
struct conntrack *conntrack_new(int fd);
void conntrack_free(struct conntrack *);

/* Reads what is there: to be called when the socket is readable. At most some hundred messages at once. */
void conntrack_read(struct conntrack *);

/* Takes in one datagram of the socket, 4-byte aligned: messages one behind the other. */
void conntrack_take(struct conntrack *, const void *datagram, size_t size);

/* What address and port the client asked for, of a connection seen behind the translation. */
bool conntrack_find(const struct conntrack *, uint8_t ip_protocol, const struct conntrack_end *client, const struct conntrack_end *server, struct conntrack_end *asked);

/*
 * Fills in a record's Service address where neither the wire nor the inventory tells the Service; false
 * where nothing was filled in.
 */
bool conntrack_complete(const struct conntrack *, const struct inventory *, struct flow_record *);

const struct conntrack_counters *conntrack_counters(const struct conntrack *);

/* Reads one message: false where it is none of a new connection with ports. */
struct nlmsghdr;
bool conntrack_parse(const struct nlmsghdr *, struct conntrack_entry *out);

#endif
