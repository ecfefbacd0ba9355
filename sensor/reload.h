/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices that files were changed, by looking at them every few seconds: also where a path leads
 * through symlinks of which one was replaced, as the kubelet updates a ConfigMap. A change is told of
 * once two looks in a row agree, so that a file that is being written is not read by halves. It only
 * tells; it reads nothing.
 */
#ifndef PODWIRE_RELOAD_H
#define PODWIRE_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a look saw of a path; all 0: nothing is there. */
struct reload_look {
	bool there;
	uint64_t device, inode, size;
	int64_t modified, changed; /* nanoseconds since 1970: mtime and ctime */
};

/* One file's watch. Zero-initialised it has seen nothing yet. */
struct reload_file {
	struct reload_look told, last; /* what the user of the file has, and the last look */
	bool begun;
};

/*
 * Takes a look in: true where the file is to be read anew. A file that is gone is not told of: what was
 * read of it stays, until it is there again. The first look is what the user is taken to have.
 */
bool reload_saw(struct reload_file *, const struct reload_look *);

/* Whether all are files, which do not keep a reader waiting as a pipe or a terminal would; else a line in error[]. */
bool reload_possible(const char *const paths[], size_t count, char *error, size_t error_size);

struct reload;

/* A watch of paths, which are copied and looked at once. Returns owned. */
struct reload *reload_new(const char *const paths[], size_t count);
void reload_free(struct reload *);

/* Looks at all, to be called every few seconds: whether any is to be read anew. */
bool reload_check(struct reload *);

#endif
