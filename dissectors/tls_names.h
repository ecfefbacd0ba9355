/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code points of TLS are called: IANA's registries "TLS Cipher Suites", "TLS Supported
 * Groups" and "TLS Alerts", and the applications that an ALPN name or a well-known port stands for.
 * All names are static; NULL where a code point has none.
 */
#ifndef PODWIRE_TLS_NAMES_H
#define PODWIRE_TLS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

enum { TLS_VERSION_13 = 0x0304 };

/* Room for a bit per known cipher suite; checked where the table is. */
enum { TLS_CIPHER_COUNT_MAX = 384 };

/* A cipher suite's name at IANA, or NULL. */
const char *tls_cipher_name(uint16_t code);

/* A small number of its own for each known cipher suite, below TLS_CIPHER_COUNT_MAX; -1 for others. */
int tls_cipher_index(uint16_t code);

/* Whether the suite of this name protects integrity alone: its application bytes are readable. */
bool tls_cipher_is_null(const char *name);

/* Whether the suite of this name (up to TLS 1.2) has both sides prove that they know a pre-shared key. */
bool tls_cipher_is_psk(const char *name);

/* Whether the suite of this name agrees on its key over an elliptic curve that the server names. */
bool tls_cipher_is_ecdhe(const char *name);

const char *tls_group_name(uint16_t code);
const char *tls_alert_name(uint8_t code);

/* "TLS1.2" for 0x0303 ...; the drafts of TLS 1.3 (0x7f00 + draft) are "TLS1.3". */
const char *tls_version_name(uint16_t version);

/* Whether this is TLS 1.3, or a draft of it, or DTLS 1.3. */
bool tls_version_is_13(uint16_t version);

/* Whether this is a version of DTLS, whose numbers go down, or what OpenSSL had before there was one. */
bool tls_version_is_dtls(uint16_t version);

/* Whether this is one of the values of RFC 8701, which mean nothing. */
bool tls_is_grease(uint16_t value);

/* The application that an ALPN protocol name, or the port of a service that speaks TLS at once, names. */
const char *tls_alpn_application(const char *alpn);
const char *tls_port_application(uint16_t port);

#endif
