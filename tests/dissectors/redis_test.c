/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis conversations, with answers as redis-server 7.0 gives them: outcomes of AUTH and HELLO,
 * pairing, subscriptions, replication, losses, and the line protocols Redis must not be taken for.
 */
#include <config.h>

#include "scenario.h"

#define AUTH "*2\r\n$4\r\nAUTH\r\n$7\r\nexample\r\n"
#define AUTH_USER "*3\r\n$4\r\nauth\r\n$3\r\nann\r\n$7\r\nexample\r\n"
#define HELLO_AUTH "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$7\r\nexample\r\n"
#define GET "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
#define PING "*1\r\n$4\r\nPING\r\n"
#define SUBSCRIBE "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n"
#define CONFIRM(channel, n) "*3\r\n$9\r\nsubscribe\r\n$1\r\n" channel "\r\n:" n "\r\n"
#define WRONGPASS "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
#define NOAUTH "-NOAUTH Authentication required.\r\n"
#define NO_PASSWORD "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n"
#define VALUE "$5\r\nhello\r\n"
#define HELLO_REPLY "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n"

static const struct scenario scenarios[] = {
	{ "served", { CLIENT(GET), SERVER(VALUE) }, AUTH_NONE, NULL, false },
	{ "null", { CLIENT(GET), SERVER("$-1\r\n") }, AUTH_NONE, NULL, false },
	{ "unanswered", { CLIENT(GET) }, AUTH_UNKNOWN, NULL, false },
	{ "refused", { CLIENT(GET), SERVER(NOAUTH) }, AUTH_FAILURE, NULL, false },
	{ "refused by an old one", { CLIENT(GET), SERVER("-ERR operation not permitted\r\n") }, AUTH_FAILURE, NULL, false },
	{ "protected mode", { CLIENT(PING), SERVER("-DENIED Redis is running in protected mode.\r\n") }, AUTH_FAILURE, NULL, false },
	{ "error before the check", { CLIENT(GET), SERVER("-ERR unknown command 'GET'\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "error after the check", { CLIENT(GET), SERVER("-WRONGTYPE Operation against a key\r\n") }, AUTH_NONE, NULL, false },
	{ "QUIT is for anybody", { CLIENT("*1\r\n$4\r\nQUIT\r\n"), SERVER("+OK\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "AUTH unanswered", { CLIENT(AUTH) }, AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH", { CLIENT(AUTH), SERVER("+OK\r\n"), CLIENT(GET), SERVER(VALUE) }, AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH with a user", { CLIENT(AUTH_USER), SERVER("+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH wrong", { CLIENT(AUTH_USER), SERVER(WRONGPASS), CLIENT(GET), SERVER(NOAUTH) }, AUTH_FAILURE, "redis-auth", true },
	{ "AUTH wrong, old", { CLIENT(AUTH), SERVER("-ERR invalid password\r\n") }, AUTH_FAILURE, "redis-auth", true },
	{ "AUTH wrong, then right, then wrong", { CLIENT(AUTH), SERVER(WRONGPASS), CLIENT(AUTH_USER), SERVER("+OK\r\n"), CLIENT(AUTH), SERVER(WRONGPASS) }, AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH where none is needed", { CLIENT(AUTH), SERVER(NO_PASSWORD) }, AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH where none is needed, served", { CLIENT(AUTH GET), SERVER(NO_PASSWORD VALUE) }, AUTH_NONE, "redis-auth", true },
	{ "AUTH with an odd answer", { CLIENT(AUTH), SERVER("+OKAY\r\n") }, AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH without a password", { CLIENT("*1\r\n$4\r\nAUTH\r\n"), SERVER("-ERR wrong number of arguments for 'auth' command\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "pipelined", { CLIENT(AUTH PING GET), SERVER("+OK\r\n+PONG\r\n" VALUE) }, AUTH_SUCCESS, "redis-auth", true },
	{ "pipelined, the last one refused", { CLIENT(PING GET AUTH), SERVER("+PONG\r\n" VALUE WRONGPASS) }, AUTH_NONE, "redis-auth", true },
	{ "HELLO", { CLIENT("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"), SERVER(HELLO_REPLY) }, AUTH_NONE, NULL, false },
	{ "HELLO refused", { CLIENT("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"), SERVER("-NOAUTH HELLO must be called with the client already authenticated\r\n") }, AUTH_FAILURE, NULL, false },
	{ "HELLO with AUTH", { CLIENT(HELLO_AUTH), SERVER(HELLO_REPLY) }, AUTH_SUCCESS, "redis-auth", true },
	{ "HELLO with AUTH, wrong", { CLIENT(HELLO_AUTH), SERVER(WRONGPASS) }, AUTH_FAILURE, "redis-auth", true },
	{ "inline", { CLIENT("PING\r\nGET k\r\n\r\n"), SERVER("+PONG\r\n" VALUE) }, AUTH_NONE, NULL, false },
	{ "inline AUTH", { CLIENT("AUTH example\r\n"), SERVER("+OK\r\n"), CLIENT("AUTH other\r\n"), SERVER(WRONGPASS) }, AUTH_SUCCESS, "redis-auth", true },
	{ "inline HELLO", { CLIENT("HELLO 3 AUTH ann example\r\n"), SERVER(WRONGPASS) }, AUTH_FAILURE, "redis-auth", true },
	{ "subscription", { CLIENT(SUBSCRIBE), SERVER(CONFIRM("a", "1") CONFIRM("b", "2") "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"), CLIENT(AUTH), SERVER("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nOK\r\n+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true, .none_before = true },
	{ "subscription refused", { CLIENT(SUBSCRIBE), SERVER(NOAUTH), CLIENT(AUTH), SERVER("+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true },
	{ "subscription, RESP3", { CLIENT(SUBSCRIBE AUTH), SERVER(">3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n+subscribe\r\n+b\r\n:2\r\n" WRONGPASS) }, AUTH_NONE, "redis-auth", true },
	{ "transaction", { CLIENT("*1\r\n$5\r\nMULTI\r\n" GET "*1\r\n$4\r\nEXEC\r\n" AUTH), SERVER("+OK\r\n+QUEUED\r\n*1\r\n" VALUE "+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true, .none_before = true },
	{ "monitor", { CLIENT("*1\r\n$7\r\nMONITOR\r\n" AUTH), SERVER("+OK\r\n+1700000000.1 [0 192.0.2.1:5] \"GET\"\r\n+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true, .none_before = true },
	{ "all types of RESP3", { CLIENT(GET AUTH), SERVER("*9\r\n_\r\n#t\r\n,1.5\r\n(123\r\n!3\r\nERR\r\n=6\r\ntxt:ab\r\n~1\r\n:-1\r\n%1\r\n+a\r\n*0\r\n|1\r\n+k\r\n+v\r\n*-1\r\n|1\r\n+k\r\n+v\r\n+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true, .none_before = true },
	{ "answers turned off", { CLIENT("*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n" AUTH "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n"), SERVER("+OK\r\n") }, AUTH_ATTEMPTED, "redis-auth", true },
	{ "empty array is no command", { CLIENT(GET "*0\r\n" AUTH), SERVER(VALUE "+OK\r\n") }, AUTH_SUCCESS, "redis-auth", true, .none_before = true },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&redis_dissector, "redis", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ GET, 0, FROM_CLIENT, MATCH },
		{ "*1\r\n$7\r\nFT.LIST\r\n", 0, FROM_CLIENT, MATCH },
		{ "", 0, FROM_CLIENT, NEED_MORE },
		{ "*", 0, FROM_CLIENT, NEED_MORE },
		{ "*12\r", 0, FROM_CLIENT, NEED_MORE },
		{ "*1\r\n$4\r\nPI", 0, FROM_CLIENT, NEED_MORE },
		{ "ping\r\n", 0, FROM_CLIENT, MATCH },
		{ "pi", 0, FROM_CLIENT, NEED_MORE },
		{ "PING", 0, FROM_CLIENT, NEED_MORE },
		{ "AUTH example\r\n", 0, FROM_CLIENT, MATCH },
		{ "HELLO 3\r\n", 0, FROM_CLIENT, MATCH },
		{ "*x\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*1\n$4\nPING\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*1\r\n:4\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*0\r\n$4\r\nPING\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$4\r\nPI\x01G\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$4\r\nPINGxx", 0, FROM_CLIENT, NO_MATCH },
		{ "*9999999\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$9999\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "*3\r\n$7\r\nmessage\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "AUTH LOGIN\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "AUTH PLAIN AGFubgBleGFtcGxl\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "AUTH TLS\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "AUTH\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "EHLO mail.example\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "HELO mail.example\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "HELLO world\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "PING :irc.example\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "PING \x01\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "get key\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "set k 0 0 5\r\nhello\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "stats\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "CONNECT\naccept-version:1.2\n\n\0", 0, FROM_CLIENT, NO_MATCH },
		{ "CONNECT {\"verbose\":false}\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "GET / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "HEAD / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "+PONG\r\n", 0, FROM_SERVER, MATCH },
		{ NOAUTH, 0, FROM_SERVER, MATCH },
		{ VALUE, 0, FROM_SERVER, MATCH },
		{ "*2\r\n$1\r\na\r\n", 0, FROM_SERVER, MATCH },
		{ HELLO_REPLY, 0, FROM_SERVER, MATCH },
		{ "-", 0, FROM_SERVER, NEED_MORE },
		{ "$5\r\nhel", 0, FROM_SERVER, NEED_MORE },
		{ "*2\r", 0, FROM_SERVER, NEED_MORE },
		{ "$5\r\nhelloXX", 0, FROM_SERVER, NO_MATCH },
		{ "*0\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "+OK POP3 ready\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "+OK\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "-ERR login first\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "-ERR 'Unknown Protocol Operation'\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "* OK IMAP4rev1 ready\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "220 mail.example ESMTP\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "VALUE k 0 5\r\n", 0, FROM_SERVER, NO_MATCH },
	};
	struct flow_view flow = { 0 };
	char line[1024];
	enum strength strength;

	(void)state;
	probes_check(&redis_dissector, list, COUNT_OF(list));
	memset(line, 'a', sizeof(line));
	memcpy(line, "PING ", 5);
	assert_int_equal(redis_dissector.probe(&flow, FROM_CLIENT, cursor_over(line, sizeof(line)), &strength), NO_MATCH);
}

/* An inline command is little: without a RESP answer nothing is said of a login or a secret. */
static void
inline_needs_an_answer(void **state)
{
	static const char *const answers[] = { NULL, "+OK maildrop locked and ready\r\n", "-ERR\r\n", "500 what?\r\n", "OK\r\n" };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		conversation_init(&c, &redis_dissector);
		SAY(&c, FROM_CLIENT, "AUTH example\r\n");
		if (answers[i] != NULL)
			conversation_send(&c, FROM_SERVER, answers[i], strlen(answers[i]));
		assert_true(c.evidence.strength < STRENGTH_STRUCTURE);
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		assert_false(c.evidence.cleartext_credentials);
		assert_int_equal(c.verdict == NO_MATCH, i > 0);
		conversation_clear(&c);
	}
}

/* NATS has a PING, and errors in quotes. */
static void
not_answered_by_nats(void **state)
{
	static const struct message list[] = { CLIENT("PING\r\n"), SERVER("-ERR 'Authorization Violation'\r\n") };
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_dissector);
	conversation_run(&c, list, 2, 0);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
broken_messages(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT("GET / HTTP/1.1\r\n") }, NO_MATCH },
		{ { CLIENT("*2\r\n$3\r\nGET\r\nk\r\n") }, NO_MATCH },
		{ { CLIENT("*2\r\n$3\r\nGETTT") }, NO_MATCH },
		{ { CLIENT("*2\r\n$99999999999\r\n") }, NO_MATCH },
		{ { CLIENT(PING "*1x") }, MALFORMED },
		{ { CLIENT(PING "\x01") }, MALFORMED },
		{ { CLIENT(PING), SERVER("hello\r\n") }, MALFORMED },
		{ { CLIENT(PING), SERVER("+OK\n") }, MALFORMED },
		{ { CLIENT(PING), SERVER("$x\r\n") }, MALFORMED },
		{ { CLIENT(PING), SERVER("$-2\r\n") }, MALFORMED },
		{ { CLIENT(PING), SERVER(":x\r\n") }, MALFORMED },
		{ { CLIENT(PING), SERVER("*1\r\nx") }, MALFORMED },
		{ { CLIENT(PING), SERVER("*?\r\n") }, MALFORMED },
	};

	(void)state;
	verdicts_check(&redis_dissector, list, COUNT_OF(list));
}

static void
too_deep_too_long(void **state)
{
	struct conversation c;
	char line[5000];

	(void)state;
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, GET);
	for (int i = 0; i < 40; i++)
		SAY(&c, FROM_SERVER, "*1\r\n");
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
	memset(line, 'a', sizeof(line));
	for (int i = 0; i < 2; i++) {
		conversation_init(&c, &redis_dissector);
		SAY(&c, FROM_CLIENT, PING);
		line[0] = i == 0 ? 'a' : '-';
		conversation_send(&c, i == 0 ? FROM_CLIENT : FROM_SERVER, line, sizeof(line));
		assert_int_equal(c.verdict, MALFORMED);
		conversation_clear(&c);
	}
}

/* Long values are passed over, by both sides. */
static void
long_values(void **state)
{
	struct conversation c;
	char value[70000];

	(void)state;
	memset(value, 'v', sizeof(value));
	memcpy(value + sizeof(value) - 2, "\r\n", 2);
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$69998\r\n");
	assert_true(c.to_skip[FROM_CLIENT] == 70000);
	conversation_send(&c, FROM_CLIENT, value, sizeof(value));
	SAY(&c, FROM_SERVER, "+OK\r\n");
	SAY(&c, FROM_CLIENT, GET AUTH);
	SAY(&c, FROM_SERVER, "$69998\r\n");
	assert_true(c.to_skip[FROM_SERVER] == 70000);
	conversation_gap(&c, FROM_SERVER, 70000);
	SAY(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* A name nobody knows. */
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, "*1\r\n$200\r\n");
	conversation_send(&c, FROM_CLIENT, value + sizeof(value) - 202, 202);
	SAY(&c, FROM_SERVER, "-ERR unknown command\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
many_pending(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_dissector);
	for (int i = 0; i < 64; i++)
		SAY(&c, FROM_CLIENT, PING);
	SAY(&c, FROM_CLIENT, AUTH);
	for (int i = 0; i < 64; i++)
		SAY(&c, FROM_SERVER, "-ERR no\r\n");
	SAY(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, VALUE);
	/* Whether that AUTH was right is not known, and so not whether this was served without. */
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
replication(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, "*3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n$4\r\n6380\r\n");
	assert_true(evidence_has_note(&c.evidence, NOTE_REPLICATION));
	SAY(&c, FROM_SERVER, "+OK\r\n");
	SAY(&c, FROM_CLIENT, "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
	SAY(&c, FROM_SERVER, "\n\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	SAY(&c, FROM_SERVER, "+FULLRESYNC 0123456789012345678901234567890123456789 0\r\n$5\r\nREDIS");
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, PING "SYNC\r\n");
	assert_true(evidence_has_note(&c.evidence, NOTE_REPLICATION));
	conversation_clear(&c);
}

static void
not_permitted(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, AUTH GET);
	SAY(&c, FROM_SERVER, "+OK\r\n-NOPERM this user has no permissions to run the 'get' command\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &redis_dissector);
	SAY(&c, FROM_SERVER, "rest of a value\r\n");
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, VALUE);
	/* There may have been an AUTH before. */
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_string_equal(c.evidence.protocol, "redis");
	conversation_clear(&c);

	conversation_init_midstream(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, AUTH);
	SAY(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);

	conversation_init_midstream(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, AUTH);
	SAY(&c, FROM_SERVER, NO_PASSWORD);
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);

	/* Who knows which of these is answered. */
	conversation_init_midstream(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, AUTH GET);
	SAY(&c, FROM_SERVER, "+OK\r\n" VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
nothing_across_a_gap(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &redis_dissector);
	SAY(&c, FROM_CLIENT, AUTH);
	conversation_gap(&c, FROM_SERVER, 5);
	SAY(&c, FROM_SERVER, "middle of something\r\n");
	SAY(&c, FROM_CLIENT, AUTH GET);
	SAY(&c, FROM_SERVER, VALUE);
	SAY(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	/* Some errors say by themselves what they answer. */
	SAY(&c, FROM_SERVER, WRONGPASS);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_gap(&c, FROM_CLIENT, 5);
	SAY(&c, FROM_CLIENT, "junk");
	SAY(&c, FROM_CLIENT, GET);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	/* What is served now may be so because of another AUTH, which was lost. */
	SAY(&c, FROM_SERVER, VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, "\x01\x02");
	/* What begins like a reply and is none must not be looked at for ever. */
	SAY(&c, FROM_SERVER, "-NOAUTH x\n");
	SAY(&c, FROM_SERVER, "*2\r\n$1\r\na\r\n?");
	assert_false(c.over);
	conversation_clear(&c);
}

static void
principals(void **state)
{
	static const char *const logins[] = { AUTH_USER, HELLO_AUTH };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		conversation_init(&c, &redis_dissector);
		c.evidence.want_principals = true;
		conversation_send(&c, FROM_CLIENT, logins[i], strlen(logins[i]));
		assert_string_equal(c.evidence.authentication.principal, "ann");
		conversation_clear(&c);
	}
	conversation_init(&c, &redis_dissector);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, AUTH);
	assert_string_equal(c.evidence.authentication.principal, "");
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(inline_needs_an_answer),
		cmocka_unit_test(not_answered_by_nats),
		cmocka_unit_test(broken_messages),
		cmocka_unit_test(too_deep_too_long),
		cmocka_unit_test(long_values),
		cmocka_unit_test(many_pending),
		cmocka_unit_test(replication),
		cmocka_unit_test(not_permitted),
		cmocka_unit_test(midstream),
		cmocka_unit_test(nothing_across_a_gap),
		cmocka_unit_test(principals),
	};

	return cmocka_run_group_tests_name("dissectors/redis", tests, NULL, NULL);
}
