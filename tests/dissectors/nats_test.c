/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATS conversations, with messages as nats-server 2.9 and its clients send them: each way to log in and
 * its outcomes, the change to TLS, servers among themselves, losses, and what NATS must not be taken for.
 */
#include <config.h>

#include "scenario.h"

#define INFO_WITH(more) "INFO {\"server_id\":\"NEX\",\"server_name\":\"n1\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,\"max_payload\":1048576,\"client_id\":4" more "} \r\n"
#define INFO INFO_WITH("")
#define INFO_AUTH INFO_WITH(",\"auth_required\":true")
#define INFO_NONCE INFO_WITH(",\"auth_required\":true,\"nonce\":\"abcdefghijk\"")
#define CONNECT_WITH(more) "CONNECT {\"verbose\":false,\"pedantic\":false" more ",\"tls_required\":false,\"lang\":\"go\",\"version\":\"1.0\",\"protocol\":1,\"echo\":true}\r\n"
#define CONNECT CONNECT_WITH("")
#define USERPASS CONNECT_WITH(",\"user\":\"ann\",\"pass\":\"example\"")
#define TOKEN CONNECT_WITH(",\"auth_token\":\"example\"")
#define NKEY CONNECT_WITH(",\"nkey\":\"UEXAMPLE\",\"sig\":\"c2ln\"")
#define JWT CONNECT_WITH(",\"jwt\":\"eyJ0.eyJ9.c2ln\",\"sig\":\"c2ln\"")
#define BEARER CONNECT_WITH(",\"jwt\":\"eyJ0.eyJ9.c2ln\",\"sig\":\"\"")
#define PING "PING\r\n"
#define PONG "PONG\r\n"
#define VIOLATION "-ERR 'Authorization Violation'\r\n"

