/* SPDX-License-Identifier: Apache-2.0 */
/* The last flow records, for /api/v1/flows: a ring bounded by count and by bytes. Names are looked up when it is shown. */
#ifndef PODWIRE_RECENT_FLOWS_H
#define PODWIRE_RECENT_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct recent_flows;

/* 0: 1000 records, 4 MiB. Returns owned. */
struct recent_flows *recent_flows_new(size_t count_max, size_t bytes_max);
void recent_flows_free(struct recent_flows *);

/* Keeps a copy; the oldest make room. */
void recent_flows_add(struct recent_flows *, const struct flow_record *);

size_t recent_flows_count(const struct recent_flows *);

/* The newest is 0; valid until the next is added. Its text ends where its size says. */
const struct flow_record *recent_flows_get(const struct recent_flows *, size_t index);

#endif
