/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads messages of PostgreSQL's frontend/backend protocol 3 (documentation, section "Message Formats").
 */
#include <config.h>

#include "postgresql_message.h"

enum {
	STARTUP_MAX = 10000, /* MAX_STARTUP_PACKET_LENGTH of the server */
	STARTUP_V2_SIZE = 296, /* of the fixed StartupPacket of protocol 2.0 */
	CANCEL_MAX = 4 + 4 + 4 + 256, /* protocol 3.2 has keys of up to 256 bytes */
	COMMAND_TAG_MAX = 64,
};

/* ------------------------------------------------------------------------------------------------
 * Strict readers of message bodies. They carry the recognition of a stream joined in the middle,
 * so each must account for every byte.
 */

bool
postgresql_take_string(struct cursor *c, struct cursor *text)
{
	if (cursor_take_until(c, 0, text))
		return true;
	cursor_fail(c);
	return false;
}

static bool
at_end(const struct cursor *c)
{
	return cursor_ok(c) && cursor_left(c) == 0;
}

static bool
take_strings(struct cursor *c, unsigned count)
{
	struct cursor text;

	while (count-- > 0)
		if (!postgresql_take_string(c, &text) || !cursor_is_text(text))
			return false;
	return true;
}

/* Int16 count, then that many format codes, each 0 (text) or 1 (binary). */
static bool
take_formats(struct cursor *c)
{
	for (unsigned n = cursor_u16(c); n > 0 && cursor_ok(c); n--)
		if (cursor_u16(c) > 1)
			return false;
	return cursor_ok(c);
}

/* Int16 count, then that many values: an Int32 size, -1 for NULL, and its bytes. */
static bool
take_values(struct cursor *c)
{
	for (unsigned n = cursor_u16(c); n > 0 && cursor_ok(c); n--) {
		uint32_t size = cursor_u32(c);

		if (size != UINT32_MAX)
			cursor_skip(c, size);
	}
	return cursor_ok(c);
}

static bool
valid_empty(struct cursor c)
{
	return at_end(&c);
}

static bool
valid_any(struct cursor c)
{
	return cursor_ok(&c);
}

static bool
valid_one_string(struct cursor c)
{
	return take_strings(&c, 1) && at_end(&c);
}

static bool
valid_parse(struct cursor c)
{
	if (!take_strings(&c, 2))
		return false;
	cursor_skip(&c, (size_t)cursor_u16(&c) * 4);
	return at_end(&c);
}

static bool
valid_bind(struct cursor c)
{
	return take_strings(&c, 2) && take_formats(&c) && take_values(&c) && take_formats(&c) && at_end(&c);
}

/* Describe and Close: 'S' a prepared statement, 'P' a portal. */
static bool
valid_describe(struct cursor c)
{
	uint8_t kind = cursor_u8(&c);

	return (kind == 'S' || kind == 'P') && valid_one_string(c);
}

static bool
valid_execute(struct cursor c)
{
	if (!take_strings(&c, 1))
		return false;
	cursor_skip(&c, 4);
	return at_end(&c);
}

static bool
valid_function_call(struct cursor c)
{
	cursor_skip(&c, 4);
	return take_formats(&c) && take_values(&c) && cursor_u16(&c) <= 1 && at_end(&c);
}

static bool
valid_parameter_status(struct cursor c)
{
	return cursor_peek(&c, 0) > ' ' && take_strings(&c, 2) && at_end(&c);
}

static bool
valid_key_data(struct cursor c)
{
	return cursor_left(&c) >= 8 && cursor_left(&c) <= 4 + 256;
}

bool
postgresql_is_ready(struct cursor c)
{
	uint8_t status = cursor_u8(&c);

	return (status == 'I' || status == 'T' || status == 'E') && at_end(&c);
}

/* Columns: name, table OID, column number, type OID, type size, type modifier, format code. */
static bool
valid_row_description(struct cursor c)
{
	for (unsigned n = cursor_u16(&c); n > 0; n--) {
		if (!take_strings(&c, 1))
			return false;
		cursor_skip(&c, 4 + 2 + 4 + 2 + 4);
		if (cursor_u16(&c) > 1)
			return false;
	}
	return at_end(&c);
}

static bool
valid_data_row(struct cursor c)
{
	return take_values(&c) && at_end(&c);
}

