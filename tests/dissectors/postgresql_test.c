/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL conversations. Those of the first part were recorded from a PostgreSQL 15 server and
 * psql on one machine, with made-up users and passwords; the others are written from the
 * documentation.
 */
#include <config.h>

#include "expected.h"

static const struct message trust[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_trust\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\010\000\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031c"
		"lient_encoding\000UTF8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transa"
		"ction_read_only\000off\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_dat"
		"etimes\000on\000S\000\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000o"
		"ff\000S\000\000\000\031server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian "
		"15.18-0+deb12u1)\000S\000\000\000\"session_authorization\000t_trust\000S\000\000\000#standard_co"
		"nforming_strings\000on\000S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000|\211"
		"6\036\312\264Z\000\000\000\005I"),
};

static const struct message password[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_plain\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\010\000\000\000\003"),
	CLIENT("p\000\000\000\016made-up-1\000"),
	SERVER("R\000\000\000\010\000\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031c"
		"lient_encoding\000UTF8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transa"
		"ction_read_only\000off\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_dat"
		"etimes\000on\000S\000\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000o"
		"ff\000S\000\000\000\031server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian "
		"15.18-0+deb12u1)\000S\000\000\000\"session_authorization\000t_plain\000S\000\000\000#standard_co"
		"nforming_strings\000on\000S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000|\275"
		"\314\275\367\235Z\000\000\000\005I"),
};

static const struct message password_wrong[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_plain\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\010\000\000\000\003"),
	CLIENT("p\000\000\000\016made-up-x\000"),
	SERVER("E\000\000\000gSFATAL\000VFATAL\000C28P01\000Mpassword authentication failed for user \"t_plain\""
		"\000Fauth.c\000L334\000Rauth_failed\000\000"),
};

static const struct message md5[] = {
	CLIENT("\000\000\000<\000\003\000\000user\000t_md5\000database\000postgres\000application_name\000psql\000"
		"\000"),
	SERVER("R\000\000\000\014\000\000\000\005\342\335\210r"),
	CLIENT("p\000\000\000(md5927e9220067c6e12273e60c6d6311d34\000"),
	SERVER("R\000\000\000\010\000\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031c"
		"lient_encoding\000UTF8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transa"
		"ction_read_only\000off\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_dat"
		"etimes\000on\000S\000\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000o"
		"ff\000S\000\000\000\031server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian "
		"15.18-0+deb12u1)\000S\000\000\000 session_authorization\000t_md5\000S\000\000\000#standard_confo"
		"rming_strings\000on\000S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000}\020\001"
		"\032\364 Z\000\000\000\005I"),
};

static const struct message scram[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_scram\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\027\000\000\000\012SCRAM-SHA-256\000\000"),
	CLIENT("p\000\000\0006SCRAM-SHA-256\000\000\000\000 n,,n=,r=DuR1DY91IA2+oW03kK0mdAZJ"),
	SERVER("R\000\000\000\\\000\000\000\013r=DuR1DY91IA2+oW03kK0mdAZJUqc2hvVOtYg/7mVIhB2olV6V,s=pe7Iu4mm/qZr"
		"anGKChGU1w==,i=4096"),
	CLIENT("p\000\000\000lc=biws,r=DuR1DY91IA2+oW03kK0mdAZJUqc2hvVOtYg/7mVIhB2olV6V,p=sMbHkO6bmcTjGOgg/gHJSM"
		"OCKfR2VnGBz39WA22mfLw="),
	SERVER("R\000\000\0006\000\000\000\014v=eJoNaCC/dE1l6StMVMPLVcXQVOpCxJSumrFOX3IHWA4=R\000\000\000\010\000"
		"\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031client_encoding\000UTF"
		"8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transaction_read_only\000of"
		"f\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_datetimes\000on\000S\000"
		"\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000off\000S\000\000\000\031"
		"server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian 15.18-0+deb12u1)\000S\000"
		"\000\000\"session_authorization\000t_scram\000S\000\000\000#standard_conforming_strings\000on\000"
		"S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000}@\262\231\233\000Z\000\000\000"
		"\005I"),
};

static const struct message scram_wrong[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_scram\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\027\000\000\000\012SCRAM-SHA-256\000\000"),
	CLIENT("p\000\000\0006SCRAM-SHA-256\000\000\000\000 n,,n=,r=1VYzZ5+wZ49Uh9yDUKrP4uAZ"),
	SERVER("R\000\000\000\\\000\000\000\013r=1VYzZ5+wZ49Uh9yDUKrP4uAZjNlHHHByjrAHZjP4XyRdNHvT,s=pe7Iu4mm/qZr"
		"anGKChGU1w==,i=4096"),
	CLIENT("p\000\000\000lc=biws,r=1VYzZ5+wZ49Uh9yDUKrP4uAZjNlHHHByjrAHZjP4XyRdNHvT,p=1hl1i2y7tQjZZkrzSJt89y"
		"nntFT1OqW2HqulKS0xJJ4="),
	SERVER("E\000\000\000gSFATAL\000VFATAL\000C28P01\000Mpassword authentication failed for user \"t_scram\""
		"\000Fauth.c\000L334\000Rauth_failed\000\000"),
};

