/* SPDX-License-Identifier: Apache-2.0 */
/* The store: each certificate parsed once, referred to while in use, the oldest unused one dropped. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/certificate_store.h"

/* CN=a, Ed25519, issued by itself; the serial number is at SERIAL. */
static const uint8_t certificate_der[] = {
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
enum { SERIAL = 7 };

static struct certificate_store *store;

static int
setup(void **state)
{
	(void)state;
	store = certificate_store_new(3);
	return store == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	certificate_store_free(store);
	return 0;
}

/* The certificate with this serial number; the bytes lie in a block of their own. */
static const struct certificate *
take(unsigned serial)
{
	uint8_t *block = malloc(sizeof(certificate_der));
	const struct certificate *c;

	assert_non_null(block);
	memcpy(block, certificate_der, sizeof(certificate_der));
	block[SERIAL + 2] = (uint8_t)(serial >> 8);
	block[SERIAL + 3] = (uint8_t)serial;
	c = certificate_store_take(store, cursor_over(block, sizeof(certificate_der)));
	free(block);
	return c;
}

static void
assert_serial(const struct certificate *c, unsigned serial)
{
	char expected[16];

	assert_non_null(c);
	snprintf(expected, sizeof(expected), "1122%04x", serial);
	assert_string_equal(c->serial, expected);
	assert_string_equal(c->subject, "CN=a");
}

static void
test_parsed_once(void **state)
{
	const struct certificate *a = take(1), *b = take(2);

	(void)state;
	assert_serial(a, 1);
	assert_serial(b, 2);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(take(1), a);
	assert_ptr_equal(take(2), b);
	for (int i = 0; i < 2; i++) {
		certificate_store_give(store, a);
		certificate_store_give(store, b);
	}
	/* Unused ones are kept as long as there is room. */
	assert_ptr_equal(take(1), a);
	certificate_store_give(store, NULL);
}

static void
test_full_of_certificates_in_use(void **state)
{
	const struct certificate *a = take(1), *b = take(2), *c = take(3);

	(void)state;
	assert_null(take(4));
	assert_serial(a, 1);
	assert_serial(b, 2);
	assert_serial(c, 3);
	/* Those that are there are still found. */
	assert_ptr_equal(take(2), b);
	certificate_store_give(store, b);
	assert_null(take(4));
	certificate_store_give(store, b);
	assert_serial(take(4), 4);
	assert_null(take(2));
}

static void
test_the_longest_unused_goes_first(void **state)
{
	const struct certificate *a = take(1), *b = take(2), *c = take(3), *d;

	(void)state;
	certificate_store_give(store, c);
	certificate_store_give(store, b);
	certificate_store_give(store, a);
	/* Used once more: the second is the oldest now. */
	assert_ptr_equal(take(1), a);
	certificate_store_give(store, a);
	d = take(4);
	assert_ptr_equal(d, b);
	assert_serial(d, 4);
	assert_ptr_equal(take(1), a);
	assert_ptr_equal(take(3), c);
	assert_serial(c, 3);
}

static void
test_unreadable(void **state)
{
	const struct certificate *kept[3];
	uint8_t bad[sizeof(certificate_der)];

	(void)state;
	memcpy(bad, certificate_der, sizeof(bad));
	bad[0] = 0x31;
	for (int i = 0; i < 10; i++) {
		assert_null(certificate_store_take(store, cursor_over(bad, sizeof(bad))));
		assert_null(certificate_store_take(store, cursor_over(NULL, 0)));
		assert_null(certificate_store_take(store, (struct cursor){ .failed = true }));
	}
	/* They took no room. */
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(kept[i] = take(i));
	assert_ptr_not_equal(kept[0], kept[1]);
}

/* Many certificates through little room, some held meanwhile, compared with what is expected. */
static void
test_churn(void **state)
{
	const struct certificate *held = take(0xffff);

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		const struct certificate *c = take(i * 7 % 2003);

		assert_serial(c, i * 7 % 2003);
		certificate_store_give(store, c);
		assert_serial(held, 0xffff);
	}
	assert_ptr_equal(take(0xffff), held);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_parsed_once),
		TEST(test_full_of_certificates_in_use),
		TEST(test_the_longest_unused_goes_first),
		TEST(test_unreadable),
		TEST(test_churn),
	};

	certificate_store_free(NULL);
	return cmocka_run_group_tests_name("sensor/certificate_store", tests, NULL, NULL);
}
