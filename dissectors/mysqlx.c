/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The X Protocol of MySQL (MySQL Source Code Documentation, "X Protocol"): a size of four bytes,
 * little-endian, of what follows; a type; a message in Protocol Buffers. The client asks for TLS by a
 * capability, then authenticates by a mechanism; whoever has not, is not served.
 */
#include <config.h>

#include "dissector.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "protobuf.h"

enum {
	HEADER_SIZE = 5,
	MESSAGE_READ_MAX = 4096,   /* of those that are read; others are passed over */
	MESSAGE_MAX = 1 << 26,     /* mysqlx_max_allowed_packet */
	ERROR_ACCESS_DENIED = 1045,
};

enum client_message {
	CAPABILITIES_GET = 1,
	CAPABILITIES_SET = 2,
	CLOSE = 3,
	AUTHENTICATE_START = 4,
	AUTHENTICATE_CONTINUE = 5,
	SESSION_RESET = 6,
	SESSION_CLOSE = 7,
	EXECUTE = 12,
	FIND = 17,
	EXPECT_CLOSE = 25,
	COMPRESSION = 46,
};

enum server_message {
	OK = 0,
	ERROR = 1,
	CAPABILITIES = 2,
	SERVER_AUTHENTICATE_CONTINUE = 3,
	AUTHENTICATE_OK = 4,
	NOTICE = 11,
	SERVER_COMPRESSION = 19,
};

struct mechanism {
	const char *name, *method;
	bool replayable;
};

static const struct mechanism mechanisms[] = {
	{ "MYSQL41", "mysql41", false },             /* SHA-1 challenge and response */
	{ "SHA256_MEMORY", "sha256_memory", false }, /* the same with SHA-256 */
	{ "PLAIN", "sasl-plain", true },
	{ "", "mysqlx-other", false },               /* its name is not kept */
};

struct mysqlx_state {
	const struct mechanism *mechanism; /* the one under way, or NULL */
	bool tls_asked;   /* by the client; the server's word is to come */
	bool client_seen; /* a message of the client's */
	bool named;
};

