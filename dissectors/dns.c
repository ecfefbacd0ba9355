/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP and TCP (RFC 1035), on any port: a message counts where all of it is one, to its last byte.
 * Addresses in answers to questions that were seen are reported with the name asked for, so that
 * peers outside can be called by their names. Clients authenticate message by message, where they do: with TSIG
 * (RFC 8945), with keys that TKEY agrees on (RFC 2930, 3645), with SIG(0) (RFC 2931).
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dissector.h"

enum {
	NAME_ROOM = 254,        /* RFC 1035 2.3.4: 255 bytes on the wire are 253 of text */
	POINTERS_MAX = 16,
	RECORDS_MAX = 5957,     /* of 11 bytes, in the largest message */
	RECORD_SIZE_MIN = 11,
	ANSWERS_MAX = 64,       /* of which addresses are reported */
	ALIASES_MAX = 8,
	ASKED_MAX = 32,
	HEADER_SIZE = 12,
	MESSAGE_SIZE_MIN = HEADER_SIZE + 5, /* a question for the root */
};

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SIG = 24, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_TKEY = 249, TYPE_TSIG = 250, TYPE_IXFR = 251, TYPE_AXFR = 252 };
enum { TYPE_NB = 32, TYPE_NBSTAT = 33, NETBIOS_NAME_SIZE = 32 }; /* RFC 1002 4.2.1.3; of DNS these are NIMLOC and SRV */
enum { CLASS_IN = 1, CLASS_CHAOS = 3, CLASS_HESIOD = 4, CLASS_NONE = 254, CLASS_ANY = 255 };
enum { OPCODE_QUERY = 0, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };
enum { RCODE_NO_ERROR = 0, RCODE_REFUSED = 5, RCODE_NOTAUTH = 9 };
enum { FLAG_ANSWER = 0x8000, FLAG_TRUNCATED = 0x0200, FLAG_ZERO = 0x0040, OPCODE_SHIFT = 11, OPCODE_MASK = 15, RCODE_MASK = 15 };

/* What demands authentication in normal use, and what does not. */
enum asking { ASKING_NAMES, ASKING_UPDATE, ASKING_TRANSFER };

struct asked {
	const char *method; /* of the credential the question had: static, or NULL */
	uint32_t question;  /* hash of it */
	uint16_t id;
	uint8_t from;
	uint8_t asking;     /* enum asking */
	bool used;
};

struct dns_state {
	struct asked asked[ASKED_MAX];
	uint8_t next;
};

