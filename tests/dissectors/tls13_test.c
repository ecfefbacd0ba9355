/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS 1.3 in a stream: what is told, and not told, by the sizes of the client's records; what hellos of any
 * version say beside version and suite; what a resumed session inherits.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "tls_messages.h"

static void
send_record(struct conversation *c, enum direction from, uint8_t type, size_t size)
{
	static const uint8_t body[2048];
	struct bytes b = { .size = 0 };

	put_record(&b, type, 0x0303, type == 20 ? (const uint8_t *)"\1" : body, size);
	conversation_send(c, from, b.at, b.size);
}

static void
send_hello(struct conversation *c, enum direction from, const struct bytes *extensions, const uint8_t *random)
{
	const struct hello hello = { .version = 0x0303, .cipher = 0x1301, .extensions = extensions, .random = random };
	struct bytes message = { .size = 0 }, record = { .size = 0 };

	if (from == FROM_CLIENT)
		put_client_hello(&message, &hello);
	else
		put_server_hello(&message, &hello);
	put_records(&record, &message, 16384);
	conversation_send(c, from, record.at, record.size);
}

static void
put_13(struct bytes *client, struct bytes *server)
{
	put_extension(client, 43, "\2\3\4", 3);
	put_extension(server, 43, "\3\4", 2);
	put_extension(server, 51, "\0\x1d\0\1k", 5);
}

struct handshake {
	struct bytes client, server;
	size_t first; /* record of the client's, and the one after it; 0: none */
	size_t second;
};

/* Both hellos, the server's encrypted flight, then the client's. */
static void
run(struct conversation *c, const struct handshake *h)
{
	conversation_init(c, &tls_dissector);
	send_hello(c, FROM_CLIENT, &h->client, NULL);
	send_hello(c, FROM_SERVER, &h->server, NULL);
	send_record(c, FROM_SERVER, 20, 1);
	send_record(c, FROM_SERVER, 23, 1000);
	send_record(c, FROM_CLIENT, 20, 1);
	if (h->first != 0)
		send_record(c, FROM_CLIENT, 23, h->first);
	send_record(c, FROM_SERVER, 23, 250);
	if (h->second != 0)
		send_record(c, FROM_CLIENT, 23, h->second);
	send_record(c, FROM_SERVER, 23, 300);
	conversation_end(c);
}

