/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation that stands by itself, recorded or too long for a table, with what must be known at its end. */
#ifndef PODWIRE_TESTS_EXPECTED_H
#define PODWIRE_TESTS_EXPECTED_H

#include "scenario.h"

struct expected {
	const struct message *messages;
	size_t count;
	uint8_t result; /* enum auth_result */
	const char *method;
	uint32_t notes;
	bool cleartext;
	const char *principal; /* NULL: whoever */
	enum verdict verdict;  /* NO_MATCH: whatever */
};

/* What is known is this; the messages are not looked at. */
void expected_check_evidence(const struct conversation *, const char *protocol, const struct expected *);

/* The conversation whole, in small pieces and byte by byte, with and without principals; and every prefix, for what it reads. */
void expected_check(const struct dissector *, const char *protocol, const struct expected *);

#endif
