/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a stream, SSLv3 to TLS 1.3 (RFC 8446, RFC 5246, RFC 6101), from its first byte, after an
 * upgrade, or joined in the middle.
 *
 * Each direction is walked record by record. While its handshake is in the clear, its messages are
 * read in order; what the two directions have shown so far is then put together by tls_settle_*(). A
 * conclusion from something that is absent ("no client certificate", "resumed") is drawn only where
 * that direction was seen without a gap since its hello.
 */
#include <config.h>

#include <netinet/in.h>
#include <string.h>

#include "tls_record.h"
#include "tls_state.h"

enum {
	ALERT_SIZE = 2,
	ALERT_FATAL = 2,
	NO_CERTIFICATE = 41, /* SSLv3's way of an empty Certificate (RFC 6101 5.6.6) */
	/* How long to go on where something may still come: in application data records, in records, in bytes. */
	WATCHED_RECORDS = 4,
	PATIENCE_RECORDS = 64,
	RECORDS_MAX = 1024,
	SEARCHED_MAX = 65536,
};

static const char alert_clause[] = "RFC 8446 6 Alert";

/* Passes over the next size bytes, those that have not come yet included. */
enum verdict
tls_pass_over(struct reading *r, size_t size)
{
	dissection_pass_over(r->d, r->bytes, size);
	if (r->d->skip == 0 && r->s->whole_records < 2) {
		r->s->whole_records++;
		tls_claim_records(r);
	}
	return MATCH;
}

enum verdict
tls_need(struct reading *r, size_t size)
{
	r->d->need = size;
	return NEED_MORE;
}

/* From here on only records are followed in this direction, until messages are seen to fit again. */
void
tls_lose_messages(struct reading *r)
{
	r->side->sync = SYNC_RECORDS;
	r->side->unbroken = false;
}

/* What the client's hello let us say is taken back. */
static void
withdraw(struct evidence *e)
{
	e->protocol = NULL;
	e->strength = STRENGTH_NONE;
	memset(&e->encryption, 0, sizeof(e->encryption));
	memset(&e->basis[CLAIM_PROTOCOL], 0, sizeof(e->basis[CLAIM_PROTOCOL]));
	memset(&e->basis[CLAIM_ENCRYPTION], 0, sizeof(e->basis[CLAIM_ENCRYPTION]));
}

/* What is at the cursor is no record where one must begin. */
enum verdict
tls_not_a_record(struct reading *r)
{
	const struct side *other = &r->s->sides[r->from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT];

	if (r->side->sync != SYNC_START || r->s->upgraded) {
		/* A hello, then something else before any answer: another protocol in disguise, to get past filters. */
		if (r->from == FROM_CLIENT && !other->seen && !r->side->changed && !r->s->client_sent && !r->s->upgraded)
			withdraw(r->e);
		evidence_note(r->e, NOTE_MALFORMED);
		return MALFORMED;
	}
	if (!other->seen)
		return NO_MATCH;
	/* The server answers in something other than TLS: it never spoke it, and whatever protocol it speaks has the flow. */
	if (r->from == FROM_SERVER && other->sync == SYNC_MESSAGES && !r->s->key_exchange) {
		withdraw(r->e);
		evidence_note(r->e, NOTE_UPGRADE_REFUSED);
		return NO_MATCH;
	}
	/* The other direction is TLS: joined inside a record, or something such as a PROXY header comes first. */
	r->side->sync = SYNC_LOST;
	return MATCH;
}

/* Reads the header of the next record. */
static enum verdict
begin_record(struct reading *r)
{
	struct tls_state *s = r->s;
	struct side *side = r->side;
	struct tls_record record;
	int first = cursor_peek(r->bytes, 0);

	r->at = tls_here(r);
	if (side->sync == SYNC_START && (first & 0x80) != 0) {
		if (r->from == FROM_CLIENT && tls_sslv2_client_hello_possible(r->bytes))
			return tls_read_sslv2_client_hello(r);
		if (r->from == FROM_SERVER && s->sslv2_hello)
			return tls_read_sslv2_server_hello(r);
	}
	if (!tls_record_possible(r->bytes))
		return tls_not_a_record(r);
	if (!tls_record_read(r->bytes, &record))
		return tls_need(r, TLS_RECORD_HEADER_SIZE);
	if (++s->records > RECORDS_MAX)
		return DONE;
	side->record_type = record.type;
	side->record_at = r->at;
	side->record_end = tls_here(r) + record.size;
	side->seen = true;
	if (side->sync == SYNC_START && record.type != TLS_HANDSHAKE && record.type != TLS_ALERT)
		tls_lose_messages(r);
	if (side->aligned && !s->joined) {
		s->joined = true;
		tls_claim_records(r);
	}
	side->aligned = true;
	return MATCH;
}

