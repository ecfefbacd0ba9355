/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POP3 (RFC 1939), with AUTH (RFC 5034) and STLS (RFC 2595), on any port. Answers come in the order of the
 * commands, which may be sent ahead (RFC 2449 6.6). Once the mailbox is open nothing more is looked at.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "mail.h"

enum command {
	COMMAND_NONE,
	COMMAND_USER,
	COMMAND_PASS,
	COMMAND_APOP,
	COMMAND_AUTH,
	COMMAND_STLS,
	COMMAND_LIST,   /* an answer of several lines that anybody gets */
	COMMAND_MAILBOX, /* served to those who have opened it (RFC 1939 5) */
	COMMAND_FREE,
};

static const struct {
	const char *name;
	enum command command;
} commands[] = {
	{ "USER", COMMAND_USER },
	{ "PASS", COMMAND_PASS },
	{ "APOP", COMMAND_APOP },
	{ "AUTH", COMMAND_AUTH },
	{ "STLS", COMMAND_STLS },
	{ "CAPA", COMMAND_LIST },
	{ "STAT", COMMAND_MAILBOX },
	{ "LIST", COMMAND_MAILBOX },
	{ "UIDL", COMMAND_MAILBOX },
	{ "RETR", COMMAND_MAILBOX },
	{ "DELE", COMMAND_MAILBOX },
	{ "TOP", COMMAND_MAILBOX },
	{ "LAST", COMMAND_MAILBOX },
	{ "RSET", COMMAND_MAILBOX },
	{ "NOOP", COMMAND_MAILBOX },
	{ "QUIT", COMMAND_FREE },
	{ "UTF8", COMMAND_FREE },
	{ "LANG", COMMAND_LIST },
};

struct pop3_state {
	struct mail_sasl sasl;
	struct mail_queue pending;
	bool begun;
	bool midstream;  /* the mailbox may have been opened before */
	bool greeted;
	bool server_seen;
	bool waiting;    /* what the client says next depends on the server's answer */
	bool stls;       /* the latest command is STLS */
	bool listing;    /* lines up to a lone full stop are to come */
	bool unsure;     /* whether what was taken for their first line was the greeting */
	bool confirmed;
};

static_assert(sizeof(struct pop3_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char command_clause[] = "RFC 1939 3 command";
static const char reply_clause[] = "RFC 1939 3 response";
static const char auth_clause[] = "RFC 5034 4 AUTH";
static const char user_method[] = "pop3-user-pass";
static const char apop_method[] = "pop3-apop";

/* Probes. */

static enum command
command_of(struct cursor word)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals_nocase(&word, commands[i].name))
			return commands[i].command;
	return COMMAND_NONE;
}

/* The first thing a client says; USER and PASS alone are FTP's as well, AUTH is SMTP's. */
static enum verdict
probe_command(const struct flow_view *flow, struct cursor c)
{
	struct cursor line, word;
	enum command command;
	enum verdict verdict = mail_take_line(&c, &line);

	if (verdict == NEED_MORE && cursor_left(&c) >= 5) {
		word = c;
		word.left = 4;
		return command_of(word) != COMMAND_NONE ? NEED_MORE : NO_MATCH;
	}
	if (verdict != MATCH)
		return verdict;
	if (!cursor_is_text(line))
		return NO_MATCH;
	word = mail_take_word(&line);
	command = command_of(word);
	if (cursor_equals_nocase(&word, "CAPA") || cursor_equals_nocase(&word, "STLS"))
		return cursor_left(&line) == 0 ? MATCH : NO_MATCH;
	if (command == COMMAND_APOP)
		return cursor_left(&line) > 33 ? MATCH : NO_MATCH;
	if (command != COMMAND_USER && command != COMMAND_AUTH)
		return NO_MATCH;
	return flow->server_port == 110 ? MATCH : NEED_MORE;
}

/* The greeting begins with "+OK"; Redis says that too, and nothing after it. */
static enum verdict
probe_greeting(const struct flow_view *flow, struct cursor c)
{
	static const char *const words[] = { "POP", "Dovecot", "mail", "ready", NULL };
	struct cursor line;
	enum verdict verdict;

	if (!cursor_may_start_with(&c, "+OK"))
		return NO_MATCH;
	verdict = mail_take_line(&c, &line);
	if (verdict != MATCH)
		return verdict;
	cursor_skip(&line, 3);
	if (!cursor_is_text(line) || (cursor_left(&line) > 0 && cursor_peek(&line, 0) != ' '))
		return NO_MATCH;
	return cursor_left(&line) > 0 && (mail_has_word(&line, words) || flow->server_port == 110) ? MATCH : NEED_MORE;
}

