/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 in the clear (RFC 9113), by prior knowledge or after an upgrade (RFC 7540 3.2), and the gRPC
 * and etcd calls in it (grpc.c). Frames are in http2_frame.c, header blocks in hpack.c; what requests
 * carry and answers say is told as for HTTP/1.x (http_auth.c, http_exchange.c). Streams have numbers,
 * so an answer finds its request whatever lies between them, and after a loss too. What a loss takes
 * is the table by which header blocks are read: a block of which a part cannot be read any more says
 * nothing by what is not in it.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "dissector.h"
#include "grpc.h"
#include "hpack.h"
#include "http2_frame.h"
#include "http_application.h"
#include "http_exchange.h"
#include "http_head.h"

enum {
	STREAMS_MAX = 64,           /* outstanding, of a connection */
	BLOCK_FRAME_MAX = 48 * 1024,
	FIELDS_MAX = 512,           /* of a block that are looked at */
	DECODED_MAX = 3 * 1024 * 1024, /* bytes of fields of a connection */
	RESYNC_MAX = 4096,          /* bytes in which a chain of frames must begin to show */
	LOOK = GRPC_LOOK,           /* of a body */
};

enum reading {
	AT_START,
	AT_FRAME,
	AT_LOSS, /* anywhere: a chain of frames is looked for */
};

/* A request without its answer. */
struct stream {
	uint32_t id;       /* 0: free */
	uint8_t media;     /* enum http_media of the request */
	uint8_t kind;      /* enum rpc_kind */
	bool complete;     /* every field of the request could be read */
	bool answered;     /* its answer began */
	bool rpc;          /* gRPC: the outcome is not the HTTP status */
	bool web;          /* gRPC-Web: the outcome is in the body */
	bool web_text;
	bool looked[2];    /* the beginning of the body was, by direction */
	struct http_request request;
};

/* A header block that is being read (RFC 9113 4.3). */
struct block {
	struct http_head head;
	uint64_t offset;   /* of the frame that began it */
	uint32_t stream;
	uint32_t fields;
	unsigned int status;
	uint8_t kind;      /* enum rpc_kind */
	bool open;         /* a CONTINUATION must follow */
	bool discard;      /* PUSH_PROMISE: no request that the client made */
	bool end_stream;
	bool method, head_method, connect, extended; /* of a request */
	const char *by_target; /* the application that the path tells, or NULL */
	char service[96];
};

/* What does not fit into the state. */
struct connection {
	struct hpack hpack[2];
	struct block block[2];
	struct stream streams[STREAMS_MAX];
	size_t decoded;
};

struct http2_state {
	struct http_request upgraded; /* handed over by http.c: answered in stream 1 */
	struct connection *connection;
	struct http_exchange exchange;
	const char *name;             /* of what the flow is known to carry so far */
	uint8_t reading[2];
	bool begun;
	bool claimed;
};

static_assert(sizeof(struct http2_state) <= DISSECTOR_STATE_MAX, "the sensor's limit");
static_assert(sizeof(((struct block *)0)->service) == sizeof(((struct evidence *)0)->rpc_service), "a name that fits one fits the other");

static const char preface_clause[] = "RFC 9113 3.4 connection preface";
static const char frame_clause[] = "RFC 9113 4.1 frame";
static const char request_clause[] = "RFC 9113 8.3.1 request";
static const char answer_clause[] = "RFC 9113 8.3.2 :status";

static enum verdict
http2_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	enum verdict verdict = from == FROM_CLIENT ? http2_preface(bytes) : NO_MATCH;

	*strength = STRENGTH_SIGNATURE;
	if (verdict != NO_MATCH)
		return verdict;
	*strength = STRENGTH_STRUCTURE;
	if (flow->handshake_seen)
		return from == FROM_SERVER ? http2_first_frame(bytes) : NO_MATCH;
	return http2_frames(bytes, from);
}

/* Evidence. */

static void
claim(struct dissection *d, enum strength strength, const char *clause, enum direction from, uint64_t offset)
{
	struct http2_state *s = d->state;

	s->claimed |= strength >= STRENGTH_STRUCTURE;
	evidence_plaintext(d->evidence, s->name, strength, clause, from, offset);
}

