/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP conversations: logins and their outcomes, with errors as RabbitMQ 3.10 and ActiveMQ word them; losses,
 * and what STOMP must not be taken for.
 */
#include <config.h>

#include "scenario.h"
#include "tokens.h"

#define CONNECT_WITH(headers) "CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\n" headers "\n\0"
#define CONNECT CONNECT_WITH("")
#define LOGIN CONNECT_WITH("login:ann\npasscode:example\n")
#define CONNECTED "CONNECTED\nserver:RabbitMQ/3.10.8\nversion:1.2\nheart-beat:0,0\n\n\0"
#define BAD_CONNECT "ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\nversion:1.0,1.1,1.2\ncontent-length:32\n\nAccess refused for user 'ann'\n...\0"
#define INVALID "ERROR\ncontent-type:text/plain\nmessage:User name [ann] or password is invalid.\n\njava.lang.SecurityException: User name [ann] or password is invalid.\n\0\n"
#define SEND "SEND\ndestination:/queue/a\ncontent-length:4\n\na\0\0b\0\n"

static const struct scenario scenarios[] = {
	{ "none", { CLIENT(CONNECT), SERVER(CONNECTED) }, AUTH_NONE, NULL, false, 0 },
	{ "1.0, nothing at all", { CLIENT("CONNECT\n\n\0\n"), SERVER("CONNECTED\nsession:1\n\n\0\n") }, AUTH_NONE, NULL, false, 0 },
	{ "unanswered", { CLIENT(CONNECT) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "empty login", { CLIENT(CONNECT_WITH("login:\npasscode:\n")), SERVER(CONNECTED) }, AUTH_NONE, NULL, false, 0 },
	{ "login", { CLIENT(LOGIN), SERVER(CONNECTED), CLIENT(SEND), SERVER("RECEIPT\nreceipt-id:1\n\n\0") }, AUTH_SUCCESS, "stomp-userpass", true, 0 },
	{ "login, CRLF", { CLIENT("STOMP\r\nlogin:ann\r\npasscode:example\r\n\r\n\0\r\n"), SERVER("CONNECTED\r\nversion:1.2\r\n\r\n\0\r\n") }, AUTH_SUCCESS, "stomp-userpass", true, 0 },
	{ "login unanswered", { CLIENT(LOGIN) }, AUTH_ATTEMPTED, "stomp-userpass", true, 0 },
	{ "RabbitMQ refuses", { CLIENT(LOGIN), SERVER(BAD_CONNECT) }, AUTH_FAILURE, "stomp-userpass", true, 0 },
	{ "ActiveMQ refuses", { CLIENT(LOGIN), SERVER(INVALID) }, AUTH_FAILURE, "stomp-userpass", true, 0 },
	{ "none given, refused", { CLIENT(CONNECT), SERVER(INVALID) }, AUTH_FAILURE, NULL, false, 0 },
	{ "no CONNECT, refused", { CLIENT(CONNECT_WITH("")), SERVER("ERROR\nmessage:Illegal command\n\nYou must log in using CONNECT first\0") }, AUTH_FAILURE, NULL, false, 0 },
	{ "work without CONNECT", { CLIENT(SEND), SERVER("RECEIPT\nreceipt-id:1\n\n\0") }, AUTH_NONE, NULL, false, 0 },
	{ "work without CONNECT, unanswered", { CLIENT(SEND) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "work without CONNECT, refused", { CLIENT(SEND), SERVER("ERROR\nmessage:Illegal command\ncontent-length:35\n\nYou must log in using CONNECT first\0") }, AUTH_FAILURE, NULL, false, 0 },
	{ "work before CONNECT", { CLIENT(SEND LOGIN), SERVER(CONNECTED) }, AUTH_SUCCESS, "stomp-userpass", true, 0 },
	{ "another error", { CLIENT(LOGIN), SERVER("ERROR\nmessage:Version mismatch\n\nSupported versions are 1.0\0") }, AUTH_ATTEMPTED, "stomp-userpass", true, 0 },
	{ "name alone", { CLIENT(CONNECT_WITH("login:ann\n")), SERVER(CONNECTED) }, AUTH_ATTEMPTED, "stomp-userpass", false, 0 },
	{ "token", { CLIENT(CONNECT_WITH("Authorization:Bearer example\n")), SERVER(CONNECTED) }, AUTH_SUCCESS, "stomp-token", true, 0 },
	{ "token, refused", { CLIENT(CONNECT_WITH("X-Auth-Token:example\n")), SERVER("ERROR\nmessage:Access is denied\ncontent-length:0\n\n\0") }, AUTH_FAILURE, "stomp-token", true, 0 },
	{ "not permitted", { CLIENT(LOGIN), SERVER("\n" CONNECTED "\n\n"), CLIENT("\n\nSUBSCRIBE\nid:0\ndestination:/queue/b\n\n\0"), SERVER("ERROR\nmessage:access_refused\ncontent-length:20\n\nACCESS_REFUSED - ...\0") }, AUTH_SUCCESS, "stomp-userpass", true, NOTE(NOT_PERMITTED) },
	{ "messages with and without a length", { CLIENT(LOGIN), SERVER(CONNECTED), CLIENT("SEND\ndestination:a\n\nbody\0" SEND "SEND\ndestination:a\n\n\0"), SERVER("MESSAGE\nmessage-id:1\n\nERROR\n\0ERROR\nmessage:access_refused\n\n\0") }, AUTH_SUCCESS, "stomp-userpass", true, NOTE(NOT_PERMITTED) },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&stomp_dissector, "stomp", scenarios, COUNT_OF(scenarios));
}

static const struct probe_case probes[] = {
	{ BYTES(CONNECT), FROM_CLIENT, MATCH },
	{ BYTES("CONNECT\n\n\0"), FROM_CLIENT, MATCH },
	{ BYTES("STOMP\r\nhost:a\r\n\r\n\0"), FROM_CLIENT, MATCH },
	{ BYTES(CONNECTED), FROM_SERVER, MATCH },
	{ BYTES("ERROR\nmessage:m\n\n"), FROM_SERVER, MATCH },
	{ BYTES("\nMESSAGE\ndestination:a\n\n"), FROM_SERVER, MATCH },
	{ BYTES("SEND\ndestination:a\n\n"), FROM_CLIENT, MATCH },
	{ BYTES("\r\n"), FROM_CLIENT, NEED_MORE },
	{ BYTES(CONNECT), FROM_SERVER, NO_MATCH },
	{ BYTES("ERROR\r\n"), FROM_SERVER, NEED_MORE }, /* memcached */
	{ BYTES("ERROR\r\n\r\n"), FROM_SERVER, NO_MATCH },
	{ BYTES("ERROR\r\nreason: no such room\r\n\r\n"), FROM_SERVER, NO_MATCH }, /* anybody's */
	{ BYTES("\nMESSAGE\nfrom:a\nto:b\n\n"), FROM_SERVER, NO_MATCH },
	{ BYTES("BEGIN\nname: x\n\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("ERROR\r\nEND\r\n"), FROM_SERVER, NO_MATCH },
	{ BYTES("CONNECT example.org:443 HTTP/1.1\r\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("CONNECT {\"verbose\":false}\r\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("CONNECT\nhost:a\n\nbody"), FROM_CLIENT, NO_MATCH },
	{ BYTES("CONNECT\nhost\n\n\0"), FROM_CLIENT, NO_MATCH },
	{ BYTES("CONNECT\n:a\n\n\0"), FROM_CLIENT, NO_MATCH },
	{ BYTES("SEND\ncontent-length:x\n\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("SEND\n\n\0"), FROM_CLIENT, NO_MATCH },
	{ BYTES("SUBSCRIBED\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("DATA\r\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("CAPA\r\n"), FROM_CLIENT, NO_MATCH },
};

/* A connection begins with CONNECT, or with the client's work. */
static const struct probe_case beginnings[] = {
	{ BYTES("SEND\ndestination:a\n\n"), FROM_CLIENT, MATCH },
	{ BYTES("SEND\nto:a\n\n"), FROM_CLIENT, NO_MATCH },
	{ BYTES("MESSAGE\ndestination:a\n\n"), FROM_SERVER, NO_MATCH },
	{ BYTES("\nCONNECT\n\n\0"), FROM_CLIENT, NO_MATCH },
};

static void
probing(void **state)
{
	static const struct flow_view begun = { .handshake_seen = true };
	static char line[40000] = "CONNECT\n";

	(void)state;
	probes_check(&stomp_dissector, probes, COUNT_OF(probes));
	probes_check_in(&stomp_dissector, &begun, beginnings, COUNT_OF(beginnings));
	memset(line + 8, 'a', sizeof(line) - 8);
	assert_int_equal(probe_bytes(&stomp_dissector, &begun, FROM_CLIENT, line, sizeof(line), NULL), NO_MATCH);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &stomp_dissector);
	SAY(&c, FROM_SERVER, "end of a body\0");
	SAY(&c, FROM_SERVER, "MESSAGE\ndestination:a\n\nhello\0");
	SAY(&c, FROM_CLIENT, "ACK\nid:1\n\n\0");
	SAY(&c, FROM_SERVER, "ERROR\nmessage:access_refused\n\n\0");
	assert_string_equal(c.evidence.protocol, "stomp");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
losses(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &stomp_dissector);
	SAY(&c, FROM_CLIENT, LOGIN);
	conversation_gap(&c, FROM_SERVER, 50);
	SAY(&c, FROM_SERVER, "rest of it\n\n\0");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, "MESSAGE\ndestination:a\n\nhello\0");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	SAY(&c, FROM_SERVER, "nothing of it\n\n\0");
	conversation_clear(&c);
	conversation_init(&c, &stomp_dissector);
	conversation_gap(&c, FROM_CLIENT, 50);
	SAY(&c, FROM_CLIENT, "SEND\ndestination:a\n\n\0");
	SAY(&c, FROM_SERVER, CONNECTED);
	SAY(&c, FROM_SERVER, "MESSAGE\ndestination:a\n\nhello\0");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

/* A refusal is of the login only where nothing was accepted before it. */
static void
refused_behind_a_loss(void **state)
{
	static const char refusal[] = "ERROR\nmessage:access_refused\n\n\0";
	struct conversation c;

	(void)state;
	conversation_init(&c, &stomp_dissector);
	SAY(&c, FROM_CLIENT, LOGIN);
	conversation_gap(&c, FROM_SERVER, 50); /* CONNECTED */
	SAY(&c, FROM_CLIENT, "SEND\ndestination:a\n\n\0");
	SAY(&c, FROM_SERVER, refusal);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	assert_false(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
	/* Such words are about nothing but the login. */
	conversation_init(&c, &stomp_dissector);
	SAY(&c, FROM_CLIENT, LOGIN);
	conversation_gap(&c, FROM_SERVER, 50);
	SAY(&c, FROM_SERVER, BAD_CONNECT);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_clear(&c);
	conversation_init_midstream(&c, &stomp_dissector); /* nor is it known what the server said before */
	SAY(&c, FROM_CLIENT, LOGIN);
	SAY(&c, FROM_SERVER, refusal);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
	conversation_init(&c, &stomp_dissector);
	conversation_gap(&c, FROM_CLIENT, 50); /* CONNECT */
	SAY(&c, FROM_SERVER, CONNECTED);
	SAY(&c, FROM_SERVER, refusal);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	conversation_init(&c, &stomp_dissector);
	conversation_gap(&c, FROM_SERVER, 50); /* before anybody knew what it is */
	SAY(&c, FROM_SERVER, refusal);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
long_errors(void **state)
{
	static char text[6000];
	struct conversation c;

	(void)state;
	memset(text, ' ', sizeof(text));
	for (int length = 0; length < 2; length++) {
		conversation_init(&c, &stomp_dissector);
		SAY(&c, FROM_CLIENT, LOGIN);
		if (length)
			SAY(&c, FROM_SERVER, "ERROR\nmessage:m\ncontent-length:6000\n\nBad credentials");
		else
			SAY(&c, FROM_SERVER, "ERROR\nmessage:m\n\nBad credentials");
		conversation_send(&c, FROM_SERVER, text, sizeof(text) - 15);
		assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
		conversation_clear(&c);
	}
}

static void
broken_frames(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT("GET / HTTP/1.1\r\n") }, NO_MATCH },
		{ { CLIENT(CONNECT), SERVER("HTTP/1.1 400 Bad Request\r\n") }, MALFORMED },
		{ { CLIENT(CONNECT), SERVER("CONNECTED\nversion\n\n\0") }, MALFORMED },
		{ { CLIENT(CONNECT CONNECT_WITH("content-length:x\n")) }, MALFORMED },
		{ { CLIENT(CONNECT "CONNECT\na:b\n\nbody\0") }, MALFORMED },
		{ { CLIENT(CONNECT "\n\n\r") }, NEED_MORE },
	};

	(void)state;
	verdicts_check(&stomp_dissector, list, COUNT_OF(list));
}

static void
principals_and_tokens(void **state)
{
	static const struct scenario list[] = {
		{ "login", { CLIENT(LOGIN) }, .principal = "ann" },
	};
	struct conversation c;

	(void)state;
	principals_check(&stomp_dissector, list, COUNT_OF(list));
	conversation_init(&c, &stomp_dissector);
	SAY(&c, FROM_CLIENT, CONNECT_WITH("Authorization:Bearer " TOKEN_BOUND "\n"));
	assert_true(evidence_has_note(&c.evidence, NOTE_SERVICE_ACCOUNT_TOKEN));
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probing),
		cmocka_unit_test(midstream),
		cmocka_unit_test(losses),
		cmocka_unit_test(refused_behind_a_loss),
		cmocka_unit_test(long_errors),
		cmocka_unit_test(broken_frames),
		cmocka_unit_test(principals_and_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
