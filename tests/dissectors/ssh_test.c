/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH conversations, with messages as OpenSSH writes them: what two KEXINITs agree upon, logins where
 * the cipher is "none", version 1, and what is not SSH.
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

#define CLIENT_BANNER "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
#define SERVER_BANNER "SSH-2.0-OpenSSH_8.7\r\n"
#define KEXES "curve25519-sha256,diffie-hellman-group14-sha256"
#define MANY_16 "a@x,b@x,c@x,d@x,e@x,f@x,g@x,h@x,i@x,j@x,k@x,l@x,m@x,n@x,o@x,p@x,"
#define MANY MANY_16 MANY_16 MANY_16

struct bytes {
	uint8_t at[8192];
	size_t size;
};

static void
add(struct bytes *b, const void *bytes, size_t size)
{
	memcpy(b->at + b->size, bytes, size);
	b->size += size;
}

static void
add_u32(struct bytes *b, size_t value)
{
	const uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };

	add(b, bytes, 4);
}

static void
add_string(struct bytes *b, const char *text)
{
	add_u32(b, strlen(text));
	add(b, text, strlen(text));
}

/* A packet with this payload, and a MAC of so many bytes. */
static struct bytes
packet(const struct bytes *payload, size_t mac)
{
	struct bytes b = { .size = 0 };
	size_t padding = 4 + (8 - (payload->size + 9) % 8) % 8;

	add_u32(&b, 1 + payload->size + padding);
	b.at[b.size++] = (uint8_t)padding;
	add(&b, payload->at, payload->size);
	memset(b.at + b.size, 0, padding + mac);
	b.size += padding + mac;
	return b;
}

static struct bytes
simple_packet(uint8_t type, size_t mac)
{
	struct bytes payload = { { type }, 1 };

	return packet(&payload, mac);
}

struct offer {
	const char *kex, *cipher_client, *cipher_server, *mac;
};

static struct bytes
kexinit(const struct offer *o)
{
	struct bytes p = { { 20 }, 17 };
	const char *const lists[] = { o->kex, "ssh-ed25519", o->cipher_client, o->cipher_server, o->mac, o->mac, "none,zlib@openssh.com", "none,zlib@openssh.com", "", "" };

	for (size_t i = 0; i < 10; i++)
		add_string(&p, lists[i]);
	add(&p, "\0\0\0\0\0", 5);
	return packet(&p, 0);
}

static void
send_bytes(struct conversation *c, enum direction from, const struct bytes *b)
{
	conversation_send(c, from, b->at, b->size);
}

static void
say(struct conversation *c, enum direction from, const char *text)
{
	conversation_send(c, from, text, strlen(text));
}

static void
greet(struct conversation *c)
{
	conversation_init(c, &ssh_dissector);
	say(c, FROM_CLIENT, CLIENT_BANNER);
	say(c, FROM_SERVER, SERVER_BANNER);
}

static void
offers(struct conversation *c, enum direction from, const struct offer *o)
{
	struct bytes b = kexinit(o);

	send_bytes(c, from, &b);
}

