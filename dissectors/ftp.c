/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP's control connection: RFC 959, RFC 2228 (AUTH, ADAT, PROT), RFC 4217 (TLS), RFC 1635 (anonymous).
 * Who logged in how, what was served without, and the change to TLS. Data connections are not told apart.
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

enum { LINE_MAX_SIZE = 8192, PENDING = 8 };

enum command {
	COMMAND_FREE, /* for everybody, or no matter: FEAT, SYST, NOOP ... */
	COMMAND_WORK, /* for those who are logged in */
	COMMAND_USER,
	COMMAND_PASS,
	COMMAND_ACCT,
	COMMAND_AUTH_TLS,
	COMMAND_AUTH_GSS,
	COMMAND_ADAT,
	COMMAND_PROTECTED, /* ENC and CONF: a command inside of GSS-API's seal */
	COMMAND_UNKNOWN,
};

struct ftp_state {
	uint8_t pending[PENDING]; /* enum command, the oldest first */
	uint8_t count;
	uint16_t multiline;       /* code of the reply whose last line is yet to come */
	const char *method;
	bool begun, partly;
	bool confirmed;           /* a reply fitted a command */
	bool greeted;             /* a reply came: 220 is no greeting any more */
	bool overrun;             /* more commands waited than are remembered */
	bool worked;
	bool one_time;            /* the server asked for a one-time password */
};

static const struct {
	const char *word;
	uint8_t command;
} words[] = {
	{ "USER", COMMAND_USER }, { "PASS", COMMAND_PASS }, { "ACCT", COMMAND_ACCT }, { "ADAT", COMMAND_ADAT },
	{ "ENC", COMMAND_PROTECTED }, { "CONF", COMMAND_PROTECTED },
	{ "FEAT", COMMAND_FREE }, { "OPTS", COMMAND_FREE }, { "SYST", COMMAND_FREE }, { "NOOP", COMMAND_FREE }, { "HELP", COMMAND_FREE },
	{ "HOST", COMMAND_FREE }, { "CLNT", COMMAND_FREE }, { "LANG", COMMAND_FREE }, { "CSID", COMMAND_FREE }, { "QUIT", COMMAND_FREE },
	{ "PBSZ", COMMAND_FREE }, { "PROT", COMMAND_FREE }, { "CCC", COMMAND_FREE }, { "REIN", COMMAND_FREE }, { "STAT", COMMAND_FREE }, { "MIC", COMMAND_FREE },
	{ "TYPE", COMMAND_FREE }, { "MODE", COMMAND_FREE }, { "STRU", COMMAND_FREE }, { "ABOR", COMMAND_FREE }, { "SITE", COMMAND_FREE }, { "ALLO", COMMAND_FREE },
	{ "PWD", COMMAND_WORK }, { "XPWD", COMMAND_WORK }, { "CWD", COMMAND_WORK }, { "XCWD", COMMAND_WORK }, { "CDUP", COMMAND_WORK }, { "XCUP", COMMAND_WORK },
	{ "LIST", COMMAND_WORK }, { "NLST", COMMAND_WORK }, { "MLSD", COMMAND_WORK }, { "MLST", COMMAND_WORK }, { "SIZE", COMMAND_WORK }, { "MDTM", COMMAND_WORK },
	{ "RETR", COMMAND_WORK }, { "STOR", COMMAND_WORK }, { "STOU", COMMAND_WORK }, { "APPE", COMMAND_WORK }, { "REST", COMMAND_WORK }, { "DELE", COMMAND_WORK },
	{ "MKD", COMMAND_WORK }, { "XMKD", COMMAND_WORK }, { "RMD", COMMAND_WORK }, { "XRMD", COMMAND_WORK }, { "RNFR", COMMAND_WORK }, { "RNTO", COMMAND_WORK },
	{ "PASV", COMMAND_WORK }, { "EPSV", COMMAND_WORK }, { "PORT", COMMAND_WORK }, { "EPRT", COMMAND_WORK }, { "LPRT", COMMAND_WORK }, { "LPSV", COMMAND_WORK },
};

static const char reply_clause[] = "RFC 959 4.2 reply";

/* Splits a command line into its word and what follows. */
static struct cursor
take_word(struct cursor *line)
{
	struct cursor word;

	if (!cursor_take_until(line, ' ', &word))
		word = cursor_sub(line, cursor_left(line));
	return word;
}

