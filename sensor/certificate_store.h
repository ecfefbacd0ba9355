/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates that live flows refer to, each parsed once: the same server certificate crosses
 * thousands of times. Bounded: of those no flow refers to the oldest goes first.
 */
#ifndef PODWIRE_CERTIFICATE_STORE_H
#define PODWIRE_CERTIFICATE_STORE_H

#include "dissectors/certificate.h"

struct certificate_store;

/* A store for capacity certificates; returns owned, NULL without memory. */
struct certificate_store *certificate_store_new(uint32_t capacity);
void certificate_store_free(struct certificate_store *);

/*
 * The parsed certificate, with one reference for the caller; NULL where it cannot be parsed, or
 * where the store is full of certificates in use.
 */
const struct certificate *certificate_store_take(struct certificate_store *, struct cursor der);

/* One reference more to what was taken and not given back; NULL is accepted. */
void certificate_store_hold(struct certificate_store *, const struct certificate *);

/* Gives a reference back; NULL is accepted. */
void certificate_store_give(struct certificate_store *, const struct certificate *);

#endif
