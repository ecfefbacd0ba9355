/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversations in tls/ were recorded between OpenSSL's s_server and s_client with made-up names
 * and keys; their form is the fuzzers' (direction, size, bytes). Others are written here byte by byte.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "dissectors/certificate.h"
#include "tls_messages.h"

enum { PARTS_MAX = 16, WHEN = 1850000000 };

struct recording {
	uint8_t *file;
	struct message messages[PARTS_MAX];
	size_t count;
};

static struct recording
load(const char *name)
{
	const char *folder = getenv("srcdir");
	struct recording r = { .count = 0 };
	char path[512];
	size_t size;
	struct cursor c;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/dissectors/tls/%s", folder != NULL ? folder : ".", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	r.file = malloc(1 << 16);
	assert_non_null(r.file);
	size = fread(r.file, 1, 1 << 16, f);
	fclose(f);
	c = cursor_over(r.file, size);
	while (cursor_left(&c) > 0) {
		struct message *m = &r.messages[r.count++];

		assert_in_range(r.count, 1, PARTS_MAX);
		m->from = cursor_u8(&c) == 0 ? FROM_CLIENT : FROM_SERVER;
		m->size = cursor_u16(&c);
		m->bytes = cursor_take(&c, m->size);
		assert_non_null(m->bytes);
	}
	return r;
}

static void
start(struct conversation *c)
{
	conversation_init(c, &tls_dissector);
	c->flow.time = WHEN;
}