/* What HTTP/2 carries names the flow, the more special the better. */
static void
name_carried(struct http2_state *s, enum http_media media, enum rpc_kind kind)
{
	if (strcmp(s->name, "etcd") == 0)
		return;
	if (media == HTTP_MEDIA_GRPC)
		s->name = kind != RPC_OTHER ? "etcd" : "grpc";
	else if ((media == HTTP_MEDIA_GRPC_WEB || media == HTTP_MEDIA_GRPC_WEB_TEXT) && strcmp(s->name, "http2") == 0)
		s->name = "grpc-web";
}

/* Streams. */

static struct stream *
find_stream(struct http2_state *s, uint32_t id)
{
	for (size_t i = 0; i < STREAMS_MAX; i++)
		if (s->connection->streams[i].id == id)
			return &s->connection->streams[i];
	return NULL;
}

static void
forget_stream(struct stream *stream)
{
	if (stream != NULL)
		*stream = (struct stream){ 0 };
}

/* Where there is no place the request is not remembered, and its answer says nothing. */
static struct stream *
open_stream(struct http2_state *s, uint32_t id)
{
	struct stream *stream = find_stream(s, id);

	if (stream == NULL)
		stream = find_stream(s, 0);
	if (stream != NULL)
		*stream = (struct stream){ .id = id };
	return stream;
}

/* Header blocks. */

static void
read_pseudo_field(struct block *b, enum direction from, struct cursor name, struct cursor value)
{
	if (from == FROM_SERVER) {
		if (cursor_equals(&name, ":status")) {
			uint64_t status = cursor_decimal(&value);

			b->status = cursor_ok(&value) && status >= 100 && status < 600 ? (unsigned int)status : 0;
		}
	} else if (cursor_equals(&name, ":method")) {
		b->method = true;
		b->head_method = cursor_equals(&value, "HEAD");
		b->connect = cursor_equals(&value, "CONNECT");
	} else if (cursor_equals(&name, ":path")) {
		enum rpc_kind kind;

		http_auth_target(&b->head.credentials, value);
		b->by_target = http_application_of_target(value);
		if (grpc_path(value, b->service, sizeof(b->service), &kind))
			b->kind = (uint8_t)kind;
	} else if (cursor_equals(&name, ":protocol")) {
		b->extended = true; /* RFC 8441 4: no proxy is asked */
	}
}

struct reader {
	struct connection *connection;
	struct block *block;
	enum direction from;
};

static void
read_field(void *context, struct cursor name, struct cursor value)
{
	struct reader *r = context;
	struct block *b = r->block;

	r->connection->decoded += name.left + value.left + 1;
	if (b->discard || b->fields == FIELDS_MAX || r->connection->decoded > DECODED_MAX) {
		r->connection->hpack[r->from].incomplete = true;
		return;
	}
	b->fields++;
	if (cursor_peek(&name, 0) == ':')
		read_pseudo_field(b, r->from, name, value);
	else
		http_read_field(&b->head, r->from, name, value);
}

/* The metadata "token" is etcd's (etcd, api/v3rpc/rpctypes/metadatafields.go), and that of others who follow it. */
static void
adopt_token(struct block *b)
{
	struct http_credentials *c = &b->head.credentials;
	bool etcd = b->kind != RPC_OTHER;

	if (b->head.rpc_token && c->source < HTTP_AUTH_API_KEY) {
		c->source = HTTP_AUTH_API_KEY;
		c->method = etcd ? "etcd-token" : "http-api-key";
		c->clause = "gRPC metadata \"token\"";
	} else if (etcd && c->source == HTTP_AUTH_AUTHORIZATION) {
		c->method = "etcd-token"; /* etcd takes it as it is, with no scheme before it */
		if (c->clause == NULL)
			c->clause = "gRPC metadata \"authorization\"";
	}
}

static void
remember_request(struct http2_state *s, const struct block *b, bool complete)
{
	const struct http_credentials *c = &b->head.credentials;
	struct stream *stream = open_stream(s, b->stream);

	if (stream == NULL)
		return;
	stream->media = b->head.media;
	stream->kind = b->kind;
	stream->complete = complete;
	stream->rpc = b->head.media == HTTP_MEDIA_GRPC;
	stream->request = (struct http_request){
		.method = c->method,
		.proxy_method = c->proxy_method,
		.source = (uint8_t)c->source,
		.by_field = b->head.application,
		.by_target = b->by_target,
		.head = b->head_method,
		.connect = b->connect && !b->extended,
	};
	if (b->kind == RPC_ETCD_AUTHENTICATE && stream->rpc)
		stream->request = (struct http_request){ .method = "etcd-password", .source = HTTP_AUTH_API_KEY };
}

