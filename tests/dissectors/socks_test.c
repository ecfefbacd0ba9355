/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOCKS conversations, from RFC 1928, 1929, 1961 and the descriptions of SOCKS 4 and 4A: every method
 * and outcome, the tunnel behind them, and what SOCKS must not be taken for.
 */
#include <config.h>

#include "scenario.h"

#define OFFER_NONE "\005\001\000"
#define OFFER_ALL "\005\003\000\001\002"
#define OFFER_PASSWORD "\005\001\002"
#define CHOOSE(method) "\005" method
#define PASSWORD "\001\003ann\007example"
#define ACCEPTED "\001\000"
#define REFUSED "\001\001"
#define CONNECT "\005\001\000\001\300\000\002\001\000\120"
#define CONNECT_NAME "\005\001\000\003\013example.com\001\273"
#define CONNECT6 "\005\001\000\004\040\001\015\270\000\000\000\000\000\000\000\000\000\000\000\001\001\273"
#define BIND "\005\002\000\001\300\000\002\001\000\120"
#define UDP "\005\003\000\001\000\000\000\000\000\000"
#define REPLY(code) "\005" code "\000\001\300\000\002\002\004\070"
#define GRANTED REPLY("\000")
#define CONNECT4 "\004\001\000\120\300\000\002\001ann\000"
#define CONNECT4A "\004\001\000\120\000\000\000\007\000example.com\000"
#define BIND4 "\004\002\000\000\300\000\002\001\000"
#define REPLY4(code) "\000" code "\000\120\300\000\002\001"
#define GSS_TOKEN "\001\001\000\004tokn"
#define GSS_LEVEL "\001\002\000\004levl"
#define GSS_DATA "\001\003\000\004data"
#define GSS_FAILED "\001\377"