static const struct message scram_no_database[] = {
	CLIENT("\000\000\000:\000\003\000\000user\000t_scram\000database\000nope\000application_name\000psql\000"
		"\000"),
	SERVER("R\000\000\000\027\000\000\000\012SCRAM-SHA-256\000\000"),
	CLIENT("p\000\000\0006SCRAM-SHA-256\000\000\000\000 n,,n=,r=DyRWazn76/e/+T3ySfSOvSvS"),
	SERVER("R\000\000\000\\\000\000\000\013r=DyRWazn76/e/+T3ySfSOvSvSMek66qx6B2r28Qy5Ho6PxMwl,s=pe7Iu4mm/qZr"
		"anGKChGU1w==,i=4096"),
	CLIENT("p\000\000\000lc=biws,r=DyRWazn76/e/+T3ySfSOvSvSMek66qx6B2r28Qy5Ho6PxMwl,p=qZIrVs+Rp/6DXAoJsnIPrI"
		"LELjpIgZrCRJhsL0PNJ7w="),
	SERVER("R\000\000\0006\000\000\000\014v=jBOlhK7kJeEPGgSiEq5l/3woeMkg2bOx5nFSmju2VLM=R\000\000\000\010\000"
		"\000\000\000E\000\000\000YSFATAL\000VFATAL\000C3D000\000Mdatabase \"nope\" does not exist\000Fpo"
		"stinit.c\000L948\000RInitPostgres\000\000"),
};

static const struct message nologin[] = {
	CLIENT("\000\000\000@\000\003\000\000user\000t_nologin\000database\000postgres\000application_name\000ps"
		"ql\000\000"),
	SERVER("R\000\000\000\027\000\000\000\012SCRAM-SHA-256\000\000"),
	CLIENT("p\000\000\0006SCRAM-SHA-256\000\000\000\000 n,,n=,r=vyym2qC9eeWvkgG/SYJM40Lx"),
	SERVER("R\000\000\000\\\000\000\000\013r=vyym2qC9eeWvkgG/SYJM40LxSvuhHceoKZc/hzi+v8v22Wm4,s=KEWTXpRTpZkN"
		"PbAR5CyeNA==,i=4096"),
	CLIENT("p\000\000\000lc=biws,r=vyym2qC9eeWvkgG/SYJM40LxSvuhHceoKZc/hzi+v8v22Wm4,p=MV1B155HBm1lrSvmjruR3w"
		"BTcYKLinE+yo9JP+9/pkM="),
	SERVER("R\000\000\0006\000\000\000\014v=Xc5QUSc7XEMlUBe4/TpJRYB/GtOkeGEtTJwPLkg8Zm8=R\000\000\000\010\000"
		"\000\000\000E\000\000\000qSFATAL\000VFATAL\000C28000\000Mrole \"t_nologin\" is not permitted to "
		"log in\000Fmiscinit.c\000L821\000RInitializeSessionUserId\000\000"),
};

static const struct message no_such_role[] = {
	CLIENT("\000\000\000>\000\003\000\000user\000t_ghost\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\010\000\000\000\000E\000\000\000cSFATAL\000VFATAL\000C28000\000Mrole \"t_ghost\" d"
		"oes not exist\000Fmiscinit.c\000L768\000RInitializeSessionUserId\000\000"),
};

static const struct message rejected[] = {
	CLIENT("\000\000\000\077\000\003\000\000user\000t_reject\000database\000postgres\000application_name\000"
		"psql\000\000"),
	SERVER("E\000\000\000\247SFATAL\000VFATAL\000C28000\000Mpg_hba.conf rejects connection for host \"127.0."
		"0.1\", user \"t_reject\", database \"postgres\", no encryption\000Fauth.c\000L476\000RClientAuth"
		"entication\000\000"),
};

static const struct message ssl_refused[] = {
	CLIENT("\000\000\000\010\004\322\026/"),
	SERVER("N"),
	CLIENT("\000\000\000>\000\003\000\000user\000t_trust\000database\000postgres\000application_name\000psql"
		"\000\000"),
	SERVER("R\000\000\000\010\000\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031c"
		"lient_encoding\000UTF8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transa"
		"ction_read_only\000off\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_dat"
		"etimes\000on\000S\000\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000o"
		"ff\000S\000\000\000\031server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian "
		"15.18-0+deb12u1)\000S\000\000\000\"session_authorization\000t_trust\000S\000\000\000#standard_co"
		"nforming_strings\000on\000S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000|\223"
		"\215\023\037jZ\000\000\000\005I"),
};

static const struct message replication[] = {
	CLIENT("\000\000\000S\000\003\000\000user\000t_trust\000database\000postgres\000replication\000database\000"
		"application_name\000psql\000\000"),
	SERVER("R\000\000\000\010\000\000\000\000S\000\000\000\032application_name\000psql\000S\000\000\000\031c"
		"lient_encoding\000UTF8\000S\000\000\000\027DateStyle\000ISO, MDY\000S\000\000\000&default_transa"
		"ction_read_only\000off\000S\000\000\000\027in_hot_standby\000off\000S\000\000\000\031integer_dat"
		"etimes\000on\000S\000\000\000\033IntervalStyle\000postgres\000S\000\000\000\025is_superuser\000o"
		"ff\000S\000\000\000\031server_encoding\000UTF8\000S\000\000\0002server_version\00015.18 (Debian "
		"15.18-0+deb12u1)\000S\000\000\000\"session_authorization\000t_trust\000S\000\000\000#standard_co"
		"nforming_strings\000on\000S\000\000\000\025TimeZone\000Etc/UTC\000K\000\000\000\014\000\000}\267"
		"R#\306EZ\000\000\000\005I"),
};


/* Messages that many of the conversations share. */
#define SSL_REQUEST "\000\000\000\010\004\322\026/"
#define GSSENC_REQUEST "\000\000\000\010\004\322\0260"
#define STARTUP "\000\000\000\023\000\003\000\000user\000anna\000\000"
#define OK "R\000\000\000\010\000\000\000\000"
#define READY "Z\000\000\000\005I"
#define PARAMETER "S\000\000\000\021TimeZone\000UTC\000"
#define CLIENT_HELLO "\026\003\001\000\005\001\000\000\001\003"

#define CHECK(conversation, ...) expected_check(&postgresql_dissector, "postgresql", &(struct expected){ (conversation), COUNT_OF(conversation), __VA_ARGS__ })

