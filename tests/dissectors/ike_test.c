/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE of both versions, with messages made by the specification: what is encrypted in them is
 * pseudorandom, as it looks from outside. Success is told by what follows an authentication only.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "dissectors/ike_message.h"

enum { MAIN = 2, AGGRESSIVE = 4, INFORMATIONAL1 = 5, TRANSACTION = 6, QUICK = 32, SA_INIT = 34, AUTH = 35, CHILD = 36, INFORMATIONAL = 37 };
enum { ENCRYPTED = 1, INITIATOR = 0x08, RESPONSE = 0x20 };

struct bytes {
	uint8_t at[2048];
	size_t size;
};

static void
put(struct bytes *b, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		b->at[b->size++] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static uint32_t seed = 1;

static void
put_random(struct bytes *b, size_t size)
{
	while (size-- > 0) {
		seed = seed * 1664525u + 1013904223u;
		put(b, seed >> 24, 1);
	}
}

static void
begin(struct bytes *b, uint64_t spi, bool answered, unsigned version, unsigned exchange, unsigned flags, uint32_t id, unsigned first)
{
	*b = (struct bytes){ 0 };
	put(b, spi, 8);
	put(b, answered ? 0x8877665544332211 : 0, 8);
	put(b, first, 1);
	put(b, version << 4, 1);
	put(b, exchange, 1);
	put(b, flags, 1);
	put(b, id, 4);
	put(b, 0, 4);
}

static void
payload(struct bytes *b, unsigned next, const struct bytes *body)
{
	put(b, next, 1);
	put(b, 0, 1);
	put(b, body->size + 4, 2);
	memcpy(b->at + b->size, body->at, body->size);
	b->size += body->size;
}

static void
end(struct bytes *b)
{
	b->at[26] = (uint8_t)(b->size >> 8);
	b->at[27] = (uint8_t)b->size;
}

/* An SA payload's body of version 1: one proposal with a transform for each method. */
static struct bytes
sa1(const uint16_t *methods, size_t count)
{
	struct bytes b = { 0 };

	put(&b, 1, 4);
	put(&b, 1, 4);
	put(&b, 0, 2);
	put(&b, 8 + count * 16, 2);
	put(&b, 1, 1);
	put(&b, 1, 1);
	put(&b, 0, 1);
	put(&b, count, 1);
	for (size_t i = 0; i < count; i++) {
		put(&b, i + 1 < count ? 3 : 0, 1);
		put(&b, 0, 1);
		put(&b, 16, 2);
		put(&b, i + 1, 1);
		put(&b, 1, 1);
		put(&b, 0, 2);
		put(&b, 0x80010007, 4);
		put(&b, 0x80030000u | methods[i], 4);
	}
	return b;
}

static struct bytes
random_bytes(size_t size)
{
	struct bytes b = { 0 };

	put_random(&b, size);
	return b;
}

struct flight {
	struct conversation c;
	bool marker;
	uint64_t spi;
};

static void
start(struct flight *f)
{
	*f = (struct flight){ .spi = 0x1122334455667788 };
	conversation_init(&f->c, &ike_dissector);
}

static void
send(struct flight *f, enum direction from, const struct bytes *b)
{
	struct bytes whole = { 0 };

	if (f->marker)
		put(&whole, 0, 4);
	memcpy(whole.at + whole.size, b->at, b->size);
	whole.size += b->size;
	conversation_send(&f->c, from, whole.at, whole.size);
}

static void
sa(struct flight *f, enum direction from, unsigned exchange, bool answered, const uint16_t *methods, size_t count)
{
	struct bytes b, body = sa1(methods, count), key = random_bytes(96);

	begin(&b, f->spi, answered, 1, exchange, 0, 0, 1);
	payload(&b, 4, &body);
	payload(&b, 0, &key);
	end(&b);
	send(f, from, &b);
}

static void
sealed1(struct flight *f, enum direction from, unsigned exchange, uint32_t id)
{
	struct bytes b;

	begin(&b, f->spi, true, 1, exchange, ENCRYPTED, id, 8);
	put_random(&b, 64);
	end(&b);
	send(f, from, &b);
}

static void
notification1(struct flight *f, enum direction from, unsigned type)
{
	struct bytes b, body = { 0 };

	put(&body, 1, 4);
	put(&body, 1, 1);
	put(&body, 0, 1);
	put(&body, type, 2);
	begin(&b, f->spi, true, 1, INFORMATIONAL1, 0, 77, 11);
	payload(&b, 0, &body);
	end(&b);
	send(f, from, &b);
}

static void
init2(struct flight *f, enum direction from, unsigned flags)
{
	struct bytes b, body = random_bytes(44), key = random_bytes(68), nonce = random_bytes(32);

	begin(&b, f->spi, (flags & RESPONSE) != 0, 2, SA_INIT, flags, 0, 33);
	payload(&b, 34, &body);
	payload(&b, 40, &key);
	payload(&b, 0, &nonce);
	end(&b);
	send(f, from, &b);
}

static void
sealed2(struct flight *f, enum direction from, unsigned exchange, unsigned flags, uint32_t id, unsigned type)
{
	struct bytes b, body = random_bytes(80);

	begin(&b, f->spi, true, 2, exchange, flags, id, type);
	payload(&b, 35, &body);
	end(&b);
	send(f, from, &b);
}

static void
notify2(struct flight *f, unsigned exchange, uint16_t type)
{
	struct bytes b, body = { 0 };

	put(&body, 0, 2);
	put(&body, type, 2);
	begin(&b, f->spi, true, 2, exchange, RESPONSE, 0, 41);
	payload(&b, 0, &body);
	end(&b);
	send(f, FROM_SERVER, &b);
}

static void
esp(struct flight *f, enum direction from, uint32_t spi, uint32_t sequence)
{
	struct bytes b = { 0 };

	put(&b, spi, 4);
	put(&b, sequence, 4);
	put_random(&b, 112);
	conversation_send(&f->c, from, b.at, b.size);
}

static void
expect(struct flight *f, const char *protocol, enum encryption_state state, const char *version, enum auth_result result, const char *method)
{
	const struct evidence *e = &f->c.evidence;

	conversation_end(&f->c);
	assert_string_equal(e->protocol ? e->protocol : "-", protocol);
	assert_int_equal(e->encryption.state, state);
	assert_string_equal(e->encryption.version ? e->encryption.version : "-", version);
	assert_string_equal(auth_result_names[e->authentication.result], auth_result_names[result]);
	assert_string_equal(e->authentication.method ? e->authentication.method : "-", method);
	assert_false(e->cleartext_credentials);
	conversation_clear(&f->c);
}

static void
expect_ike(struct flight *f, const char *version, enum auth_result result, const char *method)
{
	expect(f, "ike", ENCRYPTION_PARTIAL, version, result, method);
}

/* Phase 1 by main mode, with the one method. */
static void
main_mode(struct flight *f, uint16_t method)
{
	sa(f, FROM_CLIENT, MAIN, false, &method, 1);
	sa(f, FROM_SERVER, MAIN, true, &method, 1);
	sealed1(f, FROM_CLIENT, MAIN, 0);
	sealed1(f, FROM_SERVER, MAIN, 0);
}

static void
quick_mode(struct flight *f, uint32_t id)
{
	sealed1(f, FROM_CLIENT, QUICK, id);
	sealed1(f, FROM_SERVER, QUICK, id);
	sealed1(f, FROM_CLIENT, QUICK, id);
}

static void
version1_methods(void **state)
{
	static const struct {
		uint16_t number;
		const char *method;
	} list[] = { { 1, "ike-psk" }, { 2, "ike-certificate" }, { 3, "ike-certificate" }, { 5, "ike-public-key" }, { 9, "ike-certificate" },
		{ 64221, "ike-hybrid" }, { 65001, "ike-xauth-psk" }, { 65005, "ike-xauth-certificate" }, { 65009, "ike-xauth-public-key" }, { 99, "-" } };

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct flight f;

		start(&f);
		main_mode(&f, list[i].number);
		assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
		quick_mode(&f, 5);
		assert_int_equal(f.c.verdict, DONE);
		expect_ike(&f, "IKEv1", AUTH_SUCCESS, list[i].method);
	}
}

