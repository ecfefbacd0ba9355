/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LDAP conversations, with answers as slapd and Active Directory give them: binds of every kind and
 * their outcomes, what is served without one, StartTLS, security layers, losses, and near misses.
 */
#include <config.h>

#include "der_builder.h"
#include "scenario.h"

#define MSG(id, ...) T(0x30, N(0x02, id), __VA_ARGS__)
#define BIND(id, dn, ...) MSG(id, T(0x60, N(0x02, 3), O(0x04, dn), __VA_ARGS__))
#define SIMPLE(id, dn, password) BIND(id, dn, O(0x80, password))
#define SASL(id, name, credentials) BIND(id, "", T(0xa3, O(0x04, name), T(0x04, credentials)))
#define SASL_FIRST(id, name) BIND(id, "", T(0xa3, O(0x04, name)))
#define RESULT(tag, id, code, text) MSG(id, T(tag, N(0x0a, code), O(0x04, ""), O(0x04, text)))
#define BOUND(id, code) RESULT(0x61, id, code, "")
#define BOUND_WITH(id, code, credentials) MSG(id, T(0x61, N(0x0a, code), O(0x04, ""), O(0x04, ""), T(0x87, credentials)))
#define SEARCH_AT(id, base, scope) MSG(id, T(0x63, O(0x04, base), N(0x0a, scope), N(0x0a, 0), N(0x02, 0), N(0x02, 0), O(0x01, "\0"), O(0x87, "objectClass"), E(0x30)))
#define SEARCH(id) SEARCH_AT(id, "dc=example", 2)
#define ROOT(id) SEARCH_AT(id, "", 0)
#define ENTRY(id) MSG(id, T(0x64, O(0x04, "uid=ann,dc=example"), T(0x30, T(0x30, O(0x04, "sn"), T(0x31, O(0x04, "Ann"))))))
#define FOUND(id) RESULT(0x65, id, 0, "")
#define UNBIND(id) MSG(id, E(0x42))
#define STARTTLS(id) MSG(id, T(0x77, O(0x80, "1.3.6.1.4.1.1466.20037")))
#define STARTED(id, code) MSG(id, T(0x78, N(0x0a, code), O(0x04, ""), O(0x04, "")))

#define NTLM_1 "NTLMSSP\0\1\0\0\0\x15\x82\x08\x62"
#define NTLM_2 "NTLMSSP\0\2\0\0\0\0\0\0\0"
#define NTLM_3 "NTLMSSP\0\3\0\0\0\0\0\0\0"
#define OID_SPNEGO O(0x06, "\x2b\x06\x01\x05\x05\x02")
#define OID_KRB5 O(0x06, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
#define OID_MS_KRB5 O(0x06, "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")
#define OID_NTLM O(0x06, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")
#define OID_NEGOEX O(0x06, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e")
#define NEG_INIT(types, ...) T(0x60, OID_SPNEGO, T(0xa0, T(0x30, T(0xa0, T(0x30, types)), __VA_ARGS__)))
#define KRB5_TOKEN T(0x60, OID_KRB5, RAW("\x01\x00\x6e\x03\x30\x01\x00"))
#define NEG_RESPONSE(...) T(0xa1, T(0x30, T(0xa0, N(0x0a, 0)), __VA_ARGS__))
#define CFX(flags) "\x05\x04" flags "\xff\0\0\0\x1c\0\0\0\0\0\0\0\1abcdefghijklmnop"
#define AD_REFUSAL "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563"

static struct message
line(enum direction from, struct der bytes)
{
	return (struct message){ from, bytes.bytes, bytes.size };
}

#define C(...) line(FROM_CLIENT, __VA_ARGS__)
#define S(...) line(FROM_SERVER, __VA_ARGS__)