static enum command
command_of(struct cursor word, struct cursor argument)
{
	if (cursor_equals_nocase(&word, "AUTH")) {
		if (cursor_starts_with_nocase(&argument, "TLS") || cursor_starts_with_nocase(&argument, "SSL"))
			return COMMAND_AUTH_TLS;
		return COMMAND_AUTH_GSS;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cursor_equals_nocase(&word, words[i].word))
			return (enum command)words[i].command;
	return COMMAND_UNKNOWN;
}

/* Replies: three digits, then a space, or '-' where more lines follow. */
static bool
parse_reply(struct cursor line, uint16_t *code, bool *more)
{
	int a = cursor_peek(&line, 0), b = cursor_peek(&line, 1), c = cursor_peek(&line, 2), end = cursor_peek(&line, 3);

	if (a < '1' || a > '6' || b < '0' || b > '9' || c < '0' || c > '9' || (end != ' ' && end != '-' && end != -1))
		return false;
	*code = (uint16_t)((a - '0') * 100 + (b - '0') * 10 + (c - '0'));
	*more = end == '-';
	return true;
}

/* Commands. */

static void
push(struct ftp_state *s, enum command command)
{
	s->overrun |= s->count == PENDING;
	if (!s->overrun)
		s->pending[s->count++] = (uint8_t)command;
}

/* RFC 1635: whoever says these names is let in where the public is, with any password. */
static bool
is_anonymous(struct cursor name)
{
	return cursor_equals_nocase(&name, "anonymous") || cursor_equals_nocase(&name, "ftp");
}

static void
read_user(struct dissection *d, struct cursor name)
{
	struct ftp_state *s = d->state;

	s->method = is_anonymous(name) ? "ftp-anonymous" : "ftp-user-pass";
	s->one_time = false;
	if (d->evidence->want_principals)
		cursor_copy_text(&name, d->evidence->authentication.principal, sizeof(d->evidence->authentication.principal));
}

static void
read_secret(struct dissection *d, struct cursor secret, uint64_t offset)
{
	struct ftp_state *s = d->state;

	if (s->method == NULL)
		s->method = "ftp-user-pass";
	if (s->one_time)
		s->method = "ftp-otp";
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, "RFC 959 4.1.1 PASS", FROM_CLIENT, offset);
	if (!s->one_time && cursor_left(&secret) > 0)
		evidence_cleartext_credentials(d->evidence, "RFC 959 4.1.1 PASS", FROM_CLIENT, offset);
}

static enum verdict
read_command(struct dissection *d, struct cursor line, uint64_t offset)
{
	struct ftp_state *s = d->state;
	struct cursor word = take_word(&line);
	enum command command = command_of(word, line);

	if (command == COMMAND_UNKNOWN && !s->confirmed)
		return NO_MATCH;
	if (!s->confirmed)
		evidence_protocol(d->evidence, "ftp", STRENGTH_SIGNATURE, "RFC 959 4.1 command", FROM_CLIENT, offset);
	if (command == COMMAND_USER)
		read_user(d, line);
	else if (command == COMMAND_PASS || command == COMMAND_ACCT)
		read_secret(d, line, offset);
	else if (command == COMMAND_AUTH_GSS)
		s->method = "gssapi";
	s->worked |= command == COMMAND_WORK;
	if (command == COMMAND_PROTECTED) {
		evidence_encryption(d->evidence, ENCRYPTION_PARTIAL, STRENGTH_STRUCTURE, "RFC 2228 3 protected command", FROM_CLIENT, offset);
		d->evidence->encryption.by = "gss";
		return DONE;
	}
	push(s, command);
	return MATCH;
}

/* Replies. */

static void
judge_login(struct dissection *d, uint16_t code, uint64_t offset)
{
	const struct ftp_state *s = d->state;
	/* 202: superfluous, whether it was right or not */
	enum auth_result result = code / 100 == 2 && code != 202 ? AUTH_SUCCESS : code == 430 || code / 100 == 5 ? AUTH_FAILURE : AUTH_UNKNOWN;

	if (result != AUTH_UNKNOWN) /* 332: an account is wanted as well; 421: nothing to do with the client */
		evidence_authentication(d->evidence, result, s->method, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
}

static void
judge_user(struct dissection *d, uint16_t code, struct cursor line, uint64_t offset)
{
	struct ftp_state *s = d->state;

	if (code == 331)
		s->one_time = cursor_find_nocase(&line, "otp-") >= 0 || cursor_find_nocase(&line, "s/key") >= 0;
	else if (code == 230 && !s->partly)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 959 5.4 230 without a password", FROM_SERVER, offset);
	else if (code == 232)
		evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, "RFC 2228 5.1 232", FROM_SERVER, offset);
	else if (code == 530 || code == 430)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
}

