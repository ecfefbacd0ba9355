/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON (RFC 8259) straight to a stream: nothing is built in memory, whatever the size of a
 * document. Whoever calls it nests and names members rightly; commas and escapes are made here.
 */
#ifndef PODWIRE_JSON_WRITER_H
#define PODWIRE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer {
	FILE *out;
	bool comma; /* the next value follows another */
};

/* key NULL: an element of an array, or the top. */

void json_open(struct json_writer *, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json_writer *, char bracket);                 /* '}' or ']' */

/* The next value, or closing bracket, stands on a line of its own. */
void json_line(struct json_writer *);

/* text NULL: null. A byte that is not UTF-8 is written as the four characters \xNN, so that any path can be told. */
void json_text(struct json_writer *, const char *key, const char *text);
void json_text_sized(struct json_writer *, const char *key, const char *text, size_t size);
void json_null(struct json_writer *, const char *key);
void json_flag(struct json_writer *, const char *key, bool value);
void json_count(struct json_writer *, const char *key, uint64_t value);

/* A number rounded to six decimals, written with as few as it needs and at least one. */
void json_decimal(struct json_writer *, const char *key, double value);

/* The same text, into text[size]: how people and JSON are shown one and the same number. */
void json_decimal_text(double value, char *text, size_t size);

#endif
