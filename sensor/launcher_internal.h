/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of the launcher share. */
#ifndef PODWIRE_LAUNCHER_INTERNAL_H
#define PODWIRE_LAUNCHER_INTERNAL_H

#include "launcher.h"

enum launcher_command { LAUNCHER_COMMAND_STOP = 1 };

/* The launcher's life, in the process that launcher_start() forked from parent; fd leads to the supervisor. */
_Noreturn void launcher_process(const struct launcher_options *, int fd, pid_t parent);

/* sendmsg() that passes a descriptor along (-1: none), again where a signal comes between; never SIGPIPE. */
ssize_t launcher_send(int socket, const void *bytes, size_t size, int fd);

/* recvmsg() that takes one descriptor along, *passed or -1. */
ssize_t launcher_receive(int fd, void *bytes, size_t size, int flags, int *passed);

#endif
