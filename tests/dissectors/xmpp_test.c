/* SPDX-License-Identifier: Apache-2.0 */
/* XMPP streams, written from RFC 6120 and the extensions that xmpp.c names. */
#include <config.h>

#include "scenario.h"

#define STREAM(content) "<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:" content "' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
#define OPEN STREAM("client")
#define FEATURES "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define TLS_FAILURE "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"
#define AUTH(mechanism, text) "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" mechanism "'>" text "</auth>"
#define PLAIN AUTH("PLAIN", "AGFubgBleGFtcGxl")
#define SUCCESS "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
#define FAILURE "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"
#define CHALLENGE "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1h</challenge>"
#define RESPONSE "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AGFubgBleGFtcGxl</response>"
#define OLD(how) "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>ann</username><" how ">example</" how "></query></iq>"

static const struct scenario scenarios[] = {
	{ "a stream alone", { CLIENT(OPEN), SERVER(OPEN FEATURES) }, AUTH_UNKNOWN, NULL, false, 0 },
	{ "PLAIN", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(PLAIN), SERVER(SUCCESS) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "PLAIN, wrong", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(PLAIN), SERVER(FAILURE) }, AUTH_FAILURE, "sasl-plain", true, 0 },
	{ "PLAIN, unanswered", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true, 0 },
	{ "PLAIN in a second step", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(AUTH("PLAIN", "")), SERVER(CHALLENGE), CLIENT(RESPONSE), SERVER(SUCCESS) }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "an empty response", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(AUTH("PLAIN", "=")), SERVER(FAILURE) }, AUTH_FAILURE, "sasl-plain", false, 0 },
	{ "SCRAM", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(AUTH("SCRAM-SHA-1", "biws")), SERVER(CHALLENGE), CLIENT(RESPONSE), SERVER(SUCCESS) }, AUTH_SUCCESS, "scram-sha-1", false, 0 },
	{ "ANONYMOUS", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(AUTH("ANONYMOUS", "")), SERVER(SUCCESS) }, AUTH_NONE, "sasl-anonymous", false, 0 },
	{ "SASL2", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT("<authenticate xmlns=\"urn:xmpp:sasl:2\" mechanism = \"PLAIN\"><initial-response>AGFu</initial-response></authenticate>"),
		SERVER("<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>a</authorization-identifier></success>") }, AUTH_SUCCESS, "sasl-plain", true, 0 },
	{ "a password before SASL", { CLIENT(OPEN), SERVER(OPEN), CLIENT(OLD("password")), SERVER("<iq type='result' id='1'/>") }, AUTH_SUCCESS, "xmpp-password", true, 0 },
	{ "a digest before SASL, wrong", { CLIENT(OPEN), SERVER(OPEN), CLIENT(OLD("digest")), SERVER("<iq type='error' id='1'/>") }, AUTH_FAILURE, "xmpp-digest", false, 0 },
	{ "a new account", { CLIENT(OPEN), SERVER(OPEN), CLIENT("<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>ann</username><password>example</password></query></iq>"), SERVER("<iq type='result' id='1'/>") }, AUTH_UNKNOWN, NULL, true, 0 },
	{ "an answer to something else", { CLIENT(OPEN), SERVER(OPEN), CLIENT("<iq type='get' id='0'><query xmlns='jabber:iq:auth'/></iq>" OLD("password")), SERVER("<iq type='result' id='0'/>") }, AUTH_ATTEMPTED, "xmpp-password", true, 0 },
	{ "a component", { CLIENT(STREAM("component:accept")), SERVER(STREAM("component:accept")), CLIENT("<handshake>aaee</handshake>"), SERVER("<handshake/>") }, AUTH_SUCCESS, "xmpp-component", false, 0 },
	{ "dialback", { CLIENT(STREAM("server")), SERVER(STREAM("server")), CLIENT("<db:result to='a' from='b'>key</db:result>"), SERVER("<db:result to='b' from='a' type='valid'/>") }, AUTH_SUCCESS, "xmpp-dialback", false, 0 },
	{ "dialback, invalid", { CLIENT(STREAM("server")), SERVER(STREAM("server")), CLIENT("<db:result to='a' from='b'>key</db:result>"), SERVER("<db:result type='invalid'/>") }, AUTH_FAILURE, "xmpp-dialback", false, 0 },
	{ "nothing given, refused", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT("<message to='b'><body>'>'</body></message>"),
		SERVER("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>") }, AUTH_FAILURE, NULL, false, 0 },
	{ "TLS refused", { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(STARTTLS), SERVER(TLS_FAILURE) }, AUTH_UNKNOWN, NULL, false, 1u << NOTE_UPGRADE_REFUSED },
	{ "a success nobody asked for", { CLIENT(OPEN), SERVER(OPEN FEATURES SUCCESS) }, AUTH_UNKNOWN, NULL, false, 0 },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&xmpp_dissector, "xmpp", scenarios, COUNT_OF(scenarios));
}