static_assert(sizeof(struct mysqlx_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char specification[] = "MySQL X Protocol";

struct frame {
	uint8_t type;
	uint32_t size; /* of the message */
};

static bool
type_exists(enum direction from, uint8_t type)
{
	if (from == FROM_SERVER)
		return type <= SERVER_COMPRESSION && !(type > AUTHENTICATE_OK && type < NOTICE);
	return (type >= CAPABILITIES_GET && type <= SESSION_CLOSE) || type == EXECUTE || (type >= FIND && type <= EXPECT_CLOSE) || (type >= 30 && type <= COMPRESSION);
}

static bool
read_frame(struct cursor *c, enum direction from, struct frame *frame)
{
	uint32_t size = cursor_u32le(c);

	*frame = (struct frame){ .type = cursor_u8(c), .size = size - 1 };
	return cursor_ok(c) && size >= 1 && size <= MESSAGE_MAX && type_exists(from, frame->type);
}

/* Probes. */

/* What the first message of a client must be: a question about capabilities, or a login with a mechanism we know. */
static bool
is_first_of_client(const struct frame *frame, struct cursor message)
{
	struct protobuf_field capabilities, capability, name, mechanism;

	switch (frame->type) {
	case CAPABILITIES_GET:
		return frame->size == 0;
	case CAPABILITIES_SET:
		return protobuf_find(message, 1, PROTOBUF_BYTES, &capabilities) && protobuf_find(capabilities.bytes, 1, PROTOBUF_BYTES, &capability) &&
			protobuf_find(capability.bytes, 1, PROTOBUF_BYTES, &name) && cursor_left(&name.bytes) > 0 && cursor_is_text(name.bytes);
	case AUTHENTICATE_START:
		if (!protobuf_find(message, 1, PROTOBUF_BYTES, &mechanism))
			return false;
		for (size_t i = 0; mechanisms[i].name[0] != '\0'; i++)
			if (cursor_equals(&mechanism.bytes, mechanisms[i].name))
				return true;
		return false;
	default:
		return false;
	}
}

/* A server's: the notice "hello" it opens with, capabilities with names, a challenge of 20 bytes, an error. */
static bool
is_first_of_server(const struct frame *frame, struct cursor message)
{
	struct protobuf_field field, name;

	switch (frame->type) {
	case NOTICE:
		return protobuf_find(message, 1, PROTOBUF_VARINT, &field) && field.value >= 1 && field.value <= 5;
	case CAPABILITIES:
		return protobuf_find(message, 1, PROTOBUF_BYTES, &field) && protobuf_find(field.bytes, 1, PROTOBUF_BYTES, &name) && cursor_is_text(name.bytes) && cursor_left(&name.bytes) > 2;
	case SERVER_AUTHENTICATE_CONTINUE:
		return protobuf_find(message, 1, PROTOBUF_BYTES, &field) && cursor_left(&field.bytes) >= 20 && frame->size == cursor_left(&field.bytes) + 2;
	case ERROR:
		return protobuf_find(message, 2, PROTOBUF_VARINT, &field) && field.value >= 1000 && protobuf_find(message, 4, PROTOBUF_BYTES, &field) && cursor_left(&field.bytes) == 5;
	default:
		return false;
	}
}

static enum verdict
mysqlx_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct frame frame;
	struct cursor message;

	(void)flow;
	if (cursor_left(&bytes) < HEADER_SIZE)
		return NEED_MORE;
	if (!read_frame(&bytes, from, &frame) || frame.size > MESSAGE_READ_MAX)
		return NO_MATCH;
	if (frame.size > cursor_left(&bytes))
		return NEED_MORE;
	message = cursor_sub(&bytes, frame.size);
	if (!protobuf_is_message(message))
		return NO_MATCH;
	if (from == FROM_CLIENT ? !is_first_of_client(&frame, message) : !is_first_of_server(&frame, message))
		return NO_MATCH;
	/* A question of five bytes is little; it is the whole of what there is before the answer. */
	*strength = frame.size > 2 ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE;
	return MATCH;
}

/* Messages. */

static void
name_protocol(struct dissection *d, enum direction from, uint64_t offset)
{
	evidence_plaintext(d->evidence, "mysqlx", STRENGTH_STRUCTURE, specification, from, offset);
}

/* Whether a capability of the name "tls" is set to true: Capability.value, Any.scalar, Scalar.v_bool. */
static bool
asks_for_tls(struct cursor message)
{
	struct protobuf_field capabilities, capability, name, any, scalar, value;

	if (!protobuf_find(message, 1, PROTOBUF_BYTES, &capabilities))
		return false;
	while (protobuf_next(&capabilities.bytes, &capability))
		if (capability.type == PROTOBUF_BYTES && protobuf_find(capability.bytes, 1, PROTOBUF_BYTES, &name) && cursor_equals(&name.bytes, "tls"))
			return protobuf_find(capability.bytes, 2, PROTOBUF_BYTES, &any) && protobuf_find(any.bytes, 2, PROTOBUF_BYTES, &scalar) &&
				protobuf_find(scalar.bytes, 7, PROTOBUF_VARINT, &value) && value.value != 0;
	return false;
}

static void
keep_principal(struct dissection *d, struct cursor auth_data)
{
	struct cursor schema, user;

	/* "schema NUL user NUL password or hash" */
	if (d->evidence->want_principals && cursor_take_until(&auth_data, 0, &schema) && cursor_take_until(&auth_data, 0, &user))
		cursor_copy_text(&user, d->evidence->authentication.principal, sizeof(d->evidence->authentication.principal));
}

static void
attempt(struct dissection *d, uint64_t offset)
{
	const struct mysqlx_state *s = d->state;

	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->mechanism->method, STRENGTH_STRUCTURE, "Mysqlx.Session.AuthenticateStart", FROM_CLIENT, offset);
}

static void
read_start(struct dissection *d, struct cursor message, uint64_t offset)
{
	struct mysqlx_state *s = d->state;
	struct protobuf_field name, data;
	size_t i = 0;

	if (!protobuf_find(message, 1, PROTOBUF_BYTES, &name))
		return;
	while (mechanisms[i].name[0] != '\0' && !cursor_equals(&name.bytes, mechanisms[i].name))
		i++;
	s->mechanism = &mechanisms[i];
	attempt(d, offset);
	if (!protobuf_find(message, 2, PROTOBUF_BYTES, &data) && !protobuf_find(message, 3, PROTOBUF_BYTES, &data))
		return;
	if (s->mechanism->replayable && cursor_left(&data.bytes) > 0)
		evidence_cleartext_credentials(d->evidence, "Mysqlx.Session.AuthenticateStart", FROM_CLIENT, offset);
	keep_principal(d, data.bytes);
}

static void
read_continue(struct dissection *d, struct cursor message)
{
	struct protobuf_field data;

	if (protobuf_find(message, 1, PROTOBUF_BYTES, &data))
		keep_principal(d, data.bytes);
}

static enum verdict
on_client(struct dissection *d, const struct frame *frame, struct cursor message, uint64_t offset)
{
	struct mysqlx_state *s = d->state;

	switch (frame->type) {
	case CAPABILITIES_SET:
		s->tls_asked = asks_for_tls(message);
		break;
	case AUTHENTICATE_START:
		read_start(d, message, offset);
		break;
	case AUTHENTICATE_CONTINUE:
		read_continue(d, message);
		break;
	}
	return MATCH;
}

