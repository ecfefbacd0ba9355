/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures as a sensor does, one worker or several in one process, and says on standard output what it saw:
 *
 *	plan NAME:DIRECTIONS ...        whenever it changes
 *	packet SHARE NAME HEX           from the IP header on, the first bytes
 *	end RECEIVED DROPPED UNPLANNED GIVEN BYTES CUT CPU-MILLISECONDS
 *	interface NAME PACKETS BYTES
 *
 * The last at SIGTERM. For tests and for the figures in docs/performance.md.
 */
#include <config.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sensor/capture_live.h"
#include "sensor/cni_config.h"
#include "sensor/links.h"

enum { SHARES_MAX = 8, PATTERNS_MAX = 64, PRINTED = 48, SLL2_SIZE = 20, READ_LIMIT = 4096, NOBODY = 65534 };

static struct {
	struct live_options live;
	const char *patterns[PATTERNS_MAX];
	struct capture_wish wish;
	bool quiet, drop;
} options;

static struct links *links;
static struct live_capture *captures[SHARES_MAX];
static struct slot_table slots;
static struct capture_plan plan;
static uint32_t share;
static uint64_t given, bytes, cut;
static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void
die(const char *why)
{
	fprintf(stderr, "live_capture_tool: %s\n", why);
	exit(1);
}

static void
on_frame(void *context, const struct frame *frame)
{
	(void)context;
	given++;
	bytes += frame->original;
	cut += frame->captured < frame->original;
	if (options.quiet)
		return;
	printf("packet %u %s ", share, slots.slots[frame->file].name);
	for (uint32_t i = SLL2_SIZE; i < frame->captured && i < SLL2_SIZE + PRINTED; i++)
		printf("%02x", frame->bytes[i]);
	putchar('\n');
}

static void
print_plan(void)
{
	static const char *const words[] = { [PLAN_IN] = "in", [PLAN_OUT] = "out", [PLAN_BOTH] = "both" };

	printf("plan");
	for (uint32_t i = 0; i < plan.count; i++)
		printf(" %s:%s%s", plan.entries[i].name, words[plan.entries[i].directions & PLAN_BOTH], (plan.entries[i].directions & PLAN_PROMISCUOUS) != 0 ? "+promiscuous" : "");
	putchar('\n');
	fflush(stdout);
}

static void
make_plan(bool first)
{
	static struct capture_plan next;
	char error[256];
	const struct link *list;
	size_t count;

	list = links_list(links, &count);
	capture_plan_make(list, count, &options.wish, &slots, &next);
	if (!first && capture_plan_equal(&plan, &next))
		return;
	plan = next;
	for (uint32_t i = 0; i < options.live.share_count; i++)
		if (!live_set_plan(captures[i], plan.entries, plan.count, error, sizeof(error)))
			die(error);
	print_plan();
}

static void
read_options(int argc, char **argv)
{
	static char bridges[BRIDGES_MAX][IFNAMSIZ];
	int option;

	options.live = live_defaults;
	options.live.fanout_group = (uint16_t)getpid();
	options.wish.patterns = options.patterns;
	options.wish.bridges = bridges;
	while ((option = getopt(argc, argv, "c:df:i:pqr:s:w:")) != -1) {
		switch (option) {
		case 'c':
			options.wish.bridge_count = cni_config_bridges(optarg, bridges, NULL, NULL);
			break;
		case 'd':
			options.drop = true;
			break;
		case 'f':
			options.live.filter = optarg;
			break;
		case 'i':
			if (options.wish.pattern_count == PATTERNS_MAX)
				die("too many patterns");
			options.patterns[options.wish.pattern_count++] = optarg;
			break;
		case 'p':
			options.wish.promiscuous = true;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'r':
			options.live.ring_size = (uint32_t)strtoul(optarg, NULL, 10) << 20;
			break;
		case 's':
			options.live.snaplen = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			options.live.share_count = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		default:
			die("options: -c CNI-DIRECTORY -d (drop privileges) -f FILTER -i PATTERN -p (promiscuous) -q (quiet) -r RING-MIB -s SNAPLEN -w WORKERS");
		}
	}
	if (options.live.share_count < 1 || options.live.share_count > SHARES_MAX)
		die("1 to 8 workers");
}

