/* SPDX-License-Identifier: Apache-2.0 */
/* See json_text.h. */
#include <config.h>

#include "json_text.h"

#include <stdint.h>
#include <string.h>

/* Sets the flaw, which at the end of the text is JSON_ENDS_EARLY; returns false. */
static bool
refuse(struct json_text *t, enum json_flaw flaw)
{
	if (t->flaw == JSON_SOUND)
		t->flaw = t->at < t->size ? flaw : JSON_ENDS_EARLY;
	return false;
}

char
json_text_peek(struct json_text *t)
{
	if (t->flaw != JSON_SOUND)
		return '\0';
	while (t->at < t->size && (t->bytes[t->at] == ' ' || t->bytes[t->at] == '\n' || t->bytes[t->at] == '\r' || t->bytes[t->at] == '\t'))
		t->at++;
	return t->at < t->size ? t->bytes[t->at] : '\0';
}

bool
json_text_take(struct json_text *t, char c, enum json_flaw otherwise)
{
	if (json_text_peek(t) != c)
		return refuse(t, otherwise);
	t->at++;
	return true;
}

bool
json_text_end(struct json_text *t)
{
	(void)json_text_peek(t);
	return t->at < t->size ? refuse(t, JSON_NO_END_OF_TEXT) : t->flaw == JSON_SOUND;
}

/* Moves past a string; its escapes are left to the parser, but for which quote ends it. */
static void
pass_string(struct json_text *t)
{
	bool escaped;

	t->at++;
	do {
		const char *quote = memchr(t->bytes + t->at, '"', t->size - t->at);

		t->at = quote != NULL ? (size_t)(quote - t->bytes) + 1 : t->size;
		escaped = false;
		/* The first quote ends the search at the latest. */
		while (quote != NULL && *--quote == '\\')
			escaped = !escaped;
	} while (escaped);
}

/* Moves past an array or object. What is between its brackets is left to the parser. */
static void
pass_nested(struct json_text *t)
{
	uint8_t closing[JSON_TEXT_DEPTH];
	size_t depth = 0;

	do {
		char c = t->bytes[t->at];

		if (c == '"') {
			pass_string(t);
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == t->depth_limit || depth == JSON_TEXT_DEPTH) {
				(void)refuse(t, JSON_TOO_DEEP);
				return;
			}
			closing[depth++] = c == '{' ? '}' : ']';
		} else if ((c == '}' || c == ']') && c != closing[--depth]) {
			(void)refuse(t, c == '}' ? JSON_BRACE_FOR_BRACKET : JSON_BRACKET_FOR_BRACE);
			return;
		}
		t->at++;
	} while (depth > 0 && t->at < t->size);
	if (depth > 0)
		(void)refuse(t, JSON_ENDS_EARLY);
}

/* A number or a word. strchr() finds a NUL too, which is in neither. */
static void
pass_plain(struct json_text *t)
{
	while (t->at < t->size && strchr(",:]} \n\r\t", t->bytes[t->at]) == NULL)
		t->at++;
}

bool
json_text_value(struct json_text *t, struct json_piece *out)
{
	char first = json_text_peek(t);

	*out = (struct json_piece){ .start = t->at };
	if (t->flaw != JSON_SOUND)
		return false;
	if (first == '{' || first == '[')
		pass_nested(t);
	else if (first == '"')
		pass_string(t);
	else
		pass_plain(t);
	out->size = t->at - out->start;
	if (out->size == 0)
		return refuse(t, JSON_NO_VALUE);
	return t->flaw == JSON_SOUND;
}

bool
json_text_key(struct json_text *t, struct json_piece *out)
{
	if (json_text_peek(t) != '"')
		return refuse(t, JSON_NO_KEY);
	return json_text_value(t, out) && json_text_take(t, ':', JSON_NO_COLON);
}

bool
json_text_more(struct json_text *t, char closing, bool first)
{
	if (json_text_peek(t) == closing) {
		t->at++;
		return false;
	}
	if (first)
		return t->flaw == JSON_SOUND;
	return json_text_take(t, ',', closing == '}' ? JSON_NO_END_OF_OBJECT : JSON_NO_END_OF_ARRAY);
}

/* Whether text between quotes is one of the names. */
static bool
is_among(const char *text, size_t size, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strncmp(names[i], text, size) == 0 && strlen(names[i]) == size)
			return true;
	return false;
}

/* Moves past the next string in quotes, up to which all is passed over. False where there is none. */
static bool
find_string(struct json_text *t, struct json_piece *out)
{
	const char *quote = memchr(t->bytes + t->at, '"', t->size - t->at);

	if (quote == NULL)
		return false;
	out->start = t->at = (size_t)(quote - t->bytes);
	pass_string(t);
	out->size = t->at - out->start;
	return true;
}

size_t
json_text_copy(const struct json_text *whole, struct json_piece value, const char *const keys[], char *out)
{
	struct json_text t = { .bytes = whole->bytes, .size = value.start + value.size, .at = value.start, .depth_limit = whole->depth_limit };
	size_t kept = value.start, used = 0;
	struct json_piece string;

	while (find_string(&t, &string)) {
		size_t open;
		char first;

		if (string.size < 2 || json_text_peek(&t) != ':' || !is_among(t.bytes + string.start + 1, string.size - 2, keys))
			continue;
		t.at++;
		first = json_text_peek(&t);
		if (first != '{' && first != '[')
			continue;
		open = t.at;
		pass_nested(&t);
		if (t.flaw != JSON_SOUND)
			break;
		memcpy(out + used, t.bytes + kept, open + 1 - kept);
		used += open + 1 - kept;
		kept = t.at - 1;
	}
	memcpy(out + used, t.bytes + kept, t.size - kept);
	return used + t.size - kept;
}