static void
simple_binds(void **state)
{
	const struct scenario list[] = {
		{ "accepted", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 0)), C(SEARCH(2)), S(ENTRY(2)), S(FOUND(2)), C(UNBIND(3)) }, AUTH_SUCCESS, "ldap-simple", true },
		{ "refused", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 49)) }, AUTH_FAILURE, "ldap-simple", true },
		{ "no answer", { C(SIMPLE(1, "cn=ann", "plum-7")) }, AUTH_ATTEMPTED, "ldap-simple", true },
		{ "busy", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 51)) }, AUTH_ATTEMPTED, "ldap-simple", true },
		{ "method not supported", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 7)) }, AUTH_FAILURE, "ldap-simple", true },
		{ "TLS wanted", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 13)) }, AUTH_FAILURE, "ldap-simple", true },
		{ "the answer is to another", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(9, 0)) }, AUTH_ATTEMPTED, "ldap-simple", true },
		{ "refused, then no answer", { C(SIMPLE(1, "cn=ann", "plum-8")), S(BOUND(1, 49)), C(SIMPLE(2, "cn=ann", "plum-7")) }, AUTH_ATTEMPTED, "ldap-simple", true },
		{ "refused, then accepted", { C(SIMPLE(1, "cn=ann", "plum-8")), S(BOUND(1, 49)), C(SIMPLE(2, "cn=ann", "plum-7")), S(BOUND(2, 0)) }, AUTH_SUCCESS, "ldap-simple", true },
		{ "accepted, then refused", { C(SIMPLE(1, "cn=ann", "plum-7")), S(BOUND(1, 0)), C(SIMPLE(2, "cn=ann", "plum-8")), S(BOUND(2, 49)), C(SEARCH(3)), S(FOUND(3)) }, AUTH_SUCCESS, "ldap-simple", true },
		{ "refused, then served", { C(SIMPLE(1, "cn=ann", "plum-8")), S(BOUND(1, 49)), C(SEARCH(2)), S(ENTRY(2)), S(FOUND(2)) }, AUTH_NONE, "ldap-simple", true },
		{ "version 2", { C(MSG(1, T(0x60, N(0x02, 2), O(0x04, "cn=ann"), O(0x80, "plum-7")))), S(BOUND(1, 0)) }, AUTH_SUCCESS, "ldap-simple", true },
		{ "without a name", { C(SIMPLE(1, "", "plum-7")), S(BOUND(1, 0)) }, AUTH_NONE, NULL, true },
		{ "without a password", { C(SIMPLE(1, "cn=ann", "")), S(BOUND(1, 0)) }, AUTH_NONE, NULL, false },
		{ "without a password, refused", { C(SIMPLE(1, "cn=ann", "")), S(BOUND(1, 53)) }, AUTH_FAILURE, NULL, false },
		{ "anonymous", { C(SIMPLE(1, "", "")), S(BOUND(1, 0)), C(UNBIND(2)) }, AUTH_NONE, NULL, false },
		{ "anonymous, served", { C(SIMPLE(1, "", "")), S(BOUND(1, 0)), C(SEARCH(2)), S(ENTRY(2)), S(FOUND(2)) }, AUTH_NONE, NULL, false },
		{ "anonymous, refused", { C(SIMPLE(1, "", "")), S(BOUND(1, 48)) }, AUTH_FAILURE, NULL, false },
		{ "anonymous, then refused", { C(SIMPLE(1, "", "")), S(BOUND(1, 0)), C(SEARCH(2)), S(RESULT(0x65, 2, 1, AD_REFUSAL)) }, AUTH_FAILURE, NULL, false, .none_before = true },
		{ "anonymous, unanswered", { C(SIMPLE(1, "", "")) }, AUTH_UNKNOWN, NULL, false },
		{ "Kerberos 4", { C(BIND(1, "cn=ann", O(0x81, "ticket"))), S(BOUND(1, 49)) }, AUTH_FAILURE, "krb4", false },
	};

	(void)state;
	scenarios_check(&ldap_dissector, "ldap", list, COUNT_OF(list));
}

