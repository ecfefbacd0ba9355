/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's thread and what is passed to it and back. What is under the lock is only lists; the
 * window, the series, the policy set in force and the report are the thread's alone.
 */
#include <config.h>

#include "judge.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "state_file.h"
#include "state_saver.h"
#include "text_buffer.h"
#include "window.h"

enum {
	ASKS_MAX = 64,    /* that wait for an answer */
	DELTAS_MAX = 16,  /* that wait to be taken in; more are merged into the last */
	LINES_MAX = 16,   /* for the log, not yet fetched */
	LINE_SIZE = 1024,
};

static const int64_t second = 1000000000;

/* A document that was asked for, then its text. */
struct ask {
	struct ask *next;
	void (*render)(FILE *, const struct snapshot *, void *argument);
	void *argument;
	void (*done)(void *context, char *text, size_t size);
	void *context;
	char *text;
	size_t size;
};

struct asks {
	struct ask *first, **last;
};

/* What is handed over, until the thread takes it. */
struct mail {
	struct report *deltas[DELTAS_MAX];
	size_t delta_count;
	struct policy_set *policies; /* NULL: the same */
	struct sensor_status *status; /* NULL: the same */
	struct asks asks;
	bool saved;                   /* the saver is done */
	bool stop;
};

struct line {
	enum judge_trouble trouble;
	char *text;
};

struct judge {
	struct judge_options options;
	char *state_path;
	int state_lock;     /* -1: none */
	int event;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under the lock. */
	struct mail mail;
	struct asks answers;
	size_t asks_open;   /* asked and not yet done */
	struct line lines[LINES_MAX];
	size_t line_count;
	struct judge_status shown;

	/* The thread's. */
	struct state state;
	struct policy_set *policies;
	struct sensor_status *status;
	struct report *report;
	uint64_t generation;
	int64_t slot;       /* the last that was looked after */
	int64_t saved, saved_wall; /* when the state was last written, to be saved */
	bool unsaved;       /* something was added since, or it failed */
	struct state_saver *saver; /* NULL: none is on its way to the disk */
};

static int64_t
clock_now(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * second + t.tv_nsec;
}

static int64_t
wall_now(const struct judge *j)
{
	return j->options.wall != NULL ? j->options.wall() : clock_now(CLOCK_REALTIME);
}

static int64_t
steady_now(const struct judge *j)
{
	return j->options.steady != NULL ? j->options.steady() : clock_now(CLOCK_BOOTTIME);
}

static struct state_time
both_clocks(const struct judge *j)
{
	return (struct state_time){ .wall = wall_now(j), .steady = steady_now(j) };
}

static void *
checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void
signal_event(const struct judge *j)
{
	const uint64_t one = 1;

	/* Full means that it is readable, which is all that matters. */
	(void)!write(j->event, &one, sizeof(one));
}

/* Lists. */

static void
asks_init(struct asks *a)
{
	a->first = NULL;
	a->last = &a->first;
}

static void
asks_append(struct asks *a, struct ask *ask)
{
	ask->next = NULL;
	*a->last = ask;
	a->last = &ask->next;
}

static void
asks_move(struct asks *to, struct asks *from)
{
	asks_init(to);
	if (from->first != NULL)
		*to = *from;
	asks_init(from);
}

static void
asks_free(struct asks *a)
{
	for (struct ask *next; a->first != NULL; a->first = next) {
		next = a->first->next;
		free(a->first->text);
		free(a->first);
	}
}

/* In the thread. */

static void
say(struct judge *j, enum judge_trouble trouble, const char *text)
{
	pthread_mutex_lock(&j->lock);
	if (j->line_count < LINES_MAX)
		j->lines[j->line_count++] = (struct line){ .trouble = trouble, .text = checked(strdup(text)) };
	pthread_mutex_unlock(&j->lock);
	signal_event(j);
}

static struct snapshot
snapshot_of(const struct judge *j)
{
	return (struct snapshot){
		.report = j->report,
		.series = j->state.series,
		.status = j->status,
		.now = wall_now(j),
		.generation = j->generation,
	};
}

/* Makes a new report in place of the last one, which goes first: two of them would be twice the memory. */
static void
conclude(struct judge *j)
{
	int64_t begun = clock_now(CLOCK_MONOTONIC);
	struct snapshot snapshot;

	report_free(j->report);
	j->report = window_snapshot(j->state.window, j->policies, steady_now(j));
	series_add_findings(j->state.series, j->report);
	j->generation++;
	snapshot = snapshot_of(j);
	if (j->options.on_snapshot != NULL)
		j->options.on_snapshot(j->options.context, &snapshot);
	pthread_mutex_lock(&j->lock);
	j->shown.snapshots = j->generation;
	j->shown.snapshot_time = clock_now(CLOCK_MONOTONIC) - begun;
	pthread_mutex_unlock(&j->lock);
}

static void
take_deltas(struct judge *j, struct mail *mail)
{
	int64_t now = steady_now(j);

	for (size_t i = 0; i < mail->delta_count; i++) {
		window_add(j->state.window, mail->deltas[i], now);
		series_add(j->state.series, mail->deltas[i], j->policies, now);
		report_free(mail->deltas[i]);
	}
}

