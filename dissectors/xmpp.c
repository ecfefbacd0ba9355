/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XMPP between clients, servers and components (RFC 6120, XEP-0114, XEP-0220, XEP-0388, XEP-0078): a stream of
 * XML, read tag by tag as far as TLS and the login go. Text between tags is looked at only to know
 * whether there is any.
 */
#include <config.h>

#include "dissector.h"

#include <assert.h>
#include <netinet/in.h>

#include "sasl.h"

enum {
	TAG_SIZE_MAX = 4096,
	ATTRIBUTES_MAX = 32,
	TLS_HANDSHAKE = 0x16, /* no byte of XML */
	TAGS_MAX = 2000, /* without a login by then, nobody waits for it */
};

static const char streams_namespace[] = "http://etherx.jabber.org/streams";

/* One tag: "<name attributes>", "</name>", "<name/>", "<?xml ...?>". */
struct tag {
	struct cursor name;       /* without prefix */
	struct cursor attributes; /* all of them */
	bool end;                 /* "</name>" */
	bool instruction;         /* "<?" or "<!" */
};

/* Elements of which it matters whether they hold text. */
enum element { ELEMENT_OTHER, ELEMENT_SASL, ELEMENT_PASSWORD };

struct xmpp_state {
	const char *method;  /* of the login under way, or NULL */
	uint64_t offset;     /* of what began it */
	bool replayable;
	bool anonymous;
	bool tls_asked;
	bool query_is_login; /* of the client's latest <iq/>: it is for a login before SASL, not for a new account (XEP-0077) */
	bool old_login;      /* in an <iq/>: answered by the one of the same id */
	uint32_t iq, login_iq; /* hashes of ids: of the client's latest <iq/>, of that of the login */
	bool begun;
	bool client_seen;
	uint8_t inside;      /* enum element that the client is in */
	uint16_t tags;
};