static void
test_recorded(void **state)
{
	(void)state;
	CHECK(trust, AUTH_NONE, NULL, 0, false, "t_trust", DONE);
	CHECK(password, AUTH_SUCCESS, "cleartext-password", 0, true, "t_plain", DONE);
	CHECK(password_wrong, AUTH_FAILURE, "cleartext-password", 0, true, "t_plain", DONE);
	CHECK(md5, AUTH_SUCCESS, "md5", 0, false, "t_md5", DONE);
	CHECK(scram, AUTH_SUCCESS, "scram-sha-256", 0, false, "t_scram", DONE);
	CHECK(scram_wrong, AUTH_FAILURE, "scram-sha-256", 0, false, "t_scram", DONE);
	CHECK(scram_no_database, AUTH_SUCCESS, "scram-sha-256", NOTE(NOT_PERMITTED), false, "t_scram", DONE);
	CHECK(nologin, AUTH_SUCCESS, "scram-sha-256", NOTE(NOT_PERMITTED), false, "t_nologin", DONE);
	CHECK(no_such_role, AUTH_FAILURE, NULL, 0, false, "t_ghost", DONE);
	CHECK(rejected, AUTH_FAILURE, NULL, 0, false, "t_reject", DONE);
	CHECK(ssl_refused, AUTH_NONE, NULL, NOTE(UPGRADE_REFUSED), false, "t_trust", DONE);
	CHECK(replication, AUTH_NONE, NULL, NOTE(REPLICATION), false, "t_trust", DONE);
}

/* What a client that leaves early leaves known. */
static void
test_left_early(void **state)
{
	static const struct message only_ssl[] = { CLIENT(SSL_REQUEST), SERVER("N") };
	static const struct message only_startup[] = { CLIENT(STARTUP) };
	static const struct message only_ok[] = { CLIENT(STARTUP), SERVER(OK) };

	(void)state;
	expected_check(&postgresql_dissector, "postgresql", &(struct expected){ scram, 2, AUTH_ATTEMPTED, "scram-sha-256", 0, false, "t_scram", MATCH });
	expected_check(&postgresql_dissector, "postgresql", &(struct expected){ md5, 2, AUTH_ATTEMPTED, "md5", 0, false, "t_md5", MATCH });
	expected_check(&postgresql_dissector, "postgresql", &(struct expected){ password, 2, AUTH_ATTEMPTED, "cleartext-password", 0, false, "t_plain", MATCH });
	expected_check(&postgresql_dissector, "postgresql", &(struct expected){ password, 3, AUTH_ATTEMPTED, "cleartext-password", 0, true, "t_plain", MATCH });
	CHECK(only_ssl, AUTH_UNKNOWN, NULL, NOTE(UPGRADE_REFUSED), false, NULL, NO_MATCH);
	CHECK(only_startup, AUTH_UNKNOWN, NULL, 0, false, "anna", NO_MATCH);
	CHECK(only_ok, AUTH_NONE, NULL, 0, false, NULL, NO_MATCH);
}

static void
test_cancel(void **state)
{
	static const struct message old[] = { CLIENT("\000\000\000\020\004\322\026.\000\000\001\002abcd") };
	static const struct message long_key[] = { CLIENT("\000\000\000\034\004\322\026.\000\000\001\002abcdefghijklmnop") };

	(void)state;
	CHECK(old, AUTH_NONE, NULL, NOTE(CANCEL_REQUEST), false, "", DONE);
	CHECK(long_key, AUTH_NONE, NULL, NOTE(CANCEL_REQUEST), false, "", DONE);
}

static void
check_upgrade(const struct message *messages, size_t count, uint32_t notes)
{
	static const size_t chunks[] = { 0, 1 };

	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct conversation c;

		conversation_init(&c, &postgresql_dissector);
		conversation_run(&c, messages, count, chunks[i]);
		assert_ptr_equal(c.dissector, &tls_dissector);
		assert_string_equal(c.evidence.protocol, "postgresql");
		assert_int_equal(c.evidence.notes & NOTE(EARLY_DATA), notes & NOTE(EARLY_DATA));
		assert_int_equal(c.evidence.notes & NOTE(UPGRADE_REFUSED), notes & NOTE(UPGRADE_REFUSED));
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		conversation_clear(&c);
	}
}

static void
test_upgrade(void **state)
{
	static const struct message plain[] = { CLIENT(SSL_REQUEST), SERVER("S") };
	static const struct message hello[] = { CLIENT(SSL_REQUEST), SERVER("S"), CLIENT(CLIENT_HELLO) };
	static const struct message gss_first[] = { CLIENT(GSSENC_REQUEST), SERVER("N"), CLIENT(SSL_REQUEST), SERVER("S") };
	static const struct message impatient_hello[] = { CLIENT(SSL_REQUEST), CLIENT(CLIENT_HELLO), SERVER("S") };
	static const struct message early[] = { CLIENT(SSL_REQUEST STARTUP), SERVER("S") };
	static const struct message not_early[] = { CLIENT(SSL_REQUEST STARTUP), SERVER("N" OK PARAMETER READY) };

	(void)state;
	check_upgrade(plain, COUNT_OF(plain), 0);
	check_upgrade(hello, COUNT_OF(hello), 0);
	check_upgrade(gss_first, COUNT_OF(gss_first), NOTE(UPGRADE_REFUSED));
	check_upgrade(impatient_hello, COUNT_OF(impatient_hello), 0);
	check_upgrade(early, COUNT_OF(early), NOTE(EARLY_DATA));
	/* Refused, nothing was before an upgrade. */
	CHECK(not_early, AUTH_NONE, NULL, NOTE(UPGRADE_REFUSED), false, "anna", DONE);
}

