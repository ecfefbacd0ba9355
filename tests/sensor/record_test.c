/* SPDX-License-Identifier: Apache-2.0 */
/* Flow records: the text heap, which claims enter, and that a hostile one is refused. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/record.h"

static struct flow_record record;

static void
test_empty(void **state)
{
	const char *why = "?";

	(void)state;
	memset(&record, 0xff, sizeof(record));
	record_init(&record);
	assert_true(record_valid(&record, record.size, &why));
	assert_null(why);
	assert_int_equal(record.size, offsetof(struct flow_record, text) + 1);
	assert_null(record_text(&record, record.protocol));
	assert_int_equal(record.state, ENCRYPTION_UNKNOWN);
	assert_int_equal(record.notes, 0);
}

static void
test_text(void **state)
{
	record_text_ref a, b;

	(void)state;
	record_init(&record);
	a = record_add_text(&record, "http");
	b = record_add_text(&record, "x");
	assert_string_equal(record_text(&record, a), "http");
	assert_string_equal(record_text(&record, b), "x");
	assert_int_equal(record_add_text(&record, NULL), 0);
	assert_int_equal(record_add_text(&record, ""), 0);
	assert_int_equal(record.size, offsetof(struct flow_record, text) + 1 + 5 + 2);
	assert_true(record_valid(&record, record.size, NULL));
}

static void
test_text_full(void **state)
{
	static char text[RECORD_TEXT_MAX];
	record_text_ref at;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	record_init(&record);
	/* One byte too long for an empty heap, whose first byte is taken. */
	assert_int_equal(record_add_text(&record, text), 0);
	at = record_add_text(&record, text + 1);
	assert_int_equal(strlen(record_text(&record, at)), RECORD_TEXT_MAX - 2);
	assert_int_equal(record.text_size, RECORD_TEXT_MAX);
	assert_int_equal(record.size, offsetof(struct flow_record, text) + RECORD_TEXT_MAX);
	assert_int_equal(record_add_text(&record, "b"), 0);
	assert_true(record_valid(&record, record.size, NULL));
	/* Whatever does not fit is left out; what is shorter still enters. */
	record_init(&record);
	assert_true(record_add_text(&record, text + 10) != 0);
	assert_int_equal(record_add_text(&record, "123456789"), 0);
	at = record_add_text(&record, "12345678");
	assert_string_equal(record_text(&record, at), "12345678");
	assert_int_equal(record.text_size, RECORD_TEXT_MAX);
}

