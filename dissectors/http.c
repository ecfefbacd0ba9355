/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x: messages (RFC 9112; their heads in http_head.c), what requests carry to authenticate
 * (http_auth.c) and how they are answered (RFC 9110 15). Bodies are passed over. HTTP authenticates
 * each request by itself, so an answer must be paired with its request: answers come in the order of
 * the requests (RFC 9112 9.3), a short ring of which is remembered. Where bytes were lost that order
 * is no longer known, and an outcome is only told once it is again.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "grpc.h"
#include "http_application.h"
#include "http_exchange.h"
#include "http_head.h"

enum {
	CHUNK_LINE_MAX = 4096,
	FORM_LOOK = 2048, /* of a form, so many bytes are looked at */
	RPC_LOOK = 512,   /* of the body of a gRPC-Web answer */
	OUTSTANDING_MAX = 16,
};

enum reading {
	AT_START,       /* of a message */
	AT_FORM,        /* of a body that is looked at */
	AT_RPC,         /* likewise, in an answer: gRPC-Web */
	AT_BODY,
	AT_CHUNK,
	AT_CHUNK_END,   /* the line end after the bytes of a chunk */
	AT_TRAILER,
	AT_END_UNKNOWN, /* after an answer to a request not seen: a body until the end, or none (HEAD) */
	AT_LOSS,        /* anywhere: the start of a message is looked for */
};

struct side {
	uint8_t reading;
	uint32_t searched; /* bytes of a header section already searched for its end */
	uint64_t left;     /* of the body; 0 with AT_END_UNKNOWN: it comes in chunks */
};

struct http_state {
	struct side side[2];
	struct http_request ring[OUTSTANDING_MAX];
	uint8_t first, count;
	uint32_t beyond;       /* outstanding requests that found no place */
	bool begun;
	bool pipelined;        /* a request was sent while another had no answer */
	bool doubtful;         /* bytes are missing: pairing holds as long as nothing is pipelined */
	bool unpaired;         /* answers cannot be told apart any more */
	bool requested;        /* a request was seen, and nothing but it */
	bool claimed;
	bool may_have_left;      /* the answer to a CONNECT or upgrade is lost, or the client went on to TLS without one */
	const char *name;      /* of what it turned out to carry; NULL: http */
	bool look;             /* the answer's body begins with an outcome: that of asked */
	bool text;             /* in base64 */
	bool in_chunk;         /* what is looked at */
	struct http_request asked;
	struct http_exchange exchange;
	uint64_t request_offset;
};

