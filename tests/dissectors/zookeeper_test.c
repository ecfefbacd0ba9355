/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper conversations, from zookeeper.jute and the code of its server: digest and SASL logins,
 * refusals, four-letter words, losses, and what ZooKeeper must not be taken for.
 */
#include <config.h>

#include "scenario.h"

#define CONNECT "\000\000\000-\000\000\000\000\000\000\000\000\000\000\000\000\000\000u0\000\000\000\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
#define CONNECT_OLD "\000\000\000,\000\000\000\000\000\000\000\000\000\000\000\000\000\000u0\000\000\000\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
#define CONNECT_NO_PASSWORD "\000\000\000\035\000\000\000\000\000\000\000\000\000\000\000\000\000\000u0\000\000\000\000\000\000\000\000\377\377\377\377\000"
#define CONNECTED "\000\000\000%\000\000\000\000\000\000u0\000\000\000\000\001\000\001#\000\000\000\0200123456789abcdef\000"
#define CONNECTED_OLD "\000\000\000$\000\000\000\000\000\000u0\000\000\000\000\001\000\001#\000\000\000\0200123456789abcdef"
#define EXPIRED "\000\000\000%\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
#define PING "\000\000\000\010\377\377\377\376\000\000\000\013"
#define PONG "\000\000\000\020\377\377\377\376\000\000\000\000\000\000\000\005\000\000\000\000"
#define GET "\000\000\000\024\000\000\000\001\000\000\000\004\000\000\000\007/config\000"
#define GOT "\000\000\000]\000\000\000\001\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\005value\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
#define NO_NODE "\000\000\000\020\000\000\000\001\000\000\000\000\000\000\000\005\377\377\377\233"
#define NO_AUTH "\000\000\000\020\000\000\000\001\000\000\000\000\000\000\000\005\377\377\377\232"
#define SESSION_CLOSED "\000\000\000\020\000\000\000\001\000\000\000\000\000\000\000\005\377\377\377\204"
#define EXPIRED_ERROR "\000\000\000\020\000\000\000\001\000\000\000\000\000\000\000\005\377\377\377\220"
#define GET_ROOT "\000\000\000\016\000\000\000\001\000\000\000\010\000\000\000\001/\001"
#define CREATE "\000\000\000<\000\000\000\002\000\000\000\001\000\000\000\002/a\000\000\000\004data\000\000\000\001\000\000\000\037\000\000\000\006digest\000\000\000\014ann:aGFzaA==\000\000\000\000"
#define CREATED "\000\000\000\026\000\000\000\002\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\002/a"
#define DIGEST "\000\000\000%\377\377\377\374\000\000\000d\000\000\000\000\000\000\000\006digest\000\000\000\013ann:example"
#define AUTH_OK "\000\000\000\020\377\377\377\374\000\000\000\000\000\000\000\005\000\000\000\000"
#define AUTH_FAILED "\000\000\000\020\377\377\377\374\000\000\000\000\000\000\000\005\377\377\377\215"
#define AUTH_IP "\000\000\000\026\377\377\377\374\000\000\000d\000\000\000\000\000\000\000\002ip\000\000\000\000"
#define AUTH_X509 "\000\000\000\030\377\377\377\374\000\000\000d\000\000\000\000\000\000\000\004x509\000\000\000\000"
#define AUTH_OTHER "\000\000\000!\377\377\377\374\000\000\000d\000\000\000\000\000\000\000\007made-up\000\000\000\006secret"
#define WATCHES "\000\000\000\"\377\377\377\370\000\000\000e\000\000\000\000\000\000\000\005\000\000\000\001\000\000\000\002/a\000\000\000\000\377\377\377\377"
#define WATCHES_SET "\000\000\000\020\377\377\377\370\000\000\000\000\000\000\000\005\000\000\000\000"
#define WATCHES2 "\000\000\000$\377\377\377\370\000\000\000i\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
#define EVENT "\000\000\000\036\377\377\377\377\377\377\377\377\377\377\377\377\000\000\000\000\000\000\000\003\000\000\000\003\000\000\000\002/a"
#define CLOSE "\000\000\000\010\000\000\000\011\377\377\377\365"
#define CLOSED "\000\000\000\020\000\000\000\011\000\000\000\000\000\000\000\005\000\000\000\000"
#define WHO_AM_I "\000\000\000\010\000\000\000\010\000\000\000k"
#define WHO_YOU_ARE "\000\000\000\024\000\000\000\010\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\000"
#define SASL_EMPTY "\000\000\000\014\000\000\000\003\000\000\000f\000\000\000\000"
#define DIGEST_CHALLENGE "\000\000\000S\000\000\000\003\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\?realm=\"zk-sasl-md5\",nonce=\"n0\",charset=utf-8,algorithm=md5-sess"
#define DIGEST_RESPONSE "\000\000\000R\000\000\000\004\000\000\000f\000\000\000Fcharset=utf-8,username=\"ann\",realm=\"zk-sasl-md5\",nonce=\"n0\",response=0"
#define DIGEST_DONE "\000\000\000<\000\000\000\004\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000(rspauth=00112233445566778899aabbccddeeff"
#define DIGEST_WRONG "\000\000\000\020\000\000\000\004\000\000\000\000\000\000\000\005\377\377\377\215"
#define GSS1 "\000\000\000\030\000\000\000\003\000\000\000f\000\000\000\014`\202\001\002\006\011ticket"
#define GSS1_ANSWER "\000\000\000\033\000\000\000\003\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\007\005\004offer"
#define GSS2 "\000\000\000\024\000\000\000\004\000\000\000f\000\000\000\010\005\004choice"
#define GSS2_DONE "\000\000\000\024\000\000\000\004\000\000\000\000\000\000\000\005\000\000\000\000\377\377\377\377"
#define GSS1_NULL "\000\000\000\024\000\000\000\003\000\000\000\000\000\000\000\005\000\000\000\000\377\377\377\377"
#define UNKNOWN "\000\000\000\017\000\000\000\006\000\000\001,\000\000\000\007abc"
#define MULTI "\000\000\000\033\000\000\000\007\000\000\000\016\000\000\000\001\000\377\377\377\377\000\000\000\002/a\000\000\000\000"
#define MULTI_DONE "\000\000\000\024\000\000\000\007\000\000\000\000\000\000\000\005\000\000\000\000\000\000\000\001"

