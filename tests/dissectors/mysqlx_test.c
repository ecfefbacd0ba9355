/* SPDX-License-Identifier: Apache-2.0 */
/* X Protocol conversations, written from MySQL's documentation of its messages. */
#include <config.h>

#include <netinet/in.h>
#include "scenario.h"

#define HELLO "\x05\0\0\0\x0b\x08\x05\x1a\0"
#define GET "\x01\0\0\0\x01"
#define CAPABILITIES "\x12\0\0\0\x02\x0a\x0f\x0a\x03" "tls" "\x12\x08\x08\x01\x12\x04\x08\x07\x40\0"
#define SET_TLS "\x14\0\0\0\x02\x0a\x11\x0a\x0f\x0a\x03" "tls" "\x12\x08\x08\x01\x12\x04\x08\x07\x40\x01"
#define SET_TLS_CLIENT "\x14\0\0\0\x02\x0a\x11\x0a\x0f\x0a\x03" "tls" "\x12\x08\x08\x01\x12\x04\x08\x07\x38\x01"
#define SET_OTHER "\x16\0\0\0\x02\x0a\x13\x0a\x11\x0a\x05" "other" "\x12\x08\x08\x01\x12\x04\x08\x07\x38\x01"
#define OK "\x01\0\0\0\x00"
#define START_41 "\x0a\0\0\0\x04\x0a\x07" "MYSQL41"
#define START_MEMORY "\x10\0\0\0\x04\x0a\x0d" "SHA256_MEMORY"
#define START_PLAIN "\x16\0\0\0\x04\x0a\x05" "PLAIN\x12\x0c" "\0ann\0example"
#define START_ODD "\x09\0\0\0\x04\x0a\x06" "SECRET"
#define CHALLENGE "\x17\0\0\0\x03\x0a\x14" "abcdefghijklmnopqrst"
#define CONTINUE "\x10\0\0\0\x05\x0a\x0c" "db\0ann\0*12345"
#define CONTINUE_CUT "\x0f\0\0\0\x05\x0a\x0c" "db\0ann\0*1234"
#define AUTH_OK "\x01\0\0\0\x04"
#define ACCESS_DENIED "\x17\0\0\0\x01\x08\x01\x10\x95\x08\x1a\x06" "denied" "\x22\x05" "28000" "\x38\0"
#define DENIED "\x15\0\0\0\x01\x08\x01\x10\x95\x08\x1a\x06" "denied" "\x22\x05" "HY000"
#define DENIED_28 "\x15\0\0\0\x01\x08\x01\x10\x81\x27\x1a\x06" "denied" "\x22\x05" "28000"
#define NO_SUCH "\x15\0\0\0\x01\x08\x01\x10\x81\x27\x1a\x06" "nope.." "\x22\x05" "HY000"
#define EXECUTE "\x0b\0\0\0\x0c\x12\x08" "select 1"
#define BIG_ROW "\x00\x20\0\0\x0d"

static const struct scenario scenarios[] = {
	{ "questions only", { SERVER(HELLO), CLIENT(GET), SERVER(CAPABILITIES) }, AUTH_UNKNOWN, NULL, false },
	{ "MYSQL41", { CLIENT(GET), SERVER(CAPABILITIES), CLIENT(START_41), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(AUTH_OK) }, AUTH_SUCCESS, "mysql41", false },
	{ "MYSQL41, denied", { CLIENT(START_41), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(DENIED) }, AUTH_FAILURE, "mysql41", false },
	{ "SHA256_MEMORY, no outcome", { CLIENT(START_MEMORY), SERVER(CHALLENGE) }, AUTH_ATTEMPTED, "sha256_memory", false },
	{ "PLAIN", { CLIENT(START_PLAIN), SERVER(AUTH_OK) }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN, denied by its class", { CLIENT(START_PLAIN), SERVER(DENIED_28) }, AUTH_FAILURE, "sasl-plain", true },
	{ "a mechanism nobody knows", { SERVER(HELLO), CLIENT(GET), SERVER(CAPABILITIES), CLIENT(START_ODD), SERVER(NO_SUCH) }, AUTH_ATTEMPTED, "mysqlx-other", false },
	{ "not logged in", { SERVER(HELLO), CLIENT(EXECUTE), SERVER(DENIED) }, AUTH_FAILURE, NULL, false },
	{ "an error of no account", { SERVER(HELLO), CLIENT(EXECUTE), SERVER(NO_SUCH) }, AUTH_UNKNOWN, NULL, false },
	{ "a second try", { CLIENT(START_41), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(DENIED), CLIENT(START_MEMORY), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(AUTH_OK) }, AUTH_SUCCESS, "sha256_memory", false },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&mysqlx_dissector, "mysqlx", scenarios, COUNT_OF(scenarios));
}

