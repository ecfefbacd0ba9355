/* SPDX-License-Identifier: Apache-2.0 */
/* What a benchmark costs this process. */
#ifndef PODWIRE_TESTS_COST_H
#define PODWIRE_TESTS_COST_H

#include <malloc.h>
#include <time.h>

/* Of processor time. */
static inline double
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Given out by malloc(); 0 where the C library does not tell. */
static inline double
mebibytes(void)
{
#ifdef HAVE_MALLINFO2
	struct mallinfo2 info = mallinfo2();

	return (double)(info.uordblks + info.hblkhd) / 1048576;
#else
	return 0;
#endif
}

#endif
