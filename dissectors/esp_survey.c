/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP-NULL or encrypted (RFC 5879). An ESP-NULL packet ends in a trailer in the clear before its
 * ICV: padding of 1, 2, 3 ..., its size, the number of the protocol inside (RFC 4303 2.4 to 2.6).
 * A packet that has none, whatever the size of its ICV, and whose bytes look random is encrypted.
 * One whose trailer and content agree is not. All others leave it open.
 */
#include <config.h>

#include "esp_survey.h"

#include <stddef.h>

enum {
	SPI_RESERVED = 255,   /* RFC 4303 2.1: up to this */
	ICV_SIZE_MAX = 64,    /* 0, 12, 16, 24, 32 are in use; HMACs of 512 bits in full are the largest there could be */
	IV_SIZE_MAX = 16,
	IV_STEP = 8,          /* none; 8 of GMAC (RFC 4543) */
	BODY_SIZE_MIN = 16,   /* after SPI and sequence number: no cipher and ICV in use make less */
	SEQUENCE_STEP_MAX = 4096,
	ENOUGH = 2,           /* packets that agree */
};

enum { INNER_ICMP = 1, INNER_IPV4 = 4, INNER_TCP = 6, INNER_UDP = 17, INNER_IPV6 = 41, PROTOCOL_LAST = 148 };

/* What a packet may be, taken as ESP-NULL with an IV and an ICV of certain sizes. */
enum reading { READING_SEALED, READING_DOUBTFUL, READING_READABLE };

