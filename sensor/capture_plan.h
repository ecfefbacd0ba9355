/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which interfaces of a node are captured, and in which direction, so that each frame is seen once
 * and none is missed, without making anything promiscuous. Of a bridge: its ports, what comes in
 * (what pods send), and the bridge device itself, what goes out (what the host sends and routes to
 * pods). Of any other device: both directions. Pure: links and wishes in, a plan out.
 */
#ifndef PODWIRE_CAPTURE_PLAN_H
#define PODWIRE_CAPTURE_PLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLAN_MAX = 1024,   /* interfaces captured at a time */
	SLOTS_MAX = 1024,  /* names that have a number */
	BRIDGES_MAX = 32,  /* bridges that CNI configuration names */
};

/* A network interface, as the kernel tells of it. */
struct link {
	int index, master;   /* master: index of the bridge (or bond) it is a port of, or 0 */
	char name[IFNAMSIZ];
	char kind[16];       /* "bridge", "veth", ...; "" for hardware and lo */
	bool up;
	uint64_t dropped;    /* packets the device itself lost on receiving, since it was made */
};

enum plan_direction {
	PLAN_IN = 1,
	PLAN_OUT = 2,
	PLAN_BOTH = PLAN_IN | PLAN_OUT,
	PLAN_PROMISCUOUS = 4, /* to be held promiscuous as well, as asked for by --promiscuous */
};

struct plan_entry {
	uint32_t ifindex;
	uint16_t slot;       /* < SLOTS_MAX */
	uint8_t directions;  /* enum plan_direction, at least one of PLAN_IN and PLAN_OUT */
	char name[IFNAMSIZ];
};

/* Sorted by ifindex, each once. */
struct capture_plan {
	struct plan_entry entries[PLAN_MAX];
	uint32_t count;
	uint32_t omitted;    /* interfaces that found no room */
};

/*
 * Numbers for interface names. A name keeps its number while it is planned and as long after as
 * there are others to give: of names that are gone the one gone longest makes room, so that pods
 * may come and go for months.
 */
struct slot_table {
	struct {
		char name[IFNAMSIZ]; /* "": free */
		uint64_t used;       /* the plan that named it last */
		uint64_t since;      /* the plan that took it: another value, another interface */
	} slots[SLOTS_MAX];
	uint32_t count;              /* slots that ever had a name */
	uint64_t plans;
};

/* What is to be captured. All is borrowed. */
struct capture_wish {
	const char *const *patterns; /* -i: names and globs; none: what a node's CNI is known to use */
	size_t pattern_count;
	const char (*bridges)[IFNAMSIZ]; /* named by CNI configuration; of interest without patterns */
	size_t bridge_count;
	bool promiscuous;            /* bridges whole, promiscuous, without their ports */
};

/*
 * Makes the plan for the links there are, which are sorted by index. What is wished for and not
 * there is simply not in the plan: make another when links change.
 */
void capture_plan_make(const struct link *links, size_t link_count, const struct capture_wish *, struct slot_table *, struct capture_plan *out);

/* Whether two plans capture the same. */
bool capture_plan_equal(const struct capture_plan *, const struct capture_plan *);

/* Whether an array from elsewhere is a plan: sorted, every field in its range, every name ended. */
bool capture_plan_valid(const struct plan_entry *entries, size_t count);

/* Whether any link fits a pattern: one that does not is waited for, and worth a line in the log. */
bool capture_plan_matches(const struct link *links, size_t link_count, const char *pattern);

#endif
