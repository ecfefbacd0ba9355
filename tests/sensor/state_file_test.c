/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept over a restart: all of it, or none; never half, and never a crash. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/saved_result.h"
#include "sensor/state_file.h"
#include "tests/sensor/made_up_report.h"
#include "tests/sensor/sample_report.h"

static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

static struct policy_set *set_in_force;
static char directory[64], path[128];

static int
set_up(void **state)
{
	(void)state;
	set_in_force = policy_set_default();
	(void)strcpy(directory, "/tmp/podwire-state-XXXXXX");
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
	policy_set_free(set_in_force);
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static struct state
state_new(void)
{
	return (struct state){ .window = window_new(60 * minute, WINDOW_SLOTS, 100), .series = series_new(100, 60 * minute) };
}

static void
state_free(struct state *s)
{
	window_free(s->window);
	series_free(s->series);
}

/* Now, by both clocks, so many minutes after the start of all. */
static struct state_time
at(int64_t minutes)
{
	return (struct state_time){ .wall = start + minutes * minute, .steady = (1000 + minutes) * minute };
}

static void
give(struct state *s, struct report *delta, int64_t minutes)
{
	struct report *r;

	window_add(s->window, delta, at(minutes).steady);
	series_add(s->series, delta, set_in_force, at(minutes).steady);
	report_free(delta);
	r = window_snapshot(s->window, set_in_force, at(minutes).steady);
	series_add_findings(s->series, r);
	report_free(r);
}

static struct state
filled(unsigned flows)
{
	struct state s = state_new();

	for (unsigned i = 0; i < 50; i += 3)
		give(&s, made_up_flows(i * 17, flows, start + i * minute), i);
	return s;
}

static char *
written(const struct state *s, int64_t minutes, size_t *size)
{
	char *text = NULL;
	struct report *r = window_snapshot(s->window, set_in_force, at(minutes).steady);
	FILE *f = open_memstream(&text, size);

	assert_non_null(f);
	state_write(f, s, r, at(minutes));
	assert_int_equal(fclose(f), 0);
	report_free(r);
	return text;
}

static bool
save(const struct state *s, int64_t minutes)
{
	struct report *r = window_snapshot(s->window, set_in_force, at(minutes).steady);
	char error[256];
	uint64_t size = 0;
	FILE *f = state_file_begin(path, error, sizeof(error));
	bool done = false;

	if (f != NULL) {
		state_write(f, s, r, at(minutes));
		done = state_file_end(path, f, &size, error, sizeof(error));
	}
	report_free(r);
	if (done)
		assert_true(size > 100);
	return done;
}

static bool
read_back(struct state *s, const char *text, size_t size, struct state_time now)
{
	char error[1024] = "";
	bool done;

	*s = state_new();
	done = state_read(s, "state.json", text, size, now, error, sizeof(error));
	if (!done)
		assert_int_equal(strncmp(error, "state.json: ", 12), 0);
	else
		assert_string_equal(error, "");
	return done;
}

/* The texts are long: shows where they begin to differ. */
static void
assert_same(const char *found, const char *expected)
{
	size_t same = 0;

	while (found[same] != '\0' && found[same] == expected[same])
		same++;
	if (found[same] != expected[same])
		fail_msg("found %.200s, expected %.200s", found + same, expected + same);
}

/* Sums of the series. */
struct sum {
	uint64_t flows, bytes, findings, observed;
	double satisfied;
};

static void
each_traffic(void *context, const struct series_traffic *t)
{
	struct sum *s = context;

	s->flows += t->flows;
	s->bytes += t->bytes;
}

static void
each_finding(void *context, const struct series_finding *f)
{
	((struct sum *)context)->findings += f->count;
}

static void
each_policy(void *context, const struct series_policy *p)
{
	struct sum *s = context;

	s->observed += p->observed;
	s->satisfied += p->satisfied;
}

static struct sum
sum_of(const struct series *s)
{
	struct sum sum = { 0 };

	series_each_traffic(s, each_traffic, &sum);
	series_each_finding(s, each_finding, &sum);
	series_each_policy(s, each_policy, &sum);
	return sum;
}

/* A restart of no time at all changes nothing: the same text again. */
static void
comes_back_whole(void **state)
{
	struct state s = filled(30), again;
	size_t size, again_size;
	char *text = written(&s, 50, &size), *second;
	struct sum before = sum_of(s.series), after;

	(void)state;
	assert_true(read_back(&again, text, size, at(50)));
	second = written(&again, 50, &again_size);
	assert_same(second, text);
	after = sum_of(again.series);
	assert_true(before.flows > 0 && before.findings > 0 && before.observed > 0);
	assert_memory_equal(&after, &before, sizeof(after));
	free(text);
	free(second);
	state_free(&s);
	state_free(&again);
}

/* The machine was started anew: its steady clock begins near 0. What has left the window is dropped, totals go on. */
static void
time_passes_while_away(void **state)
{
	struct state s = filled(30), again;
	size_t size;
	char *text = written(&s, 50, &size);

	(void)state;
	for (int64_t away = 0; away < 80; away += 5) {
		struct state_time now = { .wall = at(50 + away).wall, .steady = 3 * minute };
		struct report *expected = window_snapshot(s.window, set_in_force, at(50 + away).steady), *found;

		assert_true(read_back(&again, text, size, now));
		found = window_snapshot(again.window, set_in_force, now.steady);
		/* Slots begin at another time here: it may be one more or less. */
		if (away == 0)
			assert_int_equal(found->flows, expected->flows);
		if (away < 50)
			assert_true(found->flows > 0);
		if (away >= 65)
			assert_int_equal(found->flows, 0);
		if (away < 55)
			assert_true(sum_of(again.series).flows > 0);
		if (away >= 65)
			assert_int_equal(sum_of(again.series).flows, 0);
		/* And what was there leaves in its time. */
		assert_true(window_next(again.window) == INT64_MAX || window_next(again.window) <= (3 + 66 - away) * minute);
		report_free(expected);
		report_free(found);
		state_free(&again);
	}
	free(text);
	state_free(&s);
}

static void
a_clock_put_back_loses_nothing(void **state)
{
	struct state s = filled(30), again;
	size_t size;
	char *text = written(&s, 50, &size);
	struct report *r;

	(void)state;
	assert_true(read_back(&again, text, size, (struct state_time){ .wall = start - 100 * minute, .steady = 3 * minute }));
	r = window_snapshot(again.window, set_in_force, 3 * minute);
	assert_true(r->flows > 0);
	assert_int_equal(sum_of(again.series).flows, sum_of(s.series).flows);
	report_free(r);
	state_free(&again);
	free(text);
	state_free(&s);
}

/* A finding that was counted before is not counted again after. */
static void
findings_are_remembered(void **state)
{
	struct state s = filled(30), again;
	size_t size;
	char *text = written(&s, 50, &size);
	struct sum before = sum_of(s.series);
	struct report *r;

	(void)state;
	assert_true(read_back(&again, text, size, at(51)));
	r = window_snapshot(again.window, set_in_force, at(51).steady);
	assert_true(r->finding_count > 0);
	series_add_findings(again.series, r);
	assert_int_equal(sum_of(again.series).findings, before.findings);
	report_free(r);
	state_free(&again);
	free(text);
	state_free(&s);
}

/* `podwire score` reads the file as any saved result, and its C is the window's. */
static void
score_agrees(void **state)
{
	struct state s = filled(40);
	size_t size;
	char *text = written(&s, 50, &size), error[256];
	struct report *scored = report_new(&(struct report_options){ 0 }), *shown = window_snapshot(s.window, set_in_force, at(50).steady);

	(void)state;
	assert_true(saved_result_read(scored, "state.json", text, size, error, sizeof(error)));
	report_conclude(scored, set_in_force);
	assert_true(shown->has_c && shown->c > 0);
	assert_true(scored->has_c && !(scored->c < shown->c || scored->c > shown->c));
	assert_int_equal(scored->pair_count, shown->pair_count);
	assert_int_equal(scored->finding_count, shown->finding_count);
	for (size_t i = 0; i < shown->pair_count; i++)
		assert_true(scored->pairs[i]->has_c == shown->pairs[i]->has_c && !(scored->pairs[i]->c < shown->pairs[i]->c || scored->pairs[i]->c > shown->pairs[i]->c));
	report_free(scored);
	report_free(shown);
	free(text);
	state_free(&s);
}

/* Each in a block of its own, so that a byte read past the end is seen. */
static void
every_truncation_is_refused(void **state)
{
	struct state s = state_new(), again;
	size_t size;
	char *text;

	(void)state;
	give(&s, made_up_flows(5, 3, start), 0);
	give(&s, made_up_flows(9, 2, start + 10 * minute), 10);
	text = written(&s, 11, &size);
	assert_int_equal(text[size - 1], '\n');
	for (size_t cut = 0; cut < size; cut++) {
		char *part = malloc(cut + 1);
		bool done;

		assert_non_null(part);
		memcpy(part, text, cut);
		part[cut] = '\0';
		done = read_back(&again, part, cut, at(11));
		assert_int_equal(done, cut == size - 1); /* all but the newline */
		state_free(&again);
		free(part);
	}
	free(text);
	state_free(&s);
}

static void
edited_files_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "podwire.state/1", "podwire.state/2" },
		{ "\"state_cells\"", "\"state_sells\"" },
		{ "\"saved\":\"2026", "\"saved\":\"yest" },
		{ "\"pair\":0,", "\"pair\":99999," },
		{ "\"authentication\":\"none\"", "\"authentication\":\"some\"" },
		{ "\"id\":\"", "\"id\":\"Z" },
		{ "[[", "[[9223372036854775807,1,1,1,1,1,1,1],[" },
		{ "[[", "[[-1,1,1,1,1,1,0,0],[" },
		{ "[[", "[[1,1,1],[" },
		{ "\"state_cells\":[", "\"state_cells\":[[]," },
		{ "podwire.report/1", "podwire.report/9" },
	};
	struct state s = state_new(), again;
	size_t size;
	char *text;

	(void)state;
	give(&s, made_up_flows(5, 30, start), 0);
	text = written(&s, 1, &size);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *place = strstr(strstr(text, "\"state_cells\""), cases[i].from), *edited;

		if (place == NULL)
			place = strstr(text, cases[i].from);
		if (place == NULL)
			fail_msg("no %s in it", cases[i].from);
		edited = malloc(size + 100);
		assert_non_null(edited);
		(void)snprintf(edited, size + 100, "%.*s%s%s", (int)(place - text), text, cases[i].to, place + strlen(cases[i].from));
		if (read_back(&again, edited, strlen(edited), at(1)))
			fail_msg("%s was read", cases[i].to);
		state_free(&again);
		free(edited);
	}
	free(text);
	state_free(&s);
}

