/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what commands and replies of RESP begin with; and tells inline commands from the lines of other protocols. */
#include <config.h>

#include "redis_message.h"

#include <string.h>
#include <strings.h>

enum { INLINE_PROBE_MAX = 512 };

static bool
is_word_byte(int b)
{
	return (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '.' || b == '_' || b == '-' || b == '|';
}

enum verdict
redis_take_header(struct cursor *c, uint8_t type, uint64_t max, uint64_t *number)
{
	struct cursor line = *c;
	size_t digits = 1;

	if (cursor_peek(c, 0) >= 0 && cursor_peek(c, 0) != type)
		return NO_MATCH;
	while (digits < 12 && cursor_peek(c, digits) >= '0' && cursor_peek(c, digits) <= '9')
		digits++;
	if (cursor_left(c) < digits + 2)
		return cursor_left(c) <= digits || cursor_peek(c, digits) == '\r' ? NEED_MORE : NO_MATCH;
	if (cursor_peek(c, digits) != '\r' || cursor_peek(c, digits + 1) != '\n')
		return NO_MATCH;
	cursor_skip(&line, 1);
	*number = cursor_decimal(&line);
	cursor_skip(c, digits + 2);
	return cursor_ok(&line) && *number <= max ? MATCH : NO_MATCH;
}

enum verdict
redis_probe_command(struct cursor c)
{
	uint64_t count = 1, size = 1;
	enum verdict verdict = redis_take_header(&c, '*', redis_elements_max, &count);

	if (verdict == MATCH)
		verdict = redis_take_header(&c, '$', REDIS_WORD_MAX, &size);
	if (verdict != MATCH)
		return verdict;
	if (count == 0 || size == 0)
		return NO_MATCH;
	/* What a server sends to subscribers begins like this too. */
	if (cursor_starts_with(&c, "message\r\n") || cursor_starts_with(&c, "pmessage\r\n") || cursor_starts_with(&c, "smessage\r\n"))
		return NO_MATCH;
	for (size_t i = 0; i < size && i < cursor_left(&c); i++)
		if (!is_word_byte(cursor_peek(&c, i)))
			return NO_MATCH;
	if (cursor_left(&c) < size + 2)
		return NEED_MORE;
	return cursor_peek(&c, (size_t)size) == '\r' && cursor_peek(&c, (size_t)size + 1) == '\n' ? MATCH : NO_MATCH;
}

/* Inline commands. */

/* The words inline commands are known by; those that other line protocols begin with are left out. */
static const char *const inline_words[] = {
	"PING", "AUTH", "HELLO", "INFO", "SELECT", "ECHO", "COMMAND", "CONFIG", "DBSIZE", "MONITOR", "KEYS", "EXISTS", NULL,
};

/* What follows AUTH in SMTP, POP3, FTP and the like. */
static const char *const foreign_mechanisms[] = {
	"LOGIN", "PLAIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "GSS-SPNEGO", "KERBEROS_V4", "EXTERNAL", "ANONYMOUS", "XOAUTH", "XOAUTH2",
	"OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "TLS", "TLS-C", "TLS-P", "SSL", NULL,
};

static bool
is_one_of(struct cursor word, const char *const list[])
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (cursor_equals_nocase(&word, list[i]))
			return true;
	return false;
}

struct cursor
redis_take_word(struct cursor *line)
{
	struct cursor word;

	cursor_skip_blanks(line);
	if (!cursor_take_until(line, ' ', &word))
		word = cursor_sub(line, cursor_left(line));
	return word;
}

bool
redis_is_inline(struct cursor line)
{
	struct cursor word = redis_take_word(&line);

	for (size_t i = 0; i < line.left; i++)
		if (line.at[i] < ' ' || line.at[i] == 0x7f)
			return false;
	if (cursor_left(&word) == 0 || !is_one_of(word, inline_words))
		return false;
	if (cursor_equals_nocase(&word, "AUTH"))
		return cursor_left(&line) > 0 && !is_one_of(redis_take_word(&line), foreign_mechanisms);
	if (cursor_equals_nocase(&word, "HELLO"))
		return cursor_left(&line) == 0 || cursor_peek(&line, 0) == '2' || cursor_peek(&line, 0) == '3';
	return !cursor_equals_nocase(&word, "PING") || cursor_peek(&line, 0) != ':'; /* IRC */
}

