/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC connections: the examples of RFC 9001 and RFC 9369, hellos in every order of pieces, Retry,
 * versions, Google's QUIC, connections joined in the middle; and datagrams that are something else.
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
#include "dissectors/quic_crypto.h"
#include "dissectors/quic_packet.h"
#include "dissectors/quic_short.h"
#include "quic_packets.h"

enum { V1 = 0x00000001, V2 = 0x6b3343cf, AES_128 = 0x1301, ALPN = 16 };

#define PAYLOAD(text) { text, sizeof(text) - 1 }

/* What crosses, one after the other. */
static struct bytes packets[24];
static struct bytes client_hello, server_hello, retry_hello;

static void
put_alpn(struct bytes *extensions, const char *names)
{
	struct bytes *list = test_malloc(sizeof(*list)), *data = test_malloc(sizeof(*data));

	list->size = data->size = 0;
	while (*names != '\0') {
		size_t size = strcspn(names, ",");

		put_number(list, size, 1);
		put(list, names, size);
		names += size + (names[size] == ',');
	}
	put_number(data, list->size, 2);
	put(data, list->at, list->size);
	put_extension(extensions, ALPN, data->at, data->size);
	test_free(list);
	test_free(data);
}

static void
make_hellos(const char *alpn, size_t key_size)
{
	static const uint8_t retry_random[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	static struct bytes extensions, share;

	extensions.size = share.size = 0;
	put_sni(&extensions, "api.example", 11);
	put_alpn(&extensions, alpn);
	put_extension(&extensions, 43, "\x02\x03\x04", 3);
	put_noise(&share, 3, key_size);
	put_extension(&extensions, 51, share.at, share.size);
	client_hello.size = server_hello.size = retry_hello.size = 0;
	put_client_hello(&client_hello, &(struct hello){ .version = 0x0303, .cipher = AES_128, .extensions = &extensions });
	extensions.size = 0;
	put_extension(&extensions, 43, "\x03\x04", 2);
	put_extension(&extensions, 51, "\x00\x1d\x00\x02kk", 6);
	put_server_hello(&server_hello, &(struct hello){ .version = 0x0303, .cipher = AES_128, .extensions = &extensions });
	extensions.size = 0;
	put_extension(&extensions, 43, "\x03\x04", 2);
	put_extension(&extensions, 51, "\x00\x17", 2);
	put_server_hello(&retry_hello, &(struct hello){ .version = 0x0303, .cipher = AES_128, .extensions = &extensions, .random = retry_random });
}

static void
begin(struct conversation *c)
{
	conversation_init(c, &quic_dissector);
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		packets[i].size = 0;
}

/* A client's Initial packet with one piece of its hello. */
static void
put_client_piece(struct bytes *out, uint32_t version, const char *destination, const char *original, uint32_t number, size_t offset, size_t size)
{
	static struct bytes payload;
	uint8_t first = version == V2 ? 0xd3 : 0xc3;

	payload.size = 0;
	put_crypto(&payload, offset, client_hello.at + offset, size);
	put_initial(out, &(struct initial){ .version = version, .first = first, .destination = destination, .source = "client", .original = original, .from = FROM_CLIENT, .number = number, .size = 1150, .payload = &payload });
}

static void
put_server_packet(struct bytes *out, uint32_t version, const char *original, const struct bytes *hello, size_t offset)
{
	static struct bytes payload;
	uint8_t first = version == V2 ? 0xd3 : 0xc3;

	payload.size = 0;
	put(&payload, "\x02\x00\x00\x00\x00", 5); /* ACK */
	put_crypto(&payload, offset, hello->at, hello->size);
	put_initial(out, &(struct initial){ .version = version, .first = first, .destination = "client", .source = "server", .original = original, .from = FROM_SERVER, .number = 0, .payload = &payload });
}

static void
say(struct conversation *c, enum direction from, const struct bytes *b)
{
	conversation_send(c, from, b->at, b->size);
}

static void
check_encrypted(const struct conversation *c, const char *protocol, const char *version)
{
	assert_non_null(c->evidence.protocol);
	assert_string_equal(c->evidence.protocol, protocol);
	assert_int_equal(c->evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_string_equal(c->evidence.encryption.by, "quic");
	if (version == NULL)
		assert_null(c->evidence.encryption.version);
	else
		assert_string_equal(c->evidence.encryption.version, version);
	assert_true(c->evidence.strength >= STRENGTH_STRUCTURE);
	assert_int_equal(c->evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c->evidence.encryption.mutual, MUTUAL_UNKNOWN);
}

static void
check_nothing(const struct conversation *c)
{
	assert_null(c->evidence.protocol);
	assert_int_equal(c->evidence.encryption.state, ENCRYPTION_UNKNOWN);
}

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t size = 0;

	for (; hex[0] != '\0'; hex += 2) {
		char two[3] = { hex[0], hex[1], '\0' };

		out[size++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return size;
}

/* RFC 9001 A.3 and RFC 9369 A.3: the server's Initial packet, for a client whose connection ID was 8394c8f03e515708. */
static void
examples_of_the_rfcs(void **state)
{
	static const char *const examples[] = {
		"cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
		"dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static const uint8_t id[] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };
		uint8_t packet[256], opened[QUIC_OPENED_SIZE_MAX];
		size_t size = from_hex(examples[i], packet);
		struct cursor c = cursor_over(packet, size);
		struct quic_packet p;
		struct quic_keys keys;

		assert_true(quic_packet_read(&c, &p));
		assert_int_equal(p.type, QUIC_INITIAL);
		assert_true(quic_initial_keys(p.version->protection, cursor_over(id, sizeof(id)), FROM_SERVER, &keys));
		assert_int_equal(quic_open(&keys, p.bytes, p.number_at, opened), 99);
		assert_memory_equal(opened, "\x02\x00\x00\x00\x00\x06\x00\x40\x5a\x02", 10);
		packet[60] ^= 1;
		assert_int_equal(quic_open(&keys, p.bytes, p.number_at, opened), 0);
	}
}

static void
whole_handshakes(void **state)
{
	static const struct {
		uint32_t version;
		const char *name;
		const char *alpn, *protocol;
	} cases[] = {
		{ V1, "QUICv1", "h3", "http3" },
		{ V2, "QUICv2", "h3,h3-29", "http3" },
		{ 0x709a50c4, NULL, "doq", "dns" },
		{ 0xff00001d, NULL, "h3-29", "http3" },
		{ 0xff00001b, NULL, "hq-27", "quic" },
		{ 0xff000016, NULL, "h3-22", "http3" },
		{ 0xff000022, NULL, "h3,doq", "quic" },
		{ 0xfaceb002, NULL, "h3fb", "quic" },
		{ 0x54303531, "T051", "h3", "http3" },
		{ 0x1a2a3a4a, "QUICv1", "h3", "http3" }, /* a version that means nothing, with the keys of version 1 */
		{ 0x12345678, NULL, "h3-29", "http3" },  /* one that is not known, with those of draft 29 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conversation c;
		enum strength strength;
		uint32_t shape = cases[i].version == 0x709a50c4 ? V2 : cases[i].version;

		make_hellos(cases[i].alpn, 32);
		begin(&c);
		static struct bytes payload;

		payload.size = 0;
		put_crypto(&payload, 0, client_hello.at, client_hello.size);
		put_initial(&packets[0], &(struct initial){ .version = cases[i].version, .first = shape == V2 ? 0xd3 : 0xc3, .destination = "original", .source = "client", .from = FROM_CLIENT, .size = 1200, .payload = &payload });
		payload.size = 0;
		put_crypto(&payload, 0, server_hello.at, server_hello.size);
		put_initial(&packets[1], &(struct initial){ .version = cases[i].version, .first = shape == V2 ? 0xd3 : 0xc3, .destination = "client", .source = "server", .original = "original", .from = FROM_SERVER, .size = 1200, .payload = &payload });
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_CLIENT, cursor_over(packets[0].at, packets[0].size), &strength), MATCH);
		assert_int_equal(strength, STRENGTH_STRUCTURE);
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_SERVER, cursor_over(packets[0].at, packets[0].size), &strength), NO_MATCH);
		say(&c, FROM_CLIENT, &packets[0]);
		check_encrypted(&c, cases[i].protocol, cases[i].name);
		assert_string_equal(c.evidence.encryption.sni, "api.example");
		assert_string_equal(c.evidence.encryption.alpn_offered, cases[i].alpn);
		assert_false(c.over);
		say(&c, FROM_SERVER, &packets[1]);
		check_encrypted(&c, cases[i].protocol, "TLS1.3");
		assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
		assert_string_equal(c.evidence.encryption.cipher, "TLS_AES_128_GCM_SHA256");
		assert_string_equal(c.evidence.encryption.group, "x25519");
		assert_false(c.evidence.encryption.resumed);
		assert_int_equal(c.verdict, DONE);
		assert_int_equal(c.evidence.notes, 0);
		conversation_clear(&c);
	}
}

/* A hello with a large key, in pieces that come in any order, over several packets, some of them twice. */
static void
pieces(void **state)
{
	static const uint8_t orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 1, 0, 3 } };

	(void)state;
	make_hellos("h3", 1216);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		size_t part = client_hello.size / 4 + 1;
		struct conversation c;

		begin(&c);
		for (uint32_t n = 0; n < 4; n++) {
			size_t offset = orders[i][n] * part, left = client_hello.size - offset;

			put_client_piece(&packets[n], V1, "original", NULL, n, offset, left < part ? left : part);
			say(&c, FROM_CLIENT, &packets[n]);
			check_encrypted(&c, n < 3 || i == 3 ? "quic" : "http3", "QUICv1");
		}
		assert_int_equal(c.memory.in_use > 0, 1);
		if (i == 3) {
			/* A part was lost. What came before it is read at the end. */
			conversation_end(&c);
			assert_string_equal(c.evidence.encryption.sni, "api.example");
		}
		conversation_clear(&c);
	}
}

/* The server's hello counts although the client's is not complete in the capture. */
static void
client_hello_lost(void **state)
{
	struct conversation c;

	(void)state;
	make_hellos("h3", 1500);
	begin(&c);
	put_client_piece(&packets[0], V1, "original", NULL, 0, 700, 500);
	put_server_packet(&packets[1], V1, "original", &server_hello, 0);
	say(&c, FROM_CLIENT, &packets[0]);
	say(&c, FROM_SERVER, &packets[1]);
	check_encrypted(&c, "quic", "TLS1.3");
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_end(&c);
	assert_string_equal(c.evidence.encryption.sni, "");
	conversation_clear(&c);
}

static void
hello_retry(void **state)
{
	struct conversation c;
	size_t first;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	first = client_hello.size;
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, first);
	put_server_packet(&packets[1], V1, "original", &retry_hello, 0);
	/* The second hello goes on where the first ended, with the keys there are, to the server's own connection ID. */
	put(&client_hello, client_hello.at, first);
	put_client_piece(&packets[2], V1, "server", "original", 1, first, first);
	put_server_packet(&packets[3], V1, "original", &server_hello, retry_hello.size);
	say(&c, FROM_CLIENT, &packets[0]);
	say(&c, FROM_SERVER, &packets[1]);
	check_encrypted(&c, "http3", "TLS1.3");
	assert_string_equal(c.evidence.encryption.group, "secp256r1");
	assert_false(c.over);
	say(&c, FROM_CLIENT, &packets[2]);
	assert_false(c.over);
	say(&c, FROM_SERVER, &packets[3]);
	assert_string_equal(c.evidence.encryption.group, "x25519");
	assert_true(c.over);
	conversation_clear(&c);
}

static void
retry_and_negotiation(void **state)
{
	struct conversation c;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, client_hello.size);
	put_retry(&packets[1], V1, "client", "another");
	put_client_piece(&packets[2], V1, "another", NULL, 1, 0, client_hello.size);
	put_server_packet(&packets[3], V1, "another", &server_hello, 0);
	for (size_t i = 0; i < 4; i++)
		say(&c, i % 2 == 0 ? FROM_CLIENT : FROM_SERVER, &packets[i]);
	check_encrypted(&c, "http3", "TLS1.3");
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);

	/* A version the server has not; its answer names others, and the client begins again. */
	begin(&c);
	put_long(&packets[0], 0xc0, 0xabababab, "original", "client", 1200);
	packets[0].at[1 + 4 + 9 + 7] = 0; /* no token */
	put_negotiation(&packets[1], "client", "original", V1);
	put_client_piece(&packets[2], V1, "original", NULL, 1, 0, client_hello.size);
	put_server_packet(&packets[3], V2, "original", &server_hello, 0); /* compatible negotiation (RFC 9368 2.3) */
	say(&c, FROM_CLIENT, &packets[0]);
	check_nothing(&c);
	conversation_clear(&c);
	packets[0].size = 0;
	conversation_init(&c, &quic_dissector);
	put_number(&packets[0], 0xc0, 1);
	put_number(&packets[0], 0xabababab, 4);
	put(&packets[0], "\x08original\x06" "client\x00\x44\xb0", 18);
	put_noise(&packets[0], 4, 0x4b0);
	say(&c, FROM_CLIENT, &packets[0]);
	check_nothing(&c);
	say(&c, FROM_SERVER, &packets[1]);
	assert_string_equal(c.evidence.protocol, "quic");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	say(&c, FROM_CLIENT, &packets[2]);
	check_encrypted(&c, "quic", "QUICv1");
	say(&c, FROM_SERVER, &packets[3]);
	assert_string_equal(c.evidence.encryption.version, "TLS1.3");
	conversation_clear(&c);
}

