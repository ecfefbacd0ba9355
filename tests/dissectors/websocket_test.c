/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is carried over a WebSocket: logins of MQTT, STOMP, NATS and AMQP in frames, masked, in pieces and
 * together; what cannot be read of it, and what the upgrade before it leaves.
 */
#include <config.h>

#include "scenario.h"

#define MQTT_CONNECT "\x10\x1c\x00\x04MQTT\x04\xc2\x00\x3c\x00\x02id\x00\x03" "ann\x00\x07" "example"
#define MQTT_OPEN "\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02id"
#define STOMP_CONNECT "STOMP\nlogin:ann\npasscode:example\n\n\0"
#define NATS_INFO "INFO {\"server_id\":\"N\",\"auth_required\":true} \r\n"
#define NATS_CONNECT "CONNECT {\"verbose\":false,\"auth_token\":\"example\"}\r\nPING\r\n"

struct part {
	enum direction from;
	const char *bytes;
	size_t size;
};

static const struct {
	const char *name;
	struct part parts[6];
	enum auth_result result;
	const char *method;
	bool clear;
} list[] = {
	{ "MQTT", { { FROM_CLIENT, BYTES(MQTT_CONNECT) }, { FROM_SERVER, BYTES("\x20\x02\x00\x00") } }, AUTH_SUCCESS, "mqtt-userpass", true },
	{ "MQTT, refused", { { FROM_CLIENT, BYTES(MQTT_CONNECT) }, { FROM_SERVER, BYTES("\x20\x02\x00\x05") } }, AUTH_FAILURE, "mqtt-userpass", true },
	{ "MQTT, unanswered", { { FROM_CLIENT, BYTES(MQTT_CONNECT) } }, AUTH_ATTEMPTED, "mqtt-userpass", true },
	{ "MQTT, open", { { FROM_CLIENT, BYTES(MQTT_OPEN) }, { FROM_SERVER, BYTES("\x20\x02\x00\x00") } }, AUTH_NONE, NULL, false },
	{ "MQTT, open, unanswered", { { FROM_CLIENT, BYTES(MQTT_OPEN) } }, AUTH_UNKNOWN, NULL, false },
	{ "STOMP", { { FROM_CLIENT, BYTES(STOMP_CONNECT) }, { FROM_SERVER, BYTES("CONNECTED\nversion:1.2\n\n\0") } }, AUTH_SUCCESS, "stomp-userpass", true },
	{ "NATS", { { FROM_SERVER, BYTES(NATS_INFO) }, { FROM_CLIENT, BYTES(NATS_CONNECT) }, { FROM_SERVER, BYTES("PONG\r\n") } }, AUTH_SUCCESS, "nats-token", true },
	{ "NATS, refused", { { FROM_SERVER, BYTES(NATS_INFO) }, { FROM_CLIENT, BYTES(NATS_CONNECT) }, { FROM_SERVER, BYTES("-ERR 'Authorization Violation'\r\n") } }, AUTH_FAILURE, "nats-token", true },
	{ "AMQP", { { FROM_CLIENT, BYTES("AMQP\x00\x01\x00\x00\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x10\x45") }, { FROM_SERVER, BYTES("AMQP\x00\x01\x00\x00\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x10\x45") } }, AUTH_NONE, NULL, false },
	{ "something else", { { FROM_CLIENT, BYTES("{\"hello\":1}") }, { FROM_SERVER, BYTES("{\"hello\":2}") } }, AUTH_NONE, NULL, false },
	{ "something else, the server first", { { FROM_SERVER, BYTES("hello") } }, AUTH_NONE, NULL, false },
	{ "nothing", { { FROM_CLIENT, BYTES("") } }, AUTH_UNKNOWN, NULL, false },
};

/* A frame of at most 125 bytes, or of 16 bits of size; the client's are masked. Returns its size. */
static size_t
make_frame(uint8_t *out, enum direction from, uint8_t first, const char *payload, size_t size)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	uint8_t bit = from == FROM_CLIENT ? 0x80 : 0;
	size_t n = 0;

	out[n++] = first;
	if (size < 126) {
		out[n++] = (uint8_t)(bit | size);
	} else {
		out[n++] = bit | 126;
		out[n++] = (uint8_t)(size >> 8);
		out[n++] = (uint8_t)size;
	}
	if (bit) {
		memcpy(out + n, mask, 4);
		n += 4;
	}
	for (size_t i = 0; i < size; i++)
		out[n++] = (uint8_t)payload[i] ^ (bit ? mask[i % 4] : 0);
	return n;
}

