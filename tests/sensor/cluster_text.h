/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: cluster objects as text with ' in place of ", and the place of recorded material that
 * is no part of the sources ($PODWIRE_SHARED, or "shared" beside them).
 */
#ifndef PODWIRE_TESTS_CLUSTER_TEXT_H
#define PODWIRE_TESTS_CLUSTER_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/cluster_json.h"

/* Reads text in a heap block of its own size; error may be NULL where it must succeed. */
static inline bool
read_text(struct inventory *inv, const char *text, char *error, size_t error_size)
{
	size_t size = strlen(text);
	char *copy = malloc(size + (size == 0)), own[512] = "";
	bool done;

	assert_non_null(copy);
	for (size_t i = 0; i < size; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	done = cluster_json_read(inv, "pods.json", copy, size, error != NULL ? error : own, error != NULL ? error_size : sizeof(own));
	free(copy);
	if (!done && error == NULL)
		fail_msg("%s", own);
	return done;
}

/* Nanoseconds since 1970 of the given time of 2026-01-01. */
static inline int64_t
at(int hour, int minute, int second)
{
	return (INT64_C(1767225600) + hour * 3600 + minute * 60 + second) * 1000000000;
}

/* Writes the path of a recorded file; false, with a note, where there is none: the test returns then, since cmocka's skip() is a failure in TAP. */
static inline bool
shared_path(char *out, size_t size, const char *name)
{
	const char *folder = getenv("PODWIRE_SHARED");
	const char *source = getenv("srcdir");

	if (folder != NULL)
		(void)snprintf(out, size, "%s/%s", folder, name);
	else
		(void)snprintf(out, size, "%s/../shared/%s", source != NULL ? source : ".", name);
	if (access(out, R_OK) == 0)
		return true;
	print_message("skipped: %s is not there (PODWIRE_SHARED names its folder)\n", out);
	return false;
}

#endif
