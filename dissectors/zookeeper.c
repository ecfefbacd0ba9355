/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper's client protocol: records of Jute (zookeeper.jute of ZooKeeper 3.4 to 3.9) in frames with
 * a length, and the four-letter words of its administrators. A session is opened by ConnectRequest;
 * after that replies have the xid of their request. Of requests all that is read is who logs in; of
 * replies the error code. The ports that servers of an ensemble use among themselves are not read.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"

enum {
	PENDING_MAX = 48,
	LENGTH_SIZE = 4,
	FRAME_MAX = 16 * 1024 * 1024 - 1, /* jute.maxbuffer is 1 MiB, if nobody raised it */
	LOOK = 8192,              /* bytes of a frame that are waited for */
	REQUEST_SIZE_MIN = 8,
	REPLY_SIZE_MIN = 16,      /* xid, zxid, error */
	PASSWORD_SIZE = 16,
	TIMEOUT_MAX = 7 * 24 * 60 * 60 * 1000, /* milliseconds; servers grant a minute, if nobody raised it */
	CONNECT_REQUEST_SIZE = 28, /* without the password and readOnly */
	CONNECT_RESPONSE_SIZE = 20,
	ACL_MAX = 1024,
	WATCHED_REPLIES = 128,    /* a login may still come, or a refusal */
};

enum { XID_NOTIFICATION = -1, XID_PING = -2, XID_AUTH = -4, XID_SET_WATCHES = -8 };

enum opcode {
	OP_CLOSE = -11,
	OP_PING = 11,
	OP_AUTH = 100,
	OP_SET_WATCHES = 101,
	OP_SASL = 102,
	OP_SET_WATCHES2 = 105,
	OP_WHO_AM_I = 107,
};

/* KeeperException.Code */
enum {
	ERROR_LAST = -128,
	ERROR_API = -100,         /* those beyond are about what was asked for */
	ERROR_NO_AUTH = -102,
	ERROR_SESSION_EXPIRED = -112,
	ERROR_AUTH_FAILED = -115,
	ERROR_SESSION_MOVED = -118,
	ERROR_REQUIRE_SASL = -124, /* SESSIONCLOSEDREQUIRESASLAUTH */
};

/*
 * Fields of requests: i int, l long, b boolean, p path, s string, y buffer, a list of ACLs, v vector of
 * strings; "." where the rest is not looked at.
 */
static const struct {
	int8_t type;
	const char *fields;
} requests[] = {
	{ 1, "pyai" },   /* create */
	{ 2, "pi" },     /* delete */
	{ 3, "pb" },     /* exists */
	{ 4, "pb" },     /* getData */
	{ 5, "pyi" },    /* setData */
	{ 6, "p" },      /* getACL */
	{ 7, "pai" },    /* setACL */
	{ 8, "pb" },     /* getChildren */
	{ 9, "p" },      /* sync */
	{ OP_PING, "" },
	{ 12, "pb" },    /* getChildren2 */
	{ 13, "pi" },    /* check */
	{ 14, "." },     /* multi */
	{ 15, "pyai" },  /* create2 */
	{ 16, "." },     /* reconfig */
	{ 17, "pi" },    /* checkWatches */
	{ 18, "pi" },    /* removeWatches */
	{ 19, "pyai" },  /* createContainer */
	{ 21, "pyail" }, /* createTTL */
	{ 22, "." },     /* multiRead */
	{ OP_AUTH, "isy" },
	{ OP_SET_WATCHES, "lvvv" },
	{ OP_SASL, "y" },
	{ 103, "p" },    /* getEphemerals */
	{ 104, "p" },    /* getAllChildrenNumber */
	{ OP_SET_WATCHES2, "lvvvvv" },
	{ 106, "pi" },   /* addWatch */
	{ OP_WHO_AM_I, "" },
	{ OP_CLOSE, "" },
};

/* Four-letter words, and how their answer begins; NULL where that varies. */
static const struct {
	const char *word, *answer;
} words[] = {
	{ "ruok", "imok" },
	{ "stat", "Zookeeper version: " },
	{ "srvr", "Zookeeper version: " },
	{ "mntr", "zk_version\t" },
	{ "conf", "clientPort=" },
	{ "envi", "Environment:" },
	{ "dump", "SessionTracker dump:" },
	{ "isro", "rw" },
	{ "crst", "Connection stats reset." },
	{ "srst", "Server stats reset." },
	{ "dirs", "datadir_size: " },
	{ "cons", " /" },
	{ "wchs", NULL },
	{ "wchc", NULL },
	{ "wchp", NULL },
	{ "gtmk", NULL },
	{ "stmk", NULL },
	{ "hash", NULL },
	{ "reqs", NULL },
	{ "lsnr", NULL },
	{ "sysp", NULL },
	{ "icfg", NULL },
	{ "orst", NULL },
	{ "obsr", NULL },
};

