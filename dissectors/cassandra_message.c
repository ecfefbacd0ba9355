/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of CQL messages (native_protocol_v3.spec to _v5.spec, sections 3 and 4). */
#include <config.h>

#include "cassandra_message.h"

#include <string.h>

#include "sasl.h"

enum { MAP_ENTRIES_MAX = 256 };

/* [string], [long string], [bytes]: a size, and so many bytes. */
static struct cursor
take_string(struct cursor *c)
{
	return cursor_sub(c, cursor_u16(c));
}

static struct cursor
take_long_string(struct cursor *c)
{
	return cursor_sub(c, cursor_u32(c));
}

/* [bytes] may be null, with a size of -1. */
static struct cursor
take_bytes(struct cursor *c)
{
	uint32_t size = cursor_u32(c);

	return cursor_sub(c, size == UINT32_MAX ? 0 : size);
}

static void
skip_string_list(struct cursor *c)
{
	for (uint32_t left = cursor_u16(c); left > 0 && cursor_ok(c); left--)
		(void)take_string(c);
}

static void
skip_bytes_map(struct cursor *c)
{
	for (uint32_t left = cursor_u16(c); left > 0 && cursor_ok(c); left--) {
		(void)take_string(c);
		(void)take_bytes(c);
	}
}

/* A tracing id, warnings, a custom payload: in this order. */
bool
cql_skip_extras(const struct cql_header *h, enum direction from, struct cursor *body)
{
	if (from == FROM_SERVER && (h->flags & CQL_TRACING) != 0)
		cursor_skip(body, 16);
	if (from == FROM_SERVER && (h->flags & CQL_WARNING) != 0)
		skip_string_list(body);
	if ((h->flags & CQL_CUSTOM_PAYLOAD) != 0)
		skip_bytes_map(body);
	return cursor_ok(body);
}

static bool
is_at_end(const struct cursor *c)
{
	return cursor_ok(c) && cursor_left(c) == 0;
}

static bool
is_word(struct cursor text)
{
	return cursor_ok(&text) && cursor_left(&text) > 0 && cursor_is_text(text);
}

static enum cql_fit
exact_if(bool is)
{
	return is ? CQL_EXACT : CQL_UNFIT;
}

static enum cql_fit
check_empty(struct cursor body, uint8_t version)
{
	(void)version;
	return cursor_left(&body) == 0 ? CQL_FITS : CQL_UNFIT;
}

static enum cql_fit
check_map(struct cursor body, uint8_t version)
{
	uint32_t count = cursor_u16(&body);

	(void)version;
	if (count == 0 || count > MAP_ENTRIES_MAX)
		return CQL_UNFIT;
	for (; count > 0; count--) {
		if (!is_word(take_string(&body)))
			return CQL_UNFIT;
		(void)take_string(&body);
	}
	return exact_if(is_at_end(&body));
}

static enum cql_fit
check_multimap(struct cursor body, uint8_t version)
{
	uint32_t count = cursor_u16(&body);

	(void)version;
	if (count == 0 || count > MAP_ENTRIES_MAX)
		return CQL_UNFIT;
	for (; count > 0; count--) {
		if (!is_word(take_string(&body)))
			return CQL_UNFIT;
		skip_string_list(&body);
	}
	return exact_if(is_at_end(&body));
}

static enum cql_fit
check_word(struct cursor body, uint8_t version)
{
	struct cursor word = take_string(&body);

	(void)version;
	return exact_if(is_word(word) && is_at_end(&body));
}

static enum cql_fit
check_token(struct cursor body, uint8_t version)
{
	bool empty = cursor_left(&body) == 4 && cursor_peek(&body, 0) == 0;

	(void)version;
	(void)take_bytes(&body);
	return empty && is_at_end(&body) ? CQL_FITS : exact_if(is_at_end(&body));
}