static_assert(sizeof(struct dns_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

struct header {
	uint16_t id, flags;
	uint16_t questions, answers, authorities, additionals;
};

struct name {
	char text[NAME_ROOM]; /* lower case, without the last dot */
	bool plain;           /* nothing but what host names are made of */
};

struct record {
	struct name owner;
	uint16_t type, class;
	uint32_t ttl;
	struct cursor data;
	size_t data_at; /* where it starts in the message */
};

struct message {
	struct cursor bytes; /* all of it: names point into it */
	struct header header;
	struct name question;
	uint16_t question_type;
	uint32_t question_hash;
	size_t answers_at;
	const char *method; /* of a credential that some record is: static, or NULL */
	bool signed_well;   /* by TSIG: with a MAC, and no error */
	uint16_t error;     /* that a TSIG or TKEY record tells (RFC 8945 3, RFC 2930 2.6) */
	struct name key;    /* the credential's name */
};

static bool
is_host_byte(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_';
}

static uint8_t
lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

/* Adds a label to the text; false where the name grows too long. */
static bool
add_label(struct name *n, size_t *size, struct cursor label)
{
	if (*size + (*size > 0) + label.left >= sizeof(n->text))
		return false;
	if (*size > 0)
		n->text[(*size)++] = '.';
	while (cursor_left(&label) > 0) {
		uint8_t b = lower(cursor_u8(&label));

		n->plain &= is_host_byte(b);
		n->text[(*size)++] = is_host_byte(b) ? (char)b : '?';
	}
	return true;
}

/*
 * Reads a name (RFC 1035 4.1.4) at *c, a cursor into the message. A pointer must lead to before the
 * part of the name it ends, so that it gets nowhere twice.
 */
static bool
take_name(const struct cursor *message, struct cursor *c, struct name *n)
{
	struct cursor at = *c;
	size_t before = message->left - c->left, size = 0;
	bool jumped = false;

	memset(n, 0, sizeof(*n));
	n->plain = true;
	for (int pointers = 0; pointers <= POINTERS_MAX;) {
		uint8_t length = cursor_u8(&at);

		if (!cursor_ok(&at))
			return false;
		if ((length & 0xc0) == 0xc0) {
			size_t target = (size_t)(length & 0x3f) << 8 | cursor_u8(&at);

			if (!cursor_ok(&at) || target >= before || target < 12)
				return false;
			if (!jumped)
				*c = at;
			jumped = true;
			pointers++;
			before = target;
			at = *message;
			cursor_skip(&at, target);
			continue;
		}
		if ((length & 0xc0) != 0)
			return false;
		if (length == 0) {
			if (!jumped)
				*c = at;
			return true;
		}
		struct cursor label = cursor_sub(&at, length);

		if (!cursor_ok(&at) || !add_label(n, &size, label))
			return false;
	}
	return false;
}

static bool
is_class(uint16_t class)
{
	class &= 0x7fff; /* mDNS has a flag in the first bit */
	return class == CLASS_IN || class == CLASS_CHAOS || class == CLASS_HESIOD || class == CLASS_NONE || class == CLASS_ANY;
}

static bool
take_record(const struct cursor *message, struct cursor *c, struct record *r)
{
	uint16_t size;

	if (!take_name(message, c, &r->owner))
		return false;
	r->type = cursor_u16(c);
	r->class = cursor_u16(c);
	r->ttl = cursor_u32(c);
	size = cursor_u16(c);
	r->data_at = message->left - c->left;
	r->data = cursor_sub(c, size);
	/* The class of OPT is a size (RFC 6891 6.1.2). */
	return cursor_ok(c) && r->type != 0 && (r->type == TYPE_OPT ? r->owner.text[0] == '\0' : is_class(r->class));
}

/* Header values that messages have; a query carries no answers, and one question is asked. */
static bool
is_header(const struct header *h)
{
	unsigned int opcode = h->flags >> OPCODE_SHIFT & OPCODE_MASK;
	bool answer = (h->flags & FLAG_ANSWER) != 0;

	if ((h->flags & FLAG_ZERO) != 0 || (opcode != OPCODE_QUERY && opcode != OPCODE_NOTIFY && opcode != OPCODE_UPDATE && opcode != OPCODE_STATUS))
		return false;
	if (h->questions > 1 || (h->questions == 0 && !answer) || h->answers + h->authorities + h->additionals > RECORDS_MAX)
		return false;
	if (!answer && opcode == OPCODE_QUERY)
		return h->answers == 0 && h->authorities <= 1 && h->additionals <= 4 && (h->flags & RCODE_MASK) == 0;
	return (h->flags & RCODE_MASK) <= 10;
}

static uint32_t
hash_question(const struct name *name, uint16_t type, uint16_t class)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; name->text[i] != '\0'; i++)
		hash = (hash ^ (uint8_t)name->text[i]) * 16777619u;
	return ((hash ^ type) * 16777619u ^ class) * 16777619u;
}

/*
 * NetBIOS names are asked for in messages of the same form (RFC 1002 4.2), but this is not DNS. The
 * name is a label of 32 letters, 'A' for a nibble of 0 to 'P' for 15 (RFC 1001 14.1).
 */
static bool
is_netbios(struct cursor name, uint16_t type)
{
	if ((type != TYPE_NB && type != TYPE_NBSTAT) || cursor_u8(&name) != NETBIOS_NAME_SIZE)
		return false;
	for (int i = 0; i < NETBIOS_NAME_SIZE; i++) {
		uint8_t b = cursor_u8(&name);

		if (b < 'A' || b > 'P')
			return false;
	}
	return true;
}

