/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations in a table, each with what must be said of it: whole, in pieces, and cut off anywhere; and tables
 * of probes, of losses and of what breaks the protocol. Also what such a test includes first.
 */
#ifndef PODWIRE_TESTS_SCENARIO_H
#define PODWIRE_TESTS_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

enum { SCENARIO_MESSAGES = 14 };

struct scenario {
	const char *name;
	struct message messages[SCENARIO_MESSAGES]; /* to the first without bytes */
	enum auth_result result;
	const char *method;
	bool clear; /* a secret is readable */
	uint32_t notes; /* NOTE(...) | ...: those that are set, and no others */
	/* What seldom differs. */
	const char *protocol; /* NULL: as the table */
	const char *principal; /* whom it names if asked for names; NULL: nobody */
	bool midstream; /* the beginning of the flow was not captured */
	bool upgrade; /* TLS goes on */
	bool tunnel; /* whoever's probe matches goes on */
	bool none_before; /* a beginning of it is a conversation without authentication, though the whole is not */
	bool whole_only; /* in pieces it ends otherwise: looked for after a loss at the bounds of segments */
	bool unclear; /* nothing of it is taken for readable */
};

/* Rows tell what is not zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define NOTE(name) (1u << NOTE_##name)
#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))
#define BYTES(text) (text), sizeof(text) - 1

/*
 * Runs each whole, and a stream in pieces of one to eleven bytes; then every prefix, of which none may say more than
 * the whole: no success, no secret that is not in it, and `none` only where the whole does. Nobody is named.
 */
void scenarios_check(const struct dissector *, const char *protocol, const struct scenario *, size_t count);

/* How many messages it has. */
size_t scenario_count(const struct scenario *);

/* Runs each as one who wants to know whom a login names. */
void principals_check(const struct dissector *, const struct scenario *, size_t count);

/* One probe: of text of that size from a side, by what must be answered. */
struct probe_case {
	const char *text;
	size_t size; /* 0: strlen */
	enum direction from;
	enum verdict verdict;
	uint16_t port; /* the server's */
	bool else_before; /* a prefix is taken for what the whole is not, or the reverse */
};

/* Asks about exactly these bytes, in a block of their own; strength may be NULL. */
enum verdict probe_bytes(const struct dissector *, const struct flow_view *, enum direction, const void *bytes, size_t size, enum strength *);

/* Asks about each, and of a stream about every prefix, which must not match where the whole does not. */
void probes_check(const struct dissector *, const struct probe_case *, size_t count);

/* The same in such a flow. */
void probes_check_in(const struct dissector *, const struct flow_view *, const struct probe_case *, size_t count);

/* What is sent, and the verdict on the last of it. */
struct verdict_case {
	struct message messages[4];
	enum verdict verdict;
	bool success; /* somebody logged in before */
};

void verdicts_check(const struct dissector *, const struct verdict_case *, size_t count);

/* After first, if any, one side sends a line that has no end. */
void endless_line_check(const struct dissector *, const char *first, enum direction from);

/* A hundred bytes of one side are lost before one of the messages, and the capture goes on with the rest of another. */
struct loss_case {
	struct message messages[SCENARIO_MESSAGES];
	size_t lost; /* the index of the message the gap comes before */
	enum direction from;
	enum auth_result result;
};

void losses_check(const struct dissector *, const char *rest, const struct loss_case *, size_t count);

/*
 * The same of messages that a test writes from steps, each a line in its own shorthand, to the first NULL. The writer
 * returns how many; their bytes last until it is called again.
 */
struct scripted_scenario {
	const char *name;
	const char *steps[SCENARIO_MESSAGES];
	enum auth_result result;
	const char *method;
	bool clear;
	uint32_t notes;
	bool none_before;
};

struct scripted_loss {
	const char *steps[SCENARIO_MESSAGES];
	size_t lost;
	enum direction from;
	enum auth_result result;
};

typedef size_t script_writer(struct message *, const char *const *steps);

void scripts_check(const struct dissector *, const char *protocol, const struct scripted_scenario *, size_t count, script_writer *);
void script_losses_check(const struct dissector *, const char *rest, const struct scripted_loss *, size_t count, script_writer *);

#endif
