/* SPDX-License-Identifier: Apache-2.0 */
/* Files through workers: the reading loop, and its sharing among processes. */
#include <config.h>

#include "analysis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "messages.h"
#include "progress.h"

enum { FRAMES_BETWEEN_LOOKS = 4096 }; /* at the clock */

/* Reads one file to its end, or to where it cannot be read further. */
static void
read_capture(struct worker *w, struct input_file *file, uint16_t index, struct progress *progress, const struct analysis_options *o, struct report *r)
{
	char error[1024];
	struct capture *capture = capture_open(file->path, index, error, sizeof(error));
	enum capture_result result;
	struct frame frame;

	if (capture == NULL) {
		file->state = FILE_UNREADABLE;
		file->error = report_text(r, error);
		if (o->complain != NULL)
			o->complain("%s", error);
		return;
	}
	while ((result = capture_next(capture, &frame, error, sizeof(error))) == CAPTURE_FRAME) {
		worker_frame(w, &frame);
		file->packets++;
		file->bytes += frame.original;
		if (file->packets % FRAMES_BETWEEN_LOOKS == 0 && progress->wanted) {
			uint64_t read, total;

			capture_position(capture, &read, &total);
			progress_update(progress, file->path, read, total);
		}
	}
	if (result == CAPTURE_ERROR) {
		file->state = FILE_PARTIAL;
		file->error = report_text(r, error);
		progress_end(progress);
		if (o->complain != NULL)
			o->complain("%s: %s", file->path, error);
	}
	capture_close(capture);
}

static void
read_captures(struct worker *w, struct report *r, size_t first, const struct analysis_options *o)
{
	struct progress progress;

	progress_start(&progress, o->progress);
	for (size_t i = first; i < r->file_count; i++)
		read_capture(w, &r->files[i], (uint16_t)i, &progress, o, r);
	worker_finish(w);
	progress_end(&progress);
}

/* In this process. */

static bool
analyze_here(struct report *r, size_t first, const struct analysis_options *o, char *error, size_t error_size)
{
	struct record_sink sink = report_sink(r);
	struct worker *w = worker_new(&o->worker, &sink, error, error_size);

	if (w == NULL)
		return false;
	read_captures(w, r, first, o);
	worker_counters(w, &r->counters);
	worker_free(w);
	return true;
}

/*
 * Shared among processes: each reads every file, takes its part of the connections and leaves its
 * records in a temporary file without a name, to be read in the order of the processes: so no race
 * shows in the result. Each message is checked (messages.h).
 */
struct job {
	pid_t pid;
	FILE *stream;
	bool counted;
};

/* The life of a process that takes share index of the connections. */
static void
run_job(struct report *r, size_t first, const struct analysis_options *o, unsigned index, int fd)
{
	struct analysis_options own = *o;
	struct message_writer writer;
	struct record_sink sink;
	struct worker_counters counters;
	char error[256];
	struct worker *w;

	own.worker.share_count = o->jobs;
	own.worker.share_index = index;
	own.progress = o->progress && index == 0;
	own.complain = index == 0 ? o->complain : NULL;
	message_writer_init(&writer, fd);
	sink = message_writer_sink(&writer);
	if ((w = worker_new(&own.worker, &sink, error, sizeof(error))) == NULL)
		_exit(1);
	read_captures(w, r, first, &own);
	for (size_t i = first; index == 0 && i < r->file_count; i++) {
		struct file_message message = {
			.index = (uint32_t)i,
			.state = r->files[i].state,
			.packets = r->files[i].packets,
			.bytes = r->files[i].bytes,
		};

		if (r->files[i].error != NULL)
			snprintf(message.error, sizeof(message.error), "%s", r->files[i].error);
		message_writer_put(&writer, MESSAGE_FILE, &message, sizeof(message));
	}
	worker_counters(w, &counters);
	message_writer_put(&writer, MESSAGE_COUNTERS, &counters, sizeof(counters));
	message_writer_flush(&writer);
	_exit(0);
}