/* Evidence of which everything is known. */
static struct evidence
full_evidence(void)
{
	static const struct certificate certificate = {
		.subject = "CN=api", .issuer = "CN=CA", .names = "DNS:api", .spiffe_id = "spiffe://x/y", .serial = "0a", .not_before = 1,
		.not_after = 2, .key_type = "RSA", .key_bits = 2048, .signature = "sha256WithRSAEncryption", .self_signed = true, .ca = true,
	};
	struct evidence e = { .packet = 5, .file = 1 };

	evidence_protocol(&e, "postgresql", STRENGTH_EXCHANGE, "clause P", FROM_SERVER, 11);
	evidence_encryption(&e, ENCRYPTION_UPGRADED, STRENGTH_STRUCTURE, "clause E", FROM_CLIENT, 12);
	evidence_authentication(&e, AUTH_SUCCESS, "scram-sha-256", STRENGTH_EXCHANGE, "clause A", FROM_SERVER, 13);
	evidence_cleartext_credentials(&e, "clause C", FROM_CLIENT, 14);
	evidence_note(&e, NOTE_REPLICATION);
	e.encryption.mutual = MUTUAL_YES;
	e.encryption.mutual_basis = MUTUAL_BASIS_HANDSHAKE;
	e.encryption.resumed = true;
	e.encryption.certificate_flags = CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE;
	e.encryption.by = "tls";
	e.encryption.version = "TLS1.3";
	e.encryption.cipher = "TLS_AES_128_GCM_SHA256";
	e.encryption.group = "x25519";
	e.encryption.resumption = "psk";
	e.encryption.alert = "bad_certificate";
	e.encryption.mesh = "istio";
	e.encryption.flags = ENCRYPTION_ECH;
	strcpy(e.encryption.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	strcpy(e.encryption.sni, "api.shop.svc");
	strcpy(e.encryption.alpn, "h2");
	strcpy(e.encryption.alpn_offered, "h2,http/1.1");
	e.encryption.certificate = &certificate;
	e.encryption.client_certificate = &certificate;
	strcpy(e.authentication.principal, "alice");
	strcpy(e.authentication.subject, "system:serviceaccount:shop:web");
	strcpy(e.rpc_service, "shop.Stock");
	e.application = "vault";
	return e;
}

static void
assert_text(record_text_ref ref, const char *expected)
{
	if (expected == NULL)
		assert_null(record_text(&record, ref));
	else
		assert_string_equal(record_text(&record, ref), expected);
}

static void
assert_certificate(const struct record_certificate *c)
{
	assert_true(c->present && c->self_signed && c->ca);
	assert_text(c->subject, "CN=api");
	assert_text(c->issuer, "CN=CA");
	assert_text(c->names, "DNS:api");
	assert_text(c->spiffe_id, "spiffe://x/y");
	assert_text(c->serial, "0a");
	assert_text(c->key_type, "RSA");
	assert_text(c->signature, "sha256WithRSAEncryption");
	assert_int_equal(c->key_bits, 2048);
	assert_int_equal(c->not_before, 1);
	assert_int_equal(c->not_after, 2);
}

static void
test_evidence(void **state)
{
	struct evidence e = full_evidence();

	(void)state;
	record_init(&record);
	record.notes = 1u << NOTE_DUPLICATES;
	record_add_evidence(&record, &e);
	assert_int_equal(record.strength, STRENGTH_EXCHANGE);
	assert_int_equal(record.notes, 1u << NOTE_DUPLICATES | 1u << NOTE_REPLICATION);
	assert_text(record.protocol, "postgresql");
	assert_int_equal(record.state, ENCRYPTION_UPGRADED);
	assert_int_equal(record.mutual, MUTUAL_YES);
	assert_int_equal(record.mutual_basis, MUTUAL_BASIS_HANDSHAKE);
	assert_true(record.resumed && record.cleartext_credentials);
	assert_int_equal(record.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE);
	assert_text(record.by, "tls");
	assert_text(record.tls_version, "TLS1.3");
	assert_text(record.cipher, "TLS_AES_128_GCM_SHA256");
	assert_text(record.group, "x25519");
	assert_text(record.resumption, "psk");
	assert_text(record.alert, "bad_certificate");
	assert_text(record.mesh, "istio");
	assert_text(record.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	assert_int_equal(record.encryption_flags, ENCRYPTION_ECH);
	assert_text(record.sni, "api.shop.svc");
	assert_text(record.alpn, "h2");
	assert_text(record.alpn_offered, "h2,http/1.1");
	assert_int_equal(record.auth_result, AUTH_SUCCESS);
	assert_text(record.auth_method, "scram-sha-256");
	assert_text(record.principal, "alice");
	assert_text(record.token_subject, "system:serviceaccount:shop:web");
	assert_text(record.rpc_service, "shop.Stock");
	assert_text(record.application, "vault");
	assert_certificate(&record.certificate);
	assert_certificate(&record.client_certificate);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		assert_text(record.basis[claim].clause, (const char *[]){ "clause P", "clause E", "clause A", "clause C" }[claim]);
		assert_int_equal(record.basis[claim].packet, 5);
		assert_int_equal(record.basis[claim].file, 1);
		assert_int_equal(record.basis[claim].offset, 11 + claim);
		assert_int_equal(record.basis[claim].direction, claim == CLAIM_PROTOCOL || claim == CLAIM_AUTHENTICATION ? FROM_SERVER : FROM_CLIENT);
		assert_int_equal(record.basis[claim].strength, e.basis[claim].strength);
	}
	assert_true(record_valid(&record, record.size, NULL));
}

/* A claim that rests on less than structure does not leave the worker, nor does one without a clause. */
static void
test_weak_claims_stay(void **state)
{
	(void)state;
	for (unsigned weak = 0; weak < CLAIM_COUNT; weak++)
		for (unsigned how = 0; how < 2; how++) {
			struct evidence e = full_evidence();

			if (how == 0)
				e.basis[weak].strength = STRENGTH_SIGNATURE;
			else
				e.basis[weak].clause = NULL;
			record_init(&record);
			record_add_evidence(&record, &e);
			assert_null(record_text(&record, record.basis[weak].clause));
			assert_int_equal(record.basis[weak].strength, STRENGTH_NONE);
			assert_int_equal(record.protocol == 0, weak == CLAIM_PROTOCOL);
			assert_int_equal(record.rpc_service == 0, weak == CLAIM_PROTOCOL);
			assert_int_equal(record.application == 0, weak == CLAIM_PROTOCOL);
			assert_int_equal(record.state == ENCRYPTION_UNKNOWN, weak == CLAIM_ENCRYPTION);
			assert_int_equal(record.by == 0, weak == CLAIM_ENCRYPTION);
			assert_int_equal(record.mutual == MUTUAL_UNKNOWN, weak == CLAIM_ENCRYPTION);
			assert_int_equal(record.certificate.present, weak != CLAIM_ENCRYPTION);
			assert_int_equal(record.auth_result == AUTH_UNKNOWN, weak == CLAIM_AUTHENTICATION);
			assert_int_equal(record.auth_method == 0, weak == CLAIM_AUTHENTICATION);
			assert_int_equal(record.principal == 0, weak == CLAIM_AUTHENTICATION);
			assert_int_equal(record.cleartext_credentials, weak != CLAIM_CREDENTIALS);
			/* A note is no verdict. */
			assert_true((record.notes & 1u << NOTE_REPLICATION) != 0);
			assert_true(record_valid(&record, record.size, NULL));
		}
}

/* Reads all that a consumer may read of a record said to be valid. */
static size_t
read_record(const struct flow_record *r)
{
	const record_text_ref refs[] = {
		r->protocol, r->by, r->tls_version, r->cipher, r->group, r->resumption, r->sni, r->alpn, r->alpn_offered, r->alert,
		r->auth_method, r->principal, r->token_subject, r->rpc_service, r->application, r->tunnel, r->ndpi_master, r->ndpi_application, r->ndpi_category,
		r->certificate.subject, r->certificate.issuer, r->certificate.names, r->certificate.spiffe_id, r->certificate.serial,
		r->certificate.key_type, r->certificate.signature, r->client_certificate.subject, r->client_certificate.issuer,
		r->client_certificate.names, r->client_certificate.spiffe_id, r->client_certificate.serial, r->client_certificate.key_type,
		r->client_certificate.signature, r->basis[0].clause, r->basis[1].clause, r->basis[2].clause, r->basis[3].clause,
	};
	size_t size = 0;

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		const char *text = record_text(r, refs[i]);

		for (size_t j = 0; text != NULL && text[j] != '\0'; j++, size++)
			assert_true(text[j] >= 0x20 && text[j] < 0x7f);
	}
	size += strlen(strength_names[r->strength]) + strlen(encryption_state_names[r->state]) + strlen(mutual_names[r->mutual]);
	size += strlen(mutual_basis_names[r->mutual_basis]) + strlen(auth_result_names[r->auth_result]);
	size += strlen(direction_basis_names[r->direction_basis]) + strlen(flow_end_names[r->end]);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		size += strlen(strength_names[r->basis[claim].strength]);
		assert_true(r->basis[claim].direction <= FROM_SERVER);
	}
	for (unsigned bit = 0; bit < 8; bit++)
		if ((r->certificate_flags >> bit & 1) != 0)
			size += strlen(certificate_flag_names[bit]);
	for (unsigned bit = 0; bit < 32; bit++)
		if ((r->notes >> bit & 1) != 0)
			size += strlen(note_names[bit]);
	return size;
}

