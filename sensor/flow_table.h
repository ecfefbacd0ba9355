/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow table: bidirectional flows by 5-tuple, in memory bounded at start. One lookup a packet
 * touches one line of the slot array and the flow. Flows end by timeouts driven by packet time, by
 * being closed, or by eviction of the longest idle one when the table is full.
 *
 * A connection that is seen under several 5-tuples, before and after address translation, is one
 * flow: the other tuples are aliases of it, found again by the initial sequence number.
 */
#ifndef PODWIRE_FLOW_TABLE_H
#define PODWIRE_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "hash.h"
#include "packet.h"
#include "fixed_pool.h"
#include "record.h"

/*
 * Both ends, the one with the lower port (then address) first, so that both directions have the
 * same key. "Side" 0 and 1 below are these ends, whatever their roles.
 */
struct flow_key {
	struct address address[2];
	uint16_t port[2];
	uint8_t ip_protocol;
	uint8_t carrier; /* enum tunnel: the flow is what carries others' packets; TUNNEL_NONE: it is one */
	uint8_t pad[2];
};

/* Lists of flows with the same idle timeout, each in the order of last use. */
enum flow_class {
	FLOW_TCP_OPENING, /* not yet answered */
	FLOW_TCP_OPEN,
	FLOW_TCP_CLOSED,  /* reset, or finished by both; kept a while for what comes late */
	FLOW_UDP,
	FLOW_OTHER,
	FLOW_CLASS_COUNT
};

enum flow_tcp_seen {
	FLOW_SEEN_SYN = 1,      /* by the side that opens */
	FLOW_SEEN_SYN_ACK = 2,  /* by the side that answers */
	FLOW_SEEN_FIN = 4,
	FLOW_SEEN_RST = 8,
	FLOW_SEEN_PACKET = 16,
	FLOW_SEEN_SIGNED = 32,  /* a segment with an MD5 signature option */
	FLOW_SEEN_PAYLOAD = 64, /* payload that is no longer in the counts */
	FLOW_SEEN_UNSIGNED = 128, /* a segment without one; not a later reset, which anybody may send */
};

/* The last packets of one side, as short signatures: a packet that is among them was seen twice. */
struct repeat_window {
	uint32_t signature[4];
};

struct inspection;
struct parked_inspection;

struct flow {
	struct flow_key key;
	uint32_t hash;
	uint32_t alias_of;      /* index of the flow this entry is another tuple of; 0: it is a flow */
	int64_t last_seen;      /* nanoseconds since 1970 */
	uint32_t older, newer;  /* neighbours in the list of its class; of an alias: newer is the next alias */

	uint64_t bytes[2], payload[2]; /* by side */
	uint32_t packets[2];
	int64_t first_seen;
	uint64_t first_packet;

	uint32_t initial_sequence[2]; /* of the SYN, where seen */
	uint32_t sequence_end[2], acknowledged[2]; /* TCP: highest so far; DNS: ID of the first and the last question */
	struct repeat_window window[2];
	uint32_t duplicates;
	uint32_t aliases;       /* first alias, or 0 */
	uint32_t moved;         /* when it was put at the front of its list, in sweep intervals */
	uint32_t serial;        /* of all flows of the table */

	union {
		struct inspection *inspection; /* what looks at the payload; NULL: nothing */
		struct parked_inspection *parking; /* that, put away; see parked */
	};
	uint32_t notes;         /* 1 << enum note, for flows without an inspection */
	uint16_t file;          /* of the first packet */
	uint8_t class;          /* enum flow_class */
	uint8_t seen[2];        /* enum flow_tcp_seen, by side */
	uint8_t client_side;
	uint8_t direction_basis; /* enum direction_basis */
	uint8_t tunnel;         /* enum tunnel of the first packet that was in one */
	uint8_t hop_limit;      /* of the first packet */
	uint8_t flip : 1;       /* of an alias: its side 0 is side 1 of the flow */
	uint8_t settled : 1;    /* there is nothing more to be learnt of its payload */
	uint8_t parked : 1;     /* what looks at the payload is put away */
	uint8_t alias_role;     /* of an alias: enum alias_role */
	uint8_t first_side;     /* who sent the first packet */
};

/* What another tuple of a connection tells. */
enum alias_role {
	ALIAS_ONLY,     /* nothing new */
	ALIAS_SERVICE,  /* its server is the address that the client asked for (before DNAT) */
	ALIAS_BACKEND,  /* its server is the one that answers (after DNAT) */
	ALIAS_CLIENT,   /* its client is the real one (before masquerading) */
};

