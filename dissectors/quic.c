/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC over UDP, on any port: version 1 (RFC 9000, RFC 9001), version 2 (RFC 9369), the drafts from 22
 * on, and Google's own before them.
 *
 * The keys of Initial packets follow from the client's first one: to open it is proof, and in these packets
 * the two hellos of TLS cross. All else is encrypted. Once the server's hello is there, nothing
 * more can be learned.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "quic_crypto.h"
#include "quic_packet.h"
#include "quic_short.h"
#include "reassembly.h"
#include "tls_hello.h"
#include "tls_ja4.h"
#include "tls_names.h"

enum {
	CRYPTO_SIZE_MAX = 16384, /* of a direction's handshake bytes: two hellos with large keys fit */
	HANDSHAKE_HEADER_SIZE = 4,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	HELLO_START_SIZE = 42,   /* a hello's header, version, random and the fields after them at their shortest */
	COALESCED_MAX = 64,      /* packets in a datagram, which offload can make one of many */
	DATAGRAMS_MAX = 64,      /* to be looked at before the flow is left */
	OPENINGS_MAX = 64,       /* attempts to decrypt */
	TLS_ALERTS = 0x100,      /* RFC 9001 4.8: an error code of this and the alert's */
	UNKNOWN_VERSION_SIZE = 1200, /* RFC 9000 14.1: what a client's first datagram has at least */
};

enum frame_type {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CONNECTION_CLOSE = 0x1c,
};

/* The handshake bytes of a direction. */
struct side {
	struct reassembly crypto;
	uint32_t taken;    /* bytes of messages that were read */
	bool hello;
	bool lost;         /* what came is no message, or too much */
};

struct quic_state {
	struct side sides[2];
	struct quic_id original;    /* where the keys come from */
	struct quic_id destination, source; /* of the client's latest packet */
	const struct quic_version *version; /* of the packet that was opened last */
	struct tls_client_hello client_hello;
	struct tls_server_hello server_hello; /* a HelloRetryRequest, until the real one has come */
	struct quic_short_watch *watch;
	uint16_t datagrams, openings;
	bool keys;         /* original is known */
	bool client_seen;
	bool closed;
};

static_assert(sizeof(struct quic_state) <= DISSECTOR_STATE_MAX, "the sensor has room for this state");
static_assert(sizeof(((struct tls_client_hello *)0)->sni) == sizeof(((struct encryption *)0)->sni), "copied whole");
static_assert(sizeof(((struct tls_client_hello *)0)->alpn) == sizeof(((struct encryption *)0)->alpn_offered), "copied whole");

/* One call of the dissector. */
struct reading {
	struct dissection *d;
	struct quic_state *s;
	struct evidence *e;
	struct side *side;
	enum direction from;
	uint64_t at;
};

static const char initial_clause[] = "RFC 9001 5.2 Initial packet, opened";
static const char header_clause[] = "RFC 9000 17.2 long headers";
static const char client_hello_clause[] = "RFC 8446 4.1.2 ClientHello in CRYPTO frames";
static const char server_hello_clause[] = "RFC 8446 4.1.3 ServerHello in CRYPTO frames";
static const char negotiation_clause[] = "RFC 8999 6 Version Negotiation";
static const char short_clause[] = "RFC 9000 17.3.1 short headers, by what they have in common";
static const char google_clause[] = "Google QUIC, a client's packet whose hash fits";

/*
 * The application, where all that the client offers is the same one: a server has to take one of
 * them (RFC 9001 8.1). Drafts have their number at the end.
 */
static const struct {
	const char *alpn;
	const char *application;
} applications[] = {
	{ "h3", "http3" },
	{ "doq", "dns" },
};

static const char *
application_of(struct cursor name)
{
	for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
		struct cursor rest = name;

		if (!cursor_starts_with(&rest, applications[i].alpn))
			continue;
		cursor_skip(&rest, strlen(applications[i].alpn));
		if (cursor_left(&rest) == 0 || cursor_peek(&rest, 0) == '-')
			return applications[i].application;
	}
	return NULL;
}

static const char *
application(const char *offered)
{
	struct cursor names = cursor_over(offered, strlen(offered)), name;
	const char *common = NULL;

	while (cursor_left(&names) > 0) {
		const char *one;

		if (!cursor_take_until(&names, ',', &name)) {
			name = names;
			cursor_skip(&names, cursor_left(&names));
		}
		one = application_of(name);
		if (one == NULL || (common != NULL && strcmp(one, common) != 0))
			return "quic";
		common = one;
	}
	return common != NULL ? common : "quic";
}

