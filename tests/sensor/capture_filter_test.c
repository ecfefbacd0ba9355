/* SPDX-License-Identifier: Apache-2.0 */
/* Both programs, run over packets: every planned interface, its neighbours, each direction; every kind of header. */
#include <config.h>

#include <netinet/in.h>
#include <pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/capture_filter.h"
#include "sensor/worker.h"

enum { SNAPLEN = 1000, SLL2_SIZE = 20 };

/* What a program answers to an empty IPv4 packet, cooked. */
static u_int
run(const struct bpf_insn *program, uint32_t ifindex, uint8_t type, const uint8_t *ip, size_t size)
{
	uint8_t bytes[SLL2_SIZE + 64] = { 0x08, 0x00, [4] = (uint8_t)(ifindex >> 24), [5] = (uint8_t)(ifindex >> 16), [6] = (uint8_t)(ifindex >> 8), [7] = (uint8_t)ifindex, [10] = type };

	memcpy(bytes + SLL2_SIZE, ip, size);
	return bpf_filter(program, bytes, (u_int)(SLL2_SIZE + size), (u_int)(SLL2_SIZE + size));
}

static void
assert_passes(const struct bpf_insn *program, uint32_t ifindex, unsigned directions)
{
	static const uint8_t ip[20] = { 0x45 };

	for (uint8_t type = 0; type <= 7; type++)
		assert_int_equal(run(program, ifindex, type, ip, sizeof(ip)), (directions & (type == 4 ? PLAN_OUT : PLAN_IN)) != 0 ? SNAPLEN : 0);
}

/* What a plan says of an interface. */
static unsigned
planned(const struct plan_entry *entries, size_t count, uint32_t ifindex)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].ifindex == ifindex)
			return entries[i].directions & PLAN_BOTH;
	return 0;
}

static void
check_plan(const struct plan_entry *entries, size_t count)
{
	static struct bpf_insn program[FILTER_MAX];
	size_t size = capture_filter_plan(entries, count, NULL, SNAPLEN, program);

	assert_true(size > 0 && size <= FILTER_MAX);
	assert_true(bpf_validate(program, (int)size));
	for (size_t i = 0; i < count; i++)
		for (uint32_t at = entries[i].ifindex - 1; at != entries[i].ifindex + 2; at++)
			assert_passes(program, at, planned(entries, count, at));
	assert_passes(program, 0, 0);
	assert_passes(program, INT32_MAX, planned(entries, count, INT32_MAX));
}

static void
test_plans(void **state)
{
	static struct plan_entry entries[PLAN_MAX];

	(void)state;
	for (unsigned count = 0; count <= 40; count++) {
		for (unsigned i = 0; i < count; i++)
			entries[i] = (struct plan_entry){ .ifindex = 3 + i * 3 - i % 2, .directions = (uint8_t)(1 + i * 7 % 3) };
		check_plan(entries, count);
	}
	/* A bridge and its ports, as many as there may be; numbers as large as they get. */
	for (unsigned i = 0; i < PLAN_MAX; i++)
		entries[i] = (struct plan_entry){ .ifindex = INT32_MAX - 3 * (PLAN_MAX - 1) + 3 * i, .directions = i == 0 ? PLAN_OUT : PLAN_IN };
	check_plan(entries, PLAN_MAX);
	for (unsigned i = 0; i < PLAN_MAX; i++)
		entries[i].directions = (uint8_t)(i % 3 + 1) | PLAN_PROMISCUOUS;
	check_plan(entries, PLAN_MAX);
}

/* Kernels before 6.9 give a socket 20 KiB for its filter, of 8 bytes an instruction, of which the kernel makes somewhat more. */
static void
test_size(void **state)
{
	static struct plan_entry entries[PLAN_MAX];
	static struct bpf_insn program[FILTER_MAX];

	(void)state;
	for (unsigned i = 0; i < PLAN_MAX; i++)
		entries[i] = (struct plan_entry){ .ifindex = 5 * i + 1, .directions = i == 0 ? PLAN_OUT : PLAN_IN };
	assert_true(capture_filter_plan(entries, PLAN_MAX, NULL, SNAPLEN, program) < 1800);
}

