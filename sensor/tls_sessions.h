/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of TLS that a later handshake may resume, and what the full handshake told of them: a
 * resumption shows no certificate. A session id or ticket is as good as a secret to some: of it a keyed
 * hash is kept, under the server that issued it, and only in this process. Bounded: the session that
 * was not used for longest goes first.
 */
#ifndef PODWIRE_TLS_SESSIONS_H
#define PODWIRE_TLS_SESSIONS_H

#include "address.h"
#include "certificate_store.h"
#include "dissectors/dissector.h"

struct tls_sessions;

/* Room for capacity sessions, whose certificates are of the store; that must outlive it. Returns owned, NULL without memory. */
struct tls_sessions *tls_sessions_new(uint32_t capacity, struct certificate_store *);
void tls_sessions_free(struct tls_sessions *);

/* Keeps the session by its id, in place of what was known by it. */
void tls_sessions_put(struct tls_sessions *, const struct address *server, uint16_t port, struct cursor id, const struct tls_session *);

/* The session of that id; false where it is not known. Its certificates are borrowed until the next put. */
bool tls_sessions_get(struct tls_sessions *, const struct address *server, uint16_t port, struct cursor id, struct tls_session *);

#endif
