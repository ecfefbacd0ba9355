/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos exchanges in the shape of RFC 4120, as MIT's KDC and Active Directory have them: who proved
 * what and how the KDC answered, over UDP and TCP; changes of passwords; near misses.
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
#include "der_builder.h"

#define X(tag, n) T(tag, N(0x02, n)) /* an explicitly tagged number */
#define PA(type) T(0x30, X(0xa1, type), T(0xa2, O(0x04, "data")))
#define BODY T(0xa4, T(0x30, T(0xa0, O(0x03, "\0\0\0\0\0"))))
#define REQUEST(tag, ...) T(tag, T(0x30, X(0xa1, 5), X(0xa2, (tag) & 0x1f), __VA_ARGS__, BODY))
#define AS_REQ(...) REQUEST(0x6a, T(0xa3, T(0x30, __VA_ARGS__)))
#define AS_REQ_BARE T(0x6a, T(0x30, X(0xa1, 5), X(0xa2, 10), BODY))
#define TGS_REQ REQUEST(0x6c, T(0xa3, T(0x30, PA(136), PA(1))))
#define NOBODY T(0x30, X(0xa0, 11), T(0xa1, T(0x30, O(0x1b, "WELLKNOWN"), O(0x1b, "ANONYMOUS"))))
#define AS_REQ_ANONYMOUS T(0x6a, T(0x30, X(0xa1, 5), X(0xa2, 10), T(0xa3, T(0x30, PA(16))), T(0xa4, T(0x30, T(0xa0, O(0x03, "\0\0\0\0\0")), T(0xa1, NOBODY)))))
#define REPLY_ANONYMOUS(tag, padata) T(tag, T(0x30, X(0xa0, 5), X(0xa1, (tag) & 0x1f), padata, T(0xa3, O(0x1b, "EXAMPLE")), T(0xa4, NOBODY), T(0xa5, O(0x61, "ticket")), T(0xa6, T(0x30, X(0xa0, 18), T(0xa2, O(0x04, "sealed"))))))
#define REPLY_PARTS(etype) T(0xa3, O(0x1b, "EXAMPLE")), T(0xa4, O(0x30, "")), T(0xa5, O(0x61, "ticket")), T(0xa6, T(0x30, X(0xa0, etype), T(0xa2, O(0x04, "sealed"))))
#define REPLY(tag, etype) T(tag, T(0x30, X(0xa0, 5), X(0xa1, (tag) & 0x1f), REPLY_PARTS(etype)))
#define REPLY_WITH(tag, pa) T(tag, T(0x30, X(0xa0, 5), X(0xa1, (tag) & 0x1f), T(0xa2, T(0x30, PA(pa))), REPLY_PARTS(18)))
#define ERROR(code) T(0x7e, T(0x30, X(0xa0, 5), X(0xa1, 30), T(0xa2, O(0x18, "20250101000000Z")), T(0xa4, O(0x18, "20250101000000Z")), X(0xa5, 7), X(0xa6, code), T(0xa9, O(0x1b, "EXAMPLE"))))
#define AP_REQ T(0x6e, T(0x30, X(0xa0, 5), X(0xa1, 14), T(0xa2, O(0x03, "\0\0\0\0\0"))))
#define AP_REP T(0x6f, T(0x30, X(0xa0, 5), X(0xa1, 15), T(0xa2, O(0x30, ""))))
#define PRIV T(0x75, T(0x30, X(0xa0, 5), X(0xa1, 21), T(0xa3, O(0x30, ""))))

enum { LINES_MAX = 6 };

struct exchange {
	const char *name;
	struct der lines[LINES_MAX]; /* question, answer, question ... */
	enum auth_result result;
	const char *method;
};

static struct der
framed(struct der m)
{
	uint8_t bytes[8192] = { 0, 0, (uint8_t)(m.size >> 8), (uint8_t)m.size };

	memcpy(bytes + 4, m.bytes, m.size);
	return der_bytes(bytes, 4 + m.size);
}

/* A change of a password: length, version, length of the AP message, it, the rest. */
static struct der
change(uint16_t version, struct der first, struct der rest)
{
	uint8_t bytes[1024];
	size_t all = 6 + first.size + rest.size;
	const uint8_t head[] = { (uint8_t)(all >> 8), (uint8_t)all, (uint8_t)(version >> 8), (uint8_t)version, 0, (uint8_t)first.size };

	memcpy(bytes, head, 6);
	memcpy(bytes + 6, first.bytes, first.size);
	memcpy(bytes + 6 + first.size, rest.bytes, rest.size);
	return der_bytes(bytes, all);
}