static void
same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static const struct expected {
	const char *name;
	const char *version, *cipher, *group;
	enum mutual mutual;
	enum auth_result result;
	const char *resumption, *alert;
	enum note note; /* NOTE_COUNT: none */
	enum encryption_state state;
} recordings[] = {
	{ "tls12-full", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-mutual", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_YES, AUTH_SUCCESS, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-requested", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_REQUESTED, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-required-none", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_REQUESTED, AUTH_FAILURE, NULL, "handshake_failure", NOTE_HANDSHAKE_FAILED, ENCRYPTION_ENCRYPTED },
	{ "tls12-refused", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_YES, AUTH_FAILURE, NULL, "unknown_ca", NOTE_HANDSHAKE_FAILED, ENCRYPTION_ENCRYPTED },
	{ "tls12-unknown-ca", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, "unknown_ca", NOTE_HANDSHAKE_FAILED, ENCRYPTION_ENCRYPTED },
	{ "tls12-fragments", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_YES, AUTH_SUCCESS, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-ticket", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", NULL, MUTUAL_UNKNOWN, AUTH_UNKNOWN, "ticket", NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-session-id", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", NULL, MUTUAL_UNKNOWN, AUTH_UNKNOWN, "session-id", NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-renegotiation", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_UNKNOWN, AUTH_UNKNOWN, NULL, NULL, NOTE_RENEGOTIATION, ENCRYPTION_ENCRYPTED },
	{ "tls12-renegotiation-refused", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-no-shared-cipher", NULL, NULL, NULL, MUTUAL_UNKNOWN, AUTH_UNKNOWN, NULL, "handshake_failure", NOTE_HANDSHAKE_FAILED, ENCRYPTION_ENCRYPTED },
	{ "tls12-null", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_NULL_SHA", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_PLAINTEXT },
	{ "tls12-anonymous", "TLS1.2", "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls12-psk", "TLS1.2", "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "x25519", MUTUAL_NO, AUTH_SUCCESS, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls10-rsa", "TLS1.0", "TLS_RSA_WITH_AES_128_CBC_SHA", NULL, MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls13-full", "TLS1.3", "TLS_AES_256_GCM_SHA384", "x25519", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls13-retry", "TLS1.3", "TLS_AES_256_GCM_SHA384", "secp384r1", MUTUAL_NO, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls13-psk", "TLS1.3", "TLS_AES_256_GCM_SHA384", "x25519", MUTUAL_UNKNOWN, AUTH_UNKNOWN, "psk", NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
	{ "tls13-mutual", "TLS1.3", "TLS_AES_256_GCM_SHA384", "x25519", MUTUAL_YES, AUTH_UNKNOWN, NULL, NULL, NOTE_COUNT, ENCRYPTION_ENCRYPTED },
};

enum { RECORDING_COUNT = sizeof(recordings) / sizeof(recordings[0]) };

static void
check(const struct evidence *e, const struct expected *x)
{
	const struct encryption *n = &e->encryption;

	assert_string_equal(e->protocol, "tls");
	assert_string_equal(n->by, "tls");
	assert_int_equal(n->state, x->state);
	same(n->version, x->version);
	same(n->cipher, x->cipher);
	same(n->group, x->group);
	assert_int_equal(n->mutual, x->mutual);
	assert_int_equal(n->mutual_basis, x->mutual == MUTUAL_UNKNOWN ? MUTUAL_BASIS_NONE : strcmp(x->version, "TLS1.3") == 0 ? MUTUAL_BASIS_RECORD_SIZES : MUTUAL_BASIS_HANDSHAKE);
	assert_int_equal(e->authentication.result, x->result);
	same(e->authentication.method, x->result == AUTH_UNKNOWN ? NULL : strcmp(x->name, "tls12-psk") == 0 ? "tls-psk" : "tls-client-cert");
	assert_int_equal(n->resumed, x->resumption != NULL);
	same(n->resumption, x->resumption);
	same(n->alert, x->alert);
	assert_int_equal(e->notes, x->note == NOTE_COUNT ? 0 : 1u << x->note);
	assert_int_equal(e->strength, x->version != NULL ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE);
	assert_int_equal(e->basis[CLAIM_ENCRYPTION].strength, e->strength);
}

static void
reads_recordings_however_cut(void **state)
{
	static const size_t chunks[] = { 0, 1, 2, 5, 100, 1460 };

	(void)state;
	for (size_t i = 0; i < RECORDING_COUNT; i++) {
		struct recording r = load(recordings[i].name);

		for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++) {
			struct conversation c;

			start(&c);
			conversation_run(&c, r.messages, r.count, chunks[k]);
			check(&c.evidence, &recordings[i]);
			conversation_clear(&c);
		}
		free(r.file);
	}
}

static void
reads_what_surrounds_the_handshake(void **state)
{
	struct recording r = load("tls12-mutual"), full = load("tls12-full");
	struct conversation c;
	const struct encryption *n = &c.evidence.encryption;

	(void)state;
	start(&c);
	conversation_run(&c, r.messages, r.count, 0);
	assert_string_equal(n->sni, "api.shop.test");
	assert_int_equal(n->certificate_flags, CERTIFICATE_SEEN);
	assert_string_equal(n->certificate->subject, "CN=api,O=Shop");
	assert_string_equal(n->certificate->spiffe_id, "spiffe://shop.test/ns/shop/sa/api");
	assert_string_equal(n->client_certificate->spiffe_id, "spiffe://shop.test/ns/shop/sa/worker");
	assert_int_equal(c.evidence.basis[CLAIM_AUTHENTICATION].strength, STRENGTH_EXCHANGE);
	assert_int_equal(c.evidence.basis[CLAIM_ENCRYPTION].packet, 2);
	assert_int_equal(c.evidence.basis[CLAIM_ENCRYPTION].direction, FROM_SERVER);
	assert_int_equal(c.evidence.basis[CLAIM_ENCRYPTION].offset, 5);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	start(&c);
	conversation_run(&c, full.messages, full.count, 0);
	assert_string_equal(n->alpn, "http/1.1");
	assert_string_equal(n->alpn_offered, "h2,http/1.1");
	assert_null(n->client_certificate);
	conversation_clear(&c);
	free(r.file);
	free(full.file);
}

/* Long after the recordings were made, and asked for by another name. */
static void
judges_the_certificate_by_time_and_name(void **state)
{
	struct recording r = load("tls12-full");
	struct conversation c;

	(void)state;
	start(&c);
	c.flow.time = INT64_C(7000000000);
	conversation_run(&c, r.messages, r.count, 0);
	assert_int_equal(c.evidence.encryption.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_EXPIRED);
	conversation_clear(&c);
	free(r.file);
}

static const struct expected *checked;

/* Whatever is cut off the end, nothing is said that the whole does not say. */
static void
check_prefix(const struct conversation *c, size_t given)
{
	const struct evidence *e = &c->evidence;
	const struct encryption *n = &e->encryption;

	(void)given;
	if (n->version != NULL)
		same(n->version, checked->version);
	if (n->cipher != NULL)
		same(n->cipher, checked->cipher);
	if (n->mutual != MUTUAL_UNKNOWN && checked->note != NOTE_RENEGOTIATION)
		assert_int_equal(n->mutual, checked->mutual);
	if (n->resumed)
		assert_non_null(checked->resumption);
	if (e->authentication.result != AUTH_ATTEMPTED && e->authentication.result != AUTH_UNKNOWN)
		assert_int_equal(e->authentication.result, checked->result);
	assert_false(e->cleartext_credentials);
}

static void
says_no_more_of_a_part_than_of_the_whole(void **state)
{
	static const char *const names[] = { "tls12-mutual", "tls12-requested", "tls12-fragments", "tls12-ticket", "tls13-retry" };

	(void)state;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		struct recording r = load(names[k]);

		for (size_t i = 0; i < RECORDING_COUNT; i++)
			if (strcmp(recordings[i].name, names[k]) == 0)
				checked = &recordings[i];
		conversation_each_prefix(&tls_dissector, r.messages, r.count, check_prefix);
		free(r.file);
	}
}

/* Sends all messages but the bytes [from, from + size) of message lost. */
static void
run_with_loss(struct conversation *c, const struct recording *r, size_t lost, size_t from, size_t size)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct message *m = &r->messages[i];
		const uint8_t *bytes = m->bytes;

		if (i != lost) {
			conversation_send(c, m->from, bytes, m->size);
			continue;
		}
		conversation_send(c, m->from, bytes, from);
		conversation_gap(c, m->from, size);
		conversation_send(c, m->from, bytes + from + size, m->size - from - size);
	}
	conversation_end(c);
}

/* Wherever bytes are lost, nothing is concluded from their absence. */
static void
concludes_nothing_from_what_was_lost(void **state)
{
	static const size_t sizes[] = { 1, 60, 500 };

	(void)state;
	for (size_t i = 0; i < RECORDING_COUNT; i++) {
		struct recording r = load(recordings[i].name);

		checked = &recordings[i];
		for (size_t lost = 0; lost < r.count; lost++)
			for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
				for (size_t from = 0; from + sizes[k] <= r.messages[lost].size; from += 7) {
					struct conversation c;

					start(&c);
					run_with_loss(&c, &r, lost, from, sizes[k]);
					check_prefix(&c, 0);
					conversation_clear(&c);
				}
		free(r.file);
	}
}

/* A loss inside a message does not hide those that follow it. */
static void
goes_on_behind_a_gap(void **state)
{
	struct recording r = load("tls12-mutual");
	struct conversation c;

	(void)state;
	start(&c);
	run_with_loss(&c, &r, 1, 200, 60); /* in the server's Certificate */
	assert_int_equal(c.evidence.encryption.certificate_flags, 0);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_YES);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_true(evidence_has_note(&c.evidence, NOTE_GAP));
	conversation_clear(&c);
	start(&c);
	run_with_loss(&c, &r, 2, 0, 80); /* the start of the client's second flight: its Certificate */
	assert_int_equal(c.evidence.encryption.version != NULL, 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	free(r.file);
}

static void
run_one_direction(struct conversation *c, const struct recording *r, enum direction from)
{
	start(c);
	for (size_t i = 0; i < r->count; i++)
		if (r->messages[i].from == from)
			conversation_send(c, from, r->messages[i].bytes, r->messages[i].size);
	conversation_end(c);
}

static void
reads_one_direction_alone(void **state)
{
	struct recording full = load("tls12-full"), mutual = load("tls12-mutual"), requested = load("tls12-requested"), ticket = load("tls12-ticket");
	struct conversation c;
	const struct encryption *n = &c.evidence.encryption;

	(void)state;
	run_one_direction(&c, &full, FROM_SERVER);
	assert_string_equal(n->version, "TLS1.2");
	assert_int_equal(n->mutual, MUTUAL_NO);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_clear(&c);
	run_one_direction(&c, &full, FROM_CLIENT);
	assert_null(n->version);
	assert_int_equal(n->mutual, MUTUAL_NO);
	conversation_clear(&c);
	run_one_direction(&c, &mutual, FROM_SERVER);
	assert_int_equal(n->mutual, MUTUAL_UNKNOWN);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	run_one_direction(&c, &mutual, FROM_CLIENT);
	assert_int_equal(n->mutual, MUTUAL_YES);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
	run_one_direction(&c, &requested, FROM_CLIENT);
	assert_int_equal(n->mutual, MUTUAL_REQUESTED);
	conversation_clear(&c);
	run_one_direction(&c, &ticket, FROM_SERVER);
	assert_true(n->resumed);
	assert_null(n->resumption);
	conversation_clear(&c);
	run_one_direction(&c, &ticket, FROM_CLIENT);
	assert_false(n->resumed);
	assert_int_equal(n->mutual, MUTUAL_UNKNOWN);
	conversation_clear(&c);
	free(full.file);
	free(mutual.file);
	free(requested.file);
	free(ticket.file);
}

/* A capture may hold the directions out of order. */
static void
reads_the_answer_before_the_question(void **state)
{
	struct recording r = load("tls12-mutual");
	struct conversation c;

	(void)state;
	start(&c);
	conversation_send(&c, FROM_SERVER, r.messages[1].bytes, r.messages[1].size);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_send(&c, FROM_SERVER, r.messages[3].bytes, r.messages[3].size);
	conversation_send(&c, FROM_CLIENT, r.messages[0].bytes, r.messages[0].size);
	conversation_send(&c, FROM_CLIENT, r.messages[2].bytes, r.messages[2].size);
	conversation_send(&c, FROM_CLIENT, r.messages[4].bytes, r.messages[4].size);
	conversation_end(&c);
	check(&c.evidence, &recordings[1]);
	conversation_clear(&c);
	free(r.file);
}

static void
keeps_the_protocol_it_came_from(void **state)
{
	struct recording r = load("tls12-full");

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct conversation c;

		start(&c);
		evidence_protocol(&c.evidence, "postgresql", STRENGTH_STRUCTURE, "test", FROM_CLIENT, 0);
		evidence_encryption(&c.evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, "test", FROM_CLIENT, 0);
		if (i == 1)
			evidence_note(&c.evidence, NOTE_EARLY_DATA);
		if (i == 2)
			evidence_cleartext_credentials(&c.evidence, "test", FROM_CLIENT, 0);
		conversation_run(&c, r.messages, r.count, 0);
		assert_string_equal(c.evidence.protocol, "postgresql");
		assert_int_equal(c.evidence.encryption.state, i == 0 ? ENCRYPTION_UPGRADED : ENCRYPTION_PARTIAL);
		assert_string_equal(c.evidence.encryption.version, "TLS1.2");
		conversation_clear(&c);
	}
	free(r.file);
}

