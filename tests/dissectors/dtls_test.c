/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS handshakes as letters: whole, with messages lost, repeated and overtaken, in fragments; STUN before
 * them; connections joined in the middle; and datagrams that are something else.
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
#include "dissectors/stun.h"
#include "dtls_messages.h"

enum { RSA_CBC = 0x002f, ECDHE_GCM = 0xc02f, NULL_SHA = 0x0002, AES_128 = 0x1301 };

/* How the two talk: the letters of a script are messages, in lower case the client's. */
struct talk {
	struct conversation c;
	uint16_t version;       /* of hellos and records */
	uint16_t cipher;
	bool ticket;            /* the client has one */
	const char *sni;
	struct dtls_writer writers[2];
	uint16_t sequence[2];   /* of handshake messages */
	bool reversed;          /* datagrams come from the other side than is believed */
	struct bytes datagram;
};

static void
put_body(const struct talk *t, char letter, struct bytes *body)
{
	static struct bytes extensions;
	static const uint8_t certificate[] = { 0, 0, 8, 0, 0, 5, 'l', 'e', 'a', 'f', '!' };
	bool is_13 = t->version == 0xfefc;

	extensions.size = 0;
	switch (letter) {
	case 'h':
	case 'j':
		put_sni(&extensions, "vpn.example", 11);
		if (t->ticket)
			put_extension(&extensions, 35, "ticket", 6);
		if (is_13)
			put_extension(&extensions, 43, "\x02\xfe\xfc", 3);
		put_dtls_client_hello(body, is_13 ? 0xfefd : t->version, letter == 'j' ? "cookie" : "", t->cipher, &extensions);
		break;
	case 'V':
		put(body, "\xfe\xff\x06" "cookie", 9);
		break;
	case 'H':
		if (is_13) {
			put_extension(&extensions, 43, "\xfe\xfc", 2);
			put_extension(&extensions, 51, "\x00\x1d\x00\x01k", 5);
		}
		put_dtls_server_hello(body, is_13 ? 0xfefd : t->version, t->cipher, &extensions);
		break;
	case 'c':
	case 'C':
		put(body, certificate, sizeof(certificate));
		break;
	case 'e':
		put(body, "\0\0\0", 3);
		break;
	case 'K':
		put(body, "\x03\x00\x17", 3);
		put(body, "key", 3);
		break;
	default:
		put(body, "some bytes", letter == 'D' ? 0 : 10);
	}
}

/* HelloRetryRequest is a ServerHello with a random of its own (RFC 8446 4.1.3). */
static void
put_retry(struct bytes *body)
{
	static const uint8_t random[] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};

	put(body, "\xfe\xfd", 2);
	put(body, random, sizeof(random));
	put(body, "\x00\x13\x01\x00\x00\x0c\x00\x2b\x00\x02\xfe\xfc\x00\x33\x00\x02\x00\x17", 18);
}

static uint8_t
type_of(char letter)
{
	static const char letters[] = "hjVHRNcCeKQDyko";
	static const uint8_t types[] = { 1, 1, 3, 2, 2, 4, 11, 11, 11, 12, 13, 14, 15, 16, 99 };
	const char *at = strchr(letters, letter);

	assert_non_null(at);
	return types[at - letters];
}

