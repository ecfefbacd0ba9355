/* SPDX-License-Identifier: Apache-2.0 */
/* Flow records: filled from evidence, checked when they come from elsewhere. */
#include <config.h>

#include "record.h"

#include <assert.h>
#include <string.h>

#include "hash.h"

const char *const direction_basis_names[DIRECTION_BASIS_COUNT + 1] = { "handshake", "evidence", "port" };
const char *const flow_end_names[FLOW_END_COUNT + 1] = { "idle", "closed", "forced", "evicted", "active" };

static record_text_ref
protocol_ref(const struct flow_record *r)
{
	return r->protocol != 0 ? r->protocol : r->ndpi_master != 0 ? r->ndpi_master : r->ndpi_application;
}

const char *
record_protocol(const struct flow_record *r)
{
	return record_text(r, protocol_ref(r));
}

void
record_init(struct flow_record *r)
{
	memset(r, 0, offsetof(struct flow_record, text));
	r->version = RECORD_VERSION;
	r->counted = true;
	r->text[0] = '\0';
	r->text_size = 1;
	r->size = (uint32_t)offsetof(struct flow_record, text) + r->text_size;
}

record_text_ref
record_add_text(struct flow_record *r, const char *text)
{
	size_t size = text != NULL ? strlen(text) + 1 : 0;
	record_text_ref at = r->text_size;

	if (size <= 1 || size > (size_t)RECORD_TEXT_MAX - r->text_size)
		return 0;
	memcpy(r->text + at, text, size);
	r->text_size = (uint16_t)(r->text_size + size);
	r->size = (uint32_t)offsetof(struct flow_record, text) + r->text_size;
	return at;
}

static void
add_certificate(struct flow_record *r, struct record_certificate *out, const struct certificate *c)
{
	if (c == NULL)
		return;
	*out = (struct record_certificate){
		.present = true,
		.subject = record_add_text(r, c->subject),
		.issuer = record_add_text(r, c->issuer),
		.names = record_add_text(r, c->names),
		.spiffe_id = record_add_text(r, c->spiffe_id),
		.serial = record_add_text(r, c->serial),
		.key_type = record_add_text(r, c->key_type),
		.signature = record_add_text(r, c->signature),
		.key_bits = c->key_bits,
		.not_before = c->not_before,
		.not_after = c->not_after,
		.self_signed = c->self_signed,
		.ca = c->ca,
	};
}

/*
 * A verdict that outputs show rests at least on structure. The one exception, readable text of a
 * protocol that nobody knows, says so in its note.
 */
static bool
stands(const struct evidence *e, enum claim claim)
{
	if (claim == CLAIM_ENCRYPTION && evidence_has_note(e, NOTE_READABLE_TEXT))
		return true;
	return e->basis[claim].clause != NULL && e->basis[claim].strength >= STRENGTH_STRUCTURE;
}

static void
add_basis(struct flow_record *r, const struct evidence *e, enum claim claim)
{
	const struct basis *b = &e->basis[claim];

	r->basis[claim] = (struct record_basis){
		.clause = record_add_text(r, b->clause),
		.packet = b->packet,
		.offset = b->offset,
		.file = b->file,
		.direction = b->direction,
		.strength = b->strength,
	};
}

static void
add_encryption(struct flow_record *r, const struct encryption *e)
{
	r->state = e->state;
	r->mutual = e->mutual;
	r->mutual_basis = e->mutual_basis;
	r->resumed = e->resumed;
	r->certificate_flags = e->certificate_flags;
	r->encryption_flags = e->flags;
	r->by = record_add_text(r, e->by);
	r->tls_version = record_add_text(r, e->version);
	r->cipher = record_add_text(r, e->cipher);
	r->group = record_add_text(r, e->group);
	r->resumption = record_add_text(r, e->resumption);
	r->sni = record_add_text(r, e->sni);
	r->alpn = record_add_text(r, e->alpn);
	r->alpn_offered = record_add_text(r, e->alpn_offered);
	r->alert = record_add_text(r, e->alert);
	r->ja4 = record_add_text(r, e->ja4);
	r->mesh = record_add_text(r, e->mesh);
	add_certificate(r, &r->certificate, e->certificate);
	add_certificate(r, &r->client_certificate, e->client_certificate);
}

