/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached conversations: text and binary, with answers as memcached 1.6 and Couchbase give them, logins
 * and their outcomes, UDP, losses, and what memcached must not be taken for.
 */
#include <config.h>

#include "scenario.h"

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

static const struct scenario scenarios[] = {
	{ "get", { CLIENT("get k\r\n"), SERVER("VALUE k 0 2\r\nhi\r\nEND\r\n") }, AUTH_NONE, NULL, false },
	{ "miss", { CLIENT("gets k l\r\n"), SERVER("END\r\n") }, AUTH_NONE, NULL, false },
	{ "set", { CLIENT("set k 0 0 5\r\nhello\r\n"), SERVER("STORED\r\n") }, AUTH_NONE, NULL, false },
	{ "set with flags, of two words", { CLIENT("set k 1 0 11\r\nhello world\r\n"), SERVER("STORED\r\n") }, AUTH_NONE, NULL, false },
	{ "set of two words, not the first", { CLIENT("get k\r\n"), SERVER("END\r\n"), CLIENT("set k 0 0 11\r\nhello world\r\n"), SERVER("STORED\r\n") }, AUTH_NONE, NULL, false },
	{ "set that may be a login", { CLIENT("set k 0 0 11\r\nhello world\r\n"), SERVER("STORED\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "not logged in", { CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n") }, AUTH_FAILURE, NULL, false },
	{ "login refused", { CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n") }, AUTH_FAILURE, "memcached-auth", true },
	{ "login refused, then accepted", { CLIENT("set k 0 0 9\r\nann lemon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("STORED\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n") }, AUTH_SUCCESS, "memcached-auth", true },
	{ "login refused, and tried again", { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\x20", "\0")), CLIENT(B_PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "login asked for, and tried", { CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n") }, AUTH_ATTEMPTED, NULL, true },
	{ "login, after it was asked for", { CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("STORED\r\n") }, AUTH_SUCCESS, "memcached-auth", true },
	{ "all of text", { CLIENT("add k 0 0 1 noreply\r\nx\r\nincr k 1\r\ndecr k 1\r\ntouch k 0\r\ncas k 0 0 1 7\r\ny\r\ndelete k\r\ngat 10 k\r\nstats items\r\n"), SERVER("NOT_STORED\r\n12\r\n11\r\nTOUCHED\r\nEXISTS\r\nDELETED\r\nEND\r\nSTAT a 1\r\nEND\r\n") }, AUTH_NONE, NULL, false },
	{ "meta", { CLIENT("mn\r\nmg k v\r\nms k 2 T0\r\nhi\r\nmd k\r\nma k\r\nme k\r\n"), SERVER("MN\r\nVA 2 v\r\nhi\r\nHD\r\nNF\r\nHD\r\nME k exp=1\r\n") }, AUTH_NONE, NULL, false },
	{ "errors", { CLIENT("set k 0 0 1 noreply\r\nx\r\nlemon\r\n"), SERVER("ERROR\r\nSERVER_ERROR out of memory\r\nCLIENT_ERROR bad data chunk\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "large", { CLIENT("set k 0 0 600\r\n"), CLIENT("0123456789012345678901234567890123456789") }, AUTH_UNKNOWN, NULL, false, .unclear = true },
	{ "binary", { CLIENT(B_GET), SERVER(TELL("\0", "\1", "\0")) }, AUTH_NONE, NULL, false },
	{ "binary, not logged in", { CLIENT(B_GET), SERVER(TELL("\0", "\x20", "\4") "fail") }, AUTH_FAILURE, NULL, false },
	{ "binary, for anybody", { CLIENT(B_VERSION), SERVER(TELL("\x0b", "\0", "\3") "1.6"), CLIENT(B_LIST), SERVER(TELL("\x20", "\0", "\5") "PLAIN") }, AUTH_UNKNOWN, NULL, false },
	{ "binary, an error", { CLIENT(B_GET), SERVER(TELL("\0", "\x82", "\0")) }, AUTH_UNKNOWN, NULL, false },
	{ "PLAIN", { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\0", "\0")) }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN without a password", { CLIENT(B_EMPTY), SERVER(TELL("\x21", "\0", "\0")) }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN refused", { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\x20", "\0")) }, AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN not answered", { CLIENT(B_PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "SCRAM", { CLIENT(B_SCRAM), SERVER(TELL("\x21", "\x21", "\0")), CLIENT(B_STEP), SERVER(TELL("\x22", "\0", "\0")) }, AUTH_SUCCESS, "scram-sha-512", false },
	{ "SCRAM goes on", { CLIENT(B_SCRAM), SERVER(TELL("\x21", "\x21", "\0")) }, AUTH_ATTEMPTED, "scram-sha-512", false },
	{ "CRAM", { CLIENT(B_CRAM) }, AUTH_ATTEMPTED, "sasl-cram-md5", false },
	{ "a token", { CLIENT(B_TOKEN), SERVER(TELL("\x21", "\x20", "\0")) }, AUTH_FAILURE, "sasl-oauthbearer", true },
	{ "Couchbase, no access", { CLIENT(B_HELLO B_GET), SERVER(TELL("\x1f", "\0", "\0") TELL("\0", "\x24", "\0")) }, AUTH_FAILURE, NULL, false },
	{ "Couchbase, not permitted", { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0")) }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "Couchbase, flexible framing", { CLIENT(B_FLEX), SERVER(B_FLEX_OK) }, AUTH_NONE, NULL, false },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&memcached_dissector, "memcached", scenarios, COUNT_OF(scenarios));
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "binary", { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")), CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0")) }, .principal = "ann" },
		{ "text", { CLIENT("get k\r\n"), SERVER("CLIENT_ERROR unauthenticated\r\n"), CLIENT("set k 0 0 9\r\nann melon\r\n") }, .principal = "ann" },
	};

	(void)state;
	principals_check(&memcached_dissector, list, COUNT_OF(list));
}

static void
udp(void **state)
{
	static const struct scenario list[] = {
		{ "get", { CLIENT("\0\1\0\0\0\1\0\0get k\r\n"), SERVER("\0\1\0\0\0\1\0\0VALUE k 0 2\r\nhi\r\nEND\r\n") }, AUTH_NONE },
		{ "get, answered in two", { CLIENT("\0\1\0\0\0\1\0\0get k\r\n"), SERVER("\0\1\0\0\0\2\0\0VALUE k 0 20\r\nhi"), SERVER("\0\1\0\1\0\2\0\0the rest of it all\r\nEND\r\n") }, AUTH_NONE },
		{ "set", { CLIENT("\0\1\0\0\0\1\xf4\0set k 0 0 2 noreply\r\nhi\r\n") }, AUTH_UNKNOWN },
		{ "binary", { CLIENT("\0\1\0\0\0\1\0\0" B_GET), SERVER("\0\1\0\0\0\1\0\0" TELL("\0", "\1", "\0")) }, AUTH_NONE },
		{ "set, and what is none", { CLIENT("\0\1\0\0\0\1\0\0set k 0 0 2 noreply\r\nhi\r\n"), CLIENT("\0\1"), CLIENT("\0\1\0\0\0\1\0\0what?") }, AUTH_UNKNOWN },
	};
	static const struct probe_case probe_list[] = {
		{ BYTES("\0\1\0\0\0\1\0\0get k\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("\0\1\0\0\0\1\xf4\0set k 0 0 2 noreply\r\nhi\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("\0\1\0\0\0\1\0\0" B_GET), FROM_CLIENT, MATCH },
		{ BYTES("\0\1\0\0\0\1\0\0set k 0 0 2 noreply\r\nhi\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("\0\1\0\0\0\1\0\0what?\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\0\1\0\1\0\1\0\0get k\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\0\1"), FROM_CLIENT, NO_MATCH },
	};
	struct conversation c;

	(void)state;
	scenarios_check(&memcached_udp_dissector, "memcached", list, COUNT_OF(list));
	probes_check(&memcached_udp_dissector, probe_list, COUNT_OF(probe_list));
	conversation_init(&c, &memcached_udp_dissector);
	SAY(&c, FROM_CLIENT, "\0\1\0\0\0\1\0\0what?\r\n");
	conversation_end(&c);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

static void
losses(void **state)
{
	static const struct loss_case list[] = {
		{ { CLIENT("set k 0 0 1\r\nx\r\n"), SERVER("STORED\r\n") }, 0, FROM_CLIENT, AUTH_UNKNOWN },
		{ { CLIENT("set k 0 0 1\r\nx\r\n"), SERVER("STORED\r\n") }, 1, FROM_SERVER, AUTH_UNKNOWN },
		{ { CLIENT("set k 0 0 9\r\nann melon\r\n"), SERVER("CLIENT_ERROR authentication failure\r\n") }, 1, FROM_SERVER, AUTH_FAILURE },
		{ { CLIENT(B_PLAIN), SERVER(TELL("\x21", "\0", "\0")) }, 1, FROM_SERVER, AUTH_SUCCESS },
		{ { CLIENT(B_GET), SERVER(TELL("\0", "\0", "\0")) }, 1, FROM_SERVER, AUTH_UNKNOWN },
		{ { CLIENT(B_GET), SERVER(TELL("\0", "\x24", "\0")) }, 1, FROM_SERVER, AUTH_UNKNOWN },
	};

	(void)state;
	losses_check(&memcached_dissector, "\7rest\r\n", list, COUNT_OF(list));
}

static void
midstream(void **state)
{
	static const struct message messages[] = { SERVER("VALUE k 0 2\r\nhi\r\nEND\r\n"), CLIENT("get k\r\n"), SERVER("END\r\n") };
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &memcached_dissector);
	conversation_run(&c, messages, 3, 0);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct flow_view elsewhere = { .client_port = 40000, .server_port = 1 };
	static const struct probe_case list[] = {
		{ BYTES("get k\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("get"), FROM_CLIENT, NEED_MORE },
		{ BYTES("set k 0 0 2\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("set k 0 0 2\r\nhi\r\n"), FROM_CLIENT, MATCH },
		{ BYTES("set k 0 0 -1\r\n"), FROM_CLIENT, MATCH }, /* refused by the server, and a command all the same */
		{ BYTES("STORED\r\n"), FROM_SERVER, MATCH },
		{ BYTES("VALUE k 0 2\r\n"), FROM_SERVER, MATCH },
		{ BYTES(B_GET), FROM_CLIENT, MATCH },
		{ BYTES(B_PLAIN), FROM_CLIENT, MATCH },
		{ BYTES("\x80\0\0"), FROM_CLIENT, NEED_MORE },
		{ BYTES(TELL("\0", "\1", "\0")), FROM_SERVER, MATCH },
		{ BYTES(TELL("\0", "\1", "\0")), FROM_CLIENT, NO_MATCH },
		/* Near misses. */
		{ BYTES("set k 0 0 2\r\nhi!!"), FROM_CLIENT, NO_MATCH, .else_before = true },
		{ BYTES("set k v\r\n"), FROM_CLIENT, NO_MATCH }, /* Redis */
		{ BYTES("GET / HTTP/1.1\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("get / HTTP/1.1\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("quit now\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("END\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("OK\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("ERROR\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("+OK\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("220 mail\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("VALUE k\r\n"), FROM_SERVER, NO_MATCH },
		{ BYTES("\x80\x2e\1\0\2\0\x15\0\0\0\x10\1\0\x80\7\0\xc0\3\0\x80\6\0\x40\4\0"), FROM_CLIENT, NO_MATCH }, /* SSLv2 */
		{ BYTES("\x80\0\0\x28\1\2\3\4\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\3\0\0\0\0"), FROM_CLIENT, NO_MATCH }, /* a remote procedure call */
		{ BYTES("\x80\0\0\x18\1\2\3\4\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), FROM_SERVER, NO_MATCH },
		{ BYTES(ASK("\0", "\0", "\4", "\4") "abcd"), FROM_CLIENT, NO_MATCH }, /* a get without a key */
		{ BYTES("set \1 0 0 2\r\n"), FROM_CLIENT, NO_MATCH },
	};

	(void)state;
	probes_check_in(&memcached_dissector, &elsewhere, list, COUNT_OF(list));
}

/* An answer that memcached does not give shows that a line was somebody else's. */
static void
others(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT("get k\r\n"), SERVER("$2\r\nhi\r\n") }, NO_MATCH },
		{ { CLIENT("stats\r\n"), SERVER("500 Unknown command\r\n") }, NO_MATCH },
		{ { CLIENT("set k 0 0 2\r\nhi\r\n"), SERVER("220 mail\r\n") }, MALFORMED },
		{ { CLIENT("set k 0 0 2\r\nhi!!") }, NO_MATCH },
		{ { CLIENT("add k 0 0 2\r\nhi!!") }, NO_MATCH },
	};

	(void)state;
	verdicts_check(&memcached_dissector, list, COUNT_OF(list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(principals),
		cmocka_unit_test(udp),
		cmocka_unit_test(losses),
		cmocka_unit_test(midstream),
		cmocka_unit_test(probes),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
