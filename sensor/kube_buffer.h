/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of an answer until they are whole: a page of a list, or a line of a watch. Bounded by who fills it. */
#ifndef PODWIRE_KUBE_BUFFER_H
#define PODWIRE_KUBE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is empty. */
struct kube_buffer {
	char *bytes;
	size_t size, capacity;
};

/* Appends; false where it would pass limit: nothing is added then. */
bool kube_buffer_add(struct kube_buffer *, const char *bytes, size_t size, size_t limit);

/* Empties it; small memory is kept for the next time. */
void kube_buffer_clear(struct kube_buffer *);
void kube_buffer_free(struct kube_buffer *);

enum kube_lines {
	KUBE_LINES_TAKEN,    /* what follows the last line feed waits for its own */
	KUBE_LINES_ENOUGH,   /* line() wants no more */
	KUBE_LINES_TOO_LONG, /* a line passes limit */
};

/*
 * Hands each line, without its line feed, to line() for as long as that is true. Lines are complete at their line
 * feed, wherever chunks and records end; one that is whole in bytes is not copied.
 */
enum kube_lines kube_buffer_lines(struct kube_buffer *, const char *bytes, size_t size, size_t limit, bool (*line)(void *context, const char *line, size_t size), void *context);

#endif