/* What is agreed upon does not depend on who says first what it can do. */
static void
negotiation(void **state)
{
	static const struct {
		const char *name;
		struct offer client, server;
		const char *kex, *cipher;
		enum encryption_state state;
		bool failed;
	} list[] = {
		{ "usual", { KEXES, "chacha20-poly1305@openssh.com,aes128-ctr", "aes128-ctr", "hmac-sha1" }, { KEXES, "aes128-ctr,chacha20-poly1305@openssh.com", "aes128-ctr", "hmac-sha1" }, "curve25519-sha256", "chacha20-poly1305@openssh.com", ENCRYPTION_ENCRYPTED, false },
		{ "signals are no algorithms", { "ext-info-c,kex-strict-c-v00@openssh.com,diffie-hellman-group1-sha1", "3des-cbc", "3des-cbc", "hmac-md5" }, { "ext-info-c,kex-strict-c-v00@openssh.com,diffie-hellman-group1-sha1", "3des-cbc", "3des-cbc", "hmac-md5" }, "diffie-hellman-group1-sha1", "3des-cbc", ENCRYPTION_ENCRYPTED, false },
		{ "GSS-API", { "gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==," KEXES, "aes128-ctr", "aes128-ctr", "hmac-sha1" }, { KEXES ",gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==", "aes128-ctr", "aes128-ctr", "hmac-sha1" }, "gss-group14-sha256", "aes128-ctr", ENCRYPTION_ENCRYPTED, false },
		{ "names nobody knows", { "new@example.com", "secret@example.com", "secret@example.com", "hmac-sha1" }, { "new@example.com", "secret@example.com", "secret@example.com", "hmac-sha1" }, NULL, NULL, ENCRYPTION_ENCRYPTED, false },
		{ "nothing in common", { KEXES, "aes128-ctr", "aes128-ctr", "hmac-sha1" }, { KEXES, "aes256-ctr", "aes256-ctr", "hmac-sha1" }, NULL, NULL, ENCRYPTION_ENCRYPTED, true },
		{ "nothing in common, none offered", { KEXES, "none", "none", "hmac-sha1" }, { "kex@x", "none", "none", "hmac-sha1" }, NULL, NULL, ENCRYPTION_UNKNOWN, true },
		{ "none", { KEXES, "none", "none", "hmac-sha1" }, { KEXES, "aes128-ctr,none", "aes128-ctr,none", "hmac-sha1" }, "curve25519-sha256", "none", ENCRYPTION_PLAINTEXT, false },
		{ "none is offered, not chosen", { KEXES, "aes128-ctr,none", "aes128-ctr,none", "hmac-sha1" }, { KEXES, "none,aes128-ctr", "none,aes128-ctr", "hmac-sha1" }, "curve25519-sha256", "aes128-ctr", ENCRYPTION_ENCRYPTED, false },
		{ "none one way", { KEXES, "aes128-ctr", "none", "hmac-sha1" }, { KEXES, "aes128-ctr", "none", "hmac-sha1" }, "curve25519-sha256", "aes128-ctr", ENCRYPTION_PARTIAL, false },
		{ "more than is kept, of the client", { KEXES, MANY "aes128-ctr", "aes128-ctr", "hmac-sha1" }, { KEXES, "c@x,aes128-ctr", "aes128-ctr", "hmac-sha1" }, "curve25519-sha256", NULL, ENCRYPTION_ENCRYPTED, false },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		for (int first = FROM_CLIENT; first <= FROM_SERVER; first++) {
			const struct encryption *e = &c.evidence.encryption;

			greet(&c);
			assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
			assert_string_equal(c.evidence.protocol, "ssh");
			offers(&c, (enum direction)first, first == FROM_CLIENT ? &list[i].client : &list[i].server);
			offers(&c, (enum direction)(1 - first), first == FROM_CLIENT ? &list[i].server : &list[i].client);
			if (e->state != list[i].state || (e->cipher == NULL) != (list[i].cipher == NULL) || (e->group == NULL) != (list[i].kex == NULL))
				fail_msg("%s: %s %s %s", list[i].name, encryption_state_names[e->state], e->cipher ? e->cipher : "-", e->group ? e->group : "-");
			if (e->cipher != NULL)
				assert_string_equal(e->cipher, list[i].cipher);
			if (e->group != NULL)
				assert_string_equal(e->group, list[i].kex);
			if (e->state == ENCRYPTION_ENCRYPTED)
				assert_string_equal(e->by, "ssh");
			assert_string_equal(e->version, "SSH2.0");
			assert_int_equal(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED), list[i].failed);
			assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
			assert_int_equal(c.over, e->state == ENCRYPTION_ENCRYPTED || e->state == ENCRYPTION_UNKNOWN);
			conversation_clear(&c);
		}
	}
	/* A server's list that is not known to its end does not tell what was chosen. */
	for (int none = 0; none < 2; none++) {
		const struct offer client = { KEXES, "aes256-ctr,none", "none", "hmac-sha1" }, server = { KEXES, none ? MANY "none" : MANY "aes128-ctr", none ? "none" : "aes128-ctr", "hmac-sha1" };

		greet(&c);
		offers(&c, FROM_SERVER, &server);
		offers(&c, FROM_CLIENT, &client);
		assert_int_equal(c.evidence.encryption.state, none ? ENCRYPTION_UNKNOWN : ENCRYPTION_ENCRYPTED);
		conversation_clear(&c);
	}
}

static const struct offer usual = { KEXES, "aes128-ctr", "aes128-ctr", "hmac-sha1" };
static const struct offer readable = { KEXES, "none", "none", "hmac-sha2-256" };