static void
take_policies(struct judge *j, struct policy_set *set)
{
	/* The report refers to the set it was judged by. */
	report_free(j->report);
	j->report = NULL;
	policy_set_free(j->policies);
	j->policies = set;
}

static void
take_status(struct judge *j, struct sensor_status *status)
{
	free(j->status);
	j->status = status;
	pthread_mutex_lock(&j->lock);
	j->status->state_saved = j->shown.state_saved;
	j->status->state_errors = j->shown.state_errors;
	pthread_mutex_unlock(&j->lock);
}

/* Once in each slot: what has left, or was not seen for long, goes. Whether the report is out of date. */
static bool
look_after(struct judge *j)
{
	int64_t now = steady_now(j), slot = now / window_slot_length(j->state.window);
	bool left;

	if (slot == j->slot)
		return false;
	j->slot = slot;
	left = window_advance(j->state.window, now);
	series_expire(j->state.series, now);
	/* What was carried on is in new memory; the old goes back to the system. */
#ifdef HAVE_MALLOC_TRIM
	(void)malloc_trim(0);
#endif
	return left;
}

static bool
is_ending(struct judge *j)
{
	bool stop;

	pthread_mutex_lock(&j->lock);
	stop = j->mail.stop;
	pthread_mutex_unlock(&j->lock);
	return stop;
}

/* Renders what was asked for. Without memory for it the text is NULL. At the end nobody fetches it any more. */
static void
answer(struct judge *j, struct asks *asks)
{
	while (asks->first != NULL && !is_ending(j)) {
		struct ask *a = asks->first;
		struct snapshot snapshot = snapshot_of(j);
		struct text_buffer buffer;
		FILE *f = text_buffer_open(&buffer);

		asks->first = a->next;
		if (f != NULL) {
			a->render(f, &snapshot, a->argument);
			(void)fclose(f);
		}
		a->text = buffer.text;
		a->size = buffer.size;
		pthread_mutex_lock(&j->lock);
		asks_append(&j->answers, a);
		pthread_mutex_unlock(&j->lock);
		signal_event(j);
	}
	asks_free(asks);
	asks_init(asks);
}

/* Those who asked while a report was made, or a state written, have waited for it, and do not wait for the next. */
static void
answer_late(struct judge *j)
{
	struct asks late;

	pthread_mutex_lock(&j->lock);
	asks_move(&late, &j->mail.asks);
	pthread_mutex_unlock(&j->lock);
	answer(j, &late);
}

/* Saving: the text is written here, for only this thread may look; that it gets to the disk is waited for elsewhere. */