void
record_add_evidence(struct flow_record *r, const struct evidence *e)
{
	r->strength = e->strength;
	r->notes |= e->notes;
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		if (stands(e, claim))
			add_basis(r, e, claim);
	if (stands(e, CLAIM_PROTOCOL)) {
		r->protocol = record_add_text(r, e->protocol);
		r->rpc_service = record_add_text(r, e->rpc_service);
		r->application = record_add_text(r, e->application);
	}
	if (stands(e, CLAIM_ENCRYPTION))
		add_encryption(r, &e->encryption);
	if (stands(e, CLAIM_AUTHENTICATION)) {
		r->auth_result = e->authentication.result;
		r->auth_method = record_add_text(r, e->authentication.method);
		r->principal = record_add_text(r, e->authentication.principal);
		r->token_subject = record_add_text(r, e->authentication.subject);
	}
	if (stands(e, CLAIM_CREDENTIALS))
		r->cleartext_credentials = e->cleartext_credentials;
}

/* Comparing. */

static uint64_t
add_text_hash(uint64_t h, const struct flow_record *r, record_text_ref ref)
{
	const char *text = r->text + ref; /* 0: "" */
	size_t left = strlen(text);
	uint64_t word;

	h = hash_mix(h ^ left, UINT64_C(0x9e3779b97f4a7c15));
	for (; left > 0; text += sizeof(word), left -= sizeof(word)) {
		word = 0;
		memcpy(&word, text, left < sizeof(word) ? left : sizeof(word));
		h = hash_mix(h ^ word, UINT64_C(0xd6e8feb86659fd93));
		if (left <= sizeof(word))
			break;
	}
	return h;
}

static uint64_t
add_address_hash(uint64_t h, const struct address *a, uint16_t port)
{
	uint64_t words[2];

	static_assert(sizeof(words) == sizeof(*a), "addresses are hashed as words");
	memcpy(words, a, sizeof(words));
	return hash_mix(hash_mix(h ^ words[0], UINT64_C(0x9e3779b97f4a7c15)) ^ words[1], UINT64_C(0xd6e8feb86659fd93) ^ (uint64_t)port << 1);
}

uint32_t
record_class_hash(const struct flow_record *r)
{
	static const uint32_t notes = 1u << NOTE_SERVICE_ACCOUNT_TOKEN;
	const record_text_ref texts[] = {
		protocol_ref(r), r->by, r->tls_version, r->cipher, r->mesh, r->auth_method, r->certificate.key_type, r->certificate.signature, r->tunnel,
	};
	const uint64_t values[] = {
		(uint64_t)r->state << 56 | (uint64_t)r->mutual << 48 | (uint64_t)r->mutual_basis << 40 | (uint64_t)r->auth_result << 32 | (uint64_t)r->strength << 24 |
			(uint64_t)r->has_service << 16 | (uint64_t)r->resumed << 8 | r->cleartext_credentials,
		(uint64_t)r->certificate_flags << 48 | (uint64_t)r->encryption_flags << 32 | (uint64_t)r->certificate.key_bits << 16 | (uint64_t)r->tunnel_encrypted << 1 | r->payload_seen,
		r->notes & notes,
	};
	uint64_t h = add_address_hash(add_address_hash(1, &r->client, r->client_port), &r->server, r->server_port);

	if (r->has_service)
		h = add_address_hash(h, &r->service, r->service_port);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		h = hash_mix(h ^ values[i], UINT64_C(0x9e3779b97f4a7c15));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		h = add_text_hash(h, r, texts[i]);
	return (uint32_t)(h ^ h >> 32);
}

void
record_copy_class(struct flow_record *to, const struct flow_record *of)
{
	record_init(to);
	to->client = of->client;
	to->server = of->server;
	to->service = of->service;
	to->client_port = of->client_port;
	to->server_port = of->server_port;
	to->service_port = of->service_port;
	to->has_service = of->has_service;
	to->ip_protocol = of->ip_protocol;
	to->direction_basis = of->direction_basis;
	to->end = of->end;
	to->payload_seen = of->payload_seen;
	to->flow_id = of->flow_id;
	to->file = of->file;
	to->first_packet = of->first_packet;
	to->first_seen = of->first_seen;
	to->last_seen = of->last_seen;
	to->strength = of->strength;
	to->state = of->state;
	to->mutual = of->mutual;
	to->mutual_basis = of->mutual_basis;
	to->auth_result = of->auth_result;
	to->certificate_flags = of->certificate_flags;
	to->encryption_flags = of->encryption_flags;
	to->resumed = of->resumed;
	to->cleartext_credentials = of->cleartext_credentials;
	to->notes = of->notes;
	to->tunnel_encrypted = of->tunnel_encrypted;
	to->certificate.key_bits = of->certificate.key_bits;
	to->protocol = record_add_text(to, record_protocol(of));
	to->by = record_add_text(to, record_text(of, of->by));
	to->tls_version = record_add_text(to, record_text(of, of->tls_version));
	to->cipher = record_add_text(to, record_text(of, of->cipher));
	to->mesh = record_add_text(to, record_text(of, of->mesh));
	to->auth_method = record_add_text(to, record_text(of, of->auth_method));
	to->tunnel = record_add_text(to, record_text(of, of->tunnel));
	to->certificate.key_type = record_add_text(to, record_text(of, of->certificate.key_type));
	to->certificate.signature = record_add_text(to, record_text(of, of->certificate.signature));
}

