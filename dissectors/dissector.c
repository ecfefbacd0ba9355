/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dissectors, and the index of it by the first byte of a stream. */
#include <config.h>

#include "dissector.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

const struct dissector *const dissectors[] = {
	&tls_dissector,
	&http_dissector,
	&http2_dissector,
	&postgresql_dissector,
	&mysql_dissector,
	&mysqlx_dissector,
	&redis_dissector,
	&redis_bus_dissector,
	&amqp_dissector,
	&mqtt_dissector,
	&elasticsearch_dissector,
	&nats_dissector,
	&stomp_dissector,
	&mongodb_dissector,
	&cassandra_dissector,
	&memcached_dissector,
	&memcached_udp_dissector,
	&quic_dissector,
	&dtls_dissector,
	&smtp_dissector,
	&imap_dissector,
	&pop3_dissector,
	&dns_dissector,
	&dns_tcp_dissector,
	&kafka_dissector,
	&ike_dissector,
	&esp_dissector,
	&ah_dissector,
	&wireguard_dissector,
	&ldap_dissector,
	&cldap_dissector,
	&ftp_dissector,
	&kerberos_dissector,
	&kerberos_udp_dissector,
	&zookeeper_dissector,
	&ssh_dissector,
	&socks_dissector,
	&proxy_protocol_dissector,
	&xmpp_dissector,
	NULL,
};

static_assert(sizeof(dissectors) / sizeof(dissectors[0]) - 1 <= 64, "candidates are bits of a 64-bit word");

/* Candidates by [transport][direction][first byte]: derived from the table once, constant afterwards. */
static uint64_t index_by_byte[5][2][256];
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static unsigned
transport_index(uint8_t ip_protocol)
{
	switch (ip_protocol) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	case IPPROTO_ESP:
		return 2;
	case IPPROTO_AH:
		return 3;
	default:
		return 4; /* nobody's */
	}
}

static void
index_direction(const struct dissector *d, uint64_t bit, enum direction from)
{
	uint64_t *row = index_by_byte[transport_index(d->ip_protocol)][from];
	const char *first = d->first_bytes[from];

	if (first == NULL) {
		for (int b = 0; b < 256; b++)
			row[b] |= bit;
		return;
	}
	for (size_t i = 0, n = d->first_bytes_size[from] ? d->first_bytes_size[from] : strlen(first); i < n; i++)
		row[(uint8_t)first[i]] |= bit;
}

static void
build_index(void)
{
	for (size_t i = 0; dissectors[i] != NULL; i++) {
		index_direction(dissectors[i], UINT64_C(1) << i, FROM_CLIENT);
		index_direction(dissectors[i], UINT64_C(1) << i, FROM_SERVER);
	}
}

uint64_t
dissector_candidates(uint8_t ip_protocol, enum direction from, uint8_t first_byte)
{
	pthread_once(&index_once, build_index);
	return index_by_byte[transport_index(ip_protocol)][from][first_byte];
}
