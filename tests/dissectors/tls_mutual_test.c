/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes as OpenSSL, GnuTLS, Go, BoringSSL, NSS and JSSE write them, and those on either side of each edge. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dissectors/tls_mutual.h"

enum { AES128 = 0x1301, AES256 = 0x1302, CHACHA20 = 0x1303, CCM = 0x1304, CCM_8 = 0x1305, SM4_GCM = 0x00c6, SM4_CCM = 0x00c7 };
enum { NO = MUTUAL_NO, REQUESTED = MUTUAL_REQUESTED, YES = MUTUAL_YES, UNKNOWN = MUTUAL_UNKNOWN };

static const struct row {
	struct tls_flight flight;
	uint8_t mutual; /* enum mutual */
	bool more;
} rows[] = {
	/* Nothing yet. */
	{ { AES128, false, 0, { 0 } }, UNKNOWN, true },
	{ { 0xc02f, false, 0, { 0 } }, UNKNOWN, false },
	{ { 0x1399, false, 1, { 53 } }, UNKNOWN, false },
	/* Finished alone. */
	{ { AES128, false, 1, { 53 } }, NO, false },
	{ { AES256, false, 1, { 69 } }, NO, false },
	{ { CHACHA20, false, 1, { 53 } }, NO, false },
	{ { CCM, false, 1, { 53 } }, NO, false },
	{ { CCM_8, false, 1, { 45 } }, NO, false },
	{ { SM4_GCM, false, 1, { 53 } }, NO, false },
	{ { SM4_CCM, false, 1, { 53 } }, NO, false },
	{ { AES128, false, 3, { 53, 1729, 53 } }, NO, false }, /* a certificate after the handshake */
	{ { AES256, false, 1, { 85 } }, NO, false },  /* JSSE */
	{ { AES128, false, 1, { 69 } }, NO, false },
	{ { AES128, false, 1, { 52 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 54 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 53 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 68 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 70 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 84 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 86 } }, UNKNOWN, false },
	{ { CCM_8, false, 1, { 44 } }, UNKNOWN, false },
	{ { CCM_8, false, 1, { 46 } }, UNKNOWN, false },
	/* An empty Certificate, then Finished. */
	{ { AES128, false, 1, { 25 } }, UNKNOWN, true },
	{ { AES128, false, 2, { 25, 53 } }, REQUESTED, false },
	{ { AES128, false, 3, { 25, 53, 400 } }, REQUESTED, false },
	{ { AES128, false, 2, { 25, 52 } }, UNKNOWN, false },
	{ { AES128, false, 2, { 25, 54 } }, UNKNOWN, false },
	{ { AES128, false, 2, { 25, 69 } }, UNKNOWN, false },
	{ { AES128, false, 2, { 24, 53 } }, UNKNOWN, false },
	{ { AES128, false, 2, { 26, 53 } }, UNKNOWN, false },
	{ { AES256, false, 2, { 25, 69 } }, REQUESTED, false },
	{ { AES256, false, 2, { 41, 85 } }, REQUESTED, false }, /* JSSE */
	{ { AES256, false, 1, { 41 } }, UNKNOWN, true },
	{ { AES256, false, 2, { 41, 69 } }, UNKNOWN, false },
	{ { AES256, false, 2, { 25, 85 } }, UNKNOWN, false },
	{ { AES256, false, 2, { 40, 85 } }, UNKNOWN, false },
	{ { CCM_8, false, 2, { 17, 45 } }, REQUESTED, false },
	{ { CCM_8, false, 2, { 25, 45 } }, UNKNOWN, false },
	/* Both in one record: BoringSSL, NSS. */
	{ { AES128, false, 1, { 61 } }, REQUESTED, false },
	{ { AES256, false, 1, { 77 } }, REQUESTED, false },
	{ { CCM_8, false, 1, { 53 } }, REQUESTED, false },
	{ { AES128, false, 1, { 60 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 62 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 77 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 61 } }, UNKNOWN, false },
	/* An alert: the client refused the server. An EndOfEarlyData. */
	{ { AES128, false, 1, { 19 } }, UNKNOWN, false },
	{ { AES256, false, 1, { 35 } }, UNKNOWN, false },
	{ { CCM_8, false, 1, { 11 } }, UNKNOWN, false },
	{ { AES128, false, 2, { 21, 53 } }, UNKNOWN, false },
	/* A certificate. */
	{ { AES128, false, 1, { 873 } }, UNKNOWN, true },
	{ { AES128, false, 3, { 873, 281, 53 } }, YES, false },
	{ { AES256, false, 2, { 1697, 281 } }, YES, false },
	{ { AES256, false, 3, { 1713, 297, 85 } }, YES, false }, /* JSSE */
	{ { AES128, false, 2, { 1173, 90 } }, YES, false },      /* the flight in one record */
	{ { CCM_8, false, 2, { 865, 273 } }, YES, false },
	{ { AES128, false, 2, { 477, 96 } }, YES, false },       /* P-256 */
	{ { AES128, false, 2, { 623, 89 } }, YES, false },       /* Ed25519 */
	{ { AES128, false, 2, { 203, 96 } }, YES, false },
	{ { AES128, false, 2, { 202, 96 } }, UNKNOWN, false },
	{ { AES256, false, 2, { 219, 96 } }, YES, false },
	{ { AES256, false, 2, { 218, 96 } }, UNKNOWN, false },
	{ { CCM_8, false, 2, { 195, 96 } }, YES, false },
	{ { CCM_8, false, 2, { 194, 96 } }, UNKNOWN, false },
	{ { AES256, false, 3, { 529, 529, 529 } }, UNKNOWN, true }, /* records of 512 bytes at most, told by the last */
	{ { AES256, false, 4, { 529, 529, 529, 417 } }, YES, false },
	{ { AES256, false, 8, { 529, 529, 529, 529, 529, 529, 529, 529 } }, UNKNOWN, false },
	/* Padded. */
	{ { AES256, false, 2, { 528, 528 } }, UNKNOWN, false },
	{ { AES256, false, 3, { 1040, 528, 528 } }, UNKNOWN, false },
	{ { AES256, false, 3, { 528, 1040, 417 } }, UNKNOWN, false },
	{ { CCM_8, false, 2, { 520, 520 } }, UNKNOWN, false },
	{ { AES256, false, 2, { 528, 529 } }, YES, false },
	{ { AES256, false, 1, { 528 } }, UNKNOWN, true },
	{ { AES128, false, 3, { 1016, 1016, 2016 } }, UNKNOWN, true }, /* to multiples of 1000 */
	{ { AES128, false, 1, { 64 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 80 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 144 } }, UNKNOWN, false },
	/* A client that offers application settings. */
	{ { AES128, true, 1, { 53 } }, NO, false },
	{ { AES128, true, 1, { 63 } }, NO, false },
	{ { AES128, true, 1, { 61 } }, REQUESTED, false },
	{ { AES128, true, 1, { 71 } }, REQUESTED, false },
	{ { AES256, true, 1, { 79 } }, NO, false },
	{ { AES256, true, 1, { 87 } }, REQUESTED, false },
	{ { AES128, true, 1, { 62 } }, UNKNOWN, false },
	{ { AES128, true, 1, { 72 } }, UNKNOWN, false },
	{ { AES128, true, 2, { 1173, 90 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 63 } }, UNKNOWN, false },
	{ { AES128, false, 1, { 71 } }, UNKNOWN, false },
};

