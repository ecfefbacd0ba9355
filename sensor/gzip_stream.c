/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See gzip_stream.h. ISA-L takes a fifth of zlib's time for metrics, which are much the same line
 * over and over, and makes less of them; zlib is there for where it is not. Their interfaces are alike.
 */
#include <config.h>

#include "gzip_stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

enum { BLOCK = 32768 };

struct gzip_stream {
	FILE *out;
#ifdef HAVE_ISAL
	struct isal_zstream z;
	uint8_t level_buffer[ISAL_DEF_LVL1_DEFAULT];
#else
	z_stream z;
#endif
	unsigned char block[BLOCK];
};

/* begin(); step(): some of the input, whether that was the end of the stream; end(). */

#ifdef HAVE_ISAL

static void
begin(struct gzip_stream *g)
{
	isal_deflate_init(&g->z);
	g->z.level = 1;
	g->z.level_buf = g->level_buffer;
	g->z.level_buf_size = sizeof(g->level_buffer);
	g->z.gzip_flag = IGZIP_GZIP;
}

static bool
step(struct gzip_stream *g, bool last)
{
	g->z.end_of_stream = last;
	if (isal_deflate(&g->z) != COMP_OK)
		abort();
	return g->z.internal_state.state == ZSTATE_END;
}

static void
end(struct gzip_stream *g)
{
	(void)g;
}

#else

static void
begin(struct gzip_stream *g)
{
	if (deflateInit2(&g->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
}

static bool
step(struct gzip_stream *g, bool last)
{
	return deflate(&g->z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
}

static void
end(struct gzip_stream *g)
{
	(void)deflateEnd(&g->z);
}

#endif

static void
compress_more(struct gzip_stream *g, bool last)
{
	bool ended;

	do {
		g->z.next_out = g->block;
		g->z.avail_out = sizeof(g->block);
		ended = step(g, last);
		(void)fwrite(g->block, 1, sizeof(g->block) - g->z.avail_out, g->out);
	} while (last ? !ended : g->z.avail_out == 0);
}

static ssize_t
on_write(void *cookie, const char *text, size_t size)
{
	struct gzip_stream *g = cookie;

	g->z.next_in = (unsigned char *)(uintptr_t)text;
	g->z.avail_in = (unsigned)size;
	compress_more(g, false);
	return (ssize_t)size;
}

static int
on_close(void *cookie)
{
	struct gzip_stream *g = cookie;

	g->z.avail_in = 0;
	compress_more(g, true);
	end(g);
	free(g);
	return 0;
}

FILE *
gzip_stream_open(FILE *out)
{
	struct gzip_stream *g = calloc(1, sizeof(*g));
	FILE *f = g != NULL ? fopencookie(g, "w", (cookie_io_functions_t){ .write = on_write, .close = on_close }) : NULL;

	if (f == NULL)
		abort();
	g->out = out;
	begin(g);
	(void)setvbuf(f, NULL, _IOFBF, BLOCK);
	return f;
}