static void
check(const struct exchange *e, const struct dissector *dissector, size_t chunk)
{
	struct message messages[LINES_MAX];
	struct conversation c;
	size_t count = 0;

	for (; count < LINES_MAX && e->lines[count].bytes != NULL; count++) {
		struct der m = dissector == &kerberos_dissector ? framed(e->lines[count]) : e->lines[count];

		messages[count] = (struct message){ count % 2 == 0 ? FROM_CLIENT : FROM_SERVER, m.bytes, m.size };
	}
	conversation_init(&c, dissector);
	conversation_run(&c, messages, count, chunk);
	if (c.evidence.authentication.result != e->result || (c.evidence.authentication.method == NULL) != (e->method == NULL) || (e->method != NULL && strcmp(e->method, c.evidence.authentication.method) != 0))
		fail_msg("%s: %s %s", e->name, auth_result_names[c.evidence.authentication.result], c.evidence.authentication.method ? c.evidence.authentication.method : "-");
	assert_string_equal(c.evidence.protocol, "kerberos");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PARTIAL);
	assert_string_equal(c.evidence.encryption.by, "kerberos");
	assert_false(c.evidence.cleartext_credentials);
	conversation_clear(&c);
	if (dissector == &kerberos_dissector && chunk == 0)
		conversation_each_prefix(dissector, messages, count, NULL);
}

