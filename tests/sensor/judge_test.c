/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's thread from outside: what was given is shown, asked for, saved, and nothing is left behind. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sensor/judge.h"
#include "tests/sensor/made_up_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

static char directory[64], path[128];

static int
set_up(void **state)
{
	(void)state;
	(void)strcpy(directory, "/tmp/podwire-judge-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/state.json", directory);
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

/* What was told of so far; the first three under the lock. */
struct told {
	pthread_mutex_t lock;
	unsigned snapshots;
	uint64_t generation, flows;
	pid_t thread;
	unsigned lines, answers;
	enum judge_trouble trouble;
	char line[1024];
	char *text;
};

static void
on_snapshot(void *context, const struct snapshot *s)
{
	struct told *t = context;

	pthread_mutex_lock(&t->lock);
	t->snapshots++;
	/* One after the other, none left out. */
	assert_int_equal(s->generation, t->generation + 1);
	t->generation = s->generation;
	t->flows = s->report->flows;
	t->thread = gettid();
	pthread_mutex_unlock(&t->lock);
}

static void
on_log(void *context, enum judge_trouble trouble, const char *line)
{
	struct told *t = context;

	t->lines++;
	t->trouble = trouble;
	(void)snprintf(t->line, sizeof(t->line), "%s", line);
}

static struct judge *
judge(struct told *t, const char *state_path)
{
	struct judge_options o = {
		.policies = policy_set_default(),
		.state_path = state_path,
		.state_interval = 1000000,
		.on_snapshot = on_snapshot,
		.log = on_log,
		.context = t,
	};
	char error[256];
	struct judge *j;

	*t = (struct told){ .lock = PTHREAD_MUTEX_INITIALIZER };
	j = judge_new(&o, error, sizeof(error));
	assert_non_null(j);
	return j;
}

static void
end(struct told *t, struct judge *j)
{
	judge_free(j);
	pthread_mutex_destroy(&t->lock);
	free(t->text);
}

static void
render_flows(FILE *out, const struct snapshot *s, void *argument)
{
	fprintf(out, "%s %ju flows, generation %ju, node %s", (const char *)argument, (uintmax_t)s->report->flows, (uintmax_t)s->generation, s->status->node);
}

static void
on_answer(void *context, char *text, size_t size)
{
	struct told *t = context;

	assert_non_null(text);
	assert_int_equal(strlen(text), size);
	free(t->text);
	t->text = text;
	t->answers++;
}

/* Until so many answers have come, as an event loop would. */
static void
wait_for_answers(struct told *t, struct judge *j, unsigned count)
{
	struct pollfd p = { .fd = judge_fd(j), .events = POLLIN };

	while (t->answers < count) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		judge_poll(j);
	}
}

/* The text of a document asked for now. */
static const char *
ask(struct told *t, struct judge *j)
{
	unsigned before = t->answers;

	assert_true(judge_ask(j, render_flows, (void *)(uintptr_t)"now", on_answer, t));
	wait_for_answers(t, j, before + 1);
	return t->text;
}

/* Until a report of so many flows was made. */
static void
wait_for_flows(struct told *t, uint64_t flows)
{
	for (unsigned i = 0; i < 6000; i++) {
		uint64_t found;

		pthread_mutex_lock(&t->lock);
		found = t->flows;
		pthread_mutex_unlock(&t->lock);
		if (found == flows)
			return;
		usleep(10000);
	}
	fail_msg("no report of %ju flows", (uintmax_t)flows);
}

static struct report *
delta(unsigned flows)
{
	struct report *r = made_up_report(0);

	for (unsigned i = 0; i < flows; i++)
		made_up_pair(r, i, 0, start + i);
	return r;
}

static void
begins_with_an_empty_report(void **state)
{
	struct told t;
	struct judge *j = judge(&t, NULL);

	(void)state;
	assert_string_equal(ask(&t, j), "now 0 flows, generation 1, node ");
	end(&t, j);
	judge_free(NULL);
}

static void
shows_what_was_given(void **state)
{
	struct sensor_status *status = calloc(1, sizeof(*status));
	struct judge_status shown;
	struct told t;
	struct judge *j = judge(&t, NULL);

	(void)state;
	assert_non_null(status);
	(void)strcpy(status->node, "node-1");
	judge_give(j, delta(5), status);
	wait_for_flows(&t, 5);
	assert_non_null(strstr(ask(&t, j), "now 5 flows, generation"));
	assert_non_null(strstr(t.text, "node node-1"));
	judge_give(j, delta(7), NULL);
	wait_for_flows(&t, 12);
	judge_status(j, &shown);
	assert_true(shown.snapshots >= 2 && shown.snapshot_time > 0);
	assert_int_equal(shown.state_saved, 0);
	free(status);
	end(&t, j);
}

/* Under the new set another C; nothing was given in between. */
static void
render_c(FILE *out, const struct snapshot *s, void *argument)
{
	(void)argument;
	fprintf(out, "%s %.3f", s->report->policies->name, s->report->c);
}

