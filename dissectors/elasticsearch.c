/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport protocol of Elasticsearch and OpenSearch (TcpHeader.java, OutboundMessage.java), which
 * nodes and old clients speak, usually on port 9300: "ES", a size, a request's id, status bits, the
 * version of the sender, the headers of the request's context, the action. Who asks is told by those
 * headers in each request; so each stands alone, as in HTTP.
 */
#include <config.h>

#include "dissector.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

enum {
	PREFIX_SIZE = 6,        /* "ES", Int32 size of what follows */
	HEADER_SIZE = 19,       /* with id, status, version */
	MESSAGE_MAX = 1 << 30,
	SHOWN_MAX = 4096,       /* of a message: what is looked at */
	HEADERS_MAX = 64,
	ACTION_MAX = 200,
	ERROR_TEXT_MAX = 2048,
	PENDING_MAX = 16,
};

enum status_bit { STATUS_RESPONSE = 1, STATUS_ERROR = 2, STATUS_COMPRESSED = 4, STATUS_HANDSHAKE = 8 };

/* Versions are 1000000 * major + 10000 * minor + 100 * revision + build; OpenSearch sets a bit above. */
enum {
	VERSION_0_20 = 200000,
	VERSION_5_0 = 5000000,
	VERSION_6_3 = 6030000,
	VERSION_7_6 = 7060000,  /* headers and action in a part of their own, never compressed */
	VERSION_8_0 = 8000000,
	VERSION_10 = 10000000,
	OPENSEARCH = 0x08000000,
};

struct message {
	uint64_t id;
	uint32_t size;    /* of the whole, with its prefix */
	uint32_t version; /* as Elasticsearch counts */
	uint8_t status;   /* enum status_bit */
	struct cursor rest; /* after the fixed header: as much as was asked for */
};

/* What a request says of who asks. */
struct credential {
	const char *method; /* NULL: nothing */
	bool replayable;
	bool hidden;        /* it could not be looked at: compressed, or too long */
};

struct pending {
	uint64_t id;
	const char *method;
	bool in_use, judged; /* judged: its answer tells something */
};

struct elasticsearch_state {
	struct pending pending[PENDING_MAX];
	uint8_t next;
};

static_assert(sizeof(struct elasticsearch_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static const char clause[] = "Elasticsearch transport, TcpHeader";

/* Reading. */

static bool
version_exists(uint32_t version)
{
	if ((version & OPENSEARCH) != 0)
		return (version ^ OPENSEARCH) >= 1000000 && (version ^ OPENSEARCH) < VERSION_10;
	return version >= VERSION_0_20 && version < VERSION_10;
}

/* Takes the fixed header; NEED_MORE where it is not complete. A ping, "ES" and -1, has size 6 alone. */
static enum verdict
read_header(struct cursor *c, struct message *m)
{
	uint32_t size;

	if (!cursor_may_start_with(c, "ES"))
		return NO_MATCH;
	if (cursor_left(c) < PREFIX_SIZE)
		return NEED_MORE;
	cursor_skip(c, 2);
	size = cursor_u32(c);
	*m = (struct message){ .size = PREFIX_SIZE };
	if (size == UINT32_MAX)
		return MATCH;
	if (size < HEADER_SIZE - PREFIX_SIZE || size > MESSAGE_MAX)
		return NO_MATCH;
	if (cursor_left(c) < HEADER_SIZE - PREFIX_SIZE)
		return NEED_MORE;
	m->size = size + PREFIX_SIZE;
	m->id = cursor_u64(c);
	m->status = cursor_u8(c);
	m->version = cursor_u32(c);
	if (m->status > (STATUS_RESPONSE | STATUS_ERROR | STATUS_COMPRESSED | STATUS_HANDSHAKE) || !version_exists(m->version))
		return NO_MATCH;
	if ((m->version & OPENSEARCH) != 0)
		m->version = VERSION_7_6 + (m->version ^ OPENSEARCH); /* it branched off at 7.10 */
	return MATCH;
}

/* A VInt: seven bits a byte, the lowest first, at most five bytes. */
static uint32_t
take_vint(struct cursor *c)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 5; i++) {
		uint8_t b = cursor_u8(c);

		value |= (uint32_t)(b & 0x7f) << (7 * i);
		if ((b & 0x80) == 0)
			return value;
	}
	cursor_fail(c);
	return 0;
}

/* A string: its length in characters, which here are taken as bytes; others than ASCII do not fit. */
static struct cursor
take_string(struct cursor *c)
{
	uint32_t size = take_vint(c);

	return cursor_sub(c, size);
}