/* A command tag: "SELECT 5", "CREATE TABLE". */
static bool
valid_command_complete(struct cursor c)
{
	struct cursor tag;

	if (!postgresql_take_string(&c, &tag) || !at_end(&c) || tag.left == 0 || tag.left > COMMAND_TAG_MAX)
		return false;
	while (cursor_left(&tag) > 0) {
		uint8_t b = cursor_u8(&tag);

		if (!(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9') && b != ' ' && b != '_')
			return false;
	}
	return true;
}

static bool
valid_parameter_description(struct cursor c)
{
	cursor_skip(&c, (size_t)cursor_u16(&c) * 4);
	return at_end(&c);
}

static bool
valid_notification(struct cursor c)
{
	cursor_skip(&c, 4);
	return take_strings(&c, 2) && at_end(&c);
}

static bool
valid_copy_response(struct cursor c)
{
	return cursor_u8(&c) <= 1 && take_formats(&c) && at_end(&c);
}

static bool
valid_function_result(struct cursor c)
{
	uint32_t size = cursor_u32(&c);

	if (size != UINT32_MAX)
		cursor_skip(&c, size);
	return at_end(&c);
}

/* NegotiateProtocolVersion: the newest version served, then the options not known. */
static bool
valid_negotiate_version(struct cursor c)
{
	uint32_t count;

	cursor_skip(&c, 4);
	count = cursor_u32(&c);
	return count <= STARTUP_MAX && take_strings(&c, count) && at_end(&c);
}

bool
postgresql_read_error(struct cursor c, struct postgresql_error *out)
{
	struct cursor text = { 0 };
	uint8_t field;

	*out = (struct postgresql_error){ 0 };
	if (cursor_peek(&c, 0) != 'S')
		return false;
	while ((field = cursor_u8(&c)) != 0) {
		if (!postgresql_take_string(&c, &text) || !cursor_is_text(text))
			return false;
		if (field == 'C' && text.left == 5)
			cursor_copy_text(&text, out->sqlstate, sizeof(out->sqlstate));
		else if (field == 'M')
			out->message = text;
	}
	return at_end(&c) && out->sqlstate[0] != '\0';
}

static bool
valid_error(struct cursor c)
{
	struct postgresql_error error;

	return postgresql_read_error(c, &error);
}

/* The requests of AuthenticationXXX, by their code. */
static const struct postgresql_challenge challenges[] = {
	[0] = { .size = 4 }, /* AuthenticationOk */
	[1] = { .size = 4, .method = "krb4" },
	[2] = { .size = 4, .method = "krb5" },
	[3] = { .size = 4, .method = "cleartext-password" },
	[4] = { .size = 6, .method = "crypt" },
	[5] = { .size = 8, .method = "md5" },
	[6] = { .size = 4, .method = "scm" },
	[7] = { .size = 4, .method = "gssapi" },
	[8] = { .size = 4, .varies = true }, /* GSSContinue */
	[9] = { .size = 4, .method = "sspi" },
	[10] = { .size = 4 + 3, .varies = true, .method = "sasl-other" },
	[11] = { .size = 4, .varies = true }, /* SASLContinue */
	[12] = { .size = 4, .varies = true }, /* SASLFinal */
};

enum { AUTHENTICATION_COUNT = sizeof(challenges) / sizeof(challenges[0]) };

const struct postgresql_challenge *
postgresql_challenge(uint32_t code)
{
	return code < AUTHENTICATION_COUNT ? &challenges[code] : NULL;
}

/* AuthenticationSASL's list of mechanism names, ended by an empty one. */
static bool
valid_mechanisms(struct cursor c)
{
	struct cursor name;

	while (postgresql_take_string(&c, &name) && name.left > 0)
		if (!cursor_is_text(name))
			return false;
	return at_end(&c);
}

static bool
valid_authentication(struct cursor c)
{
	size_t size = cursor_left(&c);
	uint32_t code = cursor_u32(&c);
	const struct postgresql_challenge *known = postgresql_challenge(code);

	if (!cursor_ok(&c) || known == NULL)
		return false;
	if (known->varies ? size < known->size : size != known->size)
		return false;
	return code != POSTGRESQL_AUTHENTICATION_SASL || valid_mechanisms(c);
}

/* ------------------------------------------------------------------------------------------------
 * Typed messages
 */

/* How much a message says about its stream. */
enum weight {
	WEIGHT_NONE, /* its body may be anything */
	WEIGHT_HALF, /* two of these in a row are no accident */
	WEIGHT_WHOLE, /* unmistakable alone */
};

struct message_type {
	bool (*valid)(struct cursor body); /* NULL: no such type in this direction */
	uint8_t weight;
};

static const struct message_type client_types[128] = {
	['B'] = { valid_bind, WEIGHT_HALF },
	['C'] = { valid_describe, WEIGHT_HALF },
	['D'] = { valid_describe, WEIGHT_HALF },
	['E'] = { valid_execute, WEIGHT_HALF },
	['F'] = { valid_function_call, WEIGHT_HALF },
	['H'] = { valid_empty, WEIGHT_HALF },
	['P'] = { valid_parse, WEIGHT_HALF },
	['Q'] = { valid_one_string, WEIGHT_HALF },
	['S'] = { valid_empty, WEIGHT_HALF },
	['X'] = { valid_empty, WEIGHT_HALF },
	['c'] = { valid_empty, WEIGHT_HALF },
	['d'] = { valid_any, WEIGHT_NONE },
	['f'] = { valid_one_string, WEIGHT_HALF },
	['p'] = { valid_any, WEIGHT_NONE },
};

static const struct message_type server_types[128] = {
	['1'] = { valid_empty, WEIGHT_HALF },
	['2'] = { valid_empty, WEIGHT_HALF },
	['3'] = { valid_empty, WEIGHT_HALF },
	['A'] = { valid_notification, WEIGHT_HALF },
	['C'] = { valid_command_complete, WEIGHT_HALF },
	['D'] = { valid_data_row, WEIGHT_HALF },
	['E'] = { valid_error, WEIGHT_WHOLE },
	['G'] = { valid_copy_response, WEIGHT_HALF },
	['H'] = { valid_copy_response, WEIGHT_HALF },
	['I'] = { valid_empty, WEIGHT_HALF },
	['K'] = { valid_key_data, WEIGHT_HALF },
	['N'] = { valid_error, WEIGHT_WHOLE },
	['R'] = { valid_authentication, WEIGHT_WHOLE },
	['S'] = { valid_parameter_status, WEIGHT_HALF },
	['T'] = { valid_row_description, WEIGHT_HALF },
	['V'] = { valid_function_result, WEIGHT_HALF },
	['W'] = { valid_copy_response, WEIGHT_HALF },
	['Z'] = { postgresql_is_ready, WEIGHT_HALF },
	['c'] = { valid_empty, WEIGHT_HALF },
	['d'] = { valid_any, WEIGHT_NONE },
	['n'] = { valid_empty, WEIGHT_HALF },
	['s'] = { valid_empty, WEIGHT_HALF },
	['t'] = { valid_parameter_description, WEIGHT_HALF },
	['v'] = { valid_negotiate_version, WEIGHT_HALF },
};

static const struct message_type *
message_type(enum direction from, uint8_t type)
{
	const struct message_type *found = from == FROM_CLIENT ? client_types : server_types;

	return type < 128 && found[type].valid != NULL ? &found[type] : NULL;
}

bool
postgresql_is_message(enum direction from, uint8_t type)
{
	return message_type(from, type) != NULL;
}

/*
 * CopyData may be anything, but in streaming replication (section "Streaming Replication
 * Protocol") it is WAL ('w'), a keepalive ('k') or a standby's status ('r'), each with the time in
 * microseconds since 2000: as a bound, from about 2009 to 2142.
 */
static unsigned
copy_data_weight(struct cursor body)
{
	size_t size = cursor_left(&body);
	uint8_t kind = cursor_u8(&body);
	uint64_t time;

	if (kind == 'w' ? size < 25 : kind == 'k' ? size != 18
						  : kind != 'r' || size != 34)
		return WEIGHT_NONE;
	cursor_skip(&body, kind == 'w' ? 16 : kind == 'k' ? 8
							  : 24);
	time = cursor_u64(&body);
	return time >> 48 != 0 && time >> 52 == 0 ? WEIGHT_HALF : WEIGHT_NONE;
}

enum verdict
postgresql_probe_chain(enum direction from, struct cursor bytes)
{
	unsigned weight = WEIGHT_NONE;

	while (cursor_left(&bytes) > 0) {
		uint8_t letter = cursor_u8(&bytes);
		const struct message_type *type = message_type(from, letter);
		uint32_t size;
		struct cursor body;

		if (type == NULL)
			return NO_MATCH;
		if (cursor_left(&bytes) < 4)
			break;
		size = cursor_u32(&bytes);
		if (size < 4 || size > POSTGRESQL_MESSAGE_MAX)
			return NO_MATCH;
		if (cursor_left(&bytes) < size - 4)
			break;
		body = cursor_sub(&bytes, size - 4);
		if (!type->valid(body))
			return NO_MATCH;
		weight += letter == 'd' ? copy_data_weight(body) : type->weight;
	}
	return weight >= WEIGHT_WHOLE ? MATCH : NEED_MORE;
}

/* ------------------------------------------------------------------------------------------------
 * Messages without a type, by which a client begins
 */

/* A parameter's name: "user", "application_name", "_pq_.option". */
static bool
is_parameter_name(struct cursor name)
{
	if (cursor_left(&name) == 0)
		return false;
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);

		if (!((b | 0x20) >= 'a' && (b | 0x20) <= 'z') && !(b >= '0' && b <= '9') && b != '_' && b != '.')
			return false;
	}
	return true;
}