static void
end_request(struct dissection *d, struct block *b, bool complete)
{
	struct http2_state *s = d->state;

	if (!b->method)
		return; /* trailers */
	if (b->head.media == HTTP_MEDIA_GRPC) {
		adopt_token(b);
		if (d->evidence->rpc_service[0] == '\0')
			memcpy(d->evidence->rpc_service, b->service, sizeof(b->service));
	}
	name_carried(s, b->head.media, b->kind);
	claim(d, STRENGTH_STRUCTURE, request_clause, FROM_CLIENT, b->offset);
	http_exchange_credentials(&s->exchange, d->evidence, &b->head.credentials, b->offset);
	remember_request(s, b, complete);
}

static void
tell_rpc(struct dissection *d, const struct stream *stream, enum rpc_outcome outcome, uint64_t offset)
{
	bool login = stream->kind == RPC_ETCD_AUTHENTICATE;

	/* Of a request whose fields could not all be read nobody knows that it had no credential. */
	if (!stream->complete && stream->request.method == NULL && stream->request.proxy_method == NULL)
		return;
	if (login && outcome == RPC_NOT_PERMITTED)
		outcome = RPC_REFUSED;
	http_exchange_rpc(d->evidence, &stream->request, outcome, offset);
}

/* An answer that is no gRPC's. */
static void
tell_answer(struct dissection *d, const struct stream *stream, const struct block *b, bool complete)
{
	struct http2_state *s = d->state;

	if (!complete || (!stream->complete && stream->request.method == NULL && stream->request.proxy_method == NULL))
		return;
	http_exchange_answer(&s->exchange, d->evidence, &stream->request, &b->head, b->status, b->offset);
}

/*
 * The head of an answer. That of a gRPC call says 200 whatever becomes of it; its outcome comes in
 * the trailers, or here where there is nothing else (gRPC over HTTP2, Responses: Trailers-Only).
 */
static void
begin_answer(struct dissection *d, struct stream *stream, const struct block *b, bool complete)
{
	bool is_error = b->status == 401 || b->status == 403 || b->status == 407;
	bool web = b->head.media == HTTP_MEDIA_GRPC_WEB || b->head.media == HTTP_MEDIA_GRPC_WEB_TEXT;

	if (d->evidence->application == NULL)
		d->evidence->application = http_application_of_answer(b->head.application != NULL ? b->head.application : stream->request.by_field, stream->request.by_target, b->status);
	stream->answered = true;
	stream->rpc |= b->head.media == HTTP_MEDIA_GRPC;
	if (stream->rpc || web || b->head.has_rpc_status) {
		if (b->head.has_rpc_status)
			tell_rpc(d, stream, http_exchange_rpc_outcome(&b->head), b->offset);
		else if (b->status != 200 && is_error)
			tell_answer(d, stream, b, complete);
		stream->web = web;
		stream->web_text = b->head.media == HTTP_MEDIA_GRPC_WEB_TEXT;
		if (b->status != 200 || b->head.has_rpc_status)
			stream->looked[FROM_SERVER] = true;
	} else {
		tell_answer(d, stream, b, complete);
		stream->looked[FROM_SERVER] = true;
	}
}

static void
end_answer(struct dissection *d, struct block *b, bool complete)
{
	struct http2_state *s = d->state;
	struct stream *stream = find_stream(s, b->stream);

	if (b->status != 0) {
		name_carried(s, b->head.media, stream != NULL ? stream->kind : RPC_OTHER);
		claim(d, stream != NULL ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, answer_clause, FROM_SERVER, b->offset);
		if (b->status < 200)
			return; /* RFC 9110 15.2: the answer is still to come */
	}
	if (stream == NULL)
		return;
	if (b->status != 0 && !stream->answered)
		begin_answer(d, stream, b, complete);
	else if (b->head.has_rpc_status && (stream->rpc || stream->web))
		tell_rpc(d, stream, http_exchange_rpc_outcome(&b->head), b->offset);
	if (b->end_stream)
		forget_stream(stream);
}

