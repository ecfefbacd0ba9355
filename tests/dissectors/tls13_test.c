/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3 in a stream: what is told, and not told, by the sizes of the client's records. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_by_sizes),
		cmocka_unit_test(tells_nothing_where_sizes_mean_something_else),
		cmocka_unit_test(counts_from_the_second_hello),
		cmocka_unit_test(tells_nothing_across_a_loss),
		cmocka_unit_test(tells_when_the_answer_comes_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
