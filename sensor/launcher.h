/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher: a small process between the supervisor and the workers. It alone may open packet
 * sockets, and it reads nothing from the network. It starts workers in order, each when the one
 * before is ready, starts them again when they die, and holds a second descriptor of every
 * worker's packet socket, so that the order of the PACKET_FANOUT group outlives a worker.
 */
#ifndef PODWIRE_LAUNCHER_H
#define PODWIRE_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "live_worker.h"
#include "worker_note.h"

enum { LAUNCHER_WORKERS_MAX = LIVE_WORKERS_MAX, LAUNCHER_ERROR_SIZE = 512 };

struct launcher_options {
	unsigned workers;                /* 1 .. LAUNCHER_WORKERS_MAX */
	const char *user;                /* as of isolation_supervisor() */
	struct live_worker_options worker; /* what differs between workers is filled in by the launcher */
};

/* The supervisor's side of it. */
struct launcher {
	int fd;    /* to poll for reading, non-blocking */
	pid_t pid;
	unsigned workers;
};

enum launcher_event_type {
	LAUNCHER_NOTHING, /* for now */
	LAUNCHER_STARTED, /* it begins, left says what the one before did not read; fd is the socket of messages with worker `index`, non-blocking, owned by who reads this: send it a plan */
	LAUNCHER_ENDED,   /* worker `index` ended: status, note, error. It is started again by itself */
	LAUNCHER_GONE,    /* the launcher itself has ended: so have all workers. error may say why */
};

struct launcher_event {
	enum launcher_event_type type;
	uint32_t index;
	pid_t pid;               /* the worker's */
	int fd;                  /* -1 but for LAUNCHER_STARTED */
	int status;              /* as of waitpid() */
	struct live_left left;   /* LAUNCHER_STARTED: all 0 for the first one */
	int64_t restart;         /* nanoseconds until it is started again */
	bool ready;              /* it had started */
	struct worker_note note; /* printable */
	char error[LAUNCHER_ERROR_SIZE]; /* "", or why it could not start, one line */
};

/*
 * Forks; call it before any thread, event loop or secret is there. The options must not change
 * after. False with a line in error[].
 */
bool launcher_start(struct launcher *, const struct launcher_options *, char *error, size_t error_size);

/*
 * How long, in nanoseconds, a worker that died waits until it is started again: not at all, but
 * longer and longer for one that lives but a short time. *failures is kept for the worker, 0 at first.
 */
int64_t launcher_delay(unsigned *failures, int64_t lived);

/* The next event; LAUNCHER_NOTHING where there is none. */
void launcher_read(struct launcher *, struct launcher_event *);

/* Workers that end are no longer started again. Send each MESSAGE_STOP then, and read what it has to say to its end. */
void launcher_stop(struct launcher *);

/* Ends the launcher, and with it every worker that is still there; waits for it. */
void launcher_clear(struct launcher *);

#endif