static const struct {
	const char *prefix, *method;
	bool replayable;
} schemes[] = {
	{ "Basic ", "http-basic", true },
	{ "Bearer ", "http-bearer", true },
	{ "ApiKey ", "http-api-key", true },
	{ "", "http-other", false },
};

/* Names of headers in which a node tells on whose behalf it asks: a claim, without proof. */
static const char *const contexts[] = {
	"_xpack_security_authentication", "_shield_user", "_opendistro_security_user_header", "_opendistro_security_origin_header", "_opendistro_security_remote_address_header", "_sg_user_header",
};

static void
read_credential(struct cursor name, struct cursor value, struct credential *out)
{
	if (cursor_equals_nocase(&name, "Authorization")) {
		size_t i = 0;

		while (!cursor_starts_with_nocase(&value, schemes[i].prefix))
			i++;
		*out = (struct credential){ .method = schemes[i].method, .replayable = schemes[i].replayable };
	}
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]) && out->method == NULL; i++)
		if (cursor_equals(&name, contexts[i]))
			out->method = "elasticsearch-context";
}

/* The headers of a request's context, a map of strings, and those of its answer, a map of lists. */
static void
read_headers(struct cursor *c, struct credential *out)
{
	uint32_t count = take_vint(c);

	for (uint32_t i = 0; i < count && i < HEADERS_MAX && cursor_ok(c); i++) {
		struct cursor name = take_string(c), value = take_string(c);

		if (cursor_ok(c))
			read_credential(name, value, out);
	}
	out->hidden |= count > HEADERS_MAX;
	count = take_vint(c);
	for (uint32_t i = 0; i < count && i < HEADERS_MAX && cursor_ok(c); i++) {
		(void)take_string(c);
		for (uint32_t values = take_vint(c); values > 0 && values <= HEADERS_MAX && cursor_ok(c); values--)
			(void)take_string(c);
	}
}

static bool
is_action(struct cursor name)
{
	size_t size = cursor_left(&name);

	if (!cursor_ok(&name) || size == 0 || size > ACTION_MAX)
		return false;
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);

		if (b <= 0x20 || b >= 0x7f)
			return false;
	}
	return true;
}

/* Reads what follows a request's fixed header: who asks, and for what. False where it is none. */
static bool
read_request(const struct message *m, struct credential *who, struct cursor *action)
{
	struct cursor c = m->rest;

	*who = (struct credential){ 0 };
	*action = cursor_over(NULL, 0);
	if (m->version >= VERSION_7_6)
		cursor_skip(&c, 4); /* size of the part that is never compressed */
	else if ((m->status & STATUS_COMPRESSED) != 0) {
		who->hidden = true;
		return true;
	}
	if (m->version < VERSION_5_0) {
		*action = take_string(&c);
		who->hidden = cursor_u8(&c) != 0; /* a map of headers, of any type */
		return cursor_ok(&c) && is_action(*action);
	}
	read_headers(&c, who);
	if (m->version >= VERSION_6_3 && m->version < VERSION_8_0)
		for (uint32_t features = take_vint(&c); features > 0 && features <= HEADERS_MAX && cursor_ok(&c); features--)
			(void)take_string(&c);
	*action = take_string(&c);
	if (cursor_ok(&c) && is_action(*action))
		return true;
	*action = cursor_over(NULL, 0);
	return (m->status & STATUS_HANDSHAKE) != 0;
}

/* Probe. */

static enum verdict
elasticsearch_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct message m;
	struct credential who;
	struct cursor action;
	enum verdict verdict = read_header(&bytes, &m);

	(void)flow;
	*strength = STRENGTH_STRUCTURE;
	if (verdict != MATCH || m.size == PREFIX_SIZE)
		return verdict == MATCH ? NEED_MORE : verdict;
	if (from == FROM_SERVER)
		return (m.status & STATUS_RESPONSE) != 0 ? MATCH : NO_MATCH;
	if ((m.status & STATUS_RESPONSE) != 0)
		return NO_MATCH;
	m.rest = cursor_sub(&bytes, m.size - HEADER_SIZE < cursor_left(&bytes) ? m.size - HEADER_SIZE : cursor_left(&bytes));
	if (read_request(&m, &who, &action))
		return MATCH;
	return m.rest.left + HEADER_SIZE < m.size && m.rest.left < SHOWN_MAX ? NEED_MORE : NO_MATCH;
}

/* Messages. */

