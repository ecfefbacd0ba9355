/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reassembly of fragments. Bytes wait in blocks of one pool: a fragment is a chain of blocks, a
 * datagram a chain of fragments in order of offset. Datagrams are found by hash, and stand in the
 * order of their arrival, in which they time out and are given up. Everything refers by index.
 */
#include <config.h>

#include "fragment.h"

#include <stdlib.h>

enum {
	BUCKETS = 1024, /* a power of two */
	BLOCK_BYTES = 488,
	DATAGRAM_MAX = UINT16_MAX, /* IPv4: with its header; IPv6: without the fixed one */
	BUFFER_SIZE = DATAGRAM_MAX + 40,
};

static const uint32_t NONE = UINT32_MAX; /* no index */
static const uint64_t timeout = FRAGMENT_TIMEOUT * UINT64_C(1000000000);

struct block {
	uint32_t next; /* with more bytes of this fragment; or the next free one */
	/* In the first block of a fragment: */
	uint32_t next_fragment;
	uint32_t start, end; /* of its data in the datagram */
	uint32_t captured;   /* bytes of data that are here */
	uint32_t header;     /* bytes of IP header before them: in the fragment with offset 0 */
	uint8_t bytes[BLOCK_BYTES];
};

struct key {
	struct address source, destination;
	uint32_t id;
	uint8_t version, protocol;
};

struct datagram {
	struct key key;
	int64_t time;
	uint32_t next_in_bucket; /* or the next free one */
	uint32_t older, younger;
	uint32_t first;          /* block of the fragment with the lowest offset */
	uint32_t count;          /* of fragments */
	uint32_t bytes;          /* of data on the wire in all of them */
	uint32_t size;           /* of the whole data, once the last fragment was seen */
	uint32_t next_at;
	uint8_t next;
	bool size_known;
	bool unusable;           /* fragments overlapped: holds nothing, refuses what comes */
};

struct fragments {
	uint64_t *dropped;
	struct block *blocks;
	uint32_t block_count, blocks_used, blocks_free; /* used: ever; free: how many of all */
	uint32_t free_block;                            /* given back ones */
	struct datagram *datagrams;
	uint32_t datagram_count, datagrams_used;
	uint32_t free_datagram;
	uint32_t oldest, youngest;
	uint32_t buckets[BUCKETS];
	unsigned buffers_used;
	uint8_t (*buffers)[BUFFER_SIZE];
};

struct fragments *
fragments_new(size_t memory, uint64_t *dropped)
{
	struct fragments *f = calloc(1, sizeof(*f));
	size_t datagrams = memory / (sizeof(struct datagram) + 2 * sizeof(struct block)), blocks;

	if (f == NULL)
		return NULL;
	if (datagrams > FRAGMENT_DATAGRAMS_MAX)
		datagrams = FRAGMENT_DATAGRAMS_MAX;
	blocks = (memory - datagrams * sizeof(struct datagram)) / sizeof(struct block);
	if (blocks > UINT32_MAX - 1)
		blocks = UINT32_MAX - 1;
	f->dropped = dropped;
	f->datagram_count = (uint32_t)datagrams;
	f->block_count = f->blocks_free = (uint32_t)blocks;
	f->free_block = f->free_datagram = f->oldest = f->youngest = NONE;
	for (size_t i = 0; i < BUCKETS; i++)
		f->buckets[i] = NONE;
	f->datagrams = calloc(datagrams + 1, sizeof(*f->datagrams));
	f->blocks = malloc((blocks + 1) * sizeof(*f->blocks));
	f->buffers = malloc(FRAGMENT_NESTING_MAX * sizeof(*f->buffers));
	if (f->datagrams == NULL || f->blocks == NULL || f->buffers == NULL) {
		fragments_free(f);
		return NULL;
	}
	return f;
}

void
fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	free(f->datagrams);
	free(f->blocks);
	free(f->buffers);
	free(f);
}

void
fragments_begin(struct fragments *f)
{
	f->buffers_used = 0;
}

static uint32_t
block_take(struct fragments *f)
{
	uint32_t index = f->free_block;

	f->blocks_free--;
	if (index == NONE)
		return f->blocks_used++;
	f->free_block = f->blocks[index].next;
	return index;
}

/* Gives back a fragment's blocks. */
static void
blocks_free(struct fragments *f, uint32_t index)
{
	while (index != NONE) {
		struct block *b = &f->blocks[index];
		uint32_t next = b->next;

		b->next = f->free_block;
		f->free_block = index;
		f->blocks_free++;
		index = next;
	}
}

