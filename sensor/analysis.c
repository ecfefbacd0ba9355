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
 * shows in the result. A message is a header and a body; the reader checks each, since a process
 * that reads hostile bytes may have been taken over by them.
 */
enum message_type { MESSAGE_FLOW = 1, MESSAGE_NAME, MESSAGE_FILE, MESSAGE_COUNTERS };

struct message_header {
	uint32_t type; /* enum message_type */
	uint32_t size; /* of the body */
};

/* What a process found of a file: the report of the first one counts. */
struct file_message {
	uint32_t index, state;
	uint64_t packets, bytes;
	char error[1024];
};

union message_body {
	struct flow_record flow;
	struct name_record name;
	struct file_message file;
	struct worker_counters counters;
};

struct job {
	pid_t pid;
	FILE *stream;
	bool counted;
	struct message_header header;
	union message_body body;
};

static void
send_message(FILE *f, enum message_type type, const void *body, size_t size)
{
	struct message_header header = { .type = (uint32_t)type, .size = (uint32_t)size };

	if (fwrite(&header, sizeof(header), 1, f) != 1 || fwrite(body, size, 1, f) != 1)
		_exit(1); /* the disk is full */
}

static void
send_flow(void *context, const struct flow_record *record)
{
	send_message(context, MESSAGE_FLOW, record, record->size);
}

static void
send_name(void *context, const struct name_record *record)
{
	send_message(context, MESSAGE_NAME, record, sizeof(*record));
}

/* The life of a process that takes share index of the connections. */
static void
run_job(struct report *r, size_t first, const struct analysis_options *o, unsigned index, FILE *f)
{
	struct analysis_options own = *o;
	struct record_sink sink = { .flow = send_flow, .name = send_name, .context = f };
	struct worker_counters counters;
	char error[256];
	struct worker *w;

	own.worker.share_count = o->jobs;
	own.worker.share_index = index;
	own.progress = o->progress && index == 0;
	own.complain = index == 0 ? o->complain : NULL;
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
		send_message(f, MESSAGE_FILE, &message, sizeof(message));
	}
	worker_counters(w, &counters);
	send_message(f, MESSAGE_COUNTERS, &counters, sizeof(counters));
	_exit(fflush(f) == 0 ? 0 : 1);
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
	if (m->index >= r->file_count || m->state > FILE_UNREADABLE || memchr(m->error, '\0', sizeof(m->error)) == NULL)
		return false;
	r->files[m->index].state = (enum file_state)m->state;
	r->files[m->index].packets = m->packets;
	r->files[m->index].bytes = m->bytes;
	r->files[m->index].error = report_text(r, m->error);
	return true;
}

static bool
name_valid(const struct name_record *n)
{
	if (memchr(n->name, '\0', sizeof(n->name)) == NULL)
		return false;
	for (const char *c = n->name; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e)
			return false;
	return true;
}

/* A whole message has come; false where it is none that a sound process sends. */
static bool
take_message(struct report *r, struct job *job)
{
	struct record_sink sink = report_sink(r);
	size_t size = job->header.size;

	switch (job->header.type) {
	case MESSAGE_FLOW:
		if (!record_valid(&job->body.flow, size, NULL) || job->body.flow.file >= r->file_count)
			return false;
		sink.flow(sink.context, &job->body.flow);
		return true;
	case MESSAGE_NAME:
		if (size != sizeof(struct name_record) || !name_valid(&job->body.name))
			return false;
		sink.name(sink.context, &job->body.name);
		return true;
	case MESSAGE_FILE:
		return size == sizeof(struct file_message) && take_file_message(r, &job->body.file);
	case MESSAGE_COUNTERS:
		if (size != sizeof(struct worker_counters))
			return false;
		add_counters(&r->counters, &job->body.counters);
		job->counted = true;
		return true;
	default:
		return false;
	}
}

/* Reads one message; false at the end, or where what comes is no message. */
static bool
read_message(struct report *r, struct job *job)
{
	if (fread(&job->header, sizeof(job->header), 1, job->stream) != 1)
		return false;
	if (job->header.size == 0 || job->header.size > sizeof(job->body))
		return false;
	return fread(&job->body, job->header.size, 1, job->stream) == 1 && take_message(r, job);
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
		run_job(r, first, o, index, job->stream);
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
	while (read_message(r, job))
		continue;
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