static void
tells_by_sizes(void **state)
{
	static const struct {
		size_t first, second;
		enum mutual mutual;
	} cases[] = {
		{ 53, 100, MUTUAL_NO }, { 53, 0, MUTUAL_NO }, { 25, 53, MUTUAL_REQUESTED }, { 61, 100, MUTUAL_REQUESTED },
		{ 873, 281, MUTUAL_YES }, { 873, 0, MUTUAL_UNKNOWN }, { 25, 0, MUTUAL_UNKNOWN }, { 19, 0, MUTUAL_UNKNOWN }, { 0, 0, MUTUAL_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct handshake h = { .first = cases[i].first, .second = cases[i].second };
		struct conversation c;

		put_13(&h.client, &h.server);
		run(&c, &h);
		assert_int_equal(c.evidence.encryption.mutual, cases[i].mutual);
		assert_int_equal(c.evidence.encryption.mutual_basis, cases[i].mutual == MUTUAL_UNKNOWN ? MUTUAL_BASIS_NONE : MUTUAL_BASIS_RECORD_SIZES);
		/* That a certificate was sent does not say that it was accepted. */
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		conversation_clear(&c);
	}
}

/* Where another reason than a certificate may be behind the sizes, nothing is told. */
static void
tells_nothing_where_sizes_mean_something_else(void **state)
{
	static const struct {
		uint16_t client_type, server_type; /* an extension more, 0: none */
		const char *data;
		size_t size;
	} cases[] = {
		{ 42, 0, "", 0 },          /* early data offered */
		{ 0, 41, "\0\0", 2 },      /* a pre-shared key chosen */
		{ 16, 0, "\0\x09\2h", 4 }, /* a client's hello that is damaged */
		{ 0, 51, "\0\x1d\0", 3 },  /* a server's */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct handshake h = { .first = 53, .second = 100 };
		struct conversation c;

		put_13(&h.client, &h.server);
		if (cases[i].client_type != 0)
			put_extension(&h.client, cases[i].client_type, cases[i].data, cases[i].size);
		if (cases[i].server_type != 0)
			put_extension(&h.server, cases[i].server_type, cases[i].data, cases[i].size);
		run(&c, &h);
		assert_string_equal(c.evidence.encryption.version, "TLS1.3");
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
		assert_int_equal(c.evidence.encryption.mutual_basis, MUTUAL_BASIS_NONE);
		conversation_clear(&c);
	}
}

/* After a HelloRetryRequest only what follows the second hello counts, and no early data of before. */
static void
counts_from_the_second_hello(void **state)
{
	static const uint8_t retry[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	struct bytes client = { .size = 0 }, early = { .size = 0 }, server = { .size = 0 };

	(void)state;
	put_13(&client, &server);
	put_extension(&early, 43, "\2\3\4", 3);
	put_extension(&early, 42, "", 0);
	for (int with_early = 0; with_early < 2; with_early++) {
		struct conversation c;

		conversation_init(&c, &tls_dissector);
		send_hello(&c, FROM_CLIENT, with_early ? &early : &client, NULL);
		send_record(&c, FROM_CLIENT, 23, 53);
		send_hello(&c, FROM_SERVER, &server, retry);
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
		send_record(&c, FROM_CLIENT, 20, 1);
		send_hello(&c, FROM_CLIENT, &client, NULL);
		send_hello(&c, FROM_SERVER, &server, NULL);
		send_record(&c, FROM_SERVER, 23, 900);
		assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
		send_record(&c, FROM_CLIENT, 23, 25);
		send_record(&c, FROM_CLIENT, 23, 53);
		assert_int_equal(c.evidence.encryption.mutual, with_early ? MUTUAL_UNKNOWN : MUTUAL_REQUESTED);
		conversation_clear(&c);
	}
}

/* Lost records of the client's could have been any. Those of the server's do not matter. */
static void
tells_nothing_across_a_loss(void **state)
{
	(void)state;
	for (int from = FROM_CLIENT; from <= FROM_SERVER; from++) {
		struct bytes client = { .size = 0 }, server = { .size = 0 };
		struct conversation c;

		put_13(&client, &server);
		conversation_init(&c, &tls_dissector);
		send_hello(&c, FROM_CLIENT, &client, NULL);
		send_hello(&c, FROM_SERVER, &server, NULL);
		conversation_gap(&c, (enum direction)from, 878);
		send_record(&c, FROM_CLIENT, 23, 53);
		send_record(&c, FROM_CLIENT, 23, 90);
		send_record(&c, FROM_SERVER, 23, 90);
		send_record(&c, FROM_SERVER, 23, 90);
		assert_int_equal(c.evidence.encryption.mutual, from == FROM_CLIENT ? MUTUAL_UNKNOWN : MUTUAL_NO);
		conversation_clear(&c);
	}
}

/* The client's whole stream first, as a capture out of order shows it. */
static void
tells_when_the_answer_comes_late(void **state)
{
	struct bytes client = { .size = 0 }, server = { .size = 0 };
	struct conversation c;

	(void)state;
	put_13(&client, &server);
	conversation_init(&c, &tls_dissector);
	send_hello(&c, FROM_CLIENT, &client, NULL);
	send_record(&c, FROM_CLIENT, 23, 873);
	send_record(&c, FROM_CLIENT, 23, 281);
	send_record(&c, FROM_CLIENT, 23, 53);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_UNKNOWN);
	send_hello(&c, FROM_SERVER, &server, NULL);
	assert_int_equal(c.evidence.encryption.mutual, MUTUAL_YES);
	conversation_clear(&c);
}

/* Hellos of 1.2 and before, and what they say beside version and suite. */
struct old {
	uint16_t offered, chosen, cipher;
	bool offers_13;
	const char *end;        /* of the server's random */
	uint8_t compression;
	uint16_t server_type;   /* an extension of the server's without data; 0: none */
	unsigned flags;
};

static void
run_old(struct conversation *c, const struct old *o)
{
	struct bytes client = { .size = 0 }, server = { .size = 0 }, message = { .size = 0 }, record = { .size = 0 }, body = { .size = 0 };
	uint8_t random[32] = { 7 };

	if (o->offers_13)
		put_extension(&client, 43, "\4\3\4\3\3", 5);
	put_extension(&client, 22, "", 0);
	put_client_hello(&message, &(struct hello){ .version = o->offered, .cipher = o->cipher, .extensions = &client });
	put_records(&record, &message, 16384);
	conversation_init(c, &tls_dissector);
	conversation_send(c, FROM_CLIENT, record.at, record.size);
	if (o->end != NULL)
		memcpy(random + 24, o->end, 8);
	put_number(&body, o->chosen, 2);
	put(&body, random, 32);
	put_number(&body, 0, 1);
	put_number(&body, o->cipher, 2);
	put_number(&body, o->compression, 1);
	if (o->server_type != 0)
		put_extension(&server, o->server_type, "", 0);
	put_number(&body, server.size, 2);
	put(&body, server.at, server.size);
	message.size = record.size = 0;
	put_handshake(&message, 2, body.at, body.size);
	put_records(&record, &message, 16384);
	conversation_send(c, FROM_SERVER, record.at, record.size);
}

static void
flags_what_hellos_say(void **state)
{
	static const struct old cases[] = {
		{ 0x0303, 0x0303, 0xc02f, true, NULL, 0, 0, 0 },
		{ 0x0303, 0x0303, 0xc02f, true, "DOWNGRD\1", 0, 0, ENCRYPTION_DOWNGRADE },
		{ 0x0303, 0x0302, 0xc013, true, "DOWNGRD\0", 0, 0, ENCRYPTION_DOWNGRADE },
		{ 0x0303, 0x0301, 0xc013, false, "DOWNGRD\0", 0, 0, ENCRYPTION_DOWNGRADE },
		{ 0x0303, 0x0303, 0xc02f, false, "DOWNGRD\1", 0, 0, 0 }, /* the client could not do better */
		{ 0x0302, 0x0302, 0xc013, false, "DOWNGRD\0", 0, 0, 0 },
		{ 0x0303, 0x0303, 0xc02f, true, "DOWNGRD\2", 0, 0, 0 },
		{ 0x0303, 0x0303, 0xc02f, true, "DOWNGRX\1", 0, 0, 0 },
		{ 0x0303, 0x0303, 0xc02f, false, NULL, 1, 0, ENCRYPTION_COMPRESSION },
		{ 0x0303, 0x0303, 0xc013, false, NULL, 0, 22, ENCRYPTION_ENCRYPT_THEN_MAC },
		{ 0x0303, 0x0303, 0xc02f, false, NULL, 0, 22, 0 }, /* nothing to it with GCM */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conversation c;

		run_old(&c, &cases[i]);
		assert_int_equal(c.evidence.encryption.flags, cases[i].flags);
		assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
		conversation_clear(&c);
	}
}

static void
flags_early_data_and_hidden_hellos(void **state)
{
	struct bytes client = { .size = 0 };
	struct conversation c;

	(void)state;
	put_extension(&client, 43, "\2\3\4", 3);
	put_extension(&client, 42, "", 0);
	put_extension(&client, 65037, "\0\0\1\0\1", 5);
	conversation_init(&c, &tls_dissector);
	send_hello(&c, FROM_CLIENT, &client, NULL);
	assert_int_equal(c.evidence.encryption.flags, ENCRYPTION_ECH);
	assert_int_equal(strncmp(c.evidence.encryption.ja4, "t13i020300_", 11), 0);
	send_record(&c, FROM_CLIENT, 23, 100);
	assert_int_equal(c.evidence.encryption.flags, ENCRYPTION_ECH | ENCRYPTION_EARLY_DATA);
	conversation_clear(&c);
}

/* What a sensor remembers of sessions, in its plainest form: the last. */
static struct tls_session kept;
static char kept_id[64];
static size_t kept_size;

static void
remember(void *context, struct cursor id, const struct tls_session *session)
{
	(void)context;
	kept = *session;
	kept_size = id.left;
	memcpy(kept_id, id.at, id.left);
}

static bool
recall(void *context, struct cursor id, struct tls_session *session)
{
	(void)context;
	*session = kept;
	return id.left == kept_size && memcmp(id.at, kept_id, kept_size) == 0;
}

static void
send_message(struct dissection *d, enum direction from, uint8_t type, uint8_t message_type, const struct bytes *body)
{
	struct bytes message = { .size = 0 }, record = { .size = 0 };
	struct cursor c;

	if (type == 22)
		put_handshake(&message, message_type, body->at, body->size);
	else
		put(&message, body->at, body->size);
	put_record(&record, type, 0x0303, message.at, message.size);
	c = cursor_over(record.at, record.size);
	(void)tls_dissector.dissect(d, from, &c);
	assert_int_equal(c.left, 0);
	d->offset[from] += record.size;
}

static void
put_old_hello(struct bytes *b, enum direction from, uint16_t cipher, const char *ticket)
{
	struct bytes extensions = { .size = 0 };

	if (ticket != NULL)
		put_extension(&extensions, 35, ticket, strlen(ticket));
	put_number(b, 0x0303, 2);
	for (int i = 0; i < 32; i++)
		put_number(b, 1, 1);
	put_number(b, 0, 1);
	if (from == FROM_CLIENT)
		put_number(b, 2, 2);
	put_number(b, cipher, 2);
	if (from == FROM_CLIENT)
		put_number(b, 1, 1);
	put_number(b, 0, 1);
	put_number(b, extensions.size, 2);
	put(b, extensions.at, extensions.size);
}

/* A resumption: hellos, the server's ChangeCipherSpec and Finished, the client's, data of both. */
static void
resume(struct evidence *e, uint16_t cipher, const char *ticket)
{
	const struct flow_view flow = { .ip_protocol = tls_dissector.ip_protocol, .handshake_seen = true, .roles_known = true };
	const struct dissection_services services = { .remember = remember, .recall = recall };
	const struct bytes one = { .at = { 1 }, .size = 1 }, data = { .size = 40 };
	struct bytes client = { .size = 0 }, server = { .size = 0 };
	uint64_t state[DISSECTOR_STATE_MAX / 8] = { 0 };
	struct dissection d = { .flow = &flow, .evidence = e, .services = &services, .state = state };

	put_old_hello(&client, FROM_CLIENT, cipher, ticket);
	put_old_hello(&server, FROM_SERVER, cipher, NULL);
	send_message(&d, FROM_CLIENT, 22, 1, &client);
	send_message(&d, FROM_SERVER, 22, 2, &server);
	send_message(&d, FROM_SERVER, 20, 0, &one);
	assert_int_equal(e->authentication.result, AUTH_UNKNOWN);
	send_message(&d, FROM_CLIENT, 20, 0, &one);
	send_message(&d, FROM_CLIENT, 23, 0, &data);
	assert_int_equal(e->authentication.result, AUTH_UNKNOWN);
	send_message(&d, FROM_SERVER, 23, 0, &data);
}

static void
inherits_what_a_session_was(void **state)
{
	static const struct {
		uint16_t cipher;
		const char *ticket;
		bool known;
	} cases[] = { { 0xc02f, "a ticket", true }, { 0xc02f, "another", false }, { 0xc030, "a ticket", false } };

	(void)state;
	remember(NULL, cursor_over("a ticket", 8), &(struct tls_session){ .version = 0x0303, .cipher = 0xc02f, .mutual = MUTUAL_YES, .authenticated = true });
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence e = { .notes = 0 };

		resume(&e, cases[i].cipher, cases[i].ticket);
		assert_true(e.encryption.resumed);
		assert_string_equal(e.encryption.resumption, "ticket");
		assert_int_equal(e.encryption.mutual, cases[i].known ? MUTUAL_YES : MUTUAL_UNKNOWN);
		assert_int_equal(e.authentication.result, cases[i].known ? AUTH_SUCCESS : AUTH_UNKNOWN);
		if (cases[i].known)
			assert_string_equal(e.authentication.method, "tls-client-cert");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_by_sizes),
		cmocka_unit_test(tells_nothing_where_sizes_mean_something_else),
		cmocka_unit_test(counts_from_the_second_hello),
		cmocka_unit_test(tells_nothing_across_a_loss),
		cmocka_unit_test(tells_when_the_answer_comes_late),
		cmocka_unit_test(flags_what_hellos_say),
		cmocka_unit_test(flags_early_data_and_hidden_hellos),
		cmocka_unit_test(inherits_what_a_session_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