static void
a_smaller_bound_folds(void **state)
{
	struct state s = filled(30), small = { .window = window_new(60 * minute, WINDOW_SLOTS, 3), .series = series_new(3, 60 * minute) };
	size_t size;
	char *text = written(&s, 50, &size), error[256];
	struct report *shown = window_snapshot(s.window, set_in_force, at(50).steady), *r;

	(void)state;
	assert_true(state_read(&small, "state.json", text, size, at(50), error, sizeof(error)));
	r = window_snapshot(small.window, set_in_force, at(50).steady);
	assert_int_equal(r->pair_count, 4);
	assert_int_equal(r->flows, shown->flows);
	assert_int_equal(sum_of(small.series).flows, sum_of(s.series).flows);
	report_free(r);
	report_free(shown);
	free(text);
	state_free(&s);
	state_free(&small);
}

/* Files. */

static enum state_outcome
load(uint64_t *flows, char error[1024])
{
	struct state s = state_new();
	enum state_outcome outcome = state_file_load(path, &s, at(50), error, 1024);

	*flows = sum_of(s.series).flows;
	state_free(&s);
	return outcome;
}

static void
put_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
saved_and_loaded(void **state)
{
	struct state s = filled(10);
	struct stat status;
	char error[1024] = "";
	uint64_t flows;

	(void)state;
	assert_int_equal(load(&flows, error), STATE_ABSENT);
	assert_true(save(&s, 50));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(load(&flows, error), STATE_LOADED);
	assert_int_equal(flows, sum_of(s.series).flows);
	assert_true(save(&s, 50));
	assert_int_equal(unlink(path), 0);
	state_free(&s);
}