static const char not_serving[] = "This ZooKeeper instance is not currently serving requests";
static const char not_listed[] = " is not executed because it is not in the whitelist.";

enum reading { READING_START, READING_FRAMES, READING_WORD };

/* What of SASL is under way. ZooKeeper does not name the mechanism: its tokens do. */
enum sasl { SASL_NONE, SASL_BEGUN, SASL_DIGEST, SASL_GSSAPI };

struct pending {
	int32_t xid, type;
	bool used;
};

struct zookeeper_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;
	uint8_t reading;       /* enum reading */
	uint8_t sasl;          /* enum sasl */
	uint8_t word;          /* index of the four-letter word */
	uint8_t replies;
	const char *scheme;    /* method of the last auth packet */
	bool wrapped[2];       /* the last token of SASL was one of GSSAPI's messages (RFC 4121 4.2.6.2) */
	bool lost[2];
	bool connecting;       /* ConnectResponse is next */
	bool authenticated;
	bool undecided;        /* SASL without an outcome */
	bool begun, doubtful, confirmed;
};

static_assert(sizeof(struct zookeeper_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char connect_clause[] = "ZooKeeper ConnectRequest";
static const char accepted_clause[] = "ZooKeeper ConnectResponse";
static const char request_clause[] = "ZooKeeper RequestHeader";
static const char reply_clause[] = "ZooKeeper ReplyHeader";
static const char auth_clause[] = "ZooKeeper AuthPacket";
static const char sasl_clause[] = "ZooKeeper GetSASLRequest";
static const char word_clause[] = "ZooKeeper four-letter word";

/* Records. */

static bool
is_printable(struct cursor text)
{
	while (cursor_left(&text) > 0) {
		uint8_t b = cursor_u8(&text);

		if (b < ' ' || b == 0x7f)
			return false;
	}
	return true;
}

/* A buffer or string: four bytes of size, -1 for null. */
static struct cursor
take_buffer(struct cursor *c)
{
	uint32_t size = cursor_u32(c);

	return cursor_sub(c, size == UINT32_MAX ? 0 : size);
}

static void
pass_string(struct cursor *c, bool path)
{
	struct cursor text = take_buffer(c);

	if (!is_printable(text) || (path && cursor_peek(&text, 0) != '/'))
		cursor_fail(c);
}

static void
pass_strings(struct cursor *c)
{
	uint32_t count = cursor_u32(c);

	if (count == UINT32_MAX)
		return;
	if (count > cursor_left(c))
		cursor_fail(c);
	for (; count > 0 && cursor_ok(c); count--)
		pass_string(c, false);
}

/* Permissions, scheme, id. */
static void
pass_acls(struct cursor *c)
{
	uint32_t count = cursor_u32(c);

	if (count == UINT32_MAX)
		return;
	if (count > ACL_MAX)
		cursor_fail(c);
	for (; count > 0 && cursor_ok(c); count--) {
		if (cursor_u32(c) > 31)
			cursor_fail(c);
		pass_string(c, false);
		pass_string(c, false);
	}
}

static void
pass_field(struct cursor *c, char field)
{
	switch (field) {
	case 'i':
		cursor_skip(c, 4);
		break;
	case 'l':
		cursor_skip(c, 8);
		break;
	case 'b':
		if (cursor_u8(c) > 1)
			cursor_fail(c);
		break;
	case 'p':
		pass_string(c, true);
		break;
	case 's':
		pass_string(c, false);
		break;
	case 'y':
		(void)take_buffer(c);
		break;
	case 'a':
		pass_acls(c);
		break;
	case 'v':
		pass_strings(c);
		break;
	default: /* '.' */
		cursor_skip(c, cursor_left(c));
	}
}

static const char *
fields_of(int32_t type)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == type)
			return requests[i].fields;
	return NULL;
}

struct request {
	int32_t xid, type;
	bool certain;        /* its fields are known, and fill it */
	struct cursor body;
};