/* Frames and what became of them are the same in every process; the rest adds up. */
static void
add_counters(struct worker_counters *sum, const struct worker_counters *c)
{
	struct worker_counters before = *sum;

	*sum = *c;
	sum->duplicates += before.duplicates;
	sum->table.created += before.table.created;
	sum->table.evicted += before.table.evicted;
	sum->table.aliases += before.table.aliases;
	sum->inspector.refused += before.inspector.refused;
	sum->inspector.no_memory += before.inspector.no_memory;
	sum->inspector.labelled += before.inspector.labelled;
}

static bool
take_file_message(struct report *r, const struct file_message *m)
{
	if (m->index >= r->file_count)
		return false;
	r->files[m->index].state = (enum file_state)m->state;
	r->files[m->index].packets = m->packets;
	r->files[m->index].bytes = m->bytes;
	r->files[m->index].error = report_text(r, m->error);
	return true;
}

/* A whole message has come; false where it is none that a sound process sends here. */
static bool
take_message(struct report *r, struct job *job, const struct message_reader *m)
{
	struct record_sink sink = report_sink(r);

	switch ((enum message_type)m->header.type) {
	case MESSAGE_FLOW:
		if (m->body.flow.file >= r->file_count)
			return false;
		sink.flow(sink.context, &m->body.flow);
		return true;
	case MESSAGE_NAME:
		sink.name(sink.context, &m->body.name);
		return true;
	case MESSAGE_FILE:
		return take_file_message(r, &m->body.file);
	case MESSAGE_COUNTERS:
		add_counters(&r->counters, &m->body.counters);
		job->counted = true;
		return true;
	default:
		return false;
	}
}

/* Takes what a process left, up to its end or to what is no message. */
static void
take_messages(struct report *r, struct job *job)
{
	struct message_reader *reader = malloc(sizeof(*reader));

	if (reader == NULL)
		abort();
	message_reader_init(reader, MESSAGES_OF_JOB);
	while (message_reader_next(reader, fileno(job->stream)) == MESSAGE_WHOLE)
		if (!take_message(r, job, reader))
			break;
	message_reader_clear(reader);
	free(reader);
}

static bool
start_job(struct job *job, struct report *r, size_t first, const struct analysis_options *o, unsigned index)
{
	job->stream = tmpfile();
	if (job->stream == NULL)
		return false;
	fflush(NULL);
	job->pid = fork();
	if (job->pid == 0)
		run_job(r, first, o, index, fileno(job->stream));
	if (job->pid > 0)
		return true;
	fclose(job->stream);
	return false;
}

/* Waits for a process and takes what it left; false where it did not get to its end. */
static bool
finish_job(struct job *job, struct report *r)
{
	int status = 0;

	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	rewind(job->stream);
	take_messages(r, job);
	fclose(job->stream);
	return job->counted && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
analyze_shared(struct report *r, size_t first, const struct analysis_options *o, char *error, size_t error_size)
{
	struct job *jobs = calloc(o->jobs, sizeof(*jobs));
	unsigned started = 0, failed = 0;

	if (jobs == NULL)
		abort();
	while (started < o->jobs && start_job(&jobs[started], r, first, o, started))
		started++;
	for (unsigned i = 0; i < started; i++)
		failed += !finish_job(&jobs[i], r);
	free(jobs);
	if (started < o->jobs) {
		snprintf(error, error_size, "process %u of %u could not be started: %s", started + 1, o->jobs, strerror(errno));
		return false;
	}
	if (failed > 0) {
		snprintf(error, error_size, "%u of %u processes ended early: their part of the connections is missing, so nothing is reported", failed, o->jobs);
		return false;
	}
	return true;
}

bool
analyze_files(struct report *r, char *const paths[], size_t count, const struct analysis_options *o, char *error, size_t error_size)
{
	size_t first = r->file_count;

	for (size_t i = 0; i < count; i++)
		report_add_file(r, paths[i]);
	return o->jobs > 1 ? analyze_shared(r, first, o, error, error_size) : analyze_here(r, first, o, error, error_size);
}