/* Checking. */

static bool
text_valid(const struct flow_record *r)
{
	if (r->text_size == 0 || r->text_size > RECORD_TEXT_MAX || r->text[0] != '\0' || r->text[r->text_size - 1] != '\0')
		return false;
	for (uint16_t i = 0; i < r->text_size; i++)
		if (r->text[i] != '\0' && (r->text[i] < 0x20 || r->text[i] > 0x7e))
			return false;
	return true;
}

static bool
refs_valid(const struct flow_record *r)
{
	const record_text_ref refs[] = {
		r->protocol, r->by, r->tls_version, r->cipher, r->group, r->resumption, r->sni, r->alpn, r->alpn_offered, r->alert, r->ja4, r->mesh,
		r->auth_method, r->principal, r->token_subject, r->rpc_service, r->application, r->tunnel, r->ndpi_master, r->ndpi_application, r->ndpi_category,
		r->certificate.subject, r->certificate.issuer, r->certificate.names, r->certificate.spiffe_id, r->certificate.serial,
		r->certificate.key_type, r->certificate.signature,
		r->client_certificate.subject, r->client_certificate.issuer, r->client_certificate.names, r->client_certificate.spiffe_id,
		r->client_certificate.serial, r->client_certificate.key_type, r->client_certificate.signature,
		r->basis[0].clause, r->basis[1].clause, r->basis[2].clause, r->basis[3].clause,
	};

	static_assert(CLAIM_COUNT == 4, "every clause is checked");
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		if (refs[i] >= r->text_size)
			return false;
	return true;
}

/* Whether a bool that came from elsewhere holds what a bool can hold. */
static bool
bools_valid(const struct flow_record *r)
{
	const bool *const bools[] = {
		&r->has_service, &r->service_tracked, &r->continued, &r->counted, &r->payload_seen, &r->resumed, &r->cleartext_credentials, &r->tunnel_encrypted,
		&r->certificate.present, &r->certificate.self_signed, &r->certificate.ca,
		&r->client_certificate.present, &r->client_certificate.self_signed, &r->client_certificate.ca,
	};

	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		uint8_t byte;

		memcpy(&byte, bools[i], 1);
		if (byte > 1)
			return false;
	}
	return true;
}

static bool
enums_valid(const struct flow_record *r)
{
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		if (r->basis[claim].direction > FROM_SERVER || r->basis[claim].strength >= STRENGTH_COUNT)
			return false;
	return r->direction_basis < DIRECTION_BASIS_COUNT && r->end < FLOW_END_COUNT && r->strength < STRENGTH_COUNT &&
	       r->state < ENCRYPTION_STATE_COUNT && r->mutual < MUTUAL_COUNT && r->mutual_basis < MUTUAL_BASIS_COUNT &&
	       r->auth_result < AUTH_RESULT_COUNT && r->certificate_flags < 1 << CERTIFICATE_FLAG_COUNT && r->encryption_flags < 1 << ENCRYPTION_FLAG_COUNT &&
	       (r->notes >> NOTE_COUNT) == 0 && (r->withdrawn == 0 || (r->continued && !r->counted));
}

bool
record_valid(const struct flow_record *r, size_t size, const char **why)
{
	const char *reason = NULL;

	if (size < offsetof(struct flow_record, text) + 1)
		reason = "shorter than any record";
	else if (r->version != RECORD_VERSION)
		reason = "another version";
	else if (r->size != size || r->size != offsetof(struct flow_record, text) + r->text_size)
		reason = "sizes disagree";
	else if (!text_valid(r))
		reason = "text is not printable or not terminated";
	else if (!refs_valid(r))
		reason = "a text reference is out of range";
	else if (!bools_valid(r) || !enums_valid(r))
		reason = "a value is out of range";
	if (why != NULL)
		*why = reason;
	return reason == NULL;
}
