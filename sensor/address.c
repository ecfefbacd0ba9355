/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to and from text. */
#include <config.h>

#include "address.h"

#include <arpa/inet.h>
#include <stdlib.h>

bool
address_parse(const char *text, struct address *out)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*out = address_from_v4(v4);
		return true;
	}
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

/* Four numbers: written here since inet_ntop() takes a tenth of the time of a report of many pairs. */
static void
v4_text(const uint8_t *b, char *text)
{
	for (unsigned i = 0; i < 4; i++) {
		if (b[i] >= 100)
			*text++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*text++ = (char)('0' + b[i] / 10 % 10);
		*text++ = (char)('0' + b[i] % 10);
		*text++ = i < 3 ? '.' : '\0';
	}
}

const char *
address_text(const struct address *a, char text[ADDRESS_TEXT_SIZE])
{
	if (address_is_v4(a))
		v4_text(a->bytes + 12, text);
	else
		(void)inet_ntop(AF_INET6, a->bytes, text, ADDRESS_TEXT_SIZE);
	return text;
}

/* Clears the bits after the prefix, which counts from the first of 128. */
static void
mask(struct address *a, unsigned prefix)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = prefix > 8 * i ? prefix - 8 * i : 0;

		if (kept < 8)
			a->bytes[i] = (uint8_t)(a->bytes[i] & (0xff00u >> kept));
	}
}

bool
address_parse_range(const char *text, struct address_range *out)
{
	char literal[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	unsigned long bits, limit;
	size_t count;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(literal))
		return false;
	memcpy(literal, text, (size_t)(slash - text));
	literal[slash - text] = '\0';
	count = strspn(slash + 1, "0123456789");
	if (count < 1 || count > 3 || slash[1 + count] != '\0' || !address_parse(literal, &out->network))
		return false;
	bits = strtoul(slash + 1, NULL, 10);
	/* A family of IPv6 that holds IPv4-mapped addresses is no range of IPv4. */
	limit = strchr(literal, ':') == NULL ? 32 : 128;
	if (bits > limit)
		return false;
	out->prefix = (uint8_t)(bits + (128 - limit));
	mask(&out->network, out->prefix);
	return true;
}

bool
address_in_range(const struct address *a, const struct address_range *range)
{
	struct address network = *a;

	/* ::/0 and its like are of IPv6 alone. */
	if (range->prefix < 96 && address_is_v4(a))
		return false;
	mask(&network, range->prefix);
	return address_equal(&network, &range->network);
}