static void
says_malformed_when_an_upgrade_is_none(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	evidence_protocol(&c.evidence, "postgresql", STRENGTH_STRUCTURE, "test", FROM_CLIENT, 0);
	conversation_send(&c, FROM_CLIENT, "\0\0\0\x08", 4);
	assert_int_equal(c.verdict, MALFORMED);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	assert_string_equal(c.evidence.protocol, "postgresql");
	conversation_clear(&c);
}

/* Hellos written here, sent one after the other. */
static void
send_hellos(struct conversation *c, const struct hello *client, const struct hello *server)
{
	struct bytes message = { .size = 0 }, b = { .size = 0 };

	if (client != NULL) {
		put_client_hello(&message, client);
		put_record(&b, 22, 0x0301, message.at, message.size);
		conversation_send(c, FROM_CLIENT, b.at, b.size);
	}
	message.size = b.size = 0;
	if (server != NULL) {
		put_server_hello(&message, server);
		put_record(&b, 22, 0x0303, message.at, message.size);
		conversation_send(c, FROM_SERVER, b.at, b.size);
	}
}

/* A record of zeros, or of body. */
static void
send_record(struct conversation *c, enum direction from, uint8_t type, const void *body, size_t size)
{
	static const uint8_t zeros[70000];
	struct bytes b = { .size = 0 };

	put_record(&b, type, 0x0303, body != NULL ? body : zeros, size);
	conversation_send(c, from, b.at, b.size);
}

static void
send_handshake(struct conversation *c, enum direction from, uint8_t type, const void *body, size_t size)
{
	struct bytes message = { .size = 0 };

	put_handshake(&message, type, body, size);
	send_record(c, from, 22, message.at, message.size);
}

static const struct hello plain_hello = { .version = 0x0303, .cipher = 0xc02f };

static void
names_the_application(void **state)
{
	static const struct {
		uint16_t port;
		const char *alpn, *protocol;
	} cases[] = {
		{ 993, NULL, "imap" }, { 443, NULL, "tls" }, { 6380, NULL, "tls" }, { 853, NULL, "dns" }, { 40443, "\0\x0b\x0apostgresql", "postgresql" }, { 993, "\0\3\2h2", "tls" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes extensions = { .size = 0 };
		struct hello server = { .version = 0x0303, .cipher = 0xc02f, .extensions = &extensions };
		struct conversation c;

		start(&c);
		c.flow.server_port = cases[i].port;
		if (cases[i].alpn != NULL)
			put_extension(&extensions, 16, cases[i].alpn, 3 + (size_t)cases[i].alpn[2]);
		send_hellos(&c, &plain_hello, &server);
		assert_string_equal(c.evidence.protocol, cases[i].protocol);
		assert_int_equal(c.evidence.basis[CLAIM_PROTOCOL].strength, STRENGTH_EXCHANGE);
		conversation_clear(&c);
	}
}

static void
tells_a_hello_that_is_not_answered(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	conversation_end(&c);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_null(c.evidence.encryption.version);
	assert_int_equal(c.evidence.notes, 0);
	conversation_clear(&c);
}

static void
tells_an_answer_that_does_not_fit(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &(struct hello){ .version = 0x0303, .cipher = 0x1a1a });
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_string_equal(c.evidence.encryption.version, "TLS1.2");
	assert_null(c.evidence.encryption.cipher);
	conversation_end(&c);
	assert_true(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED));
	conversation_clear(&c);
}

/* A server that answers in its own protocol has the flow; nothing is left of what the hello claimed. */
static void
withdraws_for_a_server_without_tls(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	conversation_send(&c, FROM_SERVER, "220 mail.shop.test ESMTP\r\n", 26);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_null(c.evidence.protocol);
	assert_int_equal(c.evidence.strength, STRENGTH_NONE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_UNKNOWN);
	assert_null(c.evidence.basis[CLAIM_ENCRYPTION].clause);
	assert_int_equal(c.evidence.notes, 1u << NOTE_UPGRADE_REFUSED);
	conversation_clear(&c);
}