static void
claim(struct reading *r, enum strength strength, const char *clause)
{
	evidence_protocol(r->e, application(r->e->encryption.alpn_offered), strength, clause, r->from, r->at);
	evidence_encryption(r->e, ENCRYPTION_ENCRYPTED, strength, clause, r->from, r->at);
	r->e->encryption.by = "quic";
}

static void
show_client_hello(struct reading *r, const struct tls_client_hello *hello)
{
	memcpy(r->e->encryption.sni, hello->sni, sizeof(hello->sni));
	memcpy(r->e->encryption.alpn_offered, hello->alpn, sizeof(hello->alpn));
	claim(r, STRENGTH_STRUCTURE, client_hello_clause);
}

static void
read_client_hello(struct reading *r, struct cursor body)
{
	if (!tls_client_hello_read(body, &r->s->client_hello)) {
		evidence_note(r->e, NOTE_MALFORMED);
		return;
	}
	r->s->sides[FROM_CLIENT].hello = true;
	if (r->e->encryption.ja4[0] == '\0')
		tls_ja4(body, JA4_QUIC, r->e->encryption.ja4);
	show_client_hello(r, &r->s->client_hello);
}

static void
read_server_hello(struct reading *r, struct cursor body)
{
	struct quic_state *s = r->s;
	struct tls_server_hello *hello = &s->server_hello;
	struct encryption *encryption = &r->e->encryption;
	bool fits;

	if (!tls_server_hello_read(body, hello) || !tls_version_is_13(hello->version)) {
		evidence_note(r->e, NOTE_MALFORMED);
		r->side->lost = true;
		return;
	}
	r->side->hello = !hello->retry;
	encryption->version = tls_version_name(hello->version);
	encryption->cipher = tls_cipher_name(hello->cipher);
	if (hello->group != 0)
		encryption->group = tls_group_name(hello->group);
	if (hello->psk) {
		encryption->resumed = true;
		encryption->resumption = "psk";
	}
	fits = s->sides[FROM_CLIENT].hello && tls_hellos_fit(&s->client_hello, hello);
	claim(r, fits ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, server_hello_clause);
}

/* Takes whole messages off what came of a direction's handshake bytes: nothing but hellos is in Initial packets. */
static void
read_messages(struct reading *r)
{
	struct side *side = r->side;

	while (!side->lost && !side->hello) {
		struct cursor c = reassembly_from(&side->crypto, side->taken), body;
		uint8_t type;
		uint32_t size;

		if (cursor_left(&c) < HANDSHAKE_HEADER_SIZE)
			return;
		type = cursor_u8(&c);
		size = cursor_u24(&c);
		if (type != (r->from == FROM_CLIENT ? CLIENT_HELLO : SERVER_HELLO) || size > CRYPTO_SIZE_MAX) {
			side->lost = true;
			return;
		}
		body = cursor_sub(&c, size);
		if (!cursor_ok(&body))
			return;
		side->taken += HANDSHAKE_HEADER_SIZE + size;
		if (r->from == FROM_CLIENT)
			read_client_hello(r, body);
		else
			read_server_hello(r, body);
	}
}

static bool
read_padding(struct reading *r, struct cursor *c)
{
	(void)r;
	while (cursor_peek(c, 0) == FRAME_PADDING)
		cursor_skip(c, 1);
	return true;
}

static bool
read_ping(struct reading *r, struct cursor *c)
{
	(void)r;
	(void)c;
	return true;
}

/* RFC 9000 19.3: largest, delay, count of ranges, the first, and pairs of a gap and a range. */
static bool
read_ack(struct reading *r, struct cursor *c)
{
	uint64_t ranges;

	(void)r;
	(void)quic_take_varint(c);
	(void)quic_take_varint(c);
	ranges = quic_take_varint(c);
	(void)quic_take_varint(c);
	for (; ranges > 0 && cursor_ok(c); ranges--) {
		(void)quic_take_varint(c);
		(void)quic_take_varint(c);
	}
	return cursor_ok(c);
}

static bool
read_ack_ecn(struct reading *r, struct cursor *c)
{
	if (!read_ack(r, c))
		return false;
	for (int i = 0; i < 3; i++)
		(void)quic_take_varint(c);
	return cursor_ok(c);
}

