/* SPDX-License-Identifier: Apache-2.0 */
/* An IP address or CIDR prefix (RFC 4632, RFC 4291 2.3) to compare addresses with. */
#ifndef PODWIRE_IP_PREFIX_H
#define PODWIRE_IP_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

/* IPv4 is kept IPv4-mapped, its prefix length counted from there: 10.0.0.0/8 has 104 bits. */
struct ip_prefix {
	uint8_t bytes[16];
	uint8_t bits;
};

/* Reads "10.0.0.0/8", "10.1.2.3", "fd00::/64" ... False where it is none, or has bits set behind the prefix. */
bool ip_prefix_parse(const char *text, struct ip_prefix *);

/* Whether the address written as text is inside; false where it is no address. IPv4 is never inside an IPv6 prefix. */
bool ip_prefix_contains(const struct ip_prefix *, const char *text);

#endif
