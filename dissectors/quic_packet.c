/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of QUIC packets, and the versions there are: by number, salt and packet types. */
#include <config.h>

#include "quic_packet.h"

#include <string.h>

enum {
	TYPE_SHIFT = 4,
	TYPE_MASK = 3,
	RETRY_TAG_SIZE = 16, /* RFC 9000 17.2.5; from draft 25 on */
	VERSIONS_MAX = 64,   /* that a Version Negotiation may list */
};

#define LABELS "quic key", "quic iv", "quic hp"
#define LABELS_V2 "quicv2 key", "quicv2 iv", "quicv2 hp"

/* The salts of RFC 9001 5.2 and RFC 9369 3.3.1, and of the drafts before them. */
static const struct quic_protection
	protection_v1 = { { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a }, LABELS },
	protection_v2 = { { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 }, LABELS_V2 },
	protection_v2_draft = { { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 }, LABELS_V2 },
	protection_draft_22 = { { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a }, LABELS },
	protection_draft_23 = { { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 }, LABELS },
	protection_draft_29 = { { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 }, LABELS },
	protection_q050 = { { 0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45 }, LABELS },
	protection_t050 = { { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 }, LABELS },
	protection_t051 = { { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d }, LABELS };

static const struct quic_version version_1 = { "QUICv1", &protection_v1, false };
static const struct quic_version version_2 = { "QUICv2", &protection_v2, true };
static const struct quic_version version_2_draft = { NULL, &protection_v2_draft, true };
static const struct quic_version draft_22 = { NULL, &protection_draft_22, false };
static const struct quic_version draft_23 = { NULL, &protection_draft_23, false };
static const struct quic_version draft_29 = { NULL, &protection_draft_29, false };
static const struct quic_version draft_33 = { NULL, &protection_v1, false };
static const struct quic_version google_q050 = { "Q050", &protection_q050, false };
static const struct quic_version google_t050 = { "T050", &protection_t050, false };
static const struct quic_version google_t051 = { "T051", &protection_t051, false };

/* Numbers from first to last. */
static const struct {
	uint32_t first, last;
	const struct quic_version *version;
} versions[] = {
	{ 0x00000001, 0x00000001, &version_1 },
	{ 0x6b3343cf, 0x6b3343cf, &version_2 },
	{ 0x709a50c4, 0x709a50c4, &version_2_draft },
	{ 0xff000016, 0xff000016, &draft_22 },
	{ 0xff000017, 0xff00001c, &draft_23 },
	{ 0xff00001d, 0xff000020, &draft_29 },
	{ 0xff000021, 0xff000022, &draft_33 },
	{ 0xfaceb001, 0xfaceb001, &draft_22 }, /* Facebook's numbers of drafts 22 and 27 */
	{ 0xfaceb002, 0xfaceb002, &draft_23 },
	{ 0xfaceb00e, 0xfaceb00e, &draft_23 },
	{ 0x51303530, 0x51303530, &google_q050 },
	{ 0x54303530, 0x54303530, &google_t050 },
	{ 0x54303531, 0x54303531, &google_t051 },
};

const struct quic_version *const quic_versions_to_try[] = { &version_1, &draft_29, &draft_23, &version_2, NULL };

static const struct quic_version *
find_version(uint32_t number)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (number >= versions[i].first && number <= versions[i].last)
			return versions[i].version;
	return NULL;
}

/* RFC 9000 16: the two high bits of the first byte tell the size. */
uint64_t
quic_take_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	unsigned int more = (1u << (first >> 6)) - 1;
	uint64_t value = first & 0x3f;

	while (more-- > 0)
		value = value << 8 | cursor_u8(c);
	return value;
}

static void
take_id(struct cursor *c, struct quic_id *id)
{
	uint8_t size = cursor_u8(c);
	const uint8_t *bytes;

	if (size > QUIC_ID_SIZE_MAX) {
		cursor_fail(c);
		return;
	}
	bytes = cursor_take(c, size);
	if (bytes == NULL)
		return;
	id->size = size;
	if (size > 0)
		memcpy(id->bytes, bytes, size);
}