static const struct scenario scenarios[] = {
	{ "none", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT), SERVER(GRANTED) }, AUTH_NONE, NULL, false, .tunnel = true },
	{ "none of several, by name", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\000")), CLIENT(CONNECT_NAME), SERVER(GRANTED) }, AUTH_NONE, NULL, false, .tunnel = true },
	{ "IPv6, data that does not wait", { CLIENT(OFFER_NONE CONNECT6 "GET / HTTP/1.1\r\n"), SERVER(CHOOSE("\000") GRANTED) }, AUTH_NONE, NULL, false, .tunnel = true },
	{ "unanswered", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT) }, AUTH_UNKNOWN, NULL, false },
	{ "tried in vain", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT), SERVER(REPLY("\005")) }, AUTH_NONE, NULL, false },
	{ "general failure", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT), SERVER(REPLY("\001")) }, AUTH_UNKNOWN, NULL, false },
	{ "not allowed", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT), SERVER(REPLY("\002")) }, AUTH_FAILURE, NULL, false },
	{ "no acceptable method", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\377")) }, AUTH_FAILURE, NULL, false },
	{ "password", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\002")), CLIENT(PASSWORD), SERVER(ACCEPTED), CLIENT(CONNECT), SERVER(GRANTED) }, AUTH_SUCCESS, "socks5-userpass", true, .tunnel = true },
	{ "password, answered by another version", { CLIENT(OFFER_PASSWORD), SERVER(CHOOSE("\002")), CLIENT(PASSWORD), SERVER("\005\000") }, AUTH_SUCCESS, "socks5-userpass", true },
	{ "password unanswered", { CLIENT(OFFER_PASSWORD), SERVER(CHOOSE("\002")), CLIENT(PASSWORD) }, AUTH_ATTEMPTED, "socks5-userpass", true },
	{ "password, the client alone", { CLIENT(OFFER_PASSWORD PASSWORD CONNECT) }, AUTH_ATTEMPTED, "socks5-userpass", true },
	{ "password wrong", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\002")), CLIENT(PASSWORD), SERVER(REFUSED) }, AUTH_FAILURE, "socks5-userpass", true },
	{ "password, then not allowed", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\002")), CLIENT(PASSWORD), SERVER(ACCEPTED), CLIENT(CONNECT), SERVER(REPLY("\002")) }, AUTH_SUCCESS, "socks5-userpass", true, NOTE(NOT_PERMITTED) },
	{ "GSSAPI", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\001")), CLIENT(GSS_TOKEN), SERVER(GSS_TOKEN), CLIENT(GSS_LEVEL), SERVER(GSS_LEVEL), CLIENT(CONNECT), SERVER(GRANTED) }, AUTH_SUCCESS, "socks5-gssapi", false, .tunnel = true },
	{ "GSSAPI, half", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\001")), CLIENT(GSS_TOKEN), SERVER(GSS_TOKEN) }, AUTH_ATTEMPTED, "socks5-gssapi", false },
	{ "GSSAPI failed", { CLIENT(OFFER_ALL), SERVER(CHOOSE("\001")), CLIENT(GSS_TOKEN), SERVER(GSS_FAILED) }, AUTH_FAILURE, "socks5-gssapi", false },
	{ "another method", { CLIENT("\005\001\003"), SERVER(CHOOSE("\003")), CLIENT("chap") }, AUTH_ATTEMPTED, "socks5-other", false },
	{ "BIND", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(BIND), SERVER(GRANTED GRANTED) }, AUTH_NONE, NULL, false, .tunnel = true },
	{ "UDP", { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(UDP), SERVER(GRANTED) }, AUTH_NONE, NULL, false },
	{ "4", { CLIENT(CONNECT4), SERVER(REPLY4("\132")) }, AUTH_NONE, NULL, false, .protocol = "socks4", .tunnel = true },
	{ "4A", { CLIENT(CONNECT4A), SERVER(REPLY4("\132")) }, AUTH_NONE, NULL, false, .protocol = "socks4", .tunnel = true },
	{ "4, BIND", { CLIENT(BIND4), SERVER(REPLY4("\132") REPLY4("\132")) }, AUTH_NONE, NULL, false, .protocol = "socks4", .tunnel = true },
	{ "4, rejected", { CLIENT(CONNECT4), SERVER(REPLY4("\133")) }, AUTH_UNKNOWN, NULL, false, .protocol = "socks4" },
	{ "4, rejected by ident", { CLIENT(CONNECT4), SERVER(REPLY4("\135")) }, AUTH_FAILURE, "socks4-ident", false, .protocol = "socks4" },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&socks_dissector, "socks5", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct probe_case list[] = {
		{ BYTES(OFFER_NONE), FROM_CLIENT, MATCH },
		{ BYTES(OFFER_ALL), FROM_CLIENT, MATCH },
		{ BYTES(OFFER_NONE CONNECT), FROM_CLIENT, MATCH },
		{ BYTES(CONNECT4), FROM_CLIENT, MATCH },
		{ BYTES(CONNECT4A), FROM_CLIENT, MATCH },
		{ BYTES(""), FROM_CLIENT, NEED_MORE },
		{ BYTES("\005"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\005\003\000\001"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\004\001\000"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\004\001\000\120\300\000\002\001ann"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\005\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\005\021"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\005\002\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\005\001\377"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\005\001\000\003"), FROM_CLIENT, NO_MATCH, .else_before = true },
		{ BYTES(CONNECT), FROM_CLIENT, NO_MATCH, .else_before = true }, /* a request without its greeting */
		{ BYTES("\005\000\013\003\020\000\000\000"), FROM_CLIENT, NO_MATCH }, /* DCE/RPC */
		{ BYTES("\005\004\004\377\377\377\377\377"), FROM_CLIENT, NO_MATCH }, /* a token of RFC 4121 */
		{ BYTES("\004\000\000\001\005\000\000\000\000"), FROM_CLIENT, NO_MATCH }, /* Cassandra */
		{ BYTES("\004\001\000\000\300\000\002\001\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\004\001\000\120\000\000\000\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\004\001\000\120\300\000\002\001\001\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES(CHOOSE("\000")), FROM_SERVER, NEED_MORE },
		{ BYTES(CHOOSE("\000") GRANTED), FROM_SERVER, MATCH },
		{ BYTES(CHOOSE("\002") ACCEPTED GRANTED), FROM_SERVER, MATCH },
		{ BYTES("\005\002\001"), FROM_SERVER, NEED_MORE },
		{ BYTES("\005\002\001\000"), FROM_SERVER, NEED_MORE },
		{ BYTES("\005"), FROM_SERVER, NEED_MORE },
		{ BYTES("\005\002\001\001"), FROM_SERVER, NO_MATCH },
		{ BYTES("\005\000\002\003\020\000\000\000"), FROM_SERVER, NO_MATCH },
		{ BYTES("\005\000\005\000\001\001"), FROM_SERVER, NO_MATCH },
	};

	(void)state;
	probes_check(&socks_dissector, list, COUNT_OF(list));
}

/* The bytes of the tunnel are left for whoever comes next. */
static void
tunnel_begins_where_it_does(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &socks_dissector);
	SAY(&c, FROM_CLIENT, OFFER_NONE);
	SAY(&c, FROM_SERVER, CHOOSE("\000"));
	SAY(&c, FROM_CLIENT, CONNECT "early");
	SAY(&c, FROM_SERVER, GRANTED "late");
	assert_int_equal(c.verdict, UPGRADE);
	assert_int_equal(c.size[FROM_CLIENT], 5);
	assert_int_equal(c.size[FROM_SERVER], 4);
	conversation_clear(&c);
}

static void
protected_by_gssapi(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &socks_dissector);
	SAY(&c, FROM_CLIENT, OFFER_ALL);
	SAY(&c, FROM_SERVER, CHOOSE("\001"));
	SAY(&c, FROM_CLIENT, GSS_TOKEN);
	SAY(&c, FROM_SERVER, GSS_TOKEN);
	SAY(&c, FROM_CLIENT, GSS_LEVEL);
	SAY(&c, FROM_SERVER, GSS_LEVEL);
	SAY(&c, FROM_CLIENT, GSS_DATA);
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
the_server_alone(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &socks_dissector);
	SAY(&c, FROM_SERVER, CHOOSE("\000") GRANTED);
	assert_string_equal(c.evidence.protocol, "socks5");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.verdict, UPGRADE);
	conversation_clear(&c);
}

/* Whether a tunnel was granted is not known: nor is what protects it. */
static void
doubt(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &socks_dissector);
	SAY(&c, FROM_CLIENT, OFFER_NONE CONNECT);
	SAY(&c, FROM_CLIENT, "\026\003\001");
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "socks5");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
	conversation_init(&c, &socks_dissector);
	SAY(&c, FROM_CLIENT, OFFER_NONE);
	SAY(&c, FROM_SERVER, CHOOSE("\000"));
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_gap(&c, FROM_SERVER, 10);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

static void
principal(void **state)
{
	static const struct scenario list[] = {
		{ "password", { CLIENT(OFFER_PASSWORD PASSWORD) }, .principal = "ann" },
	};

	(void)state;
	principals_check(&socks_dissector, list, COUNT_OF(list));
}

static void
broken_messages(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT(OFFER_NONE), SERVER("HTTP/1.1 400\r\n") }, NO_MATCH },
		{ { CLIENT(OFFER_NONE), SERVER("\005\002") }, NO_MATCH },
		{ { CLIENT(OFFER_NONE), SERVER(GRANTED) }, NO_MATCH },
		{ { CLIENT(CONNECT4), SERVER("\001\132\000\000") }, NO_MATCH },
		{ { CLIENT(OFFER_PASSWORD), SERVER(CHOOSE("\002")), CLIENT("\003x") }, MALFORMED },
		{ { CLIENT(OFFER_PASSWORD), SERVER(CHOOSE("\002")), CLIENT(PASSWORD), SERVER("\007\000") }, MALFORMED },
		{ { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT("\005\001\007\001") }, MALFORMED },
		{ { CLIENT(OFFER_NONE), SERVER(CHOOSE("\000")), CLIENT(CONNECT), SERVER("\005\000\000\011") }, MALFORMED },
		{ { CLIENT(OFFER_ALL), SERVER(CHOOSE("\001")), CLIENT("\002\001") }, MALFORMED },
		{ { CLIENT("\006\001") }, NO_MATCH },
	};

	(void)state;
	verdicts_check(&socks_dissector, list, COUNT_OF(list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(tunnel_begins_where_it_does),
		cmocka_unit_test(protected_by_gssapi),
		cmocka_unit_test(the_server_alone),
		cmocka_unit_test(doubt),
		cmocka_unit_test(principal),
		cmocka_unit_test(broken_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