/* Every byte of a valid record takes every value; each result is refused, or can be read without harm. */
static void
test_every_byte_mutated(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x1f, 0x20, 0x40, 0x7e, 0x7f, 0x80, 0xc0, 0xfe, 0xff };
	struct evidence e = full_evidence();
	struct flow_record *block;
	size_t size, valid = 0, refused = 0;

	(void)state;
	record_init(&record);
	record_add_evidence(&record, &e);
	record.tunnel = record_add_text(&record, "vxlan");
	size = record.size;
	assert_non_null(block = malloc(size));
	for (size_t i = 0; i < size; i++)
		for (size_t v = 0; v < sizeof(values); v++) {
			const char *why = NULL;

			memcpy(block, &record, size);
			((uint8_t *)block)[i] = values[v];
			if (record_valid(block, size, &why)) {
				assert_null(why);
				valid += read_record(block) > 0;
			} else {
				assert_non_null(why);
				refused++;
			}
		}
	assert_true(valid > 1000 && refused > 1000);
	free(block);
}

static void
test_every_size(void **state)
{
	struct evidence e = full_evidence();

	(void)state;
	record_init(&record);
	record_add_evidence(&record, &e);
	for (size_t size = 0; size < record.size; size++) {
		struct flow_record *block = malloc(size + (size == 0));

		assert_non_null(block);
		memcpy(block, &record, size);
		assert_false(record_valid(block, size, NULL));
		free(block);
	}
	assert_false(record_valid(&record, record.size + 1, NULL));
}

