/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP (RFC 5321), with AUTH (RFC 4954) and STARTTLS (RFC 3207), and LMTP (RFC 2033), on any port.
 * Replies come in the order of the commands, which may be sent ahead (RFC 2920) but for those that
 * change what the client's next bytes are. Nothing is looked at from the mail's text on.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "mail.h"

enum { ONE_SIDED_SIZE = 512 };

enum command {
	COMMAND_NONE,
	COMMAND_HELLO,
	COMMAND_LHLO,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
	COMMAND_BDAT,
	COMMAND_AUTH,
	COMMAND_STARTTLS,
	COMMAND_LOOKUP,  /* served to those who may */
	COMMAND_QUIT,
	COMMAND_FREE,    /* served to anybody */
};

static const struct {
	const char *name;
	enum command command;
} commands[] = {
	{ "EHLO", COMMAND_HELLO },
	{ "HELO", COMMAND_HELLO },
	{ "LHLO", COMMAND_LHLO },
	{ "MAIL", COMMAND_MAIL },
	{ "RCPT", COMMAND_RCPT },
	{ "DATA", COMMAND_DATA },
	{ "BDAT", COMMAND_BDAT },
	{ "AUTH", COMMAND_AUTH },
	{ "STARTTLS", COMMAND_STARTTLS },
	{ "EXPN", COMMAND_LOOKUP },
	{ "ETRN", COMMAND_LOOKUP },
	{ "VRFY", COMMAND_FREE },
	{ "QUIT", COMMAND_QUIT },
	{ "RSET", COMMAND_FREE },
	{ "NOOP", COMMAND_FREE },
	{ "HELP", COMMAND_FREE },
};

struct smtp_state {
	struct mail_sasl sasl;
	struct mail_queue pending;
	uint64_t reply_offset;
	uint16_t code;          /* of the reply being read; 0: none is */
	bool demands;           /* a line of it says that the client has to log in */
	bool demands_tls;       /* or to go on to TLS */
	bool policy;            /* or that it is not allowed to do that (RFC 3463 X.7) */
	bool begun;
	bool midstream;         /* there may have been an AUTH before */
	bool greeted;
	bool server_seen, client_seen;
	bool data, starttls;    /* the latest command is that */
	bool waiting;           /* what the client says next depends on the server's answer */
	bool authenticated;
	bool served;
	bool lmtp;
	bool confirmed;
};

static_assert(sizeof(struct smtp_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char command_clause[] = "RFC 5321 4.1 command";
static const char reply_clause[] = "RFC 5321 4.2 reply";
static const char auth_clause[] = "RFC 4954 4 AUTH";

/* Probes. */

/* A greeting of one of these words and a name (RFC 5321 4.1.1.1), or the beginning of a mail. */
static enum verdict
probe_command(struct cursor c)
{
	static const char *const words[] = { "EHLO ", "HELO ", "LHLO ", "MAIL FROM:", "RCPT TO:" };
	struct cursor line, all = c;
	enum verdict verdict = NO_MATCH;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && verdict == NO_MATCH; i++) {
		struct cursor head = c;

		if (head.left > strlen(words[i]))
			head.left = strlen(words[i]);
		if (cursor_starts_with_nocase(&c, words[i]))
			verdict = MATCH;
		else if (head.left < strlen(words[i]) && strncasecmp(words[i], (const char *)head.at, head.left) == 0)
			verdict = NEED_MORE;
	}
	if (verdict != MATCH)
		return verdict;
	if (mail_take_line(&all, &line) != MATCH)
		return mail_take_line(&all, &line);
	cursor_skip(&line, 5);
	cursor_skip_blanks(&line);
	return cursor_left(&line) > 0 && cursor_is_text(line) ? MATCH : NO_MATCH;
}

/* "220 host ESMTP ...": FTP greets with 220 as well. Who does not say what it is, is told by its port or its client. */
static enum verdict
probe_greeting(const struct flow_view *flow, struct cursor c)
{
	static const char *const words[] = { "SMTP", "LMTP", NULL };
	bool hinted = flow->server_port == 25 || flow->server_port == 587 || flow->server_port == 465;
	struct cursor line;

	if (!cursor_may_start_with(&c, "220") && !(hinted && (cursor_may_start_with(&c, "554") || cursor_may_start_with(&c, "421"))))
		return NO_MATCH;
	if (mail_take_line(&c, &line) != MATCH)
		return mail_take_line(&c, &line);
	if (line.left < 4 || (line.at[3] != ' ' && line.at[3] != '-') || !cursor_is_text(line))
		return NO_MATCH;
	return mail_has_word(&line, words) || hinted ? MATCH : NEED_MORE;
}

static enum verdict
smtp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	*strength = STRENGTH_SIGNATURE;
	return from == FROM_CLIENT ? probe_command(bytes) : probe_greeting(flow, bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct smtp_state *s = d->state;

	s->confirmed = s->confirmed || strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, s->lmtp ? "lmtp" : "smtp", strength, clause, from, offset);
}

