/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages: which datagrams are some, what names are learnt, and pointers that lead astray. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

/* Header, counts given; id 7. */
#define HEADER(flags, an, ns, ar) "\0\7" flags "\0\1\0" an "\0" ns "\0" ar
#define ASK "\1\0"
#define ANSWER "\x81\x80"
#define NAME "\3api\4shop\7example\0"   /* at 12, so "shop" at 16 and "example" at 21 */
#define QUESTION NAME "\0\1\0\1"       /* 22 bytes; records start at 34 */
#define SELF "\xc0\x0c"
#define TTL "\0\0\0\x3c"
#define A(owner, last) owner "\0\1\0\1" TTL "\0\4\xc0\0\2" last
#define CNAME(owner, size, target) owner "\0\5\0\1" TTL "\0" size target
#define QUERY HEADER(ASK, "\0", "\0", "\0") QUESTION
#define NETBIOS_NAME "\x20" "EMEPEHFDCACACACACACACACACACACACA" "\0"
#define OPT "\0\0\x29\4\xd0\0\0\0\0\0\0"

static void
begin(struct conversation *c)
{
	conversation_init(c, &dns_dissector);
}

#define SEND(c, from, bytes) conversation_send(c, from, bytes, sizeof(bytes) - 1)

static void
answer_to_question(void **state)
{
	static const uint8_t address[] = { 192, 0, 2, 1 };
	struct conversation c;

	(void)state;
	begin(&c);
	SEND(&c, FROM_CLIENT, QUERY);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\1", "\0", "\1") QUESTION A(SELF, "\1") OPT);
	assert_string_equal(c.evidence.protocol, "dns");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_NOT_APPLICABLE);
	assert_int_equal(c.names, 1);
	assert_string_equal(c.last_name, "api.shop.example");
	assert_int_equal(c.last_address_size, 4);
	assert_memory_equal(c.last_address, address, 4);
	/* A second answer to the same question comes from somebody else. */
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\2"));
	assert_int_equal(c.names, 1);
	conversation_clear(&c);
}

#define MD5_NAME "\x08hmac-md5\7sig-alg\3reg\3int\0"
#define TIME "\0\0\x68\1\2\3\1\x2c"
#define MAC "\0\4\1\2\3\4"
/* Of the key "key": the size of its data, algorithm, MAC, error. */
#define TSIG(size, algorithm, mac, error) "\3key\0\0\372\0\xff" "\0\0\0\0" "\0" size algorithm TIME mac "\0\7" "\0" error "\0\0"
#define TSIG256(error) TSIG("\x21", "\x0bhmac-sha256\0", MAC, error)
#define TSIG256_UNSIGNED(error) TSIG("\x1d", "\x0bhmac-sha256\0", "\0\0", error)
#define TSIG_GSS TSIG("\x1e", "\x08gss-tsig\0", MAC, "\0")
#define TKEY(mode, error) "\3ctx\0\0\371\0\xff" "\0\0\0\0" "\0\x1c" "\x08gss-tsig\0" "\0\0\0\1\0\0\0\2" "\0" mode "\0" error "\0\2up" "\0\0"
#define SIG0 "\0\0\x18\0\xff" "\0\0\0\0" "\0\4\0\0up"
#define UPDATE "\x28\0"
#define UPDATED "\xa8\0"
#define ZONE "\4shop\7example\0\0\6\0\1"
#define TRANSFER "\4shop\7example\0\0\xfc\0\1"
#define SOA(owner) owner "\0\6\0\1" TTL "\0\x16" "\0\0" "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"