static void
sasl_binds(void **state)
{
	const struct scenario list[] = {
		{ "EXTERNAL", { C(SASL(1, "EXTERNAL", RAW(""))), S(BOUND(1, 0)) }, AUTH_SUCCESS, "sasl-external", false },
		{ "ANONYMOUS", { C(SASL(1, "ANONYMOUS", RAW("ann"))), S(BOUND(1, 0)) }, AUTH_NONE, NULL, false },
		{ "PLAIN", { C(SASL(1, "PLAIN", RAW("\0ann\0plum-7"))), S(BOUND(1, 0)) }, AUTH_SUCCESS, "sasl-plain", true },
		{ "PLAIN, refused", { C(SASL(1, "PLAIN", RAW("\0ann\0plum-7"))), S(BOUND(1, 49)) }, AUTH_FAILURE, "sasl-plain", true },
		{ "LOGIN", { C(SASL_FIRST(1, "LOGIN")), S(BOUND(1, 14)), C(SASL(2, "LOGIN", RAW("ann"))), S(BOUND(2, 14)), C(SASL(3, "LOGIN", RAW("plum-7"))), S(BOUND(3, 0)) }, AUTH_SUCCESS, "sasl-login", true },
		{ "CRAM-MD5, a challenge", { C(SASL_FIRST(1, "CRAM-MD5")), S(BOUND_WITH(1, 14, RAW("<12@example>"))) }, AUTH_ATTEMPTED, "sasl-cram-md5", false },
		{ "SCRAM", { C(SASL(1, "SCRAM-SHA-512", RAW("n,,n=ann,r=a"))), S(BOUND_WITH(1, 14, RAW("r=ab,s=eA==,i=4096"))), C(SASL(2, "SCRAM-SHA-512", RAW("c=biws,r=ab,p=eA=="))), S(BOUND_WITH(2, 0, RAW("v=eA=="))), C(SEARCH(3)), S(FOUND(3)) }, AUTH_SUCCESS, "scram-sha-512", false },
		{ "SCRAM, refused", { C(SASL(1, "SCRAM-SHA-512", RAW("n,,n=ann,r=a"))), S(BOUND(1, 49)) }, AUTH_FAILURE, "scram-sha-512", false },
		{ "GSSAPI", { C(SASL(1, "GSSAPI", KRB5_TOKEN)), S(BOUND_WITH(1, 14, KRB5_TOKEN)), C(SASL_FIRST(2, "GSSAPI")), S(BOUND(2, 14)), C(SASL(3, "GSSAPI", RAW(CFX("\4")))), S(BOUND(3, 0)) }, AUTH_SUCCESS, "sasl-gssapi", false },
		{ "SPNEGO, Kerberos", { C(SASL(1, "GSS-SPNEGO", NEG_INIT(OID_MS_KRB5, T(0xa2, T(0x04, KRB5_TOKEN))))), S(BOUND_WITH(1, 0, NEG_RESPONSE(T(0xa1, OID_KRB5)))) }, AUTH_SUCCESS, "sasl-gss-spnego-krb5", false },
		{ "SPNEGO, Kerberos by the list alone", { C(SASL(1, "GSS-SPNEGO", NEG_INIT(OID_KRB5, T(0xa1, O(0x03, "\1\2"))))), S(BOUND(1, 0)) }, AUTH_SUCCESS, "sasl-gss-spnego-krb5", false },
		{ "SPNEGO, Kerberos by its token", { C(SASL(1, "GSS-SPNEGO", NEG_INIT(OID_NEGOEX, T(0xa2, T(0x04, KRB5_TOKEN))))), S(BOUND(1, 49)) }, AUTH_FAILURE, "sasl-gss-spnego-krb5", false },
		{ "SPNEGO, changed to NTLM", { C(SASL(1, "GSS-SPNEGO", NEG_INIT(OID_KRB5, T(0xa2, T(0x04, KRB5_TOKEN))))), S(BOUND_WITH(1, 14, NEG_RESPONSE(T(0xa1, OID_NTLM)))), C(SASL(2, "GSS-SPNEGO", NEG_RESPONSE(T(0xa2, O(0x04, NTLM_3))))), S(BOUND(2, 0)) }, AUTH_SUCCESS, "sasl-ntlm", false },
		{ "SPNEGO, NTLM as it is", { C(SASL(1, "GSS-SPNEGO", RAW(NTLM_1))), S(BOUND_WITH(1, 14, RAW(NTLM_2))), C(SASL(2, "GSS-SPNEGO", RAW(NTLM_3))), S(BOUND(2, 0)) }, AUTH_SUCCESS, "sasl-ntlm", false },
		{ "SPNEGO, unknown", { C(SASL(1, "GSS-SPNEGO", NEG_INIT(OID_NEGOEX, T(0xa2, O(0x04, "NEGOEXTS"))))), S(BOUND(1, 0)) }, AUTH_SUCCESS, "sasl-gss-spnego", false },
		{ "SPNEGO, first without a token", { C(SASL_FIRST(1, "GSS-SPNEGO")), S(BOUND_WITH(1, 14, NEG_RESPONSE(T(0xa2, O(0x04, NTLM_2))))), C(SASL(2, "GSS-SPNEGO", RAW("?"))), S(BOUND(2, 0)) }, AUTH_SUCCESS, "sasl-ntlm", false },
		{ "SPNEGO, then another", { C(SASL(1, "GSS-SPNEGO", RAW(NTLM_1))), S(BOUND(1, 14)), C(SASL(2, "EXTERNAL", RAW(""))), S(BOUND(2, 0)) }, AUTH_SUCCESS, "sasl-external", false },
		{ "a mechanism nobody knows", { C(SASL(1, "X-SECRET", RAW("x"))), S(BOUND(1, 7)) }, AUTH_FAILURE, "sasl-other", false },
		{ "Sicily", { C(BIND(1, "", E(0x89))), S(BOUND(1, 0)), C(BIND(2, "NTLM", O(0x8a, NTLM_1))), S(BOUND(2, 0)), C(BIND(3, "", O(0x8b, NTLM_3))), S(BOUND(3, 0)) }, AUTH_SUCCESS, "ntlmssp", false },
		{ "Sicily, not to its end", { C(BIND(1, "", E(0x89))), S(BOUND(1, 0)), C(BIND(2, "NTLM", O(0x8a, NTLM_1))), S(BOUND(2, 0)) }, AUTH_ATTEMPTED, "ntlmssp", false },
	};

	(void)state;
	scenarios_check(&ldap_dissector, "ldap", list, COUNT_OF(list));
}

