/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher's own process: makes workers, waits for their ends, tells the supervisor. A worker
 * is read from only until it has shut itself in; after that nothing but the end of its socket
 * counts, so that one that was taken over has no say here.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "isolation.h"
#include "launcher_internal.h"

enum worker_state { WORKER_DOWN, WORKER_STARTING, WORKER_RUNNING };

static const int64_t SECOND = 1000000000;
/* A worker that is not ready by then is ended. */
static const int64_t START_TIME_MAX = INT64_C(20000000000);

struct child {
	enum worker_state state;
	pid_t pid;
	int fd;                   /* to the worker */
	int messages;             /* the supervisor's end of the worker's messages, until it is passed on */
	int packets;              /* the packet socket that holds the place in the fanout group, or -1 */
	int new_packets;          /* of a worker that is starting, or -1 */
	int64_t started, restart; /* of the monotonic clock */
	unsigned failures;
	struct worker_note *note; /* shared with the worker */
	int inbox[2];             /* for the worker to read, for the others to write */
	char error[LAUNCHER_ERROR_SIZE];
};

struct launcher_self {
	const struct launcher_options *options;
	int supervisor;
	pid_t pid;
	/* By chance, for another sensor in this network must not have the same; a process number may be small in every container. */
	uint16_t fanout_group;
	bool stopping;
	struct child children[LAUNCHER_WORKERS_MAX];
};

static int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The supervisor. */

static void
end_all(struct launcher_self *l)
{
	for (unsigned i = 0; i < l->options->workers; i++) {
		if (l->children[i].state == WORKER_DOWN)
			continue;
		kill(l->children[i].pid, SIGKILL);
		while (waitpid(l->children[i].pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	_exit(0);
}

static void
tell(struct launcher_self *l, const struct launcher_event *event, int fd)
{
	if (launcher_send(l->supervisor, event, sizeof(*event), fd) < 0)
		end_all(l);
}

static void
take_command(struct launcher_self *l)
{
	uint8_t command;
	ssize_t got = recv(l->supervisor, &command, sizeof(command), MSG_DONTWAIT);

	if (got == sizeof(command) && command == LAUNCHER_COMMAND_STOP)
		l->stopping = true;
	else if (got >= 0 || (errno != EAGAIN && errno != EINTR))
		end_all(l);
}

/* A worker begins. */

static void
ignore_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
}

/* Ends with its parent, even where that has ended already. */
static void
end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}

/* In the worker: lets go of all that is not its own. */
static void
keep_own(struct launcher_self *l, unsigned index)
{
	close(l->supervisor);
	for (unsigned i = 0; i < l->options->workers; i++) {
		struct child *c = &l->children[i];

		close_fd(&c->fd);
		close_fd(&c->messages);
		close_fd(&c->packets);
		close_fd(&c->new_packets);
		close_fd(&c->inbox[i == index ? 1 : 0]);
		if (i != index)
			munmap(c->note, sizeof(*c->note));
	}
}

static _Noreturn void
be_worker(struct launcher_self *l, unsigned index, int messages, int fd)
{
	static int inboxes[LAUNCHER_WORKERS_MAX];
	struct live_worker_options options = l->options->worker;
	struct live_worker_place place = {
		.index = index,
		.count = l->options->workers,
		.supervisor = messages,
		.launcher = fd,
		.inboxes = inboxes,
		.note = l->children[index].note,
	};
	char name[32]; /* the kernel keeps 15 */

	end_with(l->pid);
	keep_own(l, index);
	for (unsigned i = 0; i < l->options->workers; i++)
		inboxes[i] = l->children[i].inbox[1];
	place.inbox = l->children[index].inbox[0];
	options.capture.share_count = l->options->workers;
	options.capture.fanout_group = l->fanout_group;
	snprintf(name, sizeof(name), "podwire-work-%u", index);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	live_worker_run(&options, &place);
}

/* Asks for so much to be on the way; the kernel may allow less, but to a privileged process. */
static void
set_send_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Returns how much later. */
static int64_t
start_later(struct child *c, int64_t lived)
{
	int64_t delay = launcher_delay(&c->failures, lived);

	c->state = WORKER_DOWN;
	c->restart = clock_now() + delay;
	return delay;
}

static void
start_worker(struct launcher_self *l, unsigned index)
{
	struct child *c = &l->children[index];
	int messages[2], control[2];

	c->started = clock_now();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, messages) != 0) {
		start_later(c, 0);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
		close(messages[0]);
		close(messages[1]);
		start_later(c, 0);
		return;
	}
	(void)fcntl(messages[0], F_SETFL, O_NONBLOCK);
	set_send_buffer(messages[1], 1 << 20);
	memset(c->note, 0, sizeof(*c->note));
	c->error[0] = '\0';
	if ((c->pid = fork()) == 0) {
		close(messages[0]);
		close(control[0]);
		be_worker(l, index, messages[1], control[1]);
	}
	close(messages[1]);
	close(control[1]);
	c->messages = messages[0];
	c->fd = control[0];
	if (c->pid > 0) {
		c->state = WORKER_STARTING;
		return;
	}
	close_fd(&c->messages);
	close_fd(&c->fd);
	start_later(c, 0);
}

