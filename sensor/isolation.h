/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process gives up before it works. Each function is called once, by a process with a
 * single thread, and cannot be undone; false with a line in error[] where something that must be
 * given up could not be.
 */
#ifndef PODWIRE_ISOLATION_H
#define PODWIRE_ISOLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The user that root becomes, unless told another, where there is no user `podwire`. */
enum { ISOLATION_NOBODY = 65534 };

/* Whether this process may open packet sockets; error[] says what is missing and how to give it. */
bool isolation_may_capture(char *error, size_t error_size);

/*
 * The supervisor: another user where it is root (a name or a number; NULL: `podwire` if there is
 * one, else 65534; root without CAP_SETUID stays as it is unless a user is named), no capability,
 * nothing gained by executing, not dumpable, files for itself alone.
 */
bool isolation_supervisor(const char *user, char *error, size_t error_size);

/*
 * The launcher: the same user, CAP_NET_RAW and no other capability, no program, connection or
 * file for writing. Workers inherit this.
 */
bool isolation_launcher(const char *user, char *error, size_t error_size);

struct isolation_worker_options {
	uint64_t memory;     /* bytes beyond what is reserved by now; 0: no limit */
	const int *writable; /* descriptors; those below 0 do not count */
	size_t writable_count;
	bool promiscuous;    /* interfaces may be made promiscuous */
};

/*
 * A worker that has opened all it needs: nothing but to read and poll what is open, to write to
 * standard error and to the descriptors given, and memory. Anything else kills it (SIGSYS).
 */
bool isolation_worker(const struct isolation_worker_options *, char *error, size_t error_size);

#endif
