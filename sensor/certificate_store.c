/* SPDX-License-Identifier: Apache-2.0 */
/* The store: a pool of entries, chained by hash, and a list in the order of last use. */
#include <config.h>

#include "certificate_store.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "fixed_pool.h"

enum {
	BUCKETS = 1024,
	DER_MAX = 6144, /* larger ones are parsed each time */
};

struct entry {
	struct certificate certificate; /* first: callers hold pointers to it */
	uint32_t references;
	uint32_t next;         /* in its bucket */
	uint32_t older, newer; /* by last use */
	uint32_t bucket;
	uint32_t der_size;     /* 0: never found again */
	uint8_t der[DER_MAX];
};

struct certificate_store {
	struct fixed_pool entries;
	struct hash_key key;
	uint32_t bucket[BUCKETS];
	uint32_t oldest, newest;
};

struct certificate_store *
certificate_store_new(uint32_t capacity)
{
	struct certificate_store *s = calloc(1, sizeof(*s));

	if (s == NULL || !fixed_pool_init(&s->entries, sizeof(struct entry), capacity)) {
		free(s);
		return NULL;
	}
	hash_key_init(&s->key);
	return s;
}

void
certificate_store_free(struct certificate_store *s)
{
	if (s == NULL)
		return;
	fixed_pool_clear(&s->entries);
	free(s);
}

static struct entry *
entry_at(struct certificate_store *s, uint32_t index)
{
	return fixed_pool_at(&s->entries, index);
}

static void
unlink_use(struct certificate_store *s, struct entry *e)
{
	*(e->older != 0 ? &entry_at(s, e->older)->newer : &s->oldest) = e->newer;
	*(e->newer != 0 ? &entry_at(s, e->newer)->older : &s->newest) = e->older;
}

static void
link_newest(struct certificate_store *s, struct entry *e)
{
	uint32_t index = fixed_pool_index(&s->entries, e);

	e->newer = 0;
	e->older = s->newest;
	*(e->older != 0 ? &entry_at(s, e->older)->newer : &s->oldest) = index;
	s->newest = index;
}

static void
forget(struct certificate_store *s, struct entry *e)
{
	uint32_t index = fixed_pool_index(&s->entries, e), *at = &s->bucket[e->bucket];

	while (*at != index)
		at = &entry_at(s, *at)->next;
	*at = e->next;
	unlink_use(s, e);
	fixed_pool_give(&s->entries, index);
}

/* Makes room by dropping the longest unused certificate; false where all are in use. */
static bool
make_room(struct certificate_store *s)
{
	for (uint32_t i = s->oldest; i != 0; i = entry_at(s, i)->newer)
		if (entry_at(s, i)->references == 0) {
			forget(s, entry_at(s, i));
			return true;
		}
	return false;
}

static struct entry *
find(struct certificate_store *s, uint32_t bucket, struct cursor der)
{
	for (uint32_t i = s->bucket[bucket]; i != 0; i = entry_at(s, i)->next) {
		struct entry *e = entry_at(s, i);

		if (e->der_size == der.left && memcmp(e->der, der.at, der.left) == 0)
			return e;
	}
	return NULL;
}

static struct entry *
add(struct certificate_store *s, uint32_t bucket, struct cursor der)
{
	uint32_t index = fixed_pool_take(&s->entries);
	struct entry *e;

	if (index == 0 && (!make_room(s) || (index = fixed_pool_take(&s->entries)) == 0))
		return NULL;
	e = entry_at(s, index);
	if (!certificate_parse(der, &e->certificate)) {
		fixed_pool_give(&s->entries, index);
		return NULL;
	}
	e->references = 0;
	e->bucket = bucket;
	e->next = s->bucket[bucket];
	s->bucket[bucket] = index;
	e->der_size = der.left <= DER_MAX ? (uint32_t)der.left : 0;
	memcpy(e->der, der.at, e->der_size);
	link_newest(s, e);
	return e;
}

const struct certificate *
certificate_store_take(struct certificate_store *s, struct cursor der)
{
	uint32_t bucket;
	struct entry *e;

	if (!cursor_ok(&der) || der.left == 0)
		return NULL;
	bucket = (uint32_t)hash_bytes(&s->key, der.at, der.left) % BUCKETS;
	e = find(s, bucket, der);
	if (e == NULL && (e = add(s, bucket, der)) == NULL)
		return NULL;
	if (s->newest != fixed_pool_index(&s->entries, e)) {
		unlink_use(s, e);
		link_newest(s, e);
	}
	e->references++;
	return &e->certificate;
}

void
certificate_store_hold(struct certificate_store *s, const struct certificate *certificate)
{
	(void)s;
	if (certificate != NULL)
		((struct entry *)(uintptr_t)certificate)->references++;
}

void
certificate_store_give(struct certificate_store *s, const struct certificate *certificate)
{
	(void)s;
	if (certificate != NULL)
		((struct entry *)(uintptr_t)certificate)->references--;
}
