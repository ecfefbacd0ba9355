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

#include "mysql_midstream.h"
#include "mysql_packet.h"
#include "tls_record.h"

enum {
	LOGIN_PACKET_MAX = 1 << 18,  /* of the connection phase; attributes may take 64 KiB, tokens less */
	SCRAMBLE_SHA256_SIZE = 32,
	AHEAD_MAX = 8,               /* packets of the other direction that may be late */
	COMMANDS_MAX = 16,           /* a replica asks that many questions before it registers */
	SKIPPED_MAX = 64,            /* packets passed over in search of an answer */
};

enum {
	COM_BINLOG_DUMP = 0x12,
	COM_REGISTER_SLAVE = 0x15,
	COM_BINLOG_DUMP_GTID = 0x1e,
};

struct mysql_state {
	const struct mysql_plugin *offered; /* by the greeting */
	const struct mysql_plugin *plugin;  /* whose turn it is */
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

/* This plugin's turn: what was attempted before is not what will have been decided. */
static void
turn_to(struct dissection *d, const struct mysql_plugin *plugin)
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
exposes(const struct mysql_plugin *plugin, struct cursor data)
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
outcome_of(const struct mysql_error *error)
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
	struct mysql_error error;
	enum auth_result result;

	if (!mysql_read_error(body, &error))
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
on_greeting(struct dissection *d, const struct mysql_plugin *offered)
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
is_late_greeting(const struct mysql_state *s, const struct mysql_packet *p)
{
	return !s->greeted && p->sequence == 0 && (cursor_peek(&p->body, 0) == 9 || cursor_peek(&p->body, 0) == 10);
}

static enum verdict
on_ok(struct dissection *d, struct cursor body)
{
	struct mysql_state *s = d->state;

	if (!mysql_is_ok_packet(body) || (!s->responded && !s->lost))
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
	size += MYSQL_HEADER_SIZE;
	d->skip = size > cursor_left(bytes) ? size - cursor_left(bytes) : 0;
	cursor_skip(bytes, size < cursor_left(bytes) ? size : cursor_left(bytes));
	return MATCH;
}

/* AuthSwitchRequest, with a name, or of one byte: back to the method of servers before 4.1. */
static enum verdict
on_switch(struct dissection *d, struct cursor body)
{
	const struct mysql_state *s = d->state;
	const struct mysql_plugin *plugin = &mysql_plugins[MYSQL_PLUGIN_OLD];

	cursor_skip(&body, 1);
	if (cursor_left(&body) > 0)
		plugin = mysql_plugin_named(mysql_take_string(&body));
	/* Behind a gap it may be the EOF_Packet of a result as well: the login is among what was lost. */
	if (s->lost && plugin == &mysql_plugins[MYSQL_PLUGIN_OTHER])
		return DONE;
	turn_to(d, plugin);
	return MATCH;
}

/* AuthNextFactor (MySQL 8.0.27): this factor was right, another is asked for; or a plugin's own data. */
static enum verdict
on_next_factor(struct dissection *d, struct cursor body)
{
	const struct mysql_plugin *plugin;

	cursor_skip(&body, 1);
	plugin = mysql_plugin_named(mysql_take_string(&body));
	if (plugin != &mysql_plugins[MYSQL_PLUGIN_OTHER])
		turn_to(d, plugin);
	return MATCH;
}

static enum verdict
login_from_server(struct dissection *d, const struct mysql_packet *p)
{
	struct mysql_state *s = d->state;
	const struct mysql_plugin *offered;

	if (is_late_greeting(s, p))
		return mysql_read_greeting(p->body, &offered) ? on_greeting(d, offered) : malformed(d);
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
on_response(struct dissection *d, const struct mysql_response *r)
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
login_from_client(struct dissection *d, const struct mysql_packet *p)
{
	const struct mysql_state *s = d->state;
	struct mysql_response response;

	/* Without the response, which comes first, what follows it tells of no method. */
	if (s->responded || (s->lost && p->sequence != 1)) {
		note_secret(d, p->body, "MySQL Protocol::AuthSwitchResponse");
		return MATCH;
	}
	if (!mysql_read_response(p->body, &response))
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
out_of_order(struct dissection *d, enum direction from, const struct mysql_packet *p)
{
	struct mysql_state *s = d->state;
	struct mysql_error error;

	if (from == FROM_SERVER && !s->responded && p->sequence > 1) {
		if (mysql_read_error(p->body, &error))
			s->unmatched = (uint8_t)outcome_of(&error);
		else if (mysql_is_ok_packet(p->body))
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
	struct mysql_packet p;
	size_t size;
	bool whole = mysql_take_packet(&c, &p, &size);
	bool ahead = p.sequence != s->next_sequence;

	if ((s->lost || from == FROM_SERVER) && !s->responded && tls_record_of_handshake(*bytes, false))
		return upgrade(d);
	if (size > MYSQL_HEADER_SIZE + LOGIN_PACKET_MAX)
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
read_first_packet(struct cursor *bytes, struct mysql_packet *p, const struct mysql_plugin **offered)
{
	struct cursor c = *bytes;
	int sequence = cursor_peek(&c, 3), type = cursor_peek(&c, 4);
	struct mysql_error error;
	size_t size;
	bool whole = mysql_take_packet(&c, p, &size);

	*offered = NULL;
	if (size > MYSQL_HEADER_SIZE + MYSQL_GREETING_MAX || sequence > 1 || (type >= 0 && type != 9 && type != 10 && type != 0xff))
		return NO_MATCH;
	if (!whole)
		return NEED_MORE;
	if (type == 0xff ? !mysql_read_error(p->body, &error) : sequence != 0 || !mysql_read_greeting(p->body, offered))
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
	struct mysql_packet p;
	size_t size;

	if (!s->commanded)
		return NEED_MORE;
	if (s->compressed || s->skipped == SKIPPED_MAX)
		return NO_MATCH;
	if (!mysql_take_packet(bytes, &p, &size))
		return size <= MYSQL_HEADER_SIZE + MYSQL_COMMAND_SHOWN ? NEED_MORE : NO_MATCH;
	s->skipped++;
	return MATCH;
}

static enum verdict
server_begins(struct dissection *d, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	const struct mysql_plugin *offered;
	struct mysql_packet p;
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
	verdict = s->compressed ? mysql_find_compressed_answer(*bytes, &alone) : mysql_find_answer(*bytes, &alone);
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
	cursor_skip(&c, MYSQL_HEADER_SIZE + 4 + 4 + 1);
	return mysql_take_zeros(&c, cursor_left(&c) < 19 ? cursor_left(&c) : 19);
}

/* Reads a whole HandshakeResponse, exact in all it says, without a greeting before it. */
static enum verdict
probe_response(struct cursor bytes, struct mysql_response *out)
{
	struct mysql_packet p;
	size_t size;

	if (cursor_left(&bytes) >= MYSQL_HEADER_SIZE && cursor_peek(&bytes, 3) != 1)
		return NO_MATCH;
	if (!mysql_take_packet(&bytes, &p, &size))
		return size <= MYSQL_HEADER_SIZE + LOGIN_PACKET_MAX && may_be_response(bytes) ? NEED_MORE : NO_MATCH;
	if (!mysql_read_response(p.body, out) || !out->exact || (out->ssl_request && p.body.left != MYSQL_SSL_REQUEST_SIZE))
		return NO_MATCH;
	return MATCH;
}

static enum verdict
client_begins(struct dissection *d, struct cursor *bytes)
{
	struct mysql_state *s = d->state;
	struct mysql_response response;
	enum verdict verdict = probe_response(*bytes, &response);

	struct cursor after = *bytes;

	/* Only a client that was greeted goes on to TLS, and past its ClientHello if that was answered. */
	cursor_skip(&after, MYSQL_HEADER_SIZE + MYSQL_SSL_REQUEST_SIZE);
	if (verdict == MATCH && (!response.ssl_request || s->lost || !d->flow->handshake_seen || tls_record_of_handshake(after, true))) {
		s->next_sequence = 1;
		return login(d, FROM_CLIENT, bytes);
	}
	/* A client answers a greeting, which is not here yet. */
	if (verdict != NO_MATCH || (d->flow->handshake_seen && !s->lost))
		return NEED_MORE;
	verdict = mysql_find_command(bytes, &s->compressed);
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
	struct mysql_response response;
	enum verdict verdict = probe_response(bytes, &response);
	bool compressed;

	*strength = STRENGTH_STRUCTURE;
	if (verdict != NO_MATCH || flow->handshake_seen)
		return verdict;
	*strength = STRENGTH_SIGNATURE; /* until it is answered */
	return mysql_find_command(&bytes, &compressed);
}

static enum verdict
probe_server(struct cursor bytes, enum strength *strength)
{
	const struct mysql_plugin *offered;
	struct mysql_packet p;
	bool alone;
	enum verdict verdict = read_first_packet(&bytes, &p, &offered);

	*strength = STRENGTH_STRUCTURE;
	if (verdict != NO_MATCH)
		return verdict;
	verdict = mysql_find_answer(bytes, &alone);
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