/* The new worker has its place in the group: now the dead one's is given up, and the kernel moves the last into it. */
static void
on_ready(struct launcher_self *l, unsigned index)
{
	struct child *c = &l->children[index];
	struct launcher_event event = { .type = LAUNCHER_STARTED, .index = index, .pid = c->pid, .fd = -1 };

	if (c->packets >= 0)
		event.left = live_take_over(c->new_packets, c->packets);
	close_fd(&c->packets);
	c->packets = c->new_packets;
	c->new_packets = -1;
	c->state = WORKER_RUNNING;
	tell(l, &event, c->messages);
	close_fd(&c->messages);
}

/* A worker that is starting says how far it is. False where it is of no use. */
static bool
take_state(struct launcher_self *l, unsigned index)
{
	struct child *c = &l->children[index];
	struct live_worker_state state;
	int fd;

	if (launcher_receive(c->fd, &state, sizeof(state), MSG_DONTWAIT, &fd) != sizeof(state)) {
		close_fd(&fd);
		return false;
	}
	if (state.step == LIVE_WORKER_OPENED && fd >= 0 && c->new_packets < 0) {
		c->new_packets = fd;
		return true;
	}
	close_fd(&fd);
	if (state.step == LIVE_WORKER_READY && c->new_packets >= 0) {
		on_ready(l, index);
		return true;
	}
	state.error[sizeof(state.error) - 1] = '\0';
	snprintf(c->error, sizeof(c->error), "%s", state.error);
	return state.step == LIVE_WORKER_FAILED; /* it ends by itself, then */
}

/* A worker ends. */

static void
bury(struct launcher_self *l, unsigned index)
{
	struct child *c = &l->children[index];
	struct launcher_event event = { .type = LAUNCHER_ENDED, .index = index, .pid = c->pid, .fd = -1, .ready = c->state == WORKER_RUNNING };

	kill(c->pid, SIGKILL); /* for one that has but closed its socket; how a dying one dies it does not change */
	while (waitpid(c->pid, &event.status, 0) < 0 && errno == EINTR)
		continue;
	close_fd(&c->fd);
	close_fd(&c->messages);
	close_fd(&c->new_packets);
	event.restart = start_later(c, clock_now() - c->started);
	if (l->stopping)
		event.restart = -1;
	memcpy(&event.note, c->note, sizeof(event.note));
	memcpy(event.error, c->error, sizeof(event.error));
	tell(l, &event, -1);
}

/* The loop. */

static struct child *
starting(struct launcher_self *l)
{
	for (unsigned i = 0; i < l->options->workers; i++)
		if (l->children[i].state == WORKER_STARTING)
			return &l->children[i];
	return NULL;
}

/* Starts the first that is due, where none is starting: so their order in the fanout group is theirs. */
static void
start_due(struct launcher_self *l)
{
	for (unsigned i = 0; !l->stopping && starting(l) == NULL && i < l->options->workers; i++)
		if (l->children[i].state == WORKER_DOWN && l->children[i].restart <= clock_now())
			start_worker(l, i);
}

