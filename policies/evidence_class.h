/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An evidence class: what policies see of a flow. All flows of a pair that look alike to every
 * policy fall into one class and are counted, so that a pair is a small multiset of classes, which
 * can be merged by adding counts and scored again under another policy set without the packets.
 */
#ifndef PODWIRE_EVIDENCE_CLASS_H
#define PODWIRE_EVIDENCE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

/* Text members are interned by whoever made the class: equal text, equal pointer; NULL: not known. */
struct evidence_class {
	const char *protocol;  /* NULL: unknown */
	const char *service;   /* "namespace/name" of the Service that was asked for, or NULL */
	const char *by, *version, *cipher; /* of the encryption */
	const char *method;    /* of authentication */
	const char *key_type, *signature; /* of the server certificate */
	const char *tunnel;    /* how the flow was carried */
	uint16_t server_port;
	uint16_t key_bits;
	uint8_t ip_protocol;
	uint8_t state;         /* enum encryption_state */
	uint8_t mutual;        /* enum mutual */
	uint8_t mutual_basis;  /* enum mutual_basis */
	uint8_t result;        /* enum auth_result */
	uint8_t strength;      /* enum strength */
	uint8_t certificate_flags; /* enum certificate_flag */
	bool resumed;
	bool cleartext_credentials;
	bool service_account_token; /* a Kubernetes service-account token crossed in the clear */
	bool tunnel_encrypted;
	bool payload;          /* any application byte was seen */
};

/* A total order by content, for sorted output; 0 when equal. */
int evidence_class_compare(const struct evidence_class *, const struct evidence_class *);

#endif
