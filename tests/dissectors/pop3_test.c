/* SPDX-License-Identifier: Apache-2.0 */
/* POP3 conversations, with responses as Dovecot and others give them. */
#include <config.h>

#include "mail_cases.h"

#define GREETING "+OK Dovecot (Debian) ready. <1.2@mx.example>\r\n"
#define CAPA_REPLY "+OK\r\nCAPA\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n"
#define LOGGED_IN "+OK Logged in.\r\n"
#define FAILED "-ERR [AUTH] Authentication failed.\r\n"

static const struct mail_case cases[] = {
	{ "greeting", MESSAGES(SERVER(GREETING), CLIENT("QUIT\r\n"), SERVER("+OK Logging out\r\n")), AUTH_UNKNOWN, NULL },
	{ "what the server can", MESSAGES(SERVER(GREETING), CLIENT("CAPA\r\nQUIT\r\n"), SERVER(CAPA_REPLY "+OK\r\n")), AUTH_UNKNOWN, NULL },
	{ "USER and PASS", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS example\r\n"), SERVER(LOGGED_IN), CLIENT("STAT\r\n"), SERVER("+OK 0 0\r\n")), AUTH_SUCCESS, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "wrong", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS wrong\r\n"), SERVER(FAILED)), AUTH_FAILURE, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "ahead", MESSAGES(SERVER(GREETING), CLIENT("CAPA\r\nUSER ann\r\nPASS wrong\r\nQUIT\r\n"), SERVER(CAPA_REPLY "+OK\r\n" FAILED "+OK\r\n")), AUTH_FAILURE, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "before the greeting", MESSAGES(CLIENT("USER ann\r\nPASS wrong\r\n"), SERVER(GREETING "+OK\r\n" FAILED)), AUTH_FAILURE, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "CAPA before the greeting", MESSAGES(CLIENT("CAPA\r\nUSER ann\r\nPASS wrong\r\n"), SERVER(GREETING CAPA_REPLY "+OK\r\n" FAILED)), AUTH_FAILURE, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "greeting not captured", MESSAGES(CLIENT("CAPA\r\n"), SERVER(CAPA_REPLY), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS example\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "unanswered", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n")), AUTH_ATTEMPTED, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "USER refused", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n")), AUTH_FAILURE, "pop3-user-pass", .principal = "ann" },
	{ "mailbox in use", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n-ERR [IN-USE] Do you have another POP session running?\r\n")), AUTH_SUCCESS, "pop3-user-pass", .clear = true, .principal = "ann", .notes = 1u << NOTE_NOT_PERMITTED },
	{ "mailbox in use, said too early", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("-ERR [IN-USE] Locked.\r\n")), AUTH_ATTEMPTED, "pop3-user-pass", .principal = "ann" },
	{ "server in trouble", MESSAGES(SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n-ERR [SYS/TEMP] Temporary authentication failure.\r\n")), AUTH_ATTEMPTED, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "APOP", MESSAGES(SERVER(GREETING), CLIENT("APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "pop3-apop", .principal = "ann" },
	{ "APOP wrong", MESSAGES(SERVER(GREETING), CLIENT("APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n"), SERVER(FAILED)), AUTH_FAILURE, "pop3-apop", .principal = "ann" },
	{ "AUTH PLAIN", MESSAGES(SERVER(GREETING), CLIENT("AUTH PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("AGFubgBleGFtcGxl\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "sasl-plain", .clear = true, .principal = "ann" },
	{ "AUTH PLAIN at once", MESSAGES(SERVER(GREETING), CLIENT("AUTH PLAIN AGFubgBleGFtcGxl\r\n"), SERVER(FAILED)), AUTH_FAILURE, "sasl-plain", .clear = true, .principal = "ann" },
	{ "AUTH CRAM-MD5", MESSAGES(SERVER(GREETING), CLIENT("AUTH CRAM-MD5\r\n"), SERVER("+ PDE+\r\n"), CLIENT("YW5uIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\r\n"), SERVER(LOGGED_IN)), AUTH_SUCCESS, "sasl-cram-md5", .principal = "ann" },
	{ "AUTH, to be told what there is", MESSAGES(SERVER(GREETING), CLIENT("AUTH\r\n"), SERVER("+OK\r\nPLAIN\r\n.\r\n"), CLIENT("AUTH\r\n"), SERVER("-ERR 1 argument required\r\n"), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n" LOGGED_IN)), AUTH_SUCCESS, "pop3-user-pass", .clear = true, .principal = "ann" },
	{ "a mailbox for anybody", MESSAGES(SERVER(GREETING), CLIENT("STAT\r\n"), SERVER("+OK 1 20\r\n")), AUTH_NONE, NULL },
	{ "a mailbox for nobody", MESSAGES(SERVER(GREETING), CLIENT("STAT\r\n"), SERVER("-ERR Please log in first\r\n")), AUTH_FAILURE, NULL },
	{ "a command nobody knows", MESSAGES(SERVER(GREETING), CLIENT("XYZZY\r\n"), SERVER("-ERR Unknown command.\r\n")), AUTH_UNKNOWN, NULL },
	{ "STLS", MESSAGES(SERVER(GREETING), CLIENT("STLS\r\n"), SERVER("+OK Begin TLS negotiation now.\r\n")), AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "STLS refused", MESSAGES(SERVER(GREETING), CLIENT("STLS\r\n"), SERVER("-ERR TLS support isn't enabled.\r\n"), CLIENT("USER ann\r\nPASS wrong\r\n"), SERVER("+OK\r\n" FAILED)), AUTH_FAILURE, "pop3-user-pass", .clear = true, .principal = "ann", .notes = 1u << NOTE_UPGRADE_REFUSED },
	{ "mid-stream", MESSAGES(CLIENT("STAT\r\n"), SERVER("+OK 1 20\r\n")), AUTH_UNKNOWN, NULL, .midstream = true },
	{ "the client alone", MESSAGES(CLIENT("CAPA\r\n"), CLIENT("AUTH LOGIN\r\n"), CLIENT("YW5u\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), CLIENT("STAT\r\n")), AUTH_ATTEMPTED, "sasl-login", .clear = true, .principal = "ann" },
};

static void
outcomes(void **state)
{
	(void)state;
	mail_check_cases(&pop3_dissector, "pop3", cases, sizeof(cases) / sizeof(cases[0]));
}

static void
gap(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &pop3_dissector);
	conversation_send(&c, FROM_CLIENT, "USER ann\r\nPASS example\r\n", 24);
	conversation_gap(&c, FROM_SERVER, 30);
	conversation_send(&c, FROM_SERVER, LOGGED_IN, sizeof(LOGGED_IN) - 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct mail_probe list[] = {
		{ GREETING, FROM_SERVER, 9999, MATCH }, { "+OK POP3 server ready\r\n", FROM_SERVER, 9999, MATCH }, { "+OK hi\r\n", FROM_SERVER, 110, MATCH }, { "+OK hi\r\n", FROM_SERVER, 9999, NEED_MORE },
		{ "+O", FROM_SERVER, 110, NEED_MORE }, { "+OK ready", FROM_SERVER, 110, NEED_MORE }, { "+PONG\r\n", FROM_SERVER, 110, NO_MATCH }, { "+OKready\r\n", FROM_SERVER, 110, NO_MATCH }, { "+OK \1 ready\r\n", FROM_SERVER, 110, NO_MATCH },
		{ "+OK\r\n", FROM_SERVER, 6379, NEED_MORE },
		{ "CAPA\r\n", FROM_CLIENT, 9999, MATCH }, { "stls\r\n", FROM_CLIENT, 9999, MATCH }, { "APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n", FROM_CLIENT, 9999, MATCH }, { "USER ann\r\n", FROM_CLIENT, 110, MATCH },
		{ "USER ann\r\n", FROM_CLIENT, 21, NEED_MORE }, { "AUTH PLAIN\r\n", FROM_CLIENT, 25, NEED_MORE }, { "CAPABILITY\r\n", FROM_CLIENT, 110, NO_MATCH }, { "APOP ann x\r\n", FROM_CLIENT, 110, NO_MATCH }, { "CAPA now\r\n", FROM_CLIENT, 110, NO_MATCH },
		{ "SET k 0 0 1\r\n", FROM_CLIENT, 110, NO_MATCH }, { "USER ann", FROM_CLIENT, 110, NEED_MORE }, { "SUBSCRIBE", FROM_CLIENT, 110, NO_MATCH }, { "USER \1\r\n", FROM_CLIENT, 110, NO_MATCH }, { "a1 LOGIN a b\r\n", FROM_CLIENT, 110, NO_MATCH },
	};

	(void)state;
	mail_check_probes(&pop3_dissector, list, sizeof(list) / sizeof(list[0]));
}

static void
hostile(void **state)
{
	static char line[MAIL_CASE_LINE];
	struct conversation c;

	(void)state;
	memset(line, 'a', sizeof(line));
	conversation_init(&c, &pop3_dissector);
	conversation_send(&c, FROM_CLIENT, "CAPA\r\n", 6);
	conversation_send(&c, FROM_CLIENT, line, sizeof(line));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &pop3_dissector);
	conversation_send(&c, FROM_SERVER, "what\r\n", 6);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &pop3_dissector);
	conversation_send(&c, FROM_CLIENT, "CAPA\r\n\1\2\3\r\n", 11);
	assert_int_equal(c.verdict, MALFORMED);
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
