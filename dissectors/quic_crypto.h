/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protection of QUIC's Initial packets (RFC 9001 5), whose keys follow from what is readable in
 * the client's first one: whoever opens a packet with them knows that it is QUIC. By OpenSSL, whose
 * types stay here.
 */
#ifndef PODWIRE_QUIC_CRYPTO_H
#define PODWIRE_QUIC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

enum {
	QUIC_SALT_SIZE = 20,
	QUIC_TAG_SIZE = 16,
	QUIC_NUMBER_SIZE_MAX = 4,
	QUIC_OPENED_SIZE_MAX = 9216, /* Initial packets above are not opened */
};

/* What differs between versions: the salt, and the labels of the keys (RFC 9369 3.3). */
struct quic_protection {
	uint8_t salt[QUIC_SALT_SIZE];
	const char *key_label, *iv_label, *hp_label;
};

/* The keys of one direction. */
struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* Derives the keys of what that side sends in Initial packets from the client's first Destination Connection ID. */
bool quic_initial_keys(const struct quic_protection *, struct cursor connection_id, enum direction from, struct quic_keys *);

/*
 * Opens a packet, of which all bytes are at the cursor and the packet number begins at number_at.
 * Gives the size of what was inside, written to opened; 0 if it is not protected with these keys.
 */
size_t quic_open(const struct quic_keys *, struct cursor packet, size_t number_at, uint8_t opened[QUIC_OPENED_SIZE_MAX]);

#endif
