/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL conversations. Those of the first part were recorded from a MariaDB 10.11 server and its
 * client on one machine, with made-up users and passwords; the others are written from the
 * documentation.
 */
#include <config.h>

#include "expected.h"

static const struct message native[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\005\000\000\000}~!'@L\0776\000\376\377\010"
		"\002\000\377\201\025\000\000\000\000\000\000\035\000\000\00024Qy/y8KN&o~\000mysql_native_passwor"
		"d\000"),
	CLIENT("\322\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_native\000\024p\010\223\333\000p`\264N\002\377\246"
		"\2315\342\271\315\354\372\357mysql_native_password\000}\003_os\005Linux\014_client_name\012libma"
		"riadb\004_pid\003425\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysq"
		"l\014_server_host\011127.0.0.1"),
	SERVER("\007\000\000\002\000\000\000\002\000\000\000"),
};

static const struct message native_wrong[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\006\000\000\000r$Wm@3\"K\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\0008rZLLy>d`6+q\000mysql_native_password\000"),
	CLIENT("\322\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_native\000\024\3166\235\346\201\330L\256\250*G\336"
		"\200w\273\221v#\301\263mysql_native_password\000}\003_os\005Linux\014_client_name\012libmariadb\004"
		"_pid\003431\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysql\014_ser"
		"ver_host\011127.0.0.1"),
	SERVER("L\000\000\002\377\025\004#28000Access denied for user 'u_native'@'localhost' (using password: YE"
		"S)"),
};

static const struct message ed25519[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\011\000\000\000k=+^yep%\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\000_5)kb)CT]X!;\000mysql_native_password\000"),
	CLIENT("\316\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_ed\000\024\222\256\377\300\015\323~\244\330\326\220"
		"yVO\357>\327N\233)mysql_native_password\000}\003_os\005Linux\014_client_name\012libmariadb\004_p"
		"id\003451\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysql\014_serve"
		"r_host\011127.0.0.1"),
	SERVER("0\000\000\002\376client_ed25519\000\346\266\037\213\012\271\016\276\030\371\037M\077\264F\373\015"
		"\010R\271\320r\232\022N<\307\261\227\377\266\020"),
	CLIENT("@\000\000\003kK\256z\244\0133J\354\333j\214\2011s\207A\360v[\214'\326%\002s\227\351,}\337\221\255"
		"2C6\330\233\225XV\202\204\003\341#Iw\000\017\036\236\014a\037\034=1\032\010\331\033\210\005"),
	SERVER("\007\000\000\004\000\000\000\002\000\000\000"),
};

static const struct message empty_password[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\013\000\000\000i8xwm<!0\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\000n[\\>];O\\aQS-\000mysql_native_password\000"),
	CLIENT("\275\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_empty\000\000mysql_native_password\000}\003_os\005"
		"Linux\014_client_name\012libmariadb\004_pid\003466\017_client_version\0063.3.20\011_platform\006"
		"x86_64\014program_name\005mysql\014_server_host\011127.0.0.1"),
	SERVER("\007\000\000\002\000\000\000\002\000\000\000"),
};

static const struct message pam_dialog[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\014\000\000\000Pe*>=Sj=\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\0000w+k[foz:Qe+\000mysql_native_password\000"),
	CLIENT("\317\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_pam\000\024`T\020\017\363\265`;\362\005\235\0274\372"
		"\364\264Q{\340!mysql_native_password\000}\003_os\005Linux\014_client_name\012libmariadb\004_pid\003"
		"472\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysql\014_server_host"
		"\011127.0.0.1"),
	SERVER("\010\000\000\002\376dialog\000"),
	CLIENT("\012\000\000\003made-up-3\000"),
	SERVER("H\000\000\004\377\025\004#28000Access denied for user 'u_pam'@'localhost' (using password: NO)"),
};

static const struct message old_password[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\020\000\000\0005|3'gVV.\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\000~Ti4f'+DRQ~G\000mysql_native_password\000"),
	CLIENT("\317\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_old\000\024\346\246\314\334\334s\033\312\352\367\210"
		"\375\360\2310\034R)\037\306mysql_native_password\000}\003_os\005Linux\014_client_name\012libmari"
		"adb\004_pid\003559\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysql\014"
		"_server_host\011127.0.0.1"),
	SERVER("\001\000\000\002\376"),
	CLIENT("\011\000\000\003GY_FZMA@\000"),
	SERVER("I\000\000\004\377\025\004#28000Access denied for user 'u_old'@'localhost' (using password: YES)"),
};

static const struct message no_such_database[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\024\000\000\000WOh\077=W~4\000\376\377\010"
		"\002\000\377\201\025\000\000\000\000\000\000\035\000\000\000&^+X[BuHGkgA\000mysql_native_passwor"
		"d\000"),
	CLIENT("\327\000\000\001\214\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_native\000\024\330\277\317\020\246\324\246\014\200"
		"\021\265\343\203-\273|\355\267\273\323nope\000mysql_native_password\000}\003_os\005Linux\014_cli"
		"ent_name\012libmariadb\004_pid\003597\017_client_version\0063.3.20\011_platform\006x86_64\014pro"
		"gram_name\005mysql\014_server_host\011127.0.0.1"),
	SERVER("I\000\000\002\377\024\004#42000Access denied for user 'u_native'@'127.0.0.1' to database 'nope'"),
};