/* The sum of RFC 1071 over bytes that hold their own checksum: zero where they are whole. */
static bool
has_good_checksum(struct cursor c)
{
	uint32_t sum = 0;

	while (cursor_left(&c) > 1)
		sum += cursor_u16(&c);
	if (cursor_left(&c) == 1)
		sum += (uint32_t)cursor_u8(&c) << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* A packet in tunnel mode; padding against traffic analysis may follow it (RFC 4303 2.7). */
static bool
is_ipv4(struct cursor c)
{
	struct cursor header = c;
	uint8_t first = cursor_u8(&c);
	size_t size = (first & 15u) * 4;

	cursor_skip(&c, 1);
	return first >> 4 == 4 && size >= 20 && cursor_u16(&c) <= header.left && header.left >= size && has_good_checksum(cursor_sub(&header, size));
}

static bool
is_ipv6(struct cursor c)
{
	size_t left = cursor_left(&c);
	uint32_t first = cursor_u32(&c);
	uint16_t size = cursor_u16(&c);
	uint8_t next = cursor_u8(&c);

	cursor_skip(&c, 33);
	return cursor_ok(&c) && first >> 28 == 6 && (size_t)size + 40 <= left && size >= 4 &&
	       (next == INNER_TCP || next == INNER_UDP || next == 58 || next == 0 || next == 44 || next == 43 || next == 60);
}

static bool
is_udp(struct cursor c)
{
	size_t left = cursor_left(&c);

	cursor_skip(&c, 4);
	return cursor_u16(&c) == left && left >= 8;
}

static bool
is_icmp(struct cursor c)
{
	return cursor_left(&c) >= 8 && cursor_peek(&c, 0) <= 18 && has_good_checksum(c);
}

/* A header that may be TCP's, and its ports: that does for a word where the ports come again. */
static bool
is_tcp(struct cursor c, uint32_t *ports)
{
	size_t left = cursor_left(&c), size;
	uint16_t flags;

	*ports = cursor_u32(&c);
	cursor_skip(&c, 8);
	flags = cursor_u16(&c);
	cursor_skip(&c, 6);
	size = (flags >> 12) * 4u;
	return cursor_ok(&c) && size >= 20 && size <= left && (flags & 0x0e00) == 0 && (flags & 0x3f) != 0 && (flags & 3) != 3 && *ports >> 16 != 0 && (*ports & 0xffff) != 0;
}

/* Whether what is inside is a whole packet of the protocol that the trailer names. */
static bool
content_agrees(struct esp_survey *s, enum direction from, uint8_t next, struct cursor content)
{
	uint32_t ports;
	bool again;

	switch (next) {
	case INNER_IPV4:
		return is_ipv4(content);
	case INNER_IPV6:
		return is_ipv6(content);
	case INNER_UDP:
		return is_udp(content);
	case INNER_ICMP:
		return is_icmp(content);
	case INNER_TCP:
		if (!is_tcp(content, &ports))
			return false;
		again = s->ports[from] == ports;
		s->ports[from] = ports;
		return again;
	default:
		return false;
	}
}

/* Cuts a trailer in the clear off the end of body; false where there is none. */
static bool
take_trailer(struct cursor *body, uint8_t *next)
{
	size_t size = cursor_left(body), padding;

	if (size < 2)
		return false;
	*next = (uint8_t)cursor_peek(body, size - 1);
	padding = (size_t)cursor_peek(body, size - 2);
	if ((*next > PROTOCOL_LAST && *next != 253 && *next != 254) || padding + 2 > size)
		return false;
	for (size_t i = 0; i < padding; i++)
		if ((size_t)cursor_peek(body, size - 2 - padding + i) != i + 1)
			return false;
	*body = cursor_sub(body, size - 2 - padding);
	return true;
}

/* A body as it would be with an ICV of this size. */
static enum reading
read_with(struct esp_survey *s, enum direction from, struct cursor body, size_t icv)
{
	uint8_t next;

	if (cursor_left(&body) < icv)
		return READING_SEALED;
	body = cursor_sub(&body, cursor_left(&body) - icv);
	if (!take_trailer(&body, &next))
		return READING_SEALED;
	for (size_t iv = 0; iv <= IV_SIZE_MAX && iv < cursor_left(&body); iv += IV_STEP) {
		struct cursor content = body;

		cursor_skip(&content, iv);
		if (content_agrees(s, from, next, content))
			return READING_READABLE;
	}
	return READING_DOUBTFUL;
}

/* An IP packet that is seen at once, whatever pads it or follows it. */
static bool
begins_with_packet(struct cursor body)
{
	for (size_t iv = 0; iv <= IV_SIZE_MAX && iv < cursor_left(&body); iv += IV_STEP) {
		struct cursor content = body;

		cursor_skip(&content, iv);
		if (is_ipv4(content))
			return true;
	}
	return false;
}

static enum reading
read_body(struct esp_survey *s, enum direction from, struct cursor body)
{
	enum reading best = begins_with_packet(body) ? READING_READABLE : READING_SEALED;

	for (size_t icv = 0; icv <= ICV_SIZE_MAX && best != READING_READABLE; icv += 4) {
		enum reading reading = read_with(s, from, body, icv);

		if (reading > best)
			best = reading;
	}
	return best == READING_SEALED && !cursor_looks_random(body) ? READING_DOUBTFUL : best;
}

static bool
goes_on(const struct esp_survey *s, enum direction from, uint32_t spi, uint32_t sequence)
{
	return s->spi[from] == spi && sequence > s->sequence[from] && sequence - s->sequence[from] <= SEQUENCE_STEP_MAX;
}

static enum esp_finding
conclude(const struct esp_survey *s)
{
	bool sealed = s->sealed >= ENOUGH && s->sealed / 2 >= s->doubtful;

	if (s->readable > 0)
		return sealed ? ESP_MIXED : ESP_NULL;
	return sealed ? ESP_ENCRYPTED : ESP_UNDECIDED;
}

enum esp_finding
esp_survey_packet(struct esp_survey *s, enum direction from, struct cursor packet)
{
	uint32_t spi = cursor_u32(&packet), sequence = cursor_u32(&packet);

	/* What is inside ends on a boundary of four bytes, and so does every ICV in use (RFC 4303 2.4). */
	if (!cursor_ok(&packet) || spi <= SPI_RESERVED || cursor_left(&packet) < BODY_SIZE_MIN || cursor_left(&packet) % 4 != 0)
		return ESP_NONE;
	if (s->spi[from] == spi && s->sequence[from] == sequence)
		return conclude(s); /* sent twice: no second witness */
	s->packets++;
	s->continued = (uint16_t)(s->continued + goes_on(s, from, spi, sequence));
	s->spi[from] = spi;
	s->sequence[from] = sequence;
	switch (read_body(s, from, packet)) {
	case READING_SEALED:
		s->sealed++;
		break;
	case READING_DOUBTFUL:
		s->doubtful++;
		break;
	case READING_READABLE:
		s->readable++;
		break;
	}
	return conclude(s);
}

bool
esp_survey_is_over(const struct esp_survey *s)
{
	return s->packets >= ESP_PACKETS_MAX;
}

static const struct {
	enum encryption_state state;
	const char *cipher, *clause;
} findings[] = {
	[ESP_ENCRYPTED] = { ENCRYPTION_ENCRYPTED, NULL, "RFC 4303 2 ESP packets, RFC 5879 8 not ESP-NULL" },
	[ESP_NULL] = { ENCRYPTION_PLAINTEXT, "ENCR_NULL", "RFC 5879 8 ESP-NULL packet" },
	[ESP_MIXED] = { ENCRYPTION_PARTIAL, "ENCR_NULL", "RFC 5879 8 ESP-NULL packet" },
};

void
esp_survey_tell(enum esp_finding finding, struct evidence *e, enum direction from, uint64_t offset)
{
	if (finding < ESP_ENCRYPTED)
		return;
	evidence_protocol(e, "esp", STRENGTH_STRUCTURE, "RFC 4303 2 ESP packet", from, offset);
	evidence_encryption(e, findings[finding].state, STRENGTH_STRUCTURE, findings[finding].clause, from, offset);
	e->encryption.by = "esp";
	e->encryption.cipher = findings[finding].cipher;
}