static_assert(sizeof(struct xmpp_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

/* Reading. */

/* Offset of the '>' that ends the tag at the cursor, -1 where it has not come, -2 where it is too far. */
static ptrdiff_t
tag_end(const struct cursor *c)
{
	int quote = 0;

	for (size_t i = 1; i < TAG_SIZE_MAX; i++) {
		int b = cursor_peek(c, i);

		if (b < 0)
			return -1;
		if (quote != 0)
			quote = b == quote ? 0 : quote;
		else if (b == '"' || b == '\'')
			quote = b;
		else if (b == '>')
			return (ptrdiff_t)i;
		else if (b == '<')
			return -2;
	}
	return -2;
}

static bool
is_blank(int b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

static bool
is_name_byte(int b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '-' || b == '_' || b == '.' || b >= 0x80;
}

/* Takes the name of an element or attribute; *local is what stands behind a prefix. */
static struct cursor
take_name(struct cursor *c, struct cursor *local)
{
	struct cursor start = *c;

	*local = *c;
	while (is_name_byte(cursor_peek(c, 0)) || cursor_peek(c, 0) == ':') {
		bool colon = cursor_peek(c, 0) == ':';

		cursor_skip(c, 1);
		if (colon)
			*local = *c;
	}
	local->left -= c->left;
	return cursor_sub(&start, start.left - c->left);
}

/* Takes a whole tag. NEED_MORE where it goes on; NO_MATCH where it is none. */
static enum verdict
take_tag(struct cursor *c, struct tag *tag)
{
	ptrdiff_t end;
	struct cursor inside;

	if (cursor_left(c) == 0)
		return NEED_MORE;
	if (cursor_peek(c, 0) != '<')
		return NO_MATCH;
	end = tag_end(c);
	if (end < 0)
		return end == -1 ? NEED_MORE : NO_MATCH;
	inside = cursor_sub(c, (size_t)end);
	cursor_skip(c, 1);
	cursor_skip(&inside, 1);
	*tag = (struct tag){ .end = cursor_peek(&inside, 0) == '/', .instruction = cursor_peek(&inside, 0) == '?' || cursor_peek(&inside, 0) == '!' };
	if (tag->end)
		cursor_skip(&inside, 1);
	if (tag->instruction)
		return MATCH;
	(void)take_name(&inside, &tag->name);
	tag->attributes = inside;
	return cursor_left(&tag->name) > 0 ? MATCH : NO_MATCH;
}

/* The value of an attribute; false where there is none of that name. */
static bool
find_attribute(const struct tag *tag, const char *name, struct cursor *value)
{
	struct cursor c = tag->attributes, local, whole;

	for (unsigned i = 0; i < ATTRIBUTES_MAX; i++) {
		int quote;

		while (is_blank(cursor_peek(&c, 0)))
			cursor_skip(&c, 1);
		whole = take_name(&c, &local);
		while (is_blank(cursor_peek(&c, 0)))
			cursor_skip(&c, 1);
		if (cursor_left(&whole) == 0 || cursor_u8(&c) != '=')
			return false;
		while (is_blank(cursor_peek(&c, 0)))
			cursor_skip(&c, 1);
		quote = cursor_u8(&c);
		if ((quote != '"' && quote != '\'') || !cursor_take_until(&c, (uint8_t)quote, value))
			return false;
		if (cursor_equals(&whole, name))
			return true;
	}
	return false;
}

static uint32_t
hash_of(struct cursor text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	while (cursor_left(&text) > 0)
		hash = (hash ^ cursor_u8(&text)) * 16777619u;
	return hash;
}

static bool
attribute_is(const struct tag *tag, const char *name, const char *text)
{
	struct cursor value;

	return find_attribute(tag, name, &value) && cursor_equals(&value, text);
}

/* Whether a stream's opening tag is XMPP's: both of its namespaces (RFC 6120 4.8). */
static bool
opens_stream(const struct tag *tag)
{
	struct cursor content;

	return cursor_equals(&tag->name, "stream") && attribute_is(tag, "xmlns:stream", streams_namespace) && find_attribute(tag, "xmlns", &content) && cursor_starts_with(&content, "jabber:");
}

static void
skip_blanks(struct cursor *c)
{
	while (is_blank(cursor_peek(c, 0)))
		cursor_skip(c, 1);
}

/* Probe. */

static enum verdict
xmpp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	struct tag tag;

	(void)flow;
	(void)from;
	*strength = STRENGTH_STRUCTURE;
	for (unsigned i = 0; i < 2; i++) {
		enum verdict verdict;

		skip_blanks(&bytes);
		verdict = take_tag(&bytes, &tag);
		if (verdict != MATCH)
			return verdict;
		if (!tag.instruction)
			return !tag.end && opens_stream(&tag) ? MATCH : NO_MATCH;
	}
	return NO_MATCH;
}

/* What tags say. */

static void
begin_login(struct dissection *d, const char *method, bool replayable, const char *clause, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	s->method = method;
	s->replayable = replayable;
	s->offset = offset;
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, method, STRENGTH_STRUCTURE, clause, FROM_CLIENT, offset);
}

static void
end_login(struct dissection *d, enum auth_result result, const char *clause, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	if (s->method != NULL)
		evidence_authentication(d->evidence, result == AUTH_SUCCESS && s->anonymous ? AUTH_NONE : result, s->method, STRENGTH_EXCHANGE, clause, FROM_SERVER, offset);
	s->method = NULL;
	s->old_login = false;
}

/* RFC 6120 6.4.2 <auth/>, XEP-0388 <authenticate/>. */
static void
on_auth(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;
	struct cursor name;
	const struct sasl_mechanism *mechanism;

	if (!find_attribute(tag, "mechanism", &name))
		return;
	mechanism = sasl_mechanism(name);
	s->anonymous = cursor_equals_nocase(&name, "ANONYMOUS");
	s->inside = ELEMENT_SASL;
	begin_login(d, mechanism->method, mechanism->replayable, "RFC 6120 6.4.2 auth", offset);
}

static void
on_response(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)tag;
	(void)offset;
	s->inside = ELEMENT_SASL;
}

static void
on_starttls(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)tag;
	(void)offset;
	s->tls_asked = true;
}

static void
on_iq_sent(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;
	struct cursor id;

	(void)offset;
	s->query_is_login = false;
	s->iq = find_attribute(tag, "id", &id) ? hash_of(id) : 0;
}