/* A client that goes on in something else before any answer only looked like TLS; after records it was. */
static void
withdraws_for_a_client_in_disguise(void **state)
{
	static const char rest[] = "\x0e\x94\x3a\x4f\xb1\xa1\x23\xf1\xd9\xb8\x02\xc6";
	static const uint8_t changed[] = { 0x14, 3, 3, 0, 1, 1 };
	struct conversation c;

	(void)state;
	for (int records = 0; records < 2; records++) {
		start(&c);
		send_hellos(&c, &plain_hello, NULL);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
		if (records)
			conversation_send(&c, FROM_CLIENT, changed, sizeof(changed));
		conversation_send(&c, FROM_CLIENT, rest, sizeof(rest) - 1);
		assert_int_equal(c.verdict, MALFORMED);
		assert_int_equal(c.evidence.encryption.state, records ? ENCRYPTION_ENCRYPTED : ENCRYPTION_UNKNOWN);
		assert_int_equal(c.evidence.strength, records ? STRENGTH_STRUCTURE : STRENGTH_NONE);
		assert_int_equal(c.evidence.protocol != NULL, records);
		assert_int_equal(c.evidence.notes, 1u << NOTE_MALFORMED);
		conversation_clear(&c);
	}
}

static void
reads_a_hello_behind_a_proxy_header(void **state)
{
	static const char proxy[] = "PROXY TCP4 10.0.0.1 10.0.0.2 40000 443\r\n";
	struct recording r = load("tls12-full");
	struct conversation c;

	(void)state;
	start(&c);
	conversation_send(&c, FROM_SERVER, r.messages[1].bytes, r.messages[1].size);
	conversation_send(&c, FROM_CLIENT, proxy, sizeof(proxy) - 1);
	conversation_send(&c, FROM_CLIENT, r.messages[0].bytes, r.messages[0].size);
	conversation_send(&c, FROM_CLIENT, r.messages[2].bytes, r.messages[2].size);
	conversation_send(&c, FROM_SERVER, r.messages[3].bytes, r.messages[3].size);
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_string_equal(c.evidence.encryption.sni, "api.shop.test");
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_NO);
	conversation_clear(&c);
	free(r.file);
}

static const char sslv2[] = "\x80\x1f\1\3\1\0\6\0\0\0\x10\1\0\x80\0\0\4" "0123456789abcdef";

static void
reads_hellos_in_sslv2_form(void **state)
{
	struct conversation c;

	(void)state;
	for (size_t chunk = 1; chunk < 40; chunk += 19) {
		const struct message message = { FROM_CLIENT, sslv2, sizeof(sslv2) - 1 };

		start(&c);
		for (size_t at = 0; at < message.size; at += chunk)
			conversation_send(&c, FROM_CLIENT, sslv2 + at, message.size - at < chunk ? message.size - at : chunk);
		assert_string_equal(c.evidence.protocol, "tls");
		assert_string_equal(c.evidence.basis[CLAIM_ENCRYPTION].clause, "RFC 5246 E.2 ClientHello in SSLv2 form");
		send_hellos(&c, NULL, &(struct hello){ .version = 0x0301, .cipher = 4 });
		assert_string_equal(c.evidence.encryption.version, "TLS1.0");
		assert_string_equal(c.evidence.encryption.cipher, "TLS_RSA_WITH_RC4_128_MD5");
		assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
		conversation_clear(&c);
	}
}

static void
reads_an_sslv2_server(void **state)
{
	static const char hello[] = "\x80\x21\4\0\1\0\2\0\3\0\3\0\x10" "DER" "\1\0\x80" "0123456789abcdef";
	struct conversation c;

	(void)state;
	start(&c);
	conversation_send(&c, FROM_CLIENT, sslv2, sizeof(sslv2) - 1);
	conversation_send(&c, FROM_SERVER, hello, 20);
	assert_int_equal(c.verdict, NEED_MORE);
	conversation_send(&c, FROM_SERVER, hello + 20, sizeof(hello) - 21);
	assert_int_equal(c.verdict, DONE);
	assert_string_equal(c.evidence.encryption.version, "SSLv2");
	assert_int_equal(c.evidence.encryption.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE);
	conversation_clear(&c);
	for (size_t at = 2; at <= 12; at++) {
		char changed[sizeof(hello)];

		if (at == 3 || at == 4)
			continue; /* session id hit and certificate type may be anything */
		memcpy(changed, hello, sizeof(hello));
		changed[at] = (char)(changed[at] ^ 0x41);
		start(&c);
		conversation_send(&c, FROM_CLIENT, sslv2, sizeof(sslv2) - 1);
		conversation_send(&c, FROM_SERVER, changed, sizeof(hello) - 1);
		assert_int_equal(c.verdict, NO_MATCH);
		conversation_clear(&c);
	}
}

/* SSLv3: an alert in place of an empty Certificate (RFC 6101 5.6.6). */
static void
reads_sslv3_without_certificate(void **state)
{
	const struct hello sslv3 = { .version = 0x0300, .cipher = 0x0005 };
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &sslv3, &sslv3);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	send_record(&c, FROM_CLIENT, 21, "\1\x29", 2);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_REQUESTED);
	assert_string_equal(c.evidence.encryption.version, "SSLv3");
	send_record(&c, FROM_SERVER, 21, "\2\x28", 2);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
reads_drafts_of_13(void **state)
{
	static const uint8_t offer[] = { 4, 0x7f, 0x1c, 0x7f, 0x12 };
	struct bytes client = { .size = 0 }, server = { .size = 0 };
	struct hello hello = { .version = 0x0303, .cipher = 0x1301, .extensions = &client };
	struct conversation c;

	(void)state;
	put_extension(&client, 43, offer, sizeof(offer));
	put_extension(&server, 43, "\x7f\x1c", 2);
	put_extension(&server, 51, "\0\x17\0\1k", 5);
	start(&c);
	send_hellos(&c, &hello, &(struct hello){ .version = 0x0303, .cipher = 0x1301, .extensions = &server });
	assert_string_equal(c.evidence.encryption.version, "TLS1.3");
	assert_string_equal(c.evidence.encryption.group, "secp256r1");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	conversation_clear(&c);
	/* Up to draft 21: HelloRetryRequest as a message of its own, and a ServerHello without session id. */
	start(&c);
	send_hellos(&c, &hello, NULL);
	send_handshake(&c, FROM_SERVER, 6, "\x7f\x12\0\6\0\x28\0\2\0\x18", 10);
	assert_string_equal(c.evidence.encryption.version, "TLS1.3");
	assert_string_equal(c.evidence.encryption.group, "secp384r1");
	send_record(&c, FROM_CLIENT, 20, "\1", 1);
	send_hellos(&c, &hello, NULL);
	send_handshake(&c, FROM_SERVER, 2, "\x7f\x12" "0123456789abcdef0123456789abcdef" "\x13\1\0\x0a\0\x28\0\6\0\x18\0\2kk", 48);
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_string_equal(c.evidence.encryption.cipher, "TLS_AES_128_GCM_SHA256");
	send_record(&c, FROM_SERVER, 23, NULL, 40);
	assert_int_equal(c.verdict, MATCH);
	send_record(&c, FROM_CLIENT, 23, NULL, 40);
	assert_int_equal(c.verdict, DONE);
	conversation_end(&c);
	assert_int_equal(c.evidence.notes, 0);
	conversation_clear(&c);
}

