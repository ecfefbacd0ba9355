/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tls.c and its parts share: the state of a TLS stream, and what each part offers to the others.
 * Nobody else includes it.
 */
#ifndef PODWIRE_TLS_STATE_H
#define PODWIRE_TLS_STATE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"
#include "evidence.h"
#include "tls_hello.h"
#include "tls_mutual.h"
#include "tls_names.h"

enum { TLS_HELLO_SIZE_MIN = 38 }; /* version, random, and the fields after them at their shortest */

/* What is known of the place reached in a direction. */
enum sync {
	SYNC_START,    /* nothing seen yet */
	SYNC_MESSAGES, /* handshake messages are aligned */
	SYNC_RECORDS,  /* records are aligned, messages inside them not known to be */
	SYNC_LOST,     /* a record header is looked for */
};

struct side {
	uint64_t record_at;    /* stream offset of the record begun */
	uint64_t record_end;   /* and where it ends */
	uint32_t message_left; /* bytes of a handshake message that is passed over */
	uint32_t searched;     /* bytes passed over in SYNC_LOST */
	uint8_t sync;          /* enum sync */
	uint8_t record_type;   /* 0: the rest of a record after a gap */
	bool seen;             /* a record, or a hello of SSLv2 */
	bool aligned;          /* the last record was followed to its end */
	bool hello;            /* its hello was read */
	bool unbroken;         /* nothing was lost since */
	bool changed;          /* ChangeCipherSpec (up to TLS 1.2): what follows is encrypted */
	uint8_t encrypted_handshakes; /* records of handshake type after that */
};

struct tls_state {
	struct side sides[2];
	struct tls_client_hello client_hello;
	struct tls_server_hello server_hello; /* a HelloRetryRequest, until the real one has come */
	const char *cipher;
	bool begun;
	bool upgraded;        /* another dissector had the flow before */
	bool dtls;            /* datagrams: dtls.c has the flow */
	bool sslv2_hello;
	bool is_13;
	bool joined;          /* a record was followed by another, and no hello came before */
	uint8_t whole_records;
	uint16_t records;
	uint8_t application_records;
	bool server_served;   /* application data of the server's */
	bool client_sent;     /* and of the client's */
	bool hello_done;
	bool server_certificate;
	bool requested;       /* CertificateRequest */
	bool declined;        /* empty Certificate, or SSLv3's alert in its place */
	bool client_certificate;
	bool verified;        /* CertificateVerify */
	bool key_exchange;    /* ClientKeyExchange */
	bool early_data;      /* a hello of the client's said that it sends some */
	bool sizes_open;      /* TLS 1.3: further records of the client's may tell of its certificate */
	struct tls_flight flight;
	bool recalled;        /* the session that the client's hello offers to resume is known */
	bool inherited;       /* and was resumed */
	struct tls_session session; /* what is known of it */
};

static_assert(sizeof(struct tls_state) <= DISSECTOR_STATE_MAX, "the sensor has room for this state");
static_assert(sizeof(((struct tls_client_hello *)0)->sni) == sizeof(((struct encryption *)0)->sni), "copied whole");
static_assert(sizeof(((struct tls_client_hello *)0)->alpn) == sizeof(((struct encryption *)0)->alpn_offered), "copied whole");
static_assert(sizeof(((struct tls_server_hello *)0)->alpn) == sizeof(((struct encryption *)0)->alpn), "copied whole");

/* One call of the dissector. */
struct reading {
	struct dissection *d;
	struct tls_state *s;
	struct side *side;
	struct evidence *e;
	struct cursor start;
	struct cursor *bytes;
	enum direction from;
	uint64_t at; /* stream offset of the record or message being read */
};

/* Stream offset of the place reached. */
static inline uint64_t
tls_here(const struct reading *r)
{
	return dissection_offset(r->d, r->from, r->start, *r->bytes);
}

/* tls.c: records. */

/* Passes over the next size bytes, those that have not come yet included. */
enum verdict tls_pass_over(struct reading *, size_t size);

/* No more can be told before so many bytes are at the cursor. */
enum verdict tls_need(struct reading *, size_t size);

/* From here on only records are followed in this direction, until messages are seen to fit again. */
void tls_lose_messages(struct reading *);

/* What is at the cursor is no record where one must begin. */
enum verdict tls_not_a_record(struct reading *);

/* ChangeCipherSpec in this direction, where it means something. */
void tls_take_change_cipher_spec(struct reading *);

/* An alert in the clear. */
enum verdict tls_take_alert(struct reading *, uint8_t level, uint8_t description);

/* Both were heard, nothing was lost, and the handshake did not come to its end: says so. */
void tls_conclude(const struct tls_state *, struct evidence *);

/* tls_handshake.c */

/* Reads handshake messages in the clear, or one in the encrypted part, of which the record begun holds left bytes. */
enum verdict tls_read_handshake(struct reading *, size_t left);

/* Reads one whole message of the sender's; false where it is none of the clear handshake. */
bool tls_read_message(struct reading *, uint8_t type, struct cursor body);

/* The client's hello is in the state: says what it tells. */
void tls_take_client_hello(struct reading *, const char *clause);

/* The server's own certificate, in DER. */
void tls_read_server_leaf(struct reading *, struct cursor leaf);

/* Whether a handshake message of this header is a hello, and whether it opens the direction. */
bool tls_is_hello(uint8_t type, uint32_t size);
bool tls_is_first(uint8_t type, uint32_t size, enum direction from);

/* tls_sslv2.c */
enum verdict tls_read_sslv2_client_hello(struct reading *);
enum verdict tls_read_sslv2_server_hello(struct reading *);

/* tls_probe.c */
enum verdict tls_probe(const struct flow_view *, enum direction from, struct cursor bytes, enum strength *strength);

/* tls_settle.c: what follows from what was seen so far. */

/* Claims protocol and encryption. */
void tls_claim(struct reading *, enum strength, const char *clause);

/* Records alone show TLS joined in the middle once two have been followed. */
void tls_claim_records(struct reading *);

/* Whether the client showed a certificate: says so; and what all that was seen makes of it. */
void tls_set_mutual(struct reading *, enum mutual, enum mutual_basis);
void tls_settle_mutual(struct reading *);

/* TLS 1.3: a record of the client's, of that size, came. */
void tls_settle_size(struct reading *, size_t size);
void tls_settle_authentication(struct reading *);
void tls_settle_certificate(struct reading *);
void tls_settle_hellos(struct reading *, const char *clause);

/* A name was seen by which a mesh may be known. */
void tls_settle_mesh(struct reading *);

/* The server issued id, a session id or a ticket: keeps what this handshake told, for a flow that resumes it. */
void tls_remember(struct reading *, struct cursor id);

/* The server resumed the session that the client's hello offered: what was known of it holds. */
void tls_settle_resumption(struct reading *);

/* A fatal alert came. */
void tls_settle_refusal(struct reading *);

#endif
