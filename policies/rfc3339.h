/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as people write them into policy sets. */
#ifndef PODWIRE_RFC3339_H
#define PODWIRE_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads "2031-12-31" (its first second, UTC) or an RFC 3339 date-time ("2031-12-31T18:00:00+01:00")
 * as seconds since 1970. False where it is neither, or no such day or time exists.
 */
bool rfc3339_parse(const char *text, int64_t *seconds);

#endif