static void
version1_outcomes(void **state)
{
	static const uint16_t several[] = { 1, 3 }, same[] = { 65001, 65002 }, psk[] = { 1 };
	struct flight f;

	(void)state;
	/* Several are offered, one is chosen. */
	start(&f);
	sa(&f, FROM_CLIENT, AGGRESSIVE, false, several, 2);
	assert_int_equal(f.c.evidence.authentication.result, AUTH_UNKNOWN);
	sa(&f, FROM_SERVER, AGGRESSIVE, true, several + 1, 1);
	expect_ike(&f, "IKEv1", AUTH_ATTEMPTED, "ike-certificate");
	start(&f);
	sa(&f, FROM_CLIENT, AGGRESSIVE, false, same, 2);
	expect_ike(&f, "IKEv1", AUTH_ATTEMPTED, "ike-xauth-psk");
	/* The first message of quick mode sent again confirms nothing. */
	start(&f);
	main_mode(&f, 1);
	for (int i = 0; i < 3; i++) {
		seed = i == 1 ? 8 : 7;
		sealed1(&f, i == 1 ? FROM_SERVER : FROM_CLIENT, QUICK, 9);
	}
	expect_ike(&f, "IKEv1", AUTH_ATTEMPTED, "ike-psk");
	/* Nor do messages of different ones, or of one side. */
	start(&f);
	main_mode(&f, 1);
	sealed1(&f, FROM_CLIENT, QUICK, 9);
	sealed1(&f, FROM_SERVER, QUICK, 10);
	sealed1(&f, FROM_CLIENT, QUICK, 9);
	sealed1(&f, FROM_CLIENT, TRANSACTION, 11);
	expect_ike(&f, "IKEv1", AUTH_ATTEMPTED, "ike-psk");
	/* Refused by the responder, in the clear. */
	start(&f);
	sa(&f, FROM_CLIENT, AGGRESSIVE, false, psk, 1);
	sa(&f, FROM_SERVER, AGGRESSIVE, true, psk, 1);
	notification1(&f, FROM_SERVER, 24);
	assert_true(evidence_has_note(&f.c.evidence, NOTE_HANDSHAKE_FAILED));
	expect_ike(&f, "IKEv1", AUTH_FAILURE, "ike-psk");
	/* Refused by the initiator: no word on the initiator. */
	start(&f);
	main_mode(&f, 1);
	notification1(&f, FROM_CLIENT, 24);
	expect_ike(&f, "IKEv1", AUTH_ATTEMPTED, "ike-psk");
	/* No proposal fits: nobody was asked for credentials. */
	start(&f);
	sa(&f, FROM_CLIENT, MAIN, false, several, 2);
	notification1(&f, FROM_SERVER, 14);
	assert_true(evidence_has_note(&f.c.evidence, NOTE_HANDSHAKE_FAILED));
	expect_ike(&f, "IKEv1", AUTH_UNKNOWN, "-");
	/* Quick mode alone: the SA is older than the capture. */
	start(&f);
	quick_mode(&f, 5);
	expect_ike(&f, "IKEv1", AUTH_SUCCESS, "-");
}

