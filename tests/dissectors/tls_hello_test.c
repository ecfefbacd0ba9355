/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/tls_hello.h"
#include "tls_messages.h"

enum { HEADER = 4 };

/* The body of the only message in b, on the heap and no longer than it is. */
static struct cursor
body_of(const struct bytes *b)
{
	uint8_t *copy = malloc(b->size - HEADER);

	assert_non_null(copy);
	memcpy(copy, b->at + HEADER, b->size - HEADER);
	return cursor_over(copy, b->size - HEADER);
}

static bool
read_client(const struct bytes *extensions, struct tls_client_hello *out)
{
	struct bytes b = { .size = 0 };
	struct cursor body;
	bool ok;

	put_client_hello(&b, &(struct hello){ .version = 0x0303, .cipher = 0xc02f, .session_id = "0123456789abcdef", .extensions = extensions });
	body = body_of(&b);
	ok = tls_client_hello_read(body, out);
	free((void *)(uintptr_t)body.at);
	return ok;
}

static void
reads_a_client_hello(void **state)
{
	static const uint8_t versions[] = { 4, 0xfa, 0xfa, 3, 4 }, alpn[] = "\0\x0f\2\x1a\x1a\2h2\x08http/1.1";
	struct bytes extensions = { .size = 0 };
	struct tls_client_hello hello;

	(void)state;
	put_sni(&extensions, "api.shop.test", 13);
	put_extension(&extensions, 16, alpn, sizeof(alpn) - 1);
	put_extension(&extensions, 35, "ticket", 6);
	put_extension(&extensions, 43, versions, sizeof(versions));
	put_extension(&extensions, 0x0a0a, "", 0);
	assert_true(read_client(&extensions, &hello));
	assert_false(hello.damaged);
	assert_true(hello.offers_13);
	assert_true(hello.ticket);
	assert_int_equal(hello.version, 0x0303);
	assert_int_equal(hello.session_id.size, 16);
	assert_string_equal(hello.sni, "api.shop.test");
	assert_string_equal(hello.alpn, "h2,http/1.1");
	assert_true(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0303, .cipher = 0xc02f }));
	assert_false(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0303, .cipher = 0xc030 }));
	assert_false(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0303, .cipher = 0x0a0a }));
	/* TLS 1.3 echoes the session id; its early drafts have none. */
	assert_false(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0304, .cipher = 0xc02f }));
	assert_true(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0304, .cipher = 0xc02f, .session_id = hello.session_id }));
	assert_true(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x7f15, .cipher = 0xc02f }));
}

static void
keeps_no_name_that_is_none(void **state)
{
	static const struct {
		const char *name;
		size_t size;
	} names[] = { { "api\0.shop", 9 }, { "a b", 3 }, { "caf\xc3\xa9", 5 }, { "", 0 }, { "<x>", 3 } };
	char longest[257];
	struct tls_client_hello hello;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes extensions = { .size = 0 };

		put_sni(&extensions, names[i].name, names[i].size);
		assert_true(read_client(&extensions, &hello));
		assert_string_equal(hello.sni, "");
		assert_false(hello.damaged);
	}
	memset(longest, 'a', sizeof(longest));
	for (size_t size = 255; size <= 256; size++) {
		struct bytes extensions = { .size = 0 };

		put_sni(&extensions, longest, size);
		assert_true(read_client(&extensions, &hello));
		assert_int_equal(strlen(hello.sni), size == 255 ? 255 : 0);
	}
}

static void
keeps_whole_alpn_names_only(void **state)
{
	struct bytes extensions = { .size = 0 }, list = { .size = 0 };
	struct tls_client_hello hello;

	(void)state;
	put_number(&list, 10 * 11, 2);
	for (int i = 0; i < 10; i++)
		put(&list, "\x0a" "protocol/1", 11);
	put_extension(&extensions, 16, list.at, list.size);
	assert_true(read_client(&extensions, &hello));
	assert_string_equal(hello.alpn, "protocol/1,protocol/1,protocol/1,protocol/1,protocol/1");
}

