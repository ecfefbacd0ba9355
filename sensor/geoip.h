/* SPDX-License-Identifier: Apache-2.0 */
/* Country and autonomous system of addresses outside, from MaxMind DB files (libmaxminddb). */
#ifndef PODWIRE_GEOIP_H
#define PODWIRE_GEOIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct geoip;

struct geoip_answer {
	char country[3];  /* ISO 3166-1 alpha-2, or "" */
	uint32_t asn;     /* 0: not known */
	char organization[128]; /* of the autonomous system, or "" */
};

/* An empty set of databases; returns owned. */
struct geoip *geoip_new(void);
void geoip_free(struct geoip *);

/*
 * Opens a database file, or every *.mmdb file of a directory. On an error error[] holds one line
 * (path, what was wrong) and what was opened before stays.
 */
bool geoip_open(struct geoip *, const char *path, char *error, size_t error_size);

/* What the databases say of address; all empty where they say nothing. Never fails: a damaged record is no answer. */
void geoip_find(const struct geoip *, const struct address *, struct geoip_answer *);

/* Whether address is public (neither private, loopback, link-local nor multicast): only those are looked up. */
bool geoip_is_public(const struct address *);

#endif