/* Frames of others with a size and a type before them: nobody was let in who had not asked. */
static void
no_login_no_success(void **state)
{
	static const struct message others[][3] = {
		{ CLIENT(GET), SERVER(AUTH_OK), CLIENT(GET) },
		{ CLIENT(GET), SERVER("\x05\0\0\0\x03\x08\x01\x10\x02"), SERVER(AUTH_OK) },
		{ CLIENT(GET), SERVER("\x05\0\0\0\x04\x08\x01\x10\x02"), SERVER(AUTH_OK) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		for (int joined = 0; joined < 2; joined++) {
			struct conversation c;

			conversation_init(&c, &mysqlx_dissector);
			c.flow.handshake_seen = joined == 0;
			conversation_run(&c, others[i], 3, 0);
			assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
			assert_true(c.evidence.strength < STRENGTH_STRUCTURE);
			conversation_clear(&c);
		}
}

/* A success that is seen is the end of it. */
static void
success_ends_it(const struct conversation *c, size_t given)
{
	(void)given;
	assert_int_not_equal(c->evidence.authentication.result, AUTH_NONE);
	if (c->evidence.authentication.result == AUTH_SUCCESS)
		assert_int_equal(c->verdict, DONE);
}

static void
prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(scenarios); i++)
		conversation_each_prefix(&mysqlx_dissector, scenarios[i].messages, scenario_count(&scenarios[i]), success_ends_it);
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "MYSQL41", { CLIENT(START_41), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(AUTH_OK) }, .principal = "ann" },
		{ "PLAIN", { CLIENT(START_PLAIN), SERVER(AUTH_OK) }, .principal = "ann" },
	};

	(void)state;
	principals_check(&mysqlx_dissector, list, COUNT_OF(list));
}

static void
tls_agreed_and_refused(void **state)
{
	static const struct message agreed[] = { SERVER(HELLO), CLIENT(SET_TLS_CLIENT), SERVER(OK) };
	static const struct message refused[] = { SERVER(HELLO), CLIENT(SET_TLS_CLIENT), SERVER(NO_SUCH), CLIENT(START_41), SERVER(CHALLENGE), CLIENT(CONTINUE_CUT), SERVER(AUTH_OK) };
	static const struct message something_else[] = { SERVER(HELLO), CLIENT(SET_OTHER), SERVER(OK) };
	struct conversation c;

	(void)state;
	conversation_init(&c, &mysqlx_dissector);
	conversation_run(&c, agreed, 3, 0);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
	conversation_init(&c, &mysqlx_dissector);
	conversation_run(&c, refused, 7, 0);
	assert_true(evidence_has_note(&c.evidence, NOTE_UPGRADE_REFUSED));
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	conversation_init(&c, &mysqlx_dissector);
	conversation_run(&c, something_else, 3, 0);
	assert_ptr_equal(c.dissector, &mysqlx_dissector);
	conversation_clear(&c);
}

/* Rows may be large: passed over, whether or not all of them is there. */
static void
what_is_not_read_is_passed_over(void **state)
{
	static char row[0x2000 - 1];
	struct conversation c;

	(void)state;
	conversation_init(&c, &mysqlx_dissector);
	SAY(&c, FROM_SERVER, HELLO);
	SAY(&c, FROM_CLIENT, EXECUTE);
	SAY(&c, FROM_SERVER, BIG_ROW);
	conversation_send(&c, FROM_SERVER, row, 100);
	conversation_send(&c, FROM_SERVER, row, sizeof(row) - 100);
	SAY(&c, FROM_SERVER, DENIED);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_clear(&c);
}

