/* SPDX-License-Identifier: Apache-2.0 */
/* See reload.h. */
#include <config.h>

#include "reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct watched {
	char *path;
	struct reload_file file;
};

struct reload {
	struct watched *files;
	size_t count;
};

static bool
equal(const struct reload_look *a, const struct reload_look *b)
{
	return a->there == b->there && a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified == b->modified && a->changed == b->changed;
}

bool
reload_saw(struct reload_file *f, const struct reload_look *look)
{
	bool settled = f->begun && equal(&f->last, look);

	if (!f->begun)
		f->told = *look;
	f->begun = true;
	f->last = *look;
	if (!settled || !look->there || equal(&f->told, look))
		return false;
	f->told = *look;
	return true;
}

static int64_t
nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* With all its symlinks followed; what is no file is not there. */
static void
look_at(const char *path, struct reload_look *out)
{
	struct stat s;

	*out = (struct reload_look){ .there = false };
	if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
		return;
	*out = (struct reload_look){
		.there = true,
		.device = s.st_dev,
		.inode = s.st_ino,
		.size = (uint64_t)s.st_size,
		.modified = nanoseconds(s.st_mtim),
		.changed = nanoseconds(s.st_ctim),
	};
}

bool
reload_possible(const char *const paths[], size_t count, char *error, size_t error_size)
{
	for (size_t i = 0; i < count; i++) {
		struct stat s;

		if (stat(paths[i], &s) == 0 && S_ISREG(s.st_mode))
			continue;
		(void)snprintf(error, error_size, "%s: there is no file that can be read again", paths[i]);
		return false;
	}
	return true;
}

struct reload *
reload_new(const char *const paths[], size_t count)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->files = calloc(count + 1, sizeof(*r->files))) == NULL)
		abort();
	r->count = count;
	for (size_t i = 0; i < count; i++) {
		r->files[i].path = strdup(paths[i]);
		if (r->files[i].path == NULL)
			abort();
	}
	(void)reload_check(r);
	return r;
}

void
reload_free(struct reload *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		free(r->files[i].path);
	free(r->files);
	free(r);
}

bool
reload_check(struct reload *r)
{
	bool any = false;

	for (size_t i = 0; i < r->count; i++) {
		struct reload_look look;

		look_at(r->files[i].path, &look);
		any = reload_saw(&r->files[i].file, &look) || any;
	}
	return any;
}
