/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The offline run: capture files through a worker into a report, in this process or shared among
 * several, which each take a part of the connections and send their records back.
 */
#ifndef PODWIRE_ANALYSIS_H
#define PODWIRE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"
#include "worker.h"

struct analysis_options {
	struct worker_options worker;
	unsigned jobs;     /* processes; 1: this one */
	bool progress;     /* draw a bar on standard error */
	void (*complain)(const char *format, ...); /* for what a file lacks, one line each */
};

/*
 * Reads the files in order, as one stretch of traffic: a connection may span them. Each is added to
 * the report with what became of it. False, with a line in error[], where no worker could be had.
 */
bool analyze_files(struct report *, char *const paths[], size_t count, const struct analysis_options *, char *error, size_t error_size);

#endif