static void
test_user_filter(void **state)
{
	static const struct plan_entry entries[] = { { .ifindex = 5, .directions = PLAN_IN }, { .ifindex = 7, .directions = PLAN_OUT } };
	static const uint8_t tcp[44] = { 0x45, [9] = 6, [20] = 0, 80 }, udp[44] = { 0x45, [9] = 17, [20] = 0, 80 };
	static struct bpf_insn program[FILTER_MAX];
	struct bpf_program user;
	pcap_t *dead = pcap_open_dead(DLT_LINUX_SLL2, SNAPLEN);
	size_t size;

	(void)state;
	assert_int_equal(pcap_compile(dead, &user, "tcp port 80", 1, PCAP_NETMASK_UNKNOWN), 0);
	size = capture_filter_plan(entries, 2, &user, SNAPLEN, program);
	assert_true(bpf_validate(program, (int)size));
	assert_int_equal(run(program, 5, 0, tcp, sizeof(tcp)), SNAPLEN);
	assert_int_equal(run(program, 5, 4, tcp, sizeof(tcp)), 0);
	assert_int_equal(run(program, 7, 4, tcp, sizeof(tcp)), SNAPLEN);
	assert_int_equal(run(program, 6, 0, tcp, sizeof(tcp)), 0);
	assert_int_equal(run(program, 5, 0, udp, sizeof(udp)), 0);
	/* It lets nothing through that is not planned. */
	size = capture_filter_plan(entries, 0, &user, SNAPLEN, program);
	assert_int_equal(size, 1);
	assert_int_equal(run(program, 5, 0, tcp, sizeof(tcp)), 0);
	pcap_freecode(&user);
	pcap_close(dead);
}

static void
test_user_filter_too_large(void **state)
{
	static const struct plan_entry entries[] = { { .ifindex = 5, .directions = PLAN_IN } };
	static struct bpf_insn program[FILTER_MAX], large[FILTER_MAX];
	struct bpf_program user = { .bf_len = FILTER_MAX - 20, .bf_insns = large };

	(void)state;
	for (size_t i = 0; i < FILTER_MAX; i++)
		large[i] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 1);
	assert_true(capture_filter_plan(entries, 1, &user, SNAPLEN, program) > 0);
	user.bf_len = FILTER_MAX;
	assert_int_equal(capture_filter_plan(entries, 1, &user, SNAPLEN, program), 0);
}

static void
test_kernel(void **state)
{
	static const struct {
		const char *filter;
		bool good;
	} cases[] = {
		{ "tcp port 80", true }, { "ip6 and udp", true }, { "host 10.0.0.1 or net 10.1.0.0/16", true }, { "tcp[13] & 2 != 0", true },
		{ "not port 22 and not arp", true }, { "outbound", true }, { "ifindex 7", true }, { "link[8:2] = 1", false },
	};
	static const struct plan_entry entries[] = { { .ifindex = 5, .directions = PLAN_IN }, { .ifindex = 6, .directions = PLAN_OUT } };
	static struct bpf_insn program[FILTER_MAX];
	pcap_t *dead = pcap_open_dead(DLT_LINUX_SLL2, SNAPLEN);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bpf_program user;
		size_t size;

		assert_int_equal(pcap_compile(dead, &user, cases[i].filter, 1, PCAP_NETMASK_UNKNOWN), 0);
		size = capture_filter_plan(entries, 2, &user, SNAPLEN, program);
		assert_int_equal(capture_filter_for_kernel(program, size), cases[i].good);
		pcap_freecode(&user);
	}
	pcap_close(dead);
	assert_true(capture_filter_for_kernel(program, capture_filter_plan(entries, 2, NULL, SNAPLEN, program)));
	/* ld ifindex; ...; ldb packet type: SKF_AD_OFF + SKF_AD_IFINDEX and SKF_AD_PKTTYPE */
	assert_int_equal(program[0].k, (uint32_t)-0x1000 + 8);
	assert_int_equal(program[0].code, BPF_LD | BPF_W | BPF_ABS);
	assert_int_equal(program[6].k, (uint32_t)-0x1000 + 4);
	assert_int_equal(program[6].code, BPF_LD | BPF_B | BPF_ABS);
}