static void
new_policies_are_in_force_at_once(void **state)
{
	static const char yaml[] = "schema: podwire.policy/1\nname: strict\npolicies:\n  encryption: {weight: 0}\n";
	char error[POLICY_SET_ERROR_SIZE] = "", first[64];
	struct policy_set *set = policy_set_read("strict.yaml", yaml, sizeof(yaml) - 1, error, sizeof(error));
	struct told t;
	struct judge *j = judge(&t, NULL);

	(void)state;
	if (set == NULL)
		fail_msg("%s", error);
	judge_give(j, delta(5), NULL);
	wait_for_flows(&t, 5);
	assert_true(judge_ask(j, render_c, NULL, on_answer, &t));
	wait_for_answers(&t, j, 1);
	(void)snprintf(first, sizeof(first), "%s", t.text);
	assert_int_equal(strncmp(first, "default ", 8), 0);
	judge_set_policies(j, set);
	assert_true(judge_ask(j, render_c, NULL, on_answer, &t));
	wait_for_answers(&t, j, 2);
	if (strncmp(t.text, "default", 7) == 0) { /* asked between the two */
		assert_true(judge_ask(j, render_c, NULL, on_answer, &t));
		wait_for_answers(&t, j, 3);
	}
	assert_int_equal(strncmp(t.text, "strict ", 7), 0);
	assert_string_not_equal(strchr(t.text, ' '), strchr(first, ' '));
	end(&t, j);
}

static void
asks_are_bounded(void **state)
{
	struct told t;
	struct judge *j = judge(&t, NULL);
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		taken += judge_ask(j, render_flows, (void *)(uintptr_t)"many", on_answer, &t);
	assert_int_equal(taken, 64);
	wait_for_answers(&t, j, taken);
	assert_true(judge_ask(j, render_flows, (void *)(uintptr_t)"again", on_answer, &t));
	wait_for_answers(&t, j, taken + 1);
	assert_int_equal(strncmp(t.text, "again", 5), 0);
	/* Some are open when it ends. */
	for (unsigned i = 0; i < 10; i++)
		(void)judge_ask(j, render_flows, (void *)(uintptr_t)"late", on_answer, &t);
	end(&t, j);
}

/* However much comes while the thread is busy, all of it counts. */
static void
nothing_given_is_lost(void **state)
{
	struct told t;
	struct judge *j = judge(&t, NULL);

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		judge_give(j, delta(10), NULL);
	wait_for_flows(&t, 2000);
	end(&t, j);
}

static void
state_outlives_it(void **state)
{
	struct judge_status shown = { 0 };
	struct told t;
	struct judge *j = judge(&t, path);

	(void)state;
	judge_give(j, delta(9), NULL);
	end(&t, j); /* at once: it is taken in and saved all the same */
	j = judge(&t, path);
	assert_int_equal(strncmp(ask(&t, j), "now 9 flows", 11), 0);
	assert_int_equal(t.lines, 0);
	judge_give(j, delta(3), NULL);
	for (unsigned i = 0; i < 6000 && shown.state_saved == 0; i++) {
		usleep(10000);
		judge_status(j, &shown);
	}
	assert_true(shown.state_saved > start);
	assert_true(shown.state_bytes > 1000);
	end(&t, j);
	j = judge(&t, path);
	assert_int_equal(strncmp(ask(&t, j), "now 12 flows", 12), 0);
	end(&t, j);
	assert_int_equal(unlink(path), 0);
}

static void
a_damaged_state_is_told_of(void **state)
{
	FILE *f = fopen(path, "w");
	struct told t;
	struct judge *j;

	(void)state;
	assert_non_null(f);
	fputs("{\"schema\":", f);
	assert_int_equal(fclose(f), 0);
	j = judge(&t, path);
	assert_int_equal(strncmp(ask(&t, j), "now 0 flows", 11), 0);
	assert_int_equal(t.lines, 1);
	assert_non_null(strstr(t.line, "damaged-1"));
	assert_int_equal(t.trouble, JUDGE_STATE_DAMAGED);
	end(&t, j);
}

static void
a_save_that_fails_is_told_of(void **state)
{
	struct judge_status shown = { 0 };
	struct told t;
	struct judge *j = judge(&t, "/nonexistent/state.json");
	struct pollfd p = { .fd = judge_fd(j), .events = POLLIN };

	(void)state;
	judge_give(j, delta(3), NULL);
	while (t.lines == 0) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		judge_poll(j);
	}
	assert_int_equal(t.trouble, JUDGE_STATE_NOT_SAVED);
	assert_non_null(strstr(t.line, "/nonexistent/state.json.new: not opened for writing"));
	judge_status(j, &shown);
	assert_true(shown.state_errors > 0);
	assert_int_equal(shown.state_saved, 0);
	end(&t, j);
}

