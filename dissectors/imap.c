/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMAP (RFC 9051, RFC 3501), with LITERAL+ (RFC 7888) and SASL-IR (RFC 4959), on any port. Commands have tags
 * by which they are answered. A command may hold literals, of a size told before, for which the client waits
 * or not. Once somebody has logged in nothing more is looked at.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "mail.h"

enum { TAG_SIZE_MAX = 48, PENDING_MAX = 24, ARGUMENTS_MAX = 2, ARGUMENT_ROOM = 128 };

enum command {
	COMMAND_NONE,
	COMMAND_LOGIN,
	COMMAND_AUTHENTICATE,
	COMMAND_STARTTLS,
	COMMAND_COMPRESS,
	COMMAND_MAILBOX, /* served to those who have logged in (RFC 9051 6.3) */
	COMMAND_FREE,    /* served to anybody (RFC 9051 6.1) */
};

static const struct {
	const char *name;
	enum command command;
	bool argument; /* it has one */
} commands[] = {
	{ "LOGIN", COMMAND_LOGIN, true },
	{ "AUTHENTICATE", COMMAND_AUTHENTICATE, true },
	{ "STARTTLS", COMMAND_STARTTLS, false },
	{ "COMPRESS", COMMAND_COMPRESS, true },
	{ "CAPABILITY", COMMAND_FREE, false },
	{ "NOOP", COMMAND_FREE, false },
	{ "LOGOUT", COMMAND_FREE, false },
	{ "ID", COMMAND_FREE, true },
	{ "SELECT", COMMAND_MAILBOX, true },
	{ "EXAMINE", COMMAND_MAILBOX, true },
	{ "CREATE", COMMAND_MAILBOX, true },
	{ "DELETE", COMMAND_MAILBOX, true },
	{ "RENAME", COMMAND_MAILBOX, true },
	{ "SUBSCRIBE", COMMAND_MAILBOX, true },
	{ "UNSUBSCRIBE", COMMAND_MAILBOX, true },
	{ "LIST", COMMAND_MAILBOX, true },
	{ "LSUB", COMMAND_MAILBOX, true },
	{ "XLIST", COMMAND_MAILBOX, true },
	{ "STATUS", COMMAND_MAILBOX, true },
	{ "APPEND", COMMAND_MAILBOX, true },
	{ "NAMESPACE", COMMAND_MAILBOX, false },
	{ "ENABLE", COMMAND_MAILBOX, true },
	{ "IDLE", COMMAND_MAILBOX, false },
	{ "CLOSE", COMMAND_MAILBOX, false },
	{ "UNSELECT", COMMAND_MAILBOX, false },
	{ "CHECK", COMMAND_MAILBOX, false },
	{ "EXPUNGE", COMMAND_MAILBOX, false },
	{ "SEARCH", COMMAND_MAILBOX, true },
	{ "FETCH", COMMAND_MAILBOX, true },
	{ "STORE", COMMAND_MAILBOX, true },
	{ "COPY", COMMAND_MAILBOX, true },
	{ "MOVE", COMMAND_MAILBOX, true },
	{ "UID", COMMAND_MAILBOX, true },
	{ "GETQUOTA", COMMAND_MAILBOX, true },
	{ "GETQUOTAROOT", COMMAND_MAILBOX, true },
	{ "GETACL", COMMAND_MAILBOX, true },
};

struct pending {
	uint32_t tag; /* hash of it */
	uint8_t command;
};

struct imap_state {
	struct mail_sasl sasl;
	struct pending pending[PENDING_MAX];
	uint8_t next;
	uint32_t tag;        /* of the command being read */
	uint32_t waiting_tag; /* of the one whose answer the client waits for */
	uint64_t offset;     /* of the command being read */
	uint64_t server_literal; /* bytes of the server's to pass over */
	uint8_t command;     /* enum command: being read; its line goes on after a literal */
	uint8_t arguments;   /* of LOGIN, seen so far */
	bool literal_is_argument; /* the literal that follows is one of LOGIN's */
	bool starttls;       /* the latest command is STARTTLS */
	bool begun;
	bool midstream;      /* somebody may have logged in before */
	bool greeted;
	bool server_seen;
	bool waiting;        /* what the client says next depends on the server's answer */
	bool confirmed;
	uint64_t client_literal; /* bytes to come of a literal */
};