/* Where the server's answer is not captured, a client past its ClientHello had it. */
static void
test_upgrade_one_way(void **state)
{
	static const struct message client_only[] = { CLIENT(SSL_REQUEST), CLIENT(CLIENT_HELLO), CLIENT("\024\003\003\000\001\001") };
	static const struct message server_only[] = { SERVER("S"), SERVER("\026\003\003\000\005\002\000\000\001\003") };
	static const struct message unanswered[] = { CLIENT(SSL_REQUEST), CLIENT(CLIENT_HELLO) };
	struct conversation c;

	(void)state;
	check_upgrade(client_only, COUNT_OF(client_only), 0);
	check_upgrade(server_only, COUNT_OF(server_only), 0);
	CHECK(unanswered, AUTH_UNKNOWN, NULL, 0, false, NULL, NO_MATCH);

	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, SSL_REQUEST, 8);
	conversation_gap(&c, FROM_SERVER, 1);
	conversation_send(&c, FROM_CLIENT, CLIENT_HELLO, 10);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);

	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, SSL_REQUEST, 8);
	conversation_gap(&c, FROM_SERVER, 1);
	conversation_send(&c, FROM_SERVER, CLIENT_HELLO, 10);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);

	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, SSL_REQUEST, 8);
	conversation_gap(&c, FROM_SERVER, 1);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_send(&c, FROM_SERVER, OK PARAMETER READY, sizeof(OK PARAMETER READY) - 1);
	conversation_end(&c);
	/* A challenge may be among what was lost. */
	expected_check_evidence(&c, "postgresql", &(struct expected){ .result = AUTH_UNKNOWN, .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);
}

