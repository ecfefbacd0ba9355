/* SPDX-License-Identifier: Apache-2.0 */
/* The packet decoder: every stack of headers, every prefix of it, lengths that lie, depth. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/packet.h"
#include "tests/sensor/frame_builder.h"

enum { ETHERNET = 1, RAW = 101, IP4 = 0x0800, IP6 = 0x86dd, TCP = 6, UDP = 17 };

static const char payload[] = "GET / HTTP/1.1";
enum { PAYLOAD_SIZE = sizeof(payload) - 1 };

static struct packet_decoder *decoder;
static struct frame_builder b;
static struct frame frame;
static struct packet packet;
static uint8_t *block; /* the frame's bytes, alone in their heap block */

static int
setup(void **state)
{
	(void)state;
	decoder = packet_decoder_new(1 << 20);
	return decoder == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	packet_decoder_free(decoder);
	free(block);
	block = NULL;
	return 0;
}

/* All pointers of a packet stay within the frame, or within what the decoder put together. */
static void
check_bounds(enum packet_result result)
{
	volatile uint8_t sum = 0;

	if (result != PACKET_OK)
		return;
	assert_true(packet.payload_captured <= packet.payload_size);
	assert_int_equal(packet.truncated, packet.payload_captured < packet.payload_size);
	assert_true(packet.ip_captured <= packet.ip_size);
	if (!packet.reassembled) {
		assert_true(packet.ip >= block && packet.ip + packet.ip_captured <= block + frame.captured);
		assert_true(packet.payload >= packet.ip && packet.payload + packet.payload_captured <= packet.ip + packet.ip_captured);
	}
	for (uint32_t i = 0; i < packet.ip_captured; i++)
		sum = (uint8_t)(sum + packet.ip[i]);
	for (uint32_t i = 0; i < packet.payload_captured; i++)
		sum = (uint8_t)(sum + packet.payload[i]);
}

static enum packet_result
decode_cut(int link_type, size_t captured, size_t original)
{
	static uint64_t number;
	enum packet_result result;

	free(block);
	block = malloc(captured + (captured == 0));
	assert_non_null(block);
	memcpy(block, frame_bytes(&b), captured);
	frame = (struct frame){
		.time = 1000000000,
		.number = ++number,
		.link_type = link_type,
		.bytes = block,
		.captured = (uint32_t)captured,
		.original = (uint32_t)original,
	};
	result = packet_decode(decoder, &frame, &packet);
	assert_ptr_equal(packet.frame, &frame);
	check_bounds(result);
	return result;
}

static enum packet_result
decode(int link_type)
{
	return decode_cut(link_type, frame_size(&b), frame_size(&b));
}

/*
 * The frame cut at each byte. Where the wire had more, a header is cut and never malformed; where
 * it had not, anything but a read outside.
 */
static void
each_prefix(int link_type)
{
	for (size_t i = 0; i < frame_size(&b); i++) {
		enum packet_result result = decode_cut(link_type, i, frame_size(&b));

		if (result == PACKET_OK)
			assert_true(packet.truncated || packet.payload_size == 0);
		else if (result != PACKET_TRUNCATED_HEADER)
			fail_msg("link type %d, %zu bytes: %s", link_type, i, packet_result_names[result]);
		(void)decode_cut(link_type, i, i);
	}
}

static void
begin_tcp(void)
{
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_tcp(&b, 40000, 80, NULL, 0);
}

static void
begin_ipv4(void)
{
	begin_tcp();
	frame_ipv4(&b, TCP);
}

static void
begin_ipv6(void)
{
	begin_tcp();
	frame_ipv6(&b, TCP);
}

static void
begin_ethernet(void)
{
	begin_ipv4();
	frame_ethernet(&b, IP4);
}

/* What every stack below carries. */
static void
check_inner(uint8_t tunnel)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
	bool v4 = packet.ip[0] >> 4 == 4;

	assert_string_equal(address_text(&packet.source, source), v4 ? "10.0.0.1" : "fd00::1");
	assert_string_equal(address_text(&packet.destination, destination), v4 ? "10.0.0.2" : "fd00::2");
	assert_int_equal(packet.ip_protocol, TCP);
	assert_int_equal(packet.source_port, 40000);
	assert_int_equal(packet.destination_port, 80);
	assert_int_equal(packet.sequence, 1000);
	assert_int_equal(packet.acknowledgement, 2000);
	assert_int_equal(packet.tcp_flags, TCP_PSH | TCP_ACK);
	assert_int_equal(packet.window, 512);
	assert_int_equal(packet.urgent, 7);
	assert_int_equal(packet.hop_limit, 64);
	assert_int_equal(packet.tunnel, tunnel);
	assert_int_equal(packet.payload_size, PAYLOAD_SIZE);
	assert_int_equal(packet.payload_captured, PAYLOAD_SIZE);
	assert_memory_equal(packet.payload, payload, PAYLOAD_SIZE);
	assert_false(packet.truncated);
}

/* Stacks: each function makes one, around the same segment. */

static void
vlan(void)
{
	begin_ipv4();
	frame_vlan(&b, IP4);
	frame_ethernet(&b, 0x8100);
}

static void
qinq(void)
{
	begin_ipv6();
	frame_vlan(&b, IP6);
	frame_vlan(&b, 0x8100);
	frame_vlan(&b, 0x9100);
	frame_ethernet(&b, 0x88a8);
}

static void
mpls(void)
{
	begin_ipv4();
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	frame_put32(&b, 16u << 12 | 64);
	frame_ethernet(&b, 0x8847);
}

static void
mpls_ipv6(void)
{
	begin_ipv6();
	frame_put32(&b, 2u << 12 | 1 << 8 | 64);
	frame_ethernet(&b, 0x8848);
}

static void
mpls_pseudo_wire(void)
{
	begin_ethernet();
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	frame_ethernet(&b, 0x8847);
}

static void
mpls_control_word(void)
{
	begin_ethernet();
	frame_put32(&b, 7);
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	frame_ethernet(&b, 0x8847);
}

static void
snap(void)
{
	static const uint8_t header[] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };

	begin_ipv4();
	frame_put(&b, header, sizeof(header));
	frame_ethernet(&b, (uint16_t)frame_size(&b));
}

static void
pppoe_with(uint16_t protocol)
{
	frame_put16(&b, protocol);
	frame_put16(&b, (unsigned)frame_size(&b));
	frame_put16(&b, 9);
	frame_put16(&b, 0x1100);
}

static void
pppoe(void)
{
	begin_ipv4();
	pppoe_with(0x21);
	frame_ethernet(&b, 0x8864);
}

static void
pppoe_ipv6(void)
{
	begin_ipv6();
	pppoe_with(0x57);
	frame_ethernet(&b, 0x8864);
}

static void
pppoe_link(void)
{
	begin_ipv6();
	pppoe_with(0x57);
}

static void
ppp_full(void)
{
	begin_ipv4();
	frame_put32(&b, 0xff030021);
}

static void
ppp_compressed(void)
{
	begin_ipv6();
	frame_put8(&b, 0x57);
}

static void
ppp_mpls(void)
{
	begin_ipv4();
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	frame_put16(&b, 0x281);
}

static void
cooked(void)
{
	begin_ipv4();
	frame_put16(&b, IP4);
	frame_put32(&b, 0);
	frame_put32(&b, 0x02000000);
	frame_put16(&b, 6);
	frame_put16(&b, 1);
	frame_put16(&b, 0);
}

