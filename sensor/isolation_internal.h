/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of isolation.c that speak to one mechanism of the kernel each. */
#ifndef PODWIRE_ISOLATION_INTERNAL_H
#define PODWIRE_ISOLATION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "isolation.h"

/* Descriptors a worker polls at most, which is its limit of descriptors. */
enum { ISOLATION_POLLED_MAX = 4 };

/* Sanitizers need more of the system than the program. */
#if defined(__SANITIZE_ADDRESS__)
#define ISOLATION_SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ISOLATION_SANITIZERS 1
#endif
#endif

/* Landlock: true as well where the kernel has none. */
bool landlock_forbid_writing(char *error, size_t error_size);
bool landlock_forbid_all(char *error, size_t error_size);

/* Filters of system calls. */
bool seccomp_launcher(char *error, size_t error_size);
bool seccomp_worker(const struct isolation_worker_options *, char *error, size_t error_size);

#endif
