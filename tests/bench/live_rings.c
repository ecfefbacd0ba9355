/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For live_bench.py: what the sensor does not do, a packet ring on each port of a bridge, to be compared with what it does; and a
 * source of packets.
 *
 *	live_rings capture RING-MIB SNAPLEN BRIDGE PORT...   incoming of ports, outgoing of the bridge; the rings share so much memory
 *	live_rings send ADDRESS COUNT SIZE [PER-SECOND]      UDP datagrams to port 9
 *	live_rings stream ADDRESS MIB                        TCP to port 9, in writes of 64 KiB
 *	live_rings sink                                      takes both
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 9, BATCH = 64, RINGS_MAX = 2048 };

static volatile sig_atomic_t stopped;
static unsigned long long packets;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void
die(const char *what)
{
	fprintf(stderr, "live_rings: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	(void)user, (void)header, (void)bytes;
	packets++;
}

static pcap_t *
open_ring(const char *device, pcap_direction_t direction, int size, int snaplen)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create(device, error);

	pcap_set_snaplen(p, snaplen);
	pcap_set_buffer_size(p, size);
	pcap_set_timeout(p, 100);
	if (pcap_activate(p) < 0 || pcap_setdirection(p, direction) != 0 || pcap_setnonblock(p, 1, error) != 0) {
		fprintf(stderr, "live_rings: %s: %s\n", device, pcap_geterr(p));
		exit(1);
	}
	return p;
}

static int
capture(int argc, char **argv)
{
	static pcap_t *rings[RINGS_MAX];
	static struct pollfd fds[RINGS_MAX];
	unsigned long long received = 0, dropped = 0;
	int count = argc - 2, size = (int)((strtoul(argv[0], NULL, 10) << 20) / (unsigned)count);
	struct rusage usage;

	for (int i = 0; i < count; i++) {
		rings[i] = open_ring(argv[2 + i], i == 0 ? PCAP_D_OUT : PCAP_D_IN, size, (int)strtoul(argv[1], NULL, 10));
		fds[i] = (struct pollfd){ .fd = pcap_get_selectable_fd(rings[i]), .events = POLLIN };
	}
	puts("plan");
	fflush(stdout);
	while (!stopped) {
		if (poll(fds, (nfds_t)count, 1000) <= 0)
			continue;
		for (int i = 0; i < count; i++)
			if ((fds[i].revents & POLLIN) != 0)
				pcap_dispatch(rings[i], 4096, on_packet, NULL);
	}
	for (int i = 0; i < count; i++) {
		struct pcap_stat stat;

		if (pcap_stats(rings[i], &stat) == 0)
			received += stat.ps_recv, dropped += stat.ps_drop;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("end %llu %llu 0 %llu 0 0 %ld\n", received, dropped, packets,
		(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
	return 0;
}

static int
connected(int type, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int s = socket(AF_INET, type, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || connect(s, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(address);
	return s;
}

static void
print_sent(unsigned long long count, double start)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("sent %llu %.3f %ld\n", count, now() - start, (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

static int
send_datagrams(int argc, char **argv)
{
	static char bytes[65536];
	unsigned long long count = strtoull(argv[1], NULL, 10), sent = 0;
	double start = now(), rate = argc > 3 ? strtod(argv[3], NULL) : 0;
	struct iovec part = { .iov_base = bytes, .iov_len = strtoul(argv[2], NULL, 10) };
	struct mmsghdr messages[BATCH];
	int s = connected(SOCK_DGRAM, argv[0]);

	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	while (sent < count) {
		int n = sendmmsg(s, messages, BATCH, 0);

		if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			die("sendmmsg");
		sent += n > 0 ? (unsigned)n : 0;
		while (rate > 0 && (double)sent > (now() - start) * rate)
			usleep(200);
	}
	print_sent(sent, start);
	return 0;
}

static int
send_stream(char **argv)
{
	static char bytes[65536];
	unsigned long long count = strtoull(argv[1], NULL, 10) << 4;
	double start = now();
	int s = connected(SOCK_STREAM, argv[0]);

	for (unsigned long long i = 0; i < count; i++)
		if (send(s, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
			die("send");
	shutdown(s, SHUT_WR);
	(void)!read(s, bytes, 1);
	print_sent(count >> 4, start);
	return 0;
}

static int
sink(void)
{
	static char bytes[1 << 20];
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0), s;

	/* What is not read is dropped by the socket, at no cost to speak of. */
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) != 0 || bind(datagrams, (struct sockaddr *)&any, sizeof(any)) != 0 || listen(listener, 8) != 0)
		die("bind");
	puts("ready");
	fflush(stdout);
	while ((s = accept(listener, NULL, NULL)) >= 0) {
		while (read(s, bytes, sizeof(bytes)) > 0)
			;
		close(s);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	if (argc >= 6 && strcmp(argv[1], "capture") == 0)
		return capture(argc - 2, argv + 2);
	if (argc >= 5 && strcmp(argv[1], "send") == 0)
		return send_datagrams(argc - 2, argv + 2);
	if (argc >= 4 && strcmp(argv[1], "stream") == 0)
		return send_stream(argv + 2);
	if (argc >= 2 && strcmp(argv[1], "sink") == 0)
		return sink();
	fputs("usage: see the source\n", stderr);
	return 1;
}