/*
 * ChangeCipherSpec, which in TLS 1.3 means nothing (RFC 8446 D.4). A server that sends it without a
 * Certificate and ServerHelloDone has resumed a session (RFC 5246 7.3, RFC 5077 3.4).
 */
void
tls_take_change_cipher_spec(struct reading *r)
{
	struct tls_state *s = r->s;
	struct encryption *encryption = &r->e->encryption;

	r->side->changed = true;
	if (r->from == FROM_SERVER && r->side->hello && r->side->unbroken && !s->hello_done && !s->server_certificate) {
		encryption->resumed = true;
		if (s->sides[FROM_CLIENT].hello)
			encryption->resumption = s->client_hello.ticket ? "ticket" : s->server_hello.session_id.size > 0 ? "session-id" : NULL;
		tls_settle_resumption(r);
	} else if (r->from == FROM_SERVER && s->hello_done) {
		tls_remember(r, cursor_over(s->server_hello.session_id.bytes, s->server_hello.session_id.size));
	}
	tls_settle_authentication(r);
}

static enum verdict
read_change_cipher_spec(struct reading *r, size_t left)
{
	if (left == 1 && cursor_peek(r->bytes, 0) == 1 && !r->s->is_13 && !r->side->changed)
		tls_take_change_cipher_spec(r);
	return tls_pass_over(r, left);
}

enum verdict
tls_take_alert(struct reading *r, uint8_t level, uint8_t description)
{
	if (level != ALERT_FATAL) {
		if (description == NO_CERTIFICATE && r->from == FROM_CLIENT) {
			r->s->declined = true;
			tls_settle_mutual(r);
		}
		return MATCH;
	}
	if (r->e->encryption.alert == NULL)
		r->e->encryption.alert = tls_alert_name(description);
	tls_claim(r, STRENGTH_SIGNATURE, alert_clause);
	evidence_note(r->e, NOTE_HANDSHAKE_FAILED);
	tls_settle_refusal(r);
	return DONE;
}

/* An alert in the clear is two bytes long, an encrypted one longer. */
static enum verdict
read_alert(struct reading *r, size_t left)
{
	struct tls_state *s = r->s;
	struct cursor c = *r->bytes;
	uint8_t level, description;

	if (left != ALERT_SIZE || (r->side->changed && !s->is_13))
		return tls_pass_over(r, left);
	level = cursor_u8(&c);
	description = cursor_u8(&c);
	if (!cursor_ok(&c))
		return tls_need(r, ALERT_SIZE);
	tls_pass_over(r, left);
	return tls_take_alert(r, level, description);
}

/* Whether more may be learnt although application data flows. */
static bool
may_learn_more(const struct reading *r)
{
	const struct tls_state *s = r->s;
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (!client->hello && !server->hello && !r->d->flow->handshake_seen)
		return !s->joined && s->whole_records < 2;
	/* Refusing the server, a client may send its alert in the clear after the server's whole handshake. */
	if (s->is_13)
		return !client->hello || !s->server_served || !s->client_sent || s->sizes_open;
	if (!s->server_served && !server->changed)
		return true; /* a client may send before the server has finished (RFC 7918), or spoken (RFC 8446 2.3) */
	if (s->inherited && s->session.authenticated && !s->server_served)
		return true;
	/* A certificate may be asked for in a second handshake, soon after the first request. */
	return !r->e->encryption.resumed && r->e->authentication.result != AUTH_SUCCESS && s->application_records < WATCHED_RECORDS;
}

static enum verdict
read_application_data(struct reading *r, size_t left)
{
	struct tls_state *s = r->s;

	/* Until records show that this is TLS it counts that they are whole, however they come. */
	if (s->whole_records < 2 && !s->joined && !s->sides[FROM_CLIENT].hello && !s->sides[FROM_SERVER].hello && cursor_left(r->bytes) < left)
		return tls_need(r, left);
	s->application_records++;
	s->server_served |= r->from == FROM_SERVER;
	s->client_sent |= r->from == FROM_CLIENT;
	if (r->from == FROM_CLIENT)
		tls_settle_size(r, left);
	if (!s->sides[FROM_CLIENT].hello && !s->sides[FROM_SERVER].hello && !r->d->flow->handshake_seen)
		evidence_note(r->e, NOTE_MIDSTREAM);
	tls_settle_authentication(r);
	tls_pass_over(r, left);
	tls_claim_records(r);
	return s->application_records < PATIENCE_RECORDS && may_learn_more(r) ? MATCH : DONE;
}

