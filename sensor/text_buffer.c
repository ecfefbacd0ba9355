/* SPDX-License-Identifier: Apache-2.0 */
/* See text_buffer.h. Large blocks of realloc() are moved by the kernel (mremap), not copied. */
#include <config.h>

#include "text_buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	FIRST = 4096,
	STREAM = 32768,     /* of the stream itself, within a processor's cache */
	POPULATE = 1 << 20, /* pages asked for at once, where the text is as large already */
};

/* Has the kernel give the next pages in one call. It is only for speed: an old kernel that cannot is not asked again. */
static void
populate(struct text_buffer *b, size_t until)
{
#ifdef MADV_POPULATE_WRITE
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from, to;

	if (until < POPULATE || until <= b->ready || b->ready == SIZE_MAX)
		return;
	until = b->capacity - until < POPULATE ? b->capacity : until + POPULATE;
	from = ((uintptr_t)b->text + b->ready + page - 1) & ~(page - 1);
	to = ((uintptr_t)b->text + until) & ~(page - 1);
	b->ready = from < to && madvise((void *)from, to - from, MADV_POPULATE_WRITE) != 0 ? SIZE_MAX : until;
#else
	(void)b;
	(void)until;
#endif
}

static bool
grow(struct text_buffer *b, size_t size)
{
	size_t capacity = b->capacity;
	char *text;

	/* A byte is kept for the end. */
	if (size < capacity)
		return true;
	while (capacity <= size)
		capacity = capacity < SIZE_MAX / 2 ? capacity * 2 : SIZE_MAX;
	if ((text = realloc(b->text, capacity)) == NULL)
		return false;
	b->text = text;
	b->capacity = capacity;
	return true;
}

static ssize_t
on_write(void *cookie, const char *text, size_t size)
{
	struct text_buffer *b = cookie;

	if (b->failed || size > SIZE_MAX / 2 - b->size || !grow(b, b->size + size)) {
		b->failed = true;
		return 0;
	}
	populate(b, b->size + size);
	memcpy(b->text + b->size, text, size);
	b->size += size;
	return (ssize_t)size;
}

/* The end of the text; what was not filled goes back. */
static int
on_close(void *cookie)
{
	struct text_buffer *b = cookie;
	char *text;

	if (b->failed) {
		free(b->text);
		b->text = NULL;
		b->size = 0;
		return -1;
	}
	b->text[b->size] = '\0';
	if ((text = realloc(b->text, b->size + 1)) != NULL)
		b->text = text;
	return 0;
}

FILE *
text_buffer_open(struct text_buffer *b)
{
	FILE *f = NULL;

	*b = (struct text_buffer){ .text = malloc(FIRST), .capacity = FIRST };
	if (b->text != NULL)
		f = fopencookie(b, "w", (cookie_io_functions_t){ .write = on_write, .close = on_close });
	if (f == NULL) {
		free(b->text);
		b->text = NULL;
		return NULL;
	}
	(void)setvbuf(f, NULL, _IOFBF, STREAM);
	return f;
}