static void
test_gss(void **state)
{
	static const struct message agreed[] = { CLIENT(GSSENC_REQUEST), SERVER("G"), CLIENT("\000\000\000\005\140abcd") };
	static const struct message given_up[] = { CLIENT(GSSENC_REQUEST), SERVER("G") };
	static const struct message nonsense[] = { CLIENT(GSSENC_REQUEST), SERVER("G"), CLIENT("\000\001\000\000\140") };
	static const struct message wrong_answer[] = { CLIENT(GSSENC_REQUEST), SERVER("S") };
	static const struct message other_answer[] = { CLIENT(SSL_REQUEST), SERVER("G") };
	static const struct message no_answer[] = { CLIENT(SSL_REQUEST), SERVER("HTTP/1.0 400") };
	struct conversation c;

	(void)state;
	conversation_init(&c, &postgresql_dissector);
	conversation_run(&c, agreed, COUNT_OF(agreed), 1);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UPGRADED);
	assert_string_equal(c.evidence.encryption.by, "gss");
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.notes, 0);
	conversation_clear(&c);
	CHECK(given_up, AUTH_UNKNOWN, NULL, NOTE(HANDSHAKE_FAILED), false, NULL, NO_MATCH);
	CHECK(nonsense, AUTH_UNKNOWN, NULL, NOTE(MALFORMED) | NOTE(HANDSHAKE_FAILED), false, "", MALFORMED);
	CHECK(wrong_answer, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(other_answer, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(no_answer, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
}

static void
test_old_server(void **state)
{
	static const struct message text[] = { CLIENT(SSL_REQUEST), SERVER("EFATAL:  unsupported frontend protocol\n\000") };
	static const struct message typed[] = { CLIENT(SSL_REQUEST), SERVER("E\000\000\000\027SFATAL\000C0A000\000Mno\000\000") };
	static const struct message version2[] = { CLIENT("\000\000\001(\000\002\000\000shop"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000") };

	(void)state;
	CHECK(text, AUTH_UNKNOWN, NULL, NOTE(UPGRADE_REFUSED), false, "", DONE);
	CHECK(typed, AUTH_UNKNOWN, NULL, NOTE(UPGRADE_REFUSED), false, "", DONE);
	CHECK(version2, AUTH_UNKNOWN, NULL, 0, false, "", DONE);
}

/* A challenge by its code, an answer of no interest, and the end. */
static void
check_challenge(const char *challenge, size_t size, const char *answer, size_t answer_size, const char *method, bool cleartext)
{
	const struct message messages[] = {
		CLIENT(STARTUP), { FROM_SERVER, challenge, size }, { FROM_CLIENT, answer, answer_size }, SERVER(OK PARAMETER READY),
	};

	CHECK(messages, AUTH_SUCCESS, method, 0, cleartext, "anna", DONE);
}

#define CHALLENGE(challenge, answer, method, cleartext) check_challenge(challenge, sizeof(challenge) - 1, answer, sizeof(answer) - 1, method, cleartext)

static void
test_methods(void **state)
{
	(void)state;
	CHALLENGE("R\000\000\000\010\000\000\000\002", "p\000\000\000\006ab", "krb5", false);
	CHALLENGE("R\000\000\000\012\000\000\000\004ab", "p\000\000\000\006ab", "crypt", false);
	CHALLENGE("R\000\000\000\010\000\000\000\006", "p\000\000\000\006ab", "scm", false);
	CHALLENGE("R\000\000\000\010\000\000\000\007", "p\000\000\000\006ab", "gssapi", false);
	CHALLENGE("R\000\000\000\010\000\000\000\011", "p\000\000\000\006ab", "sspi", false);
	CHALLENGE("R\000\000\000\014\000\000\000\015abcd", "p\000\000\000\006ab", "postgresql-other", false);
	/* An empty password is no secret. */
	CHALLENGE("R\000\000\000\010\000\000\000\003", "p\000\000\000\005\000", "cleartext-password", false);
}

static void
test_sasl(void **state)
{
	(void)state;
	CHALLENGE("R\000\000\000\052\000\000\000\012SCRAM-SHA-256-PLUS\000SCRAM-SHA-256\000\000",
		"p\000\000\000\026SCRAM-SHA-256\000\000\000\000\000", "scram-sha-256", false);
	CHALLENGE("R\000\000\000\052\000\000\000\012SCRAM-SHA-256-PLUS\000SCRAM-SHA-256\000\000",
		"p\000\000\000\033SCRAM-SHA-256-PLUS\000\377\377\377\377", "scram-sha-256-plus", false);
	CHALLENGE("R\000\000\000\025\000\000\000\012OAUTHBEARER\000\000",
		"p\000\000\000\060OAUTHBEARER\000\000\000\000\035n,,\001auth=Bearer made-up-it\001\001", "sasl-oauthbearer", true);
	/* The question where to get a token. */
	CHALLENGE("R\000\000\000\025\000\000\000\012OAUTHBEARER\000\000",
		"p\000\000\000\037OAUTHBEARER\000\000\000\000\013n,,\001auth=\001\001", "sasl-oauthbearer", false);
	CHALLENGE("R\000\000\000\017\000\000\000\012PLAIN\000\000", "p\000\000\000\026PLAIN\000\000\000\000\010\000anna\000pw", "sasl-plain", true);
	CHALLENGE("R\000\000\000\017\000\000\000\012MAGIC\000\000", "p\000\000\000\016MAGIC\000\377\377\377\377", "sasl-other", false);
	/* Without a mechanism that can be read the offer stands. */
	CHALLENGE("R\000\000\000\017\000\000\000\012MAGIC\000\000", "p\000\000\000\010MAGI", "sasl-other", false);
}

/* Errors before the outcome: only class 28 is about who the client is. */
static void
test_errors(void **state)
{
	static const struct message starting[] = { CLIENT(STARTUP), SERVER("E\000\000\000\067SFATAL\000C57P03\000Mthe database system is starting up\000\000") };
	static const struct message too_many[] = { CLIENT(STARTUP), SERVER("R\000\000\000\014\000\000\000\005salt"),
		CLIENT("p\000\000\000\050md500112233445566778899aabbccddeeff\000"), SERVER("E\000\000\000\064SFATAL\000C53300\000Msorry, too many clients already\000\000") };
	static const struct message pooler[] = { CLIENT(STARTUP), SERVER("R\000\000\000\014\000\000\000\005salt"),
		CLIENT("p\000\000\000\050md500112233445566778899aabbccddeeff\000"),
		SERVER("E\000\000\000\057SFATAL\000C08P01\000MSASL authentication failed\000\000") };
	static const struct message pooler_auth[] = { CLIENT(STARTUP), SERVER("E\000\000\000\040SFATAL\000C08P01\000MAuth failed\000\000") };
	static const struct message pooler_else[] = { CLIENT(STARTUP), SERVER("E\000\000\000\053SFATAL\000C08P01\000Mno such database: shop\000\000") };
	static const struct message trusted_no_database[] = { CLIENT(STARTUP), SERVER(OK "E\000\000\000\063SFATAL\000C3D000\000Mdatabase \"shop\" does not exist\000\000") };
	static const struct message no_state[] = { CLIENT(STARTUP), SERVER("E\000\000\000\014SFATAL\000\000") };
	static const struct message notice[] = { CLIENT(STARTUP), SERVER("N\000\000\000\033SNOTICE\000C00000\000Mhello\000\000" OK READY) };

	(void)state;
	CHECK(starting, AUTH_UNKNOWN, NULL, 0, false, NULL, NO_MATCH);
	CHECK(too_many, AUTH_ATTEMPTED, "md5", 0, false, NULL, NO_MATCH);
	CHECK(pooler_auth, AUTH_FAILURE, NULL, 0, false, NULL, NO_MATCH);
	CHECK(pooler_else, AUTH_UNKNOWN, NULL, 0, false, NULL, NO_MATCH);
	CHECK(trusted_no_database, AUTH_NONE, NULL, 0, false, NULL, NO_MATCH);
	CHECK(no_state, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(pooler, AUTH_FAILURE, "md5", 0, false, NULL, NO_MATCH);
	CHECK(notice, AUTH_NONE, NULL, 0, false, NULL, DONE);
}

static void
test_startup(void **state)
{
	/* Protocol 3.2, with an option the server does not know. */
	static const struct message version32[] = { CLIENT("\000\000\000\034\000\003\000\002user\000anna\000_pq_.x\000y\000\000"),
		SERVER("v\000\000\000\023\000\003\000\000\000\000\000\001_pq_.x\000"), SERVER(OK PARAMETER "K\000\000\000\020\000\000\000\001abcdefgh" READY) };
	static const struct message spoken[] = { CLIENT("\000\000\000\041\000\003\000\000user\000anna\000replication\0001\000\000"), SERVER(OK READY) };
	static const struct message not_replication[] = { CLIENT("\000\000\000\045\000\003\000\000user\000anna\000replication\000false\000\000"), SERVER(OK READY) };

	(void)state;
	CHECK(version32, AUTH_NONE, NULL, 0, false, "anna", DONE);
	CHECK(spoken, AUTH_NONE, NULL, NOTE(REPLICATION), false, "anna", DONE);
	CHECK(not_replication, AUTH_NONE, NULL, 0, false, "anna", DONE);
}

/* Answers that were captured before their questions. */
static void
test_other_order(void **state)
{
	static const struct message refused[] = { SERVER("N"), CLIENT(SSL_REQUEST), CLIENT(STARTUP), SERVER(OK READY) };
	static const struct message late_startup[] = { SERVER(OK), CLIENT(STARTUP), SERVER(READY) };
	static const struct message late_password[] = { CLIENT(STARTUP), SERVER("R\000\000\000\010\000\000\000\003" OK PARAMETER READY "T\000\000\000\006\000\000"),
		CLIENT("p\000\000\000\012madup\000") };
	static const struct message early_password[] = { CLIENT(STARTUP "p\000\000\000\012madup\000"), SERVER("R\000\000\000\010\000\000\000\003"), SERVER(OK READY) };
	static const struct message late_request[] = { SERVER("NR\000\000\000\014\000\000\000\005salt"), CLIENT(SSL_REQUEST STARTUP) };
	static const struct message client_only[] = { CLIENT(STARTUP), CLIENT("p\000\000\000\012madup\000") };

	(void)state;
	CHECK(refused, AUTH_NONE, NULL, NOTE(UPGRADE_REFUSED), false, "anna", DONE);
	CHECK(late_startup, AUTH_NONE, NULL, 0, false, "anna", NO_MATCH);
	CHECK(late_password, AUTH_SUCCESS, "cleartext-password", 0, true, "anna", DONE);
	CHECK(early_password, AUTH_SUCCESS, "cleartext-password", 0, true, "anna", DONE);
	CHECK(late_request, AUTH_ATTEMPTED, "md5", NOTE(UPGRADE_REFUSED), false, "anna", NO_MATCH);
	CHECK(client_only, AUTH_ATTEMPTED, NULL, 0, false, "anna", NO_MATCH);
}

static void
test_malformed(void **state)
{
	static const struct message bad_length[] = { CLIENT(STARTUP), SERVER("Z\000\000\000\001\000\000") };
	static const struct message too_early[] = { CLIENT(STARTUP), SERVER(READY) };
	static const struct message parameter_early[] = { CLIENT(STARTUP), SERVER(PARAMETER) };
	static const struct message bad_type[] = { CLIENT(STARTUP), SERVER("?\000\000\000\004") };
	static const struct message too_long[] = { CLIENT(STARTUP), SERVER("R\000\377\000\000") };
	static const struct message short_code[] = { CLIENT(STARTUP), SERVER("R\000\000\000\006\000\000") };
	static const struct message twice_ok[] = { CLIENT(STARTUP), SERVER(OK OK) };
	static const struct message bad_client[] = { CLIENT(STARTUP), CLIENT("?") };
	static const struct message bad_client_length[] = { CLIENT(STARTUP), CLIENT("p\000\377\000\000") };
	static const struct message not_after_refusal[] = { CLIENT(SSL_REQUEST), SERVER("N"), CLIENT("GET / HTTP/1.0\r\n") };
	static const struct message twice_startup[] = { CLIENT(STARTUP), CLIENT(STARTUP) };

	(void)state;
	CHECK(bad_length, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(too_early, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(parameter_early, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(bad_type, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(too_long, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(short_code, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(twice_ok, AUTH_NONE, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(bad_client, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(bad_client_length, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(not_after_refusal, AUTH_UNKNOWN, NULL, NOTE(MALFORMED) | NOTE(UPGRADE_REFUSED), false, "", MALFORMED);
	CHECK(twice_startup, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "anna", MALFORMED);
}

/* A client's token longer than what is looked at, after commands that did not wait. */
static void
test_long_token(void **state)
{
	static char token[5 + 5000];
	struct conversation c;

	(void)state;
	memcpy(token, "p\000\000\023\214", 5);
	memset(token + 5, 'x', sizeof(token) - 5);
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_send(&c, FROM_CLIENT, "H\000\000\000\004", 5);
	conversation_send(&c, FROM_SERVER, "R\000\000\000\010\000\000\000\007", 9);
	conversation_send(&c, FROM_CLIENT, token, 2000);
	conversation_send(&c, FROM_CLIENT, token + 2000, sizeof(token) - 2000);
	conversation_send(&c, FROM_SERVER, "R\000\000\000\012\000\000\000\010ab", 11);
	conversation_send(&c, FROM_CLIENT, "p\000\000\000\006ab", 7);
	conversation_send(&c, FROM_SERVER, OK, sizeof(OK) - 1);
	conversation_send(&c, FROM_SERVER, READY, sizeof(READY) - 1);
	conversation_end(&c);
	expected_check_evidence(&c, "postgresql", &(struct expected){ .result = AUTH_SUCCESS, .method = "gssapi", .verdict = DONE });
	conversation_clear(&c);
}

static void
test_gap(void **state)
{
	struct conversation c;

	(void)state;
	/* The challenge is lost: no word about what it was, nor that there was none. */
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_gap(&c, FROM_SERVER, 24);
	conversation_send(&c, FROM_SERVER, OK PARAMETER READY, sizeof(OK PARAMETER READY) - 1);
	conversation_end(&c);
	expected_check_evidence(&c, "postgresql", &(struct expected){ .result = AUTH_UNKNOWN, .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);

	/* The client's answer is lost: the outcome is not. */
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_send(&c, FROM_SERVER, "R\000\000\000\010\000\000\000\003", 9);
	conversation_gap(&c, FROM_CLIENT, 12);
	conversation_send(&c, FROM_SERVER, OK PARAMETER READY, sizeof(OK PARAMETER READY) - 1);
	conversation_end(&c);
	expected_check_evidence(&c, "postgresql", &(struct expected){ .result = AUTH_SUCCESS, .method = "cleartext-password", .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);

	/* After a loss bytes that are no chain of messages end it. */
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_gap(&c, FROM_SERVER, 24);
	conversation_send(&c, FROM_SERVER, "\000zone\000UTC\000", 10);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);

	/* A password that is late, and then lost. */
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, STARTUP, sizeof(STARTUP) - 1);
	conversation_send(&c, FROM_SERVER, "R\000\000\000\010\000\000\000\003" OK PARAMETER READY, 9 + sizeof(OK PARAMETER READY) - 1);
	assert_int_equal(c.verdict, MATCH);
	conversation_gap(&c, FROM_CLIENT, 12);
	assert_int_equal(c.verdict, DONE);
	assert_false(c.evidence.cleartext_credentials);
	conversation_clear(&c);
}

/* Streams joined in the middle. */
#define ROW_DESCRIPTION "T\000\000\000\037\000\001answer\000\000\000\000\000\000\000\000\000\000\027\000\004\377\377\377\377\000\000"
#define DATA_ROW "D\000\000\000\020\000\002\000\000\000\00242\377\377\377\377"
#define KEEPALIVE "d\000\000\000\026k\000\000\000\000\001\227\332\300\000\003\003\335\370\060\040\170\000"
#define WAL_DATA "d\000\000\000\040w\000\000\000\000\001\227\332\300\000\000\000\000\001\227\332\300\000\003\003\335\370\060\040\170xyz"
#define STATUS_UPDATE "d\000\000\000\046r\000\000\000\000\001\227\332\300\000\000\000\000\001\227\332\300\000\000\000\000\001\227\332\300\000\003\003\335\370\060\040\170\000"

static const struct message midway[] = {
	CLIENT("P\000\000\000\025\000select $1\000\000\001\000\000\000\027S\000\000\000\004"),
	CLIENT("D\000\000\000\006S\000E\000\000\000\011\000\000\000\000\000"),
	CLIENT("B\000\000\000\025\000\000\000\001\000\001\000\001\000\000\000\0011\000\001\000\001C\000\000\000\006P\000"),
	CLIENT("F\000\000\000\022\000\000\000\001\000\000\000\001\377\377\377\377\000\001H\000\000\000\004"),
	CLIENT("Q\000\000\000\015select 1\000X\000\000\000\004"),
	CLIENT("d\000\000\000\004f\000\000\000\010no!\000c\000\000\000\004"),
	CLIENT(STATUS_UPDATE STATUS_UPDATE),
	SERVER(ROW_DESCRIPTION DATA_ROW),
	SERVER(DATA_ROW "C\000\000\000\015SELECT 1\000" READY),
	SERVER("1\000\000\000\004" "2\000\000\000\004"),
	SERVER("3\000\000\000\004n\000\000\000\004"),
	SERVER("t\000\000\000\012\000\001\000\000\000\027s\000\000\000\004"),
	SERVER("A\000\000\000\014\000\000\000\001ab\000\000I\000\000\000\004"),
	SERVER("H\000\000\000\011\001\000\001\000\001d\000\000\000\005x" "c\000\000\000\004"),
	SERVER("G\000\000\000\011\000\000\001\000\000C\000\000\000\013COPY 1\000"),
	SERVER("V\000\000\000\010\377\377\377\377" READY),
	SERVER("V\000\000\000\012\000\000\000\002ab" "K\000\000\000\014\000\000\000\001abcd"),
	SERVER(KEEPALIVE WAL_DATA),
	SERVER("N\000\000\000\033SNOTICE\000C00000\000Mhello\000\000"),
	SERVER("v\000\000\000\020\000\003\000\000\000\000\000\001abc\000" OK),
};

static void
test_midway(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(midway); i++) {
		const struct message *m = &midway[i];
		struct conversation c;
		struct flow_view flow = { .ip_protocol = 6 };
		enum strength strength;

		assert_int_equal(postgresql_dissector.probe(&flow, m->from, cursor_over(m->bytes, m->size), &strength), MATCH);
		assert_int_equal(strength, STRENGTH_STRUCTURE);
		conversation_init_midstream(&c, &postgresql_dissector);
		conversation_run(&c, m, 1, 1);
		expected_check_evidence(&c, "postgresql", &(struct expected){ .result = AUTH_UNKNOWN, .notes = NOTE(MIDSTREAM) });
		conversation_clear(&c);
	}
}

/* Joined in the middle of the login. */
static void
test_midway_login(void **state)
{
	static const struct message from_challenge[] = { SERVER("R\000\000\000\014\000\000\000\005salt"), CLIENT("p\000\000\000\050md500112233445566778899aabbccddeeff\000"), SERVER(OK READY) };
	static const struct message from_response[] = { CLIENT("p\000\000\000\050md500112233445566778899aabbccddeeff\000"), SERVER(OK PARAMETER), SERVER(READY) };
	static const struct message from_refusal[] = { SERVER("N"), CLIENT(STARTUP), SERVER(OK READY) };
	static const struct message command_in_parts[] = { SERVER("TimeZone\000UTC\000"), CLIENT("Q\000\000\000\015select 1\000X\000\000\000\004") };
	static const struct {
		const struct message *messages;
		size_t count;
		uint8_t result;
		const char *method;
		uint32_t notes;
	} cases[] = {
		{ from_challenge, COUNT_OF(from_challenge), AUTH_SUCCESS, "md5", NOTE(MIDSTREAM) },
		{ from_response, COUNT_OF(from_response), AUTH_SUCCESS, NULL, NOTE(MIDSTREAM) },
		{ from_refusal, COUNT_OF(from_refusal), AUTH_NONE, NULL, NOTE(MIDSTREAM) | NOTE(UPGRADE_REFUSED) },
		{ command_in_parts, COUNT_OF(command_in_parts), AUTH_UNKNOWN, NULL, NOTE(MIDSTREAM) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conversation c;

		conversation_init_midstream(&c, &postgresql_dissector);
		conversation_run(&c, cases[i].messages, cases[i].count, 0);
		expected_check_evidence(&c, "postgresql", &(struct expected){ .result = cases[i].result, .method = cases[i].method, .notes = cases[i].notes });
		conversation_clear(&c);
	}
}

static enum verdict
probe(enum direction from, const void *bytes, size_t size)
{
	struct flow_view flow = { .ip_protocol = 6 };
	enum strength strength;
	enum verdict verdict = postgresql_dissector.probe(&flow, from, cursor_over(bytes, size), &strength);

	assert_int_equal(strength, verdict == MATCH ? STRENGTH_STRUCTURE : STRENGTH_NONE);
	return verdict;
}

#define PROBE(from, text) probe(from, text, sizeof(text) - 1)

static void
test_probe(void **state)
{
	(void)state;
	assert_int_equal(probe(FROM_CLIENT, NULL, 0), NEED_MORE);
	assert_int_equal(PROBE(FROM_CLIENT, SSL_REQUEST), MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, GSSENC_REQUEST), MATCH);
	assert_int_equal(PROBE(FROM_CLIENT, STARTUP), MATCH);
	for (size_t size = 1; size < sizeof(STARTUP) - 1; size++)
		assert_int_equal(probe(FROM_CLIENT, STARTUP, size), NEED_MORE);
	assert_int_equal(PROBE(FROM_CLIENT, "Q\000\000\000\015select 1\000"), NEED_MORE);
	assert_int_equal(PROBE(FROM_SERVER, "R\000\000\000\027\000\000\000\012SCRAM-SHA-256\000\000"), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, OK), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "N" OK), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "N"), NEED_MORE);
	assert_int_equal(PROBE(FROM_SERVER, "S"), NEED_MORE);
	assert_int_equal(PROBE(FROM_SERVER, READY), NEED_MORE);
}

/* First bytes of others, and messages that are wrong in one place. */
static void
test_near_misses(void **state)
{
	static const struct message misses[] = {
		/* Others' first bytes. */
		CLIENT("GET / HTTP/1.1\r\n"),
		CLIENT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		CLIENT("SSH-2.0-OpenSSH_9.2\r\n"),
		CLIENT(CLIENT_HELLO),
		CLIENT("EHLO example.org\r\n"),
		CLIENT("*1\r\n$4\r\nPING\r\n"),
		CLIENT("\000\000\000\043\000\003\000\000\000\000\000\001\000\002ab"), /* Kafka, Metadata request 0 */
		SERVER("SSH-2.0-OpenSSH_9.2\r\n"),
		SERVER("HTTP/1.1 200 OK\r\n"),
		SERVER("220 ready\r\n"),
		/* StartupMessage: bad name, no end, no user, bad sizes, bad version. */
		CLIENT("\000\000\000\023\000\003\000\000us/r\000anna\000\000"),
		CLIENT("\000\000\000\023\000\003\000\000user\000anna\000a"),
		CLIENT("\000\000\000\022\000\003\000\000use\000anna\000\000"),
		CLIENT("\000\000\000\024\000\003\000\000user\000anna\000\000x"),
		CLIENT("\000\000\000\011\004\322\026/"),
		CLIENT("\000\000\000\014\004\322\026.abcd"),
		CLIENT("\000\000\000\023\000\001\000\000user\000anna\000\000"),
		CLIENT("\000\001\000\023\000\003"),
		CLIENT("\000\000\000\004\000\003\000\000"),
		CLIENT("\000\000\000\050\000\003\000\000\001"),
		CLIENT("\000\000\000\050\000\003\000\000user\000a\000\001\000"),
		/* Typed messages of the client. */
		CLIENT("Q\000\000\000\003"),
		CLIENT("Q\000\000\000\013sel\001ct\000"),
		CLIENT("Q\000\000\000\014select 1"),
		CLIENT("S\000\000\000\005\000"),
		CLIENT("D\000\000\000\006T\000"),
		CLIENT("P\000\000\000\007a\000b"),
		CLIENT("P\000\000\000\013a\000b\000\000\002\000"),
		CLIENT("B\000\000\000\016\000\000\000\001\000\002\000\000\000\000"),
		CLIENT("E\000\000\000\010abc\000"),
		CLIENT(READY),
		/* Typed messages of the server. */
		SERVER("Z\000\000\000\005X"),
		SERVER("T\000\000\000\006\000\001"),
		SERVER("T\000\000\000\033\000\001a\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002"),
		SERVER("D\000\000\000\012\000\001\000\000\000\001"),
		SERVER("C\000\000\000\013select\000"),
		SERVER("C\000\000\000\005\000"),
		SERVER("R\000\000\000\010\000\000\000\015"),
		SERVER("R\000\000\000\011\000\000\000\003\000"),
		SERVER("R\000\000\000\015\000\000\000\012A\001B\000\000"),
		SERVER("E\000\000\000\011Mno\000\000"),
		SERVER("E\000\000\000\010S\001\000\000"),
		SERVER("K\000\000\000\006ab"),
		SERVER("S\000\000\000\006\000\000"),
		SERVER("H\000\000\000\007\002\000\000"),
		SERVER("v\000\000\000\014\000\003\000\000\377\377\377\377"),
		SERVER("1\000\000\000\005x"),
		SERVER("t\000\000\000\006\000\001"),
		SERVER("A\000\000\000\010\000\000\000\001"),
		SERVER("S\026\003\003\000\005\001"),
		SERVER("N\026\003\003\000"),
		SERVER("\200"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(misses); i++)
		if (probe(misses[i].from, misses[i].bytes, misses[i].size) != NO_MATCH)
			fail_msg("near miss %zu is not refused", i);
	/* CopyData alone, which may hold anything, is no chain. */
	assert_int_equal(PROBE(FROM_CLIENT, "d\000\000\000\006ab" "d\000\000\000\005x"), NEED_MORE);
	assert_int_equal(PROBE(FROM_CLIENT, "p\000\000\000\006ab" "p\000\000\000\005x"), NEED_MORE);
}

/* Given a fresh stream that is not ours, the dissector says so. */
static void
test_not_ours(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_CLIENT, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
	conversation_init(&c, &postgresql_dissector);
	conversation_send(&c, FROM_SERVER, "HTTP/1.1 200 OK\r\n", 17);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_left_early),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_upgrade_one_way),
		cmocka_unit_test(test_gss),
		cmocka_unit_test(test_old_server),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_sasl),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_startup),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_long_token),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_midway),
		cmocka_unit_test(test_midway_login),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_not_ours),
	};

	return cmocka_run_group_tests_name("dissectors/postgresql", tests, NULL, NULL);
}