static const struct scenario scenarios[] = {
#define HELLO CLIENT(CONNECT), SERVER(CONNECTED)
	{ "a session alone", { HELLO, CLIENT(PING), SERVER(PONG) }, AUTH_UNKNOWN, NULL, false },
	{ "served", { HELLO, CLIENT(GET), SERVER(GOT) }, AUTH_NONE, NULL, false },
	{ "served by an old one", { CLIENT(CONNECT_OLD), SERVER(CONNECTED_OLD), CLIENT(GET_ROOT), SERVER(NO_NODE) }, AUTH_NONE, NULL, false },
	{ "no password", { CLIENT(CONNECT_NO_PASSWORD), SERVER(CONNECTED), CLIENT(CREATE), SERVER(CREATED) }, AUTH_NONE, NULL, false },
	{ "session expired", { CLIENT(CONNECT), SERVER(EXPIRED) }, AUTH_UNKNOWN, NULL, false },
	{ "session expired later", { HELLO, CLIENT(GET), SERVER(EXPIRED_ERROR) }, AUTH_UNKNOWN, NULL, false },
	{ "events and watches are no service", { HELLO, CLIENT(WATCHES), SERVER(WATCHES_SET EVENT), CLIENT(WHO_AM_I CLOSE), SERVER(WHO_YOU_ARE CLOSED) }, AUTH_UNKNOWN, NULL, false },
	{ "transaction", { HELLO, CLIENT(WATCHES2 MULTI), SERVER(WATCHES_SET MULTI_DONE) }, AUTH_NONE, NULL, false },
	{ "anonymous, refused", { HELLO, CLIENT(GET), SERVER(NO_AUTH) }, AUTH_FAILURE, NULL, false },
	{ "SASL required", { HELLO, CLIENT(GET), SERVER(SESSION_CLOSED) }, AUTH_FAILURE, NULL, false },
	{ "digest", { HELLO, CLIENT(DIGEST), SERVER(AUTH_OK), CLIENT(GET), SERVER(GOT) }, AUTH_SUCCESS, "zookeeper-digest", true },
	{ "digest unanswered", { HELLO, CLIENT(DIGEST) }, AUTH_ATTEMPTED, "zookeeper-digest", true },
	{ "digest refused", { HELLO, CLIENT(DIGEST), SERVER(AUTH_FAILED) }, AUTH_FAILURE, "zookeeper-digest", true },
	{ "digest, then refused", { HELLO, CLIENT(DIGEST GET), SERVER(AUTH_OK NO_AUTH) }, AUTH_SUCCESS, "zookeeper-digest", true, NOTE(NOT_PERMITTED) },
	{ "digest late", { HELLO, CLIENT(GET), SERVER(GOT), CLIENT(DIGEST), SERVER(AUTH_OK) }, AUTH_SUCCESS, "zookeeper-digest", true, .none_before = true },
	{ "ip says nothing", { HELLO, CLIENT(AUTH_IP GET), SERVER(AUTH_OK GOT) }, AUTH_NONE, NULL, false },
	{ "x509", { HELLO, CLIENT(AUTH_X509), SERVER(AUTH_FAILED) }, AUTH_FAILURE, "zookeeper-x509", false },
	{ "a scheme of its own", { HELLO, CLIENT(AUTH_OTHER), SERVER(AUTH_OK) }, AUTH_SUCCESS, "zookeeper-other", false },
	{ "DIGEST-MD5", { HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE), SERVER(DIGEST_DONE), CLIENT(GET), SERVER(GOT) }, AUTH_SUCCESS, "sasl-digest-md5", false },
	{ "DIGEST-MD5, half", { HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE) }, AUTH_ATTEMPTED, "sasl-digest-md5", false },
	{ "DIGEST-MD5, wrong", { HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE), SERVER(DIGEST_WRONG) }, AUTH_FAILURE, "sasl-digest-md5", false },
	{ "SASL under way, served and refused", { HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(GET), SERVER(NO_AUTH) }, AUTH_ATTEMPTED, "sasl-digest-md5", false, NOTE(NOT_PERMITTED) },
	{ "GSSAPI", { HELLO, CLIENT(GSS1), SERVER(GSS1_ANSWER), CLIENT(GSS2), SERVER(GSS2_DONE) }, AUTH_SUCCESS, "sasl-gssapi", false },
	{ "GSSAPI, failed and let stay", { HELLO, CLIENT(GSS1), SERVER(GSS1_NULL), CLIENT(GET), SERVER(GOT) }, AUTH_ATTEMPTED, "sasl-gssapi", false },
	{ "a type to come", { HELLO, CLIENT(UNKNOWN PING GET), SERVER(PONG GOT) }, AUTH_NONE, NULL, false },
	{ "ruok", { CLIENT("ruok"), SERVER("imok") }, AUTH_NONE, NULL, false },
	{ "stat", { CLIENT("stat\r\n"), SERVER("Zookeeper version: 3.8.0-1, built on") }, AUTH_NONE, NULL, false },
	{ "isro", { CLIENT("isro\n"), SERVER("rw") }, AUTH_NONE, NULL, false },
	{ "dump not listed", { CLIENT("dump"), SERVER("dump is not executed because it is not in the whitelist.\n") }, AUTH_UNKNOWN, NULL, false },
	{ "mntr not serving", { CLIENT("mntr"), SERVER("This ZooKeeper instance is not currently serving requests\n") }, AUTH_UNKNOWN, NULL, false },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&zookeeper_dissector, "zookeeper", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct flow_view roles_known = { .roles_known = true }, roles_unknown = { .roles_known = false };
	static const struct probe_case list[] = {
		{ BYTES(CONNECT), FROM_CLIENT, MATCH },
		{ BYTES(CONNECT_OLD PING), FROM_CLIENT, MATCH },
		{ BYTES(GET), FROM_CLIENT, MATCH },
		{ BYTES(CREATE), FROM_CLIENT, MATCH },
		{ BYTES(PING), FROM_CLIENT, MATCH },
		{ BYTES(WATCHES2), FROM_CLIENT, MATCH },
		{ BYTES("ruok"), FROM_CLIENT, MATCH },
		{ BYTES("mntr\r\n"), FROM_CLIENT, MATCH },
		{ BYTES(""), FROM_CLIENT, NEED_MORE },
		{ BYTES("\000\000\000\055\000"), FROM_CLIENT, NEED_MORE },
		{ BYTES("ru"), FROM_CLIENT, NEED_MORE },
		{ BYTES(WHO_AM_I), FROM_CLIENT, NO_MATCH }, /* too little */
		{ BYTES("\000\000\000\034\000\000\000\000\000\000\000\010name\000\001f\000\000\003vcx\000\000\000\000\000\000\000"), FROM_CLIENT, NO_MATCH }, /* a session without its password */
		{ BYTES("\000\000\000\034\000\000\000\000\033\000\007\243\000\017\037\011\131\027\020\000\000\000\000\000\000\000\000\000\000\000\000\000"), FROM_CLIENT, NO_MATCH }, /* for weeks */
		{ BYTES(MULTI), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\020\000\000\000\001\000\000\000\004\000\000\000\003abc\000\000"), FROM_CLIENT, NO_MATCH }, /* no path */
		{ BYTES("\000\000\000\020\000\000\000\001\000\000\000\004\000\000\000\003/bc\002\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\020\000\000\000\001\000\000\000\004\000\000\000\003/b\001\001"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\006\000\000\000\001\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\040\000\000\000\000\000\001\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\010\377\377\377\376\000\000\000\014"), FROM_CLIENT, NO_MATCH },
		{ BYTES("stats\r\n"), FROM_CLIENT, NO_MATCH, .else_before = true }, /* memcached */
		{ BYTES("get k\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\016\000\022\000\000\000\000\000\001\000\004unit"), FROM_CLIENT, NO_MATCH }, /* Kafka */
		{ BYTES("\000\000\000\010\004\322\026\057"), FROM_CLIENT, NEED_MORE }, /* PostgreSQL SSLRequest */
		{ BYTES("\000\000\000\051\000\003\000\000user\000postgres\000database\000postgres\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\035\022\064\001\000\000\001\000\000\000\000\000\000\007example\003com\000\000\001\000\001"), FROM_CLIENT, NO_MATCH }, /* DNS */
		{ BYTES("\000\000\000\105\376SMB"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\026\003\001\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES(CONNECTED), FROM_SERVER, MATCH },
		{ BYTES(CONNECTED_OLD), FROM_SERVER, MATCH },
		{ BYTES(PONG), FROM_SERVER, MATCH },
		{ BYTES(EVENT), FROM_SERVER, MATCH },
		{ BYTES(GOT), FROM_SERVER, NEED_MORE },
		{ BYTES("\000\000\000\020\000\000\000\001\000\000\000\000\000\000\000\005\000\000\000\001"), FROM_SERVER, NO_MATCH },
		{ BYTES("\000\000\000\002\000\000"), FROM_SERVER, NO_MATCH },
		{ BYTES("HTTP/1.1 200 OK\r\n"), FROM_SERVER, NO_MATCH },
	};

	(void)state;
	probes_check_in(&zookeeper_dissector, &roles_known, list, COUNT_OF(list));
	assert_int_equal(probe_bytes(&zookeeper_dissector, &roles_unknown, FROM_SERVER, BYTES(GET), NULL), NO_MATCH);
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "digest", { CLIENT(CONNECT DIGEST) }, .principal = "ann" },
		{ "DIGEST-MD5", { CLIENT(CONNECT SASL_EMPTY), SERVER(CONNECTED DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE) }, .principal = "ann" },
	};

	(void)state;
	principals_check(&zookeeper_dissector, list, COUNT_OF(list));
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &zookeeper_dissector);
	SAY(&c, FROM_SERVER, "the rest of a node's data");
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, GOT);
	assert_string_equal(c.evidence.protocol, "zookeeper");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, NO_AUTH);
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	SAY(&c, FROM_CLIENT, DIGEST);
	SAY(&c, FROM_SERVER, AUTH_OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* The server alone. */
	conversation_init_midstream(&c, &zookeeper_dissector);
	SAY(&c, FROM_SERVER, PONG EVENT);
	assert_string_equal(c.evidence.protocol, "zookeeper");
	conversation_clear(&c);
	/* The client alone. */
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, CONNECT DIGEST GET);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
gaps(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, CONNECT);
	conversation_gap(&c, FROM_SERVER, 41);
	conversation_gap(&c, FROM_CLIENT, 41);
	SAY(&c, FROM_CLIENT, "rest");
	SAY(&c, FROM_CLIENT, GET);
	SAY(&c, FROM_SERVER, "rest");
	SAY(&c, FROM_SERVER, GOT);
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, "stat");
	conversation_gap(&c, FROM_SERVER, 41);
	SAY(&c, FROM_SERVER, "imok");
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