static void
damaged_files_are_set_aside(void **state)
{
	static const char *const foreign[] = { "", "{}", "no JSON", "{\"schema\":\"podwire.report/1\"}", "[1,2]", "\xff\xff" };
	char error[1024], aside[160];
	uint64_t flows;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		put_file(foreign[i]);
		assert_int_equal(load(&flows, error), STATE_DAMAGED);
		(void)snprintf(aside, sizeof(aside), "%s.damaged-%zu", path, i + 1);
		assert_non_null(strstr(error, aside));
		assert_null(strchr(error, '\n'));
		assert_int_equal(access(aside, F_OK), 0);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* Three are kept: the last. */
	for (size_t i = 0; i < 6; i++) {
		(void)snprintf(aside, sizeof(aside), "%s.damaged-%zu", path, i + 1);
		assert_int_equal(access(aside, F_OK), i < 3 ? -1 : 0);
		(void)unlink(aside);
	}
}

/* It is somebody else's, and may be worth something: the next save is not to put itself in its place. */
static void
what_may_not_be_read_is_set_aside(void **state)
{
	char error[1024], aside[160];
	uint64_t flows;
	bool root = geteuid() == 0;

	(void)state;
	put_file("{}");
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(directory, 0777), 0);
	assert_int_equal(root ? seteuid(65534) : 0, 0);
	assert_int_equal(load(&flows, error), STATE_DAMAGED);
	assert_int_equal(root ? seteuid(0) : 0, 0);
	assert_non_null(strstr(error, strerror(EACCES)));
	(void)snprintf(aside, sizeof(aside), "%s.damaged-1", path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(unlink(aside), 0);
}

