/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to and from text. */
#include <config.h>

#include "address.h"

#include <arpa/inet.h>

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

const char *
address_text(const struct address *a, char text[ADDRESS_TEXT_SIZE])
{
	if (address_is_v4(a))
		(void)inet_ntop(AF_INET, a->bytes + 12, text, ADDRESS_TEXT_SIZE);
	else
		(void)inet_ntop(AF_INET6, a->bytes, text, ADDRESS_TEXT_SIZE);
	return text;
}
