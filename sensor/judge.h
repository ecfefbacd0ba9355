/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge: a thread that owns the window, the series and the policy set, and does all that takes
 * long (merge, conclude, render, save) away from the event loop. The main thread hands over delta
 * reports and asks for documents; what is done comes back through a descriptor.
 */
#ifndef PODWIRE_JUDGE_H
#define PODWIRE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"
#include "series.h"
#include "status.h"

/* What is known at one moment; to be read in the judge's thread only. */
struct snapshot {
	const struct report *report;        /* concluded, of the whole window */
	const struct series *series;
	const struct sensor_status *status; /* the last that was given; all 0 before */
	int64_t now;                        /* nanoseconds since 1970 */
	uint64_t generation;                /* 1, 2, 3...: of the report */
};

enum judge_trouble {
	JUDGE_STATE_DAMAGED,   /* it was not read back, and set aside where that could be */
	JUDGE_STATE_NOT_SAVED,
};

struct judge_options {
	int64_t window;              /* nanoseconds; 0: an hour */
	int64_t expire;              /* of series, nanoseconds; 0: an hour; less than the window counts as the window */
	size_t max_pairs;            /* 0: 10 000 */
	struct policy_set *policies; /* owned by the judge from then on */
	const char *state_path;      /* NULL: nothing is kept over a restart; copied */
	int64_t state_interval;      /* nanoseconds; 0: a minute */
	/* Called in the judge's thread after each new report; or NULL. */
	void (*on_snapshot)(void *context, const struct snapshot *);
	/* What is wrong with the state, in a line: from judge_poll() and judge_free(), in their thread; or NULL. */
	void (*log)(void *context, enum judge_trouble, const char *line);
	void *context;
	/* For tests: clocks in nanoseconds; NULL: CLOCK_REALTIME and CLOCK_BOOTTIME. */
	int64_t (*wall)(void);
	int64_t (*steady)(void);
};

struct judge;

/* Starts the thread, which reads the state before all else. NULL where that cannot be, with a line in error[]. Returns owned. */
struct judge *judge_new(const struct judge_options *, char *error, size_t error_size);

/* Takes in what was given, saves the state and ends the thread. Answers not yet fetched are dropped: their done() is not called. */
void judge_free(struct judge *);

/* Hands over a delta report (owned; NULL: none), after which a new report follows, and the status of now (copied; NULL: the same). */
void judge_give(struct judge *, struct report *delta, const struct sensor_status *);

/* Hands over another policy set (owned): a new report under it follows at once. */
void judge_set_policies(struct judge *, struct policy_set *);

/* Readable when judge_poll() has something to do. */
int judge_fd(const struct judge *);

/* Calls done() of what was asked for, in the caller's thread. */
void judge_poll(struct judge *);

/*
 * Asks for a document: render() writes it in the judge's thread, done() gets its text (owned,
 * NUL-terminated) from judge_poll(); argument must live until then. It waits for no more than the
 * report being made. False where too many wait already: done() is not called then.
 */
bool judge_ask(struct judge *, void (*render)(FILE *, const struct snapshot *, void *argument), void *argument, void (*done)(void *context, char *text, size_t size), void *context);

/* What the judge can tell of itself; any thread may ask. */
struct judge_status {
	uint64_t snapshots;
	int64_t snapshot_time;     /* nanoseconds that the last one took to make */
	int64_t state_saved;       /* nanoseconds since 1970; 0: never */
	uint64_t state_errors;
	uint64_t state_bytes;      /* of the last one saved */
};
void judge_status(struct judge *, struct judge_status *out);

#endif
