/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on standard error, for inputs that take longer than a moment. */
#ifndef PODWIRE_PROGRESS_H
#define PODWIRE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	bool wanted;
	bool shown;
	struct timespec start, drawn;
};

/* Begins; nothing is shown where it is not wanted. */
void progress_start(struct progress *, bool wanted);

/* Tells how far it is: file so and so of count, and bytes of it; total 0 where not known. Cheap to call often. */
void progress_update(struct progress *, const char *path, uint64_t read, uint64_t total);

/* Wipes the bar. */
void progress_end(struct progress *);

#endif
