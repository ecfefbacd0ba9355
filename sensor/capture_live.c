/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpcap opens the socket, keeps the ring and cooks the packets. The filter is put in place here:
 * libpcap would let nothing through for a moment whenever it changes, and interfaces come and go.
 */
#include <config.h>

#include "capture_live.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture_filter.h"

enum {
	/* The kernel hands over a part of the ring when it is full, or this long after its first packet: what waits, and how often an idle sensor wakes. */
	BLOCK_TIMEOUT = 100, /* milliseconds */
	TABLE_BITS = 12,
	TABLE_SIZE = 1 << TABLE_BITS,
	SLL2_IFINDEX = 4, SLL2_PACKET_TYPE = 10, SLL2_SIZE = 20,
};
_Static_assert(TABLE_SIZE >= 4 * PLAN_MAX, "the table is to be sparse");

/* Why these: docs/performance.md, "Live capture". */
const struct live_options live_defaults = { .snaplen = 16384, .ring_size = 8 << 20, .share_count = 1 };

struct live_capture {
	pcap_t *pcap;
	int fd;
	uint32_t snaplen;
	bool filtered;                /* the user's filter is there */
	struct bpf_program user;
	struct plan_entry entries[PLAN_MAX];
	size_t count;
	uint16_t table[TABLE_SIZE];   /* by ifindex: 1 + place in entries, or 0 */
	struct live_packets slots[SLOTS_MAX];
	uint64_t received, dropped, unplanned;
	u_int last_received, last_dropped; /* libpcap's, which wrap */
	live_on_frame *on_frame;      /* during live_read() */
	void *context;
};

/* Filters. */

