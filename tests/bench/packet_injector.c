/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All frames are in the one value of a BPF array that is mapped here as well. For each packet that the kernel makes, the program fills in the
 * frame at a cursor and moves the cursor on; or drops the packet if it is not yet time for the next.
 */
#include <config.h>

#include "packet_injector.h"

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* What stands before the frames. Times are in parts of a nanosecond. */
struct head {
	uint64_t cursor, end; /* bytes from the end of this head */
	uint64_t next, interval;
	uint64_t round, bits; /* how addresses of this round differ from the last one's */
	uint64_t sent;
};

enum {
	PARTS = 8, /* bits */
	LATE_MAX = 10000000, /* nanoseconds: what is later than this is not made up for */
	MASK = (1 << 28) - 1, /* of the cursor: as far as the verifier lets an offset go */
	BATCH = 256, /* packets that the kernel makes at a time */
	HEAD = sizeof(struct head),
	LENGTH = 4, /* before each frame; such records begin at multiples of 8 */
	IPV4_MIN = 34,
	SOURCE_BYTE = 27,
	DESTINATION_BYTE = 31, /* the second of each address */
};

struct injector {
	int map, program;
	uint32_t ifindex;
	size_t size;
	struct head *head;
};

static long
bpf(enum bpf_cmd command, union bpf_attr *attribute)
{
	return syscall(SYS_bpf, command, attribute, sizeof(*attribute));
}

static bool
make_map(struct injector *j)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = HEAD + MASK + 1 + LENGTH + INJECTOR_FRAME_MAX, .max_entries = 1, .map_flags = BPF_F_MMAPABLE };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped;

	j->size = (a.value_size + page - 1) / page * page;
	j->map = (int)bpf(BPF_MAP_CREATE, &a);
	if (j->map < 0)
		return false;
	mapped = mmap(NULL, j->size, PROT_READ | PROT_WRITE, MAP_SHARED, j->map, 0);
	j->head = mapped == MAP_FAILED ? NULL : mapped;
	return j->head != NULL;
}

/* Of the program. Jumps are over so many instructions. */
#define OP(operation, to, from, where, number) \
	{ \
		.code = (operation), .dst_reg = (to), .src_reg = (from), .off = (where), .imm = (number) \
	}
#define SET(to, from) OP(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define ADD(to, from) OP(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0)
#define XOR(to, from) OP(BPF_ALU64 | BPF_XOR | BPF_X, to, from, 0, 0)
#define SET_TO(to, number) OP(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number)
#define ADD_TO(to, number) OP(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, number)
#define AND_TO(to, number) OP(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, number)
#define SHIFT_LEFT(to, number) OP(BPF_ALU64 | BPF_LSH | BPF_K, to, 0, 0, number)
#define GET(to, member) OP(BPF_LDX | BPF_DW | BPF_MEM, to, 7, offsetof(struct head, member), 0)
#define PUT(member, from) OP(BPF_STX | BPF_DW | BPF_MEM, 7, from, offsetof(struct head, member), 0)
#define IF_LESS(a, b, over) OP(BPF_JMP | BPF_JLT | BPF_X, a, b, over, 0)
#define IF_NUMBER(test, a, number, over) OP(BPF_JMP | (test) | BPF_K, a, 0, over, number)
#define CALL(function) OP(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define LEAVE(result) SET_TO(0, result), OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define CHANGE_BYTE(where) \
	OP(BPF_LDX | BPF_B | BPF_MEM, 2, 9, HEAD + LENGTH + (where), 0), XOR(2, 1), OP(BPF_STX | BPF_B | BPF_MEM, 9, 2, HEAD + LENGTH + (where), 0)