static void
operations(void **state)
{
	const struct scenario list[] = {
		{ "search", { C(SEARCH(1)), S(ENTRY(1)), S(FOUND(1)) }, AUTH_NONE, NULL, false },
		{ "search, nothing found", { C(SEARCH(1)), S(FOUND(1)) }, AUTH_NONE, NULL, false },
		{ "search, no such object", { C(SEARCH(1)), S(RESULT(0x65, 1, 32, "")) }, AUTH_UNKNOWN, NULL, false },
		{ "search, refused", { C(SEARCH(1)), S(RESULT(0x65, 1, 50, "")) }, AUTH_FAILURE, NULL, false },
		{ "search, refused by Active Directory", { C(ROOT(1)), S(ENTRY(1)), S(FOUND(1)), C(SEARCH(2)), S(RESULT(0x65, 2, 1, AD_REFUSAL)) }, AUTH_FAILURE, NULL, false, .none_before = true },
		{ "search, refused by OpenLDAP", { C(SEARCH(1)), S(RESULT(0x65, 1, 53, "authentication required")) }, AUTH_FAILURE, NULL, false },
		{ "search, refused by OpenLDAP for want of a bind", { C(SEARCH(1)), S(RESULT(0x65, 1, 1, "BIND required")) }, AUTH_FAILURE, NULL, false },
		{ "search, not performed for another reason", { C(SEARCH(1)), S(RESULT(0x65, 1, 53, "no global superior knowledge")) }, AUTH_UNKNOWN, NULL, false },
		{ "search, an error", { C(SEARCH(1)), S(RESULT(0x65, 1, 1, "broken")) }, AUTH_UNKNOWN, NULL, false },
		{ "root DSE", { C(ROOT(1)), S(ENTRY(1)), S(FOUND(1)) }, AUTH_NONE, NULL, false },
		{ "root DSE, then a wrong password", { C(ROOT(1)), S(ENTRY(1)), S(FOUND(1)), C(SIMPLE(2, "cn=ann", "plum-8")), S(BOUND(2, 49)) }, AUTH_FAILURE, "ldap-simple", true, .none_before = true },
		{ "an answer to nothing", { C(SEARCH(1)), S(FOUND(7)) }, AUTH_UNKNOWN, NULL, false },
		{ "references", { C(SEARCH(1)), S(MSG(1, T(0x73, O(0x04, "ldap://other.example/")))) }, AUTH_UNKNOWN, NULL, false },
		{ "intermediate", { C(SEARCH(1)), S(MSG(1, T(0x79, O(0x80, "1.2.3"), O(0x81, "x")))), S(FOUND(1)) }, AUTH_NONE, NULL, false },
		{ "modify", { C(MSG(1, T(0x66, O(0x04, "cn=ann"), T(0x30, O(0x04, "x"))))), S(RESULT(0x67, 1, 8, "modifications require authentication")) }, AUTH_FAILURE, NULL, false },
		{ "add", { C(MSG(1, T(0x68, O(0x04, "cn=ann"), T(0x30, O(0x04, "x"))))), S(RESULT(0x69, 1, 0, "")) }, AUTH_NONE, NULL, false },
		{ "delete", { C(MSG(1, O(0x4a, "cn=ann"))), S(RESULT(0x6b, 1, 0, "")) }, AUTH_NONE, NULL, false },
		{ "rename", { C(MSG(1, T(0x6c, O(0x04, "cn=ann"), O(0x04, "cn=bea"), O(0x01, "\xff"), O(0x80, "dc=example")))), S(RESULT(0x6d, 1, 53, "")) }, AUTH_UNKNOWN, NULL, false },
		{ "compare", { C(MSG(1, T(0x6e, O(0x04, "cn=ann"), T(0x30, O(0x04, "sn"), O(0x04, "Ann"))))), S(RESULT(0x6f, 1, 6, "")) }, AUTH_NONE, NULL, false },
		{ "abandon", { C(SEARCH(1)), C(MSG(2, O(0x50, "\1"))), C(UNBIND(3)) }, AUTH_UNKNOWN, NULL, false },
		{ "controls", { C(MSG(1, O(0x4a, "cn=ann"), T(0xa0, T(0x30, O(0x04, "1.2.3"))))), S(MSG(1, T(0x6b, N(0x0a, 10), O(0x04, ""), O(0x04, ""), T(0xa3, O(0x04, "ldap://other.example/"))))) }, AUTH_UNKNOWN, NULL, false },
		{ "who am I", { C(MSG(1, T(0x77, O(0x80, "1.3.6.1.4.1.4203.1.11.3")))), S(MSG(1, T(0x78, N(0x0a, 0), O(0x04, ""), O(0x04, ""), O(0x8b, "")))) }, AUTH_NONE, NULL, false },
		{ "password changed", { C(MSG(1, T(0x77, O(0x80, "1.3.6.1.4.1.4203.1.11.1"), T(0x81, T(0x30, O(0x80, "cn=ann"), O(0x82, "plum-9")))))), S(STARTED(1, 0)) }, AUTH_UNKNOWN, NULL, true },
		{ "password wanted", { C(MSG(1, T(0x77, O(0x80, "1.3.6.1.4.1.4203.1.11.1"), T(0x81, T(0x30, O(0x80, "cn=ann")))))), S(STARTED(1, 0)) }, AUTH_UNKNOWN, NULL, false },
		{ "disconnected", { C(SEARCH(1)), S(MSG(0, T(0x78, N(0x0a, 8), O(0x04, ""), O(0x04, ""), O(0x8a, "1.3.6.1.4.1.1466.20036")))) }, AUTH_FAILURE, NULL, false },
		{ "StartTLS refused", { C(STARTTLS(1)), S(STARTED(1, 2)), C(SEARCH(2)), S(FOUND(2)) }, AUTH_NONE, NULL, false, NOTE(UPGRADE_REFUSED) },
	};

	(void)state;
	scenarios_check(&ldap_dissector, "ldap", list, COUNT_OF(list));
}