/* A request, all of which is at the cursor. False where it is none. */
static bool
parse_request(struct cursor frame, struct request *r)
{
	struct cursor c;
	const char *fields;

	r->xid = (int32_t)cursor_u32(&frame);
	r->type = (int32_t)cursor_u32(&frame);
	r->body = c = frame;
	r->certain = false;
	fields = fields_of(r->type);
	if (!cursor_ok(&frame) || fields == NULL || (r->xid == XID_PING) != (r->type == OP_PING) || (r->xid == XID_AUTH) != (r->type == OP_AUTH))
		return false;
	for (const char *f = fields; *f != '\0'; f++)
		pass_field(&c, *f);
	if (!cursor_ok(&c) || cursor_left(&c) > 0)
		return false;
	/* A few bytes alone could be anything's. */
	r->certain = r->type == OP_PING || (fields[0] != '\0' && fields[0] != '.');
	return true;
}

static bool
is_connect_request(struct cursor frame)
{
	size_t size = cursor_left(&frame);
	bool sized = size == CONNECT_REQUEST_SIZE || size == CONNECT_REQUEST_SIZE + 1 || size == CONNECT_REQUEST_SIZE + PASSWORD_SIZE || size == CONNECT_REQUEST_SIZE + PASSWORD_SIZE + 1;
	uint32_t version = cursor_u32(&frame);
	uint64_t zxid = cursor_u64(&frame);
	uint32_t timeout = cursor_u32(&frame);
	uint64_t session = cursor_u64(&frame);
	struct cursor password = take_buffer(&frame);

	/* No session is taken up again without its password. */
	if (cursor_left(&password) == 0 && session != 0)
		return false;
	return sized && cursor_ok(&frame) && version == 0 && zxid >> 63 == 0 && timeout > 0 && timeout <= TIMEOUT_MAX &&
		(cursor_left(&password) == 0 || cursor_left(&password) == PASSWORD_SIZE) && cursor_left(&frame) <= 1 && cursor_u8(&frame) <= 1;
}

static bool
is_connect_response(struct cursor frame)
{
	size_t size = cursor_left(&frame);
	uint32_t version = cursor_u32(&frame), timeout = cursor_u32(&frame);
	struct cursor password;

	(void)cursor_u64(&frame);
	password = take_buffer(&frame);
	return (size == CONNECT_RESPONSE_SIZE + PASSWORD_SIZE || size == CONNECT_RESPONSE_SIZE + PASSWORD_SIZE + 1) && cursor_ok(&frame) && version == 0 && timeout >> 31 == 0 &&
		cursor_left(&password) == PASSWORD_SIZE && cursor_left(&frame) <= 1 && cursor_u8(&frame) <= 1;
}

struct reply {
	int32_t xid, error;
	uint64_t zxid;
	struct cursor body;
};

static bool
parse_reply(struct cursor frame, struct reply *r)
{
	r->xid = (int32_t)cursor_u32(&frame);
	r->zxid = cursor_u64(&frame);
	r->error = (int32_t)cursor_u32(&frame);
	r->body = frame;
	return cursor_ok(&frame) && r->error <= 0 && r->error >= ERROR_LAST && (r->zxid >> 63 == 0 || r->zxid == UINT64_MAX);
}

/* WatcherEvent: type, state, path. */
static bool
is_event(const struct reply *r)
{
	struct cursor c = r->body;
	uint32_t type = cursor_u32(&c), state = cursor_u32(&c);

	pass_string(&c, false);
	return r->xid == XID_NOTIFICATION && r->error == 0 && type + 1 < 16 && state < 16 && cursor_ok(&c) && (cursor_left(&c) == 0 || cursor_left(&c) == 8);
}

/* Probes. */

/* The frame at the cursor, of at least minimum bytes; all of it, or what there is of a long one. */
static enum verdict
peek_frame(struct cursor c, size_t minimum, struct cursor *frame)
{
	size_t size = cursor_u32(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < minimum || size > FRAME_MAX)
		return NO_MATCH;
	if (cursor_left(&c) < size)
		return size > LOOK ? NO_MATCH : NEED_MORE;
	*frame = cursor_sub(&c, size);
	return MATCH;
}

static int
find_word(struct cursor c)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cursor_may_start_with(&c, words[i].word))
			return (int)i;
	return -1;
}