/* Extensions whose lengths disagree are told, and those before them are kept. */
static void
tells_damaged_extensions(void **state)
{
	static const struct {
		uint16_t type;
		const char *data;
		size_t size;
	} damaged[] = {
		{ 0, "\0", 1 }, { 0, "\0\x09\0\0\x06" "abc", 8 }, { 16, "\0\x05\x09h2", 5 }, { 43, "\x09\3\4", 3 }, { 43, "\2\3\4\0", 4 }, { 16, "\0\x03\2h2\0", 6 },
	};
	struct tls_client_hello hello;

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct bytes extensions = { .size = 0 };

		put_extension(&extensions, 35, "t", 1);
		put_extension(&extensions, damaged[i].type, damaged[i].data, damaged[i].size);
		assert_true(read_client(&extensions, &hello));
		assert_true(hello.damaged);
		assert_true(hello.ticket);
	}
}

static void
needs_the_part_before_the_extensions(void **state)
{
	struct bytes b = { .size = 0 };
	struct tls_client_hello hello;
	struct cursor body;
	size_t fixed = 2 + 32 + 1 + 2 + 6 + 2;

	(void)state;
	put_client_hello(&b, &(struct hello){ .version = 0x0303, .cipher = 0xc02f });
	body = body_of(&b);
	for (size_t size = 0; size < fixed; size++)
		assert_false(tls_client_hello_read(cursor_over(body.at, size), &hello));
	assert_true(tls_client_hello_read(cursor_over(body.at, fixed), &hello));
	free((void *)(uintptr_t)body.at);
	/* A session id beyond 32 bytes, an odd list of ciphers, another major version. */
	b.at[HEADER + 34] = 33;
	assert_false(tls_client_hello_read(cursor_over(b.at + HEADER, b.size - HEADER), &hello));
	b.at[HEADER + 34] = 0;
	b.at[HEADER + 36] = 5;
	assert_false(tls_client_hello_read(cursor_over(b.at + HEADER, b.size - HEADER), &hello));
	b.at[HEADER + 36] = 6;
	b.at[HEADER] = 4;
	assert_false(tls_client_hello_read(cursor_over(b.at + HEADER, b.size - HEADER), &hello));
}

static bool
read_server(uint16_t version, const struct bytes *extensions, struct tls_server_hello *out)
{
	struct bytes b = { .size = 0 };
	struct cursor body;
	bool ok;

	put_server_hello(&b, &(struct hello){ .version = version, .cipher = 0x1301, .session_id = "id", .extensions = extensions });
	body = body_of(&b);
	ok = tls_server_hello_read(body, out);
	free((void *)(uintptr_t)body.at);
	return ok;
}

static void
reads_a_server_hello(void **state)
{
	struct bytes extensions = { .size = 0 };
	struct tls_server_hello hello;

	(void)state;
	put_extension(&extensions, 43, "\3\4", 2);
	put_extension(&extensions, 51, "\0\x1d\0\2kk", 6);
	put_extension(&extensions, 41, "\0\0", 2);
	put_extension(&extensions, 16, "\0\3\2h2", 5);
	put_extension(&extensions, 20, "\2", 1);
	put_extension(&extensions, 19, "\0", 1);
	assert_true(read_server(0x0303, &extensions, &hello));
	assert_false(hello.damaged);
	assert_int_equal(hello.version, 0x0304);
	assert_int_equal(hello.cipher, 0x1301);
	assert_int_equal(hello.group, 29);
	assert_int_equal(hello.session_id.size, 2);
	assert_true(hello.psk);
	assert_true(hello.raw_public_key);
	assert_false(hello.client_raw_public_key);
	assert_false(hello.retry);
	assert_string_equal(hello.alpn, "h2");
	assert_true(read_server(0x0300, NULL, &hello));
	assert_int_equal(hello.version, 0x0300);
	assert_false(read_server(0x0002, NULL, &hello));
	assert_false(read_server(0x0305, NULL, &hello));
	assert_false(tls_server_hello_read(cursor_over("\3\3", 2), &hello));
}

