/* SPDX-License-Identifier: Apache-2.0 */
/* IMAP conversations, with responses as Dovecot and others give them. */
#include <config.h>

#include "mail_cases.h"

#define GREETING "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot ready.\r\n"
#define CAPABILITY "a1 CAPABILITY\r\n"
#define CAPABILITY_REPLY "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK Pre-login capabilities listed.\r\n"
#define LOGIN "a2 LOGIN ann example\r\n"
#define LOGGED_IN "a2 OK [CAPABILITY IMAP4rev1] Logged in\r\n"
#define FAILED "a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"

static const struct mail_case cases[] = {
	{ "greeting", MESSAGES(SERVER(GREETING), CLIENT(CAPABILITY), SERVER(CAPABILITY_REPLY), CLIENT("a2 LOGOUT\r\n"), SERVER("* BYE Logging out\r\na2 OK Logout completed.\r\n")), AUTH_UNKNOWN, NULL },
	{ "LOGIN", MESSAGES(SERVER(GREETING), CLIENT(LOGIN), SERVER(LOGGED_IN), CLIENT("a3 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na3 OK\r\n")), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN wrong", MESSAGES(SERVER(GREETING), CLIENT(LOGIN), SERVER(FAILED)), AUTH_FAILURE, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN in quotes", MESSAGES(SERVER(GREETING), CLIENT("a2 login \"ann\" \"an example\"\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN in literals", MESSAGES(SERVER(GREETING), CLIENT("a2 LOGIN {3}\r\n"), SERVER("+ OK\r\n"), CLIENT("ann {7}\r\n"), SERVER("+ OK\r\n"), CLIENT("example\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN in literals at once", MESSAGES(SERVER(GREETING), CLIENT("a2 LOGIN {3+}\r\nann {7+}\r\nexample\r\n"), SERVER(FAILED)), AUTH_FAILURE, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN, literal refused", MESSAGES(SERVER(GREETING), CLIENT("a2 LOGIN {9999}\r\n"), SERVER("a2 BAD Literal too large.\r\n"), CLIENT("a3 LOGOUT\r\n"), SERVER("a3 OK bye\r\n")), AUTH_ATTEMPTED, "imap-login" },
	{ "LOGIN disabled", MESSAGES(SERVER("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n"), CLIENT(LOGIN), SERVER("* BAD [ALERT] Plaintext authentication not allowed\r\na2 NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n")), AUTH_FAILURE, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN, server in trouble", MESSAGES(SERVER(GREETING), CLIENT(LOGIN), SERVER("a2 NO [UNAVAILABLE] Temporary authentication failure.\r\n")), AUTH_ATTEMPTED, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN unanswered", MESSAGES(SERVER(GREETING), CLIENT(LOGIN)), AUTH_ATTEMPTED, "imap-login", .clear = true, .principal = "ann" },
	{ "LOGIN without a password", MESSAGES(SERVER(GREETING), CLIENT("a2 LOGIN ann\r\n"), SERVER("a2 BAD Error in IMAP command LOGIN: Missing arguments\r\n")), AUTH_ATTEMPTED, "imap-login", .principal = "ann" },
	{ "another's tag", MESSAGES(SERVER(GREETING), CLIENT(LOGIN "a3 NOOP\r\n"), SERVER("a3 OK NOOP completed.\r\n" FAILED)), AUTH_FAILURE, "imap-login", .clear = true, .principal = "ann" },
	{ "wrong, then right", MESSAGES(SERVER(GREETING), CLIENT(LOGIN), SERVER(FAILED), CLIENT("a3 LOGIN ann example\r\n"), SERVER("a3 OK Logged in\r\n")), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann" },
	{ "AUTHENTICATE PLAIN", MESSAGES(SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("AGFubgBleGFtcGxl\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "sasl-plain", .clear = true, .principal = "ann" },
	{ "AUTHENTICATE PLAIN at once", MESSAGES(SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN AGFubgBleGFtcGxl\r\n"), SERVER(FAILED)), AUTH_FAILURE, "sasl-plain", .clear = true, .principal = "ann" },
	{ "AUTHENTICATE LOGIN", MESSAGES(SERVER(GREETING), CLIENT("a2 AUTHENTICATE LOGIN\r\n"), SERVER("+ VXNlcm5hbWU6\r\n"), CLIENT("YW5u\r\n"), SERVER("+ UGFzc3dvcmQ6\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "sasl-login", .clear = true, .principal = "ann" },
	{ "AUTHENTICATE CRAM-MD5", MESSAGES(SERVER(GREETING), CLIENT("a2 AUTHENTICATE CRAM-MD5\r\n"), SERVER("+ PDE+\r\n"), CLIENT("YW5uIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "sasl-cram-md5", .principal = "ann" },
	{ "AUTHENTICATE given up", MESSAGES(SERVER(GREETING), CLIENT("a2 AUTHENTICATE PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("*\r\n"), SERVER("a2 BAD Authentication aborted\r\n")), AUTH_ATTEMPTED, "sasl-plain" },
	{ "PREAUTH", MESSAGES(SERVER("* PREAUTH [CAPABILITY IMAP4rev1] Logged in as ann\r\n"), CLIENT("a1 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na1 OK [READ-WRITE] Select completed.\r\n")), AUTH_NONE, NULL },
	{ "mailbox without login", MESSAGES(SERVER(GREETING), CLIENT("a1 SELECT INBOX\r\n"), SERVER("a1 BAD Please login first.\r\n")), AUTH_FAILURE, NULL },
	{ "literals of mail", MESSAGES(SERVER("* PREAUTH IMAP4rev1\r\n"), CLIENT("a1 APPEND INBOX {28+}\r\nSubject: x\r\n\r\na2 LOGIN a b\r\n\r\na3 NOOP\r\n"), SERVER("* 1 FETCH (BODY[] {12}\r\na1 NO [X]\r\n\r\n)\r\na1 OK done\r\n")), AUTH_NONE, NULL },
	{ "STARTTLS", MESSAGES(SERVER(GREETING), CLIENT("a1 STARTTLS\r\n"), SERVER("a1 OK Begin TLS negotiation now.\r\n")), AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "STARTTLS refused", MESSAGES(SERVER(GREETING), CLIENT("a1 STARTTLS\r\n"), SERVER("a1 BAD TLS support isn't enabled.\r\n"), CLIENT(LOGIN), SERVER(LOGGED_IN)), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann", .notes = 1u << NOTE_UPGRADE_REFUSED },
	{ "compressed", MESSAGES(SERVER(GREETING), CLIENT("a1 COMPRESS DEFLATE\r\n"), SERVER("a1 OK Begin compression.\r\n"), CLIENT("\1\2\3")), AUTH_UNKNOWN, NULL },
	{ "idle", MESSAGES(SERVER("* PREAUTH IMAP4rev1\r\n"), CLIENT("a1 IDLE\r\n"), SERVER("+ idling\r\n* 2 EXISTS\r\n"), CLIENT("DONE\r\n"), SERVER("a1 OK Idle completed.\r\n")), AUTH_NONE, NULL },
	{ "answers come first", MESSAGES(SERVER(GREETING CAPABILITY_REPLY), CLIENT(CAPABILITY), SERVER(LOGGED_IN), CLIENT(LOGIN)), AUTH_SUCCESS, "imap-login", .clear = true, .principal = "ann" },
	{ "mid-stream", MESSAGES(CLIENT("a7 SELECT INBOX\r\n"), SERVER("* 1 EXISTS\r\na7 OK done\r\n")), AUTH_UNKNOWN, NULL, .midstream = true },
	{ "the client alone", MESSAGES(CLIENT("a2 LOGIN {3}\r\n"), CLIENT("ann {7}\r\n"), CLIENT("example\r\n"), CLIENT("a3 LIST \"\" *\r\n")), AUTH_ATTEMPTED, "imap-login", .clear = true, .principal = "ann" },
};

static void
outcomes(void **state)
{
	(void)state;
	mail_check_cases(&imap_dissector, "imap", cases, sizeof(cases) / sizeof(cases[0]));
}

static void
gap(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &imap_dissector);
	conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
	conversation_send(&c, FROM_CLIENT, LOGIN, sizeof(LOGIN) - 1);
	conversation_gap(&c, FROM_SERVER, 30);
	conversation_send(&c, FROM_SERVER, LOGGED_IN, sizeof(LOGGED_IN) - 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct mail_probe list[] = {
		{ GREETING, FROM_SERVER, 9999, MATCH }, { "* PREAUTH hello\r\n", FROM_SERVER, 9999, MATCH }, { "* BYE no\r\n", FROM_SERVER, 143, MATCH }, { "* O", FROM_SERVER, 143, NEED_MORE }, { "* OK", FROM_SERVER, 143, NEED_MORE },
		{ "*2\r\n$4\r\nECHO\r\n", FROM_SERVER, 6379, NO_MATCH }, { "* ACAP (IMPLEMENTATION \"x\")\r\n", FROM_SERVER, 143, NO_MATCH }, { "* OK \1\r\n", FROM_SERVER, 143, NO_MATCH },
		{ CAPABILITY, FROM_CLIENT, 9999, MATCH }, { LOGIN, FROM_CLIENT, 9999, MATCH }, { ". select inbox\r\n", FROM_CLIENT, 9999, MATCH }, { "0001 starttls\r\n", FROM_CLIENT, 9999, MATCH }, { "a1 CAPA", FROM_CLIENT, 143, NEED_MORE }, { "a1", FROM_CLIENT, 143, NEED_MORE },
		{ "GET / HTTP/1.1\r\n", FROM_CLIENT, 143, NO_MATCH }, { "GET list HTTP/1.1\r\n", FROM_CLIENT, 143, NO_MATCH }, { "EHLO noop\r\n", FROM_CLIENT, 143, NO_MATCH }, { "USER noop\r\n", FROM_CLIENT, 143, NO_MATCH }, { "a1 LOGIN\r\n", FROM_CLIENT, 143, NO_MATCH },
		{ "a1 NOOP now\r\n", FROM_CLIENT, 143, NO_MATCH }, { "a1 FROBNICATE x\r\n", FROM_CLIENT, 143, NO_MATCH }, { "a(1 NOOP\r\n", FROM_CLIENT, 143, NO_MATCH }, { "CAPA\r\n", FROM_CLIENT, 143, NO_MATCH }, { "SSH-2.0-x\r\n", FROM_CLIENT, 143, NO_MATCH },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa NOOP\r\n", FROM_CLIENT, 143, NO_MATCH }, { "a1 NOOP\1\r\n", FROM_CLIENT, 143, NO_MATCH },
	};

	(void)state;
	mail_check_probes(&imap_dissector, list, sizeof(list) / sizeof(list[0]));
}

static void
hostile(void **state)
{
	static char line[MAIL_CASE_LINE];
	struct conversation c;

	(void)state;
	memset(line, 'a', sizeof(line));
	conversation_init(&c, &imap_dissector);
	conversation_send(&c, FROM_CLIENT, CAPABILITY, sizeof(CAPABILITY) - 1);
	conversation_send(&c, FROM_CLIENT, line, sizeof(line));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &imap_dissector);
	conversation_send(&c, FROM_SERVER, "what\r\n", 6);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &imap_dissector);
	conversation_send(&c, FROM_CLIENT, "a1 LOGIN x{99999999999999999999}\r\na2 NOOP {+}\r\na3 NOOP }\r\na4 NOOP {1x}\r\n", 73);
	assert_int_equal(c.verdict, MATCH);
	conversation_clear(&c);
	conversation_init(&c, &imap_dissector);
	conversation_send(&c, FROM_CLIENT, "a1 APPEND x {99999999999+}\r\na2 NOOP\r\n", 37);
	assert_int_equal(c.verdict, MATCH);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes), cmocka_unit_test(gap), cmocka_unit_test(probes), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