static enum verdict
pop3_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	*strength = STRENGTH_SIGNATURE;
	return from == FROM_CLIENT ? probe_command(flow, bytes) : probe_greeting(flow, bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct pop3_state *s = d->state;

	s->confirmed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, "pop3", strength, clause, from, offset);
}

/* Commands. */

static void
read_command(struct dissection *d, struct cursor line, uint64_t offset)
{
	struct pop3_state *s = d->state;
	struct cursor word = mail_take_word(&line);
	enum command command = command_of(word);

	switch (command) {
	case COMMAND_USER:
		evidence_principal(d->evidence, line);
		break;
	case COMMAND_PASS:
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, user_method, STRENGTH_STRUCTURE, "RFC 1939 7 PASS", FROM_CLIENT, offset);
		if (cursor_left(&line) > 0)
			evidence_cleartext_credentials(d->evidence, "RFC 1939 7 PASS", FROM_CLIENT, offset);
		break;
	case COMMAND_APOP:
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, apop_method, STRENGTH_STRUCTURE, "RFC 1939 7 APOP", FROM_CLIENT, offset);
		evidence_principal(d->evidence, mail_take_word(&line));
		break;
	case COMMAND_AUTH:
		if (cursor_left(&line) == 0)
			command = COMMAND_LIST; /* asks for the mechanisms, as some do */
		else
			mail_sasl_begin(d, &s->sasl, line, s->server_seen, auth_clause, offset);
		break;
	default:
		break;
	}
	claim(d, STRENGTH_STRUCTURE, command_clause, FROM_CLIENT, offset);
	s->stls = command == COMMAND_STLS;
	s->waiting = s->server_seen && (command == COMMAND_AUTH || command == COMMAND_STLS);
	/* LIST and UIDL of one message are answered in one line. */
	mail_push(&s->pending, (uint8_t)(command == COMMAND_NONE ? COMMAND_FREE : command));
}

static enum verdict
read_client(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct pop3_state *s = d->state;
	struct cursor line, word;
	enum verdict verdict;

	if (s->waiting)
		return NEED_MORE;
	/* Without the server's side, the client's hello says that its STARTTLS was granted. */
	if (!s->server_seen && s->stls && mail_is_tls(bytes)) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	verdict = mail_take_line(bytes, &line);
	if (verdict != MATCH)
		return verdict;
	word = line;
	if (s->sasl.running && !s->server_seen && command_of(mail_take_word(&word)) != COMMAND_NONE)
		s->sasl.running = false;
	if (s->sasl.running) {
		mail_sasl_response(d, &s->sasl, line, auth_clause, offset);
		s->waiting = s->server_seen;
		s->sasl.running = !s->server_seen;
	} else if (!cursor_is_text(line)) {
		return NO_MATCH;
	} else {
		read_command(d, line, offset);
	}
	return MATCH;
}

/* Responses. */

/* What else an error can be about than the client (RFC 2449 8, RFC 3206): "-ERR [IN-USE] ...". */
static enum auth_result
refusal(struct dissection *d, bool proven, const struct cursor *text)
{
	if (proven && cursor_find_nocase(text, "[IN-USE]") >= 0) { /* comes after a login that was right */
		evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		return AUTH_SUCCESS;
	}
	if (cursor_find_nocase(text, "[SYS/") >= 0 || cursor_find_nocase(text, "[IN-USE]") >= 0 || cursor_find_nocase(text, "[LOGIN-DELAY]") >= 0)
		return AUTH_ATTEMPTED;
	return AUTH_FAILURE;
}