/* What http.c leaves. */
static void
begin(struct conversation *c)
{
	conversation_init(c, &websocket_dissector);
	evidence_protocol(&c->evidence, "websocket", STRENGTH_EXCHANGE, "101", FROM_SERVER, 0);
	evidence_authentication(&c->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "101", FROM_SERVER, 0);
}

static void
send_in_chunks(struct conversation *c, enum direction from, const uint8_t *bytes, size_t size, size_t chunk)
{
	for (size_t at = 0; at < size; at += chunk)
		conversation_send(c, from, bytes + at, size - at < chunk ? size - at : chunk);
}

/* A ping, then the part in frames of at most step bytes, the first of them text or binary. */
static void
send_part(struct conversation *c, const struct part *part, size_t step, size_t chunk)
{
	uint8_t frame[512];
	size_t size = make_frame(frame, part->from, 0x89, "ping", 4);

	send_in_chunks(c, part->from, frame, size, chunk);
	for (size_t at = 0; at < part->size; at += step) {
		bool last = part->size - at <= step;

		size = make_frame(frame, part->from, (uint8_t)((last ? 0x80 : 0) | (at == 0 ? 2 : 0)), part->bytes + at, last ? part->size - at : step);
		send_in_chunks(c, part->from, frame, size, chunk);
	}
}

static void
carries_logins(void **state)
{
	static const size_t steps[] = { 400, 1, 5 }, chunks[] = { 1000, 1, 3 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		for (size_t j = 0; j < 9; j++) {
			struct conversation c;
			const struct authentication *a = &c.evidence.authentication;

			begin(&c);
			for (size_t k = 0; k < 6 && list[i].parts[k].bytes != NULL; k++)
				send_part(&c, &list[i].parts[k], steps[j / 3], chunks[j % 3]);
			conversation_end(&c);
			if (a->result != list[i].result || c.evidence.cleartext_credentials != list[i].clear || (a->method == NULL) != (list[i].method == NULL) || (a->method != NULL && strcmp(a->method, list[i].method) != 0))
				fail_msg("%s, frames of %zu in pieces of %zu: %s %s", list[i].name, steps[j / 3], chunks[j % 3], auth_result_names[a->result], a->method ? a->method : "-");
			assert_string_equal(c.evidence.protocol, "websocket");
			assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
			conversation_clear(&c);
		}
	}
}

#define MQTT_ACCEPTED "\x20\x02\x00\x00"
#define MQTT_REFUSED "\x20\x02\x00\x05"
#define STOMP_OPEN "CONNECT\nhost:/\n\n\0"
#define STOMP_REFUSED "ERROR\nmessage:Bad CONNECT\ncontent-length:31\n\nAccess refused for user 'ann'.\n\0"