/* A client that does not like the server's certificate says so in the clear, as OpenSSL does. */
static void
reads_the_alert_of_a_client_of_13(void **state)
{
	struct bytes client = { .size = 0 }, server = { .size = 0 }, alert = { .size = 0 };
	struct conversation c;

	(void)state;
	put_extension(&client, 43, "\2\3\4", 3);
	put_extension(&server, 43, "\3\4", 2);
	put_record(&alert, 21, 0x0303, "\2\x30", 2);
	start(&c);
	send_hellos(&c, &(struct hello){ .version = 0x0303, .cipher = 0x1301, .extensions = &client }, &(struct hello){ .version = 0x0303, .cipher = 0x1301, .extensions = &server });
	send_record(&c, FROM_SERVER, 23, NULL, 900);
	for (size_t i = 0; i < alert.size; i++)
		conversation_send(&c, FROM_CLIENT, alert.at + i, 1);
	assert_int_equal(c.verdict, DONE);
	assert_string_equal(c.evidence.encryption.alert, "unknown_ca");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_true(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED));
	conversation_clear(&c);
}

/* Where a claim rests does not depend on the segments. */
static void
tells_the_place_of_a_record_in_pieces(void **state)
{
	struct bytes alert = { .size = 0 };
	struct conversation c;
	uint64_t at;

	(void)state;
	put_record(&alert, 21, 0x0303, "\2\x28", 2);
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	send_handshake(&c, FROM_CLIENT, 11, "\0\0\0", 3);
	at = c.offset[FROM_SERVER];
	for (size_t i = 0; i < alert.size; i++)
		conversation_send(&c, FROM_SERVER, alert.at + i, 1);
	assert_int_equal(c.evidence.authentication.result, AUTH_FAILURE);
	assert_int_equal(c.evidence.basis[CLAIM_AUTHENTICATION].offset, at);
	conversation_clear(&c);
}