static void
refused(void **state)
{
	static struct bytes payload;
	struct conversation c;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, client_hello.size);
	put(&payload, "\x01\x03\x00\x00\x01\x00\x00\x00\x01\x01\x01", 11); /* PING, ACK with a range and ECN counts */
	put_connection_close(&payload, 0x178);
	put_initial(&packets[1], &(struct initial){ .version = V1, .first = 0xc3, .destination = "client", .source = "server", .original = "original", .from = FROM_SERVER, .payload = &payload, .size = 60 });
	say(&c, FROM_CLIENT, &packets[0]);
	say(&c, FROM_SERVER, &packets[1]);
	check_encrypted(&c, "http3", "QUICv1");
	assert_true(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED));
	assert_string_equal(c.evidence.encryption.alert, "no_application_protocol");
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

/* Frames and messages that must not be there, lengths that lead nowhere. */
static void
hostile_payloads(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} payloads[] = {
		PAYLOAD("\x08stream"),
		PAYLOAD("\x06\x00\x7f\xff"),
		PAYLOAD("\x06\xff\xff\xff\xff\xff\xff\xff\xff\x04\x01\x00\x00\x00"),
		PAYLOAD("\x06\x80\x00\x40\x00\x02" "ab"),
		PAYLOAD("\x06\x00\x04\x0b\x00\x00\x01"),
		PAYLOAD("\x06\x00\x04\x01\xff\xff\xff"),
		PAYLOAD("\x06\x00\x05\x01\x00\x00\x01\x00"),
		PAYLOAD("\x02\x00\x00\xbf\xff\xff\xff\x00\x00"),
		PAYLOAD("\x03\x00\x00\x00\x00"),
		PAYLOAD("\x1c\x41\x28\x06\x7f\xff"),
		PAYLOAD("\x1c\x40"),
	};
	static struct bytes payload;

	(void)state;
	make_hellos("h3", 32);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct conversation c;

		begin(&c);
		payload.size = 0;
		put(&payload, payloads[i].bytes, payloads[i].size);
		put_initial(&packets[0], &(struct initial){ .version = V1, .first = 0xc3, .destination = "original", .source = "", .from = FROM_CLIENT, .payload = &payload });
		put_server_packet(&packets[1], V1, "original", &client_hello, 0);
		say(&c, FROM_CLIENT, &packets[0]);
		check_encrypted(&c, "quic", "QUICv1");
		say(&c, FROM_SERVER, &packets[1]);
		conversation_end(&c);
		check_encrypted(&c, "quic", "QUICv1");
		assert_string_equal(c.evidence.encryption.sni, "");
		conversation_clear(&c);
	}
}

