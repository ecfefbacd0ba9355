/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a state, between state_json.c and state_series.c. */
#ifndef PODWIRE_STATE_INTERNAL_H
#define PODWIRE_STATE_INTERNAL_H

#include "json_document.h"
#include "json_writer.h"
#include "state_file.h"

/* Members of the document, in the order in which they are read. */
enum state_member { STATE_HEAD, STATE_CELLS, STATE_PAIRS, STATE_TRAFFIC, STATE_FINDINGS, STATE_KNOWN, STATE_NAMESPACES, STATE_MEMBER_COUNT };
extern const char *const state_member_names[];

/* A state being read. */
struct state_reader {
	struct json_document document;
	const struct state *state;
	struct json_piece pieces[STATE_MEMBER_COUNT];
	int64_t now;              /* steady */
	int64_t away;             /* nanoseconds from when it was saved until now */
};

/* Writes the series' members, with times as of now (steady). */
void state_write_series(struct json_writer *, const struct series *, int64_t now);

/* Reads them; false after an error. */
bool state_read_series(struct state_reader *);

/* Goes through the objects or arrays of a member; each() may fail the document. */
bool state_each(struct state_reader *, enum state_member, void (*each)(struct state_reader *, struct json_spot *, void *context), void *context);

#endif
