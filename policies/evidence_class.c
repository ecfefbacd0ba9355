/* SPDX-License-Identifier: Apache-2.0 */
/* The questions several policies ask of an evidence class, and the order of classes. */
#include <config.h>

#include "evidence_class.h"

#include <stddef.h>
#include <string.h>

#include "dissectors/evidence.h"

enum { PROTOCOL_ICMP = 1, PROTOCOL_ICMPV6 = 58 }; /* IANA protocol numbers */

bool
evidence_class_is_carrier(const struct evidence_class *e)
{
	static const char *const carriers[] = { "vxlan", "geneve", "gre", "ipip", "6in4", "ip6tnl", "gtp-u", "teredo" };

	/* Asked of every class by every policy: most begin otherwise. */
	if (e->protocol == NULL || strchr("vgi6t", e->protocol[0]) == NULL)
		return false;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (strcmp(e->protocol, carriers[i]) == 0)
			return true;
	return false;
}

bool
evidence_class_has_content(const struct evidence_class *e)
{
	if (evidence_class_is_carrier(e))
		return false;
	return e->payload || e->state != ENCRYPTION_UNKNOWN;
}

bool
evidence_class_is_icmp(const struct evidence_class *e)
{
	return e->ip_protocol == PROTOCOL_ICMP || e->ip_protocol == PROTOCOL_ICMPV6;
}

bool
evidence_class_is_tls(const struct evidence_class *e)
{
	return e->by != NULL && (strcmp(e->by, "tls") == 0 || strcmp(e->by, "dtls") == 0 || strcmp(e->by, "quic") == 0);
}

bool
evidence_class_is_recognised(const struct evidence_class *e)
{
	return e->protocol != NULL && strcmp(e->protocol, "unknown") != 0;
}

static int
compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (a == NULL || b == NULL)
		return a == NULL ? -1 : 1;
	return strcmp(a, b);
}

static int
compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

int
evidence_class_compare(const struct evidence_class *a, const struct evidence_class *b)
{
	const char *const text[][2] = {
		{ a->protocol, b->protocol },
		{ a->service, b->service },
		{ a->by, b->by },
		{ a->version, b->version },
		{ a->cipher, b->cipher },
		{ a->mesh, b->mesh },
		{ a->method, b->method },
		{ a->key_type, b->key_type },
		{ a->signature, b->signature },
		{ a->tunnel, b->tunnel },
	};
	const unsigned numbers[][2] = {
		{ a->server_port, b->server_port },
		{ a->key_bits, b->key_bits },
		{ a->ip_protocol, b->ip_protocol },
		{ a->state, b->state },
		{ a->mutual, b->mutual },
		{ a->mutual_basis, b->mutual_basis },
		{ a->result, b->result },
		{ a->strength, b->strength },
		{ a->certificate_flags, b->certificate_flags },
		{ a->encryption_flags, b->encryption_flags },
		{ a->resumed, b->resumed },
		{ a->cleartext_credentials, b->cleartext_credentials },
		{ a->service_account_token, b->service_account_token },
		{ a->tunnel_encrypted, b->tunnel_encrypted },
		{ a->payload, b->payload },
	};
	int order = 0;

	for (size_t i = 0; order == 0 && i < sizeof(text) / sizeof(text[0]); i++)
		order = compare_text(text[i][0], text[i][1]);
	for (size_t i = 0; order == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		order = compare_numbers(numbers[i][0], numbers[i][1]);
	return order;
}