static void
one_keeper_at_a_time(void **state)
{
	char error[1024] = "", nowhere[160];
	int first, second;

	(void)state;
	assert_true(state_file_lock(path, &first, error, sizeof(error)));
	assert_true(first >= 0);
	assert_false(state_file_lock(path, &second, error, sizeof(error)));
	assert_non_null(strstr(error, path));
	(void)close(first);
	assert_true(state_file_lock(path, &second, error, sizeof(error)));
	(void)close(second);
	/* Where nothing can be made that is for the save to tell. */
	(void)snprintf(nowhere, sizeof(nowhere), "%s/no/such", directory);
	assert_true(state_file_lock(nowhere, &first, error, sizeof(error)));
	assert_int_equal(first, -1);
}

static void
what_is_no_file_is_left(void **state)
{
	char error[1024];
	uint64_t flows;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(&flows, error), STATE_UNREADABLE);
	assert_int_equal(unlink(path), 0);
}

static void
a_failed_save_leaves_the_old_one(void **state)
{
	struct state s = filled(10);
	char error[1024], new_path[160];
	uint64_t flows;

	(void)state;
	assert_true(save(&s, 50));
	/* Where the new one should be written is a directory. */
	(void)snprintf(new_path, sizeof(new_path), "%s.new", path);
	assert_int_equal(mkdir(new_path, 0700), 0);
	assert_false(save(&s, 51));
	assert_int_equal(load(&flows, error), STATE_LOADED);
	assert_int_equal(rmdir(new_path), 0);
	/* What a crash left is no hindrance. */
	assert_int_equal(symlink("/dev/null", new_path), 0);
	assert_true(save(&s, 51));
	assert_int_equal(load(&flows, error), STATE_LOADED);
	assert_int_equal(unlink(path), 0);
	state_free(&s);
}

/* Saves again and again until it is killed. */
static void
save_for_ever(const struct state *s)
{
	for (int64_t i = 0;; i++)
		if (!save(s, 50 + i % 2))
			_exit(1);
}

static void
killed_while_saving(void **state)
{
	struct state s = filled(40);
	char error[1024];
	uint64_t expected = sum_of(s.series).flows, flows;

	(void)state;
	assert_true(save(&s, 50));
	for (unsigned i = 0; i < 40; i++) {
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			save_for_ever(&s);
		usleep(2000 + i * 1700 % 30000);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		if (load(&flows, error) != STATE_LOADED)
			fail_msg("%s", error);
		assert_int_equal(flows, expected);
	}
	assert_int_equal(unlink(path), 0);
	state_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_whole),
		cmocka_unit_test(time_passes_while_away),
		cmocka_unit_test(a_clock_put_back_loses_nothing),
		cmocka_unit_test(findings_are_remembered),
		cmocka_unit_test(score_agrees),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(edited_files_are_refused),
		cmocka_unit_test(a_smaller_bound_folds),
		cmocka_unit_test(saved_and_loaded),
		cmocka_unit_test(damaged_files_are_set_aside),
		cmocka_unit_test(what_may_not_be_read_is_set_aside),
		cmocka_unit_test(one_keeper_at_a_time),
		cmocka_unit_test(what_is_no_file_is_left),
		cmocka_unit_test(a_failed_save_leaves_the_old_one),
		cmocka_unit_test(killed_while_saving),
	};

	return cmocka_run_group_tests_name("state_file", tests, set_up, tear_down);
}
