/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker is working on, in memory that it shares with the launcher: when the worker dies, it tells whose bytes it read.
 */
#ifndef PODWIRE_WORKER_NOTE_H
#define PODWIRE_WORKER_NOTE_H

#include <stdint.h>

#include "address.h"

struct worker_note {
	uint32_t busy;             /* 1 while a packet is being worked on */
	struct address address[2]; /* its source and destination */
	uint16_t port[2];
	uint8_t ip_protocol;
	char protocol[24];         /* of the flow's dissector; "" before there is one */
	uint64_t packets;          /* worked on so far */
};

#endif