static bool
make_program(struct injector *j)
{
	/* Registers 6: context, 7: head, 8: cursor, then the frame's length, 9: HEAD bytes before the record of the frame. */
	struct bpf_insn program[] = {
		SET(6, 1),
		OP(BPF_LD | BPF_DW | BPF_IMM, 7, BPF_PSEUDO_MAP_VALUE, 0, j->map),
		OP(0, 0, 0, 0, 0),
		/* Not yet? */
		CALL(BPF_FUNC_ktime_get_ns),
		SHIFT_LEFT(0, PARTS),
		GET(1, next),
		IF_LESS(1, 0, 2),
		LEAVE(XDP_DROP),
		SET(2, 1),
		OP(BPF_LD | BPF_DW | BPF_IMM, 3, 0, 0, (int)((int64_t)LATE_MAX << PARTS & 0xffffffff)),
		OP(0, 0, 0, 0, (int)((int64_t)LATE_MAX << PARTS >> 32)),
		ADD(2, 3),
		IF_LESS(0, 2, 2),
		SET(1, 0),
		OP(BPF_ALU64 | BPF_SUB | BPF_X, 1, 3, 0, 0),
		GET(2, interval),
		ADD(1, 2),
		PUT(next, 1),
		/* A new round? */
		GET(8, cursor),
		GET(1, end),
		IF_LESS(8, 1, 7),
		SET_TO(8, 0),
		GET(1, round),
		SET(2, 1),
		ADD_TO(2, 1),
		PUT(round, 2),
		XOR(2, 1),
		PUT(bits, 2),
		/* The frame, and the next one's place. */
		AND_TO(8, MASK),
		SET(9, 7),
		ADD(9, 8),
		OP(BPF_LDX | BPF_W | BPF_MEM, 1, 9, HEAD, 0),
		ADD(8, 1),
		ADD_TO(8, LENGTH + 7),
		AND_TO(8, -8),
		PUT(cursor, 8),
		SET(8, 1),
		IF_NUMBER(BPF_JLE, 8, INJECTOR_FRAME_MAX, 2),
		LEAVE(XDP_DROP),
		IF_NUMBER(BPF_JGE, 8, IPV4_MIN, 2),
		LEAVE(XDP_DROP),
		GET(1, bits),
		IF_NUMBER(BPF_JEQ, 1, 0, 6),
		CHANGE_BYTE(SOURCE_BYTE),
		CHANGE_BYTE(DESTINATION_BYTE),
		/* The packet, which has the largest size at first. */
		SET(1, 6),
		SET(2, 8),
		ADD_TO(2, -INJECTOR_FRAME_MAX),
		CALL(BPF_FUNC_xdp_adjust_tail),
		SET(1, 6),
		SET_TO(2, 0),
		SET(3, 9),
		ADD_TO(3, HEAD + LENGTH),
		SET(4, 8),
		CALL(BPF_FUNC_xdp_store_bytes),
		GET(1, sent),
		ADD_TO(1, 1),
		PUT(sent, 1),
		LEAVE(XDP_PASS),
	};
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_XDP, .insn_cnt = sizeof(program) / sizeof(program[0]), .insns = (uintptr_t)program, .license = (uintptr_t) "GPL" };

	j->program = (int)bpf(BPF_PROG_LOAD, &a);
	return j->program >= 0;
}

struct injector *
injector_new(const char *device)
{
	struct injector *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->map = j->program = -1;
	j->ifindex = if_nametoindex(device);
	if (j->ifindex != 0 && make_map(j) && make_program(j))
		return j;
	injector_free(j);
	return NULL;
}

void
injector_free(struct injector *j)
{
	int error = errno;

	if (j->head != NULL)
		munmap(j->head, j->size);
	if (j->map >= 0)
		close(j->map);
	if (j->program >= 0)
		close(j->program);
	free(j);
	errno = error;
}

bool
injector_add(struct injector *j, const uint8_t *bytes, size_t size)
{
	uint8_t *record = (uint8_t *)j->head + HEAD + j->head->end;
	uint32_t length = (uint32_t)size;

	if (size < IPV4_MIN || size > INJECTOR_FRAME_MAX || j->head->end + LENGTH + size > MASK)
		return false;
	memcpy(record, &length, LENGTH);
	memcpy(record + LENGTH, bytes, size);
	j->head->end = (j->head->end + LENGTH + size + 7) / 8 * 8;
	return true;
}

static void
on_alarm(int number)
{
	(void)number;
}

/* A call takes as long as it may: to begin and to end one, the kernel waits for all CPUs. The alarm ends it. */
int64_t
injector_run(struct injector *j, double rate, double seconds)
{
	static const uint8_t largest[INJECTOR_FRAME_MAX];
	struct xdp_md context = { .data_end = sizeof(largest), .ingress_ifindex = j->ifindex };
	union bpf_attr a = { .test = { .prog_fd = (uint32_t)j->program, .repeat = UINT32_MAX, .data_in = (uintptr_t)largest, .data_size_in = sizeof(largest), .ctx_in = (uintptr_t)&context, .ctx_size_in = sizeof(context), .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH } };
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value = { .tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6) } };

	j->head->interval = rate > 0 ? (uint64_t)(1e9 / rate * (1 << PARTS)) : 0;
	if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
		return -1;
	if (bpf(BPF_PROG_RUN, &a) != 0 && errno != EINTR)
		return -1;
	return (int64_t)j->head->sent;
}
