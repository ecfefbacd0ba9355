/* SPDX-License-Identifier: Apache-2.0 */
/* What the outputs share: names, identifiers, times, amounts, and text of a given width. */
#ifndef PODWIRE_OUTPUT_TEXT_H
#define PODWIRE_OUTPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"

enum {
	OUTPUT_TIME_SIZE = 40,
	OUTPUT_TRANSPORT_SIZE = 8,
	OUTPUT_ID_SIZE = 17,
	OUTPUT_AMOUNT_SIZE = 32,
	OUTPUT_FILTER_SIZE = 256,
	OUTPUT_NAME_SIZE = 1152, /* holds any peer's name */
};

/* The size of the UTF-8 character (RFC 3629) at text, which has size bytes; 0 where there is none. */
size_t output_utf8_size(const char *text, size_t size);

/* "tcp", "udp", "icmp", "icmpv6", "esp", "ah", "sctp", else the protocol's number. */
const char *output_transport(uint8_t ip_protocol, char text[OUTPUT_TRANSPORT_SIZE]);

/* Reads it back; -1 where text is none. */
int output_transport_number(const char *text);

/* Nanoseconds since 1970 as "2024-01-31T12:00:00.123456789Z" (RFC 3339). */
const char *output_time(int64_t nanoseconds, char text[OUTPUT_TIME_SIZE]);

/* The same of whole seconds; NULL outside the years 1 to 9999. */
const char *output_time_seconds(int64_t seconds, char text[OUTPUT_TIME_SIZE]);

/* Reads what output_time() wrote, nothing else. */
bool output_time_parse(const char *text, int64_t *nanoseconds);

/* Identifies the pair by its ends: the same in every run and on every machine. */
void output_pair_id(const struct pair *, char id[OUTPUT_ID_SIZE]);

/* "12,345"; "1.5 MB". */
const char *output_count(uint64_t, char text[OUTPUT_AMOUNT_SIZE]);
const char *output_bytes(uint64_t, char text[OUTPUT_AMOUNT_SIZE]);

/* "1 flow", "12,345 flows". */
const char *output_quantity(uint64_t count, const char *one, const char *many, char text[OUTPUT_AMOUNT_SIZE]);

/* The path of an input file, and the part after its last slash; "?" where there is none of this index. */
const char *output_path(const struct report *, uint16_t file);
const char *output_file_name(const struct report *, uint16_t file);

/* "10.0.0.1:80", "[fd00::1]:80"; the address alone where the protocol has no ports. */
void output_socket(const struct address *, uint16_t port, uint8_t ip_protocol, char *text, size_t size);

/* "redis:6379", "dns:53/udp", "icmp": a service of a class, in short. */
void output_service(const struct evidence_class *, char *text, size_t size);

/* How a class is encrypted ("plaintext", "TLS1.3 mutual") and authenticated ("none", "md5", "failed md5"), in short. */
void output_encryption(const struct evidence_class *, char *text, size_t size);
void output_authentication(const struct evidence_class *, char *text, size_t size);

/* Whether the locale writes UTF-8. */
bool output_is_utf8(void);

/*
 * Makes text fit for a terminal, in place: control characters, and what the locale cannot write,
 * become '?'.
 */
void output_clean(char *text, bool utf8);

/* The columns that clean text takes. */
size_t output_columns(const char *text, bool utf8);

/* Copies clean text into out[size], cut to so many columns with an ellipsis: in the middle, as of names, or at the end. */
enum output_cut { OUTPUT_CUT_MIDDLE, OUTPUT_CUT_END };
void output_fit(const char *text, size_t columns, enum output_cut, bool utf8, char *out, size_t size);

/* A share of one as "0.57": "0.00" and "1.00" only where it is just that. */
const char *output_share(double share, char text[OUTPUT_AMOUNT_SIZE]);

/* The same as "57%". */
const char *output_percent(double share, char text[OUTPUT_AMOUNT_SIZE]);

/*
 * Writes text, of any length, in lines of at most width columns (0: one line), broken at spaces. The
 * first line begins with lead, which has been cleaned, the others with as many spaces.
 */
void output_wrapped(FILE *, const char *lead, const char *text, unsigned width, bool utf8);

#endif