static void
cooked_vlan(void)
{
	begin_ipv6();
	frame_vlan(&b, IP6);
	frame_put16(&b, 0x8100);
	frame_put32(&b, 0);
	frame_put32(&b, 0x02000000);
	frame_put16(&b, 6);
	frame_put16(&b, 1);
	frame_put16(&b, 0);
}

static void
cooked_snap(void)
{
	static const uint8_t header[] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };

	begin_ipv4();
	frame_put(&b, header, sizeof(header));
	frame_put16(&b, 4);
	frame_put32(&b, 0);
	frame_put32(&b, 0x02000000);
	frame_put16(&b, 6);
	frame_put16(&b, 1);
	frame_put16(&b, 0);
}

static void
put_cooked2_header(uint16_t protocol)
{
	frame_put32(&b, 0);
	frame_put32(&b, 0x02000000);
	frame_put16(&b, 6);
	frame_put16(&b, 1);
	frame_put32(&b, 3);
	frame_put16(&b, 0);
	frame_put16(&b, protocol);
}

static void
cooked2(void)
{
	begin_ipv6();
	put_cooked2_header(IP6);
}

/* Linux tells the protocol behind a tag that it has left there. */
static void
cooked2_hidden_tag(void)
{
	begin_ipv6();
	frame_vlan(&b, IP6);
	put_cooked2_header(IP6);
}

static void
cooked2_hidden_tag_ipv4(void)
{
	begin_ipv4();
	frame_vlan(&b, IP4);
	put_cooked2_header(IP4);
}

static void
null_little(void)
{
	begin_ipv6();
	frame_put32(&b, 0x1e000000);
}

static void
null_big(void)
{
	begin_ipv4();
	frame_put32(&b, 2);
}

static void
options(void)
{
	begin_tcp();
	frame_put32(&b, 0x01010100);
	frame_ipv4(&b, TCP);
	frame_bytes(&b)[0] = 0x46;
}

static void
extensions(void)
{
	begin_tcp();
	frame_ipv6_extension(&b, TCP);
	frame_ipv6_fragment(&b, 60, 7, 0); /* atomic */
	frame_ipv6_extension(&b, 44);
	frame_ipv6_extension(&b, 43);
	frame_ipv6_extension(&b, 135);
	frame_ipv6(&b, 0);
}

static void
gre_with(uint16_t type)
{
	frame_put16(&b, type);
	frame_put16(&b, 0);
	frame_ipv4(&b, 47);
}

static void
gre(void)
{
	begin_ipv4();
	gre_with(IP4);
}

static void
gre_options(void)
{
	begin_ipv6();
	frame_put32(&b, 1);
	frame_put32(&b, 2);
	frame_put32(&b, 3);
	frame_put16(&b, IP6);
	frame_put16(&b, 0xb000);
	frame_ipv6(&b, 47);
}

static void
gre_ethernet(void)
{
	begin_ethernet();
	gre_with(0x6558);
}

static void
gre_mpls(void)
{
	begin_ipv4();
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	gre_with(0x8847);
}

static void
erspan1(void)
{
	begin_ethernet();
	gre_with(0x88be);
}

static void
erspan2(void)
{
	begin_ethernet();
	frame_put32(&b, 0);
	frame_put32(&b, 0x10000000);
	frame_put32(&b, 5);
	frame_put16(&b, 0x88be);
	frame_put16(&b, 0x1000);
	frame_ipv4(&b, 47);
}

static void
ipip(void)
{
	begin_ipv4();
	frame_ipv4(&b, 4);
}

static void
sixin4(void)
{
	begin_ipv6();
	frame_ipv4(&b, 41);
}

static void
ip6tnl(void)
{
	begin_ipv6();
	frame_ipv6(&b, 41);
}

static void
ip6tnl_ipv4(void)
{
	begin_ipv4();
	frame_ipv6(&b, 4);
}

static const struct stack {
	const char *name;
	void (*make)(void);
	int link_type;
	uint8_t tunnel;
} stacks[] = {
	{ "ethernet", begin_ethernet, ETHERNET, TUNNEL_NONE },
	{ "802.1Q", vlan, ETHERNET, TUNNEL_NONE },
	{ "802.1ad, 0x9100, 802.1Q", qinq, ETHERNET, TUNNEL_NONE },
	{ "MPLS", mpls, ETHERNET, TUNNEL_NONE },
	{ "MPLS, IPv6", mpls_ipv6, ETHERNET, TUNNEL_NONE },
	{ "pseudo-wire", mpls_pseudo_wire, ETHERNET, TUNNEL_NONE },
	{ "pseudo-wire with control word", mpls_control_word, ETHERNET, TUNNEL_NONE },
	{ "802.3 SNAP", snap, ETHERNET, TUNNEL_NONE },
	{ "PPPoE", pppoe, ETHERNET, TUNNEL_PPPOE },
	{ "PPPoE, IPv6", pppoe_ipv6, ETHERNET, TUNNEL_PPPOE },
	{ "PPPoE link", pppoe_link, 51, TUNNEL_PPPOE },
	{ "PPP", ppp_full, 9, TUNNEL_NONE },
	{ "PPP compressed", ppp_compressed, 50, TUNNEL_NONE },
	{ "PPP MPLS", ppp_mpls, 9, TUNNEL_NONE },
	{ "cooked", cooked, 113, TUNNEL_NONE },
	{ "cooked, tagged", cooked_vlan, 113, TUNNEL_NONE },
	{ "cooked, SNAP", cooked_snap, 113, TUNNEL_NONE },
	{ "cooked v2", cooked2, 276, TUNNEL_NONE },
	{ "cooked v2, hidden tag", cooked2_hidden_tag, 276, TUNNEL_NONE },
	{ "cooked v2, hidden tag, IPv4", cooked2_hidden_tag_ipv4, 276, TUNNEL_NONE },
	{ "raw 12", begin_ipv4, 12, TUNNEL_NONE },
	{ "raw 14", begin_ipv6, 14, TUNNEL_NONE },
	{ "raw 101", begin_ipv6, RAW, TUNNEL_NONE },
	{ "IPv4", begin_ipv4, 228, TUNNEL_NONE },
	{ "IPv6", begin_ipv6, 229, TUNNEL_NONE },
	{ "null, little-endian", null_little, 0, TUNNEL_NONE },
	{ "null, big-endian", null_big, 0, TUNNEL_NONE },
	{ "loop", null_big, 108, TUNNEL_NONE },
	{ "IPv4 options", options, RAW, TUNNEL_NONE },
	{ "extension headers", extensions, RAW, TUNNEL_NONE },
	{ "GRE", gre, RAW, TUNNEL_GRE },
	{ "GRE options", gre_options, RAW, TUNNEL_GRE },
	{ "GRE Ethernet", gre_ethernet, RAW, TUNNEL_GRE },
	{ "GRE MPLS", gre_mpls, RAW, TUNNEL_GRE },
	{ "ERSPAN I", erspan1, RAW, TUNNEL_GRE },
	{ "ERSPAN II", erspan2, RAW, TUNNEL_GRE },
	{ "IPIP", ipip, RAW, TUNNEL_IPIP },
	{ "6in4", sixin4, RAW, TUNNEL_6IN4 },
	{ "IPv6 in IPv6", ip6tnl, RAW, TUNNEL_IP6TNL },
	{ "IPv4 in IPv6", ip6tnl_ipv4, RAW, TUNNEL_IP6TNL },
};