static void
assert_refused(const char *reason)
{
	const char *why = NULL;

	assert_false(record_valid(&record, record.size, &why));
	assert_string_equal(why, reason);
	record_init(&record);
	record.protocol = record_add_text(&record, "http");
	assert_true(record_valid(&record, record.size, NULL));
}

static void
test_refused(void **state)
{
	static const char range[] = "a value is out of range", text[] = "text is not printable or not terminated";
	static const uint8_t two = 2;

	(void)state;
	record_init(&record);
	record.version++;
	assert_refused("another version");
	record.text_size++;
	assert_refused("sizes disagree");
	record.text_size--;
	record.size--;
	assert_refused(text);
	record.text[0] = 'x';
	assert_refused(text);
	record.text[2] = '\n';
	assert_refused(text);
	record.text[2] = (char)0xc3;
	assert_refused(text);
	record.text[2] = 0x7f;
	assert_refused(text);
	record.text_size = 0;
	record.size = offsetof(struct flow_record, text);
	assert_refused("shorter than any record");
	record.protocol = record.text_size;
	assert_refused("a text reference is out of range");
	record.client_certificate.signature = UINT16_MAX;
	assert_refused("a text reference is out of range");
	record.basis[3].clause = 100;
	assert_refused("a text reference is out of range");
	record.state = ENCRYPTION_STATE_COUNT;
	assert_refused(range);
	record.strength = STRENGTH_COUNT;
	assert_refused(range);
	record.mutual = MUTUAL_COUNT;
	assert_refused(range);
	record.mutual_basis = MUTUAL_BASIS_COUNT;
	assert_refused(range);
	record.auth_result = AUTH_RESULT_COUNT;
	assert_refused(range);
	record.direction_basis = DIRECTION_BASIS_COUNT;
	assert_refused(range);
	record.end = FLOW_END_COUNT;
	assert_refused(range);
	record.certificate_flags = 1 << CERTIFICATE_FLAG_COUNT;
	assert_refused(range);
	record.encryption_flags = 1 << ENCRYPTION_FLAG_COUNT;
	assert_refused(range);
	record.notes = 1u << NOTE_COUNT;
	assert_refused(range);
	record.basis[2].direction = 2;
	assert_refused(range);
	record.basis[0].strength = STRENGTH_COUNT;
	assert_refused(range);
	memcpy(&record.client_certificate.ca, &two, 1);
	assert_refused(range);
	memcpy(&record.has_service, &two, 1);
	assert_refused(range);
	memcpy(&record.counted, &two, 1);
	assert_refused(range);
	memcpy(&record.continued, &two, 1);
	assert_refused(range);
	memcpy(&record.payload_seen, &two, 1);
	assert_refused(range);
}

/* Only what was counted before can be taken back, by a record that does not count itself. */
static void
test_withdrawn(void **state)
{
	const char *range = "a value is out of range";

	(void)state;
	record_init(&record);
	record.withdrawn = 1;
	assert_refused(range);
	record_init(&record);
	record.continued = true;
	record.withdrawn = 1;
	assert_refused(range);
	record_init(&record);
	record.continued = true;
	record.counted = false;
	record.withdrawn = 3;
	assert_true(record_valid(&record, record.size, NULL));
}

