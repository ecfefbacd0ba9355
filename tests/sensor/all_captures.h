/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of all captures in pcaps/. */
#ifndef PODWIRE_TESTS_ALL_CAPTURES_H
#define PODWIRE_TESTS_ALL_CAPTURES_H

#include <stdbool.h>

enum { CAPTURES_MAX = 2000 };

struct all_captures {
	char *paths[CAPTURES_MAX];
	unsigned count;
};

/* Fills it; false where the folder of the source is not told by PODWIRE_SOURCE. Fails the test where it cannot. */
bool all_captures_find(struct all_captures *);

void all_captures_clear(struct all_captures *);

#endif