static const struct scenario scenarios[] = {
	{ "served", { SERVER(INFO), CLIENT(CONNECT PING), SERVER(PONG) }, AUTH_NONE, NULL, false, 0 },
	{ "served without CONNECT", { SERVER(INFO), CLIENT("SUB a 1\r\nPUB a 2\r\nhi\r\n"), SERVER("+OK\r\n") }, AUTH_NONE, NULL, false, 0 },
	{ "verbose", { SERVER(INFO), CLIENT("CONNECT {}\r\n"), SERVER("+OK\r\n") }, AUTH_NONE, NULL, false, 0 },
	{ "message", { SERVER(INFO), CLIENT(CONNECT "SUB a.* q 1\r\n"), SERVER("MSG a.b 1 4\r\nP\r\nG\r\n") }, AUTH_NONE, NULL, false, 0 },
	{ "unanswered", { SERVER(INFO), CLIENT(CONNECT PING) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "the server's PING is no answer", { SERVER(INFO_AUTH), CLIENT(USERPASS), SERVER(PING) }, AUTH_ATTEMPTED, "nats-userpass", true, 0 },
	{ "INFO is no answer", { SERVER(INFO_AUTH), CLIENT(USERPASS), SERVER(INFO) }, AUTH_ATTEMPTED, "nats-userpass", true, 0 },
	{ "user", { SERVER(INFO_AUTH), CLIENT(USERPASS PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-userpass", true, 0 },
	{ "user, verbose", { SERVER(INFO_AUTH), CLIENT(USERPASS), SERVER("+OK\r\n"), CLIENT("PUB a 2\r\nhi\r\n"), SERVER("+OK\r\n") }, AUTH_SUCCESS, "nats-userpass", true, 0 },
	{ "user, wrong", { SERVER(INFO_AUTH), CLIENT(USERPASS PING), SERVER(VIOLATION) }, AUTH_FAILURE, "nats-userpass", true, 0 },
	{ "user without password", { SERVER(INFO_AUTH), CLIENT(CONNECT_WITH(",\"user\":\"ann\",\"pass\":\"\"") PING), SERVER(VIOLATION) }, AUTH_FAILURE, "nats-userpass", false, 0 },
	{ "user where nobody asks", { SERVER(INFO), CLIENT(USERPASS PING), SERVER(PONG) }, AUTH_NONE, "nats-userpass", true, 0 },
	{ "user, who does not wait", { CLIENT(USERPASS PING), SERVER(INFO_AUTH PONG) }, AUTH_SUCCESS, "nats-userpass", true, 0 },
	{ "token", { SERVER(INFO_AUTH), CLIENT(TOKEN PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-token", true, 0 },
	{ "token, wrong", { SERVER(INFO_AUTH), CLIENT(TOKEN PING), SERVER(VIOLATION) }, AUTH_FAILURE, "nats-token", true, 0 },
	{ "nkey", { SERVER(INFO_NONCE), CLIENT(NKEY PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-nkey", false, 0 },
	{ "nkey, wrong", { SERVER(INFO_NONCE), CLIENT(NKEY PING), SERVER(VIOLATION) }, AUTH_FAILURE, "nats-nkey", false, 0 },
	{ "nkey beside a default user", { SERVER(INFO_WITH(",\"nonce\":\"abc\"")), CLIENT(NKEY PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-nkey", false, 0 },
	{ "jwt", { SERVER(INFO_NONCE), CLIENT(JWT PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-jwt", false, 0 },
	{ "bearer jwt", { SERVER(INFO_NONCE), CLIENT(BEARER PING), SERVER(PONG) }, AUTH_SUCCESS, "nats-jwt", true, 0 },
	{ "nothing given", { SERVER(INFO_AUTH), CLIENT(CONNECT PING), SERVER(VIOLATION) }, AUTH_FAILURE, NULL, false, 0 },
	{ "nothing said", { SERVER(INFO_AUTH), SERVER("-ERR 'Authentication Timeout'\r\n") }, AUTH_FAILURE, NULL, false, 0 },
	{ "expired", { SERVER(INFO_NONCE), CLIENT(JWT PING), SERVER("-ERR 'User Authentication Expired'\r\n") }, AUTH_FAILURE, "nats-jwt", false, 0 },
	{ "expired later", { SERVER(INFO_NONCE), CLIENT(JWT PING), SERVER(PONG), SERVER("-ERR 'User Authentication Expired'\r\n") }, AUTH_SUCCESS, "nats-jwt", false, 0 },
	{ "not permitted", { SERVER(INFO_AUTH), CLIENT(USERPASS PING "SUB x 1\r\n"), SERVER(PONG "-ERR 'Permissions Violation for Subscription to \"x\"'\r\n") }, AUTH_SUCCESS, "nats-userpass", true, NOTE(NOT_PERMITTED) },
	{ "not permitted at once", { SERVER(INFO_AUTH), CLIENT(USERPASS "SUB x 1\r\n"), SERVER("-ERR 'Permissions Violation for Subscription to \"x\"'\r\n") }, AUTH_SUCCESS, "nats-userpass", true, NOTE(NOT_PERMITTED) },
	{ "not permitted to anybody", { SERVER(INFO), CLIENT(CONNECT "SUB x 1\r\n"), SERVER("-ERR 'Permissions Violation for Subscription to \"x\"'\r\n") }, AUTH_NONE, NULL, false, 0 },
	{ "TLS demanded", { SERVER(INFO_WITH(",\"tls_required\":true")), CLIENT(CONNECT PING), SERVER("-ERR 'Secure Connection - TLS Required'\r\n") }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "headers, large payload", { SERVER(INFO_AUTH), CLIENT(TOKEN "HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n" PING), SERVER("HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n") }, AUTH_SUCCESS, "nats-token", true, 0 },
	{ "route", { SERVER(INFO_AUTH), CLIENT(USERPASS INFO_AUTH PING), SERVER("RS+ $G a q 1\r\n" PONG) }, AUTH_SUCCESS, "nats-userpass", true, 0 },
	{ "leaf node", { SERVER(INFO), CLIENT(CONNECT "LS+ a\r\n"), SERVER("LS+ b\r\nLMSG b 2\r\nhi\r\n") }, AUTH_NONE, NULL, false, 0 },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&nats_dissector, "nats", scenarios, COUNT_OF(scenarios));
}

static const struct probe_case probes[] = {
	{ INFO, 0, FROM_SERVER, MATCH },
	{ CONNECT, 0, FROM_CLIENT, MATCH },
	{ "connect {\"verbose\":true}\r\n", 0, FROM_CLIENT, MATCH },
	{ VIOLATION, 0, FROM_SERVER, MATCH },
	{ "PUB a 5\r\nhello\r\n", 0, FROM_CLIENT, MATCH },
	{ "PUB a 5\r\nhelloo\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "MSG a 1 5\r\nhello\r\n", 0, FROM_SERVER, MATCH },
	{ "MSG a 1 5\r\nhello\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "MSG 1 5\r\nhello\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "SUB a 1\r\nSUB b 2\r\n", 0, FROM_CLIENT, MATCH },
	{ "SUB a 1\r\n", 0, FROM_CLIENT, NEED_MORE },
	{ "PING\r\nPING\r\n", 0, FROM_CLIENT, NO_MATCH }, /* Redis, inline */
	{ "PONG\r\nPONG\r\n", 0, FROM_SERVER, MATCH },
	{ "+OK\r\n+OK\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "+PONG\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "+OK POP3 ready\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "-ERR login first\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "INFO\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "INFO {}\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "INFO [1]\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "CONNECT example.org:443 HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "CONNECT\naccept-version:1.2\n\n", 0, FROM_CLIENT, NO_MATCH },
	{ "SUBSCRIBE a\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "PUBLISH a\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "PUB a x\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "PUB a 99999999999\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "PUB \x01 5\r\nhello\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "HEAD / HTTP/1.1\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "\x16\x03\x01\x02\x00\x01", 0, FROM_CLIENT, NO_MATCH },
};

/* At the start of a connection there is nothing to answer. */
static const struct probe_case beginnings[] = {
	{ "PONG\r\nPONG\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "+OK\r\nPONG\r\n", 0, FROM_SERVER, NO_MATCH },
	{ "PONG\r\nPONG\r\n", 0, FROM_CLIENT, NO_MATCH },
	{ "SUB a 1\r\nPING\r\n", 0, FROM_CLIENT, MATCH },
	{ INFO, 0, FROM_SERVER, MATCH },
};

static void
probing(void **state)
{
	static const struct flow_view midway = { .roles_known = true }, begun = { .roles_known = true, .handshake_seen = true };
	char line[5000] = "INFO {";

	(void)state;
	probes_check(&nats_dissector, probes, COUNT_OF(probes));
	memset(line + 6, ' ', sizeof(line) - 6);
	assert_int_equal(probe_bytes(&nats_dissector, &midway, FROM_SERVER, line, sizeof(line), NULL), NO_MATCH);
	assert_int_equal(probe_bytes(&nats_dissector, &midway, FROM_CLIENT, BYTES(INFO), NULL), MATCH);
	probes_check_in(&nats_dissector, &begun, beginnings, COUNT_OF(beginnings));
}

static const char hello[] = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" "01234567890123456789012345678901" "\x00\x00\x02\x13\x01\x01\x00\x00\x00";

static void
changes_to_tls(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO_WITH(",\"tls_required\":true"));
	conversation_send(&c, FROM_CLIENT, hello, 3);
	conversation_send(&c, FROM_CLIENT, hello + 3, sizeof(hello) - 4);
	assert_ptr_equal(c.dissector, &tls_dissector);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UPGRADED);
	assert_string_equal(c.evidence.protocol, "nats");
	conversation_clear(&c);
	/* Something else that begins with the same byte. */
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO);
	SAY(&c, FROM_CLIENT, "\x16nothing like TLS, of that length");
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

/* Who joins late does not know what was said before. */
static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, "tail of a message\r\n");
	SAY(&c, FROM_SERVER, PONG);
	SAY(&c, FROM_SERVER, "MSG a 1 2\r\nhi\r\n");
	assert_string_equal(c.evidence.protocol, "nats");
	SAY(&c, FROM_SERVER, INFO);
	SAY(&c, FROM_SERVER, PONG);
	SAY(&c, FROM_SERVER, "-ERR 'User Authentication Expired'\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
	/* A login without the INFO before it: what the server demands is not known. */
	conversation_init_midstream(&c, &nats_dissector);
	SAY(&c, FROM_CLIENT, USERPASS PING);
	SAY(&c, FROM_SERVER, PONG PONG);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, VIOLATION);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
losses(void **state)
{
	struct conversation c;

	(void)state;
	/* The CONNECT is lost. */
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO_AUTH);
	conversation_gap(&c, FROM_CLIENT, 100);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	SAY(&c, FROM_SERVER, PONG);
	SAY(&c, FROM_CLIENT, "rest\r\n");
	SAY(&c, FROM_CLIENT, "PUB a 2\r\nhi\r\n");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* The answer is lost; what follows begins in a payload that looks like one. */
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO_AUTH);
	SAY(&c, FROM_CLIENT, USERPASS PING);
	conversation_gap(&c, FROM_SERVER, 100);
	SAY(&c, FROM_SERVER, "+OK\r\nxyz\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, "MSG a 1 2\r\nhi\r\n");
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* The ClientHello is lost, and the server's answer tells. */
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO_WITH(",\"tls_required\":true"));
	conversation_gap(&c, FROM_CLIENT, 300);
	conversation_send(&c, FROM_SERVER, "\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" "01234567890123456789012345678901" "\x00\x13\x01\x00\x00\x00", 49);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
}

static void
broken_messages(void **state)
{
	static const struct verdict_case list[] = {
		{ { SERVER("hello\r\n") }, NO_MATCH },
		{ { SERVER(INFO), CLIENT("hello\r\n") }, MALFORMED },
		{ { SERVER(INFO), CLIENT("CONNECT {\"verbose\":\r\n") }, MALFORMED },
		{ { SERVER(INFO), CLIENT("CONNECT x\r\n") }, MALFORMED },
		{ { SERVER(INFO "INFO {\"a\":\r\n") }, MALFORMED },
		{ { SERVER(INFO CONNECT) }, MALFORMED },
		{ { SERVER(INFO "PING \x01\r\n") }, MALFORMED },
		{ { SERVER(INFO "MSG a 1 2\r\nhello") }, MALFORMED },
		{ { SERVER(INFO "-ERR 'Stale Connection'\r\n") }, MATCH },
	};
	struct conversation c;
	char *line = malloc(70000);

	(void)state;
	verdicts_check(&nats_dissector, list, COUNT_OF(list));

	memset(line, ' ', 70000);
	memcpy(line, "CONNECT {", 9);
	conversation_init(&c, &nats_dissector);
	SAY(&c, FROM_SERVER, INFO);
	conversation_send(&c, FROM_CLIENT, line, 70000);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	free(line);
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "user", { SERVER(INFO_AUTH), CLIENT(USERPASS) }, .principal = "ann" },
		{ "nkey", { CLIENT(NKEY) }, .principal = "UEXAMPLE" },
	};

	(void)state;
	principals_check(&nats_dissector, list, COUNT_OF(list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probing),
		cmocka_unit_test(changes_to_tls),
		cmocka_unit_test(midstream),
		cmocka_unit_test(losses),
		cmocka_unit_test(broken_messages),
		cmocka_unit_test(principals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