/* A packet of 2048 bytes has in its length what a tag would say. */
static void
test_length_like_a_tag(void **state)
{
	static const uint8_t zeros[2048 - 20 - 8];

	(void)state;
	frame_begin(&b, zeros, sizeof(zeros));
	frame_udp(&b, 1000, 2000);
	frame_ipv4(&b, UDP);
	put_cooked2_header(IP4);
	assert_int_equal(decode(276), PACKET_OK);
	assert_int_equal(packet.ip_size, 2048);
	assert_int_equal(packet.source_port, 1000);
}

/* Where a capture tells it, a packet that came in is told from one that the host sent; all others are not. */
static void
test_direction_of_cooked_frames(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 6; type++) {
		begin_ipv4();
		frame_put16(&b, IP4);
		frame_put32(&b, 0);
		frame_put32(&b, 0x02000000);
		frame_put16(&b, 6);
		frame_put16(&b, 1);
		frame_put16(&b, (uint16_t)type);
		assert_int_equal(decode(113), PACKET_OK);
		assert_int_equal(packet.incoming, type != 4);
		begin_ipv4();
		frame_put32(&b, 0);
		frame_put32(&b, 0x02000000);
		frame_put16(&b, (uint16_t)(type << 8 | 6));
		frame_put16(&b, 1);
		frame_put32(&b, 3);
		frame_put16(&b, 0);
		frame_put16(&b, IP4);
		assert_int_equal(decode(276), PACKET_OK);
		assert_int_equal(packet.incoming, type != 4);
	}
	begin_ipv4();
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.incoming);
}

static void
test_stacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		const struct stack *s = &stacks[i];

		s->make();
		if (decode(s->link_type) != PACKET_OK)
			fail_msg("%s", s->name);
		check_inner(s->tunnel);
		each_prefix(s->link_type);
	}
}

/* Tunnels in UDP: a cut one is a UDP packet. */

static void
vxlan(void)
{
	begin_ethernet();
	frame_put32(&b, 42 << 8);
	frame_put32(&b, 0x08000000);
	frame_udp(&b, 50000, 4789);
	frame_ipv4(&b, UDP);
}

static void
vxlan_linux(void)
{
	vlan();
	frame_put32(&b, 42 << 8);
	frame_put32(&b, 0x88000001); /* group policy */
	frame_udp(&b, 50000, 8472);
	frame_ipv6(&b, UDP);
}

static void
geneve_with(uint16_t type)
{
	frame_put32(&b, 0xdeadbeef);
	frame_put32(&b, 0x01028001);
	frame_put32(&b, 42 << 8);
	frame_put16(&b, type);
	frame_put16(&b, 0x0240);
	frame_udp(&b, 50000, 6081);
	frame_ipv4(&b, UDP);
}

static void
geneve(void)
{
	begin_ethernet();
	geneve_with(0x6558);
}

static void
geneve_ipv4(void)
{
	begin_ipv4();
	geneve_with(IP4);
}

static void
geneve_ipv6(void)
{
	begin_ipv6();
	geneve_with(IP6);
}

static void
gtpu_with(unsigned flags)
{
	frame_put32(&b, 99);
	frame_put16(&b, (unsigned)frame_size(&b) - 4);
	frame_put8(&b, 255);
	frame_put8(&b, flags);
	frame_udp(&b, 2152, 2152);
	frame_ipv4(&b, UDP);
}

static void
gtpu(void)
{
	begin_ipv4();
	gtpu_with(0x30);
}

static void
gtpu_sequence(void)
{
	begin_ipv4();
	frame_put32(&b, 0x00010000);
	gtpu_with(0x32);
}

static void
gtpu_extensions(void)
{
	begin_ipv6();
	frame_put32(&b, 0x01000000);
	frame_put32(&b, 0);
	frame_put32(&b, 0x02000000);
	frame_bytes(&b)[7] = 0x85; /* of the first extension, two words: another follows */
	frame_put32(&b, 0x00000085);
	gtpu_with(0x34);
}

static void
teredo(void)
{
	begin_ipv6();
	frame_udp(&b, 40001, 3544);
	frame_ipv4(&b, UDP);
}

static void
teredo_indications(void)
{
	static const uint8_t authentication[15] = { 0, 1, 1, 1, 'i', 'v' };

	begin_ipv6();
	frame_put32(&b, 0xf5ffffff);
	frame_put32(&b, 0x00001234);
	frame_put(&b, authentication, sizeof(authentication));
	frame_udp(&b, 3544, 40001);
	frame_ipv4(&b, UDP);
}

static const struct stack udp_stacks[] = {
	{ "VXLAN", vxlan, RAW, TUNNEL_VXLAN },
	{ "VXLAN, Linux's port", vxlan_linux, RAW, TUNNEL_VXLAN },
	{ "Geneve", geneve, RAW, TUNNEL_GENEVE },
	{ "Geneve, IPv4", geneve_ipv4, RAW, TUNNEL_GENEVE },
	{ "Geneve, IPv6", geneve_ipv6, RAW, TUNNEL_GENEVE },
	{ "GTP-U", gtpu, RAW, TUNNEL_GTPU },
	{ "GTP-U, sequence number", gtpu_sequence, RAW, TUNNEL_GTPU },
	{ "GTP-U, extensions", gtpu_extensions, RAW, TUNNEL_GTPU },
	{ "Teredo", teredo, RAW, TUNNEL_TEREDO },
	{ "Teredo, indications", teredo_indications, RAW, TUNNEL_TEREDO },
};

static void
test_udp_tunnels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(udp_stacks) / sizeof(udp_stacks[0]); i++) {
		const struct stack *s = &udp_stacks[i];

		s->make();
		if (decode(s->link_type) != PACKET_OK || packet.tunnel != s->tunnel)
			fail_msg("%s", s->name);
		check_inner(s->tunnel);
		each_prefix(s->link_type);
	}
}

/* The datagram is the packet: the frame is as it was before any tunnel was tried. */
static void
check_outer(uint16_t port)
{
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, UDP);
	assert_int_equal(packet.tunnel, TUNNEL_NONE);
	assert_true(packet.source_port == port || packet.destination_port == port);
	assert_int_equal(packet.payload_size, packet.ip_size - 28);
	assert_int_equal(packet.tcp_flags, 0);
	assert_ptr_equal(packet.ip, block);
}

/* One byte of the payload (after IPv4 and UDP headers) is another: no tunnel then. */
static void
check_near_miss(void (*make)(void), size_t offset, uint8_t value, uint16_t port)
{
	make();
	frame_bytes(&b)[28 + offset] = value;
	check_outer(port);
}