static_assert(sizeof(struct imap_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char command_clause[] = "RFC 9051 2.2.1 command";
static const char reply_clause[] = "RFC 9051 7.1 status response";
static const char login_clause[] = "RFC 9051 6.2.3 LOGIN";
static const char auth_clause[] = "RFC 9051 6.2.2 AUTHENTICATE";
static const char login_method[] = "imap-login";

/* Probes. */

static int
command_index(struct cursor word)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals_nocase(&word, commands[i].name))
			return (int)i;
	return -1;
}

static bool
is_tag_byte(uint8_t b)
{
	return b > ' ' && b < 0x7f && strchr("(){%*\"\\+", b) == NULL;
}

static bool
is_tag(struct cursor c)
{
	if (cursor_left(&c) == 0 || cursor_left(&c) > TAG_SIZE_MAX)
		return false;
	while (cursor_left(&c) > 0)
		if (!is_tag_byte(cursor_u8(&c)))
			return false;
	return true;
}

/* First words of other protocols' lines, of which the second could be a command here; 230 is FTP's "logged in". */
static bool
is_foreign(struct cursor tag)
{
	static const char *const words[] = { "USER", "PASS", "EHLO", "HELO", "LHLO", "AUTH", "NICK", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "SET", "ADD", "MODE", "AUTHINFO", "GROUP", "LIST", "HELP", "230" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cursor_equals_nocase(&tag, words[i]))
			return true;
	return false;
}

/* The name and the password, each of which may be quoted, or follow as a literal. */
static bool
has_login_arguments(struct cursor line)
{
	struct cursor first = mail_take_word(&line);

	return cursor_peek(&first, 0) == '"' || cursor_peek(&first, 0) == '{' || cursor_left(&line) > 0;
}

/* "tag COMMAND", with an argument where there has to be one. */
static enum verdict
probe_command(struct cursor c)
{
	struct cursor line, tag, word;
	enum verdict verdict;
	int index;

	for (size_t i = 0; i <= TAG_SIZE_MAX && cursor_peek(&c, i) >= 0 && cursor_peek(&c, i) != ' '; i++)
		if (i == TAG_SIZE_MAX || !is_tag_byte((uint8_t)cursor_peek(&c, i)))
			return NO_MATCH;
	verdict = mail_take_line(&c, &line);
	if (verdict != MATCH)
		return cursor_left(&c) > 1024 ? NO_MATCH : verdict;
	if (!cursor_is_text(line))
		return NO_MATCH;
	tag = mail_take_word(&line);
	word = mail_take_word(&line);
	index = command_index(word);
	if (!is_tag(tag) || index < 0 || is_foreign(tag))
		return NO_MATCH;
	if (commands[index].command == COMMAND_LOGIN && !has_login_arguments(line))
		return NO_MATCH;
	return commands[index].argument == (cursor_left(&line) > 0) ? MATCH : NO_MATCH;
}

static enum verdict
probe_greeting(struct cursor c)
{
	static const char *const greetings[] = { "* OK", "* PREAUTH", "* BYE" };
	struct cursor line;
	bool may = false;

	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++)
		may |= cursor_may_start_with(&c, greetings[i]);
	if (!may)
		return NO_MATCH;
	return mail_take_line(&c, &line) != MATCH ? mail_take_line(&c, &line) : cursor_is_text(line) ? MATCH : NO_MATCH;
}

static enum verdict
imap_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	return from == FROM_CLIENT ? probe_command(bytes) : probe_greeting(bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct imap_state *s = d->state;

	s->confirmed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, "imap", strength, clause, from, offset);
}

/* Commands. */

static uint32_t
hash_tag(struct cursor tag)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	while (cursor_left(&tag) > 0)
		hash = (hash ^ cursor_u8(&tag)) * 16777619u;
	return hash;
}

