/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded reader over bytes somebody else owns. After one read that does not fit, that read and
 * all later ones give zero and cursor_ok() says false: read fields in the order the specification
 * draws them, then ask once. A cursor is small and passed by value; a copy is a bookmark.
 */
#ifndef PODWIRE_CURSOR_H
#define PODWIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	size_t left;
	bool failed;
};

/* A cursor over size bytes at data, which may be NULL when size is 0. */
static inline struct cursor
cursor_over(const void *data, size_t size)
{
	return (struct cursor){ .at = data, .left = size };
}

/* False once any read went past the end. */
static inline bool
cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

/* Bytes not yet read; 0 after a failed read. */
static inline size_t
cursor_left(const struct cursor *c)
{
	return c->left;
}

/* Marks the cursor failed: for a caller that finds a value that cannot be. */
static inline void
cursor_fail(struct cursor *c)
{
	c->failed = true;
	c->left = 0;
}

/* The next size bytes, which are passed over, or NULL. */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t size)
{
	const uint8_t *at = c->at;

	if (c->failed || size > c->left) {
		cursor_fail(c);
		return NULL;
	}
	c->left -= size;
	if (size > 0)
		c->at += size;
	return at;
}

static inline void
cursor_skip(struct cursor *c, size_t size)
{
	(void)cursor_take(c, size);
}

/* A cursor over the next size bytes, which are passed over here; a failed one if they are not there. */
static inline struct cursor
cursor_sub(struct cursor *c, size_t size)
{
	const uint8_t *at = cursor_take(c, size);

	return (struct cursor){ .at = at, .left = c->failed ? 0 : size, .failed = c->failed };
}

/* Unsigned integers, big-endian ("network order") unless the name says le. */
static inline uint8_t
cursor_u8(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 1);

	return b ? b[0] : 0;
}

static inline uint16_t
cursor_u16(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 2);

	if (b == NULL)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t
cursor_u24(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 3);

	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t
cursor_u32(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t
cursor_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);

	return high << 32 | cursor_u32(c);
}

static inline uint16_t
cursor_u16le(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 2);

	if (b == NULL)
		return 0;
	return (uint16_t)(b[1] << 8 | b[0]);
}

static inline uint32_t
cursor_u24le(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 3);

	return b ? (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

static inline uint32_t
cursor_u32le(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 4);

	return b ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

static inline uint64_t
cursor_u64le(struct cursor *c)
{
	uint64_t low = cursor_u32le(c);

	return (uint64_t)cursor_u32le(c) << 32 | low;
}

/* The byte offset bytes ahead, or -1 where there is none; reads nothing. */
static inline int
cursor_peek(const struct cursor *c, size_t offset)
{
	return !c->failed && offset < c->left ? c->at[offset] : -1;
}

/* Whether the unread bytes begin with text; reads nothing. */
bool cursor_starts_with(const struct cursor *, const char *text);

/* The same, ASCII letters compared without case. */
bool cursor_starts_with_nocase(const struct cursor *, const char *text);

/* Whether the unread bytes are all there is of text, with or without case. */
bool cursor_equals(const struct cursor *, const char *text);
bool cursor_equals_nocase(const struct cursor *, const char *text);

/* Whether the unread bytes could still turn into text: they are a prefix of it, or it of them. */
bool cursor_may_start_with(const struct cursor *, const char *text);

/*
 * Reads up to and with the next LF into *line, without the LF and a CR before it. False, with
 * nothing read, where there is no LF.
 */
bool cursor_take_line(struct cursor *, struct cursor *line);

/*
 * Reads up to and with the next stop byte into *part, without it. False, with nothing read, where
 * there is none.
 */
bool cursor_take_until(struct cursor *, uint8_t stop, struct cursor *part);

/*
 * Whether the unread bytes can be text a person wrote, such as SQL or an error's: any charset, no
 * control characters but white space. Reads nothing.
 */
bool cursor_is_text(struct cursor);

/* The same without white space but blanks: a name, a path. Reads nothing. */
bool cursor_is_printable(struct cursor);

/*
 * Whether the first 64 unread bytes repeat no more often than chance has it, as what is encrypted does. What
 * is compressed may look the same: it rules out headers and text, and proves nothing. Reads nothing.
 */
bool cursor_looks_random(struct cursor);

/* Passes over spaces and tabs. */
void cursor_skip_blanks(struct cursor *);

/* Drops spaces and tabs at the end. */
void cursor_trim_end(struct cursor *);

/* Offset of the first occurrence of text, ASCII letters compared without case, or -1. */
ptrdiff_t cursor_find_nocase(const struct cursor *, const char *text);

/*
 * Reads an unsigned decimal number, of at least one digit, up to the first byte that is no digit.
 * Fails where there is none or where it does not fit.
 */
uint64_t cursor_decimal(struct cursor *);

/*
 * Copies the unread bytes as a C string into text[size], cut to fit, every byte outside printable
 * ASCII as '?': for a name shown to a person. Reads nothing.
 */
void cursor_copy_text(const struct cursor *, char *text, size_t size);

#endif
