/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of made-up flows, the same in every run: for the tests of what merges and keeps them. */
#ifndef PODWIRE_TESTS_MADE_UP_REPORT_H
#define PODWIRE_TESTS_MADE_UP_REPORT_H

#include "sensor/report.h"

/* A report with two interfaces. */
struct report *made_up_report(size_t max_pairs);

/* Adds the flow with this number, which began at time (nanoseconds since 1970). Numbers up to 400 make all there is. */
void made_up_flow(struct report *, uint64_t number, int64_t time);

/* A flow of one of many pairs, in one of three classes. */
void made_up_pair(struct report *, uint32_t pair, unsigned class, int64_t time);

/* A DNS answer for one of the addresses. */
void made_up_name(struct report *, uint64_t number, int64_t time);

/* A report of so many flows, from number on, 0.1 seconds apart, with names. */
struct report *made_up_flows(uint64_t number, unsigned count, int64_t time);

/* Concludes it under the default set and writes it as JSON; the caller's to free(). */
char *made_up_json(struct report *);

/* The default set, between set-up and tear-down of a group of tests. */
extern struct policy_set *made_up_set;
int made_up_policies(void **state);
int made_up_policies_end(void **state);

#endif
