/* SPDX-License-Identifier: Apache-2.0 */
/* Names of SSH algorithms (RFC 4250 4.11, IANA, and those that implementations added), as static strings. */
#ifndef PODWIRE_SSH_ALGORITHMS_H
#define PODWIRE_SSH_ALGORITHMS_H

#include <stdint.h>

#include "cursor.h"

/* The key exchange, cipher or MAC of that name; NULL where it is not known. */
const char *ssh_key_exchange_name(struct cursor);
const char *ssh_cipher_name(struct cursor);

/* Bytes that a MAC adds to a packet; -1 where it is not known. */
int ssh_mac_size(struct cursor);

/* The cipher of that number in version 1 of the protocol, or NULL. */
const char *ssh1_cipher_name(uint8_t number);

#endif
