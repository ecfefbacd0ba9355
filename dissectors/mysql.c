/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client/server protocol of MySQL and MariaDB (MySQL Source Code Documentation, "Client/Server
 * Protocol"; MariaDB Knowledge Base, "Client/Server Protocol"). The server speaks first. Read here
 * is the connection phase: the greeting, the switch to TLS, which authentication plugin the two
 * settle on, and how it ended. A connection joined in the middle is told by a command and its
 * answer, or by the column definitions of a result.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

enum {
	HEADER_SIZE = 4,             /* Int24 size, Int8 sequence id */
	COMPRESSED_HEADER_SIZE = 7,  /* Int24 size, Int8 sequence id, Int24 size before compression */
	LOGIN_PACKET_MAX = 1 << 18,  /* of the connection phase; attributes may take 64 KiB, tokens less */
	GREETING_MAX = 1024,
	VERSION_MAX = 128,
	COMMAND_SHOWN = 1024,        /* of a command's text: what we look at */
	SSL_REQUEST_SIZE = 32,
	SCRAMBLE_SHA256_SIZE = 32,
	SSL_REQUEST_320_SIZE = 5,
	ERROR_MIN = 1000,            /* error codes: servers' own from 1000, ProxySQL's from 9000 */
	ERROR_MAX = 9999,
	ERROR_TEXT_MIN = 8,          /* "Bad handshake" is among the shortest */
	AHEAD_MAX = 8,               /* packets of the other direction that may be late */
	COMMANDS_MAX = 16,           /* a replica asks that many questions before it registers */
	SKIPPED_MAX = 64,            /* packets passed over in search of an answer */
};

/* Capability flags. */
enum {
	CLIENT_CONNECT_WITH_DB = 1 << 3,
	CLIENT_PROTOCOL_41 = 1 << 9,
	CLIENT_SSL = 1 << 11,
	CLIENT_SECURE_CONNECTION = 1 << 15,
	CLIENT_PLUGIN_AUTH = 1 << 19,
	CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA = 1 << 21,
};

enum {
	COM_QUERY = 0x03,
	COM_PING = 0x0e,
	COM_BINLOG_DUMP = 0x12,
	COM_REGISTER_SLAVE = 0x15,
	COM_BINLOG_DUMP_GTID = 0x1e,
	COM_STMT_PREPARE = 0x16,
	COM_STMT_EXECUTE = 0x17,
	COM_STMT_CLOSE = 0x19,
};

/* How a plugin's client data, once it is its turn, may give the password away. */
enum exposure {
	EXPOSES_NOTHING, /* hashes, signatures, tokens that fit this session alone */
	EXPOSES_SECRET,  /* the password or a bearer token as it is */
	EXPOSES_UNLESS_RSA, /* the password as it is, unless it was encrypted with the server's RSA key */
};

struct plugin {
	const char *name;
	const char *method;
	uint8_t exposure; /* enum exposure */
};

/* Authentication plugins by the names on the wire; the last stands for all the others. */
static const struct plugin plugins[] = {
	{ "mysql_native_password", "mysql_native_password", EXPOSES_NOTHING },
	{ "caching_sha2_password", "caching_sha2_password", EXPOSES_UNLESS_RSA },
	{ "sha256_password", "sha256_password", EXPOSES_UNLESS_RSA },
	{ "client_ed25519", "client_ed25519", EXPOSES_NOTHING },
	{ "mysql_clear_password", "mysql_clear_password", EXPOSES_SECRET },
	{ "mysql_old_password", "mysql_old_password", EXPOSES_NOTHING },
	{ "dialog", "dialog", EXPOSES_SECRET },
	{ "parsec", "parsec", EXPOSES_NOTHING },
	{ "auth_gssapi_client", "auth_gssapi_client", EXPOSES_NOTHING },
	{ "unix_socket", "unix_socket", EXPOSES_NOTHING },
	{ "auth_socket", "auth_socket", EXPOSES_NOTHING },
	{ "authentication_kerberos_client", "authentication_kerberos_client", EXPOSES_NOTHING },
	{ "authentication_ldap_sasl_client", "authentication_ldap_sasl_client", EXPOSES_NOTHING },
	{ "authentication_windows_client", "authentication_windows_client", EXPOSES_NOTHING },
	{ "authentication_oci_client", "authentication_oci_client", EXPOSES_NOTHING },
	{ "authentication_fido_client", "authentication_fido_client", EXPOSES_NOTHING },
	{ "authentication_webauthn_client", "authentication_webauthn_client", EXPOSES_NOTHING },
	{ "authentication_openid_connect_client", "authentication_openid_connect_client", EXPOSES_SECRET },
	{ "tidb_sm3_password", "tidb_sm3_password", EXPOSES_UNLESS_RSA },
	{ "tidb_auth_token", "tidb_auth_token", EXPOSES_SECRET },
	{ "mysql-other", "mysql-other", EXPOSES_NOTHING },
};

enum {
	PLUGIN_NATIVE = 0,
	PLUGIN_OLD = 5,
	PLUGIN_OTHER = sizeof(plugins) / sizeof(plugins[0]) - 1
};

struct mysql_state {
	const struct plugin *offered; /* by the greeting */
	const struct plugin *plugin;  /* whose turn it is */
	uint8_t next_sequence;
	bool greeted;    /* the server's first packet was read */
	bool responded;  /* the client's HandshakeResponse was read */
	bool lost;       /* packets are missing: sequence ids do not tell whether all is here */
	bool commanded;  /* joined in the middle: the client's command was read, the answer is next */
	bool logged_in;
	uint8_t commands; /* read since */
	bool compressed; /* that command was inside the compressed protocol */
	uint8_t skipped; /* packets passed over in search of the answer to it */
	uint8_t unmatched; /* enum auth_result: of an outcome before which the client was not seen */
};

struct packet {
	uint8_t sequence;
	struct cursor body;
};

/* ------------------------------------------------------------------------------------------------
 * Reading
 */

/* Takes a whole packet off *bytes. False, with *size told, where not all of it is there. */
static bool
take_packet(struct cursor *bytes, struct packet *out, size_t *size)
{
	struct cursor c = *bytes;
	uint32_t length = cursor_u24le(&c);

	out->sequence = cursor_u8(&c);
	*size = HEADER_SIZE + length;
	if (!cursor_ok(&c) || cursor_left(&c) < length)
		return false;
	out->body = cursor_sub(&c, length);
	*bytes = c;
	return true;
}

/* A length-encoded integer: one byte, or a byte that tells how many follow. */
static uint64_t
take_lenenc(struct cursor *c)
{
	uint8_t first = cursor_u8(c);

	switch (first) {
	case 0xfb: /* NULL in a row */
	case 0xff:
		cursor_fail(c);
		return 0;
	case 0xfc:
		return cursor_u16le(c);
	case 0xfd:
		return cursor_u24le(c);
	case 0xfe:
		return cursor_u64le(c);
	default:
		return first;
	}
}

static struct cursor
take_lenenc_string(struct cursor *c)
{
	uint64_t size = take_lenenc(c);

	if (size > cursor_left(c))
		cursor_fail(c);
	return cursor_sub(c, (size_t)size);
}

/* A String<NUL>; some implementations leave the NUL out at the end of a packet. */
static struct cursor
take_string(struct cursor *c)
{
	struct cursor text;

	if (cursor_take_until(c, 0, &text))
		return text;
	return cursor_sub(c, cursor_left(c));
}

static bool
is_printable(struct cursor c)
{
	while (cursor_left(&c) > 0) {
		uint8_t b = cursor_u8(&c);

		if (b < 0x20 || b >= 0x7f)
			return false;
	}
	return true;
}

static bool
take_zeros(struct cursor *c, size_t count)
{
	while (count-- > 0)
		if (cursor_u8(c) != 0 || !cursor_ok(c))
			return false;
	return true;
}

static const struct plugin *
plugin_named(struct cursor name)
{
	size_t i = 0;

	while (i < PLUGIN_OTHER && !cursor_equals(&name, plugins[i].name))
		i++;
	return &plugins[i];
}

/*
 * Protocol::HandshakeV10. After the capability flags' first half versions differ: 3.21 ends there,
 * 4.1 has zeros for what later got a meaning, and only with CLIENT_PLUGIN_AUTH a plugin is named.
 */
static bool
read_greeting_10(struct cursor c, bool numbered, const struct plugin **offered)
{
	uint32_t capabilities;
	uint8_t challenge_size;

	cursor_skip(&c, 4 + 8); /* thread id, first part of the challenge */
	if (!take_zeros(&c, 1))
		return false;
	capabilities = cursor_u16le(&c);
	if (cursor_left(&c) == 0)
		return cursor_ok(&c) && numbered;
	cursor_skip(&c, 1 + 2); /* character set, status */
	capabilities |= (uint32_t)cursor_u16le(&c) << 16;
	challenge_size = cursor_u8(&c);
	/* Ten reserved bytes, of which MariaDB uses the last four. */
	if (!take_zeros(&c, 6))
		return false;
	cursor_skip(&c, 4);
	if (cursor_left(&c) > 0)
		cursor_skip(&c, challenge_size > 8 + 13 ? challenge_size - 8u : 13);
	if (!cursor_ok(&c))
		return false;
	if (capabilities & CLIENT_PLUGIN_AUTH) {
		struct cursor name = take_string(&c);

		if (!is_printable(name))
			return false;
		if (name.left > 0)
			*offered = plugin_named(name);
	}
	return cursor_left(&c) == 0;
}

/* Protocol::HandshakeV10 or V9: the server's version, then what the protocol version asks for. */
static bool
read_greeting(struct cursor c, const struct plugin **offered)
{
	uint8_t protocol = cursor_u8(&c);
	struct cursor version;
	bool numbered;

	*offered = &plugins[protocol == 10 ? PLUGIN_NATIVE : PLUGIN_OLD];
	if (!cursor_take_until(&c, 0, &version) || version.left == 0 || version.left > VERSION_MAX || !is_printable(version))
		return false;
	/* Where little else is fixed the version must look like one: "3.23.58". */
	numbered = cursor_peek(&version, 0) >= '0' && cursor_peek(&version, 0) <= '9' && cursor_find_nocase(&version, ".") > 0;
	if (protocol == 10)
		return read_greeting_10(c, numbered, offered);
	cursor_skip(&c, 4);
	(void)take_string(&c);
	return protocol == 9 && numbered && cursor_ok(&c) && cursor_left(&c) == 0;
}

struct error {
	uint16_t code;
	char sqlstate[6]; /* "" where there is none: before capabilities are agreed on, and before 4.1 */
};

/* ERR_Packet: 0xff, code, perhaps '#' and SQLSTATE, and a text for people. */
static bool
read_error(struct cursor c, struct error *out)
{
	struct cursor state;

	*out = (struct error){ 0 };
	if (cursor_u8(&c) != 0xff)
		return false;
	out->code = cursor_u16le(&c);
	if (cursor_peek(&c, 0) == '#') {
		cursor_skip(&c, 1);
		state = cursor_sub(&c, 5);
		for (size_t i = 0; i < state.left; i++)
			if (!(state.at[i] >= '0' && state.at[i] <= '9') && !(state.at[i] >= 'A' && state.at[i] <= 'Z'))
				return false;
		cursor_copy_text(&state, out->sqlstate, sizeof(out->sqlstate));
	}
	if (!cursor_ok(&c) || out->code < ERROR_MIN || out->code > ERROR_MAX || cursor_left(&c) < ERROR_TEXT_MIN)
		return false;
	/* Without a SQLSTATE the text is all there is to know it by. */
	return out->sqlstate[0] != '\0' ? cursor_is_text(c) : is_printable(c);
}

struct response {
	uint32_t capabilities;
	bool ssl_request;
	struct cursor user, data;
	const struct plugin *plugin; /* NULL where none is named */
	bool exact;                  /* all lengths agree, reserved bytes are zero */
};

/* Protocol::HandshakeResponse320, of clients before 4.1, and its SSLRequest. */
static bool
read_response_320(struct cursor c, struct response *out)
{
	cursor_skip(&c, 2 + 3); /* capabilities, largest packet */
	if (cursor_ok(&c) && cursor_left(&c) == 0 && (out->capabilities & CLIENT_SSL)) {
		out->ssl_request = true;
		return true;
	}
	out->user = take_string(&c);
	out->data = take_string(&c);
	out->plugin = &plugins[PLUGIN_OLD];
	return cursor_ok(&c);
}

static struct cursor
take_response_data(struct cursor *c, uint32_t capabilities)
{
	if (capabilities & CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
		return take_lenenc_string(c);
	if (capabilities & CLIENT_SECURE_CONNECTION)
		return cursor_sub(c, cursor_u8(c));
	return take_string(c);
}

/* Protocol::HandshakeResponse41, or the SSLRequest that is its first 32 bytes. */
static bool
read_response(struct cursor c, struct response *out)
{
	struct cursor bookmark = c, name;

	*out = (struct response){ .capabilities = cursor_u16le(&c) };
	if (!(out->capabilities & CLIENT_PROTOCOL_41))
		return read_response_320(bookmark, out);
	out->capabilities |= (uint32_t)cursor_u16le(&c) << 16;
	cursor_skip(&c, 4 + 1); /* largest packet, character set */
	/* 23 reserved bytes, of which MariaDB uses the last four. */
	out->exact = take_zeros(&c, 19);
	if (!out->exact)
		cursor_skip(&c, SSL_REQUEST_SIZE - (bookmark.left - c.left) - 4);
	cursor_skip(&c, 4);
	if (cursor_ok(&c) && cursor_left(&c) == 0 && (out->capabilities & CLIENT_SSL)) {
		out->ssl_request = true;
		return true;
	}
	if (!cursor_take_until(&c, 0, &out->user))
		return false;
	out->data = take_response_data(&c, out->capabilities);
	if (out->capabilities & CLIENT_CONNECT_WITH_DB)
		(void)take_string(&c);
	out->plugin = &plugins[out->capabilities & CLIENT_SECURE_CONNECTION ? PLUGIN_NATIVE : PLUGIN_OLD];
	if (out->capabilities & CLIENT_PLUGIN_AUTH) {
		name = take_string(&c);
		out->plugin = name.left > 0 ? plugin_named(name) : NULL;
		out->exact &= is_printable(name);
	}
	out->exact &= cursor_is_text(out->user);
	return cursor_ok(&c);
}

/* OK_Packet: 0, rows affected, last id, and from 4.1 on status and warnings. */
static bool
is_ok_packet(struct cursor c)
{
	if (cursor_u8(&c) != 0)
		return false;
	(void)take_lenenc(&c);
	(void)take_lenenc(&c);
	return cursor_ok(&c) && (cursor_left(&c) == 0 || cursor_left(&c) >= 2);
}

/* ------------------------------------------------------------------------------------------------
 * Commands and their answers, for streams joined in the middle
 */

static const char *const sql_verbs[] = {
	"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "SET", "SHOW", "USE", "BEGIN", "COMMIT", "ROLLBACK",
	"START", "CREATE", "ALTER", "DROP", "TRUNCATE", "CALL", "DESC", "DESCRIBE", "EXPLAIN", "LOCK", "UNLOCK",
	"ANALYZE", "OPTIMIZE", "GRANT", "REVOKE", "FLUSH", "KILL", "LOAD", "PREPARE", "EXECUTE", "SAVEPOINT",
	"RELEASE", "WITH", "HANDLER", "DO", "CHECK", "RENAME",
};

static bool
ends_word(int b)
{
	return !(b >= '0' && b <= '9') && !((b | 0x20) >= 'a' && (b | 0x20) <= 'z') && b != '_';
}

/* Whether text begins as a statement does: blanks, comments, brackets, then a verb. */
static bool
is_statement(struct cursor c)
{
	ptrdiff_t end;

	if (!cursor_is_text(c))
		return false;
	for (;;) {
		while (cursor_peek(&c, 0) == '(' || (cursor_peek(&c, 0) >= '\t' && cursor_peek(&c, 0) <= ' '))
			cursor_skip(&c, 1);
		if (!cursor_starts_with(&c, "/*") || (end = cursor_find_nocase(&c, "*/")) < 0)
			break;
		cursor_skip(&c, (size_t)end + 2);
	}
	for (size_t i = 0; i < sizeof(sql_verbs) / sizeof(sql_verbs[0]); i++)
		if (cursor_starts_with_nocase(&c, sql_verbs[i]) && ends_word(cursor_peek(&c, strlen(sql_verbs[i]))))
			return true;
	return false;
}

/* Whether body, of which the first bytes are here, is a command we can be sure of. */
static bool
is_command(struct cursor body, size_t whole)
{
	switch (cursor_u8(&body)) {
	case COM_PING:
		return whole == 1;
	case COM_STMT_EXECUTE: /* statement id, flags, Int32 iteration count, which is always 1 */
		cursor_skip(&body, 4);
		return cursor_u8(&body) <= 0x0f && cursor_u32le(&body) == 1 && cursor_ok(&body);
	case COM_QUERY:
		/* With CLIENT_QUERY_ATTRIBUTES: no parameters, in one set. */
		if (cursor_peek(&body, 0) == 0 && cursor_peek(&body, 1) == 1)
			cursor_skip(&body, 2);
		return is_statement(body);
	case COM_STMT_PREPARE:
		return is_statement(body);
	default:
		return false;
	}
}

/* Whether bytes may be the beginning of a command, of which not all we look at is here. */
static bool
may_be_command(struct cursor c)
{
	switch (cursor_peek(&c, 0)) {
	case COM_QUERY:
	case COM_STMT_PREPARE:
		cursor_skip(&c, cursor_peek(&c, 1) == 0 ? 3 : 1);
		return cursor_is_text(c);
	case COM_STMT_EXECUTE:
	case COM_STMT_CLOSE:
	case -1:
		return true;
	default:
		return false;
	}
}

/*
 * Reads one command off *bytes; of a long one its beginning is enough. COM_STMT_CLOSE, which has
 * no answer, is passed over.
 */
static enum verdict
read_command(struct cursor *bytes)
{
	struct cursor c = *bytes;
	uint32_t size;
	size_t shown;

	for (;;) {
		size = cursor_u24le(&c);
		if (cursor_left(&c) == 0)
			return NEED_MORE;
		if (cursor_u8(&c) != 0 || size == 0)
			return NO_MATCH;
		shown = size < COMMAND_SHOWN ? size : COMMAND_SHOWN;
		if (cursor_left(&c) < shown)
			return may_be_command(c) ? NEED_MORE : NO_MATCH;
		if (size != 5 || cursor_peek(&c, 0) != COM_STMT_CLOSE)
			break;
		cursor_skip(&c, size);
	}
	if (!is_command(cursor_sub(&c, shown), size))
		return NO_MATCH;
	*bytes = c;
	return MATCH;
}

/* The same inside the compressed protocol, where short packets are left as they are. */
static enum verdict
read_compressed_command(struct cursor *bytes)
{
	struct cursor c = *bytes, inner;
	uint32_t size = cursor_u24le(&c);
	enum verdict verdict;

	cursor_skip(&c, 1);
	if (cursor_u24le(&c) != 0 || size <= HEADER_SIZE)
		return NO_MATCH;
	if (!cursor_ok(&c))
		return NEED_MORE;
	inner = c;
	if (cursor_u24le(&inner) != size - HEADER_SIZE && cursor_ok(&inner))
		return NO_MATCH;
	verdict = read_command(&c);
	if (verdict == MATCH)
		*bytes = c;
	return verdict;
}

static enum verdict
read_any_command(struct cursor *bytes, bool *compressed)
{
	enum verdict verdict = read_command(bytes);

	*compressed = false;
	if (verdict != NO_MATCH)
		return verdict;
	*compressed = true;
	return read_compressed_command(bytes);
}

/* Protocol::ColumnDefinition41: "def", five names, 12 bytes of fixed fields, two zeros. */
static bool
is_column_definition(struct cursor c)
{
	struct cursor catalog = take_lenenc_string(&c);

	if (!cursor_equals(&catalog, "def"))
		return false;
	for (int i = 0; i < 5; i++)
		(void)take_lenenc_string(&c);
	/* MariaDB may add its extended metadata here. */
	if (cursor_left(&c) > 1 + 0x0c)
		(void)take_lenenc_string(&c);
	if (cursor_u8(&c) != 0x0c)
		return false;
	cursor_skip(&c, 2 + 4 + 1 + 2 + 1);
	return take_zeros(&c, 2) && cursor_ok(&c);
}

/* COM_STMT_PREPARE_OK: 0, statement id, columns, parameters, 0, warnings. */
static bool
is_prepare_ok(struct cursor c)
{
	size_t size = cursor_left(&c);

	if (cursor_u8(&c) != 0 || size < 12 || size > 13)
		return false;
	cursor_skip(&c, 4 + 2 + 2);
	return cursor_u8(&c) == 0;
}

/* A count of columns: alone, or with a byte that says whether definitions follow. */
static bool
is_column_count(struct cursor c)
{
	if (cursor_left(&c) == 2 && cursor_peek(&c, 0) <= 1)
		cursor_skip(&c, 1);
	return take_lenenc(&c) > 0 && cursor_left(&c) <= 1 && cursor_ok(&c);
}

/*
 * Whether bytes are the answer to a command. *alone tells whether that could be seen without the
 * command: by a column definition, or an error with its SQLSTATE.
 */
static enum verdict
read_answer(struct cursor bytes, bool *alone)
{
	struct packet first, second;
	struct error error;
	size_t size;

	*alone = false;
	if (cursor_left(&bytes) >= HEADER_SIZE && cursor_peek(&bytes, 3) != 1)
		return NO_MATCH;
	if (!take_packet(&bytes, &first, &size))
		return size <= HEADER_SIZE + GREETING_MAX ? NEED_MORE : NO_MATCH;
	if (read_error(first.body, &error)) {
		*alone = error.sqlstate[0] != '\0';
		return MATCH;
	}
	if (cursor_peek(&first.body, 0) == 0 && is_ok_packet(first.body) && !is_prepare_ok(first.body))
		return MATCH;
	if (cursor_peek(&first.body, 0) == 0xfe && cursor_left(&first.body) == 5)
		return MATCH; /* EOF_Packet */
	if (!is_prepare_ok(first.body) && !is_column_count(first.body))
		return NO_MATCH;
	if (!take_packet(&bytes, &second, &size)) {
		/* A prepared statement without columns and parameters is all there is. */
		if (cursor_left(&bytes) == 0 && is_prepare_ok(first.body))
			return MATCH;
		return size <= HEADER_SIZE + GREETING_MAX ? NEED_MORE : NO_MATCH;
	}
	*alone = second.sequence == 2 && is_column_definition(second.body);
	return *alone ? MATCH : NO_MATCH;
}

/* The same in the compressed protocol: a zlib (RFC 1950) or Zstandard (RFC 8878) frame that grows. */
static enum verdict
read_compressed_answer(struct cursor bytes, bool *alone)
{
	struct cursor c = bytes;
	uint32_t size = cursor_u24le(&c), before;

	*alone = false;
	cursor_skip(&c, 1);
	before = cursor_u24le(&c);
	if (!cursor_ok(&c) || cursor_left(&c) < 4)
		return NEED_MORE;
	if (before == 0)
		return read_answer(c, alone);
	if (before <= size)
		return NO_MATCH;
	if (cursor_u32(&(struct cursor){ .at = c.at, .left = c.left }) == 0x28b52ffd)
		return MATCH;
	return cursor_u8(&c) == 0x78 && (0x7800 | cursor_u8(&c)) % 31 == 0 ? MATCH : NO_MATCH;
}

/* ------------------------------------------------------------------------------------------------
 * Claims
 */

static void
claim_plaintext(struct dissection *d, enum direction from, enum strength strength, const char *clause)
{
	evidence_plaintext(d->evidence, "mysql", strength, clause, from, d->offset[from]);
}

static enum verdict
malformed(struct dissection *d)
{
	evidence_note(d->evidence, NOTE_MALFORMED);
	return MALFORMED;
}

static enum verdict
upgrade(struct dissection *d)
{
	d->next = &tls_dissector;
	return UPGRADE;
}

/*
 * Whether bytes begin with a TLS record of a handshake, which as the size of a packet would be far
 * from any of the connection phase; with second, whether another record follows it.
 */
static bool
is_tls(struct cursor c, bool second)
{
	uint8_t type = cursor_u8(&c), major = cursor_u8(&c), minor = cursor_u8(&c);

	if (type != 0x16 || major != 3 || minor > 4 || !cursor_ok(&c))
		return false;
	if (!second)
		return true;
	cursor_skip(&c, cursor_u16(&c));
	return cursor_u8(&c) >= 0x14 && cursor_u8(&c) == 3;
}

/* This plugin's turn: what was attempted before is not what will have been decided. */
static void
turn_to(struct dissection *d, const struct plugin *plugin)
{
	struct mysql_state *s = d->state;

	s->plugin = plugin;
	if (d->evidence->authentication.result == AUTH_ATTEMPTED)
		d->evidence->authentication.method = plugin->method;
}

/*
 * With RSA the client asks for the key with one byte (1, or 2 in caching_sha2_password), or sends
 * what it encrypted, as long as the key. The password as it is ends in the only NUL it has, and is
 * not as long as a key. A scramble of 32 bytes ends in a NUL once in 256 times, but is never text.
 */
static bool
is_bare_password(struct cursor c)
{
	size_t size = cursor_left(&c);
	struct cursor password;

	if (size <= 1 || size % 64 == 0 || !cursor_take_until(&c, 0, &password) || cursor_left(&c) > 0)
		return false;
	while (size == SCRAMBLE_SHA256_SIZE && cursor_left(&password) > 0) {
		uint8_t byte = cursor_u8(&password);

		if (byte < 0x20 || byte > 0x7e)
			return false;
	}
	return true;
}

static bool
exposes(const struct plugin *plugin, struct cursor data)
{
	if (plugin->exposure == EXPOSES_UNLESS_RSA)
		return is_bare_password(data);
	/* One NUL is an empty password. */
	return plugin->exposure == EXPOSES_SECRET && (cursor_left(&data) > 1 || cursor_peek(&data, 0) > 0);
}

/* ------------------------------------------------------------------------------------------------
 * The connection phase
 */

/* What error codes say about authentication, where their SQLSTATE does not. */
static const struct outcome {
	uint16_t code;
	uint8_t result; /* enum auth_result */
} outcomes[] = {
	{ 1040, AUTH_UNKNOWN },   /* ER_CON_COUNT_ERROR: too many connections */
	{ 1043, AUTH_UNKNOWN },   /* ER_HANDSHAKE_ERROR: bad handshake */
	{ 1044, AUTH_SUCCESS },   /* ER_DBACCESS_DENIED_ERROR: known, but this database is not theirs */
	{ 1045, AUTH_FAILURE },   /* ER_ACCESS_DENIED_ERROR */
	{ 1049, AUTH_SUCCESS },   /* ER_BAD_DB_ERROR: known, but no such database */
	{ 1130, AUTH_FAILURE },   /* ER_HOST_NOT_PRIVILEGED */
	{ 1158, AUTH_FAILURE },   /* ER_NET_READ_ERROR: the client left in the middle of it */
	{ 1159, AUTH_FAILURE },   /* ER_NET_READ_INTERRUPTED: the client was too slow */
	{ 1203, AUTH_SUCCESS },   /* ER_TOO_MANY_USER_CONNECTIONS */
	{ 1226, AUTH_SUCCESS },   /* ER_USER_LIMIT_REACHED */
	{ 1251, AUTH_FAILURE },   /* ER_NOT_SUPPORTED_AUTH_MODE */
	{ 1275, AUTH_FAILURE },   /* ER_SERVER_IS_IN_SECURE_AUTH_MODE */
	{ 1524, AUTH_FAILURE },   /* ER_PLUGIN_IS_NOT_LOADED */
	{ 1698, AUTH_FAILURE },   /* ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
	{ 1862, AUTH_SUCCESS },   /* ER_MUST_CHANGE_PASSWORD_LOGIN: right, but expired */
	{ 2059, AUTH_FAILURE },   /* CR_AUTH_PLUGIN_CANNOT_LOAD */
	{ 3118, AUTH_FAILURE },   /* ER_ACCOUNT_HAS_BEEN_LOCKED */
	{ 3159, AUTH_FAILURE },   /* ER_SECURE_TRANSPORT_REQUIRED */
	{ 3955, AUTH_FAILURE },   /* ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK */
	{ 4151, AUTH_FAILURE },   /* MariaDB's ER_ACCOUNT_HAS_BEEN_LOCKED */
};

static enum auth_result
outcome_of(const struct error *error)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (outcomes[i].code == error->code)
			return (enum auth_result)outcomes[i].result;
	/* Class 28: invalid authorization specification. */
	return strncmp(error->sqlstate, "28", 2) == 0 ? AUTH_FAILURE : AUTH_UNKNOWN;
}

static void
tell_outcome(struct dissection *d, enum auth_result result, const char *clause)
{
	const struct mysql_state *s = d->state;
	const char *method = s->plugin != NULL ? s->plugin->method : NULL;

	/* What was tried first is not what was decided, where a switch may have been lost. */
	if (d->evidence->authentication.result == AUTH_ATTEMPTED)
		d->evidence->authentication.method = method;
	evidence_authentication(d->evidence, result, method, s->responded ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause, FROM_SERVER, d->offset[FROM_SERVER]);
}

/*
 * An error ends the attempt to connect. The server looks at the limits of an account and at the
 * database only after it knows who the client is.
 */
static enum verdict
on_error(struct dissection *d, struct cursor body)
{
	struct mysql_state *s = d->state;
	const char *clause = "MySQL ERR_Packet";
	struct error error;
	enum auth_result result;

	if (!read_error(body, &error))
		return malformed(d);
	claim_plaintext(d, FROM_SERVER, STRENGTH_STRUCTURE, clause);
	result = outcome_of(&error);
	/* Without a client that wanted in, only an answer that names it says anything. */
	if (!s->responded && !s->lost && error.code != 1130 && error.code != 1045)
		result = AUTH_UNKNOWN;
	if (result == AUTH_SUCCESS)
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	if (result != AUTH_UNKNOWN)
		tell_outcome(d, result, clause);
	return DONE;
}

static enum verdict
on_greeting(struct dissection *d, const struct plugin *offered)
{
	struct mysql_state *s = d->state;

	claim_plaintext(d, FROM_SERVER, STRENGTH_STRUCTURE, "MySQL Protocol::Handshake");
	s->greeted = true;
	s->offered = offered;
	if (!s->responded)
		s->next_sequence = 1;
	else if (s->plugin == NULL)
		turn_to(d, offered);
	return MATCH;
}

/* The greeting is late: packets in another order. */
static bool
is_late_greeting(const struct mysql_state *s, const struct packet *p)
{
	return !s->greeted && p->sequence == 0 && (cursor_peek(&p->body, 0) == 9 || cursor_peek(&p->body, 0) == 10);
}

static enum verdict
on_ok(struct dissection *d, struct cursor body)
{
	struct mysql_state *s = d->state;

	if (!is_ok_packet(body) || (!s->responded && !s->lost))
		return malformed(d);
	claim_plaintext(d, FROM_SERVER, STRENGTH_STRUCTURE, "MySQL OK_Packet");
	tell_outcome(d, AUTH_SUCCESS, "MySQL OK_Packet");
	s->logged_in = true;
	return s->lost ? DONE : MATCH;
}

/*
 * The first commands after the login: a replica registers and asks for the binary log. Nothing else
 * of them is of interest, and nothing of the answers.
 */
static enum verdict
after_login(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	struct cursor c = *bytes;
	uint32_t size = cursor_u24le(&c);
	uint8_t sequence = cursor_u8(&c), command = cursor_u8(&c);

	if (from == FROM_SERVER) {
		cursor_skip(bytes, cursor_left(bytes));
		return MATCH;
	}
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (command == COM_REGISTER_SLAVE || command == COM_BINLOG_DUMP || command == COM_BINLOG_DUMP_GTID)
		evidence_note(d->evidence, NOTE_REPLICATION);
	/* The compressed protocol, or what follows a command of its own form. */
	if (sequence != 0 || size == 0 || ++s->commands == COMMANDS_MAX || evidence_has_note(d->evidence, NOTE_REPLICATION))
		return DONE;
	size += HEADER_SIZE;
	d->skip = size > cursor_left(bytes) ? size - cursor_left(bytes) : 0;
	cursor_skip(bytes, size < cursor_left(bytes) ? size : cursor_left(bytes));
	return MATCH;
}

/* AuthSwitchRequest, with a name, or of one byte: back to the method of servers before 4.1. */
static enum verdict
on_switch(struct dissection *d, struct cursor body)
{
	const struct mysql_state *s = d->state;
	const struct plugin *plugin = &plugins[PLUGIN_OLD];

	cursor_skip(&body, 1);
	if (cursor_left(&body) > 0)
		plugin = plugin_named(take_string(&body));
	/* Behind a gap it may be the EOF_Packet of a result as well: the login is among what was lost. */
	if (s->lost && plugin == &plugins[PLUGIN_OTHER])
		return DONE;
	turn_to(d, plugin);
	return MATCH;
}

/* AuthNextFactor (MySQL 8.0.27): this factor was right, another is asked for; or a plugin's own data. */
static enum verdict
on_next_factor(struct dissection *d, struct cursor body)
{
	const struct plugin *plugin;

	cursor_skip(&body, 1);
	plugin = plugin_named(take_string(&body));
	if (plugin != &plugins[PLUGIN_OTHER])
		turn_to(d, plugin);
	return MATCH;
}

static enum verdict
login_from_server(struct dissection *d, const struct packet *p)
{
	struct mysql_state *s = d->state;
	const struct plugin *offered;

	if (is_late_greeting(s, p))
		return read_greeting(p->body, &offered) ? on_greeting(d, offered) : malformed(d);
	switch (cursor_peek(&p->body, 0)) {
	case 0x00:
		return on_ok(d, p->body);
	case 0x02:
		return on_next_factor(d, p->body);
	case 0xfe:
		return on_switch(d, p->body);
	case 0xff:
		return on_error(d, p->body);
	default: /* AuthMoreData, or what a plugin says without that prefix */
		return MATCH;
	}
}

static void
note_secret(struct dissection *d, struct cursor data, const char *clause)
{
	const struct mysql_state *s = d->state;

	if (s->plugin != NULL && exposes(s->plugin, data))
		evidence_cleartext_credentials(d->evidence, clause, FROM_CLIENT, d->offset[FROM_CLIENT]);
}

static enum verdict
on_response(struct dissection *d, const struct response *r)
{
	struct mysql_state *s = d->state;
	struct evidence *e = d->evidence;
	const char *clause = "MySQL Protocol::HandshakeResponse";

	claim_plaintext(d, FROM_CLIENT, STRENGTH_STRUCTURE, clause);
	s->responded = true;
	s->plugin = r->plugin != NULL ? r->plugin : s->offered;
	if (e->want_principals)
		cursor_copy_text(&r->user, e->authentication.principal, sizeof(e->authentication.principal));
	evidence_authentication(e, AUTH_ATTEMPTED, s->plugin ? s->plugin->method : NULL, STRENGTH_STRUCTURE, clause, FROM_CLIENT, d->offset[FROM_CLIENT]);
	note_secret(d, r->data, clause);
	return MATCH;
}

static enum verdict
login_from_client(struct dissection *d, const struct packet *p)
{
	const struct mysql_state *s = d->state;
	struct response response;

	/* Without the response, which comes first, what follows it tells of no method. */
	if (s->responded || (s->lost && p->sequence != 1)) {
		note_secret(d, p->body, "MySQL Protocol::AuthSwitchResponse");
		return MATCH;
	}
	if (!read_response(p->body, &response))
		return malformed(d);
	if (!response.ssl_request)
		return on_response(d, &response);
	claim_plaintext(d, FROM_CLIENT, STRENGTH_STRUCTURE, "MySQL Protocol::SSLRequest");
	return upgrade(d);
}

/*
 * A packet whose turn it is not: the other direction is late, or not captured. A client's 0 and a
 * server's 1 belong to a command: the outcome is what is missing.
 */
static enum verdict
out_of_order(struct dissection *d, enum direction from, const struct packet *p)
{
	struct mysql_state *s = d->state;
	struct error error;

	if (from == FROM_SERVER && !s->responded && p->sequence > 1) {
		if (read_error(p->body, &error))
			s->unmatched = (uint8_t)outcome_of(&error);
		else if (is_ok_packet(p->body))
			s->unmatched = AUTH_SUCCESS;
	}
	if (s->responded && p->sequence == (from == FROM_SERVER ? 1 : 0))
		return NEED_MORE;
	return (uint8_t)(p->sequence - s->next_sequence) <= AHEAD_MAX ? NEED_MORE : malformed(d);
}

/*
 * The next packet of the connection phase. One sequence counts both directions, which puts their
 * packets in order whichever came first here.
 */
static enum verdict
login(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	struct cursor c = *bytes;
	struct packet p;
	size_t size;
	bool whole = take_packet(&c, &p, &size);
	bool ahead = p.sequence != s->next_sequence;

	if ((s->lost || from == FROM_SERVER) && !s->responded && is_tls(*bytes, false))
		return upgrade(d);
	if (size > HEADER_SIZE + LOGIN_PACKET_MAX)
		return malformed(d);
	if (!whole) {
		d->need = size;
		return NEED_MORE;
	}
	if (s->lost && s->responded && p.sequence < (from == FROM_SERVER ? 2 : 1) && !is_late_greeting(s, &p))
		return DONE; /* a command, or its answer: the outcome is among what was lost */
	if (!s->lost && ahead && !(from == FROM_SERVER && is_late_greeting(s, &p)))
		return out_of_order(d, from, &p);
	if (p.sequence != 0)
		s->next_sequence = (uint8_t)(p.sequence + 1);
	*bytes = c;
	return from == FROM_SERVER ? login_from_server(d, &p) : login_from_client(d, &p);
}

/* ------------------------------------------------------------------------------------------------
 * How a stream begins
 */

/* The server's first packet: a greeting, or an error in its place. */
static enum verdict
read_first_packet(struct cursor *bytes, struct packet *p, const struct plugin **offered)
{
	struct cursor c = *bytes;
	int sequence = cursor_peek(&c, 3), type = cursor_peek(&c, 4);
	struct error error;
	size_t size;
	bool whole = take_packet(&c, p, &size);

	*offered = NULL;
	if (size > HEADER_SIZE + GREETING_MAX || sequence > 1 || (type >= 0 && type != 9 && type != 10 && type != 0xff))
		return NO_MATCH;
	if (!whole)
		return NEED_MORE;
	if (type == 0xff ? !read_error(p->body, &error) : sequence != 0 || !read_greeting(p->body, offered))
		return NO_MATCH;
	*bytes = c;
	return MATCH;
}

/*
 * In a stream joined in the middle the server's first packets may be the end of an answer to what
 * was not seen. Before a command came nothing is sought.
 */
static enum verdict
seek_answer(struct dissection *d, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	struct packet p;
	size_t size;

	if (!s->commanded)
		return NEED_MORE;
	if (s->compressed || s->skipped == SKIPPED_MAX)
		return NO_MATCH;
	if (!take_packet(bytes, &p, &size))
		return size <= HEADER_SIZE + COMMAND_SHOWN ? NEED_MORE : NO_MATCH;
	s->skipped++;
	return MATCH;
}

static enum verdict
server_begins(struct dissection *d, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	const struct plugin *offered;
	struct packet p;
	bool alone;
	enum verdict verdict;

	if (!s->commanded) {
		struct cursor c = *bytes;

		verdict = read_first_packet(&c, &p, &offered);
		if (verdict == NEED_MORE)
			return NEED_MORE;
		/* Joined in the middle, an error of sequence 1 is as well the answer to a command. */
		if (verdict == MATCH && (d->flow->handshake_seen || p.sequence == 0)) {
			*bytes = c;
			return offered != NULL ? on_greeting(d, offered) : on_error(d, p.body);
		}
	}
	verdict = s->compressed ? read_compressed_answer(*bytes, &alone) : read_answer(*bytes, &alone);
	if (verdict == NO_MATCH && !d->flow->handshake_seen)
		return seek_answer(d, bytes);
	if (verdict != MATCH)
		return verdict;
	if (!alone && !s->commanded)
		return NEED_MORE; /* its command may still come */
	if (!d->flow->handshake_seen)
		evidence_note(d->evidence, NOTE_MIDSTREAM);
	claim_plaintext(d, FROM_SERVER, s->commanded ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, "MySQL Command Response");
	return DONE;
}

/* Whether the reserved bytes of a HandshakeResponse41, as far as they are here, are zeros. */
static bool
may_be_response(struct cursor c)
{
	cursor_skip(&c, HEADER_SIZE + 4 + 4 + 1);
	return take_zeros(&c, cursor_left(&c) < 19 ? cursor_left(&c) : 19);
}

/* Reads a whole HandshakeResponse, exact in all it says, without a greeting before it. */
static enum verdict
probe_response(struct cursor bytes, struct response *out)
{
	struct packet p;
	size_t size;

	if (cursor_left(&bytes) >= HEADER_SIZE && cursor_peek(&bytes, 3) != 1)
		return NO_MATCH;
	if (!take_packet(&bytes, &p, &size))
		return size <= HEADER_SIZE + LOGIN_PACKET_MAX && may_be_response(bytes) ? NEED_MORE : NO_MATCH;
	if (!read_response(p.body, out) || !out->exact || (out->ssl_request && p.body.left != SSL_REQUEST_SIZE))
		return NO_MATCH;
	return MATCH;
}

static enum verdict
client_begins(struct dissection *d, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	struct response response;
	enum verdict verdict = probe_response(*bytes, &response);

	struct cursor after = *bytes;

	/* Only a client that was greeted goes on to TLS, and past its ClientHello if that was answered. */
	cursor_skip(&after, HEADER_SIZE + SSL_REQUEST_SIZE);
	if (verdict == MATCH && (!response.ssl_request || s->lost || !d->flow->handshake_seen || is_tls(after, true))) {
		s->next_sequence = 1;
		return login(d, FROM_CLIENT, bytes);
	}
	/* A client answers a greeting, which is not here yet. */
	if (verdict != NO_MATCH || (d->flow->handshake_seen && !s->lost))
		return NEED_MORE;
	verdict = read_any_command(bytes, &s->compressed);
	if (verdict == MATCH) {
		s->commanded = true;
		claim_plaintext(d, FROM_CLIENT, STRENGTH_SIGNATURE, "MySQL Command Phase");
	}
	return verdict;
}

static enum verdict
mysql_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mysql_state *s = d->state;

	if (cursor_left(bytes) == 0)
		return NEED_MORE;
	if (s->logged_in)
		return after_login(d, from, bytes);
	if (s->greeted || s->responded)
		return login(d, from, bytes);
	if (from == FROM_SERVER)
		return server_begins(d, bytes);
	if (!s->commanded)
		return client_begins(d, bytes);
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

static enum verdict
mysql_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct mysql_state *s = d->state;

	(void)size;
	if (s->logged_in)
		return DONE;
	s->lost = true;
	if (!s->responded)
		evidence_doubt_plaintext(d->evidence);
	else if (from == FROM_SERVER)
		s->plugin = NULL; /* there may have been an AuthSwitchRequest */
	return s->commanded ? DONE : MATCH;
}