static bool
take_header(struct cursor *c, struct header *h)
{
	h->id = cursor_u16(c);
	h->flags = cursor_u16(c);
	h->questions = cursor_u16(c);
	h->answers = cursor_u16(c);
	h->authorities = cursor_u16(c);
	h->additionals = cursor_u16(c);
	return cursor_ok(c) && is_header(h);
}

static const struct {
	const char *algorithm, *method;
} tsig_methods[] = {
	{ "hmac-md5.sig-alg.reg.int", "dns-tsig-hmac-md5" },
	{ "hmac-sha1", "dns-tsig-hmac-sha1" },
	{ "hmac-sha224", "dns-tsig-hmac-sha224" },
	{ "hmac-sha256", "dns-tsig-hmac-sha256" },
	{ "hmac-sha256-128", "dns-tsig-hmac-sha256" },
	{ "hmac-sha384", "dns-tsig-hmac-sha384" },
	{ "hmac-sha384-192", "dns-tsig-hmac-sha384" },
	{ "hmac-sha512", "dns-tsig-hmac-sha512" },
	{ "hmac-sha512-256", "dns-tsig-hmac-sha512" },
	{ "gss-tsig", "dns-tsig-gss" },
	{ "gss.microsoft.com", "dns-tsig-gss" },
};

static const char *
tsig_method(const struct name *algorithm)
{
	for (size_t i = 0; i < sizeof(tsig_methods) / sizeof(tsig_methods[0]); i++)
		if (strcmp(algorithm->text, tsig_methods[i].algorithm) == 0)
			return tsig_methods[i].method;
	return "dns-tsig";
}

/* Algorithm, time, fudge, MAC, original ID, error, other data (RFC 8945 4.2). */
static void
read_tsig(struct message *m, const struct record *r, struct cursor data, const struct name *algorithm)
{
	uint16_t size;

	cursor_skip(&data, 8);
	size = cursor_u16(&data);
	cursor_skip(&data, size + (size_t)2);
	m->error = cursor_u16(&data);
	if (!cursor_ok(&data))
		return;
	m->signed_well = size > 0 && m->error == 0;
	if (m->method == NULL) {
		m->method = tsig_method(algorithm);
		m->key = r->owner;
	}
}

/* Algorithm, times of inception and expiry, mode, error, key, other data (RFC 2930 2). */
static void
read_tkey(struct message *m, struct cursor data)
{
	uint16_t mode;

	cursor_skip(&data, 8);
	mode = cursor_u16(&data);
	m->error = cursor_u16(&data);
	if (cursor_ok(&data))
		m->method = mode == 3 ? "dns-tkey-gss" : mode == 2 ? "dns-tkey-dh" : "dns-tkey";
}

/* Records that are credentials. */
static void
read_credential(struct message *m, const struct record *r)
{
	struct cursor data = m->bytes, covered = r->data;
	struct name algorithm;
	size_t end = r->data_at + r->data.left;

	if (r->type == TYPE_SIG && cursor_u16(&covered) == 0 && cursor_ok(&covered)) { /* of no type: of the whole message */
		m->method = "dns-sig0";
		return;
	}
	if (r->type != TYPE_TSIG && r->type != TYPE_TKEY)
		return;
	data.left = end;
	cursor_skip(&data, r->data_at);
	if (!take_name(&m->bytes, &data, &algorithm) || data.left > r->data.left)
		return;
	if (r->type == TYPE_TSIG)
		read_tsig(m, r, data, &algorithm);
	else
		read_tkey(m, data);
}

/* IANA has given numbers to some 270, to two from 32768 on, and left the last 256 for private use. */
static bool
is_question_type(uint16_t type)
{
	return (type > 0 && type < 512) || type >= 32768;
}

