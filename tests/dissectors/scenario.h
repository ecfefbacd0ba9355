/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in a table, each with what must be said of it: whole, in pieces, and cut off anywhere. */
#ifndef PODWIRE_TESTS_SCENARIO_H
#define PODWIRE_TESTS_SCENARIO_H

#include "conversation.h"

enum { SCENARIO_MESSAGES = 14 };

struct scenario {
	const char *name;
	struct message messages[SCENARIO_MESSAGES];
	enum auth_result result;
	const char *method;
	bool clear;
	uint32_t notes; /* 1 << enum note: all that must be set */
};

/*
 * Runs each whole, byte by byte and in pieces of seven; then every prefix, of which none may say more
 * than the whole: no success, no secret that is not in it. The protocol must be plaintext.
 */
void scenarios_check(const struct dissector *, const char *protocol, const struct scenario *, size_t count);

/* One probe: of text of that size from a side, by what must be answered. */
struct probe_case {
	const char *text;
	size_t size; /* 0: strlen */
	enum direction from;
	enum verdict verdict;
};

/* Asks about each, and about every prefix of it, which must not match where the whole does not. */
void probes_check(const struct dissector *, const struct probe_case *, size_t count);

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

#endif