static void
on_query(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)offset;
	s->query_is_login = attribute_is(tag, "xmlns", "jabber:iq:auth");
}

static void
begin_old_login(struct dissection *d, const char *method, bool replayable, const char *clause, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	s->old_login = true;
	s->login_iq = s->iq;
	begin_login(d, method, replayable, clause, offset);
}

/* XEP-0078, before SASL: in <query xmlns='jabber:iq:auth'/>. */
static void
on_password(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)tag;
	s->offset = offset;
	s->inside = ELEMENT_PASSWORD;
	if (s->query_is_login)
		begin_old_login(d, "xmpp-password", true, "XEP-0078 3.2 password", offset);
}

static void
on_digest(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)tag;
	if (s->query_is_login)
		begin_old_login(d, "xmpp-digest", false, "XEP-0078 3.2 digest", offset);
}

/* XEP-0114: a component proves that it knows the secret. The server answers with an empty one. */
static void
on_handshake(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	(void)tag;
	begin_login(d, "xmpp-component", false, "XEP-0114 handshake", offset);
}

/* XEP-0220: a server's key is verified by asking the domain it says it is of. */
static void
on_dialback(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	(void)tag;
	begin_login(d, "xmpp-dialback", false, "XEP-0220 2.1.1 result", offset);
}

static void
on_success(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	(void)tag;
	end_login(d, AUTH_SUCCESS, "RFC 6120 6.4.6 success", offset);
}

static void
on_failure(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	struct xmpp_state *s = d->state;

	(void)tag;
	if (s->tls_asked)
		evidence_note(d->evidence, NOTE_UPGRADE_REFUSED);
	else
		end_login(d, AUTH_FAILURE, "RFC 6120 6.4.5 failure", offset);
	s->tls_asked = false;
}

static void
on_iq(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	const struct xmpp_state *s = d->state;
	struct cursor id;

	if (!s->old_login || (find_attribute(tag, "id", &id) ? hash_of(id) : 0) != s->login_iq)
		return;
	if (attribute_is(tag, "type", "result"))
		end_login(d, AUTH_SUCCESS, "XEP-0078 3.2 result", offset);
	else if (attribute_is(tag, "type", "error"))
		end_login(d, AUTH_FAILURE, "XEP-0078 3.2 error", offset);
}

static void
on_dialback_answer(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	if (attribute_is(tag, "type", "valid"))
		end_login(d, AUTH_SUCCESS, "XEP-0220 2.1.1 result", offset);
	else if (attribute_is(tag, "type", "invalid"))
		end_login(d, AUTH_FAILURE, "XEP-0220 2.1.1 result", offset);
}

/* RFC 6120 4.9.3.12: who asks has not logged in, or not been let in. */
static void
on_not_authorized(struct dissection *d, const struct tag *tag, uint64_t offset)
{
	const struct xmpp_state *s = d->state;

	if (attribute_is(tag, "xmlns", "urn:ietf:params:xml:ns:xmpp-streams"))
		evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, "RFC 6120 4.9.3.12 not-authorized", FROM_SERVER, offset);
}

static const struct {
	const char *name;
	enum direction from;
	const char *xmlns; /* or NULL: any */
	void (*act)(struct dissection *, const struct tag *, uint64_t offset);
} elements[] = {
	{ "starttls", FROM_CLIENT, "urn:ietf:params:xml:ns:xmpp-tls", on_starttls },
	{ "auth", FROM_CLIENT, "urn:ietf:params:xml:ns:xmpp-sasl", on_auth },
	{ "authenticate", FROM_CLIENT, "urn:xmpp:sasl:2", on_auth },
	{ "initial-response", FROM_CLIENT, NULL, on_response },
	{ "response", FROM_CLIENT, NULL, on_response },
	{ "iq", FROM_CLIENT, NULL, on_iq_sent },
	{ "query", FROM_CLIENT, NULL, on_query },
	{ "password", FROM_CLIENT, NULL, on_password },
	{ "digest", FROM_CLIENT, NULL, on_digest },
	{ "handshake", FROM_CLIENT, NULL, on_handshake },
	{ "result", FROM_CLIENT, NULL, on_dialback },
	{ "success", FROM_SERVER, NULL, on_success },
	{ "handshake", FROM_SERVER, NULL, on_success },
	{ "failure", FROM_SERVER, NULL, on_failure },
	{ "iq", FROM_SERVER, NULL, on_iq },
	{ "result", FROM_SERVER, NULL, on_dialback_answer },
	{ "not-authorized", FROM_SERVER, NULL, on_not_authorized },
};

