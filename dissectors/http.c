/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x: messages (RFC 9112; their heads in http_head.c), what requests carry to authenticate
 * (http_auth.c) and how they are answered (RFC 9110 15). Bodies are passed over (http_body.c). HTTP
 * authenticates each request by itself, so an answer must be paired with its request: answers come in the
 * order of the requests (RFC 9112 9.3), a short ring of which is remembered (http_pairing.c). Where bytes were
 * lost that order is no longer known, and an outcome is only told once it is again.
 */
#include <config.h>

#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "grpc.h"
#include "http_application.h"
#include "http_state.h"

enum {
	FORM_LOOK = 2048, /* of a form, so many bytes are looked at */
	RPC_LOOK = 512,   /* of the body of a gRPC-Web answer */
};

static enum verdict
http_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	return http_probe_start(from, bytes);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct http_state *s = d->state;

	s->claimed = true;
	evidence_plaintext(d->evidence, s->name != NULL ? s->name : "http", strength, clause, from, offset);
}

static const char request_clause[] = "RFC 9112 3 request";
static const char answer_clause[] = "RFC 9112 4 answer";

static void
tell_credentials(struct dissection *d, const struct http_credentials *credentials, uint64_t offset)
{
	struct http_state *s = d->state;

	if (credentials->method == NULL && credentials->proxy_method == NULL)
		return;
	claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	http_exchange_credentials(&s->exchange, d->evidence, credentials, offset);
}

/*
 * A request alone is only claimed with its answer, with the end of the flow or with the next
 * request: another protocol may still answer.
 */
static void
tell_request(struct dissection *d, const struct http_head *h, uint64_t offset)
{
	struct http_state *s = d->state;

	if (!s->claimed && !s->requested) {
		evidence_protocol(d->evidence, s->name != NULL ? s->name : "http", STRENGTH_SIGNATURE, request_clause, FROM_CLIENT, offset);
		s->request_offset = offset;
	} else if (!s->claimed) {
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, offset);
	}
	s->requested = true;
	tell_credentials(d, &h->credentials, offset);
}

/* Bodies that are looked at. */

static enum verdict
read_form(struct dissection *d, struct http_side *side, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct http_credentials credentials = { 0 };
	size_t size = side->left < FORM_LOOK ? (size_t)side->left : FORM_LOOK;
	struct http_request *r = http_newest_request(s);
	struct cursor body = *bytes;

	if (cursor_left(bytes) < size) {
		d->need = size;
		return NEED_MORE;
	}
	side->reading = HTTP_AT_BODY;
	http_auth_form(&credentials, cursor_sub(&body, size));
	if (credentials.method == NULL)
		return MATCH;
	if (r != NULL && r->source < credentials.source) {
		r->source = (uint8_t)credentials.source;
		r->method = credentials.method;
	}
	tell_credentials(d, &credentials, d->offset[FROM_CLIENT]);
	return MATCH;
}

/* The beginning of the body of a gRPC-Web answer, or of its first chunk. */
static enum verdict
read_rpc(struct dissection *d, struct http_side *side, struct cursor *bytes)
{
	struct http_state *s = d->state;
	size_t size = side->left < RPC_LOOK ? (size_t)side->left : RPC_LOOK;
	struct cursor body = *bytes;

	if (cursor_left(bytes) < size) {
		d->need = size;
		return NEED_MORE;
	}
	s->look = false;
	http_exchange_rpc(d->evidence, &s->asked, grpc_web_body(cursor_sub(&body, size), s->text), d->offset[FROM_SERVER]);
	if (!s->in_chunk) {
		side->reading = HTTP_AT_BODY;
		return MATCH;
	}
	body.left = (size_t)(side->left < SIZE_MAX / 4 ? side->left : SIZE_MAX / 4);
	*side = (struct http_side){ .reading = HTTP_AT_CHUNK_END };
	return dissection_pass_over(d, bytes, body.left);
}

/* Messages. */