static void
open_all(void)
{
	char error[256];

	links = links_open(error, sizeof(error));
	if (links == NULL)
		die(error);
	if (options.live.filter != NULL && !live_check_filter(options.live.filter, options.live.snaplen, error, sizeof(error)))
		die(error);
	for (uint32_t i = 0; i < options.live.share_count; i++)
		if ((captures[i] = live_open(&options.live, error, sizeof(error))) == NULL)
			die(error);
	/* A plan needs no privilege: what follows is done without any. */
	if (options.drop && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		die("cannot drop privileges");
}

static void
read_all(const struct pollfd *fds)
{
	char error[256];

	for (share = 0; share < options.live.share_count; share++)
		if ((fds[share].revents & POLLIN) != 0 && live_read(captures[share], READ_LIMIT, on_frame, NULL, error, sizeof(error)) < 0)
			die(error);
	fflush(stdout);
}

static void
loop(void)
{
	struct pollfd fds[SHARES_MAX + 1];
	bool first = true;

	for (uint32_t i = 0; i < options.live.share_count; i++)
		fds[i] = (struct pollfd){ .fd = live_fd(captures[i]), .events = POLLIN };
	fds[options.live.share_count] = (struct pollfd){ .fd = links_fd(links), .events = POLLIN };
	while (!stopped) {
		if (poll(fds, options.live.share_count + 1, 1000) <= 0)
			continue;
		if ((fds[options.live.share_count].revents & POLLIN) != 0 && links_read(links)) {
			make_plan(first);
			first = false;
		}
		read_all(fds);
	}
}

/* Until all that the kernel counts was given, for parts of the ring are handed over late; what never comes is told by the counters. */
static void
read_rest(void)
{
	enum { LOOKS = 100, LOOK = 50000 /* microseconds */ };

	for (unsigned looks = 0; looks < LOOKS; looks++) {
		uint64_t received = 0, accounted;

		read_all((struct pollfd[SHARES_MAX]){ [0 ... SHARES_MAX - 1] = { .revents = POLLIN } });
		accounted = given;
		for (uint32_t i = 0; i < options.live.share_count; i++) {
			struct live_statistics s;

			live_counters(captures[i], &s);
			received += s.received;
			accounted += s.dropped + s.unplanned;
		}
		if (received == accounted)
			return;
		(void)usleep(LOOK);
	}
}

static void
print_end(void)
{
	uint64_t received = 0, dropped = 0, unplanned = 0;
	struct live_packets sums[SLOTS_MAX] = { { 0 } };
	struct rusage usage;

	for (uint32_t i = 0; i < options.live.share_count; i++) {
		struct live_statistics s;

		live_counters(captures[i], &s);
		received += s.received;
		dropped += s.dropped;
		unplanned += s.unplanned;
		for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) {
			sums[slot].packets += s.slots[slot].packets;
			sums[slot].bytes += s.slots[slot].bytes;
		}
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("end %llu %llu %llu %llu %llu %llu %ld\n", (unsigned long long)received, (unsigned long long)dropped, (unsigned long long)unplanned,
		(unsigned long long)given, (unsigned long long)bytes, (unsigned long long)cut,
		(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
	for (uint32_t slot = 0; slot < slots.count; slot++)
		printf("interface %s %llu %llu\n", slots.slots[slot].name, (unsigned long long)sums[slot].packets, (unsigned long long)sums[slot].bytes);
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	read_options(argc, argv);
	open_all();
	loop();
	read_rest();
	print_end();
	for (uint32_t i = 0; i < options.live.share_count; i++)
		live_close(captures[i]);
	links_close(links);
	return 0;
}