/* Milliseconds until something is due; -1: nothing is. */
static int
time_left(struct launcher_self *l)
{
	const struct child *begun = starting(l);
	int64_t until = begun != NULL ? begun->started + START_TIME_MAX : INT64_MAX, left;

	for (unsigned i = 0; begun == NULL && !l->stopping && i < l->options->workers; i++)
		if (l->children[i].state == WORKER_DOWN && l->children[i].restart < until)
			until = l->children[i].restart;
	if (until == INT64_MAX)
		return -1;
	left = until - clock_now();
	return left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

static void
check_start_time(struct launcher_self *l)
{
	struct child *c = starting(l);

	if (c == NULL || clock_now() - c->started < START_TIME_MAX)
		return;
	snprintf(c->error, sizeof(c->error), "not ready in time");
	kill(c->pid, SIGKILL); /* its socket tells of the end */
	c->started = clock_now();
}

static void
look(struct launcher_self *l)
{
	struct pollfd polled[LAUNCHER_WORKERS_MAX + 1];
	unsigned workers = l->options->workers;

	polled[workers] = (struct pollfd){ .fd = l->supervisor, .events = POLLIN };
	for (unsigned i = 0; i < workers; i++)
		polled[i] = (struct pollfd){ .fd = l->children[i].fd, .events = l->children[i].state == WORKER_STARTING ? POLLIN : 0 };
	if (poll(polled, workers + 1, time_left(l)) <= 0)
		return;
	if (polled[workers].revents != 0)
		take_command(l);
	for (unsigned i = 0; i < workers; i++) {
		short events = polled[i].revents;
		bool good = true;

		if ((events & POLLIN) != 0)
			good = take_state(l, i);
		else if (events != 0)
			good = false;
		if (!good)
			bury(l, i);
	}
}

/* The start. */

/* Closes this descriptor and all above, by the C library where it can. */
static void
close_from(int lowest)
{
#ifdef HAVE_CLOSEFROM
	closefrom(lowest);
#else
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (directory == NULL)
		abort();
	while ((entry = readdir(directory)) != NULL) {
		int fd = atoi(entry->d_name); /* 0 of "." and ".." */

		if (fd >= lowest && fd != dirfd(directory))
			close(fd);
	}
	closedir(directory);
#endif
}

/* Only standard error and the way to the supervisor stay open. */
static int
keep_descriptors(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (fd != STDERR_FILENO + 1)
		dup2(fd, STDERR_FILENO + 1);
	close_from(STDERR_FILENO + 2);
	return STDERR_FILENO + 1;
}

static bool
make_children(struct launcher_self *l)
{
	for (unsigned i = 0; i < l->options->workers; i++) {
		struct child *c = &l->children[i];

		*c = (struct child){ .fd = -1, .messages = -1, .packets = -1, .new_packets = -1, .inbox = { -1, -1 } };
		c->note = mmap(NULL, sizeof(*c->note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (c->note == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, c->inbox) != 0)
			return false;
		set_send_buffer(c->inbox[1], 4 << 20);
	}
	return true;
}

void
launcher_process(const struct launcher_options *options, int fd, pid_t parent)
{
	struct launcher_self *l = calloc(1, sizeof(*l));
	struct launcher_event event = { .type = LAUNCHER_GONE, .fd = -1 };

	if (l == NULL)
		_exit(1);
	ignore_signals();
	prctl(PR_SET_NAME, "podwire-launch", 0, 0, 0);
	*l = (struct launcher_self){ .options = options, .supervisor = keep_descriptors(fd), .pid = getpid() };
	(void)!getrandom(&l->fanout_group, sizeof(l->fanout_group), GRND_NONBLOCK);
	if (!make_children(l)) {
		snprintf(event.error, sizeof(event.error), "cannot prepare for workers: %s", strerror(errno));
		tell(l, &event, -1);
		_exit(1);
	}
	if (!isolation_launcher(options->user, event.error, sizeof(event.error))) {
		tell(l, &event, -1);
		_exit(1);
	}
	end_with(parent); /* another user would have cleared it */
	for (;;) {
		start_due(l);
		check_start_time(l);
		look(l);
	}
}