static void
version2_begin(struct flight *f)
{
	start(f);
	init2(f, FROM_CLIENT, INITIATOR);
	init2(f, FROM_SERVER, RESPONSE);
	assert_int_equal(f->c.evidence.authentication.result, AUTH_UNKNOWN);
	f->marker = true;
	sealed2(f, FROM_CLIENT, AUTH, INITIATOR, 1, 46);
}

static void
version2_outcomes(void **state)
{
	struct flight f;

	(void)state;
	version2_begin(&f);
	expect_ike(&f, "IKEv2", AUTH_ATTEMPTED, "-");
	/* An answer may be a refusal. */
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	expect_ike(&f, "IKEv2", AUTH_ATTEMPTED, "-");
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 53);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 53);
	sealed2(&f, FROM_CLIENT, CHILD, INITIATOR, 2, 46);
	sealed2(&f, FROM_SERVER, CHILD, RESPONSE, 2, 46);
	assert_int_equal(f.c.verdict, DONE);
	expect_ike(&f, "IKEv2", AUTH_SUCCESS, "-");
	/* The initiator's first INFORMATIONAL may be its refusal of the responder. */
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	sealed2(&f, FROM_CLIENT, INFORMATIONAL, INITIATOR, 2, 46);
	sealed2(&f, FROM_SERVER, INFORMATIONAL, RESPONSE, 2, 46);
	assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
	/* The same once more, since the answer was lost behind the tap. */
	sealed2(&f, FROM_CLIENT, INFORMATIONAL, INITIATOR, 2, 46);
	sealed2(&f, FROM_SERVER, INFORMATIONAL, RESPONSE, 2, 46);
	assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
	sealed2(&f, FROM_CLIENT, INFORMATIONAL, INITIATOR, 3, 46);
	assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
	sealed2(&f, FROM_SERVER, INFORMATIONAL, RESPONSE, 3, 46);
	expect_ike(&f, "IKEv2", AUTH_SUCCESS, "-");
	/* The responder asks, the initiator answers. */
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	sealed2(&f, FROM_SERVER, INFORMATIONAL, 0, 0, 46);
	sealed2(&f, FROM_CLIENT, INFORMATIONAL, INITIATOR | RESPONSE, 0, 46);
	expect_ike(&f, "IKEv2", AUTH_SUCCESS, "-");
	/* Before IKE_AUTH is answered, to another request, or without protection: nothing. */
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, INFORMATIONAL, 0, 0, 46);
	sealed2(&f, FROM_CLIENT, INFORMATIONAL, INITIATOR | RESPONSE, 0, 46);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	sealed2(&f, FROM_CLIENT, CHILD, INITIATOR, 2, 46);
	sealed2(&f, FROM_SERVER, CHILD, RESPONSE, 3, 46);
	notify2(&f, INFORMATIONAL, 11);
	expect_ike(&f, "IKEv2", AUTH_ATTEMPTED, "-");
	/* No proposal chosen. */
	start(&f);
	init2(&f, FROM_CLIENT, INITIATOR);
	notify2(&f, SA_INIT, 14);
	assert_true(evidence_has_note(&f.c.evidence, NOTE_HANDSHAKE_FAILED));
	expect_ike(&f, "IKEv2", AUTH_UNKNOWN, "-");
	/* A cookie, another group: as it should be. */
	start(&f);
	init2(&f, FROM_CLIENT, INITIATOR);
	notify2(&f, SA_INIT, 16390);
	assert_false(evidence_has_note(&f.c.evidence, NOTE_HANDSHAKE_FAILED));
	expect_ike(&f, "IKEv2", AUTH_UNKNOWN, "-");
	/* Another SA begins anew. */
	version2_begin(&f);
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	f.spi++;
	init2(&f, FROM_SERVER, INITIATOR);
	esp(&f, FROM_SERVER, 0x1234567, 1);
	expect_ike(&f, "IKEv2", AUTH_ATTEMPTED, "-");
}