static void
exchanges(void **state)
{
	const struct exchange list[] = {
		{ "no pre-authentication", { AS_REQ(PA(128), PA(149)), REPLY(0x6b, 18) }, AUTH_NONE, NULL },
		{ "no data at all", { AS_REQ_BARE, REPLY(0x6b, 23) }, AUTH_NONE, NULL },
		{ "asked for it", { AS_REQ_BARE, ERROR(25) }, AUTH_ATTEMPTED, "krb5-preauth" },
		{ "asked for it, and given", { AS_REQ_BARE, ERROR(25), AS_REQ(PA(133), PA(2)), REPLY(0x6b, 18) }, AUTH_SUCCESS, "krb5-preauth" },
		{ "asked for it, and wrong", { AS_REQ_BARE, ERROR(25), AS_REQ(PA(2)), ERROR(24) }, AUTH_FAILURE, "krb5-preauth" },
		{ "no answer", { AS_REQ(PA(2)) }, AUTH_ATTEMPTED, "krb5-preauth" },
		{ "unknown client", { AS_REQ_BARE, ERROR(6) }, AUTH_FAILURE, NULL },
		{ "revoked", { AS_REQ(PA(2)), ERROR(18) }, AUTH_FAILURE, "krb5-preauth" },
		{ "clock skew", { AS_REQ(PA(2)), ERROR(37) }, AUTH_FAILURE, "krb5-preauth" },
		{ "try it by TCP", { AS_REQ(PA(2)), ERROR(52) }, AUTH_ATTEMPTED, "krb5-preauth" },
		{ "PKINIT", { AS_REQ(PA(133), PA(16)), REPLY_WITH(0x6b, 17) }, AUTH_SUCCESS, "krb5-pkinit" },
		{ "PKINIT as nobody", { AS_REQ_ANONYMOUS, REPLY_ANONYMOUS(0x6b, T(0xa2, T(0x30, PA(17)))) }, AUTH_NONE, "krb5-pkinit" },
		{ "PKINIT, for a ticket in nobody's name", { AS_REQ(PA(16)), REPLY_ANONYMOUS(0x6b, T(0xa2, T(0x30, PA(17)))) }, AUTH_ATTEMPTED, "krb5-pkinit" },
		{ "a ticket by nobody's", { TGS_REQ, REPLY_ANONYMOUS(0x6d, T(0xa2, T(0x30, PA(136)))) }, AUTH_ATTEMPTED, "krb5-ap-req" },
		{ "demanded, a question sent again, answered", { AS_REQ(PA(149)), ERROR(25), AS_REQ(PA(149)), REPLY(0x6b, 18) }, AUTH_ATTEMPTED, "krb5-preauth" },
		{ "PKINIT, refused", { AS_REQ(PA(16)), ERROR(71) }, AUTH_FAILURE, "krb5-pkinit" },
		{ "SPAKE", { AS_REQ(PA(151)), ERROR(91), AS_REQ(PA(133), PA(151)), REPLY(0x6b, 18) }, AUTH_SUCCESS, "krb5-spake" },
		{ "FAST, on demand", { AS_REQ(PA(136)), ERROR(25), AS_REQ(PA(136)), REPLY(0x6b, 18) }, AUTH_SUCCESS, "krb5-fast" },
		{ "FAST, who knows what is inside", { AS_REQ(PA(136)), REPLY_WITH(0x6b, 136) }, AUTH_ATTEMPTED, "krb5-fast" },
		{ "ticket", { TGS_REQ, REPLY(0x6d, 18) }, AUTH_SUCCESS, "krb5-ap-req" },
		{ "ticket, expired", { TGS_REQ, ERROR(32) }, AUTH_FAILURE, "krb5-ap-req" },
		{ "ticket, no such service", { TGS_REQ, ERROR(7) }, AUTH_ATTEMPTED, "krb5-ap-req" },
		{ "both", { AS_REQ_BARE, REPLY(0x6b, 18), TGS_REQ, REPLY(0x6d, 18) }, AUTH_SUCCESS, "krb5-ap-req" },
		{ "application", { AP_REQ, AP_REP }, AUTH_SUCCESS, "krb5-ap-req" },
		{ "password changed", { change(1, AP_REQ, PRIV), change(1, AP_REP, PRIV) }, AUTH_SUCCESS, "krb5-ap-req" },
		{ "password set", { change(0xff80, AP_REQ, PRIV), change(1, AP_REP, PRIV) }, AUTH_SUCCESS, "krb5-ap-req" },
		{ "password change refused", { change(1, AP_REQ, PRIV), change(1, RAW(""), ERROR(32)) }, AUTH_FAILURE, "krb5-ap-req" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		check(&list[i], &kerberos_udp_dissector, 0);
		check(&list[i], &kerberos_dissector, 0);
		check(&list[i], &kerberos_dissector, 1);
		check(&list[i], &kerberos_dissector, 11);
	}
}

static void
say(struct conversation *c, enum direction from, struct der bytes)
{
	conversation_send(c, from, bytes.bytes, bytes.size);
}

static void
one_side(void **state)
{
	const struct {
		struct der reply;
		enum auth_result result;
		const char *cipher;
	} list[] = {
		{ REPLY(0x6b, 23), AUTH_UNKNOWN, "rc4-hmac" },
		{ REPLY(0x6b, 99), AUTH_UNKNOWN, NULL },
		{ REPLY_WITH(0x6b, 17), AUTH_SUCCESS, "aes256-cts-hmac-sha1-96" },
		{ REPLY(0x6d, 3), AUTH_SUCCESS, "des-cbc-md5" },
		{ ERROR(24), AUTH_FAILURE, NULL },
		{ ERROR(60), AUTH_UNKNOWN, NULL },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		conversation_init(&c, &kerberos_udp_dissector);
		say(&c, FROM_SERVER, list[i].reply);
		assert_int_equal(c.evidence.authentication.result, list[i].result);
		if (list[i].cipher != NULL)
			assert_string_equal(c.evidence.encryption.cipher, list[i].cipher);
		else
			assert_null(c.evidence.encryption.cipher);
		conversation_clear(&c);
	}
	/* An answer to a request that was not seen may be to another than the one that was. */
	conversation_init(&c, &kerberos_dissector);
	c.flow.handshake_seen = false;
	say(&c, FROM_CLIENT, framed(AS_REQ_BARE));
	say(&c, FROM_SERVER, framed(REPLY(0x6b, 18)));
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* What proof was asked for, or went wrong, is not said where the request is missing. */
	for (uint32_t error = 25; error <= 91; error += 66) {
		conversation_init(&c, &kerberos_dissector);
		say(&c, FROM_SERVER, framed(ERROR(error)));
		assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
		assert_null(c.evidence.authentication.method);
		conversation_clear(&c);
	}
}

/* Tickets with many groups in them make requests large: their end is passed over. */
static void
large_messages(void **state)
{
	static char body[5000];
	struct conversation c;
	struct der request;

	(void)state;
	memset(body, 'x', sizeof(body));
	request = framed(REQUEST(0x6c, T(0xa3, T(0x30, T(0x30, X(0xa1, 1), T(0xa2, T(0x04, der_bytes(body, sizeof(body)))))))));
	for (size_t chunk = 1; chunk < 6000; chunk += 1459) {
		struct der reply = framed(REPLY(0x6d, 18)), more = framed(ERROR(32));
		struct message messages[] = {
			{ FROM_CLIENT, request.bytes, request.size },
			{ FROM_SERVER, reply.bytes, reply.size },
			{ FROM_CLIENT, request.bytes, request.size },
			{ FROM_SERVER, more.bytes, more.size },
		};

		conversation_init(&c, &kerberos_dissector);
		conversation_run(&c, messages, 4, chunk);
		assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
		assert_int_equal(c.verdict, MATCH);
		conversation_clear(&c);
	}
	/* Of many kinds of data a bounded number is looked at. */
	conversation_init(&c, &kerberos_udp_dissector);
	{
		struct der list[101] = { { NULL, 0 } };

		for (size_t i = 0; i < 99; i++)
			list[i] = T(0x30, O(0xa1, "\2\1\xff"));
		list[99] = PA(2);
		say(&c, FROM_CLIENT, REQUEST(0x6a, T(0xa3, der_element(0x30, list))));
	}
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	const struct {
		const struct dissector *dissector;
		struct der bytes;
		enum direction from;
		enum verdict verdict;
	} list[] = {
		{ &kerberos_udp_dissector, AS_REQ_BARE, FROM_CLIENT, MATCH },
		{ &kerberos_udp_dissector, AS_REQ_BARE, FROM_SERVER, NO_MATCH },
		{ &kerberos_udp_dissector, ERROR(25), FROM_SERVER, MATCH },
		{ &kerberos_udp_dissector, ERROR(25), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, RAW(""), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, RAW("\x6a\x10\x30\x0e"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, RAW("j is for jam, and more of it"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, REQUEST(0x6a, T(0xa3, T(0x30, PA(2))), T(0xa3, E(0x30))), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, T(0x6a, T(0x30, X(0xa1, 4), X(0xa2, 10), BODY)), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, T(0x6a, T(0x30, X(0xa1, 5), X(0xa2, 12), BODY)), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, T(0x6b, T(0x30, X(0xa0, 5), X(0xa1, 11), T(0xa3, O(0x1b, "EXAMPLE")))), FROM_SERVER, NO_MATCH },
		{ &kerberos_udp_dissector, T(0x7e, T(0x30, X(0xa0, 5), X(0xa1, 31))), FROM_SERVER, NO_MATCH },
		{ &kerberos_udp_dissector, T(0x6e, T(0x30, X(0xa0, 5), X(0xa1, 14))), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, change(1, AP_REQ, PRIV), FROM_CLIENT, MATCH },
		{ &kerberos_udp_dissector, change(2, AP_REQ, PRIV), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, change(1, AP_REQ, AP_REQ), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, change(1, AS_REQ_BARE, PRIV), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, change(1, RAW(""), ERROR(7)), FROM_CLIENT, NO_MATCH },
		{ &kerberos_udp_dissector, RAW("\0\x06\0\1\0\x09"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_dissector, framed(AS_REQ_BARE), FROM_CLIENT, MATCH },
		{ &kerberos_dissector, RAW(""), FROM_CLIENT, NEED_MORE },
		{ &kerberos_dissector, RAW("\0\0\0\x20"), FROM_CLIENT, NEED_MORE },
		{ &kerberos_dissector, RAW("\0\0\0\x20\x6a"), FROM_CLIENT, NEED_MORE },
		{ &kerberos_dissector, RAW("\0\0\0\x20\x30"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_dissector, RAW("\0\0\0\x20\0\x20\0\1"), FROM_CLIENT, NEED_MORE },
		{ &kerberos_dissector, RAW("\0\0\0\x20\0\x21\0\1"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_dissector, RAW("\0\0\0\x04\x6a\2\x30\0"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_dissector, RAW("\0\xff\0\0"), FROM_CLIENT, NO_MATCH },
		{ &kerberos_dissector, RAW("\0\0\0\x0c\x6a\x02\x30\0aaaaaaaa"), FROM_CLIENT, NO_MATCH },
	};
	struct flow_view flow = { 0 };
	enum strength strength;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		uint8_t *block = malloc(list[i].bytes.size + 1);
		enum verdict verdict;

		memcpy(block, list[i].bytes.bytes, list[i].bytes.size);
		verdict = list[i].dissector->probe(&flow, list[i].from, cursor_over(block, list[i].bytes.size), &strength);
		if (verdict != list[i].verdict)
			fail_msg("probe %zu: %d", i, verdict);
		free(block);
	}
	conversation_init(&c, &kerberos_dissector);
	say(&c, FROM_CLIENT, framed(AS_REQ_BARE));
	say(&c, FROM_CLIENT, RAW("\xff\xff\xff\xff\xff"));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &kerberos_dissector);
	say(&c, FROM_CLIENT, RAW("\xff\xff\xff\xff\xff"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &kerberos_udp_dissector);
	say(&c, FROM_CLIENT, RAW("x"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &kerberos_udp_dissector);
	say(&c, FROM_CLIENT, AS_REQ_BARE);
	say(&c, FROM_SERVER, RAW("x"));
	assert_int_equal(c.verdict, MATCH);
	conversation_clear(&c);
}

static int
free_messages(void **state)
{
	(void)state;
	der_free_all();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(exchanges, free_messages),
		cmocka_unit_test_teardown(one_side, free_messages),
		cmocka_unit_test_teardown(large_messages, free_messages),
		cmocka_unit_test_teardown(probes, free_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
