/* SPDX-License-Identifier: Apache-2.0 */
/* IMAP conversations, with responses as Dovecot and others give them. */
#include <config.h>

#include "scenario.h"

#define GREETING "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot ready.\r\n"
#define CAPABILITY "a1 CAPABILITY\r\n"
#define CAPABILITY_REPLY "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK Pre-login capabilities listed.\r\n"
#define LOGIN "a2 LOGIN ann example\r\n"
#define LOGGED_IN "a2 OK [CAPABILITY IMAP4rev1] Logged in\r\n"
#define FAILED "a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"

static const struct scenario scenarios[] = {
	{ "greeting", { SERVER(GREETING), CLIENT(CAPABILITY), SERVER(CAPABILITY_REPLY), CLIENT("a2 LOGOUT\r\n"), SERVER("* BYE Logging out\r\na2 OK Logout completed.\r\n") }, AUTH_UNKNOWN, NULL },
	{ "LOGIN", { SERVER(GREETING), CLIENT(LOGIN), SERVER(LOGGED_IN), CLIENT("a3 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na3 OK\r\n") }, AUTH_SUCCESS, "imap-login", true, .principal = "ann" },
	{ "LOGIN wrong", { SERVER(GREETING), CLIENT(LOGIN), SERVER(FAILED) }, AUTH_FAILURE, "imap-login", true, .principal = "ann" },
	{ "LOGIN in quotes", { SERVER(GREETING), CLIENT("a2 login \"ann\" \"an example\"\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "imap-login", true, .principal = "ann" },
	{ "LOGIN in literals", { SERVER(GREETING), CLIENT("a2 LOGIN {3}\r\n"), SERVER("+ OK\r\n"), CLIENT("ann {7}\r\n"), SERVER("+ OK\r\n"), CLIENT("example\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "imap-login", true, .principal = "ann" },
	{ "LOGIN in literals at once", { SERVER(GREETING), CLIENT("a2 LOGIN {3+}\r\nann {7+}\r\nexample\r\n"), SERVER(FAILED) }, AUTH_FAILURE, "imap-login", true, .principal = "ann" },
	{ "LOGIN, literal refused", { SERVER(GREETING), CLIENT("a2 LOGIN {9999}\r\n"), SERVER("a2 BAD Literal too large.\r\n"), CLIENT("a3 LOGOUT\r\n"), SERVER("a3 OK bye\r\n") }, AUTH_ATTEMPTED, "imap-login" },
	{ "LOGIN disabled", { SERVER("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n"), CLIENT(LOGIN), SERVER("* BAD [ALERT] Plaintext authentication not allowed\r\na2 NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n") }, AUTH_FAILURE, "imap-login", true, .principal = "ann" },
	{ "LOGIN, server in trouble", { SERVER(GREETING), CLIENT(LOGIN), SERVER("a2 NO [UNAVAILABLE] Temporary authentication failure.\r\n") }, AUTH_ATTEMPTED, "imap-login", true, .principal = "ann" },
	{ "LOGIN unanswered", { SERVER(GREETING), CLIENT(LOGIN) }, AUTH_ATTEMPTED, "imap-login", true, .principal = "ann" },
	{ "LOGIN without a password", { SERVER(GREETING), CLIENT("a2 LOGIN ann\r\n"), SERVER("a2 BAD Error in IMAP command LOGIN: Missing arguments\r\n") }, AUTH_ATTEMPTED, "imap-login", .principal = "ann" },
	{ "another's tag", { SERVER(GREETING), CLIENT(LOGIN "a3 NOOP\r\n"), SERVER("a3 OK NOOP completed.\r\n" FAILED) }, AUTH_FAILURE, "imap-login", true, .principal = "ann" },
	{ "wrong, then right", { SERVER(GREETING), CLIENT(LOGIN), SERVER(FAILED), CLIENT("a3 LOGIN ann example\r\n"), SERVER("a3 OK Logged in\r\n") }, AUTH_SUCCESS, "imap-login", true, .principal = "ann" },
	{ "AUTHENTICATE PLAIN", { SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("AGFubgBleGFtcGxl\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "AUTHENTICATE PLAIN at once", { SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN AGFubgBleGFtcGxl\r\n"), SERVER(FAILED) }, AUTH_FAILURE, "sasl-plain", true, .principal = "ann" },
	{ "AUTHENTICATE LOGIN", { SERVER(GREETING), CLIENT("a2 AUTHENTICATE LOGIN\r\n"), SERVER("+ VXNlcm5hbWU6\r\n"), CLIENT("YW5u\r\n"), SERVER("+ UGFzc3dvcmQ6\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "sasl-login", true, .principal = "ann" },
	{ "AUTHENTICATE CRAM-MD5", { SERVER(GREETING), CLIENT("a2 AUTHENTICATE CRAM-MD5\r\n"), SERVER("+ PDE+\r\n"), CLIENT("YW5uIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "sasl-cram-md5", .principal = "ann" },
	{ "AUTHENTICATE given up", { SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("*\r\n"), SERVER("a2 BAD Authentication aborted\r\n") }, AUTH_ATTEMPTED, "sasl-plain" },
	{ "PREAUTH", { SERVER("* PREAUTH [CAPABILITY IMAP4rev1] Logged in as ann\r\n"), CLIENT("a1 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na1 OK [READ-WRITE] Select completed.\r\n") }, AUTH_NONE, NULL },
	{ "mailbox without login", { SERVER(GREETING), CLIENT("a1 SELECT INBOX\r\n"), SERVER("a1 BAD Please login first.\r\n") }, AUTH_FAILURE, NULL },
	{ "literals of mail", { SERVER("* PREAUTH IMAP4rev1\r\n"), CLIENT("a1 APPEND INBOX {28+}\r\nSubject: x\r\n\r\na2 LOGIN a b\r\n\r\na3 NOOP\r\n"), SERVER("* 1 FETCH (BODY[] {12}\r\na1 NO [X]\r\n\r\n)\r\na1 OK done\r\n") }, AUTH_NONE, NULL },
	{ "STARTTLS", { SERVER(GREETING), CLIENT("a1 STARTTLS\r\n"), SERVER("a1 OK Begin TLS negotiation now.\r\n") }, AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "STARTTLS refused", { SERVER(GREETING), CLIENT("a1 STARTTLS\r\n"), SERVER("a1 BAD TLS support isn't enabled.\r\n"), CLIENT(LOGIN), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "imap-login", true, NOTE(UPGRADE_REFUSED), .principal = "ann" },
	{ "compressed", { SERVER(GREETING), CLIENT("a1 COMPRESS DEFLATE\r\n"), SERVER("a1 OK Begin compression.\r\n"), CLIENT("\1\2\3") }, AUTH_UNKNOWN, NULL },
	{ "idle", { SERVER("* PREAUTH IMAP4rev1\r\n"), CLIENT("a1 IDLE\r\n"), SERVER("+ idling\r\n* 2 EXISTS\r\n"), CLIENT("DONE\r\n"), SERVER("a1 OK Idle completed.\r\n") }, AUTH_NONE, NULL },
	{ "answers come first", { SERVER(GREETING CAPABILITY_REPLY), CLIENT(CAPABILITY), SERVER(LOGGED_IN), CLIENT(LOGIN) }, AUTH_SUCCESS, "imap-login", true, .principal = "ann" },
	{ "mid-stream", { CLIENT("a7 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na7 OK done\r\n") }, AUTH_UNKNOWN, NULL, .midstream = true },
	{ "the client alone", { CLIENT("a2 LOGIN {3}\r\n"), CLIENT("ann {7}\r\n"), CLIENT("example\r\n"), CLIENT("a3 LIST \"\" *\r\n") }, AUTH_ATTEMPTED, "imap-login", true, .principal = "ann" },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&imap_dissector, "imap", scenarios, COUNT_OF(scenarios));
	principals_check(&imap_dissector, scenarios, COUNT_OF(scenarios));
}

static void
gap(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &imap_dissector);
	SAY(&c, FROM_SERVER, GREETING);
	SAY(&c, FROM_CLIENT, LOGIN);
	conversation_gap(&c, FROM_SERVER, 30);
	SAY(&c, FROM_SERVER, LOGGED_IN);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ GREETING, 0, FROM_SERVER, MATCH, 9999 },
		{ "* PREAUTH hello\r\n", 0, FROM_SERVER, MATCH, 9999 },
		{ "* BYE no\r\n", 0, FROM_SERVER, MATCH, 143 },
		{ "* O", 0, FROM_SERVER, NEED_MORE, 143 },
		{ "* OK", 0, FROM_SERVER, NEED_MORE, 143 },
		{ "*2\r\n$4\r\nECHO\r\n", 0, FROM_SERVER, NO_MATCH, 6379 },
		{ "* ACAP (IMPLEMENTATION \"x\")\r\n", 0, FROM_SERVER, NO_MATCH, 143 },
		{ "* OK \1\r\n", 0, FROM_SERVER, NO_MATCH, 143 },
		{ CAPABILITY, 0, FROM_CLIENT, MATCH, 9999 },
		{ LOGIN, 0, FROM_CLIENT, MATCH, 9999 },
		{ ". select inbox\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "0001 starttls\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "a1 CAPA", 0, FROM_CLIENT, NEED_MORE, 143 },
		{ "a1", 0, FROM_CLIENT, NEED_MORE, 143 },
		{ "GET / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "GET list HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "EHLO noop\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "USER noop\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "a1 LOGIN {3}\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "a1 LOGIN \"a b\" c\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "a1 LOGIN\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "220 Login successful.\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "230 Login is done.\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "a1 NOOP now\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "a1 FROBNICATE x\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "a(1 NOOP\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "CAPA\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "SSH-2.0-x\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa NOOP\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
		{ "a1 NOOP\1\r\n", 0, FROM_CLIENT, NO_MATCH, 143 },
	};

	(void)state;
	probes_check(&imap_dissector, list, COUNT_OF(list));
}

static void
hostile(void **state)
{
	static const struct verdict_case list[] = {
		{ { SERVER("what\r\n") }, NO_MATCH },
		{ { CLIENT("a1 LOGIN x{99999999999999999999}\r\na2 NOOP {+}\r\na3 NOOP }\r\na4 NOOP {1x}\r\n") }, MATCH },
		{ { CLIENT("a1 APPEND x {99999999999+}\r\na2 NOOP\r\n") }, MATCH },
	};

	(void)state;
	endless_line_check(&imap_dissector, CAPABILITY, FROM_CLIENT);
	verdicts_check(&imap_dissector, list, COUNT_OF(list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes), cmocka_unit_test(gap), cmocka_unit_test(probes), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