static bool
take_question(struct message *m, struct cursor bytes, struct cursor *c)
{
	struct cursor name = *c;
	uint16_t class;

	if (!take_name(&bytes, c, &m->question))
		return false;
	m->question_type = cursor_u16(c);
	class = cursor_u16(c);
	m->question_hash = hash_question(&m->question, m->question_type, class);
	/* Of the root nobody asks in another class than the Internet's: these are but zeros and small numbers. */
	if (m->question.text[0] == '\0' && class != CLASS_IN && class != CLASS_ANY)
		return false;
	return cursor_ok(c) && is_question_type(m->question_type) && is_class(class) && !is_netbios(name, m->question_type);
}

/* A message, all of whose parts agree and fill it. */
static bool
parse_message(struct cursor bytes, struct message *m)
{
	struct cursor c = bytes;
	struct header *h = &m->header;
	struct record r;

	m->bytes = bytes;
	m->question.text[0] = m->key.text[0] = '\0';
	m->question_type = m->error = 0;
	m->question_hash = 0;
	m->method = NULL;
	m->signed_well = false;
	if (!take_header(&c, h) || (h->questions == 1 && !take_question(m, bytes, &c)))
		return false;
	m->answers_at = bytes.left - c.left;
	for (unsigned int i = 0, n = (unsigned int)h->answers + h->authorities + h->additionals; i < n; i++) {
		if (cursor_left(&c) < (n - i) * RECORD_SIZE_MIN || !take_record(&bytes, &c, &r))
			/* A server may cut an answer anywhere, and says so (RFC 2181 9). */
			return (h->flags & FLAG_ANSWER) != 0 && (h->flags & FLAG_TRUNCATED) != 0;
		read_credential(m, &r);
	}
	return cursor_left(&c) == 0;
}

static enum verdict
dns_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct message m;

	(void)flow;
	if (!parse_message(bytes, &m) || m.header.questions == 0 || ((m.header.flags & FLAG_ANSWER) != 0) != (from == FROM_SERVER))
		return NO_MATCH;
	*strength = STRENGTH_STRUCTURE;
	return MATCH;
}

static unsigned int
opcode_of(const struct message *m)
{
	return m->header.flags >> OPCODE_SHIFT & OPCODE_MASK;
}

static enum asking
asking_of(const struct message *m)
{
	if (opcode_of(m) == OPCODE_UPDATE)
		return ASKING_UPDATE;
	return m->question_type == TYPE_AXFR || m->question_type == TYPE_IXFR ? ASKING_TRANSFER : ASKING_NAMES;
}

static void
remember(struct dns_state *s, const struct message *m, enum direction from)
{
	s->asked[s->next] = (struct asked){
		.method = m->method, .question = m->question_hash, .id = m->header.id, .from = (uint8_t)from, .asking = (uint8_t)asking_of(m), .used = true,
	};
	s->next = (uint8_t)((s->next + 1) % ASKED_MAX);
}

/*
 * What the other side asked that this is the answer to, or NULL; each is answered once. The answer to
 * an update may leave its question out (RFC 2136 3.8), as those to broken queries do.
 */
static struct asked *
find_asked(struct dns_state *s, const struct message *m, enum direction from)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *a = &s->asked[i];

		if (a->used && a->id == m->header.id && (m->header.questions == 0 || a->question == m->question_hash) && a->from != (uint8_t)from) {
			a->used = false;
			return a;
		}
	}
	return NULL;
}

/* The records of the answer section, one after the other. */
struct walk {
	struct cursor at;
	unsigned int left;
};

static struct walk
walk_answers(const struct message *m)
{
	struct walk w = { .at = m->bytes, .left = m->header.answers < ANSWERS_MAX ? m->header.answers : ANSWERS_MAX };

	cursor_skip(&w.at, m->answers_at);
	return w;
}

static bool
next_answer(const struct message *m, struct walk *w, struct record *r)
{
	return w->left > 0 && (w->left--, take_record(&m->bytes, &w->at, r));
}