/* StartupMessage: pairs of Strings, name and value, then a NUL which is its last byte. */
static bool
read_parameters(struct cursor c, struct postgresql_startup *out)
{
	struct cursor name, value;
	bool user = false;

	while (cursor_peek(&c, 0) > 0) {
		if (!postgresql_take_string(&c, &name) || !postgresql_take_string(&c, &value) || !is_parameter_name(name))
			return false;
		if (cursor_equals(&name, "user")) {
			out->user = value;
			user = true;
		} else if (cursor_equals(&name, "replication")) {
			/* Any spelling of false leaves it an ordinary connection. */
			out->replication = cursor_starts_with_nocase(&value, "t") || cursor_starts_with_nocase(&value, "on") || cursor_starts_with_nocase(&value, "y") || cursor_equals(&value, "1") || cursor_equals(&value, "database");
		}
	}
	return cursor_u8(&c) == 0 && at_end(&c) && user;
}

/* Whether bytes may be the beginning of a StartupMessage's parameters, of which not all are here. */
static bool
may_be_parameters(struct cursor c)
{
	struct cursor name, value;

	while (cursor_left(&c) > 0) {
		if (!cursor_take_until(&c, 0, &name))
			return is_parameter_name(c);
		if (!is_parameter_name(name))
			return false;
		if (!cursor_take_until(&c, 0, &value))
			return true;
	}
	return true;
}