static const struct message locked[] = {
	SERVER("d\000\000\000\0125.5.5-10.11.19-MariaDB-0+deb12u1\000\021\000\000\000LKu+s$T]\000\376\377\010\002"
		"\000\377\201\025\000\000\000\000\000\000\035\000\000\000W|-hCWi.GXdp\000mysql_native_password\000"),
	CLIENT("\322\000\000\001\204\242\277\000\000\000\020\000!\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\035\000\000\000u_locked\000\024Z;=\302&\374\320H\377{0\027\375f8\212"
		"\031\001\263&mysql_native_password\000}\003_os\005Linux\014_client_name\012libmariadb\004_pid\003"
		"572\017_client_version\0063.3.20\011_platform\006x86_64\014program_name\005mysql\014_server_host"
		"\011127.0.0.1"),
	SERVER(".\000\000\002\3777\020#HY000Access denied, this account is locked"),
};


#define ZEROS10 "\000\000\000\000\000\000\000\000\000\000"
#define ZEROS23 ZEROS10 ZEROS10 "\000\000\000"
#define CHALLENGE12 "abcdefghijkl\000"
#define GREETING "\112\000\000\000\0128.0.32\000\001\000\000\000abcdefgh\000\377\377!\002\000\377\337\025" ZEROS10 CHALLENGE12 "caching_sha2_password\000"
#define HASH20 "hhhhhhhhhhhhhhhhhhhh"
#define HASH32 "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
/* Capabilities 4.1, secure connection, plugin authentication; and the same with a database. */
#define RESPONSE41 "\000\202\010\000\000\000\000\001!" ZEROS23
#define RESPONSE41_DB "\010\202\010\000\000\000\000\001!" ZEROS23
#define RESPONSE "\134\000\000\001\000\202\010\000\000\000\000\001!" ZEROS23 "anna\000\040" HASH32 "caching_sha2_password\000"
#define SSL_REQUEST "\040\000\000\001\000\212\010\000\000\000\000\001!" ZEROS23
#define OK(sequence) "\007\000\000" sequence "\000\000\000\002\000\000\000"
#define CLIENT_HELLO "\026\003\001\000\005\001\000\000\001\003"
#define PUBLIC_KEY "\001-----BEGIN PUBLIC KEY-----"
#define CIPHER64 "\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\207" \
	"\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\207\200\201\202\203\204\205\206\000"

#define CHECK(conversation, ...) expected_check(&mysql_dissector, "mysql", &(struct expected){ (conversation), COUNT_OF(conversation), __VA_ARGS__ })

