/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper conversations, from zookeeper.jute and the code of its server: digest and SASL logins,
 * refusals, four-letter words, losses, and what ZooKeeper must not be taken for.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

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

static const struct scenario {
	const char *name;
	struct message messages[10];
	size_t count;
	enum auth_result result;
	const char *method;
	bool clear;
	bool not_permitted;
} scenarios[] = {
#define MESSAGES(...) .messages = { __VA_ARGS__ }, .count = sizeof((struct message[]){ __VA_ARGS__ }) / sizeof(struct message)
#define HELLO CLIENT(CONNECT), SERVER(CONNECTED)
	{ "a session alone", MESSAGES(HELLO, CLIENT(PING), SERVER(PONG)), AUTH_UNKNOWN, NULL, false, false },
	{ "served", MESSAGES(HELLO, CLIENT(GET), SERVER(GOT)), AUTH_NONE, NULL, false, false },
	{ "served by an old one", MESSAGES(CLIENT(CONNECT_OLD), SERVER(CONNECTED_OLD), CLIENT(GET_ROOT), SERVER(NO_NODE)), AUTH_NONE, NULL, false, false },
	{ "no password", MESSAGES(CLIENT(CONNECT_NO_PASSWORD), SERVER(CONNECTED), CLIENT(CREATE), SERVER(CREATED)), AUTH_NONE, NULL, false, false },
	{ "session expired", MESSAGES(CLIENT(CONNECT), SERVER(EXPIRED)), AUTH_UNKNOWN, NULL, false, false },
	{ "session expired later", MESSAGES(HELLO, CLIENT(GET), SERVER(EXPIRED_ERROR)), AUTH_UNKNOWN, NULL, false, false },
	{ "events and watches are no service", MESSAGES(HELLO, CLIENT(WATCHES), SERVER(WATCHES_SET EVENT), CLIENT(WHO_AM_I CLOSE), SERVER(WHO_YOU_ARE CLOSED)), AUTH_UNKNOWN, NULL, false, false },
	{ "transaction", MESSAGES(HELLO, CLIENT(WATCHES2 MULTI), SERVER(WATCHES_SET MULTI_DONE)), AUTH_NONE, NULL, false, false },
	{ "anonymous, refused", MESSAGES(HELLO, CLIENT(GET), SERVER(NO_AUTH)), AUTH_FAILURE, NULL, false, false },
	{ "SASL required", MESSAGES(HELLO, CLIENT(GET), SERVER(SESSION_CLOSED)), AUTH_FAILURE, NULL, false, false },
	{ "digest", MESSAGES(HELLO, CLIENT(DIGEST), SERVER(AUTH_OK), CLIENT(GET), SERVER(GOT)), AUTH_SUCCESS, "zookeeper-digest", true, false },
	{ "digest unanswered", MESSAGES(HELLO, CLIENT(DIGEST)), AUTH_ATTEMPTED, "zookeeper-digest", true, false },
	{ "digest refused", MESSAGES(HELLO, CLIENT(DIGEST), SERVER(AUTH_FAILED)), AUTH_FAILURE, "zookeeper-digest", true, false },
	{ "digest, then refused", MESSAGES(HELLO, CLIENT(DIGEST GET), SERVER(AUTH_OK NO_AUTH)), AUTH_SUCCESS, "zookeeper-digest", true, true },
	{ "digest late", MESSAGES(HELLO, CLIENT(GET), SERVER(GOT), CLIENT(DIGEST), SERVER(AUTH_OK)), AUTH_SUCCESS, "zookeeper-digest", true, false },
	{ "ip says nothing", MESSAGES(HELLO, CLIENT(AUTH_IP GET), SERVER(AUTH_OK GOT)), AUTH_NONE, NULL, false, false },
	{ "x509", MESSAGES(HELLO, CLIENT(AUTH_X509), SERVER(AUTH_FAILED)), AUTH_FAILURE, "zookeeper-x509", false, false },
	{ "a scheme of its own", MESSAGES(HELLO, CLIENT(AUTH_OTHER), SERVER(AUTH_OK)), AUTH_SUCCESS, "zookeeper-other", false, false },
	{ "DIGEST-MD5", MESSAGES(HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE), SERVER(DIGEST_DONE), CLIENT(GET), SERVER(GOT)), AUTH_SUCCESS, "sasl-digest-md5", false, false },
	{ "DIGEST-MD5, half", MESSAGES(HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE)), AUTH_ATTEMPTED, "sasl-digest-md5", false, false },
	{ "DIGEST-MD5, wrong", MESSAGES(HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(DIGEST_RESPONSE), SERVER(DIGEST_WRONG)), AUTH_FAILURE, "sasl-digest-md5", false, false },
	{ "SASL under way, served and refused", MESSAGES(HELLO, CLIENT(SASL_EMPTY), SERVER(DIGEST_CHALLENGE), CLIENT(GET), SERVER(NO_AUTH)), AUTH_ATTEMPTED, "sasl-digest-md5", false, true },
	{ "GSSAPI", MESSAGES(HELLO, CLIENT(GSS1), SERVER(GSS1_ANSWER), CLIENT(GSS2), SERVER(GSS2_DONE)), AUTH_SUCCESS, "sasl-gssapi", false, false },
	{ "GSSAPI, failed and let stay", MESSAGES(HELLO, CLIENT(GSS1), SERVER(GSS1_NULL), CLIENT(GET), SERVER(GOT)), AUTH_ATTEMPTED, "sasl-gssapi", false, false },
	{ "a type to come", MESSAGES(HELLO, CLIENT(UNKNOWN PING GET), SERVER(PONG GOT)), AUTH_NONE, NULL, false, false },
	{ "ruok", MESSAGES(CLIENT("ruok"), SERVER("imok")), AUTH_NONE, NULL, false, false },
	{ "stat", MESSAGES(CLIENT("stat\r\n"), SERVER("Zookeeper version: 3.8.0-1, built on")), AUTH_NONE, NULL, false, false },
	{ "isro", MESSAGES(CLIENT("isro\n"), SERVER("rw")), AUTH_NONE, NULL, false, false },
	{ "dump not listed", MESSAGES(CLIENT("dump"), SERVER("dump is not executed because it is not in the whitelist.\n")), AUTH_UNKNOWN, NULL, false, false },
	{ "mntr not serving", MESSAGES(CLIENT("mntr"), SERVER("This ZooKeeper instance is not currently serving requests\n")), AUTH_UNKNOWN, NULL, false, false },
};