/* A disk that hangs. In place of the C library's. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool stuck;
	unsigned waiting;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER };

int
fsync(int fd)
{
	pthread_mutex_lock(&disk.lock);
	disk.waiting++;
	while (disk.stuck)
		pthread_cond_wait(&disk.freed, &disk.lock);
	disk.waiting--;
	pthread_mutex_unlock(&disk.lock);
	return fdatasync(fd);
}

static void
set_stuck(bool stuck)
{
	pthread_mutex_lock(&disk.lock);
	disk.stuck = stuck;
	pthread_cond_broadcast(&disk.freed);
	pthread_mutex_unlock(&disk.lock);
}

static void
wait_until_stuck(void)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < 6000 && waiting == 0; i++) {
		usleep(10000);
		pthread_mutex_lock(&disk.lock);
		waiting = disk.waiting;
		pthread_mutex_unlock(&disk.lock);
	}
	assert_int_equal(waiting, 1);
}

static void
a_stuck_disk_delays_nothing(void **state)
{
	struct judge_status shown;
	struct told t;
	struct judge *j = judge(&t, path);

	(void)state;
	set_stuck(true);
	judge_give(j, delta(5), NULL);
	wait_until_stuck();
	/* Taken in and shown all the same; no second save is begun. */
	for (unsigned i = 0; i < 100; i++)
		judge_give(j, delta(1), NULL);
	wait_for_flows(&t, 105);
	assert_int_equal(strncmp(ask(&t, j), "now 105 flows", 13), 0);
	wait_until_stuck();
	judge_status(j, &shown);
	assert_int_equal(shown.state_saved, 0);
	set_stuck(false);
	end(&t, j);
	j = judge(&t, path);
	assert_int_equal(strncmp(ask(&t, j), "now 105 flows", 13), 0);
	end(&t, j);
	assert_int_equal(unlink(path), 0);
}

/* An hour that passes at once. */
static int64_t offset;
static pthread_mutex_t offset_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t
steady(void)
{
	int64_t now;

	pthread_mutex_lock(&offset_lock);
	now = 1000 * minute + offset;
	pthread_mutex_unlock(&offset_lock);
	return now;
}

static void
what_left_the_window_goes(void **state)
{
	struct judge_options o = { .on_snapshot = on_snapshot, .steady = steady };
	char error[256];
	struct told t = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct judge *j;

	(void)state;
	o.policies = policy_set_default();
	o.context = &t;
	j = judge_new(&o, error, sizeof(error));
	assert_non_null(j);
	judge_give(j, delta(4), NULL);
	wait_for_flows(&t, 4);
	pthread_mutex_lock(&offset_lock);
	offset = 61 * minute;
	pthread_mutex_unlock(&offset_lock);
	assert_int_equal(strncmp(ask(&t, j), "now 0 flows", 11), 0);
	end(&t, j);
}

/* How often the judge's thread went to sleep; whether it sleeps now. */
static unsigned long
sleeps(const struct told *t, bool *asleep)
{
	char file[64], line[256];
	unsigned long count = 0;
	FILE *f;

	(void)snprintf(file, sizeof(file), "/proc/self/task/%d/status", (int)t->thread);
	f = fopen(file, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "State:", 6) == 0)
			*asleep = strstr(line, "(sleeping)") != NULL;
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			count = strtoul(line + 24, NULL, 10);
	}
	assert_int_equal(fclose(f), 0);
	assert_true(count > 0);
	return count;
}

/* How often it had gone to sleep when it lay down for long: it has nothing to do any more. */
static unsigned long
sleeps_when_done(const struct told *t)
{
	unsigned long before = 0, now = 0;
	bool asleep = false;

	for (unsigned i = 0; i < 200; i++) {
		before = now;
		now = sleeps(t, &asleep);
		if (asleep && now == before)
			return now;
		usleep(100000);
	}
	fail_msg("the judge finds no rest");
	return 0;
}

/* Nothing given: no wake-up. By a clock that stands, for a slot may begin at any time. */
static void
idles_without_waking(void **state)
{
	struct judge_options o = { .on_snapshot = on_snapshot, .steady = steady };
	char error[256];
	struct told t = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct judge *j;
	unsigned long before;
	bool asleep;

	(void)state;
	o.policies = policy_set_default();
	o.context = &t;
	j = judge_new(&o, error, sizeof(error));
	assert_non_null(j);
	judge_give(j, delta(4), NULL);
	wait_for_flows(&t, 4);
	before = sleeps_when_done(&t);
	usleep(500000);
	assert_int_equal(sleeps(&t, &asleep), before);
	end(&t, j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_an_empty_report),
		cmocka_unit_test(shows_what_was_given),
		cmocka_unit_test(new_policies_are_in_force_at_once),
		cmocka_unit_test(asks_are_bounded),
		cmocka_unit_test(nothing_given_is_lost),
		cmocka_unit_test(state_outlives_it),
		cmocka_unit_test(a_damaged_state_is_told_of),
		cmocka_unit_test(a_save_that_fails_is_told_of),
		cmocka_unit_test(a_stuck_disk_delays_nothing),
		cmocka_unit_test(what_left_the_window_goes),
		cmocka_unit_test(idles_without_waking),
	};

	return cmocka_run_group_tests_name("judge", tests, set_up, tear_down);
}