static void
say(struct conversation *c, enum direction from, struct der bytes)
{
	conversation_send(c, from, bytes.bytes, bytes.size);
}

static void
not_permitted(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, SIMPLE(1, "cn=ann", "plum-7"));
	say(&c, FROM_SERVER, BOUND(1, 0));
	assert_false(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	say(&c, FROM_CLIENT, SEARCH(2));
	say(&c, FROM_SERVER, RESULT(0x65, 2, 50, ""));
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
start_tls(void **state)
{
	struct conversation c;

	(void)state;
	for (int worked = 0; worked < 2; worked++) {
		conversation_init(&c, &ldap_dissector);
		say(&c, FROM_CLIENT, ROOT(1));
		say(&c, FROM_SERVER, FOUND(1));
		if (worked) {
			say(&c, FROM_CLIENT, SEARCH(2));
			say(&c, FROM_SERVER, FOUND(2));
		}
		say(&c, FROM_CLIENT, STARTTLS(3));
		say(&c, FROM_CLIENT, RAW("\x16\x03\x01"));
		assert_ptr_equal(c.dissector, &ldap_dissector);
		say(&c, FROM_SERVER, STARTED(3, 0));
		assert_ptr_equal(c.dissector, &tls_dissector);
		assert_false(evidence_has_note(&c.evidence, NOTE_UPGRADE_REFUSED));
		assert_int_equal(evidence_has_note(&c.evidence, NOTE_EARLY_DATA), worked);
		conversation_clear(&c);
	}
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, STARTTLS(1));
	say(&c, FROM_SERVER, STARTED(1, 52));
	assert_true(evidence_has_note(&c.evidence, NOTE_UPGRADE_REFUSED));
	assert_ptr_equal(c.dissector, &ldap_dissector);
	conversation_clear(&c);
	/* TLS, and the words that agreed on it were lost, or are in the direction that was not captured. */
	for (int lost = 0; lost < 3; lost++) {
		conversation_init(&c, &ldap_dissector);
		say(&c, FROM_CLIENT, ROOT(1));
		say(&c, FROM_SERVER, FOUND(1));
		if (lost == 0)
			say(&c, FROM_CLIENT, STARTTLS(2));
		else
			conversation_gap(&c, FROM_CLIENT, 31);
		if (lost < 2)
			conversation_gap(&c, FROM_SERVER, 14);
		else
			say(&c, FROM_SERVER, STARTED(2, 0));
		say(&c, FROM_CLIENT, RAW("\x16"));
		assert_ptr_equal(c.dissector, &ldap_dissector);
		say(&c, FROM_CLIENT, RAW("\x03\x01\x02\x00"));
		assert_ptr_equal(c.dissector, &tls_dissector);
		conversation_clear(&c);
	}
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_SERVER, STARTED(1, 0));
	say(&c, FROM_SERVER, RAW("\x16\x03\x03\x00\x7a"));
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, STARTTLS(1));
	say(&c, FROM_CLIENT, RAW("\x16\x03\x01\x02\x00"));
	assert_ptr_equal(c.dissector, &ldap_dissector);
	conversation_end(&c);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_clear(&c);
	/* Behind a loss whatever was readable may have ended, until a message says that it has not. */
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, ROOT(1));
	conversation_gap(&c, FROM_CLIENT, 31);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	say(&c, FROM_CLIENT, SEARCH(3));
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_gap(&c, FROM_CLIENT, 31);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	/* No record: neither its version nor its size is one. */
	say(&c, FROM_CLIENT, RAW("\x16\x05\x01\x02\x00"));
	assert_ptr_equal(c.dissector, &ldap_dissector);
	conversation_clear(&c);
	/* The answer alone names what it is about. */
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_SERVER, MSG(1, T(0x78, N(0x0a, 0), O(0x04, ""), O(0x04, ""), O(0x8a, "1.3.6.1.4.1.1466.20037"))));
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);
}