static enum verdict
end_block(struct dissection *d, enum direction from)
{
	struct http2_state *s = d->state;
	struct connection *c = s->connection;
	struct block *b = &c->block[from];
	bool complete = !c->hpack[from].incomplete;

	b->open = false;
	if (c->decoded > DECODED_MAX) {
		evidence_note(d->evidence, NOTE_BUDGET);
		return DONE;
	}
	if (b->discard)
		return MATCH;
	if (from == FROM_CLIENT)
		end_request(d, b, complete);
	else
		end_answer(d, b, complete);
	return MATCH;
}

/* A fragment of a block: of HEADERS, PUSH_PROMISE or CONTINUATION. */
static enum verdict
read_fragment(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor fragment)
{
	struct http2_state *s = d->state;
	struct connection *c = s->connection;
	struct block *b = &c->block[from];
	struct reader reader = { .connection = c, .block = b, .from = from };
	bool last = (f->flags & HTTP2_END_HEADERS) != 0;

	b->head.evidence = d->evidence;
	b->open = true;
	(void)hpack_read(&c->hpack[from], d->services, fragment, last, read_field, &reader);
	return last ? end_block(d, from) : MATCH;
}

/* Loss. */

/* From here on frames are looked for, and nothing is known of the table. */
static void
lose(struct dissection *d, enum direction from)
{
	struct http2_state *s = d->state;

	s->reading[from] = AT_LOSS;
	if (s->connection == NULL)
		return;
	s->connection->block[from].open = false;
	hpack_start(&s->connection->hpack[from], d->services, false);
}

/* What cannot be, where frames should be. */
static enum verdict
broken(struct dissection *d, enum direction from)
{
	struct http2_state *s = d->state;
	bool whole = s->connection->hpack[from].whole;

	if (!s->claimed)
		return d->evidence->strength < STRENGTH_STRUCTURE ? NO_MATCH : DONE;
	lose(d, from);
	return whole ? MALFORMED : MATCH;
}

/* Frames. Each reader has the whole payload. */

static enum verdict
read_headers(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor payload, uint64_t offset)
{
	struct http2_state *s = d->state;
	struct hpack *hpack = &s->connection->hpack[from];

	http2_frame_strip(f, &payload);
	if (!cursor_ok(&payload))
		return broken(d, from);
	s->connection->block[from] = (struct block){
		.offset = offset,
		.stream = f->stream,
		.discard = f->type == HTTP2_PUSH_PROMISE,
		.end_stream = f->type == HTTP2_HEADERS && (f->flags & HTTP2_END_STREAM) != 0,
	};
	hpack->incomplete = hpack->lost = false;
	return read_fragment(d, from, f, payload);
}

static enum verdict
read_continuation(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor payload, uint64_t offset)
{
	(void)offset;
	return read_fragment(d, from, f, payload);
}

static enum verdict
read_settings(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor payload, uint64_t offset)
{
	(void)f;
	if (!http2_settings_valid(payload))
		return broken(d, from);
	claim(d, STRENGTH_STRUCTURE, "RFC 9113 6.5 SETTINGS", from, offset);
	return MATCH;
}

static enum verdict
read_rst_stream(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor payload, uint64_t offset)
{
	(void)from;
	(void)payload;
	(void)offset;
	forget_stream(find_stream(d->state, f->stream));
	return MATCH;
}

static enum verdict (*const readers[])(struct dissection *, enum direction, const struct http2_frame *, struct cursor payload, uint64_t offset) = {
	[HTTP2_HEADERS] = read_headers,
	[HTTP2_RST_STREAM] = read_rst_stream,
	[HTTP2_SETTINGS] = read_settings,
	[HTTP2_PUSH_PROMISE] = read_headers,
	[HTTP2_CONTINUATION] = read_continuation,
};

/* Bodies. */

/* The beginning of a request's body: a form, or etcd's login. */
static void
look_at_request(struct dissection *d, struct stream *stream, struct cursor body, uint64_t offset)
{
	struct http2_state *s = d->state;
	struct http_credentials found = { 0 };

	if (stream->media == HTTP_MEDIA_FORM) {
		http_auth_form(&found, body);
	} else if (grpc_etcd_password(body, d->evidence)) {
		found = (struct http_credentials){ .method = "etcd-password", .clause = "etcdserverpb.AuthenticateRequest", .source = HTTP_AUTH_API_KEY };
	}
	if (found.method == NULL)
		return;
	if (stream->request.source < found.source) {
		stream->request.source = (uint8_t)found.source;
		stream->request.method = found.method;
	}
	http_exchange_credentials(&s->exchange, d->evidence, &found, offset);
}