static enum verdict
on_error(struct dissection *d, struct cursor message, uint64_t offset)
{
	struct mysqlx_state *s = d->state;
	struct protobuf_field code, state;
	bool refused;

	if (s->tls_asked) {
		s->tls_asked = false;
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	/* 1045, or another error of SQLSTATE class 28, "invalid authorization specification". */
	refused = (protobuf_find(message, 2, PROTOBUF_VARINT, &code) && code.value == ERROR_ACCESS_DENIED) ||
		(protobuf_find(message, 4, PROTOBUF_BYTES, &state) && cursor_starts_with(&state.bytes, "28")) ||
		(protobuf_find(message, 3, PROTOBUF_BYTES, &state) && cursor_starts_with(&state.bytes, "28"));
	if (refused)
		evidence_authentication(d->evidence, AUTH_FAILURE, s->mechanism != NULL ? s->mechanism->method : NULL, STRENGTH_EXCHANGE, "Mysqlx.Error", FROM_SERVER, offset);
	s->mechanism = NULL;
	return MATCH;
}

static enum verdict
on_server(struct dissection *d, const struct frame *frame, struct cursor message, uint64_t offset)
{
	struct mysqlx_state *s = d->state;

	switch (frame->type) {
	case OK:
		if (s->tls_asked) {
			d->next = &tls_dissector;
			return UPGRADE;
		}
		break;
	case ERROR:
		return on_error(d, message, offset);
	case AUTHENTICATE_OK:
		if (s->mechanism == NULL && !s->named)
			return NO_MATCH;
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->mechanism != NULL ? s->mechanism->method : NULL, STRENGTH_EXCHANGE, "Mysqlx.Session.AuthenticateOk", FROM_SERVER, offset);
		return DONE;
	}
	return MATCH;
}

static bool
is_read(enum direction from, uint8_t type)
{
	return from == FROM_CLIENT ? type <= AUTHENTICATE_CONTINUE : type <= AUTHENTICATE_OK || type == NOTICE;
}

/*
 * The server's Ok to the wish for TLS is the last word before it: not read before the wish is. And nobody is let in
 * who has not asked.
 */
static bool
must_wait(const struct dissection *d, enum direction from, const struct frame *frame)
{
	const struct mysqlx_state *s = d->state;

	if (from == FROM_CLIENT || !d->flow->handshake_seen)
		return false;
	return frame->type == AUTHENTICATE_OK ? s->mechanism == NULL : frame->type != NOTICE && !s->client_seen;
}

/* What opens a conversation has to be more than five bytes whose numbers fit. */
static bool
may_open(const struct dissection *d, enum direction from, const struct frame *frame, struct cursor message)
{
	const struct mysqlx_state *s = d->state;

	return s->named || frame->size <= 2 || (from == FROM_CLIENT ? is_first_of_client(frame, message) : is_first_of_server(frame, message));
}

static enum verdict
mysqlx_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct mysqlx_state *s = d->state;
	struct cursor start = *bytes, message;
	struct frame frame;

	if (cursor_left(bytes) < HEADER_SIZE) {
		d->need = HEADER_SIZE;
		return NEED_MORE;
	}
	if (!read_frame(bytes, from, &frame))
		return s->named ? MALFORMED : NO_MATCH;
	if (must_wait(d, from, &frame)) {
		*bytes = start;
		return NEED_MORE;
	}
	s->client_seen |= from == FROM_CLIENT;
	if (frame.size > MESSAGE_READ_MAX || !is_read(from, frame.type)) {
		if (frame.size > cursor_left(bytes))
			d->skip = frame.size - cursor_left(bytes);
		cursor_skip(bytes, frame.size < cursor_left(bytes) ? frame.size : cursor_left(bytes));
		return MATCH;
	}
	if (frame.size > cursor_left(bytes)) {
		*bytes = start;
		d->need = HEADER_SIZE + frame.size;
		return NEED_MORE;
	}
	message = cursor_sub(bytes, frame.size);
	if (!protobuf_is_message(message) || !may_open(d, from, &frame, message))
		return s->named ? MALFORMED : NO_MATCH;
	if (frame.size > 2) {
		s->named = true;
		name_protocol(d, from, d->offset[from]);
	}
	return from == FROM_CLIENT ? on_client(d, &frame, message, d->offset[from]) : on_server(d, &frame, message, d->offset[from]);
}

const struct dissector mysqlx_dissector = {
	.name = "mysqlx",
	.specification = "MySQL Source Code Documentation, X Protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 33060 },
	.state_size = sizeof(struct mysqlx_state),
	.probe = mysqlx_probe,
	.dissect = mysqlx_dissect,
};
