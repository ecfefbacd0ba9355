/* SPDX-License-Identifier: Apache-2.0 */
/* Between report.c, which gathers, and report_conclude.c, which judges. */
#ifndef PODWIRE_REPORT_INTERNAL_H
#define PODWIRE_REPORT_INTERNAL_H

#include "report.h"

/* Gives peers that are only addresses the names that DNS answers told. */
void report_name_peers(struct report *);

/* A total order of peers by what outputs show of them. */
int peer_compare(const struct peer *, const struct peer *);

#endif
