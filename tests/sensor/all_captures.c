/* SPDX-License-Identifier: Apache-2.0 */
/* See all_captures.h. */
#include <config.h>

#include "all_captures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct all_captures *found;

static int
on_file(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	size_t size = strlen(path);

	(void)status, (void)place;
	if (kind == FTW_F && size > 5 && strcmp(path + size - 5, ".pcap") == 0) {
		assert_true(found->count < CAPTURES_MAX);
		found->paths[found->count++] = strdup(path);
	}
	return 0;
}

bool
all_captures_find(struct all_captures *all)
{
	const char *source = getenv("PODWIRE_SOURCE");
	char folder[4096];

	all->count = 0;
	if (source == NULL)
		return false;
	found = all;
	snprintf(folder, sizeof(folder), "%s/pcaps", source);
	assert_int_equal(nftw(folder, on_file, 16, FTW_PHYS), 0);
	return true;
}

void
all_captures_clear(struct all_captures *all)
{
	while (all->count > 0)
		free(all->paths[--all->count]);
}
