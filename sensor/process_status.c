/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of this process. What it does not say stays 0. */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "status.h"

static uint64_t
count_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t count = 0;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(folder);
	return count > 0 ? count - 1 : 0; /* not the one that reads the folder */
}

static void
read_memory(struct process_status *p)
{
	unsigned long long pages, resident;
	FILE *f = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (f == NULL)
		return;
	if (fscanf(f, "%llu %llu", &pages, &resident) == 2) {
		p->virtual_size = pages * page;
		p->resident = resident * page;
	}
	(void)fclose(f);
}

/* ns since 1970 at which this process began: what the clock of the machine says of its start ticks. */
static int64_t
read_start(void)
{
	static int64_t start;
	char text[1024], *at;
	unsigned long long ticks = 0;
	struct timespec real, boot;
	FILE *f;

	if (start != 0 || (f = fopen("/proc/self/stat", "re")) == NULL)
		return start;
	/* The name, in parentheses, may hold anything; 20 fields after it comes the time. */
	if (fgets(text, sizeof(text), f) != NULL && (at = strrchr(text, ')')) != NULL)
		(void)sscanf(at, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &ticks);
	(void)fclose(f);
	(void)clock_gettime(CLOCK_REALTIME, &real);
	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	start = ((int64_t)real.tv_sec - boot.tv_sec) * INT64_C(1000000000) + real.tv_nsec - boot.tv_nsec + (int64_t)(ticks * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK)));
	return start;
}

void
process_status_read(struct process_status *p)
{
	struct rusage usage;
	struct rlimit limit;

	*p = (struct process_status){ .open_files = count_files(), .start = read_start() };
	read_memory(p);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		p->cpu_seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		p->max_files = limit.rlim_cur;
}
