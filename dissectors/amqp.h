/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What amqp.c shares with the readers of its two framings: amqp091.c (0-8 to 0-9-1) and amqp10.c
 * (1.0), which have nothing in common but the header a connection begins with.
 */
#ifndef PODWIRE_AMQP_H
#define PODWIRE_AMQP_H

#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"
#include "sasl.h"

enum {
	AMQP_LOOK = 48 * 1024,              /* frames larger than that are passed over */
	AMQP_FRAME_MAX = 64 * 1024 * 1024, /* and there are none beyond this */
};

enum amqp_reading { AMQP_AT_START, AMQP_AT_FRAME, AMQP_AT_FRAME_10, AMQP_AT_LOSS };

struct amqp_state {
	bool begun;
	uint8_t reading[2];
	bool client_loss;   /* a login may have been lost */
	bool server_loss;   /* the answer to a login may have been lost: what is refused then need not be it */
	bool login;         /* a mechanism was chosen */
	bool judged;        /* how the login ended is known */
	bool old;           /* 0-8: two methods have other numbers */
	bool bare;          /* 1.0: the client began without SASL */
	bool opened;        /* 1.0: the server's open was seen, and nothing after it */
	bool tls_asked;     /* 1.0: by a header */
	const struct sasl_mechanism *mechanism;
};

/* Evidence. */
void amqp_claim(struct dissection *, enum strength, const char *clause, enum direction, uint64_t offset);

/* The client chose a mechanism, and gave its first response with it; or gave another one later. */
void amqp_login(struct dissection *, struct cursor mechanism, struct cursor response, const char *clause, uint64_t offset);
void amqp_response(struct dissection *, struct cursor response, const char *clause, uint64_t offset);

/* The server accepted the login; it did work for a client that has none; it refused. */
void amqp_accepted(struct dissection *, const char *clause, uint64_t offset);
void amqp_served(struct dissection *, const char *clause, uint64_t offset);
void amqp_refused(struct dissection *, const char *clause, uint64_t offset);

/* Whether bytes are in the middle of a connection in this framing: whole frames that side can send. */
enum verdict amqp091_probe(const struct flow_view *, enum direction, struct cursor bytes);
enum verdict amqp10_probe(const struct flow_view *, enum direction, struct cursor bytes);

/* Reads one frame. NO_MATCH where there is none. */
enum verdict amqp091_read(struct dissection *, enum direction, struct cursor *bytes, uint64_t offset);
enum verdict amqp10_read(struct dissection *, enum direction, struct cursor *bytes, uint64_t offset);

#endif
