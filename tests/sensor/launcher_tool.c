/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small supervisor for tests, which prints what workers tell it, a line each:
 *
 *     launcher_tool run [--workers N] [--user NAME] [--misbehave open|note|memory|send|promiscuous] INTERFACE...
 *     launcher_tool replay CAPTURE...
 *
 * run: interfaces in the order of their indices; ends on SIGTERM, when workers have told all. --misbehave: what worker 0 does once it has
 * shut itself in, the first time it lives: opens a file; dies of a signal with a packet in hand;
 * asks for more memory than it may have; sends a frame by its packet socket;
 * makes an interface promiscuous.
 * replay: reads the captures, shuts itself in as a worker, and then works on their frames: whatever
 * a dissector or a library still asks of the system then kills it.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sensor/capture.h"
#include "sensor/isolation.h"
#include "sensor/isolation_internal.h"
#include "sensor/launcher.h"
#include "sensor/messages.h"

static _Noreturn void
fail(const char *why)
{
	fprintf(stderr, "launcher_tool: %s\n", why);
	exit(1);
}

static struct live_worker_options
default_options(void)
{
	struct live_worker_options o = { .worker = worker_defaults, .capture = live_defaults, .memory = (uint64_t)64 << 20 };

	o.worker.table = flow_table_defaults;
	o.worker.table.max_flows = 10000;
	o.worker.inspector = inspector_defaults;
	o.worker.inspector.early = true;
	o.capture.ring_size = 4 << 20;
	o.capture.fanout_group = (uint16_t)getpid();
	return o;
}

/* Misbehaviour. */

static int *first_life; /* shared: whether it is still to come */

static void
open_file(uint32_t index, struct worker_note *note)
{
	(void)note;
	if (index != 0 || !*first_life)
		return;
	*first_life = 0;
#ifdef ISOLATION_SANITIZERS
	(void)open("/tmp/podwire-must-not-be", O_RDWR | O_CREAT, 0600); /* reading they may */
#else
	(void)open("/etc/hostname", O_RDONLY);
#endif
	_exit(99);
}

static void
die_with_note(uint32_t index, struct worker_note *note)
{
	if (index != 0 || !*first_life)
		return;
	*first_life = 0;
	*note = (struct worker_note){ .busy = 1, .port = { 4711, 80 }, .ip_protocol = 6, .protocol = "http\n", .packets = 42 };
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void
take_memory(uint32_t index, struct worker_note *note)
{
	size_t size = (size_t)1 << 20, taken = 0;

	(void)note;
	if (index != 0 || !*first_life)
		return;
	*first_life = 0;
	while (taken < (size_t)1 << 30 && malloc(size) != NULL)
		taken += size;
#ifdef ISOLATION_SANITIZERS
	taken = 0; /* without a limit: they need terabytes */
#endif
	_exit(taken < (size_t)100 << 20 ? 50 : 99);
}

/* To loopback, by whichever of its descriptors takes it. */
static void
send_frame(uint32_t index, struct worker_note *note)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = 1, .sll_protocol = htons(0x88b5), .sll_halen = 6 };
	uint8_t frame[60] = { 0 };
	struct iovec part = { .iov_base = frame, .iov_len = sizeof(frame) };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1 };

	(void)note;
	if (index != 0 || !*first_life)
		return;
	*first_life = 0;
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
		if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(frame))
			_exit(99);
	_exit(98);
}

static void
be_promiscuous(uint32_t index, struct worker_note *note)
{
	const struct packet_mreq request = { .mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC };

	(void)note;
	if (index != 0 || !*first_life)
		return;
	*first_life = 0;
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) == 0)
			_exit(99);
	_exit(98);
}

static const struct {
	const char *name;
	void (*run)(uint32_t index, struct worker_note *);
} misbehaviours[] = { { "open", open_file }, { "note", die_with_note }, { "memory", take_memory }, { "send", send_frame }, { "promiscuous", be_promiscuous } };

/* The supervisor. */

static struct {
	struct launcher launcher;
	struct capture_plan plan;
	int fds[LAUNCHER_WORKERS_MAX]; /* -1: none */
	struct message_reader *readers[LAUNCHER_WORKERS_MAX];
	unsigned workers;
	bool stopping;
} self;

static volatile sig_atomic_t told_to_stop;