static void
act_on(struct dissection *d, enum direction from, const struct tag *tag, uint64_t offset)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (elements[i].from == from && cursor_equals(&tag->name, elements[i].name) && (elements[i].xmlns == NULL || attribute_is(tag, "xmlns", elements[i].xmlns))) {
			elements[i].act(d, tag, offset);
			return;
		}
}

/* Text between two tags: passed over. In an element of a login it is the credential; "=" alone is an empty one (RFC 6120 6.4.2). */
static void
pass_over_text(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct xmpp_state *s = d->state;
	bool any = false;

	while (cursor_left(bytes) > 0 && cursor_peek(bytes, 0) != '<') {
		uint8_t b = cursor_u8(bytes);

		any |= !is_blank(b) && b != '=';
	}
	if (!any || from != FROM_CLIENT)
		return;
	if (s->inside == ELEMENT_PASSWORD)
		evidence_cleartext_credentials(d->evidence, "XEP-0078 3.2, XEP-0077 3.1 password", from, s->offset);
	else if (s->inside != ELEMENT_OTHER && s->replayable && s->method != NULL)
		evidence_cleartext_credentials(d->evidence, "RFC 6120 6.4.2 auth", from, s->offset);
}

static enum verdict
xmpp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct xmpp_state *s = d->state;
	struct cursor start = *bytes;
	struct tag tag;
	enum verdict verdict;
	uint64_t offset;

	/* TLS, of which the server's consent was not captured. */
	if (from == FROM_CLIENT && s->tls_asked && cursor_peek(bytes, 0) == TLS_HANDSHAKE && cursor_peek(bytes, 1) == 3) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	s->client_seen |= from == FROM_CLIENT;
	pass_over_text(d, from, bytes);
	offset = dissection_offset(d, from, start, *bytes);
	if (cursor_left(bytes) == 0)
		return MATCH;
	verdict = take_tag(bytes, &tag);
	if (verdict != MATCH)
		return verdict == NEED_MORE ? NEED_MORE : s->begun ? MALFORMED : NO_MATCH;
	if (tag.instruction)
		return MATCH;
	if (from == FROM_CLIENT)
		s->inside = ELEMENT_OTHER;
	if (tag.end)
		return MATCH;
	if (opens_stream(&tag)) {
		s->begun = true;
		evidence_plaintext(d->evidence, "xmpp", STRENGTH_STRUCTURE, "RFC 6120 4.2 stream", from, offset);
		return MATCH;
	}
	if (!s->begun)
		return NO_MATCH;
	/* Where nothing of the client was captured, the server's word alone must do. */
	if (from == FROM_SERVER && (s->tls_asked || !s->client_seen) && cursor_equals(&tag.name, "proceed")) {
		d->next = &tls_dissector;
		return UPGRADE;
	}
	act_on(d, from, &tag, offset);
	return ++s->tags == TAGS_MAX || d->evidence->authentication.result == AUTH_SUCCESS ? DONE : MATCH;
}

/* What was lost may have been the change to TLS. */
static enum verdict
xmpp_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)from;
	(void)size;
	evidence_doubt_plaintext(d->evidence);
	return DONE;
}

const struct dissector xmpp_dissector = {
	.name = "xmpp",
	.specification = "RFC 6120",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 5222, 5269, 5275 },
	.first_bytes = { "< \t\r\n", "< \t\r\n" },
	.state_size = sizeof(struct xmpp_state),
	.probe = xmpp_probe,
	.dissect = xmpp_dissect,
	.gap = xmpp_gap,
};