/* What policies and pairs look at makes another hash; times, counts and where it was seen do not. */
static void
test_class_hash(void **state)
{
	uint32_t before;

	(void)state;
	record_init(&record);
	assert_true(record.counted);
	before = record_class_hash(&record);
	record.first_packet = record.packets[0] = record.bytes[1] = record.payload[0] = record.flow_id = 9;
	record.last_seen = record.first_seen = 7;
	record.continued = true;
	record.counted = false;
	record.end = FLOW_END_ACTIVE;
	record.duplicates = 3;
	record.notes = 1u << NOTE_DUPLICATES;
	record.sni = record_add_text(&record, "api.example");
	assert_int_equal(record_class_hash(&record), before);
#define ANOTHER(change) \
	do { \
		change; \
		assert_int_not_equal(record_class_hash(&record), before); \
		before = record_class_hash(&record); \
	} while (0)
	ANOTHER(record.state = ENCRYPTION_ENCRYPTED);
	ANOTHER(record.mutual = MUTUAL_YES);
	ANOTHER(record.mutual_basis = MUTUAL_BASIS_HANDSHAKE);
	ANOTHER(record.auth_result = AUTH_SUCCESS);
	ANOTHER(record.strength = STRENGTH_EXCHANGE);
	ANOTHER(record.has_service = true);
	ANOTHER(record.service_port = 80);
	ANOTHER(record.server_port = 8080);
	ANOTHER(record.server.bytes[15] = 1);
	ANOTHER(record.client.bytes[0] = 1);
	ANOTHER(record.resumed = true);
	ANOTHER(record.cleartext_credentials = true);
	ANOTHER(record.certificate_flags = CERTIFICATE_EXPIRED);
	ANOTHER(record.encryption_flags = ENCRYPTION_DOWNGRADE);
	ANOTHER(record.certificate.key_bits = 1024);
	ANOTHER(record.tunnel_encrypted = true);
	ANOTHER(record.payload_seen = true);
	ANOTHER(record.notes |= 1u << NOTE_SERVICE_ACCOUNT_TOKEN);
	ANOTHER(record.protocol = record_add_text(&record, "postgresql"));
	ANOTHER(record.by = record_add_text(&record, "tls"));
	ANOTHER(record.tls_version = record_add_text(&record, "TLS1.2"));
	ANOTHER(record.cipher = record_add_text(&record, "TLS_AES_128_GCM_SHA256"));
	ANOTHER(record.cipher = record_add_text(&record, "TLS_AES_128_GCM_SHA257"));
	ANOTHER(record.mesh = record_add_text(&record, "istio"));
	ANOTHER(record.auth_method = record_add_text(&record, "md5"));
	ANOTHER(record.certificate.key_type = record_add_text(&record, "rsa"));
	ANOTHER(record.certificate.signature = record_add_text(&record, "sha1"));
	ANOTHER(record.tunnel = record_add_text(&record, "vxlan"));
	/* The same text elsewhere in the heap is the same. */
	record.mesh = record_add_text(&record, "istio");
	assert_int_equal(record_class_hash(&record), before);
}

/* A text size beyond the heap, in a block as large as it says. */
static void
test_refused_text_beyond_the_heap(void **state)
{
	size_t size = offsetof(struct flow_record, text) + UINT16_MAX;
	struct flow_record *block = calloc(1, size);

	(void)state;
	assert_non_null(block);
	record_init(&record);
	memcpy(block, &record, record.size);
	block->text_size = UINT16_MAX;
	block->size = (uint32_t)size;
	assert_false(record_valid(block, size, NULL));
	block->text_size = RECORD_TEXT_MAX;
	block->size = (uint32_t)offsetof(struct flow_record, text) + RECORD_TEXT_MAX;
	assert_true(record_valid(block, block->size, NULL));
	free(block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_full),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_weak_claims_stay),
		cmocka_unit_test(test_every_byte_mutated),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_text_beyond_the_heap),
		cmocka_unit_test(test_withdrawn),
		cmocka_unit_test(test_class_hash),
	};

	return cmocka_run_group_tests_name("sensor/record", tests, NULL, NULL);
}