/* Goes from name to what it is an alias of, if the answer says so. */
static bool
follow_alias(const struct message *m, struct name *name, uint32_t *ttl)
{
	struct walk w = walk_answers(m);
	struct record r;

	while (next_answer(m, &w, &r)) {
		struct cursor data = m->bytes;

		if (r.type != TYPE_CNAME || r.class != CLASS_IN || strcmp(r.owner.text, name->text) != 0 || !r.owner.plain)
			continue;
		cursor_skip(&data, r.data_at);
		if (!take_name(&m->bytes, &data, name) || !name->plain)
			return false;
		if (r.ttl < *ttl)
			*ttl = r.ttl;
		return true;
	}
	return false;
}

/* Reports the addresses of the name asked for, which may be an alias of the one that has them. */
static void
report_addresses(const struct dissection *d, const struct message *m)
{
	struct name name = m->question;
	struct walk w = walk_answers(m);
	struct record r;
	uint32_t ttl = UINT32_MAX;

	for (int i = 0; i < ALIASES_MAX && follow_alias(m, &name, &ttl); i++)
		;
	if (!m->question.plain || !name.plain || name.text[0] == '\0')
		return;
	while (next_answer(m, &w, &r)) {
		size_t size = r.type == TYPE_A ? 4 : r.type == TYPE_AAAA ? 16 : 0;

		if (size == 0 || r.data.left != size || r.class != CLASS_IN || strcmp(r.owner.text, name.text) != 0)
			continue;
		d->services->name(d->services->context, r.data.at, size, m->question.text, r.ttl < ttl ? r.ttl : ttl);
	}
}

/*
 * What the answer to a question with a credential tells. A server signs its answer where it found
 * the question's signature good, and not where it knew no key or found it wrong (RFC 8945 5.2, 5.3); that of a
 * SIG(0) it need not. TKEY's answer is signed once the key is agreed on (RFC 3645 4.1.3).
 */
static enum auth_result
outcome_of_credential(const struct message *m)
{
	unsigned int rcode = m->header.flags & RCODE_MASK;

	if (m->error != 0 || (rcode == RCODE_NOTAUTH && !m->signed_well))
		return AUTH_FAILURE;
	return m->signed_well ? AUTH_SUCCESS : AUTH_ATTEMPTED;
}

/* What demands a credential, and had none. Over UDP a transfer's answer may say no more than "ask by TCP" (RFC 1995 2). */
static enum auth_result
outcome_without_credential(const struct dissection *d, const struct message *m, enum asking asking)
{
	unsigned int rcode = m->header.flags & RCODE_MASK;

	if (asking == ASKING_NAMES)
		return AUTH_NOT_APPLICABLE;
	if (rcode == RCODE_REFUSED || rcode == RCODE_NOTAUTH)
		return AUTH_FAILURE;
	if (rcode != RCODE_NO_ERROR || (asking == ASKING_TRANSFER && (m->header.answers == 0 || d->flow->ip_protocol != IPPROTO_TCP)))
		return AUTH_NOT_APPLICABLE;
	return d->flow->ip_protocol != IPPROTO_TCP || d->flow->handshake_seen ? AUTH_NONE : AUTH_UNKNOWN;
}

static void
tell_principal(struct evidence *e, const struct message *m)
{
	if (e->want_principals && e->authentication.principal[0] == '\0')
		snprintf(e->authentication.principal, sizeof(e->authentication.principal), "%.*s", (int)sizeof(e->authentication.principal) - 1, m->key.text);
}

static void
tell_authentication(const struct dissection *d, const struct message *m, const struct asked *asked, enum strength strength, enum direction from, uint64_t offset)
{
	struct evidence *e = d->evidence;
	const char *method = asked != NULL && asked->method != NULL ? asked->method : m->method;
	enum auth_result result = method != NULL ? AUTH_ATTEMPTED : AUTH_NOT_APPLICABLE;

	if (m->method != NULL)
		tell_principal(e, m);
	if (asked != NULL)
		result = asked->method != NULL ? outcome_of_credential(m) : outcome_without_credential(d, m, (enum asking)asked->asking);
	else if (method == NULL && asking_of(m) != ASKING_NAMES)
		result = AUTH_UNKNOWN; /* to be answered, or its question is not known */
	if (result == AUTH_SUCCESS && (m->header.flags & RCODE_MASK) == RCODE_REFUSED)
		evidence_note(e, NOTE_NOT_PERMITTED);
	if (result == AUTH_NOT_APPLICABLE || result == AUTH_NONE)
		method = NULL;
	evidence_authentication(e, result, method, strength, method != NULL ? "RFC 8945, 2930, 2931 TSIG, TKEY or SIG record" : "RFC 1035 4.1.1 header", from, offset);
}

