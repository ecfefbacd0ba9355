/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream into memory for texts of many megabytes: as open_memstream(), which clears what it grows
 * by, and touches each page of it one fault at a time.
 */
#ifndef PODWIRE_TEXT_BUFFER_H
#define PODWIRE_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text_buffer {
	char *text; /* NUL-terminated and owned by the user once the stream is closed; NULL: there was no memory */
	size_t size;
	size_t capacity, ready; /* how much there is, and how much of it has its pages */
	bool failed;
};

/* Opens a stream into an empty buffer, which must outlive it. NULL where there is no memory. fclose() fails where a write did. */
FILE *text_buffer_open(struct text_buffer *);

#endif