/* Without the client's first packet nothing can be opened, but packets whose lengths all fit are QUIC. */
static void
without_the_first(void **state)
{
	struct conversation c;
	enum strength strength;

	(void)state;
	begin(&c);
	put_long(&packets[0], 0xe5, V1, "client", "server", 900);
	put_long(&packets[0], 0xe5, V1, "client", "server", 200);
	put_number(&packets[0], 0x4a, 1);
	put_noise(&packets[0], 1, 60);
	for (enum direction from = FROM_CLIENT; from <= FROM_SERVER; from++) {
		assert_int_equal(quic_dissector.probe(&c.flow, from, cursor_over(packets[0].at, packets[0].size), &strength), MATCH);
		assert_int_equal(strength, STRENGTH_SIGNATURE);
	}
	say(&c, FROM_SERVER, &packets[0]);
	check_encrypted(&c, "quic", "QUICv1");
	conversation_clear(&c);
	/* A number, a length that leads to the end, and text: somebody else's. */
	begin(&c);
	packets[1].size = 0;
	put_long(&packets[1], 0xe5, V1, "client", "server", 300);
	for (size_t i = 0; i < 300; i++)
		packets[1].at[packets[1].size - 300 + i] = (uint8_t)"position 12 of unit 7, "[i % 23];
	assert_int_equal(quic_dissector.probe(&c.flow, FROM_SERVER, cursor_over(packets[1].at, packets[1].size), &strength), NO_MATCH);
	say(&c, FROM_SERVER, &packets[1]);
	check_nothing(&c);
	conversation_clear(&c);
	/* Data sent early is the client's. */
	begin(&c);
	put_long(&packets[0], 0xd5, V1, "original", "", 900);
	assert_int_equal(quic_dissector.probe(&c.flow, FROM_CLIENT, cursor_over(packets[0].at, packets[0].size), &strength), MATCH);
	assert_int_equal(quic_dissector.probe(&c.flow, FROM_SERVER, cursor_over(packets[0].at, packets[0].size), &strength), NO_MATCH);
	/* A byte too few or too many, a version that does not exist, a connection ID that is too long, mixed versions. */
	for (int i = 0; i < 5; i++) {
		packets[1].size = 0;
		put_long(&packets[1], 0xe5, i == 2 ? 0x00000002 : V1, i == 3 ? "more than twenty bytes!" : "client", "server", 300);
		if (i == 4)
			put_long(&packets[1], 0xf5, V2, "client", "server", 300);
		packets[1].size += i == 0 ? (size_t)-1 : i == 1;
		packets[1].at[packets[1].size - 1] = 0x11;
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_SERVER, cursor_over(packets[1].at, packets[1].size), &strength), NO_MATCH);
		conversation_send(&c, FROM_SERVER, packets[1].at, packets[1].size);
		check_nothing(&c);
		assert_int_equal(c.verdict, NO_MATCH);
		conversation_clear(&c);
		conversation_init(&c, &quic_dissector);
	}
	conversation_clear(&c);
}

