/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we tell of an X.509 certificate (RFC 5280), read by OpenSSL: the only file that knows its
 * types. Text is printable ASCII with everything else escaped, cut to fit.
 */
#ifndef PODWIRE_CERTIFICATE_H
#define PODWIRE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

struct certificate {
	char subject[256]; /* RFC 4514 style: "CN=api,O=Shop" */
	char issuer[256];
	char names[1024];  /* subject alternative names, space-separated: "DNS:api.shop.svc IP:10.0.0.1"; " ..." ends a list that was cut */
	char spiffe_id[256]; /* the URI SAN that starts with spiffe://, or "" */
	char serial[64];   /* lower-case hex */
	int64_t not_before; /* seconds since 1970 */
	int64_t not_after;
	char key_type[16]; /* "RSA", "EC", "Ed25519", ... */
	uint16_t key_bits;
	char signature[48]; /* algorithm, OpenSSL's long name: "sha256WithRSAEncryption" */
	bool self_signed;  /* issued by itself: names equal and the signature fits its own key */
	bool ca;           /* basicConstraints CA:TRUE */
};

/* Reads one DER certificate. False where OpenSSL cannot parse it; *out is then all zero. */
bool certificate_parse(struct cursor der, struct certificate *out);

/*
 * Whether name (a DNS name or an IP literal, as in the SNI) is among the certificate's names, by
 * RFC 9525 6: left-most label wildcards, no fall back to the common name.
 */
bool certificate_matches(const struct certificate *, const char *name);

/* The enum certificate_flag bits of this certificate at time when (seconds), for the SNI ("" for none). */
uint16_t certificate_flags(const struct certificate *, int64_t when, const char *sni);

#endif
