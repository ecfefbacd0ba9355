/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: found by server and id, the longest unused one forgotten, certificates held while they are known. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/evidence.h"
#include "sensor/tls_sessions.h"

enum { CAPACITY = 4 };

static struct certificate_store *certificates;
static struct tls_sessions *sessions;

static int
setup(void **state)
{
	(void)state;
	certificates = certificate_store_new(4);
	sessions = tls_sessions_new(CAPACITY, certificates);
	return sessions == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	tls_sessions_free(sessions);
	certificate_store_free(certificates);
	return 0;
}

static const struct address *
server(uint8_t last)
{
	static struct address a;

	a = address_from_v4((const uint8_t[]){ 10, 0, 0, last });
	return &a;
}

static struct cursor
id(const char *text)
{
	return cursor_over(text, strlen(text));
}

static bool
knows(uint8_t last, uint16_t port, const char *text, uint16_t cipher)
{
	struct tls_session s;

	return tls_sessions_get(sessions, server(last), port, id(text), &s) && s.cipher == cipher;
}

static void
finds_by_server_and_id(void **state)
{
	struct tls_session s = { .version = 0x0303, .cipher = 1, .mutual = MUTUAL_YES, .authenticated = true }, got;

	(void)state;
	tls_sessions_put(sessions, server(1), 443, id("ticket"), &s);
	s.cipher = 2;
	tls_sessions_put(sessions, server(2), 443, id("ticket"), &s);
	assert_true(tls_sessions_get(sessions, server(1), 443, id("ticket"), &got));
	assert_int_equal(got.version, 0x0303);
	assert_int_equal(got.cipher, 1);
	assert_int_equal(got.mutual, MUTUAL_YES);
	assert_true(got.authenticated);
	assert_true(knows(2, 443, "ticket", 2));
	assert_false(knows(1, 444, "ticket", 1));
	assert_false(knows(3, 443, "ticket", 1));
	assert_false(knows(1, 443, "ticke", 1));
	assert_false(knows(1, 443, "tickets", 1));
	/* The same id again: what was known last. */
	s.cipher = 3;
	tls_sessions_put(sessions, server(1), 443, id("ticket"), &s);
	assert_true(knows(1, 443, "ticket", 3));
	/* No id is none. */
	tls_sessions_put(sessions, server(1), 443, id(""), &s);
	assert_false(knows(1, 443, "", 3));
}

static void
forgets_the_longest_unused(void **state)
{
	char text[16];

	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "session %u", i);
		tls_sessions_put(sessions, server(1), 443, id(text), &(struct tls_session){ .cipher = i });
		/* The first is used again and again. */
		assert_true(knows(1, 443, "session 0", 0));
	}
	for (uint16_t i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "session %u", i);
		assert_int_equal(knows(1, 443, text, i), i == 0 || i > 100 - CAPACITY);
	}
}

/* Two self-signed certificates of Ed25519, differing in the serial number. */
static const struct certificate *
take(uint8_t serial)
{
	static const uint8_t der[] = {
		0x30, 0x81, 0xc1, 0x30, 0x75, 0x02, 0x04, 0x11, 0x22, 0x33, 0x44, 0x30, 0x05, 0x06, 0x03, 0x2b,
		0x65, 0x70, 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x61,
		0x30, 0x1e, 0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x32, 0x31, 0x35, 0x35, 0x38, 0x31, 0x36,
		0x5a, 0x17, 0x0d, 0x33, 0x36, 0x31, 0x31, 0x31, 0x39, 0x31, 0x35, 0x35, 0x38, 0x31, 0x36, 0x5a,
		0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x61, 0x30, 0x2a,
		0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x2b, 0x76, 0x02, 0x8b, 0x4e, 0x69,
		0x3c, 0xd2, 0x02, 0xb4, 0x7e, 0x78, 0xec, 0xd7, 0x4f, 0x4c, 0xb8, 0x09, 0x19, 0x55, 0x08, 0x56,
		0x18, 0x84, 0x18, 0x9a, 0xcf, 0xd4, 0xe1, 0x8b, 0x3f, 0x29, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
		0x70, 0x03, 0x41, 0x00, 0xa1, 0x88, 0xe6, 0xaa, 0x4f, 0xe9, 0x99, 0xe3, 0xc3, 0xc0, 0xba, 0xd4,
		0x1d, 0xd7, 0xaa, 0x96, 0xbb, 0xe7, 0x0d, 0xfb, 0xca, 0x0e, 0x2e, 0x94, 0x4f, 0xd6, 0x7a, 0xc3,
		0x4e, 0xa3, 0x95, 0x7b, 0x0b, 0x03, 0x07, 0x91, 0xee, 0xaf, 0x3d, 0x5a, 0xf4, 0xf0, 0xae, 0x59,
		0xfc, 0x3a, 0xe3, 0xdf, 0x02, 0xe2, 0xa1, 0x34, 0xf0, 0xc5, 0xfd, 0x1f, 0xbb, 0x2e, 0x39, 0xff,
		0xbb, 0xa9, 0x44, 0x0a,
	};
	uint8_t copy[sizeof(der)];

	memcpy(copy, der, sizeof(der));
	copy[9] = serial;
	return certificate_store_take(certificates, cursor_over(copy, sizeof(copy)));
}

/* The store has room for four: a certificate that a session holds stays, one that nobody holds makes room. */
static void
holds_certificates_while_it_knows_them(void **state)
{
	const struct certificate *c = take(1);
	struct tls_session got;

	(void)state;
	assert_non_null(c);
	tls_sessions_put(sessions, server(1), 443, id("a"), &(struct tls_session){ .certificate = c, .client_certificate = c });
	certificate_store_give(certificates, c);
	for (uint8_t serial = 2; serial < 20; serial++)
		certificate_store_give(certificates, take(serial));
	assert_true(tls_sessions_get(sessions, server(1), 443, id("a"), &got));
	assert_string_equal(got.certificate->subject, "CN=a");
	assert_string_equal(got.certificate->serial, "11220144");
	assert_ptr_equal(got.client_certificate, got.certificate);
	/* Once it is forgotten, or known by another, the certificate may go. */
	tls_sessions_put(sessions, server(1), 443, id("a"), &(struct tls_session){ .certificate = NULL });
	for (uint8_t serial = 2; serial < 6; serial++)
		assert_non_null(take(serial)); /* all four places */
	assert_null(take(7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_by_server_and_id, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets_the_longest_unused, setup, teardown),
		cmocka_unit_test_setup_teardown(holds_certificates_while_it_knows_them, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
