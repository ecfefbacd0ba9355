/* SPDX-License-Identifier: Apache-2.0 */
/* What is passed to the judge's thread and back: by lists under a lock, so that nobody waits for it. */
#include <config.h>

#include "judge.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "judge_internal.h"
#include "window.h"

static void *
checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

void
judge_free_asks(struct asks *a)
{
	struct ask *ask, *next;

	for (ask = STAILQ_FIRST(a); ask != NULL; ask = next) {
		next = STAILQ_NEXT(ask, link);
		free(ask->text);
		free(ask);
	}
	STAILQ_INIT(a);
}

static void
set_defaults(struct judge_options *o)
{
	if (o->window <= 0)
		o->window = 3600 * SECOND;
	if (o->expire <= 0)
		o->expire = 3600 * SECOND;
	if (o->max_pairs == 0)
		o->max_pairs = 10000;
	if (o->state_interval <= 0)
		o->state_interval = 60 * SECOND;
}

static int
start(struct judge *j)
{
	pthread_condattr_t attributes;
	sigset_t all, before;
	int why;

	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(&j->thread, NULL, judge_run, j);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

static void
release(struct judge *j)
{
	report_free(j->report);
	window_free(j->state.window);
	series_free(j->state.series);
	policy_set_free(j->policies);
	free(j->status);
	free(j->state_path);
	if (j->state_lock >= 0)
		(void)close(j->state_lock);
	(void)close(j->event);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->wake);
	free(j);
}

struct judge *
judge_new(const struct judge_options *options, char *error, size_t error_size)
{
	struct judge *j;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), why;

	if (event < 0) {
		(void)snprintf(error, error_size, "eventfd: %s", strerror(errno));
		policy_set_free(options->policies);
		return NULL;
	}
	j = checked(calloc(1, sizeof(*j)));
	j->event = event;
	j->options = *options;
	set_defaults(&j->options);
	j->policies = options->policies;
	j->state_path = options->state_path != NULL ? checked(strdup(options->state_path)) : NULL;
	j->status = checked(calloc(1, sizeof(*j->status)));
	STAILQ_INIT(&j->mail.asks);
	STAILQ_INIT(&j->answers);
	j->state_lock = -1;
	if (j->state_path == NULL || state_file_lock(j->state_path, &j->state_lock, error, error_size)) {
		why = start(j);
		if (why == 0)
			return j;
		(void)snprintf(error, error_size, "thread: %s", strerror(why));
	}
	release(j);
	return NULL;
}

static void
tell_lines(struct judge *j)
{
	struct line lines[LINES_MAX];
	size_t count;

	pthread_mutex_lock(&j->lock);
	count = j->line_count;
	memcpy(lines, j->lines, sizeof(lines));
	j->line_count = 0;
	pthread_mutex_unlock(&j->lock);
	for (size_t i = 0; i < count; i++) {
		if (j->options.log != NULL)
			j->options.log(j->options.context, lines[i].trouble, lines[i].text);
		free(lines[i].text);
	}
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->mail.stop = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	(void)pthread_join(j->thread, NULL);
	tell_lines(j);
	judge_free_asks(&j->mail.asks);
	judge_free_asks(&j->answers);
	release(j);
}

void
judge_give(struct judge *j, struct report *delta, const struct sensor_status *status)
{
	struct sensor_status *copy = NULL, *old;
	struct report *full = NULL;

	if (status != NULL) {
		copy = checked(malloc(sizeof(*copy)));
		*copy = *status;
	}
	pthread_mutex_lock(&j->lock);
	old = copy != NULL ? j->mail.status : NULL;
	if (copy != NULL)
		j->mail.status = copy;
	if (delta != NULL && j->mail.delta_count == DELTAS_MAX)
		full = delta;
	else if (delta != NULL)
		j->mail.deltas[j->mail.delta_count++] = delta;
	/* The thread is held up: what comes must not pile up. */
	if (full != NULL)
		report_merge(j->mail.deltas[DELTAS_MAX - 1], full);
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	report_free(full);
	free(old);
}

void
judge_set_policies(struct judge *j, struct policy_set *set)
{
	struct policy_set *old;

	pthread_mutex_lock(&j->lock);
	old = j->mail.policies;
	j->mail.policies = set;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	policy_set_free(old);
}

int
judge_fd(const struct judge *j)
{
	return j->event;
}

void
judge_poll(struct judge *j)
{
	struct asks answers = STAILQ_HEAD_INITIALIZER(answers);
	struct ask *a;
	uint64_t count;

	(void)!read(j->event, &count, sizeof(count));
	pthread_mutex_lock(&j->lock);
	STAILQ_CONCAT(&answers, &j->answers);
	pthread_mutex_unlock(&j->lock);
	tell_lines(j);
	while ((a = STAILQ_FIRST(&answers)) != NULL) {
		STAILQ_REMOVE_HEAD(&answers, link);
		pthread_mutex_lock(&j->lock);
		j->asks_open--;
		pthread_mutex_unlock(&j->lock);
		a->done(a->context, a->text, a->size);
		free(a);
	}
}

bool
judge_ask(struct judge *j, void (*render)(FILE *, const struct snapshot *, void *argument), void *argument, void (*done)(void *context, char *text, size_t size), void *context)
{
	struct ask *a = checked(calloc(1, sizeof(*a)));
	bool room;

	*a = (struct ask){ .render = render, .argument = argument, .done = done, .context = context };
	pthread_mutex_lock(&j->lock);
	room = j->asks_open < ASKS_MAX;
	if (room) {
		j->asks_open++;
		STAILQ_INSERT_TAIL(&j->mail.asks, a, link);
		pthread_cond_signal(&j->wake);
	}
	pthread_mutex_unlock(&j->lock);
	if (!room)
		free(a);
	return room;
}

void
judge_status(struct judge *j, struct judge_status *out)
{
	pthread_mutex_lock(&j->lock);
	*out = j->shown;
	pthread_mutex_unlock(&j->lock);
}
