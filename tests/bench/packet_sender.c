/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For sensor_bench.py: replays a capture into a bridge at a rate, with little work for each packet.
 *
 *	packet_sender [-k] [-n PACKETS] [-t | -x] CAPTURE DEVICE PER-SECOND SECONDS
 *
 * DEVICE is a pod's end of a veth pair (a packet socket without queueing discipline), or with -t a tap device that is itself a port of
 * the bridge, as a virtual machine's; with -x its packets are made by the kernel (packet_injector.h), those of more than 3 KiB left out.
 * PER-SECOND 0: as fast as can be. Ends after SECONDS, or after PACKETS. The capture is sent again and again, with other addresses in
 * each round, or with -k the same. Waits asleep: what it does not need it leaves to others. Not so with -x, which also knows neither -k nor -n.
 * Says on standard output what it really did: packets, seconds, CPU seconds (in which is what the bridge and the capture do in the kernel).
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "packet_injector.h"

enum {
	BATCH_MAX = 64,
	PAUSE = 500000, /* nanoseconds asleep until more packets are due: to wake costs some 10 us */
	LATE_MAX = 10000000, /* nanoseconds: what is later than this is not made up for, that no burst comes after a stall */
	ADDRESS_OFFSET = 26,
	IPV4_MIN = 34,
};
static const int64_t SECOND = 1000000000;

struct frames {
	struct iovec *frames;
	size_t count, room;
};

static void
die(const char *what)
{
	fprintf(stderr, "packet_sender: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* The capture. */

static void
add(struct frames *all, const uint8_t *bytes, size_t size)
{
	if (all->count == all->room) {
		all->room = all->room > 0 ? 2 * all->room : 1 << 16;
		all->frames = realloc(all->frames, all->room * sizeof(*all->frames));
		if (all->frames == NULL)
			die("memory");
	}
	all->frames[all->count].iov_base = malloc(size);
	if (all->frames[all->count].iov_base == NULL)
		die("memory");
	memcpy(all->frames[all->count].iov_base, bytes, size);
	all->frames[all->count++].iov_len = size;
}

static void
load(struct frames *all, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, error);
	struct pcap_pkthdr *header;
	const u_char *bytes;

	if (p == NULL || pcap_datalink(p) != DLT_EN10MB) {
		fprintf(stderr, "packet_sender: %s\n", p == NULL ? error : "the capture is not of Ethernet");
		exit(1);
	}
	while (pcap_next_ex(p, &header, &bytes) == 1)
		if (header->caplen == header->len && header->len >= ETHER_HDR_LEN)
			add(all, bytes, header->len);
	pcap_close(p);
	if (all->count == 0) {
		fprintf(stderr, "packet_sender: %s: no packets\n", path);
		exit(1);
	}
}

static void
unload(struct frames *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->frames[i].iov_base);
	free(all->frames);
}

/* Both ends move by the same bits, so that the directions of a connection stay together; checksums are not mended (nobody on the way looks). */
static void
move(const struct iovec *frame, uint8_t bits)
{
	uint8_t *bytes = frame->iov_base;

	if (frame->iov_len < IPV4_MIN || bytes[12] != 8 || bytes[13] != 0)
		return;
	bytes[ADDRESS_OFFSET + 1] ^= bits;
	bytes[ADDRESS_OFFSET + 5] ^= bits;
}

/* The ways in. */

static int
open_pod(const char *device)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(device) };

	if (fd < 0 || address.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0)
		die(device);
	return fd;
}

static int
open_tap(const char *device)
{
	int fd = open("/dev/net/tun", O_RDWR);
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
		die(device);
	return fd;
}