/* What is behind the text: at least the consistency, and flags since version 2. */
static enum cql_fit
check_query(struct cursor body, uint8_t version)
{
	struct cursor text = take_long_string(&body);

	return exact_if(is_word(text) && cursor_left(&body) >= (version == 1 ? 2u : 3u));
}

static enum cql_fit
check_prepare(struct cursor body, uint8_t version)
{
	struct cursor text = take_long_string(&body);

	(void)version;
	if (!is_word(text))
		return CQL_UNFIT;
	return cursor_left(&body) == 0 ? CQL_EXACT : CQL_FITS;
}

static enum cql_fit
check_execute(struct cursor body, uint8_t version)
{
	struct cursor id = take_string(&body);

	(void)version;
	return cursor_left(&id) > 0 && cursor_left(&body) >= 2 ? CQL_FITS : CQL_UNFIT;
}

static enum cql_fit
check_batch(struct cursor body, uint8_t version)
{
	uint8_t type = cursor_u8(&body);

	(void)version;
	return type <= 2 && cursor_left(&body) >= 4 ? CQL_FITS : CQL_UNFIT;
}

static const char *const event_words[] = { "TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE", NULL };
static const char *const change_words[] = { "CREATED", "UPDATED", "DROPPED", NULL };

static bool
is_one_of(struct cursor word, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (cursor_equals(&word, words[i]))
			return true;
	return false;
}

static enum cql_fit
check_register(struct cursor body, uint8_t version)
{
	uint16_t count = cursor_u16(&body);

	(void)version;
	for (; count > 0; count--)
		if (!is_one_of(take_string(&body), event_words))
			return CQL_UNFIT;
	return exact_if(is_at_end(&body));
}

static enum cql_fit
check_event(struct cursor body, uint8_t version)
{
	(void)version;
	return exact_if(is_one_of(take_string(&body), event_words));
}

/* 4.2.5: void, rows, the keyspace, a statement that was prepared, a change of the schema. */
static enum cql_fit
check_result(struct cursor body, uint8_t version)
{
	switch (cursor_u32(&body)) {
	case 1:
		return cursor_left(&body) == 0 ? CQL_FITS : CQL_UNFIT;
	case 2:
		return cursor_left(&body) >= 8 ? CQL_FITS : CQL_UNFIT;
	case 3:
		return check_word(body, version);
	case 4:
		return cursor_left(&body) >= 2 ? CQL_FITS : CQL_UNFIT;
	case 5:
		return exact_if(is_one_of(take_string(&body), change_words));
	default:
		return CQL_UNFIT;
	}
}

static enum cql_fit
check_error(struct cursor body, uint8_t version)
{
	uint32_t code = cursor_u32(&body);
	struct cursor text = take_string(&body);

	(void)version;
	if (code > 0x2600 || !cursor_ok(&text) || !cursor_is_text(text))
		return CQL_UNFIT;
	return cursor_left(&text) > 0 ? CQL_EXACT : CQL_FITS; /* nothing but zeros otherwise */
}

static enum cql_fit (*const checks[CQL_OPCODE_COUNT])(struct cursor, uint8_t version) = {
	[CQL_ERROR] = check_error,
	[CQL_STARTUP] = check_map,
	[CQL_READY] = check_empty,
	[CQL_AUTHENTICATE] = check_word,
	[CQL_CREDENTIALS] = check_map,
	[CQL_OPTIONS] = check_empty,
	[CQL_SUPPORTED] = check_multimap,
	[CQL_QUERY] = check_query,
	[CQL_RESULT] = check_result,
	[CQL_PREPARE] = check_prepare,
	[CQL_EXECUTE] = check_execute,
	[CQL_REGISTER] = check_register,
	[CQL_EVENT] = check_event,
	[CQL_BATCH] = check_batch,
	[CQL_AUTH_CHALLENGE] = check_token,
	[CQL_AUTH_RESPONSE] = check_token,
	[CQL_AUTH_SUCCESS] = check_token,
};

enum cql_fit
cql_check(const struct cql_header *h, struct cursor body)
{
	return checks[h->opcode](body, h->version);
}

