/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for tests, byte by byte. */
#include <config.h>

#include "tests/sensor/frame_builder.h"

#include <stdlib.h>
#include <string.h>

void
frame_begin(struct frame_builder *b, const void *payload, size_t size)
{
	b->at = FRAME_ROOM;
	frame_put(b, payload, size);
}

void
frame_put(struct frame_builder *b, const void *bytes, size_t size)
{
	if (size > b->at)
		abort();
	b->at -= size;
	if (size > 0)
		memcpy(b->room + b->at, bytes, size);
}

void
frame_put8(struct frame_builder *b, unsigned value)
{
	frame_put(b, &(uint8_t){ (uint8_t)value }, 1);
}

void
frame_put16(struct frame_builder *b, unsigned value)
{
	frame_put8(b, value & 0xff);
	frame_put8(b, value >> 8 & 0xff);
}

void
frame_put32(struct frame_builder *b, uint32_t value)
{
	frame_put16(b, value & 0xffff);
	frame_put16(b, value >> 16);
}

void
frame_ipv4_fragment(struct frame_builder *b, uint8_t protocol, uint16_t id, uint16_t flags_and_offset)
{
	unsigned size = (unsigned)frame_size(b) + 20;

	frame_put32(b, 0x0a000002);
	frame_put32(b, 0x0a000001);
	frame_put16(b, 0);
	frame_put8(b, protocol);
	frame_put8(b, 64);
	frame_put16(b, flags_and_offset);
	frame_put16(b, id);
	frame_put16(b, size > 0xffff ? 0 : size);
	frame_put16(b, 0x4500);
}

void
frame_ipv4(struct frame_builder *b, uint8_t protocol)
{
	frame_ipv4_fragment(b, protocol, 0x1234, 0x4000);
}

void
frame_ipv6(struct frame_builder *b, uint8_t next)
{
	static const uint8_t addresses[32] = { [0] = 0xfd, [15] = 1, [16] = 0xfd, [31] = 2 };
	unsigned size = (unsigned)frame_size(b);

	frame_put(b, addresses, sizeof(addresses));
	frame_put8(b, 64);
	frame_put8(b, next);
	frame_put16(b, size > 0xffff ? 0 : size);
	frame_put32(b, 0x60000000);
}

void
frame_ipv6_fragment(struct frame_builder *b, uint8_t next, uint32_t id, uint16_t offset_and_more)
{
	frame_put32(b, id);
	frame_put16(b, offset_and_more);
	frame_put8(b, 0);
	frame_put8(b, next);
}

void
frame_ipv6_extension(struct frame_builder *b, uint8_t next)
{
	frame_put32(b, 0);
	frame_put16(b, 0x0104);
	frame_put8(b, 0);
	frame_put8(b, next);
}

void
frame_tcp(struct frame_builder *b, uint16_t source, uint16_t destination, const void *options, size_t options_size)
{
	frame_put(b, options, options_size);
	frame_put16(b, 7);
	frame_put16(b, 0);
	frame_put16(b, 512);
	frame_put8(b, 0x18);
	frame_put8(b, (unsigned)(5 + options_size / 4) << 4);
	frame_put32(b, 2000);
	frame_put32(b, 1000);
	frame_put16(b, destination);
	frame_put16(b, source);
}

void
frame_udp(struct frame_builder *b, uint16_t source, uint16_t destination)
{
	unsigned size = (unsigned)frame_size(b) + 8;

	frame_put16(b, 0);
	frame_put16(b, size > 0xffff ? 0 : size);
	frame_put16(b, destination);
	frame_put16(b, source);
}

void
frame_ethernet(struct frame_builder *b, uint16_t type)
{
	static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	frame_put16(b, type);
	frame_put(b, addresses, sizeof(addresses));
}

void
frame_vlan(struct frame_builder *b, uint16_t type)
{
	frame_put16(b, type);
	frame_put16(b, 100);
}
