/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between processes: the rules for each, a reader for bytes in pieces, a writer that gathers. */
#include <config.h>

#include "messages.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

enum {
	READER_SIZE = 128 << 10,
	WRITER_SIZE = 64 << 10,
};
static_assert(sizeof(struct message_header) + sizeof(union message_body) <= WRITER_SIZE, "any message fits");
static_assert(WRITER_SIZE < READER_SIZE, "a read is never small for want of room");

/* The rules. */

static bool
refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static bool
ends_in(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
check_flow(const void *body, size_t size, const char **why)
{
	return record_valid(body, size, why);
}

/* Of a worker, the file is the slot of an interface. */
static bool
check_live_flow(const void *body, size_t size, const char **why)
{
	const struct flow_record *r = body;

	return record_valid(body, size, why) && (r->file < SLOTS_MAX || refuse(why, "a slot is out of range"));
}

static bool
check_name(const void *body, size_t size, const char **why)
{
	const struct name_record *n = body;

	(void)size;
	if (!ends_in(n->name, sizeof(n->name)))
		return refuse(why, "a name does not end");
	for (const char *c = n->name; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e)
			return refuse(why, "a name is not printable");
	return true;
}

static bool
check_file(const void *body, size_t size, const char **why)
{
	const struct file_message *m = body;

	(void)size;
	if (m->state > FILE_UNREADABLE)
		return refuse(why, "a state is out of range");
	return ends_in(m->error, sizeof(m->error)) || refuse(why, "a text does not end");
}

static bool
check_any(const void *body, size_t size, const char **why)
{
	(void)body;
	(void)size;
	(void)why;
	return true;
}

static bool
check_live_counters(const void *body, size_t size, const char **why)
{
	const struct live_counters *c = body;

	if (c->interface_count > LIVE_INTERFACES_MAX || size != live_counters_size(c))
		return refuse(why, "sizes disagree");
	for (uint32_t i = 0; i < c->interface_count; i++)
		if (c->interfaces[i].slot >= SLOTS_MAX)
			return refuse(why, "a slot is out of range");
	return true;
}

static bool
check_plan(const void *body, size_t size, const char **why)
{
	const struct capture_plan *p = body;

	(void)size;
	return (p->count <= PLAN_MAX && capture_plan_valid(p->entries, p->count)) || refuse(why, "not a plan");
}

struct rule {
	size_t least, most;
	bool (*check)(const void *body, size_t size, const char **why); /* NULL: nobody there says this */
};

#define EXACTLY(type) .least = sizeof(type), .most = sizeof(type)
#define FLOW_SIZES .least = offsetof(struct flow_record, text) + 1, .most = sizeof(struct flow_record)

static const struct rule rules[MESSAGE_SOURCE_COUNT][MESSAGE_TYPE_COUNT] = {
	[MESSAGES_OF_JOB] = {
		[MESSAGE_FLOW] = { FLOW_SIZES, .check = check_flow },
		[MESSAGE_NAME] = { EXACTLY(struct name_record), .check = check_name },
		[MESSAGE_FILE] = { EXACTLY(struct file_message), .check = check_file },
		[MESSAGE_COUNTERS] = { EXACTLY(struct worker_counters), .check = check_any },
	},
	[MESSAGES_OF_WORKER] = {
		[MESSAGE_FLOW] = { FLOW_SIZES, .check = check_live_flow },
		[MESSAGE_NAME] = { EXACTLY(struct name_record), .check = check_name },
		[MESSAGE_COUNTERS] = { .least = offsetof(struct live_counters, interfaces), .most = sizeof(struct live_counters), .check = check_live_counters },
		[MESSAGE_READY] = { .check = check_any },
	},
	[MESSAGES_OF_SUPERVISOR] = {
		[MESSAGE_PLAN] = { EXACTLY(struct capture_plan), .check = check_plan },
		[MESSAGE_STOP] = { .check = check_any },
	},
};

/* The rule for a header, or NULL where no body can make it a message. */
static const struct rule *
rule_of(enum message_source source, uint32_t type, size_t size, const char **why)
{
	const struct rule *rule;

	if (type >= MESSAGE_TYPE_COUNT || (rule = &rules[source][type])->check == NULL) {
		*why = "a type that is not for it to say";
		return NULL;
	}
	if (size < rule->least || size > rule->most) {
		*why = "a size out of range";
		return NULL;
	}
	return rule;
}

bool
messages_check(enum message_source source, uint32_t type, const void *body, size_t size, const char **why)
{
	const char *reason = NULL;
	const struct rule *rule = rule_of(source, type, size, &reason);
	bool good = rule != NULL && rule->check(body, size, &reason);

	if (why != NULL)
		*why = good ? NULL : reason;
	return good;
}

/* The reader. */

void
message_reader_init(struct message_reader *r, enum message_source source)
{
	memset(r, 0, sizeof(*r));
	r->source = source;
	if ((r->bytes = malloc(READER_SIZE)) == NULL)
		abort();
}

void
message_reader_clear(struct message_reader *r)
{
	free(r->bytes);
	r->bytes = NULL;
	r->begin = r->end = 0;
}

static enum message_result
malformed(struct message_reader *r, const char *why)
{
	r->malformed = true;
	r->why = why;
	return MESSAGE_MALFORMED;
}

enum message_result
message_reader_pending(struct message_reader *r)
{
	size_t size = r->end - r->begin;
	const char *why = NULL;

	if (r->malformed)
		return MESSAGE_MALFORMED;
	if (size < sizeof(r->header))
		return MESSAGE_WAIT;
	memcpy(&r->header, r->bytes + r->begin, sizeof(r->header));
	/* A bad header is refused before its body is waited for. */
	if (rule_of(r->source, r->header.type, r->header.size, &why) == NULL)
		return malformed(r, why);
	if (size - sizeof(r->header) < r->header.size)
		return MESSAGE_WAIT;
	memcpy(&r->body, r->bytes + r->begin + sizeof(r->header), r->header.size);
	r->begin += sizeof(r->header) + r->header.size;
	if (!messages_check(r->source, r->header.type, &r->body, r->header.size, &why))
		return malformed(r, why);
	return MESSAGE_WHOLE;
}

/* Reads once; false where there was nothing. */
static bool
fill(struct message_reader *r, int fd)
{
	ssize_t n;

	memmove(r->bytes, r->bytes + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	n = read(fd, r->bytes + r->end, READER_SIZE - r->end);
	if (n > 0)
		r->end += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		r->ended = true; /* a connection that was reset has ended as well */
	return n > 0;
}

enum message_result
message_reader_next(struct message_reader *r, int fd)
{
	enum message_result result = message_reader_pending(r);

	if (result != MESSAGE_WAIT)
		return result;
	if (!r->ended && fill(r, fd))
		return message_reader_pending(r);
	if (!r->ended)
		return MESSAGE_WAIT;
	return r->begin == r->end ? MESSAGE_END : malformed(r, "ends within a message");
}

/* The writer. */

void
message_writer_init(struct message_writer *w, int fd)
{
	*w = (struct message_writer){ .fd = fd, .bytes = malloc(WRITER_SIZE) };
	if (w->bytes == NULL)
		abort();
}

void
message_writer_clear(struct message_writer *w)
{
	free(w->bytes);
	*w = (struct message_writer){ .fd = -1 };
}

static void
wait_for_room(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	(void)poll(&poll_fd, 1, -1);
}

void
message_writer_flush(struct message_writer *w)
{
	size_t done = 0;

	while (done < w->used) {
		ssize_t n = write(w->fd, w->bytes + done, w->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			wait_for_room(w->fd);
		else if (errno != EINTR)
			_exit(1);
	}
	w->used = 0;
}

void
message_writer_put(struct message_writer *w, enum message_type type, const void *body, size_t size)
{
	struct message_header header = { .type = (uint32_t)type, .size = (uint32_t)size };

	assert(size <= sizeof(union message_body));
	if (sizeof(header) + size > WRITER_SIZE - w->used)
		message_writer_flush(w);
	memcpy(w->bytes + w->used, &header, sizeof(header));
	if (size > 0)
		memcpy(w->bytes + w->used + sizeof(header), body, size);
	w->used += sizeof(header) + size;
}

static void
put_flow(void *context, const struct flow_record *record)
{
	message_writer_put(context, MESSAGE_FLOW, record, record->size);
}

static void
put_name(void *context, const struct name_record *record)
{
	message_writer_put(context, MESSAGE_NAME, record, sizeof(*record));
}

struct record_sink
message_writer_sink(struct message_writer *w)
{
	return (struct record_sink){ .flow = put_flow, .name = put_name, .context = w };
}
