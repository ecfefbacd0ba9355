/* SPDX-License-Identifier: Apache-2.0 */
/* See recent_flows.h. */
#include <config.h>

#include "recent_flows.h"

#include <stdlib.h>
#include <string.h>

struct recent_flows {
	struct flow_record **records; /* a ring; each as long as its text, no longer */
	size_t count_max, bytes_max;
	size_t oldest, count, bytes;
};

struct recent_flows *
recent_flows_new(size_t count_max, size_t bytes_max)
{
	struct recent_flows *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	f->count_max = count_max != 0 ? count_max : 1000;
	f->bytes_max = bytes_max != 0 ? bytes_max : (size_t)4 << 20;
	f->records = calloc(f->count_max, sizeof(struct flow_record *));
	if (f->records == NULL)
		abort();
	return f;
}

static void
drop_oldest(struct recent_flows *f)
{
	f->bytes -= f->records[f->oldest]->size;
	free(f->records[f->oldest]);
	f->records[f->oldest] = NULL;
	f->oldest = (f->oldest + 1) % f->count_max;
	f->count--;
}

void
recent_flows_free(struct recent_flows *f)
{
	if (f == NULL)
		return;
	while (f->count > 0)
		drop_oldest(f);
	free(f->records);
	free(f);
}

void
recent_flows_add(struct recent_flows *f, const struct flow_record *record)
{
	struct flow_record *copy;

	if (record->size > f->bytes_max)
		return;
	while (f->count == f->count_max || f->bytes + record->size > f->bytes_max)
		drop_oldest(f);
	if ((copy = malloc(record->size)) == NULL)
		abort();
	memcpy(copy, record, record->size);
	f->records[(f->oldest + f->count) % f->count_max] = copy;
	f->count++;
	f->bytes += record->size;
}

size_t
recent_flows_count(const struct recent_flows *f)
{
	return f->count;
}

const struct flow_record *
recent_flows_get(const struct recent_flows *f, size_t index)
{
	return f->records[(f->oldest + f->count - 1 - index) % f->count_max];
}
