/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames as they pass: one packet socket on all devices (libpcap's "any", in Linux cooked form
 * version 2), with a filter in the kernel that lets through what the plan names. Opening needs
 * CAP_NET_RAW; nothing after it does, a new plan neither.
 */
#ifndef PODWIRE_CAPTURE_LIVE_H
#define PODWIRE_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_plan.h"
#include "packet.h"

enum { SNAPLEN_MIN = 64, SNAPLEN_MAX = 262144, RING_SIZE_MIN = 1 << 20, RING_SIZE_MAX = 1 << 30 };

struct live_options {
	uint32_t snaplen;      /* bytes of a packet that are kept, from the IP header on; what was cut is known */
	uint32_t ring_size;    /* bytes, for each worker */
	const char *filter;    /* a pcap-filter(7) expression, or NULL; borrowed until live_open() returns */
	uint32_t share_count;  /* workers that share the packets; 0, 1: all are ours */
	uint16_t fanout_group; /* of PACKET_FANOUT, the same for all workers; the n-th to open has share n */
	bool promiscuous;      /* plans may hold interfaces promiscuous: a worker shuts itself in so that others cannot */
};

extern const struct live_options live_defaults;

struct live_capture;

/*
 * Checks a filter expression without opening anything; may look up names, and is to be one that
 * the kernel can do. False with one line in
 * error[]. For the start, so that a mistake is told once.
 */
bool live_check_filter(const char *filter, uint32_t snaplen, char *error, size_t error_size);

/* Captures nothing until there is a plan. NULL on an error, with one line in error[]. Returns owned. */
struct live_capture *live_open(const struct live_options *, char *error, size_t error_size);
void live_close(struct live_capture *);

/*
 * From now on captures what the plan names, and nothing else; what both plans name is missed at no
 * time. Entries marked PLAN_PROMISCUOUS are
 * held promiscuous for as long as they are planned. False with a line in error[]: the old plan stays.
 */
bool live_set_plan(struct live_capture *, const struct plan_entry *entries, size_t count, char *error, size_t error_size);

/* The packet socket: readable when there are frames. For poll(), and for a duplicate that keeps its place in the fanout group. */
int live_fd(const struct live_capture *);

/* Frames are borrowed until the callback returns. Their file is the slot, their number counts in it. */
typedef void live_on_frame(void *context, const struct frame *);

/* Gives at most limit frames, does not wait. Returns how many, or -1 with a line in error[] when the capture has broken down. */
int live_read(struct live_capture *, unsigned limit, live_on_frame *, void *context, char *error, size_t error_size);

/* Cumulative since live_open(). */
struct live_packets {
	uint64_t packets, bytes; /* bytes as on the wire, from the IP header on */
};
struct live_statistics {
	uint64_t received;  /* passed the filter, with those that were dropped */
	uint64_t dropped;   /* by the kernel: no room in the ring */
	uint64_t unplanned; /* left over from another plan, not given */
	const struct live_packets *slots; /* SLOTS_MAX; borrowed from the capture */
};

/*
 * What the packet socket of a worker that died has counted since that worker asked last: what it
 * read and told nobody of, what lay unread, and what came after.
 */
struct live_left {
	uint64_t received, dropped; /* as of live_statistics; 0 where the kernel does not say */
};

/*
 * A new socket takes the place of an old one, both by duplicates of live_fd(): it hears what the old one
 * heard, before it has a plan of its own. The old one is to be closed at once.
 */
struct live_left live_take_over(int fd, int old);

/* Not const: asks the kernel, whose counters start over each time. */
void live_counters(struct live_capture *, struct live_statistics *out);

#endif
