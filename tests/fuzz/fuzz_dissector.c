/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fuzz target per dissector, from this one file: FUZZ_DISSECTOR is the descriptor. The input is
 * a conversation: a control byte, two length bytes (big-endian), that many bytes, and again. Control
 * bit 0 is the direction, bit 1 a gap of that length in place of bytes, bit 2 "mid-stream".
 */
#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>

#include "dissectors/dissector.h"
#include "tests/dissectors/conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
probe(struct cursor bytes, enum direction from)
{
	struct flow_view flow = { .ip_protocol = FUZZ_DISSECTOR.ip_protocol, .client_port = 40000, .server_port = 1 };
	enum strength strength = STRENGTH_NONE;

	(void)FUZZ_DISSECTOR.probe(&flow, from, bytes, &strength);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_over(data, size);
	struct conversation c;
	bool first[2] = { true, true };

	conversation_init(&c, &FUZZ_DISSECTOR);
	while (cursor_left(&input) >= 3) {
		uint8_t control = cursor_u8(&input);
		uint16_t length = cursor_u16(&input);
		enum direction from = control & 1 ? FROM_SERVER : FROM_CLIENT;
		struct cursor bytes;

		if (control & 4)
			c.flow.handshake_seen = false;
		if (control & 2) {
			conversation_gap(&c, from, length);
			continue;
		}
		bytes = cursor_sub(&input, length < cursor_left(&input) ? length : cursor_left(&input));
		if (first[from])
			probe(bytes, from);
		first[from] = false;
		conversation_send(&c, from, bytes.at, bytes.left);
	}
	conversation_end(&c);
	conversation_clear(&c);
	return 0;
}
