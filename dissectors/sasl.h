/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms of SASL (RFC 4422, and IANA's list of them), which many protocols offer in a frame
 * of their own: what outputs call each, and whether who hears it can use it again.
 */
#ifndef PODWIRE_SASL_H
#define PODWIRE_SASL_H

#include <stdbool.h>

#include "cursor.h"

struct sasl_mechanism {
	const char *name;   /* as on the wire */
	const char *method; /* as in evidence */
	bool replayable;    /* it sends a password or token as it is */
};

/* The mechanism of that name, ASCII letters compared without case; one called "sasl-other" for a name that is not known. */
const struct sasl_mechanism *sasl_mechanism(struct cursor name);

/* Whether name is in the list: a word that, of itself, says that a line or field is SASL's. */
bool sasl_is_known(struct cursor name);

/* Whether name has the form of a mechanism's name: 1 to 24 letters, digits, '-' and '_' (RFC 4422 3.1, which has 20). */
bool sasl_is_name(struct cursor name);

#endif