static enum verdict
read_record(struct reading *r, size_t left)
{
	switch (r->side->record_type) {
	case TLS_HANDSHAKE:
		return tls_read_handshake(r, left);
	case TLS_CHANGE_CIPHER_SPEC:
		return read_change_cipher_spec(r, left);
	case TLS_ALERT:
		return read_alert(r, left);
	case TLS_APPLICATION_DATA:
		return read_application_data(r, left);
	default:
		return tls_pass_over(r, left);
	}
}

/* How many bytes it takes to judge whether a record at the cursor is followed by another. */
static size_t
chain_size(struct cursor c)
{
	struct tls_record record;

	return tls_record_read(&c, &record) ? record.size + (size_t)2 * TLS_RECORD_HEADER_SIZE : TLS_RECORD_HEADER_SIZE;
}

/* After a loss: looks for a whole record that is followed by another. */
static enum verdict
find_record(struct reading *r)
{
	struct side *side = r->side;

	while (cursor_left(r->bytes) > 0) {
		enum tls_chain chain = tls_record_chain(*r->bytes);

		if (chain == TLS_CHAIN_YES) {
			side->sync = SYNC_RECORDS;
			side->aligned = false;
			return MATCH;
		}
		if (chain != TLS_CHAIN_NO)
			return tls_need(r, chain_size(*r->bytes));
		cursor_skip(r->bytes, 1);
		if (++side->searched > SEARCHED_MAX)
			return DONE;
	}
	return MATCH;
}

static enum verdict
step(struct reading *r)
{
	uint64_t at = tls_here(r);

	if (r->side->sync == SYNC_LOST)
		return find_record(r);
	if (r->side->record_end <= at)
		return begin_record(r);
	r->at = r->side->record_at;
	return read_record(r, (size_t)(r->side->record_end - at));
}

static void
begin(struct tls_state *s, const struct evidence *e)
{
	if (s->begun)
		return;
	s->begun = true;
	s->upgraded = e->protocol != NULL;
}

static enum verdict
tls_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct tls_state *s = d->state;
	struct reading r = { .d = d, .s = s, .side = &s->sides[from], .e = d->evidence, .start = *bytes, .bytes = bytes, .from = from };

	begin(s, d->evidence);
	r.at = tls_here(&r);
	while (cursor_left(bytes) > 0) {
		enum verdict verdict = step(&r);

		if (verdict != MATCH)
			return verdict;
	}
	return MATCH;
}

/* The end of a record that was begun is known, and so is where the next begins, unless that is lost too. */
static enum verdict
tls_gap(struct dissection *d, enum direction from, uint64_t size)
{
	struct tls_state *s = d->state;
	struct side *side = &s->sides[from];

	(void)size;
	begin(s, d->evidence);
	side->unbroken = false;
	side->message_left = 0;
	side->record_type = 0;
	side->sync = side->sync != SYNC_START && side->sync != SYNC_LOST && d->offset[from] <= side->record_end ? SYNC_RECORDS : SYNC_LOST;
	side->aligned = side->sync == SYNC_RECORDS;
	return MATCH;
}

static bool
is_complete(const struct tls_state *s)
{
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	return s->is_13 ? s->server_served : (client->changed && server->changed) || s->server_served;
}

void
tls_conclude(const struct tls_state *s, struct evidence *e)
{
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (client->hello && client->unbroken && server->hello && server->unbroken && !is_complete(s))
		evidence_note(e, NOTE_HANDSHAKE_FAILED);
}

static void
tls_finish(struct dissection *d)
{
	tls_conclude(d->state, d->evidence);
}

const struct dissector tls_dissector = {
	.name = "tls",
	.specification = "RFC 8446, RFC 5246, RFC 6101",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 443, 8443, 6443, 636 },
	/* The content types; with the high bit set, the length of a hello in SSLv2 form. */
	.first_bytes = { "\x14\x15\x16\x17\x18\x80\x81\x82", "\x14\x15\x16\x17\x18" },
	.state_size = sizeof(struct tls_state),
	.probe = tls_probe,
	.dissect = tls_dissect,
	.gap = tls_gap,
	.finish = tls_finish,
};