/* Fanout. */

/* Runs the program over bytes that begin with an IP header, as the kernel runs it over a packet. */
static u_int
fanout(uint32_t share_count, const uint8_t *ip, size_t size)
{
	static const uint32_t network = (uint32_t)-0x100000;
	struct bpf_insn program[FANOUT_MAX];
	size_t count = capture_filter_fanout(share_count, program);

	for (size_t i = 0; i < count; i++)
		if ((BPF_CLASS(program[i].code) == BPF_LD || BPF_CLASS(program[i].code) == BPF_LDX) && program[i].k >= network)
			program[i].k -= network;
	assert_true(bpf_validate(program, (int)count));
	return bpf_filter(program, ip, (u_int)size, (u_int)size);
}

static void
set_ports(uint8_t *at, uint16_t source, uint16_t destination)
{
	at[0] = (uint8_t)(source >> 8);
	at[1] = (uint8_t)source;
	at[2] = (uint8_t)(destination >> 8);
	at[3] = (uint8_t)destination;
}

static void
test_fanout_ports(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	static const uint16_t ports[] = { 0, 1, 80, 443, 0x7fff, 0x8000, 40001, 0xffff };

	(void)state;
	for (uint32_t count = 1; count <= 5; count++) {
		for (size_t i = 0; i < 8 * 8 * 3; i++) {
			uint16_t a = ports[i % 8], b = ports[i / 8 % 8];
			uint8_t v4[64] = { 0x45, [6] = 0x40, [9] = protocols[i / 64] }, v6[64] = { 0x60, [6] = protocols[i / 64] };

			set_ports(v4 + 20, a, b);
			assert_int_equal(fanout(count, v4, 40), worker_share(a, b, count));
			assert_int_equal(fanout(count, v4, 40), worker_share(b, a, count));
			set_ports(v6 + 40, a, b);
			assert_int_equal(fanout(count, v6, 60), worker_share(a, b, count));
			/* With options; the ports are behind. */
			v4[0] = 0x4a;
			set_ports(v4 + 20, 1, 2);
			set_ports(v4 + 40, a, b);
			assert_int_equal(fanout(count, v4, 60), worker_share(a, b, count));
		}
	}
}

static void
test_fanout_others(void **state)
{
	uint8_t v4[64] = { 0x45, [9] = IPPROTO_TCP }, v6[64] = { 0x60, [6] = IPPROTO_TCP }, arp[28] = { 0, 1, 8, 0, 6, 4 };
	uint16_t port = 40000;

	(void)state;
	while (worker_share(port, 80, 3) == worker_share(0, 0, 3))
		port++;
	set_ports(v4 + 20, port, 80);
	set_ports(v6 + 40, port, 80);
	assert_int_not_equal(fanout(3, v4, 64), 0);
	assert_int_equal(worker_share(0, 0, 3), 0);
	/* The first fragment, one between, the last; not so one that must not be fragmented. */
	v4[6] = 0x20;
	assert_int_equal(fanout(3, v4, 64), 0);
	v4[7] = 1;
	assert_int_equal(fanout(3, v4, 64), 0);
	v4[6] = 0;
	assert_int_equal(fanout(3, v4, 64), 0);
	v4[6] = 0x40, v4[7] = 0;
	assert_int_not_equal(fanout(3, v4, 64), 0);
	v4[9] = IPPROTO_ICMP;
	assert_int_equal(fanout(3, v4, 64), 0);
	v6[6] = IPPROTO_FRAGMENT;
	assert_int_equal(fanout(3, v6, 64), 0);
	assert_int_equal(fanout(3, arp, sizeof(arp)), 0);
	/* Cut anywhere. */
	v4[9] = v6[6] = IPPROTO_UDP;
	for (size_t size = 0; size < 24; size++)
		assert_int_equal(fanout(3, v4, size), 0);
	for (size_t size = 0; size < 44; size++)
		assert_int_equal(fanout(3, v6, size), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_user_filter),
		cmocka_unit_test(test_user_filter_too_large),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_fanout_ports),
		cmocka_unit_test(test_fanout_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