static void
layers(void **state)
{
	static const char signed_ntlm[] = "\0\0\0\x17\1\0\0\0abcdefgh\0\0\0\0\x30\5\2\1\4\x42\0";
	static const char sealed_ntlm[] = "\0\0\0\x17\1\0\0\0abcdefgh\0\0\0\0\x99\5\2\1\4\x42\0";
	static const char signed_digest[] = "\0\0\0\x17\x30\5\2\1\4\x42\0abcdefghij\0\1\0\0\0\0";
	static const char sealed_digest[] = "\0\0\0\x17\x99\5\2\1\4\x42\0abcdefghij\0\1\0\0\0\0";
	const struct {
		const char *mechanism;
		struct der token;
		enum encryption_state state;
		const char *by;
	} list[] = {
		{ "GSSAPI", RAW("\0\0\0\x20" CFX("\6")), ENCRYPTION_PARTIAL, "gss" },
		{ "GSSAPI", RAW("\0\0\0\x20" CFX("\4")), ENCRYPTION_PLAINTEXT, NULL },
		{ "GSSAPI", RAW("\0\0\0\x15\x60\x13\6\x09\x2a\x86\x48\x86\xf7\x12\1\2\2\2\1\4\0\xff\xff\xff\xff"), ENCRYPTION_PLAINTEXT, NULL },
		{ "GSSAPI", RAW("\0\0\0\x15\x60\x13\6\x09\x2a\x86\x48\x86\xf7\x12\1\2\2\2\1\4\0\2\0\xff\xff"), ENCRYPTION_PARTIAL, "gss" },
		{ "GSSAPI", RAW("\0\0\0\x15\x60\x13\6\x09\x2a\x86\x48\x86\xf7\x12\1\2\2\1\1\4\0\2\0\xff\xff"), ENCRYPTION_UNKNOWN, NULL },
		{ "GSSAPI", RAW("\0\0\0\4abcd"), ENCRYPTION_UNKNOWN, NULL },
		{ "NTLM", RAW(sealed_ntlm), ENCRYPTION_PARTIAL, "sasl-ntlm" },
		{ "NTLM", RAW(signed_ntlm), ENCRYPTION_PLAINTEXT, NULL },
		{ "DIGEST-MD5", RAW(sealed_digest), ENCRYPTION_PARTIAL, "sasl-digest-md5" },
		{ "DIGEST-MD5", RAW(signed_digest), ENCRYPTION_PLAINTEXT, NULL },
		{ "DIGEST-MD5", SEARCH(4), ENCRYPTION_PLAINTEXT, NULL },
	};
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		for (int from = FROM_CLIENT; from <= FROM_SERVER; from++) {
			if (from == FROM_SERVER && list[i].token.bytes[0] == 0x30)
				continue;
			conversation_init(&c, &ldap_dissector);
			say(&c, FROM_CLIENT, BIND(1, "", T(0xa3, T(0x04, der_bytes(list[i].mechanism, strlen(list[i].mechanism))), O(0x04, "x"))));
			say(&c, FROM_SERVER, BOUND(1, 0));
			for (size_t at = 0; at < list[i].token.size; at++)
				conversation_send(&c, (enum direction)from, list[i].token.bytes + at, 1);
			assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
			if (c.evidence.encryption.state != list[i].state)
				fail_msg("layer %zu: %s", i, encryption_state_names[c.evidence.encryption.state]);
			if (list[i].by != NULL)
				assert_string_equal(c.evidence.encryption.by, list[i].by);
			else
				assert_null(c.evidence.encryption.by);
			assert_int_not_equal(c.verdict, MALFORMED);
			conversation_clear(&c);
		}
	}
	/* No layer follows a simple bind, and none is of no bytes. */
	for (int sasl = 0; sasl < 2; sasl++) {
		conversation_init(&c, &ldap_dissector);
		say(&c, FROM_CLIENT, sasl ? SASL(1, "GSSAPI", RAW("x")) : SIMPLE(1, "cn=ann", "plum-7"));
		say(&c, FROM_SERVER, BOUND(1, 0));
		say(&c, FROM_CLIENT, sasl ? RAW("\0\0\0\0\0") : RAW("\0\0\0\x20" CFX("\6")));
		assert_int_equal(c.verdict, MALFORMED);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		conversation_clear(&c);
	}
}

static void
losses(void **state)
{
	struct conversation c;

	(void)state;
	/* Mid-stream nobody knows who bound before. */
	conversation_init_midstream(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, SEARCH(5));
	say(&c, FROM_SERVER, FOUND(5));
	say(&c, FROM_CLIENT, SEARCH(6));
	say(&c, FROM_SERVER, RESULT(0x65, 6, 50, ""));
	say(&c, FROM_SERVER, RAW("garbage"));
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	say(&c, FROM_CLIENT, SIMPLE(7, "cn=ann", "plum-7"));
	say(&c, FROM_SERVER, BOUND(7, 0));
	conversation_end(&c);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	/* The answer to a bind that was lost says no more than a refusal does. */
	for (uint32_t code = 0; code <= 49; code += 49) {
		conversation_init(&c, &ldap_dissector);
		say(&c, FROM_CLIENT, ROOT(1));
		conversation_gap(&c, FROM_CLIENT, 40);
		say(&c, FROM_SERVER, BOUND(2, code));
		say(&c, FROM_CLIENT, SEARCH(3));
		say(&c, FROM_SERVER, FOUND(3));
		conversation_end(&c);
		assert_int_equal(c.evidence.authentication.result, code == 0 ? AUTH_UNKNOWN : AUTH_FAILURE);
		conversation_clear(&c);
	}
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, SASL(1, "GSSAPI", RAW("x")));
	say(&c, FROM_SERVER, BOUND(1, 0));
	conversation_gap(&c, FROM_CLIENT, 40);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, SEARCH(1));
	say(&c, FROM_CLIENT, RAW("GET / HTTP/1.1\r\n"));
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, RAW("0\x03zzz"));
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

