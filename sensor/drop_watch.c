/* SPDX-License-Identifier: Apache-2.0 */
/* See drop_watch.h. */
#include <config.h>

#include "drop_watch.h"

enum { HUNDREDTH = 100 };
static const int64_t one_minute = INT64_C(60000000000);

bool
drop_watch_saw(struct drop_watch *w, int64_t now, struct drop_counts counts, struct drop_counts *minute)
{
	if (now >= w->since && now - w->since < one_minute)
		return false;
	*minute = (struct drop_counts){ .received = counts.received - w->last.received, .dropped = counts.dropped - w->last.dropped };
	*w = (struct drop_watch){ .since = now, .last = counts };
	/* Nothing received and something dropped is a loss too. */
	return minute->dropped > minute->received / HUNDREDTH;
}
