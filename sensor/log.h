/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensor tells whoever runs it: lines of logfmt on standard error,
 *
 *     time=2026-01-31T12:00:00.123Z level=warn msg="watch ended" kind=pods code=410
 *
 * A message is a constant, so that it can be searched for; what varies are fields:
 *
 *     log_warn("watch ended", log_text("kind", name), log_number("code", code));
 *
 * Values are escaped, lines bounded, and no place in the code may fill a disk: each has a burst of
 * lines, then one a second; what was left out is told later as suppressed=N. May be called from any
 * thread. Never waits for a reader of standard error: what a full pipe does not take is lost.
 */
#ifndef PODWIRE_LOG_H
#define PODWIRE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_COUNT };
extern const char *const log_level_names[];

enum { LOG_LINE_MAX = 2048 };

struct log_field {
	const char *key; /* letters, digits, _ and . */
	const char *text; /* or NULL: a number */
	int64_t number;
	double decimal;
	enum { LOG_NONE, LOG_TEXT, LOG_NUMBER, LOG_COUNT, LOG_DECIMAL, LOG_ERRNO } type;
};

/* A field; text NULL leaves it out. */
static inline struct log_field
log_text(const char *key, const char *text)
{
	return (struct log_field){ .key = key, .text = text, .type = LOG_TEXT };
}

static inline struct log_field
log_number(const char *key, int64_t number)
{
	return (struct log_field){ .key = key, .number = number, .type = LOG_NUMBER };
}

static inline struct log_field
log_count(const char *key, uint64_t count)
{
	return (struct log_field){ .key = key, .number = (int64_t)count, .type = LOG_COUNT };
}

static inline struct log_field
log_decimal(const char *key, double decimal)
{
	return (struct log_field){ .key = key, .decimal = decimal, .type = LOG_DECIMAL };
}

/* error="No such file or directory" for an errno. */
static inline struct log_field
log_errno(int number)
{
	return (struct log_field){ .key = "error", .number = number, .type = LOG_ERRNO };
}

/* A place in the code that logs; static, made by the macros below. */
struct log_site {
	const char *message;
	int64_t filled;      /* ns of the monotonic clock at which tokens was right */
	double tokens;
	uint64_t suppressed; /* since the last line */
	struct log_site *next; /* of those that have suppressed any */
	enum log_level level;
	bool known, listed;
};

/* Lines above this level are not written; at first LOG_LEVEL_INFO. */
void log_set_level(enum log_level);

/* Where lines go; at first 2. */
void log_set_fd(int fd);

/* Call it every few seconds: tells of what was suppressed at places that have been silent since. */
void log_tick(void);

/* Lines left out, by rate or because nobody read them, since the start. */
uint64_t log_lost(void);

/* Writes a line, unless its site has written too many: for the macros below. */
void log_write(struct log_site *, enum log_level, const char *message, const struct log_field *fields, size_t count);

#define log_at(level_, message_, ...) \
	do { \
		static struct log_site log_site_; \
		const struct log_field log_fields_[] = { { .type = LOG_NONE }, ##__VA_ARGS__ }; \
		log_write(&log_site_, level_, message_, log_fields_, sizeof(log_fields_) / sizeof(log_fields_[0])); \
	} while (0)

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * For tests, and for who writes lines elsewhere: one line with its newline into text[LOG_LINE_MAX];
 * returns its size. time is ns since 1970.
 */
size_t log_format(char text[LOG_LINE_MAX], int64_t time, enum log_level, const char *message, const struct log_field *fields, size_t count, uint64_t suppressed);

/* Whether a site may write now (ns of the monotonic clock); counts what it may not. */
bool log_allow(struct log_site *, int64_t now);

#endif
