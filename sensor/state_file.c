/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a state. It is written beside its place and renamed there once it is on the disk, so
 * that there is always a whole one; one that is damaged all the same is set aside.
 */
#include <config.h>

#include "state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_file.h"

enum { DAMAGED_KEPT = 3 };

static const size_t size_limit = (size_t)1 << 30;
static const char new_suffix[] = ".new", damaged_suffix[] = ".damaged-", lock_suffix[] = ".lock";

static bool
fail(char *error, size_t error_size, const char *path, const char *what)
{
	(void)snprintf(error, error_size, "%s: %s: %s", path, what, strerror(errno));
	return false;
}

/* The directory of path, as a path; owned. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));

	if (directory == NULL)
		abort();
	return directory;
}

static char *
joined(const char *a, const char *b)
{
	size_t size = strlen(a) + strlen(b) + 1;
	char *text = malloc(size);

	if (text == NULL)
		abort();
	(void)snprintf(text, size, "%s%s", a, b);
	return text;
}

/* Puts the directory's entries on the disk. */
static bool
sync_directory(const char *path)
{
	char *directory = directory_of(path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A file system that cannot do it says EINVAL. */
	bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (fd >= 0) {
		int why = errno;

		(void)close(fd);
		errno = why;
	}
	free(directory);
	return done;
}

/* Saving. */

bool
state_file_may_save(const char *path, char *error, size_t error_size)
{
	char *directory = directory_of(path);
	bool may = faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;

	if (!may)
		(void)snprintf(error, error_size, "%s: user %u may not write there: %s", directory, (unsigned)geteuid(), strerror(errno));
	free(directory);
	return may;
}

bool
state_file_lock(const char *path, int *fd, char *error, size_t error_size)
{
	char *lock_path = joined(path, lock_suffix);

	*fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(lock_path);
	/* Where no lock can be made, no state can be saved either; that is told of when it is tried. */
	if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return true;
	(void)snprintf(error, error_size, "%s: another podwire keeps its state there", path);
	(void)close(*fd);
	*fd = -1;
	return false;
}

static FILE *
open_new(const char *path)
{
	FILE *f = NULL;
	int fd;

	/* What a crash left behind. */
	if (unlink(path) != 0 && errno != ENOENT)
		return NULL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (fd >= 0 && f == NULL)
		(void)close(fd);
	return f;
}

FILE *
state_file_begin(const char *path, char *error, size_t error_size)
{
	char *new_path = joined(path, new_suffix);
	FILE *f = open_new(new_path);

	if (f == NULL)
		(void)fail(error, error_size, new_path, "not opened for writing");
	free(new_path);
	return f;
}

bool
state_file_end(const char *path, FILE *f, uint64_t *size, char *error, size_t error_size)
{
	char *new_path = joined(path, new_suffix);
	bool done = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
	off_t end = done ? ftello(f) : 0;

	*size = end > 0 ? (uint64_t)end : 0;
	if (!done)
		(void)fail(error, error_size, new_path, "not written");
	if (fclose(f) != 0 && done)
		done = fail(error, error_size, new_path, "not written");
	if (done && rename(new_path, path) != 0)
		done = fail(error, error_size, path, "not replaced");
	else if (done && !sync_directory(path))
		done = fail(error, error_size, path, "its directory was not written");
	if (!done)
		(void)unlink(new_path);
	free(new_path);
	return done;
}

/* Setting aside. */

/* The number behind "NAME.damaged-"; 0 where the entry is none of those. */
static unsigned long
damaged_number(const char *entry, const char *name)
{
	size_t size = strlen(name), suffix = strlen(damaged_suffix);
	const char *digits = entry + size + suffix;

	if (strncmp(entry, name, size) != 0 || strncmp(entry + size, damaged_suffix, suffix) != 0)
		return 0;
	if (*digits < '1' || *digits > '9' || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 9)
		return 0;
	return strtoul(digits, NULL, 10);
}

/* Finds the least and the greatest number in use, and how many there are. */
static size_t
find_damaged(const char *path, unsigned long *least, unsigned long *greatest)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char *directory = directory_of(path);
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	size_t count = 0;

	*least = *greatest = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unsigned long number = damaged_number(entry->d_name, name);

		if (number == 0)
			continue;
		count++;
		if (*least == 0 || number < *least)
			*least = number;
		if (number > *greatest)
			*greatest = number;
	}
	if (dir != NULL)
		(void)closedir(dir);
	free(directory);
	return count;
}

static char *
damaged_path(const char *path, unsigned long number)
{
	char suffix[64];

	(void)snprintf(suffix, sizeof(suffix), "%s%lu", damaged_suffix, number);
	return joined(path, suffix);
}

/* Renames it to the next number, and lets go of the oldest ones. */
static bool
set_aside(const char *path, char *to, size_t size)
{
	unsigned long least, greatest;
	char *aside;
	bool done;

	while (find_damaged(path, &least, &greatest) >= DAMAGED_KEPT) {
		aside = damaged_path(path, least);
		done = unlink(aside) == 0;
		free(aside);
		if (!done)
			break;
	}
	aside = damaged_path(path, greatest % 999999999 + 1);
	done = rename(path, aside) == 0;
	(void)snprintf(to, size, "%s", aside);
	free(aside);
	(void)sync_directory(path);
	return done;
}

/* Loading. */

/* Whether there is a file; nothing else (a pipe, a device) is read. */
static enum state_outcome
look(const char *path, char *error, size_t error_size)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		if (errno == ENOENT)
			return STATE_ABSENT;
		(void)fail(error, error_size, path, "not looked at");
		return STATE_UNREADABLE;
	}
	if (S_ISREG(status.st_mode))
		return STATE_LOADED;
	(void)snprintf(error, error_size, "%s: not a file", path);
	return STATE_UNREADABLE;
}

enum state_outcome
state_file_load(const char *path, const struct state *state, struct state_time now, char *error, size_t error_size)
{
	enum state_outcome outcome = look(path, error, error_size);
	char why[1024], aside[PATH_MAX];
	size_t size;
	char *text;

	if (outcome != STATE_LOADED)
		return outcome;
	text = read_file(path, size_limit, &size, why, sizeof(why));
	if (text != NULL && state_read(state, path, text, size, now, why, sizeof(why))) {
		free(text);
		return STATE_LOADED;
	}
	free(text);
	if (set_aside(path, aside, sizeof(aside))) {
		(void)snprintf(error, error_size, "%s; set aside as %s", why, aside);
		return STATE_DAMAGED;
	}
	(void)snprintf(error, error_size, "%s; not set aside: %s", why, strerror(errno));
	return STATE_UNREADABLE;
}