bool
cql_may_begin(const struct cql_header *h, struct cursor body)
{
	uint32_t first;

	if ((h->flags & CQL_COMPRESSED) != 0)
		return h->size > 0;
	if (h->size == 0)
		return h->opcode == CQL_OPTIONS || h->opcode == CQL_READY;
	if (h->size < 4 || h->opcode == CQL_OPTIONS || h->opcode == CQL_READY)
		return false;
	first = cursor_u32(&body);
	if (!cursor_ok(&body) || (h->flags & ~CQL_BETA) != 0)
		return true;
	switch (h->opcode) {
	case CQL_QUERY:
	case CQL_PREPARE:
		return first > 0 && first <= h->size - 4;
	case CQL_AUTH_CHALLENGE:
	case CQL_AUTH_RESPONSE:
	case CQL_AUTH_SUCCESS:
		return first == h->size - 4 || (first == UINT32_MAX && h->size == 4);
	case CQL_RESULT:
		return first >= 1 && first <= 5;
	case CQL_ERROR:
		return first <= 0x2600;
	case CQL_BATCH:
		return first >> 24 <= 2;
	case CQL_STARTUP:
	case CQL_CREDENTIALS:
	case CQL_SUPPORTED:
	case CQL_REGISTER:
		return first >> 16 <= MAP_ENTRIES_MAX && first >> 16 > 0 && (first & 0xffff) <= h->size - 4;
	default: /* a string first */
		return first >> 16 > 0 && first >> 16 <= h->size - 2;
	}
}

struct cursor
cql_map_value(struct cursor map, const char *key)
{
	for (uint32_t left = cursor_u16(&map); left > 0 && cursor_ok(&map); left--) {
		struct cursor name = take_string(&map), value = take_string(&map);

		if (cursor_ok(&map) && cursor_equals_nocase(&name, key))
			return value;
	}
	return cursor_over(NULL, 0);
}

struct cursor
cql_token(struct cursor body)
{
	return take_bytes(&body);
}

/* Classes of Cassandra, DSE, ScyllaDB and their likes, without their packages. */
static const struct {
	const char *name, *method;
} authenticators[] = {
	{ "PasswordAuthenticator", "sasl-plain" },
	{ "CassandraLoginAuthenticator", "sasl-plain" },
	{ "LDAPAuthenticator", "sasl-plain" },
	{ "LdapAuthenticator", "sasl-plain" },
	{ "SaslauthdAuthenticator", "sasl-plain" },
	{ "TransitionalAuthenticator", "sasl-plain" },
	{ "KerberosAuthenticator", "sasl-gssapi" },
	{ "MutualTlsAuthenticator", "cassandra-mutual-tls" },
	{ "CertificateAuthenticator", "cassandra-mutual-tls" },
};

const char *
cql_authenticator_method(struct cursor class_name)
{
	struct cursor package;

	while (cursor_take_until(&class_name, '.', &package))
		;
	for (size_t i = 0; i < sizeof(authenticators) / sizeof(authenticators[0]); i++)
		if (cursor_equals(&class_name, authenticators[i].name))
			return authenticators[i].method;
	return "cassandra-other";
}

/* "\0user\0password" (RFC 4616); a mechanism's name, as DSE asks for it first; AWS's signed requests. */
struct cql_login
cql_read_token(struct cursor token)
{
	struct cql_login login = { .method = NULL };
	struct cursor rest = token, authorization, user;

	if (cursor_starts_with(&token, "SigV4")) {
		login.method = "sigv4";
	} else if (sasl_is_known(token)) {
		login.method = sasl_mechanism(token)->method;
	} else if (cursor_take_until(&rest, 0, &authorization) && cursor_take_until(&rest, 0, &user) && cursor_left(&user) > 0 && cursor_is_text(user) && cursor_is_text(rest)) {
		login.method = "sasl-plain";
		login.secret = cursor_left(&rest) > 0;
		login.user = user;
	}
	return login;
}