/* The answer to the upgrade has not looked at its credential, where there is a login inside. */
static void
settles_the_upgrade(void **state)
{
	static const struct {
		struct part parts[3];
		enum auth_result result;
		const char *method;
	} cases[] = {
		{ { { FROM_CLIENT, BYTES(STOMP_OPEN) }, { FROM_SERVER, BYTES("CONNECTED\nversion:1.2\n\n\0") } }, AUTH_SUCCESS, "http-basic" },
		{ { { FROM_CLIENT, BYTES(STOMP_OPEN) }, { FROM_SERVER, BYTES(STOMP_REFUSED) } }, AUTH_FAILURE, "http-basic" },
		{ { { FROM_CLIENT, BYTES(STOMP_OPEN) } }, AUTH_ATTEMPTED, "http-basic" },
		{ { { FROM_CLIENT, BYTES(MQTT_CONNECT) }, { FROM_SERVER, BYTES(MQTT_ACCEPTED) } }, AUTH_SUCCESS, "mqtt-userpass" },
		{ { { FROM_CLIENT, BYTES(MQTT_CONNECT) }, { FROM_SERVER, BYTES(MQTT_REFUSED) } }, AUTH_FAILURE, "mqtt-userpass" },
		{ { { FROM_CLIENT, BYTES(MQTT_OPEN) }, { FROM_SERVER, BYTES(MQTT_ACCEPTED) } }, AUTH_SUCCESS, "http-basic" },
		{ { { FROM_CLIENT, BYTES("hello") } }, AUTH_SUCCESS, "http-basic" },
		{ { { FROM_SERVER, BYTES("hello") } }, AUTH_SUCCESS, "http-basic" },
		{ { { FROM_CLIENT, NULL, 0 } }, AUTH_ATTEMPTED, "http-basic" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conversation c;
		const struct authentication *a = &c.evidence.authentication;

		conversation_init(&c, &websocket_dissector);
		evidence_authentication(&c.evidence, AUTH_SUCCESS, "http-basic", STRENGTH_EXCHANGE, "101", FROM_SERVER, 0);
		for (size_t k = 0; k < 3 && cases[i].parts[k].bytes != NULL; k++)
			send_part(&c, &cases[i].parts[k], 400, 1000);
		conversation_end(&c);
		if (a->result != cases[i].result || strcmp(a->method, cases[i].method) != 0)
			fail_msg("%zu: %s %s", i, auth_result_names[a->result], a->method);
		conversation_clear(&c);
	}
}

/* A loss before anything was carried leaves open what a login inside would have said. */
static void
doubts_the_upgrade(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &websocket_dissector);
	evidence_authentication(&c.evidence, AUTH_SUCCESS, "http-basic", STRENGTH_EXCHANGE, "101", FROM_SERVER, 0);
	conversation_gap(&c, FROM_CLIENT, 10);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
	begin(&c);
	conversation_gap(&c, FROM_CLIENT, 10);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* The upgrade request was not seen: it may have carried a credential. */
	conversation_init(&c, &websocket_dissector);
	send_part(&c, &(struct part){ FROM_CLIENT, BYTES(STOMP_OPEN) }, 400, 1000);
	send_part(&c, &(struct part){ FROM_SERVER, BYTES("CONNECTED\nversion:1.2\n\n\0") }, 400, 1000);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

/* RabbitMQ refuses logins of MQTT by closing the WebSocket. */
static void
reads_why_it_is_closed(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool client_first;
		enum auth_result open, login;
	} cases[] = {
		{ BYTES("\x03\xea" "unauthenticated"), false, AUTH_FAILURE, AUTH_FAILURE },
		{ BYTES("\x0b\xb8"), false, AUTH_FAILURE, AUTH_FAILURE },
		{ BYTES("\x03\xea" "unauthenticated"), true, AUTH_UNKNOWN, AUTH_ATTEMPTED }, /* the client's words */
		{ BYTES("\x03\xf3"), false, AUTH_UNKNOWN, AUTH_ATTEMPTED },
		{ BYTES("\x03\xe8MQTT died"), false, AUTH_UNKNOWN, AUTH_ATTEMPTED },
		{ BYTES("\x0b"), false, AUTH_UNKNOWN, AUTH_ATTEMPTED },
	};
	static const struct part logins[] = { { FROM_CLIENT, BYTES(MQTT_OPEN) }, { FROM_CLIENT, BYTES(MQTT_CONNECT) } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases) * 6; i++) {
		size_t n = i / 6, chunk = (size_t[]){ 1000, 1, 3 }[i % 3], size;
		const struct part *login = &logins[i % 6 / 3];
		enum auth_result want = login == &logins[0] ? cases[n].open : cases[n].login;
		struct conversation c;
		uint8_t frame[64];

		begin(&c);
		send_part(&c, login, 400, chunk);
		size = make_frame(frame, FROM_CLIENT, 0x88, cases[n].text, cases[n].size);
		if (cases[n].client_first)
			send_in_chunks(&c, FROM_CLIENT, frame, size, chunk);
		size = make_frame(frame, FROM_SERVER, 0x88, cases[n].text, cases[n].size);
		send_in_chunks(&c, FROM_SERVER, frame, size, chunk);
		conversation_end(&c);
		if (c.evidence.authentication.result != want)
			fail_msg("%zu: %s", i, auth_result_names[c.evidence.authentication.result]);
		conversation_clear(&c);
	}
	/* Not what nobody can read, nor what was accepted. */
	for (size_t i = 0; i < 2; i++) {
		static const struct part hello = { FROM_CLIENT, BYTES("hello") }, accepted = { FROM_SERVER, BYTES(MQTT_ACCEPTED) };
		struct conversation c;

		begin(&c);
		send_part(&c, i == 0 ? &hello : &logins[1], 400, 1000);
		if (i == 1)
			send_part(&c, &accepted, 400, 1000);
		conversation_send(&c, FROM_SERVER, BYTES("\x88\x11\x03\xeaunauthenticated"));
		assert_int_equal(c.evidence.authentication.result, i == 0 ? AUTH_NONE : AUTH_SUCCESS);
		conversation_clear(&c);
	}
}