/* Up to draft 21 there is neither session id nor compression, and a retry is a message of its own. */
static void
reads_early_drafts(void **state)
{
	static const char retry[] = "\x7f\x12\0\6\0\x28\0\2\0\x18", late_retry[] = "\x7f\x15\x13\1\0\6\0\x28\0\2\0\x17";
	struct bytes b = { .size = 0 };
	struct tls_server_hello hello;

	(void)state;
	put_number(&b, 0x7f15, 2);
	put(&b, "0123456789abcdef0123456789abcdef", 32);
	put(&b, "\x13\2\0\x0a\0\x28\0\6\0\x1d\0\2kk", 14);
	assert_true(tls_server_hello_read(cursor_over(b.at, b.size), &hello));
	assert_int_equal(hello.version, 0x7f15);
	assert_int_equal(hello.cipher, 0x1302);
	assert_int_equal(hello.group, 29);
	assert_false(hello.damaged);
	assert_true(tls_draft_retry_read(cursor_over(retry, sizeof(retry) - 1), &hello));
	assert_true(hello.retry);
	assert_int_equal(hello.group, 24);
	assert_int_equal(hello.cipher, 0);
	assert_true(tls_draft_retry_read(cursor_over(late_retry, sizeof(late_retry) - 1), &hello));
	assert_int_equal(hello.group, 23);
	assert_int_equal(hello.cipher, 0x1301);
	assert_false(tls_draft_retry_read(cursor_over("\3\3\x13\1", 4), &hello));
	assert_false(tls_draft_retry_read(cursor_over("\x7f", 1), &hello));
}

static const char sslv2[] = "\x80\x1f\1\3\1\0\6\0\0\0\x10\1\0\x80\0\0\4" "0123456789abcdef";

static void
reads_the_sslv2_form(void **state)
{
	struct tls_client_hello hello;
	struct cursor c;

	(void)state;
	for (size_t size = 0; size < sizeof(sslv2) - 1; size++) {
		c = cursor_over(sslv2, size);
		assert_true(tls_sslv2_client_hello_possible(&c));
		assert_false(tls_sslv2_client_hello_read(&c, &hello));
	}
	c = cursor_over(sslv2, sizeof(sslv2) - 1);
	assert_true(tls_sslv2_client_hello_read(&c, &hello));
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(hello.version, 0x0301);
	assert_true(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0300, .cipher = 4 }));
	assert_false(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0303, .cipher = 4 }));
	assert_false(tls_hellos_fit(&hello, &(struct tls_server_hello){ .version = 0x0301, .cipher = 0x80 }));
}

static void
refuses_what_only_begins_like_it(void **state)
{
	static const struct {
		size_t at;
		char byte;
	} changes[] = { { 0, 0x16 }, { 1, 0x20 }, { 2, 2 }, { 3, 1 }, { 4, 9 }, { 6, 7 }, { 6, 0 }, { 8, 5 }, { 10, 8 }, { 10, 33 } };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char changed[sizeof(sslv2)];
		struct cursor c = cursor_over(changed, sizeof(sslv2) - 1);

		memcpy(changed, sslv2, sizeof(sslv2));
		changed[changes[i].at] = changes[i].byte;
		assert_false(tls_sslv2_client_hello_possible(&c));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_client_hello),
		cmocka_unit_test(keeps_no_name_that_is_none),
		cmocka_unit_test(keeps_whole_alpn_names_only),
		cmocka_unit_test(tells_damaged_extensions),
		cmocka_unit_test(needs_the_part_before_the_extensions),
		cmocka_unit_test(reads_a_server_hello),
		cmocka_unit_test(reads_early_drafts),
		cmocka_unit_test(reads_the_sslv2_form),
		cmocka_unit_test(refuses_what_only_begins_like_it),
	};

	return cmocka_run_group_tests_name("dissectors/tls_hello", tests, NULL, NULL);
}
