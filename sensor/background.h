/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that would hold the event loop for long, in a thread of its own; the loop is told of its end.
 * One piece of work at a time.
 */
#ifndef PODWIRE_BACKGROUND_H
#define PODWIRE_BACKGROUND_H

#include <stdbool.h>

struct event_base;
struct background;

/* Returns owned. */
struct background *background_new(struct event_base *);

/* Waits for what is under way, of whose end nobody is told then. NULL is fine. */
void background_free(struct background *);

/*
 * Begins: work(context) in the thread, and once that has returned done(context) in the loop. False
 * while something is under way. What the work looks at must not change meanwhile.
 */
bool background_run(struct background *, void (*work)(void *context), void (*done)(void *context), void *context);

bool background_busy(const struct background *);

#endif
