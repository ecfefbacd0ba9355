/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT conversations of all three versions, as mosquitto 2.0 and its clients hold them, enhanced
 * authentication from the specification; losses, and what MQTT must not be taken for.
 */
#include <config.h>

#include "scenario.h"
#include "tokens.h"

#define V31 "\x00\x06MQIsdp\x03"
#define V311 "\x00\x04MQTT\x04"
#define V5 "\x00\x04MQTT\x05"
#define ALIVE "\x00\x3c"
#define ID "\x00\x02id"
#define USER "\x00\x03" "ann"
#define PASS "\x00\x07" "example"

#define CONNECT_31 "\x10\x10" V31 "\x02" ALIVE ID
#define CONNECT_31_USER "\x10\x1e" V31 "\xc2" ALIVE ID USER PASS
#define CONNECT_311 "\x10\x0e" V311 "\x02" ALIVE ID
#define CONNECT_311_USER "\x10\x1c" V311 "\xc2" ALIVE ID USER PASS
#define CONNECT_311_NAME "\x10\x13" V311 "\x82" ALIVE ID USER
#define CONNECT_311_WILL "\x10\x23" V311 "\xee" ALIVE ID "\x00\x01t\x00\x02hi" USER PASS
#define CONNECT_BRIDGE "\x10\x1c\x00\x04MQTT\x84\xc2" ALIVE ID USER PASS
#define CONNECT_5 "\x10\x0f" V5 "\x02" ALIVE "\x00" ID
#define CONNECT_5_USER "\x10\x20" V5 "\xc2" ALIVE "\x03\x21\x00\x14" ID USER PASS
#define CONNECT_5_TOKEN "\x10\x18" V5 "\x42" ALIVE "\x00" ID PASS
#define CONNECT_5_WILL "\x10\x2a" V5 "\xc6" ALIVE "\x00" ID "\x05\x18\x00\x00\x00\x05\x00\x01t\x00\x02hi" USER PASS
#define CONNECT_5_SCRAM "\x10\x23" V5 "\x02" ALIVE "\x14\x15\x00\x0bSCRAM-SHA-1\x16\x00\x03n,," ID
#define CONNECT_5_FOO "\x10\x1c" V5 "\x02" ALIVE "\x0d\x15\x00\x03" "foo\x16\x00\x04" "1234" ID
#define CONNECT_5_PLAIN "\x10\x1d" V5 "\x02" ALIVE "\x0e\x15\x00\x05PLAIN\x16\x00\x03\x00x\x00" ID
#define CONNACK(code) "\x20\x02\x00" code
#define CONNACK_5(code) "\x20\x03\x00" code "\x00"
#define AUTH_5 "\xf0\x10\x18\x0e\x15\x00\x0bSCRAM-SHA-1"
#define AUTH_5_PLAIN "\xf0\x10\x18\x0e\x15\x00\x05PLAIN\x16\x00\x03" "abc"
#define SUBSCRIBE "\x82\x06\x00\x01\x00\x01t\x00"
#define SUBSCRIBE_5 "\x82\x07\x00\x01\x00\x00\x01t\x00"
#define SUBACK(code) "\x90\x03\x00\x01" code
#define SUBACK_5(code) "\x90\x04\x00\x01\x00" code
#define PUBLISH "\x30\x05\x00\x01thi"
#define PUBLISH_QOS1 "\x32\x07\x00\x01t\x00\x01hi"
#define PINGREQ "\xc0\x00"
#define PINGRESP "\xd0\x00"