struct flow_table_options {
	uint32_t max_flows;
	int64_t timeout[FLOW_CLASS_COUNT]; /* idle, nanoseconds */
};

/* Counters of the table, for reports. */
struct flow_table_counters {
	uint64_t created, evicted, aliases, duplicates;
};

/* Recently seen openings, direct-mapped: lossy under a flood, never growing. */
struct recent_opening {
	uint32_t flow; /* index */
	uint32_t hash;
	uint32_t mark; /* of the packet: what translation leaves as it is */
};

/* Sockets that sent the first datagram of a flow lately, direct-mapped. */
struct asked_socket {
	uint32_t flow; /* index */
	uint32_t serial; /* of that flow */
	uint32_t hash; /* of the socket's address and port */
	int64_t doubtful_until; /* more than one has waited here: which of them an answer is for nobody can tell */
};

struct flow_table {
	struct fixed_pool flows;
	struct { uint32_t hash, flow; } *slots; /* open addressing, linear; flow 0: free */
	uint32_t slot_mask;
	uint32_t newest[FLOW_CLASS_COUNT], oldest[FLOW_CLASS_COUNT];
	uint32_t count[FLOW_CLASS_COUNT];
	struct recent_opening *recent;
	struct asked_socket *asked;
	struct hash_key hash_key;
	struct flow_table_options options;
	struct flow_table_counters counters;
	int64_t now;        /* packet time, never going back */
	int64_t leap;       /* a time far ahead that one packet had */
	int64_t next_sweep;
	uint32_t serial;    /* of the flow made last */
	bool clearing;      /* nobody looks flows up any more */
	void (*on_end)(void *context, struct flow *, enum flow_end); /* the flow is freed on return */
	void *context;
};

/* The idle timeouts used where nothing else is asked for. */
extern const struct flow_table_options flow_table_defaults;

/* False without memory. */
bool flow_table_init(struct flow_table *, const struct flow_table_options *);

/* Ends every flow (FLOW_END_FORCED), oldest first seen first within its class, and frees the table's memory. */
void flow_table_clear(struct flow_table *);

/* Moves packet time forward and ends what has been idle too long. */
void flow_table_advance(struct flow_table *, int64_t now);

/*
 * The flow of the packet, made where there is none. *side is the side that sent it. The flow is
 * moved to the front of its class. Never NULL: a full table evicts.
 */
struct flow *flow_table_take(struct flow_table *, const struct packet *, unsigned *side);

/* The same of what carries packets in such a tunnel: never that of a datagram with the same addresses and ports. */
struct flow *flow_table_take_carrier(struct flow_table *, const struct packet *, enum tunnel, unsigned *side);

/* A packet of the flow was seen at this time. */
void flow_table_touch(const struct flow_table *, struct flow *, int64_t time);

/* The flow with this 5-tuple, or NULL; nothing is made or moved. *side is the side with source. */
struct flow *flow_table_find(const struct flow_table *, const struct address *source, uint16_t source_port, const struct address *destination, uint16_t destination_port, uint8_t ip_protocol, unsigned *side);

/* A number that no other flow of the table has or had (that is, of four thousand million in one place). */
uint64_t flow_table_id(const struct flow_table *, const struct flow *);

/* Changes the timeout class. */
void flow_table_set_class(struct flow_table *, struct flow *, enum flow_class);

/* Ends one flow now. */
void flow_table_end(struct flow_table *, struct flow *, enum flow_end);

/*
 * Remembers what opens a connection (the client's port and its initial sequence number or first
 * datagram), or, if that was remembered less than a second ago of another flow, makes this flow an
 * alias of that one, ends it without a record and returns the other, with *side turned to it. The
 * packet must be the flow's first, and not counted yet.
 */
struct flow *flow_table_join(struct flow_table *, struct flow *, const struct packet *, unsigned *side, uint16_t client_port, uint32_t opening);

/*
 * The same for datagrams whose answers come from another address than was asked: a flow that begins
 * with a datagram to a socket which has exactly one other question open, asked of another address
 * less than five seconds ago, is an alias of that one; of DNS the message ID must agree too. To be
 * called for each datagram before it is counted.
 */
struct flow *flow_table_join_answer(struct flow_table *, struct flow *, const struct packet *, unsigned *side);

/* The first alias with this role, or NULL. *server_side is the side of its key that is the flow's server. */
const struct flow *flow_table_alias(const struct flow_table *, const struct flow *, enum alias_role);

/* Whether this packet was seen already (at another interface, or on another leg). Remembers it when not. */
bool flow_repeated(struct flow *, const struct packet *, unsigned side, int64_t now);

#endif