static void
esp_beside(void **state)
{
	struct flight f;

	(void)state;
	version2_begin(&f);
	esp(&f, FROM_SERVER, 0xc0000001, 3); /* of an SA before */
	sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
	conversation_send(&f.c, FROM_CLIENT, "\xff", 1);
	esp(&f, FROM_CLIENT, 0xc0000002, 1); /* the initiator believes so */
	esp(&f, FROM_SERVER, 0xc0000001, 4);
	esp(&f, FROM_SERVER, 0xc0000003, 100000);
	assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
	esp(&f, FROM_SERVER, 0xc0000004, 1);
	assert_int_equal(f.c.verdict, DONE);
	expect_ike(&f, "IKEv2", AUTH_SUCCESS, "-");
}

static enum verdict
companion(struct flight *f, enum direction from, uint8_t ip_protocol, const char *bytes, size_t size)
{
	struct dissection d = { .flow = &f->c.flow, .evidence = &f->c.evidence, .state = f->c.state };

	return ike_dissector.companion(&d, from, ip_protocol, cursor_over(bytes, size));
}

/* ESP (50) and AH (51) on IP itself, which the sensor tells of. */
static void
companions(void **state)
{
	static const char before[] = "\xc0\0\0\1\0\0\0\4", fresh[] = "\xc0\0\0\2\0\0\0\1", ah[] = "\1\4\0\0\xc0\0\0\2\0\0\0\1";
	struct flight f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		version2_begin(&f);
		assert_int_equal(companion(&f, FROM_SERVER, 50, before, 8), MATCH);
		sealed2(&f, FROM_SERVER, AUTH, RESPONSE, 1, 46);
		assert_int_equal(companion(&f, FROM_SERVER, 50, before, 8), MATCH);
		assert_int_equal(companion(&f, FROM_CLIENT, 50, fresh, 8), MATCH);
		assert_int_equal(companion(&f, FROM_SERVER, 50, fresh, 7), MATCH);
		assert_int_equal(f.c.evidence.authentication.result, AUTH_ATTEMPTED);
		assert_int_equal(i == 0 ? companion(&f, FROM_SERVER, 50, fresh, 8) : companion(&f, FROM_SERVER, 51, ah, 12), DONE);
		expect_ike(&f, "IKEv2", AUTH_SUCCESS, "-");
	}
}

