/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON documents of the sensor, schema podwire.api/1; docs/api.md has every field. Those over a
 * snapshot are written in the judge's thread: each has the form that judge_ask() wants, with a
 * struct api_query as its argument.
 */
#ifndef PODWIRE_API_H
#define PODWIRE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "policies/policy.h"

struct json_writer;
struct recent_flows;
struct report;
struct sensor_status;
struct snapshot;

/* What a request asks for, and how it went. */
struct api_query {
	uint64_t limit, offset;
	char namespace[256], type[256]; /* "": any */
	bool has_severity;
	enum severity severity;    /* this or worse */
	char id[17];               /* of one pair */
	bool principals;           /* show user names: the operator's choice, never a client's */
	int status;                /* set by the writer: 200, or 404 with nothing written */
};

/* Which parameters a document takes. */
enum api_document { API_PAIRS, API_PAIR, API_FINDINGS, API_FLOWS, API_STATUS };

/* Reads a query string; false with one line in error[] where it is to be answered with 400. */
bool api_query_read(struct api_query *, enum api_document, const char *query, char *error, size_t error_size);

/* Documents over a snapshot; query is a struct api_query *. */
void api_pairs(FILE *, const struct snapshot *, void *query);
void api_pair(FILE *, const struct snapshot *, void *query);
void api_findings(FILE *, const struct snapshot *, void *query);

/* names: a report with the inventory and the interfaces (as its files) that records are told with. */
void api_flows(FILE *, const struct recent_flows *, const struct report *names, const struct api_query *);

/* The document, and its members within another object. */
void api_status(FILE *, const struct sensor_status *);
void api_status_members(struct json_writer *, const struct sensor_status *);

/* Why the sensor is not ready, a line each; "" where it is. */
enum { API_READY_SIZE = 1024 };
void api_not_ready(const struct sensor_status *, char text[API_READY_SIZE]);

#endif
