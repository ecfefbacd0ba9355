/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that a sensor keeps over a restart: the window and the series, in one file. It is a
 * podwire.report/1 document of the whole window, which `podwire score` and `podwire explain` read
 * as any other, with members "state*" more: what each slot counted, and the series. It is replaced
 * in one step, and read as hostile input.
 */
#ifndef PODWIRE_STATE_FILE_H
#define PODWIRE_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "series.h"
#include "window.h"

/* One moment by both clocks: the file has wall-clock times, window and series the other. */
struct state_time {
	int64_t wall, steady; /* nanoseconds */
};

/* What is kept. */
struct state {
	struct window *window;
	struct series *series;
};

/* Writes it to a stream, with the window's last snapshot; errors show in ferror(). */
void state_write(FILE *, const struct state *, const struct report *snapshot, struct state_time now);

/*
 * Reads it into an empty window and series; what has left by now is dropped. On an error error[]
 * holds one line, and window and series are to be thrown away.
 */
bool state_read(const struct state *, const char *name, const char *text, size_t size, struct state_time now, char *error, size_t error_size);

/* Whether this user may make a file there; else false, with a line in error[]. */
bool state_file_may_save(const char *path, char *error, size_t error_size);

/*
 * Replaces the file: what is written to the stream of begin() gets its place by end(), which also
 * closes it and takes as long as the disk does. After a crash at any moment the file is the old one
 * or the new one, whole. NULL or false on an error, with a line in error[]; the old one stays then.
 */
FILE *state_file_begin(const char *path, char *error, size_t error_size);
bool state_file_end(const char *path, FILE *, uint64_t *size, char *error, size_t error_size);

/*
 * Makes sure that no other process keeps its state at path, until *fd is closed; false with a line
 * in error[] where one does. The lock is a file beside it, PATH.lock, which stays.
 */
bool state_file_lock(const char *path, int *fd, char *error, size_t error_size);

/*
 * STATE_DAMAGED: what was there could not be read and was renamed to PATH.damaged-N; window and
 * series are to be thrown away, and error[] holds a line for the log. STATE_UNREADABLE: the same,
 * but it could not be opened or set aside.
 */
enum state_outcome { STATE_LOADED, STATE_ABSENT, STATE_DAMAGED, STATE_UNREADABLE };
enum state_outcome state_file_load(const char *path, const struct state *, struct state_time now, char *error, size_t error_size);

#endif