static void
mysql_finish(struct dissection *d)
{
	const struct mysql_state *s = d->state;

	if (s->unmatched != AUTH_UNKNOWN && !s->responded && !s->lost)
		evidence_authentication(d->evidence, (enum auth_result)s->unmatched, NULL, STRENGTH_STRUCTURE, "MySQL Generic Response Packets", FROM_SERVER, d->offset[FROM_SERVER]);
}

static enum verdict
probe_client(const struct flow_view *flow, struct cursor bytes, enum strength *strength)
{
	struct response response;
	enum verdict verdict = probe_response(bytes, &response);
	bool compressed;

	*strength = STRENGTH_STRUCTURE;
	if (verdict != NO_MATCH || flow->handshake_seen)
		return verdict;
	*strength = STRENGTH_SIGNATURE; /* until it is answered */
	return read_any_command(&bytes, &compressed);
}

static enum verdict
probe_server(struct cursor bytes, enum strength *strength)
{
	const struct plugin *offered;
	struct packet p;
	bool alone;
	enum verdict verdict = read_first_packet(&bytes, &p, &offered);

	*strength = STRENGTH_STRUCTURE;
	if (verdict != NO_MATCH)
		return verdict;
	verdict = read_answer(bytes, &alone);
	if (verdict == MATCH && !alone)
		return NEED_MORE;
	return verdict;
}

static enum verdict
mysql_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum verdict verdict;

	if (cursor_left(&bytes) == 0)
		return NEED_MORE;
	verdict = from == FROM_CLIENT ? probe_client(flow, bytes, strength) : probe_server(bytes, strength);
	if (verdict != MATCH)
		*strength = STRENGTH_NONE;
	return verdict;
}

const struct dissector mysql_dissector = {
	.name = "mysql",
	.specification = "MySQL Source Code Documentation, Client/Server Protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 3306, 3307, 6033, 4000 },
	.state_size = sizeof(struct mysql_state),
	.probe = mysql_probe,
	.dissect = mysql_dissect,
	.gap = mysql_gap,
	.finish = mysql_finish,
};