static bool
read_crypto(struct reading *r, struct cursor *c)
{
	uint64_t offset = quic_take_varint(c), size = quic_take_varint(c);
	struct cursor piece;

	if (!cursor_ok(c) || size > cursor_left(c))
		return false;
	piece = cursor_sub(c, (size_t)size);
	if (!r->side->lost && !r->side->hello && !reassembly_add(&r->side->crypto, r->d->services, offset, piece, CRYPTO_SIZE_MAX))
		r->side->lost = true;
	read_messages(r);
	return true;
}

/* RFC 9000 19.19: the connection ends before it began; the error may be an alert of TLS. */
static bool
read_connection_close(struct reading *r, struct cursor *c)
{
	uint64_t error = quic_take_varint(c), reason;

	(void)quic_take_varint(c);
	reason = quic_take_varint(c);
	if (!cursor_ok(c) || reason > cursor_left(c))
		return false;
	cursor_skip(c, (size_t)reason);
	if (error >= TLS_ALERTS && error < TLS_ALERTS + 256 && r->e->encryption.alert == NULL)
		r->e->encryption.alert = tls_alert_name((uint8_t)(error - TLS_ALERTS));
	if (!r->s->sides[FROM_SERVER].hello) {
		evidence_note(r->e, NOTE_HANDSHAKE_FAILED);
		r->s->closed = true;
	}
	return true;
}

static const struct {
	enum frame_type type;
	bool (*read)(struct reading *, struct cursor *);
} frames[] = {
	{ FRAME_PADDING, read_padding },
	{ FRAME_PING, read_ping },
	{ FRAME_ACK, read_ack },
	{ FRAME_ACK_ECN, read_ack_ecn },
	{ FRAME_CRYPTO, read_crypto },
	{ FRAME_CONNECTION_CLOSE, read_connection_close },
};

/* RFC 9000 12.4: no other frames are allowed in Initial packets; after one the rest cannot be read. */
static void
read_frames(struct reading *r, struct cursor c)
{
	while (cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);
		size_t i = 0;

		while (i < sizeof(frames) / sizeof(frames[0]) && frames[i].type != type)
			i++;
		if (i == sizeof(frames) / sizeof(frames[0]) || !frames[i].read(r, &c))
			return;
	}
}

/* Opens an Initial packet with the keys of one version and connection ID. */
static size_t
open_as(const struct quic_version *version, const struct quic_id *id, enum direction from, const struct quic_packet *p, uint8_t *opened)
{
	struct quic_keys keys;

	if (!quic_initial_keys(version->protection, quic_id_bytes(id), from, &keys))
		return 0;
	return quic_open(&keys, p->bytes, p->number_at, opened);
}

/* The same, trying all versions where the packet's is not known. */
static size_t
open_any(const struct quic_packet *p, const struct quic_id *id, enum direction from, const struct quic_version **version, uint8_t *opened)
{
	const struct quic_version *const *v = quic_versions_to_try;
	size_t size = 0;

	*version = p->version;
	if (p->version != NULL)
		return open_as(p->version, id, from, p, opened);
	for (; size == 0 && *v != NULL; v++) {
		*version = *v;
		size = open_as(*v, id, from, p, opened);
	}
	return size;
}

/* Of a version that is not known, only what has the size of a client's first packet is worth the work. */
static bool
may_be_initial(const struct quic_packet *p)
{
	return p->type == QUIC_INITIAL || (p->type == QUIC_OTHER && p->bytes.left >= UNKNOWN_VERSION_SIZE);
}

/*
 * Opens with the keys that are known. Where they do not fit, the client has begun anew: after a Retry or a
 * Version Negotiation, or another connection between the same ports.
 */
static size_t
open_initial(struct reading *r, const struct quic_packet *p, uint8_t *opened)
{
	struct quic_state *s = r->s;
	const struct quic_version *version = NULL;
	size_t size = 0;

	if (s->openings >= OPENINGS_MAX)
		return 0;
	s->openings++;
	if (s->keys)
		size = open_any(p, &s->original, r->from, &version, opened);
	if (size == 0 && r->from == FROM_CLIENT) {
		size = open_any(p, &p->destination, FROM_CLIENT, &version, opened);
		if (size > 0) {
			for (unsigned int side = 0; side < 2; side++) {
				reassembly_clear(&s->sides[side].crypto, r->d->services);
				s->sides[side] = (struct side){ 0 };
			}
			s->original = p->destination;
			s->keys = true;
		}
	}
	if (size > 0)
		s->version = version;
	return size;
}

