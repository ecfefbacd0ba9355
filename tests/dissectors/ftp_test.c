/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP control connections, with replies as vsftpd, Pure-FTPd and BSD's server give them: logins and
 * their outcomes, what is served without one, TLS and GSS-API, and other protocols with the same words.
 */
#include <config.h>

#include "scenario.h"

#define HELLO SERVER("220 (vsFTPd 3.0.3)\r\n")
#define USER CLIENT("USER ann\r\n"), SERVER("331 Please specify the password.\r\n")

static const struct scenario scenarios[] = {
	{ "accepted", { HELLO, USER, CLIENT("PASS plum-7\r\n"), SERVER("230 Login successful.\r\n"), CLIENT("PWD\r\n"), SERVER("257 \"/\"\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true },
	{ "refused", { HELLO, USER, CLIENT("PASS plum-7\r\n"), SERVER("530 Login incorrect.\r\n") }, AUTH_FAILURE, "ftp-user-pass", true },
	{ "no answer", { HELLO, USER, CLIENT("PASS plum-7\r\n") }, AUTH_ATTEMPTED, "ftp-user-pass", true },
	{ "too many", { HELLO, USER, CLIENT("PASS plum-7\r\n"), SERVER("421 Too many connections.\r\n") }, AUTH_ATTEMPTED, "ftp-user-pass", true },
	{ "no password said", { HELLO, USER }, AUTH_UNKNOWN, NULL, false },
	{ "no password needed", { HELLO, CLIENT("USER ann\r\n"), SERVER("230 User ann logged in.\r\n") }, AUTH_NONE, NULL, false },
	{ "user refused", { HELLO, CLIENT("USER ann\r\n"), SERVER("530 This FTP server is anonymous only.\r\n") }, AUTH_FAILURE, NULL, false },
	{ "refused, then accepted", { HELLO, USER, CLIENT("PASS plum-8\r\n"), SERVER("530 No.\r\n"), CLIENT("user ann\r\npass plum-7\r\n"), SERVER("331 Pass.\r\n230-Hello\r\n 230 not the end\r\n230 ok\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true },
	{ "anonymous", { HELLO, CLIENT("USER anonymous\r\n"), SERVER("331 Guest login ok.\r\n"), CLIENT("PASS ann@\r\n"), SERVER("230 Login successful.\r\n") }, AUTH_SUCCESS, "ftp-anonymous", true },
	{ "one-time password", { HELLO, CLIENT("USER ann\r\n"), SERVER("331 Response to otp-md5 95 xy1234 required for ann.\r\n"), CLIENT("PASS A B C D E F\r\n"), SERVER("230 ok\r\n") }, AUTH_SUCCESS, "ftp-otp", false },
	{ "account", { HELLO, USER, CLIENT("PASS plum-7\r\n"), SERVER("332 Account?\r\n"), CLIENT("ACCT fruit\r\n"), SERVER("230 ok\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true },
	{ "password first", { HELLO, CLIENT("FEAT\r\n"), SERVER("211-Features:\r\n UTF8\r\n211 End\r\n"), CLIENT("PASS plum-7\r\n"), SERVER("503 Login with USER first.\r\n") }, AUTH_FAILURE, "ftp-user-pass", true },
	{ "not logged in", { HELLO, CLIENT("SYST\r\n"), SERVER("215 UNIX Type: L8\r\n"), CLIENT("PASV\r\n"), SERVER("530 Please login with USER and PASS.\r\n") }, AUTH_FAILURE, NULL, false },
	{ "served without", { HELLO, CLIENT("FEAT\r\n"), SERVER("211 none\r\n"), CLIENT("LIST\r\n"), SERVER("150 Here it comes.\r\n"), SERVER("226 Sent.\r\n") }, AUTH_NONE, NULL, false },
	{ "odd answers", { HELLO, CLIENT("FEAT\r\n"), SERVER("500 What?\r\n"), CLIENT("SIZE x\r\n"), SERVER("550 No such file.\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "Telnet's interrupt", { HELLO, CLIENT("FEAT\r\n"), SERVER("211 none\r\n"), CLIENT("\xff\xf4\xff\xf2" "ABOR\r\n"), SERVER("226 ok\r\n"), CLIENT("XYZZY\r\n"), SERVER("500 What?\r\n") }, AUTH_UNKNOWN, NULL, false },
	{ "GSS-API", { HELLO, CLIENT("AUTH GSSAPI\r\n"), SERVER("334 go on\r\n"), CLIENT("ADAT YII=\r\n"), SERVER("235 ADAT=YII=\r\n") }, AUTH_SUCCESS, "gssapi", false },
	{ "GSS-API, refused", { HELLO, CLIENT("AUTH GSSAPI\r\n"), SERVER("334 go on\r\n"), CLIENT("ADAT YII=\r\n"), SERVER("535 no\r\n") }, AUTH_FAILURE, "gssapi", false },
	{ "GSS-API, 232", { HELLO, CLIENT("AUTH GSSAPI\r\n"), SERVER("334 go on\r\n"), CLIENT("USER ann\r\n"), SERVER("232 in\r\n") }, AUTH_SUCCESS, "ftp-user-pass", false },
	{ "a virtual host", { HELLO, CLIENT("HOST ftp.example\r\n"), SERVER("220 Host accepted\r\n"), USER, CLIENT("PASS plum-7\r\n"), SERVER("230 ok\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true },
	{ "begun again", { HELLO, CLIENT("REIN\r\n"), SERVER("220 Ready\r\n"), USER, CLIENT("PASS plum-7\r\n"), SERVER("530 no\r\n") }, AUTH_FAILURE, "ftp-user-pass", true },
	{ "ahead of the greeting", { CLIENT("USER ann\r\nPASS plum-7\r\n"), SERVER("120 wait\r\n220 (vsFTPd 3.0.3)\r\n331 Pass.\r\n230 ok\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true },
	{ "too far ahead", { HELLO, CLIENT("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nUSER ann\r\nPASS plum-7\r\n"), SERVER("200 ok\r\n200 ok\r\n200 ok\r\n200 ok\r\n200 ok\r\n"), SERVER("200 ok\r\n200 ok\r\n200 ok\r\n331 Pass.\r\n530 no\r\n") }, AUTH_ATTEMPTED, "ftp-user-pass", true },
	{ "a superfluous account", { HELLO, USER, CLIENT("ACCT fruit\r\n"), SERVER("202 not needed\r\n") }, AUTH_ATTEMPTED, "ftp-user-pass", true },
	{ "TLS refused", { HELLO, CLIENT("AUTH TLS\r\n"), SERVER("530 Please login with USER and PASS.\r\n"), USER, CLIENT("PASS plum-7\r\n"), SERVER("230 ok\r\n") }, AUTH_SUCCESS, "ftp-user-pass", true, NOTE(UPGRADE_REFUSED) },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&ftp_dissector, "ftp", scenarios, COUNT_OF(scenarios));
}

static void
begin(struct conversation *c)
{
	conversation_init(c, &ftp_dissector);
	SAY(c, FROM_SERVER, "220 FTP\r\n");
}

static void
upgrades(void **state)
{
	struct conversation c;

	(void)state;
	for (int worked = 0; worked < 2; worked++) {
		begin(&c);
		if (worked) {
			SAY(&c, FROM_CLIENT, "PWD\r\n");
			SAY(&c, FROM_SERVER, "530 no\r\n");
		}
		SAY(&c, FROM_CLIENT, "AUTH TLS\r\n\x16\x03\x01");
		assert_ptr_equal(c.dissector, &ftp_dissector);
		SAY(&c, FROM_SERVER, "234 Proceed with negotiation.\r\n");
		assert_ptr_equal(c.dissector, &tls_dissector);
		assert_int_equal(evidence_has_note(&c.evidence, NOTE_EARLY_DATA), worked);
		conversation_clear(&c);
	}
	begin(&c);
	SAY(&c, FROM_CLIENT, "AUTH SSL\r\n");
	SAY(&c, FROM_SERVER, "504 no\r\n");
	assert_true(evidence_has_note(&c.evidence, NOTE_UPGRADE_REFUSED));
	conversation_clear(&c);
	begin(&c);
	SAY(&c, FROM_CLIENT, "AUTH GSSAPI\r\n");
	SAY(&c, FROM_SERVER, "334 go on\r\n");
	SAY(&c, FROM_CLIENT, "ADAT YII=\r\n");
	SAY(&c, FROM_SERVER, "235 ok\r\n");
	SAY(&c, FROM_CLIENT, "ENC YII=\r\n");
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PARTIAL);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
odd_streams(void **state)
{
	static char line[9000];
	struct conversation c;

	(void)state;
	/* Mid-stream nobody knows who logged in before. */
	conversation_init_midstream(&c, &ftp_dissector);
	SAY(&c, FROM_CLIENT, "PASV\r\n");
	SAY(&c, FROM_SERVER, "227 Entering Passive Mode (192,0,2,1,200,1).\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_gap(&c, FROM_CLIENT, 10);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	/* More commands than can be paired with replies. */
	begin(&c);
	for (int i = 0; i < 8; i++)
		SAY(&c, FROM_CLIENT, "NOOP\r\n");
	SAY(&c, FROM_CLIENT, "PWD\r\n");
	for (int i = 0; i < 9; i++)
		SAY(&c, FROM_SERVER, "200 ok\r\n");
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* POP3 has USER, too. */
	conversation_init(&c, &ftp_dissector);
	SAY(&c, FROM_CLIENT, "USER ann\r\n");
	SAY(&c, FROM_SERVER, "+OK\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	begin(&c);
	SAY(&c, FROM_CLIENT, "EHLO mail.example\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	begin(&c);
	SAY(&c, FROM_CLIENT, "FEAT\r\n");
	SAY(&c, FROM_SERVER, "211 none\r\n");
	memset(line, 'x', sizeof(line) - 1);
	conversation_send(&c, FROM_SERVER, line, strlen(line));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &ftp_dissector);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, "USER ann\r\n");
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ "USER ann\r\n", 0, FROM_CLIENT, MATCH },
		{ "USER ann 0 * :Ann\r\n", 0, FROM_CLIENT, NO_MATCH }, /* IRC */
		{ "USER\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "US", 0, FROM_CLIENT, NEED_MORE },
		{ "AUTH TLS\r\n", 0, FROM_CLIENT, MATCH },
		{ "auth ssl\r\n", 0, FROM_CLIENT, MATCH },
		{ "AUTH LOGIN\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "FEAT\r\n", 0, FROM_CLIENT, MATCH },
		{ "OPTS UTF8 ON\r\n", 0, FROM_CLIENT, MATCH },
		{ "OPTS x\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "PASV\r\n", 0, FROM_CLIENT, MATCH },
		{ "HOST ftp.example\r\n", 0, FROM_CLIENT, NEED_MORE },
		{ "OPTIONS / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "OPTIONS", 0, FROM_CLIENT, NO_MATCH },
		{ "SUBSCRIBE x\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "220 (vsFTPd 3.0.3)\r\n", 0, FROM_SERVER, MATCH },
		{ "220-Welcome\r\n220 ProFTPD\r\n", 0, FROM_SERVER, MATCH },
		{ "220 Welcome\r\n", 0, FROM_SERVER, NEED_MORE },
		{ "220", 0, FROM_SERVER, NEED_MORE },
		{ "220 mail.example ESMTP\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "200 NNTP\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "2205 x\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "227 Entering Passive Mode (192,0,2,1,200,1).\r\n", 0, FROM_SERVER, MATCH },
		{ "229 x\r\n", 0, FROM_SERVER, NO_MATCH },
		{ "HTTP/1.1 200 OK\r\n", 0, FROM_SERVER, NO_MATCH },
	};
	struct flow_view flow = { 0 };
	enum strength strength;
	char line[1200];

	(void)state;
	probes_check(&ftp_dissector, list, COUNT_OF(list));
	memset(line, ' ', sizeof(line));
	memcpy(line, "220 ", 4);
	assert_int_equal(ftp_dissector.probe(&flow, FROM_SERVER, cursor_over(line, sizeof(line)), &strength), NO_MATCH);
	assert_int_equal(ftp_dissector.probe(&flow, FROM_CLIENT, cursor_over(line + 4, 600), &strength), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(upgrades),
		cmocka_unit_test(odd_streams),
		cmocka_unit_test(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