static const struct credential_case {
	const char *name;
	struct message messages[2];
	uint8_t result;
	const char *method;
	bool refused;
} credential_cases[] = {
	{ "TSIG, unsigned answer", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG("\x2e", MD5_NAME, MAC, "\0")), SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1")) }, AUTH_ATTEMPTED, "dns-tsig-hmac-md5", false },
	{ "TSIG", { CLIENT(HEADER(ASK, "\0", "\0", "\2") QUESTION OPT TSIG256("\0")), SERVER(HEADER(ANSWER, "\1", "\0", "\1") QUESTION A(SELF, "\1") TSIG256("\0")) }, AUTH_SUCCESS, "dns-tsig-hmac-sha256", false },
	{ "TSIG, signed refusal", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG256("\0")), SERVER(HEADER("\x81\x85", "\0", "\0", "\1") QUESTION TSIG256("\0")) }, AUTH_SUCCESS, "dns-tsig-hmac-sha256", true },
	{ "BADKEY", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG256("\0")), SERVER(HEADER("\x81\x89", "\0", "\0", "\1") QUESTION TSIG256_UNSIGNED("\x11")) }, AUTH_FAILURE, "dns-tsig-hmac-sha256", false },
	{ "BADTIME, which is signed", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG256("\0")), SERVER(HEADER("\x81\x89", "\0", "\0", "\1") QUESTION TSIG256("\x12")) }, AUTH_FAILURE, "dns-tsig-hmac-sha256", false },
	{ "NOTAUTH alone", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG256("\0")), SERVER(HEADER("\x81\x89", "\0", "\0", "\0") QUESTION) }, AUTH_FAILURE, "dns-tsig-hmac-sha256", false },
	{ "another algorithm", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TSIG("\x18", "\2my\0", MAC, "\0")) }, AUTH_ATTEMPTED, "dns-tsig", false },
	{ "a signature that is none", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION "\3key\0\0\372\0\xff" "\0\0\0\0" "\0\4made") }, AUTH_NOT_APPLICABLE, NULL, false },
	{ "a signed answer to nothing", { SERVER(HEADER(ANSWER, "\1", "\0", "\1") QUESTION A(SELF, "\1") TSIG256("\0")) }, AUTH_ATTEMPTED, "dns-tsig-hmac-sha256", false },
	{ "TKEY", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TKEY("\3", "\0")), SERVER(HEADER(ANSWER, "\1", "\0", "\1") QUESTION TKEY("\3", "\0") TSIG_GSS) }, AUTH_SUCCESS, "dns-tkey-gss", false },
	{ "TKEY, to be continued", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TKEY("\3", "\0")), SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION TKEY("\3", "\0")) }, AUTH_ATTEMPTED, "dns-tkey-gss", false },
	{ "TKEY refused", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TKEY("\3", "\0")), SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION TKEY("\3", "\x11")) }, AUTH_FAILURE, "dns-tkey-gss", false },
	{ "TKEY, Diffie-Hellman", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TKEY("\2", "\0")) }, AUTH_ATTEMPTED, "dns-tkey-dh", false },
	{ "TKEY, deletion", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION TKEY("\5", "\0")) }, AUTH_ATTEMPTED, "dns-tkey", false },
	{ "SIG(0)", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION SIG0), SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1")) }, AUTH_ATTEMPTED, "dns-sig0", false },
	{ "SIG of a type", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION "\0\0\x18\0\1" "\0\0\0\0" "\0\4\0\1up") }, AUTH_NOT_APPLICABLE, NULL, false },
	{ "EDNS", { CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION OPT), SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1")) }, AUTH_NOT_APPLICABLE, NULL, false },
	{ "refused, but nobody has to log in", { CLIENT(QUERY), SERVER(HEADER("\x81\x85", "\0", "\0", "\0") QUESTION) }, AUTH_NOT_APPLICABLE, NULL, false },
	{ "update", { CLIENT(HEADER(UPDATE, "\0", "\1", "\0") ZONE A("\1x\xc0\x0c", "\1")), SERVER(HEADER(UPDATED, "\0", "\0", "\0") ZONE) }, AUTH_NONE, NULL, false },
	{ "update, answered by a header", { CLIENT(HEADER(UPDATE, "\0", "\1", "\0") ZONE A("\1x\xc0\x0c", "\1")), SERVER("\0\7" UPDATED "\0\0\0\0\0\0\0\0") }, AUTH_NONE, NULL, false },
	{ "update refused", { CLIENT(HEADER(UPDATE, "\0", "\1", "\0") ZONE A("\1x\xc0\x0c", "\1")), SERVER(HEADER("\xa8\5", "\0", "\0", "\0") ZONE) }, AUTH_FAILURE, NULL, false },
	{ "update of another's zone", { CLIENT(HEADER(UPDATE, "\0", "\1", "\0") ZONE A("\1x\xc0\x0c", "\1")), SERVER(HEADER("\xa8\4", "\0", "\0", "\0") ZONE) }, AUTH_NOT_APPLICABLE, NULL, false },
	{ "update unanswered", { CLIENT(HEADER(UPDATE, "\0", "\1", "\0") ZONE A("\1x\xc0\x0c", "\1")) }, AUTH_UNKNOWN, NULL, false },
	{ "update, signed", { CLIENT(HEADER(UPDATE, "\0", "\1", "\1") ZONE A("\1x\xc0\x0c", "\1") TSIG256("\0")), SERVER(HEADER(UPDATED, "\0", "\0", "\1") ZONE TSIG256("\0")) }, AUTH_SUCCESS, "dns-tsig-hmac-sha256", false },
	{ "transfer over UDP", { CLIENT(HEADER("\0\0", "\0", "\0", "\0") TRANSFER), SERVER(HEADER("\x80\0", "\1", "\0", "\0") TRANSFER SOA(SELF)) }, AUTH_NOT_APPLICABLE, NULL, false },
};

