/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK (RFC 7541) through libnghttp2. Its allocations all come from the services of the dissection:
 * bounded, and wiped and freed with it. A reader of the representations of a block stands before
 * it where not all of the table is known.
 */
#include <config.h>

#include "hpack.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

enum {
	TABLE_SIZE_MAX = 64 * 1024,  /* an encoder says itself what it uses of it (RFC 7541 4.2) */
	INTEGER_MAX = 1 << 24,
};

/* Memory for libnghttp2. */

static void *
take_memory(size_t size, void *user)
{
	struct hpack *h = user;

	return h->services->resize(h->services->context, NULL, size > 0 ? size : 1);
}

static void
give_memory(void *memory, void *user)
{
	struct hpack *h = user;

	if (memory != NULL)
		(void)h->services->resize(h->services->context, memory, 0);
}

static void *
take_array(size_t count, size_t size, void *user)
{
	return size == 0 || count <= SIZE_MAX / size ? take_memory(count * size, user) : NULL;
}

static void *
change_memory(void *memory, size_t size, void *user)
{
	struct hpack *h = user;

	return h->services->resize(h->services->context, memory, size);
}

/* The library keeps the address of its functions, so they are in memory that stays where it is. */
static bool
start_inflater(struct hpack *h)
{
	nghttp2_mem *functions = h->functions;

	if (functions == NULL)
		functions = h->functions = take_memory(sizeof(*functions), h);
	if (functions == NULL)
		return false;
	*functions = (nghttp2_mem){ .mem_user_data = h, .malloc = take_memory, .free = give_memory, .calloc = take_array, .realloc = change_memory };
	if (nghttp2_hd_inflate_new2(&h->inflater, functions) != 0) {
		h->inflater = NULL;
		return false;
	}
	/* What the decoder allows counts only when an encoder says that it uses it. */
	(void)nghttp2_hd_inflate_change_table_size(h->inflater, TABLE_SIZE_MAX);
	return true;
}

static void
stop_inflater(struct hpack *h)
{
	if (h->inflater != NULL)
		nghttp2_hd_inflate_del(h->inflater);
	h->inflater = NULL;
}

void
hpack_start(struct hpack *h, const struct dissection_services *services, bool whole)
{
	h->services = services;
	stop_inflater(h);
	h->whole = whole;
	h->incomplete = h->lost = false;
}

/* Representations (RFC 7541 6), for where the library must not see all of them. */

struct representation {
	struct cursor bytes; /* all of it */
	struct cursor value; /* the string of a literal, with its length before it */
	uint32_t index;      /* 0: a literal with a name of its own */
	uint8_t first;
	bool has_index;
};

/* RFC 7541 5.1. */
static uint32_t
read_integer(struct cursor *c, unsigned prefix)
{
	uint32_t max = (1u << prefix) - 1, value = cursor_u8(c) & max;
	uint8_t b;

	if (value < max)
		return value;
	for (unsigned shift = 0; shift <= 21; shift += 7) {
		b = cursor_u8(c);
		value += (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			if (value > INTEGER_MAX)
				break;
			return value;
		}
	}
	cursor_fail(c);
	return 0;
}

/* RFC 7541 5.2. */
static struct cursor
read_string(struct cursor *c)
{
	struct cursor whole = *c;

	cursor_skip(c, read_integer(c, 7));
	return cursor_ok(c) ? cursor_sub(&whole, whole.left - c->left) : *c;
}

static bool
take_representation(struct cursor *block, struct representation *r)
{
	struct cursor start = *block;
	bool indexed, resize;

	*r = (struct representation){ .first = (uint8_t)cursor_peek(block, 0) };
	indexed = (r->first & 0x80) != 0;
	resize = (r->first & 0xe0) == 0x20;
	r->index = read_integer(block, indexed ? 7 : (r->first & 0x40) != 0 ? 6 : resize ? 5 : 4);
	r->has_index = !resize;
	if (indexed && r->index == 0)
		cursor_fail(block);
	if (!indexed && !resize) {
		if (r->index == 0)
			(void)read_string(block);
		r->value = read_string(block);
	}
	if (!cursor_ok(block))
		return false;
	r->bytes = cursor_sub(&start, start.left - block->left);
	return true;
}

enum hpack_shape
hpack_shape(struct cursor block)
{
	enum hpack_shape shape = HPACK_PLAIN;
	struct representation r;

	if (cursor_left(&block) == 0)
		return HPACK_MALFORMED;
	while (cursor_left(&block) > 0) {
		enum hpack_shape said = HPACK_PLAIN;

		if (!take_representation(&block, &r))
			return HPACK_MALFORMED;
		if (r.has_index && r.index >= 1 && r.index <= 7)
			said = HPACK_REQUEST;
		else if (r.has_index && r.index >= 8 && r.index <= 14)
			said = HPACK_RESPONSE;
		if (said != HPACK_PLAIN && shape != HPACK_PLAIN && said != shape)
			return HPACK_MALFORMED;
		shape = said != HPACK_PLAIN ? said : shape;
	}
	return shape;
}

/* Decoding. */

/* Gives bytes to the library; false where it refuses them. */
static bool
inflate(struct hpack *h, struct cursor bytes, bool last, hpack_field *field, void *context)
{
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t taken = nghttp2_hd_inflate_hd2(h->inflater, &nv, &flags, bytes.at, bytes.left, last);

		if (taken < 0)
			return false;
		cursor_skip(&bytes, (size_t)taken);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 && field != NULL)
			field(context, cursor_over(nv.name, nv.namelen), cursor_over(nv.value, nv.valuelen));
		if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
			(void)nghttp2_hd_inflate_end_headers(h->inflater);
			return true;
		}
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && cursor_left(&bytes) == 0)
			return true;
	}
}

/*
 * A literal that takes its name from an entry that is not known. The entry it makes must be there, so
 * that the others keep their numbers: it is called "?", which nobody asks for.
 */
static bool
inflate_nameless(struct hpack *h, const struct representation *r)
{
	static const uint8_t name[] = { 0x40, 1, '?' };

	h->incomplete = true;
	if ((r->first & 0xc0) != 0x40)
		return true;
	return inflate(h, cursor_over(name, sizeof(name)), false, NULL, NULL) && inflate(h, r->value, false, NULL, NULL);
}

/* One representation after the other, without those that refer to what was not seen. */
static bool
inflate_known(struct hpack *h, struct cursor block, bool last, hpack_field *field, void *context)
{
	struct representation r;
	bool ok = true;

	while (ok && cursor_left(&block) > 0) {
		if (!take_representation(&block, &r))
			return false;
		if (r.has_index && r.index > nghttp2_hd_inflate_get_num_table_entries(h->inflater))
			ok = inflate_nameless(h, &r);
		else
			ok = inflate(h, r.bytes, false, field, context);
	}
	return ok && (!last || inflate(h, cursor_over("", 0), true, field, context));
}

bool
hpack_read(struct hpack *h, const struct dissection_services *services, struct cursor fragment, bool last, hpack_field *field, void *context)
{
	bool ok;

	h->services = services;
	if (h->lost)
		return true;
	ok = h->inflater != NULL || start_inflater(h);
	if (ok)
		ok = h->whole ? inflate(h, fragment, last, field, context) : inflate_known(h, fragment, last, field, context);
	if (!ok) {
		stop_inflater(h);
		h->incomplete = h->lost = true;
		h->whole = false;
	}
	return ok;
}
