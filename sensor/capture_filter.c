/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF by hand. A plan of a thousand interfaces must stay well below the kernel's limit of
 * instructions, and below the memory it gives a socket for its filter (20 KiB in kernels before
 * 6.9): a binary search down to some interfaces, which are compared one by one.
 */
#include <config.h>

#include "capture_filter.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/types.h> /* <pcap/bpf.h> leaves its u_int to who includes it */

#include <pcap/bpf.h>

/* Linux cooked form version 2 (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html). */
enum { SLL2_PROTOCOL = 0, SLL2_IFINDEX = 4, SLL2_PACKET_TYPE = 10, SLL2_SIZE = 20 };

/* The kernel's, of <linux/filter.h>, which does not agree with libpcap's header. */
enum { ANCILLARY_PROTOCOL = 0, ANCILLARY_PACKET_TYPE = 4, ANCILLARY_IFINDEX = 8 };
static const uint32_t ancillary = (uint32_t)-0x1000; /* SKF_AD_OFF */
static const uint32_t network = (uint32_t)-0x100000; /* SKF_NET_OFF: the IP header, wherever the packet begins */

enum { OUTGOING = 4 }; /* packet type: PACKET_OUTGOING of <linux/if_packet.h> */

enum { LEAF_SIZE = 8 }; /* interfaces compared one by one */

/* A jump to what checks a direction, which comes last: stands in for its distance until that is known. */
#define TO_DIRECTION(directions) (0xfffffff0u | (directions))

struct code {
	struct bpf_insn *insns;
	size_t count, max;
	bool full;
};

static size_t
emit(struct code *c, unsigned operation, uint32_t k, unsigned if_true, unsigned if_false)
{
	if (c->count == c->max) {
		c->full = true;
		return 0;
	}
	c->insns[c->count] = (struct bpf_insn){ .code = (u_short)operation, .k = k, .jt = (u_char)if_true, .jf = (u_char)if_false };
	return c->count++;
}

/* The jump at `from` goes to what is emitted next. */
static void
land(struct code *c, size_t from)
{
	if (!c->full)
		c->insns[from].k = (uint32_t)(c->count - from - 1);
}

/* Compares with some interfaces. What fits goes to its jump, which stand behind the refusal. */
static void
emit_leaf(struct code *c, const struct plan_entry *entries, size_t count)
{
	uint8_t place[PLAN_BOTH + 1] = { 0 }; /* of the jump for these directions, from 1 */
	uint8_t places = 0;

	for (size_t i = 0; i < count; i++)
		if (place[entries[i].directions & PLAN_BOTH] == 0)
			place[entries[i].directions & PLAN_BOTH] = ++places;
	for (size_t i = 0; i < count; i++)
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, entries[i].ifindex, (unsigned)(count - i - 1 + place[entries[i].directions & PLAN_BOTH]), 0);
	emit(c, BPF_RET | BPF_K, 0, 0, 0);
	for (unsigned p = 1; p <= places; p++)
		for (unsigned d = PLAN_IN; d <= PLAN_BOTH; d++)
			if (place[d] == p)
				emit(c, BPF_JMP | BPF_JA, TO_DIRECTION(d), 0, 0);
}

/* Recursive, but no deeper than the logarithm of PLAN_MAX. */
static void
emit_search(struct code *c, const struct plan_entry *entries, size_t count)
{
	size_t half = count / 2, jump;

	if (count <= LEAF_SIZE) {
		emit_leaf(c, entries, count);
		return;
	}
	/* A conditional jump reaches 255 instructions, the other kind any. */
	emit(c, BPF_JMP | BPF_JGE | BPF_K, entries[half].ifindex, 0, 1);
	jump = emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_search(c, entries, half);
	land(c, jump);
	emit_search(c, entries + half, count - half);
}

static void
land_directions(struct code *c, unsigned directions)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->insns[i].code == (BPF_JMP | BPF_JA) && c->insns[i].k == TO_DIRECTION(directions))
			land(c, i);
}

/* Each direction's check goes on to what follows the last, or refuses. */
static void
emit_directions(struct code *c)
{
	land_directions(c, PLAN_IN);
	emit(c, BPF_LD | BPF_B | BPF_ABS, SLL2_PACKET_TYPE, 0, 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, OUTGOING, 2, 3);
	land_directions(c, PLAN_OUT);
	emit(c, BPF_LD | BPF_B | BPF_ABS, SLL2_PACKET_TYPE, 0, 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, OUTGOING, 1, 0);
	emit(c, BPF_RET | BPF_K, 0, 0, 0);
	land_directions(c, PLAN_BOTH);
}

