/* SPDX-License-Identifier: Apache-2.0 */
/* See state_saver.h. */
#include <config.h>

#include "state_saver.h"

#include <pthread.h>
#include <stdlib.h>

#include "state_file.h"

struct state_saver {
	pthread_t thread;
	bool has_thread;
	const char *path;
	FILE *file;
	void (*ended)(void *context);
	void *context;
	struct state_saved saved;
};

static void *
run(void *context)
{
	struct state_saver *s = context;

	s->saved.done = state_file_end(s->path, s->file, &s->saved.size, s->saved.error, sizeof(s->saved.error));
	s->ended(s->context);
	return NULL;
}

struct state_saver *
state_saver_start(const char *path, FILE *file, void (*ended)(void *context), void *context)
{
	struct state_saver *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->path = path;
	s->file = file;
	s->ended = ended;
	s->context = context;
	s->has_thread = pthread_create(&s->thread, NULL, run, s) == 0;
	/* Late is better than not saved. */
	if (!s->has_thread)
		(void)run(s);
	return s;
}

void
state_saver_finish(struct state_saver *s, struct state_saved *out)
{
	if (s->has_thread)
		(void)pthread_join(s->thread, NULL);
	*out = s->saved;
	free(s);
}
