/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of JA4's specification, and what hellos may look like otherwise. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/tls_ja4.h"
#include "tls_messages.h"

static const uint16_t ciphers[] = { 0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035 };
static const uint16_t extensions[] = { 0x3a3a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x4a4a, 0x0015 };

enum { CIPHER_COUNT = sizeof(ciphers) / sizeof(ciphers[0]), EXTENSION_COUNT = sizeof(extensions) / sizeof(extensions[0]) };

struct options {
	uint16_t version;
	const char *alpn;     /* the extension's data; NULL: that of "h2", "http/1.1" */
	size_t alpn_size;
	const char *versions; /* likewise; NULL: GREASE, TLS 1.3, TLS 1.2 */
	size_t versions_size;
	bool no_signatures, no_extensions, no_ciphers, cookie;
};

static void
put_extension_of(struct bytes *b, uint16_t type, const struct options *o)
{
	static const char alpn[] = "\0\x0c\2h2\x08http/1.1", versions[] = "\6\x5a\x5a\3\4\3\3";
	static const char signatures[] = "\0\x12\x2a\x2a\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1";

	if (type == 16)
		put_extension(b, type, o->alpn != NULL ? o->alpn : alpn, o->alpn != NULL ? o->alpn_size : sizeof(alpn) - 1);
	else if (type == 43)
		put_extension(b, type, o->versions != NULL ? o->versions : versions, o->versions != NULL ? o->versions_size : sizeof(versions) - 1);
	else if (type == 13)
		put_extension(b, type, signatures, o->no_signatures ? 0 : sizeof(signatures) - 1);
	else
		put_extension(b, type, "\0\0", 2);
}

static void
put_body(struct bytes *b, const struct options *o)
{
	struct bytes list = { .size = 0 };

	put_number(b, o->version != 0 ? o->version : 0x0303, 2);
	for (int i = 0; i < 32; i++)
		put_number(b, (uint64_t)i, 1);
	put_number(b, 4, 1);
	put(b, "\1\2\3\4", 4);
	if (o->cookie)
		put(b, "\2ab", 3);
	put_number(b, o->no_ciphers ? 0 : 2 * CIPHER_COUNT, 2);
	for (size_t i = 0; i < CIPHER_COUNT && !o->no_ciphers; i++)
		put_number(b, ciphers[i], 2);
	put(b, "\1\0", 2);
	if (o->no_extensions)
		return;
	for (size_t i = 0; i < EXTENSION_COUNT; i++)
		put_extension_of(&list, extensions[i], o);
	put_number(b, list.size, 2);
	put(b, list.at, list.size);
}

/* The fingerprint of b's first size bytes, which lie on the heap and no longer. */
static void
ja4_of(const struct bytes *b, size_t size, enum ja4_transport transport, char out[TLS_JA4_SIZE])
{
	uint8_t *copy = malloc(size + (size == 0));

	assert_non_null(copy);
	memcpy(copy, b->at, size);
	tls_ja4(cursor_over(copy, size), transport, out);
	free(copy);
}