/* The beginning of an answer's body, before any outcome: data are an outcome themselves. */
static void
look_at_answer(struct dissection *d, const struct stream *stream, struct cursor body, uint64_t offset)
{
	enum rpc_outcome outcome = RPC_SERVED;

	if (stream->web)
		outcome = grpc_web_body(body, stream->web_text);
	else if (stream->kind == RPC_ETCD_WATCH)
		outcome = grpc_etcd_watch(body);
	else if (stream->kind == RPC_ETCD_AUTHENTICATE)
		outcome = RPC_UNCLEAR; /* until its status */
	if (stream->kind == RPC_ETCD_WATCH && outcome == RPC_NOT_PERMITTED)
		outcome = stream->request.method == NULL ? RPC_REFUSED : RPC_UNCLEAR;
	if (outcome != RPC_UNCLEAR)
		tell_rpc(d, stream, outcome, offset);
}

/* Padding is at the end, where it is of no consequence, but DATA may be nothing but padding (RFC 9113 6.1). */
static void
look_at_data(struct dissection *d, enum direction from, const struct http2_frame *f, struct stream *stream, struct cursor body, uint64_t offset)
{
	uint32_t overhead = 0;

	if ((f->flags & HTTP2_PADDED) != 0)
		overhead = cursor_u8(&body) + 1u;
	if (f->length <= overhead)
		return;
	stream->looked[from] = true;
	if (from == FROM_CLIENT)
		look_at_request(d, stream, body, offset);
	else
		look_at_answer(d, stream, body, offset);
}

static bool
wants_body(const struct stream *stream, enum direction from)
{
	if (stream == NULL || stream->looked[from])
		return false;
	if (from == FROM_CLIENT)
		return stream->media == HTTP_MEDIA_FORM || (stream->rpc && stream->kind == RPC_ETCD_AUTHENTICATE);
	return stream->answered && (stream->rpc || stream->web);
}

/* The beginning of a body must be there before it is looked at; gRPC's own needs no more than that it is not empty. */
static enum verdict
read_data(struct dissection *d, enum direction from, const struct http2_frame *f, struct cursor *bytes, struct cursor after, uint64_t offset)
{
	struct http2_state *s = d->state;
	struct stream *stream = find_stream(s, f->stream);
	size_t wanted = f->length < LOOK ? f->length : LOOK;
	struct cursor body = after;

	if (wants_body(stream, from) && f->length > 0) {
		if (from == FROM_SERVER && !stream->web && stream->kind != RPC_ETCD_WATCH)
			wanted = (f->flags & HTTP2_PADDED) != 0;
		if (cursor_left(&after) < wanted) {
			d->need = HTTP2_FRAME_HEAD_SIZE + wanted;
			return NEED_MORE;
		}
		body = cursor_sub(&body, wanted);
		look_at_data(d, from, f, stream, body, offset);
	}
	if (from == FROM_SERVER && (f->flags & HTTP2_END_STREAM) != 0)
		forget_stream(stream);
	*bytes = after;
	return dissection_pass_over(d, bytes, f->length);
}

/* RFC 9113 6.10: between the fragments of a block there is nothing else. */
static bool
fits_order(const struct block *b, const struct http2_frame *f)
{
	return b->open ? f->type == HTTP2_CONTINUATION && f->stream == b->stream : f->type != HTTP2_CONTINUATION;
}

static enum verdict
read_frame(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *start)
{
	struct http2_state *s = d->state;
	struct cursor after = *bytes;
	struct http2_frame f;
	uint64_t offset = dissection_offset(d, from, *start, *bytes);

	if (!http2_frame_take(&after, &f)) {
		d->need = HTTP2_FRAME_HEAD_SIZE;
		return NEED_MORE;
	}
	if (!http2_frame_valid(&f) || !fits_order(&s->connection->block[from], &f))
		return broken(d, from);
	if (f.type == HTTP2_DATA)
		return read_data(d, from, &f, bytes, after, offset);
	if (f.type < sizeof(readers) / sizeof(readers[0]) && readers[f.type] != NULL && f.length <= BLOCK_FRAME_MAX) {
		if (cursor_left(&after) < f.length) {
			d->need = HTTP2_FRAME_HEAD_SIZE + f.length;
			return NEED_MORE;
		}
		*bytes = after;
		return readers[f.type](d, from, &f, cursor_sub(bytes, f.length), offset);
	}
	if (f.length > BLOCK_FRAME_MAX && f.type <= HTTP2_CONTINUATION)
		lose(d, from);
	if (s->claimed && s->reading[from] == AT_FRAME)
		claim(d, STRENGTH_STRUCTURE, frame_clause, from, offset);
	*bytes = after;
	return dissection_pass_over(d, bytes, f.length);
}