/* RFC 7540 3.2: the request is answered in stream 1 of what follows. */
static void
hand_to_http2(struct dissection *d, const struct http_request *r, enum strength strength, uint64_t offset)
{
	evidence_protocol(d->evidence, "http2", strength, "RFC 7540 3.2 101 to an upgrade", FROM_SERVER, offset);
	if (r != NULL) {
		static_assert(sizeof(*r) <= sizeof(d->handover), "what is handed over must fit");
		memcpy(d->handover, r, sizeof(*r));
	}
	d->next = &http2_dissector;
}

static void
tell_upgrade(struct dissection *d, const struct http_request *r, const struct http_head *h, uint64_t offset)
{
	enum strength strength = r != NULL ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE;

	if (!h->connection_upgrade || (r != NULL && r->upgrade != h->upgrade))
		return;
	if (h->upgrade == HTTP_UPGRADE_WEBSOCKET && h->websocket_accept) {
		evidence_protocol(d->evidence, "websocket", strength, "RFC 6455 4.2.2 101 to an upgrade", FROM_SERVER, offset);
		d->next = &websocket_dissector;
	} else if (h->upgrade == HTTP_UPGRADE_H2C)
		hand_to_http2(d, r, strength, offset);
}

/* What is asked for counts only where it is asked for by the rules of the protocol. */
static uint8_t
upgrade_of(const struct http_head *h)
{
	if (!h->connection_upgrade)
		return HTTP_UPGRADE_NONE;
	if ((h->upgrade == HTTP_UPGRADE_WEBSOCKET && !h->websocket_key) || (h->upgrade == HTTP_UPGRADE_H2C && !h->http2_settings))
		return HTTP_UPGRADE_OTHER;
	return h->upgrade;
}

/* Bytes that are no HTTP, where a message should start. */
static enum verdict
not_http(struct dissection *d, enum direction from)
{
	struct http_state *s = d->state;

	if (!s->claimed && d->flow->handshake_seen) {
		s->requested = false;
		return NO_MATCH;
	}
	/* The first answer is none: whatever was asked, nothing that speaks HTTP served it. */
	if (from == FROM_SERVER && d->evidence->strength < STRENGTH_EXCHANGE && d->flow->handshake_seen && !s->doubtful)
		return MALFORMED;
	if (from == FROM_CLIENT && !s->requested)
		http_lose(s, from); /* the middle of a body, before any request that was seen */
	else
		http_lose_framing(s, from);
	return MATCH;
}

/* A protocol in HTTP, once a field has told it: gRPC-Web, or what etcd's members say to each other (etcd, server/etcdserver/api/rafthttp). */
static void
name_carried(struct http_state *s, const struct http_head *h)
{
	if (h->etcd)
		s->name = "etcd";
	else if (s->name == NULL && (h->media == HTTP_MEDIA_GRPC_WEB || h->media == HTTP_MEDIA_GRPC_WEB_TEXT))
		s->name = "grpc-web";
}

/* The software that answered, as far as it shows. */
static void
name_application(struct dissection *d, const struct http_request *r, const struct http_head *h, unsigned int status)
{
	struct http_state *s = d->state;
	const char *application = h->application;

	if (r != NULL)
		application = http_application_of_answer(application != NULL ? application : r->by_field, r->by_target, status);
	if (application == NULL)
		return;
	if (d->evidence->application == NULL)
		d->evidence->application = application;
	if (s->name == NULL && strcmp(application, "elasticsearch") == 0)
		s->name = application;
}

/* What the answer to a request says. That of a gRPC-Web call may only be at the beginning of its body. */
static void
tell_answer(struct dissection *d, const struct http_request *r, const struct http_head *h, unsigned int status, uint64_t offset)
{
	struct http_state *s = d->state;
	bool web = h->media == HTTP_MEDIA_GRPC_WEB || h->media == HTTP_MEDIA_GRPC_WEB_TEXT;

	s->look = false;
	if (!web || status != 200) {
		http_exchange_answer(&s->exchange, d->evidence, r, h, status, offset);
	} else if (h->has_rpc_status) {
		http_exchange_rpc(d->evidence, r, http_exchange_rpc_outcome(h), offset);
	} else {
		s->look = true;
		s->text = h->media == HTTP_MEDIA_GRPC_WEB_TEXT;
		s->in_chunk = false;
		s->asked = *r;
	}
}

