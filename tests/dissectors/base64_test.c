/* SPDX-License-Identifier: Apache-2.0 */
/* The base64 decoder: the test vectors of RFC 4648 10, both alphabets, and what is no base64. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/base64.h"

static bool
decode(const char *text, uint8_t *out, size_t room, size_t *size)
{
	return base64_decode(cursor_over(text, strlen(text)), out, room, size);
}

static void
decodes_vectors(void **state)
{
	static const struct {
		const char *text, *bytes;
	} vectors[] = {
		{ "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" },
		{ "Zg", "f" }, { "Zm8", "fo" }, { "Zm9vYg", "foob" }, { "-_-_", "\xfb\xff\xbf" }, { "+/+/", "\xfb\xff\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t out[8];
		size_t size;

		assert_true(decode(vectors[i].text, out, sizeof(out), &size));
		assert_int_equal(size, strlen(vectors[i].bytes));
		assert_memory_equal(out, vectors[i].bytes, size);
	}
}

static void
refuses(void **state)
{
	static const char *const texts[] = { "", "=", "==", "Z", "Zm9vY", "Zm9v YmFy", "Zm=v", "Zg=", "Zg===", "Zm9\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint8_t out[8];
		size_t size = 99;

		assert_false(decode(texts[i], out, sizeof(out), &size));
		assert_int_equal(size, 0);
	}
}

static void
keeps_within_room(void **state)
{
	uint8_t out[4] = { 0, 0, 0, 0xee };
	size_t size;

	(void)state;
	assert_true(decode("Zm9vYmFy", out, 3, &size));
	assert_int_equal(size, 3);
	assert_memory_equal(out, "foo\xee", 4);
	/* The rest is still looked at. */
	assert_false(decode("Zm9vYm?y", out, 3, &size));
	assert_true(decode("Zm9v", NULL, 0, &size));
	assert_int_equal(size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_vectors),
		cmocka_unit_test(refuses),
		cmocka_unit_test(keeps_within_room),
	};

	return cmocka_run_group_tests_name("dissectors/base64", tests, NULL, NULL);
}
