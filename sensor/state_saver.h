/* SPDX-License-Identifier: Apache-2.0 */
/* The last of saving a state, in a thread of its own: until it is on the disk takes as long as the disk likes. */
#ifndef PODWIRE_STATE_SAVER_H
#define PODWIRE_STATE_SAVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct state_saver;

struct state_saved {
	bool done;
	uint64_t size;    /* bytes */
	char error[1024]; /* a line, where it was not done */
};

/* Ends what state_file_begin() began (owned); path must live until the end. Then calls ended(), in that thread. Returns owned. */
struct state_saver *state_saver_start(const char *path, FILE *, void (*ended)(void *context), void *context);

/* Waits for the end, tells how it went, and frees it. */
void state_saver_finish(struct state_saver *, struct state_saved *out);

#endif