static void
esp_alone(void **state)
{
	struct flight f;

	(void)state;
	start(&f);
	f.c.flow.server_port = 4500;
	esp(&f, FROM_CLIENT, 0xc0000001, 70);
	esp(&f, FROM_CLIENT, 0xc0000001, 71);
	assert_null(f.c.evidence.protocol);
	conversation_send(&f.c, FROM_CLIENT, "\xff", 1);
	for (uint32_t i = 72; i < 80; i++)
		esp(&f, FROM_CLIENT, 0xc0000001, i);
	expect(&f, "esp", ENCRYPTION_ENCRYPTED, "-", AUTH_UNKNOWN, "-");
	/* Then IKE: the flow is IKE's. */
	start(&f);
	for (uint32_t i = 72; i < 80; i++)
		esp(&f, FROM_CLIENT, 0xc0000001, i);
	f.marker = true;
	init2(&f, FROM_CLIENT, INITIATOR);
	expect_ike(&f, "IKEv2", AUTH_UNKNOWN, "-");
	/* Numbers that do not go on are no ESP. */
	start(&f);
	for (uint32_t i = 0; i < 60 && !f.c.over; i++)
		esp(&f, FROM_CLIENT, 0xc0000001 + i, i);
	assert_int_equal(f.c.verdict, NO_MATCH);
	conversation_clear(&f.c);
	/* Nor is what has no size of it. */
	start(&f);
	conversation_send(&f.c, FROM_CLIENT, "\x12\x34\x56\x78 what", 9);
	assert_int_equal(f.c.verdict, NO_MATCH);
	conversation_clear(&f.c);
	start(&f);
	conversation_send(&f.c, FROM_CLIENT, "\0\0\0\0 what", 9);
	assert_int_equal(f.c.verdict, NO_MATCH);
	conversation_clear(&f.c);
}

