/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP conversations: 0-9-1 as RabbitMQ 3.10 holds them, 0-8 and Qpid's ways from their specifications, 1.0 with and
 * without SASL and TLS; losses, and what AMQP must not be taken for.
 */
#include <config.h>

#include "scenario.h"

/* 0-9-1: FRAME(size of the arguments, method, arguments); sizes as text, since they are bytes of one. */
#define METHOD(size, class, method, arguments) "\x01\x00\x00\x00\x00\x00" size "\x00" class "\x00" method arguments "\xce"
#define ON_CHANNEL(size, class, method, arguments) "\x01\x00\x01\x00\x00\x00" size "\x00" class "\x00" method arguments "\xce"
#define HEADER "AMQP\x00\x00\x09\x01"
#define HEADER_0_8 "AMQP\x01\x01\x08\x00"
#define HEADER_0_9 "AMQP\x01\x01\x00\x09"
#define HEADER_0_10 "AMQP\x01\x01\x00\x0a"
#define START METHOD("\x25", "\x0a", "\x0a", "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x0ePLAIN AMQPLAIN\x00\x00\x00\x05" "en_US")
#define START_OK(size, mechanism, response) METHOD(size, "\x0a", "\x0b", "\x00\x00\x00\x00" mechanism "\x00\x00\x00" response "\x05" "en_US")
#define PLAIN START_OK("\x24", "\x05PLAIN", "\x0c\x00" "ann\x00" "example")
#define PLAIN_EMPTY START_OK("\x18", "\x05PLAIN", "\x00")
#define AMQPLAIN START_OK("\x25", "\x08" "AMQPLAIN", "\x0a\x05LOGINS...")
#define EXTERNAL START_OK("\x1c", "\x08" "EXTERNAL", "\x01=")
#define ANONYMOUS START_OK("\x1c", "\x09" "ANONYMOUS", "\x00")
#define DEMO START_OK("\x24", "\x0eRABBIT-CR-DEMO", "\x03" "ann")
#define OTHER START_OK("\x20", "\x06OPAQUE", "\x07secrets")
#define SECURE METHOD("\x09", "\x0a", "\x14", "\x00\x00\x00\x01?")
#define SECURE_OK METHOD("\x0f", "\x0a", "\x15", "\x00\x00\x00\x07" "example")
#define TUNE METHOD("\x0c", "\x0a", "\x1e", "\x07\xff\x00\x02\x00\x00\x00\x3c")
#define TUNE_OK METHOD("\x0c", "\x0a", "\x1f", "\x07\xff\x00\x02\x00\x00\x00\x3c")
#define OPEN METHOD("\x08", "\x0a", "\x28", "\x01/\x00\x00")
#define OPEN_OK METHOD("\x05", "\x0a", "\x29", "\x00")
#define CLOSE(code) METHOD("\x0c", "\x0a", "\x32", code "\x01" "e\x00\x00\x00\x00")
#define CLOSE_0_8(code) METHOD("\x0c", "\x0a", "\x3c", code "\x01" "e\x00\x00\x00\x00")
#define CHANNEL_CLOSE(code) ON_CHANNEL("\x0c", "\x14", "\x28", code "\x01" "e\x00\x3c\x00\x28")
#define PUBLISH ON_CHANNEL("\x09", "\x3c", "\x28", "\x00\x00\x00\x01k") "\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\xce" "\x03\x00\x01\x00\x00\x00\x02hi\xce"
#define DELIVER ON_CHANNEL("\x11", "\x3c", "\x3c", "\x01t\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00")
#define HEARTBEAT "\x08\x00\x00\x00\x00\x00\x00\xce"