/* One side is enough to tell that there is a cipher, unless it would do without. */
static void
one_side(void **state)
{
	struct conversation c;

	(void)state;
	for (int none = 0; none < 2; none++) {
		conversation_init(&c, &ssh_dissector);
		say(&c, FROM_CLIENT, CLIENT_BANNER);
		assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
		offers(&c, FROM_CLIENT, none ? &readable : &usual);
		conversation_end(&c);
		assert_int_equal(c.evidence.encryption.state, none ? ENCRYPTION_UNKNOWN : ENCRYPTION_ENCRYPTED);
		assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
		conversation_clear(&c);
	}
}

static void
pieces(void **state)
{
	struct bytes client = kexinit(&usual), server = kexinit(&usual);
	const struct message messages[] = {
		CLIENT(CLIENT_BANNER),
		SERVER("Welcome, all who come here\r\n" SERVER_BANNER),
		{ FROM_CLIENT, client.at, client.size },
		{ FROM_SERVER, server.at, server.size },
	};

	(void)state;
	for (size_t chunk = 0; chunk < 20; chunk += 3) {
		struct conversation c;

		conversation_init(&c, &ssh_dissector);
		conversation_run(&c, messages, 4, chunk);
		assert_string_equal(c.evidence.encryption.cipher, "aes128-ctr");
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
		conversation_clear(&c);
	}
	conversation_each_prefix(&ssh_dissector, messages, 4, NULL);
}

static struct bytes
request(const char *method, uint8_t flag, const char *rest)
{
	struct bytes p = { { 50 }, 1 };

	add_string(&p, "ann");
	add_string(&p, "ssh-connection");
	add_string(&p, method);
	p.at[p.size++] = flag;
	if (rest != NULL)
		add_string(&p, rest);
	return packet(&p, 32);
}

static struct bytes
refusal(uint8_t partial)
{
	struct bytes p = { { 51 }, 1 };

	add_string(&p, "publickey,password");
	p.at[p.size++] = partial;
	return packet(&p, 32);
}

static struct bytes
answers(const char *answer)
{
	struct bytes p = { { 61 }, 1 };

	add_u32(&p, answer != NULL);
	if (answer != NULL)
		add_string(&p, answer);
	return packet(&p, 32);
}

static void
in_the_clear(void **state)
{
	static const struct {
		const char *method;
		uint8_t flag;
		const char *rest, *answer;
		char reply; /* 's'uccess, 'f'ailure, 'p'artial success, none */
		enum auth_result result;
		const char *named;
		bool clear;
	} list[] = {
		{ "password", 0, "plum-7", NULL, 's', AUTH_SUCCESS, "ssh-password", true },
		{ "password", 0, "plum-7", NULL, 'f', AUTH_FAILURE, "ssh-password", true },
		{ "password", 0, "plum-7", NULL, 'p', AUTH_ATTEMPTED, "ssh-password", true },
		{ "password", 0, "plum-7", NULL, 0, AUTH_ATTEMPTED, "ssh-password", true },
		{ "none", 0, NULL, NULL, 's', AUTH_NONE, NULL, false },
		{ "none", 0, NULL, NULL, 'f', AUTH_UNKNOWN, NULL, false },
		{ "publickey", 0, "ssh-ed25519", NULL, 'f', AUTH_UNKNOWN, NULL, false },
		{ "publickey", 1, "ssh-ed25519", NULL, 's', AUTH_SUCCESS, "ssh-publickey", false },
		{ "keyboard-interactive", 0, NULL, "plum-7", 's', AUTH_SUCCESS, "ssh-keyboard-interactive", true },
		{ "keyboard-interactive", 0, NULL, "", 'f', AUTH_FAILURE, "ssh-keyboard-interactive", false },
		{ "publickey", 1, NULL, "plum-7", 'f', AUTH_FAILURE, "ssh-publickey", false },
		{ "secret@example.com", 0, NULL, NULL, 'f', AUTH_FAILURE, "ssh-other", false },
	};
	struct conversation c;
	struct bytes b;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		greet(&c);
		c.evidence.want_principals = true;
		offers(&c, FROM_SERVER, &readable);
		offers(&c, FROM_CLIENT, &readable);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		/* Before the keys are new nobody logs in. */
		b = simple_packet(52, 0);
		send_bytes(&c, FROM_SERVER, &b);
		b = simple_packet(21, 0);
		send_bytes(&c, FROM_CLIENT, &b);
		send_bytes(&c, FROM_SERVER, &b);
		b = simple_packet(5, 32);
		send_bytes(&c, FROM_CLIENT, &b);
		b = request(list[i].method, list[i].flag, list[i].rest);
		for (size_t at = 0; at < b.size; at++)
			conversation_send(&c, FROM_CLIENT, b.at + at, 1);
		if (list[i].answer != NULL) {
			b = answers(list[i].answer);
			send_bytes(&c, FROM_CLIENT, &b);
		}
		b = simple_packet(60, 32);
		send_bytes(&c, FROM_SERVER, &b);
		b = list[i].reply == 's' ? simple_packet(52, 32) : refusal(list[i].reply == 'p');
		if (list[i].reply != 0)
			send_bytes(&c, FROM_SERVER, &b);
		if (c.evidence.authentication.result != list[i].result || c.evidence.cleartext_credentials != list[i].clear)
			fail_msg("%zu %s: %s", i, list[i].method, auth_result_names[c.evidence.authentication.result]);
		if (list[i].named != NULL) {
			assert_string_equal(c.evidence.authentication.method, list[i].named);
			assert_string_equal(c.evidence.authentication.principal, "ann");
		} else {
			assert_null(c.evidence.authentication.method);
		}
		assert_int_equal(c.verdict == DONE, list[i].reply == 's');
		conversation_clear(&c);
	}
	/* One way is encrypted, or its packets' ends are not known. */
	for (int i = 0; i < 2; i++) {
		const struct offer o = { KEXES, i ? "aes128-ctr" : "none", "none", i ? "hmac-sha1" : "mac@example.com" };

		greet(&c);
		offers(&c, FROM_CLIENT, &o);
		offers(&c, FROM_SERVER, &o);
		b = simple_packet(21, 0);
		send_bytes(&c, FROM_CLIENT, &b);
		assert_int_equal(c.verdict, DONE);
		conversation_clear(&c);
	}
}

