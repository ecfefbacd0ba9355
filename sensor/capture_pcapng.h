/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of pcapng files for capture_file.c. libpcap gives a file one link-layer type and refuses
 * files whose interfaces differ in it, which Wireshark writes wherever it captures on all of them.
 */
#ifndef PODWIRE_CAPTURE_PCAPNG_H
#define PODWIRE_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "capture.h"

enum { PCAPNG_FIRST_BYTE = 0x0a }; /* of a section header in any byte order; no pcap file begins so */

struct pcapng;

/*
 * Reads from file, which stays the caller's, as far as the first packet. NULL on an error, with one
 * line in error[]: not a pcapng file, not one interface of a link-layer type that is read. Returns owned.
 */
struct pcapng *pcapng_new(FILE *file, char *error, size_t error_size);
void pcapng_free(struct pcapng *);

/* The next packet: time, link_type, bytes, captured and original of *frame are filled. */
enum capture_result pcapng_next(struct pcapng *, struct frame *frame, char *error, size_t error_size);

/* The reason given where the file ends inside a block. */
#define CAPTURE_TRUNCATED "truncated"

#endif