/* 1.0. */
#define HEADER_1 "AMQP\x00\x01\x00\x00"
#define HEADER_TLS "AMQP\x02\x01\x00\x00"
#define HEADER_SASL "AMQP\x03\x01\x00\x00"
#define MECHANISMS "\x00\x00\x00\x15\x02\x01\x00\x00\x00\x53\x40\xc0\x08\x01\xa3\x05PLAIN"
#define INIT_PLAIN "\x00\x00\x00\x23\x02\x01\x00\x00\x00\x53\x41\xc0\x16\x02\xa3\x05PLAIN\xa0\x0c\x00" "ann\x00" "example"
#define INIT_ANONYMOUS "\x00\x00\x00\x1a\x02\x01\x00\x00\x00\x53\x41\xc0\x0d\x02\xa3\x09" "ANONYMOUS\x40"
#define INIT_SCRAM "\x00\x00\x00\x1c\x02\x01\x00\x00\x00\x53\x41\xc0\x0f\x02\xb3\x00\x00\x00\x05SCRAM\xa0\x02n,"
#define CHALLENGE "\x00\x00\x00\x11\x02\x01\x00\x00\x00\x53\x42\xc0\x04\x01\xa0\x01?"
#define RESPONSE "\x00\x00\x00\x11\x02\x01\x00\x00\x00\x53\x43\xc0\x04\x01\xa0\x01!"
#define OUTCOME(code) "\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50" code
#define OPEN_1 "\x00\x00\x00\x11\x02\x00\x00\x00\x00\x53\x10\xc0\x04\x01\xa1\x01" "c"
#define BEGIN_1 "\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x11\x45"
#define CLOSE_1 "\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x18\x45"
#define REFUSED(code) "\x00\x00\x00\x2f\x02\x00\x00\x00\x00\x53" code "\xd0\x00\x00\x00\x1f\x00\x00\x00\x01\xa3\x18" "amqp:unauthorized-access\x40"
#define ERROR_1 "\x00\x00\x00\x20\x02\x00\x00\x00\x00\x53\x18\xc0\x13\x01\x00\x53\x1d\xc0\x0d\x01\xa3\x0a" "amqp:other"
#define INIT_CBS "\x00\x00\x00\x18\x02\x01\x00\x00\x00\x53\x41\xc0\x0b\x02\xa3\x07" "MSSBCBS\x40"
#define TRANSFER "\x00\x00\x00\x15\x02\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x14\x45" "hi"
#define EMPTY_1 "\x00\x00\x00\x08\x02\x00\x00\x00"

