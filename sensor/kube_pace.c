/* SPDX-License-Identifier: Apache-2.0 */
/* The back-off of client-go (tools/cache/reflector.go), which API servers are used to. */
#include <config.h>

#include "kube_pace.h"

static const double backoff_first = 0.8, backoff_longest = 30, backoff_reset = 120;
static const int64_t asked_longest = 300; /* that is believed */

/* splitmix64: to spread sensors over time, not for secrets. */
double
kube_pace_random(struct kube_pace *p)
{
	uint64_t z = p->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

int64_t
kube_pace_span(const struct kube_pace *p, double seconds)
{
	return (int64_t)(seconds * p->second);
}

void
kube_pace_well(struct kube_pace *p, int64_t now)
{
	if (p->healthy_since == 0)
		p->healthy_since = now;
}

void
kube_pace_forget(struct kube_pace *p)
{
	p->delay = 0;
}

int64_t
kube_pace_back_off(struct kube_pace *p, int64_t now, int64_t asked)
{
	int64_t wait, least = kube_pace_span(p, (double)(asked > asked_longest ? asked_longest : asked));

	if (p->healthy_since > 0 && now - p->healthy_since >= kube_pace_span(p, backoff_reset))
		p->delay = 0;
	p->healthy_since = 0;
	p->delay = p->delay > 0 ? p->delay * 2 : backoff_first;
	if (p->delay > backoff_longest)
		p->delay = backoff_longest;
	wait = kube_pace_span(p, p->delay * (1 + kube_pace_random(p)));
	return least > wait ? least : wait;
}
