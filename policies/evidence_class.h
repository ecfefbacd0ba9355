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
	const char *by, *version, *cipher, *mesh; /* of the encryption */
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
	uint16_t certificate_flags; /* enum certificate_flag */
	uint16_t encryption_flags; /* enum encryption_flag */
	bool resumed;
	bool cleartext_credentials;
	bool service_account_token; /* a Kubernetes service-account token crossed in the clear */
	bool tunnel_encrypted;
	bool payload;          /* any byte above the transport was seen (ESP, AH, ICMP: above IP) */
};

/* Whether it is a tunnel in the clear: what it carries is judged by itself, whether or not it is encrypted there. */
bool evidence_class_is_carrier(const struct evidence_class *);

/* Whether flows of this class carried anything that could be judged; not so where half open or refused, or of carriers. */
bool evidence_class_has_content(const struct evidence_class *);

/* Whether it is ICMP, which nobody encrypts or authenticates by itself. */
bool evidence_class_is_icmp(const struct evidence_class *);

/* Whether TLS in one of its forms (TLS, DTLS, QUIC) protects the flow, or was meant to. */
bool evidence_class_is_tls(const struct evidence_class *);

/* Whether the application protocol is known. */
bool evidence_class_is_recognised(const struct evidence_class *);

/* A total order by content, for sorted output; 0 when equal. */
int evidence_class_compare(const struct evidence_class *, const struct evidence_class *);

#endif
