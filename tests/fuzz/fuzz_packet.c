/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for the packet decoder. The input is a byte that chooses the link-layer type, then
 * frames: two length bytes (big-endian), a byte of seconds that pass (its upper two bits: how much
 * more than what was captured the wire carried), the frame. One decoder sees them all, so that
 * fragments meet.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "dissectors/cursor.h"
#include "sensor/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t sizes_beyond[4] = { 0, 100, 70000, UINT32_MAX };
static const int link_types[] = { 1, 0, 9, 12, 14, 50, 51, 101, 108, 113, 228, 229, 276, 105 };

static void
check(int condition)
{
	if (!condition)
		abort();
}

/* Reads all that a packet points to, for the sanitizers to see. */
static void
read_packet(const struct packet *p)
{
	static volatile uint8_t sum;

	check(p->payload_captured <= p->payload_size && p->ip_captured <= p->ip_size);
	check(p->truncated == (p->payload_captured < p->payload_size));
	check(p->payload >= p->ip && p->payload + p->payload_captured <= p->ip + p->ip_captured);
	for (uint32_t i = 0; i < p->ip_captured; i++)
		sum = (uint8_t)(sum + p->ip[i]);
}

static void
decode(struct packet_decoder *decoder, struct frame *frame, struct cursor bytes)
{
	uint8_t *block = malloc(bytes.left + (bytes.left == 0));
	struct packet packet;

	check(block != NULL);
	if (bytes.left > 0)
		memcpy(block, bytes.at, bytes.left);
	frame->bytes = block;
	if (packet_decode(decoder, frame, &packet) == PACKET_OK)
		read_packet(&packet);
	free(block);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_over(data, size);
	struct packet_decoder *decoder = packet_decoder_new(20000);
	struct frame frame = { .link_type = link_types[cursor_u8(&input) % (sizeof(link_types) / sizeof(link_types[0]))] };

	check(decoder != NULL);
	while (cursor_left(&input) >= 3) {
		uint16_t length = cursor_u16(&input);
		uint8_t control = cursor_u8(&input);
		struct cursor bytes = cursor_sub(&input, length < cursor_left(&input) ? length : cursor_left(&input));

		frame.number++;
		frame.time += (control & 0x3f) * INT64_C(1000000000);
		frame.captured = (uint32_t)bytes.left;
		frame.original = sizes_beyond[control >> 6];
		if (frame.original < UINT32_MAX - frame.captured)
			frame.original += frame.captured;
		decode(decoder, &frame, bytes);
	}
	packet_decoder_free(decoder);
	return 0;
}