/* The start of a direction: a client's preface, a server's SETTINGS. All else is a stream joined in its middle. */
static enum verdict
read_start(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct http2_state *s = d->state;
	enum verdict verdict = from == FROM_CLIENT ? http2_preface(*bytes) : http2_first_frame(*bytes);

	if (verdict == NEED_MORE)
		return NEED_MORE;
	if (verdict == NO_MATCH) {
		lose(d, from);
		return MATCH;
	}
	s->reading[from] = AT_FRAME;
	hpack_start(&s->connection->hpack[from], d->services, true);
	if (from == FROM_CLIENT) {
		claim(d, STRENGTH_SIGNATURE, preface_clause, from, d->offset[from]);
		cursor_skip(bytes, HTTP2_PREFACE_SIZE);
	}
	return MATCH;
}

/* A chain of frames stands at the beginning of a segment, or is not found. */
static enum verdict
resynchronize(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct http2_state *s = d->state;
	enum verdict verdict = http2_frames(*bytes, from);

	if (verdict == NEED_MORE && cursor_left(bytes) < RESYNC_MAX)
		return NEED_MORE;
	if (verdict != MATCH) {
		cursor_skip(bytes, cursor_left(bytes));
		return NEED_MORE;
	}
	s->reading[from] = AT_FRAME;
	claim(d, STRENGTH_STRUCTURE, frame_clause, from, d->offset[from]);
	return MATCH;
}

/* RFC 7540 3.2: stream 1 is the request that asked for the upgrade. */
static void
open_upgraded(struct http2_state *s)
{
	struct stream *stream;

	if (s->upgraded.upgrade != HTTP_UPGRADE_H2C)
		return;
	stream = open_stream(s, 1);
	*stream = (struct stream){ .id = 1, .complete = true, .request = s->upgraded };
}

static bool
begin(struct dissection *d)
{
	struct http2_state *s = d->state;

	if (s->begun)
		return s->connection != NULL;
	s->begun = true;
	s->name = "http2";
	s->exchange.answer_clause = answer_clause;
	s->connection = d->services->resize(d->services->context, NULL, sizeof(*s->connection));
	if (s->connection == NULL)
		return false;
	open_upgraded(s);
	return true;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, struct cursor *start)
{
	struct http2_state *s = d->state;

	switch ((enum reading)s->reading[from]) {
	case AT_START:
		return read_start(d, from, bytes);
	case AT_FRAME:
		return read_frame(d, from, bytes, start);
	case AT_LOSS:
		return resynchronize(d, from, bytes);
	}
	return DONE;
}

static enum verdict
http2_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct cursor start = *bytes;
	enum verdict verdict = MATCH;

	if (!begin(d))
		return DONE;
	while (verdict == MATCH && d->skip == 0 && cursor_left(bytes) > 0)
		verdict = read_one(d, from, bytes, &start);
	return verdict;
}

static enum verdict
http2_gap(struct dissection *d, enum direction from, uint64_t size)
{
	(void)size;
	if (!begin(d))
		return DONE;
	lose(d, from);
	return MATCH;
}

/* An upgrade to "h2c" that was agreed upon is one to plaintext, even where nothing of it was seen. */
static void
http2_finish(struct dissection *d)
{
	struct http2_state *s = d->state;
	const struct basis *basis = &d->evidence->basis[CLAIM_PROTOCOL];

	if (!s->begun && s->upgraded.upgrade == HTTP_UPGRADE_H2C && basis->clause != NULL)
		evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, (enum strength)basis->strength, basis->clause, (enum direction)basis->direction, basis->offset);
}

const struct dissector http2_dissector = {
	.name = "http2",
	.specification = "RFC 9113",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 80, 8080, 50051, 2379 },
	.first_bytes = { "P\0", "\0" },
	.first_bytes_size = { 2, 1 },
	.state_size = sizeof(struct http2_state),
	.probe = http2_probe,
	.dissect = http2_dissect,
	.gap = http2_gap,
	.finish = http2_finish,
};