/* 0-RTT: application data of the client's before the server has said a word. */
static void
waits_behind_early_data(void **state)
{
	struct bytes client = { .size = 0 }, server = { .size = 0 };
	struct conversation c;

	(void)state;
	put_extension(&client, 43, "\2\3\4", 3);
	put_extension(&server, 43, "\3\4", 2);
	put_extension(&server, 41, "\0\0", 2);
	start(&c);
	send_hellos(&c, &(struct hello){ .version = 0x0303, .cipher = 0x1301, .extensions = &client }, NULL);
	send_record(&c, FROM_CLIENT, 20, "\1", 1);
	for (int i = 0; i < 20; i++)
		send_record(&c, FROM_CLIENT, 23, NULL, 100);
	send_hellos(&c, NULL, &(struct hello){ .version = 0x0303, .cipher = 0x1301, .extensions = &server });
	assert_string_equal(c.evidence.encryption.version, "TLS1.3");
	assert_string_equal(c.evidence.encryption.resumption, "psk");
	assert_false(c.over);
	send_record(&c, FROM_SERVER, 23, NULL, 100);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

/* RFC 7918: the client sends before the server has finished, and its certificate is judged after that. */
static void
waits_behind_a_false_start(void **state)
{
	struct recording r = load("tls12-mutual");
	struct conversation c;

	(void)state;
	start(&c);
	for (size_t i = 0; i < 3; i++)
		conversation_send(&c, r.messages[i].from, r.messages[i].bytes, r.messages[i].size);
	for (int i = 0; i < 6; i++)
		conversation_send(&c, FROM_CLIENT, r.messages[4].bytes, r.messages[4].size);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_send(&c, FROM_SERVER, r.messages[3].bytes, r.messages[3].size);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	free(r.file);
}

/* Nobody waits for ever for a direction that does not come. */
static void
gives_up_waiting(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	for (int i = 0; i < 100; i++)
		send_record(&c, FROM_CLIENT, 23, NULL, 10);
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	conversation_clear(&c);
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	for (int i = 0; i < 1100; i++)
		send_record(&c, FROM_CLIENT, 24, NULL, 1);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static void
passes_over_what_means_nothing(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	send_record(&c, FROM_SERVER, 21, "\1\x70", 2); /* warning: unrecognized_name, before the hello */
	send_hellos(&c, NULL, &plain_hello);
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	assert_null(c.evidence.encryption.alert);
	send_handshake(&c, FROM_SERVER, 22, "status", 6);
	send_handshake(&c, FROM_SERVER, 23, "data", 4);
	send_record(&c, FROM_SERVER, 24, NULL, 20);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_NO);
	send_handshake(&c, FROM_CLIENT, 67, "next", 4);
	send_record(&c, FROM_CLIENT, 20, "\2", 1); /* no ChangeCipherSpec */
	send_record(&c, FROM_CLIENT, 23, NULL, 0);
	assert_int_equal(c.verdict, MATCH);
	send_record(&c, FROM_SERVER, 21, "\2\xfe", 2); /* an alert without a name */
	assert_int_equal(c.verdict, DONE);
	assert_null(c.evidence.encryption.alert);
	assert_true(evidence_has_note(&c.evidence, NOTE_HANDSHAKE_FAILED));
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

static void
says_malformed_in_the_middle(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	conversation_send(&c, FROM_SERVER, "\x16\3\3\0\0", 5);
	assert_int_equal(c.verdict, MALFORMED);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	assert_string_equal(c.evidence.encryption.version, "TLS1.2");
	conversation_clear(&c);
}

static void
reads_a_hello_in_tiny_records(void **state)
{
	struct bytes message = { .size = 0 }, b = { .size = 0 };
	struct conversation c;

	(void)state;
	put_client_hello(&message, &plain_hello);
	put_records(&b, &message, 1);
	start(&c);
	conversation_send(&c, FROM_CLIENT, b.at, b.size);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_clear(&c);
}

/* In more pieces than anybody sends: known as TLS by its records, and no more. */
static void
gives_up_a_hello_in_too_many_pieces(void **state)
{
	struct bytes extensions = { .size = 0 }, message = { .size = 0 }, b = { .size = 0 };
	const struct hello hello = { .version = 0x0303, .cipher = 0xc02f, .extensions = &extensions };
	struct conversation c;

	(void)state;
	put_extension(&extensions, 21, message.at, 400);
	put_client_hello(&message, &hello);
	put_records(&b, &message, 1);
	start(&c);
	for (size_t at = 0; at < b.size; at++)
		conversation_send(&c, FROM_CLIENT, b.at + at, 1);
	conversation_end(&c);
	assert_string_equal(c.evidence.basis[CLAIM_ENCRYPTION].clause, "RFC 8446 5.1 records");
	assert_string_equal(c.evidence.encryption.sni, "");
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	conversation_clear(&c);
}

/* The part before the extensions is enough to know a hello by, when the rest never comes or makes no sense. */
static void
knows_a_hello_that_is_cut_or_damaged(void **state)
{
	struct bytes extensions = { .size = 0 }, message = { .size = 0 }, b = { .size = 0 };
	const struct hello hello = { .version = 0x0303, .cipher = 0xc02f, .extensions = &extensions };
	struct conversation c;

	(void)state;
	put_sni(&extensions, "api.shop.test", 13);
	put_extension(&extensions, 21, message.at, 400);
	put_client_hello(&message, &hello);
	put_record(&b, 22, 0x0301, message.at, message.size);
	start(&c);
	conversation_send(&c, FROM_CLIENT, b.at, 200);
	conversation_end(&c);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_string_equal(c.evidence.encryption.sni, "api.shop.test");
	conversation_clear(&c);
	start(&c);
	conversation_send(&c, FROM_CLIENT, b.at, 40);
	conversation_end(&c);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	conversation_clear(&c);
	b.at[b.size - 401]++; /* the padding's size */
	start(&c);
	conversation_send(&c, FROM_CLIENT, b.at, b.size);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	conversation_clear(&c);
	b.at[9] = 9; /* the version */
	start(&c);
	conversation_send(&c, FROM_CLIENT, b.at, b.size);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	conversation_clear(&c);
}

static void
tells_server_hellos_that_make_no_sense(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &(struct hello){ .version = 0x0309, .cipher = 0xc02f });
	assert_null(c.evidence.encryption.version);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	conversation_clear(&c);
	start(&c);
	send_hellos(&c, &plain_hello, NULL);
	send_handshake(&c, FROM_SERVER, 6, "\3\3\x13\1", 4);
	assert_null(c.evidence.encryption.version);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	conversation_clear(&c);
}

/* A message above the limit is passed over, and what follows it is read. */
static void
passes_over_huge_messages(void **state)
{
	static struct bytes message, b;
	static const uint8_t zeros[70000];
	struct conversation c;

	(void)state;
	message.size = b.size = 0;
	put_handshake(&message, 11, zeros, sizeof(zeros));
	put_handshake(&message, 14, "", 0);
	put_records(&b, &message, 16384);
	for (size_t chunk = 1000; chunk < 200000; chunk *= 12) {
		start(&c);
		send_hellos(&c, &plain_hello, &plain_hello);
		for (size_t at = 0; at < b.size; at += chunk)
			conversation_send(&c, FROM_SERVER, b.at + at, b.size - at < chunk ? b.size - at : chunk);
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_NO);
		assert_int_equal(c.evidence.encryption.certificate_flags, 0);
		conversation_clear(&c);
	}
}

static void
reads_certificates_that_are_none(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	send_handshake(&c, FROM_SERVER, 11, "\0\0\6\0\0\3DER", 9);
	assert_int_equal(c.evidence.encryption.certificate_flags, CERTIFICATE_SEEN | CERTIFICATE_UNREADABLE);
	assert_null(c.evidence.encryption.certificate);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	send_handshake(&c, FROM_CLIENT, 11, "\0\0\6\0\0", 5); /* its list is cut */
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	assert_true(evidence_has_note(&c.evidence, NOTE_MALFORMED));
	send_handshake(&c, FROM_CLIENT, 16, "key", 3);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	send_handshake(&c, FROM_CLIENT, 15, "signature", 9);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_YES);
	conversation_clear(&c);
}

/* RFC 7250: a key alone is a proof as well, and no unreadable certificate. */
static void
reads_raw_public_keys(void **state)
{
	struct bytes extensions = { .size = 0 };
	struct conversation c;

	(void)state;
	put_extension(&extensions, 20, "\2", 1);
	put_extension(&extensions, 19, "\2", 1);
	start(&c);
	send_hellos(&c, &plain_hello, &(struct hello){ .version = 0x0303, .cipher = 0xc02f, .extensions = &extensions });
	send_handshake(&c, FROM_SERVER, 11, "\0\0\3key", 6);
	assert_int_equal(c.evidence.encryption.certificate_flags, 0);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	send_handshake(&c, FROM_CLIENT, 11, "\0\0\3key", 6);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_YES);
	assert_null(c.evidence.encryption.client_certificate);
	conversation_clear(&c);
}

/* A client that was asked and answers without a Certificate message breaks the rule; it showed none. */
static void
tells_a_request_that_was_ignored(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	send_handshake(&c, FROM_CLIENT, 16, "key", 3);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_REQUESTED);
	conversation_clear(&c);
}

/* Messages out of their place, or of no known kind, end the reading of messages in that direction. */
static void
stops_at_messages_out_of_place(void **state)
{
	static const uint8_t types[] = { 99, 16, 5, 250 };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		struct conversation c;

		start(&c);
		send_hellos(&c, &plain_hello, &plain_hello);
		send_handshake(&c, FROM_SERVER, types[i], "body", 4);
		send_handshake(&c, FROM_SERVER, 14, "", 0);
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
		assert_false(c.over);
		conversation_clear(&c);
	}
	/* A message that another record interrupts. */
	for (int header = 0; header < 2; header++) {
		struct conversation c;

		start(&c);
		send_hellos(&c, &plain_hello, &plain_hello);
		send_record(&c, FROM_SERVER, 22, "\x0b\0\0\x20" "abcd", header ? 8 : 3);
		send_record(&c, FROM_SERVER, 24, NULL, 3);
		send_handshake(&c, FROM_SERVER, 14, "", 0);
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
		assert_false(c.over);
		conversation_clear(&c);
	}
}

