/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two programs that a live capture gives the kernel, in classic BPF. Pure: both can be run here
 * by bpf_filter(). The first says which packets of all devices are captured, the second which
 * worker gets one.
 */
#ifndef PODWIRE_CAPTURE_FILTER_H
#define PODWIRE_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_plan.h"

struct bpf_insn;    /* of <pcap/bpf.h> */
struct bpf_program;

enum { FILTER_MAX = 4096 }; /* instructions: the kernel's BPF_MAXINSNS */

/*
 * Writes into program[FILTER_MAX] what lets through the planned interfaces and directions, of
 * packets in Linux cooked form version 2, and of these what `user` does (NULL: all; compiled for
 * that form). Entries are sorted by ifindex. Returns the number of instructions; 0 where they are
 * too many.
 */
size_t capture_filter_plan(const struct plan_entry *entries, size_t count, const struct bpf_program *user, uint32_t snaplen, struct bpf_insn *program);

/*
 * Turns a program for the cooked form into one for the kernel, whose packets begin with the IP
 * header: fields of the cooked header become its ancillary loads. False where it reads one that the
 * kernel does not know.
 */
bool capture_filter_for_kernel(struct bpf_insn *program, size_t count);

enum { FANOUT_MAX = 64 }; /* instructions it takes at most */

/*
 * Writes into program[FANOUT_MAX] what says to which of share_count (at least 1) workers a packet goes:
 * worker_share() of its ports, for TCP, UDP and SCTP right above IP and not in fragments; all else
 * goes where port 0 does. It runs on what the kernel has, not on the cooked form. Returns the
 * number of instructions.
 */
size_t capture_filter_fanout(uint32_t share_count, struct bpf_insn *program);

#endif
