/* SPDX-License-Identifier: Apache-2.0 */
/* Elasticsearch's transport: messages written from TcpHeader.java and OutboundMessage.java, of versions from 1.3 to 8.5. */
#include <config.h>

#include <netinet/in.h>
#include "scenario.h"

#define SEARCH "ES\000\000\0001\000\000\000\000\000\000\000\001\000\000mi\303\000\000\000\034\000\000\000\030indices:data/read/searchbody"
#define DONE_1 "ES\000\000\000\027\000\000\000\000\000\000\000\001\001\000mi\303\000\000\000\002\000\000done"
#define SEARCH_BASIC "ES\000\000\000V\000\000\000\000\000\000\000\002\000\000mi\303\000\000\000A\001\015Authorization\026Basic YW5uOmV4YW1wbGU=\000\000\030indices:data/read/searchbody"
#define DONE_2 "ES\000\000\000\027\000\000\000\000\000\000\000\002\001\000mi\303\000\000\000\002\000\000done"
#define SEARCH_BEARER "ES\000\000\000N\000\000\000\000\000\000\000\003\000\000mi\303\000\000\0009\002\001x\001y\015authorization\015Bearer abcdef\000\000\025indices:data/read/getbody"
#define DONE_3 "ES\000\000\000\027\000\000\000\000\000\000\000\003\001\000mi\303\000\000\000\002\000\000done"
#define SEARCH_KEY "ES\000\000\000J\000\000\000\000\000\000\000\003\000\000mi\303\000\000\0005\001\015Authorization\015ApiKey abcdef\000\000\025indices:data/read/getbody"
#define SEARCH_ODD "ES\000\000\000K\000\000\000\000\000\000\000\003\000\000mi\303\000\000\0006\001\015Authorization\016Strange abcdef\000\000\025indices:data/read/getbody"
#define SEARCH_CONTEXT "ES\000\000\000P\000\000\000\000\000\000\000\004\000\000mi\303\000\000\000;\001\036_xpack_security_authentication\003abc\000\000\024cluster:monitor/mainbody"
#define DONE_4 "ES\000\000\000\027\000\000\000\000\000\000\000\004\001\000mi\303\000\000\000\002\000\000done"
#define HANDSHAKE "ES\000\000\000/\000\000\000\000\000\000\000\005\010\000mi\303\000\000\000\032\000\000\000\026internal:tcp/handshakebody"
#define HANDSHAKE_DONE "ES\000\000\000\027\000\000\000\000\000\000\000\005\011\000mi\303\000\000\000\002\000\000done"
#define HANDSHAKE_6 "ES\000\000\000+\000\000\000\000\000\000\000\005\000\000\134\237S\000\000\000\026internal:tcp/handshakebody"
#define SEARCH_8 "ES\000\000\0000\000\000\000\000\000\000\000\001\000\000\201\263]\000\000\000\033\000\000\030indices:data/read/searchbody"
#define SEARCH_OPENSEARCH "ES\000\000\0000\000\000\000\000\000\000\000\001\000\010 2\223\000\000\000\033\000\000\030indices:data/read/searchbody"
#define SEARCH_6 "ES\000\000\000-\000\000\000\000\000\000\000\001\000\000\134\317_\000\000\000\030indices:data/read/searchbody"
#define SEARCH_5 "ES\000\000\000,\000\000\000\000\000\000\000\001\000\000M6\003\000\000\030indices:data/read/searchbody"
#define SEARCH_1 "ES\000\000\000(\000\000\000\000\000\000\000\001\000\000\017\270\233\025discovery/zen/fd/ping\000body"
#define SEARCH_1_HEADERS "ES\000\000\000(\000\000\000\000\000\000\000\001\000\000\017\270\233\025discovery/zen/fd/ping\001body"
#define SEARCH_6_COMPRESSED "ES\000\000\0009\000\000\000\000\000\000\000\001\004\000\134\317_DFL\000\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001\212\001"
#define MISSING "ES\000\000\000F\000\000\000\000\000\000\000\001\003\000mi\303\000\000\000\002\000\000\001\021missing authentication credentials for action [x]"
#define UNABLE "ES\000\000\000\077\000\000\000\000\000\000\000\002\003\000mi\303\000\000\000\002\000\000\001\021unable to authenticate user [x] for action"
#define UNAUTHORIZED "ES\000\000\000<\000\000\000\000\000\000\000\002\003\000mi\303\000\000\000\002\000\000\001\021action [x] is unauthorized for user [y]"
#define UNAUTHORIZED_1 "ES\000\000\000<\000\000\000\000\000\000\000\001\003\000mi\303\000\000\000\002\000\000\001\021action [x] is unauthorized for user [y]"
#define NO_INDEX "ES\000\000\000&\000\000\000\000\000\000\000\001\003\000mi\303\000\000\000\002\000\000\001\021no such index [x]"
#define PING "ES\377\377\377\377"