enum verdict
redis_probe_inline(struct cursor c)
{
	struct cursor line;

	if (cursor_take_line(&c, &line))
		return redis_is_inline(line) ? MATCH : NO_MATCH;
	if (cursor_left(&c) > INLINE_PROBE_MAX)
		return NO_MATCH;
	if (cursor_left(&c) == 0)
		return NEED_MORE;
	for (size_t i = 0; inline_words[i] != NULL; i++) {
		struct cursor word = c;

		if (word.left > strlen(inline_words[i]))
			word.left = strlen(inline_words[i]);
		if (word.left == strlen(inline_words[i]) ? cursor_equals_nocase(&word, inline_words[i]) : strncasecmp((const char *)word.at, inline_words[i], word.left) == 0)
			return NEED_MORE;
	}
	return NO_MATCH;
}

/* Replies. */

/* Replies that are Redis's own, as the first thing seen of a server. */
static const char *const first_replies[] = { "+PONG\r\n", "-NOAUTH ", "-WRONGPASS ", "-DENIED Redis ", "+QUEUED\r\n", "-NOPERM ", "+FULLRESYNC ", NULL };

enum verdict
redis_probe_reply(struct cursor c)
{
	uint64_t number = 0;
	enum verdict verdict = NO_MATCH;

	for (size_t i = 0; first_replies[i] != NULL; i++) {
		if (cursor_starts_with(&c, first_replies[i]))
			return MATCH;
		if (cursor_may_start_with(&c, first_replies[i]))
			verdict = NEED_MORE;
	}
	if (cursor_peek(&c, 0) == '$') {
		verdict = redis_take_header(&c, '$', redis_bulk_max, &number);
		if (verdict != MATCH || cursor_left(&c) < number + 2)
			return verdict == MATCH ? NEED_MORE : verdict;
		return cursor_peek(&c, (size_t)number) == '\r' && cursor_peek(&c, (size_t)number + 1) == '\n' ? MATCH : NO_MATCH;
	}
	if (cursor_peek(&c, 0) == '*' || cursor_peek(&c, 0) == '%' || cursor_peek(&c, 0) == '>') {
		verdict = redis_take_header(&c, (uint8_t)cursor_peek(&c, 0), redis_elements_max, &number);
		if (verdict != MATCH)
			return verdict;
		return number == 0 ? NO_MATCH : redis_take_header(&c, '$', redis_bulk_max, &number);
	}
	return verdict;
}

/* The length a line of a reply announces: -1 for null, as in "$-1" and "*-1". */
static bool
parse_length(struct cursor line, uint64_t max, int64_t *length)
{
	bool negative = cursor_peek(&line, 0) == '-';
	uint64_t value;

	if (negative)
		cursor_skip(&line, 1);
	value = cursor_decimal(&line);
	if (!cursor_ok(&line) || cursor_left(&line) > 0 || value > max || (negative && value != 1))
		return false;
	*length = negative ? -1 : (int64_t)value;
	return true;
}

static bool
is_integer(struct cursor line)
{
	if (cursor_peek(&line, 0) == '-' || cursor_peek(&line, 0) == '+')
		cursor_skip(&line, 1);
	(void)cursor_decimal(&line);
	return cursor_ok(&line) && cursor_left(&line) == 0;
}

enum verdict
redis_take_element(struct cursor *bytes, struct redis_element *e)
{
	struct cursor c = *bytes;

	*e = (struct redis_element){ .type = (uint8_t)cursor_peek(bytes, 0), .length = 0 };
	if (strchr("+-:$*_#,(!=%~>|", e->type) == NULL || e->type == '\0')
		return NO_MATCH;
	if (!cursor_take_line(&c, &e->line))
		return cursor_left(bytes) > REDIS_LINE_MAX_SIZE ? NO_MATCH : NEED_MORE;
	if (e->line.at + e->line.left + 2 != c.at)
		return NO_MATCH; /* LF alone ends nothing here */
	cursor_skip(&e->line, 1);
	e->bulk = strchr("$!=", e->type) != NULL;
	e->aggregate = strchr("*%~>|", e->type) != NULL;
	e->attribute = e->type == '|';
	*bytes = c;
	if (!e->bulk && !e->aggregate)
		return e->type != ':' || is_integer(e->line) ? MATCH : NO_MATCH;
	return parse_length(e->line, redis_bulk_max, &e->length) ? MATCH : NO_MATCH;
}

bool
redis_is_push_word(struct cursor word)
{
	static const char *const words[] = {
		"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "message", "pmessage", "smessage", NULL,
	};

	return is_one_of(word, words);
}
