/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame turned into a packet: link layer, tunnels, IP and transport header, each read within
 * bounds. What a packet is not used for is counted by reason. The inner packet of a tunnel is what
 * counts; the tunnel is noted.
 */
#ifndef PODWIRE_PACKET_H
#define PODWIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* A frame as the capture gave it. Bytes are borrowed until the next frame. */
struct frame {
	int64_t time;       /* nanoseconds since 1970 */
	uint64_t number;    /* in its file or interface, from 1 */
	uint16_t file;      /* index of the file or interface */
	uint8_t tunnel;     /* enum tunnel that it was taken out of already; TUNNEL_NONE as a rule */
	int link_type;      /* libpcap's DLT_* */
	const uint8_t *bytes;
	uint32_t captured;  /* bytes there are */
	uint32_t original;  /* bytes that were on the wire */
};

/* How a packet was carried: the innermost. */
enum tunnel {
	TUNNEL_NONE,
	TUNNEL_VXLAN,  /* RFC 7348 */
	TUNNEL_GENEVE, /* RFC 8926 */
	TUNNEL_GRE,    /* RFC 2784, 2890; carrying IP, Ethernet (TEB), MPLS or ERSPAN */
	TUNNEL_IPIP,   /* RFC 2003 */
	TUNNEL_6IN4,   /* RFC 4213 */
	TUNNEL_IP6TNL, /* RFC 2473 */
	TUNNEL_GTPU,   /* 3GPP TS 29.281 */
	TUNNEL_TEREDO, /* RFC 4380 */
	TUNNEL_PPPOE,  /* RFC 2516 */
	TUNNEL_COUNT
};
extern const char *const tunnel_names[];

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* The outermost tunnel of a packet, from one end to the other of it. */
struct packet_carrier {
	struct address source, destination;
	uint16_t port;             /* UDP, that of the tunnel; 0 where it is carried in IP itself */
	uint16_t ip_id;
	uint8_t tunnel;            /* enum tunnel; TUNNEL_NONE: the packet is in none that IP carries */
	uint8_t ip_protocol;
	uint8_t hop_limit;
	uint32_t ip_size;          /* with all that is carried */
};

struct packet {
	const struct frame *frame;
	struct address source, destination;
	uint16_t source_port, destination_port; /* 0 where the protocol has none */
	uint8_t ip_protocol;       /* of the innermost header read: IPPROTO_TCP ... */
	uint8_t tunnel;            /* enum tunnel */
	struct packet_carrier carrier;
	uint8_t hop_limit;         /* TTL */
	uint8_t tcp_flags;         /* enum tcp_flag */
	bool incoming;             /* the capture says that its frame came in at an interface: what this host translates, it translates later */
	bool truncated;            /* the capture kept less of the payload than the wire carried */
	bool reassembled;          /* put together from fragments: */
	const uint8_t *whole;      /* the outermost datagram that was, from its IP header, */
	uint32_t whole_captured, whole_size; /* as far as captured, and as on the wire */
	uint32_t fragment_share;   /* the worker, from 1, that puts this fragment's datagram together, where it is another */
	bool tcp_md5;              /* carries an MD5 signature option (RFC 2385) */
	uint16_t ip_id;            /* IPv4 identification; 0 in IPv6 */
	uint16_t window;
	uint16_t urgent;           /* TCP urgent pointer, where TCP_URG is set */
	uint32_t sequence, acknowledgement;
	uint32_t timestamp;        /* TCP timestamp value (RFC 7323), or 0 */
	uint32_t sack;             /* sum over the SACK blocks (RFC 2018): tells acknowledgements apart */
	uint32_t ip_size;          /* bytes of the IP packet on the wire, from its headers */
	const uint8_t *ip;         /* the innermost IP header; of a reassembled datagram, corrected to be whole */
	uint32_t ip_captured;      /* bytes from there that were captured and belong to the packet */
	const uint8_t *payload;    /* above the transport header */
	uint32_t payload_captured;
	uint32_t payload_size;     /* on the wire; more than captured where truncated */
	uint8_t icmp_type, icmp_code;
	/* ICMP errors: the packet that caused it, as far as it was quoted (RFC 792, RFC 4443). */
	bool icmp_quotes;
	struct address quoted_source, quoted_destination;
	uint16_t quoted_source_port, quoted_destination_port;
	uint8_t quoted_ip_protocol;
};

/* What became of a frame. PACKET_OK: a packet with a flow. Others: why there is none. */
enum packet_result {
	PACKET_OK,
	PACKET_NOT_IP,             /* ARP, LLDP, STP ...: nothing for us */
	PACKET_FRAGMENT_HELD,      /* waits for the rest of its datagram, here or at another worker */
	PACKET_FRAGMENT_DROPPED,   /* overlapping, too many, too large, or too old */
	PACKET_TRUNCATED_HEADER,   /* the capture ends inside a header we need */
	PACKET_MALFORMED_LINK,
	PACKET_MALFORMED_IP,
	PACKET_MALFORMED_TRANSPORT,
	PACKET_TOO_DEEP,           /* more tunnels, tags or extension headers than we follow */
	PACKET_UNSUPPORTED_LINK,   /* a link-layer type we do not read */
	PACKET_ENCAPSULATION_ENCRYPTED, /* MACsec and the like: nothing readable below */
	PACKET_LINK_CONTROL,       /* neighbour discovery, group membership: the link's own housekeeping */
	PACKET_RESULT_COUNT
};
extern const char *const packet_result_names[];

enum { PACKET_DEPTH_MAX = 8 };

struct packet_decoder;

/* A decoder with room for so many bytes of waiting fragments (0: none are put together); returns owned, NULL without memory. */
struct packet_decoder *packet_decoder_new(size_t fragment_memory);
void packet_decoder_free(struct packet_decoder *);

/* By its ports, which of count workers has a connection. */
typedef uint32_t packet_share(uint16_t port_a, uint16_t port_b, uint32_t count);

/* Of count decoders this is that with index: of each datagram one puts the fragments together. */
void packet_decoder_share(struct packet_decoder *, uint32_t count, uint32_t index, packet_share *);

/*
 * Reads one frame. What *out points to is borrowed until the next call. The result is counted, see
 * packet_decoder_counters().
 */
enum packet_result packet_decode(struct packet_decoder *, const struct frame *, struct packet *out);

/*
 * Frames by enum packet_result. Fragments that were held and whose datagram is then given up are
 * counted again, as PACKET_FRAGMENT_DROPPED.
 */
const uint64_t *packet_decoder_counters(const struct packet_decoder *);

/* Whether frames of this link-layer type can be read. */
bool packet_link_supported(int link_type);

#endif
