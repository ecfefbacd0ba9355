/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached conversations: text and binary, with answers as memcached 1.6 and Couchbase give them, logins
 * and their outcomes, UDP, losses, and what memcached must not be taken for.
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

/* Magic, opcode, key size (2), extras, type, vbucket or status (2), body size (4), opaque, cas; the rest. */
#define HEADER(magic, opcode, key, extras, status, body) magic opcode "\0" key extras "\0\0" status "\0\0\0" body "\1\2\3\4\0\0\0\0\0\0\0\0"
#define ASK(opcode, key, extras, body) HEADER("\x80", opcode, key, extras, "\0", body)
#define TELL(opcode, status, body) HEADER("\x81", opcode, "\0", "\0", status, body)
#define B_GET ASK("\0", "\1", "\0", "\1") "k"
#define B_VERSION ASK("\x0b", "\0", "\0", "\0")
#define B_LIST ASK("\x20", "\0", "\0", "\0")
#define B_PLAIN ASK("\x21", "\5", "\0", "\x0f") "PLAIN" "\0ann\0melon"
#define B_EMPTY ASK("\x21", "\5", "\0", "\x0a") "PLAIN" "\0ann\0"
#define B_SCRAM ASK("\x21", "\x0c", "\0", "\x0f") "SCRAM-SHA512" "n,,"
#define B_STEP ASK("\x22", "\x0c", "\0", "\x0f") "SCRAM-SHA512" "c=b"
#define B_TOKEN ASK("\x21", "\x0b", "\0", "\x0e") "OAUTHBEARER" "abc"
#define B_CRAM ASK("\x21", "\x08", "\0", "\x08") "CRAM-MD5"
#define B_HELLO ASK("\x1f", "\1", "\0", "\3") "a\0\1"
#define B_FLEX "\x08\0\2\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0k"
#define B_FLEX_OK "\x18\0\2\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0vv"