/* A client's first packet as Google's QUIC has it, with the hash it should have. */
static void
put_google(struct bytes *b, int number, bool with_sni)
{
	static struct bytes payload, all;
	unsigned __int128 h = (unsigned __int128)UINT64_C(0x6c62272e07bb0142) << 64 | UINT64_C(0x62b821756295c58d);
	unsigned __int128 prime = (unsigned __int128)1 << 88 | 0x13b;
	char tag[5] = { 'Q', '0', (char)('0' + number / 10), (char)('0' + number % 10), 0 };

	payload.size = all.size = 0;
	put(&payload, "\xa0\x01\x00\x01" "CHLO\x02\x00\x00\x00", 12);
	put(&payload, with_sni ? "PAD\0\x04\x00\x00\x00SNI\0\x0f\x00\x00\x00----api.example" : "PAD\0\x04\x00\x00\x00VER\0\x08\x00\x00\x00----Q043       ", 31);
	if (number >= 44) {
		put_number(b, 0xc3, 1);
		put(b, tag, 4);
		put(b, "\x50" "original\x00\x00\x00\x01", 13);
	} else {
		put(b, "\x0doriginal", 9);
		put(b, tag, 4);
		put_number(b, 1, 1);
	}
	put(&all, b->at, b->size);
	put(&all, payload.at, payload.size);
	put(&all, "Client", number >= 37 ? 6 : 0);
	for (size_t i = 0; i < all.size; i++)
		h = (h ^ all.at[i]) * prime;
	for (int i = 0; i < 12; i++)
		put_number(b, (uint8_t)(h >> 8 * i), 1);
	put(b, payload.at, payload.size);
}

