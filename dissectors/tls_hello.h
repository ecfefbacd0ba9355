/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two hellos of TLS, read into plain values: RFC 8446 4.1.2 and 4.1.3, RFC 5246 7.4.1, and the
 * SSLv2 form of the client's (RFC 5246 E.2). Whoever carries TLS handshakes can use it.
 */
#ifndef PODWIRE_TLS_HELLO_H
#define PODWIRE_TLS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "tls_names.h"

enum { TLS_SESSION_ID_SIZE_MAX = 32 };

struct tls_session_id {
	uint8_t size;
	uint8_t bytes[TLS_SESSION_ID_SIZE_MAX];
};

struct tls_client_hello {
	uint16_t version;    /* legacy_version: the highest up to TLS 1.2 */
	bool offers_13;      /* supported_versions names TLS 1.3 or a draft of it */
	bool damaged;        /* the extensions break off or disagree in their lengths */
	bool ticket;         /* a session ticket to resume by (RFC 5077), not an empty one */
	bool early_data;     /* says that it sends some (RFC 8446 4.2.10) */
	bool ech;            /* encrypted_client_hello (RFC 9849), in earnest or as GREASE: nobody can tell */
	bool application_settings; /* may send EncryptedExtensions (draft-vvv-tls-alps) */
	struct cursor ticket_bytes; /* borrowed: not there for longer than the hello */
	struct tls_session_id session_id;
	uint8_t ciphers[TLS_CIPHER_COUNT_MAX / 8]; /* bit by tls_cipher_index() */
	char sni[256];       /* "" if none, or none that is a host name */
	char alpn[64];       /* what is offered, comma-separated, cut after the last whole name */
};

struct tls_server_hello {
	uint16_t version;    /* as negotiated: by supported_versions where it is */
	uint16_t cipher;
	uint16_t group;      /* of key_share; 0: none */
	bool retry;          /* a HelloRetryRequest */
	bool psk;            /* pre_shared_key accepted */
	bool damaged;
	bool compression;    /* of records (RFC 3749) */
	bool encrypt_then_mac; /* RFC 7366 */
	uint8_t sentinel;    /* RFC 8446 4.1.3: 1, the server could have done TLS 1.3, as 2: TLS 1.2; 0: it does not say */
	bool raw_public_key; /* the server's key is no certificate (RFC 7250) */
	bool client_raw_public_key;
	struct tls_session_id session_id;
	char alpn[32];
};

/*
 * Reads the body of a ClientHello. False where not even the part before the extensions can be read
 * (*hello is then of no use); what follows that part may be damaged or cut.
 */
bool tls_client_hello_read(struct cursor body, struct tls_client_hello *hello);

/* The same of DTLS, which has a cookie in it. */
bool tls_dtls_client_hello_read(struct cursor body, struct tls_client_hello *hello);

/* Reads a ClientHello in SSLv2 form, its two bytes of length included; false where it is none. */
bool tls_sslv2_client_hello_read(struct cursor *bytes, struct tls_client_hello *hello);

/* Whether the unread bytes, as far as they go, can be such a hello; reads nothing. */
bool tls_sslv2_client_hello_possible(const struct cursor *bytes);

/* Reads the body of a ServerHello, a HelloRetryRequest in the form of one included. */
bool tls_server_hello_read(struct cursor body, struct tls_server_hello *hello);
bool tls_dtls_server_hello_read(struct cursor body, struct tls_server_hello *hello);

/* Reads the body of the HelloRetryRequest that was a message of its own up to draft 21 of TLS 1.3. */
bool tls_draft_retry_read(struct cursor body, struct tls_server_hello *hello);

/* Whether both could have done a better version than the one the server chose, as its random says. */
bool tls_hellos_downgraded(const struct tls_client_hello *client, const struct tls_server_hello *server);

/* Whether the server's answer is one the client's hello allows. */
bool tls_hellos_fit(const struct tls_client_hello *client, const struct tls_server_hello *server);

#endif