bool
quic_id_equal(const struct quic_id *a, const struct quic_id *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* RFC 9000 17.2.1: nothing but versions to the end of the datagram, one of which is known here. */
static bool
read_negotiation(struct cursor *c, struct quic_packet *p)
{
	bool known = false;

	p->type = QUIC_NEGOTIATION;
	if (cursor_left(c) == 0 || cursor_left(c) % 4 != 0 || cursor_left(c) > (size_t)4 * VERSIONS_MAX)
		return false;
	while (cursor_left(c) > 0)
		known |= find_version(cursor_u32(c)) != NULL;
	return known;
}

/* The type by the two bits of the first byte; version 2 counts from elsewhere (RFC 9369 3.2). */
static enum quic_packet_type
type_of(const struct quic_version *version, uint8_t first)
{
	unsigned int bits = first >> TYPE_SHIFT & TYPE_MASK;

	return (enum quic_packet_type)(version->second ? (bits + 3) % 4 : bits);
}

/* What follows the connection IDs: a token, the length of the rest, and the packet number in it. */
static bool
read_rest(struct cursor *c, struct cursor start, struct quic_packet *p)
{
	uint64_t size;

	if (p->type == QUIC_RETRY) {
		cursor_skip(c, cursor_left(c));
		return start.left > RETRY_TAG_SIZE;
	}
	if (p->type == QUIC_INITIAL || p->type == QUIC_OTHER) {
		size = quic_take_varint(c);
		if (!cursor_ok(c) || size > cursor_left(c))
			return false;
		p->token = size > 0;
		cursor_skip(c, (size_t)size);
	}
	size = quic_take_varint(c);
	if (!cursor_ok(c) || size > cursor_left(c) || size < QUIC_NUMBER_SIZE_MAX + QUIC_TAG_SIZE)
		return false;
	p->number_at = start.left - cursor_left(c);
	cursor_skip(c, (size_t)size);
	return true;
}

bool
quic_packet_read(struct cursor *c, struct quic_packet *p)
{
	struct cursor start = *c;
	uint8_t first = cursor_u8(c);
	uint32_t number = cursor_u32(c);

	*p = (struct quic_packet){ .type = QUIC_OTHER };
	if (!cursor_ok(c) || !quic_is_long(first))
		return false;
	p->version = find_version(number);
	if (p->version != NULL)
		p->type = type_of(p->version, first);
	take_id(c, &p->destination);
	take_id(c, &p->source);
	if (!cursor_ok(c) || !(number == 0 ? read_negotiation(c, p) : read_rest(c, start, p)))
		return false;
	p->bytes = cursor_over(start.at, start.left - cursor_left(c));
	return true;
}

/* Google's QUIC. */

enum {
	GOOGLE_VERSION = 0x01,  /* flags of the public header: a version follows */
	GOOGLE_ID = 0x08,       /* and a connection ID of 8 bytes */
	GOOGLE_NUMBER_SHIFT = 4,
	GOOGLE_ID_SIZE = 8,
	GOOGLE_HASH_SIZE = 12,
	GOOGLE_FIRST = 20,      /* the first version with a name here */
	GOOGLE_LAST = 49,       /* the last one that is not encrypted at first */
	GOOGLE_SALTED = 37,     /* from here on the sender's role is part of what is hashed */
	GOOGLE_LONG = 44,       /* and from here on there are long headers */
	GOOGLE_SEARCHED = 48,   /* the message begins within so many bytes of frame headers */
	GOOGLE_TAGS_MAX = 128,
};

static const char *const google_names[] = {
	"Q020", "Q021", "Q022", "Q023", "Q024", "Q025", "Q026", "Q027", "Q028", "Q029",
	"Q030", "Q031", "Q032", "Q033", "Q034", "Q035", "Q036", "Q037", "Q038", "Q039",
	"Q040", "Q041", "Q042", "Q043", "Q044", "Q045", "Q046", "Q047", "Q048", "Q049",
};

/* FNV-1a of 128 bits, in two halves. */
struct fnv {
	uint64_t high, low;
};

static struct fnv
fnv_add(struct fnv h, struct cursor bytes)
{
	/* The prime is 2^88 + 0x13b. */
	while (cursor_left(&bytes) > 0) {
		uint64_t low = h.low ^ cursor_u8(&bytes);
		uint64_t a = (low & 0xffffffff) * 0x13b, b = (low >> 32) * 0x13b + (a >> 32);

		h.high = h.high * 0x13b + (b >> 32) + (low << 24);
		h.low = b << 32 | (a & 0xffffffff);
	}
	return h;
}

/* The first 96 bits of the hash, least significant byte first. */
static bool
fnv_equals(struct fnv h, struct cursor hash)
{
	uint64_t low = cursor_u64le(&hash);

	return low == h.low && cursor_u32le(&hash) == (uint32_t)h.high;
}

/* The number in "Q0nn", or -1. */
static int
take_google_version(struct cursor *c)
{
	uint32_t tag = cursor_u32(c);
	uint32_t tens = (tag >> 8 & 0xff) - '0', ones = (tag & 0xff) - '0';

	return tag >> 16 == ('Q' << 8 | '0') && tens <= 9 && ones <= 9 ? (int)(tens * 10 + ones) : -1;
}

/* Passes over the header up to the hash; gives the version's number, or -1. */
static int
take_google_header(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	size_t number_size;
	int number;

	if (quic_is_long(first)) {
		number = take_google_version(c);
		if (number < GOOGLE_LONG || cursor_u8(c) >> 4 != GOOGLE_ID_SIZE - 3)
			return -1;
		cursor_skip(c, GOOGLE_ID_SIZE + 4);
		return number;
	}
	number_size = (first >> GOOGLE_NUMBER_SHIFT & 3u) == 0 ? 1 : (first >> GOOGLE_NUMBER_SHIFT & 3u) * 2;
	if ((first & GOOGLE_VERSION) == 0 || (first & GOOGLE_ID) == 0)
		return -1;
	cursor_skip(c, GOOGLE_ID_SIZE);
	number = take_google_version(c);
	cursor_skip(c, number_size);
	return number;
}

bool
quic_google_packet_read(struct cursor bytes, const char **version, struct cursor *message)
{
	struct cursor c = bytes, header, hash;
	struct fnv h = { UINT64_C(0x6c62272e07bb0142), UINT64_C(0x62b821756295c58d) };
	int number = take_google_header(&c);

	if (number < 0 || number > GOOGLE_LAST)
		return false;
	header = cursor_over(bytes.at, bytes.left - cursor_left(&c));
	hash = cursor_sub(&c, GOOGLE_HASH_SIZE);
	if (!cursor_ok(&c) || cursor_left(&c) == 0)
		return false;
	h = fnv_add(fnv_add(h, header), c);
	if (number >= GOOGLE_SALTED)
		h = fnv_add(h, cursor_over("Client", 6));
	*version = number >= GOOGLE_FIRST ? google_names[number - GOOGLE_FIRST] : NULL;
	*message = c;
	return fnv_equals(h, hash);
}

void
quic_google_server_name(struct cursor message, char *name, size_t size)
{
	struct cursor values;
	uint16_t count;
	uint32_t start = 0;

	name[0] = '\0';
	for (int i = 0; i < GOOGLE_SEARCHED && !cursor_starts_with(&message, "CHLO"); i++)
		cursor_skip(&message, 1);
	if (cursor_u32(&message) != 0x43484c4f)
		return;
	count = cursor_u16le(&message);
	cursor_skip(&message, 2);
	if (count > GOOGLE_TAGS_MAX)
		return;
	values = message;
	cursor_skip(&values, (size_t)count * 8);
	for (; count > 0; count--) {
		uint32_t tag = cursor_u32(&message), end = cursor_u32le(&message);
		struct cursor value = values;

		if (!cursor_ok(&message) || end < start)
			return;
		if (tag == 0x534e4900) { /* "SNI" */
			cursor_skip(&value, start);
			value = cursor_sub(&value, end - start);
			if (cursor_ok(&value) && value.left < size)
				cursor_copy_text(&value, name, size);
			return;
		}
		start = end;
	}
}