/* A word alone, perhaps with an end of line. */
static enum verdict
probe_word(struct cursor c)
{
	if (find_word(c) < 0)
		return NO_MATCH;
	if (cursor_left(&c) < 4)
		return NEED_MORE;
	cursor_skip(&c, 4);
	while (cursor_peek(&c, 0) == '\r' || cursor_peek(&c, 0) == '\n')
		cursor_skip(&c, 1);
	return cursor_left(&c) == 0 ? MATCH : NO_MATCH;
}

/* Rejects what is neither of protocol version 0 nor of a known type, before its end has come. */
static bool
may_be_request(struct cursor c)
{
	uint32_t xid;
	int32_t type;

	cursor_skip(&c, LENGTH_SIZE);
	xid = cursor_u32(&c);
	type = (int32_t)cursor_u32(&c);
	return !cursor_ok(&c) || xid == 0 || fields_of(type) != NULL;
}

static enum verdict
probe_client(struct cursor c, enum strength *strength)
{
	struct cursor frame;
	struct request r;
	enum verdict verdict;

	*strength = STRENGTH_SIGNATURE;
	if (cursor_peek(&c, 0) != 0)
		return cursor_left(&c) == 0 ? NEED_MORE : probe_word(c);
	if (!may_be_request(c))
		return NO_MATCH;
	verdict = peek_frame(c, REQUEST_SIZE_MIN, &frame);
	if (verdict != MATCH)
		return verdict;
	*strength = STRENGTH_STRUCTURE;
	return is_connect_request(frame) || (parse_request(frame, &r) && r.certain) ? MATCH : NO_MATCH;
}

static enum verdict
probe_server(struct cursor c, enum strength *strength)
{
	struct cursor frame;
	struct reply r;
	enum verdict verdict = peek_frame(c, REPLY_SIZE_MIN, &frame);

	*strength = STRENGTH_STRUCTURE;
	if (verdict != MATCH)
		return verdict;
	if (is_connect_response(frame))
		return MATCH;
	if (!parse_reply(frame, &r))
		return NO_MATCH;
	if (is_event(&r) || (r.xid == XID_PING && r.error == 0 && cursor_left(&r.body) == 0))
		return MATCH;
	return NEED_MORE; /* any reply: its request will tell */
}

static enum verdict
zookeeper_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	if (from == FROM_CLIENT)
		return probe_client(bytes, strength);
	/* The sender may be a client that is taken for the server. */
	if (!flow->roles_known && probe_client(bytes, strength) == MATCH)
		return NO_MATCH;
	return probe_server(bytes, strength);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->confirmed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, "zookeeper", strength, clause, from, offset);
}

static void
push(struct zookeeper_state *s, const struct request *r)
{
	s->pending[s->next] = (struct pending){ .xid = r->xid, .type = r->type, .used = true };
	s->next = (uint8_t)((s->next + 1) % PENDING_MAX);
}

static struct pending *
find_pending(struct zookeeper_state *s, int32_t xid)
{
	for (size_t i = 1; i <= PENDING_MAX; i++) {
		struct pending *p = &s->pending[(s->next + PENDING_MAX - i) % PENDING_MAX];

		if (p->used && p->xid == xid)
			return p;
	}
	return NULL;
}

/* Requests. */

static const char *
sasl_method(const struct zookeeper_state *s)
{
	return s->sasl == SASL_DIGEST ? "sasl-digest-md5" : s->sasl == SASL_GSSAPI ? "sasl-gssapi" : NULL;
}

/* A scheme and what proves it: for "digest" it is user:password as they are. */
static void
read_auth(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor scheme, auth, user;

	cursor_skip(&body, 4);
	scheme = take_buffer(&body);
	auth = take_buffer(&body);
	if (cursor_equals(&scheme, "ip") || cursor_equals(&scheme, "world")) {
		s->scheme = NULL; /* says who the client is by what the server knows already */
		return;
	}
	s->scheme = cursor_equals(&scheme, "digest") ? "zookeeper-digest" : cursor_equals(&scheme, "x509") ? "zookeeper-x509" : "zookeeper-other";
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->scheme, STRENGTH_STRUCTURE, auth_clause, FROM_CLIENT, offset);
	if (cursor_equals(&scheme, "digest") && cursor_left(&auth) > 0) {
		evidence_cleartext_credentials(d->evidence, auth_clause, FROM_CLIENT, offset);
		if (cursor_take_until(&auth, ':', &user))
			evidence_principal(d->evidence, user);
	}
}

