/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file whole, with a bound. */
#include <config.h>

#include "read_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
read_stream(FILE *f, size_t max, size_t *size)
{
	size_t used = 0, capacity = 0;
	char *bytes = NULL;

	errno = 0;
	do {
		char *grown;

		capacity = capacity == 0 ? 65536 : capacity * 2;
		if (capacity > max + 2)
			capacity = max + 2;
		grown = realloc(bytes, capacity);
		if (grown == NULL)
			break;
		bytes = grown;
		used += fread(bytes + used, 1, capacity - 1 - used, f);
		if (used > max) {
			errno = EFBIG;
			break;
		}
		if (ferror(f))
			break;
		if (feof(f)) {
			bytes[used] = '\0';
			*size = used;
			return bytes;
		}
	} while (1);
	free(bytes);
	return NULL;
}

char *
read_file(const char *path, size_t max, size_t *size, char *error, size_t error_size)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char *bytes = NULL;

	if (f != NULL)
		bytes = read_stream(f, max, size);
	if (bytes == NULL)
		snprintf(error, error_size, "%s: %s", path, errno == EFBIG ? "larger than such a file can be" : strerror(errno != 0 ? errno : EIO));
	if (f != NULL && f != stdin)
		fclose(f);
	return bytes;
}
