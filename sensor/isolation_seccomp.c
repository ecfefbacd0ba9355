/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls a process may make from now on, by libseccomp, which knows their numbers on
 * each architecture. Names that an architecture or an older libseccomp lacks are passed over.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "isolation_internal.h"

enum { CONDITIONS_MAX = 2 };

/* A call is allowed where all of its conditions hold; several rules for one call: where one of them does. */
struct call_rule {
	const char *name;
	unsigned count;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

#define ARGUMENT(index, value) { (index), SCMP_CMP_EQ, (scmp_datum_t)(value), 0 }
#define ARGUMENT_WITHOUT(index, bits) { (index), SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), 0 }
#define OPTION(call, level, option) { call, 2, { ARGUMENT(1, level), ARGUMENT(2, option) } }

/* What any of our processes needs to compute, wait, talk over what is open, and end. */
static const char *const common_calls[] = {
	"read", "readv", "pread64", "recvfrom", "recv",
	"poll", "ppoll", "ppoll_time64", "close",
	"munmap", "mremap", "madvise", "brk",
	"futex", "futex_time64", "sched_yield", "restart_syscall",
	"clock_gettime", "clock_gettime64", "gettimeofday", "time", "getrandom",
	"getrusage", "sysinfo", /* the latter for qsort() of older C libraries */
	"rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "getpid", "gettid", /* abort() */
	"exit", "exit_group",
};

/* The argument of clone() that has its flags: s390 has the first two the other way round. */
#ifdef __s390__
enum { CLONE_FLAGS = 1 };
#else
enum { CLONE_FLAGS = 0 };
#endif

/* Memory that is never executed; kernel filters and statistics of the packet socket. */
static const struct call_rule worker_rules[] = {
	{ "mmap", 1, { ARGUMENT_WITHOUT(2, PROT_EXEC) } },
	{ "mmap2", 1, { ARGUMENT_WITHOUT(2, PROT_EXEC) } },
	{ "mprotect", 1, { ARGUMENT_WITHOUT(2, PROT_EXEC) } },
	{ "fcntl", 1, { ARGUMENT(1, F_GETFL) } },
	{ "fcntl", 1, { ARGUMENT(1, F_SETFL) } },
	{ "fcntl64", 1, { ARGUMENT(1, F_GETFL) } },
	{ "fcntl64", 1, { ARGUMENT(1, F_SETFL) } },
	OPTION("setsockopt", SOL_SOCKET, SO_ATTACH_FILTER),
	OPTION("setsockopt", SOL_SOCKET, SO_DETACH_FILTER),
	OPTION("getsockopt", SOL_PACKET, PACKET_STATISTICS),
	OPTION("getsockopt", SOL_SOCKET, SO_ERROR),
	{ "ioctl", 1, { ARGUMENT(1, SIOCGIFFLAGS) } },
};

/* What changes the interfaces, for --promiscuous alone. */
static const struct call_rule promiscuous_rules[] = {
	OPTION("setsockopt", SOL_PACKET, PACKET_ADD_MEMBERSHIP),
	OPTION("setsockopt", SOL_PACKET, PACKET_DROP_MEMBERSHIP),
};

#define READ_ONLY(index) ARGUMENT_WITHOUT(index, O_ACCMODE | O_CREAT | O_TRUNC)

/* What sanitizers do while they watch, and when they report. */
static const char *const sanitizer_calls[] = {
	"sigaltstack", "readlink", "readlinkat", "fstat", "newfstatat", "stat", "lseek", "prctl", "ioctl", "getuid", "getppid", "dup", "pipe", "pipe2", "getrlimit", "prlimit64", "sched_getaffinity",
};
static const struct call_rule sanitizer_rules[] = {
	{ "mmap", 0, { { 0 } } },
	{ "mprotect", 0, { { 0 } } },
	{ "open", 1, { READ_ONLY(1) } },
	{ "openat", 1, { READ_ONLY(2) } },
};

/*
 * What a worker may say things by, and to whom: a packet socket that is open can also be written
 * to, which puts frames on any network of the node.
 */
static const char *const writing_calls[] = { "write", "writev", "sendmsg" };

/* To make workers, which read configuration, open packet sockets and shut themselves in. */
static const char *const launcher_calls[] = {
	"write", "writev", "recvmsg", "sendto", "sendmsg", "send",
	"fork", "wait4", "waitid", "waitpid", "kill", "tgkill", "tkill", "set_robust_list", "rseq", "sched_getaffinity", "sched_setaffinity", "getcpu",
	"mmap", "mmap2", "mprotect", "set_tid_address", "arch_prctl", "sigaltstack",
	"access", "faccessat", "faccessat2", "stat", "fstat", "lstat", "newfstatat", "statx", "stat64", "fstat64", "fstatat64", "statfs", "fstatfs",
	"readlink", "readlinkat", "getdents64", "getdents", "lseek", "_llseek", "getcwd", "uname",
	"dup", "dup2", "dup3", "fcntl", "fcntl64", "pipe", "pipe2", "eventfd2", "close_range",
	"bind", "setsockopt", "getsockopt", "getsockname", "getpeername", "ioctl", "recvmmsg", "shutdown",
	"prctl", "prlimit64", "setrlimit", "getrlimit", "capset", "capget", "umask", "seccomp", "landlock_create_ruleset", "landlock_restrict_self",
	"getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getppid", "getpgrp", "getpgid", "getsid",
	"clock_getres", "clock_nanosleep", "nanosleep", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
};

static const struct call_rule launcher_rules[] = {
	{ "open", 1, { READ_ONLY(1) } },
	{ "openat", 1, { READ_ONLY(2) } },
	/* A process, not a namespace. */
	{ "clone", 1, { ARGUMENT_WITHOUT(CLONE_FLAGS, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) } },
	/* Packets; links; what libpcap asks an interface's flags by. None can be connected. */
	{ "socket", 1, { ARGUMENT(0, AF_PACKET) } },
	{ "socket", 1, { ARGUMENT(0, AF_NETLINK) } },
	{ "socket", 1, { ARGUMENT(0, AF_UNIX) } },
	{ "socket", 1, { ARGUMENT(0, AF_INET) } },
	{ "socket", 1, { ARGUMENT(0, AF_INET6) } },
	{ "socketpair", 1, { ARGUMENT(0, AF_UNIX) } },
};

/* Building filters: the first error stays. */
struct filter {
	scmp_filter_ctx context;
	int result; /* 0 or a negative errno */
};

static void
allow_where(struct filter *f, const struct call_rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);