static enum verdict
read_request(struct dissection *d, struct cursor *bytes, struct cursor *start)
{
	struct http_state *s = d->state;
	struct http_head h = { .evidence = d->evidence };
	struct cursor line, section;
	struct http_request_line parsed;
	struct http_request r;
	enum verdict verdict = http_probe_start(FROM_CLIENT, *bytes);
	uint64_t offset = dissection_offset(d, FROM_CLIENT, *start, *bytes);

	if (verdict == NO_MATCH)
		return not_http(d, FROM_CLIENT);
	if (!http_take_section(&s->side[FROM_CLIENT].searched, bytes, &line, &section, &verdict))
		return verdict;
	if (!http_parse_request_line(line, &parsed))
		return not_http(d, FROM_CLIENT);
	http_read_fields(&h, FROM_CLIENT, section);
	if (h.broken)
		return not_http(d, FROM_CLIENT);
	http_auth_target(&h.credentials, parsed.target);
	h.etcd |= cursor_equals(&parsed.target, "/raft/probing");
	name_carried(s, &h);
	r = (struct http_request){
		.method = h.credentials.method,
		.proxy_method = h.credentials.proxy_method,
		.source = (uint8_t)h.credentials.source,
		.by_field = h.application,
		.by_target = http_application_of_target(parsed.target),
		.upgrade = upgrade_of(&h),
		.head = cursor_equals(&parsed.method, "HEAD"),
		.connect = cursor_equals(&parsed.method, "CONNECT"),
	};
	tell_request(d, &h, offset);
	http_push_request(s, &r);
	if (!r.connect)
		http_expect_request_body(s, &h);
	return MATCH;
}

static enum verdict
read_answer(struct dissection *d, struct cursor *bytes, struct cursor *start)
{
	struct http_state *s = d->state;
	struct http_head h = { .evidence = d->evidence };
	struct cursor line, section;
	const struct http_request *outstanding = http_oldest_request(s);
	struct http_request r = { 0 };
	enum verdict verdict = http_probe_start(FROM_SERVER, *bytes);
	unsigned int status;
	uint64_t offset = dissection_offset(d, FROM_SERVER, *start, *bytes);

	if (verdict == NO_MATCH)
		return not_http(d, FROM_SERVER);
	if (!http_take_section(&s->side[FROM_SERVER].searched, bytes, &line, &section, &verdict))
		return verdict;
	status = http_parse_status_line(line);
	if (status == 0)
		return not_http(d, FROM_SERVER);
	http_read_fields(&h, FROM_SERVER, section);
	if (h.broken)
		evidence_note(d->evidence, NOTE_MALFORMED);
	if (outstanding != NULL)
		r = *outstanding;
	name_application(d, outstanding, &h, status);
	name_carried(s, &h);
	claim(d, outstanding != NULL ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, answer_clause, FROM_SERVER, offset);
	if (status < 200 && status != 101) /* RFC 9110 15.2: the answer is still to come */
		return MATCH;
	http_pop_request(s);
	if (outstanding != NULL && (status != 101 || h.upgrade != HTTP_UPGRADE_H2C))
		tell_answer(d, &r, &h, status, offset);
	if (status == 101) {
		tell_upgrade(d, outstanding != NULL ? &r : NULL, &h, offset);
		return d->next != NULL ? UPGRADE : DONE;
	}
	if (outstanding != NULL && r.connect && status < 300)
		return UPGRADE; /* RFC 9110 9.3.6: a tunnel, of whatever it is */
	http_expect_answer_body(s, &h, outstanding != NULL ? &r : NULL, status);
	return MATCH;
}

/* RFC 9112 2.2: empty lines before a request are to be ignored. */
static void
skip_empty_lines(struct cursor *bytes)
{
	while (cursor_starts_with(bytes, "\r\n") || cursor_starts_with(bytes, "\n"))
		cursor_skip(bytes, cursor_peek(bytes, 0) == '\r' ? 2 : 1);
}

static bool
is_tls(const struct dissection *d, enum direction from, struct cursor bytes)
{
	enum strength strength;

	return tls_dissector.probe(d->flow, from, bytes, &strength) == MATCH;
}