static void
google(void **state)
{
	static const struct {
		int number;
		const char *name;
	} versions[] = { { 19, NULL }, { 25, "Q025" }, { 36, "Q036" }, { 43, "Q043" }, { 46, "Q046" } };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct conversation c;
		enum strength strength;

		begin(&c);
		put_google(&packets[0], versions[i].number, i > 0);
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_CLIENT, cursor_over(packets[0].at, packets[0].size), &strength), MATCH);
		assert_int_equal(strength, STRENGTH_STRUCTURE);
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_SERVER, cursor_over(packets[0].at, packets[0].size), &strength), NO_MATCH);
		say(&c, FROM_CLIENT, &packets[0]);
		check_encrypted(&c, "quic", versions[i].name);
		assert_string_equal(c.evidence.encryption.sni, i > 0 ? "api.example" : "");
		assert_int_equal(c.verdict, DONE);
		conversation_clear(&c);
		packets[0].at[packets[0].size - 1] ^= 1;
		conversation_init(&c, &quic_dissector);
		assert_int_equal(quic_dissector.probe(&c.flow, FROM_CLIENT, cursor_over(packets[0].at, packets[0].size), &strength), NO_MATCH);
		say(&c, FROM_CLIENT, &packets[0]);
		check_nothing(&c);
		conversation_clear(&c);
	}
}