static void
check_credential(const struct credential_case *test)
{
	struct conversation c;
	const struct authentication *a = &c.evidence.authentication;

	begin(&c);
	c.evidence.want_principals = true;
	for (size_t i = 0; i < 2 && test->messages[i].bytes != NULL; i++)
		conversation_send(&c, test->messages[i].from, test->messages[i].bytes, test->messages[i].size);
	if (a->result != test->result || (a->method == NULL) != (test->method == NULL) || (a->method != NULL && strcmp(a->method, test->method) != 0))
		fail_msg("%s: %s %s", test->name, auth_result_names[a->result], a->method ? a->method : "-");
	assert_string_equal(c.evidence.protocol, "dns");
	assert_int_equal(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED), test->refused);
	if (test->method != NULL && strncmp(test->method, "dns-tsig", 8) == 0)
		assert_string_equal(a->principal, "key");
	conversation_clear(&c);
}

static void
credentials(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(credential_cases) / sizeof(credential_cases[0]); i++)
		check_credential(&credential_cases[i]);
}

/* Transfers of a zone go over TCP: served without a signature, refused, signed; a second message leaves the question out. */
static void
transfers(void **state)
{
	static const char ask[] = "\0\x1e" HEADER("\0\0", "\0", "\0", "\0") TRANSFER, ask_signed[] = "\0\x4e" HEADER("\0\0", "\0", "\0", "\1") TRANSFER TSIG256("\0");
	static const char served[] = "\0\x40" HEADER("\x80\0", "\1", "\0", "\0") TRANSFER SOA(SELF), more[] = "\0\x2e" "\0\7\x80\0\0\0\0\1\0\0\0\0" SOA(SELF);
	static const char refused[] = "\0\x1e" HEADER("\x80\5", "\0", "\0", "\0") TRANSFER, served_signed[] = "\0\x70" HEADER("\x80\0", "\1", "\0", "\1") TRANSFER SOA(SELF) TSIG256("\0");
	static const struct {
		const char *question, *answer;
		size_t question_size, answer_size;
		uint8_t result;
		bool seen;
	} list[] = {
		{ ask, served, sizeof(ask) - 1, sizeof(served) - 1, AUTH_NONE, true },
		{ ask, served, sizeof(ask) - 1, sizeof(served) - 1, AUTH_UNKNOWN, false },
		{ ask, refused, sizeof(ask) - 1, sizeof(refused) - 1, AUTH_FAILURE, true },
		{ ask_signed, served_signed, sizeof(ask_signed) - 1, sizeof(served_signed) - 1, AUTH_SUCCESS, true },
		{ ask_signed, served, sizeof(ask_signed) - 1, sizeof(served) - 1, AUTH_ATTEMPTED, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct conversation c;

		conversation_init(&c, &dns_tcp_dissector);
		c.flow.handshake_seen = list[i].seen;
		conversation_send(&c, FROM_CLIENT, list[i].question, list[i].question_size);
		conversation_send(&c, FROM_SERVER, list[i].answer, list[i].answer_size);
		SEND(&c, FROM_SERVER, more);
		assert_int_equal(c.evidence.authentication.result, list[i].result);
		assert_int_equal(c.verdict, MATCH);
		conversation_clear(&c);
	}
}

static void
answers_that_name_nothing(void **state)
{
	static const struct message list[] = {
		SERVER(HEADER("\x81\x83", "\1", "\0", "\0") QUESTION A(SELF, "\1")),         /* NXDOMAIN */
		SERVER("\0\x08" ANSWER "\0\1\0\1\0\0\0\0" QUESTION A(SELF, "\1")),           /* another id */
		SERVER(HEADER(ANSWER, "\1", "\0", "\0") "\3api\4shop\7exampla\0\0\1\0\1" A(SELF, "\1")), /* another question */
		SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A("\1x\0", "\1")),          /* of another name */
		SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION SELF "\0\1\0\1" TTL "\0\3\xc0\0\2"), /* of an odd size */
		SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION SELF "\0\1\0\3" TTL "\0\4\xc0\0\2\1"), /* of another class */
		SERVER(HEADER(ANSWER, "\0", "\1", "\0") QUESTION A(SELF, "\1")),             /* not in the answer */
		CLIENT(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1")),             /* by who asked */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct conversation c;

		begin(&c);
		SEND(&c, FROM_CLIENT, QUERY);
		conversation_send(&c, list[i].from, list[i].bytes, list[i].size);
		assert_string_equal(c.evidence.protocol, "dns");
		assert_int_equal(c.names, 0);
		conversation_clear(&c);
	}
}