static void
check_scenario(const struct scenario *s, size_t chunk)
{
	struct conversation c;
	const struct authentication *a = &c.evidence.authentication;

	conversation_init(&c, &zookeeper_dissector);
	conversation_run(&c, s->messages, s->count, chunk);
	if (a->result != s->result || c.evidence.cleartext_credentials != s->clear || (a->method == NULL) != (s->method == NULL) ||
		(s->method != NULL && strcmp(a->method, s->method) != 0) || evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED) != s->not_permitted)
		fail_msg("%s, in pieces of %zu: %s %s %d", s->name, chunk, auth_result_names[a->result], a->method ? a->method : "-", c.evidence.cleartext_credentials);
	assert_string_equal(c.evidence.protocol, "zookeeper");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_string_equal(a->principal, "");
	conversation_clear(&c);
}

static void
outcomes(void **state)
{
	static const size_t chunks[] = { 0, 1, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		for (size_t j = 0; j < 3; j++)
			check_scenario(&scenarios[i], chunks[j]);
}

static const struct scenario *whole;

static void
check_prefix(const struct conversation *c, size_t given)
{
	enum auth_result result = (enum auth_result)c->evidence.authentication.result;

	(void)given;
	if (whole->result != AUTH_SUCCESS)
		assert_int_not_equal(result, AUTH_SUCCESS);
	assert_true(whole->clear || !c->evidence.cleartext_credentials);
}

static void
prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		whole = &scenarios[i];
		conversation_each_prefix(&zookeeper_dissector, whole->messages, whole->count, check_prefix);
	}
}

static enum verdict
ask(const void *bytes, size_t size, enum direction from, bool roles_known)
{
	struct flow_view flow = { .roles_known = roles_known };
	enum strength strength;
	uint8_t *block = malloc(size + (size == 0));
	enum verdict verdict;

	memcpy(block, bytes, size);
	verdict = zookeeper_dissector.probe(&flow, from, cursor_over(block, size), &strength);
	free(block);
	return verdict;
}

static void
probes(void **state)
{
#define BYTES(text) (text), sizeof(text) - 1
	static const struct {
		const char *bytes;
		size_t size;
		enum direction from;
		enum verdict verdict;
	} list[] = {
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
		{ BYTES("stats\r\n"), FROM_CLIENT, NO_MATCH }, /* memcached */
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
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (ask(list[i].bytes, list[i].size, list[i].from, true) != list[i].verdict)
			fail_msg("%zu: %d", i, ask(list[i].bytes, list[i].size, list[i].from, true));
	assert_int_equal(ask(BYTES(GET), FROM_SERVER, false), NO_MATCH);
}

static void
begin(struct conversation *c, bool handshake_seen)
{
	conversation_init(c, &zookeeper_dissector);
	c->flow.handshake_seen = handshake_seen;
}

static void
principals(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, CONNECT DIGEST);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
	begin(&c, true);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, CONNECT SASL_EMPTY);
	SAY(&c, FROM_SERVER, CONNECTED DIGEST_CHALLENGE);
	SAY(&c, FROM_CLIENT, DIGEST_RESPONSE);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, false);
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
	begin(&c, false);
	SAY(&c, FROM_SERVER, PONG EVENT);
	assert_string_equal(c.evidence.protocol, "zookeeper");
	conversation_clear(&c);
	/* The client alone. */
	begin(&c, true);
	SAY(&c, FROM_CLIENT, CONNECT DIGEST GET);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

static void
gaps(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
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
	begin(&c, true);
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
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		begin(&c, true);
		conversation_send(&c, FROM_CLIENT, list[i].client.bytes, list[i].client.size);
		if (list[i].server.size > 0)
			conversation_send(&c, FROM_SERVER, list[i].server.bytes, list[i].server.size);
		if (c.verdict != NO_MATCH)
			fail_msg("%zu: %d", i, c.verdict);
		assert_null(c.evidence.protocol);
		conversation_clear(&c);
	}
	begin(&c, true);
	SAY(&c, FROM_CLIENT, "stat");
	SAY(&c, FROM_CLIENT, "s\r\n");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	/* Known, then odd. */
	begin(&c, true);
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
	begin(&c, true);
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
	begin(&c, true);
	conversation_send(&c, FROM_CLIENT, frame, 10000);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
ends_when_nothing_more_comes(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c, true);
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
		cmocka_unit_test(prefixes),
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