/* The mechanism shows later than the attempt. */
static void
tell_sasl_attempt(struct dissection *d, enum strength strength, enum direction from, uint64_t offset)
{
	struct authentication *a = &d->evidence->authentication;
	const char *method = sasl_method(d->state);

	evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, strength, sasl_clause, from, offset);
	if (a->result == AUTH_ATTEMPTED && a->method == NULL)
		a->method = method;
}

static bool
is_wrap_token(struct cursor token)
{
	return cursor_peek(&token, 0) == 5 && cursor_peek(&token, 1) == 4;
}

static void
read_sasl_request(struct dissection *d, struct cursor body, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor token = take_buffer(&body), part;

	if (s->sasl == SASL_NONE)
		s->sasl = SASL_BEGUN;
	if (cursor_peek(&token, 0) == 0x60) /* RFC 2743 3.1 */
		s->sasl = SASL_GSSAPI;
	s->wrapped[FROM_CLIENT] = is_wrap_token(token);
	s->undecided = true;
	if (s->sasl == SASL_DIGEST && cursor_find_nocase(&token, "username=\"") >= 0) {
		cursor_skip(&token, (size_t)cursor_find_nocase(&token, "username=\"") + strlen("username=\""));
		if (cursor_take_until(&token, '"', &part))
			evidence_principal(d->evidence, part);
	}
	tell_sasl_attempt(d, STRENGTH_STRUCTURE, FROM_CLIENT, offset);
}

static void
act_on_request(struct dissection *d, const struct request *r, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (r->certain)
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	if (r->type == OP_PING)
		return;
	push(s, r);
	if (r->type == OP_AUTH)
		read_auth(d, r->body, offset);
	else if (r->type == OP_SASL)
		read_sasl_request(d, r->body, offset);
}

/* Replies. */