/* Sends all of them, or ends the program. */
static void
send_pod(int fd, const struct iovec *frames, unsigned count)
{
	static struct mmsghdr messages[BATCH_MAX];

	for (unsigned i = 0; i < count; i++) {
		messages[i].msg_hdr.msg_iov = (struct iovec *)&frames[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned sent = 0; sent < count;) {
		int n = sendmmsg(fd, messages + sent, count - sent, 0);

		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			die("sending");
		if (n > 0)
			sent += (unsigned)n;
	}
}

static void
send_tap(int fd, const struct iovec *frames, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (write(fd, frames[i].iov_base, frames[i].iov_len) < 0)
			die("sending");
}

/* The pace. */

static void
sleep_until(int64_t when)
{
	struct timespec t = { .tv_sec = when / SECOND, .tv_nsec = when % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

struct sender {
	struct frames all;
	int fd;
	bool tap, keep;
	size_t at;
	unsigned round;
	uint64_t sent, most;
};

static void
next_round(struct sender *s)
{
	s->at = 0;
	s->round += !s->keep;
}

static void
send_some(struct sender *s, unsigned count)
{
	while (count > 0) {
		size_t left = s->all.count - s->at;
		unsigned n = count < left ? count : (unsigned)left;
		const struct iovec *frames = s->all.frames + s->at;

		/* The last round's bits off, this one's on. */
		for (unsigned i = 0; s->round > 0 && i < n; i++)
			move(&frames[i], (uint8_t)(s->round ^ (s->round - 1)));
		(s->tap ? send_tap : send_pod)(s->fd, frames, n);
		s->at += n;
		s->sent += n;
		count -= n;
		if (s->at == s->all.count)
			next_round(s);
	}
}

/* The seconds it took. */
static double
run(struct sender *s, double rate, double seconds)
{
	int64_t begun = now(), end = begun + (int64_t)(seconds * 1e9), t;
	double owed = 0; /* packets */

	for (int64_t last = begun; (t = now()) < end && s->sent < s->most; last = t) {
		unsigned count = BATCH_MAX;

		owed += (double)(t - last < LATE_MAX ? t - last : LATE_MAX) * 1e-9 * rate;
		if (rate > 0 && owed < BATCH_MAX)
			count = (unsigned)owed;
		if (count > s->most - s->sent)
			count = (unsigned)(s->most - s->sent);
		send_some(s, count);
		owed = owed - count < rate * LATE_MAX * 1e-9 ? owed - count : rate * LATE_MAX * 1e-9;
		if (rate > 0 && owed < BATCH_MAX)
			sleep_until(t + PAUSE);
	}
	return (double)(now() - begun) * 1e-9;
}

static double
cpu_seconds(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

/* By packets that the kernel makes. */
static uint64_t
inject(const struct frames *all, const char *device, double rate, double *seconds)
{
	struct injector *j = injector_new(device);
	int64_t begun, sent;

	if (j == NULL)
		die("injecting packets (Linux 5.18 with BPF)");
	for (size_t i = 0; i < all->count; i++)
		(void)injector_add(j, all->frames[i].iov_base, all->frames[i].iov_len);
	begun = now();
	sent = injector_run(j, rate, *seconds);
	if (sent < 0)
		die("injecting packets");
	*seconds = (double)(now() - begun) * 1e-9;
	injector_free(j);
	return (uint64_t)sent;
}

static int
usage(void)
{
	fprintf(stderr, "usage: packet_sender [-k] [-n PACKETS] [-t | -x] CAPTURE DEVICE PER-SECOND SECONDS\n");
	return 2;
}

int
main(int argc, char **argv)
{
	struct sender s = { .most = UINT64_MAX };
	double rate, seconds, before;
	bool injected = false;
	int option;

	while ((option = getopt(argc, argv, "kn:tx")) != -1) {
		if (option == 'k')
			s.keep = true;
		else if (option == 'n')
			s.most = strtoull(optarg, NULL, 10);
		else if (option == 't')
			s.tap = true;
		else if (option == 'x')
			s.tap = injected = true;
		else
			return usage();
	}
	if (argc - optind != 4 || (rate = atof(argv[optind + 2])) < 0 || (seconds = atof(argv[optind + 3])) <= 0)
		return usage();
	load(&s.all, argv[optind]);
	/* A tap device is up as long as somebody has it open. */
	s.fd = (s.tap ? open_tap : open_pod)(argv[optind + 1]);
	before = cpu_seconds();
	if (injected)
		s.sent = inject(&s.all, argv[optind + 1], rate, &seconds);
	else
		seconds = run(&s, rate, seconds);
	printf("{\"packets\": %llu, \"seconds\": %.3f, \"cpu\": %.3f}\n", (unsigned long long)s.sent, seconds, cpu_seconds() - before);
	close(s.fd);
	unload(&s.all);
	return 0;
}