/* Of a large message its beginning is read, and the rest passed over. */
static void
large_messages(void **state)
{
	static char body[9000];
	struct der attributes, entry, bind;
	struct conversation c;

	(void)state;
	memset(body, 'x', sizeof(body));
	attributes = T(0x30, T(0x30, O(0x04, "jpegPhoto"), T(0x31, T(0x04, der_bytes(body, sizeof(body))))));
	entry = MSG(1, T(0x64, O(0x04, "cn=ann"), attributes));
	for (size_t chunk = 0; chunk < 3000; chunk += 1460) {
		struct message messages[] = {
			{ FROM_CLIENT, SEARCH(1).bytes, SEARCH(1).size },
			{ FROM_SERVER, entry.bytes, entry.size },
			{ FROM_SERVER, FOUND(1).bytes, FOUND(1).size },
			{ FROM_CLIENT, UNBIND(2).bytes, UNBIND(2).size },
		};

		conversation_init(&c, &ldap_dissector);
		conversation_run(&c, messages, 4, chunk);
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		assert_int_equal(c.verdict, MATCH);
		assert_int_equal(c.size[FROM_SERVER], 0);
		conversation_clear(&c);
	}
	bind = SASL(1, "GSS-SPNEGO", NEG_INIT(OID_KRB5, T(0xa2, T(0x04, T(0x60, OID_KRB5, der_bytes(body, sizeof(body)))))));
	conversation_init(&c, &ldap_dissector);
	say(&c, FROM_CLIENT, bind);
	assert_string_equal(c.evidence.authentication.method, "sasl-gss-spnego-krb5");
	say(&c, FROM_SERVER, BOUND(1, 0));
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

/* Wherever the end of what is at hand falls, a well-formed message is one. */
static void
cuts(void **state)
{
	static char body[2100];
	struct conversation c;

	(void)state;
	memset(body, 'x', sizeof(body));
	for (size_t size = 1960; size < 2060; size++) {
		struct der m = MSG(1, T(0x63, O(0x04, "dc=example"), N(0x0a, 2), N(0x0a, 0), N(0x02, 0), N(0x02, 0), O(0x01, "\0"), T(0x87, der_bytes(body, size)), T(0x30, O(0x04, "cn"))), T(0xa0, T(0x30, O(0x04, "1.2.3"))));

		conversation_init(&c, &ldap_dissector);
		for (size_t at = 0; at < m.size; at++)
			conversation_send(&c, FROM_CLIENT, m.bytes + at, 1);
		say(&c, FROM_SERVER, FOUND(1));
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		conversation_clear(&c);
	}
}

static void
principals(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &ldap_dissector);
	c.evidence.want_principals = true;
	say(&c, FROM_CLIENT, SIMPLE(1, "cn=ann,dc=example", "plum-7"));
	say(&c, FROM_SERVER, BOUND(1, 0));
	assert_string_equal(c.evidence.authentication.principal, "cn=ann,dc=example");
	say(&c, FROM_CLIENT, SIMPLE(2, "cn=bea", "plum-8"));
	assert_string_equal(c.evidence.authentication.principal, "cn=ann,dc=example");
	conversation_clear(&c);
}