static void
not_zookeeper(void **state)
{
	static const struct {
		struct message client, server;
	} list[] = {
		{ CLIENT("\000\000\000\010abcdefgh"), SERVER("") },
		{ CLIENT("\000\000\000\002ab"), SERVER("") },
		{ CLIENT("stat"), SERVER("ERROR\r\n") },
		{ CLIENT("stat"), SERVER("stat is what?") },
		{ CLIENT("ruok\r\n"), SERVER("500 what?\r\n") },
		{ CLIENT("stats\r\n"), SERVER("") },
		{ CLIENT("xyz"), SERVER("") },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		conversation_init(&c, &zookeeper_dissector);
		conversation_send(&c, FROM_CLIENT, list[i].client.bytes, list[i].client.size);
		if (list[i].server.size > 0)
			conversation_send(&c, FROM_SERVER, list[i].server.bytes, list[i].server.size);
		if (c.verdict != NO_MATCH)
			fail_msg("%zu: %d", i, c.verdict);
		assert_null(c.evidence.protocol);
		conversation_clear(&c);
	}
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, "stat");
	SAY(&c, FROM_CLIENT, "s\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	/* Known, then odd. */
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, CONNECT);
	SAY(&c, FROM_SERVER, GOT);
	SAY(&c, FROM_SERVER, "\000\000\000\020aaaabbbbccccdddd");
	SAY(&c, FROM_SERVER, "\000\000\000\001a");
	SAY(&c, FROM_CLIENT, "\000\000\000\001a");
	assert_string_equal(c.evidence.protocol, "zookeeper");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

