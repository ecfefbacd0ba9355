/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations of the mail protocols with what is to be told of them; also what the tests include first. */
#ifndef PODWIRE_TESTS_MAIL_CASES_H
#define PODWIRE_TESTS_MAIL_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

enum { MAIL_CASE_LINE = 20000 };

struct mail_case {
	const char *name;
	const struct message *messages;
	size_t count;
	enum auth_result result;
	const char *method;
	bool clear, upgrade, midstream;
	const char *principal; /* or NULL */
	const char *protocol;  /* or NULL: as the others */
	uint32_t notes;
};

#define MESSAGES(...) .messages = (const struct message[]){ __VA_ARGS__ }, .count = sizeof((struct message[]){ __VA_ARGS__ }) / sizeof(struct message)

/* Each case whole, in pieces, and cut at every byte. */
void mail_check_cases(const struct dissector *, const char *protocol, const struct mail_case *, size_t count);

struct mail_probe {
	const char *text;
	enum direction from;
	uint16_t port; /* the server's */
	enum verdict verdict;
};

void mail_check_probes(const struct dissector *, const struct mail_probe *, size_t count);

#endif
