/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow record: the only thing that leaves a worker. Versioned, bounded, self-contained (no
 * pointer in it), with no payload and no secret. Numbers and enums are at fixed places; text lies
 * in one bounded heap at the end and is referred to by offset, so that a record of a flow of which
 * little is known is short. Whoever reads one from another process checks it first.
 */
#ifndef PODWIRE_RECORD_H
#define PODWIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "dissectors/certificate.h"
#include "dissectors/evidence.h"

enum { RECORD_VERSION = 4, RECORD_TEXT_MAX = 8192 };

/* Offset into record.text of a NUL-terminated string; 0 is no text (NULL in outputs). */
typedef uint16_t record_text_ref;

enum direction_basis { DIRECTION_HANDSHAKE, DIRECTION_EVIDENCE, DIRECTION_PORT, DIRECTION_BASIS_COUNT };
extern const char *const direction_basis_names[];

/* Why the flow ended, or that it goes on (RFC 5102 flowEndReason, our subset). */
enum flow_end { FLOW_END_IDLE, FLOW_END_CLOSED, FLOW_END_FORCED, FLOW_END_EVICTED, FLOW_END_ACTIVE, FLOW_END_COUNT };
extern const char *const flow_end_names[];

struct record_certificate {
	record_text_ref subject, issuer, names, spiffe_id, serial, key_type, signature;
	uint16_t key_bits;
	int64_t not_before, not_after; /* seconds since 1970 */
	bool present, self_signed, ca;
};

struct record_basis {
	uint64_t packet, offset;
	record_text_ref clause; /* 0: nothing claimed */
	uint16_t file;
	uint8_t direction, strength;
};

struct flow_record {
	uint32_t size;    /* of the whole, with the text used */
	uint16_t version; /* RECORD_VERSION */
	uint16_t text_size;

	struct address client, server;
	struct address service;   /* the address the client asked for, before DNAT; see has_service */
	uint16_t client_port, server_port, service_port;
	bool has_service;
	bool service_tracked;     /* no packet showed that address: the node's connection tracking did */
	uint8_t ip_protocol;
	uint8_t direction_basis;  /* enum direction_basis */
	uint8_t end;              /* enum flow_end */
	bool continued;           /* an earlier record told of this flow: packets, bytes and payload are of the time since */
	bool counted;             /* this record counts as a flow; of those of a flow that goes on not each does */
	bool payload_seen;        /* the flow has had payload, now or earlier */
	/* So often was a flow counted as what this record says, which was not its last word: it tells of nothing else. Mostly 0. */
	uint16_t withdrawn;
	uint64_t flow_id;         /* unique within a worker's life */

	uint16_t file;            /* index of the capture file of the first packet */
	uint64_t first_packet;    /* its number there, from 1 */
	int64_t first_seen, last_seen; /* nanoseconds since 1970 */
	uint64_t packets[2], bytes[2]; /* by enum direction: client, server; bytes of IP packets */
	uint64_t payload[2];      /* bytes above the transport header, by enum direction */
	uint32_t duplicates;      /* packets seen again and not counted */

	/* Evidence. */
	uint8_t strength, state, mutual, mutual_basis, auth_result;
	uint16_t certificate_flags, encryption_flags;
	bool resumed, cleartext_credentials;
	uint32_t notes;           /* 1 << enum note */
	struct record_basis basis[CLAIM_COUNT];
	record_text_ref protocol; /* 0: unknown */
	record_text_ref by, tls_version, cipher, group, resumption, sni, alpn, alpn_offered, alert, ja4, mesh;
	record_text_ref auth_method, principal, token_subject;
	record_text_ref rpc_service; /* of a gRPC call */
	record_text_ref application; /* the software behind HTTP */
	record_text_ref tunnel;   /* "vxlan", "geneve" ...: how the flow was carried */
	bool tunnel_encrypted;
	record_text_ref ndpi_master, ndpi_application, ndpi_category;
	struct record_certificate certificate, client_certificate;

	char text[RECORD_TEXT_MAX]; /* text[0] is NUL */
};

/* The string at ref, or NULL for 0. */
static inline const char *
record_text(const struct flow_record *r, record_text_ref ref)
{
	return ref == 0 ? NULL : r->text + ref;
}

/* The protocol's name: our own, else nDPI's base protocol, of which its application is but a use; NULL: unknown. */
const char *record_protocol(const struct flow_record *);

/* Begins an empty record, which counts as a flow. */
void record_init(struct flow_record *);

/* Adds text to the heap and returns its place; 0 for NULL, for "", and where the heap is full. */
record_text_ref record_add_text(struct flow_record *, const char *text);

/* Copies what evidence says into the record. */
void record_add_evidence(struct flow_record *, const struct evidence *);

/*
 * A hash of all that makes a flow another one to policies and pairs: ends, protocol, encryption, authentication. Not of counts
 * and times. The same in every process.
 */
uint32_t record_class_hash(const struct flow_record *);

/*
 * Begins a record that counts as one more, or one less, of what the other counts as: its ends, and all that the hash above is of.
 * Of text, counts and reasons it has nothing else.
 */
void record_copy_class(struct flow_record *, const struct flow_record *of);

/*
 * Whether size bytes at record are a record this version can trust: every size, enum and text
 * reference is in range and every text is printable. *why is set to a static reason when not.
 */
bool record_valid(const struct flow_record *, size_t size, const char **why);

/* A DNS name of an address, as a worker saw it in an answer. */
struct name_record {
	struct address address;
	int64_t time;    /* nanoseconds since 1970 */
	uint32_t ttl;    /* seconds */
	char name[256];
};

/* Where records go: the report in this process, or the pipe to it. */
struct record_sink {
	void (*flow)(void *context, const struct flow_record *);
	void (*name)(void *context, const struct name_record *);
	void *context;
};

#endif
