/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A label for flows that no dissector of ours claims, from nDPI (classifier_ndpi.c), or from nobody
 * where podwire was built without it (classifier_none.c). A label is a name; nothing about
 * encryption or authentication is ever taken from it, and guesses are not asked for.
 */
#ifndef PODWIRE_CLASSIFIER_H
#define PODWIRE_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct classifier;
struct classifier_flow;

/* Names as nDPI has them, lower case, cleaned; "" where there is none. */
struct classifier_label {
	char master[32], application[32], category[32];
};

enum { CLASSIFIER_PACKETS_MAX = 12 };

/*
 * A classifier for one thread; NULL with a line in error[] where the library cannot be used, such
 * as one whose structures differ from those this was built for. Returns owned.
 */
struct classifier *classifier_new(char *error, size_t error_size);
void classifier_free(struct classifier *);

/* The library and its version ("nDPI 4.2.0"), or "none". */
const char *classifier_version(void);

/* Begins a flow; returns owned, NULL without memory. */
struct classifier_flow *classifier_flow_new(struct classifier *);

/*
 * Shows a packet, whole from its IP header on and with headers that were validated. False once it
 * wants no more.
 */
bool classifier_packet(struct classifier *, struct classifier_flow *, const uint8_t *ip, size_t size, uint64_t milliseconds, bool from_client);

/* Ends a flow: *out is what it is, if by inspection; all of its state is wiped and freed. */
void classifier_flow_end(struct classifier *, struct classifier_flow *, struct classifier_label *out);

#endif