static void
judge_work(struct dissection *d, uint16_t code, uint64_t offset)
{
	const struct ftp_state *s = d->state;

	if (code == 530)
		evidence_authentication(d->evidence, AUTH_FAILURE, NULL, STRENGTH_EXCHANGE, "RFC 959 4.2.2 530", FROM_SERVER, offset);
	else if ((code / 100 == 2 || code / 100 == 1) && !s->partly)
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, "RFC 959 4.2 served without a login", FROM_SERVER, offset);
}

static enum verdict
judge_tls(struct dissection *d, uint16_t code)
{
	const struct ftp_state *s = d->state;

	if (code != 234 && code != 334) {
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
		return MATCH;
	}
	if (s->worked)
		evidence_note(d->evidence, NOTE_EARLY_DATA);
	d->next = &tls_dissector;
	return UPGRADE;
}

/* The first reply greets (RFC 959 5.4), where it was captured; later ones answer HOST (RFC 7151 3.2) or REIN. */
static bool
is_greeting(struct ftp_state *s, enum command command, uint16_t code)
{
	bool first = !s->greeted && (code == 220 || code == 120);

	if (code != 120)
		s->greeted = true;
	return first && (!s->partly || command != COMMAND_FREE);
}

static enum verdict
judge(struct dissection *d, uint16_t code, struct cursor line, uint64_t offset)
{
	struct ftp_state *s = d->state;
	enum command command = s->count > 0 ? (enum command)s->pending[0] : COMMAND_UNKNOWN;

	if (is_greeting(s, command, code))
		return MATCH;
	if (s->count == 0 && s->overrun)
		return DONE; /* what answers what cannot be told any more */
	/* 1xx: more will follow. 421 may come by itself. */
	if (s->count == 0 || (code / 100 == 1 && command != COMMAND_WORK))
		return MATCH;
	s->confirmed = true;
	evidence_protocol(d->evidence, "ftp", STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
	if (code / 100 != 1)
		memmove(s->pending, s->pending + 1, --s->count);
	switch (command) {
	case COMMAND_USER:
		judge_user(d, code, line, offset);
		break;
	case COMMAND_PASS:
	case COMMAND_ACCT:
		judge_login(d, code, offset);
		break;
	case COMMAND_WORK:
		judge_work(d, code, offset);
		break;
	case COMMAND_AUTH_TLS:
		return judge_tls(d, code);
	case COMMAND_AUTH_GSS:
		if (code == 334 || code == 335)
			evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_EXCHANGE, "RFC 2228 3 AUTH", FROM_SERVER, offset);
		break;
	case COMMAND_ADAT:
		if (code == 235)
			evidence_authentication(d->evidence, AUTH_SUCCESS, s->method, STRENGTH_EXCHANGE, "RFC 2228 3 ADAT", FROM_SERVER, offset);
		else if (code == 535)
			evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, "RFC 2228 3 ADAT", FROM_SERVER, offset);
		break;
	default:
		break;
	}
	return MATCH;
}

static enum verdict
read_reply(struct dissection *d, struct cursor line, uint64_t offset)
{
	struct ftp_state *s = d->state;
	uint16_t code;
	bool more, reply = parse_reply(line, &code, &more);

	if (s->multiline != 0) {
		if (!reply || more || code != s->multiline)
			return MATCH;
		s->multiline = 0;
		return judge(d, code, line, offset);
	}
	if (!reply)
		return NO_MATCH;
	if (code == 220 && cursor_find_nocase(&line, "ftp") >= 0)
		evidence_protocol(d->evidence, "ftp", STRENGTH_SIGNATURE, "RFC 959 5.4 220", FROM_SERVER, offset);
	if (!more)
		return judge(d, code, line, offset);
	s->multiline = code;
	return MATCH;
}

/* The stream. */

/* An interrupt of Telnet's before ABOR: RFC 959 4.1.3. */
static void
skip_telnet(struct cursor *line)
{
	while (cursor_peek(line, 0) >= 0xf0)
		cursor_skip(line, 1);
}

