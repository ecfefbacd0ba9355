/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP-NULL and encrypted ESP, told apart: every size of ICV and IV in use, both modes, and what must
 * never be called encrypted. What is encrypted is pseudorandom here, as it looks from outside.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "dissectors/esp_survey.h"

struct packet {
	uint8_t at[1600];
	size_t size;
};

static uint32_t seed = 1;

static void
put(struct packet *b, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		b->at[b->size++] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static void
put_random(struct packet *b, size_t size)
{
	while (size-- > 0) {
		seed = seed * 1664525u + 1013904223u;
		put(b, seed >> 24, 1);
	}
}

static void
put_text(struct packet *b, const char *text)
{
	memcpy(b->at + b->size, text, strlen(text));
	b->size += strlen(text);
}

/* Writes the sum of RFC 1071 over what begins at from, into it. */
static void
add_checksum(struct packet *b, size_t from, size_t end, size_t at)
{
	uint32_t sum = 0;

	for (size_t i = from; i < end; i += 2)
		sum += (uint32_t)(b->at[i] << 8 | (i + 1 < end ? b->at[i + 1] : 0));
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	b->at[at] = (uint8_t)(sum >> 8);
	b->at[at + 1] = (uint8_t)sum;
}

static void
put_tcp(struct packet *b, size_t payload)
{
	put(b, 0x9c401538, 4);
	put_random(b, 8);
	put(b, 0x5018, 2);
	put(b, 0x01f6, 2);
	put_random(b, 2);
	put(b, 0, 2);
	put_random(b, payload);
}

static void
put_udp(struct packet *b, size_t payload)
{
	put(b, 0x9c400035, 4);
	put(b, payload + 8, 2);
	put_random(b, 2 + payload);
}

static void
put_icmp(struct packet *b, size_t payload)
{
	size_t from = b->size;

	put(b, 0x08000000, 4);
	put_random(b, 4 + payload);
	add_checksum(b, from, b->size, from + 2);
}

static void
put_ipv4(struct packet *b, size_t payload)
{
	size_t from = b->size;

	put(b, 0x4500, 2);
	put(b, payload + 28, 2);
	put(b, 0x12344000, 4);
	put(b, 0x40110000, 4);
	put(b, 0x0a2a001f0a2a0020, 8);
	add_checksum(b, from, from + 20, from + 10);
	put_udp(b, payload);
}

static void
put_ipv6(struct packet *b, size_t payload)
{
	put(b, 0x60000000, 4);
	put(b, payload + 8, 2);
	put(b, 0x1140, 2);
	put_random(b, 32);
	put_udp(b, payload);
}

static struct packet
begin(uint32_t spi, uint32_t sequence)
{
	struct packet b = { .size = 0 };

	put(&b, spi, 4);
	put(&b, sequence, 4);
	return b;
}

/* What ends an ESP-NULL packet: padding of 1, 2, 3, its size, next header, ICV. */
static void
put_trailer(struct packet *b, uint8_t next, size_t icv)
{
	size_t padding = (4 - (b->size + 2) % 4) % 4;

	for (size_t i = 1; i <= padding; i++)
		put(b, i, 1);
	put(b, padding, 1);
	put(b, next, 1);
	put_random(b, icv);
}

static struct packet
sealed(uint32_t spi, uint32_t sequence, size_t size)
{
	struct packet b = begin(spi, sequence);

	put_random(&b, size);
	return b;
}

static struct conversation c;

static void
send(enum direction from, struct packet b)
{
	conversation_send(&c, from, b.at, b.size);
}

static void
expect(enum encryption_state state, const char *cipher)
{
	assert_string_equal(encryption_state_names[c.evidence.encryption.state], encryption_state_names[state]);
	assert_string_equal(c.evidence.encryption.cipher ? c.evidence.encryption.cipher : "-", cipher);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	if (state != ENCRYPTION_UNKNOWN) {
		assert_string_equal(c.evidence.protocol, "esp");
		assert_string_equal(c.evidence.encryption.by, "esp");
	}
	conversation_clear(&c);
}

static const size_t icvs[] = { 0, 12, 16, 20, 24, 32 };
static const struct {
	void (*content)(struct packet *, size_t);
	uint8_t next;
	size_t iv, payload;
} nulls[] = {
	{ put_tcp, 6, 0, 0 }, { put_tcp, 6, 0, 700 }, { put_tcp, 6, 8, 33 }, { put_udp, 17, 0, 41 }, { put_udp, 17, 8, 40 },
	{ put_icmp, 1, 0, 56 }, { put_icmp, 1, 8, 57 }, { put_ipv4, 4, 0, 200 }, { put_ipv4, 4, 8, 3 }, { put_ipv6, 41, 0, 100 }, { put_ipv6, 41, 8, 0 },
};

static void
null_encryption(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		for (size_t j = 0; j < sizeof(icvs) / sizeof(icvs[0]); j++) {
			conversation_init(&c, &esp_dissector);
			for (uint32_t n = 1; n <= 4; n++) {
				struct packet b = begin(0xabcd1234, n);

				put_random(&b, nulls[i].iv);
				nulls[i].content(&b, nulls[i].payload);
				put_trailer(&b, nulls[i].next, icvs[j]);
				send(FROM_CLIENT, b);
			}
			expect(ENCRYPTION_PLAINTEXT, "ENCR_NULL");
		}
}

/* Whatever an ESP-NULL packet carries, and however often: never encrypted. */
static void
never_encrypted(void **state)
{
	static const uint8_t nexts[] = { 0, 6, 17, 47, 50, 58, 59, 89, 132, 143, 253 };

	(void)state;
	for (size_t i = 0; i < sizeof(nexts); i++)
		for (size_t j = 0; j < sizeof(icvs) / sizeof(icvs[0]); j++) {
			conversation_init(&c, &esp_dissector);
			for (uint32_t n = 1; n <= 60; n++) {
				struct packet b = begin(0xabcd1234, n);

				put_random(&b, 40 + n % 7);
				put_trailer(&b, nexts[i], icvs[j]);
				send(FROM_CLIENT, b);
			}
			assert_int_equal(c.verdict, DONE);
			expect(ENCRYPTION_UNKNOWN, "-");
		}
	/* Padded against the specification, but with text inside, or headers. */
	conversation_init(&c, &esp_dissector);
	for (uint32_t n = 1; n <= 60; n++) {
		struct packet b = begin(0xabcd1234, n);

		put_text(&b, "GET /of/course HTTP/1.1 Host: shop.example, and so on, and so on");
		put_random(&b, 12);
		send(FROM_CLIENT, b);
	}
	expect(ENCRYPTION_UNKNOWN, "-");
	conversation_init(&c, &esp_dissector);
	for (uint32_t n = 1; n <= 60; n++) {
		struct packet b = begin(0xabcd1234, n);

		put_ipv4(&b, 100);
		put_random(&b, 36);
		send(FROM_CLIENT, b);
	}
	expect(ENCRYPTION_PLAINTEXT, "ENCR_NULL");
}

static void
encrypted(void **state)
{
	(void)state;
	for (size_t size = 24; size < 1440; size += 4) {
		conversation_init(&c, &esp_dissector);
		for (uint32_t n = 1; n <= 8; n++)
			send(n % 2 ? FROM_CLIENT : FROM_SERVER, sealed(n % 2 ? 0xc1000001 : 0xc2000002, n, size));
		expect(ENCRYPTION_ENCRYPTED, "-");
	}
	/* One packet is no word; nor is the same one twice, nor noise. */
	conversation_init(&c, &esp_dissector);
	seed = 5;
	send(FROM_CLIENT, sealed(0xc1000001, 1, 64));
	seed = 5;
	send(FROM_CLIENT, sealed(0xc1000001, 1, 64));
	send(FROM_CLIENT, sealed(0xc1000001, 3, 65));
	send(FROM_CLIENT, sealed(200, 3, 64));
	send(FROM_CLIENT, sealed(0xc1000001, 4, 8));
	expect(ENCRYPTION_UNKNOWN, "-");
	/* One SA of the two is readable. */
	conversation_init(&c, &esp_dissector);
	for (uint32_t n = 1; n <= 8; n++)
		send(FROM_CLIENT, sealed(0xc1000001, n, 64));
	struct packet b = begin(0xc2000002, 1);
	put_udp(&b, 40);
	put_trailer(&b, 17, 12);
	send(FROM_SERVER, b);
	expect(ENCRYPTION_PARTIAL, "ENCR_NULL");
}

static void
probes(void **state)
{
	struct flow_view flow = { 0 };
	enum strength strength;

	(void)state;
	assert_int_equal(esp_dissector.probe(&flow, FROM_CLIENT, cursor_over("\1\2\3\4\0\0\0\1", 8), &strength), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	assert_int_equal(esp_dissector.probe(&flow, FROM_CLIENT, cursor_over("\1\2\3\4\0\0\0", 7), &strength), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_encryption),
		cmocka_unit_test(never_encrypted),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