static const struct scenario scenarios[] = {
	{ "3.1", { CLIENT(CONNECT_31), SERVER(CONNACK("\x00")) }, AUTH_NONE, NULL, false, 0 },
	{ "3.1.1", { CLIENT(CONNECT_311), SERVER(CONNACK("\x00")), CLIENT(SUBSCRIBE), SERVER(SUBACK("\x00")) }, AUTH_NONE, NULL, false, 0 },
	{ "5", { CLIENT(CONNECT_5), SERVER(CONNACK_5("\x00")) }, AUTH_NONE, NULL, false, 0 },
	{ "unanswered", { CLIENT(CONNECT_5) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "password unanswered", { CLIENT(CONNECT_311_USER) }, AUTH_ATTEMPTED, "mqtt-userpass", true, 0 },
	{ "3.1 password", { CLIENT(CONNECT_31_USER), SERVER(CONNACK("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "3.1 flags without fields", { CLIENT("\x10\x10" V31 "\xc2" ALIVE ID), SERVER(CONNACK("\x00")) }, AUTH_NONE, NULL, false, 0 },
	{ "3.1.1 password", { CLIENT(CONNECT_311_USER), SERVER(CONNACK("\x00")), CLIENT(PUBLISH PINGREQ), SERVER(PINGRESP) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "3.1.1 will", { CLIENT(CONNECT_311_WILL), SERVER(CONNACK("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "3.1.1 wrong", { CLIENT(CONNECT_311_USER), SERVER(CONNACK("\x04")) }, AUTH_FAILURE, "mqtt-userpass", true, 0 },
	{ "3.1.1 not authorized", { CLIENT(CONNECT_311_USER), SERVER(CONNACK("\x05")) }, AUTH_FAILURE, "mqtt-userpass", true, 0 },
	{ "3.1.1 none given", { CLIENT(CONNECT_311), SERVER(CONNACK("\x05")) }, AUTH_FAILURE, NULL, false, 0 },
	{ "3.1.1 unavailable", { CLIENT(CONNECT_311_USER), SERVER(CONNACK("\x03")) }, AUTH_ATTEMPTED, "mqtt-userpass", true, 0 },
	{ "name alone", { CLIENT(CONNECT_311_NAME), SERVER(CONNACK("\x00")) }, AUTH_ATTEMPTED, "mqtt-userpass", false, 0 },
	{ "name alone, refused", { CLIENT(CONNECT_311_NAME), SERVER(CONNACK("\x05")) }, AUTH_FAILURE, "mqtt-userpass", false, 0 },
	{ "bridge", { CLIENT(CONNECT_BRIDGE), SERVER(CONNACK("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "5 password", { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "5 password alone", { CLIENT(CONNECT_5_TOKEN), SERVER(CONNACK_5("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "5 will", { CLIENT(CONNECT_5_WILL), SERVER(CONNACK_5("\x00")) }, AUTH_SUCCESS, "mqtt-userpass", true, 0 },
	{ "5 bad user name or password", { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x86")) }, AUTH_FAILURE, "mqtt-userpass", true, 0 },
	{ "5 not authorized", { CLIENT(CONNECT_5), SERVER(CONNACK_5("\x87")) }, AUTH_FAILURE, NULL, false, 0 },
	{ "5 answered by an old server", { CLIENT(CONNECT_5_USER), SERVER(CONNACK("\x01")) }, AUTH_ATTEMPTED, "mqtt-userpass", true, 0 },
	{ "enhanced", { CLIENT(CONNECT_5_SCRAM), SERVER(AUTH_5), CLIENT(AUTH_5), SERVER(CONNACK_5("\x00")) }, AUTH_SUCCESS, "mqtt5-enhanced-auth", false, 0 },
	{ "enhanced, refused", { CLIENT(CONNECT_5_SCRAM), SERVER(AUTH_5), CLIENT(AUTH_5), SERVER(CONNACK_5("\x87")) }, AUTH_FAILURE, "mqtt5-enhanced-auth", false, 0 },
	{ "enhanced, unanswered", { CLIENT(CONNECT_5_SCRAM), SERVER(AUTH_5) }, AUTH_ATTEMPTED, "mqtt5-enhanced-auth", false, 0 },
	{ "enhanced, not known", { CLIENT(CONNECT_5_FOO), SERVER(CONNACK_5("\x8c")) }, AUTH_FAILURE, "mqtt5-enhanced-auth", true, 0 },
	{ "enhanced, in the clear", { CLIENT(CONNECT_5_PLAIN), SERVER(CONNACK_5("\x00")) }, AUTH_SUCCESS, "mqtt5-enhanced-auth", true, 0 },
	{ "enhanced, in the clear later", { CLIENT(CONNECT_5_SCRAM), SERVER("\xf0\x00"), CLIENT(AUTH_5_PLAIN), SERVER("\xe0\x01\x87") }, AUTH_FAILURE, "mqtt5-enhanced-auth", true, 0 },
	{ "3.1.1 topic refused", { CLIENT(CONNECT_311_USER), SERVER(CONNACK("\x00")), CLIENT(SUBSCRIBE), SERVER(SUBACK("\x80")) }, AUTH_SUCCESS, "mqtt-userpass", true, NOTE(NOT_PERMITTED) },
	{ "5 topic refused", { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x00")), CLIENT(SUBSCRIBE_5), SERVER(SUBACK_5("\x87")) }, AUTH_SUCCESS, "mqtt-userpass", true, NOTE(NOT_PERMITTED) },
	{ "5 message refused", { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x00")), CLIENT(PUBLISH_QOS1), SERVER("\x40\x03\x00\x01\x87") }, AUTH_SUCCESS, "mqtt-userpass", true, NOTE(NOT_PERMITTED) },
	{ "5 sent away", { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x00")), SERVER("\xe0\x02\x87\x00") }, AUTH_SUCCESS, "mqtt-userpass", true, NOTE(NOT_PERMITTED) },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&mqtt_dissector, "mqtt", scenarios, COUNT_OF(scenarios));
}

static const struct probe_case probes[] = {
	{ BYTES(CONNECT_31_USER), FROM_CLIENT, MATCH },
	{ BYTES(CONNECT_311_WILL), FROM_CLIENT, MATCH },
	{ BYTES(CONNECT_5_SCRAM), FROM_CLIENT, MATCH },
	{ BYTES(CONNECT_BRIDGE), FROM_CLIENT, MATCH },
	{ BYTES(CONNACK("\x05")), FROM_SERVER, MATCH },
	{ BYTES(CONNACK_5("\x00")), FROM_SERVER, MATCH },
	{ BYTES(PUBLISH), FROM_CLIENT, MATCH },
	{ BYTES(PUBLISH_QOS1), FROM_SERVER, MATCH },
	{ BYTES(SUBSCRIBE), FROM_CLIENT, MATCH },
	{ BYTES(SUBSCRIBE_5), FROM_CLIENT, MATCH },
	{ BYTES("\xa2\x05\x00\x01\x00\x01t"), FROM_CLIENT, MATCH },
	{ BYTES("\x10\x1d" V5 "\x02" ALIVE "\x0e\x11\x00\x00\x0e\x10\x17\x01\x26\x00\x01k\x00\x01v" ID), FROM_CLIENT, MATCH },
	{ BYTES("\x82\x09\x00\x01\x02\x0b\x01\x00\x01t\x00"), FROM_CLIENT, MATCH },
	{ BYTES("\x82\x0c\x00\x01\x05\x0b\xff\xff\xff\xff\x00\x01t\x00"), FROM_CLIENT, NEED_MORE },
	{ BYTES("\x82\x06\x00\x00\x00\x01t\x00"), FROM_CLIENT, NEED_MORE },
	{ BYTES("\x82\x06\x00\x01\x00\x01t\x03"), FROM_CLIENT, NEED_MORE },
	{ BYTES(PINGREQ), FROM_CLIENT, MATCH },
	{ BYTES(PINGRESP), FROM_SERVER, MATCH },
	{ BYTES("\x40\x02\x00\x01"), FROM_CLIENT, NEED_MORE },
	{ BYTES(CONNECT_311), FROM_SERVER, NO_MATCH },
	{ BYTES(CONNACK("\x00")), FROM_CLIENT, NO_MATCH },
	{ BYTES(CONNACK("\x09")), FROM_SERVER, NO_MATCH },
	{ BYTES("\x20\x02\x02\x00"), FROM_SERVER, NO_MATCH },
	{ BYTES("\x10\x0e\x00\x04MQTT\x06\x02" ALIVE ID), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x10\x0e\x00\x04MQTS\x04\x02" ALIVE ID), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x10\x0e" V311 "\x03" ALIVE ID), FROM_CLIENT, NO_MATCH },  /* the reserved flag */
	{ BYTES("\x10\x0e" V311 "\x1a" ALIVE ID), FROM_CLIENT, NO_MATCH },  /* QoS 3 */
	{ BYTES("\x10\x0e" V311 "\x0a" ALIVE ID), FROM_CLIENT, NO_MATCH },  /* a QoS without a will */
	{ BYTES("\x10\x0e" V311 "\x42" ALIVE ID), FROM_CLIENT, NO_MATCH },  /* a password without a user */
	{ BYTES("\x10\x0f" V311 "\x02" ALIVE ID "x"), FROM_CLIENT, NO_MATCH }, /* a byte too many */
	{ BYTES("\x10\x11" V5 "\x02" ALIVE "\x02\x99\x01" ID), FROM_CLIENT, NO_MATCH }, /* no such property */
	{ BYTES("\x10\xff\xff\xff\xff\x01"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x30\x82\x01\x02\x02\x01\x00"), FROM_CLIENT, NEED_MORE },
	{ BYTES("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"), FROM_CLIENT, NO_MATCH }, /* LDAP */
	{ BYTES("\x30\x05\x00\x02#th"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x30\x05\x00\x00\x03#\x00"), FROM_CLIENT, NEED_MORE }, /* 5.0: a topic by its alias */
	{ BYTES("\x36\x05\x00\x01thi"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x16\x03\x01\x02\x00\x01"), FROM_CLIENT, NO_MATCH },
	{ BYTES("PING"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x00\x04MQTT"), FROM_CLIENT, NO_MATCH },
};

static void
probing(void **state)
{
	struct flow_view flow = { .handshake_seen = true };
	enum strength strength;

	(void)state;
	probes_check(&mqtt_dissector, probes, COUNT_OF(probes));
	/* A connection begins with CONNECT, and nothing else. */
	assert_int_equal(mqtt_dissector.probe(&flow, FROM_CLIENT, cursor_over(BYTES(PUBLISH)), &strength), NO_MATCH);
	assert_int_equal(mqtt_dissector.probe(&flow, FROM_CLIENT, cursor_over(BYTES(CONNECT_311)), &strength), MATCH);
	/* Two spaces in text are no CONNACK. */
	assert_int_equal(mqtt_dissector.probe(&flow, FROM_SERVER, cursor_over(BYTES(CONNACK("\x00") " and more")), &strength), NO_MATCH);
	assert_int_equal(mqtt_dissector.probe(&flow, FROM_SERVER, cursor_over(BYTES(CONNACK("\x00") "x")), &strength), NO_MATCH);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	/* Pings: both ways are needed. */
	conversation_init_midstream(&c, &mqtt_dissector);
	SAY(&c, FROM_CLIENT, PINGREQ);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	SAY(&c, FROM_SERVER, PINGRESP);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	SAY(&c, FROM_SERVER, SUBACK("\x00"));
	SAY(&c, FROM_SERVER, "tail of a message");
	SAY(&c, FROM_SERVER, PUBLISH);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
	/* The answer alone. */
	conversation_init_midstream(&c, &mqtt_dissector);
	SAY(&c, FROM_SERVER, CONNACK("\x05"));
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	conversation_clear(&c);
	conversation_init_midstream(&c, &mqtt_dissector);
	SAY(&c, FROM_SERVER, CONNACK("\x00"));
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* All but the handshake. */
	conversation_init_midstream(&c, &mqtt_dissector);
	SAY(&c, FROM_CLIENT, CONNECT_311_USER);
	SAY(&c, FROM_SERVER, CONNACK("\x00"));
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
losses(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum auth_result result;
	} list[] = {
		{ BYTES(CONNACK("\x00")), AUTH_ATTEMPTED }, /* not where it could be */
		{ BYTES(PINGRESP), AUTH_ATTEMPTED },
		{ BYTES("xyz" PUBLISH), AUTH_ATTEMPTED },
		{ BYTES(PUBLISH), AUTH_SUCCESS },
		{ BYTES(SUBACK("\x00") PUBLISH), AUTH_SUCCESS },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		conversation_init(&c, &mqtt_dissector);
		SAY(&c, FROM_CLIENT, CONNECT_311_USER);
		conversation_gap(&c, FROM_SERVER, 4);
		conversation_send(&c, FROM_SERVER, list[i].bytes, list[i].size);
		if (c.evidence.authentication.result != list[i].result)
			fail_msg("%zu: %s", i, auth_result_names[c.evidence.authentication.result]);
		conversation_clear(&c);
	}
	/* The client's CONNECT is lost: what the server does tells nothing. */
	conversation_init(&c, &mqtt_dissector);
	conversation_gap(&c, FROM_CLIENT, 20);
	SAY(&c, FROM_SERVER, CONNACK("\x00") PUBLISH);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_string_equal(c.evidence.protocol, "mqtt");
	conversation_clear(&c);
	/* A CONNECT of which a part is lost. */
	conversation_init(&c, &mqtt_dissector);
	conversation_send(&c, FROM_CLIENT, CONNECT_311_USER, 12);
	conversation_gap(&c, FROM_CLIENT, 10);
	SAY(&c, FROM_CLIENT, PUBLISH);
	SAY(&c, FROM_SERVER, CONNACK("\x00"));
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
large_messages(void **state)
{
	static uint8_t body[3000];
	struct conversation c;

	(void)state;
	conversation_init(&c, &mqtt_dissector);
	SAY(&c, FROM_CLIENT, CONNECT_311_USER);
	SAY(&c, FROM_SERVER, CONNACK("\x00") "\x30\xb8\x17\x00\x01t");
	conversation_send(&c, FROM_SERVER, body, 2997);
	SAY(&c, FROM_SERVER, SUBACK("\x80"));
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
}

static void
broken_packets(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT("\x10\x0e\x00\x04MQTS\x04\x02" ALIVE ID) }, NO_MATCH },
		{ { CLIENT("\x00") }, NO_MATCH },
		{ { CLIENT(CONNECT_311 CONNECT_311) }, MALFORMED },
		{ { CLIENT(CONNECT_311), SERVER("HTTP/1.1 400 Bad\r\n") }, MALFORMED },
		{ { CLIENT(CONNECT_311), SERVER("\x20\x02\x07\x00") }, MALFORMED },
		{ { CLIENT(CONNECT_5_USER), SERVER(CONNACK_5("\x00") "\x90\x04\x00\x01\x09\x00") }, MALFORMED, .success = true },
		{ { CLIENT(CONNECT_5_SCRAM), SERVER("\xf0\x02\x77\x00") }, MALFORMED },
		{ { CLIENT(CONNECT_5 "\x36\x02") }, MALFORMED },
	};

	(void)state;
	verdicts_check(&mqtt_dissector, list, COUNT_OF(list));
}

static void
principals_and_tokens(void **state)
{
	struct conversation c;
	uint8_t packet[1200] = "\x10";
	size_t size = strlen(TOKEN_BOUND), at = 3;

	(void)state;
	conversation_init(&c, &mqtt_dissector);
	c.evidence.want_principals = true;
	SAY(&c, FROM_CLIENT, CONNECT_311_USER);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
	/* A service account's token for a password. */
	memcpy(packet + at, V5 "\x42" ALIVE "\x00" ID, 15);
	at += 15;
	packet[at++] = (uint8_t)(size >> 8);
	packet[at++] = (uint8_t)size;
	memcpy(packet + at, TOKEN_BOUND, size);
	at += size;
	packet[1] = (uint8_t)((at - 3) % 128 | 0x80);
	packet[2] = (uint8_t)((at - 3) / 128);
	conversation_init(&c, &mqtt_dissector);
	conversation_send(&c, FROM_CLIENT, packet, at);
	assert_true(evidence_has_note(&c.evidence, NOTE_SERVICE_ACCOUNT_TOKEN));
	assert_true(c.evidence.cleartext_credentials);
	assert_string_equal(c.evidence.authentication.principal, "");
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probing),
		cmocka_unit_test(midstream),
		cmocka_unit_test(losses),
		cmocka_unit_test(large_messages),
		cmocka_unit_test(broken_packets),
		cmocka_unit_test(principals_and_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