static const struct scenario {
	const char *name;
	struct message messages[8];
	size_t count;
	enum auth_result result;
	const char *method;
	bool clear;
} scenarios[] = {
#define MESSAGES(...) .messages = { __VA_ARGS__ }, .count = sizeof((struct message[]){ __VA_ARGS__ }) / sizeof(struct message)
	{ "get", MESSAGES(CLIENT("get k\r\n"), SERVER("VALUE k 0 2\r\nhi\r\nEND\r\n")), AUTH_NONE, NULL, false },
	{ "miss", MESSAGES(CLIENT("gets k l\r\n"), SERVER("END\r\n")), AUTH_NONE, NULL, false },
	{ "set", MESSAGES(CLIENT("set k 0 0 5\r\nhello\r\n"), SERVER("STORED\r\n")), AUTH_NONE, NULL, false },
	{ "set with flags, of two words", MESSAGES(CLIENT("set k 1 0 11\r\nhello world\r\n"), SERVER("STORED\r\n")), AUTH_NONE, NULL, false },
	{ "set of two words, not the first", MESSAGES(CLIENT("get k\r\n"), SERVER("END\r\n"), CLIENT("set k 0 0 11\r\nhello world\r\n"), SERVER("STORED\r\n")), AUTH_NONE, NULL, false },
	{ "set that may be a login", MESSAGES(CLIENT("set k 0 0 11\r\nhello world\r\n"), SERVER("STORED\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n")), AUTH_UNKNOWN, NULL, false },
	{ "not logged in", MESSAGES(CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n")), AUTH_FAILURE, NULL, false },
	{ "login refused", MESSAGES(CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n")), AUTH_FAILURE, "memcached-auth", true },
	{ "login refused, then accepted", MESSAGES(CLIENT("set k 0 0 9\r\nann lemon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("STORED\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n")), AUTH_SUCCESS, "memcached-auth", true },
	{ "login refused, and tried again", MESSAGES(CLIENT(B_PLAIN), SERVER(TELL("\x21", "\x20", "\0")), CLIENT(B_PLAIN)), AUTH_ATTEMPTED, "sasl-plain", true },
	{ "login asked for, and tried", MESSAGES(CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n")), AUTH_ATTEMPTED, NULL, true },
	{ "login, after it was asked for", MESSAGES(CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("STORED\r\n")), AUTH_SUCCESS, "memcached-auth", true },
	{ "all of text", MESSAGES(CLIENT("add k 0 0 1 noreply\r\nx\r\nincr k 1\r\ndecr k 1\r\ntouch k 0\r\ncas k 0 0 1 7\r\ny\r\ndelete k\r\ngat 10 k\r\nstats items\r\n"), SERVER("NOT_STORED\r\n12\r\n11\r\nTOUCHED\r\nEXISTS\r\nDELETED\r\nEND\r\nSTAT a 1\r\nEND\r\n")), AUTH_NONE, NULL, false },
	{ "meta", MESSAGES(CLIENT("mn\r\nmg k v\r\nms k 2 T0\r\nhi\r\nmd k\r\nma k\r\nme k\r\n"), SERVER("MN\r\nVA 2 v\r\nhi\r\nHD\r\nNF\r\nHD\r\nME k exp=1\r\n")), AUTH_NONE, NULL, false },
	{ "errors", MESSAGES(CLIENT("set k 0 0 1 noreply\r\nx\r\nlemon\r\n"), SERVER("ERROR\r\nSERVER_ERROR out of memory\r\nCLIENT_ERROR bad data chunk\r\n")), AUTH_UNKNOWN, NULL, false },
	{ "large", MESSAGES(CLIENT("set k 0 0 600\r\n"), CLIENT("0123456789012345678901234567890123456789")), AUTH_UNKNOWN, NULL, false },
	{ "binary", MESSAGES(CLIENT(B_GET), SERVER(TELL("\0", "\1", "\0"))), AUTH_NONE, NULL, false },
	{ "binary, not logged in", MESSAGES(CLIENT(B_GET), SERVER(TELL("\0", "\x20", "\4") "fail")), AUTH_FAILURE, NULL, false },
	{ "binary, for anybody", MESSAGES(CLIENT(B_VERSION), SERVER(TELL("\x0b", "\0", "\3") "1.6"), CLIENT(B_LIST), SERVER(TELL("\x20", "\0", "\5") "PLAIN")), AUTH_UNKNOWN, NULL, false },
	{ "binary, an error", MESSAGES(CLIENT(B_GET), SERVER(TELL("\0", "\x82", "\0"))), AUTH_UNKNOWN, NULL, false },
	{ "PLAIN", MESSAGES(CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\0", "\0"))), AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN without a password", MESSAGES(CLIENT(B_EMPTY), SERVER(TELL("\x21", "\0", "\0"))), AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN refused", MESSAGES(CLIENT(B_PLAIN), SERVER(TELL("\x21", "\x20", "\0"))), AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN not answered", MESSAGES(CLIENT(B_PLAIN)), AUTH_ATTEMPTED, "sasl-plain", true },
	{ "SCRAM", MESSAGES(CLIENT(B_SCRAM), SERVER(TELL("\x21", "\x21", "\0")), CLIENT(B_STEP), SERVER(TELL("\x22", "\0", "\0"))), AUTH_SUCCESS, "scram-sha-512", false },
	{ "SCRAM goes on", MESSAGES(CLIENT(B_SCRAM), SERVER(TELL("\x21", "\x21", "\0"))), AUTH_ATTEMPTED, "scram-sha-512", false },
	{ "CRAM", MESSAGES(CLIENT(B_CRAM)), AUTH_ATTEMPTED, "sasl-cram-md5", false },
	{ "a token", MESSAGES(CLIENT(B_TOKEN), SERVER(TELL("\x21", "\x20", "\0"))), AUTH_FAILURE, "sasl-oauthbearer", true },
	{ "Couchbase, no access", MESSAGES(CLIENT(B_HELLO B_GET), SERVER(TELL("\x1f", "\0", "\0") TELL("\0", "\x24", "\0"))), AUTH_FAILURE, NULL, false },
	{ "Couchbase, not permitted", MESSAGES(CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0"))), AUTH_SUCCESS, "sasl-plain", true },
	{ "Couchbase, flexible framing", MESSAGES(CLIENT(B_FLEX), SERVER(B_FLEX_OK)), AUTH_NONE, NULL, false },
};

static void
check_scenario(const struct scenario *s, size_t chunk)
{
	struct conversation c;
	const struct authentication *a = &c.evidence.authentication;

	conversation_init(&c, &memcached_dissector);
	conversation_run(&c, s->messages, s->count, chunk);
	if (a->result != s->result || c.evidence.cleartext_credentials != s->clear || (a->method == NULL) != (s->method == NULL) || (s->method != NULL && strcmp(a->method, s->method) != 0))
		fail_msg("%s, in pieces of %zu: %s %s %d", s->name, chunk, auth_result_names[a->result], a->method ? a->method : "-", c.evidence.cleartext_credentials);
	assert_string_equal(c.evidence.protocol, "memcached");
	if (strcmp(s->name, "large") != 0 && c.evidence.encryption.state != ENCRYPTION_PLAINTEXT)
		fail_msg("%s, in pieces of %zu: not readable", s->name, chunk);
	assert_string_equal(a->principal, "");
	conversation_clear(&c);
}

static void
outcomes(void **state)
{
	static const size_t chunks[] = { 0, 1, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		for (size_t j = 0; j < 3; j++)
			check_scenario(&scenarios[i], chunks[j]);
}

static const struct scenario *whole;

static void
check_prefix(const struct conversation *c, size_t given)
{
	(void)given;
	if (whole->result != AUTH_SUCCESS)
		assert_int_not_equal(c->evidence.authentication.result, AUTH_SUCCESS);
	assert_true(whole->clear || !c->evidence.cleartext_credentials);
}

static void
prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		whole = &scenarios[i];
		conversation_each_prefix(&memcached_dissector, whole->messages, whole->count, check_prefix);
	}
}

static void
principals_and_notes(void **state)
{
	static const struct message binary[] = { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0")) };
	static const struct message text[] = { CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n") };
	struct conversation c;

	(void)state;
	conversation_init(&c, &memcached_dissector);
	c.evidence.want_principals = true;
	conversation_run(&c, binary, 4, 0);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	assert_int_equal(c.evidence.notes, 1u << NOTE_NOT_PERMITTED);
	conversation_clear(&c);
	conversation_init(&c, &memcached_dissector);
	c.evidence.want_principals = true;
	conversation_run(&c, text, 3, 0);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
}

static void
udp(void **state)
{
	static const struct {
		struct message messages[3];
		size_t count;
		enum auth_result result;
		const char *protocol;
	} list[] = {
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\0\0get k\r\n"), SERVER("\0\1\0\0\0\1\0\0VALUE k 0 2\r\nhi\r\nEND\r\n")), AUTH_NONE, "memcached" },
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\0\0get k\r\n"), SERVER("\0\1\0\0\0\2\0\0VALUE k 0 20\r\nhi"), SERVER("\0\1\0\1\0\2\0\0the rest of it all\r\nEND\r\n")), AUTH_NONE, "memcached" },
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\xf4\0set k 0 0 2 noreply\r\nhi\r\n")), AUTH_UNKNOWN, "memcached" },
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\0\0" B_GET), SERVER("\0\1\0\0\0\1\0\0" TELL("\0", "\1", "\0"))), AUTH_NONE, "memcached" },
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\0\0set k 0 0 2 noreply\r\nhi\r\n"), CLIENT("\0\1"), CLIENT("\0\1\0\0\0\1\0\0what?")), AUTH_UNKNOWN, "memcached" },
		{ MESSAGES(CLIENT("\0\1\0\0\0\1\0\0what?\r\n")), AUTH_UNKNOWN, NULL },
	};
	struct flow_view flow = { .server_port = 1 };
	enum strength strength;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct message *first = &list[i].messages[0];

		assert_int_equal(memcached_udp_dissector.probe(&flow, first->from, cursor_over(first->bytes, first->size), &strength), list[i].protocol ? MATCH : NO_MATCH);
		conversation_init(&c, &memcached_udp_dissector);
		conversation_run(&c, list[i].messages, list[i].count, 0);
		if (c.evidence.authentication.result != list[i].result || (c.evidence.protocol == NULL) != (list[i].protocol == NULL))
			fail_msg("datagrams %zu: %s", i, auth_result_names[c.evidence.authentication.result]);
		conversation_clear(&c);
	}
	assert_int_equal(memcached_udp_dissector.probe(&flow, FROM_CLIENT, cursor_over("\0\1\0\1\0\1\0\0get k\r\n", 15), &strength), NO_MATCH);
	assert_int_equal(memcached_udp_dissector.probe(&flow, FROM_CLIENT, cursor_over("\0\1", 2), &strength), NO_MATCH);
}

static void
losses(void **state)
{
	static const struct {
		struct message messages[4];
		size_t count, lost; /* the gap comes before this one */
		enum auth_result result;
	} list[] = {
		{ MESSAGES(CLIENT("set k 0 0 1\r\nx\r\n"), SERVER("STORED\r\n")), 0, AUTH_UNKNOWN },
		{ MESSAGES(CLIENT("set k 0 0 1\r\nx\r\n"), SERVER("STORED\r\n")), 1, AUTH_UNKNOWN },
		{ MESSAGES(CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n")), 1, AUTH_FAILURE },
		{ MESSAGES(CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0"))), 1, AUTH_SUCCESS },
		{ MESSAGES(CLIENT(B_GET), SERVER(TELL("\0", "\0", "\0"))), 1, AUTH_UNKNOWN },
		{ MESSAGES(CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0"))), 1, AUTH_UNKNOWN },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		conversation_init(&c, &memcached_dissector);
		for (size_t j = 0; j < list[i].count; j++) {
			const struct message *m = &list[i].messages[j];

			if (j == list[i].lost) {
				conversation_gap(&c, m->from, 100);
				conversation_send(&c, m->from, "\7rest\r\n", 7);
			}
			conversation_send(&c, m->from, m->bytes, m->size);
		}
		conversation_end(&c);
		if (c.evidence.authentication.result != list[i].result)
			fail_msg("loss %zu: %s", i, auth_result_names[c.evidence.authentication.result]);
		conversation_clear(&c);
	}
}

static void
midstream(void **state)
{
	static const struct message messages[] = { SERVER("VALUE k 0 2\r\nhi\r\nEND\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n") };
	struct conversation c;

	(void)state;
	conversation_init(&c, &memcached_dissector);
	c.flow.handshake_seen = false;
	conversation_run(&c, messages, 3, 0);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
}

static enum verdict
probe(const char *bytes, size_t size, enum direction from)
{
	struct flow_view flow = { .client_port = 40000, .server_port = 1 };
	enum strength strength = STRENGTH_NONE;
	void *copy = malloc(size + (size == 0));
	enum verdict verdict;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	verdict = memcached_dissector.probe(&flow, from, cursor_over(copy, size), &strength);
	free(copy);
	return verdict;
}

#define PROBE(text, from, verdict) { (text), sizeof(text) - 1, (from), (verdict) }

static void
probes(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum direction from;
		enum verdict verdict;
	} list[] = {
		PROBE("get k\r\n", FROM_CLIENT, MATCH),
		PROBE("get", FROM_CLIENT, NEED_MORE),
		PROBE("set k 0 0 2\r\n", FROM_CLIENT, MATCH),
		PROBE("set k 0 0 2\r\nhi\r\n", FROM_CLIENT, MATCH),
		PROBE("set k 0 0 -1\r\n", FROM_CLIENT, MATCH), /* refused by the server, and a command all the same */
		PROBE("STORED\r\n", FROM_SERVER, MATCH),
		PROBE("VALUE k 0 2\r\n", FROM_SERVER, MATCH),
		PROBE(B_GET, FROM_CLIENT, MATCH),
		PROBE(B_PLAIN, FROM_CLIENT, MATCH),
		PROBE("\x80\0\0", FROM_CLIENT, NEED_MORE),
		PROBE(TELL("\0", "\1", "\0"), FROM_SERVER, MATCH),
		PROBE(TELL("\0", "\1", "\0"), FROM_CLIENT, NO_MATCH),
		/* Near misses. */
		PROBE("set k 0 0 2\r\nhi!!", FROM_CLIENT, NO_MATCH),
		PROBE("set k v\r\n", FROM_CLIENT, NO_MATCH), /* Redis */
		PROBE("GET / HTTP/1.1\r\n", FROM_CLIENT, NO_MATCH),
		PROBE("get / HTTP/1.1\n", FROM_CLIENT, NO_MATCH),
		PROBE("quit now\r\n", FROM_CLIENT, NO_MATCH),
		PROBE("END\r\n", FROM_SERVER, NO_MATCH),
		PROBE("OK\r\n", FROM_SERVER, NO_MATCH),
		PROBE("ERROR\r\n", FROM_SERVER, NO_MATCH),
		PROBE("+OK\r\n", FROM_SERVER, NO_MATCH),
		PROBE("220 mail\r\n", FROM_SERVER, NO_MATCH),
		PROBE("VALUE k\r\n", FROM_SERVER, NO_MATCH),
		PROBE("\x80\x2e\1\0\2\0\x15\0\0\0\x10\1\0\x80\7\0\xc0\3\0\x80\6\0\x40\4\0", FROM_CLIENT, NO_MATCH), /* SSLv2 */
		PROBE("\x80\0\0\x28\1\2\3\4\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\3\0\0\0\0", FROM_CLIENT, NO_MATCH), /* a remote procedure call */
		PROBE("\x80\0\0\x18\1\2\3\4\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", FROM_SERVER, NO_MATCH),
		PROBE(ASK("\0", "\0", "\4", "\4") "abcd", FROM_CLIENT, NO_MATCH), /* a get without a key */
		PROBE("set \1 0 0 2\r\n", FROM_CLIENT, NO_MATCH),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (probe(list[i].bytes, list[i].size, list[i].from) != list[i].verdict)
			fail_msg("probe %zu", i);
}

/* An answer that memcached does not give shows that a line was somebody else's. */
static void
others(void **state)
{
	static const struct {
		const char *ask, *answer;
		enum verdict verdict;
	} list[] = {
		{ "get k\r\n", "$2\r\nhi\r\n", NO_MATCH },
		{ "stats\r\n", "500 Unknown command\r\n", NO_MATCH },
		{ "set k 0 0 2\r\nhi\r\n", "220 mail\r\n", MALFORMED },
		{ "set k 0 0 2\r\nhi!!", "", NO_MATCH },
		{ "add k 0 0 2\r\nhi!!", "", NO_MATCH },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		conversation_init(&c, &memcached_dissector);
		conversation_send(&c, FROM_CLIENT, list[i].ask, strlen(list[i].ask));
		conversation_send(&c, FROM_SERVER, list[i].answer, strlen(list[i].answer));
		if (c.verdict != list[i].verdict)
			fail_msg("%s: %d", list[i].ask, c.verdict);
		conversation_clear(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(principals_and_notes),
		cmocka_unit_test(udp),
		cmocka_unit_test(losses),
		cmocka_unit_test(midstream),
		cmocka_unit_test(probes),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