/* The size that ends a line whose command goes on with a literal: "{12}", "{12+}", "{12-}". */
static bool
take_literal(struct cursor *line, uint64_t *size, bool *waits)
{
	size_t open = cursor_left(line);
	struct cursor number;

	if (open < 3 || cursor_peek(line, open - 1) != '}')
		return false;
	*waits = cursor_peek(line, open - 2) != '+' && cursor_peek(line, open - 2) != '-';
	while (open > 0 && cursor_peek(line, open - 1) != '{')
		open--;
	if (open == 0)
		return false;
	number = *line;
	cursor_skip(&number, open);
	*size = cursor_decimal(&number);
	if (!cursor_ok(&number) || cursor_left(&number) != (*waits ? 1u : 2u))
		return false;
	line->left = open - 1;
	return true;
}

/* Counts LOGIN's arguments on a piece of its line: atoms or quoted strings. The first names the user. */
static void
read_login(struct dissection *d, struct cursor line)
{
	struct imap_state *s = d->state;

	for (cursor_skip_blanks(&line); cursor_left(&line) > 0 && s->arguments < ARGUMENTS_MAX; cursor_skip_blanks(&line)) {
		struct cursor argument;

		if (cursor_peek(&line, 0) == '"') {
			cursor_skip(&line, 1);
			if (!cursor_take_until(&line, '"', &argument)) /* an escaped quote inside ends it early: no harm */
				argument = cursor_sub(&line, cursor_left(&line));
		} else if (!cursor_take_until(&line, ' ', &argument)) {
			argument = cursor_sub(&line, cursor_left(&line));
		}
		if (s->arguments++ == 0)
			evidence_principal(d->evidence, argument);
	}
}

static void
end_command(struct dissection *d)
{
	struct imap_state *s = d->state;

	if (s->command == COMMAND_LOGIN && s->arguments >= ARGUMENTS_MAX) {
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, login_method, STRENGTH_STRUCTURE, login_clause, FROM_CLIENT, s->offset);
		evidence_cleartext_credentials(d->evidence, login_clause, FROM_CLIENT, s->offset);
	}
	claim(d, STRENGTH_STRUCTURE, command_clause, FROM_CLIENT, s->offset);
	if (s->server_seen && (s->command == COMMAND_AUTHENTICATE || s->command == COMMAND_STARTTLS)) {
		s->waiting = true;
		s->waiting_tag = s->tag;
	}
	s->starttls = s->command == COMMAND_STARTTLS;
	s->command = COMMAND_NONE;
}

/* Reads a piece of a command's line, which a literal may follow. */
static void
read_piece(struct dissection *d, struct cursor line)
{
	struct imap_state *s = d->state;
	bool waits, literal = take_literal(&line, &s->client_literal, &waits);

	if (s->command == COMMAND_LOGIN)
		read_login(d, line);
	if (!literal) {
		end_command(d);
		return;
	}
	s->literal_is_argument = s->command == COMMAND_LOGIN;
	s->waiting = waits && s->server_seen;
	s->waiting_tag = s->tag;
}

static enum verdict
begin_command(struct dissection *d, struct cursor line, uint64_t offset)
{
	struct imap_state *s = d->state;
	struct cursor tag = mail_take_word(&line), word = mail_take_word(&line);
	int index = command_index(word);

	if (cursor_equals_nocase(&tag, "DONE") && cursor_left(&word) == 0)
		return MATCH; /* ends IDLE (RFC 2177) */
	if (!is_tag(tag) || cursor_left(&word) == 0)
		return NO_MATCH;
	s->tag = hash_tag(tag);
	s->offset = offset;
	s->arguments = 0;
	s->command = (uint8_t)(index < 0 ? COMMAND_FREE : commands[index].command);
	s->pending[s->next] = (struct pending){ .tag = s->tag, .command = s->command };
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
	if (s->command == COMMAND_AUTHENTICATE)
		mail_sasl_begin(d, &s->sasl, line, s->server_seen, auth_clause, s->offset);
	read_piece(d, line);
	return MATCH;
}

