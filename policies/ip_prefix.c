/* SPDX-License-Identifier: Apache-2.0 */
/* IP prefixes as policy sets write them; see ip_prefix.h. */
#include <config.h>

#include "ip_prefix.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_OFFSET = 12, V4_BITS = 96, TEXT_MAX = 64 };

static const uint8_t v4_mapped[V4_OFFSET] = { [10] = 0xff, [11] = 0xff };

static bool
parse_address(const char *text, uint8_t bytes[16], bool *v4)
{
	memcpy(bytes, v4_mapped, sizeof(v4_mapped));
	*v4 = inet_pton(AF_INET, text, bytes + V4_OFFSET) == 1;
	return *v4 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* The number of a prefix length, or -1: at most three digits, no sign, no leading zero. */
static int
parse_length(const char *text)
{
	int n = 0;

	if (*text == '\0' || strlen(text) > 3 || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n;
}

static bool
bit_is_set(const uint8_t bytes[16], unsigned bit)
{
	return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool
ip_prefix_parse(const char *text, struct ip_prefix *prefix)
{
	char address[TEXT_MAX];
	size_t size = strcspn(text, "/");
	bool v4;
	int bits;

	if (size >= sizeof(address))
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	if (!parse_address(address, prefix->bytes, &v4))
		return false;
	bits = text[size] == '/' ? parse_length(text + size + 1) : v4 ? 32 : 128;
	if (bits < 0 || bits > (v4 ? 32 : 128))
		return false;
	prefix->bits = (uint8_t)(v4 ? bits + V4_BITS : bits);
	for (unsigned bit = prefix->bits; bit < 128; bit++)
		if (bit_is_set(prefix->bytes, bit))
			return false;
	return true;
}

/* A prefix shorter than the mapped range's own 96 bits is of IPv6, whatever it would cover. */
static bool
is_v4(const struct ip_prefix *prefix)
{
	return prefix->bits >= V4_BITS && memcmp(prefix->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool
ip_prefix_contains(const struct ip_prefix *prefix, const char *text)
{
	struct ip_prefix address = { .bits = 128 };
	bool v4;

	if (!parse_address(text, address.bytes, &v4) || is_v4(&address) != is_v4(prefix))
		return false;
	for (unsigned bit = 0; bit < prefix->bits; bit++)
		if (bit_is_set(prefix->bytes, bit) != bit_is_set(address.bytes, bit))
			return false;
	return true;
}