static void
judges_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool more = !rows[i].more;
		enum mutual mutual = tls_mutual_by_sizes(&rows[i].flight, &more);

		if (mutual != rows[i].mutual || more != rows[i].more)
			fail_msg("row %zu: suite %04x, first record %u: %s, %s", i, rows[i].flight.cipher, rows[i].flight.sizes[0], mutual_names[mutual], more ? "more" : "no more");
	}
}

/* A lone Finished, padded in whatever way that keeps to one block, never passes for a certificate. */
static void
takes_no_padding_for_a_certificate(void **state)
{
	(void)state;
	for (unsigned block = 38; block <= 4096; block++) {
		struct tls_flight f = { .cipher = AES128 };
		bool more;

		for (unsigned i = 0; i < TLS_FLIGHT_RECORDS; i++) {
			f.sizes[f.count++] = (uint16_t)(block * (i % 3 + 1) + 16);
			assert_int_not_equal(tls_mutual_by_sizes(&f, &more), MUTUAL_YES);
		}
	}
}

/* What is once told stays so, whatever follows; and while more is asked for, nothing is told. */
static void
keeps_what_was_told(void **state)
{
	static const uint16_t cases[][3] = { { 53, 0, 0 }, { 25, 53, 0 }, { 61, 0, 0 }, { 873, 281, 53 }, { 529, 529, 417 }, { 528, 528, 17 }, { 19, 0, 0 }, { 25, 60, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint16_t last = 17; last < 600; last++) {
			struct tls_flight f = { .cipher = AES128 };
			enum mutual told = MUTUAL_UNKNOWN;
			bool more = true;

			for (unsigned k = 0; k < TLS_FLIGHT_RECORDS; k++) {
				bool was_open = more;
				enum mutual mutual;

				f.sizes[f.count++] = k < 3 && cases[i][k] != 0 ? cases[i][k] : last;
				mutual = tls_mutual_by_sizes(&f, &more);
				assert_true(mutual == MUTUAL_UNKNOWN || !more);
				if (!was_open)
					assert_int_equal(mutual, told);
				told = mutual;
			}
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_sizes),
		cmocka_unit_test(takes_no_padding_for_a_certificate),
		cmocka_unit_test(keeps_what_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