/* Whether a request waits whose answer decides what the client's next bytes are. */
static bool
may_leave_http(const struct http_state *s)
{
	const struct http_request *r = s->count > 0 ? &s->ring[(s->first + s->count - 1) % HTTP_OUTSTANDING_MAX] : NULL;

	return r != NULL && (r->connect || r->upgrade != HTTP_UPGRADE_NONE);
}

static enum verdict
read_start(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *start)
{
	struct http_state *s = d->state;

	if (from == FROM_SERVER)
		return read_answer(d, bytes, start);
	if (may_leave_http(s)) {
		s->may_have_left = is_tls(d, from, *bytes);
		return NEED_MORE;
	}
	s->may_have_left = false;
	if (s->side[from].searched == 0)
		skip_empty_lines(bytes);
	return cursor_left(bytes) > 0 && !cursor_equals(bytes, "\r") ? read_request(d, bytes, start) : NEED_MORE;
}

/*
 * After a loss, or in the middle of a body: a message starts where a start line stands at the
 * beginning of a segment or after an empty line. All else is passed over.
 */
static enum verdict
resynchronize(enum direction from, struct http_side *side, struct cursor *bytes)
{
	struct cursor line;
	enum verdict verdict;

	for (;;) {
		verdict = http_probe_start(from, *bytes);
		if (verdict == MATCH || (verdict == NEED_MORE && cursor_left(bytes) > 0))
			break;
		do {
			if (!cursor_take_line(bytes, &line)) {
				cursor_skip(bytes, cursor_left(bytes));
				return NEED_MORE;
			}
		} while (line.left > 0);
	}
	if (verdict == MATCH)
		*side = (struct http_side){ .reading = HTTP_AT_START };
	return verdict;
}

/*
 * Whether TLS begins where a message would. Without a loss the answer to a CONNECT told; the loss may
 * have been just that, or the request.
 */
static bool
is_in_tunnel(struct dissection *d, const struct http_side *side, enum direction from, struct cursor bytes)
{
	const struct http_state *s = d->state;

	return s->doubtful && (side->reading == HTTP_AT_START || side->reading == HTTP_AT_LOSS || side->reading == HTTP_AT_END_UNKNOWN) && is_tls(d, from, bytes);
}

static enum verdict
leave_for_tls(struct dissection *d)
{
	struct http_state *s = d->state;

	if (!s->claimed)
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, s->request_offset);
	d->next = &tls_dissector;
	return UPGRADE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *start)
{
	struct http_state *s = d->state;
	struct http_side *side = &s->side[from];

	if (is_in_tunnel(d, side, from, *bytes))
		return leave_for_tls(d);
	switch ((enum http_reading)side->reading) {
	case HTTP_AT_START:
		return read_start(d, from, bytes, start);
	case HTTP_AT_FORM:
		return read_form(d, side, bytes);
	case HTTP_AT_RPC:
		return read_rpc(d, side, bytes);
	case HTTP_AT_LOSS:
		return resynchronize(from, side, bytes);
	default:
		return http_read_body(d, from, bytes);
	}
}

static enum verdict
http_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	if (!s->begun)
		s->doubtful = !d->flow->handshake_seen;
	s->exchange.answer_clause = answer_clause;
	s->begun = true;
	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = read_one(d, from, bytes, &start);
	if (verdict == NEED_MORE && bytes->left < start.left && d->need == 0)
		return MATCH; /* the other direction may have waited for what was taken */
	return verdict;
}

static enum verdict
http_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct http_state *s = d->state;

	(void)size;
	if (may_leave_http(s)) {
		s->may_have_left = true;
		evidence_doubt_plaintext(d->evidence);
	}
	http_lose(s, from);
	return MATCH;
}

static void
http_finish(struct dissection *d)
{
	struct http_state *s = d->state;

	if (s->requested && !s->claimed)
		claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, s->request_offset);
	if (s->may_have_left)
		evidence_doubt_plaintext(d->evidence);
}

const struct dissector http_dissector = {
	.name = "http",
	.specification = "RFC 9112",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 80, 8080, 8000, 3128 },
	.first_bytes = { "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "H" },
	.state_size = sizeof(struct http_state),
	.probe = http_probe,
	.dissect = http_dissect,
	.gap = http_gap,
	.finish = http_finish,
};