static void
on_signal(int number)
{
	(void)number;
	told_to_stop = 1;
}

/* To a worker that may have died. */
static void
send_message(int fd, enum message_type type, const void *body, size_t size)
{
	struct message_header header = { .type = (uint32_t)type, .size = (uint32_t)size };

	if (send(fd, &header, sizeof(header), MSG_NOSIGNAL) == sizeof(header) && size > 0)
		(void)send(fd, body, size, MSG_NOSIGNAL);
}

/* Of the monotonic clock. */
static double
seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
print_message(unsigned index, const struct message_reader *m)
{
	const struct flow_record *f = &m->body.flow;
	const struct live_counters *c = &m->body.live;

	if (m->header.type == MESSAGE_READY)
		printf("ready %u at=%.3f\n", index, seconds_now());
	else if (m->header.type == MESSAGE_FLOW)
		printf("flow %u %u %u %s %llu\n", index, f->client_port, f->server_port, record_protocol(f) != NULL ? record_protocol(f) : "-",
		    (unsigned long long)(f->payload[0] + f->payload[1]));
	else if (m->header.type == MESSAGE_COUNTERS)
		printf("counters %u frames=%llu received=%llu dropped=%llu forwarded=%llu open=%u memory=%llu interfaces=%u\n", index,
		    (unsigned long long)c->worker.frames, (unsigned long long)c->kernel_received, (unsigned long long)c->kernel_dropped,
		    (unsigned long long)c->forwarded, c->flows_open, (unsigned long long)c->memory, c->interface_count);
}

static void
close_worker(unsigned index)
{
	close(self.fds[index]);
	self.fds[index] = -1;
}

static void
take_messages(unsigned index)
{
	struct message_reader *m = self.readers[index];
	enum message_result result = message_reader_next(m, self.fds[index]);

	for (; result == MESSAGE_WHOLE; result = message_reader_pending(m))
		print_message(index, m);
	if (result == MESSAGE_WAIT)
		return;
	printf("%s %u\n", result == MESSAGE_END ? "end" : "malformed", index);
	close_worker(index);
}

static void
on_started(const struct launcher_event *e)
{
	while (self.fds[e->index] >= 0)
		take_messages(e->index); /* the last words of the one before */
	self.fds[e->index] = e->fd;
	message_reader_clear(self.readers[e->index]);
	message_reader_init(self.readers[e->index], MESSAGES_OF_WORKER);
	printf("started %u pid=%d\n", e->index, (int)e->pid);
	send_message(e->fd, MESSAGE_PLAN, &self.plan, sizeof(self.plan));
}

/* False: the launcher is gone. */
static bool
take_events(void)
{
	struct launcher_event e;

	for (;;) {
		launcher_read(&self.launcher, &e);
		if (e.type == LAUNCHER_NOTHING)
			return true;
		if (e.type == LAUNCHER_STARTED)
			on_started(&e);
		else if (e.type == LAUNCHER_ENDED)
			printf("ended %u pid=%d signal=%d exit=%d restart_ms=%lld busy=%u port=%u protocol=%s packets=%llu error=%s\n", e.index, (int)e.pid,
			    WIFSIGNALED(e.status) ? WTERMSIG(e.status) : 0, WIFEXITED(e.status) ? WEXITSTATUS(e.status) : -1, (long long)(e.restart / 1000000),
			    e.note.busy, e.note.port[0], e.note.protocol, (unsigned long long)e.note.packets, e.error);
		else
			printf("gone error=%s\n", e.error);
		if (e.type == LAUNCHER_GONE)
			return false;
	}
}

static bool
any_open(void)
{
	for (unsigned i = 0; i < self.workers; i++)
		if (self.fds[i] >= 0)
			return true;
	return false;
}

static void
stop_all(void)
{
	self.stopping = true;
	launcher_stop(&self.launcher);
	for (unsigned i = 0; i < self.workers; i++)
		if (self.fds[i] >= 0)
			send_message(self.fds[i], MESSAGE_STOP, NULL, 0);
}