static void
read_initial(struct reading *r, const struct quic_packet *p)
{
	uint8_t opened[QUIC_OPENED_SIZE_MAX];
	size_t size = open_initial(r, p, opened);

	if (size == 0)
		return;
	if (r->e->encryption.version == NULL)
		r->e->encryption.version = r->s->version->name;
	claim(r, STRENGTH_STRUCTURE, initial_clause);
	read_frames(r, cursor_over(opened, size));
}

/* The server names the versions it has to a client that came with another: the connection IDs are the client's. */
static void
read_negotiation(struct reading *r, const struct quic_packet *p)
{
	const struct quic_state *s = r->s;

	if (r->from == FROM_SERVER && s->client_seen && quic_id_equal(&p->destination, &s->source) && quic_id_equal(&p->source, &s->destination))
		evidence_protocol(r->e, "quic", STRENGTH_EXCHANGE, negotiation_clause, r->from, r->at);
}

/* Packets of a known version whose lengths lead to the end of the datagram. */
static void
claim_headers(struct reading *r, const struct quic_packet *p)
{
	if (p->version == NULL)
		return;
	if (r->e->encryption.version == NULL)
		r->e->encryption.version = p->version->name;
	claim(r, STRENGTH_STRUCTURE, header_clause);
}

/* Packet number and payload, which are encrypted. */
static bool
is_sealed(const struct quic_packet *p)
{
	struct cursor c = p->bytes;

	cursor_skip(&c, p->number_at);
	return cursor_looks_random(c);
}

/*
 * Whether all of a datagram is packets of one known version: long headers, one behind the other; a packet with a short
 * header may be the last, and a client may fill up with zeroes.
 */
static bool
is_chain(struct cursor c)
{
	struct quic_packet p;
	const struct quic_version *version = NULL;

	for (int i = 0; cursor_left(&c) > 0 && i < COALESCED_MAX; i++) {
		if (version != NULL && !quic_is_long(cursor_peek(&c, 0)))
			return quic_short_possible(c) || cursor_peek(&c, 0) == 0;
		if ((cursor_peek(&c, 0) & 0x40) == 0 || !quic_packet_read(&c, &p))
			return false;
		if (p.version == NULL || p.type > QUIC_HANDSHAKE || (version != NULL && p.version != version) || p.destination.size + p.source.size == 0 || !is_sealed(&p))
			return false;
		version = p.version;
	}
	return version != NULL;
}

static void
read_packet(struct reading *r, const struct quic_packet *p)
{
	if (r->from == FROM_CLIENT && p->type != QUIC_NEGOTIATION && p->type != QUIC_RETRY) {
		r->s->destination = p->destination;
		r->s->source = p->source;
		r->s->client_seen = true;
	}
	if (p->type == QUIC_NEGOTIATION)
		read_negotiation(r, p);
	else if (may_be_initial(p))
		read_initial(r, p);
}

static enum verdict
read_long(struct reading *r, struct cursor bytes)
{
	struct cursor c = bytes;
	struct quic_packet p;
	bool read = false;

	for (int i = 0; i < COALESCED_MAX && cursor_left(&c) > 0 && quic_is_long(cursor_peek(&c, 0)); i++) {
		if (!quic_packet_read(&c, &p))
			break;
		read = true;
		read_packet(r, &p);
		if (r->s->closed || (r->s->sides[FROM_SERVER].hello && r->s->sides[FROM_CLIENT].hello))
			return DONE;
	}
	if (read && r->e->encryption.state == ENCRYPTION_UNKNOWN && is_chain(bytes))
		claim_headers(r, &p);
	return MATCH;
}

/* Mid-stream: nothing but short headers so far. */
static enum verdict
read_short(struct reading *r, struct cursor bytes)
{
	struct quic_state *s = r->s;

	if (r->e->strength >= STRENGTH_STRUCTURE)
		return MATCH;
	if (s->watch == NULL)
		s->watch = r->d->services->resize(r->d->services->context, NULL, sizeof(*s->watch));
	if (s->watch == NULL)
		return DONE;
	switch (quic_short_look(s->watch, r->from, bytes)) {
	case QUIC_SHORT_OPEN:
		return MATCH;
	case QUIC_SHORT_YES:
		evidence_note(r->e, NOTE_MIDSTREAM);
		claim(r, STRENGTH_STRUCTURE, short_clause);
		return DONE;
	case QUIC_SHORT_NO:
		break;
	}
	return NO_MATCH;
}

