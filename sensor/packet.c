/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet decoder: one frame in, one packet or a reason out. The layers are read in
 * packet_link.c, packet_ip.c, packet_transport.c and packet_tunnel.c; fragments wait in fragment.c.
 */
#include <config.h>

#include "packet.h"

#include <stdlib.h>

#include "packet_internal.h"

const char *const tunnel_names[] = {
	[TUNNEL_NONE] = "none",
	[TUNNEL_VXLAN] = "vxlan",
	[TUNNEL_GENEVE] = "geneve",
	[TUNNEL_GRE] = "gre",
	[TUNNEL_IPIP] = "ipip",
	[TUNNEL_6IN4] = "6in4",
	[TUNNEL_IP6TNL] = "ip6tnl",
	[TUNNEL_GTPU] = "gtp-u",
	[TUNNEL_TEREDO] = "teredo",
	[TUNNEL_PPPOE] = "pppoe",
	[TUNNEL_COUNT] = NULL,
};

const char *const packet_result_names[] = {
	[PACKET_OK] = "ok",
	[PACKET_NOT_IP] = "not-ip",
	[PACKET_FRAGMENT_HELD] = "fragment-held",
	[PACKET_FRAGMENT_DROPPED] = "fragment-dropped",
	[PACKET_TRUNCATED_HEADER] = "truncated-header",
	[PACKET_MALFORMED_LINK] = "malformed-link",
	[PACKET_MALFORMED_IP] = "malformed-ip",
	[PACKET_MALFORMED_TRANSPORT] = "malformed-transport",
	[PACKET_TOO_DEEP] = "too-deep",
	[PACKET_UNSUPPORTED_LINK] = "unsupported-link",
	[PACKET_ENCAPSULATION_ENCRYPTED] = "encapsulation-encrypted",
	[PACKET_LINK_CONTROL] = "link-control",
	[PACKET_RESULT_COUNT] = NULL,
};

struct packet_decoder *
packet_decoder_new(size_t fragment_memory)
{
	struct packet_decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder == NULL)
		return NULL;
	decoder->fragments = fragments_new(fragment_memory, &decoder->counters[PACKET_FRAGMENT_DROPPED]);
	if (decoder->fragments == NULL) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

void
packet_decoder_free(struct packet_decoder *decoder)
{
	if (decoder == NULL)
		return;
	fragments_free(decoder->fragments);
	free(decoder);
}

void
packet_decoder_share(struct packet_decoder *decoder, uint32_t count, uint32_t index, packet_share *share)
{
	decoder->share = share;
	decoder->share_count = count;
	decoder->share_index = index;
}

const uint64_t *
packet_decoder_counters(const struct packet_decoder *decoder)
{
	return decoder->counters;
}

enum packet_result
packet_decode(struct packet_decoder *decoder, const struct frame *frame, struct packet *out)
{
	struct decoding decoding = { .decoder = decoder, .packet = out };
	/* Broken files give fewer bytes to the wire than were captured. */
	struct layer layer = {
		.at = frame->bytes,
		.left = frame->captured,
		.wire = frame->original > frame->captured ? frame->original : frame->captured,
	};
	enum packet_result result;

	*out = (struct packet){ .frame = frame, .tunnel = frame->tunnel };
	fragments_begin(decoder->fragments);
	result = packet_link(&decoding, frame->link_type, &layer);
	decoder->counters[result]++;
	return result;
}