static enum verdict
ftp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct ftp_state *s = d->state;
	struct cursor start = *bytes, line;
	enum verdict verdict = MATCH;

	if (!s->begun)
		s->partly = !d->flow->handshake_seen;
	s->begun = true;
	while (verdict == MATCH && cursor_left(bytes) > 0) {
		uint64_t offset = dissection_offset(d, from, start, *bytes);

		/* A client may begin with TLS before it is told to. */
		if (from == FROM_CLIENT && s->count > 0 && s->pending[s->count - 1] == COMMAND_AUTH_TLS && cursor_peek(bytes, 0) == 0x16)
			return NEED_MORE;
		if (!cursor_take_line(bytes, &line)) {
			if (cursor_left(bytes) <= LINE_MAX_SIZE)
				return NEED_MORE;
			verdict = NO_MATCH;
		} else if (from == FROM_CLIENT) {
			skip_telnet(&line);
			verdict = read_command(d, line, offset);
		} else {
			verdict = read_reply(d, line, offset);
		}
	}
	if (verdict == NO_MATCH && d->evidence->strength >= STRENGTH_STRUCTURE)
		return MALFORMED;
	return verdict;
}

/* Which reply answers what cannot be told after a loss, nor what there was in it: a change to TLS, before a login. */
static enum verdict
ftp_gap(struct dissection *d, enum direction from, uint64_t size)
{
	const struct ftp_state *s = d->state;

	if (!s->worked && d->evidence->authentication.result == AUTH_UNKNOWN)
		evidence_doubt_plaintext(d->evidence);
	(void)from;
	(void)size;
	return DONE;
}

/* A word that no other protocol's client says: USER is POP3's as well, and IRC's. */
static enum verdict
probe_command(struct cursor bytes)
{
	struct cursor line, word;
	enum command command;

	if (!cursor_take_line(&bytes, &line))
		return cursor_left(&bytes) > 512 || (cursor_left(&bytes) > 4 && cursor_peek(&bytes, 3) > ' ' && cursor_peek(&bytes, 4) > ' ') ? NO_MATCH : NEED_MORE;
	word = take_word(&line);
	if (cursor_equals_nocase(&word, "AUTH"))
		return cursor_starts_with_nocase(&line, "TLS") || cursor_starts_with_nocase(&line, "SSL") || cursor_equals_nocase(&line, "GSSAPI") ? MATCH : NO_MATCH;
	if (cursor_equals_nocase(&word, "USER"))
		return cursor_left(&line) > 0 && !cursor_take_until(&line, ' ', &word) && cursor_is_text(line) ? MATCH : NO_MATCH;
	if (cursor_equals_nocase(&word, "FEAT") || cursor_equals_nocase(&word, "SYST") || cursor_equals_nocase(&word, "PASV") || cursor_equals_nocase(&word, "EPSV"))
		return cursor_left(&line) == 0 ? MATCH : NO_MATCH;
	if (cursor_equals_nocase(&word, "OPTS"))
		return cursor_starts_with_nocase(&line, "UTF8") ? MATCH : NO_MATCH;
	/* Others may come before one that tells. */
	command = command_of(word, line);
	return command == COMMAND_FREE && cursor_left(&bytes) == 0 && !cursor_equals_nocase(&word, "MODE") ? NEED_MORE : NO_MATCH;
}

/* SMTP's greeting has the same code: without a word for either the client's words are waited for. */
static enum verdict
probe_reply(struct cursor bytes)
{
	struct cursor line;
	uint16_t code;
	bool more;

	if (cursor_left(&bytes) < 4)
		return NEED_MORE;
	if (!parse_reply(bytes, &code, &more) || (code != 220 && code != 120 && code != 227 && code != 229))
		return NO_MATCH;
	while (cursor_take_line(&bytes, &line)) {
		if (code == 227 || code == 229)
			return cursor_find_nocase(&line, "passive mode (") >= 0 ? MATCH : NO_MATCH;
		if (cursor_find_nocase(&line, "smtp") >= 0)
			return NO_MATCH;
		if (cursor_find_nocase(&line, "ftp") >= 0)
			return MATCH;
	}
	return cursor_left(&bytes) > 1024 ? NO_MATCH : NEED_MORE;
}

static enum verdict
ftp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	return from == FROM_CLIENT ? probe_command(bytes) : probe_reply(bytes);
}

const struct dissector ftp_dissector = {
	.name = "ftp",
	.specification = "RFC 959",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 21, 2121 },
	.first_bytes = { "UuAaFfSsPpEeOoHhNnCcLlQqTt", "12" },
	.state_size = sizeof(struct ftp_state),
	.probe = ftp_probe,
	.dissect = ftp_dissect,
	.gap = ftp_gap,
};
