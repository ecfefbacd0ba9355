/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis conversations, with answers as redis-server 7.0 gives them: outcomes of AUTH and HELLO,
 * pairing, subscriptions, replication, losses, and the line protocols Redis must not be taken for.
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

static const struct scenario {
	const char *name;
	struct message messages[8];
	size_t count;
	enum auth_result result;
	const char *method;
	bool clear;
} scenarios[] = {
#define MESSAGES(...) .messages = { __VA_ARGS__ }, .count = sizeof((struct message[]){ __VA_ARGS__ }) / sizeof(struct message)
	{ "served", MESSAGES(CLIENT(GET), SERVER(VALUE)), AUTH_NONE, NULL, false },
	{ "null", MESSAGES(CLIENT(GET), SERVER("$-1\r\n")), AUTH_NONE, NULL, false },
	{ "unanswered", MESSAGES(CLIENT(GET)), AUTH_UNKNOWN, NULL, false },
	{ "refused", MESSAGES(CLIENT(GET), SERVER(NOAUTH)), AUTH_FAILURE, NULL, false },
	{ "refused by an old one", MESSAGES(CLIENT(GET), SERVER("-ERR operation not permitted\r\n")), AUTH_FAILURE, NULL, false },
	{ "protected mode", MESSAGES(CLIENT(PING), SERVER("-DENIED Redis is running in protected mode.\r\n")), AUTH_FAILURE, NULL, false },
	{ "error before the check", MESSAGES(CLIENT(GET), SERVER("-ERR unknown command 'GET'\r\n")), AUTH_UNKNOWN, NULL, false },
	{ "error after the check", MESSAGES(CLIENT(GET), SERVER("-WRONGTYPE Operation against a key\r\n")), AUTH_NONE, NULL, false },
	{ "QUIT is for anybody", MESSAGES(CLIENT("*1\r\n$4\r\nQUIT\r\n"), SERVER("+OK\r\n")), AUTH_UNKNOWN, NULL, false },
	{ "AUTH unanswered", MESSAGES(CLIENT(AUTH)), AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH", MESSAGES(CLIENT(AUTH), SERVER("+OK\r\n"), CLIENT(GET), SERVER(VALUE)), AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH with a user", MESSAGES(CLIENT(AUTH_USER), SERVER("+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH wrong", MESSAGES(CLIENT(AUTH_USER), SERVER(WRONGPASS), CLIENT(GET), SERVER(NOAUTH)), AUTH_FAILURE, "redis-auth", true },
	{ "AUTH wrong, old", MESSAGES(CLIENT(AUTH), SERVER("-ERR invalid password\r\n")), AUTH_FAILURE, "redis-auth", true },
	{ "AUTH wrong, then right, then wrong", MESSAGES(CLIENT(AUTH), SERVER(WRONGPASS), CLIENT(AUTH_USER), SERVER("+OK\r\n"), CLIENT(AUTH), SERVER(WRONGPASS)), AUTH_SUCCESS, "redis-auth", true },
	{ "AUTH where none is needed", MESSAGES(CLIENT(AUTH), SERVER(NO_PASSWORD)), AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH where none is needed, served", MESSAGES(CLIENT(AUTH GET), SERVER(NO_PASSWORD VALUE)), AUTH_NONE, "redis-auth", true },
	{ "AUTH with an odd answer", MESSAGES(CLIENT(AUTH), SERVER("+OKAY\r\n")), AUTH_ATTEMPTED, "redis-auth", true },
	{ "AUTH without a password", MESSAGES(CLIENT("*1\r\n$4\r\nAUTH\r\n"), SERVER("-ERR wrong number of arguments for 'auth' command\r\n")), AUTH_UNKNOWN, NULL, false },
	{ "pipelined", MESSAGES(CLIENT(AUTH PING GET), SERVER("+OK\r\n+PONG\r\n" VALUE)), AUTH_SUCCESS, "redis-auth", true },
	{ "pipelined, the last one refused", MESSAGES(CLIENT(PING GET AUTH), SERVER("+PONG\r\n" VALUE WRONGPASS)), AUTH_NONE, "redis-auth", true },
	{ "HELLO", MESSAGES(CLIENT("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"), SERVER(HELLO_REPLY)), AUTH_NONE, NULL, false },
	{ "HELLO refused", MESSAGES(CLIENT("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"), SERVER("-NOAUTH HELLO must be called with the client already authenticated\r\n")), AUTH_FAILURE, NULL, false },
	{ "HELLO with AUTH", MESSAGES(CLIENT(HELLO_AUTH), SERVER(HELLO_REPLY)), AUTH_SUCCESS, "redis-auth", true },
	{ "HELLO with AUTH, wrong", MESSAGES(CLIENT(HELLO_AUTH), SERVER(WRONGPASS)), AUTH_FAILURE, "redis-auth", true },
	{ "inline", MESSAGES(CLIENT("PING\r\nGET k\r\n\r\n"), SERVER("+PONG\r\n" VALUE)), AUTH_NONE, NULL, false },
	{ "inline AUTH", MESSAGES(CLIENT("AUTH example\r\n"), SERVER("+OK\r\n"), CLIENT("AUTH other\r\n"), SERVER(WRONGPASS)), AUTH_SUCCESS, "redis-auth", true },
	{ "inline HELLO", MESSAGES(CLIENT("HELLO 3 AUTH ann example\r\n"), SERVER(WRONGPASS)), AUTH_FAILURE, "redis-auth", true },
	{ "subscription", MESSAGES(CLIENT(SUBSCRIBE), SERVER(CONFIRM("a", "1") CONFIRM("b", "2") "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"), CLIENT(AUTH), SERVER("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nOK\r\n+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "subscription refused", MESSAGES(CLIENT(SUBSCRIBE), SERVER(NOAUTH), CLIENT(AUTH), SERVER("+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "subscription, RESP3", MESSAGES(CLIENT(SUBSCRIBE AUTH), SERVER(">3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n+subscribe\r\n+b\r\n:2\r\n" WRONGPASS)), AUTH_NONE, "redis-auth", true },
	{ "transaction", MESSAGES(CLIENT("*1\r\n$5\r\nMULTI\r\n" GET "*1\r\n$4\r\nEXEC\r\n" AUTH), SERVER("+OK\r\n+QUEUED\r\n*1\r\n" VALUE "+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "monitor", MESSAGES(CLIENT("*1\r\n$7\r\nMONITOR\r\n" AUTH), SERVER("+OK\r\n+1700000000.1 [0 192.0.2.1:5] \"GET\"\r\n+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "all types of RESP3", MESSAGES(CLIENT(GET AUTH), SERVER("*9\r\n_\r\n#t\r\n,1.5\r\n(123\r\n!3\r\nERR\r\n=6\r\ntxt:ab\r\n~1\r\n:-1\r\n%1\r\n+a\r\n*0\r\n|1\r\n+k\r\n+v\r\n*-1\r\n|1\r\n+k\r\n+v\r\n+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
	{ "answers turned off", MESSAGES(CLIENT("*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n" AUTH "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n"), SERVER("+OK\r\n")), AUTH_ATTEMPTED, "redis-auth", true },
	{ "empty array is no command", MESSAGES(CLIENT(GET "*0\r\n" AUTH), SERVER(VALUE "+OK\r\n")), AUTH_SUCCESS, "redis-auth", true },
};

static void
check_scenario(const struct scenario *s, size_t chunk)
{
	struct conversation c;
	const struct authentication *a = &c.evidence.authentication;

	conversation_init(&c, &redis_dissector);
	conversation_run(&c, s->messages, s->count, chunk);
	if (a->result != s->result || c.evidence.cleartext_credentials != s->clear || (a->method == NULL) != (s->method == NULL) || (s->method != NULL && strcmp(a->method, s->method) != 0))
		fail_msg("%s, in pieces of %zu: %s %s %d", s->name, chunk, auth_result_names[a->result], a->method ? a->method : "-", c.evidence.cleartext_credentials);
	assert_string_equal(c.evidence.protocol, "redis");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
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
		conversation_each_prefix(&redis_dissector, whole->messages, whole->count, check_prefix);
	}
}

static void
probes(void **state)
{
	static const struct {
		const char *text;
		enum direction from;
		enum verdict verdict;
	} list[] = {
		{ GET, FROM_CLIENT, MATCH },
		{ "*1\r\n$7\r\nFT.LIST\r\n", FROM_CLIENT, MATCH },
		{ "", FROM_CLIENT, NEED_MORE },
		{ "*", FROM_CLIENT, NEED_MORE },
		{ "*12\r", FROM_CLIENT, NEED_MORE },
		{ "*1\r\n$4\r\nPI", FROM_CLIENT, NEED_MORE },
		{ "ping\r\n", FROM_CLIENT, MATCH },
		{ "pi", FROM_CLIENT, NEED_MORE },
		{ "PING", FROM_CLIENT, NEED_MORE },
		{ "AUTH example\r\n", FROM_CLIENT, MATCH },
		{ "HELLO 3\r\n", FROM_CLIENT, MATCH },
		{ "*x\r\n", FROM_CLIENT, NO_MATCH },
		{ "*\r\n", FROM_CLIENT, NO_MATCH },
		{ "*1\n$4\nPING\n", FROM_CLIENT, NO_MATCH },
		{ "*1\r\n:4\r\n", FROM_CLIENT, NO_MATCH },
		{ "*0\r\n$4\r\nPING\r\n", FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$4\r\nPI\x01G\r\n", FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$4\r\nPINGxx", FROM_CLIENT, NO_MATCH },
		{ "*9999999\r\n", FROM_CLIENT, NO_MATCH },
		{ "*1\r\n$9999\r\n", FROM_CLIENT, NO_MATCH },
		{ "*3\r\n$7\r\nmessage\r\n", FROM_CLIENT, NO_MATCH },
		{ "AUTH LOGIN\r\n", FROM_CLIENT, NO_MATCH },
		{ "AUTH PLAIN AGFubgBleGFtcGxl\r\n", FROM_CLIENT, NO_MATCH },
		{ "AUTH TLS\r\n", FROM_CLIENT, NO_MATCH },
		{ "AUTH\r\n", FROM_CLIENT, NO_MATCH },
		{ "EHLO mail.example\r\n", FROM_CLIENT, NO_MATCH },
		{ "HELO mail.example\r\n", FROM_CLIENT, NO_MATCH },
		{ "HELLO world\r\n", FROM_CLIENT, NO_MATCH },
		{ "PING :irc.example\r\n", FROM_CLIENT, NO_MATCH },
		{ "PING \x01\r\n", FROM_CLIENT, NO_MATCH },
		{ "get key\r\n", FROM_CLIENT, NO_MATCH },
		{ "set k 0 0 5\r\nhello\r\n", FROM_CLIENT, NO_MATCH },
		{ "stats\r\n", FROM_CLIENT, NO_MATCH },
		{ "CONNECT\naccept-version:1.2\n\n\0", FROM_CLIENT, NO_MATCH },
		{ "CONNECT {\"verbose\":false}\r\n", FROM_CLIENT, NO_MATCH },
		{ "GET / HTTP/1.1\r\n", FROM_CLIENT, NO_MATCH },
		{ "HEAD / HTTP/1.1\r\n", FROM_CLIENT, NO_MATCH },
		{ "\r\n", FROM_CLIENT, NO_MATCH },
		{ "+PONG\r\n", FROM_SERVER, MATCH },
		{ NOAUTH, FROM_SERVER, MATCH },
		{ VALUE, FROM_SERVER, MATCH },
		{ "*2\r\n$1\r\na\r\n", FROM_SERVER, MATCH },
		{ HELLO_REPLY, FROM_SERVER, MATCH },
		{ "-", FROM_SERVER, NEED_MORE },
		{ "$5\r\nhel", FROM_SERVER, NEED_MORE },
		{ "*2\r", FROM_SERVER, NEED_MORE },
		{ "$5\r\nhelloXX", FROM_SERVER, NO_MATCH },
		{ "*0\r\n", FROM_SERVER, NO_MATCH },
		{ "+OK POP3 ready\r\n", FROM_SERVER, NO_MATCH },
		{ "+OK\r\n", FROM_SERVER, NO_MATCH },
		{ "-ERR login first\r\n", FROM_SERVER, NO_MATCH },
		{ "-ERR 'Unknown Protocol Operation'\r\n", FROM_SERVER, NO_MATCH },
		{ "* OK IMAP4rev1 ready\r\n", FROM_SERVER, NO_MATCH },
		{ "220 mail.example ESMTP\r\n", FROM_SERVER, NO_MATCH },
		{ "VALUE k 0 5\r\n", FROM_SERVER, NO_MATCH },
	};
	struct flow_view flow = { 0 };
	char line[1024];
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		size_t size = strlen(list[i].text);
		char *block = malloc(size + (size == 0));

		memcpy(block, list[i].text, size);
		if (redis_dissector.probe(&flow, list[i].from, cursor_over(block, size), &strength) != list[i].verdict)
			fail_msg("%s", list[i].text);
		free(block);
	}
	memset(line, 'a', sizeof(line));
	memcpy(line, "PING ", 5);
	assert_int_equal(redis_dissector.probe(&flow, FROM_CLIENT, cursor_over(line, sizeof(line)), &strength), NO_MATCH);
}

static void
say(struct conversation *c, enum direction from, const char *text)
{
	conversation_send(c, from, text, strlen(text));
}

static void
begin(struct conversation *c, bool handshake_seen)
{
	conversation_init(c, &redis_dissector);
	c->flow.handshake_seen = handshake_seen;
}

/* An inline command is little: without a RESP answer nothing is said of a login or a secret. */
static void
inline_needs_an_answer(void **state)
{
	static const char *const answers[] = { NULL, "+OK maildrop locked and ready\r\n", "-ERR\r\n", "500 what?\r\n", "OK\r\n" };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		begin(&c, true);
		say(&c, FROM_CLIENT, "AUTH example\r\n");
		if (answers[i] != NULL)
			say(&c, FROM_SERVER, answers[i]);
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
	static const struct {
		const char *client, *server;
		enum verdict verdict;
	} list[] = {
		{ "GET / HTTP/1.1\r\n", NULL, NO_MATCH },
		{ "*2\r\n$3\r\nGET\r\nk\r\n", NULL, NO_MATCH },
		{ "*2\r\n$3\r\nGETTT", NULL, NO_MATCH },
		{ "*2\r\n$99999999999\r\n", NULL, NO_MATCH },
		{ PING "*1x", NULL, MALFORMED },
		{ PING "\x01", NULL, MALFORMED },
		{ PING, "hello\r\n", MALFORMED },
		{ PING, "+OK\n", MALFORMED },
		{ PING, "$x\r\n", MALFORMED },
		{ PING, "$-2\r\n", MALFORMED },
		{ PING, ":x\r\n", MALFORMED },
		{ PING, "*1\r\nx", MALFORMED },
		{ PING, "*?\r\n", MALFORMED },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		begin(&c, true);
		say(&c, FROM_CLIENT, list[i].client);
		if (list[i].server != NULL)
			say(&c, FROM_SERVER, list[i].server);
		if (c.verdict != list[i].verdict)
			fail_msg("%zu: %d", i, c.verdict);
		conversation_clear(&c);
	}
}

static void
too_deep_too_long(void **state)
{
	struct conversation c;
	char line[5000];

	(void)state;
	begin(&c, true);
	say(&c, FROM_CLIENT, GET);
	for (int i = 0; i < 40; i++)
		say(&c, FROM_SERVER, "*1\r\n");
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
	memset(line, 'a', sizeof(line));
	for (int i = 0; i < 2; i++) {
		begin(&c, true);
		say(&c, FROM_CLIENT, PING);
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
	begin(&c, true);
	say(&c, FROM_CLIENT, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$69998\r\n");
	assert_true(c.to_skip[FROM_CLIENT] == 70000);
	conversation_send(&c, FROM_CLIENT, value, sizeof(value));
	say(&c, FROM_SERVER, "+OK\r\n");
	say(&c, FROM_CLIENT, GET AUTH);
	say(&c, FROM_SERVER, "$69998\r\n");
	assert_true(c.to_skip[FROM_SERVER] == 70000);
	conversation_gap(&c, FROM_SERVER, 70000);
	say(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* A name nobody knows. */
	begin(&c, true);
	say(&c, FROM_CLIENT, "*1\r\n$200\r\n");
	conversation_send(&c, FROM_CLIENT, value + sizeof(value) - 202, 202);
	say(&c, FROM_SERVER, "-ERR unknown command\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
many_pending(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
	for (int i = 0; i < 64; i++)
		say(&c, FROM_CLIENT, PING);
	say(&c, FROM_CLIENT, AUTH);
	for (int i = 0; i < 65; i++)
		say(&c, FROM_SERVER, i < 64 ? "-ERR no\r\n" : "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	say(&c, FROM_CLIENT, GET);
	say(&c, FROM_SERVER, VALUE);
	/* Whether that AUTH was right is not known, and so not whether this was served without. */
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
replication(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
	say(&c, FROM_CLIENT, "*3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n$4\r\n6380\r\n");
	assert_true(evidence_has_note(&c.evidence, NOTE_REPLICATION));
	say(&c, FROM_SERVER, "+OK\r\n");
	say(&c, FROM_CLIENT, "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
	say(&c, FROM_SERVER, "\n\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	say(&c, FROM_SERVER, "+FULLRESYNC 0123456789012345678901234567890123456789 0\r\n$5\r\nREDIS");
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	begin(&c, true);
	say(&c, FROM_CLIENT, PING "SYNC\r\n");
	assert_true(evidence_has_note(&c.evidence, NOTE_REPLICATION));
	conversation_clear(&c);
}

static void
not_permitted(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
	say(&c, FROM_CLIENT, AUTH GET);
	say(&c, FROM_SERVER, "+OK\r\n-NOPERM this user has no permissions to run the 'get' command\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, false);
	say(&c, FROM_SERVER, "rest of a value\r\n");
	say(&c, FROM_CLIENT, GET);
	say(&c, FROM_SERVER, VALUE);
	/* There may have been an AUTH before. */
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_string_equal(c.evidence.protocol, "redis");
	conversation_clear(&c);

	begin(&c, false);
	say(&c, FROM_CLIENT, AUTH);
	say(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);

	begin(&c, false);
	say(&c, FROM_CLIENT, AUTH);
	say(&c, FROM_SERVER, NO_PASSWORD);
	say(&c, FROM_CLIENT, GET);
	say(&c, FROM_SERVER, VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);

	/* Who knows which of these is answered. */
	begin(&c, false);
	say(&c, FROM_CLIENT, AUTH GET);
	say(&c, FROM_SERVER, "+OK\r\n" VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
nothing_across_a_gap(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
	say(&c, FROM_CLIENT, AUTH);
	conversation_gap(&c, FROM_SERVER, 5);
	say(&c, FROM_SERVER, "middle of something\r\n");
	say(&c, FROM_CLIENT, AUTH GET);
	say(&c, FROM_SERVER, VALUE);
	say(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	/* Some errors say by themselves what they answer. */
	say(&c, FROM_SERVER, WRONGPASS);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_gap(&c, FROM_CLIENT, 5);
	say(&c, FROM_CLIENT, "junk");
	say(&c, FROM_CLIENT, GET);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	/* What is served now may be so because of another AUTH, which was lost. */
	say(&c, FROM_SERVER, VALUE);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	say(&c, FROM_SERVER, "\x01\x02");
	/* What begins like a reply and is none must not be looked at for ever. */
	say(&c, FROM_SERVER, "-NOAUTH x\n");
	say(&c, FROM_SERVER, "*2\r\n$1\r\na\r\n?");
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
		begin(&c, true);
		c.evidence.want_principals = true;
		say(&c, FROM_CLIENT, logins[i]);
		assert_string_equal(c.evidence.authentication.principal, "ann");
		conversation_clear(&c);
	}
	begin(&c, true);
	c.evidence.want_principals = true;
	say(&c, FROM_CLIENT, AUTH);
	assert_string_equal(c.evidence.authentication.principal, "");
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(prefixes),
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