static void
probes(void **state)
{
	const struct {
		struct der bytes;
		enum direction from;
		enum verdict verdict;
	} list[] = {
		{ SIMPLE(1, "", ""), FROM_CLIENT, MATCH },
		{ RAW("\x30\x84\0\0\0\x0a\x02\1\1\x60\x84\0\0\0\1\0"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x84\0\0\0\x09\x02\1\1\x42\x84\0\0\0\0"), FROM_CLIENT, MATCH }, /* lengths as Windows writes them */
		{ UNBIND(7), FROM_CLIENT, MATCH },
		{ UNBIND(7), FROM_SERVER, NO_MATCH },
		{ SEARCH(1), FROM_CLIENT, MATCH },
		{ SEARCH(1), FROM_SERVER, NO_MATCH },
		{ FOUND(1), FROM_SERVER, MATCH },
		{ FOUND(1), FROM_CLIENT, NO_MATCH },
		{ ENTRY(0x7fffffff), FROM_SERVER, MATCH },
		{ ENTRY(0xffffffff), FROM_SERVER, NO_MATCH },
		{ RAW(""), FROM_CLIENT, NEED_MORE },
		{ RAW("\x30"), FROM_CLIENT, NEED_MORE },
		{ RAW("\x30\x20\x02\x01"), FROM_CLIENT, NEED_MORE },
		{ RAW("\x30\x20\x02\x01\x01\x60"), FROM_CLIENT, NEED_MORE },
		{ RAW("\x30\x82\x01\0\x02\x01\x01\x60\x81\xf9"), FROM_CLIENT, NEED_MORE },
		{ RAW("\x30\x80\x02\x01\x01\x60\x80"), FROM_CLIENT, NO_MATCH },   /* indefinite */
		{ RAW("\x30\x85\0\0\0\0\x20"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x84\x7f\0\0\0"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x20\x04\x01"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x20\x02\x05"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x26\x02\x01\x00\x04\x06public\xa0\x19"), FROM_CLIENT, NO_MATCH }, /* SNMP */
		{ RAW("\x30\x26\x02\x01\x03\x30\x11"), FROM_CLIENT, NO_MATCH },               /* SNMPv3 */
		{ RAW("\x30\x0c\0\6sensor/1on"), FROM_CLIENT, NO_MATCH },                     /* MQTT PUBLISH */
		{ RAW("\x30\x05\x02\1\1\x42\1"), FROM_CLIENT, NO_MATCH },
		{ RAW("\x30\x06\x02\1\1\x42\0\0"), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, N(0x02, 4), O(0x04, ""), E(0x80))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, N(0x02, 3), O(0x04, ""), E(0x85))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, N(0x02, 3), O(0x04, ""), E(0x80), E(0x04))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, N(0x02, 3), O(0x04, ""), T(0xa3, N(0x02, 1)))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, O(0x02, "\xff"), O(0x04, ""), E(0x80))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x60, O(0x02, "\1\0\0\0\0"), O(0x04, ""), E(0x80))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x63, O(0x04, ""), N(0x0a, 4), N(0x0a, 0), N(0x02, 0), N(0x02, 0), O(0x01, "\0"), O(0x87, "x"), E(0x30))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x63, O(0x04, ""), N(0x0a, 0), N(0x0a, 0), N(0x02, 0), N(0x02, 0), O(0x01, "\0"), O(0x04, "x"), E(0x30))), FROM_CLIENT, NO_MATCH },
		{ MSG(1, E(0x4a)), FROM_CLIENT, NO_MATCH },
		{ MSG(1, E(0x50)), FROM_CLIENT, NO_MATCH },
		{ MSG(1, T(0x65, N(0x0a, 0), O(0x04, ""))), FROM_SERVER, NO_MATCH },
		{ MSG(1, E(0x42), E(0x04)), FROM_CLIENT, NO_MATCH },
		{ RAW("\x1f\x81\x05\x02\x01\x01"), FROM_CLIENT, NO_MATCH },
	};
	struct flow_view flow = { 0 };
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		uint8_t *block = malloc(list[i].bytes.size + 1);
		enum verdict verdict;

		memcpy(block, list[i].bytes.bytes, list[i].bytes.size);
		verdict = ldap_dissector.probe(&flow, list[i].from, cursor_over(block, list[i].bytes.size), &strength);
		if (verdict != list[i].verdict)
			fail_msg("probe %zu: %d", i, verdict);
		free(block);
	}
}

static void
connectionless(void **state)
{
	struct der found = ENTRY(1), done = FOUND(1), root = ROOT(1), odd = RAW("0\1x");
	struct flow_view flow = { 0 };
	enum strength strength;
	struct conversation c;
	uint8_t both[512];

	(void)state;
	memcpy(both, found.bytes, found.size);
	memcpy(both + found.size, done.bytes, done.size);
	assert_int_equal(cldap_dissector.probe(&flow, FROM_CLIENT, cursor_over(root.bytes, root.size), &strength), MATCH);
	assert_int_equal(cldap_dissector.probe(&flow, FROM_CLIENT, cursor_over(root.bytes, root.size - 1), &strength), NO_MATCH);
	assert_int_equal(cldap_dissector.probe(&flow, FROM_SERVER, cursor_over(both, found.size + done.size), &strength), MATCH);
	assert_int_equal(cldap_dissector.probe(&flow, FROM_SERVER, cursor_over(both, found.size + done.size - 1), &strength), NO_MATCH);
	conversation_init(&c, &cldap_dissector);
	say(&c, FROM_CLIENT, root);
	assert_int_equal(c.evidence.basis[CLAIM_PROTOCOL].strength, STRENGTH_STRUCTURE);
	conversation_send(&c, FROM_SERVER, both, found.size + done.size);
	say(&c, FROM_SERVER, odd);
	conversation_end(&c);
	assert_string_equal(c.evidence.protocol, "ldap");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_NOT_APPLICABLE);
	assert_int_equal(c.evidence.basis[CLAIM_PROTOCOL].strength, STRENGTH_EXCHANGE);
	conversation_clear(&c);
	conversation_init(&c, &cldap_dissector);
	say(&c, FROM_CLIENT, odd);
	assert_int_equal(c.verdict, NO_MATCH);
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
		cmocka_unit_test_teardown(simple_binds, free_messages),
		cmocka_unit_test_teardown(sasl_binds, free_messages),
		cmocka_unit_test_teardown(operations, free_messages),
		cmocka_unit_test_teardown(not_permitted, free_messages),
		cmocka_unit_test_teardown(start_tls, free_messages),
		cmocka_unit_test_teardown(layers, free_messages),
		cmocka_unit_test_teardown(losses, free_messages),
		cmocka_unit_test_teardown(large_messages, free_messages),
		cmocka_unit_test_teardown(cuts, free_messages),
		cmocka_unit_test_teardown(principals, free_messages),
		cmocka_unit_test_teardown(probes, free_messages),
		cmocka_unit_test_teardown(connectionless, free_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