static enum verdict
probe(enum direction from, const void *bytes, size_t size, enum strength *strength)
{
	const struct flow_view flow = { .ip_protocol = IPPROTO_TCP, .client_port = 40000, .server_port = 9 };

	return probe_bytes(&mysqlx_dissector, &flow, from, bytes, size, strength);
}
#define PROBE(from, text) probe(from, text, sizeof(text) - 1, &strength)

static void
first_messages(void **state)
{
	enum strength strength = STRENGTH_NONE;

	(void)state;
	assert_int_equal(PROBE(FROM_SERVER, HELLO), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	assert_int_equal(PROBE(FROM_CLIENT, GET), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	assert_int_equal(PROBE(FROM_CLIENT, SET_TLS), MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, START_41), MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, START_PLAIN), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, CAPABILITIES), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, CHALLENGE), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, DENIED), MATCH);
	for (size_t size = 0; size < sizeof(START_PLAIN) - 1; size++)
		assert_int_equal(probe(FROM_CLIENT, START_PLAIN, size, &strength), NEED_MORE);
}

static void
what_it_must_not_be_taken_for(void **state)
{
	enum strength strength = STRENGTH_NONE;

	(void)state;
	assert_int_equal(PROBE(FROM_CLIENT, START_ODD), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, EXECUTE), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, "\x01\0\0\0\x03"), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, "\x03\0\0\0\x01" "ab"), NO_MATCH);
	assert_int_equal(PROBE(FROM_SERVER, OK), NO_MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "\0\0\0\0\0"), NO_MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "\x05\0\0\0\x0b\x08\x25\x1a\0"), NO_MATCH);   /* no such notice */
	assert_int_equal(PROBE(FROM_SERVER, "\x05\0\0\0\x05\x08\x05\x1a\0"), NO_MATCH);   /* no such type */
	assert_int_equal(PROBE(FROM_SERVER, "\x4a\0\0\0\x0a" "5.5.5-10.11"), NO_MATCH);   /* MySQL's greeting */
	assert_int_equal(PROBE(FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n"), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, "\x16\x03\x01\x02\0\x01\0\x01\xfc"), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, "*1\r\n$4\r\nPING\r\n"), NO_MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, "\0\0\0\x08\x04\xd2\x16\x2f"), NO_MATCH);     /* PostgreSQL's SSLRequest */
}

static void
hostile_messages(void **state)
{
	static const struct message unknown_type[] = { SERVER(HELLO), CLIENT("\x05\0\0\0\x63zzzz") };
	static const struct message no_protobuf[] = { SERVER(HELLO), CLIENT("\x05\0\0\0\x04\x0a\xff\xff\xff") };
	static const struct message too_long[] = { SERVER(HELLO), CLIENT("\xff\xff\xff\x7f\x04") };
	static const struct message nothing[] = { CLIENT("\x05\0\0\0\x63zzzz") };
	struct conversation c;

	(void)state;
	const struct message *bad[] = { unknown_type, no_protobuf, too_long };
	for (size_t i = 0; i < 3; i++) {
		conversation_init(&c, &mysqlx_dissector);
		conversation_run(&c, bad[i], 2, 0);
		assert_int_equal(c.verdict, MALFORMED);
		conversation_clear(&c);
	}
	conversation_init(&c, &mysqlx_dissector);
	conversation_run(&c, nothing, 1, 0);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(no_login_no_success),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(principals),
		cmocka_unit_test(tls_agreed_and_refused),
		cmocka_unit_test(what_is_not_read_is_passed_over),
		cmocka_unit_test(first_messages),
		cmocka_unit_test(what_it_must_not_be_taken_for),
		cmocka_unit_test(hostile_messages),
	};

	return cmocka_run_group_tests_name("dissectors/mysqlx", tests, NULL, NULL);
}