static void
start_midstream(struct conversation *c)
{
	start(c);
	c->flow.handshake_seen = false;
	c->flow.roles_known = false;
}

static void
knows_tls_joined_in_the_middle(void **state)
{
	struct conversation c;

	(void)state;
	start_midstream(&c);
	send_record(&c, FROM_CLIENT, 23, NULL, 300);
	assert_int_equal(c.evidence.strength, STRENGTH_SIGNATURE);
	send_record(&c, FROM_CLIENT, 23, NULL, 40);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_string_equal(c.evidence.protocol, "tls");
	assert_null(c.evidence.encryption.version);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	assert_int_equal(c.evidence.notes, 1u << NOTE_MIDSTREAM);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	/* One record each way. */
	start_midstream(&c);
	send_record(&c, FROM_CLIENT, 23, NULL, 300);
	send_record(&c, FROM_SERVER, 23, NULL, 1000);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_clear(&c);
	/* The other direction was joined inside a record. */
	start_midstream(&c);
	send_record(&c, FROM_CLIENT, 23, NULL, 300);
	conversation_send(&c, FROM_SERVER, "\xe3\x17\x91 and so on", 12);
	assert_false(c.over);
	send_record(&c, FROM_SERVER, 23, NULL, 30);
	send_record(&c, FROM_SERVER, 23, NULL, 31);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_clear(&c);
}

/* Joined before the handshake's end: what is aligned is read, and nothing concluded from what was missed. */
static void
reads_a_handshake_joined_in_the_middle(void **state)
{
	struct recording r = load("tls12-mutual");
	struct conversation c;

	(void)state;
	start_midstream(&c);
	for (size_t i = 2; i < r.count; i++)
		conversation_send(&c, r.messages[i].from, r.messages[i].bytes, r.messages[i].size);
	conversation_end(&c);
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_ENCRYPTED);
	assert_null(c.evidence.encryption.version);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_YES);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
	free(r.file);
}

/* A gap inside a record whose end is known loses only that record. */
static void
follows_records_over_a_gap(void **state)
{
	static const uint8_t zeros[4000];
	struct bytes message = { .size = 0 }, b = { .size = 0 };
	struct conversation c;

	(void)state;
	put_handshake(&message, 22, zeros, sizeof(zeros)); /* CertificateStatus, passed over */
	put_record(&b, 22, 0x0303, message.at, message.size);
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	conversation_send(&c, FROM_SERVER, b.at, 1000);
	conversation_gap(&c, FROM_SERVER, 500);
	conversation_send(&c, FROM_SERVER, b.at, b.size - 1500);
	send_handshake(&c, FROM_SERVER, 13, "\1\1\0\0", 4);
	send_handshake(&c, FROM_SERVER, 14, "", 0);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	send_handshake(&c, FROM_CLIENT, 16, "key", 3);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_REQUESTED);
	conversation_clear(&c);
}

static void
gives_up_looking_for_records(void **state)
{
	static const uint8_t zeros[70000];
	struct conversation c;

	(void)state;
	start(&c);
	send_hellos(&c, &plain_hello, &plain_hello);
	conversation_gap(&c, FROM_SERVER, 5000);
	conversation_send(&c, FROM_SERVER, zeros, sizeof(zeros));
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
}

static enum verdict
probe(enum direction from, const void *bytes, size_t size, bool handshake_seen, enum strength *strength)
{
	const struct flow_view flow = { .ip_protocol = 6, .handshake_seen = handshake_seen };
	uint8_t *copy = malloc(size + 1);
	enum verdict verdict;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	verdict = tls_dissector.probe(&flow, from, cursor_over(copy, size), strength);
	free(copy);
	return verdict;
}

static void
probes_recordings(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDING_COUNT; i++) {
		struct recording r = load(recordings[i].name);

		for (size_t k = 0; k < 2; k++) {
			const struct message *m = &r.messages[k];
			enum strength strength;

			assert_int_equal(probe(m->from, m->bytes, m->size, true, &strength), MATCH);
			assert_true(strength >= STRENGTH_SIGNATURE);
			for (size_t size = 0; size < 9 && size < m->size; size++) {
				enum verdict verdict = probe(m->from, m->bytes, size, true, &strength);

				assert_true(verdict == NEED_MORE || verdict == MATCH);
			}
			/* By the wrong end it is no first flight. */
			if (((const uint8_t *)m->bytes)[0] == 22)
				assert_int_equal(probe(m->from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT, m->bytes, m->size, true, &strength), NO_MATCH);
		}
		free(r.file);
	}
}