static const struct scenario scenarios[] = {
	{ "plain", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(TUNE), CLIENT(TUNE_OK OPEN), SERVER(OPEN_OK) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "0-9", { CLIENT(HEADER_0_9), SERVER(START), CLIENT(PLAIN), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "plain, refused", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(CLOSE("\x01\x93")) }, AUTH_FAILURE, "sasl-plain", true, 0 },
	{ "plain, refused by Qpid", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(CLOSE("\x02\x12")) }, AUTH_FAILURE, "sasl-plain", true, 0 },
	{ "0-8, refused", { CLIENT(HEADER_0_8), SERVER(START), CLIENT(PLAIN), SERVER(CLOSE_0_8("\x01\x93")) }, AUTH_FAILURE, "sasl-plain", true, 0 },
	{ "plain, closed", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true, 0 },
	{ "broken off for another reason", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(CLOSE("\x01\xf6")) }, AUTH_ATTEMPTED, "sasl-plain", true, 0 },
	{ "plain in a second step", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN_EMPTY), SERVER(SECURE), CLIENT(SECURE_OK), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "second step to come", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN_EMPTY), SERVER(SECURE) }, AUTH_ATTEMPTED, "sasl-plain", false, 0 },
	{ "demo", { CLIENT(HEADER), SERVER(START), CLIENT(DEMO), SERVER(SECURE) }, AUTH_ATTEMPTED, "sasl-rabbit-cr-demo", false, 0 },
	{ "demo, accepted", { CLIENT(HEADER), SERVER(START), CLIENT(DEMO), SERVER(SECURE), CLIENT(SECURE_OK), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-rabbit-cr-demo", true, 0 },
	{ "amqplain", { CLIENT(HEADER), SERVER(START), CLIENT(AMQPLAIN), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-amqplain", true, 0 },
	{ "external", { CLIENT(HEADER), SERVER(START), CLIENT(EXTERNAL), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-external", false, 0 },
	{ "other", { CLIENT(HEADER), SERVER(START), CLIENT(OTHER), SERVER(TUNE) }, AUTH_SUCCESS, "sasl-other", false, 0 },
	{ "anonymous", { CLIENT(HEADER), SERVER(START), CLIENT(ANONYMOUS), SERVER(TUNE), CLIENT(TUNE_OK OPEN), SERVER(OPEN_OK) }, AUTH_NONE, "sasl-anonymous", false, 0 },
	{ "virtual host refused", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(TUNE), CLIENT(TUNE_OK OPEN), SERVER(CLOSE("\x02\x12")) }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "queue refused", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN), SERVER(TUNE OPEN_OK), CLIENT(PUBLISH), SERVER(CHANNEL_CLOSE("\x01\x93")) }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "the client breaks off", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN CLOSE("\x00\xc8")), SERVER(METHOD("\x04", "\x0a", "\x33", "")) }, AUTH_ATTEMPTED, "sasl-plain", true, 0 },
	{ "another version", { CLIENT(HEADER), SERVER(HEADER_0_8) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "0-10", { CLIENT(HEADER_0_10) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "1.0 plain", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_PLAIN), SERVER(OUTCOME("\x00")), CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "1.0 plain, at once", { CLIENT(HEADER_SASL INIT_PLAIN HEADER_1 OPEN_1), SERVER(HEADER_SASL MECHANISMS OUTCOME("\x00") HEADER_1 OPEN_1) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "1.0 plain, refused", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_PLAIN), SERVER(OUTCOME("\x01")) }, AUTH_FAILURE, "sasl-plain", true, 0 },
	{ "1.0 the server's own trouble", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_PLAIN), SERVER(OUTCOME("\x02")) }, AUTH_ATTEMPTED, "sasl-plain", true, 0 },
	{ "1.0 steps", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_SCRAM), SERVER(CHALLENGE), CLIENT(RESPONSE), SERVER(OUTCOME("\x00")) }, AUTH_SUCCESS, "sasl-other", false, 0 },
	{ "1.0 anonymous", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_ANONYMOUS), SERVER(OUTCOME("\x00")), CLIENT(HEADER_1 OPEN_1 BEGIN_1), SERVER(HEADER_1 OPEN_1 BEGIN_1) }, AUTH_NONE, "sasl-anonymous", false, 0 },
	{ "1.0 anonymous, sent away", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_ANONYMOUS), SERVER(OUTCOME("\x00")), CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1 REFUSED("\x18")) }, AUTH_FAILURE, "sasl-anonymous", false, 0, .none_before = true },
	{ "1.0 without SASL", { CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1) }, AUTH_NONE, NULL, false, 0 },
	{ "1.0 without SASL, served", { CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1 EMPTY_1 BEGIN_1 TRANSFER CLOSE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "1.0 without SASL, sent away", { CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1 REFUSED("\x18")) }, AUTH_FAILURE, NULL, false, 0, .none_before = true },
	{ "1.0 without SASL, told to", { CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_SASL) }, AUTH_FAILURE, NULL, false, 0 },
	{ "1.0 without SASL, sent away for another reason", { CLIENT(HEADER_1 OPEN_1), SERVER(HEADER_1 OPEN_1 ERROR_1) }, AUTH_UNKNOWN, NULL, false, 0, .none_before = true },
	{ "1.0 tokens come later", { CLIENT(HEADER_SASL), SERVER(HEADER_SASL MECHANISMS), CLIENT(INIT_CBS), SERVER(OUTCOME("\x00") HEADER_1 OPEN_1 BEGIN_1) }, AUTH_ATTEMPTED, "sasl-mssbcbs", false, 0 },
	{ "1.0 link refused", { CLIENT(HEADER_SASL INIT_PLAIN), SERVER(HEADER_SASL MECHANISMS OUTCOME("\x00") HEADER_1 OPEN_1 REFUSED("\x16")) }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "1.0 no TLS", { CLIENT(HEADER_TLS), SERVER(HEADER_SASL) }, AUTH_UNKNOWN, NULL, false, NOTE(UPGRADE_REFUSED) },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&amqp_dissector, "amqp", scenarios, COUNT_OF(scenarios));
}

