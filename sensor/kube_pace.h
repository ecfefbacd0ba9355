/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before an API is asked again: back-off, and chance, so that many sensors do not ask together. */
#ifndef PODWIRE_KUBE_PACE_H
#define PODWIRE_KUBE_PACE_H

#include <stdint.h>

struct kube_pace {
	double second;         /* in ns */
	uint64_t random;       /* the seed at first */
	double delay;          /* s, the last back-off; 0: none */
	int64_t healthy_since; /* steady time, ns; 0: ill */
};

/* 0 to 1. */
double kube_pace_random(struct kube_pace *);

/* Seconds in ns. */
int64_t kube_pace_span(const struct kube_pace *, double seconds);

/* An answer was a good one. */
void kube_pace_well(struct kube_pace *, int64_t now);

/* What went before was trouble of another kind, which is over. */
void kube_pace_forget(struct kube_pace *);

/* After an error: ns to wait, longer each time, no shorter than asked seconds (0: not asked). */
int64_t kube_pace_back_off(struct kube_pace *, int64_t now, int64_t asked);

#endif