static void
version_1(void **state)
{
	static const uint8_t public_key[] = { 0, 0, 0, 6, 0, 0, 2, 9, 9, 9, 9, 9 };
	uint8_t session_key[] = { 0, 0, 0, 6, 0, 0, 3, 3, 9, 9, 9, 9 }, other[] = { 0, 0, 0, 6, 0, 0, 32, 3, 9, 9, 9, 9 };
	static const struct {
		uint8_t number;
		const char *cipher;
	} list[] = { { 3, "3des-cbc" }, { 6, "blowfish-cbc" }, { 0, "none" }, { 4, NULL }, { 99, NULL } };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		conversation_init(&c, &ssh_dissector);
		say(&c, FROM_SERVER, "SSH-1.99-Cisco-1.25\n");
		conversation_send(&c, FROM_SERVER, public_key, sizeof(public_key));
		say(&c, FROM_CLIENT, "SSH-1.5-1.2.27\n");
		assert_string_equal(c.evidence.encryption.version, "SSH1");
		session_key[7] = list[i].number;
		conversation_send(&c, FROM_CLIENT, other, sizeof(other));
		for (size_t at = 0; at < sizeof(session_key); at++)
			conversation_send(&c, FROM_CLIENT, session_key + at, 1);
		assert_int_equal(c.verdict, DONE);
		assert_int_equal(c.evidence.encryption.state, list[i].number == 0 ? ENCRYPTION_PLAINTEXT : ENCRYPTION_ENCRYPTED);
		if (list[i].cipher != NULL)
			assert_string_equal(c.evidence.encryption.cipher, list[i].cipher);
		else
			assert_null(c.evidence.encryption.cipher);
		conversation_clear(&c);
	}
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_SERVER, "SSH-1.5-OpenSSH\n");
	say(&c, FROM_CLIENT, "SSH-1.5-OpenSSH\n");
	conversation_send(&c, FROM_CLIENT, "\0\0\0\1", 4);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	/* Both can do version 2. */
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_SERVER, "SSH-1.99-OpenSSH_3.9p1\n");
	offers(&c, FROM_SERVER, &usual);
	say(&c, FROM_CLIENT, CLIENT_BANNER);
	offers(&c, FROM_CLIENT, &usual);
	assert_string_equal(c.evidence.encryption.version, "SSH2.0");
	assert_string_equal(c.evidence.encryption.cipher, "aes128-ctr");
	conversation_clear(&c);
}