static_assert(sizeof(struct http_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static enum verdict
http_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	*strength = STRENGTH_SIGNATURE;
	return http_probe_start(from, bytes);
}

/* Outstanding requests. */

static void
forget_requests(struct http_state *s)
{
	s->first = s->count = 0;
	s->beyond = 0;
}

static void
push_request(struct http_state *s, const struct http_request *r)
{
	s->pipelined |= s->count > 0;
	s->unpaired |= s->doubtful && s->pipelined;
	if (s->count == OUTSTANDING_MAX || s->beyond > 0) {
		if (s->beyond < UINT32_MAX)
			s->beyond++;
		return;
	}
	s->ring[(s->first + s->count) % OUTSTANDING_MAX] = *r;
	s->count++;
}

/* The request at the head of the ring, or NULL where it is not known. */
static const struct http_request *
oldest_request(const struct http_state *s)
{
	return s->count > 0 && !s->unpaired ? &s->ring[s->first] : NULL;
}

static void
pop_request(struct http_state *s)
{
	if (s->count > 0) {
		s->first = (uint8_t)((s->first + 1) % OUTSTANDING_MAX);
		s->count--;
	} else if (s->beyond > 0) {
		s->beyond--;
	}
}

/* The newest request: the one whose body is being read. */
static struct http_request *
newest_request(struct http_state *s)
{
	return s->count > 0 && s->beyond == 0 ? &s->ring[(s->first + s->count - 1) % OUTSTANDING_MAX] : NULL;
}

/*
 * From here on messages are looked for. What was outstanding may have been answered unseen; a
 * client that waits for each answer shows with its next request that it has them all.
 */
static void
lose(struct http_state *s, enum direction from)
{
	s->side[from] = (struct side){ .reading = AT_LOSS };
	s->unpaired |= s->pipelined;
	s->doubtful = true;
	forget_requests(s);
}

/* The same where the bytes are there, but cannot be told apart: they may hold requests. */
static void
lose_framing(struct http_state *s, enum direction from)
{
	s->unpaired |= from == FROM_CLIENT;
	lose(s, from);
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

/* Bodies. */

/* Passes over size bytes of a body; those that have not come yet are skipped by the sensor. */
static enum verdict
pass_over(struct dissection *d, struct cursor *bytes, uint64_t size)
{
	size_t here = size < bytes->left ? (size_t)size : bytes->left;

	cursor_skip(bytes, here);
	d->skip = size - here < SIZE_MAX / 4 ? (size_t)(size - here) : SIZE_MAX / 4;
	return MATCH;
}

/* RFC 9112 6.3, of a request: without a length it has no body. */
static void
expect_request_body(struct http_state *s, const struct http_head *h)
{
	struct side *side = &s->side[FROM_CLIENT];

	if (h->chunked) {
		side->reading = AT_CHUNK;
	} else if (h->coded || h->bad_length) {
		lose_framing(s, FROM_CLIENT);
	} else if (h->length > 0) {
		side->left = h->length;
		side->reading = h->media == HTTP_MEDIA_FORM ? AT_FORM : AT_BODY;
	}
}

/* RFC 9112 6.3, of an answer to a request, NULL where that is not known. */
static void
expect_answer_body(struct http_state *s, const struct http_head *h, const struct http_request *r, unsigned int status)
{
	struct side *side = &s->side[FROM_SERVER];

	if (status < 200 || status == 204 || status == 304 || (r != NULL && r->head))
		return;
	if (!h->coded && h->has_length && h->length == 0)
		return;
	side->left = h->chunked ? 0 : h->coded || !h->has_length ? http_length_max : h->length;
	if (h->bad_length && !h->coded)
		lose_framing(s, FROM_SERVER);
	else
		side->reading = r == NULL ? AT_END_UNKNOWN : h->chunked ? AT_CHUNK : s->look ? AT_RPC : AT_BODY;
}

static enum verdict
read_body(struct dissection *d, struct side *side, struct cursor *bytes)
{
	uint64_t size = side->left;

	*side = (struct side){ .reading = AT_START };
	return pass_over(d, bytes, size);
}

/*
 * The answer to a request that was not seen: it may have been HEAD, and then the next answer comes
 * at once.
 */
static enum verdict
read_unknown_body(struct dissection *d, struct side *side, struct cursor *bytes)
{
	if (cursor_may_start_with(bytes, "HTTP/1.")) {
		if (cursor_left(bytes) < sizeof("HTTP/1.") - 1)
			return NEED_MORE;
		*side = (struct side){ .reading = AT_START };
		return MATCH;
	}
	if (side->left == 0) {
		side->reading = AT_CHUNK;
		return MATCH;
	}
	return read_body(d, side, bytes);
}

static enum verdict
read_form(struct dissection *d, struct side *side, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct http_credentials credentials = { 0 };
	size_t size = side->left < FORM_LOOK ? (size_t)side->left : FORM_LOOK;
	struct http_request *r = newest_request(s);
	struct cursor body = *bytes;

	if (cursor_left(bytes) < size) {
		d->need = size;
		return NEED_MORE;
	}
	side->reading = AT_BODY;
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
read_rpc(struct dissection *d, struct side *side, struct cursor *bytes)
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
		side->reading = AT_BODY;
		return MATCH;
	}
	body.left = (size_t)(side->left < SIZE_MAX / 4 ? side->left : SIZE_MAX / 4);
	*side = (struct side){ .reading = AT_CHUNK_END };
	return pass_over(d, bytes, body.left);
}

/* RFC 9112 7.1: the size of a chunk in hexadecimal digits, perhaps extensions. */
static bool
parse_chunk_size(struct cursor line, uint64_t *size)
{
	bool any = false;

	for (*size = 0; cursor_left(&line) > 0; any = true) {
		int b = cursor_peek(&line, 0);
		int digit = b >= '0' && b <= '9' ? b - '0' : (b | 0x20) >= 'a' && (b | 0x20) <= 'f' ? (b | 0x20) - 'a' + 10 : -1;

		if (digit < 0)
			break;
		if (*size >= http_length_max >> 4)
			return false;
		*size = *size << 4 | (uint64_t)digit;
		cursor_skip(&line, 1);
	}
	cursor_skip_blanks(&line);
	return any && (cursor_left(&line) == 0 || cursor_peek(&line, 0) == ';');
}

/* Takes a line of the framing of chunks; false with *verdict where there is none. */
static bool
take_chunk_line(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *line, enum verdict *verdict)
{
	*verdict = NEED_MORE;
	if (cursor_take_line(bytes, line))
		return true;
	if (cursor_left(bytes) > CHUNK_LINE_MAX) {
		lose_framing(d->state, from);
		*verdict = MATCH;
	}
	return false;
}

static enum verdict
read_chunk(struct dissection *d, enum direction from, struct side *side, struct cursor *bytes)
{
	struct http_state *s = d->state;
	struct cursor line;
	enum verdict verdict;
	uint64_t size;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	if (!parse_chunk_size(line, &size)) {
		lose_framing(d->state, from);
		return MATCH;
	}
	if (from == FROM_SERVER && s->look && size > 0) {
		s->in_chunk = true;
		*side = (struct side){ .reading = AT_RPC, .left = size };
		return MATCH;
	}
	side->reading = size > 0 ? AT_CHUNK_END : AT_TRAILER;
	return pass_over(d, bytes, size);
}

static enum verdict
read_chunk_end(struct dissection *d, enum direction from, struct side *side, struct cursor *bytes)
{
	struct cursor line;
	enum verdict verdict;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	side->reading = AT_CHUNK;
	if (line.left > 0)
		lose_framing(d->state, from);
	return MATCH;
}

/* RFC 9112 7.1.2: fields, up to an empty line; of no interest. */
static enum verdict
read_trailer(struct dissection *d, enum direction from, struct side *side, struct cursor *bytes)
{
	struct cursor line;
	enum verdict verdict;

	if (!take_chunk_line(d, from, bytes, &line, &verdict))
		return verdict;
	if (line.left == 0)
		*side = (struct side){ .reading = AT_START };
	return MATCH;
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
		lose(s, from); /* the middle of a body, before any request that was seen */
	else
		lose_framing(s, from);
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
	push_request(s, &r);
	if (!r.connect)
		expect_request_body(s, &h);
	return MATCH;
}

static enum verdict
read_answer(struct dissection *d, struct cursor *bytes, struct cursor *start)
{
	struct http_state *s = d->state;
	struct http_head h = { .evidence = d->evidence };
	struct cursor line, section;
	const struct http_request *outstanding = oldest_request(s);
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
	pop_request(s);
	if (outstanding != NULL && (status != 101 || h.upgrade != HTTP_UPGRADE_H2C))
		tell_answer(d, &r, &h, status, offset);
	if (status == 101) {
		tell_upgrade(d, outstanding != NULL ? &r : NULL, &h, offset);
		return d->next != NULL ? UPGRADE : DONE;
	}
	if (outstanding != NULL && r.connect && status < 300)
		return UPGRADE; /* RFC 9110 9.3.6: a tunnel, of whatever it is */
	expect_answer_body(s, &h, outstanding != NULL ? &r : NULL, status);
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
	const struct http_request *r = s->count > 0 ? &s->ring[(s->first + s->count - 1) % OUTSTANDING_MAX] : NULL;

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
resynchronize(enum direction from, struct side *side, struct cursor *bytes)
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
		*side = (struct side){ .reading = AT_START };
	return verdict;
}

/*
 * Whether TLS begins where a message would. Without a loss the answer to a CONNECT told; the loss may
 * have been just that, or the request.
 */
static bool
is_in_tunnel(struct dissection *d, const struct side *side, enum direction from, struct cursor bytes)
{
	const struct http_state *s = d->state;

	return s->doubtful && (side->reading == AT_START || side->reading == AT_LOSS || side->reading == AT_END_UNKNOWN) && is_tls(d, from, bytes);
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
	struct side *side = &s->side[from];

	if (is_in_tunnel(d, side, from, *bytes))
		return leave_for_tls(d);
	switch ((enum reading)side->reading) {
	case AT_START:
		return read_start(d, from, bytes, start);
	case AT_FORM:
		return read_form(d, side, bytes);
	case AT_RPC:
		return read_rpc(d, side, bytes);
	case AT_BODY:
		return read_body(d, side, bytes);
	case AT_CHUNK:
		return read_chunk(d, from, side, bytes);
	case AT_CHUNK_END:
		return read_chunk_end(d, from, side, bytes);
	case AT_TRAILER:
		return read_trailer(d, from, side, bytes);
	case AT_END_UNKNOWN:
		return read_unknown_body(d, side, bytes);
	case AT_LOSS:
		return resynchronize(from, side, bytes);
	}
	return DONE;
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
	lose(s, from);
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
