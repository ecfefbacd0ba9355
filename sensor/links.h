/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network interfaces of this network namespace, as they come and go (rtnetlink, through
 * libmnl). No event loop: a descriptor to wait for, and a function to call when it is readable.
 */
#ifndef PODWIRE_LINKS_H
#define PODWIRE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_plan.h"

enum { LINKS_MAX = 8192 }; /* further ones are not known */

struct links;

/* Opens, and asks for all there are; NULL on an error, with a line in error[]. Returns owned. Needs no privilege. */
struct links *links_open(char *error, size_t error_size);
void links_close(struct links *);

/* Becomes readable when there is something to links_read(). Non-blocking. */
int links_fd(const struct links *);

/*
 * Takes in what is there to read, some hundred messages at most: the descriptor stays readable
 * where there is more. Returns whether an interface came, went or changed in what a plan rests on.
 * Where the kernel says that messages were lost, all is asked for anew.
 */
bool links_read(struct links *);

/* Whether all there are were listed once: before that the list is incomplete. */
bool links_ready(const struct links *);

/* Asks for all anew, which brings the drop counters up to date; their arrival is no change. Call it every some seconds. */
void links_refresh(struct links *);

/* Sorted by index; borrowed until links_read(). */
const struct link *links_list(const struct links *, size_t *count);

/* Interfaces that found no room. */
uint64_t links_omitted(const struct links *);

#endif