/* Google's QUIC: the client's first message is readable, all that follows is encrypted. */
static bool
read_google(struct reading *r, struct cursor bytes)
{
	const char *version;
	struct cursor message;

	if (r->from != FROM_CLIENT || !quic_google_packet_read(bytes, &version, &message))
		return false;
	r->e->encryption.version = version;
	quic_google_server_name(message, r->e->encryption.sni, sizeof(r->e->encryption.sni));
	claim(r, STRENGTH_STRUCTURE, google_clause);
	return true;
}

static enum verdict
quic_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct quic_state *s = d->state;
	struct reading r = { .d = d, .s = s, .e = d->evidence, .side = &s->sides[from], .from = from, .at = d->offset[from] };
	struct cursor datagram = *bytes;
	enum verdict verdict = MATCH;
	bool foreign = false;

	cursor_skip(bytes, cursor_left(bytes));
	if (++s->datagrams > DATAGRAMS_MAX)
		return DONE;
	if (read_google(&r, datagram))
		return DONE;
	if (quic_is_long(cursor_peek(&datagram, 0)))
		verdict = read_long(&r, datagram);
	else if (quic_is_short(cursor_peek(&datagram, 0)))
		verdict = read_short(&r, datagram);
	else
		foreign = true;
	if (verdict != MATCH || d->evidence->strength >= STRENGTH_STRUCTURE || s->client_seen)
		return verdict;
	/* Short headers are watched as long as nothing else comes. */
	foreign |= quic_is_long(cursor_peek(&datagram, 0));
	return foreign ? NO_MATCH : MATCH;
}

/* Of a client's hello that never became whole, what came before the first hole. */
static void
quic_finish(struct dissection *d)
{
	struct quic_state *s = d->state;
	struct side *client = &s->sides[FROM_CLIENT];
	struct reading r = { .d = d, .s = s, .e = d->evidence, .side = client, .from = FROM_CLIENT, .at = d->offset[FROM_CLIENT] };
	struct cursor c = reassembly_from(&client->crypto, 0);

	if (client->hello || client->lost || client->taken > 0 || cursor_left(&c) < HELLO_START_SIZE || cursor_u8(&c) != CLIENT_HELLO)
		return;
	cursor_skip(&c, HANDSHAKE_HEADER_SIZE - 1);
	if (tls_client_hello_read(c, &s->client_hello))
		show_client_hello(&r, &s->client_hello);
}

/* A long header: by opening it where it is a client's first packet, else by its lengths. */
static enum verdict
probe_long(enum direction from, struct cursor bytes, enum strength *strength)
{
	uint8_t opened[QUIC_OPENED_SIZE_MAX];
	const struct quic_version *version;
	struct cursor c = bytes;
	struct quic_packet p;

	if (!quic_packet_read(&c, &p))
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	if (p.type == QUIC_NEGOTIATION)
		return from == FROM_SERVER ? MATCH : NO_MATCH;
	if (may_be_initial(&p) && open_any(&p, &p.destination, FROM_CLIENT, &version, opened) > 0) {
		*strength = STRENGTH_STRUCTURE;
		return from == FROM_CLIENT ? MATCH : NO_MATCH;
	}
	if (!is_chain(bytes) || (from == FROM_SERVER && (p.token || p.type == QUIC_0RTT)))
		return NO_MATCH;
	return MATCH;
}

static enum verdict
quic_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	int first = cursor_peek(&bytes, 0);
	const char *version;
	struct cursor message;

	*strength = STRENGTH_NONE;
	if (first < 0)
		return NEED_MORE;
	if (from == FROM_CLIENT && quic_google_packet_read(bytes, &version, &message)) {
		*strength = STRENGTH_STRUCTURE;
		return MATCH;
	}
	if (quic_is_long(first))
		return probe_long(from, bytes, strength);
	/* Short headers show nothing yet: where QUIC is to be expected, and nobody else wants them, they are watched. */
	if (!quic_is_short(first) || !quic_short_possible(bytes) || flow->server_port != 443)
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	return MATCH;
}

/* Short and long headers, and the flags of Google's public header. */
#define FIRST_BYTES \
	"\x09\x0d\x19\x1d\x29\x2d\x39\x3d" \
	"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f" \
	"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f" \
	"\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf" \
	"\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf" \
	"\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"

const struct dissector quic_dissector = {
	.name = "quic",
	.specification = "RFC 9000, RFC 9001, RFC 9369",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 443, 853, 8443, 4433 },
	.first_bytes = { FIRST_BYTES, FIRST_BYTES },
	.state_size = sizeof(struct quic_state),
	.probe = quic_probe,
	.dissect = quic_dissect,
	.finish = quic_finish,
};