static int
loop(void)
{
	struct pollfd polled[LAUNCHER_WORKERS_MAX + 1];

	for (;;) {
		if (told_to_stop && !self.stopping)
			stop_all();
		if (self.stopping && !any_open())
			break;
		for (unsigned i = 0; i < self.workers; i++)
			polled[i] = (struct pollfd){ .fd = self.fds[i], .events = POLLIN };
		polled[self.workers] = (struct pollfd){ .fd = self.launcher.fd, .events = POLLIN };
		if (poll(polled, self.workers + 1, -1) < 0)
			continue;
		for (unsigned i = 0; i < self.workers; i++)
			if (polled[i].revents != 0)
				take_messages(i);
		if (polled[self.workers].revents != 0 && !take_events())
			return 1;
	}
	launcher_clear(&self.launcher);
	printf("stopped\n");
	return 0;
}

static void
plan_interface(const char *name)
{
	struct plan_entry *e = &self.plan.entries[self.plan.count];

	e->ifindex = if_nametoindex(name);
	e->slot = (uint16_t)self.plan.count++;
	e->directions = PLAN_IN;
	if (e->ifindex == 0)
		fail("no such interface");
	snprintf(e->name, sizeof(e->name), "%s", name);
}

static void
set_misbehaviour(struct launcher_options *o, const char *name)
{
	first_life = mmap(NULL, sizeof(*first_life), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (first_life == MAP_FAILED)
		fail("no memory");
	*first_life = 1;
	for (size_t i = 0; i < sizeof(misbehaviours) / sizeof(misbehaviours[0]); i++)
		if (strcmp(misbehaviours[i].name, name) == 0)
			o->worker.after_isolation = misbehaviours[i].run;
}

static int
run(char **arguments)
{
	struct launcher_options o = { .workers = 2, .worker = default_options() };
	char error[512];

	for (; *arguments != NULL && strncmp(*arguments, "--", 2) == 0; arguments += 2) {
		if (arguments[1] == NULL)
			fail("an option lacks its value");
		if (strcmp(*arguments, "--workers") == 0)
			o.workers = (unsigned)atoi(arguments[1]);
		else if (strcmp(*arguments, "--user") == 0)
			o.user = arguments[1];
		else if (strcmp(*arguments, "--misbehave") == 0)
			set_misbehaviour(&o, arguments[1]);
	}
	while (*arguments != NULL)
		plan_interface(*arguments++);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!launcher_start(&self.launcher, &o, error, sizeof(error)) || !isolation_supervisor(o.user, error, sizeof(error)))
		fail(error);
	self.workers = o.workers;
	for (unsigned i = 0; i < o.workers; i++) {
		self.fds[i] = -1;
		if ((self.readers[i] = calloc(1, sizeof(*self.readers[i]))) == NULL)
			abort();
	}
	printf("launcher pid=%d\n", (int)self.launcher.pid);
	return loop();
}

/* Replaying. */

struct kept {
	struct frame frame;
	struct kept *next;
	uint8_t bytes[];
};

static struct kept *
keep_frames(char **paths)
{
	struct kept *first = NULL, **last = &first;
	char error[1024];
	struct frame frame;

	for (uint16_t i = 0; paths[i] != NULL; i++) {
		struct capture *c = capture_open(paths[i], 0, error, sizeof(error));

		if (c == NULL)
			continue; /* some of ours are damaged on purpose */
		while (capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME) {
			struct kept *k = malloc(sizeof(*k) + frame.captured);

			if (k == NULL)
				abort();
			*k = (struct kept){ .frame = frame };
			memcpy(k->bytes, frame.bytes, frame.captured);
			k->frame.bytes = k->bytes;
			*last = k;
			last = &k->next;
		}
		capture_close(c);
	}
	return first;
}

static int
replay(char **paths)
{
	struct kept *frames = keep_frames(paths);
	struct live_worker_options o = default_options();
	struct message_writer writer;
	struct record_sink sink;
	struct worker *w;
	char error[512];

	message_writer_init(&writer, STDOUT_FILENO);
	sink = message_writer_sink(&writer);
	if ((w = worker_new(&o.worker, &sink, error, sizeof(error))) == NULL || !isolation_worker(&(struct isolation_worker_options){ .writable = &writer.fd, .writable_count = 1 }, error, sizeof(error)))
		fail(error);
	for (; frames != NULL; frames = frames->next)
		worker_frame(w, &frames->frame);
	worker_finish(w);
	message_writer_flush(&writer);
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc > 2 && strcmp(argv[1], "replay") == 0)
		return replay(argv + 2);
	fail("run or replay, and what");
}