static void
aliases(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c);
	SEND(&c, FROM_CLIENT, QUERY);
	/* api.shop.example -> LB.example (at 46) -> lb2.shop.example, in the wrong order. */
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\3", "\0", "\0") QUESTION CNAME(SELF, "\5", "\2LB\xc0\x15") CNAME("\xc0\x2e", "\6", "\3lb2\xc0\x10") A("\3lb2\xc0\x10", "\7"));
	assert_int_equal(c.names, 1);
	assert_string_equal(c.last_name, "api.shop.example");
	assert_int_equal(c.last_address[3], 7);
	conversation_clear(&c);

	/* An alias of itself, and one that leads to a name that is none. */
	begin(&c);
	SEND(&c, FROM_CLIENT, QUERY);
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\2", "\0", "\0") QUESTION CNAME(SELF, "\2", SELF) A(SELF, "\1"));
	assert_int_equal(c.names, 1);
	conversation_clear(&c);
	begin(&c);
	SEND(&c, FROM_CLIENT, QUERY);
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\2", "\0", "\0") QUESTION CNAME(SELF, "\5", "\3a b\0") A("\3a b\0", "\1"));
	assert_int_equal(c.names, 0);
	conversation_clear(&c);
}

static void
ipv6_without_case(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c);
	SEND(&c, FROM_CLIENT, HEADER(ASK, "\0", "\0", "\1") "\1A\1b\0\0\x1c\0\1" OPT);
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\1", "\0", "\0") "\1a\1B\0\0\x1c\0\1" SELF "\0\x1c\0\1" TTL "\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	assert_int_equal(c.names, 1);
	assert_int_equal(c.last_address_size, 16);
	assert_string_equal(c.last_name, "a.b");
	conversation_clear(&c);
}

