/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, queues of commands, and SASL in base64, for SMTP, IMAP and POP3. */
#include <config.h>

#include "mail.h"

#include <string.h>

#include "base64.h"

enum { WORDS_LOOKED_AT = 8 };

enum verdict
mail_take_line(struct cursor *c, struct cursor *line)
{
	if (cursor_take_line(c, line))
		return cursor_left(line) <= MAIL_LINE_MAX ? MATCH : NO_MATCH;
	return cursor_left(c) <= MAIL_LINE_MAX ? NEED_MORE : NO_MATCH;
}

bool
mail_is_tls(const struct cursor *c)
{
	return cursor_peek(c, 0) == 0x16 && cursor_peek(c, 1) == 3;
}

struct cursor
mail_take_word(struct cursor *line)
{
	struct cursor word;

	if (!cursor_take_until(line, ' ', &word))
		word = cursor_sub(line, cursor_left(line));
	cursor_skip_blanks(line);
	return word;
}

bool
mail_has_word(const struct cursor *text, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (cursor_find_nocase(text, words[i]) >= 0)
			return true;
	return false;
}

/* The first word in which name stands: up to blanks. */
static struct cursor
word_around(const struct cursor *text, size_t name)
{
	size_t first = name, end = name;

	while (first > 0 && text->at[first - 1] != ' ')
		first--;
	while (end < text->left && text->at[end] != ' ')
		end++;
	return cursor_over(text->at + first, end - first);
}

/* Whether one of the words stands anywhere but in an address: those are the client's. */
static bool
has_own_word(struct cursor text, const char *word)
{
	struct cursor whole = text;
	ptrdiff_t at;

	for (int i = 0; i < WORDS_LOOKED_AT && (at = cursor_find_nocase(&text, word)) >= 0; i++) {
		struct cursor around = word_around(&whole, whole.left - text.left + (size_t)at);

		if (memchr(around.at, '@', around.left) == NULL)
			return true;
		cursor_skip(&text, (size_t)at + 1);
	}
	return false;
}

bool
mail_demands_login(const struct cursor *text)
{
	static const char *const words[] = { "authenticat", "auth required", "logged in", "log in", "login", "log on", "logon", "sign in", NULL };
	static const char *const others[] = { "SPF", "DKIM", "DMARC", NULL }; /* which authenticate the sender's domain */

	for (size_t i = 0; words[i] != NULL; i++)
		if (has_own_word(*text, words[i]))
			return !mail_has_word(text, others);
	return false;
}

void
mail_push(struct mail_queue *q, uint8_t command)
{
	q->overrun |= q->count == MAIL_PENDING_MAX;
	if (q->overrun)
		return;
	q->command[(q->first + q->count) % MAIL_PENDING_MAX] = command;
	q->count++;
}

uint8_t
mail_oldest(const struct mail_queue *q)
{
	return q->count > 0 ? q->command[q->first] : 0;
}

void
mail_pop(struct mail_queue *q)
{
	if (q->count == 0)
		return;
	q->first = (uint8_t)((q->first + 1) % MAIL_PENDING_MAX);
	q->count--;
}

/* What comes after a text that names the user, up to a stop byte or the end. */
static struct cursor
take_named(struct cursor c, const char *before, uint8_t stop)
{
	ptrdiff_t at = cursor_find_nocase(&c, before);
	struct cursor name;

	if (at < 0)
		return cursor_over(NULL, 0);
	cursor_skip(&c, (size_t)at + strlen(before));
	return cursor_take_until(&c, stop, &name) ? name : c;
}

/* Where the mechanisms have the user's name: RFC 4616, RFC 2195, RFC 5802, Google's XOAUTH2. */
static struct cursor
user_of(const char *method, struct cursor message, unsigned response)
{
	struct cursor user = cursor_over(NULL, 0);

	if (strcmp(method, "sasl-plain") == 0) {
		if (cursor_take_until(&message, '\0', &user) && !cursor_take_until(&message, '\0', &user))
			return cursor_over(NULL, 0);
		return user;
	}
	if (strcmp(method, "sasl-login") == 0)
		return response == 1 ? message : user;
	if (strcmp(method, "sasl-cram-md5") == 0)
		return cursor_take_until(&message, ' ', &user) ? user : message;
	if (strncmp(method, "scram-", 6) == 0)
		return response == 1 ? take_named(message, ",n=", ',') : user;
	if (strcmp(method, "sasl-xoauth2") == 0)
		return take_named(message, "user=", 1);
	return user;
}

static void
tell_user(struct dissection *d, const struct mail_sasl *s, struct cursor text)
{
	uint8_t message[512];
	size_t size;

	if (!d->evidence->want_principals || !base64_decode(text, message, sizeof(message), &size))
		return;
	struct cursor user = user_of(s->mechanism->method, cursor_over(message, size), s->responses);
	if (cursor_left(&user) > 0)
		evidence_principal(d->evidence, user);
	memset(message, 0, sizeof(message));
}

void
mail_sasl_response(struct dissection *d, struct mail_sasl *s, struct cursor text, const char *clause, uint64_t offset)
{
	bool login = s->mechanism != NULL && strcmp(s->mechanism->method, "sasl-login") == 0;

	if (s->mechanism == NULL || cursor_equals(&text, "*") || cursor_left(&text) == 0)
		return;
	if (s->responses < UINT8_MAX)
		s->responses++;
	if (cursor_equals(&text, "="))
		return;
	tell_user(d, s, text);
	/* LOGIN's first response is the user's name. */
	if (!s->mechanism->replayable || s->secret || (login && s->responses < 2))
		return;
	s->secret = true;
	evidence_cleartext_credentials(d->evidence, clause, FROM_CLIENT, offset);
}

void
mail_sasl_begin(struct dissection *d, struct mail_sasl *s, struct cursor arguments, bool server_seen, const char *clause, uint64_t offset)
{
	struct cursor name = mail_take_word(&arguments);

	if (!sasl_is_name(name))
		return;
	*s = (struct mail_sasl){ .mechanism = sasl_mechanism(name) };
	mail_sasl_end(d, s, AUTH_ATTEMPTED, clause, offset);
	mail_sasl_response(d, s, arguments, clause, offset);
	s->running = !server_seen;
}

void
mail_sasl_end(struct dissection *d, struct mail_sasl *s, enum auth_result result, const char *clause, uint64_t offset)
{
	enum direction from = result == AUTH_ATTEMPTED ? FROM_CLIENT : FROM_SERVER;
	enum strength strength = result == AUTH_ATTEMPTED ? STRENGTH_STRUCTURE : STRENGTH_EXCHANGE;

	if (result == AUTH_SUCCESS || result == AUTH_FAILURE)
		s->running = false;
	evidence_authentication(d->evidence, result, s->mechanism != NULL ? s->mechanism->method : NULL, strength, clause, from, offset);
}
