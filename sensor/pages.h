/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of the sensor: which path shows what. Between the HTTP server, which knows nothing of
 * them, and the judge, who writes the long ones in its thread.
 */
#ifndef PODWIRE_PAGES_H
#define PODWIRE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "http_server.h"

struct judge;
struct recent_flows;
struct report;
struct sensor_status;
struct snapshot;

struct pages_options {
	/* judge_ask(), but in tests. */
	bool (*ask)(struct judge *, void (*render)(FILE *, const struct snapshot *, void *), void *argument, void (*done)(void *context, char *text, size_t size), void *context);
	struct judge *judge;
	const struct sensor_status *status; /* of now; the event loop's */
	const struct recent_flows *flows;
	/* A report whose inventory and files (the interfaces) tell the names in records. */
	const struct report *(*names)(void *context);
	void *names_context;
	bool principals; /* show user names */
};

struct pages;

/* Of the server's routes, with the pages as their context. */
extern const struct http_route pages_routes[];

/* Returns owned. */
struct pages *pages_new(const struct pages_options *);

/* After the judge is gone and before the server is: tells those who still wait that nothing comes. */
void pages_free(struct pages *);

#endif
