/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP and LMTP conversations, with replies as Postfix and others give them. */
#include <config.h>

#include "scenario.h"

#define GREETING "220 mx.example ESMTP Postfix\r\n"
#define EHLO "EHLO client.example\r\n"
#define EHLO_REPLY "250-mx.example\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n"
#define BEGIN SERVER(GREETING), CLIENT(EHLO), SERVER(EHLO_REPLY)
#define MAIL "MAIL FROM:<ann@example.org>\r\n"
#define RCPT "RCPT TO:<bob@example.org>\r\n"
#define OK "250 2.1.0 Ok\r\n"
#define GOOD "235 2.7.0 Authentication successful\r\n"
#define BAD "535 5.7.8 Error: authentication failed:\r\n"
#define PLAIN "AUTH PLAIN AGFubgBleGFtcGxl\r\n" /* NUL ann NUL example */

#define OK4 OK OK OK OK
#define OK16 OK4 OK4 OK4 OK4
#define RSET4 "RSET\r\nRSET\r\nRSET\r\nRSET\r\n"
#define RSET16 RSET4 RSET4 RSET4 RSET4

static const struct scenario scenarios[] = {
	{ "greeting", { SERVER(GREETING) }, AUTH_UNKNOWN, NULL },
	{ "hello and goodbye", { BEGIN, CLIENT("QUIT\r\n"), SERVER("221 2.0.0 Bye\r\n") }, AUTH_UNKNOWN, NULL },
	{ "mail", { BEGIN, CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER(OK), CLIENT("DATA\r\n"), SERVER("354 End data with .\r\n"), CLIENT("Subject: x\r\n\r\nAUTH PLAIN AGFubgBleGFtcGxl\r\n.\r\n"), SERVER(OK) }, AUTH_NONE, NULL },
	{ "mail, pipelined", { BEGIN, CLIENT(MAIL RCPT "DATA\r\n"), SERVER(OK OK "354 go\r\n") }, AUTH_NONE, NULL },
	{ "mail in chunks", { BEGIN, CLIENT(MAIL RCPT "BDAT 8\r\nAUTH me\r\nBDAT 4 LAST\r\nQUIT"), SERVER(OK OK OK OK) }, AUTH_NONE, NULL },
	{ "recipient refused", { BEGIN, CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER("550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown\r\n") }, AUTH_UNKNOWN, NULL },
	{ "login demanded", { BEGIN, CLIENT(MAIL), SERVER("530 5.7.0 Authentication required\r\n") }, AUTH_FAILURE, NULL },
	{ "TLS demanded, of whomever", { BEGIN, CLIENT(MAIL), SERVER("530 5.7.0 Must issue a STARTTLS command first\r\n") }, AUTH_UNKNOWN, NULL },
	{ "an address with a word in it", { BEGIN, CLIENT(MAIL RCPT), SERVER(OK "550 5.1.1 <login@example.org>: User unknown\r\n") }, AUTH_UNKNOWN, NULL },
	{ "a sender's domain that did not prove itself", { BEGIN, CLIENT(MAIL RCPT), SERVER(OK "550 5.7.26 Unauthenticated email is not accepted due to the domain's DMARC policy\r\n") }, AUTH_UNKNOWN, NULL },
	{ "an address, then a demand", { BEGIN, CLIENT(MAIL RCPT), SERVER(OK "550 5.7.1 <login@example.org>... Relaying denied. Proper authentication required.\r\n") }, AUTH_FAILURE, NULL },
	{ "too far ahead", { BEGIN, CLIENT(RSET16 RSET16 "RSET\r\nRSET\r\n" PLAIN), SERVER(OK16 OK16 OK), CLIENT("STARTTLS\r\n" MAIL RCPT), SERVER(OK BAD "454 no\r\n" OK OK) }, AUTH_ATTEMPTED, "sasl-plain", true, .principal = "ann" },
	{ "login demanded in words", { BEGIN, CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER("553-5.7.1 Sender address rejected:\r\n553 5.7.1 not logged in\r\n") }, AUTH_FAILURE, NULL },
	{ "one recipient refused, one served", { BEGIN, CLIENT(MAIL RCPT RCPT), SERVER(OK "530 5.7.0 Authentication required\r\n" OK) }, AUTH_NONE, NULL },
	{ "PLAIN", { BEGIN, CLIENT(PLAIN), SERVER(GOOD), CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER(OK) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN in two steps", { BEGIN, CLIENT("AUTH PLAIN\r\n"), SERVER("334 \r\n"), CLIENT("AGFubgBleGFtcGxl\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN wrong", { BEGIN, CLIENT(PLAIN), SERVER(BAD) }, AUTH_FAILURE, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN wrong, then mail", { BEGIN, CLIENT(PLAIN), SERVER(BAD), CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER(OK) }, AUTH_NONE, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN wrong, then right", { BEGIN, CLIENT(PLAIN), SERVER(BAD), CLIENT(PLAIN), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN refused without TLS", { BEGIN, CLIENT("AUTH PLAIN\r\n"), SERVER("538 5.7.11 Encryption required for requested authentication mechanism\r\n") }, AUTH_FAILURE, "sasl-plain" },
	{ "PLAIN not offered", { BEGIN, CLIENT("AUTH PLAIN\r\n"), SERVER("503 5.5.1 Error: authentication not enabled\r\n") }, AUTH_ATTEMPTED, "sasl-plain" },
	{ "PLAIN unanswered", { BEGIN, CLIENT(PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN, server in trouble", { BEGIN, CLIENT(PLAIN), SERVER("454 4.7.0 Temporary authentication failure\r\n") }, AUTH_ATTEMPTED, "sasl-plain", true, .principal = "ann" },
	{ "PLAIN given up", { BEGIN, CLIENT("AUTH PLAIN\r\n"), SERVER("334 \r\n"), CLIENT("*\r\n"), SERVER("501 5.7.0 Authentication aborted\r\n") }, AUTH_ATTEMPTED, "sasl-plain" },
	{ "LOGIN", { BEGIN, CLIENT("AUTH LOGIN\r\n"), SERVER("334 VXNlcm5hbWU6\r\n"), CLIENT("YW5u\r\n"), SERVER("334 UGFzc3dvcmQ6\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-login", true, .principal = "ann" },
	{ "LOGIN, name at once", { BEGIN, CLIENT("AUTH LOGIN YW5u\r\n"), SERVER("334 UGFzc3dvcmQ6\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), SERVER(BAD) }, AUTH_FAILURE, "sasl-login", true, .principal = "ann" },
	{ "LOGIN, name only", { BEGIN, CLIENT("AUTH LOGIN\r\n"), SERVER("334 VXNlcm5hbWU6\r\n"), CLIENT("YW5u\r\n"), SERVER("334 UGFzc3dvcmQ6\r\n") }, AUTH_ATTEMPTED, "sasl-login", .principal = "ann" },
	{ "CRAM-MD5", { BEGIN, CLIENT("AUTH CRAM-MD5\r\n"), SERVER("334 PDE+\r\n"), CLIENT("YW5uIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-cram-md5", .principal = "ann" },
	{ "SCRAM-SHA-256", { BEGIN, CLIENT("AUTH SCRAM-SHA-256 biwsbj1hbm4scj14\r\n"), SERVER("334 cj14\r\n"), CLIENT("Yz1iaXdz\r\n"), SERVER("334 dj14\r\n"), CLIENT("\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "scram-sha-256", .principal = "ann" },
	{ "XOAUTH2 wrong", { BEGIN, CLIENT("AUTH XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgeAEB\r\n"), SERVER("334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"), CLIENT("\r\n"), SERVER(BAD) }, AUTH_FAILURE, "sasl-xoauth2", true, .principal = "ann" },
	{ "a mechanism nobody knows", { BEGIN, CLIENT("AUTH X-MINE Zm9v\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-other" },
	{ "EXTERNAL", { BEGIN, CLIENT("AUTH EXTERNAL =\r\n"), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-external" },
	{ "not permitted afterwards", { BEGIN, CLIENT(PLAIN), SERVER(GOOD), CLIENT(MAIL), SERVER("553 5.7.1 <ann@example.org>: Sender address rejected: not owned by user ann\r\n") }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED), .principal = "ann" },
	{ "STARTTLS", { BEGIN, CLIENT("STARTTLS\r\n"), SERVER("220 2.0.0 Ready to start TLS\r\n") }, AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "STARTTLS after mail", { BEGIN, CLIENT(MAIL RCPT "STARTTLS\r\n"), SERVER(OK OK "220 go\r\n") }, AUTH_NONE, NULL, false, NOTE(EARLY_DATA), .upgrade = true },
	{ "STARTTLS refused", { BEGIN, CLIENT("STARTTLS\r\n"), SERVER("454 4.7.0 TLS not available due to local problem\r\n"), CLIENT(MAIL RCPT), SERVER(OK OK) }, AUTH_NONE, NULL, false, NOTE(UPGRADE_REFUSED) },
	{ "LMTP", { SERVER("220 mx.example Dovecot LMTP ready\r\n"), CLIENT("LHLO client.example\r\n"), SERVER("250-mx.example\r\n250 8BITMIME\r\n"), CLIENT(MAIL RCPT), SERVER(OK OK) }, AUTH_NONE, NULL, .protocol = "lmtp" },
	{ "HELO, and a greeting that does not say what", { SERVER("220 mx.example ready\r\n"), CLIENT("helo client\r\n"), SERVER("250 mx.example\r\n"), CLIENT("vrfy ann\r\nexpn list\r\n"), SERVER("252 maybe\r\n250 ann@example.org\r\n") }, AUTH_NONE, NULL },
	{ "replies of other captures come first", { SERVER(GREETING EHLO_REPLY), CLIENT(EHLO), SERVER(GOOD), CLIENT(PLAIN) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "goodbye by the server", { BEGIN, SERVER("421 4.4.2 mx.example Error: timeout exceeded\r\n") }, AUTH_UNKNOWN, NULL },
	{ "mid-stream, served", { CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER(OK) }, AUTH_UNKNOWN, NULL, .midstream = true },
	{ "mid-stream, then AUTH", { CLIENT(EHLO), SERVER(EHLO_REPLY), CLIENT(PLAIN), SERVER(GOOD) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann", .midstream = true },
	{ "the client alone", { CLIENT(EHLO), CLIENT("AUTH LOGIN\r\n"), CLIENT("YW5u\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), CLIENT(MAIL RCPT "DATA\r\n"), CLIENT("AUTH PLAIN\r\n") }, AUTH_ATTEMPTED, "sasl-login", true, .principal = "ann" },
	{ "the client alone, STARTTLS", { CLIENT(EHLO), CLIENT("STARTTLS\r\n"), CLIENT("\x16\3\1") }, AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "mid-stream, refused, then served", { CLIENT(EHLO), SERVER(EHLO_REPLY), CLIENT(PLAIN), SERVER(BAD), CLIENT(MAIL), SERVER(OK), CLIENT(RCPT), SERVER(OK) }, AUTH_ATTEMPTED, "sasl-plain", true, .principal = "ann", .midstream = true },
	{ "not SMTP after all", { BEGIN, CLIENT("\x16\3\1\2\0\1\0\1\xfc\3\3\r\n") }, AUTH_UNKNOWN, NULL },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&smtp_dissector, "smtp", scenarios, COUNT_OF(scenarios));
	principals_check(&smtp_dissector, scenarios, COUNT_OF(scenarios));
}

static void
gaps(void **state)
{
	static const struct message messages[] = { BEGIN, CLIENT(PLAIN), SERVER(GOOD) };
	struct conversation c;

	(void)state;
	for (size_t i = 1; i < 5; i++) {
		conversation_init(&c, &smtp_dissector);
		for (size_t j = 0; j < 5; j++) {
			if (j == i)
				conversation_gap(&c, messages[j].from, messages[j].size);
			else
				conversation_send(&c, messages[j].from, messages[j].bytes, messages[j].size);
		}
		conversation_end(&c);
		assert_int_equal(c.evidence.authentication.result, i == 4 ? AUTH_ATTEMPTED : AUTH_UNKNOWN);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
		conversation_clear(&c);
	}
}

static void
one_side(void **state)
{
	struct conversation c;
	static const struct message messages[] = { SERVER(GREETING), SERVER("250-mx.example Hello client.example, I am glad to meet you, and this is what I offer to those who say so\r\n"
		"250-SIZE 36700160 which is a lot, and more than anybody needs, but nobody counts, and that was long ago, so it stays\r\n250-8BITMIME as everybody has had it for years and years, and nobody asks for it any more, they say\r\n"
		"250-PIPELINING for those that are in a hurry, and who is not, these days, with all the mail there is\r\n250-AUTH PLAIN LOGIN because people have passwords, and are fond of them, whatever one says about it\r\n250 HELP\r\n" GOOD) };

	(void)state;
	conversation_init(&c, &smtp_dissector);
	conversation_run(&c, messages, 2, 0);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_null(c.evidence.authentication.method);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ EHLO, 0, FROM_CLIENT, MATCH, 9999 },
		{ "helo x\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "LHLO x\r\n", 0, FROM_CLIENT, MATCH, 24 },
		{ "MAIL FROM:<>\r\n", 0, FROM_CLIENT, MATCH, 25 },
		{ "EH", 0, FROM_CLIENT, NEED_MORE, 25 },
		{ "EHLO client", 0, FROM_CLIENT, NEED_MORE, 25 },
		{ "EHLO \r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "EHLO\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "EHLO \1\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "HELLO 3\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "HEAD / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "USER ann\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ "*1\r\n$4\r\nPING\r\n", 0, FROM_CLIENT, NO_MATCH, 25 },
		{ GREETING, 0, FROM_SERVER, MATCH, 9999 },
		{ "220-mx.example ESMTP Exim 4.96\r\n220 more\r\n", 0, FROM_SERVER, MATCH, 9999 },
		{ "220 mx LMTP\r\n", 0, FROM_SERVER, MATCH, 9999 },
		{ "220 hello\r\n", 0, FROM_SERVER, MATCH, 25 },
		{ "220 (vsFTPd 3.0.3)\r\n", 0, FROM_SERVER, NEED_MORE, 21 },
		{ "220 mx", 0, FROM_SERVER, NEED_MORE, 25 },
		{ "2", 0, FROM_SERVER, NEED_MORE, 25 },
		{ "554 no\r\n", 0, FROM_SERVER, MATCH, 25 },
		{ "554 no\r\n", 0, FROM_SERVER, NO_MATCH, 21 },
		{ "220\r\n", 0, FROM_SERVER, NO_MATCH, 25 },
		{ "220x SMTP\r\n", 0, FROM_SERVER, NO_MATCH, 25 },
		{ "230 SMTP\r\n", 0, FROM_SERVER, NO_MATCH, 25 },
		{ "220 SMTP \1\r\n", 0, FROM_SERVER, NO_MATCH, 25 },
		{ "HTTP/1.1 220 SMTP\r\n", 0, FROM_SERVER, NO_MATCH, 25 },
	};

	(void)state;
	probes_check(&smtp_dissector, list, COUNT_OF(list));
}

/* Lines without an end, replies that are none. */
static void
hostile(void **state)
{
	static const struct verdict_case list[] = {
		{ { SERVER("2x0 hello\r\n") }, NO_MATCH },
		{ { SERVER("220-mx ESMTP\r\n250 b\r\n") }, MALFORMED },
	};
	struct conversation c;

	(void)state;
	endless_line_check(&smtp_dissector, EHLO, FROM_CLIENT);
	verdicts_check(&smtp_dissector, list, COUNT_OF(list));
	/* More commands at once than are remembered. */
	conversation_init(&c, &smtp_dissector);
	SAY(&c, FROM_SERVER, GREETING);
	for (int i = 0; i < 50; i++)
		SAY(&c, FROM_CLIENT, "NOOP\r\n");
	for (int i = 0; i < 60; i++)
		SAY(&c, FROM_SERVER, OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes), cmocka_unit_test(gaps), cmocka_unit_test(one_side), cmocka_unit_test(probes), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
