/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock, by its system calls (landlock(7)): what is handled and not allowed by a rule is
 * forbidden, and there is no rule. The kernel's headers may be older than the kernel, so the rights
 * are written out; each ABI has more of them.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolation_internal.h"

#ifndef SYS_landlock_create_ruleset /* the same on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

enum { CREATE_RULESET_VERSION = 1 };

struct ruleset {
	uint64_t files, network, scope; /* landlock_ruleset_attr; ABI 1, 4 and 6 */
};

enum file_right {
	FILE_READ = 1 << 2,
	DIRECTORY_READ = 1 << 3,
};

/* Rights of ABI 1 to 7: network is binding and connecting TCP, scope is abstract sockets and signals. */
static const struct {
	uint64_t files, network, scope;
	size_t size;
} abi[] = {
	{ 0, 0, 0, 0 },
	{ 0x1fff, 0, 0, 8 },
	{ 0x3fff, 0, 0, 8 },
	{ 0x7fff, 0, 0, 8 },
	{ 0x7fff, 3, 0, 16 },
	{ 0xffff, 3, 0, 16 },
	{ 0xffff, 3, 3, 24 },
};

static bool
restrict_self(uint64_t allowed, char *error, size_t error_size)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	size_t last = sizeof(abi) / sizeof(abi[0]) - 1, known;
	struct ruleset ruleset;
	long fd;

	if (version <= 0) /* not built in, not switched on, or forbidden from outside */
		return true;
	known = (size_t)version < last ? (size_t)version : last;
	ruleset = (struct ruleset){ .files = abi[known].files & ~allowed, .network = abi[known].network, .scope = abi[known].scope };
	fd = syscall(SYS_landlock_create_ruleset, &ruleset, abi[known].size, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
		snprintf(error, error_size, "cannot set Landlock rules: %s", strerror(errno));
		return false;
	}
	close((int)fd);
	return true;
}

bool
landlock_forbid_writing(char *error, size_t error_size)
{
	return restrict_self(FILE_READ | DIRECTORY_READ, error, error_size);
}

bool
landlock_forbid_all(char *error, size_t error_size)
{
	return restrict_self(0, error, error_size);
}