static void
test_udp_near_misses(void **state)
{
	(void)state;
	check_near_miss(vxlan, 0, 0x00, 4789);       /* no valid VNI */
	check_near_miss(vxlan, 0, 0x0c, 4789);       /* VXLAN-GPE */
	check_near_miss(vxlan, 8 + 12, 0x12, 4789);  /* another Ethernet type */
	check_near_miss(vxlan, 8 + 14, 0x44, 4789);  /* inner IHL */
	check_near_miss(vxlan, 8 + 14 + 3, 1, 4789); /* inner total length */
	check_near_miss(vxlan, 8 + 14 + 2, 9, 4789);
	check_near_miss(vxlan, 8 + 14 + 20 + 12, 0x40, 4789); /* inner data offset */
	check_near_miss(geneve, 0, 0x42, 6081);      /* version */
	check_near_miss(geneve, 1, 0x01, 6081);      /* reserved bits */
	check_near_miss(geneve, 0, 0x3f, 6081);      /* options longer than the datagram */
	check_near_miss(geneve, 2, 0x11, 6081);      /* protocol type */
	check_near_miss(gtpu, 0, 0x50, 2152);        /* version */
	check_near_miss(gtpu, 1, 1, 2152);           /* echo request */
	check_near_miss(gtpu, 3, 1, 2152);           /* length */
	check_near_miss(gtpu_extensions, 12, 0, 2152); /* an extension of no length */
	check_near_miss(gtpu_extensions, 12, 200, 2152);
	check_near_miss(teredo, 5, 1, 3544);         /* payload length */
	check_near_miss(teredo, 0, 0x45, 3544);
	check_near_miss(teredo_indications, 2, 255, 3544);
}

static void
test_udp_ports_without_tunnel(void **state)
{
	static const uint16_t ports[] = { 4789, 8472, 6081, 2152, 3544 };
	static const uint8_t tiny[] = { 0x30, 255, 0, 0 };
	static const uint8_t gtp[] = { 0x34, 255, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0x85 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		frame_begin(&b, "not a tunnel, but text of some length that nobody should take for one", 69);
		frame_udp(&b, 1234, ports[i]);
		frame_ipv4(&b, UDP);
		check_outer(ports[i]);
		frame_begin(&b, tiny, sizeof(tiny));
		frame_udp(&b, 1234, ports[i]);
		frame_ipv4(&b, UDP);
		check_outer(ports[i]);
	}
	frame_begin(&b, gtp, sizeof(gtp));
	frame_udp(&b, 2152, 1234);
	frame_ipv4(&b, UDP);
	check_outer(2152);
	frame_begin(&b, "\0\1\0", 3);
	frame_udp(&b, 3544, 1234);
	frame_ipv4(&b, UDP);
	check_outer(3544);
	frame_begin(&b, "\0\0\0", 3);
	frame_udp(&b, 3544, 1234);
	frame_ipv4(&b, UDP);
	check_outer(3544);
}

static void
test_arp(void **state)
{
	static const uint8_t arp[28] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	(void)state;
	frame_begin(&b, arp, sizeof(arp));
	frame_ethernet(&b, 0x0806);
	assert_int_equal(decode(ETHERNET), PACKET_NOT_IP);
	/* In an overlay it is no flow of the nodes either. */
	frame_put32(&b, 42 << 8);
	frame_put32(&b, 0x08000000);
	frame_udp(&b, 50000, 4789);
	frame_ipv4(&b, UDP);
	assert_int_equal(decode(RAW), PACKET_NOT_IP);
}

static void
test_padding(void **state)
{
	static const uint8_t pad[6] = { 0 };

	(void)state;
	frame_begin(&b, pad, sizeof(pad));
	frame_put(&b, "hi", 2);
	frame_tcp(&b, 1, 2, NULL, 0);
	frame_ipv4(&b, TCP);
	frame_bytes(&b)[3] = 42;
	frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_OK);
	assert_int_equal(packet.payload_size, 2);
	assert_int_equal(packet.ip_size, 42);
	assert_int_equal(packet.ip_captured, 42);
	/* Cut inside the padding: nothing of the packet is missing. */
	assert_int_equal(decode_cut(ETHERNET, frame_size(&b) - 2, frame_size(&b)), PACKET_OK);
	assert_false(packet.truncated);
	/* A UDP datagram may be shorter than its IP packet. */
	frame_begin(&b, "12345678", 8);
	frame_udp(&b, 1, 2);
	frame_bytes(&b)[5] = 12;
	frame_ipv4(&b, UDP);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.payload_size, 4);
}

static void
test_snapshot_length(void **state)
{
	(void)state;
	begin_ethernet();
	assert_int_equal(decode_cut(ETHERNET, 14 + 40 + 5, frame_size(&b)), PACKET_OK);
	assert_true(packet.truncated);
	assert_int_equal(packet.payload_captured, 5);
	assert_int_equal(packet.payload_size, PAYLOAD_SIZE);
	assert_int_equal(packet.ip_captured, 45);
	assert_int_equal(packet.ip_size, 40 + PAYLOAD_SIZE);
	/* A file that gives the wire less than it captured. */
	assert_int_equal(decode_cut(ETHERNET, frame_size(&b), 20), PACKET_OK);
	check_inner(TUNNEL_NONE);
}

/* The packet with one byte changed gives this result. */
static void
check_changed(void (*make)(void), int link_type, size_t offset, uint8_t value, enum packet_result expected)
{
	make();
	frame_bytes(&b)[offset] = value;
	if (decode(link_type) != expected)
		fail_msg("byte %zu = %u: not %s", offset, value, packet_result_names[expected]);
	for (size_t i = 0; i < frame_size(&b); i++) {
		(void)decode_cut(link_type, i, frame_size(&b));
		(void)decode_cut(link_type, i, i);
	}
}

static void
udp_packet(void)
{
	frame_begin(&b, "datagram", 8);
	frame_udp(&b, 1000, 53);
	frame_ipv4(&b, UDP);
}

static void
jumbo(void)
{
	static uint8_t much[70000];

	frame_begin(&b, much, sizeof(much));
	frame_udp(&b, 1000, 53);
	frame_put32(&b, (uint32_t)frame_size(&b) + 8);
	frame_put32(&b, 0x1100c204);
	frame_ipv6(&b, 0);
}

static void
test_hostile_lengths(void **state)
{
	(void)state;
	check_changed(begin_ipv4, RAW, 0, 0x44, PACKET_MALFORMED_IP); /* IHL 4 */
	check_changed(begin_ipv4, RAW, 0, 0x55, PACKET_MALFORMED_IP); /* version 5 */
	check_changed(begin_ipv4, 228, 0, 0x65, PACKET_MALFORMED_IP); /* version 6 on an IPv4 link */
	check_changed(begin_ipv6, 229, 0, 0x45, PACKET_MALFORMED_IP);
	check_changed(begin_ipv4, RAW, 3, 19, PACKET_MALFORMED_IP);   /* total length below the header's */
	check_changed(begin_ipv4, RAW, 2, 1, PACKET_MALFORMED_IP);    /* and above the frame's */
	check_changed(begin_ipv4, RAW, 3, 20 + 19, PACKET_MALFORMED_TRANSPORT);
	check_changed(begin_ipv6, RAW, 4, 1, PACKET_MALFORMED_IP);
	check_changed(begin_ipv6, RAW, 5, 19, PACKET_MALFORMED_TRANSPORT);
	check_changed(begin_ipv4, RAW, 20 + 12, 0x40, PACKET_MALFORMED_TRANSPORT); /* data offset 4 */
	check_changed(begin_ipv4, RAW, 20 + 12, 0xf0, PACKET_MALFORMED_TRANSPORT); /* and beyond the segment */
	check_changed(udp_packet, RAW, 20 + 5, 7, PACKET_MALFORMED_TRANSPORT);
	check_changed(udp_packet, RAW, 20 + 5, 17, PACKET_MALFORMED_TRANSPORT);
	check_changed(udp_packet, RAW, 20 + 5, 0, PACKET_MALFORMED_TRANSPORT);
	check_changed(udp_packet, RAW, 3, 27, PACKET_MALFORMED_TRANSPORT);
	check_changed(pppoe, ETHERNET, 14, 0x21, PACKET_MALFORMED_LINK);   /* version */
	check_changed(pppoe, ETHERNET, 14 + 4, 1, PACKET_MALFORMED_LINK);  /* length */
	check_changed(pppoe, ETHERNET, 14 + 1, 0xa7, PACKET_NOT_IP);       /* a code of discovery */
	check_changed(pppoe, ETHERNET, 14 + 7, 0x53, PACKET_ENCAPSULATION_ENCRYPTED);
	check_changed(pppoe, ETHERNET, 14 + 6, 0xc0, PACKET_NOT_IP);       /* LCP */
	check_changed(extensions, RAW, 41, 200, PACKET_MALFORMED_IP);      /* extension header too long */
	check_changed(extensions, RAW, 5, 0, PACKET_MALFORMED_IP);      /* no jumbo payload option */
	check_changed(gre, RAW, 24, 0x30, PACKET_MALFORMED_IP);            /* flags that are not so */
	check_changed(erspan2, RAW, 28, 0x20, PACKET_MALFORMED_TRANSPORT); /* version */
	check_changed(mpls, ETHERNET, 22, 0x05, PACKET_NOT_IP);
	check_changed(mpls, ETHERNET, 22, 0x44, PACKET_MALFORMED_IP);
	check_changed(snap, ETHERNET, 14, 0x42, PACKET_NOT_IP);            /* spanning tree's LLC */
	check_changed(cooked, 113, 15, 1, PACKET_NOT_IP);
	check_changed(null_big, 0, 3, 7, PACKET_NOT_IP);
	check_changed(null_big, 0, 1, 7, PACKET_NOT_IP);
}

