/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file in memory, for the small ones that users write. */
#ifndef PODWIRE_READ_FILE_H
#define PODWIRE_READ_FILE_H

#include <stddef.h>

/*
 * The bytes of a file, or of standard input for "-", NUL-terminated, *size without the NUL. NULL
 * where it cannot be read or is larger than max bytes, with "PATH: why" in error[]. Returns owned.
 */
char *read_file(const char *path, size_t max, size_t *size, char *error, size_t error_size);

#endif