size_t
capture_filter_plan(const struct plan_entry *entries, size_t count, const struct bpf_program *user, uint32_t snaplen, struct bpf_insn *program)
{
	struct code c = { .insns = program, .max = FILTER_MAX };

	if (count == 0) {
		emit(&c, BPF_RET | BPF_K, 0, 0, 0);
		return c.count;
	}
	emit(&c, BPF_LD | BPF_W | BPF_ABS, SLL2_IFINDEX, 0, 0);
	emit_search(&c, entries, count);
	emit_directions(&c);
	if (user == NULL)
		emit(&c, BPF_RET | BPF_K, snaplen, 0, 0);
	for (u_int i = 0; user != NULL && i < user->bf_len; i++)
		emit(&c, user->bf_insns[i].code, user->bf_insns[i].k, user->bf_insns[i].jt, user->bf_insns[i].jf);
	return c.full ? 0 : c.count;
}

/* The kernel's form of an offset into a packet; false where it has none. */
static bool
kernel_offset(uint32_t *k, bool absolute)
{
	static const struct {
		uint32_t cooked, kernel;
	} fields[] = { { SLL2_PROTOCOL, ANCILLARY_PROTOCOL }, { SLL2_IFINDEX, ANCILLARY_IFINDEX }, { SLL2_PACKET_TYPE, ANCILLARY_PACKET_TYPE } };

	if (*k >= ancillary)
		return true;
	if (*k >= SLL2_SIZE) {
		*k -= SLL2_SIZE;
		return true;
	}
	for (size_t i = 0; absolute && i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (*k == fields[i].cooked) {
			*k = ancillary + fields[i].kernel;
			return true;
		}
	}
	return false;
}

bool
capture_filter_for_kernel(struct bpf_insn *program, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned class = BPF_CLASS(program[i].code), mode = BPF_MODE(program[i].code);

		if (class != BPF_LD && class != BPF_LDX)
			continue;
		if ((mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH) && !kernel_offset(&program[i].k, mode == BPF_ABS))
			return false;
	}
	return true;
}

/* Fanout. */

enum { IPV4_FRAGMENT = 0x3fff }; /* "more fragments" and the offset (RFC 791 3.1) */

/* Jumps by one instruction's distance where A is a transport with ports, else goes on. */
static void
emit_is_transport(struct code *c)
{
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 3, 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 2, 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_SCTP, 1, 0);
	emit(c, BPF_RET | BPF_K, 0, 0, 0);
}

/* As worker_share(), with the ports X bytes into the packet. */
static void
emit_share(struct code *c, uint32_t share_count)
{
	emit(c, BPF_LD | BPF_H | BPF_IND, network, 0, 0);
	emit(c, BPF_ST, 0, 0, 0);
	emit(c, BPF_LD | BPF_H | BPF_IND, network + 2, 0, 0);
	emit(c, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit(c, BPF_LD | BPF_MEM, 0, 0, 0);
	emit(c, BPF_JMP | BPF_JGE | BPF_X, 0, 1, 0);
	emit(c, BPF_MISC | BPF_TXA, 0, 0, 0);
	emit(c, BPF_ALU | BPF_MUL | BPF_K, 2654435761u, 0, 0);
	emit(c, BPF_ALU | BPF_RSH | BPF_K, 16, 0, 0);
	emit(c, BPF_ALU | BPF_MOD | BPF_K, share_count, 0, 0);
	emit(c, BPF_RET | BPF_A, 0, 0, 0);
}

size_t
capture_filter_fanout(uint32_t share_count, struct bpf_insn *program)
{
	struct code c = { .insns = program, .max = FANOUT_MAX };
	size_t to_ports;

	emit(&c, BPF_LD | BPF_B | BPF_ABS, network, 0, 0);
	emit(&c, BPF_ALU | BPF_RSH | BPF_K, 4, 0, 0);
	emit(&c, BPF_JMP | BPF_JEQ | BPF_K, 4, 2, 0);
	emit(&c, BPF_JMP | BPF_JEQ | BPF_K, 6, 10, 0);
	emit(&c, BPF_RET | BPF_K, 0, 0, 0);
	/* IPv4: fragments together, since later ones have no ports. */
	emit(&c, BPF_LD | BPF_H | BPF_ABS, network + 6, 0, 0);
	emit(&c, BPF_JMP | BPF_JSET | BPF_K, IPV4_FRAGMENT, 4, 0);
	emit(&c, BPF_LD | BPF_B | BPF_ABS, network + 9, 0, 0);
	emit_is_transport(&c);
	emit(&c, BPF_LDX | BPF_B | BPF_MSH, network, 0, 0);
	to_ports = emit(&c, BPF_JMP | BPF_JA, 0, 0, 0);
	/* IPv6 */
	emit(&c, BPF_LD | BPF_B | BPF_ABS, network + 6, 0, 0);
	emit_is_transport(&c);
	emit(&c, BPF_LDX | BPF_W | BPF_IMM, 40, 0, 0);
	land(&c, to_ports);
	emit_share(&c, share_count);
	return c.count;
}
