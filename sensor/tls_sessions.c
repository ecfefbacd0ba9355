/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions: a pool of entries, chained by hash, and a list in the order of last use. */
#include <config.h>

#include "tls_sessions.h"

#include <stdlib.h>
#include <string.h>

#include "fixed_pool.h"
#include "hash.h"

enum { BUCKETS = 1024 };

struct entry {
	uint64_t hash[2];
	struct tls_session session;
	uint32_t next;         /* in its bucket */
	uint32_t older, newer; /* by last use */
};

struct tls_sessions {
	struct fixed_pool entries;
	struct certificate_store *certificates;
	struct hash_key keys[2];
	uint32_t bucket[BUCKETS];
	uint32_t oldest, newest;
};

struct tls_sessions *
tls_sessions_new(uint32_t capacity, struct certificate_store *certificates)
{
	struct tls_sessions *s = calloc(1, sizeof(*s));

	if (s == NULL || !fixed_pool_init(&s->entries, sizeof(struct entry), capacity)) {
		free(s);
		return NULL;
	}
	s->certificates = certificates;
	hash_key_init(&s->keys[0]);
	hash_key_init(&s->keys[1]);
	return s;
}

static struct entry *
entry_at(struct tls_sessions *s, uint32_t index)
{
	return fixed_pool_at(&s->entries, index);
}

static void
release(struct tls_sessions *s, const struct tls_session *session)
{
	certificate_store_give(s->certificates, session->certificate);
	certificate_store_give(s->certificates, session->client_certificate);
}

void
tls_sessions_free(struct tls_sessions *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = s->oldest; i != 0; i = entry_at(s, i)->newer)
		release(s, &entry_at(s, i)->session);
	fixed_pool_clear(&s->entries);
	free(s);
}

static void
hash_id(const struct tls_sessions *s, const struct address *server, uint16_t port, struct cursor id, uint64_t hash[2])
{
	uint64_t words[4];

	memcpy(words, server, 16);
	words[2] = port;
	for (size_t i = 0; i < 2; i++) {
		words[3] = hash_bytes(&s->keys[i], id.at, id.left);
		hash[i] = hash_words(&s->keys[i], words, 4);
	}
}

static void
unlink_use(struct tls_sessions *s, struct entry *e)
{
	*(e->older != 0 ? &entry_at(s, e->older)->newer : &s->oldest) = e->newer;
	*(e->newer != 0 ? &entry_at(s, e->newer)->older : &s->newest) = e->older;
}

static void
link_newest(struct tls_sessions *s, struct entry *e)
{
	uint32_t index = fixed_pool_index(&s->entries, e);

	e->newer = 0;
	e->older = s->newest;
	*(e->older != 0 ? &entry_at(s, e->older)->newer : &s->oldest) = index;
	s->newest = index;
}

static struct entry *
find(struct tls_sessions *s, const uint64_t hash[2])
{
	for (uint32_t i = s->bucket[hash[0] % BUCKETS]; i != 0; i = entry_at(s, i)->next)
		if (memcmp(entry_at(s, i)->hash, hash, sizeof(entry_at(s, i)->hash)) == 0)
			return entry_at(s, i);
	return NULL;
}

static void
forget_oldest(struct tls_sessions *s)
{
	struct entry *e = entry_at(s, s->oldest);
	uint32_t index = s->oldest, *at = &s->bucket[e->hash[0] % BUCKETS];

	while (*at != index)
		at = &entry_at(s, *at)->next;
	*at = e->next;
	unlink_use(s, e);
	release(s, &e->session);
	fixed_pool_give(&s->entries, index);
}

static struct entry *
add(struct tls_sessions *s, const uint64_t hash[2])
{
	uint32_t index = fixed_pool_take(&s->entries);
	struct entry *e;

	if (index == 0) {
		forget_oldest(s);
		index = fixed_pool_take(&s->entries);
	}
	e = entry_at(s, index);
	memset(e, 0, sizeof(*e));
	memcpy(e->hash, hash, sizeof(e->hash));
	e->next = s->bucket[hash[0] % BUCKETS];
	s->bucket[hash[0] % BUCKETS] = index;
	link_newest(s, e);
	return e;
}

void
tls_sessions_put(struct tls_sessions *s, const struct address *server, uint16_t port, struct cursor id, const struct tls_session *session)
{
	struct tls_session was;
	uint64_t hash[2];
	struct entry *e;

	if (cursor_left(&id) == 0)
		return;
	hash_id(s, server, port, id, hash);
	e = find(s, hash);
	if (e == NULL)
		e = add(s, hash);
	was = e->session;
	e->session = *session;
	certificate_store_hold(s->certificates, session->certificate);
	certificate_store_hold(s->certificates, session->client_certificate);
	release(s, &was);
}

bool
tls_sessions_get(struct tls_sessions *s, const struct address *server, uint16_t port, struct cursor id, struct tls_session *session)
{
	uint64_t hash[2];
	struct entry *e;

	if (cursor_left(&id) == 0)
		return false;
	hash_id(s, server, port, id, hash);
	e = find(s, hash);
	if (e == NULL)
		return false;
	unlink_use(s, e);
	link_newest(s, e);
	*session = e->session;
	return true;
}
