/* SPDX-License-Identifier: Apache-2.0 */
/* Between judge.c, which is called, and judge_thread.c, which judges: what is passed between them, and under which lock. */
#ifndef PODWIRE_JUDGE_INTERNAL_H
#define PODWIRE_JUDGE_INTERNAL_H

#include <pthread.h>
#include <sys/queue.h>

#include "judge.h"
#include "state_file.h"
#include "state_saver.h"

enum {
	ASKS_MAX = 64,    /* that wait for an answer */
	DELTAS_MAX = 16,  /* that wait to be taken in; more are merged into the last */
	LINES_MAX = 16,   /* for the log, not yet fetched */
	LINE_SIZE = 1024,
};

#define SECOND INT64_C(1000000000)

/* A document that was asked for, then its text. */
struct ask {
	STAILQ_ENTRY(ask) link;
	void (*render)(FILE *, const struct snapshot *, void *argument);
	void *argument;
	void (*done)(void *context, char *text, size_t size);
	void *context;
	char *text;
	size_t size;
};

STAILQ_HEAD(asks, ask);

/* What is handed over, until the thread takes it. */
struct mail {
	struct report *deltas[DELTAS_MAX];
	size_t delta_count;
	struct policy_set *policies; /* NULL: the same */
	struct sensor_status *status; /* NULL: the same */
	struct asks asks;
	bool saved;                   /* the saver is done */
	bool stop;
};

struct line {
	enum judge_trouble trouble;
	char *text;
};

struct judge {
	struct judge_options options;
	char *state_path;
	int state_lock;     /* -1: none */
	int event;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under the lock. */
	struct mail mail;
	struct asks answers;
	size_t asks_open;   /* asked and not yet done */
	struct line lines[LINES_MAX];
	size_t line_count;
	struct judge_status shown;

	/* The thread's. */
	struct state state;
	struct policy_set *policies;
	struct sensor_status *status;
	struct report *report;
	uint64_t generation;
	int64_t slot;       /* the last that was looked after */
	int64_t saved, saved_wall; /* when the state was last written, to be saved */
	bool unsaved;       /* something was added since, or it failed */
	struct state_saver *saver; /* NULL: none is on its way to the disk */
};

/* The thread; context is the judge. Ends when mail says stop, once the state is saved. */
void *judge_run(void *context);

/* Frees what waits in a list, which is empty then. */
void judge_free_asks(struct asks *);

#endif