static const struct probe_case probes[] = {
	{ BYTES(HEADER), FROM_CLIENT, MATCH },
	{ BYTES(HEADER_0_10), FROM_CLIENT, MATCH },
	{ BYTES(HEADER_SASL), FROM_SERVER, MATCH },
	{ BYTES(START), FROM_SERVER, MATCH },
	{ BYTES(START), FROM_CLIENT, NO_MATCH },
	{ BYTES(PLAIN), FROM_CLIENT, MATCH },
	{ BYTES(PLAIN), FROM_SERVER, NO_MATCH },
	{ BYTES(DELIVER), FROM_SERVER, MATCH },
	{ BYTES(DELIVER), FROM_CLIENT, NO_MATCH },
	{ BYTES(OPEN_OK), FROM_SERVER, MATCH },
	{ BYTES(HEARTBEAT), FROM_CLIENT, MATCH },
	{ BYTES(BEGIN_1), FROM_CLIENT, MATCH },
	{ BYTES(TRANSFER), FROM_SERVER, MATCH },
	{ BYTES(MECHANISMS), FROM_SERVER, MATCH },
	{ BYTES(MECHANISMS), FROM_CLIENT, NO_MATCH },
	{ BYTES("AMQP\x00\x00\x09\x02"), FROM_CLIENT, NO_MATCH },
	{ BYTES("AMQP\x04"), FROM_CLIENT, NO_MATCH },
	{ BYTES("AMQP 0-9-1"), FROM_CLIENT, NO_MATCH },
	{ BYTES("APOP ann"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x29\x00\xcd"), FROM_SERVER, NO_MATCH },
	{ BYTES("\x01\x00\x00\x00\x00\x00\x05\x00\x0b\x00\x29\x00\xce"), FROM_SERVER, NO_MATCH },
	{ BYTES("\x01\x00\x00\x00\x00\x00\x02"), FROM_SERVER, NO_MATCH },
	{ BYTES("\x02\x00\x00\x00\x00\x00\x0e"), FROM_SERVER, NO_MATCH },
	{ BYTES("\x08\x00\x01\x00\x00\x00\x00\xce"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x00\x00\x00\x2d\xfe" "SMB"), FROM_CLIENT, NO_MATCH },
	{ BYTES(EMPTY_1), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x19\x45"), FROM_CLIENT, NO_MATCH },
	{ BYTES("\x16\x03\x01\x02\x00\x01"), FROM_CLIENT, NO_MATCH },
};

/* A connection has its order. */
static const struct probe_case beginnings[] = {
	{ BYTES(PLAIN), FROM_CLIENT, NO_MATCH },
	{ BYTES(OPEN_OK), FROM_SERVER, NO_MATCH },
	{ BYTES(HEARTBEAT), FROM_SERVER, NO_MATCH },
	{ BYTES(START), FROM_SERVER, MATCH },
	{ BYTES(BEGIN_1), FROM_CLIENT, NO_MATCH },
};

static void
probing(void **state)
{
	static const struct flow_view begun = { .handshake_seen = true };

	(void)state;
	probes_check(&amqp_dissector, probes, COUNT_OF(probes));
	probes_check_in(&amqp_dissector, &begun, beginnings, COUNT_OF(beginnings));
}

static const char hello[] = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" "01234567890123456789012345678901" "\x00\x00\x02\x13\x01\x01\x00\x00\x00";

static void
changes_to_tls(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER_TLS);
	SAY(&c, FROM_CLIENT, hello); /* does not wait */
	SAY(&c, FROM_SERVER, HEADER_TLS);
	assert_ptr_equal(c.dissector, &tls_dissector);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UPGRADED);
	assert_string_equal(c.evidence.protocol, "amqp");
	conversation_clear(&c);
	/* The answer is lost. */
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER_TLS);
	conversation_gap(&c, FROM_SERVER, 8);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, "end of a frame\xce");
	SAY(&c, FROM_CLIENT, PUBLISH HEARTBEAT);
	SAY(&c, FROM_SERVER, DELIVER);
	SAY(&c, FROM_SERVER, CHANNEL_CLOSE("\x01\x93"));
	assert_string_equal(c.evidence.protocol, "amqp");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_false(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
	conversation_init_midstream(&c, &amqp_dissector);
	SAY(&c, FROM_SERVER, OPEN_1 BEGIN_1);
	SAY(&c, FROM_SERVER, TRANSFER);
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "amqp");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* The header behind SASL, which was not seen. */
	conversation_init_midstream(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER_1 OPEN_1);
	SAY(&c, FROM_SERVER, HEADER_1 OPEN_1 BEGIN_1);
	conversation_end(&c);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
losses(void **state)
{
	struct conversation c;

	(void)state;
	/* The tune is lost; what follows says as much. */
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER);
	SAY(&c, FROM_SERVER, START);
	SAY(&c, FROM_CLIENT, PLAIN);
	conversation_gap(&c, FROM_SERVER, 20);
	SAY(&c, FROM_SERVER, "xy\xce");
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	SAY(&c, FROM_SERVER, OPEN_OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* The tune may be: what is refused behind it need not be the login. */
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER);
	SAY(&c, FROM_SERVER, START);
	SAY(&c, FROM_CLIENT, PLAIN);
	conversation_gap(&c, FROM_SERVER, 20);
	SAY(&c, FROM_SERVER, CLOSE("\x02\x12"));
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER_SASL INIT_PLAIN);
	conversation_gap(&c, FROM_SERVER, 20);
	SAY(&c, FROM_SERVER, REFUSED("\x18"));
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
	/* The login is lost. */
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER);
	conversation_gap(&c, FROM_CLIENT, 50);
	SAY(&c, FROM_SERVER, START TUNE OPEN_OK);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* 1.0: the same; there is no telling that there was none. */
	conversation_init(&c, &amqp_dissector);
	conversation_gap(&c, FROM_CLIENT, 50);
	SAY(&c, FROM_CLIENT, HEADER_1 OPEN_1);
	SAY(&c, FROM_SERVER, HEADER_1 OPEN_1 BEGIN_1);
	conversation_end(&c);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