static void
on_saved(void *context)
{
	struct judge *j = context;

	pthread_mutex_lock(&j->lock);
	j->mail.saved = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

static void
tell_saved(struct judge *j, const struct state_saved *how)
{
	j->unsaved = j->unsaved || !how->done;
	pthread_mutex_lock(&j->lock);
	if (how->done) {
		j->shown.state_saved = j->saved_wall;
		j->shown.state_bytes = how->size;
	} else {
		j->shown.state_errors++;
	}
	j->status->state_saved = j->shown.state_saved;
	j->status->state_errors = j->shown.state_errors;
	pthread_mutex_unlock(&j->lock);
	if (!how->done)
		say(j, JUDGE_STATE_NOT_SAVED, how->error);
}

/* A text of many megabytes: pages are answered between its pieces, for they only look too. */
struct state_text {
	struct judge *judge;
	FILE *file;
};

static ssize_t
on_state_text(void *cookie, const char *text, size_t size)
{
	struct state_text *t = cookie;

	(void)fwrite(text, 1, size, t->file); /* whether all was taken is asked at the end */
	answer_late(t->judge);
	return (ssize_t)size;
}

static void
begin_save(struct judge *j)
{
	struct state_time now = both_clocks(j);
	struct state_text t = { .judge = j };
	struct state_saved failed = { 0 };
	FILE *text;

	j->saved = now.steady;
	j->saved_wall = now.wall;
	j->unsaved = false;
	t.file = state_file_begin(j->state_path, failed.error, sizeof(failed.error));
	if (t.file == NULL) {
		tell_saved(j, &failed);
		return;
	}
	text = checked(fopencookie(&t, "w", (cookie_io_functions_t){ .write = on_state_text }));
	state_write(text, &j->state, j->report, now);
	(void)fclose(text);
	j->saver = state_saver_start(j->state_path, t.file, on_saved, j);
}

/* Waits for it, if it is not there yet. */
static void
end_save(struct judge *j)
{
	struct state_saved how;

	if (j->saver == NULL)
		return;
	state_saver_finish(j->saver, &how);
	j->saver = NULL;
	tell_saved(j, &how);
}

/* One at a time: what a stuck disk holds up stays as much as it is. */
static bool
can_save(const struct judge *j)
{
	return j->state_path != NULL && j->unsaved && j->saver == NULL;
}

static bool
is_save_due(const struct judge *j)
{
	return can_save(j) && steady_now(j) - j->saved >= j->options.state_interval;
}

/* Before the end. */
static void
save_all(struct judge *j)
{
	end_save(j);
	if (can_save(j))
		begin_save(j);
	end_save(j);
}

/* How long nothing needs to be done if nothing is given; -1: for ever. */
static int64_t
idle_time(const struct judge *j)
{
	int64_t now = steady_now(j), length = window_slot_length(j->state.window), until = INT64_MAX;
	struct series_totals totals;

	series_totals(j->state.series, &totals);
	if (totals.pairs > 0 || window_classes(j->state.window) > 0)
		until = (now / length + 1) * length;
	if (can_save(j) && j->saved + j->options.state_interval < until)
		until = j->saved + j->options.state_interval;
	if (until == INT64_MAX)
		return -1;
	return until > now ? until - now : 0;
}

static bool
has_mail(const struct mail *m)
{
	return m->stop || m->saved || m->delta_count > 0 || m->policies != NULL || m->status != NULL || m->asks.first != NULL;
}

static void
take_mail(struct judge *j, struct mail *out)
{
	*out = j->mail;
	asks_move(&out->asks, &j->mail.asks);
	j->mail.delta_count = 0;
	j->mail.policies = NULL;
	j->mail.status = NULL;
	j->mail.saved = false;
}

/* Waits until there is something to do. */
static void
wait_for_mail(struct judge *j, struct mail *out)
{
	int64_t idle = idle_time(j);
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	if (idle > 0) {
		until.tv_sec += (time_t)((until.tv_nsec + idle) / second);
		until.tv_nsec = (long)((until.tv_nsec + idle) % second);
	}
	pthread_mutex_lock(&j->lock);
	while (!has_mail(&j->mail)) {
		int why = idle < 0 ? pthread_cond_wait(&j->wake, &j->lock) : pthread_cond_timedwait(&j->wake, &j->lock, &until);

		if (why == ETIMEDOUT)
			break;
	}
	take_mail(j, out);
	pthread_mutex_unlock(&j->lock);
}

/* Reads the state back; what is damaged is told of, and the sensor begins with nothing. */
static void
load(struct judge *j)
{
	char error[2 * LINE_SIZE];
	const struct judge_options *o = &j->options;
	int64_t expire = o->expire > o->window ? o->expire : o->window; /* what the window shows has its series */
	enum state_outcome outcome = STATE_ABSENT;

	j->state = (struct state){ .window = window_new(o->window, WINDOW_SLOTS, o->max_pairs), .series = series_new(o->max_pairs, expire) };
	if (j->state_path != NULL)
		outcome = state_file_load(j->state_path, &j->state, both_clocks(j), error, sizeof(error));
	if (outcome == STATE_LOADED || outcome == STATE_ABSENT)
		return;
	window_free(j->state.window);
	series_free(j->state.series);
	j->state = (struct state){ .window = window_new(o->window, WINDOW_SLOTS, o->max_pairs), .series = series_new(o->max_pairs, expire) };
	say(j, JUDGE_STATE_DAMAGED, error);
}

static void *
run(void *context)
{
	struct judge *j = context;
	struct mail mail = { 0 };

	/* Here, for a large one takes seconds, and capture is not to wait for it. */
	load(j);
	j->saved = steady_now(j);
	j->slot = j->saved / window_slot_length(j->state.window);
	conclude(j);
	while (!mail.stop) {
		bool stale;

		wait_for_mail(j, &mail);
		stale = mail.delta_count > 0 || mail.policies != NULL;
		j->unsaved = j->unsaved || mail.delta_count > 0;
		if (mail.status != NULL)
			take_status(j, mail.status);
		/* What was gathered until now was gathered under the old set. */
		take_deltas(j, &mail);
		if (mail.policies != NULL)
			take_policies(j, mail.policies);
		stale = look_after(j) || stale;
		if (stale)
			conclude(j);
		answer(j, &mail.asks);
		answer_late(j);
		if (mail.saved)
			end_save(j);
		if (is_save_due(j))
			begin_save(j);
	}
	save_all(j);
	return NULL;
}

/* In the caller's thread. */

static void
set_defaults(struct judge_options *o)
{
	if (o->window <= 0)
		o->window = 3600 * second;
	if (o->expire <= 0)
		o->expire = 3600 * second;
	if (o->max_pairs == 0)
		o->max_pairs = 10000;
	if (o->state_interval <= 0)
		o->state_interval = 60 * second;
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
	why = pthread_create(&j->thread, NULL, run, j);
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
	asks_init(&j->mail.asks);
	asks_init(&j->answers);
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
	asks_free(&j->mail.asks);
	asks_free(&j->answers);
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
	struct asks answers;
	uint64_t count;

	(void)!read(j->event, &count, sizeof(count));
	pthread_mutex_lock(&j->lock);
	asks_move(&answers, &j->answers);
	pthread_mutex_unlock(&j->lock);
	tell_lines(j);
	while (answers.first != NULL) {
		struct ask *a = answers.first;

		answers.first = a->next;
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
		asks_append(&j->mail.asks, a);
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
