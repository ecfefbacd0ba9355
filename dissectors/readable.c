/* SPDX-License-Identifier: Apache-2.0 */
/* The test for readable text: share of printable bytes, words, entropy. */
#include <config.h>

#include "readable.h"

#include <math.h>

/* Bits of entropy per character up to which a sample can be text. */
static const double entropy_max = 5.5;

static bool
is_alphabet(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '+' || b == '/' || b == '=' || b == '-' || b == '_';
}

static bool
is_printable(uint8_t b)
{
	return (b >= 0x20 && b < 0x7f) || b == '\t' || b == '\r' || b == '\n';
}

/* Bytes that follow the first of a UTF-8 sequence (RFC 3629 3), or 0 for a byte that begins none. */
static uint8_t
utf8_following(uint8_t b)
{
	if (b >= 0xc2 && b <= 0xdf)
		return 1;
	if (b >= 0xe0 && b <= 0xef)
		return 2;
	return b >= 0xf0 && b <= 0xf4 ? 3 : 0;
}

static void
end_run(struct readable *r)
{
	if (r->run >= READABLE_RUN_MAX)
		r->opaque = (uint16_t)(r->opaque + r->run);
	r->run = 0;
}

static void
add_ascii(struct readable *r, uint8_t b)
{
	r->printable++;
	if (b >= 0x20 && r->count[b - 0x20] < UINT8_MAX)
		r->count[b - 0x20]++;
	if (is_alphabet(b)) {
		r->run++;
		return;
	}
	end_run(r);
	r->separators++;
}

static void
add_byte(struct readable *r, uint8_t b)
{
	bool continues = r->expected > 0 && (b & 0xc0) == 0x80;

	r->size++;
	if (is_printable(b)) {
		add_ascii(r, b);
	} else if (continues) {
		r->printable++;
		r->expected--;
		return;
	} else {
		end_run(r);
		r->expected = utf8_following(b);
		r->printable = (uint16_t)(r->printable + (r->expected > 0));
		return;
	}
	r->expected = 0;
}

bool
readable_add(struct readable *r, struct cursor bytes)
{
	while (cursor_left(&bytes) > 0 && r->size < READABLE_SAMPLE_MAX)
		add_byte(r, cursor_u8(&bytes));
	return r->size < READABLE_SAMPLE_MAX;
}

static double
entropy(const struct readable *r)
{
	unsigned total = 0;
	double bits = 0;

	for (size_t i = 0; i < sizeof(r->count); i++)
		total += r->count[i];
	for (size_t i = 0; i < sizeof(r->count); i++) {
		double share = total > 0 ? (double)r->count[i] / total : 0;

		if (share > 0)
			bits -= share * log2(share);
	}
	return bits;
}

enum readable_verdict
readable_judge(const struct readable *r)
{
	unsigned opaque = r->opaque + (r->run >= READABLE_RUN_MAX ? r->run : 0u);

	if (r->size == 0)
		return READABLE_NOTHING;
	if (r->printable * 100u < r->size * 95u)
		return READABLE_NOT;
	if (r->size < READABLE_SIZE_MIN)
		return READABLE_LITTLE;
	if (r->separators * 25u < r->size || opaque * 2u > r->size)
		return READABLE_NOT;
	if (r->size >= READABLE_ENTROPY_MIN && entropy(r) > entropy_max)
		return READABLE_NOT;
	return READABLE_TEXT;
}