static void
pass_literal(struct dissection *d, struct cursor *bytes)
{
	struct imap_state *s = d->state;
	uint64_t size = s->client_literal;

	if (s->literal_is_argument && s->arguments++ == 0 && size <= cursor_left(bytes))
		evidence_principal(d->evidence, cursor_over(bytes->at, (size_t)size));
	s->client_literal = 0;
	s->literal_is_argument = false;
	dissection_pass_over(d, bytes, size);
}

static enum verdict
read_client(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct imap_state *s = d->state;
	struct cursor line;
	enum verdict verdict;

	if (s->waiting)
		return NEED_MORE;
	/* Without the server's side, the client's hello says that its STARTTLS was granted. */
	if (!s->server_seen && s->starttls && mail_is_tls(bytes)) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	if (s->client_literal > 0) {
		/* LOGIN's are short, and wanted whole. */
		if (s->literal_is_argument && s->client_literal <= ARGUMENT_ROOM && cursor_left(bytes) < s->client_literal)
			return NEED_MORE;
		pass_literal(d, bytes);
		return MATCH;
	}
	verdict = mail_take_line(bytes, &line);
	if (verdict != MATCH)
		return verdict;
	if (s->sasl.running) {
		mail_sasl_response(d, &s->sasl, line, auth_clause, offset);
		s->sasl.running = false;
		s->waiting = s->server_seen;
		return MATCH;
	}
	if (!cursor_is_text(line))
		return NO_MATCH;
	if (s->command != COMMAND_NONE) {
		read_piece(d, line);
		return MATCH;
	}
	return begin_command(d, line, offset);
}

/* Responses. */

/* What else a refused login can be about than the client (RFC 9051 7.1). */
static enum auth_result
refusal(const struct cursor *text)
{
	static const char *const codes[] = { "[UNAVAILABLE]", "[SERVERBUG]", "[INUSE]", "[LIMIT]", "[CANNOT]", NULL };

	return mail_has_word(text, codes) ? AUTH_ATTEMPTED : AUTH_FAILURE;
}