static void
put_letter(struct talk *t, enum direction from, char letter)
{
	static struct bytes body;
	struct dtls_writer *w = &t->writers[from];

	body.size = 0;
	switch (letter) {
	case 'x':
	case 'X':
		put_dtls_record(&t->datagram, w, 20, "\x01\x00\x02", t->version == 0x0100 ? 3 : 1);
		w->epoch = 1;
		w->number = 0;
		return;
	case 'f':
	case 'F':
		put_dtls_record(&t->datagram, w, 22, "encrypted finished", 18);
		return;
	case 'p':
		w->epoch = 1;
		put_dtls_record(&t->datagram, w, 23, "readable", 8);
		return;
	case 'a':
	case 'A':
		w->epoch = 1;
		put_dtls_record(&t->datagram, w, 23, "\x00\x01\x80\x9c encrypted", 14);
		return;
	case 'l':
	case 'L':
		put_dtls_record(&t->datagram, w, 21, letter == 'L' ? "\x02\x28" : "\x02\x30", 2);
		return;
	case 'w':
		put_dtls_record(&t->datagram, w, 21, "\x01\x5a", 2);
		return;
	case 'U':
		put(&t->datagram, "\x2e\x01\x02\x00\x05xxxxx", 10); /* a unified header */
		return;
	default:
		if (letter == 'R')
			put_retry(&body);
		else
			put_body(t, letter, &body);
		put_dtls_message(&t->datagram, w, type_of(letter), t->sequence[from]++, &body);
	}
}

static void
flush(struct talk *t, enum direction from)
{
	if (t->datagram.size > 0)
		conversation_send(&t->c, t->reversed ? 1 - from : from, t->datagram.at, t->datagram.size);
	t->datagram.size = 0;
}

/*
 * A space ends a datagram; what is in [ ] is lost on the way; after = the last datagram comes again.
 * Nothing else may be between messages of both sides.
 */
static void
speak(struct talk *t, const char *script)
{
	enum direction from = FROM_CLIENT;
	static struct bytes last;
	size_t kept = 0;

	for (; *script != '\0'; script++) {
		if (*script == ' ') {
			last = t->datagram;
			flush(t, from);
		} else if (*script == '[') {
			kept = t->datagram.size;
		} else if (*script == ']') {
			t->datagram.size = kept;
		} else if (*script == '=') {
			t->datagram = last;
		} else {
			from = *script >= 'a' ? FROM_CLIENT : FROM_SERVER;
			put_letter(t, from, *script);
		}
	}
	flush(t, from);
}

static void
start(struct talk *t, uint16_t version, uint16_t cipher)
{
	uint16_t wire = version == 0xfefc ? 0xfefd : version;

	memset(t, 0, sizeof(*t));
	t->version = version;
	t->cipher = cipher;
	t->writers[0].version = t->writers[1].version = wire;
	conversation_init(&t->c, &dtls_dissector);
	t->c.flow.roles_known = false;
}

static struct talk talk;

#define OVER(state, version, cipher) state, version, cipher