/* Tells what a message says, which starts at offset of its direction; false where bytes are none. */
static bool
dissect_message(struct dissection *d, enum direction from, struct cursor bytes, uint64_t offset)
{
	struct dns_state *s = d->state;
	struct asked *asked = NULL;
	struct message m;
	enum strength strength = STRENGTH_STRUCTURE;

	if (!parse_message(bytes, &m))
		return false;
	if ((m.header.flags & FLAG_ANSWER) == 0)
		remember(s, &m, from);
	else if ((asked = find_asked(s, &m, from)) != NULL)
		strength = STRENGTH_EXCHANGE;
	else if (m.header.questions == 0)
		return false;
	evidence_plaintext(d->evidence, "dns", strength, "RFC 1035 4.1 message", from, offset);
	tell_authentication(d, &m, asked, strength, from, offset);
	if (strength == STRENGTH_EXCHANGE && opcode_of(&m) == OPCODE_QUERY && (m.header.flags & RCODE_MASK) == 0 && m.header.questions == 1)
		report_addresses(d, &m);
	return true;
}

static enum verdict
dns_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	if (!dissect_message(d, from, *bytes, d->offset[from]))
		return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : MATCH; /* one odd datagram ends nothing */
	cursor_skip(bytes, cursor_left(bytes));
	return MATCH;
}

/* Over TCP each message comes after its length (RFC 1035 4.2.2); false where it is not all there. */
static bool
take_framed(struct cursor *bytes, struct cursor *message)
{
	struct cursor c = *bytes;

	*message = cursor_sub(&c, cursor_u16(&c));
	if (!cursor_ok(&c))
		return false;
	*bytes = c;
	return true;
}

static enum verdict
dns_tcp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct cursor c = bytes, message;
	struct header h;
	uint16_t size = cursor_u16(&c);

	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < MESSAGE_SIZE_MIN || (cursor_left(&c) >= HEADER_SIZE && !take_header(&c, &h)))
		return NO_MATCH;
	return take_framed(&bytes, &message) ? dns_probe(flow, from, message, strength) : NEED_MORE;
}

static enum verdict
dns_tcp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor start = *bytes, message;

	while (cursor_left(bytes) > 0) {
		uint64_t at = dissection_offset(d, from, start, *bytes);
		int high = cursor_peek(bytes, 0), low = cursor_peek(bytes, 1);

		if (!take_framed(bytes, &message)) {
			d->need = low < 0 ? 2 : 2 + (size_t)(high << 8 | low);
			return NEED_MORE;
		}
		/* In a transfer of a zone only the first answer repeats the question (RFC 5936 2.2.1). */
		if (!dissect_message(d, from, message, at) && d->evidence->strength < STRENGTH_STRUCTURE)
			return NO_MATCH;
	}
	return MATCH;
}

const struct dissector dns_dissector = {
	.name = "dns",
	.specification = "RFC 1035",
	.ip_protocol = IPPROTO_UDP,
	.hint_ports = { 53, 5353 },
	.state_size = sizeof(struct dns_state),
	.probe = dns_probe,
	.dissect = dns_dissect,
};

/* The first byte is that of a length: nobody begins with 4 KiB. */
#define LENGTHS "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"

const struct dissector dns_tcp_dissector = {
	.name = "dns",
	.specification = "RFC 7766",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 53 },
	.first_bytes = { LENGTHS, LENGTHS },
	.first_bytes_size = { sizeof(LENGTHS) - 1, sizeof(LENGTHS) - 1 },
	.state_size = sizeof(struct dns_state),
	.probe = dns_tcp_probe,
	.dissect = dns_tcp_dissect,
};