static void
succeed(struct dissection *d, const char *method, const char *clause, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->authenticated = true;
	s->undecided = false;
	s->replies = 0;
	evidence_authentication(d->evidence, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
fail(struct dissection *d, const char *method, const char *clause, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	s->undecided = false;
	evidence_authentication(d->evidence, AUTH_FAILURE, method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
}

static void
judge_auth(struct dissection *d, const struct reply *r, uint64_t offset)
{
	const struct zookeeper_state *s = d->state;

	if (r->error == ERROR_AUTH_FAILED)
		fail(d, s->scheme, auth_clause, offset);
	else if (r->error == 0 && s->scheme != NULL)
		succeed(d, s->scheme, auth_clause, offset);
}

/*
 * The end of DIGEST-MD5 is the server's own proof (RFC 2831 2.1.3). That of GSSAPI is an answer without
 * a token after both sides have wrapped a message; an earlier one is also given to a client that failed, where
 * zookeeper.allowSaslFailedClients is set.
 */
static void
judge_sasl(struct dissection *d, const struct reply *r, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor body = r->body, token;
	bool null = cursor_peek(&body, 0) == 0xff;

	if (r->error == ERROR_AUTH_FAILED || r->error == ERROR_REQUIRE_SASL)
		fail(d, sasl_method(s), sasl_clause, offset);
	if (r->error != 0)
		return;
	token = take_buffer(&body);
	if (s->sasl == SASL_BEGUN && cursor_find_nocase(&token, "nonce=\"") >= 0)
		s->sasl = SASL_DIGEST;
	if (s->sasl == SASL_DIGEST && cursor_starts_with(&token, "rspauth="))
		succeed(d, sasl_method(s), "RFC 2831 2.1.3 response-auth", offset);
	else if (s->sasl == SASL_GSSAPI && null && s->wrapped[FROM_CLIENT] && s->wrapped[FROM_SERVER])
		succeed(d, sasl_method(s), "RFC 4752 3.2", offset);
	else
		tell_sasl_attempt(d, STRENGTH_EXCHANGE, FROM_SERVER, offset);
	s->wrapped[FROM_SERVER] = is_wrap_token(token);
}

/* Whether the server looked at what was asked for. */
static bool
is_served(const struct reply *r, int32_t type)
{
	if (type == OP_CLOSE || type == OP_SET_WATCHES || type == OP_SET_WATCHES2 || type == OP_WHO_AM_I)
		return false;
	return r->error == 0 || (r->error < ERROR_API && r->error != ERROR_SESSION_EXPIRED && r->error != ERROR_SESSION_MOVED);
}

static enum verdict
judge(struct dissection *d, const struct reply *r, int32_t type, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (type == OP_AUTH) {
		judge_auth(d, r, offset);
	} else if (type == OP_SASL) {
		judge_sasl(d, r, offset);
	} else if (r->error == ERROR_NO_AUTH) {
		if (s->authenticated || s->undecided || s->doubtful)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		else
			fail(d, NULL, "ZooKeeper NOAUTH", offset);
	} else if (r->error == ERROR_REQUIRE_SASL || r->error == ERROR_AUTH_FAILED) {
		fail(d, NULL, "ZooKeeper SESSIONCLOSEDREQUIRESASLAUTH", offset);
	} else if (is_served(r, type) && !s->authenticated && !s->undecided && !s->doubtful) {
		evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	}
	return s->replies++ < WATCHED_REPLIES ? MATCH : DONE;
}

/* Streams. */

static void
lose(struct zookeeper_state *s, enum direction from)
{
	s->lost[from] = true;
	s->doubtful = true;
	s->connecting = false;
	s->reading = READING_FRAMES;
}

static enum verdict
not_zookeeper(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;

	if (!s->confirmed && d->flow->handshake_seen)
		return NO_MATCH;
	lose(s, from);
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* Takes a frame, or looks at the beginning of one that is long: the rest is passed over. */
static enum verdict
take_frame(struct dissection *d, struct cursor *bytes, size_t minimum, struct cursor *frame, bool *whole)
{
	struct cursor c = *bytes;
	size_t size = cursor_u32(&c), look = size < LOOK ? size : LOOK;

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < minimum || size > FRAME_MAX)
		return NO_MATCH;
	if (cursor_left(&c) < look) {
		d->need = LENGTH_SIZE + look;
		return NEED_MORE;
	}
	*whole = cursor_left(&c) >= size;
	*frame = cursor_sub(&c, *whole ? size : cursor_left(&c));
	d->skip = size - frame->left;
	*bytes = c;
	return MATCH;
}

static enum verdict
read_request(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor frame, before = *bytes;
	struct request r;
	bool whole;
	enum verdict verdict = take_frame(d, bytes, REQUEST_SIZE_MIN, &frame, &whole);

	if (verdict == NO_MATCH)
		return not_zookeeper(d, FROM_CLIENT, bytes);
	if (verdict != MATCH)
		return verdict;
	if (s->reading == READING_START) {
		s->reading = READING_FRAMES;
		if (whole && is_connect_request(frame)) {
			s->connecting = true;
			claim(d, STRENGTH_STRUCTURE, connect_clause, FROM_CLIENT, offset);
			return MATCH;
		}
	}
	if (!whole || !parse_request(frame, &r)) {
		if (!s->confirmed) {
			*bytes = before;
			d->skip = 0;
			return not_zookeeper(d, FROM_CLIENT, bytes);
		}
		/* Long, or of a type to come: somebody's data. */
		r = (struct request){ .xid = (int32_t)cursor_u32(&frame) };
	}
	act_on_request(d, &r, offset);
	return MATCH;
}

static enum verdict
read_connect_response(struct dissection *d, struct cursor frame, uint64_t offset)
{
	struct zookeeper_state *s = d->state;

	if (!is_connect_response(frame)) {
		lose(s, FROM_SERVER);
		return MATCH;
	}
	s->connecting = false;
	claim(d, STRENGTH_EXCHANGE, accepted_clause, FROM_SERVER, offset);
	return MATCH;
}

static enum verdict
read_reply(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	struct cursor frame, before = *bytes;
	struct pending *p;
	struct reply r;
	bool whole;
	enum verdict verdict = take_frame(d, bytes, REPLY_SIZE_MIN, &frame, &whole);

	if (verdict == NO_MATCH)
		return not_zookeeper(d, FROM_SERVER, bytes);
	if (verdict != MATCH)
		return verdict;
	if (s->connecting)
		return read_connect_response(d, frame, offset);
	if (is_connect_response(frame) || (parse_reply(frame, &r) && (is_event(&r) || (r.xid == XID_PING && cursor_left(&r.body) == 0)))) {
		claim(d, STRENGTH_STRUCTURE, reply_clause, FROM_SERVER, offset);
		return MATCH;
	}
	p = parse_reply(frame, &r) ? find_pending(s, r.xid) : NULL;
	if (p == NULL) {
		*bytes = before;
		d->skip = 0;
		return not_zookeeper(d, FROM_SERVER, bytes);
	}
	p->used = false;
	claim(d, STRENGTH_EXCHANGE, reply_clause, FROM_SERVER, offset);
	return judge(d, &r, p->type, offset);
}

/* After a loss: frames are looked for at the beginning of each piece of the stream. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	enum strength strength;
	struct cursor frame;
	struct reply r;
	bool found = from == FROM_CLIENT ? cursor_peek(bytes, 0) == 0 && probe_client(*bytes, &strength) == MATCH : probe_server(*bytes, &strength) == MATCH;

	if (!found && from == FROM_SERVER && peek_frame(*bytes, REPLY_SIZE_MIN, &frame) == MATCH)
		found = parse_reply(frame, &r) && find_pending(s, r.xid) != NULL;
	s->lost[from] = !found;
	if (!found)
		cursor_skip(bytes, cursor_left(bytes));
	return found ? MATCH : NEED_MORE;
}

/* Four-letter words. */

static enum verdict
start_word(struct dissection *d, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	enum verdict verdict = probe_word(*bytes);

	if (verdict != MATCH)
		return verdict;
	s->word = (uint8_t)find_word(*bytes);
	s->reading = READING_WORD;
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* The server says one thing and closes the connection. */
static enum verdict
read_answer_to_word(struct dissection *d, struct cursor *bytes, uint64_t offset)
{
	struct zookeeper_state *s = d->state;
	const char *answer = words[s->word].answer;
	struct cursor c = *bytes;

	if (answer != NULL && cursor_starts_with(&c, answer)) {
		claim(d, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
		if (!s->doubtful)
			evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
		return DONE;
	}
	if (cursor_starts_with(&c, not_serving)) {
		claim(d, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
		return DONE;
	}
	if (cursor_starts_with(&c, words[s->word].word)) {
		cursor_skip(&c, 4);
		if (cursor_starts_with(&c, not_listed)) {
			claim(d, STRENGTH_EXCHANGE, word_clause, FROM_SERVER, offset);
			return DONE;
		}
		return cursor_may_start_with(&c, not_listed) ? NEED_MORE : NO_MATCH;
	}
	return cursor_may_start_with(&c, words[s->word].word) || cursor_may_start_with(&c, not_serving) || (answer != NULL && cursor_may_start_with(&c, answer)) ? NEED_MORE : NO_MATCH;
}

static enum verdict
read_word(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	if (from == FROM_SERVER)
		return read_answer_to_word(d, bytes, offset);
	while (cursor_peek(bytes, 0) == '\r' || cursor_peek(bytes, 0) == '\n')
		cursor_skip(bytes, 1);
	return cursor_left(bytes) > 0 ? NO_MATCH : MATCH;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	const struct zookeeper_state *s = d->state;

	if (s->reading == READING_WORD)
		return read_word(d, from, bytes, offset);
	if (s->reading == READING_START && from == FROM_CLIENT && cursor_peek(bytes, 0) != 0)
		return start_word(d, bytes);
	if (s->lost[from])
		return resynchronize(d, from, bytes);
	return from == FROM_CLIENT ? read_request(d, bytes, offset) : read_reply(d, bytes, offset);
}

static enum verdict
zookeeper_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct zookeeper_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict;

	if (!s->begun)
		s->doubtful = !d->flow->handshake_seen;
	s->begun = true;
	verdict = dissect_messages(d, from, bytes, read_one);
	if (verdict == NEED_MORE && bytes->left < start.left && d->need == 0)
		return MATCH;
	return verdict;
}

static enum verdict
zookeeper_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct zookeeper_state *s = d->state;

	(void)size;
	if (s->reading == READING_WORD)
		return DONE;
	lose(s, from);
	return MATCH;
}

const struct dissector zookeeper_dissector = {
	.name = "zookeeper",
	.specification = "ZooKeeper Jute",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 2181, 2182, 2183 },
	.first_bytes = { "\0cdeghilmorsw", "\0" },
	.first_bytes_size = { 13, 1 },
	.state_size = sizeof(struct zookeeper_state),
	.probe = zookeeper_probe,
	.dissect = zookeeper_dissect,
	.gap = zookeeper_gap,
};
