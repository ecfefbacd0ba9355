/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN messages (RFC 8489 5), as far as it takes to know one: they share their ports with what they make the way for,
 * DTLS above all (RFC 7983).
 */
#ifndef PODWIRE_STUN_H
#define PODWIRE_STUN_H

#include <stdbool.h>

#include "cursor.h"

/* Whether all of a datagram is one message: its lengths, and those of its attributes, agree. */
bool stun_is_message(struct cursor datagram);

#endif
