/* SPDX-License-Identifier: Apache-2.0 */
/* See capture_counts.h. */
#include <config.h>

#include "capture_counts.h"

_Static_assert((int)LIVE_INTERFACES_MAX >= (int)SLOTS_MAX && (int)STATUS_INTERFACES_MAX >= (int)SLOTS_MAX, "every slot has a place");
_Static_assert(sizeof(struct worker_counters) % sizeof(uint64_t) == 0, "counters and nothing else");

/* What a counter was before is kept where it seems to go back: only what is more than ever before counts. At its end the sum stays. */
static void
add_counts(uint64_t *sum, const uint64_t *now, uint64_t *last, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t more = now[i] > last[i] ? now[i] - last[i] : 0;

		sum[i] = more > UINT64_MAX - sum[i] ? UINT64_MAX : sum[i] + more;
		last[i] += more;
	}
}

/* One that is also part of a larger whole, which is still to be added. */
static void
add_part(uint64_t *sum, uint64_t now, uint64_t last)
{
	add_counts(sum, &now, &last, 1);
}

static void
take_interfaces(struct sensor_status *s, const struct live_counters *c, struct live_counters *last)
{
	for (uint32_t i = 0; i < c->interface_count; i++) {
		const struct live_interface *now = &c->interfaces[i];
		struct live_interface *before;

		/* A slot that was never given away. */
		if (now->slot >= s->interface_count)
			continue;
		before = &last->interfaces[now->slot];
		add_counts(&s->interfaces[now->slot].packets, &now->packets, &before->packets, 1);
		add_counts(&s->interfaces[now->slot].bytes, &now->bytes, &before->bytes, 1);
	}
}

void
capture_counts_take(struct sensor_status *s, uint32_t index, const struct live_counters *c, struct live_counters *last)
{
	struct worker_status *own = &s->workers[index];

	add_part(&own->packets, c->worker.frames, last->worker.frames);
	add_part(&own->bytes, c->worker.bytes, last->worker.bytes);
	add_part(&own->evicted, c->worker.table.evicted, last->worker.table.evicted);
	add_counts(&own->kernel_received, &c->kernel_received, &last->kernel_received, 1);
	add_counts(&own->kernel_dropped, &c->kernel_dropped, &last->kernel_dropped, 1);
	add_counts(&own->forwarded, &c->forwarded, &last->forwarded, 1);
	add_counts(&own->forward_dropped, &c->forward_dropped, &last->forward_dropped, 1);
	add_counts((uint64_t *)(void *)&s->counters, (const uint64_t *)(const void *)&c->worker, (uint64_t *)(void *)&last->worker, sizeof(c->worker) / sizeof(uint64_t));
	if (c->unplanned > last->unplanned)
		last->unplanned = c->unplanned;
	own->flows_open = c->flows_open;
	own->memory = c->memory;
	take_interfaces(s, c, last);
}

void
capture_counts_take_left(struct sensor_status *s, uint32_t index, const struct live_left *left, const struct live_counters *last)
{
	struct worker_status *own = &s->workers[index];
	uint64_t given = last->kernel_received - last->kernel_dropped, told = last->worker.frames + last->unplanned;
	uint64_t unread = left->received - left->dropped;

	/* A worker that tells of more than there was, or less, is not believed: it had told of all that it asked for. */
	if (last->kernel_received >= last->kernel_dropped && given >= told && given - told <= UINT32_MAX)
		unread += given - told;
	add_part(&own->kernel_received, left->received, 0);
	add_part(&own->kernel_dropped, left->dropped, 0);
	add_part(&own->unread, unread, 0);
}