static void
has_the_fingerprints_of_the_specification(void **state)
{
	static const struct {
		struct options options;
		enum ja4_transport transport;
		const char *ja4;
	} cases[] = {
		{ { 0 }, JA4_TLS, "t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ { 0 }, JA4_QUIC, "q13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ { .no_signatures = true }, JA4_TLS, "t13d1516h2_8daaf6152771_6d807ffa2a79" },
		{ { .no_extensions = true }, JA4_TLS, "t12i150000_8daaf6152771_000000000000" },
		{ { .no_extensions = true, .version = 0x0300 }, JA4_TLS, "ts3i150000_8daaf6152771_000000000000" },
		{ { .no_extensions = true, .no_ciphers = true, .version = 0x0301 }, JA4_TLS, "t10i000000_000000000000_000000000000" },
		{ { .no_extensions = true, .version = 0x0302 }, JA4_TLS, "t11i150000_8daaf6152771_000000000000" },
		{ { .no_extensions = true, .version = 0x0305 }, JA4_TLS, "t00i150000_8daaf6152771_000000000000" },
		{ { .cookie = true, .versions = "\4\xfe\xfc\xfe\xfd", .versions_size = 5 }, JA4_DTLS, "dd3d1516h2_8daaf6152771_e5627efa2ab1" },
		{ { .cookie = true, .versions = "\4\xfe\xff\xfe\xfd", .versions_size = 5 }, JA4_DTLS, "dd2d1516h2_8daaf6152771_e5627efa2ab1" },
		{ { .cookie = true, .no_extensions = true, .version = 0xfeff }, JA4_DTLS, "dd1i150000_8daaf6152771_000000000000" },
		{ { .versions = "\0", .versions_size = 1 }, JA4_TLS, "t00d1516h2_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\0", .alpn_size = 2 }, JA4_TLS, "t13d151600_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\1\0", .alpn_size = 3 }, JA4_TLS, "t13d151600_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\x09\x08http/1.1", .alpn_size = 11 }, JA4_TLS, "t13d1516h1_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\2\1x", .alpn_size = 4 }, JA4_TLS, "t13d1516xx_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\2\1\xab", .alpn_size = 4 }, JA4_TLS, "t13d1516ab_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\3\2\xab\xcd", .alpn_size = 5 }, JA4_TLS, "t13d1516ad_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\3\2\x30\xab", .alpn_size = 5 }, JA4_TLS, "t13d15163b_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\5\4\x30\x31\xab\xcd", .alpn_size = 7 }, JA4_TLS, "t13d15163d_8daaf6152771_e5627efa2ab1" },
		{ { .alpn = "\0\5\4\x30\xab\xcd\x31", .alpn_size = 7 }, JA4_TLS, "t13d151601_8daaf6152771_e5627efa2ab1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .size = 0 };
		char ja4[TLS_JA4_SIZE];

		put_body(&b, &cases[i].options);
		ja4_of(&b, b.size, cases[i].transport, ja4);
		assert_string_equal(ja4, cases[i].ja4);
	}
}

/* A hello that is cut has none, but where it is cut at the end of what it must have. */
static void
has_none_of_a_part(void **state)
{
	struct bytes b = { .size = 0 };
	char ja4[TLS_JA4_SIZE];

	(void)state;
	put_body(&b, &(struct options){ 0 });
	for (size_t size = 0; size < b.size; size++) {
		ja4_of(&b, size, JA4_TLS, ja4);
		if (size != 2 + 32 + 5 + 2 + 2 * CIPHER_COUNT + 2)
			assert_string_equal(ja4, "");
	}
}

static void
put_long(struct bytes *b, size_t cipher_count, size_t extension_count)
{
	struct bytes list = { .size = 0 };

	put_number(b, 0x0303, 2);
	for (int i = 0; i < 33; i++)
		put_number(b, 0, 1);
	put_number(b, 2 * cipher_count, 2);
	for (size_t i = 0; i < cipher_count; i++)
		put_number(b, 0xc000 - i, 2);
	put(b, "\1\0", 2);
	for (size_t i = 0; i < extension_count; i++)
		put_extension(&list, (uint16_t)(0x8000 - i), "", 0);
	put_number(b, list.size, 2);
	put(b, list.at, list.size);
}

static void
counts_to_99_and_reads_to_256(void **state)
{
	static const struct {
		size_t ciphers, extensions;
		const char *start;
	} cases[] = {
		{ 100, 100, "t12i999900_" }, { 99, 98, "t12i999800_" }, { 250, 250, "t12i999900_" }, { 300, 1, "" }, { 1, 300, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .size = 0 };
		char ja4[TLS_JA4_SIZE];

		put_long(&b, cases[i].ciphers, cases[i].extensions);
		ja4_of(&b, b.size, JA4_TLS, ja4);
		if (*cases[i].start == '\0')
			assert_string_equal(ja4, "");
		else
			assert_int_equal(strncmp(ja4, cases[i].start, strlen(cases[i].start)), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_fingerprints_of_the_specification),
		cmocka_unit_test(has_none_of_a_part),
		cmocka_unit_test(counts_to_99_and_reads_to_256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
