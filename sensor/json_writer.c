/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See json_writer.h. No locale is asked: a decimal point is a point. The stream's lock is passed by
 * (a report may have 500,000 flows of 100 fields): no other thread writes to an output.
 */
#include <config.h>

#include "json_writer.h"

#include <inttypes.h>
#include <string.h>

#include "output_text.h"

static void
begin(struct json_writer *w, const char *key)
{
	if (w->comma)
		putc_unlocked(',', w->out);
	w->comma = true;
	if (key != NULL) {
		putc_unlocked('"', w->out);
		fputs_unlocked(key, w->out);
		fputs_unlocked("\":", w->out);
	}
}

void
json_open(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	putc_unlocked(bracket, w->out);
	w->comma = false;
}

void
json_close(struct json_writer *w, char bracket)
{
	putc_unlocked(bracket, w->out);
	w->comma = true;
}

void
json_line(struct json_writer *w)
{
	if (w->comma)
		putc_unlocked(',', w->out);
	w->comma = false;
	putc_unlocked('\n', w->out);
}

static void
put_escaped(FILE *out, unsigned char c)
{
	static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (const char *s = short_forms; *s != '\0'; s += 2) {
		if ((unsigned char)s[0] == c) {
			putc_unlocked('\\', out);
			putc_unlocked(s[1], out);
			return;
		}
	}
	fprintf(out, "\\u%04x", c);
}

void
json_text_sized(struct json_writer *w, const char *key, const char *text, size_t size)
{
	const char *end = text + size, *plain;

	begin(w, key);
	putc_unlocked('"', w->out);
	while (text < end) {
		size_t length;

		for (plain = text; plain < end && *plain >= ' ' && *plain < 0x7f && *plain != '"' && *plain != '\\'; plain++)
			;
		fwrite_unlocked(text, 1, (size_t)(plain - text), w->out);
		text = plain;
		if (text == end)
			break;
		length = output_utf8_size(text, (size_t)(end - text));
		if (length > 1)
			fwrite_unlocked(text, 1, length, w->out);
		else if (length == 1)
			put_escaped(w->out, (unsigned char)*text);
		else
			fprintf(w->out, "\\\\x%02x", (unsigned)(unsigned char)*text);
		text += length > 0 ? length : 1;
	}
	putc_unlocked('"', w->out);
}

void
json_text(struct json_writer *w, const char *key, const char *text)
{
	if (text == NULL)
		json_null(w, key);
	else
		json_text_sized(w, key, text, strlen(text));
}

void
json_null(struct json_writer *w, const char *key)
{
	begin(w, key);
	fputs_unlocked("null", w->out);
}

void
json_flag(struct json_writer *w, const char *key, bool value)
{
	begin(w, key);
	fputs_unlocked(value ? "true" : "false", w->out);
}

void
json_count(struct json_writer *w, const char *key, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	begin(w, key);
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, w->out);
}

void
json_decimal_text(double value, char *text, size_t size)
{
	const char *sign = value < 0 ? "-" : "";
	double millionths = (value < 0 ? -value : value) * 1e6 + 0.5;
	char digits[32];
	uint64_t n;
	size_t end;

	/* What is no number, or too large to be one of ours, is no value of JSON either. */
	n = millionths < 1e18 ? (uint64_t)millionths : 0;
	(void)snprintf(digits, sizeof(digits), "%" PRIu64 ".%06" PRIu64, n / 1000000, n % 1000000);
	end = strlen(digits);
	while (digits[end - 1] == '0' && digits[end - 2] != '.')
		end--;
	digits[end] = '\0';
	(void)snprintf(text, size, "%s%s", n > 0 ? sign : "", digits);
}

void
json_decimal(struct json_writer *w, const char *key, double value)
{
	char text[40];

	begin(w, key);
	json_decimal_text(value, text, sizeof(text));
	fputs_unlocked(text, w->out);
}
