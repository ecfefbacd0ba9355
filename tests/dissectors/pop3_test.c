/* SPDX-License-Identifier: Apache-2.0 */
/* POP3 conversations, with responses as Dovecot and others give them. */
#include <config.h>

#include "scenario.h"

#define GREETING "+OK Dovecot (Debian) ready. <1.2@mx.example>\r\n"
#define CAPA_REPLY "+OK\r\nCAPA\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n"
#define LOGGED_IN "+OK Logged in.\r\n"
#define FAILED "-ERR [AUTH] Authentication failed.\r\n"

static const struct scenario scenarios[] = {
	{ "greeting", { SERVER(GREETING), CLIENT("QUIT\r\n"), SERVER("+OK Logging out\r\n") }, AUTH_UNKNOWN, NULL },
	{ "what the server can", { SERVER(GREETING), CLIENT("CAPA\r\nQUIT\r\n"), SERVER(CAPA_REPLY "+OK\r\n") }, AUTH_UNKNOWN, NULL },
	{ "USER and PASS", { SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS example\r\n"), SERVER(LOGGED_IN), CLIENT("STAT\r\n"), SERVER("+OK 0 0\r\n") }, AUTH_SUCCESS, "pop3-user-pass", true, .principal = "ann" },
	{ "wrong", { SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS wrong\r\n"), SERVER(FAILED) }, AUTH_FAILURE, "pop3-user-pass", true, .principal = "ann" },
	{ "ahead", { SERVER(GREETING), CLIENT("CAPA\r\nUSER ann\r\nPASS wrong\r\nQUIT\r\n"), SERVER(CAPA_REPLY "+OK\r\n" FAILED "+OK\r\n") }, AUTH_FAILURE, "pop3-user-pass", true, .principal = "ann" },
	{ "before the greeting", { CLIENT("USER ann\r\nPASS wrong\r\n"), SERVER(GREETING "+OK\r\n" FAILED) }, AUTH_FAILURE, "pop3-user-pass", true, .principal = "ann" },
	{ "CAPA before the greeting", { CLIENT("CAPA\r\nUSER ann\r\nPASS wrong\r\n"), SERVER(GREETING CAPA_REPLY "+OK\r\n" FAILED) }, AUTH_FAILURE, "pop3-user-pass", true, .principal = "ann" },
	{ "greeting not captured", { CLIENT("CAPA\r\n"), SERVER(CAPA_REPLY), CLIENT("USER ann\r\n"), SERVER("+OK\r\n"), CLIENT("PASS example\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "pop3-user-pass", true, .principal = "ann" },
	{ "unanswered", { SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n") }, AUTH_ATTEMPTED, "pop3-user-pass", true, .principal = "ann" },
	{ "USER refused", { SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n") }, AUTH_FAILURE, "pop3-user-pass", .principal = "ann" },
	{ "mailbox in use", { SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n-ERR [IN-USE] Do you have another POP session running?\r\n") }, AUTH_SUCCESS, "pop3-user-pass", true, NOTE(NOT_PERMITTED), .principal = "ann" },
	{ "mailbox in use, said too early", { SERVER(GREETING), CLIENT("USER ann\r\n"), SERVER("-ERR [IN-USE] Locked.\r\n") }, AUTH_ATTEMPTED, "pop3-user-pass", .principal = "ann" },
	{ "server in trouble", { SERVER(GREETING), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n-ERR [SYS/TEMP] Temporary authentication failure.\r\n") }, AUTH_ATTEMPTED, "pop3-user-pass", true, .principal = "ann" },
	{ "APOP", { SERVER(GREETING), CLIENT("APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "pop3-apop", .principal = "ann" },
	{ "APOP wrong", { SERVER(GREETING), CLIENT("APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n"), SERVER(FAILED) }, AUTH_FAILURE, "pop3-apop", .principal = "ann" },
	{ "AUTH PLAIN", { SERVER(GREETING), CLIENT("AUTH PLAIN\r\n"), SERVER("+ \r\n"), CLIENT("AGFubgBleGFtcGxl\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "sasl-plain", true, .principal = "ann" },
	{ "AUTH PLAIN at once", { SERVER(GREETING), CLIENT("AUTH PLAIN AGFubgBleGFtcGxl\r\n"), SERVER(FAILED) }, AUTH_FAILURE, "sasl-plain", true, .principal = "ann" },
	{ "AUTH CRAM-MD5", { SERVER(GREETING), CLIENT("AUTH CRAM-MD5\r\n"), SERVER("+ PDE+\r\n"), CLIENT("YW5uIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\r\n"), SERVER(LOGGED_IN) }, AUTH_SUCCESS, "sasl-cram-md5", .principal = "ann" },
	{ "AUTH, to be told what there is", { SERVER(GREETING), CLIENT("AUTH\r\n"), SERVER("+OK\r\nPLAIN\r\n.\r\n"), CLIENT("AUTH\r\n"), SERVER("-ERR 1 argument required\r\n"), CLIENT("USER ann\r\nPASS example\r\n"), SERVER("+OK\r\n" LOGGED_IN) }, AUTH_SUCCESS, "pop3-user-pass", true, .principal = "ann" },
	{ "a mailbox for anybody", { SERVER(GREETING), CLIENT("STAT\r\n"), SERVER("+OK 1 20\r\n") }, AUTH_NONE, NULL },
	{ "a mailbox for nobody", { SERVER(GREETING), CLIENT("STAT\r\n"), SERVER("-ERR Please log in first\r\n") }, AUTH_FAILURE, NULL },
	{ "a command nobody knows", { SERVER(GREETING), CLIENT("XYZZY\r\n"), SERVER("-ERR Unknown command.\r\n") }, AUTH_UNKNOWN, NULL },
	{ "STLS", { SERVER(GREETING), CLIENT("STLS\r\n"), SERVER("+OK Begin TLS negotiation now.\r\n") }, AUTH_UNKNOWN, NULL, .upgrade = true },
	{ "STLS refused", { SERVER(GREETING), CLIENT("STLS\r\n"), SERVER("-ERR TLS support isn't enabled.\r\n"), CLIENT("USER ann\r\nPASS wrong\r\n"), SERVER("+OK\r\n" FAILED) }, AUTH_FAILURE, "pop3-user-pass", true, NOTE(UPGRADE_REFUSED), .principal = "ann" },
	{ "mid-stream", { CLIENT("STAT\r\n"), SERVER("+OK 1 20\r\n") }, AUTH_UNKNOWN, NULL, .midstream = true },
	{ "the client alone", { CLIENT("CAPA\r\n"), CLIENT("AUTH LOGIN\r\n"), CLIENT("YW5u\r\n"), CLIENT("ZXhhbXBsZQ==\r\n"), CLIENT("STAT\r\n") }, AUTH_ATTEMPTED, "sasl-login", true, .principal = "ann" },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&pop3_dissector, "pop3", scenarios, COUNT_OF(scenarios));
	principals_check(&pop3_dissector, scenarios, COUNT_OF(scenarios));
}

static void
gap(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &pop3_dissector);
	SAY(&c, FROM_CLIENT, "USER ann\r\nPASS example\r\n");
	conversation_gap(&c, FROM_SERVER, 30);
	SAY(&c, FROM_SERVER, LOGGED_IN);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ GREETING, 0, FROM_SERVER, MATCH, 9999 },
		{ "+OK POP3 server ready\r\n", 0, FROM_SERVER, MATCH, 9999 },
		{ "+OK hi\r\n", 0, FROM_SERVER, MATCH, 110 },
		{ "+OK hi\r\n", 0, FROM_SERVER, NEED_MORE, 9999 },
		{ "+O", 0, FROM_SERVER, NEED_MORE, 110 },
		{ "+OK ready", 0, FROM_SERVER, NEED_MORE, 110 },
		{ "+PONG\r\n", 0, FROM_SERVER, NO_MATCH, 110 },
		{ "+OKready\r\n", 0, FROM_SERVER, NO_MATCH, 110 },
		{ "+OK \1 ready\r\n", 0, FROM_SERVER, NO_MATCH, 110 },
		{ "+OK\r\n", 0, FROM_SERVER, NEED_MORE, 6379 },
		{ "CAPA\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "stls\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n", 0, FROM_CLIENT, MATCH, 9999 },
		{ "USER ann\r\n", 0, FROM_CLIENT, MATCH, 110 },
		{ "USER ann\r\n", 0, FROM_CLIENT, NEED_MORE, 21 },
		{ "AUTH PLAIN\r\n", 0, FROM_CLIENT, NEED_MORE, 25 },
		{ "CAPABILITY\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "APOP ann x\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "CAPA now\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "SET k 0 0 1\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "USER ann", 0, FROM_CLIENT, NEED_MORE, 110 },
		{ "SUBSCRIBE", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "USER \1\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
		{ "a1 LOGIN a b\r\n", 0, FROM_CLIENT, NO_MATCH, 110 },
	};

	(void)state;
	probes_check(&pop3_dissector, list, COUNT_OF(list));
}

static void
hostile(void **state)
{
	static const struct verdict_case list[] = {
		{ { SERVER("what\r\n") }, NO_MATCH },
		{ { CLIENT("CAPA\r\n\1\2\3\r\n") }, MALFORMED },
	};

	(void)state;
	endless_line_check(&pop3_dissector, "CAPA\r\n", FROM_CLIENT);
	verdicts_check(&pop3_dissector, list, COUNT_OF(list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes), cmocka_unit_test(gap), cmocka_unit_test(probes), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
