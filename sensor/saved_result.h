/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads back what output_json() wrote, into a report that can be scored again or merged. Whatever
 * was edited or cut is told with file and JSON path; nothing is taken on trust.
 */
#ifndef PODWIRE_SAVED_RESULT_H
#define PODWIRE_SAVED_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"

/* Adds a saved result to the report; on an error nothing was added and error[] holds one line. */
bool saved_result_read(struct report *, const char *name, const char *text, size_t size, char *error, size_t error_size);
bool saved_result_load(struct report *, const char *path, char *error, size_t error_size);

#endif