/* Answered to anybody: how two nodes agree on a version. */
static bool
is_for_anybody(const struct message *m, struct cursor action)
{
	return (m->status & STATUS_HANDSHAKE) != 0 || cursor_equals(&action, "internal:tcp/handshake") || cursor_equals(&action, "internal:transport/handshake") || cursor_equals(&action, "internal:transport/handshake[n]");
}

static void
on_request(struct dissection *d, const struct message *m)
{
	struct elasticsearch_state *s = d->state;
	struct pending *p = &s->pending[s->next++ % PENDING_MAX];
	uint64_t offset = d->offset[FROM_CLIENT];
	struct credential who;
	struct cursor action;

	*p = (struct pending){ .id = m->id, .in_use = true };
	if (!read_request(m, &who, &action))
		return; /* it goes on beyond what is looked at */
	p->method = who.method;
	p->judged = !is_for_anybody(m, action) && (who.method != NULL || !who.hidden);
	if (who.method != NULL)
		evidence_authentication(d->evidence, AUTH_ATTEMPTED, who.method, STRENGTH_STRUCTURE, "Elasticsearch thread context", FROM_CLIENT, offset);
	if (who.replayable)
		evidence_cleartext_credentials(d->evidence, "Elasticsearch thread context", FROM_CLIENT, offset);
}

/* What X-Pack, OpenSearch and Search Guard say in the exception they send. */
static const struct {
	const char *text;
	bool known; /* who asks is known, and may not */
} refusals[] = {
	{ "missing authentication", false },
	{ "unable to authenticate", false },
	{ "failed to authenticate", false },
	{ "is unauthorized", true },
	{ "no permissions for", true },
};

static void
on_error(struct dissection *d, const struct message *m, const struct pending *p)
{
	struct cursor text = m->rest;

	text.left = text.left < ERROR_TEXT_MAX ? text.left : ERROR_TEXT_MAX;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (cursor_find_nocase(&text, refusals[i].text) < 0)
			continue;
		if (refusals[i].known && p->method == NULL && !p->judged)
			return; /* who asked was not to be seen */
		if (refusals[i].known && p->method != NULL)
			evidence_note(d->evidence, NOTE_NOT_PERMITTED);
		evidence_authentication(d->evidence, refusals[i].known && p->method != NULL ? AUTH_SUCCESS : AUTH_FAILURE, p->method, STRENGTH_EXCHANGE, "Elasticsearch error response", FROM_SERVER, d->offset[FROM_SERVER]);
		return;
	}
}

static void
on_response(struct dissection *d, const struct message *m)
{
	struct elasticsearch_state *s = d->state;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &s->pending[i];

		if (!p->in_use || p->id != m->id)
			continue;
		if ((m->status & STATUS_ERROR) != 0)
			on_error(d, m, p);
		else if (p->judged)
			evidence_authentication(d->evidence, p->method != NULL ? AUTH_SUCCESS : AUTH_NONE, p->method, STRENGTH_EXCHANGE, "Elasticsearch response", FROM_SERVER, d->offset[FROM_SERVER]);
		p->in_use = false;
		return;
	}
}

static enum verdict
elasticsearch_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor start = *bytes;
	struct message m;
	enum verdict verdict = read_header(bytes, &m);
	size_t wanted;

	if (verdict == NO_MATCH)
		return d->evidence->protocol != NULL ? MALFORMED : NO_MATCH;
	wanted = verdict == MATCH ? (m.size < HEADER_SIZE + SHOWN_MAX ? m.size : HEADER_SIZE + SHOWN_MAX) : HEADER_SIZE;
	if (cursor_left(&start) < wanted) {
		*bytes = start;
		d->need = verdict == MATCH ? wanted : cursor_left(&start) + 1;
		return NEED_MORE;
	}
	if (m.size == PREFIX_SIZE)
		return MATCH;
	m.rest = cursor_sub(bytes, wanted - HEADER_SIZE);
	d->skip = m.size - wanted;
	evidence_plaintext(d->evidence, "elasticsearch", STRENGTH_STRUCTURE, clause, from, d->offset[from]);
	if (from == FROM_CLIENT && (m.status & STATUS_RESPONSE) == 0)
		on_request(d, &m);
	if (from == FROM_SERVER && (m.status & STATUS_RESPONSE) != 0)
		on_response(d, &m);
	return MATCH;
}

const struct dissector elasticsearch_dissector = {
	.name = "elasticsearch",
	.specification = "Elasticsearch transport protocol",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 9300 },
	.first_bytes = { "E", "E" },
	.state_size = sizeof(struct elasticsearch_state),
	.probe = elasticsearch_probe,
	.dissect = elasticsearch_dissect,
};
