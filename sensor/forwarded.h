/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that one worker hands to another, whose connection they are of: a datagram each. The
 * sender may have been taken over, so they are read as hostile input.
 */
#ifndef PODWIRE_FORWARDED_H
#define PODWIRE_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

enum { FORWARDED_BYTES_MAX = 128 << 10 }; /* of a frame: more than any super-packet */

struct forwarded_header {
	int64_t time;
	uint64_t number;
	uint32_t original;
	int32_t link_type;
	uint32_t slot;
	uint32_t tunnel; /* enum tunnel, as of struct frame */
};

enum { FORWARDED_SIZE_MAX = sizeof(struct forwarded_header) + FORWARDED_BYTES_MAX };

/* Sends without waiting; false where it did not fit. */
bool forwarded_send(int fd, const struct frame *);

/*
 * A frame from a datagram, whose bytes it borrows; false where it is none. now, nanoseconds since
 * 1970, bounds its time: one far off would end flows that go on.
 */
bool forwarded_read(const uint8_t *datagram, size_t size, int64_t now, struct frame *out);

#endif