	if (f->result == 0 && number >= 0)
		f->result = seccomp_rule_add_array(f->context, SCMP_ACT_ALLOW, number, rule->count, rule->conditions);
}

static void
allow_calls(struct filter *f, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		allow_where(f, &(struct call_rule){ .name = names[i] });
}

static void
allow_rules(struct filter *f, const struct call_rule rules[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		allow_where(f, &rules[i]);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct filter
filter_new(uint32_t otherwise)
{
	struct filter f = { .context = seccomp_init(otherwise) };

	if (f.context == NULL)
		f.result = -ENOMEM;
	allow_calls(&f, common_calls, COUNT(common_calls));
	return f;
}

static bool
filter_load(struct filter *f, char *error, size_t error_size)
{
	if (f->result == 0)
		f->result = seccomp_attr_set(f->context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (f->result == 0)
		f->result = seccomp_load(f->context);
	seccomp_release(f->context);
	if (f->result != 0)
		snprintf(error, error_size, "cannot set a filter of system calls: %s", strerror(-f->result));
	return f->result == 0;
}

/*
 * Refuses with EPERM: what libraries try while a worker is being made differs among systems, and
 * is not worth its life.
 */
bool
seccomp_launcher(char *error, size_t error_size)
{
	struct filter f = filter_new(SCMP_ACT_ERRNO(EPERM));

	allow_calls(&f, launcher_calls, COUNT(launcher_calls));
	allow_rules(&f, launcher_rules, COUNT(launcher_rules));
	return filter_load(&f, error, error_size);
}

/* The kernel looks at the lower half of a descriptor alone. */
static void
allow_writing(struct filter *f, int fd)
{
	for (size_t i = 0; i < COUNT(writing_calls); i++)
		allow_where(f, &(struct call_rule){ .name = writing_calls[i], .count = 1, .conditions = { { 0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)fd } } });
}

/* Kills: whoever is in here has read what strangers sent, and does what we do not. */
bool
seccomp_worker(const struct isolation_worker_options *options, char *error, size_t error_size)
{
	struct filter f = filter_new(SCMP_ACT_KILL_PROCESS);
	const struct call_rule abort_itself[] = {
		{ "tgkill", 1, { ARGUMENT(0, getpid()) } },
		{ "tkill", 1, { ARGUMENT(0, getpid()) } }, /* musl's; there is one thread */
	};

	allow_rules(&f, abort_itself, COUNT(abort_itself));
	allow_writing(&f, STDERR_FILENO);
	for (size_t i = 0; i < options->writable_count; i++)
		if (options->writable[i] >= 0)
			allow_writing(&f, options->writable[i]);
	allow_rules(&f, worker_rules, COUNT(worker_rules));
	if (options->promiscuous)
		allow_rules(&f, promiscuous_rules, COUNT(promiscuous_rules));
#ifdef ISOLATION_SANITIZERS
	allow_calls(&f, sanitizer_calls, COUNT(sanitizer_calls));
	allow_rules(&f, sanitizer_rules, COUNT(sanitizer_rules));
#else
	(void)sanitizer_calls;
	(void)sanitizer_rules;
#endif
	return filter_load(&f, error, error_size);
}