/* The client got something done. Without a login that was seen or may have been missed, nobody authenticated it. */
static void
tell_served(struct dissection *d)
{
	struct smtp_state *s = d->state;

	s->served = true;
	if (s->midstream)
		evidence_doubt_failure(d->evidence); /* refused now, but served: by an earlier login, or without any */
	else if (!s->authenticated)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, s->reply_offset);
}

/* RFC 4954 6: 530, or words to that effect. It may ask for TLS as well (RFC 3207 4). After a login a refusal is about what the user may do. */
static void
tell_refused(struct dissection *d)
{
	struct smtp_state *s = d->state;

	if (s->authenticated) {
		if (s->policy)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
	} else if ((s->code == 530 && !s->demands_tls) || s->demands) {
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, "RFC 4954 6 authentication required", FROM_SERVER, s->reply_offset);
	}
}

/* Commands. */

static enum command
command_of(struct cursor word)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals_nocase(&word, commands[i].name))
			return commands[i].command;
	return COMMAND_NONE;
}

/* A chunk follows its command at once (RFC 3030 2). */
static void
begin_chunk(struct dissection *d, struct cursor *bytes, struct cursor arguments)
{
	dissection_pass_over(d, bytes, cursor_decimal(&arguments));
}

static void
read_command(struct dissection *d, struct cursor *bytes, struct cursor line, uint64_t offset)
{
	struct smtp_state *s = d->state;
	struct cursor word = mail_take_word(&line);
	enum command command = command_of(word);

	switch (command) {
	case COMMAND_NONE:
		command = COMMAND_FREE;
		break;
	case COMMAND_LHLO:
		s->lmtp = true;
		command = COMMAND_HELLO;
		/* fall through */
	case COMMAND_HELLO:
	case COMMAND_MAIL:
		claim(d, STRENGTH_STRUCTURE, command_clause, FROM_CLIENT, offset);
		break;
	case COMMAND_AUTH:
		mail_sasl_begin(d, &s->sasl, line, s->server_seen, auth_clause, offset);
		break;
	case COMMAND_BDAT:
		begin_chunk(d, bytes, line);
		break;
	default:
		break;
	}
	s->data = command == COMMAND_DATA;
	s->starttls = command == COMMAND_STARTTLS;
	s->waiting = s->server_seen && (command == COMMAND_AUTH || command == COMMAND_DATA || command == COMMAND_STARTTLS);
	mail_push(&s->pending, (uint8_t)command);
}

static bool
is_command(struct cursor line)
{
	return command_of(mail_take_word(&line)) != COMMAND_NONE;
}

static enum verdict
read_client(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct smtp_state *s = d->state;
	struct cursor line;
	enum verdict verdict;

	s->client_seen = true;
	if (s->waiting)
		return NEED_MORE;
	/* Without the server's side, the client's hello says that its STARTTLS was granted. */
	if (!s->server_seen && s->starttls && mail_is_tls(bytes)) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	verdict = mail_take_line(bytes, &line);
	if (verdict != MATCH)
		return verdict;
	if (s->sasl.running && !s->server_seen && is_command(line))
		s->sasl.running = false;
	if (s->sasl.running) {
		mail_sasl_response(d, &s->sasl, line, auth_clause, offset);
		s->waiting = s->server_seen;
		s->sasl.running = !s->server_seen;
	} else if (!cursor_is_text(line)) {
		return NO_MATCH;
	} else {
		read_command(d, bytes, line, offset);
	}
	/* The server's side is missing: what follows may be the mail's text. */
	return s->data && !s->server_seen ? DONE : MATCH;
}

/* Replies. */

static enum auth_result
auth_outcome(uint16_t code)
{
	switch (code) {
	case 235:
		return AUTH_SUCCESS;
	case 500: /* not understood, aborted, out of order, mechanism not known: not about the client */
	case 501:
	case 502:
	case 503:
	case 504:
		return AUTH_ATTEMPTED;
	default:
		return code >= 500 ? AUTH_FAILURE : AUTH_ATTEMPTED;
	}
}

static enum verdict
judge_auth(struct dissection *d)
{
	struct smtp_state *s = d->state;

	s->waiting = false;
	s->sasl.running = s->code == 334;
	if (s->code == 334)
		return MATCH;
	mail_pop(&s->pending);
	s->authenticated |= s->code == 235;
	if (s->sasl.mechanism != NULL)
		mail_sasl_end(d, &s->sasl, auth_outcome(s->code), auth_clause, s->reply_offset);
	return MATCH;
}