static void
test_frames_too_short(void **state)
{
	static const int links[] = { 0, 1, 9, 12, 51, 108, 113, 228, 229, 276 };

	(void)state;
	frame_begin(&b, "\x45\0\0\0", 4);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		enum packet_result result = decode_cut(links[i], 0, 0);

		assert_true(result == PACKET_MALFORMED_LINK || result == PACKET_MALFORMED_IP);
		assert_int_equal(decode_cut(links[i], 0, 100), PACKET_TRUNCATED_HEADER);
	}
	assert_int_equal(decode(ETHERNET), PACKET_MALFORMED_LINK);
	frame_begin(&b, "\xff\x03\0", 3);
	for (size_t i = 0; i <= 3; i++)
		assert_int_equal(decode_cut(9, i, i), PACKET_MALFORMED_LINK);
	frame_begin(&b, NULL, 0);
	frame_ethernet(&b, 0x8100);
	assert_int_equal(decode(ETHERNET), PACKET_MALFORMED_LINK);
	frame_begin(&b, NULL, 0);
	frame_ethernet(&b, 0x8847);
	assert_int_equal(decode(ETHERNET), PACKET_MALFORMED_LINK);
	frame_put32(&b, 0);
	frame_begin(&b, "\0\1\1\x40", 4);
	frame_ethernet(&b, 0x8847);
	assert_int_equal(decode(ETHERNET), PACKET_MALFORMED_LINK);
}

static void
test_not_for_us(void **state)
{
	(void)state;
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_ethernet(&b, 0x88cc);
	assert_int_equal(decode(ETHERNET), PACKET_NOT_IP);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_ethernet(&b, 0);
	assert_int_equal(decode(ETHERNET), PACKET_NOT_IP);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_ethernet(&b, 0x88e5);
	assert_int_equal(decode(ETHERNET), PACKET_ENCAPSULATION_ENCRYPTED);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	assert_int_equal(decode(105), PACKET_UNSUPPORTED_LINK);
	assert_false(packet_link_supported(105));
	assert_false(packet_link_supported(-1));
	assert_true(packet_link_supported(276));
	/* A netlink message in cooked form is of ARPHRD_NETLINK, with a family where the protocol stands. */
	cooked();
	frame_bytes(&b)[2] = 824 >> 8;
	frame_bytes(&b)[3] = 824 & 0xff;
	assert_int_equal(decode(113), PACKET_NOT_IP);
}

static void
test_pseudo_wire_ambiguous(void **state)
{
	static const uint8_t both[] = { 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 0, 0, 1, 8, 0, 0, 0 };

	(void)state;
	frame_begin(&b, both, sizeof(both));
	frame_put32(&b, 17u << 12 | 1 << 8 | 64);
	frame_ethernet(&b, 0x8847);
	assert_int_equal(decode(ETHERNET), PACKET_NOT_IP);
	/* An Ethernet frame to an address that begins like an IPv4 header. */
	mpls_pseudo_wire();
	frame_bytes(&b)[18] = 0x45;
	assert_int_equal(decode(ETHERNET), PACKET_OK);
	check_inner(TUNNEL_NONE);
	frame_bytes(&b)[18] = 0x6a;
	frame_bytes(&b)[22] = 0xff;
	assert_int_equal(decode(ETHERNET), PACKET_OK);
	check_inner(TUNNEL_NONE);
}