static void
odd_peers(void **state)
{
	struct conversation c;
	struct bytes b;

	(void)state;
	/* A browser at an SSH server. */
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_SERVER, SERVER_BANNER);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	say(&c, FROM_CLIENT, "GET / HTTP/1.1\r\n");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_string_equal(c.evidence.protocol, "ssh");
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	/* TLS at an SSH server: nothing that anybody could read. */
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_SERVER, SERVER_BANNER);
	conversation_send(&c, FROM_CLIENT, "\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\n", 12);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	/* An SSH client at other servers. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const words[] = { "HTTP/1.1 400 Bad Request\r\n", "\x15\x03\x01\x00\x02\x02\x28\x0a", "SSH-9-x\r\n" };

		conversation_init(&c, &ssh_dissector);
		say(&c, FROM_CLIENT, CLIENT_BANNER);
		conversation_send(&c, FROM_SERVER, words[i], i == 1 ? 8 : strlen(words[i]));
		assert_int_equal(c.verdict, NO_MATCH);
		assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
		conversation_clear(&c);
	}
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_CLIENT, "HELO\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	/* One that keeps talking and never says who it is. */
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_CLIENT, CLIENT_BANNER);
	for (int i = 0; i < 100 && !c.over; i++)
		say(&c, FROM_SERVER, "tar pit\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &ssh_dissector);
	say(&c, FROM_CLIENT, CLIENT_BANNER);
	for (int i = 0; i < 100 && !c.over; i++)
		say(&c, FROM_SERVER, "a line without an end");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	/* A damaged KEXINIT. */
	for (size_t i = 0; i < 3; i++) {
		greet(&c);
		b = kexinit(&usual);
		b.at[i == 0 ? 4 : i == 1 ? 25 : 30] = i == 0 ? 3 : i == 1 ? 200 : ' ';
		send_bytes(&c, FROM_CLIENT, &b);
		assert_int_equal(c.verdict, MALFORMED);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
		conversation_clear(&c);
	}
	greet(&c);
	b = simple_packet(1, 0);
	send_bytes(&c, FROM_SERVER, &b);
	assert_int_equal(c.verdict, DONE);
	assert_true(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED));
	conversation_clear(&c);
	/* The beginning is not in the capture. */
	conversation_init(&c, &ssh_dissector);
	c.flow.handshake_seen = false;
	offers(&c, FROM_SERVER, &usual);
	offers(&c, FROM_CLIENT, &usual);
	assert_string_equal(c.evidence.encryption.cipher, "aes128-ctr");
	conversation_clear(&c);
	greet(&c);
	conversation_gap(&c, FROM_CLIENT, 1);
	assert_true(c.over);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} list[] = {
		{ CLIENT_BANNER, MATCH },
		{ "SSH-1.5-x\n", MATCH },
		{ "SSH-1.99-x\n", MATCH },
		{ "SSH-2.0-", NEED_MORE },
		{ "SS", NEED_MORE },
		{ "", NEED_MORE },
		{ "SSH-2.0\r\n", NO_MATCH },
		{ "SSH-3.0-x\r\n", NO_MATCH },
		{ "SSH-x-y\r\n", NO_MATCH },
		{ "SSH is what I want\r\n", NO_MATCH },
		{ "STAT\r\n", NO_MATCH },
		{ "SUBSCRIBE sip:x SIP/2.0\r\n", NO_MATCH },
	};
	struct flow_view flow = { .handshake_seen = false };
	struct bytes b = kexinit(&usual);
	enum strength strength;
	char line[600];

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(list[i].text, strlen(list[i].text)), &strength) != list[i].verdict)
			fail_msg("%s", list[i].text);
	memset(line, 'a', sizeof(line));
	memcpy(line, "SSH-2.0-", 8);
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(line, sizeof(line)), &strength), NO_MATCH);
	for (size_t size = 1; size < b.size; size++)
		assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(b.at, size), &strength), NEED_MORE);
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(b.at, b.size), &strength), MATCH);
	b.at[25]++;
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(b.at, b.size), &strength), NO_MATCH);
	b.at[5] = 21;
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(b.at, b.size), &strength), NO_MATCH);
	b.at[1] = 1;
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over(b.at, 2), &strength), NO_MATCH);
	flow.handshake_seen = true;
	assert_int_equal(ssh_dissector.probe(&flow, FROM_CLIENT, cursor_over("\0\0", 2), &strength), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(negotiation),
		cmocka_unit_test(one_side),
		cmocka_unit_test(pieces),
		cmocka_unit_test(in_the_clear),
		cmocka_unit_test(version_1),
		cmocka_unit_test(odd_peers),
		cmocka_unit_test(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