static void
tell(struct dissection *d, enum auth_result result, const char *method, uint64_t offset)
{
	evidence_authentication(d->evidence, result, method, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
}

static void
judge_login(struct dissection *d, const char *method, bool ok, const struct cursor *text, uint64_t offset)
{
	tell(d, ok ? AUTH_SUCCESS : refusal(d, true, text), method, offset);
}

static void
judge_mailbox(struct dissection *d, bool ok, const struct cursor *text, uint64_t offset)
{
	const struct pop3_state *s = d->state;

	if (s->midstream && ok)
		evidence_doubt_failure(d->evidence); /* opened before, by an earlier login */
	if (s->midstream)
		return;
	if (ok)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	else if (mail_demands_login(text))
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
}

static enum verdict
judge_stls(struct dissection *d, bool ok)
{
	if (!ok) {
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
judge(struct dissection *d, bool ok, struct cursor text, uint64_t offset)
{
	struct pop3_state *s = d->state;
	enum command command = (enum command)mail_oldest(&s->pending);

	if (!s->greeted && !s->midstream) {
		s->greeted = true;
		/* The greeting may be missing from the capture: then this answers what the client said before. */
		s->unsure = ok && command == COMMAND_LIST;
		s->listing = s->unsure;
		return MATCH;
	}
	if (command == COMMAND_NONE && s->pending.overrun)
		return DONE;
	if (command != COMMAND_NONE)
		claim(d, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	mail_pop(&s->pending);
	s->waiting = false;
	switch (command) {
	case COMMAND_USER:
		if (!ok)
			tell(d, refusal(d, false, &text), user_method, offset);
		break;
	case COMMAND_PASS:
		judge_login(d, user_method, ok, &text, offset);
		break;
	case COMMAND_APOP:
		judge_login(d, apop_method, ok, &text, offset);
		break;
	case COMMAND_AUTH:
		s->sasl.running = false;
		if (s->sasl.mechanism != NULL)
			judge_login(d, s->sasl.mechanism->method, ok, &text, offset);
		break;
	case COMMAND_STLS:
		return judge_stls(d, ok);
	case COMMAND_MAILBOX:
		judge_mailbox(d, ok, &text, offset);
		break;
	case COMMAND_LIST:
		s->listing = ok;
		break;
	default:
		break;
	}
	return d->evidence->authentication.result >= AUTH_SUCCESS || d->evidence->authentication.result == AUTH_NONE ? DONE : MATCH;
}

/* An answer to a command that has not been shown yet: the client's bytes come first. */
static bool
is_early(const struct pop3_state *s)
{
	return s->greeted && !s->midstream && !s->pending.overrun && mail_oldest(&s->pending) == COMMAND_NONE;
}

/* Whether a line that should be of a list begins a response: then what came before it was the greeting after all. */
static bool
is_second_greeting(struct pop3_state *s, const struct cursor *line)
{
	bool response = s->unsure && (cursor_starts_with(line, "+OK") || cursor_starts_with(line, "-ERR"));

	if (s->unsure && !response)
		mail_pop(&s->pending);
	s->unsure = false;
	s->listing &= !response;
	return response;
}

static enum verdict
read_server(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct pop3_state *s = d->state;
	struct cursor c = *bytes, line;
	enum verdict verdict = mail_take_line(&c, &line);
	bool ok, more;

	if (verdict != MATCH)
		return verdict;
	s->server_seen = true;
	if (s->listing && !is_second_greeting(s, &line)) {
		*bytes = c;
		s->listing = !cursor_equals(&line, ".");
		return MATCH;
	}
	more = cursor_peek(&line, 0) == '+' && (line.left == 1 || line.at[1] == ' ');
	ok = cursor_starts_with(&line, "+OK");
	if (!more && !ok && !cursor_starts_with(&line, "-ERR"))
		return NO_MATCH;
	if (is_early(s))
		return NEED_MORE;
	*bytes = c;
	if (!s->greeted && !s->midstream)
		claim(d, STRENGTH_SIGNATURE, "RFC 1939 4 greeting", FROM_SERVER, offset);
	if (!more)
		return judge(d, ok, line, offset);
	s->waiting = false;
	s->sasl.running = s->sasl.mechanism != NULL && mail_oldest(&s->pending) == COMMAND_AUTH;
	return MATCH;
}

/* Both. */

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	return from == FROM_CLIENT ? read_client(d, bytes, offset) : read_server(d, bytes, offset);
}

static enum verdict
pop3_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct pop3_state *s = d->state;
	enum verdict verdict;

	if (!s->begun)
		s->midstream = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH && s->confirmed ? MALFORMED : verdict;
}

static enum verdict
pop3_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)from, (void)size;
	evidence_doubt_plaintext(d->evidence);
	return DONE;
}

const struct dissector pop3_dissector = {
	.name = "pop3",
	.specification = "RFC 1939",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 110, 995 },
	.first_bytes = { "CcAaUuSs", "+" },
	.state_size = sizeof(struct pop3_state),
	.probe = pop3_probe,
	.dissect = pop3_dissect,
	.gap = pop3_gap,
};
