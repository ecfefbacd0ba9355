/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's thread. The window, the series, the policy set in force and the report are its alone. */
#include <config.h>

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "judge_internal.h"
#include "text_buffer.h"
#include "window.h"

static int64_t
clock_now(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
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

static void
signal_event(const struct judge *j)
{
	const uint64_t one = 1;

	/* Full means that it is readable, which is all that matters. */
	(void)!write(j->event, &one, sizeof(one));
}

static void
say(struct judge *j, enum judge_trouble trouble, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	pthread_mutex_lock(&j->lock);
	if (j->line_count < LINES_MAX) {
		j->lines[j->line_count++] = (struct line){ .trouble = trouble, .text = copy };
		copy = NULL;
	}
	pthread_mutex_unlock(&j->lock);
	free(copy);
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
	while (!STAILQ_EMPTY(asks) && !is_ending(j)) {
		struct ask *a = STAILQ_FIRST(asks);
		struct snapshot snapshot = snapshot_of(j);
		struct text_buffer buffer;
		FILE *f = text_buffer_open(&buffer);

		STAILQ_REMOVE_HEAD(asks, link);
		if (f != NULL) {
			a->render(f, &snapshot, a->argument);
			(void)fclose(f);
		}
		a->text = buffer.text;
		a->size = buffer.size;
		pthread_mutex_lock(&j->lock);
		STAILQ_INSERT_TAIL(&j->answers, a, link);
		pthread_mutex_unlock(&j->lock);
		signal_event(j);
	}
	judge_free_asks(asks);
}

/* Those who asked while a report was made, or a state written, have waited for it, and do not wait for the next. */
static void
answer_late(struct judge *j)
{
	struct asks late = STAILQ_HEAD_INITIALIZER(late);

	pthread_mutex_lock(&j->lock);
	STAILQ_CONCAT(&late, &j->mail.asks);
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
	text = fopencookie(&t, "w", (cookie_io_functions_t){ .write = on_state_text });
	if (text == NULL)
		abort();
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
	return m->stop || m->saved || m->delta_count > 0 || m->policies != NULL || m->status != NULL || !STAILQ_EMPTY(&m->asks);
}

static void
take_mail(struct judge *j, struct mail *out)
{
	*out = j->mail;
	STAILQ_INIT(&out->asks);
	STAILQ_CONCAT(&out->asks, &j->mail.asks);
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
		until.tv_sec += (time_t)((until.tv_nsec + idle) / SECOND);
		until.tv_nsec = (long)((until.tv_nsec + idle) % SECOND);
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

void *
judge_run(void *context)
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
