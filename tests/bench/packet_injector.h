/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that come in at a device as from its driver, made by the kernel itself (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18):
 * no system call and no copy from a process for each. For packet_sender.c. Needs root.
 */
#ifndef TESTS_BENCH_PACKET_INJECTOR_H
#define TESTS_BENCH_PACKET_INJECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INJECTOR_FRAME_MAX = 3072 };

struct injector;

/* NULL with errno. */
struct injector *injector_new(const char *device);
/* One frame more, after the others. False: there is no room, or it is too large. */
bool injector_add(struct injector *, const uint8_t *bytes, size_t size);
/*
 * Sends them for so long, so many a second (0: as fast as can be), again and again, in each round with other addresses, and never waits asleep. Packets that
 * were sent, or -1 with errno.
 */
int64_t injector_run(struct injector *, double rate, double seconds);
void injector_free(struct injector *);

#endif