static void
test_tcp_options(void **state)
{
	static const uint8_t usual[] = { 1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0 };
	static const uint8_t syn[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 5, 6, 7, 8, 0, 0, 0, 0, 1, 3, 3, 7 };
	static const uint8_t md5[20] = { 19, 18, [18] = 0, [19] = 19 };
	static const uint8_t ao[] = { 29, 16, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t sack[][12] = { { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9 }, { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 8 } };
	uint32_t first_sack;
	static const uint8_t broken[][4] = { { 8, 10, 1, 2 }, { 8, 0, 0, 0 }, { 8, 1, 0, 0 }, { 1, 1, 1, 8 }, { 19, 4, 0, 0 }, { 29, 3, 0, 0 } };

	(void)state;
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_tcp(&b, 40000, 80, usual, sizeof(usual));
	frame_ipv4(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	check_inner(TUNNEL_NONE);
	assert_int_equal(packet.timestamp, 0x01020304);
	assert_false(packet.tcp_md5);
	each_prefix(RAW);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_tcp(&b, 40000, 80, syn, sizeof(syn));
	frame_ipv4(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.timestamp, 0x05060708);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_tcp(&b, 40000, 80, md5, sizeof(md5));
	frame_ipv6(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_true(packet.tcp_md5);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_tcp(&b, 40000, 80, ao, sizeof(ao));
	frame_ipv6(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	check_inner(TUNNEL_NONE);
	assert_false(packet.tcp_md5);
	frame_begin(&b, NULL, 0);
	frame_tcp(&b, 40000, 80, sack[0], sizeof(sack[0]));
	frame_ipv4(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	first_sack = packet.sack;
	frame_begin(&b, NULL, 0);
	frame_tcp(&b, 40000, 80, sack[1], sizeof(sack[1]));
	frame_ipv4(&b, TCP);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_not_equal(packet.sack, first_sack);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		frame_begin(&b, payload, PAYLOAD_SIZE);
		frame_tcp(&b, 40000, 80, broken[i], 4);
		frame_ipv4(&b, TCP);
		assert_int_equal(decode(RAW), PACKET_OK);
		check_inner(TUNNEL_NONE);
		assert_int_equal(packet.timestamp, 0);
		assert_false(packet.tcp_md5);
	}
}

/* Sizes that a network card was to fill in, and those above 64 KiB. */
static void
test_offload(void **state)
{
	static uint8_t much[100000];

	(void)state;
	check_changed(begin_ipv4, RAW, 2, 0, PACKET_OK);
	begin_ipv4();
	frame_bytes(&b)[2] = frame_bytes(&b)[3] = 0;
	assert_int_equal(decode(RAW), PACKET_OK);
	check_inner(TUNNEL_NONE);
	begin_ipv6();
	frame_bytes(&b)[4] = frame_bytes(&b)[5] = 0;
	assert_int_equal(decode(RAW), PACKET_OK);
	check_inner(TUNNEL_NONE);
	for (int v = 4; v <= 6; v += 2) {
		frame_begin(&b, much, sizeof(much));
		frame_tcp(&b, 1, 2, NULL, 0);
		if (v == 4)
			frame_ipv4(&b, TCP);
		else
			frame_ipv6(&b, TCP);
		assert_int_equal(decode(RAW), PACKET_OK);
		assert_int_equal(packet.payload_size, sizeof(much));
		assert_int_equal(packet.ip_size, frame_size(&b));
	}
	/* Of a size of 0, only TCP makes sense in IPv6. */
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_udp(&b, 1, 2);
	frame_ipv6(&b, UDP);
	frame_bytes(&b)[5] = 0;
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
}

static void
test_jumbo(void **state)
{
	(void)state;
	jumbo();
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.payload_size, 70000);
	assert_int_equal(packet.ip_size, 70056);
	assert_int_equal(packet.destination_port, 53);
	for (size_t i = 0; i < 60; i++)
		assert_int_equal(decode_cut(RAW, i, frame_size(&b)), i < 56 ? PACKET_TRUNCATED_HEADER : PACKET_OK);
	frame_bytes(&b)[45] = 0; /* 65535 or less is no jumbo payload */
	assert_int_equal(decode(RAW), PACKET_MALFORMED_IP);
	jumbo();
	frame_bytes(&b)[45] = 9; /* more than the frame */
	assert_int_equal(decode(RAW), PACKET_MALFORMED_IP);
	jumbo();
	frame_bytes(&b)[42] = 0; /* Pad1, four times, in place of the option */
	frame_bytes(&b)[43] = 0;
	assert_int_equal(decode(RAW), PACKET_MALFORMED_IP);
}

static void
test_other_transports(void **state)
{
	static const uint8_t spi[8] = { 0, 0, 0, 1, 0, 0, 0, 2 };
	static const uint8_t header[24] = { TCP, 4 };
	static const uint8_t sctp[12] = { 0x0b, 0x59, 0x1f, 0x90 };

	(void)state;
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_put(&b, spi, sizeof(spi));
	frame_ipv4(&b, 50);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, 50);
	assert_int_equal(packet.payload_size, 8 + PAYLOAD_SIZE);
	assert_memory_equal(packet.payload, spi, sizeof(spi));
	each_prefix(RAW);
	/* AH is the flow, whatever it carries. */
	begin_tcp();
	frame_put(&b, header, sizeof(header));
	frame_ipv6(&b, 51);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, 51);
	assert_int_equal(packet.source_port, 0);
	assert_int_equal(packet.payload_size, 24 + 20 + PAYLOAD_SIZE);
	each_prefix(RAW);
	frame_bytes(&b)[41] = 0;
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
	frame_bytes(&b)[41] = 255;
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_put(&b, sctp, sizeof(sctp));
	frame_ipv4(&b, 132);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.source_port, 2905);
	assert_int_equal(packet.destination_port, 8080);
	assert_int_equal(packet.payload_size, PAYLOAD_SIZE);
	each_prefix(RAW);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_ipv6(&b, 59);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, 59);
	assert_int_equal(packet.payload_size, 0);
	frame_begin(&b, payload, PAYLOAD_SIZE);
	frame_ipv4(&b, 89);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, 89);
	assert_int_equal(packet.payload_size, PAYLOAD_SIZE);
	each_prefix(RAW);
}

static void
test_gre_itself(void **state)
{
	(void)state;
	begin_ipv4();
	gre_with(0x1234);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.ip_protocol, 47);
	assert_int_equal(packet.tunnel, TUNNEL_NONE);
	/* Version 1 is PPTP's, routing is of the past: neither is entered. */
	for (unsigned flags = 1; flags <= 0x4000; flags += 0x3fff) {
		begin_ipv4();
		gre_with(IP4);
		frame_bytes(&b)[20] = (uint8_t)(flags >> 8);
		frame_bytes(&b)[21] = (uint8_t)flags;
		assert_int_equal(decode(RAW), PACKET_OK);
		assert_int_equal(packet.ip_protocol, 47);
	}
	frame_begin(&b, "\0", 1);
	frame_ipv4(&b, 47);
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
}

static void
icmp_with(uint8_t type, uint8_t code, bool v6)
{
	frame_put32(&b, 0);
	frame_put16(&b, 0);
	frame_put8(&b, code);
	frame_put8(&b, type);
	if (v6)
		frame_ipv6(&b, 58);
	else
		frame_ipv4(&b, 1);
}

static void
test_icmp(void **state)
{
	static const uint8_t types[] = { 3, 4, 5, 11, 12 };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		/* 64 bits of the segment are quoted at least, and it may be cut there (RFC 792). */
		frame_begin(&b, "\x9c\x40\0\x50\0\0\0\1", 8);
		frame_ipv4(&b, TCP);
		frame_bytes(&b)[2] = 5;
		icmp_with(types[i], 1, false);
		assert_int_equal(decode(RAW), PACKET_OK);
		assert_int_equal(packet.ip_protocol, 1);
		assert_int_equal(packet.icmp_type, types[i]);
		assert_int_equal(packet.icmp_code, 1);
		assert_true(packet.icmp_quotes);
		assert_int_equal(packet.quoted_source_port, 40000);
		assert_int_equal(packet.quoted_destination_port, 80);
		assert_int_equal(packet.quoted_ip_protocol, TCP);
		assert_true(address_equal(&packet.quoted_source, &packet.source));
		assert_true(address_equal(&packet.quoted_destination, &packet.destination));
		each_prefix(RAW);
	}
	/* A later fragment has no ports; nor has a packet of another protocol. */
	frame_begin(&b, "\x9c\x40\0\x50\0\0\0\1", 8);
	frame_ipv4_fragment(&b, UDP, 1, 100);
	icmp_with(3, 1, false);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_true(packet.icmp_quotes);
	assert_int_equal(packet.quoted_source_port, 0);
	frame_begin(&b, "\x9c\x40\0\x50\0\0\0\1", 8);
	frame_ipv4(&b, 47);
	icmp_with(3, 1, false);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_int_equal(packet.quoted_ip_protocol, 47);
	assert_int_equal(packet.quoted_source_port, 0);
	/* What is quoted is no IP header. */
	frame_begin(&b, "12345678901234567890", 20);
	icmp_with(3, 1, false);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.icmp_quotes);
	/* An echo quotes nothing. */
	begin_ipv4();
	icmp_with(8, 0, false);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.icmp_quotes);
	frame_begin(&b, "\3\0\0\0", 4);
	frame_ipv4(&b, 1);
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
}

