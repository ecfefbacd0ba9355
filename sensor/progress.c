/* SPDX-License-Identifier: Apache-2.0 */
/* The progress bar: drawn no oftener than the eye can follow, and only once the wait is felt. */
#include <config.h>

#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

void
progress_start(struct progress *p, bool wanted)
{
	*p = (struct progress){ .wanted = wanted };
	if (wanted)
		clock_gettime(CLOCK_MONOTONIC, &p->start);
}

static void
draw(const char *path, uint64_t read, uint64_t total, double elapsed)
{
	static const char full[] = "==============================", empty[] = "                              ";
	int width = (int)sizeof(full) - 1, done = total > 0 ? (int)(read * (uint64_t)width / total) : 0;
	double rate = elapsed > 0 ? (double)read / elapsed : 0;

	if (done > width)
		done = width;
	if (total > 0)
		fprintf(stderr, "\r[%.*s>%.*s] %3" PRIu64 "%%  %.0f MB/s  %.40s \033[K", done, full, width - done, empty, read * 100 / total, rate / 1e6, path);
	else
		fprintf(stderr, "\r%" PRIu64 " MB  %.0f MB/s  %.40s \033[K", read / 1000000, rate / 1e6, path);
}

void
progress_update(struct progress *p, const char *path, uint64_t read, uint64_t total)
{
	struct timespec now;

	if (!p->wanted)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds_between(&p->start, &now) < 0.5 || (p->shown && seconds_between(&p->drawn, &now) < 0.1))
		return;
	draw(path, read, total, seconds_between(&p->start, &now));
	p->drawn = now;
	p->shown = true;
}

void
progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