static bool
compile(pcap_t *pcap, const char *filter, struct bpf_program *out, char *error, size_t error_size)
{
	struct bpf_insn *copy;
	bool good;

	if (pcap_compile(pcap, out, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(error, error_size, "filter \"%s\": %s", filter, pcap_geterr(pcap));
		return false;
	}
	copy = malloc(out->bf_len * sizeof(*copy));
	if (copy == NULL)
		abort();
	memcpy(copy, out->bf_insns, out->bf_len * sizeof(*copy));
	good = capture_filter_for_kernel(copy, out->bf_len);
	free(copy);
	if (good)
		return true;
	snprintf(error, error_size, "filter \"%s\": looks at fields of the link layer that are not there", filter);
	pcap_freecode(out);
	return false;
}

bool
live_check_filter(const char *filter, uint32_t snaplen, char *error, size_t error_size)
{
	pcap_t *pcap = pcap_open_dead(DLT_LINUX_SLL2, (int)snaplen);
	struct bpf_program program;
	bool good;

	if (pcap == NULL)
		abort();
	good = compile(pcap, filter, &program, error, error_size);
	if (good)
		pcap_freecode(&program);
	pcap_close(pcap);
	return good;
}

/* The kernel's struct sock_fprog, of <linux/filter.h>, which does not agree with libpcap's header. Its instructions are the same. */
struct kernel_program {
	unsigned short count;
	struct bpf_insn *insns;
};

/* Attaches a program in place of what was attached, at once. */
static bool
attach(const struct live_capture *c, struct bpf_insn *insns, size_t count)
{
	struct kernel_program program = { .count = (unsigned short)count, .insns = insns };

	return setsockopt(c->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static bool
attach_plan(struct live_capture *c, const struct plan_entry *entries, size_t count, char *error, size_t error_size)
{
	static const struct bpf_insn nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_insn program[FILTER_MAX], none = nothing;
	size_t size = capture_filter_plan(entries, count, c->filtered ? &c->user : NULL, c->snaplen, program);

	if (size == 0 || !capture_filter_for_kernel(program, size)) {
		snprintf(error, error_size, "the filter and %zu interfaces are more than the kernel takes as one program", count);
		return false;
	}
	if (attach(c, program, size))
		return true;
	/* Old kernels may have no room for two large programs at a time, the old and the new. */
	if (errno == ENOMEM && attach(c, &none, 1) && attach(c, program, size))
		return true;
	snprintf(error, error_size, "the kernel refuses a filter of %zu instructions: %s", size, strerror(errno));
	return false;
}

/* Opening. */

static bool
join_fanout(const struct live_capture *c, const struct live_options *options, char *error, size_t error_size)
{
	struct bpf_insn insns[FANOUT_MAX];
	struct kernel_program program = { .count = (unsigned short)capture_filter_fanout(options->share_count, insns), .insns = insns };
	/* No PACKET_FANOUT_FLAG_DEFRAG: see docs/monitor.md. */
	uint32_t group = options->fanout_group | (uint32_t)PACKET_FANOUT_CBPF << 16;

	if (setsockopt(c->fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0 &&
		setsockopt(c->fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) == 0)
		return true;
	snprintf(error, error_size, "sharing packets among workers (PACKET_FANOUT group %u): %s", options->fanout_group, strerror(errno));
	return false;
}

static void
tell_activation(pcap_t *pcap, int result, char *error, size_t error_size)
{
	if (result == PCAP_ERROR_PERM_DENIED)
		snprintf(error, error_size, "live capture needs the capability CAP_NET_RAW");
	else if (result == PCAP_ERROR)
		snprintf(error, error_size, "live capture: %s", pcap_geterr(pcap));
	else
		snprintf(error, error_size, "live capture: %s", pcap_statustostr(result));
}

static bool
activate(struct live_capture *c, const struct live_options *options, char *error, size_t error_size)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	int result;

	c->pcap = pcap_create("any", reason);
	if (c->pcap == NULL) {
		snprintf(error, error_size, "live capture: %s", reason);
		return false;
	}
	/* The cooked header counts. */
	pcap_set_snaplen(c->pcap, (int)(options->snaplen + SLL2_SIZE));
	pcap_set_buffer_size(c->pcap, (int)options->ring_size);
	pcap_set_timeout(c->pcap, BLOCK_TIMEOUT);
	pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	result = pcap_activate(c->pcap);
	if (result < 0) {
		tell_activation(c->pcap, result, error, error_size);
		return false;
	}
	if (pcap_set_datalink(c->pcap, DLT_LINUX_SLL2) != 0 || pcap_setnonblock(c->pcap, 1, reason) != 0) {
		snprintf(error, error_size, "live capture: %s", pcap_geterr(c->pcap));
		return false;
	}
	c->fd = pcap_get_selectable_fd(c->pcap);
	return true;
}

static bool
open_socket(struct live_capture *c, const struct live_options *options, char *error, size_t error_size)
{
	if (!activate(c, options, error, error_size))
		return false;
	/* From here on nothing comes in; what came before is told by its interface. */
	if (!attach_plan(c, NULL, 0, error, error_size))
		return false;
	if (options->filter != NULL && options->filter[0] != '\0') {
		c->filtered = compile(c->pcap, options->filter, &c->user, error, error_size);
		if (!c->filtered)
			return false;
	}
	return options->share_count <= 1 || join_fanout(c, options, error, error_size);
}

struct live_capture *
live_open(const struct live_options *options, char *error, size_t error_size)
{
	struct live_capture *c;

	if (options->snaplen < SNAPLEN_MIN || options->snaplen > SNAPLEN_MAX || options->ring_size < RING_SIZE_MIN || options->ring_size > RING_SIZE_MAX) {
		snprintf(error, error_size, "a snapshot length is %d to %d bytes, a ring 1 MiB to 1 GiB", SNAPLEN_MIN, SNAPLEN_MAX);
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		snprintf(error, error_size, "%s", strerror(errno));
		return NULL;
	}
	c->snaplen = options->snaplen;
	if (open_socket(c, options, error, error_size))
		return c;
	live_close(c);
	return NULL;
}

void
live_close(struct live_capture *c)
{
	if (c == NULL)
		return;
	if (c->filtered)
		pcap_freecode(&c->user);
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	free(c);
}

/* Plans. */

static uint32_t
table_start(uint32_t ifindex)
{
	return ifindex * UINT32_C(2654435761) >> (32 - TABLE_BITS);
}

static const struct plan_entry *
find_entry(const struct live_capture *c, uint32_t ifindex)
{
	for (uint32_t at = table_start(ifindex); c->table[at] != 0; at = (at + 1) % TABLE_SIZE)
		if (c->entries[c->table[at] - 1].ifindex == ifindex)
			return &c->entries[c->table[at] - 1];
	return NULL;
}

static void
keep_plan(struct live_capture *c, const struct plan_entry *entries, size_t count)
{
	memset(c->table, 0, sizeof(c->table));
	if (count > 0)
		memcpy(c->entries, entries, count * sizeof(*entries));
	c->count = count;
	for (size_t i = 0; i < count; i++) {
		uint32_t at = table_start(entries[i].ifindex);

		while (c->table[at] != 0)
			at = (at + 1) % TABLE_SIZE;
		c->table[at] = (uint16_t)(i + 1);
	}
}

static bool
is_promiscuous(const struct plan_entry *e)
{
	return e != NULL && (e->directions & PLAN_PROMISCUOUS) != 0;
}

static bool
set_promiscuous(const struct live_capture *c, const struct plan_entry *e, int operation)
{
	struct packet_mreq request = { .mr_ifindex = (int)e->ifindex, .mr_type = PACKET_MR_PROMISC };

	/* One that has just gone is nobody's fault. */
	return setsockopt(c->fd, SOL_PACKET, operation, &request, sizeof(request)) == 0 || errno == ENODEV || errno == EADDRNOTAVAIL;
}

/* Those of a plan that the other has not: sets all, or none. */
static bool
enter_promiscuous(const struct live_capture *c, const struct plan_entry *entries, size_t count, char *error, size_t error_size)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_promiscuous(&entries[i]) || is_promiscuous(find_entry(c, entries[i].ifindex)) || set_promiscuous(c, &entries[i], PACKET_ADD_MEMBERSHIP))
			continue;
		snprintf(error, error_size, "%s: promiscuous mode: %s", entries[i].name, strerror(errno));
		while (i-- > 0)
			if (is_promiscuous(&entries[i]) && !is_promiscuous(find_entry(c, entries[i].ifindex)))
				(void)set_promiscuous(c, &entries[i], PACKET_DROP_MEMBERSHIP);
		return false;
	}
	return true;
}