static void
test_icmpv6(void **state)
{
	(void)state;
	for (uint8_t type = 1; type <= 4; type++) {
		extensions();
		icmp_with(type, 4, true);
		assert_int_equal(decode(RAW), PACKET_OK);
		assert_int_equal(packet.ip_protocol, 58);
		assert_int_equal(packet.icmp_type, type);
		assert_true(packet.icmp_quotes);
		assert_int_equal(packet.quoted_source_port, 40000);
		assert_int_equal(packet.quoted_destination_port, 80);
		assert_int_equal(packet.quoted_ip_protocol, TCP);
		each_prefix(RAW);
	}
	frame_begin(&b, "\x9c\x40\0\x50\0\0\0\1", 8);
	frame_ipv6_fragment(&b, UDP, 1, 64);
	frame_ipv6(&b, 44);
	icmp_with(1, 4, true);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_true(packet.icmp_quotes);
	assert_int_equal(packet.quoted_ip_protocol, UDP);
	assert_int_equal(packet.quoted_source_port, 0);
	begin_ipv4(); /* IPv4 quoted in ICMPv6 is none */
	icmp_with(1, 4, true);
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.icmp_quotes);
	/* A message of four bytes; errors have more. */
	frame_begin(&b, "\x80\0\0\0", 4);
	frame_ipv6(&b, 58);
	assert_int_equal(decode(RAW), PACKET_OK);
	frame_begin(&b, "\1\0\0\0", 4);
	frame_ipv6(&b, 58);
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
	frame_begin(&b, "\1\0\0", 3);
	frame_ipv6(&b, 58);
	assert_int_equal(decode(RAW), PACKET_MALFORMED_TRANSPORT);
}

/* What keeps a link going is nobody's flow, in an overlay neither. */
static void
test_link_control(void **state)
{
	static const uint8_t types[] = { 130, 131, 132, 133, 134, 135, 136, 137, 143 };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		frame_begin(&b, NULL, 0);
		icmp_with(types[i], 0, true);
		assert_int_equal(decode(RAW), PACKET_LINK_CONTROL);
		frame_ethernet(&b, IP6);
		frame_put32(&b, 42 << 8);
		frame_put32(&b, 0x08000000);
		frame_udp(&b, 50000, 4789);
		frame_ipv4(&b, UDP);
		assert_int_equal(decode(RAW), PACKET_LINK_CONTROL);
	}
	frame_begin(&b, "\x16\0\0\0\xe0\0\0\1", 8);
	frame_ipv4(&b, 2);
	assert_int_equal(decode(RAW), PACKET_LINK_CONTROL);
}

static void
test_depth(void **state)
{
	(void)state;
	for (unsigned tunnels = 0; tunnels < 12; tunnels++) {
		begin_ipv4();
		for (unsigned i = 0; i < tunnels; i++)
			frame_ipv4(&b, 4);
		assert_int_equal(decode(RAW), tunnels <= PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_ipv4();
		for (unsigned i = 0; i < tunnels; i++)
			gre_with(IP4);
		assert_int_equal(decode(RAW), tunnels <= PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_ethernet();
		for (unsigned i = 0; i < tunnels; i++) {
			frame_put32(&b, 42 << 8);
			frame_put32(&b, 0x08000000);
			frame_udp(&b, 50000, 4789);
			frame_ipv4(&b, UDP);
			frame_ethernet(&b, IP4);
		}
		assert_int_equal(decode(ETHERNET), tunnels <= PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_ipv4();
		for (unsigned i = 0; i < tunnels; i++)
			frame_vlan(&b, i == 0 ? IP4 : 0x8100);
		frame_ethernet(&b, tunnels == 0 ? IP4 : 0x8100);
		assert_int_equal(decode(ETHERNET), tunnels <= PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_tcp();
		for (unsigned i = 0; i < tunnels; i++)
			frame_ipv6_extension(&b, i == 0 ? TCP : 60);
		frame_ipv6(&b, tunnels == 0 ? TCP : 60);
		assert_int_equal(decode(RAW), tunnels <= PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_ipv4();
		for (unsigned i = 0; i < tunnels + 1; i++)
			frame_put32(&b, 17u << 12 | (i == 0 ? 1u << 8 : 0) | 64);
		frame_ethernet(&b, 0x8847);
		assert_int_equal(decode(ETHERNET), tunnels < PACKET_DEPTH_MAX ? PACKET_OK : PACKET_TOO_DEEP);
		begin_ethernet();
		for (unsigned i = 0; i < tunnels; i++) {
			frame_put32(&b, 17u << 12 | 1 << 8 | 64);
			frame_ethernet(&b, 0x8847);
			frame_vlan(&b, 0x8847);
			b.at += 4;
		}
		(void)decode(ETHERNET);
	}
}

/* PPPoE and pseudo-wires count as tunnels too. */
static void
test_depth_below_ip(void **state)
{
	(void)state;
	begin_ethernet();
	for (unsigned i = 0; i < PACKET_DEPTH_MAX; i++)
		gre_with(0x6558), frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_OK);
	gre_with(0x6558);
	assert_int_equal(decode(RAW), PACKET_TOO_DEEP);
	pppoe();
	for (unsigned i = 0; i < PACKET_DEPTH_MAX; i++)
		gre_with(0x6558), frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_TOO_DEEP);
	mpls_pseudo_wire();
	for (unsigned i = 0; i < PACKET_DEPTH_MAX; i++)
		gre_with(0x6558), frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_TOO_DEEP);
	begin_ethernet();
	for (unsigned i = 0; i < PACKET_DEPTH_MAX + 1; i++)
		gre_with(0x88be), frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_TOO_DEEP);
}

/* A UDP datagram of a segment of 3000 bytes and its header, cut in two. */
static uint8_t datagram[3008];

static void
make_datagram(void)
{
	for (size_t i = 0; i < sizeof(datagram); i++)
		datagram[i] = (uint8_t)(i * 7);
	memcpy(datagram, "\x9c\x40\0\x35\x0b\xc0\0\0", 8);
}

static void
check_reassembled(void)
{
	assert_true(packet.reassembled);
	assert_int_equal(packet.ip_protocol, UDP);
	assert_int_equal(packet.source_port, 40000);
	assert_int_equal(packet.destination_port, 53);
	assert_int_equal(packet.payload_size, 3000);
	assert_int_equal(packet.payload_captured, 3000);
	assert_memory_equal(packet.payload, datagram + 8, 3000);
	assert_int_equal(packet.ip_size, packet.ip_captured);
}

static void
test_ipv4_fragments(void **state)
{
	uint8_t copy[3028];
	uint32_t sum = 0;

	(void)state;
	make_datagram();
	frame_begin(&b, datagram, 1480);
	frame_ipv4_fragment(&b, UDP, 99, 0x2000);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
	frame_begin(&b, datagram + 1480, 1528);
	frame_ipv4_fragment(&b, UDP, 99, 185);
	/* The other fragment may come by another way: the key is of the packet alone. */
	frame_ethernet(&b, IP4);
	assert_int_equal(decode(ETHERNET), PACKET_OK);
	check_reassembled();
	assert_int_equal(packet.ip_size, 3028);
	assert_int_equal(packet.ip[2] << 8 | packet.ip[3], 3028);
	assert_int_equal(packet.ip[6] & 0x3f, 0);
	assert_int_equal(packet.ip[7], 0);
	for (size_t i = 0; i < 20; i += 2)
		sum += (uint32_t)packet.ip[i] << 8 | packet.ip[i + 1];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	/* What was put together is a packet like any other. */
	memcpy(copy, packet.ip, sizeof(copy));
	frame_begin(&b, copy, sizeof(copy));
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.reassembled);
	assert_int_equal(packet.payload_size, 3000);
	assert_int_equal(packet_decoder_counters(decoder)[PACKET_OK], 2);
	assert_int_equal(packet_decoder_counters(decoder)[PACKET_FRAGMENT_HELD], 1);
}