static void
google_names(void **state)
{
	static const struct {
		const char *message;
		size_t size;
	} messages[] = {
		PAYLOAD("no message"),
		PAYLOAD("CHLO\xff\xff\x00\x00"),
		PAYLOAD("CHLO\x02\x00\x00\x00SNI\0\x0f\x00\x00\x00"),
		PAYLOAD("CHLO\x02\x00\x00\x00PAD\0\x0f\x00\x00\x00SNI\0\x01\x00\x00\x00"),
		PAYLOAD("CHLO\x01\x00\x00\x00SNI\0\xff\xff\xff\xff" "api.example"),
	};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		quic_google_server_name(cursor_over(messages[i].message, messages[i].size), name, sizeof(name));
		assert_string_equal(name, "");
	}
}

enum fault { NO_FAULT, NO_ID, COUNTER, SAME_FIRST, TEXT, OTHER_DATAGRAM, TOO_SHORT, TOO_LONG_AN_ID, SAME_TAIL };

/* Datagrams as a client sends them after the handshake, or something much like it. */
static enum verdict
short_headers(struct conversation *c, enum fault fault)
{
	for (uint32_t i = 0; i < 20 && !c->over; i++) {
		static struct bytes b;

		b.size = 0;
		put_number(&b, fault == SAME_FIRST ? 0x45 : 0x40 | ((i * 7 + 3) & 0x1f), 1);
		if (fault == TOO_LONG_AN_ID)
			put(&b, "constant and much too long", 26);
		else if (fault != NO_ID)
			put(&b, "connection", 10);
		if (fault == COUNTER)
			put_number(&b, i, 8);
		if (fault == TEXT)
			put(&b, "value 1.25 of 7.5 is what there is", 34);
		put_noise(&b, i + 1, fault == TOO_SHORT ? 5 : 60);
		if (fault == SAME_TAIL)
			put(&b, "checksum", 8);
		if (fault == OTHER_DATAGRAM && i == 2)
			b.at[0] = 0x80;
		say(c, FROM_CLIENT, &b);
	}
	return c->verdict;
}

static void
joined_in_the_middle(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c);
	assert_int_equal(short_headers(&c, NO_FAULT), DONE);
	check_encrypted(&c, "quic", NULL);
	assert_true(evidence_has_note(&c.evidence, NOTE_MIDSTREAM));
	conversation_clear(&c);
	for (enum fault fault = NO_ID; fault <= SAME_TAIL; fault++) {
		conversation_init(&c, &quic_dissector);
		(void)short_headers(&c, fault);
		check_nothing(&c);
		conversation_clear(&c);
	}
	/* A connection that begins after all. */
	begin(&c);
	make_hellos("h3", 32);
	put_number(&packets[0], 0x55, 1);
	put_noise(&packets[0], 5, 40);
	put_client_piece(&packets[1], V1, "original", NULL, 0, 0, client_hello.size);
	say(&c, FROM_CLIENT, &packets[0]);
	check_nothing(&c);
	say(&c, FROM_CLIENT, &packets[1]);
	check_encrypted(&c, "http3", "QUICv1");
	conversation_clear(&c);
}