static void
leave_promiscuous(const struct live_capture *c, const struct plan_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_promiscuous(&entries[i]) && !is_promiscuous(find_entry(c, entries[i].ifindex)))
			(void)set_promiscuous(c, &entries[i], PACKET_DROP_MEMBERSHIP);
}

bool
live_set_plan(struct live_capture *c, const struct plan_entry *entries, size_t count, char *error, size_t error_size)
{
	struct plan_entry old[PLAN_MAX];
	size_t old_count = c->count;

	if (!capture_plan_valid(entries, count)) {
		snprintf(error, error_size, "a plan of interfaces that is none");
		return false;
	}
	if (!enter_promiscuous(c, entries, count, error, error_size))
		return false;
	if (!attach_plan(c, entries, count, error, error_size)) {
		leave_promiscuous(c, entries, count);
		return false;
	}
	memcpy(old, c->entries, old_count * sizeof(old[0]));
	keep_plan(c, entries, count);
	leave_promiscuous(c, old, old_count);
	return true;
}

/* Packets. */

int
live_fd(const struct live_capture *c)
{
	return c->fd;
}

static void
on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct live_capture *c = (void *)user;
	const struct plan_entry *e = NULL;
	struct live_packets *slot;
	struct frame frame;

	if (header->caplen >= SLL2_SIZE)
		e = find_entry(c, (uint32_t)bytes[SLL2_IFINDEX] << 24 | (uint32_t)bytes[SLL2_IFINDEX + 1] << 16 | (uint32_t)bytes[SLL2_IFINDEX + 2] << 8 | bytes[SLL2_IFINDEX + 3]);
	if (e == NULL || (e->directions & (bytes[SLL2_PACKET_TYPE] == PACKET_OUTGOING ? PLAN_OUT : PLAN_IN)) == 0) {
		c->unplanned++;
		return;
	}
	slot = &c->slots[e->slot];
	slot->packets++;
	slot->bytes += header->len - SLL2_SIZE;
	frame = (struct frame){
		/* With the precision asked for, tv_usec is nanoseconds. */
		.time = (int64_t)header->ts.tv_sec * INT64_C(1000000000) + (int64_t)header->ts.tv_usec,
		.number = slot->packets,
		.file = e->slot,
		.link_type = DLT_LINUX_SLL2,
		.bytes = bytes,
		.captured = header->caplen,
		.original = header->len,
	};
	c->on_frame(c->context, &frame);
}

int
live_read(struct live_capture *c, unsigned limit, live_on_frame *on_frame, void *context, char *error, size_t error_size)
{
	int result;

	c->on_frame = on_frame;
	c->context = context;
	result = pcap_dispatch(c->pcap, (int)limit, on_packet, (u_char *)c);
	if (result < 0)
		snprintf(error, error_size, "live capture: %s", pcap_geterr(c->pcap));
	return result < 0 ? -1 : result;
}

/* Gives one socket the filter of another; where that cannot be, it hears nothing until it has a plan. */
static void
copy_filter(int fd, int old)
{
	struct bpf_insn insns[FILTER_MAX];
	struct kernel_program program = { .insns = insns };
	socklen_t count = FILTER_MAX; /* of instructions */

	if (getsockopt(old, SOL_SOCKET, SO_GET_FILTER, insns, &count) != 0 || count == 0 || count > FILTER_MAX)
		return;
	program.count = (unsigned short)count;
	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

struct live_left
live_take_over(int fd, int old)
{
	struct tpacket_stats_v3 stats = { 0 };
	socklen_t size = sizeof(stats);

	copy_filter(fd, old);
	if (getsockopt(old, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0)
		return (struct live_left){ 0 };
	return (struct live_left){ .received = stats.tp_packets, .dropped = stats.tp_drops };
}

void
live_counters(struct live_capture *c, struct live_statistics *out)
{
	struct pcap_stat stat;

	if (pcap_stats(c->pcap, &stat) == 0) {
		c->received += stat.ps_recv - c->last_received;
		c->dropped += stat.ps_drop - c->last_dropped;
		c->last_received = stat.ps_recv;
		c->last_dropped = stat.ps_drop;
	}
	*out = (struct live_statistics){ .received = c->received, .dropped = c->dropped, .unplanned = c->unplanned, .slots = c->slots };
}