/* A replica, as MariaDB's asks before it registers; somebody who only asks; the compressed protocol. */
static void
test_commands_after_login(void **state)
{
#define QUERY "\011\000\000\000\003select 1"
#define QUERY4 QUERY QUERY QUERY QUERY
#define ROW_NONE SERVER("\001\000\000\001\001")
	static const struct message replica[] = {
		SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT(QUERY), ROW_NONE, CLIENT(QUERY), ROW_NONE,
		CLIENT("\022\000\000\000\025\002\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"), ROW_NONE,
	};
	static const struct message dump[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT("\013\000\000\000\022\004\000\000\000\000\000\002\000\000\000") };
	static const struct message dump_gtid[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT("\013\000\000\000\036\004\000\000\000\000\000\002\000\000\000") };
	static const struct message asks[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT(QUERY4 QUERY4 QUERY4 QUERY QUERY QUERY), ROW_NONE };
	static const struct message asks_more[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT(QUERY4 QUERY4 QUERY4 QUERY4) };
	static const struct message compressed[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER(OK("\002")), CLIENT("\015\000\000\000\000\000\000" QUERY), ROW_NONE };
	struct conversation c;

	(void)state;
	CHECK(replica, AUTH_SUCCESS, "caching_sha2_password", NOTE(REPLICATION), false, "anna", DONE);
	CHECK(dump, AUTH_SUCCESS, "caching_sha2_password", NOTE(REPLICATION), false, "anna", DONE);
	CHECK(dump_gtid, AUTH_SUCCESS, "caching_sha2_password", NOTE(REPLICATION), false, "anna", DONE);
	CHECK(asks, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(asks_more, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", DONE);
	CHECK(compressed, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", NO_MATCH);
	conversation_init(&c, &mysql_dissector);
	for (size_t i = 0; i < 3; i++)
		conversation_send(&c, replica[i].from, replica[i].bytes, replica[i].size);
	conversation_gap(&c, FROM_CLIENT, 5);
	assert_true(c.over);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
test_recorded(void **state)
{
	(void)state;
	CHECK(native, AUTH_SUCCESS, "mysql_native_password", 0, false, "u_native", MATCH);
	CHECK(native_wrong, AUTH_FAILURE, "mysql_native_password", 0, false, "u_native", DONE);
	CHECK(ed25519, AUTH_SUCCESS, "client_ed25519", 0, false, "u_ed", MATCH);
	CHECK(empty_password, AUTH_SUCCESS, "mysql_native_password", 0, false, "u_empty", MATCH);
	CHECK(pam_dialog, AUTH_FAILURE, "dialog", 0, true, "u_pam", DONE);
	CHECK(old_password, AUTH_FAILURE, "mysql_old_password", 0, false, "u_old", DONE);
	CHECK(no_such_database, AUTH_SUCCESS, "mysql_native_password", NOTE(NOT_PERMITTED), false, "u_native", DONE);
	CHECK(locked, AUTH_FAILURE, "mysql_native_password", 0, false, "u_locked", DONE);
}

static void
test_left_early(void **state)
{
	static const struct message greeting_only[] = { SERVER(GREETING) };

	(void)state;
	CHECK(greeting_only, AUTH_UNKNOWN, NULL, 0, false, NULL, MATCH);
	expected_check(&mysql_dissector, "mysql", &(struct expected){ native, 2, AUTH_ATTEMPTED, "mysql_native_password", 0, false, "u_native", MATCH });
	/* The plugin whose turn it was is the one that counts. */
	expected_check(&mysql_dissector, "mysql", &(struct expected){ ed25519, 3, AUTH_ATTEMPTED, "client_ed25519", 0, false, "u_ed", MATCH });
	expected_check(&mysql_dissector, "mysql", &(struct expected){ pam_dialog, 4, AUTH_ATTEMPTED, "dialog", 0, true, "u_pam", MATCH });
}

static void
test_sha2(void **state)
{
	static const struct message fast[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\002\000\000\002\001\003"), SERVER(OK("\003")) };
	static const struct message full[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\002\000\000\002\001\004"), CLIENT("\001\000\000\003\002"), SERVER("\033\000\000\004" PUBLIC_KEY),
		CLIENT("\200\000\000\005" CIPHER64 CIPHER64), SERVER(OK("\006")) };
	static const struct message left[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\002\000\000\002\001\004"), SERVER("\035\000\000\003\377\206\004#08S01Got an error reading") };
	/* What belongs inside TLS alone, sent by a client that thought it was there. */
	/* A scramble may end in a NUL, its only one, and is no password for it. */
	static const struct message ends_in_nul[] = { SERVER(GREETING),
		CLIENT("\134\000\000\001\000\202\010\000\000\000\000\001!" ZEROS23 "anna\000\040" "\201\302\243hhhhhhhhhhhhhhhhhhhhhhhhhhhh\000" "caching_sha2_password\000"),
		SERVER("\002\000\000\002\001\003"), SERVER(OK("\003")) };
	static const struct message bare[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\002\000\000\002\001\004"), CLIENT("\010\000\000\003made-up\000"), SERVER(OK("\004")) };
	static const struct message sha256[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\046\000\000\002\376sha256_password\000" HASH20 "\000"), CLIENT("\001\000\000\003\001"),
		SERVER("\033\000\000\004" PUBLIC_KEY), CLIENT("\200\000\000\005" CIPHER64 CIPHER64), SERVER("\026\000\000\006\377\025\004#28000Access denied") };

	(void)state;
	CHECK(fast, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(ends_in_nul, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(full, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(left, AUTH_FAILURE, "caching_sha2_password", 0, false, "anna", DONE);
	CHECK(bare, AUTH_SUCCESS, "caching_sha2_password", 0, true, "anna", MATCH);
	CHECK(sha256, AUTH_FAILURE, "sha256_password", 0, false, "anna", DONE);
}

static void
test_plugins(void **state)
{
	static const struct message clear[] = { SERVER(GREETING), CLIENT("\103\000\000\001" RESPONSE41 "anna\000\010made-up\000mysql_clear_password\000"), SERVER(OK("\002")) };
	static const struct message clear_empty[] = { SERVER(GREETING), CLIENT("\074\000\000\001" RESPONSE41 "anna\000\001\000mysql_clear_password\000"), SERVER(OK("\002")) };
	static const struct message clear_later[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\026\000\000\002\376mysql_clear_password\000"), CLIENT("\010\000\000\003made-up\000"), SERVER(OK("\004")) };
	static const struct message unknown[] = { SERVER(GREETING), CLIENT("\070\000\000\001" RESPONSE41 "anna\000\000hunter2-as-plugin\000"), SERVER(OK("\002")) };
	static const struct message unnamed[] = { SERVER(GREETING), CLIENT("\047\000\000\001" RESPONSE41 "anna\000\000\000"), SERVER(OK("\002")) };
	static const struct message no_nul[] = { SERVER(GREETING), CLIENT("\124\000\000\001" RESPONSE41_DB "anna\000\024" HASH20 "shop\000mysql_native_password"), SERVER(OK("\002")) };
	static const struct message lenenc[] = { SERVER(GREETING), CLIENT("\122\000\000\001\000\202\050\000\000\000\000\001!" ZEROS23 "anna\000\374\024\000" HASH20 "mysql_native_password\000"), SERVER(OK("\002")) };
	static const struct message secure[] = { SERVER(GREETING), CLIENT("\072\000\000\001\000\202\000\000\000\000\000\001!" ZEROS23 "anna\000\024" HASH20), SERVER(OK("\002")) };
	static const struct message insecure[] = { SERVER(GREETING), CLIENT("\056\000\000\001\000\002\000\000\000\000\000\001!" ZEROS23 "anna\000abcdefgh\000"), SERVER(OK("\002")) };
	/* Clients that fill reserved bytes, and those before 4.1. */
	static const struct message filled[] = { SERVER(GREETING), CLIENT("\120\000\000\001\000\202\010\000\000\000\000\001!xxxxxxxxxxxxxxxxxxxxxxxanna\000\024" HASH20 "mysql_native_password\000"), SERVER(OK("\002")) };
	static const struct message before41[] = { SERVER("\030\000\000\000\0123.23.58\000\001\000\000\000abcdefgh\000\054\000"), CLIENT("\022\000\000\001\205\024\000\000\000anna\000abcdefgh"), SERVER("\003\000\000\002\000\000\000") };
	static const struct message version9[] = { SERVER("\025\000\000\000\0113.20.1\000\001\000\000\000abcdefgh\000"), CLIENT("\012\000\000\001\005\000\000\000\000anna\000"), SERVER("\005\000\000\002\000\000\000\002\000") };
	static const struct message factors[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\042\000\000\002\002authentication_ldap_sasl_client\000x"), CLIENT("\010\000\000\003n,a=anna"),
		SERVER("\013\000\000\004\002Password: "), SERVER(OK("\005")) };
	static const struct message gssapi[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\026\000\000\002\376auth_gssapi_client\000x\000"), CLIENT("\006\000\000\003\140token"), SERVER("\006\000\000\004\140token"),
		CLIENT("\000\000\000\005"), SERVER(OK("\006")) };

	(void)state;
	CHECK(clear, AUTH_SUCCESS, "mysql_clear_password", 0, true, "anna", MATCH);
	CHECK(clear_empty, AUTH_SUCCESS, "mysql_clear_password", 0, false, "anna", MATCH);
	CHECK(clear_later, AUTH_SUCCESS, "mysql_clear_password", 0, true, "anna", MATCH);
	CHECK(unknown, AUTH_SUCCESS, "mysql-other", 0, false, "anna", MATCH);
	CHECK(unnamed, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(no_nul, AUTH_SUCCESS, "mysql_native_password", 0, false, "anna", MATCH);
	CHECK(lenenc, AUTH_SUCCESS, "mysql_native_password", 0, false, "anna", MATCH);
	CHECK(secure, AUTH_SUCCESS, "mysql_native_password", 0, false, "anna", MATCH);
	CHECK(insecure, AUTH_SUCCESS, "mysql_old_password", 0, false, "anna", MATCH);
	CHECK(filled, AUTH_SUCCESS, "mysql_native_password", 0, false, "anna", MATCH);
	CHECK(before41, AUTH_SUCCESS, "mysql_old_password", 0, false, "anna", MATCH);
	CHECK(version9, AUTH_SUCCESS, "mysql_old_password", 0, false, "anna", MATCH);
	CHECK(factors, AUTH_SUCCESS, "authentication_ldap_sasl_client", 0, false, "anna", MATCH);
	CHECK(gssapi, AUTH_SUCCESS, "auth_gssapi_client", 0, false, "anna", MATCH);
}

static void
check_upgrade(const struct message *messages, size_t count, bool midway)
{
	for (size_t chunk = 0; chunk < 2; chunk++) {
		struct conversation c;

		conversation_init(&c, &mysql_dissector);
		c.flow.handshake_seen = !midway;
		conversation_run(&c, messages, count, chunk);
		assert_ptr_equal(c.dissector, &tls_dissector);
		assert_string_equal(c.evidence.protocol, "mysql");
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		conversation_clear(&c);
	}
}

static void
test_upgrade(void **state)
{
	static const struct message ssl[] = { SERVER(GREETING), CLIENT(SSL_REQUEST) };
	static const struct message hello[] = { SERVER(GREETING), CLIENT(SSL_REQUEST CLIENT_HELLO) };
	static const struct message before41[] = { SERVER(GREETING), CLIENT("\005\000\000\001\000\010\000\000\001") };
	static const struct message client_only[] = { CLIENT(SSL_REQUEST CLIENT_HELLO "\024\003\003\000\001\001") };
	static const struct message server_only[] = { SERVER(GREETING), SERVER(CLIENT_HELLO) };
	static const struct message midway[] = { CLIENT(SSL_REQUEST) };
	struct conversation c;

	(void)state;
	check_upgrade(ssl, COUNT_OF(ssl), false);
	check_upgrade(hello, COUNT_OF(hello), false);
	check_upgrade(before41, COUNT_OF(before41), false);
	check_upgrade(server_only, COUNT_OF(server_only), false);
	check_upgrade(midway, COUNT_OF(midway), true);

	conversation_init(&c, &mysql_dissector);
	conversation_run(&c, client_only, COUNT_OF(client_only), 0);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);

	/* The request is lost, what follows it is not. */
	conversation_init(&c, &mysql_dissector);
	conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
	conversation_gap(&c, FROM_CLIENT, 36);
	conversation_send(&c, FROM_CLIENT, CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1);
	assert_ptr_equal(c.dissector, &tls_dissector);
	conversation_clear(&c);

	/* Without a greeting it may still be another protocol. */
	conversation_init(&c, &mysql_dissector);
	conversation_send(&c, FROM_CLIENT, SSL_REQUEST, sizeof(SSL_REQUEST) - 1);
	assert_int_equal(c.verdict, NEED_MORE);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

/* An error in place of a greeting, and errors of all kinds after it. */
static void
check_error(const char *packet, size_t size, uint8_t result, uint32_t notes)
{
	const struct message messages[] = { SERVER(GREETING), CLIENT(RESPONSE), { FROM_SERVER, packet, size } };

	CHECK(messages, result, "caching_sha2_password", notes, false, "anna", DONE);
}

#define ERROR_GIVES(packet, result, notes) check_error(packet, sizeof(packet) - 1, result, notes)

static void
test_errors(void **state)
{
	static const struct message host[] = { SERVER("\055\000\000\000\377j\004Host '192.0.2.1' is not allowed to connect") };
	static const struct message host41[] = { SERVER("\063\000\000\000\377j\004#HY000Host '192.0.2.1' is not allowed to connect") };
	static const struct message blocked[] = { SERVER("\036\000\000\000\377i\004Host '192.0.2.1' is blocked") };
	static const struct message too_many[] = { SERVER("\035\000\000\001\377\020\004#08004Too many connections") };
	static const struct message slow[] = { SERVER(GREETING), SERVER("\034\000\000\001\377\207\004#08S01Got timeout reading") };

	(void)state;
	CHECK(host, AUTH_FAILURE, NULL, 0, false, "", DONE);
	CHECK(host41, AUTH_FAILURE, NULL, 0, false, "", DONE);
	CHECK(blocked, AUTH_UNKNOWN, NULL, 0, false, "", DONE);
	CHECK(too_many, AUTH_UNKNOWN, NULL, 0, false, "", DONE);
	CHECK(slow, AUTH_UNKNOWN, NULL, 0, false, "", DONE);
	ERROR_GIVES("\026\000\000\002\377\025\004#28000Access denied", AUTH_FAILURE, 0);
	ERROR_GIVES("\035\000\000\002\377\037\043#28000Proxy: access denied", AUTH_FAILURE, 0);
	ERROR_GIVES("\026\000\000\002\377\243\006#28000Access denied", AUTH_FAILURE, 0);
	ERROR_GIVES("\031\000\000\002\377\031\004#42000Unknown database", AUTH_SUCCESS, NOTE(NOT_PERMITTED));
	ERROR_GIVES("\045\000\000\002\377\263\004#42000Too many connections of user", AUTH_SUCCESS, NOTE(NOT_PERMITTED));
	ERROR_GIVES("\035\000\000\002\377\020\004#08004Too many connections", AUTH_ATTEMPTED, 0);
	ERROR_GIVES("\027\000\000\002\377\317\004#HY000Something else", AUTH_ATTEMPTED, 0);
}

static void
test_malformed(void **state)
{
	static const struct message http[] = { SERVER(GREETING), CLIENT("GET / HTTP/1.0\r\n\r\n") };
	static const struct message sequence[] = { SERVER(GREETING), CLIENT("\001\000\000\100x") };
	static const struct message bad_error[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\005\000\000\002\377\001\000no") };
	static const struct message bad_ok[] = { SERVER(GREETING), CLIENT(RESPONSE), SERVER("\003\000\000\002\000\373\000") };
	static const struct message ok_to_nobody[] = { SERVER(GREETING), SERVER(OK("\001")) };
	static const struct message no_user[] = { SERVER(GREETING), CLIENT("\044\000\000\001" RESPONSE41 "anna") };
	static const struct message bad_late_greeting[] = { CLIENT(RESPONSE), SERVER("\006\000\000\000\0128.0\001\000") };

	(void)state;
	CHECK(http, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(sequence, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(bad_error, AUTH_ATTEMPTED, "caching_sha2_password", NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(bad_ok, AUTH_ATTEMPTED, "caching_sha2_password", NOTE(MALFORMED), false, "anna", MALFORMED);
	CHECK(ok_to_nobody, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(no_user, AUTH_UNKNOWN, NULL, NOTE(MALFORMED), false, "", MALFORMED);
	CHECK(bad_late_greeting, AUTH_ATTEMPTED, "caching_sha2_password", NOTE(MALFORMED), false, "anna", MALFORMED);
}

/* The sequence ids put in order what was captured in another. */
static void
test_other_order(void **state)
{
	static const struct message late_greeting[] = { CLIENT(RESPONSE), SERVER(GREETING), SERVER(OK("\002")) };
	static const struct message late_unnamed[] = { CLIENT("\047\000\000\001" RESPONSE41 "anna\000\000\000"), SERVER(GREETING), SERVER(OK("\002")) };
	static const struct message late_response[] = { SERVER(GREETING OK("\002")), CLIENT(RESPONSE) };
	static const struct message client_only[] = { CLIENT(RESPONSE), CLIENT("\011\000\000\000\003select 1") };
	static const struct message server_only[] = { SERVER(GREETING), SERVER(OK("\002")), SERVER(OK("\001")) };
	static const struct message server_only_denied[] = { SERVER(GREETING), SERVER("\026\000\000\002\377\025\004#28000Access denied") };

	(void)state;
	CHECK(late_greeting, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(late_unnamed, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(late_response, AUTH_SUCCESS, "caching_sha2_password", 0, false, "anna", MATCH);
	CHECK(client_only, AUTH_ATTEMPTED, "caching_sha2_password", 0, false, "anna", NEED_MORE);
	CHECK(server_only, AUTH_SUCCESS, NULL, 0, false, "", NEED_MORE);
	CHECK(server_only_denied, AUTH_FAILURE, NULL, 0, false, "", NEED_MORE);
}

static void
test_gap(void **state)
{
	struct conversation c;

	(void)state;
	/* The client's response is lost: what it asked for is not known, that it was let in is. */
	conversation_init(&c, &mysql_dissector);
	conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
	conversation_gap(&c, FROM_CLIENT, 80);
	conversation_send(&c, FROM_SERVER, OK("\002"), 11);
	expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_SUCCESS, .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);

	/* The outcome is lost: the answer to a command is not it, and its text no password. */
	for (int answer = 0; answer < 2; answer++) {
		conversation_init(&c, &mysql_dissector);
		conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
		conversation_send(&c, FROM_CLIENT, "\073\000\000\001" RESPONSE41 "anna\000\000mysql_clear_password\000", sizeof("\073\000\000\001" RESPONSE41 "anna\000\000mysql_clear_password\000") - 1);
		conversation_gap(&c, FROM_SERVER, 11);
		if (answer)
			conversation_send(&c, FROM_SERVER, OK("\001"), 11);
		else
			conversation_send(&c, FROM_CLIENT, "\011\000\000\000\003select 1", 13);
		expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_ATTEMPTED, .method = "mysql_clear_password", .notes = NOTE(GAP), .verdict = DONE });
		conversation_clear(&c);
	}

	/* A switch may be lost: what was tried first is not what was decided by. */
	conversation_init(&c, &mysql_dissector);
	conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
	conversation_send(&c, FROM_CLIENT, "\073\000\000\001" RESPONSE41 "anna\000\000mysql_clear_password\000", sizeof("\073\000\000\001" RESPONSE41 "anna\000\000mysql_clear_password\000") - 1);
	conversation_gap(&c, FROM_SERVER, 44);
	conversation_send(&c, FROM_SERVER, OK("\004"), 11);
	expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_SUCCESS, .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);

	/* Without the response, an answer to a switch is none of an older form. */
	conversation_init(&c, &mysql_dissector);
	conversation_send(&c, FROM_SERVER, GREETING, sizeof(GREETING) - 1);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	conversation_gap(&c, FROM_CLIENT, 80);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	conversation_send(&c, FROM_CLIENT, "\016\000\000\003\001\002\000\000\001an\000abcdef", 18);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_send(&c, FROM_SERVER, OK("\004"), 11);
	expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_SUCCESS, .notes = NOTE(GAP), .verdict = DONE });
	conversation_clear(&c);
}

#define COLUMN "\027\000\000\002\003def\000\000\000\0011\000\014?\000\001\000\000\000\003\201\000\000\000\000"
#define ANSWER "\001\000\000\001\001" COLUMN "\005\000\000\003\376\000\000\002\000\002\000\000\004\0011" "\005\000\000\005\376\000\000\002\000"
#define QUERY "\011\000\000\000\003select 1"

/* A stream joined in the middle: a command and its answer, or an answer that says enough. */
static void
test_midway(void **state)
{
	static const struct message query[] = { CLIENT(QUERY), SERVER(ANSWER) };
	static const struct message attributes[] = { CLIENT("\025\000\000\000\003\000\001/* a */ (select 1)"), SERVER(ANSWER) };
	static const struct message update[] = { CLIENT("\021\000\000\000\003Update t set a=1"), SERVER(OK("\001")) };
	static const struct message refused[] = { CLIENT("\015\000\000\000\003DROP TABLE t"), SERVER("\026\000\000\001\377\172\004#42S02No such table") };
	static const struct message prepared[] = { CLIENT("\011\000\000\000\026SELECT ?"), SERVER("\014\000\000\001\000\001\000\000\000\001\000\001\000\000\000\000" COLUMN) };
	static const struct message prepared_alone[] = { CLIENT("\011\000\000\000\026SET @a=1"), SERVER("\014\000\000\001\000\001\000\000\000\000\000\000\000\000\000\000") };
	static const struct message executed[] = { CLIENT("\005\000\000\000\031\001\000\000\000\012\000\000\000\027\001\000\000\000\000\001\000\000\000"), CLIENT(QUERY), SERVER(ANSWER) };
	static const struct message ping[] = { CLIENT("\001\000\000\000\016"), SERVER("\005\000\000\001\376\000\000\002\000") };
	static const struct message metadata[] = { CLIENT(QUERY), SERVER("\002\000\000\001\001\001" COLUMN) };
	static const struct message answer_only[] = { SERVER(ANSWER) };
	static const struct message error_only[] = { SERVER("\026\000\000\001\377\172\004#42S02No such table") };
	static const struct message tail_first[] = { SERVER(OK("\002")), CLIENT(QUERY), SERVER(ANSWER) };
	static const struct message extended[] = { SERVER("\001\000\000\001\001\036\000\000\002\003def\000\000\000\0011\000\006\000\004json\014?\000\001\000\000\000\003\201\000\000\000\000") };
	static const struct {
		const struct message *messages;
		size_t count;
	} cases[] = {
		{ query, COUNT_OF(query) }, { attributes, COUNT_OF(attributes) }, { update, COUNT_OF(update) }, { refused, COUNT_OF(refused) }, { prepared, COUNT_OF(prepared) },
		{ prepared_alone, COUNT_OF(prepared_alone) }, { executed, COUNT_OF(executed) }, { ping, COUNT_OF(ping) }, { metadata, COUNT_OF(metadata) },
		{ answer_only, COUNT_OF(answer_only) }, { error_only, COUNT_OF(error_only) }, { tail_first, COUNT_OF(tail_first) }, { extended, COUNT_OF(extended) },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		struct conversation c;

		conversation_init_midstream(&c, &mysql_dissector);
		conversation_run(&c, cases[i / 2].messages, cases[i / 2].count, i % 2);
		expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_UNKNOWN, .notes = NOTE(MIDSTREAM), .verdict = DONE });
		assert_true(c.evidence.strength >= STRENGTH_STRUCTURE);
		conversation_clear(&c);
	}
}

static void
test_midway_compressed(void **state)
{
	static const struct message zlib[] = { CLIENT("\015\000\000\000\000\000\000" QUERY), SERVER("\012\000\000\001\100\000\000\170\234abcdefgh") };
	static const struct message zstd[] = { CLIENT("\015\000\000\000\000\000\000" QUERY), SERVER("\012\000\000\001\100\000\000\050\265\057\375abcdef") };
	static const struct message small[] = { CLIENT("\015\000\000\000\000\000\000" QUERY), SERVER("\013\000\000\001\000\000\000" OK("\001")) };
	static const struct message none[] = { CLIENT("\015\000\000\000\000\000\000" QUERY), SERVER("\012\000\000\001\100\000\000abcdefghij") };
	static const struct message shrunk[] = { CLIENT("\015\000\000\000\000\000\000" QUERY), SERVER("\012\000\000\001\004\000\000\170\234abcdefgh") };
	static const struct message *const good[] = { zlib, zstd, small }, *const bad[] = { none, shrunk };
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(good); i++) {
		conversation_init_midstream(&c, &mysql_dissector);
		conversation_run(&c, good[i / 2], 2, i % 2);
		expected_check_evidence(&c, "mysql", &(struct expected){ .result = AUTH_UNKNOWN, .notes = NOTE(MIDSTREAM), .verdict = DONE });
		assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
		conversation_clear(&c);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		conversation_init_midstream(&c, &mysql_dissector);
		conversation_run(&c, bad[i], 2, 0);
		assert_int_equal(c.verdict, NO_MATCH);
		assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
		conversation_clear(&c);
	}
}

/* A command whose answer is not one proves nothing. */
static void
test_midway_not(void **state)
{
	static const struct message other[] = { CLIENT(QUERY), SERVER("HTTP/1.1 400 Bad Request\r\n") };
	static const struct message unanswered[] = { CLIENT(QUERY), CLIENT(QUERY) };
	static const struct message no_column[] = { CLIENT(QUERY), SERVER("\001\000\000\001\001\012\000\000\002\003abc\000\000\000\000\000\014\377\377\377") };
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &mysql_dissector);
	conversation_run(&c, other, COUNT_OF(other), 0);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	conversation_clear(&c);

	conversation_init_midstream(&c, &mysql_dissector);
	conversation_run(&c, unanswered, COUNT_OF(unanswered), 0);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	conversation_gap(&c, FROM_SERVER, 10);
	conversation_clear(&c);

	conversation_init_midstream(&c, &mysql_dissector);
	conversation_run(&c, no_column, COUNT_OF(no_column), 0);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	conversation_clear(&c);

	/* The end of an answer, packet after packet, is not followed for ever. */
	conversation_init_midstream(&c, &mysql_dissector);
	conversation_send(&c, FROM_CLIENT, QUERY, sizeof(QUERY) - 1);
	for (int i = 0; i < 70; i++)
		conversation_send(&c, FROM_SERVER, "\002\000\000\007\0011", 6);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);

	conversation_init_midstream(&c, &mysql_dissector);
	conversation_send(&c, FROM_CLIENT, QUERY, sizeof(QUERY) - 1);
	conversation_gap(&c, FROM_SERVER, 10);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static enum verdict
probe(enum direction from, bool fresh, const void *bytes, size_t size, enum strength *strength)
{
	struct flow_view flow = { .ip_protocol = 6, .handshake_seen = fresh };

	return mysql_dissector.probe(&flow, from, cursor_over(bytes, size), strength);
}

#define PROBE(from, text) probe(from, false, text, sizeof(text) - 1, &strength)

static void
test_probe(void **state)
{
	enum strength strength;

	(void)state;
	assert_int_equal(probe(FROM_SERVER, true, NULL, 0, &strength), NEED_MORE);
	for (size_t size = 1; size < sizeof(GREETING) - 1; size++)
		assert_int_equal(probe(FROM_SERVER, true, GREETING, size, &strength), NEED_MORE);
	assert_int_equal(PROBE(FROM_SERVER, GREETING), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	for (size_t size = 1; size < sizeof(RESPONSE) - 1; size++)
		assert_int_equal(probe(FROM_CLIENT, true, RESPONSE, size, &strength), NEED_MORE);
	assert_int_equal(PROBE(FROM_CLIENT, RESPONSE), MATCH);
	assert_int_equal(strength, STRENGTH_STRUCTURE);
	assert_int_equal(PROBE(FROM_CLIENT, QUERY), MATCH);
	assert_int_equal(strength, STRENGTH_SIGNATURE);
	/* A client of a stream seen from its start does not begin with a command. */
	assert_int_equal(probe(FROM_CLIENT, true, QUERY, sizeof(QUERY) - 1, &strength), NO_MATCH);
	assert_int_equal(PROBE(FROM_SERVER, ANSWER), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "\026\000\000\001\377\172\004#42S02No such table"), MATCH);
	assert_int_equal(PROBE(FROM_SERVER, "\001\000\000\001\001"), NEED_MORE);
	assert_int_equal(PROBE(FROM_SERVER, OK("\001")), NEED_MORE);
	assert_int_equal(strength, STRENGTH_NONE);
}

static void
test_near_misses(void **state)
{
	static const struct message misses[] = {
		/* Others' first bytes. */
		CLIENT("GET / HTTP/1.1\r\n"),
		CLIENT("SSH-2.0-OpenSSH_9.2\r\n"),
		CLIENT(CLIENT_HELLO),
		CLIENT("EHLO example.org\r\n"),
		CLIENT("*1\r\n$4\r\nPING\r\n"),
		CLIENT("\000\000\000\023\000\003\000\000user\000anna\000\000"),
		CLIENT("\000\000\000\001\000\003"),
		SERVER("SSH-2.0-OpenSSH_9.2\r\n"),
		SERVER("HTTP/1.1 200 OK\r\n"),
		SERVER("220 ready\r\n"),
		SERVER("+OK\r\n"),
		/* Greetings: version empty or not text, filler, reserved bytes, something after the end. */
		SERVER("\021\000\000\000\012\000\001\000\000\000abcdefgh\000\377\377"),
		SERVER("\024\000\000\000\0128.\001\000\001\000\000\000abcdefgh\000\377\377"),
		SERVER("\024\000\000\000\0128.0\000\001\000\000\000abcdefghx\377\377"),
		SERVER("\107\000\000\000\0128.0\000\001\000\000\000abcdefgh\000\377\377!\002\000\377\337\025x\000\000\000\000\000\000\000\000\000" CHALLENGE12 "mysql_native_password\000"),
		SERVER("\047\000\000\000\0128.0\000\001\000\000\000abcdefgh\000\377\377!\002\000\377\337\025" ZEROS10 "abc"),
		SERVER("\065\000\000\000\0128.0\000\001\000\000\000abcdefgh\000\377\377!\002\000\377\337\025" ZEROS10 CHALLENGE12 "my\001\000"),
		SERVER("\065\000\000\000\0128.0\000\001\000\000\000abcdefgh\000\377\377!\002\000\377\337\025" ZEROS10 CHALLENGE12 "my\000x"),
		SERVER("\027\000\000\001\0128.0.32\000\001\000\000\000abcdefgh\000\054\000"),
		SERVER("\000\010\000\000\012"),
		/* Errors: code, state, text. */
		SERVER("\013\000\000\000\377\001\000Too many"),
		SERVER("\021\000\000\000\377\020\004#0a004Too many"),
		SERVER("\013\000\000\000\377\020\004Too\001many"),
		SERVER("\003\000\000\000\377\020\004"),
		/* Answers: no definition after the count, a column that is none. */
		SERVER("\001\000\000\001\001\003\000\000\002abc"),
		SERVER("\001\000\000\001\001\027\000\000\003\003def\000\000\000\0011\000\014?\000\001\000\000\000\003\201\000\000\000\000"),
		SERVER("\001\000\000\001\001\027\000\000\002\003def\000\000\000\0011\000\015?\000\001\000\000\000\003\201\000\000\000\000"),
		SERVER("\001\000\000\001\001\027\000\000\002\003def\000\000\000\0011\000\014?\000\001\000\000\000\003\201\000\000\001\000"),
		SERVER("\001\000\000\001\001\377\377\000\002"),
		SERVER("\377\377\000\001"),
		/* Responses: reserved bytes, user, lengths; then commands. */
		CLIENT("\047\000\000\001\000\202\010\000\000\000\000\001!xxxxxxxxxxxxxxxxxxxxxxxanna\000\000\000"),
		CLIENT("\200\000\000\001\000\202\010\000\000\000\000\001!x"),
		CLIENT("\075\000\000\001" RESPONSE41 "an\001na\000\000mysql_native_password\000"),
		CLIENT("\051\000\000\001" RESPONSE41 "anna\000\177abc"),
		CLIENT("\022\000\000\001\205\024\000\000\000anna\000abcdefgh"),
		CLIENT("\015\000\000\000\003hello, world"),
		CLIENT("\020\000\000\000\003selection of a\001"),
		CLIENT("\013\000\000\000\003selections"),
		CLIENT("\012\000\000\000\003/* select"),
		CLIENT("\002\000\000\000\016\000"),
		CLIENT("\012\000\000\000\027\001\000\000\000\000\002\000\000\000"),
		CLIENT("\001\000\000\000\001"),
		CLIENT("\015\000\000\000\000\000\000\007\000\000\000\003select"),
		CLIENT("\015\000\000\000\001\000\000" QUERY),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(misses); i++) {
		enum strength strength;

		if (probe(misses[i].from, false, misses[i].bytes, misses[i].size, &strength) != NO_MATCH)
			fail_msg("near miss %zu is not refused", i);
		assert_int_equal(strength, STRENGTH_NONE);
	}
}

/* A statement longer than what is looked at. */
static void
test_long_statement(void **state)
{
	static char packet[4 + 5000];
	struct conversation c;
	enum strength strength;

	(void)state;
	memcpy(packet, "\210\023\000\000\003insert into t values (", 27);
	memset(packet + 27, '1', sizeof(packet) - 27);
	assert_int_equal(probe(FROM_CLIENT, false, packet, 500, &strength), NEED_MORE);
	assert_int_equal(probe(FROM_CLIENT, false, packet, 1500, &strength), MATCH);
	conversation_init_midstream(&c, &mysql_dissector);
	conversation_send(&c, FROM_CLIENT, packet, 1500);
	conversation_send(&c, FROM_CLIENT, packet + 1500, sizeof(packet) - 1500);
	conversation_send(&c, FROM_SERVER, OK("\001"), 11);
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_commands_after_login),
		cmocka_unit_test(test_left_early),
		cmocka_unit_test(test_sha2),
		cmocka_unit_test(test_plugins),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_midway),
		cmocka_unit_test(test_midway_compressed),
		cmocka_unit_test(test_midway_not),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_long_statement),
	};

	return cmocka_run_group_tests_name("dissectors/mysql", tests, NULL, NULL);
}