/* Data is passed over. */
static void
large_frames(void **state)
{
	static uint8_t frame[200000];
	struct conversation c;

	(void)state;
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, CONNECT);
	SAY(&c, FROM_SERVER, CONNECTED);
	memcpy(frame, "\000\003\000\000\000\000\000\002\000\000\000\005\000\000\000\002/a", 18);
	conversation_send(&c, FROM_CLIENT, frame, 10000);
	assert_true(c.to_skip[FROM_CLIENT] == 4 + 0x30000 - 10000);
	conversation_gap(&c, FROM_CLIENT, 4 + 0x30000 - 10000);
	SAY(&c, FROM_SERVER, CREATED);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	memcpy(frame, "\000\003\000\000\000\000\000\001\000\000\000\000\000\000\000\005\000\000\000\000", 20);
	SAY(&c, FROM_CLIENT, GET);
	conversation_send(&c, FROM_SERVER, frame, 10000);
	conversation_gap(&c, FROM_SERVER, 4 + 0x30000 - 10000);
	SAY(&c, FROM_CLIENT, DIGEST);
	SAY(&c, FROM_SERVER, AUTH_OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* As the first thing, it is too little. */
	conversation_init(&c, &zookeeper_dissector);
	conversation_send(&c, FROM_CLIENT, frame, 10000);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
ends_when_nothing_more_comes(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &zookeeper_dissector);
	SAY(&c, FROM_CLIENT, CONNECT DIGEST);
	SAY(&c, FROM_SERVER, CONNECTED AUTH_OK);
	for (int i = 0; i < 130; i++) {
		SAY(&c, FROM_CLIENT, GET);
		SAY(&c, FROM_SERVER, GOT);
	}
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(principals),
		cmocka_unit_test(midstream),
		cmocka_unit_test(gaps),
		cmocka_unit_test(not_zookeeper),
		cmocka_unit_test(large_frames),
		cmocka_unit_test(ends_when_nothing_more_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
