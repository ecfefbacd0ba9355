/* SPDX-License-Identifier: Apache-2.0 */
/* The names that DNS answers gave to addresses: the last one told of each. */
#include <config.h>

#include "report_internal.h"

#include <string.h>

enum { NAMES_MAX = 65536, NAME_ROOM = 256 };

/* A name that a DNS answer gave an address. */
struct dns_name {
	struct dns_name *next; /* in the order in which they came */
	struct address address;
	char *name;
	size_t room; /* for it, with its end */
	int64_t time;
};

static uint64_t
address_hash(const struct report *r, const struct address *a)
{
	return arena_hash(r->arena, a, sizeof(*a));
}

/*
 * In the place of the name before it: whoever answers questions for DNS may give an address another
 * name each time, and an arena forgets nothing.
 */
static void
put_name(struct report *r, struct dns_name *n, const char *name)
{
	size_t size = strlen(name) + 1;

	if (size > n->room) {
		/* The second one has room for any that follows. */
		n->room = n->room > 0 && size < NAME_ROOM ? NAME_ROOM : size;
		n->name = arena_alloc(r->arena, n->room);
	}
	memcpy(n->name, name, size);
}

void
report_add_name(struct report *r, const struct address *address, const char *name, int64_t time)
{
	uint64_t hash = address_hash(r, address);
	const struct arena_entry *e;
	struct dns_name *n;

	for (e = arena_table_first(&r->index->names, hash); e != NULL; e = arena_table_next(e)) {
		n = e->value;
		if (!address_equal(&n->address, address))
			continue;
		/* The name an address had last is the one shown; of equal times the lesser, to be certain. */
		if (time > n->time || (time == n->time && strcmp(name, n->name) < 0)) {
			put_name(r, n, name);
			n->time = time;
		}
		return;
	}
	if (r->index->name_count >= NAMES_MAX)
		return;
	r->index->name_count++;
	n = arena_alloc(r->arena, sizeof(*n));
	*n = (struct dns_name){ .address = *address, .time = time };
	put_name(r, n, name);
	*r->index->last_name = n;
	r->index->last_name = &n->next;
	arena_table_add(&r->index->names, r->arena, hash, n);
}

void
report_each_name(const struct report *r, void (*each)(void *context, const struct address *, const char *name, int64_t time), void *context)
{
	for (const struct dns_name *n = r->index->first_name; n != NULL; n = n->next)
		each(context, &n->address, n->name, n->time);
}

const char *
report_name_of(const struct report *r, const struct address *address)
{
	const struct arena_entry *e;

	for (e = arena_table_first(&r->index->names, address_hash(r, address)); e != NULL; e = arena_table_next(e)) {
		const struct dns_name *n = e->value;

		if (address_equal(&n->address, address))
			return n->name;
	}
	return NULL;
}

void
report_set_name(struct report *r, const struct peer *peer, const char *name)
{
	if (peer->has_address && peer->name == NULL && name != NULL)
		report_find_peer(r, peer)->name = report_text(r, name);
}

static void
name_peer(struct report *r, const struct peer *peer)
{
	if (peer->has_address && peer->name == NULL)
		report_set_name(r, peer, report_name_of(r, &peer->address));
}

void
report_name_peers(struct report *r)
{
	for (size_t i = 0; i < r->pair_count; i++) {
		name_peer(r, r->pairs[i]->source);
		name_peer(r, r->pairs[i]->destination);
	}
}
