/* SPDX-License-Identifier: Apache-2.0 */
/* See background.h: a thread for each piece of work, and an eventfd for its end. */
#include <config.h>

#include "background.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct background {
	int fd;
	struct event *event;
	pthread_t thread;
	bool busy;
	void (*work)(void *context), (*done)(void *context);
	void *context;
};

static void *
run(void *context)
{
	const struct background *b = context;
	const uint64_t one = 1;

	b->work(b->context);
	if (write(b->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
	return NULL;
}

static void
on_end(evutil_socket_t fd, short what, void *context)
{
	struct background *b = context;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	(void)pthread_join(b->thread, NULL);
	b->busy = false; /* so that more may be begun there */
	b->done(b->context);
}

struct background *
background_new(struct event_base *base)
{
	struct background *b = calloc(1, sizeof(*b));

	if (b == NULL || (b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 || (b->event = event_new(base, b->fd, EV_READ | EV_PERSIST, on_end, b)) == NULL || event_add(b->event, NULL) != 0)
		abort();
	return b;
}

void
background_free(struct background *b)
{
	if (b == NULL)
		return;
	if (b->busy)
		(void)pthread_join(b->thread, NULL);
	event_free(b->event);
	(void)close(b->fd);
	free(b);
}

bool
background_run(struct background *b, void (*work)(void *context), void (*done)(void *context), void *context)
{
	sigset_t all, before;
	int why;

	if (b->busy)
		return false;
	b->work = work;
	b->done = done;
	b->context = context;
	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(&b->thread, NULL, run, b);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	b->busy = why == 0;
	if (!b->busy) { /* no thread to be had: it takes the loop's time */
		work(context);
		done(context);
	}
	return true;
}

bool
background_busy(const struct background *b)
{
	return b->busy;
}