large_frames(void **state)
{
	static uint8_t body[70000];
	struct conversation c;

	(void)state;
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER);
	SAY(&c, FROM_SERVER, START);
	SAY(&c, FROM_CLIENT, PLAIN);
	SAY(&c, FROM_SERVER, TUNE "\x03\x00\x01\x00\x01\x11\x70");
	conversation_send(&c, FROM_SERVER, body, 70000);
	SAY(&c, FROM_SERVER, "\xce" CHANNEL_CLOSE("\x01\x93"));
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
	conversation_init(&c, &amqp_dissector);
	SAY(&c, FROM_CLIENT, HEADER_SASL INIT_PLAIN);
	SAY(&c, FROM_SERVER, HEADER_SASL MECHANISMS OUTCOME("\x00") HEADER_1 "\x00\x01\x11\x70\x02\x00\x00\x00");
	conversation_send(&c, FROM_SERVER, body, 70000 - 8);
	SAY(&c, FROM_SERVER, REFUSED("\x16"));
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
}

static void
broken_frames(void **state)
{
	static const struct verdict_case list[] = {
		{ { CLIENT("AMQP\x00\x00\x09\x02") }, NO_MATCH },
		{ { SERVER("\x01\x00\x00\x00\x00\x00\x08\x00\x0a\x00\x0a\x00\x09\x00\x00\xce") }, NO_MATCH },
		{ { CLIENT(HEADER), SERVER("HTTP/1.1 400 Bad Request\r\n") }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START), CLIENT(METHOD("\x05", "\x0a", "\x0b", "\x00")) }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START), CLIENT(METHOD("\x05", "\x0a", "\x15", "\x00")) }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START METHOD("\x05", "\x0a", "\x32", "\x00")) }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START OPEN) }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START "\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x29\x00\xcd") }, MALFORMED },
		{ { CLIENT(HEADER), SERVER(START "\x07") }, NEED_MORE },
		{ { CLIENT(HEADER), SERVER(START "\x07\x00\x00\x00\x00\x00\x00") }, MALFORMED },
		{ { CLIENT(HEADER_SASL "\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x41\x45") }, MALFORMED },
		{ { CLIENT(HEADER_SASL "\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x43\x45") }, MALFORMED },
		{ { CLIENT(HEADER_SASL "\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x44\x45") }, MALFORMED },
		{ { CLIENT(HEADER_SASL), SERVER(HEADER_SASL "\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x44\x45") }, MALFORMED },
		{ { CLIENT(HEADER_SASL), SERVER(HEADER_SASL "\x00\x00\x00\x08\x02\x01\x00\x00") }, MALFORMED },
		{ { CLIENT(HEADER_1 "\x00\x00\x00\x0c\x03\x00\x00\x00\x00\x53\x10\x45") }, MALFORMED },
		{ { CLIENT(HEADER_1 "\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x54\x10\x45") }, MALFORMED },
		{ { CLIENT(HEADER_1 "\x00\x00\x00\x0c\x02\x00\x00\x00\x01\x53\x10\x45") }, MALFORMED },
		{ { CLIENT(HEADER_1 "\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x10\x46") }, MALFORMED },
	};

	(void)state;
	verdicts_check(&amqp_dissector, list, COUNT_OF(list));
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "PLAIN", { CLIENT(HEADER), SERVER(START), CLIENT(PLAIN) }, .principal = "ann" },
		{ "RABBIT-CR-DEMO", { CLIENT(HEADER), SERVER(START), CLIENT(DEMO) }, .principal = "ann" },
	};

	(void)state;
	principals_check(&amqp_dissector, list, COUNT_OF(list));
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
		cmocka_unit_test(large_frames),
		cmocka_unit_test(broken_frames),
		cmocka_unit_test(principals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
