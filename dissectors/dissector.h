/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dissector is. One file, one descriptor at its end, one row in the table of dissector.c.
 *
 * The sensor asks probe() about the first bytes of each direction of a flow, on any port. The one
 * that matches is given the flow: dissect() sees the bytes of one direction at a time, in order,
 * takes whole messages off the cursor and reports evidence. What it leaves on the cursor is shown
 * again, at the front, when more bytes have come. A dissector does no I/O, knows no clock and
 * allocates nothing itself: what it must remember is a struct the sensor owns, zeroed at the start.
 */
#ifndef PODWIRE_DISSECTOR_H
#define PODWIRE_DISSECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

enum verdict {
	NO_MATCH,  /* not this protocol: another may have the flow, if no evidence of structure was given yet */
	NEED_MORE, /* may still match; or: the message at the cursor is not complete */
	TRUNCATED, /* the capture kept less than the wire carried: nothing more to learn */
	MALFORMED, /* this protocol, breaking its specification: nothing more to learn */
	MATCH,     /* this protocol; go on */
	DONE,      /* this protocol, and nothing more to learn from this flow */
	UPGRADE,   /* from here on dissection.next has the flow, both directions */
};

/* What a dissector may know of the flow; read only. */
struct flow_view {
	uint8_t ip_protocol;       /* as in struct dissector */
	uint16_t client_port;      /* by the roles now believed */
	uint16_t server_port;
	bool handshake_seen;       /* TCP: the stream was captured from its first byte */
	bool roles_known;          /* client and server were told apart by the handshake */
	int64_t time;              /* of the packet being looked at, seconds since 1970 */
};

/* What a full handshake of TLS told, and what holds for a session that resumes it. */
struct tls_session {
	const struct certificate *certificate;        /* of the server, or NULL */
	const struct certificate *client_certificate; /* or NULL */
	uint16_t version, cipher;
	uint8_t mutual;     /* enum mutual */
	bool authenticated; /* the server accepted the client's certificate */
	bool chain_disordered;
};

/* What the sensor does for dissectors. */
struct dissection_services {
	/* The parsed certificate for these DER bytes, valid for the flow's life; NULL where unreadable. */
	const struct certificate *(*certificate)(void *context, struct cursor der);
	/* A DNS answer was seen: address (4 or 16 bytes, network order) is name, for ttl seconds. */
	void (*name)(void *context, const uint8_t *address, size_t size, const char *name, uint32_t ttl);
	/*
	 * Memory beyond the state, as realloc() gives it, but zeroed where new: for a library's tables
	 * (HPACK) or a message in pieces. NULL where a bound is reached: go on without, or be DONE.
	 * Whatever is left is wiped and freed when the dissector loses the flow.
	 */
	void *(*resize)(void *context, void *memory, size_t size);
	/*
	 * Keeps a session that this flow's server may resume by id, a session id or a ticket, of which only
	 * a keyed hash is kept; and gives it, with certificates valid for the flow's life, false where it is
	 * not known. Each may be NULL.
	 */
	void (*remember)(void *context, struct cursor id, const struct tls_session *);
	bool (*recall)(void *context, struct cursor id, struct tls_session *);
	void *context;
};

struct dissector;

struct dissection {
	const struct flow_view *flow;
	struct evidence *evidence;
	const struct dissection_services *services;
	void *state;          /* state_size bytes, zeroed before the first call */
	uint64_t offset[2];   /* stream offset, by direction, of the byte the cursor starts at */
	/* Set by dissect() for the direction of the call; the sensor zeroes them before. */
	size_t skip;          /* pass over so many bytes after what was taken: a body of no interest */
	size_t need;          /* with NEED_MORE: do not call before so many bytes are at the cursor */
	/*
	 * The other side is the client: this one sent what only servers send, or the reverse. Counts where no
	 * handshake of the transport told the roles; later calls have them turned round.
	 */
	bool turn_roles;
	/* Set with UPGRADE: who goes on. NULL: whoever's probe matches the bytes that follow. */
	const struct dissector *next;
	/* Set with UPGRADE: what the state of next begins with, instead of zeros. */
	_Alignas(max_align_t) uint8_t handover[64];
	/* With UPGRADE: what was taken is no protocol that carries others; the flow is as if it began here. */
	bool preamble;
};

/* Offset in its direction's byte stream of the point where cursor stands, for evidence_*(). */
static inline uint64_t
dissection_offset(const struct dissection *d, enum direction from, struct cursor start, struct cursor now)
{
	return d->offset[from] + (start.left - now.left);
}

/* Passes over the next size bytes; those that have not come yet are skipped by the sensor. Returns MATCH. */
static inline enum verdict
dissection_pass_over(struct dissection *d, struct cursor *bytes, uint64_t size)
{
	size_t here = size < bytes->left ? (size_t)size : bytes->left;

	cursor_skip(bytes, here);
	d->skip = size - here < SIZE_MAX / 4 ? (size_t)(size - here) : SIZE_MAX / 4; /* size_t may be smaller */
	return MATCH;
}

