/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads packets of MySQL's client/server protocol (MySQL Source Code Documentation, "Client/Server Protocol"; MariaDB
 * Knowledge Base, "Client/Server Protocol"): the greeting, the response to it, errors, OK, and which authentication
 * plugins there are.
 */
#include <config.h>

#include "mysql_packet.h"

#include <assert.h>

enum {
	VERSION_MAX = 128,
	ERROR_MIN = 1000, /* error codes: servers' own from 1000, ProxySQL's from 9000 */
	ERROR_MAX = 9999,
	ERROR_TEXT_MIN = 8, /* "Bad handshake" is among the shortest */
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

const struct mysql_plugin mysql_plugins[] = {
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

static_assert(sizeof(mysql_plugins) / sizeof(mysql_plugins[0]) == MYSQL_PLUGIN_OTHER + 1, "the last stands for all the others");

bool
mysql_take_packet(struct cursor *bytes, struct mysql_packet *out, size_t *size)
{
	struct cursor c = *bytes;
	uint32_t length = cursor_u24le(&c);

	out->sequence = cursor_u8(&c);
	*size = MYSQL_HEADER_SIZE + length;
	if (!cursor_ok(&c) || cursor_left(&c) < length)
		return false;
	out->body = cursor_sub(&c, length);
	*bytes = c;
	return true;
}

uint64_t
mysql_take_lenenc(struct cursor *c)
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

struct cursor
mysql_take_lenenc_string(struct cursor *c)
{
	uint64_t size = mysql_take_lenenc(c);

	if (size > cursor_left(c))
		cursor_fail(c);
	return cursor_sub(c, (size_t)size);
}

struct cursor
mysql_take_string(struct cursor *c)
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

bool
mysql_take_zeros(struct cursor *c, size_t count)
{
	while (count-- > 0)
		if (cursor_u8(c) != 0 || !cursor_ok(c))
			return false;
	return true;
}

const struct mysql_plugin *
mysql_plugin_named(struct cursor name)
{
	size_t i = 0;

	while (i < MYSQL_PLUGIN_OTHER && !cursor_equals(&name, mysql_plugins[i].name))
		i++;
	return &mysql_plugins[i];
}

/*
 * Protocol::HandshakeV10. After the capability flags' first half versions differ: 3.21 ends there,
 * 4.1 has zeros for what later got a meaning, and only with CLIENT_PLUGIN_AUTH a plugin is named.
 */
static bool
read_greeting_10(struct cursor c, bool numbered, const struct mysql_plugin **offered)
{
	uint32_t capabilities;
	uint8_t challenge_size;

	cursor_skip(&c, 4 + 8); /* thread id, first part of the challenge */
	if (!mysql_take_zeros(&c, 1))
		return false;
	capabilities = cursor_u16le(&c);
	if (cursor_left(&c) == 0)
		return cursor_ok(&c) && numbered;
	cursor_skip(&c, 1 + 2); /* character set, status */
	capabilities |= (uint32_t)cursor_u16le(&c) << 16;
	challenge_size = cursor_u8(&c);
	/* Ten reserved bytes, of which MariaDB uses the last four. */
	if (!mysql_take_zeros(&c, 6))
		return false;
	cursor_skip(&c, 4);
	if (cursor_left(&c) > 0)
		cursor_skip(&c, challenge_size > 8 + 13 ? challenge_size - 8u : 13);
	if (!cursor_ok(&c))
		return false;
	if (capabilities & CLIENT_PLUGIN_AUTH) {
		struct cursor name = mysql_take_string(&c);

		if (!is_printable(name))
			return false;
		if (name.left > 0)
			*offered = mysql_plugin_named(name);
	}
	return cursor_left(&c) == 0;
}

/* Protocol::HandshakeV10 or V9: the server's version, then what the protocol version asks for. */
bool
mysql_read_greeting(struct cursor c, const struct mysql_plugin **offered)
{
	uint8_t protocol = cursor_u8(&c);
	struct cursor version;
	bool numbered;

	*offered = &mysql_plugins[protocol == 10 ? MYSQL_PLUGIN_NATIVE : MYSQL_PLUGIN_OLD];
	if (!cursor_take_until(&c, 0, &version) || version.left == 0 || version.left > VERSION_MAX || !is_printable(version))
		return false;
	/* Where little else is fixed the version must look like one: "3.23.58". */
	numbered = cursor_peek(&version, 0) >= '0' && cursor_peek(&version, 0) <= '9' && cursor_find_nocase(&version, ".") > 0;
	if (protocol == 10)
		return read_greeting_10(c, numbered, offered);
	cursor_skip(&c, 4);
	(void)mysql_take_string(&c);
	return protocol == 9 && numbered && cursor_ok(&c) && cursor_left(&c) == 0;
}

bool
mysql_read_error(struct cursor c, struct mysql_error *out)
{
	struct cursor state;

	*out = (struct mysql_error){ 0 };
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

/* Protocol::HandshakeResponse320, of clients before 4.1, and its SSLRequest. */
static bool
read_response_320(struct cursor c, struct mysql_response *out)
{
	cursor_skip(&c, 2 + 3); /* capabilities, largest packet */
	if (cursor_ok(&c) && cursor_left(&c) == 0 && (out->capabilities & CLIENT_SSL)) {
		out->ssl_request = true;
		return true;
	}
	out->user = mysql_take_string(&c);
	out->data = mysql_take_string(&c);
	out->plugin = &mysql_plugins[MYSQL_PLUGIN_OLD];
	return cursor_ok(&c);
}

static struct cursor
take_response_data(struct cursor *c, uint32_t capabilities)
{
	if (capabilities & CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
		return mysql_take_lenenc_string(c);
	if (capabilities & CLIENT_SECURE_CONNECTION)
		return cursor_sub(c, cursor_u8(c));
	return mysql_take_string(c);
}

/* Protocol::HandshakeResponse41, or the SSLRequest that is its first 32 bytes. */
bool
mysql_read_response(struct cursor c, struct mysql_response *out)
{
	struct cursor bookmark = c, name;

	*out = (struct mysql_response){ .capabilities = cursor_u16le(&c) };
	if (!(out->capabilities & CLIENT_PROTOCOL_41))
		return read_response_320(bookmark, out);
	out->capabilities |= (uint32_t)cursor_u16le(&c) << 16;
	cursor_skip(&c, 4 + 1); /* largest packet, character set */
	/* 23 reserved bytes, of which MariaDB uses the last four. */
	out->exact = mysql_take_zeros(&c, 19);
	if (!out->exact)
		cursor_skip(&c, MYSQL_SSL_REQUEST_SIZE - (bookmark.left - c.left) - 4);
	cursor_skip(&c, 4);
	if (cursor_ok(&c) && cursor_left(&c) == 0 && (out->capabilities & CLIENT_SSL)) {
		out->ssl_request = true;
		return true;
	}
	if (!cursor_take_until(&c, 0, &out->user))
		return false;
	out->data = take_response_data(&c, out->capabilities);
	if (out->capabilities & CLIENT_CONNECT_WITH_DB)
		(void)mysql_take_string(&c);
	out->plugin = &mysql_plugins[out->capabilities & CLIENT_SECURE_CONNECTION ? MYSQL_PLUGIN_NATIVE : MYSQL_PLUGIN_OLD];
	if (out->capabilities & CLIENT_PLUGIN_AUTH) {
		name = mysql_take_string(&c);
		out->plugin = name.left > 0 ? mysql_plugin_named(name) : NULL;
		out->exact &= is_printable(name);
	}
	out->exact &= cursor_is_text(out->user);
	return cursor_ok(&c);
}

bool
mysql_is_ok_packet(struct cursor c)
{
	if (cursor_u8(&c) != 0)
		return false;
	(void)mysql_take_lenenc(&c);
	(void)mysql_take_lenenc(&c);
	return cursor_ok(&c) && (cursor_left(&c) == 0 || cursor_left(&c) >= 2);
}