static bool
valid_startup_size(uint32_t size, uint32_t code)
{
	switch (code) {
	case POSTGRESQL_SSL_REQUEST_CODE:
	case POSTGRESQL_GSSENC_REQUEST_CODE:
		return size == 8;
	case POSTGRESQL_CANCEL_REQUEST_CODE:
		return size >= 16 && size <= CANCEL_MAX;
	case 2 << 16:
		return size == STARTUP_V2_SIZE;
	default:
		return code >> 16 == 3 && size > 8 + 6 && size <= STARTUP_MAX;
	}
}

enum verdict
postgresql_read_startup(struct cursor *bytes, struct postgresql_startup *out)
{
	struct cursor c = *bytes, body;

	*out = (struct postgresql_startup){ 0 };
	if (cursor_left(&c) < 8)
		return cursor_peek(&c, 0) == 0 && cursor_peek(&c, 1) <= 0 ? NEED_MORE : NO_MATCH;
	out->size = cursor_u32(&c);
	out->code = cursor_u32(&c);
	if (!valid_startup_size(out->size, out->code))
		return NO_MATCH;
	if (cursor_left(&c) < out->size - 8)
		return out->code >> 16 != 3 || may_be_parameters(c) ? NEED_MORE : NO_MATCH;
	body = cursor_sub(&c, out->size - 8);
	if (out->code >> 16 == 3 && !read_parameters(body, out))
		return NO_MATCH;
	*bytes = c;
	return MATCH;
}