static enum verdict
judge_login(struct dissection *d, const char *method, struct cursor word, const struct cursor *text, uint64_t offset)
{
	enum auth_result result = AUTH_ATTEMPTED; /* BAD: not understood, or given up */

	if (cursor_equals_nocase(&word, "OK"))
		result = AUTH_SUCCESS;
	else if (cursor_equals_nocase(&word, "NO"))
		result = refusal(text);
	evidence_authentication(d->evidence, result, method, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	return result == AUTH_SUCCESS ? DONE : MATCH;
}

static enum verdict
judge_mailbox(struct dissection *d, bool ok, const struct cursor *text, uint64_t offset)
{
	const struct imap_state *s = d->state;

	if (s->midstream && ok)
		evidence_doubt_failure(d->evidence); /* served, by an earlier login */
	if (s->midstream)
		return MATCH;
	if (!ok) {
		if (mail_demands_login(text))
			evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
		return MATCH;
	}
	evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	return DONE;
}

static enum verdict
judge_starttls(struct dissection *d, bool ok)
{
	if (!ok) {
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
judge(struct dissection *d, enum command command, struct cursor word, struct cursor text, uint64_t offset)
{
	struct imap_state *s = d->state;
	bool ok = cursor_equals_nocase(&word, "OK");

	switch (command) {
	case COMMAND_LOGIN:
		return judge_login(d, login_method, word, &text, offset);
	case COMMAND_AUTHENTICATE:
		s->sasl.running = false;
		return s->sasl.mechanism != NULL ? judge_login(d, s->sasl.mechanism->method, word, &text, offset) : MATCH;
	case COMMAND_STARTTLS:
		return judge_starttls(d, ok);
	case COMMAND_COMPRESS:
		return ok ? DONE : MATCH; /* RFC 4978: nothing readable follows */
	case COMMAND_MAILBOX:
		return judge_mailbox(d, ok, &text, offset);
	default:
		return MATCH;
	}
}

/* The command a tag belongs to, the oldest of its name; each is answered once. */
static enum command
take_pending(struct imap_state *s, uint32_t tag)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &s->pending[(s->next + i) % PENDING_MAX];
		enum command command = (enum command)p->command;

		if (command == COMMAND_NONE || p->tag != tag)
			continue;
		p->command = COMMAND_NONE;
		return command;
	}
	return COMMAND_NONE;
}

static enum verdict
read_tagged(struct dissection *d, struct cursor tag, struct cursor line, uint64_t offset)
{
	struct imap_state *s = d->state;
	struct cursor word = mail_take_word(&line);
	uint32_t hash = hash_tag(tag);
	enum command command = take_pending(s, hash);

	if (command == COMMAND_NONE)
		return MATCH;
	/* A literal that was waited for is not going to be sent. */
	if (s->waiting_tag == hash) {
		s->waiting = false;
		s->client_literal = 0;
		s->command = COMMAND_NONE;
	}
	claim(d, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	return judge(d, command, word, line, offset);
}

static bool
is_status(struct cursor line)
{
	struct cursor word = mail_take_word(&line);

	return cursor_equals_nocase(&word, "OK") || cursor_equals_nocase(&word, "NO") || cursor_equals_nocase(&word, "BAD");
}

static bool
is_pending(const struct imap_state *s, uint32_t tag)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (s->pending[i].command != COMMAND_NONE && s->pending[i].tag == tag)
			return true;
	return false;
}

static void
read_untagged(struct dissection *d, struct cursor line, uint64_t offset)
{
	static const char *const names[] = { "IMAP", NULL };
	struct imap_state *s = d->state;
	bool waits;

	if (!s->greeted && !s->midstream)
		claim(d, mail_has_word(&line, names) ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, "RFC 9051 7.1 greeting", FROM_SERVER, offset);
	s->greeted = true;
	(void)take_literal(&line, &s->server_literal, &waits);
}

static enum verdict
read_server(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct imap_state *s = d->state;
	struct cursor c = *bytes, line, tag;
	enum verdict verdict;

	if (s->server_literal > 0) {
		dissection_pass_over(d, bytes, s->server_literal);
		s->server_literal = 0;
		return MATCH;
	}
	verdict = mail_take_line(&c, &line);
	if (verdict != MATCH)
		return verdict;
	s->server_seen = true;
	tag = mail_take_word(&line);
	/* An answer to a command that has not been shown yet: the client's bytes come first. */
	if (is_tag(tag) && is_status(line) && s->greeted && !s->midstream && !is_pending(s, hash_tag(tag)) && cursor_left(bytes) < MAIL_LINE_MAX)
		return NEED_MORE;
	*bytes = c;
	if (cursor_equals(&tag, "+")) {
		s->waiting = false;
		s->sasl.running = s->client_literal == 0 && s->sasl.mechanism != NULL && d->evidence->authentication.result != AUTH_SUCCESS && s->command == COMMAND_NONE;
		return MATCH;
	}
	if (is_tag(tag) && is_status(line))
		return read_tagged(d, tag, line, offset);
	if (!s->greeted && !s->midstream && !cursor_equals(&tag, "*"))
		return NO_MATCH;
	read_untagged(d, line, offset); /* or what is left of a line after a literal */
	return MATCH;
}

/* Both. */

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	return from == FROM_CLIENT ? read_client(d, bytes, offset) : read_server(d, bytes, offset);
}

static enum verdict
imap_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct imap_state *s = d->state;
	enum verdict verdict;

	if (!s->begun)
		s->midstream = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	return verdict == NO_MATCH && s->confirmed ? MALFORMED : verdict;
}

static enum verdict
imap_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)from, (void)size;
	evidence_doubt_plaintext(d->evidence);
	return DONE;
}

/* What tags begin with: letters and digits in all clients known, some have a full stop or a dollar. */
#define TAG_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.$"

const struct dissector imap_dissector = {
	.name = "imap",
	.specification = "RFC 9051",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 143, 993 },
	.first_bytes = { TAG_BYTES, "*" },
	.state_size = sizeof(struct imap_state),
	.probe = imap_probe,
	.dissect = imap_dissect,
	.gap = imap_gap,
};