static void
handshakes(void **state)
{
	static const struct {
		const char *script;
		uint16_t version, code;
		enum encryption_state state;
		const char *name, *cipher;
		enum mutual mutual;
		enum auth_result result;
		enum { FAILED = 1, RESUMED = 2, OPEN = 4 } flags;
	} cases[] = {
#define ECDHE "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
#define RSA "TLS_RSA_WITH_AES_128_CBC_SHA"
		{ "h V j HCKD kxf NXF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h HCD kxf XF", 0xfeff, RSA_CBC, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.0", RSA), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h V j HCD kxf XF", 0x0100, RSA_CBC, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.0", RSA), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h HCKQD ckyxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_SUCCESS, 0 },
		{ "h H C K Q D c k y x f X F", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_SUCCESS, 0 },
		{ "h HCKQD ckyxf A", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_SUCCESS, 0 },
		{ "h HCKQD ckyxf", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_ATTEMPTED, FAILED | OPEN },
		{ "h HCKQD ckyxf L", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_FAILURE, FAILED },
		{ "h HCKQD ekxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_REQUESTED, AUTH_UNKNOWN, 0 },
		{ "h HCKQD ekxf L", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_REQUESTED, AUTH_FAILURE, FAILED },
		{ "h HCKD l", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_NO, AUTH_UNKNOWN, FAILED },
		{ "h HCKD w kxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h L", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, NULL, NULL), MUTUAL_UNKNOWN, AUTH_UNKNOWN, FAILED },
		{ "h V", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, NULL, NULL), MUTUAL_UNKNOWN, AUTH_UNKNOWN, OPEN },
		{ "h HXF xf", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_UNKNOWN, AUTH_UNKNOWN, RESUMED },
		{ "h HNXF xf", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_UNKNOWN, AUTH_UNKNOWN, RESUMED },
		{ "h HCD kxf XF", 0xfefd, NULL_SHA, OVER(ENCRYPTION_PLAINTEXT, "DTLS1.2", "TLS_RSA_WITH_NULL_SHA"), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h R j H", 0xfefc, AES_128, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.3", "TLS_AES_128_GCM_SHA256"), MUTUAL_UNKNOWN, AUTH_UNKNOWN, 0 },
		{ "h HUU", 0xfefc, AES_128, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.3", "TLS_AES_128_GCM_SHA256"), MUTUAL_UNKNOWN, AUTH_UNKNOWN, 0 },
		/* Repeated. */
		{ "h =  V = j = HCKQD = ckyxf =", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_ATTEMPTED, FAILED | OPEN },
		/* Lost: the request, the server's end of the handshake, the client's certificate, its proof. */
		{ "h HCK[Q]D kxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h HCK[Q]D [c]kyxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_UNKNOWN, AUTH_UNKNOWN, 0 },
		{ "h HCKQD ck[y]xf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_YES, AUTH_ATTEMPTED, 0 },
		{ "h H[CKD] kxf XF", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_NO, AUTH_UNKNOWN, 0 },
		{ "h H[CKD]XF xf", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_UNKNOWN, AUTH_UNKNOWN, 0 },
		/* What must not be in a handshake is passed over. */
		{ "h HCKQD okxf", 0xfefd, ECDHE_GCM, OVER(ENCRYPTION_ENCRYPTED, "DTLS1.2", ECDHE), MUTUAL_REQUESTED, AUTH_UNKNOWN, FAILED | OPEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk *t = &talk;
		const struct encryption *e = &t->c.evidence.encryption;

		start(t, cases[i].version, cases[i].code);
		t->ticket = (cases[i].flags & RESUMED) != 0;
		speak(t, cases[i].script);
		if ((cases[i].flags & OPEN) == 0 && t->c.verdict != DONE)
			fail_msg("%s: not done", cases[i].script);
		if (!t->c.over)
			conversation_end(&t->c);
		if (e->mutual != cases[i].mutual || t->c.evidence.authentication.result != cases[i].result)
			fail_msg("%s: mutual %d, authentication %d", cases[i].script, e->mutual, t->c.evidence.authentication.result);
		assert_string_equal(t->c.evidence.protocol, "dtls");
		assert_int_equal(e->state, cases[i].state);
		assert_string_equal(e->by, "dtls");
		assert_string_equal(e->sni, "vpn.example");
		assert_int_equal(e->ja4[0], 'd');
		if (cases[i].name == NULL) {
			assert_null(e->version);
		} else {
			assert_string_equal(e->version, cases[i].name);
			assert_string_equal(e->cipher, cases[i].cipher);
		}
		if ((e->resumption != NULL) != ((cases[i].flags & RESUMED) != 0))
			fail_msg("%s: resumed", cases[i].script);
		if (evidence_has_note(&t->c.evidence, NOTE_HANDSHAKE_FAILED) != ((cases[i].flags & FAILED) != 0))
			fail_msg("%s: notes %x", cases[i].script, t->c.evidence.notes);
		if (cases[i].result >= AUTH_ATTEMPTED && cases[i].result != AUTH_NONE)
			assert_string_equal(t->c.evidence.authentication.method, "tls-client-cert");
		conversation_clear(&t->c);
	}
}

/* Every message in fragments of few bytes, in several orders, interleaved with those of the next one. */
static void
fragments(void **state)
{
	static const char letters[] = "HCKQD";
	static struct bytes bodies[5];
	static const struct {
		size_t size;
		int order; /* of fragments: forwards, backwards, the messages in turn */
	} ways[] = { { 7, 0 }, { 7, 1 }, { 30, 2 }, { 5, 2 }, { 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct talk *t = &talk;

		start(t, 0xfefd, ECDHE_GCM);
		speak(t, "h");
		for (size_t m = 0; m < 5; m++) {
			bodies[m].size = 0;
			put_body(t, letters[m], &bodies[m]);
		}
		for (size_t n = 0; n < 64 * 5; n++) {
			size_t m = ways[i].order == 2 ? n % 5 : n / 64, part = ways[i].order == 2 ? n / 5 : n % 64, offset, size;

			if (ways[i].order == 1)
				part = 63 - part;
			offset = part * ways[i].size;
			if (offset > bodies[m].size || (offset == bodies[m].size && part > 0))
				continue;
			size = bodies[m].size - offset < ways[i].size ? bodies[m].size - offset : ways[i].size;
			put_dtls_fragment(&t->datagram, &t->writers[FROM_SERVER], type_of(letters[m]), (uint16_t)m, &bodies[m], offset, size);
			flush(t, FROM_SERVER);
		}
		speak(t, "ckyxf XF");
		if (i != 2 && i != 3) {
			assert_string_equal(t->c.evidence.encryption.version, "DTLS1.2");
			assert_string_equal(t->c.evidence.encryption.group, "secp256r1");
			assert_int_equal(t->c.evidence.encryption.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE);
		}
		assert_int_equal(t->c.evidence.encryption.mutual, MUTUAL_YES);
		assert_int_equal(t->c.evidence.authentication.result, AUTH_SUCCESS);
		assert_int_equal(t->c.verdict, DONE);
		conversation_clear(&t->c);
	}
}

/* A client's flight whose datagrams overtake each other. */
static void
overtaken(void **state)
{
	static const char *const orders[] = { "cky", "cyk", "kcy", "kyc", "yck", "ykc" };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct talk *t = &talk;
		uint16_t base;

		start(t, 0xfefd, ECDHE_GCM);
		speak(t, "h HCKQD");
		base = t->sequence[FROM_CLIENT];
		for (const char *letter = orders[i]; *letter != '\0'; letter++) {
			t->sequence[FROM_CLIENT] = (uint16_t)(base + (strchr("cky", *letter) - "cky"));
			put_letter(t, FROM_CLIENT, *letter);
			flush(t, FROM_CLIENT);
		}
		speak(t, "xf XF");
		assert_int_equal(t->c.evidence.encryption.mutual, MUTUAL_YES);
		assert_int_equal(t->c.evidence.authentication.result, AUTH_SUCCESS);
		assert_int_equal(t->c.memory.in_use < 1024, true);
		conversation_clear(&t->c);
	}
}

/* A message that never comes holds up the others until there are too many, or the end; then they count, but nothing that is absent does. */
static void
lost_for_good(void **state)
{
	struct talk *t = &talk;

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	speak(t, "[h] [H]C K Q D N");
	assert_int_equal(t->c.evidence.encryption.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE);
	assert_null(t->c.evidence.encryption.version);
	speak(t, "c k y");
	conversation_end(&t->c);
	assert_int_equal(t->c.evidence.encryption.mutual, MUTUAL_YES);
	assert_int_equal(t->c.evidence.authentication.result, AUTH_ATTEMPTED);
	assert_int_equal(t->c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_false(evidence_has_note(&t->c.evidence, NOTE_HANDSHAKE_FAILED));
	conversation_clear(&t->c);

	/* Of a hello whose second half is lost, what the first says; and of one with a hole in the middle of the flight. */
	start(t, 0xfefd, ECDHE_GCM);
	static struct bytes hello;

	hello.size = 0;
	t->ticket = true; /* the last extension, which is cut */
	put_body(t, 'h', &hello);
	put_dtls_fragment(&t->datagram, &t->writers[FROM_CLIENT], 1, 0, &hello, 0, hello.size - 2);
	flush(t, FROM_CLIENT);
	assert_int_equal(t->c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	conversation_end(&t->c);
	assert_string_equal(t->c.evidence.encryption.sni, "vpn.example");
	conversation_clear(&t->c);

	start(t, 0xfefd, ECDHE_GCM);
	speak(t, "h HCKQD");
	hello.size = 0;
	put_body(t, 'c', &hello);
	put_dtls_fragment(&t->datagram, &t->writers[FROM_CLIENT], 11, 1, &hello, 0, 4);
	flush(t, FROM_CLIENT);
	t->sequence[FROM_CLIENT] = 3;
	speak(t, "y x XF");
	conversation_end(&t->c);
	assert_int_equal(t->c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&t->c);
}

static const char binding[] = "\x00\x01\x00\x08\x21\x12\xa4\x42" "0123456789ab" "\x80\x22\x00\x03" "abc\0";

/* WebRTC: whoever began with STUN, the roles are those of DTLS. */
static void
stun_first(void **state)
{
	struct talk *t = &talk;

	(void)state;
	for (int reversed = 0; reversed < 2; reversed++) {
		start(t, 0xfefd, ECDHE_GCM);
		t->reversed = reversed == 1;
		for (int i = 0; i < 12; i++)
			conversation_send(&t->c, i % 2 == 0 ? FROM_CLIENT : FROM_SERVER, binding, sizeof(binding) - 1);
		assert_null(t->c.evidence.protocol);
		speak(t, "h HCKQD");
		conversation_send(&t->c, FROM_CLIENT, binding, sizeof(binding) - 1);
		conversation_send(&t->c, FROM_CLIENT, "\x80\x60 media", 8);
		speak(t, "ckyxf XF");
		assert_int_equal(t->c.turned, reversed == 1);
		assert_string_equal(t->c.evidence.protocol, "dtls");
		assert_int_equal(t->c.evidence.authentication.result, AUTH_SUCCESS);
		assert_int_equal(t->c.verdict, DONE);
		conversation_clear(&t->c);
	}
	/* Roles that are known stay as they are. */
	start(t, 0xfefd, ECDHE_GCM);
	t->reversed = true;
	t->c.flow.roles_known = true;
	conversation_send(&t->c, FROM_CLIENT, binding, sizeof(binding) - 1);
	speak(t, "h");
	assert_false(t->c.turned);
	assert_null(t->c.evidence.protocol);
	conversation_clear(&t->c);
}

static void
stun_alone(void **state)
{
	struct conversation c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		conversation_init(&c, &dtls_dissector);
		conversation_send(&c, FROM_CLIENT, binding, sizeof(binding) - 1);
		if (i == 1)
			conversation_send(&c, FROM_SERVER, "\x80\x60 media", 8);
		for (int n = 0; i == 2 && n < 70; n++)
			conversation_send(&c, FROM_SERVER, binding, sizeof(binding) - 1);
		assert_int_equal(c.over, i == 2);
		if (!c.over)
			conversation_end(&c);
		assert_string_equal(c.evidence.protocol, "stun");
		assert_int_equal(c.evidence.encryption.state, i == 1 ? ENCRYPTION_UNKNOWN : ENCRYPTION_PLAINTEXT);
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		conversation_clear(&c);
	}
	for (size_t size = 0; size < sizeof(binding) + 1; size++) {
		uint8_t bytes[sizeof(binding) + 1] = { 0 };

		memcpy(bytes, binding, size < sizeof(binding) ? size : sizeof(binding));
		assert_int_equal(stun_is_message(cursor_over(bytes, size)), size == sizeof(binding) - 1);
	}
	assert_false(stun_is_message(cursor_over("\x00\x01\x00\x08\x21\x12\xa4\x42" "0123456789ab" "\x80\x22\x00\x09" "abc\0", 28)));
}

static void
joined_in_the_middle(void **state)
{
	struct talk *t = &talk;
	enum strength strength;

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	put_letter(t, FROM_CLIENT, 'a');
	assert_int_equal(dtls_dissector.probe(&t->c.flow, FROM_CLIENT, cursor_over(t->datagram.at, t->datagram.size), &strength), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	flush(t, FROM_CLIENT);
	assert_true(t->c.evidence.strength < STRENGTH_STRUCTURE);
	speak(t, "A");
	assert_string_equal(t->c.evidence.protocol, "dtls");
	assert_int_equal(t->c.evidence.strength, STRENGTH_STRUCTURE);
	assert_int_equal(t->c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_null(t->c.evidence.encryption.version);
	assert_true(evidence_has_note(&t->c.evidence, NOTE_MIDSTREAM));
	assert_int_equal(t->c.verdict, DONE);
	conversation_clear(&t->c);
	/* Data that can be read is not called encrypted, where nobody saw the suite. */
	for (int i = 0; i < 2; i++) {
		start(t, 0xfefd, NULL_SHA);
		speak(t, i == 0 ? "p A p" : "h [HCKD] kxf p");
		conversation_end(&t->c);
		assert_int_equal(t->c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
		conversation_clear(&t->c);
	}
	/* In the middle of the handshake. */
	start(t, 0xfefd, ECDHE_GCM);
	speak(t, "[h] HCKQD ckyxf XF");
	assert_string_equal(t->c.evidence.encryption.version, "DTLS1.2");
	conversation_end(&t->c);
	assert_int_equal(t->c.evidence.encryption.mutual, MUTUAL_YES);
	conversation_clear(&t->c);
}

static void
probes(void **state)
{
	struct talk *t = &talk;
	static const struct {
		const char *script;
		bool client, server;
	} cases[] = { { "h", true, false }, { "HCKD", false, true }, { "V", false, true }, { "kxf", true, false }, { "HU", false, true }, { "XF", true, true }, { "L", true, true }, { "cky", true, false } };
	static const struct {
		const char *bytes;
		size_t size;
	} others[] = {
#define DATAGRAM(text) { text, sizeof(text) - 1 }
		DATAGRAM(""),
		DATAGRAM("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), /* TLS */
		DATAGRAM("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		DATAGRAM("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05"),
		DATAGRAM("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		DATAGRAM("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0d\x63\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01x"),
		DATAGRAM("\x16\xfe\xfe\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0d\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01x"),
		DATAGRAM("\x17\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08" "readable"), /* data in the clear */
		DATAGRAM("\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02" "xx"),
		DATAGRAM("\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\xff"),
		DATAGRAM("\x14\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02"),
		DATAGRAM("\x19\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x00id\x00\x02xx"), /* with a connection ID, alone */
		DATAGRAM("\x2e\x12\x34\x00\x05hello"), /* a unified header, alone */
		DATAGRAM("\x17\x00\x03\x2a\x00\x00\x00\x00\x00\x00\x01\xbf"), /* NTP */
		DATAGRAM("\x16" "text"),
	};
	enum strength strength;

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t->datagram.size = 0;
		t->writers[0].epoch = t->writers[1].epoch = 0;
		for (const char *letter = cases[i].script; *letter != '\0'; letter++)
			put_letter(t, *letter >= 'a' ? FROM_CLIENT : FROM_SERVER, *letter);
		assert_int_equal(dtls_dissector.probe(&t->c.flow, FROM_CLIENT, cursor_over(t->datagram.at, t->datagram.size), &strength) == MATCH, cases[i].client);
		assert_int_equal(dtls_dissector.probe(&t->c.flow, FROM_SERVER, cursor_over(t->datagram.at, t->datagram.size), &strength) == MATCH, cases[i].server);
	}
	conversation_clear(&t->c);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		start(t, 0xfefd, ECDHE_GCM);
		for (enum direction from = FROM_CLIENT; from <= FROM_SERVER; from++)
			assert_int_not_equal(dtls_dissector.probe(&t->c.flow, from, cursor_over(others[i].bytes, others[i].size), &strength), MATCH);
		conversation_send(&t->c, FROM_CLIENT, others[i].bytes, others[i].size);
		assert_null(t->c.evidence.protocol);
		assert_int_equal(t->c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
		conversation_clear(&t->c);
	}
}

/* Fragments that contradict each other, messages beyond all bounds. */
static void
hostile(void **state)
{
	struct talk *t = &talk;
	static struct bytes large, other;

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	speak(t, "h HCKQD");
	large.size = 40000;
	put_dtls_fragment(&t->datagram, &t->writers[0], 11, 1, &large, 0, 500);
	flush(t, FROM_CLIENT);
	large.size = 30000;
	other.size = 200;
	for (uint16_t i = 0; i < 12; i++) {
		put_dtls_fragment(&t->datagram, &t->writers[0], 11, (uint16_t)(i + 2), &large, 29000, 1000);
		flush(t, FROM_CLIENT);
		put_dtls_fragment(&t->datagram, &t->writers[0], 16, (uint16_t)(i % 5 + 2), &other, 10, 90);
		flush(t, FROM_CLIENT);
	}
	assert_true(t->c.memory.in_use <= DISSECTION_MEMORY_FLOW_MAX);
	speak(t, "xf XF");
	conversation_end(&t->c);
	assert_int_equal(t->c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	assert_int_equal(t->c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&t->c);
	/* Damaged hellos and certificates. */
	for (int i = 0; i < 3; i++) {
		start(t, 0xfefd, ECDHE_GCM);
		other.size = 0;
		put(&other, "\xfe\xfd no hello, not at all a hello, not even the beginning of one", 60);
		put_dtls_message(&t->datagram, &t->writers[0], i == 0 ? 1 : i == 1 ? 2 : 11, 0, &other);
		flush(t, i == 1 ? FROM_SERVER : FROM_CLIENT);
		speak(t, "x");
		conversation_end(&t->c);
		assert_true(evidence_has_note(&t->c.evidence, NOTE_MALFORMED) || i == 1);
		assert_null(t->c.evidence.encryption.version);
		conversation_clear(&t->c);
	}
	/* Without memory, what comes whole is read all the same. */
	start(t, 0xfefd, ECDHE_GCM);
	t->c.bound.limit = 0;
	speak(t, "h HCK[Q]D ckyxf XF");
	assert_int_equal(t->c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&t->c);
}

static void
patience(void **state)
{
	struct talk *t = &talk;

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	speak(t, "h");
	for (int i = 0; i < 300 && !t->c.over; i++)
		conversation_send(&t->c, FROM_CLIENT, "\x80\x60 media", 8);
	assert_int_equal(t->c.verdict, DONE);
	conversation_clear(&t->c);
}

static void
check_prefix(const struct conversation *c, size_t given)
{
	(void)given;
	assert_int_not_equal(c->evidence.authentication.result, AUTH_SUCCESS);
}

static void
prefixes(void **state)
{
	static struct bytes datagrams[5];
	struct message messages[5];
	struct talk *t = &talk;
	static const char *const parts[] = { "h", "HCKQD", "ckyxf", "X", "F" };

	(void)state;
	start(t, 0xfefd, ECDHE_GCM);
	for (size_t i = 0; i < 5; i++) {
		t->datagram.size = 0;
		for (const char *letter = parts[i]; *letter != '\0'; letter++)
			put_letter(t, *letter >= 'a' ? FROM_CLIENT : FROM_SERVER, *letter);
		datagrams[i] = t->datagram;
		messages[i] = (struct message){ parts[i][0] >= 'a' ? FROM_CLIENT : FROM_SERVER, datagrams[i].at, datagrams[i].size };
	}
	conversation_clear(&t->c);
	conversation_each_prefix(&dtls_dissector, messages, 4, check_prefix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes),
		cmocka_unit_test(fragments),
		cmocka_unit_test(overtaken),
		cmocka_unit_test(lost_for_good),
		cmocka_unit_test(stun_first),
		cmocka_unit_test(stun_alone),
		cmocka_unit_test(joined_in_the_middle),
		cmocka_unit_test(probes),
		cmocka_unit_test(hostile),
		cmocka_unit_test(patience),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests_name("dissectors/dtls", tests, NULL, NULL);
}