static uint32_t
blocks_needed(const struct fragment *fragment)
{
	size_t bytes = fragment->data.left + (fragment->offset == 0 ? fragment->header.left : 0);

	return bytes == 0 ? 1 : (uint32_t)((bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

/* A place in a chain of blocks. */
struct place {
	struct block *block;
	uint32_t offset;
};

/* Adds bytes at place, which moves behind them, with new blocks as they are needed. */
static void
blocks_write(struct fragments *f, struct place *p, struct cursor bytes)
{
	while (cursor_left(&bytes) > 0) {
		size_t size = cursor_left(&bytes);

		if (p->offset == BLOCK_BYTES) {
			uint32_t index = block_take(f);

			p->block->next = index;
			*p = (struct place){ .block = &f->blocks[index] };
			p->block->next = NONE;
		}
		if (size > BLOCK_BYTES - p->offset)
			size = BLOCK_BYTES - p->offset;
		memcpy(p->block->bytes + p->offset, cursor_take(&bytes, size), size);
		p->offset += (uint32_t)size;
	}
}

/* The next bytes at place that lie in one block, at most size; the place moves behind them. */
static struct cursor
blocks_read(const struct fragments *f, struct place *p, size_t size)
{
	struct cursor piece;

	if (p->offset == BLOCK_BYTES)
		*p = (struct place){ .block = &f->blocks[p->block->next] };
	if (size > BLOCK_BYTES - p->offset)
		size = BLOCK_BYTES - p->offset;
	piece = cursor_over(p->block->bytes + p->offset, size);
	p->offset += (uint32_t)size;
	return piece;
}

/* Copies size bytes from place to out. */
static void
blocks_copy(const struct fragments *f, struct place *p, uint8_t *out, size_t size)
{
	while (size > 0) {
		struct cursor piece = blocks_read(f, p, size);

		memcpy(out, piece.at, piece.left);
		out += piece.left;
		size -= piece.left;
	}
}

/* Whether the data of the fragment that begins with block is what bytes hold, as far as both go. */
static bool
same_data(const struct fragments *f, struct block *block, struct cursor bytes)
{
	struct place p = { block, block->header % BLOCK_BYTES };
	uint32_t skip = block->header / BLOCK_BYTES;

	if (bytes.left > block->captured)
		bytes.left = block->captured;
	for (; skip > 0 && p.block->next != NONE; skip--)
		p.block = &f->blocks[p.block->next];
	while (cursor_left(&bytes) > 0) {
		struct cursor piece = blocks_read(f, &p, cursor_left(&bytes));

		if (memcmp(piece.at, cursor_take(&bytes, piece.left), piece.left) != 0)
			return false;
	}
	return true;
}

static struct key
key_of(const struct fragment *fragment)
{
	return (struct key){
		.source = fragment->source,
		.destination = fragment->destination,
		.id = fragment->id,
		.version = fragment->version,
		.protocol = fragment->protocol,
	};
}

static bool
key_equal(const struct key *a, const struct key *b)
{
	return a->id == b->id && a->version == b->version && a->protocol == b->protocol &&
		address_equal(&a->source, &b->source) && address_equal(&a->destination, &b->destination);
}

/* The chain that a key is in. Where the pool lies in memory makes the places hard to foresee. */
static uint32_t *
bucket(struct fragments *f, const struct key *key)
{
	uint64_t hash = (uintptr_t)f ^ ((uint64_t)key->id << 16 | (uint64_t)key->protocol << 8 | key->version);

	for (size_t i = 0; i < sizeof(key->source.bytes); i += 4) {
		const uint8_t *a = key->source.bytes + i, *b = key->destination.bytes + i;
		uint64_t word = (uint64_t)a[0] << 56 | (uint64_t)a[1] << 48 | (uint64_t)a[2] << 40 | (uint64_t)a[3] << 32 |
			(uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];

		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return &f->buckets[hash & (BUCKETS - 1)];
}

/* Gives back what a datagram holds; it is counted as dropped when it was not completed. */
static void
datagram_empty(struct fragments *f, struct datagram *d, bool completed)
{
	for (uint32_t index = d->first, next; index != NONE; index = next) {
		next = f->blocks[index].next_fragment;
		blocks_free(f, index);
	}
	if (!completed)
		*f->dropped += d->count;
	d->first = NONE;
	d->count = 0;
}

static void
datagram_remove(struct fragments *f, uint32_t index, bool completed)
{
	struct datagram *d = &f->datagrams[index];
	uint32_t *link = bucket(f, &d->key);

	datagram_empty(f, d, completed);
	while (*link != index)
		link = &f->datagrams[*link].next_in_bucket;
	*link = d->next_in_bucket;
	*(d->older == NONE ? &f->oldest : &f->datagrams[d->older].younger) = d->younger;
	*(d->younger == NONE ? &f->youngest : &f->datagrams[d->younger].older) = d->older;
	d->next_in_bucket = f->free_datagram;
	f->free_datagram = index;
}

/* Packet time may jump back, between files or interfaces; that ends a datagram's time too. */
static bool
expired(const struct datagram *d, int64_t now)
{
	uint64_t a = (uint64_t)now, b = (uint64_t)d->time;

	return (now > d->time ? a - b : b - a) > timeout;
}

static uint32_t
datagram_new(struct fragments *f, const struct key *key, int64_t time)
{
	uint32_t index, *link;

	if (f->free_datagram == NONE && f->datagrams_used == f->datagram_count)
		datagram_remove(f, f->oldest, false);
	index = f->free_datagram;
	if (index == NONE)
		index = f->datagrams_used++;
	else
		f->free_datagram = f->datagrams[index].next_in_bucket;
	link = bucket(f, key);
	f->datagrams[index] = (struct datagram){
		.key = *key,
		.time = time,
		.next_in_bucket = *link,
		.older = f->youngest,
		.younger = NONE,
		.first = NONE,
	};
	*link = index;
	*(f->youngest == NONE ? &f->oldest : &f->datagrams[f->youngest].younger) = index;
	f->youngest = index;
	return index;
}

/* The datagram that the fragment belongs to, a new one where there is none; those out of time go. */
static uint32_t
datagram_of(struct fragments *f, const struct fragment *fragment)
{
	struct key key = key_of(fragment);
	uint32_t index;

	while (f->oldest != NONE && expired(&f->datagrams[f->oldest], fragment->time))
		datagram_remove(f, f->oldest, false);
	for (index = *bucket(f, &key); index != NONE; index = f->datagrams[index].next_in_bucket)
		if (key_equal(&f->datagrams[index].key, &key))
			break;
	if (index != NONE && expired(&f->datagrams[index], fragment->time)) {
		datagram_remove(f, index, false);
		index = NONE;
	}
	return index != NONE ? index : datagram_new(f, &key, fragment->time);
}

/* Makes room for count blocks by giving up others than keep; false where there is not so much. */
static bool
make_room(struct fragments *f, uint32_t keep, uint32_t count)
{
	uint32_t index = f->oldest;

	while (f->blocks_free < count && index != NONE) {
		uint32_t younger = f->datagrams[index].younger;

		if (index != keep)
			datagram_remove(f, index, false);
		index = younger;
	}
	return f->blocks_free >= count;
}

enum fit { FIT_NEW, FIT_COPY, FIT_NOT };

/* How the fragment fits those of its datagram. *after is the block of the one that it follows, or NONE. */
static enum fit
fit(const struct fragments *f, const struct datagram *d, const struct fragment *fragment, uint32_t *after)
{
	uint32_t start = fragment->offset, end = start + fragment->size, index;

	if (d->size_known && (fragment->more ? end >= d->size : end != d->size))
		return FIT_NOT;
	*after = NONE;
	for (index = d->first; index != NONE; index = f->blocks[index].next_fragment) {
		struct block *b = &f->blocks[index];

		if (b->start >= end)
			break;
		if (b->start == start && b->end == end)
			/* A copy must agree on being the last, too. */
			return fragment->more == (!d->size_known || end != d->size) && same_data(f, b, fragment->data) ? FIT_COPY : FIT_NOT;
		if (b->end > start)
			return FIT_NOT;
		*after = index;
	}
	/* The last fragment has none behind it. */
	return !fragment->more && index != NONE ? FIT_NOT : FIT_NEW;
}

/* Stores the fragment in its datagram, after the block named. */
static void
insert(struct fragments *f, struct datagram *d, const struct fragment *fragment, uint32_t after)
{
	uint32_t index = block_take(f), *link = after == NONE ? &d->first : &f->blocks[after].next_fragment;
	struct block *b = &f->blocks[index];
	struct place place = { b, 0 };

	b->next = NONE;
	b->next_fragment = *link;
	b->start = fragment->offset;
	b->end = fragment->offset + fragment->size;
	b->captured = (uint32_t)fragment->data.left;
	b->header = 0;
	*link = index;
	if (fragment->offset == 0) {
		b->header = (uint32_t)fragment->header.left;
		blocks_write(f, &place, fragment->header);
		d->next = fragment->next;
		d->next_at = fragment->next_at;
	}
	blocks_write(f, &place, fragment->data);
	d->count++;
	d->bytes += fragment->size;
	if (!fragment->more) {
		d->size = b->end;
		d->size_known = true;
	}
}

static void
put_be16(uint8_t *b, uint32_t value)
{
	b[0] = (uint8_t)(value >> 8);
	b[1] = (uint8_t)value;
}

/* RFC 1071, over the header with a checksum of 0. */
static uint16_t
header_checksum(const uint8_t *header, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Makes the first fragment's header that of the whole. */
static void
correct_header(const struct datagram *d, uint8_t *header, uint32_t header_size)
{
	if (d->key.version == 6) {
		put_be16(header + 4, header_size - 40 + d->size);
		header[d->next_at] = d->next;
		return;
	}
	put_be16(header + 2, header_size + d->size);
	put_be16(header + 6, header[6] << 8 & 0x4000); /* of the flags, "don't fragment" stays */
	put_be16(header + 10, 0);
	put_be16(header + 10, header_checksum(header, header_size));
}

/* Puts a complete datagram together; bytes after the first that no fragment has are left out. */
static enum packet_result
assemble(struct fragments *f, const struct datagram *d, struct reassembled *whole)
{
	uint32_t header_size = f->blocks[d->first].header;
	uint8_t *out;

	if (header_size + d->size > (d->key.version == 6 ? DATAGRAM_MAX + 40 : DATAGRAM_MAX))
		return PACKET_FRAGMENT_DROPPED;
	if (f->buffers_used == FRAGMENT_NESTING_MAX)
		return PACKET_TOO_DEEP;
	out = f->buffers[f->buffers_used++];
	*whole = (struct reassembled){ .bytes = out, .size = header_size + d->size };
	for (uint32_t index = d->first; index != NONE; index = f->blocks[index].next_fragment) {
		struct block *b = &f->blocks[index];
		struct place place = { b, 0 };

		blocks_copy(f, &place, out + whole->captured, b->header + b->captured);
		whole->captured += b->header + b->captured;
		if (b->captured < b->end - b->start)
			break;
	}
	correct_header(d, out, header_size);
	return PACKET_OK;
}

/* Whether a fragment can be part of anything: no reason to look further otherwise. */
static bool
sane(const struct fragment *fragment)
{
	/* Where the size comes from the frame it may be anything: no sum before it is known to be small. */
	if (fragment->size == 0 || fragment->size > DATAGRAM_MAX || fragment->offset > DATAGRAM_MAX - fragment->size)
		return false;
	return !fragment->more || fragment->size % 8 == 0;
}

/* The datagram is of no use any more, nor is what comes of it until its time is over. */
static enum packet_result
refuse(struct fragments *f, struct datagram *d)
{
	datagram_empty(f, d, false);
	d->unusable = true;
	return PACKET_FRAGMENT_DROPPED;
}

enum packet_result
fragments_add(struct fragments *f, const struct fragment *fragment, struct reassembled *whole)
{
	enum packet_result result;
	struct datagram *d;
	uint32_t index, after;

	if (!sane(fragment) || f->datagram_count == 0)
		return PACKET_FRAGMENT_DROPPED;
	index = datagram_of(f, fragment);
	d = &f->datagrams[index];
	if (d->unusable)
		return PACKET_FRAGMENT_DROPPED;
	switch (fit(f, d, fragment, &after)) {
	case FIT_COPY:
		return PACKET_FRAGMENT_HELD;
	case FIT_NOT:
		return refuse(f, d);
	case FIT_NEW:
		break;
	}
	if (d->count == FRAGMENTS_MAX || !make_room(f, index, blocks_needed(fragment)))
		return refuse(f, d);
	insert(f, d, fragment, after);
	if (!d->size_known || d->bytes != d->size)
		return PACKET_FRAGMENT_HELD;
	d->count--; /* this frame has a result of its own */
	result = assemble(f, d, whole);
	datagram_remove(f, index, result == PACKET_OK);
	return result;
}
