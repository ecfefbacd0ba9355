/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bytes that no dissector recognises tell of themselves: whether they are readable text. Only
 * that can be said. Bytes without order may be encrypted or compressed alike, so their entropy is
 * never a reason to call them encrypted; and base64 is printable but hides what it carries.
 */
#ifndef PODWIRE_READABLE_H
#define PODWIRE_READABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"

enum {
	READABLE_SIZE_MIN = 32,    /* fewer bytes could be printable by chance */
	READABLE_SAMPLE_MAX = 1024, /* bytes of a direction that are looked at */
	READABLE_ENTROPY_MIN = 256, /* bytes from which on entropy is asked for */
	READABLE_RUN_MAX = 40,     /* letters and digits in a row: longer than a word */
};

/* A sample of one direction. Zeroed at the start. */
struct readable {
	uint16_t size;      /* bytes looked at */
	uint16_t printable; /* of these, text: ASCII or well-formed UTF-8 */
	uint16_t opaque;    /* of these, in runs as base64 and hexadecimal have */
	uint16_t separators; /* of these, white space and punctuation between words */
	uint16_t run;       /* length of the run at the end */
	uint8_t expected;   /* bytes of a UTF-8 sequence that are to come */
	uint8_t count[96];  /* by printable ASCII character; stops at 255 */
};

enum readable_verdict {
	READABLE_NOTHING,  /* no byte */
	READABLE_LITTLE,   /* text as far as it goes, but too little to tell */
	READABLE_TEXT,
	READABLE_NOT,
};

/* Adds bytes to the sample, up to READABLE_SAMPLE_MAX; false once it is full. */
bool readable_add(struct readable *, struct cursor bytes);

/*
 * Text is: 95 in 100 bytes are printable; at least one in 25 stands between words; at most half are in
 * runs of READABLE_RUN_MAX characters; and of READABLE_ENTROPY_MIN bytes and more, the characters
 * have at most 5.5 bits of entropy (prose has 4.3, JSON and configuration 5, base64 nearly 6).
 */
enum readable_verdict readable_judge(const struct readable *);

#endif
