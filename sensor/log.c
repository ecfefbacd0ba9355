/* SPDX-License-Identifier: Apache-2.0 */
/* See log.h. A line is one write() of less than PIPE_BUF bytes: lines of threads and processes never mix. */
#include <config.h>

#include "log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output_text.h"

/* Lines at once, and lines a second after that, of one place in the code. */
static const double burst = 10, rate = 1;

/* A process has one standard error. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct log_site *listed;
static uint64_t lost;
static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int output = STDERR_FILENO;

const char *const log_level_names[] = { "error", "warn", "info", "debug", NULL };

static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line is written whole or not at all");

void
log_set_level(enum log_level level)
{
	threshold = (int)level;
}

void
log_set_fd(int fd)
{
	output = fd;
}

/* Making a line. */

struct line {
	char *text;
	size_t size;
	bool cut;
};

/* What may stand in a line beside its newline and the mark that it was cut. */
enum { LINE_ROOM = LOG_LINE_MAX - sizeof(" cut=true\n") };

static void
put(struct line *l, const char *text, size_t size)
{
	if (l->cut || size > LINE_ROOM - l->size) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->size, text, size);
	l->size += size;
}

static bool
is_bare(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f || *text == '"' || *text == '=' || *text == '\\')
			return false;
	return true;
}

/* The escape of a character, into out[8]; the bytes of text it stands for. */
static size_t
escape(const char *text, size_t size, char out[8])
{
	unsigned char c = (unsigned char)*text;
	size_t length = output_utf8_size(text, size);

	if (c == '"' || c == '\\')
		(void)snprintf(out, 8, "\\%c", c);
	else if (c == '\n' || c == '\t' || c == '\r')
		(void)snprintf(out, 8, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (length == 0 || c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0))
		(void)snprintf(out, 8, "\\x%02x", c); /* the control characters U+0080 to U+009F too, byte by byte */
	else {
		memcpy(out, text, length);
		out[length] = '\0';
		return length;
	}
	return 1;
}

/* A long value is cut before its line would be: what follows it is still told. */
static void
put_value(struct line *l, const char *text)
{
	enum { VALUE_MAX = LOG_LINE_MAX / 2 };
	size_t size = strlen(text), start = l->size;
	char escaped[8];

	if (size <= VALUE_MAX && is_bare(text)) {
		put(l, text, size);
		return;
	}
	put(l, "\"", 1);
	while (size > 0 && l->size - start < VALUE_MAX) {
		size_t taken = escape(text, size, escaped);

		put(l, escaped, strlen(escaped));
		text += taken;
		size -= taken;
	}
	if (size > 0)
		put(l, "...", 3);
	put(l, "\"", 1);
}

static void
put_field(struct line *l, const struct log_field *f)
{
	char number[64];
	struct line before = *l;

	if (f->type == LOG_NONE || (f->type == LOG_TEXT && f->text == NULL))
		return;
	put(l, " ", 1);
	put(l, f->key, strlen(f->key));
	put(l, "=", 1);
	if (f->type == LOG_TEXT)
		put_value(l, f->text);
	else if (f->type == LOG_ERRNO)
		put_value(l, strerror((int)f->number)); /* of any thread: its texts of known numbers are constants */
	else if (f->type == LOG_COUNT)
		put(l, number, (size_t)snprintf(number, sizeof(number), "%" PRIu64, (uint64_t)f->number));
	else if (f->type == LOG_NUMBER)
		put(l, number, (size_t)snprintf(number, sizeof(number), "%" PRId64, f->number));
	else
		put(l, number, (size_t)snprintf(number, sizeof(number), "%.6g", f->decimal));
	if (l->cut)
		l->size = before.size; /* no half field */
}

static void
put_time(struct line *l, int64_t time)
{
	char text[OUTPUT_TIME_SIZE];
	const char *dot;

	(void)output_time(time, text);
	dot = strchr(text, '.');
	put(l, "time=", 5);
	put(l, text, dot != NULL ? (size_t)(dot - text) + 4 : strlen(text));
	if (dot != NULL)
		put(l, "Z", 1);
}

size_t
log_format(char text[LOG_LINE_MAX], int64_t time, enum log_level level, const char *message, const struct log_field *fields, size_t count, uint64_t suppressed)
{
	struct line l = { .text = text };
	struct log_field left_out = log_count("suppressed", suppressed);

	put_time(&l, time);
	put(&l, " level=", 7);
	put(&l, log_level_names[level], strlen(log_level_names[level]));
	put(&l, " msg=", 5);
	put_value(&l, message);
	for (size_t i = 0; i < count; i++)
		put_field(&l, &fields[i]);
	if (suppressed > 0)
		put_field(&l, &left_out);
	if (l.cut) {
		memcpy(l.text + l.size, " cut=true", 9);
		l.size += 9;
	}
	l.text[l.size++] = '\n';
	return l.size;
}

/* Rate. */

static int64_t
clock_now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

bool
log_allow(struct log_site *site, int64_t now)
{
	if (!site->known) {
		site->known = true;
		site->tokens = burst;
	} else if (now > site->filled) {
		site->tokens = fmin(burst, site->tokens + (double)(now - site->filled) / 1e9 * rate);
	}
	site->filled = now;
	if (site->tokens < 1) {
		site->suppressed++;
		return false;
	}
	site->tokens -= 1;
	return true;
}

/* Never waits: a pipe that poll() calls writable has room for PIPE_BUF bytes. */
static void
put_out(const char *text, size_t size)
{
	struct pollfd p = { .fd = output, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0 || write(p.fd, text, size) != (ssize_t)size)
		lost++;
}

static void
list(struct log_site *site)
{
	if (site->listed)
		return;
	site->listed = true;
	site->next = listed;
	listed = site;
}

void
log_write(struct log_site *site, enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
	char text[LOG_LINE_MAX];
	int error = errno;

	if ((int)level > threshold)
		return;
	(void)pthread_mutex_lock(&mutex);
	site->message = message;
	site->level = level;
	if (log_allow(site, clock_now(CLOCK_MONOTONIC))) {
		put_out(text, log_format(text, clock_now(CLOCK_REALTIME), level, message, fields, count, site->suppressed));
		site->suppressed = 0;
	} else {
		lost++;
		list(site);
	}
	(void)pthread_mutex_unlock(&mutex);
	errno = error;
}

void
log_tick(void)
{
	struct log_site **at = &listed, *site;
	int64_t now = clock_now(CLOCK_MONOTONIC);
	char text[LOG_LINE_MAX];

	(void)pthread_mutex_lock(&mutex);
	while ((site = *at) != NULL) {
		if (site->suppressed > 0 && now - site->filled < INT64_C(5000000000)) {
			at = &site->next;
			continue;
		}
		if (site->suppressed > 0)
			put_out(text, log_format(text, clock_now(CLOCK_REALTIME), site->level, site->message, NULL, 0, site->suppressed));
		site->suppressed = 0;
		site->listed = false;
		*at = site->next;
	}
	(void)pthread_mutex_unlock(&mutex);
}

uint64_t
log_lost(void)
{
	uint64_t count;

	(void)pthread_mutex_lock(&mutex);
	count = lost;
	(void)pthread_mutex_unlock(&mutex);
	return count;
}