static void
starttls(void **state)
{
	static const struct message messages[] = { CLIENT(OPEN), SERVER(OPEN FEATURES), CLIENT(STARTTLS), SERVER(PROCEED) };
	struct conversation c;

	(void)state;
	for (size_t chunk = 0; chunk < 9; chunk += 4) {
		conversation_init(&c, &xmpp_dissector);
		conversation_run(&c, messages, 4, chunk);
		assert_ptr_equal(c.dissector, &tls_dissector);
		conversation_clear(&c);
	}
	/* With one direction alone. */
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_SERVER, OPEN FEATURES PROCEED, sizeof(OPEN FEATURES PROCEED) - 1);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_CLIENT, OPEN STARTTLS "\x16\3\1", sizeof(OPEN STARTTLS "\x16\3\1") - 1);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
	/* What was lost may have been it. */
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_CLIENT, OPEN, sizeof(OPEN) - 1);
	conversation_gap(&c, FROM_CLIENT, 10);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
	/* Without having been asked, the server's word changes nothing. */
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_CLIENT, OPEN, sizeof(OPEN) - 1);
	conversation_send(&c, FROM_SERVER, OPEN PROCEED, sizeof(OPEN PROCEED) - 1);
	assert_ptr_equal(c.dissector, &xmpp_dissector);
	conversation_clear(&c);
}

static void
probes(void **state)
{
	static const struct probe_case cases[] = {
		{ OPEN, 0, FROM_CLIENT, MATCH },
		{ " \r\n" OPEN, 0, FROM_SERVER, MATCH },
		{ "<stream:stream xmlns:stream=\"http://etherx.jabber.org/streams\" xmlns=\"jabber:server\">", 0, FROM_CLIENT, MATCH },
		{ "<?xml version='1.0'?>", 0, FROM_CLIENT, NEED_MORE },
		{ "<?xml version='1.0'?><methodCall>", 0, FROM_CLIENT, NO_MATCH },
		{ "<stream:stream xmlns='jabber:client'>", 0, FROM_CLIENT, NO_MATCH },
		{ "</stream:stream>", 0, FROM_CLIENT, NO_MATCH },
		{ "<14>Jan  1 00:00:00 host app: x\n<15>", 0, FROM_CLIENT, NO_MATCH },
		{ "<html><body>", 0, FROM_SERVER, NO_MATCH },
		{ "<?a?><?b?><c>", 0, FROM_SERVER, NO_MATCH },
		{ "<a <b", 0, FROM_SERVER, NO_MATCH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (cases[i].verdict != NO_MATCH)
			probes_check(&xmpp_dissector, &cases[i], 1);
		else {
			struct flow_view flow = { .handshake_seen = true };
			enum strength strength;

			assert_int_equal(xmpp_dissector.probe(&flow, cases[i].from, cursor_over(cases[i].text, strlen(cases[i].text)), &strength), NO_MATCH);
		}
}

static void
hostile_streams(void **state)
{
	static char long_tag[5000];
	struct conversation c;

	(void)state;
	memset(long_tag, 'a', sizeof(long_tag));
	long_tag[0] = '<';
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_CLIENT, OPEN, sizeof(OPEN) - 1);
	conversation_send(&c, FROM_CLIENT, long_tag, sizeof(long_tag));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &xmpp_dissector);
	conversation_send(&c, FROM_CLIENT, OPEN, sizeof(OPEN) - 1);
	for (unsigned i = 0; i < 2000 && !c.over; i++)
		conversation_send(&c, FROM_CLIENT, "<a/>", 4);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(starttls),
		cmocka_unit_test(probes),
		cmocka_unit_test(hostile_streams),
	};

	return cmocka_run_group_tests_name("dissectors/xmpp", tests, NULL, NULL);
}
