/* SPDX-License-Identifier: Apache-2.0 */
/* Work beside the loop: the loop goes on meanwhile, is told once, and an end waits for what is under way. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "sensor/background.h"

struct job {
	struct event_base *base;
	struct background *background;
	pthread_t thread;
	sem_t turned; /* posted by each turn of the loop */
	int worked, done;
};

/* Is done only if the loop turns meanwhile. */
static void
wait_for_turns(void *context)
{
	struct job *j = context;

	for (unsigned i = 0; i < 5; i++)
		(void)sem_wait(&j->turned);
	j->thread = pthread_self();
	j->worked++;
}

static void
work(void *context)
{
	struct job *j = context;

	usleep(50000);
	j->worked++;
}

static void
done(void *context)
{
	struct job *j = context;

	j->done++;
	assert_int_equal(j->worked, j->done);
	assert_false(background_busy(j->background));
	assert_false(pthread_equal(j->thread, pthread_self()));
	if (j->done == 1)
		assert_true(background_run(j->background, wait_for_turns, done, j));
	else
		(void)event_base_loopbreak(j->base);
}

static void
on_turn(evutil_socket_t fd, short what, void *context)
{
	struct job *j = context;

	(void)fd;
	(void)what;
	(void)sem_post(&j->turned);
}

static void
one_after_another(void **state)
{
	struct job j = { .base = event_base_new() };
	struct event *turn = event_new(j.base, -1, EV_PERSIST, on_turn, &j);

	(void)state;
	assert_int_equal(sem_init(&j.turned, 0, 0), 0);
	j.background = background_new(j.base);
	assert_int_equal(event_add(turn, &(struct timeval){ .tv_usec = 1000 }), 0);
	assert_true(background_run(j.background, wait_for_turns, done, &j));
	assert_true(background_busy(j.background));
	assert_false(background_run(j.background, wait_for_turns, done, &j));
	(void)event_base_dispatch(j.base);
	assert_int_equal(j.done, 2);
	background_free(j.background);
	event_free(turn);
	(void)sem_destroy(&j.turned);
	event_base_free(j.base);
}

static void
end_while_busy(void **state)
{
	struct job j = { .base = event_base_new() };

	(void)state;
	j.background = background_new(j.base);
	assert_true(background_run(j.background, work, done, &j));
	background_free(j.background);
	assert_int_equal(j.worked, 1);
	assert_int_equal(j.done, 0);
	background_free(NULL);
	event_base_free(j.base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_after_another), cmocka_unit_test(end_while_busy) };

	return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