/* Reads one message off *bytes, which begins at offset of its direction's stream. */
typedef enum verdict message_reader(struct dissection *, enum direction, struct cursor *bytes, uint64_t offset);

/* One message after the other, as long as each is this protocol's and nothing is to be passed over. */
static inline enum verdict
dissect_messages(struct dissection *d, enum direction from, struct cursor *bytes, message_reader *read)
{
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = read(d, from, bytes, dissection_offset(d, from, start, *bytes));
	return verdict;
}

struct dissector {
	const char *name;          /* the protocol, as outputs spell it */
	const char *specification; /* "RFC 8446" */
	uint8_t ip_protocol;       /* IPPROTO_TCP, _UDP, _ESP or _AH */
	uint16_t hint_ports[4];    /* who is asked first; no evidence */
	/*
	 * The bytes a stream of this protocol can begin with, by direction, as a string of characters;
	 * NULL for any. With "\0" as a possible byte use first_bytes_size. It keeps probes cheap.
	 */
	const char *first_bytes[2];
	uint8_t first_bytes_size[2]; /* 0: strlen */
	size_t state_size;         /* at most DISSECTOR_STATE_MAX */
	/*
	 * Whether bytes, the first that were captured of this direction (not always the first sent),
	 * belong to the protocol. Pure. NO_MATCH, NEED_MORE, or MATCH with *strength told.
	 */
	enum verdict (*probe)(const struct flow_view *, enum direction, struct cursor bytes, enum strength *);
	/*
	 * Reads whole messages of one direction off *bytes. But for TCP *bytes is one datagram, shown once. A
	 * direction is called only when new bytes have come for it, after an upgrade, or when the
	 * other direction's call returned MATCH while bytes were left here.
	 */
	enum verdict (*dissect)(struct dissection *, enum direction, struct cursor *bytes);
	/*
	 * Size bytes of this direction are missing, at the point reached; bytes left there before are
	 * dropped. Answer MATCH to go on after it. NULL: the dissection ends with what was seen.
	 */
	enum verdict (*gap)(struct dissection *, enum direction, uint64_t size);
	/* The flow has ended: the last chance to conclude. May be NULL. */
	void (*finish)(struct dissection *);
	/*
	 * A packet of ESP or AH between the same two hosts, from its header on: told to the dissector that has
	 * their flow of UDP between ports 500, where it has this.
	 */
	enum verdict (*companion)(struct dissection *, enum direction, uint8_t ip_protocol, struct cursor bytes);
};

enum { DISSECTOR_STATE_MAX = 1024 };

/* All dissectors, NULL-terminated, in the order in which equals are asked. */
extern const struct dissector *const dissectors[];

/*
 * The dissectors, as bits by their index in the table, that a stream may belong to whose direction
 * from begins with this byte.
 */
uint64_t dissector_candidates(uint8_t ip_protocol, enum direction from, uint8_t first_byte);

extern const struct dissector ah_dissector;
extern const struct dissector cldap_dissector;
extern const struct dissector amqp_dissector;
extern const struct dissector cassandra_dissector;
extern const struct dissector dns_dissector;
extern const struct dissector dns_tcp_dissector;
extern const struct dissector esp_dissector;
extern const struct dissector dtls_dissector;
extern const struct dissector elasticsearch_dissector;
extern const struct dissector ftp_dissector;
extern const struct dissector http_dissector;
extern const struct dissector memcached_dissector;
extern const struct dissector memcached_udp_dissector;
extern const struct dissector mongodb_dissector;
extern const struct dissector mqtt_dissector;
extern const struct dissector kafka_dissector;
extern const struct dissector ike_dissector;
extern const struct dissector imap_dissector;
extern const struct dissector kerberos_dissector;
extern const struct dissector kerberos_udp_dissector;
extern const struct dissector ldap_dissector;
extern const struct dissector http2_dissector;
extern const struct dissector mysql_dissector;
extern const struct dissector nats_dissector;
extern const struct dissector pop3_dissector;
extern const struct dissector mysqlx_dissector;
extern const struct dissector postgresql_dissector;
extern const struct dissector redis_bus_dissector;
extern const struct dissector smtp_dissector;
extern const struct dissector quic_dissector;
extern const struct dissector proxy_protocol_dissector;
extern const struct dissector redis_dissector;
extern const struct dissector stomp_dissector;
extern const struct dissector ssh_dissector;
extern const struct dissector socks_dissector;
extern const struct dissector tls_dissector;
extern const struct dissector xmpp_dissector;
extern const struct dissector websocket_dissector;
extern const struct dissector wireguard_dissector;
extern const struct dissector zookeeper_dissector;

#endif