static enum verdict
probe(const struct bytes *b, enum direction from, uint16_t port, enum strength *strength)
{
	struct flow_view flow = { .ip_protocol = ike_dissector.ip_protocol, .client_port = 40000, .server_port = port };
	uint8_t *block = malloc(b->size + 1);
	enum verdict verdict;

	*strength = STRENGTH_NONE;
	memcpy(block, b->at, b->size);
	verdict = ike_dissector.probe(&flow, from, cursor_over(block, b->size), strength);
	free(block);
	return verdict;
}

static void
probes(void **state)
{
	struct bytes b, body = random_bytes(44), noise = random_bytes(88);
	enum strength strength;

	(void)state;
	begin(&b, 1, false, 2, SA_INIT, INITIATOR, 0, 33);
	payload(&b, 0, &body);
	end(&b);
	assert_int_equal(probe(&b, FROM_CLIENT, 500, &strength), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	assert_int_equal(probe(&b, FROM_CLIENT, 9999, &strength), MATCH);
	assert_int_equal(probe(&b, FROM_SERVER, 500, &strength), NO_MATCH);
	for (size_t i = 0; i < b.size; i++) {
		struct bytes part = b;

		part.size = i;
		assert_int_equal(probe(&part, FROM_CLIENT, 500, &strength), NO_MATCH);
	}
	/* Every field of the header has to fit. */
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = { { 7, 0 }, { 16, 99 }, { 16, 0 }, { 17, 0x30 }, { 17, 0x11 }, { 18, 99 }, { 18, AUTH }, { 18, QUICK }, { 19, 0xff }, { 23, 1 }, { 27, 0 }, { 31, 3 }, { 31, 47 }, { 31, 49 }, { 28, 33 } };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bytes bad = b;

		bad.at[wrong[i].at] = wrong[i].value;
		assert_int_equal(probe(&bad, FROM_CLIENT, 500, &strength), NO_MATCH);
	}
	/* Version 1 may align with zeros; encrypted it needs to have been answered. */
	begin(&b, 1, false, 1, MAIN, 0, 0, 13);
	payload(&b, 0, &body);
	put(&b, 0, 3);
	end(&b);
	assert_int_equal(probe(&b, FROM_CLIENT, 500, &strength), MATCH);
	b.at[b.size - 1] = 1;
	assert_int_equal(probe(&b, FROM_CLIENT, 500, &strength), NO_MATCH);
	begin(&b, 1, false, 1, QUICK, ENCRYPTED, 0, 8);
	put_random(&b, 64);
	end(&b);
	assert_int_equal(probe(&b, FROM_CLIENT, 500, &strength), NO_MATCH);
	/* ESP by its port alone, weakly. */
	assert_int_equal(probe(&noise, FROM_CLIENT, 4500, &strength), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	assert_int_equal(probe(&noise, FROM_CLIENT, 4501, &strength), NO_MATCH);
	noise.size--;
	assert_int_equal(probe(&noise, FROM_CLIENT, 4500, &strength), NO_MATCH);
}

/* Broken inside: nothing may be read that is not there. */
static void
hostile(void **state)
{
	static const uint16_t methods[] = { 1, 3, 65001 };
	struct bytes whole, b, body = sa1(methods, 3);
	struct ike_message m;

	(void)state;
	begin(&whole, 1, false, 1, MAIN, 0, 0, 1);
	payload(&whole, 0, &body);
	end(&whole);
	for (size_t i = 28; i < whole.size; i++)
		for (unsigned value = 0; value < 256; value += 51) {
			uint8_t *block = malloc(whole.size);

			b = whole;
			b.at[i] = (uint8_t)value;
			memcpy(block, b.at, b.size);
			(void)ike_message_read(cursor_over(block, b.size), &m);
			free(block);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version1_methods),
		cmocka_unit_test(version1_outcomes),
		cmocka_unit_test(version2_outcomes),
		cmocka_unit_test(esp_beside),
		cmocka_unit_test(companions),
		cmocka_unit_test(esp_alone),
		cmocka_unit_test(probes),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