/* Datagrams of other protocols, in either role. */
static void
others(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} datagrams[] = {
		PAYLOAD(""),
		PAYLOAD("\x80\x60\x12\x34\x00\x00\x00\x01\x11\x22\x33\x44 audio audio audio audio"), /* RTP */
		PAYLOAD("\xc0\x00\x00\x00\x01"),
		PAYLOAD("\xc0\x00\x00\x00\x01\x04" "abcd\x04" "efgh\x00\x40\x20 too few"),
		PAYLOAD("\xff\xff\xff\xffTSource Engine Query\0"),
		PAYLOAD("\x00\x01\x00\x00\x21\x12\xa4\x42" "0123456789ab"), /* STUN */
		PAYLOAD("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07" "example\x00\x00\x01\x00\x01"), /* DNS */
		PAYLOAD("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x0e\x00\x00\x00"), /* DTLS */
		PAYLOAD("\x44\x01\x12\x34" "abcd\xb5" "hello\x05world, world, world"), /* CoAP */
		PAYLOAD("INVITE sip:a@example SIP/2.0\r\nTo: someone\r\n\r\n"),
		PAYLOAD("\x0d" "01234567Q099\x01" "hash hash ha payload"),
		PAYLOAD("\x80\x00\x00\x00\x00\x00\x00"),
		PAYLOAD("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"),
	};
	struct conversation c;
	enum strength strength;

	(void)state;
	conversation_init(&c, &quic_dissector);
	c.flow.server_port = 5060;
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++)
		for (enum direction from = FROM_CLIENT; from <= FROM_SERVER; from++)
			assert_int_not_equal(quic_dissector.probe(&c.flow, from, cursor_over(datagrams[i].bytes, datagrams[i].size), &strength), MATCH);
	conversation_clear(&c);
}

static void
check_prefix(const struct conversation *c, size_t given)
{
	if (given < packets[0].size)
		check_nothing(c);
}

static void
prefixes(void **state)
{
	struct message messages[2];
	struct conversation c;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	conversation_clear(&c);
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, client_hello.size);
	put_server_packet(&packets[1], V1, "original", &server_hello, 0);
	messages[0] = (struct message){ FROM_CLIENT, packets[0].at, packets[0].size };
	messages[1] = (struct message){ FROM_SERVER, packets[1].at, packets[1].size };
	conversation_each_prefix(&quic_dissector, messages, 2, check_prefix);
}

/* It ends some time, whatever comes. */
static void
patience(void **state)
{
	struct conversation c;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, client_hello.size);
	for (int i = 0; i < 64; i++) {
		say(&c, FROM_CLIENT, &packets[0]);
		assert_false(c.over);
	}
	say(&c, FROM_CLIENT, &packets[0]);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
without_memory(void **state)
{
	struct conversation c;

	(void)state;
	make_hellos("h3", 32);
	begin(&c);
	c.bound.limit = 0;
	put_client_piece(&packets[0], V1, "original", NULL, 0, 0, client_hello.size);
	put_number(&packets[1], 0x41, 1);
	put_noise(&packets[1], 5, 40);
	say(&c, FROM_CLIENT, &packets[0]);
	check_encrypted(&c, "quic", "QUICv1");
	conversation_clear(&c);
	conversation_init(&c, &quic_dissector);
	c.bound.limit = 0;
	say(&c, FROM_CLIENT, &packets[1]);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfcs),
		cmocka_unit_test(whole_handshakes),
		cmocka_unit_test(pieces),
		cmocka_unit_test(client_hello_lost),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(retry_and_negotiation),
		cmocka_unit_test(refused),
		cmocka_unit_test(hostile_payloads),
		cmocka_unit_test(without_the_first),
		cmocka_unit_test(google),
		cmocka_unit_test(google_names),
		cmocka_unit_test(joined_in_the_middle),
		cmocka_unit_test(others),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(patience),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests_name("dissectors/quic", tests, NULL, NULL);
}