static const struct scenario scenarios[] = {
	{ "served", { CLIENT(SEARCH), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "not answered", { CLIENT(SEARCH), SERVER(DONE_2) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "served, 8.5", { CLIENT(SEARCH_8), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "served, OpenSearch", { CLIENT(SEARCH_OPENSEARCH), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "served, 6.8", { CLIENT(SEARCH_6), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "served, 5.6", { CLIENT(SEARCH_5), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "served, 1.3", { CLIENT(SEARCH_1), SERVER(DONE_1) }, AUTH_NONE, NULL, false, 0 },
	{ "1.3 with headers that are not read", { CLIENT(SEARCH_1_HEADERS), SERVER(DONE_1) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "compressed as a whole", { CLIENT(SEARCH_6_COMPRESSED), SERVER(DONE_1) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "compressed as a whole, not permitted", { CLIENT(SEARCH_6_COMPRESSED), SERVER(UNAUTHORIZED_1) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "nothing given, not permitted", { CLIENT(SEARCH), SERVER(UNAUTHORIZED_1) }, AUTH_FAILURE, NULL, false, 0 },
	{ "a handshake is for anybody", { CLIENT(HANDSHAKE), SERVER(HANDSHAKE_DONE) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "a handshake of 6.7", { CLIENT(HANDSHAKE_6), SERVER(HANDSHAKE_DONE) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "Basic", { CLIENT(SEARCH_BASIC), SERVER(DONE_2) }, AUTH_SUCCESS, "http-basic", true, 0 },
	{ "Basic, no answer", { CLIENT(PING SEARCH_BASIC), SERVER(PING) }, AUTH_ATTEMPTED, "http-basic", true, 0 },
	{ "Basic, wrong", { CLIENT(SEARCH_BASIC), SERVER(UNABLE) }, AUTH_FAILURE, "http-basic", true, 0 },
	{ "Basic, not permitted", { CLIENT(SEARCH_BASIC), SERVER(UNAUTHORIZED) }, AUTH_SUCCESS, "http-basic", true, 1u << NOTE_NOT_PERMITTED },
	{ "Bearer", { CLIENT(SEARCH_BEARER), SERVER(DONE_3) }, AUTH_SUCCESS, "http-bearer", true, 0 },
	{ "ApiKey", { CLIENT(SEARCH_KEY), SERVER(DONE_3) }, AUTH_SUCCESS, "http-api-key", true, 0 },
	{ "another scheme", { CLIENT(SEARCH_ODD), SERVER(DONE_3) }, AUTH_SUCCESS, "http-other", false, 0 },
	{ "on behalf of somebody", { CLIENT(SEARCH_CONTEXT), SERVER(DONE_4) }, AUTH_SUCCESS, "elasticsearch-context", false, 0 },
	{ "nothing given, refused", { CLIENT(SEARCH), SERVER(MISSING) }, AUTH_FAILURE, NULL, false, 0 },
	{ "an error of another kind", { CLIENT(SEARCH), SERVER(NO_INDEX) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "answers in another order", { CLIENT(SEARCH SEARCH_BASIC), SERVER(UNABLE DONE_1) }, AUTH_NONE, "http-basic", true, 0 },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&elasticsearch_dissector, "elasticsearch", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct probe_case cases[] = {
		{ SEARCH, sizeof(SEARCH) - 1, FROM_CLIENT, MATCH },
		{ SEARCH_1, sizeof(SEARCH_1) - 1, FROM_CLIENT, MATCH },
		{ HANDSHAKE, sizeof(HANDSHAKE) - 1, FROM_CLIENT, MATCH },
		{ DONE_1, sizeof(DONE_1) - 1, FROM_CLIENT, NO_MATCH },
		{ DONE_1, sizeof(DONE_1) - 1, FROM_SERVER, MATCH },
		{ SEARCH, sizeof(SEARCH) - 1, FROM_SERVER, NO_MATCH },
		{ PING, sizeof(PING) - 1, FROM_CLIENT, NEED_MORE },
		{ "EHLO example\r\n", 0, FROM_CLIENT, NO_MATCH },
		{ "ES\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 19, FROM_CLIENT, NO_MATCH },
		{ "ES\0\0\0\15\0\0\0\0\0\0\0\1\20\0\x6d\x69\x43", 19, FROM_SERVER, NO_MATCH }, /* status */
		{ "ES\0\0\0\15\0\0\0\0\0\0\0\1\1\0\0\0\1", 19, FROM_SERVER, NO_MATCH }, /* version */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (cases[i].verdict != MATCH) /* a response is one after 19 of its bytes */
			probes_check(&elasticsearch_dissector, &cases[i], 1);
		else {
			struct flow_view flow = { .ip_protocol = IPPROTO_TCP };
			enum strength strength = STRENGTH_NONE;

			assert_int_equal(elasticsearch_dissector.probe(&flow, cases[i].from, cursor_over(cases[i].text, cases[i].size), &strength), MATCH);
			assert_int_equal(strength, STRENGTH_STRUCTURE);
		}
}

/* Each request stands alone: what went before does not matter. */
static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &elasticsearch_dissector);
	c.flow.handshake_seen = false;
	conversation_send(&c, FROM_CLIENT, SEARCH, sizeof(SEARCH) - 1);
	conversation_send(&c, FROM_SERVER, DONE_1, sizeof(DONE_1) - 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_send(&c, FROM_CLIENT, "something else", 14);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(midstream),
	};

	return cmocka_run_group_tests_name("dissectors/elasticsearch", tests, NULL, NULL);
}