static void
passes_over_large_messages(void **state)
{
	static uint8_t payload[4000];
	struct conversation c;
	static const struct part accepted = { FROM_SERVER, BYTES("\x20\x02\x00\x00") }, refused = { FROM_SERVER, BYTES("\x90\x03\x00\x01\x80") };

	(void)state;
	begin(&c);
	send_part(&c, &list[0].parts[0], 400, 1000);
	send_part(&c, &accepted, 400, 1000);
	/* A PUBLISH of 8000 bytes, in frames of 16 and of 64 bits of size. */
	conversation_send(&c, FROM_SERVER, BYTES("\x02\x06\x30\xc0\x3e\x00\x01t"));
	conversation_send(&c, FROM_SERVER, BYTES("\x00\x7e\x0f\xa0"));
	conversation_send(&c, FROM_SERVER, payload, 4000);
	conversation_send(&c, FROM_SERVER, BYTES("\x80\x7f\x00\x00\x00\x00\x00\x00\x0f\x9d"));
	conversation_send(&c, FROM_SERVER, payload, 3997);
	send_part(&c, &refused, 400, 1000);
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);
}

static void
ends_where_it_cannot_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum verdict verdict;
	} frames[] = {
		{ BYTES("\xc1\x05hello"), DONE },                 /* compressed */
		{ BYTES("\x81\x05hello"), DONE },
		{ BYTES("\xa1\x05hello"), MALFORMED },            /* RSV2 */
		{ BYTES("\x83\x05hello"), MALFORMED },            /* no such opcode */
		{ BYTES("\x8b\x05hello"), MALFORMED },
		{ BYTES("\x89\x7e\x00\x80"), MALFORMED },         /* a ping of 128 bytes */
		{ BYTES("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), MALFORMED },
		{ BYTES("\x82"), NEED_MORE },
		{ BYTES("\x88\x02\x03\xe8"), MATCH },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		begin(&c);
		conversation_send(&c, FROM_SERVER, frames[i].bytes, frames[i].size);
		if (c.verdict != frames[i].verdict)
			fail_msg("%zu: %d", i, c.verdict);
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		conversation_clear(&c);
	}
	begin(&c);
	conversation_gap(&c, FROM_SERVER, 10);
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_clear(&c);
}

/* A message that never ends has its bound; so has the memory. */
static void
keeps_its_bounds(void **state)
{
	static uint8_t payload[60000];
	struct conversation c;

	(void)state;
	begin(&c);
	memset(payload, ' ', sizeof(payload));
	memcpy(payload, "INFO {\"a\":", 10);
	conversation_send(&c, FROM_SERVER, BYTES("\x82\x7e\xea\x60"));
	conversation_send(&c, FROM_SERVER, payload, sizeof(payload));
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	begin(&c);
	c.bound.limit = 600;
	conversation_send(&c, FROM_SERVER, BYTES("\x82\x7e\xea\x60"));
	conversation_send(&c, FROM_SERVER, payload, 1000);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	assert_int_equal(websocket_dissector.probe(&c.flow, FROM_CLIENT, cursor_over("\x81\x00", 2), NULL), NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_logins),
		cmocka_unit_test(settles_the_upgrade),
		cmocka_unit_test(doubts_the_upgrade),
		cmocka_unit_test(reads_why_it_is_closed),
		cmocka_unit_test(passes_over_large_messages),
		cmocka_unit_test(ends_where_it_cannot_read),
		cmocka_unit_test(keeps_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