static void
probes_other_beginnings(void **state)
{
	static const struct {
		enum direction from;
		const char *bytes;
		size_t size;
		bool handshake_seen;
		enum verdict verdict;
		enum strength strength;
	} cases[] = {
		{ FROM_CLIENT, sslv2, sizeof(sslv2) - 1, true, MATCH, STRENGTH_STRUCTURE },
		{ FROM_CLIENT, sslv2, 10, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_SERVER, sslv2, sizeof(sslv2) - 1, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_SERVER, "\x15\3\3\0\2\2\x28", 7, true, MATCH, STRENGTH_SIGNATURE },
		{ FROM_SERVER, "\x15\3\3\0\2\2\xff", 7, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_SERVER, "\x15\3\3\0\2\3\x28", 7, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_CLIENT, "\x15\3\3\0\2\2\x28", 7, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_CLIENT, "\x17\3\3\0\2ab\x17\3\3\0\1", 12, true, MATCH, STRENGTH_STRUCTURE },
		{ FROM_SERVER, "\x17\3\3\0\2ab\x15\3\3\0\1", 12, false, MATCH, STRENGTH_STRUCTURE },
		{ FROM_CLIENT, "\x17\3\3\0\2ab", 7, false, MATCH, STRENGTH_SIGNATURE },
		{ FROM_CLIENT, "\x17\3\3\0\2ab", 7, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_CLIENT, "\x17\3\3\0\2a", 6, false, NEED_MORE, STRENGTH_NONE },
		{ FROM_CLIENT, "\x17\3\3\0\2ab\x17\3\2\0\1", 12, false, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x17\3\3\0\2abGET /", 12, false, NO_MATCH, STRENGTH_NONE },
		/* An encrypted Finished, then data. */
		{ FROM_CLIENT, "\x16\3\3\0\5\0\0\0\0\0\x17\3\3\0\1", 15, false, MATCH, STRENGTH_STRUCTURE },
		/* A hello whose header lies in two records. */
		{ FROM_CLIENT, "\x16\3\1\0\1\1", 6, true, MATCH, STRENGTH_SIGNATURE },
		{ FROM_SERVER, "\x16\3\1\0\2\2\0", 7, true, MATCH, STRENGTH_SIGNATURE },
		{ FROM_SERVER, "\x16\3\1\0\x0e\6\0\0\x0a\x7f\x12\0\6", 13, true, MATCH, STRENGTH_SIGNATURE },
		{ FROM_CLIENT, "\x16\3\1\0\x0e\6\0\0\x0a\x7f\x12\0\6", 13, true, NO_MATCH, STRENGTH_NONE },
		/* More in the record than the hello, another version in it, a record of another kind of TLS. */
		{ FROM_CLIENT, "\x16\3\1\0\xff\1\0\0\x30\3\3", 11, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x16\3\1\0\x34\1\0\0\x30\4\3", 11, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x16\3\1\0\x34\1\0\0\x30", 9, true, NEED_MORE, STRENGTH_NONE },
		{ FROM_CLIENT, "\x16\xfe\xfd\0\0\0\0", 7, true, NO_MATCH, STRENGTH_NONE },
		/* The first bytes of others: DNS over TCP, PostgreSQL, HTTP, Redis, MySQL, SSH, MQTT, Kafka. */
		{ FROM_CLIENT, "\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0", 14, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x16\3\x12\x34\1\0\0\1\0\0\0\0\0\0", 14, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x80\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0", 14, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\0\0\0\x08\4\xd2\x16\x2f", 8, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "GET / HTTP/1.1\r\n", 16, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "*1\r\n$4\r\nPING\r\n", 14, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_SERVER, "\x4a\0\0\0\x0a" "8.0.36\0", 12, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_SERVER, "SSH-2.0-OpenSSH_9.2\r\n", 21, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\x10\x16\0\4MQTT\4\2", 10, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "\0\0\0\x16\0\x12\0\3", 8, true, NO_MATCH, STRENGTH_NONE },
		{ FROM_CLIENT, "", 0, true, NEED_MORE, STRENGTH_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum strength strength = STRENGTH_COUNT;
		enum verdict verdict = probe(cases[i].from, cases[i].bytes, cases[i].size, cases[i].handshake_seen, &strength);

		if (verdict != cases[i].verdict || (verdict == MATCH && strength != cases[i].strength))
			fail_msg("case %zu: verdict %d, strength %d", i, (int)verdict, (int)strength);
	}
}

static void
leaves_other_protocols_alone(void **state)
{
	struct bytes message = { .size = 0 };
	struct conversation c;

	(void)state;
	start(&c);
	conversation_send(&c, FROM_CLIENT, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
	/* A hello from the wrong end. */
	start(&c);
	put_client_hello(&message, &plain_hello);
	send_record(&c, FROM_SERVER, 22, message.at, message.size);
	assert_int_equal(c.verdict, NO_MATCH);
	assert_null(c.evidence.protocol);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_recordings_however_cut),
		cmocka_unit_test(reads_what_surrounds_the_handshake),
		cmocka_unit_test(judges_the_certificate_by_time_and_name),
		cmocka_unit_test(says_no_more_of_a_part_than_of_the_whole),
		cmocka_unit_test(concludes_nothing_from_what_was_lost),
		cmocka_unit_test(goes_on_behind_a_gap),
		cmocka_unit_test(reads_one_direction_alone),
		cmocka_unit_test(reads_the_answer_before_the_question),
		cmocka_unit_test(keeps_the_protocol_it_came_from),
		cmocka_unit_test(says_malformed_when_an_upgrade_is_none),
		cmocka_unit_test(names_the_application),
		cmocka_unit_test(tells_a_hello_that_is_not_answered),
		cmocka_unit_test(tells_an_answer_that_does_not_fit),
		cmocka_unit_test(withdraws_for_a_server_without_tls),
		cmocka_unit_test(withdraws_for_a_client_in_disguise),
		cmocka_unit_test(reads_a_hello_behind_a_proxy_header),
		cmocka_unit_test(reads_hellos_in_sslv2_form),
		cmocka_unit_test(reads_an_sslv2_server),
		cmocka_unit_test(reads_sslv3_without_certificate),
		cmocka_unit_test(reads_drafts_of_13),
		cmocka_unit_test(reads_the_alert_of_a_client_of_13),
		cmocka_unit_test(tells_the_place_of_a_record_in_pieces),
		cmocka_unit_test(waits_behind_early_data),
		cmocka_unit_test(waits_behind_a_false_start),
		cmocka_unit_test(gives_up_waiting),
		cmocka_unit_test(passes_over_what_means_nothing),
		cmocka_unit_test(says_malformed_in_the_middle),
		cmocka_unit_test(reads_a_hello_in_tiny_records),
		cmocka_unit_test(gives_up_a_hello_in_too_many_pieces),
		cmocka_unit_test(knows_a_hello_that_is_cut_or_damaged),
		cmocka_unit_test(tells_server_hellos_that_make_no_sense),
		cmocka_unit_test(passes_over_huge_messages),
		cmocka_unit_test(reads_certificates_that_are_none),
		cmocka_unit_test(reads_raw_public_keys),
		cmocka_unit_test(tells_a_request_that_was_ignored),
		cmocka_unit_test(stops_at_messages_out_of_place),
		cmocka_unit_test(knows_tls_joined_in_the_middle),
		cmocka_unit_test(reads_a_handshake_joined_in_the_middle),
		cmocka_unit_test(follows_records_over_a_gap),
		cmocka_unit_test(gives_up_looking_for_records),
		cmocka_unit_test(probes_recordings),
		cmocka_unit_test(probes_other_beginnings),
		cmocka_unit_test(leaves_other_protocols_alone),
	};

	return cmocka_run_group_tests_name("dissectors/tls", tests, NULL, NULL);
}
