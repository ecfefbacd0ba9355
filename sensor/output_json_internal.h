/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the JSON outputs: each writes one member of the current object, or, with key NULL, one element. */
#ifndef PODWIRE_OUTPUT_JSON_INTERNAL_H
#define PODWIRE_OUTPUT_JSON_INTERNAL_H

#include "json_writer.h"
#include "output.h"

/* The pair with its policies and evidence. */
void json_pair(struct json_writer *, const char *key, const struct report *, const struct pair *);

/* The pair without its evidence. */
void json_pair_summary(struct json_writer *, const char *key, const struct report *, const struct pair *);

void json_finding(struct json_writer *, const char *key, const struct report *, const struct finding *);
void json_flow(struct json_writer *, const char *key, const struct report *, const struct flow_record *, const struct output_options *);

/* Small pieces they share. */

void json_time(struct json_writer *, const char *key, int64_t nanoseconds);
void json_transport(struct json_writer *, const char *key, uint8_t ip_protocol);

/* The path of an input file; null where there is none of this index. */
void json_file(struct json_writer *, const char *key, const struct report *, uint16_t file);

/* An object with the members client and server. */
void json_by_direction(struct json_writer *, const char *key, const uint64_t counts[2]);

/* An array with the names of the bits that are set. */
void json_bits(struct json_writer *, const char *key, uint32_t bits, const char *const names[]);

/* One claim's basis; nothing where there is none. */
void json_basis(struct json_writer *, const struct report *, enum claim, const struct example_basis *);

#endif
