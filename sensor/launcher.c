/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the launcher: starts it, reads its events. The process itself is launcher_process.c. */
#include <config.h>

#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "isolation.h"
#include "launcher_internal.h"

bool
launcher_start(struct launcher *l, const struct launcher_options *o, char *error, size_t error_size)
{
	pid_t parent = getpid();
	int ends[2];

	*l = (struct launcher){ .fd = -1, .workers = o->workers };
	if (!isolation_may_capture(error, error_size))
		return false;
	if (o->workers == 0 || o->workers > LAUNCHER_WORKERS_MAX) {
		snprintf(error, error_size, "the number of workers is 1 to %d", LAUNCHER_WORKERS_MAX);
		return false;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 || (l->pid = fork()) < 0) {
		snprintf(error, error_size, "cannot start the launcher: %s", strerror(errno));
		return false;
	}
	if (l->pid == 0)
		launcher_process(o, ends[1], parent);
	close(ends[1]);
	l->fd = ends[0];
	return true;
}

int64_t
launcher_delay(unsigned *failures, int64_t lived)
{
	static const int64_t SHORT = INT64_C(10000000000), HEALTHY = INT64_C(60000000000);
	static const int64_t LEAST = INT64_C(200000000), MOST = INT64_C(30000000000);
	int64_t delay = 0;

	if (lived >= HEALTHY)
		*failures = 0;
	if (*failures > 0)
		delay = *failures > 8 ? MOST : LEAST << (*failures - 1);
	if (lived < SHORT && *failures <= 8)
		(*failures)++;
	return delay < MOST ? delay : MOST;
}

/* A text of fixed size that a worker may have written: ended and printable. */
static void
clean(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* The descriptor that came with a message, or -1. */
static int
received_fd(struct msghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

ssize_t
launcher_send(int socket, const void *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	while ((sent = sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		continue;
	return sent;
}

ssize_t
launcher_receive(int fd, void *bytes, size_t size, int flags, int *passed)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t got;

	do
		got = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	*passed = got > 0 ? received_fd(&message) : -1;
	return got;
}

/* Whether an event is one that a sound launcher sends, cleaned of what workers wrote. */
static bool
event_valid(const struct launcher *l, struct launcher_event *e, int fd)
{
	if ((e->type != LAUNCHER_STARTED && e->type != LAUNCHER_ENDED && e->type != LAUNCHER_GONE) || (e->type == LAUNCHER_STARTED) != (fd >= 0))
		return false;
	clean(e->error, sizeof(e->error));
	clean(e->note.protocol, sizeof(e->note.protocol));
	e->fd = fd;
	return e->type == LAUNCHER_GONE || e->index < l->workers;
}

void
launcher_read(struct launcher *l, struct launcher_event *event)
{
	int fd;
	ssize_t got = launcher_receive(l->fd, event, sizeof(*event), MSG_DONTWAIT, &fd);

	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		*event = (struct launcher_event){ .type = LAUNCHER_NOTHING, .fd = -1 };
		return;
	}
	if (got == sizeof(*event) && event_valid(l, event, fd))
		return;
	if (fd >= 0)
		close(fd);
	*event = (struct launcher_event){ .type = LAUNCHER_GONE, .fd = -1 };
}

void
launcher_stop(struct launcher *l)
{
	const uint8_t stop = LAUNCHER_COMMAND_STOP;

	(void)send(l->fd, &stop, sizeof(stop), MSG_NOSIGNAL | MSG_DONTWAIT); /* where it is gone, so are they */
}

void
launcher_clear(struct launcher *l)
{
	enum { PATIENCE = 200 };
	const struct timespec pause = { 0, 10000000 };

	if (l->fd < 0)
		return;
	close(l->fd); /* tells it to end */
	for (int i = 0; waitpid(l->pid, NULL, WNOHANG) == 0; i++) {
		if (i == PATIENCE)
			kill(l->pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	*l = (struct launcher){ .fd = -1 };
}