static const struct {
	const char *what;
	struct message message;
	bool matches;
} datagrams[] = {
	{ "query", CLIENT(QUERY), true },
	{ "of the root", CLIENT(HEADER(ASK, "\0", "\0", "\0") "\0\0\2\0\1"), true },
	{ "notify", CLIENT("\0\7\x20\0\0\1\0\1\0\0\0\0" QUESTION A(SELF, "\1")), true },
	{ "update", CLIENT("\0\7\x28\0\0\1\0\0\0\1\0\0" QUESTION A(SELF, "\1")), true },
	{ "answer", SERVER(HEADER(ANSWER, "\0", "\0", "\0") QUESTION), true },
	{ "answer cut by its sender", SERVER(HEADER("\x83\x80", "\2", "\0", "\0") QUESTION A(SELF, "\1") "\xc0"), true },
	{ "an answer from who asks", CLIENT(HEADER(ANSWER, "\0", "\0", "\0") QUESTION), false },
	{ "a query from who answers", SERVER(QUERY), false },
	{ "a byte too many", CLIENT(QUERY "x"), false },
	{ "a query with answers", CLIENT(HEADER(ASK, "\1", "\0", "\0") QUESTION A(SELF, "\1")), false },
	{ "no question", CLIENT("\0\7\1\0\0\0\0\0\0\0\0\0"), false },
	{ "two questions", CLIENT("\0\7\1\0\0\2\0\0\0\0\0\0" QUESTION QUESTION), false },
	{ "reserved bit", CLIENT("\0\7\1\x40\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "unused opcode", CLIENT("\0\7\x18\0\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "type 0", CLIENT(HEADER(ASK, "\0", "\0", "\0") NAME "\0\0\0\1"), false },
	{ "class 9", CLIENT(HEADER(ASK, "\0", "\0", "\0") NAME "\0\1\0\x09"), false },
	{ "rcode in a query", CLIENT("\0\7\1\3\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "unused rcode", SERVER(HEADER("\x81\x8f", "\0", "\0", "\0") QUESTION), false },
	{ "more records than there are", SERVER(HEADER(ANSWER, "\2", "\0", "\0") QUESTION A(SELF, "\1")), false },
	{ "too many records", SERVER("\0\7" ANSWER "\0\1\x40\0\0\0\0\0" QUESTION), false },
	{ "record of class 9", SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION SELF "\0\1\0\x09" TTL "\0\0"), false },
	{ "pointer in the question", CLIENT(HEADER(ASK, "\0", "\0", "\0") "\xc0\x0c\0\1\0\1"), false },
	{ "pointer to itself", SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A("\xc0\x22", "\1")), false },
	{ "pointer ahead", SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A("\xc0\x30", "\1")), false },
	{ "pointer into the header", SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A("\xc0\x02", "\1")), false },
	{ "pointer past the end", SERVER(HEADER(ANSWER, "\1", "\0", "\0") QUESTION A("\xff\xff", "\1")), false },
	{ "label of an unused kind", CLIENT(HEADER(ASK, "\0", "\0", "\0") "\x43" "abc\0\0\1\0\1"), false },
	{ "OPT with a name", CLIENT(HEADER(ASK, "\0", "\0", "\1") QUESTION "\1x" OPT), false },
	{ "NetBIOS name", CLIENT("\0\7\1\x10\0\1\0\0\0\0\0\0" NETBIOS_NAME "\0\x20\0\1"), false },
	{ "NetBIOS node status", CLIENT("\0\7\0\0\0\1\0\0\0\0\0\0" NETBIOS_NAME "\0\x21\0\1"), false },
	{ "an address of a name of 32 letters", CLIENT(HEADER(ASK, "\0", "\0", "\0") NETBIOS_NAME "\0\1\0\1"), true },
	{ "SRV of a name of 32 letters", CLIENT(HEADER(ASK, "\0", "\0", "\0") "\x20" "emepehfdcacacacacacacacacacacaca" "\0\0\x21\0\1"), true },
	{ "NTP", CLIENT("\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), false },
	{ "DHCP", CLIENT("\1\1\6\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), false },
	{ "SNMP", CLIENT("\x30\x0f\2\1\1\4\6public\xa0\2\2\0"), false },
	{ "nothing", CLIENT(""), false },
};

static enum verdict
probe(const struct message *m, size_t size, enum strength *strength)
{
	struct flow_view flow = { 0 };
	uint8_t *block = malloc(size + (size == 0));
	enum verdict verdict;

	memcpy(block, m->bytes, size);
	verdict = dns_dissector.probe(&flow, m->from, cursor_over(block, size), strength);
	free(block);
	return verdict;
}

static void
whole_messages_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		const struct message *m = &datagrams[i].message;
		enum strength strength = STRENGTH_NONE;
		bool cut = strcmp(datagrams[i].what, "answer cut by its sender") == 0;

		if ((probe(m, m->size, &strength) == MATCH) != datagrams[i].matches)
			fail_msg("%s", datagrams[i].what);
		assert_int_equal(strength, datagrams[i].matches ? STRENGTH_STRUCTURE : STRENGTH_NONE);
		for (size_t size = 0; size < m->size; size++) {
			enum verdict verdict = probe(m, size, &strength);

			assert_true(verdict == NO_MATCH || cut || !datagrams[i].matches);
		}
	}
}

static void
long_names(void **state)
{
	uint8_t bytes[400] = "\0\7\1\0\0\1\0\0\0\0\0\0";
	struct message m = { FROM_CLIENT, bytes, 0 };
	enum strength strength;

	(void)state;
	for (size_t labels = 3; labels <= 5; labels++) {
		size_t at = 12;

		for (size_t i = 0; i < labels; i++, at += 64) {
			bytes[at] = 63;
			memset(bytes + at + 1, 'a', 63);
		}
		memcpy(bytes + at, "\0\0\1\0\1", 5);
		assert_int_equal(probe(&m, at + 5, &strength), labels <= 3 ? MATCH : NO_MATCH);
	}
}

/* Seventeen bytes of zeros and small numbers. */
static void
small_numbers(void **state)
{
	static const struct message list[] = {
		CLIENT("\x11\0\0\0\0\1\0\0\0\0\0\0\0\3\0\0\1"),
		CLIENT("\x11\0\0\0\0\1\0\0\0\0\0\0\0\0\2\0\3"),
		CLIENT("\x11\0\0\0\0\1\0\0\0\0\0\0\0\1\4\0\3"),
	};
	static const struct message root = CLIENT("\x11\0\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1");
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_int_equal(probe(&list[i], list[i].size, &strength), NO_MATCH);
	assert_int_equal(probe(&root, root.size, &strength), MATCH);
}

/* Pointers to pointers: each goes back, but there may not be many. */
static void
chained_pointers(void **state)
{
	uint8_t bytes[600] = "\0\7\x81\x80\0\1\0\x14\0\0\0\0" QUESTION;
	size_t at = 34, last = 12;
	struct message m = { FROM_SERVER, bytes, 0 };
	enum strength strength;

	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t start = at;

		bytes[at++] = 0xc0;
		bytes[at++] = (uint8_t)last;
		memcpy(bytes + at, "\0\1\0\1" TTL "\0\0", 10);
		at += 10;
		last = start;
		if (start > 255 - 12)
			break;
	}
	bytes[7] = (uint8_t)((at - 34) / 12);
	assert_int_equal(probe(&m, at, &strength), bytes[7] > 16 ? NO_MATCH : MATCH);
}

