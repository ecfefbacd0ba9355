/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames for tests, made from the inside out: begin with the payload, then put each header before
 * what there is. Lengths in headers are those of what follows at that moment.
 */
#ifndef PODWIRE_FRAME_BUILDER_H
#define PODWIRE_FRAME_BUILDER_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_ROOM = 200000 };

struct frame_builder {
	uint8_t room[FRAME_ROOM];
	size_t at; /* of the first byte so far; the end is that of the room */
};

static inline uint8_t *
frame_bytes(struct frame_builder *b)
{
	return b->room + b->at;
}

static inline size_t
frame_size(const struct frame_builder *b)
{
	return FRAME_ROOM - b->at;
}

/* Begins with size bytes of payload. */
void frame_begin(struct frame_builder *, const void *payload, size_t size);

/* Puts bytes before what there is. */
void frame_put(struct frame_builder *, const void *bytes, size_t size);
void frame_put8(struct frame_builder *, unsigned value);
void frame_put16(struct frame_builder *, unsigned value);
void frame_put32(struct frame_builder *, uint32_t value);

/* From 10.0.0.1 or fd00::1 to 10.0.0.2 or fd00::2 with hop limit 64. */
void frame_ipv4(struct frame_builder *, uint8_t protocol);
void frame_ipv4_fragment(struct frame_builder *, uint8_t protocol, uint16_t id, uint16_t flags_and_offset);
void frame_ipv6(struct frame_builder *, uint8_t next);
void frame_ipv6_fragment(struct frame_builder *, uint8_t next, uint32_t id, uint16_t offset_and_more);
/* An extension header of 8 bytes, filled with PadN. */
void frame_ipv6_extension(struct frame_builder *, uint8_t next);

/* With sequence 1000, acknowledgement 2000, flags PSH and ACK, window 512. */
void frame_tcp(struct frame_builder *, uint16_t source, uint16_t destination, const void *options, size_t options_size);
void frame_udp(struct frame_builder *, uint16_t source, uint16_t destination);

void frame_ethernet(struct frame_builder *, uint16_t type);
/* The inside of a tag: what follows a tag's type. */
void frame_vlan(struct frame_builder *, uint16_t type);

#endif
