/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is carried over a WebSocket: logins of MQTT, STOMP, NATS and AMQP in frames, masked, in pieces and
 * together; what cannot be read of it, and what the upgrade before it leaves.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scenario.h"

#define BYTES(text) text, sizeof(text) - 1
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
	{ "nothing", { { FROM_CLIENT, BYTES("") } }, AUTH_NONE, NULL, false },
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

/* What the upgrade's own credential has proven stays. */
static void
keeps_success(void **state)
{
	static const struct part refused = { FROM_SERVER, BYTES("\x20\x02\x00\x05") };
	struct conversation c;

	(void)state;
	conversation_init(&c, &websocket_dissector);
	evidence_authentication(&c.evidence, AUTH_SUCCESS, "http-bearer", STRENGTH_EXCHANGE, "101", FROM_SERVER, 0);
	send_part(&c, &list[0].parts[0], 400, 1000);
	send_part(&c, &refused, 400, 1000);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_string_equal(c.evidence.authentication.method, "http-bearer");
	conversation_clear(&c);
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
		cmocka_unit_test(keeps_success),
		cmocka_unit_test(passes_over_large_messages),
		cmocka_unit_test(ends_where_it_cannot_read),
		cmocka_unit_test(keeps_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