static void
one_odd_datagram(void **state)
{
	struct conversation c;

	(void)state;
	begin(&c);
	SEND(&c, FROM_CLIENT, "odd");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	begin(&c);
	SEND(&c, FROM_CLIENT, QUERY);
	SEND(&c, FROM_SERVER, "odd");
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1"));
	assert_int_equal(c.names, 1);
	conversation_clear(&c);
}

/* Many questions on one port: the oldest are forgotten. */
static void
many_questions(void **state)
{
	struct conversation c;
	uint8_t query[] = QUERY;

	(void)state;
	begin(&c);
	for (uint8_t i = 0; i < 40; i++) {
		query[1] = i;
		conversation_send(&c, FROM_CLIENT, query, sizeof(query) - 1);
	}
	SEND(&c, FROM_SERVER, HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1"));
	assert_int_equal(c.names, 0);
	SEND(&c, FROM_SERVER, "\0\x27" ANSWER "\0\1\0\1\0\0\0\0" QUESTION A(SELF, "\1"));
	assert_int_equal(c.names, 1);
	conversation_clear(&c);
}

/* Queries one after the other, in pieces of any size; answers of which the second is cut off. */
static void
over_tcp(void **state)
{
	static const char queries[] = "\0\x22" QUERY "\0\x22" QUERY;
	static const char answers[] = "\0\x32" HEADER(ANSWER, "\1", "\0", "\0") QUESTION A(SELF, "\1") "\0\x11odd but no matter" "\0\x32\0\7";
	struct conversation c;

	(void)state;
	for (size_t chunk = 1; chunk < sizeof(queries); chunk++) {
		conversation_init(&c, &dns_tcp_dissector);
		for (size_t at = 0; at < sizeof(queries) - 1; at += chunk)
			conversation_send(&c, FROM_CLIENT, queries + at, sizeof(queries) - 1 - at < chunk ? sizeof(queries) - 1 - at : chunk);
		assert_int_equal(c.verdict, MATCH);
		assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
		for (size_t at = 0; at < sizeof(answers) - 1; at += chunk)
			conversation_send(&c, FROM_SERVER, answers + at, sizeof(answers) - 1 - at < chunk ? sizeof(answers) - 1 - at : chunk);
		assert_int_equal(c.verdict, NEED_MORE);
		assert_string_equal(c.evidence.protocol, "dns");
		assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		assert_int_equal(c.evidence.basis[CLAIM_PROTOCOL].offset, 0);
		assert_int_equal(c.names, 1);
		conversation_clear(&c);
	}
}

static const struct {
	const char *what;
	struct message message;
	enum verdict verdict;
} openings[] = {
	{ "query", CLIENT("\0\x22" QUERY), MATCH },
	{ "query and more", CLIENT("\0\x22" QUERY "\0"), MATCH },
	{ "answer", SERVER("\0\x22" HEADER(ANSWER, "\0", "\0", "\0") QUESTION), MATCH },
	{ "a query from who answers", SERVER("\0\x22" QUERY), NO_MATCH },
	{ "a length that is too small", CLIENT("\0\x21" QUERY), NO_MATCH },
	{ "a length that is too large", CLIENT("\0\x23" QUERY "x"), NO_MATCH },
	{ "no room for a question", CLIENT("\0\x10" QUERY), NO_MATCH },
	{ "a header that is none", CLIENT("\0\x22\0\7\1\0\0\2\0\0\0\0\0\0"), NO_MATCH },
	{ "PostgreSQL", CLIENT("\0\0\0\x08\4\xd2\x16\x2f"), NO_MATCH },
	{ "TNS", CLIENT("\0\x3a\0\0\1\0\0\0\1\x39\1\x2c\0\0\x08\0"), NO_MATCH },
	{ "TPKT", CLIENT("\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0"), NO_MATCH },
};

static void
tcp_openings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		const struct message *m = &openings[i].message;
		struct flow_view flow = { 0 };

		for (size_t size = 1; size <= m->size; size++) {
			enum strength strength = STRENGTH_NONE;
			uint8_t *block = malloc(size);
			enum verdict verdict;

			memcpy(block, m->bytes, size);
			verdict = dns_tcp_dissector.probe(&flow, m->from, cursor_over(block, size), &strength);
			free(block);
			if (size == m->size && verdict != openings[i].verdict)
				fail_msg("%s", openings[i].what);
			if (openings[i].verdict == MATCH && size < 36)
				assert_int_equal(verdict, NEED_MORE);
			assert_int_equal(strength, verdict == MATCH ? STRENGTH_STRUCTURE : STRENGTH_NONE);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_to_question),
		cmocka_unit_test(credentials),
		cmocka_unit_test(transfers),
		cmocka_unit_test(answers_that_name_nothing),
		cmocka_unit_test(aliases),
		cmocka_unit_test(ipv6_without_case),
		cmocka_unit_test(whole_messages_only),
		cmocka_unit_test(long_names),
		cmocka_unit_test(small_numbers),
		cmocka_unit_test(chained_pointers),
		cmocka_unit_test(one_odd_datagram),
		cmocka_unit_test(many_questions),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(tcp_openings),
	};

	return cmocka_run_group_tests_name("dissectors/dns", tests, NULL, NULL);
}