static enum verdict
judge_starttls(struct dissection *d)
{
	struct smtp_state *s = d->state;

	s->waiting = false;
	if (s->code != 220) {
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	if (s->served)
		evidence_note(d->evidence, NOTE_EARLY_DATA);
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
judge_greeting(struct dissection *d)
{
	struct smtp_state *s = d->state;

	s->greeted = true;
	return MATCH;
}

/* What a whole reply tells of the command it answers. */
static enum verdict
judge(struct dissection *d)
{
	struct smtp_state *s = d->state;
	enum command command = (enum command)mail_oldest(&s->pending);
	bool good = s->code >= 200 && s->code < 400;

	if (!s->greeted && !s->midstream)
		return judge_greeting(d);
	if (command == COMMAND_NONE && s->pending.overrun)
		return DONE;
	if (command != COMMAND_NONE)
		claim(d, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, s->reply_offset);
	if (command == COMMAND_AUTH)
		return judge_auth(d);
	mail_pop(&s->pending);
	if (s->code == 235 && s->midstream) { /* of AUTH alone (RFC 4954 6), which was missed */
		s->authenticated = true;
		mail_sasl_end(d, &s->sasl, AUTH_SUCCESS, auth_clause, s->reply_offset);
	}
	if (command == COMMAND_STARTTLS)
		return judge_starttls(d);
	s->waiting = false;
	if (!good)
		tell_refused(d);
	else if (command == COMMAND_RCPT || command == COMMAND_LOOKUP || command == COMMAND_DATA || command == COMMAND_BDAT)
		tell_served(d);
	/* The mail's text follows, then more of the same: whoever has sent mail has logged in before, or has not. */
	return good && (command == COMMAND_DATA || command == COMMAND_BDAT || command == COMMAND_QUIT) ? DONE : MATCH;
}

/* "250-text" goes on, "250 text" or "250" ends the reply. */
static bool
read_code(struct cursor *line, uint16_t *code, bool *last)
{
	struct cursor c = *line;

	*code = 0;
	for (int i = 0; i < 3; i++) {
		uint8_t b = cursor_u8(&c);

		if (b < '0' || b > '9')
			return false;
		*code = (uint16_t)(*code * 10 + (b - '0'));
	}
	*last = cursor_left(&c) == 0 || cursor_peek(&c, 0) == ' ';
	if (!*last && cursor_peek(&c, 0) != '-')
		return false;
	if (cursor_left(&c) > 0)
		cursor_skip(&c, 1);
	*line = c;
	return *code >= 200 && *code < 600;
}

/* An answer to a command that has not been shown yet: the other side's bytes come first. */
static bool
is_early(struct smtp_state *s, const struct cursor *bytes, uint16_t code)
{
	if (!s->greeted || s->midstream || s->pending.overrun || mail_oldest(&s->pending) != COMMAND_NONE || code == 421)
		return false;
	/* The client's side is missing: replies have to speak for themselves. */
	s->midstream = !s->client_seen && cursor_left(bytes) > ONE_SIDED_SIZE;
	return !s->midstream;
}

static enum verdict
read_server(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	static const char *const names[] = { "SMTP", "LMTP", NULL }, *const tls[] = { "STARTTLS", "TLS ", "encrypt", NULL };
	struct smtp_state *s = d->state;
	struct cursor c = *bytes, line;
	enum verdict verdict = mail_take_line(&c, &line);
	uint16_t code;
	bool last;

	if (verdict != MATCH)
		return verdict;
	if (!read_code(&line, &code, &last) || (s->code != 0 && s->code != code) || !cursor_is_text(line))
		return NO_MATCH;
	if (s->code == 0 && is_early(s, bytes, code))
		return NEED_MORE;
	*bytes = c;
	if (s->code == 0) {
		s->reply_offset = offset;
		s->demands = s->demands_tls = s->policy = false;
	}
	if (!s->greeted && !s->midstream)
		claim(d, mail_has_word(&line, names) ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, "RFC 5321 4.2 greeting", FROM_SERVER, offset);
	s->code = code;
	s->server_seen = true;
	s->demands |= code >= 500 && mail_demands_login(&line);
	s->demands_tls |= mail_has_word(&line, tls);
	s->policy |= cursor_starts_with(&line, "5.7.");
	if (!last)
		return MATCH;
	verdict = judge(d);
	s->code = 0;
	return verdict;
}

/* Both. */

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	return from == FROM_CLIENT ? read_client(d, bytes, offset) : read_server(d, bytes, offset);
}

static enum verdict
smtp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct smtp_state *s = d->state;
	enum verdict verdict;

	if (!s->begun)
		s->midstream = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH && s->confirmed ? MALFORMED : verdict;
}

/* What was lost may have been a login, or the answer to one: from here on only what speaks for itself counts. */
static enum verdict
smtp_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct smtp_state *s = d->state;

	(void)from, (void)size;
	if (!s->served && !s->authenticated)
		evidence_doubt_plaintext(d->evidence);
	return DONE;
}

const struct dissector smtp_dissector = {
	.name = "smtp",
	.specification = "RFC 5321",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 25, 587, 465, 24 },
	.first_bytes = { "EeHhLlMmRr", "245" },
	.state_size = sizeof(struct smtp_state),
	.probe = smtp_probe,
	.dissect = smtp_dissect,
	.gap = smtp_gap,
};
