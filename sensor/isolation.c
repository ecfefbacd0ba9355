/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes give up: user and capabilities (libcap-ng), what they could gain back, being
 * looked into, and limits. The filter of system calls is in isolation_seccomp.c, files in
 * isolation_landlock.c.
 */
#include <config.h>

#include "isolation.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "isolation_internal.h"

static bool
fail(char *error, size_t error_size, const char *what)
{
	snprintf(error, error_size, "cannot %s: %s", what, strerror(errno));
	return false;
}

/* User and capabilities. */

static bool
read_capabilities(char *error, size_t error_size)
{
	capng_clear(CAPNG_SELECT_ALL);
	return capng_get_caps_process() == 0 || fail(error, error_size, "read the capabilities of this process");
}

bool
isolation_may_capture(char *error, size_t error_size)
{
	if (read_capabilities(error, error_size) && capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW))
		return true;
	snprintf(error, error_size,
	    "the capability CAP_NET_RAW is missing, without which no packet can be captured: start as root, or once `setcap cap_net_raw+ep` the program, or in Kubernetes add NET_RAW to securityContext.capabilities");
	return false;
}

struct identity {
	bool change;
	uid_t uid;
	gid_t gid;
};

/* A user by name or number; false where there is none. */
static bool
find_user(const char *name, struct identity *out)
{
	const struct passwd *entry = getpwnam(name);
	char *end;
	unsigned long number;

	if (entry != NULL) {
		out->uid = entry->pw_uid;
		out->gid = entry->pw_gid;
		return true;
	}
	errno = 0;
	number = strtoul(name, &end, 10);
	if (name[0] < '0' || name[0] > '9' || *end != '\0' || errno != 0 || number >= (uid_t)-1)
		return false;
	entry = getpwuid((uid_t)number);
	out->uid = (uid_t)number;
	out->gid = entry != NULL ? entry->pw_gid : (gid_t)number;
	return true;
}

/* Whom to become. Who is not root stays who it is. */
static bool
choose_identity(const char *user, struct identity *out, char *error, size_t error_size)
{
	bool able = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID);

	*out = (struct identity){ .uid = ISOLATION_NOBODY, .gid = ISOLATION_NOBODY };
	if (user != NULL && !find_user(user, out)) {
		snprintf(error, error_size, "there is no user '%s'", user);
		return false;
	}
	if (user == NULL)
		(void)find_user("podwire", out);
	if (user != NULL && !able && (out->uid != geteuid() || out->gid != getegid())) {
		snprintf(error, error_size, "cannot become user '%s': that needs the capabilities CAP_SETUID and CAP_SETGID", user);
		return false;
	}
	out->change = able && (user != NULL || geteuid() == 0);
	return true;
}

/* Keeps one capability (-1: none), as the user it is or, where identity says so, as another. */
static bool
drop_privileges(const struct identity *identity, int kept, char *error, size_t error_size)
{
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* kernels before 4.3 have none */
	/* While it may: afterwards nothing executed could have any of them. */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (bounding && capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return fail(error, error_size, "empty the bounding set of capabilities");
	capng_clear(CAPNG_SELECT_CAPS);
	if (kept >= 0 && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)kept) != 0)
		return fail(error, error_size, "keep a capability");
	if (identity->change ? capng_change_id((int)identity->uid, (int)identity->gid, CAPNG_DROP_SUPP_GRP) != 0 : capng_apply(CAPNG_SELECT_CAPS) != 0)
		return fail(error, error_size, identity->change ? "become another user" : "give up capabilities");
	return true;
}

static bool
become(const char *user, int kept, char *error, size_t error_size)
{
	struct identity identity;

	return read_capabilities(error, error_size) && choose_identity(user, &identity, error, error_size) && drop_privileges(&identity, kept, error, error_size);
}

/* What all processes do: nothing comes back by executing, nothing can be read from outside, no core file. */
static bool
close_off(char *error, size_t error_size)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(error, error_size, "set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return fail(error, error_size, "forbid core files");
	return true;
}

bool
isolation_supervisor(const char *user, char *error, size_t error_size)
{
	umask(077);
	return become(user, -1, error, error_size) && close_off(error, error_size);
}

bool
isolation_launcher(const char *user, char *error, size_t error_size)
{
	umask(077);
	return become(user, CAP_NET_RAW, error, error_size) && close_off(error, error_size) &&
	       landlock_forbid_writing(error, error_size) && seccomp_launcher(error, error_size);
}

/* The worker. */

/* What libraries would open files for on first use. */
static void
load_early(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, NULL);
	tzset();
}

/* A macro, since the type of a resource differs among C libraries. */
#define LIMIT(resource, most) (setrlimit(resource, &(struct rlimit){ most, most }) == 0)

/* Bytes of address space in use; 0: not known. */
static uint64_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool
set_limits(uint64_t address_space_max, char *error, size_t error_size)
{
	/*
	 * No descriptor is below the limit and free, so that none can be made; poll() takes as many
	 * as the limit says. Where the log is a file, and no pipe, it is still to be written to.
	 */
	struct stat log;
	bool log_is_file = fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode);

	if (!LIMIT(RLIMIT_NPROC, 0) || !LIMIT(RLIMIT_MEMLOCK, 0) || !LIMIT(RLIMIT_MSGQUEUE, 0))
		return fail(error, error_size, "set limits");
#ifndef ISOLATION_SANITIZERS
	if (!LIMIT(RLIMIT_NOFILE, ISOLATION_POLLED_MAX) || (!log_is_file && !LIMIT(RLIMIT_FSIZE, 0)))
		return fail(error, error_size, "set limits");
	if (address_space_max > 0 && !LIMIT(RLIMIT_AS, address_space_max))
		return fail(error, error_size, "set a limit of memory");
#else
	(void)log_is_file;
	(void)address_space_max; /* sanitizers take terabytes, and write reports */
#endif
	return true;
}

bool
isolation_worker(const struct isolation_worker_options *options, char *error, size_t error_size)
{
	const struct identity same = { .change = false };
	uint64_t reserved;

	load_early();
	reserved = address_space();
	return read_capabilities(error, error_size) && drop_privileges(&same, -1, error, error_size) && close_off(error, error_size) && landlock_forbid_all(error, error_size) &&
	       set_limits(options->memory > 0 && reserved > 0 ? reserved + options->memory : 0, error, error_size) && seccomp_worker(options, error, error_size);
}
