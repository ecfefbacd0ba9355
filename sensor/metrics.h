/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's metrics in the text formats that Prometheus reads. docs/metrics.md says what each
 * means and what it costs. Formatted by ourselves: with ten thousand pairs a scrape is a hundred
 * thousand lines.
 */
#ifndef PODWIRE_METRICS_H
#define PODWIRE_METRICS_H

#include <stdbool.h>
#include <stdio.h>

struct snapshot;

enum metrics_format { METRICS_PROMETHEUS /* text 0.0.4 */, METRICS_OPENMETRICS /* 1.0.0 */ };

void metrics_write(FILE *, const struct snapshot *, enum metrics_format);

/* The format that an Accept header (or NULL) prefers, and how the answer is to be called. */
enum metrics_format metrics_choose(const char *accept);
const char *metrics_content_type(enum metrics_format);

#endif