static void
test_ipv6_fragments(void **state)
{
	uint8_t copy[40 + 16 + 3008];

	(void)state;
	make_datagram();
	frame_begin(&b, datagram + 1480, 1528);
	frame_ipv6_fragment(&b, 60, 99, 1480 + 8);
	frame_ipv6_extension(&b, 44);
	frame_ipv6(&b, 0);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
	frame_begin(&b, datagram, 1480);
	frame_ipv6_extension(&b, UDP);
	frame_ipv6_fragment(&b, 60, 99, 1);
	frame_ipv6_extension(&b, 44);
	frame_ipv6(&b, 0);
	assert_int_equal(decode(RAW), PACKET_OK);
	check_reassembled();
	assert_int_equal(packet.ip_size, sizeof(copy));
	assert_int_equal(packet.ip[4] << 8 | packet.ip[5], sizeof(copy) - 40);
	assert_int_equal(packet.ip[40], 60);
	assert_int_equal(packet.ip[48], UDP);
	memcpy(copy, packet.ip, sizeof(copy));
	frame_begin(&b, copy, sizeof(copy));
	assert_int_equal(decode(RAW), PACKET_OK);
	assert_false(packet.reassembled);
	assert_int_equal(packet.payload_size, 3000);
}

/* A fragment that the snapshot length cut makes a datagram that is cut there. */
static void
test_truncated_fragment(void **state)
{
	(void)state;
	make_datagram();
	frame_begin(&b, datagram, 1480);
	frame_ipv4_fragment(&b, UDP, 99, 0x2000);
	assert_int_equal(decode_cut(RAW, 120, frame_size(&b)), PACKET_FRAGMENT_HELD);
	frame_begin(&b, datagram + 1480, 1528);
	frame_ipv4_fragment(&b, UDP, 99, 185);
	assert_int_equal(decode_cut(RAW, 120, frame_size(&b)), PACKET_OK);
	assert_true(packet.truncated);
	assert_int_equal(packet.payload_size, 3000);
	assert_int_equal(packet.payload_captured, 92);
	assert_int_equal(packet.ip_size, 3028);
	assert_int_equal(packet.ip_captured, 120);
	/* Cut inside the transport header: that is a header cut. */
	for (size_t size = 20; size < 28; size++) {
		frame_begin(&b, datagram, 1480);
		frame_ipv4_fragment(&b, UDP, 98, 0x2000);
		assert_int_equal(decode_cut(RAW, size, frame_size(&b)), PACKET_FRAGMENT_HELD);
		frame_begin(&b, datagram + 1480, 1528);
		frame_ipv4_fragment(&b, UDP, 98, 185);
		assert_int_equal(decode(RAW), PACKET_TRUNCATED_HEADER);
	}
}

/* Cuts what the builder holds, an IPv4 packet's payload, in two fragments of a packet of this id. */
static enum packet_result
decode_in_two(uint8_t protocol, uint16_t id)
{
	uint8_t copy[4096];
	size_t size = frame_size(&b), half = size / 16 * 8;

	assert_true(size <= sizeof(copy));
	memcpy(copy, frame_bytes(&b), size);
	frame_begin(&b, copy, half);
	frame_ipv4_fragment(&b, protocol, id, 0x2000);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
	frame_begin(&b, copy + half, size - half);
	frame_ipv4_fragment(&b, protocol, id, (uint16_t)(half / 8));
	return decode(RAW);
}

/* A tunnel whose outer packet is in fragments, and inside it a fragment of another. */
static void
test_fragmented_tunnel(void **state)
{
	uint8_t segment[20 + PAYLOAD_SIZE];

	(void)state;
	vxlan();
	b.at += 20;
	assert_int_equal(decode_in_two(UDP, 1), PACKET_OK);
	check_inner(TUNNEL_VXLAN);
	assert_true(packet.reassembled);
	/* It looks like a tunnel and is none: the datagram stays the packet, in the decoder's memory. */
	vxlan();
	b.at += 20;
	frame_bytes(&b)[8] = 0;
	assert_int_equal(decode_in_two(UDP, 2), PACKET_OK);
	assert_int_equal(packet.destination_port, 4789);
	assert_true(packet.reassembled);
	/* Reassembly within reassembly. */
	begin_tcp();
	memcpy(segment, frame_bytes(&b), sizeof(segment));
	frame_begin(&b, segment, 16);
	frame_ipv4_fragment(&b, TCP, 3, 0x2000);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
	frame_begin(&b, segment + 16, sizeof(segment) - 16);
	frame_ipv4_fragment(&b, TCP, 3, 2);
	assert_int_equal(decode_in_two(4, 4), PACKET_OK);
	check_inner(TUNNEL_IPIP);
	/* Once more is too deep. */
	frame_begin(&b, segment, 16);
	frame_ipv4_fragment(&b, TCP, 5, 0x2000);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
	frame_begin(&b, segment + 16, sizeof(segment) - 16);
	frame_ipv4_fragment(&b, TCP, 5, 2);
	{
		uint8_t inner[100];
		size_t size = frame_size(&b);

		memcpy(inner, frame_bytes(&b), size);
		frame_begin(&b, inner, 24);
		frame_ipv4_fragment(&b, 4, 6, 0x2000);
		assert_int_equal(decode(RAW), PACKET_FRAGMENT_HELD);
		frame_begin(&b, inner + 24, size - 24);
		frame_ipv4_fragment(&b, 4, 6, 3);
		assert_int_equal(decode_in_two(4, 7), PACKET_TOO_DEEP);
	}
}

static void
test_no_reassembly_without_memory(void **state)
{
	struct packet_decoder *kept = decoder;

	(void)state;
	decoder = packet_decoder_new(0);
	assert_non_null(decoder);
	frame_begin(&b, "12345678", 8);
	frame_ipv4_fragment(&b, UDP, 1, 0x2000);
	assert_int_equal(decode(RAW), PACKET_FRAGMENT_DROPPED);
	begin_ipv4();
	assert_int_equal(decode(RAW), PACKET_OK);
	packet_decoder_free(decoder);
	decoder = kept;
	packet_decoder_free(NULL);
}

static void
test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TUNNEL_COUNT; i++)
		assert_non_null(tunnel_names[i]);
	assert_null(tunnel_names[TUNNEL_COUNT]);
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		assert_non_null(packet_result_names[i]);
	assert_null(packet_result_names[PACKET_RESULT_COUNT]);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_direction_of_cooked_frames),
		T(test_length_like_a_tag),
		T(test_stacks),
		T(test_udp_tunnels),
		T(test_udp_near_misses),
		T(test_udp_ports_without_tunnel),
		T(test_arp),
		T(test_padding),
		T(test_snapshot_length),
		T(test_hostile_lengths),
		T(test_frames_too_short),
		T(test_not_for_us),
		T(test_pseudo_wire_ambiguous),
		T(test_tcp_options),
		T(test_offload),
		T(test_jumbo),
		T(test_other_transports),
		T(test_gre_itself),
		T(test_icmp),
		T(test_icmpv6),
		T(test_link_control),
		T(test_depth),
		T(test_depth_below_ip),
		T(test_ipv4_fragments),
		T(test_ipv6_fragments),
		T(test_truncated_fragment),
		T(test_fragmented_tunnel),
		T(test_no_reassembly_without_memory),
		T(test_names),
	};

	return cmocka_run_group_tests_name("sensor/packet", tests, NULL, NULL);
}
